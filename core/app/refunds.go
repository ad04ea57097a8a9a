package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

const (
	// refundTakeOver is when the workers ask for a refund whose first request did not come back: later than any gateway's
	// answer is waited for.
	refundTakeOver = 2 * time.Minute
	// refundKeyLife is for how long the same key is certain to mean the same refund. Providers keep keys for 24 hours at
	// least; a key that was forgotten would refund again. After it nobody asks any more: the movement, if there is one,
	// comes by polling, and a person may declare that there is none.
	refundKeyLife = 20 * time.Hour
	// maxRefundReason fits the note of a provider and a line of a credit note.
	maxRefundReason = 200
)

// RefundInput is a refund asked for: how much, what stands against it, and why, in words that the credit note prints.
type RefundInput struct {
	Amount money.Money
	Cover  inbox.Cover // "": credit_note
	Reason string
}

// RefundTerms says whether a receipt can be refunded from here, and how much.
type RefundTerms struct {
	Left    money.Money // what may still be given back
	Gateway gateway.Info
	Label   string // of the connection
	NoCover bool   // the invoice has no VAT: it may be refunded without a credit note
	Why     error  // why it cannot be refunded from here; nil: it can

	waiting int64 // refunds made at the provider's and not posted yet, minor units
}

// RefundTerms reads what may be refunded of a receipt. Why holds, in this order: not_refundable, gateway_off (disconnected, or
// its key refused), refund_elsewhere, payment_disputed, refund_in_progress. Code: unknown_thing.
func (a *App) RefundTerms(ctx context.Context, who access.Actor, receipt string) (RefundTerms, error) {
	if err := who.May(access.Read); err != nil {
		return RefundTerms{}, err
	}
	r, err := a.Views.Receipt(ctx, who.Company, receipt)
	if err != nil {
		return RefundTerms{}, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return RefundTerms{}, err
	}
	t := RefundTerms{Left: money.Zero(r.Amount.Currency())}
	if r.ArrivalID == "" || r.Amount.Sign() <= 0 || r.ReversedSeq != 0 {
		t.Why = fault.New(fault.Refused, fault.NotRefundable)
		return t, nil
	}
	conn := setup.Connections[r.Connection]
	t.Label = conn.Label
	waiting, disputed, err := a.againstPayment(ctx, who.Company, r)
	if err != nil {
		return t, err
	}
	t.waiting = waiting
	t.Left = moneyOf(max(0, r.Left()-waiting), r.Amount.Currency())
	if t.NoCover, err = a.untaxed(ctx, who.Company, r); err != nil {
		return t, err
	}
	t.Gateway, err = a.gatewayInfo(ctx, conn.Gateway)
	switch {
	case conn.Status != inbox.Connected:
		t.Why = fault.New(fault.Refused, fault.GatewayOff, "gateway", conn.Label)
	case err != nil:
		t.Why = err
	case !t.Gateway.Can(gateway.CanRefund):
		t.Why = fault.New(fault.Refused, fault.RefundElsewhere, "gateway", conn.Label)
	case conn.Mode == gateway.Test && !setup.Company.TestBooks:
		t.Why = fault.New(fault.Refused, fault.WrongMode, "gateway", conn.Label)
	case disputed:
		t.Why = fault.New(fault.Refused, fault.PaymentDisputed)
	case t.Left.IsZero():
		t.Why = fault.New(fault.Refused, fault.RefundTooLarge, "max", t.Left.Plain())
	}
	if last, err := a.Views.Refund(ctx, who.Company, r.RefundID); err == nil && last.Open() {
		t.Why = fault.New(fault.Conflict, fault.RefundInProgress)
	}
	return t, nil
}

