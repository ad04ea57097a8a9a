package paypal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/gatewaytest"
	"github.com/acquit-app/acquit/plugins/paypal"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// morning is when most tests begin.
var morning = time.Date(2026, 11, 3, 10, 20, 30, 0, time.UTC)

// world is a fake PayPal under contract, and a connector in front of it.
type world struct {
	tb       testing.TB
	fake     *paypalfake.Fake
	server   *httptest.Server
	contract *contract
	clock    *clock
	driver   gateway.Driver

	mu sync.Mutex
	n  int
}

// newWorld makes a world whose clock stands still until it is moved.
func newWorld(tb testing.TB, start time.Time) *world {
	tb.Helper()
	w := &world{tb: tb, clock: &clock{t: start}}
	var err error
	if w.fake, err = paypalfake.New(paypalfake.Options{Now: w.clock.now}); err != nil {
		tb.Fatal(err)
	}
	w.contract = underContract(tb, w.fake)
	w.server = httptest.NewServer(w.contract)
	tb.Cleanup(w.server.Close)
	w.fake.SetBase(w.server.URL)
	w.driver = paypal.New(paypal.Options{Now: w.clock.now})
	return w
}

// connect opens a merchant's account at the fake, with a webhook.
func (w *world) connect(change ...func(*paypalfake.AccountOptions)) gateway.Connection {
	w.mu.Lock()
	w.n++
	n := w.n
	w.mu.Unlock()
	o := paypalfake.AccountOptions{ClientID: fmt.Sprintf("client-%04d-abcdef", n), Secret: fmt.Sprintf("secret-%04d-%s", n, "EHPcfq1nJQ")}
	for _, f := range change {
		f(&o)
	}
	w.fake.AddAccount(o)
	c := gateway.Connection{
		ID: fmt.Sprintf("gw_%d", n), Mode: gateway.Test, WebhookURL: fmt.Sprintf("http://127.0.0.1:9/webhook/%d", n),
		Settings: map[string]string{
			"mode": "sandbox", "client_id": o.ClientID, "client_secret": o.Secret, "api_url": w.server.URL, "brand_name": "Atelier Dupré", "verify": "paypal",
		},
	}
	g, err := w.driver.Open(context.Background(), c)
	if err != nil {
		w.tb.Fatal(err)
	}
	more, err := g.(gateway.WebhookInstaller).InstallWebhook(context.Background(), c.WebhookURL)
	if err != nil {
		w.tb.Fatal(err)
	}
	for k, v := range more {
		c.Settings[k] = v
	}
	return c
}

func (w *world) merchant(c gateway.Connection) string {
	return w.fake.Merchant(c.Settings["client_id"])
}

// shop is one connection in use.
type shop struct {
	*world
	t        *testing.T
	conn     gateway.Connection
	g        gateway.Gateway
	merchant string
}

func newShop(t *testing.T, change ...func(*paypalfake.AccountOptions)) *shop {
	t.Helper()
	return newWorld(t, morning).shop(t, change...)
}

func (w *world) shop(t *testing.T, change ...func(*paypalfake.AccountOptions)) *shop {
	t.Helper()
	s := &shop{world: w, t: t, conn: w.connect(change...)}
	s.g = s.reopen()
	s.merchant = w.merchant(s.conn)
	return s
}

