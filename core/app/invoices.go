package app

import (
	"context"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/party"
)

// InvoiceInput is what a person says of an invoice or credit note. Dates default to today and the company's terms, the
// method to the customer's.
type InvoiceInput struct {
	CustomerID string
	Date       civil.Date
	SupplyDate civil.Date
	DueDate    civil.Date
	Reference  string
	Note       string
	MethodID   string
	Lines      []billing.DocLine
}

// CreateInvoice makes a draft invoice: no number, no entry. Codes: those of billing.Compute, unknown_thing (customer,
// method), due_before_issue.
func (a *App) CreateInvoice(ctx context.Context, who access.Actor, in InvoiceInput) (billing.Invoice, error) {
	v := billing.Invoice{ID: ids.New(ids.Invoice), Kind: billing.Standard, Life: billing.Draft}
	err := a.write(ctx, who, access.Sell, func(ctx context.Context, tx *books.Tx) error {
		v.CreatedAt = tx.Now()
		if err := a.fillInvoice(ctx, tx, &v, in); err != nil {
			return err
		}
		a.saveInvoice(tx, who, &v, "invoice_created", "")
		tx.Made(v.ID)
		return nil
	}, books.Ref{Kind: books.Customers, ID: in.CustomerID})
	return v, err
}

// UpdateInvoice changes a draft; version is the one that was read (0: whichever). Codes: those of CreateInvoice, stale, not_draft.
func (a *App) UpdateInvoice(ctx context.Context, who access.Actor, id string, version int64, in InvoiceInput) (billing.Invoice, error) {
	return a.onInvoice(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, v *billing.Invoice) error {
		if err := stale(version, v.Version, v.UpdatedBy, v.UpdatedAt); err != nil {
			return err
		}
		if v.Life != billing.Draft {
			return fault.New(fault.Refused, fault.NotDraft, "number", v.Number)
		}
		if v.CreditOf != "" || v.QuoteID != "" {
			in.CustomerID = v.CustomerID
		}
		if err := a.fillInvoice(ctx, tx, v, in); err != nil {
			return err
		}
		a.saveInvoice(tx, who, v, "invoice_changed", "")
		return nil
	})
}

// DiscardInvoice throws a draft away. The quote it was made from is open again. Codes: unknown_thing, not_draft.
func (a *App) DiscardInvoice(ctx context.Context, who access.Actor, id string) error {
	_, err := a.onInvoice(ctx, who, access.Sell, id, func(ctx context.Context, tx *books.Tx, v *billing.Invoice) error {
		if v.Life != billing.Draft {
			return fault.New(fault.Refused, fault.NotDraft, "number", v.Number)
		}
		if q, ok, err := tx.Quotes.Find(ctx, v.QuoteID); err != nil {
			return err
		} else if ok && q.InvoiceID == v.ID {
			q.State, q.InvoiceID = billing.QuoteAccepted, ""
			a.saveQuote(tx, who, &q, "quote_reopened", "")
		}
		v.Life = billing.Discarded
		a.saveInvoice(tx, who, v, "invoice_discarded", "")
		return nil
	})
	return err
}

// CreateCreditNote makes a draft credit note on an issued invoice, for what is still charged, line by line; the draft can be
// cut down before it is issued. Codes: unknown_thing, not_issued, credit_too_large.
func (a *App) CreateCreditNote(ctx context.Context, who access.Actor, invoiceID string) (billing.Invoice, error) {
	c := billing.Invoice{ID: ids.New(ids.Invoice), Kind: billing.Credit, Life: billing.Draft}
	err := a.write(ctx, who, access.Sell, func(ctx context.Context, tx *books.Tx) error {
		v, err := tx.Invoices.Get(ctx, invoiceID)
		if err != nil {
			return err
		}
		return a.draftCredit(tx, who, &v, &c)
	}, books.Ref{Kind: books.Invoices, ID: invoiceID})
	return c, err
}

