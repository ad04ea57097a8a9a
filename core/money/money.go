// Package money holds amounts that cannot be wrong: an integer count of a currency's minor unit, never a float.
//
// Amounts of one currency add and subtract; mixing currencies or overflowing is an error, not a wrong number. Whoever
// rounds names the rounding at the call. Splitting never loses a cent.
package money

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/shopspring/decimal"
)

// Max bounds any amount, in minor units: a thousand amounts of this size still add up inside an int64, so that sums
// made by a database (SQLite fails on overflow) stay exact. It is 90 billion in a two-decimal currency.
const Max int64 = 9_000_000_000_000

// Money is an amount in a currency. The zero Money is "no amount" and has no currency; Zero(EUR) is nothing in euros.
type Money struct {
	minor int64
	cur   Currency
}

// New makes an amount from minor units (cents for EUR). Codes: bad_currency, amount_too_large.
func New(minor int64, cur Currency) (Money, error) {
	if !cur.Valid() {
		return Money{}, fault.New(fault.Invalid, fault.BadCurrency, "found", fault.Clip(string(cur)))
	}
	if minor > Max || minor < -Max {
		return Money{}, fault.New(fault.Invalid, fault.AmountTooLarge, "max", Money{Max, cur}.Plain())
	}
	return Money{minor, cur}, nil
}

// Of is New for amounts that were checked before, e.g. read back from the store. It panics on a bad one.
func Of(minor int64, cur Currency) Money {
	m, err := New(minor, cur)
	if err != nil {
		panic(err)
	}
	return m
}

// Zero is nothing, in a currency.
func Zero(cur Currency) Money { return Money{0, cur} }

// Parse reads what a person types: "1 234,56", "1234.56", "-12", with any of the usual spaces between thousands.
// More decimals than the currency has are refused rather than rounded. Codes: bad_amount, bad_currency, amount_too_large.
func Parse(s string, cur Currency) (Money, error) {
	if !cur.Valid() {
		return Money{}, fault.New(fault.Invalid, fault.BadCurrency, "found", fault.Clip(string(cur)))
	}
	bad := fault.New(fault.Invalid, fault.BadAmount, "found", fault.Clip(s))
	d, ok := ParseDecimal(s)
	if !ok {
		return Money{}, bad
	}
	scaled := d.Shift(int32(cur.Exponent()))
	if !scaled.Equal(scaled.Truncate(0)) {
		return Money{}, bad
	}
	if scaled.Abs().GreaterThan(decimal.NewFromInt(Max)) {
		return Money{}, fault.New(fault.Invalid, fault.AmountTooLarge, "max", Money{Max, cur}.Plain())
	}
	return Money{scaled.IntPart(), cur}, nil
}

// ParseDecimal reads a plain decimal number with a comma or a point, spaces (also narrow and no-break) between
// thousands, at most 20 digits before and 10 after; no exponent, no other sign than one leading minus.
func ParseDecimal(s string) (decimal.Decimal, bool) {
	s = strings.TrimSpace(s)
	var b strings.Builder
	digits, after, point := 0, 0, false
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if point {
				after++
			} else {
				digits++
			}
			b.WriteRune(r)
		case r == '-' && i == 0:
			b.WriteRune(r)
		case (r == ',' || r == '.') && !point && digits > 0:
			point = true
			b.WriteByte('.')
		case (r == ' ' || r == '\u00a0' || r == '\u202f') && !point && digits > 0:
		default:
			return decimal.Decimal{}, false
		}
	}
	if digits == 0 || digits > 20 || after > 10 || point && after == 0 {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(b.String())
	return d, err == nil
}

// Minor is the amount in minor units.
func (m Money) Minor() int64 { return m.minor }

// Currency is the amount's currency.
func (m Money) Currency() Currency { return m.cur }

// IsZero says whether the amount is nothing, in any currency or none.
func (m Money) IsZero() bool { return m.minor == 0 }

// Sign is -1, 0 or 1.
func (m Money) Sign() int {
	switch {
	case m.minor < 0:
		return -1
	case m.minor > 0:
		return 1
	}
	return 0
}

// Neg is the opposite amount.
func (m Money) Neg() Money { return Money{-m.minor, m.cur} }

// Abs is the amount without its sign.
func (m Money) Abs() Money {
	if m.minor < 0 {
		return m.Neg()
	}
	return m
}

// Add returns m + n. Codes: currency_mixed, amount_too_large.
func (m Money) Add(n Money) (Money, error) {
	if m.cur != n.cur {
		return Money{}, fault.New(fault.Invalid, fault.CurrencyMixed, "found", string(n.cur), "expected", string(m.cur))
	}
	return New(m.minor+n.minor, m.cur)
}

// Sub returns m - n. Codes: currency_mixed, amount_too_large.
func (m Money) Sub(n Money) (Money, error) { return m.Add(n.Neg()) }

// Plus is Add for amounts known to share a currency inside one checked document or entry; it panics otherwise.
func (m Money) Plus(n Money) Money {
	s, err := m.Add(n)
	if err != nil {
		panic(err)
	}
	return s
}

// Minus is Sub for amounts known to share a currency; it panics otherwise.
func (m Money) Minus(n Money) Money { return m.Plus(n.Neg()) }

// Cmp compares amounts of one currency; it panics on mixed currencies, which no ordering can answer.
func (m Money) Cmp(n Money) int { return m.Minus(n).Sign() }

// Equal says whether amount and currency are the same.
func (m Money) Equal(n Money) bool { return m == n }

// Rounding names how a product is brought back to minor units.
type Rounding uint8

