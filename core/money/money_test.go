package money_test

import (
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// random amounts of every size, both signs, with the edges often.
func random(r *rand.Rand) int64 {
	switch r.IntN(8) {
	case 0:
		return []int64{0, 1, -1, 99, 100, money.Max, -money.Max, money.Max - 1}[r.IntN(8)]
	case 1:
		return r.Int64N(2*money.Max+1) - money.Max
	}
	return r.Int64N(2_000_000) - 1_000_000
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		typed string
		cur   money.Currency
		want  int64
	}{
		{"0", money.EUR, 0}, {"12", money.EUR, 1200}, {"1234.56", money.EUR, 123456}, {"1234,56", money.EUR, 123456}, {"1 234,56", money.EUR, 123456},
		{"1\u202f234,56", money.EUR, 123456}, {"1\u00a0234,5", money.EUR, 123450}, {"  7 ", money.EUR, 700}, {"-12", money.EUR, -1200}, {"0,10", money.EUR, 10},
		{"12,340", money.EUR, 1234}, {"5000", "JPY", 5000}, {"5000,0", "JPY", 5000}, {"1,234", "KWD", 1234}, {"90000000000", money.EUR, money.Max},
	} {
		m, err := money.Parse(c.typed, c.cur)
		if err != nil || m.Minor() != c.want || m.Currency() != c.cur {
			t.Errorf("%q %s: %v, %v; want %d", c.typed, c.cur, m, err, c.want)
		}
	}
	for _, c := range []struct {
		typed string
		cur   money.Currency
		want  fault.Code
	}{
		{"", money.EUR, fault.BadAmount}, {"-", money.EUR, fault.BadAmount}, {"1,", money.EUR, fault.BadAmount}, {",5", money.EUR, fault.BadAmount},
		{"1.2.3", money.EUR, fault.BadAmount}, {"1e3", money.EUR, fault.BadAmount}, {"+5", money.EUR, fault.BadAmount}, {"5-", money.EUR, fault.BadAmount},
		{"1,234", money.EUR, fault.BadAmount}, {"0,5", "JPY", fault.BadAmount}, {"NaN", money.EUR, fault.BadAmount}, {"0x10", money.EUR, fault.BadAmount},
		{"١٢", money.EUR, fault.BadAmount}, {"90000000000,01", money.EUR, fault.AmountTooLarge}, {"99999999999999999999", money.EUR, fault.AmountTooLarge},
		{"999999999999999999999", money.EUR, fault.BadAmount}, {"12", "eur", fault.BadCurrency}, {"12", "", fault.BadCurrency}, {"12", "XAU", fault.BadCurrency},
	} {
		if m, err := money.Parse(c.typed, c.cur); fault.CodeOf(err) != c.want {
			t.Errorf("%q %s: %v, %v; want %s", c.typed, c.cur, m, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1 234,56", "-0.01", "90000000000", "1e9", "12.", "\u202f1", strings.Repeat("9", 30)} {
		f.Add(s, "EUR")
		f.Add(s, "JPY")
		f.Add(s, "KWD")
	}
	f.Fuzz(func(t *testing.T, s, cur string) {
		m, err := money.Parse(s, money.Currency(cur))
		if err != nil {
			if len(fault.All(err)) == 0 {
				t.Fatalf("%q: an error that is no fault: %v", s, err)
			}
			return
		}
		if m.Minor() > money.Max || m.Minor() < -money.Max {
			t.Fatalf("%q is %d", s, m.Minor())
		}
		if again, err := money.Parse(m.Plain(), m.Currency()); err != nil || !again.Equal(m) {
			t.Fatalf("%q is %s, read again %s, %v", s, m, again, err)
		}
	})
}

func TestPlainIsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, cur := range []money.Currency{money.EUR, "JPY", "KWD", "USD"} {
		for range 5000 {
			m := money.Of(random(r), cur)
			if again, err := money.Parse(m.Plain(), cur); err != nil || !again.Equal(m) {
				t.Fatalf("%d of %s is written %q and read %v, %v", m.Minor(), cur, m.Plain(), again, err)
			}
			if !m.Decimal().Shift(int32(cur.Exponent())).Equal(decimal.NewFromInt(m.Minor())) {
				t.Fatalf("%s as a decimal is %s", m, m.Decimal())
			}
		}
	}
	for _, c := range []struct {
		m    money.Money
		want string
	}{{money.Of(-5, money.EUR), "-0.05"}, {money.Of(123450, money.EUR), "1234.50"}, {money.Of(5, "JPY"), "5"}, {money.Of(1005, "KWD"), "1.005"}, {money.Money{}, "0"}} {
		if c.m.Plain() != c.want {
			t.Errorf("%q, want %q", c.m.Plain(), c.want)
		}
	}
}

func TestArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		a, b := money.Of(random(r), money.EUR), money.Of(random(r), money.EUR)
		exact := a.Minor() + b.Minor()
		sum, err := a.Add(b)
		if exact > money.Max || exact < -money.Max {
			if !fault.Has(err, fault.AmountTooLarge) {
				t.Fatalf("%s + %s = %s, %v", a, b, sum, err)
			}
			continue
		}
		if err != nil || sum.Minor() != exact {
			t.Fatalf("%s + %s = %s, %v", a, b, sum, err)
		}
		if back, err := sum.Sub(b); err != nil || !back.Equal(a) {
			t.Fatalf("%s + %s - %s = %s, %v", a, b, b, back, err)
		}
		if a.Abs().Sign() < 0 || a.Neg().Neg() != a || a.Neg().Minor() != -a.Minor() {
			t.Fatalf("signs of %s", a)
		}
	}
	if _, err := money.Of(1, money.EUR).Add(money.Of(1, "USD")); !fault.Has(err, fault.CurrencyMixed) {
		t.Errorf("euros and dollars: %v", err)
	}
	if _, err := money.Of(1, money.EUR).Add(money.Money{}); !fault.Has(err, fault.CurrencyMixed) {
		t.Errorf("euros and nothing: %v", err)
	}
	if _, err := money.New(money.Max+1, money.EUR); !fault.Has(err, fault.AmountTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if s, err := money.Sum(money.EUR, money.Of(1, money.EUR), money.Of(2, money.EUR)); err != nil || s.Minor() != 3 {
		t.Errorf("sum: %v, %v", s, err)
	}
}

