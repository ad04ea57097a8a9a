package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// moment is when a connector's program is killed, as its request to the provider has it.
type moment string

const (
	beforeEffect moment = "before its effect" // the request is lost with the program
	afterEffect  moment = "after its effect"  // the provider did it; its answer is lost
	inFlight     moment = "while in flight"   // the provider does it after the program has died
)

// gate stands before a provider and holds one request, so that whoever sent it can be killed.
type gate struct {
	next http.Handler

	mu   sync.Mutex
	hold *held
}

type held struct {
	fits    *regexp.Regexp // of method and path
	when    moment
	arrived chan struct{} // closed when the request is held
	killed  chan struct{} // closed when its sender is dead
	over    chan struct{} // closed when all is done that will be
}

// arm holds the next request that fits.
func (g *gate) arm(fits *regexp.Regexp, when moment) *held {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold = &held{fits: fits, when: when, arrived: make(chan struct{}), killed: make(chan struct{}), over: make(chan struct{})}
	return g.hold
}

func (g *gate) take(r *http.Request) *held {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.hold
	if h == nil || !h.fits.MatchString(r.Method+" "+r.URL.Path) {
		return nil
	}
	g.hold = nil
	return h
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := g.take(r)
	if h == nil {
		g.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	do := func() {
		again := r.Clone(context.WithoutCancel(r.Context())) // the provider does not stop because the caller has gone
		again.Body = io.NopCloser(bytes.NewReader(body))
		g.next.ServeHTTP(httptest.NewRecorder(), again)
	}
	if h.when == afterEffect {
		do()
	}
	close(h.arrived)
	<-h.killed
	if h.when == inFlight {
		do()
	}
	close(h.over)
	panic(http.ErrAbortHandler)
}

// victim is a connector whose program is killed, and the provider before it.
type victim struct {
	side                         side
	create, settle, refund, list *regexp.Regexp
	pays                         func(page string) error
	pages, charges, refunds      func() int
}

func stripeVictim(t *testing.T, g *gate) victim {
	s := newStripeSide(t, rand.New(rand.NewPCG(1, 1)), &clock{real: true}, func(h http.Handler) http.Handler { g.next = h; return g }).(*stripeSide)
	var paid []string
	return victim{
		side:   s,
		create: regexp.MustCompile(`^POST /v1/checkout/sessions$`), settle: regexp.MustCompile(`^GET /v1/checkout/sessions/`),
		refund: regexp.MustCompile(`^POST /v1/refunds$`), list: regexp.MustCompile(`^GET /v1/(events|balance_transactions)`),
		pays: func(page string) error {
			id, err := s.fake.Pay(s.sessionOn(page), stripefake.How{})
			paid = append(paid, id)
			return err
		},
		pages:   func() int { return len(s.fake.Sessions(s.account)) },
		charges: func() int { return len(paid) }, // Stripe takes the money itself, on its page
		refunds: func() int { return len(s.fake.Refunds(s.account)) },
	}
}

func paypalVictim(t *testing.T, g *gate) victim {
	s := newPaypalSide(t, rand.New(rand.NewPCG(1, 1)), &clock{real: true}, func(h http.Handler) http.Handler { g.next = h; return g }).(*paypalSide)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.fake.SetOptions(s.merchant, func(o *paypalfake.AccountOptions) { o.RefundsPend = false }))
	return victim{
		side:   s,
		create: regexp.MustCompile(`^POST /v2/checkout/orders$`), settle: regexp.MustCompile(`^POST /v2/checkout/orders/[^/]+/capture$`),
		refund: regexp.MustCompile(`^POST /v2/payments/captures/[^/]+/refund$`), list: regexp.MustCompile(`^GET /v1/reporting/transactions`),
		pays:    func(page string) error { return s.fake.Pay(s.orderOn(page), paypalfake.Outcome{Act: paypalfake.Pays}) },
		charges: func() int { return len(s.fake.Captures(s.merchant)) },
		refunds: func() int { return len(s.fake.Refunds(s.merchant)) },
	}
}

