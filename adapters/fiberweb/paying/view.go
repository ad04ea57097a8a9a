package paying

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// view is a pay page with what kept the last click from going on.
type view struct {
	app.PayPage
	trouble error
}

// pagePath is where the page behind a link is.
func pagePath(token string) string { return "/p/" + url.PathEscape(token) }

func (v view) path(more string) string { return pagePath(v.Token) + more }

// title names the document, as its own PDF does.
func (v view) title(ctx context.Context) string {
	switch {
	case v.Number == "":
		return ui.T(ctx, "paying.title")
	case v.Document == inbox.DepositDocument:
		return ui.T(ctx, "pay.deposit", "number", v.Number)
	}
	return ui.T(ctx, "pay.invoice", "number", v.Number)
}

func (v view) logo() string {
	if v.Company.HasLogo {
		return v.path("/logo")
	}
	return ""
}

func (v view) test() bool { return v.Mode == gateway.Test }

// facts says what is paid. A payer compares them with the document at hand.
func (v view) facts(ctx context.Context) []ui.Fact {
	var out []ui.Fact
	text := func(key, value string) {
		if value != "" {
			out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: ui.Text(value)})
		}
	}
	text("paying.customer", v.Customer)
	text("paying.deposit_label", v.Label)
	if v.Document == inbox.DepositDocument {
		text("paying.quote_date", ui.L(ctx).Date(v.Date))
	} else {
		text("paying.date", ui.L(ctx).Date(v.Date))
	}
	if v.State == app.PayOpen || v.State == app.PayOffline || v.State == app.PayInProgress {
		text("paying.due_date", ui.L(ctx).Date(v.DueDate))
	}
	if v.Total.Currency() != "" && v.Total != v.Due {
		text("paying.total", ui.L(ctx).Money(v.Total))
	}
	return out
}

// settled says when it was paid, how much, and under which reference the payer finds it again.
func (v view) settled(ctx context.Context) []ui.Fact {
	var out []ui.Fact
	if v.Total.Currency() != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "paying.total"), Value: ui.Amount(v.Total)})
	}
	if !v.PaidAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "paying.paid_at"), Value: ui.Day(v.PaidAt)})
	}
	if v.Receipt != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "paying.receipt"), Value: ui.Text(v.Receipt), Wide: true})
	}
	return out
}

// seller is what the payer may check about who is paid.
func (v view) seller(ctx context.Context) []ui.Fact {
	c := v.Company
	var out []ui.Fact
	text := func(key, value string) {
		if value != "" {
			out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: ui.Text(value)})
		}
	}
	name := c.Name
	if !slices.Contains(strings.Fields(name), c.LegalForm) {
		name = strings.TrimSpace(name + " " + c.LegalForm)
	}
	text("paying.legal_name", name)
	text("paying.siren", grouped(c.SIREN))
	text("paying.vat_number", c.VATNumber)
	a := c.Address
	var lines []string
	for _, l := range []string{a.Street, a.Extra, strings.TrimSpace(a.PostalCode + " " + a.City)} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) > 0 {
		out = append(out, ui.Fact{Label: ui.T(ctx, "paying.address"), Value: ui.Text(strings.Join(lines, ", ")), Wide: true})
	}
	if c.Phone != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "paying.phone"), Value: link("tel:"+digits(c.Phone), c.Phone, false)})
	}
	if c.Email != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "paying.email"), Value: link("mailto:"+c.Email, c.Email, false)})
	}
	if site, ok := webAddress(c.Website); ok {
		out = append(out, ui.Fact{Label: ui.T(ctx, "paying.website"), Value: link(site, c.Website, true)})
	}
	return out
}

// register is where the State says whose a SIREN is: a source that whoever forged an invoice cannot forge too.
func (v view) register() string {
	if v.Company.SIREN == "" {
		return ""
	}
	return "https://annuaire-entreprises.data.gouv.fr/entreprise/" + url.PathEscape(v.Company.SIREN)
}

// grouped writes a SIREN the way people read it.
func grouped(siren string) string {
	if len(siren) != 9 {
		return siren
	}
	return siren[:3] + " " + siren[3:6] + " " + siren[6:]
}

