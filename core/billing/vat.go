package billing

import (
	"sort"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// Nature says whether a line sells goods or services; with it comes the day VAT falls due.
type Nature string

const (
	Goods    Nature = "goods"
	Services Nature = "services"
)

// VATCode is one way of taxing a line (accounting.md §6.3). Category is that of EN 16931: S, Z, E, AE, K, G, O.
type VATCode struct {
	Code     string
	Label    string
	Rate     decimal.Decimal // percent
	Category string
	Nature   Nature
	Revenue  string // account credited excl. VAT: 706000, 707000
	Account  string // VAT collected: 445711...; empty without VAT
	Mention  string // catalogue key of the sentence to print when there is no VAT, or empty
	Active   bool
}

// MaxDocumentLines bounds a document; the PDF and the mail of longer ones serve nobody.
const MaxDocumentLines = 500

// DocLine is one line of a quote, invoice or credit note. UnitPrice excludes VAT, in major units, up to six decimals
// (EN 16931, BT-146); Discount is percent off the line.
type DocLine struct {
	Description string
	Quantity    decimal.Decimal
	Unit        string
	UnitPrice   decimal.Decimal
	Discount    decimal.Decimal
	VATCode     string

	// Set by Compute.
	Net      int64 // excl. VAT, minor units
	Rate     decimal.Decimal
	Category string
	Nature   Nature
	Revenue  string
	Account  string
}

// VATRow is the VAT of a document for one VAT code: base and tax in minor units.
type VATRow struct {
	Code     string
	Rate     decimal.Decimal
	Category string
	Nature   Nature
	Account  string // VAT collected
	Base     int64
	VAT      int64
}

// Gross is base and tax together.
func (r VATRow) Gross() int64 { return r.Base + r.VAT }

// Totals are the sums of a document in minor units of its currency.
type Totals struct {
	Net   int64
	VAT   int64
	Gross int64
	Rows  []VATRow // in order of code
}

// Compute prices every line and sums the document. A line's amount is rounded once; VAT is rounded once for each code on the
// sum of its lines, as EN 16931 (BR-CO-17) has it. It normalises lines in place. Codes: no_lines, too_long,
// required, bad_characters, bad_quantity, bad_amount, bad_rate, bad_choice, vat_code_not_allowed, amount_too_large, negative_total.
func Compute(lines []DocLine, codes map[string]VATCode, cur money.Currency) (Totals, error) {
	var f fault.Collect
	var t Totals
	if len(lines) == 0 {
		return t, fault.New(fault.Invalid, fault.NoLines).On("lines")
	}
	if len(lines) > MaxDocumentLines {
		return t, fault.New(fault.Invalid, fault.TooLong, "max", itoa(MaxDocumentLines)).On("lines")
	}
	rows := map[string]*VATRow{}
	for i := range lines {
		l := &lines[i]
		if err := l.price(codes, cur); err != nil {
			if err := f.Add(err, "lines", itoa(i)); err != nil {
				return t, err
			}
			continue
		}
		r := rows[l.VATCode]
		if r == nil {
			r = &VATRow{Code: l.VATCode, Rate: l.Rate, Category: l.Category, Nature: l.Nature, Account: l.Account}
			rows[l.VATCode] = r
		}
		r.Base += l.Net
	}
	if err := f.Err(); err != nil {
		return t, err
	}
	for _, r := range rows {
		base, err := money.New(r.Base, cur)
		if err != nil {
			return t, err
		}
		vat, err := base.Times(r.Rate.Shift(-2), money.HalfUp)
		if err != nil {
			return t, err
		}
		r.VAT = vat.Minor()
		t.Rows = append(t.Rows, *r)
		t.Net += r.Base
		t.VAT += r.VAT
	}
	sort.Slice(t.Rows, func(i, j int) bool { return t.Rows[i].Code < t.Rows[j].Code })
	t.Gross = t.Net + t.VAT
	if _, err := money.New(t.Gross, cur); err != nil {
		return t, err
	}
	for _, r := range t.Rows {
		if r.Base < 0 {
			return t, fault.New(fault.Refused, fault.NegativeTotal).On("lines")
		}
	}
	return t, nil
}

var (
	maxQuantity = decimal.New(1, 9)
	hundred     = decimal.NewFromInt(100)
)

func (l *DocLine) price(codes map[string]VATCode, cur money.Currency) error {
	var f fault.Collect
	add := func(err error, field string) { _ = f.Add(err, field) }
	add(cleanProse(&l.Description, 1, 2000), "description")
	add(cleanText(&l.Unit, 0, 20), "unit")
	if l.Quantity.IsZero() || l.Quantity.Abs().GreaterThan(maxQuantity) || l.Quantity.Exponent() < -4 && !l.Quantity.Equal(l.Quantity.Round(4)) {
		add(fault.New(fault.Invalid, fault.BadQuantity, "found", fault.Clip(l.Quantity.String())), "quantity")
	}
	if l.UnitPrice.IsNegative() || !l.UnitPrice.Equal(l.UnitPrice.Round(6)) {
		add(fault.New(fault.Invalid, fault.BadAmount, "found", fault.Clip(l.UnitPrice.String())), "unit_price")
	}
	if l.Discount.IsNegative() || l.Discount.GreaterThan(hundred) || !l.Discount.Equal(l.Discount.Round(4)) {
		add(fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(l.Discount.String())), "discount")
	}
	c, ok := codes[l.VATCode]
	if !ok || !c.Active {
		add(fault.New(fault.Invalid, fault.VATCodeNotAllowed, "code", fault.Clip(l.VATCode)), "vat_code")
	}
	if err := f.Err(); err != nil {
		return err
	}
	net, err := money.FromDecimal(l.Quantity.Mul(l.UnitPrice).Mul(hundred.Sub(l.Discount)).Shift(-2), cur, money.HalfUp)
	if err != nil {
		return err
	}
	l.Net, l.Rate, l.Category, l.Nature, l.Revenue, l.Account = net.Minor(), c.Rate, c.Category, c.Nature, c.Revenue, c.Account
	return nil
}

// Allocate spreads a gross amount over a document's VAT rows in proportion to their gross, by largest remainder, and
// takes the VAT out of each part. It is how a deposit "of 360 incl. VAT" gets its bases and taxes.
func Allocate(gross int64, rows []VATRow, cur money.Currency) ([]VATRow, error) {
	weights := make([]int64, len(rows))
	for i, r := range rows {
		weights[i] = r.Gross()
	}
	parts, err := money.Of(gross, cur).Split(weights...)
	if err != nil {
		return nil, err
	}
	var out []VATRow
	for i, r := range rows {
		if parts[i].IsZero() {
			continue
		}
		base, err := money.FromDecimal(parts[i].Decimal().Mul(hundred).DivRound(hundred.Add(r.Rate), 12), cur, money.HalfUp)
		if err != nil {
			return nil, err
		}
		r.Base = base.Minor()
		r.VAT = parts[i].Minor() - r.Base
		out = append(out, r)
	}
	return out, nil
}
