package paypal

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

const (
	// Tolerance is how far the time of a transmission may be from its arrival, on either side. PayPal stamps and signs each
	// transmission ("the date and time of the HTTP transmission"), not the event, so its retries over three days pass. Should
	// it ever repeat a transmission with its old stamp, that one is refused and the next poll finds what it told of.
	Tolerance = 5 * time.Minute
	// maxWebhook bounds a body; PayPal's are below 20 KiB.
	maxWebhook = 256 << 10
)

// transmission is what the headers of a delivery say.
type transmission struct {
	id, time, signature, certURL, algorithm string

	at time.Time
}

func untrusted(code, detail string) *gateway.Error {
	return gateway.Fail(gateway.ErrUntrusted, gateway.NotDone, code, detail)
}

// event is all that is read of a body: ids.
type event struct {
	ID       string `json:"id"`
	Type     string `json:"event_type"`
	Resource struct {
		ID      string `json:"id"`
		OrderID string `json:"order_id"`
		Dispute string `json:"dispute_id"`
		Related struct {
			IDs struct {
				Order   string `json:"order_id"`
				Capture string `json:"capture_id"`
			} `json:"related_ids"`
		} `json:"supplementary_data"`
		Disputed []struct {
			Seller string `json:"seller_transaction_id"`
		} `json:"disputed_transactions"`
		Links []link `json:"links"`
	} `json:"resource"`
}

// ParseWebhook implements gateway.Gateway. Verification keeps strangers' noise out and no more: PayPal signs the CRC-32 of
// the body, for which anybody can make another body. The hint therefore names objects only, and those are read with our
// own key: an id that was put in by a forger leads to our own truth, or to nothing.
func (d *desk) ParseWebhook(ctx context.Context, v gateway.Delivery) (gateway.Hint, error) {
	h, err := d.readWebhook(ctx, v)
	if err != nil {
		return gateway.Hint{}, err
	}
	return h, nil
}

func (d *desk) readWebhook(ctx context.Context, v gateway.Delivery) (gateway.Hint, *gateway.Error) {
	none := gateway.Hint{}
	if d.webhookID == "" {
		return none, badSetting(settingWebhook, "no_webhook_id", "without the webhook's id nothing can be verified: install the webhook")
	}
	if len(v.Body) > maxWebhook {
		return none, untrusted("too_large", "the body is larger than any of PayPal's")
	}
	t, err := readTransmission(v.Headers)
	if err != nil {
		return none, err
	}
	received := v.ReceivedAt
	if received.IsZero() {
		received = d.p.opt.Now()
	}
	if age := received.Sub(t.at); age > Tolerance {
		return none, untrusted("too_old", "the transmission is too old")
	} else if age < -Tolerance {
		return none, untrusted("too_new", "the transmission is from the future")
	}
	// PayPal's bodies are one object with nothing around it. Blanks around it would get lost within the request to verify.
	if len(v.Body) < 2 || v.Body[0] != '{' || v.Body[len(v.Body)-1] != '}' || !json.Valid(v.Body) {
		return none, untrusted("bad_body", "the body is not an event of PayPal")
	}
	if d.verify == verifyLocally {
		err = d.verifyHere(ctx, t, v.Body)
	} else {
		err = d.verifyThere(ctx, t, v.Body)
	}
	if err != nil {
		return none, err
	}
	var e event
	if json.Unmarshal(v.Body, &e) != nil || e.ID == "" || len(e.ID) > gateway.MaxID {
		return none, untrusted("bad_body", "the body is not an event of PayPal")
	}
	return d.hint(e), nil
}

