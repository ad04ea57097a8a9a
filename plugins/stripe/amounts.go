package stripe

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Stripe counts in units of its own, which for some currencies are not ISO 4217's minor units
// (https://docs.stripe.com/currencies#zero-decimal, #three-decimal, #special-cases).
//
// zeroDecimal lists the currencies that Stripe counts in whole units. MGA has two decimals in ISO's table.
const zeroDecimal = " BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF "

// threeDecimal lists those that Stripe counts in thousandths, of which a charge must be a whole number of tens.
const threeDecimal = " BHD JOD KWD OMR TND "

// wholeOnly lists those that Stripe counts in hundredths although they have none: the last two digits are always 00.
const wholeOnly = " ISK UGX "

// unknownUnit lists the currencies of ISO whose unit at Stripe is documented nowhere. Guessing would be off by ten.
const unknownUnit = " IQD LYD "

// unit is how Stripe counts a currency: its number of decimals, and the steps in which amounts may be asked for. HUF and
// TWD have two decimals like others; only payouts in them must be whole, which Stripe sees to.
func unit(cur money.Currency) (decimals int, step int64, ok bool) {
	in := func(list string) bool { return strings.Contains(list, " "+string(cur)+" ") }
	switch {
	case !cur.Valid(), in(unknownUnit):
		return 0, 0, false
	case in(zeroDecimal):
		return 0, 1, true
	case in(threeDecimal):
		return 3, 10, true
	case in(wholeOnly):
		return 2, 100, true
	}
	return 2, 1, true
}

// maxAmount is the largest number that Stripe takes for an amount: eight digits, or twelve for a few currencies.
const maxAmount = 999_999_999_999

// toStripe is an amount to ask for in Stripe's count. An amount that cannot be said exactly is refused: a document's
// amount is never rounded on the way.
func toStripe(m money.Money) (int64, error) {
	decimals, step, ok := unit(m.Currency())
	if !ok {
		return 0, refuse("currency_unsupported", fmt.Sprintf("Stripe's unit for %.3s is not known", m.Currency()))
	}
	if m.Sign() <= 0 {
		return 0, refuse("amount_too_small", "the amount must be more than nothing")
	}
	n := m.Minor()
	for d := m.Currency().Exponent(); d < decimals; d++ {
		n *= 10
	}
	for d := m.Currency().Exponent(); d > decimals; d-- {
		if n%10 != 0 {
			return 0, refuse("amount_not_expressible", "Stripe does not take so many decimals in "+string(m.Currency()))
		}
		n /= 10
	}
	if n%step != 0 {
		return 0, refuse("amount_not_expressible", "Stripe does not take so many decimals in "+string(m.Currency()))
	}
	if n > maxAmount {
		return 0, refuse("amount_too_large", "Stripe does not take so much at once")
	}
	return n, nil
}

// fromStripe reads an amount of either sign in Stripe's count; code is a currency as Stripe writes it.
func fromStripe(n int64, code string) (money.Money, error) {
	cur := money.Currency(strings.ToUpper(code))
	decimals, _, ok := unit(cur)
	if !ok {
		return money.Money{}, fmt.Errorf("an amount in the unknown currency %.3q", code)
	}
	for d := decimals; d < cur.Exponent(); d++ {
		if n > money.Max || n < -money.Max {
			break
		}
		n *= 10
	}
	for d := decimals; d > cur.Exponent(); d-- {
		if n%10 != 0 {
			return money.Money{}, fmt.Errorf("a part of the smallest unit of %s", cur)
		}
		n /= 10
	}
	return money.New(n, cur)
}

// rate is Stripe's exchange rate as a plain decimal number; Stripe writes it as a number of JSON, maybe with an exponent.
func rate(number string) string {
	d, err := decimal.NewFromString(number)
	if err != nil || d.Sign() <= 0 {
		return ""
	}
	if s := d.String(); len(s) <= 40 {
		return s
	}
	return d.Round(12).String()
}

func refuse(code, detail string) *gateway.Error {
	return gateway.Fail(gateway.ErrPermanent, gateway.NotDone, code, detail)
}
