package sales

import (
	"cmp"
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
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
			{Label: ui.T(ctx, "sales.number"), Sort: "number", Align: ui.Code, Main: true, Cell: func(r app.InvoiceRow) templ.Component { return invoiceNumber(r) }},
			{Label: ui.T(ctx, "sales.date"), Sort: "date", Align: ui.Code, Cell: func(r app.InvoiceRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.customer"), Sort: "customer", Cell: func(r app.InvoiceRow) templ.Component { return ui.Text(r.CustomerName) }},
			{Label: ui.T(ctx, "sales.due_date"), Sort: "due_date", Align: ui.Code, Cell: func(r app.InvoiceRow) templ.Component { return dueDateCell(r) }},
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

// ---- making and changing ----

func (h *screens) newInvoice(c *fiberweb.Ctx) error {
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	e.kind, e.action, e.back = "invoice", "/invoices/new", "/invoices"
	e.form.SetDate("date", e.today).SetDate("supply_date", e.today).SetDate("due_date", e.setup.Company.DueFrom(e.today))
	var lines []billing.DocLine
	if from := c.Q("from"); from != "" {
		views, company, err := h.views(c)
		if err != nil {
			return err
		}
		old, err := views.Invoice(c.Context(), company, from)
		if err != nil {
			return err
		}
		customer, err := views.Customer(c.Context(), company, old.CustomerID)
		if err != nil {
			return err
		}
		lines = old.Lines
		e.form.Set(customerName, customerWords(customer)).Set("reference", old.Reference).Set("note", old.Note).Set("method_id", old.MethodID)
	}
	return c.Show(editorPage(e.begin(c, lines)))
}

func (h *screens) createInvoice(c *fiberweb.Ctx) error {
	e, err := h.sentEditor(c, "invoice", "/invoices/new", "/invoices")
	if err != nil {
		return err
	}
	return h.edited(c, e, func(in document) (string, error) {
		v, err := h.CreateInvoice(once(c, e.form), c.Actor(), in.invoice())
		return v.ID, err
	})
}

func (h *screens) editInvoice(c *fiberweb.Ctx) error {
	v, err := h.draft(c)
	if err != nil {
		return err
	}
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	customer, err := h.Customer(c.Context(), c.Actor(), v.CustomerID)
	if err != nil {
		return err
	}
	e.form.Set(customerName, customerWords(customer)).SetDate("date", v.Date).SetDate("supply_date", v.SupplyDate).SetDate("due_date", v.DueDate).
		Set("reference", v.Reference).Set("note", v.Note).Set("method_id", v.MethodID).Set("version", itoa(v.Version))
	e.of(v, customer)
	return c.Show(editorPage(e.begin(c, v.Lines)))
}

// of makes the editor that of a draft.
func (e *editor) of(v billing.Invoice, customer party.Customer) {
	path := "/invoices/" + v.ID
	e.kind, e.action, e.back, e.saved = "invoice", path+"/edit", path, true
	if v.Kind.IsCredit() {
		e.kind, e.about = "credit", v.CreditOfNo
	}
	if v.CreditOf != "" || v.QuoteID != "" {
		e.fixed = customerWords(customer)
	}
}

// draft is the invoice of the address, which must not have been issued. Codes: unknown_thing, not_draft.
func (h *screens) draft(c *fiberweb.Ctx) (billing.Invoice, error) {
	views, company, err := h.views(c)
	if err != nil {
		return billing.Invoice{}, err
	}
	v, err := views.Invoice(c.Context(), company, c.Params("id"))
	if err == nil && v.Life != billing.Draft {
		err = fault.New(fault.Refused, fault.NotDraft, "number", v.Number)
	}
	return v, err
}

func (h *screens) updateInvoice(c *fiberweb.Ctx) error {
	v, err := h.draft(c)
	if err != nil {
		return err
	}
	customer, err := h.Customer(c.Context(), c.Actor(), v.CustomerID)
	if err != nil {
		return err
	}
	e, err := h.sentEditor(c, "invoice", "", "")
	if err != nil {
		return err
	}
	e.of(v, customer)
	return h.edited(c, e, func(in document) (string, error) {
		if e.fixed != "" {
			in.customer = customer
		}
		saved, err := h.UpdateInvoice(c.Context(), c.Actor(), v.ID, in.version, in.invoice())
		return saved.ID, err
	})
}

// credit makes the draft of a credit note, to be cut down and issued.
func (h *screens) credit(c *fiberweb.Ctx) error {
	note, err := h.CreateCreditNote(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return h.invoiceAnswered(c, err)
	}
	return c.Done("/invoices/"+note.ID+"/edit", "sales.credit.created")
}

// ---- acts ----

// invoiceAct is a page that asks about an invoice.
func (h *screens) invoiceAct(c *fiberweb.Ctx, title, icon string) (act, invoiceView, error) {
	w, err := h.readInvoice(c)
	if err != nil {
		return act{}, w, err
	}
	path := "/invoices/" + w.v.ID
	name := invoiceTitle(c.Loc(), w.v)
	return act{
		title: c.T(title), icon: icon, active: "invoices", customer: w.v.CustomerID, document: path, number: w.v.Number,
		crumbs: []ui.Link{{Label: c.T("nav.invoices"), Href: c.URL("/invoices")}, {Label: name, Href: c.URL(path)}},
		ask: ui.Confirmation{No: c.URL(path), Facts: []ui.Fact{
			{Label: c.T("sales.document"), Value: ui.Text(name)}, {Label: c.T("sales.customer"), Value: ui.Text(w.customer.Name)},
			{Label: c.T("sales.gross"), Value: ui.Amount(w.money(w.v.Totals.Gross))},
		}},
	}, w, nil
}

// asks shows the page that an act asks with.
func asks(c *fiberweb.Ctx, a act, err error) error {
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) issueAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.issue", "stamp")
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/invoices/"+w.v.ID+"/issue"), c.T("sales.issue"), c.T("sales.issue_ask")
	a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.date"), Value: ui.Day(w.v.Date)})
	if w.v.Kind == billing.Standard {
		a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.due_date"), Value: ui.Day(w.v.DueDate)}, ui.Fact{Label: c.T("sales.payable"), Value: ui.Amount(w.money(w.asked()))})
	}
	a.ask.Danger = true
	return a, nil
}

func (h *screens) askIssue(c *fiberweb.Ctx) error {
	a, err := h.issueAct(c)
	return asks(c, a, err)
}

func (h *screens) issue(c *fiberweb.Ctx) error {
	a, err := h.issueAct(c)
	if err != nil {
		return err
	}
	v, err := h.IssueInvoice(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/invoices/"+v.ID, "sales.issued", "number", v.Number) })
}

func (h *screens) sendInvoiceAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.send", "send")
	if err != nil {
		return a, err
	}
	s, err := h.Sending(c.Context(), c.Actor(), w.v.ID)
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/invoices/"+w.v.ID+"/send"), c.T("sales.send"), c.T("sales.send_ask")
	if s.Issues {
		a.ask.Yes, a.ask.Text = c.T("sales.issue_send"), c.T("sales.send_ask_draft")
	}
	a.sends(s)
	return a, nil
}

func (h *screens) askSendInvoice(c *fiberweb.Ctx) error {
	a, err := h.sendInvoiceAct(c)
	return asks(c, a, err)
}

func (h *screens) sendInvoice(c *fiberweb.Ctx) error {
	a, err := h.sendInvoiceAct(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, err := h.SendInvoice(once(c, f), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error {
		return c.Done(a.document, "sales.sent", "number", cmp.Or(v.Number, a.number), "email", a.to)
	})
}

func (h *screens) remindAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.remind", "mail")
	if err != nil {
		return a, err
	}
	s, err := h.Sending(c.Context(), c.Actor(), w.v.ID)
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/invoices/"+w.v.ID+"/remind"), c.T("sales.remind"), c.T("sales.remind_ask")
	a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.due"), Value: ui.Amount(w.money(w.v.Collectable()))}, ui.Fact{Label: c.T("sales.due_date"), Value: ui.Day(w.v.DueDate)})
	a.sends(s)
	if w.v.Collectable() == 0 {
		a.refused, a.blocked = append(a.refused, fault.New(fault.Refused, fault.NothingDue)), true
	}
	return a, nil
}

func (h *screens) askRemind(c *fiberweb.Ctx) error {
	a, err := h.remindAct(c)
	return asks(c, a, err)
}

func (h *screens) remind(c *fiberweb.Ctx) error {
	a, err := h.remindAct(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, err = h.RemindInvoice(once(c, f), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done(a.document, "sales.reminded", "number", a.number, "email", a.to) })
}

func (h *screens) discardAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.discard", "trash-2")
	a.ask.Action, a.ask.Yes, a.ask.Text, a.ask.Danger = c.URL("/invoices/"+w.v.ID+"/discard"), c.T("sales.discard"), c.T("sales.discard_ask"), true
	if err == nil && w.quote != nil {
		a.about = ui.Notification(ui.Notice, c.T("sales.discard_reopens", "number", w.quote.Number))
	}
	return a, err
}

func (h *screens) askDiscard(c *fiberweb.Ctx) error {
	if _, err := h.draft(c); err != nil {
		return err
	}
	a, err := h.discardAct(c)
	return asks(c, a, err)
}

func (h *screens) discard(c *fiberweb.Ctx) error {
	a, err := h.discardAct(c)
	if err != nil {
		return err
	}
	err = h.DiscardInvoice(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/invoices", "sales.discarded") })
}

func (h *screens) askInvoiceLink(c *fiberweb.Ctx) error {
	a, _, err := h.invoiceAct(c, "sales.link.change", "link")
	if err == nil {
		a.ask.Action = c.URL("/invoices/" + c.Params("id"))
		a.asksLink(c, c.Q("do"))
	}
	return asks(c, a, err)
}

func (h *screens) changeInvoiceLink(c *fiberweb.Ctx) error {
	a, w, err := h.invoiceAct(c, "sales.link.change", "link")
	if err != nil {
		return err
	}
	a.ask.Action = c.URL("/invoices/" + w.v.ID)
	return h.changeLink(c, a, w.v.ID, "/invoices/"+w.v.ID+"#link")
}

// ---- what the pages are made of ----

func invoiceTabs(ctx context.Context, view string) []ui.Tab {
	out := make([]ui.Tab, len(invoiceViews))
	for i, v := range invoiceViews {
		out[i] = ui.Tab{Label: ui.T(ctx, "sales.invoice.view."+v.key), Href: ui.Here(ctx, "view", v.key, "after", "", "before", ""), Current: v.key == view}
	}
	return out
}

// standing is where the payment of the invoice on the page stands.
func (w invoiceView) standing() standing {
	s := standing{kind: w.v.Kind, life: w.v.Life, settlement: w.v.Settlement(), due: w.v.DueDate, balance: w.v.Due()}
	for _, a := range w.pays.arrivals {
		s.online = s.online || a.State == inbox.Integrated && a.Kind == gateway.KindPayment
	}
	for _, a := range w.pays.attempts {
		s.progress = s.progress || a.State.InProgress()
	}
	return s
}

func invoiceFigures(ctx context.Context, w invoiceView) []ui.Figure {
	due := ui.Figure{Label: ui.T(ctx, "sales.due"), Value: ui.Amount(w.money(w.v.Due())), Icon: "wallet", Tone: ui.Notice, Note: ui.T(ctx, "sales.due_on", "date", ui.L(ctx).Date(w.v.DueDate))}
	switch {
	case w.v.Due() == 0:
		due.Tone, due.Icon, due.Note = ui.Good, "circle-check", ""
		if !w.v.PaidAt.IsZero() {
			due.Note = ui.T(ctx, "sales.paid_on", "date", ui.L(ctx).DateTime(w.v.PaidAt))
		}
	case w.v.Overdue(w.today):
		due.Tone, due.Icon = ui.Bad, "clock"
	}
	out := []ui.Figure{due, {Label: ui.T(ctx, "sales.gross"), Value: ui.Amount(w.money(w.v.Totals.Gross)), Icon: "file-text"}}
	if n := w.v.Deducted(); n > 0 {
		out = append(out, ui.Figure{Label: ui.T(ctx, "sales.deposits_deducted"), Value: ui.Amount(w.money(n)), Icon: "hand-coins"})
	}
	out = append(out, ui.Figure{Label: ui.T(ctx, "sales.paid"), Value: ui.Amount(w.money(w.v.Paid)), Icon: "banknote", Tone: toneOf(w.v.Paid > 0, ui.Good, ui.Neutral)})
	if w.v.Credited > 0 {
		out = append(out, ui.Figure{Label: ui.T(ctx, "sales.credited"), Value: ui.Amount(w.money(w.v.Credited)), Icon: "undo-2"})
	}
	if n := w.v.Excess(); n > 0 {
		out = append(out, ui.Figure{Label: ui.T(ctx, "sales.excess"), Value: ui.Amount(w.money(n)), Icon: "arrow-up", Tone: ui.Caution})
	}
	return out
}

func invoiceFacts(ctx context.Context, w invoiceView) []ui.Fact {
	out := []ui.Fact{{Label: ui.T(ctx, "sales.customer"), Value: customerLink(w.customer)}, {Label: ui.T(ctx, "sales.date"), Value: ui.Day(w.v.Date)}}
	if w.v.Kind == billing.Standard {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.due_date"), Value: ui.Day(w.v.DueDate)})
	}
	if w.v.SupplyDate != w.v.Date {
		key := "sales.supply_date"
		if w.v.Kind == billing.DepositBill {
			key = "sales.received_on"
		}
		out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: ui.Day(w.v.SupplyDate)})
	}
	if w.v.CreditOf != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.credit_of"), Value: documentLink("/invoices", w.v.CreditOf, w.v.CreditOfNo)})
	}
	if w.quote != nil {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.quote"), Value: documentLink("/quotes", w.quote.ID, quoteTitle(ui.L(ctx), *w.quote))})
	}
	if m := w.method(w.v.MethodID); m.ID != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.method"), Value: methodName(m)})
	}
	if w.v.Reference != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.reference"), Value: ui.Text(w.v.Reference)})
	}
	if !w.v.IssuedAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.issued_at"), Value: ui.Moment(w.v.IssuedAt)})
	}
	if !w.v.SentAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.sent_at"), Value: ui.Moment(w.v.SentAt)})
	}
	return out
}