// againstPayment reads what the gateway reported against a receipt's payment: refunds made at the provider's that are not
// posted yet, in minor units, and whether a dispute holds it.
func (a *App) againstPayment(ctx context.Context, company string, r inbox.Receipt) (waiting int64, disputed bool, err error) {
	list, err := a.relatedTo(ctx, company, r.Connection, r.Reference)
	for _, ar := range list {
		switch {
		case ar.State == inbox.Void || ar.State == inbox.Dismissed:
		case ar.Kind == gateway.KindRefund && ar.RefundID == "" && ar.State != inbox.Integrated:
			waiting += ar.Paid().Minor()
		case ar.Kind == gateway.KindDispute:
			back, err := a.relatedTo(ctx, company, r.Connection, ar.ExternalID)
			if err != nil {
				return 0, false, err
			}
			won := false
			for _, b := range back {
				won = won || b.Kind == gateway.KindDisputeReversal && b.State != inbox.Void
			}
			disputed = disputed || !won
		}
	}
	return waiting, disputed, err
}

func (a *App) relatedTo(ctx context.Context, company, connection, external string) ([]ArrivalRow, error) {
	page, err := a.Views.Arrivals(ctx, company, ArrivalQuery{Connection: connection, Related: external, Paging: Paging{Limit: 200}})
	return page.Items, err
}

// untaxed says whether a receipt paid an invoice without VAT.
func (a *App) untaxed(ctx context.Context, company string, r inbox.Receipt) (bool, error) {
	for _, al := range r.Allocations {
		if al.Document != inbox.InvoiceDocument {
			return false, nil
		}
		v, err := a.Views.Invoice(ctx, company, al.DocumentID)
		if err != nil || v.Totals.VAT != 0 {
			return false, err
		}
	}
	return len(r.Allocations) > 0, nil
}

// RefundPreview is what a refund would lead to: the entries of its posting, and the credit note among them, if it needs one.
type RefundPreview struct {
	Entries    []ledger.Entry
	CreditNote *billing.Invoice
}

// PreviewRefund shows what a refund would lead to, made by the very code that posts it; nothing is written and the gateway is
// not asked. Numbers are provisional. Codes: those of Refund, but for the gateway's.
func (a *App) PreviewRefund(ctx context.Context, who access.Actor, receipt string, in RefundInput) (RefundPreview, error) {
	var out RefundPreview
	if err := who.May(access.Keep); err != nil {
		return out, err
	}
	if err := in.clean(); err != nil {
		return out, err
	}
	t, err := a.RefundTerms(ctx, who, receipt)
	if err != nil {
		return out, err
	}
	err = a.write(books.WithoutKey(ctx), who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		if _, out, err = a.openRefund(ctx, tx, who, ids.New(ids.Refund), receipt, in, t); err != nil {
			return err
		}
		return errDryRun
	}, books.Ref{Kind: books.Receipts, ID: receipt})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return out, err
}

// Refund gives money of a receipt back through the gateway it came by. The refund is written down first, with proof that it
// could be posted; then the gateway is asked; what it answers enters the inbox like any movement, and OK posts it together
// with the credit note it needs. An answer that is lost leaves the refund requested: it is asked for again with the same
// key until the outcome is certain. Codes: unknown_thing, not_refundable, gateway_off, refund_elsewhere, payment_disputed,
// refund_in_progress, refund_too_large, bad_amount, bad_choice, credit_note_needed, required, too_long, currency_mixed, those
// of posting; and gateway_refused when the gateway certainly did not do it: the refund is kept as failed.
func (a *App) Refund(ctx context.Context, who access.Actor, receipt string, in RefundInput) (inbox.Refund, error) {
	if err := who.May(access.Keep); err != nil {
		return inbox.Refund{}, err
	}
	if err := in.clean(); err != nil {
		return inbox.Refund{}, err
	}
	t, err := a.RefundTerms(ctx, who, receipt)
	if err != nil {
		return inbox.Refund{}, err
	}
	var rf inbox.Refund
	id := ids.New(ids.Refund)
	err = a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if rf, _, err = a.openRefund(ctx, tx, who, id, receipt, in, t); err == nil {
			tx.Made(rf.ID)
		}
		return err
	}, books.Ref{Kind: books.Receipts, ID: receipt})
	if err != nil {
		return rf, err
	}
	return a.askRefund(books.WithoutKey(ctx), who.Company, rf.ID)
}

