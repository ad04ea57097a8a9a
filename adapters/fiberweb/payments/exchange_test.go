package payments

import (
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// dollars pays an invoice of 576.00 EUR in euros, for which the provider puts dollars on its balance.
func (s *scene) dollars() (invoice, arrival string) {
	s.t.Helper()
	conn, err := s.SetBalanceAccount(ctx, s.Owner, s.conn.ID, 0, "USD", "")
	apptest.OK(s.t, err)
	s.conn = conn
	v := s.invoice(s.customer("Boulangerie Aux Trois Épis").ID, 480)
	_, err = s.StartPayment(ctx, s.token(v.ID), s.conn.ID)
	apptest.OK(s.t, err)
	l, err := s.Store.PayLink(ctx, s.Company.ID, v.ID)
	apptest.OK(s.t, err)
	at, err := s.Store.Attempt(ctx, s.Company.ID, l.AttemptID)
	apptest.OK(s.t, err)
	return v.ID, s.comes(gateway.Payment{ID: "pay_usd", Kind: gateway.KindPayment, Gross: money.Of(64_512, "USD"), Charged: apptest.EUR(57_600), Rate: "1.12",
		Reference: at.ID, SessionID: at.SessionID, Method: "card", Payer: gateway.Payer{Name: "Jean Valjean"}}, 2_000)
}

// TestGivingARate plays, in a browser, an accountant who tells the inbox what a payment in dollars is worth, and OK.
func TestGivingARate(t *testing.T) {
	s := newScene(t)
	invoice, id := s.dollars()
	host := s.house.Serve(t)
	p := s.logIn(browsertest.New(t), host)
	see := func(name string) {
		t.Helper()
		p.Accessible()
		p.Screenshot(name, 1280)
		p.Screenshot(name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
			t.Errorf("%s is %d too wide", name, wide)
		}
	}
	p.Open(host + s.base + "/inbox")
	p.WaitText("main", "Taux à indiquer")
	p.WaitText("main", "payé 576,00 €")
	see("inbox-rate-missing")
	p.Leave(func() { p.Click(".row-act a") })
	p.WaitText("h1", "Taux de change")
	see("rate")
	p.Fill("#f-rate", "zéro")
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText("main", "zéro")
	p.Fill("#f-rate", "1,15")
	p.Fill("#f-source", "Banque de France")
	p.Check("#f-keep", true)
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText("main", "l'OK peut passer les écritures")
	p.WaitText("main", "1 EUR = 1,15 USD")
	p.WaitText("main", "656000")
	see("arrival-valued")
	p.Leave(func() { p.Click(".actions form button") })
	p.WaitText("h1", "1 ligne intégrée")
	if s.due(invoice) != 0 || s.arrivalOf(id).Worth != apptest.EUR(56_097) {
		t.Errorf("%d is due, it is worth %v", s.due(invoice), s.arrivalOf(id).Worth)
	}
	rates, err := s.Store.Rates(ctx, s.Company.ID, app.RateQuery{})
	if err != nil || len(rates.Items) != 1 || rates.Items[0].ID != ledger.RateID("USD", s.Today()) || !rates.Items[0].Rate.Equal(decimal.RequireFromString("1.15")) {
		t.Errorf("kept: %v, %v", rates.Items, err)
	}
	p.Open(host + s.base + "/inbox?show=integrated")
	see("inbox-integrated")
}

// Payouts and conversions ask for what arrived, and a balance without an account leads to where it is set.
func TestDecidingOnOtherCurrencies(t *testing.T) {
	s := newScene(t)
	_, _ = s.dollars()
	anne := s.as(access.Accountant)
	out := s.comes(gateway.Payment{ID: "po_usd", Kind: gateway.KindPayout, Gross: money.Of(10_000, "USD")}, 0)
	page := s.base + "/inbox/" + out
	anne.Get(page+"/rate").Want(200, "Ce qui est arrivé sur votre banque")
	anne.Send(page+"/rate", page+"/rate", "worth", "88,20").Want(303)
	anne.Get(page).Want(200, "88,20", "512100")
	if a := s.arrivalOf(out); a.State != inbox.Ready || a.Worth != apptest.EUR(8_820) {
		t.Errorf("%s, worth %v", a.State, a.Worth)
	}
	move := s.comes(gateway.Payment{ID: "fx_usd", Kind: gateway.KindAdjustment, Gross: money.Of(-10_000, "USD")}, 0)
	page = s.base + "/inbox/" + move
	anne.Get(page).Want(200, "est une conversion")
	anne.Send(page+"/conversion", page+"/conversion").Want(303)
	anne.Send(page+"/rate", page+"/rate", "worth", "87").Want(303)
	anne.Get(page).Want(200, "580000")
	pounds := s.comes(gateway.Payment{ID: "fee_gbp", Kind: gateway.KindFee, Gross: money.Of(500, "GBP")}, 0)
	anne.Get(s.base+"/inbox/"+pounds).Want(200, "Aucun compte n", "/settings/gateways/"+s.conn.ID+"#balances")
	own := s.comes(gateway.Payment{ID: "fee_eur", Kind: gateway.KindFee, Gross: apptest.EUR(500)}, 0)
	anne.Get(s.base+"/inbox/"+own+"/rate").Want(422, "aucun taux")
	auditor := s.as(access.Auditor)
	auditor.Get(s.base+"/inbox/"+out+"/rate").Want(403, "")
	if body := auditor.Get(s.base + "/inbox").Body; strings.Contains(body, "Indiquer le taux") {
		t.Error("whoever only reads is asked for a rate")
	}
}

// The questions that another currency raises, in English.
func TestOtherCurrenciesInEnglish(t *testing.T) {
	s := newScene(t)
	_, paid := s.dollars()
	out := s.comes(gateway.Payment{ID: "po_usd", Kind: gateway.KindPayout, Gross: money.Of(10_000, "USD")}, 0)
	move := s.comes(gateway.Payment{ID: "fx_usd", Kind: gateway.KindAdjustment, Gross: money.Of(-10_000, "USD")}, 0)
	host := s.house.Serve(t)
	p := s.logIn(browsertest.New(t), host)
	p.Open(host + "/lang/en?back=/")
	for _, page := range []struct{ name, path, says string }{
		{"inbox-en", "", "Rate"}, {"rate-en", "/" + paid + "/rate", "rate"}, {"payout-rate-en", "/" + out + "/rate", "arrived"}, {"conversion-en", "/" + move, "conversion"},
	} {
		p.Open(host + s.base + "/inbox" + page.path)
		p.WaitText("main", page.says)
		p.Accessible()
		p.Screenshot(page.name, 1280)
		p.Screenshot(page.name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
			t.Errorf("%s is %d too wide", page.name, wide)
		}
	}
}
