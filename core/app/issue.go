package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
)

// IssueInvoice numbers, freezes and posts a draft invoice or credit note, all or nothing. Codes: unknown_thing, not_draft,
// no_lines, negative_total, due_before_issue, date_backwards, company_incomplete, customer_vat_needed, credit_too_large,
// deposits_exceed_quote, and those of ledger.NewEntry (period_closed...).
func (a *App) IssueInvoice(ctx context.Context, who access.Actor, id string) (billing.Invoice, error) {
	v, err := a.onInvoice(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, v *billing.Invoice) error {
		return a.issue(ctx, tx, who, v)
	})
	if err == nil {
		a.afterCredit(ctx, who, v)
	}
	return v, err
}

// afterCredit closes the pay page of an invoice that a credit note has settled.
func (a *App) afterCredit(ctx context.Context, who access.Actor, c billing.Invoice) {
	if c.Kind != billing.Credit {
		return
	}
	if err := a.closeIfSettled(ctx, who.Company, c.CreditOf); err != nil {
		a.Log.Warn("an open pay page could not be closed", err, "document", c.CreditOf)
	}
}

// SendInvoice issues the document if it is a draft and queues the mail with its PDF and, where online payment is offered,
// the pay button. Codes: those of IssueInvoice, email_missing, mail_not_set.
func (a *App) SendInvoice(ctx context.Context, who access.Actor, id string) (billing.Invoice, error) {
	v, err := a.onInvoice(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, v *billing.Invoice) error {
		if v.Life == billing.Draft {
			if err := a.issue(ctx, tx, who, v); err != nil {
				return err
			}
		}
		if v.Life != billing.Issued {
			return fault.New(fault.Refused, fault.NotIssued, "number", v.Number)
		}
		c, err := tx.Customers.Get(ctx, v.CustomerID)
		if err != nil {
			return err
		}
		if err := a.queueMail(tx, who, invoiceTemplate(v.Kind), v.ID, c); err != nil {
			return err
		}
		v.SentAt = tx.Now()
		a.saveInvoice(tx, who, v, "invoice_sent", string(c.Email))
		return nil
	})
	if err == nil {
		wake(a.nudge.mail)
		a.afterCredit(ctx, who, v)
	}
	return v, err
}

// RemindInvoice queues a reminder of an issued invoice that is due. Codes: unknown_thing, nothing_due, email_missing, mail_not_set.
func (a *App) RemindInvoice(ctx context.Context, who access.Actor, id string) (billing.Invoice, error) {
	v, err := a.onInvoice(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, v *billing.Invoice) error {
		if v.Collectable() == 0 {
			return fault.New(fault.Refused, fault.NothingDue)
		}
		c, err := tx.Customers.Get(ctx, v.CustomerID)
		if err != nil {
			return err
		}
		if err := a.queueMail(tx, who, "reminder", v.ID, c); err != nil {
			return err
		}
		a.saveInvoice(tx, who, v, "reminder_sent", string(c.Email))
		return nil
	})
	if err == nil {
		wake(a.nudge.mail)
	}
	return v, err
}

// needsVATNumber says whether a supply is taxed at the customer's, and so must name the customer's VAT number (art. 242
// nonies A-I-4° ann. II CGI).
func needsVATNumber(r billing.VATRow) bool { return r.Category == "AE" || r.Category == "K" }

func invoiceTemplate(k billing.InvoiceKind) string {
	switch k {
	case billing.DepositBill:
		return "deposit_receipt"
	case billing.Credit, billing.DepositCredit:
		return "credit_note"
	}
	return "invoice"
}

