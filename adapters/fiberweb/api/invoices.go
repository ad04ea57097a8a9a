package api

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
)

func (s *service) invoices() {
	const tag = "Invoices"
	add(s, endpoint{method: get, path: "/invoices", id: "listInvoices", tag: tag, needs: access.Read,
		summary: "Invoices, deposit invoices and credit notes", text: "`balance` is the balance due (solde dû)."}, s.listInvoices)
	add(s, endpoint{method: post, path: "/invoices", id: "createInvoice", tag: tag, needs: access.Sell, status: 201,
		summary: "Make a draft invoice", text: "It has no number and posts nothing before it is issued."}, s.createInvoice)
	add(s, endpoint{method: get, path: "/invoices/{invoice}", id: "getInvoice", tag: tag, needs: access.Read, summary: "One invoice or credit note"}, s.getInvoice)
	add(s, endpoint{method: patch, path: "/invoices/{invoice}", id: "changeInvoice", tag: tag, needs: access.Sell, versioned: true,
		summary: "Change a draft", text: "An issued document never changes (`not_draft`): a credit note corrects it."}, s.changeInvoice)
	add(s, endpoint{method: remove, path: "/invoices/{invoice}", id: "discardInvoice", tag: tag, needs: access.Sell, summary: "Throw a draft away"}, s.discardInvoice)
	add(s, endpoint{method: post, path: "/invoices/{invoice}/issue", id: "issueInvoice", tag: tag, needs: access.Sell,
		summary: "Number, freeze and post a draft, all or nothing",
		text:    "Refused with `company_incomplete`, `customer_vat_needed`, `date_backwards`, `period_closed`, `credit_too_large`, `negative_total`…"}, s.issueInvoice)
	add(s, endpoint{method: post, path: "/invoices/{invoice}/send", id: "sendInvoice", tag: tag, needs: access.Sell,
		summary: "Issue the document if it is a draft, and queue its mail", text: "The mail has the PDF and, where online payment is offered, the pay button. Refused with `email_missing`, `mail_not_set`, and as for issuing."}, s.sendInvoice)
	add(s, endpoint{method: post, path: "/invoices/{invoice}/remind", id: "remindInvoice", tag: tag, needs: access.Sell, summary: "Queue a reminder of an invoice that is due"}, s.remindInvoice)
	add(s, endpoint{method: post, path: "/invoices/{invoice}/credit-notes", id: "createCreditNote", tag: tag, needs: access.Sell, status: 201,
		summary: "Make a draft credit note for what is still charged", text: "Cut it down before issuing it to take back a part."}, s.createCreditNote)
	add(s, endpoint{method: get, path: "/invoices/{invoice}/credit-notes", id: "listCreditNotes", tag: tag, needs: access.Read, summary: "The credit notes of an invoice"}, s.listCreditNotes)
	add(s, endpoint{method: get, path: "/invoices/{invoice}/entries", id: "listInvoiceEntries", tag: tag, needs: access.Read, summary: "The entries that carry an invoice"}, s.listInvoiceEntries)
	add(s, endpoint{method: get, path: "/invoices/{invoice}/pdf", id: "getInvoicePDF", tag: tag, needs: access.Read, produces: []string{mediaPDF}, summary: "The document as PDF"}, s.getInvoicePDF)
	add(s, endpoint{method: post, path: "/invoices/{invoice}/dispute/write-off", id: "writeOffDispute", tag: tag, needs: access.Keep,
		summary: "Give up an amount lost in a dispute"}, s.writeOffDispute)
}

// InvoiceFields is what is said of an invoice.
type InvoiceFields struct {
	CustomerID customerID   `json:"customer_id"`
	Date       date         `json:"date,omitzero" doc:"Of issue; today when absent."`
	SupplyDate date         `json:"supply_date,omitzero" doc:"The date of issue when absent."`
	DueDate    date         `json:"due_date,omitzero" doc:"By the company's terms when absent."`
	Reference  string       `json:"reference,omitzero" maxLength:"60" doc:"The customer's order number."`
	Note       string       `json:"note,omitzero" maxLength:"2000"`
	MethodID   methodID     `json:"method_id,omitzero" doc:"The customer's when absent."`
	Lines      []LineFields `json:"lines" minItems:"1" maxItems:"500"`
}

