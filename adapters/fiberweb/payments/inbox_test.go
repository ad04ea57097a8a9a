package payments

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

func TestTheInboxExplainsItself(t *testing.T) {
	s := newScene(t)
	v := s.invoice(s.customer("Dupont SA").ID, 480)
	id := s.pay(v.ID, 95)
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	s.comes(gateway.Payment{ID: "pay_x", Kind: gateway.KindPayment, Gross: apptest.EUR(1000), Payer: gateway.Payer{Name: "Jean Valjean"}}, 20)
	before := s.entries()
	got := s.as(access.Accountant).Get(s.base+"/inbox").Want(200,
		"Dupont SA", v.Number, `href="`+s.base+"/invoices/"+v.ID+`"`, "576,00 €", "0,95 €", "575,05 €", "Prêt", // the figures
		"Les 2 écritures que l'OK passera", "Écriture proposée", "Encaissement Play", "411000", "517300", "Commission Play", "627830", // the entries
		"retour du payeur 12:00:00 · actualisation 12:00:00", // the provenance
		"Jean Valjean", "À examiner", "Aucune de vos pièces ne lui correspond", // why a human is needed
		"OK sur le paiement prêt : 576,00 €", `<input type="checkbox" name="ids" value="`+id+`" form="ok" data-row="arrivals" checked`)
	got.Lacks("⟦")
	if s.entries() != before {
		t.Fatal("looking at the inbox posted something")
	}
	if n := strings.Count(got.Body, `name="ids"`); n != 1 {
		t.Errorf("%d rows can be ticked, want the one that OK would post", n)
	}
}

// result follows the answer to an OK to the page that tells what it did.
func result(c *screentest.Client, a screentest.Answer) screentest.Answer {
	return c.Get(a.Want(303).Header.Get("Location"))
}

func TestOKPostsTheTickedRowsOnce(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	first, second := s.invoice(c.ID, 100), s.invoice(c.ID, 200)
	a, b := s.pay(first.ID, 50), s.pay(second.ID, -1)
	anne := s.as(access.Accountant)
	before := s.entries()
	done := anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", a, "ids", b, "ids", a)
	page := result(anne, done).Want(200, "2 lignes intégrées", "360,00 €", "0,50 €", first.Number, second.Number, "Dupont SA", "/journal/")
	page.Lacks("⟦", "n'a pas été intégrée")
	if n := s.entries() - before; n != 3 {
		t.Errorf("%d entries, want two receipts and one commission", n)
	}
	if s.arrivalOf(a).State != inbox.Integrated || s.due(first.ID) != 0 || s.due(second.ID) != 0 {
		t.Error("not integrated")
	}
	// The same form again, as by a double click or the browser's back button: nothing more.
	again := result(anne, anne.Send(s.base+"/receipts/new", s.base+"/inbox/integrate", "ids", a, "ids", b)).Want(200, "2 lignes étaient déjà intégrées", "rien n'a été ajouté")
	again.Lacks("Lignes intégrées")
	// Loading the page again posts nothing either.
	anne.Get(done.Header.Get("Location")).Want(200, "2 lignes intégrées")
	if n := s.entries() - before; n != 3 {
		t.Errorf("%d entries after the repetition", n)
	}
	anne.Get(s.base+"/inbox").Want(200, "Tout est intégré", "Une commission est encore attendue")
	anne.Get(s.base+"/inbox?show=integrated").Want(200, "Dupont SA", "Intégré", "en attente")
}

func TestOKOnEverythingReady(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	for range 3 {
		s.pay(s.invoice(c.ID, 100).ID, 50)
	}
	odd := s.comes(gateway.Payment{ID: "pay_x", Kind: gateway.KindPayment, Gross: apptest.EUR(1000)}, 20)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "OK sur les 3 prêts : 360,00 €")
	anne.Get(s.base+"/inbox").Want(200, "OK sur les 3 prêts")
	anne.Get(s.base + "/inbox?q=rien").Lacks("/inbox/integrate-all") // it would be about more than what is shown
	result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate-all")).Want(200, "3 lignes intégrées", "360,00 €", "1,50 €")
	if s.arrivalOf(odd).State != inbox.Review {
		t.Error("OK on all touched a row that needs a human")
	}
	anne.Send(s.base+"/receipts/new", s.base+"/inbox/integrate-all").Goes(s.base + "/inbox")
	anne.Get(s.base+"/inbox").Want(200, "Rien n'était prêt à intégrer")
}

