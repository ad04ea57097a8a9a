package bunstore_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
)

// BenchmarkPost posts one sale for each transaction asked for, by one caller and by many.
func BenchmarkPost(b *testing.B) {
	for _, e := range engines {
		for _, callers := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", e.name, callers), func(b *testing.B) {
				pen := bookstest.Found(b, e.open(b))
				var n atomic.Int64
				b.SetParallelism(callers)
				if callers == 1 {
					for b.Loop() {
						post(b, pen, n.Add(1))
					}
					return
				}
				b.RunParallel(func(p *testing.PB) {
					for p.Next() {
						post(b, pen, n.Add(1))
					}
				})
			})
		}
	}
}

func post(b *testing.B, pen *books.Books, n int64) {
	if err := pen.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		_, err := tx.Post(ctx, bookstest.Payment(fmt.Sprint(n), fmt.Sprintf("inv_%d", n), 1000, 10), "bench")
		return err
	}); err != nil {
		b.Error(err)
	}
}

// BenchmarkBatch posts 10,000 entries in one transaction.
func BenchmarkBatch(b *testing.B) {
	for _, e := range engines {
		b.Run(e.name, func(b *testing.B) {
			pen := bookstest.Found(b, e.open(b))
			const size = 10_000
			n := 0
			for b.Loop() {
				must(b, pen.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
					for range size {
						n++
						if _, err := tx.Post(ctx, bookstest.Payment(fmt.Sprint(n), fmt.Sprintf("inv_%d", n), 1000, 10), "bench"); err != nil {
							return err
						}
					}
					return nil
				}))
			}
			b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
