package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// side is the provider's side of a random run: payers, banks, the provider itself, and the network before it. What its
// methods say is for the log.
type side interface {
	driver() gateway.Driver
	settings() map[string]string
	pays(page string) string // a payer does something on the page at an address
	moves() string           // a bank, the provider or the merchant in its dashboard does something
	breaks() string          // some call to come goes wrong
	mends()
	hooks() []gateway.Delivery // webhook calls about what happened lately
	ends()                     // everything comes to where it goes no further
	holds() int64              // cents
	manual(payout string) bool // the provider does not say what this payout consists of
}

// behind is a provider with something before it.
func behind(h http.Handler, before []func(http.Handler) http.Handler) http.Handler {
	for _, b := range before {
		h = b(h)
	}
	return h
}

// stripeSide is Stripe's.
type stripeSide struct {
	rnd     *rand.Rand
	clock   *clock
	fake    *stripefake.Fake
	account string
	key     string
	url     string

	intents, debits, disputes, payouts, byHand []string
}

func newStripeSide(t *testing.T, rnd *rand.Rand, c *clock, before ...func(http.Handler) http.Handler) side {
	t.Helper()
	s := &stripeSide{rnd: rnd, clock: c}
	var err error
	if s.fake, err = stripefake.New(stripefake.Options{Now: c.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.fake.Close() })
	s.url = listen(t, behind(s.fake, before))
	s.fake.SetURL(s.url)
	s.account, s.key = s.fake.Open(stripefake.Account{Name: "Atelier Test", FeeTax: rnd.IntN(2) == 0})
	return s
}

func (s *stripeSide) driver() gateway.Driver {
	return stripe.New(stripe.Options{Now: s.clock.Now, CallLimit: 5 * time.Second})
}

func (s *stripeSide) settings() map[string]string {
	return map[string]string{"secret_key": s.key, "api_url": s.url, "methods": "dashboard"}
}

func (s *stripeSide) some(ids []string) string {
	id, _ := pick(s.rnd, ids)
	return id
}

// sessionOn is the id of the session behind the address of a pay page.
func (s *stripeSide) sessionOn(page string) string {
	page, _, _ = strings.Cut(page, "#")
	return page[strings.LastIndexByte(page, '/')+1:]
}

func (s *stripeSide) pays(page string) string {
	id := s.sessionOn(page)
	how := stripefake.How{FeeLater: s.rnd.IntN(4) == 0}
	switch s.rnd.IntN(6) {
	case 0:
		how.Decline = "do_not_honor"
	case 1, 2:
		how.Method = "sepa_debit"
	}
	intent, err := s.fake.Pay(id, how)
	if err == nil && how.Decline == "" {
		s.intents = append(s.intents, intent)
		if how.Method != "" {
			s.debits = append(s.debits, intent)
		}
	}
	return fmt.Sprintf("pays %s %+v: %s (%v)", id, how, intent, err)
}

func (s *stripeSide) moves() string {
	pick, f, a := s.rnd.IntN, s.fake, s.account
	var id, what string
	var err error
	switch n := pick(40); {
	case n < 8:
		id, what = s.some(s.debits), "debit-ends"
		err = f.SettleDebit(a, id, pick(3) > 0, "debit_not_authorized", int64(pick(2)*pick(500)))
	case n < 13:
		id, what = s.some(s.intents), "fee-told"
		err = f.TellFee(a, id)
	case n < 17:
		what = "refund-there"
		id, err = f.Refund(a, s.some(s.intents), int64(1+pick(50))*100, []string{"succeeded", "pending", "requires_action"}[pick(3)])
	case n < 20:
		id, what = s.some(f.Refunds(a)), "refund-ends"
		err = f.FinishRefund(a, id, pick(2) == 0, "")
	case n < 23:
		what = "dispute"
		if id, err = f.Dispute(a, s.some(s.intents), stripefake.Contest{Fee: int64(pick(2)) * 2_000, Apart: pick(2) == 0, Inquiry: pick(4) == 0}); err == nil {
			s.disputes = append(s.disputes, id)
		}
	case n < 26:
		id, what = s.some(s.disputes), "dispute-ends"
		err = f.CloseDispute(a, id, []string{"won", "lost"}[pick(2)], int64(pick(2))*2_000)
	case n < 27:
		id, what = s.some(s.disputes), "inquiry-is-a-dispute"
		err = f.Escalate(a, id, 2_000)
	case n < 30:
		what = "payout"
		automatic := pick(4) > 0
		if id, err = f.Payout(a, "eur", automatic, pick(2) == 0); err == nil {
			if s.payouts = append(s.payouts, id); !automatic {
				s.byHand = append(s.byHand, id)
			}
		}
	case n < 32:
		id, what = s.some(s.payouts), "payout-arrives"
		err = f.PayoutArrives(a, id)
		if err == nil && !s.manual(id) {
			err = f.Reconcile(a, id)
		}
	case n < 34:
		id, what = s.some(s.payouts), "payout-fails"
		err = f.FailPayout(a, id, "")
	case n < 35 && len(s.intents) > 0:
		id, what = s.some(s.intents), "charge-reversed"
		err = f.ReverseCharge(a, id)
	default:
		row := []stripefake.Row{
			{Type: "stripe_fee", Category: "fee", Amount: -int64(1 + pick(5_000))}, {Type: "stripe_fee", Category: "fee", Amount: int64(1 + pick(500))},
			{Type: "reserved_funds", Category: "risk_reserved_funds", Amount: -100}, {Type: "reserved_funds", Category: "risk_reserved_funds", Amount: 100},
			{Type: "adjustment", Category: "other_adjustment", Amount: int64(pick(900) - 450)}, {Type: "contribution", Category: "contribution", Amount: -int64(1 + pick(50))},
			{Type: "of_2031", Category: "of_2031", Amount: int64(1 + pick(400))},
		}[pick(7)]
		what = "books-" + row.Type
		id, err = f.Book(a, row)
	}
	return fmt.Sprintf("%s %s (%v)", what, id, err)
}

