package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

func account(c gateway.Connection) string {
	id, err := sandbox.AccountOf(c)
	if err != nil {
		panic(err)
	}
	return id
}

// desk is an account at a sandbox in process.
type desk struct {
	s       *sandbox.Sandbox
	p       *sandbox.Provider
	c       gateway.Connection
	g       gateway.Gateway
	account string
	n       int
}

func newDesk(tb testing.TB, opt sandbox.Options, change ...func(*gateway.Connection)) *desk {
	tb.Helper()
	if opt.Dir == "" {
		opt.Dir = tb.TempDir()
	}
	s := sandbox.New(opt)
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	d := &desk{s: s, c: gateway.Connection{ID: "gw_1", Settings: map[string]string{"merchant_name": "Atelier Dupré", "api_key": "sk_sandbox_abcdefghijkl"}}}
	for _, f := range change {
		f(&d.c)
	}
	var err error
	if d.p, err = s.Provider(); err != nil {
		tb.Fatal(err)
	}
	if d.g, err = s.Open(context.Background(), d.c); err != nil {
		tb.Fatal(err)
	}
	d.account = account(d.c)
	return d
}

func eur(minor int64) money.Money { return money.Of(minor, money.EUR) }

// request is for the next page.
func (d *desk) request(amount money.Money) gateway.CheckoutRequest {
	d.n++
	key := fmt.Sprint("att_", d.n)
	return gateway.CheckoutRequest{
		IdempotencyKey: key, Reference: key, Amount: amount, Description: "Facture FA2026-0012", Document: "FA2026-0012", CustomerName: "Élodie Martin",
		CustomerEmail: "elodie@example.test", Locale: "fr-FR", ReturnURL: "http://127.0.0.1:9/back?x=1", CancelURL: "http://127.0.0.1:9/cancel",
	}
}

func (d *desk) open(tb testing.TB, amount money.Money) gateway.Checkout {
	tb.Helper()
	page, err := d.g.CreateCheckout(context.Background(), d.request(amount))
	if err != nil {
		tb.Fatal(err)
	}
	return page
}

// paid opens a page, pays it and returns the payment.
func (d *desk) paid(tb testing.TB, amount money.Money, o sandbox.Outcome) gateway.Payment {
	tb.Helper()
	page := d.open(tb, amount)
	if _, err := d.p.Pay(page.SessionID, o); err != nil {
		tb.Fatal(err)
	}
	s, err := d.g.SettleCheckout(context.Background(), gateway.SettleRequest{SessionID: page.SessionID})
	if err != nil || len(s.Payments) != 1 {
		tb.Fatalf("%+v, %v", s, err)
	}
	return s.Payments[0]
}

func (d *desk) fetch(tb testing.TB, id string) gateway.Payment {
	tb.Helper()
	p, err := d.g.FetchPayment(context.Background(), id)
	if err != nil {
		tb.Fatal(err)
	}
	if err := gateway.CheckPayment(p); err != nil {
		tb.Fatal(err)
	}
	return p
}

// holds says that the account's balance in euros is so many cents.
func (d *desk) holds(t *testing.T, cents int64) {
	t.Helper()
	for _, m := range d.p.Balance(d.account) {
		if m.Currency() == money.EUR {
			if m.Minor() != cents {
				t.Errorf("it holds %s, not %s", m, eur(cents))
			}
			return
		}
	}
	if cents != 0 {
		t.Errorf("it holds nothing, not %s", eur(cents))
	}
}

// must returns the id that an action of the back office made, or fails.
func must(t *testing.T) func(string, error) string {
	return func(id string, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
}

// refused says that err is of kind permanent, not done, with a code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	var e *gateway.Error
	if !errors.As(err, &e) || e.Kind != gateway.ErrPermanent || e.Outcome != gateway.NotDone || e.Code != code {
		t.Errorf("%v is not %s", err, code)
	}
}

