package payments

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

const (
	// scanned bounds how many open invoices are looked through for an amount: the open items of a busy quarter.
	scanned = 1000
	// scannedQuotes bounds the quotes whose deposits are looked into.
	scannedQuotes = 25
	// candidatesShown is as many as a person compares; a search finds the others.
	candidatesShown = 30
)

// candidate is a document that money may pay: an invoice, or a deposit asked for on a quote.
type candidate struct {
	kind     inbox.DocumentKind
	id       string
	quote    string
	number   string
	label    string // of a deposit
	customer string
	date     civil.Date
	due      money.Money
	waiting  money.Money // paid already at a gateway, and not integrated yet; no currency: not looked for
}

// value is how a form names it.
func (x candidate) value() string { return string(x.kind) + ":" + x.id }

// matchView is what the page of matching by hand is drawn from.
type matchView struct {
	row
	found  []candidate
	search string
}

func (h *screens) askMatch(c *fiberweb.Ctx) error {
	return h.ask(c, func(d desk, r row) error {
		v := matchView{row: r, search: c.Q("q")}
		var err error
		if v.found, err = d.candidates(c, r, v.search); err != nil {
			return err
		}
		return c.Show(matchPage(v))
	})
}

func (h *screens) match(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	kind, id := documentOf(f, "document")
	if id == "" {
		return fault.New(fault.NotFound, fault.UnknownThing, "what", "invoice", "id", fault.Clip(f.Value("document")))
	}
	a, err := h.MatchArrival(c.Context(), c.Actor(), c.Params("id"), kind, id)
	if err != nil {
		return err
	}
	return decided(c, a, "inbox.matched")
}

// documentOf reads from a form what candidate.value wrote.
func documentOf(f *form.Form, name string) (inbox.DocumentKind, string) {
	return documentNamed(f.Value(name))
}

// documentNamed is the inverse of candidate.value; what names no document is none.
func documentNamed(value string) (inbox.DocumentKind, string) {
	kind, id, _ := strings.Cut(value, ":")
	if k := inbox.DocumentKind(kind); (k == inbox.InvoiceDocument || k == inbox.DepositDocument) && id != "" && len(id) < 60 {
		return k, id
	}
	return inbox.NoDocument, ""
}

// candidates lists documents that a payment may pay. A search for an amount looks for what is due; without a search, the
// documents of its customer and those on which exactly this amount is due are suggested, the latter first.
func (d desk) candidates(c *fiberweb.Ctx, r row, search string) ([]candidate, error) {
	wanted := r.settles().Minor()
	q := app.InvoiceQuery{Search: search, Lives: []billing.Life{billing.Issued}, Kinds: []billing.InvoiceKind{billing.Standard}, Settlements: []billing.Settlement{billing.Unpaid, billing.Partial, billing.Disputed},
		Sort: "date", Desc: true}
	amount := int64(0)
	if m, err := c.Loc().ParseMoney(search, d.currency()); err == nil && search != "" {
		amount, q.Search = m.Minor(), ""
	}
	fits := func(x candidate) bool {
		switch {
		case amount != 0:
			return x.due.Minor() == amount
		case search != "":
			return true
		}
		return x.due.Minor() == wanted || r.CustomerName != "" && x.customer == r.CustomerName
	}
	found, err := d.openInvoices(c.Context(), q, fits)
	if err != nil {
		return nil, err
	}
	deposits, err := d.openDeposits(c.Context(), app.QuoteQuery{Search: q.Search, Sort: "date", Desc: true}, fits)
	if err != nil {
		return nil, err
	}
	found = append(deposits, found...)
	rank := func() {
		slices.SortStableFunc(found, func(a, b candidate) int {
			return cmp.Compare(misses(a, wanted, r.CustomerName), misses(b, wanted, r.CustomerName))
		})
	}
	rank()
	found = found[:min(len(found), candidatesShown)]
	for i := range found {
		waiting, err := d.views.Waiting(c.Context(), d.company, found[i].id)
		if err != nil {
			return nil, err
		}
		if r.DocumentID == found[i].id {
			waiting -= wanted // its own
		}
		found[i].waiting = d.money(max(0, waiting))
	}
	rank()
	return found, nil
}

// misses ranks candidates: that nothing was paid counts for more than the right amount, and that for more than the right
// customer.
func misses(x candidate, wanted int64, customer string) int {
	n := 0
	if x.waiting.Sign() > 0 {
		n += 4
	}
	if x.due.Minor() != wanted {
		n += 2
	}
	if x.customer != customer {
		n++
	}
	return n
}

