package sandbox_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// inbox is the merchant's end of webhooks.
type inbox struct {
	url string

	mu      sync.Mutex
	came    []gateway.Delivery
	changed chan struct{} // replaced and closed at each delivery
}

func newInbox(tb testing.TB) *inbox {
	in := &inbox{changed: make(chan struct{})}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		d := gateway.Delivery{Body: body, ReceivedAt: time.Now()}
		for name, values := range r.Header {
			for _, v := range values {
				d.Headers = append(d.Headers, gateway.Header{Name: name, Value: v})
			}
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		in.came = append(in.came, d)
		close(in.changed)
		in.changed = make(chan struct{})
	}))
	tb.Cleanup(s.Close)
	in.url = s.URL
	return in
}

// wait returns the deliveries once f is content with them.
func (in *inbox) wait(ctx context.Context, f func([]gateway.Delivery) bool) ([]gateway.Delivery, error) {
	for {
		in.mu.Lock()
		came, changed := in.came, in.changed
		in.mu.Unlock()
		if f(came) {
			return came, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return came, ctx.Err()
		}
	}
}

// notice is what a test reads of a webhook.
type notice struct {
	ID       string
	Type     string
	Payments []string
}

func notices(t *testing.T, all []gateway.Delivery) (out []notice) {
	t.Helper()
	for _, d := range all {
		var n notice
		if err := json.Unmarshal(d.Body, &n); err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

// all is what has come so far.
func (in *inbox) all() []gateway.Delivery {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.came
}

// types waits for n deliveries and lists their types in the order of arrival.
func (in *inbox) types(t *testing.T, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	all, err := in.wait(ctx, func(came []gateway.Delivery) bool { return len(came) >= n })
	if err != nil {
		t.Fatalf("%d of %d deliveries came", len(all), n)
	}
	var out []string
	for _, x := range notices(t, all) {
		out = append(out, x.Type)
	}
	return out
}

// withInbox connects an account whose webhooks come to an inbox.
func withInbox(t *testing.T, in *inbox) func(*gateway.Connection) {
	t.Helper()
	return func(c *gateway.Connection) { c.WebhookURL = in.url }
}

func TestWebhooksAsOrdered(t *testing.T) {
	for how, want := range map[string]string{
		sandbox.WebhookOnce:      "checkout.completed payment.succeeded payment.fee_known",
		sandbox.WebhookTwice:     "checkout.completed checkout.completed payment.succeeded payment.succeeded payment.fee_known",
		sandbox.WebhookReordered: "payment.succeeded checkout.completed payment.fee_known",
		sandbox.WebhookNever:     "payment.fee_known",
	} {
		in := newInbox(t)
		d := newDesk(t, sandbox.Options{}, withInbox(t, in))
		p := d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays, Fee: sandbox.FeeLater, Webhook: how})
		must(t)(d.p.RevealFee(d.account, p.ID, sandbox.WebhookOnce)) // the last one: nothing comes after it
		if got := strings.Join(in.types(t, len(strings.Fields(want))), " "); got != want {
			t.Errorf("%s: %s", how, got)
		}
		for _, v := range in.all() {
			h, err := d.g.ParseWebhook(t.Context(), v)
			if err != nil || len(h.SessionIDs)+len(h.PaymentIDs) == 0 {
				t.Errorf("%s: %+v, %v", how, h, err)
			}
		}
	}
}

func TestWebhooksAgain(t *testing.T) {
	in := newInbox(t)
	d := newDesk(t, sandbox.Options{}, withInbox(t, in))
	d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	in.types(t, 2)
	first := notices(t, in.all())[0].ID
	if _, err := d.p.Resend(d.account, first, 2); err != nil {
		t.Fatal(err)
	}
	in.types(t, 4)
	for _, n := range notices(t, in.all())[2:] {
		if n.ID != first {
			t.Errorf("sent again as another event: %+v", n)
		}
	}
	if _, err := d.p.Resend(d.account, "evt_nobody", 1); gateway.AsError(err).Kind != gateway.ErrNotFound {
		t.Error(err)
	}
}

// shy is a merchant that fails some times before it takes webhooks.
func shy(t *testing.T, failures int64) (url string, taken chan string, tried *atomic.Int64) {
	t.Helper()
	taken, tried = make(chan string, 100), &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tried.Add(1) <= failures {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		taken <- r.Header.Get(sandbox.SignatureHeader)
	}))
	t.Cleanup(s.Close)
	return s.URL, taken, tried
}

