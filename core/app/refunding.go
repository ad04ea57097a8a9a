package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

// askRefund asks the gateway for a refund that was written down, and writes down what it answers. The error says what
// certainly was refused; an outcome that is not known is no error, the refund's state says so.
func (a *App) askRefund(ctx context.Context, company, id string) (inbox.Refund, error) {
	rf, err := a.claimRefund(ctx, company, id)
	if err != nil || !rf.Open() {
		return rf, err
	}
	if rf.NextTry.IsZero() {
		a.lookAgain(ctx, company, []string{inbox.ArrivalID(rf.ConnectionID, gateway.KindPayment, rf.PaymentID)})
		return a.Views.Refund(ctx, company, id)
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return rf, err
	}
	conn := setup.Connections[rf.ConnectionID]
	p, err := a.callRefund(ctx, company, conn, rf)
	if err == nil {
		return a.refundAnswered(ctx, company, conn, rf.ID, p)
	}
	return a.refundUnanswered(ctx, company, conn, rf.ID, err)
}

// claimRefund counts a try and keeps the workers away while it lasts. When the key may be forgotten nobody tries any more.
func (a *App) claimRefund(ctx context.Context, company, id string) (inbox.Refund, error) {
	var rf inbox.Refund
	err := a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if rf, err = tx.Refunds.Get(ctx, id); err != nil || !rf.Open() {
			return err
		}
		if a.keyForgotten(rf) {
			if rf.NextTry.IsZero() {
				return nil
			}
			rf.NextTry = time.Time{}
		} else {
			rf.Tries++
			rf.NextTry = tx.Now().Add(refundTakeOver + backoff(rf.Tries))
		}
		rf.Version++
		rf.UpdatedAt = tx.Now()
		tx.Refunds.Put(rf)
		return nil
	}, books.Ref{Kind: books.Refunds, ID: id})
	return rf, err
}

func (a *App) callRefund(ctx context.Context, company string, conn inbox.Connection, rf inbox.Refund) (gateway.Payment, error) {
	g, err := a.openGateway(ctx, company, conn)
	if err != nil {
		return gateway.Payment{}, err
	}
	r, ok := g.(gateway.Refunder)
	if !ok {
		return gateway.Payment{}, gateway.Fail(gateway.ErrUnsupported, gateway.NotDone, "", "")
	}
	p, err := r.Refund(ctx, gateway.RefundRequest{IdempotencyKey: rf.ID, PaymentID: rf.PaymentID, Amount: rf.Amount, Reason: rf.Reason})
	if err == nil {
		err = gateway.CheckPayment(p)
	}
	if err == nil && (p.Kind != gateway.KindRefund || p.RelatedID != rf.PaymentID) {
		err = gateway.Fail(gateway.ErrBug, gateway.Unknown, "bad_reply", fmt.Sprintf("a refund was asked for, a %s of another payment was answered", p.Kind))
	}
	return p, err
}

// refundAnswered stores the movement that the gateway answered, as any other way in would, tied to its refund.
func (a *App) refundAnswered(ctx context.Context, company string, conn inbox.Connection, id string, p gateway.Payment) (inbox.Refund, error) {
	var rf inbox.Refund
	var seen []string
	from, err := a.sighted(ctx, company, conn, []gateway.Payment{p}, inbox.ByRefund)
	if err != nil {
		return rf, err
	}
	err = a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if rf, err = tx.Refunds.Get(ctx, id); err != nil {
			return err
		}
		rf.ArrivalID = inbox.ArrivalID(conn.ID, p.Kind, p.ID)
		tx.Refunds.Put(rf)
		if seen, err = a.observeIn(ctx, tx, conn, []gateway.Payment{p}, from); err != nil {
			return err
		}
		rf, err = tx.Refunds.Get(ctx, id)
		return err
	}, books.Ref{Kind: books.Refunds, ID: id})
	if err != nil {
		return rf, err
	}
	a.automatic(ctx, company, seen)
	a.lookAgain(ctx, company, []string{inbox.ArrivalID(conn.ID, gateway.KindPayment, rf.PaymentID), rf.ArrivalID})
	if rf.State == inbox.RefundFailed {
		return rf, fault.New(fault.Refused, fault.GatewayRefused, "gateway", conn.Label, "detail", rf.Code)
	}
	return a.Views.Refund(ctx, company, id)
}

