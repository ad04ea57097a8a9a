package settings

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
)

const yearsPath = "/settings/company/years"

// yearsView is the fiscal years of a company and what whoever looks may do to them.
type yearsView struct {
	years       []ledger.FiscalYear
	closedUntil civil.Date
	today       civil.Date
	head        ledger.Head
	configure   bool
	keep        bool
}

// closable says whether a year is the one that may be closed next.
func (v yearsView) closable(y ledger.FiscalYear) bool {
	for _, o := range v.years {
		if !o.Closed {
			return v.keep && o.ID == y.ID && y.End.Before(v.today)
		}
	}
	return false
}

// state is where a year stands: "closed", "ended", "current" or "coming".
func (v yearsView) state(y ledger.FiscalYear) string {
	switch {
	case y.Closed:
		return "closed"
	case y.End.Before(v.today):
		return "ended"
	case y.Contains(v.today):
		return "current"
	}
	return "coming"
}

func (h *Screens) years(c *fiberweb.Ctx) error {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	views, err := h.Look(c.Actor())
	if err != nil {
		return err
	}
	head, err := views.Head(c.Context(), c.Company())
	if err != nil {
		return err
	}
	role := c.Actor().Role
	return c.Show(yearsPage(yearsView{years: setup.Chart.Years, closedUntil: setup.Company.ClosedUntil, today: h.Today(), head: head,
		configure: role.Can(access.Configure), keep: role.Can(access.Keep)}))
}

var yearTones = map[string]struct {
	tone ui.Tone
	icon string
}{"closed": {ui.Neutral, "lock"}, "ended": {ui.Caution, "hourglass"}, "current": {ui.Good, "circle-check"}, "coming": {ui.Notice, "calendar"}}

func yearTable(ctx context.Context, v yearsView) ui.Table[ledger.FiscalYear] {
	return ui.Table[ledger.FiscalYear]{
		ID: "years", Caption: ui.T(ctx, "set.company.years"), Rows: v.years,
		Columns: []ui.Column[ledger.FiscalYear]{
			{Label: ui.T(ctx, "set.years.year"), Main: true, Cell: func(y ledger.FiscalYear) templ.Component { return ui.Text(y.ID) }},
			{Label: ui.T(ctx, "set.years.start"), Cell: func(y ledger.FiscalYear) templ.Component { return ui.Day(y.Start) }},
			{Label: ui.T(ctx, "set.years.end"), Cell: func(y ledger.FiscalYear) templ.Component { return ui.Day(y.End) }},
			{Label: ui.T(ctx, "set.state"), Cell: func(y ledger.FiscalYear) templ.Component {
				s := v.state(y)
				return ui.Badge(yearTones[s].tone, yearTones[s].icon, ui.T(ctx, "set.years.state."+s))
			}},
			{Label: ui.T(ctx, "table.actions"), Cell: func(y ledger.FiscalYear) templ.Component {
				if !v.closable(y) {
					return ui.Text("")
				}
				return ui.LinkButton(ui.To(ctx, yearsPath, y.ID)+"/close", "quiet-button", "lock", ui.T(ctx, "set.years.close"))
			}},
		},
		Empty: ui.Empty("calendar", ui.T(ctx, "set.years.none"), ui.T(ctx, "set.years.none.help")),
	}
}

func (h *Screens) newYear(c *fiberweb.Ctx) error {
	years, err := h.Years(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	f := c.NewForm()
	if n := len(years); n > 0 {
		start := years[n-1].End.AddDays(1)
		f.SetDate("start", start).SetDate("end", start.AddMonths(12).AddDays(-1))
	}
	return c.Show(yearPage(f))
}

// yearNameLength is the core's bound on the name of a year, which stands in legal numbers.
const yearNameLength = 9

func (h *Screens) addYear(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	y := ledger.FiscalYear{ID: f.Text("id", yearNameLength), Start: f.RequiredDate("start"), End: f.RequiredDate("end")}
	if f.OK() {
		y, err = h.AddYear(c.Context(), c.Actor(), y)
		f.Fail(err)
	}
	if !f.OK() {
		return c.Invalid(f, yearPage(f))
	}
	return c.Done(yearsPath, "set.years.added", "year", y.ID)
}

// askPeriod asks up to which day to close, and then whether that is meant.
func (h *Screens) askPeriod(c *fiberweb.Ctx) error {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	today := h.Today()
	f := c.NewForm().SetDate("until", today.AddDays(-today.Day()))
	return c.Show(periodPage(setup, f, false))
}

// closePeriod first asks again with the date in words, then closes: it can never be undone.
func (h *Screens) closePeriod(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	until := f.RequiredDate("until")
	if f.OK() && !until.Before(h.Today()) {
		f.Add(fault.New(fault.Invalid, fault.BadDate, "found", f.Value("until")).On("until"))
	}
	if f.OK() && until.Before(setup.Company.ClosedUntil) {
		closed := setup.Company.ClosedUntil
		f.Add(fault.New(fault.Refused, fault.PeriodClosed, "date", until.String(), "open", closed.AddDays(1).String()).On("until"))
	}
	if f.OK() && !f.Bool("sure") {
		return c.Show(periodPage(setup, f, true))
	}
	if f.OK() {
		f.Fail(h.ClosePeriod(c.Context(), c.Actor(), until))
	}
	if !f.OK() {
		return c.Invalid(f, periodPage(setup, f, false))
	}
	return c.Done(yearsPath, "set.period.closed", "date", c.Loc().Date(until))
}

func periodConfirmation(ctx context.Context, f *form.Form) ui.Confirmation {
	until, _ := civil.Parse(f.Value("until"))
	return ui.Confirmation{
		Text:   ui.T(ctx, "set.period.sure", "date", ui.L(ctx).Date(until)),
		Action: ui.To(ctx, "/settings/company/period"), Yes: ui.T(ctx, "set.period.yes"), No: ui.To(ctx, yearsPath), Danger: true,
		Fields: hidden("until", f.Value("until"), "sure", "on"),
	}
}

func (h *Screens) askYear(c *fiberweb.Ctx) error {
	return h.askYearWith(c, nil, http.StatusOK)
}

func (h *Screens) askYearWith(c *fiberweb.Ctx, f *form.Form, status int) error {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	y, err := yearOf(setup, c.Params("year"))
	if err != nil {
		return err
	}
	return c.Page(status, closeYearPage(y, f))
}

// yearOf finds a fiscal year. Code: unknown_thing.
func yearOf(s *books.Setup, id string) (ledger.FiscalYear, error) {
	for _, y := range s.Chart.Years {
		if y.ID == id {
			return y, nil
		}
	}
	return ledger.FiscalYear{}, missing("fiscal_year", id)
}

func (h *Screens) closeYear(c *fiberweb.Ctx) error {
	done, err := h.CloseYear(c.Context(), c.Actor(), c.Params("year"))
	if err != nil {
		f := c.NewForm()
		f.Fail(err)
		if err := f.Broken(); err != nil {
			return err
		}
		return h.askYearWith(c, f, http.StatusUnprocessableEntity)
	}
	return c.Show(closedPage(done))
}

func yearCrumbs(ctx context.Context) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "set.company.years"), Href: ui.To(ctx, yearsPath)}}
}
