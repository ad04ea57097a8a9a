package bunstore

import (
	"context"

	"github.com/uptrace/bun"
)

// Watch calls fn with every query that the store reads with through bun.
func (s *Store) Watch(fn func(query string)) { s.read.AddQueryHook(watcher(fn)) }

type watcher func(string)

func (watcher) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (w watcher) AfterQuery(_ context.Context, e *bun.QueryEvent) { w(e.Query) }
