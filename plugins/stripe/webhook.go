package stripe

import (
	"context"
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/acquit-app/acquit/core/gateway"
)

const (
	// tolerance is how far the time in a signature may lie from when the delivery came, on either side. Stripe's library
	// looks at one side only: it takes a signature of next year.
	tolerance = 5 * time.Minute
	// maxBody bounds a delivery; Stripe's events stay below 256 KiB.
	maxBody = 1 << 20
	// maxSignatures bounds how many signatures of a header are compared: one for each secret that is being rolled.
	maxSignatures = 8
)

// events are those that Stripe is asked to tell of: all after which a movement or a page may look different.
var events = []string{
	"checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed", "checkout.session.expired",
	"payment_intent.succeeded", "payment_intent.processing", "payment_intent.payment_failed",
	"charge.succeeded", "charge.pending", "charge.failed", "charge.updated", "charge.refunded", "charge.refund.updated", "refund.created", "refund.updated",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
	"payout.created", "payout.updated", "payout.paid", "payout.failed", "payout.canceled", "payout.reconciliation_completed",
}

func untrusted(code, detail string) *gateway.Error {
	return gateway.Fail(gateway.ErrUntrusted, gateway.NotDone, code, detail)
}

// ParseWebhook implements gateway.Gateway. Of the event only its ids are taken, and everything is read again with our key:
// what is not in our account is found nowhere.
func (c *conn) ParseWebhook(_ context.Context, d gateway.Delivery) (gateway.Hint, error) {
	if len(c.secrets) == 0 {
		return gateway.Hint{}, untrusted("no_secret", "the connection has no webhook secret")
	}
	if len(d.Body) == 0 || len(d.Body) > maxBody {
		return gateway.Hint{}, untrusted("bad_body", "an empty or endless delivery")
	}
	came := d.ReceivedAt
	if came.IsZero() {
		came = c.now()
	}
	if err := verify(d, c.secrets, came); err != nil {
		return gateway.Hint{}, err
	}
	var e event
	if json.Unmarshal(d.Body, &e) != nil || e.ID == "" || len(e.ID) > gateway.MaxID || e.Livemode == nil {
		return gateway.Hint{}, untrusted("bad_body", "a signed delivery that is no event")
	}
	if *e.Livemode != (c.mode == gateway.Live) {
		return gateway.Hint{}, untrusted("wrong_mode", "an event of the other mode")
	}
	h := gateway.Hint{EventID: e.ID, Type: clip(e.Type, gateway.MaxID), Mode: c.mode}
	if e.Account != "" {
		return h, nil // of an account that is connected to ours: its objects are not ours
	}
	h.SessionIDs, h.PaymentIDs = e.about()
	return h, nil
}

// verify checks a delivery's signature: HMAC-SHA-256 over "time.body" with one of the secrets
// (https://docs.stripe.com/webhooks#verify-manually).
func verify(d gateway.Delivery, secrets []string, came time.Time) error {
	var header string
	n := 0
	for _, h := range d.Headers {
		if strings.EqualFold(h.Name, "Stripe-Signature") {
			header, n = h.Value, n+1
		}
	}
	if n != 1 || len(header) > 4096 {
		return untrusted("bad_signature", "not one Stripe-Signature header")
	}
	var stamp int64
	var signatures [][]byte
	stamps := 0
	for _, part := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "t":
			v, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return untrusted("bad_signature", "a signature without a time")
			}
			stamp, stamps = v, stamps+1
		case "v1":
			if sig, err := hex.DecodeString(value); err == nil && len(signatures) < maxSignatures {
				signatures = append(signatures, sig)
			}
		}
	}
	if stamps != 1 || len(signatures) == 0 {
		return untrusted("bad_signature", "no usable signature")
	}
	signed := time.Unix(stamp, 0)
	genuine := false
	for _, secret := range secrets {
		if secret == "" {
			continue // anybody can sign with nothing
		}
		want := webhook.ComputeSignature(signed, d.Body, secret)
		for _, sig := range signatures {
			genuine = hmac.Equal(want, sig) || genuine
		}
	}
	if !genuine {
		return untrusted("bad_signature", "the signature is not Stripe's")
	}
	if off := came.Sub(signed); off > tolerance || off < -tolerance {
		return untrusted("bad_time", "a signature of another time")
	}
	return nil
}

