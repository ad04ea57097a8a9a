package sales_test

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/sales"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

var ctx = context.Background()

// house is a World whose sales screens are served.
type house struct {
	*apptest.World
	web *screentest.House
}

func newHouse(t *testing.T) house {
	t.Helper()
	h := house{World: apptest.New(t)}
	// What use cases write into documents is read on the screens.
	h.Words = i18n.Words{}
	h.web = screentest.New(t, h.Company.ID, h.Company.Name, func(o *fiberweb.Options) { o.Now = h.Clock.Now })
	sales.Mount(h.web.Server, h.App)
	return h
}

// at is the path of a page of the company.
func (h house) at(path string) string { return "/c/" + h.Company.ID + path }

// visitor is somebody of the company with a browser.
type visitor struct {
	t     *testing.T
	h     house
	c     *screentest.Client
	token string
}

// as logs in as the person with a role.
func (h house) as(t *testing.T, r access.Role) *visitor {
	t.Helper()
	return &visitor{t: t, h: h, c: h.web.As(t, r)}
}

// answer is what a request got.
type answer struct{ screentest.Answer }

// get asks for a page of the company.
func (v *visitor) get(path string) answer {
	v.t.Helper()
	return answer{v.c.Get(v.h.at(path))}
}

// follow goes to an address of a page.
func (v *visitor) follow(address string) answer {
	v.t.Helper()
	return answer{v.c.Get(address)}
}

var tokenField = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// ready has a form's token at hand.
func (v *visitor) ready() *visitor {
	v.t.Helper()
	if v.token == "" {
		m := tokenField.FindStringSubmatch(v.get("/customers").Body) // the form for logging out is on every page
		if m == nil {
			v.t.Fatal("no form")
		}
		v.token = m[1]
	}
	return v
}

// post sends a form to a page of the company: names and values.
func (v *visitor) post(path string, pairs ...string) answer {
	v.t.Helper()
	v.ready()
	return answer{v.c.Post(v.h.at(path), append([]string{"_csrf", v.token}, pairs...)...)}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what can be read of a page, in its order, whatever its elements.
func (a answer) text() string {
	return screentest.Plain(strings.NewReplacer("&lt;", "<", "&gt;", ">").Replace(tags.ReplaceAllString(a.Body, " ")))
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
	if _, missing, found := strings.Cut(a.Body, "⟦"); found {
		t.Errorf("%s: a text is missing: %.60s", a.Request.URL.Path, missing)
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
	path, ok := strings.CutPrefix(a.Header.Get("Location"), h.at(""))
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

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// docForm is what the form of a quote or invoice of one line sends; extra pairs follow.
func docForm(customer, description, quantity, price, vat string, extra ...string) []string {
	return append([]string{"customer_id", customer, "date", "2026-06-16", "lines.0.description", description, "lines.0.quantity", quantity,
		"lines.0.unit_price", price, "lines.0.vat_code", vat}, extra...)
}

var related = regexp.MustCompile(`<a[^>]*rel="(\w+)"[^>]*href="([^"]+)"`)

// link is the address of the link with a relation: the next page of a list.
func link(t *testing.T, a answer, rel string) string {
	t.Helper()
	for _, m := range related.FindAllStringSubmatch(a.Body, -1) {
		if m[1] == rel {
			return strings.ReplaceAll(m[2], "&amp;", "&")
		}
	}
	t.Fatalf("no link %s", rel)
	return ""
}

// company changes the company's settings in ways that no screen would allow.
func (h house) company(t *testing.T, change func(*party.Company)) {
	t.Helper()
	err := h.Books.Write(ctx, h.Company.ID, func(_ context.Context, tx *books.Tx) error {
		c := tx.Setup().Company.Clone()
		change(&c)
		tx.Set(c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
