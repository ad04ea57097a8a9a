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
	"github.com/shopspring/decimal"
)

// QuoteInput is what a person says of a quote. Date and ValidUntil default to today and the company's validity.
type QuoteInput struct {
	CustomerID string
	Date       civil.Date
	ValidUntil civil.Date
	Reference  string
	Note       string
	Lines      []billing.DocLine
}

// CreateQuote makes a draft quote. Codes: those of billing.Compute, unknown_thing (customer), due_before_issue.
func (a *App) CreateQuote(ctx context.Context, who access.Actor, in QuoteInput) (billing.Quote, error) {
	q := billing.Quote{ID: ids.New(ids.Quote), State: billing.QuoteDraft}
	err := a.write(ctx, who, access.Sell, func(ctx context.Context, tx *books.Tx) error {
		q.CreatedAt = tx.Now()
		if err := a.fillQuote(ctx, tx, &q, in); err != nil {
			return err
		}
		a.saveQuote(tx, who, &q, "quote_created", "")
		tx.Made(q.ID)
		return nil
	}, books.Ref{Kind: books.Customers, ID: in.CustomerID})
	return q, err
}

// UpdateQuote changes a draft quote; version is the one that was read (0: whichever). Once a deposit was validated the
// quote's content is what the deposit was asked on, and stays. Codes: those of CreateQuote, stale, not_draft, deposit_not_draft.
func (a *App) UpdateQuote(ctx context.Context, who access.Actor, id string, version int64, in QuoteInput) (billing.Quote, error) {
	return a.onQuote(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
		if err := stale(version, q.Version, q.UpdatedBy, q.UpdatedAt); err != nil {
			return err
		}
		if q.State != billing.QuoteDraft {
			return fault.New(fault.Refused, fault.NotDraft, "number", q.Number)
		}
		for _, d := range q.Deposits {
			if d.Live() && d.State != billing.DepositDraft {
				return fault.New(fault.Refused, fault.DepositNotDraft, "deposit", itoa(int64(d.Position)))
			}
		}
		if err := a.fillQuote(ctx, tx, q, in); err != nil {
			return err
		}
		for _, d := range q.Deposits {
			if d.State != billing.DepositDraft {
				continue
			}
			if err := q.SetDeposit(d, tx.Setup().Methods[d.MethodID]); err != nil {
				return err
			}
		}
		a.saveQuote(tx, who, q, "quote_changed", "")
		return nil
	})
}

func (a *App) fillQuote(ctx context.Context, tx *books.Tx, q *billing.Quote, in QuoteInput) error {
	setup := tx.Setup()
	var f fault.Collect
	c, err := tx.Customers.Get(ctx, in.CustomerID)
	if err := f.Add(err, "customer_id"); err != nil {
		return err
	}
	q.Date, q.ValidUntil = in.Date, in.ValidUntil
	if q.Date.IsZero() {
		q.Date = a.day(tx.Now())
	}
	if q.ValidUntil.IsZero() {
		q.ValidUntil = q.Date.AddDays(max(setup.Company.QuoteValidity, 1))
	}
	if q.ValidUntil.Before(q.Date) {
		_ = f.Add(fault.New(fault.Invalid, fault.DueBeforeIssue), "valid_until")
	}
	_ = f.Add(party.CleanText(&in.Reference, 0, 60), "reference")
	_ = f.Add(party.CleanProse(&in.Note, 2000), "note")
	q.Lines = append([]billing.DocLine(nil), in.Lines...)
	t, err := billing.Compute(q.Lines, setup.VATCodes, setup.Company.Currency)
	if err := f.Add(err); err != nil {
		return err
	}
	q.CustomerID, q.Language, q.Currency = c.ID, c.Language, setup.Company.Currency
	q.Reference, q.Note, q.Totals = in.Reference, in.Note, t
	return f.Err()
}

