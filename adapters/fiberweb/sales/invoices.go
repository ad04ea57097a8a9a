package sales

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

// invoiceViews are the lists of invoices that are one click away.
var invoiceViews = []struct {
	key    string
	narrow func(*app.InvoiceQuery, page)
}{
	{"all", func(q *app.InvoiceQuery, _ page) { q.Lives = []billing.Life{billing.Draft, billing.Issued} }},
	{"draft", func(q *app.InvoiceQuery, _ page) { q.Lives = []billing.Life{billing.Draft} }},
	{"due", func(q *app.InvoiceQuery, _ page) {
		q.Lives = []billing.Life{billing.Issued}
		q.Settlements = []billing.Settlement{billing.Unpaid, billing.Partial, billing.Disputed}
	}},
	{"overdue", func(q *app.InvoiceQuery, p page) {
		q.Lives = []billing.Life{billing.Issued}
		q.Overdue, q.Today = true, p.today
	}},
	{"paid", func(q *app.InvoiceQuery, _ page) {
		q.Lives, q.Settlements = []billing.Life{billing.Issued}, []billing.Settlement{billing.Paid}
	}},
	{"disputed", func(q *app.InvoiceQuery, _ page) { q.Settlements = []billing.Settlement{billing.Disputed} }},
	{"credits", func(q *app.InvoiceQuery, _ page) {
		q.Kinds = []billing.InvoiceKind{billing.Credit, billing.DepositCredit}
		q.Lives = []billing.Life{billing.Draft, billing.Issued}
	}},
	{"deposits", func(q *app.InvoiceQuery, _ page) { q.Kinds = []billing.InvoiceKind{billing.DepositBill} }},
}

func (h *screens) invoices(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	views, company, err := h.views(c)
	if err != nil {
		return err
	}
	l := c.Listing("-date", "number", "due_date", "amount", "balance", "customer")
	f := c.NewForm().Set("from", c.Q("from")).Set("to", c.Q("to"))
	q := app.InvoiceQuery{Search: c.Q("q"), Customer: c.Q("customer"), From: f.Date("from"), To: f.Date("to"), Sort: l.Sort, Desc: l.Desc,
		Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: pageSize}}
	if !f.OK() {
		return f.Faults()
	}
	shown := 0
	for i, v := range invoiceViews {
		if v.key == c.Q("view") {
			shown = i
		}
	}
	invoiceViews[shown].narrow(&q, p)
	of, err := h.named(c, q.Customer)
	if err != nil {
		return err
	}
	rows, err := views.Invoices(c.Context(), company, q)
	if err != nil {
		return err
	}
	filtered := q.Search != "" || shown > 0 || of.ID != "" || q.Cursor != "" || !q.From.IsZero() || !q.To.IsZero()
	return c.Show(invoicesPage(p, rows, invoiceViews[shown].key, of, filtered))
}

