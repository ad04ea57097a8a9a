package app

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Views answers questions about committed books, without the pen. Every question but the first group names its company,
// and nothing of another company is ever found. A thing that does not exist is fault unknown_thing; a cursor that does
// not fit is bad_cursor. Lists are read by keyset: a page costs the same at any depth.
type Views interface {
	// Link finds the document behind a pay link by the hash of its token. Code: link_unknown.
	Link(ctx context.Context, hash string) (company string, l inbox.PayLink, err error)
	// Companies lists every company of the installation, by name.
	Companies(ctx context.Context) ([]CompanyRef, error)
	// DueWork lists what background workers should look at, oldest first, at most limit of each kind.
	DueWork(ctx context.Context, now time.Time, limit int) (Work, error)

	Customer(ctx context.Context, company, id string) (party.Customer, error)
	CustomerByCode(ctx context.Context, company, code string) (party.Customer, error)
	Customers(ctx context.Context, company string, q CustomerQuery) (Page[CustomerRow], error)
	// Statement is a customer's account: every line of the customer's auxiliary account in a period, with a running balance.
	Statement(ctx context.Context, company, customerID string, from, to civil.Date) (Statement, error)

	Quote(ctx context.Context, company, id string) (billing.Quote, error)
	Quotes(ctx context.Context, company string, q QuoteQuery) (Page[QuoteRow], error)
	Invoice(ctx context.Context, company, id string) (billing.Invoice, error)
	Invoices(ctx context.Context, company string, q InvoiceQuery) (Page[InvoiceRow], error)
	// Credits lists the credit notes of an invoice, and its receipts are found by Receipts with the document's id.
	Credits(ctx context.Context, company, invoiceID string) ([]InvoiceRow, error)

	PayLink(ctx context.Context, company, document string) (inbox.PayLink, error)
	Attempt(ctx context.Context, company, id string) (inbox.Attempt, error)
	// AttemptBySession finds the attempt behind a gateway's pay page.
	AttemptBySession(ctx context.Context, company, connection, session string) (inbox.Attempt, error)
	// AttemptsOpen lists the attempts of a connection (empty: of all) that are in progress.
	AttemptsOpen(ctx context.Context, company, connection string) ([]inbox.Attempt, error)
	// AttemptsOf lists the attempts on a document, newest first.
	AttemptsOf(ctx context.Context, company, document string) ([]inbox.Attempt, error)
	Arrival(ctx context.Context, company, id string) (inbox.Arrival, error)
	Arrivals(ctx context.Context, company string, q ArrivalQuery) (Page[ArrivalRow], error)
	// ArrivalsReady lists ids of arrivals that OK on all would post, oldest first.
	ArrivalsReady(ctx context.Context, company string, limit int) ([]string, error)
	// ArrivalsUnmatched lists ids of arrivals that wait for something else to be known (inbox.Arrival.Awaiting).
	ArrivalsUnmatched(ctx context.Context, company string, limit int) ([]string, error)
	// ArrivalsUnvalued lists ids of arrivals in review for want of a rate or of the account of their balance, oldest first.
	ArrivalsUnvalued(ctx context.Context, company string, limit int) ([]string, error)
	// Waiting is the sum of payments of a document that succeeded at a gateway and are neither posted nor dismissed (states
	// ready and review, kind payment), in minor units of the books' currency: of what they settle, or of their gross amount
	// while that is not known.
	Waiting(ctx context.Context, company, document string) (int64, error)
	Receipt(ctx context.Context, company, id string) (inbox.Receipt, error)
	Receipts(ctx context.Context, company string, q ReceiptQuery) (Page[ReceiptRow], error)
	Refund(ctx context.Context, company, id string) (inbox.Refund, error)
	// RefundsOf lists the refunds asked for on a receipt, newest first.
	RefundsOf(ctx context.Context, company, receipt string) ([]inbox.Refund, error)
	// RefundsOpen lists the refunds asked of a connection that it may still tell of: of unknown outcome, or pending at the
	// provider. The oldest first.
	RefundsOpen(ctx context.Context, company, connection string) ([]inbox.Refund, error)
	// ArrivalsAwaiting lists ids of arrivals that wait for what becomes of these others (inbox.Arrival.Awaiting), by their RelatedID.
	ArrivalsAwaiting(ctx context.Context, company string, others []string) ([]string, error)
	Feed(ctx context.Context, company, connection string) (inbox.Feed, error)
	ProofViews

	// Evidence is the list of payloads about an arrival or a delivery, without their bytes.
	Evidence(ctx context.Context, company, subject string) (inbox.Evidence, error)
	Payload(ctx context.Context, company, id string) (inbox.Payload, error)
	// PayloadsHeld says of which ids the bytes are held.
	PayloadsHeld(ctx context.Context, company string, ids []string) (map[string]bool, error)
	// EvidenceExpired lists payloads, without their bytes, that came before an instant, were not erased, and whose subject
	// needs them no longer: an arrival that is over (inbox.Arrival.Over) and is not in dispute, as the dispute or as what is
	// disputed, where a dispute lasts until it is won back, written off or dismissed; a delivery that is not waiting to be
	// looked into. Oldest first.
	EvidenceExpired(ctx context.Context, company string, before time.Time, limit int) ([]inbox.Payload, error)
	// EvidenceAll gives every piece with its sealed bytes, and for each hash that an arrival rests on without there being
	// such a piece a line without bytes. One subject at a time is in memory.
	EvidenceAll(ctx context.Context, company string, each func(EvidenceLine) error) error

	Entry(ctx context.Context, company string, seq int64) (EntryView, error)
	Entries(ctx context.Context, company string, q EntryQuery) (Page[EntryView], error)
	// EntriesOf lists the entries that carry a document's id on a line.
	EntriesOf(ctx context.Context, company, document string) ([]EntryView, error)
	// AccountLines is the general ledger of one account, with the balance carried forward to the first line of the page.
	AccountLines(ctx context.Context, company string, q AccountQuery) (AccountPage, error)
	TrialBalance(ctx context.Context, company string, from, to civil.Date) ([]BalanceRow, error)
	// Balance is debit less credit of one account over all time, in minor units.
	Balance(ctx context.Context, company, account, aux string) (int64, error)
	// Standing is what stands on an account at the end of a day (none: of all), in the books' currency and in another.
	Standing(ctx context.Context, company, account string, cur money.Currency, to civil.Date) (books.Standing, error)
	// Charges adds up accounts by month, of lines posted in one journal and dated in a period: debit less credit.
	Charges(ctx context.Context, company, journal string, accounts []string, from, to civil.Date) ([]MonthSum, error)
	// Posted finds entries by the source that they were posted from; what was not posted is absent.
	Posted(ctx context.Context, company string, sources []string) (map[string]EntryRef, error)
	// Rates lists the company's rates, the latest first, those of a day by currency.
	Rates(ctx context.Context, company string, q RateQuery) (Page[ledger.Rate], error)
	// Head is the recorded end of the chain.
	Head(ctx context.Context, company string) (ledger.Head, error)

	Mail(ctx context.Context, company, id string) (inbox.Mail, error)
	Mails(ctx context.Context, company string, q MailQuery) (Page[inbox.Mail], error)
	// History lists what was done to a document, customer or connection, oldest first.
	History(ctx context.Context, company, ref string) ([]inbox.Event, error)
	Exports(ctx context.Context, company string) ([]ledger.Export, error)
	Home(ctx context.Context, company string, today civil.Date) (Home, error)

	// Lines streams posted lines joined with what exports need, in order of entry, below the ORM and in constant memory.
	Lines(ctx context.Context, company string, q LineQuery, each func(*ExportLine) error) error
	// Chain streams every entry in order of Seq and returns the recorded head read in the same snapshot.
	Chain(ctx context.Context, company string, each func(*ledger.Entry) error) (ledger.Head, error)
}