// invoice is an invoice, deposit invoice or credit note. Amounts of a credit note are positive and mean less.
type invoice struct {
	ID         invoiceID   `json:"id"`
	Kind       string      `json:"kind" enum:"invoice,deposit,credit_note,deposit_credit" doc:"UNTDID 1001: 380, 386, 381, 503."`
	Life       string      `json:"life" enum:"draft,issued,discarded"`
	Settlement string      `json:"settlement" enum:"unpaid,partial,paid,disputed,none"`
	Number     string      `json:"number,omitzero" example:"FA2026-00012" doc:"Once issued; without gaps in its series and fiscal year."`
	CustomerID customerID  `json:"customer_id"`
	Customer   billedTo    `json:"customer" doc:"As printed: frozen at issue."`
	Date       date        `json:"date"`
	SupplyDate date        `json:"supply_date"`
	DueDate    date        `json:"due_date"`
	Language   string      `json:"language" enum:"fr,en"`
	Reference  string      `json:"reference,omitzero"`
	Note       string      `json:"note,omitzero"`
	MethodID   methodID    `json:"method_id,omitzero"`
	QuoteID    quoteID     `json:"quote_id,omitzero"`
	CreditOf   invoiceID   `json:"credit_of,omitzero" doc:"The invoice that a credit note corrects."`
	CreditOfNo string      `json:"credit_of_number,omitzero"`
	Lines      []line      `json:"lines"`
	Totals     totals      `json:"totals"`
	Deductions []deduction `json:"deductions,omitempty" doc:"Deposits taken off a final invoice."`
	OnDebits   bool        `json:"on_debits" doc:"VAT on services fell due at issue."`
	Payable    amount      `json:"payable" doc:"The total less the deposits."`
	Paid       amount      `json:"paid" doc:"Receipts less refunds."`
	Credited   amount      `json:"credited" doc:"Credit notes."`
	Disputed   amount      `json:"disputed" doc:"Taken away by open chargebacks."`
	Due        amount      `json:"due" doc:"Balance due (solde dû)."`
	Excess     amount      `json:"excess" doc:"What the customer is owed because credit notes came after payment."`
	// VATCollected and VATCredited are for the auditor: tax that fell due on receipt, and tax taken back, by VAT code.
	VATCollected map[string]amount `json:"vat_collected,omitempty" doc:"By VAT code: tax on services that fell due on receipt."`
	VATCredited  map[string]amount `json:"vat_credited,omitempty" doc:"By VAT code: tax that credit notes took back."`
	NetCredited  map[string]amount `json:"net_credited,omitempty" doc:"By VAT code: what credit notes took back excl. VAT."`
	EntrySeq     int64             `json:"entry_seq,omitzero" doc:"The sales entry."`
	IssuedAt     time.Time         `json:"issued_at,omitzero"`
	SentAt       time.Time         `json:"sent_at,omitzero"`
	PaidAt       time.Time         `json:"paid_at,omitzero" doc:"When it was last settled in full."`
	CreatedAt    time.Time         `json:"created_at"`
	UpdatedAt    time.Time         `json:"updated_at"`
	UpdatedBy    string            `json:"updated_by"`
	Version      int64             `json:"version"`
}

// billedTo is a customer as a document names it.
type billedTo struct {
	Code      string  `json:"code"`
	Name      string  `json:"name"`
	Email     string  `json:"email,omitzero"`
	SIREN     string  `json:"siren,omitzero"`
	VATNumber string  `json:"vat_number,omitzero"`
	Address   address `json:"address,omitzero"`
	DeliverTo address `json:"deliver_to,omitzero"`
}

// deduction is a deposit taken off a final invoice.
type deduction struct {
	DepositID depositID `json:"deposit_id"`
	InvoiceID invoiceID `json:"invoice_id" doc:"The deposit invoice."`
	Number    string    `json:"number"`
	Date      date      `json:"date"`
	Gross     amount    `json:"gross"`
	Rows      []vatRow  `json:"rows"`
}

