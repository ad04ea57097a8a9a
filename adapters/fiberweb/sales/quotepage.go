package sales

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/money"
)

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
