package setup_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/adapters/fiberweb/settings"
	"github.com/acquit-app/acquit/adapters/fiberweb/setup"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
)

var ctx = context.Background()

const code = "abcdefgh23456722"

// scene is an installation in memory that nobody was let into yet.
type scene struct {
	*apptest.World
	app   *app.App
	house *screentest.House
}

// logins lets the people of the installation log in.
type logins struct{ *app.App }

func (l logins) Companies(ctx context.Context, user string) ([]fiberweb.CompanyRef, error) {
	refs, err := l.CompaniesOf(ctx, user)
	if err != nil {
		return nil, err
	}
	var out []fiberweb.CompanyRef
	for _, r := range refs {
		s, err := l.Books.Setup(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, fiberweb.CompanyRef{ID: r.ID, Name: s.Company.Name, Role: r.Role, Test: s.Company.TestBooks})
	}
	return out, nil
}

// fresh is an installation without users. The company of its World belongs to nobody in it.
func fresh(t *testing.T) *scene {
	t.Helper()
	w := apptest.New(t)
	deps := w.Deps
	deps.Directory = apptest.NewDirectory()
	s := &scene{World: w, app: app.New(deps)}
	s.house = screentest.New(t, "", "", func(o *fiberweb.Options) {
		o.Now, o.Auth, o.SetUp = w.Clock.Now, logins{s.app}, setup.Where(s.app)
	})
	setup.Mount(s.house.Server, s.app, code)
	settings.Mount(s.house.Server, s.app)
	return s
}

// founding is what is sent on the first page; change replaces fields by name.
func founding(change ...string) []string {
	fields := []string{"code", code, "name", "Jeanne Martin", "email", "jeanne@exemple.fr", "password", "une longue phrase", "company", "Atelier Martin", "nature", "test",
		"year.start", "2026-01-01", "year.end", "2026-12-31"}
	for i := 0; i+1 < len(change); i += 2 {
		for j := 0; j < len(fields); j += 2 {
			if fields[j] == change[i] {
				fields[j+1] = change[i+1]
			}
		}
	}
	return fields
}

// start founds the installation and returns its owner's client and the path of the company's pages.
func (s *scene) start(t *testing.T) (c *screentest.Client, base string) {
	t.Helper()
	c = s.house.Visitor(t)
	a := c.Send("/setup?code="+code, "/setup", founding()...).Want(http.StatusSeeOther)
	base, ok := strings.CutSuffix(a.Header.Get("Location"), "/setup/company")
	if !ok {
		t.Fatalf("sent to %s", a.Header.Get("Location"))
	}
	return c, base
}

func TestTheFirstToComeNeedsTheCode(t *testing.T) {
	s := fresh(t)
	c := s.house.Visitor(t)
	c.Get("/login").Goes("/setup")
	if setup.Path(code) != "/setup?code="+code {
		t.Errorf("the console is told %s", setup.Path(code))
	}
	if a, b := setup.Code(), setup.Code(); a == b || len(a) != 16 || strings.ToLower(a) != a {
		t.Errorf("codes %s and %s", a, b)
	}
	c.Get("/setup").Want(http.StatusOK, "Bienvenue dans Acquit").Lacks(code)
	for _, wrong := range []string{"", "x", code[:15], code + "2"} {
		c.Send("/setup", "/setup", founding("code", wrong)...).Want(http.StatusUnprocessableEntity, "Code")
	}
	if some, err := s.app.HasUsers(ctx); err != nil || some {
		t.Fatalf("users: %t, %v", some, err)
	}
	c.Post("/setup", founding()...).Want(http.StatusForbidden)
	c.Send("/setup", "/setup", founding("code", " "+strings.ToUpper(code)+" ")...).Want(http.StatusSeeOther)
}

