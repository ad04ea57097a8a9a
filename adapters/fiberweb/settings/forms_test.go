package settings_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

// changed is fields (name, value) with some replaced by name.
func changed(fields []string, change ...string) []string {
	out := append([]string(nil), fields...)
	for i := 0; i+1 < len(change); i += 2 {
		found := false
		for j := 0; j < len(out); j += 2 {
			if out[j] == change[i] {
				out[j+1], found = change[i+1], true
			}
		}
		if !found {
			out = append(out, change[i], change[i+1])
		}
	}
	return out
}

func identity() []string {
	return []string{"version", "1", "name", "Atelier Martin", "legal_form", "SAS", "capital", "10 000,00", "siren", "732829320", "register_at", "RCS Lyon", "vat_number", "FR44732829320",
		"vat_regime", "invoices", "address.street", "3 rue Neuve", "address.postal_code", "69002", "address.city", "Lyon", "address.country", "FR", "email", "bonjour@exemple.fr", "locale", "fr"}
}

func TestIdentity(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Owner)
	for _, bad := range []struct{ field, value, says string }{
		{"name", "", "obligatoire"}, {"siren", "123456789", "SIREN"}, {"siret", "12345678900000", "SIRET"}, {"vat_number", "FR00", "TVA"}, {"email", "bonjour", "e-mail"},
		{"address.country", "France", "pays"}, {"capital", "beaucoup", "montant"}, {"capital", "-5", "montant"}, {"vat_regime", "sometimes", "choix"}, {"vat_regime", "", "choix"}, {"locale", "de", "choix"},
		{"name", strings.Repeat("x", 3000), "trop long"}, {"version", "99", "entre-temps"}, {"version", "x", "entre-temps"},
	} {
		c.send("/settings/company", "/settings/company", changed(identity(), bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says)
		if now := s.Settings(t).Company; now.Version != 1 || now.LegalForm != "SARL" {
			t.Fatalf("%s = %q changed the company", bad.field, bad.value)
		}
	}
	c.send("/settings/company", "/settings/company", identity()...).Goes(s.base + "/settings/company")
	now := s.Settings(t).Company
	if now.LegalForm != "SAS" || now.Capital.Minor() != 1_000_000 || now.VATRegime != party.VATOnInvoices || now.Address.Street != "3 rue Neuve" {
		t.Errorf("%+v", now)
	}
	if now.TermsDays != 30 || now.Mail.Kind != "outbox" || !now.TestBooks {
		t.Error("another part of the company changed")
	}
	c.get("/settings/company").Want(http.StatusOK, "Enregistré", `value="10 000,00"`, `value="SAS"`)
}

func TestBillingTerms(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	good := []string{"version", "1", "terms_days", "45", "terms_month_end", "on", "quote_validity", "60", "late_rate", "12,5", "iban", "FR76 3000 6000 0112 3456 7890 189", "bic", "AGRIFRPP", "mail_intro", "Bonjour,", "footer", "Assurance 123"}
	for _, bad := range []struct{ field, value, says string }{{"terms_days", "400", "quantité"}, {"terms_days", "x", "quantité"}, {"late_rate", "200", "taux"}, {"late_rate", "x", "taux"}, {"iban", "FR00", "code"}, {"footer", strings.Repeat("x", 600), "500"}} {
		c.send("/settings/company/billing", "/settings/company/billing", changed(good, bad.field, bad.value)...).Want(http.StatusUnprocessableEntity)
	}
	if now := s.Settings(t).Company; now.Version != 1 {
		t.Fatal("a mistake changed the company")
	}
	c.send("/settings/company/billing", "/settings/company/billing", good...).Goes(s.base + "/settings/company/billing")
	if now := s.Settings(t).Company; now.TermsDays != 45 || !now.TermsMonthEnd || now.LateRate.String() != "12.5" || now.IBAN == "" || now.Name != "Atelier Martin" {
		t.Errorf("%+v", now)
	}
}