func TestFees(t *testing.T) {
	for plan, want := range map[string]map[money.Money][2]int64{ // fee, VAT in it
		sandbox.FeeStandard: {eur(120_000): {1705, 0}, eur(1): {25, 0}, eur(1_250): {43, 0}, money.Of(10_000, "JPY"): {165, 0}, money.Of(10_000, "KWD"): {390, 0}},
		sandbox.FeeHigh:     {eur(120_000): {3515, 0}},
		sandbox.FeeTaxed:    {eur(120_000): {2046, 341}},
		sandbox.FeeFree:     {eur(120_000): {0, 0}},
		"":                  {eur(120_000): {1705, 0}},
	} {
		d := newDesk(t, sandbox.Options{}, func(c *gateway.Connection) { c.Settings["fee"] = plan })
		for gross, fee := range want {
			p := d.paid(t, gross, sandbox.Outcome{How: sandbox.Pays})
			if p.FeeState != gateway.FeeKnown || p.Fee.Minor() != fee[0] || p.FeeVAT.Minor() != fee[1] || p.Net.Minor() != gross.Minor()-fee[0] {
				t.Errorf("plan %q on %s: fee %s, VAT %s, net %s", plan, gross, p.Fee, p.FeeVAT, p.Net)
			}
		}
	}
}

func TestOutcomesOfAVisit(t *testing.T) {
	d := newDesk(t, sandbox.Options{})
	status := func(page gateway.Checkout) gateway.CheckoutStatus {
		s, err := d.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: page.SessionID, Capture: true, IdempotencyKey: "k"})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	visit := func(page gateway.Checkout, o sandbox.Outcome) {
		if _, err := d.p.Pay(page.SessionID, o); err != nil {
			t.Fatal(err)
		}
	}

	page := d.open(t, eur(1000))
	visit(page, sandbox.Outcome{How: sandbox.Declines})
	if s := status(page); s.State != gateway.CheckoutRetry || s.Reason != "card_declined" || len(s.Payments) != 0 {
		t.Errorf("declined: %+v", s)
	}
	visit(page, sandbox.Outcome{How: sandbox.Pays, Amount: sandbox.Amount{Money: money.Of(900, "USD")}})
	if s := status(page); s.State != gateway.CheckoutPaid || !s.Payments[0].Gross.Equal(money.Of(900, "USD")) {
		t.Errorf("another amount: %+v", s)
	}
	_, err := d.p.Pay(page.SessionID, sandbox.Outcome{How: sandbox.Pays})
	refused(t, err, "page_closed")

	page = d.open(t, eur(1000))
	visit(page, sandbox.Outcome{How: sandbox.Challenges, Fee: sandbox.FeeNever})
	if s := status(page); s.State != gateway.CheckoutOpen || s.Reason != "authentication_required" || len(s.Payments) != 0 {
		t.Errorf("waiting for 3-D Secure: %+v", s)
	}
	if _, err := d.p.Authenticate(page.SessionID, false); err != nil {
		t.Fatal(err)
	}
	if s := status(page); s.State != gateway.CheckoutRetry || len(s.Payments) != 0 {
		t.Errorf("3-D Secure refused: %+v", s)
	}
	_, err = d.p.Authenticate(page.SessionID, true)
	refused(t, err, "no_challenge")
	visit(page, sandbox.Outcome{How: sandbox.Challenges, Fee: sandbox.FeeNever})
	if _, err := d.p.Authenticate(page.SessionID, true); err != nil {
		t.Fatal(err)
	}
	if s := status(page); s.State != gateway.CheckoutPaid || s.Payments[0].FeeState != gateway.FeeNone || s.Payments[0].Net.Minor() != 1000 {
		t.Errorf("3-D Secure passed: %+v", s)
	}

	for how, want := range map[sandbox.How]gateway.CheckoutState{sandbox.Fails: gateway.CheckoutFailed, sandbox.Leaves: gateway.CheckoutCancelled} {
		page = d.open(t, eur(1000))
		visit(page, sandbox.Outcome{How: how})
		if s := status(page); s.State != want || len(s.Payments) != 0 {
			t.Errorf("%s: %+v", how, s)
		}
	}
	for _, bad := range []sandbox.Outcome{{}, {How: "x"}, {How: sandbox.Pays, Fee: "x"}, {How: sandbox.Pays, Webhook: "x"}, {How: sandbox.Pays, Amount: sandbox.Amount{Money: eur(-1)}}} {
		if _, err := d.p.Pay(d.open(t, eur(1000)).SessionID, bad); err == nil {
			t.Errorf("%+v was played", bad)
		}
	}
	if _, err := d.p.Pay("cs_nobody", sandbox.Outcome{How: sandbox.Pays}); gateway.AsError(err).Kind != gateway.ErrNotFound {
		t.Errorf("an unknown page: %v", err)
	}
}

