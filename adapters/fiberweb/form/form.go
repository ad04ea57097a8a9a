// Package form holds what a person sent in a form, and what was wrong with it.
//
// A handler reads each field by its name and type; what cannot be read is remembered as a fault on that field and reads
// as the zero value, so that one pass finds every mistake:
//
//	f := c.Form()
//	name := f.Text("name", 120)
//	due := f.Date("due")
//	price := f.Money("price", money.EUR)
//	if f.OK() {
//		f.Fail(books.AddItem(ctx, name, due, price)) // a core refusal lands on the fields it names
//	}
//	if !f.OK() {
//		return c.Page(http.StatusUnprocessableEntity, itemPage(f))
//	}
//	return c.Done("/items", "flash.saved")
//
// The same Form fills the page again, with the values as they were typed. For a new page, New starts an empty form and
// Set gives it values.
//
// Field names are those of core/fault: "lines.2.quantity" is the quantity of the third line.
package form

import (
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// MaxText bounds a field that names no smaller limit: longer than any legal mention, far shorter than a body.
const MaxText = 20_000

// MaxRows bounds the rows of a repeated group. A document of more lines comes through the API.
const MaxRows = 500

// ActionField is the name of submit buttons that do something else than the form's main act: add or remove a row.
const ActionField = "do"

// File is one uploaded file.
type File struct {
	Name string
	Data []byte
}

// Form is one form's values and faults. The zero Form is not usable: take New or Read.
type Form struct {
	loc    *i18n.Localizer
	values map[string][]string
	files  map[string]File
	list   fault.List
	broken error
}

// New starts an empty form whose numbers and dates are written in the localizer's language.
func New(loc *i18n.Localizer) *Form {
	return &Form{loc: loc, values: map[string][]string{}, files: map[string]File{}}
}

// Read takes what was sent. Values with a NUL or broken UTF-8 are refused on their field, since no database stores
// them, and so are control characters other than tabs and line ends. Code: bad_characters.
func Read(loc *i18n.Localizer, values map[string][]string, files map[string]File) *Form {
	f := New(loc)
	for name, vs := range values {
		for _, v := range vs {
			clean, ok := cleaned(v)
			if !ok {
				f.Add(fault.New(fault.Invalid, fault.BadCharacters, "found", unprintable(v)).On(name))
			}
			f.values[name] = append(f.values[name], clean)
		}
	}
	for name, file := range files {
		f.files[name] = file
	}
	return f
}

// cleaned brings line ends to \n, as every browser sends \r\n, and says whether the rest is storable text.
func cleaned(v string) (string, bool) {
	if !utf8.ValidString(v) {
		return strings.ToValidUTF8(v, "?"), false
	}
	v = strings.ReplaceAll(v, "\r\n", "\n")
	ok := true
	v = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			ok = false
			return -1
		}
		return r
	}, v)
	return v, ok
}

func unprintable(v string) string {
	for _, r := range v {
		if r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' {
			return strings.Trim(strconv.QuoteRuneToASCII(r), "'")
		}
	}
	return "?"
}

// Add remembers faults, each on its own Field; one without a field concerns the form as a whole.
func (f *Form) Add(err error) {
	f.list = append(f.list, fault.All(err)...)
}

// Fail remembers what a use case answered. Faults land on their fields; any other error is kept for Broken.
func (f *Form) Fail(err error) {
	if err == nil {
		return
	}
	if len(fault.All(err)) == 0 {
		f.broken = err
		return
	}
	f.Add(err)
}

// OK says that nothing is wrong so far.
func (f *Form) OK() bool { return len(f.list) == 0 && f.broken == nil }

// Broken is an error that no field explains (an outage, a bug), or a fault of a kind a form cannot mend: not found,
// forbidden, unavailable. A handler returns it instead of showing the form again.
func (f *Form) Broken() error {
	if f.broken != nil {
		return f.broken
	}
	for _, e := range f.list {
		switch e.Kind {
		case fault.Invalid, fault.Conflict, fault.Refused:
		default:
			return e
		}
	}
	return nil
}

