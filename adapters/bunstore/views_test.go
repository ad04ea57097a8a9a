package bunstore_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// Whatever the views are asked, the database answers what the model answers from memory.
func TestViewsAgreeWithTheModel(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		x := newTwin(t, d)
		seed := uint64(20261123)
		m := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), t: t, twin: x, company: company}
		m.fill()
		other := &maker{Rand: rand.New(rand.NewPCG(seed, 2)), t: t, twin: x, company: "co_other"}
		other.fill()
		v := &viewer{T: t, Rand: rand.New(rand.NewPCG(seed, 3)), real: d.Store, model: x.model}
		t.Run("records", func(t *testing.T) { v.records(t, m) })
		t.Run("customers", v.customers)
		t.Run("quotes", v.quotes)
		t.Run("invoices", v.invoices)
		t.Run("arrivals", v.arrivals)
		t.Run("receipts", v.receipts)
		t.Run("refunds", func(t *testing.T) { v.refunds(t, m) })
		t.Run("mails", v.mails)
		t.Run("entries", v.entries)
		t.Run("accounts", v.accounts)
		t.Run("other currencies", v.exchange)
		t.Run("summaries", v.summaries)
		t.Run("streams", func(t *testing.T) { v.streams(t, m) })
		t.Run("while the books grow", func(t *testing.T) {
			elsewhere := &viewer{T: t, Rand: v.Rand, real: reopen(t, d.target), model: x.model}
			for range 3 {
				m.write(func(ctx context.Context, tx *books.Tx) error {
					for range 5 {
						sale := bookstest.Sale(m.id("late"), m.id("inv"), 1+m.amount())
						sale.Date = m.day().AddDays(-30)
						if _, err := tx.Post(ctx, sale, "usr_1"); err != nil {
							return err
						}
					}
					return nil
				})
				v.accounts(t)
				elsewhere.accounts(t)
			}
		})
		t.Run("after a year was closed", func(t *testing.T) {
			must(t, x.books.Write(ctx, company, func(_ context.Context, tx *books.Tx) error {
				tx.Set(ledger.FiscalYear{ID: "2025", Start: civil.Of(2025, 1, 1), End: civil.Of(2025, 12, 31), Closed: true})
				return nil
			}))
			v.accounts(t)
			v.exchange(t)
		})
	})
}

// viewer asks both and compares.
type viewer struct {
	*testing.T
	*rand.Rand
	real, model app.Views
}

func same[T any](t *testing.T, what string, ask func(app.Views) (T, error), v *viewer) T {
	t.Helper()
	want, wantErr := ask(v.model)
	got, err := ask(v.real)
	if fault.CodeOf(err) != fault.CodeOf(wantErr) || (err == nil) != (wantErr == nil) {
		t.Errorf("%s: %v, the model says %v", what, err, wantErr)
	} else if d := bookstest.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
	return got
}

// wholeList reads a list page by page to its end and back to its beginning.
func wholeList[T any](t *testing.T, what string, limit int, fetch func(app.Paging) (app.Page[T], error)) []T {
	t.Helper()
	var pages [][]T
	var last app.Page[T]
	for cursor := ""; ; cursor = last.Next {
		p, err := fetch(app.Paging{Cursor: cursor, Limit: limit})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if (len(pages) == 0) != (p.Prev == "") {
			t.Fatalf("%s: page %d has the way back %q", what, len(pages), p.Prev)
		}
		if last = p; len(pages) > 0 && len(p.Items) == 0 || len(p.Items) > limit {
			t.Fatalf("%s: a page of %d", what, len(p.Items))
		}
		pages = append(pages, p.Items)
		if p.Next == "" {
			break
		}
	}
	for i := len(pages) - 2; i >= 0; i-- {
		p, err := fetch(app.Paging{Cursor: last.Prev, Back: true, Limit: limit})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if !reflect.DeepEqual(p.Items, pages[i]) {
			t.Fatalf("%s: page %d differs on the way back", what, i)
		}
		if (i == 0) != (p.Prev == "") || p.Next == "" {
			t.Fatalf("%s: page %d has the ways %q and %q on the way back", what, i, p.Prev, p.Next)
		}
		last = p
	}
	if len(pages) > 1 {
		p, err := fetch(app.Paging{Cursor: last.Next, Limit: limit})
		if err != nil || !reflect.DeepEqual(p.Items, pages[1]) {
			t.Fatalf("%s: forward again from the beginning: %v", what, err)
		}
	}
	// Back from nowhere is the end.
	end, err := fetch(app.Paging{Back: true, Limit: limit})
	all := slices.Concat(pages...)
	if tail := all[max(0, len(all)-limit):]; err != nil || end.Next != "" || (end.Prev == "") != (len(pages) == 1) || len(end.Items) != len(tail) || len(tail) > 0 && !reflect.DeepEqual(end.Items, tail) {
		t.Fatalf("%s: the last page: %v", what, err)
	}
	return all
}

