package paypalfake_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// TestConsole plays banks, payers and the merchant at PayPal with the buttons of the simulator's page.
func TestConsole(t *testing.T) {
	s := open(t, paypalfake.Options{}, &account)
	merchant := s.fake.Merchant(account.ClientID)
	paid := func(name string, o paypalfake.Outcome) string {
		t.Helper()
		c := s.page(t, "http://127.0.0.1:9", name)
		if err := s.fake.Pay(c.SessionID, o); err != nil {
			t.Fatal(err)
		}
		if _, err := s.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: c.SessionID, IdempotencyKey: name, Capture: true}); err != nil {
			t.Fatal(err)
		}
		return s.fake.CaptureOf(c.SessionID)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	press := func(id, act, amount string, want int) {
		t.Helper()
		res, err := client.PostForm(s.server.URL+"/?lang=en", url.Values{"account": {merchant}, "id": {id}, "act": {act}, "amount": {amount}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s of %s is answered %d, want %d", act, id, res.StatusCode, want)
		}
	}
	const done, no = http.StatusSeeOther, http.StatusConflict
	held := func(want int64) {
		t.Helper()
		if got := s.fake.Balance(merchant, money.EUR).Minor(); got != want {
			t.Errorf("PayPal holds %d, want %d", got, want)
		}
	}
	const net = 123_45 - 3_93 // 2.9 % and 35 cents
	card, later, pending := paid("card", paypalfake.Outcome{Act: paypalfake.Pays}), paid("later", paypalfake.Outcome{Act: paypalfake.Later}), paid("pending", paypalfake.Outcome{Act: paypalfake.Pend})
	held(2 * net)
	press(pending, "settle", "", done)
	press(pending, "settle", "", no)
	press(later, "tell_fee", "", done)
	held(3 * net)
	press(card, "refund", "23,45", done)
	press(card, "refund", "100,01", no)
	press(card, "refund", "-5", no)
	held(3*net - 23_45)
	press(later, "chargeback", "", done)
	press(later, "claim", "", no)
	held(3*net - 23_45 - 123_45 - 14_00)
	press("", "withdraw:EUR", "100", done)
	press("", "withdraw:EUR", "1000", no)
	press("", "withdraw:XXX", "", no)
	press("", "anything", "", no)
	press("NOBODY", "refund", "", no)
	held(3*net - 23_45 - 123_45 - 14_00 - 100_00)
	res, err := client.PostForm(s.server.URL+"/", url.Values{"account": {"NOBODY"}, "act": {"return"}, "id": {card}})
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != no {
		t.Errorf("an account that is not there is answered %d", res.StatusCode)
	}
	res, err = client.Get(s.server.URL + "/?lang=fr")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"123,45\u00a0€", "remboursé en partie", "Virement", "Litige", merchant} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}
