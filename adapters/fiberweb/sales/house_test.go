package sales_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/sales"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/rs/zerolog"
	"github.com/shopspring/decimal"
)

var ctx = context.Background()

// house is a World whose sales screens are served.
type house struct {
	*apptest.World
	base string
}

// logins lets people of the World log in.
type logins struct{ *app.App }

func (l logins) Companies(ctx context.Context, user string) ([]fiberweb.CompanyRef, error) {
	refs, err := l.CompaniesOf(ctx, user)
	out := make([]fiberweb.CompanyRef, len(refs))
	for i, r := range refs {
		out[i] = fiberweb.CompanyRef{ID: r.ID, Name: r.Name, Role: r.Role, Test: true}
	}
	return out, err
}

// drawer keeps sessions in memory.
type drawer struct{ m sync.Map }

func (d *drawer) Get(k string) ([]byte, error) {
	v, _ := d.m.Load(k)
	b, _ := v.([]byte)
	return b, nil
}

func (d *drawer) Set(k string, v []byte, _ time.Duration) error {
	d.m.Store(k, bytes.Clone(v))
	return nil
}

func (d *drawer) Delete(k string) error { d.m.Delete(k); return nil }

func (d *drawer) Reset() error { d.m.Clear(); return nil }

// newHouse serves the screens of a World on a port of its own.
func newHouse(t *testing.T) house {
	t.Helper()
	h := house{World: apptest.New(t)}
	// What use cases write into documents is read on the screens.
	h.Words = i18n.Words{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.base = "http://" + ln.Addr().String()
	s, err := fiberweb.New(fiberweb.Options{Auth: logins{h.App}, Sessions: &drawer{}, BaseURL: h.base, Version: "1.0", Log: zerolog.Nop(), Now: h.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	sales.Mount(s, h.App)
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(serving, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving: %v", err)
		}
	})
	return h
}

// at is the address of a page of the company.
func (h house) at(path string) string { return h.base + "/c/" + h.Company.ID + path }

// visitor is somebody with a browser.
type visitor struct {
	t     *testing.T
	h     house
	c     *http.Client
	token string
}

// answer is what a request got.
type answer struct {
	*http.Response
	body string
}

var tokenField = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// as logs in as somebody with a role in the company.
func (h house) as(t *testing.T, r access.Role) *visitor {
	t.Helper()
	email := string(r) + "@acquit.test"
	if r != access.Owner {
		if _, err := h.AddUser(ctx, h.Owner, app.NewUser{Email: email, Name: strings.ToUpper(string(r)), Password: apptest.Password, Language: "fr", Role: r}); err != nil {
			t.Fatal(err)
		}
	}
	return h.logIn(t, email)
}

func (h house) logIn(t *testing.T, email string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{t: t, h: h, c: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	v.remember(v.do(http.MethodGet, h.base+"/login", nil))
	got := v.do(http.MethodPost, h.base+"/login", url.Values{"email": {email}, "password": {apptest.Password}, "_csrf": {v.token}})
	if got.StatusCode != http.StatusSeeOther {
		t.Fatalf("logging in as %s: %d\n%s", email, got.StatusCode, got.body)
	}
	v.token = ""
	return v
}

func (v *visitor) remember(a answer) {
	if m := tokenField.FindStringSubmatch(a.body); m != nil {
		v.token = m[1]
	}
}

func (v *visitor) do(method, address string, form url.Values) answer {
	v.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept-Language", "fr")
	res, err := v.c.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{res, string(b)}
}

// get asks for a page of the company.
func (v *visitor) get(path string) answer {
	v.t.Helper()
	return v.do(http.MethodGet, v.h.at(path), nil)
}

// post sends a form to a page of the company: names and values.
func (v *visitor) post(path string, pairs ...string) answer {
	v.t.Helper()
	if v.token == "" {
		v.remember(v.get("/customers")) // the form for logging out is on every page
	}
	form := url.Values{"_csrf": {v.token}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.do(http.MethodPost, v.h.at(path), form)
}

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what can be read of a page, with plain spaces.
func (a answer) text() string {
	s := strings.NewReplacer("&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "\u00a0", " ", "\u202f", " ").Replace(tags.ReplaceAllString(a.body, " "))
	return strings.Join(strings.Fields(s), " ")
}

// want checks the status and what can be read.
func (a answer) want(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, clip(a.text()))
	}
	for _, s := range texts {
		if !strings.Contains(a.text(), s) {
			t.Errorf("%s %s: %q cannot be read in\n%s", a.Request.Method, a.Request.URL.Path, s, clip(a.text()))
		}
	}
	if strings.Contains(a.body, "⟦") {
		t.Errorf("%s: a text is missing: %s", a.Request.URL.Path, a.body[strings.Index(a.body, "⟦"):][:80])
	}
	return a
}

// without checks that something cannot be read.
func (a answer) without(t *testing.T, texts ...string) answer {
	t.Helper()
	for _, s := range texts {
		if strings.Contains(a.text(), s) {
			t.Errorf("%s %s: %q can be read", a.Request.Method, a.Request.URL.Path, s)
		}
	}
	return a
}

// to checks that the browser is sent to a page of the company, and returns its path there.
func (a answer) to(t *testing.T, h house, prefix string) string {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s %s: %d, want a redirect\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, clip(a.text()))
	}
	path, ok := strings.CutPrefix(a.Header.Get("Location"), "/c/"+h.Company.ID)
	if !ok || !strings.HasPrefix(path, prefix) {
		t.Fatalf("%s %s: sent to %s, want %s", a.Request.Method, a.Request.URL.Path, a.Header.Get("Location"), prefix)
	}
	return path
}

