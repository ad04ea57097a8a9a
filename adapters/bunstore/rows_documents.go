package bunstore

import (
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/uptrace/bun"
)

// customerRow is also, as JSON, the customer printed on an invoice.
type customerRow struct {
	bun.BaseModel `bun:"table:customers" json:"-"`

	CompanyID         string `bun:"company_id,pk" json:"-"`
	ID                string `bun:"id,pk" json:"id"`
	Code              string `json:"code"`
	Name              string `json:"name"`
	NameKey           string `json:"-"`
	Kind              string `json:"kind"`
	Email             string `json:"email,omitempty"`
	Phone             string `json:"phone,omitempty"`
	SIREN             string `bun:"siren" json:"siren,omitempty"`
	VATNumber         string `bun:"vat_number" json:"vat_number,omitempty"`
	Street            string `json:"street,omitempty"`
	Extra             string `json:"extra,omitempty"`
	PostalCode        string `json:"postal_code,omitempty"`
	City              string `json:"city,omitempty"`
	Country           string `json:"country,omitempty"`
	DeliverStreet     string `json:"deliver_street,omitempty"`
	DeliverExtra      string `json:"deliver_extra,omitempty"`
	DeliverPostalCode string `json:"deliver_postal_code,omitempty"`
	DeliverCity       string `json:"deliver_city,omitempty"`
	DeliverCountry    string `json:"deliver_country,omitempty"`
	Language          string `json:"language"`
	MethodID          string `json:"method_id,omitempty"`
	Note              string `json:"note,omitempty"`
	Active            bool   `json:"active"`
	CreditMinor       int64  `json:"credit_minor,omitempty"`
	CreditCurrency    string `json:"credit_currency,omitempty"`
	CreatedAt         int64  `json:"created_at,omitempty"`
	UpdatedAt         int64  `json:"updated_at,omitempty"`
	UpdatedBy         string `json:"updated_by,omitempty"`
	Version           int64  `json:"version,omitempty"`
}

func toCustomer(company string, v party.Customer) customerRow {
	return customerRow{CompanyID: company, ID: v.ID, Code: v.Code, Name: v.Name, NameKey: searchKey(v.Name), Kind: string(v.Kind),
		Email: string(v.Email), Phone: v.Phone, SIREN: v.SIREN, VATNumber: v.VATNumber, Street: v.Address.Street,
		Extra: v.Address.Extra, PostalCode: v.Address.PostalCode, City: v.Address.City, Country: v.Address.Country,
		DeliverStreet: v.DeliverTo.Street, DeliverExtra: v.DeliverTo.Extra, DeliverPostalCode: v.DeliverTo.PostalCode,
		DeliverCity: v.DeliverTo.City, DeliverCountry: v.DeliverTo.Country, Language: v.Language, MethodID: v.MethodID, Note: v.Note,
		Active: v.Active, CreditMinor: v.Credit.Minor(), CreditCurrency: string(v.Credit.Currency()), CreatedAt: micros(v.CreatedAt),
		UpdatedAt: micros(v.UpdatedAt), UpdatedBy: v.UpdatedBy, Version: v.Version}
}

func fromCustomer(r customerRow) (party.Customer, error) {
	var d decoder
	v := d.customer(r)
	return v, d.done("customer", r.ID)
}

func (d *decoder) customer(r customerRow) party.Customer {
	return party.Customer{ID: r.ID, Code: r.Code, Name: r.Name, Kind: party.CustomerKind(r.Kind), Email: party.Email(r.Email),
		Phone: r.Phone, SIREN: r.SIREN, VATNumber: r.VATNumber, Language: r.Language, MethodID: r.MethodID, Note: r.Note,
		Active: r.Active, Credit: d.money(r.CreditMinor, r.CreditCurrency), CreatedAt: instant(r.CreatedAt),
		UpdatedAt: instant(r.UpdatedAt), UpdatedBy: r.UpdatedBy, Version: r.Version,
		Address:   party.Address{Street: r.Street, Extra: r.Extra, PostalCode: r.PostalCode, City: r.City, Country: r.Country},
		DeliverTo: party.Address{Street: r.DeliverStreet, Extra: r.DeliverExtra, PostalCode: r.DeliverPostalCode, City: r.DeliverCity, Country: r.DeliverCountry}}
}

