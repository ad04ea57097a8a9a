package sales

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
)

// statementView is a customer's account over a period (relevé de compte), with a running balance.
type statementView struct {
	page
	app.Statement
	from, to      civil.Date
	debit, credit int64
	bad           fault.List
}

// period is one that statements are often asked for.
type period struct {
	key      string
	from, to civil.Date
}

func (p page) periods() []period {
	year := civil.Of(p.today.Year(), 1, 1)
	out := []period{
		{"sales.period.year", year, p.today},
		{"sales.period.last_year", year.AddMonths(-12), year.AddDays(-1)},
		{"sales.period.12_months", p.today.AddMonths(-12).AddDays(1), p.today},
	}
	if y, err := p.setup.Chart.Year(p.today); err == nil && (y.Start != year || y.End != year.AddMonths(12).AddDays(-1)) {
		out = append([]period{{"sales.period.fiscal_year", y.Start, p.today}}, out...)
	}
	return out
}

func (h *screens) statement(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	v := statementView{page: p}
	if c.Q("from") == "" && c.Q("to") == "" {
		// The period stands in the address, so that its fields show it and the page can be kept.
		usual := p.periods()[0]
		return c.SeeOther(c.URL("/customers", c.Params("id"), "statement") + "?from=" + usual.from.String() + "&to=" + usual.to.String())
	}
	f := c.NewForm().Set("from", c.Q("from")).Set("to", c.Q("to"))
	v.from, v.to = f.Date("from"), f.Date("to")
	if v.from.IsZero() {
		v.from = p.periods()[0].from
	}
	if v.to.IsZero() {
		v.to = p.today
	}
	if v.to.Before(v.from) && f.OK() {
		f.Add(fault.New(fault.Invalid, fault.BadDate, "found", c.Loc().Date(v.to)).On("to"))
	}
	if !f.OK() {
		// The page is shown for the usual period, saying what was wrong with the one asked for.
		v.bad, v.from, v.to = f.Faults(), p.periods()[0].from, p.today
	}
	if v.Statement, err = h.Statement(c.Context(), c.Actor(), c.Params("id"), v.from, v.to); err != nil {
		return err
	}
	for _, l := range v.Lines {
		v.debit += l.Debit
		v.credit += l.Credit
	}
	if len(v.bad) > 0 {
		return c.Page(fiberweb.Status(v.bad), statementPage(v))
	}
	return c.Show(statementPage(v))
}

func statementTable(ctx context.Context, v statementView) ui.Table[app.AccountLine] {
	amount := func(minor int64) templ.Component { return ui.Amount(v.money(minor)) }
	return ui.Table[app.AccountLine]{
		ID: "statement", Wide: true, Caption: ui.T(ctx, "sales.statement.of", "name", v.Customer.Name), Rows: v.Lines, Empty: ui.Key("sales.statement.none"),
		Columns: []ui.Column[app.AccountLine]{
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Cell: func(l app.AccountLine) templ.Component { return ui.Day(l.Date) }, Foot: ui.Key("table.total")},
			{Label: ui.T(ctx, "entry.journal"), Align: ui.Code, Cell: func(l app.AccountLine) templ.Component { return ui.Text(l.Journal) }},
			{Label: ui.T(ctx, "sales.piece"), Align: ui.Code, Cell: func(l app.AccountLine) templ.Component { return ui.Text(l.Piece) }},
			{Label: ui.T(ctx, "entry.label"), Main: true, Cell: func(l app.AccountLine) templ.Component { return ui.Text(l.Label) }},
			{Label: ui.T(ctx, "entry.match"), Cell: func(l app.AccountLine) templ.Component { return ui.Text(l.Letter) }},
			{Label: ui.T(ctx, "entry.debit"), Align: ui.End, Cell: func(l app.AccountLine) templ.Component { return ui.Side(money.Of(l.Debit, v.cur)) }, Foot: amount(v.debit)},
			{Label: ui.T(ctx, "entry.credit"), Align: ui.End, Cell: func(l app.AccountLine) templ.Component { return ui.Side(money.Of(l.Credit, v.cur)) }, Foot: amount(v.credit)},
			{Label: ui.T(ctx, "sales.balance"), Align: ui.End, Cell: func(l app.AccountLine) templ.Component { return amount(l.Balance) }, Foot: amount(v.After)},
		},
	}
}
