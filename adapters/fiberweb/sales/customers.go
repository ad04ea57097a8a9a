package sales

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
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

// addressFields are the names of an address's fields below a prefix.
func fillAddress(f *form.Form, prefix string, a party.Address) {
	f.Set(prefix+".street", a.Street).Set(prefix+".extra", a.Extra).Set(prefix+".postal_code", a.PostalCode).Set(prefix+".city", a.City).Set(prefix+".country", a.Country)
}

func readAddress(f *form.Form, prefix string) party.Address {
	return party.Address{Street: f.Text(prefix+".street", 120), Extra: f.Text(prefix+".extra", 120), PostalCode: f.Text(prefix+".postal_code", 12),
		City: f.Text(prefix+".city", 80), Country: strings.ToUpper(f.Text(prefix+".country", 2))}
}

func (h *screens) newCustomer(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	f := c.NewForm().Set(keyField, ids.New(ids.Request)).Set("kind", string(party.Business)).Set("language", p.setup.Company.Locale).Set("address.country", p.setup.Company.Address.Country)
	return c.Show(customerForm(p, f, party.Customer{}))
}

func (h *screens) createCustomer(c *fiberweb.Ctx) error {
	return h.saveCustomer(c, party.Customer{}, h.CreateCustomer, "sales.customer.created")
}

func (h *screens) editCustomer(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	x, err := h.Customer(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	f := c.NewForm().Set("name", x.Name).Set("kind", string(x.Kind)).Set("email", string(x.Email)).Set("phone", x.Phone).Set("siren", x.SIREN).
		Set("vat_number", x.VATNumber).Set("language", x.Language).Set("method_id", x.MethodID).Set("note", x.Note).SetBool("active", x.Active).
		Set("version", itoa(x.Version))
	fillAddress(f, "address", x.Address)
	fillAddress(f, "deliver_to", x.DeliverTo)
	return c.Show(customerForm(p, f, x))
}

func (h *screens) updateCustomer(c *fiberweb.Ctx) error {
	x, err := h.Customer(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	return h.saveCustomer(c, x, h.UpdateCustomer, "sales.customer.saved")
}

// saveCustomer reads the form over what the customer is now.
func (h *screens) saveCustomer(c *fiberweb.Ctx, now party.Customer,
	save func(context.Context, access.Actor, party.Customer) (party.Customer, error), done string,
) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := now
	if now.ID == "" {
		in.Code = f.Text("code", 17)
	} else {
		in.Active, in.Version = f.Bool("active"), version(f)
	}
	in.Name = f.Required("name", 120)
	in.Kind = party.CustomerKind(f.Choice("kind", string(party.Business), string(party.Consumer)))
	in.Email, in.Phone = party.Email(f.Text("email", 254)), f.Text("phone", 40)
	in.SIREN, in.VATNumber = f.Text("siren", 40), f.Text("vat_number", 40)
	in.Address, in.DeliverTo = readAddress(f, "address"), readAddress(f, "deliver_to")
	in.Language, in.MethodID, in.Note = f.Choice("language", "fr", "en"), f.Text("method_id", 60), f.Text("note", 2000)
	if f.OK() {
		var saved party.Customer
		saved, err = save(once(c, f), c.Actor(), in)
		if made, again := app.Replayed(err); again {
			saved.ID, saved.Name, err = made, in.Name, nil
		}
		if err == nil {
			return c.Done("/customers/"+saved.ID, done, "name", saved.Name)
		}
		f.Fail(mendable(err, "method_id"))
	}
	return c.Invalid(f, customerForm(p, f, now))
}

// mendable makes "not found" a mistake of the field that named the thing: the page itself exists.
func mendable(err error, fields ...string) error {
	all := fault.All(err)
	if len(all) == 0 {
		return err
	}
	out := make(fault.List, len(all))
	for i, e := range all {
		out[i] = e
		for _, name := range fields {
			if e.Kind == fault.NotFound && e.Field == name {
				m := *e
				m.Kind = fault.Invalid
				out[i] = &m
			}
		}
	}
	return out
}

// ---- what the pages are made of ----

func customerFormPage(ctx context.Context, now party.Customer) ui.Page {
	p := ui.Page{Title: ui.T(ctx, "sales.customer.new"), Active: "customers", Narrow: true, Crumbs: []ui.Link{{Label: ui.T(ctx, "nav.customers"), Href: ui.To(ctx, "/customers")}}}
	if now.ID != "" {
		p.Title, p.Intro = ui.T(ctx, "sales.customer.edit"), customerWords(now)
		p.Crumbs = append(p.Crumbs, ui.Link{Label: now.Name, Href: ui.To(ctx, "/customers", now.ID)})
	}
	return p
}

func customerFormAction(ctx context.Context, now party.Customer) string {
	if now.ID == "" {
		return ui.To(ctx, "/customers/new")
	}
	return ui.To(ctx, "/customers", now.ID) + "/edit"
}

func customerFormBack(ctx context.Context, now party.Customer) string {
	if now.ID == "" {
		return ui.To(ctx, "/customers")
	}
	return ui.To(ctx, "/customers", now.ID)
}

func customerFacts(ctx context.Context, v customerView) []ui.Fact {
	c := v.c
	out := []ui.Fact{{Label: ui.T(ctx, "sales.customer.kind"), Value: ui.Key("sales.customer.kind." + string(c.Kind))}, {Label: ui.T(ctx, "sales.customer.email"), Value: emailLink(c.Email)}}
	add := func(key, value string) {
		if value != "" {
			out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: ui.Text(value)})
		}
	}
	add("sales.customer.phone", c.Phone)
	if c.Address.Street+c.Address.City != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.address"), Value: address(c.Address)})
	}
	if !c.DeliverTo.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.address.deliver_to"), Value: address(c.DeliverTo)})
	}
	add("sales.customer.siren", c.SIREN)
	add("sales.customer.vat_number", c.VATNumber)
	out = append(out, ui.Fact{Label: ui.T(ctx, "sales.customer.language"), Value: ui.Key("lang." + c.Language)})
	add("sales.method", v.method(c.MethodID).Label)
	return out
}

