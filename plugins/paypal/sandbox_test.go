package paypal_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal"
)

// TestContract plays what needs no payer against PayPal's real sandbox, for whoever has an account there: PAYPAL_ID and
// PAYPAL_SECRET are a sandbox app's. It opens pages that nobody pays, and moves nothing. Without keys it says what it would
// do, and does it with the fake.
func TestContract(t *testing.T) {
	run := fmt.Sprintf("%d", time.Now().UnixNano())
	request := func(key string, m money.Money) gateway.CheckoutRequest {
		return gateway.CheckoutRequest{
			IdempotencyKey: "contract-" + run + key, Reference: "contract-" + run + key, Amount: m, Description: "Facture d'essai", Document: "FA-TEST",
			CustomerEmail: "payer@example.com", Locale: "fr-FR", ReturnURL: "https://example.com/return", CancelURL: "https://example.com/cancel",
		}
	}
	cases := []struct {
		what string
		do   func(ctx context.Context, g gateway.Gateway) error
	}{
		{"prove the credentials, and read account id, main currency and missing features", func(ctx context.Context, g gateway.Gateway) error {
			a, err := g.Check(ctx)
			if err != nil {
				return err
			}
			t.Logf("account %s, %s, missing %v", a.ID, a.Currency, a.Missing)
			return gateway.CheckAccount(a)
		}},
		{"open pages in EUR, JPY and HUF, twice with one key, and find them open", func(ctx context.Context, g gateway.Gateway) error {
			for _, m := range []money.Money{money.Of(1_234, money.EUR), money.Of(500, "JPY"), money.Of(100_000, "HUF")} {
				r := request(string(m.Currency()), m)
				c, err := g.CreateCheckout(ctx, r)
				if err != nil {
					return fmt.Errorf("%s: %w", m, err)
				}
				again, err := g.CreateCheckout(ctx, r)
				if err != nil || again.SessionID != c.SessionID {
					return fmt.Errorf("%s: the same key opened %s and %s: %w", m, c.SessionID, again.SessionID, err)
				}
				st, err := g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: c.SessionID, IdempotencyKey: r.IdempotencyKey + ":capture", Capture: true})
				if err != nil || st.State != gateway.CheckoutOpen {
					return fmt.Errorf("%s: a page that nobody paid is %s: %w", m, st.State, err)
				}
			}
			return nil
		}},
		{"ask for an order and a payment that do not exist", func(ctx context.Context, g gateway.Gateway) error {
			_, noOrder := g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: "5O190127TN3647150"})
			_, noPayment := g.FetchPayment(ctx, "2GG279541U4713750")
			for _, err := range []error{noOrder, noPayment} {
				if e := gateway.AsError(err); e == nil || e.Kind != gateway.ErrNotFound {
					return fmt.Errorf("not said to be missing: %w", err)
				}
			}
			return nil
		}},
		{"list the movements of the last 40 days, and hold them against nothing but the port's rules", func(ctx context.Context, g gateway.Gateway) error {
			all, cursor, err := listOn(ctx, g, "", time.Now().Add(-40*24*time.Hour), 100)
			t.Logf("%d movements, a cursor of %d bytes", len(all), len(cursor))
			return err
		}},
		{"read the balances", func(ctx context.Context, g gateway.Gateway) error {
			b, err := g.(gateway.BalanceReader).Balance(ctx)
			if err != nil {
				return err
			}
			return gateway.CheckBalance(b)
		}},
	}
	id, secret := os.Getenv("PAYPAL_ID"), os.Getenv("PAYPAL_SECRET")
	var g gateway.Gateway
	if id == "" || secret == "" {
		t.Log("PAYPAL_ID and PAYPAL_SECRET are not set. With the keys of an app of PayPal's sandbox this would:")
		for _, c := range cases {
			t.Logf("- %s", c.what)
		}
		t.Log("The same is now done with the fake.")
		g = newWorld(t, time.Now()).shop(t).g
	} else {
		var err error
		if g, err = paypal.New(paypal.Options{}).Open(t.Context(), gateway.Connection{ID: "contract", Mode: gateway.Test, Settings: map[string]string{"mode": "sandbox", "client_id": id, "client_secret": secret}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range cases {
		if err := c.do(t.Context(), g); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