// openRefund writes a refund down, and proves by a rehearsal that its movement could be posted.
func (a *App) openRefund(ctx context.Context, tx *books.Tx, who access.Actor, id, receipt string, in RefundInput, t RefundTerms) (inbox.Refund, RefundPreview, error) {
	if t.Why != nil {
		return inbox.Refund{}, RefundPreview{}, t.Why
	}
	r, err := tx.Receipts.Get(ctx, receipt)
	if err != nil {
		return inbox.Refund{}, RefundPreview{}, err
	}
	paid, err := tx.Arrivals.Get(ctx, r.ArrivalID)
	if err != nil {
		return inbox.Refund{}, RefundPreview{}, err
	}
	if last, ok, err := tx.Refunds.Find(ctx, r.RefundID); err != nil {
		return last, RefundPreview{}, err
	} else if ok && last.Open() {
		return last, RefundPreview{}, fault.New(fault.Conflict, fault.RefundInProgress)
	}
	if err := in.check(r.Amount.Currency(), r.Left()-t.waiting, t); err != nil {
		return inbox.Refund{}, RefundPreview{}, err
	}
	rf := inbox.Refund{ID: id, ReceiptID: r.ID, CustomerID: r.CustomerID, ConnectionID: r.Connection, PaymentID: paid.ExternalID, Amount: in.Amount,
		Cover: in.Cover, Reason: in.Reason, State: inbox.RefundRequested, NextTry: tx.Now().Add(refundTakeOver), CreatedAt: tx.Now(),
		CreatedBy: who.Name, UpdatedAt: tx.Now(), Version: 1}
	r.Refunding += in.Amount.Minor()
	r.RefundID = rf.ID
	r.Version++
	tx.Refunds.Put(rf)
	tx.Receipts.Put(r)
	a.logRefund(tx, who.Name, "refund_requested", &rf, &r, in.Amount.String())
	p, err := a.rehearse(ctx, tx, who, rf)
	return rf, p, err
}

// clean completes what was asked for and refuses what no receipt could be refunded with.
func (in *RefundInput) clean() error {
	var f fault.Collect
	if in.Cover == "" {
		in.Cover = inbox.CoverCreditNote
	}
	if !slices.Contains(inbox.Covers(), in.Cover) {
		_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(string(in.Cover)), "allowed", "credit_note, gesture, none"), "cover")
	}
	if in.Amount.Sign() <= 0 {
		_ = f.Add(fault.New(fault.Invalid, fault.BadAmount, "found", in.Amount.Plain()), "amount")
	}
	_ = f.Add(party.CleanText(&in.Reason, 0, maxRefundReason), "reason")
	return f.Err()
}

// check refuses what this receipt cannot be refunded with. left is what may still be given back, in minor units.
func (in *RefundInput) check(cur money.Currency, left int64, t RefundTerms) error {
	var f fault.Collect
	if in.Cover == inbox.CoverNone && !t.NoCover {
		_ = f.Add(fault.New(fault.Refused, fault.CreditNoteNeeded), "cover")
	}
	switch {
	case in.Amount.Currency() != cur:
		_ = f.Add(fault.New(fault.Invalid, fault.CurrencyMixed, "found", string(in.Amount.Currency()), "expected", string(cur)), "amount")
	case in.Amount.Minor() > left:
		_ = f.Add(fault.New(fault.Refused, fault.RefundTooLarge, "max", moneyOf(max(0, left), cur).Plain()), "amount")
	}
	return f.Err()
}

