// Package civil holds dates as accountants mean them: a day of the calendar, in no time zone.
package civil

import (
	"fmt"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/fault"
)

// Date is a day. The zero Date is "no date". Dates compare with == and Before.
type Date struct {
	year  int16
	month int8
	day   int8
}

// Of makes a date; a day that the calendar does not have (30 February) is normalised as package time does.
func Of(year int, month time.Month, day int) Date {
	return On(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// On is the day that t falls on, in t's own location.
func On(t time.Time) Date {
	y, m, d := t.Date()
	return Date{int16(y), int8(m), int8(d)}
}

// Parse reads 2026-12-31. Years run from 1900 to 2199. Code: bad_date.
func Parse(s string) (Date, error) {
	bad := fault.New(fault.Invalid, fault.BadDate, "found", fault.Clip(s))
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, bad
	}
	y, err1 := strconv.ParseUint(s[:4], 10, 16)
	m, err2 := strconv.ParseUint(s[5:7], 10, 8)
	d, err3 := strconv.ParseUint(s[8:], 10, 8)
	if err1 != nil || err2 != nil || err3 != nil || y < 1900 || y > 2199 || m < 1 || m > 12 {
		return Date{}, bad
	}
	date := Of(int(y), time.Month(m), int(d))
	if date.Day() != int(d) || date.Month() != time.Month(m) {
		return Date{}, bad
	}
	return date, nil
}

// MustParse is Parse for constants; it panics on a bad date.
func MustParse(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Year of the date.
func (d Date) Year() int { return int(d.year) }

// Month of the date.
func (d Date) Month() time.Month { return time.Month(d.month) }

// Day of the month.
func (d Date) Day() int { return int(d.day) }

// IsZero says whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Time is midnight UTC of the day.
func (d Date) Time() time.Time { return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, time.UTC) }

// Before says whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Number() < e.Number() }

// After says whether d is later than e.
func (d Date) After(e Date) bool { return e.Before(d) }

// AddDays is the date n days later.
func (d Date) AddDays(n int) Date { return On(d.Time().AddDate(0, 0, n)) }

// AddMonths is the same day n months later, or the last day of that month when it has no such day.
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year(), d.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Of(first.Year(), first.Month(), min(d.Day(), last))
}

// MonthEnd is the last day of the date's month.
func (d Date) MonthEnd() Date { return Of(d.Year(), d.Month()+1, 0) }

// Number is the date as the integer 20261231; the store keeps it so.
func (d Date) Number() int { return int(d.year)*10000 + int(d.month)*100 + int(d.day) }

// FromNumber is the inverse of Number; 0 is no date.
func FromNumber(n int) Date { return Date{int16(n / 10000), int8(n / 100 % 100), int8(n % 100)} }

// AppendCompact appends 20261231, as the FEC wants it.
func (d Date) AppendCompact(b []byte) []byte {
	b = append(b, "00000000"...)
	for i, n := len(b)-1, d.Number(); n > 0; i, n = i-1, n/10 {
		b[i] += byte(n % 10)
	}
	return b
}

// String is 2026-12-31, or nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

// MarshalText makes dates plain strings in JSON.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	p, err := Parse(string(b))
	if err == nil {
		*d = p
	}
	return err
}
