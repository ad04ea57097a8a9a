package payments

import (
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// paid is an invoice of some euros excl. VAT, paid online and integrated; it returns the receipt.
func (s *scene) paid(euros int64) (receipt string) {
	s.t.Helper()
	id := s.pay(s.invoice(s.customer("Dupont SA").ID, euros).ID, 100)
	_, err := s.Integrate(ctx, s.Owner, []string{id})
	apptest.OK(s.t, err)
	return s.arrivalOf(id).ReceiptID
}

func (s *scene) refundsOf(receipt string) []inbox.Refund {
	s.t.Helper()
	list, err := s.Store.RefundsOf(ctx, s.Company.ID, receipt)
	apptest.OK(s.t, err)
	return list
}

func TestRefundingAReceipt(t *testing.T) {
	s := newScene(t)
	id := s.paid(1000)
	anne := s.as(access.Accountant)
	page := s.base + "/receipts/" + id
	anne.Get(page).Want(200, `href="`+page+`/refund"`, "Rembourser").Lacks("⟦")
	anne.Get(page+"/refund").Want(200, `value="1 200,00"`, "Un avoir de 1 200,00 €, dont 200,00 € de TVA", "FA2026-00001", "707000", "445711", "517300").Lacks("⟦", "la facture redevient due")
	before := s.entries()

	// Bad amounts, too much, and another choice than those there are.
	for amount, want := range map[string]string{"": "amount", "abc": "abc", "-5": "-5", "0": "0,00", "1200,01": "dépasse ce qui peut encore être rendu (1 200,00"} {
		anne.Post(page+"/refund", typed(anne, page+"/refund", "amount", amount, "cover", "credit_note")...).Want(422, want)
	}
	anne.Post(page+"/refund", typed(anne, page+"/refund", "amount", "5", "cover", "none")...).Want(422, "pas de remboursement sans avoir")
	anne.Post(page+"/refund", typed(anne, page+"/refund", "amount", "5", "cover", "x")...).Want(422, "n'est pas un choix possible")
	if len(s.refundsOf(id)) != 0 {
		t.Fatal("something was asked for")
	}

	// Another amount is computed before it is asked for.
	fields := typed(anne, page+"/refund", "amount", "300", "cover", "gesture", "reason", "<b>rayé</b>")
	anne.Post(page+"/refund", append(fields, "do", "compute")...).Want(200, "Un avoir de 300,00 €, dont 50,00 € de TVA", "709700", "&lt;b&gt;rayé")
	if len(s.refundsOf(id)) != 0 || s.entries() != before {
		t.Fatal("computing asked for it")
	}
	// The same page sent twice is one refund.
	for range 2 {
		anne.Post(page+"/refund", fields...).Goes(page + "#refunds")
	}
	list := s.refundsOf(id)
	if len(list) != 1 || list[0].State != inbox.RefundAccepted || list[0].Cover != inbox.CoverGesture {
		t.Fatalf("%+v", list)
	}
	anne.Get(page).Want(200, "Play a accepté le remboursement de 300,00 €", "Remboursement en cours", "À intégrer", "&lt;b&gt;rayé")
	anne.Get(s.base+"/receipts").Want(200, "Remboursement en cours")
	anne.Get(s.base+"/inbox/"+list[0].ArrivalID).Want(200, "Avoir AV2026-00001", "réponse à votre demande").Lacks("⟦")
	_, err := s.Integrate(ctx, s.Owner, []string{list[0].ArrivalID})
	apptest.OK(t, err)
	anne.Get(page).Want(200, "Remboursé en partie", "Comptabilisé", "/invoices/"+s.refundsOf(id)[0].CreditNoteID, ">AV2026-00001<")
	anne.Get(page+"/refund").Want(200, `value="900,00"`)

	// Who may only read, reads; who may not keep the books, does not refund.
	for _, r := range []access.Role{access.Sales, access.Auditor} {
		c := s.as(r)
		c.Get(page).Want(200, "Remboursé en partie").Lacks(page + "/refund")
		c.Get(page + "/refund").Want(403)
		c.Post(page+"/refund", "amount", "5", "cover", "credit_note").Want(403)
	}
}

func TestRefundThatTheGatewayRefuses(t *testing.T) {
	s := newScene(t)
	known, err := s.Gateways.Known(ctx)
	apptest.OK(t, err)
	g := known[0]
	g.Info.Reasons = []gateway.Reason{{Code: "refund_window_closed", Text: gateway.Text{"fr": "Le délai de remboursement de 180 jours est passé : faites un virement."}}}
	s.Gateways.Know(g)
	id := s.paid(1000)
	page := s.base + "/receipts/" + id
	anne := s.as(access.Accountant)
	for code, want := range map[string]string{"refund_window_closed": "Le délai de remboursement de 180 jours est passé", "odd_code": "odd_code"} {
		s.play.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrPermanent, gateway.NotDone, code, "") })
		anne.Post(page+"/refund", typed(anne, page+"/refund", "amount", "5", "cover", "credit_note")...).Goes(page + "#refunds")
		anne.Get(page).Want(200, "n'a pas été fait", want, "Non abouti", "Rembourser").Lacks("⟦")
	}
}