func TestPagesCloseInTime(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := newDesk(t, sandbox.Options{Now: func() time.Time { return now }})
	r := d.request(eur(1000))
	r.ExpiresAt = now.Add(time.Hour)
	page, err := d.g.CreateCheckout(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if s, err := d.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: page.SessionID}); err != nil || s.State != gateway.CheckoutExpired {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = d.p.Pay(page.SessionID, sandbox.Outcome{How: sandbox.Pays})
	refused(t, err, "page_closed")
	r = d.request(eur(1000))
	r.ExpiresAt = now
	_, err = d.g.CreateCheckout(t.Context(), r)
	refused(t, err, "bad_expiry")
}

func TestOneKeyOneRequest(t *testing.T) {
	d := newDesk(t, sandbox.Options{})
	r := d.request(eur(1000))
	if _, err := d.g.CreateCheckout(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	r.Amount = eur(1001)
	_, err := d.g.CreateCheckout(t.Context(), r)
	refused(t, err, "idempotency_key_reused")
	r.IdempotencyKey = ""
	_, err = d.g.CreateCheckout(t.Context(), r)
	refused(t, err, "no_idempotency_key")
	r = d.request(eur(1000))
	r.ReturnURL = "javascript:alert(1)"
	_, err = d.g.CreateCheckout(t.Context(), r)
	refused(t, err, "bad_url")
}

// TestTheBackOffice follows one account through everything that can happen after a payment, to the cent.
func TestTheBackOffice(t *testing.T) {
	d, ok := newDesk(t, sandbox.Options{}), must(t)
	p := d.paid(t, eur(120_000), sandbox.Outcome{How: sandbox.Pays}) // fee 17.05
	d.holds(t, 118_295)

	// Refunds: a part, with the fee's share given back; too much; the rest; and one that fails later.
	part := d.fetch(t, ok(d.p.Refund(d.account, "k1", p.ID, eur(20_000), true, "", "")))
	if part.Fee.Minor() != -284 || part.Net.Minor() != -19_716 || part.RelatedID != p.ID {
		t.Errorf("refund: %+v", part)
	}
	d.holds(t, 98_579)
	_, err := d.p.Refund(d.account, "k2", p.ID, eur(100_001), false, "", "")
	refused(t, err, "amount_too_large")
	_, err = d.p.Refund(d.account, "k2", p.ID, money.Of(1, "USD"), false, "", "")
	refused(t, err, "wrong_currency")
	rest := d.fetch(t, ok(d.p.Refund(d.account, "k2", p.ID, money.Money{}, false, "", "")))
	if rest.Gross.Minor() != 100_000 || rest.FeeState != gateway.FeeNone {
		t.Errorf("the rest: %+v", rest)
	}
	d.holds(t, -1_421)
	back := d.fetch(t, ok(d.p.FailRefund(d.account, rest.ID, "")))
	if back.Kind != gateway.KindRefundReversal || back.RelatedID != rest.ID || back.Gross.Minor() != 100_000 {
		t.Errorf("refund reversal: %+v", back)
	}
	d.holds(t, 98_579)
	_, err = d.p.FailRefund(d.account, rest.ID, "")
	refused(t, err, "wrong_state")

	// A dispute with its fee, won without the fee; another with the fee apart, lost.
	dispute := d.fetch(t, ok(d.p.OpenDispute(d.account, p.ID, money.Money{}, "", "")))
	if dispute.Gross.Minor() != 100_000 || dispute.Fee.Minor() != 2_000 || dispute.Net.Minor() != -102_000 || dispute.RelatedID != p.ID {
		t.Errorf("dispute: %+v", dispute)
	}
	d.holds(t, -3_421)
	_, err = d.p.Refund(d.account, "k3", p.ID, eur(1), false, "", "")
	refused(t, err, "amount_too_large")
	won := d.fetch(t, ok(d.p.CloseDispute(d.account, dispute.ID, true, false, "")))
	if won.Kind != gateway.KindDisputeReversal || won.RelatedID != dispute.ID || won.Net.Minor() != 100_000 {
		t.Errorf("won: %+v", won)
	}
	if d.fetch(t, dispute.ID).Reason != "won" {
		t.Error("the dispute does not say that it was won")
	}
	d.holds(t, 96_579)
	_, err = d.p.CloseDispute(d.account, dispute.ID, false, false, "")
	refused(t, err, "wrong_state")
	lost := ok(d.p.OpenDispute(d.account, p.ID, eur(500), sandbox.DisputeFeeApart, ""))
	d.holds(t, 94_079)
	if id := ok(d.p.CloseDispute(d.account, lost, false, false, "")); id != lost {
		t.Errorf("losing moved money: %s", id)
	}
	d.holds(t, 94_079)
	again := ok(d.p.OpenDispute(d.account, p.ID, eur(100), "", ""))
	ok(d.p.CloseDispute(d.account, again, true, true, ""))
	d.holds(t, 94_079)

	// A debit: pending money is not held; its fee is told when it comes; it may be reversed late.
	debit := d.paid(t, eur(10_000), sandbox.Outcome{How: sandbox.Pends})
	if debit.State != gateway.Pending || debit.FeeState != gateway.FeeUnknown || debit.Method != "sepa_debit" {
		t.Errorf("pending: %+v", debit)
	}
	d.holds(t, 94_079)
	ok(d.p.Settle(d.account, debit.ID, true, ""))
	d.holds(t, 94_079+9_835)
	_, err = d.p.Settle(d.account, debit.ID, false, "")
	refused(t, err, "wrong_state")
	reversal := d.fetch(t, ok(d.p.ReversePayment(d.account, debit.ID, "")))
	if reversal.Kind != gateway.KindPaymentReversal || reversal.RelatedID != debit.ID || reversal.Net.Minor() != -10_000 {
		t.Errorf("late reversal: %+v", reversal)
	}
	d.holds(t, 94_079-165)
	_, err = d.p.ReversePayment(d.account, debit.ID, "")
	refused(t, err, "wrong_state")
	failed := d.paid(t, eur(10_000), sandbox.Outcome{How: sandbox.Pends})
	ok(d.p.Settle(d.account, failed.ID, false, ""))
	if f := d.fetch(t, failed.ID); f.State != gateway.Failed || f.Reason != "insufficient_funds" {
		t.Errorf("failed: %+v", f)
	}
	d.holds(t, 93_914)

	// A fee that comes late, also after a debit.
	late := d.paid(t, eur(10_000), sandbox.Outcome{How: sandbox.Pends, Fee: sandbox.FeeLater})
	ok(d.p.Settle(d.account, late.ID, true, ""))
	if l := d.fetch(t, late.ID); l.State != gateway.Succeeded || l.FeeState != gateway.FeeUnknown {
		t.Errorf("fee held: %+v", l)
	}
	d.holds(t, 103_914)

	// A payout leaves what has no fee yet; the bank refuses it; the next one takes it along.
	out := d.fetch(t, ok(d.p.Payout(d.account, money.EUR, "")))
	if out.Gross.Minor() != 93_914 || out.Net.Minor() != -93_914 {
		t.Errorf("payout: %+v", out)
	}
	d.holds(t, 10_000)
	if d.fetch(t, p.ID).PayoutID != out.ID || d.fetch(t, late.ID).PayoutID != "" {
		t.Error("the payout's items do not say so, or one too many does")
	}
	_, err = d.p.Payout(d.account, money.EUR, "")
	refused(t, err, "nothing_to_pay_out")
	bounced := d.fetch(t, ok(d.p.ReversePayout(d.account, out.ID, "")))
	if bounced.RelatedID != out.ID || bounced.Kind != gateway.KindPayoutReversal {
		t.Errorf("payout reversal: %+v", bounced)
	}
	d.holds(t, 103_914)
	ok(d.p.RevealFee(d.account, late.ID, ""))
	d.holds(t, 103_749)
	_, err = d.p.RevealFee(d.account, late.ID, "")
	refused(t, err, "fee_told")
	ok(d.p.Payout(d.account, money.EUR, ""))
	d.holds(t, 0)

	// What follows from no payment.
	ok(d.p.Book(d.account, gateway.KindFee, eur(300), "Abonnement", ""))
	ok(d.p.Book(d.account, gateway.KindFeeRefund, eur(100), "", ""))
	ok(d.p.Book(d.account, gateway.KindAdjustment, eur(-50), "", ""))
	ok(d.p.Book(d.account, gateway.KindOther, eur(7), "", ""))
	d.holds(t, -243)
	_, err = d.p.Book(d.account, gateway.KindFee, eur(-1), "", "")
	refused(t, err, "bad_amount")
	_, err = d.p.Book(d.account, gateway.KindPayment, eur(1), "", "")
	refused(t, err, "bad_amount")
	orphan := d.fetch(t, ok(d.p.Receive(d.account, eur(5_000), "", "Inconnu", sandbox.Outcome{Fee: sandbox.FeeNever})))
	if orphan.Reference != "" || orphan.SessionID != "" || orphan.Payer.Name != "Inconnu" {
		t.Errorf("orphan: %+v", orphan)
	}
	d.holds(t, 4_757)
}

// state is all that the outside can see of an account.
func (d *desk) state(tb interface{ Fatal(...any) }) any {
	page, err := d.g.ListPayments(context.Background(), gateway.ListRequest{Limit: gateway.MaxPage})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := d.p.Console(d.account, 10_000)
	if err != nil {
		tb.Fatal(err)
	}
	c.Deliveries, c.Waiting = nil, 0
	return []any{page.Payments, page.Next, c}
}

// TestTheBooksOfTheProvider plays at random and checks after every step that the list and the balance agree, that every
// movement is sound, that the list repeats what changed and skips nothing, and now and then that a process that starts from
// the journal as it is at this moment sees the same.
func TestTheBooksOfTheProvider(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "acquit-test-")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		s := sandbox.New(sandbox.Options{Dir: filepath.Join(dir, "live"), Listen: "127.0.0.1:0"})
		defer s.Close()
		d := &desk{s: s, c: gateway.Connection{ID: "gw_1", Settings: map[string]string{"merchant_name": "M", "api_key": "sk_sandbox_abcdefghijkl"}}}
		if d.p, err = s.Provider(); err != nil {
			rt.Fatal(err)
		}
		if d.g, err = s.Open(t.Context(), d.c); err != nil {
			rt.Fatal(err)
		}
		d.account = account(d.c)
		seen := map[string]gateway.Payment{}
		cursor := ""
		var ids []string
		pick := func() string {
			if len(ids) == 0 {
				return "pay_none"
			}
			return rapid.SampledFrom(ids).Draw(rt, "movement")
		}
		note := func(id string, err error) {
			if e := gateway.AsError(err); e != nil && e.Kind != gateway.ErrPermanent && e.Kind != gateway.ErrNotFound {
				rt.Fatal(err)
			}
			if err == nil {
				ids = append(ids, id)
			}
		}
		amount := rapid.Custom(func(t *rapid.T) money.Money {
			return money.Of(rapid.Int64Range(1, 100_000).Draw(t, "minor"), rapid.SampledFrom([]money.Currency{"EUR", "JPY"}).Draw(t, "currency"))
		})
		rt.Repeat(map[string]func(*rapid.T){
			"pay": func(rt *rapid.T) {
				page, err := d.g.CreateCheckout(t.Context(), d.request(amount.Draw(rt, "amount")))
				if err != nil {
					rt.Fatal(err)
				}
				v, err := d.p.Pay(page.SessionID, sandbox.Outcome{
					How: rapid.SampledFrom([]sandbox.How{sandbox.Pays, sandbox.Pends, sandbox.Declines}).Draw(rt, "how"),
					Fee: rapid.SampledFrom([]string{sandbox.FeeNow, sandbox.FeeLater, sandbox.FeeNever}).Draw(rt, "fee"),
				})
				if err != nil {
					rt.Fatal(err)
				}
				ids = append(ids, v.Payments...)
			},
			"settle": func(rt *rapid.T) {
				_, err := d.p.Settle(d.account, pick(), rapid.Bool().Draw(rt, "paid"), "")
				note("", err)
			},
			"reveal": func(rt *rapid.T) { _, err := d.p.RevealFee(d.account, pick(), ""); note("", err) },
			"refund": func(rt *rapid.T) {
				d.n++
				note(d.p.Refund(d.account, fmt.Sprint("r", d.n), pick(), amount.Draw(rt, "amount"), rapid.Bool().Draw(rt, "back"), "", ""))
			},
			"unpay":    func(rt *rapid.T) { note(d.p.ReversePayment(d.account, pick(), "")) },
			"unrefund": func(rt *rapid.T) { note(d.p.FailRefund(d.account, pick(), "")) },
			"dispute": func(rt *rapid.T) {
				note(d.p.OpenDispute(d.account, pick(), amount.Draw(rt, "amount"), rapid.SampledFrom([]string{"with", "apart", "none"}).Draw(rt, "fee"), ""))
			},
			"close": func(rt *rapid.T) {
				note(d.p.CloseDispute(d.account, pick(), rapid.Bool().Draw(rt, "won"), rapid.Bool().Draw(rt, "back"), ""))
			},
			"payout": func(rt *rapid.T) {
				note(d.p.Payout(d.account, rapid.SampledFrom([]money.Currency{"EUR", "JPY"}).Draw(rt, "currency"), ""))
			},
			"unpayout": func(rt *rapid.T) { note(d.p.ReversePayout(d.account, pick(), "")) },
			"adjust": func(rt *rapid.T) {
				note(d.p.Book(d.account, gateway.KindAdjustment, amount.Draw(rt, "amount").Neg(), "", ""))
			},
			"": func(rt *rapid.T) {
				for caughtUp := false; !caughtUp; {
					r := gateway.ListRequest{Cursor: cursor, Limit: rapid.IntRange(1, 5).Draw(rt, "limit")}
					page, err := d.g.ListPayments(t.Context(), r)
					if err == nil {
						err = gateway.CheckPage(r, page)
					}
					if err != nil {
						rt.Fatal(err)
					}
					for _, p := range page.Payments {
						if err := gateway.CheckPayment(p); err != nil {
							rt.Fatal(err)
						}
						seen[p.ID] = p
					}
					cursor, caughtUp = page.Next, page.CaughtUp
				}
				sum := map[money.Currency]int64{}
				for id, p := range seen {
					now, err := d.g.FetchPayment(t.Context(), id)
					if err != nil || !reflect.DeepEqual(now, p) {
						rt.Fatalf("the list last showed %+v, it is %+v (%v)", p, now, err)
					}
					switch {
					case p.State != gateway.Succeeded:
					case p.FeeState == gateway.FeeKnown:
						sum[p.Gross.Currency()] += p.Net.Minor()
					case p.Kind.Inflow():
						sum[p.Gross.Currency()] += p.Gross.Minor()
					default:
						sum[p.Gross.Currency()] -= p.Gross.Minor()
					}
				}
				for _, m := range d.p.Balance(d.account) {
					if sum[m.Currency()] != m.Minor() {
						rt.Fatalf("it holds %s, the list makes %d", m, sum[m.Currency()])
					}
				}
				for _, id := range ids {
					if _, ok := seen[id]; id != "" && !ok {
						rt.Fatalf("%s was made and never listed", id)
					}
				}
				if rapid.IntRange(0, 9).Draw(rt, "restart") > 0 {
					return
				}
				// As after kill -9: another process, the same journal.
				copied, err := os.ReadFile(filepath.Join(dir, "live", "journal"))
				other := filepath.Join(dir, "copy")
				if err == nil {
					err = errors.Join(os.RemoveAll(other), os.MkdirAll(other, 0o700), os.WriteFile(filepath.Join(other, "journal"), copied, 0o600))
				}
				if err != nil {
					rt.Fatal(err)
				}
				s2 := sandbox.New(sandbox.Options{Dir: other, Listen: "127.0.0.1:0"})
				defer s2.Close()
				d2 := &desk{s: s2, c: d.c, account: d.account}
				if d2.p, err = s2.Provider(); err != nil {
					rt.Fatal(err)
				}
				if d2.g, err = s2.Open(t.Context(), d.c); err != nil {
					rt.Fatal(err)
				}
				if a, b := d.state(rt), d2.state(rt); !reflect.DeepEqual(a, b) {
					rt.Fatalf("after a restart:\n%+v\nbefore:\n%+v", b, a)
				}
			},
		})
	})
}

