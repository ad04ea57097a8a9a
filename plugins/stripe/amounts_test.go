package stripe

import (
	"testing"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// iso lists the currencies of ISO 4217 that the program knows.
func iso() []money.Currency {
	var all []money.Currency
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				if cur := money.Currency(string([]rune{a, b, c})); cur.Valid() {
					all = append(all, cur)
				}
			}
		}
	}
	return all
}

func TestAmountsOfEveryCurrencyGoThereAndBack(t *testing.T) {
	// By hand from https://docs.stripe.com/currencies: what Stripe is told for one unit.
	one := map[money.Currency]int64{
		"BIF": 1, "CLP": 1, "DJF": 1, "GNF": 1, "JPY": 1, "KMF": 1, "KRW": 1, "MGA": 1, "PYG": 1, "RWF": 1, "VND": 1, "VUV": 1, "XAF": 1, "XOF": 1, "XPF": 1,
		"BHD": 1000, "JOD": 1000, "KWD": 1000, "OMR": 1000, "TND": 1000, "ISK": 100, "UGX": 100, "HUF": 100, "TWD": 100, "IQD": 0, "LYD": 0,
	}
	all := iso()
	if len(all) < 150 {
		t.Fatalf("%d currencies", len(all))
	}
	for _, cur := range all {
		want, special := one[cur]
		if !special {
			want = 100
		}
		unit := int64(1)
		for range cur.Exponent() {
			unit *= 10
		}
		for _, units := range []int64{1, 7, 1234, 50_000} {
			m := money.Of(units*unit, cur)
			n, err := toStripe(m)
			if want == 0 {
				if e := gateway.AsError(err); err == nil || e.Kind != gateway.ErrPermanent || e.Outcome != gateway.NotDone {
					t.Errorf("%s: %d, %v", m, n, err)
				}
				continue
			}
			if err != nil || n != units*want {
				t.Errorf("%s is %d at Stripe, %v; want %d", m, n, err, units*want)
			}
			if back, err := fromStripe(n, string(cur)); err != nil || !back.Equal(m) {
				t.Errorf("%s came back as %s, %v", m, back, err)
			}
			if back, err := fromStripe(-n, string(cur)); err != nil || !back.Equal(m.Neg()) {
				t.Errorf("-%s came back as %s, %v", m, back, err)
			}
		}
		// Each minor unit that Stripe can be told comes back as itself, and the others are refused.
		for minor := int64(1); minor <= 2000; minor++ {
			m := money.Of(minor, cur)
			n, err := toStripe(m)
			if err != nil {
				if e := gateway.AsError(err); e.Kind != gateway.ErrPermanent || e.Outcome != gateway.NotDone {
					t.Fatalf("%s: %v", m, err)
				}
				continue
			}
			if back, err := fromStripe(n, string(cur)); err != nil || back != m {
				t.Fatalf("%s became %d became %s, %v", m, n, back, err)
			}
		}
	}
}

func TestAmountsThatStripeCannotSayAreRefused(t *testing.T) {
	for _, m := range []money.Money{
		money.Of(5_124, "KWD"), money.Of(5_121, "TND"), money.Of(150, "MGA"), money.Of(0, "EUR"), money.Of(-1, "EUR"), money.Of(1000, "IQD"), money.Of(money.Max, "EUR"),
	} {
		if n, err := toStripe(m); err == nil {
			t.Errorf("%s became %d", m, n)
		}
	}
	for _, c := range []struct {
		n    int64
		code string
	}{{101, "isk"}, {1, "ugx"}, {1, "zzz"}, {1, ""}, {1 << 62, "eur"}, {-1 << 62, "mga"}, {1 << 62, "jpy"}} {
		if m, err := fromStripe(c.n, c.code); err == nil {
			t.Errorf("%d %s became %s", c.n, c.code, m)
		}
	}
	for number, want := range map[string]string{"1.1": "1.1", "0.92": "0.92", "1e-2": "0.01", "1.2E+1": "12", "0": "", "-1": "", "null": "", "": ""} {
		if got := rate(number); got != want {
			t.Errorf("rate %q is %q, want %q", number, got, want)
		}
	}
}

func TestLocales(t *testing.T) {
	for tag, want := range map[string]string{
		"fr-FR": "fr", "fr-CA": "fr-CA", "fr": "fr", "en-GB": "en-GB", "en-US": "en", "pt-BR": "pt-BR", "pt-PT": "pt", "es-MX": "es-419", "es-ES": "es",
		"zh-Hant-TW": "zh-TW", "no": "nb", "nn-NO": "nb", "de_DE": "de", "": "auto", "br-FR": "auto", "FR-fr": "fr", "-": "auto", " ": "auto",
	} {
		if got := locale(tag); got != want {
			t.Errorf("%q is %q, want %q", tag, got, want)
		}
	}
}
