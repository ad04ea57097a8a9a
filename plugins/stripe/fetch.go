package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	stripe "github.com/stripe/stripe-go/v76"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// errNoMovement says that an object of Stripe's moved no money.
var errNoMovement = errors.New("no money moved")

// snapshot is the payment that an intent with its expanded charge is.
func (in intent) snapshot() (gateway.Payment, error) {
	if in.Latest.Obj == nil {
		return gateway.Payment{}, errNoMovement
	}
	return in.charge(in.Latest.Obj.Body)
}

func (in intent) charge(body json.RawMessage) (gateway.Payment, error) {
	var ch charge
	if err := json.Unmarshal(body, &ch); err != nil {
		return gateway.Payment{}, unreadable(err)
	}
	if !ch.counts() {
		return gateway.Payment{}, errNoMovement
	}
	if ch.PaymentIntent.ID == "" {
		ch.PaymentIntent.ID = in.ID
	}
	if ch.Metadata[metaReference] == "" {
		ch.Metadata = in.Metadata
	}
	p, err := ch.snapshot(ch.BalanceTransaction.Obj)
	if err != nil {
		return gateway.Payment{}, unreadable(err)
	}
	p.Raw = evidence(body)
	return p, nil
}

// unreadable is an object that is there and cannot be told. The list keeps it as "other".
func unreadable(err error) *gateway.Error {
	return gateway.Fail(gateway.ErrPermanent, gateway.NotDone, "unreadable", fmt.Sprintf("Stripe's object cannot be told: %v", err))
}

// FetchPayment implements gateway.Gateway: any id that a movement, or one of its references, has.
func (c *conn) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	p, err := c.fetch(ctx, id)
	if errors.Is(err, errNoMovement) {
		return gateway.Payment{}, gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "no_movement", "no money moved by this")
	}
	if err != nil || p.Kind != gateway.KindPayment || p.Reference == "" || !strings.HasPrefix(p.ID, "pi_") {
		return p, err
	}
	// One of ours: the page that it was paid on.
	params := &stripe.CheckoutSessionListParams{PaymentIntent: stripe.String(p.ID)}
	params.Limit = stripe.Int64(1)
	var l list
	if _, err := c.api.read(ctx, sessionPath, params, &l); err != nil {
		return gateway.Payment{}, err
	}
	for _, body := range l.Data {
		var s session
		if json.Unmarshal(body, &s) == nil {
			p.SessionID = clip(s.ID, gateway.MaxID)
		}
	}
	return p, nil
}

func (c *conn) fetch(ctx context.Context, id string) (gateway.Payment, error) {
	prefix, _, ok := strings.Cut(id, "_")
	if !ok || len(id) > gateway.MaxID {
		return gateway.Payment{}, notFound()
	}
	switch prefix {
	case "pi":
		var in intent
		if _, err := c.api.get(ctx, "/v1/payment_intents", id, expandCharge, &in); err != nil {
			return gateway.Payment{}, err
		}
		if err := c.sameMode(in.Livemode, gateway.NotDone); err != nil {
			return gateway.Payment{}, err
		}
		return in.snapshot()
	case "ch", "py":
		return c.fetchCharge(ctx, id)
	case "re", "pyr":
		var v refund
		r, err := c.api.get(ctx, "/v1/refunds", id, []string{"balance_transaction"}, &v)
		if err != nil {
			return gateway.Payment{}, err
		}
		p, err := v.snapshot(v.BalanceTransaction.Obj)
		return told(p, r, err)
	case "dp", "du":
		var v dispute
		r, err := c.api.get(ctx, "/v1/disputes", id, nil, &v)
		if err != nil {
			return gateway.Payment{}, err
		}
		if err := c.sameMode(v.Livemode, gateway.NotDone); err != nil {
			return gateway.Payment{}, err
		}
		p, err := v.snapshot()
		return told(p, r, err)
	case "po":
		var v payout
		r, err := c.api.get(ctx, "/v1/payouts", id, []string{"balance_transaction"}, &v)
		if err != nil {
			return gateway.Payment{}, err
		}
		if err := c.sameMode(v.Livemode, gateway.NotDone); err != nil {
			return gateway.Payment{}, err
		}
		p, err := v.snapshot(v.BalanceTransaction.Obj)
		return told(p, r, err)
	case "txn":
		r, err := c.api.get(ctx, txnPath, id, []string{"source"}, &json.RawMessage{})
		if err != nil {
			return gateway.Payment{}, err
		}
		it, err := c.item(ctx, r.body)
		return it.Payment, err
	}
	return gateway.Payment{}, notFound()
}