func TestWhatOKLeavesSaysWhy(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	v := s.invoice(c.ID, 100)
	twice := s.pay(v.ID, 50)
	_, err := s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: c.ID, Amount: apptest.EUR(12_000), MethodID: s.method("VIR"),
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: v.ID, Amount: 12_000}}})
	apptest.OK(t, err)
	fine := s.pay(s.invoice(c.ID, 200).ID, 50)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "La pièce est déjà réglée : gardez-le au crédit du client, puis remboursez-le")
	result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", twice, "ids", fine)).
		Want(200, "1 ligne intégrée", "1 ligne n'a pas été intégrée", "Ce paiement demande votre décision", "/inbox/"+twice)
	if s.arrivalOf(twice).State != inbox.Review || s.arrivalOf(fine).State != inbox.Integrated {
		t.Error("one row kept the other from being posted, or was posted against the rule")
	}
}

func TestBadOKsChangeNothing(t *testing.T) {
	s := newScene(t)
	id := s.pay(s.invoice(s.customer("Dupont SA").ID, 100).ID, 50)
	anne := s.as(access.Accountant)
	before := s.entries()
	anne.Send(s.base+"/inbox", s.base+"/inbox/integrate").Goes(s.base + "/inbox")
	anne.Get(s.base+"/inbox").Want(200, "Aucune ligne n'est cochée")
	anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", "'; DROP TABLE").Want(404)
	anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", s.stranger()).Want(404)
	result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", s.stranger(), "ids", inbox.ArrivalID(s.conn.ID, gateway.KindPayment, "none"))).Want(200, "0 ligne intégrée")
	anne.Post(s.base+"/inbox/integrate", "ids", id).Want(403)
	anne.Post(s.base + "/inbox/integrate-all").Want(403)
	anne.PostRaw(s.base+"/inbox/integrate", "application/json", `{"ids": []}`).Want(403)
	anne.Get(s.base + "/inbox/results/req_unknown").Goes(s.base + "/inbox?show=integrated")
	if s.entries() != before || s.arrivalOf(id).State != inbox.Ready {
		t.Error("something was posted")
	}
}

// posts lists everything of this package that changes something, for a row and a receipt.
func posts(arrival, receipt, customer string) []string {
	return []string{"/inbox/integrate", "/inbox/integrate-all", "/inbox/refresh", "/inbox/dismiss-all", "/inbox/take-up", "/inbox/" + arrival + "/take-up", "/inbox/" + arrival + "/match", "/inbox/" + arrival + "/keep", "/inbox/" + arrival + "/accept",
		"/inbox/" + arrival + "/dismiss", "/inbox/" + arrival + "/restore", "/receipts/new", "/receipts/" + receipt + "/reverse",
		"/receipts/credit/" + customer + "/impute", "/receipts/credit/" + customer + "/refund"}
}