type customerWordRow struct {
	bun.BaseModel `bun:"table:customer_words"`

	CompanyID  string `bun:"company_id,pk"`
	Word       string `bun:"word,pk"`
	CustomerID string `bun:"customer_id,pk"`
}

func customerWords(company string, v party.Customer) []customerWordRow {
	var rows []customerWordRow
	for _, w := range searchWords(v.Name, v.Code, string(v.Email)) {
		rows = append(rows, customerWordRow{CompanyID: company, Word: w, CustomerID: v.ID})
	}
	return rows
}

// lineDoc is one line of a document, as JSON.
type lineDoc struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	Unit        string `json:"unit,omitempty"`
	UnitPrice   string `json:"unit_price"`
	Discount    string `json:"discount"`
	VATCode     string `json:"vat_code"`
	Net         int64  `json:"net"`
	Rate        string `json:"rate"`
	Category    string `json:"category"`
	Nature      string `json:"nature"`
	Revenue     string `json:"revenue"`
	Account     string `json:"account,omitempty"`
}

func linesText(lines []billing.DocLine) string {
	docs := make([]lineDoc, len(lines))
	for i, l := range lines {
		docs[i] = lineDoc{Description: l.Description, Quantity: plain(l.Quantity), Unit: l.Unit, UnitPrice: plain(l.UnitPrice),
			Discount: plain(l.Discount), VATCode: l.VATCode, Net: l.Net, Rate: plain(l.Rate), Category: l.Category,
			Nature: string(l.Nature), Revenue: l.Revenue, Account: l.Account}
	}
	return jsonText(docs)
}

func (d *decoder) lines(s string) []billing.DocLine {
	var docs []lineDoc
	d.json(s, &docs)
	var out []billing.DocLine
	for _, l := range docs {
		out = append(out, billing.DocLine{Description: l.Description, Quantity: d.decimal(l.Quantity), Unit: l.Unit,
			UnitPrice: d.decimal(l.UnitPrice), Discount: d.decimal(l.Discount), VATCode: l.VATCode, Net: l.Net, Rate: d.decimal(l.Rate),
			Category: l.Category, Nature: billing.Nature(l.Nature), Revenue: l.Revenue, Account: l.Account})
	}
	return out
}

// vatRowDoc is the VAT of a document for one code, as JSON.
type vatRowDoc struct {
	Code     string `json:"code"`
	Rate     string `json:"rate"`
	Category string `json:"category"`
	Nature   string `json:"nature"`
	Account  string `json:"account,omitempty"`
	Base     int64  `json:"base"`
	VAT      int64  `json:"vat"`
}

func vatDocs(rows []billing.VATRow) []vatRowDoc {
	docs := make([]vatRowDoc, len(rows))
	for i, r := range rows {
		docs[i] = vatRowDoc{Code: r.Code, Rate: plain(r.Rate), Category: r.Category, Nature: string(r.Nature), Account: r.Account, Base: r.Base, VAT: r.VAT}
	}
	return docs
}

func (d *decoder) vatRows(docs []vatRowDoc) []billing.VATRow {
	var out []billing.VATRow
	for _, r := range docs {
		out = append(out, billing.VATRow{Code: r.Code, Rate: d.decimal(r.Rate), Category: r.Category, Nature: billing.Nature(r.Nature),
			Account: r.Account, Base: r.Base, VAT: r.VAT})
	}
	return out
}

func (d *decoder) totals(net, vat, gross int64, rows string) billing.Totals {
	var docs []vatRowDoc
	d.json(rows, &docs)
	return billing.Totals{Net: net, VAT: vat, Gross: gross, Rows: d.vatRows(docs)}
}

// deductionDoc is a deposit taken off a final invoice, as JSON.
type deductionDoc struct {
	DepositID string      `json:"deposit_id"`
	InvoiceID string      `json:"invoice_id"`
	Number    string      `json:"number"`
	Date      int         `json:"date"`
	Gross     int64       `json:"gross"`
	Rows      []vatRowDoc `json:"rows"`
}

type quoteRow struct {
	bun.BaseModel `bun:"table:quotes"`

	CompanyID    string `bun:"company_id,pk"`
	ID           string `bun:"id,pk"`
	Number       string
	NumberKey    string
	State        billing.QuoteState
	CustomerID   string
	Date         int
	ValidUntil   int
	Currency     money.Currency
	Language     string
	Reference    string
	ReferenceKey string
	Note         string
	Lines        string
	Net          int64
	VAT          int64 `bun:"vat"`
	Gross        int64
	VATRows      string `bun:"vat_rows"`
	InvoiceID    string
	SentAt       int64
	CreatedAt    int64
	UpdatedAt    int64
	UpdatedBy    string
	Version      int64
}