// inFours writes an IBAN the way banks print it.
func inFours(iban string) string {
	var b strings.Builder
	for i, r := range strings.ReplaceAll(iban, " ", "") {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func digits(phone string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, phone)
}

// webAddress accepts what a company wrote as its site when it is an address that can be followed.
func webAddress(site string) (string, bool) {
	if !strings.Contains(site, "://") && strings.Contains(site, ".") {
		site = "https://" + site
	}
	u, err := url.Parse(site)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", false
	}
	return u.String(), true
}

// reasons are the codes of a failed attempt that a payer can make sense of. Others are for the provider's support.
var reasons = map[string]string{
	"card_declined":           "paying.reason.declined",
	"insufficient_funds":      "paying.reason.funds",
	"authentication_required": "paying.reason.authentication",
	"authentication_failed":   "paying.reason.authentication",
	"payer_left":              "paying.reason.left",
	"expired":                 "paying.reason.expired",
	"expired_card":            "paying.reason.declined",
	"incorrect_cvc":           "paying.reason.declined",
	"incorrect_number":        "paying.reason.declined",
	"INSTRUMENT_DECLINED":     "paying.reason.declined",
	"PAYER_ACTION_REQUIRED":   "paying.reason.authentication",
}

// tried says what became of the attempt before; "" when there is nothing the payer needs to know.
func (v view) tried(ctx context.Context) string {
	if v.State != app.PayOpen || v.trouble != nil {
		return ""
	}
	if v.Retry != "" {
		return ui.T(ctx, "paying.retry", "gateway", v.Retry)
	}
	if !v.Tried {
		return ""
	}
	if key, ok := reasons[v.Failed]; ok {
		return ui.T(ctx, key)
	}
	if strings.HasPrefix(v.Failed, "gateway_") || v.Failed == "superseded" || v.Failed == "closed_by_merchant" {
		return "" // the gateway's page never opened, or was closed because another one was asked for
	}
	return ui.T(ctx, "paying.reason.other")
}

// troubles are the refusals of a click that have words of their own for a payer; the catalogue's usual sentences speak to
// those who can mend settings.
var troubles = map[fault.Code]string{
	fault.GatewayDown:         "paying.trouble.down",
	fault.GatewayBroken:       "paying.trouble.down",
	fault.GatewayQuarantined:  "paying.trouble.down",
	fault.GatewayRefused:      "paying.trouble.refused",
	fault.GatewayCredentials:  "paying.trouble.refused",
	fault.GatewayOff:          "paying.trouble.off",
	fault.PaymentInProgress:   "paying.trouble.in_progress",
	fault.Busy:                "fault.busy",
	fault.TooManyTries:        "fault.too_many_tries",
	fault.SecondOnlineDeposit: "paying.trouble.not_online",
	fault.DepositsExceedQuote: "paying.trouble.not_online",
	fault.EmailMissing:        "paying.trouble.not_online",
}

func (v view) said(ctx context.Context) string {
	all := fault.All(v.trouble)
	if len(all) == 0 {
		return ""
	}
	key, ok := troubles[all[0].Code]
	if !ok {
		key = "paying.trouble.other"
	}
	var params []string
	for _, p := range all[0].Params {
		params = append(params, p.Name, p.Value)
	}
	return ui.T(ctx, key, append(params, "seller", v.Company.Name)...)
}

// up lists the offers whose provider answers.
func (v view) up() []app.Offer {
	return slices.DeleteFunc(slices.Clone(v.Offers), func(o app.Offer) bool { return o.Down })
}

// down names the offers whose provider does not answer at the moment.
func (v view) down() []string {
	var out []string
	for _, o := range v.Offers {
		if o.Down {
			out = append(out, o.Label)
		}
	}
	return out
}

// button is what the pay button of an offer says; the provider is named where there is a choice.
func (v view) button(ctx context.Context, o app.Offer) string {
	amount := ui.L(ctx).Money(v.Due)
	if o.Label == v.Retry {
		return ui.T(ctx, "paying.retry_button", "gateway", o.Label)
	}
	if len(v.Offers) > 1 {
		return ui.T(ctx, "paying.pay_with", "amount", amount, "gateway", o.Label)
	}
	return ui.T(ctx, "paying.pay", "amount", amount)
}
