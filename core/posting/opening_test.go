package posting_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/posting"
)

var next = ledger.FiscalYear{ID: "2027", Start: civil.MustParse("2027-01-01"), End: civil.MustParse("2027-12-31")}

func open(d ledger.Draft) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s %s %s %q\n", d.Journal, d.Date, d.Piece, d.PieceDate, d.Source, d.Label)
	for _, l := range d.Lines {
		fmt.Fprintf(&b, "%s %s %d %d\n", l.Account, l.Aux, l.Debit, l.Credit)
	}
	return b.String()
}

func TestOpening(t *testing.T) {
	balances := []posting.Balance{
		{Account: "706000", Aux: "", Amount: -100000}, {Account: "627810", Aux: "", Amount: 1825}, {Account: "411000", Aux: "C0002", Amount: 24000}, {Account: "411000", Aux: "C0001", Amount: 0}, {Account: "512100", Aux: "", Amount: 98175}, {Account: "411000", Aux: "C0010", Amount: -4000}, {Account: "445711", Aux: "", Amount: -20000},
		{Account: "801000", Aux: "", Amount: 500}, {Account: "809000", Aux: "", Amount: -500},
	}
	got := posting.Opening(next, next.Start, balances)
	want := `AN 2027-01-01 AN-2027 2027-01-01 opening:2027 "À-nouveaux au 01/01/2027"
120000  0 98175
411000 C0002 24000 0
411000 C0010 0 4000
445711  0 20000
512100  98175 0
801000  500 0
809000  0 500
`
	if len(got) != 1 || open(got[0]) != want {
		t.Errorf("got\n%s\nwant\n%s", open(got[0]), want)
	}

	loss := posting.Opening(next, civil.MustParse("2027-02-01"), []posting.Balance{{Account: "622600", Aux: "", Amount: 300}, {Account: "512100", Aux: "", Amount: -300}})
	if want := `AN 2027-02-01 AN-2027 2027-01-01 opening:2027 "À-nouveaux au 01/01/2027"
129000  300 0
512100  0 300
`; len(loss) != 1 || open(loss[0]) != want {
		t.Errorf("got\n%s\nwant\n%s", open(loss[0]), want)
	}
	if d := posting.Opening(next, next.Start, nil); d != nil {
		t.Errorf("nothing opens with %v", d)
	}
	// A result of earlier years that was not allotted stays beside the new one.
	both := posting.Opening(next, next.Start, []posting.Balance{{Account: "120000", Aux: "", Amount: -10}, {Account: "706000", Aux: "", Amount: -20}, {Account: "512100", Aux: "", Amount: 30}})
	if got := open(both[0]); !strings.Contains(got, "120000  0 10\n120000  0 20\n") {
		t.Errorf("got\n%s", got)
	}
}

// TestOpeningOfAnyBooks: whatever balanced books come in, every entry balances and fits, all balances arrive, and nothing
// stays on the suspense account.
func TestOpeningOfAnyBooks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 50, ledger.MaxLines - 2, ledger.MaxLines, ledger.MaxLines + 1, 2*ledger.MaxLines + 17} {
		var balances []posting.Balance
		want := map[string]int64{}
		var sum, result int64
		for i := range n {
			b := posting.Balance{Account: "411000", Aux: fmt.Sprint("C", i), Amount: r.Int64N(2_000_000) - 1_000_000}
			if i%10 == 9 {
				b = posting.Balance{Account: fmt.Sprint(600000 + i%200000), Amount: b.Amount}
				result += b.Amount
			} else {
				want[b.Account+b.Aux] += b.Amount
			}
			sum += b.Amount
			balances = append(balances, b)
		}
		balances = append(balances, posting.Balance{Account: "512100", Amount: -sum})
		want["512100"] -= sum
		got := map[string]int64{}
		drafts := posting.Opening(next, next.Start, balances)
		sources := map[string]bool{}
		for _, d := range drafts {
			var balance int64
			sources[d.Source] = true
			if len(d.Lines) > ledger.MaxLines || len(d.Lines) < 2 {
				t.Fatalf("%d balances: an entry of %d lines", n, len(d.Lines))
			}
			for _, l := range d.Lines {
				if l.Account[0] == '6' || l.Account[0] == '7' {
					t.Fatalf("%s is carried forward", l.Account)
				}
				balance += l.Debit - l.Credit
				got[l.Account+l.Aux] += l.Debit - l.Credit
			}
			if balance != 0 {
				t.Fatalf("%d balances: an entry is out by %d", n, balance)
			}
		}
		if len(sources) != len(drafts) {
			t.Errorf("%d balances: two entries have one source", n)
		}
		if got[posting.Profit]+got[posting.Loss] != result || got[posting.Suspense] != 0 {
			t.Errorf("%d balances: result %d, want %d; suspense %d", n, got[posting.Profit]+got[posting.Loss], result, got[posting.Suspense])
		}
		for k, v := range want {
			if got[k] != v {
				t.Fatalf("%d balances: %s opens with %d, want %d", n, k, got[k], v)
			}
		}
	}
}

func TestCarriedOn(t *testing.T) {
	year := func(id string, closed bool) ledger.FiscalYear {
		return ledger.FiscalYear{ID: id, Start: civil.MustParse(id + "-01-01"), End: civil.MustParse(id + "-12-31"), Closed: closed}
	}
	c := &ledger.Chart{Years: []ledger.FiscalYear{year("2024", true), year("2025", true), year("2026", false), year("2027", false)}}
	for day, want := range map[string]string{"2024-06-30": "", "2025-01-01": "2025-01-01", "2025-12-31": "2025-01-01", "2026-01-01": "2026-01-01", "2027-05-05": "2026-01-01", "2030-01-01": "2026-01-01"} {
		if got := posting.CarriedOn(c, civil.MustParse(day)); got.String() != want {
			t.Errorf("%s: %q, want %q", day, got, want)
		}
	}
	if got := posting.CarriedOn(&ledger.Chart{Years: []ledger.FiscalYear{year("2026", false)}}, civil.MustParse("2026-06-01")); !got.IsZero() {
		t.Errorf("nothing was closed, and yet %s", got)
	}
}