func TestTimesRoundsAsNamed(t *testing.T) {
	for _, c := range []struct {
		minor           int64
		factor          string
		up, even, below int64
	}{
		{100, "0.2", 20, 20, 20}, {1, "0.5", 1, 0, 0}, {3, "0.5", 2, 2, 1}, {-1, "0.5", -1, 0, 0}, {-3, "0.5", -2, -2, -1},
		{333, "0.055", 18, 18, 18}, {250, "0.01", 3, 2, 2}, {12345, "0.021", 259, 259, 259}, {1, "0.49999", 0, 0, 0},
	} {
		factor := decimal.RequireFromString(c.factor)
		for mode, want := range map[money.Rounding]int64{money.HalfUp: c.up, money.HalfEven: c.even, money.Down: c.below} {
			if m, err := money.Of(c.minor, money.EUR).Times(factor, mode); err != nil || m.Minor() != want {
				t.Errorf("%d × %s, rounding %d: %v, %v; want %d", c.minor, c.factor, mode, m, err, want)
			}
		}
	}
	if _, err := money.Of(money.Max, money.EUR).Times(decimal.NewFromInt(2), money.HalfUp); !fault.Has(err, fault.AmountTooLarge) {
		t.Errorf("overflow: %v", err)
	}
	if m, err := money.FromDecimal(decimal.RequireFromString("12.345"), "KWD", money.HalfUp); err != nil || m.Minor() != 12345 {
		t.Errorf("three decimals: %v, %v", m, err)
	}
}

// TestShare checks against exact fractions: the result is the nearest whole, halves away from zero.
func TestShare(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		whole := 1 + r.Int64N(1_000_000)
		part := r.Int64N(whole + 1)
		m := random(r)
		if r.IntN(4) == 0 {
			whole, part = -whole, -part
		}
		got := money.Of(m, money.EUR).Share(money.Of(part, money.EUR), money.Of(whole, money.EUR)).Minor()
		exact := new(big.Rat).Mul(new(big.Rat).SetInt64(m), big.NewRat(part, whole))
		rest := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(got))
		half := big.NewRat(1, 2)
		if c := new(big.Rat).Abs(rest).Cmp(half); c > 0 || c == 0 && new(big.Rat).Abs(exact).Cmp(new(big.Rat).Abs(new(big.Rat).SetInt64(got))) > 0 {
			t.Fatalf("%d × %d/%d = %s, not %d", m, part, whole, exact.FloatString(4), got)
		}
	}
}

// TestSplit: nothing is lost, no part is off by more than one unit, and bigger weights never get less.
func TestSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		m := random(r)
		weights := make([]int64, 1+r.IntN(8))
		var total int64
		for i := range weights {
			weights[i] = r.Int64N(1000)
			total += weights[i]
		}
		parts, err := money.Of(m, money.EUR).Split(weights...)
		if total == 0 {
			if !fault.Has(err, fault.BadAmount) {
				t.Fatalf("weights of nothing: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for i, p := range parts {
			sum += p.Minor()
			exact := new(big.Rat).Mul(new(big.Rat).SetInt64(m), big.NewRat(weights[i], total))
			if new(big.Rat).Abs(exact.Sub(exact, new(big.Rat).SetInt64(p.Minor()))).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("part %d of %d by %v is %s", i, m, weights, p)
			}
			if weights[i] == 0 && !p.IsZero() {
				t.Fatalf("a weight of nothing got %s", p)
			}
			for j := range parts {
				if weights[i] > weights[j] && p.Abs().Minor() < parts[j].Abs().Minor() {
					t.Fatalf("%d by %v: the bigger weight %d got %s, the smaller %d got %s", m, weights, weights[i], p, weights[j], parts[j])
				}
			}
		}
		if sum != m {
			t.Fatalf("%d by %v: the parts make %d", m, weights, sum)
		}
	}
	if _, err := money.Of(1, money.EUR).Split(1, -1); !fault.Has(err, fault.BadAmount) {
		t.Errorf("a negative weight: %v", err)
	}
}

func TestCurrencies(t *testing.T) {
	for c, decimals := range map[money.Currency]int{"EUR": 2, "USD": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "XPF": 0, "HUF": 2} {
		if !c.Valid() || c.Exponent() != decimals {
			t.Errorf("%s has %d decimals, valid %v", c, c.Exponent(), c.Valid())
		}
	}
	for _, s := range []string{"", "eur", "EURO", "XXX", "XTS", "XAU", "FRF", "BTC", " EUR"} {
		if _, err := money.ParseCurrency(s); !fault.Has(err, fault.BadCurrency) {
			t.Errorf("%q passes for a currency", s)
		}
	}
}

func TestAppendPlainAllocatesNothing(t *testing.T) {
	m, buf := money.Of(-123456789, money.EUR), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf = m.AppendPlain(buf[:0], ',') }); n != 0 || string(buf) != "-1234567,89" {
		t.Errorf("%v allocations, %q", n, buf)
	}
}
