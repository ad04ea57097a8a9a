package i18n_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

var fr, en = i18n.For(i18n.French), i18n.For(i18n.English)

func TestEveryFaultHasASentence(t *testing.T) {
	for _, lang := range i18n.Langs() {
		for _, code := range fault.Codes() {
			key := "fault." + string(code)
			if !i18n.For(lang).Has(key) {
				t.Errorf("%s: no sentence for %s", lang, code)
				continue
			}
			want := slices.Sorted(slices.Values(fault.ParamsOf(code)))
			if got := i18n.Parameters(lang, key); !slices.Equal(got, want) {
				t.Errorf("%s: %s uses parameters %v, the code has %v", lang, code, got, want)
			}
		}
		for _, key := range i18n.Keys(lang) {
			code, ok := strings.CutPrefix(key, "fault.")
			if ok && code != "internal" && !slices.Contains(fault.Codes(), fault.Code(code)) {
				t.Errorf("%s: %s is no code of core/fault", lang, key)
			}
		}
	}
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	all := append(i18n.Keys(i18n.French), i18n.Keys(i18n.English)...)
	slices.Sort(all)
	for _, key := range slices.Compact(all) {
		switch {
		case !fr.Has(key):
			t.Errorf("%q is missing in French", key)
		case !en.Has(key):
			t.Errorf("%q is missing in English", key)
		case !slices.Equal(i18n.Parameters(i18n.French, key), i18n.Parameters(i18n.English, key)):
			t.Errorf("%q has parameters %v in French, %v in English", key,
				i18n.Parameters(i18n.French, key), i18n.Parameters(i18n.English, key))
		case strings.Contains(fr.T(key), "'") && strings.Contains(fr.T(key), "’"):
			t.Errorf("%q mixes two kinds of apostrophe", key)
		}
	}
}

// used finds the keys that pages name literally: ui.T(ctx, "key"), loc.Plural("key", …), c.Flash(kind, "key").
var used = regexp.MustCompile(`\b(?:T|Plural|Flash)\((?:ctx, |[a-z.]*Flash[A-Za-z]+, |ui\.[A-Z][a-z]+, )?"([a-z0-9_.]+)"`)

var comment = regexp.MustCompile(`(?m)^\s*//.*$`)

