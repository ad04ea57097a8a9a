package payments

import (
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// credit is what a customer has paid too much, in cents.
func (s *scene) creditOf(customer string) int64 {
	s.t.Helper()
	c, err := s.Store.Customer(ctx, s.Company.ID, customer)
	apptest.OK(s.t, err)
	return c.Credit.Minor()
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// typed is a receipt form as the page gives it, with fields changed (name, value, name, value).
func typed(c *screentest.Client, page string, changes ...string) []string {
	got := c.Get(page).Want(200)
	out := map[string]string{}
	for _, m := range hidden.FindAllStringSubmatch(got.Body, -1) {
		out[m[1]] = m[2]
	}
	for i := 0; i < len(changes); i += 2 {
		out[changes[i]] = changes[i+1]
	}
	var fields []string
	for k, v := range out {
		fields = append(fields, k, v)
	}
	return fields
}

func TestRecordingAReceipt(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	old, young := s.invoice(c.ID, 100), s.invoice(c.ID, 200)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/receipts/new").Want(200, "De quel client est-ce", "Dupont SA", "360,00 €", `href="`+s.base+"/receipts/new?customer="+c.ID+`"`)
	anne.Get(s.base+"/receipts/new?q=zzz").Want(200, "Aucun résultat")
	page := s.base + "/receipts/new?customer=" + c.ID
	anne.Get(page).Want(200, old.Number, young.Number, "120,00 €", "240,00 €", "2026-06-16", "Virement", "Chèque").Lacks("PayPal", "⟦")
	before := s.entries()
	// An amount without a division is divided, the oldest first, and shown before anything is saved.
	proposal := anne.Post(s.base+"/receipts/new", typed(anne, page, "amount", "150", "date", "2026-06-15", "method_id", s.method("VIR"), "reference", "VIR 4711")...).
		Want(200, "Voici la répartition proposée", `value="120,00"`, `value="30,00"`)
	proposal.Lacks("iront au crédit")
	if s.entries() != before {
		t.Fatal("a proposal was posted")
	}
	fields := typed(anne, page, "amount", "150", "date", "2026-06-15", "method_id", s.method("VIR"), "reference", "VIR 4711", "allocations.0.amount", "120", "allocations.1.amount", "30", "leftover", "0")
	saved := anne.Post(s.base+"/receipts/new", fields...).Want(303)
	if n := s.entries() - before; n != 1 || s.due(old.ID) != 0 || s.due(young.ID) != 210_00 {
		t.Errorf("%d entries, due %d and %d", n, s.due(old.ID), s.due(young.ID))
	}
	detail := anne.Get(saved.Header.Get("Location")).Want(200, "Règlement de 150,00 € enregistré pour Dupont SA", "Virement", "VIR 4711", "15/06/2026", old.Number, young.Number, "512100", "411000", "Anne Comptable", "Annuler ce règlement")
	detail.Lacks("⟦")
	// Sent once more, as by a second click: the same receipt, and nothing new.
	anne.Post(s.base+"/receipts/new", fields...).Goes(saved.Header.Get("Location"))
	if n := s.entries() - before; n != 1 {
		t.Errorf("%d entries after the second click", n)
	}
	anne.Get(s.base+"/receipts").Want(200, "Dupont SA", "Virement", "VIR 4711", old.Number+", "+young.Number, "150,00 €", "Comptabilisé")
}

func TestAReceiptForOneDocumentIsFilledIn(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	s.invoice(c.ID, 100)
	v := s.invoice(c.ID, 200)
	s.as(access.Accountant).Get(s.base+"/receipts/new?customer="+c.ID+"&document="+v.ID).Want(200, `value="240,00"`).Lacks(`value="120,00"`)
}

func TestWhatIsLeftIsAnnouncedBeforeItBecomesCredit(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	v := s.invoice(c.ID, 100)
	anne := s.as(access.Accountant)
	page := s.base + "/receipts/new?customer=" + c.ID
	common := []string{"amount", "150", "date", "2026-06-16", "method_id", s.method("CHQ"), "allocations.0.amount", "120"}
	anne.Post(s.base+"/receipts/new", typed(anne, page, common...)...).Want(200, "30,00 € ne sont imputés sur aucune pièce", "iront au crédit de Dupont SA", `name="leftover" value="3000"`)
	// What was announced must be what happens: another amount is announced anew.
	anne.Post(s.base+"/receipts/new", typed(anne, page, append(common, "leftover", "2000")...)...).Want(200, "30,00 € ne sont imputés")
	if s.creditOf(c.ID) != 0 || s.due(v.ID) != 120_00 {
		t.Fatal("saved before it was announced")
	}
	saved := anne.Post(s.base+"/receipts/new", typed(anne, page, append(common, "leftover", "3000")...)...).Want(303)
	if s.creditOf(c.ID) != 30_00 || s.due(v.ID) != 0 {
		t.Errorf("credit %d, due %d", s.creditOf(c.ID), s.due(v.ID))
	}
	anne.Get(saved.Header.Get("Location")).Want(200, "30,00 € sont allés au crédit du client", "/receipts/credit/"+c.ID)
}

func TestBadReceiptsChangeNothing(t *testing.T) {
	s := newScene(t)
	c, other := s.customer("Dupont SA"), s.customer("Martin SARL")
	v := s.invoice(c.ID, 100)
	theirs := s.invoice(other.ID, 100)
	anne := s.as(access.Accountant)
	page := s.base + "/receipts/new?customer=" + c.ID
	before := s.entries()
	fine := func(changes ...string) []string {
		return typed(anne, page, append([]string{"amount", "100", "date", "2026-06-16", "method_id", s.method("VIR"), "allocations.0.amount", "100", "leftover", "0"}, changes...)...)
	}
	for _, b := range []struct {
		change []string
		status int
		says   string
	}{
		{[]string{"amount", ""}, 422, "Ce champ est obligatoire"},
		{[]string{"amount", "abc"}, 422, "n'est pas un montant accepté"},
		{[]string{"amount", "-5"}, 422, "n'est pas un montant accepté"},
		{[]string{"amount", "0"}, 422, "n'est pas un montant accepté"},
		{[]string{"amount", "12,345"}, 422, "n'est pas un montant accepté"},
		{[]string{"amount", "99999999999999"}, 422, "trop élevé"},
		{[]string{"date", "31/02/2026"}, 422, "n'est pas une date valable"},
		{[]string{"date", ""}, 422, "Ce champ est obligatoire"},
		{[]string{"date", "1999-01-01"}, 422, "Aucun exercice ne contient"},
		{[]string{"method_id", ""}, 422, "Ce champ est obligatoire"},
		{[]string{"method_id", "pm_nope"}, 404, "Introuvable"},
		{[]string{"method_id", s.method("CB")}, 422, "n'est pas un choix possible"},
		{[]string{"reference", strings.Repeat("x", 81)}, 422, "80 caractères au plus"},
		{[]string{"reference", "a\x00b"}, 422, "caractères ne sont pas acceptés"},
		{[]string{"allocations.0.amount", "x"}, 422, "n'est pas un montant accepté"},
		{[]string{"allocations.0.amount", "-1"}, 422, "n'est pas un montant accepté"},
		{[]string{"allocations.0.amount", "100,01"}, 422, "dépasse ce qui reste à régler"},
		{[]string{"amount", "500", "allocations.0.amount", "121", "leftover", "37900"}, 422, "dépasse ce qui reste à régler"},
	} {
		t.Run(strings.Join(b.change, " "), func(*testing.T) { anne.Post(s.base+"/receipts/new", fine(b.change...)...).Want(b.status, b.says) })
	}
	anne.Post(s.base+"/receipts/new", fine("allocations.0.document", "invoice:"+theirs.ID)...).Want(422, "celle d'un autre client")
	anne.Post(s.base+"/receipts/new", fine("allocations.0.document", "invoice:inv_nope")...).Want(404)
	anne.Post(s.base+"/receipts/new", fine("allocations.0.document", "nonsense")...).Want(404)
	anne.Post(s.base+"/receipts/new", "amount", "1").Want(403)
	if s.entries() != before || s.due(v.ID) != 120_00 || s.due(theirs.ID) != 120_00 {
		t.Error("something was posted")
	}
}

func TestReversingAReceipt(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	v := s.invoice(c.ID, 100)
	r, err := s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: c.ID, Amount: apptest.EUR(12_000), MethodID: s.method("CHQ"), Reference: "CHQ 12",
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: v.ID, Amount: 12_000}}})
	apptest.OK(t, err)
	anne := s.as(access.Accountant)
	page := s.base + "/receipts/" + r.ID + "/reverse"
	anne.Get(page).Want(200, "Annuler ce règlement ?", "120,00 €", "CHQ 12", "définitive")
	if s.due(v.ID) != 0 {
		t.Fatal("asking reversed it")
	}
	anne.Send(page, page).Goes(s.base + "/receipts/" + r.ID)
	if s.due(v.ID) != 120_00 {
		t.Errorf("due %d", s.due(v.ID))
	}
	anne.Get(s.base+"/receipts/"+r.ID).Want(200, "Règlement annulé", "Annulé", "Annulation règlement").Lacks("/reverse")
	anne.Get(page).Want(200, "ne peut pas être annulé ici")
	anne.Send(s.base+"/receipts/new", page).Want(409, "déjà extournée")
	online := s.pay(v.ID, 10)
	_, err = s.Integrate(ctx, s.Owner, []string{online})
	apptest.OK(t, err)
	rec := s.arrivalOf(online).ReceiptID
	anne.Get(s.base+"/receipts/"+rec+"/reverse").Want(200, "reçu en ligne et se rembourse")
	anne.Send(s.base+"/receipts/new", s.base+"/receipts/"+rec+"/reverse").Want(422)
}

