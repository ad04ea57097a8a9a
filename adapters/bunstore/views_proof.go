package bunstore

import (
	"context"
	"maps"
	"slices"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/uptrace/bun"
)

// Proof implements app.Views.
func (s *Store) Proof(ctx context.Context, company, id string) (inbox.Proof, error) {
	return one(ctx, s, proofs, books.Proofs, company, id)
}

// ProofRun implements app.Views.
func (s *Store) ProofRun(ctx context.Context, company, connection string) (inbox.ProofRun, error) {
	return one(ctx, s, proofRuns, books.ProofRuns, company, connection)
}

var proofOrder = order{name: "date", columns: []column{number("at"), text("id")}, desc: true}

// Proofs implements app.Views.
func (s *Store) Proofs(ctx context.Context, company string, f app.ProofQuery) (app.Page[inbox.Proof], error) {
	k, err := proofOrder.paging(f.Paging)
	if err != nil {
		return app.Page[inbox.Proof]{}, err
	}
	var rows []proofRow
	q := s.read.NewSelect().Model(&rows).Where("company_id = ?", company).Where("connection_id = ?", f.Connection)
	if f.Complete {
		q = q.Where("state <> ?", inbox.ProofIncomplete)
	}
	if !f.Since.IsZero() {
		q = q.Where("at >= ?", micros(f.Since))
	}
	if err := k.apply(q).Scan(ctx); err != nil {
		return app.Page[inbox.Proof]{}, s.refusal(ctx, err, nil)
	}
	return page(k, rows, func(r *proofRow) []any { return []any{r.At, r.ID} }, func(rows []proofRow) ([]inbox.Proof, error) {
		return proofs.decode(ctx, s.read, company, rows)
	})
}

// LastProofs implements app.Views.
func (s *Store) LastProofs(ctx context.Context, company string) ([]inbox.Proof, error) {
	list, err := proofs.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where(`id IN (SELECT (SELECT p.id FROM proofs AS p WHERE p.company_id = c.company_id AND p.connection_id = c.id ORDER BY p.at DESC, p.id DESC LIMIT 1)
			FROM connections AS c WHERE c.company_id = ?)`, company).Order("connection_id")
	})
	return list, s.refusal(ctx, err, nil)
}

// ArrivalsByID implements app.Views.
func (s *Store) ArrivalsByID(ctx context.Context, company string, ids []string) ([]inbox.Arrival, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := arrivals.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id IN (?)", bun.In(ids)) })
	return list, s.refusal(ctx, err, nil)
}

// ArrivalsAfter implements app.Views. A company's connections are few: those of the others are passed over.
func (s *Store) ArrivalsAfter(ctx context.Context, company string, f app.ArrivalsAfter) ([]inbox.Arrival, error) {
	list, err := arrivals.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("connection_id = ?", f.Connection).Where("occurred_at >= ?", micros(f.Since)).
			Where("(occurred_at, id) > (?, ?)", micros(f.After), f.AfterID).Order("occurred_at", "id").Limit(int64(f.Limit))
		if f.PayoutsOnly {
			q = q.Where("kind = 'payout'")
		}
		return q
	})
	return list, s.refusal(ctx, err, nil)
}

// ArrivalsExternal implements app.Views.
func (s *Store) ArrivalsExternal(ctx context.Context, company, connection string, ids []string) ([]inbox.Arrival, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := arrivals.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("external_id IN (?)", bun.In(ids)).Where("connection_id = ?", connection).Order("external_id", "id")
	})
	return list, s.refusal(ctx, err, nil)
}

// inflow are the kinds that raise the provider's balance, as SQL.
var inflow = func() any {
	var kinds []gateway.Kind
	for _, k := range gateway.Kinds() {
		if k.Inflow() {
			kinds = append(kinds, k)
		}
	}
	return bun.In(kinds)
}()