func invoiceOf(v billing.Invoice) invoice {
	cur := v.Currency
	byCode := func(m map[string]int64) map[string]amount {
		out := make(map[string]amount, len(m))
		for code, minor := range m {
			out[code] = amountOf(minor, cur)
		}
		return out
	}
	p := v.Customer
	return invoice{ID: invoiceID(v.ID), Kind: string(v.Kind), Life: string(v.Life), Settlement: string(v.Settlement()), Number: v.Number,
		CustomerID: customerID(v.CustomerID), Customer: billedTo{Code: p.Code, Name: p.Name, Email: string(p.Email), SIREN: p.SIREN,
			VATNumber: p.VATNumber, Address: addressOf(p.Address), DeliverTo: addressOf(p.DeliverTo)},
		Date: dateOf(v.Date), SupplyDate: dateOf(v.SupplyDate), DueDate: dateOf(v.DueDate), Language: v.Language, Reference: v.Reference, Note: v.Note,
		MethodID: methodID(v.MethodID), QuoteID: quoteID(v.QuoteID), CreditOf: invoiceID(v.CreditOf), CreditOfNo: v.CreditOfNo,
		Lines: linesOf(v.Lines, cur), Totals: totalsOf(v.Totals, cur), OnDebits: v.OnDebits,
		Deductions: each(v.Deductions, func(d billing.Deduction) deduction {
			return deduction{depositID(d.DepositID), invoiceID(d.InvoiceID), d.Number, dateOf(d.Date), amountOf(d.Gross, cur), vatRowsOf(d.Rows, cur)}
		}),
		Payable: amountOf(v.Payable(), cur), Paid: amountOf(v.Paid, cur), Credited: amountOf(v.Credited, cur), Disputed: amountOf(v.Dispute, cur),
		Due: amountOf(v.Due(), cur), Excess: amountOf(v.Excess(), cur), VATCollected: byCode(v.VATMoved), VATCredited: byCode(v.VATCredited), NetCredited: byCode(v.NetCredited),
		EntrySeq: v.EntrySeq, IssuedAt: v.IssuedAt, SentAt: v.SentAt, PaidAt: v.PaidAt, CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt,
		UpdatedBy: v.UpdatedBy, Version: v.Version}
}

func (f InvoiceFields) core(r *reading) app.InvoiceInput {
	return app.InvoiceInput{CustomerID: idIn(r, f.CustomerID, "customer_id"), Date: r.date(f.Date, "date"), SupplyDate: r.date(f.SupplyDate, "supply_date"),
		DueDate: r.date(f.DueDate, "due_date"), Reference: f.Reference, Note: f.Note, MethodID: idIn(r, f.MethodID, "method_id"), Lines: linesCore(r, f.Lines)}
}

// invoiceRow is an invoice in a list.
type invoiceRow struct {
	ID           invoiceID  `json:"id"`
	Number       string     `json:"number,omitzero"`
	Kind         string     `json:"kind" enum:"invoice,deposit,credit_note,deposit_credit"`
	Life         string     `json:"life" enum:"draft,issued,discarded"`
	Settlement   string     `json:"settlement" enum:"unpaid,partial,paid,disputed,none"`
	CustomerID   customerID `json:"customer_id"`
	CustomerName string     `json:"customer_name"`
	Date         date       `json:"date"`
	DueDate      date       `json:"due_date"`
	Gross        amount     `json:"gross"`
	Balance      amount     `json:"balance" doc:"Balance due (solde dû)."`
	Online       bool       `json:"online" doc:"Settled, at least in part, by an online payment."`
	InProgress   bool       `json:"in_progress" doc:"A payment is on its way."`
	SentAt       time.Time  `json:"sent_at,omitzero"`
	PaidAt       time.Time  `json:"paid_at,omitzero"`
}