// Directory keeps the users of the installation, their roles and their tokens. It is not part of any company's books.
type Directory interface {
	User(ctx context.Context, id string) (access.User, error)
	UserByEmail(ctx context.Context, email party.Email) (access.User, error)
	// Users lists the members of a company with their roles.
	Users(ctx context.Context, company string) ([]UserRole, error)
	CountUsers(ctx context.Context) (int, error)
	// SaveUser inserts or updates by ID; Version must be the one read (0: new) and is advanced. Codes: already_exists (the e-mail), stale.
	SaveUser(ctx context.Context, u access.User) error
	// SetMember gives a role; an empty role takes it away. Code: last_owner.
	SetMember(ctx context.Context, m access.Member) error
	Member(ctx context.Context, company, user string) (access.Member, error)
	CompaniesOf(ctx context.Context, user string) ([]CompanyRef, error)
	SaveToken(ctx context.Context, t access.Token) error
	Tokens(ctx context.Context, company string) ([]access.Token, error)
	TokenByHash(ctx context.Context, hash string) (access.Token, error)
	// TouchToken records a use, at most once a minute for each token.
	TouchToken(ctx context.Context, id string, at time.Time) error
}

// UserRole is a user with the role in one company.
type UserRole struct {
	User access.User
	Role access.Role
}

