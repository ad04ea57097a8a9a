package paypalfake

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/money"
)

// whole are the currencies that PayPal counts without decimals.
var whole = []money.Currency{"HUF", "JPY", "TWD"}

// unit is the smallest amount of a currency at PayPal, in minor units by ISO 4217.
func unit(cur money.Currency) int64 {
	if slices.Contains(whole, cur) && cur.Exponent() == 2 {
		return 100
	}
	return 1
}

// worth is what one of each currency is worth in euros, near enough.
var worth = map[money.Currency]string{
	"EUR": "1", "USD": "0.92", "GBP": "1.17", "CHF": "1.05", "JPY": "0.0061", "HUF": "0.0026", "CAD": "0.67", "PLN": "0.23",
	"SEK": "0.088", "AUD": "0.6", "TWD": "0.028",
}

// fixed is the part of a fee that does not depend on the amount, in minor units.
var fixed = map[money.Currency]int64{"EUR": 35, "USD": 49, "GBP": 30, "JPY": 40, "HUF": 9000, "TWD": 1000}

func (c cash) json() map[string]string {
	if !c.Currency.Valid() { // one that nobody knows yet
		return map[string]string{"currency_code": string(c.Currency), "value": strconv.FormatInt(c.Minor, 10)}
	}
	v := c.money().Plain()
	if slices.Contains(whole, c.Currency) {
		v, _, _ = strings.Cut(v, ".")
	}
	return map[string]string{"currency_code": string(c.Currency), "value": v}
}

// parse reads an amount as strictly as PayPal; issue says what is wrong with it.
func parse(currency, value string) (c cash, issue string) {
	cur := money.Currency(currency)
	if _, known := worth[cur]; !known && cur != "BRL" && cur != "DKK" && cur != "NOK" && cur != "MXN" {
		return c, "INVALID_CURRENCY_CODE"
	}
	units, cents, point := strings.Cut(value, ".")
	if strings.HasPrefix(units, "-") {
		return c, "CANNOT_BE_ZERO_OR_NEGATIVE"
	}
	if strings.Trim(units+cents, "0123456789") != "" || units == "" || point && len(cents) != 2 || point && unit(cur) != 1 || point && cur.Exponent() == 0 {
		return c, "DECIMAL_PRECISION"
	}
	m, err := money.Parse(value, cur)
	if err != nil || m.Sign() <= 0 {
		return c, "CANNOT_BE_ZERO_OR_NEGATIVE"
	}
	return cash{m.Minor(), cur}, ""
}

// share is amount × part / whole, at what PayPal can express.
func share(amount cash, part, whole int64) cash {
	u := unit(amount.Currency)
	n := new(big.Int).Mul(big.NewInt(amount.Minor), big.NewInt(part))
	n.Add(n.Mul(n, big.NewInt(2)), new(big.Int).Mul(big.NewInt(whole), big.NewInt(u)))
	n.Div(n, new(big.Int).Mul(big.NewInt(2), new(big.Int).Mul(big.NewInt(whole), big.NewInt(u))))
	return cash{n.Int64() * u, amount.Currency}
}

// fee is 2.9 % and a fixed part, and never all of an amount.
func fee(amount cash) cash {
	f := share(amount, 29, 1000)
	f.Minor = min(f.Minor+fixed[amount.Currency], amount.Minor)
	return f
}

// rate is how many of to one of from is, with six decimals.
func rate(from, to money.Currency) string {
	a, _ := new(big.Rat).SetString(worth[from])
	b, _ := new(big.Rat).SetString(worth[to])
	if a == nil || b == nil {
		return "1"
	}
	return new(big.Rat).Quo(a, b).FloatString(6)
}

// convert is an amount in another currency at a rate, rounded half up.
func convert(c cash, to money.Currency, rate string) cash {
	r, ok := new(big.Rat).SetString(rate)
	if !ok {
		return c
	}
	r.Mul(r, new(big.Rat).SetInt64(c.Minor))
	scale := int64(1)
	for range max(to.Exponent()-c.Currency.Exponent(), c.Currency.Exponent()-to.Exponent()) {
		scale *= 10
	}
	if to.Exponent() > c.Currency.Exponent() {
		r.Mul(r, new(big.Rat).SetInt64(scale))
	} else {
		r.Quo(r, new(big.Rat).SetInt64(scale))
	}
	r.Quo(r, new(big.Rat).SetInt64(unit(to)))
	n := new(big.Int).Mul(r.Num(), big.NewInt(2))
	n.Add(n, r.Denom())
	n.Div(n, new(big.Int).Mul(r.Denom(), big.NewInt(2)))
	return cash{n.Int64() * unit(to), to}
}
