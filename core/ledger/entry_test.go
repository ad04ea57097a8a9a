package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

func chart() *ledger.Chart {
	c := &ledger.Chart{Currency: money.EUR, ClosedUntil: civil.MustParse("2026-01-31"), Accounts: map[string]ledger.Account{}, Journals: map[string]ledger.Journal{
		"OD": {Code: "OD", Active: true}, "CA": {Code: "CA"}},
		Years: []ledger.FiscalYear{
			{ID: "2027", Start: civil.MustParse("2027-01-01"), End: civil.MustParse("2027-12-31")},
			{ID: "2025", Start: civil.MustParse("2025-01-01"), End: civil.MustParse("2025-12-31"), Closed: true},
			{ID: "2026", Start: civil.MustParse("2026-01-01"), End: civil.MustParse("2026-12-31")},
		}}
	for _, code := range []string{"411000", "471000", "512100", "706000"} {
		c.Accounts[code] = ledger.Account{Code: code, Active: true, Collective: code == "411000"}
	}
	c.Accounts["530000"] = ledger.Account{Code: "530000"}
	ledger.SortYears(c.Years)
	return c
}

func draft() ledger.Draft {
	return ledger.Draft{Journal: "OD", Date: civil.MustParse("2026-03-01"), Piece: "P1", Label: "Essai", Source: "test:1",
		Lines: []ledger.Line{{Account: "512100", Debit: 100}, {Account: "411000", Aux: "c0001", Credit: 100}}}
}

func TestNewEntry(t *testing.T) {
	e, err := ledger.NewEntry(chart(), draft())
	if err != nil || e.Year != "2026" || e.PieceDate != e.Date || e.Lines[1].Aux != "C0001" || e.Total() != 100 {
		t.Fatalf("%+v, %v", e, err)
	}
	for name, c := range map[string]struct {
		spoil func(*ledger.Draft)
		want  fault.Code
		field string
	}{
		"unbalanced":        {func(d *ledger.Draft) { d.Lines[0].Debit = 101 }, fault.EntryUnbalanced, "lines"},
		"one line":          {func(d *ledger.Draft) { d.Lines = d.Lines[:1] }, fault.EntryTooShort, "lines"},
		"no lines":          {func(d *ledger.Draft) { d.Lines = nil }, fault.EntryTooShort, "lines"},
		"two sides":         {func(d *ledger.Draft) { d.Lines[0].Credit = 100 }, fault.LineTwoSided, "lines.0.debit"},
		"no side":           {func(d *ledger.Draft) { d.Lines[0].Debit = 0 }, fault.LineEmpty, "lines.0.debit"},
		"negative":          {func(d *ledger.Draft) { d.Lines[0].Debit, d.Lines[1].Credit = -1, -1 }, fault.BadAmount, "lines.0.debit"},
		"too large":         {func(d *ledger.Draft) { d.Lines[0].Debit = money.Max + 1 }, fault.AmountTooLarge, "lines"},
		"unknown account":   {func(d *ledger.Draft) { d.Lines[0].Account = "999999" }, fault.UnknownAccount, "lines.0.account"},
		"inactive account":  {func(d *ledger.Draft) { d.Lines[0].Account = "530000" }, fault.InactiveAccount, "lines.0.account"},
		"no aux":            {func(d *ledger.Draft) { d.Lines[1].Aux = "" }, fault.AuxRequired, "lines.1.aux"},
		"bad aux":           {func(d *ledger.Draft) { d.Lines[1].Aux = "a b" }, fault.BadCode, "lines.1.aux"},
		"unknown journal":   {func(d *ledger.Draft) { d.Journal = "XX" }, fault.UnknownJournal, "journal"},
		"inactive journal":  {func(d *ledger.Draft) { d.Journal = "CA" }, fault.InactiveJournal, "journal"},
		"no year":           {func(d *ledger.Draft) { d.Date = civil.MustParse("2030-01-01") }, fault.NoFiscalYear, "date"},
		"no date":           {func(d *ledger.Draft) { d.Date = civil.Date{} }, fault.NoFiscalYear, "date"},
		"closed year":       {func(d *ledger.Draft) { d.Date = civil.MustParse("2025-06-01") }, fault.PeriodClosed, "date"},
		"closed period":     {func(d *ledger.Draft) { d.Date = civil.MustParse("2026-01-31") }, fault.PeriodClosed, "date"},
		"no label":          {func(d *ledger.Draft) { d.Label = " " }, fault.Required, "label"},
		"no piece":          {func(d *ledger.Draft) { d.Piece = "" }, fault.Required, "piece"},
		"no source":         {func(d *ledger.Draft) { d.Source = "" }, fault.Required, "source"},
		"long label":        {func(d *ledger.Draft) { d.Label = strings.Repeat("x", 201) }, fault.TooLong, "label"},
		"tab in line label": {func(d *ledger.Draft) { d.Lines[0].Label = "a\tb" }, fault.BadCharacters, "lines.0.label"},
		"too many lines":    {func(d *ledger.Draft) { d.Lines = make([]ledger.Line, ledger.MaxLines+1) }, fault.TooLong, "lines"},
	} {
		d := draft()
		c.spoil(&d)
		_, err := ledger.NewEntry(chart(), d)
		if !slices.ContainsFunc(fault.All(err), func(e *fault.Error) bool { return e.Code == c.want && e.Field == c.field }) {
			t.Errorf("%s: %v; want %s on %s", name, err, c.want, c.field)
		}
	}
}