// effectSQL is inbox.Effect of an arrival's row.
const effectSQL = "(CASE WHEN kind IN (?inflow) THEN gross ELSE -gross END - CASE WHEN fee_state = 'known' THEN fee ELSE 0 END)"

// PayoutSums implements app.Views.
func (s *Store) PayoutSums(ctx context.Context, company, connection string, payouts []string) ([]app.PayoutSum, error) {
	if len(payouts) == 0 {
		return nil, nil
	}
	var out []app.PayoutSum
	rows, err := s.read.QueryContext(ctx, s.named(`SELECT payout_id, currency, count(*), `+s.total("CASE WHEN fee_state = 'unknown' THEN 1 ELSE 0 END")+`, `+s.total(effectSQL)+`
		FROM arrivals WHERE company_id = ?company AND connection_id = ?connection AND payout_id IN (?payouts) AND payout_id <> '' AND kind <> 'payout'
			AND gateway_state = 'succeeded' GROUP BY payout_id, currency ORDER BY payout_id, currency`,
		map[string]any{"company": company, "connection": connection, "payouts": bun.In(payouts), "inflow": inflow}))
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	err = scanAll(rows, func() error {
		var p app.PayoutSum
		err := rows.Scan(&p.Payout, &p.Currency, &p.Items, &p.Unknown, &p.Net)
		out = append(out, p)
		return err
	})
	return out, s.refusal(ctx, err, nil)
}

// PayoutParts implements app.Views.
func (s *Store) PayoutParts(ctx context.Context, company, connection, payout string) ([]app.PayoutPart, error) {
	var out []app.PayoutPart
	rows, err := s.read.QueryContext(ctx, s.named(`SELECT kind, currency, count(*), `+s.total("CASE WHEN kind IN (?inflow) THEN gross ELSE -gross END")+`,
			`+s.total("CASE WHEN fee_state = 'known' THEN fee ELSE 0 END")+`
		FROM arrivals WHERE company_id = ?company AND connection_id = ?connection AND payout_id = ?payout AND payout_id <> '' AND kind <> 'payout'
			AND gateway_state = 'succeeded' GROUP BY kind, currency ORDER BY kind, currency`,
		map[string]any{"company": company, "connection": connection, "payout": payout, "inflow": inflow}))
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	err = scanAll(rows, func() error {
		var p app.PayoutPart
		err := rows.Scan(&p.Kind, &p.Currency, &p.Items, &p.Flow, &p.Fee)
		out = append(out, p)
		return err
	})
	return out, s.refusal(ctx, err, nil)
}

// Holdings implements app.Views.
func (s *Store) Holdings(ctx context.Context, company string, f app.HoldingQuery) (app.Holdings, error) {
	var out app.Holdings
	err := s.snapshot(ctx, func(tx bun.Tx) error {
		h := holdings{store: s, db: tx, company: company, q: f, by: map[money.Currency]*app.Held{}}
		head, err := s.head(ctx, tx, company)
		if err != nil {
			return err
		}
		out.Head = head.Seq
		for _, step := range []func(context.Context) error{h.balance, h.foreign, h.groups, h.unpaid,
			func(ctx context.Context) error { return h.entries(ctx, head.Seq) }} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		for _, cur := range slices.Sorted(maps.Keys(h.by)) {
			out.List = append(out.List, *h.by[cur])
		}
		return nil
	})
	return out, s.refusal(ctx, err, nil)
}

// holdings gathers what the books say of one connection, in one snapshot.
type holdings struct {
	store   *Store
	db      bun.Tx
	company string
	q       app.HoldingQuery
	by      map[money.Currency]*app.Held
}

func (h *holdings) of(cur money.Currency) *app.Held {
	if h.by[cur] == nil {
		h.by[cur] = &app.Held{Holding: inbox.Holding{Currency: cur}}
	}
	return h.by[cur]
}

