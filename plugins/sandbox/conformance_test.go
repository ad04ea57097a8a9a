package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/gatewaytest"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

var built struct {
	once sync.Once
	dir  string
	err  error
}

// program builds the gateway's program once and returns its file.
func program(tb testing.TB) string {
	tb.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "acquit-test-"); built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", built.dir, "github.com/acquit-app/acquit/cmd/acquit-gateway-sandbox")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		tb.Fatal(built.err)
	}
	return filepath.Join(built.dir, "acquit-gateway-sandbox")
}

// world lets the conformance suite's payers and provider act on a sandbox: in process, or over HTTP when there is no
// provider at hand.
type world struct {
	provider *sandbox.Provider // or
	state    string            // folder of a running program
	inbox    *inbox
}

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

func (w world) console() (*drive.Console, error) { return drive.In(w.state) }

func account(c gateway.Connection) string {
	id, err := sandbox.AccountOf(c)
	if err != nil {
		panic(err)
	}
	return id
}

func (w world) Pay(ctx context.Context, _ gateway.Connection, page gateway.Checkout, way gatewaytest.Way) error {
	o := map[gatewaytest.Way]sandbox.Outcome{
		gatewaytest.Paid:         {How: sandbox.Pays},
		gatewaytest.PaidFeeLater: {How: sandbox.Pays, Fee: sandbox.FeeLater},
		gatewaytest.Pending:      {How: sandbox.Pends},
		gatewaytest.Declined:     {How: sandbox.Declines},
	}[way]
	if w.provider != nil {
		_, err := w.provider.Pay(page.SessionID, o)
		return err
	}
	console, err := drive.Of(page.URL)
	if err != nil {
		return err
	}
	_, err = console.Pay(ctx, page.SessionID, o.How, "fee", o.Fee)
	return err
}

func (w world) Settle(ctx context.Context, c gateway.Connection, payment string, paid bool) error {
	if w.provider != nil {
		_, err := w.provider.Settle(account(c), payment, paid, "")
		return err
	}
	console, err := w.console()
	if err != nil {
		return err
	}
	result := "failed"
	if paid {
		result = "paid"
	}
	_, err = console.Do(ctx, account(c), "settle", "id", payment, "result", result)
	return err
}

func (w world) TellFee(ctx context.Context, c gateway.Connection, payment string) error {
	if w.provider != nil {
		_, err := w.provider.RevealFee(account(c), payment, "")
		return err
	}
	console, err := w.console()
	if err != nil {
		return err
	}
	_, err = console.Do(ctx, account(c), "reveal_fee", "id", payment)
	return err
}

func (w world) Payout(ctx context.Context, c gateway.Connection, cur money.Currency) error {
	if w.provider != nil {
		_, err := w.provider.Payout(account(c), cur, "")
		return err
	}
	console, err := w.console()
	if err != nil {
		return err
	}
	_, err = console.Do(ctx, account(c), "payout", "currency", string(cur))
	return err
}

func (w world) LoseAnswer(ctx context.Context, c gateway.Connection) error {
	if w.provider != nil {
		w.provider.Inject(account(c), sandbox.Fault{Call: "create_checkout", Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Done: true})
		return nil
	}
	console, err := w.console()
	if err != nil {
		return err
	}
	_, err = console.Do(ctx, account(c), "fault", "call", "create_checkout", "kind", "retryable", "outcome", "unknown", "done", "1")
	return err
}

func (w world) Webhook(ctx context.Context, _ gateway.Connection, page gateway.Checkout) (gateway.Delivery, error) {
	var found gateway.Delivery
	_, err := w.inbox.wait(ctx, func(all []gateway.Delivery) bool {
		for _, d := range all {
			if strings.Contains(string(d.Body), page.SessionID) {
				found = d
				return true
			}
		}
		return false
	})
	return found, err
}

func harness(d gateway.Driver, w world) gatewaytest.Harness {
	var n atomic.Int64
	return gatewaytest.Harness{
		Driver: d,
		World:  w,
		Connect: func() gateway.Connection {
			i := n.Add(1)
			return gateway.Connection{
				ID: fmt.Sprintf("gw_%d", i), Mode: gateway.Test, WebhookURL: w.inbox.url,
				Settings: map[string]string{"merchant_name": "Atelier Dupré", "api_key": fmt.Sprintf("sk_sandbox_%020d", i), "fee": sandbox.FeeStandard, "webhooks": "true"},
			}
		},
		Refused: func() gateway.Connection {
			return gateway.Connection{ID: "gw_refused", Settings: map[string]string{"merchant_name": "X", "api_key": "sk_sandbox_revoked00000000"}}
		},
	}
}

func TestConformanceInProcess(t *testing.T) {
	s := sandbox.New(sandbox.Options{Dir: t.TempDir()})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	p, err := s.Provider()
	if err != nil {
		t.Fatal(err)
	}
	gatewaytest.Run(t, harness(s, world{provider: p, inbox: newInbox(t)}))
}

func TestConformanceOfTheProgram(t *testing.T) {
	state := t.TempDir()
	d := gatewaytest.Start(t, program(t), state)
	gatewaytest.Run(t, harness(d, world{state: state, inbox: newInbox(t)}))
}
