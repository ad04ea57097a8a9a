// Package stage is the conformance suite's world around a sandbox: payers, provider, bank and the merchant's end of
// webhooks, acting over HTTP on one that runs as a program or in process.
package stage

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/conformance"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
)

// World plays everybody around the sandbox whose state is in a folder. Close it.
type World struct {
	dir    string
	server *httptest.Server
	count  atomic.Int64

	mu      sync.Mutex
	came    []gateway.Delivery
	changed chan struct{} // replaced and closed at each delivery
}

var (
	_ conformance.World    = (*World)(nil)
	_ conformance.Capturer = (*World)(nil)
	_ conformance.Disputer = (*World)(nil)
	_ conformance.Refunds  = (*World)(nil)
	_ conformance.Freer    = (*World)(nil)
	_ conformance.Viewer   = (*World)(nil)
	_ conformance.Signer   = (*World)(nil)
	_ conformance.Rotator  = (*World)(nil)
	_ conformance.Staller  = (*World)(nil)
)

// New begins to receive webhooks.
func New(stateDir string) *World {
	w := &World{dir: stateDir, changed: make(chan struct{})}
	w.server = httptest.NewServer(http.HandlerFunc(w.receive))
	return w
}

// Close ends it.
func (w *World) Close() { w.server.Close() }

// Harness is one for the sandbox behind a driver.
func (w *World) Harness(d gateway.Driver) conformance.Harness {
	return conformance.Harness{Driver: d, World: w, Connect: w.Connect, Refused: func() gateway.Connection {
		return gateway.Connection{ID: "gw_refused", Mode: gateway.Test, Settings: map[string]string{"merchant_name": "X", "api_key": "sk_sandbox_revoked00000000"}}
	}}
}

// Connect is the connection of another account.
func (w *World) Connect() gateway.Connection {
	n := w.count.Add(1)
	return gateway.Connection{
		ID: fmt.Sprintf("gw_%d", n), Mode: gateway.Test, WebhookURL: w.server.URL,
		Settings: map[string]string{
			"merchant_name": "Atelier Dupré", "api_key": fmt.Sprintf("sk_sandbox_%020d", n), "fee": sandbox.FeeStandard,
			"webhooks": "true", "webhook_secret": fmt.Sprintf("whsec_stage_%020d", n),
		},
	}
}