func TestCustomerCredit(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	anne := s.as(access.Accountant)
	page := s.base + "/receipts/credit/" + c.ID
	anne.Get(page).Want(200, "Aucun crédit")
	_, err := s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: c.ID, Amount: apptest.EUR(20_000), MethodID: s.method("VIR")})
	apptest.OK(t, err)
	v := s.invoice(c.ID, 100)
	theirs := s.invoice(s.customer("Martin SARL").ID, 100)
	anne.Get(page).Want(200, "200,00 €", v.Number, `value="120,00"`, "Imputer", "Rembourser").Lacks("⟦")
	for _, bad := range []struct {
		fields []string
		status int
		says   string
	}{
		{[]string{"document", "invoice:" + v.ID, "amount", ""}, 422, "obligatoire"},
		{[]string{"document", "invoice:" + v.ID, "amount", "-3"}, 422, "n'est pas un montant accepté"},
		{[]string{"document", "invoice:" + v.ID, "amount", "121"}, 422, "dépasse ce qui reste"},
		{[]string{"document", "invoice:" + v.ID, "amount", "201"}, 422, "dépasse ce qui reste"},
		{[]string{"document", "invoice:" + theirs.ID, "amount", "10"}, 422, "celle d'un autre client"},
		{[]string{"document", "invoice:inv_nope", "amount", "10"}, 404, "Introuvable"},
		{[]string{"document", "", "amount", "10"}, 404, "Introuvable"},
	} {
		anne.Send(page, page+"/impute", bad.fields...).Want(bad.status, bad.says)
	}
	if s.creditOf(c.ID) != 200_00 || s.due(v.ID) != 120_00 {
		t.Fatal("a bad imputation changed something")
	}
	fields := typed(anne, page, "document", "invoice:"+v.ID, "amount", "120")
	anne.Post(page+"/impute", fields...).Goes(page)
	anne.Post(page+"/impute", fields...).Goes(page)
	if s.creditOf(c.ID) != 80_00 || s.due(v.ID) != 0 {
		t.Errorf("credit %d, due %d", s.creditOf(c.ID), s.due(v.ID))
	}
	anne.Get(page).Want(200, "120,00 € imputés", "80,00 €", "ne doit rien")
	for _, bad := range [][]string{{"amount", "81"}, {"amount", "x"}, {"date", "x"}, {"method_id", ""}} {
		anne.Post(page+"/refund", typed(anne, page, append([]string{"amount", "80", "date", "2026-06-16", "method_id", s.method("VIR")}, bad...)...)...).Want(422)
	}
	if s.creditOf(c.ID) != 80_00 {
		t.Fatal("a bad refund changed something")
	}
	fields = typed(anne, page, "amount", "80", "date", "2026-06-16", "method_id", s.method("VIR"), "reference", "VIR 1")
	done := anne.Post(page+"/refund", fields...).Want(303)
	anne.Post(page+"/refund", fields...).Goes(done.Header.Get("Location"))
	if s.creditOf(c.ID) != 0 {
		t.Errorf("credit %d", s.creditOf(c.ID))
	}
	anne.Get(done.Header.Get("Location")).Want(200, "80,00 € remboursés à Dupont SA", "419700", "512100")
	anne.Get(s.base+"/receipts").Want(200, "−80,00 €", "Remboursement")
}

