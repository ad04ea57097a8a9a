package app

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// historyPages bounds one piece of an import; new payments and other connections have their turn between two pieces.
const historyPages = 5

// ImportHistory has a connection read what happened since a day before it was made, in the background. What is older than
// the connection is kept apart (inbox.Past): the books may have it by other ways. Asking again begins again; what was read
// before is recognised. Codes: unknown_thing, the connection's own problem; required, bad_date (not in the past) on "since".
func (a *App) ImportHistory(ctx context.Context, who access.Actor, id string, since civil.Date) (inbox.History, error) {
	var out inbox.History
	if err := who.May(access.Configure); err != nil {
		return out, err
	}
	from, err := a.historyFrom(since)
	if err != nil {
		return out, err
	}
	err = a.write(ctx, who, access.Configure, func(ctx context.Context, tx *books.Tx) error {
		c, ok := tx.Setup().Connections[id]
		if !ok || c.Status == inbox.Disconnected {
			return notFound("connection", id)
		}
		if c.Status == inbox.NeedsAttention {
			return attention(c)
		}
		f, _, err := tx.Feeds.Find(ctx, id)
		if err != nil {
			return err
		}
		f.ID, f.History = id, inbox.History{Since: from, AskedAt: tx.Now()}
		if !f.Busy(tx.Now()) {
			f.NextPoll = tx.Now()
		}
		tx.Feeds.Put(f)
		tx.Log(who.Name, "history_import", id, since.String())
		out = f.History
		return nil
	})
	if err == nil {
		wake(a.nudge.poll)
	}
	return out, err
}

// CheckHistory says whether history could be imported since a day. Codes on "since": required, bad_date.
func (a *App) CheckHistory(since civil.Date) error {
	_, err := a.historyFrom(since)
	return err
}

// historyFrom is the first instant of a day in the past. No provider we know is older than 1998.
func (a *App) historyFrom(since civil.Date) (time.Time, error) {
	if since.IsZero() {
		return time.Time{}, fault.New(fault.Invalid, fault.Required).On("since")
	}
	from := time.Date(since.Year(), since.Month(), since.Day(), 0, 0, 0, 0, a.Zone).UTC()
	if since.Year() < 1998 || from.After(a.Now()) {
		return time.Time{}, fault.New(fault.Invalid, fault.BadDate, "found", since.String()).On("since")
	}
	return from, nil
}

// pollHistory reads a few more pages of history. A refusal that is not of the whole
// connection ends the import and nothing else.
func (a *App) pollHistory(ctx context.Context, company string, conn inbox.Connection, g gateway.Gateway, h inbox.History) error {
	for range historyPages {
		req := gateway.ListRequest{Cursor: h.Cursor, Limit: pollLimit}
		if req.Cursor == "" {
			req.Since = h.Since
		}
		page, err := a.readPage(ctx, company, conn, g, req, inbox.ByPoll, func(f *inbox.Feed, page gateway.Page, good []gateway.Payment) {
			if !f.History.AskedAt.Equal(h.AskedAt) {
				return // it was asked for again, since another day: this page is a gift
			}
			f.History.Cursor = page.Next
			f.History.Found += len(good)
			for _, p := range good {
				if at := p.OccurredAt.UTC().Truncate(time.Microsecond); at.After(f.History.Reached) {
					f.History.Reached = at
				}
			}
		})
		if fault.Has(err, fault.GatewayRefused) {
			return a.endHistory(ctx, company, conn, h, string(fault.CodeOf(err)))
		}
		if err != nil {
			return err
		}
		h.Cursor = page.Next
		if page.CaughtUp {
			return a.endHistory(ctx, company, conn, h, "")
		}
	}
	return nil
}

func (a *App) endHistory(ctx context.Context, company string, conn inbox.Connection, h inbox.History, problem string) error {
	return a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		f, _, err := tx.Feeds.Find(ctx, conn.ID)
		if err != nil || !f.History.AskedAt.Equal(h.AskedAt) {
			return err
		}
		f.ID, f.History.EndedAt, f.History.Problem = conn.ID, tx.Now(), problem
		tx.Feeds.Put(f)
		tx.Log("Acquit", "history_imported", conn.ID, itoa(int64(f.History.Found)))
		return nil
	}, books.Ref{Kind: books.Feeds, ID: conn.ID})
}
