package stripe

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	stripe "github.com/stripe/stripe-go/v76"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// accountInWords is how Stripe names the account in an error about a permission: "… does not have the required permissions
// for this endpoint on account 'acct_…'". It is the one place where a restricted key that may not read the account finds
// whose it is.
var accountInWords = regexp.MustCompile(`\bacct_[A-Za-z0-9]{1,60}\b`)

// nobody is an id that Stripe never gave out: writing to it changes nothing, and tells whether the key may write.
const nobody = "cs_test_acquit_permission_probe"

// Check implements gateway.Gateway: the balance proves key and mode, the account says whose it is, and one call without
// effect for each permission finds those that are missing.
func (c *conn) Check(ctx context.Context) (gateway.Account, error) {
	a := gateway.Account{Mode: c.mode}
	var b balance
	r, err := c.api.get(ctx, "/v1/balance", "", nil, &b)
	switch {
	case denied(r, err):
		a.Missing = append(a.Missing, "Balance: Read")
		a.ID = accountInWords.FindString(r.message)
	case err != nil:
		return gateway.Account{}, err
	default:
		if err := c.sameMode(b.Livemode, gateway.NotDone); err != nil {
			return gateway.Account{}, err
		}
	}

	var who account
	r, err = c.api.get(ctx, "/v1/account", "", nil, &who)
	switch {
	case denied(r, err):
		if a.ID == "" {
			a.ID = accountInWords.FindString(r.message)
		}
	case err != nil:
		return gateway.Account{}, err
	default:
		a.ID, a.Country = who.ID, clip(who.Country, 2)
		a.Name = clip(first(who.BusinessProfile.Name, who.Settings.Dashboard.DisplayName), gateway.MaxText)
		if cur := money.Currency(strings.ToUpper(who.DefaultCurrency)); cur.Valid() {
			a.Currency = cur
		}
	}

	one := stripe.ListParams{Limit: stripe.Int64(1)}
	for _, p := range []struct {
		words, path string
		params      any
	}{
		{"Checkout Sessions: Write", "", nil},
		{"PaymentIntents: Read", "/v1/payment_intents", &one},
		{"Charges and Refunds: Read", "/v1/charges", &one},
		{"Charges and Refunds: Read", "/v1/refunds", &one},
		{"Balance: Read", "/v1/balance_transactions", &one},
		{"Disputes: Read", "/v1/disputes", &one},
		{"Payouts: Read", "/v1/payouts", &one},
		{"Events: Read", "/v1/events", &one},
	} {
		if p.path == "" {
			r, err = c.api.call(ctx, http.MethodPost, stripe.FormatURLPath("/v1/checkout/sessions/%s/expire", nobody), "", nil)
		} else {
			r, err = c.api.call(ctx, http.MethodGet, p.path, "", p.params)
		}
		switch {
		case denied(r, err):
			if n := len(a.Missing); n == 0 || a.Missing[n-1] != p.words {
				a.Missing = append(a.Missing, p.words)
			}
			if a.ID == "" {
				a.ID = accountInWords.FindString(r.message)
			}
		case err != nil && !(p.path == "" && r.status >= 400 && r.status < 500 && r.status != http.StatusUnauthorized && r.status != http.StatusTooManyRequests):
			return gateway.Account{}, err
		}
	}
	if a.ID == "" {
		// No invented identity: it must be the same after the key was changed.
		return gateway.Account{}, badSetting(settingKey, "account_unreadable", "give the key the permission to read the account (Account: Read): it does not say whose it is")
	}
	if a.Name == "" {
		a.Name = a.ID
	}
	a.Missing = distinct(a.Missing)
	return a, nil
}

// denied says whether a call failed for want of a permission.
func denied(r *answer, err error) bool { return err != nil && r.status == http.StatusForbidden }

func distinct(all []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func first(all ...string) string {
	for _, s := range all {
		if s = strings.TrimSpace(s); s != "" {
			return s
		}
	}
	return ""
}
