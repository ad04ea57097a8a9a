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
	charged, err := v.charged(left)
	if err != nil {
		return nil, err
	}
	if gross == left {
		return slices.DeleteFunc(charged, func(r VATRow) bool { return r.Base == 0 && r.VAT == 0 }), nil
	}
	taxes := map[string]int64{}
	for _, r := range charged {
		taxes[r.Code] = r.VAT
	}
	rows, err := Allocate(gross, charged, v.Currency)
	for i := range rows {
		r := &rows[i]
		over := max(0, r.VAT-taxes[r.Code]) // a cent of rounding
		r.VAT, r.Base = r.VAT-over, r.Base+over
	}
	return rows, err
}

// charged is what the invoice still charges, in all left, by VAT code. How much tax credit notes took back is known for each
// code; how much of the rest is each code's follows from it, and for codes without tax from what the others leave.
func (v *Invoice) charged(left int64) ([]VATRow, error) {
	rows := make([]VATRow, len(v.Totals.Rows))
	var free []int64 // gross of rows without tax
	rest := left
	for i, r := range v.Totals.Rows {
		rows[i] = r
		if r.VAT == 0 {
			free = append(free, r.Base)
			continue
		}
		rows[i].VAT = r.VAT - v.VATCredited[r.Code]
		rows[i].Base = money.Of(r.Base, v.Currency).Share(money.Of(rows[i].VAT, v.Currency), money.Of(r.VAT, v.Currency)).Minor()
		rest -= rows[i].Gross()
	}
	var parts []money.Money
	if len(free) > 0 {
		var err error
		if parts, err = money.Of(max(0, rest), v.Currency).Split(free...); err != nil {
			return nil, err
		}
		rest = min(0, rest)
	}
	for i := range rows {
		if v.Totals.Rows[i].VAT == 0 {
			rows[i].Base, parts = parts[0].Minor(), parts[1:]
		}
	}
	// Cents of rounding stay with the largest row.
	if rest != 0 && len(rows) > 0 {
		largest := &rows[0]
		for i := range rows {
			if rows[i].Base > largest.Base {
				largest = &rows[i]
			}
		}
		largest.Base += rest
	}
	return rows, nil
}