func invoiceRowOf(r app.InvoiceRow) invoiceRow {
	return invoiceRow{ID: invoiceID(r.ID), Number: r.Number, Kind: string(r.Kind), Life: string(r.Life), Settlement: string(r.Settlement),
		CustomerID: customerID(r.CustomerID), CustomerName: r.CustomerName, Date: dateOf(r.Date), DueDate: dateOf(r.DueDate),
		Gross: amountOf(r.Gross, r.Currency), Balance: amountOf(r.Balance, r.Currency), Online: r.Online, InProgress: r.InProgress,
		SentAt: r.SentAt, PaidAt: r.PaidAt}
}

func (s *service) listInvoices(c *call, in *struct {
	Search     string     `query:"search" maxLength:"100" doc:"Number, customer's name or code, reference."`
	Kind       []string   `query:"kind" enum:"invoice,deposit,credit_note,deposit_credit" doc:"Several: separated by commas."`
	Life       []string   `query:"life" enum:"draft,issued,discarded"`
	Settlement []string   `query:"settlement" enum:"unpaid,partial,paid,disputed,none"`
	Overdue    bool       `query:"overdue" doc:"Only what is due since before today."`
	Customer   customerID `query:"customer"`
	Quote      quoteID    `query:"quote"`
	From       civil.Date `query:"from" format:"date" doc:"Date of issue."`
	To         civil.Date `query:"to" format:"date"`
	Sort       string     `query:"sort" enum:"date,-date,number,-number,due_date,-due_date,amount,-amount,balance,-balance,customer,-customer" default:"-date"`
	Paging
}) (page[invoiceRow], error) {
	v, err := s.views(c)
	if err != nil {
		return page[invoiceRow]{}, err
	}
	q := app.InvoiceQuery{Search: in.Search, Overdue: in.Overdue, Today: s.app.Today(), Customer: string(in.Customer), Quote: string(in.Quote),
		From: in.From, To: in.To, Kinds: each(in.Kind, func(s string) billing.InvoiceKind { return billing.InvoiceKind(s) }),
		Lives:       each(in.Life, func(s string) billing.Life { return billing.Life(s) }),
		Settlements: each(in.Settlement, func(s string) billing.Settlement { return billing.Settlement(s) })}
	q.Sort, q.Desc = order(in.Sort)
	if q.Paging, err = in.paging(); err != nil {
		return page[invoiceRow]{}, err
	}
	p, err := v.Invoices(c.ctx, c.who.Company, q)
	return list(c, p, err, invoiceRowOf)
}

type invoicePath struct {
	Invoice invoiceID `path:"invoice"`
}

func (s *service) findInvoice(c *call, id string) (billing.Invoice, error) {
	v, err := s.views(c)
	if err != nil {
		return billing.Invoice{}, err
	}
	return v.Invoice(c.ctx, c.who.Company, id)
}

// showInvoice answers with a document just changed, or changed by an earlier request; id names it when the books do not.
func (s *service) showInvoice(c *call, id invoiceID, v billing.Invoice, err error) (invoice, error) {
	if made, again := c.replayed(err); again {
		if id == "" {
			id = invoiceID(made)
		}
		v, err = s.findInvoice(c, string(id))
	}
	if err != nil {
		return invoice{}, err
	}
	c.versioned(v.Version)
	return invoiceOf(v), nil
}

// newInvoice is showInvoice of one just made.
func (s *service) newInvoice(c *call, v billing.Invoice, err error) (invoice, error) {
	out, err := s.showInvoice(c, "", v, err)
	if err == nil {
		c.created("/invoices/" + string(out.ID))
	}
	return out, err
}

func (s *service) getInvoice(c *call, in *invoicePath) (invoice, error) {
	v, err := s.findInvoice(c, string(in.Invoice))
	return s.showInvoice(c, in.Invoice, v, err)
}

func (s *service) createInvoice(c *call, in *struct{ Body InvoiceFields }) (invoice, error) {
	var r reading
	ii := in.Body.core(&r)
	if err := r.Err(); err != nil {
		return invoice{}, err
	}
	v, err := s.app.CreateInvoice(c.ctx, c.who, ii)
	return s.newInvoice(c, v, err)
}