func TestRules(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	c.send("/settings/company/rules", "/settings/company/rules", "version", "1", "tolerance", "200", "test_books", "on").Want(http.StatusUnprocessableEntity, "montant")
	c.send("/settings/company/rules", "/settings/company/rules", "version", "1", "tolerance", "-1", "test_books", "on").Want(http.StatusUnprocessableEntity, "montant")
	c.send("/settings/company/rules", "/settings/company/rules", "version", "1", "tolerance", "0,10", "auto_integrate", "on").Goes(s.base + "/settings/company/rules")
	if now := s.Settings(t).Company; now.Tolerance != 10 || !now.AutoIntegrate || now.TestBooks {
		t.Errorf("%+v", now)
	}
}

// upload sends a file as a browser does.
func (c client) upload(t *testing.T, page, field string, data []byte, more ...string) int {
	t.Helper()
	token := regexp.MustCompile(`name="_csrf" value="([^"]+)"`).FindStringSubmatch(c.get(page).Body)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(more); i += 2 {
		apptest.OK(t, w.WriteField(more[i], more[i+1]))
	}
	apptest.OK(t, w.WriteField("_csrf", token[1]))
	part, err := w.CreateFormFile(field, "logo.png")
	apptest.OK(t, err)
	_, err = part.Write(data)
	apptest.OK(t, err)
	apptest.OK(t, w.Close())
	return c.PostRaw(c.base+page, w.FormDataContentType(), b.String()).StatusCode
}

func TestLogo(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Owner)
	c.get("/settings/company/logo").Want(http.StatusOK, "Aucun logo").Lacks("Retirer le logo")
	c.get("/settings/company/logo/image").Want(http.StatusNotFound)
	for _, bad := range [][]byte{nil, []byte("no picture"), bytes.Repeat([]byte{0x89}, 1<<20+1)} {
		if got := c.upload(t, "/settings/company/logo", "logo", bad); got != http.StatusUnprocessableEntity {
			t.Errorf("%d bytes: %d", len(bad), got)
		}
	}
	if len(s.Settings(t).Company.Logo) != 0 {
		t.Fatal("there is a logo")
	}
	if got := c.upload(t, "/settings/company/logo", "logo", picture(t)); got != http.StatusSeeOther {
		t.Fatalf("a good logo: %d", got)
	}
	c.get("/settings/company/logo").Want(http.StatusOK, "Votre logo est en place", "/settings/company/logo/image", "Logo de Atelier Martin")
	img := c.get("/settings/company/logo/image").Want(http.StatusOK)
	if got := img.Header.Get("Content-Type"); got != "image/png" {
		t.Errorf("the logo is %s", got)
	}
	if got := c.upload(t, "/settings/company/logo", "logo", nil, "do", "remove"); got != http.StatusSeeOther {
		t.Fatalf("taking it away: %d", got)
	}
	if len(s.Settings(t).Company.Logo) != 0 {
		t.Error("the logo is still there")
	}
}

func TestAccounts(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	c.get("/settings/chart?q=706").Want(http.StatusOK, "706000").Lacks("411000")
	c.get("/settings/chart?class=4&state=on").Want(http.StatusOK, "411000").Lacks("706000")
	if body := c.get("/settings/chart?class=1&sort=-code").Want(http.StatusOK).Body; strings.Index(body, ">164000<") > strings.Index(body, ">101000<") || !strings.Contains(body, ">101000<") {
		t.Error("the accounts are not sorted backwards")
	}
	c.get("/settings/chart?q=nothing").Want(http.StatusOK, "Aucun résultat")
	for _, bad := range []struct{ code, label, says string }{{"", "X", "obligatoire"}, {"12", "X", "code"}, {"9abc", "X", "code"}, {"706001", "", "obligatoire"}, {"706000", "X", "Existe déjà"}} {
		c.send("/settings/chart/accounts/new", "/settings/chart/accounts/new", "code", bad.code, "label", bad.label, "active", "on").Want(http.StatusUnprocessableEntity, bad.says)
	}
	if got := s.Settings(t).Chart.Accounts["706000"].Label; got != "Prestations de services" {
		t.Errorf("706000 is now %s", got)
	}
	c.send("/settings/chart/accounts/new", "/settings/chart/accounts/new", "code", "706100", "label", "Conseil", "active", "on").Goes(s.base + "/settings/chart")
	c.send("/settings/chart/accounts/706100", "/settings/chart/accounts/706100", "label", "Conseils").Goes(s.base + "/settings/chart")
	if a := s.Settings(t).Chart.Accounts["706100"]; a.Label != "Conseils" || a.Active || a.Collective {
		t.Errorf("%+v", a)
	}
	c.send("/settings/chart/accounts/411000", "/settings/chart/accounts/411000", "label", "Clients", "collective", "on").Want(http.StatusUnprocessableEntity, "utilisé")
}

