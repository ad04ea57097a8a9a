package stripe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

func TestSettingsAreChecked(t *testing.T) {
	d := stripe.New(stripe.Options{})
	info, err := d.Describe(t.Context())
	must(t, err)
	must(t, gateway.CheckInfo(info))
	patterns := map[string]*regexp.Regexp{}
	for _, s := range info.Settings {
		if s.Pattern != "" {
			patterns[s.Name] = regexp.MustCompile(`\A(?:` + s.Pattern + `)\z`)
		}
	}
	good := map[string]string{"secret_key": "rk_test_51AbCdEf12345678", "methods": "card"}
	for _, c := range []struct {
		name, value string
		ok          bool
	}{
		{"secret_key", "sk_test_51AbCdEf12345678", true}, {"secret_key", "sk_live_51AbCdEf12345678", true}, {"secret_key", "rk_live_51AbCdEf12345678", true},
		{"secret_key", "", false}, {"secret_key", "pk_test_51AbCdEf12345678", false}, {"secret_key", "sk_test_", false}, {"secret_key", "sk_test_51AbCdEf 12345678", false}, {"secret_key", "whsec_12345678", false},
		{"webhook_secret", "whsec_12345678", true}, {"webhook_secret", "whsec_12345678 whsec_87654321", true}, {"webhook_secret", "whsec_12345678,\nwhsec_87654321", true}, {"webhook_secret", "", true},
		{"webhook_secret", " ", false}, {"webhook_secret", ",", false}, {"webhook_secret", "whsec_", false}, {"webhook_secret", "whsec_12345678 , sk_test_12345678", false},
		{"webhook_secret", strings.Repeat("whsec_12345678 ", 11), false},
		{"methods", "dashboard", true}, {"methods", "card_link", true}, {"methods", "card_sepa", true}, {"methods", "gold", false},
		{"statement_suffix", "FACTURE", true}, {"statement_suffix", "ACQUIT 2026", true}, {"statement_suffix", "", true}, {"statement_suffix", "1234", false}, {"statement_suffix", "A*B", false},
		{"statement_suffix", "O'NEIL", false}, {"statement_suffix", "DUPRÉ", false}, {"statement_suffix", "ABCDEFGHIJKLMNOPQRSTUVW", false}, {"statement_suffix", "ABCDEFGHIJKLMNOPQRSTUV", true},
		{"api_url", "http://127.0.0.1:12111", true}, {"api_url", "http://[::1]:1", true}, {"api_url", "http://localhost:1/", true}, {"api_url", "https://127.0.0.1:1", false},
		{"api_url", "http://10.0.0.1", false}, {"api_url", "http://127.0.0.1.evil.example", false}, {"api_url", "http://u@127.0.0.1", false}, {"api_url", "http://example.com", false}, {"api_url", "file:///x", false},
	} {
		settings := map[string]string{c.name: c.value}
		for k, v := range good {
			if _, given := settings[k]; !given {
				settings[k] = v
			}
		}
		_, err := d.Open(t.Context(), gateway.Connection{Settings: settings})
		if (err == nil) != c.ok {
			t.Errorf("%s=%q: %v", c.name, c.value, err)
		}
		if err != nil {
			if e := gateway.AsError(err); e.Kind != gateway.ErrConfig || e.Setting != c.name || e.Outcome != gateway.NotDone || len(c.value) > 8 && strings.Contains(e.Error(), c.value) {
				t.Errorf("%s=%q: %+v", c.name, c.value, e)
			}
		}
		// The host's form refuses what the pattern refuses: it may not refuse what is good.
		if p := patterns[c.name]; p != nil && c.ok && c.value != "" && !p.MatchString(c.value) {
			t.Errorf("the form refuses %s=%q", c.name, c.value)
		}
	}
}

