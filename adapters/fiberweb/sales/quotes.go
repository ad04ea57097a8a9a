package sales

import (
	"cmp"
	"context"
	"slices"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// quoteViews are the lists of quotes that are one click away, with the states each holds.
var quoteViews = []struct {
	key    string
	states []billing.QuoteState
}{
	{"all", nil},
	{"draft", []billing.QuoteState{billing.QuoteDraft}},
	{"sent", []billing.QuoteState{billing.QuoteSent}},
	{"accepted", []billing.QuoteState{billing.QuoteAccepted}},
	{"invoiced", []billing.QuoteState{billing.QuoteInvoiced}},
	{"refused", []billing.QuoteState{billing.QuoteRefused}},
}

func (h *screens) quotes(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	views, company, err := h.views(c)
	if err != nil {
		return err
	}
	l := c.Listing("-date", "number", "amount")
	q := app.QuoteQuery{Search: c.Q("q"), Customer: c.Q("customer"), Sort: l.Sort, Desc: l.Desc, Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: pageSize}}
	shown := 0
	for i, v := range quoteViews {
		if v.key == c.Q("view") {
			shown, q.States = i, v.states
		}
	}
	of, err := h.named(c, q.Customer)
	if err != nil {
		return err
	}
	rows, err := views.Quotes(c.Context(), company, q)
	if err != nil {
		return err
	}
	return c.Show(quotesPage(p, rows, quoteViews[shown].key, of, q.Search != "" || shown > 0 || of.ID != "" || q.Cursor != ""))
}

// named is the customer that a list is limited to; none when it is not. Code: unknown_thing.
func (h *screens) named(c *fiberweb.Ctx, id string) (party.Customer, error) {
	if id == "" {
		return party.Customer{}, nil
	}
	return h.Customer(c.Context(), c.Actor(), id)
}

