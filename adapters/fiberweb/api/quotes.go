package api

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
)

func (s *service) quotes() {
	const tag = "Quotes"
	add(s, endpoint{method: get, path: "/quotes", id: "listQuotes", tag: tag, needs: access.Read, summary: "Quotes"}, s.listQuotes)
	add(s, endpoint{method: post, path: "/quotes", id: "createQuote", tag: tag, needs: access.Sell, status: 201, summary: "Make a draft quote"}, s.createQuote)
	add(s, endpoint{method: get, path: "/quotes/{quote}", id: "getQuote", tag: tag, needs: access.Read, summary: "One quote with its deposits"}, s.getQuote)
	add(s, endpoint{method: patch, path: "/quotes/{quote}", id: "changeQuote", tag: tag, needs: access.Sell, versioned: true, summary: "Change a draft quote"}, s.changeQuote)
	add(s, endpoint{method: post, path: "/quotes/{quote}/send", id: "sendQuote", tag: tag, needs: access.Sell,
		summary: "Number a quote and queue its mail", text: "The mail has the PDF and, for a deposit that may be paid online, the pay button. Refused with `email_missing`, `mail_not_set`, `company_incomplete`, `quote_closed`."}, s.sendQuote)
	add(s, endpoint{method: post, path: "/quotes/{quote}/accept", id: "acceptQuote", tag: tag, needs: access.Sell, summary: "Record that the customer agreed"}, s.acceptQuote)
	add(s, endpoint{method: post, path: "/quotes/{quote}/refuse", id: "refuseQuote", tag: tag, needs: access.Sell,
		summary: "Record that the customer declined", text: "Deposits that nobody paid are cancelled."}, s.refuseQuote)
	add(s, endpoint{method: post, path: "/quotes/{quote}/invoice", id: "invoiceQuote", tag: tag, needs: access.Sell, status: 201,
		summary: "Make the draft of the final invoice", text: "Deposits paid by the time it is issued are deducted; requests that nobody paid are cancelled."}, s.invoiceQuote)
	add(s, endpoint{method: get, path: "/quotes/{quote}/pdf", id: "getQuotePDF", tag: tag, needs: access.Read, produces: []string{mediaPDF}, summary: "The quote as PDF"}, s.getQuotePDF)
	add(s, endpoint{method: post, path: "/quotes/{quote}/deposits", id: "addDeposit", tag: tag, needs: access.Sell, versioned: true, status: 201,
		summary: "Ask for a deposit (Pied › Acomptes)", text: "At most one live deposit of a quote may be paid online: another is refused with `second_online_deposit`."}, s.addDeposit)
	add(s, endpoint{method: patch, path: "/quotes/{quote}/deposits/{deposit}", id: "changeDeposit", tag: tag, needs: access.Sell, versioned: true, summary: "Change a draft deposit"}, s.changeDeposit)
	add(s, endpoint{method: post, path: "/quotes/{quote}/deposits/{deposit}/validate", id: "validateDeposit", tag: tag, needs: access.Sell,
		summary: "Turn a draft deposit into a request that may be sent and paid (Valider)"}, s.validateDeposit)
	add(s, endpoint{method: post, path: "/quotes/{quote}/deposits/{deposit}/cancel", id: "cancelDeposit", tag: tag, needs: access.Sell,
		summary: "Withdraw a deposit that nobody has paid"}, s.cancelDeposit)
}

const mediaPDF = "application/pdf"

// LineFields is one line of a document, as it is typed in.
type LineFields struct {
	Description string `json:"description" maxLength:"2000"`
	Quantity    number `json:"quantity" doc:"Up to four decimals; negative takes back."`
	Unit        string `json:"unit,omitzero" maxLength:"20"`
	UnitPrice   number `json:"unit_price" doc:"Excluding VAT, in major units, up to six decimals (BT-146)."`
	Discount    number `json:"discount,omitzero" doc:"Percent off the line."`
	VATCode     string `json:"vat_code" example:"S20S"`
}

