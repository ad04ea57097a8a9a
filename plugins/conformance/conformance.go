// Package conformance says whether a payment gateway keeps the rules of the port: named cases, each of which proves one
// sentence, run in process or against a built program in any language, with a Report as the verdict.
//
// Authors who test in Go use package gatewaytest, which runs the cases under "go test". "acquit plugin check" runs those
// that need no provider on a built program.
package conformance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Harness is what a gateway's author fills in. Only Driver is needed; cases that need more do not apply without it.
type Harness struct {
	// Driver is the gateway. One that is also a Restarter or a Logger, as a Program is, is tried in that too.
	Driver gateway.Driver
	// Connect returns the connection of an account that nothing has happened to yet; another one at each call.
	Connect func() gateway.Connection
	// Refused is a connection whose settings the provider does not accept.
	Refused func() gateway.Connection
	// World is everybody else: payers and the provider. What it can play beyond that are interfaces of its own: Capturer,
	// Disputer, Refunds, Freer, Viewer, Signer, Rotator, Staller, Clock.
	World World
	// Currencies to try; empty: EUR, JPY and KWD, which have two, no and three decimals.
	Currencies []money.Currency
	// Now is the provider's clock where it is not the machine's; nil: the machine's.
	Now func() time.Time

	info    gateway.Info
	ahead   time.Duration // of the provider's clock
	witness *witness
}

// Way is how a payer's visit to a pay page ends.
type Way string

// The ways that every provider has.
const (
	Paid         Way = "paid"           // with the fee told at once
	PaidFeeLater Way = "paid_fee_later" // with the fee told by World.TellFee
	Pending      Way = "pending"        // ended by World.Settle
	Declined     Way = "declined"
)

// World plays the payer and the provider. Each method returns when what it plays has happened at the provider.
type World interface {
	Pay(ctx context.Context, c gateway.Connection, page gateway.Checkout, way Way) error
	Settle(ctx context.Context, c gateway.Connection, paymentID string, paid bool) error
	TellFee(ctx context.Context, c gateway.Connection, paymentID string) error
	// Payout sends what the account holds in a currency to the bank.
	Payout(ctx context.Context, c gateway.Connection, cur money.Currency) error
	// Webhook returns a genuine delivery that tells of a pay page on which something has happened.
	Webhook(ctx context.Context, c gateway.Connection, page gateway.Checkout) (gateway.Delivery, error)
	// LoseAnswer lets the next CreateCheckout do its work and lose its answer.
	LoseAnswer(ctx context.Context, c gateway.Connection) error
}

// What a World may play besides. A case that needs one of these does not apply where it is missing.
type (
	// Capturer plays a payer who agrees on the page and leaves the taking of the money to the merchant.
	Capturer interface {
		Approve(ctx context.Context, c gateway.Connection, page gateway.Checkout) error
	}
	// Disputer plays a bank that takes a payment's money back, and gives it back when the merchant wins.
	Disputer interface {
		Dispute(ctx context.Context, c gateway.Connection, paymentID string) error
		WinDispute(ctx context.Context, c gateway.Connection, disputeID string) error
	}
	// Refunds plays a merchant who gives money back on the provider's own site, where the fee comes back too.
	Refunds interface {
		RefundAtProvider(ctx context.Context, c gateway.Connection, paymentID string, amount money.Money) error
	}
	// Freer plays a payment on which the provider charges nothing.
	Freer interface {
		PayFree(ctx context.Context, c gateway.Connection, page gateway.Checkout) error
	}
	// Viewer looks at a page from the provider's side. What the provider does not keep of the request stays empty.
	Viewer interface {
		View(ctx context.Context, c gateway.Connection, page gateway.Checkout) (gateway.CheckoutRequest, error)
	}
	// Signer signs webhooks as the provider does, where a shared secret is all that it takes.
	Signer interface {
		// Sign signs a body, sent at a time, with a secret; nil: the connection's own.
		Sign(ctx context.Context, c gateway.Connection, body []byte, at time.Time, secret *string) (gateway.Delivery, error)
	}
	// Rotator gives an account other secrets, and returns the connection that has them.
	Rotator interface {
		Rotate(ctx context.Context, c gateway.Connection) (gateway.Connection, error)
	}
	// Staller lets the provider not answer the account's next look at a payment.
	Staller interface {
		Stall(ctx context.Context, c gateway.Connection) error
	}
	// Clock lets time pass at the provider.
	Clock interface {
		Advance(ctx context.Context, d time.Duration) error
	}
)

