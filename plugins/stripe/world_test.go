package stripe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stripe/stripe-mock/embedded"
	mock "github.com/stripe/stripe-mock/server"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// contract holds every request against stripe-mock, Stripe's own validator of parameters, in strict mode, and every answer
// of the fake against Stripe's OpenAPI description of the same version. Nobody here wrote either.
type contract struct {
	stub  *mock.StubServer
	paths []described
}

type described struct {
	pattern *regexp.Regexp
	item    *openapi3.PathItem
}

var loadContract = sync.OnceValues(func() (*contract, error) {
	spec, err := mock.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		return nil, err
	}
	fixtures, err := mock.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		return nil, err
	}
	c := &contract{}
	if c.stub, err = mock.NewStubServer(fixtures, spec, true, false); err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(embedded.OpenAPISpec)
	if err != nil {
		return nil, err
	}
	for path, item := range doc.Paths.Map() {
		if strings.HasPrefix(path, "/v1/") {
			p := regexp.MustCompile(`\{[^}]+\}`).ReplaceAllString(path, `[^/]+`)
			c.paths = append(c.paths, described{regexp.MustCompile(`\A` + p + `\z`), item})
		}
	}
	return c, nil
})

// future are types that this version of Stripe's description does not know, and that a test plays on purpose.
var future = regexp.MustCompile(`"type": "(of_2031|reserve_hold)"`)

// quiet silences stripe-mock, which prints every request to standard output, until the test ends.
func quiet(tb testing.TB) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		tb.Fatal(err)
	}
	was := os.Stdout
	os.Stdout = null
	tb.Cleanup(func() {
		os.Stdout = was
		_ = null.Close()
	})
}

// front puts the contract before a fake. What breaks it is an error of the test, whatever else happens.
func (c *contract) front(tb testing.TB, fake http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/v1/") {
			fake.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		asked := r.Clone(r.Context())
		asked.Body = io.NopCloser(bytes.NewReader(body))
		stub := httptest.NewRecorder()
		c.stub.HandleRequest(stub, asked)
		if stub.Code != http.StatusOK && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer sk_live_") {
			tb.Errorf("%s %s breaks the contract: %d %s", r.Method, r.URL, stub.Code, stub.Body)
		}
		if v := r.Header.Get("Stripe-Version"); v != stripefake.Version {
			tb.Errorf("%s %s asks for version %q", r.Method, r.URL, v)
		}
		if n := len(r.Form["expand"]); n > 4 {
			tb.Errorf("%d expansions", n)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		seen := &seen{ResponseWriter: w, status: http.StatusOK}
		fake.ServeHTTP(seen, r)
		if seen.status == http.StatusOK && !future.Match(seen.body.Bytes()) && json.Valid(seen.body.Bytes()) && seen.body.String() != "{}\n" {
			if err := c.answers(r, seen.body.Bytes()); err != nil {
				tb.Errorf("the fake's answer to %s %s: %v", r.Method, r.URL, err)
			}
		}
	})
}

type seen struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

func (s *seen) WriteHeader(status int) { s.status = status; s.ResponseWriter.WriteHeader(status) }
func (s *seen) Write(b []byte) (int, error) {
	s.body.Write(b)
	return s.ResponseWriter.Write(b)
}

func (c *contract) answers(r *http.Request, body []byte) error {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	for _, d := range c.paths {
		op := d.item.GetOperation(r.Method)
		if op == nil || !d.pattern.MatchString(r.URL.Path) {
			continue
		}
		return op.Responses.Status(http.StatusOK).Value.Content["application/json"].Schema.Value.VisitJSON(v)
	}
	return fmt.Errorf("the description knows no %s %s", r.Method, r.URL.Path)
}

// clock is a clock that a test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// bench is a fake Stripe behind the contract, with the connector onto one account of it.
type bench struct {
	testing.TB

	clock   *clock
	fake    *stripefake.Fake
	url     string
	driver  *stripe.Driver
	account string
	key     string
	gateway gateway.Gateway
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	return benchOf(tb, stripefake.Account{}, stripe.Options{})
}

func benchOf(tb testing.TB, a stripefake.Account, o stripe.Options) *bench {
	tb.Helper()
	quiet(tb)
	b := &bench{TB: tb, clock: newClock()}
	var err error
	if b.fake, err = stripefake.New(stripefake.Options{Now: b.clock.Now}); err != nil {
		tb.Fatal(err)
	}
	b.url = serve(tb, b.fake)
	o.Now = b.clock.Now
	b.driver = stripe.New(o)
	b.account, b.key = b.fake.Open(a)
	b.gateway = b.open(b.connection())
	return b
}

// serve serves a fake behind the contract.
func serve(tb testing.TB, f *stripefake.Fake) string {
	tb.Helper()
	c, err := loadContract()
	if err != nil {
		tb.Fatal(err)
	}
	s := httptest.NewServer(c.front(tb, f))
	tb.Cleanup(s.Close)
	f.SetURL(s.URL)
	return s.URL
}

func (b *bench) connection() gateway.Connection {
	return gateway.Connection{ID: "gw_1", Mode: gateway.Test, Settings: map[string]string{"secret_key": b.key, "api_url": b.url, "methods": "dashboard"}}
}

