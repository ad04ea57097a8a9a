package payments

import (
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
)

// busy fills the inbox with one row of each sort that people meet.
func (s *scene) busy() (ready, review string) {
	s.t.Helper()
	a, b := s.customer("Boulangerie Aux Trois Épis"), s.customer("SARL Garage du Pont-Neuf")
	ready = s.pay(s.invoice(a.ID, 480).ID, 95)
	s.pay(s.invoice(b.ID, 1250).ID, -1)
	_, dep := s.deposit(b.ID, 360)
	s.pay(dep, 76)
	twice := s.invoice(a.ID, 90)
	s.pay(twice.ID, 30)
	_, err := s.Integrate(ctx, s.Owner, []string{s.pay(s.invoice(b.ID, 700).ID, 130)})
	apptest.OK(s.t, err)
	_, err = s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: a.ID, Date: s.Today(), Amount: apptest.EUR(10_800), MethodID: s.method("VIR"), Reference: "VIR 4711",
		Allocations: []app.AllocationInput{{Document: "invoice", DocumentID: twice.ID, Amount: 10_800}}})
	apptest.OK(s.t, err)
	review = s.comes(gateway.Payment{ID: "pay_unknown", Kind: gateway.KindPayment, Gross: apptest.EUR(57_600), Method: "card", Payer: gateway.Payer{Name: "Jean Valjean", Email: "jean@exemple.fr"}}, 105)
	s.comes(gateway.Payment{ID: "pay_debit", Kind: gateway.KindPayment, State: gateway.Pending, Gross: apptest.EUR(12_000), Method: "sepa_debit", Payer: gateway.Payer{Name: "Mairie de Saint-Étienne-de-Montluc"}}, -1)
	s.comes(gateway.Payment{ID: "po_1", Kind: gateway.KindPayout, Gross: apptest.EUR(150_000)}, 0)
	s.comes(gateway.Payment{ID: "x_1", Kind: gateway.KindOther, Gross: apptest.EUR(-250), Description: "reserve"}, 0)
	return ready, review
}

// logIn logs the accountant in.
func (s *scene) logIn(p *browsertest.Page, host string) *browsertest.Page {
	s.t.Helper()
	p.Open(host + "/login")
	p.Fill("#f-email", screentest.Address(access.Accountant))
	p.Fill("#f-password", screentest.Password)
	p.Leave(func() { p.Click("main button[type=submit]") })
	return p
}

// TestTheScreensInABrowser looks at each page with something on it: accessible, and fit to be seen on a desk and on a
// telephone.
func TestTheScreensInABrowser(t *testing.T) {
	s := newScene(t)
	ready, review := s.busy()
	host := s.house.Serve(t)
	p := s.logIn(browsertest.New(t), host)
	see := func(name, path string, do ...func()) {
		t.Helper()
		p.Open(host + s.base + path)
		for _, f := range do {
			f()
		}
		p.Accessible()
		p.Screenshot(name, 1280)
		p.Screenshot(name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); wide > 1280 {
			t.Errorf("%s is %d wide", name, wide)
		}
	}
	see("inbox", "/inbox")
	see("inbox-open", "/inbox", func() { p.Click(".proposal > summary") })
	see("inbox-all", "/inbox?show=all")
	old := apptest.WithFee(gateway.Payment{ID: "pay_old", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(9_900), Payer: gateway.Payer{Name: "Claude Ancien"}}, 20)
	old.OccurredAt = apptest.Epoch.Add(-2 * time.Hour)
	s.comes(old, 20)
	see("inbox-past", "/inbox?show=past")
	see("inbox-dismiss-all", "/inbox/dismiss-all?show=past")
	see("inbox-take-up", "/inbox/take-up?show=past")
	see("arrival-ready", "/inbox/"+ready)
	see("arrival-review", "/inbox/"+review)
	see("match", "/inbox/"+review+"/match")
	see("keep", "/inbox/"+review+"/keep")
	see("dismiss", "/inbox/"+review+"/dismiss")
	see("receipts", "/receipts")
	see("receipts-new", "/receipts/new")
}

// TestTickingRows plays OK in a browser: what is ticked is posted, and nothing else.
func TestTickingRows(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	one, other := s.pay(s.invoice(c.ID, 100).ID, 10), s.pay(s.invoice(c.ID, 200).ID, 20)
	host := s.house.Serve(t)
	p := s.logIn(browsertest.New(t), host)
	p.Open(host + s.base + "/inbox")
	p.WaitText("[data-count=arrivals]", "2")
	p.Check("[data-all=arrivals]", false)
	p.Leave(func() { p.Click("#ok button") })
	p.WaitText("main", "Aucune ligne n'est cochée")
	p.Check("[data-all=arrivals]", false)
	p.Check("input[value="+one+"]", true)
	p.WaitText("[data-count=arrivals]", "1")
	p.Leave(func() { p.Click("#ok button") })
	p.WaitText("h1", "1 ligne intégrée")
	p.Accessible()
	p.Screenshot("result", 1280)
	p.Screenshot("result", 390)
	if s.arrivalOf(one).EntrySeq == 0 || s.arrivalOf(other).EntrySeq != 0 {
		t.Error("another row was posted than the one that was ticked")
	}
	// The keyboard alone: the search by its shortcut, then its results without leaving the page.
	p.Open(host + s.base + "/inbox")
	p.WaitGone(".filters:not([data-htmx-powered])")
	p.Key("/")
	if at := browsertest.Eval[string](p, "document.activeElement.name"); at != "q" {
		t.Errorf("the shortcut leads to %q", at)
	}
	p.Fill("#q-q", "zz")
	p.WaitText("#inbox-results", "Aucun résultat avec ces filtres")
}