// What a Driver may be besides.
type (
	// Restarter is a program that can be killed and started again, with the state that it keeps.
	Restarter interface {
		Restart(ctx context.Context) error
	}
	// Logger is a program whose log can be read.
	Logger interface {
		Log() string
	}
)

// Play is what a case needs of the Harness.
type Play string

// A case without a Play needs the gateway alone: no account, and nothing that could reach its provider.
const (
	Accounts   Play = "accounts"
	Refusal    Play = "refusal"
	People     Play = "people"
	Capturing  Play = "capturing"
	Disputing  Play = "disputing"
	Refunding  Play = "refunding"
	Freeing    Play = "freeing"
	Viewing    Play = "viewing"
	Signing    Play = "signing"
	Rotating   Play = "rotating"
	Stalling   Play = "stalling"
	Timing     Play = "timing"
	Restarting Play = "restarting"
	Logging    Play = "logging"
)

// lacks says why a play cannot be played, or "".
func (h *Harness) lacks(p Play) string {
	is := func(ok bool, reason string) string {
		if ok {
			return ""
		}
		return reason
	}
	if p == "" {
		return ""
	}
	if p == Refusal {
		return is(h.Refused != nil, "the harness has no connection that the provider refuses")
	}
	if p == Logging {
		_, ok := h.Driver.(Logger)
		return is(ok, "the gateway runs in process: it has no log of its own")
	}
	if h.Connect == nil {
		return "the harness has no account to connect"
	}
	if p == Accounts {
		return ""
	}
	if h.World == nil {
		return "the harness has no payers and no provider"
	}
	var ok bool
	switch p {
	case Capturing:
		_, ok = h.World.(Capturer)
	case Disputing:
		_, ok = h.World.(Disputer)
	case Refunding:
		_, ok = h.World.(Refunds)
	case Freeing:
		_, ok = h.World.(Freer)
	case Viewing:
		_, ok = h.World.(Viewer)
	case Signing:
		_, ok = h.World.(Signer)
	case Rotating:
		_, ok = h.World.(Rotator)
	case Stalling:
		_, ok = h.World.(Staller)
	case Timing:
		_, ok = h.World.(Clock)
	case Restarting:
		_, ok = h.Driver.(Restarter)
		return is(ok, "the gateway runs in process: it cannot be started again")
	default:
		ok = true
	}
	return is(ok, fmt.Sprintf("the harness's world does not play %s", p))
}

// currencies are those to try that the gateway takes.
func (h *Harness) currencies() []money.Currency {
	want := h.Currencies
	if len(want) == 0 {
		want = []money.Currency{"EUR", "JPY", "KWD"}
	}
	var out []money.Currency
	for _, cur := range want {
		if len(h.info.Currencies) == 0 || slices.Contains(h.info.Currencies, cur) {
			out = append(out, cur)
		}
	}
	return out
}

// Case is one rule of the port.
type Case struct {
	Name    string
	Section Section
	// Proves is what a gateway does that passes, in one sentence.
	Proves string
	// Needs is an ability without which the case does not apply; empty: always.
	Needs gateway.Capability
	// Play is what the case needs of the Harness; empty: nothing but the gateway.
	Play Play
	// Check returns what is wrong, or nil; an error of NotApplicable when the case has nothing to try.
	Check func(ctx context.Context, h *Harness) error
}

// Section groups cases.
type Section string

// Sections, in the order in which an author would make their cases pass.
const (
	Settings    Section = "settings"
	Checkout    Section = "checkout"
	Idempotency Section = "idempotency"
	Settling    Section = "settling"
	Listing     Section = "listing"
	Fees        Section = "fees"
	Currencies  Section = "currencies"
	Errors      Section = "errors"
	Webhooks    Section = "webhooks"
	Returns     Section = "refunds"
	Disputes    Section = "disputes"
	Closing     Section = "closing"
	Balance     Section = "balance"
	Payouts     Section = "payouts"
	Crowd       Section = "concurrency"
	Secrecy     Section = "secrecy"
)

// Cases lists the rules, in the order in which an author would make them pass. The last ones look back at all that the
// gateway said in the others.
func Cases() []Case {
	return slices.Concat(settingsCases, checkoutCases, idempotencyCases, settlingCases, listingCases, feeCases, currencyCases, errorCases,
		webhookCases, refundCases, disputeCases, closingCases, balanceCases, payoutCases, crowdCases, secrecyCases)
}