// refundUnanswered writes down why a refund was not done, or why nobody knows.
func (a *App) refundUnanswered(ctx context.Context, company string, conn inbox.Connection, id string, cause error) (inbox.Refund, error) {
	refused := gatewayFault(conn.Label, cause)
	var code, detail string
	certain := false
	if len(fault.All(cause)) == 0 {
		e := gateway.AsError(cause)
		code, detail = e.Code, clipRunes(e.Detail, 300)
		// What may go better later is left to the workers, also when it certainly was not done.
		certain = e.Outcome == gateway.NotDone && e.Kind != gateway.ErrRetryable
	}
	var rf inbox.Refund
	err := a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if rf, err = tx.Refunds.Get(ctx, id); err != nil || !rf.Open() {
			return err
		}
		if certain {
			return a.failRefund(ctx, tx, "Acquit", &rf, string(fault.CodeOf(refused)), code, detail)
		}
		rf.Problem, rf.Code, rf.Detail = string(fault.CodeOf(refused)), code, detail
		rf.NextTry, rf.UpdatedAt = tx.Now().Add(backoff(rf.Tries)), tx.Now()
		rf.Version++
		tx.Refunds.Put(rf)
		return nil
	}, books.Ref{Kind: books.Refunds, ID: id})
	if err != nil {
		return rf, err
	}
	if !certain {
		a.Log.Warn("the outcome of a refund is not known; the same will be asked for again", cause, "refund", id)
		return rf, nil
	}
	a.lookAgain(ctx, company, []string{inbox.ArrivalID(conn.ID, gateway.KindPayment, rf.PaymentID)})
	return rf, refused
}

// failRefund ends a refund that came to nothing; what it held of the receipt is free again.
func (a *App) failRefund(ctx context.Context, tx *books.Tx, by string, rf *inbox.Refund, problem, code, detail string) error {
	held := rf.Holds()
	rf.State, rf.Problem, rf.Code, rf.Detail, rf.NextTry = inbox.RefundFailed, problem, code, detail, time.Time{}
	return a.endRefund(ctx, tx, by, "refund_failed", rf, held, strings.TrimSpace(rf.Amount.String()+" "+code))
}

// endRefund saves a refund that holds nothing of its receipt any more; held says whether it did.
func (a *App) endRefund(ctx context.Context, tx *books.Tx, by, action string, rf *inbox.Refund, held bool, detail string) error {
	r, err := tx.Receipts.Get(ctx, rf.ReceiptID)
	if err != nil {
		return err
	}
	if held {
		r.Refunding -= rf.Amount.Minor()
	}
	r.Version++
	tx.Receipts.Put(r)
	rf.Version++
	rf.UpdatedAt = tx.Now()
	tx.Refunds.Put(*rf)
	a.logRefund(tx, by, action, rf, &r, detail)
	return nil
}

// logRefund notes a step in the history of the refund, of its receipt and of the documents that this one had paid.
func (a *App) logRefund(tx *books.Tx, by, action string, rf *inbox.Refund, r *inbox.Receipt, detail string) {
	tx.Log(by, action, rf.ID, detail)
	tx.Log(by, action, r.ID, detail)
	for _, al := range r.Allocations {
		tx.Log(by, action, al.DocumentID, detail)
	}
}

// linkRefund ties a refund that a gateway reports to the one we asked for: the provider kept our key as its reference, or its
// answer to our request named this movement. It says whether it did so now.
func (a *App) linkRefund(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) (bool, error) {
	if ar.Kind != gateway.KindRefund || ar.RefundID != "" || ar.State == inbox.Integrated {
		return false, nil
	}
	rf, ok, err := a.lastRefund(ctx, tx, ar)
	if err != nil {
		return false, err
	}
	if !ok || rf.ArrivalID != ar.ID {
		if !ids.Valid(ids.Refund, ar.Reference) {
			return false, nil
		}
		if rf, ok, err = tx.Refunds.Find(ctx, ar.Reference); err != nil || !ok || rf.PaymentID != ar.RelatedID || rf.ConnectionID != ar.ConnectionID {
			return false, err
		}
		if rf.ArrivalID != "" && rf.ArrivalID != ar.ID {
			return false, nil
		}
	}
	ar.RefundID = rf.ID
	return true, nil
}

// lastRefund is the last refund we asked for of the payment that a reported refund belongs to.
func (a *App) lastRefund(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) (inbox.Refund, bool, error) {
	paid, ok, err := tx.Arrivals.Find(ctx, inbox.ArrivalID(ar.ConnectionID, gateway.KindPayment, ar.RelatedID))
	if err != nil || !ok {
		return inbox.Refund{}, false, err
	}
	rec, ok, err := tx.Receipts.Find(ctx, paid.ReceiptID)
	if err != nil || !ok {
		return inbox.Refund{}, false, err
	}
	return tx.Refunds.Find(ctx, rec.RefundID)
}

