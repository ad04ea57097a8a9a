package bunstore_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// library founds books in which every search has something to find and something to leave.
func library(t *testing.T, d *database) *books.Books {
	t.Helper()
	b := bookstest.Found(t, d, "co_other")
	must(t, b.Write(ctx, company, func(_ context.Context, tx *books.Tx) error {
		for i, name := range []string{"Étoile du Nord", "Dupont & Fils", "Café de l'Œuvre", "100% Bio", "Martin_Durand", "étienne DUPOND"} {
			c := party.Customer{ID: fmt.Sprintf("cus_%d", i), Code: fmt.Sprintf("C%04d", i), Name: name, Email: party.Email(fmt.Sprintf("contact.%d@exemple.fr", i))}
			tx.Customers.Put(c)
			tx.Quotes.Put(billing.Quote{ID: fmt.Sprintf("quo_%d", i), Number: fmt.Sprintf("DE2026-0000%d", i), CustomerID: c.ID, Reference: []string{"", "Réf 7"}[i%2],
				Deposits: []billing.Deposit{{ID: fmt.Sprintf("dep_%d", i), Position: 1}}})
			tx.Invoices.Put(billing.Invoice{ID: fmt.Sprintf("inv_%d", i), Number: fmt.Sprintf("FA2026-0001%d", i), CustomerID: c.ID, Customer: c, Kind: billing.Standard, Life: billing.Issued,
				Reference: []string{"", "PO 2026/7"}[i%2], Date: civil.Of(2026, 1, 1+i), DueDate: civil.Of(2026, 2, 1+i)})
			tx.Invoices.Put(billing.Invoice{ID: fmt.Sprintf("draft_%d", i), CustomerID: c.ID, Kind: billing.Standard, Life: billing.Draft})
			tx.Receipts.Put(inbox.Receipt{ID: fmt.Sprintf("rec_%d", i), CustomerID: c.ID, Reference: fmt.Sprintf("Chèque %d", i), Amount: money.Of(1, money.EUR),
				Allocations: []inbox.Allocation{{DocumentID: fmt.Sprintf("inv_%d", i), Number: fmt.Sprintf("FA2026-0001%d", i), Amount: 1}}})
			document, kind := fmt.Sprintf("inv_%d", i), inbox.InvoiceDocument
			if i%2 == 1 {
				document, kind = fmt.Sprintf("dep_%d", i), inbox.DepositDocument
			}
			tx.Arrivals.Put(inbox.Arrival{ID: fmt.Sprintf("arr_%d", i), ConnectionID: "gw", Kind: gateway.KindPayment, ExternalID: fmt.Sprintf("ch_A%d", i), Gross: money.Of(1, money.EUR),
				CustomerID: c.ID, Document: kind, DocumentID: document, PayerName: fmt.Sprintf("Zoé Payeur %d", i), PayerEmail: fmt.Sprintf("zoe%d@exemple.fr", i)})
		}
		return nil
	}))
	must(t, b.Write(ctx, "co_other", func(_ context.Context, tx *books.Tx) error {
		tx.Customers.Put(party.Customer{ID: "cus_0", Code: "C0000", Name: "Étoile du Nord"})
		tx.Invoices.Put(billing.Invoice{ID: "inv_0", Number: "FA2026-00010", CustomerID: "cus_0", Kind: billing.Standard, Life: billing.Issued})
		return nil
	}))
	return b
}

// numbered writes the ids prefix_n.
func numbered(prefix string, n ...int) []string {
	var out []string
	for _, i := range n {
		out = append(out, fmt.Sprintf("%s_%d", prefix, i))
	}
	return out
}