func TestReceiptFilters(t *testing.T) {
	s := newScene(t)
	a, b := s.customer("Dupont SA"), s.customer("Martin SARL")
	_, err := s.Integrate(ctx, s.Owner, []string{s.pay(s.invoice(a.ID, 100).ID, 10)})
	apptest.OK(t, err)
	_, err = s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: b.ID, Date: s.Today().AddDays(-20), Amount: apptest.EUR(5000), MethodID: s.method("CHQ"), Reference: "CHQ 77"})
	apptest.OK(t, err)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/receipts").Want(200, "Dupont SA", "Martin SARL", "dont 50,00 € au crédit du client")
	anne.Get(s.base+"/receipts?by=online").Want(200, "Dupont SA").Lacks("Martin SARL")
	anne.Get(s.base+"/receipts?by=typed").Want(200, "Martin SARL").Lacks("Dupont SA")
	anne.Get(s.base+"/receipts?q=CHQ+77").Want(200, "Martin SARL").Lacks("Dupont SA")
	anne.Get(s.base+"/receipts?from=2026-06-10").Want(200, "Dupont SA").Lacks("Martin SARL")
	anne.Get(s.base+"/receipts?to=2026-06-10").Want(200, "Martin SARL").Lacks("Dupont SA")
	anne.Get(s.base+"/receipts?customer="+b.ID).Want(200, "Règlements de Martin SARL").Lacks("Dupont SA")
	anne.Get(s.base+"/receipts?q=nobody").Want(200, "Aucun résultat")
	anne.Get(s.base+"/receipts?from=nonsense").Want(422, "n'est pas une date valable")
	anne.Get(s.base + "/receipts?after=nonsense").Want(422)
}