// line is one line of a document, priced.
type line struct {
	LineFields
	Net    amount `json:"net" doc:"Excluding VAT, after the discount."`
	Rate   number `json:"rate" doc:"Of VAT, percent."`
	Nature string `json:"nature" enum:"goods,services"`
}

// vatRow is the VAT of a document for one code.
type vatRow struct {
	Code     string `json:"code"`
	Rate     number `json:"rate"`
	Category string `json:"category" enum:"S,Z,E,AE,K,G,O"`
	Nature   string `json:"nature" enum:"goods,services"`
	Base     amount `json:"base"`
	VAT      amount `json:"vat"`
}

// totals are the sums of a document.
type totals struct {
	Net   amount   `json:"net"`
	VAT   amount   `json:"vat"`
	Gross amount   `json:"gross"`
	Rows  []vatRow `json:"rows"`
}

func lineFields(l billing.DocLine) LineFields {
	return LineFields{Description: l.Description, Quantity: numberOf(l.Quantity), Unit: l.Unit, UnitPrice: numberOf(l.UnitPrice),
		Discount: someNumber(l.Discount), VATCode: l.VATCode}
}

func linesCore(r *reading, in []LineFields) []billing.DocLine {
	out := make([]billing.DocLine, len(in))
	for i, l := range in {
		at := func(field string) []string { return []string{"lines", itoa(i), field} }
		out[i] = billing.DocLine{Description: l.Description, Unit: l.Unit, VATCode: l.VATCode,
			Quantity:  r.number(l.Quantity, fault.BadQuantity, at("quantity")...),
			UnitPrice: r.number(l.UnitPrice, fault.BadAmount, at("unit_price")...),
			Discount:  r.number(l.Discount, fault.BadRate, at("discount")...)}
		if l.UnitPrice == "" {
			r.add(fault.New(fault.Invalid, fault.Required), at("unit_price")...)
		}
	}
	return out
}

func linesOf(ls []billing.DocLine, cur money.Currency) []line {
	return each(ls, func(l billing.DocLine) line {
		return line{LineFields: lineFields(l), Net: amountOf(l.Net, cur), Rate: numberOf(l.Rate), Nature: string(l.Nature)}
	})
}

func totalsOf(t billing.Totals, cur money.Currency) totals {
	return totals{amountOf(t.Net, cur), amountOf(t.VAT, cur), amountOf(t.Gross, cur), vatRowsOf(t.Rows, cur)}
}

func vatRowsOf(rows []billing.VATRow, cur money.Currency) []vatRow {
	return each(rows, func(r billing.VATRow) vatRow {
		return vatRow{r.Code, numberOf(r.Rate), r.Category, string(r.Nature), amountOf(r.Base, cur), amountOf(r.VAT, cur)}
	})
}

// QuoteFields is what is said of a quote.
type QuoteFields struct {
	CustomerID customerID   `json:"customer_id"`
	Date       date         `json:"date,omitzero" doc:"Today when absent."`
	ValidUntil date         `json:"valid_until,omitzero" doc:"By the company's terms when absent."`
	Reference  string       `json:"reference,omitzero" maxLength:"60" doc:"The customer's order number."`
	Note       string       `json:"note,omitzero" maxLength:"2000"`
	Lines      []LineFields `json:"lines" minItems:"1" maxItems:"500"`
}

