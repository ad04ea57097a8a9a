package sales_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// story is a plausible month of selling.
type story struct {
	house
	conn                               inbox.Connection
	customers                          []party.Customer
	quote, paidQuote                   billing.Quote
	draft, unpaid, paid, partial, late billing.Invoice
	final, credit                      billing.Invoice
}

func newStory(t *testing.T) story {
	t.Helper()
	s := story{house: newHouse(t)}
	s.conn = s.NewConnection(t)
	for _, c := range [][2]string{{"Boulangerie Aux Trois Épis", "compta@troisepis.example"}, {"Éditions du Grand Large", "factures@grandlarge.example"},
		{"Hôtel de la Gare", ""}, {"Garage du Pont-Neuf", "atelier@pontneuf.example"}, {"Mme Sylvie Marchand", "sylvie.marchand@courriel.example"}} {
		s.customers = append(s.customers, s.newCustomer(t, c[0], c[1]))
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cb, vir := s.method(t, "CB").ID, s.method(t, "VIR").ID
	day := func(d int) civil.Date { return civil.Of(2026, 5, d) }
	s.Clock.Set(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC))

	// A quote whose deposit was paid online, and its final invoice.
	q, err := s.CreateQuote(ctx, s.Owner, app.QuoteInput{CustomerID: s.customers[0].ID, Reference: "BC-2041", Note: "Pose comprise. Livraison sous trois semaines.", Lines: []billing.DocLine{
		line("Comptoir en chêne massif, finition huilée", "1", "2400", "S20B"), line("Pose et raccordement\nDeux compagnons, deux jours", "16", "48", "S20S"), line("Étagères murales", "6", "85.50", "S20B")}})
	must(err)
	q, err = s.SetDeposit(ctx, s.Owner, q.ID, 0, app.DepositInput{Label: "À la commande", Percent: decimal.NewFromInt(30), DueDate: day(10), MethodID: cb})
	must(err)
	q, err = s.SetDeposit(ctx, s.Owner, q.ID, 0, app.DepositInput{Label: "À la livraison", Amount: 50000, DueDate: day(28), MethodID: vir})
	must(err)
	q, err = s.ValidateDeposit(ctx, s.Owner, q.ID, q.Deposits[0].ID)
	must(err)
	_, err = s.SendQuote(ctx, s.Owner, q.ID)
	must(err)
	s.Clock.Advance(26 * time.Hour)
	s.paidOnline(t, s.conn, q.Deposits[0].ID, 1840)
	s.paidQuote, err = s.Views.Quote(ctx, s.Company.ID, q.ID)
	must(err)
	s.Clock.Advance(48 * time.Hour)
	final, err := s.InvoiceQuote(ctx, s.Owner, q.ID)
	must(err)
	s.final, err = s.SendInvoice(ctx, s.Owner, final.ID)
	must(err)

	// An open quote with two deposits, one of them online.
	s.Clock.Advance(24 * time.Hour)
	q, err = s.CreateQuote(ctx, s.Owner, app.QuoteInput{CustomerID: s.customers[1].ID, Lines: []billing.DocLine{
		line("Agencement du hall d'accueil", "1", "8900", "S20S"), line("Signalétique", "12", "64", "S20B"), line("Guide d'entretien imprimé", "40", "6.50", "S055B")}})
	must(err)
	q, err = s.SetDeposit(ctx, s.Owner, q.ID, 0, app.DepositInput{Label: "À la commande", Percent: decimal.NewFromInt(30), MethodID: cb})
	must(err)
	q, err = s.ValidateDeposit(ctx, s.Owner, q.ID, q.Deposits[0].ID)
	must(err)
	s.quote, err = s.SetDeposit(ctx, s.Owner, q.ID, 0, app.DepositInput{Label: "Mi-parcours", Percent: decimal.NewFromInt(20), MethodID: vir})
	must(err)

	s.late = s.issued(t, s.customers[3], "640")
	s.partial = s.issued(t, s.customers[1], "1250")
	s.paid = s.issued(t, s.customers[0], "390")
	s.Clock.Advance(5 * 24 * time.Hour)
	_, err = s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: s.customers[1].ID, Amount: apptest.EUR(60000), MethodID: vir, Reference: "VIR 8841",
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: s.partial.ID, Amount: 60000}}})
	must(err)
	s.paidOnline(t, s.conn, s.paid.ID, 725)
	s.Clock.Set(time.Date(2026, 6, 14, 9, 30, 0, 0, time.UTC))
	s.unpaid = s.issued(t, s.customers[4], "149.90")
	s.credit, err = s.CreateCreditNote(ctx, s.Owner, s.partial.ID)
	must(err)
	s.draft, err = s.CreateInvoice(ctx, s.Owner, app.InvoiceInput{CustomerID: s.customers[2].ID, Lines: []billing.DocLine{line("Chevets en frêne", "24", "119", "S20B")}})
	must(err)
	s.Clock.Set(apptest.Epoch.Add(24 * time.Hour))
	return s
}

