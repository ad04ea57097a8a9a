package bunstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Entry implements app.Views.
func (s *Store) Entry(ctx context.Context, company string, seq int64) (app.EntryView, error) {
	e, err := loadEntry(ctx, s.read, company, seq)
	if err != nil {
		return app.EntryView{}, s.refusal(ctx, err, nil)
	}
	list, err := s.entryViews(ctx, company, []ledger.Entry{e})
	if err != nil {
		return app.EntryView{}, err
	}
	return list[0], nil
}

var entryOrder = order{name: "seq", columns: []column{number("seq")}}

// Entries implements app.Views. Labels are searched from end to end of the journal: the one list whose search grows with
// the books.
func (s *Store) Entries(ctx context.Context, company string, f app.EntryQuery) (app.Page[app.EntryView], error) {
	var none app.Page[app.EntryView]
	o := entryOrder
	o.desc = f.Desc
	k, err := o.paging(f.Paging)
	if err != nil {
		return none, err
	}
	first, last, err := s.spanOfYear(ctx, company, f.Year)
	if err != nil {
		return none, s.refusal(ctx, err, nil)
	}
	list, err := loadEntries(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		if f.Journal != "" {
			q = q.Where("journal = ?", f.Journal)
		}
		if f.Year != "" {
			q = q.Where("year = ?", f.Year).Where("seq BETWEEN ? AND ?", first, last)
		}
		if !f.From.IsZero() || !f.To.IsZero() {
			from, to := dates(f.From, f.To)
			q = q.Where("date BETWEEN ? AND ?", from, to)
		}
		if search := strings.TrimSpace(f.Search); search != "" {
			pattern := containing(strings.ToLower(search))
			q = q.Where(`(lower(piece) LIKE ? ESCAPE '\' OR lower(label) LIKE ? ESCAPE '\')`, pattern, pattern)
		}
		return k.apply(q)
	})
	if err != nil {
		return none, s.refusal(ctx, err, nil)
	}
	return page(k, list, func(e *ledger.Entry) []any { return []any{e.Seq} }, func(list []ledger.Entry) ([]app.EntryView, error) {
		return s.entryViews(ctx, company, list)
	})
}

// maxEntriesOf bounds the entries of one document: invoice, payments and their commissions are a handful.
const maxEntriesOf = 1000

// EntriesOf implements app.Views.
func (s *Store) EntriesOf(ctx context.Context, company, document string) ([]app.EntryView, error) {
	list, err := loadEntries(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("seq IN (SELECT seq FROM journal_lines WHERE company_id = ? AND document = ? AND document <> '')", company, document).
			Order("seq").Limit(maxEntriesOf)
	})
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	return s.entryViews(ctx, company, list)
}

// entryViews adds matching codes and reversals to entries.
func (s *Store) entryViews(ctx context.Context, company string, list []ledger.Entry) ([]app.EntryView, error) {
	out := make([]app.EntryView, len(list))
	if len(list) == 0 {
		return out, nil
	}
	at := make(map[int64]*app.EntryView, len(list))
	seqs := make([]int64, len(list))
	for i, e := range list {
		out[i] = app.EntryView{Entry: e, Letters: make([]string, len(e.Lines))}
		at[e.Seq], seqs[i] = &out[i], e.Seq
	}
	var matches []matchRow
	err := s.read.NewSelect().Model(&matches).Where("company_id = ?", company).Where("seq IN (?)", bun.In(seqs)).Where("dissolved_at = 0").Scan(ctx)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	for _, m := range matches {
		if v := at[m.Seq]; m.N < len(v.Letters) {
			v.Letters[m.N] = m.Code
		}
	}
	rows, err := s.read.QueryContext(ctx, "SELECT reverses, seq FROM journal_entries WHERE company_id = ? AND reverses <> 0 AND reverses IN (?)", company, bun.In(seqs))
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	return out, scanAll(rows, func() error {
		var of, by int64
		err := rows.Scan(&of, &by)
		if v := at[of]; v != nil {
			v.ReversedBy = by
		}
		return err
	})
}

// carriedOn is the first day whose lines make up balances on a day; no day asks for the last there is.
func (s *Store) carriedOn(ctx context.Context, db bun.IDB, company string, d civil.Date) (int, error) {
	list, err := years.values(ctx, db, company, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("starts") })
	if err != nil {
		return 0, err
	}
	if d.IsZero() && len(list) > 0 {
		d = list[len(list)-1].End
	}
	return posting.CarriedOn(&ledger.Chart{Years: list}, d).Number(), nil
}