// draftCredit makes c the draft of a credit note on all of v.
func (a *App) draftCredit(tx *books.Tx, who access.Actor, v, c *billing.Invoice) error {
	if v.Life != billing.Issued || v.Kind != billing.Standard {
		return fault.New(fault.Refused, fault.NotIssued, "number", v.Number)
	}
	if v.Credited >= v.Totals.Gross {
		return fault.New(fault.Refused, fault.CreditTooLarge, "max", "0")
	}
	today := a.day(tx.Now())
	c.CustomerID, c.Customer, c.Language, c.Currency = v.CustomerID, v.Customer, v.Language, v.Currency
	c.CreditOf, c.CreditOfNo, c.Reference, c.OnDebits = v.ID, v.Number, v.Reference, v.OnDebits
	c.Date, c.SupplyDate, c.DueDate = today, today, today
	c.Lines, c.Totals = append([]billing.DocLine(nil), v.Lines...), v.Totals
	c.CreatedAt = tx.Now()
	a.saveInvoice(tx, who, c, "credit_note_created", v.Number)
	tx.Made(c.ID)
	return nil
}

func (a *App) fillInvoice(ctx context.Context, tx *books.Tx, v *billing.Invoice, in InvoiceInput) error {
	setup := tx.Setup()
	var f fault.Collect
	c, err := tx.Customers.Get(ctx, in.CustomerID)
	if err := f.Add(err, "customer_id"); err != nil {
		return err
	}
	v.Date, v.SupplyDate, v.DueDate = in.Date, in.SupplyDate, in.DueDate
	if v.Date.IsZero() {
		v.Date = a.day(tx.Now())
	}
	if v.SupplyDate.IsZero() {
		v.SupplyDate = v.Date
	}
	if v.DueDate.IsZero() {
		v.DueDate = setup.Company.DueFrom(v.Date)
	}
	if v.DueDate.Before(v.Date) && v.Kind == billing.Standard {
		_ = f.Add(fault.New(fault.Invalid, fault.DueBeforeIssue), "due_date")
	}
	v.MethodID = in.MethodID
	if v.MethodID == "" {
		v.MethodID = c.MethodID
	}
	if m, ok := setup.Methods[v.MethodID]; v.MethodID != "" && (!ok || !m.Active) {
		_ = f.Add(notFound("payment_method", v.MethodID), "method_id")
	}
	_ = f.Add(party.CleanText(&in.Reference, 0, 60), "reference")
	_ = f.Add(party.CleanProse(&in.Note, 2000), "note")
	v.Lines = append([]billing.DocLine(nil), in.Lines...)
	t, err := billing.Compute(v.Lines, setup.VATCodes, setup.Company.Currency)
	if err := f.Add(err); err != nil {
		return err
	}
	v.CustomerID, v.Customer, v.Language, v.Currency = c.ID, c, c.Language, setup.Company.Currency
	v.Reference, v.Note, v.Totals = in.Reference, in.Note, t
	return f.Err()
}

func (a *App) onInvoice(ctx context.Context, who access.Actor, what access.Action, id string, fn func(context.Context, *books.Tx, *billing.Invoice) error) (billing.Invoice, error) {
	var out billing.Invoice
	err := a.write(ctx, who, what, func(ctx context.Context, tx *books.Tx) error {
		v, err := tx.Invoices.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := fn(ctx, tx, &v); err != nil {
			return err
		}
		out = v
		return nil
	}, books.Ref{Kind: books.Invoices, ID: id})
	return out, err
}

func (a *App) saveInvoice(tx *books.Tx, who access.Actor, v *billing.Invoice, action, detail string) {
	v.Version++
	v.UpdatedAt, v.UpdatedBy = tx.Now(), who.Name
	tx.Invoices.Put(*v)
	tx.Log(who.Name, action, v.ID, detail)
}

func incomplete(fields []string) error {
	return fault.New(fault.Refused, fault.CompanyIncomplete, "fields", strings.Join(fields, ", "))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
