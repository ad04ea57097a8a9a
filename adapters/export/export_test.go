package export_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/acquit-app/acquit/adapters/export"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"golang.org/x/text/encoding/charmap"
)

var update = flag.Bool("update", false, "write the golden files anew, to be read before they are committed")

// journal is what the golden files hold: an invoice for services, its payment online with the commission, a receipt in
// dollars, and texts as people type them.
func journal() []app.ExportLine {
	day := civil.MustParse
	line := func(n int64, journal, lib string, date civil.Date, account, accountLib, piece, label string, debit, credit int64) app.ExportLine {
		return app.ExportLine{Seq: n, Year: "2026", Number: n, Journal: journal, JournalLabel: lib, Date: date, Account: account, AccountLabel: accountLib,
			Piece: piece, PieceDate: date, Label: label, Debit: debit, Credit: credit, ValidDate: date}
	}
	customer := func(l app.ExportLine, letter string, on civil.Date) app.ExportLine {
		l.Aux, l.AuxLabel, l.Letter, l.LetterDate = "C0001", "Société Générale d'Électricité & Fils", letter, on
		return l
	}
	jan, feb := day("2026-01-15"), day("2026-02-03")
	sale, pay, fee, odd := "Facture FA2026-00001 Société Générale d'Électricité & Fils", "Règlement en ligne FA2026-00001", "Commission Stripe", "Œuvre	d'art | «\u202fprix\u202f»\r\n=1+1 – 10\u00a0€"
	usd := line(4, "PPL", "PayPal", feb, "517210", "PayPal USD", "", "Encaissement", 85773, 0)
	usd.Foreign = money.Of(96065, "USD")
	usd.PieceDate = day("2026-02-02")
	loss := line(4, "PPL", "PayPal", feb, "656000", "Pertes de change sur créances et dettes commerciales", "", "Encaissement", 5136, 0)
	gone := customer(line(4, "PPL", "PayPal", feb, "411000", "Clients", "", "Encaissement", 0, 90909), "", civil.Date{})
	gone.Foreign = money.Of(-100000, "USD")
	return []app.ExportLine{
		customer(line(1, "VE", "Ventes", jan, "411000", "Clients", "FA2026-00001", sale, 120000, 0), "AAA", feb),
		line(1, "VE", "Ventes", jan, "706000", "Prestations de services", "FA2026-00001", sale, 0, 100000),
		line(1, "VE", "Ventes", jan, "445880", "TVA collectée en attente d'encaissement", "FA2026-00001", sale, 0, 20000),
		line(2, "STR", "Stripe", feb, "517100", "Stripe", "pi_3Nabc", pay, 120000, 0),
		customer(line(2, "STR", "Stripe", feb, "411000", "Clients", "pi_3Nabc", pay, 0, 120000), "AAA", feb),
		line(2, "STR", "Stripe", feb, "445880", "TVA collectée en attente d'encaissement", "pi_3Nabc", pay, 20000, 0),
		line(2, "STR", "Stripe", feb, "445711", "TVA collectée 20 %", "pi_3Nabc", pay, 0, 20000),
		line(3, "STR", "Stripe", feb, "627810", "Commissions Stripe", "pi_3Nabc", fee, 1825, 0),
		line(3, "STR", "Stripe", feb, "517100", "Stripe", "pi_3Nabc", fee, 0, 1825),
		usd, loss, gone,
		line(5, "OD", "Opérations diverses", feb, "658000", "Pénalités et autres charges", "=cmd|' /C calc'!A0", odd, 1, 0),
		line(5, "OD", "Opérations diverses", feb, "471000", "Comptes d'attente", "=cmd|' /C calc'!A0", odd, 0, 1),
	}
}

