// Package inbox holds what gateways reported, from the first sighting to the posted entry.
//
// Webhook, return page and polling all end in the same Arrival, unique by (connection, kind, external id): its identifier
// is derived from those three, so no two ways can make two of it. An arrival is a snapshot of what the gateway's
// API answered; it is matched to its document, waits for the accountant's OK, and is posted once.
package inbox

import (
	"sort"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// DocumentKind says what an arrival or an attempt pays.
type DocumentKind string

const (
	NoDocument      DocumentKind = ""
	InvoiceDocument DocumentKind = "invoice"
	DepositDocument DocumentKind = "deposit"
)

// State is where an arrival stands on its way into the books.
type State string

const (
	Waiting    State = "waiting"    // the gateway has not settled it yet
	Ready      State = "ready"      // OK will post it
	Review     State = "review"     // a human must decide; Flags say why
	Integrated State = "integrated" // posted
	Dismissed  State = "dismissed"  // set aside with a reason; nothing posted
	Void       State = "void"       // it came to nothing at the gateway, or is about no money
	Past       State = "past"       // older than the connection: the books may have it by other ways; nobody is asked unless they want to
)

// Flag says why an arrival needs a human, or what is special about it.
type Flag string

const (
	Unmatched        Flag = "unmatched"         // no document of ours is known for it
	AmountMismatch   Flag = "amount_mismatch"   // not the amount asked for
	CurrencyMismatch Flag = "currency_mismatch" // the payer paid in another currency than the document's
	Overpaid         Flag = "overpaid"          // more than is due: the rest becomes the customer's credit
	Duplicate        Flag = "duplicate"         // the document was paid by something else meanwhile
	DocumentClosed   Flag = "document_closed"   // the deposit or quote was cancelled, refused or refunded
	ClosedPeriod     Flag = "closed_period"     // dated in a closed period: posted on the first open day
	FeePending       Flag = "fee_pending"       // the commission will come later
	RelatedMissing   Flag = "related_missing"   // the payment it belongs to is not posted yet
	RelatedFirst     Flag = "related_first"     // the payment it belongs to will be posted with it, before it
	RefundOpen       Flag = "refund_open"       // perhaps the refund we are asking for: the gateway's answer will tell
	WrongMode        Flag = "wrong_mode"        // play money, in real books
	UnknownKind      Flag = "unknown_kind"
	RateMissing      Flag = "rate_missing"    // of a balance in another currency, and nobody said what it is worth
	BalanceUnknown   Flag = "balance_unknown" // ... and its account is not set on the connection
)

// Blocking says whether a flag keeps OK from posting until a human decided.
func (f Flag) Blocking() bool {
	return f != ClosedPeriod && f != FeePending && f != Overpaid && f != AmountMismatch && f != RelatedFirst
}

// Source is a way in.
type Source string

const (
	ByWebhook Source = "webhook"
	ByReturn  Source = "return"
	ByPoll    Source = "poll"
	ByRefresh Source = "refresh"
	ByProof   Source = "proof"  // the daily comparison with the provider's list
	ByRefund  Source = "refund" // the answer to our request
)

// Sighting is one time that a way in reported the arrival: its provenance.
type Sighting struct {
	Source   Source
	At       time.Time
	Delivery string // of a webhook: the delivery's id
}

// MaxSightings bounds the provenance kept; polling repeats itself for ever, and the first sightings are what tells.
const MaxSightings = 20

// Arrival is one movement of money that a gateway reported.
type Arrival struct {
	ID           string
	ConnectionID string
	Kind         gateway.Kind
	ExternalID   string
	Mode         gateway.Mode

	// Snapshot of the gateway's answer. Gross is positive but for adjustment and other.
	GatewayState gateway.State
	Reason       string
	Gross        money.Money
	Charged      money.Money // what the payer paid, where the provider converted it
	Rate         string      // the provider's: units of Gross's currency for one of Charged's
	FeeState     gateway.FeeState
	Fee          money.Money
	FeeVAT       money.Money
	SessionID    string
	Reference    string
	RelatedID    string
	PayoutID     string
	Method       string
	PayerName    string
	PayerEmail   string
	Description  string
	OccurredAt   time.Time
	UpdatedAt    time.Time

	// What it is to us.
	State      State
	Flags      []Flag
	AttemptID  string
	RefundID   string // the refund of ours that it answers
	Document   DocumentKind
	DocumentID string
	CustomerID string
	ByHand     bool // matched by a person: a later snapshot does not match it again
	Sightings  []Sighting

	// What it is worth where Gross is in another currency than the books (see currency.go).
	Worth      money.Money     // Gross in the books' currency, with its sign; no currency: not known, or not needed
	BookRate   decimal.Decimal // units of Gross's currency for one of the books' currency; zero: not known, or not needed
	RateSource string          // where the rate is from
	RateByHand bool            // a person gave it: the company's table is not asked
	Conversion bool            // money moved between two balances of the connection: the provider told, or a person

	// What was posted. Posted is the part of Gross that is in the books, in minor units; it differs from Gross when the
	// provider changed its mind afterwards. FeePosted is the commission already in the books, in minor units; it differs from Fee while a
	// commission that became known later waits for its entry.
	Posted       int64
	EntrySeq     int64
	FeeEntrySeq  int64
	FeePosted    int64
	ReceiptID    string
	Settled      money.Money // what it is to the customer, in the books' currency; no currency: not known, or nobody's
	Applied      int64       // part of Settled that settled the document; the rest went to the customer's credit
	IntegratedAt time.Time
	IntegratedBy string
	DismissedBy  string
	Dismissal    string

	// What it rests on: hashes of payloads in its Evidence. EvidenceHash is the one that the snapshot was read from; the
	// others are those that the entry, and the latest entry of its commission, were posted on.
	EvidenceHash  string
	EntryEvidence string
	FeeEvidence   string

	FirstSeen time.Time
	Version   int64
}

// ArrivalID is the identifier that belongs to a movement at a gateway.
func ArrivalID(connection string, k gateway.Kind, external string) string {
	return ids.Derive(ids.Arrival, connection, string(k), external)
}

// Clone returns an independent copy.
func (a Arrival) Clone() Arrival {
	a.Flags = append([]Flag(nil), a.Flags...)
	a.Sightings = append([]Sighting(nil), a.Sightings...)
	return a
}

// See takes a fresh snapshot. It says whether anything changed. An older snapshot than the one we have changes nothing,
// and a settled state never becomes pending again: events may come in any order.
func (a *Arrival) See(p gateway.Payment, src Source, at time.Time) bool {
	if len(a.Sightings) < MaxSightings {
		a.Sightings = append(a.Sightings, Sighting{Source: src, At: at})
	}
	if a.Outdated(p) {
		return false
	}
	before := a.snapshot()
	if a.Gross != p.Gross {
		a.Unvalue() // it was said of another amount
	}
	a.GatewayState, a.Reason, a.Gross, a.Charged, a.Rate = p.State, p.Reason, p.Gross, p.Charged, p.Rate
	if !(a.FeeState == gateway.FeeKnown && p.FeeState == gateway.FeeUnknown) {
		a.FeeState, a.Fee, a.FeeVAT = p.FeeState, p.Fee, p.FeeVAT
	}
	a.OccurredAt, a.UpdatedAt = p.OccurredAt.UTC().Truncate(time.Microsecond), p.UpdatedAt.UTC().Truncate(time.Microsecond)
	keep(&a.SessionID, p.SessionID)
	keep(&a.Reference, p.Reference)
	keep(&a.RelatedID, p.RelatedID)
	keep(&a.PayoutID, p.PayoutID)
	keep(&a.Method, p.Method)
	keep(&a.PayerName, p.Payer.Name)
	keep(&a.PayerEmail, p.Payer.Email)
	keep(&a.Description, p.Description)
	return before != a.snapshot()
}

// Outdated says whether a snapshot tells less than what is known already.
func (a *Arrival) Outdated(p gateway.Payment) bool {
	return p.UpdatedAt.Before(a.UpdatedAt) || rank(p.State) < rank(a.GatewayState) || a.GatewayState == gateway.Succeeded && p.State == gateway.Failed
}

type snapshot struct {
	state    gateway.State
	gross    money.Money
	charged  money.Money
	rate     string
	feeState gateway.FeeState
	fee      money.Money
	reason   string
	related  string
	payout   string
}

func (a *Arrival) snapshot() snapshot {
	return snapshot{a.GatewayState, a.Gross, a.Charged, a.Rate, a.FeeState, a.Fee, a.Reason, a.RelatedID, a.PayoutID}
}

func rank(s gateway.State) int {
	if s == gateway.Pending || s == "" {
		return 0
	}
	return 1
}

func keep(dst *string, v string) {
	if v != "" {
		*dst = strings.ToValidUTF8(strings.ReplaceAll(v, "\x00", ""), "?")
	}
}

// SetFlag raises or lowers a flag; flags stay in alphabetical order so that equal arrivals are equal rows.
func (a *Arrival) SetFlag(f Flag, on bool) {
	out := a.Flags[:0]
	for _, g := range a.Flags {
		if g != f {
			out = append(out, g)
		}
	}
	if on {
		out = append(out, f)
		sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	}
	a.Flags = out
}

// Has says whether a flag is up.
func (a *Arrival) Has(f Flag) bool {
	for _, g := range a.Flags {
		if g == f {
			return true
		}
	}
	return false
}

// Blocked says whether a flag keeps the arrival from being posted by OK.
func (a *Arrival) Blocked() bool {
	for _, f := range a.Flags {
		if f.Blocking() {
			return true
		}
	}
	return false
}

// Awaiting says whether the arrival is in review only until something else is known: its document, the movement it belongs
// to, or the outcome of a refund.
func (a *Arrival) Awaiting() bool {
	return a.State == Review && (a.Has(Unmatched) || a.Has(RelatedMissing) || a.Has(RefundOpen))
}

// Plain says whether the arrival, or a commission on it, may be posted without anybody looking: exactly what was asked for.
func (a *Arrival) Plain() bool {
	for _, f := range a.Flags {
		if f != FeePending && f != ClosedPeriod && f != RelatedFirst {
			return false
		}
	}
	return a.State == Ready || a.State == Integrated && a.FeeDue() != 0
}

// Nothing says whether the movement moves no money at all: there is nothing to post.
func (a *Arrival) Nothing() bool { return a.Gross.IsZero() && a.Fee.IsZero() && a.FeePosted == 0 }

// FeeDue is the commission known and not yet posted, in minor units.
func (a *Arrival) FeeDue() int64 {
	if a.FeeState != gateway.FeeKnown {
		return 0
	}
	return a.Fee.Minor() - a.FeePosted
}

// Over says whether everything that is to be done about the arrival was done.
func (a *Arrival) Over() bool {
	switch a.State {
	case Integrated:
		return a.FeeDue() == 0 && !a.Has(FeePending)
	case Dismissed, Void:
		return true
	case Waiting, Ready, Review:
	}
	return false
}

// ToDo says whether the arrival belongs on the accountant's desk.
func (a *Arrival) ToDo() bool {
	return a.State == Ready || a.State == Review || a.State == Integrated && a.FeeDue() != 0
}
