package paypal

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/acquit-app/acquit/core/gateway"
)

// Events are those that tell of something that we read again. DENIED and DECLINED are both in PayPal's documents.
var Events = []string{
	"CHECKOUT.ORDER.APPROVED", "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
	"PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.DECLINED", "PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.PENDING",
	"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED",
	"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED",
}

type hook struct {
	ID    string      `json:"id,omitempty"`
	URL   string      `json:"url"`
	Types []eventType `json:"event_types"`
}

type eventType struct {
	Name string `json:"name"`
}

// InstallWebhook implements gateway.WebhookInstaller: the app's webhook with this address is taken as it is, or made to
// send what we need; where there is none it is created. An app may have ten.
func (d *desk) InstallWebhook(ctx context.Context, at string) (map[string]string, error) {
	if u, err := url.Parse(at); err != nil || u.Host == "" || u.Scheme != "https" && !d.simulated {
		return nil, refuse("bad_url", "PayPal sends webhooks to https addresses only")
	}
	id, err := d.install(ctx, at)
	if err != nil && err.Code == "WEBHOOK_URL_ALREADY_EXISTS" { // two at once
		id, err = d.install(ctx, at)
	}
	if err != nil {
		if err.Code == "WEBHOOK_NUMBER_LIMIT_EXCEEDED" {
			err.Detail = "the REST app has ten webhooks, which is the most: delete one in PayPal's developer dashboard"
		}
		return nil, err
	}
	return map[string]string{settingWebhook: id}, nil
}

func (d *desk) install(ctx context.Context, at string) (string, *gateway.Error) {
	var have struct {
		Webhooks []hook `json:"webhooks"`
	}
	if _, err := d.account.fetch(ctx, get("/v1/notifications/webhooks", nil), &have); err != nil {
		return "", err
	}
	types := make([]eventType, 0, len(Events))
	for _, e := range Events {
		types = append(types, eventType{e})
	}
	for _, h := range have.Webhooks {
		if h.URL != at {
			continue
		}
		if sends(h, Events) {
			return h.ID, nil
		}
		b, err := json.Marshal([]any{map[string]any{"op": "replace", "path": "/event_types", "value": types}})
		if err != nil {
			return "", gateway.Fail(gateway.ErrBug, gateway.NotDone, "", "a request could not be written")
		}
		_, e := d.account.do(ctx, call{method: http.MethodPatch, path: "/v1/notifications/webhooks/" + url.PathEscape(h.ID), body: b})
		return h.ID, e
	}
	c, err := post("/v1/notifications/webhooks", "", hook{URL: at, Types: types})
	if err != nil {
		return "", err
	}
	var made hook
	if _, err := d.account.fetch(ctx, c, &made); err != nil {
		return "", err
	}
	if made.ID == "" {
		return "", unreadable(c)
	}
	return made.ID, nil
}

func sends(h hook, all []string) bool {
	has := map[string]bool{}
	for _, t := range h.Types {
		has[t.Name] = true
	}
	for _, e := range all {
		if !has[e] && !has["*"] {
			return false
		}
	}
	return true
}
