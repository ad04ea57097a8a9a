package bunstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// account fills books with a gateway account: movements in every state and currency, payouts and what they consist of,
// entries with and without a movement behind them, proofs.
func (m *maker) account() {
	m.write(func(ctx context.Context, tx *books.Tx) error {
		for _, id := range []string{"gw_1", "gw_2", "gw_3"} {
			status := inbox.Connected
			if id == "gw_3" {
				status = inbox.NeedsAttention
			}
			tx.Set(inbox.Connection{ID: id, Label: id, GatewayAccount: "517100", Status: status})
			tx.Feeds.Put(inbox.Feed{ID: id, LastExchange: oneOf(m, time.Time{}, m.instant()), NextPoll: m.instant()})
			tx.ProofRuns.Put(inbox.ProofRun{ID: id, NextRun: oneOf(m, time.Time{}, m.instant()), Version: 1, Seen: []byte{1}})
		}
		for range 12 {
			tx.Proofs.Put(inbox.Proof{ID: m.id("prf"), ConnectionID: oneOf(m, "gw_1", "gw_2"), At: m.instant(),
				State: oneOf(m, inbox.ProofProven, inbox.ProofExplained, inbox.ProofIncomplete, inbox.ProofDifferent)})
		}
		for range 220 {
			cur := oneOf[money.Currency](m, money.EUR, money.EUR, money.EUR, "USD")
			a := inbox.Arrival{ID: m.id("arr"), ConnectionID: oneOf(m, "gw_1", "gw_1", "gw_2"), Kind: oneOf(m, gateway.Kinds()...), ExternalID: m.id("mv"), Gross: money.Of(1+m.amount(), cur),
				FeeState: oneOf(m, gateway.FeeUnknown, gateway.FeeKnown, gateway.FeeNone), GatewayState: oneOf(m, gateway.Pending, gateway.Succeeded, gateway.Succeeded, gateway.Failed),
				State: oneOf(m, inbox.Waiting, inbox.Ready, inbox.Review, inbox.Integrated, inbox.Dismissed, inbox.Void), OccurredAt: m.instant(), PayoutID: oneOf(m, "", "po_1", "po_2")}
			if a.FeeState == gateway.FeeKnown {
				a.Fee = money.Of(30, cur)
				a.FeePosted = oneOf[int64](m, 0, 30)
			}
			if a.State == inbox.Integrated {
				a.Posted = oneOf(m, a.Gross.Minor(), a.Gross.Minor(), a.Gross.Minor()+5)
			}
			tx.Arrivals.Put(a)
		}
		for i := range 40 {
			source := oneOf(m, "arrival:x", "entry:", "receipt:") + m.id("s")
			d := ledger.Draft{Journal: "BQ", Date: m.day(), Piece: "P", Label: fmt.Sprintf("Mouvement %d", i), Source: source, Lines: []ledger.Line{
				{Account: oneOf(m, "517100", "517100", "512100"), Debit: 1 + m.amount(), Foreign: oneOf(m, money.Money{}, money.Money{}, money.Of(1+m.amount(), "USD"))}, {Account: "627800"}}}
			d.Lines[1].Credit = d.Lines[0].Debit
			if _, err := tx.Post(ctx, d, "usr_1"); err != nil {
				return err
			}
		}
		return nil
	})
}

