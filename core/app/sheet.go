package app

import (
	"github.com/acquit-app/acquit/core/money"
)

// Sheet is a document ready to be drawn: every word and number decided, in the customer's language. The mandatory
// mentions are those of art. 242 nonies A ann. II CGI, L441-9 and D441-5 C. com. (accounting.md §4.6); which of them a
// document needs is decided where the Sheet is made, not where it is drawn.
type Sheet struct {
	Lang      string // "fr" or "en": the language of fixed words and of number and date formats
	Title     string // "Facture", "Avoir", "Devis", "Facture d'acompte"
	Number    string // empty on a draft
	Draft     bool   // print a watermark
	Company   SheetParty
	Logo      []byte // PNG or JPEG, or empty
	Customer  SheetParty
	DeliverTo []string     // address lines when different
	Facts     []SheetField // issue date, due date, supply date, order number, category of operation...
	Lines     []SheetLine
	VAT       []SheetVAT
	Totals    []SheetTotal // excl. VAT, VAT, incl. VAT, deposits deducted (one each, with their number), paid, balance due; the last is emphasised
	Deposits  []SheetField // a quote's deposit ladder: label and amount
	Pay       *SheetPay
	Bank      []SheetField // IBAN, BIC for transfers
	Mentions  []string     // legal sentences, each on its own line
	Footer    string       // identity line at the foot of each page
	Note      string
	Subject   string // PDF metadata
	CreatedAt string // RFC 3339; PDF metadata, so that drawing twice gives the same bytes
}

// SheetParty is a seller or buyer as printed.
type SheetParty struct {
	Name  string
	Lines []string // address, then identifiers
}

// SheetField is a label and a value.
type SheetField struct{ Label, Value string }

// SheetLine is one printed line. Amounts are formatted already.
type SheetLine struct {
	Description string
	Quantity    string
	UnitPrice   string
	Discount    string
	VAT         string
	Amount      string
}

// SheetVAT is one row of the VAT table.
type SheetVAT struct{ Rate, Base, Amount, Note string }

// SheetTotal is one row of the totals.
type SheetTotal struct {
	Label, Value string
	Strong       bool
}

// SheetPay is the pay button and the QR code to the same lasting link.
type SheetPay struct {
	URL    string
	Button string // "Payer 1 200,00 €"
	Help   string // "ou flashez ce code"
	Amount money.Money
}
