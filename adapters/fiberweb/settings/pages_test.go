package settings_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
)

// readable are the pages that any member may look at; the others change settings, or manage people.
var (
	readable = []string{"/settings/company/years", "/settings/chart", "/settings/chart/journals", "/settings/chart/vat"}
	config   = []string{"/settings/company", "/settings/company/billing", "/settings/company/rules", "/settings/company/logo", "/settings/company/years/new",
		"/settings/chart/accounts/new", "/settings/chart/accounts/706000", "/settings/chart/journals/new", "/settings/chart/journals/VE", "/settings/chart/vat/new", "/settings/chart/vat/S20S",
		"/settings/methods", "/settings/methods/new", "/settings/gateways", "/settings/gateways/new/play", "/settings/mail"}
	keeping = []string{"/settings/company/period"}
	people  = []string{"/settings/users", "/settings/users/new", "/settings/tokens", "/settings/tokens/new"}
)

func TestPagesOpenToThoseWhoMay(t *testing.T) {
	s := newScene(t)
	for role, may := range map[access.Role][][]string{
		access.Owner: {readable, config, keeping, people}, access.Accountant: {readable, config, keeping}, access.Sales: {readable}, access.Auditor: {readable},
	} {
		c := s.as(role)
		open := map[string]bool{}
		for _, group := range may {
			for _, path := range group {
				open[path] = true
			}
		}
		for _, group := range [][]string{readable, config, keeping, people} {
			for _, path := range group {
				want := http.StatusForbidden
				if open[path] {
					want = http.StatusOK
				}
				c.get(path).Want(want).Lacks("⟦")
			}
		}
	}
}

func TestPagesSpeakEnglish(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	s.distrusted()
	c := s.as(access.Owner)
	c.Header.Set("Cookie", "acquit_lang=en")
	c.Get("/lang/en").Want(http.StatusSeeOther)
	for _, group := range [][]string{readable, config, keeping, people, {"/settings/gateways/" + conn.ID, "/settings/gateways/" + conn.ID + "/settings", "/settings/gateways/" + conn.ID + "/disconnect"}} {
		for _, path := range group {
			c.get(path).Want(http.StatusOK, "Settings").Lacks("⟦", "Paramètres")
		}
	}
}

func TestWhatReadersSeeOffersNothingToChange(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Auditor)
	c.get("/settings/chart").Want(http.StatusOK, "706000").Lacks("Ajouter un compte", "/settings/chart/accounts/706000")
	c.get("/settings/company/years").Want(http.StatusOK, "2026").Lacks("Ajouter un exercice", "/settings/company/period")
}

func TestThingsOfAnotherCompanyDoNotExist(t *testing.T) {
	s := newScene(t)
	other := s.NewCompany(t)
	theirs, err := s.Connect(ctx, other, apptest.PlayGateway, map[string]string{"key": "test_other_1"})
	apptest.OK(t, err)
	_, err = s.SaveAccount(ctx, other, ledger.Account{Code: "706999", Label: "Autre", Active: true})
	apptest.OK(t, err)
	methods, err := s.Methods(ctx, other)
	apptest.OK(t, err)
	_, token, err := s.CreateToken(ctx, other, "Autre", access.Sales)
	apptest.OK(t, err)
	c := s.as(access.Owner)
	for _, path := range []string{"/settings/gateways/" + theirs.ID, "/settings/gateways/" + theirs.ID + "/settings", "/settings/gateways/" + theirs.ID + "/disconnect", "/settings/chart/accounts/706999",
		"/settings/methods/" + methods[0].ID, "/settings/tokens/" + token.ID + "/revoke", "/settings/users/usr_nobody", "/settings/users/usr_nobody/remove", "/settings/company/years/1999/close",
		"/settings/chart/journals/ZZ", "/settings/chart/vat/ZZ", "/settings/gateways/new/nothing"} {
		c.get(path).Want(http.StatusNotFound)
	}
	for _, path := range []string{"/test", "/on", "/off", "/disconnect", "/settings", ""} {
		c.send("/settings/company", "/settings/gateways/"+theirs.ID+path, "label", "x", "fee_vat", "exempt").Want(http.StatusNotFound)
	}
	for _, path := range []string{"/settings/tokens/" + token.ID + "/revoke", "/settings/methods/" + methods[0].ID, "/settings/chart/accounts/706999", "/settings/users/usr_nobody/password", "/settings/users/usr_nobody"} {
		c.send("/settings/company", path, "label", "x", "role", "owner", "password", "une longue phrase").Want(http.StatusNotFound)
	}
	c.Get("/c/" + other.Company + "/settings/company").Want(http.StatusNotFound)
	now, err := s.Connections(ctx, other)
	apptest.OK(t, err)
	if len(now) != 1 || now[0].Status != "connected" || now[0].Version != theirs.Version {
		t.Errorf("the other company's connection is now %+v", now)
	}
}

