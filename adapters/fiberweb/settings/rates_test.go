package settings_test

import (
	"strconv"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
)

func TestRates(t *testing.T) {
	s := newScene(t)
	anne := s.as(access.Accountant)
	const page = "/settings/rates"
	anne.get(page).Want(200, "Aucun taux")
	anne.send(page, page, "date", "2026-06-15", "currency", "usd", "rate", "1,0850", "source", "Banque de France").Want(303)
	anne.get(page).Want(200, "15/06/2026", "USD", "1,085", "Banque de France")
	anne.send(page, page, "date", "2026-06-15", "currency", "EUR", "rate", "1").Want(422, "EUR")
	anne.send(page, page, "date", "2026-06-15", "currency", "USD", "rate", "-1").Want(422, "-1")
	anne.send(page, page+"/paste", "csv", "2026-06-12;USD;1,1\n2026-06-99;GBP;1").Want(422, "Ligne 2", "2026-06-99")
	anne.send(page, page+"/paste", "csv", "date;devise;cours\n12/06/2026;GBP;0,8472\n13/06/2026;CHF;0,93", "paste_source", "BCE").Want(303)
	anne.get(page).Want(200, "GBP", "0,8472", "BCE", "CHF")
	anne.send(page, page+"/remove", "id", "USD-2026-06-15").Want(303)
	list, err := s.Store.Rates(ctx, s.Company.ID, app.RateQuery{})
	if err != nil || len(list.Items) != 2 {
		t.Errorf("%v, %v", list.Items, err)
	}
	s.as(access.Auditor).get(page).Want(200, "GBP")
}

func TestBalanceOfAConnection(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	owner := s.as(access.Owner)
	page := "/settings/gateways/" + conn.ID
	version := func() string { return strconv.FormatInt(s.Settings(t).Connections[conn.ID].Version, 10) }
	owner.send(page, page+"/balances", "version", version(), "currency", "usd").Want(303)
	owner.get(page).Want(200, "517310", "Play USD")
	owner.send(page, page+"/balances", "version", version(), "currency", "GBP", "account", "411000").Want(422, "411000")
	owner.send(page, page+"/balances", "version", "1", "currency", "GBP").Want(422, "")
	owner.send(page, page+"/balances", "version", version(), "currency", "EUR").Want(422, "EUR")
}

func TestRatesInABrowser(t *testing.T) {
	s := newScene(t)
	conn := s.connect()
	owner := s.as(access.Owner)
	owner.send("/settings/rates", "/settings/rates/paste", "csv", "12/06/2026;GBP;0,8472\n15/06/2026;USD;1,0850\n16/06/2026;USD;1,0874", "paste_source", "Banque de France").Want(303)
	owner.send("/settings/gateways/"+conn.ID, "/settings/gateways/"+conn.ID+"/balances", "version", strconv.FormatInt(conn.Version, 10), "currency", "USD").Want(303)
	host := s.house.Serve(t)
	p := browsertest.New(t)
	p.Open(host + "/login")
	p.Fill("#f-email", screentest.Address(access.Owner))
	p.Fill("#f-password", screentest.Password)
	p.Leave(func() { p.Click("main button[type=submit]") })
	for _, lang := range []string{"fr", "en"} {
		p.Open(host + "/lang/" + lang + "?back=/")
		for _, page := range []struct{ name, path string }{{"rates", "/settings/rates"}, {"connection", "/settings/gateways/" + conn.ID}} {
			p.Open(host + s.base + page.path)
			p.Accessible()
			name := page.name + "-" + lang
			p.Screenshot(name, 1280)
			p.Screenshot(name, 390)
			if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
				t.Errorf("%s is %d too wide", name, wide)
			}
		}
	}
}
