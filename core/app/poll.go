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
	// pollMaxWait bounds the pause after failures: an outage that ends is noticed within half an hour by itself.
	pollMaxWait = 30 * time.Minute
	// pollPages bounds one run, so that a long list shares the gateway program with payers; the next run goes on.
	pollPages = 50
	pollLimit = 200
	// pollLease is how long a reader may be silent before it is taken for dead, and its list is free for another: people wait
	// for it after a crash. A living one renews it, however long the gateway takes to answer.
	pollLease = 20 * time.Second
	// pollOverlap is how far before the connection was made its first reading begins: what a provider lists hours late is seen.
	pollOverlap = 24 * time.Hour
	// keepQuarantined bounds the list of movements that a gateway described wrongly.
	keepQuarantined = 50
)

// PollResult is what a poll found.
type PollResult struct {
	Movements   int
	Quarantined int
	CaughtUp    bool
	Running     bool // somebody else is reading at this moment: nothing was done
}

// Refresh polls a connection now and waits for it. Codes: unknown_thing, gateway_down, gateway_credentials,
// gateway_refused, gateway_broken, the problem of a connection that needs attention.
func (a *App) Refresh(ctx context.Context, who access.Actor, connection string) (PollResult, error) {
	if err := who.May(access.Keep); err != nil {
		return PollResult{}, err
	}
	return a.Poll(ctx, who.Company, connection, inbox.ByRefresh)
}

// RefreshAll has every connection that works read now, in the background ("Actualiser"); one, when its id is given. Feeds
// say how it goes. A connection that is being read is let go on. Code: unknown_thing.
func (a *App) RefreshAll(ctx context.Context, who access.Actor, connection string) error {
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		if c, ok := tx.Setup().Connections[connection]; connection != "" && (!ok || c.Status == inbox.Disconnected) {
			return notFound("connection", connection)
		}
		for id, c := range tx.Setup().Connections {
			if c.Status != inbox.Connected || connection != "" && id != connection {
				continue
			}
			f, _, err := tx.Feeds.Find(ctx, id)
			if err != nil {
				return err
			}
			if f.Busy(tx.Now()) {
				continue
			}
			// The lease covers the moment until a worker comes, so that the screen says at once that it is being read.
			f.ID, f.Found, f.NextPoll, f.Asked = id, 0, tx.Now(), true
			tx.Feeds.Put(f)
		}
		return nil
	})
	if err == nil {
		wake(a.nudge.poll)
	}
	return err
}

// Poll reads on in a connection's list of movements from where the last poll ended, asks about every open pay page, and
// takes the import of history a piece further. The cursor moves in the transaction that stores what it led to, so a crash
// repeats and never skips. Whoever reads holds a lease: a second reader leaves the connection to the first.
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
	g, err := a.openGateway(ctx, company, conn)
	if conn.Status != inbox.Connected {
		return r, err // nothing was exchanged: what the last exchange was answered stays
	}
	feed, asked, free, ferr := a.takeFeed(ctx, company, conn)
	if ferr != nil || !free {
		r.Running = ferr == nil
		return r, ferr
	}
	if asked && src == inbox.ByPoll {
		src = inbox.ByRefresh
	}
	release := a.keepFeed(ctx, company, conn)
	if err == nil {
		err = a.pollMovements(ctx, company, conn, g, feed, src, &r)
	}
	if err == nil {
		err = a.pollAttempts(ctx, company, conn, src)
	}
	if err == nil && feed.History.Running() {
		err = a.pollHistory(ctx, company, conn, g, feed.History)
	}
	release()
	if ferr := a.endPoll(context.WithoutCancel(ctx), company, conn, err); ferr != nil && err == nil {
		err = ferr
	}
	return r, err
}

// takeFeed takes the lease on a connection's list; free is false when somebody else holds it. asked says that a person
// waits for this reading.
func (a *App) takeFeed(ctx context.Context, company string, conn inbox.Connection) (feed inbox.Feed, asked, free bool, err error) {
	err = a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		f, _, err := tx.Feeds.Find(ctx, conn.ID)
		if err != nil {
			return err
		}
		if free = !f.Busy(tx.Now()); !free {
			return nil
		}
		asked = f.Asked
		f.ID, f.Asked, f.Found, f.BusyUntil = conn.ID, false, 0, tx.Now().Add(pollLease)
		f.NextPoll = f.BusyUntil
		tx.Feeds.Put(f)
		feed = f
		return nil
	}, books.Ref{Kind: books.Feeds, ID: conn.ID})
	return feed, asked, free, err
}