func TestBadInputFoundsNothing(t *testing.T) {
	s := fresh(t)
	c := s.house.Visitor(t)
	for _, bad := range []struct{ field, value, says string }{
		{"email", "jeanne", "adresse e-mail"}, {"email", "", "obligatoire"}, {"password", "court", "10"}, {"password", "", "obligatoire"}, {"name", "", "obligatoire"},
		{"company", "", "obligatoire"}, {"company", strings.Repeat("x", 121), "120"}, {"nature", "other", "choix"}, {"year.start", "hier", "date"}, {"year.end", "2025-12-31", "date"}, {"year.end", "2028-06-30", "date"},
	} {
		c.Send("/setup", "/setup", founding(bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says)
		if some, err := s.app.HasUsers(ctx); err != nil || some {
			t.Fatalf("%s = %q: users: %t, %v", bad.field, bad.value, some, err)
		}
	}
	all, err := s.Store.Companies(ctx)
	apptest.OK(t, err)
	if len(all) != 1 {
		t.Errorf("%d companies", len(all))
	}
}

func TestOnceThereIsAUserTheFirstPageIsShut(t *testing.T) {
	s := fresh(t)
	c, base := s.start(t)
	c.Get("/setup").Goes("/")
	s.house.Visitor(t).Get("/setup").Goes("/")
	v := s.house.Visitor(t)
	v.Send("/login", "/setup", founding("email", "autre@exemple.fr")...).Want(http.StatusForbidden)
	n, err := s.app.Directory.CountUsers(ctx)
	apptest.OK(t, err)
	if n != 1 {
		t.Errorf("%d users", n)
	}
	c.Get(base+"/setup/company").Want(http.StatusOK, "Bienvenue, Jeanne Martin", "Société", "Plateforme de paiement")
}

func TestTheStepsLeadToAPayment(t *testing.T) {
	s := fresh(t)
	c, base := s.start(t)
	c.Get(base+"/setup").Want(http.StatusOK, "1 étape faite sur 5", "SIREN", "une plateforme connectée", "l'envoi des e-mails", "un premier paiement")

	c.Send(base+"/setup/company", base+"/setup/company", "version", "1", "name", "Atelier Martin", "siren", "123", "vat_regime", "receipts", "locale", "fr", "address.country", "FR").
		Want(http.StatusUnprocessableEntity, "SIREN")
	c.Send(base+"/setup/company", base+"/setup/company", "version", "1", "name", "Atelier Martin", "siren", "732829320", "vat_number", "FR44732829320", "vat_regime", "receipts",
		"locale", "fr", "address.street", "1 rue des Lilas", "address.postal_code", "69001", "address.city", "Lyon", "address.country", "FR", "email", "contact@exemple.fr").Goes(base + "/setup/methods")
	c.Get(base+"/setup/methods").Want(http.StatusOK, "Autoriser le paiement en ligne", "Plus tard")
	c.Send(base+"/setup/methods", base+"/setup/methods").Goes(base + "/setup/gateway")

	c.Get(base+"/setup/gateway").Want(http.StatusOK, "Play", "Connecter")
	c.Send(base+"/setup/gateway/new/play", base+"/setup/gateway/new/play", "settings.key", "nonsense", "settings.region", "eu").Want(http.StatusUnprocessableEntity)
	c.Send(base+"/setup/gateway/new/play", base+"/setup/gateway/new/play", "settings.key", "test_acme_1", "settings.region", "eu").Goes(base + "/setup/gateway")
	c.Get(base+"/setup/gateway").Want(http.StatusOK, "Activez-la", "Réglez l'envoi des e-mails")
	c.Get(base+"/setup/mail").Want(http.StatusOK, "gardés dans la boîte d'envoi")
	c.Send(base+"/setup/mail", base+"/setup/mail", "kind", "outbox", "port", "587").Goes(base + "/setup/gateway") // which waited for it
	c.Send(base+"/setup/mail", base+"/settings/mail/test?from=mail", "to", "jeanne@exemple.fr").Goes(base + "/setup/mail")

	company := strings.TrimPrefix(base, "/c/")
	owner := access.Actor{ID: "usr_x", Name: "X", Company: company, Role: access.Owner}
	all, err := s.app.Connections(ctx, owner)
	apptest.OK(t, err)
	c.Send(base+"/setup/gateway", base+"/settings/gateways/"+all[0].ID+"/on?from=gateway").Goes(base + "/setup/gateway")
	c.Get(base+"/setup/gateway").Want(http.StatusOK, "connectée et active", "Continuer")

	c.Send(base+"/setup/mail", base+"/setup/mail", "kind", "outbox", "port", "587").Goes(base + "/setup/test_payment")
	made := c.Send(base+"/setup/test_payment", base+"/setup/test_payment").Want(http.StatusSeeOther)
	c.Get(made.Header.Get("Location")).Want(http.StatusOK, "prête à être payée", "https://acquit.test/p/", made.Header.Get("Location"))
	at, err := url.Parse(made.Header.Get("Location"))
	apptest.OK(t, err)
	link, err := s.app.PayURL(ctx, owner, at.Query().Get("invoice"))
	apptest.OK(t, err)
	token := link[strings.LastIndex(link, "/")+1:]
	_, err = s.app.StartPayment(ctx, token, all[0].ID)
	apptest.OK(t, err)
	p := s.Gateways.Provider("acme")
	for session := range p.Sessions() {
		p.Pay(session, 45)
	}
	_, err = s.app.Return(ctx, token, "")
	apptest.OK(t, err)
	c.Get(base+"/setup/test_payment").Want(http.StatusOK, "Le paiement est arrivé", "Intégrer le paiement")
	c.Get(base+"/setup").Want(http.StatusOK, "5 étapes faites sur 5", "Terminer")
	c.Send(base+"/setup", base+"/setup/finish").Goes(base + "/")
	now, err := s.app.Setup(ctx, owner)
	apptest.OK(t, err)
	if !now.Company.Ready {
		t.Error("the set-up is not finished")
	}
	// A second test invoice is made out to the same customer.
	c.Send(base+"/setup/mail", base+"/setup/test_payment").Want(http.StatusSeeOther)
}

func TestATestInvoiceSaysWhatIsMissing(t *testing.T) {
	s := fresh(t)
	c, base := s.start(t)
	c.Send(base+"/setup/test_payment", base+"/setup/test_payment").Want(http.StatusUnprocessableEntity, "incomplète")
}

func TestRealBooksGetNoTestInvoice(t *testing.T) {
	s := fresh(t)
	c := s.house.Visitor(t)
	a := c.Send("/setup", "/setup", founding("nature", "real")...).Want(http.StatusSeeOther)
	base := strings.TrimSuffix(a.Header.Get("Location"), "/setup/company")
	c.Get(base+"/setup/test_payment").Want(http.StatusOK, "Votre premier paiement")
	c.Send(base+"/setup", base+"/setup/test_payment").Want(http.StatusForbidden)
}

func TestOnlyThoseWhoMayConfigureSetUp(t *testing.T) {
	s := fresh(t)
	c, base := s.start(t)
	company := strings.TrimPrefix(base, "/c/")
	owner := access.Actor{ID: "usr_x", Name: "X", Company: company, Role: access.Owner}
	_, err := s.app.AddUser(ctx, owner, app.NewUser{Email: "sam@exemple.fr", Name: "Sam", Password: "une autre phrase", Role: access.Sales})
	apptest.OK(t, err)
	v := s.house.Visitor(t)
	v.Send("/login", "/login", "email", "sam@exemple.fr", "password", "une autre phrase").Want(http.StatusSeeOther)
	for _, path := range []string{"", "/company", "/methods", "/gateway", "/gateway/new/play", "/mail", "/test_payment"} {
		v.Get(base + "/setup" + path).Want(http.StatusForbidden)
	}
	v.Get("/companies/new").Want(http.StatusForbidden)
	c.Get("/c/" + s.Company.ID + "/setup").Want(http.StatusNotFound)
}

func TestAnOwnerFoundsAnotherCompany(t *testing.T) {
	s := fresh(t)
	c, _ := s.start(t)
	c.Send("/companies/new", "/companies/new", "company", "", "nature", "test", "year.start", "2026-01-01", "year.end", "2026-12-31").Want(http.StatusUnprocessableEntity, "obligatoire")
	a := c.Send("/companies/new", "/companies/new", "company", "Deuxième SARL", "nature", "test", "year.start", "2026-04-01", "year.end", "2027-03-31").Want(http.StatusSeeOther)
	c.Get(a.Header.Get("Location")).Want(http.StatusOK, "Deuxième SARL", "est créée")
}

// TestTheWizardInABrowser looks at each step: accessible, and fit to be seen on a desk and on a telephone.
func TestTheWizardInABrowser(t *testing.T) {
	s := fresh(t)
	host := s.house.Serve(t)
	p := browsertest.New(t)
	look := func(name string) {
		t.Helper()
		p.Accessible()
		p.Screenshot(name, 1280)
		p.Screenshot(name, 390)
	}
	p.Open(host + setup.Path(code))
	look("first")
	p.FillLabel("Votre nom", "Jeanne Martin")
	p.Fill("#f-email", "jeanne@exemple.fr")
	p.Fill("#f-password", "court")
	p.FillLabel("Raison sociale", "Atelier Martin")
	p.Click("#f-nature-1")
	p.Leave(func() { p.Press("Créer mon compte et ma société") })
	look("first-mistake")
	p.Fill("#f-password", "une longue phrase")
	p.Leave(func() { p.Press("Créer mon compte et ma société") })
	p.WaitText("main", "Bienvenue, Jeanne Martin")
	look("company")
	base := strings.TrimSuffix(p.URL(), "/setup/company")
	for _, step := range []string{"methods", "gateway", "gateway/new/play", "mail", "test_payment", ""} {
		p.Open(base + "/setup/" + step)
		look("step-" + strings.ReplaceAll(step, "/", "-"))
	}
}
