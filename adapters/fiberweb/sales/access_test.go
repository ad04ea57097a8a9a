package sales_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/party"
)

// reads are the pages that everybody in a company may open; acts are the addresses that only sellers may, with a page to
// ask (GET) where asks is set, and what is sent (POST) where posts is set. %c, %q, %d, %i stand for a customer, a quote,
// its deposit and an invoice.
var reads = []string{"/customers", "/customers/suggest", "/customers/%c", "/customers/%c/statement?from=2026-01-01&to=2026-12-31", "/quotes", "/quotes/%q", "/quotes/%q/pdf", "/invoices",
	"/invoices/%i", "/invoices/%i/pdf"}

var acts = []struct {
	path        string
	asks, posts bool
}{
	{"/customers/new", true, true}, {"/customers/%c/edit", true, true},
	{"/quotes/new", true, true}, {"/quotes/%q/edit", true, true}, {"/quotes/%q/send", true, true}, {"/quotes/%q/accept", false, true},
	{"/quotes/%q/refuse", true, true}, {"/quotes/%q/invoice", true, true}, {"/quotes/%q/deposits", false, true},
	{"/quotes/%q/deposits/%d/validate", false, true}, {"/quotes/%q/deposits/%d/cancel", true, true}, {"/quotes/%q/deposits/%d/link", true, true},
	{"/invoices/new", true, true}, {"/invoices/%i/edit", true, true}, {"/invoices/%i/issue", true, true}, {"/invoices/%i/send", true, true},
	{"/invoices/%i/remind", true, true}, {"/invoices/%i/discard", true, true}, {"/invoices/%i/credit", false, true}, {"/invoices/%i/link", true, true},
}

func filled(path, customer, quote, deposit, invoice string) string {
	return strings.NewReplacer("%c", customer, "%q", quote, "%d", deposit, "%i", invoice).Replace(path)
}