func TestSearch(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		b := library(t, d)
		find := func(what, search string, want ...string) {
			t.Helper()
			var got []string
			var err error
			switch what {
			case "customers":
				var p app.Page[app.CustomerRow]
				p, err = d.Customers(ctx, company, app.CustomerQuery{Search: search})
				for _, r := range p.Items {
					got = append(got, r.ID)
				}
			case "quotes":
				var p app.Page[app.QuoteRow]
				p, err = d.Quotes(ctx, company, app.QuoteQuery{Search: search})
				for _, r := range p.Items {
					got = append(got, r.ID)
				}
			case "invoices":
				var p app.Page[app.InvoiceRow]
				p, err = d.Invoices(ctx, company, app.InvoiceQuery{Search: search, Lives: []billing.Life{billing.Issued}})
				for _, r := range p.Items {
					got = append(got, r.ID)
				}
			case "receipts":
				var p app.Page[app.ReceiptRow]
				p, err = d.Receipts(ctx, company, app.ReceiptQuery{Search: search})
				for _, r := range p.Items {
					got = append(got, r.ID)
				}
			case "arrivals":
				var p app.Page[app.ArrivalRow]
				p, err = d.Arrivals(ctx, company, app.ArrivalQuery{Search: search})
				for _, r := range p.Items {
					got = append(got, r.ID)
				}
			}
			must(t, err)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s %q: %v, want %v", what, search, got, want)
			}
		}
		all := []int{0, 1, 2, 3, 4, 5}
		for search, want := range map[string][]int{
			"etoile": {0}, "ÉTOILE": {0}, "Étoile du": {0}, "nord étoile": {0}, "dupon": {1, 5}, "Dupont": {1}, "dupond étienne": {5}, "ét": {0, 5},
			"oeuvre": {2}, "œuvre": {2}, "l'œuvre": {2}, "100%": {3}, "%": nil, "_": nil, "durand": {4}, "martin_d": {4}, "c0003": {3}, "C0003": {3},
			"contact": all, "contact.3@ex": {3}, "exemple": all, "xemple": nil, "zzz": nil, "  ": all, "": all, "dupont martin": nil,
		} {
			find("customers", search, numbered("cus", want...)...)
			if strings.TrimSpace(search) != "" {
				find("invoices", search, numbered("inv", want...)...)
				find("quotes", search, numbered("quo", want...)...)
				find("receipts", search, numbered("rec", want...)...)
			}
		}
		for search, want := range map[string][]int{"FA2026-0001": all, "fa2026-00013": {3}, "FA2026-000": all, "AV2026": nil, "13": {3}, "00013": {3}, "3": {3}, "PO 2026/7": {1, 3, 5}, "po 20": {1, 3, 5}, "2026": nil, "-13": nil} {
			find("invoices", search, numbered("inv", want...)...)
		}
		for search, want := range map[string][]int{"DE2026-00002": {2}, "de2026": all, "2": {2}, "ref 7": {1, 3, 5}, "Réf": {1, 3, 5}} {
			find("quotes", search, numbered("quo", want...)...)
		}
		for search, want := range map[string][]int{"cheque 4": {4}, "Chèque": all, "FA2026-00015": {5}, "fa2026-00015": {5}} {
			find("receipts", search, numbered("rec", want...)...)
		}
		for search, want := range map[string][]int{"ch_A4": {4}, "ch_A": all, "ayeur 2": {2}, "zoe payeur": all, "zoe5@": {5}, "dupont": {1}, "FA2026-00012": {2}, "DE2026-00003": {3}, "%": nil} {
			find("arrivals", search, numbered("arr", want...)...)
		}
		// A customer who changes names is found by the new one, drafts too; what was printed keeps the old.
		must(t, b.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
			c, err := tx.Customers.Get(ctx, "cus_3")
			c.Name = "Zinc Associés"
			tx.Customers.Put(c)
			return err
		}))
		find("customers", "zinc", "cus_3")
		find("customers", "100%")
		p, err := d.Invoices(ctx, company, app.InvoiceQuery{Customer: "cus_3", Sort: "customer"})
		must(t, err)
		if len(p.Items) != 2 || p.Items[0].CustomerName != "100% Bio" || p.Items[1].CustomerName != "Zinc Associés" || p.Items[1].ID != "draft_3" {
			t.Errorf("invoices of the customer: %+v", p.Items)
		}
		// A search is filtered, sorted and paged like any list.
		q := app.InvoiceQuery{Search: "contact", Sort: "date", Desc: true, Settlements: []billing.Settlement{billing.Paid}, Paging: app.Paging{Limit: 4}}
		first, err := d.Invoices(ctx, company, q)
		must(t, err)
		q.Cursor = first.Next
		second, err := d.Invoices(ctx, company, q)
		must(t, err)
		var ids []string
		for _, r := range append(first.Items, second.Items...) {
			ids = append(ids, r.ID)
		}
		if !slices.Equal(ids, numbered("inv", 5, 4, 3, 2, 1, 0)) || second.Next != "" {
			t.Errorf("pages %v", ids)
		}
	})
}