func TestNothingYet(t *testing.T) {
	s := newScene(t)
	anne := s.as(access.Accountant)
	anne.Get(s.base+"/receipts").Want(200, "Aucun règlement pour l'instant", "Saisir un règlement")
	anne.Get(s.base+"/receipts/new").Want(200, "Aucun client pour l'instant", "Nouveau client")
	c := s.customer("Dupont SA")
	anne.Get(s.base+"/receipts/new?customer="+c.ID).Want(200, "Dupont SA ne doit rien")
}

func TestLanguages(t *testing.T) {
	s := newScene(t)
	s.busy()
	c := s.as(access.Accountant)
	c.Get("/lang/en?back=/").Want(303)
	for _, path := range []string{"/inbox", "/inbox?show=all", "/receipts", "/receipts/new"} {
		c.Get(s.base+path).Want(200, `<html lang="en">`).Lacks("⟦")
	}
	c.Get(s.base+"/inbox").Want(200, "Integrate online payments", "The 2 entries that OK will post", "€576.00", "To review")
}

// TestTheAmountIsDividedWhileItIsTyped sees the documents filled in as soon as the amount is, with JavaScript.
func TestTheAmountIsDividedWhileItIsTyped(t *testing.T) {
	s := newScene(t)
	c := s.customer("Dupont SA")
	s.invoice(c.ID, 100)
	s.invoice(c.ID, 200)
	host := s.house.Serve(t)
	p := s.logIn(browsertest.New(t), host)
	p.Open(host + s.base + "/receipts/new?customer=" + c.ID)
	p.WaitGone("[hx-post]:not([data-htmx-powered])")
	p.Fill("#f-amount", "150")
	p.Key("\t")
	p.WaitText("#division", "Voici la répartition proposée")
	if a, b := p.Value("#f-allocations-0-amount"), p.Value("#f-allocations-1-amount"); a != "120,00" || b != "30,00" {
		t.Errorf("divided as %s and %s", a, b)
	}
	p.Accessible()
	p.Screenshot("receipt", 1280)
	p.Screenshot("receipt", 390)
	p.Fill("#f-method_id", "Virement")
	p.Leave(func() { p.Press("Enregistrer le règlement") })
	p.WaitText("main", "Règlement de 150,00 € enregistré")
	p.Accessible()
	p.Screenshot("receipt-saved", 1280)
}

func TestCurrencySign(t *testing.T) {
	s := newScene(t)
	s.comes(gateway.Payment{ID: "pay_usd", Kind: gateway.KindPayment, Gross: money.Of(1000, "USD")}, 10)
	s.as(access.Accountant).Get(s.base+"/inbox").Want(200, "10,00 $US", "dans une autre devise que la pièce")
}
