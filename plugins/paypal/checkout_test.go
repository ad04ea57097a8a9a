package paypal_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

func TestCurrencies(t *testing.T) {
	s := newShop(t)
	for _, m := range []money.Money{money.Of(1, "EUR"), money.Of(123_456_789, "EUR"), money.Of(1, "JPY"), money.Of(123_400, "HUF"), money.Of(500, "TWD")} {
		p := s.paid("at_"+string(m.Currency())+m.Plain(), m, paypalfake.Outcome{Act: paypalfake.Pays})
		if !p.Gross.Equal(m) || gateway.CheckPayment(p) != nil {
			t.Errorf("%s asked, %s paid", m, p.Gross)
		}
	}
	asked := len(s.contract.checked)
	n := s.contract.checked["POST /v2/checkout/orders"]
	for _, m := range []money.Money{money.Of(1_000, "KWD"), money.Of(123_457, "HUF"), money.Of(550, "TWD"), money.Of(100, "VND"), eur(0), eur(-5)} {
		_, err := s.g.CreateCheckout(t.Context(), s.request("at_bad", m))
		wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	}
	if asked != len(s.contract.checked) || n != s.contract.checked["POST /v2/checkout/orders"] {
		t.Error("PayPal was asked for what it cannot express")
	}
}

func TestDeclinedThenPaid(t *testing.T) {
	s := newShop(t)
	page := s.approve("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Decline})
	if st := s.mustSettle("at_1", page, true); st.State != gateway.CheckoutRetry || st.Reason != "INSTRUMENT_DECLINED" {
		t.Fatalf("declined, the page is %s %s", st.State, st.Reason)
	}
	s.clock.pass(time.Minute)
	if err := s.fake.Pay(page.SessionID, paypalfake.Outcome{Act: paypalfake.Pays}); err != nil {
		t.Fatal(err)
	}
	if st := s.mustSettle("at_1", page, true); st.State != gateway.CheckoutPaid {
		t.Fatalf("agreed to anew, the page is %s %s", st.State, st.Reason)
	}
}

func TestPendingSaysWhy(t *testing.T) {
	s := newShop(t)
	info, err := s.driver.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range []string{
		"BUYER_COMPLAINT", "CHARGEBACK", "ECHECK", "INTERNATIONAL_WITHDRAWAL", "OTHER", "PENDING_REVIEW", "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION",
		"REFUNDED", "TRANSACTION_APPROVED_AWAITING_FUNDING", "UNILATERAL", "VERIFICATION_REQUIRED",
	} {
		key := "at_" + strings.ToLower(reason)
		st := s.mustSettle(key, s.approve(key, eur(10_000), paypalfake.Outcome{Act: paypalfake.Pend, Reason: reason}), true)
		if st.State != gateway.CheckoutProcessing || st.Reason != reason || st.Payments[0].Reason != reason {
			t.Errorf("%s: the page is %s %s", reason, st.State, st.Reason)
		}
		if fr, en := info.Reason(reason, "fr"), info.Reason(reason, "en"); fr == reason || en == reason || fr == en {
			t.Errorf("%s is not explained", reason)
		}
	}
	seen := map[string]bool{}
	for _, r := range info.Reasons {
		if seen[r.Code] || r.Text["fr"] == "" || r.Text["en"] == "" {
			t.Errorf("%s is explained twice, or in one language only", r.Code)
		}
		seen[r.Code] = true
	}
}

// Every way in which a call can go wrong, as kind and outcome.
func TestErrors(t *testing.T) {
	type want struct {
		kind    gateway.ErrorKind
		outcome gateway.Outcome
	}
	for _, x := range []struct {
		fault                   paypalfake.Fault
		create, capture, refund want
	}{
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 400}, want{gateway.ErrPermanent, gateway.NotDone}, want{gateway.ErrPermanent, gateway.NotDone}, want{gateway.ErrPermanent, gateway.NotDone}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 401, Times: 2}, want{gateway.ErrConfig, gateway.NotDone}, want{gateway.ErrConfig, gateway.NotDone}, want{gateway.ErrConfig, gateway.NotDone}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 403}, want{gateway.ErrConfig, gateway.NotDone}, want{gateway.ErrConfig, gateway.NotDone}, want{gateway.ErrConfig, gateway.NotDone}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 404}, want{gateway.ErrPermanent, gateway.NotDone}, want{}, want{gateway.ErrNotFound, gateway.NotDone}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 409, Issue: "PREVIOUS_REQUEST_IN_PROGRESS"}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 422, Issue: "SOMETHING_NEW"}, want{gateway.ErrPermanent, gateway.NotDone}, want{gateway.ErrPermanent, gateway.NotDone}, want{gateway.ErrPermanent, gateway.NotDone}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 429}, want{gateway.ErrRetryable, gateway.NotDone}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 500}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
		{paypalfake.Fault{Kind: paypalfake.FaultStatus, Status: 503}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
		{paypalfake.Fault{Kind: paypalfake.FaultHTML, Status: 502}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
		{paypalfake.Fault{Kind: paypalfake.FaultHTML, Status: 404}, want{gateway.ErrPermanent, gateway.NotDone}, want{}, want{gateway.ErrNotFound, gateway.NotDone}},
		{paypalfake.Fault{Kind: paypalfake.FaultMalformed}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
		{paypalfake.Fault{Kind: paypalfake.FaultEmpty}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
		{paypalfake.Fault{Kind: paypalfake.FaultDrop}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}, want{gateway.ErrRetryable, gateway.Unknown}},
	} {
		t.Run(string(x.fault.Kind)+" "+x.fault.Issue+" "+string(rune('0'+x.fault.Status/100))+string(rune('0'+x.fault.Status%10)), func(t *testing.T) {
			s := newShop(t)
			order := func(path string) {
				x.fault.Method, x.fault.Path = "POST", path
				s.fake.Inject(x.fault)
			}
			page := s.approve("at_0", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
			paid := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
			order("/v2/checkout/orders")
			_, err := s.g.CreateCheckout(t.Context(), s.request("at_2", eur(1)))
			wants(t, err, x.create.kind, x.create.outcome)
			order("/v2/checkout/orders/*/capture")
			st, err := s.settle("at_0", page, true)
			if x.capture == (want{}) {
				if err != nil || st.State != gateway.CheckoutExpired {
					t.Errorf("%v: the page is %s", err, st.State)
				}
			} else {
				wants(t, err, x.capture.kind, x.capture.outcome)
			}
			order("/v2/payments/captures/*/refund")
			_, err = s.g.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "rf", PaymentID: paid.ID, Amount: eur(5)})
			wants(t, err, x.refund.kind, x.refund.outcome)
		})
	}
}

