package stripefake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

func serve(tb testing.TB, f *stripefake.Fake) string {
	s := httptest.NewServer(f)
	tb.Cleanup(s.Close)
	f.SetURL(s.URL)
	return s.URL
}

// ask calls the API; form is sent with POST unless it is nil.
func ask(tb testing.TB, base, key, path string, form url.Values) (int, map[string]any) {
	tb.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	req, err := http.NewRequestWithContext(tb.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if k := form.Get("key"); k != "" {
		req.Header.Set("Idempotency-Key", k)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var v map[string]any
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		tb.Fatal(err)
	}
	return res.StatusCode, v
}

func page(tb testing.TB, base, key, locale string) string {
	tb.Helper()
	status, v := ask(tb, base, key, "/v1/checkout/sessions", url.Values{
		"mode": {"payment"}, "success_url": {"http://127.0.0.1:9/back?s={CHECKOUT_SESSION_ID}"}, "cancel_url": {"http://127.0.0.1:9/cancel"}, "locale": {locale},
		"line_items[0][price_data][currency]": {"eur"}, "line_items[0][price_data][unit_amount]": {"123450"}, "line_items[0][price_data][product_data][name]": {`Facture <b>"12"</b>`},
	})
	if status != http.StatusOK {
		tb.Fatalf("%d %v", status, v)
	}
	return v["id"].(string)
}

func TestStateOutlivesTheFake(t *testing.T) {
	dir := t.TempDir()
	f, err := stripefake.New(stripefake.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	base := serve(t, f)
	account, key := f.Open(stripefake.Account{})
	id := page(t, base, key, "fr")
	intent, err := f.Pay(id, stripefake.How{Method: "sepa_debit"})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	g, err := stripefake.New(stripefake.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.SettleDebit(account, intent, true, "", 0); err != nil {
		t.Fatal(err)
	}
	status, v := ask(t, serve(t, g), key, "/v1/checkout/sessions/"+id, nil)
	if status != http.StatusOK || v["payment_status"] != "paid" || len(g.Ledger(account)) != 1 {
		t.Fatalf("%d %v", status, v)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".stripe-*"))
	if err != nil || len(left) != 0 {
		t.Fatalf("%v, %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "stripe.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := stripefake.New(stripefake.Options{Dir: dir}); err == nil {
		t.Fatal("a file cut off is taken")
	}
}

func TestPayPage(t *testing.T) {
	f, err := stripefake.New(stripefake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	base := serve(t, f)
	account, key := f.Open(stripefake.Account{Name: `Dupré & <Fils>`})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	press := func(id, how string) string {
		t.Helper()
		res, err := client.PostForm(base+"/pay/"+id, url.Values{"how": {how}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %d", how, res.StatusCode)
		}
		return res.Header.Get("Location")
	}
	see := func(id string) string {
		t.Helper()
		res, err := client.Get(base + "/pay/" + id)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self' http://127.0.0.1:9") {
			t.Errorf("policy %q", csp)
		}
		return string(b)
	}
	fr, en := page(t, base, key, "fr"), page(t, base, key, "en")
	if s := see(fr); !strings.Contains(s, "Payer par carte") || !strings.Contains(s, `lang="fr"`) || !strings.Contains(s, "1234,50\u00a0€") || !strings.Contains(s, "Dupré &amp; &lt;Fils&gt;") || strings.Contains(s, "<b>") || strings.Contains(s, "<script") {
		t.Fatal(s)
	}
	if s := see(en); !strings.Contains(s, "Pay by card") {
		t.Fatal(s)
	}
	if to := press(fr, "declined"); to != "/pay/"+fr {
		t.Fatal(to)
	}
	if s := see(fr); !strings.Contains(s, "a été refusée") {
		t.Fatal(s)
	}
	if to := press(fr, "cancel"); to != "http://127.0.0.1:9/cancel" {
		t.Fatal(to)
	}
	if to := press(fr, "card"); to != "http://127.0.0.1:9/back?s="+fr {
		t.Fatal(to)
	}
	if s := see(fr); strings.Contains(s, "<button") || !strings.Contains(s, "a déjà servi") {
		t.Fatal(s)
	}
	press(fr, "card") // a second press takes nothing
	press(en, "card_fee_later")
	if to := press(page(t, base, key, ""), "sepa"); !strings.HasPrefix(to, "http://127.0.0.1:9/back") {
		t.Fatal(to)
	}
	if rows := f.Ledger(account); len(rows) != 2 {
		t.Fatalf("%+v", rows)
	}
	res, err := client.Get(base + "/pay/cs_test_nobody")
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusNotFound {
		t.Fatal(res.StatusCode)
	}
}

func TestWebhooksAreDelivered(t *testing.T) {
	f, err := stripefake.New(stripefake.Options{Deliver: true})
	if err != nil {
		t.Fatal(err)
	}
	base := serve(t, f)
	var mu sync.Mutex
	var came []string
	bell := make(chan struct{}, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var e struct {
			Type string `json:"type"`
		}
		if err != nil || json.Unmarshal(body, &e) != nil || !strings.HasPrefix(r.Header.Get("Stripe-Signature"), "t=") {
			t.Error("not a delivery")
		}
		mu.Lock()
		came = append(came, e.Type)
		mu.Unlock()
		bell <- struct{}{}
	}))
	defer hook.Close()
	account, key := f.Open(stripefake.Account{})
	f.Endpoint(account, hook.URL)
	if _, err := f.Pay(page(t, base, key, "fr"), stripefake.How{}); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(20 * time.Second)
	for range 3 {
		select {
		case <-bell:
		case <-deadline:
			t.Fatal("webhooks did not come")
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f.Deliver(t.Context()) != 0 {
		t.Error("what was taken is delivered again")
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []string{"charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"}; !slices.Equal(came, want) {
		t.Fatalf("%v", came)
	}
}

func TestAnyKeyOpensAnAccount(t *testing.T) {
	f, err := stripefake.New(stripefake.Options{AnyKey: true})
	if err != nil {
		t.Fatal(err)
	}
	base := serve(t, f)
	status, v := ask(t, base, "sk_test_demo_merchant", "/v1/account", nil)
	if status != http.StatusOK || v["id"] != "acct_1demomerchant" {
		t.Fatalf("%d %v", status, v)
	}
	if status, _ := ask(t, base, "sk_live_demo", "/v1/account", nil); status != http.StatusUnauthorized {
		t.Fatalf("a live key: %d", status)
	}
	f.Revoke("sk_test_demo_merchant")
	if status, _ := ask(t, base, "sk_test_demo_merchant", "/v1/account", nil); status != http.StatusUnauthorized {
		t.Fatalf("a revoked key: %d", status)
	}
}