func TestRolesAndCompanies(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	id := s.pay(s.invoice(c.ID, 100).ID, 50)
	r, err := s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: c.ID, Amount: apptest.EUR(1000), MethodID: s.method("VIR")})
	apptest.OK(t, err)
	before := s.entries()
	for _, role := range []access.Role{access.Sales, access.Auditor} {
		p := s.as(role)
		p.Get(s.base+"/inbox").Want(200, "Dupont SA").Lacks("OK : intégrer", "Actualiser", `type="checkbox"`)
		p.Get(s.base+"/inbox/"+id).Want(200).Lacks("OK : intégrer", "Que faire")
		p.Get(s.base + "/receipts").Want(200).Lacks("Saisir un règlement")
		p.Get(s.base + "/receipts/" + r.ID).Want(200).Lacks("Annuler ce règlement")
		p.Get(s.base+"/receipts/credit/"+c.ID).Want(200).Lacks(">Imputer<", "Enregistrer le remboursement")
		for _, path := range posts(id, r.ID, c.ID) {
			p.Send(s.base+"/inbox", s.base+path, "ids", id).Want(403)
		}
		for _, path := range []string{"/inbox/" + id + "/match", "/inbox/" + id + "/keep", "/inbox/" + id + "/accept", "/inbox/" + id + "/dismiss", "/receipts/new", "/receipts/" + r.ID + "/reverse"} {
			p.Get(s.base + path).Want(403)
		}
	}
	anne := s.as(access.Accountant)
	for _, path := range []string{"/inbox", "/inbox/" + id, "/receipts", "/receipts/" + r.ID} {
		anne.Get("/c/co_other" + path).Want(404)
	}
	for _, path := range posts(s.stranger(), "rec_unknown", "cus_unknown") {
		switch path {
		case "/inbox/integrate", "/inbox/integrate-all", "/inbox/refresh", "/inbox/dismiss-all", "/inbox/take-up": // have no id in their address
			continue
		case "/receipts/new":
			anne.Send(s.base+"/receipts/new", s.base+path, "customer_id", "cus_unknown", "amount", "1", "date", "2026-06-16", "method_id", s.method("VIR")).Want(404)
			continue
		}
		anne.Send(s.base+"/receipts/new", s.base+path, "document", "invoice:inv_x", "customer_id", c.ID, "reason", "x", "amount", "1", "date", "2026-06-16", "method_id", s.method("VIR")).Want(404)
	}
	for _, path := range []string{"/inbox/" + s.stranger(), "/inbox/" + s.stranger() + "/match", "/receipts/rec_unknown", "/receipts/credit/cus_unknown", "/receipts/new?customer=cus_unknown"} {
		anne.Get(s.base + path).Want(404)
	}
	if s.entries() != before {
		t.Error("something was posted")
	}
	s.house.Visitor(t).Get(s.base + "/inbox").Want(303)
}

func TestFiltersAndPages(t *testing.T) {
	s := newScene(t)
	for i := range pageSize + 5 {
		s.play.Put(apptest.WithFee(gateway.Payment{ID: fmt.Sprintf("pay_%03d", i), Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(100 + int64(i)), Payer: gateway.Payer{Name: fmt.Sprintf("Payeur %03d", i)}}, 1))
	}
	s.play.Put(apptest.WithFee(gateway.Payment{ID: "po_1", Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: apptest.EUR(5000)}, 0))
	s.play.Put(apptest.WithFee(gateway.Payment{ID: "pay_wait", Kind: gateway.KindPayment, State: gateway.Pending, Gross: apptest.EUR(700), Payer: gateway.Payer{Name: "Patiente"}}, -1))
	s.play.Put(apptest.WithFee(gateway.Payment{ID: "pay_fail", Kind: gateway.KindPayment, State: gateway.Failed, Reason: "card_declined", Gross: apptest.EUR(800), Payer: gateway.Payer{Name: "Refusée"}}, -1))
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	anne := s.as(access.Accountant)
	newest := anne.Get(s.base+"/inbox").Want(200, "Votre banque", "Payeur 044", "Suivants")
	newest.Lacks("Payeur 000", "Patiente", "Refusée")
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(newest.Body)
	if next == nil {
		t.Fatal("no next page")
	}
	second := anne.Get(strings.ReplaceAll(next[1], "&amp;", "&")).Want(200, "Payeur 000", "Précédents")
	second.Lacks("Payeur 044")
	anne.Get(s.base+"/inbox?sort=date").Want(200, "Payeur 000", `aria-sort="ascending"`).Lacks("Votre banque")
	anne.Get(s.base+"/inbox?q=Payeur+017").Want(200, "Payeur 017").Lacks("Payeur 016")
	anne.Get(s.base+"/inbox?q=nobody").Want(200, "Aucun résultat avec ces filtres")
	anne.Get(s.base+"/inbox?kind=payout").Want(200, "Votre banque").Lacks("Payeur 0")
	anne.Get(s.base+"/inbox?kind=payment&gateway="+s.conn.ID).Want(200, "Payeur 044")
	anne.Get(s.base + "/inbox?gateway=gw_other").Want(200).Lacks("Payeur 0")
	anne.Get(s.base+"/inbox?show=waiting").Want(200, "Patiente", "La plateforme ne l'a pas encore confirmé").Lacks("Payeur 0", "Refusée")
	anne.Get(s.base+"/inbox?show=dismissed").Want(200, "Refusée", "Sans suite").Lacks("Payeur 0")
	anne.Get(s.base + "/inbox?show=all&q=e").Want(200)
	anne.Get(s.base+"/inbox?show=nonsense&kind=nonsense&sort=nonsense").Want(200, "Payeur 044")
	anne.Get(s.base+"/inbox?after=nonsense").Want(422, "Cette page de la liste n'existe plus")
}

