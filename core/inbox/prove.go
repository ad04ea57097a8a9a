package inbox

import (
	"math/bits"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/money"
)

// Holding is what one snapshot of the books says of a gateway account in one currency, minor units. Groups are what the
// account does not hold yet, or holds otherwise: their amounts lead from the books to the provider. Pending groups may be
// in the provider's balance or not, as providers go; FeeUnknown is how many movements have a commission that is not known
// and the most that it can be, their gross; entries are those since the last check that no movement stands behind.
type Holding struct {
	Currency money.Currency
	Books    int64
	Unpaid   int64
	Groups   []ProofLine
}

// ProofInput is what a proof in one currency is made from.
type ProofInput struct {
	Holding
	Provider   int64
	HasBalance bool
	HasItems   bool
	Gone       ProofLine // findings with an effect on the balance
	Kept       ProofLine // entries that explained a difference the last time
	Fresh      ProofLine // entries since the account was last proven
	Payouts    ProofLine // what payouts differ from their movements
}

// certain are the lines that are what they are; the others explain a difference only when one is there.
var certain = []LineWhat{LineReady, LineReview, LineDismissed, LineFee, LineAltered}

// Prove explains how the books' balance leads to the provider's. What is certain is counted first. If a difference remains,
// it is looked for among what may or may not be in the provider's balance: what is pending there, movements that it no
// longer shows, entries posted by other ways. The smallest choice that leaves nothing is taken; it is all or nothing for
// each group, so that a difference is never dressed up with a part of something. Where none does, commissions that are not
// known yet may stand for what the provider holds less, up to the payments themselves. The rest is unexplained.
//
// Books + counted lines + Unexplained = Provider, whatever is given.
func Prove(in ProofInput) ProofBalance {
	b := ProofBalance{Currency: in.Currency, Provider: in.Provider, Books: in.Books, Unpaid: in.Unpaid}
	expected := in.Books
	group := map[LineWhat]ProofLine{}
	for _, g := range in.Groups {
		group[g.What] = g
	}
	for _, what := range certain {
		if g, ok := group[what]; ok {
			g.Counted = true
			expected += g.Amount
			b.Lines = append(b.Lines, g)
		}
	}
	gone, kept, fresh := in.Gone, in.Kept, in.Fresh
	gone.What, kept.What, fresh.What = LineGone, LineEntry, LineNewEntry
	maybe := []ProofLine{gone, group[LinePendingPayout], group[LinePending], kept, fresh}
	unknown := group[LineFeeUnknown]
	if in.HasBalance {
		rest := in.Provider - expected
		chosen, fits := choose(maybe, rest)
		if !fits {
			chosen = nearest(maybe, rest)
		}
		for i := range maybe {
			if maybe[i].Counted = chosen&(1<<i) != 0 && maybe[i].Count > 0; maybe[i].Counted {
				rest -= maybe[i].Amount
			}
		}
		if unknown.Count > 0 && rest < 0 && -rest <= unknown.Amount {
			unknown.Counted, unknown.Amount, rest = true, rest, 0
		}
		b.Unexplained = rest
	}
	if !unknown.Counted {
		unknown.Amount = 0 // nobody knows it
	}
	for _, l := range append(maybe, unknown, group[LineLater]) {
		if l.Count > 0 {
			b.Lines = append(b.Lines, l)
		}
	}
	b.thirdNumber(in, expected)
	return b
}

// thirdNumber explains what is not paid out yet. Without the composition of payouts it is what all movements come to; with
// it, it is told by the movements that no payout holds, independently of the books, and payouts that are not what their
// movements add up to stand between it and the provider's balance.
func (b *ProofBalance) thirdNumber(in ProofInput, expected int64) {
	switch {
	case !in.HasBalance && !in.HasItems:
		b.Unpaid = expected
	case !in.HasBalance:
	case !in.HasItems:
		b.Unpaid, b.UnpaidRest = b.Provider-b.Unexplained, b.Unexplained
	default:
		if in.Payouts.Count > 0 {
			in.Payouts.What = LinePayout
			b.Lines = append(b.Lines, in.Payouts)
		}
		b.UnpaidRest = b.Provider - b.Unpaid
		for _, l := range b.FromUnpaid() {
			b.UnpaidRest -= l.Amount
		}
	}
}

// FromUnpaid are the lines that lead from what is not paid out to the provider's balance: Unpaid + lines + UnpaidRest =
// Provider, where the provider tells both.
func (b ProofBalance) FromUnpaid() []ProofLine {
	var out []ProofLine
	for _, l := range b.Lines {
		switch l.What {
		case LineFeeUnknown, LinePending, LineGone:
			if l.Counted {
				out = append(out, l)
			}
		case LinePendingPayout:
			if !l.Counted { // its movements are held by it, and still in the balance
				l.Amount = -l.Amount
				l.Items = slices.Clone(l.Items)
				for i := range l.Items {
					l.Items[i].Amount = -l.Items[i].Amount
				}
				out = append(out, l)
			}
		case LinePayout:
			out = append(out, l)
		}
	}
	return out
}