// DepositInput is one row of "Pied › Acomptes". Percent of the quote's total when positive, else Amount in minor units.
type DepositInput struct {
	ID       string // empty: a new one
	Label    string
	Percent  decimal.Decimal
	Amount   int64
	DueDate  civil.Date
	MethodID string
}

// SetDeposit adds a deposit to a quote or changes a draft one. Codes: those of billing.Quote.SetDeposit, unknown_thing, stale.
func (a *App) SetDeposit(ctx context.Context, who access.Actor, quoteID string, version int64, in DepositInput) (billing.Quote, error) {
	fresh := ids.New(ids.Deposit)
	return a.onQuote(ctx, who, access.Sell, quoteID, func(_ context.Context, tx *books.Tx, q *billing.Quote) error {
		if err := stale(version, q.Version, q.UpdatedBy, q.UpdatedAt); err != nil {
			return err
		}
		m, ok := tx.Setup().Methods[in.MethodID]
		if !ok || !m.Active {
			return onField("method_id", notFound("payment_method", in.MethodID))
		}
		d := billing.Deposit{ID: in.ID, Label: in.Label, Percent: in.Percent, Amount: in.Amount, DueDate: in.DueDate}
		if d.ID == "" {
			d.ID = fresh
		} else if _, err := q.Deposit(d.ID); err != nil {
			return err
		}
		if d.DueDate.IsZero() {
			d.DueDate = q.ValidUntil
		}
		if err := q.SetDeposit(d, m); err != nil {
			return err
		}
		a.saveQuote(tx, who, q, "deposit_set", d.Label)
		tx.Made(q.ID)
		return nil
	})
}

// ValidateDeposit turns a draft deposit into a request ("Valider") and gives it its lasting pay link. No entry is posted: a
// request is no claim. Codes: those of billing.Quote.ValidateDeposit.
func (a *App) ValidateDeposit(ctx context.Context, who access.Actor, quoteID, depositID string) (billing.Quote, error) {
	return a.onQuote(ctx, who, access.Sell, quoteID, func(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
		if err := q.ValidateDeposit(depositID); err != nil {
			return err
		}
		if err := a.linkDeposits(ctx, tx, q); err != nil {
			return err
		}
		a.saveQuote(tx, who, q, "deposit_requested", depositID)
		return nil
	})
}

// CancelDeposit withdraws a deposit that nobody has paid and closes its link. Codes: unknown_thing, deposit_paid, payment_in_progress.
func (a *App) CancelDeposit(ctx context.Context, who access.Actor, quoteID, depositID string) (billing.Quote, error) {
	if err := who.May(access.Sell); err != nil {
		return billing.Quote{}, err
	}
	if err := a.endDeposit(ctx, who.Company, depositID); err != nil {
		return billing.Quote{}, err
	}
	return a.onQuote(ctx, who, access.Sell, quoteID, func(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
		if err := a.cancelDeposit(ctx, tx, q, depositID); err != nil {
			return err
		}
		a.saveQuote(tx, who, q, "deposit_cancelled", depositID)
		return nil
	})
}

// endDeposit closes the pay page of a deposit that is about to be cancelled. Money that has come and is not posted yet must be
// looked at first. Codes: payment_in_progress, quote_deposits_pending.
func (a *App) endDeposit(ctx context.Context, company, id string) error {
	if err := a.closeCheckout(ctx, company, id); err != nil {
		return err
	}
	waiting, err := a.Views.Waiting(ctx, company, id)
	if err == nil && waiting > 0 {
		err = fault.New(fault.Refused, fault.QuoteDepositsPending, "deposit", a.depositName(ctx, company, id))
	}
	return err
}

// depositName is a deposit's position on its quote, for messages.
func (a *App) depositName(ctx context.Context, company, id string) string {
	l, err := a.Views.PayLink(ctx, company, id)
	if err != nil {
		return ""
	}
	q, err := a.Views.Quote(ctx, company, l.QuoteID)
	if err != nil {
		return ""
	}
	d, err := q.Deposit(id)
	if err != nil {
		return ""
	}
	return itoa(int64(d.Position))
}