func quoteTable(ctx context.Context, p page, rows app.Page[app.QuoteRow], filtered bool) ui.Table[app.QuoteRow] {
	return ui.Table[app.QuoteRow]{
		ID: "quotes", Caption: ui.T(ctx, "nav.quotes"), Rows: rows.Items, Empty: quotesEmpty(p, filtered),
		Href:  func(r app.QuoteRow) string { return ui.To(ctx, "/quotes", r.ID) },
		Pager: &ui.Pager{Previous: rows.Prev, Next: rows.Next},
		Columns: []ui.Column[app.QuoteRow]{
			{Label: ui.T(ctx, "sales.number"), Sort: "number", Align: ui.Code, Main: true, Cell: func(r app.QuoteRow) templ.Component { return numberCell(r.Number, unnumbered(r.State)) }},
			{Label: ui.T(ctx, "sales.date"), Sort: "date", Align: ui.Code, Cell: func(r app.QuoteRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.customer"), Cell: func(r app.QuoteRow) templ.Component { return ui.Text(r.CustomerName) }},
			{Label: ui.T(ctx, "sales.state"), Cell: func(r app.QuoteRow) templ.Component { return quoteBadge(r.State, r.ValidUntil.Before(p.today)) }},
			{Label: ui.T(ctx, "sales.deposits"), Cell: func(r app.QuoteRow) templ.Component { return depositsCell(p, r) }},
			{Label: ui.T(ctx, "sales.gross"), Sort: "amount", Align: ui.End, Cell: func(r app.QuoteRow) templ.Component { return ui.Amount(p.money(r.Gross)) }},
		},
	}
}

// quoteView is a quote's page.
type quoteView struct {
	page
	q        billing.Quote
	customer party.Customer
	invoice  *billing.Invoice // made from it
	bills    map[string]string
	links    map[string]link // of its deposits
	form     *form.Form      // of the deposit that is being added or changed
	editing  string          // its id; empty: a new one
	refused  fault.List      // what the last act was refused for
	trail    []ui.Event
}

func (h *screens) quote(c *fiberweb.Ctx) error {
	v, err := h.readQuote(c)
	if err != nil {
		return err
	}
	if d, err := v.q.Deposit(c.Q("deposit")); err == nil && d.State == billing.DepositDraft {
		v.editing, v.form = d.ID, depositForm(c, v, *d)
	}
	return c.Show(quotePage(v))
}

// readQuote reads all that a quote's page shows.
func (h *screens) readQuote(c *fiberweb.Ctx) (quoteView, error) {
	v := quoteView{links: map[string]link{}, bills: map[string]string{}}
	var err error
	if v.page, err = h.open(c); err != nil {
		return v, err
	}
	views, company, err := h.views(c)
	if err != nil {
		return v, err
	}
	if v.q, err = views.Quote(c.Context(), company, c.Params("id")); err != nil {
		return v, err
	}
	if v.customer, err = views.Customer(c.Context(), company, v.q.CustomerID); err != nil {
		return v, err
	}
	if v.q.InvoiceID != "" {
		made, err := views.Invoice(c.Context(), company, v.q.InvoiceID)
		if err != nil {
			return v, err
		}
		v.invoice = &made
	}
	for _, d := range v.q.Deposits {
		if d.InvoiceID != "" {
			bill, err := views.Invoice(c.Context(), company, d.InvoiceID)
			if err != nil {
				return v, err
			}
			v.bills[d.ID] = bill.Number
		}
		if d.State == billing.DepositRequested {
			if v.links[d.ID], err = h.link(c, d.ID); err != nil {
				return v, err
			}
		}
	}
	if v.trail, err = h.quoteTrail(c, v); err != nil {
		return v, err
	}
	v.form = depositForm(c, v, billing.Deposit{DueDate: v.q.ValidUntil})
	return v, nil
}

// frozen says that the quote's lines may not change any more although it is a draft: a deposit was asked on them.
func (v quoteView) frozen() bool {
	return slices.ContainsFunc(v.q.Deposits, func(d billing.Deposit) bool { return d.Live() && d.State != billing.DepositDraft })
}

// answered shows the quote again, saying why an act on it was refused.
func (h *screens) answered(c *fiberweb.Ctx, failed error) error {
	if !sayable(failed) {
		return failed
	}
	v, err := h.readQuote(c)
	if err != nil {
		return err
	}
	v.refused = fault.All(failed)
	return c.Page(fiberweb.Status(failed), quotePage(v))
}

// ---- making and changing ----

func (h *screens) newQuote(c *fiberweb.Ctx) error {
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	e.kind, e.action, e.back = "quote", "/quotes/new", "/quotes"
	e.form.SetDate("date", e.today).SetDate("valid_until", e.today.AddDays(max(e.setup.Company.QuoteValidity, 1)))
	var lines []billing.DocLine
	if from := c.Q("from"); from != "" {
		views, company, err := h.views(c)
		if err != nil {
			return err
		}
		old, err := views.Quote(c.Context(), company, from)
		if err != nil {
			return err
		}
		customer, err := views.Customer(c.Context(), company, old.CustomerID)
		if err != nil {
			return err
		}
		lines = old.Lines
		e.form.Set(customerName, customerWords(customer)).Set("reference", old.Reference).Set("note", old.Note)
	}
	return c.Show(editorPage(e.begin(c, lines)))
}

func (h *screens) createQuote(c *fiberweb.Ctx) error {
	e, err := h.sentEditor(c, "quote", "/quotes/new", "/quotes")
	if err != nil {
		return err
	}
	return h.edited(c, e, func(in document) (string, error) {
		q, err := h.CreateQuote(once(c, e.form), c.Actor(), in.quote())
		return q.ID, err
	})
}

func (h *screens) editQuote(c *fiberweb.Ctx) error {
	v, err := h.readQuote(c)
	if err != nil {
		return err
	}
	if v.q.State != billing.QuoteDraft {
		return fault.New(fault.Refused, fault.NotDraft, "number", v.q.Number)
	}
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	path := "/quotes/" + v.q.ID
	e.kind, e.action, e.back, e.saved = "quote", path+"/edit", path, true
	e.form.Set(customerName, customerWords(v.customer)).SetDate("date", v.q.Date).SetDate("valid_until", v.q.ValidUntil).
		Set("reference", v.q.Reference).Set("note", v.q.Note).Set("version", itoa(v.q.Version))
	return c.Show(editorPage(e.begin(c, v.q.Lines)))
}

func (h *screens) updateQuote(c *fiberweb.Ctx) error {
	id := c.Params("id")
	if err := h.there(c, id); err != nil {
		return err
	}
	e, err := h.sentEditor(c, "quote", "/quotes/"+id+"/edit", "/quotes/"+id)
	if err != nil {
		return err
	}
	e.saved = true
	return h.edited(c, e, func(in document) (string, error) {
		q, err := h.UpdateQuote(c.Context(), c.Actor(), id, in.version, in.quote())
		return q.ID, err
	})
}

// there refuses a form about a quote that does not exist before anything in it is read. Code: unknown_thing.
func (h *screens) there(c *fiberweb.Ctx, id string) error {
	views, company, err := h.views(c)
	if err != nil {
		return err
	}
	_, err = views.Quote(c.Context(), company, id)
	return err
}

// ---- acts ----

func (h *screens) quoteAct(c *fiberweb.Ctx, title, icon string) (act, quoteView, error) {
	v, err := h.readQuote(c)
	if err != nil {
		return act{}, v, err
	}
	path := "/quotes/" + v.q.ID
	return act{
		title: c.T(title), icon: icon, active: "quotes", customer: v.q.CustomerID, document: path, number: v.q.Number,
		crumbs: []ui.Link{{Label: c.T("nav.quotes"), Href: c.URL("/quotes")}, {Label: quoteTitle(c.Loc(), v.q), Href: c.URL(path)}},
		ask:    ui.Confirmation{No: c.URL(path)},
	}, v, nil
}

func (h *screens) askSendQuote(c *fiberweb.Ctx) error {
	a, err := h.sendQuoteAct(c)
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) sendQuoteAct(c *fiberweb.Ctx) (act, error) {
	a, v, err := h.quoteAct(c, "sales.quote.send", "send")
	if err != nil {
		return a, err
	}
	s, err := h.Sending(c.Context(), c.Actor(), v.q.ID)
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes = c.URL("/quotes/"+v.q.ID+"/send"), c.T("sales.send")
	a.ask.Text, a.ask.Facts = c.T("sales.quote.send_ask"), v.facts(c)
	if v.q.State == billing.QuoteDraft {
		a.ask.Text = c.T("sales.quote.send_ask_draft")
	}
	a.sends(s)
	return a, nil
}

func (h *screens) sendQuote(c *fiberweb.Ctx) error {
	a, err := h.sendQuoteAct(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	q, err := h.SendQuote(once(c, f), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error {
		return c.Done(a.document, "sales.quote.sent", "number", cmp.Or(q.Number, a.number), "email", a.to)
	})
}

func (h *screens) acceptQuote(c *fiberweb.Ctx) error {
	q, err := h.AcceptQuote(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return h.answered(c, err)
	}
	return c.Done("/quotes/"+q.ID, "sales.quote.accepted", "number", q.Number)
}

func (h *screens) askRefuseQuote(c *fiberweb.Ctx) error {
	a, err := h.refuseQuoteAct(c)
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) refuseQuoteAct(c *fiberweb.Ctx) (act, error) {
	a, v, err := h.quoteAct(c, "sales.quote.refuse", "ban")
	a.ask.Action, a.ask.Yes, a.ask.Text, a.ask.Danger = c.URL("/quotes/"+v.q.ID+"/refuse"), c.T("sales.quote.refuse"), c.T("sales.quote.refuse_ask"), true
	a.ask.Facts = v.facts(c)
	return a, err
}

func (h *screens) refuseQuote(c *fiberweb.Ctx) error {
	a, err := h.refuseQuoteAct(c)
	if err != nil {
		return err
	}
	q, err := h.RefuseQuote(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/quotes/"+q.ID, "sales.quote.refused") })
}

func (h *screens) askInvoiceQuote(c *fiberweb.Ctx) error {
	a, err := h.invoiceQuoteAct(c)
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) invoiceQuoteAct(c *fiberweb.Ctx) (act, error) {
	a, v, err := h.quoteAct(c, "sales.quote.invoice", "file-text")
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/quotes/"+v.q.ID+"/invoice"), c.T("sales.quote.invoice_yes"), c.T("sales.quote.invoice_ask")
	a.ask.Facts = v.facts(c)
	left := v.q.Totals.Gross
	for _, d := range v.q.Deposits {
		if d.State == billing.DepositPaid {
			left -= d.Received
			a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.deposit.deducted", "number", v.bills[d.ID]), Value: ui.Amount(v.money(-d.Received))})
		}
	}
	a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.payable"), Value: ui.Amount(v.money(left))})
	if slices.ContainsFunc(v.q.Deposits, func(d billing.Deposit) bool {
		return d.State == billing.DepositDraft || d.State == billing.DepositRequested
	}) {
		a.about = ui.Notification(ui.Caution, c.T("sales.quote.invoice_cancels"))
	}
	return a, nil
}

func (h *screens) invoiceQuote(c *fiberweb.Ctx) error {
	a, err := h.invoiceQuoteAct(c)
	if err != nil {
		return err
	}
	v, err := h.InvoiceQuote(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/invoices/"+v.ID, "sales.invoice.created") })
}

// facts name the quote on a page that asks.
func (v quoteView) facts(c *fiberweb.Ctx) []ui.Fact {
	return []ui.Fact{
		{Label: c.T("sales.quote"), Value: ui.Text(quoteTitle(c.Loc(), v.q))}, {Label: c.T("sales.customer"), Value: ui.Text(v.customer.Name)},
		{Label: c.T("sales.gross"), Value: ui.Amount(v.money(v.q.Totals.Gross))},
	}
}

// ---- what the pages are made of ----

func quoteTabs(ctx context.Context, view string) []ui.Tab {
	out := make([]ui.Tab, len(quoteViews))
	for i, v := range quoteViews {
		out[i] = ui.Tab{Label: ui.T(ctx, "sales.quote.view."+v.key), Href: ui.Here(ctx, "view", v.key, "after", "", "before", ""), Current: v.key == view}
	}
	return out
}

func quoteFacts(ctx context.Context, v quoteView) []ui.Fact {
	out := []ui.Fact{
		{Label: ui.T(ctx, "sales.customer"), Value: customerLink(v.customer)}, {Label: ui.T(ctx, "sales.date"), Value: ui.Day(v.q.Date)},
		{Label: ui.T(ctx, "sales.valid_until"), Value: ui.Day(v.q.ValidUntil)},
	}
	if v.q.Reference != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.reference"), Value: ui.Text(v.q.Reference)})
	}
	if !v.q.SentAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.sent_at"), Value: ui.Moment(v.q.SentAt)})
	}
	return append(out, ui.Fact{Label: ui.T(ctx, "sales.gross"), Value: ui.Amount(v.money(v.q.Totals.Gross))})
}

func depositTable(ctx context.Context, v quoteView) ui.Table[billing.Deposit] {
	var asked int64
	for _, d := range v.q.Deposits {
		if d.Live() {
			asked += d.Amount
		}
	}
	t := ui.Table[billing.Deposit]{
		ID: "deposit-rows", Caption: ui.T(ctx, "sales.deposit.section"), Rows: v.q.Deposits,
		Columns: []ui.Column[billing.Deposit]{
			{Label: ui.T(ctx, "sales.deposit"), Main: true, Cell: func(d billing.Deposit) templ.Component { return ui.Text(depositTitle(ui.L(ctx), d)) }, Foot: ui.Key("table.total")},
			{Label: ui.T(ctx, "sales.amount"), Align: ui.End, Cell: func(d billing.Deposit) templ.Component { return depositAmount(v, d) }, Foot: ui.Amount(v.money(asked))},
			{Label: ui.T(ctx, "sales.due_date"), Align: ui.Code, Cell: func(d billing.Deposit) templ.Component { return ui.Day(d.DueDate) }},
			{Label: ui.T(ctx, "sales.method"), Cell: func(d billing.Deposit) templ.Component { return methodCell(v, d) }},
			{Label: ui.T(ctx, "sales.state"), Cell: func(d billing.Deposit) templ.Component { return depositState(v, d) }},
		},
	}
	if v.sell && v.q.Open() {
		t.Columns = append(t.Columns, ui.Column[billing.Deposit]{Label: ui.T(ctx, "table.actions"), Cell: func(d billing.Deposit) templ.Component { return depositActions(v, d) }})
	}
	return t
}

func depositFormTitle(ctx context.Context, v quoteView) string {
	if d, err := v.q.Deposit(v.editing); err == nil {
		return ui.T(ctx, "sales.deposit.edit_of", "what", depositTitle(ui.L(ctx), *d))
	}
	return ui.T(ctx, "sales.deposit.new")
}

// unitOf is how the currency of the books is written behind an input.
func unitOf(p page) string {
	if p.cur == money.EUR {
		return "€"
	}
	return string(p.cur)
}