func clip(s string) string {
	if len(s) > 1500 {
		return s[:1500] + "…"
	}
	return s
}

// ---- what the World is filled with ----

func line(description, quantity, price, code string) billing.DocLine {
	return billing.DocLine{Description: description, Quantity: decimal.RequireFromString(quantity), UnitPrice: decimal.RequireFromString(price), VATCode: code}
}

// method is a payment method of the World by its code.
func (h house) method(t *testing.T, code string) billing.PaymentMethod {
	t.Helper()
	for _, m := range h.Settings(t).Methods {
		if m.Code == code {
			return m
		}
	}
	t.Fatalf("no method %s", code)
	return billing.PaymentMethod{}
}

func (h house) newCustomer(t *testing.T, name, email string) party.Customer {
	t.Helper()
	c, err := h.CreateCustomer(ctx, h.Owner, party.Customer{Name: name, Email: party.Email(email), MethodID: h.method(t, "CB").ID,
		Address: party.Address{Street: "12 rue de la République", PostalCode: "69002", City: "Lyon", Country: "FR"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// issued makes an invoice of one line of services at 20 %.
func (h house) issued(t *testing.T, c party.Customer, price string) billing.Invoice {
	t.Helper()
	v, err := h.CreateInvoice(ctx, h.Owner, app.InvoiceInput{CustomerID: c.ID, MethodID: h.method(t, "CB").ID, Lines: []billing.DocLine{line("Conseil", "1", price, "S20S")}})
	if err == nil {
		v, err = h.IssueInvoice(ctx, h.Owner, v.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// paidOnline plays a payer who pays a document in full, and the accountant's OK.
func (h house) paidOnline(t *testing.T, conn inbox.Connection, document string, fee int64) {
	t.Helper()
	address, err := h.PayURL(ctx, h.Owner, document)
	if err != nil {
		t.Fatal(err)
	}
	token := address[strings.LastIndex(address, "/")+1:]
	if _, err := h.StartPayment(ctx, token, conn.ID); err != nil {
		t.Fatal(err)
	}
	attempts, err := h.Views.AttemptsOf(ctx, h.Company.ID, document)
	if err != nil || len(attempts) == 0 {
		t.Fatalf("no attempt: %v", err)
	}
	h.Provider(conn).Change(func(p *apptest.Provider) { p.At = h.Clock.Now() })
	h.Provider(conn).Pay(attempts[0].SessionID, fee)
	if _, err := h.Return(ctx, token, attempts[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Refresh(ctx, h.Owner, conn.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.IntegrateReady(ctx, h.Owner); err != nil {
		t.Fatal(err)
	}
}

func contains(s, part string) bool { return strings.Contains(s, part) }