func (s story) enter(t *testing.T) browser {
	t.Helper()
	base := s.web.Serve(t) // before the browser, which is closed first: its open connections would keep the server from ending
	p := browser{browsertest.New(t), base + s.at("")}
	p.Open("/quotes") // and is asked to log in
	p.FillLabel("Adresse e-mail", screentest.Address(access.Owner))
	p.FillLabel("Mot de passe", screentest.Password)
	p.Leave(func() { p.Press("Se connecter") })
	return p
}

// browser is a real one, whose addresses are those of the company's pages.
type browser struct {
	*browsertest.Page
	base string
}

// Open goes to a page of the company.
func (b browser) Open(path string) int { return b.Page.Open(b.base + path) }

// Every page, wide and narrow, is accessible and scrolls in one direction only.
func TestPagesAreFitToBeSeen(t *testing.T) {
	s := newStory(t)
	p := s.enter(t)
	for name, path := range map[string]string{
		"customers": "/customers", "customer": "/customers/" + s.customers[0].ID, "customer-no-email": "/customers/" + s.customers[2].ID,
		"customer-new": "/customers/new", "customer-edit": "/customers/" + s.customers[0].ID + "/edit", "statement": "/customers/" + s.customers[0].ID + "/statement",
		"quotes": "/quotes", "quote": "/quotes/" + s.quote.ID, "quote-invoiced": "/quotes/" + s.paidQuote.ID, "quote-new": "/quotes/new", "quote-edit": "/quotes/new?from=" + s.quote.ID,
		"quote-send": "/quotes/" + s.quote.ID + "/send", "quote-refuse": "/quotes/" + s.quote.ID + "/refuse", "quote-invoice": "/quotes/" + s.quote.ID + "/invoice",
		"deposit-edit":   "/quotes/" + s.quote.ID + "?deposit=" + s.quote.Deposits[1].ID,
		"deposit-cancel": "/quotes/" + s.quote.ID + "/deposits/" + s.quote.Deposits[0].ID + "/cancel",
		"deposit-link":   "/quotes/" + s.quote.ID + "/deposits/" + s.quote.Deposits[0].ID + "/link?do=revoke",
		"invoices":       "/invoices", "invoices-due": "/invoices?view=due&sort=-balance", "invoices-none": "/invoices?view=disputed",
		"invoice-draft": "/invoices/" + s.draft.ID, "invoice-final": "/invoices/" + s.final.ID, "invoice-paid": "/invoices/" + s.paid.ID, "invoice-partial": "/invoices/" + s.partial.ID,
		"invoice-late": "/invoices/" + s.late.ID, "invoice-edit": "/invoices/" + s.draft.ID + "/edit", "invoice-deposit": "/invoices/" + s.final.Deductions[0].InvoiceID,
		"invoice-send-blocked": "/invoices/" + s.draft.ID + "/send", "invoice-send": "/invoices/" + s.late.ID + "/send", "invoice-issue": "/invoices/" + s.draft.ID + "/issue",
		"invoice-remind": "/invoices/" + s.late.ID + "/remind", "invoice-discard": "/invoices/" + s.draft.ID + "/discard", "credit-edit": "/invoices/" + s.credit.ID + "/edit",
		"credit": "/invoices/" + s.credit.ID, "invoice-link": "/invoices/" + s.late.ID + "/link?do=renew",
	} {
		if status := p.Open(path); status != 200 {
			t.Errorf("%s: %d", name, status)
			continue
		}
		if got := p.Text("body"); strings.Contains(got, "⟦") {
			t.Errorf("%s: a text is missing", name)
		}
		p.Accessible()
		for _, width := range []int{1280, 390} {
			p.Resize(width)
			if over := browsertest.Eval[int](p.Page, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
				t.Errorf("%s is %d pixels wider than a window of %d", name, over, width)
			}
			if width == 390 && slices.Contains([]string{"invoices", "invoice-paid", "quote", "quote-new", "customer", "customer-new", "statement"}, name) {
				p.Accessible() // one page of each layout
			}
			if os.Getenv("ACQUIT_SHOTS") != "" { // seventy pictures that nobody looks at take half a minute
				p.Screenshot(name, width)
			}
		}
		p.Resize(1280)
	}
}
