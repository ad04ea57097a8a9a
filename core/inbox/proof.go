package inbox

import (
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// ProofState is what a check of a gateway account against the books came to.
type ProofState string

const (
	ProofProven     ProofState = "proven"     // books and provider agree to the cent, with what is on its way between them
	ProofExplained  ProofState = "explained"  // they add up, but over something that somebody should put right
	ProofUnsettled  ProofState = "unsettled"  // a difference that may go away by itself: a commission not known yet, a list that is late
	ProofDifferent  ProofState = "different"  // a difference that nothing explains
	ProofListed     ProofState = "listed"     // the provider does not tell its balance: its list and ours agree
	ProofIncomplete ProofState = "incomplete" // it could not be read to the end; Problem says why
	ProofRunning    ProofState = "running"    // it goes on in the background; never kept
)

// Good says whether nobody has to look.
func (s ProofState) Good() bool { return s == ProofProven || s == ProofListed }

// Alarming says whether somebody has to look now.
func (s ProofState) Alarming() bool { return s == ProofExplained || s == ProofDifferent }

// Proof is one check of a connection: the provider's list against our arrivals, and, where the provider tells its
// balance, the account in the books = that balance = what is not paid out yet. It is kept as it was; a later check is another.
type Proof struct {
	ID           string
	ConnectionID string
	Account      string // of the books' currency, at the time
	State        ProofState
	Problem      string // fault code, when incomplete
	Began        time.Time
	At           time.Time // the instant of the books that it is about
	By           string
	Head         int64     // the last entry that it saw
	Since        time.Time // the list was compared from here on; zero: from the beginning
	Listed       int       // movements that the provider listed
	HasBalance   bool      // the provider tells its balance
	HasItems     bool      // the provider tells what a payout consists of
	DifferSince  time.Time // when the difference was first seen
	Balances     []ProofBalance
	Findings     []Finding
	MoreFindings int // beyond MaxFindings
	Payouts      []PayoutCheck
}

// Clone returns an independent copy.
func (p Proof) Clone() Proof {
	p.Balances = slices.Clone(p.Balances)
	for i := range p.Balances {
		b := &p.Balances[i]
		b.Lines = slices.Clone(b.Lines)
		for j := range b.Lines {
			b.Lines[j].Items = slices.Clone(b.Lines[j].Items)
		}
	}
	p.Findings = slices.Clone(p.Findings)
	p.Payouts = slices.Clone(p.Payouts)
	for i := range p.Payouts {
		p.Payouts[i].Others = slices.Clone(p.Payouts[i].Others)
	}
	return p
}

// MaxFindings bounds what one check lists; what is beyond is counted.
const MaxFindings = 200

// Find notes a finding.
func (p *Proof) Find(f Finding) {
	if len(p.Findings) >= MaxFindings {
		p.MoreFindings++
		return
	}
	p.Findings = append(p.Findings, f)
}

// FindingWhat says how the provider's list and ours differ in one movement.
type FindingWhat string

const (
	FoundMissing FindingWhat = "missing"     // it had not reached us; it was taken in
	FoundGone    FindingWhat = "gone"        // we have it and the provider does not show it
	FoundAltered FindingWhat = "altered"     // we had it with another amount or kind of outcome than the provider shows
	FoundBad     FindingWhat = "quarantined" // the gateway describes it wrongly: it is set aside
)

// Finding is one movement in which the provider's list and our arrivals differ.
type Finding struct {
	What       FindingWhat
	Kind       gateway.Kind
	ExternalID string
	ArrivalID  string // empty when there is none
	Amount     money.Money
	Ours       money.Money // what we had; of an altered movement
	State      gateway.State
	At         time.Time // when the movement happened
	Detail     string    // of a quarantined movement: what is wrong
	Effect     int64     // what it makes the provider's balance less than our movements, minor units
}

// PayoutCheck is a payout whose amount is not what its movements add up to (gateways.md, failure modes 21 and 22). It stops
// nothing: what was paid out is posted as it reached the bank.
type PayoutCheck struct {
	ArrivalID  string
	ExternalID string
	At         time.Time
	Amount     money.Money // what was paid out
	Sum        int64       // net of its movements in the payout's currency, minor units
	Items      int         // movements of ours in it
	Absent     int         // movements that the provider names and that are not ours
	Unknown    int         // movements whose commission is not known yet
	Pending    bool        // the provider could not tell yet what it consists of
	Others     []money.Money
}

// Difference is what the payout's movements come to beyond its amount, minor units.
func (c PayoutCheck) Difference() int64 { return c.Sum - c.Amount.Minor() }

// Off says whether the payout is not what its movements add up to.
func (c PayoutCheck) Off() bool { return c.Difference() != 0 || len(c.Others) > 0 }

// LineWhat says what a line of an explanation stands for. Amounts are what it adds to the books' balance on the way to the
// provider's.
type LineWhat string

const (
	LineReady         LineWhat = "ready"          // arrived, waits for OK
	LineReview        LineWhat = "review"         // arrived, waits for a person
	LineDismissed     LineWhat = "dismissed"      // set aside by a person
	LineFee           LineWhat = "fee"            // commission known, its entry waits
	LineFeeUnknown    LineWhat = "fee_unknown"    // commission that the provider took and has not told yet
	LineAltered       LineWhat = "altered"        // posted with another amount than the movement now has
	LinePending       LineWhat = "pending"        // on its way at the provider, and in its balance already
	LinePendingPayout LineWhat = "pending_payout" // a payout on its way, taken off the balance already
	LineGone          LineWhat = "gone"           // a movement of ours that the provider does not show, or not as ours
	LineEntry         LineWhat = "entry"          // entries that no movement stands behind
	LineNewEntry      LineWhat = "new_entry"      // ... posted since the account was last proven
	LinePayout        LineWhat = "payout"         // payouts that are not what their movements add up to: on the third number
	LineLater         LineWhat = "later"          // entries dated after today: a note
)

// ProofLine is one line of an explanation: how many movements or entries, what they come to, and the latest of them.
type ProofLine struct {
	What    LineWhat
	Counted bool // part of the sum; else a note beside it
	Count   int
	Amount  int64
	Items   []ProofItem
}

// MaxItems bounds the movements or entries that a line names one by one; the inbox has the rest.
const MaxItems = 20

// ProofItem is one movement or entry of a line.
type ProofItem struct {
	ArrivalID string
	Seq       int64 // of an entry
	Kind      gateway.Kind
	Label     string // the provider's id, or the entry's label
	At        time.Time
	Amount    int64
}

// ProofBalance is the check in one currency, in its minor units: Books + counted lines + Unexplained = Provider.
type ProofBalance struct {
	Currency    money.Currency
	Account     string // of ours that keeps it; empty: nobody has said yet
	Provider    int64  // zero where the provider does not tell
	Books       int64
	Unpaid      int64 // movements that no payout holds
	Unexplained int64
	UnpaidRest  int64 // Provider less Unpaid, less the lines of payouts: what is left of the third equality
	Lines       []ProofLine
}

// Line returns the line for a thing, or an empty one.
func (b ProofBalance) Line(what LineWhat) ProofLine {
	for _, l := range b.Lines {
		if l.What == what {
			return l
		}
	}
	return ProofLine{What: what}
}

// ProofRun is how far the check of a connection that is under way has got, and when the next is due.
type ProofRun struct {
	ID       string // the connection's id
	Step     string // empty: none is under way
	Cursor   string // of the provider's list, or the place in ours
	Seen     []byte // eight bytes of each arrival's id that the provider listed, sorted
	Part     Proof  // what is known so far
	NextRun  time.Time
	Failures int
	Version  int64
}

// Clone returns an independent copy.
func (r ProofRun) Clone() ProofRun {
	r.Seen = slices.Clone(r.Seen)
	r.Part = r.Part.Clone()
	return r
}

// Unproven says whether the gateway account in the books and at the provider differ by this arrival, or may: what is not
// posted, a commission that is not, or not known, an amount that changed after it was posted.
func (a *Arrival) Unproven() bool {
	switch a.State {
	case Void:
		return false
	case Integrated:
		return a.FeeDue() != 0 || a.FeeState == gateway.FeeUnknown || a.Posted != a.Gross.Minor()
	}
	return a.GatewayState != gateway.Failed
}

// Effect is what a movement does to the provider's balance, in minor units: its gross amount with the sign of its kind, less
// the commission as far as it is known.
func Effect(k gateway.Kind, gross money.Money, fs gateway.FeeState, fee money.Money) int64 {
	n := gross.Minor()
	if !k.Inflow() {
		n = -n
	}
	if fs == gateway.FeeKnown && fee.Currency() == gross.Currency() {
		n -= fee.Minor()
	}
	return n
}

// Effect is what the arrival does to the provider's balance once it has succeeded there.
func (a *Arrival) Effect() int64 { return Effect(a.Kind, a.Gross, a.FeeState, a.Fee) }
