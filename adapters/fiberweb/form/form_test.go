package form_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
)

var fr = i18n.For(i18n.French)

func sent(pairs ...string) *form.Form {
	values := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = append(values[pairs[i]], pairs[i+1])
	}
	return form.Read(fr, values, nil)
}

func codes(f *form.Form) string {
	var out []string
	for _, e := range f.Faults() {
		out = append(out, e.Field+":"+string(e.Code))
	}
	return strings.Join(out, " ")
}

func TestReadsEveryType(t *testing.T) {
	f := sent("name", "  Durand  ", "amount", "1 234,56", "due", "31/12/2026", "qty", "1,5", "rate", "5,5 %", "days", "30",
		"online", "on", "kind", "b", "ids", "1", "ids", "2", "note", "a\r\nb")
	switch {
	case f.Required("name", 10) != "Durand",
		f.RequiredMoney("amount", money.EUR) != money.Of(123456, money.EUR),
		f.RequiredDate("due") != civil.Of(2026, 12, 31),
		f.Decimal("qty").String() != "1.5",
		f.Percent("rate").String() != "5.5",
		f.Int("days", 0, 90) != 30,
		!f.Bool("online"), f.Bool("other"),
		f.Choice("kind", "a", "b") != "b",
		len(f.Values("ids")) != 2, !f.Checked("ids", "2"), f.Checked("ids", "3"),
		f.Text("note", 10) != "a\nb",
		f.Text("absent", 10) != "", f.Money("absent", money.EUR) != money.Money{}, !f.Date("absent").IsZero(),
		!f.OK():
		t.Errorf("read wrongly: %+v", f)
	}
}

func TestEveryMistakeIsFoundInOnePass(t *testing.T) {
	f := sent("name", strings.Repeat("é", 11), "amount", "12,345", "due", "31/02/2026", "qty", "x", "rate", "y", "days", "91", "kind", "c",
		"nul", "a\x00b", "latin", "caf\xe9", "bell", "a\ab")
	f.Required("name", 10)
	f.Required("missing", 10)
	f.Money("amount", money.EUR)
	f.Date("due")
	f.Decimal("qty")
	f.Percent("rate")
	f.Int("days", 0, 90)
	f.Choice("kind", "a", "b")
	got := codes(f)
	for _, want := range []string{"nul:bad_characters", "latin:bad_characters", "bell:bad_characters", "name:too_long", "missing:required",
		"amount:bad_amount", "due:bad_date", "qty:bad_quantity", "rate:bad_rate", "days:bad_quantity", "kind:bad_choice"} {
		if !strings.Contains(" "+got+" ", " "+want+" ") {
			t.Errorf("%s not found in %s", want, got)
		}
	}
	if f.OK() || len(f.Faults()) != 11 {
		t.Errorf("faults: %s", got)
	}
	if f.Value("amount") != "12,345" {
		t.Error("what was typed must be shown again as typed")
	}
}

func TestRefusalsLandOnTheirFields(t *testing.T) {
	f := sent()
	f.Fail(fault.List{fault.New(fault.Invalid, fault.BadEmail, "found", "x").On("email"), fault.New(fault.Refused, fault.NoLines)})
	if len(f.FaultsOn("email")) != 1 || len(f.FaultsOn("")) != 1 || f.Broken() != nil || f.OK() {
		t.Errorf("faults: %s, broken: %v", codes(f), f.Broken())
	}
	down := errors.New("connection lost")
	f.Fail(down)
	if !errors.Is(f.Broken(), down) {
		t.Errorf("an outage must be handed on, got %v", f.Broken())
	}
	g := sent()
	g.Fail(fault.New(fault.NotFound, fault.UnknownThing, "what", "invoice", "id", "1"))
	if fault.KindOf(g.Broken()) != fault.NotFound {
		t.Errorf("a form cannot mend what is not found, got %v", g.Broken())
	}
}

func TestRows(t *testing.T) {
	f := sent("lines.0.label", "a", "lines.1.label", "b", "lines.1.vat", "20", "lines.2.label", " ", "lines.2.vat", "20", "lines.x.label", "no",
		"lines.999999.label", "no", "lines.-1.label", "no", "linesX.7.label", "no", "do", "remove.1")
	if n := f.Rows("lines"); n != 3 {
		t.Fatalf("%d rows", n)
	}
	if f.RowEmpty("lines", 0) || f.RowEmpty("lines", 2) || !f.RowEmpty("lines", 2, "vat") {
		t.Error("empty rows are told apart wrongly")
	}
	verb, row := f.Action()
	if verb != "remove" || row != 1 {
		t.Errorf("action %s %d", verb, row)
	}
	f.RemoveRow("lines", row)
	if f.Rows("lines") != 2 || f.Value(form.Row("lines", 0, "label")) != "a" || f.Value(form.Row("lines", 1, "vat")) != "20" ||
		f.Value(form.Row("lines", 1, "label")) != " " {
		t.Errorf("after removal: %d rows, %q", f.Rows("lines"), f.Value(form.Row("lines", 1, "label")))
	}
	for value, want := range map[string]int{"add": -1, "remove.-1": -1, "remove.99999999999999999999": -1, "remove.x": -1, "remove.3": 3} {
		if _, row := sent("do", value).Action(); row != want {
			t.Errorf("%q is row %d, want %d", value, row, want)
		}
	}
}

func TestSettersWriteWhatReadersRead(t *testing.T) {
	for _, loc := range []*i18n.Localizer{fr, i18n.For(i18n.English)} {
		f := form.New(loc)
		m, d := money.Of(-123456789, money.EUR), civil.Of(2026, 2, 28)
		f.SetMoney("m", m).SetDate("d", d).SetBool("b", true).SetBool("c", false).SetMoney("none", money.Money{})
		if f.Money("m", money.EUR) != m || f.Date("d") != d || !f.Bool("b") || f.Bool("c") || f.Value("none") != "" || !f.OK() {
			t.Errorf("%s: %+v", loc.Lang(), f)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("1 234,56", "31/12/2026")
	f.Add("€1,234", "1er mars 26")
	f.Fuzz(func(t *testing.T, amount, day string) {
		got := sent("amount", amount, "day", day)
		m := got.Money("amount", money.EUR)
		got.Date("day")
		if !got.OK() && len(got.FaultsOn("amount"))+len(got.FaultsOn("day")) != len(got.Faults()) {
			t.Fatal("a fault lost its field")
		}
		if len(got.FaultsOn("amount")) == 0 && m.Currency() != "" {
			if back, err := fr.ParseMoney(fr.Money(m), money.EUR); err != nil || back != m {
				t.Fatalf("%q read as %v, which does not read back: %v", amount, m, err)
			}
		}
	})
}