func (d *desk) deliveries(t *testing.T, state string) int {
	t.Helper()
	c, err := d.p.Console(d.account, 100)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, v := range c.Deliveries {
		if v.State == state {
			n++
		}
	}
	return n
}

// until polls for what happens in the background.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			t.Fatal("never came true: " + what)
		case <-tick.C:
		}
	}
}

func TestWebhooksAreTriedAgain(t *testing.T) {
	url, taken, _ := shy(t, 3)
	d := newDesk(t, sandbox.Options{RetryPause: time.Millisecond}, func(c *gateway.Connection) { c.WebhookURL = url })
	d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	<-taken
	<-taken
	until(t, "both are noted as delivered", func() bool { return d.deliveries(t, "delivered") == 2 })
}

func TestWebhooksAreGivenUp(t *testing.T) {
	url, _, tried := shy(t, 1<<40)
	d := newDesk(t, sandbox.Options{RetryPause: time.Microsecond}, func(c *gateway.Connection) { c.WebhookURL = url })
	d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	until(t, "both are given up", func() bool { return d.deliveries(t, "given_up") == 2 })
	if n := tried.Load(); n != 16 {
		t.Errorf("two webhooks were tried %d times", n)
	}
}

func TestWebhooksOutliveTheProcess(t *testing.T) {
	for name, secret := range map[string]string{"derived secret": "", "own secret": "whsec_0123456789abcdef"} {
		url, taken, tried := shy(t, 1)
		dir := t.TempDir()
		connect := func(c *gateway.Connection) {
			c.WebhookURL = url
			if secret != "" {
				c.Settings["webhook_secret"] = secret
			}
		}
		d := newDesk(t, sandbox.Options{Dir: dir, RetryPause: time.Hour}, connect)
		page := d.open(t, eur(1000))
		if _, err := d.p.Pay(page.SessionID, sandbox.Outcome{How: sandbox.Declines}); err != nil {
			t.Fatal(err)
		}
		until(t, "the first try", func() bool { return tried.Load() == 1 })
		if err := d.s.Close(); err != nil {
			t.Fatal(err)
		}
		next := sandbox.New(sandbox.Options{Dir: dir})
		if _, err := next.Provider(); err != nil {
			t.Fatal(err)
		}
		if secret != "" { // which only a call of the connection brings
			if _, err := next.Open(t.Context(), d.c); err != nil {
				t.Fatal(err)
			}
		}
		if signature := <-taken; signature == "" {
			t.Errorf("%s: unsigned", name)
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWebhooksStayOnThisMachine(t *testing.T) {
	in := newInbox(t)
	for _, url := range []string{"", "https://shop.example/hook", "http://192.0.2.1/hook", "ftp://127.0.0.1/", "http://127.0.0.1.evil.example/", "http://[::ffff:192.0.2.1]/"} {
		d := newDesk(t, sandbox.Options{}, func(c *gateway.Connection) { c.WebhookURL = url })
		d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
		c, err := d.p.Console(d.account, 10)
		if err != nil || len(c.Deliveries) != 0 || len(c.Events) != 2 {
			t.Errorf("%q: %+v, %v", url, c.Deliveries, err)
		}
		if _, err := d.g.(gateway.WebhookInstaller).InstallWebhook(t.Context(), url); err == nil {
			t.Errorf("%q was installed", url)
		}
	}
	off := newDesk(t, sandbox.Options{}, withInbox(t, in), func(c *gateway.Connection) { c.Settings["webhooks"] = "" })
	off.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	if c, err := off.p.Console(off.account, 10); err != nil || len(c.Deliveries) != 0 {
		t.Errorf("switched off: %+v, %v", c.Deliveries, err)
	}
}

func TestInstalledSecretIsTheOneInUse(t *testing.T) {
	in := newInbox(t)
	d := newDesk(t, sandbox.Options{}, withInbox(t, in))
	settings, err := d.g.(gateway.WebhookInstaller).InstallWebhook(t.Context(), in.url)
	if err != nil || settings["webhook_secret"] == "" {
		t.Fatalf("%v, %v", settings, err)
	}
	d.paid(t, eur(1000), sandbox.Outcome{How: sandbox.Pays})
	in.types(t, 2)
	d.c.Settings["webhook_secret"] = settings["webhook_secret"]
	g, err := d.s.Open(t.Context(), d.c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.ParseWebhook(t.Context(), in.all()[0]); err != nil {
		t.Errorf("signed before the secret was kept: %v", err)
	}
}