// about lists what to read again after an event. Of a type that is not known nothing is read: polling finds the money.
func (e event) about() (sessions, payments []string) {
	o := e.Data.Object
	add := func(ids ...string) {
		for _, id := range ids {
			if id != "" && len(id) <= gateway.MaxID && len(payments) < 20 {
				payments = append(payments, id)
			}
		}
	}
	switch o.Object {
	case "checkout.session":
		if o.ID != "" && len(o.ID) <= gateway.MaxID {
			sessions = append(sessions, o.ID)
		}
		add(o.PaymentIntent.ID)
	case "payment_intent":
		add(o.ID)
	case "charge":
		add(first(o.PaymentIntent.ID, o.ID), o.FailureTransaction.ID)
	case "refund":
		add(o.ID, o.FailureTransaction.ID, first(o.PaymentIntent.ID, o.Charge.ID))
	case "dispute":
		add(o.ID, first(o.PaymentIntent.ID, o.Charge.ID))
		for _, t := range o.BalanceTransactions {
			add(t.ID)
		}
	case "payout":
		add(o.ID, o.FailureTransaction.ID)
	}
	return sessions, distinct(payments)
}

const (
	endpointPath = "/v1/webhook_endpoints"
	// keptSecrets bounds how many secrets an installation leaves: the new one, and those whose deliveries may be under way.
	keptSecrets = 3
)

type endpoint struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// InstallWebhook implements gateway.WebhookInstaller. Stripe tells an endpoint's secret only when it is made, so a new one
// is made, and those that lead to the same address are removed after it: no event falls between. The secrets that we had
// stay valid for what is under way.
func (c *conn) InstallWebhook(ctx context.Context, address string) (map[string]string, error) {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || c.mode == gateway.Live && u.Scheme != "https" {
		return nil, refuse("bad_url", "Stripe needs a public https address to deliver to")
	}
	old, err := c.endpoints(ctx, address)
	if err != nil {
		return nil, err
	}
	p := &stripe.WebhookEndpointParams{
		URL: stripe.String(address), EnabledEvents: stripe.StringSlice(events), APIVersion: stripe.String(stripe.APIVersion), Description: stripe.String("Acquit"),
	}
	var made endpoint
	_, err = c.api.write(ctx, http.MethodPost, endpointPath, "", p, &made)
	if e := gateway.AsError(err); err != nil && e.Kind == gateway.ErrPermanent && strings.Contains(e.Detail, "api_version") {
		// An account that may not ask for this version any more gets its own: only ids are read of an event.
		p.APIVersion = nil
		_, err = c.api.write(ctx, http.MethodPost, endpointPath, "", p, &made)
	}
	if err != nil {
		return nil, err
	}
	if !secretPattern.MatchString(made.Secret) {
		return nil, gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "no_secret", "Stripe made the endpoint "+word(made.ID)+" and told no secret")
	}
	for _, e := range old {
		var gone struct{}
		// Left behind it delivers a second time, which does no harm.
		_, _ = c.api.write(ctx, http.MethodDelete, stripe.FormatURLPath(endpointPath+"/%s", e.ID), "", nil, &gone)
	}
	secrets := append([]string{made.Secret}, c.secrets...)
	return map[string]string{settingWebhook: strings.Join(secrets[:min(len(secrets), keptSecrets)], " ")}, nil
}

// endpoints lists those that lead to an address. An account has 16 at most.
func (c *conn) endpoints(ctx context.Context, address string) ([]endpoint, error) {
	p := &stripe.WebhookEndpointListParams{}
	p.Limit = stripe.Int64(pageOf)
	var l struct {
		Data []endpoint `json:"data"`
	}
	if _, err := c.api.read(ctx, endpointPath, p, &l); err != nil {
		return nil, err
	}
	var out []endpoint
	for _, e := range l.Data {
		if e.URL == address {
			out = append(out, e)
		}
	}
	return out, nil
}
