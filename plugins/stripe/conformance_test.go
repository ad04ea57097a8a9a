package stripe_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/gatewaytest"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// players play the conformance suite's payers and provider on a fake. accounts is by connection.
type players struct {
	fake     *stripefake.Fake
	accounts sync.Map
}

func (w *players) account(c gateway.Connection) string {
	id, ok := w.accounts.Load(c.ID)
	if !ok {
		panic("a connection that the harness did not make: " + c.ID)
	}
	return id.(string)
}

func (w *players) Pay(_ context.Context, _ gateway.Connection, page gateway.Checkout, way gatewaytest.Way) error {
	how := map[gatewaytest.Way]stripefake.How{
		gatewaytest.Paid:         {},
		gatewaytest.PaidFeeLater: {FeeLater: true},
		gatewaytest.Pending:      {Method: "sepa_debit"},
		gatewaytest.Declined:     {Decline: "insufficient_funds"},
	}[way]
	_, err := w.fake.Pay(page.SessionID, how)
	return err
}

func (w *players) Settle(_ context.Context, c gateway.Connection, payment string, paid bool) error {
	return w.fake.SettleDebit(w.account(c), payment, paid, "", 0)
}

func (w *players) TellFee(_ context.Context, c gateway.Connection, payment string) error {
	return w.fake.TellFee(w.account(c), payment)
}

func (w *players) Payout(_ context.Context, c gateway.Connection, cur money.Currency) error {
	_, err := w.fake.Payout(w.account(c), strings.ToLower(string(cur)), true, false)
	return err
}

func (w *players) LoseAnswer(_ context.Context, c gateway.Connection) error {
	w.fake.Inject(w.account(c), stripefake.Fault{Method: "POST", Path: "/v1/checkout/sessions", Done: true, Cut: true})
	return nil
}

func (w *players) Webhook(_ context.Context, c gateway.Connection, page gateway.Checkout) (gateway.Delivery, error) {
	for _, d := range w.fake.Deliveries(w.account(c)) {
		if strings.Contains(string(d.Body), page.SessionID) {
			return delivery(d, time.Now()), nil
		}
	}
	return gateway.Delivery{}, fmt.Errorf("no event tells of %s", page.SessionID)
}

func harness(tb testing.TB, d gateway.Driver) gatewaytest.Harness {
	tb.Helper()
	quiet(tb)
	fake, err := stripefake.New(stripefake.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	url := serve(tb, fake)
	w := &players{fake: fake}
	var n atomic.Int64
	return gatewaytest.Harness{
		Driver: d, World: w,
		Connect: func() gateway.Connection {
			account, key := fake.Open(stripefake.Account{})
			_, secret := fake.Endpoint(account, "http://127.0.0.1:9/hook")
			c := gateway.Connection{
				ID: fmt.Sprintf("gw_%d", n.Add(1)), Mode: gateway.Test,
				Settings: map[string]string{"secret_key": key, "webhook_secret": secret, "api_url": url, "methods": "dashboard"},
			}
			w.accounts.Store(c.ID, account)
			return c
		},
		Refused: func() gateway.Connection {
			return gateway.Connection{ID: "gw_refused", Settings: map[string]string{"secret_key": "sk_test_nobodyhasthiskey", "api_url": url}}
		},
		// Stripe takes no odd thousandths, so a currency of three decimals cannot be tried with the suite's amount; ISK is one
		// that Stripe counts otherwise than ISO does.
		Currencies: []money.Currency{money.EUR, "JPY", "ISK"},
	}
}

func TestConformanceInProcess(t *testing.T) {
	gatewaytest.Run(t, harness(t, stripe.New(stripe.Options{})))
}

func TestConformanceOfTheProgram(t *testing.T) {
	gatewaytest.Run(t, harness(t, gatewaytest.Start(t, gatewaytest.Build(t, "github.com/acquit-app/acquit/cmd/acquit-gateway-stripe"), t.TempDir())))
}
