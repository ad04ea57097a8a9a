package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/uptrace/bun"
)

var (
	_ app.Views     = (*Store)(nil)
	_ app.Directory = (*Store)(nil)
)

type selectQuery = func(*bun.SelectQuery) *bun.SelectQuery

// one reads one record by its key. Code: unknown_thing.
func one[D, R any](ctx context.Context, s *Store, k keep[D, R], kind books.Kind, company, id string) (D, error) {
	return oneWhere(ctx, s, k, kind, company, id, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("? = ?", bun.Ident(k.column()), id)
	})
}

func oneWhere[D, R any](ctx context.Context, s *Store, k keep[D, R], kind books.Kind, company, id string, which selectQuery) (D, error) {
	found, err := k.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery { return which(q).Limit(1) })
	if err == nil && len(found) == 0 {
		err = unknown(kind.String(), id)
	}
	if err != nil {
		var none D
		return none, s.refusal(ctx, err, nil)
	}
	return found[0], nil
}

// snapshot runs fn so that all it reads is of one moment.
func (s *Store) snapshot(ctx context.Context, fn func(bun.Tx) error) error {
	o := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if !s.isPG() {
		o = nil // a deferred transaction of SQLite is a snapshot, and its driver knows no options
	}
	return s.read.RunInTx(ctx, o, func(_ context.Context, tx bun.Tx) error { return fn(tx) })
}

// Link implements app.Views.
func (s *Store) Link(ctx context.Context, hash string) (string, inbox.PayLink, error) {
	var r linkRow
	err := s.read.NewSelect().Model(&r).Where("hash = ?", hash).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.New(fault.NotFound, fault.LinkUnknown)
	}
	if err != nil {
		return "", inbox.PayLink{}, s.refusal(ctx, err, nil)
	}
	v, err := fromLink(r)
	return r.CompanyID, v, err
}

// Companies implements app.Views.
func (s *Store) Companies(ctx context.Context) ([]app.CompanyRef, error) {
	var out []app.CompanyRef
	rows, err := s.read.QueryContext(ctx, "SELECT id, name, test_books FROM companies ORDER BY name, id")
	if err != nil {
		return nil, err
	}
	err = scanAll(rows, func() error {
		var r app.CompanyRef
		err := rows.Scan(&r.ID, &r.Name, &r.Test)
		out = append(out, r)
		return err
	})
	return out, err
}

// DueWork implements app.Views. Mails wait until their next try, those being sent until their sender is taken for dead;
// deliveries until theirs, if they have one; connections that work until their next poll, and until their next check.
func (s *Store) DueWork(ctx context.Context, now time.Time, limit int) (app.Work, error) {
	var w app.Work
	for _, q := range []struct {
		into  *[]app.WorkItem
		query string
	}{
		{&w.Mails, "SELECT company_id, id FROM mails WHERE state IN ('queued', 'sending') AND next_try <= ? ORDER BY next_try, id LIMIT ?"},
		{&w.Deliveries, "SELECT company_id, id FROM deliveries WHERE state IN ('stored', 'orphan') AND next_try > 0 AND next_try <= ? ORDER BY next_try, id LIMIT ?"},
		{&w.Refunds, "SELECT company_id, id FROM refunds WHERE state = 'requested' AND next_try > 0 AND next_try <= ? ORDER BY next_try, id LIMIT ?"},
		{&w.Feeds, `SELECT c.company_id, c.id FROM connections AS c
			LEFT JOIN feeds AS f ON f.company_id = c.company_id AND f.connection_id = c.id
			WHERE c.status = 'connected' AND coalesce(f.next_poll, 0) <= ? ORDER BY coalesce(f.next_poll, 0), c.id, c.company_id LIMIT ?`},
		// A connection is checked for the first time once its movements were read.
		{&w.Proofs, `SELECT c.company_id, c.id FROM connections AS c
			JOIN feeds AS f ON f.company_id = c.company_id AND f.connection_id = c.id AND f.last_exchange > 0
			LEFT JOIN proof_runs AS r ON r.company_id = c.company_id AND r.connection_id = c.id
			WHERE c.status = 'connected' AND coalesce(r.next_run, 0) <= ? ORDER BY coalesce(r.next_run, 0), c.id, c.company_id LIMIT ?`},
	} {
		rows, err := s.read.QueryContext(ctx, q.query, micros(now), limit)
		if err != nil {
			return w, err
		}
		err = scanAll(rows, func() error {
			var it app.WorkItem
			err := rows.Scan(&it.Company, &it.ID)
			*q.into = append(*q.into, it)
			return err
		})
		if err != nil {
			return w, err
		}
	}
	return w, nil
}

// Head implements app.Views.
func (s *Store) Head(ctx context.Context, company string) (ledger.Head, error) {
	return s.head(ctx, s.read, company)
}

func (s *Store) head(ctx context.Context, db bun.IDB, company string) (ledger.Head, error) {
	var r penRow
	err := db.NewSelect().Model(&r).Where("company_id = ?", company).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		err = unknown("company", company)
	}
	return r.state().Head, err
}

// Mail implements app.Views.
func (s *Store) Mail(ctx context.Context, company, id string) (inbox.Mail, error) {
	return one(ctx, s, mails, books.Mails, company, id)
}

var mailOrder = order{name: "date", columns: []column{number("created_at"), text("id")}, desc: true}

// Mails implements app.Views.
func (s *Store) Mails(ctx context.Context, company string, f app.MailQuery) (app.Page[inbox.Mail], error) {
	k, err := mailOrder.paging(f.Paging)
	if err != nil {
		return app.Page[inbox.Mail]{}, err
	}
	var rows []mailRow
	q := s.read.NewSelect().Model(&rows).Where("company_id = ?", company)
	if len(f.States) > 0 {
		q = q.Where("state IN (?)", bun.In(f.States))
	}
	if f.Ref != "" {
		q = q.Where("ref = ?", f.Ref)
	}
	if err := k.apply(q).Scan(ctx); err != nil {
		return app.Page[inbox.Mail]{}, s.refusal(ctx, err, nil)
	}
	return page(k, rows, func(r *mailRow) []any { return []any{r.CreatedAt, r.ID} }, func(rows []mailRow) ([]inbox.Mail, error) {
		return mails.decode(ctx, s.read, company, rows)
	})
}

// History implements app.Views.
func (s *Store) History(ctx context.Context, company, ref string) ([]inbox.Event, error) {
	var rows []eventRow
	err := s.read.NewSelect().Model(&rows).Where("company_id = ?", company).Where("ref = ?", ref).Order("at", "id").Scan(ctx)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	out := make([]inbox.Event, len(rows))
	for i, r := range rows {
		out[i] = fromEvent(r)
	}
	return out, nil
}

// Exports implements app.Views. The names that an export keeps are left out: they can be large, and only Repeat wants them.
func (s *Store) Exports(ctx context.Context, company string) ([]ledger.Export, error) {
	return exports.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ExcludeColumn("names").Order("number")
	})
}

// dates are the bounds of a period as they are stored; no date is no bound.
func dates(from, to civil.Date) (int, int) {
	until := to.Number()
	if to.IsZero() {
		until = 9999_99_99
	}
	return from.Number(), until
}