func TestBadCursorsAndSorts(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		library(t, d)
		encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		page, err := d.Invoices(ctx, company, app.InvoiceQuery{Sort: "date", Paging: app.Paging{Limit: 2}})
		must(t, err)
		bad := []string{"x", "!!", encode("{}"), encode("null"), encode("[]"), encode(`{"o":"date","a":["x","y"]}`), encode(`{"o":"date","a":["20260101"]}`),
			encode(`{"o":"date","a":["20260101","a","b"]}`), encode(`{"o":"date","a":["20260101","\u0000"]}`), encode(`{"o":"date","a":["99999999999999999999","a"]}`), encode(`{"o":"nonsense","a":["1","a"]}`)}
		lists := map[string]func(app.Paging) error{
			"customers": func(p app.Paging) error {
				_, err := d.Customers(ctx, company, app.CustomerQuery{Paging: p})
				return err
			},
			"quotes": func(p app.Paging) error {
				_, err := d.Quotes(ctx, company, app.QuoteQuery{Paging: p})
				return err
			},
			"invoices": func(p app.Paging) error {
				_, err := d.Invoices(ctx, company, app.InvoiceQuery{Sort: "date", Paging: p})
				return err
			},
			"arrivals": func(p app.Paging) error {
				_, err := d.Arrivals(ctx, company, app.ArrivalQuery{Paging: p})
				return err
			},
			"receipts": func(p app.Paging) error {
				_, err := d.Receipts(ctx, company, app.ReceiptQuery{Paging: p})
				return err
			},
			"entries": func(p app.Paging) error {
				_, err := d.Entries(ctx, company, app.EntryQuery{Paging: p})
				return err
			},
			"account": func(p app.Paging) error {
				_, err := d.AccountLines(ctx, company, app.AccountQuery{Account: "411000", Paging: p})
				return err
			},
			"mails": func(p app.Paging) error {
				_, err := d.Mails(ctx, company, app.MailQuery{Paging: p})
				return err
			},
		}
		for name, list := range lists {
			for _, c := range bad {
				for _, back := range []bool{false, true} {
					if err := list(app.Paging{Cursor: c, Back: back}); !fault.Has(err, fault.BadCursor) {
						t.Errorf("%s with cursor %q: %v", name, c, err)
					}
				}
			}
			for _, limit := range []int{-5, 0, 1, 1_000_000} {
				must(t, list(app.Paging{Limit: limit}))
			}
			must(t, list(app.Paging{Back: true}))
		}
		// A cursor belongs to one order of one list.
		for _, q := range []app.InvoiceQuery{{Sort: "amount"}, {Sort: "date", Desc: true}} {
			q.Cursor = page.Next
			_, err := d.Invoices(ctx, company, q)
			expect(t, err, fault.BadCursor)
		}
		_, err = d.Invoices(ctx, company, app.InvoiceQuery{Sort: "colour"})
		expect(t, err, fault.BadChoice)
		_, err = d.Quotes(ctx, company, app.QuoteQuery{Sort: "colour"})
		expect(t, err, fault.BadChoice)
		_, err = d.Customers(ctx, company, app.CustomerQuery{Sort: "colour"})
		expect(t, err, fault.BadChoice)
		// What lies beyond the last row is nothing, with a way back.
		beyond := app.Paging{Cursor: encode(`{"o":"date","a":["99991231","zzz"]}`)}
		p, err := d.Invoices(ctx, company, app.InvoiceQuery{Sort: "date", Paging: beyond})
		must(t, err)
		if len(p.Items) != 0 || p.Next != "" || p.Prev == "" {
			t.Errorf("beyond the end: %+v", p)
		}
		p, err = d.Invoices(ctx, company, app.InvoiceQuery{Sort: "date", Paging: app.Paging{Cursor: p.Prev, Back: true, Limit: 3}})
		must(t, err)
		if len(p.Items) != 3 || p.Items[2].ID != "inv_5" || p.Prev == "" {
			t.Errorf("back from beyond the end: %+v", p)
		}
	})
}

