package app

import (
	"context"
	"fmt"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

const (
	// pollEvery is how often each connection is polled when webhooks may be missed: minutes, because people watch the screen.
	pollEvery = 2 * time.Minute
	// pollPages bounds one run, so that a first import of years shares the gateway program with payers; the next run goes on.
	pollPages = 50
	pollLimit = 200
	// keepQuarantined bounds the list of movements that a gateway described wrongly.
	keepQuarantined = 50
)

// PollResult is what a poll found.
type PollResult struct {
	Movements   int
	Quarantined int
	CaughtUp    bool
}

// Refresh polls a connection now ("Actualiser"). Codes: unknown_thing, gateway_down, gateway_refused, gateway_broken.
func (a *App) Refresh(ctx context.Context, who access.Actor, connection string) (PollResult, error) {
	if err := who.May(access.Keep); err != nil {
		return PollResult{}, err
	}
	return a.Poll(ctx, who.Company, connection, inbox.ByRefresh)
}

// Poll reads on in a connection's list of movements from where the last poll ended, and asks about every open pay page.
// The cursor moves in the transaction that stores what it led to, so a crash repeats and never skips.
func (a *App) Poll(ctx context.Context, company, connection string, src inbox.Source) (PollResult, error) {
	var r PollResult
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return r, err
	}
	conn, ok := setup.Connections[connection]
	if !ok {
		return r, notFound("connection", connection)
	}
	err = a.pollMovements(ctx, company, conn, src, &r)
	if err == nil {
		err = a.pollAttempts(ctx, company, conn, src)
	}
	if ferr := a.endPoll(ctx, company, conn, err); ferr != nil && err == nil {
		err = ferr
	}
	return r, err
}

func (a *App) pollMovements(ctx context.Context, company string, conn inbox.Connection, src inbox.Source, r *PollResult) error {
	g, err := a.openGateway(ctx, company, conn)
	if err != nil {
		return err
	}
	feed, err := a.Views.Feed(ctx, company, conn.ID)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	for range pollPages {
		req := gateway.ListRequest{Cursor: feed.Cursor, Limit: pollLimit}
		page, err := g.ListPayments(ctx, req)
		if err == nil {
			err = gateway.CheckPage(req, page)
		}
		if err != nil {
			return gatewayFault(conn.Label, err)
		}
		good := make([]gateway.Payment, 0, len(page.Payments))
		var bad []string
		for _, p := range page.Payments {
			if err := gateway.CheckPayment(p); err != nil {
				a.Log.Warn("a gateway described a movement wrongly; it is set aside", err, "connection", conn.ID)
				bad = append(bad, clipRunes(fmt.Sprintf("%s: %v", p.ID, err), 300))
				continue
			}
			good = append(good, p)
		}
		err = a.observe(ctx, company, conn, good, src, func(ctx context.Context, tx *books.Tx) error {
			f, _, err := tx.Feeds.Find(ctx, conn.ID)
			if err != nil {
				return err
			}
			f.ID, f.Cursor = conn.ID, page.Next
			f.Quarantined = append(f.Quarantined, bad...)
			if n := len(f.Quarantined); n > keepQuarantined {
				f.Quarantined = f.Quarantined[n-keepQuarantined:]
			}
			tx.Feeds.Put(f)
			return nil
		})
		if err != nil {
			return err
		}
		feed.Cursor = page.Next
		r.Movements += len(good)
		r.Quarantined += len(bad)
		if page.CaughtUp {
			r.CaughtUp = true
			return nil
		}
	}
	return nil
}

func (a *App) pollAttempts(ctx context.Context, company string, conn inbox.Connection, src inbox.Source) error {
	open, err := a.Views.AttemptsOpen(ctx, company, conn.ID)
	if err != nil {
		return err
	}
	for _, at := range open {
		if at.SessionID == "" {
			if a.Now().After(at.ExpiresAt) {
				// The gateway never answered and its page, if there is one, can no longer be paid.
				if err := a.moveAttempt(ctx, company, at.ID, gateway.CheckoutExpired, "no_answer"); err != nil {
					return err
				}
			}
			continue
		}
		if _, err := a.syncAttempt(ctx, company, at, src, true); err != nil {
			if fault.Has(err, fault.GatewayDown) {
				return err
			}
			a.Log.Warn("an open attempt could not be asked about", err, "attempt", at.ID)
		}
	}
	return nil
}

// endPoll notes when and how the exchange went. Refused credentials turn the connection to "needs attention" and stop the
// polling until somebody mends it: hammering on with a revoked key locks accounts out.
func (a *App) endPoll(ctx context.Context, company string, conn inbox.Connection, cause error) error {
	return a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		f, _, err := tx.Feeds.Find(ctx, conn.ID)
		if err != nil {
			return err
		}
		f.ID = conn.ID
		if cause == nil {
			f.LastExchange, f.LastError, f.Failures = tx.Now(), "", 0
			f.NextPoll = tx.Now().Add(pollEvery)
		} else {
			f.Failures++
			f.LastError = string(fault.CodeOf(cause))
			f.NextPoll = tx.Now().Add(max(pollEvery, backoff(f.Failures)))
		}
		tx.Feeds.Put(f)
		now, ok := tx.Setup().Connections[conn.ID]
		if fault.Has(cause, fault.GatewayRefused) && ok && now.Status == inbox.Connected {
			now.Status, now.Problem = inbox.NeedsAttention, f.LastError
			now.Version++
			tx.Set(now)
			tx.Log("Acquit", "connection_refused", conn.ID, conn.Label)
		}
		return nil
	}, books.Ref{Kind: books.Feeds, ID: conn.ID})
}