func TestEveryKeyThatPagesNameExists(t *testing.T) {
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_templ.go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if ext := filepath.Ext(path); ext != ".templ" && ext != ".go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range used.FindAllStringSubmatch(comment.ReplaceAllString(string(b), ""), -1) {
			if strings.HasSuffix(m[1], ".") {
				continue // the beginning of a key that is put together
			}
			found++
			if !fr.Has(m[1]) {
				t.Errorf("%s: %q is not in the catalogues", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 20 {
		t.Fatalf("only %d keys found in the pages: the pattern no longer fits how they are written", found)
	}
}

func TestFrenchPunctuationIsNotLeftAlone(t *testing.T) {
	for _, key := range i18n.Keys(i18n.French) {
		for _, bad := range []string{" :", " ;", " !", " ?", "« ", " »"} {
			if strings.Contains(fr.T(key), bad) {
				t.Errorf("%q breaks at %q", key, bad)
			}
		}
	}
}

func TestWordsServeTheCore(t *testing.T) {
	var w i18n.Words
	for got, want := range map[string]string{
		w.Number("fr", "-1234.50"):                             "−1\u202f234,50",
		w.Number("en", "1234.5"):                               "1,234.5",
		w.Number("fr", "n/a"):                                  "n/a",
		w.T("en", "nav.inbox"):                                 "Integrate online payments",
		w.T("de", "nav.quotes"):                                "Devis",
		w.Money("fr", money.Of(100, money.EUR)):                "1,00\u00a0€",
		w.Date("en", civil.Of(2026, 1, 2)):                     "2 Jan 2026",
		w.Fault("en", fault.New(fault.Refused, fault.NoLines)): "The document has no line: add at least one.",
		i18n.Words{}.Plural("en", "table.rows", 2):             "2 rows",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Keys that the core names: Words.T(lang, "key"), its short form in sheets, and the VAT codes' mentions.
var usedByCore = regexp.MustCompile(`(?:\bT\([^"()]*(?:\(\))?, |\bw\.(?:t|fact|total)\()"([a-z0-9_.]*[a-z0-9_])"|"(mention\.[a-z0-9_]+)"`)

func TestEveryWordOfTheCoreExists(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../../../core", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range usedByCore.FindAllStringSubmatch(string(b), -1) {
			found++
			if key := m[1] + m[2]; !fr.Has(key) {
				t.Errorf("%s: %q is not in the catalogues", path, key)
			}
		}
		return nil
	})
	if err != nil || found < 20 {
		t.Fatalf("%d keys found in the core, %v", found, err)
	}
	var keys []string
	for _, f := range new(party.Company).Missing() {
		keys = append(keys, "field."+f)
	}
	for _, f := range new(inbox.Connection).MissingSettings() {
		keys = append(keys, "field."+f)
	}
	for _, r := range access.Roles() {
		keys = append(keys, "role."+string(r))
	}
	for _, a := range []access.Action{access.Read, access.Sell, access.Keep, access.Configure, access.ManageUsers, access.ExportBooks, access.Observe, access.Inspect} {
		keys = append(keys, "action."+string(a))
	}
	for _, f := range []inbox.Flag{inbox.Unmatched, inbox.AmountMismatch, inbox.CurrencyMismatch, inbox.Overpaid, inbox.Duplicate, inbox.DocumentClosed,
		inbox.ClosedPeriod, inbox.FeePending, inbox.RelatedMissing, inbox.RelatedFirst, inbox.RefundOpen, inbox.WrongMode, inbox.UnknownKind} {
		keys = append(keys, "reason."+string(f))
	}
	for _, key := range keys {
		if !fr.Has(key) {
			t.Errorf("%q is not in the catalogues", key)
		}
	}
}

func TestText(t *testing.T) {
	for got, want := range map[string]string{
		fr.T("nav.inbox"):                    "Intégration des paiements en ligne",
		en.T("app.footer", "version", "1.2"): "Acquit 1.2",
		fr.T("no.such.key"):                  "⟦no.such.key⟧",
		fr.Plural("table.rows", 0):           "0 ligne",
		fr.Plural("table.rows", 1):           "1 ligne",
		fr.Plural("table.rows", 12345):       "12\u202f345 lignes",
		fr.Plural("table.rows", 1000000):     "1\u202f000\u202f000 lignes",
		en.Plural("table.rows", 0):           "0 rows",
		en.Plural("table.rows", 1):           "1 row",
		en.Plural("table.rows", 12345):       "12,345 rows",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMatchAcceptLanguage(t *testing.T) {
	for header, want := range map[string]i18n.Lang{
		"": "fr", "nonsense;;;": "fr", "de-DE,de;q=0.9": "fr", "en-US,en;q=0.9,fr;q=0.8": "en", "de,en;q=0.5": "en",
		"fr-CA": "fr", "en-GB;q=0.2, fr;q=0.9": "fr",
	} {
		if got := i18n.Match(header).Lang(); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		minor  int64
		cur    money.Currency
		fr, en string
	}{
		{123456, "EUR", "1\u202f234,56\u00a0€", "€1,234.56"},
		{-123456, "EUR", "−1\u202f234,56\u00a0€", "−€1,234.56"},
		{0, "EUR", "0,00\u00a0€", "€0.00"},
		{5, "EUR", "0,05\u00a0€", "€0.05"},
		{99999, "EUR", "999,99\u00a0€", "€999.99"},
		{100000, "EUR", "1\u202f000,00\u00a0€", "€1,000.00"},
		{900000000000000 / 100, "EUR", "90\u202f000\u202f000\u202f000,00\u00a0€", "€90,000,000,000.00"},
		{1234, "JPY", "1\u202f234\u00a0JPY", "JPY\u00a01,234"},
		{1234567, "KWD", "1\u202f234,567\u00a0KWD", "KWD\u00a01,234.567"},
		{1250, "USD", "12,50\u00a0$US", "US$12.50"},
	} {
		m := money.Of(c.minor, c.cur)
		if got := fr.Money(m); got != c.fr {
			t.Errorf("fr %s: %q, want %q", m, got, c.fr)
		}
		if got := en.Money(m); got != c.en {
			t.Errorf("en %s: %q, want %q", m, got, c.en)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, cur := range []money.Currency{"EUR", "JPY", "KWD", "USD", "CHF"} {
		for _, minor := range []int64{0, 1, -1, 99, 100, -12345, 123456, 100000000, money.Max, -money.Max} {
			m := money.Of(minor, cur)
			for _, loc := range []*i18n.Localizer{fr, en} {
				written := loc.Money(m)
				back, err := loc.ParseMoney(written, cur)
				if err != nil || back != m {
					t.Errorf("%s: %q reads as %v, %v", loc.Lang(), written, back, err)
				}
			}
		}
	}
	for d := civil.Of(2026, 1, 1); d.Before(civil.Of(2027, 1, 1)); d = d.AddDays(1) {
		for _, loc := range []*i18n.Localizer{fr, en} {
			for _, s := range []string{loc.Date(d), loc.LongDate(d), loc.ISO(d)} {
				if back, err := loc.ParseDate(s); err != nil || back != d {
					t.Errorf("%s: %q reads as %v, %v", loc.Lang(), s, back, err)
				}
			}
		}
	}
}

func TestParseMoneyAsTyped(t *testing.T) {
	for _, c := range []struct {
		loc   *i18n.Localizer
		typed string
		want  string // empty: refused
	}{
		{fr, "1234,56", "1234.56"}, {fr, "1 234,56", "1234.56"}, {fr, "1234.56", "1234.56"}, {fr, " 12 € ", "12.00"},
		{fr, "-12,50 €", "-12.50"}, {fr, "12,5", "12.50"}, {fr, "12.345", ""}, {fr, "1.234,56", ""}, {fr, "12 $", ""},
		{fr, "", ""}, {fr, "abc", ""}, {fr, "1e3", ""}, {fr, "12,", ""}, {fr, "NaN", ""}, {fr, "٣", ""},
		{en, "1,234.56", "1234.56"}, {en, "€1,234.56", "1234.56"}, {en, "1,234,567", "1234567.00"}, {en, "12,5", "12.50"},
		{en, "1,234", "1234.00"}, {en, "1,23.45", ""}, {en, "12,345.6.7", ""}, {en, "EUR 12", "12.00"}, {en, "-€5", "-5.00"},
	} {
		got, err := c.loc.ParseMoney(c.typed, money.EUR)
		switch {
		case c.want == "" && fault.CodeOf(err) != fault.BadAmount:
			t.Errorf("%s %q: got %v, %v; want bad_amount", c.loc.Lang(), c.typed, got, err)
		case c.want != "" && (err != nil || got.Plain() != c.want):
			t.Errorf("%s %q: got %v, %v; want %s", c.loc.Lang(), c.typed, got, err, c.want)
		}
	}
	if m, err := en.ParseMoney("1,234", "KWD"); fault.CodeOf(err) != fault.BadAmount {
		t.Errorf("1,234 in a three-decimal currency is ambiguous, got %v, %v", m, err)
	}
	if d, err := en.ParseDecimal("1,234"); fault.CodeOf(err) != fault.BadQuantity {
		t.Errorf("1,234 of something is ambiguous, got %v, %v", d, err)
	}
	_, err := fr.ParseMoney("12 bananes €", money.EUR)
	if got := fr.Error(err); !strings.Contains(got, "«\u00a012 bananes €\u00a0»") {
		t.Errorf("the refusal quotes %q", got)
	}
}

func TestParseDateAsTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"31/12/2026": "2026-12-31", "1/2/2026": "2026-02-01", "31.12.26": "2026-12-31", "29/02/2028": "2028-02-29",
		"1er mars 2026": "2026-03-01", "15 août 2026": "2026-08-15",
		"29/02/2026": "", "31/04/2026": "", "12/31/2026": "", "00/01/2026": "", "31/12": "", "31/12/202": "", "31/12/02026": "", "demain": "",
		"2026-13-01": "",
	} {
		got, err := fr.ParseDate(typed)
		if want == "" && fault.CodeOf(err) != fault.BadDate || want != "" && got.String() != want {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
}

func TestDatesAndNumbers(t *testing.T) {
	d := civil.Of(2026, 12, 31)
	at := time.Date(2026, 7, 1, 22, 30, 5, 0, time.UTC)
	now := time.Date(2026, 7, 10, 0, 0, 0, 0, time.UTC)
	for got, want := range map[string]string{
		fr.Date(d):                                         "31/12/2026",
		en.Date(d):                                         "31 Dec 2026",
		fr.Date(civil.Date{}):                              "",
		fr.LongDate(civil.Of(2026, 3, 1)):                  "1er mars 2026",
		en.LongDate(civil.Of(2026, 3, 1)):                  "1 March 2026",
		fr.Month(d):                                        "déc. 2026",
		fr.DateTime(at):                                    "02/07/2026 00:30",
		en.DateTime(at):                                    "2 Jul 2026 00:30",
		en.In(time.UTC).DateTime(at):                       "1 Jul 2026 22:30",
		fr.Clock(at):                                       "00:30:05",
		fr.Ago(now.Add(-time.Second), now):                 "à l'instant",
		fr.Ago(now.Add(-time.Minute), now):                 "il y a 1 minute",
		en.Ago(now.Add(-3*time.Hour), now):                 "3 hours ago",
		fr.Ago(at, now):                                    "il y a 8 jours",
		fr.Ago(now.AddDate(0, -2, 0), now):                 "10/05/2026",
		fr.Percent(decimal.RequireFromString("5.5")):       "5,5\u00a0%",
		en.Percent(decimal.RequireFromString("20")):        "20%",
		fr.Decimal(decimal.RequireFromString("1234.5"), 2): "1\u202f234,50",
		fr.Decimal(decimal.RequireFromString("-0.125"), 0): "−0,125",
		fr.Int(1234567):                                    "1\u202f234\u202f567",
		en.Int(-1234):                                      "−1,234",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFaultSentences(t *testing.T) {
	for _, c := range []struct {
		err    error
		fr, en string
	}{
		{fault.New(fault.Refused, fault.PeriodClosed, "date", "2026-01-31", "open", "2026-02-01"),
			"La période du 31/01/2026 est clôturée : utilisez une date à partir du 01/02/2026.",
			"The period of 31 Jan 2026 is closed: use a date from 1 Feb 2026 on."},
		{fault.New(fault.Refused, fault.EntryUnbalanced, "debit", "1200.00", "credit", "1200.01 EUR"),
			"L'écriture n'est pas équilibrée : débit 1\u202f200,00, crédit 1\u202f200,01\u00a0€. Corrigez les montants.",
			"The entry does not balance: debit 1,200.00, credit €1,200.01. Correct the amounts."},
		{fault.New(fault.Conflict, fault.Stale, "who", "Anne", "when", "2026-07-01T22:30:05Z"),
			"Anne a modifié cette fiche entre-temps (02/07/2026 00:30). Rechargez la page, puis refaites votre modification.",
			"Anne changed this in the meantime (2 Jul 2026 00:30). Reload the page, then make your change again."},
		{fault.New(fault.NotFound, fault.UnknownThing, "what", "customer", "id", "C-12"),
			"Introuvable dans cette société : client C-12. Vérifiez le lien, ou cherchez dans la liste.",
			"Not found in this company: customer C-12. Check the link, or search the list."},
		{fault.New(fault.Invalid, fault.BadDate, "found", "2026-01-31"), "«\u00a02026-01-31\u00a0» n'est pas une date valable : écrivez par exemple 31/12/2026.",
			"“2026-01-31” is not a valid date: write for example 31/12/2026."},
		{fmt.Errorf("pipe broke: %w", os.ErrClosed), fr.T("fault.internal"), en.T("fault.internal")},
	} {
		if got := strings.ReplaceAll(fr.Error(c.err), "\u00a0:", " :"); got != strings.ReplaceAll(c.fr, "\u00a0:", " :") {
			t.Errorf("got  %q\nwant %q", got, c.fr)
		}
		if got := en.Error(c.err); got != c.en {
			t.Errorf("got  %q\nwant %q", got, c.en)
		}
	}
}

func BenchmarkT(b *testing.B) {
	for b.Loop() {
		_ = fr.T("nav.inbox")
	}
}

func BenchmarkTWithParams(b *testing.B) {
	for b.Loop() {
		_ = fr.T("app.footer", "version", "1.2")
	}
}

func BenchmarkMoney(b *testing.B) {
	m := money.Of(123456789, money.EUR)
	for b.Loop() {
		_ = fr.Money(m)
	}
}
