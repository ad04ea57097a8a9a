package app

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/shopspring/decimal"
)

// What the sales clerk and the accountant do in a demonstration. Documents that never came to be are passed over: a plan
// does not know whether something is still due when its day comes.

func (s *demoScene) lines(seed uint64, customer int) []billing.DocLine {
	return demoLines(rand.New(rand.NewPCG(s.Seed, seed)), s.plan.cast[customer]) //nolint:gosec // a story, to be told again alike
}

// invoice writes an invoice, issues it unless it is to stay a draft, and notes that it was sent.
func (s *demoScene) invoice(ctx context.Context, sale *demoSale) error {
	customer, err := s.customer(ctx, sale.customer)
	if err != nil {
		return err
	}
	s.invoices++
	v := billing.Invoice{ID: sale.id, Kind: billing.Standard, Life: billing.Draft, CreatedAt: s.tx.Now()}
	in := InvoiceInput{CustomerID: customer, MethodID: demoMethod(s.Company, sale.method)}
	if sale.quote != nil && sale.quote.id != "" {
		if err := s.final(ctx, sale.quote, &v); err != nil {
			return err
		}
		in.Lines, in.Reference = v.Lines, v.Reference
	} else {
		in.Lines = s.lines(sale.seed, sale.customer)
	}
	if err := s.fillInvoice(ctx, s.tx, &v, in); err != nil {
		return err
	}
	s.saveInvoice(s.tx, s.clerk, &v, "invoice_created", "")
	if sale.draft {
		return nil
	}
	if err := s.issue(ctx, s.tx, s.clerk, &v); err != nil {
		return err
	}
	if email := v.Customer.Email; email != "" {
		v.SentAt = s.tx.Now()
		s.saveInvoice(s.tx, s.clerk, &v, "invoice_sent", string(email))
	}
	return nil
}

// final makes v the final invoice of an accepted quote.
func (s *demoScene) final(ctx context.Context, plan *demoQuote, v *billing.Invoice) error {
	q, err := s.tx.Quotes.Get(ctx, plan.id)
	if err != nil {
		return err
	}
	if err := s.dropDeposits(ctx, s.tx, &q); err != nil {
		return err
	}
	return s.draftFinal(ctx, s.tx, s.clerk, &q, v)
}

// credit issues a credit note on an invoice: on all of it, or on one unit of its first line.
func (s *demoScene) credit(ctx context.Context, sale *demoSale, whole bool) error {
	v, err := s.tx.Invoices.Get(ctx, sale.id)
	if err != nil || v.Life != billing.Issued || v.Credited > 0 || len(v.Deductions) > 0 {
		return err
	}
	c := billing.Invoice{ID: ids.New(ids.Invoice), Kind: billing.Credit, Life: billing.Draft}
	if err := s.draftCredit(s.tx, s.clerk, &v, &c); err != nil {
		return err
	}
	if !whole {
		line := v.Lines[0]
		if line.Quantity.Equal(one) {
			line.Discount = decimal.NewFromInt(75)
		}
		line.Quantity = one
		if err := s.fillInvoice(ctx, s.tx, &c, InvoiceInput{CustomerID: v.CustomerID, Lines: []billing.DocLine{line}, Reference: v.Reference, MethodID: v.MethodID}); err != nil {
			return err
		}
	}
	sale.refund = c.Totals.Gross
	return s.issue(ctx, s.tx, s.clerk, &c)
}

// quote writes a quote with its deposits and sends it, unless it is to stay a draft.
func (s *demoScene) quote(ctx context.Context, plan *demoQuote) error {
	customer, err := s.customer(ctx, plan.customer)
	if err != nil {
		return err
	}
	q := billing.Quote{ID: plan.id, State: billing.QuoteDraft, CreatedAt: s.tx.Now()}
	if err := s.fillQuote(ctx, s.tx, &q, QuoteInput{CustomerID: customer, Lines: s.lines(plan.seed, plan.customer)}); err != nil {
		return err
	}
	s.saveQuote(s.tx, s.clerk, &q, "quote_created", "")
	for i, d := range plan.deposits {
		label := fmt.Sprintf("Acompte %d", i+1)
		if q.Language == "en" {
			label = fmt.Sprintf("Deposit %d", i+1)
		}
		method := s.tx.Setup().Methods[demoMethod(s.Company, d.method)]
		if err := q.SetDeposit(billing.Deposit{ID: d.id, Label: label, Percent: decimal.NewFromInt(d.percent), DueDate: q.Date.AddDays(15 * (i + 1))}, method); err != nil {
			return err
		}
		s.saveQuote(s.tx, s.clerk, &q, "deposit_set", label)
	}
	if plan.draft {
		return nil
	}
	for _, d := range plan.deposits {
		if err := q.ValidateDeposit(d.id); err != nil {
			return err
		}
		s.saveQuote(s.tx, s.clerk, &q, "deposit_requested", d.id)
	}
	if err := s.linkDeposits(ctx, s.tx, &q); err != nil {
		return err
	}
	if err := s.numberQuote(ctx, s.tx, &q); err != nil {
		return err
	}
	q.State, q.SentAt = billing.QuoteSent, s.tx.Now()
	s.saveQuote(s.tx, s.clerk, &q, "quote_sent", string(s.plan.cast[plan.customer].Email))
	return nil
}

