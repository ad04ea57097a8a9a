package home

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/shopspring/decimal"
)

var ctx = context.Background()

// shelf keeps messages by id, as an outbox folder does.
type shelf map[string]app.Message

func (s shelf) Read(company, id string) (app.Message, error) {
	m, ok := s[company+"/"+id]
	if !ok {
		return m, fault.New(fault.NotFound, fault.UnknownThing, "what", "mail", "id", id)
	}
	return m, nil
}

// scene is an installation in memory with the pages on it.
type scene struct {
	*apptest.World
	t     *testing.T
	house *screentest.House
	base  string
	box   shelf
	conn  inbox.Connection
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := apptest.New(t)
	s := &scene{World: w, t: t, base: "/c/" + w.Company.ID, box: shelf{}}
	s.house = screentest.New(t, w.Company.ID, w.Company.Name, func(o *fiberweb.Options) {
		o.Now = w.Clock.Now
		o.Waiting = Waiting(w.App)
	})
	Mount(s.house.Server, w.App, s.box)
	return s
}

// invoice makes an invoice of 120 € for a customer, and sends it when asked to.
func (s *scene) invoice(customer string, send bool) billing.Invoice {
	s.t.Helper()
	v, err := s.CreateInvoice(ctx, s.Owner, app.InvoiceInput{CustomerID: customer, Lines: []billing.DocLine{
		{Description: "Plateau", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(100), VATCode: "S20B"}}})
	apptest.OK(s.t, err)
	if send {
		v, err = s.SendInvoice(ctx, s.Owner, v.ID)
		apptest.OK(s.t, err)
	}
	return v
}

// mailOf is the only mail about a document.
func (s *scene) mailOf(document string) inbox.Mail {
	s.t.Helper()
	page, err := s.Store.Mails(ctx, s.Company.ID, app.MailQuery{Ref: document})
	apptest.OK(s.t, err)
	if len(page.Items) != 1 {
		s.t.Fatalf("%d mails about %s", len(page.Items), document)
	}
	return page.Items[0]
}

// deliver lets what is queued leave, and keeps it on the shelf.
func (s *scene) deliver(m inbox.Mail) inbox.Mail {
	s.t.Helper()
	apptest.OK(s.t, s.DeliverMail(ctx, s.Company.ID, m.ID))
	now, err := s.Store.Mail(ctx, s.Company.ID, m.ID)
	apptest.OK(s.t, err)
	if now.State == inbox.MailSent {
		s.box[s.Company.ID+"/"+m.ID] = app.Message{ID: m.ID, To: m.To, ToName: m.ToName, Subject: now.Subject, Text: "Bonjour,\n\nPayer : https://acquit.test/p/secret",
			HTML:        `<!DOCTYPE html><html lang="fr"><head><title>x</title><style>a{color:#0b5d46}</style></head><body><h1>Bonjour</h1><p><a href="https://acquit.test/p/secret">Payer</a></p><script>alert(1)</script></body></html>`,
			Attachments: []app.Attachment{{Name: "Facture.pdf", Type: "application/pdf", Data: []byte("%PDF-1.7")}}}
	}
	return now
}

// refuseMail makes the mail server refuse what comes from now on; nil: take it.
func (s *scene) refuseMail(err error) { s.Mailer.Refuse = func(app.Message) error { return err } }

func TestHomeOfANewcomer(t *testing.T) {
	s := newScene(t)
	got := s.house.As(t, access.Owner).Get(s.base+"/").Want(200, "Accueil", "Atelier Martin", "Mise en route", "Plateforme de paiement", s.base+"/setup/gateway",
		"Rien de reçu pour l'instant", "Rien ne demande votre attention", "Essayer en cinq minutes", s.base+"/invoices/new", s.base+"/outbox", s.base+"/inbox")
	got.Lacks("⟦")
	apptest.OK(t, s.FinishSetup(ctx, s.Owner))
	s.house.As(t, access.Owner).Get(s.base + "/").Want(200).Lacks("Mise en route")
	s.house.As(t, access.Sales).Get(s.base+"/").Want(200, "Nouvelle facture")
	s.house.As(t, access.Auditor).Get(s.base + "/").Want(200).Lacks(`<span>Nouvelle facture</span>`)
}