// proofs asks everything that proofs are made from, of both.
func (v *viewer) proofs(t *testing.T) {
	since := time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)
	for _, conn := range []string{"gw_1", "gw_2", "none"} {
		for _, after := range []int64{0, 20, 1000} {
			for _, accounts := range []map[money.Currency]string{{money.EUR: "517100"}, {money.EUR: "512100", "USD": "517100"}, {}} {
				q := app.HoldingQuery{Connection: conn, Books: money.EUR, Accounts: accounts, Day: civil.Of(2026, 1, 20), After: after, Unpaid: after > 0}
				same(t, fmt.Sprintf("holdings %+v", q), func(w app.Views) (app.Holdings, error) { return w.Holdings(ctx, company, q) }, v)
			}
		}
		same(t, "payout sums", func(w app.Views) ([]app.PayoutSum, error) {
			return w.PayoutSums(ctx, company, conn, []string{"po_1", "po_2", "none"})
		}, v)
		same(t, "payout parts", func(w app.Views) ([]app.PayoutPart, error) { return w.PayoutParts(ctx, company, conn, "po_1") }, v)
		for _, q := range []app.ArrivalsAfter{{}, {PayoutsOnly: true}, {Since: since}, {PayoutsOnly: true, Since: since}} {
			q.Connection, q.Limit = conn, 17
			for range 20 {
				list := same(t, fmt.Sprintf("arrivals %+v", q), func(w app.Views) ([]inbox.Arrival, error) { return w.ArrivalsAfter(ctx, company, q) }, v)
				if len(list) == 0 {
					break
				}
				q.After, q.AfterID = list[len(list)-1].OccurredAt, list[len(list)-1].ID
			}
		}
		var ids, external []string
		for _, a := range same(t, "some", func(w app.Views) ([]inbox.Arrival, error) {
			return w.ArrivalsAfter(ctx, company, app.ArrivalsAfter{Connection: conn, Limit: 5})
		}, v) {
			ids, external = append(ids, a.ID), append(external, a.ExternalID)
		}
		same(t, "by external id", func(w app.Views) ([]inbox.Arrival, error) {
			return w.ArrivalsExternal(ctx, company, conn, append(external, "none"))
		}, v)
		same(t, "by id", func(w app.Views) (int, error) {
			list, err := w.ArrivalsByID(ctx, company, append(ids, "none"))
			return len(list), err
		}, v)
		for _, q := range []app.ProofQuery{{}, {Complete: true}, {Since: since}} {
			q.Connection = conn
			sameList(t, v, fmt.Sprintf("proofs %+v", q), true, func(p inbox.Proof) string { return p.ID }, func(a, b inbox.Proof) int { return a.At.Compare(b.At) },
				func(w app.Views, p app.Paging) (app.Page[inbox.Proof], error) {
					q := q
					q.Paging = p
					return w.Proofs(ctx, company, q)
				})
		}
		same(t, "run", func(w app.Views) (inbox.ProofRun, error) { return w.ProofRun(ctx, company, conn) }, v)
		sameList(t, v, "of a payout", true, func(r app.ArrivalRow) string { return r.ID }, func(a, b app.ArrivalRow) int { return a.OccurredAt.Compare(b.OccurredAt) },
			func(w app.Views, p app.Paging) (app.Page[app.ArrivalRow], error) {
				return w.Arrivals(ctx, company, app.ArrivalQuery{Connection: conn, Payout: "po_1", Desc: true, Paging: p})
			})
	}
	same(t, "last proofs", func(w app.Views) ([]inbox.Proof, error) { return w.LastProofs(ctx, company) }, v)
	for _, day := range []civil.Date{civil.Of(2026, 1, 1), civil.Of(2026, 1, 30), civil.Of(2026, 2, 20), civil.Of(2026, 6, 1)} {
		same(t, "home", func(w app.Views) (int, error) {
			h, err := w.Home(ctx, company, day)
			return h.Unproven, err
		}, v)
	}
	for _, now := range []time.Time{{}, since, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)} {
		same(t, "due", func(w app.Views) ([]app.WorkItem, error) {
			work, err := w.DueWork(ctx, now, 100)
			return work.Proofs, err
		}, v)
	}
}

func TestProofViewsAgreeWithTheModel(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		x := newTwin(t, d)
		m := &maker{Rand: rand.New(rand.NewPCG(8, 1)), t: t, twin: x, company: company}
		other := &maker{Rand: rand.New(rand.NewPCG(8, 2)), t: t, twin: x, company: "co_other"}
		m.account()
		other.account()
		v := &viewer{T: t, Rand: rand.New(rand.NewPCG(8, 3)), real: d.Store, model: x.model}
		v.proofs(t)
		m.account()
		v.proofs(t)
		must(t, x.books.Write(ctx, company, func(_ context.Context, tx *books.Tx) error {
			tx.Set(ledger.FiscalYear{ID: "2025", Start: civil.Of(2025, 1, 1), End: civil.Of(2025, 12, 31), Closed: true})
			return nil
		}))
		v.proofs(t)
	})
}