// forward reads a list to its end.
func forward[T any](t *testing.T, what string, fetch func(app.Paging) (app.Page[T], error)) []T {
	t.Helper()
	var all []T
	for cursor := ""; ; {
		p, err := fetch(app.Paging{Cursor: cursor, Limit: 200})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		all = append(all, p.Items...)
		if cursor = p.Next; cursor == "" {
			return all
		}
	}
}

// sameList checks a list against the model's: the same rows, in order. place is what rows are sorted by.
func sameList[T any](t *testing.T, v *viewer, what string, desc bool, id func(T) string, place func(a, b T) int, ask func(app.Views, app.Paging) (app.Page[T], error)) {
	t.Helper()
	got := wholeList(t, what, 1+v.IntN(7), func(p app.Paging) (app.Page[T], error) { return ask(v.real, p) })
	want := map[string]T{}
	for _, r := range forward(t, what+" in the model", func(p app.Paging) (app.Page[T], error) { return ask(v.model, p) }) {
		want[id(r)] = r
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
	}
	for i, r := range got {
		w, ok := want[id(r)]
		if !ok {
			t.Errorf("%s: %s is not asked for, or came twice", what, id(r))
			continue
		}
		delete(want, id(r))
		if d := bookstest.Diff(w, r); d != "" {
			t.Errorf("%s: %s: %s", what, id(r), d)
		}
		if i > 0 {
			c := cmp.Or(place(got[i-1], r), strings.Compare(id(got[i-1]), id(r)))
			if desc {
				c = -c
			}
			if c >= 0 {
				t.Errorf("%s: %s comes before %s", what, id(got[i-1]), id(r))
			}
		}
	}
}

func pickSome[T any](v *viewer, list ...T) []T {
	var out []T
	for _, x := range list {
		if v.IntN(3) == 0 {
			out = append(out, x)
		}
	}
	return out
}

func maybe[T any](v *viewer, list ...T) T {
	var none T
	if v.IntN(3) > 0 {
		return none
	}
	return list[v.IntN(len(list))]
}

