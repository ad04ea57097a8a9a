package sales_test

import (
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/chromedp/chromedp/kb"
)

// A quote is written with JavaScript: totals follow the typing, lines come and go without losing anything, suggestions
// name the customer.
func TestTheEditorFollows(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	p.Open("/quotes/new")
	browsertest.Eval[bool](p.Page, "window.sameDocument = true")
	if got := browsertest.Eval[string](p.Page, "document.activeElement.name"); got != "customer_id" {
		t.Errorf("typing begins in %q", got)
	}
	p.FillLabel("Client", "grand")
	wait(t, p, "a suggestion", `[...document.querySelectorAll("#customer-list option")].map(o => o.value).join() === "C0002 · Éditions du Grand Large"`)
	p.FillLabel("Client", "C0002 · Éditions du Grand Large")

	p.Fill("#f-lines-0-description", "Fauteuils")
	p.Fill("#f-lines-0-quantity", "12")
	p.Fill("#f-lines-0-unit_price", "1 250,50")
	p.WaitText("#totals", "Total TTC 18 007,20 €")
	p.WaitText("#net-0", "15 006,00 €")
	p.Fill("#f-lines-0-discount", "10")
	p.WaitText("#totals", "Total TTC 16 206,48 €")
	if p.Value("#f-lines-0-unit_price") != "1 250,50" {
		t.Error("the totals changed what was typed")
	}
	// The field typed in keeps the focus while the totals are replaced.
	if got := browsertest.Eval[string](p.Page, "document.activeElement.name"); got != "lines.0.discount" {
		t.Errorf("the focus went to %q", got)
	}
	p.Fill("#f-lines-0-vat_code", "S055B")
	p.WaitText("#totals", "5,5 % · biens")

	// A line more: typing goes on in it, taxed as the one above.
	p.Press("Ajouter une ligne")
	wait(t, p, "a second line", `document.querySelectorAll(".rows tbody tr").length === 2`)
	wait(t, p, "the focus in it", `document.activeElement.name === "lines.1.description"`)
	if p.Value("#f-lines-0-description") != "Fauteuils" || p.Value("#f-lines-1-vat_code") != "S055B" || p.Value("#f-lines-1-quantity") != "1" {
		t.Error("adding a line lost something")
	}
	p.Fill("#f-lines-1-description", "Livraison")
	p.Fill("#f-lines-1-unit_price", "abc")
	p.WaitText("#net-1", "–")
	p.Fill("#f-lines-1-unit_price", "100")
	p.WaitText("#net-1", "100,00 €")
	p.Press("Supprimer la ligne 1")
	wait(t, p, "one line", `document.querySelectorAll(".rows tbody tr").length === 1`)
	p.WaitText("#totals", "Total TTC 105,50 €")
	if p.Value("#f-lines-0-description") != "Livraison" {
		t.Error("the wrong line was removed")
	}
	if !browsertest.Eval[bool](p.Page, "window.sameDocument === true") {
		t.Error("the editor loaded a whole page")
	}

	// Enter in a field works out the totals; it neither removes a line nor saves.
	browsertest.Eval[bool](p.Page, `document.querySelector("#f-lines-0-quantity").focus() || true`)
	p.Leave(func() { p.Key(kb.Enter) })
	p.WaitText("#totals", "Total TTC 105,50 €")
	if !strings.HasSuffix(p.URL(), "/quotes/new") || p.Value("#f-lines-0-description") != "Livraison" {
		t.Errorf("Enter led to %s", p.URL())
	}

	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText("main", "Devis enregistré.")
	p.WaitText("main", "105,50 €")
}