// TestKillConnectors kills Stripe's and PayPal's programs, as an operating system out of memory does, while a request that
// opens a page, takes the money, gives it back or reads the list is before, in, or past its effect. Then whoever asked asks
// again. Each sale is one page, one charge, one refund, each of them one arrival, posted once.
func TestKillConnectors(t *testing.T) {
	for name, of := range map[string]func(*testing.T, *gate) victim{"stripe": stripeVictim, "paypal": paypalVictim} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(i *installation) {
				g := &gate{}
				v := of(i.t, g)
				i.do("plugin", "trust", name)
				k := newKilling(i)
				k.start()
				defer k.end()
				k.connect(k.apiClient, connector{gateway: name, settings: v.side.settings()})
				x := &execution{killing: k, gate: g, victim: v}
				for _, when := range []moment{beforeEffect, afterEffect, inFlight} {
					for _, call := range []string{"create", "settle", "list", "refund"} {
						x.run(call, when)
					}
				}
				k.stop()
				x.settled(name)
			})
		})
	}
}

// execution is an installation whose connector is killed.
type execution struct {
	*killing
	gate   *gate
	victim victim
	n      int
}

// run is a sale that is paid and given back, in which the connector's program is killed once.
func (x *execution) run(call string, when moment) {
	x.t.Helper()
	name := fmt.Sprintf("%s %s", call, when)
	pages, charges, refunds := x.count()
	during := func(step string, fits *regexp.Regexp, do func() error) {
		x.t.Helper()
		if step == call {
			x.killed(name, x.gate.arm(fits, when), do)
		}
		x.must(x.again(name+": "+step, do))
	}
	invoice, link := x.invoice()
	page := ""
	during("create", x.victim.create, func() (err error) { page, err = press(link); return err })
	x.must(x.victim.pays(page))
	during("settle", x.victim.settle, func() error { return visit(link + "/return") })
	seen := func() error {
		x.must(x.again(name+": list", x.refresh))
		for _, a := range x.arrivalsOf(invoice) {
			if a.Kind == gateway.KindPayment && a.GatewayState == gateway.Succeeded && a.FeeState == gateway.FeeKnown {
				return nil
			}
		}
		return errors.New("the payment is not seen")
	}
	if call == "list" {
		h := x.gate.arm(x.victim.list, when)
		x.killed(name, h, func() error { return x.again(name, func() error { return x.asks(h) }) })
	}
	x.must(x.again(name+": seen", seen))
	x.must(x.again(name+": integrate", x.integrate))
	receipt := x.arrivalsOf(invoice)[0].ReceiptID
	var refund struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	ask := func() error {
		if refund.ID != "" {
			err := x.call(http.MethodPost, "/refunds/"+refund.ID+"/retry", "", nil, &refund)
			if no := new(refusal); errors.As(err, &no) && no.Code == "refund_not_open" {
				err = nil
			}
			if err == nil && refund.State == "requested" {
				err = errors.New("its outcome is not known")
			}
			return err
		}
		err := x.call(http.MethodPost, "/receipts/"+receipt+"/refund", strings.ReplaceAll(name, " ", "-"), map[string]any{"amount": map[string]any{"amount": "120.00", "currency": "EUR"}}, &refund)
		if err == nil && refund.State == "requested" {
			err = errors.New("its outcome is not known")
		}
		return err
	}
	during("refund", x.victim.refund, ask)
	x.must(x.again(name+": given back", func() error {
		x.must(x.refresh())
		x.must(x.integrate())
		list := x.arrivalsOf(invoice)
		if len(list) == 2 && list[0].State == inbox.Integrated && list[1].State == inbox.Integrated {
			return nil
		}
		said := fmt.Sprintf("the refund is %s;", refund.State)
		for _, a := range list {
			said += fmt.Sprintf(" %s %s %s %s %s", a.Kind, a.ExternalID, a.GatewayState, a.State, a.Flags)
		}
		return errors.New(said)
	}))
	p, c, r := x.count()
	if p != pages+1 || c != charges+1 || r != refunds+1 {
		x.t.Errorf("%s: %d pages, %d charges, %d refunds", name, p-pages, c-charges, r-refunds)
	}
	x.n++
}

func (x *execution) count() (pages, charges, refunds int) {
	look := x.victim.pages
	if look == nil {
		look = x.victim.charges // PayPal shows nobody the orders that were not paid
	}
	return look(), x.victim.charges(), x.victim.refunds()
}