func (v *viewer) records(t *testing.T, m *maker) {
	for n := 1; n < m.n+20; n += 13 {
		id := func(prefix string) string { return fmt.Sprintf("%s_%s_%04d", prefix, company, n) }
		same(t, "customer", func(w app.Views) (any, error) { return w.Customer(ctx, company, id("cus")) }, v)
		same(t, "customer by code", func(w app.Views) (any, error) { return w.CustomerByCode(ctx, company, fmt.Sprintf("C%04d", n)) }, v)
		same(t, "quote", func(w app.Views) (any, error) { return w.Quote(ctx, company, id("quo")) }, v)
		same(t, "invoice", func(w app.Views) (any, error) { return w.Invoice(ctx, company, id("inv")) }, v)
		same(t, "arrival", func(w app.Views) (any, error) { return w.Arrival(ctx, company, id("arr")) }, v)
		same(t, "receipt", func(w app.Views) (any, error) { return w.Receipt(ctx, company, id("rec")) }, v)
		same(t, "refund", func(w app.Views) (any, error) { return w.Refund(ctx, company, id("rf")) }, v)
		same(t, "attempt", func(w app.Views) (any, error) { return w.Attempt(ctx, company, id("att")) }, v)
		same(t, "attempt by session", func(w app.Views) (any, error) { return w.AttemptBySession(ctx, company, "gw_1", id("cs")) }, v)
		same(t, "attempts of a document", func(w app.Views) (any, error) { return w.AttemptsOf(ctx, company, id("inv")) }, v)
		same(t, "pay link", func(w app.Views) (any, error) { return w.PayLink(ctx, company, id("inv")) }, v)
		same(t, "mail", func(w app.Views) (any, error) { return w.Mail(ctx, company, id("mail")) }, v)
		same(t, "history", func(w app.Views) (any, error) { return w.History(ctx, company, id("inv")) }, v)
		same(t, "credits", func(w app.Views) (any, error) { return idsOf(w.Credits(ctx, company, id("inv"))) }, v)
		same(t, "waiting", func(w app.Views) (any, error) { return w.Waiting(ctx, company, id("inv")) }, v)
		same(t, "link", func(w app.Views) (any, error) {
			company, l, err := w.Link(ctx, id("hash"))
			return []any{company, l}, err
		}, v)
		// Nothing is found through the wrong company.
		for _, k := range []string{"cus", "quo", "inv", "arr", "rec", "att", "mail"} {
			foreign := fmt.Sprintf("%s_co_other_%04d", k, n)
			for what, err := range v.everything(foreign) {
				if !fault.Has(err, fault.UnknownThing) {
					t.Errorf("%s %s of another company: %v", what, foreign, err)
				}
			}
		}
	}
	for _, c := range []string{"", "gw_1", "gw_2", "gw_9"} {
		got := same(t, "open attempts of "+c, func(w app.Views) ([]string, error) {
			list, err := w.AttemptsOpen(ctx, company, c)
			var ids []string
			for _, a := range list {
				ids = append(ids, a.ID)
			}
			slices.Sort(ids)
			return ids, err
		}, v)
		if (len(got) == 0) != (c == "gw_9") {
			t.Errorf("%d open attempts of %q", len(got), c)
		}
		same(t, "feed "+c, func(w app.Views) (any, error) { return w.Feed(ctx, company, c) }, v)
	}
}

func idsOf(rows []app.InvoiceRow, err error) ([]string, error) {
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids, err
}

// everything asks for one id everywhere and returns what each question says.
func (v *viewer) everything(id string) map[string]error {
	out := map[string]error{}
	_, out["customer"] = v.real.Customer(ctx, company, id)
	_, out["quote"] = v.real.Quote(ctx, company, id)
	_, out["invoice"] = v.real.Invoice(ctx, company, id)
	_, out["arrival"] = v.real.Arrival(ctx, company, id)
	_, out["receipt"] = v.real.Receipt(ctx, company, id)
	_, out["attempt"] = v.real.Attempt(ctx, company, id)
	_, out["pay link"] = v.real.PayLink(ctx, company, id)
	_, out["mail"] = v.real.Mail(ctx, company, id)
	_, out["feed"] = v.real.Feed(ctx, company, id)
	_, out["statement"] = v.real.Statement(ctx, company, id, civil.Date{}, civil.Date{})
	return out
}

func (v *viewer) customers(t *testing.T) {
	yes, no := true, false
	for _, sort := range []string{"", "name", "code"} {
		for _, desc := range []bool{false, true} {
			for _, active := range []*bool{nil, &yes, &no} {
				place := func(a, b app.CustomerRow) int {
					if sort == "code" {
						return strings.Compare(a.Code, b.Code)
					}
					return strings.Compare(folded(a.Name), folded(b.Name))
				}
				sameList(t, v, fmt.Sprintf("customers by %s, %v", sort, desc), desc, func(r app.CustomerRow) string { return r.ID }, place,
					func(w app.Views, p app.Paging) (app.Page[app.CustomerRow], error) {
						return w.Customers(ctx, company, app.CustomerQuery{Active: active, Sort: sort, Desc: desc, Paging: p})
					})
			}
		}
	}
}

// folded is how names are sorted, for those that occur here.
func folded(s string) string {
	return strings.NewReplacer("é", "e", "œ", "oe", "ë", "e").Replace(strings.ToLower(s))
}

