package app

import (
	"context"
	"strconv"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
)

// ReceiptInput is a receipt typed in: a transfer, a cheque, cash (Saisie des règlements client). What the allocations leave
// goes to the customer's credit.
type ReceiptInput struct {
	CustomerID  string
	Date        civil.Date
	Amount      money.Money
	MethodID    string
	Reference   string
	Allocations []AllocationInput
}

// AllocationInput puts a part of a receipt on a document, in minor units.
type AllocationInput struct {
	Document   inbox.DocumentKind
	DocumentID string
	Amount     int64
}

// maxAllocations bounds one receipt: a transfer that pays a customer's whole statement of a busy quarter fits.
const maxAllocations = 200

// RecordReceipt posts money received outside of any gateway and matches what it settles. Codes: unknown_thing, bad_amount,
// bad_choice, currency_mixed, wrong_customer, too_much_imputed, and those of ledger.NewEntry.
func (a *App) RecordReceipt(ctx context.Context, who access.Actor, in ReceiptInput) (inbox.Receipt, error) {
	r := inbox.Receipt{ID: ids.New(ids.Receipt), CustomerID: in.CustomerID, Date: in.Date, Amount: in.Amount, MethodID: in.MethodID, CreatedBy: who.Name, Version: 1}
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		return a.postReceipt(ctx, tx, who, &r, in)
	}, books.Ref{Kind: books.Customers, ID: in.CustomerID})
	if err != nil {
		return r, err
	}
	wake(a.nudge.mail)
	for _, al := range r.Allocations {
		if err := a.closeIfSettled(ctx, who.Company, al.DocumentID); err != nil {
			a.Log.Warn("an open pay page could not be closed", err, "document", al.DocumentID)
		}
	}
	return r, nil
}

func (a *App) postReceipt(ctx context.Context, tx *books.Tx, who access.Actor, r *inbox.Receipt, in ReceiptInput) error {
	s, m, err := a.receiptHead(ctx, tx, who, r, in)
	if err != nil {
		return err
	}
	left := in.Amount.Minor()
	for i, al := range in.Allocations {
		if err := a.allocate(ctx, tx, s, al, left, m.Date); err != nil {
			return underField(err, "allocations", i)
		}
		left -= al.Amount
	}
	s.credit(left)
	if s.bill != nil && in.Reference == "" {
		m.Piece = s.bill.Number
	}
	if r.EntrySeq, err = a.finish(ctx, tx, s, m); err != nil {
		return err
	}
	r.Allocations, r.Excess, r.CreatedAt = s.allocs, s.excess, tx.Now()
	tx.Receipts.Put(*r)
	tx.Log(who.Name, "receipt_recorded", r.ID, in.Amount.String())
	tx.Made(r.ID)
	return nil
}

func (a *App) receiptHead(ctx context.Context, tx *books.Tx, who access.Actor, r *inbox.Receipt, in ReceiptInput) (*settling, posting.Movement, error) {
	var f fault.Collect
	var m posting.Movement
	setup := tx.Setup()
	c, err := tx.Customers.Get(ctx, in.CustomerID)
	if err := f.Add(err, "customer_id"); err != nil {
		return nil, m, err
	}
	method, ok := setup.Methods[in.MethodID]
	if !ok || !method.Active {
		_ = f.Add(notFound("payment_method", in.MethodID), "method_id")
	} else if method.Account == "" || method.Journal == "" {
		_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", method.Code, "allowed", "transfer, cheque, cash, card, direct_debit"), "method_id")
	}
	if in.Amount.Sign() <= 0 {
		_ = f.Add(fault.New(fault.Invalid, fault.BadAmount, "found", in.Amount.Plain()), "amount")
	}
	if in.Amount.Currency() != setup.Company.Currency {
		_ = f.Add(fault.New(fault.Invalid, fault.CurrencyMixed, "found", string(in.Amount.Currency()), "expected", string(setup.Company.Currency)), "amount")
	}
	_ = f.Add(party.CleanText(&in.Reference, 0, 80), "reference")
	if len(in.Allocations) > maxAllocations {
		_ = f.Add(fault.New(fault.Invalid, fault.TooLong, "max", strconv.Itoa(maxAllocations)), "allocations")
	}
	if in.Date.IsZero() {
		in.Date = a.day(tx.Now())
	}
	if _, err := setup.Chart.Open(in.Date); err != nil {
		_ = f.Add(err, "date")
	}
	r.Date, r.Reference = in.Date, in.Reference
	piece := in.Reference
	if piece == "" {
		piece = method.Code + " " + in.Date.String()
	}
	m = posting.Movement{Journal: method.Journal, Account: method.Account, Date: in.Date, Real: in.Date, Piece: piece,
		Label: clipRunes(method.Label+" "+c.Name, 120), Source: "receipt:" + r.ID, Amount: in.Amount.Minor()}
	return &settling{who: who, customer: c}, m, f.Err()
}

