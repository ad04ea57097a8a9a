package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/posting"
)

// ImputeCredit settles a document out of what the customer has paid too much. Codes: unknown_thing, bad_amount,
// wrong_customer, too_much_imputed, and those of ledger.NewEntry.
func (a *App) ImputeCredit(ctx context.Context, who access.Actor, customer string, al AllocationInput) error {
	source := "credit:" + ids.New(ids.Receipt)
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		c, err := tx.Customers.Get(ctx, customer)
		if err != nil {
			return err
		}
		s := &settling{who: who, customer: c}
		day := a.day(tx.Now())
		if err := a.allocate(ctx, tx, s, al, money0(c.Credit, tx.Setup().Company.Currency).Minor(), day); err != nil {
			return err
		}
		s.credit(-al.Amount)
		_, err = a.finish(ctx, tx, s, posting.Movement{Journal: posting.MiscJournal, Date: day, Real: day, Piece: s.allocs[0].Number,
			Label: clipRunes("Imputation trop-perçu "+c.Name, 120), Source: source})
		return err
	}, books.Ref{Kind: books.Customers, ID: customer})
	if err != nil {
		return err
	}
	return a.closeIfSettled(ctx, who.Company, al.DocumentID)
}

// RefundCredit records that we paid back, by transfer or cheque, what the customer had paid too much. Codes: unknown_thing,
// bad_amount, bad_choice, too_much_imputed, and those of ledger.NewEntry.
func (a *App) RefundCredit(ctx context.Context, who access.Actor, in ReceiptInput) (inbox.Receipt, error) {
	r := inbox.Receipt{ID: ids.New(ids.Receipt), CustomerID: in.CustomerID, MethodID: in.MethodID, CreatedBy: who.Name, Version: 1}
	in.Allocations = nil
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		s, m, err := a.receiptHead(ctx, tx, who, &r, in)
		if err != nil {
			return err
		}
		amount := in.Amount.Minor()
		if credit := money0(s.customer.Credit, in.Amount.Currency()); amount > credit.Minor() {
			return fault.New(fault.Refused, fault.TooMuchImputed, "max", credit.Plain()).On("amount")
		}
		s.credit(-amount)
		m.Amount, m.Label = -amount, clipRunes("Remboursement trop-perçu "+s.customer.Name, 120)
		if r.EntrySeq, err = a.finish(ctx, tx, s, m); err != nil {
			return err
		}
		r.Amount, r.Excess, r.CreatedAt = in.Amount.Neg(), s.excess, tx.Now()
		tx.Receipts.Put(r)
		tx.Log(who.Name, "credit_refunded", in.CustomerID, in.Amount.String())
		tx.Made(r.ID)
		return nil
	}, books.Ref{Kind: books.Customers, ID: in.CustomerID})
	return r, err
}

// WriteOffDispute gives up a contested amount (E8, lost): 654 takes the claim from 416, VAT included, because VAT comes
// back only with a rectified invoice (art. 272-1 CGI); where the sale itself is cancelled, a credit note is the way instead.
// Codes: unknown_thing, nothing_due, and those of ledger.NewEntry.
func (a *App) WriteOffDispute(ctx context.Context, who access.Actor, invoice string, day civil.Date) error {
	return a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		v, err := tx.Invoices.Get(ctx, invoice)
		if err != nil {
			return err
		}
		if v.Dispute == 0 {
			return fault.New(fault.Refused, fault.NothingDue)
		}
		if day.IsZero() {
			day = a.day(tx.Now())
		}
		s := &settling{who: who, match: []matchKey{{posting.Doubtful, v.ID}}, parts: []posting.Part{
			{Account: posting.Doubtful, Aux: v.Customer.Code, Document: v.ID, Amount: v.Dispute}, {Account: posting.BadDebts, Amount: -v.Dispute}}}
		_, err = a.finish(ctx, tx, s, posting.Movement{Journal: posting.MiscJournal, Date: day, Real: day, Piece: v.Number,
			Label: clipRunes("Perte sur litige "+v.Number+" "+v.Customer.Name, 120), Source: "loss:" + v.ID + ":" + itoa(v.Version)})
		if err != nil {
			return err
		}
		detail := a.plain(v.Dispute, v.Currency)
		v.Dispute = 0
		a.saveInvoice(tx, who, &v, "dispute_written_off", detail)
		return nil
	}, books.Ref{Kind: books.Invoices, ID: invoice})
}