func (v *viewer) quotes(t *testing.T) {
	for i := range 40 {
		q := app.QuoteQuery{Sort: []string{"", "date", "number", "amount"}[i%4], Desc: v.IntN(2) == 0,
			States:   pickSome(v, billing.QuoteDraft, billing.QuoteSent, billing.QuoteAccepted),
			Customer: maybe(v, "cus_co_test_0003", "cus_co_test_0009")}
		place := func(a, b app.QuoteRow) int {
			switch q.Sort {
			case "number":
				return strings.Compare(a.Number, b.Number)
			case "amount":
				return cmp.Compare(a.Gross, b.Gross)
			}
			return cmp.Compare(a.Date.Number(), b.Date.Number())
		}
		sameList(t, v, fmt.Sprintf("quotes %+v", q), q.Desc, func(r app.QuoteRow) string { return r.ID }, place,
			func(w app.Views, p app.Paging) (app.Page[app.QuoteRow], error) {
				q := q
				q.Paging = p
				return w.Quotes(ctx, company, q)
			})
	}
}

func (v *viewer) invoices(t *testing.T) {
	for i := range 150 {
		q := app.InvoiceQuery{Sort: []string{"", "date", "number", "due_date", "amount", "balance", "customer"}[i%7], Desc: v.IntN(2) == 0,
			Kinds:       pickSome(v, billing.Standard, billing.DepositBill, billing.Credit, billing.DepositCredit),
			Lives:       maybe(v, []billing.Life{billing.Draft}, []billing.Life{billing.Issued}, []billing.Life{billing.Draft, billing.Issued}),
			Settlements: pickSome(v, billing.Unpaid, billing.Partial, billing.Paid, billing.Disputed, billing.None),
			Overdue:     v.IntN(5) == 0, Today: civil.Of(2026, 2, 1),
			Customer: maybe(v, "cus_co_test_0003", "cus_co_test_0009"), Quote: maybe(v, "quo_co_test_0033", "none"),
			From: maybe(v, civil.Of(2026, 1, 10)), To: maybe(v, civil.Of(2026, 2, 10))}
		if v.IntN(3) > 0 {
			q.Quote = ""
		}
		place := func(a, b app.InvoiceRow) int {
			switch q.Sort {
			case "number":
				return strings.Compare(a.Number, b.Number)
			case "due_date":
				return cmp.Compare(a.DueDate.Number(), b.DueDate.Number())
			case "amount":
				return cmp.Compare(a.Gross, b.Gross)
			case "balance":
				return cmp.Compare(a.Balance, b.Balance)
			case "customer":
				return strings.Compare(folded(a.CustomerName), folded(b.CustomerName))
			}
			return cmp.Compare(a.Date.Number(), b.Date.Number())
		}
		sameList(t, v, fmt.Sprintf("invoices %+v", q), q.Desc, func(r app.InvoiceRow) string { return r.ID }, place,
			func(w app.Views, p app.Paging) (app.Page[app.InvoiceRow], error) {
				q := q
				q.Paging = p
				return w.Invoices(ctx, company, q)
			})
	}
}

func (v *viewer) arrivals(t *testing.T) {
	for range 50 {
		q := app.ArrivalQuery{ToDo: v.IntN(3) == 0, Desc: v.IntN(2) == 0, Connection: maybe(v, "gw_1", "gw_2"),
			States:   pickSome(v, inbox.Waiting, inbox.Ready, inbox.Review, inbox.Integrated, inbox.Dismissed),
			Kinds:    pickSome(v, string(gateway.KindPayment), string(gateway.KindRefund)),
			Document: maybe(v, "inv_co_test_0030", "inv_co_test_0050", "none")}
		sameList(t, v, fmt.Sprintf("arrivals %+v", q), q.Desc, func(r app.ArrivalRow) string { return r.ID },
			func(a, b app.ArrivalRow) int { return a.OccurredAt.Compare(b.OccurredAt) },
			func(w app.Views, p app.Paging) (app.Page[app.ArrivalRow], error) {
				q := q
				q.Paging = p
				return w.Arrivals(ctx, company, q)
			})
	}
	for _, limit := range []int{1, 5, 1000} {
		same(t, "ready", func(w app.Views) ([]string, error) { return w.ArrivalsReady(ctx, company, limit) }, v)
		same(t, "unmatched", func(w app.Views) ([]string, error) { return w.ArrivalsUnmatched(ctx, company, limit) }, v)
		same(t, "unvalued", func(w app.Views) ([]string, error) { return w.ArrivalsUnvalued(ctx, company, limit) }, v)
	}
}

