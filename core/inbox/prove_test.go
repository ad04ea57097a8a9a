package inbox

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// history is a random life of a gateway account: what the provider holds, what of it is in the books, what no payout holds.
type history struct {
	*rand.Rand
	in     ProofInput
	groups map[LineWhat]*ProofLine
}

func (h *history) group(what LineWhat, amount int64) {
	g := h.groups[what]
	if g == nil {
		g = &ProofLine{What: what}
		h.groups[what] = g
	}
	g.Count++
	g.Amount += amount
}

// newHistory moves money n times. Amounts are far apart and large, so that none is taken for another by chance.
func newHistory(seed uint64, n int) *history {
	h := &history{Rand: rand.New(rand.NewPCG(seed, 8)), groups: map[LineWhat]*ProofLine{}}
	h.in = ProofInput{Holding: Holding{Currency: money.EUR}, HasBalance: true, HasItems: h.IntN(3) > 0}
	pendingCounts, payoutCounts := h.IntN(2) == 0, h.IntN(2) == 0
	for range n {
		gross := 10_000_000 + h.Int64N(1_000_000_000)
		fee := h.Int64N(gross/10 + 1)
		sign := int64(1)
		if h.IntN(4) == 0 {
			sign = -1
		}
		net := sign*gross - fee
		switch h.IntN(10) {
		case 0: // waits for OK
			h.in.Provider += net
			h.in.Unpaid += net
			h.group(LineReady, net)
		case 1:
			h.in.Provider += net
			h.in.Unpaid += net
			h.group(LineReview, net)
		case 2:
			h.in.Provider += net
			h.in.Unpaid += net
			h.group(LineDismissed, net)
		case 3: // its commission waits
			h.in.Provider += net
			h.in.Unpaid += net
			h.in.Books += sign * gross
			h.group(LineFee, -fee)
		case 4: // posted with another amount
			h.in.Provider += net
			h.in.Unpaid += net
			h.in.Books += net - 7*gross
			h.group(LineAltered, 7*gross)
		case 5: // on its way
			h.group(LinePending, net)
			if pendingCounts {
				h.in.Provider += net
			}
		case 6: // paid out, movements and all: a payout holds them
			h.group(LineLater, 0)
		case 7: // a payout on its way, which holds a payment
			h.in.Provider += net
			h.in.Books += net
			h.group(LinePendingPayout, -net)
			if payoutCounts {
				h.in.Provider -= net
			}
		default:
			h.in.Provider += net
			h.in.Unpaid += net
			h.in.Books += net
		}
	}
	return h
}

func (h *history) prove() ProofBalance {
	h.in.Groups = nil
	for _, g := range h.groups {
		h.in.Groups = append(h.in.Groups, *g)
	}
	return Prove(h.in)
}

// adds checks that the explanation adds up, whatever it says.
func adds(t *testing.T, seed uint64, b ProofBalance) {
	t.Helper()
	sum := b.Books + b.Unexplained
	for _, l := range b.Lines {
		if l.Counted {
			sum += l.Amount
		}
	}
	if sum != b.Provider {
		t.Fatalf("seed %d: books and lines come to %d, the provider holds %d: %+v", seed, sum, b.Provider, b)
	}
}

func TestEveryHistoryIsExplainedToTheCent(t *testing.T) {
	for seed := range uint64(3000) {
		h := newHistory(seed, 1+int(seed%60))
		b := h.prove()
		adds(t, seed, b)
		if b.Unexplained != 0 || b.UnpaidRest != 0 {
			t.Fatalf("seed %d: %d unexplained, %d of what is not paid out: %+v", seed, b.Unexplained, b.UnpaidRest, b)
		}
		p := Proof{At: time.Unix(1, 0), HasBalance: true, Balances: []ProofBalance{b}}
		p.Judge(nil)
		if want := ProofProven; p.State != want && (p.State != ProofExplained || b.Line(LineAltered).Count == 0) {
			t.Fatalf("seed %d: %s", seed, p.State)
		}
	}
}

func TestWhatIsWrongIsWhatRemains(t *testing.T) {
	for seed := range uint64(2000) {
		h := newHistory(seed, 1+int(seed%60))
		wrong := 1 + h.Int64N(1_000_000)
		if h.IntN(2) == 0 {
			wrong = -wrong
		}
		h.in.Provider += wrong
		b := h.prove()
		adds(t, seed, b)
		if b.Unexplained != wrong {
			t.Fatalf("seed %d: %d unexplained, want %d: %+v", seed, b.Unexplained, wrong, b)
		}
		if b.Unexplained == 0 {
			t.Fatalf("seed %d: a difference of %d was explained away: %+v", seed, wrong, b)
		}
	}
}