func customerEvents(ctx context.Context, v customerView) []ui.Event {
	out := make([]ui.Event, len(v.history))
	for i, e := range v.history {
		out[len(out)-1-i] = told(ui.L(ctx), e, "") // the latest first: a customer's record changes for years
	}
	return out
}

func openTable(ctx context.Context, v customerView) ui.Table[app.InvoiceRow] {
	return ui.Table[app.InvoiceRow]{
		ID: "open", Caption: ui.T(ctx, "sales.customer.open_invoices"), Rows: v.open, Empty: ui.Key("sales.customer.nothing_due"),
		Href: func(r app.InvoiceRow) string { return ui.To(ctx, "/invoices", r.ID) },
		Columns: []ui.Column[app.InvoiceRow]{
			{Label: ui.T(ctx, "sales.number"), Align: ui.Code, Main: true, Cell: func(r app.InvoiceRow) templ.Component { return invoiceNumber(r) }},
			{Label: ui.T(ctx, "sales.due_date"), Align: ui.Code, Cell: func(r app.InvoiceRow) templ.Component { return dueDateCell(r) }},
			{Label: ui.T(ctx, "sales.gross"), Align: ui.End, Quiet: true, Cell: func(r app.InvoiceRow) templ.Component { return ui.Amount(v.money(r.Gross)) }},
			{Label: ui.T(ctx, "sales.due"), Align: ui.End, Cell: func(r app.InvoiceRow) templ.Component { return balanceCell(v.page, r) }},
		},
	}
}

func openQuotes(ctx context.Context, v customerView) ui.Table[app.QuoteRow] {
	return ui.Table[app.QuoteRow]{
		ID: "open-quotes", Caption: ui.T(ctx, "sales.customer.open_quotes"), Rows: v.quotes, Empty: ui.Key("sales.customer.no_quotes"),
		Href: func(r app.QuoteRow) string { return ui.To(ctx, "/quotes", r.ID) },
		Columns: []ui.Column[app.QuoteRow]{
			{Label: ui.T(ctx, "sales.number"), Align: ui.Code, Main: true, Cell: func(r app.QuoteRow) templ.Component { return numberCell(r.Number, unnumbered(r.State)) }},
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Cell: func(r app.QuoteRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.state"), Cell: func(r app.QuoteRow) templ.Component { return quoteBadge(r.State, r.ValidUntil.Before(v.today)) }},
			{Label: ui.T(ctx, "sales.gross"), Align: ui.End, Cell: func(r app.QuoteRow) templ.Component { return ui.Amount(v.money(r.Gross)) }},
		},
	}
}

func creditNote(ctx context.Context, v customerView) string {
	if v.c.Credit.Sign() > 0 {
		return ui.T(ctx, "sales.customer.credit_help")
	}
	return ""
}

// creditPath is where a credit is imputed or refunded, for those who keep the books.
func creditPath(ctx context.Context, v customerView) string {
	if v.keep && v.c.Credit.Sign() > 0 {
		return ui.To(ctx, "/receipts/credit", v.c.ID)
	}
	return ""
}

// toneOf is one tone or the other.
func toneOf(is bool, yes, no ui.Tone) ui.Tone {
	if is {
		return yes
	}
	return no
}

// balanceNote says what the sign of a customer's balance means.
func balanceNote(ctx context.Context, minor int64) string {
	switch {
	case minor > 0:
		return ui.T(ctx, "sales.statement.owes")
	case minor < 0:
		return ui.T(ctx, "sales.statement.owed")
	}
	return ui.T(ctx, "sales.statement.even")
}
