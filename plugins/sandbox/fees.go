package sandbox

import (
	"github.com/shopspring/decimal"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Fee plans: what the sandbox charges on a payment. The rates are of the size that European card processors publish.
const (
	FeeStandard = "standard" // 1.4 % + 0.25
	FeeHigh     = "high"     // 2.9 % + 0.35
	FeeTaxed    = "taxed"    // standard, plus 20 % VAT charged by the sandbox
	FeeFree     = "free"     // a known fee of nothing
)

type feePlan struct {
	rate    decimal.Decimal
	cents   int64 // fixed part, in hundredths of the currency
	vatRate decimal.Decimal
}

var feePlans = map[string]feePlan{
	FeeStandard: {rate: decimal.New(14, -3), cents: 25},
	FeeHigh:     {rate: decimal.New(29, -3), cents: 35},
	FeeTaxed:    {rate: decimal.New(14, -3), cents: 25, vatRate: decimal.New(20, -2)},
	FeeFree:     {},
}

// reckon returns the fee on an amount, VAT included, and the VAT in it. A plan that does not exist is the standard one.
func reckon(plan string, gross money.Money) (fee, vat money.Money, err error) {
	p, ok := feePlans[plan]
	if !ok {
		p = feePlans[FeeStandard]
	}
	base, err := gross.Abs().Times(p.rate, money.HalfUp)
	if err != nil {
		return fee, vat, err
	}
	if base, err = base.Add(fixed(p.cents, gross.Currency())); err != nil {
		return fee, vat, err
	}
	if vat, err = base.Times(p.vatRate, money.HalfUp); err != nil {
		return fee, vat, err
	}
	fee, err = base.Add(vat)
	return fee, vat, err
}

// fixed is a number of hundredths in a currency; where there are no hundredths, as many units, since such units are small.
func fixed(hundredths int64, cur money.Currency) money.Money {
	for i := 2; i < cur.Exponent(); i++ {
		hundredths *= 10
	}
	return money.Of(hundredths, cur)
}

// charge tells the movement's fee.
func (m *Movement) charge(fee, vat money.Money) error {
	net, err := m.flow().Sub(fee)
	if err != nil {
		return err
	}
	m.FeeState, m.Fee, m.FeeVAT, m.Net = gateway.FeeKnown, Amount{fee}, Amount{vat}, Amount{net}
	return nil
}

// chargePlan tells the fee that the movement's plan makes.
func (m *Movement) chargePlan() error {
	fee, vat, err := reckon(m.FeePlan, m.Gross.Money)
	if err != nil {
		return err
	}
	return m.charge(fee, vat)
}

// free says that the movement has no fee and never will.
func (m *Movement) free() {
	m.FeeState, m.Fee, m.FeeVAT, m.Net = gateway.FeeNone, Amount{}, Amount{}, Amount{m.flow()}
}