func (a *App) issue(ctx context.Context, tx *books.Tx, who access.Actor, v *billing.Invoice) error {
	setup := tx.Setup()
	if v.Life != billing.Draft {
		return fault.New(fault.Refused, fault.NotDraft, "number", v.Number)
	}
	if missing := setup.Company.Missing(); len(missing) > 0 {
		return incomplete(missing)
	}
	c, err := tx.Customers.Get(ctx, v.CustomerID)
	if err != nil {
		return err
	}
	v.Customer = c
	for _, r := range v.Totals.Rows {
		if needsVATNumber(r) && c.VATNumber == "" {
			return fault.New(fault.Refused, fault.CustomerVATNeeded, "customer", c.Name)
		}
	}
	if v.Kind == billing.Credit {
		return a.issueCredit(ctx, tx, who, v)
	}
	v.OnDebits = setup.Company.VATRegime == party.VATOnInvoices
	if err := a.deduct(ctx, tx, who, v); err != nil {
		return err
	}
	if err := v.Check(); err != nil {
		return err
	}
	if err := a.number(ctx, tx, v); err != nil {
		return err
	}
	d := posting.Invoice(*v, c.Code)
	for _, r := range v.Totals.Rows {
		for _, ded := range v.Deductions {
			for _, dr := range ded.Rows {
				if dr.Code == r.Code && r.Nature == billing.Services && !v.OnDebits {
					if v.VATMoved == nil {
						v.VATMoved = map[string]int64{}
					}
					v.VATMoved[r.Code] += dr.VAT
				}
			}
		}
	}
	if v.Due() == 0 {
		posting.AddVAT(&d, posting.VATOnReceipt(v))
	}
	e, err := tx.Post(ctx, d, who.ID)
	if err != nil {
		return err
	}
	v.EntrySeq = e.Seq
	if err := a.matchAll(ctx, tx, posting.Customers, v.ID); err != nil {
		return err
	}
	for _, ded := range v.Deductions {
		if err := a.matchAll(ctx, tx, posting.Deposits, ded.DepositID); err != nil {
			return err
		}
	}
	if v.Due() == 0 {
		v.PaidAt = tx.Now()
	} else if err := a.ensureLink(ctx, tx, inbox.PayLink{ID: v.ID, Document: inbox.InvoiceDocument, CustomerID: v.CustomerID}); err != nil {
		return err
	}
	a.saveInvoice(tx, who, v, "invoice_issued", v.Number)
	return nil
}

// number takes the legal number and freezes the document.
func (a *App) number(ctx context.Context, tx *books.Tx, v *billing.Invoice) error {
	n, err := tx.Number(ctx, billing.SeriesOf(v.Kind), v.Date)
	if err != nil {
		return err
	}
	v.Number, v.Life, v.IssuedAt = n, billing.Issued, tx.Now()
	return nil
}

// deduct takes the quote's paid deposits off its final invoice.
func (a *App) deduct(ctx context.Context, tx *books.Tx, who access.Actor, v *billing.Invoice) error {
	if v.QuoteID == "" || v.Kind != billing.Standard {
		return nil
	}
	q, err := tx.Quotes.Get(ctx, v.QuoteID)
	if err != nil {
		return err
	}
	v.Deductions = nil
	for i := range q.Deposits {
		d := &q.Deposits[i]
		if d.State != billing.DepositPaid {
			continue
		}
		bill, err := tx.Invoices.Get(ctx, d.InvoiceID)
		if err != nil {
			return err
		}
		v.Deductions = append(v.Deductions, billing.Deduction{DepositID: d.ID, InvoiceID: bill.ID, Number: bill.Number, Date: bill.Date, Gross: bill.Totals.Gross - bill.Credited, Rows: bill.Charged()})
		d.State, d.AppliedTo = billing.DepositApplied, v.ID
	}
	if len(v.Deductions) > 0 {
		a.saveQuote(tx, who, &q, "deposits_applied", v.Reference)
	}
	return nil
}

func (a *App) issueCredit(ctx context.Context, tx *books.Tx, who access.Actor, c *billing.Invoice) error {
	v, err := tx.Invoices.Get(ctx, c.CreditOf)
	if err != nil {
		return err
	}
	c.OnDebits = v.OnDebits
	if err := c.Check(); err != nil {
		return err
	}
	if err := v.CreditBy(c.Totals, tx.Now()); err != nil {
		return err
	}
	if err := a.number(ctx, tx, c); err != nil {
		return err
	}
	e, err := tx.Post(ctx, posting.CreditNote(*c, v.ID, c.Customer.Code, v.OnDebits, posting.VATOnReceipt(&v)), who.ID)
	if err != nil {
		return err
	}
	c.EntrySeq = e.Seq
	if err := a.matchAll(ctx, tx, posting.Customers, v.ID); err != nil {
		return err
	}
	a.saveInvoice(tx, who, &v, "invoice_credited", c.Number)
	a.saveInvoice(tx, who, c, "credit_note_issued", c.Number)
	return nil
}