// goods are a customer, a quote with a draft deposit and a draft invoice in the books of an actor's company.
func (h house) goods(t *testing.T, who access.Actor) (party.Customer, billing.Quote, billing.Invoice) {
	t.Helper()
	c, err := h.CreateCustomer(ctx, who, party.Customer{Name: "Autre client", Email: "autre@exemple.fr"})
	if err != nil {
		t.Fatal(err)
	}
	setup, err := h.Books.Setup(ctx, who.Company)
	if err != nil {
		t.Fatal(err)
	}
	var transfer string
	for _, m := range setup.Methods {
		if m.Code == "VIR" {
			transfer = m.ID
		}
	}
	lines := []billing.DocLine{line("Conseil", "2", "100", "S20S")}
	q, err := h.CreateQuote(ctx, who, app.QuoteInput{CustomerID: c.ID, Lines: lines})
	if err == nil {
		q, err = h.SetDeposit(ctx, who, q.ID, 0, app.DepositInput{Amount: 5000, MethodID: transfer})
	}
	if err != nil {
		t.Fatal(err)
	}
	v, err := h.CreateInvoice(ctx, who, app.InvoiceInput{CustomerID: c.ID, Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	return c, q, v
}

func TestWhoMayNotSellChangesNothing(t *testing.T) {
	h := newHouse(t)
	c, q, v := h.goods(t, h.Owner)
	v2 := h.as(t, access.Auditor)
	for _, path := range reads {
		v2.get(filled(path, c.ID, q.ID, q.Deposits[0].ID, v.ID)).want(t, 200)
	}
	// Pages show nobody a button that would be refused.
	v2.get("/customers").without(t, "Nouveau client")
	v2.get("/customers/"+c.ID).without(t, "Modifier", "Nouvelle facture", "Nouveau devis")
	v2.get("/quotes/"+q.ID).without(t, "Envoyer", "Accepter", "Refuser", "Facturer", "Valider", "Annuler", "Nouvel acompte")
	v2.get("/invoices/"+v.ID).without(t, "Envoyer", "Émettre", "Supprimer le brouillon", "Modifier")
	before := h.snapshot(t)
	for _, a := range acts {
		path := filled(a.path, c.ID, q.ID, q.Deposits[0].ID, v.ID)
		if a.asks {
			v2.get(path).want(t, http.StatusForbidden, "Votre profil ne permet pas cette action")
		}
		if a.posts {
			v2.post(path, "name", "Pirate", "act", "revoke").want(t, http.StatusForbidden, "Votre profil ne permet pas cette action")
		}
	}
	if after := h.snapshot(t); after != before {
		t.Errorf("an auditor changed something:\n%s\n%s", before, after)
	}
}

// snapshot is what can be changed on these screens, as text.
func (h house) snapshot(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	customers, err := h.Views.Customers(ctx, h.Company.ID, app.CustomerQuery{Paging: app.Paging{Limit: 200}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range customers.Items {
		b.WriteString(c.ID + " " + c.Name + " " + string(c.Email) + " " + itoa(c.Version) + "\n")
	}
	quotes, err := h.Views.Quotes(ctx, h.Company.ID, app.QuoteQuery{Paging: app.Paging{Limit: 200}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range quotes.Items {
		q, err := h.Views.Quote(ctx, h.Company.ID, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(q.ID + " " + string(q.State) + " " + itoa(q.Version) + "\n")
	}
	invoices, err := h.Views.Invoices(ctx, h.Company.ID, app.InvoiceQuery{Paging: app.Paging{Limit: 200}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range invoices.Items {
		v, err := h.Views.Invoice(ctx, h.Company.ID, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(v.ID + " " + string(v.Life) + " " + itoa(v.Version) + "\n")
		if l, err := h.Views.PayLink(ctx, h.Company.ID, r.ID); err == nil {
			b.WriteString("link " + itoa(l.Version) + "\n")
		}
	}
	mails, err := h.Views.Mails(ctx, h.Company.ID, app.MailQuery{Paging: app.Paging{Limit: 200}})
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("mails " + itoa(int64(len(mails.Items))))
	return b.String()
}

// What belongs to another company does not exist in this one, even for somebody who is a member of both; nor does what
// exists nowhere.
func TestThingsOfAnotherCompanyAreNotFound(t *testing.T) {
	h := newHouse(t)
	second, err := h.CreateCompany(ctx, app.NewCompany{Company: party.Company{Name: "Deuxième", SIREN: "732829320", VATNumber: "FR44732829320", TestBooks: true,
		Address: party.Address{Street: "2 rue Neuve", City: "Lyon", Country: "FR"}}}, h.User)
	if err != nil {
		t.Fatal(err)
	}
	there := h.Owner
	there.Company = second.ID
	c, q, v := h.goods(t, there)
	mine, myQuote, _ := h.goods(t, h.Owner)
	me := h.as(t, access.Owner)
	before := h.snapshot(t)
	for _, which := range [][4]string{
		{c.ID, q.ID, q.Deposits[0].ID, v.ID},
		{ids.New(ids.Customer), ids.New(ids.Quote), ids.New(ids.Deposit), ids.New(ids.Invoice)},
		{"1", "%27%20OR%201=1", "x", "..%2f..%2fetc"},
	} {
		for _, path := range reads {
			if strings.Contains(path, "%") {
				me.get(filled(path, which[0], which[1], which[2], which[3])).want(t, http.StatusNotFound)
			}
		}
		for _, a := range acts {
			if !strings.Contains(a.path, "%") {
				continue
			}
			path := filled(a.path, which[0], which[1], which[2], which[3])
			if a.asks {
				me.get(path).want(t, http.StatusNotFound)
			}
			if a.posts {
				me.post(path, "name", "X", "act", "revoke", "method_id", "x", "amount", "1").want(t, http.StatusNotFound)
			}
		}
		// A deposit of another quote is none of this one's.
		me.get("/quotes/"+myQuote.ID+"/deposits/"+which[2]+"/cancel").want(t, http.StatusNotFound)
		me.post("/quotes/"+myQuote.ID+"/deposits/"+which[2]+"/validate").want(t, http.StatusNotFound)
	}
	me.get("/invoices?customer="+c.ID).want(t, http.StatusNotFound)
	me.get("/quotes?customer="+c.ID).want(t, http.StatusNotFound)
	me.get("/quotes/new?customer="+c.ID).want(t, http.StatusNotFound)
	me.get("/quotes/new?from="+q.ID).want(t, http.StatusNotFound)
	me.get("/invoices/new?from="+v.ID).want(t, http.StatusNotFound)
	// Nor can it be named in a form: the customer is looked for in this company only.
	me.post("/invoices/new", docForm(c.Code+" · "+c.Name, "Conseil", "1", "10", "S20S")...).to(t, h, "/invoices/inv_") // the code is that of a customer here as well
	got := me.post("/invoices/new", docForm(c.ID, "Conseil", "1", "10", "S20S")...).want(t, http.StatusUnprocessableEntity, "Introuvable dans cette société")
	if strings.Contains(got.Body, "Deuxième") && !strings.Contains(got.Body, "sheet") {
		t.Error("the answer tells of the other company")
	}
	if mine.Code != c.Code {
		t.Fatalf("the codes differ: %s, %s", mine.Code, c.Code)
	}
	list, err := h.Views.Invoices(ctx, second.ID, app.InvoiceQuery{})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("the other company's invoices: %d, %v", len(list.Items), err)
	}
	if after := strings.Count(h.snapshot(t), "inv_"); after != strings.Count(before, "inv_")+1 {
		t.Errorf("%d invoices after, %s", after, before)
	}
}

func TestVisitorsAreAskedToLogIn(t *testing.T) {
	h := newHouse(t)
	c, q, v := h.goods(t, h.Owner)
	me := &visitor{t: t, h: h, c: h.web.Visitor(t)}
	for _, path := range reads {
		got := me.get(filled(path, c.ID, q.ID, q.Deposits[0].ID, v.ID))
		if got.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/login") {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.Header.Get("Location"))
		}
	}
}

// Without the token of a page of ours nothing is done.
func TestForgedFormsAreRefused(t *testing.T) {
	h := newHouse(t)
	c, q, v := h.goods(t, h.Owner)
	me := h.as(t, access.Owner)
	me.token = "forged"
	before := h.snapshot(t)
	for _, a := range acts {
		if a.posts {
			me.post(filled(a.path, c.ID, q.ID, q.Deposits[0].ID, v.ID), "name", "X").want(t, http.StatusForbidden)
		}
	}
	if after := h.snapshot(t); after != before {
		t.Error("a forged form changed something")
	}
}
