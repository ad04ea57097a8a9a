// Package home is the first page of a company, the outbox of its mails, and help.
package home

import (
	"context"
	"slices"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Mount adds the pages to a server. box is where messages are read back that were kept instead of sent; nil when none are.
func Mount(s *fiberweb.Server, a *app.App, box Mailbox) {
	h := &screens{a, box}
	r := s.Company()
	r.Get("/", h.home)
	r.Get("/help", h.help)
	r.Get("/outbox", h.outbox)
	r.Get("/outbox/:id", h.message)
	r.Get("/outbox/:id/html", h.html)
	r.Get("/outbox/:id/files/:n", h.file)
	r.For(access.Sell).Post("/outbox/:id/resend", h.resend)
}

// waitingMost bounds what the menu counts: more than this is "a lot" to anybody.
const waitingMost = 200

// Waiting counts what the menu marks as asking for attention: payments to integrate or to decide on. It is for
// fiberweb.Options.Waiting, and costs one short list.
func Waiting(a *app.App) func(ctx context.Context, company string) (map[string]int, error) {
	return func(ctx context.Context, company string) (map[string]int, error) {
		page, err := a.Views.Arrivals(ctx, company, app.ArrivalQuery{ToDo: true, Desc: true, Paging: app.Paging{Limit: waitingMost}})
		return map[string]int{"inbox": len(page.Items)}, err
	}
}

type screens struct {
	*app.App
	box Mailbox
}

// homeView is what the first page is drawn from.
type homeView struct {
	app.Home
	company party.Company
	role    access.Role
	steps   []app.Step // of the set-up, while it is not finished
}

func (h *screens) home(c *fiberweb.Ctx) error {
	views, err := h.Look(c.Actor())
	if err != nil {
		return err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	v := homeView{company: setup.Company, role: c.Actor().Role}
	if v.Home, err = views.Home(c.Context(), c.Company(), h.Today()); err != nil {
		return err
	}
	if !v.company.Ready && v.role.Can(access.Configure) {
		if v.steps, err = h.Steps(c.Context(), c.Actor()); err != nil {
			return err
		}
	}
	return c.Show(homePage(v))
}

// money is a sum in minor units; one beyond what an amount can be is shown as the greatest.
func (v homeView) money(minor int64) money.Money {
	return money.Of(min(max(minor, -money.Max), money.Max), v.company.Currency)
}

func (v homeView) figures(ctx context.Context) []ui.Figure {
	count := func(n int) string { return ui.L(ctx).Int(n) }
	tone := func(n int, t ui.Tone) ui.Tone {
		if n == 0 {
			return ui.Neutral
		}
		return t
	}
	month, share := v.thisMonth(ctx)
	return []ui.Figure{
		{Label: ui.T(ctx, "home.to_integrate"), Value: ui.Text(count(v.ToIntegrate)), Note: ui.L(ctx).Money(v.money(v.ToIntegrateSum)), Href: ui.To(ctx, "/inbox"), Tone: tone(v.ToIntegrate, ui.Notice), Icon: "inbox"},
		{Label: ui.T(ctx, "home.due"), Value: ui.Amount(v.money(v.DueSum)), Note: ui.T(ctx, "home.due_note"), Href: ui.To(ctx, "/invoices") + "?view=due", Tone: ui.Neutral, Icon: "file-text"},
		{Label: ui.T(ctx, "home.overdue"), Value: ui.Amount(v.money(v.OverdueSum)), Note: ui.Plural(ctx, "home.overdue_note", v.Overdue), Href: ui.To(ctx, "/invoices") + "?view=overdue", Tone: tone(v.Overdue, ui.Bad), Icon: "clock"},
		{Label: ui.T(ctx, "home.month"), Value: ui.Amount(month), Note: share, Href: ui.To(ctx, "/receipts"), Tone: ui.Good, Icon: "banknote"},
	}
}

// thisMonth is what was received since the first of the month, and how much of it online.
func (v homeView) thisMonth(ctx context.Context) (sum money.Money, share string) {
	if len(v.Months) == 0 {
		return v.money(0), ui.T(ctx, "home.month_none")
	}
	m := v.Months[len(v.Months)-1]
	today := ui.FrameOf(ctx).Now
	if m.Month.Year() != today.Year() || m.Month.Month() != today.Month() {
		return v.money(0), ui.T(ctx, "home.month_none")
	}
	return v.money(m.Online + m.Other), ui.T(ctx, "home.month_online", "amount", ui.L(ctx).Money(v.money(m.Online)))
}

// task is one thing that asks for attention, and where it is dealt with.
type task struct {
	tone       ui.Tone
	icon, text string
	href       string
}

// tasks lists what asks for attention, the most urgent first.
func (v homeView) tasks(ctx context.Context) []task {
	var out []task
	add := func(n int, tone ui.Tone, icon, key, path string) {
		if n > 0 {
			out = append(out, task{tone, icon, ui.Plural(ctx, key, n), ui.To(ctx, path)})
		}
	}
	settings := func(path string) string {
		if v.role.Can(access.Configure) {
			return path
		}
		return "/inbox"
	}
	add(v.ConnectionsDown, ui.Bad, "plug", "home.task.connections", settings("/settings/gateways"))
	add(v.Unproven, ui.Bad, "landmark", "home.task.proofs", "/proofs")
	add(v.MailsFailed, ui.Bad, "mail", "home.task.mails", "/outbox?state=failed")
	add(v.InReview, ui.Caution, "eye", "home.task.review", "/inbox")
	add(v.ToIntegrate, ui.Notice, "inbox", "home.task.integrate", "/inbox")
	add(v.FeesAged, ui.Caution, "clock", "home.task.fees_aged", "/inbox?show=integrated")
	add(v.FeesPending-v.FeesAged, ui.Neutral, "hourglass", "home.task.fees", "/inbox?show=integrated")
	add(v.Overdue, ui.Caution, "clock", "home.task.overdue", "/invoices?view=overdue")
	add(v.DraftInvoices, ui.Neutral, "file-pen", "home.task.drafts", "/invoices?view=draft")
	add(v.Deliveries, ui.Neutral, "circle-question-mark", "home.task.orphans", "/inbox")
	return out
}

// chart is money in by month.
func (v homeView) chart(ctx context.Context) ui.Chart {
	c := ui.Chart{Title: ui.T(ctx, "home.chart"), Kind: ui.Bars, Currency: v.company.Currency, Series: []ui.Series{{Name: ui.T(ctx, "home.online")}, {Name: ui.T(ctx, "home.other")}}}
	for _, m := range v.Months {
		c.Labels = append(c.Labels, ui.L(ctx).Month(m.Month))
		c.Series[0].Values = append(c.Series[0].Values, v.money(m.Online).Minor())
		c.Series[1].Values = append(c.Series[1].Values, v.money(m.Other).Minor())
	}
	return c
}

// received says whether there is anything to draw.
func (v homeView) received() bool {
	for _, m := range v.Months {
		if m.Online != 0 || m.Other != 0 {
			return true
		}
	}
	return false
}

// unfinished says whether a step of the set-up is still to do.
func (v homeView) unfinished() bool {
	return slices.ContainsFunc(v.steps, func(s app.Step) bool { return !s.Done })
}

// setupSteps are the steps of the set-up as the page shows them: the first that is not done is the one to go on with.
func (v homeView) setupSteps(ctx context.Context) []ui.Step {
	var out []ui.Step
	current := false
	for _, s := range v.steps {
		step := ui.Step{Label: ui.T(ctx, "home.step."+s.Code), Href: ui.To(ctx, "/setup", s.Code), State: ui.StepDone}
		switch {
		case s.Done:
		case !current:
			step.State, current = ui.StepCurrent, true
		default:
			step.State = ui.StepTodo
		}
		out = append(out, step)
	}
	return out
}

// try is one thing for a newcomer to try.
type try struct{ text, href, link string }

// tries lead through the main job of the program, from an invoice to its entries.
func tries(ctx context.Context) []try {
	var out []try
	for _, t := range []struct{ key, path string }{
		{"invoice", "/invoices/new"}, {"send", "/invoices"}, {"mail", "/outbox"}, {"pay", "/outbox"}, {"integrate", "/inbox"}, {"receipt", "/receipts"}, {"export", "/exports"},
	} {
		out = append(out, try{ui.T(ctx, "home.try."+t.key), ui.To(ctx, t.path), ui.T(ctx, "home.try."+t.key+"_link")})
	}
	return out
}

func (h *screens) help(c *fiberweb.Ctx) error { return c.Show(helpPage()) }
