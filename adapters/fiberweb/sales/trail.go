package sales

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// A document's history is its audit trail (piste d'audit fiable, art. 289 VII CGI): quote, deposits, invoice, payments and
// entries in the order of time, with who did each.

// looks is the icon and tone of what happened; other things have a plain dot.
var looks = map[string]struct {
	icon string
	tone ui.Tone
}{
	"quote_created": {"file-pen", ui.Neutral}, "quote_sent": {"send", ui.Notice}, "quote_accepted": {"circle-check", ui.Good},
	"quote_refused": {"circle-x", ui.Bad}, "quote_invoiced": {"file-text", ui.Notice}, "deposit_requested": {"stamp", ui.Notice},
	"deposit_paid": {"hand-coins", ui.Good}, "deposit_refunded": {"undo-2", ui.Caution}, "deposit_cancelled": {"ban", ui.Neutral},
	"deposit_invoice_issued": {"stamp", ui.Notice}, "invoice_created": {"file-text", ui.Neutral}, "invoice_issued": {"stamp", ui.Notice},
	"invoice_sent": {"send", ui.Notice}, "reminder_sent": {"mail", ui.Caution}, "invoice_paid": {"hand-coins", ui.Good},
	"invoice_refunded": {"undo-2", ui.Caution}, "invoice_credited": {"undo-2", ui.Caution}, "credit_note_issued": {"stamp", ui.Notice},
	"invoice_discarded": {"trash-2", ui.Neutral}, "dispute_opened": {"triangle-alert", ui.Bad}, "dispute_won": {"circle-check", ui.Good}, "dispute_written_off": {"triangle-alert", ui.Bad}, "mail_sent": {"mail", ui.Good},
	"mail_failed": {"mail", ui.Bad}, "link_revoked": {"ban", ui.Caution}, "link_renewed": {"refresh-cw", ui.Notice},
	"customer_created": {"user", ui.Neutral}, "customer_changed": {"pencil", ui.Neutral}, "credit_refunded": {"undo-2", ui.Caution},
	"receipt_recorded": {"hand-coins", ui.Good}, "receipt_reversed": {"undo-2", ui.Caution},
	"refund_requested": {"undo-2", ui.Notice}, "refund_accepted": {"inbox", ui.Notice}, "refund_posted": {"undo-2", ui.Caution},
	"refund_failed": {"circle-x", ui.Bad}, "refund_reversed": {"triangle-alert", ui.Caution}, "pay_page_closed": {"ban", ui.Neutral},
}

// chapter is the history of one of the documents that a trail is made of; of names it when it is not the page's own.
type chapter struct{ ref, of string }

// trail reads several histories as one.
func (h *screens) trail(c *fiberweb.Ctx, chapters []chapter) ([]ui.Event, error) {
	views, company, err := h.views(c)
	if err != nil {
		return nil, err
	}
	var out []ui.Event
	for _, ch := range chapters {
		events, err := views.History(c.Context(), company, ch.ref)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			out = append(out, told(c.Loc(), e, ch.of))
		}
	}
	return out, nil
}

// told puts one line of history into words.
func told(l *i18n.Localizer, e inbox.Event, of string) ui.Event {
	key := "sales.history." + e.Action
	if !l.Has(key) {
		key = "sales.history.other"
	}
	more := detail(l, e.Detail)
	if of != "" && more != of {
		more = strings.TrimSuffix(of+separator+more, separator)
	}
	look := looks[e.Action]
	if look.icon == "" {
		look.icon, look.tone = "circle-dot", ui.Neutral
	}
	return ui.Event{At: e.At, Title: l.T(key), Detail: more, By: e.Actor, Icon: look.icon, Tone: look.tone}
}

// detail writes the plain value of a line of history for its reader: amounts in the reader's signs, no identifiers.
func detail(l *i18n.Localizer, plain string) string {
	if number, cur, ok := strings.Cut(plain, " "); ok {
		if m, err := money.Parse(number, money.Currency(cur)); err == nil {
			return l.Money(m)
		}
	}
	for _, prefix := range []string{ids.Deposit, ids.Invoice, ids.Quote, ids.Customer, ids.Receipt} {
		if ids.Valid(prefix, plain) {
			return ""
		}
	}
	return plain
}

// inOrder sorts a trail by time; what happened in one transaction stays in the order given.
func inOrder(events []ui.Event) []ui.Event {
	slices.SortStableFunc(events, func(a, b ui.Event) int { return a.At.Compare(b.At) })
	return events
}

func (h *screens) quoteTrail(c *fiberweb.Ctx, v quoteView) ([]ui.Event, error) {
	chapters := []chapter{{ref: v.q.ID}}
	for _, d := range v.q.Deposits {
		chapters = append(chapters, chapter{d.ID, depositTitle(c.Loc(), d)})
		if d.InvoiceID != "" {
			chapters = append(chapters, chapter{d.InvoiceID, v.bills[d.ID]})
		}
	}
	if v.invoice != nil {
		chapters = append(chapters, chapter{v.invoice.ID, invoiceTitle(c.Loc(), *v.invoice)})
	}
	events, err := h.trail(c, chapters)
	return inOrder(events), err
}