func TestMatchByHand(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	right, other := s.invoice(c.ID, 480), s.invoice(c.ID, 90)
	_, dep := s.deposit(s.customer("Martin SARL").ID, 576)
	id := s.comes(gateway.Payment{ID: "pay_x", Kind: gateway.KindPayment, Gross: apptest.EUR(57_600), Payer: gateway.Payer{Name: "Jean"}}, 95)
	anne := s.as(access.Accountant)
	page := anne.Get(s.base+"/inbox/"+id+"/match").Want(200, right.Number, "même montant", "Martin SARL", "invoice:"+right.ID, "deposit:"+dep)
	page.Lacks(other.Number)
	anne.Get(s.base+"/inbox/"+id+"/match?q="+other.Number).Want(200, other.Number).Lacks("invoice:" + right.ID)
	anne.Get(s.base+"/inbox/"+id+"/match?q=108").Want(200, other.Number).Lacks("invoice:" + right.ID)
	anne.Get(s.base+"/inbox/"+id+"/match?q=nobody").Want(200, "Aucun résultat")
	for _, bad := range []string{"", "invoice:", "invoice:inv_nope", "quote:" + right.ID, "deposit:" + right.ID, right.ID, "invoice:" + strings.Repeat("x", 200)} {
		anne.Send(s.base+"/inbox/"+id+"/match", s.base+"/inbox/"+id+"/match", "document", bad).Want(404)
	}
	if s.arrivalOf(id).State != inbox.Review {
		t.Fatal("a bad choice changed the row")
	}
	anne.Send(s.base+"/inbox/"+id+"/match", s.base+"/inbox/"+id+"/match", "document", "invoice:"+right.ID).Goes(s.base + "/inbox/" + id)
	anne.Get(s.base+"/inbox/"+id).Want(200, "Rapproché : l'OK l'intégrera à cette pièce", right.Number, "Prêt", "Rapproché à la main", "411000")
	result(anne, anne.Send(s.base+"/inbox/"+id, s.base+"/inbox/integrate", "ids", id)).Want(200, "1 ligne intégrée", right.Number)
	if s.due(right.ID) != 0 {
		t.Error("the invoice is not settled")
	}
	anne.Get(s.base+"/inbox/"+id).Want(200, "Intégré le", "voir le règlement", "/journal/").Lacks("Que faire", "OK : intégrer")
	anne.Get(s.base + "/inbox/" + id + "/match").Want(409)
	anne.Send(s.base+"/receipts/new", s.base+"/inbox/"+id+"/dismiss", "reason", "too late").Want(409)
}

func TestAPaymentThatWaitsIsSaidOnItsDocument(t *testing.T) {
	s := newScene(t)
	v := s.invoice(s.customer("Dupont SA").ID, 480)
	s.pay(v.ID, 95)
	id := s.comes(gateway.Payment{ID: "pay_x", Kind: gateway.KindPayment, Gross: apptest.EUR(57_600)}, 95)
	s.as(access.Accountant).Get(s.base+"/inbox/"+id+"/match").Want(200, v.Number, "576,00 € déjà reçus, à intégrer").Lacks("même montant")
}

func TestKeepAsCredit(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	id := s.comes(gateway.Payment{ID: "pay_x", Kind: gateway.KindPayment, Gross: apptest.EUR(5000), Payer: gateway.Payer{Name: "Dupont"}}, 20)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox/"+id+"/keep").Want(200, "Dupont SA", "Garder pour ce client")
	anne.Get(s.base+"/inbox/"+id+"/keep?q=zzz").Want(200, "Aucun client trouvé")
	anne.Send(s.base+"/inbox/"+id+"/keep", s.base+"/inbox/"+id+"/keep").Goes(s.base + "/inbox/" + id + "/keep")
	anne.Send(s.base+"/inbox/"+id+"/keep", s.base+"/inbox/"+id+"/keep", "customer_id", "cus_nope").Want(404)
	anne.Send(s.base+"/inbox/"+id+"/keep", s.base+"/inbox/"+id+"/keep", "customer_id", c.ID).Goes(s.base + "/inbox/" + id)
	anne.Get(s.base+"/inbox/"+id).Want(200, "Gardé au crédit du client", "419700")
	result(anne, anne.Send(s.base+"/inbox/"+id, s.base+"/inbox/integrate", "ids", id)).Want(200, "1 ligne intégrée")
	got, err := s.Store.Customer(ctx, s.Company.ID, c.ID)
	if err != nil || got.Credit != apptest.EUR(5000) {
		t.Errorf("credit %v, %v", got.Credit, err)
	}
}

