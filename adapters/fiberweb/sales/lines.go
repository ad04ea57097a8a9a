package sales

import (
	"cmp"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// The lines of a document in its form. Fields are named as the core names them: "lines.2.quantity".
const group = "lines"

// given are the fields of a row that have a value before anybody typed one: they make no line by themselves.
var given = []string{"quantity", "vat_code"}

// Acts of the editor's other buttons: all but saving show the form again.
const (
	doAdd    = "add"
	doRemove = "remove"
	doTotals = "totals"
	doSend   = "send" // save, then ask for sending
)

// fillLines writes a document's lines into a form.
func fillLines(l *i18n.Localizer, f *form.Form, lines []billing.DocLine) {
	for i, d := range lines {
		set := func(field, value string) { f.Set(form.Row(group, i, field), value) }
		set("description", d.Description)
		set("quantity", l.Decimal(d.Quantity, 0))
		set("unit", d.Unit)
		set("unit_price", l.Decimal(d.UnitPrice, 2))
		set("discount", "")
		if d.Discount.IsPositive() {
			set("discount", l.Decimal(d.Discount, 0))
		}
		set("vat_code", d.VATCode)
	}
}

// addLine adds an empty row, taxed as the one above it, and says which row it is.
func addLine(f *form.Form, vat []ui.Option) int {
	n := f.Rows(group)
	if n >= form.MaxRows {
		return -1
	}
	code := ""
	if len(vat) > 0 {
		code = vat[0].Value
	}
	if n > 0 {
		code = cmp.Or(f.Value(form.Row(group, n-1, "vat_code")), code)
	}
	f.Set(form.Row(group, n, "description"), "")
	f.Set(form.Row(group, n, "quantity"), "1")
	f.Set(form.Row(group, n, "vat_code"), code)
	return n
}

// readLines reads the lines that were sent, without the rows that nobody filled in. Faults land on the form.
func readLines(c *fiberweb.Ctx, f *form.Form) []billing.DocLine {
	for i := f.Rows(group) - 1; i >= 0; i-- {
		if f.RowEmpty(group, i, given...) {
			f.RemoveRow(group, i)
		}
	}
	lines := make([]billing.DocLine, f.Rows(group))
	for i := range lines {
		name := func(field string) string { return form.Row(group, i, field) }
		lines[i] = billing.DocLine{
			Description: f.Text(name("description"), form.MaxText), Unit: f.Text(name("unit"), form.MaxText),
			Quantity: f.Decimal(name("quantity")), UnitPrice: price(c.Loc(), f, name("unit_price")),
			Discount: f.Percent(name("discount")), VATCode: f.Value(name("vat_code")),
		}
		// Nothing typed is missing, not zero: a free line says so.
		for _, field := range []string{"description", "quantity", "unit_price"} {
			if strings.TrimSpace(f.Value(name(field))) == "" {
				f.Add(fault.New(fault.Invalid, fault.Required).On(name(field)))
			}
		}
	}
	return lines
}

// price reads a unit price, which may have more decimals than an amount.
func price(l *i18n.Localizer, f *form.Form, name string) decimal.Decimal {
	s := strings.TrimSpace(f.Value(name))
	if s == "" {
		return decimal.Decimal{}
	}
	d, err := l.ParseDecimal(s)
	if err != nil {
		f.Add(fault.New(fault.Invalid, fault.BadAmount, "found", fault.Clip(s)).On(name))
	}
	return d
}

// priced is what the lines of a form come to, as far as they can be read.
type priced struct {
	nets   []money.Money // of each row; no currency: not known
	totals billing.Totals
	sum    bool // the totals are those of one line at least
}

// pricing computes what a form's lines come to while it is being filled in: by the rule that the document will be
// computed with, over the rows that are complete.
func pricing(l *i18n.Localizer, f *form.Form, p page) priced {
	out := priced{nets: make([]money.Money, f.Rows(group))}
	var good []billing.DocLine
	for i := range out.nets {
		value := func(field string) string { return strings.TrimSpace(f.Value(form.Row(group, i, field))) }
		d := billing.DocLine{Description: "-", VATCode: value("vat_code")}
		var err error
		if d.Quantity, err = l.ParseDecimal(value("quantity")); err != nil {
			continue
		}
		if d.UnitPrice, err = l.ParseDecimal(value("unit_price")); err != nil {
			continue
		}
		if s := value("discount"); s != "" {
			if d.Discount, err = l.ParsePercent(s); err != nil {
				continue
			}
		}
		one := []billing.DocLine{d}
		if _, err := billing.Compute(one, p.setup.VATCodes, p.cur); err != nil && one[0].Category == "" {
			continue
		}
		out.nets[i] = p.money(one[0].Net)
		good = append(good, d)
	}
	if len(good) == 0 {
		return out
	}
	t, err := billing.Compute(good, p.setup.VATCodes, p.cur)
	out.totals, out.sum = t, err == nil
	return out
}

// vatOptions are the ways of taxing a line, in words: services before goods of each rate, the usual rates first.
func vatOptions(l *i18n.Localizer, p page, has []billing.DocLine) []ui.Option {
	var all []billing.VATCode
	for _, v := range p.setup.VATCodes {
		if v.Active || slices.ContainsFunc(has, func(d billing.DocLine) bool { return d.VATCode == v.Code }) {
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b billing.VATCode) int {
		return cmp.Or(b.Rate.Cmp(a.Rate), -strings.Compare(string(a.Nature), string(b.Nature)), strings.Compare(a.Code, b.Code))
	})
	out := make([]ui.Option, len(all))
	said := map[string]int{}
	for i, v := range all {
		out[i] = ui.Option{Value: v.Code, Label: vatWords(l, v)}
		said[out[i].Label]++
	}
	for i := range out {
		if said[out[i].Label] > 1 {
			out[i].Label += " (" + out[i].Value + ")"
		}
	}
	return out
}

// vatWords names a way of taxing: its rate and what is sold, or the company's own label where there is no tax.
func vatWords(l *i18n.Localizer, v billing.VATCode) string {
	if key := "sales.vat." + strings.ToLower(v.Code); l.Has(key) {
		return l.T(key)
	}
	if v.Rate.IsPositive() {
		return l.T("sales.vat."+string(v.Nature), "rate", l.Percent(v.Rate))
	}
	return v.Label
}
