package paying

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/shopspring/decimal"
)

var ctx = context.Background()

// shop is the pages on real use cases: a company with one invoice of 120 € that may be paid online, and a play gateway.
type shop struct {
	*apptest.World
	t       *testing.T
	payer   *screentest.Client
	conn    inbox.Connection
	play    *apptest.Provider
	invoice billing.Invoice
	path    string // of the pay page
}

func newShop(t *testing.T) *shop {
	t.Helper()
	w := apptest.New(t)
	s := &shop{World: w, t: t, conn: w.NewConnection(t)}
	s.play = w.Provider(s.conn)
	h := screentest.New(t, w.Company.ID, w.Company.Name)
	Mount(h.Server, w.App)
	s.payer = h.Visitor(t)
	method := ""
	for id, m := range w.Settings(t).Methods {
		if m.Code == "CB" {
			method = id
		}
	}
	v, err := w.CreateInvoice(ctx, w.Owner, app.InvoiceInput{CustomerID: w.NewCustomer(t, "jean@exemple.fr").ID, MethodID: method, Lines: []billing.DocLine{
		{Description: "Plateau", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(100), VATCode: "S20B"}}})
	apptest.OK(t, err)
	s.invoice, err = w.IssueInvoice(ctx, w.Owner, v.ID)
	apptest.OK(t, err)
	address, err := w.PayURL(ctx, w.Owner, v.ID)
	apptest.OK(t, err)
	u, err := url.Parse(address)
	apptest.OK(t, err)
	s.path = u.Path
	return s
}

// click presses the pay button and returns the session that was opened.
func (s *shop) click() string {
	s.t.Helper()
	got := s.payer.Send(s.path, s.path, "connection", s.conn.ID).Want(303)
	if to := got.Header.Get("Location"); strings.HasPrefix(to, "/") {
		s.t.Fatalf("the button leads to %s", to)
	}
	l, err := s.Store.PayLink(ctx, s.Company.ID, s.invoice.ID)
	apptest.OK(s.t, err)
	at, err := s.Store.Attempt(ctx, s.Company.ID, l.AttemptID)
	apptest.OK(s.t, err)
	return at.SessionID
}

func TestFromTheLinkToTheReceipt(t *testing.T) {
	s := newShop(t)
	s.payer.Get(s.path).Want(200, "Facture "+s.invoice.Number, "Payer 120,00 €", "Atelier Martin SARL", "732 829 320", "Mode test")
	if len(s.play.Sessions()) != 0 {
		t.Fatal("looking opened a page at the gateway")
	}
	first := s.click()
	if again := s.click(); again != first || len(s.play.Sessions()) != 1 {
		t.Errorf("a second click opened another page: %s, %s", first, again)
	}
	s.play.End(first, gateway.CheckoutProcessing, "awaiting_debit")
	s.payer.Get(s.path + "/return").Goes(s.path)
	s.payer.Get(s.path).Want(200, "Votre paiement est en cours").Lacks("Payer 120")
	m := s.play.Pay(first, 50)
	s.payer.Get(s.path + "/return").Goes(s.path)
	s.payer.Get(s.path).Want(200, "C'est réglé, merci", "16/06/2026", m.ID)
	_, err := s.IntegrateReady(ctx, s.Owner)
	apptest.OK(t, err)
	s.payer.Get(s.path).Want(200, "C'est réglé, merci", "16/06/2026", m.ID)
}

func TestWhatGoesWrongIsSaidAndTheLinkStaysGood(t *testing.T) {
	s := newShop(t)
	s.play.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "503", "down") })
	s.payer.Send(s.path, s.path, "connection", s.conn.ID).Want(503, "Play ne répond pas", "Payer 120,00 €")
	s.payer.Get(s.path + "/return").Goes(s.path)
	s.play.Change(func(p *apptest.Provider) { p.Fail = nil })
	session := s.click()
	s.play.End(session, gateway.CheckoutFailed, "card_declined")
	s.payer.Get(s.path + "/return?attempt=att_someone_elses").Goes(s.path)
	s.payer.Get(s.path + "/return").Goes(s.path)
	s.payer.Get(s.path).Want(200, "Votre carte a été refusée", "Payer 120,00 €")
	s.payer.Send(s.path, s.path, "connection", "gw_forged").Want(422, "n'est plus proposé", "Payer 120,00 €")
	_, err := s.SwitchOff(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	s.payer.Get(s.path).Want(200, "Demandez à Atelier Martin").Lacks("Payer 120")
}

func TestLinksThatEnded(t *testing.T) {
	s := newShop(t)
	apptest.OK(t, s.RevokeLink(ctx, s.Owner, s.invoice.ID))
	s.payer.Get(s.path).Want(200, "Ce lien n'est plus valable", "contact@atelier-martin.test").Lacks(s.invoice.Number)
	s.payer.Get(s.path + "/pdf").Want(422)
	apptest.OK(t, s.RenewLink(ctx, s.Owner, s.invoice.ID))
	s.payer.Get(s.path).Want(404, "Ce lien de paiement n'existe pas")
}

func TestTheWebhookOfAConnection(t *testing.T) {
	s := newShop(t)
	session := s.click()
	m := s.play.Pay(session, 50)
	if s.play.Webhook != "https://acquit.test/hooks/"+s.Company.ID+"/"+s.conn.ID {
		t.Fatalf("the gateway was told to call %s", s.play.Webhook)
	}
	d := s.play.Announce("evt_1", []string{session}, []string{m.ID})
	path := strings.TrimPrefix(s.play.Webhook, "https://acquit.test")
	s.payer.PostRaw(path, "application/json", string(d.Body)).Want(400) // not signed
	for _, h := range d.Headers {
		s.payer.Header.Set(h.Name, h.Value)
	}
	s.payer.PostRaw("/hooks/"+s.Company.ID+"/gw_nope", "application/json", string(d.Body)).Want(404)
	s.payer.PostRaw("/hooks/co_nope/"+s.conn.ID, "application/json", string(d.Body)).Want(404)
	s.payer.PostRaw(path, "application/json", string(d.Body)).Want(200)
	s.payer.PostRaw(path, "application/json", string(d.Body)).Want(200) // a repetition
	s.WorkOnce(ctx)
	page, err := s.Store.Arrivals(ctx, s.Company.ID, app.ArrivalQuery{})
	apptest.OK(t, err)
	if len(page.Items) != 1 || page.Items[0].State != inbox.Ready || page.Items[0].DocumentID != s.invoice.ID {
		t.Errorf("%+v", page.Items)
	}
}