func TestDismissAndRestore(t *testing.T) {
	s := newScene(t)
	id := s.pay(s.invoice(s.customer("Dupont SA").ID, 100).ID, 50)
	anne := s.as(access.Accountant)
	page := s.base + "/inbox/" + id + "/dismiss"
	anne.Get(page).Want(200, "Motif", "120,00 €")
	anne.Send(page, page, "reason", "  ").Want(422, "Un motif est nécessaire", `aria-invalid="true"`)
	anne.Send(page, page, "reason", strings.Repeat("x", 301)).Want(422, "300 caractères au plus")
	if s.arrivalOf(id).State != inbox.Ready {
		t.Fatal("dismissed without a reason")
	}
	anne.Send(page, page, "reason", "payé deux fois").Goes(s.base + "/inbox/" + id)
	anne.Get(s.base+"/inbox/"+id).Want(200, "Écarté par Anne Comptable : payé deux fois", "Rétablir").Lacks("OK : intégrer", "Que faire")
	anne.Get(s.base+"/inbox?show=dismissed").Want(200, "payé deux fois")
	anne.Get(page).Want(409)
	anne.Send(s.base+"/inbox/"+id, s.base+"/inbox/"+id+"/restore").Goes(s.base + "/inbox/" + id)
	anne.Get(s.base+"/inbox/"+id).Want(200, "Rétabli : il est prêt à être intégré", "OK : intégrer")
	if s.arrivalOf(id).State != inbox.Ready {
		t.Error("not restored")
	}
}

func TestAcceptToSuspense(t *testing.T) {
	s := newScene(t)
	id := s.comes(gateway.Payment{ID: "x_1", Kind: gateway.KindOther, Gross: apptest.EUR(-250)}, 0)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox/"+id).Want(200, "La plateforme ne dit pas ce que c'est", "Accepter en compte d'attente")
	anne.Get(s.base+"/inbox/"+id+"/accept").Want(200, "471", "−2,50 €")
	anne.Send(s.base+"/inbox/"+id+"/accept", s.base+"/inbox/"+id+"/accept").Goes(s.base + "/inbox/" + id)
	anne.Get(s.base+"/inbox/"+id).Want(200, "Accepté", "471000", "OK : intégrer")
	result(anne, anne.Send(s.base+"/inbox/"+id, s.base+"/inbox/integrate", "ids", id)).Want(200, "1 ligne intégrée")
}

func TestTheCommissionComesLater(t *testing.T) {
	s := newScene(t)
	v := s.invoice(s.customer("Dupont SA").ID, 100)
	id := s.pay(v.ID, -1)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "en attente", "L'écriture que l'OK passera", "La plateforme n'a pas encore donné sa commission")
	result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", id)).Want(200, "1 ligne intégrée")
	s.Clock.Advance(5 * 24 * time.Hour)
	late := s.as(access.Accountant)
	late.Get(s.base+"/inbox").Want(200, "Une commission est attendue depuis plus de trois jours")
	late.Get(s.base+"/inbox?show=integrated").Want(200, "La commission est attendue depuis plus de trois jours")
	a := s.arrivalOf(id)
	s.comes(gateway.Payment{ID: a.ExternalID, Kind: gateway.KindPayment, Gross: a.Gross, Reference: a.Reference, OccurredAt: a.OccurredAt}, 50)
	late.Get(s.base+"/inbox").Want(200, "La commission est maintenant connue (0,50 €)", "L'écriture que l'OK passera", "Commission Play")
	result(late, late.Send(s.base+"/inbox", s.base+"/inbox/integrate-all")).Want(200, "1 ligne intégrée", "0,50 €")
	if a := s.arrivalOf(id); a.FeeDue() != 0 || a.FeeEntrySeq == 0 {
		t.Errorf("the commission is not in the books: %+v", a)
	}
}

