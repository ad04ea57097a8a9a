package paying

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// TestPagesInABrowser looks at the page in each state: accessible, and fit to be seen on a desk and on a telephone.
func TestPagesInABrowser(t *testing.T) {
	s := newTill()
	base := house(t, s).Serve(t)
	p := browsertest.New(t)
	for _, c := range []struct {
		name   string
		change func(*app.PayPage)
	}{
		{"open", func(p *app.PayPage) { p.Mode = gateway.Test }},
		{"choice", func(p *app.PayPage) {
			p.Offers = append(p.Offers, app.Offer{ConnectionID: "gw_wallet", Label: "PayPal"})
			p.Tried, p.Failed = true, "card_declined"
			p.Document, p.Number, p.Label = inbox.DepositDocument, "DE2026-0007", "À la commande"
		}},
		{"unavailable", func(p *app.PayPage) {
			p.Offers = append(p.Offers, app.Offer{ConnectionID: "gw_wallet", Label: "PayPal", Down: true})
		}},
		{"all-unavailable", func(p *app.PayPage) {
			for i := range p.Offers {
				p.Offers[i].Down = true
			}
			p.Company.IBAN, p.Company.BIC = "FR7630006000011234567890189", "AGRIFRPP"
		}},
		{"declined", func(p *app.PayPage) { p.Retry, p.Failed = p.Offers[0].Label, "INSTRUMENT_DECLINED" }},
		{"in-progress", func(p *app.PayPage) { p.State = app.PayInProgress }},
		{"settled", func(p *app.PayPage) {
			p.State, p.Due, p.PaidAt, p.Receipt = app.PaySettled, eur(0), civil.Of(2026, 11, 20), "att_01kazm6r0h9p4f8c3d5v7x2y1z"
		}},
		{"offline", func(p *app.PayPage) { p.State, p.Offers = app.PayOffline, nil }},
		{"disputed", func(p *app.PayPage) { p.State = app.PayDisputed }},
		{"closed", func(p *app.PayPage) { p.State = app.PayClosed }},
		{"revoked", func(p *app.PayPage) {
			*p = app.PayPage{State: app.PayRevoked, Lang: "fr", Token: token, Company: p.Company}
		}},
	} {
		page := openPage()
		c.change(&page)
		s.set(func(s *till) { s.page = page })
		p.Open(base + "/p/" + token)
		p.Accessible()
		p.Screenshot(c.name, 1280)
		p.Screenshot(c.name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); wide > 1280 {
			t.Errorf("%s is %d wide", c.name, wide)
		}
	}
	if status := p.Open(base + "/p/nope"); status != 404 {
		t.Errorf("an unknown link: %d", status)
	}
	p.Accessible()
	p.Screenshot("unknown", 390)
}

// TestTheButtonMayLeaveThePage presses the button in a browser that keeps to the content security policy: the redirect to
// another origin must not be stopped by it.
func TestTheButtonMayLeaveThePage(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!DOCTYPE html><html lang="fr"><title>x</title><link rel="icon" href="data:,"><main>Page de la passerelle, referrer «` + r.Referer() + `»</main></html>`))
	}))
	defer elsewhere.Close()
	s := newTill()
	s.address = elsewhere.URL
	base := house(t, s).Serve(t)
	p := browsertest.New(t)
	p.Open(base + "/p/" + token)
	p.Leave(func() { p.Click(".pay-button") })
	p.WaitText("main", "Page de la passerelle, referrer «»")
}

// TestThePageFollowsThePayment sees a payment in progress become paid without anybody doing anything.
func TestThePageFollowsThePayment(t *testing.T) {
	s := newTill()
	s.page.State = app.PayInProgress
	base := house(t, s).Serve(t)
	p := browsertest.New(t)
	p.Open(base + "/p/" + token)
	p.WaitText("h1", "Votre paiement est en cours")
	s.set(func(s *till) {
		s.page.State, s.page.Due, s.page.PaidAt = app.PaySettled, eur(0), civil.Of(2026, 11, 20)
	})
	p.WaitText("h1", "C'est réglé, merci")
	if p.Count("[hx-get]") != 0 {
		t.Error("the page still asks")
	}
}