// A search for what nearly everything has is bounded, and finds the latest.
func TestSearchIsBounded(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		b := bookstest.Found(t, d)
		must(t, b.Write(ctx, company, func(_ context.Context, tx *books.Tx) error {
			for i := range 120 {
				c := party.Customer{ID: fmt.Sprintf("cus_%03d", i), Code: fmt.Sprintf("C%03d", i), Name: fmt.Sprintf("Client %d", i)}
				tx.Customers.Put(c)
				for n := range 15 {
					tx.Invoices.Put(billing.Invoice{ID: fmt.Sprintf("inv_%03d_%02d", i, n), Number: fmt.Sprintf("FA2026-%05d", i*15+n), CustomerID: c.ID, Customer: c, Date: civil.Of(2026, 1, 1+n),
						Kind: billing.Standard, Life: billing.Issued})
				}
			}
			return nil
		}))
		count := func(search string) (n int, earliest civil.Date) {
			q := app.InvoiceQuery{Search: search, Sort: "date", Paging: app.Paging{Limit: 200}}
			for {
				p, err := d.Invoices(ctx, company, q)
				must(t, err)
				if n == 0 && len(p.Items) > 0 {
					earliest = p.Items[0].Date
				}
				if n += len(p.Items); p.Next == "" {
					return n, earliest
				}
				q.Cursor = p.Next
			}
		}
		if n, _ := count("FA2026"); n != 500 {
			t.Errorf("%d invoices by the beginning of a number", n)
		}
		if n, earliest := count("client"); n != 500 || earliest != civil.Of(2026, 1, 6) {
			t.Errorf("%d invoices by a name, from %v", n, earliest)
		}
		if n, _ := count("client 7"); n != 11*15 { // 7 and 70 to 79
			t.Errorf("%d invoices by two words", n)
		}
		if n, _ := count("c007"); n != 15 {
			t.Errorf("%d invoices by a code", n)
		}
	})
}

// Numbers are sorted by their number, also when it outgrows its digits.
func TestNumbersInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		b := bookstest.Found(t, d)
		want := []string{"AV2026-00001", "FA2025-99999", "FA2026-00002", "FA2026-99998", "FA2026-99999", "FA2026-100000", "FA2026-100001", "FA2026-1000000"}
		must(t, b.Write(ctx, company, func(_ context.Context, tx *books.Tx) error {
			for i, n := range []int{5, 0, 7, 3, 2, 1, 6, 4} {
				tx.Invoices.Put(billing.Invoice{ID: fmt.Sprintf("inv_%d", i), Number: want[n], Kind: billing.Standard, Life: billing.Issued})
				tx.Quotes.Put(billing.Quote{ID: fmt.Sprintf("quo_%d", i), Number: want[n]})
			}
			return nil
		}))
		var got [2][]string
		q := app.InvoiceQuery{Sort: "number", Paging: app.Paging{Limit: 3}}
		for {
			p, err := d.Invoices(ctx, company, q)
			must(t, err)
			for _, r := range p.Items {
				got[0] = append(got[0], r.Number)
			}
			if q.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		p, err := d.Quotes(ctx, company, app.QuoteQuery{Sort: "number"})
		must(t, err)
		for _, r := range p.Items {
			got[1] = append(got[1], r.Number)
		}
		for _, g := range got {
			if !slices.Equal(g, want) {
				t.Errorf("in order: %v", g)
			}
		}
	})
}
