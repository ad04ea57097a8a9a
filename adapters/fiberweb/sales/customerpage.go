package sales

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
)

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
			{Label: ui.T(ctx, "sales.number"), Align: ui.Code, Main: true, Cell: invoiceNumber},
			{Label: ui.T(ctx, "sales.due_date"), Align: ui.Code, Cell: dueDateCell},
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