// quote is a quote (devis) with its deposits.
type quote struct {
	ID         quoteID    `json:"id"`
	Number     string     `json:"number,omitzero" example:"DE2026-00012" doc:"Once it is sent or accepted."`
	State      string     `json:"state" enum:"draft,sent,accepted,refused,invoiced"`
	CustomerID customerID `json:"customer_id"`
	Date       date       `json:"date"`
	ValidUntil date       `json:"valid_until"`
	Language   string     `json:"language" enum:"fr,en"`
	Reference  string     `json:"reference,omitzero"`
	Note       string     `json:"note,omitzero"`
	Lines      []line     `json:"lines"`
	Totals     totals     `json:"totals"`
	Deposits   []deposit  `json:"deposits"`
	InvoiceID  invoiceID  `json:"invoice_id,omitzero" doc:"The final invoice made from it."`
	SentAt     time.Time  `json:"sent_at,omitzero"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	UpdatedBy  string     `json:"updated_by"`
	Version    int64      `json:"version"`
}

// deposit is a deposit (acompte) asked for on a quote.
type deposit struct {
	ID        depositID `json:"id"`
	Position  int       `json:"position" doc:"From 1."`
	Label     string    `json:"label,omitzero"`
	Percent   number    `json:"percent,omitzero" doc:"Of the quote's total, when it was given so."`
	Amount    amount    `json:"amount" doc:"Including VAT."`
	DueDate   date      `json:"due_date"`
	MethodID  methodID  `json:"method_id"`
	Online    bool      `json:"online" doc:"May be paid online."`
	State     string    `json:"state" enum:"draft,requested,paid,applied,refunded,cancelled"`
	Received  amount    `json:"received"`
	Due       amount    `json:"due"`
	InvoiceID invoiceID `json:"invoice_id,omitzero" doc:"Its deposit invoice, once paid."`
	AppliedTo invoiceID `json:"applied_to,omitzero" doc:"The final invoice that deducts it."`
}

func quoteOf(q billing.Quote) quote {
	cur := q.Currency
	return quote{ID: quoteID(q.ID), Number: q.Number, State: string(q.State), CustomerID: customerID(q.CustomerID), Date: dateOf(q.Date),
		ValidUntil: dateOf(q.ValidUntil), Language: q.Language, Reference: q.Reference, Note: q.Note, Lines: linesOf(q.Lines, cur),
		Totals: totalsOf(q.Totals, cur), InvoiceID: invoiceID(q.InvoiceID), SentAt: q.SentAt, CreatedAt: q.CreatedAt, UpdatedAt: q.UpdatedAt,
		UpdatedBy: q.UpdatedBy, Version: q.Version, Deposits: each(q.Deposits, func(d billing.Deposit) deposit {
			return deposit{ID: depositID(d.ID), Position: d.Position, Label: d.Label, Percent: someNumber(d.Percent), Amount: amountOf(d.Amount, cur),
				DueDate: dateOf(d.DueDate), MethodID: methodID(d.MethodID), Online: d.Online, State: string(d.State),
				Received: amountOf(d.Received, cur), Due: amountOf(d.Due(), cur), InvoiceID: invoiceID(d.InvoiceID), AppliedTo: invoiceID(d.AppliedTo)}
		})}
}

func (f QuoteFields) core(r *reading) app.QuoteInput {
	return app.QuoteInput{CustomerID: idIn(r, f.CustomerID, "customer_id"), Date: r.date(f.Date, "date"), ValidUntil: r.date(f.ValidUntil, "valid_until"),
		Reference: f.Reference, Note: f.Note, Lines: linesCore(r, f.Lines)}
}

// quoteRow is a quote in a list.
type quoteRow struct {
	ID           quoteID    `json:"id"`
	Number       string     `json:"number,omitzero"`
	State        string     `json:"state" enum:"draft,sent,accepted,refused,invoiced"`
	CustomerID   customerID `json:"customer_id"`
	CustomerName string     `json:"customer_name"`
	Date         date       `json:"date"`
	ValidUntil   date       `json:"valid_until"`
	Gross        amount     `json:"gross"`
	Deposits     int        `json:"deposits" doc:"How many are live."`
	Requested    amount     `json:"requested" doc:"Sum of the live ones."`
	Received     amount     `json:"received"`
	SentAt       time.Time  `json:"sent_at,omitzero"`
}

func (s *service) listQuotes(c *call, in *struct {
	Search   string     `query:"search" maxLength:"100" doc:"Number, customer's name or code, reference."`
	State    []string   `query:"state" enum:"draft,sent,accepted,refused,invoiced" doc:"Several: separated by commas."`
	Customer customerID `query:"customer"`
	Sort     string     `query:"sort" enum:"date,-date,number,-number,amount,-amount" default:"-date"`
	Paging
}) (page[quoteRow], error) {
	v, err := s.views(c)
	if err != nil {
		return page[quoteRow]{}, err
	}
	q := app.QuoteQuery{Search: in.Search, Customer: string(in.Customer), States: each(in.State, func(s string) billing.QuoteState { return billing.QuoteState(s) })}
	q.Sort, q.Desc = order(in.Sort)
	if q.Paging, err = in.paging(); err != nil {
		return page[quoteRow]{}, err
	}
	p, err := v.Quotes(c.ctx, c.who.Company, q)
	return list(c, p, err, func(r app.QuoteRow) quoteRow {
		return quoteRow{ID: quoteID(r.ID), Number: r.Number, State: string(r.State), CustomerID: customerID(r.CustomerID), CustomerName: r.CustomerName,
			Date: dateOf(r.Date), ValidUntil: dateOf(r.ValidUntil), Gross: amountOf(r.Gross, r.Currency), Deposits: r.Deposits,
			Requested: amountOf(r.Requested, r.Currency), Received: amountOf(r.Received, r.Currency), SentAt: r.SentAt}
	})
}

type quotePath struct {
	Quote quoteID `path:"quote"`
}

func (s *service) findQuote(c *call, id string) (billing.Quote, error) {
	v, err := s.views(c)
	if err != nil {
		return billing.Quote{}, err
	}
	return v.Quote(c.ctx, c.who.Company, id)
}

// showQuote answers with a quote just changed, or changed by an earlier request; id names it when the books do not.
func (s *service) showQuote(c *call, id quoteID, q billing.Quote, err error) (quote, error) {
	if made, again := c.replayed(err); again {
		if id == "" {
			id = quoteID(made)
		}
		q, err = s.findQuote(c, string(id))
	}
	if err != nil {
		return quote{}, err
	}
	c.versioned(q.Version)
	return quoteOf(q), nil
}

func (s *service) getQuote(c *call, in *quotePath) (quote, error) {
	q, err := s.findQuote(c, string(in.Quote))
	return s.showQuote(c, in.Quote, q, err)
}

func (s *service) createQuote(c *call, in *struct{ Body QuoteFields }) (quote, error) {
	var r reading
	qi := in.Body.core(&r)
	if err := r.Err(); err != nil {
		return quote{}, err
	}
	q, err := s.app.CreateQuote(c.ctx, c.who, qi)
	out, err := s.showQuote(c, "", q, err)
	if err == nil {
		c.created("/quotes/" + string(out.ID))
	}
	return out, err
}

func (s *service) changeQuote(c *call, in *struct {
	Quote quoteID `path:"quote"`
	Body  changes[QuoteFields]
}) (quote, error) {
	now, err := s.findQuote(c, string(in.Quote))
	if err != nil {
		return quote{}, err
	}
	f := QuoteFields{CustomerID: customerID(now.CustomerID), Date: dateOf(now.Date), ValidUntil: dateOf(now.ValidUntil), Reference: now.Reference,
		Note: now.Note, Lines: each(now.Lines, lineFields)}
	if err := in.Body.over(&f); err != nil {
		return quote{}, err
	}
	var r reading
	qi := f.core(&r)
	if err := r.Err(); err != nil {
		return quote{}, err
	}
	q, err := s.app.UpdateQuote(c.ctx, c.who, now.ID, c.onto(now.Version), qi)
	return s.showQuote(c, in.Quote, q, err)
}

// onQuote is the shape of every use case that moves a quote on.
func (s *service) onQuote(c *call, id quoteID, do func(context.Context, access.Actor, string) (billing.Quote, error)) (quote, error) {
	q, err := do(c.ctx, c.who, string(id))
	return s.showQuote(c, id, q, err)
}

func (s *service) sendQuote(c *call, in *quotePath) (quote, error) {
	return s.onQuote(c, in.Quote, s.app.SendQuote)
}

func (s *service) acceptQuote(c *call, in *quotePath) (quote, error) {
	return s.onQuote(c, in.Quote, s.app.AcceptQuote)
}

func (s *service) refuseQuote(c *call, in *quotePath) (quote, error) {
	return s.onQuote(c, in.Quote, s.app.RefuseQuote)
}

func (s *service) invoiceQuote(c *call, in *quotePath) (invoice, error) {
	v, err := s.app.InvoiceQuote(c.ctx, c.who, string(in.Quote))
	return s.newInvoice(c, v, err)
}

func (s *service) getQuotePDF(c *call, in *quotePath) (file, error) {
	return s.pdf(c, string(in.Quote))
}

func (s *service) pdf(c *call, id string) (file, error) {
	name, data, err := s.app.DocumentPDF(c.ctx, c.who, id)
	return file{name: name, media: mediaPDF, data: data}, err
}

// DepositFields is what is said of a deposit.
type DepositFields struct {
	Label    string   `json:"label,omitzero" maxLength:"120"`
	Percent  number   `json:"percent,omitzero" doc:"Of the quote's total; or give amount."`
	Amount   *amount  `json:"amount,omitempty" doc:"Including VAT; or give percent."`
	DueDate  date     `json:"due_date,omitzero" doc:"The end of the quote's validity when absent."`
	MethodID methodID `json:"method_id"`
}

func (f DepositFields) core(r *reading, cur money.Currency) app.DepositInput {
	return app.DepositInput{Label: f.Label, Percent: r.number(f.Percent, fault.BadRate, "percent"), Amount: r.amount(f.Amount, cur, "amount"),
		DueDate: r.date(f.DueDate, "due_date"), MethodID: idIn(r, f.MethodID, "method_id")}
}

func (s *service) addDeposit(c *call, in *struct {
	Quote quoteID `path:"quote"`
	Body  DepositFields
}) (quote, error) {
	return s.setDeposit(c, in.Quote, "", c.version, in.Body)
}

func (s *service) setDeposit(c *call, q quoteID, d depositID, version int64, f DepositFields) (quote, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return quote{}, err
	}
	var r reading
	di := f.core(&r, cur)
	di.ID = string(d)
	if err := r.Err(); err != nil {
		return quote{}, err
	}
	now, err := s.app.SetDeposit(c.ctx, c.who, string(q), version, di)
	if all := fault.All(err); len(all) == 1 && all[0].Field == "method" {
		err = all[0].On("method_id")
	}
	return s.showQuote(c, q, now, err)
}

type depositPath struct {
	Quote   quoteID   `path:"quote"`
	Deposit depositID `path:"deposit"`
}

func (s *service) changeDeposit(c *call, in *struct {
	Quote   quoteID   `path:"quote"`
	Deposit depositID `path:"deposit"`
	Body    changes[DepositFields]
}) (quote, error) {
	now, err := s.findQuote(c, string(in.Quote))
	if err != nil {
		return quote{}, err
	}
	d, err := now.Deposit(string(in.Deposit))
	if err != nil {
		return quote{}, err
	}
	f := DepositFields{Label: d.Label, Percent: someNumber(d.Percent), DueDate: dateOf(d.DueDate), MethodID: methodID(d.MethodID)}
	if f.Percent == "" {
		a := amountOf(d.Amount, now.Currency)
		f.Amount = &a
	}
	before := f.Percent
	if err := in.Body.over(&f); err != nil {
		return quote{}, err
	}
	if f.Amount != nil && f.Percent == before {
		f.Percent = "" // an amount takes the place of the percentage
	}
	return s.setDeposit(c, in.Quote, in.Deposit, c.onto(now.Version), f)
}

func (s *service) validateDeposit(c *call, in *depositPath) (quote, error) {
	q, err := s.app.ValidateDeposit(c.ctx, c.who, string(in.Quote), string(in.Deposit))
	return s.showQuote(c, in.Quote, q, err)
}

func (s *service) cancelDeposit(c *call, in *depositPath) (quote, error) {
	q, err := s.app.CancelDeposit(c.ctx, c.who, string(in.Quote), string(in.Deposit))
	return s.showQuote(c, in.Quote, q, err)
}