// balance is that of the account in the books' currency, and what of it is dated after today.
func (h *holdings) balance(ctx context.Context) error {
	account := h.q.Accounts[h.q.Books]
	held := h.of(h.q.Books)
	if account == "" {
		return nil
	}
	since, err := h.store.carriedOn(ctx, h.db, h.company, civil.Date{})
	if err != nil {
		return err
	}
	return h.store.withTotals(ctx, h.db, h.company, func(t accountTotals) error {
		_, last := dates(civil.Date{}, civil.Date{})
		held.Books = t.balance(account, since, last)
		if later, some := t.within(account, max(since, h.q.Day.Number()+1), last); some {
			held.Groups = append(held.Groups, inbox.ProofLine{What: inbox.LineLater, Count: 1, Amount: later.debit - later.credit})
		}
		return nil
	})
}

// foreign are the balances that accounts carry in other currencies.
func (h *holdings) foreign(ctx context.Context) error {
	accounts := h.accounts()
	if len(accounts) == 0 {
		return nil
	}
	rows, err := h.db.QueryContext(ctx, `SELECT account, foreign_currency, `+h.store.total("foreign_minor")+`, `+h.store.total("debit - credit")+`
		FROM journal_lines WHERE company_id = ? AND account IN (?) AND foreign_currency <> '' GROUP BY account, foreign_currency`, h.company, bun.In(accounts))
	if err != nil {
		return err
	}
	return scanAll(rows, func() error {
		var account string
		var cur money.Currency
		var amount, worth int64
		if err := rows.Scan(&account, &cur, &amount, &worth); err != nil {
			return err
		}
		if account == h.q.Accounts[h.q.Books] {
			h.of(h.q.Books).Books -= worth
		} else if account != h.q.Accounts[cur] {
			return nil
		}
		h.of(cur).Books += amount
		return nil
	})
}

