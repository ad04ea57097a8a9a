package sales

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

// customers lists customers with what each owes.
func (h *screens) customers(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	l := c.Listing("name", "code")
	q := app.CustomerQuery{Search: c.Q("q"), Sort: l.Sort, Desc: l.Desc, Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: pageSize}}
	if active := c.Q("active"); active != "" {
		on := active == "yes"
		q.Active = &on
	}
	rows, err := h.Customers(c.Context(), c.Actor(), q)
	if err != nil {
		return err
	}
	return c.Show(customersPage(p, rows, q.Search != "" || q.Active != nil || q.Cursor != ""))
}

func customerTable(ctx context.Context, p page, rows app.Page[app.CustomerRow], filtered bool) ui.Table[app.CustomerRow] {
	return ui.Table[app.CustomerRow]{
		ID: "customers", Caption: ui.T(ctx, "nav.customers"), Rows: rows.Items, Empty: customersEmpty(p, filtered),
		Href:  func(r app.CustomerRow) string { return ui.To(ctx, "/customers", r.ID) },
		Pager: &ui.Pager{Previous: rows.Prev, Next: rows.Next},
		Columns: []ui.Column[app.CustomerRow]{
			{Label: ui.T(ctx, "sales.customer.code"), Sort: "code", Align: ui.Code, Cell: func(r app.CustomerRow) templ.Component { return ui.Text(r.Code) }},
			{Label: ui.T(ctx, "sales.customer.name"), Sort: "name", Main: true, Cell: func(r app.CustomerRow) templ.Component { return ui.Text(r.Name) }},
			{Label: ui.T(ctx, "sales.customer.email"), Cell: func(r app.CustomerRow) templ.Component { return emailCell(r.Email) }},
			{Label: ui.T(ctx, "sales.address.city"), Quiet: true, Cell: func(r app.CustomerRow) templ.Component { return ui.Text(r.Address.City) }},
			{Label: ui.T(ctx, "sales.state"), Cell: func(r app.CustomerRow) templ.Component { return activeBadge(r.Active) }},
			{Label: ui.T(ctx, "sales.due"), Align: ui.End, Cell: func(r app.CustomerRow) templ.Component { return dueCell(p.money(r.Due)) }},
		},
	}
}

// customerView is a customer's page.
type customerView struct {
	page
	c         party.Customer
	open      []app.InvoiceRow // with something due, oldest due date first
	due, late int64
	quotes    []app.QuoteRow
	history   []inbox.Event
	more      bool // there are more open invoices than shown
}

// openShown is how many open documents a customer's page lists; the list of invoices has them all.
const openShown = 15

func (h *screens) customer(c *fiberweb.Ctx) error {
	v := customerView{}
	var err error
	if v.page, err = h.open(c); err != nil {
		return err
	}
	views, company, err := h.views(c)
	if err != nil {
		return err
	}
	if v.c, err = views.Customer(c.Context(), company, c.Params("id")); err != nil {
		return err
	}
	if err := h.openDocuments(c, &v); err != nil {
		return err
	}
	if v.history, err = views.History(c.Context(), company, v.c.ID); err != nil {
		return err
	}
	return c.Show(customerPage(v))
}

// openDocuments reads what a customer owes, and the quotes that wait for an answer.
func (h *screens) openDocuments(c *fiberweb.Ctx, v *customerView) error {
	views, company, err := h.views(c)
	if err != nil {
		return err
	}
	q := app.InvoiceQuery{Customer: v.c.ID, Lives: []billing.Life{billing.Issued}, Sort: "due_date",
		Settlements: []billing.Settlement{billing.Unpaid, billing.Partial, billing.Disputed}, Paging: app.Paging{Limit: 200}}
	for {
		rows, err := views.Invoices(c.Context(), company, q)
		if err != nil {
			return err
		}
		for _, r := range rows.Items {
			v.due += r.Balance
			if r.DueDate.Before(v.today) {
				v.late += r.Balance
			}
			if len(v.open) < openShown {
				v.open = append(v.open, r)
			} else {
				v.more = true
			}
		}
		if q.Cursor = rows.Next; q.Cursor == "" {
			break
		}
	}
	quotes, err := views.Quotes(c.Context(), company, app.QuoteQuery{Customer: v.c.ID, States: []billing.QuoteState{billing.QuoteDraft, billing.QuoteSent, billing.QuoteAccepted},
		Sort: "date", Desc: true, Paging: app.Paging{Limit: openShown}})
	v.quotes = quotes.Items
	return err
}
