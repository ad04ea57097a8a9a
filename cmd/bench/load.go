package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// rate is what clients got done in a time.
type rate struct {
	done, failed int
	took         time.Duration
	times        []time.Duration // of each call that succeeded, sorted
	err          error           // the first failure
}

func (r rate) perSecond() float64 { return float64(r.done) / r.took.Seconds() }

// quantile is the time that a share q of the calls stayed below.
func (r rate) quantile(q float64) time.Duration {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[min(int(q*float64(len(r.times))), len(r.times)-1)]
}

func (r rate) String() string {
	return fmt.Sprintf("p50 %s, p99 %s, %d errors", duration(r.quantile(0.5)), duration(r.quantile(0.99)), r.failed)
}

// load runs clients at once for a time. Each calls do again and again with a number that no other call has; what is done
// in the first tenth warms up and is not counted.
func load(ctx context.Context, clients int, length time.Duration, do func(ctx context.Context, client, n int) error) rate {
	var n atomic.Int64
	count := func(d time.Duration) rate {
		var mu sync.Mutex
		var wg sync.WaitGroup
		var r rate
		began := time.Now()
		for c := range clients {
			wg.Go(func() {
				var own rate
				for ctx.Err() == nil && time.Since(began) < d {
					at := time.Now()
					if err := do(ctx, c, int(n.Add(1))); err != nil {
						if own.failed++; own.err == nil {
							own.err = err
						}
						continue
					}
					own.times = append(own.times, time.Since(at))
				}
				mu.Lock()
				defer mu.Unlock()
				r.times = append(r.times, own.times...)
				if r.failed += own.failed; r.err == nil {
					r.err = own.err
				}
			})
		}
		wg.Wait()
		r.took, r.done = time.Since(began), len(r.times)
		slices.Sort(r.times)
		return r
	}
	count(length / 10)
	return count(length)
}

// each runs do for every number below n, workers at a time, and returns the first error.
func each(n, workers int, do func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	var once sync.Once
	var first error
	for range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					once.Do(func() { first = err })
					next.Store(int64(n))
					return
				}
			}
		})
	}
	wg.Wait()
	return first
}
