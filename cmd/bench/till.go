package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// till is a gateway in process that knows a list of payments and answers at once, so that what is measured is ours. It
// verifies webhooks as providers have them verified, by HMAC-SHA-256 over the raw body.
type till struct{ payments []gateway.Payment }

const tillName = "till"

var tillKey = []byte("webhook signing secret of a till")

func tillInfo() gateway.Info {
	return gateway.Info{Name: tillName, Label: "Till", Version: "1", Help: gateway.Text{"en": "For measuring."}}
}

// Known implements app.Gateways.
func (t *till) Known(context.Context) ([]app.GatewayStatus, error) {
	return []app.GatewayStatus{{Name: tillName, Info: tillInfo(), Trusted: true, Running: true}}, nil
}

// Open implements app.Gateways.
func (t *till) Open(context.Context, string, gateway.Connection) (gateway.Gateway, error) {
	return t, nil
}

// Check implements gateway.Gateway.
func (t *till) Check(context.Context) (gateway.Account, error) {
	return gateway.Account{ID: "till_1", Name: "Till", Mode: gateway.Test, Country: "FR", Currency: money.EUR}, nil
}

// CreateCheckout implements gateway.Gateway.
func (t *till) CreateCheckout(_ context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	return gateway.Checkout{SessionID: "ses_" + r.Reference, URL: "https://till.example/" + r.Reference, ExpiresAt: r.ExpiresAt}, nil
}

// SettleCheckout implements gateway.Gateway.
func (t *till) SettleCheckout(context.Context, gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	return gateway.CheckoutStatus{State: gateway.CheckoutOpen}, nil
}

// ListPayments implements gateway.Gateway. The cursor is how many were listed.
func (t *till) ListPayments(_ context.Context, r gateway.ListRequest) (gateway.Page, error) {
	from, err := strconv.Atoi(r.Cursor)
	if r.Cursor != "" && err != nil {
		return gateway.Page{}, err
	}
	to := min(from+r.Limit, len(t.payments))
	return gateway.Page{Payments: t.payments[from:to], Next: strconv.Itoa(to), CaughtUp: to == len(t.payments)}, nil
}

// FetchPayment implements gateway.Gateway: there is a payment by every id.
func (t *till) FetchPayment(_ context.Context, id string) (gateway.Payment, error) {
	return payment(id, "", 12000, time.Now()), nil
}

type tillEvent struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Payment string `json:"payment"`
}

// ParseWebhook implements gateway.Gateway.
func (t *till) ParseWebhook(_ context.Context, d gateway.Delivery) (gateway.Hint, error) {
	refused := gateway.Fail(gateway.ErrUntrusted, gateway.NotDone, "bad_signature", "the signature is wrong")
	if len(d.Headers) != 1 {
		return gateway.Hint{}, refused
	}
	if sum, err := hex.DecodeString(d.Headers[0].Value); err != nil || !hmac.Equal(sum, mac(d.Body)) {
		return gateway.Hint{}, refused
	}
	var e tillEvent
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return gateway.Hint{}, gateway.Fail(gateway.ErrBug, gateway.NotDone, "bad_event", err.Error())
	}
	return gateway.Hint{EventID: e.ID, Type: e.Type, Mode: gateway.Test, PaymentIDs: []string{e.Payment}}, nil
}

func mac(body []byte) []byte {
	m := hmac.New(sha256.New, tillKey)
	m.Write(body)
	return m.Sum(nil)
}

// event is a webhook call about the n-th event.
func event(n int) gateway.Delivery {
	body := fmt.Appendf(nil, `{"id":"evt_%d","type":"payment.succeeded","payment":"pay_%d","livemode":false,"note":"padding as real events have it, of a kilobyte or so"}`, n, n)
	return gateway.Delivery{Headers: []gateway.Header{{Name: "Till-Signature", Value: hex.EncodeToString(mac(body))}}, Body: body, ReceivedAt: time.Now()}
}

// payment is a card payment of an amount in minor units, with a commission of 1.4 % and 0.25.
func payment(id, reference string, amount int64, at time.Time) gateway.Payment {
	fee := amount*14/1000 + 25
	eur := func(v int64) money.Money { return money.Of(v, money.EUR) }
	return gateway.Payment{ID: id, Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: eur(amount), FeeState: gateway.FeeKnown, Fee: eur(fee), FeeVAT: eur(0),
		Net: eur(amount - fee), Reference: reference, Method: "card", Payer: gateway.Payer{Name: "Jeanne Payeur", Email: "jeanne@example.com", Country: "FR"},
		OccurredAt: at, AvailableAt: at, UpdatedAt: at, Description: "Paiement " + id}
}
