package inbox

import (
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
)

// Receipt is money received from a customer (règlement), online or typed in, and what it settled.
type Receipt struct {
	ID          string
	CustomerID  string
	Date        civil.Date
	Amount      money.Money
	MethodID    string // typed in
	ArrivalID   string // online
	Connection  string // online
	Reference   string // cheque or transfer number, the gateway's id
	Allocations []Allocation
	Excess      int64 // minor units that went to the customer's credit
	EntrySeq    int64
	ReversedSeq int64 // the entry that took it back
	Refunded    int64
	Refunding   int64  // asked for and not posted yet
	RefundID    string // the last refund we asked for
	CreatedAt   time.Time
	CreatedBy   string
	Version     int64
}

// Allocation is the part of a receipt that settles one document, in minor units.
type Allocation struct {
	Document   DocumentKind
	DocumentID string
	Number     string
	Amount     int64
}

// Clone returns an independent copy.
func (r Receipt) Clone() Receipt {
	r.Allocations = append([]Allocation(nil), r.Allocations...)
	return r
}

// Event is one line of a document's history: who did what, when.
type Event struct {
	ID     string
	At     time.Time
	Actor  string
	Action string // catalogue key
	Ref    string // id of the document, customer, connection...
	Detail string // plain values: a number, an amount, a reason
}

// MailState is where an outgoing mail stands.
type MailState string

const (
	MailQueued  MailState = "queued"
	MailSending MailState = "sending"
	MailSent    MailState = "sent"
	MailFailed  MailState = "failed" // refused for good; a person may send it again
)

// Mail is an outgoing mail in the durable outbox. Its content is made from the document when it leaves; what left is kept.
type Mail struct {
	ID        string
	Template  string // "invoice", "quote", "deposit_receipt"...
	Ref       string // the document's id
	To        string
	ToName    string
	Language  string
	Subject   string
	State     MailState
	Tries     int
	NextTry   time.Time
	Problem   string
	Detail    string
	CreatedAt time.Time
	CreatedBy string
	SentAt    time.Time
	Version   int64
}

// Clone returns an independent copy.
func (m Mail) Clone() Mail { return m }