// What is refused is said at the field, in the summary too, and led to by it.
func TestMistakesAreShownWhereTheyAre(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	p.Tolerate("422")
	p.Open("/invoices/new?customer=" + s.customers[0].ID)
	p.Fill("#f-lines-0-description", "Conseil")
	p.Fill("#f-lines-0-quantity", "beaucoup")
	p.Fill("#f-due_date", "2026-06-01")
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText(".summary", "points sont à corriger")
	p.Accessible()
	p.Screenshot("invoice-errors", 1280)
	p.Screenshot("invoice-errors", 390)
	p.Click(".summary a")
	if got := browsertest.Eval[string](p.Page, "location.hash"); !strings.HasPrefix(got, "#f-") {
		t.Errorf("the summary leads to %q", got)
	}

	p.Open("/quotes/" + s.quote.ID)
	p.FillLabel("Libellé", "Encore un")
	p.FillLabel("ou montant TTC", "100")
	p.FillLabel("Mode de règlement", s.method(t, "PAYPAL").ID)
	p.Leave(func() { p.Press("Ajouter") })
	p.WaitText("#deposit-form", "L'acompte 1 de ce devis est déjà payable en ligne, et un seul peut l'être. Donnez à celui-ci un autre mode de règlement.")
	if p.Attribute("#f-method_id", "aria-invalid") != "true" || p.Value("#f-label") != "Encore un" {
		t.Error("the field is not marked, or what was typed is lost")
	}
	p.Accessible()
	p.Screenshot("second-online-deposit", 1280)
	p.Screenshot("second-online-deposit", 390)
}

// The whole job of a clerk without JavaScript: customer, quote with a deposit, sending.
func TestSellingWithoutScripts(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	p.Scripts(false)
	p.Tolerate("422")
	p.Open("/customers")
	p.Leave(func() { p.Press("Nouveau client") })
	p.FillLabel("Nom", "Scierie du Haut-Jura")
	p.FillLabel("E-mail", "scierie")
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText(".summary", "n'est pas une adresse e-mail valable")
	p.FillLabel("E-mail", "scierie@exemple.fr")
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText("main", "Client Scierie du Haut-Jura ajouté.")
	p.Leave(func() { p.Press("Nouveau devis") })
	if got := p.Value("#f-customer_id"); got != "C0006 · Scierie du Haut-Jura" {
		t.Errorf("the customer is %q", got)
	}
	p.Fill("#f-lines-0-description", "Bardage")
	p.Fill("#f-lines-0-quantity", "40")
	p.Fill("#f-lines-0-unit", "m²")
	p.Fill("#f-lines-0-unit_price", "32")
	p.Leave(func() { p.Press("Recalculer", ".lines-foot") })
	p.WaitText("#totals", "Total TTC 1 536,00 €")
	p.Leave(func() { p.Press("Ajouter une ligne") })
	p.Fill("#f-lines-1-description", "Pose")
	p.Fill("#f-lines-1-unit_price", "600")
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText("main", "2 256,00 €")

	p.FillLabel("Pourcentage", "40")
	p.FillLabel("Mode de règlement", s.method(t, "CB").ID)
	p.Leave(func() { p.Press("Ajouter") })
	p.WaitText("#deposits", "902,40 €")
	p.Leave(func() { p.Press("Valider") })
	p.WaitText("#deposits", "Demandé")
	p.Leave(func() { p.Press("Envoyer") })
	p.WaitText("main", "Oui, 902,40 €")
	p.Leave(func() { p.Press("Envoyer", ".confirm") })
	p.WaitText("main", "envoyé à scierie@exemple.fr.")

	// Filters and order of lists.
	p.Open("/invoices")
	p.Leave(func() { p.Press("En retard", ".tabs") })
	p.Fill("#q-q", "garage")
	p.Leave(func() { p.Press("Filtrer") })
	if n := p.Count("#invoices tbody tr"); n != 1 {
		t.Errorf("%d overdue invoices of the garage", n)
	}
	p.Leave(func() { p.Click(`thead a[href*="sort=balance"]`) })
	if !strings.Contains(p.URL(), "view=overdue") || !strings.Contains(p.URL(), "q=garage") {
		t.Errorf("sorting loses the filters: %s", p.URL())
	}
}

// The list follows the filters as they are typed, within the view.
func TestTheListFollows(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	p.Open("/invoices?view=due")
	browsertest.Eval[bool](p.Page, "window.sameDocument = true")
	p.Fill("#q-q", "pont-neuf")
	wait(t, p, "one row", `document.querySelectorAll("#invoices tbody tr").length === 1`)
	p.WaitURL("view=due")
	p.WaitURL("q=pont-neuf")
	p.Fill("#q-q", "personne")
	p.WaitText("#invoices-list", "Aucun résultat avec ces filtres.")
	if !browsertest.Eval[bool](p.Page, "window.sameDocument === true") {
		t.Error("the filters load a whole page")
	}
}

