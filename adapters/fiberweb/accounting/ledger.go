package accounting

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// linesShown is how many lines a page of the general ledger holds.
const linesShown = 100

// ledgerView is a page of one account's lines.
type ledgerView struct {
	desk
	account, aux string
	label        string
	from, to     civil.Date
	page         app.AccountPage
	unknown      error            // the account asked for is not in the chart
	likely       []ledger.Account // ... and those that may be meant
	held         money.Money      // what the account holds in another currency at the end of the period
	keep         bool
}

func (h *screens) ledger(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	v := ledgerView{desk: d, account: c.Q("account"), aux: c.Q("aux")}
	v.from, v.to = d.period(c)
	if v.account == "" {
		return c.Show(ledgerPage(v))
	}
	acc, ok := d.setup.Chart.Accounts[v.account]
	if !ok {
		v.likely = d.likely(v.account)
		if len(v.likely) != 1 {
			v.unknown = fault.New(fault.Invalid, fault.UnknownAccount, "account", fault.Clip(v.account))
			return c.Show(ledgerPage(v))
		}
		acc = v.likely[0]
		v.account = acc.Code
	}
	v.label, v.keep = acc.Label, c.Actor().Role.Can(access.Keep)
	all, err := h.heldOn(c, v.to)
	if err != nil {
		return err
	}
	v.held = all[v.account]
	l := c.Listing()
	v.page, err = d.views.AccountLines(c.Context(), d.company, app.AccountQuery{Account: v.account, Aux: v.aux, From: v.from, To: v.to,
		Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: linesShown}})
	if err != nil {
		return err
	}
	return c.Show(ledgerPage(v))
}

// mostLikely bounds the accounts that are proposed for a word.
const mostLikely = 12

// likely are the accounts that a beginning of a number or a part of a label may mean.
func (d desk) likely(typed string) []ledger.Account {
	var out []ledger.Account
	typed = strings.ToLower(typed)
	for _, a := range sorted(d.setup.Chart.Accounts) {
		if len(out) < mostLikely && (strings.HasPrefix(a.Code, typed) || strings.Contains(strings.ToLower(a.Label), typed)) {
			out = append(out, a)
		}
	}
	return out
}

// carried is a line of the ledger, or the balance carried forward to the first of the page.
type carried struct {
	app.AccountLine
	before bool
}

func (v ledgerView) rows() []carried {
	rows := []carried{{AccountLine: app.AccountLine{Balance: v.page.Before}, before: true}}
	for _, l := range v.page.Items {
		rows = append(rows, carried{AccountLine: l})
	}
	return rows
}

func lineTable(ctx context.Context, v ledgerView) ui.Table[carried] {
	text := func(get func(app.AccountLine) string) func(carried) templ.Component {
		return func(r carried) templ.Component { return ui.Text(get(r.AccountLine)) }
	}
	return ui.Table[carried]{
		ID: "lines", Caption: ui.T(ctx, "acc.ledger.caption", "account", v.account), Rows: v.rows(), Wide: true,
		Columns: []ui.Column[carried]{
			{Label: ui.T(ctx, "acc.date"), Cell: func(r carried) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "acc.journal"), Align: ui.Code, Cell: text(func(l app.AccountLine) string { return l.Journal })},
			{Label: ui.T(ctx, "acc.number_short"), Align: ui.Code, Cell: numberCell},
			{Label: ui.T(ctx, "acc.piece"), Align: ui.Code, Cell: text(func(l app.AccountLine) string { return l.Piece })},
			{Label: ui.T(ctx, "entry.label"), Main: true, Cell: func(r carried) templ.Component {
				if r.before {
					return ui.Key("acc.ledger.before")
				}
				return ui.Text(r.Label)
			}},
			{Label: ui.T(ctx, "acc.aux"), Align: ui.Code, Cell: text(func(l app.AccountLine) string { return l.Aux })},
			{Label: ui.T(ctx, "entry.match"), Cell: text(func(l app.AccountLine) string { return l.Letter })},
			{Label: ui.T(ctx, "entry.debit"), Align: ui.End, Cell: func(r carried) templ.Component { return sideCell(v, r, r.Debit) }},
			{Label: ui.T(ctx, "entry.credit"), Align: ui.End, Cell: func(r carried) templ.Component { return sideCell(v, r, r.Credit) }},
			{Label: ui.T(ctx, "acc.balance"), Align: ui.End, Cell: func(r carried) templ.Component { return ui.Amount(v.money(r.Balance)) }},
		},
		Pager: &ui.Pager{Next: v.page.Next, Previous: v.page.Prev},
	}
}

// usualAccounts are those that people look at first: customers, deposits, bank, sales, VAT.
var usualAccounts = []string{"411000", "419100", "512100", "706000", "707000", "445711", "627800"}

func (v ledgerView) title() string {
	if v.label == "" {
		return ""
	}
	return v.account + " · " + v.label
}

func ledgerFigures(ctx context.Context, v ledgerView) []ui.Figure {
	side := ui.T(ctx, "acc.debit_balance")
	if v.page.Total < 0 {
		side = ui.T(ctx, "acc.credit_balance")
	}
	out := []ui.Figure{{Label: ui.T(ctx, "acc.ledger.end", "date", ui.L(ctx).Date(v.to)), Value: ui.Amount(v.money(abs(v.page.Total))), Note: side, Icon: "scale"}}
	if v.held.Currency() != "" {
		out = append(out, ui.Figure{Label: ui.T(ctx, "acc.ledger.held"), Value: ui.Amount(v.held), Icon: "banknote"})
	}
	return out
}

func abs(n int64) int64 { return max(n, -n) }