// keepFeed renews the lease on a connection's list until release is called, which leaves no renewal under way. One that
// fails costs nothing: the next may do, and whoever takes the list over reads what this one has not stored.
func (a *App) keepFeed(ctx context.Context, company string, conn inbox.Connection) (release func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(pollLease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
				f, ok, err := tx.Feeds.Find(ctx, conn.ID)
				if err != nil || !ok || f.BusyUntil.IsZero() {
					return err
				}
				f.BusyUntil = tx.Now().Add(pollLease)
				f.NextPoll = f.BusyUntil
				tx.Feeds.Put(f)
				return nil
			}, books.Ref{Kind: books.Feeds, ID: conn.ID})
			if err != nil && ctx.Err() == nil {
				a.Log.Warn("the lease on a list could not be renewed", err, "connection", conn.ID)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// firstRead is how far back a connection is read that never was.
func firstRead(conn inbox.Connection) time.Time {
	if conn.ConnectedAt.IsZero() {
		return time.Time{}
	}
	return conn.ConnectedAt.Add(-pollOverlap)
}

func (a *App) pollMovements(ctx context.Context, company string, conn inbox.Connection, g gateway.Gateway, feed inbox.Feed, src inbox.Source, r *PollResult) error {
	for range pollPages {
		req := gateway.ListRequest{Cursor: feed.Cursor, Limit: pollLimit}
		if req.Cursor == "" {
			req.Since = firstRead(conn)
		}
		page, err := a.readPage(ctx, company, conn, g, req, src, func(f *inbox.Feed, page gateway.Page, good []gateway.Payment) {
			f.Cursor = page.Next
			f.Found += len(good)
		})
		if err != nil {
			return err
		}
		feed.Cursor = page.Next
		r.Movements += page.good
		r.Quarantined += page.bad
		if page.CaughtUp {
			r.CaughtUp = true
			return nil
		}
	}
	return nil
}

// readPage reads and stores one page of movements. A movement that the gateway describes wrongly is set aside, and the
// cursor moves past it: one bad row must not stop those behind it.
func (a *App) readPage(ctx context.Context, company string, conn inbox.Connection, g gateway.Gateway, req gateway.ListRequest, src inbox.Source,
	move func(*inbox.Feed, gateway.Page, []gateway.Payment),
) (readPage, error) {
	page, err := g.ListPayments(ctx, req)
	if err == nil {
		err = gateway.CheckPage(req, page)
	}
	if err != nil {
		return readPage{}, gatewayFault(conn.Label, err)
	}
	good := make([]gateway.Payment, 0, len(page.Payments))
	var bad []string
	for _, p := range page.Payments {
		if err := gateway.CheckPayment(p); err != nil {
			a.Log.Warn("a gateway described a movement wrongly; it is set aside", err, "connection", conn.ID)
			bad = append(bad, clipRunes(fmt.Sprintf("%s: %s", p.ID, gateway.AsError(err).Detail), 300))
			continue
		}
		good = append(good, p)
	}
	err = a.observe(ctx, company, conn, good, src, func(ctx context.Context, tx *books.Tx) error {
		f, _, err := tx.Feeds.Find(ctx, conn.ID)
		if err != nil {
			return err
		}
		f.ID = conn.ID
		f.BusyUntil = tx.Now().Add(pollLease)
		f.NextPoll = f.BusyUntil
		f.SetAside(bad, keepQuarantined)
		move(&f, page, good)
		tx.Feeds.Put(f)
		return nil
	})
	return readPage{page, len(good), len(bad)}, err
}

// readPage is a page that was stored, with how many of its movements were good.
type readPage struct {
	gateway.Page
	good, bad int
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
			if stops(err) {
				return err
			}
			a.Log.Warn("an open attempt could not be asked about", err, "attempt", at.ID)
		}
	}
	return nil
}

// stops says whether an error is one of the whole connection, so that asking on would be answered the same.
func stops(err error) bool {
	return fault.Has(err, fault.GatewayDown) || fault.Has(err, fault.GatewayCredentials) || fault.Has(err, fault.GatewayQuarantined)
}

// endPoll notes when and how the exchange went, and gives the lease back; an import of history goes on at once. A refusal
// that is not of the credentials leaves the connection as it is: one request that will never do is tried again less and
// less often, and everything else goes on.
func (a *App) endPoll(ctx context.Context, company string, conn inbox.Connection, cause error) error {
	more := false
	err := a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		f, _, err := tx.Feeds.Find(ctx, conn.ID)
		if err != nil {
			return err
		}
		f.ID, f.BusyUntil = conn.ID, time.Time{}
		switch {
		case cause == nil:
			f.LastExchange, f.LastError, f.Failures = tx.Now(), "", 0
			f.NextPoll = tx.Now().Add(jitter(pollEvery))
			if more = f.History.Running(); more {
				f.NextPoll = tx.Now()
			}
		default:
			f.Failures++
			f.LastError = string(fault.CodeOf(cause))
			f.NextPoll = tx.Now().Add(jitter(min(max(pollEvery, backoff(f.Failures)), pollMaxWait)))
		}
		tx.Feeds.Put(f)
		return nil
	}, books.Ref{Kind: books.Feeds, ID: conn.ID})
	if err == nil && more {
		wake(a.nudge.poll)
	}
	return err
}
