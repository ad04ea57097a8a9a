package stripefake

import (
	"encoding/json"
	"math/big"
	"strings"
)

// Stripe's own units (https://docs.stripe.com/currencies).
const (
	whole      = " bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf "
	thousandth = " bhd jod kwd omr tnd "
	evenly     = " isk ugx "
)

func decimals(cur string) int {
	switch {
	case strings.Contains(whole, " "+cur+" "):
		return 0
	case strings.Contains(thousandth, " "+cur+" "):
		return 3
	}
	return 2
}

func step(cur string) int64 {
	switch {
	case strings.Contains(thousandth, " "+cur+" "):
		return 10
	case strings.Contains(evenly, " "+cur+" "):
		return 100
	}
	return 1
}

// convert gives an amount in another currency, rounded half away from zero.
func convert(n int64, from string, c conversion) int64 {
	v, ok := new(big.Rat).SetString(c.Rate)
	if !ok {
		return n
	}
	v.Mul(v, new(big.Rat).SetInt64(n))
	for d := decimals(from); d < decimals(c.To); d++ {
		v.Mul(v, big.NewRat(10, 1))
	}
	for d := decimals(from); d > decimals(c.To); d-- {
		v.Quo(v, big.NewRat(10, 1))
	}
	half := big.NewRat(1, 2)
	if v.Sign() < 0 {
		half.Neg(half)
	}
	v.Add(v, half)
	out := new(big.Int).Quo(v.Num(), v.Denom()).Int64()
	return out - out%step(c.To)
}

// txn books a balance transaction of an amount in a currency, in the currency that the account settles it in.
func (a *account) txn(kind, category string, amount int64, cur, source string, fee func(settled int64, cur string) (fee, tax int64)) *txn {
	t := &txn{ID: a.f.id("txn_1"), Created: a.clock(), Available: a.clock() + 2*86400, Type: kind, Category: category, Amount: amount, Currency: cur, Source: source}
	if c, ok := a.Settles[cur]; ok && c.To != cur {
		t.Amount, t.Currency, t.Rate = convert(amount, cur, c), c.To, json.Number(c.Rate)
	}
	if fee != nil {
		t.Fee, t.Tax = fee(t.Amount, t.Currency)
	}
	a.Txns = append(a.Txns, t)
	a.put(t.ID, t)
	return t
}

// usual is Stripe's fee on a payment: 1.5 % and 25 of the smallest unit, VAT on top where the account has it.
func (a *account) usual(n int64, cur string) (fee, tax int64) {
	fee = n*15/1000 + 25
	if a.FeeTax {
		tax = fee / 5
	}
	s := step(cur)
	fee, tax = (fee+tax)/s*s, tax/s*s
	if fee >= n {
		fee, tax = 0, 0
	}
	return fee, tax
}