// openInvoices lists invoices on which something may be paid, among the first that a query finds.
func (d desk) openInvoices(ctx context.Context, q app.InvoiceQuery, fits func(candidate) bool) ([]candidate, error) {
	var out []candidate
	q.Limit = 200
	for seen := 0; seen < scanned; seen += q.Limit {
		page, err := d.views.Invoices(ctx, d.company, q)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Items {
			x := candidate{kind: inbox.InvoiceDocument, id: v.ID, number: v.Number, customer: v.CustomerName, date: v.DueDate, due: d.money(v.Balance)}
			if v.Settlement == billing.Disputed {
				full, err := d.views.Invoice(ctx, d.company, v.ID)
				if err != nil {
					return nil, err
				}
				x.due = d.money(full.Collectable())
			}
			if x.due.Sign() > 0 && fits(x) {
				out = append(out, x)
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" || len(out) >= candidatesShown {
			break
		}
	}
	return out, nil
}

// openDeposits lists deposits that are asked for and not paid.
func (d desk) openDeposits(ctx context.Context, q app.QuoteQuery, fits func(candidate) bool) ([]candidate, error) {
	var out []candidate
	q.States = []billing.QuoteState{billing.QuoteDraft, billing.QuoteSent, billing.QuoteAccepted}
	q.Limit = 200
	page, err := d.views.Quotes(ctx, d.company, q)
	if err != nil {
		return nil, err
	}
	looked := 0
	for _, row := range page.Items {
		if row.Deposits == 0 || row.Requested <= row.Received || looked == scannedQuotes {
			continue
		}
		looked++
		full, err := d.views.Quote(ctx, d.company, row.ID)
		if err != nil {
			return nil, err
		}
		for _, dep := range full.Deposits {
			x := candidate{kind: inbox.DepositDocument, id: dep.ID, quote: row.ID, number: row.Number, label: dep.Label, customer: row.CustomerName, date: dep.DueDate, due: d.money(dep.Due())}
			if dep.Payable() && fits(x) {
				out = append(out, x)
			}
		}
	}
	return out, nil
}

// keepView is what the page of keeping money as a customer's credit is drawn from.
type keepView struct {
	desk
	row
	search string
	found  []app.CustomerRow
}

func (h *screens) askKeep(c *fiberweb.Ctx) error {
	return h.ask(c, func(d desk, r row) error {
		v := keepView{desk: d, row: r, search: c.Q("q")}
		if v.search != "" || r.CustomerID == "" {
			search := v.search
			if search == "" {
				search = r.PayerName
			}
			page, err := d.views.Customers(c.Context(), d.company, app.CustomerQuery{Search: search, Sort: "name", Paging: app.Paging{Limit: candidatesShown}})
			if err != nil {
				return err
			}
			v.found = page.Items
		}
		return c.Show(keepPage(v))
	})
}

func (h *screens) keep(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	a, err := h.KeepAsCredit(c.Context(), c.Actor(), c.Params("id"), f.Text("customer_id", 60))
	if fault.Has(err, fault.Required) {
		return c.SeeOther(c.URL("/inbox", c.Params("id"), "keep")) // the page asks for the customer
	}
	if err != nil {
		return err
	}
	return decided(c, a, "inbox.kept")
}

func candidateTable(ctx context.Context, v matchView) ui.Table[candidate] {
	return ui.Table[candidate]{
		ID: "candidates", Caption: ui.T(ctx, "inbox.match.title"), Rows: v.found,
		Columns: []ui.Column[candidate]{
			{Label: ui.T(ctx, "inbox.document"), Main: true, Cell: candidateNumber},
			{Label: ui.T(ctx, "inbox.customer"), Cell: func(x candidate) templ.Component { return ui.Text(x.customer) }},
			{Label: ui.T(ctx, "inbox.due_date"), Cell: func(x candidate) templ.Component { return ui.Day(x.date) }},
			{Label: ui.T(ctx, "inbox.due"), Align: ui.End, Cell: func(x candidate) templ.Component { return candidateDue(v.row, x) }},
			{Label: ui.T(ctx, "table.actions"), Align: ui.End, Cell: func(x candidate) templ.Component { return candidateButton(v.row, x) }},
		},
	}
}

func keeperTable(ctx context.Context, v keepView) ui.Table[app.CustomerRow] {
	return ui.Table[app.CustomerRow]{
		ID: "keepers", Caption: ui.T(ctx, "nav.customers"), Rows: v.found,
		Columns: []ui.Column[app.CustomerRow]{
			{Label: ui.T(ctx, "inbox.customer"), Main: true, Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Name) }},
			{Label: ui.T(ctx, "inbox.code"), Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Code) }},
			{Label: ui.T(ctx, "inbox.due"), Align: ui.End, Cell: func(x app.CustomerRow) templ.Component { return ui.Amount(v.money(x.Due)) }},
			{Label: ui.T(ctx, "table.actions"), Align: ui.End, Cell: func(x app.CustomerRow) templ.Component {
				return keepFor(v.row, x.ID, ui.T(ctx, "inbox.keep.choose"), "quiet-button")
			}},
		},
	}
}
