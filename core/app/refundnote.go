package app

import (
	"context"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/posting"
)

// coverRefund settles the part of a refund of ours that a document had taken, with the credit note it needs (E7): of a deposit
// on its invoice (503), of a deposit that was deducted on the final invoice (381).
func (a *App) coverRefund(ctx context.Context, tx *books.Tx, s *settling, refund string, paid inbox.Arrival, rest int64, day civil.Date) error {
	rf, err := tx.Refunds.Get(ctx, refund)
	if err != nil {
		return err
	}
	invoice := paid.DocumentID
	if paid.Document == inbox.DepositDocument {
		l, err := tx.Links.Get(ctx, paid.DocumentID)
		if err != nil {
			return err
		}
		q, err := tx.Quotes.Get(ctx, l.QuoteID)
		if err != nil {
			return err
		}
		d, err := q.Deposit(paid.DocumentID)
		if err != nil {
			return err
		}
		if d.State != billing.DepositApplied {
			if err := a.refundDeposit(ctx, tx, s, &q, d, rest, day); err != nil {
				return err
			}
			return a.mailNote(tx, s)
		}
		invoice = d.AppliedTo
	}
	return a.refundInvoice(ctx, tx, s, &rf, invoice, rest, day)
}

// refundInvoice gives back what an invoice had taken. What credit notes already made the customer's needs no new one.
func (a *App) refundInvoice(ctx context.Context, tx *books.Tx, s *settling, rf *inbox.Refund, id string, amount int64, day civil.Date) error {
	v, err := tx.Invoices.Get(ctx, id)
	if err != nil {
		return err
	}
	// A payment that was some cents too long went to 758 with its difference (E12), and comes back with it.
	if gain := amount - v.Paid - v.Deducted(); gain > 0 && gain <= tx.Setup().Company.Tolerance {
		s.parts = append(s.parts, posting.Part{Account: posting.PaymentGain, Amount: -gain})
		amount -= gain
	}
	// What is more than the invoice has: the customer's credit that it was to come from was used meanwhile, and is owed now.
	if over := amount - max(0, v.Paid+v.Deducted()); over > 0 {
		s.credit(-over)
		if amount -= over; amount == 0 {
			return nil
		}
	}
	if needed := amount - v.Excess(); needed > 0 && rf.Cover != inbox.CoverNone {
		note, err := a.refundNote(ctx, tx, s, rf, &v, needed, day)
		if err != nil {
			return err
		}
		s.bill = &note
		if err := a.mailNote(tx, s); err != nil {
			return err
		}
	}
	return a.settleInvoice(ctx, tx, s, id, -amount)
}

// refundNote issues a credit note of a gross amount on an invoice. It is spread over what the invoice still charges at each
// rate, so that the last one takes back the rest to the cent.
func (a *App) refundNote(ctx context.Context, tx *books.Tx, s *settling, rf *inbox.Refund, v *billing.Invoice, gross int64, day civil.Date) (billing.Invoice, error) {
	rows, err := v.CreditRows(gross)
	if err != nil {
		return billing.Invoice{}, err
	}
	date, err := tx.NumberDate(ctx, billing.CreditSeries, day)
	if err != nil {
		return billing.Invoice{}, err
	}
	c := billing.Invoice{ID: ids.Derive(ids.Invoice, "refund", rf.ID), Kind: billing.Credit, Life: billing.Draft, CustomerID: v.CustomerID, Customer: s.customer,
		Date: date, SupplyDate: day, DueDate: date, Currency: v.Currency, Language: v.Language, Reference: v.Reference, Note: rf.Reason,
		CreditOf: v.ID, CreditOfNo: v.Number, Totals: billing.Totals{Rows: rows}, CreatedAt: tx.Now()}
	revenue := map[string]string{}
	for _, l := range v.Lines {
		revenue[l.VATCode] = l.Revenue
	}
	text := a.Words.T(v.Language, "refund.credit_line", "number", v.Number)
	if rf.Cover == inbox.CoverGesture {
		text = a.Words.T(v.Language, "refund.gesture_line", "number", v.Number)
	}
	for _, r := range rows {
		account := revenue[r.Code]
		if rf.Cover == inbox.CoverGesture {
			account = posting.Reduction(r.Nature)
		}
		c.Totals.Net += r.Base
		c.Totals.VAT += r.VAT
		c.Lines = append(c.Lines, billing.DocLine{Description: text, Quantity: one, UnitPrice: moneyOf(r.Base, v.Currency).Decimal(), VATCode: r.Code, Net: r.Base, Rate: r.Rate, Category: r.Category, Nature: r.Nature,
			Revenue: account, Account: r.Account})
	}
	c.Totals.Gross = c.Totals.Net + c.Totals.VAT
	return c, a.issueCredit(ctx, tx, s.who, &c)
}

// mailNote sends the customer the credit note of a refund: VAT comes back only with a rectified invoice that was sent (art. 272-1 CGI).
func (a *App) mailNote(tx *books.Tx, s *settling) error {
	if s.bill == nil || s.customer.Email == "" {
		return nil
	}
	if err := a.queueMail(tx, s.who, "credit_note", s.bill.ID, s.customer); err != nil && !fault.Has(err, fault.MailNotSet) {
		return err
	}
	return nil
}