func TestManyAtOnce(t *testing.T) {
	d := newDesk(t, sandbox.Options{})
	const payers = 16
	var wg sync.WaitGroup
	for i := range payers {
		wg.Go(func() {
			r := gateway.CheckoutRequest{
				IdempotencyKey: fmt.Sprint("k", i), Reference: fmt.Sprint("k", i), Amount: eur(10_000), ReturnURL: "http://127.0.0.1:9/", CancelURL: "http://127.0.0.1:9/",
			}
			page, err := d.g.CreateCheckout(context.Background(), r)
			if err != nil {
				t.Error(err)
				return
			}
			paid := make(chan error, 3)
			for range 3 { // of three clicks on one page one counts
				go func() { _, err := d.p.Pay(page.SessionID, sandbox.Outcome{How: sandbox.Pays}); paid <- err }()
			}
			n := 0
			for range 3 {
				if <-paid == nil {
					n++
				}
			}
			s, err := d.g.SettleCheckout(context.Background(), gateway.SettleRequest{SessionID: page.SessionID})
			if err != nil || n != 1 || len(s.Payments) != 1 {
				t.Errorf("%d of 3 clicks paid, %d payments, %v", n, len(s.Payments), err)
				return
			}
			refunds := make(chan error, 4)
			for j := range 4 { // of which two fit
				go func() {
					_, err := d.p.Refund(d.account, fmt.Sprint("k", i, "r", j), s.Payments[0].ID, eur(4_000), false, "", "")
					refunds <- err
				}()
			}
			for range 4 {
				<-refunds
			}
			_, _ = d.g.ListPayments(context.Background(), gateway.ListRequest{Limit: 3})
		})
	}
	wg.Wait()
	d.holds(t, payers*(9_835-8_000))
}