// rehearse posts the movement that a refund will lead to, in a layer that forgets.
func (a *App) rehearse(ctx context.Context, tx *books.Tx, who access.Actor, rf inbox.Refund) (RefundPreview, error) {
	var out RefundPreview
	err := tx.Try(func() error {
		ar := inbox.Arrival{ID: inbox.ArrivalID(rf.ConnectionID, gateway.KindRefund, rf.ID), ConnectionID: rf.ConnectionID, Kind: gateway.KindRefund,
			ExternalID: rf.ID, RelatedID: rf.PaymentID, RefundID: rf.ID, Mode: tx.Setup().Connections[rf.ConnectionID].Mode, Gross: rf.Amount,
			GatewayState: gateway.Succeeded, FeeState: gateway.FeeNone, OccurredAt: tx.Now(), UpdatedAt: tx.Now(), FirstSeen: tx.Now()}
		tx.Arrivals.Put(ar)
		before, err := tx.Customers.Get(ctx, rf.CustomerID)
		if err != nil {
			return err
		}
		if out.Entries, err = a.integrateOne(ctx, tx, who, ar.ID); err != nil {
			return err
		}
		after, err := tx.Customers.Get(ctx, rf.CustomerID)
		if err != nil {
			return err
		}
		// A gateway can take more than the customer's credit has left; we do not ask it to.
		if owed := -money0(after.Credit, rf.Amount.Currency()).Minor(); owed > max(0, -money0(before.Credit, rf.Amount.Currency()).Minor()) {
			return fault.New(fault.Refused, fault.RefundTooLarge, "max", moneyOf(max(0, rf.Amount.Minor()-owed), rf.Amount.Currency()).Plain()).On("amount")
		}
		done, err := tx.Refunds.Get(ctx, rf.ID)
		if err != nil {
			return err
		}
		if done.CreditNoteID != "" {
			note, err := tx.Invoices.Get(ctx, done.CreditNoteID)
			if err != nil {
				return err
			}
			out.CreditNote = &note
		}
		return errDryRun
	})
	if errors.Is(err, errDryRun) {
		err = nil
	}
	return out, err
}

// RetryRefund asks the gateway now for a refund of unknown outcome, with the same key. Codes: unknown_thing, refund_not_open,
// gateway_off, gateway_refused (it is failed then), and refund_in_progress when the key may be forgotten by now.
func (a *App) RetryRefund(ctx context.Context, who access.Actor, id string) (inbox.Refund, error) {
	if err := who.May(access.Keep); err != nil {
		return inbox.Refund{}, err
	}
	rf, err := a.Views.Refund(ctx, who.Company, id)
	switch {
	case err != nil:
		return rf, err
	case !rf.Open():
		return rf, fault.New(fault.Conflict, fault.RefundNotOpen)
	case a.keyForgotten(rf):
		return rf, fault.New(fault.Conflict, fault.RefundInProgress)
	}
	return a.askRefund(books.WithoutKey(ctx), who.Company, id)
}

// AbandonRefund declares that a refund of unknown outcome did not happen, as a person saw at the provider's. It is refused as
// long as the gateway can be asked with the same key, which is the better way to know. Codes: unknown_thing,
// refund_not_open, refund_in_progress.
func (a *App) AbandonRefund(ctx context.Context, who access.Actor, id string) (inbox.Refund, error) {
	return a.onRefund(ctx, who, id, func(ctx context.Context, tx *books.Tx, rf *inbox.Refund) error {
		if !a.keyForgotten(*rf) {
			return fault.New(fault.Conflict, fault.RefundInProgress)
		}
		return a.failRefund(ctx, tx, who.Name, rf, "abandoned", "", "")
	})
}

// keyForgotten says whether the provider may have forgotten the refund's key, so that asking again could refund again.
func (a *App) keyForgotten(rf inbox.Refund) bool { return a.Now().Sub(rf.CreatedAt) >= refundKeyLife }

func (a *App) onRefund(ctx context.Context, who access.Actor, id string, fn func(context.Context, *books.Tx, *inbox.Refund) error) (inbox.Refund, error) {
	var out inbox.Refund
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		rf, err := tx.Refunds.Get(ctx, id)
		if err != nil {
			return err
		}
		if !rf.Open() {
			return fault.New(fault.Conflict, fault.RefundNotOpen)
		}
		if err := fn(ctx, tx, &rf); err != nil {
			return err
		}
		out = rf
		return nil
	}, books.Ref{Kind: books.Refunds, ID: id})
	return out, err
}

// SendRefund asks again for a refund whose outcome is not known; workers call it when its time has come.
func (a *App) SendRefund(ctx context.Context, company, id string) error {
	_, err := a.askRefund(ctx, company, id)
	if fault.Has(err, fault.GatewayRefused) {
		err = nil // an outcome, written down
	}
	return err
}