// TestNewEntryLeavesTheDraftAlone: use cases may run again with the draft they hold.
func TestNewEntryLeavesTheDraftAlone(t *testing.T) {
	d := draft()
	e, err := ledger.NewEntry(chart(), d)
	if err != nil {
		t.Fatal(err)
	}
	e.Lines[0].Debit = 7
	if d.Lines[1].Aux != "c0001" || d.Lines[0].Debit != 100 || !d.PieceDate.IsZero() {
		t.Errorf("the draft is now %+v", d)
	}
}

// TestWhateverPassesBalances throws random drafts at the only door.
func TestWhateverPassesBalances(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	c := chart()
	passed := 0
	for range 20_000 {
		d := draft()
		d.Lines = nil
		for range r.IntN(5) {
			l := ledger.Line{Account: []string{"512100", "411000", "706000", "471000", "530000"}[r.IntN(5)], Aux: []string{"", "C1"}[r.IntN(2)], Debit: r.Int64N(3)}
			if l.Debit == 0 || r.IntN(9) == 0 {
				l.Credit = r.Int64N(4) - 1
			}
			d.Lines = append(d.Lines, l)
		}
		e, err := ledger.NewEntry(c, d)
		if err != nil {
			continue
		}
		passed++
		var debit, credit int64
		for _, l := range e.Lines {
			if l.Debit < 0 || l.Credit < 0 || (l.Debit == 0) == (l.Credit == 0) || l.Account == "530000" || l.Account == "411000" && l.Aux == "" {
				t.Fatalf("line %+v passed", l)
			}
			debit += l.Debit
			credit += l.Credit
		}
		if debit != credit || len(e.Lines) < 2 {
			t.Fatalf("%+v passed", e)
		}
	}
	if passed < 50 {
		t.Fatalf("only %d drafts passed: the test proves nothing", passed)
	}
}

func TestReversal(t *testing.T) {
	d := draft()
	d.Lines[0].Foreign = money.Of(110, "USD")
	e, err := ledger.NewEntry(chart(), d)
	if err != nil {
		t.Fatal(err)
	}
	e, _ = ledger.Seal(e, ledger.Genesis("co_1"), 1, time.Unix(0, 0), "x")
	back, err := ledger.NewEntry(chart(), ledger.Reversal(e, civil.MustParse("2026-04-01"), "Contre-passation"))
	if err != nil {
		t.Fatal(err)
	}
	if back.Reverses != 1 || back.Source != "reversal:1" || back.Journal != e.Journal || back.PieceDate != e.PieceDate || back.Lines[0].Foreign != money.Of(-110, "USD") {
		t.Errorf("%+v", back)
	}
	sums := map[string]int64{}
	for _, l := range append(slices.Clone(e.Lines), back.Lines...) {
		sums[l.Account+l.Aux] += l.Debit - l.Credit
	}
	for account, sum := range sums {
		if sum != 0 {
			t.Errorf("%s is left with %d", account, sum)
		}
	}
}

