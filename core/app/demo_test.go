package app_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/memory"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

var demoUntil = civil.Of(2026, time.June, 15)

// demoAccount is a play gateway with one account, which keeps what the demonstration says of it.
type demoAccount struct {
	gateway.Gateway // nothing else is asked of it
	movements       map[string]gateway.Payment
	settings        map[string]string
}

func (a *demoAccount) Describe(context.Context) (gateway.Info, error) {
	return gateway.Info{Name: "sandbox", Label: "Sandbox", Settings: []gateway.Setting{
		{Name: "merchant", Type: gateway.TextSetting, Required: true}, {Name: "fee", Type: gateway.TextSetting, Default: "usual"}}}, nil
}

func (a *demoAccount) Open(context.Context, gateway.Connection) (gateway.Gateway, error) {
	return a, nil
}

func (a *demoAccount) Check(context.Context) (gateway.Account, error) {
	return gateway.Account{ID: "acct_demo", Name: "Atelier Lumen", Mode: gateway.Test, Country: "FR", Currency: money.EUR}, nil
}

func (a *demoAccount) Record(_ context.Context, c gateway.Connection, list []gateway.Payment) (string, error) {
	a.settings = c.Settings
	for _, m := range list {
		if err := gateway.CheckPayment(m); err != nil {
			return "", err
		}
		a.movements[m.ID] = m
	}
	return "the end", nil
}

// balance is what the provider holds, in cents.
func (a *demoAccount) balance() int64 {
	var sum int64
	for _, m := range a.movements {
		switch {
		case m.State != gateway.Succeeded:
		case m.FeeState == gateway.FeeKnown:
			sum += m.Net.Minor()
		case m.Kind.Inflow():
			sum += m.Gross.Minor()
		default:
			sum -= m.Gross.Minor()
		}
	}
	return sum
}

// noted is a store that lets a test look at every record. It can make commits lose a race.
type noted struct {
	books.Store
	records map[books.Ref]any
	entries []ledger.Entry
	matched map[string]ledger.Matching
	begins  int
	race    func(begin int) bool
}

type notedSession struct {
	books.Session
	store  *noted
	number int
	saved  *books.Changes
}

func (n *noted) Begin(ctx context.Context, company string) (books.Session, error) {
	s, err := n.Store.Begin(ctx, company)
	n.begins++
	return &notedSession{Session: s, store: n, number: n.begins}, err
}

func (n *noted) Create(ctx context.Context, c *books.Changes) error {
	n.note(c)
	return n.Store.Create(ctx, c)
}

func (n *noted) note(c *books.Changes) {
	for _, p := range c.Puts {
		n.records[p.Ref] = p.Value
	}
	n.entries = append(n.entries, c.Entries...)
	for _, code := range c.Dissolved {
		delete(n.matched, code)
	}
	for _, m := range c.Matchings {
		n.matched[m.Code] = m
	}
}

func (s *notedSession) Save(ctx context.Context, c *books.Changes) error {
	s.saved = c
	return s.Session.Save(ctx, c)
}

func (s *notedSession) Commit(ctx context.Context) error {
	if s.store.race != nil && s.store.race(s.number) {
		return fmt.Errorf("%w: as arranged", books.ErrRetry)
	}
	if s.saved != nil {
		s.store.note(s.saved)
	}
	return s.Session.Commit(ctx)
}

// demoWorld is a store, and a demonstration in it.
type demoWorld struct {
	*app.App
	store   *noted
	views   *apptest.Store
	account *demoAccount
	clock   *app.DemoClock
	company party.Company
}

func newDemoWorld() *demoWorld {
	w := &demoWorld{store: &noted{Store: memory.New(), records: map[books.Ref]any{}, matched: map[string]ledger.Matching{}}, account: &demoAccount{movements: map[string]gateway.Payment{}}, clock: &app.DemoClock{}}
	w.views = apptest.NewStore(w.store)
	w.App = app.New(app.Deps{Books: books.New(w.views, w.clock.Now), Views: w.views, Sealer: apptest.Sealer{}, Words: apptest.Words{}, BaseURL: "http://127.0.0.1:8080", Now: w.clock.Now})
	return w
}

