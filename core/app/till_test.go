package app_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/shopspring/decimal"
)

var ctx = context.Background()

// till is a company with one gateway, whose customer has an invoice of 120 € to pay online.
type till struct {
	*apptest.World
	t        *testing.T
	conn     inbox.Connection
	play     *apptest.Provider
	customer string
	invoice  billing.Invoice
	token    string
}

func newTill(t *testing.T) *till {
	t.Helper()
	w := apptest.New(t)
	s := &till{World: w, t: t, conn: w.NewConnection(t)}
	s.play = w.Provider(s.conn)
	s.customer = w.NewCustomer(t, "jean@exemple.fr").ID
	s.invoice, s.token = s.owes(100)
	return s
}

func (s *till) card() string {
	for id, m := range s.Settings(s.t).Methods {
		if m.Code == "CB" {
			return id
		}
	}
	s.t.Fatal("no card method")
	return ""
}

func work(net int64) []billing.DocLine {
	return []billing.DocLine{{Description: "Plateau", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(net), VATCode: "S20B"}}
}

// owes issues another invoice and gives the token of its pay link.
func (s *till) owes(net int64) (billing.Invoice, string) {
	s.t.Helper()
	v, err := s.CreateInvoice(ctx, s.Owner, app.InvoiceInput{CustomerID: s.customer, MethodID: s.card(), Lines: work(net)})
	apptest.OK(s.t, err)
	v, err = s.IssueInvoice(ctx, s.Owner, v.ID)
	apptest.OK(s.t, err)
	return v, s.link(v.ID)
}

func (s *till) link(document string) string {
	s.t.Helper()
	address, err := s.PayURL(ctx, s.Owner, document)
	apptest.OK(s.t, err)
	u, err := url.Parse(address)
	apptest.OK(s.t, err)
	return strings.TrimPrefix(u.Path, "/p/")
}

// deposit asks for a deposit of 30 % of 600 € on a quote.
func (s *till) deposit() (quote billing.Quote, deposit, token string) {
	s.t.Helper()
	q, err := s.CreateQuote(ctx, s.Owner, app.QuoteInput{CustomerID: s.customer, Lines: work(500)})
	apptest.OK(s.t, err)
	q, err = s.SetDeposit(ctx, s.Owner, q.ID, q.Version, app.DepositInput{Percent: decimal.NewFromInt(30), MethodID: s.card()})
	apptest.OK(s.t, err)
	id := q.Deposits[0].ID
	_, err = s.ValidateDeposit(ctx, s.Owner, q.ID, id)
	apptest.OK(s.t, err)
	q, err = s.SendQuote(ctx, s.Owner, q.ID)
	apptest.OK(s.t, err)
	return q, id, s.link(id)
}

// click presses a pay button and gives the session that it opened, "" when it opened none.
func (s *till) click(token, connection string) string {
	s.t.Helper()
	address, err := s.StartPayment(ctx, token, connection)
	apptest.OK(s.t, err)
	return strings.TrimPrefix(address, "https://play.test/")
}

func (s *till) page(token string) app.PayPage {
	s.t.Helper()
	p, err := s.PayPage(ctx, token)
	apptest.OK(s.t, err)
	return p
}

// hook delivers a webhook about sessions and movements and has it looked into.
func (s *till) hook(c inbox.Connection, event string, sessions, payments []string) {
	s.t.Helper()
	apptest.OK(s.t, s.Webhook(ctx, s.Company.ID, c.ID, s.Provider(c).Announce(event, sessions, payments)))
	s.WorkOnce(ctx)
}

func (s *till) refresh() app.PollResult {
	s.t.Helper()
	r, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(s.t, err)
	return r
}

func (s *till) arrivals(q app.ArrivalQuery) []app.ArrivalRow {
	s.t.Helper()
	page, err := s.Store.Arrivals(ctx, s.Company.ID, q)
	apptest.OK(s.t, err)
	return page.Items
}

// only is the one arrival that there is.
func (s *till) only() app.ArrivalRow {
	s.t.Helper()
	all := s.arrivals(app.ArrivalQuery{})
	if len(all) != 1 {
		s.t.Fatalf("%d arrivals, want one: %+v", len(all), all)
	}
	return all[0]
}

func (s *till) attempts(document string) []inbox.Attempt {
	s.t.Helper()
	all, err := s.Store.AttemptsOf(ctx, s.Company.ID, document)
	apptest.OK(s.t, err)
	return all
}

func (s *till) connection() inbox.Connection { return s.Settings(s.t).Connections[s.conn.ID] }

func (s *till) feed() inbox.Feed {
	s.t.Helper()
	f, err := s.Store.Feed(ctx, s.Company.ID, s.conn.ID)
	apptest.OK(s.t, err)
	return f
}

// ok posts everything that is ready and says how many rows that were.
func (s *till) ok() int {
	s.t.Helper()
	results, err := s.IntegrateReady(ctx, s.Owner)
	apptest.OK(s.t, err)
	n := 0
	for _, r := range results {
		if r.Err != nil && !fault.Has(r.Err, fault.ArrivalNeedsHuman) {
			s.t.Fatal(r.Err)
		}
		if len(r.Entries) > 0 {
			n++
		}
	}
	return n
}

func (s *till) fails(kind gateway.ErrorKind, o gateway.Outcome, code string) {
	s.play.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(kind, o, code, "") })
}

func (s *till) mends() { s.play.Change(func(p *apptest.Provider) { p.Fail = nil }) }

func (s *till) count(call string) int {
	n := 0
	for _, c := range s.play.Calls() {
		if strings.HasPrefix(c, call) {
			n++
		}
	}
	return n
}

// moved is a movement as it is told, of a kind and an amount in cents, with a fee of 10 cents.
func moved(id string, k gateway.Kind, cents int64) gateway.Payment {
	return apptest.WithFee(gateway.Payment{ID: id, Kind: k, State: gateway.Succeeded, Gross: apptest.EUR(cents)}, 10)
}

func day(s string) civil.Date { return civil.MustParse(s) }