// killed does something, and kills the connector's program when its request is held.
func (x *execution) killed(name string, h *held, do func() error) {
	x.t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case <-h.arrived:
	case err := <-done:
		x.t.Fatalf("%s: nothing was asked of the provider: %v", name, err)
	}
	pids := children(x.t, x.cmd.Process.Pid)
	if len(pids) == 0 {
		x.t.Fatalf("%s: no program to kill", name)
	}
	for _, pid := range pids {
		x.must(syscall.Kill(pid, syscall.SIGKILL))
	}
	x.until("the program is dead", func() bool {
		for _, pid := range children(x.t, x.cmd.Process.Pid) {
			for _, dead := range pids {
				if pid == dead {
					return false
				}
			}
		}
		return true
	})
	close(h.killed)
	<-h.over
	<-done // whatever it came to, it is asked again
}

// asks refreshes, and says whether a request was held by it: a worker may be reading the list at this moment.
func (x *execution) asks(h *held) error {
	err := x.refresh()
	select {
	case <-h.arrived:
		return nil
	default:
		return errors.Join(err, errors.New("nothing was asked of the provider"))
	}
}

func (x *execution) refresh() error {
	return x.call(http.MethodPost, "/connections/"+x.conn.ID+"/refresh", "", nil, nil)
}

// invoice makes an invoice and returns the address of its pay page.
func (x *execution) invoice() (id, link string) {
	x.t.Helper()
	var invoice struct {
		ID string `json:"id"`
	}
	var l struct {
		URL string `json:"url"`
	}
	x.must(x.call(http.MethodPost, "/invoices", fmt.Sprint("create-", x.n), map[string]any{"customer_id": x.customer, "method_id": x.online,
		"lines": []map[string]any{{"description": "Article", "quantity": "1", "unit_price": "100.00", "vat_code": "S20B"}}}, &invoice))
	x.must(x.call(http.MethodPost, "/invoices/"+invoice.ID+"/issue", fmt.Sprint("issue-", x.n), nil, nil))
	x.must(x.call(http.MethodGet, "/pay-links/"+invoice.ID, "", nil, &l))
	return invoice.ID, l.URL
}

// arrivalsOf are the movements of an invoice, its payment first.
func (x *execution) arrivalsOf(invoice string) []app.ArrivalRow {
	x.t.Helper()
	page, err := x.store.Arrivals(x.ctx, x.company, app.ArrivalQuery{Paging: app.Paging{Limit: 200}})
	x.must(err)
	var out []app.ArrivalRow
	for _, a := range page.Items {
		switch {
		case a.DocumentID != invoice:
		case a.Kind == gateway.KindPayment:
			out = append([]app.ArrivalRow{a}, out...)
		default:
			out = append(out, a)
		}
	}
	return out
}

// settled holds the books against the provider.
func (x *execution) settled(name string) {
	x.t.Helper()
	h := x.house()
	defer func() { x.must(h.Close()) }()
	all, err := h.app.Connections(x.ctx, x.who)
	x.must(err)
	p := &played{side: x.victim.side, run1: &run1{world: &world{t: x.t, ctx: x.ctx, clock: &clock{real: true}, store: x.store, app: h.app, who: x.who}}}
	for _, c := range all {
		if c.Gateway == name {
			p.conn = c
		}
	}
	p.check()
	arrivals := p.arrivals()
	if len(arrivals) != 2*x.n || x.n == 0 {
		x.t.Errorf("%d sales, each paid and given back, made %d arrivals", x.n, len(arrivals))
	}
	if out := x.do("verify"); !strings.Contains(out, "sound") {
		x.t.Errorf("verify said %s", out)
	}
}

var payConnection = regexp.MustCompile(`name="connection" value="([^"]+)"`)

// press presses the button of a pay page and returns the address of the provider's.
func press(link string) (page string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(link)
	if err != nil {
		return "", err
	}
	said, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return "", err
	}
	token, connection := formToken.FindSubmatch(said), payConnection.FindSubmatch(said)
	if token == nil || connection == nil {
		return "", fmt.Errorf("the pay page (%s) has no button", res.Status)
	}
	if res, err = browser.PostForm(link, url.Values{"_csrf": {string(token[1])}, "connection": {string(connection[1])}}); err != nil {
		return "", err
	}
	if err := res.Body.Close(); err != nil {
		return "", err
	}
	if page = res.Header.Get("Location"); page == "" || strings.HasPrefix(page, link) || strings.HasPrefix(page, "/") {
		return "", fmt.Errorf("the button leads to %q (%s)", page, res.Status)
	}
	return page, nil
}
