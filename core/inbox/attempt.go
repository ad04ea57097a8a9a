package inbox

import (
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// AttemptState is the life of one click on "Pay".
type AttemptState string

const (
	Created    AttemptState = "created" // row written, the gateway not asked yet, or its answer lost
	Opened     AttemptState = "opened"  // the payer is on the gateway's page
	PendingPay AttemptState = "pending" // the payer did all that is needed
	Succeeded  AttemptState = "succeeded"
	FailedPay  AttemptState = "failed"
	Expired    AttemptState = "expired"
)

// InProgress says whether the attempt keeps another from being opened.
func (s AttemptState) InProgress() bool { return s == Created || s == Opened || s == PendingPay }

// Attempt is one try to pay one document. Its ID is the idempotency key and the reference sent to the gateway.
type Attempt struct {
	ID           string
	ConnectionID string
	Document     DocumentKind
	DocumentID   string
	CustomerID   string
	Amount       money.Money
	State        AttemptState
	Reason       string
	SessionID    string
	URL          string
	Declines     int // how often the provider refused to let us take the money and sent the payer back to its page
	ExpiresAt    time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Version      int64
}

// Clone returns an independent copy.
func (a Attempt) Clone() Attempt { return a }

// Retry says whether the payer was declined and may go back to the same page.
func (a *Attempt) Retry() bool { return a.State == Opened && a.Declines > 0 }

// Move applies what the gateway says of the attempt's page; it says whether anything changed. Succeeded is final; a
// failed or expired attempt may still succeed, because the gateway is right.
func (a *Attempt) Move(s gateway.CheckoutState, reason string, at time.Time) bool {
	next := a.State
	switch s {
	case gateway.CheckoutOpen:
		if a.State == Created {
			next = Opened
		}
	case gateway.CheckoutAuthorized:
		// The money was not taken after all: the attempt keeps nobody waiting any more.
		if a.State == Created || a.State == PendingPay {
			next = Opened
		}
	case gateway.CheckoutRetry:
		if a.State == Created || a.State == PendingPay {
			next = Opened
		}
		if a.State.InProgress() && next == a.State && a.Reason != reason {
			a.Reason, a.UpdatedAt = reason, at
			return true
		}
	case gateway.CheckoutProcessing:
		if a.State.InProgress() {
			next = PendingPay
		}
	case gateway.CheckoutPaid:
		next = Succeeded
	case gateway.CheckoutFailed, gateway.CheckoutCancelled:
		if a.State != Succeeded {
			next = FailedPay
		}
	case gateway.CheckoutExpired:
		if a.State != Succeeded {
			next = Expired
		}
	}
	if next == a.State {
		return false
	}
	a.State, a.Reason, a.UpdatedAt = next, reason, at
	return true
}

// PayLink is the lasting link of a document, /p/<token>: unguessable, revocable, renewed on demand. Only the hash of
// the token is looked up; the token itself is sealed, for printing it again in a mail or a PDF.
type PayLink struct {
	ID         string // the document's id
	Document   DocumentKind
	QuoteID    string // of a deposit
	CustomerID string
	Hash       string // SHA-256 of the token, hexadecimal
	Sealed     []byte
	Revoked    bool
	AttemptID  string // the attempt in progress, or the last one
	CreatedAt  time.Time
	Version    int64
}

// Clone returns an independent copy.
func (l PayLink) Clone() PayLink {
	l.Sealed = append([]byte(nil), l.Sealed...)
	return l
}

// DeliveryState says what became of a webhook delivery.
type DeliveryState string

const (
	DeliveryStored DeliveryState = "stored" // answered 2xx, not looked into yet
	DeliveryDone   DeliveryState = "done"
	DeliveryOrphan DeliveryState = "orphan" // verified, about nothing we know: kept, and looked at again
	DeliveryBad    DeliveryState = "bad"    // looking into it failed for good
)

// Delivery is a verified webhook call as it came, stored before it is answered.
type Delivery struct {
	ID           string // derived from connection and event id: a repetition is the same row
	ConnectionID string
	EventID      string
	Type         string
	SessionIDs   []string
	PaymentIDs   []string
	State        DeliveryState
	Tries        int
	Seen         int // how often it was delivered
	NextTry      time.Time
	ReceivedAt   time.Time
	Version      int64
}

// Clone returns an independent copy.
func (d Delivery) Clone() Delivery {
	d.SessionIDs = append([]string(nil), d.SessionIDs...)
	d.PaymentIDs = append([]string(nil), d.PaymentIDs...)
	return d
}
