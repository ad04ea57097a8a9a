package payments

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// feePatience is how long a commission may stay unknown before somebody should look: providers that settle by batch
// tell theirs within two working days.
const feePatience = 3 * 24 * time.Hour

// row is an arrival as the screens show it.
type row struct {
	app.ArrivalRow
	gateway  string // label of its connection
	proposed []ui.Entry
	refusal  error // why OK would not post it, as far as trying told
	now      time.Time
	reason   string         // the provider's, in words
	own      money.Currency // of the books
}

// postable says whether OK has something to post.
func (r row) postable() bool {
	return r.State == inbox.Ready || r.State == inbox.Integrated && r.FeeDue() != 0
}

// open says whether the row may still be decided on.
func (r row) open() bool {
	return r.State == inbox.Ready || r.State == inbox.Review || r.State == inbox.Waiting || r.State == inbox.Past
}

// effect is what the movement did to our money at the gateway, before its fee: negative when it left.
func (r row) effect() money.Money {
	if r.Kind.Inflow() {
		return r.Gross
	}
	return r.Gross.Neg()
}

// net is the effect after the fee; false while the fee is not known.
func (r row) net() (money.Money, bool) {
	switch r.FeeState {
	case gateway.FeeKnown:
		return r.effect().Minus(r.Fee), true
	case gateway.FeeNone:
		return r.effect(), true
	}
	return money.Money{}, false
}

// feeAwaited says whether a commission is still to come.
func (r row) feeAwaited() bool {
	return r.FeeState == gateway.FeeUnknown && r.Kind == gateway.KindPayment && r.State != inbox.Void && r.State != inbox.Dismissed
}

// feeAged says whether it has been for too long.
func (r row) feeAged() bool { return r.feeAwaited() && r.now.Sub(r.OccurredAt) > feePatience }

// feeSince is how long a commission has been awaited.
func (r row) feeSince(ctx context.Context) string {
	return ui.T(ctx, "inbox.fee_since", "ago", ui.L(ctx).Ago(r.OccurredAt, r.now))
}

// who is the customer, else the payer as the gateway names them.
func (r row) who(ctx context.Context) string {
	switch {
	case r.CustomerName != "":
		return r.CustomerName
	case r.PayerName != "":
		return r.PayerName
	case r.PayerEmail != "":
		return r.PayerEmail
	case r.Kind == gateway.KindPayout || r.Kind == gateway.KindPayoutReversal:
		return ui.T(ctx, "inbox.our_bank")
	}
	return ui.T(ctx, "inbox.nobody")
}

// payer is the payer's name when it says more than the customer's.
func (r row) payer() string {
	if r.CustomerName == "" || r.PayerName == r.CustomerName {
		return ""
	}
	return r.PayerName
}

func (r row) document() string { return documentPath(r.Document, r.DocumentID, r.QuoteID) }

type look struct {
	tone ui.Tone
	icon string
}

var looks = map[inbox.State]look{
	inbox.Waiting:    {ui.Neutral, "hourglass"},
	inbox.Ready:      {ui.Notice, "check"},
	inbox.Review:     {ui.Caution, "eye"},
	inbox.Integrated: {ui.Good, "circle-check"},
	inbox.Dismissed:  {ui.Neutral, "archive"},
	inbox.Void:       {ui.Neutral, "ban"},
	inbox.Past:       {ui.Neutral, "history"},
}

// why is one reason for the state a row is in.
type why struct {
	tone ui.Tone
	icon string
	text string
}

// whys says in words why a row needs a human, or what is special about it.
func (r row) whys(ctx context.Context) []why {
	var out []why
	add := func(tone ui.Tone, icon, text string) { out = append(out, why{tone, icon, text}) }
	switch r.State {
	case inbox.Waiting:
		add(ui.Neutral, "hourglass", ui.T(ctx, "inbox.why.waiting"))
	case inbox.Void:
		add(ui.Neutral, "ban", ui.T(ctx, "inbox.why.void"))
	case inbox.Dismissed:
		add(ui.Neutral, "archive", ui.T(ctx, "inbox.why.dismissed", "who", r.DismissedBy, "reason", r.Dismissal))
		return out
	case inbox.Past:
		add(ui.Neutral, "history", ui.T(ctx, "inbox.why.past"))
		return out
	case inbox.Ready, inbox.Review, inbox.Integrated:
	}
	if r.reason != "" && (r.State == inbox.Waiting || r.State == inbox.Void) {
		add(ui.Notice, "info", ui.T(ctx, "inbox.why.reason", "reason", r.reason))
	}
	if r.State == inbox.Integrated && r.FeeDue() != 0 {
		add(ui.Notice, "check", ui.T(ctx, "inbox.why.fee_due", "amount", ui.L(ctx).Money(r.Fee)))
	}
	for _, f := range r.Flags {
		switch {
		case f.Blocking():
			add(ui.Caution, "triangle-alert", ui.T(ctx, "inbox.why."+string(f)))
		case f == inbox.FeePending && !r.feeAwaited(): // it is known by now
		case f == inbox.FeePending && r.feeAged():
			add(ui.Bad, "clock", ui.T(ctx, "inbox.why.fee_aged"))
		default:
			add(ui.Notice, "info", ui.T(ctx, "inbox.why."+string(f)))
		}
	}
	for _, e := range fault.All(r.refusal) {
		if f, ok := stopper(e); ok {
			if !r.Has(f) {
				add(ui.Caution, "triangle-alert", ui.T(ctx, "inbox.why."+string(f)))
			}
			continue
		}
		add(ui.Bad, "circle-x", ui.L(ctx).Fault(e))
	}
	return out
}

// stopper is the flag for which posting was refused: things may have changed since the row was last looked at.
func stopper(e *fault.Error) (inbox.Flag, bool) {
	for _, p := range e.Params {
		if e.Code == fault.ArrivalNeedsHuman && p.Name == "reason" {
			return inbox.Flag(p.Value), true
		}
	}
	return "", false
}

// stands is the state to show: a row that only trying found out about needs a human too.
func (r row) stands() inbox.State {
	if r.State == inbox.Ready && r.refusal != nil {
		return inbox.Review
	}
	return r.State
}

// rows brings arrivals to the page, with what OK would post for those that were tried.
func (h *screens) rows(d desk, list []app.ArrivalRow, tried map[string]app.Result) []row {
	now := h.Now()
	out := make([]row, len(list))
	for i, a := range list {
		r := row{ArrivalRow: a, gateway: d.label(a.ConnectionID), now: now, reason: d.explain(a.ConnectionID, a.Reason), own: d.currency()}
		if p, ok := tried[a.ID]; ok {
			r.refusal = p.Err
			for _, e := range p.Entries {
				r.proposed = append(r.proposed, d.entry(e, nil, true, ""))
			}
		}
		out[i] = r
	}
	return out
}
