package payments

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// receiptsView is what the list of receipts is drawn from.
type receiptsView struct {
	desk
	rows     []app.ReceiptRow
	pager    ui.Pager
	narrow   bool
	customer string // whose receipts these are, when only one customer's are shown
}

func (h *screens) receipts(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	l := c.Listing()
	q := app.ReceiptQuery{Search: c.Q("q"), Customer: c.Q("customer"), Document: c.Q("document"), Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: pageSize}}
	if by := c.Q("by"); by == "online" || by == "typed" {
		online := by == "online"
		q.Online = &online
	}
	if q.From, err = day(c, "from"); err != nil {
		return err
	}
	if q.To, err = day(c, "to"); err != nil {
		return err
	}
	v := receiptsView{desk: d, narrow: q.Search != "" || q.Online != nil || q.Document != "" || !q.From.IsZero() || !q.To.IsZero()}
	if v.customer, err = newNames(d).customer(c.Context(), q.Customer); err != nil {
		return err
	}
	page, err := d.views.Receipts(c.Context(), d.company, q)
	if err != nil {
		return err
	}
	v.rows, v.pager = page.Items, ui.Pager{Previous: page.Prev, Next: page.Next}
	return c.Show(receiptsPage(v))
}

// day reads a date of the address; an empty one is no date. Code: bad_date.
func day(c *fiberweb.Ctx, name string) (civil.Date, error) {
	if c.Q(name) == "" {
		return civil.Date{}, nil
	}
	return c.Loc().ParseDate(c.Q(name))
}

// by says how a receipt came: by which gateway, or by which payment method.
func (d desk) by(r inbox.Receipt) string {
	if r.MethodID == "" {
		return d.label(r.Connection)
	}
	return d.setup.Methods[r.MethodID].Label
}

// paid names the documents that a receipt settles.
func paid(r inbox.Receipt) string {
	var out []string
	for _, a := range r.Allocations {
		out = append(out, a.Number)
	}
	return strings.Join(out, ", ")
}

func receiptTable(ctx context.Context, v receiptsView) ui.Table[app.ReceiptRow] {
	p := v.pager
	return ui.Table[app.ReceiptRow]{
		ID: "receipts", Caption: ui.T(ctx, "nav.receipts"), Rows: v.rows, Pager: &p,
		Href:  func(r app.ReceiptRow) string { return ui.To(ctx, "/receipts", r.ID) },
		Empty: noReceipts(v),
		Columns: []ui.Column[app.ReceiptRow]{
			{Label: ui.T(ctx, "receipts.date"), Cell: func(r app.ReceiptRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "receipts.customer"), Main: true, Cell: func(r app.ReceiptRow) templ.Component { return ui.Text(r.CustomerName) }},
			{Label: ui.T(ctx, "receipts.by"), Cell: func(r app.ReceiptRow) templ.Component { return byCell(v.desk, r.Receipt) }},
			{Label: ui.T(ctx, "receipts.reference"), Quiet: true, Cell: func(r app.ReceiptRow) templ.Component { return referenceCell(r.Reference) }},
			{Label: ui.T(ctx, "receipts.paid"), Cell: func(r app.ReceiptRow) templ.Component { return paidCell(v.desk, r.Receipt) }},
			{Label: ui.T(ctx, "receipts.amount"), Align: ui.End, Cell: func(r app.ReceiptRow) templ.Component { return ui.Amount(r.Amount) }},
			{Label: ui.T(ctx, "receipts.state"), Cell: func(r app.ReceiptRow) templ.Component { return receiptBadge(v.desk, r.Receipt) }},
		},
	}
}

// receiptView is what a receipt's own page is drawn from.
type receiptView struct {
	desk
	inbox.Receipt
	customer string
	credit   money.Money // what the customer has paid too much, as of now
	entries  []ui.Entry
	paths    []string // of the documents, beside Allocations
	terms    app.RefundTerms
	refunds  []inbox.Refund
}

func (h *screens) receipt(c *fiberweb.Ctx) error {
	v, err := h.oneReceipt(c)
	if err != nil {
		return err
	}
	for _, seq := range []int64{v.EntrySeq, v.ReversedSeq} {
		if seq == 0 {
			continue
		}
		e, err := v.views.Entry(c.Context(), v.company, seq)
		if err != nil {
			return err
		}
		v.entries = append(v.entries, v.entry(e.Entry, e.Letters, false, c.URL(entryPath(seq))))
	}
	for _, a := range v.Allocations {
		quote := ""
		if a.Document == inbox.DepositDocument {
			l, err := v.views.PayLink(c.Context(), v.company, a.DocumentID)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			quote = l.QuoteID
		}
		v.paths = append(v.paths, documentPath(a.Document, a.DocumentID, quote))
	}
	if v.refunds, err = v.views.RefundsOf(c.Context(), v.company, v.ID); err != nil {
		return err
	}
	return c.Show(receiptPage(v))
}

