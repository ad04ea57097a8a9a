package paypalfake_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// site is a fake on a port, and the connector in front of it.
type site struct {
	fake   *paypalfake.Fake
	server *httptest.Server
	g      gateway.Gateway
}

func open(t *testing.T, opt paypalfake.Options, account *paypalfake.AccountOptions) site {
	t.Helper()
	fake, err := paypalfake.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	s := site{fake: fake, server: httptest.NewServer(fake)}
	t.Cleanup(s.server.Close)
	fake.SetBase(s.server.URL)
	if account != nil {
		fake.AddAccount(*account)
	}
	if s.g, err = paypal.New(paypal.Options{}).Open(t.Context(), gateway.Connection{Settings: map[string]string{
		"mode": "sandbox", "client_id": "client-abcdef", "client_secret": "secret-abcdef", "api_url": s.server.URL,
	}}); err != nil {
		t.Fatal(err)
	}
	return s
}

var account = paypalfake.AccountOptions{ClientID: "client-abcdef", Secret: "secret-abcdef"}

func (s site) page(t *testing.T, back, description string) gateway.Checkout {
	t.Helper()
	c, err := s.g.CreateCheckout(t.Context(), gateway.CheckoutRequest{
		IdempotencyKey: "at_" + description, Reference: "at_1", Amount: money.Of(12_345, money.EUR), Description: description, Document: "FA-1", Locale: "fr-FR",
		ReturnURL: back + "/return?attempt=at_1", CancelURL: back + "/cancel",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A fake that is started again goes on where it was: accounts, orders, money, tokens, keys.
func TestStateSurvives(t *testing.T) {
	dir := t.TempDir()
	first := open(t, paypalfake.Options{Dir: dir}, &account)
	c := first.page(t, "http://127.0.0.1:9", "Facture")
	if err := first.fake.Pay(c.SessionID, paypalfake.Outcome{Act: paypalfake.Pays}); err != nil {
		t.Fatal(err)
	}
	settle := gateway.SettleRequest{SessionID: c.SessionID, IdempotencyKey: "at_1", Capture: true}
	st, err := first.g.SettleCheckout(t.Context(), settle)
	if err != nil || st.State != gateway.CheckoutPaid {
		t.Fatalf("%v %+v", err, st)
	}
	merchant := first.fake.Merchant(account.ClientID)
	held := first.fake.Balance(merchant, money.EUR)
	ca := string(first.fake.Authority())
	if err := first.fake.Close(); err != nil {
		t.Fatal(err)
	}
	first.server.Close()

	second := open(t, paypalfake.Options{Dir: dir}, nil)
	if got := second.fake.Balance(merchant, money.EUR); !got.Equal(held) || held.Sign() <= 0 {
		t.Errorf("held %s, then %s", held, got)
	}
	if string(second.fake.Authority()) != ca {
		t.Error("its certificates have another authority")
	}
	if st, err = second.g.SettleCheckout(t.Context(), settle); err != nil || st.State != gateway.CheckoutPaid || len(st.Payments) != 1 {
		t.Errorf("%v %+v", err, st)
	}
}

// The payer's page: escaped, without scripts, in the order's language, and each button does what it says.
func TestPayersPage(t *testing.T) {
	s := open(t, paypalfake.Options{}, &account)
	for act, state := range map[paypalfake.Act]gateway.CheckoutState{
		paypalfake.Pays: gateway.CheckoutPaid, paypalfake.Later: gateway.CheckoutPaid, paypalfake.Decline: gateway.CheckoutRetry,
		paypalfake.Pend: gateway.CheckoutProcessing, paypalfake.Cancel: gateway.CheckoutOpen,
	} {
		c := s.page(t, "http://127.0.0.1:9", "Facture <script>"+string(act))
		resp, err := http.Get(c.URL)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		html, policy := string(b), resp.Header.Get("Content-Security-Policy")
		if resp.StatusCode != http.StatusOK || !strings.Contains(html, `lang="fr"`) || strings.Contains(html, "<script") || !strings.Contains(html, "&lt;script&gt;") {
			t.Fatalf("%d %s", resp.StatusCode, html)
		}
		if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self' http://127.0.0.1:9") || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q", policy)
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err = client.PostForm(s.server.URL+"/checkoutnow", url.Values{"token": {c.SessionID}, "act": {string(act)}, "reason": {"UNILATERAL"}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		to, want := resp.Header.Get("Location"), "http://127.0.0.1:9/return?"
		if act == paypalfake.Cancel {
			want = "http://127.0.0.1:9/cancel?"
		}
		if resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, want) || !strings.Contains(to, "token="+c.SessionID) {
			t.Errorf("%s: %d to %q", act, resp.StatusCode, to)
		}
		st, err := s.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: c.SessionID, IdempotencyKey: "k", Capture: true})
		if err != nil || st.State != state || act == paypalfake.Pend && st.Reason != "UNILATERAL" {
			t.Errorf("%s: %v, the page is %s %s", act, err, st.State, st.Reason)
		}
	}
	resp, err := http.Get(s.server.URL + "/checkoutnow?token=<b>")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("a page that does not exist: %d", resp.StatusCode)
	}
}

// Events are posted to the app's webhooks, and to this machine only.
func TestEventsArePosted(t *testing.T) {
	var mu sync.Mutex
	var came []string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Header.Get("Paypal-Transmission-Sig") != "" {
			came = append(came, r.URL.Path)
		}
	}))
	defer hook.Close()
	s := open(t, paypalfake.Options{Deliver: true}, &account)
	if _, err := s.g.(gateway.WebhookInstaller).InstallWebhook(t.Context(), hook.URL+"/hook"); err != nil {
		t.Fatal(err)
	}
	c := s.page(t, "http://127.0.0.1:9", "Facture")
	if err := s.fake.Pay(c.SessionID, paypalfake.Outcome{Act: paypalfake.Pays}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: c.SessionID, IdempotencyKey: "k", Capture: true}); err != nil {
		t.Fatal(err)
	}
	if err := s.fake.Close(); err != nil {
		t.Fatal(err)
	}
	if len(came) != 2 { // approved, completed
		t.Errorf("posted to %v", came)
	}
	d := s.fake.Deliveries(s.fake.Merchant(account.ClientID), time.Time{})[0]
	d.URL = "https://example.com/hook"
	if err := s.fake.Post(context.Background(), d); err == nil {
		t.Error("a webhook went elsewhere")
	}
}
