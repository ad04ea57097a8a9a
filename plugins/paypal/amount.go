package paypal

import (
	"regexp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// currencies are those that an order may be in (PayPal, "Currency codes"). The account may hold others; they are read.
var currencies = []money.Currency{
	"AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR", "NOK", "NZD",
	"PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD",
}

// whole are the currencies that PayPal counts without decimals. ISO 4217 gives two to HUF and TWD.
var whole = []money.Currency{"HUF", "JPY", "TWD"}

// amount is PayPal's money: a decimal string.
type amount struct {
	Currency string `json:"currency_code"`
	Value    string `json:"value"`
}

// write makes the amount that an order or refund asks for. What PayPal cannot express is refused before any call.
func write(m money.Money) (amount, *gateway.Error) {
	cur := m.Currency()
	if m.Sign() <= 0 {
		return amount{}, refuse("CANNOT_BE_ZERO_OR_NEGATIVE", "PayPal takes amounts above zero only")
	}
	if !slices.Contains(currencies, cur) {
		return amount{}, refuse("CURRENCY_NOT_SUPPORTED", "PayPal does not take payments in "+string(cur))
	}
	value := m.Plain()
	if slices.Contains(whole, cur) {
		units, cents, _ := strings.Cut(value, ".")
		if strings.Trim(cents, "0") != "" {
			return amount{}, refuse("DECIMALS_NOT_SUPPORTED", "PayPal counts "+string(cur)+" without decimals")
		}
		value = units
	}
	return amount{Currency: string(cur), Value: value}, nil
}

var decimalForm = regexp.MustCompile(`^-?(\d{1,15}(\.\d{0,15})?|\.\d{1,15})$`)

// read is the amount in minor units. It fails on a currency or a precision that the port cannot carry.
func (a amount) read() (money.Money, bool) {
	cur, err := money.ParseCurrency(a.Currency)
	if err != nil || !decimalForm.MatchString(a.Value) {
		return money.Money{}, false
	}
	d, err := decimal.NewFromString(strings.TrimSuffix(a.Value, "."))
	if err != nil {
		return money.Money{}, false
	}
	m, err := money.FromDecimal(d, cur, money.HalfUp)
	if err != nil || !m.Decimal().Equal(d) {
		return money.Money{}, false
	}
	return m, true
}

// readAmount is read for an amount that may be missing.
func readAmount(a *amount) (money.Money, bool) {
	if a == nil {
		return money.Money{}, false
	}
	return a.read()
}

// rate is PayPal's exchange rate.
type rate struct {
	Source string `json:"source_currency"`
	Target string `json:"target_currency"`
	Value  string `json:"value"`
}

// convert brings an amount to another currency at PayPal's rate and gives the rate as units of to for one of m's.
func (r *rate) convert(m money.Money, to money.Currency) (money.Money, string, bool) {
	if r == nil || !decimalForm.MatchString(r.Value) {
		return money.Money{}, "", false
	}
	factor, err := decimal.NewFromString(strings.TrimSuffix(r.Value, "."))
	if err != nil || factor.Sign() <= 0 {
		return money.Money{}, "", false
	}
	text := strings.TrimSuffix(r.Value, ".")
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	switch {
	case r.Source == string(m.Currency()) && r.Target == string(to):
	case r.Source == string(to) && r.Target == string(m.Currency()):
		factor = decimal.NewFromInt(1).DivRound(factor, 12)
		text = factor.String()
	default:
		return money.Money{}, "", false
	}
	out, err := money.FromDecimal(m.Decimal().Mul(factor), to, money.HalfUp)
	return out, text, err == nil
}
