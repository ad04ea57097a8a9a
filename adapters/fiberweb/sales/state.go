package sales

import (
	"context"
	"io"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// How states look: a tone, an icon of a shape of its own, and words.

// badge is a badge whose words are in the catalogue.
func badge(tone ui.Tone, icon, key string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return ui.Badge(tone, icon, ui.T(ctx, key)).Render(ctx, w)
	})
}

// activeBadge marks customers who are no longer offered; the others need no mark.
func activeBadge(active bool) templ.Component {
	if active {
		return ui.Text("")
	}
	return badge(ui.Neutral, "circle", "sales.customer.inactive")
}

func quoteBadge(s billing.QuoteState, expired bool) templ.Component {
	switch s {
	case billing.QuoteSent:
		if expired {
			return badge(ui.Caution, "clock", "sales.quote.state.expired")
		}
		return badge(ui.Notice, "send", "sales.quote.state.sent")
	case billing.QuoteAccepted:
		return badge(ui.Good, "circle-check", "sales.quote.state.accepted")
	case billing.QuoteRefused:
		return badge(ui.Bad, "circle-x", "sales.quote.state.refused")
	case billing.QuoteInvoiced:
		return badge(ui.Good, "file-text", "sales.quote.state.invoiced")
	}
	return badge(ui.Neutral, "circle-dashed", "sales.quote.state.draft")
}

func depositBadge(s billing.DepositState) templ.Component {
	switch s {
	case billing.DepositRequested:
		return badge(ui.Notice, "stamp", "sales.deposit.state.requested")
	case billing.DepositPaid:
		return badge(ui.Good, "circle-check", "sales.deposit.state.paid")
	case billing.DepositApplied:
		return badge(ui.Good, "file-text", "sales.deposit.state.applied")
	case billing.DepositRefunded:
		return badge(ui.Caution, "undo-2", "sales.deposit.state.refunded")
	case billing.DepositCancelled:
		return badge(ui.Neutral, "ban", "sales.deposit.state.cancelled")
	}
	return badge(ui.Neutral, "circle-dashed", "sales.deposit.state.draft")
}

// standing is what a list or page must know of an invoice to say where its payment stands.
type standing struct {
	kind       billing.InvoiceKind
	life       billing.Life
	settlement billing.Settlement
	due        civil.Date
	balance    int64
	online     bool
	progress   bool
}

func standingOf(r app.InvoiceRow) standing {
	return standing{r.Kind, r.Life, r.Settlement, r.DueDate, r.Balance, r.Online, r.InProgress}
}

// settled says whether the customer has paid all of it.
func (s standing) settled() bool {
	return s.life == billing.Issued && (s.settlement == billing.Paid || s.kind == billing.DepositBill)
}

// settlementBadge says where the payment of a document stands. It is green for customers who have paid, and for them only.
func settlementBadge(s standing, today civil.Date) templ.Component {
	switch {
	case s.life == billing.Draft:
		return badge(ui.Neutral, "circle-dashed", "status.draft")
	case s.life == billing.Discarded:
		return badge(ui.Neutral, "trash-2", "sales.state.discarded")
	case s.kind.IsCredit():
		return badge(ui.Neutral, "undo-2", "sales.state.credit")
	case s.settled() && s.online:
		return badge(ui.Good, "circle-check", "sales.state.paid_online")
	case s.settled():
		return badge(ui.Good, "circle-check", "status.paid")
	case s.settlement == billing.Disputed:
		return badge(ui.Bad, "triangle-alert", "status.disputed")
	case s.progress:
		return badge(ui.Notice, "hourglass", "sales.state.in_progress")
	case s.due.Before(today) && s.balance > 0:
		return badge(ui.Bad, "clock", "status.overdue")
	case s.settlement == billing.Partial:
		return badge(ui.Caution, "circle-dot", "sales.state.partial")
	}
	return badge(ui.Neutral, "circle", "status.unpaid")
}

func attemptBadge(s inbox.AttemptState) templ.Component {
	switch s {
	case inbox.Succeeded:
		return badge(ui.Good, "circle-check", "sales.attempt.succeeded")
	case inbox.FailedPay:
		return badge(ui.Bad, "circle-x", "sales.attempt.failed")
	case inbox.Expired:
		return badge(ui.Neutral, "clock", "sales.attempt.expired")
	case inbox.PendingPay:
		return badge(ui.Caution, "hourglass", "sales.attempt.pending")
	case inbox.Opened:
		return badge(ui.Notice, "external-link", "sales.attempt.opened")
	case inbox.Created:
	}
	return badge(ui.Neutral, "circle-dashed", "sales.attempt.created")
}

func arrivalBadge(s inbox.State) templ.Component {
	switch s {
	case inbox.Integrated:
		return badge(ui.Good, "circle-check", "sales.arrival.integrated")
	case inbox.Ready:
		return badge(ui.Notice, "inbox", "sales.arrival.ready")
	case inbox.Review:
		return badge(ui.Caution, "triangle-alert", "sales.arrival.review")
	case inbox.Dismissed:
		return badge(ui.Neutral, "ban", "sales.arrival.dismissed")
	case inbox.Void:
		return badge(ui.Neutral, "circle-x", "sales.arrival.void")
	case inbox.Waiting:
	}
	return badge(ui.Neutral, "hourglass", "sales.arrival.waiting")
}

// signed is an amount as it counts for the customer: what a credit note gives back is negative.
func signed(p page, k billing.InvoiceKind, minor int64) money.Money {
	if k.IsCredit() {
		minor = -minor
	}
	return p.money(minor)
}

func quoteTitle(l *i18n.Localizer, q billing.Quote) string {
	if q.Number == "" {
		return l.T(unnumbered(q.State))
	}
	return l.T("sales.quote.titled", "number", q.Number)
}

// unnumbered is how a quote without a number is called: a draft, or one that was refused before it was ever sent.
func unnumbered(s billing.QuoteState) string {
	if s == billing.QuoteDraft {
		return "sales.quote.draft"
	}
	return "sales.quote.unnumbered"
}

func depositTitle(l *i18n.Localizer, d billing.Deposit) string {
	if d.Label == "" {
		return l.T("sales.deposit.titled", "position", l.Int(d.Position))
	}
	return l.T("sales.deposit.titled", "position", l.Int(d.Position)) + " – " + d.Label
}

func invoiceTitle(l *i18n.Localizer, v billing.Invoice) string {
	key := "sales.kind." + string(v.Kind)
	if v.Number == "" {
		return l.T(key + ".draft")
	}
	return l.T(key, "number", v.Number)
}