// accountLines reads the lines of an account, of an auxiliary account, or of both together, from a day on.
type accountLines struct {
	store   *Store
	db      bun.Tx
	company string
	account string
	aux     string
	since   int
}

func (a accountLines) where(q *bun.SelectQuery) *bun.SelectQuery {
	q = q.Where("l.company_id = ?", a.company)
	if a.since > 0 {
		q = q.Where("l.date >= ?", a.since)
	}
	if a.account != "" {
		q = q.Where("l.account = ?", a.account)
	}
	if a.aux != "" {
		q = q.Where("l.aux = ?", a.aux).Where("l.aux <> ''")
	}
	return q
}

// sum is debit less credit of the lines that satisfy a condition.
func (a accountLines) sum(ctx context.Context, condition schema.QueryAppender) (int64, error) {
	var sum int64
	err := a.where(a.db.NewSelect().TableExpr("journal_lines AS l").ColumnExpr(a.store.total("l.debit - l.credit"))).
		Where("?", condition).Scan(ctx, &sum)
	return sum, err
}

// accountLineRow is a line with the head of its entry.
type accountLineRow struct {
	Seq, Number   int64
	N             int
	Year, Journal string
	Date          int
	Piece         string
	Label         string
	Aux           string
	Debit, Credit int64
	Letter        string

	ForeignMinor    int64
	ForeignCurrency string
}

// list reads the lines of a period, in order. The lines are chosen before anything is joined to them.
func (a accountLines) list(ctx context.Context, first, last int, which selectQuery) ([]accountLineRow, error) {
	lines := a.where(a.db.NewSelect().TableExpr("journal_lines AS l").ColumnExpr("l.*").Where("l.date BETWEEN ? AND ?", first, last))
	var rows []accountLineRow
	err := a.db.NewSelect().TableExpr("(?) AS l", which(lines)).
		ColumnExpr("l.seq, l.n, e.number, e.year, e.journal, l.date, e.piece, CASE WHEN l.label = '' THEN e.label ELSE l.label END AS label").
		ColumnExpr("l.aux, l.debit, l.credit, coalesce(m.code, '') AS letter, l.foreign_minor, l.foreign_currency").
		Join("JOIN journal_entries AS e ON e.company_id = l.company_id AND e.seq = l.seq").
		Join("LEFT JOIN line_matches AS m ON m.company_id = l.company_id AND m.seq = l.seq AND m.n = l.n AND m.dissolved_at = 0").
		Scan(ctx, &rows)
	return rows, err
}

func accountLinesOf(rows []accountLineRow) []app.AccountLine {
	out := make([]app.AccountLine, len(rows))
	for i, r := range rows {
		out[i] = app.AccountLine{Seq: r.Seq, Number: r.Number, Year: r.Year, Journal: r.Journal, Date: day(r.Date), Piece: r.Piece,
			Label: r.Label, Aux: r.Aux, Debit: r.Debit, Credit: r.Credit, Letter: r.Letter}
		if r.ForeignCurrency != "" {
			out[i].Foreign = money.Of(r.ForeignMinor, money.Currency(r.ForeignCurrency))
		}
	}
	return out
}

// inAccountOrder puts lines back in the order they were chosen in: a join may hand them over in any.
func inAccountOrder(rows []accountLineRow, descending bool) {
	slices.SortFunc(rows, func(a, b accountLineRow) int {
		if descending {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.Date, b.Date), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.N, b.N))
	})
}

// running fills in balances and returns the last.
func running(lines []app.AccountLine, before int64) int64 {
	for i := range lines {
		before += lines[i].Debit - lines[i].Credit
		lines[i].Balance = before
	}
	return before
}

var accountOrder = order{name: "account", columns: []column{number("l.date"), number("l.seq"), number("l.n")}}

// accountKey is where the lines of a page lie.
type accountKey struct {
	Date int
	Seq  int64
	N    int
}