func (s *stripeSide) breaks() string {
	v := []stripefake.Fault{
		{Status: 500}, {Status: 429}, {Status: 409, Times: 2}, {Cut: true, Done: true}, {Cut: true}, {Malformed: true, Done: true}, {Status: 503, Done: true},
		{Status: 500, Done: true, Store: true}, {Status: 500, Store: true},
	}[s.rnd.IntN(9)]
	if s.clock.real {
		v.Store = false // nobody waits until Stripe forgets it
	}
	v.Path = []string{"", "", "/v1/checkout/sessions", "/v1/refunds", "/v1/balance_transactions", "/v1/payment_intents"}[s.rnd.IntN(6)]
	s.fake.Inject(s.account, v)
	return fmt.Sprintf("breaks %+v", v)
}

func (s *stripeSide) mends() { s.fake.ClearFaults(s.account) }

func (s *stripeSide) hooks() []gateway.Delivery {
	var out []gateway.Delivery
	for _, d := range s.fake.Latest(s.account, 30) {
		out = append(out, gateway.Delivery{Headers: []gateway.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Stripe-Signature", Value: d.Signature}},
			Body: d.Body, ReceivedAt: s.clock.Now()})
	}
	return out
}

func (s *stripeSide) ends() {
	for _, id := range s.intents {
		_ = s.fake.SettleDebit(s.account, id, true, "", 0)
		_ = s.fake.TellFee(s.account, id)
	}
	for _, id := range s.fake.Refunds(s.account) {
		_ = s.fake.FinishRefund(s.account, id, true, "")
	}
	for _, id := range s.payouts {
		_ = s.fake.PayoutArrives(s.account, id)
		if !s.manual(id) {
			_ = s.fake.Reconcile(s.account, id)
		}
	}
}

func (s *stripeSide) holds() int64 {
	var sum int64
	for _, r := range s.fake.Ledger(s.account) {
		if r.Currency == "eur" {
			sum += r.Net
		}
	}
	return sum
}

func (s *stripeSide) manual(payout string) bool { return slices.Contains(s.byHand, payout) }

// paypalSide is PayPal's.
type paypalSide struct {
	rnd      *rand.Rand
	clock    *clock
	fake     *paypalfake.Fake
	merchant string
	url      string
	verify   string
	born     map[string]time.Time

	disputes, withdrawals []string
}

const paypalClient = "client-of-the-workshop"

func newPaypalSide(t *testing.T, rnd *rand.Rand, c *clock, before ...func(http.Handler) http.Handler) side {
	t.Helper()
	s := &paypalSide{rnd: rnd, clock: c, verify: []string{"paypal", "certificate"}[rnd.IntN(2)], born: map[string]time.Time{}}
	var err error
	if s.fake, err = paypalfake.New(paypalfake.Options{Now: c.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.fake.Close() })
	s.url = listen(t, behind(s.fake, before))
	s.fake.SetBase(s.url)
	o := paypalfake.AccountOptions{ClientID: paypalClient, Secret: "secret-of-the-workshop", FeesReturned: rnd.IntN(2) == 0, RefundsPend: rnd.IntN(2) == 0, Zone: 120}
	if !c.real {
		o.Late, o.SearchSpan = 3*time.Hour, 20*24*time.Hour
	}
	s.merchant = s.fake.AddAccount(o)
	return s
}

func (s *paypalSide) driver() gateway.Driver { return paypal.New(paypal.Options{Now: s.clock.Now}) }

func (s *paypalSide) settings() map[string]string {
	return map[string]string{"mode": "sandbox", "client_id": paypalClient, "client_secret": "secret-of-the-workshop", "api_url": s.url, "verify": s.verify}
}

// orderOn is the order behind the address of a pay page.
func (s *paypalSide) orderOn(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return err.Error()
	}
	return u.Query().Get("token")
}

func (s *paypalSide) pays(page string) string {
	id := s.orderOn(page)
	act := []paypalfake.Act{paypalfake.Pays, paypalfake.Pays, paypalfake.Pays, paypalfake.Pend, paypalfake.Decline, paypalfake.Later, paypalfake.Cancel}[s.rnd.IntN(7)]
	return fmt.Sprintf("pays %s %s (%v)", id, act, s.fake.Pay(id, paypalfake.Outcome{Act: act}))
}

