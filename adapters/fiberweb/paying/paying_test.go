package paying

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

const token = "Zm9yIHRlc3RzIG9ubHkgMDEyMzQ1Njc4OQ"

// till is the use cases as the test sets them: one link, and answers to give.
type till struct {
	mu       sync.Mutex
	page     app.PayPage
	address  string
	startErr error
	hookErr  error
	lookErr  error
	logo     []byte
	started  []string // connections asked for
	returned []string // attempts come back from
	hooks    []gateway.Delivery
}

func (s *till) known(given string) error {
	if s.lookErr != nil {
		return s.lookErr
	}
	if given != token {
		return fault.New(fault.NotFound, fault.LinkUnknown)
	}
	return nil
}

func (s *till) PayPage(_ context.Context, given string) (app.PayPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.page, s.known(given)
}

func (s *till) StartPayment(_ context.Context, given, connection string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.known(given); err != nil {
		return "", err
	}
	s.started = append(s.started, connection)
	return s.address, s.startErr
}

func (s *till) Return(_ context.Context, given, attempt string) (app.PayPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.returned = append(s.returned, attempt)
	return s.page, s.known(given)
}

func (s *till) PublicPDF(_ context.Context, given string) (string, []byte, error) {
	if err := s.known(given); err != nil {
		return "", nil, err
	}
	if s.page.State == app.PayRevoked {
		return "", nil, fault.New(fault.Refused, fault.LinkRevoked)
	}
	return "Facture FA2026-0042.pdf", []byte("%PDF-1.7\n"), nil
}

func (s *till) PublicLogo(_ context.Context, given string) ([]byte, error) {
	return s.logo, s.known(given)
}

func (s *till) Webhook(_ context.Context, company, connection string, d gateway.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Body = append([]byte(company+" "+connection+" "), d.Body...)
	s.hooks = append(s.hooks, d)
	return s.hookErr
}

// set changes what the till answers from now on.
func (s *till) set(change func(*till)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func eur(minor int64) money.Money { return money.Of(minor, money.EUR) }

// openPage is an invoice with something due and one gateway.
func openPage() app.PayPage {
	return app.PayPage{
		State: app.PayOpen, Lang: "fr", Token: token, Customer: "Boulangerie Aux Trois Épis", Document: inbox.InvoiceDocument, Number: "FA2026-0042",
		Date: civil.Of(2026, 11, 2), DueDate: civil.Of(2026, 12, 2), Total: eur(153_456), Due: eur(123_456), Mode: gateway.Live,
		Offers: []app.Offer{{ConnectionID: "gw_card", Gateway: "sandbox", Label: "Sandbox"}},
		Company: app.PublicCompany{
			Name: "Menuiserie Lefèvre", LegalForm: "SARL", SIREN: "732829320", VATNumber: "FR44732829320", Email: "compta@menuiserie-lefevre.example",
			Phone: "02 40 12 34 56", Website: "www.menuiserie-lefevre.example", IBAN: "FR7630006000011234567890189", BIC: "AGRIFRPP",
			Address: party.Address{Street: "12 rue des Ateliers", PostalCode: "44000", City: "Nantes", Country: "FR"},
		},
	}
}

func newTill() *till { return &till{page: openPage(), address: "https://gateway.example/pay/cs_1"} }

func house(t *testing.T, s *till) *screentest.House {
	t.Helper()
	h := screentest.New(t, "co_one", "Menuiserie Lefèvre")
	mount(h.Server, s, time.Now)
	return h
}

func TestThePageSaysWhoIsPaidForWhatAndHowMuch(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	got := v.Get("/p/"+token).Want(200,
		"Menuiserie Lefèvre SARL", "732 829 320", "FR44732829320", "12 rue des Ateliers, 44000 Nantes", "02 40 12 34 56", "compta@menuiserie-lefevre.example",
		"Facture FA2026-0042", "Boulangerie Aux Trois Épis", "02/11/2026", "02/12/2026", "1 534,56 €", "Payer 1 234,56 €",
		`href="/p/`+token+`/pdf"`, "annuaire-entreprises.data.gouv.fr/entreprise/732829320", `href="https://www.menuiserie-lefevre.example"`)
	got.Lacks("Mode test", "FR76", "⟦")
	if len(s.started) != 0 {
		t.Fatal("looking at the page started a payment")
	}
	if r := got.Header.Get("Referrer-Policy"); r != "same-origin" {
		t.Errorf("the link may leak to other sites: %s", r)
	}
	if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https:") {
		t.Errorf("the browser may not go on to the gateway: %s", csp)
	}
	s.set(func(s *till) { s.page.Mode = gateway.Test })
	v.Get("/p/"+token).Want(200, "Mode test")
}

