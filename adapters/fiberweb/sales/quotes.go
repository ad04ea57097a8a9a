package sales

import (
	"context"
	"slices"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
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
