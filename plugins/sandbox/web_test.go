package sandbox_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
)

// answer is a page as a browser gets it.
type answer struct {
	status int
	header http.Header
	body   string
}

// browser asks without following redirects.
func browser(t *testing.T, req *http.Request) answer {
	t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func get(t *testing.T, address string, header ...string) answer {
	t.Helper()
	return ask(t, http.MethodGet, address, nil, header...)
}

func post(t *testing.T, address string, form url.Values, header ...string) answer {
	t.Helper()
	return ask(t, http.MethodPost, address, form, append(header, "Content-Type", "application/x-www-form-urlencoded")...)
}

func ask(t *testing.T, method, address string, form url.Values, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	return browser(t, req)
}

func (a answer) shows(t *testing.T, what ...string) {
	t.Helper()
	for _, w := range what {
		if !strings.Contains(a.body, w) {
			t.Errorf("the page does not show %q:\n%s", w, a.body)
		}
	}
}

func TestThePayPage(t *testing.T) {
	d := newDesk(t, sandbox.Options{})
	page := d.open(t, eur(120_000))
	a := get(t, page.URL)
	a.shows(t, `lang="fr"`, "Atelier Dupré", "1\u202f200,00\u00a0€", "Facture FA2026-0012", "Élodie Martin", "elodie@example.test", "aucun argent réel", `value="paid"`, `value="3ds"`,
		`value="pending"`, `value="declined"`, `value="failed"`, `value="cancelled"`, `name="fee"`, `name="webhook"`, `name="amount"`, `name="stay"`, "/console/"+d.account)
	if strings.Contains(a.body, "<script") || strings.Contains(a.body, "style=") {
		t.Error("the page has a script or a style of its own")
	}
	csp := a.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self' http://127.0.0.1:9 ") || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy: %s", csp)
	}
	get(t, page.URL+"?lang=en").shows(t, `lang="en"`, "€1,200.00", "no real money")

	a = post(t, page.URL, url.Values{"outcome": {"declined"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/pay/"+page.SessionID {
		t.Errorf("declined: %d to %q", a.status, a.header.Get("Location"))
	}
	get(t, page.URL).shows(t, "La carte a été refusée", `value="paid"`)

	a = post(t, page.URL, url.Values{"outcome": {"3ds"}, "fee": {"later"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/pay/"+page.SessionID {
		t.Errorf("3-D Secure: %d to %q", a.status, a.header.Get("Location"))
	}
	get(t, page.URL).shows(t, "3-D Secure", `value="passed"`, `value="refused"`)
	a = post(t, page.URL+"/3ds", url.Values{"answer": {"passed"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "http://127.0.0.1:9/back?x=1" {
		t.Errorf("passed: %d to %q", a.status, a.header.Get("Location"))
	}
	a = get(t, page.URL)
	a.shows(t, "Le paiement est fait.", `href="http://127.0.0.1:9/back?x=1"`)
	if strings.Contains(a.body, "<form") {
		t.Error("a page that is over has a form")
	}
	if a = post(t, page.URL, url.Values{"outcome": {"paid"}}); a.status != http.StatusConflict {
		t.Errorf("paid twice: %d", a.status)
	}

	page = d.open(t, eur(120_000))
	if a = post(t, page.URL, url.Values{"outcome": {"cancelled"}}); a.header.Get("Location") != "http://127.0.0.1:9/cancel" {
		t.Errorf("cancelled: %d to %q", a.status, a.header.Get("Location"))
	}
	page = d.open(t, eur(120_000))
	if a = post(t, page.URL, url.Values{"outcome": {"paid"}, "stay": {"1"}}); a.header.Get("Location") != "/pay/"+page.SessionID {
		t.Errorf("stay: %d to %q", a.status, a.header.Get("Location"))
	}
	page = d.open(t, eur(120_000))
	if a = post(t, page.URL, url.Values{"outcome": {"pending"}, "amount": {"1 100,50"}}); a.header.Get("Location") != "http://127.0.0.1:9/back?x=1" {
		t.Errorf("pending: %d to %q", a.status, a.header.Get("Location"))
	}
	if s, err := d.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: page.SessionID}); err != nil || s.Payments[0].Gross.Minor() != 110_050 {
		t.Errorf("%+v, %v", s, err)
	}
	if a := get(t, strings.TrimSuffix(page.URL, page.SessionID)+"cs_nobody"); a.status != http.StatusNotFound {
		t.Errorf("unknown page: %d", a.status)
	}
}

func TestBadForms(t *testing.T) {
	d := newDesk(t, sandbox.Options{})
	page := d.open(t, eur(1000))
	base := strings.TrimSuffix(page.URL, "/pay/"+page.SessionID)
	for name, c := range map[string]struct {
		a    answer
		want int
	}{
		"no outcome":         {post(t, page.URL, nil), 400},
		"unknown outcome":    {post(t, page.URL, url.Values{"outcome": {"stolen"}}), 400},
		"bad amount":         {post(t, page.URL, url.Values{"outcome": {"paid"}, "amount": {"1.234"}}), 400},
		"bad currency":       {post(t, page.URL, url.Values{"outcome": {"paid"}, "amount": {"1"}, "currency": {"ZZZ"}}), 400},
		"negative":           {post(t, page.URL, url.Values{"outcome": {"paid"}, "amount": {"-1"}}), 400},
		"no answer":          {post(t, page.URL+"/3ds", nil), 400},
		"no challenge":       {post(t, page.URL+"/3ds", url.Values{"answer": {"passed"}}), 409},
		"unknown action":     {post(t, base+"/console/"+d.account, url.Values{"action": {"rob"}}), 400},
		"unknown account":    {post(t, base+"/console/acct_x", url.Values{"action": {"payout"}}), 404},
		"unknown movement":   {post(t, base+"/console/"+d.account, url.Values{"action": {"refund"}, "id": {"pay_x"}}), 404},
		"nothing to pay out": {post(t, base+"/console/"+d.account, url.Values{"action": {"payout"}}), 409},
		"no result":          {post(t, base+"/console/"+d.account, url.Values{"action": {"settle"}, "id": {"pay_x"}}), 400},
		"bad fault":          {post(t, base+"/console/"+d.account, url.Values{"action": {"fault"}, "kind": {"x"}}), 400},
		"bad times":          {post(t, base+"/console/"+d.account, url.Values{"action": {"resend"}, "id": {"evt"}, "times": {"x"}}), 400},
		"oversized":          {post(t, page.URL, url.Values{"outcome": {strings.Repeat("x", 1<<20)}}), 400},
		"from another site":  {post(t, page.URL, url.Values{"outcome": {"paid"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		"another host name":  {post(t, page.URL, url.Values{"outcome": {"paid"}}, "Host", "evil.example:80"), 421},
		"a GET that pays":    {get(t, page.URL+"?outcome=paid"), 200},
		"no such page":       {get(t, base+"/etc/passwd"), 404},
	} {
		if c.a.status != c.want {
			t.Errorf("%s: %d, wanted %d", name, c.a.status, c.want)
		}
	}
	if s, err := d.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: page.SessionID}); err != nil || s.State != gateway.CheckoutOpen {
		t.Errorf("after all that the page is %+v, %v", s, err)
	}
}

func TestTheConsole(t *testing.T) {
	d := newDesk(t, sandbox.Options{})
	p := d.paid(t, eur(120_000), sandbox.Outcome{How: sandbox.Pays, Fee: sandbox.FeeLater})
	debit := d.paid(t, eur(5_000), sandbox.Outcome{How: sandbox.Pends})
	address := d.p.ConsoleURL(d.account)
	for lang, words := range map[string][]string{
		"fr": {"Console du bac à sable", "Atelier Dupré", "1\u202f200,00\u00a0€", "Annoncer la commission", "Régler", "Ouvrir un litige", "checkout.completed", p.ID, debit.ID},
		"en": {"Sandbox console", "€1,200.00", "Tell the fee", "Settle", "Open a dispute"},
	} {
		get(t, address+"?lang="+lang).shows(t, words...)
	}
	a := post(t, address, url.Values{"action": {"reveal_fee"}, "id": {p.ID}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/console/"+d.account {
		t.Errorf("%d to %q", a.status, a.header.Get("Location"))
	}
	d.holds(t, 118_295)
	get(t, strings.TrimSuffix(address, "/console/"+d.account)+"/").shows(t, "Atelier Dupré", "/console/"+d.account)
	get(t, address, "Accept-Language", "de, en;q=0.8, fr;q=0.5").shows(t, `lang="en"`)
}

// TestEveryActionOverHTTP drives a sandbox as a test of another package would.
func TestEveryActionOverHTTP(t *testing.T) {
	dir := t.TempDir()
	d := newDesk(t, sandbox.Options{Dir: dir})
	c, err := drive.In(dir)
	if err != nil {
		t.Fatal(err)
	}
	do := func(action string, fields ...string) string {
		t.Helper()
		id, err := c.Do(t.Context(), d.account, action, fields...)
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		return id
	}
	page := d.open(t, eur(120_000))
	if v, err := c.Pay(t.Context(), page.SessionID, sandbox.Challenges, "webhook", "never"); err != nil || v.State != "open" || v.Location != "/pay/"+page.SessionID {
		t.Fatalf("%+v, %v", v, err)
	}
	v, err := c.Authenticate(t.Context(), page.SessionID, true)
	if err != nil || v.State != "paid" || len(v.Payments) != 1 || v.Location != "http://127.0.0.1:9/back?x=1" {
		t.Fatalf("%+v, %v", v, err)
	}
	pay := v.Payments[0]
	if s, err := c.Session(t.Context(), page.SessionID); err != nil || s.State != gateway.CheckoutPaid || !s.Amount.Equal(eur(120_000)) || s.Payments[0] != pay {
		t.Errorf("%+v, %v", s, err)
	}
	page = d.open(t, eur(5_000))
	if v, err = c.Pay(t.Context(), page.SessionID, sandbox.Pends, "fee", "later"); err != nil {
		t.Fatal(err)
	}
	debit := v.Payments[0]
	do("settle", "id", debit, "result", "paid", "webhook", "twice")
	do("reveal_fee", "id", debit)
	refund := do("refund", "id", pay, "amount", "10,00", "fee_back", "1", "key", "r1")
	if again := do("refund", "id", pay, "amount", "10,00", "fee_back", "1", "key", "r1"); again != refund {
		t.Errorf("one key refunded %s and %s", refund, again)
	}
	do("fail_refund", "id", refund)
	do("reverse_payment", "id", debit)
	dispute := do("open_dispute", "id", pay, "amount", "100.00", "fee", "apart")
	do("close_dispute", "id", dispute, "result", "won", "fee_back", "1")
	do("close_dispute", "id", do("open_dispute", "id", pay), "result", "lost")
	do("book", "kind", "adjustment", "amount", "2000", "currency", "EUR", "description", "Geste")
	do("receive", "amount", "1000", "currency", "jpy", "reference", "att_x", "payer", "M. X", "fee", "none")
	do("reverse_payout", "id", do("payout", "currency", "EUR"))
	do("fault", "call", "check", "kind", "retryable", "outcome", "not_done")
	if _, err := d.g.Check(t.Context()); gateway.AsError(err).Code != "ordered_fault" {
		t.Errorf("the ordered fault did not come: %v", err)
	}
	look, err := c.Look(t.Context(), d.account, 100)
	if err != nil || len(look.Movements) != 13 || look.Account.Name != "Atelier Dupré" || len(look.Balance) != 2 {
		t.Fatalf("%d movements, %+v, %v", len(look.Movements), look.Balance, err)
	}
	do("resend", "id", look.Events[0].ID, "times", "2")
	kinds := map[gateway.Kind]bool{}
	sum := int64(0)
	for _, m := range look.Movements {
		kinds[m.Kind] = true
		if m.Gross.Currency() == money.EUR {
			sum += m.Net.Minor()
		}
	}
	if len(kinds) != 10 {
		t.Errorf("kinds: %v", kinds)
	}
	d.holds(t, sum)
	var no *drive.Refusal
	if _, err := c.Do(t.Context(), d.account, "settle", "id", pay, "result", "paid"); !errors.As(err, &no) || no.Status != http.StatusConflict || no.Code != "wrong_state" {
		t.Errorf("%v", err)
	}
	if all, err := c.Accounts(t.Context()); err != nil || len(all) != 1 || all[0].ID != d.account {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestThePortStays(t *testing.T) {
	dir := t.TempDir()
	d := newDesk(t, sandbox.Options{Dir: dir})
	page := d.open(t, eur(1000))
	if err := d.s.Close(); err != nil {
		t.Fatal(err)
	}
	again := newDesk(t, sandbox.Options{Dir: dir})
	get(t, page.URL).shows(t, "Atelier Dupré")
	if err := again.s.Close(); err != nil {
		t.Fatal(err)
	}
	// Somebody else has the port: another one is opened, and kept from then on.
	address := strings.TrimPrefix(strings.Split(page.URL, "/pay/")[0], "http://")
	squatter := newDesk(t, sandbox.Options{Listen: address})
	moved := newDesk(t, sandbox.Options{Dir: dir})
	if moved.p.PayURL(page.SessionID) == page.URL {
		t.Error("two sandboxes have one port")
	}
	get(t, moved.p.PayURL(page.SessionID)).shows(t, "Atelier Dupré")
	_ = squatter
	if s := sandbox.New(sandbox.Options{Dir: t.TempDir(), Listen: "0.0.0.0:0"}); true {
		g, err := s.Open(t.Context(), d.c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.CreateCheckout(t.Context(), d.request(eur(1))); gateway.AsError(err).Code != "no_listener" {
			t.Errorf("a page was opened to the world: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestEveryWordIsThere looks up each key that a page uses.
func TestEveryWordIsThere(t *testing.T) {
	pages, err := filepath.Glob("pages/*.html")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	key := regexp.MustCompile(`\.T "([^"]+)"`)
	n := 0
	for _, path := range pages {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range key.FindAllStringSubmatch(string(b), -1) {
			n++
			for _, lang := range []string{"fr", "en"} {
				if sandbox.Word(lang, m[1]) == "" {
					t.Errorf("%s: %q is missing in %s", path, m[1], lang)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d words were looked up", n)
	}
	for _, k := range gateway.Kinds() {
		if sandbox.KindWord(k) == string(k) && k != "payment" {
			t.Errorf("no word for %s", k)
		}
	}
}
