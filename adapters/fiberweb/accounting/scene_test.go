package accounting_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/accounting"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/shopspring/decimal"
)

var ctx = context.Background()

// scene is an installation in memory with the screens on it: real use cases and a real pen.
type scene struct {
	*apptest.World
	t     *testing.T
	house *screentest.House
	base  string // of the company's pages
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := apptest.New(t)
	s := &scene{World: w, t: t, base: "/c/" + w.Company.ID}
	s.house = screentest.New(t, w.Company.ID, w.Company.Name, func(o *fiberweb.Options) { o.Now = w.Clock.Now })
	accounting.Mount(s.house.Server, w.App)
	return s
}

// client is a person with a role, whose paths are those of the company.
type client struct {
	*screentest.Client
	base string
}

func (s *scene) as(r access.Role) client { return client{s.house.As(s.t, r), s.base} }

func (c client) get(path string) screentest.Answer { return c.Get(c.base + path) }

// send opens a page and sends a form of it to an address.
func (c client) send(page, to string, fields ...string) screentest.Answer {
	return c.Send(c.base+page, c.base+to, fields...)
}

// rent posts the rent of a month, in cents.
func (s *scene) rent(day civil.Date, amount int64) ledger.Entry {
	s.t.Helper()
	e, err := s.PostEntry(ctx, s.Owner, app.EntryInput{Journal: "OD", Date: day, Piece: "LOYER " + day.String(), Label: "Loyer de l'atelier", Lines: []app.EntryLine{
		{Account: "613200", Debit: amount}, {Account: "512100", Credit: amount}}})
	apptest.OK(s.t, err)
	return e
}

// invoice issues an invoice of goods over an amount excl. VAT in euros; 20 % come on top.
func (s *scene) invoice(euros int64) billing.Invoice {
	s.t.Helper()
	c := s.NewCustomer(s.t, "jean@exemple.fr")
	v, err := s.CreateInvoice(ctx, s.Owner, app.InvoiceInput{CustomerID: c.ID, Lines: []billing.DocLine{
		{Description: "Plateau de chêne", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(euros), VATCode: "S20B"}}})
	apptest.OK(s.t, err)
	v, err = s.IssueInvoice(ctx, s.Owner, v.ID)
	apptest.OK(s.t, err)
	return v
}

// head is the end of the chain.
func (s *scene) head() ledger.Head {
	s.t.Helper()
	h, err := s.Store.Head(ctx, s.Company.ID)
	apptest.OK(s.t, err)
	return h
}

func path(seq int64) string { return "/journal/" + strconv.FormatInt(seq, 10) }