// Faults lists all that is wrong, in the order it was found.
func (f *Form) Faults() fault.List { return f.list }

// FaultsOn lists what is wrong with one field.
func (f *Form) FaultsOn(name string) fault.List {
	var out fault.List
	for _, e := range f.list {
		if e.Field == name {
			out = append(out, e)
		}
	}
	return out
}

// Set gives a field a value, as text.
func (f *Form) Set(name string, values ...string) *Form {
	f.values[name] = values
	return f
}

// SetMoney gives a field an amount, written as the reader writes it.
func (f *Form) SetMoney(name string, m money.Money) *Form {
	if m.Currency() == "" {
		return f.Set(name)
	}
	return f.Set(name, f.loc.Amount(m))
}

// SetDate gives a date field its value.
func (f *Form) SetDate(name string, d civil.Date) *Form { return f.Set(name, f.loc.ISO(d)) }

// SetDecimal gives a field a number.
func (f *Form) SetDecimal(name string, d decimal.Decimal) *Form {
	return f.Set(name, f.loc.Decimal(d, 0))
}

// SetBool ticks a checkbox, or not.
func (f *Form) SetBool(name string, on bool) *Form {
	if on {
		return f.Set(name, "on")
	}
	delete(f.values, name)
	return f
}

// Value is a field's first value as it was sent, "" when there is none.
func (f *Form) Value(name string) string {
	if vs := f.values[name]; len(vs) > 0 {
		return vs[0]
	}
	return ""
}

// Values are all values of a field, e.g. the ticked rows of a table.
func (f *Form) Values(name string) []string { return f.values[name] }

// Checked says whether a checkbox was ticked, or whether value is among those chosen.
func (f *Form) Checked(name, value string) bool {
	for _, v := range f.values[name] {
		if v == value {
			return true
		}
	}
	return false
}

// Text reads one line or more, without surrounding space, of at most max characters. Empty is accepted. Code: too_long.
func (f *Form) Text(name string, max int) string {
	s := strings.TrimSpace(f.Value(name))
	if utf8.RuneCountInString(s) > min(max, MaxText) {
		f.Add(fault.New(fault.Invalid, fault.TooLong, "max", strconv.Itoa(min(max, MaxText))).On(name))
		return ""
	}
	return s
}

// Required is Text that may not be empty. Codes: required, too_long.
func (f *Form) Required(name string, max int) string {
	f.require(name)
	return f.Text(name, max)
}

// Secret reads a password as it was typed, spaces included.
func (f *Form) Secret(name string) string { return f.Value(name) }

// Money reads an amount; an empty field is no amount. Codes: bad_amount, amount_too_large, bad_currency.
func (f *Form) Money(name string, cur money.Currency) money.Money {
	return read(f, name, func(s string) (money.Money, error) { return f.loc.ParseMoney(s, cur) })
}

// RequiredMoney is Money that may not be empty. Codes: required and those of Money.
func (f *Form) RequiredMoney(name string, cur money.Currency) money.Money {
	f.require(name)
	return f.Money(name, cur)
}

// Date reads a day; an empty field is no date. Code: bad_date.
func (f *Form) Date(name string) civil.Date { return read(f, name, f.loc.ParseDate) }

// RequiredDate is Date that may not be empty. Codes: required, bad_date.
func (f *Form) RequiredDate(name string) civil.Date {
	f.require(name)
	return f.Date(name)
}

// Decimal reads a quantity or a unit price; an empty field is zero. Code: bad_quantity.
func (f *Form) Decimal(name string) decimal.Decimal { return read(f, name, f.loc.ParseDecimal) }

// Percent reads a rate in percent; an empty field is zero. Code: bad_rate.
func (f *Form) Percent(name string) decimal.Decimal { return read(f, name, f.loc.ParsePercent) }

// Int reads a whole number within bounds, both included; an empty field is zero and not checked. Code: bad_quantity.
func (f *Form) Int(name string, least, most int) int {
	return read(f, name, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return 0, fault.New(fault.Invalid, fault.BadQuantity, "found", fault.Clip(s))
		}
		return n, nil
	})
}

