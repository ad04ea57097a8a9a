package app

import (
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

var one = decimal.NewFromInt(1)

// plain writes minor units for histories: "1200.00 EUR".
func (a *App) plain(minor int64, cur money.Currency) string { return moneyOf(minor, cur).String() }

func moneyOf(minor int64, cur money.Currency) money.Money { return money.Of(minor, cur) }

// money0 gives an amount that was never set its currency.
func money0(m money.Money, cur money.Currency) money.Money {
	if m.Currency() == "" {
		return money.Zero(cur)
	}
	return m
}
