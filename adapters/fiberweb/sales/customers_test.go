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
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

func TestCustomersAreListed(t *testing.T) {
	h := newHouse(t)
	me := h.as(t, access.Sales)
	me.get("/customers").want(t, 200, "Aucun client pour l'instant", "Nouveau client")
	due := h.newCustomer(t, "Zinguerie Lambert", "zinc@exemple.fr")
	gone := h.newCustomer(t, "Ancien client", "ancien@exemple.fr")
	gone.Active = false
	if _, err := h.UpdateCustomer(ctx, h.Owner, gone); err != nil {
		t.Fatal(err)
	}
	h.newCustomer(t, "<script>alert(1)</script> & Fils", "")
	h.issued(t, due, "100")
	page := me.get("/customers").want(t, 200, "Zinguerie Lambert", "120,00 €", "Sans e-mail", "Inactif", "Ancien client")
	if strings.Contains(page.Body, "<script>alert") {
		t.Error("a name runs as a script")
	}
	me.get("/customers?active=yes").want(t, 200, "Zinguerie Lambert").without(t, "Ancien client")
	me.get("/customers?active=no").want(t, 200, "Ancien client").without(t, "Zinguerie")
	me.get("/customers?q=zinguerie").want(t, 200, "Zinguerie Lambert").without(t, "Ancien client")
	me.get("/customers?q=personne").want(t, 200, "Aucun résultat avec ces filtres").without(t, "Nouveau client Aucun")

	first := func(query, want string) {
		t.Helper()
		text := me.get("/customers?"+query).want(t, 200).text()
		at := strings.Index(text, want)
		for _, other := range []string{"Zinguerie", "Ancien", "alert(1)"} {
			if i := strings.LastIndex(text, other); other != want && i < at {
				t.Errorf("%s: %s is not first", query, want)
			}
		}
	}
	first("sort=-name", "Zinguerie")
	first("sort=-code", "alert(1)")
	first("sort=code", "Zinguerie")
}

func TestCustomersArePaged(t *testing.T) {
	h := newHouse(t)
	for i := range 45 {
		h.newCustomer(t, fmt.Sprintf("Client %02d", i), "")
	}
	me := h.as(t, access.Sales)
	page := me.get("/customers").want(t, 200, "Client 00", "Client 39", "Suivants").without(t, "Client 40", "Précédents")
	next := link(t, page, "next")
	second := me.follow(next).want(t, 200, "Client 40", "Client 44", "Précédents").without(t, "Client 39", "Suivants")
	me.follow(link(t, second, "prev")).want(t, 200, "Client 00", "Client 39").without(t, "Client 40")
	me.get("/customers?after=nonsense").want(t, http.StatusUnprocessableEntity, "revenez au début de la liste")
}

func TestACustomerIsAdded(t *testing.T) {
	h := newHouse(t)
	me := h.as(t, access.Sales)
	me.get("/customers/new").want(t, 200, "Laissez vide", "Nécessaire pour lui envoyer ses pièces et lui proposer le paiement en ligne")
	path := me.post("/customers/new", "code", "", "name", " Menuiserie Lefèvre ", "kind", "business", "email", "Compta@Lefevre.example", "phone", "04 78 00 00 00",
		"siren", "732 829 320", "vat_number", "FR 44 732829320", "language", "fr", "method_id", h.method(t, "CB").ID, "note", "Payer vite\r\nMerci",
		"address.street", "1 rue Neuve", "address.postal_code", "69001", "address.city", "Lyon", "address.country", "fr", "deliver_to.street", "", "deliver_to.country", "").to(t, h, "/customers/cus_")
	me.get(path).want(t, 200, "Client Menuiserie Lefèvre ajouté.", "C0001", "Compta@lefevre.example", "732829320", "FR44732829320", "1 rue Neuve", "Carte bancaire en ligne", "Client ajouté")
	c, err := h.Views.CustomerByCode(ctx, h.Company.ID, "C0001")
	if err != nil || c.Name != "Menuiserie Lefèvre" || c.Note != "Payer vite\nMerci" || !c.DeliverTo.IsZero() || c.Kind != party.Business || !c.Active {
		t.Errorf("%+v, %v", c, err)
	}
	// A code that was chosen, another language, a private person, another place to deliver to.
	me.post("/customers/new", "code", "mart", "name", "Sylvie Martin", "kind", "consumer", "language", "en", "address.country", "BE", "deliver_to.street", "Quai 3",
		"deliver_to.city", "Gand", "deliver_to.country", "BE").to(t, h, "/customers/cus_")
	c, err = h.Views.CustomerByCode(ctx, h.Company.ID, "MART")
	if err != nil || c.Kind != party.Consumer || c.Language != "en" || c.DeliverTo.City != "Gand" {
		t.Errorf("%+v, %v", c, err)
	}
	me.get("/customers/"+c.ID).want(t, 200, "Ce client n'a pas d'adresse e-mail", "Ajouter son adresse", "Gand")
}

