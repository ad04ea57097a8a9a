package bunstore

import (
	"context"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/party"
	"github.com/uptrace/bun"
)

// Customer implements app.Views.
func (s *Store) Customer(ctx context.Context, company, id string) (party.Customer, error) {
	return one(ctx, s, customers, books.Customers, company, id)
}

// CustomerByCode implements app.Views.
func (s *Store) CustomerByCode(ctx context.Context, company, code string) (party.Customer, error) {
	return oneWhere(ctx, s, customers, books.Customers, company, code, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("code = ?", code)
	})
}

var customerOrders = []order{
	{name: "name", columns: []column{text("name_key"), text("id")}},
	{name: "code", columns: []column{text("code"), text("id")}},
}

// Customers implements app.Views.
func (s *Store) Customers(ctx context.Context, company string, f app.CustomerQuery) (app.Page[app.CustomerRow], error) {
	var none app.Page[app.CustomerRow]
	o, err := pick(f.Sort, f.Desc, customerOrders...)
	if err != nil {
		return none, err
	}
	k, err := o.paging(f.Paging)
	if err != nil {
		return none, err
	}
	var rows []customerRow
	q := s.read.NewSelect().Model(&rows).Where("company_id = ?", company)
	if words := customersByWords(s.read, company, f.Search); words != nil {
		q = q.Where("id IN (?)", words)
	}
	if f.Active != nil {
		q = q.Where("active = ?", *f.Active)
	}
	if err := k.apply(q).Scan(ctx); err != nil {
		return none, s.refusal(ctx, err, nil)
	}
	at := func(r *customerRow) []any {
		if o.name == "code" {
			return []any{r.Code, r.ID}
		}
		return []any{r.NameKey, r.ID}
	}
	return page(k, rows, at, func(rows []customerRow) ([]app.CustomerRow, error) {
		out := make([]app.CustomerRow, len(rows))
		due, err := s.dueOf(ctx, company, idsOf(rows, func(r customerRow) string { return r.ID }))
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			if out[i].Customer, err = fromCustomer(r); err != nil {
				return nil, err
			}
			out[i].Due = due[r.ID]
		}
		return out, nil
	})
}

// dueOf sums what is due of some customers.
func (s *Store) dueOf(ctx context.Context, company string, ids []string) (map[string]int64, error) {
	due := map[string]int64{}
	if len(ids) == 0 {
		return due, nil
	}
	rows, err := s.read.QueryContext(ctx, `SELECT customer_id, `+s.total("balance")+` FROM invoices
		WHERE company_id = ? AND customer_id IN (?) AND balance > 0 GROUP BY customer_id`, company, bun.In(ids))
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	return due, scanAll(rows, func() error {
		var id string
		var sum int64
		err := rows.Scan(&id, &sum)
		due[id] = sum
		return err
	})
}

// total is a sum of amounts as an integer, 0 of nothing: PostgreSQL adds bigints up to a numeric.
func (s *Store) total(expression string) string {
	if s.isPG() {
		return "coalesce(sum(" + expression + "), 0)::bigint"
	}
	return "coalesce(sum(" + expression + "), 0)"
}

// Statement implements app.Views.
func (s *Store) Statement(ctx context.Context, company, customerID string, from, to civil.Date) (app.Statement, error) {
	var st app.Statement
	var err error
	if st.Customer, err = s.Customer(ctx, company, customerID); err != nil {
		return st, err
	}
	first, last := dates(from, to)
	err = s.snapshot(ctx, func(tx bun.Tx) error {
		since, err := s.carriedOn(ctx, tx, company, to)
		if err != nil {
			return err
		}
		lines := accountLines{store: s, db: tx, company: company, aux: st.Customer.Code, since: since}
		if st.Before, err = lines.sum(ctx, bun.SafeQuery("l.date < ? AND l.date <= ?", first, last)); err != nil {
			return err
		}
		rows, err := lines.list(ctx, first, last, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
		inAccountOrder(rows, false)
		st.Lines = accountLinesOf(rows)
		return err
	})
	if err != nil {
		return st, s.refusal(ctx, err, nil)
	}
	st.After = running(st.Lines, st.Before)
	return st, nil
}