func TestCheckSaysWhoseAndWhatIsMissing(t *testing.T) {
	b := benchOf(t, stripefake.Account{Name: "Boulangerie Aux Trois Épis", Currency: "chf", Country: "CH"}, stripe.Options{})
	a, err := b.gateway.Check(t.Context())
	must(t, err)
	must(t, gateway.CheckAccount(a))
	want := gateway.Account{ID: b.account, Name: "Boulangerie Aux Trois Épis", Mode: gateway.Test, Country: "CH", Currency: "CHF"}
	if !reflect.DeepEqual(a, want) {
		t.Fatalf("%+v", a)
	}
	for missing, words := range map[string]string{
		"rak_checkout_session_write": "Checkout Sessions: Write", "rak_payment_intent_read": "PaymentIntents: Read", "rak_charge_read": "Charges and Refunds: Read", "rak_balance_read": "Balance: Read",
		"rak_dispute_read": "Disputes: Read", "rak_payout_read": "Payouts: Read", "rak_event_read": "Events: Read", "rak_accounts_kyc_basic_read": "",
	} {
		a, err := b.with("secret_key", b.fake.RestrictedKey(b.account, missing)).Check(t.Context())
		must(t, err)
		must(t, gateway.CheckAccount(a))
		if a.ID != b.account || strings.Join(a.Missing, ", ") != words {
			t.Errorf("without %s: %+v", missing, a)
		}
	}
	// A key that may read nothing still says whose it is.
	all := []string{"rak_checkout_session_write", "rak_payment_intent_read", "rak_charge_read", "rak_balance_read", "rak_dispute_read", "rak_payout_read", "rak_event_read", "rak_accounts_kyc_basic_read"}
	a, err = b.with("secret_key", b.fake.RestrictedKey(b.account, all...)).Check(t.Context())
	must(t, err)
	if a.ID != b.account || a.Name != b.account || len(a.Missing) != 7 {
		t.Fatalf("%+v", a)
	}
	if len(b.fake.Sessions(b.account)) != 0 {
		t.Fatal("a check opened a page")
	}
	for _, f := range []stripefake.Fault{{Status: 500, Path: "/v1/payouts"}, {Status: 429, Path: "/v1/checkout"}, {Malformed: true, Path: "/v1/account"}} {
		b.fake.Inject(b.account, f)
		if _, err := b.gateway.Check(t.Context()); err == nil || gateway.AsError(err).Kind != gateway.ErrRetryable {
			t.Errorf("%+v: %v", f, err)
		}
	}
	// When neither the account nor an error names it, the key is refused rather than given an identity that another key lacks.
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/balance" {
			fmt.Fprint(w, `{"object":"balance","livemode":false,"available":[],"pending":[]}`)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"type":"invalid_request_error","message":"No."}}`)
	}))
	defer s.Close()
	_, err = b.with("api_url", s.URL).Check(t.Context())
	if e := wants(t, err, gateway.ErrConfig, gateway.NotDone); e.Code != "account_unreadable" {
		t.Fatal(err)
	}
}

func TestPageAsksForWhatItShould(t *testing.T) {
	b := newBench(t)
	c := b.connection()
	c.Settings["methods"], c.Settings["statement_suffix"] = "card_sepa", "FACTURE"
	g := b.open(c)
	r := b.request("att_1", eur(123_457))
	page, err := g.CreateCheckout(t.Context(), r)
	must(t, err)
	must(t, gateway.CheckCheckout(page))
	p := b.fake.Session(page.SessionID)
	meta := map[string]string{"acquit_reference": "att_1", "acquit_document": "FA2026-0012"}
	if p.Amount != 123_457 || p.Currency != "eur" || p.Name != "Facture FA2026-0012" || p.Description != "Facture FA2026-0012" || p.Email != "elodie@example.test" || p.Locale != "fr" ||
		p.Success != r.ReturnURL || p.Cancel != r.CancelURL || p.Suffix != "FACTURE" || p.Expires != r.ExpiresAt.Unix() || !slices.Equal(p.Methods, []string{"card", "sepa_debit"}) ||
		!reflect.DeepEqual(p.Metadata, meta) || !reflect.DeepEqual(p.IntentMetadata, meta) {
		t.Fatalf("%+v", p)
	}
	if !page.ExpiresAt.Equal(r.ExpiresAt) || !strings.HasPrefix(page.URL, b.url+"/pay/") {
		t.Fatalf("%+v", page)
	}
	r = b.request("att_2", money.Of(5_000, "USD")) // SEPA moves euros only
	page, err = g.CreateCheckout(t.Context(), r)
	must(t, err)
	if p := b.fake.Session(page.SessionID); !slices.Equal(p.Methods, []string{"card"}) {
		t.Fatalf("%+v", p)
	}
	r = b.request("att_3", eur(100))
	r.ExpiresAt = b.clock.Now().Add(72 * time.Hour)
	r.CustomerEmail, r.Description, r.Document = "not an address", "", strings.Repeat("é", 600)
	page, err = g.CreateCheckout(t.Context(), r)
	must(t, err)
	if left := page.ExpiresAt.Sub(b.clock.Now()); left > 24*time.Hour || left < 23*time.Hour {
		t.Fatalf("a page for %s", left)
	}
}

func TestWebhookIsInstalledAndReplaced(t *testing.T) {
	b := newBench(t)
	const address = "https://compta.example.fr/hooks/gw_1"
	install := func(g gateway.Gateway) string {
		t.Helper()
		got, err := g.(gateway.WebhookInstaller).InstallWebhook(t.Context(), address)
		must(t, err)
		must(t, gateway.CheckInstalled(got))
		if len(got) != 1 {
			t.Fatalf("%v", got)
		}
		return got["webhook_secret"]
	}
	b.fake.Endpoint(b.account, "https://elsewhere.example/hook")
	one := install(b.gateway)
	b.paid("att_1", eur(10_000), stripefake.How{})
	var before stripefake.Delivery
	for _, d := range b.deliveries("charge.succeeded") {
		if d.URL == address {
			before = d
		}
	}
	two := install(b.with("webhook_secret", one))
	if !strings.HasSuffix(two, " "+one) {
		t.Fatalf("the former secret is not kept: %q", two)
	}
	if urls := b.fake.EndpointURLs(b.account); len(urls) != 2 || !slices.Contains(urls, address) {
		t.Fatalf("%v", urls)
	}
	g := b.with("webhook_secret", two)
	for name, d := range map[string]stripefake.Delivery{"under way": before, "new": b.deliveries("charge.succeeded")[1]} {
		if _, err := g.ParseWebhook(t.Context(), delivery(d, b.clock.Now())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 4 {
		two = install(b.with("webhook_secret", two))
	}
	if n := len(strings.Fields(two)); n != 3 {
		t.Fatalf("%d secrets are kept", n)
	}
	_, err := b.gateway.(gateway.WebhookInstaller).InstallWebhook(t.Context(), "ftp://x")
	wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	_, err = b.with("secret_key", b.fake.RestrictedKey(b.account, "rak_webhook_write")).(gateway.WebhookInstaller).InstallWebhook(t.Context(), address)
	wants(t, err, gateway.ErrConfig, gateway.NotDone)
}

func TestEveryReasonIsInBothLanguages(t *testing.T) {
	info, err := stripe.New(stripe.Options{}).Describe(t.Context())
	must(t, err)
	seen := map[string]bool{}
	for _, r := range info.Reasons {
		if seen[r.Code] || r.Text["fr"] == "" || r.Text["en"] == "" {
			t.Errorf("%s", r.Code)
		}
		seen[r.Code] = true
	}
	for _, code := range []string{
		"card_declined", "insufficient_funds", "expired_card", "authentication_required", "processing", "needs_response", "warning_needs_response", "under_review", "won", "lost",
		"pending", "refund_failed", "payout_failed", "requires_capture", "debit_not_authorized",
	} {
		if !seen[code] {
			t.Errorf("%s is not explained", code)
		}
	}
}

// FuzzParseWebhook: no delivery makes it panic, none without the secret is believed, and every hint keeps the port's measure.
func FuzzParseWebhook(f *testing.F) {
	const secret = "whsec_12345678"
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	good := []byte(`{"id":"evt_1","object":"event","type":"charge.dispute.created","livemode":false,"created":1772442000,"data":{"object":{"id":"dp_1","object":"dispute","charge":"ch_1","payment_intent":"pi_1","balance_transactions":[{"id":"txn_1"}]}}}`)
	f.Add(good, stripefake.Sign(now, good, secret), true)
	f.Add(good, "t=1772442000,v1=00", false)
	f.Add([]byte(`{"id":1}`), "t=,v1=,,=", true)
	f.Add([]byte(`{"id":"evt_1","livemode":false,"data":{"object":{"object":"charge","payment_intent":{"id":{}}}}}`), "", true)
	f.Add([]byte(`{"id":"evt_1","livemode":false,"data":{"object":{"object":"dispute","balance_transactions":[null,"txn_1",7]}}}`), "", true)
	g, err := stripe.New(stripe.Options{}).Open(f.Context(), gateway.Connection{Settings: map[string]string{"secret_key": "sk_test_12345678", "webhook_secret": secret}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, header string, sign bool) {
		if sign {
			header = stripefake.Sign(now, body, secret)
		}
		h, err := g.ParseWebhook(t.Context(), gateway.Delivery{Headers: []gateway.Header{{Name: "stripe-signature", Value: header}}, Body: body, ReceivedAt: now})
		if err != nil {
			if e := gateway.AsError(err); e.Kind != gateway.ErrUntrusted || e.Outcome != gateway.NotDone {
				t.Fatal(err)
			}
			return
		}
		if genuine := strings.SplitN(stripefake.Sign(now, body, secret), "v1=", 2)[1]; !sign && strings.Contains(header, fmt.Sprintf("t=%d", now.Unix())) && !strings.Contains(strings.ToLower(header), genuine) {
			t.Fatalf("believed: %s", header)
		}
		if err := gateway.CheckHint(h); err != nil {
			t.Fatal(err)
		}
		if h.EventID == "" || h.Mode != gateway.Test {
			t.Fatalf("%+v", h)
		}
	})
}
