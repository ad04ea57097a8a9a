package inbox

import (
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// Money in another currency. The provider keeps a balance for each currency; Gross, Fee and Net are in that of the balance.
// Books are in one currency (art. 1011-1 PCG), so a movement of another balance is posted by what it is worth: at the rate
// of its day (art. 420-1, 410-1 PCG), from the company's table or from a person. What the payer paid is judged by itself:
// an invoice of 100 EUR that was paid with 100 EUR is paid, whatever the provider made of it.

// ratePlaces is how exactly a rate is kept that follows from a counter-value: more than any bank publishes.
const ratePlaces = 10

// Paid is what the payer paid, or got back.
func (a *Arrival) Paid() money.Money {
	if a.Charged.Currency() != "" {
		return a.Charged
	}
	return a.Gross
}

// ValueAt says what the arrival is worth by a rate: units of Gross's currency for one of the books'. Codes:
// amount_too_large, bad_currency.
func (a *Arrival) ValueAt(rate decimal.Decimal, source string, books money.Currency) error {
	worth, err := a.Gross.Exchange(rate, books)
	if err != nil {
		return err
	}
	a.Worth, a.BookRate, a.RateSource = worth, rate, source
	return nil
}

// ValueBy says what the arrival is worth by its counter-value. The rate of its fee follows from it.
func (a *Arrival) ValueBy(worth money.Money, source string) {
	a.Worth, a.RateSource, a.BookRate = worth, source, decimal.Zero
	if !worth.IsZero() {
		a.BookRate = a.Gross.Decimal().DivRound(worth.Decimal(), ratePlaces).Abs()
	}
}

// Unvalue forgets what the arrival is worth.
func (a *Arrival) Unvalue() {
	a.Worth, a.BookRate, a.RateSource, a.RateByHand = money.Money{}, decimal.Zero, "", false
}

// InBooks is a part of the arrival (its gross amount, its fee, some of it), in minor units of its balance's currency, in
// minor units of the books' currency. Code: amount_too_large.
func (a *Arrival) InBooks(minor int64) (int64, error) {
	switch {
	case a.Worth.Currency() == "" || a.BookRate.IsZero():
		return minor, nil
	case minor == a.Gross.Minor():
		return a.Worth.Minor(), nil
	case minor == -a.Gross.Minor():
		return -a.Worth.Minor(), nil
	}
	m, err := money.New(minor, a.Gross.Currency())
	if err == nil {
		m, err = m.Exchange(a.BookRate, a.Worth.Currency())
	}
	return m.Minor(), err
}

// Cost says whether the arrival leaves its balance for an amount that another party names: a payout by what the bank
// received, a conversion by what the other balance received. The rate of the day does not tell it.
func (a *Arrival) Cost() bool {
	return a.Kind == gateway.KindPayout || a.Kind == gateway.KindPayoutReversal || a.Conversion
}
