package app

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/fault"
)

// sayWho completes the refusal of a stale edit of a setting: who changed it, and when, is in its history.
func (a *App) sayWho(ctx context.Context, company, ref string, err error) error {
	if !fault.Has(err, fault.Stale) {
		return err
	}
	events, lookup := a.Views.History(ctx, company, ref)
	if lookup != nil || len(events) == 0 {
		return err
	}
	last := events[len(events)-1]
	return fault.New(fault.Conflict, fault.Stale, "who", last.Actor, "when", last.At.Format(time.RFC3339))
}