func toQuote(company string, v billing.Quote) quoteRow {
	return quoteRow{CompanyID: company, ID: v.ID, Number: v.Number, NumberKey: numberKey(v.Number), State: v.State, CustomerID: v.CustomerID, Date: v.Date.Number(),
		ValidUntil: v.ValidUntil.Number(), Currency: v.Currency, Language: v.Language, Reference: v.Reference,
		ReferenceKey: searchKey(v.Reference), Note: v.Note, Lines: linesText(v.Lines), Net: v.Totals.Net, VAT: v.Totals.VAT,
		Gross: v.Totals.Gross, VATRows: jsonText(vatDocs(v.Totals.Rows)), InvoiceID: v.InvoiceID, SentAt: micros(v.SentAt),
		CreatedAt: micros(v.CreatedAt), UpdatedAt: micros(v.UpdatedAt), UpdatedBy: v.UpdatedBy, Version: v.Version}
}

// fromQuote leaves the deposits to be filled in.
func fromQuote(r quoteRow) (billing.Quote, error) {
	var d decoder
	v := billing.Quote{ID: r.ID, Number: r.Number, State: r.State, CustomerID: r.CustomerID, Date: day(r.Date),
		ValidUntil: day(r.ValidUntil), Currency: r.Currency, Language: r.Language, Reference: r.Reference, Note: r.Note,
		Lines: d.lines(r.Lines), Totals: d.totals(r.Net, r.VAT, r.Gross, r.VATRows), InvoiceID: r.InvoiceID, SentAt: instant(r.SentAt),
		CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt), UpdatedBy: r.UpdatedBy, Version: r.Version}
	return v, d.done("quote", r.ID)
}