func (b *bench) open(c gateway.Connection) gateway.Gateway {
	b.Helper()
	g, err := b.driver.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	return g
}

// with opens the account with one setting changed.
func (b *bench) with(name, value string) gateway.Gateway {
	b.Helper()
	c := b.connection()
	c.Settings[name] = value
	return b.open(c)
}

func eur(minor int64) money.Money { return money.Of(minor, money.EUR) }

func (b *bench) request(key string, amount money.Money) gateway.CheckoutRequest {
	return gateway.CheckoutRequest{
		IdempotencyKey: key, Reference: key, Amount: amount, Description: "Facture FA2026-0012", Document: "FA2026-0012", CustomerName: "Élodie Martin",
		CustomerEmail: "elodie@example.test", Locale: "fr-FR", ReturnURL: "http://127.0.0.1:9/back", CancelURL: "http://127.0.0.1:9/cancel", ExpiresAt: b.clock.Now().Add(time.Hour),
	}
}

// page opens a pay page.
func (b *bench) page(key string, amount money.Money) gateway.Checkout {
	b.Helper()
	p, err := b.gateway.CreateCheckout(b.Context(), b.request(key, amount))
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// paid opens a page, lets a payer pay it and returns page and payment.
func (b *bench) paid(key string, amount money.Money, how stripefake.How) (page gateway.Checkout, payment string) {
	b.Helper()
	page = b.page(key, amount)
	id, err := b.fake.Pay(page.SessionID, how)
	if err != nil {
		b.Fatal(err)
	}
	return page, id
}

func (b *bench) look(page gateway.Checkout) gateway.CheckoutStatus {
	b.Helper()
	s, err := b.gateway.SettleCheckout(b.Context(), gateway.SettleRequest{SessionID: page.SessionID})
	if err != nil {
		b.Fatal(err)
	}
	if err := gateway.CheckStatus(s); err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) fetch(id string) gateway.Payment {
	b.Helper()
	p, err := b.gateway.FetchPayment(b.Context(), id)
	if err != nil {
		b.Fatalf("%s: %v", id, err)
	}
	if err := gateway.CheckPayment(p); err != nil {
		b.Fatal(err)
	}
	return p
}

// poll reads a list to its end.
func (b *bench) poll(cursor string, limit int) (all []gateway.Payment, next string) {
	b.Helper()
	return b.pollWith(b.gateway, cursor, limit)
}

func (b *bench) pollWith(g gateway.Gateway, cursor string, limit int) (all []gateway.Payment, next string) {
	b.Helper()
	for range 10_000 {
		r := gateway.ListRequest{Cursor: cursor, Limit: limit}
		p, err := g.ListPayments(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		if err := gateway.CheckPage(r, p); err != nil {
			b.Fatalf("%v: %s", err, cursor)
		}
		if len(p.Payments) > limit {
			b.Fatalf("a page of %d where %d were asked for", len(p.Payments), limit)
		}
		for _, m := range p.Payments {
			if err := gateway.CheckPayment(m); err != nil {
				b.Fatal(err)
			}
		}
		all, cursor = append(all, p.Payments...), p.Next
		if p.CaughtUp {
			return all, cursor
		}
	}
	b.Fatal("the list has no end")
	return nil, ""
}

// one finds the latest snapshot of a movement.
func one(tb testing.TB, all []gateway.Payment, kind gateway.Kind, id string) gateway.Payment {
	tb.Helper()
	var found gateway.Payment
	for _, p := range all {
		if p.Kind == kind && (id == "" || p.ID == id) {
			found = p
		}
	}
	if found.ID == "" {
		tb.Fatalf("no %s %s in %s", kind, id, say(all))
	}
	return found
}

func say(all []gateway.Payment) string {
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "\n  %s %s %s %s fee %s (%s) net %s", p.Kind, p.ID, p.State, p.Gross, p.Fee, p.FeeState, p.Net)
	}
	return b.String()
}

// wants checks the kind and outcome of an error.
func wants(tb testing.TB, err error, kind gateway.ErrorKind, outcome gateway.Outcome) *gateway.Error {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error where %s (%s) was due", kind, outcome)
	}
	e := gateway.AsError(err)
	if e.Kind != kind || e.Outcome != outcome {
		tb.Fatalf("%s (%s) where %s (%s) was due: %v", e.Kind, e.Outcome, kind, outcome, err)
	}
	return e
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

func delivery(d stripefake.Delivery, at time.Time) gateway.Delivery {
	return gateway.Delivery{Headers: []gateway.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Stripe-Signature", Value: d.Signature}}, Body: d.Body, ReceivedAt: at}
}

// deliveries finds those of a type, oldest first.
func (b *bench) deliveries(kind string) []stripefake.Delivery {
	b.Helper()
	var out []stripefake.Delivery
	for _, d := range b.fake.Deliveries(b.account) {
		if d.Type == kind {
			out = append(out, d)
		}
	}
	if len(out) == 0 {
		b.Fatalf("no %s", kind)
	}
	return out
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