func TestHomeSaysWhatWaits(t *testing.T) {
	s := newScene(t)
	s.conn = s.NewConnection(t)
	c := s.NewCustomer(t, "jean@exemple.fr")
	old := s.invoice(c.ID, true)
	s.invoice(c.ID, false)
	p := s.Provider(s.conn)
	p.Put(apptest.WithFee(gateway.Payment{ID: "a", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(5000)}, 30))
	p.Put(apptest.WithFee(gateway.Payment{ID: "b", Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: apptest.EUR(4000)}, 0))
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	s.refuseMail(fault.New(fault.Refused, fault.MailRefused, "detail", "550 no such user"))
	s.deliver(s.mailOf(old.ID))
	_, err = s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: c.ID, Date: s.Today(), Amount: apptest.EUR(7000), MethodID: s.transfer()})
	apptest.OK(t, err)
	s.Clock.Advance(40 * 24 * time.Hour)
	got := s.house.As(t, access.Accountant).Get(s.base+"/").Want(200,
		"Un paiement demande votre décision", "Un paiement attend votre OK", "Une facture est en retard", "Un brouillon de facture n'est pas émis", "Un message n'est pas parti",
		"Reçu des clients, par mois", "70,00 €", s.base+"/invoices?view=overdue", s.base+"/outbox?state=failed", "120,00 €", "2 à traiter")
	got.Lacks("⟦", "Rien ne demande votre attention")
}

func (s *scene) transfer() string {
	for id, m := range s.Settings(s.t).Methods {
		if m.Kind == billing.ByTransfer {
			return id
		}
	}
	return ""
}

func TestOutbox(t *testing.T) {
	s := newScene(t)
	sam := s.house.As(t, access.Sales)
	sam.Get(s.base+"/outbox").Want(200, "Aucun message pour l'instant", "Vos messages sont gardés ici")
	v := s.invoice(s.NewCustomer(t, "jean@exemple.fr").ID, true)
	m := s.mailOf(v.ID)
	sam.Get(s.base+"/outbox").Want(200, "Dupont SA", "jean@exemple.fr", "En attente", "Facture")
	sam.Get(s.base+"/outbox/"+m.ID).Want(200, "Ce message n'est pas encore parti", s.base+"/invoices/"+v.ID)
	m = s.deliver(m)
	page := sam.Get(s.base+"/outbox/"+m.ID).Want(200, m.Subject, "Parti", `<iframe`, `src="`+s.base+"/outbox/"+m.ID+`/html"`, "allow-popups-to-escape-sandbox",
		"Facture.pdf", "https://acquit.test/p/secret", "Renvoyer")
	page.Lacks("⟦", "<script>alert")
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-src 'self'") {
		t.Errorf("the letter cannot be shown: %s", csp)
	}
	sam.Get(s.base+"/outbox?state=sent").Want(200, "Dupont SA")
	sam.Get(s.base+"/outbox?state=failed").Want(200, "Aucun résultat").Lacks("Dupont SA")
	sam.Get(s.base+"/outbox?document="+v.ID).Want(200, "Dupont SA")
	sam.Get(s.base + "/outbox?after=nonsense").Want(422)
}

func TestALetterRunsNothing(t *testing.T) {
	s := newScene(t)
	m := s.deliver(s.mailOf(s.invoice(s.NewCustomer(t, "jean@exemple.fr").ID, true).ID))
	got := s.house.As(t, access.Sales).Get(s.base+"/outbox/"+m.ID+"/html").Want(200, `<head><base target="_blank"><title>`, "Bonjour")
	csp := got.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "sandbox allow-popups", "form-action 'none'", "frame-ancestors 'self'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("the policy %q lacks %s", csp, part)
		}
	}
	if strings.Contains(csp, "allow-scripts") || strings.Contains(csp, "allow-same-origin") || strings.Contains(csp, "script-src") {
		t.Errorf("the letter may run scripts: %s", csp)
	}
	if got.Header.Get("X-Frame-Options") != "SAMEORIGIN" || got.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v", got.Header)
	}
}

func TestAttachments(t *testing.T) {
	s := newScene(t)
	m := s.deliver(s.mailOf(s.invoice(s.NewCustomer(t, "jean@exemple.fr").ID, true).ID))
	sam := s.house.As(t, access.Sales)
	got := sam.Get(s.base+"/outbox/"+m.ID+"/files/0").Want(200, "%PDF-1.7")
	if !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") || got.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("%v", got.Header)
	}
	for _, n := range []string{"1", "-1", "x", "99999999999999999999"} {
		sam.Get(s.base + "/outbox/" + m.ID + "/files/" + n).Want(404)
	}
}

func TestMailsOfOthersAreNotFound(t *testing.T) {
	s := newScene(t)
	other := s.NewCompany(t)
	v := s.invoice(s.NewCustomer(t, "jean@exemple.fr").ID, true)
	m := s.deliver(s.mailOf(v.ID))
	anne := s.house.As(t, access.Accountant)
	for _, path := range []string{"/outbox/mail_nope", "/outbox/mail_nope/html", "/outbox/mail_nope/files/0"} {
		anne.Get(s.base + path).Want(404)
	}
	for _, path := range []string{"/", "/outbox", "/help", "/outbox/" + m.ID, "/outbox/" + m.ID + "/html", "/outbox/" + m.ID + "/files/0"} {
		anne.Get("/c/" + other.Company + path).Want(404)
		s.house.Visitor(t).Get(s.base + path).Want(303)
	}
	// A message on the shelf that the books do not know is nobody's.
	s.box[s.Company.ID+"/mail_loose"] = app.Message{HTML: "secret"}
	anne.Get(s.base + "/outbox/mail_loose/html").Want(404)
}