// An entry without a movement explains a difference of its amount, for as long as it does; one that the balance confirms
// explains nothing.
func TestEntriesWithoutAMovement(t *testing.T) {
	entry := ProofLine{Count: 1, Amount: -500, Items: []ProofItem{{Seq: 9, Label: "OD", Amount: -500}}}
	wrong := ProofInput{Holding: Holding{Currency: money.EUR, Books: 1500}, Provider: 1000, HasBalance: true, Fresh: entry}
	b := Prove(wrong)
	adds(t, 0, b)
	if l := b.Line(LineNewEntry); b.Unexplained != 0 || !l.Counted || l.Amount != -500 {
		t.Fatalf("the day it is posted: %+v", b)
	}
	kept, open := b.Entries()
	if kept.Count != 1 || open.Count != 0 {
		t.Fatalf("to account for again: %+v and %+v", kept, open)
	}
	next := ProofInput{Holding: Holding{Currency: money.EUR, Books: 1700}, Provider: 1200, HasBalance: true, Kept: kept}
	if b = Prove(next); b.Unexplained != 0 || !b.Line(LineEntry).Counted {
		t.Fatalf("the day after: %+v", b)
	}
	back := ProofLine{Count: 1, Amount: 500, Items: []ProofItem{{Seq: 12, Amount: 500}}}
	if b = Prove(ProofInput{Holding: Holding{Currency: money.EUR, Books: 1200}, Provider: 1200, HasBalance: true, Kept: kept, Fresh: back}); b.Unexplained != 0 || b.Line(LineEntry).Counted {
		t.Fatalf("when it was reversed: %+v", b)
	}
	if kept, open = b.Entries(); kept.Count+open.Count != 0 {
		t.Errorf("what is settled is asked for again: %+v %+v", kept, open)
	}
	opening := ProofInput{Holding: Holding{Currency: money.EUR, Books: 500}, Provider: 500, HasBalance: true, Fresh: entry}
	if b = Prove(opening); b.Unexplained != 0 || b.Line(LineNewEntry).Counted {
		t.Errorf("a balance carried in by hand: %+v", b)
	}
	opening.Provider = 300
	if b = Prove(opening); b.Unexplained != -200 {
		t.Errorf("an entry does not explain what it does not come to: %+v", b)
	}
	if kept, open = b.Entries(); kept.Count != 0 || open.Count != 1 {
		t.Errorf("not decided: %+v %+v", kept, open)
	}
}

func TestCommissionsNotKnownYet(t *testing.T) {
	in := ProofInput{Holding: Holding{Currency: money.EUR, Books: 10000, Unpaid: 10000, Groups: []ProofLine{{What: LineFeeUnknown, Count: 2, Amount: 10000}}}, HasBalance: true, HasItems: true}
	for provider, want := range map[int64]ProofState{10000: ProofProven, 9700: ProofUnsettled, 10001: ProofUnsettled, -1: ProofUnsettled} {
		in.Provider = provider
		b := Prove(in)
		adds(t, 0, b)
		p := Proof{At: time.Unix(1_000_000, 0), HasBalance: true, Balances: []ProofBalance{b}}
		p.Judge(nil)
		if p.State != want {
			t.Errorf("%d: %s, %+v", provider, p.State, b)
		}
		if l := b.Line(LineFeeUnknown); provider == 9700 && (!l.Counted || l.Amount != -300 || b.UnpaidRest != 0) {
			t.Errorf("what the provider took: %+v", b)
		}
		if provider == 10001 && b.Unexplained != 1 || provider == -1 && b.Unexplained != -10001 {
			t.Errorf("%d: no commission does that: %+v", provider, b)
		}
	}
}

// A difference is called one when it is still there after a late list would have caught up.
func TestADifferenceIsGivenTime(t *testing.T) {
	at := time.Date(2026, 6, 16, 10, 0, 0, 0, time.UTC)
	judge := func(at time.Time, unexplained int64, before *Proof) *Proof {
		p := &Proof{At: at, HasBalance: true, Balances: []ProofBalance{{Currency: money.EUR, Unexplained: unexplained, UnpaidRest: unexplained}}}
		p.Judge(before)
		return p
	}
	first := judge(at, 5, nil)
	soon := judge(at.Add(time.Hour), 5, first)
	late := judge(at.Add(ProofLateness), 6, soon)
	gone := judge(at.Add(2*ProofLateness), 0, late)
	again := judge(at.Add(3*ProofLateness), 5, gone)
	for i, want := range []struct {
		got  *Proof
		want ProofState
	}{{first, ProofUnsettled}, {soon, ProofUnsettled}, {late, ProofDifferent}, {gone, ProofProven}, {again, ProofUnsettled}} {
		if want.got.State != want.want {
			t.Errorf("%d: %s, want %s", i, want.got.State, want.want)
		}
	}
}

func TestUnproven(t *testing.T) {
	eur := func(n int64) money.Money { return money.Of(n, money.EUR) }
	posted := Arrival{State: Integrated, GatewayState: gateway.Succeeded, Gross: eur(100), Posted: 100, FeeState: gateway.FeeKnown, Fee: eur(3), FeePosted: 3}
	for name, c := range map[string]struct {
		change func(*Arrival)
		want   bool
	}{
		"posted":           {func(*Arrival) {}, false},
		"its fee waits":    {func(a *Arrival) { a.FeePosted = 0 }, true},
		"its fee is late":  {func(a *Arrival) { a.FeeState = gateway.FeeUnknown }, true},
		"changed since":    {func(a *Arrival) { a.Gross = eur(90) }, true},
		"came to nothing":  {func(a *Arrival) { a.State, a.GatewayState = Void, gateway.Failed }, false},
		"waits":            {func(a *Arrival) { a.State, a.Posted = Ready, 0 }, true},
		"pending":          {func(a *Arrival) { a.State, a.GatewayState = Waiting, gateway.Pending }, true},
		"set aside":        {func(a *Arrival) { a.State = Dismissed }, true},
		"set aside, empty": {func(a *Arrival) { a.State, a.GatewayState = Dismissed, gateway.Failed }, false},
	} {
		a := posted
		c.change(&a)
		if a.Unproven() != c.want {
			t.Errorf("%s: %v", name, !c.want)
		}
	}
}