func (w *demoWorld) seed(o app.DemoOptions) (err error) {
	o.Clock, o.Provider = w.clock.Set, w.account
	w.company, err = w.SeedDemo(context.Background(), o)
	return err
}

func newDemo(t testing.TB, o app.DemoOptions) *demoWorld {
	t.Helper()
	w := newDemoWorld()
	if err := w.seed(o); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *demoWorld) head(t testing.TB) ledger.Head {
	t.Helper()
	h, err := w.views.Head(context.Background(), w.company.ID)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// demoSums is what stands on each account, and on each auxiliary account of it, in cents.
type demoSums map[[2]string]int64

func (s demoSums) of(account string) int64 { return s[[2]string{account}] }

// demoRecords are all the records of a type.
func demoRecords[T any](w *demoWorld) []T {
	var out []T
	for _, v := range w.store.records {
		if r, ok := v.(T); ok {
			out = append(out, r)
		}
	}
	return out
}

func TestDemoIsTheSameForTheSameSeed(t *testing.T) {
	of := func(seed uint64, invoices int, until civil.Date) ledger.Head {
		return newDemo(t, app.DemoOptions{Seed: seed, Invoices: invoices, Until: until}).head(t)
	}
	first := of(1, 300, demoUntil)
	if first.Seq < 500 {
		t.Errorf("only %d entries", first.Seq)
	}
	if again := of(1, 300, demoUntil); again != first {
		t.Errorf("the same seed made %v, then %v", first, again)
	}
	for name, other := range map[string]ledger.Head{"seed": of(2, 300, demoUntil), "number": of(1, 301, demoUntil), "day": of(1, 300, demoUntil.AddDays(1))} {
		if other.Hash == first.Hash {
			t.Errorf("another %s made the same books", name)
		}
	}
}

// A transaction that loses a race runs again. What it does then must be the same.
func TestDemoIsTheSameAfterRaces(t *testing.T) {
	want := newDemo(t, app.DemoOptions{Seed: 1, Invoices: 300, Until: demoUntil})
	got := newDemoWorld()
	lost := map[int]bool{}
	got.store.race = func(begin int) bool {
		lose := begin%5 == 0 && !lost[begin-1]
		lost[begin] = lose
		return lose
	}
	if err := got.seed(app.DemoOptions{Seed: 1, Invoices: 300, Until: demoUntil}); err != nil {
		t.Fatal(err)
	}
	if len(lost) < want.store.begins {
		t.Fatalf("%d transactions, fewer than the %d without races", len(lost), want.store.begins)
	}
	if got.head(t) != want.head(t) {
		t.Error("races changed the books")
	}
	if g, w := got.account.balance(), want.account.balance(); g != w || len(got.account.movements) != len(want.account.movements) {
		t.Errorf("races changed what the provider knows: it holds %d, not %d", g, w)
	}
}

func TestDemoBooksAgree(t *testing.T) {
	for _, o := range []app.DemoOptions{
		{Seed: 1, Invoices: 2000, Until: demoUntil},
		{Seed: 2, Invoices: app.MinDemo, Until: demoUntil},
		{Seed: 6, Invoices: 20_000, Until: demoUntil},                    // a day in one transaction
		{Seed: 3, Invoices: 200, Until: civil.Of(2026, time.January, 1)}, // one fiscal year, and the day after it
		{Seed: 4, Invoices: 500, Until: civil.Of(2026, time.May, 11)},    // after a long weekend
		{Seed: 5, Invoices: 500, Until: civil.Of(2024, time.March, 1)},   // a leap day
		{Seed: 1 << 63, Invoices: 250, Until: civil.Of(2026, time.August, 21)},
	} {
		t.Run(fmt.Sprintf("%d from %d until %s", o.Invoices, o.Seed, o.Until), func(t *testing.T) {
			w := newDemo(t, o)
			w.check(t, o)
			w.checkSituations(t, o)

			// The desk is real work: OK on what is ready posts all of it.
			w.clock.Set(o.Until.Time().Add(9 * time.Hour))
			results, err := w.IntegrateReady(context.Background(), access.System(w.company.ID))
			if err != nil || len(results) < 7 {
				t.Fatalf("%d payments were ready: %v", len(results), err)
			}
			for _, r := range results {
				if r.Err != nil {
					t.Errorf("%s: %v", r.ArrivalID, r.Err)
				}
			}
			w.check(t, o)
		})
	}
}

// check compares the books with the documents, the inbox and the provider.
func (w *demoWorld) check(t *testing.T, o app.DemoOptions) {
	t.Helper()
	equal := func(what string, got, want int64) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	sums := w.checkChain(t)
	w.checkLetters(t)
	invoices, quotes := demoRecords[billing.Invoice](w), demoRecords[billing.Quote](w)
	w.checkNumbers(t, invoices, quotes)

	var standard int
	var sold, credited, disputed, pending int64
	owed := map[string]int64{}
	bills := map[string]billing.Invoice{}
	for _, v := range invoices {
		bills[v.ID] = v
		if v.Kind == billing.Standard {
			standard++
		}
		if v.Life != billing.Issued {
			continue
		}
		switch v.Kind {
		case billing.Standard:
			sold += v.Totals.Gross
			disputed += v.Dispute
			owed[v.Customer.Code] += v.Payable() - v.Credited - v.Paid
			for _, r := range v.Totals.Rows {
				if r.Nature == billing.Services {
					pending += r.VAT - v.VATCredited[r.Code] - v.VATMoved[r.Code]
				}
			}
		case billing.Credit:
			credited += v.Totals.Gross
		}
	}
	equal("invoices", int64(standard), int64(o.Invoices))
	for code, due := range owed {
		equal("411 of "+code, sums[[2]string{"411000", code}], due)
	}
	equal("416", sums.of("416000"), disputed)
	equal("445880", sums.of("445880"), -pending)

	var held, heldVAT int64
	for _, q := range quotes {
		for _, d := range q.Deposits {
			if d.State != billing.DepositPaid {
				continue
			}
			held += d.Received
			bill := bills[d.InvoiceID]
			heldVAT += bill.Totals.VAT
			for _, taken := range bill.VATCredited {
				heldVAT -= taken
			}
		}
	}
	equal("4191", sums.of("419100"), -held)
	equal("445871", sums.of("445871"), heldVAT)

	var credit, cheques, typed, online, toPost int64
	for _, c := range demoRecords[party.Customer](w) {
		credit += c.Credit.Minor()
	}
	equal("4197", sums.of("419700"), -credit)
	for _, r := range demoRecords[inbox.Receipt](w) {
		if r.ArrivalID == "" && r.ReversedSeq == 0 {
			typed += r.Amount.Minor()
		}
	}
	for _, a := range demoRecords[inbox.Arrival](w) {
		effect := a.Gross.Minor()
		if !a.Kind.Inflow() {
			effect = -effect
		}
		switch {
		case a.State == inbox.Integrated:
			toPost -= a.FeeDue()
			if a.CustomerID != "" {
				online += effect
			}
		case a.GatewayState == gateway.Succeeded:
			toPost += effect - a.FeeDue()
		}
	}
	equal("517 and what waits for OK", sums.of("517900")+toPost, w.account.balance())
	losses := sums.of("654000") + sums.of("658000") + sums.of("758000")
	customers := sums.of("411000") + sums.of("416000") + sums.of("419100") + sums.of("419700")
	equal("what customers owe", customers, sold-credited-typed-online-losses)
	if cheques = sums.of("511200"); cheques < 0 {
		t.Errorf("more cheques were banked than received: %d", cheques)
	}
}

// checkChain proves the chain and sums the entries up.
func (w *demoWorld) checkChain(t *testing.T) demoSums {
	t.Helper()
	sums := demoSums{}
	v := ledger.NewVerifier(w.company.ID)
	head, err := w.views.Chain(context.Background(), w.company.ID, func(e *ledger.Entry) error {
		if b := v.Next(e); b != nil {
			return fmt.Errorf("entry %d: %s", b.Seq, b.What)
		}
		for _, l := range e.Lines {
			sums[[2]string{l.Account}] += l.Debit - l.Credit
			if l.Aux != "" {
				sums[[2]string{l.Account, l.Aux}] += l.Debit - l.Credit
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if b := v.End(head); b != nil {
		t.Errorf("the chain ends wrongly: %+v", b)
	}
	return sums
}

// checkLetters proves that what was matched is of one account and adds up to nothing.
func (w *demoWorld) checkLetters(t *testing.T) {
	t.Helper()
	if len(w.store.matched) < 20 {
		t.Errorf("only %d matchings", len(w.store.matched))
	}
	for code, m := range w.store.matched {
		var sum int64
		for _, ref := range m.Lines {
			l := w.store.entries[ref.Seq-1].Lines[ref.N]
			sum += l.Debit - l.Credit
			if l.Account != m.Account || l.Aux != m.Aux {
				t.Errorf("%s matches %s %s with %s %s", code, m.Account, m.Aux, l.Account, l.Aux)
			}
		}
		if sum != 0 {
			t.Errorf("%s leaves %d", code, sum)
		}
	}
}

// checkNumbers proves that every series is continuous and in order of date.
func (w *demoWorld) checkNumbers(t *testing.T, invoices []billing.Invoice, quotes []billing.Quote) {
	t.Helper()
	dates := map[string]civil.Date{}
	for _, v := range invoices {
		if v.Number != "" {
			dates[v.Number] = v.Date
		}
	}
	for _, q := range quotes {
		if q.Number != "" {
			dates[q.Number] = q.Date
		}
	}
	found := 0
	for _, year := range demoRecords[ledger.FiscalYear](w) {
		for _, s := range []billing.Series{billing.InvoiceSeries, billing.CreditSeries, billing.QuoteSeries} {
			var last civil.Date
			for n := int64(1); ; n++ {
				d, ok := dates[billing.FormatNumber(s, year.ID, n)]
				if !ok {
					break
				}
				found++
				if d.Before(last) || !year.Contains(d) {
					t.Errorf("%s %d of %s is dated %s, after %s", s, n, year.ID, d, last)
				}
				last = d
			}
		}
	}
	if found != len(dates) {
		t.Errorf("%d of %d numbers are behind a gap", len(dates)-found, len(dates))
	}
}

// checkSituations looks for what every demonstration should show, and for what none should.
func (w *demoWorld) checkSituations(t *testing.T, o app.DemoOptions) {
	t.Helper()
	found := map[string]int{}
	end := o.Until.Time()
	future := func(what string, at time.Time) {
		if !at.Before(end) {
			t.Errorf("%s lies in the future: %s", what, at)
		}
	}
	for _, a := range demoRecords[inbox.Arrival](w) {
		found["arrival "+string(a.State)]++
		found["movement "+string(a.Kind)]++
		for _, f := range a.Flags {
			found[fmt.Sprintf("%s, %s", f, a.State)]++
		}
		if a.FeeState == gateway.FeeNone && a.Kind == gateway.KindPayment {
			found["no fee"]++
		}
		if a.FeePosted != 0 && a.FeeEntrySeq != a.EntrySeq+1 && a.Kind == gateway.KindPayment {
			found["fee posted later"]++
		}
		future("an arrival", a.UpdatedAt)
	}
	for _, v := range demoRecords[billing.Invoice](w) {
		found[fmt.Sprintf("%s %s", v.Life, v.Kind)]++
		found["invoice "+string(v.Settlement())]++
		if v.Overdue(o.Until) {
			found["overdue"]++
		}
		if len(v.Deductions) > 0 {
			found["final invoice"]++
		}
		for _, r := range v.Totals.Rows {
			found["VAT "+r.Code]++
		}
	}
	for _, q := range demoRecords[billing.Quote](w) {
		found["quote "+string(q.State)]++
		for _, d := range q.Deposits {
			found["deposit "+string(d.State)]++
			if d.Payable() && d.Online && q.Open() {
				found["deposit to pay online"]++
			}
		}
		if err := q.CheckDeposits(); err != nil {
			t.Errorf("quote %s: %v", q.Number, err)
		}
	}
	for _, c := range demoRecords[party.Customer](w) {
		found[fmt.Sprintf("%s %s", c.Kind, c.Language)]++
	}
	for _, r := range demoRecords[inbox.Receipt](w) {
		if r.ReversedSeq != 0 {
			found["receipt taken back"]++
		}
		if len(r.Allocations) > 1 {
			found["receipt for two"]++
		}
	}
	for _, at := range demoRecords[inbox.Attempt](w) {
		found["attempt "+string(at.State)]++
	}
	for _, want := range []string{
		"arrival ready", "arrival review", "arrival waiting", "arrival integrated", "arrival dismissed",
		"movement payment", "movement payment_reversal", "movement refund", "movement dispute", "movement dispute_reversal", "movement fee",
		"movement fee_refund", "movement payout", "movement adjustment",
		"duplicate, review", "unmatched, review", "document_closed, review", "overpaid, ready", "amount_mismatch, ready", "fee_pending, ready", "fee_pending, integrated",
		"draft invoice", "issued invoice", "issued deposit", "issued credit_note", "issued deposit_credit",
		"invoice unpaid", "invoice partial", "invoice paid", "invoice disputed", "overdue", "final invoice",
		"quote draft", "quote sent", "quote accepted", "quote refused", "quote invoiced",
		"deposit requested", "deposit paid", "deposit applied", "deposit refunded", "deposit to pay online",
		"business fr", "business en", "consumer fr", "receipt taken back", "receipt for two",
		"VAT S20B", "VAT S20S", "VAT S055B",
	} {
		if found[want] == 0 {
			t.Errorf("nothing shows: %s", want)
		}
	}
	if n := found["attempt created"] + found["attempt opened"]; n > 0 || found["attempt pending"] != found["arrival waiting"] {
		t.Errorf("%d pay pages are open that no gateway knows, %d debits are on their way and %d known", n, found["attempt pending"], found["arrival waiting"])
	}
	if mails := demoRecords[inbox.Mail](w); len(mails) > 0 {
		t.Errorf("%d mails would leave", len(mails))
	}
	for _, e := range w.store.entries {
		future("an entry", e.PostedAt)
	}
	if o.Invoices >= 2000 {
		w.checkShares(t, found)
	}
}

// checkShares compares a large demonstration with what was meant: 35 % of invoices paid online, half by hand, the rest due.
func (w *demoWorld) checkShares(t *testing.T, found map[string]int) {
	t.Helper()
	paidOnline := map[string]bool{}
	for _, a := range demoRecords[inbox.Arrival](w) {
		if a.Kind == gateway.KindPayment && a.Document == inbox.InvoiceDocument && a.GatewayState == gateway.Succeeded {
			paidOnline[a.DocumentID] = true
		}
	}
	total := found["issued invoice"]
	within := func(what string, n, least, most int) {
		if n*100 < least*total || n*100 > most*total {
			t.Errorf("%s: %d of %d invoices, want %d to %d %%", what, n, total, least, most)
		}
	}
	within("paid online", len(paidOnline), 30, 38)
	within("unpaid", found["invoice unpaid"], 14, 26)
	within("overdue", found["overdue"], 10, 20)
	within("declined first or failed", found["attempt failed"], 1, 5)
	within("after deposits", found["final invoice"], 3, 12)
	for _, rare := range []string{"no fee", "fee posted later", "VAT S10S", "VAT S055S", "VAT EXPO", "VAT INTRA", "VAT SERVUE"} {
		if found[rare] == 0 {
			t.Errorf("nothing shows: %s", rare)
		}
	}
}

func TestDemoCompanyCouldExist(t *testing.T) {
	w := newDemo(t, app.DemoOptions{Invoices: app.MinDemo, Seed: 9, Until: demoUntil})
	c := w.company.Clone()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if missing := c.Missing(); len(missing) > 0 || !c.TestBooks || !c.Ready || c.Mail.Kind != "outbox" || len(c.Logo) == 0 {
		t.Errorf("missing %v: %+v", missing, c)
	}
	if w.account.settings["merchant"] != c.Name || w.account.settings["fee"] != "usual" {
		t.Errorf("settings of the connection: %v", w.account.settings)
	}
	setup, err := w.Books.Setup(context.Background(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	var years []string
	for _, y := range setup.Chart.Years {
		years = append(years, y.ID)
		if y.Closed {
			t.Errorf("%s is closed", y.ID)
		}
	}
	if !slices.Equal(years, []string{"2025", "2026"}) {
		t.Errorf("fiscal years %v", years)
	}
	for id, gw := range setup.Connections {
		if f := demoRecords[inbox.Feed](w); !gw.On || gw.Mode != gateway.Test || len(f) != 1 || f[0].ID != id || f[0].Cursor != "the end" {
			t.Errorf("connection %+v, feed %+v", gw, f)
		}
	}
	for _, customer := range demoRecords[party.Customer](w) {
		if err := customer.Validate(); err != nil {
			t.Errorf("%s: %v", customer.Name, err)
		}
	}
}

func TestDemoTellsItsProgress(t *testing.T) {
	last, calls := 0, 0
	newDemo(t, app.DemoOptions{Invoices: 100, Seed: 1, Until: demoUntil, Progress: func(done, total int) {
		if calls++; done <= last || total != 100 {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}})
	if last != 100 || calls < 40 {
		t.Errorf("ended at %d after %d calls", last, calls)
	}
}

func TestDemoRefuses(t *testing.T) {
	w := newDemoWorld()
	good := app.DemoOptions{Invoices: app.MinDemo, Seed: 1, Until: demoUntil}
	few, many, never := good, good, good
	few.Invoices, many.Invoices, never.Until = app.MinDemo-1, app.MaxDemo+1, civil.Date{}
	apptest.Refused(t, w.seed(few), fault.BadQuantity, "invoices")
	apptest.Refused(t, w.seed(many), fault.BadQuantity, "invoices")
	apptest.Refused(t, w.seed(never), fault.BadDate, "until")
	if len(w.store.records) != 0 {
		t.Error("a refused demonstration left something")
	}
	good.Clock, good.Provider = func(time.Time) {}, w.account
	if _, err := newDemoWorld().SeedDemo(context.Background(), good); err == nil {
		t.Error("books by another clock than the demonstration's were filled")
	}
	if _, err := w.SeedDemo(context.Background(), app.DemoOptions{Invoices: app.MinDemo, Until: demoUntil}); err == nil {
		t.Error("no clock and no provider, and no error")
	}
	if err := w.seed(app.DemoOptions{Invoices: app.MinDemo, Seed: 1, Until: demoUntil}); err != nil {
		t.Fatal(err)
	}
	apptest.Refused(t, w.seed(app.DemoOptions{Invoices: app.MinDemo, Seed: 1, Until: demoUntil}), fault.AlreadyExists)
	if err := w.seed(app.DemoOptions{Invoices: app.MinDemo, Seed: 2, Until: demoUntil}); err != nil {
		t.Errorf("another demonstration beside the first: %v", err)
	}
}

func BenchmarkDemo(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			for b.Loop() {
				newDemo(b, app.DemoOptions{Invoices: n, Seed: 1, Until: demoUntil})
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "invoices/s")
		})
	}
}
