package api

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/inbox"
)

func (s *service) refunds() {
	const tag = "Receipts"
	add(s, endpoint{method: post, path: "/receipts/{receipt}/refund", id: "refundReceipt", tag: tag, needs: access.Keep, status: 201,
		summary: "Give money of an online receipt back through its gateway",
		text: "The refund is written down, then the gateway is asked; its movement arrives in the inbox and is posted by the same OK as any other, " +
			"together with the credit note that the refund needs. State `requested` means that the gateway's answer was lost: the same is asked for again until the " +
			"outcome is certain. When the gateway certainly refuses, the answer is `gateway_refused` and the refund is listed as `failed`."}, s.refundReceipt)
	add(s, endpoint{method: get, path: "/receipts/{receipt}/refunds", id: "listRefunds", tag: tag, needs: access.Read,
		summary: "The refunds asked for on a receipt", text: "Newest first."}, s.listRefunds)
	add(s, endpoint{method: get, path: "/refunds/{refund}", id: "getRefund", tag: tag, needs: access.Read, summary: "One refund"}, s.getRefund)
	add(s, endpoint{method: post, path: "/refunds/{refund}/retry", id: "retryRefund", tag: tag, needs: access.Keep,
		summary: "Ask the gateway now for a refund of unknown outcome", text: "With the same key, so that it is refunded once."}, s.retryRefund)
	add(s, endpoint{method: post, path: "/refunds/{refund}/abandon", id: "abandonRefund", tag: tag, needs: access.Keep,
		summary: "Declare that a refund of unknown outcome did not happen", text: "Refused (`refund_in_progress`) for as long as the gateway can be asked with the same key."}, s.abandonRefund)
}

// RefundFields is a refund asked for.
type RefundFields struct {
	Amount amount `json:"amount" doc:"At most what was received, less what was given back or is on its way."`
	Cover  string `json:"cover,omitzero" enum:"credit_note,gesture,none" doc:"What stands against it: a credit note (default), one for a commercial gesture (709), or nothing where the invoice has no VAT. What is owed to the customer already needs none."`
	Reason string `json:"reason,omitzero" maxLength:"200" doc:"Printed on the credit note."`
}

// refund is money that a gateway was asked to give back.
type refund struct {
	ID           refundID     `json:"id"`
	ReceiptID    receiptID    `json:"receipt_id"`
	CustomerID   customerID   `json:"customer_id"`
	ConnectionID connectionID `json:"connection_id"`
	PaymentID    string       `json:"payment_id" doc:"The gateway's id of what is refunded."`
	Amount       amount       `json:"amount"`
	Cover        string       `json:"cover" enum:"credit_note,gesture,none"`
	Reason       string       `json:"reason,omitzero"`
	State        string       `json:"state" enum:"requested,accepted,posted,failed,reversed" doc:"reversed: it failed after it was posted, and the money is the customer's credit."`
	ArrivalID    arrivalID    `json:"arrival_id,omitzero" doc:"The gateway's movement."`
	CreditNoteID invoiceID    `json:"credit_note_id,omitzero"`
	CreditNoteNo string       `json:"credit_note_number,omitzero"`
	EntrySeq     int64        `json:"entry_seq,omitzero"`
	Problem      string       `json:"problem,omitzero" doc:"Why the last try led to nothing: a code of the refusals, or abandoned."`
	Code         string       `json:"code,omitzero" doc:"The provider's."`
	Detail       string       `json:"detail,omitzero"`
	Tries        int          `json:"tries"`
	NextTry      time.Time    `json:"next_try,omitzero"`
	CreatedAt    time.Time    `json:"created_at"`
	CreatedBy    string       `json:"created_by"`
	UpdatedAt    time.Time    `json:"updated_at"`
	Version      int64        `json:"version"`
}

func refundOf(r inbox.Refund) refund {
	return refund{ID: refundID(r.ID), ReceiptID: receiptID(r.ReceiptID), CustomerID: customerID(r.CustomerID), ConnectionID: connectionID(r.ConnectionID),
		PaymentID: r.PaymentID, Amount: moneyAmount(r.Amount), Cover: string(r.Cover), Reason: r.Reason, State: string(r.State),
		ArrivalID: arrivalID(r.ArrivalID), CreditNoteID: invoiceID(r.CreditNoteID), CreditNoteNo: r.CreditNoteNo, EntrySeq: r.EntrySeq, Problem: r.Problem, Code: r.Code,
		Detail: r.Detail, Tries: r.Tries, NextTry: r.NextTry, CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, UpdatedAt: r.UpdatedAt, Version: r.Version}
}

func (s *service) refundReceipt(c *call, in *struct {
	Receipt receiptID `path:"receipt"`
	Body    RefundFields
}) (refund, error) {
	var r reading
	ri := app.RefundInput{Amount: r.money(&in.Body.Amount, "amount"), Cover: inbox.Cover(in.Body.Cover), Reason: in.Body.Reason}
	if err := r.Err(); err != nil {
		return refund{}, err
	}
	rf, err := s.app.Refund(c.ctx, c.who, string(in.Receipt), ri)
	if id, again := c.replayed(err); again {
		rf, err = s.findRefund(c, id)
	}
	if err != nil {
		return refund{}, err
	}
	c.created("/refunds/" + rf.ID)
	return refundOf(rf), nil
}

type refundPath struct {
	Refund refundID `path:"refund"`
}

func (s *service) findRefund(c *call, id string) (inbox.Refund, error) {
	v, err := s.views(c)
	if err != nil {
		return inbox.Refund{}, err
	}
	return v.Refund(c.ctx, c.who.Company, id)
}

func (s *service) getRefund(c *call, in *refundPath) (refund, error) {
	rf, err := s.findRefund(c, string(in.Refund))
	if err != nil {
		return refund{}, err
	}
	return refundOf(rf), nil
}

func (s *service) listRefunds(c *call, in *receiptPath) (all[refund], error) {
	if _, err := s.findReceipt(c, string(in.Receipt)); err != nil {
		return all[refund]{}, err
	}
	v, err := s.views(c)
	if err != nil {
		return all[refund]{}, err
	}
	l, err := v.RefundsOf(c.ctx, c.who.Company, string(in.Receipt))
	return whole(l, err, refundOf)
}

func (s *service) retryRefund(c *call, in *refundPath) (refund, error) {
	_, err := s.once(c, func(ctx context.Context) (string, error) {
		_, err := s.app.RetryRefund(ctx, c.who, string(in.Refund))
		return string(in.Refund), err
	})
	if err := c.done(err); err != nil {
		return refund{}, err
	}
	return s.getRefund(c, in)
}

func (s *service) abandonRefund(c *call, in *refundPath) (refund, error) {
	err := s.unseen(c)
	if err == nil {
		_, err = s.app.AbandonRefund(c.ctx, c.who, string(in.Refund))
	}
	if err := c.done(err); err != nil {
		return refund{}, err
	}
	return s.getRefund(c, in)
}
