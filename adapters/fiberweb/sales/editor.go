package sales

import (
	"context"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/party"
)

// editor is the page on which a quote, an invoice or a credit note is written.
//
// It is one form with several buttons: adding or removing a row and working out the totals send it like saving does, and
// are answered with the page again. With JavaScript the same answers replace the lines or the totals alone.
type editor struct {
	page
	kind      string // "quote", "invoice", "credit": of its words
	action    string // path within the company
	back      string
	saved     bool // it is there already and is being changed
	form      *form.Form
	fixed     string // the customer's name where it may not change
	vat       []ui.Option
	methods   []ui.Option
	customers []ui.Option
	prices    priced
	focus     int // the row to type in next, -1: none
	about     string
}

// document is what was read from the form.
type document struct {
	customer                      party.Customer
	date, supply, due, validUntil civil.Date
	reference, note, method       string
	lines                         []billing.DocLine
	version                       int64
}

func (d document) quote() app.QuoteInput {
	return app.QuoteInput{CustomerID: d.customer.ID, Date: d.date, ValidUntil: d.validUntil, Reference: d.reference, Note: d.note, Lines: d.lines}
}

func (d document) invoice() app.InvoiceInput {
	return app.InvoiceInput{CustomerID: d.customer.ID, Date: d.date, SupplyDate: d.supply, DueDate: d.due, Reference: d.reference, Note: d.note,
		MethodID: d.method, Lines: d.lines}
}

// newEditor starts an empty editor, for the customer that the address names if it names one.
func (h *screens) newEditor(c *fiberweb.Ctx) (editor, error) {
	p, err := h.open(c)
	if err != nil {
		return editor{}, err
	}
	e := editor{page: p, form: c.NewForm().Set(keyField, ids.New(ids.Request)), focus: -1}
	if id := c.Q("customer"); ids.Valid(ids.Customer, id) {
		customer, err := h.Customer(c.Context(), c.Actor(), id)
		if err != nil {
			return e, err
		}
		e.form.Set(customerName, customerWords(customer)).Set("method_id", customer.MethodID)
	}
	e.customers, err = h.suggested(c, "")
	return e, err
}

// begin fills in the lines of a document that is shown for the first time.
func (e editor) begin(c *fiberweb.Ctx, lines []billing.DocLine) editor {
	e.lists(c, lines)
	fillLines(c.Loc(), e.form, lines)
	if len(lines) == 0 {
		addLine(e.form, e.vat)
	}
	e.prices = pricing(c.Loc(), e.form, e.page)
	return e
}

func (e *editor) lists(c *fiberweb.Ctx, lines []billing.DocLine) {
	e.vat = vatOptions(c.Loc(), e.page, lines)
	e.methods = e.page.methods(c.Loc(), e.form.Value("method_id"))
}

// sentEditor is the editor with what was sent.
func (h *screens) sentEditor(c *fiberweb.Ctx, kind, action, back string) (editor, error) {
	p, err := h.open(c)
	if err != nil {
		return editor{}, err
	}
	e := editor{page: p, kind: kind, action: action, back: back, focus: -1}
	if e.form, err = c.Form(); err != nil {
		return e, err
	}
	var has []billing.DocLine
	for i := range e.form.Rows(group) {
		has = append(has, billing.DocLine{VATCode: e.form.Value(form.Row(group, i, "vat_code"))})
	}
	e.lists(c, has)
	e.customers, err = h.suggested(c, e.form.Value(customerName))
	return e, err
}

// edited does what the pressed button asks: changes the rows, works out the totals, or reads the form and saves it.
func (h *screens) edited(c *fiberweb.Ctx, e editor, save func(document) (id string, err error)) error {
	verb, row := e.form.Action()
	switch verb {
	case doAdd:
		e.focus = addLine(e.form, e.vat)
		return e.again(c)
	case doRemove:
		if row >= 0 {
			e.form.RemoveRow(group, row)
		}
		if e.form.Rows(group) == 0 {
			addLine(e.form, e.vat)
		}
		return e.again(c)
	case doTotals:
		return e.again(c)
	}
	in, err := h.read(c, e)
	if err != nil {
		return err
	}
	if e.form.OK() {
		id, err := save(in)
		if made, again := app.Replayed(err); again {
			id, err = made, nil
		}
		if err == nil {
			path := e.section() + "/" + id
			if verb == doSend {
				return c.SeeOther(c.URL(path + "/send"))
			}
			return c.Done(path, "sales."+e.kind+".saved")
		}
		e.form.Fail(mendable(err, customerName, "method_id"))
	}
	if e.form.Rows(group) == 0 {
		addLine(e.form, e.vat)
	}
	e.prices = pricing(c.Loc(), e.form, e.page)
	return c.Invalid(e.form, editorPage(e))
}

func (e editor) section() string {
	if e.kind == "quote" {
		return "/quotes"
	}
	return "/invoices"
}

// again answers with the form as it stands now.
func (e editor) again(c *fiberweb.Ctx) error {
	e.prices = pricing(c.Loc(), e.form, e.page)
	return c.Show(editorPage(e))
}

// read reads the form. Faults land on it.
func (h *screens) read(c *fiberweb.Ctx, e editor) (document, error) {
	f := e.form
	d := document{date: f.Date("date"), reference: f.Text("reference", 60), note: f.Text("note", 2000), version: version(f)}
	var err error
	if e.fixed == "" {
		if d.customer, err = h.chosenCustomer(c, f); err != nil {
			return d, err
		}
		if d.customer.ID != "" {
			f.Set(customerName, customerWords(d.customer))
		}
	}
	switch e.kind {
	case "quote":
		d.validUntil = f.Date("valid_until")
	case "invoice":
		d.supply, d.due, d.method = f.Date("supply_date"), f.Date("due_date"), f.Text("method_id", 60)
	case "credit":
		d.supply, d.due = d.date, d.date
	}
	d.lines = readLines(c, f)
	if len(d.lines) == 0 {
		f.Add(fault.New(fault.Invalid, fault.NoLines).On(form.Row(group, 0, "description")))
	}
	if len(d.lines) > billing.MaxDocumentLines {
		f.Add(fault.New(fault.Invalid, fault.TooLong, "max", strconv.Itoa(billing.MaxDocumentLines)))
	}
	return d, nil
}

func (e editor) layout(ctx context.Context) ui.Page {
	p := ui.Page{Title: ui.T(ctx, "sales."+e.kind+".new"), Active: "invoices", Crumbs: []ui.Link{{Label: ui.T(ctx, "nav.invoices"), Href: ui.To(ctx, "/invoices")}}}
	if e.kind == "quote" {
		p.Active, p.Crumbs = "quotes", []ui.Link{{Label: ui.T(ctx, "nav.quotes"), Href: ui.To(ctx, "/quotes")}}
	}
	if e.saved {
		p.Title = ui.T(ctx, "sales."+e.kind+".edit")
	}
	if e.about != "" {
		p.Intro = ui.T(ctx, "sales.credit.about", "number", e.about)
	}
	return p
}

func netID(row int) string { return "net-" + strconv.Itoa(row) }

// netIDs names the amounts that are replaced with the totals.
func netIDs(e editor) string {
	out := make([]string, e.form.Rows(group))
	for i := range out {
		out[i] = "#" + netID(i)
	}
	return strings.Join(out, ",")
}

// units are the units that lines are often counted in.
func units(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, u := range strings.Split(ui.T(ctx, "sales.units"), ",") {
		out = append(out, ui.Option{Value: strings.TrimSpace(u)})
	}
	return out
}
