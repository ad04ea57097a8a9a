package ledger_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

var update = flag.Bool("update", false, "write the test vectors of docs/chain.md anew")

// vectors are a short chain with all that the canonical form has to say: accents, foreign amounts, documents, a reversal.
func vectors() []ledger.Entry {
	at := time.Date(2026, 2, 3, 9, 30, 15, 123456000, time.UTC)
	day := civil.MustParse
	drafts := []ledger.Entry{
		{Year: "2026", Journal: "VE", Date: day("2026-01-15"), Piece: "FA2026-00001", PieceDate: day("2026-01-15"), Label: "Facture FA2026-00001 Société Dupont", Source: "invoice:inv_1",
			Lines: []ledger.Line{{Account: "411000", Aux: "C0001", Debit: 120000, Document: "inv_1"}, {Account: "706000", Credit: 100000}, {Account: "445880", Label: "TVA", Credit: 20000}}},
		{Year: "2026", Journal: "PPL", Date: day("2026-02-03"), Piece: "5O190127TN364715T", PieceDate: day("2026-02-02"), Label: "Règlement 1 000 $", Source: "entry:man_1",
			Lines: []ledger.Line{{Account: "517210", Debit: 90909, Foreign: money.Of(100000, "USD")}, {Account: "411000", Aux: "C0002", Credit: 90909, Foreign: money.Of(-100000, "USD")}}},
		{Year: "2026", Journal: "PPL", Date: day("2026-02-04"), Piece: "5O190127TN364715T", PieceDate: day("2026-02-02"), Label: "Contre-passation", Source: "reversal:2", Reverses: 2,
			Lines: []ledger.Line{{Account: "517210", Credit: 90909, Foreign: money.Of(-100000, "USD")}, {Account: "411000", Aux: "C0002", Debit: 90909, Foreign: money.Of(100000, "USD")}}},
	}
	head := ledger.Genesis("co_1")
	for i := range drafts {
		drafts[i], head = ledger.Seal(drafts[i], head, int64(i+1), at.Add(time.Duration(i)*time.Hour), "usr_1")
	}
	return drafts
}

// canonical writes the form that docs/chain.md describes, from its words and not from the code: an auditor's second opinion.
func canonical(e ledger.Entry) []byte {
	var b []byte
	number := func(v int64) { b = binary.BigEndian.AppendUint64(b, uint64(v)) }
	text := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
	date := func(d civil.Date) { number(int64(d.Year()*10000 + int(d.Month())*100 + d.Day())) }
	b = append(b, 1)
	b = append(b, e.Prev[:]...)
	number(e.Seq)
	text(e.Year)
	number(e.Number)
	text(e.Journal)
	date(e.Date)
	text(e.Piece)
	date(e.PieceDate)
	text(e.Label)
	text(e.Source)
	number(e.Reverses)
	number(e.PostedAt.UnixMicro())
	text(e.PostedBy)
	number(int64(len(e.Lines)))
	for _, l := range e.Lines {
		text(l.Account)
		text(l.Aux)
		text(l.Label)
		number(l.Debit)
		number(l.Credit)
		text(string(l.Foreign.Currency()))
		number(l.Foreign.Minor())
		text(l.Document)
	}
	return b
}

const docs = "../../docs/chain.md"

