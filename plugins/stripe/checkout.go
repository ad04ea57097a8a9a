package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v76"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

const sessionPath = "/v1/checkout/sessions"

// A session lives 30 minutes to 24 hours (https://docs.stripe.com/api/checkout/sessions/create#expires_at). The margins
// are for clocks that differ from Stripe's.
const (
	shortest = 31 * time.Minute
	longest  = 24*time.Hour - 5*time.Minute
	// A time that had to be moved is rounded up, so that a repetition soon after asks for the same and finds its session.
	moved = 15 * time.Minute
)

// expiry is when a page shall close, in Stripe's bounds; zero: after Stripe's own 24 hours.
func expiry(wanted, now time.Time) int64 {
	switch {
	case wanted.IsZero(), wanted.Sub(now) > longest:
		return 0
	case wanted.Sub(now) < shortest:
		return now.Add(shortest + moved).Truncate(moved).Unix()
	}
	return wanted.Unix()
}

// locales are the languages of Stripe's page (https://docs.stripe.com/api/checkout/sessions/create#locale).
const locales = " bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW "

// locale is the language of Stripe's page that is nearest to a BCP 47 tag; "auto", the browser's, when none is near.
func locale(tag string) string {
	lang, region, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	lang = strings.ToLower(lang)
	if i := strings.LastIndex(region, "-"); i >= 0 {
		region = region[i+1:] // after a script: zh-Hant-TW
	}
	known := func(s string) bool { return s != "" && strings.Contains(locales, " "+s+" ") }
	if full := lang + "-" + strings.ToUpper(region); region != "" && known(full) {
		return full
	}
	switch {
	case lang == "no" || lang == "nn":
		return "nb"
	case lang == "es" && region != "" && !strings.EqualFold(region, "ES"):
		return "es-419"
	case known(lang):
		return lang
	}
	return "auto"
}

// CreateCheckout implements gateway.Gateway.
func (c *conn) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	amount, err := toStripe(r.Amount)
	if err != nil {
		return gateway.Checkout{}, err
	}
	if r.IdempotencyKey == "" || len(r.IdempotencyKey) > 255 {
		return gateway.Checkout{}, refuse("bad_idempotency_key", "an idempotency key has 1 to 255 characters")
	}
	currency := strings.ToLower(string(r.Amount.Currency()))
	meta := map[string]string{}
	note := func(key, value string) {
		if value != "" {
			meta[key] = clip(value, 500)
		}
	}
	note(metaReference, r.Reference)
	note(metaDocument, r.Document)
	name := clip(first(r.Description, r.Document, r.Reference, "—"), 250)
	p := &stripe.CheckoutSessionParams{
		Mode: stripe.String("payment"), SubmitType: stripe.String("pay"), Locale: stripe.String(locale(r.Locale)),
		SuccessURL: stripe.String(r.ReturnURL), CancelURL: stripe.String(r.CancelURL), Metadata: meta,
		LineItems: []*stripe.CheckoutSessionLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionLineItemPriceDataParams{
				Currency: stripe.String(currency), UnitAmount: stripe.Int64(amount),
				ProductData: &stripe.CheckoutSessionLineItemPriceDataProductDataParams{Name: stripe.String(name)},
			},
		}},
		// Stripe copies the metadata of an intent to its charge, but not that of a session to its intent.
		PaymentIntentData: &stripe.CheckoutSessionPaymentIntentDataParams{Description: stripe.String(name), Metadata: meta},
	}
	if r.Reference != "" && len(r.Reference) <= 200 {
		p.ClientReferenceID = stripe.String(r.Reference)
	}
	if strings.Contains(r.CustomerEmail, "@") && len(r.CustomerEmail) <= 512 {
		p.CustomerEmail = stripe.String(r.CustomerEmail)
	}
	for _, t := range c.types {
		if t == "sepa_debit" && r.Amount.Currency() != money.EUR {
			continue // SEPA moves euros only; Stripe would refuse the page
		}
		p.PaymentMethodTypes = append(p.PaymentMethodTypes, stripe.String(t))
	}
	if c.suffix != "" {
		p.PaymentIntentData.StatementDescriptorSuffix = stripe.String(c.suffix)
	}
	if t := expiry(r.ExpiresAt, c.now()); t != 0 {
		p.ExpiresAt = stripe.Int64(t)
	}
	var s session
	answered, err := c.api.write(ctx, http.MethodPost, sessionPath, r.IdempotencyKey, p, &s)
	if err != nil {
		if s, err = c.recover(ctx, answered, err, r.Reference); err != nil {
			return gateway.Checkout{}, err
		}
	}
	if err := c.sameMode(s.Livemode, gateway.Unknown); err != nil {
		return gateway.Checkout{}, err
	}
	return gateway.Checkout{SessionID: s.ID, URL: s.URL, ExpiresAt: at(s.ExpiresAt)}, nil
}

// stuck says whether the same idempotency key will give the same error for a day: Stripe stores its first answer, even an
// error of its own (https://docs.stripe.com/api/idempotent_requests).
func stuck(r *answer, err error) (stored, reused bool) {
	e := gateway.AsError(err)
	return r.replayed && r.status >= 500, e.Kind == gateway.ErrPermanent && e.Outcome == gateway.Unknown
}

