package paypal

import (
	"context"
	"strings"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// features are the boxes of the REST app's page that we need, with what the token's scope says when they are ticked.
var features = []struct{ scope, box string }{
	{"https://uri.paypal.com/services/payments/payment", "Accept payments"},
	{"https://uri.paypal.com/services/payments/refund", "Accept payments"},
	{"https://uri.paypal.com/services/reporting/search/read", "Transaction search"},
	{"https://uri.paypal.com/services/disputes/read-seller", "Customer disputes"},
	{"https://uri.paypal.com/services/applications/webhooks", "Webhooks"},
}

// missing lists the boxes that are not ticked. A box that was ticked lately may be missing from tokens for hours, because
// PayPal hands out the one that it has.
func missing(scope string) []string {
	granted := strings.Fields(scope)
	has := func(want string) bool {
		for _, s := range granted {
			if s == want || strings.HasPrefix(s, want+"/") {
				return true
			}
		}
		return false
	}
	var out []string
	for _, f := range features {
		if !has(f.scope) && (len(out) == 0 || out[len(out)-1] != f.box) {
			out = append(out, f.box)
		}
	}
	return out
}

// Check implements gateway.Gateway. The account's id is PayPal's payer id of the merchant: the balances name it, and where
// they are not allowed an order does, as its payee. That order is shown to nobody and ends by itself.
func (d *desk) Check(ctx context.Context) (gateway.Account, error) {
	g, err := d.account.authorize(ctx) // a fresh token: it proves the credentials as they are now
	if err != nil {
		return gateway.Account{}, err
	}
	d.account.mu.Lock()
	d.account.current = g
	d.account.mu.Unlock()
	a := gateway.Account{Mode: d.mode, Missing: missing(g.scope)}
	b, err := d.balances(ctx)
	switch {
	case err == nil:
		a.ID = b.AccountID
		for _, x := range b.Balances {
			if cur := money.Currency(x.Currency); x.Primary && cur.Valid() {
				a.Currency = cur
			}
		}
	case err.Kind != gateway.ErrConfig && err.Kind != gateway.ErrPermanent && err.Kind != gateway.ErrNotFound:
		return gateway.Account{}, err
	default:
		a.Missing = with(a.Missing, "Transaction search")
	}
	if a.ID == "" {
		if a.ID, err = d.payee(ctx); err != nil {
			return gateway.Account{}, err
		}
	}
	a.Name = first(d.brand, "PayPal "+a.ID)
	return a, nil
}

func with(list []string, s string) []string {
	for _, x := range list {
		if x == s {
			return list
		}
	}
	return append(list, s)
}

// payee asks an order, made for this and always the same for six hours, who would be paid.
func (d *desk) payee(ctx context.Context) (string, *gateway.Error) {
	c, err := post("/v2/checkout/orders", requestID("acquit-check-"+d.account.id, ""), orderRequest{
		Intent: "CAPTURE", Units: []unitRequest{{ReferenceID: "default", Amount: amount{Currency: "EUR", Value: "1.00"}}},
	})
	if err != nil {
		return "", err
	}
	var o order
	if _, err := d.account.fetch(ctx, c, &o); err != nil {
		return "", err
	}
	for _, u := range o.Units {
		if u.Payee.MerchantID != "" {
			return u.Payee.MerchantID, nil
		}
	}
	if o.ID == "" {
		return "", unreadable(c)
	}
	o, err = d.order(ctx, o.ID)
	if err != nil {
		return "", err
	}
	for _, u := range o.Units {
		if u.Payee.MerchantID != "" {
			return u.Payee.MerchantID, nil
		}
	}
	return "", gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "no_account_id", "PayPal does not say whose account this is")
}
