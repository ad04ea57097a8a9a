package accounting

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
)

// The rows of an entry, and the buttons that change them.
const (
	group   = "lines"
	doAdd   = "add"
	remove  = "remove"
	doCheck = "check"
)

// manualView is the form of an entry typed in by hand: one form with several buttons. Adding or removing a row and working
// out the balance send it like posting does, and are answered with the page again; with JavaScript the same answers
// replace the lines or the balance alone.
type manualView struct {
	desk
	form          *form.Form
	debit, credit int64
	focus         int // the row to type in next, -1: none
}

// unbalanced is what is missing on the debit side; negative when it is missing on the credit side.
func (v manualView) unbalanced() int64 { return v.credit - v.debit }

func (h *screens) newEntry(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	f := c.NewForm().SetDate("date", d.today)
	if j, ok := d.setup.Chart.Journals[posting.MiscJournal]; ok && j.Active {
		f.Set("journal", j.Code)
	}
	addRows(f)
	return c.Show(manualPage(manualView{desk: d, form: f, focus: -1}))
}

func (h *screens) postEntry(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	v := manualView{desk: d, form: f, focus: -1}
	switch verb, row := f.Action(); verb {
	case doAdd:
		v.focus = f.Rows(group)
		addRow(f, v.focus)
		return v.again(c)
	case remove:
		if row >= 0 {
			f.RemoveRow(group, row)
		}
		addRows(f)
		return v.again(c)
	case doCheck:
		return v.again(c)
	}
	in := v.read()
	var seq, number int64
	if f.OK() {
		e, err := h.PostEntry(c.Context(), c.Actor(), in)
		f.Fail(mendable(err))
		seq, number = e.Seq, e.Number
	}
	if !f.OK() {
		v.sum(c)
		addRows(f)
		return c.Invalid(f, manualPage(v))
	}
	return c.Done(entryPath(seq), "acc.entry.saved", "number", c.Loc().Int(int(number)))
}

// again answers with the form as it stands now, its faults left for when it is posted.
func (v manualView) again(c *fiberweb.Ctx) error {
	v.sum(c)
	return c.Show(manualPage(v))
}

// sum adds up what can be read of the amounts.
func (v *manualView) sum(c *fiberweb.Ctx) {
	v.debit, v.credit = 0, 0
	for i := range v.form.Rows(group) {
		v.debit += v.amount(c, i, "debit")
		v.credit += v.amount(c, i, "credit")
	}
}

func (v *manualView) amount(c *fiberweb.Ctx, row int, side string) int64 {
	m, err := c.Loc().ParseMoney(v.form.Value(form.Row(group, row, side)), v.setup.Company.Currency)
	if err != nil || m.Sign() < 0 {
		return 0
	}
	return m.Minor()
}

// read takes the entry from the form. Rows that were left blank are taken out first, so that faults name the rows that
// are shown.
func (v *manualView) read() app.EntryInput {
	f, cur := v.form, v.setup.Company.Currency
	for i := f.Rows(group) - 1; i >= 0; i-- {
		if f.RowEmpty(group, i) {
			f.RemoveRow(group, i)
		}
	}
	in := app.EntryInput{Journal: f.Required("journal", form.MaxText), Date: f.RequiredDate("date"), Piece: f.Required("piece", form.MaxText), Label: f.Required("label", form.MaxText)}
	for i := range f.Rows(group) {
		at := func(field string) string { return form.Row(group, i, field) }
		in.Lines = append(in.Lines, app.EntryLine{Account: f.Required(at("account"), form.MaxText), Aux: f.Text(at("aux"), form.MaxText), Label: f.Text(at("label"), form.MaxText),
			Debit: positive(f, at("debit"), f.Money(at("debit"), cur)), Credit: positive(f, at("credit"), f.Money(at("credit"), cur))})
	}
	return in
}

// mendable makes what a field names and is not there, such as a customer's code or a fiscal year, a mistake of that field.
func mendable(err error) error {
	all := fault.All(err)
	if len(all) == 0 {
		return err
	}
	out := make(fault.List, len(all))
	for i, e := range all {
		out[i] = e
		if e.Kind == fault.NotFound && e.Field != "" {
			mistake := *e
			mistake.Kind = fault.Invalid
			out[i] = &mistake
		}
	}
	return out
}

// positive refuses a negative amount: a debit that is taken back is a credit. Code: bad_amount.
func positive(f *form.Form, name string, m money.Money) int64 {
	if m.Sign() < 0 {
		f.Add(fault.New(fault.Invalid, fault.BadAmount, "found", f.Value(name)).On(name))
		return 0
	}
	return m.Minor()
}

// leastRows is how many rows the form offers: an entry has two lines at least.
const leastRows = 2

func addRows(f *form.Form) {
	for i := f.Rows(group); i < leastRows; i++ {
		addRow(f, i)
	}
}

// addRow adds a blank row, but to a form that holds as many as one may.
func addRow(f *form.Form, row int) {
	if row < form.MaxRows {
		f.Set(form.Row(group, row, "account"), "")
	}
}

// balanceWords says whether the entry balances, and what is missing when it does not.
func (v manualView) balanceWords(ctx context.Context) (tone ui.Tone, icon, text string) {
	switch {
	case v.debit == 0 && v.credit == 0:
		return ui.Neutral, "circle-dashed", ui.T(ctx, "acc.entry.empty")
	case v.unbalanced() > 0:
		return ui.Caution, "scale", ui.T(ctx, "acc.entry.missing_debit", "amount", ui.L(ctx).Money(v.money(v.unbalanced())))
	case v.unbalanced() < 0:
		return ui.Caution, "scale", ui.T(ctx, "acc.entry.missing_credit", "amount", ui.L(ctx).Money(v.money(-v.unbalanced())))
	}
	return ui.Good, "circle-check", ui.T(ctx, "acc.entry.balanced")
}