func invoiceTable(ctx context.Context, p page, rows app.Page[app.InvoiceRow], filtered bool) ui.Table[app.InvoiceRow] {
	return ui.Table[app.InvoiceRow]{
		ID: "invoices", Caption: ui.T(ctx, "nav.invoices"), Rows: rows.Items, Empty: invoicesEmpty(p, filtered),
		Href:  func(r app.InvoiceRow) string { return ui.To(ctx, "/invoices", r.ID) },
		Pager: &ui.Pager{Previous: rows.Prev, Next: rows.Next},
		Columns: []ui.Column[app.InvoiceRow]{
			{Label: ui.T(ctx, "sales.number"), Sort: "number", Align: ui.Code, Main: true, Cell: invoiceNumber},
			{Label: ui.T(ctx, "sales.date"), Sort: "date", Align: ui.Code, Cell: func(r app.InvoiceRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.customer"), Sort: "customer", Cell: func(r app.InvoiceRow) templ.Component { return ui.Text(r.CustomerName) }},
			{Label: ui.T(ctx, "sales.due_date"), Sort: "due_date", Align: ui.Code, Cell: dueDateCell},
			{Label: ui.T(ctx, "sales.gross"), Sort: "amount", Align: ui.End, Cell: func(r app.InvoiceRow) templ.Component { return ui.Amount(signed(p, r.Kind, r.Gross)) }},
			{Label: ui.T(ctx, "sales.due"), Sort: "balance", Align: ui.End, Cell: func(r app.InvoiceRow) templ.Component { return balanceCell(p, r) }},
		},
	}
}

// invoiceView is the page of an invoice, deposit invoice or credit note.
type invoiceView struct {
	page
	v        billing.Invoice
	customer party.Customer // as the register has it now
	quote    *billing.Quote
	credits  []app.InvoiceRow
	expected []deduction // deposits that will be deducted from this draft
	link     link
	pays     payments
	trail    []ui.Event
	refused  fault.List
}

// deduction is a deposit that has been, or will be, taken off an invoice.
type deduction struct {
	number, href string
	gross        int64
}

func (h *screens) invoice(c *fiberweb.Ctx) error {
	v, err := h.readInvoice(c)
	if err != nil {
		return err
	}
	return c.Show(invoicePage(v))
}

// readInvoice reads all that an invoice's page shows.
func (h *screens) readInvoice(c *fiberweb.Ctx) (invoiceView, error) {
	w := invoiceView{}
	var err error
	if w.page, err = h.open(c); err != nil {
		return w, err
	}
	views, company, err := h.views(c)
	if err != nil {
		return w, err
	}
	if w.v, err = views.Invoice(c.Context(), company, c.Params("id")); err != nil {
		return w, err
	}
	if w.customer, err = views.Customer(c.Context(), company, w.v.CustomerID); err != nil {
		return w, err
	}
	if w.v.QuoteID != "" {
		q, err := views.Quote(c.Context(), company, w.v.QuoteID)
		if err != nil {
			return w, err
		}
		w.quote = &q
	}
	if w.credits, err = views.Credits(c.Context(), company, w.v.ID); err != nil {
		return w, err
	}
	if err := h.deductions(c, &w); err != nil {
		return w, err
	}
	if w.v.Kind == billing.Standard && w.v.Life == billing.Issued {
		if w.link, err = h.link(c, w.v.ID); err != nil {
			return w, err
		}
	}
	if w.pays, err = h.payments(c, w.page, w.v, w.quote); err != nil {
		return w, err
	}
	w.trail, err = h.invoiceTrail(c, w)
	return w, err
}

// deductions reads which deposits a draft will deduct, or an issued invoice did.
func (h *screens) deductions(c *fiberweb.Ctx, w *invoiceView) error {
	for _, d := range w.v.Deductions {
		w.expected = append(w.expected, deduction{d.Number, c.URL("/invoices", d.InvoiceID), d.Gross})
	}
	if w.v.Life != billing.Draft || w.v.Kind != billing.Standard || w.quote == nil {
		return nil
	}
	views, company, err := h.views(c)
	if err != nil {
		return err
	}
	for _, d := range w.quote.Deposits {
		if d.State != billing.DepositPaid {
			continue
		}
		bill, err := views.Invoice(c.Context(), company, d.InvoiceID)
		if err != nil {
			return err
		}
		w.expected = append(w.expected, deduction{bill.Number, c.URL("/invoices", bill.ID), d.Received})
	}
	return nil
}

// asked is what the customer is asked for: the total less the deposits.
func (w invoiceView) asked() int64 {
	left := w.v.Totals.Gross
	for _, d := range w.expected {
		left -= d.gross
	}
	return left
}

func (h *screens) invoiceAnswered(c *fiberweb.Ctx, failed error) error {
	if !sayable(failed) {
		return failed
	}
	w, err := h.readInvoice(c)
	if err != nil {
		return err
	}
	w.refused = fault.All(failed)
	return c.Page(fiberweb.Status(failed), invoicePage(w))
}