func TestSendingAgain(t *testing.T) {
	s := newScene(t)
	s.refuseMail(fault.New(fault.Refused, fault.MailRefused, "detail", "550 no such user"))
	v := s.invoice(s.NewCustomer(t, "jean@exemple.fr").ID, true)
	m := s.deliver(s.mailOf(v.ID))
	if m.State != inbox.MailFailed {
		t.Fatalf("the mail is %s", m.State)
	}
	sam := s.house.As(t, access.Sales)
	sam.Get(s.base+"/outbox").Want(200, "Échec", "550 no such user", "Renvoyer")
	sam.Get(s.base+"/outbox/"+m.ID).Want(200, "550 no such user", "Renvoyer")
	aude := s.house.As(t, access.Auditor)
	aude.Get(s.base+"/outbox").Want(200, "Échec").Lacks("Renvoyer")
	aude.Send(s.base+"/outbox", s.base+"/outbox/"+m.ID+"/resend").Want(403)
	sam.Post(s.base + "/outbox/" + m.ID + "/resend").Want(403)
	sam.Send(s.base+"/outbox", s.base+"/outbox/mail_nope/resend").Want(404)
	if now := s.mailOf(v.ID); now.State != inbox.MailFailed {
		t.Fatal("somebody who may not has sent it")
	}
	s.refuseMail(nil)
	sam.Send(s.base+"/outbox", s.base+"/outbox/"+m.ID+"/resend").Goes(s.base + "/outbox")
	sam.Get(s.base+"/outbox").Want(200, "Le message repart", "En attente")
	if now := s.deliver(s.mailOf(v.ID)); now.State != inbox.MailSent {
		t.Errorf("the mail is %s", now.State)
	}
}

func TestWithoutAShelf(t *testing.T) {
	s := newScene(t)
	bare := screentest.New(t, s.Company.ID, s.Company.Name, func(o *fiberweb.Options) { o.Now = s.Clock.Now })
	Mount(bare.Server, s.App, nil)
	m := s.deliver(s.mailOf(s.invoice(s.NewCustomer(t, "jean@exemple.fr").ID, true).ID))
	sam := bare.As(t, access.Sales)
	sam.Get(s.base+"/outbox/"+m.ID).Want(200, "Ce message est parti").Lacks("<iframe")
	sam.Get(s.base + "/outbox/" + m.ID + "/html").Want(404)
}

func TestHelpInBothLanguages(t *testing.T) {
	s := newScene(t)
	c := s.house.As(t, access.Sales)
	c.Get(s.base+"/help").Want(200, "Être payé d'une facture", "Demander un acompte sur un devis", "Au clavier", "/api/openapi.json").Lacks("⟦")
	c.Get("/lang/en?back=/").Want(303)
	for path, says := range map[string]string{"/": "Try it in five minutes", "/help": "Being paid for an invoice", "/outbox": "Outbox"} {
		c.Get(s.base+path).Want(200, `<html lang="en">`, says).Lacks("⟦")
	}
}

// TestThePagesInABrowser looks at each page: accessible, clean under the content security policy, fit to be seen.
func TestThePagesInABrowser(t *testing.T) {
	s := newScene(t)
	s.conn = s.NewConnection(t)
	c := s.NewCustomer(t, "jean@exemple.fr")
	for month := range 5 {
		s.Clock.Set(apptest.Epoch.AddDate(0, month-4, 0))
		_, err := s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: c.ID, Date: s.Today(), Amount: apptest.EUR(int64(120_000 + 45_000*month)), MethodID: s.transfer()})
		apptest.OK(t, err)
	}
	old := s.invoice(c.ID, true)
	m := s.deliver(s.mailOf(old.ID))
	s.refuseMail(fault.New(fault.Refused, fault.MailRefused, "detail", "550 no such user"))
	s.deliver(s.mailOf(s.invoice(c.ID, true).ID))
	s.invoice(c.ID, false)
	s.Provider(s.conn).Put(apptest.WithFee(gateway.Payment{ID: "a", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(5000)}, 30))
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	host := s.house.Serve(t)
	p := browsertest.New(t)
	p.Open(host + "/login")
	p.Fill("#f-email", screentest.Address(access.Owner))
	p.Fill("#f-password", screentest.Password)
	p.Leave(func() { p.Click("main button[type=submit]") })
	p.Tolerate("Blocked script execution") // the letter's own script: that it is stopped is the point
	for _, page := range []struct{ name, path string }{{"home", "/"}, {"outbox", "/outbox"}, {"message", "/outbox/" + m.ID}, {"help", "/help"}} {
		p.Open(host + s.base + page.path)
		p.Accessible()
		p.Screenshot(page.name, 1280)
		p.Screenshot(page.name, 390)
	}
}