// balances are debit less credit in front of a line (inclusive: behind it), and at the end of a day.
func (a accountLines) balances(ctx context.Context, at accountKey, inclusive bool, last int) (before, after int64, err error) {
	op := "<"
	if inclusive {
		op = "<="
	}
	if a.aux != "" {
		if before, err = a.sum(ctx, bun.SafeQuery("(l.date, l.seq, l.n) "+op+" (?, ?, ?)", at.Date, at.Seq, at.N)); err == nil {
			after, err = a.sum(ctx, bun.SafeQuery("l.date <= ?", last))
		}
		return before, after, err
	}
	// The day itself is read from its lines, what lies in front of it from the sums.
	if before, err = a.sum(ctx, bun.SafeQuery("l.date = ? AND (l.seq, l.n) "+op+" (?, ?)", at.Date, at.Seq, at.N)); err != nil {
		return 0, 0, err
	}
	err = a.store.withTotals(ctx, a.db, a.company, func(t accountTotals) error {
		before += t.balance(a.account, a.since, at.Date-1)
		after = t.balance(a.account, a.since, last)
		return nil
	})
	return before, after, err
}

// AccountLines implements app.Views.
func (s *Store) AccountLines(ctx context.Context, company string, f app.AccountQuery) (app.AccountPage, error) {
	var out app.AccountPage
	k, err := accountOrder.paging(f.Paging)
	if err != nil {
		return out, err
	}
	first, last := dates(f.From, f.To)
	err = s.snapshot(ctx, func(tx bun.Tx) error {
		since, err := s.carriedOn(ctx, tx, company, f.To)
		if err != nil {
			return err
		}
		lines := accountLines{store: s, db: tx, company: company, account: f.Account, aux: f.Aux, since: since}
		rows, err := lines.list(ctx, first, last, k.apply)
		if err != nil {
			return err
		}
		inAccountOrder(rows, k.descending())
		at, inclusive := accountKey{Date: min(first, last+1)}, false
		if k.at != nil {
			at, inclusive = accountKey{int(k.at[0].(int64)), k.at[1].(int64), int(k.at[2].(int64))}, true
		}
		out.Page, err = page(k, rows, func(r *accountLineRow) []any { return []any{r.Date, r.Seq, r.N} }, func(rows []accountLineRow) ([]app.AccountLine, error) {
			if len(rows) > 0 {
				at, inclusive = accountKey{rows[0].Date, rows[0].Seq, rows[0].N}, false
			}
			return accountLinesOf(rows), nil
		})
		if err != nil {
			return err
		}
		out.Before, out.Total, err = lines.balances(ctx, at, inclusive, last)
		return err
	})
	if err != nil {
		return out, s.refusal(ctx, err, nil)
	}
	running(out.Items, out.Before)
	return out, nil
}

// TrialBalance implements app.Views.
func (s *Store) TrialBalance(ctx context.Context, company string, from, to civil.Date) ([]app.BalanceRow, error) {
	first, last := dates(from, to)
	var out []app.BalanceRow
	err := s.snapshot(ctx, func(tx bun.Tx) error {
		since, err := s.carriedOn(ctx, tx, company, to)
		if err != nil {
			return err
		}
		return s.withTotals(ctx, tx, company, func(t accountTotals) error {
			for _, account := range slices.Sorted(maps.Keys(t)) {
				before, earlier := t.within(account, since, min(first-1, last))
				period, now := t.within(account, max(since, first), last)
				if earlier || now {
					r := app.BalanceRow{Account: account, Before: before.debit - before.credit, Debit: period.debit, Credit: period.credit}
					r.After = r.Before + r.Debit - r.Credit
					out = append(out, r)
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	labels, err := s.labels(ctx, s.read, "accounts", company)
	for i := range out {
		out[i].Label = labels[out[i].Account]
	}
	return out, err
}

// labels reads the labels of accounts or journals, by code.
func (s *Store) labels(ctx context.Context, db bun.IDB, table, company string) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT code, label FROM ? WHERE company_id = ?", bun.Ident(table), company)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	out := map[string]string{}
	return out, scanAll(rows, func() error {
		var code, label string
		err := rows.Scan(&code, &label)
		out[code] = label
		return err
	})
}

// Balance implements app.Views.
func (s *Store) Balance(ctx context.Context, company, account, aux string) (int64, error) {
	var sum int64
	err := s.snapshot(ctx, func(tx bun.Tx) error {
		since, err := s.carriedOn(ctx, tx, company, civil.Date{})
		if err != nil {
			return err
		}
		_, last := dates(civil.Date{}, civil.Date{})
		lines := accountLines{store: s, db: tx, company: company, account: account, aux: aux, since: since}
		_, sum, err = lines.balances(ctx, accountKey{}, false, last)
		return err
	})
	return sum, s.refusal(ctx, err, nil)
}
