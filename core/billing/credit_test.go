package billing_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// TestCreditRows credits invoices in random parts, now and then by a note that takes too much of one code: each part has the
// gross that was asked for and nothing negative, and where nobody took too much the last takes back every tax exactly.
func TestCreditRows(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		v := billing.Invoice{Kind: billing.Standard, Life: billing.Issued, Currency: money.EUR}
		for i, rate := range []string{"20", "5.5", "2.1", "0"} {
			if rnd.IntN(3) == 0 {
				continue
			}
			r := billing.VATRow{Code: string(rune('A' + i)), Rate: decimal.RequireFromString(rate), Base: rnd.Int64N(3000)}
			r.VAT = money.Of(r.Base, money.EUR).Decimal().Mul(r.Rate).Round(0).IntPart()
			v.Totals.Rows = append(v.Totals.Rows, r)
			v.Totals.Net += r.Base
			v.Totals.VAT += r.VAT
		}
		v.Totals.Gross = v.Totals.Net + v.Totals.VAT
		odd := rnd.IntN(4) == 0
		for v.Credited < v.Totals.Gross {
			left := v.Totals.Gross - v.Credited
			if odd && rnd.IntN(3) == 0 {
				n := 1 + rnd.Int64N(left)
				if err := v.CreditBy(billing.Totals{Gross: n, Net: n, Rows: []billing.VATRow{{Code: v.Totals.Rows[0].Code, Base: n}}}, time.Time{}); err != nil {
					t.Fatal(err)
				}
				continue
			}
			legacy := v.Clone()
			legacy.NetCredited = nil // credited before bases were kept
			for _, x := range []*billing.Invoice{&v, &legacy} {
				part := 1 + rnd.Int64N(left)
				rows, err := x.CreditRows(part)
				if err != nil {
					t.Fatalf("%d of %+v: %v", part, x, err)
				}
				c := billing.Totals{Rows: rows}
				for _, r := range rows {
					if r.Base < 0 || r.VAT < 0 {
						t.Fatalf("%+v of %+v", rows, x)
					}
					c.Net += r.Base
					c.VAT += r.VAT
				}
				if c.Gross = c.Net + c.VAT; c.Gross != part {
					t.Fatalf("%d of %d: %+v", c.Gross, part, rows)
				}
				if err := x.CreditBy(c, time.Time{}); err != nil {
					t.Fatalf("%+v of %+v: %v", rows, x, err)
				}
			}
		}
		for _, r := range v.Totals.Rows {
			if !odd && (v.VATCredited[r.Code] != r.VAT || v.NetCredited[r.Code] != r.Base) {
				t.Fatalf("%s: %d and %d of %+v", r.Code, v.NetCredited[r.Code], v.VATCredited[r.Code], r)
			}
		}
	}
	v := billing.Invoice{Currency: money.EUR, Totals: billing.Totals{Gross: 120, Rows: []billing.VATRow{{Code: "A", Base: 100, VAT: 20}}}}
	for _, n := range []int64{0, -1, 121} {
		if _, err := v.CreditRows(n); !fault.Has(err, fault.CreditTooLarge) {
			t.Errorf("%d: %v", n, err)
		}
	}
}
