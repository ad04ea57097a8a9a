package bunstore

import (
	"context"

	"github.com/uptrace/bun"
)

type overheard func(string)

func (o overheard) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	o(e.Query)
	return ctx
}

func (overheard) AfterQuery(context.Context, *bun.QueryEvent) {}

// Overhear has fn told every query that views ask from now on.
func (s *Store) Overhear(fn func(string)) { s.read = s.read.WithQueryHook(overheard(fn)) }