func TestChart(t *testing.T) {
	c := chart()
	for date, want := range map[string]string{"2024-05-05": "2026-02-01", "2025-05-05": "2026-02-01", "2026-01-31": "2026-02-01", "2026-02-01": "2026-02-01", "2026-12-31": "2026-12-31", "2027-03-03": "2027-03-03"} {
		if got, ok := c.FirstOpen(civil.MustParse(date)); !ok || got.String() != want {
			t.Errorf("first open day from %s: %s, %v; want %s", date, got, ok, want)
		}
	}
	if d, ok := c.FirstOpen(civil.MustParse("2028-01-01")); ok {
		t.Errorf("an open day beyond the last year: %s", d)
	}
	_, err := c.Open(civil.MustParse("2026-01-15"))
	if all := fault.All(err); len(all) != 1 || all[0].Params[1].Value != "2026-02-01" {
		t.Errorf("the refusal does not name the first open day: %v", err)
	}
	if _, err := c.Account(strings.Repeat("9", 80)); !fault.Has(err, fault.UnknownAccount) || len(err.Error()) > 120 {
		t.Errorf("%v", err)
	}
}

func TestValidate(t *testing.T) {
	for code, ok := range map[string]bool{"411000": true, "101": true, "51": false, "011000": false, "911000": false, "41100A": false, "": false, "1234567890123": false} {
		a := ledger.Account{Code: code, Label: "x"}
		if err := a.Validate(); (err == nil) != ok {
			t.Errorf("account %q: %v", code, err)
		}
	}
	for code, ok := range map[string]bool{"ve": true, "BANQUE-1": true, "": false, "V E": false, "ABCDEFGHI": false} {
		j := ledger.Journal{Code: code, Label: "x", Type: ledger.Sales}
		if err := j.Validate(); (err == nil) != ok {
			t.Errorf("journal %q: %v", code, err)
		}
	}
	j := ledger.Journal{Code: "X", Label: "x", Type: "other"}
	if err := j.Validate(); !fault.Has(err, fault.BadChoice) {
		t.Errorf("journal of no type: %v", err)
	}
}

func TestLetters(t *testing.T) {
	for n, want := range map[int64]string{1: "AAA", 2: "AAB", 26: "AAZ", 27: "ABA", 17576: "ZZZ", 17577: "AAAA", 17576 + 456976: "ZZZZ", 17577 + 456976: "AAAAA"} {
		if got := ledger.Letters(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	before := ""
	for n := int64(1); n < 60_000; n++ {
		code := ledger.Letters(n)
		if len(code) < len(before) || len(code) == len(before) && code <= before {
			t.Fatalf("%d is %s, after %s", n, code, before)
		}
		before = code
	}
}

func TestMatching(t *testing.T) {
	line := func(seq int64, account, aux string, amount int64) ledger.OpenLine {
		return ledger.OpenLine{Seq: seq, N: int(seq), Account: account, Aux: aux, Document: "d", Amount: amount}
	}
	m, err := ledger.NewMatching(1, time.Unix(0, 0), []ledger.OpenLine{line(1, "411000", "C1", 100), line(2, "411000", "C1", -60), line(3, "411000", "C1", -40)})
	if err != nil || m.Code != "AAA" || fmt.Sprint(m.Lines) != "[{1 1} {2 2} {3 3}]" || m.Account != "411000" || m.Aux != "C1" {
		t.Errorf("%+v, %v", m, err)
	}
	for name, lines := range map[string][]ledger.OpenLine{
		"nothing": nil, "one line": {line(1, "411000", "C1", 0)}, "not zero": {line(1, "411000", "C1", 100), line(2, "411000", "C1", -99)},
		"two accounts": {line(1, "411000", "C1", 100), line(2, "416000", "C1", -100)}, "two customers": {line(1, "411000", "C1", 100), line(2, "411000", "C2", -100)},
	} {
		if _, err := ledger.NewMatching(1, time.Unix(0, 0), lines); !fault.Has(err, fault.MatchUnbalanced) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