func TestTheLanguageIsTheDocumentsUntilThePayerChooses(t *testing.T) {
	s := newTill()
	s.page.Lang = "en"
	v := house(t, s).Visitor(t)
	v.Header.Set("Accept-Language", "fr-FR")
	v.Get("/p/"+token).Want(200, `<html lang="en">`, "Pay €1,234.56", "Invoice FA2026-0042")
	v.Get("/lang/fr?back=/p/" + token).Goes("/p/" + token)
	v.Get("/p/"+token).Want(200, `<html lang="fr">`, "Payer 1 234,56 €")
}

func TestTheButtonLeadsToTheGateway(t *testing.T) {
	s := newTill()
	s.page.Offers = append(s.page.Offers, app.Offer{ConnectionID: "gw_wallet", Gateway: "paypal", Label: "PayPal"})
	v := house(t, s).Visitor(t)
	v.Get("/p/"+token).Want(200, "Payer 1 234,56 € avec Sandbox", "Payer 1 234,56 € avec PayPal")
	v.Send("/p/"+token, "/p/"+token, "connection", "gw_wallet").Goes("https://gateway.example/pay/cs_1")
	if len(s.started) != 1 || s.started[0] != "gw_wallet" {
		t.Errorf("started: %v", s.started)
	}
	s.set(func(s *till) { s.address = "" })
	v.Send("/p/"+token, "/p/"+token, "connection", "gw_wallet").Goes("/p/" + token)
}

func TestAnotherSiteCannotPressTheButton(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	v.Post("/p/"+token, "connection", "gw_card").Want(403)
	v.Header.Set("Sec-Fetch-Site", "cross-site")
	v.Send("/p/"+token, "/p/"+token, "connection", "gw_card").Want(403)
	if len(s.started) != 0 {
		t.Error("a payment was started")
	}
}

func TestTroubleIsSaidOnThePage(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	for _, c := range []struct {
		err    error
		status int
		said   string
	}{
		{fault.New(fault.Unavailable, fault.GatewayDown, "gateway", "Sandbox"), 503, "Sandbox ne répond pas pour le moment et rien n'a été débité"},
		{fault.New(fault.Unavailable, fault.GatewayBroken, "gateway", "Sandbox", "detail", "nil pointer"), 503, "Sandbox ne répond pas"},
		{fault.New(fault.Refused, fault.GatewayRefused, "gateway", "Sandbox", "detail", "bad key sk_1"), 422, "Sandbox n'a pas accepté"},
		{fault.New(fault.Refused, fault.GatewayOff, "gateway", "Sandbox"), 422, "n'est plus proposé"},
		{fault.New(fault.Conflict, fault.PaymentInProgress), 409, "Un paiement est déjà en cours"},
		{fault.New(fault.Refused, fault.SecondOnlineDeposit, "deposit", "2"), 422, "ne peut pas être payé en ligne"},
		{fault.New(fault.Unavailable, fault.Busy), 503, "réessayez dans un instant"},
		{fault.New(fault.Refused, fault.PeriodClosed, "date", "2026-01-01", "open", ""), 422, "Le paiement n'a pas pu commencer"},
	} {
		s.set(func(s *till) { s.startErr = c.err })
		got := v.Send("/p/"+token, "/p/"+token, "connection", "gw_card").Want(c.status, c.said, "Payer 1 234,56 €", `role="alert"`)
		got.Lacks("Paramètres", "nil pointer", "sk_1", "⟦")
	}
	s.set(func(s *till) { s.startErr = errors.New("disk on fire") })
	v.Send("/p/"+token, "/p/"+token, "connection", "gw_card").Want(500, "Référence").Lacks("fire")
	for _, done := range []fault.Code{fault.NothingDue, fault.LinkRevoked} {
		s.set(func(s *till) { s.startErr = fault.New(fault.Refused, done) })
		v.Send("/p/"+token, "/p/"+token, "connection", "gw_card").Goes("/p/" + token)
	}
}