func TestRefundOfUnknownOutcome(t *testing.T) {
	s := newScene(t)
	id := s.paid(1000)
	page := s.base + "/receipts/" + id
	anne := s.as(access.Accountant)
	s.play.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "") })
	anne.Post(page+"/refund", typed(anne, page+"/refund", "amount", "5", "cover", "credit_note")...).Goes(page + "#refunds")
	rf := s.refundsOf(id)[0]
	button := page + "/refunds/" + rf.ID
	anne.Get(page).Want(200, "Issue inconnue", "Redemander maintenant", button+"/retry").Lacks(page+"/refund\"", button+"/abandon")
	anne.Get(page+"/refund").Want(409, "son issue n'est pas encore connue")
	anne.Send(page, button+"/abandon").Want(409, "son issue n'est pas encore connue")
	anne.Send(page, button+"/retry").Goes(page + "#refunds")
	s.Clock.Advance(25 * time.Hour)
	apptest.OK(t, s.SendRefund(ctx, s.Company.ID, rf.ID))
	anne = s.as(access.Accountant) // a session does not last that long
	anne.Get(page).Want(200, "déclarez qu'il n'a pas eu lieu", button+"/abandon").Lacks(button + "/retry")
	anne.Send(page, button+"/abandon").Goes(page + "#refunds")
	anne.Get(page).Want(200, "Non abouti", "Déclaré non fait")
	s.play.Change(func(p *apptest.Provider) { p.Fail = nil })
	anne.Post(page+"/refund", typed(anne, page+"/refund", "amount", "5", "cover", "credit_note")...).Goes(page + "#refunds")
	anne.Send(page, page+"/refunds/rfd_nothing/retry").Want(404)
}

// TestRefundElsewhere: a gateway that cannot be asked has no button, and the page says how it is done.
func TestRefundElsewhere(t *testing.T) {
	s := newScene(t)
	id := s.paid(1000)
	known, err := s.Gateways.Known(ctx)
	apptest.OK(t, err)
	g := known[0]
	g.Info.Capabilities = []gateway.Capability{gateway.CanExpire}
	s.Gateways.Know(g)
	page := s.base + "/receipts/" + id
	anne := s.as(access.Accountant)
	anne.Get(page).Want(200, "Remboursez sur le site de Play", s.arrivalOf(inbox.ArrivalID(s.conn.ID, gateway.KindPayment, s.receiptReference(id))).ExternalID).Lacks(page + `/refund"`)
	anne.Get(page+"/refund").Want(422, "ne se laisse pas demander de remboursement d'ici")
}

func (s *scene) receiptReference(id string) string {
	s.t.Helper()
	r, err := s.Store.Receipt(ctx, s.Company.ID, id)
	apptest.OK(s.t, err)
	return r.Reference
}

// TestRefundInABrowser fills the form in as a person does: wrong, then right, then twice.
func TestRefundInABrowser(t *testing.T) {
	s := newScene(t)
	id := s.paid(1000)
	host := s.house.Serve(t)
	p := s.logIn(browsertest.New(t), host)
	see := func(name string) {
		t.Helper()
		p.Accessible()
		p.Screenshot(name, 1280)
		p.Screenshot(name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth"); wide > 1280 {
			t.Errorf("%s is %d wide", name, wide)
		}
	}
	p.Open(host + s.base + "/receipts/" + id)
	p.Leave(func() { p.Press("Rembourser") })
	see("refund")
	p.Fill("#f-amount", "1 200,01")
	p.Leave(func() { p.Press("Rembourser", "form#refund") })
	p.WaitText("main", "dépasse ce qui peut encore être rendu")
	see("refund-too-much")
	p.Fill("#f-amount", "douze")
	p.Leave(func() { p.Press("Rembourser", "form#refund") })
	p.WaitText("main", "douze")
	if len(s.refundsOf(id)) != 0 {
		t.Fatal("something was asked for")
	}
	// What it leads to follows the amount, without a click.
	p.Fill("#f-amount", "300,00")
	p.Key("\t")
	p.WaitText("#leads-to", "Un avoir de 300,00 €, dont 50,00 € de TVA")
	p.Fill("#f-reason", "Plateau rayé")
	see("refund-part")
	p.Leave(func() {
		browsertest.Eval[bool](p, `(() => { const f = document.querySelector("form#refund"), b = f.querySelector("button[type=submit]:not([name])"); b.click(); b.click(); return true })()`)
	})
	p.WaitText("main", "Remboursements")
	list := s.refundsOf(id)
	if len(list) != 1 || list[0].Amount != apptest.EUR(30000) || list[0].Reason != "Plateau rayé" {
		t.Fatalf("%+v", list)
	}
	_, err := s.Integrate(ctx, s.Owner, []string{list[0].ArrivalID})
	apptest.OK(t, err)
	p.Open(host + s.base + "/receipts/" + id)
	see("receipt-refunded")
	calls := strings.Count(strings.Join(s.play.Calls(), " "), "refund")
	if calls != 1 {
		t.Errorf("the gateway was asked %d times", calls)
	}
}