func TestSettings(t *testing.T) {
	s := sandbox.New(sandbox.Options{Dir: t.TempDir()})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	check := func(c gateway.Connection) (gateway.Account, error) {
		g, err := s.Open(t.Context(), c)
		if err != nil {
			return gateway.Account{}, err
		}
		return g.Check(t.Context())
	}
	own, err := check(gateway.Connection{ID: "gw_1", Mode: gateway.Live, Settings: map[string]string{"merchant_name": "M"}})
	if err != nil || own.Mode != gateway.Test {
		t.Errorf("without a key: %+v, %v", own, err)
	}
	if other, err := check(gateway.Connection{ID: "gw_2", Settings: map[string]string{"merchant_name": "M"}}); err != nil || other.ID == own.ID {
		t.Errorf("without a key, two connections open %s and %s (%v)", own.ID, other.ID, err)
	}
	a, err := check(gateway.Connection{ID: "gw_3", Settings: map[string]string{"merchant_name": "M", "api_key": "sk_sandbox_limited00000000"}})
	if err != nil || len(a.Missing) != 1 {
		t.Errorf("a limited key: %+v, %v", a, err)
	}
	if b, err := check(gateway.Connection{ID: "gw_4", Settings: map[string]string{"merchant_name": "M", "api_key": "sk_sandbox_limited00000000"}}); err != nil || b.ID != a.ID {
		t.Errorf("one key opens %s and %s (%v)", a.ID, b.ID, err)
	}
	for setting, c := range map[string]gateway.Connection{
		"api_key":       {ID: "gw_5", Settings: map[string]string{"merchant_name": "M", "api_key": "sk_live_0123456789abcdef"}},
		"merchant_name": {ID: "gw_6"},
	} {
		_, err := check(c)
		if e := gateway.AsError(err); e == nil || e.Kind != gateway.ErrConfig || e.Outcome != gateway.NotDone || e.Setting != setting {
			t.Errorf("%s: %v", setting, err)
		}
	}
	if _, err := check(gateway.Connection{Settings: map[string]string{"merchant_name": "M"}}); gateway.AsError(err).Setting != "api_key" {
		t.Errorf("neither key nor id: %v", err)
	}
}