func (h *screens) invoiceTrail(c *fiberweb.Ctx, w invoiceView) ([]ui.Event, error) {
	l := c.Loc()
	var chapters []chapter
	if w.quote != nil {
		chapters = append(chapters, chapter{w.quote.ID, quoteTitle(l, *w.quote)})
		for _, d := range w.quote.Deposits {
			if d.InvoiceID != "" && d.InvoiceID != w.v.ID {
				chapters = append(chapters, chapter{d.InvoiceID, depositTitle(l, d)})
			}
		}
	}
	if w.v.CreditOf != "" {
		chapters = append(chapters, chapter{w.v.CreditOf, w.v.CreditOfNo})
	}
	chapters = append(chapters, chapter{ref: w.v.ID})
	for _, r := range w.credits {
		number := r.Number
		if number == "" {
			number = l.T("sales.kind.credit_note.draft")
		}
		chapters = append(chapters, chapter{r.ID, number})
	}
	// A payment comes before what was made of it, also within one instant.
	var events []ui.Event
	for _, a := range w.pays.arrivals {
		paid := ui.Event{At: a.OccurredAt, Title: l.T("sales.history.arrival", "amount", l.Money(a.Gross)), Detail: w.pays.gateways[a.ConnectionID] + " " + a.ExternalID,
			Icon: "credit-card", Tone: ui.Notice}
		if a.Kind != gateway.KindPayment {
			paid.Title, paid.Icon, paid.Tone = l.T("sales.movement."+string(a.Kind))+l.T("form.colon")+l.Money(a.Gross), "undo-2", ui.Caution
		}
		events = append(events, paid)
	}
	told, err := h.trail(c, chapters)
	if err != nil {
		return nil, err
	}
	events = append(events, told...)
	for _, a := range w.pays.arrivals {
		if a.State == inbox.Integrated {
			events = append(events, ui.Event{At: a.IntegratedAt, Title: l.T("sales.history.integrated"), Detail: a.ExternalID, By: a.IntegratedBy, Icon: "inbox", Tone: ui.Good})
		}
	}
	for _, e := range w.pays.entries {
		events = append(events, ui.Event{At: e.PostedAt, Title: l.T("sales.history.posted", "journal", e.Journal, "number", l.Int(int(e.Number))), Detail: e.Label,
			Icon: "book-open", Tone: ui.Neutral})
	}
	return inOrder(events), nil
}

// stages are the parts of an invoice's audit trail, as steps: where each stands and where it is found.
func (w invoiceView) stages(ctx context.Context) []ui.Step {
	l := ui.L(ctx)
	done := func(label, href string, is bool) ui.Step {
		s := ui.Step{Label: label, Href: href, State: ui.StepTodo}
		if is {
			s.State = ui.StepDone
		}
		return s
	}
	var out []ui.Step
	if w.quote != nil {
		out = append(out, done(quoteTitle(l, *w.quote), ui.To(ctx, "/quotes", w.quote.ID), true))
	}
	for _, d := range w.expected {
		out = append(out, done(ui.T(ctx, "sales.stage.deposit", "number", d.number), d.href, true))
	}
	issued := w.v.Life == billing.Issued
	out = append(out, done(invoiceTitle(l, w.v), "", issued))
	if w.v.EntrySeq != 0 || w.v.Kind == billing.Standard || w.v.Kind == billing.Credit {
		out = append(out, done(ui.T(ctx, "sales.stage.posted"), "#entries", w.v.EntrySeq != 0))
	}
	if w.v.Kind == billing.Standard {
		out = append(out, done(ui.T(ctx, "sales.stage.sent"), "", !w.v.SentAt.IsZero()),
			done(ui.T(ctx, "sales.stage.paid"), "#payments", issued && w.v.Settlement() == billing.Paid))
	}
	// What comes next is marked, but for a document that was paid without ever being sent.
	next := slices.IndexFunc(out, func(s ui.Step) bool { return s.State == ui.StepTodo })
	if next >= 0 && !slices.ContainsFunc(out[next:], func(s ui.Step) bool { return s.State == ui.StepDone }) {
		out[next].State, out[next].Href = ui.StepCurrent, ""
	}
	return out
}

// seen is one way in and its time, for the provenance of a payment.
type seen struct {
	source inbox.Source
	at     time.Time
}

// provenance lists how a payment was learnt of, each way once, the first time it told.
func provenance(a inbox.Arrival) []seen {
	var out []seen
	for _, s := range a.Sightings {
		if !slices.ContainsFunc(out, func(o seen) bool { return o.source == s.Source }) {
			out = append(out, seen{s.Source, s.At})
		}
	}
	return out
}