// followRefund moves a refund of ours to where its movement is.
func (a *App) followRefund(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	if ar.RefundID == "" || ar.Kind != gateway.KindRefund {
		return nil
	}
	rf, err := tx.Refunds.Get(ctx, ar.RefundID)
	if err != nil || rf.State != inbox.RefundRequested && rf.State != inbox.RefundAccepted {
		return err
	}
	rf.ArrivalID = ar.ID
	if ar.GatewayState == gateway.Failed {
		return a.failRefund(ctx, tx, "Acquit", &rf, string(fault.GatewayRefused), ar.Reason, "")
	}
	fresh := rf.State == inbox.RefundRequested
	rf.State, rf.Problem, rf.Code, rf.Detail, rf.NextTry, rf.UpdatedAt = inbox.RefundAccepted, "", ar.Reason, "", time.Time{}, tx.Now()
	rf.Version++
	tx.Refunds.Put(rf)
	if !fresh {
		return nil
	}
	r, err := tx.Receipts.Get(ctx, rf.ReceiptID)
	if err != nil {
		return err
	}
	a.logRefund(tx, "Acquit", "refund_accepted", &rf, &r, ar.ExternalID)
	return nil
}

// classifyRefund holds a refund that may be the one we are asking for until the gateway's answer says whether it is: posted
// before, it would be without its credit note. Where nobody asks any more, it is taken for it.
func (a *App) classifyRefund(ctx context.Context, tx *books.Tx, ar *inbox.Arrival, paid *inbox.Arrival) error {
	if ar.Kind != gateway.KindRefund || ar.RefundID != "" || paid.ReceiptID == "" {
		return nil
	}
	rf, ok, err := a.lastRefund(ctx, tx, ar)
	if err != nil || !ok || !rf.Open() || rf.Amount != ar.Paid() {
		return err
	}
	if !rf.NextTry.IsZero() || ar.GatewayState == gateway.Failed {
		ar.SetFlag(inbox.RefundOpen, true)
		return nil
	}
	ar.RefundID = rf.ID
	return a.followRefund(ctx, tx, ar)
}

// refundPosted ends a refund of ours whose movement was posted, or one whose failure was.
func (a *App) refundPosted(ctx context.Context, tx *books.Tx, s *settling, ar *inbox.Arrival, seq int64) error {
	switch ar.Kind {
	case gateway.KindRefund:
		if ar.RefundID == "" {
			return nil
		}
		rf, err := tx.Refunds.Get(ctx, ar.RefundID)
		if err != nil {
			return err
		}
		held := rf.Holds()
		rf.State, rf.EntrySeq, rf.NextTry = inbox.RefundPosted, seq, time.Time{}
		if s.bill != nil {
			rf.CreditNoteID, rf.CreditNoteNo = s.bill.ID, s.bill.Number
		}
		return a.endRefund(ctx, tx, s.who.Name, "refund_posted", &rf, held, ar.Paid().String())
	case gateway.KindRefundReversal:
		given, ok, err := related(ctx, tx, ar)
		if err != nil || !ok || given.RefundID == "" {
			return err
		}
		rf, err := tx.Refunds.Get(ctx, given.RefundID)
		if err != nil {
			return err
		}
		r, err := tx.Receipts.Get(ctx, rf.ReceiptID)
		if err != nil {
			return err
		}
		rf.State, rf.Problem, rf.Code = inbox.RefundReversed, string(fault.GatewayRefused), ar.Reason
		rf.Version++
		rf.UpdatedAt = tx.Now()
		tx.Refunds.Put(rf)
		a.logRefund(tx, s.who.Name, "refund_reversed", &rf, &r, ar.Paid().String())
	}
	return nil
}

// creditNoteEntry is the entry of the credit note that the posting of a refund made necessary; that of a deposit has none.
func (a *App) creditNoteEntry(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) ([]int64, error) {
	if ar.RefundID == "" || ar.Kind != gateway.KindRefund {
		return nil, nil
	}
	rf, err := tx.Refunds.Get(ctx, ar.RefundID)
	if err != nil || rf.CreditNoteID == "" {
		return nil, err
	}
	note, err := tx.Invoices.Get(ctx, rf.CreditNoteID)
	if err != nil || note.EntrySeq == 0 {
		return nil, err
	}
	return []int64{note.EntrySeq}, nil
}