func TestTokenFailuresAreCertain(t *testing.T) {
	for _, f := range []paypalfake.Fault{{Kind: paypalfake.FaultHTML, Status: 502}, {Kind: paypalfake.FaultDrop}, {Kind: paypalfake.FaultMalformed}, {Kind: paypalfake.FaultStatus, Status: 429}} {
		s := newShop(t)
		s.fake.RevokeTokens(s.conn.Settings["client_id"])
		f.Path = "/v1/oauth2/token"
		s.fake.Inject(f)
		_, err := s.g.CreateCheckout(t.Context(), s.request("at_1", eur(1)))
		wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	}
}

func TestTokenIsRenewed(t *testing.T) {
	s := newShop(t)
	s.create("at_1", eur(1))
	s.clock.pass(9 * time.Hour)
	s.create("at_2", eur(1))
	s.clock.pass(8*time.Hour + 59*time.Minute + 30*time.Second) // within the last minute: not worth the risk
	s.create("at_3", eur(1))
}

func TestCheck(t *testing.T) {
	s := newShop(t)
	a, err := s.g.Check(t.Context())
	if err != nil || a.ID != s.merchant || a.Mode != gateway.Test || a.Currency != money.EUR || len(a.Missing) != 0 || a.Name != "Atelier Dupré" {
		t.Fatalf("%v: %+v", err, a)
	}
	id := s.conn.Settings["client_id"]
	for without, missing := range map[string][]string{"reporting": {"Transaction search"}, "disputes": {"Customer disputes"}, "refund": {"Accept payments"}} {
		var scopes []string
		for _, sc := range paypalfake.Scopes() {
			if !strings.Contains(sc, without) {
				scopes = append(scopes, sc)
			}
		}
		s.fake.SetScopes(id, scopes)
		b, err := s.g.Check(t.Context())
		if err != nil || b.ID != a.ID || !reflect.DeepEqual(b.Missing, missing) {
			t.Errorf("without %s: %v, %+v", without, err, b)
		}
		if without == "reporting" {
			_, err := s.g.ListPayments(t.Context(), gateway.ListRequest{Limit: 1})
			wants(t, err, gateway.ErrConfig, gateway.NotDone)
		}
	}
}