func TestClosedPeriodIsSaid(t *testing.T) {
	s := newScene(t)
	id := s.pay(s.invoice(s.customer("Dupont SA").ID, 100).ID, 50)
	s.Clock.Advance(24 * time.Hour)
	apptest.OK(t, s.ClosePeriod(ctx, s.Owner, civil.MustParse("2026-06-16")))
	s.comes(gateway.Payment{ID: "pay_x", Kind: gateway.KindPayment, Gross: apptest.EUR(100), OccurredAt: apptest.Epoch}, 1)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "Sa date est dans une période clôturée", "17/06/2026")
	result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", id)).Want(200, "1 ligne intégrée")
}

func TestRefresh(t *testing.T) {
	s := newScene(t)
	second := s.NewConnection(t)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "Play", "pas encore d'échange", `name="gateway" value="`+second.ID+`"`)
	s.play.Put(apptest.WithFee(gateway.Payment{ID: "a", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(100)}, 1))
	anne.Send(s.base+"/inbox", s.base+"/inbox/refresh", "gateway", s.conn.ID).Goes(s.base + "/inbox")
	// While it is read the page says so and looks again by itself; without JavaScript it is loaded again.
	anne.Get(s.base+"/inbox").Want(200, "lecture en cours (0 mouvement)", `hx-get="`+s.base+`/inbox/feeds"`, `http-equiv="refresh"`)
	anne.Get(s.base+"/inbox/feeds").Want(200, "lecture en cours").Lacks("<html")
	s.WorkOnce(ctx)
	done := anne.Get(s.base+"/inbox/feeds").Want(200, "Play", "à jour à 12:00:00")
	done.Lacks("lecture en cours", "hx-get")
	if done.Header.Get("HX-Refresh") != "true" {
		t.Error("what was found does not come onto the page")
	}
	anne.Get(s.base+"/inbox").Want(200, "à jour à 12:00:00").Lacks(`http-equiv="refresh"`)
	s.Provider(second).Change(func(p *apptest.Provider) {
		p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "503", "down")
	})
	for range 2 {
		anne.Send(s.base+"/inbox", s.base+"/inbox/refresh").Goes(s.base + "/inbox")
	}
	s.WorkOnce(ctx)
	anne.Get(s.base+"/inbox").Want(200, second.Label+" ne répond pas : réessayez dans quelques minutes")
	anne.Send(s.base+"/inbox", s.base+"/inbox/refresh", "gateway", "gw_nope").Want(404)
	s.Provider(second).Change(func(p *apptest.Provider) {
		p.Fail = gateway.Fail(gateway.ErrConfig, gateway.NotDone, "401", "key revoked")
	})
	anne.Send(s.base+"/inbox", s.base+"/inbox/refresh", "gateway", second.ID).Goes(s.base + "/inbox")
	s.WorkOnce(ctx)
	anne.Get(s.base+"/inbox").Want(200, "à reconnecter", "n'accepte pas ces clés (401 key revoked)").Lacks("⟦")
}

// TestHistoryIsSortedOutTogether: what is older than the connection stands apart, and is dismissed or taken up by filter.
func TestHistoryIsSortedOutTogether(t *testing.T) {
	s := newScene(t)
	for i, k := range []gateway.Kind{gateway.KindPayment, gateway.KindPayment, gateway.KindPayout} {
		m := apptest.WithFee(gateway.Payment{ID: fmt.Sprint("old_", i), Kind: k, State: gateway.Succeeded, Gross: apptest.EUR(1000), Payer: gateway.Payer{Name: fmt.Sprint("Ancien ", i)}}, 1)
		m.OccurredAt = apptest.Epoch.Add(-2 * time.Hour)
		s.play.Put(m)
	}
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "Tout est intégré").Lacks("Ancien")
	anne.Get(s.base+"/inbox?show=past").Want(200, "Ancien 0", "avant la connexion", `href="`+s.base+`/inbox/dismiss-all?show=past"`, `href="`+s.base+`/inbox/take-up?show=past"`)
	anne.Get(s.base+"/inbox/dismiss-all?show=past&kind=payment").Want(200, "2 mouvements", "Rien ne sera comptabilisé")
	to := s.base + "/inbox/dismiss-all?show=past&kind=payment"
	anne.Send(to, to, "reason", " ").Want(422, "2 mouvements")
	anne.Send(to, to, "reason", "saisis en janvier").Goes(s.base + "/inbox")
	anne.Get(s.base+"/inbox?show=dismissed").Want(200, "Mouvements écartés : 2.", "saisis en janvier", "Ancien 0", "Ancien 1")
	to = s.base + "/inbox/take-up?show=past"
	anne.Get(to).Want(200, "1 mouvement", "Vérifiez d'abord")
	anne.Send(to, to).Goes(s.base + "/inbox")
	anne.Get(s.base+"/inbox").Want(200, "Mouvements pris en compte : 1.", "Ancien 2", "OK sur")
	for _, role := range []access.Role{access.Sales, access.Auditor} {
		s.as(role).Get(to).Want(403)
		s.as(role).Get(s.base + "/inbox?show=past").Want(200).Lacks("Tout écarter")
	}
}