// What a check asks every day is answered from the indexes made for it, however large the books.
func TestProofsAreServedByIndexes(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		bookstest.Found(t, d)
		var asked []string
		d.Overhear(func(q string) { asked = append(asked, q) })
		_, err := d.Holdings(ctx, company, app.HoldingQuery{Connection: "gw_1", Books: money.EUR, Accounts: map[money.Currency]string{money.EUR: "517100"}, Day: civil.Of(2026, 1, 1), After: 5, Unpaid: true})
		must(t, err)
		_, err = d.PayoutSums(ctx, company, "gw_1", []string{"po_1"})
		must(t, err)
		for _, payouts := range []bool{false, true} {
			_, err = d.ArrivalsAfter(ctx, company, app.ArrivalsAfter{Connection: "gw_1", PayoutsOnly: payouts, Limit: 10})
			must(t, err)
		}
		_, err = d.ArrivalsExternal(ctx, company, "gw_1", []string{"ch_1"})
		must(t, err)
		_, err = d.Arrivals(ctx, company, app.ArrivalQuery{Connection: "gw_1", Payout: "po_1", Desc: true})
		must(t, err)
		_, err = d.Proofs(ctx, company, app.ProofQuery{Connection: "gw_1"})
		must(t, err)
		_, err = d.LastProofs(ctx, company)
		must(t, err)
		db := d.raw(t)
		db.SetMaxOpenConns(1)
		explain := "EXPLAIN QUERY PLAN "
		if d.engine == "postgres" {
			explain = "EXPLAIN "
			for _, off := range []string{"enable_seqscan", "enable_bitmapscan", "enable_sort"} { // the tables are empty: say which index there is
				_, err := db.Exec("SET " + off + " = off")
				must(t, err)
			}
		}
		for part, index := range map[string]string{
			"FROM arrivals WHERE company_id = 'co_test' AND connection_id = 'gw_1' AND unproven": "arrivals_unproven",
			"payout_id = '' AND kind <> 'payout'":                                                "arrivals_unpaid",
			"AND payout_id IN ('po_1')":                                                          "arrivals_of_payout",
			"AND (kind = 'payout')":                                                              "arrivals_payouts",
			"external_id IN ('ch_1')":                                                            "arrivals_external",
			"(a.payout_id = 'po_1')":                                                             "arrivals_of_payout",
			"foreign_currency <> '' GROUP BY":                                                    "journal_lines_foreign",
			"e.seq > 5 AND e.seq <=":                                                             "",
			"FROM \"proofs\" AS \"proof_row\" WHERE":                                             "proofs_by_date",
		} {
			seen := false
			for _, q := range asked {
				if !strings.Contains(q, part) {
					continue
				}
				seen = true
				rows, err := db.Query(explain + q)
				if err != nil {
					t.Fatalf("%v: %s", err, q)
				}
				columns, err := rows.Columns()
				must(t, err)
				var plan strings.Builder
				for rows.Next() {
					line := make([]any, len(columns))
					for i := range line {
						line[i] = new(any)
					}
					must(t, rows.Scan(line...))
					fmt.Fprintln(&plan, *line[len(line)-1].(*any))
				}
				must(t, rows.Err())
				must(t, rows.Close())
				if d.engine == "postgres" && index == "arrivals_external" {
					index = "" // of an empty table any index is as good to find a row by
				}
				whole := strings.Contains(plan.String(), "SCAN arrivals") || strings.Contains(plan.String(), "SCAN e") || strings.Contains(plan.String(), "SCAN l") || strings.Contains(plan.String(), "Seq Scan on")
				if whole || !strings.Contains(plan.String(), index) {
					t.Errorf("%s is not served by %s:\n%s%s", part, index, plan.String(), q)
				}
			}
			if !seen {
				t.Errorf("nobody asked %s", part)
			}
		}
	})
}