func TestVectors(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "company      co_1\ngenesis      %s\n", ledger.Genesis("co_1").Hash)
	for _, e := range vectors() {
		form := canonical(e)
		if sum := sha256.Sum256(form); sum != e.Hash {
			t.Errorf("entry %d: the described form hashes to %x, the entry to %s", e.Seq, sum, e.Hash)
		}
		fmt.Fprintf(&b, "\nentry %d\n  year         %s\n  number       %d\n  journal      %s\n  date         %s\n  piece        %s\n  piece date   %s\n  label        %s\n  source       %s\n  reverses     %d\n  posted at    %s\n  posted by    %s\n",
			e.Seq, e.Year, e.Number, e.Journal, e.Date, e.Piece, e.PieceDate, e.Label, e.Source, e.Reverses, e.PostedAt.Format(time.RFC3339Nano), e.PostedBy)
		for _, l := range e.Lines {
			foreign := "-"
			if l.Foreign.Currency() != "" {
				foreign = fmt.Sprintf("%d %s", l.Foreign.Minor(), l.Foreign.Currency())
			}
			fmt.Fprintf(&b, "  line         account=%s aux=%s label=%s debit=%d credit=%d foreign=%s document=%s\n", l.Account, or(l.Aux), or(l.Label), l.Debit, l.Credit, foreign, or(l.Document))
		}
		fmt.Fprintf(&b, "  previous     %s\n  bytes        %s\n  hash         %s\n", e.Prev, wrap(hex.EncodeToString(form)), e.Hash)
	}
	page, err := os.ReadFile(docs)
	if err != nil {
		t.Fatal(err)
	}
	const open, end = "<!-- vectors -->\n```text\n", "```\n<!-- /vectors -->"
	before, rest, ok1 := strings.Cut(string(page), open)
	now, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("docs/chain.md has no place for the vectors")
	}
	if *update {
		if err := os.WriteFile(docs, []byte(before+open+b.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if now != b.String() {
		t.Errorf("docs/chain.md does not have these vectors; if the canonical form changed, it needs a new version number\n%s", b.String())
	}
}

func or(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func wrap(s string) string {
	const width = 96
	var out []string
	for len(s) > width {
		out, s = append(out, s[:width]), s[width:]
	}
	return strings.Join(append(out, s), "\n               ")
}

func verify(entries []ledger.Entry, head ledger.Head) *ledger.Break {
	v := ledger.NewVerifier("co_1")
	for i := range entries {
		if b := v.Next(&entries[i]); b != nil {
			return b
		}
	}
	return v.End(head)
}

// long is a chain of n entries over two fiscal years.
func long(n int) ([]ledger.Entry, ledger.Head) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	head := ledger.Genesis("co_1")
	numbers := map[string]int64{}
	var out []ledger.Entry
	for i := range n {
		year := "2026"
		if i%3 == 2 {
			year = "2027"
		}
		amount := 1 + r.Int64N(1_000_000)
		numbers[year]++
		var e ledger.Entry
		e, head = ledger.Seal(ledger.Entry{Year: year, Journal: "OD", Date: civil.MustParse("2026-03-01"), Piece: "P", PieceDate: civil.MustParse("2026-03-01"), Label: "L", Source: fmt.Sprint("s", i),
			Lines: []ledger.Line{{Account: "471000", Debit: amount, Foreign: money.Of(amount, "USD"), Document: "d"}, {Account: "411000", Aux: "C1", Label: "x", Credit: amount}}}, head, numbers[year], time.Unix(int64(i), 0), "usr_1")
		out = append(out, e)
	}
	return out, head
}

func TestSoundChain(t *testing.T) {
	entries, head := long(50)
	if b := verify(entries, head); b != nil {
		t.Errorf("a sound chain is called broken: %+v", b)
	}
	if b := verify(nil, ledger.Genesis("co_1")); b != nil {
		t.Errorf("an empty chain is called broken: %+v", b)
	}
	if ledger.Genesis("co_1") == ledger.Genesis("co_2") {
		t.Error("two companies begin with the same head")
	}
}

// TestEveryFieldIsHashed changes each field of an entry and of its lines by reflection, so that a field added later cannot
// be forgotten.
func TestEveryFieldIsHashed(t *testing.T) {
	change := func(v reflect.Value) bool {
		switch v.Interface().(type) {
		case ledger.Hash:
			v.Index(0).SetUint(v.Index(0).Uint() ^ 1)
		case civil.Date:
			v.Set(reflect.ValueOf(v.Interface().(civil.Date).AddDays(1)))
		case time.Time:
			v.Set(reflect.ValueOf(v.Interface().(time.Time).Add(time.Microsecond)))
		case money.Money:
			v.Set(reflect.ValueOf(money.Of(v.Interface().(money.Money).Minor()+1, "USD")))
		case string:
			v.SetString(v.String() + "x")
		case int64:
			v.SetInt(v.Int() + 1)
		default:
			return false
		}
		return true
	}
	try := func(name string, at int, pick func(*ledger.Entry) reflect.Value) {
		entries, head := long(5)
		v := pick(&entries[at])
		if !change(v) {
			t.Fatalf("%s is of a kind that this test cannot change: teach it", name)
		}
		b := verify(entries, head)
		if b == nil {
			t.Errorf("changing %s goes unnoticed", name)
		} else if b.Seq != int64(at+1) && b.Seq != int64(at+2) {
			t.Errorf("changing %s of entry %d is reported at %d", name, at+1, b.Seq)
		}
	}
	kind := reflect.TypeOf(ledger.Entry{})
	for i := range kind.NumField() {
		if name := kind.Field(i).Name; name != "Lines" {
			try(name, 2, func(e *ledger.Entry) reflect.Value { return reflect.ValueOf(e).Elem().Field(i) })
		}
	}
	kind = reflect.TypeOf(ledger.Line{})
	for i := range kind.NumField() {
		try("Lines."+kind.Field(i).Name, 2, func(e *ledger.Entry) reflect.Value { return reflect.ValueOf(&e.Lines[0]).Elem().Field(i) })
	}
}

func TestBrokenChains(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(e []ledger.Entry) []ledger.Entry
		seq   int64
		what  ledger.BreakKind
	}{
		"an entry taken out":  {func(e []ledger.Entry) []ledger.Entry { return append(e[:3:3], e[4:]...) }, 4, ledger.BreakMissing},
		"an entry put in":     {func(e []ledger.Entry) []ledger.Entry { return append(e[:4:4], e[3:]...) }, 5, ledger.BreakMissing},
		"two entries swapped": {func(e []ledger.Entry) []ledger.Entry { e[3], e[4] = e[4], e[3]; return e }, 4, ledger.BreakMissing},
		"the tail cut":        {func(e []ledger.Entry) []ledger.Entry { return e[:7] }, 8, ledger.BreakTail},
		"all entries gone":    {func(e []ledger.Entry) []ledger.Entry { return nil }, 1, ledger.BreakTail},
		"a line taken out":    {func(e []ledger.Entry) []ledger.Entry { e[5].Lines = e[5].Lines[:1]; return e }, 6, ledger.BreakContent},
		"lines swapped":       {func(e []ledger.Entry) []ledger.Entry { l := e[5].Lines; l[0], l[1] = l[1], l[0]; return e }, 6, ledger.BreakContent},
		"text moved over":     {func(e []ledger.Entry) []ledger.Entry { e[5].Piece, e[5].Label = "PL", ""; return e }, 6, ledger.BreakContent},
		"rewritten from there": {func(e []ledger.Entry) []ledger.Entry {
			return rewrite(e, 5, func(x *ledger.Entry) { x.Label = "other" })
		}, 11, ledger.BreakTail},
		"rewritten unbalanced": {func(e []ledger.Entry) []ledger.Entry {
			return rewrite(e, 5, func(x *ledger.Entry) { x.Lines[0].Debit++ })
		}, 6, ledger.BreakUnbalanced},
		"rewritten with a gap": {func(e []ledger.Entry) []ledger.Entry { return rewrite(e, 5, func(x *ledger.Entry) { x.Number++ }) }, 6, ledger.BreakNumber},
		"another company's": {func(e []ledger.Entry) []ledger.Entry {
			e[0].Prev = ledger.Genesis("co_2").Hash
			e[0].Hash = e[0].Digest()
			return e
		}, 1, ledger.BreakLink},
	} {
		entries, head := long(10)
		b := verify(c.spoil(entries), head)
		if b == nil || b.Seq != c.seq || b.What != c.what {
			t.Errorf("%s: %+v; want %s at %d", name, b, c.what, c.seq)
		}
	}
}

// rewrite is what somebody with all keys to the database would do: change an entry and hash everything behind it anew.
func rewrite(entries []ledger.Entry, at int, change func(*ledger.Entry)) []ledger.Entry {
	change(&entries[at])
	for i := at; i < len(entries); i++ {
		if i > 0 {
			entries[i].Prev = entries[i-1].Hash
		}
		entries[i].Hash = entries[i].Digest()
	}
	return entries
}

func TestSealTruncatesTime(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 123456789, time.FixedZone("Paris", 3600))
	e, head := ledger.Seal(ledger.Entry{}, ledger.Genesis("co_1"), 1, at, "x")
	if e.PostedAt.Nanosecond() != 123456000 || e.PostedAt.Location() != time.UTC || head.Seq != 1 || head.Hash != e.Hash || e.Prev != ledger.Genesis("co_1").Hash {
		t.Errorf("%+v", e)
	}
}

func TestLongTextsAreHashedWhole(t *testing.T) {
	e := ledger.Entry{Label: strings.Repeat("x", 200_000), Lines: []ledger.Line{{Label: strings.Repeat("y", 70_000)}}}
	if e.Digest() != ledger.Hash(sha256.Sum256(canonical(e))) {
		t.Error("an entry longer than the buffer hashes to something else")
	}
}

func BenchmarkVerify(b *testing.B) {
	entries, _ := long(1)
	v := ledger.NewVerifier("co_1")
	b.ReportAllocs()
	for b.Loop() {
		*v = *ledger.NewVerifier("co_1")
		if v.Next(&entries[0]) != nil {
			b.Fatal("broken")
		}
	}
}