// TestRefusedRolesChangeNothing sends every form as somebody whose role gives no leave.
func TestRefusedRolesChangeNothing(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	before := s.Settings(t)
	forms := []string{"/settings/company", "/settings/company/billing", "/settings/company/rules", "/settings/company/logo", "/settings/company/years/new", "/settings/company/period",
		"/settings/company/years/2026/close", "/settings/chart/accounts/new", "/settings/chart/accounts/706000", "/settings/chart/journals/new", "/settings/chart/journals/VE", "/settings/chart/vat/new",
		"/settings/chart/vat/S20S", "/settings/methods", "/settings/methods/new", "/settings/methods/" + s.method("VIR"), "/settings/gateways/new/play", "/settings/gateways/" + conn.ID,
		"/settings/gateways/" + conn.ID + "/settings", "/settings/gateways/" + conn.ID + "/test", "/settings/gateways/" + conn.ID + "/on", "/settings/gateways/" + conn.ID + "/off",
		"/settings/gateways/" + conn.ID + "/disconnect", "/settings/mail", "/settings/mail/test", "/settings/users/new", "/settings/users/" + s.User.ID, "/settings/users/" + s.User.ID + "/password",
		"/settings/users/" + s.User.ID + "/remove", "/settings/tokens/new", "/settings/tokens/tok_x/revoke"}
	for _, role := range []access.Role{access.Sales, access.Auditor} {
		c := s.as(role)
		for _, path := range forms {
			c.send("/settings/chart", path, "name", "X", "label", "X", "code", "X").Want(http.StatusForbidden)
		}
	}
	c := s.as(access.Accountant)
	for _, path := range forms {
		if strings.HasPrefix(path, "/settings/users") || strings.HasPrefix(path, "/settings/tokens") {
			c.send("/settings/chart", path, "name", "X").Want(http.StatusForbidden)
		}
	}
	if now := s.Settings(t); now.Company.Version != before.Company.Version || now.Connections[conn.ID].Version != conn.Version || len(now.Chart.Accounts) != len(before.Chart.Accounts) {
		t.Error("something changed")
	}
	if len(s.Mailer.Sent()) != 0 {
		t.Error("a mail was sent")
	}
}

// TestFormsNeedTheirToken sends forms as another site could.
func TestFormsNeedTheirToken(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Owner)
	for _, path := range []string{"/settings/company", "/settings/methods", "/settings/mail", "/settings/users/new", "/settings/tokens/new", "/settings/company/period"} {
		c.Post(s.base+path, "name", "X").Want(http.StatusForbidden)
	}
}

func TestYears(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	c.get("/settings/company/years").Want(http.StatusOK, "2026", "En cours", "Aucune période n'est clôturée")
	c.get("/settings/company/years/new").Want(http.StatusOK, `value="2027-01-01"`, `value="2027-12-31"`)
	for _, bad := range []struct{ start, end, id, says string }{
		{"", "2027-12-31", "", "obligatoire"}, {"2027-01-01", "hier", "", "date"}, {"2026-06-01", "2027-05-31", "", "chevauchent"}, {"2028-01-01", "2028-12-31", "", "date"}, {"2027-01-01", "2027-12-31", "2026", "Existe déjà"},
	} {
		c.send("/settings/company/years/new", "/settings/company/years/new", "start", bad.start, "end", bad.end, "id", bad.id).Want(http.StatusUnprocessableEntity, bad.says)
	}
	if n := len(s.Settings(t).Chart.Years); n != 1 {
		t.Fatalf("%d fiscal years", n)
	}
	c.send("/settings/company/years/new", "/settings/company/years/new", "start", "2027-01-01", "end", "2027-12-31").Goes(s.base + "/settings/company/years")
	c.get("/settings/company/years").Want(http.StatusOK, "L'exercice 2027 est ajouté", "À venir")
	c.send("/settings/company/years/2026/close", "/settings/company/years/2026/close").Want(http.StatusUnprocessableEntity, "ne se termine que")
}

func TestAPeriodIsClosedAfterAskingTwice(t *testing.T) {
	s := newScene(t)
	c := s.as(access.Accountant)
	for _, bad := range []struct{ until, says string }{{"", "obligatoire"}, {"demain", "date"}, {"2026-06-16", "date"}} {
		c.send("/settings/company/period", "/settings/company/period", "until", bad.until, "sure", "on").Want(http.StatusUnprocessableEntity, bad.says)
	}
	c.send("/settings/company/period", "/settings/company/period", "until", "2026-05-31").Want(http.StatusOK, "jusqu'au 31/05/2026 compris", "définitive")
	if until := s.Settings(t).Company.ClosedUntil; !until.IsZero() {
		t.Fatalf("closed until %s before it was sure", until)
	}
	c.send("/settings/company/period", "/settings/company/period", "until", "2026-05-31", "sure", "on").Goes(s.base + "/settings/company/years")
	if until := s.Settings(t).Company.ClosedUntil; until != civil.Of(2026, 5, 31) {
		t.Fatalf("closed until %s", until)
	}
	c.get("/settings/company/years").Want(http.StatusOK, "Clôturé jusqu'au 31/05/2026")
	c.send("/settings/company/period", "/settings/company/period", "until", "2026-04-30", "sure", "on").Want(http.StatusUnprocessableEntity, "01/06/2026")
}

func TestAYearIsClosed(t *testing.T) {
	s := newScene(t)
	_, err := s.AddYear(ctx, s.Owner, ledger.FiscalYear{Start: civil.Of(2025, 1, 1), End: civil.Of(2025, 12, 31)})
	apptest.OK(t, err)
	_, err = s.PostEntry(ctx, s.Owner, app.EntryInput{Journal: "OD", Date: civil.Of(2025, 3, 1), Piece: "1", Label: "Apport", Lines: []app.EntryLine{
		{Account: "512100", Debit: 100_000}, {Account: "101000", Credit: 100_000}}})
	apptest.OK(t, err)
	c := s.as(access.Accountant)
	c.get("/settings/company/years").Want(http.StatusOK, "Terminé, à clôturer", "/settings/company/years/2025/close")
	c.get("/settings/company/years/2025/close").Want(http.StatusOK, "pour toujours")
	c.send("/settings/company/years/2025/close", "/settings/company/years/2025/close").Want(http.StatusOK, "est clôturé", "Empreinte à conserver", "2:")
	c.send("/settings/company/years/2025/close", "/settings/company/years/2025/close").Want(http.StatusUnprocessableEntity, "clôturée")
}
