package billing

import (
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// MethodKind says how money comes by a payment method.
type MethodKind string

const (
	ByGateway     MethodKind = "gateway"
	ByTransfer    MethodKind = "transfer"
	ByCheque      MethodKind = "cheque"
	ByCash        MethodKind = "cash"
	ByCard        MethodKind = "card"
	ByDirectDebit MethodKind = "direct_debit"
)

// PaymentMethod is a "mode de règlement". Online is the box "Autoriser le paiement en ligne": only such a method yields a
// pay button. Journal and Account say where receipts typed in by hand are posted.
type PaymentMethod struct {
	ID      string
	Code    string
	Label   string
	Kind    MethodKind
	Online  bool
	Journal string
	Account string
	Active  bool
	Version int64
}

// Validate normalises and checks what was typed in. Codes: required, too_long, bad_code, bad_choice.
func (m *PaymentMethod) Validate() error {
	var f fault.Collect
	_ = f.Add(party.CleanCode(&m.Code, 12), "code")
	_ = f.Add(party.CleanText(&m.Label, 1, 60), "label")
	switch m.Kind {
	case ByGateway, ByTransfer, ByCheque, ByCash, ByCard, ByDirectDebit:
	default:
		_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(string(m.Kind)), "allowed", "gateway, transfer, cheque, cash, card, direct_debit"), "kind")
	}
	if m.Kind != ByGateway {
		_ = f.Add(party.CleanCode(&m.Journal, 8), "journal")
		_ = f.Add(party.CleanCode(&m.Account, 12), "account")
	}
	return f.Err()
}

// QuoteState is the life of a quote.
type QuoteState string

const (
	QuoteDraft    QuoteState = "draft"
	QuoteSent     QuoteState = "sent" // numbered and frozen; deposits may still be added
	QuoteAccepted QuoteState = "accepted"
	QuoteRefused  QuoteState = "refused"
	QuoteInvoiced QuoteState = "invoiced"
)

// Quote is an offer ("devis"), with the deposits asked for at its foot ("Pied › Acomptes").
type Quote struct {
	ID         string
	Number     string // set when sent or accepted; quotes have a series of their own
	State      QuoteState
	CustomerID string
	Date       civil.Date
	ValidUntil civil.Date
	Currency   money.Currency
	Language   string
	Reference  string // the customer's order number
	Note       string
	Lines      []DocLine
	Totals     Totals
	Deposits   []Deposit
	InvoiceID  string // the final invoice made from it

	SentAt    time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
	UpdatedBy string
	Version   int64
}

// DepositState is the life of a deposit request.
type DepositState string

const (
	DepositDraft     DepositState = "draft"
	DepositRequested DepositState = "requested" // validated: may be sent and paid
	DepositPaid      DepositState = "paid"      // received, on 4191, its invoice issued
	DepositApplied   DepositState = "applied"   // deducted on a final invoice
	DepositRefunded  DepositState = "refunded"  // given back in full
	DepositCancelled DepositState = "cancelled"
)

// Deposit is one "acompte" asked for on a quote. Amounts are minor units, VAT included.
type Deposit struct {
	ID        string
	Position  int // from 1
	Label     string
	Percent   decimal.Decimal // of the quote's total when positive; else Amount was given
	Amount    int64
	DueDate   civil.Date
	MethodID  string
	Online    bool // the method allowed online payment when the deposit was last saved
	State     DepositState
	Received  int64  // paid so far
	InvoiceID string // its deposit invoice
	AppliedTo string // final invoice
}

// Live says whether the deposit still counts: it is asked for, paid or applied.
func (d Deposit) Live() bool { return d.State != DepositCancelled && d.State != DepositRefunded }

// Payable says whether money for it is expected.
func (d Deposit) Payable() bool { return d.State == DepositRequested && d.Amount > d.Received }

// Due is what remains to pay.
func (d Deposit) Due() int64 {
	if d.State != DepositRequested {
		return 0
	}
	return max(0, d.Amount-d.Received)
}

// Clone returns an independent copy.
func (q Quote) Clone() Quote {
	q.Lines = append([]DocLine(nil), q.Lines...)
	q.Totals.Rows = append([]VATRow(nil), q.Totals.Rows...)
	q.Deposits = append([]Deposit(nil), q.Deposits...)
	return q
}

// Open says whether the quote may still change or be acted upon.
func (q *Quote) Open() bool {
	return q.State == QuoteDraft || q.State == QuoteSent || q.State == QuoteAccepted
}