type depositRow struct {
	bun.BaseModel `bun:"table:deposits"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	QuoteID   string
	Position  int
	Label     string
	Percent   string
	Amount    int64
	DueDate   int
	MethodID  string
	Online    bool
	State     billing.DepositState
	Received  int64
	InvoiceID string
	AppliedTo string
}

func toDeposit(company, quote string, v billing.Deposit) depositRow {
	return depositRow{CompanyID: company, ID: v.ID, QuoteID: quote, Position: v.Position, Label: v.Label, Percent: plain(v.Percent),
		Amount: v.Amount, DueDate: v.DueDate.Number(), MethodID: v.MethodID, Online: v.Online, State: v.State, Received: v.Received,
		InvoiceID: v.InvoiceID, AppliedTo: v.AppliedTo}
}

func fromDeposit(r depositRow) (billing.Deposit, error) {
	var d decoder
	v := billing.Deposit{ID: r.ID, Position: r.Position, Label: r.Label, Percent: d.decimal(r.Percent), Amount: r.Amount,
		DueDate: day(r.DueDate), MethodID: r.MethodID, Online: r.Online, State: r.State, Received: r.Received, InvoiceID: r.InvoiceID,
		AppliedTo: r.AppliedTo}
	return v, d.done("deposit", r.ID)
}

type invoiceRow struct {
	bun.BaseModel `bun:"table:invoices"`

	CompanyID    string `bun:"company_id,pk"`
	ID           string `bun:"id,pk"`
	Kind         billing.InvoiceKind
	Life         billing.Life
	Number       string
	NumberKey    string
	CustomerID   string
	Customer     string
	CustomerName string
	CustomerKey  string
	Date         int
	SupplyDate   int
	DueDate      int
	Currency     money.Currency
	Language     string
	Reference    string
	ReferenceKey string
	Note         string
	MethodID     string
	QuoteID      string
	CreditOf     string
	CreditOfNo   string
	Lines        string
	Net          int64
	VAT          int64 `bun:"vat"`
	Gross        int64
	VATRows      string `bun:"vat_rows"`
	Deductions   string
	OnDebits     bool
	Paid         int64
	Credited     int64
	Dispute      int64
	VATMoved     string `bun:"vat_moved"`
	VATCredited  string `bun:"vat_credited"`
	NetCredited  string
	EntrySeq     int64
	IssuedAt     int64
	SentAt       int64
	PaidAt       int64
	CreatedAt    int64
	UpdatedAt    int64
	UpdatedBy    string
	Version      int64
	Status       status
	Settlement   billing.Settlement
	Balance      int64
}

func toInvoice(company string, v billing.Invoice) invoiceRow {
	r := invoiceRow{CompanyID: company, ID: v.ID, Kind: v.Kind, Life: v.Life, Number: v.Number, NumberKey: numberKey(v.Number), CustomerID: v.CustomerID,
		Customer: mustJSON(toCustomer("", v.Customer)), CustomerName: v.Customer.Name, CustomerKey: searchKey(v.Customer.Name),
		Date: v.Date.Number(), SupplyDate: v.SupplyDate.Number(), DueDate: v.DueDate.Number(), Currency: v.Currency, Language: v.Language,
		Reference: v.Reference, ReferenceKey: searchKey(v.Reference), Note: v.Note, MethodID: v.MethodID, QuoteID: v.QuoteID,
		CreditOf: v.CreditOf, CreditOfNo: v.CreditOfNo, Lines: linesText(v.Lines), Net: v.Totals.Net, VAT: v.Totals.VAT,
		Gross: v.Totals.Gross, VATRows: jsonText(vatDocs(v.Totals.Rows)), OnDebits: v.OnDebits, Paid: v.Paid, Credited: v.Credited,
		Dispute: v.Dispute, EntrySeq: v.EntrySeq, IssuedAt: micros(v.IssuedAt), SentAt: micros(v.SentAt), PaidAt: micros(v.PaidAt),
		CreatedAt: micros(v.CreatedAt), UpdatedAt: micros(v.UpdatedAt), UpdatedBy: v.UpdatedBy, Version: v.Version,
		Status: statusOf(&v), Settlement: v.Settlement(), Balance: v.Due()}
	deductions := make([]deductionDoc, len(v.Deductions))
	for i, d := range v.Deductions {
		deductions[i] = deductionDoc{DepositID: d.DepositID, InvoiceID: d.InvoiceID, Number: d.Number, Date: d.Date.Number(), Gross: d.Gross, Rows: vatDocs(d.Rows)}
	}
	r.Deductions = jsonText(deductions)
	if len(v.VATMoved) > 0 {
		r.VATMoved = mustJSON(v.VATMoved)
	}
	if len(v.VATCredited) > 0 {
		r.VATCredited = mustJSON(v.VATCredited)
	}
	if len(v.NetCredited) > 0 {
		r.NetCredited = mustJSON(v.NetCredited)
	}
	return r
}

func fromInvoice(r invoiceRow) (billing.Invoice, error) {
	var d decoder
	var customer customerRow
	d.json(r.Customer, &customer)
	v := billing.Invoice{ID: r.ID, Kind: r.Kind, Life: r.Life, Number: r.Number, CustomerID: r.CustomerID, Customer: d.customer(customer),
		Date: day(r.Date), SupplyDate: day(r.SupplyDate), DueDate: day(r.DueDate), Currency: r.Currency, Language: r.Language,
		Reference: r.Reference, Note: r.Note, MethodID: r.MethodID, QuoteID: r.QuoteID, CreditOf: r.CreditOf, CreditOfNo: r.CreditOfNo,
		Lines: d.lines(r.Lines), Totals: d.totals(r.Net, r.VAT, r.Gross, r.VATRows), OnDebits: r.OnDebits, Paid: r.Paid,
		Credited: r.Credited, Dispute: r.Dispute, EntrySeq: r.EntrySeq, IssuedAt: instant(r.IssuedAt), SentAt: instant(r.SentAt),
		PaidAt: instant(r.PaidAt), CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt), UpdatedBy: r.UpdatedBy, Version: r.Version}
	var deductions []deductionDoc
	d.json(r.Deductions, &deductions)
	for _, x := range deductions {
		v.Deductions = append(v.Deductions, billing.Deduction{DepositID: x.DepositID, InvoiceID: x.InvoiceID, Number: x.Number,
			Date: day(x.Date), Gross: x.Gross, Rows: d.vatRows(x.Rows)})
	}
	d.json(r.VATMoved, &v.VATMoved)
	d.json(r.VATCredited, &v.VATCredited)
	d.json(r.NetCredited, &v.NetCredited)
	return v, d.done("invoice", r.ID)
}