const (
	// HalfUp rounds halves away from zero, as French invoices do for VAT.
	HalfUp Rounding = iota
	// HalfEven rounds halves to the even neighbour.
	HalfEven
	// Down cuts towards zero.
	Down
)

// Times returns m × factor, rounded as named. Code: amount_too_large.
func (m Money) Times(factor decimal.Decimal, r Rounding) (Money, error) {
	return FromDecimal(decimal.NewFromInt(m.minor).Mul(factor).Shift(-int32(m.cur.Exponent())), m.cur, r)
}

// Exchange is m in another currency at a rate quoted as the European Central Bank and the Banque de France quote: how many
// units of m's currency one unit of the other is worth. Halves are rounded away from zero. The rate must not be zero.
// Codes: bad_currency, amount_too_large.
func (m Money) Exchange(rate decimal.Decimal, to Currency) (Money, error) {
	if !to.Valid() {
		return Money{}, fault.New(fault.Invalid, fault.BadCurrency, "found", fault.Clip(string(to)))
	}
	return FromDecimal(m.Decimal().DivRound(rate, int32(to.Exponent())), to, HalfUp)
}

// FromDecimal brings a number of major units (euros) to an amount, rounded as named. Codes: bad_currency, amount_too_large.
func FromDecimal(d decimal.Decimal, cur Currency, r Rounding) (Money, error) {
	if !cur.Valid() {
		return Money{}, fault.New(fault.Invalid, fault.BadCurrency, "found", fault.Clip(string(cur)))
	}
	d = d.Shift(int32(cur.Exponent()))
	switch r {
	case HalfUp:
		d = d.Round(0)
	case HalfEven:
		d = d.RoundBank(0)
	case Down:
		d = d.Truncate(0)
	}
	if d.Abs().GreaterThan(decimal.NewFromInt(Max)) {
		return Money{}, fault.New(fault.Invalid, fault.AmountTooLarge, "max", Money{Max, cur}.Plain())
	}
	return Money{d.IntPart(), cur}, nil
}

// Share returns round(m × part / whole), halves away from zero, computed exactly. whole must not be zero.
func (m Money) Share(part, whole Money) Money {
	if whole.minor == 0 {
		panic("money: share of nothing")
	}
	n := new(big.Int).Mul(big.NewInt(m.minor), big.NewInt(part.minor))
	w := big.NewInt(whole.minor)
	if w.Sign() < 0 {
		n.Neg(n)
		w.Neg(w)
	}
	neg := n.Sign() < 0
	n.Abs(n)
	n.Mul(n, big.NewInt(2)).Add(n, w)
	n.Div(n, w.Mul(w, big.NewInt(2)))
	if neg {
		n.Neg(n)
	}
	if !n.IsInt64() {
		panic("money: share overflows")
	}
	return Of(n.Int64(), m.cur)
}

// Split divides m in proportion to the weights by the largest remainder: the parts add up to m exactly. Negative
// weights, or weights that are all zero, are refused. Code: bad_amount.
func (m Money) Split(weights ...int64) ([]Money, error) {
	total := new(big.Int)
	for _, w := range weights {
		if w < 0 {
			return nil, fault.New(fault.Invalid, fault.BadAmount, "found", strconv.FormatInt(w, 10))
		}
		total.Add(total, big.NewInt(w))
	}
	if total.Sign() == 0 {
		return nil, fault.New(fault.Invalid, fault.BadAmount, "found", "0")
	}
	parts := make([]Money, len(weights))
	rests := make([]*big.Int, len(weights))
	left := abs64(m.minor)
	for i, w := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(abs64(m.minor)), big.NewInt(w)), total, new(big.Int))
		parts[i], rests[i] = Money{q.Int64(), m.cur}, r
		left -= q.Int64()
	}
	for ; left > 0; left-- {
		best := -1
		for i, r := range rests {
			if weights[i] > 0 && (best < 0 || r.Cmp(rests[best]) > 0) {
				best = i
			}
		}
		parts[best].minor++
		rests[best] = new(big.Int).Sub(rests[best], total)
	}
	if m.minor < 0 {
		for i := range parts {
			parts[i].minor = -parts[i].minor
		}
	}
	return parts, nil
}

// Sum adds amounts of one currency, starting from nothing. Codes: currency_mixed, amount_too_large.
func Sum(cur Currency, all ...Money) (Money, error) {
	s := Zero(cur)
	for _, m := range all {
		var err error
		if s, err = s.Add(m); err != nil {
			return Money{}, err
		}
	}
	return s, nil
}

// Decimal is the amount in major units, exactly.
func (m Money) Decimal() decimal.Decimal { return decimal.New(m.minor, -int32(m.cur.Exponent())) }

// Plain writes the amount with a point and the currency's decimals, without grouping or currency: "1234.50".
func (m Money) Plain() string { return string(m.AppendPlain(nil, '.')) }

// AppendPlain appends the amount with the given decimal sign to b; exports use it with a comma and without allocation.
func (m Money) AppendPlain(b []byte, point byte) []byte {
	v := m.minor
	if v < 0 {
		b = append(b, '-')
		v = -v
	}
	e := m.cur.Exponent()
	if e == 0 {
		return strconv.AppendInt(b, v, 10)
	}
	unit := int64(math.Pow10(e))
	b = strconv.AppendInt(b, v/unit, 10)
	b = append(b, point)
	rest := v % unit
	for unit /= 10; unit > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit%10))
	}
	return b
}

// String is for logs and golden files: "1234.50 EUR".
func (m Money) String() string {
	if m.cur == "" {
		return m.Plain()
	}
	return m.Plain() + " " + string(m.cur)
}

func abs64(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}