// depositBill issues the invoice of a deposit that was received (art. 289-I-1-c CGI), dated the day of its receipt or,
// when a later invoice has been numbered since, the first day that keeps the series chronological. Its VAT becomes due in
// the receipt's entry; the document itself posts nothing.
func (a *App) depositBill(ctx context.Context, tx *books.Tx, who access.Actor, q *billing.Quote, d *billing.Deposit, received civil.Date) (billing.Invoice, error) {
	c, err := tx.Customers.Get(ctx, q.CustomerID)
	if err != nil {
		return billing.Invoice{}, err
	}
	rows, err := billing.Allocate(d.Amount, q.Totals.Rows, q.Currency)
	if err != nil {
		return billing.Invoice{}, err
	}
	date, err := tx.NumberDate(ctx, billing.InvoiceSeries, received)
	if err != nil {
		return billing.Invoice{}, err
	}
	v := billing.Invoice{
		ID: ids.Derive(ids.Invoice, "deposit", d.ID, itoa(q.Version)), Kind: billing.DepositBill, Life: billing.Draft,
		CustomerID: c.ID, Customer: c, Date: date, SupplyDate: received, DueDate: date, Currency: q.Currency, Language: q.Language,
		Reference: q.Reference, MethodID: d.MethodID, QuoteID: q.ID, CreatedAt: tx.Now(),
	}
	v.Totals = billing.Totals{Rows: rows}
	for _, r := range rows {
		v.Totals.Net += r.Base
		v.Totals.VAT += r.VAT
		v.Lines = append(v.Lines, a.depositLine(q, d, r))
	}
	v.Totals.Gross = v.Totals.Net + v.Totals.VAT
	if err := a.number(ctx, tx, &v); err != nil {
		return v, err
	}
	v.PaidAt = tx.Now()
	a.saveInvoice(tx, who, &v, "deposit_invoice_issued", v.Number)
	return v, nil
}

// depositCredit issues the credit note of a deposit that is given back, whole or in part (type 503).
func (a *App) depositCredit(ctx context.Context, tx *books.Tx, who access.Actor, q *billing.Quote, bill *billing.Invoice, amount int64, day civil.Date) (billing.Invoice, error) {
	rows, err := bill.CreditRows(amount)
	if err != nil {
		return billing.Invoice{}, err
	}
	date, err := tx.NumberDate(ctx, billing.CreditSeries, day)
	if err != nil {
		return billing.Invoice{}, err
	}
	c := billing.Invoice{ID: ids.New(ids.Invoice), Kind: billing.DepositCredit, Life: billing.Draft, CustomerID: bill.CustomerID, Customer: bill.Customer,
		Date: date, SupplyDate: day, DueDate: date, Currency: bill.Currency, Language: bill.Language, Reference: bill.Reference, QuoteID: q.ID,
		CreditOf: bill.ID, CreditOfNo: bill.Number, Totals: billing.Totals{Rows: rows}, CreatedAt: tx.Now()}
	for _, r := range rows {
		c.Totals.Net += r.Base
		c.Totals.VAT += r.VAT
		c.Lines = append(c.Lines, billing.DocLine{Description: a.Words.T(bill.Language, "deposit.credit_line", "number", bill.Number), Quantity: one,
			UnitPrice: moneyOf(r.Base, bill.Currency).Decimal(), VATCode: r.Code, Net: r.Base, Rate: r.Rate, Category: r.Category, Nature: r.Nature, Account: r.Account})
	}
	c.Totals.Gross = c.Totals.Net + c.Totals.VAT
	if err := bill.CreditBy(c.Totals, tx.Now()); err != nil {
		return c, err
	}
	if err := a.number(ctx, tx, &c); err != nil {
		return c, err
	}
	a.saveInvoice(tx, who, bill, "invoice_credited", c.Number)
	a.saveInvoice(tx, who, &c, "credit_note_issued", c.Number)
	return c, nil
}
