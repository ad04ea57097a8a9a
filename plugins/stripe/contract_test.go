package stripe_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// contractCase is something that Stripe itself can be asked in its test mode without a payer: nothing moves money, and
// what is opened is closed again.
type contractCase struct {
	name string
	// says is what it would do, for whoever has no key.
	says string
	run  func(t *testing.T, g gateway.Gateway)
}

func contractCases() []contractCase {
	run := fmt.Sprintf("contract_%d", time.Now().UnixNano())
	request := func(key string, amount money.Money) gateway.CheckoutRequest {
		return gateway.CheckoutRequest{
			IdempotencyKey: run + key, Reference: run + key, Amount: amount, Description: "Facture FA2026-0012", Document: "FA2026-0012",
			CustomerEmail: "elodie@example.com", Locale: "fr-FR", ReturnURL: "https://example.com/back", CancelURL: "https://example.com/cancel",
		}
	}
	closed := func(t *testing.T, g gateway.Gateway, page gateway.Checkout) {
		t.Helper()
		s, err := g.(gateway.Expirer).ExpireCheckout(t.Context(), page.SessionID)
		must(t, err)
		if s.State != gateway.CheckoutExpired {
			t.Errorf("a closed page is %s", s.State)
		}
	}
	return []contractCase{
		{"check", "read balance and account, and say which permissions the key lacks", func(t *testing.T, g gateway.Gateway) {
			a, err := g.Check(t.Context())
			must(t, err)
			must(t, gateway.CheckAccount(a))
			if a.Mode != gateway.Test {
				t.Fatalf("mode %s", a.Mode)
			}
			t.Logf("account %s, missing: %s", a.ID, strings.Join(a.Missing, ", "))
		}},
		{"page", "open a page for 10.00 EUR twice with one key, look at it, close it", func(t *testing.T, g gateway.Gateway) {
			r := request("_page", eur(1_000))
			page, err := g.CreateCheckout(t.Context(), r)
			must(t, err)
			must(t, gateway.CheckCheckout(page))
			again, err := g.CreateCheckout(t.Context(), r)
			must(t, err)
			if again.SessionID != page.SessionID {
				t.Errorf("one key opened %s and %s", page.SessionID, again.SessionID)
			}
			s, err := g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: page.SessionID})
			must(t, err)
			if s.State != gateway.CheckoutOpen || len(s.Payments) != 0 {
				t.Errorf("%+v", s)
			}
			closed(t, g, page)
			closed(t, g, page)
		}},
		{"currencies", "open and close pages in JPY, ISK and USD", func(t *testing.T, g gateway.Gateway) {
			for _, m := range []money.Money{money.Of(1_500, "JPY"), money.Of(1_500, "ISK"), money.Of(1_500, "USD")} {
				page, err := g.CreateCheckout(t.Context(), request("_"+string(m.Currency()), m))
				must(t, err)
				closed(t, g, page)
			}
		}},
		{"not found", "ask for objects that do not exist", func(t *testing.T, g gateway.Gateway) {
			for _, id := range []string{"pi_nobody", "ch_nobody", "re_nobody", "dp_nobody", "po_nobody", "txn_nobody"} {
				_, err := g.FetchPayment(t.Context(), id)
				wants(t, err, gateway.ErrNotFound, gateway.NotDone)
			}
			_, err := g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: "cs_test_nobody"})
			wants(t, err, gateway.ErrNotFound, gateway.NotDone)
		}},
		{"list", "read the movements of the last 30 days, at most 20 pages, and hold each against the port's rules", func(t *testing.T, g gateway.Gateway) {
			r := gateway.ListRequest{Since: time.Now().Add(-30 * 24 * time.Hour), Limit: 100}
			for range 20 {
				p, err := g.ListPayments(t.Context(), r)
				must(t, err)
				must(t, gateway.CheckPage(r, p))
				for _, m := range p.Payments {
					must(t, gateway.CheckPayment(m))
					if m.Kind == gateway.KindOther {
						t.Logf("kept for review: %s", m.Description)
					}
				}
				if p.CaughtUp {
					return
				}
				r = gateway.ListRequest{Cursor: p.Next, Limit: 100}
			}
		}},
		{"balance", "read the balance", func(t *testing.T, g gateway.Gateway) {
			held, err := g.(gateway.BalanceReader).Balance(t.Context())
			must(t, err)
			must(t, gateway.CheckBalance(held))
		}},
	}
}

// TestContract runs against Stripe itself, in test mode, when STRIPE_KEY holds a test key; `make contract` passes it on.
// Without a key it says what it would do, and the same cases run against the fake.
func TestContract(t *testing.T) {
	key := os.Getenv("STRIPE_KEY")
	if key != "" && !strings.HasPrefix(key, "sk_test_") && !strings.HasPrefix(key, "rk_test_") {
		t.Fatal("STRIPE_KEY is no test key: this test plays, and never with real money")
	}
	var g gateway.Gateway
	if key == "" {
		for _, c := range contractCases() {
			t.Logf("with STRIPE_KEY=sk_test_… it would, at Stripe: %s", c.says)
		}
		quiet(t)
		fake, err := stripefake.New(stripefake.Options{})
		must(t, err)
		_, secret := fake.Open(stripefake.Account{})
		g, err = stripe.New(stripe.Options{}).Open(t.Context(), gateway.Connection{Settings: map[string]string{"secret_key": secret, "api_url": serve(t, fake)}})
		must(t, err)
	} else {
		var err error
		g, err = stripe.New(stripe.Options{}).Open(t.Context(), gateway.Connection{Mode: gateway.Test, Settings: map[string]string{"secret_key": key, "methods": "card"}})
		must(t, err)
	}
	for _, c := range contractCases() {
		t.Run(c.name, func(t *testing.T) { c.run(t, g) })
	}
}