func TestJournals(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	for _, bad := range []struct{ code, label, kind, says string }{{"", "X", "misc", "obligatoire"}, {"HA", "", "misc", "obligatoire"}, {"HA", "Hors activité", "", "obligatoire"}, {"HA", "X", "other", "choix"}, {"ve", "X", "misc", "Existe déjà"}} {
		c.send("/settings/chart/journals/new", "/settings/chart/journals/new", "code", bad.code, "label", bad.label, "type", bad.kind, "active", "on").Want(http.StatusUnprocessableEntity, bad.says)
	}
	c.send("/settings/chart/journals/new", "/settings/chart/journals/new", "code", "pa", "label", "Paie", "type", "misc", "active", "on").Goes(s.base + "/settings/chart/journals")
	c.send("/settings/chart/journals/PA", "/settings/chart/journals/PA", "label", "Salaires", "type", "misc").Goes(s.base + "/settings/chart/journals")
	if j := s.Settings(t).Chart.Journals["PA"]; j.Label != "Salaires" || j.Active {
		t.Errorf("%+v", j)
	}
	c.send("/settings/chart/journals/VE", "/settings/chart/journals/VE", "label", "Ventes", "type", "sales").Want(http.StatusUnprocessableEntity, "utilisé")
}

func TestVATCodes(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	good := []string{"code", "S13", "label", "TVA 13 %", "rate", "13", "nature", "services", "category", "S", "revenue", "706000", "account", "445711", "active", "on"}
	for _, bad := range []struct{ field, value, says string }{{"code", "S20S", "Existe déjà"}, {"label", "", "obligatoire"}, {"rate", "x", "taux"}, {"rate", "200", "taux"}, {"nature", "air", "choix"}, {"category", "E", "choix"}, {"revenue", "999999", "n'existe pas"}, {"account", "", "obligatoire"}} {
		c.send("/settings/chart/vat/new", "/settings/chart/vat/new", changed(good, bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says)
	}
	if _, there := s.Settings(t).VATCodes["S13"]; there {
		t.Fatal("a mistake added a code")
	}
	c.send("/settings/chart/vat/new", "/settings/chart/vat/new", good...).Goes(s.base + "/settings/chart/vat")
	// The rate of a code that is there cannot be changed, whatever is sent.
	c.send("/settings/chart/vat/S13", "/settings/chart/vat/S13", "label", "Treize", "rate", "1", "revenue", "706000", "account", "445711").Goes(s.base + "/settings/chart/vat")
	if v := s.Settings(t).VATCodes["S13"]; v.Label != "Treize" || v.Rate.String() != "13" || v.Active {
		t.Errorf("%+v", v)
	}
	c.send("/settings/chart/vat/S13", "/settings/chart/vat/S13", "label", "", "revenue", "706000", "account", "445711").Want(http.StatusUnprocessableEntity, `value="13"`)
}

func TestOnlinePaymentIsTickedInTheList(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	card, transfer := s.method("CB"), s.method("VIR")
	c.get("/settings/methods").Want(http.StatusOK, "Autoriser le paiement en ligne", "Carte bancaire en ligne")
	c.send("/settings/methods", "/settings/methods", "row", card, "version."+card, "1", "row", transfer, "version."+transfer, "1", "online."+transfer, "on").Goes(s.base + "/settings/methods")
	now := s.Settings(t).Methods
	if now[card].Online || !now[transfer].Online || !now[s.method("PAYPAL")].Online {
		t.Errorf("card %t, transfer %t", now[card].Online, now[transfer].Online)
	}
	c.send("/settings/methods", "/settings/methods", "row", card, "version."+card, "1", "online."+card, "on").Want(http.StatusUnprocessableEntity, "entre-temps")
	c.send("/settings/methods", "/settings/methods", "row", card, "version."+card, "x", "online."+card, "on").Want(http.StatusUnprocessableEntity, "entre-temps")
	if s.Settings(t).Methods[card].Online {
		t.Error("an old form changed the method")
	}
}

func TestMethods(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	good := []string{"label", "Lettre de change", "code", "LCR", "kind", "transfer", "journal", "BQ", "account", "512100", "active", "on"}
	for _, bad := range []struct{ field, value, says string }{{"label", "", "obligatoire"}, {"code", "", "obligatoire"}, {"code", "VIR", "Existe déjà"}, {"kind", "barter", "choix"}, {"journal", "", "obligatoire"}, {"journal", "ZZ", "n'existe pas"}, {"account", "411000", "collectif"}, {"account", "999999", "n'existe pas"}} {
		c.send("/settings/methods/new", "/settings/methods/new", changed(good, bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says)
	}
	if n := len(s.Settings(t).Methods); n != 7 {
		t.Fatalf("%d methods", n)
	}
	c.send("/settings/methods/new", "/settings/methods/new", good...).Goes(s.base + "/settings/methods")
	id := s.method("LCR")
	c.send("/settings/methods/"+id, "/settings/methods/"+id, changed(good, "version", "1", "label", "LCR")...).Goes(s.base + "/settings/methods")
	c.send("/settings/methods/"+id, "/settings/methods/"+id, changed(good, "version", "1")...).Want(http.StatusUnprocessableEntity, "entre-temps")
	if m := s.Settings(t).Methods[id]; m.Label != "LCR" || m.Version != 2 {
		t.Errorf("%+v", m)
	}
}

func TestMail(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	good := []string{"kind", "smtp", "host", "smtp.exemple.fr", "port", "587", "security", "starttls", "username", "acquit", "password", "s3cret-word", "from", "factures@exemple.fr"}
	for _, bad := range []struct{ field, value, says string }{{"kind", "", "obligatoire"}, {"kind", "pigeon", "choix"}, {"host", "", "obligatoire"}, {"port", "0", "quantité"}, {"port", "x", "quantité"}, {"security", "some", "choix"}, {"password", "", "obligatoire"}, {"from", "factures", "e-mail"}, {"reply_to", "x", "e-mail"}} {
		c.send("/settings/mail", "/settings/mail", changed(good, bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says).Lacks("s3cret-word")
	}
	if m := s.Settings(t).Company.Mail; m.Kind != "outbox" {
		t.Fatalf("a mistake changed the mail server to %+v", m)
	}
	c.send("/settings/mail", "/settings/mail", good...).Goes(s.base + "/settings/mail")
	c.get("/settings/mail").Want(http.StatusOK, "smtp.exemple.fr", "Déjà enregistré").Lacks("s3cret-word")
	c.send("/settings/mail", "/settings/mail", changed(good, "password", "", "from_name", "Atelier")...).Goes(s.base + "/settings/mail")
	c.send("/settings/mail", "/settings/mail", changed(good, "password", "", "host", "smtp.autre.fr")...).Want(http.StatusUnprocessableEntity, "obligatoire")
	if m := s.Settings(t).Company.Mail; m.FromName != "Atelier" || len(m.Sealed) == 0 {
		t.Errorf("%+v", m)
	}
}

func TestATestMailIsSentAtOnce(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	c.get("/settings/mail").Want(http.StatusOK, `value="accountant@exemple.fr"`)
	c.send("/settings/mail", "/settings/mail/test", "to", "").Want(http.StatusUnprocessableEntity, "obligatoire")
	c.send("/settings/mail", "/settings/mail/test", "to", "personne").Want(http.StatusUnprocessableEntity, "e-mail")
	if n := len(s.Mailer.Sent()); n != 0 {
		t.Fatalf("%d mails", n)
	}
	c.send("/settings/mail", "/settings/mail/test", "to", "moi@exemple.fr").Goes(s.base + "/settings/mail")
	if sent := s.Mailer.Sent(); len(sent) != 1 || sent[0].To != "moi@exemple.fr" {
		t.Fatalf("sent: %+v", sent)
	}
	s.Mailer.Refuse = func(app.Message) error {
		return fault.New(fault.Unavailable, fault.MailUnreach, "detail", "connection refused")
	}
	c.send("/settings/mail", "/settings/mail/test", "to", "moi@exemple.fr").Want(http.StatusServiceUnavailable, "ne répond pas", "connection refused", `value="moi@exemple.fr"`)
}

func TestUsers(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Owner)
	good := []string{"email", "paul@exemple.fr", "name", "Paul Vente", "password", "une longue phrase", "language", "fr", "role", "sales"}
	for _, bad := range []struct{ field, value, says string }{{"email", "", "obligatoire"}, {"email", "paul", "e-mail"}, {"name", "", "obligatoire"}, {"password", "court", "10"}, {"language", "de", "choix"}, {"role", "king", "choix"}, {"role", "", "choix"}, {"email", "owner@acquit.test", "Existe déjà"}} {
		c.send("/settings/users/new", "/settings/users/new", changed(good, bad.field, bad.value)...).Want(http.StatusUnprocessableEntity, bad.says).Lacks("une longue phrase")
	}
	all, err := s.Users(ctx, s.Owner)
	apptest.OK(t, err)
	if len(all) != 1 {
		t.Fatalf("%d users", len(all))
	}
	c.send("/settings/users/new", "/settings/users/new", good...).Goes(s.base + "/settings/users")
	c.get("/settings/users").Want(http.StatusOK, "Paul Vente peut se connecter", "paul@exemple.fr", "Commercial")
	u, err := s.Login(ctx, "paul@exemple.fr", "une longue phrase")
	apptest.OK(t, err)

	page := "/settings/users/" + u.ID
	c.send(page, page, "role", "king").Want(http.StatusUnprocessableEntity, "choix")
	c.send(page, page, "role", "auditor").Goes(s.base + "/settings/users")
	c.send(page, page+"/password", "password", "court").Want(http.StatusUnprocessableEntity, "10")
	c.send(page, page+"/password", "password", "une autre phrase").Goes(s.base + "/settings/users")
	if _, err := s.Login(ctx, "paul@exemple.fr", "une autre phrase"); err != nil {
		t.Error(err)
	}
	if who, err := s.As(ctx, u, s.Company.ID); err != nil || who.Role != access.Auditor {
		t.Errorf("%+v, %v", who, err)
	}
	c.get(page+"/remove").Want(http.StatusOK, "Retirer à Paul Vente l'accès")
	c.send(page+"/remove", page+"/remove").Goes(s.base + "/settings/users")
	if _, err := s.As(ctx, u, s.Company.ID); err == nil {
		t.Error("the user still has a role")
	}
	last := "/settings/users/" + s.User.ID
	c.send(last, last, "role", "sales").Want(http.StatusUnprocessableEntity, "au moins un administrateur")
	c.send(last+"/remove", last+"/remove").Want(http.StatusUnprocessableEntity, "au moins un administrateur")
}

func TestATokenIsShownOnce(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Owner)
	c.get("/settings/tokens").Want(http.StatusOK, "Aucun jeton")
	c.send("/settings/tokens/new", "/settings/tokens/new", "name", "", "role", "sales").Want(http.StatusUnprocessableEntity, "obligatoire")
	c.send("/settings/tokens/new", "/settings/tokens/new", "name", "Boutique", "role", "service").Want(http.StatusUnprocessableEntity, "choix")
	made := c.send("/settings/tokens/new", "/settings/tokens/new", "name", "Boutique", "role", "sales").Want(http.StatusOK, "plus jamais affiché")
	secret := regexp.MustCompile(`acq_[A-Za-z0-9_-]{43}`).FindString(made.Body)
	if who, err := s.Authenticate(ctx, secret); err != nil || who.Role != access.Sales || who.Company != s.Company.ID {
		t.Fatalf("%+v, %v", who, err)
	}
	c.get("/settings/tokens").Want(http.StatusOK, "Boutique", "Commercial").Lacks(secret)
	all, err := s.Tokens(ctx, s.Owner)
	apptest.OK(t, err)
	page := "/settings/tokens/" + all[0].ID + "/revoke"
	c.get(page).Want(http.StatusOK, "Révoquer le jeton", "Boutique")
	c.send(page, page).Goes(s.base + "/settings/tokens")
	if _, err := s.Authenticate(ctx, secret); err == nil {
		t.Error("a revoked token is still good")
	}
	c.get("/settings/tokens").Want(http.StatusOK, "Révoqué")
}
