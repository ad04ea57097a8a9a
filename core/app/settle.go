package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
)

// settling gathers what one movement of money does to a customer's documents: the parts of its entry, and what to match
// once the entry is posted. Amounts are minor units; negative ones give back.
type settling struct {
	who      access.Actor
	customer party.Customer
	parts    []posting.Part
	allocs   []inbox.Allocation
	match    []matchKey
	bill     *billing.Invoice // deposit invoice or deposit credit note that it made necessary
	applied  int64
	excess   int64
	exact    bool // no difference is written off: all of it is the customer's
}

type matchKey struct{ account, document string }

// on applies an amount to a document: what it can take settles it, the rest becomes the customer's credit.
func (a *App) settleOn(ctx context.Context, tx *books.Tx, s *settling, kind inbox.DocumentKind, id string, amount int64, day civil.Date) error {
	switch kind {
	case inbox.InvoiceDocument:
		return a.settleInvoice(ctx, tx, s, id, amount)
	case inbox.DepositDocument:
		return a.settleDeposit(ctx, tx, s, id, amount, day)
	}
	s.credit(amount)
	return nil
}

// credit leaves an amount on the customer's credit account (E9), or takes it from there.
func (s *settling) credit(amount int64) {
	if amount == 0 {
		return
	}
	s.parts = append(s.parts, posting.Part{Account: posting.CustomerCredit, Aux: s.customer.Code, Amount: amount})
	s.excess += amount
}

func (a *App) settleInvoice(ctx context.Context, tx *books.Tx, s *settling, id string, amount int64) error {
	v, err := tx.Invoices.Get(ctx, id)
	if err != nil {
		return err
	}
	if v.Life != billing.Issued || v.Kind != billing.Standard {
		return fault.New(fault.Refused, fault.NotIssued, "number", v.Number)
	}
	due := v.Collectable()
	part := posting.Part{Account: posting.Customers, Aux: s.customer.Code, Document: v.ID, Amount: amount}
	var rest int64
	if amount > due {
		part.Amount, rest = due, amount-due
	}
	// A difference of a few cents is written off, within the company's bound (E12).
	short := due - part.Amount
	if amount > 0 && short > 0 && short <= tx.Setup().Company.Tolerance && !s.exact {
		part.Amount += short
		s.parts = append(s.parts, posting.Part{Account: posting.PaymentLoss, Amount: -short})
	}
	v.Receive(part.Amount, tx.Now())
	part.VAT = posting.VATOnReceipt(&v)
	if part.Amount != 0 {
		s.parts = append(s.parts, part)
		s.allocs = append(s.allocs, inbox.Allocation{Document: inbox.InvoiceDocument, DocumentID: v.ID, Number: v.Number, Amount: part.Amount})
		s.match = append(s.match, matchKey{posting.Customers, v.ID})
		s.applied += part.Amount
	}
	if amount < 0 {
		if err := tx.Unmatch(ctx, v.ID, posting.Customers); err != nil {
			return err
		}
	}
	action := "invoice_paid"
	if amount < 0 {
		action = "invoice_refunded"
	}
	a.saveInvoice(tx, s.who, &v, action, a.plain(part.Amount, v.Currency))
	if rest > 0 && rest <= tx.Setup().Company.Tolerance && !s.exact {
		s.parts = append(s.parts, posting.Part{Account: posting.PaymentGain, Amount: rest})
		return nil
	}
	s.credit(rest)
	return nil
}

