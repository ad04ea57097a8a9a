package settings

import (
	"context"
	"time"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/inbox"
)

// life is how a connection does: its webhook, its import of history, what was set aside, what was done to it.
type life struct {
	hook   app.Hook
	events []inbox.Event
	past   *form.Form // the form that asks for an import
	zone   *time.Location
	now    time.Time
}

func (h *Screens) life(c *fiberweb.Ctx, conn inbox.Connection) (life, error) {
	l := life{past: c.NewForm(), zone: h.Zone, now: h.Now()}
	var err error
	if l.hook, err = h.Hook(c.Context(), c.Actor(), conn.ID); err != nil {
		l.hook = app.Hook{} // a gateway whose program is gone still has a page
	}
	views, err := h.Look(c.Actor())
	if err != nil {
		return l, err
	}
	l.events, err = views.History(c.Context(), c.Company(), conn.ID)
	return l, err
}

func (h *Screens) installWebhook(c *fiberweb.Ctx) error {
	return h.act(c, "set.hook.done", func(ctx context.Context, id string) (inbox.Connection, error) {
		return h.InstallWebhook(ctx, c.Actor(), id)
	})
}

// importHistory asks for what happened before the connection was made.
func (h *Screens) importHistory(c *fiberweb.Ctx) error {
	conn, _, err := h.found(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	since := f.RequiredDate("since")
	if f.OK() {
		_, err := h.ImportHistory(c.Context(), c.Actor(), conn.ID, since)
		f.Fail(err)
	}
	if !f.OK() {
		return h.showPast(c, f)
	}
	return c.Done(gatewaysPath+"/"+conn.ID, "set.past.begun", "gateway", conn.Label)
}

// hookState says whether the provider reports to us.
func hookState(ctx context.Context, v connectionView) templ.Component {
	switch {
	case v.conn.WebhookURL == "":
		return ui.Badge(ui.Caution, "circle-dashed", ui.T(ctx, "set.hook.none"))
	case v.conn.WebhookURL != v.life.hook.URL && v.life.hook.URL != "":
		return ui.Badge(ui.Bad, "triangle-alert", ui.T(ctx, "set.hook.moved"))
	}
	return ui.Badge(ui.Good, "circle-check", ui.T(ctx, "set.hook.installed"))
}

func hookFacts(ctx context.Context, v connectionView) []ui.Fact {
	out := []ui.Fact{
		{Label: ui.T(ctx, "set.hook.state"), Value: hookState(ctx, v)},
		{Label: ui.T(ctx, "set.hook.last"), Value: momentOr(v.feed.LastWebhook, "set.gateway.never")},
	}
	if !v.conn.WebhookAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "set.hook.since"), Value: ui.Moment(v.conn.WebhookAt)})
	}
	return out
}

// hookButton is what the button says: the second time it replaces the secret.
func hookButton(ctx context.Context, v connectionView) string {
	if v.conn.WebhookURL == "" {
		return ui.T(ctx, "set.hook.install")
	}
	return ui.T(ctx, "set.hook.again")
}

// nextPoll is when a connection is read next by itself.
func nextPoll(ctx context.Context, v connectionView) templ.Component {
	switch {
	case v.conn.Status != inbox.Connected:
		return ui.Text(ui.T(ctx, "set.gateway.no_poll"))
	case v.feed.Reading(v.life.now):
		return ui.Text(ui.T(ctx, "set.gateway.polling"))
	case v.feed.NextPoll.Before(v.life.now):
		return ui.Text(ui.T(ctx, "set.gateway.poll_due"))
	}
	return ui.Moment(v.feed.NextPoll)
}

// lastError is what the last exchange was answered, in words; "" when it went well.
func lastError(ctx context.Context, v connectionView) string {
	if v.conn.Status == inbox.NeedsAttention {
		return ""
	}
	return problem(ctx, v.feed.LastError, v.conn.Label, v.conn.Detail)
}

func pastFacts(ctx context.Context, v connectionView) []ui.Fact {
	h := v.feed.History
	state := ui.Badge(ui.Good, "circle-check", ui.T(ctx, "set.past.done"))
	switch {
	case h.Running():
		state = ui.Badge(ui.Notice, "hourglass", ui.T(ctx, "set.past.running"))
	case h.Problem != "":
		state = ui.Badge(ui.Bad, "circle-x", ui.T(ctx, "set.past.failed"))
	}
	out := []ui.Fact{
		{Label: ui.T(ctx, "set.past.state"), Value: state},
		{Label: ui.T(ctx, "set.past.since"), Value: ui.Day(civil.On(h.Since.In(v.life.zone)))},
		{Label: ui.T(ctx, "set.past.found"), Value: ui.Text(ui.L(ctx).Int(h.Found))},
	}
	if !h.Reached.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "set.past.reached"), Value: ui.Moment(h.Reached)})
	}
	return out
}

// done lists what was done to a connection, the newest first.
func (v connectionView) done(ctx context.Context) []ui.Event {
	var out []ui.Event
	for i := len(v.life.events) - 1; i >= 0 && len(out) < 20; i-- {
		e := v.life.events[i]
		key := "set.event." + e.Action
		if !ui.L(ctx).Has(key) {
			key = "set.event.other"
		}
		ev := ui.Event{At: e.At, Title: ui.T(ctx, key), By: e.Actor, Icon: "history", Tone: ui.Neutral}
		switch e.Action {
		case "connection_refused", "connection_needs_attention":
			ev.Icon, ev.Tone = "triangle-alert", ui.Bad
		case "gateway_connected", "connection_connected":
			ev.Icon, ev.Tone = "circle-check", ui.Good
		case "history_import":
			ev.Detail = e.Detail
			if since, err := civil.Parse(e.Detail); err == nil {
				ev.Detail = ui.T(ctx, key+".detail", "detail", ui.L(ctx).Date(since))
			}
		case "history_imported":
			ev.Detail = ui.T(ctx, key+".detail", "detail", e.Detail)
		}
		out = append(out, ev)
	}
	return out
}

// momentOr is an instant, or words for there being none.
func momentOr(at time.Time, key string) templ.Component {
	if at.IsZero() {
		return quiet(key)
	}
	return ui.Moment(at)
}
