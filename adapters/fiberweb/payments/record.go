package payments

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Names of the form's fields, where the core does not give them.
const (
	rowsField  = "allocations"
	keyField   = "key"      // makes a form that is sent twice count once
	saidField  = "leftover" // what the page has announced will go to the customer's credit, minor units
	spreadVerb = "spread"
)

// recordView is what the form of a new receipt is drawn from.
type recordView struct {
	desk
	customer party.Customer
	open     []candidate // the oldest first; one for each row of the form
	form     *form.Form
	leftover money.Money // announced on this page; no currency: nothing is
	spread   bool        // the page proposes how to divide the amount
}

// chooseView is what the choice of a customer is drawn from.
type chooseView struct {
	desk
	found  []app.CustomerRow
	search string
}

func (h *screens) newReceipt(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	if c.Q("customer") == "" {
		v := chooseView{desk: d, search: c.Q("q")}
		page, err := d.views.Customers(c.Context(), d.company, app.CustomerQuery{Search: v.search, Sort: "name", Paging: app.Paging{Limit: candidatesShown}})
		if err != nil {
			return err
		}
		v.found = page.Items
		return c.Show(choosePage(v))
	}
	v, err := d.recording(c.Context(), c.Q("customer"))
	if err != nil {
		return err
	}
	f := c.NewForm().Set("customer_id", v.customer.ID).Set(keyField, ids.New(ids.Request)).SetDate("date", h.Today())
	for i, x := range v.open {
		f.Set(form.Row(rowsField, i, "document"), x.value()).Set(form.Row(rowsField, i, "amount"), "")
		if x.id == c.Q("document") {
			f.SetMoney("amount", x.due).SetMoney(form.Row(rowsField, i, "amount"), x.due)
		}
	}
	v.form = f
	return c.Show(recordPage(v))
}

// recording reads what a customer owes. Code: unknown_thing.
func (d desk) recording(ctx context.Context, customer string) (recordView, error) {
	v := recordView{desk: d}
	var err error
	if v.customer, err = d.views.Customer(ctx, d.company, customer); err != nil {
		return v, err
	}
	v.open, err = d.owed(ctx, customer)
	return v, err
}

// owed lists what a customer may pay, the oldest due date first.
func (d desk) owed(ctx context.Context, customer string) ([]candidate, error) {
	every := func(candidate) bool { return true }
	out, err := d.openInvoices(ctx, app.InvoiceQuery{Customer: customer, Lives: []billing.Life{billing.Issued}, Kinds: []billing.InvoiceKind{billing.Standard},
		Settlements: []billing.Settlement{billing.Unpaid, billing.Partial, billing.Disputed}, Sort: "due_date"}, every)
	if err != nil {
		return nil, err
	}
	deposits, err := d.openDeposits(ctx, app.QuoteQuery{Customer: customer, Sort: "date"}, every)
	if err != nil {
		return nil, err
	}
	out = append(out, deposits...)
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(a.date.Number(), b.date.Number()) })
	return out, nil
}