// oneReceipt reads the receipt of the address. Code: unknown_thing.
func (h *screens) oneReceipt(c *fiberweb.Ctx) (receiptView, error) {
	d, err := h.open(c)
	if err != nil {
		return receiptView{}, err
	}
	r, err := d.views.Receipt(c.Context(), d.company, c.Params("id"))
	if err != nil {
		return receiptView{}, err
	}
	customer, err := d.views.Customer(c.Context(), d.company, r.CustomerID)
	if err != nil {
		return receiptView{}, err
	}
	terms, err := h.RefundTerms(c.Context(), c.Actor(), r.ID)
	return receiptView{desk: d, Receipt: r, customer: customer.Name, credit: customer.Credit, terms: terms}, err
}

// reversible says whether the receipt can be taken back here; money that came online is refunded at its gateway.
func (v receiptView) reversible() bool { return v.MethodID != "" && v.ReversedSeq == 0 }

func (v receiptView) title(ctx context.Context) string {
	key := "receipts.titled"
	if v.Amount.Sign() < 0 {
		key = "receipts.titled_refund"
	}
	return ui.T(ctx, key, "customer", v.customer, "amount", ui.L(ctx).Money(v.Amount.Abs()))
}

func (v receiptView) facts(ctx context.Context) []ui.Fact {
	out := []ui.Fact{
		{Label: ui.T(ctx, "receipts.customer"), Value: textLink(ui.To(ctx, "/customers", v.CustomerID), v.customer)},
		{Label: ui.T(ctx, "receipts.date"), Value: ui.Day(v.Date)},
		{Label: ui.T(ctx, "receipts.amount"), Value: ui.Amount(v.Amount)},
		{Label: ui.T(ctx, "receipts.by"), Value: byCell(v.desk, v.Receipt)},
	}
	if v.Reference != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "receipts.reference"), Value: ui.Text(v.Reference), Wide: len(v.Reference) > 24})
	}
	if v.Refunded != 0 {
		out = append(out, ui.Fact{Label: ui.T(ctx, "receipts.refunded"), Value: ui.Amount(v.money(v.Refunded))})
	}
	if v.Refunding != 0 {
		out = append(out, ui.Fact{Label: ui.T(ctx, "receipts.refunding"), Value: ui.Amount(v.money(v.Refunding))})
	}
	if v.ArrivalID != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "receipts.arrival"), Value: textLink(ui.To(ctx, "/inbox", v.ArrivalID), ui.T(ctx, "receipts.see_arrival"))},
			ui.Fact{Label: ui.T(ctx, "entry.voucher"), Value: textLink(ui.To(ctx, entryPath(v.EntrySeq)+"/evidence"), ui.T(ctx, "entry.see_voucher"))})
	}
	return append(out, ui.Fact{Label: ui.T(ctx, "receipts.recorded"), Value: recorded(v.Receipt)})
}

// allocation is a line of what a receipt settles.
type allocation struct {
	number, path string
	amount       money.Money
}

func (v receiptView) allocations() []allocation {
	var out []allocation
	for i, a := range v.Allocations {
		out = append(out, allocation{a.Number, v.paths[i], v.money(a.Amount)})
	}
	return out
}

func allocationTable(ctx context.Context, v receiptView) ui.Table[allocation] {
	return ui.Table[allocation]{
		ID: "allocations", Caption: ui.T(ctx, "receipts.paid"), Rows: v.allocations(), Empty: ui.Key("receipts.pays_nothing"),
		Columns: []ui.Column[allocation]{
			{Label: ui.T(ctx, "receipts.document"), Main: true, Cell: func(a allocation) templ.Component { return maybeLink(optional(ctx, a.path), a.number) }},
			{Label: ui.T(ctx, "receipts.allocated"), Align: ui.End, Cell: func(a allocation) templ.Component { return ui.Amount(a.amount) }},
		},
	}
}

func (h *screens) askReverse(c *fiberweb.Ctx) error {
	v, err := h.oneReceipt(c)
	if err != nil {
		return err
	}
	return c.Show(reversePage(v, nil))
}

func (h *screens) reverse(c *fiberweb.Ctx) error {
	r, err := h.ReverseReceipt(c.Context(), c.Actor(), c.Params("id"))
	switch fault.KindOf(err) {
	case fault.Refused, fault.Conflict, fault.Invalid:
		v, failed := h.oneReceipt(c)
		if failed != nil {
			return failed
		}
		return c.Page(fiberweb.Status(err), reversePage(v, err))
	}
	if err != nil {
		return err
	}
	c.Flash(ui.Good, "receipts.reversed")
	return c.SeeOther(c.URL("/receipts", r.ID))
}
