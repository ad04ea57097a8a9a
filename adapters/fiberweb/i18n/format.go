package i18n

import (
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// French typography separates thousands with a narrow no-break space and a number from its unit with a no-break space
// (Lexique des règles typographiques en usage à l'Imprimerie nationale; CLDR says the same).
const (
	narrow = "\u202f"
	nbsp   = "\u00a0"
	minus  = "\u2212"
)

// symbols are the currencies written with a sign; all others are written with their ISO 4217 code, which cannot be
// mistaken for another currency's.
var symbols = map[Lang]map[money.Currency]string{
	French:  {"EUR": "€", "USD": "$US", "GBP": "£GB"},
	English: {"EUR": "€", "USD": "US$", "GBP": "£"},
}

// Money writes an amount with its currency: "1 234,56 €", "€1,234.56".
func (l *Localizer) Money(m money.Money) string {
	number, cur := l.Amount(m.Abs()), m.Currency()
	sign := ""
	if m.Sign() < 0 {
		sign = minus
	}
	symbol, known := symbols[l.lang][cur]
	switch {
	case cur == "":
		return sign + number
	case l.lang == French && known:
		return sign + number + nbsp + symbol
	case l.lang == French:
		return sign + number + nbsp + string(cur)
	case known:
		return sign + symbol + number
	default:
		return sign + string(cur) + nbsp + number
	}
}

// Amount writes an amount without its currency, for columns that name it once: "1 234,56", "1,234.56".
func (l *Localizer) Amount(m money.Money) string { return l.localNumber(m.Plain()) }

// Decimal writes a quantity or unit price with as many decimals as it has, at least min: "1 234,5".
func (l *Localizer) Decimal(d decimal.Decimal, minDecimals int) string {
	s := d.String()
	whole, frac, _ := strings.Cut(s, ".")
	for len(frac) < minDecimals {
		frac += "0"
	}
	if frac != "" {
		whole += "." + frac
	}
	return l.localNumber(whole)
}

// Percent writes a rate given in percent: 5.5 becomes "5,5 %" in French and "5.5%" in English.
func (l *Localizer) Percent(d decimal.Decimal) string {
	if l.lang == French {
		return l.Decimal(d, 0) + nbsp + "%"
	}
	return l.Decimal(d, 0) + "%"
}

// Int writes a whole number with thousands separated.
func (l *Localizer) Int(n int) string { return l.localNumber(strconv.Itoa(n)) }

// localNumber brings a plain number ("-1234.50") to the language's own signs.
func (l *Localizer) localNumber(plain string) string {
	group, point := narrow, ","
	if l.lang == English {
		group, point = ",", "."
	}
	digits, negative := strings.CutPrefix(plain, "-")
	whole, frac, hasFrac := strings.Cut(digits, ".")
	var b strings.Builder
	b.Grow(len(plain) + len(whole) + 3)
	if negative {
		b.WriteString(minus)
	}
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(r)
	}
	if hasFrac {
		b.WriteString(point)
		b.WriteString(frac)
	}
	return b.String()
}

// Date writes a day: 31/12/2026, 31 Dec 2026. No date is nothing.
func (l *Localizer) Date(d civil.Date) string {
	if d.IsZero() {
		return ""
	}
	if l.lang == English {
		return strconv.Itoa(d.Day()) + " " + l.T("month.short."+strconv.Itoa(int(d.Month()))) + " " + strconv.Itoa(d.Year())
	}
	return d.Time().Format("02/01/2006")
}

// LongDate writes a day with its month in full: 31 décembre 2026, 31 December 2026; the first of a month is "1er" in French.
func (l *Localizer) LongDate(d civil.Date) string {
	if d.IsZero() {
		return ""
	}
	day := strconv.Itoa(d.Day())
	if l.lang == French && d.Day() == 1 {
		day = "1er"
	}
	return day + " " + l.T("month.long."+strconv.Itoa(int(d.Month()))) + " " + strconv.Itoa(d.Year())
}

// Month writes a month for headings and charts: "déc. 2026", "Dec 2026".
func (l *Localizer) Month(d civil.Date) string {
	return l.T("month.short."+strconv.Itoa(int(d.Month()))) + " " + strconv.Itoa(d.Year())
}

// ISO is how a browser's date field wants a day, in any language.
func (l *Localizer) ISO(d civil.Date) string { return d.String() }

// DateTime writes an instant in the localizer's zone, to the minute.
func (l *Localizer) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(l.zone)
	return l.Date(civil.On(t)) + " " + t.Format("15:04")
}

// Clock writes an instant's time of day to the second, for the provenance of a payment.
func (l *Localizer) Clock(t time.Time) string { return t.In(l.zone).Format("15:04:05") }

// Ago writes how long before now an instant lies, roughly, as a person would say it; beyond a month it is the date.
func (l *Localizer) Ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Minute || d >= 31*24*time.Hour:
		return l.Date(civil.On(t.In(l.zone)))
	case d < time.Minute:
		return l.T("ago.now")
	case d < time.Hour:
		return l.Plural("ago.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return l.Plural("ago.hours", int(d/time.Hour))
	default:
		return l.Plural("ago.days", int(d/(24*time.Hour)))
	}
}

// plainValue recognises the core's own spelling of a date, an instant, or an amount with two or three decimals and
// perhaps a currency, and writes it for the reader. Anything else is given back as it is.
func (l *Localizer) plainValue(s string) string {
	if d, err := civil.Parse(s); err == nil {
		return l.Date(d)
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return l.DateTime(t)
	}
	number, cur, hasCur := strings.Cut(s, " ")
	_, frac, _ := strings.Cut(number, ".")
	d, ok := money.ParseDecimal(number)
	switch {
	case !ok || strings.Contains(number, ","):
	case hasCur:
		if m, err := money.Parse(number, money.Currency(cur)); err == nil {
			return l.Money(m)
		}
	case len(frac) >= 2:
		return l.Decimal(d, len(frac))
	}
	return s
}
