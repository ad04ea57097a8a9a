package sales_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

func TestInvoicesAreListedWithTheirBalance(t *testing.T) {
	h := newHouse(t)
	me := h.as(t, access.Auditor)
	me.get("/invoices").want(t, 200, "Aucune facture pour l'instant")
	conn := h.NewConnection(t)
	a, b := h.newCustomer(t, "Dupont SA", "a@exemple.fr"), h.newCustomer(t, "Martin SARL", "b@exemple.fr")
	paid, late, partial, tried := h.issued(t, a, "100"), h.issued(t, b, "200"), h.issued(t, a, "300"), h.issued(t, b, "400")
	h.paidOnline(t, conn, paid.ID, 100)
	if _, err := h.RecordReceipt(ctx, h.Owner, app.ReceiptInput{CustomerID: a.ID, Amount: apptest.EUR(10000), MethodID: h.method(t, "VIR").ID,
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: partial.ID, Amount: 10000}}}); err != nil {
		t.Fatal(err)
	}
	transfer := h.issued(t, b, "50")
	if _, err := h.RecordReceipt(ctx, h.Owner, app.ReceiptInput{CustomerID: b.ID, Amount: apptest.EUR(6000), MethodID: h.method(t, "VIR").ID,
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: transfer.ID, Amount: 6000}}}); err != nil {
		t.Fatal(err)
	}
	address, err := h.PayURL(ctx, h.Owner, tried.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.StartPayment(ctx, address[strings.LastIndex(address, "/")+1:], conn.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateCreditNote(ctx, h.Owner, partial.ID); err != nil {
		t.Fatal(err)
	}
	// Green is for those who have paid, with an icon of its own and in words.
	page := me.get("/invoices").want(t, 200, "Payée en ligne 0,00 €", "Soldée 0,00 €", "À régler 240,00 €", "Partielle 260,00 €", "Paiement en cours 480,00 €", "Avoir brouillon", "−360,00 €")
	if n := strings.Count(page.Body, `class="badge good"`); n != 2 {
		t.Errorf("%d green badges, want those of the two paid invoices", n)
	}
	if strings.Count(page.Body, "#circle-check") < 2 {
		t.Error("the green badges have no icon")
	}
	h.Clock.Set(late.DueDate.AddDays(1).Time())
	me = h.as(t, access.Auditor)
	me.get("/invoices").want(t, 200, "En retard 240,00 €", "En retard 260,00 €", "Payée en ligne 0,00 €")

	holds := func(view string, numbers ...string) {
		t.Helper()
		got := me.get("/invoices?view="+view).want(t, 200)
		for _, v := range []billing.Invoice{paid, late, partial, tried, transfer} {
			has, want := strings.Contains(got.text(), v.Number), false
			for _, n := range numbers {
				want = want || n == v.Number
			}
			if has != want {
				t.Errorf("view %s: %s is there: %t", view, v.Number, has)
			}
		}
	}
	holds("all", paid.Number, late.Number, partial.Number, tried.Number, transfer.Number)
	holds("draft")
	holds("due", late.Number, partial.Number, tried.Number)
	holds("overdue", late.Number, partial.Number, tried.Number)
	holds("paid", paid.Number, transfer.Number)
	holds("disputed")
	holds("credits")
	holds("deposits")
	me.get("/invoices?view=draft").want(t, 200, "Avoir brouillon")
	me.get("/invoices?view=credits").want(t, 200, "Avoir brouillon")

	me.get("/invoices?q=martin").want(t, 200, late.Number).without(t, paid.Number)
	me.get("/invoices?q="+paid.Number).want(t, 200, "Dupont SA").without(t, late.Number)
	me.get("/invoices?customer="+a.ID+"&view=due").want(t, 200, partial.Number, "Client : Dupont SA").without(t, late.Number)
	me.get("/invoices?from=2026-06-17").want(t, 200, "Aucun résultat avec ces filtres")
	me.get("/invoices?from=2026-06-16&to=2026-06-16").want(t, 200, paid.Number)
	me.get("/invoices?from=bientot").want(t, http.StatusUnprocessableEntity, "« bientot » n'est pas une date valable")

	order := func(sort string, first, last billing.Invoice) {
		t.Helper()
		text := me.get("/invoices?view=due&sort="+sort).want(t, 200).text()
		if strings.Index(text, first.Number) > strings.Index(text, last.Number) {
			t.Errorf("sort=%s: %s is not before %s", sort, first.Number, last.Number)
		}
	}
	order("number", late, tried)
	order("-number", tried, late)
	order("amount", late, tried)
	order("-amount", tried, late)
	order("balance", late, tried)
	order("-balance", tried, late)
	order("customer", partial, late)
	order("-customer", late, partial)
	order("due_date", late, tried)
	me.get("/invoices?sort=password").want(t, 200, paid.Number)
}

func TestInvoicesArePaged(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Dupont SA", "a@exemple.fr")
	for i := range 45 {
		h.issued(t, c, fmt.Sprint(100+i))
	}
	me := h.as(t, access.Sales)
	page := me.get("/invoices?view=due&sort=number&q=dupont").want(t, 200, "FA2026-00001", "FA2026-00040").without(t, "FA2026-00041")
	next := link(t, page, "next")
	for _, kept := range []string{"view=due", "sort=number", "q=dupont"} {
		if !strings.Contains(next, kept) {
			t.Errorf("the next page %s forgets %s", next, kept)
		}
	}
	second := me.follow(next).want(t, 200, "FA2026-00041", "FA2026-00045").without(t, "FA2026-00040")
	me.follow(link(t, second, "prev")).want(t, 200, "FA2026-00001", "FA2026-00040")
}

func TestAnInvoiceFromDraftToPaid(t *testing.T) {
	h := newHouse(t)
	conn := h.NewConnection(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	me := h.as(t, access.Sales)
	me.get("/invoices/new?customer="+c.ID).want(t, 200, "Nouvelle facture", "Date de livraison", "Un mode « paiement en ligne » ajoute le bouton Payer")
	path := me.post("/invoices/new", docForm("C0001 · Dupont SA", "Conseil", "3", "100", "S20S", "due_date", "2026-07-15", "supply_date", "2026-06-10",
		"method_id", h.method(t, "CB").ID, "lines.1.description", "Livre", "lines.1.quantity", "2", "lines.1.unit_price", "50", "lines.1.discount", "5", "lines.1.vat_code", "S055B")...).to(t, h, "/invoices/inv_")
	me.get(path).want(t, 200, "Facture brouillon", "Brouillon enregistré.", "395,00 €", "460,23 €", "Émettre", "Envoyer", "Supprimer le brouillon", "10/06/2026", "15/07/2026").
		without(t, "Lien de paiement", "Écritures")
	me.get(path+"/issue").want(t, 200, "ne changera plus et sera comptabilisée", "Cette action est définitive", "460,23 €")
	me.get(path+"/send").want(t, 200, "Émettre et envoyer cette pièce ?", "compta@dupont.example", "Oui, 460,23 €", "par Play")
	me.post(path+"/send").to(t, h, path)
	issued := me.get(path).want(t, 200, "Pièce FA2026-00001 envoyée à compta@dupont.example.", "Facture FA2026-00001", "À régler", "Solde dû 460,23 €", "https://acquit.test/p/",
		"VE 1", "411000 Clients C0001", "445880", "Facture émise", "Envoi demandé", "Renvoyer", "Relancer", "Avoir").without(t, "Émettre", "Supprimer le brouillon")
	if strings.Contains(issued.Body, path+"/edit") {
		t.Error("an issued invoice offers to be changed")
	}
	id := strings.TrimPrefix(path, "/invoices/")
	h.paidOnline(t, conn, id, 725)
	me.get(path).want(t, 200, "Payée en ligne", "Solde dû 0,00 €", "soldée le", "Règlements reçus", "Rapporté par la plateforme", "Tentatives de paiement", "Réussie", "Intégré",
		"retour du client", "7,25 €", "Commission", "AAA", "Intégré dans les comptes", "Payé en ligne : 460,23 €").without(t, "Relancer")
	me.post(path+"/remind").want(t, http.StatusUnprocessableEntity, "Il n'y a plus rien à payer")
}

func TestABadInvoiceIsRefusedAtItsFields(t *testing.T) {
	h := newHouse(t)
	h.newCustomer(t, "Dupont SA", "x@exemple.fr")
	me := h.as(t, access.Sales)
	before := h.snapshot(t)
	for _, bad := range []struct{ field, value, says string }{
		{"due_date", "2026-06-01", "L'échéance précède la date d'émission"},
		{"due_date", "jamais", "n'est pas une date valable"},
		{"supply_date", "x", "n'est pas une date valable"},
		{"method_id", "pm_x", "Introuvable dans cette société : mode de règlement"},
	} {
		got := me.post("/invoices/new", docForm("C0001", "Conseil", "1", "10", "S20S", bad.field, bad.value)...).want(t, http.StatusUnprocessableEntity, bad.says)
		if !strings.Contains(got.Body, `id="f-`+bad.field+`-error"`) {
			t.Errorf("%s=%q is not refused at its field", bad.field, bad.value)
		}
	}
	// Everything wrong is said at once.
	me.post("/invoices/new", docForm("", "", "x", "y", "S99", "due_date", "z")...).want(t, http.StatusUnprocessableEntity, "5 points sont à corriger")
	if after := h.snapshot(t); after != before {
		t.Error("bad input changed something")
	}
}

// What keeps an invoice from being issued is said on the page that asks, and nothing is done.
func TestIssuingIsRefusedInWords(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	me := h.as(t, access.Owner)
	draft := func(date civil.Date, price, code string) string {
		t.Helper()
		v, err := h.CreateInvoice(ctx, h.Owner, app.InvoiceInput{CustomerID: c.ID, Date: date, Lines: []billing.DocLine{line("Conseil", "1", price, code)}})
		if err != nil {
			t.Fatal(err)
		}
		return "/invoices/" + v.ID
	}
	today := civil.Of(2026, 6, 16)
	h.issued(t, c, "100")
	backwards := draft(today.AddDays(-1), "10", "S20S")
	abroad := draft(today, "10", "SERVUE")
	nothing := draft(today, "0", "S20S")
	future := draft(civil.Of(2031, 1, 1), "10", "S20S")
	before := h.snapshot(t)
	me.post(backwards+"/issue").want(t, http.StatusUnprocessableEntity, "La dernière pièce de cette série est datée du 16/06/2026", "Modifier le brouillon")
	me.get(abroad+"/send").want(t, 200, "Le numéro de TVA de Dupont SA est nécessaire", "Ouvrir la fiche client")
	me.post(abroad+"/issue").want(t, http.StatusUnprocessableEntity, "Le numéro de TVA de Dupont SA est nécessaire")
	me.post(nothing+"/issue").want(t, http.StatusUnprocessableEntity, "Le total de la pièce")
	me.get(future+"/send").want(t, 200, "Aucun exercice ne contient le 01/01/2031")
	me.post(future+"/issue").want(t, http.StatusUnprocessableEntity, "Aucun exercice ne contient le 01/01/2031")
	h.company(t, func(c *party.Company) { c.ClosedUntil = today })
	me.get(abroad+"/send").want(t, 200, "La période du 16/06/2026 est clôturée : utilisez une date à partir du 17/06/2026.")
	me.post(nothing+"/send").want(t, http.StatusUnprocessableEntity)
	if after := h.snapshot(t); after != before {
		t.Errorf("a refused act changed something:\n%s\n%s", before, after)
	}
}

func TestDraftsAreThrownAway(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	q := h.quoted(t, c)
	v, err := h.InvoiceQuote(ctx, h.Owner, q.ID)
	if err != nil {
		t.Fatal(err)
	}
	me := h.as(t, access.Sales)
	path := "/invoices/" + v.ID
	me.get(path+"/discard").want(t, 200, "Supprimer ce brouillon ?", "redevient accepté")
	// The customer of an invoice made from a quote is the quote's.
	other := h.newCustomer(t, "Un autre", "autre@exemple.fr")
	edit := me.get(path+"/edit").want(t, 200, "C0001 · Dupont SA")
	if strings.Contains(edit.Body, `name="customer_id"`) {
		t.Error("the customer can be changed")
	}
	me.post(path+"/edit", docForm(other.Code, "Cuisine", "1", "900", "S20B")...).to(t, h, path)
	if now, err := h.Views.Invoice(ctx, h.Company.ID, v.ID); err != nil || now.CustomerID != c.ID || now.Totals.Gross != 108000 {
		t.Errorf("%+v, %v", now, err)
	}
	me.post(path+"/discard").to(t, h, "/invoices")
	me.get("/invoices").want(t, 200, "Brouillon supprimé.")
	me.get(path).want(t, 200, "Supprimée").without(t, "Émettre", "Modifier")
	if now, err := h.Views.Quote(ctx, h.Company.ID, q.ID); err != nil || now.State != billing.QuoteAccepted {
		t.Errorf("%+v, %v", now, err)
	}
	me.post(path+"/discard").want(t, http.StatusUnprocessableEntity, "est déjà émise et ne peut plus changer")
	issued := h.issued(t, c, "10")
	me.get("/invoices/"+issued.ID+"/discard").want(t, http.StatusUnprocessableEntity, "La pièce "+issued.Number+" est déjà émise")
	me.post("/invoices/"+issued.ID+"/discard").want(t, http.StatusUnprocessableEntity, "La pièce "+issued.Number+" est déjà émise")
	me.post("/invoices/"+issued.ID+"/edit", docForm("C0001", "X", "1", "1", "S20S")...).want(t, http.StatusUnprocessableEntity, "est déjà émise")
}

func TestACreditNote(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	v := h.issued(t, c, "100")
	me := h.as(t, access.Sales)
	path := "/invoices/" + v.ID
	edit := me.post(path+"/credit").to(t, h, "/invoices/inv_")
	note := strings.TrimSuffix(edit, "/edit")
	me.get(edit).want(t, 200, "Brouillon d'avoir préparé", "Modifier l'avoir", "Sur la facture "+v.Number, "C0001 · Dupont SA", "Total TTC 120,00 €").without(t, "Date de livraison", "Mode de règlement Un mode")
	me.post(edit, docForm("", "Conseil, en partie", "1", "25", "S20S", "version", "1")...).to(t, h, note)
	me.get(note).want(t, 200, "Avoir brouillon", "Avoir sur", v.Number, "30,00 €")
	me.post(note+"/issue").to(t, h, note)
	me.get(note).want(t, 200, "Avoir AV2026-00001", "Avoir émis").without(t, "Relancer", "Lien de paiement")
	me.get(path).want(t, 200, "Avoirs sur cette facture", "AV2026-00001", "−30,00 €", "Solde dû 90,00 €", "Partielle")
	me.get("/invoices?view=credits").want(t, 200, "AV2026-00001", "−30,00 €")
	// No more than what is still charged.
	edit = me.post(path+"/credit").to(t, h, "/invoices/inv_")
	note = strings.TrimSuffix(edit, "/edit")
	me.post(note+"/issue").want(t, http.StatusUnprocessableEntity, "L'avoir dépasse ce qui reste à créditer (90,00)", "Modifier le brouillon")
	me.post(edit, docForm("", "Le reste", "1", "75", "S20S")...).to(t, h, note)
	me.post(note+"/send").to(t, h, note)
	me.get(path).want(t, 200, "Soldée", "Solde dû 0,00 €")
	me.post(path+"/credit").want(t, http.StatusUnprocessableEntity, "L'avoir dépasse ce qui reste à créditer")
	me.post(note+"/credit").want(t, http.StatusUnprocessableEntity, "n'est pas encore émise")
}

func TestAReminder(t *testing.T) {
	h := newHouse(t)
	h.NewConnection(t)
	v := h.issued(t, h.newCustomer(t, "Dupont SA", "compta@dupont.example"), "100")
	h.Clock.Set(v.DueDate.AddDays(3).Time())
	me := h.as(t, access.Sales)
	path := "/invoices/" + v.ID
	me.get(path+"/remind").want(t, 200, "Envoyer une relance au client ?", "compta@dupont.example", "Solde dû 120,00 €", "Oui, 120,00 €")
	me.post(path+"/remind").to(t, h, path)
	me.get(path).want(t, 200, "Relance de la facture "+v.Number+" envoyée à compta@dupont.example.", "Relance demandée", "En retard")
	mails, err := h.Views.Mails(ctx, h.Company.ID, app.MailQuery{Ref: v.ID})
	if err != nil || len(mails.Items) != 1 || mails.Items[0].Template != "reminder" {
		t.Errorf("%+v, %v", mails, err)
	}
}

// The page of a final invoice is its audit trail, from the quote to the entries.
func TestTheAuditTrail(t *testing.T) {
	s := newStory(t)
	me := s.as(t, access.Auditor)
	page := me.get("/invoices/"+s.final.ID).want(t, 200, "Devis DE2026-00001", "Acompte FA2026-00001", "Facture FA2026-00002", "Comptabilisée", "Solde dû 3 092,04 €", "−1 325,16 €",
		"Devis créé", "Acompte validé", "Devis envoyé", "Acompte payé", "Facture d'acompte émise", "Devis facturé", "Facture émise", "Écriture VE 3", "419100")
	last := 0
	for _, step := range []string{"Devis créé", "Acompte validé", "Acompte payé", "Devis facturé", "Facture émise", "Envoi demandé"} {
		at := strings.LastIndex(page.text(), step)
		if at < last {
			t.Errorf("%s is told too early", step)
		}
		last = at
	}
	me.get("/invoices/"+s.final.Deductions[0].InvoiceID).want(t, 200, "Facture d'acompte FA2026-00001", "Payée en ligne", "419100", "Commission", "18,40 €", "retour du client", "Intégré dans les comptes")
	me.get("/invoices/"+s.paid.ID).want(t, 200, "PLA 8", "PLA 9", "Commission Play", "AAB")
}

// Money taken back by the payer's bank makes the invoice due again, in dispute.
func TestADisputeIsSeen(t *testing.T) {
	h := newHouse(t)
	conn := h.NewConnection(t)
	v := h.issued(t, h.newCustomer(t, "Dupont SA", "compta@dupont.example"), "100")
	h.paidOnline(t, conn, v.ID, 200)
	arrivals, err := h.Views.Arrivals(ctx, h.Company.ID, app.ArrivalQuery{Document: v.ID})
	if err != nil || len(arrivals.Items) != 1 {
		t.Fatalf("%v, %v", arrivals, err)
	}
	h.Provider(conn).Put(apptest.WithFee(gateway.Payment{ID: "dp_1", Kind: gateway.KindDispute, State: gateway.Succeeded, Gross: apptest.EUR(12000), RelatedID: arrivals.Items[0].ExternalID}, 1500))
	if _, err := h.Refresh(ctx, h.Owner, conn.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.IntegrateReady(ctx, h.Owner); err != nil {
		t.Fatal(err)
	}
	me := h.as(t, access.Sales)
	me.get("/invoices?view=disputed").want(t, 200, v.Number, "Contestée 120,00 €")
	me.get("/invoices/"+v.ID).want(t, 200, "Contestée", "En litige", "Contestation ouverte", "Contestation : 120,00 €", "416000", "à éclaircir avec le client").without(t, "Relancer")
}

func TestAnInvoicesPayLink(t *testing.T) {
	h := newHouse(t)
	h.NewConnection(t)
	v := h.issued(t, h.newCustomer(t, "Dupont SA", "compta@dupont.example"), "100")
	me := h.as(t, access.Sales)
	h.linkStory(t, me, "/invoices/"+v.ID, "/invoices/"+v.ID+"/link", v.ID)
}

func TestDocumentsAsPDF(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	v, q := h.issued(t, c, "100"), h.quoted(t, c)
	me := h.as(t, access.Auditor)
	shown := me.get("/invoices/"+v.ID+"/pdf").want(t, 200)
	if got := shown.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "inline") || !strings.Contains(got, v.Number) {
		t.Errorf("shown as %s", got)
	}
	if shown.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(shown.Body, "%PDF Facture") {
		t.Errorf("%s %q", shown.Header.Get("Content-Type"), clip(shown.Body))
	}
	// Browsers do not start their PDF viewer in a sandbox.
	if strings.Contains(shown.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Error("the PDF is sandboxed")
	}
	kept := me.get("/quotes/"+q.ID+"/pdf?download=1").want(t, 200)
	if got := kept.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("kept as %s", got)
	}
}

func TestScreensInEnglish(t *testing.T) {
	s := newStory(t)
	me := s.as(t, access.Owner)
	me.follow("/lang/en")
	for path, says := range map[string]string{
		"/customers": "New customer", "/customers/" + s.customers[2].ID: "This customer has no e-mail address", "/customers/new": "Leave empty for the next free code",
		"/customers/" + s.customers[0].ID + "/statement?from=2026-01-01&to=2026-12-31": "owed by the customer",
		"/quotes": "of €1,325.16 received", "/quotes/" + s.quote.ID: "Only one deposit of a quote may be paid online", "/quotes/new": "20% · services",
		"/quotes/" + s.quote.ID + "/send": "Yes, €3,562.77", "/invoices": "Paid online", "/invoices/" + s.final.ID: "Audit trail", "/invoices/" + s.draft.ID + "/issue": "posted to the sales journal",
		"/invoices/" + s.draft.ID + "/send": "E-mail", "/invoices/" + s.credit.ID + "/edit": "Keep only what is to be credited", "/invoices/" + s.late.ID + "/remind": "Send the customer a reminder?",
		"/invoices/" + s.paid.ID: "customer's return",
	} {
		got := me.get(path).want(t, 200, says)
		for _, french := range []string{"Solde dû", "Facture ", "Devis ", "Échéance", "Annuler", "Client "} {
			if strings.Contains(got.text(), french) && !strings.Contains(path, s.final.ID) && !strings.Contains(path, s.paid.ID) && !strings.Contains(path, "statement") { // books are kept in French
				t.Errorf("%s: %q in English", path, french)
			}
		}
	}
}