func (w *World) receive(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	d := gateway.Delivery{Body: body, ReceivedAt: time.Now().UTC()}
	for name, values := range r.Header {
		for _, v := range values {
			d.Headers = append(d.Headers, gateway.Header{Name: name, Value: v})
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.came = append(w.came, d)
	close(w.changed)
	w.changed = make(chan struct{})
}

// Webhook implements conformance.World: it waits for the delivery.
func (w *World) Webhook(ctx context.Context, _ gateway.Connection, page gateway.Checkout) (gateway.Delivery, error) {
	for {
		w.mu.Lock()
		came, changed := w.came, w.changed
		w.mu.Unlock()
		for _, d := range came {
			if strings.Contains(string(d.Body), page.SessionID) {
				return d, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return gateway.Delivery{}, ctx.Err()
		}
	}
}

// visit is what a payer does on a page.
func visit(ctx context.Context, page gateway.Checkout, how sandbox.How, fee string) error {
	console, err := drive.Of(page.URL)
	if err == nil {
		_, err = console.Pay(ctx, page.SessionID, how, "fee", fee)
	}
	return err
}

// Pay implements conformance.World.
func (w *World) Pay(ctx context.Context, _ gateway.Connection, page gateway.Checkout, way conformance.Way) error {
	switch way {
	case conformance.Paid:
		return visit(ctx, page, sandbox.Pays, sandbox.FeeNow)
	case conformance.PaidFeeLater:
		return visit(ctx, page, sandbox.Pays, sandbox.FeeLater)
	case conformance.Pending:
		return visit(ctx, page, sandbox.Pends, sandbox.FeeNow)
	case conformance.Declined:
		return visit(ctx, page, sandbox.Declines, sandbox.FeeNow)
	}
	return fmt.Errorf("no payer goes the way %q", way)
}

// Approve implements conformance.Capturer.
func (w *World) Approve(ctx context.Context, _ gateway.Connection, page gateway.Checkout) error {
	return visit(ctx, page, sandbox.Approves, sandbox.FeeNow)
}

// PayFree implements conformance.Freer.
func (w *World) PayFree(ctx context.Context, _ gateway.Connection, page gateway.Checkout) error {
	return visit(ctx, page, sandbox.Pays, sandbox.FeeNever)
}

// do presses a button of the account's console.
func (w *World) do(ctx context.Context, c gateway.Connection, action string, fields ...string) error {
	console, err := drive.In(w.dir)
	if err != nil {
		return err
	}
	account, err := sandbox.AccountOf(c)
	if err == nil {
		_, err = console.Do(ctx, account, action, fields...)
	}
	return err
}

// Settle implements conformance.World.
func (w *World) Settle(ctx context.Context, c gateway.Connection, payment string, paid bool) error {
	result := "failed"
	if paid {
		result = "paid"
	}
	return w.do(ctx, c, "settle", "id", payment, "result", result)
}

// TellFee implements conformance.World.
func (w *World) TellFee(ctx context.Context, c gateway.Connection, payment string) error {
	return w.do(ctx, c, "reveal_fee", "id", payment)
}

// Payout implements conformance.World.
func (w *World) Payout(ctx context.Context, c gateway.Connection, cur money.Currency) error {
	return w.do(ctx, c, "payout", "currency", string(cur))
}

// LoseAnswer implements conformance.World.
func (w *World) LoseAnswer(ctx context.Context, c gateway.Connection) error {
	return w.do(ctx, c, "fault", "call", "create_checkout", "kind", "retryable", "outcome", "unknown", "done", "1")
}

// Stall implements conformance.Staller.
func (w *World) Stall(ctx context.Context, c gateway.Connection) error {
	return w.do(ctx, c, "fault", "call", "fetch_payment", "kind", "hang")
}

// Dispute implements conformance.Disputer.
func (w *World) Dispute(ctx context.Context, c gateway.Connection, payment string) error {
	return w.do(ctx, c, "open_dispute", "id", payment, "fee", sandbox.DisputeFeeWith)
}

// WinDispute implements conformance.Disputer.
func (w *World) WinDispute(ctx context.Context, c gateway.Connection, dispute string) error {
	return w.do(ctx, c, "close_dispute", "id", dispute, "result", "won", "fee_back", "1")
}

// RefundAtProvider implements conformance.Refunds.
func (w *World) RefundAtProvider(ctx context.Context, c gateway.Connection, payment string, amount money.Money) error {
	return w.do(ctx, c, "refund", "id", payment, "amount", amount.Plain(), "fee_back", "1")
}

// View implements conformance.Viewer.
func (w *World) View(ctx context.Context, _ gateway.Connection, page gateway.Checkout) (gateway.CheckoutRequest, error) {
	console, err := drive.Of(page.URL)
	if err != nil {
		return gateway.CheckoutRequest{}, err
	}
	v, err := console.Session(ctx, page.SessionID)
	return gateway.CheckoutRequest{
		Reference: v.Reference, Amount: v.Amount.Money, Description: v.Title, Document: v.Document, CustomerName: v.Name, CustomerEmail: v.Email,
		Locale: v.Locale, ReturnURL: v.ReturnURL, CancelURL: v.CancelURL,
	}, err
}

// Sign implements conformance.Signer.
func (w *World) Sign(_ context.Context, c gateway.Connection, body []byte, at time.Time, secret *string) (gateway.Delivery, error) {
	s := c.Settings["webhook_secret"]
	if secret != nil {
		s = *secret
	}
	return gateway.Delivery{Headers: []gateway.Header{{Name: sandbox.SignatureHeader, Value: sandbox.Sign(s, at, body)}}, Body: body, ReceivedAt: at}, nil
}

// Rotate implements conformance.Rotator. The sandbox's key is its account, so only the webhook secret changes.
func (w *World) Rotate(_ context.Context, c gateway.Connection) (gateway.Connection, error) {
	c.Settings = maps.Clone(c.Settings)
	c.Settings["webhook_secret"] += "_next"
	return c, nil
}
