package proofs

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/inbox"
)

// payoutView is a payout and what it consists of.
type payoutView struct {
	desk
	inbox.PayoutCheck
	arrival inbox.Arrival
	parts   []app.PayoutPart
	items   []app.ArrivalRow
	pager   ui.Pager
}

func (h *screens) payout(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	v := payoutView{desk: d}
	if v.arrival, err = d.views.Arrival(c.Context(), d.company, c.Params("id")); err != nil {
		return err
	}
	if v.PayoutCheck, err = h.Payout(c.Context(), d.company, v.arrival); err != nil {
		return err
	}
	if v.parts, err = d.views.PayoutParts(c.Context(), d.company, v.arrival.ConnectionID, v.arrival.ExternalID); err != nil {
		return err
	}
	q := app.ArrivalQuery{Connection: v.arrival.ConnectionID, Payout: v.arrival.ExternalID, Desc: true, Paging: app.Paging{Cursor: c.Q("after"), Limit: pageSize}}
	if q.Cursor == "" && c.Q("before") != "" {
		q.Cursor, q.Back = c.Q("before"), true
	}
	page, err := d.views.Arrivals(c.Context(), d.company, q)
	if err != nil {
		return err
	}
	v.items, v.pager = page.Items, ui.Pager{Previous: page.Prev, Next: page.Next}
	return c.Show(payoutPage(v))
}

// known says whether anything is known of what the payout consists of.
func (v payoutView) known() bool { return v.Items > 0 }

func (v payoutView) figures(ctx context.Context) []ui.Figure {
	cur := v.Amount.Currency()
	out := []ui.Figure{{Label: ui.T(ctx, "proof.column.paid_out"), Value: ui.Amount(v.Amount), Icon: "landmark", Tone: ui.Neutral}}
	if !v.known() {
		return out
	}
	tone := ui.Good
	if v.Off() {
		tone = ui.Caution
	}
	out = append(out, ui.Figure{Label: ui.T(ctx, "proof.column.sum"), Value: ui.Amount(amount(v.Sum, cur)), Icon: "list-tree", Tone: ui.Neutral, Note: ui.Plural(ctx, "proof.items", v.Items)},
		ui.Figure{Label: ui.T(ctx, "proof.column.difference"), Value: ui.Amount(amount(v.Difference(), cur)), Icon: "scale", Tone: tone})
	for _, o := range v.Others {
		out = append(out, ui.Figure{Label: ui.T(ctx, "proof.other_currency"), Value: ui.Amount(o), Icon: "banknote", Tone: ui.Caution})
	}
	return out
}

func partTable(ctx context.Context, v payoutView) ui.Table[app.PayoutPart] {
	return ui.Table[app.PayoutPart]{Caption: ui.T(ctx, "proof.parts"), Rows: v.parts, Columns: []ui.Column[app.PayoutPart]{
		{Label: ui.T(ctx, "inbox.kind"), Main: true, Cell: func(p app.PayoutPart) templ.Component { return ui.Text(ui.T(ctx, "inbox.kind."+string(p.Kind))) }},
		{Label: ui.T(ctx, "proof.column.count"), Align: ui.End, Cell: func(p app.PayoutPart) templ.Component { return ui.Text(ui.L(ctx).Int(p.Items)) }},
		{Label: ui.T(ctx, "inbox.gross"), Align: ui.End, Cell: func(p app.PayoutPart) templ.Component { return ui.Amount(amount(p.Flow, p.Currency)) }},
		{Label: ui.T(ctx, "inbox.fee"), Align: ui.End, Cell: func(p app.PayoutPart) templ.Component { return ui.Amount(amount(-p.Fee, p.Currency)) }},
		{Label: ui.T(ctx, "inbox.net"), Align: ui.End, Cell: func(p app.PayoutPart) templ.Component { return ui.Amount(amount(p.Flow-p.Fee, p.Currency)) }},
	}}
}

func itemTable(ctx context.Context, v payoutView) ui.Table[app.ArrivalRow] {
	return ui.Table[app.ArrivalRow]{ID: "items", Caption: ui.T(ctx, "proof.movements"), Rows: v.items, Pager: &v.pager,
		Href: func(r app.ArrivalRow) string { return ui.To(ctx, "/inbox", r.ID) },
		Columns: []ui.Column[app.ArrivalRow]{
			{Label: ui.T(ctx, "proof.column.movement"), Main: true, Cell: func(r app.ArrivalRow) templ.Component {
				return ui.Text(ui.T(ctx, "inbox.kind."+string(r.Kind)) + " " + r.ExternalID)
			}},
			{Label: ui.T(ctx, "inbox.date"), Cell: func(r app.ArrivalRow) templ.Component { return ui.Text(ui.L(ctx).DateTime(r.OccurredAt)) }},
			{Label: ui.T(ctx, "inbox.customer"), Cell: func(r app.ArrivalRow) templ.Component { return ui.Text(r.CustomerName) }},
			{Label: ui.T(ctx, "inbox.document"), Align: ui.Code, Cell: documentCell},
			{Label: ui.T(ctx, "inbox.net"), Align: ui.End, Cell: func(r app.ArrivalRow) templ.Component { return ui.Amount(amount(r.Effect(), r.Gross.Currency())) }},
		}}
}

// documentPath is where a movement's document is seen; "" when there is none.
func documentPath(ctx context.Context, r app.ArrivalRow) string {
	switch {
	case r.Document == inbox.InvoiceDocument && r.DocumentID != "":
		return ui.To(ctx, "/invoices", r.DocumentID)
	case r.Document == inbox.DepositDocument && r.QuoteID != "":
		return ui.To(ctx, "/quotes", r.QuoteID)
	}
	return ""
}