func TestACursorOfAWipedSandboxBeginsAnew(t *testing.T) {
	old := newDesk(t, sandbox.Options{})
	for range 3 {
		old.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	}
	page, err := old.g.ListPayments(t.Context(), gateway.ListRequest{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	fresh := newDesk(t, sandbox.Options{})
	p := fresh.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	if page, err = fresh.g.ListPayments(t.Context(), gateway.ListRequest{Cursor: page.Next, Limit: 10}); err != nil || len(page.Payments) != 1 || page.Payments[0].ID != p.ID {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestSinceCutsTheFirstImportOnly(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	d := newDesk(t, sandbox.Options{Now: func() time.Time { return now }})
	d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	now = now.Add(24 * time.Hour)
	p := d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	page, err := d.g.ListPayments(t.Context(), gateway.ListRequest{Since: now.Add(-time.Hour), Limit: 10})
	if err != nil || len(page.Payments) != 1 || page.Payments[0].ID != p.ID {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestOneProcessHasTheFolder(t *testing.T) {
	dir := t.TempDir()
	first := newDesk(t, sandbox.Options{Dir: dir})
	second := sandbox.New(sandbox.Options{Dir: dir})
	_, err := second.Open(t.Context(), first.c)
	if e := gateway.AsError(err); e == nil || e.Kind != gateway.ErrRetryable || e.Outcome != gateway.NotDone || e.Code != "state_in_use" {
		t.Errorf("%v", err)
	}
	if err := first.s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Open(t.Context(), first.c); err != nil {
		t.Errorf("after the first has let go: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
}

func TestOrderedFaults(t *testing.T) {
	d := newDesk(t, sandbox.Options{})
	d.p.Inject(d.account, sandbox.Fault{Call: "check", Kind: gateway.ErrRetryable, Outcome: gateway.NotDone, Times: 2})
	d.p.Inject(d.account, sandbox.Fault{Call: "create_checkout", Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Done: true})
	for range 2 {
		if _, err := d.g.Check(t.Context()); gateway.AsError(err).Outcome != gateway.NotDone {
			t.Errorf("check: %v", err)
		}
	}
	if _, err := d.g.Check(t.Context()); err != nil {
		t.Errorf("after the ordered failures: %v", err)
	}
	r := d.request(eur(1000))
	if _, err := d.g.CreateCheckout(t.Context(), r); gateway.AsError(err).Outcome != gateway.Unknown {
		t.Errorf("lost answer: %v", err)
	}
	c, err := d.p.Console(d.account, 10)
	if err != nil || len(c.Sessions) != 1 {
		t.Fatalf("the call did not do its work: %+v, %v", c.Sessions, err)
	}
	if page, err := d.g.CreateCheckout(t.Context(), r); err != nil || page.SessionID != c.Sessions[0].ID {
		t.Errorf("the same key again: %+v, %v", page, err)
	}
	d.p.Inject(d.account, sandbox.Fault{Kind: sandbox.FaultHang})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.g.Check(ctx); gateway.AsError(err).Outcome != gateway.Unknown {
		t.Errorf("hang: %v", err)
	}
}

// TestRecord tells the sandbox a story, which then goes on at the sandbox itself.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	d := newDesk(t, sandbox.Options{Dir: dir})
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	const payments = 12_000
	var story []gateway.Payment
	for i := range payments {
		story = append(story, gateway.Payment{
			ID: fmt.Sprint("pay_story_", i), Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: eur(10_000), FeeState: gateway.FeeKnown, Fee: eur(165), Net: eur(9_835),
			Reference: fmt.Sprint("att_story_", i), Payer: gateway.Payer{Name: "Mme X"}, OccurredAt: at.Add(time.Duration(i) * time.Minute),
		})
	}
	late := story[0]
	late.ID, late.FeeState, late.Fee, late.Net = "pay_story_late", gateway.FeeUnknown, money.Money{}, money.Money{}
	story = append(story, late, gateway.Payment{
		ID: "re_story", Kind: gateway.KindRefund, State: gateway.Succeeded, Gross: eur(4_000), FeeState: gateway.FeeNone, RelatedID: "pay_story_1", OccurredAt: at.Add(time.Hour),
	})
	cursor, err := d.s.Record(t.Context(), d.c, story)
	if err != nil {
		t.Fatal(err)
	}
	d.holds(t, payments*9_835+10_000-4_000)
	if page, err := d.g.ListPayments(t.Context(), gateway.ListRequest{Cursor: cursor, Limit: 10}); err != nil || len(page.Payments) != 0 || !page.CaughtUp || page.Next != cursor {
		t.Errorf("behind the story: %+v, %v", page, err)
	}
	page, err := d.g.ListPayments(t.Context(), gateway.ListRequest{Limit: 1})
	if err != nil || page.Payments[0].ID != "pay_story_0" || !page.Payments[0].OccurredAt.Equal(at) {
		t.Errorf("the story's beginning: %+v, %v", page, err)
	}

	told := d.fetch(t, must(t)(d.p.RevealFee(d.account, "pay_story_late", "")))
	if told.Fee.Minor() != 165 {
		t.Errorf("the late fee: %+v", told)
	}
	_, err = d.p.Refund(d.account, "k", "pay_story_1", eur(6_001), false, "", "")
	refused(t, err, "amount_too_large")
	must(t)(d.p.Refund(d.account, "k", "pay_story_1", eur(6_000), false, "", ""))
	changed := story[2]
	changed.PayoutID = "po_story"
	if _, err := d.s.Record(t.Context(), d.c, []gateway.Payment{changed}); err != nil {
		t.Fatal(err)
	}
	if page, err = d.g.ListPayments(t.Context(), gateway.ListRequest{Cursor: cursor, Limit: 10}); err != nil || len(page.Payments) != 3 || page.Payments[2].PayoutID != "po_story" {
		t.Errorf("what came after the story: %+v, %v", page, err)
	}
	changed.Kind = gateway.KindPayout
	_, err = d.s.Record(t.Context(), d.c, []gateway.Payment{changed})
	if e := gateway.AsError(err); e == nil {
		t.Error("a payment became a payout")
	}

	before := d.state(t)
	if err := d.s.Close(); err != nil {
		t.Fatal(err)
	}
	again := newDesk(t, sandbox.Options{Dir: dir})
	if after := again.state(t); !reflect.DeepEqual(after, before) {
		t.Error("after a restart the story is another one")
	}
}