// CompanyRef names a company.
type CompanyRef struct {
	ID, Name string
	Test     bool        // play money only
	Role     access.Role // of the user asked about; empty in Companies
}

// Work is what waits for background workers.
type Work struct {
	Mails      []WorkItem
	Deliveries []WorkItem
	Feeds      []WorkItem // connections to poll
	Proofs     []WorkItem // connections to check
	Refunds    []WorkItem // to ask for again
}

// WorkItem points at one record that is due.
type WorkItem struct{ Company, ID string }

// Page is one page of a list. Next and Prev are opaque cursors, empty at the ends.
type Page[T any] struct {
	Items []T
	Next  string
	Prev  string
}

// Paging says which page. Limit is clamped to 1..200; 0 means 50. Back reads towards the beginning from the cursor.
type Paging struct {
	Cursor string
	Back   bool
	Limit  int
}

// CustomerQuery filters and sorts customers. Search looks into code, name and e-mail. Sort: "name", "code".
type CustomerQuery struct {
	Search string
	Active *bool
	Sort   string
	Desc   bool
	Paging
}

// CustomerRow is a customer with what is due, in minor units.
type CustomerRow struct {
	party.Customer
	Due int64
}

// QuoteQuery filters and sorts quotes. Sort: "date", "number", "amount".
type QuoteQuery struct {
	Search   string // number, customer's name or code, reference
	States   []billing.QuoteState
	Customer string
	Sort     string
	Desc     bool
	Paging
}

// QuoteRow is a quote as lists show it.
type QuoteRow struct {
	ID, Number   string
	State        billing.QuoteState
	CustomerID   string
	CustomerName string
	Date         civil.Date
	ValidUntil   civil.Date
	Currency     money.Currency
	Gross        int64
	Deposits     int   // how many live
	Requested    int64 // sum of live deposits
	Received     int64
	SentAt       time.Time
}

// InvoiceQuery filters and sorts invoices. Sort: "date", "number", "due_date", "amount", "balance", "customer".
type InvoiceQuery struct {
	Search      string // number, customer's name or code, reference
	Kinds       []billing.InvoiceKind
	Lives       []billing.Life
	Settlements []billing.Settlement
	Overdue     bool
	Today       civil.Date // for Overdue
	Customer    string
	Quote       string
	From, To    civil.Date // by date of issue
	Sort        string
	Desc        bool
	Paging
}

// InvoiceRow is an invoice as lists show it. Balance is the stored Due().
type InvoiceRow struct {
	ID, Number   string
	Kind         billing.InvoiceKind
	Life         billing.Life
	Settlement   billing.Settlement
	CustomerID   string
	CustomerName string
	Date         civil.Date
	DueDate      civil.Date
	Currency     money.Currency
	Gross        int64
	Balance      int64
	Online       bool // settled, at least in part, by an online payment
	InProgress   bool // a payment is on its way
	SentAt       time.Time
	PaidAt       time.Time
}

// ArrivalQuery filters the inbox. Order is by date, newest first unless Desc is false.
type ArrivalQuery struct {
	ToDo       bool // only what waits for somebody
	States     []inbox.State
	Connection string
	Kinds      []string
	Document   string
	Payout     string // the provider's id of the payout that holds them
	Related    string // the gateway's id of the movement they belong to
	Search     string // payer, external id, document number, customer
	Desc       bool
	Paging
}

