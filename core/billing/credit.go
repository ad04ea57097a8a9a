package billing

import (
	"slices"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
)

// CreditRows spreads a gross amount that is to be credited over what the invoice still charges at each VAT code, and takes the
// tax out of each part; all that is left takes back exactly the tax that is left. Code: credit_too_large.
func (v *Invoice) CreditRows(gross int64) ([]VATRow, error) {
	left := v.Totals.Gross - v.Credited
	if gross <= 0 || gross > left {
		return nil, fault.New(fault.Refused, fault.CreditTooLarge, "max", money.Of(max(0, left), v.Currency).Plain()).On("amount")
	}
	if gross == left {
		return v.Charged(), nil
	}
	charged := v.charged(left)
	most := map[string]VATRow{}
	for _, r := range charged {
		most[r.Code] = r
	}
	rows, err := Allocate(gross, charged, v.Currency)
	for i := range rows {
		r := &rows[i] // a cent of rounding goes where there is room for it
		over := max(0, r.VAT-most[r.Code].VAT) - max(0, r.Base-most[r.Code].Base)
		r.VAT, r.Base = r.VAT-over, r.Base+over
	}
	return rows, err
}

// Charged is what the invoice still charges after credit notes, by VAT code.
func (v *Invoice) Charged() []VATRow {
	if v.Credited == 0 {
		return v.Totals.Rows
	}
	return slices.DeleteFunc(v.charged(v.Totals.Gross-v.Credited), func(r VATRow) bool { return r.Base == 0 && r.VAT == 0 })
}

// charged is what the invoice still charges, in all left, by VAT code. Tax that is left at each code is exact. So are the bases,
// but for two cases: invoices credited before their bases were kept, where they follow from the tax, and credit notes that took
// back more of one code than it had, where the others bear it: in the end their tax too.
func (v *Invoice) charged(left int64) []VATRow {
	known := v.Credited
	for _, r := range v.Totals.Rows {
		known -= v.NetCredited[r.Code] + v.VATCredited[r.Code]
	}
	rows := make([]VATRow, len(v.Totals.Rows))
	largest, rest := 0, left
	for i, r := range v.Totals.Rows {
		rows[i] = r
		rows[i].VAT = r.VAT - v.VATCredited[r.Code]
		switch {
		case known == 0:
			rows[i].Base = max(0, r.Base-v.NetCredited[r.Code])
		case r.VAT != 0:
			rows[i].Base = money.Of(r.Base, v.Currency).Share(money.Of(rows[i].VAT, v.Currency), money.Of(r.VAT, v.Currency)).Minor()
		}
		rest -= rows[i].Gross()
		if rows[i].Base > rows[largest].Base || known != 0 && r.VAT == 0 {
			largest = i
		}
	}
	if rest > 0 {
		rows[largest].Base += rest
		return rows
	}
	for _, part := range []func(*VATRow) *int64{func(r *VATRow) *int64 { return &r.Base }, func(r *VATRow) *int64 { return &r.VAT }} {
		for rest < 0 {
			most := part(&rows[0])
			for i := range rows {
				if n := part(&rows[i]); *n > *most {
					most = n
				}
			}
			if *most <= 0 {
				break
			}
			take := min(*most, -rest)
			*most -= take
			rest += take
		}
	}
	return rows
}