func (v *viewer) receipts(t *testing.T) {
	yes, no := true, false
	for range 30 {
		q := app.ReceiptQuery{Customer: maybe(v, "cus_co_test_0003"), Document: maybe(v, "inv_co_test_0030", "none"), Online: maybe(v, &yes, &no),
			From: maybe(v, civil.Of(2026, 1, 10)), To: maybe(v, civil.Of(2026, 2, 10))}
		sameList(t, v, fmt.Sprintf("receipts %+v", q), true, func(r app.ReceiptRow) string { return r.ID },
			func(a, b app.ReceiptRow) int { return cmp.Compare(a.Date.Number(), b.Date.Number()) },
			func(w app.Views, p app.Paging) (app.Page[app.ReceiptRow], error) {
				q := q
				q.Paging = p
				return w.Receipts(ctx, company, q)
			})
	}
}

// refunds asks for what becomes of refunds and of what waits for other movements. The questions must find something.
func (v *viewer) refunds(t *testing.T, m *maker) {
	found := map[string]int{}
	for _, c := range []string{"gw_1", "gw_2", "gw_9"} {
		found["open"] += len(same(t, "refunds open of "+c, func(w app.Views) ([]inbox.Refund, error) { return w.RefundsOpen(ctx, company, c) }, v))
	}
	var arrivals []string
	for n := range m.n {
		receipt := fmt.Sprintf("rec_%s_%04d", company, n)
		found["of"] += len(same(t, "refunds of "+receipt, func(w app.Views) ([]inbox.Refund, error) { return w.RefundsOf(ctx, company, receipt) }, v))
		arrivals = append(arrivals, fmt.Sprintf("arr_%s_%04d", company, n), fmt.Sprintf("arr_co_other_%04d", n))
	}
	for _, others := range [][]string{nil, arrivals[:len(arrivals)/2], arrivals} {
		found["awaiting"] += len(same(t, "arrivals awaiting", func(w app.Views) ([]string, error) { return w.ArrivalsAwaiting(ctx, company, others) }, v))
	}
	for what, n := range found {
		if n == 0 {
			t.Errorf("nothing is found of refunds %s", what)
		}
	}
	if len(found) != 3 {
		t.Errorf("%v", found)
	}
}

func (v *viewer) mails(t *testing.T) {
	for range 12 {
		q := app.MailQuery{States: pickSome(v, inbox.MailQueued, inbox.MailSending, inbox.MailSent, inbox.MailFailed), Ref: maybe(v, "inv_a", "none")}
		sameList(t, v, fmt.Sprintf("mails %+v", q), true, func(r inbox.Mail) string { return r.ID },
			func(a, b inbox.Mail) int { return a.CreatedAt.Compare(b.CreatedAt) },
			func(w app.Views, p app.Paging) (app.Page[inbox.Mail], error) {
				q := q
				q.Paging = p
				return w.Mails(ctx, company, q)
			})
	}
	for _, now := range []time.Time{{}, time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)} {
		for _, limit := range []int{1, 7, 1000} {
			same(t, "due work", func(w app.Views) (app.Work, error) { return w.DueWork(ctx, now, limit) }, v)
		}
	}
}

func (v *viewer) entries(t *testing.T) {
	for range 30 {
		q := app.EntryQuery{Journal: maybe(v, "VE", "BQ", "XX"), Year: maybe(v, "2025", "2026", "1999"), From: maybe(v, civil.Of(2026, 1, 10)),
			To: maybe(v, civil.Of(2026, 2, 10)), Search: maybe(v, "paiement", "FA-sale_co_test_02", "100%", "_"), Desc: v.IntN(2) == 0}
		sameList(t, v, fmt.Sprintf("entries %+v", q), q.Desc, func(r app.EntryView) string { return fmt.Sprintf("%09d", r.Seq) },
			func(a, b app.EntryView) int { return 0 },
			func(w app.Views, p app.Paging) (app.Page[app.EntryView], error) {
				q := q
				q.Paging = p
				return w.Entries(ctx, company, q)
			})
	}
	for _, seq := range []int64{0, 1, 2, 50, 100, 1_000_000} {
		same(t, "entry", func(w app.Views) (app.EntryView, error) { return w.Entry(ctx, company, seq) }, v)
	}
	for n := range 70 {
		document := fmt.Sprintf("inv_co_test_%04d", n)
		same(t, "entries of "+document, func(w app.Views) ([]app.EntryView, error) { return w.EntriesOf(ctx, company, document) }, v)
	}
}

