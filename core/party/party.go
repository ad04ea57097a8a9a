// Package party holds the people of the books: the company that sells and the customers who pay.
package party

import (
	"cmp"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// Address is a postal address. Country is ISO 3166-1 alpha-2.
type Address struct {
	Street     string
	Extra      string
	PostalCode string
	City       string
	Country    string
}

// IsZero says whether nothing was filled in.
func (a Address) IsZero() bool { return a == Address{} }

// VATRegime says when the company owes VAT on what it sells.
type VATRegime string

const (
	// VATOnReceipts: services when paid, goods when delivered (art. 269-2 CGI); the ordinary case.
	VATOnReceipts VATRegime = "receipts"
	// VATOnInvoices: the company chose to owe VAT on services when invoiced ("option pour les débits").
	VATOnInvoices VATRegime = "invoices"
	// VATExempt: small-business exemption ("franchise en base", art. 293 B CGI): no VAT at all.
	VATExempt VATRegime = "exempt"
)

// DepositScheme says how deposits are booked; a company never mixes them.
type DepositScheme string

const (
	// DepositGross credits 4191 with the whole deposit, VAT included, against the gateway (art. 1214-41 PCG). The default.
	DepositGross DepositScheme = "gross"
)

// Company is one set of books. Monetary settings are in its Currency.
type Company struct {
	ID         string
	Name       string
	LegalForm  string // "SARL", "SAS"...
	Capital    money.Money
	SIREN      string
	SIRET      string
	RegisterAt string // "RCS Lyon"
	VATNumber  string
	Address    Address
	Email      string
	Phone      string
	Website    string
	Logo       []byte // PNG or JPEG

	Currency      money.Currency
	Locale        string // "fr" or "en": the default language of its screens
	VATRegime     VATRegime
	DepositScheme DepositScheme

	TermsDays     int             // default days between issue and due date
	TermsMonthEnd bool            // ... and then to the end of the month
	LateRate      decimal.Decimal // late-payment penalty, percent per year (L441-10 C. com.)
	EarlyDiscount string          // early-payment terms, empty: none ("pas d'escompte")
	IBAN          string
	BIC           string
	QuoteValidity int // days
	MailIntro     string
	Footer        string

	// Tolerance is the payment difference, in minor units, that may be written off to 658/758 by itself.
	Tolerance int64
	// AutoIntegrate lets the service actor post arrivals that need no human as soon as they come.
	AutoIntegrate bool
	// EvidenceMonths is how long what gateways sent is kept; 0: DefaultEvidenceMonths. Read it by KeepEvidence.
	EvidenceMonths int
	// ClosedUntil is the period lock: nothing is posted on or before this day.
	ClosedUntil civil.Date
	// TestBooks says that these are demonstration books, where test-mode gateways may post. Real books refuse them.
	TestBooks bool

	Mail MailServer
	// Ready says that the set-up wizard was finished or left for good.
	Ready bool

	CreatedAt time.Time
	Version   int64
}

// MailServer says how the company's mail leaves: kept in the outbox folder, or handed to an SMTP server.
type MailServer struct {
	Kind     string // "outbox" or "smtp"
	Host     string
	Port     int
	Security string // "starttls", "tls" or "none"
	Username string
	Sealed   []byte // the password
	From     string
	FromName string
	ReplyTo  string
}

// Validate refuses a company that could not issue a lawful document later; what a document needs beyond this is
// checked at issue by Missing. Codes: required, too_long, bad_email, bad_siren, bad_siret, bad_vat_number, bad_country,
// bad_currency, bad_choice, bad_rate, bad_characters.
func (c *Company) Validate() error {
	var f fault.Collect
	add := func(err error, field string) { _ = f.Add(err, field) }
	add(text(&c.Name, 1, 120), "name")
	add(text(&c.LegalForm, 0, 60), "legal_form")
	add(text(&c.RegisterAt, 0, 80), "register_at")
	add(text(&c.Phone, 0, 40), "phone")
	add(text(&c.Website, 0, 200), "website")
	add(text(&c.EarlyDiscount, 0, 300), "early_discount")
	add(text(&c.Footer, 0, 500), "footer")
	add(prose(&c.MailIntro, 2000), "mail_intro")
	add(c.Address.validate(), "address")
	if c.Email != "" {
		e, err := ParseEmail(c.Email)
		add(err, "email")
		c.Email = string(e)
	}
	add(optional(&c.SIREN, ParseSIREN), "siren")
	add(optional(&c.SIRET, ParseSIRET), "siret")
	if c.SIREN != "" && len(c.SIRET) == 14 && c.SIRET[:9] != c.SIREN {
		add(fault.New(fault.Invalid, fault.BadSIRET, "found", c.SIRET), "siret")
	}
	add(optional(&c.VATNumber, ParseVATNumber), "vat_number")
	add(optional(&c.IBAN, ParseIBAN), "iban")
	add(text(&c.BIC, 0, 11), "bic")
	if !c.Currency.Valid() {
		add(fault.New(fault.Invalid, fault.BadCurrency, "found", string(c.Currency)), "currency")
	}
	if c.Locale != "fr" && c.Locale != "en" {
		add(fault.New(fault.Invalid, fault.BadChoice, "found", c.Locale, "allowed", "fr, en"), "locale")
	}
	switch c.VATRegime {
	case VATOnReceipts, VATOnInvoices, VATExempt:
	default:
		add(fault.New(fault.Invalid, fault.BadChoice, "found", string(c.VATRegime), "allowed", "receipts, invoices, exempt"), "vat_regime")
	}
	if c.DepositScheme != DepositGross {
		add(fault.New(fault.Invalid, fault.BadChoice, "found", string(c.DepositScheme), "allowed", "gross"), "deposit_scheme")
	}
	if c.LateRate.IsNegative() || c.LateRate.GreaterThan(decimal.NewFromInt(100)) {
		add(fault.New(fault.Invalid, fault.BadRate, "found", c.LateRate.String()), "late_rate")
	}
	for field, n := range map[string]int{"terms_days": c.TermsDays, "quote_validity": c.QuoteValidity} {
		if n < 0 || n > 365 {
			add(fault.New(fault.Invalid, fault.BadQuantity, "found", itoa(n)), field)
		}
	}
	if c.EvidenceMonths < 0 || c.EvidenceMonths > MaxEvidenceMonths {
		add(fault.New(fault.Invalid, fault.BadQuantity, "found", itoa(c.EvidenceMonths)), "evidence_months")
	}
	if c.Tolerance < 0 || c.Tolerance > 100_00 {
		add(fault.New(fault.Invalid, fault.BadAmount, "found", itoa(int(c.Tolerance))), "tolerance")
	}
	return f.Err()
}

const (
	// DefaultEvidenceMonths covers the years in which the tax administration may come back on a payment: to the end of the
	// third after that of the tax (art. L169 and L176 LPF), at most 48 months. It is well beyond the 13 months in which a
	// payer may contest (art. L133-24 CMF).
	DefaultEvidenceMonths = 48
	// MaxEvidenceMonths is the ten years of accounting documents (art. L123-22 C. com.).
	MaxEvidenceMonths = 120
)

// KeepEvidence is how many months what gateways sent is kept.
func (c *Company) KeepEvidence() int { return cmp.Or(c.EvidenceMonths, DefaultEvidenceMonths) }

// Missing names the fields without which an invoice would lack a mandatory mention (art. 242 nonies A ann. II CGI).
func (c *Company) Missing() []string {
	var out []string
	need := func(ok bool, field string) {
		if !ok {
			out = append(out, field)
		}
	}
	need(c.Name != "", "name")
	need(c.SIREN != "" || c.Address.Country != "FR", "siren")
	need(c.Address.Street != "" || c.Address.Extra != "", "address.street")
	need(c.Address.City != "", "address.city")
	need(c.VATNumber != "" || c.VATRegime == VATExempt, "vat_number")
	return out
}

// DueFrom applies the company's default terms to an issue date.
func (c *Company) DueFrom(issue civil.Date) civil.Date {
	d := issue.AddDays(c.TermsDays)
	if c.TermsMonthEnd {
		d = d.MonthEnd()
	}
	return d
}

// CustomerKind matters to what the law wants printed and to VAT reporting.
type CustomerKind string

const (
	Business CustomerKind = "business"
	Consumer CustomerKind = "consumer"
)

// Customer is who pays. Code is also the auxiliary account behind 411 (CompAuxNum in the FEC).
type Customer struct {
	ID        string
	Code      string
	Name      string
	Kind      CustomerKind
	Email     Email // empty: none on file; then online payment cannot be offered
	Phone     string
	SIREN     string
	VATNumber string
	Address   Address
	DeliverTo Address
	Language  string // "fr" or "en"
	MethodID  string // preferred payment method
	Note      string
	Active    bool

	// Credit is what the customer has paid too much and not yet got back or used (account 4197).
	Credit money.Money

	CreatedAt time.Time
	UpdatedAt time.Time
	UpdatedBy string
	Version   int64
}

// Validate normalises and checks what was typed in. Codes: required, too_long, bad_characters, bad_code, bad_siren,
// bad_vat_number, bad_country, bad_choice.
func (c *Customer) Validate() error {
	var f fault.Collect
	add := func(err error, field string) { _ = f.Add(err, field) }
	add(code(&c.Code, 17), "code")
	add(text(&c.Name, 1, 120), "name")
	add(text(&c.Phone, 0, 40), "phone")
	add(prose(&c.Note, 2000), "note")
	if c.Email != "" {
		e, err := ParseEmail(string(c.Email))
		add(err, "email")
		c.Email = e
	}
	if c.Kind != Business && c.Kind != Consumer {
		add(fault.New(fault.Invalid, fault.BadChoice, "found", string(c.Kind), "allowed", "business, consumer"), "kind")
	}
	if c.Language != "fr" && c.Language != "en" {
		add(fault.New(fault.Invalid, fault.BadChoice, "found", c.Language, "allowed", "fr, en"), "language")
	}
	add(optional(&c.SIREN, ParseSIREN), "siren")
	add(optional(&c.VATNumber, ParseVATNumber), "vat_number")
	add(c.Address.validate(), "address")
	if !c.DeliverTo.IsZero() {
		add(c.DeliverTo.validate(), "deliver_to")
	}
	return f.Err()
}

// Clone returns an independent copy.
func (c Customer) Clone() Customer { return c }

// Clone returns an independent copy.
func (c Company) Clone() Company {
	c.Logo = append([]byte(nil), c.Logo...)
	c.Mail.Sealed = append([]byte(nil), c.Mail.Sealed...)
	return c
}