func readTransmission(headers []gateway.Header) (transmission, *gateway.Error) {
	var t transmission
	for name, into := range map[string]*string{
		"Paypal-Transmission-Id": &t.id, "Paypal-Transmission-Time": &t.time, "Paypal-Transmission-Sig": &t.signature,
		"Paypal-Cert-Url": &t.certURL, "Paypal-Auth-Algo": &t.algorithm,
	} {
		n := 0
		for _, h := range headers {
			if http.CanonicalHeaderKey(h.Name) == name {
				*into = h.Value
				n++
			}
		}
		if n != 1 || *into == "" || len(*into) > 1000 {
			return t, untrusted("no_signature", "the headers of a signed delivery are missing, repeated or too long")
		}
	}
	at, err := time.Parse(time.RFC3339, t.time)
	if err != nil {
		return t, untrusted("bad_time", "the transmission has no time")
	}
	t.at = at
	return t, nil
}

// verifyThere asks PayPal. The body goes in as it came, byte for byte: to decode and encode it anew changes it, and PayPal
// then says that it is not its own.
func (d *desk) verifyThere(ctx context.Context, t transmission, body []byte) *gateway.Error {
	head, err := json.Marshal(map[string]string{
		"auth_algo": t.algorithm, "cert_url": t.certURL, "transmission_id": t.id, "transmission_sig": t.signature,
		"transmission_time": t.time, "webhook_id": d.webhookID,
	})
	if err != nil {
		return untrusted("bad_signature", "the headers cannot be passed on")
	}
	var b bytes.Buffer
	b.Write(head[:len(head)-1])
	b.WriteString(`,"webhook_event":`)
	b.Write(body)
	b.WriteByte('}')
	c := call{method: http.MethodPost, path: "/v1/notifications/verify-webhook-signature", body: b.Bytes()}
	var answer struct {
		Status string `json:"verification_status"`
	}
	if _, e := d.account.fetch(ctx, c, &answer); e != nil {
		e.Outcome = gateway.NotDone
		if e.Kind == gateway.ErrPermanent || e.Kind == gateway.ErrNotFound {
			return untrusted(first(e.Code, "bad_signature"), "PayPal does not take this delivery for one of its own")
		}
		return e
	}
	if answer.Status != "SUCCESS" {
		return untrusted("bad_signature", "PayPal says that the signature does not match")
	}
	return nil
}

// hint says what to read again after an event. Of events that we do not know, nothing.
func (d *desk) hint(e event) gateway.Hint {
	h := gateway.Hint{EventID: e.ID, Type: clip(e.Type, gateway.MaxID), Mode: d.mode}
	session := func(id string) {
		if objectForm.MatchString(id) {
			h.SessionIDs = with(h.SessionIDs, id)
		}
	}
	payment := func(id string) {
		if (objectForm.MatchString(id) || disputeForm.MatchString(id)) && len(h.PaymentIDs) < gateway.MaxList-10 {
			h.PaymentIDs = with(h.PaymentIDs, id)
		}
	}
	r := e.Resource
	switch {
	case strings.HasPrefix(e.Type, "CHECKOUT.ORDER."):
		session(r.ID)
	case strings.HasPrefix(e.Type, "CHECKOUT.PAYMENT-APPROVAL."):
		session(first(r.OrderID, r.ID))
	case strings.HasPrefix(e.Type, "PAYMENT.CAPTURE."), strings.HasPrefix(e.Type, "PAYMENT.REFUND."):
		// Of REFUNDED and REVERSED the resource is the refund, and the capture its parent.
		payment(r.ID)
		session(r.Related.IDs.Order)
		payment(r.Related.IDs.Capture)
		if parent := up(r.Links); e.Type == "PAYMENT.CAPTURE.REFUNDED" || e.Type == "PAYMENT.CAPTURE.REVERSED" || strings.HasPrefix(e.Type, "PAYMENT.REFUND.") {
			payment(parent)
		} else {
			session(parent)
		}
	case strings.HasPrefix(e.Type, "CUSTOMER.DISPUTE."):
		payment(r.Dispute)
		for _, t := range r.Disputed {
			payment(t.Seller)
		}
	}
	return h
}