func TestEachStateHasAHumanPage(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	for _, c := range []struct {
		change func(*app.PayPage)
		says   []string
		lacks  []string
	}{
		{func(p *app.PayPage) { p.State = app.PayInProgress }, []string{"Votre paiement est en cours", `hx-get="/p/` + token + `/return"`, "Actualiser"}, []string{"Payer 1"}},
		{func(p *app.PayPage) {
			p.State, p.Due, p.PaidAt, p.Receipt = app.PaySettled, eur(0), civil.Of(2026, 11, 20), "att_01kb"
		}, []string{"C'est réglé, merci", "20/11/2026", "att_01kb", "1 534,56 €"}, []string{"hx-get=\"/p/", "Payer"}},
		{func(p *app.PayPage) { p.State = app.PayDisputed }, []string{"Ce paiement est contesté", "02 40 12 34 56"}, []string{"Payer 1"}},
		{func(p *app.PayPage) { p.State = app.PayClosed }, []string{"Il n'y a rien à payer"}, []string{"Payer 1"}},
		{func(p *app.PayPage) {
			*p = app.PayPage{State: app.PayRevoked, Lang: "fr", Token: token, Company: p.Company}
		},
			[]string{"Ce lien n'est plus valable", "Menuiserie Lefèvre", "02 40 12 34 56"}, []string{"FA2026", "/pdf"}},
		{func(p *app.PayPage) { p.State, p.Offers = app.PayOffline, nil },
			[]string{"Payer par virement", "FR76 3000 6000 0112 3456 7890 189", "AGRIFRPP", "FA2026-0042", `data-copy="reference"`}, []string{"Payer 1"}},
		{func(p *app.PayPage) { p.State, p.Offers, p.Company.IBAN = app.PayOffline, nil, "" }, []string{"Demandez à Menuiserie Lefèvre"}, []string{"IBAN"}},
		{func(p *app.PayPage) {
			p.Document, p.Number, p.Label = inbox.DepositDocument, "DE2026-0007", "À la commande"
		},
			[]string{"Acompte sur devis DE2026-0007", "À la commande", "Voir le devis (PDF)"}, nil},
		{func(p *app.PayPage) { p.Tried, p.Failed = true, "card_declined" }, []string{"Votre carte a été refusée", "Payer 1 234,56 €"}, nil},
		{func(p *app.PayPage) { p.Tried, p.Failed = true, "payer_left" }, []string{"Vous avez quitté la page"}, nil},
		{func(p *app.PayPage) { p.Tried, p.Failed = true, "err_0x17" }, []string{"n'a pas abouti"}, []string{"err_0x17"}},
		{func(p *app.PayPage) { p.Tried, p.Failed = true, "gateway_down" }, nil, []string{"n'a pas abouti", "gateway_down"}},
	} {
		p := openPage()
		c.change(&p)
		s.set(func(s *till) { s.page = p })
		v.Get("/p/"+token).Want(200, c.says...).Lacks(append(c.lacks, "⟦")...)
	}
}

func TestUnknownLinksGetHelpAndNoMore(t *testing.T) {
	s := newTill()
	h := house(t, s)
	v := h.Visitor(t)
	for _, path := range []string{"/p/nope", "/p/nope/return", "/p/nope/pdf", "/p/nope/logo", "/p/" + strings.Repeat("a", 400), "/p/" + strings.Repeat("a", 400) + "/return"} {
		got := v.Get(path)
		if strings.HasSuffix(path, "/return") && got.StatusCode == http.StatusSeeOther {
			got = v.Get(got.Header.Get("Location"))
		}
		got.Want(404, "Ce lien de paiement n'existe pas", "l'adresse a été coupée").Lacks("Menuiserie")
	}
	v.Send("/p/"+token, "/p/nope", "connection", "gw_card").Want(404, "Ce lien de paiement n'existe pas")
	s.set(func(s *till) { s.lookErr = errors.New("database gone") })
	v.Get("/p/" + token).Want(500).Lacks("gone")
	if strings.Contains(h.Log.String(), token) || strings.Contains(h.Log.String(), "nope") {
		t.Error("the log holds tokens")
	}
}

func TestTheWayBackAsksTheGatewayAndProvesNothing(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	v.Get("/p/" + token + "/return?attempt=att_1").Goes("/p/" + token)
	v.Get("/p/" + token + "/return").Goes("/p/" + token)
	if len(s.returned) != 2 || s.returned[0] != "att_1" || s.returned[1] != "" {
		t.Errorf("asked about %v", s.returned)
	}
	v.Get("/p/"+token).Want(200, "Payer 1 234,56 €")
}

func TestVisitorsAreSlowedDown(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	for range startsPerLink {
		v.Send("/p/"+token, "/p/"+token, "connection", "gw_card").Want(303)
	}
	v.Send("/p/"+token, "/p/"+token, "connection", "gw_card").Want(429, "attendez 10 min", "Facture FA2026-0042")
	if len(s.started) != startsPerLink {
		t.Errorf("%d payments started", len(s.started))
	}
	for range returnsPerLink + 3 {
		v.Get("/p/" + token + "/return").Goes("/p/" + token)
	}
	if len(s.returned) != returnsPerLink {
		t.Errorf("the gateway was asked %d times", len(s.returned))
	}
	for range guessesPerNetwork {
		v.Get("/p/nope").Want(404)
	}
	v.Get("/p/nope").Want(429)
	v.Get("/p/" + token).Want(200)
}

