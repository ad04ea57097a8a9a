package simulator_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/simulator"
)

// till is a world of one payment.
type till struct{ done []string }

func (w *till) Boards() []simulator.Board {
	return []simulator.Board{{ID: "acct_1", Name: "<Atelier> & fils", Balances: []money.Money{money.Of(1234_56, money.EUR)}, Rows: []simulator.Row{{
		ID: "pay_1", What: simulator.Text("Paiement", "Payment"), State: simulator.Text("réussi", "succeeded"), Gross: money.Of(100_00, money.EUR), FeeLater: true,
		Acts: []simulator.Act{{Name: "refund", Label: simulator.Text("Rembourser", "Refund"), Amount: true}},
	}}}}
}

func (w *till) Do(account, id, act, amount string) error {
	if act == "refuse" {
		return errors.New("the <bank> says no")
	}
	w.done = append(w.done, account+" "+id+" "+act+" "+amount)
	return nil
}

func ask(t *testing.T, w simulator.World, method, target string, form url.Values, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	out := httptest.NewRecorder()
	simulator.Console("Stripe", w).ServeHTTP(out, r)
	return out
}

func TestConsoleSpeaksTwoLanguages(t *testing.T) {
	for _, c := range []struct{ target, accepts, want string }{
		{"http://127.0.0.1:8090/", "fr-FR,fr;q=0.9", "1234,56\u00a0€"},
		{"http://127.0.0.1:8090/", "de,en;q=0.5", "€1234.56"},
		{"http://localhost:8090/?lang=fr", "en", "Rembourser"},
		{"http://[::1]:8090/", "", "not told yet"},
	} {
		out := ask(t, &till{}, http.MethodGet, c.target, nil, map[string]string{"Accept-Language": c.accepts})
		if body := out.Body.String(); out.Code != http.StatusOK || !strings.Contains(body, c.want) || !strings.Contains(body, "&lt;Atelier&gt; &amp; fils") {
			t.Errorf("%s (%s): %d\n%s", c.target, c.accepts, out.Code, body)
		}
	}
}

func TestConsoleDoes(t *testing.T) {
	w := &till{}
	form := url.Values{"account": {"acct_1"}, "id": {"pay_1"}, "act": {"refund"}, "amount": {" 12,50 "}}
	out := ask(t, w, http.MethodPost, "http://127.0.0.1:8090/?lang=fr", form, nil)
	if out.Code != http.StatusSeeOther || out.Header().Get("Location") != "/?lang=fr" || !slices.Equal(w.done, []string{"acct_1 pay_1 refund 12,50"}) {
		t.Errorf("%d to %s: %v", out.Code, out.Header().Get("Location"), w.done)
	}
	out = ask(t, w, http.MethodPost, "http://127.0.0.1:8090/", url.Values{"act": {"refuse"}}, nil)
	if out.Code != http.StatusConflict || !strings.Contains(out.Body.String(), "the &lt;bank&gt; says no") {
		t.Errorf("a refusal is %d\n%s", out.Code, out.Body.String())
	}
}

// TestConsoleKeepsToThisMachine: no page of elsewhere reads it under another name, or sends a form to it.
func TestConsoleKeepsToThisMachine(t *testing.T) {
	w := &till{}
	for _, host := range []string{"rebound.example:8090", "127.0.0.1.example:80", "192.0.2.1:8090", "127.0.0.1"} {
		if out := ask(t, w, http.MethodGet, "http://"+host+"/", nil, nil); out.Code != http.StatusMisdirectedRequest {
			t.Errorf("%s is answered %d", host, out.Code)
		}
	}
	out := ask(t, w, http.MethodPost, "http://127.0.0.1:8090/", url.Values{"act": {"refund"}}, map[string]string{"Sec-Fetch-Site": "cross-site"})
	if out.Code != http.StatusForbidden || len(w.done) != 0 {
		t.Errorf("a foreign form is answered %d and did %v", out.Code, w.done)
	}
	if csp := ask(t, w, http.MethodGet, "http://127.0.0.1:8090/", nil, nil).Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("the policy is %q", csp)
	}
}

func TestAmount(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "12,5": 1250, "1\u202f200.00": 120000, " 3 ": 300} {
		if got, err := simulator.Amount(text, money.EUR); err != nil || got != want {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"-1", "0", "1.234", "x", "1,2,3"} {
		if got, err := simulator.Amount(text, money.EUR); err == nil {
			t.Errorf("%q is taken for %d", text, got)
		}
	}
}
