package payments

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

var ctx = context.Background()

// scene is an installation in memory with the screens on it: real use cases and a real pen, a play gateway behind them.
type scene struct {
	*apptest.World
	t     *testing.T
	house *screentest.House
	conn  inbox.Connection
	play  *apptest.Provider
	base  string // of the company's pages
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := apptest.New(t)
	s := &scene{World: w, t: t, base: "/c/" + w.Company.ID}
	s.house = screentest.New(t, w.Company.ID, w.Company.Name, func(o *fiberweb.Options) { o.Now = w.Clock.Now })
	Mount(s.house.Server, w.App)
	s.conn = w.NewConnection(t)
	s.play = w.Provider(s.conn)
	return s
}

func (s *scene) as(r access.Role) *screentest.Client { return s.house.As(s.t, r) }

// method finds a payment method of the default ones by its code.
func (s *scene) method(code string) string {
	s.t.Helper()
	for id, m := range s.Settings(s.t).Methods {
		if m.Code == code {
			return id
		}
	}
	s.t.Fatalf("no payment method %s", code)
	return ""
}

func (s *scene) customer(name string) party.Customer {
	s.t.Helper()
	c, err := s.CreateCustomer(ctx, s.Owner, party.Customer{Name: name, Email: "compta@exemple.fr",
		Address: party.Address{Street: "2 place Bellecour", PostalCode: "69002", City: "Lyon", Country: "FR"}})
	apptest.OK(s.t, err)
	return c
}

// invoice issues an invoice of goods over an amount excl. VAT in euros; 20 % come on top.
func (s *scene) invoice(customer string, euros int64) billing.Invoice {
	s.t.Helper()
	v, err := s.CreateInvoice(ctx, s.Owner, app.InvoiceInput{CustomerID: customer, MethodID: s.method("CB"), Lines: []billing.DocLine{
		{Description: "Plateau de chêne", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(euros), VATCode: "S20B"}}})
	apptest.OK(s.t, err)
	v, err = s.IssueInvoice(ctx, s.Owner, v.ID)
	apptest.OK(s.t, err)
	return v
}

// deposit asks for a deposit of some euros on a quote of a thousand excl. VAT.
func (s *scene) deposit(customer string, euros int64) (quote billing.Quote, id string) {
	s.t.Helper()
	q, err := s.CreateQuote(ctx, s.Owner, app.QuoteInput{CustomerID: customer, Lines: []billing.DocLine{
		{Description: "Bibliothèque sur mesure", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(1000), VATCode: "S20S"}}})
	apptest.OK(s.t, err)
	q, err = s.SetDeposit(ctx, s.Owner, q.ID, 0, app.DepositInput{Label: "À la commande", Amount: euros * 100, DueDate: s.Today().AddDays(10), MethodID: s.method("CB")})
	apptest.OK(s.t, err)
	id = q.Deposits[0].ID
	_, err = s.ValidateDeposit(ctx, s.Owner, q.ID, id)
	apptest.OK(s.t, err)
	q, err = s.SendQuote(ctx, s.Owner, q.ID)
	apptest.OK(s.t, err)
	return q, id
}

// token is the pay link of a document.
func (s *scene) token(document string) string {
	s.t.Helper()
	address, err := s.PayURL(ctx, s.Owner, document)
	apptest.OK(s.t, err)
	u, err := url.Parse(address)
	apptest.OK(s.t, err)
	return strings.TrimPrefix(u.Path, "/p/")
}

// pay pays a document online; fee in cents, negative while it is not known. It returns the id of the arrival.
func (s *scene) pay(document string, fee int64) string {
	s.t.Helper()
	token := s.token(document)
	_, err := s.StartPayment(ctx, token, s.conn.ID)
	apptest.OK(s.t, err)
	l, err := s.Store.PayLink(ctx, s.Company.ID, document)
	apptest.OK(s.t, err)
	at, err := s.Store.Attempt(ctx, s.Company.ID, l.AttemptID)
	apptest.OK(s.t, err)
	m := s.play.Pay(at.SessionID, fee)
	_, err = s.Return(ctx, token, "")
	apptest.OK(s.t, err)
	return inbox.ArrivalID(s.conn.ID, gateway.KindPayment, m.ID)
}

// comes is a movement that the gateway reports at the next refresh. It returns the id of the arrival.
func (s *scene) comes(m gateway.Payment, fee int64) string {
	s.t.Helper()
	if m.State == "" {
		m.State = gateway.Succeeded
	}
	m = s.play.Put(apptest.WithFee(m, fee))
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(s.t, err)
	return inbox.ArrivalID(s.conn.ID, m.Kind, m.ID)
}

func (s *scene) arrivalOf(id string) inbox.Arrival {
	s.t.Helper()
	a, err := s.Store.Arrival(ctx, s.Company.ID, id)
	apptest.OK(s.t, err)
	return a
}

// due is what is still to be paid on an invoice, in cents.
func (s *scene) due(invoice string) int64 {
	s.t.Helper()
	v, err := s.Store.Invoice(ctx, s.Company.ID, invoice)
	apptest.OK(s.t, err)
	return v.Due()
}

// entries counts what was posted.
func (s *scene) entries() int64 {
	s.t.Helper()
	h, err := s.Store.Head(ctx, s.Company.ID)
	apptest.OK(s.t, err)
	return h.Seq
}

// stranger is an arrival of another company in the same installation.
func (s *scene) stranger() string {
	return ids.Derive(ids.Arrival, "another company")
}