// An invoice is issued and sent by keyboard alone.
func TestKeyboardAlone(t *testing.T) {
	s := newStory(t)
	v, err := s.CreateInvoice(ctx, s.Owner, app.InvoiceInput{CustomerID: s.customers[0].ID, Lines: []billing.DocLine{line("Table", "1", "800", "S20B")}})
	if err != nil {
		t.Fatal(err)
	}
	p := s.enter(t)
	p.Open("/invoices/" + v.ID)
	tabTo := func(label string) {
		t.Helper()
		for range 60 {
			p.Key(kb.Tab)
			if browsertest.Eval[string](p.Page, `(document.activeElement.innerText || "").trim()`) == label {
				if !browsertest.Eval[bool](p.Page, `document.activeElement.matches(":focus-visible")`) {
					t.Errorf("%s does not show its focus", label)
				}
				return
			}
		}
		t.Fatalf("%s cannot be reached by tabbing", label)
	}
	tabTo("Envoyer")
	p.Leave(func() { p.Key(kb.Enter) })
	tabTo("Émettre et envoyer")
	p.Leave(func() { p.Key(kb.Enter) })
	p.WaitText("main", "envoyée à compta@troisepis.example.")
}

// A statement is printed without what is of no use on paper.
func TestAStatementIsPrinted(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	p.Print(true)
	for name, path := range map[string]string{"statement": "/customers/" + s.customers[0].ID + "/statement?from=2026-01-01&to=2026-12-31", "invoice": "/invoices/" + s.final.ID} {
		p.Open(path)
		for _, hidden := range []string{".top", ".sidebar", ".actions", ".filters", ".foot", ".limit", ".toolbar"} {
			if browsertest.Eval[bool](p.Page, `[...document.querySelectorAll("`+hidden+`")].some((e) => e.checkVisibility())`) {
				t.Errorf("%s: %s is printed", name, hidden)
			}
		}
		p.Screenshot("print-"+name, 800)
	}
}

func TestDarkPages(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	p.Dark(true)
	for name, path := range map[string]string{"invoices": "/invoices", "invoice": "/invoices/" + s.final.ID, "quote": "/quotes/" + s.quote.ID, "editor": "/invoices/" + s.draft.ID + "/edit"} {
		p.Open(path)
		p.Accessible()
		p.Screenshot("dark-"+name, 1280)
	}
}

// wait waits for a condition of the page.
func wait(t *testing.T, p browser, what, condition string) {
	t.Helper()
	if !browsertest.Eval[bool](p.Page, `new Promise((done) => {
		const end = performance.now() + 10000;
		const look = () => (`+condition+`) ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 20);
		look();
	})`) {
		t.Fatalf("waited in vain for %s", what)
	}
}

// However slow the answers are, the totals shown in the end are those of what was typed last.
func TestTheTotalsAreThoseOfTheLastTyping(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	p.Open("/quotes/new?customer=" + s.customers[0].ID)
	// Requests wait until the test lets them go.
	browsertest.Eval[bool](p.Page, `(() => {
		const send = window.fetch;
		window.held = [];
		window.release = () => { window.fetch = send; window.held.reverse().forEach((go) => go()); return true; };
		window.fetch = (address, how) => new Promise((answer, fail) => {
			how?.signal?.addEventListener("abort", () => fail(new DOMException("", "AbortError")));
			window.held.push(() => send(address, how).then(answer, fail));
		});
		return true;
	})()`)
	p.Fill("#f-lines-0-description", "Fauteuils")
	for _, typed := range []struct{ field, value string }{{"quantity", "10"}, {"unit_price", "100"}, {"discount", "50"}} {
		before := browsertest.Eval[int](p.Page, "window.held.length")
		p.Fill("#f-lines-0-"+typed.field, typed.value)
		wait(t, p, "a request", "window.held.length > "+itoa(int64(before)))
	}
	browsertest.Eval[bool](p.Page, "window.release()")
	p.WaitText("#totals", "Total HT 500,00 €")
	p.WaitText("#net-0", "500,00 €")
}
