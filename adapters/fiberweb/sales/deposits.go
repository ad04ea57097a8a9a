package sales

import (
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/shopspring/decimal"
)

// depositFields are the form's names for what the core refuses on a deposit: the rule about online payment is mended by
// choosing another method.
var depositFields = map[string]string{"method": "method_id"}

// depositForm fills the form of a deposit, or of a new one.
func depositForm(c *fiberweb.Ctx, v quoteView, d billing.Deposit) *form.Form {
	f := c.NewForm().Set("label", d.Label).SetDate("due_date", d.DueDate).Set("method_id", d.MethodID).Set("version", itoa(v.q.Version)).Set("deposit", d.ID)
	switch {
	case d.Percent.IsPositive():
		f.SetDecimal("percent", d.Percent)
	case d.Amount > 0:
		f.SetMoney("amount", v.money(d.Amount))
	}
	return f
}

// saveDeposit adds a deposit to a quote, or changes one that is a draft ("Pied › Acomptes").
func (h *screens) saveDeposit(c *fiberweb.Ctx) error {
	v, err := h.readQuote(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := app.DepositInput{ID: f.Value("deposit"), Label: f.Text("label", 120), DueDate: f.Date("due_date"), MethodID: f.Required("method_id", 60), Percent: f.Percent("percent")}
	in.Amount = f.Money("amount", v.cur).Minor()
	switch {
	case f.Value("amount") == "" && f.Value("percent") == "":
		f.Add(fault.New(fault.Invalid, fault.Required).On("amount"))
	case f.Value("amount") != "" && f.Value("percent") != "":
		// Both would be two different requests; which one was meant is not ours to guess.
		f.Add(fault.New(fault.Invalid, fault.BadRate, "found", f.Value("percent")).On("percent"))
	case f.Value("percent") != "" && in.Percent.LessThanOrEqual(decimal.Zero) && f.OK():
		f.Add(fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(f.Value("percent"))).On("percent"))
	}
	if f.OK() {
		if _, err = h.SetDeposit(c.Context(), c.Actor(), v.q.ID, version(f), in); err == nil {
			return c.Done("/quotes/"+v.q.ID+"#deposits", "sales.deposit.saved")
		}
		f.Fail(renamed(mendable(err, "method_id"), depositFields))
	}
	v.form, v.editing = f, in.ID
	if !v.q.Open() {
		v.refused = f.Faults() // there is no form any more to say it on
	}
	return c.Invalid(f, quotePage(v))
}

func (h *screens) validateDeposit(c *fiberweb.Ctx) error {
	q, err := h.ValidateDeposit(c.Context(), c.Actor(), c.Params("id"), c.Params("deposit"))
	if err != nil {
		return h.answered(c, err)
	}
	return c.Done("/quotes/"+q.ID+"#deposits", "sales.deposit.validated")
}

// depositAct is a page that asks about one deposit of a quote.
func (h *screens) depositAct(c *fiberweb.Ctx, title, icon string) (act, billing.Deposit, error) {
	a, v, err := h.quoteAct(c, title, icon)
	if err != nil {
		return a, billing.Deposit{}, err
	}
	d, err := v.q.Deposit(c.Params("deposit"))
	if err != nil {
		return a, billing.Deposit{}, err
	}
	a.ask.Action = c.URL("/quotes/" + v.q.ID + "/deposits/" + d.ID)
	a.ask.Facts = []ui.Fact{
		{Label: c.T("sales.quote"), Value: ui.Text(quoteTitle(c.Loc(), v.q))}, {Label: c.T("sales.customer"), Value: ui.Text(v.customer.Name)},
		{Label: c.T("sales.deposit"), Value: ui.Text(depositTitle(c.Loc(), *d))}, {Label: c.T("sales.amount"), Value: ui.Amount(v.money(d.Amount))},
	}
	return a, *d, nil
}

func (h *screens) cancelDepositAct(c *fiberweb.Ctx) (act, error) {
	a, d, err := h.depositAct(c, "sales.deposit.cancel", "ban")
	a.ask.Action += "/cancel"
	a.ask.Yes, a.ask.Text, a.ask.Danger = c.T("sales.deposit.cancel"), c.T("sales.deposit.cancel_ask"), true
	if d.State == billing.DepositRequested {
		a.ask.Text = c.T("sales.deposit.cancel_ask_requested")
	}
	return a, err
}

func (h *screens) askCancelDeposit(c *fiberweb.Ctx) error {
	a, err := h.cancelDepositAct(c)
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) cancelDeposit(c *fiberweb.Ctx) error {
	a, err := h.cancelDepositAct(c)
	if err != nil {
		return err
	}
	q, err := h.CancelDeposit(c.Context(), c.Actor(), c.Params("id"), c.Params("deposit"))
	return a.tried(c, err, func() error { return c.Done("/quotes/"+q.ID+"#deposits", "sales.deposit.cancelled") })
}

func (h *screens) askDepositLink(c *fiberweb.Ctx) error {
	a, _, err := h.depositAct(c, "sales.link.change", "link")
	if err != nil {
		return err
	}
	a.asksLink(c, c.Q("do"))
	return c.Show(askPage(a))
}

func (h *screens) changeDepositLink(c *fiberweb.Ctx) error {
	a, d, err := h.depositAct(c, "sales.link.change", "link")
	if err != nil {
		return err
	}
	return h.changeLink(c, a, d.ID, "/quotes/"+c.Params("id")+"#deposits")
}