func (c *conn) fetchCharge(ctx context.Context, id string) (gateway.Payment, error) {
	var ch charge
	r, err := c.api.get(ctx, "/v1/charges", id, []string{"balance_transaction"}, &ch)
	if err != nil {
		return gateway.Payment{}, err
	}
	if err := c.sameMode(ch.Livemode, gateway.NotDone); err != nil {
		return gateway.Payment{}, err
	}
	return intent{ID: ch.PaymentIntent.ID}.charge(r.body)
}

func told(p gateway.Payment, r *answer, err error) (gateway.Payment, error) {
	if err != nil {
		return gateway.Payment{}, unreadable(err)
	}
	p.Raw = evidence(r.body)
	return p, nil
}

// reasonsOfRefund are the words that Stripe takes for why money is given back.
const reasonsOfRefund = " duplicate fraudulent requested_by_customer "

// Refund implements gateway.Refunder. Stripe gives back in the currency that was charged.
func (c *conn) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	if r.IdempotencyKey == "" || len(r.IdempotencyKey) > 255 {
		return gateway.Payment{}, refuse("bad_idempotency_key", "an idempotency key has 1 to 255 characters")
	}
	params := &stripe.RefundParams{Metadata: map[string]string{metaKey: r.IdempotencyKey}}
	params.Expand = stripe.StringSlice([]string{"balance_transaction"})
	switch prefix, _, _ := strings.Cut(r.PaymentID, "_"); prefix {
	case "pi":
		params.PaymentIntent = stripe.String(r.PaymentID)
	case "ch", "py":
		params.Charge = stripe.String(r.PaymentID)
	default:
		return gateway.Payment{}, notFound()
	}
	paid, err := c.fetch(ctx, r.PaymentID)
	if errors.Is(err, errNoMovement) {
		return gateway.Payment{}, refuse("nothing_paid", "nothing was paid that could be given back")
	}
	if err != nil {
		return gateway.Payment{}, err
	}
	whole := paid.Gross
	if paid.Charged != (money.Money{}) {
		whole = paid.Charged
	}
	amount := r.Amount
	if amount.Currency() != whole.Currency() {
		if !amount.Equal(paid.Gross) {
			return gateway.Payment{}, refuse("currency_mismatch", "a part of a converted payment is given back in the currency that was charged: "+string(whole.Currency()))
		}
		amount = whole
	}
	n, err := toStripe(amount)
	if err != nil {
		return gateway.Payment{}, err
	}
	params.Amount = stripe.Int64(n)
	if reason := strings.TrimSpace(r.Reason); strings.Contains(reasonsOfRefund, " "+reason+" ") && reason != "" {
		params.Reason = stripe.String(reason)
	} else if reason != "" {
		params.Metadata["acquit_reason"] = clip(reason, 500)
	}
	var v refund
	answered, err := c.api.write(ctx, http.MethodPost, "/v1/refunds", r.IdempotencyKey, params, &v)
	if err != nil {
		if v, err = c.recoverRefund(ctx, answered, err, params, r.IdempotencyKey); err != nil {
			return gateway.Payment{}, err
		}
		return c.fetch(ctx, v.ID)
	}
	p, err := v.snapshot(v.BalanceTransaction.Obj)
	return told(p, answered, err)
}

// recoverRefund is recover for a refund.
func (c *conn) recoverRefund(ctx context.Context, r *answer, cause error, asked *stripe.RefundParams, key string) (refund, error) {
	stored, reused := stuck(r, cause)
	if !stored && !reused {
		return refund{}, cause
	}
	params := &stripe.RefundListParams{PaymentIntent: asked.PaymentIntent, Charge: asked.Charge}
	params.Limit = stripe.Int64(pageOf) // a payment has fewer refunds than that
	var l list
	if _, err := c.api.read(ctx, "/v1/refunds", params, &l); err != nil {
		return refund{}, cause
	}
	for _, body := range l.Data {
		var v refund
		if json.Unmarshal(body, &v) != nil || v.Metadata[metaKey] != key {
			continue
		}
		if reused && v.Amount != *asked.Amount {
			return refund{}, r.fail(gateway.ErrPermanent, gateway.NotDone, "idempotency_error", "this idempotency key gave back another amount before")
		}
		return v, nil
	}
	if stored && !l.HasMore {
		return refund{}, r.fail(gateway.ErrRetryable, gateway.NotDone, "stored_error", "Stripe stored an error for this refund, and none was made")
	}
	return refund{}, cause
}