// recover looks for the page that a call made whose answer Stripe cannot give any more. When there is none, nothing was
// done, and a new attempt may begin.
func (c *conn) recover(ctx context.Context, r *answer, cause error, reference string) (session, error) {
	stored, reused := stuck(r, cause)
	if !stored && !reused || reference == "" {
		return session{}, cause
	}
	const pages = 20
	p := &stripe.CheckoutSessionListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: c.now().Add(-25 * time.Hour).Unix()}}
	p.Limit = stripe.Int64(pageOf)
	for range pages {
		var l list
		if _, err := c.api.read(ctx, sessionPath, p, &l); err != nil {
			return session{}, cause // as unknown as before
		}
		last := ""
		for _, body := range l.Data {
			var s session
			if json.Unmarshal(body, &s) != nil {
				continue
			}
			if s.Reference == reference && s.URL != "" {
				return s, nil
			}
			last = s.ID
		}
		if !l.HasMore || last == "" {
			if stored {
				return session{}, r.fail(gateway.ErrRetryable, gateway.NotDone, "stored_error", "Stripe stored an error for this attempt, and no page exists")
			}
			return session{}, cause
		}
		p.StartingAfter = stripe.String(last)
	}
	return session{}, cause
}

var expandCharge = []string{"latest_charge.balance_transaction"}

// SettleCheckout implements gateway.Gateway. Stripe takes the money when the payer pays: there is nothing to capture.
func (c *conn) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	if !strings.HasPrefix(r.SessionID, "cs_") {
		return gateway.CheckoutStatus{}, notFound()
	}
	var s session
	if _, err := c.api.get(ctx, sessionPath, r.SessionID, []string{"payment_intent." + expandCharge[0]}, &s); err != nil {
		return gateway.CheckoutStatus{}, err
	}
	if err := c.sameMode(s.Livemode, gateway.NotDone); err != nil {
		return gateway.CheckoutStatus{}, err
	}
	return s.state()
}

// state reads where a page stands. That it is complete says that the payer did all that is asked for, not that money came.
func (s session) state() (out gateway.CheckoutStatus, err error) {
	in := s.Intent.Obj
	if in != nil {
		p, err := in.snapshot()
		switch {
		case err == nil:
			p.SessionID = s.ID
			out.Payments = []gateway.Payment{p}
		case !errors.Is(err, errNoMovement):
			return out, err
		}
	}
	switch {
	case len(out.Payments) == 1 && out.Payments[0].State == gateway.Succeeded:
		out.State = gateway.CheckoutPaid
	case len(out.Payments) == 1 && out.Payments[0].State == gateway.Failed:
		out.State, out.Reason = gateway.CheckoutFailed, out.Payments[0].Reason
	case len(out.Payments) == 1:
		out.State, out.Reason = gateway.CheckoutProcessing, out.Payments[0].Reason
	case s.Status == "expired":
		out.State = gateway.CheckoutExpired
	case s.Status == "complete" && s.PaymentStatus != "unpaid":
		out.State = gateway.CheckoutPaid // the charge itself follows
	case s.Status == "complete" && in != nil && (in.Status == "canceled" || in.Status == "requires_payment_method"):
		out.State, out.Reason = gateway.CheckoutFailed, in.reason()
	case s.Status == "complete":
		out.State, out.Reason = gateway.CheckoutProcessing, "processing"
	case in != nil && in.reason() != "":
		out.State, out.Reason = gateway.CheckoutRetry, in.reason()
	case in != nil && in.Status == "requires_action":
		out.State, out.Reason = gateway.CheckoutOpen, in.Status
	default:
		out.State = gateway.CheckoutOpen
	}
	return out, nil
}

// reason is the code of the last thing that went wrong: the bank's when there is one.
func (in intent) reason() string { return word(first(in.LastError.DeclineCode, in.LastError.Code)) }

// ExpireCheckout implements gateway.Expirer. Stripe refuses to close what is not open, and the page may have been paid
// just now: then the look tells.
func (c *conn) ExpireCheckout(ctx context.Context, id string) (gateway.CheckoutStatus, error) {
	if !strings.HasPrefix(id, "cs_") {
		return gateway.CheckoutStatus{}, notFound()
	}
	var s session
	_, err := c.api.write(ctx, http.MethodPost, stripe.FormatURLPath(sessionPath+"/%s/expire", id), "", nil, &s)
	if e := gateway.AsError(err); err != nil && e.Kind != gateway.ErrPermanent {
		return gateway.CheckoutStatus{}, err
	}
	now, lookErr := c.SettleCheckout(ctx, gateway.SettleRequest{SessionID: id})
	switch {
	case lookErr != nil && err == nil:
		return gateway.CheckoutStatus{State: gateway.CheckoutExpired}, nil
	case lookErr != nil:
		return gateway.CheckoutStatus{}, lookErr
	case err != nil && (now.State == gateway.CheckoutOpen || now.State == gateway.CheckoutRetry):
		return gateway.CheckoutStatus{}, err
	}
	return now, nil
}
