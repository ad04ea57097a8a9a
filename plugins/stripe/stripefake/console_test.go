package stripefake_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// TestConsole plays banks, payers and Stripe's dashboard with the buttons of the simulator's page.
func TestConsole(t *testing.T) {
	fake, err := stripefake.New(stripefake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(fake)
	defer server.Close()
	fake.SetURL(server.URL)
	account, key := fake.Open(stripefake.Account{Name: "Atelier Test"})
	paid := func(how stripefake.How) string {
		t.Helper()
		form := url.Values{"mode": {"payment"}, "success_url": {"http://127.0.0.1/ok"}, "line_items[0][price_data][currency]": {"eur"},
			"line_items[0][price_data][unit_amount]": {"10000"}, "line_items[0][price_data][product_data][name]": {"FA-1"}, "line_items[0][quantity]": {"1"}}
		r, err := http.NewRequest(http.MethodPost, server.URL+"/v1/checkout/sessions", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		all := fake.Sessions(account)
		id, err := fake.Pay(all[len(all)-1], how)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	press := func(id, act, amount string, want int) {
		t.Helper()
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		res, err := client.PostForm(server.URL+"/?lang=en", url.Values{"account": {account}, "id": {id}, "act": {act}, "amount": {amount}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s of %s is answered %d, want %d", act, id, res.StatusCode, want)
		}
	}
	const done, no = http.StatusSeeOther, http.StatusConflict
	debit, later, card := paid(stripefake.How{Method: "sepa_debit", FeeLater: true}), paid(stripefake.How{FeeLater: true}), paid(stripefake.How{})
	press(debit, "confirm", "", done)
	press(debit, "confirm", "", no)
	press(later, "tell_fee", "", done)
	press(card, "refund", "25,50", done)
	press(card, "refund", "100", no)
	press(card, "refund", "-1", no)
	press(card, "dispute", "", done)
	press("pi_nobody", "refund", "", no)
	press("", "payout:eur", "", done)
	press("", "anything", "", no)
	var got strings.Builder
	var payout, dispute, refund string
	for _, r := range fake.Ledger(account) {
		fmt.Fprintln(&got, r.Category, r.Amount)
		switch r.Category {
		case "payout":
			payout = r.Source
		case "dispute":
			dispute = r.Source
		case "refund":
			refund = r.Source
		}
	}
	for _, want := range []string{"charge 10000\ncharge 10000\ncharge 10000\n", "refund -2550\n", "dispute -10000\n", "payout -"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("%q is not in the account's ledger:\n%s", want, got.String())
		}
	}
	press(dispute, "win", "", done)
	press(refund, "fail", "", done)
	press(payout, "arrive", "", done)
	press(payout, "fail", "", done)
	res, err := http.Get(server.URL + "/?lang=fr")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Atelier Test", "100,00\u00a0€", "gagné", "Virement", "échoué"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}
