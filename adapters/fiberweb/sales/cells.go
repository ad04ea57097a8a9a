package sales

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
)

func linesTable(ctx context.Context, p page, lines []billing.DocLine) ui.Table[billing.DocLine] {
	l := ui.L(ctx)
	return ui.Table[billing.DocLine]{
		ID: "lines", Caption: ui.T(ctx, "sales.lines"), Rows: lines,
		Columns: []ui.Column[billing.DocLine]{
			{Label: ui.T(ctx, "sales.line.description"), Main: true, Cell: func(d billing.DocLine) templ.Component { return prose(d.Description) }},
			{Label: ui.T(ctx, "sales.line.quantity"), Align: ui.End, Cell: func(d billing.DocLine) templ.Component {
				return ui.Text(strings.TrimSpace(l.Decimal(d.Quantity, 0) + " " + d.Unit))
			}},
			{Label: ui.T(ctx, "sales.line.unit_price"), Align: ui.End, Cell: func(d billing.DocLine) templ.Component { return ui.Text(l.Decimal(d.UnitPrice, 2)) }},
			{Label: ui.T(ctx, "sales.line.discount"), Align: ui.End, Cell: func(d billing.DocLine) templ.Component {
				if !d.Discount.IsPositive() {
					return ui.Text("")
				}
				return ui.Text(l.Percent(d.Discount))
			}},
			{Label: ui.T(ctx, "sales.line.vat"), Align: ui.Code, Cell: func(d billing.DocLine) templ.Component { return ui.Text(lineVAT(l, p, d)) }},
			{Label: ui.T(ctx, "sales.line.net"), Align: ui.End, Cell: func(d billing.DocLine) templ.Component { return ui.Amount(money.Of(d.Net, p.cur)) }},
		},
	}
}

// lineVAT is how a line was taxed: by its code as the company has it now, or by the rate that was frozen.
func lineVAT(l *i18n.Localizer, p page, d billing.DocLine) string {
	if v, ok := p.setup.VATCodes[d.VATCode]; ok && v.Rate.Equal(d.Rate) {
		return vatWords(l, v)
	}
	return l.Percent(d.Rate)
}

func rowWords(l *i18n.Localizer, p page, r billing.VATRow) string {
	return lineVAT(l, p, billing.DocLine{VATCode: r.Code, Rate: r.Rate})
}

// sendingView is what sendingFacts draws.
type sendingView struct {
	app.Sending
	document string
}

func (s sendingView) why(ctx context.Context) (text, path, key string) {
	return withoutWords(ui.L(ctx), s.Sending, s.document)
}

// question is the confirmation with what is said about it below its facts.
func (a act) question() ui.Confirmation {
	q := a.ask
	fields := []templ.Component{ui.HiddenField(keyField, ids.New(ids.Request))}
	for _, more := range []templ.Component{q.Fields, a.about} {
		if more != nil {
			fields = append(fields, more)
		}
	}
	q.Fields = templ.Join(fields...)
	return q
}

// lastPart makes an id for the page from a path.
func lastPart(path string) string {
	parts := strings.Split(strings.TrimSuffix(path, "/link"), "/")
	return parts[len(parts)-1]
}