// Deposit finds a deposit of the quote. Code: unknown_thing.
func (q *Quote) Deposit(id string) (*Deposit, error) {
	for i := range q.Deposits {
		if q.Deposits[i].ID == id {
			return &q.Deposits[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, fault.UnknownThing, "what", "deposit", "id", fault.Clip(id))
}

// SetDeposit adds a deposit (new ID) or changes a draft one, and checks the quote as a whole: the deposits together do
// not exceed the quote, and only one of them may be paid online. Codes: quote_closed, deposit_not_draft, required,
// too_long, bad_amount, bad_rate, bad_date, deposits_exceed_quote, second_online_deposit.
func (q *Quote) SetDeposit(d Deposit, m PaymentMethod) error {
	if !q.Open() {
		return fault.New(fault.Refused, fault.QuoteClosed, "number", q.Number)
	}
	var f fault.Collect
	add := func(err error, field string) { _ = f.Add(err, field) }
	add(party.CleanText(&d.Label, 0, 120), "label")
	switch {
	case d.Percent.IsNegative() || d.Percent.GreaterThan(hundred) || !d.Percent.Equal(d.Percent.Round(4)):
		add(fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(d.Percent.String())), "percent")
	case d.Percent.IsPositive():
		a, err := money.Of(q.Totals.Gross, q.Currency).Times(d.Percent.Shift(-2), money.HalfUp)
		add(err, "percent")
		d.Amount = a.Minor()
	}
	if d.Amount <= 0 {
		add(fault.New(fault.Invalid, fault.BadAmount, "found", money.Of(d.Amount, q.Currency).Plain()), "amount")
	}
	if d.DueDate.IsZero() {
		add(fault.New(fault.Invalid, fault.Required), "due_date")
	}
	if err := f.Err(); err != nil {
		return err
	}
	d.MethodID, d.Online = m.ID, m.Online
	next := q.Clone().Deposits
	found := false
	for i := range next {
		if next[i].ID != d.ID {
			continue
		}
		if next[i].State != DepositDraft {
			return fault.New(fault.Refused, fault.DepositNotDraft, "deposit", strconv.Itoa(next[i].Position))
		}
		d.Position, d.State, found = next[i].Position, DepositDraft, true
		next[i] = d
	}
	if !found {
		d.Position, d.State = len(next)+1, DepositDraft
		next = append(next, d)
	}
	if err := q.checkDeposits(next); err != nil {
		return err
	}
	q.Deposits = next
	return nil
}

// checkDeposits is the deposit rule: at any time at most one live deposit of a quote is payable online, so none becomes so
// once one has been paid online, unless that one was cancelled or refunded in full (product.md §1).
func (q *Quote) checkDeposits(ds []Deposit) error {
	var sum int64
	online := 0
	for _, d := range ds {
		if !d.Live() {
			continue
		}
		sum += d.Amount
		if d.Online {
			if online != 0 {
				return fault.New(fault.Refused, fault.SecondOnlineDeposit, "deposit", strconv.Itoa(online)).On("method")
			}
			online = d.Position
		}
	}
	if sum > q.Totals.Gross {
		return fault.New(fault.Refused, fault.DepositsExceedQuote, "total", money.Of(q.Totals.Gross, q.Currency).Plain()).On("amount")
	}
	return nil
}

// CheckDeposits applies the deposit rule to the quote as it stands. Codes: second_online_deposit, deposits_exceed_quote.
func (q *Quote) CheckDeposits() error { return q.checkDeposits(q.Deposits) }

// ValidateDeposit turns a draft deposit into a request that may be sent and paid ("Valider"). Codes: unknown_thing,
// quote_closed, deposit_not_draft, second_online_deposit, deposits_exceed_quote.
func (q *Quote) ValidateDeposit(id string) error {
	if !q.Open() {
		return fault.New(fault.Refused, fault.QuoteClosed, "number", q.Number)
	}
	d, err := q.Deposit(id)
	if err != nil {
		return err
	}
	if d.State != DepositDraft {
		return fault.New(fault.Refused, fault.DepositNotDraft, "deposit", strconv.Itoa(d.Position))
	}
	if err := q.CheckDeposits(); err != nil {
		return err
	}
	d.State = DepositRequested
	return nil
}

// CancelDeposit withdraws a deposit that nobody has paid. Codes: unknown_thing, deposit_paid.
func (q *Quote) CancelDeposit(id string) error {
	d, err := q.Deposit(id)
	if err != nil {
		return err
	}
	if d.Received != 0 || d.State != DepositDraft && d.State != DepositRequested {
		return fault.New(fault.Refused, fault.DepositPaid, "deposit", strconv.Itoa(d.Position))
	}
	d.State = DepositCancelled
	return nil
}
