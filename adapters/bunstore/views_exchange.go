package bunstore

import (
	"context"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/uptrace/bun"
)

// Standing implements app.Views.
func (s *Store) Standing(ctx context.Context, company, account string, cur money.Currency, to civil.Date) (books.Standing, error) {
	var out books.Standing
	err := s.snapshot(ctx, func(tx bun.Tx) error {
		since, err := s.carriedOn(ctx, tx, company, to)
		if err != nil {
			return err
		}
		_, last := dates(civil.Date{}, to)
		return tx.QueryRowContext(ctx, "SELECT "+s.total("debit - credit")+", "+s.total("CASE WHEN foreign_currency = ?0 THEN foreign_minor ELSE 0 END")+
			" FROM journal_lines WHERE company_id = ?1 AND account = ?2 AND date BETWEEN ?3 AND ?4", string(cur), company, account, since, last).Scan(&out.Book, &out.Foreign)
	})
	return out, s.refusal(ctx, err, nil)
}

// Charges implements app.Views.
func (s *Store) Charges(ctx context.Context, company, journal string, accounts []string, from, to civil.Date) ([]app.MonthSum, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	first, last := dates(from, to)
	rows, err := s.read.QueryContext(ctx, "SELECT l.date / 100, "+s.total("l.debit - l.credit")+` FROM journal_lines AS l
		JOIN journal_entries AS e ON e.company_id = l.company_id AND e.seq = l.seq
		WHERE l.company_id = ? AND l.account IN (?) AND l.date BETWEEN ? AND ? AND e.journal = ?
		GROUP BY l.date / 100 ORDER BY 1`, company, bun.In(accounts), first, last, journal)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	var out []app.MonthSum
	return out, scanAll(rows, func() error {
		var month int
		var sum int64
		err := rows.Scan(&month, &sum)
		out = append(out, app.MonthSum{Month: civil.FromNumber(month*100 + 1), Sum: sum})
		return err
	})
}

// Posted implements app.Views.
func (s *Store) Posted(ctx context.Context, company string, sources []string) (map[string]app.EntryRef, error) {
	out := map[string]app.EntryRef{}
	if len(sources) == 0 {
		return out, nil
	}
	rows, err := s.read.QueryContext(ctx, "SELECT source, seq, number FROM journal_entries WHERE company_id = ? AND source IN (?)", company, bun.In(sources))
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	return out, scanAll(rows, func() error {
		var source string
		var e app.EntryRef
		err := rows.Scan(&source, &e.Seq, &e.Number)
		out[source] = e
		return err
	})
}

var rateOrder = order{name: "date", columns: []column{number("r.date"), text("r.id")}, desc: true}

// Rates implements app.Views.
func (s *Store) Rates(ctx context.Context, company string, f app.RateQuery) (app.Page[ledger.Rate], error) {
	var none app.Page[ledger.Rate]
	k, err := rateOrder.paging(f.Paging)
	if err != nil {
		return none, err
	}
	q := s.read.NewSelect().TableExpr("exchange_rates AS r").ColumnExpr("r.*").Where("r.company_id = ?", company).Where("r.rate <> '0'")
	if f.Currency != "" {
		q = q.Where("r.currency = ?", string(f.Currency))
	}
	var rows []rateRow
	if err := k.apply(q).Scan(ctx, &rows); err != nil {
		return none, s.refusal(ctx, err, nil)
	}
	return page(k, rows, func(r *rateRow) []any { return []any{r.Date, r.ID} }, func(rows []rateRow) ([]ledger.Rate, error) {
		return rates.decode(ctx, s.read, company, rows)
	})
}