// remindClass makes the reminder the main thing to do once an invoice that was sent is overdue.
func remindClass(w invoiceView) string {
	if w.v.Overdue(w.today) && !w.v.SentAt.IsZero() {
		return ""
	}
	return "quiet-button"
}

func creditTable(ctx context.Context, w invoiceView) ui.Table[app.InvoiceRow] {
	return ui.Table[app.InvoiceRow]{
		ID: "credits", Caption: ui.T(ctx, "sales.credits"), Rows: w.credits,
		Href: func(r app.InvoiceRow) string { return ui.To(ctx, "/invoices", r.ID) },
		Columns: []ui.Column[app.InvoiceRow]{
			{Label: ui.T(ctx, "sales.number"), Align: ui.Code, Main: true, Cell: func(r app.InvoiceRow) templ.Component { return numberCell(r.Number, "sales.kind.credit_note.draft") }},
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Cell: func(r app.InvoiceRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.gross"), Align: ui.End, Cell: func(r app.InvoiceRow) templ.Component { return ui.Amount(signed(w.page, r.Kind, r.Gross)) }},
		},
	}
}

func receiptTable(ctx context.Context, w invoiceView) ui.Table[app.ReceiptRow] {
	on := func(r app.ReceiptRow) (sum int64) {
		for _, a := range r.Allocations {
			if a.DocumentID == w.v.ID || w.v.Kind == billing.DepositBill {
				sum += a.Amount
			}
		}
		return sum
	}
	return ui.Table[app.ReceiptRow]{
		ID: "receipts", Caption: ui.T(ctx, "sales.receipts"), Rows: w.pays.receipts,
		Href: func(r app.ReceiptRow) string { return ui.To(ctx, "/receipts", r.ID) },
		Columns: []ui.Column[app.ReceiptRow]{
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Main: true, Cell: func(r app.ReceiptRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.method"), Cell: func(r app.ReceiptRow) templ.Component { return receiptMethod(w, r) }},
			{Label: ui.T(ctx, "sales.payment_reference"), Cell: func(r app.ReceiptRow) templ.Component { return referenceCell(r.Reference) }},
			{Label: ui.T(ctx, "sales.received"), Align: ui.End, Cell: func(r app.ReceiptRow) templ.Component { return ui.Amount(r.Amount) }},
			{Label: ui.T(ctx, "sales.imputed"), Align: ui.End, Cell: func(r app.ReceiptRow) templ.Component { return ui.Amount(w.money(on(r))) }},
		},
	}
}

func receiptMethod(w invoiceView, r app.ReceiptRow) templ.Component {
	name := w.method(r.MethodID).Label
	if r.ArrivalID != "" {
		name = w.pays.gateways[r.Connection]
	}
	if r.ReversedSeq != 0 {
		return templ.Join(ui.Text(name+" "), badge(ui.Caution, "undo-2", "sales.receipt.reversed"))
	}
	return ui.Text(name)
}

func arrivalTable(ctx context.Context, w invoiceView) ui.Table[app.ArrivalRow] {
	return ui.Table[app.ArrivalRow]{
		ID: "arrivals", Caption: ui.T(ctx, "sales.arrivals"), Rows: w.pays.arrivals,
		Href: func(r app.ArrivalRow) string { return ui.To(ctx, "/inbox", r.ID) },
		Columns: []ui.Column[app.ArrivalRow]{
			{Label: ui.T(ctx, "sales.payment_reference"), Main: true, Cell: func(r app.ArrivalRow) templ.Component {
				return templ.Join(ui.Text(w.pays.gateways[r.ConnectionID]+" "), referenceCell(r.ExternalID))
			}},
			{Label: ui.T(ctx, "sales.kind"), Cell: func(r app.ArrivalRow) templ.Component { return ui.Key("sales.movement." + string(r.Kind)) }},
			{Label: ui.T(ctx, "sales.amount"), Align: ui.End, Cell: func(r app.ArrivalRow) templ.Component { return ui.Amount(r.Gross) }},
			{Label: ui.T(ctx, "sales.fee"), Align: ui.End, Cell: func(r app.ArrivalRow) templ.Component { return feeCell(w, r.Arrival) }},
			{Label: ui.T(ctx, "sales.state"), Cell: func(r app.ArrivalRow) templ.Component { return arrivalBadge(r.State) }},
			{Label: ui.T(ctx, "sales.seen"), Cell: func(r app.ArrivalRow) templ.Component { return seenCell(r.Arrival) }},
		},
	}
}

func attemptTable(ctx context.Context, w invoiceView) ui.Table[inbox.Attempt] {
	return ui.Table[inbox.Attempt]{
		ID: "attempts", Caption: ui.T(ctx, "sales.attempts"), Rows: w.pays.attempts,
		Columns: []ui.Column[inbox.Attempt]{
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Main: true, Cell: func(a inbox.Attempt) templ.Component { return ui.Moment(a.CreatedAt) }},
			{Label: ui.T(ctx, "sales.gateway"), Cell: func(a inbox.Attempt) templ.Component { return ui.Text(w.pays.gateways[a.ConnectionID]) }},
			{Label: ui.T(ctx, "sales.amount"), Align: ui.End, Cell: func(a inbox.Attempt) templ.Component { return ui.Amount(a.Amount) }},
			{Label: ui.T(ctx, "sales.state"), Cell: func(a inbox.Attempt) templ.Component { return attemptCell(a) }},
		},
	}
}

// knownFee is what the gateway kept of a payment, once it said so.
func knownFee(a inbox.Arrival) (money.Money, bool) {
	return a.Fee, a.FeeState == gateway.FeeKnown
}

func feePending(a inbox.Arrival) bool {
	return a.FeeState == gateway.FeeUnknown && a.Kind == gateway.KindPayment
}

// sendKey is what sending is called: again, when it was done before. A deposit invoice is sent by itself when the deposit
// is received.
func sendKey(w invoiceView) string {
	if w.v.SentAt.IsZero() && w.v.Kind != billing.DepositBill {
		return "sales.send"
	}
	return "sales.send_again"
}
