package accounting

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
)

// feeVATView is the self-assessed VAT on commissions, by gateway and month.
type feeVATView struct {
	desk
	year   string
	months []app.FeeVATMonth
	keep   bool
	any    bool // a connection's VAT is self-assessed
}

func (h *screens) feeVAT(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	v := feeVATView{desk: d, year: c.Q("year"), keep: c.Actor().Role.Can(access.Keep)}
	for _, conn := range d.setup.Connections {
		v.any = v.any || conn.FeeVAT == inbox.FeeReverseCharge && conn.Status != inbox.Disconnected
	}
	if v.months, err = h.FeeVATMonths(c.Context(), c.Actor(), v.year); err != nil {
		return err
	}
	return c.Show(feeVATPage(v))
}

func feeVATPath(m app.FeeVATMonth) string {
	return "/fee-vat/" + m.Connection.ID + "/" + m.Month.String()[:7]
}

func feeVATTable(ctx context.Context, v feeVATView) ui.Table[app.FeeVATMonth] {
	return ui.Table[app.FeeVATMonth]{
		ID: "fee-vat", Caption: ui.T(ctx, "nav.fee_vat"), Rows: v.months,
		Columns: []ui.Column[app.FeeVATMonth]{
			{Label: ui.T(ctx, "acc.fee_vat.month"), Main: true, Cell: func(m app.FeeVATMonth) templ.Component { return ui.Text(ui.L(ctx).Month(m.Month)) }},
			{Label: ui.T(ctx, "acc.fee_vat.gateway"), Cell: func(m app.FeeVATMonth) templ.Component { return ui.Text(m.Connection.Label) }},
			{Label: ui.T(ctx, "acc.fee_vat.base"), Align: ui.End, Cell: func(m app.FeeVATMonth) templ.Component { return ui.Amount(v.money(m.Base)) }},
			{Label: ui.T(ctx, "acc.fee_vat.vat"), Align: ui.End, Cell: func(m app.FeeVATMonth) templ.Component { return ui.Amount(v.money(m.VAT)) }},
			{Label: ui.T(ctx, "acc.fee_vat.state"), Cell: feeVATState},
			{Label: ui.T(ctx, "table.actions"), Align: ui.End, Cell: func(m app.FeeVATMonth) templ.Component {
				switch {
				case m.Entry.Seq != 0:
					return ui.LinkButton(ui.To(ctx, entryPath(m.Entry.Seq)), "quiet-button", "", ui.T(ctx, "acc.entry.title", "number", strconv.FormatInt(m.Entry.Number, 10)))
				case v.keep && m.Ended:
					return ui.LinkButton(ui.To(ctx, feeVATPath(m)), "quiet-button", "pencil", ui.T(ctx, "acc.fee_vat.do"))
				}
				return ui.Text("")
			}},
		},
		Empty: ui.Empty("receipt", ui.T(ctx, "acc.fee_vat.none"), ui.T(ctx, "acc.fee_vat.none.help")),
	}
}

// feeVATMonthView is one month of one gateway, with what its invoice says.
type feeVATMonthView struct {
	desk
	app.FeeVATMonth
	form *form.Form
}

func (h *screens) oneMonth(c *fiberweb.Ctx) (feeVATMonthView, error) {
	d, err := h.open(c)
	if err != nil {
		return feeVATMonthView{}, err
	}
	m, err := h.FeeVATMonth(c.Context(), c.Actor(), c.Params("connection"), c.Params("month"))
	return feeVATMonthView{desk: d, FeeVATMonth: m}, err
}

func (h *screens) askFeeVAT(c *fiberweb.Ctx) error {
	v, err := h.oneMonth(c)
	if err != nil {
		return err
	}
	v.form = c.NewForm().SetMoney("base", v.money(v.Base)).SetDate("date", v.Month.MonthEnd())
	return c.Show(feeVATMonthPage(v))
}

func (h *screens) postFeeVAT(c *fiberweb.Ctx) error {
	v, err := h.oneMonth(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := app.FeeVATInput{Base: f.RequiredMoney("base", v.setup.Company.Currency), Invoice: f.Required("invoice", 100), Date: f.RequiredDate("date")}
	if f.OK() {
		e, err := h.PostFeeVAT(c.Context(), c.Actor(), v.Connection.ID, c.Params("month"), in)
		if err == nil {
			return c.Done(entryPath(e.Seq), "acc.fee_vat.posted")
		}
		f.Fail(err)
		if err := f.Broken(); err != nil {
			return err
		}
	}
	v.form = f
	return c.Invalid(f, feeVATMonthPage(v))
}

// preview is the entry that the form, as far as it can be read, would post.
func (v feeVATMonthView) preview(ctx context.Context) []ui.Entry {
	base, err := ui.L(ctx).ParseMoney(v.form.Value("base"), v.setup.Company.Currency)
	if err != nil {
		return nil
	}
	vat, err := app.FeeVATOf(v.Connection, base)
	if err != nil || vat.Sign() <= 0 {
		return nil
	}
	line := func(account string, debit, credit money.Money) ui.EntryLine {
		return ui.EntryLine{Account: account, Name: v.setup.Chart.Accounts[account].Label, Debit: debit, Credit: credit}
	}
	return []ui.Entry{{Journal: posting.MiscJournal, Date: v.Month.MonthEnd(), Proposed: true, Label: ui.T(ctx, "acc.fee_vat.title"),
		Lines: []ui.EntryLine{line(posting.ReverseChargeDeductible, vat, money.Money{}), line(posting.ReverseChargeDue, money.Money{}, vat)}}}
}
