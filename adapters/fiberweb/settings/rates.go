package settings

import (
	"context"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

const ratesPath = "/settings/rates"

// maxPaste bounds what is pasted at once: MaxRates lines of a date, a currency, a rate and a source.
const maxPaste = 500_000

// ratesView is the table of rates, with the form of one and that of many.
type ratesView struct {
	page     app.Page[ledger.Rate]
	own      money.Currency
	keep     bool
	form     *form.Form
	paste    *form.Form
	problems []string // of the lines pasted
}

func (h *Screens) rates(c *fiberweb.Ctx) error {
	return h.showRates(c, nil, nil, nil)
}

func (h *Screens) showRates(c *fiberweb.Ctx, one, many *form.Form, problems []string) error {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	views, err := h.Look(c.Actor())
	if err != nil {
		return err
	}
	v := ratesView{own: setup.Company.Currency, keep: c.Actor().Role.Can(access.Keep), form: one, paste: many, problems: problems}
	l := c.Listing()
	if v.page, err = views.Rates(c.Context(), c.Company(), app.RateQuery{Paging: app.Paging{Cursor: l.Cursor, Back: l.Back}}); err != nil {
		return err
	}
	if v.form == nil {
		v.form = c.NewForm().SetDate("date", h.Today()).Set("source", "Banque de France")
		if len(v.page.Items) > 0 {
			v.form.Set("currency", string(v.page.Items[0].Currency))
		}
	}
	if v.paste == nil {
		v.paste = c.NewForm()
	}
	switch {
	case one != nil:
		return c.Invalid(one, ratesPage(v))
	case many != nil:
		return c.Invalid(many, ratesPage(v))
	}
	return c.Show(ratesPage(v))
}

func (h *Screens) addRate(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	r := ledger.Rate{Date: f.RequiredDate("date"), Currency: money.Currency(strings.ToUpper(f.Required("currency", 3))), Rate: f.Decimal("rate"), Source: f.Text("source", 80)}
	if f.OK() {
		_, err := h.SaveRates(c.Context(), c.Actor(), []ledger.Rate{r})
		if err != nil && len(fault.All(err)) == 0 {
			return err
		}
		for _, e := range fault.All(err) {
			f.Add(e.On(strings.TrimPrefix(e.Field, "rates.0.")))
		}
	}
	if !f.OK() {
		return h.showRates(c, f, nil, nil)
	}
	return c.Done(ratesPath, "set.rates.saved")
}

// pasteRates takes many rates at once. One that cannot be read keeps all of them out: what was pasted is corrected and sent
// again as a whole.
func (h *Screens) pasteRates(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	text := f.Required("csv", maxPaste)
	source := f.Text("paste_source", 80)
	if !f.OK() {
		return h.showRates(c, nil, f, nil)
	}
	list, err := app.ReadRates(text, source)
	if err == nil {
		list, err = h.SaveRates(c.Context(), c.Actor(), list)
	}
	faults := fault.All(err)
	if err != nil && len(faults) == 0 {
		return err
	}
	if len(faults) == 0 {
		return c.Done(ratesPath, "set.rates.pasted", "count", itoa(int64(len(list))))
	}
	var problems []string
	for _, e := range faults {
		words := c.Loc().Fault(e)
		if n, ok := strings.CutPrefix(e.Field, "rates."); ok {
			n, _, _ = strings.Cut(n, ".")
			if line, err := strconv.Atoi(n); err == nil {
				words = c.T("set.rates.line", "line", strconv.Itoa(line+1)) + " " + words
			}
		}
		problems = append(problems, words)
	}
	f.Add(faults[0].On("csv"))
	return h.showRates(c, nil, f, problems)
}

func (h *Screens) removeRate(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	if err := h.RemoveRate(c.Context(), c.Actor(), f.Text("id", 20)); err != nil {
		return err
	}
	return c.Done(ratesPath, "set.rates.removed")
}

func rateTable(ctx context.Context, v ratesView) ui.Table[ledger.Rate] {
	t := ui.Table[ledger.Rate]{
		ID: "rates", Caption: ui.T(ctx, "nav.settings.rates"), Rows: v.page.Items,
		Columns: []ui.Column[ledger.Rate]{
			{Label: ui.T(ctx, "set.rates.date"), Main: true, Cell: func(r ledger.Rate) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "set.rates.currency"), Align: ui.Code, Cell: func(r ledger.Rate) templ.Component { return ui.Text(string(r.Currency)) }},
			{Label: ui.T(ctx, "set.rates.rate_of", "own", string(v.own)), Align: ui.End, Cell: func(r ledger.Rate) templ.Component { return ui.Text(ui.L(ctx).Decimal(r.Rate, 0)) }},
			{Label: ui.T(ctx, "set.rates.source"), Quiet: true, Cell: func(r ledger.Rate) templ.Component { return ui.Text(r.Source) }},
			{Label: ui.T(ctx, "set.rates.by"), Quiet: true, Cell: func(r ledger.Rate) templ.Component { return ui.Text(r.By) }},
		},
		Pager: &ui.Pager{Next: v.page.Next, Previous: v.page.Prev},
		Empty: ui.Empty("scale", ui.T(ctx, "set.rates.none"), ui.T(ctx, "set.rates.none.help")),
	}
	if v.keep {
		t.Columns = append(t.Columns, ui.Column[ledger.Rate]{Label: ui.T(ctx, "table.actions"), Align: ui.End, Cell: removeRateButton})
	}
	return t
}
