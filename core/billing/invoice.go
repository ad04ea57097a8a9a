package billing

import (
	"maps"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// InvoiceKind is what an invoice-like document is; the number is its UNTDID 1001 code (BT-3).
type InvoiceKind string

const (
	Standard      InvoiceKind = "invoice"        // 380, also the final invoice after deposits
	DepositBill   InvoiceKind = "deposit"        // 386, issued when a deposit was received (art. 289-I-1-c CGI)
	Credit        InvoiceKind = "credit_note"    // 381
	DepositCredit InvoiceKind = "deposit_credit" // 503
)

// IsCredit says whether the document takes back instead of charging.
func (k InvoiceKind) IsCredit() bool { return k == Credit || k == DepositCredit }

// Life is the life of an invoice.
type Life string

const (
	Draft     Life = "draft"
	Issued    Life = "issued"    // numbered, frozen, posted
	Discarded Life = "discarded" // a draft thrown away; it never had a number
)

// Settlement is where the payment of an issued invoice stands.
type Settlement string

const (
	Unpaid   Settlement = "unpaid"
	Partial  Settlement = "partial"
	Paid     Settlement = "paid"
	Disputed Settlement = "disputed"
	None     Settlement = "none" // drafts, credit notes, deposit invoices: nothing to wait for
)

// Deduction is a deposit taken off a final invoice, with the VAT that was already due on it.
type Deduction struct {
	DepositID string
	InvoiceID string // the deposit invoice, which the final invoice must refer to (BOI 2003 §120)
	Number    string
	Date      civil.Date
	Gross     int64
	Rows      []VATRow
}

// Invoice is an invoice, deposit invoice or credit note. Amounts are minor units of Currency; those of a credit note are
// positive and mean "less".
type Invoice struct {
	ID         string
	Kind       InvoiceKind
	Life       Life
	Number     string
	CustomerID string
	Customer   party.Customer // as printed: frozen at issue
	Date       civil.Date     // of issue
	SupplyDate civil.Date     // of supply, or of the deposit's receipt
	DueDate    civil.Date
	Currency   money.Currency
	Language   string
	Reference  string // the customer's order number
	Note       string
	MethodID   string
	QuoteID    string
	CreditOf   string // the invoice that a credit note corrects
	CreditOfNo string
	Lines      []DocLine
	Totals     Totals
	Deductions []Deduction
	OnDebits   bool // VAT on services due at issue (option pour les débits), frozen at issue

	Paid     int64 // receipts less refunds
	Credited int64 // credit notes
	Dispute  int64 // taken away by open chargebacks (account 416): due again, in dispute
	// VATMoved is, by VAT code, what moved from "awaiting receipt" (445880) to "collected".
	VATMoved map[string]int64
	// VATCredited is, by VAT code, the tax that credit notes took back.
	VATCredited map[string]int64
	// NetCredited is, by VAT code, what credit notes took back excl. VAT.
	NetCredited map[string]int64

	EntrySeq  int64 // the sales entry
	IssuedAt  time.Time
	SentAt    time.Time
	PaidAt    time.Time // when it was last settled in full
	CreatedAt time.Time
	UpdatedAt time.Time
	UpdatedBy string
	Version   int64
}

// Clone returns an independent copy.
func (v Invoice) Clone() Invoice {
	v.Lines = append([]DocLine(nil), v.Lines...)
	v.Totals.Rows = append([]VATRow(nil), v.Totals.Rows...)
	ds := make([]Deduction, len(v.Deductions))
	for i, d := range v.Deductions {
		d.Rows = append([]VATRow(nil), d.Rows...)
		ds[i] = d
	}
	v.Deductions = ds
	v.VATMoved = maps.Clone(v.VATMoved)
	v.VATCredited = maps.Clone(v.VATCredited)
	v.NetCredited = maps.Clone(v.NetCredited)
	return v
}

// Deducted is the sum of the deposits taken off.
func (v *Invoice) Deducted() int64 {
	var s int64
	for _, d := range v.Deductions {
		s += d.Gross
	}
	return s
}

// Payable is what the customer was asked for: the total less the deposits deducted.
func (v *Invoice) Payable() int64 { return v.Totals.Gross - v.Deducted() }

// Due is the balance due ("solde dû"): the one function that list, mail, PDF, QR code, pay page and reminders use.
// It is never negative: what was paid too much is the customer's credit.
func (v *Invoice) Due() int64 {
	if v.Life != Issued || v.Kind != Standard {
		return 0
	}
	return max(0, v.Payable()-v.Credited-v.Paid) + v.Dispute
}

// Collectable is the part of the balance due that may be paid: not what is in dispute.
func (v *Invoice) Collectable() int64 { return v.Due() - v.Dispute }

// Excess is what the customer is owed because credit notes came after payment.
func (v *Invoice) Excess() int64 {
	if v.Life != Issued || v.Kind != Standard {
		return 0
	}
	return max(0, v.Paid+v.Credited-v.Payable())
}

// VATTarget is the tax of a row that should have become due by now: in proportion to what was received, deposits
// included, of what remains charged after credit notes.
func (v *Invoice) VATTarget(r VATRow) int64 {
	vat, gross := r.VAT-v.VATCredited[r.Code], v.Totals.Gross-v.Credited
	paid := min(max(0, v.Deducted()+v.Paid), gross)
	if gross <= 0 || vat == 0 {
		return 0
	}
	return money.Of(vat, v.Currency).Share(money.Of(paid, v.Currency), money.Of(gross, v.Currency)).Minor()
}

// Settlement is derived from the amounts, so it cannot contradict them.
func (v *Invoice) Settlement() Settlement {
	switch {
	case v.Life != Issued || v.Kind != Standard:
		return None
	case v.Dispute > 0:
		return Disputed
	case v.Due() == 0:
		return Paid
	case v.Paid > 0 || v.Credited > 0 || v.Deducted() > 0:
		return Partial
	}
	return Unpaid
}

// Overdue says whether something is due and the due date has passed.
func (v *Invoice) Overdue(today civil.Date) bool { return v.Due() > 0 && v.DueDate.Before(today) }

// Nature is the category of operation that must be printed (décret 2022-1299): goods, services, or both ("mixed").
func (v *Invoice) Nature() string {
	goods, services := false, false
	for _, l := range v.Lines {
		goods = goods || l.Nature == Goods
		services = services || l.Nature == Services
	}
	switch {
	case goods && services:
		return "mixed"
	case goods:
		return string(Goods)
	}
	return string(Services)
}

// Check refuses a document that may not be issued. Codes: not_draft, no_lines, negative_total, due_before_issue, deposits_exceed_quote.
func (v *Invoice) Check() error {
	if v.Life != Draft {
		return fault.New(fault.Refused, fault.NotDraft, "number", v.Number)
	}
	if len(v.Lines) == 0 {
		return fault.New(fault.Invalid, fault.NoLines).On("lines")
	}
	if v.Kind == Standard && v.DueDate.Before(v.Date) {
		return fault.New(fault.Invalid, fault.DueBeforeIssue).On("due_date")
	}
	if v.Totals.Gross <= 0 {
		return fault.New(fault.Refused, fault.NegativeTotal).On("lines")
	}
	if v.Payable() < 0 {
		return fault.New(fault.Refused, fault.DepositsExceedQuote, "total", money.Of(v.Totals.Gross, v.Currency).Plain()).On("lines")
	}
	return nil
}

// Receive records that amount of the balance due was received (negative: given back) on a day.
func (v *Invoice) Receive(amount int64, at time.Time) {
	v.Paid += amount
	v.touch(at)
}

// CreditBy records a credit note. A note takes back no more than what is still charged, in all and for each VAT code.
// Code: credit_too_large.
func (v *Invoice) CreditBy(t Totals, at time.Time) error {
	if left := v.Totals.Gross - v.Credited; t.Gross > left {
		return fault.New(fault.Refused, fault.CreditTooLarge, "max", money.Of(left, v.Currency).Plain()).On("lines")
	}
	charged := map[string]int64{}
	for _, r := range v.Totals.Rows {
		charged[r.Code] = r.VAT - v.VATCredited[r.Code]
	}
	for _, r := range t.Rows {
		if r.VAT > charged[r.Code] {
			return fault.New(fault.Refused, fault.CreditTooLarge, "max", money.Of(charged[r.Code], v.Currency).Plain()).On("lines")
		}
	}
	if v.VATCredited == nil {
		v.VATCredited = map[string]int64{}
	}
	if v.NetCredited == nil {
		v.NetCredited = map[string]int64{}
	}
	for _, r := range t.Rows {
		v.VATCredited[r.Code] += r.VAT
		v.NetCredited[r.Code] += r.Base
	}
	v.Credited += t.Gross
	v.touch(at)
	return nil
}

func (v *Invoice) touch(at time.Time) {
	if v.Due() == 0 {
		v.PaidAt = at
	} else {
		v.PaidAt = time.Time{}
	}
}
