package i18n

import (
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// ParseMoney reads an amount as typed or pasted: what Money and Amount write is read back, and so is a bare number with
// a comma or a point. Codes: bad_amount, bad_currency, amount_too_large.
func (l *Localizer) ParseMoney(s string, cur money.Currency) (money.Money, error) {
	m, err := money.Parse(l.bareNumber(s, cur), cur)
	return m, quoting(err, s)
}

// ParseDecimal reads a quantity or a unit price. Code: bad_quantity.
func (l *Localizer) ParseDecimal(s string) (decimal.Decimal, error) {
	d, ok := money.ParseDecimal(l.bareNumber(s, ""))
	if !ok {
		return decimal.Decimal{}, fault.New(fault.Invalid, fault.BadQuantity, "found", fault.Clip(s))
	}
	return d, nil
}

// ParsePercent reads a rate in percent, with or without its sign. Code: bad_rate.
func (l *Localizer) ParsePercent(s string) (decimal.Decimal, error) {
	d, ok := money.ParseDecimal(l.bareNumber(strings.TrimSuffix(strings.TrimSpace(s), "%"), ""))
	if !ok {
		return decimal.Decimal{}, fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(s))
	}
	return d, nil
}

// ambiguous is no number, so that whoever parses it refuses.
const ambiguous = "?"

// bareNumber takes away the currency and the thousands of a language. In English a comma is thousands before groups of
// three digits ("1,234.56", "1,234"), and a decimal comma otherwise ("12,5"). Where three decimals are possible, in
// quantities and in currencies that have them, "1,234" could mean two numbers a thousand times apart: it is refused.
func (l *Localizer) bareNumber(s string, cur money.Currency) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, minus, "-"))
	if cur != "" {
		negative := strings.HasPrefix(s, "-")
		s = strings.TrimPrefix(s, "-")
		for _, sign := range []string{symbols[French][cur], symbols[English][cur], string(cur)} {
			if sign == "" {
				continue
			}
			if rest, ok := strings.CutSuffix(s, sign); ok {
				s = rest
				break
			}
			if rest, ok := strings.CutPrefix(s, sign); ok {
				s = rest
				break
			}
		}
		s = strings.TrimFunc(s, func(r rune) bool { return r == ' ' || r == '\u00a0' || r == '\u202f' })
		if negative {
			s = "-" + s
		}
	}
	if l.lang != English {
		return s
	}
	whole, frac, hasPoint := strings.Cut(s, ".")
	groups := strings.Split(strings.TrimPrefix(whole, "-"), ",")
	if len(groups) < 2 || groups[0] == "" || len(groups[0]) > 3 {
		return s
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return s
		}
	}
	if len(groups) == 2 && !hasPoint && (cur == "" || cur.Exponent() == 3) {
		return ambiguous
	}
	whole = strings.ReplaceAll(whole, ",", "")
	if hasPoint {
		whole += "." + frac
	}
	return whole
}

// ParseDate reads a day as browsers send it (2026-12-31) or as people type it: 31/12/2026, 31.12.2026, 31-12-2026,
// 31/12/26, 31 Dec 2026, 31 décembre 2026. The day always comes before the month. Code: bad_date.
func (l *Localizer) ParseDate(s string) (civil.Date, error) {
	t := strings.TrimSpace(s)
	if d, err := civil.Parse(t); err == nil {
		return d, nil
	}
	bad := fault.New(fault.Invalid, fault.BadDate, "found", fault.Clip(s))
	parts := strings.FieldsFunc(t, func(r rune) bool { return strings.ContainsRune("/.- \u00a0\u202f", r) })
	if len(parts) != 3 {
		return civil.Date{}, bad
	}
	day, err1 := strconv.Atoi(strings.TrimSuffix(parts[0], "er"))
	month := l.parseMonth(parts[1])
	year, err2 := strconv.Atoi(parts[2])
	if err1 != nil || err2 != nil || month == 0 || day < 1 || day > 31 {
		return civil.Date{}, bad
	}
	switch len(parts[2]) {
	case 2:
		year += 2000
	case 4:
	default:
		return civil.Date{}, bad
	}
	if d := civil.Of(year, month, day); d.Day() == day && d.Year() >= 1900 && d.Year() < 2200 {
		return d, nil
	}
	return civil.Date{}, bad
}

// parseMonth reads a month by number or by its name in the language; 0 when it is neither.
func (l *Localizer) parseMonth(s string) time.Month {
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= 12 {
		return time.Month(n)
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	for m := 1; m <= 12; m++ {
		short := strings.ToLower(strings.TrimSuffix(l.T("month.short."+strconv.Itoa(m)), "."))
		if s == short || s == strings.ToLower(l.T("month.long."+strconv.Itoa(m))) {
			return time.Month(m)
		}
	}
	return 0
}

// quoting makes a refusal quote what the user typed rather than what was left of it.
func quoting(err error, typed string) error {
	for _, e := range fault.All(err) {
		for i := range e.Params {
			if e.Params[i].Name == "found" {
				e.Params[i].Value = fault.Clip(typed)
			}
		}
	}
	return err
}
