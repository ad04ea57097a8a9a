package setup

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/settings"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
)

// steps are the pages of the wizard, in order. The use cases count users among the steps; the first page has made one.
var steps = []string{app.StepCompany, app.StepMethods, app.StepGateway, app.StepMail, app.StepPayment}

func stepPath(code string) string { return "/setup/" + code }

// after is where a step leads: the next one, or the overview after the last.
func after(code string) string {
	for i, s := range steps {
		if s == code && i+1 < len(steps) {
			return stepPath(steps[i+1])
		}
	}
	return "/setup"
}

// progress is the steps that have a page, with how far each is.
func (h *wizard) progress(c *fiberweb.Ctx) ([]app.Step, error) {
	all, err := h.Steps(c.Context(), c.Actor())
	if err != nil {
		return nil, err
	}
	var out []app.Step
	for _, code := range steps {
		for _, s := range all {
			if s.Code == code {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

func (h *wizard) overview(c *fiberweb.Ctx) error {
	all, err := h.progress(c)
	if err != nil {
		return err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	return c.Show(overviewPage(all, setup.Company.Ready))
}

// frame stands around the settings' forms when they are a step.
func (h *wizard) frame(code string) settings.Framer {
	return func(c *fiberweb.Ctx) (settings.Frame, error) {
		all, err := h.progress(c)
		to := after(code)
		if code == app.StepMail && waitsForMail(all) {
			to = stepPath(app.StepGateway)
		}
		return settings.Frame{
			Page: stepPage(c, code), Head: strip(all, code), Here: stepPath(code), Next: to,
			Skip: skip(after(code)), Save: c.T("setup.save"), Setup: true,
		}, err
	}
}

// waitsForMail says that a gateway is connected and not on: it could not be switched on before mail was set up.
func waitsForMail(all []app.Step) bool {
	for _, s := range all {
		if s.Code == app.StepGateway {
			return !s.Done && !slices.Contains(s.Missing, "connection")
		}
	}
	return false
}

func stepPage(c *fiberweb.Ctx, code string) ui.Page {
	return ui.Page{Title: c.T("setup.step." + code), Intro: c.T("setup.step." + code + ".help"), Narrow: true,
		Crumbs: []ui.Link{{Label: c.T("setup.title"), Href: c.URL("/setup")}}}
}

func (h *wizard) connectFrame(c *fiberweb.Ctx) (settings.Frame, error) {
	f, err := h.frame(app.StepGateway)(c)
	f.Page.Intro = ""
	f.Here, f.Next, f.Back, f.Skip = stepPath(app.StepGateway)+"/new/"+c.Params("name"), stepPath(app.StepGateway), stepPath(app.StepGateway), nil
	return f, err
}

// stripSteps is the progress as it is shown above each step.
func stripSteps(ctx context.Context, all []app.Step, current string) []ui.Step {
	out := make([]ui.Step, len(all))
	for i, s := range all {
		out[i] = ui.Step{Label: ui.T(ctx, "setup.step."+s.Code), Href: ui.To(ctx, stepPath(s.Code)), State: ui.StepTodo}
		switch {
		case s.Code == current:
			out[i].State, out[i].Href = ui.StepCurrent, ""
		case s.Done:
			out[i].State = ui.StepDone
		}
	}
	return out
}

// doneOf counts the steps that are done.
func doneOf(all []app.Step) int {
	n := 0
	for _, s := range all {
		if s.Done {
			n++
		}
	}
	return n
}

// next is the first step that is not done, or the first of all.
func next(all []app.Step) string {
	for _, s := range all {
		if !s.Done {
			return s.Code
		}
	}
	return steps[0]
}

// missingWords says what a step still lacks.
func missingWords(ctx context.Context, s app.Step) string {
	words := make([]string, len(s.Missing))
	for i, m := range s.Missing {
		words[i] = m
		for _, prefix := range []string{"setup.missing.", "field."} {
			if ui.L(ctx).Has(prefix + m) {
				words[i] = ui.T(ctx, prefix+m)
				break
			}
		}
	}
	return strings.Join(words, ", ")
}

func (h *wizard) finish(c *fiberweb.Ctx) error {
	if err := h.FinishSetup(c.Context(), c.Actor()); err != nil {
		return err
	}
	return c.Done("/", "setup.finished")
}

func day(year int, month time.Month, d int) string { return civil.Of(year, month, d).String() }

// finishClass and finishWords make ending the set-up the main act once nothing is left to do.
func finishClass(all []app.Step) string {
	if doneOf(all) < len(all) {
		return "quiet-button"
	}
	return ""
}

func finishWords(ctx context.Context, all []app.Step) string {
	if doneOf(all) < len(all) {
		return ui.T(ctx, "setup.leave")
	}
	return ui.T(ctx, "setup.finish")
}