// Bool says whether a checkbox was ticked.
func (f *Form) Bool(name string) bool { return f.Value(name) != "" }

// Choice reads one of the allowed values; an empty field is "". Code: bad_choice.
func (f *Form) Choice(name string, allowed ...string) string {
	return read(f, name, func(s string) (string, error) {
		for _, a := range allowed {
			if s == a {
				return s, nil
			}
		}
		return "", fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(s), "allowed", strings.Join(allowed, ", "))
	})
}

// File is an uploaded file; one that was not chosen has no data.
func (f *Form) File(name string) File { return f.files[name] }

// read parses a field that is not empty, and remembers a refusal on it.
func read[T any](f *Form, name string, parse func(string) (T, error)) T {
	var zero T
	s := strings.TrimSpace(f.Value(name))
	if s == "" {
		return zero
	}
	v, err := parse(s)
	if err != nil {
		for _, e := range fault.All(err) {
			f.Add(e.On(name))
		}
		return zero
	}
	return v
}

func (f *Form) require(name string) {
	if strings.TrimSpace(f.Value(name)) == "" {
		f.Add(fault.New(fault.Invalid, fault.Required).On(name))
	}
}

// Action splits the pressed button's value: "remove.2" is ("remove", 2), "add" is ("add", -1), none is ("", -1).
func (f *Form) Action() (verb string, row int) {
	verb, n, ok := strings.Cut(f.Value(ActionField), ".")
	if !ok {
		return verb, -1
	}
	row, err := strconv.Atoi(n)
	if err != nil || row < 0 || row >= MaxRows {
		return verb, -1
	}
	return verb, row
}

// Remove is the value of the button that removes a row; Action reads it back.
func Remove(row int) string { return "remove." + strconv.Itoa(row) }

// Rows counts the rows of a repeated group: one more than the highest index among names like "lines.0.label".
func (f *Form) Rows(group string) int {
	n := 0
	for name := range f.values {
		if i, _, ok := splitRow(group, name); ok && i >= n {
			n = i + 1
		}
	}
	return n
}

// RowEmpty says whether every text of a row is blank, so that an unused line of a form is not a mistake. Fields named
// in except (a default rate, a choice that always has a value) do not count.
func (f *Form) RowEmpty(group string, row int, except ...string) bool {
	for name, vs := range f.values {
		i, field, ok := splitRow(group, name)
		if !ok || i != row || contains(except, field) {
			continue
		}
		for _, v := range vs {
			if strings.TrimSpace(v) != "" {
				return false
			}
		}
	}
	return true
}

// RemoveRow takes one row out; those below move up.
func (f *Form) RemoveRow(group string, row int) {
	var names []string
	for name := range f.values {
		if i, _, ok := splitRow(group, name); ok && i >= row {
			names = append(names, name)
		}
	}
	sort.Slice(names, func(a, b int) bool {
		ia, _, _ := splitRow(group, names[a])
		ib, _, _ := splitRow(group, names[b])
		return ia < ib
	})
	for _, name := range names {
		i, field, _ := splitRow(group, name)
		if i > row {
			f.values[Row(group, i-1, field)] = f.values[name]
		}
		delete(f.values, name)
	}
}

// Row is the name of a field in a row of a repeated group.
func Row(group string, row int, field string) string {
	return group + "." + strconv.Itoa(row) + "." + field
}

// RowOf is the row that a field of a repeated group stands in.
func RowOf(name string) (row int, ok bool) {
	group, _, _ := strings.Cut(name, ".")
	row, _, ok = splitRow(group, name)
	return row, ok
}

func splitRow(group, name string) (row int, field string, ok bool) {
	rest, ok := strings.CutPrefix(name, group+".")
	if !ok {
		return 0, "", false
	}
	n, field, ok := strings.Cut(rest, ".")
	row, err := strconv.Atoi(n)
	if !ok || err != nil || row < 0 || row >= MaxRows {
		return 0, "", false
	}
	return row, field, true
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}
