package inbox

import (
	"time"

	"github.com/acquit-app/acquit/core/money"
)

// RefundState is the life of a refund that we ask a gateway for.
type RefundState string

const (
	RefundRequested RefundState = "requested" // written down; whether the gateway has done it is not known yet
	RefundAccepted  RefundState = "accepted"  // the gateway has done it, or is about to; its movement is in the inbox
	RefundPosted    RefundState = "posted"    // in the books
	RefundFailed    RefundState = "failed"    // it certainly came to nothing; nothing was posted
	RefundReversed  RefundState = "reversed"  // it failed after it was posted; the money is the customer's credit
)

// Cover says what stands against the part of a refund that an invoice had taken. VAT that was invoiced is recovered only by
// rectifying the invoice (art. 272-1 CGI), so without a credit note only an invoice that has none may be refunded.
type Cover string

const (
	CoverCreditNote Cover = "credit_note" // the sale is taken back: revenue accounts (E7)
	CoverGesture    Cover = "gesture"     // a price reduction, nothing comes back: 709x (E7)
	CoverNone       Cover = "none"        // no credit note: the invoice is due again
)

// Covers lists every cover.
func Covers() []Cover { return []Cover{CoverCreditNote, CoverGesture, CoverNone} }

// Refund is money that we ask a gateway to give back from a receipt. Its ID is the idempotency key sent to the gateway: it
// is written down before the gateway is asked, and asked again with until the outcome is certain. The credit note is
// issued in the transaction that posts the gateway's movement, so that neither is ever without the other.
type Refund struct {
	ID           string
	ReceiptID    string
	CustomerID   string
	ConnectionID string
	PaymentID    string // the gateway's id of what is refunded
	Amount       money.Money
	Cover        Cover
	Reason       string // ours; printed on the credit note
	State        RefundState
	ArrivalID    string // the movement, once the gateway has named it
	CreditNoteID string
	CreditNoteNo string // its number
	EntrySeq     int64

	// Why the last try led to nothing, or why the refund failed: a fault code with the provider's code and words.
	Problem string
	Code    string
	Detail  string
	Tries   int
	NextTry time.Time // zero: nobody asks again by himself

	CreatedAt time.Time
	CreatedBy string
	UpdatedAt time.Time
	Version   int64
}

// Clone returns an independent copy.
func (r Refund) Clone() Refund { return r }

// Open says whether the outcome is not known.
func (r Refund) Open() bool { return r.State == RefundRequested }

// Holds says whether the amount is kept back from other refunds of the receipt: it is on its way.
func (r Refund) Holds() bool { return r.State == RefundRequested || r.State == RefundAccepted }

// Left is what may still be refunded of a receipt, in minor units: what was received less what was given back and what is
// being given back.
func (r Receipt) Left() int64 {
	if r.ReversedSeq != 0 {
		return 0
	}
	return max(0, r.Amount.Minor()-r.Refunded-r.Refunding)
}