func (s *service) changeInvoice(c *call, in *struct {
	Invoice invoiceID `path:"invoice"`
	Body    changes[InvoiceFields]
}) (invoice, error) {
	now, err := s.findInvoice(c, string(in.Invoice))
	if err != nil {
		return invoice{}, err
	}
	f := InvoiceFields{CustomerID: customerID(now.CustomerID), Date: dateOf(now.Date), SupplyDate: dateOf(now.SupplyDate), DueDate: dateOf(now.DueDate),
		Reference: now.Reference, Note: now.Note, MethodID: methodID(now.MethodID), Lines: each(now.Lines, lineFields)}
	if err := in.Body.over(&f); err != nil {
		return invoice{}, err
	}
	var r reading
	ii := f.core(&r)
	if err := r.Err(); err != nil {
		return invoice{}, err
	}
	v, err := s.app.UpdateInvoice(c.ctx, c.who, now.ID, c.onto(now.Version), ii)
	return s.showInvoice(c, in.Invoice, v, err)
}

func (s *service) discardInvoice(c *call, in *invoicePath) (nothing, error) {
	return nothing{}, c.done(s.app.DiscardInvoice(c.ctx, c.who, string(in.Invoice)))
}

// onInvoice is the shape of every use case that moves a document on.
func (s *service) onInvoice(c *call, id invoiceID, do func(context.Context, access.Actor, string) (billing.Invoice, error)) (invoice, error) {
	v, err := do(c.ctx, c.who, string(id))
	return s.showInvoice(c, id, v, err)
}

func (s *service) issueInvoice(c *call, in *invoicePath) (invoice, error) {
	return s.onInvoice(c, in.Invoice, s.app.IssueInvoice)
}

func (s *service) sendInvoice(c *call, in *invoicePath) (invoice, error) {
	return s.onInvoice(c, in.Invoice, s.app.SendInvoice)
}

func (s *service) remindInvoice(c *call, in *invoicePath) (invoice, error) {
	return s.onInvoice(c, in.Invoice, s.app.RemindInvoice)
}

func (s *service) createCreditNote(c *call, in *invoicePath) (invoice, error) {
	v, err := s.app.CreateCreditNote(c.ctx, c.who, string(in.Invoice))
	return s.newInvoice(c, v, err)
}

func (s *service) listCreditNotes(c *call, in *invoicePath) (all[invoiceRow], error) {
	if _, err := s.findInvoice(c, string(in.Invoice)); err != nil {
		return all[invoiceRow]{}, err
	}
	v, err := s.views(c)
	if err != nil {
		return all[invoiceRow]{}, err
	}
	l, err := v.Credits(c.ctx, c.who.Company, string(in.Invoice))
	return whole(l, err, invoiceRowOf)
}

func (s *service) listInvoiceEntries(c *call, in *invoicePath) (all[entry], error) {
	if _, err := s.findInvoice(c, string(in.Invoice)); err != nil {
		return all[entry]{}, err
	}
	v, err := s.views(c)
	if err != nil {
		return all[entry]{}, err
	}
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return all[entry]{}, err
	}
	l, err := v.EntriesOf(c.ctx, c.who.Company, string(in.Invoice))
	return whole(l, err, func(e app.EntryView) entry { return entryViewOf(e, cur) })
}

func (s *service) getInvoicePDF(c *call, in *invoicePath) (file, error) {
	return s.pdf(c, string(in.Invoice))
}

func (s *service) writeOffDispute(c *call, in *struct {
	Invoice invoiceID `path:"invoice"`
	Body    *struct {
		Date date `json:"date,omitzero" doc:"Today when absent."`
	}
}) (invoice, error) {
	var r reading
	var day civil.Date
	if in.Body != nil {
		day = r.date(in.Body.Date, "date")
	}
	if err := r.Err(); err != nil {
		return invoice{}, err
	}
	if err := c.done(s.app.WriteOffDispute(c.ctx, c.who, string(in.Invoice), day)); err != nil {
		return invoice{}, err
	}
	return s.getInvoice(c, &invoicePath{in.Invoice})
}
