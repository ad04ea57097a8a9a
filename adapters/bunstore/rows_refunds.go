package bunstore

import (
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/uptrace/bun"
)

type refundRow struct {
	bun.BaseModel `bun:"table:refunds"`

	CompanyID    string `bun:"company_id,pk"`
	ID           string `bun:"id,pk"`
	ReceiptID    string
	CustomerID   string
	ConnectionID string
	PaymentID    string
	Amount       int64
	Currency     string
	Cover        inbox.Cover
	Reason       string
	State        inbox.RefundState
	ArrivalID    string
	CreditNoteID string
	CreditNoteNo string
	EntrySeq     int64
	Problem      string
	Code         string
	Detail       string
	Tries        int
	NextTry      int64
	CreatedAt    int64
	CreatedBy    string
	UpdatedAt    int64
	Version      int64
}

func toRefund(company string, v inbox.Refund) refundRow {
	return refundRow{CompanyID: company, ID: v.ID, ReceiptID: v.ReceiptID, CustomerID: v.CustomerID, ConnectionID: v.ConnectionID,
		PaymentID: v.PaymentID, Amount: v.Amount.Minor(), Currency: string(v.Amount.Currency()), Cover: v.Cover, Reason: v.Reason, State: v.State,
		ArrivalID: v.ArrivalID, CreditNoteID: v.CreditNoteID, CreditNoteNo: v.CreditNoteNo, EntrySeq: v.EntrySeq, Problem: v.Problem, Code: v.Code, Detail: v.Detail,
		Tries: v.Tries, NextTry: micros(v.NextTry), CreatedAt: micros(v.CreatedAt), CreatedBy: v.CreatedBy, UpdatedAt: micros(v.UpdatedAt),
		Version: v.Version}
}

func fromRefund(r refundRow) (inbox.Refund, error) {
	var d decoder
	v := inbox.Refund{ID: r.ID, ReceiptID: r.ReceiptID, CustomerID: r.CustomerID, ConnectionID: r.ConnectionID, PaymentID: r.PaymentID,
		Amount: d.money(r.Amount, r.Currency), Cover: r.Cover, Reason: r.Reason, State: r.State, ArrivalID: r.ArrivalID,
		CreditNoteID: r.CreditNoteID, CreditNoteNo: r.CreditNoteNo, EntrySeq: r.EntrySeq, Problem: r.Problem, Code: r.Code, Detail: r.Detail, Tries: r.Tries,
		NextTry: instant(r.NextTry), CreatedAt: instant(r.CreatedAt), CreatedBy: r.CreatedBy, UpdatedAt: instant(r.UpdatedAt), Version: r.Version}
	return v, d.done("refund", r.ID)
}