// manual lists the payment methods by which money can be typed in.
func (d desk) manual() []ui.Option {
	var out []ui.Option
	for _, m := range d.setup.Methods {
		if m.Active && m.Kind != billing.ByGateway && m.Account != "" && m.Journal != "" {
			out = append(out, ui.Option{Value: m.ID, Label: m.Label})
		}
	}
	slices.SortFunc(out, func(a, b ui.Option) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
	return out
}

// record saves a receipt. What is not allocated goes to the customer's credit, which the page announces before it happens.
func (h *screens) record(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	d, err := h.open(c)
	if err != nil {
		return err
	}
	v, err := d.recording(c.Context(), f.Text("customer_id", 60))
	if err != nil {
		return err
	}
	v.form = f
	in, sent := v.read(c.Loc())
	ctx := once(c.Context(), f)
	v.align(sent)
	if verb, _ := f.Action(); verb == spreadVerb {
		if in.Amount.Sign() > 0 {
			v.divide(in.Amount)
		}
		return c.Show(recordPage(v))
	}
	if f.OK() && len(in.Allocations) == 0 && len(v.open) > 0 && f.Value(saidField) == "" && in.Amount.Sign() > 0 {
		v.divide(in.Amount)
		return c.Show(recordPage(v))
	}
	if left := leftover(in); f.OK() && left.Sign() > 0 && f.Value(saidField) != strconv.FormatInt(left.Minor(), 10) {
		v.announce(left)
		return c.Show(recordPage(v))
	}
	var r inbox.Receipt
	if f.OK() {
		r, err = h.RecordReceipt(ctx, c.Actor(), in)
		if made, again := app.Replayed(err); again {
			return c.SeeOther(c.URL("/receipts", made))
		}
		f.Fail(v.onRows(err, sent))
	}
	if !f.OK() {
		return c.Invalid(f, recordPage(v))
	}
	c.Flash(ui.Good, "receipts.recorded_flash", "amount", c.Loc().Money(r.Amount), "customer", v.customer.Name)
	return c.SeeOther(c.URL("/receipts", r.ID))
}

// sentRow is a row of the form that puts something on a document.
type sentRow struct {
	value string // of the document
	text  string // of the amount
	err   error  // why that is none
}

// read takes the receipt from the form as it was sent, also where it pays documents that are settled by now: sent twice,
// it is the same receipt. Allocations are those of the rows, one by one.
func (v *recordView) read(loc *i18n.Localizer) (in app.ReceiptInput, sent []sentRow) {
	f := v.form
	in = app.ReceiptInput{CustomerID: v.customer.ID, Amount: f.RequiredMoney("amount", v.currency()), Date: f.RequiredDate("date"), Reference: f.Text("reference", 80)}
	in.MethodID = f.Required("method_id", 60)
	for i := range f.Rows(rowsField) {
		r := sentRow{value: f.Value(form.Row(rowsField, i, "document")), text: strings.TrimSpace(f.Value(form.Row(rowsField, i, "amount")))}
		if r.text == "" {
			continue
		}
		var m money.Money
		if m, r.err = loc.ParseMoney(r.text, v.currency()); r.err == nil && m.Sign() < 0 {
			r.err = fault.New(fault.Invalid, fault.BadAmount, "found", fault.Clip(r.text))
		}
		if r.err == nil && m.IsZero() {
			continue
		}
		kind, id := documentNamed(r.value)
		in.Allocations = append(in.Allocations, app.AllocationInput{Document: kind, DocumentID: id, Amount: m.Minor()})
		sent = append(sent, r)
	}
	return in, sent
}

// align brings the form's rows to the documents that are open now, in their order, with what was sent for each and what is
// wrong with it.
func (v *recordView) align(sent []sentRow) {
	texts := map[string]string{}
	for _, r := range sent {
		texts[r.value] = r.text
	}
	for i, x := range v.open {
		v.form.Set(form.Row(rowsField, i, "document"), x.value()).Set(form.Row(rowsField, i, "amount"), texts[x.value()])
	}
	for i := v.form.Rows(rowsField) - 1; i >= len(v.open); i-- {
		v.form.RemoveRow(rowsField, i)
	}
	for _, r := range sent {
		for _, e := range fault.All(r.err) {
			v.form.Add(e.On(v.field(r.value)))
		}
	}
}

// field is the name of a document's amount in the form; empty when the document is not open.
func (v *recordView) field(value string) string {
	for i, x := range v.open {
		if x.value() == value {
			return form.Row(rowsField, i, "amount")
		}
	}
	return ""
}

// leftover is what a receipt leaves for the customer's credit.
func leftover(in app.ReceiptInput) money.Money {
	left := in.Amount.Minor()
	for _, a := range in.Allocations {
		left -= a.Amount
	}
	if in.Amount.Currency() == "" || left < 0 {
		return money.Money{}
	}
	return money.Of(left, in.Amount.Currency())
}

// divide proposes to pay the oldest documents first.
func (v *recordView) divide(amount money.Money) {
	left := amount.Minor()
	for i, x := range v.open {
		part := min(left, x.due.Minor())
		left -= part
		name := form.Row(rowsField, i, "amount")
		if part == 0 {
			v.form.Set(name, "")
			continue
		}
		v.form.SetMoney(name, v.money(part))
	}
	v.spread = true
	v.announce(v.money(left))
}

// announce says that something will go to the customer's credit; sending the form again agrees.
func (v *recordView) announce(left money.Money) {
	v.leftover = left
	v.form.Set(saidField, strconv.FormatInt(left.Minor(), 10))
}

// onRows moves refusals of allocations to the fields that they come from.
func (v *recordView) onRows(err error, sent []sentRow) error {
	all := fault.All(err)
	if len(all) == 0 {
		return err
	}
	out := make(fault.List, len(all))
	for i, e := range all {
		out[i] = e
		rest, ok := strings.CutPrefix(e.Field, rowsField+".")
		n, _, _ := strings.Cut(rest, ".")
		if at, bad := strconv.Atoi(n); ok && bad == nil && at < len(sent) {
			out[i] = e.On(v.field(sent[at].value))
		}
	}
	return out
}

// once makes what a form asks for happen once, however often the form is sent.
func once(ctx context.Context, f *form.Form) context.Context {
	key := f.Value(keyField)
	if !ids.Valid(ids.Request, key) {
		return ctx
	}
	var all []string
	for _, name := range []string{"customer_id", "document", "method_id", "date", "reference", "amount", "cover", "reason"} {
		all = append(all, f.Values(name)...)
	}
	for i := range f.Rows(rowsField) {
		all = append(all, f.Value(form.Row(rowsField, i, "document")), f.Value(form.Row(rowsField, i, "amount")))
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", all))
	return books.WithKey(ctx, "web:"+key, hex.EncodeToString(sum[:]))
}

func chooseTable(ctx context.Context, v chooseView) ui.Table[app.CustomerRow] {
	return ui.Table[app.CustomerRow]{
		ID: "customers", Caption: ui.T(ctx, "nav.customers"), Rows: v.found, Empty: noCustomers(v),
		Href: func(x app.CustomerRow) string {
			return ui.To(ctx, "/receipts/new") + "?customer=" + url.QueryEscape(x.ID)
		},
		Columns: []ui.Column[app.CustomerRow]{
			{Label: ui.T(ctx, "receipts.customer"), Main: true, Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Name) }},
			{Label: ui.T(ctx, "inbox.code"), Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Code) }},
			{Label: ui.T(ctx, "inbox.due"), Align: ui.End, Cell: func(x app.CustomerRow) templ.Component { return ui.Amount(v.money(x.Due)) }},
		},
	}
}

// currencySign is what stands behind an amount that is typed in.
func currencySign(ctx context.Context, c money.Currency) string {
	sign := strings.Trim(ui.L(ctx).Money(money.Zero(c)), "0.,-\u00a0")
	if sign == "" {
		return string(c)
	}
	return sign
}