func (s *shop) reopen() gateway.Gateway {
	s.t.Helper()
	g, err := s.driver.Open(s.t.Context(), s.conn)
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

func (s *shop) request(key string, amount money.Money) gateway.CheckoutRequest {
	return gateway.CheckoutRequest{
		IdempotencyKey: key, Reference: key, Amount: amount, Description: "Facture FA2026-0012 à régler", Document: "FA2026-0012",
		CustomerName: "Élodie Martin", CustomerEmail: "elodie@example.test", Locale: "fr-FR",
		ReturnURL: "http://127.0.0.1:9/p/tok/return?attempt=" + key, CancelURL: "http://127.0.0.1:9/p/tok/return?attempt=" + key, ExpiresAt: time.Now().Add(time.Hour),
	}
}

func (s *shop) create(key string, amount money.Money) gateway.Checkout {
	s.t.Helper()
	page, err := s.g.CreateCheckout(s.t.Context(), s.request(key, amount))
	if err != nil {
		s.t.Fatal(err)
	}
	return page
}

// approve opens a page and lets a payer agree.
func (s *shop) approve(key string, amount money.Money, o paypalfake.Outcome) gateway.Checkout {
	s.t.Helper()
	page := s.create(key, amount)
	if err := s.fake.Pay(page.SessionID, o); err != nil {
		s.t.Fatal(err)
	}
	return page
}

func (s *shop) settle(key string, page gateway.Checkout, capture bool) (gateway.CheckoutStatus, error) {
	st, err := s.g.SettleCheckout(s.t.Context(), gateway.SettleRequest{SessionID: page.SessionID, IdempotencyKey: key + ":capture", Capture: capture})
	if err == nil {
		err = gateway.CheckStatus(st)
	}
	return st, err
}

func (s *shop) mustSettle(key string, page gateway.Checkout, capture bool) gateway.CheckoutStatus {
	s.t.Helper()
	st, err := s.settle(key, page, capture)
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

// paid is a payment made and captured.
func (s *shop) paid(key string, amount money.Money, o paypalfake.Outcome) gateway.Payment {
	s.t.Helper()
	st := s.mustSettle(key, s.approve(key, amount, o), true)
	if len(st.Payments) != 1 {
		s.t.Fatalf("a captured page is %s with %d payments", st.State, len(st.Payments))
	}
	return st.Payments[0]
}

func (s *shop) fetch(id string) gateway.Payment {
	s.t.Helper()
	p, err := s.g.FetchPayment(s.t.Context(), id)
	if err == nil {
		err = gateway.CheckPayment(p)
	}
	if err != nil {
		s.t.Fatalf("fetch %s: %v", id, err)
	}
	return p
}

// list reads on from a cursor to the end.
func (s *shop) list(cursor string) ([]gateway.Payment, string) {
	s.t.Helper()
	all, next, err := listOn(s.t.Context(), s.g, cursor, time.Time{}, 50)
	if err != nil {
		s.t.Fatal(err)
	}
	return all, next
}

func listOn(ctx context.Context, g gateway.Gateway, cursor string, since time.Time, limit int) (all []gateway.Payment, next string, err error) {
	for range 5000 {
		r := gateway.ListRequest{Cursor: cursor, Since: since, Limit: limit}
		page, err := g.ListPayments(ctx, r)
		if err == nil {
			err = gateway.CheckPage(r, page)
		}
		if err != nil {
			return all, cursor, err
		}
		if len(page.Payments) > limit {
			return all, cursor, fmt.Errorf("a page of %d where %d were asked for", len(page.Payments), limit)
		}
		for _, p := range page.Payments {
			if err := gateway.CheckPayment(p); err != nil {
				return all, cursor, err
			}
		}
		all, cursor = append(all, page.Payments...), page.Next
		if page.CaughtUp {
			return all, cursor, nil
		}
	}
	return all, cursor, errors.New("the list does not end")
}

// latest is the last that was said of each movement.
func latest(all []gateway.Payment) map[string]gateway.Payment {
	out := map[string]gateway.Payment{}
	for _, p := range all {
		out[string(p.Kind)+" "+p.ID] = p
	}
	return out
}

// effect is what a movement does to the balance.
func effect(p gateway.Payment) money.Money {
	switch {
	case p.State != gateway.Succeeded:
		return money.Zero(p.Gross.Currency())
	case p.FeeState == gateway.FeeKnown:
		return p.Net
	case p.Kind.Inflow():
		return p.Gross
	}
	return p.Gross.Neg()
}

// proves says that the movements listed make the balance, to the cent and in each currency.
func (s *shop) proves(all []gateway.Payment) {
	s.t.Helper()
	sums := map[money.Currency]int64{}
	for _, p := range latest(all) {
		sums[p.Gross.Currency()] += effect(p).Minor()
	}
	held, err := s.g.(gateway.BalanceReader).Balance(s.t.Context())
	if err == nil {
		err = gateway.CheckBalance(held)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range held {
		if sums[m.Currency()] != m.Minor() {
			s.t.Errorf("PayPal holds %s, the movements make %s", m, money.Of(sums[m.Currency()], m.Currency()))
		}
		delete(sums, m.Currency())
	}
	for cur, v := range sums {
		if v != 0 {
			s.t.Errorf("the movements make %s, of which PayPal holds nothing", money.Of(v, cur))
		}
	}
}

func wants(t *testing.T, err error, kind gateway.ErrorKind, outcome gateway.Outcome) *gateway.Error {
	t.Helper()
	var e *gateway.Error
	if !errors.As(err, &e) {
		t.Fatalf("no error of the port: %v", err)
	}
	if e.Kind != kind || e.Outcome != outcome {
		t.Fatalf("%v where %s (%s) was due", e, kind, outcome)
	}
	return e
}

var eur = func(minor int64) money.Money { return money.Of(minor, money.EUR) }

// Everybody else, for the conformance suite.

func (w *world) Pay(ctx context.Context, c gateway.Connection, page gateway.Checkout, way gatewaytest.Way) error {
	o := map[gatewaytest.Way]paypalfake.Outcome{
		gatewaytest.Paid:         {Act: paypalfake.Pays},
		gatewaytest.PaidFeeLater: {Act: paypalfake.Later},
		gatewaytest.Pending:      {Act: paypalfake.Pend, Reason: "ECHECK"},
		gatewaytest.Declined:     {Act: paypalfake.Decline},
	}[way]
	w.clock.pass(2 * time.Second) // PayPal tells time in seconds, and within one it has no order
	if err := w.fake.Pay(page.SessionID, o); err != nil {
		return err
	}
	// The merchant takes the money as the host does when the payer comes back.
	g, err := w.driver.Open(ctx, c)
	if err != nil {
		return err
	}
	_, err = g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: page.SessionID, IdempotencyKey: page.SessionID + ":capture", Capture: true})
	return err
}

func (w *world) Settle(_ context.Context, _ gateway.Connection, payment string, paid bool) error {
	return w.fake.SettleCapture(payment, paid)
}

func (w *world) TellFee(_ context.Context, _ gateway.Connection, payment string) error {
	return w.fake.TellFee(payment)
}

func (w *world) Payout(_ context.Context, c gateway.Connection, cur money.Currency) error {
	_, err := w.fake.Withdraw(w.merchant(c), cur, 0)
	return err
}

func (w *world) LoseAnswer(context.Context, gateway.Connection) error {
	w.fake.Inject(paypalfake.Fault{Method: "POST", Path: "/v2/checkout/orders", Kind: paypalfake.FaultDrop, After: true})
	return nil
}

func (w *world) Webhook(_ context.Context, c gateway.Connection, page gateway.Checkout) (gateway.Delivery, error) {
	all := w.fake.Deliveries(w.merchant(c), time.Time{})
	for i := len(all) - 1; i >= 0; i-- {
		if id := w.fake.CaptureOf(page.SessionID); contains(all[i].Body, page.SessionID) || id != "" && contains(all[i].Body, id) {
			return delivery(all[i]), nil
		}
	}
	return gateway.Delivery{}, errors.New("nothing has happened")
}

func delivery(d paypalfake.Delivery) gateway.Delivery {
	out := gateway.Delivery{Body: d.Body, ReceivedAt: d.At}
	for name, values := range d.Header {
		for _, v := range values {
			out.Headers = append(out.Headers, gateway.Header{Name: name, Value: v})
		}
	}
	return out
}