func write(t testing.TB, name string, cur money.Currency, lines ...app.ExportLine) []byte {
	t.Helper()
	f, ok := export.Formats{}.Format(name)
	if !ok {
		t.Fatalf("no format %q", name)
	}
	var b bytes.Buffer
	w := f.Open(&b, cur)
	for i := range lines {
		if err := w.Line(&lines[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for _, name := range (export.Formats{}).Names() {
		t.Run(name, func(t *testing.T) {
			got := write(t, name, money.EUR, journal()...)
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s is not what %s holds; an export that was made must be made again to the byte, so another layout is another format\n%s", name, file, got)
			}
		})
	}
}

// records splits a FEC as its readers do.
func records(t testing.TB, file []byte) [][]string {
	t.Helper()
	var out [][]string
	for _, r := range strings.Split(string(file), "\r\n") {
		out = append(out, strings.Split(r, "\t"))
	}
	return out
}

var (
	fecDate   = regexp.MustCompile(`^\d{8}$`)
	fecAmount = regexp.MustCompile(`^\d+,\d{2}$`)
)

// checkFEC applies the rules of art. A47 A-1 LPF that one file can show.
func checkFEC(t testing.TB, file []byte, lines int) {
	t.Helper()
	if bytes.HasPrefix(file, []byte("\xef\xbb\xbf")) || bytes.HasSuffix(file, []byte("\n")) {
		t.Error("the file begins with a byte order mark or ends with an empty line")
	}
	rs := records(t, file)
	if len(rs) != lines+1 {
		t.Fatalf("%d records for %d lines", len(rs), lines)
	}
	want := "JournalCode JournalLib EcritureNum EcritureDate CompteNum CompteLib CompAuxNum CompAuxLib PieceRef PieceDate EcritureLib Debit Credit EcritureLet DateLet ValidDate Montantdevise Idevise"
	if got := strings.Join(rs[0], " "); got != want {
		t.Errorf("header %q", got)
	}
	for i, r := range rs[1:] {
		if len(r) != 18 {
			t.Fatalf("record %d has %d fields: %q", i+1, len(r), r)
		}
		for n, f := range r {
			mayBeBlank := slices.Contains([]int{6, 7, 13, 14, 16, 17}, n)
			if strings.TrimSpace(f) == "" && !mayBeBlank {
				t.Errorf("record %d: field %d is blank", i+1, n+1)
			}
			if strings.ContainsAny(f, "\n\r|") {
				t.Errorf("record %d: field %d holds a separator: %q", i+1, n+1, f)
			}
		}
		for _, n := range []int{3, 9, 15} {
			if !fecDate.MatchString(r[n]) {
				t.Errorf("record %d: date %q", i+1, r[n])
			}
		}
		for _, n := range []int{11, 12} {
			if !fecAmount.MatchString(r[n]) {
				t.Errorf("record %d: amount %q", i+1, r[n])
			}
		}
		if (r[13] == "") != (r[14] == "") || (r[16] == "") != (r[17] == "") {
			t.Errorf("record %d: matching or currency is half there: %q", i+1, r)
		}
	}
}

func TestFECKeepsTheLaw(t *testing.T) {
	lines := journal()
	checkFEC(t, write(t, "fec", money.EUR, lines...), len(lines))
	checkFEC(t, write(t, "fec", money.EUR), 0)

	bare := app.ExportLine{Seq: 1, Number: 7, Journal: "OD", Date: civil.MustParse("2026-03-01"), Account: "471000", Debit: 5}
	file := write(t, "fec", money.EUR, bare)
	checkFEC(t, file, 1)
	if r := records(t, file)[1]; r[1] != "OD" || r[5] != "471000" || r[8] != "7" || r[9] != "20260301" || r[15] != "20260301" || r[11] != "0,05" || r[12] != "0,00" {
		t.Errorf("fields that may not be blank: %q", r)
	}
}

func TestFECAmounts(t *testing.T) {
	for _, c := range []struct {
		minor int64
		cur   money.Currency
		want  string
	}{
		{0, money.EUR, "0,00"}, {1, money.EUR, "0,01"}, {99, money.EUR, "0,99"}, {100, money.EUR, "1,00"}, {123456789, money.EUR, "1234567,89"},
		{money.Max, money.EUR, "90000000000,00"}, {1234, "JPY", "1234"}, {0, "JPY", "0"}, {1234, "KWD", "1,234"}, {5, "KWD", "0,005"},
	} {
		r := records(t, write(t, "fec", c.cur, app.ExportLine{Journal: "OD", Account: "471000", Date: civil.MustParse("2026-01-01"), Debit: c.minor}))[1]
		if r[11] != c.want {
			t.Errorf("%d minor units of %s are written %q, not %q", c.minor, c.cur, r[11], c.want)
		}
	}
	l := app.ExportLine{Journal: "PPL", Account: "411000", Date: civil.MustParse("2026-01-01"), Credit: 90909, Foreign: money.Of(-100000, "USD")}
	if r := records(t, write(t, "fec", money.EUR, l))[1]; r[16] != "-1000,00" || r[17] != "USD" {
		t.Errorf("foreign amount %q %q", r[16], r[17])
	}
	l.Foreign = money.Of(90909, money.EUR)
	if r := records(t, write(t, "fec", money.EUR, l))[1]; r[16] != "" || r[17] != "" {
		t.Errorf("an amount in the currency of the books is no foreign amount: %q %q", r[16], r[17])
	}
}

func TestLatin9(t *testing.T) {
	label := "Œuvres d’Élodie Łukaszewicz – Đorđe Čapek : 10\u202f€ … “été” 東京 ﬁn Ā\u200b\t|"
	want := "Œuvres d'Élodie Lukaszewicz - Dorde Capek : 10 € ... \"été\" ?? fin A /"
	file := write(t, "fec-8859-15", money.EUR, app.ExportLine{Journal: "OD", Account: "471000", Date: civil.MustParse("2026-01-01"), Label: label, Debit: 1})
	if utf8.Valid(file) {
		t.Error("the file is UTF-8")
	}
	text, err := charmap.ISO8859_15.NewDecoder().Bytes(file)
	if err != nil {
		t.Fatal(err)
	}
	checkFEC(t, text, 1)
	if got := records(t, text)[1][10]; got != want {
		t.Errorf("label\n%q, want\n%q", got, want)
	}
}

func TestFileNames(t *testing.T) {
	y := ledger.FiscalYear{ID: "2026-27", Start: civil.MustParse("2026-07-01"), End: civil.MustParse("2027-06-30")}
	c := party.Company{ID: "co_x", SIREN: "732829320"}
	for name, want := range map[string]string{"fec": "732829320FEC20270630.txt", "fec-8859-15": "732829320FEC20270630.txt", "csv": "journal-732829320-2026-27.csv", "csv-fr": "journal-732829320-2026-27-fr.csv"} {
		f, _ := export.Formats{}.Format(name)
		if got, err := f.File(c, y); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	fec, _ := export.Formats{}.Format("fec")
	if _, err := fec.File(party.Company{}, y); !fault.Has(err, fault.CompanyIncomplete) {
		t.Errorf("a FEC without a SIREN: %v", err)
	}
	plain, _ := export.Formats{}.Format("csv")
	if got, err := plain.File(party.Company{ID: "co_x"}, y); got != "journal-co_x-2026-27.csv" || err != nil {
		t.Errorf("a CSV without a SIREN: %q, %v", got, err)
	}
}

func readCSV(t testing.TB, file []byte, comma rune) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\ufeff"))))
	r.Comma = comma
	r.FieldsPerRecord = 19
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCSV(t *testing.T) {
	lines := journal()
	for name, comma := range map[string]rune{"csv": ',', "csv-fr": ';'} {
		rs := readCSV(t, write(t, name, money.EUR, lines...), comma)
		if len(rs) != len(lines)+1 {
			t.Fatalf("%s: %d records for %d lines", name, len(rs), len(lines))
		}
		for i, l := range lines {
			if r := rs[i+1]; r[8] != l.AuxLabel || r[0] != "2026" {
				t.Errorf("%s: record %d: %q", name, i+1, r)
			}
		}
	}
	tricky := app.ExportLine{Journal: "OD", Account: "471000", Date: civil.MustParse("2026-01-01"), Label: `"a" said, "b"; c`, Debit: 123450, Piece: `","`, AccountLabel: `"`}
	if r := readCSV(t, write(t, "csv", money.EUR, tricky), ',')[1]; r[11] != tricky.Label || r[9] != tricky.Piece || r[6] != `"` || r[12] != "1234.50" || r[4] != "2026-01-01" || r[13] != "0.00" {
		t.Errorf("plain: %q", r)
	}
	if r := readCSV(t, write(t, "csv-fr", money.EUR, tricky), ';')[1]; r[11] != tricky.Label || r[12] != "1234,50" || r[4] != "01/01/2026" {
		t.Errorf("French: %q", r)
	}
}

func TestCSVRunsNothing(t *testing.T) {
	for _, evil := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", `=HYPERLINK("http://x";"y")`} {
		r := readCSV(t, write(t, "csv", money.EUR, app.ExportLine{Journal: "OD", Account: "471000", Date: civil.MustParse("2026-01-01"), Label: evil, AuxLabel: evil}), ',')[1]
		for _, got := range []string{r[11], r[8]} {
			if !strings.HasPrefix(got, "'") {
				t.Errorf("%q is written %q", evil, got)
			}
		}
	}
}

// full fails after some bytes, as a disk or a browser that went away does.
type full struct{ room int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrorsAreTold(t *testing.T) {
	for _, name := range (export.Formats{}).Names() {
		f, _ := export.Formats{}.Format(name)
		w := f.Open(&full{room: 100_000}, money.EUR)
		l := journal()[0]
		var err error
		for range 10_000 {
			if err = w.Line(&l); err != nil {
				break
			}
		}
		if !errors.Is(err, errFull) || !errors.Is(w.Close(), errFull) {
			t.Errorf("%s: %v, then %v", name, err, w.Close())
		}
	}
}

func FuzzTexts(f *testing.F) {
	for _, s := range []string{"", "a", "Société\tX", "a|b\r\nc", "\xff\xfe", "\u2028\u0085\x00", "=1;\"2\",3", "ﬁ…’Ł", strings.Repeat("é", 300)} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		lines := []app.ExportLine{
			{Journal: "VE", JournalLabel: a, Number: 1, Date: civil.MustParse("2026-01-01"), Account: "411000", AccountLabel: b, Aux: a, AuxLabel: b, Piece: a, Label: b, Debit: 1},
			{Journal: "VE", JournalLabel: b, Number: 1, Date: civil.MustParse("2026-01-01"), Account: "706000", AccountLabel: a, Piece: b, Label: a, Letter: "AAA", Credit: 1},
		}
		checkFEC(t, write(t, "fec", money.EUR, lines...), 2)
		latin, err := charmap.ISO8859_15.NewDecoder().Bytes(write(t, "fec-8859-15", money.EUR, lines...))
		if err != nil {
			t.Fatal(err)
		}
		checkFEC(t, latin, 2)
		for name, comma := range map[string]rune{"csv": ',', "csv-fr": ';'} {
			file := write(t, name, money.EUR, lines...)
			if !utf8.Valid(file) {
				t.Errorf("%s is no UTF-8", name)
			}
			if rs := readCSV(t, file, comma); len(rs) != 3 {
				t.Errorf("%s: %d records", name, len(rs))
			}
		}
	})
}

func TestNothingIsAllocatedForALine(t *testing.T) {
	for _, name := range (export.Formats{}).Names() {
		f, _ := export.Formats{}.Format(name)
		w := f.Open(io.Discard, money.EUR)
		lines := journal()
		n := 0
		if got := testing.AllocsPerRun(5000, func() {
			_ = w.Line(&lines[n%len(lines)])
			n++
		}); got != 0 {
			t.Errorf("%s: %v allocations a line", name, got)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	lines := journal()
	for _, name := range (export.Formats{}).Names() {
		b.Run(name, func(b *testing.B) {
			f, _ := export.Formats{}.Format(name)
			var size counter
			w := f.Open(&size, money.EUR)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := w.Line(&lines[i%len(lines)]); err != nil {
					b.Fatal(err)
				}
			}
			_ = w.Close()
			b.SetBytes(int64(size) / int64(b.N))
		})
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func Example() {
	f, _ := export.Formats{}.Format("fec")
	file, _ := f.File(party.Company{SIREN: "732829320"}, ledger.FiscalYear{ID: "2026", End: civil.MustParse("2026-12-31")})
	fmt.Println(file)
	// Output: 732829320FEC20261231.txt
}