// settleDeposit books a deposit on 4191 and issues its invoice, or gives it back with a credit note. A deposit paid with
// another amount than asked is a deposit of that amount: its invoice says what was received (art. 289-I-1-c CGI), and the
// final invoice asks for the rest.
func (a *App) settleDeposit(ctx context.Context, tx *books.Tx, s *settling, id string, amount int64, day civil.Date) error {
	l, err := tx.Links.Get(ctx, id)
	if err != nil {
		return err
	}
	q, err := tx.Quotes.Get(ctx, l.QuoteID)
	if err != nil {
		return err
	}
	d, err := q.Deposit(id)
	if err != nil {
		return err
	}
	if amount < 0 {
		return a.refundDeposit(ctx, tx, s, &q, d, -amount, day)
	}
	if d.State != billing.DepositRequested || !q.Open() {
		s.credit(amount)
		return nil
	}
	take := min(amount, d.Due())
	d.Amount, d.Received = take, take
	bill, err := a.depositBill(ctx, tx, s.who, &q, d, day)
	if err != nil {
		return err
	}
	d.State, d.InvoiceID = billing.DepositPaid, bill.ID
	s.bill = &bill
	s.parts = append(s.parts, posting.Part{Account: posting.Deposits, Aux: s.customer.Code, Document: d.ID, Amount: take, VAT: posting.VATOnDeposit(bill.Totals.Rows, 1)})
	s.allocs = append(s.allocs, inbox.Allocation{Document: inbox.DepositDocument, DocumentID: d.ID, Number: bill.Number, Amount: take})
	s.match = append(s.match, matchKey{posting.Deposits, d.ID})
	s.applied += take
	a.saveQuote(tx, s.who, &q, "deposit_paid", a.plain(take, q.Currency))
	if s.customer.Email != "" {
		if err := a.queueMail(tx, s.who, "deposit_receipt", bill.ID, s.customer); err != nil && !fault.Has(err, fault.MailNotSet) {
			return err
		}
	}
	s.credit(amount - take)
	return nil
}

// refundDeposit gives back a deposit, or part of it. Before the final invoice it comes off 4191 with a credit note on the
// deposit invoice (E7); after it, the final invoice asks for it again.
func (a *App) refundDeposit(ctx context.Context, tx *books.Tx, s *settling, q *billing.Quote, d *billing.Deposit, amount int64, day civil.Date) error {
	if d.State == billing.DepositApplied {
		return a.settleInvoice(ctx, tx, s, d.AppliedTo, -amount)
	}
	if d.State != billing.DepositPaid {
		s.credit(-amount)
		return nil
	}
	if amount > d.Received {
		s.credit(d.Received - amount)
		amount = d.Received
	}
	bill, err := tx.Invoices.Get(ctx, d.InvoiceID)
	if err != nil {
		return err
	}
	note, err := a.depositCredit(ctx, tx, s.who, q, &bill, amount, day)
	if err != nil {
		return err
	}
	d.Received -= amount
	d.Amount = d.Received
	if d.Received == 0 {
		d.State, d.Amount = billing.DepositRefunded, bill.Totals.Gross
	}
	s.bill = &note
	s.parts = append(s.parts, posting.Part{Account: posting.Deposits, Aux: s.customer.Code, Document: d.ID, Amount: -amount, VAT: posting.VATOnDeposit(note.Totals.Rows, -1)})
	s.allocs = append(s.allocs, inbox.Allocation{Document: inbox.DepositDocument, DocumentID: d.ID, Number: note.Number, Amount: -amount})
	s.match = append(s.match, matchKey{posting.Deposits, d.ID})
	s.applied -= amount
	a.saveQuote(tx, s.who, q, "deposit_refunded", a.plain(amount, q.Currency))
	return nil
}

// finish posts the movement with its parts, matches what is settled and keeps the customer's credit.
func (a *App) finish(ctx context.Context, tx *books.Tx, s *settling, m posting.Movement) (int64, error) {
	e, err := tx.Post(ctx, posting.Receipt(m, s.parts...), s.who.ID)
	if err != nil {
		return 0, err
	}
	for _, k := range s.match {
		if err := a.matchAll(ctx, tx, k.account, k.document); err != nil {
			return 0, err
		}
	}
	if s.excess == 0 {
		return e.Seq, nil
	}
	return e.Seq, a.addCredit(ctx, tx, s.customer.ID, s.excess)
}

// addCredit changes what the customer has paid too much. It may become negative: a gateway can give back what was used for
// another document meanwhile, and the customer then owes it.
func (a *App) addCredit(ctx context.Context, tx *books.Tx, customer string, amount int64) error {
	c, err := tx.Customers.Get(ctx, customer)
	if err != nil {
		return err
	}
	c.Credit = money0(c.Credit, tx.Setup().Company.Currency)
	sum, err := c.Credit.Add(moneyOf(amount, c.Credit.Currency()))
	if err != nil {
		return err
	}
	c.Credit = sum
	tx.Customers.Put(c)
	return nil
}

// matchAll matches a document's lines on an account when they settle each other; an open balance is no error.
func (a *App) matchAll(ctx context.Context, tx *books.Tx, account, document string) error {
	_, err := tx.Match(ctx, document, account)
	return err
}
