package bunstore_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/bunstore/pgtest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
)

var ctx = context.Background()

// engines opens an empty store of each engine.
var engines = []struct {
	name string
	open func(t testing.TB) *bunstore.Store
}{
	{"sqlite", func(t testing.TB) *bunstore.Store {
		return open(t, filepath.Join(t.TempDir(), "books.db"))
	}},
	{"postgres", func(t testing.TB) *bunstore.Store {
		return open(t, pgtest.New(t))
	}},
}

func open(t testing.TB, target string) *bunstore.Store {
	t.Helper()
	s, err := bunstore.Open(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// onEach runs a test on each engine.
func onEach(t *testing.T, run func(t *testing.T, s *bunstore.Store)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { run(t, e.open(t)) })
	}
}

func TestConformance(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			bookstest.Run(t, func(t *testing.T) books.Store { return e.open(t) })
		})
	}
}