func TestAnEmptyInboxSaysWhatToDo(t *testing.T) {
	s := newScene(t)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "Tout est intégré", "Voir les factures")
	anne.Get(s.base+"/inbox?show=waiting").Want(200, "Aucun paiement n'est dans cet état")
	apptest.OK(t, s.Disconnect(ctx, s.Owner, s.conn.ID))
	anne.Get(s.base+"/inbox").Want(200, "Aucune plateforme n'est connectée", `href="`+s.base+`/settings/gateways"`)
}

func TestDepositsAreSeenOnTheirQuote(t *testing.T) {
	s := newScene(t)
	q, dep := s.deposit(s.customer("Dupont SA").ID, 360)
	id := s.pay(dep, 76)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, q.Number, "acompte", `href="`+s.base+"/quotes/"+q.ID+`"`, "419100")
	result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", id)).Want(200, "1 ligne intégrée", q.Number)
	r := s.arrivalOf(id).ReceiptID
	anne.Get(s.base+"/receipts/"+r).Want(200, "360,00 €", `href="`+s.base+"/quotes/"+q.ID+`"`, "419100", "voir le paiement").Lacks("Annuler ce règlement")
}

func TestRefundsPointAtTheirPayment(t *testing.T) {
	s := newScene(t)
	v := s.invoice(s.customer("Dupont SA").ID, 100)
	paid := s.pay(v.ID, 50)
	_, err := s.Integrate(ctx, s.Owner, []string{paid})
	apptest.OK(t, err)
	id := s.comes(gateway.Payment{ID: "re_1", Kind: gateway.KindRefund, RelatedID: s.arrivalOf(paid).ExternalID, Gross: apptest.EUR(12_000)}, 0)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/inbox").Want(200, "Remboursement", "−120,00 €", v.Number)
	anne.Get(s.base+"/inbox/"+id).Want(200, "Se rapporte à", `href="`+s.base+"/inbox/"+paid+`"`)
	result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate", "ids", id)).Want(200, "Sorti", "120,00 €")
	anne.Get(s.base+"/receipts").Want(200, "Remboursé")
}

func summed(posted int) okResult { return okResult{posted: posted} }

func TestResultsAreBounded(t *testing.T) {
	r := newResults(time.Now)
	first := r.put("co_one", summed(1))
	for range keptResults {
		r.put("co_one", summed(2))
	}
	if _, ok := r.get("co_one", first); ok || len(r.byID) != keptResults {
		t.Errorf("%d results kept", len(r.byID))
	}
	last := r.put("co_one", summed(3))
	if _, ok := r.get("co_two", last); ok {
		t.Error("another company reads it")
	}
}

func TestTheResultOfALargeOKIsCut(t *testing.T) {
	s := newScene(t)
	for i := range shownResults + 20 {
		s.play.Put(apptest.WithFee(gateway.Payment{ID: fmt.Sprintf("fee_%03d", i), Kind: gateway.KindFee, State: gateway.Succeeded, Gross: apptest.EUR(100)}, 0))
	}
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	anne := s.as(access.Accountant)
	page := result(anne, anne.Send(s.base+"/inbox", s.base+"/inbox/integrate-all")).Want(200, fmt.Sprintf("%d lignes intégrées", shownResults+20), "et 20 autres", s.base+"/inbox?show=integrated")
	if n := strings.Count(page.Body, "/journal/"); n != shownResults {
		t.Errorf("%d entries are linked, want %d", n, shownResults)
	}
}
