package bunstore

import (
	"slices"

	"github.com/acquit-app/acquit/core/billing"
)

// status is kind, life and settlement of an invoice in one number, the first thing behind the company in every index that
// lists invoices. So whatever a list is filtered by among these three, it is a merge of some of these runs, each read in
// the order asked for. Numbers are stored: they are only added to.
type status int16

const (
	statusOther status = iota
	draftInvoice
	draftDeposit
	draftCredit
	draftDepositCredit
	issuedDeposit
	issuedCredit
	issuedDepositCredit
	issuedUnpaid
	issuedPartial
	issuedPaid
	issuedDisputed
)

// invoiceStatus spells a status out.
type invoiceStatus struct {
	status     status
	kind       billing.InvoiceKind
	life       billing.Life
	settlement billing.Settlement
}

var invoiceStatuses = []invoiceStatus{
	{draftInvoice, billing.Standard, billing.Draft, billing.None},
	{draftDeposit, billing.DepositBill, billing.Draft, billing.None},
	{draftCredit, billing.Credit, billing.Draft, billing.None},
	{draftDepositCredit, billing.DepositCredit, billing.Draft, billing.None},
	{issuedDeposit, billing.DepositBill, billing.Issued, billing.None},
	{issuedCredit, billing.Credit, billing.Issued, billing.None},
	{issuedDepositCredit, billing.DepositCredit, billing.Issued, billing.None},
	{issuedUnpaid, billing.Standard, billing.Issued, billing.Unpaid},
	{issuedPartial, billing.Standard, billing.Issued, billing.Partial},
	{issuedPaid, billing.Standard, billing.Issued, billing.Paid},
	{issuedDisputed, billing.Standard, billing.Issued, billing.Disputed},
}

func statusOf(v *billing.Invoice) status {
	settlement := v.Settlement()
	for _, s := range invoiceStatuses {
		if s.kind == v.Kind && s.life == v.Life && s.settlement == settlement {
			return s.status
		}
	}
	return statusOther
}

// statusesFor lists the statuses that a filter lets through; an empty set lets everything through. due keeps those of
// which something may be due.
func statusesFor(kinds []billing.InvoiceKind, lives []billing.Life, settlements []billing.Settlement, due bool) []status {
	var out []status
	if len(kinds) == 0 && len(lives) == 0 && len(settlements) == 0 && !due {
		out = append(out, statusOther)
	}
	for _, s := range invoiceStatuses {
		if (len(kinds) == 0 || slices.Contains(kinds, s.kind)) && (len(lives) == 0 || slices.Contains(lives, s.life)) &&
			(len(settlements) == 0 || slices.Contains(settlements, s.settlement)) &&
			(!due || s.status == issuedUnpaid || s.status == issuedPartial || s.status == issuedDisputed) {
			out = append(out, s.status)
		}
	}
	return out
}
