// Package gatewaytest is the conformance suite for gateways: named cases that every implementation of the port must
// pass, run in process or against a built program in any language.
//
// The author of a gateway fills in a Harness, with the provider's test mode or a fake of it behind, and calls Run:
//
//	func TestConformance(t *testing.T) {
//		gatewaytest.Run(t, gatewaytest.Harness{Driver: gatewaytest.Start(t, "./acquit-gateway-mine", t.TempDir()), ...})
//	}
package gatewaytest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Harness is what a gateway's author fills in.
type Harness struct {
	Driver gateway.Driver
	// Connect returns the connection of an account that nothing has happened to yet; another one at each call.
	Connect func() gateway.Connection
	// Refused is a connection whose settings the provider does not accept.
	Refused func() gateway.Connection
	// World is everybody else: payers and the provider.
	World World
	// Currencies to try; empty: EUR, JPY and KWD, which have two, no and three decimals.
	Currencies []money.Currency
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

// Case is one rule of the port.
type Case struct {
	Name string
	// Needs is an ability without which the case does not apply; empty: always.
	Needs gateway.Capability
	// Check returns what is wrong, or nil.
	Check func(ctx context.Context, h *Harness) error
}

// longest is how long one case may take; a case makes a few dozen calls.
const longest = 2 * time.Minute

// Run runs every case that applies to the gateway, and says which do not.
func Run(t *testing.T, h Harness) {
	t.Helper()
	info, err := h.Driver.Describe(t.Context())
	if err != nil {
		t.Fatalf("the gateway does not describe itself: %v", err)
	}
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Needs != "" && !info.Can(c.Needs) {
				t.Skipf("the gateway does not announce %q", c.Needs)
			}
			ctx, cancel := context.WithTimeout(t.Context(), longest)
			defer cancel()
			if err := c.Check(ctx, &h); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// open opens a fresh account.
func (h *Harness) open(ctx context.Context) (gateway.Connection, gateway.Gateway, error) {
	c := h.Connect()
	g, err := h.Driver.Open(ctx, c)
	if err != nil {
		return c, nil, fmt.Errorf("open: %w", err)
	}
	return c, g, nil
}

func (h *Harness) currencies() []money.Currency {
	if len(h.Currencies) > 0 {
		return h.Currencies
	}
	return []money.Currency{"EUR", "JPY", "KWD"}
}

// request is a plausible request for a pay page; key is both its idempotency key and its reference.
func request(key string, amount money.Money) gateway.CheckoutRequest {
	return gateway.CheckoutRequest{
		IdempotencyKey: key, Reference: key, Amount: amount, Description: "Facture FA2026-0012", Document: "FA2026-0012",
		CustomerName: "Élodie Martin", CustomerEmail: "elodie@example.test", Locale: "fr-FR",
		ReturnURL: "http://127.0.0.1:9/back", CancelURL: "http://127.0.0.1:9/cancel", ExpiresAt: time.Now().Add(time.Hour).UTC(),
	}
}

// pay opens a page for an amount, lets a payer visit it and returns page, state and the one payment, if any.
func (h *Harness) pay(ctx context.Context, c gateway.Connection, g gateway.Gateway, key string, amount money.Money, way Way) (gateway.Checkout, gateway.CheckoutStatus, error) {
	page, err := g.CreateCheckout(ctx, request(key, amount))
	if err != nil {
		return page, gateway.CheckoutStatus{}, fmt.Errorf("create a checkout: %w", err)
	}
	if err := h.World.Pay(ctx, c, page, way); err != nil {
		return page, gateway.CheckoutStatus{}, fmt.Errorf("the payer: %w", err)
	}
	s, err := look(ctx, g, page.SessionID)
	return page, s, err
}

// look looks at a page, without capture.
func look(ctx context.Context, g gateway.Gateway, session string) (gateway.CheckoutStatus, error) {
	s, err := g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: session})
	if err != nil {
		return s, fmt.Errorf("look at a checkout: %w", err)
	}
	return s, gateway.CheckStatus(s)
}

// listAll reads the whole list from a cursor, some movements at a time.
func listAll(ctx context.Context, g gateway.Gateway, cursor string, limit int) (all []gateway.Payment, next string, err error) {
	for {
		r := gateway.ListRequest{Cursor: cursor, Limit: limit}
		p, err := g.ListPayments(ctx, r)
		if err != nil {
			return nil, "", fmt.Errorf("list: %w", err)
		}
		if err := gateway.CheckPage(r, p); err != nil {
			return nil, "", err
		}
		for _, m := range p.Payments {
			if err := gateway.CheckPayment(m); err != nil {
				return nil, "", err
			}
		}
		if len(p.Payments) > limit {
			return nil, "", fmt.Errorf("a page of %d where %d were asked for", len(p.Payments), limit)
		}
		all, cursor = append(all, p.Payments...), p.Next
		if p.CaughtUp {
			return all, cursor, nil
		}
	}
}

// wants says that err is an error of the port of one kind and outcome.
func wants(err error, kind gateway.ErrorKind, outcome gateway.Outcome) error {
	var e *gateway.Error
	switch {
	case err == nil:
		return fmt.Errorf("no error where %s (%s) was due", kind, outcome)
	case !errors.As(err, &e):
		return fmt.Errorf("an error that is not the port's: %w", err)
	case e.Kind != kind || e.Outcome != outcome:
		return fmt.Errorf("%s (%s) where %s (%s) was due: %w", e.Kind, e.Outcome, kind, outcome, err)
	}
	return nil
}

// wrong says what is wrong, beside an error that there may be.
func wrong(err error, format string, a ...any) error {
	return errors.Join(err, fmt.Errorf(format, a...))
}
