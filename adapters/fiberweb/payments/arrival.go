package payments

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// arrivalView is everything that is known of one arrival.
type arrivalView struct {
	desk
	row
	related *app.ArrivalRow // the payment that a refund or dispute belongs to
	posted  []ui.Entry
	events  []ui.Event
	proof   proofs
}

func (h *screens) arrival(c *fiberweb.Ctx) error {
	d, r, err := h.one(c)
	if err != nil {
		return err
	}
	v := arrivalView{desk: d, row: r}
	if v.related, err = d.relatedTo(c.Context(), r.Arrival); err != nil {
		return err
	}
	for _, seq := range []int64{r.EntrySeq, r.FeeEntrySeq} {
		if seq == 0 {
			continue
		}
		e, err := d.views.Entry(c.Context(), d.company, seq)
		if err != nil {
			return err
		}
		v.posted = append(v.posted, d.entry(e.Entry, e.Letters, false, c.URL(entryPath(seq))))
	}
	done, err := d.views.History(c.Context(), d.company, r.ID)
	if err != nil {
		return err
	}
	v.events = history(c, r, done)
	if v.proof, err = h.proofsOf(c, d, r); err != nil {
		return err
	}
	return c.Show(arrivalPage(v))
}

// one reads the arrival of the address, and what OK would post for it. Code: unknown_thing.
func (h *screens) one(c *fiberweb.Ctx) (desk, row, error) {
	d, err := h.open(c)
	if err != nil {
		return d, row{}, err
	}
	a, err := newNames(d).arrival(c.Context(), c.Params("id"))
	if err != nil {
		return d, row{}, err
	}
	list := []app.ArrivalRow{a}
	tried, err := h.tryAll(c, list)
	if err != nil {
		return d, row{}, err
	}
	return d, h.rows(d, list, tried)[0], nil
}

// relatedTo finds what a refund, reversal or dispute belongs to, when it has come.
func (d desk) relatedTo(ctx context.Context, a inbox.Arrival) (*app.ArrivalRow, error) {
	if a.RelatedID == "" {
		return nil, nil
	}
	for _, k := range []gateway.Kind{gateway.KindPayment, gateway.KindDispute, gateway.KindRefund, gateway.KindPayout} {
		r, err := newNames(d).arrival(ctx, inbox.ArrivalID(a.ConnectionID, k, a.RelatedID))
		if err == nil {
			return &r, nil
		}
		if fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
	}
	return nil, nil
}

// sources are the ways in, with their icons.
var sources = map[inbox.Source]string{inbox.ByWebhook: "plug", inbox.ByReturn: "undo-2", inbox.ByPoll: "clock", inbox.ByRefresh: "refresh-cw", inbox.ByRefund: "undo-2", inbox.ByProof: "landmark"}

// history is provenance and decisions together, in order of time.
func history(c *fiberweb.Ctx, r row, done []inbox.Event) []ui.Event {
	var out []ui.Event
	for _, s := range r.Sightings {
		out = append(out, ui.Event{At: s.At, Title: c.T("inbox.seen."+string(s.Source), "clock", c.Loc().Clock(s.At)), Icon: sources[s.Source], Tone: ui.Neutral})
	}
	for _, e := range done {
		v := ui.Event{At: e.At, Title: c.T("inbox.event.other"), By: e.Actor, Icon: "circle-user-round", Tone: ui.Notice}
		if key := "inbox.event." + e.Action; c.Loc().Has(key) {
			v.Title = c.T(key)
		}
		switch e.Action {
		case "arrival_dismissed":
			v.Detail, v.Icon, v.Tone = e.Detail, "archive", ui.Caution
		case "evidence_opened":
			v.Detail, v.Icon, v.Tone = short(e.Detail), "eye", ui.Neutral
		case "arrival_integrated":
			v.Icon, v.Tone = "circle-check", ui.Good
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b ui.Event) int { return a.At.Compare(b.At) })
	return out
}

// provenance says in one line how a row was seen: the first sighting by each way in.
func (r row) provenance(ctx context.Context) string {
	var seen []inbox.Source
	var out []string
	for _, s := range r.Sightings {
		if slices.Contains(seen, s.Source) {
			continue
		}
		seen = append(seen, s.Source)
		out = append(out, ui.T(ctx, "inbox.seen."+string(s.Source), "clock", clock(ctx, s.At, r.FirstSeen)))
	}
	return strings.Join(out, " · ")
}

// clock is the time of day, with the day when it is not the one it began on.
func clock(ctx context.Context, at, first time.Time) string {
	if at.Sub(first) > 12*time.Hour {
		return ui.L(ctx).DateTime(at)
	}
	return ui.L(ctx).Clock(at)
}

// ask shows a page that asks before a decision, when the row may still be decided on.
func (h *screens) ask(c *fiberweb.Ctx, show func(desk, row) error) error {
	d, r, err := h.one(c)
	if err != nil {
		return err
	}
	switch {
	case r.State == inbox.Integrated:
		return fault.New(fault.Conflict, fault.ArrivalIntegrated, "id", r.ExternalID)
	case !r.open():
		return fault.New(fault.Conflict, fault.ArrivalDismissed, "id", r.ExternalID)
	}
	return show(d, r)
}

// decided answers a decision: back to the arrival, with what it led to.
func decided(c *fiberweb.Ctx, a inbox.Arrival, key string) error {
	tone := ui.Good
	if a.State == inbox.Review {
		tone, key = ui.Caution, key+"_review"
	}
	c.Flash(tone, key)
	return c.SeeOther(c.URL("/inbox", a.ID))
}

func (h *screens) askDismiss(c *fiberweb.Ctx) error {
	return h.ask(c, func(_ desk, r row) error { return c.Show(dismissPage(r, c.NewForm())) })
}

func (h *screens) dismiss(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	a, err := h.DismissArrival(c.Context(), c.Actor(), c.Params("id"), f.Value("reason"))
	if fault.Has(err, fault.ReasonNeeded) || fault.Has(err, fault.TooLong) || fault.Has(err, fault.BadCharacters) {
		f.Fail(err)
		return h.ask(c, func(_ desk, r row) error { return c.Invalid(f, dismissPage(r, f)) })
	}
	if err != nil {
		return err
	}
	c.Flash(ui.Good, "inbox.dismissed")
	return c.SeeOther(c.URL("/inbox", a.ID))
}

func (h *screens) restore(c *fiberweb.Ctx) error {
	a, err := h.RestoreArrival(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	return decided(c, a, "inbox.restored")
}

func (h *screens) askAccept(c *fiberweb.Ctx) error {
	return h.ask(c, func(_ desk, r row) error { return c.Show(acceptPage(r)) })
}

func (h *screens) accept(c *fiberweb.Ctx) error {
	a, err := h.AcceptArrival(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	return decided(c, a, "inbox.accepted")
}