func (a *App) cancelDeposit(ctx context.Context, tx *books.Tx, q *billing.Quote, id string) error {
	l, linked, err := tx.Links.Find(ctx, id)
	if err != nil {
		return err
	}
	if linked {
		if err := a.refuseInProgress(ctx, tx, l); err != nil {
			return err
		}
	}
	return q.CancelDeposit(id)
}

// AcceptQuote records that the customer agreed. Codes: unknown_thing, quote_closed.
func (a *App) AcceptQuote(ctx context.Context, who access.Actor, id string) (billing.Quote, error) {
	return a.onQuote(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
		if !q.Open() {
			return fault.New(fault.Refused, fault.QuoteClosed, "number", q.Number)
		}
		if err := a.numberQuote(ctx, tx, q); err != nil {
			return err
		}
		q.State = billing.QuoteAccepted
		a.saveQuote(tx, who, q, "quote_accepted", "")
		return nil
	})
}

// RefuseQuote records that the customer declined; deposits that nobody paid are cancelled. Codes: unknown_thing,
// quote_closed, payment_in_progress, deposit_paid.
func (a *App) RefuseQuote(ctx context.Context, who access.Actor, id string) (billing.Quote, error) {
	return a.endQuote(ctx, who, id, func(_ context.Context, tx *books.Tx, q *billing.Quote) error {
		for _, d := range q.Deposits {
			if d.State == billing.DepositPaid {
				return fault.New(fault.Refused, fault.DepositPaid, "deposit", itoa(int64(d.Position)))
			}
		}
		q.State = billing.QuoteRefused
		a.saveQuote(tx, who, q, "quote_refused", "")
		return nil
	})
}

// InvoiceQuote makes the draft of the final invoice. Deposits paid by the time it is issued are deducted; requests that
// nobody paid are cancelled now, since the invoice asks for the whole. Codes: unknown_thing, quote_closed, quote_invoiced, payment_in_progress.
func (a *App) InvoiceQuote(ctx context.Context, who access.Actor, id string) (billing.Invoice, error) {
	v := billing.Invoice{ID: ids.New(ids.Invoice), Kind: billing.Standard, Life: billing.Draft}
	_, err := a.endQuote(ctx, who, id, func(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
		return a.draftFinal(ctx, tx, who, q, &v)
	})
	return v, err
}

// draftFinal makes v the draft of the quote's final invoice.
func (a *App) draftFinal(ctx context.Context, tx *books.Tx, who access.Actor, q *billing.Quote, v *billing.Invoice) error {
	if err := a.numberQuote(ctx, tx, q); err != nil {
		return err
	}
	c, err := tx.Customers.Get(ctx, q.CustomerID)
	if err != nil {
		return err
	}
	today := a.day(tx.Now())
	v.CustomerID, v.Language, v.Currency, v.QuoteID = q.CustomerID, q.Language, q.Currency, q.ID
	v.Reference, v.MethodID, v.Lines, v.Totals = q.Reference, c.MethodID, q.Lines, q.Totals
	v.Customer = c
	for _, d := range q.Deposits {
		if v.MethodID == "" {
			v.MethodID = d.MethodID
		}
	}
	v.Date, v.SupplyDate, v.DueDate = today, today, tx.Setup().Company.DueFrom(today)
	v.CreatedAt = tx.Now()
	q.State, q.InvoiceID = billing.QuoteInvoiced, v.ID
	a.saveQuote(tx, who, q, "quote_invoiced", "")
	a.saveInvoice(tx, who, v, "invoice_created", q.Number)
	tx.Made(v.ID)
	return nil
}