func (s *paypalSide) some(ids []string) string {
	id, _ := pick(s.rnd, ids)
	return id
}

func (s *paypalSide) moves() string {
	// PayPal ends what is pending within 30 days, and tells fees much sooner.
	for _, id := range append(s.fake.Captures(s.merchant), s.fake.Refunds(s.merchant)...) {
		if s.born[id].IsZero() {
			s.born[id] = s.clock.Now()
		} else if s.clock.Now().Sub(s.born[id]) > 15*24*time.Hour {
			s.end(id, s.rnd.IntN(3) > 0)
		}
	}
	pick, f := s.rnd.IntN, s.fake
	captures := f.Captures(s.merchant)
	var id, what string
	var err error
	switch n := pick(40); {
	case n < 6:
		id, what = s.some(captures), "capture-ends"
		err = f.SettleCapture(id, pick(3) > 0)
	case n < 10:
		id, what = s.some(captures), "fee-told"
		err = f.TellFee(id)
	case n < 14:
		what = "refund-there"
		minor := int64(1+pick(50)) * 100
		if pick(3) == 0 {
			minor = 0
		}
		id, err = f.RefundOutside(s.some(captures), minor)
	case n < 17:
		id, what = s.some(f.Refunds(s.merchant)), "refund-ends"
		err = f.SettleRefund(id, pick(3) > 0)
	case n < 18:
		id, what = s.some(f.Refunds(s.merchant)), "refund-returns"
		if was := "back " + id; s.born[was].IsZero() {
			s.born[was] = s.clock.Now()
			err = f.ReturnRefund(id)
		}
	case n < 22:
		what = "dispute"
		if id, err = f.OpenDispute(s.some(captures), pick(2) == 0, "UNAUTHORISED"); err == nil {
			s.disputes = append(s.disputes, id)
		}
	case n < 26:
		id, what = s.some(s.disputes), "dispute-ends"
		err = f.CloseDispute(id, pick(2) == 0)
	case n < 27:
		id, what = s.some(captures), "capture-reversed"
		err = f.Reverse(id)
	case n < 31:
		what = "withdrawal"
		if id, err = f.Withdraw(s.merchant, money.EUR, 0); err == nil {
			s.withdrawals = append(s.withdrawals, id)
		}
	case n < 33:
		if id, what = s.some(s.withdrawals), "withdrawal-returns"; id != "" {
			s.withdrawals = slices.DeleteFunc(s.withdrawals, func(w string) bool { return w == id })
			_, err = f.ReturnWithdrawal(s.merchant, id)
		}
	case n < 34:
		what = "tokens-revoked"
		f.RevokeTokens(paypalClient)
	default:
		code := []string{"T0100", "T0300", "T0700", "T1900", "T2103", "T2104", "T9912", "T1203"}[pick(8)]
		what = "writes-" + code
		id, err = f.Write(s.merchant, paypalfake.Line{Code: code, Minor: int64(pick(20_000)) - 10_000, Currency: money.EUR, Held: strings.HasPrefix(code, "T21"), NoBalance: pick(5) == 0})
	}
	return fmt.Sprintf("%s %s (%v)", what, id, err)
}

func (s *paypalSide) end(id string, well bool) {
	_ = s.fake.SettleCapture(id, well)
	_ = s.fake.TellFee(id)
	_ = s.fake.SettleRefund(id, well)
}

func (s *paypalSide) breaks() string {
	v := paypalfake.Fault{
		Path:   []string{"/v2/checkout/orders", "/v2/checkout/orders/*/capture", "/v2/payments", "/v1/reporting", "/v1/oauth2/token", "/v1/customer"}[s.rnd.IntN(6)],
		Kind:   []paypalfake.FaultKind{paypalfake.FaultDrop, paypalfake.FaultMalformed, paypalfake.FaultHTML, paypalfake.FaultStatus, paypalfake.FaultEmpty}[s.rnd.IntN(5)],
		Status: []int{500, 503, 429, 502}[s.rnd.IntN(4)], After: s.rnd.IntN(2) == 0,
	}
	s.fake.Inject(v)
	return fmt.Sprintf("breaks %+v", v)
}

func (s *paypalSide) mends() { s.fake.Mend() }

func (s *paypalSide) hooks() []gateway.Delivery {
	var out []gateway.Delivery
	for _, d := range s.fake.Latest(s.merchant, 12, time.Time{}) {
		v := gateway.Delivery{Body: d.Body, ReceivedAt: s.clock.Now()}
		for name, values := range d.Header {
			for _, value := range values {
				v.Headers = append(v.Headers, gateway.Header{Name: name, Value: value})
			}
		}
		out = append(out, v)
	}
	return out
}

func (s *paypalSide) ends() {
	for _, id := range append(s.fake.Captures(s.merchant), s.fake.Refunds(s.merchant)...) {
		s.end(id, true)
	}
}

func (s *paypalSide) holds() int64 { return s.fake.Balance(s.merchant, money.EUR).Minor() }

func (s *paypalSide) manual(string) bool { return true }
