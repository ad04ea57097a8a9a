package sales_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

func TestQuotesAreListed(t *testing.T) {
	h := newHouse(t)
	me := h.as(t, access.Sales)
	me.get("/quotes").want(t, 200, "Aucun devis pour l'instant", "Nouveau devis")
	a, b := h.newCustomer(t, "Dupont SA", "a@exemple.fr"), h.newCustomer(t, "Martin SARL", "b@exemple.fr")
	made := func(c party.Customer, price, reference string) billing.Quote {
		q, err := h.CreateQuote(ctx, h.Owner, app.QuoteInput{CustomerID: c.ID, Reference: reference, Lines: []billing.DocLine{line("Conseil", "1", price, "S20S")}})
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	made(a, "100", "BC-1")
	sent := made(b, "300", "BC-2")
	refused := made(b, "200", "")
	if _, err := h.SendQuote(ctx, h.Owner, sent.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.RefuseQuote(ctx, h.Owner, refused.ID); err != nil {
		t.Fatal(err)
	}
	me.get("/quotes").want(t, 200, "Devis brouillon", "DE2026-00001", "Devis non numéroté", "Envoyé", "Refusé", "360,00 €")
	me.get("/quotes?view=sent").want(t, 200, "DE2026-00001").without(t, "Devis brouillon", "240,00 €")
	me.get("/quotes?view=refused").want(t, 200, "240,00 €").without(t, "DE2026-00001")
	me.get("/quotes?q=BC-1").want(t, 200, "Dupont SA").without(t, "Martin SARL")
	me.get("/quotes?view=draft&q=martin").want(t, 200, "Aucun résultat avec ces filtres")
	me.get("/quotes?customer="+a.ID).want(t, 200, "Client : Dupont SA", "Voir tous les clients").without(t, "Martin SARL")
	text := me.get("/quotes?sort=amount").want(t, 200).text()
	if strings.Index(text, "120,00 €") > strings.Index(text, "360,00 €") {
		t.Error("not sorted by amount")
	}
	// A view that does not exist is the list of all.
	me.get("/quotes?view=nothing").want(t, 200, "DE2026-00001")
	h.Clock.Set(sent.ValidUntil.AddDays(1).Time())
	h.as(t, access.Sales).get("/quotes?view=sent").want(t, 200, "Envoyé, expiré")
}

func TestAQuoteIsWritten(t *testing.T) {
	h := newHouse(t)
	h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	me := h.as(t, access.Sales)
	me.get("/quotes/new").want(t, 200, "Nouveau devis", "Ajouter une ligne", "20 % · services", "20 % · biens", "5,5 % · biens", "0 % · exportation")
	// The form without JavaScript: a line more, one less, the totals; nothing is saved.
	before := h.snapshot(t)
	form := docForm("dupont", "Conseil", "2", "1 250,50", "S20S", "lines.0.discount", "10")
	added := me.post("/quotes/new", append(form, "do", "add")...).want(t, 200, "2 250,90 €", "Total TTC 2 701,08 €")
	if !strings.Contains(added.Body, `name="lines.1.description"`) || !strings.Contains(added.Body, `value="1 250,50"`) {
		t.Error("no line was added, or what was typed is lost")
	}
	two := append(slices.Clone(form), "lines.1.description", "Livraison", "lines.1.quantity", "1", "lines.1.unit_price", "40", "lines.1.vat_code", "S055B")
	me.post("/quotes/new", append(two, "do", "totals")...).want(t, 200, "20 % · services sur 2 250,90 €", "5,5 % · biens sur 40,00 €", "Total TTC 2 743,28 €")
	gone := me.post("/quotes/new", append(two, "do", "remove.0")...).want(t, 200, "Total TTC 42,20 €")
	if strings.Contains(gone.Body, "Conseil") || strings.Contains(gone.Body, "lines.1.") {
		t.Error("the line is still there")
	}
	me.post("/quotes/new", append(two, "do", "remove.7")...).want(t, 200, "Total TTC 2 743,28 €")
	me.post("/quotes/new", append(two, "do", "remove.-1")...).want(t, 200, "Total TTC 2 743,28 €")
	if after := h.snapshot(t); after != before {
		t.Errorf("something was saved: %s", after)
	}
	// An empty row is no line.
	path := me.post("/quotes/new", append(two, "valid_until", "2026-07-31", "reference", "BC-77", "note", "Merci", "lines.2.description", "", "lines.2.quantity", "1", "lines.2.unit_price", "", "lines.2.vat_code", "S20S")...).to(t, h, "/quotes/quo_")
	me.get(path).want(t, 200, "Devis enregistré.", "Dupont SA", "Conseil", "Livraison", "10 %", "2 250,90 €", "2 743,28 €", "BC-77", "31/07/2026", "Merci", "Devis créé")
	q, err := h.Views.Quote(ctx, h.Company.ID, strings.TrimPrefix(path, "/quotes/"))
	if err != nil || len(q.Lines) != 2 || q.Totals.Gross != 274328 || q.State != billing.QuoteDraft {
		t.Errorf("%+v, %v", q, err)
	}
	// Changing it.
	edit := me.get(path+"/edit").want(t, 200, "Modifier le devis")
	if !strings.Contains(edit.Body, `value="C0001 · Dupont SA"`) {
		t.Error("the customer is not in the form")
	}
	change := docForm("C0001 · Dupont SA", "Audit", "1", "500", "S20S", "version", itoa(q.Version))
	me.post(path+"/edit", change...).to(t, h, path)
	me.get(path).want(t, 200, "Audit", "600,00 €").without(t, "Livraison")
	me.post(path+"/edit", change...).want(t, http.StatusUnprocessableEntity, "a modifié cette fiche entre-temps")
	// Save and send goes on to the question.
	me.post(path+"/edit", docForm("C0001", "Audit", "1", "501", "S20S", "version", "0", "do", "send")...).to(t, h, path+"/send")
	// As a pattern for another.
	me.get("/quotes/new?from="+q.ID).want(t, 200, "Nouveau devis", "Total TTC 601,20 €")
}

func TestABadQuoteIsRefusedAtItsFields(t *testing.T) {
	h := newHouse(t)
	for _, name := range []string{"Dupont Frères", "Dupont SA", "Martin"} {
		h.newCustomer(t, name, "x@exemple.fr")
	}
	me := h.as(t, access.Sales)
	before := h.snapshot(t)
	good := map[string]string{"customer_id": "C0001", "date": "2026-06-16", "lines.0.description": "Conseil", "lines.0.quantity": "1", "lines.0.unit_price": "10", "lines.0.vat_code": "S20S"}
	for _, bad := range []struct{ field, value, says, at string }{
		{"customer_id", "", "Ce champ est obligatoire", "customer_id"},
		{"customer_id", "Dupont", "« Dupont » n'est pas un choix possible. Choisissez parmi : C0001 · Dupont Frères, C0002 · Dupont SA", "customer_id"},
		{"customer_id", "Personne", "Introuvable dans cette société : client Personne", "customer_id"},
		{"date", "2026-02-30", "n'est pas une date valable", "date"},
		{"valid_until", "2026-06-01", "L'échéance précède la date d'émission", "valid_until"},
		{"reference", strings.Repeat("x", 61), "60 caractères au plus", "reference"},
		{"note", strings.Repeat("x", 2001), "2000 caractères au plus", "note"},
		{"lines.0.description", "", "Ce champ est obligatoire", "lines.0.description"},
		{"lines.0.description", strings.Repeat("x", 2001), "2000 caractères au plus", "lines.0.description"},
		{"lines.0.quantity", "deux", "« deux » n'est pas une quantité acceptée", "lines.0.quantity"},
		{"lines.0.quantity", "0", "n'est pas une quantité acceptée", "lines.0.quantity"},
		{"lines.0.quantity", "", "Ce champ est obligatoire", "lines.0.quantity"},
		{"lines.0.quantity", "1,23456", "n'est pas une quantité acceptée", "lines.0.quantity"},
		{"lines.0.quantity", "99999999999", "n'est pas une quantité acceptée", "lines.0.quantity"},
		{"lines.0.unit_price", "gratuit", "« gratuit » n'est pas un montant accepté", "lines.0.unit_price"},
		{"lines.0.unit_price", "-5", "n'est pas un montant accepté", "lines.0.unit_price"},
		{"lines.0.unit_price", "", "Ce champ est obligatoire", "lines.0.unit_price"},
		{"lines.0.unit_price", "99999999999999", "Le montant est trop élevé", ""},
		{"lines.0.discount", "101", "n'est pas un taux accepté", "lines.0.discount"},
		{"lines.0.discount", "moitié", "n'est pas un taux accepté", "lines.0.discount"},
		{"lines.0.unit", strings.Repeat("x", 21), "20 caractères au plus", "lines.0.unit"},
		{"lines.0.vat_code", "S99", "Le code TVA S99 ne convient pas", "lines.0.vat_code"},
	} {
		var pairs []string
		for name, value := range good {
			if name != bad.field {
				pairs = append(pairs, name, value)
			}
		}
		got := me.post("/quotes/new", append(pairs, bad.field, bad.value)...).want(t, http.StatusUnprocessableEntity, bad.says)
		if bad.at != "" && !strings.Contains(got.Body, `id="f-`+strings.ReplaceAll(bad.at, ".", "-")+`-error"`) {
			t.Errorf("%s=%q is not refused at its field", bad.field, bad.value)
		}
	}
	me.post("/quotes/new", "customer_id", "C0001", "date", "2026-06-16").want(t, http.StatusUnprocessableEntity, "La pièce n'a pas de ligne")
	me.post("/quotes/new", "customer_id", "C0001", "date", "2026-06-16", "lines.0.description", "", "lines.0.quantity", "1", "lines.0.vat_code", "S20S").
		want(t, http.StatusUnprocessableEntity, "La pièce n'a pas de ligne")
	// Faults of the second of three rows stay with it when an empty row goes.
	got := me.post("/quotes/new", docForm("C0001", "", "1", "", "S20S", "lines.1.description", "Bon", "lines.1.quantity", "1", "lines.1.unit_price", "1", "lines.1.vat_code", "S20S",
		"lines.2.description", "Mauvais", "lines.2.quantity", "x", "lines.2.unit_price", "1", "lines.2.vat_code", "S20S")...).want(t, http.StatusUnprocessableEntity)
	if !strings.Contains(got.Body, `id="f-lines-1-quantity-error"`) || !strings.Contains(got.Body, "Mauvais") {
		t.Error("the fault is not at the row that is to blame")
	}
	if after := h.snapshot(t); after != before {
		t.Errorf("bad input changed something:\n%s\n%s", before, after)
	}
}

// quoted is a draft quote of 1,200 incl. VAT.
func (h house) quoted(t *testing.T, c party.Customer) billing.Quote {
	t.Helper()
	q, err := h.CreateQuote(ctx, h.Owner, app.QuoteInput{CustomerID: c.ID, Lines: []billing.DocLine{line("Cuisine", "1", "1000", "S20B")}})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestDepositsAtTheFootOfAQuote(t *testing.T) {
	h := newHouse(t)
	h.NewConnection(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	q := h.quoted(t, c)
	me := h.as(t, access.Sales)
	path := "/quotes/" + q.ID
	cb, vir := h.method(t, "CB").ID, h.method(t, "VIR").ID
	me.get(path).want(t, 200, "Pied › Acomptes", "Nouvel acompte", "Carte bancaire en ligne (paiement en ligne)", "Mode de règlement")

	me.post(path+"/deposits", "label", "À la commande", "percent", "30", "due_date", "2026-06-30", "method_id", cb).to(t, h, path+"#deposits")
	me.get(path).want(t, 200, "Acompte enregistré", "Acompte 1 – À la commande", "360,00 €", "30 %", "30/06/2026", "en ligne", "À valider")

	// Only one deposit of a quote may be paid online: said at the method, and mended there.
	refused := me.post(path+"/deposits", "label", "Mi-parcours", "amount", "240", "due_date", "2026-07-31", "method_id", h.method(t, "PAYPAL").ID).
		want(t, http.StatusUnprocessableEntity, "L'acompte 1 de ce devis est déjà payable en ligne, et un seul peut l'être. Donnez à celui-ci un autre mode de règlement.")
	if !strings.Contains(refused.Body, `id="f-method_id-error"`) || !strings.Contains(refused.Body, `value="Mi-parcours"`) {
		t.Error("the refusal is not at the method, or what was typed is lost")
	}
	me.post(path+"/deposits", "label", "Mi-parcours", "amount", "240", "due_date", "2026-07-31", "method_id", vir).to(t, h, path+"#deposits")
	now := func() billing.Quote {
		t.Helper()
		q, err := h.Views.Quote(ctx, h.Company.ID, q.ID)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	first, second := now().Deposits[0].ID, now().Deposits[1].ID

	// A draft deposit is changed.
	me.get(path+"?deposit="+second).want(t, 200, "Modifier : Acompte 2 – Mi-parcours")
	me.post(path+"/deposits", "deposit", second, "label", "Milieu", "amount", "200", "due_date", "2026-07-31", "method_id", vir).to(t, h, path+"#deposits")
	if d := now().Deposits[1]; d.Label != "Milieu" || d.Amount != 20000 || len(now().Deposits) != 2 {
		t.Errorf("%+v", d)
	}
	// To make it a second one that is payable online is refused as well.
	me.post(path+"/deposits", "deposit", second, "label", "Milieu", "amount", "200", "method_id", cb).want(t, http.StatusUnprocessableEntity, "un seul peut l'être", "Modifier : Acompte 2")

	// Validate: the request has its lasting link; it may not change any more.
	me.post(path+"/deposits/"+first+"/validate").to(t, h, path+"#deposits")
	me.get(path).want(t, 200, "Demandé", "Lien de paiement : Acompte 1 – À la commande", "https://acquit.test/p/", "Renouveler le lien", "Révoquer le lien")
	me.post(path+"/deposits/"+first+"/validate").want(t, http.StatusUnprocessableEntity, "La demande d'acompte 1 est déjà validée")
	me.post(path+"/deposits", "deposit", first, "label", "Autre", "amount", "10", "method_id", vir).want(t, http.StatusUnprocessableEntity, "La demande d'acompte 1 est déjà validée")
	me.get(path+"/edit").want(t, 200) // the page opens: the lines could still be looked at…
	me.post(path+"/edit", docForm("C0001", "Autre", "1", "1", "S20S")...).want(t, http.StatusUnprocessableEntity, "La demande d'acompte 1 est déjà validée")
	me.get(path).without(t, "Modifier le devis")

	// Cancel, after a question.
	me.get(path+"/deposits/"+first+"/cancel").want(t, 200, "Son lien de paiement sera fermé", "360,00 €")
	me.post(path+"/deposits/"+first+"/cancel").to(t, h, path+"#deposits")
	me.get(path).want(t, 200, "Annulé")
	me.post(path+"/deposits/"+first+"/cancel").want(t, http.StatusUnprocessableEntity, "L'acompte 1 a été payé")
	// … and now another may be payable online.
	me.post(path+"/deposits", "percent", "50", "method_id", cb).to(t, h, path+"#deposits")
	me.get(path).want(t, 200, "600,00 €")
}

func TestABadDepositIsRefusedAtItsFields(t *testing.T) {
	h := newHouse(t)
	q := h.quoted(t, h.newCustomer(t, "Dupont SA", "compta@dupont.example"))
	me := h.as(t, access.Sales)
	vir := h.method(t, "VIR").ID
	before := h.snapshot(t)
	for _, bad := range []struct {
		at, says string
		pairs    []string
	}{
		{"amount", "Ce champ est obligatoire", []string{"method_id", vir}},
		{"amount", "« beaucoup » n'est pas un montant accepté", []string{"amount", "beaucoup", "method_id", vir}},
		{"amount", "n'est pas un montant accepté", []string{"amount", "0", "method_id", vir}},
		{"amount", "n'est pas un montant accepté", []string{"amount", "-12", "method_id", vir}},
		{"amount", "n'est pas un montant accepté", []string{"amount", "10,005", "method_id", vir}},
		{"amount", "Les acomptes dépassent le total du devis (1 200,00)", []string{"amount", "1200,01", "method_id", vir}},
		{"percent", "n'est pas un taux accepté", []string{"percent", "101", "method_id", vir}},
		{"percent", "n'est pas un taux accepté", []string{"percent", "0", "method_id", vir}},
		{"percent", "n'est pas un taux accepté", []string{"percent", "tiers", "method_id", vir}},
		{"percent", "n'est pas un taux accepté", []string{"percent", "30", "amount", "100", "method_id", vir}},
		{"method_id", "Ce champ est obligatoire", []string{"amount", "10"}},
		{"method_id", "Introuvable dans cette société : mode de règlement", []string{"amount", "10", "method_id", "pm_x"}},
		{"due_date", "n'est pas une date valable", []string{"amount", "10", "method_id", vir, "due_date", "demain"}},
		{"label", "120 caractères au plus", []string{"amount", "10", "method_id", vir, "label", strings.Repeat("x", 121)}},
	} {
		got := me.post("/quotes/"+q.ID+"/deposits", bad.pairs...).want(t, http.StatusUnprocessableEntity, bad.says)
		if !strings.Contains(got.Body, `id="f-`+bad.at+`-error"`) {
			t.Errorf("%v is not refused at %s", bad.pairs, bad.at)
		}
	}
	me.post("/quotes/"+q.ID+"/deposits", "deposit", "dep_x", "amount", "10", "method_id", vir).want(t, http.StatusNotFound)
	me.post("/quotes/"+q.ID+"/deposits", "amount", "10", "method_id", vir, "version", "99").want(t, http.StatusUnprocessableEntity, "a modifié cette fiche entre-temps")
	if after := h.snapshot(t); after != before {
		t.Error("bad input changed something")
	}
}

// Two people make two deposits payable online at the same moment: one wins, the other is told.
func TestTwoOnlineDepositsAtOnce(t *testing.T) {
	h := newHouse(t)
	q := h.quoted(t, h.newCustomer(t, "Dupont SA", "compta@dupont.example"))
	cb := h.method(t, "CB").ID
	people := []*visitor{h.as(t, access.Sales), h.as(t, access.Accountant)}
	answers := make([]answer, len(people))
	for _, p := range people {
		p.ready()
	}
	var all sync.WaitGroup
	for i, p := range people {
		all.Go(func() { answers[i] = p.post("/quotes/"+q.ID+"/deposits", "amount", "100", "method_id", cb) })
	}
	all.Wait()
	won := 0
	for _, a := range answers {
		switch a.StatusCode {
		case http.StatusSeeOther:
			won++
		case http.StatusUnprocessableEntity:
			a.want(t, http.StatusUnprocessableEntity, "un seul peut l'être")
		default:
			t.Errorf("%d: %s", a.StatusCode, clip(a.text()))
		}
	}
	now, err := h.Views.Quote(ctx, h.Company.ID, q.ID)
	if err != nil || won != 1 || len(now.Deposits) != 1 {
		t.Errorf("%d won, %d deposits, %v", won, len(now.Deposits), err)
	}
}

func TestAQuoteIsSent(t *testing.T) {
	h := newHouse(t)
	h.NewConnection(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	q := h.quoted(t, c)
	me := h.as(t, access.Sales)
	path := "/quotes/" + q.ID
	// What the mail will hold is said before it leaves: no deposit, no button.
	me.get(path+"/send").want(t, 200, "Il prendra un numéro", "compta@dupont.example", "Bouton Payer Non", "aucun acompte payable en ligne n'est validé", "Ouvrir la pièce")
	q, err := h.SetDeposit(ctx, h.Owner, q.ID, 0, app.DepositInput{Percent: decimal.NewFromInt(30), MethodID: h.method(t, "CB").ID})
	if err == nil {
		_, err = h.ValidateDeposit(ctx, h.Owner, q.ID, q.Deposits[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	me.get(path+"/send").want(t, 200, "Oui, 360,00 €", "par Play")
	me.post(path+"/send").to(t, h, path)
	me.get(path).want(t, 200, "Devis DE2026-00001 envoyé à compta@dupont.example.", "Devis DE2026-00001", "Envoyé", "Renvoyer", "Devis envoyé")
	mails, err := h.Views.Mails(ctx, h.Company.ID, app.MailQuery{Ref: q.ID})
	if err != nil || len(mails.Items) != 1 || mails.Items[0].To != "compta@dupont.example" {
		t.Errorf("%+v, %v", mails, err)
	}
}

func TestSendingSaysWhatIsMissing(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Sans adresse", "")
	q := h.quoted(t, c)
	me := h.as(t, access.Owner)
	path := "/quotes/" + q.ID
	got := me.get(path+"/send").want(t, 200, "L'adresse e-mail de Sans adresse manque", "Ouvrir la fiche client", "Sans e-mail").without(t, "Envoyer Annuler")
	if !strings.Contains(got.Body, "/customers/"+c.ID+"/edit") {
		t.Error("nothing leads to where it is mended")
	}
	me.post(path+"/send").want(t, http.StatusUnprocessableEntity, "L'adresse e-mail de Sans adresse manque")
	c.Email = "enfin@exemple.fr"
	if _, err := h.UpdateCustomer(ctx, h.Owner, c); err != nil {
		t.Fatal(err)
	}
	h.company(t, func(c *party.Company) { c.Mail.Kind, c.SIREN, c.VATNumber = "", "", "" })
	got = me.get(path+"/send").want(t, 200, "L'envoi d'e-mails n'est pas réglé", "Régler l'e-mail", "La fiche de la société est incomplète (SIREN, numéro de TVA)", "Compléter la fiche de la société")
	if !strings.Contains(got.Body, "/settings/mail") || !strings.Contains(got.Body, "/settings/company") {
		t.Error("nothing leads to where it is mended")
	}
	me.post(path+"/send").want(t, http.StatusUnprocessableEntity, "La fiche de la société est incomplète")
	if q, err := h.Views.Quote(ctx, h.Company.ID, q.ID); err != nil || q.Number != "" || q.State != billing.QuoteDraft {
		t.Errorf("something was done although nothing was sent: %+v, %v", q, err)
	}
}

func TestWhatBecomesOfAQuote(t *testing.T) {
	h := newHouse(t)
	conn := h.NewConnection(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	me := h.as(t, access.Sales)

	// Accepted, then invoiced: the paid deposit will be deducted, the other one is cancelled.
	q := h.quoted(t, c)
	q, err := h.SetDeposit(ctx, h.Owner, q.ID, 0, app.DepositInput{Amount: 36000, MethodID: h.method(t, "CB").ID})
	if err == nil {
		q, err = h.SetDeposit(ctx, h.Owner, q.ID, 0, app.DepositInput{Amount: 10000, MethodID: h.method(t, "VIR").ID})
	}
	if err == nil {
		_, err = h.ValidateDeposit(ctx, h.Owner, q.ID, q.Deposits[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	path := "/quotes/" + q.ID
	me.post(path+"/accept").to(t, h, path)
	me.get(path).want(t, 200, "Devis DE2026-00001 accepté.", "Accepté")
	h.paidOnline(t, conn, q.Deposits[0].ID, 565)
	me.get(path).want(t, 200, "Payé", "FA2026-00001", "Facture d'acompte émise")
	me.get("/quotes").want(t, 200, "360,00 € reçus sur 460,00 €")
	me.post(path+"/deposits/"+q.Deposits[0].ID+"/cancel").want(t, http.StatusUnprocessableEntity, "L'acompte 1 a été payé")
	me.get(path+"/refuse").want(t, 200, "Le client a-t-il refusé ce devis ?")
	me.post(path+"/refuse").want(t, http.StatusUnprocessableEntity, "L'acompte 1 a été payé")
	me.get(path+"/invoice").want(t, 200, "Acompte FA2026-00001 −360,00 €", "Net à payer 840,00 €", "Les acomptes demandés et non payés seront annulés")
	invoice := me.post(path+"/invoice").to(t, h, "/invoices/inv_")
	me.get(invoice).want(t, 200, "Facture brouillon", "Acompte FA2026-00001 −360,00 €", "Net à payer 840,00 €", "Devis DE2026-00001")
	me.get(path).want(t, 200, "Facturé", "Ce devis est facturé :", "Annulé", "Dupliquer").without(t, "Nouvel acompte", "Accepter")
	me.post(path+"/invoice").want(t, http.StatusUnprocessableEntity, "est déjà facturé : ouvrez sa facture")
	me.post(path+"/accept").want(t, http.StatusUnprocessableEntity, "Le devis DE2026-00001 est refusé, annulé ou expiré")
	me.get(path+"/edit").want(t, http.StatusUnprocessableEntity, "est déjà émise et ne peut plus changer")

	// Refused: what was asked for is closed.
	r := h.quoted(t, c)
	me.post("/quotes/"+r.ID+"/refuse").to(t, h, "/quotes/"+r.ID)
	me.get("/quotes/"+r.ID).want(t, 200, "Devis classé comme refusé.", "Refusé")
	me.post("/quotes/"+r.ID+"/deposits", "amount", "10", "method_id", h.method(t, "VIR").ID).want(t, http.StatusUnprocessableEntity, "est refusé, annulé ou expiré")
	me.get("/quotes/"+r.ID+"/send").want(t, 200, "est refusé, annulé ou expiré")
	me.post("/quotes/"+r.ID+"/send").want(t, http.StatusUnprocessableEntity, "est refusé, annulé ou expiré")
}

func TestADepositsPayLink(t *testing.T) {
	h := newHouse(t)
	h.NewConnection(t)
	q := h.quoted(t, h.newCustomer(t, "Dupont SA", "compta@dupont.example"))
	q, err := h.SetDeposit(ctx, h.Owner, q.ID, 0, app.DepositInput{Amount: 36000, MethodID: h.method(t, "CB").ID})
	if err == nil {
		q, err = h.ValidateDeposit(ctx, h.Owner, q.ID, q.Deposits[0].ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	me := h.as(t, access.Sales)
	h.linkStory(t, me, "/quotes/"+q.ID, "/quotes/"+q.ID+"/deposits/"+q.Deposits[0].ID+"/link", q.Deposits[0].ID)
}

// linkStory renews and revokes the link of a document whose page is at path.
func (h house) linkStory(t *testing.T, me *visitor, path, link, document string) {
	t.Helper()
	old, err := h.PayURL(ctx, h.Owner, document)
	if err != nil {
		t.Fatal(err)
	}
	me.get(path).want(t, 200, old, "Copier")
	me.get(link+"?do=renew").want(t, 200, "Remplacer ce lien par un nouveau ?")
	me.post(link, "act", "destroy").want(t, http.StatusUnprocessableEntity, "n'est pas un choix possible")
	me.post(link, "act", "renew").to(t, h, path)
	renewed, err := h.PayURL(ctx, h.Owner, document)
	if err != nil || renewed == old {
		t.Errorf("the link was not renewed: %v", err)
	}
	me.get(path).want(t, 200, "Lien de paiement renouvelé", renewed).without(t, old)
	me.get(link+"?do=revoke").want(t, 200, "Fermer ce lien ?")
	me.post(link, "act", "revoke").to(t, h, path)
	me.get(path).want(t, 200, "Lien de paiement révoqué.", "Ce lien est révoqué").without(t, renewed)
	me.post(link, "act", "renew").to(t, h, path)
	me.get(path).want(t, 200, "https://acquit.test/p/")
	// While somebody is paying, or nobody can tell, the link stays.
	address, err := h.PayURL(ctx, h.Owner, document)
	if err != nil {
		t.Fatal(err)
	}
	var conn inbox.Connection
	for _, c := range h.Settings(t).Connections {
		conn = c
	}
	if _, err := h.StartPayment(ctx, address[strings.LastIndex(address, "/")+1:], conn.ID); err != nil {
		t.Fatal(err)
	}
	down := func(err error) { h.Provider(conn).Change(func(p *apptest.Provider) { p.Fail = err }) }
	down(gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "down", "no answer"))
	me.post(link, "act", "revoke").want(t, http.StatusServiceUnavailable, "La plateforme Play ne répond pas", "Fermer ce lien ?")
	me.post(link, "act", "close").want(t, http.StatusServiceUnavailable, "La plateforme Play ne répond pas", "Fermer la page de paiement ouverte")
	down(nil)
	// The page alone is closed: the link stays, and a click opens another page.
	me.get(path).want(t, 200, "Fermer la page de paiement")
	me.get(link+"?do=close").want(t, 200, "Fermer la page de paiement ouverte")
	me.post(link, "act", "close").to(t, h, path)
	me.get(path).want(t, 200, "Page de paiement fermée", address).without(t, "Fermer la page de paiement")
	me.post(link, "act", "close").want(t, http.StatusUnprocessableEntity, "Aucune page de paiement")
	if _, err := h.StartPayment(ctx, address[strings.LastIndex(address, "/")+1:], conn.ID); err != nil {
		t.Fatal(err)
	}
	attempts, err := h.Views.AttemptsOf(ctx, h.Company.ID, document)
	if err != nil || len(attempts) != 2 {
		t.Fatalf("%d attempts, %v", len(attempts), err)
	}
	h.Provider(conn).End(attempts[0].SessionID, gateway.CheckoutProcessing, "")
	me.post(link, "act", "close").want(t, http.StatusConflict, "Un paiement est déjà en cours")
	me.post(link, "act", "revoke").want(t, http.StatusConflict, "Un paiement est déjà en cours")
	me.get(path).want(t, 200, address)
}