// endQuote closes the checkouts of unpaid deposits at the gateways, then cancels those deposits and lets fn decide.
func (a *App) endQuote(ctx context.Context, who access.Actor, id string, fn func(context.Context, *books.Tx, *billing.Quote) error) (billing.Quote, error) {
	if err := who.May(access.Sell); err != nil {
		return billing.Quote{}, err
	}
	q, err := a.Views.Quote(ctx, who.Company, id)
	if err != nil {
		return q, err
	}
	for _, d := range q.Deposits {
		if d.Payable() {
			if err := a.endDeposit(ctx, who.Company, d.ID); err != nil {
				return q, err
			}
		}
	}
	return a.onQuote(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
		if err := a.dropDeposits(ctx, tx, q); err != nil {
			return err
		}
		return fn(ctx, tx, q)
	})
}

// dropDeposits cancels the deposits of an open quote that nobody paid.
func (a *App) dropDeposits(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
	if q.State == billing.QuoteInvoiced {
		return fault.New(fault.Refused, fault.QuoteInvoiced, "number", q.Number)
	}
	if !q.Open() {
		return fault.New(fault.Refused, fault.QuoteClosed, "number", q.Number)
	}
	for _, d := range q.Deposits {
		if d.State != billing.DepositDraft && d.State != billing.DepositRequested {
			continue
		}
		if d.Received > 0 {
			return fault.New(fault.Refused, fault.QuoteDepositsPending, "deposit", itoa(int64(d.Position)))
		}
		if err := a.cancelDeposit(ctx, tx, q, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// SendQuote numbers a draft quote and queues the mail with its PDF and, for deposits that may be paid online, the pay
// button. Codes: unknown_thing, quote_closed, email_missing, company_incomplete, mail_not_set.
func (a *App) SendQuote(ctx context.Context, who access.Actor, id string) (billing.Quote, error) {
	q, err := a.onQuote(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
		if !q.Open() {
			return fault.New(fault.Refused, fault.QuoteClosed, "number", q.Number)
		}
		c, err := tx.Customers.Get(ctx, q.CustomerID)
		if err != nil {
			return err
		}
		if err := a.numberQuote(ctx, tx, q); err != nil {
			return err
		}
		if q.State == billing.QuoteDraft {
			q.State = billing.QuoteSent
		}
		if err := a.linkDeposits(ctx, tx, q); err != nil {
			return err
		}
		if err := a.queueMail(tx, who, "quote", q.ID, c); err != nil {
			return err
		}
		q.SentAt = tx.Now()
		a.saveQuote(tx, who, q, "quote_sent", string(c.Email))
		return nil
	})
	if err == nil {
		wake(a.nudge.mail)
	}
	return q, err
}

func (a *App) numberQuote(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
	if q.Number != "" {
		return nil
	}
	company := tx.Setup().Company
	if missing := company.Missing(); len(missing) > 0 {
		return incomplete(missing)
	}
	n, err := tx.Number(ctx, billing.QuoteSeries, q.Date)
	q.Number = n
	return err
}

// linkDeposits gives each payable deposit its pay link.
func (a *App) linkDeposits(ctx context.Context, tx *books.Tx, q *billing.Quote) error {
	for _, d := range q.Deposits {
		if !d.Payable() {
			continue
		}
		if err := a.ensureLink(ctx, tx, inbox.PayLink{ID: d.ID, Document: inbox.DepositDocument, QuoteID: q.ID, CustomerID: q.CustomerID}); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) onQuote(ctx context.Context, who access.Actor, what access.Action, id string, fn func(context.Context, *books.Tx, *billing.Quote) error) (billing.Quote, error) {
	var out billing.Quote
	err := a.write(ctx, who, what, func(ctx context.Context, tx *books.Tx) error {
		q, err := tx.Quotes.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, &q); err != nil {
			return err
		}
		out = q
		return nil
	}, books.Ref{Kind: books.Quotes, ID: id})
	return out, err
}

func (a *App) saveQuote(tx *books.Tx, who access.Actor, q *billing.Quote, action, detail string) {
	q.Version++
	q.UpdatedAt, q.UpdatedBy = tx.Now(), who.Name
	tx.Quotes.Put(*q)
	tx.Log(who.Name, action, q.ID, detail)
}
