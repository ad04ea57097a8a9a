package api

import (
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

func (s *service) receipts() {
	const tag = "Receipts"
	add(s, endpoint{method: get, path: "/receipts", id: "listReceipts", tag: tag, needs: access.Read,
		summary: "Receipts, online and typed in (Saisie des règlements client)"}, s.listReceipts)
	add(s, endpoint{method: post, path: "/receipts", id: "recordReceipt", tag: tag, needs: access.Keep, status: 201,
		summary: "Record money received outside of any gateway", text: "A transfer, a cheque, cash. It is posted and matched at once; what the allocations leave goes to the customer's credit."}, s.recordReceipt)
	add(s, endpoint{method: get, path: "/receipts/{receipt}", id: "getReceipt", tag: tag, needs: access.Read, summary: "One receipt"}, s.getReceipt)
	add(s, endpoint{method: post, path: "/receipts/{receipt}/reverse", id: "reverseReceipt", tag: tag, needs: access.Keep,
		summary: "Take back a receipt typed in by mistake, or a cheque that bounced", text: "Online receipts are refunded at the gateway instead (`not_reversible`)."}, s.reverseReceipt)
}

// ReceiptFields is what is said of a receipt.
type ReceiptFields struct {
	CustomerID  customerID         `json:"customer_id"`
	Date        date               `json:"date,omitzero" doc:"Today when absent."`
	Amount      amount             `json:"amount"`
	MethodID    methodID           `json:"method_id" doc:"One that has a journal and an account."`
	Reference   string             `json:"reference,omitzero" maxLength:"80" doc:"Of the cheque or transfer."`
	Allocations []AllocationFields `json:"allocations,omitempty" maxItems:"200" doc:"What it settles."`
}

// AllocationFields puts a part of a receipt on a document.
type AllocationFields struct {
	DocumentID documentID `json:"document_id" doc:"An invoice or a deposit."`
	Amount     amount     `json:"amount"`
}

func (f AllocationFields) core(r *reading, cur money.Currency, path ...string) app.AllocationInput {
	id := idIn(r, f.DocumentID, append(path, "document_id")...)
	return app.AllocationInput{Document: documentKind(id), DocumentID: id, Amount: r.amount(&f.Amount, cur, append(path, "amount")...)}
}

// receipt is money received from a customer (règlement). Its amount is negative when it was given back.
type receipt struct {
	ID           receiptID    `json:"id"`
	CustomerID   customerID   `json:"customer_id"`
	CustomerName string       `json:"customer_name,omitzero" doc:"In lists."`
	CustomerCode string       `json:"customer_code,omitzero" doc:"In lists."`
	Date         date         `json:"date"`
	Amount       amount       `json:"amount"`
	MethodID     methodID     `json:"method_id,omitzero" doc:"Typed in."`
	ArrivalID    arrivalID    `json:"arrival_id,omitzero" doc:"Online."`
	ConnectionID connectionID `json:"connection_id,omitzero" doc:"Online."`
	Reference    string       `json:"reference,omitzero"`
	Allocations  []allocation `json:"allocations"`
	Excess       amount       `json:"excess" doc:"What went to the customer's credit."`
	EntrySeq     int64        `json:"entry_seq"`
	ReversedSeq  int64        `json:"reversed_seq,omitzero" doc:"The entry that took it back."`
	Refunded     amount       `json:"refunded"`
	Refunding    amount       `json:"refunding" doc:"Asked for and not posted yet."`
	RefundID     refundID     `json:"refund_id,omitzero" doc:"The last refund asked for."`
	CreatedAt    time.Time    `json:"created_at"`
	CreatedBy    string       `json:"created_by"`
	Version      int64        `json:"version"`
}

// allocation is the part of a receipt that settles one document.
type allocation struct {
	Document   string     `json:"document" enum:"invoice,deposit"`
	DocumentID documentID `json:"document_id"`
	Number     string     `json:"number,omitzero"`
	Amount     amount     `json:"amount"`
}

func receiptOf(r inbox.Receipt) receipt {
	cur := r.Amount.Currency()
	return receipt{ID: receiptID(r.ID), CustomerID: customerID(r.CustomerID), Date: dateOf(r.Date), Amount: moneyAmount(r.Amount),
		MethodID: methodID(r.MethodID), ArrivalID: arrivalID(r.ArrivalID), ConnectionID: connectionID(r.Connection), Reference: r.Reference,
		Allocations: each(r.Allocations, func(a inbox.Allocation) allocation {
			return allocation{string(a.Document), documentID(a.DocumentID), a.Number, amountOf(a.Amount, cur)}
		}),
		Excess: amountOf(r.Excess, cur), EntrySeq: r.EntrySeq, ReversedSeq: r.ReversedSeq, Refunded: amountOf(r.Refunded, cur), Refunding: amountOf(r.Refunding, cur), RefundID: refundID(r.RefundID),
		CreatedAt: r.CreatedAt, CreatedBy: r.CreatedBy, Version: r.Version}
}

func (s *service) listReceipts(c *call, in *struct {
	Search   string     `query:"search" maxLength:"100"`
	Customer customerID `query:"customer"`
	Document documentID `query:"document"`
	Online   string     `query:"online" enum:"true,false"`
	From     civil.Date `query:"from" format:"date"`
	To       civil.Date `query:"to" format:"date"`
	Paging
}) (page[receipt], error) {
	v, err := s.views(c)
	if err != nil {
		return page[receipt]{}, err
	}
	q := app.ReceiptQuery{Search: in.Search, Customer: string(in.Customer), Document: string(in.Document), Online: yesNo(in.Online), From: in.From, To: in.To}
	if q.Paging, err = in.paging(); err != nil {
		return page[receipt]{}, err
	}
	p, err := v.Receipts(c.ctx, c.who.Company, q)
	return list(c, p, err, func(r app.ReceiptRow) receipt {
		out := receiptOf(r.Receipt)
		out.CustomerName, out.CustomerCode = r.CustomerName, r.CustomerCode
		return out
	})
}

func (s *service) recordReceipt(c *call, in *struct{ Body ReceiptFields }) (receipt, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return receipt{}, err
	}
	var r reading
	b := in.Body
	ri := app.ReceiptInput{CustomerID: idIn(&r, b.CustomerID, "customer_id"), Date: r.date(b.Date, "date"), Amount: r.money(&b.Amount, "amount"),
		MethodID: idIn(&r, b.MethodID, "method_id"), Reference: b.Reference}
	for i, al := range b.Allocations {
		ri.Allocations = append(ri.Allocations, al.core(&r, cur, "allocations", itoa(i)))
	}
	if err := r.Err(); err != nil {
		return receipt{}, err
	}
	rec, err := s.app.RecordReceipt(c.ctx, c.who, ri)
	return s.showReceipt(c, rec, err)
}