func (v *viewer) accounts(t *testing.T) {
	for range 15 {
		q := app.AccountQuery{Account: []string{"411000", "512100", "517100", "706000"}[v.IntN(4)], Aux: maybe(v, "C0001", "C0002", "C9999"),
			From: maybe(v, civil.Of(2025, 12, 20), civil.Of(2026, 1, 10)), To: maybe(v, civil.Of(2025, 12, 30), civil.Of(2026, 2, 10))}
		what := fmt.Sprintf("account %+v", q)
		limit := 1 + v.IntN(40)
		var total, before int64
		got := wholeList(t, what, limit, func(p app.Paging) (app.Page[app.AccountLine], error) {
			q.Paging = p
			page, err := v.real.AccountLines(ctx, company, q)
			if len(page.Items) > 0 {
				if first := page.Items[0]; page.Before != first.Balance-first.Debit+first.Credit {
					t.Errorf("%s: a page begins with %d before a line of balance %d", what, page.Before, first.Balance)
				}
			}
			if p.Cursor == "" && !p.Back {
				before = page.Before
			}
			total = page.Total
			return page.Page, err
		})
		q.Paging = app.Paging{}
		var all []app.AccountLine
		for cursor := ""; ; {
			q.Paging = app.Paging{Cursor: cursor, Limit: 200}
			page, err := v.model.AccountLines(ctx, company, q)
			must(t, err)
			if cursor == "" && before != page.Before || total != page.Total {
				t.Errorf("%s: %d before and %d in all, want %d and %d", what, before, total, page.Before, page.Total)
			}
			all = append(all, page.Items...)
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if d := bookstest.Diff(all, got); d != "" {
			t.Errorf("%s: %s", what, d)
		}
	}
	for _, from := range []civil.Date{{}, civil.Of(2025, 12, 20), civil.Of(2026, 1, 15)} {
		for _, to := range []civil.Date{{}, civil.Of(2025, 12, 31), civil.Of(2026, 1, 31)} {
			same(t, fmt.Sprintf("trial balance %v %v", from, to), func(w app.Views) ([]app.BalanceRow, error) { return w.TrialBalance(ctx, company, from, to) }, v)
			for _, id := range []string{"cus_co_test_0001", "cus_co_test_0005", "none"} {
				same(t, "statement", func(w app.Views) (app.Statement, error) { return w.Statement(ctx, company, id, from, to) }, v)
			}
		}
	}
	for _, account := range []string{"411000", "706000", "999"} {
		for _, aux := range []string{"", "C0002"} {
			same(t, "balance", func(w app.Views) (int64, error) { return w.Balance(ctx, company, account, aux) }, v)
		}
	}
}

// exchange asks what is about other currencies, and sums of commissions.
func (v *viewer) exchange(t *testing.T) {
	for _, to := range []civil.Date{{}, civil.Of(2025, 12, 31), civil.Of(2026, 1, 20)} {
		for _, account := range []string{"517100", "999"} {
			for _, cur := range []money.Currency{"USD", "GBP"} {
				same(t, "standing", func(w app.Views) (books.Standing, error) { return w.Standing(ctx, company, account, cur, to) }, v)
			}
		}
		for _, accounts := range [][]string{{"627800"}, {"627800", "706000"}, nil} {
			for _, journal := range []string{"BQ", "VE"} {
				same(t, "charges", func(w app.Views) ([]app.MonthSum, error) {
					return w.Charges(ctx, company, journal, accounts, civil.Of(2025, 12, 10), to)
				}, v)
			}
		}
	}
	sources := []string{"none"}
	p, err := v.model.Entries(ctx, company, app.EntryQuery{Paging: app.Paging{Limit: 20}})
	must(t, err)
	for _, e := range p.Items {
		sources = append(sources, e.Source)
	}
	if found := same(t, "posted", func(w app.Views) (map[string]app.EntryRef, error) { return w.Posted(ctx, company, sources) }, v); len(found) != len(p.Items) {
		t.Errorf("%d entries by %d sources", len(found), len(p.Items))
	}
	same(t, "posted nothing", func(w app.Views) (map[string]app.EntryRef, error) { return w.Posted(ctx, company, nil) }, v)
	for _, cur := range []money.Currency{"", "USD"} {
		rates := func(w app.Views) func(app.Paging) (app.Page[ledger.Rate], error) {
			return func(p app.Paging) (app.Page[ledger.Rate], error) {
				return w.Rates(ctx, company, app.RateQuery{Currency: cur, Paging: p})
			}
		}
		if d := bookstest.Diff(forward(t, "rates in the model", rates(v.model)), wholeList(t, "rates", 3, rates(v.real))); d != "" {
			t.Errorf("rates of %q: %s", cur, d)
		}
	}
	same(t, "rates of none", func(w app.Views) (app.Page[ledger.Rate], error) {
		return w.Rates(ctx, company, app.RateQuery{Currency: "SEK"})
	}, v)
}

func (v *viewer) summaries(t *testing.T) {
	same(t, "companies", func(w app.Views) ([]app.CompanyRef, error) { return w.Companies(ctx) }, v)
	same(t, "head", func(w app.Views) (ledger.Head, error) { return w.Head(ctx, company) }, v)
	same(t, "exports", func(w app.Views) ([]ledger.Export, error) { return w.Exports(ctx, company) }, v)
	for _, today := range []civil.Date{civil.Of(2026, 1, 5), civil.Of(2026, 3, 31)} {
		same(t, "home", func(w app.Views) (app.Home, error) {
			h, err := w.Home(ctx, company, today)
			// The model shows the present year's months with money in, and no commissions.
			var months []app.Month
			for _, m := range h.Months {
				if m.Fees = 0; m != (app.Month{Month: m.Month}) && m.Month.Year() == today.Year() && !m.Month.After(today) {
					months = append(months, m)
				}
			}
			h.Months = months
			return h, err
		}, v)
		h, err := v.real.Home(ctx, company, today)
		must(t, err)
		if len(h.Months) != 12 || h.Months[11].Month != civil.Of(today.Year(), today.Month(), 1) {
			t.Errorf("months %v", h.Months)
		}
	}
}

func (v *viewer) streams(t *testing.T, m *maker) {
	collect := func(w app.Views, q app.LineQuery) ([]app.ExportLine, error) {
		var out []app.ExportLine
		err := w.Lines(ctx, company, q, func(l *app.ExportLine) error {
			out = append(out, *l)
			return nil
		})
		return out, err
	}
	head, err := v.real.Head(ctx, company)
	must(t, err)
	for _, year := range []string{"", "2025", "2026", "1999"} {
		for _, journal := range []string{"", "VE", "XX"} {
			for _, upTo := range []int64{0, 1, head.Seq / 2, head.Seq + 10} {
				q := app.LineQuery{Year: year, Journal: journal, UpTo: upTo}
				if v.IntN(2) == 0 {
					q.AsOf = m.asOf[v.IntN(len(m.asOf))]
				}
				same(t, fmt.Sprintf("lines %+v", q), func(w app.Views) ([]app.ExportLine, error) { return collect(w, q) }, v)
			}
		}
	}
	for _, at := range m.asOf {
		same(t, "lines as of then", func(w app.Views) ([]app.ExportLine, error) { return collect(w, app.LineQuery{AsOf: at}) }, v)
	}
	chain := func(w app.Views) ([]ledger.Entry, error) {
		var out []ledger.Entry
		h, err := w.Chain(ctx, company, func(e *ledger.Entry) error {
			c := *e
			c.Lines = slices.Clone(e.Lines)
			out = append(out, c)
			return nil
		})
		if h != head {
			t.Errorf("the chain ends at %v, recorded is %v", h, head)
		}
		return out, err
	}
	all := same(t, "chain", chain, v)
	verifier := ledger.NewVerifier(company)
	for i := range all {
		if b := verifier.Next(&all[i]); b != nil {
			t.Fatalf("%+v", *b)
		}
	}
	if b := verifier.End(head); b != nil {
		t.Fatalf("%+v", *b)
	}
}
