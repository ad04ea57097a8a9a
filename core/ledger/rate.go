package ledger

import (
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// MaxRateAge is how many days a rate may be old: the European Central Bank publishes none from Good Friday to Easter Monday,
// nor around New Year, so the latest rate of an ordinary year is never more than five days old.
const MaxRateAge = 7

// Rate is what one unit of the books' currency was worth in another on a day, as the Banque de France publishes it from the
// European Central Bank (art. 410-1 PCG): 1.12 is 1.12 USD for one EUR. A company has one for each currency and day.
type Rate struct {
	ID       string // RateID
	Currency money.Currency
	Date     civil.Date
	Rate     decimal.Decimal // zero: taken away
	Source   string          // who published it
	By       string
	Version  int64
}

// RateID is the identifier of a currency's rate of a day.
func RateID(cur money.Currency, d civil.Date) string { return string(cur) + "-" + d.String() }

// RateIDs are the identifiers of the rates that may serve on a day, the best first.
func RateIDs(cur money.Currency, d civil.Date) []string {
	out := make([]string, 0, MaxRateAge+1)
	for age := range MaxRateAge + 1 {
		out = append(out, RateID(cur, d.AddDays(-age)))
	}
	return out
}

var maxRate = decimal.New(1, 12)

// GoodRate checks a rate: positive, below 10^12, no finer than ten decimals. Code: bad_rate.
func GoodRate(r decimal.Decimal) error {
	if !r.IsPositive() || r.GreaterThan(maxRate) || !r.Equal(r.Round(10)) {
		return fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(r.String()))
	}
	return nil
}

// Validate normalises and checks what was typed in, for books in a currency. Codes: bad_currency, required, bad_date,
// bad_rate, too_long, bad_characters.
func (r *Rate) Validate(books money.Currency) error {
	var f fault.Collect
	if !r.Currency.Valid() || r.Currency == books {
		_ = f.Add(fault.New(fault.Invalid, fault.BadCurrency, "found", fault.Clip(string(r.Currency))), "currency")
	}
	switch {
	case r.Date.IsZero():
		_ = f.Add(fault.New(fault.Invalid, fault.Required), "date")
	case r.Date.Year() < 2000 || r.Date.Year() > 2200:
		_ = f.Add(fault.New(fault.Invalid, fault.BadDate, "found", r.Date.String()), "date")
	}
	_ = f.Add(GoodRate(r.Rate), "rate")
	_ = f.Add(party.CleanText(&r.Source, 0, 80), "source")
	r.ID = RateID(r.Currency, r.Date)
	return f.Err()
}