type receiptPath struct {
	Receipt receiptID `path:"receipt"`
}

func (s *service) getReceipt(c *call, in *receiptPath) (receipt, error) {
	r, err := s.findReceipt(c, string(in.Receipt))
	if err != nil {
		return receipt{}, err
	}
	return receiptOf(r), nil
}

func (s *service) findReceipt(c *call, id string) (inbox.Receipt, error) {
	v, err := s.views(c)
	if err != nil {
		return inbox.Receipt{}, err
	}
	return v.Receipt(c.ctx, c.who.Company, id)
}

// showReceipt answers with a receipt just made, or made by an earlier request.
func (s *service) showReceipt(c *call, r inbox.Receipt, err error) (receipt, error) {
	if id, again := c.replayed(err); again {
		r, err = s.findReceipt(c, id)
	}
	if err != nil {
		return receipt{}, err
	}
	c.created("/receipts/" + r.ID)
	return receiptOf(r), nil
}

func (s *service) reverseReceipt(c *call, in *receiptPath) (receipt, error) {
	r, err := s.app.ReverseReceipt(c.ctx, c.who, string(in.Receipt))
	if _, again := c.replayed(err); again {
		return s.getReceipt(c, in)
	}
	if err != nil {
		return receipt{}, err
	}
	return receiptOf(r), nil
}