func TestABadCustomerIsRefusedAtItsFields(t *testing.T) {
	h := newHouse(t)
	taken := h.newCustomer(t, "Premier", "premier@exemple.fr")
	me := h.as(t, access.Sales)
	before := h.snapshot(t)
	good := map[string]string{"name": "Nouveau", "kind": "business", "language": "fr", "address.country": "FR"}
	for _, bad := range []struct{ field, value, says string }{
		{"name", "", "Ce champ est obligatoire"},
		{"name", strings.Repeat("é", 121), "120 caractères au plus"},
		{"code", "A B", "n'est pas un code accepté"},
		{"code", taken.Code, "Existe déjà : client " + taken.Code},
		{"email", "pas une adresse", "n'est pas une adresse e-mail valable"},
		{"email", "a@b\r\nBcc: x@y.fr", "n'est pas une adresse e-mail valable"},
		{"siren", "123456789", "n'est pas un numéro SIREN"},
		{"vat_number", "FR00732829320", "n'est pas un numéro de TVA intracommunautaire valable"},
		{"address.country", "France", "2 caractères au plus"},
		{"address.country", "1", "n'est pas un code pays"},
		{"deliver_to.city", "Gand", "n'est pas un code pays"}, // its country is missing
		{"kind", "martian", "n'est pas un choix possible"},
		{"language", "de", "n'est pas un choix possible"},
		{"method_id", "pm_nothing", "Introuvable dans cette société : mode de règlement"},
		{"note", strings.Repeat("x", 2001), "2000 caractères au plus"},
		{"phone", "04\x0078", "ne sont pas acceptés ici"},
	} {
		var pairs []string
		for name, value := range good {
			if name != bad.field {
				pairs = append(pairs, name, value)
			}
		}
		got := me.post("/customers/new", append(pairs, bad.field, bad.value)...).want(t, http.StatusUnprocessableEntity, bad.says)
		at := bad.field
		if bad.field == "deliver_to.city" {
			at = "deliver_to.country"
		}
		if !strings.Contains(got.Body, `id="f-`+strings.ReplaceAll(at, ".", "-")+`-error"`) {
			t.Errorf("%s=%q is not refused at its field", bad.field, bad.value)
		}
		// What was typed is there to be mended.
		if bad.field == "name" && bad.value != "" && !strings.Contains(got.Body, bad.value) {
			t.Error("what was typed is lost")
		}
	}
	if after := h.snapshot(t); after != before {
		t.Errorf("bad input changed something:\n%s\n%s", before, after)
	}
}