func TestThrottleForgets(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	th := newThrottle(func() time.Time { return now }, 2)
	for _, who := range []string{"a", "a", "b"} {
		if err := th.take(who); err != nil {
			t.Fatalf("%s is refused: %v", who, err)
		}
	}
	if th.take("a") == nil {
		t.Fatal("a third time is one too many")
	}
	now = now.Add(throttleWindow)
	if th.take("a") != nil {
		t.Error("not forgotten after the window")
	}
	for i := range maxCounted + 1 {
		_ = th.take(strings.Repeat("x", 1+i%7) + time.Duration(i).String())
	}
	if len(th.seen) > maxCounted {
		t.Errorf("%d visitors remembered", len(th.seen))
	}
}

func TestDocumentAndLogo(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	got := v.Get("/p/"+token+"/pdf").Want(200, "%PDF-1.7")
	if got.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "inline") {
		t.Errorf("%v", got.Header)
	}
	v.Get("/p/" + token + "/logo").Want(404)
	s.set(func(s *till) { s.page.Company.HasLogo, s.logo = true, []byte("\x89PNG\x0D\x0A\x1A\x0A....") })
	v.Get("/p/"+token).Want(200, `src="/p/`+token+`/logo"`)
	if got := v.Get("/p/" + token + "/logo").Want(200); got.Header.Get("Content-Type") != "image/png" {
		t.Errorf("the logo is %s", got.Header.Get("Content-Type"))
	}
	s.set(func(s *till) { s.page.State = app.PayRevoked })
	v.Get("/p/"+token+"/pdf").Want(422, "Ce lien de paiement n'est plus valable")
}

func TestWebhooksAreAnsweredByWhatBecameOfThem(t *testing.T) {
	s := newTill()
	h := house(t, s)
	v := h.Visitor(t)
	v.Header.Set("X-Signature", "t=1,v1=abc")
	body := `{"id": "evt_1",  "amount": 12.30}` + "\n"
	v.PostRaw("/hooks/co_one/gw_card", "application/json", body).Want(200)
	if len(s.hooks) != 1 || string(s.hooks[0].Body) != "co_one gw_card "+body || s.hooks[0].ReceivedAt.IsZero() {
		t.Fatalf("%+v", s.hooks)
	}
	signed := false
	for _, x := range s.hooks[0].Headers {
		signed = signed || x.Name == "X-Signature" && x.Value == "t=1,v1=abc"
	}
	if !signed {
		t.Errorf("the signature is not among %v", s.hooks[0].Headers)
	}
	for _, c := range []struct {
		err    error
		status int
	}{
		{fault.New(fault.Forbidden, fault.WebhookRefused), 400},
		{fault.New(fault.Refused, fault.WrongMode, "gateway", "Sandbox"), 400},
		{fault.New(fault.NotFound, fault.UnknownThing, "what", "connection", "id", "gw_x"), 404},
		{fault.New(fault.Refused, fault.GatewayOff, "gateway", "Sandbox"), 404},
		{fault.New(fault.Unavailable, fault.GatewayDown, "gateway", "Sandbox"), 503},
		{fault.New(fault.Unavailable, fault.GatewayBroken, "gateway", "Sandbox", "detail", "secret-detail"), 503},
		{fault.New(fault.Refused, fault.GatewayRefused, "gateway", "Sandbox", "detail", "secret-detail"), 503},
		{errors.New("secret-detail"), 500},
	} {
		s.set(func(s *till) { s.hookErr = c.err })
		got := v.PostRaw("/hooks/co_one/gw_card", "application/json", body).Want(c.status)
		if strings.Contains(got.Body, "Sandbox") || strings.Contains(got.Body, "secret") || strings.Contains(got.Body, "code") {
			t.Errorf("%v: a stranger reads %s", c.err, got.Body)
		}
	}
	before := len(s.hooks)
	v.PostRaw("/hooks/co_one/gw_card", "application/json", strings.Repeat("x", maxWebhook+1)).Want(http.StatusRequestEntityTooLarge)
	v.Get("/hooks/co_one/gw_card").Want(405)
	if len(s.hooks) != before {
		t.Error("an oversized delivery was looked at")
	}
}

func TestWebhookBodiesAreNotUnpacked(t *testing.T) {
	s := newTill()
	v := house(t, s).Visitor(t)
	v.Header.Set("Content-Encoding", "gzip")
	v.PostRaw("/hooks/co_one/gw_card", "application/json", "\x1f\x8bnot really").Want(200)
	if len(s.hooks) != 1 || !strings.HasSuffix(string(s.hooks[0].Body), "\x1f\x8bnot really") {
		t.Errorf("%q", s.hooks)
	}
}
