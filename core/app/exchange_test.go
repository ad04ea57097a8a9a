package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// abroad is a World whose gateway keeps a balance in dollars beside the one in euros.
type abroad struct {
	sendingStage
	held string // the account of the balance in dollars
	n    int
}

const usd = money.Currency("USD")

func newAbroad(t *testing.T) *abroad {
	t.Helper()
	s := &abroad{sendingStage: newSendingStage(t)}
	conn, err := s.SetBalanceAccount(context.Background(), s.Owner, s.conn.ID, 0, usd, "")
	s.must(err)
	s.conn, s.held = conn, conn.BalanceAccounts[usd]
	return s
}

func dollars(cents int64) money.Money { return money.Of(cents, usd) }

func rate(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func (s *abroad) rates(list ...ledger.Rate) {
	s.t.Helper()
	_, err := s.SaveRates(context.Background(), s.Owner, list)
	s.must(err)
}

// today gives the dollar a rate of the day.
func (s *abroad) today(per string) {
	s.t.Helper()
	s.rates(ledger.Rate{Currency: usd, Date: s.Today(), Rate: rate(per), Source: "Banque de France"})
}

// report has the provider report movements, and returns them as the inbox has them.
func (s *abroad) report(list ...gateway.Payment) []inbox.Arrival {
	s.t.Helper()
	p := s.Provider(s.conn)
	for i := range list {
		if list[i].ID == "" {
			s.n++
			list[i].ID = fmt.Sprintf("mv_%d", s.n)
		}
		if list[i].State == "" {
			list[i].State = gateway.Succeeded
		}
		if list[i].FeeState == "" {
			list[i] = apptest.WithFee(list[i], 0)
		}
		if err := gateway.CheckPayment(p.Put(list[i])); err != nil {
			s.t.Fatal(err)
		}
	}
	_, err := s.Refresh(context.Background(), s.Owner, s.conn.ID)
	s.must(err)
	out := make([]inbox.Arrival, len(list))
	for i, m := range list {
		out[i] = s.arrival(m)
	}
	return out
}

func (s *abroad) arrival(m gateway.Payment) inbox.Arrival {
	s.t.Helper()
	ar, err := s.Store.Arrival(context.Background(), s.Company.ID, inbox.ArrivalID(s.conn.ID, m.Kind, m.ID))
	s.must(err)
	return ar
}

// ok integrates one arrival and writes its entries as an accountant reads them.
func (s *abroad) ok(ar inbox.Arrival) string {
	s.t.Helper()
	r, err := s.Integrate(context.Background(), s.Owner, []string{ar.ID})
	s.must(err)
	s.must(r[0].Err)
	return read(r[0].Entries...)
}

// read writes entries: account, signed amount, what it is in the other currency.
func read(list ...ledger.Entry) string {
	var b strings.Builder
	for _, e := range list {
		for _, l := range e.Lines {
			fmt.Fprintf(&b, "%s %s", l.Account, apptest.EUR(l.Debit-l.Credit).Plain())
			if l.Foreign.Currency() != "" {
				fmt.Fprintf(&b, " (%s)", l.Foreign)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (s *abroad) expect(what, got, want string) {
	s.t.Helper()
	if want = strings.ReplaceAll(want, "HELD", s.held); got != want {
		s.t.Errorf("%s: got\n%swant\n%s", what, got, want)
	}
}

// issued is an invoice of 120.00 EUR incl. VAT, with an open pay page: what the payer is asked for.
func (s *abroad) issued() (billing.Invoice, gateway.Payment) {
	s.t.Helper()
	ctx := context.Background()
	v, err := s.IssueInvoice(ctx, s.Owner, s.invoice(s.NewCustomer(s.t, fmt.Sprintf("c%d@exemple.fr", s.n)), "CB", "S20B").ID)
	s.must(err)
	link, err := s.PayURL(ctx, s.Owner, v.ID)
	s.must(err)
	_, err = s.StartPayment(ctx, link[strings.LastIndexByte(link, '/')+1:], s.conn.ID)
	s.must(err)
	at, err := s.Store.AttemptsOpen(ctx, s.Company.ID, s.conn.ID)
	s.must(err)
	for _, a := range at {
		if a.DocumentID == v.ID {
			return v, gateway.Payment{Kind: gateway.KindPayment, Reference: a.ID, SessionID: a.SessionID}
		}
	}
	s.t.Fatal("no page is open")
	return v, gateway.Payment{}
}

func (s *abroad) standing() (book, held int64) {
	s.t.Helper()
	list, err := s.ForeignBalances(context.Background(), s.Owner, civil.Date{})
	s.must(err)
	for _, b := range list {
		if b.Account == s.held {
			return b.Book, b.Held.Minor()
		}
	}
	s.t.Fatal("the balance is not listed")
	return 0, 0
}

// An invoice in euros that was paid in euros is paid, although the provider put dollars on its balance for it: the
// difference to what those are worth is a loss of exchange.
func TestPaidInEurosSettledInDollars(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	v, p := s.issued()
	p.Gross, p.Charged, p.Rate = dollars(13200), apptest.EUR(12000), "1.1"
	ar := s.report(apptest.WithFee(p, 520))[0]
	if ar.State != inbox.Review || !ar.Has(inbox.RateMissing) || ar.Has(inbox.AmountMismatch) || ar.Has(inbox.CurrencyMismatch) || ar.Settled != apptest.EUR(12000) {
		t.Fatalf("%s %v, settles %v", ar.State, ar.Flags, ar.Settled)
	}
	if sum, err := s.Store.Waiting(ctx, s.Company.ID, v.ID); err != nil || sum != 12000 {
		t.Errorf("%d waits for the invoice, %v", sum, err)
	}
	r, err := s.Integrate(ctx, s.Owner, []string{ar.ID})
	s.must(err)
	apptest.Refused(t, r[0].Err, fault.ArrivalNeedsHuman)

	s.today("1.12")
	if ar = s.arrival(p1(ar)); ar.State != inbox.Ready || ar.RateSource != "Banque de France 2026-06-16" || ar.Worth != apptest.EUR(11786) {
		t.Fatalf("%s %v: %v from %q", ar.State, ar.Flags, ar.Worth, ar.RateSource)
	}
	s.expect("receipt and commission", s.ok(ar), `HELD 117.86 (132.00 USD)
656000 2.14
411000 -120.00
627830 4.64 (5.20 USD)
HELD -4.64 (-5.20 USD)
`)
	if v, err = s.Store.Invoice(ctx, s.Company.ID, v.ID); err != nil || v.Due() != 0 {
		t.Errorf("%d is due, %v", v.Due(), err)
	}
	rec, err := s.Store.Receipt(ctx, s.Company.ID, s.arrival(p1(ar)).ReceiptID)
	if err != nil || rec.Amount != apptest.EUR(12000) {
		t.Errorf("the receipt is of %v, %v", rec.Amount, err)
	}

	// A part is given back later, when the dollar is dearer: in proportion to what was paid.
	s.Clock.Advance(48 * time.Hour)
	s.today("1.10")
	back := s.report(gateway.Payment{Kind: gateway.KindRefund, Gross: dollars(6600), RelatedID: ar.ExternalID, OccurredAt: s.Clock.Now()})[0]
	s.expect("refund", s.ok(back), `HELD -60.00 (-66.00 USD)
411000 60.00
`)
	told := s.report(gateway.Payment{Kind: gateway.KindRefund, Gross: dollars(1100), Charged: apptest.EUR(1020), RelatedID: ar.ExternalID, OccurredAt: s.Clock.Now()})[0]
	s.expect("refund that says what the payer got", s.ok(told), `HELD -10.00 (-11.00 USD)
756000 -0.20
411000 10.20
`)
	if v, err = s.Store.Invoice(ctx, s.Company.ID, v.ID); err != nil || v.Due() != 7020 {
		t.Errorf("%d is due again, %v", v.Due(), err)
	}
}

func p1(ar inbox.Arrival) gateway.Payment { return gateway.Payment{ID: ar.ExternalID, Kind: ar.Kind} }

// Failure mode 8: the payer paid in another currency than the document's. It waits for a person, who may take it for what
// it is worth.
func TestMode08_CurrencyDiffers(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	s.today("1.25")
	v, p := s.issued()
	p.Gross = dollars(15000)
	ar := s.report(p)[0]
	if ar.State != inbox.Review || !ar.Has(inbox.CurrencyMismatch) || !ar.Has(inbox.AmountMismatch) || ar.Plain() {
		t.Fatalf("%s %v", ar.State, ar.Flags)
	}
	r, err := s.Integrate(ctx, s.Owner, []string{ar.ID})
	s.must(err)
	apptest.Refused(t, r[0].Err, fault.ArrivalNeedsHuman)
	ar, err = s.MatchArrival(ctx, s.Owner, ar.ID, inbox.InvoiceDocument, v.ID)
	s.must(err)
	if ar.State != inbox.Ready || ar.Settled != apptest.EUR(12000) {
		t.Fatalf("%s %v, settles %v", ar.State, ar.Flags, ar.Settled)
	}
	s.expect("taken for what it is worth", s.ok(ar), "HELD 120.00 (150.00 USD)\n411000 -120.00\n")

	// Without anything to say what it is worth, and without the account of its balance, it says so.
	pounds := s.report(gateway.Payment{Kind: gateway.KindPayment, Gross: money.Of(5000, "GBP"), FeeState: gateway.FeeNone})[0]
	for _, f := range []inbox.Flag{inbox.Unmatched, inbox.CurrencyMismatch, inbox.RateMissing, inbox.BalanceUnknown} {
		if !pounds.Has(f) {
			t.Errorf("%s is not said: %v", f, pounds.Flags)
		}
	}
	// Converted to euros by the provider, it needs no rate; the document is still not in what the payer paid.
	v, p = s.issued()
	p.Gross, p.Charged, p.Rate = apptest.EUR(11900), dollars(13000), "0.9153846"
	ar = s.report(p)[0]
	if ar.State != inbox.Review || !ar.Has(inbox.CurrencyMismatch) || ar.Has(inbox.RateMissing) {
		t.Fatalf("%s %v", ar.State, ar.Flags)
	}
	ar, err = s.MatchArrival(ctx, s.Owner, ar.ID, inbox.InvoiceDocument, v.ID)
	s.must(err)
	s.expect("converted to euros", s.ok(ar), "517300 119.00\n411000 -119.00\n")
}

// Failure mode 22: payouts and conversions in several currencies. The provider's amounts stay as they are; what rounding
// and rates make of them goes to the accounts of exchange.
func TestMode22_PayoutsAndConversions(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	s.today("1.12")
	_, p := s.issued()
	p.Gross, p.Charged = dollars(100000), apptest.EUR(12000)
	first := s.report(apptest.WithFee(p, 3935))[0]
	if first.Gross != dollars(100000) || first.Fee != dollars(3935) {
		t.Fatalf("the provider's %v and %v", first.Gross, first.Fee)
	}
	s.ok(first)
	if book, held := s.standing(); book != 85773 || held != 96065 {
		t.Fatalf("%d stands for %d", book, held)
	}
	s.Clock.Advance(24 * time.Hour)

	// 96.06 go to the bank, which says what arrived. The rate of the day has nothing to do with it.
	out := s.report(gateway.Payment{Kind: gateway.KindPayout, Gross: dollars(9606), OccurredAt: s.Clock.Now()})[0]
	if out.State != inbox.Review || !out.Has(inbox.RateMissing) {
		t.Fatalf("%s %v", out.State, out.Flags)
	}
	out, err := s.SetArrivalRate(ctx, s.Owner, out.ID, app.RateInput{Worth: apptest.EUR(8500), Source: "relevé"})
	s.must(err)
	s.expect("payout at average cost", s.ok(out), "512100 85.00\n666000 0.77\nHELD -85.77 (-96.06 USD)\n")

	// A conversion: two movements that name each other. The dollars come first, and wait for the euros.
	leaves := gateway.Payment{ID: "conv_usd", Kind: gateway.KindAdjustment, Gross: dollars(-86459), RelatedID: "conv_eur", OccurredAt: s.Clock.Now()}
	arrives := gateway.Payment{ID: "conv_eur", Kind: gateway.KindAdjustment, Gross: apptest.EUR(75000), RelatedID: "conv_usd", OccurredAt: s.Clock.Now()}
	ar := s.report(leaves)[0]
	if ar.State != inbox.Review {
		t.Fatalf("%s %v", ar.State, ar.Flags)
	}
	euros := s.report(arrives)[0]
	if ar = s.arrival(leaves); ar.State != inbox.Ready || ar.Worth != apptest.EUR(-75000) {
		t.Fatalf("%s %v: %v", ar.State, ar.Flags, ar.Worth)
	}
	s.expect("what leaves, all of it", s.ok(ar), "580000 750.00\n666000 21.96\nHELD -771.96 (-864.59 USD)\n")
	s.expect("what arrives", s.ok(euros), "580000 -750.00\n517300 750.00\n")
	if book, held := s.standing(); book != 0 || held != 0 {
		t.Errorf("%d stands for %d", book, held)
	}
	_, err = s.Revalue(ctx, s.Owner, s.held, civil.Date{}, decimal.Zero)
	apptest.Refused(t, err, fault.NothingToRevalue)
	if sum := s.Store.Total(s.Company.ID, "58"); sum != 0 {
		t.Errorf("%d is left on transfers", sum)
	}
}

// What a person says holds before the table, and a fee that comes later is posted by the rate of its payment.
func TestRateByHandAndLateFee(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	v, p := s.issued()
	p.Gross, p.Charged = dollars(13200), apptest.EUR(12000)
	ar := s.report(apptest.WithFee(p, -1))[0]
	for field, in := range map[string]app.RateInput{
		"rate": {}, "worth": {Worth: apptest.EUR(0)}, "source": {Rate: rate("1"), Source: strings.Repeat("x", 81)},
	} {
		if _, err := s.SetArrivalRate(ctx, s.Owner, ar.ID, in); len(fault.All(err)) != 1 || fault.All(err)[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err := s.SetArrivalRate(ctx, s.Owner, ar.ID, app.RateInput{Rate: rate("-1.1")})
	apptest.Refused(t, err, fault.BadRate, "rate")
	_, err = s.SetArrivalRate(ctx, s.Owner, ar.ID, app.RateInput{Worth: dollars(5)})
	apptest.Refused(t, err, fault.CurrencyMixed, "worth")
	ar, err = s.SetArrivalRate(ctx, s.Owner, ar.ID, app.RateInput{Rate: rate("1.1")})
	s.must(err)
	s.today("1.5") // too late
	if ar = s.arrival(p1(ar)); ar.State != inbox.Ready || ar.Worth != apptest.EUR(12000) || ar.RateSource != s.Owner.Name {
		t.Fatalf("%s %v: %v from %q", ar.State, ar.Flags, ar.Worth, ar.RateSource)
	}
	s.expect("receipt", s.ok(ar), "HELD 120.00 (132.00 USD)\n411000 -120.00\n")
	_, err = s.SetArrivalRate(ctx, s.Owner, ar.ID, app.RateInput{Rate: rate("1.2")})
	apptest.Refused(t, err, fault.ArrivalIntegrated)

	p.ID, p.State = ar.ExternalID, gateway.Succeeded
	late := s.report(apptest.WithFee(p, 500))[0]
	s.expect("commission", s.ok(late), "627830 4.55 (5.00 USD)\nHELD -4.55 (-5.00 USD)\n")
	corrected := s.report(apptest.WithFee(p, 1001))[0]
	s.expect("more of it: together right to the cent", s.ok(corrected), "627830 4.55 (5.01 USD)\nHELD -4.55 (-5.01 USD)\n")

	// A contested payment leaves 416 at what the customer owed, and comes back at it.
	s.today("1.2")
	d := s.report(apptest.WithFee(gateway.Payment{Kind: gateway.KindDispute, Gross: dollars(13200), RelatedID: ar.ExternalID}, 2400))[0]
	s.expect("dispute", s.ok(d), "HELD -110.00 (-132.00 USD)\n756000 -10.00\n416000 120.00\n627890 20.00 (24.00 USD)\nHELD -20.00 (-24.00 USD)\n")
	won := s.report(gateway.Payment{Kind: gateway.KindDisputeReversal, Gross: dollars(13200), RelatedID: d.ExternalID})[0]
	s.expect("dispute won", s.ok(won), "HELD 110.00 (132.00 USD)\n656000 10.00\n416000 -120.00\n")
	if v, err = s.Store.Invoice(ctx, s.Company.ID, v.ID); err != nil || v.Dispute != 0 || v.Due() != 0 {
		t.Errorf("%d in dispute, %d due, %v", v.Dispute, v.Due(), err)
	}
	_, err = s.SetArrivalRate(ctx, s.Owner, s.report(gateway.Payment{Kind: gateway.KindFee, Gross: apptest.EUR(100)})[0].ID, app.RateInput{Rate: rate("1.2")})
	apptest.Refused(t, err, fault.RateNotNeeded)
}

// The latest rate on the day or before it serves, for a week.
func TestRateTable(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	day := s.Today()
	fee := func() inbox.Arrival {
		return s.report(gateway.Payment{Kind: gateway.KindFee, Gross: dollars(1000), OccurredAt: s.Clock.Now()})[0]
	}
	s.rates(ledger.Rate{Currency: usd, Date: day.AddDays(1), Rate: rate("2")}, ledger.Rate{Currency: usd, Date: day.AddDays(-8), Rate: rate("3")})
	waiting := fee()
	if !waiting.Has(inbox.RateMissing) {
		t.Errorf("posted by a rate of tomorrow or of last week: %v", waiting.BookRate)
	}
	s.rates(ledger.Rate{Currency: usd, Date: day.AddDays(-7), Rate: rate("4")})
	if ar := s.arrival(p1(waiting)); ar.Worth != apptest.EUR(250) || ar.State != inbox.Ready {
		t.Errorf("%v %s", ar.Worth, ar.State)
	}
	s.rates(ledger.Rate{Currency: usd, Date: day.AddDays(-2), Rate: rate("5")}, ledger.Rate{Currency: "GBP", Date: day, Rate: rate("0.5")})
	if ar := fee(); ar.Worth != apptest.EUR(200) {
		t.Errorf("%v", ar.Worth)
	}
	s.must(s.RemoveRate(ctx, s.Owner, ledger.RateID(usd, day.AddDays(-2))))
	apptest.Refused(t, s.RemoveRate(ctx, s.Owner, ledger.RateID(usd, day.AddDays(-2))), fault.UnknownThing)
	if ar := fee(); ar.Worth != apptest.EUR(250) {
		t.Errorf("%v", ar.Worth)
	}
	page, err := s.Store.Rates(ctx, s.Company.ID, app.RateQuery{Currency: usd})
	if err != nil || len(page.Items) != 3 || page.Items[0].Date != day.AddDays(1) {
		t.Errorf("%v, %v", page.Items, err)
	}
	for field, r := range map[string]ledger.Rate{
		"rates.0.currency": {Currency: "EUR", Date: day, Rate: rate("1")}, "rates.0.date": {Currency: usd, Rate: rate("1")}, "rates.0.rate": {Currency: usd, Date: day},
	} {
		if _, err := s.SaveRates(ctx, s.Owner, []ledger.Rate{r}); len(fault.All(err)) != 1 || fault.All(err)[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err = s.SaveRates(ctx, s.Owner, nil)
	apptest.Refused(t, err, fault.Required, "rates")
	_, err = s.SaveRates(ctx, s.Actor("auditor"), []ledger.Rate{{Currency: usd, Date: day, Rate: rate("1")}})
	apptest.Refused(t, err, fault.NotAllowed)
}

func TestReadRates(t *testing.T) {
	want := []ledger.Rate{
		{Currency: usd, Date: civil.Of(2026, 3, 13), Rate: rate("1.1234"), Source: "BCE"},
		{Currency: "GBP", Date: civil.Of(2026, 3, 14), Rate: rate("0.85"), Source: "à moi"},
	}
	for _, text := range []string{
		"date;devise;cours;source\n2026-03-13;USD;1,1234;\n14/03/2026;gbp;0,85;à moi\n",
		"\ufeff2026-03-13\tUSD\t1.1234\r\n2026-03-14\tGBP\t0.85\tà moi",
		"2026-03-13, USD, 1.1234\n\n2026-03-14, GBP, 0.85, à moi",
	} {
		got, err := app.ReadRates(text, "BCE")
		if err != nil || len(got) != 2 {
			t.Errorf("%q: %v, %v", text, got, err)
			continue
		}
		for i := range got {
			if got[i].Currency != want[i].Currency || got[i].Date != want[i].Date || !got[i].Rate.Equal(want[i].Rate) || got[i].Source != want[i].Source {
				t.Errorf("%q: %+v", text, got[i])
			}
		}
	}
	for text, field := range map[string]string{
		"2026-03-13;USD;1\n2026-02-30;USD;1": "rates.1.date", "2026-03-13;US;1": "rates.0.currency", "2026-03-13;USD;x": "rates.0.rate", "2026-03-13": "rates.0.currency",
	} {
		if _, err := app.ReadRates(text, ""); len(fault.All(err)) == 0 || fault.All(err)[0].Field != field {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzReadRates(f *testing.F) {
	f.Add("date;devise;cours\n2026-03-13;USD;1,1234")
	f.Add("2026-03-13\tUSD\t\"1.1\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := app.ReadRates(text, "x")
		if err != nil && len(fault.All(err)) == 0 {
			t.Errorf("%v is no refusal", err)
		}
		for _, r := range list {
			if err == nil && (r.Date.IsZero() || !r.Currency.Valid()) {
				t.Errorf("%+v was read", r)
			}
		}
	})
}

func TestBalanceAccounts(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	if acc := s.Settings(t).Chart.Accounts[s.held]; s.held != "517310" || acc.Label != "Play USD" || !acc.Active || acc.Collective {
		t.Errorf("%q is %+v", s.held, acc)
	}
	set := func(cur money.Currency, account string) error {
		_, err := s.SetBalanceAccount(ctx, s.Owner, s.conn.ID, 0, cur, account)
		return err
	}
	apptest.Refused(t, set("EUR", ""), fault.BadCurrency, "currency")
	apptest.Refused(t, set("XXX", ""), fault.BadCurrency, "currency")
	apptest.Refused(t, set("GBP", "999"), fault.UnknownAccount, "account")
	apptest.Refused(t, set("GBP", "411000"), fault.AuxRequired, "account")
	apptest.Refused(t, set("GBP", s.held), fault.InUse, "account")
	apptest.Refused(t, set("GBP", "517300"), fault.InUse, "account")
	s.must(set("GBP", "517210"))
	acc := s.Settings(t).Chart.Accounts["517210"]
	acc.Active = false
	_, err := s.SaveAccount(ctx, s.Owner, acc)
	apptest.Refused(t, err, fault.InUse, "active")
	c, err := s.UpdateConnection(ctx, s.Owner, s.conn.ID, 0, app.ConnectionInput{Label: "Play", Journal: s.conn.Journal, GatewayAccount: s.conn.GatewayAccount,
		CommissionAccount: s.conn.CommissionAccount, BankJournal: s.conn.BankJournal, BankAccount: s.conn.BankAccount, FeeVAT: inbox.FeeExempt})
	if err != nil || len(c.BalanceAccounts) != 2 {
		t.Errorf("balances that were not spoken of: %v, %v", c.BalanceAccounts, err)
	}
	// The default chart has the account of the second balance of a well-known gateway.
	s.Gateways.Know(app.GatewayStatus{Name: "paypal", Trusted: true, Info: gateway.Info{Name: "paypal", Label: "PayPal", Settings: []gateway.Setting{{Name: "key", Type: gateway.SecretSetting}}}})
	pp, err := newAbroadPayPal(s)
	s.must(err)
	if got := pp.BalanceAccounts[usd]; pp.GatewayAccount != "517200" || got != "517220" {
		t.Errorf("%s, %s: 517210 keeps pounds", pp.GatewayAccount, got)
	}
	_, err = s.SetBalanceAccount(ctx, s.Actor("auditor"), s.conn.ID, 0, usd, "")
	apptest.Refused(t, err, fault.NotAllowed)
}

func newAbroadPayPal(s *abroad) (inbox.Connection, error) {
	c, err := s.Connect(context.Background(), s.Owner, "paypal", map[string]string{"key": "test_pp_1"})
	if err != nil {
		return c, err
	}
	return s.SetBalanceAccount(context.Background(), s.Owner, c.ID, c.Version, usd, "")
}

// At the end of a year a balance is carried on in both currencies, and revalued at a rate.
func TestBalanceIsCarriedOnAndRevalued(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	s.today("1.25")
	s.ok(s.report(gateway.Payment{Kind: gateway.KindFeeRefund, Gross: dollars(100000)})[0])
	_, err := s.Revalue(ctx, s.Owner, s.held, civil.Date{}, decimal.Zero)
	apptest.Refused(t, err, fault.Required, "rate")
	_, err = s.Revalue(ctx, s.Owner, "512100", civil.Date{}, decimal.Zero)
	apptest.Refused(t, err, fault.UnknownThing)
	s.Clock.Set(time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC))
	e, err := s.Revalue(ctx, s.Owner, s.held, civil.Of(2026, 12, 31), rate("1.20"))
	s.must(err)
	s.expect("revaluation", read(e), "HELD 33.33\n766000 -33.33\n")
	years := s.Settings(t).Chart.Years
	if len(years) < 2 {
		_, err = s.AddYear(ctx, s.Owner, ledger.FiscalYear{Start: civil.Of(2027, 1, 1), End: civil.Of(2027, 12, 31)})
		s.must(err)
	}
	done, err := s.CloseYear(ctx, s.Owner, years[0].ID)
	s.must(err)
	s.expect("opening", read(done.Opening...), "120000 -833.33\nHELD 833.33 (1000.00 USD)\n")
	if book, held := s.standing(); book != 83333 || held != 100000 {
		t.Errorf("%d stands for %d", book, held)
	}
}

// Random movements of a balance in dollars, at random rates, with commissions that come late and change, refunds, disputes,
// payouts and conversions: every entry balances, the account holds what the provider holds, and once the balance is
// emptied and cleared nothing is left in euros either.
func TestForeignBalanceIsTheProviders(t *testing.T) {
	ctx := context.Background()
	for seed := range uint64(25) {
		rnd := rand.New(rand.NewPCG(seed, 22))
		s := newAbroad(t)
		var provider int64
		type paid struct {
			id   string
			left int64
		}
		var payments []paid
		post := func(m gateway.Payment) inbox.Arrival {
			t.Helper()
			ar := s.report(m)[0]
			var err error
			if ar.Has(inbox.UnknownKind) {
				ar, err = s.AcceptConversion(ctx, s.Owner, ar.ID)
				s.must(err)
			}
			if ar.Has(inbox.Unmatched) {
				c := s.NewCustomer(t, "")
				ar, err = s.KeepAsCredit(ctx, s.Owner, ar.ID, c.ID)
				s.must(err)
			}
			if ar.Has(inbox.RateMissing) {
				in := app.RateInput{Worth: apptest.EUR(1 + rnd.Int64N(200_000))}
				if !ar.Cost() && rnd.IntN(2) == 0 {
					in = app.RateInput{Rate: decimal.New(5000+rnd.Int64N(15000), -4)}
				}
				ar, err = s.SetArrivalRate(ctx, s.Owner, ar.ID, in)
				s.must(err)
			}
			r, err := s.Integrate(ctx, s.Owner, []string{ar.ID})
			s.must(err)
			s.must(r[0].Err)
			return s.arrival(p1(ar))
		}
		check := func(what string) {
			t.Helper()
			if _, held := s.standing(); held != provider {
				t.Fatalf("seed %d, %s: the account holds %d, the provider %d", seed, what, held, provider)
			}
		}
		for range 25 {
			s.Clock.Advance(time.Hour)
			if rnd.IntN(3) == 0 {
				s.today(decimal.New(8000+rnd.Int64N(8000), -4).String())
			}
			at := s.Clock.Now()
			amount := 500 + rnd.Int64N(200_000)
			switch k := rnd.IntN(6); {
			case k <= 1 || provider < 2:
				fee := rnd.Int64N(amount / 10)
				m := gateway.Payment{Kind: gateway.KindPayment, Gross: dollars(amount), OccurredAt: at}
				if rnd.IntN(2) == 0 {
					m.Charged = apptest.EUR(1 + rnd.Int64N(amount))
				}
				ar := post(apptest.WithFee(m, fee))
				provider += amount - fee
				payments = append(payments, paid{ar.ExternalID, amount})
			case k == 2 && len(payments) > 0:
				p := &payments[rnd.IntN(len(payments))]
				if p.left == 0 || p.left > provider {
					continue
				}
				back := 1 + rnd.Int64N(p.left)
				if back < 200 {
					continue // it could be worth less than a cent
				}
				p.left -= back
				post(gateway.Payment{Kind: gateway.KindRefund, Gross: dollars(back), RelatedID: p.id, OccurredAt: at})
				provider -= back
			case k == 3:
				fee := min(provider, 200+rnd.Int64N(500))
				if fee < 200 {
					continue
				}
				post(gateway.Payment{Kind: gateway.KindFee, Gross: dollars(fee), OccurredAt: at})
				provider -= fee
			case k == 4:
				out := 1 + rnd.Int64N(provider)
				post(gateway.Payment{Kind: gateway.KindPayout, Gross: dollars(out), OccurredAt: at})
				provider -= out
			case k == 5:
				out := 1 + rnd.Int64N(provider)
				post(gateway.Payment{Kind: gateway.KindAdjustment, Gross: dollars(-out), OccurredAt: at})
				provider -= out
			}
			check("a movement")
		}
		if book, _ := s.standing(); provider != 0 && book == 0 {
			t.Errorf("seed %d: %d stands for nothing", seed, provider)
		}
		// All of it is spent on a fee, at whatever rate: what is left in euros is a difference.
		if provider > 0 {
			if provider < 200 {
				continue
			}
			post(gateway.Payment{Kind: gateway.KindFee, Gross: dollars(provider), OccurredAt: s.Clock.Now()})
			provider = 0
			check("the last fee")
		}
		if book, _ := s.standing(); book != 0 {
			_, err := s.Revalue(ctx, s.Owner, s.held, civil.Date{}, decimal.Zero)
			s.must(err)
		}
		if book, held := s.standing(); book != 0 || held != 0 {
			t.Errorf("seed %d: %d stands for %d in the end", seed, book, held)
		}
		if sum := s.Store.Total(s.Company.ID, ""); sum != 0 {
			t.Errorf("seed %d: the books are %d out of balance", seed, sum)
		}
	}
}

func TestFeeVAT(t *testing.T) {
	ctx := context.Background()
	s := newAbroad(t)
	s.today("1.12")
	change := func(f inbox.FeeVAT, percent int64) {
		t.Helper()
		c, err := s.UpdateConnection(ctx, s.Owner, s.conn.ID, 0, app.ConnectionInput{Label: "Play", Journal: s.conn.Journal, GatewayAccount: s.conn.GatewayAccount,
			CommissionAccount: s.conn.CommissionAccount, BankJournal: s.conn.BankJournal, BankAccount: s.conn.BankAccount,
			DisputeFeeAccount: s.conn.DisputeFeeAccount, FeeVAT: f, FeeVATRate: decimal.NewFromInt(percent)})
		s.must(err)
		s.conn = c
	}
	fee := func(m gateway.Payment) string {
		t.Helper()
		m.Kind = gateway.KindFee
		return s.ok(s.report(m)[0])
	}
	// Exempt: nothing. Domestic: by the rate, or as the gateway told of its payments.
	s.expect("exempt", fee(gateway.Payment{Gross: apptest.EUR(1200)}), "627830 12.00\n517300 -12.00\n")
	change(inbox.FeeDomestic, 20)
	s.expect("domestic", fee(gateway.Payment{Gross: apptest.EUR(1200)}), "627830 10.00\n445660 2.00\n517300 -12.00\n")
	s.expect("domestic, in dollars", fee(gateway.Payment{Gross: dollars(1344)}), "627830 10.00\n445660 2.00\nHELD -12.00 (-13.44 USD)\n")
	_, p := s.issued()
	p.Gross, p.FeeVAT = apptest.EUR(12000), apptest.EUR(55)
	told := s.ok(s.report(apptest.WithFee(p, 1055))[0])
	if !strings.HasSuffix(told, "627830 10.00\n445660 0.55\n517300 -10.55\n") {
		t.Errorf("told by the gateway:\n%s", told)
	}
	months, err := s.FeeVATMonths(ctx, s.Owner, "")
	if err != nil || len(months) != 0 {
		t.Errorf("nothing is self-assessed: %v, %v", months, err)
	}

	// Self-assessed: nothing for each payment, once for each month.
	change(inbox.FeeReverseCharge, 0)
	s.expect("reverse charge", fee(gateway.Payment{Gross: apptest.EUR(9420)}), "627830 94.20\n517300 -94.20\n")
	s.Clock.Set(time.Date(2026, 7, 10, 9, 0, 0, 0, time.UTC))
	fee(gateway.Payment{Gross: apptest.EUR(100), OccurredAt: s.Clock.Now()})
	months, err = s.FeeVATMonths(ctx, s.Owner, "")
	s.must(err)
	const june = 9420 + 1200 + 1000 + 1000 + 1000 // what was posted in the month, whatever its VAT was
	if len(months) != 2 || months[0].Month != civil.Of(2026, 7, 1) || months[0].Ended || months[1].Base != june || months[1].VAT != june/5 || months[1].Entry.Seq != 0 {
		t.Fatalf("%+v", months)
	}
	in := app.FeeVATInput{Base: apptest.EUR(9420), Invoice: "STR-2026-06", Date: civil.Of(2026, 7, 2)}
	for field, bad := range map[string]app.FeeVATInput{"invoice": {Base: in.Base}, "base": {Base: dollars(1), Invoice: "x"}} {
		if _, err := s.PostFeeVAT(ctx, s.Owner, s.conn.ID, "2026-06", bad); len(fault.All(err)) != 1 || fault.All(err)[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	_, err = s.PostFeeVAT(ctx, s.Owner, s.conn.ID, "2026-13", in)
	apptest.Refused(t, err, fault.BadDate, "month")
	_, err = s.PostFeeVAT(ctx, s.Owner, s.conn.ID, "2026-05", app.FeeVATInput{Invoice: "x"})
	apptest.Refused(t, err, fault.BadAmount, "base")
	e, err := s.PostFeeVAT(ctx, s.Owner, s.conn.ID, "2026-06", in)
	s.must(err)
	s.expect("self-assessed", read(e), "445662 18.84\n445201 -18.84\n")
	if e.Piece != "STR-2026-06" || e.Date != in.Date || !strings.Contains(e.Label, "06/2026, base 94,20") {
		t.Errorf("%s %s %q", e.Piece, e.Date, e.Label)
	}
	_, err = s.PostFeeVAT(ctx, s.Owner, s.conn.ID, "2026-06", in)
	apptest.Refused(t, err, fault.DuplicatePosting)
	months, err = s.FeeVATMonths(ctx, s.Owner, "")
	if err != nil || len(months) != 2 || months[1].Entry.Seq != e.Seq {
		t.Errorf("%+v, %v", months, err)
	}
	_, err = s.PostFeeVAT(ctx, s.Actor("auditor"), s.conn.ID, "2026-07", in)
	apptest.Refused(t, err, fault.NotAllowed)
}