func (h *holdings) accounts() []string {
	var out []string
	for _, a := range h.q.Accounts {
		if a != "" {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// latestSQL lists the latest of each group of rows (currency, what, id, seq, kind, label, at, amount), each with the number
// and the sum of all.
const latestSQL = `SELECT currency, what, id, seq, kind, label, at, amount, n, total FROM (
	SELECT r.*, count(*) OVER (PARTITION BY currency, what) AS n, sum(amount) OVER (PARTITION BY currency, what) AS total,
		row_number() OVER (PARTITION BY currency, what ORDER BY at DESC, id, seq DESC, amount) AS place FROM (?rows) AS r
	) AS ranked WHERE place <= ?most ORDER BY currency, what, place`

// groups are the arrivals by which the account and the provider differ.
func (h *holdings) groups(ctx context.Context) error {
	const head, from = ", id, 0 AS seq, kind, external_id AS label, occurred_at AS at, ", " FROM arrivals WHERE company_id = ?company AND connection_id = ?connection AND unproven AND "
	flow := func(amount string) string {
		return "CASE WHEN kind IN (?inflow) THEN " + amount + " ELSE -(" + amount + ") END AS amount"
	}
	rows := `SELECT currency, CASE WHEN gateway_state = 'pending' THEN CASE kind WHEN 'payout' THEN 'pending_payout' ELSE 'pending' END
			WHEN state IN ('review', 'dismissed') THEN state ELSE 'ready' END AS what` + head + effectSQL + ` AS amount` + from + `state <> 'integrated'
		UNION ALL SELECT currency, 'fee' AS what` + head + `fee_posted - fee AS amount` + from + `state = 'integrated' AND fee_state = 'known' AND fee <> fee_posted
		UNION ALL SELECT currency, 'altered' AS what` + head + flow("gross - posted") + from + `state = 'integrated' AND posted <> gross
		UNION ALL SELECT currency, 'fee_unknown' AS what` + head + `gross AS amount` + from + `gateway_state = 'succeeded' AND fee_state = 'unknown'`
	args := map[string]any{"company": h.company, "connection": h.q.Connection, "inflow": inflow}
	return h.latest(ctx, h.store.named(rows, args), func(held *app.Held, what inbox.LineWhat) *inbox.ProofLine {
		i := slices.IndexFunc(held.Groups, func(l inbox.ProofLine) bool { return l.What == what })
		if i < 0 {
			held.Groups, i = append(held.Groups, inbox.ProofLine{What: what}), len(held.Groups)
		}
		return &held.Groups[i]
	})
}

// entries are those posted to the accounts by other ways than a movement. What closing a year carries forward is no movement
// of the account.
func (h *holdings) entries(ctx context.Context, head int64) error {
	if len(h.accounts()) == 0 {
		return nil
	}
	// The entries are walked by their place in the chain, and only those without a movement have their lines read.
	rows := `SELECT CASE l.foreign_currency WHEN '' THEN ?books ELSE l.foreign_currency END AS currency, 'new_entry' AS what, '' AS id, e.seq, '' AS kind, e.label,
			e.posted_at AS at, CASE l.foreign_currency WHEN '' THEN l.credit - l.debit ELSE -l.foreign_minor END AS amount
		FROM journal_entries AS e CROSS JOIN journal_lines AS l
		WHERE e.company_id = ?company AND e.seq > ?after AND e.seq <= ?head AND substr(e.source, 1, 8) <> 'arrival:' AND substr(e.source, 1, ?opening) <> ?source
			AND l.company_id = e.company_id AND l.seq = e.seq AND l.account IN (?accounts)
			AND (l.account = ?own OR l.foreign_currency <> '')`
	return h.latest(ctx, h.store.named(rows, map[string]any{"head": head, "after": h.q.After, "accounts": bun.In(h.accounts()), "own": h.q.Accounts[h.q.Books],
		"books": string(h.q.Books), "opening": len(posting.OpeningSource), "source": posting.OpeningSource, "company": h.company}),
		func(held *app.Held, what inbox.LineWhat) *inbox.ProofLine {
			held.Fresh.What = what
			return &held.Fresh
		})
}

func (h *holdings) latest(ctx context.Context, rows string, line func(*app.Held, inbox.LineWhat) *inbox.ProofLine) error {
	found, err := h.db.QueryContext(ctx, h.store.named(latestSQL, map[string]any{"rows": bun.Safe(rows), "most": inbox.MaxItems}))
	if err != nil {
		return err
	}
	return scanAll(found, func() error {
		var cur money.Currency
		var what inbox.LineWhat
		var it inbox.ProofItem
		var at, total int64
		var n int
		if err := found.Scan(&cur, &what, &it.ArrivalID, &it.Seq, &it.Kind, &it.Label, &at, &it.Amount, &n, &total); err != nil {
			return err
		}
		it.At = instant(at)
		l := line(h.of(cur), what)
		l.Count, l.Amount, l.Items = n, total, append(l.Items, it)
		return nil
	})
}

// unpaid is what no payout holds.
func (h *holdings) unpaid(ctx context.Context) error {
	if !h.q.Unpaid {
		return nil
	}
	rows, err := h.db.QueryContext(ctx, h.store.named(`SELECT currency, `+h.store.total(effectSQL)+` FROM arrivals
		WHERE company_id = ?company AND connection_id = ?connection AND payout_id = '' AND kind <> 'payout' AND gateway_state = 'succeeded' GROUP BY currency`,
		map[string]any{"company": h.company, "connection": h.q.Connection, "inflow": inflow}))
	if err != nil {
		return err
	}
	return scanAll(rows, func() error {
		var cur money.Currency
		var sum int64
		err := rows.Scan(&cur, &sum)
		h.of(cur).Unpaid = sum
		return err
	})
}

// named writes named arguments into a query.
func (s *Store) named(query string, args map[string]any) string {
	gen := s.read.QueryGen()
	for name, v := range args {
		gen = gen.WithNamedArg(name, v)
	}
	return gen.FormatQuery(query)
}
