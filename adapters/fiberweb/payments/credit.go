package payments

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// creditView is what the page of a customer's credit is drawn from.
type creditView struct {
	desk
	customer party.Customer
	open     []candidate
	form     *form.Form // of the refund
	refused  error      // why an imputation was not made
	key      string     // of the page's forms
}

// has is what the customer has paid too much.
func (v creditView) has() money.Money {
	if v.customer.Credit.Currency() == "" {
		return v.money(0)
	}
	return v.customer.Credit
}

// part is what is proposed for a document: all that is due on it, as far as the credit goes.
func (v creditView) part(x candidate) money.Money {
	return v.money(min(x.due.Minor(), v.has().Minor()))
}

func (h *screens) credit(c *fiberweb.Ctx) error {
	v, err := h.crediting(c)
	if err != nil {
		return err
	}
	v.form.SetDate("date", h.Today()).SetMoney("amount", v.has()).Set(keyField, v.key)
	return c.Show(creditPage(v))
}

// crediting reads the customer of the address with what they owe. Code: unknown_thing.
func (h *screens) crediting(c *fiberweb.Ctx) (creditView, error) {
	d, err := h.open(c)
	if err != nil {
		return creditView{}, err
	}
	r, err := d.recording(c.Context(), c.Params("customer"))
	return creditView{desk: d, customer: r.customer, open: r.open, form: c.NewForm(), key: ids.New(ids.Request)}, err
}

// impute settles a document out of the credit.
func (h *screens) impute(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, err := h.crediting(c)
	if err != nil {
		return err
	}
	kind, id := documentOf(f, "document")
	amount := f.RequiredMoney("amount", v.currency())
	if f.OK() {
		err := h.ImputeCredit(once(c.Context(), f), c.Actor(), v.customer.ID, app.AllocationInput{Document: kind, DocumentID: id, Amount: amount.Minor()})
		if _, again := app.Replayed(err); again {
			err = nil
		}
		f.Fail(err)
	}
	if !f.OK() {
		if err := f.Broken(); err != nil {
			return err
		}
		v.refused = f.Faults()
		v.form.SetDate("date", h.Today()).SetMoney("amount", v.has()).Set(keyField, v.key)
		return c.Page(fiberweb.Status(v.refused), creditPage(v))
	}
	c.Flash(ui.Good, "receipts.imputed", "amount", c.Loc().Money(amount))
	return c.SeeOther(c.URL("/receipts/credit", v.customer.ID))
}

// refund records that the credit, or part of it, was paid back by another way than a gateway.
func (h *screens) refund(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, err := h.crediting(c)
	if err != nil {
		return err
	}
	v.form = f
	in := app.ReceiptInput{CustomerID: v.customer.ID, Amount: f.RequiredMoney("amount", v.currency()), Date: f.RequiredDate("date"),
		Reference: f.Text("reference", 80), MethodID: f.Required("method_id", 60)}
	if f.OK() {
		r, err := h.RefundCredit(once(c.Context(), f), c.Actor(), in)
		if made, again := app.Replayed(err); again {
			return c.SeeOther(c.URL("/receipts", made))
		}
		if err == nil {
			c.Flash(ui.Good, "receipts.refunded_flash", "amount", c.Loc().Money(in.Amount))
			return c.SeeOther(c.URL("/receipts", r.ID))
		}
		f.Fail(err)
	}
	return c.Invalid(f, creditPage(v))
}

func imputeTable(ctx context.Context, v creditView) ui.Table[candidate] {
	return ui.Table[candidate]{
		ID: "impute", Caption: ui.T(ctx, "receipts.credit.impute"), Rows: v.open,
		Columns: []ui.Column[candidate]{
			{Label: ui.T(ctx, "receipts.document"), Main: true, Cell: candidateNumber},
			{Label: ui.T(ctx, "receipts.due_date"), Cell: func(x candidate) templ.Component { return ui.Day(x.date) }},
			{Label: ui.T(ctx, "receipts.due"), Align: ui.End, Cell: func(x candidate) templ.Component { return ui.Amount(x.due) }},
			{Label: ui.T(ctx, "receipts.allocated"), Align: ui.End, Cell: func(x candidate) templ.Component { return imputeForm(v, x) }},
		},
	}
}