func (s *demoScene) accept(ctx context.Context, plan *demoQuote) error {
	q, ok, err := s.tx.Quotes.Find(ctx, plan.id)
	if err != nil || !ok || q.State != billing.QuoteSent {
		return err
	}
	q.State = billing.QuoteAccepted
	s.saveQuote(s.tx, s.clerk, &q, "quote_accepted", "")
	return nil
}

// refuse ends a quote. Pay pages of its deposits are closed first, as they are at the gateway in real use.
func (s *demoScene) refuse(ctx context.Context, plan *demoQuote) error {
	q, ok, err := s.tx.Quotes.Find(ctx, plan.id)
	if err != nil || !ok || !q.Open() {
		return err
	}
	for _, d := range q.Deposits {
		if err := s.closePage(ctx, d.ID); err != nil {
			return err
		}
	}
	if err := s.dropDeposits(ctx, s.tx, &q); err != nil {
		return err
	}
	q.State = billing.QuoteRefused
	s.saveQuote(s.tx, s.clerk, &q, "quote_refused", "")
	return nil
}

// closePage closes the pay page that is open on a document.
func (s *demoScene) closePage(ctx context.Context, document string) error {
	l, ok, err := s.tx.Links.Find(ctx, document)
	if err != nil || !ok {
		return err
	}
	at, ok, err := s.tx.Attempts.Find(ctx, l.AttemptID)
	if err != nil || !ok || at.State != inbox.Opened {
		return err
	}
	at.Move(gateway.CheckoutExpired, "superseded", s.tx.Now())
	at.Version++
	s.tx.Attempts.Put(at)
	return nil
}

// receive types in a transfer or a cheque for what is due, or for a part of it.
func (s *demoScene) receive(ctx context.Context, r *demoReceipt, number int) error {
	customer, err := s.customer(ctx, r.bill.customer())
	if err != nil {
		return err
	}
	in := ReceiptInput{CustomerID: customer, MethodID: demoMethod(s.Company, r.method)}
	bills := []demoBill{r.bill}
	if r.with != nil {
		bills = append(bills, demoBill{sale: r.with})
	}
	var sum int64
	for _, b := range bills {
		due, err := s.due(ctx, b)
		if err != nil {
			return err
		}
		part := due*r.percent/100 - r.short
		if part <= 0 {
			continue
		}
		if err := s.closePage(ctx, b.id()); err != nil {
			return err
		}
		in.Allocations = append(in.Allocations, AllocationInput{Document: b.kind(), DocumentID: b.id(), Amount: part})
		sum += part
	}
	if sum == 0 {
		return nil
	}
	in.Amount = euros(sum)
	in.Reference = fmt.Sprintf("VIR %d", number)
	if r.method == "CHQ" {
		in.Reference = fmt.Sprintf("CHQ %d", number)
		s.cheques += sum
	}
	rec := inbox.Receipt{ID: ids.New(ids.Receipt), CustomerID: customer, Amount: in.Amount, MethodID: in.MethodID, CreatedBy: s.keeper.Name, Version: 1}
	r.id = rec.ID
	return s.postReceipt(ctx, s.tx, s.keeper, &rec, in)
}

// due is what may be paid on a bill, in cents: nothing when it is not there.
func (s *demoScene) due(ctx context.Context, b demoBill) (int64, error) {
	l, ok, err := s.tx.Links.Find(ctx, b.id())
	if err != nil || !ok {
		return 0, err
	}
	p, err := payableIn(ctx, s.tx, l)
	if err != nil {
		return 0, err
	}
	return p.due().Minor(), nil
}

// bounce is the bank taking the amount of an unpaid cheque back; the receipt itself is reversed on its own.
func (s *demoScene) bounce(ctx context.Context, r *demoReceipt) error {
	rec, ok, err := s.tx.Receipts.Find(ctx, r.id)
	if err != nil || !ok {
		return err
	}
	return s.between(ctx, bankAccount, chequesHeld, "Chèque impayé", rec.Amount.Minor())
}