func TestSettings(t *testing.T) {
	s := newShop(t)
	for name, bad := range map[string]map[string]string{
		"mode":          {"mode": "prod"},
		"client_id":     {"client_id": ""},
		"client_secret": {"client_secret": ""},
		"verify":        {"verify": "never"},
		"api_url":       {"api_url": "http://example.com"},
	} {
		c := s.conn
		c.Settings = map[string]string{}
		for k, v := range s.conn.Settings {
			c.Settings[k] = v
		}
		for k, v := range bad {
			c.Settings[k] = v
		}
		_, err := s.driver.Open(t.Context(), c)
		if e := wants(t, err, gateway.ErrConfig, gateway.NotDone); e.Setting != name {
			t.Errorf("%v: blames %q", bad, e.Setting)
		}
	}
	for _, at := range []string{"https://127.0.0.1:1", "http://127.0.0.1.example.com", "http://user:pw@127.0.0.1", "http://10.0.0.1", "http://127.0.0.1/?x", "ftp://127.0.0.1", "http://169.254.169.254", "::"} {
		c := s.conn
		c.Settings = map[string]string{"mode": "sandbox", "client_id": "x", "client_secret": "y", "api_url": at}
		_, err := s.driver.Open(t.Context(), c)
		if e := wants(t, err, gateway.ErrConfig, gateway.NotDone); e.Setting != "api_url" {
			t.Errorf("%s: %v", at, e)
		}
	}
}

func TestInstallWebhook(t *testing.T) {
	s := newShop(t)
	install := s.g.(gateway.WebhookInstaller).InstallWebhook
	first, err := install(t.Context(), "http://127.0.0.1:9/a")
	if err != nil {
		t.Fatal(err)
	}
	again, err := install(t.Context(), "http://127.0.0.1:9/a")
	if err != nil || again["webhook_id"] != first["webhook_id"] {
		t.Fatalf("%v: installed %v, then %v", err, first, again)
	}
	for i := range 8 {
		if _, err := install(t.Context(), "http://127.0.0.1:9/"+string(rune('b'+i))); err != nil {
			t.Fatal(err)
		}
	}
	_, err = install(t.Context(), "http://127.0.0.1:9/eleventh")
	if e := wants(t, err, gateway.ErrPermanent, gateway.NotDone); e.Code != "WEBHOOK_NUMBER_LIMIT_EXCEEDED" {
		t.Errorf("%v", e)
	}
}

// Long and strange inputs stay within what PayPal takes: the contract stands before the fake.
func TestStrangeRequests(t *testing.T) {
	s := newShop(t)
	r := s.request("at_"+strings.Repeat("x", 300), eur(100))
	r.Reference, r.Description, r.Document = "at_1", strings.Repeat("é", 400)+"\n\x00<b>&", strings.Repeat("F-", 200)
	r.Locale, r.CustomerEmail = "zh-Hant-TW", `"odd address"@exämple.test`
	page, err := s.g.CreateCheckout(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := s.g.CreateCheckout(t.Context(), r); err != nil || again.SessionID != page.SessionID {
		t.Errorf("%v: a long key opened %s and %s", err, page.SessionID, again.SessionID)
	}
	r = s.request("at_2", eur(100))
	r.Description, r.Document, r.Locale, r.CustomerEmail = "", "", "", ""
	if _, err := s.g.CreateCheckout(t.Context(), r); err != nil {
		t.Error(err)
	}
	r.Reference = strings.Repeat("x", 128)
	_, err = s.g.CreateCheckout(t.Context(), r)
	wants(t, err, gateway.ErrPermanent, gateway.NotDone)
}