// nearest is the choice where none leaves nothing: what is gone, entries that did not fit before, and of what is pending
// that which leaves least.
func nearest(maybe []ProofLine, rest int64) (mask int) {
	const sure, payout, pending = 1 | 1<<3, 1 << 1, 1 << 2
	best := int64(-1)
	for _, m := range []int{sure, sure | payout, sure | pending, sure | payout | pending} {
		left := rest
		for i, l := range maybe {
			if m&(1<<i) != 0 {
				left -= l.Amount
			}
		}
		if left = max(left, -left); best < 0 || left < best {
			mask, best = m, left
		}
	}
	return mask
}

// choose picks the fewest groups whose amounts make up a rest; of several such choices the first in order. Groups of
// nothing are never picked.
func choose(groups []ProofLine, rest int64) (mask int, fits bool) {
	best := -1
	for m := range 1 << len(groups) {
		var sum int64
		empty := false
		for i, g := range groups {
			if m&(1<<i) != 0 {
				sum += g.Amount
				empty = empty || g.Count == 0
			}
		}
		if sum == rest && !empty && (best < 0 || bits.OnesCount(uint(m)) < bits.OnesCount(uint(best))) {
			best = m
		}
	}
	return max(best, 0), best >= 0
}

// ProofLateness is how far a provider's own list may lie behind its balance: PayPal's is up to three hours late. A
// difference is called one when it is still there after that.
const ProofLateness = 4 * time.Hour

// ProofWindow is how far back each check compares the lists: a payment is final, and paid out, well within it. Before the
// account was ever proven, and while a difference stands, everything is compared.
const ProofWindow = 35 * 24 * time.Hour

// payoutPatience is how long a provider may take to tell what a payout consists of: Stripe does so when it has reconciled it.
const payoutPatience = 3 * 24 * time.Hour

// Judge says what a proof came to; its balances and findings are in. before is the last one, if any.
func (p *Proof) Judge(before *Proof) {
	differ, unsettled, explained := false, false, false
	for i := range p.Balances {
		b := &p.Balances[i]
		explained = explained || b.Unexplained == 0 && b.UnpaidRest != 0
		differ = differ || b.Unexplained != 0
		unsettled = unsettled || b.Line(LineFeeUnknown).Counted
		for _, what := range []LineWhat{LineAltered, LineGone, LineEntry, LineNewEntry} {
			if l := b.Line(what); l.Counted && l.Count > 0 {
				explained = true
			}
		}
	}
	for _, f := range p.Findings {
		explained = explained || f.What == FoundGone || f.What == FoundBad || f.What == FoundAltered && f.Effect != 0
	}
	for _, c := range p.Payouts {
		if c.Pending && c.At.After(p.At.Add(-payoutPatience)) {
			unsettled = true
		} else {
			explained = explained || c.At.After(p.At.Add(-ProofWindow))
		}
	}
	if differ {
		p.DifferSince = p.At
		if before != nil && !before.DifferSince.IsZero() {
			p.DifferSince = before.DifferSince
		}
	}
	switch {
	case differ && p.At.Sub(p.DifferSince) >= ProofLateness:
		p.State = ProofDifferent
	case explained:
		p.State = ProofExplained
	case differ || unsettled:
		p.State = ProofUnsettled
	case !p.HasBalance:
		p.State = ProofListed
	default:
		p.State = ProofProven
	}
}

// Entries says which entries of the account without a movement behind them the next check has to account for: those that
// explained the difference, and those of which nobody knows yet. What a balance confirmed needs no explaining any more.
func (b ProofBalance) Entries() (kept, open ProofLine) {
	k, n := b.Line(LineEntry), b.Line(LineNewEntry)
	switch {
	case k.Counted && n.Counted:
		return k.Join(n), ProofLine{}
	case n.Counted:
		return n, ProofLine{}
	case k.Counted && b.Unexplained != 0:
		return k, n
	case k.Counted:
		return k, ProofLine{}
	case b.Unexplained != 0:
		return ProofLine{}, k.Join(n)
	}
	return ProofLine{}, ProofLine{}
}

// Join is two lines as one.
func (l ProofLine) Join(m ProofLine) ProofLine {
	l.Count += m.Count
	l.Amount += m.Amount
	l.Items = append(append([]ProofItem(nil), m.Items...), l.Items...)
	if len(l.Items) > MaxItems {
		l.Items = l.Items[:MaxItems]
	}
	return l
}