func TestACustomerIsChanged(t *testing.T) {
	h := newHouse(t)
	c := h.newCustomer(t, "Avant", "avant@exemple.fr")
	me := h.as(t, access.Sales)
	me.get("/customers/"+c.ID+"/edit").want(t, 200, "Modifier le client").without(t, "Laissez vide : le prochain code")
	form := []string{"code", "HACKED", "name", "Après", "kind", "business", "email", "apres@exemple.fr", "language", "fr", "address.country", "FR", "active", "on", "version", itoa(c.Version)}
	me.post("/customers/"+c.ID+"/edit", form...).to(t, h, "/customers/"+c.ID)
	now, err := h.Views.Customer(ctx, h.Company.ID, c.ID)
	if err != nil || now.Name != "Après" || now.Code != c.Code || !now.Active {
		t.Errorf("%+v, %v", now, err)
	}
	// The same form again was made from a version that is gone: somebody else's change is not overwritten.
	me.post("/customers/"+c.ID+"/edit", form...).want(t, http.StatusUnprocessableEntity, "Sam Ventes a modifié cette fiche entre-temps")
	me.post("/customers/"+c.ID+"/edit", "name", "Après", "kind", "business", "language", "fr", "address.country", "FR", "version", itoa(now.Version)).to(t, h, "/customers/"+c.ID)
	if now, _ = h.Views.Customer(ctx, h.Company.ID, c.ID); now.Active || now.Email != "" {
		t.Errorf("%+v", now)
	}
	// Inactive customers are not offered any more, but are still found by their code.
	me.get("/customers/suggest?customer_id=apr").want(t, 200).without(t, "Après")
}

func TestACustomersPage(t *testing.T) {
	h := newHouse(t)
	conn := h.NewConnection(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	other := h.newCustomer(t, "Un autre", "autre@exemple.fr")
	late := h.issued(t, c, "100")
	paid := h.issued(t, c, "50")
	h.issued(t, other, "999")
	h.paidOnline(t, conn, paid.ID, 100)
	if _, err := h.CreateQuote(ctx, h.Owner, app.QuoteInput{CustomerID: c.ID, Lines: []billing.DocLine{line("Étude", "1", "77", "S20S")}}); err != nil {
		t.Fatal(err)
	}
	h.Clock.Set(late.DueDate.AddDays(2).Time())
	me := h.as(t, access.Sales)
	me.get("/customers/"+c.ID).want(t, 200, "Solde dû 120,00 €", "En retard 120,00 €", late.Number, "Devis brouillon", "92,40 €").without(t, paid.Number, "999,00", "1 198,80 €")
	if _, err := h.RecordReceipt(ctx, h.Owner, app.ReceiptInput{CustomerID: c.ID, Amount: apptest.EUR(15000), MethodID: h.method(t, "VIR").ID,
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: late.ID, Amount: 12000}}}); err != nil {
		t.Fatal(err)
	}
	me.get("/customers/"+c.ID).want(t, 200, "Solde dû 0,00 €", "Trop-perçu 30,00 € à imputer ou à rembourser", "Rien à régler.")
}

func TestAStatement(t *testing.T) {
	h := newHouse(t)
	conn := h.NewConnection(t)
	c := h.newCustomer(t, "Dupont SA", "compta@dupont.example")
	old := h.issued(t, c, "100") // 16 June
	h.Clock.Set(h.Clock.Now().AddDate(0, 1, 0))
	fresh := h.issued(t, c, "200") // 16 July
	h.paidOnline(t, conn, old.ID, 300)
	me := h.as(t, access.Auditor)
	path := "/customers/" + c.ID + "/statement"
	usual := me.get(path).to(t, h, path+"?from=2026-01-01&to=2026-07-16")
	me.get(usual).want(t, 200, "Solde avant le 01/01/2026 0,00 €", "Débit de la période 360,00 €", "Crédit de la période 120,00 €", "Solde au 16/07/2026 240,00 € dû par le client",
		old.Number, fresh.Number)
	// The balance is carried forward into a period, and runs through it.
	me.get(path+"?from=2026-07-01&to=2026-07-31").want(t, 200, "Solde avant le 01/07/2026 120,00 €", "360,00 €", "240,00 €").without(t, "16/06/2026")
	me.get(path+"?from=2026-01-01&to=2026-06-30").want(t, 200, "Solde au 30/06/2026 120,00 €").without(t, fresh.Number)
	me.get(path+"?from=2030-01-01&to=2030-12-31").want(t, 200, "Aucun mouvement sur cette période", "Solde avant le 01/01/2030 240,00 €")
	me.get(path+"?from=2026-07-31&to=2026-07-01").want(t, http.StatusUnprocessableEntity, "n'est pas une date valable")
	me.get(path+"?from=hier&to=2026-07-01").want(t, http.StatusUnprocessableEntity, "« hier » n'est pas une date valable")
}