// ArrivalRow is an arrival with the names a person knows things by.
type ArrivalRow struct {
	inbox.Arrival
	CustomerName   string
	DocumentNumber string // of the invoice; of the quote for a deposit
	QuoteID        string
}

// ReceiptQuery filters receipts, newest first.
type ReceiptQuery struct {
	Search   string
	Customer string
	Document string
	Online   *bool
	From, To civil.Date
	Paging
}

// ReceiptRow is a receipt with names.
type ReceiptRow struct {
	inbox.Receipt
	CustomerName string
	CustomerCode string
}

// EntryQuery filters the journal, in order of posting, newest first when Desc.
type EntryQuery struct {
	Journal  string
	Year     string
	From, To civil.Date
	Search   string // label, piece
	Desc     bool
	Paging
}

// EntryView is an entry with the matching code of each line (same index; empty: none) and the entry that reverses it.
type EntryView struct {
	ledger.Entry
	Letters    []string
	ReversedBy int64
}

// AccountQuery asks for the lines of one account, in order of date and posting.
type AccountQuery struct {
	Account  string
	Aux      string
	From, To civil.Date
	Paging
}

// AccountPage is a page of the general ledger. Before is the balance in front of the first line.
type AccountPage struct {
	Page[AccountLine]
	Before int64
	Total  int64 // balance at the end of the period
}

// EvidenceLine is one piece of evidence with its sealed bytes, nil when they are not there.
type EvidenceLine struct {
	inbox.Piece
	Subject string
	Sealed  []byte
}

// AccountLine is one line with its entry's head.
type AccountLine struct {
	Seq, Number int64
	Year        string
	Journal     string
	Date        civil.Date
	Piece       string
	Label       string
	Aux         string
	Debit       int64
	Credit      int64
	Letter      string
	Foreign     money.Money // the amount in another currency, signed; no currency: none
	Balance     int64       // running
}

// Statement is a customer's account.
type Statement struct {
	Customer party.Customer
	Before   int64
	Lines    []AccountLine
	After    int64
}

// BalanceRow is one account of the trial balance, minor units. Before is the balance in front of the period.
type BalanceRow struct {
	Account, Label string
	Before         int64
	Debit, Credit  int64
	After          int64
}

// RateQuery filters rates.
type RateQuery struct {
	Currency money.Currency // none: all
	Paging
}

// MonthSum is a sum of a month, minor units.
type MonthSum struct {
	Month civil.Date // its first day
	Sum   int64
}

// EntryRef points at a posted entry.
type EntryRef struct{ Seq, Number int64 }

// MailQuery filters the outbox, newest first.
type MailQuery struct {
	States []inbox.MailState
	Ref    string
	Paging
}

// Home is the first page: what needs attention, and money in.
type Home struct {
	ToIntegrate     int   // what OK on all would post
	ToIntegrateSum  int64 // gross of the customers' payments among it
	InReview        int
	FeesPending     int // receipts posted whose commission is not known yet
	FeesAged        int // ... for more than three days
	Overdue         int
	OverdueSum      int64
	DueSum          int64
	DraftInvoices   int
	MailsFailed     int
	ConnectionsDown int
	Unproven        int // connections whose last check needs a look, or is older than two days
	Deliveries      int // orphans
	Months          []Month
}

// Month is money received in a month, minor units.
type Month struct {
	Month  civil.Date // its first day
	Online int64
	Other  int64
	Fees   int64
}

// LineQuery says which lines to stream: a fiscal year up to a head, with matchings as they stood at an instant, so that an
// export can be repeated to the byte.
type LineQuery struct {
	Year    string // empty: all
	Journal string
	UpTo    int64     // last Seq; 0: all
	AsOf    time.Time // matchings; zero: now
}

// ExportLine is one line of an export. The pointer and its strings are good until the callback returns.
type ExportLine struct {
	Seq          int64
	Journal      string
	JournalLabel string
	Year         string
	Number       int64
	Date         civil.Date
	Account      string
	AccountLabel string
	Aux          string
	AuxLabel     string
	Piece        string
	PieceDate    civil.Date
	Label        string
	Debit        int64
	Credit       int64
	Letter       string
	LetterDate   civil.Date
	ValidDate    civil.Date
	Foreign      money.Money
}