func (a *App) allocate(ctx context.Context, tx *books.Tx, s *settling, al AllocationInput, left int64, day civil.Date) error {
	cur := tx.Setup().Company.Currency
	if al.Amount <= 0 {
		return fault.New(fault.Invalid, fault.BadAmount, "found", moneyOf(al.Amount, cur).Plain()).On("amount")
	}
	if al.Amount > left {
		return fault.New(fault.Refused, fault.TooMuchImputed, "max", moneyOf(left, cur).Plain()).On("amount")
	}
	l, err := tx.Links.Get(ctx, al.DocumentID)
	if err != nil || l.Document != al.Document {
		return onField("document_id", notFound(string(al.Document), al.DocumentID))
	}
	if l.CustomerID != s.customer.ID {
		return fault.New(fault.Refused, fault.WrongCustomer).On("document_id")
	}
	p, err := payableIn(ctx, tx, l)
	if err != nil {
		return err
	}
	if due := p.due(); al.Amount > due.Minor() {
		return fault.New(fault.Refused, fault.TooMuchImputed, "max", due.Plain()).On("amount")
	}
	return a.settleOn(ctx, tx, s, al.Document, al.DocumentID, al.Amount, day)
}

// ReverseReceipt takes back a receipt typed in by mistake or a cheque that bounced: its entry is reversed on the first open
// day from today, what it settled is due again. Online receipts are refunded at the gateway instead. Codes: unknown_thing,
// already_reversed, not_reversible, and those of ledger.NewEntry.
func (a *App) ReverseReceipt(ctx context.Context, who access.Actor, id string) (inbox.Receipt, error) {
	var r inbox.Receipt
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if r, err = tx.Receipts.Get(ctx, id); err != nil {
			return err
		}
		if r.ReversedSeq != 0 {
			return fault.New(fault.Conflict, fault.AlreadyReversed, "number", itoa(r.ReversedSeq))
		}
		if r.ArrivalID != "" || r.MethodID == "" {
			return fault.New(fault.Refused, fault.NotReversible, "number", itoa(r.EntrySeq))
		}
		s := &settling{who: who}
		if s.customer, err = tx.Customers.Get(ctx, r.CustomerID); err != nil {
			return err
		}
		method := tx.Setup().Methods[r.MethodID]
		today := a.day(tx.Now())
		day, ok := tx.Setup().Chart.FirstOpen(today)
		if !ok {
			_, err := tx.Setup().Chart.Open(today)
			return err
		}
		left := -r.Amount.Minor()
		for _, al := range r.Allocations {
			if err := a.settleOn(ctx, tx, s, al.Document, al.DocumentID, -al.Amount, day); err != nil {
				return err
			}
		}
		s.credit(-r.Excess)
		for _, p := range s.parts {
			left -= p.Amount
		}
		if left != 0 { // a difference of cents was written off with it
			s.parts = append(s.parts, posting.Part{Account: posting.PaymentLoss, Amount: left})
		}
		r.ReversedSeq, err = a.finish(ctx, tx, s, posting.Movement{Journal: method.Journal, Account: method.Account, Date: day, Real: day,
			Piece: "ANNUL " + clipRunes(r.Reference+" "+r.Date.String(), 60), Label: clipRunes("Annulation règlement "+s.customer.Name, 120),
			Source: "receipt:" + r.ID + ":reversal", Amount: -r.Amount.Minor()})
		if err != nil {
			return err
		}
		r.Version++
		tx.Receipts.Put(r)
		tx.Log(who.Name, "receipt_reversed", r.ID, r.Amount.String())
		return nil
	}, books.Ref{Kind: books.Receipts, ID: id})
	return r, err
}

// closeIfSettled closes the open pay page of a document that asks for more than is still due.
func (a *App) closeIfSettled(ctx context.Context, company, document string) error {
	l, err := a.Views.PayLink(ctx, company, document)
	if fault.KindOf(err) == fault.NotFound {
		return nil // it never had a pay page
	}
	if err != nil {
		return err
	}
	at, err := a.lastAttempt(ctx, company, l)
	if err != nil || !at.State.InProgress() {
		return err
	}
	p, err := a.payableNow(ctx, company, l)
	if err != nil || p.due().Cmp(at.Amount) >= 0 {
		return err
	}
	return a.closeAttempt(ctx, company, at)
}

func underField(err error, list string, i int) error {
	var f fault.Collect
	if other := f.Add(err, list, strconv.Itoa(i)); other != nil {
		return other
	}
	return f.Err()
}
