package books

import (
	"context"
	"errors"
	"time"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Kind names one kind of record. The Go type of its values is fixed; see the comments.
type Kind uint8

const (
	Companies   Kind = iota // party.Company; exactly one, the books' own
	Accounts                // ledger.Account, by code
	Journals                // ledger.Journal, by code
	Years                   // ledger.FiscalYear
	VATCodes                // billing.VATCode, by code
	Methods                 // billing.PaymentMethod
	Connections             // inbox.Connection
	Customers               // party.Customer
	Quotes                  // billing.Quote, its deposits with it
	Invoices                // billing.Invoice
	Links                   // inbox.PayLink, by document id
	Attempts                // inbox.Attempt
	Arrivals                // inbox.Arrival
	Deliveries              // inbox.Delivery
	Feeds                   // inbox.Feed, by connection id
	Receipts                // inbox.Receipt
	Refunds                 // inbox.Refund
	Mails                   // inbox.Mail
	Exports                 // ledger.Export
	Sequences               // billing.Sequence
	Keys                    // IdempotencyKey
	Rates                   // ledger.Rate, by currency and day
	Evidence                // inbox.Evidence, by the id of its subject
	Payloads                // inbox.Payload
	Proofs                  // inbox.Proof
	ProofRuns               // inbox.ProofRun, by connection id
	kinds
)

var kindNames = [kinds]string{"company", "account", "journal", "fiscal_year", "vat_code", "payment_method", "connection",
	"customer", "quote", "invoice", "pay_link", "attempt", "arrival", "delivery", "feed", "receipt", "refund", "mail", "export", "sequence", "key", "rate", "evidence", "payload", "proof", "proof_run"}

// String is the kind's name as messages and the API use it.
func (k Kind) String() string { return kindNames[k] }

// IsSetup says whether records of the kind are settings: few, read by every command, cached between transactions.
func (k Kind) IsSetup() bool { return k <= Connections }

// Kinds lists every kind, for conformance tests.
func Kinds() []Kind {
	all := make([]Kind, kinds)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Ref names one record.
type Ref struct {
	Kind Kind
	ID   string
}

// IdempotencyKey remembers a write that a client may send again. Resource is what it made.
type IdempotencyKey struct {
	ID          string
	Fingerprint string // of the request: the same key with another request is refused
	Resource    string
	At          int64 // Unix microseconds
}

// Store keeps books. It is the only port that the pen needs: everything that decides lives above it.
type Store interface {
	// Begin opens a transaction that holds the company's pen: until Commit or Rollback no other Begin of the same company
	// returns, in this process or another. Codes: unknown_thing when there is no such company.
	Begin(ctx context.Context, company string) (Session, error)
	// SetupVersion is the version of a company's settings, read without the pen. Code: unknown_thing.
	SetupVersion(ctx context.Context, company string) (int64, error)
	// Create writes the first records of a new company, atomically. Code: already_exists.
	Create(ctx context.Context, c *Changes) error
}

// ErrRetry wraps an error after which the same transaction may be tried again: a serialization failure, a deadlock, a
// busy database.
var ErrRetry = errors.New("books: transaction lost a race")

// Session is one transaction. It is used by one goroutine.
type Session interface {
	// State is the company's row as locked by Begin.
	State() State
	// Setup loads all settings.
	Setup(ctx context.Context) (*Setup, error)
	// Load returns the records of these ids that exist, values of the kind's type, in any order.
	Load(ctx context.Context, k Kind, ids []string) ([]any, error)
	// Lines returns every posted line that carries one of these document ids, with its matching code if any.
	Lines(ctx context.Context, documents []string) ([]MatchedLine, error)
	// Standing adds up what stands on an account, of all posted lines dated since a day or later (no date: all): debit less
	// credit, and the amounts that the lines carry in a currency.
	Standing(ctx context.Context, account string, cur money.Currency, since civil.Date) (Standing, error)
	// Entry returns a posted entry. Code: unknown_thing.
	Entry(ctx context.Context, seq int64) (ledger.Entry, error)
	// Save writes everything, in few statements. A rule that the database refuses comes back as its fault, from here or
	// from Commit (second_online_deposit, duplicate_posting, entry_unbalanced, already_exists...).
	Save(ctx context.Context, c *Changes) error
	Commit(ctx context.Context) error
	Rollback()
}

// State is what a company's row holds beside its settings.
type State struct {
	SetupVersion int64
	Head         ledger.Head
}

// MatchedLine is a posted line of a document with the code of the matching that holds it; empty: open.
type MatchedLine struct {
	ledger.OpenLine
	Code string
}

// Standing is what stands on an account: in the books' currency and in another, minor units of each.
type Standing struct{ Book, Foreign int64 }

// Changes is what one transaction writes.
type Changes struct {
	Company   string
	At        time.Time // the instant of the transaction: of matchings taken apart
	Puts      []Put     // each record once, in its last version
	Entries   []ledger.Entry
	Matchings []ledger.Matching
	Dissolved []string // codes of matchings taken apart
	Events    []inbox.Event
	State     State // new head and settings version
}

// Put writes a record, new or not. Value has the kind's type.
type Put struct {
	Ref
	Value any
	New   bool // the pen knows that no such record exists
}

// Empty says whether there is nothing to write.
func (c *Changes) Empty() bool {
	return len(c.Puts) == 0 && len(c.Entries) == 0 && len(c.Matchings) == 0 && len(c.Dissolved) == 0 && len(c.Events) == 0
}

func keyOf(k Kind, v any) string {
	switch v := v.(type) {
	case party.Company:
		return v.ID
	case ledger.Account:
		return v.Code
	case ledger.Journal:
		return v.Code
	case ledger.FiscalYear:
		return v.ID
	case billing.VATCode:
		return v.Code
	case billing.PaymentMethod:
		return v.ID
	case inbox.Connection:
		return v.ID
	case party.Customer:
		return v.ID
	case billing.Quote:
		return v.ID
	case billing.Invoice:
		return v.ID
	case inbox.PayLink:
		return v.ID
	case inbox.Attempt:
		return v.ID
	case inbox.Arrival:
		return v.ID
	case inbox.Delivery:
		return v.ID
	case inbox.Feed:
		return v.ID
	case inbox.Receipt:
		return v.ID
	case inbox.Refund:
		return v.ID
	case inbox.Mail:
		return v.ID
	case ledger.Export:
		return v.ID
	case billing.Sequence:
		return v.ID
	case IdempotencyKey:
		return v.ID
	case ledger.Rate:
		return v.ID
	case inbox.Evidence:
		return v.ID
	case inbox.Payload:
		return v.ID
	case inbox.Proof:
		return v.ID
	case inbox.ProofRun:
		return v.ID
	}
	panic("books: a record of no kind: " + k.String())
}
