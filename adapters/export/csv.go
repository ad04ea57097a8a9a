package export

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// csvLayout is a dialect of CSV.
type csvLayout struct {
	suffix string
	bom    bool
	comma  byte
	point  byte
	header []string
	date   func([]byte, civil.Date) []byte
}

// plainCSV is for programs: RFC 4180, UTF-8 without a byte order mark, ISO dates, a decimal point.
var plainCSV = csvLayout{comma: ',', point: '.', date: appendISO, header: []string{"fiscal_year", "journal", "journal_label", "number", "date", "account",
	"account_label", "aux", "aux_label", "piece", "piece_date", "label", "debit", "credit", "letter", "letter_date", "valid_date", "foreign_amount", "foreign_currency"}}

// frenchCSV is for people with a French spreadsheet, which opens it at a double click: semicolons, a decimal comma,
// JJ/MM/AAAA, and a byte order mark without which it would not take the file for UTF-8.
var frenchCSV = csvLayout{suffix: "-fr", bom: true, comma: ';', point: ',', date: appendFrench, header: []string{"Exercice", "Journal", "Libellé du journal", "Écriture",
	"Date", "Compte", "Libellé du compte", "Compte auxiliaire", "Libellé auxiliaire", "Pièce", "Date de la pièce", "Libellé", "Débit", "Crédit", "Lettrage",
	"Date de lettrage", "Date de validation", "Montant en devise", "Devise"}}

// csvFormat writes the journal, one line of an entry on each line. Texts that a spreadsheet would take for a formula have
// an apostrophe put in front: whoever can have a customer called "=cmd|..." must not run it on the accountant's machine.
type csvFormat struct{ layout csvLayout }

// File is journal, SIREN (or the company's identifier without one) and the fiscal year.
func (f csvFormat) File(c party.Company, y ledger.FiscalYear) (string, error) {
	who := c.SIREN
	if who == "" {
		who = c.ID
	}
	return fmt.Sprintf("journal-%s-%s%s.csv", who, strings.ToLower(y.ID), f.layout.suffix), nil
}

// MediaType of the file (RFC 7111).
func (csvFormat) MediaType() string { return "text/csv; charset=utf-8; header=present" }

// Open begins a file.
func (f csvFormat) Open(w io.Writer, cur money.Currency) app.LineWriter {
	out := &csvWriter{sink: newSink(w), csvLayout: f.layout, cur: cur, decimals: cur.Exponent()}
	if f.layout.bom {
		out.buf = append(out.buf, "\ufeff"...)
	}
	for i, h := range f.layout.header {
		if i > 0 {
			out.buf = append(out.buf, out.comma)
		}
		out.buf = append(out.buf, h...)
	}
	out.buf = append(out.buf, '\r', '\n')
	return out
}

type csvWriter struct {
	sink
	csvLayout
	cur      money.Currency
	decimals int
}

// Line writes one record.
func (c *csvWriter) Line(l *app.ExportLine) error {
	b := c.text(c.buf, l.Year)
	b = c.text(append(b, c.comma), l.Journal)
	b = c.text(append(b, c.comma), l.JournalLabel)
	b = strconv.AppendInt(append(b, c.comma), l.Number, 10)
	b = c.date(append(b, c.comma), l.Date)
	b = c.text(append(b, c.comma), l.Account)
	b = c.text(append(b, c.comma), l.AccountLabel)
	b = c.text(append(b, c.comma), l.Aux)
	b = c.text(append(b, c.comma), l.AuxLabel)
	b = c.text(append(b, c.comma), l.Piece)
	b = c.date(append(b, c.comma), l.PieceDate)
	b = c.text(append(b, c.comma), l.Label)
	b = c.amount(append(b, c.comma), l.Debit, c.decimals)
	b = c.amount(append(b, c.comma), l.Credit, c.decimals)
	b = c.text(append(b, c.comma), l.Letter)
	b = c.date(append(b, c.comma), l.LetterDate)
	b = c.date(append(b, c.comma), l.ValidDate)
	b = append(b, c.comma)
	if cur := l.Foreign.Currency(); cur != "" && cur != c.cur {
		b = c.amount(b, l.Foreign.Minor(), cur.Exponent())
		b = append(append(b, c.comma), cur...)
	} else {
		b = append(b, c.comma)
	}
	b = append(b, '\r', '\n')
	c.buf = b
	return c.flush(false)
}

// Close ends the file.
func (c *csvWriter) Close() error { return c.flush(true) }

func (c *csvWriter) amount(b []byte, v int64, decimals int) []byte {
	return appendAmount(b, v, decimals, c.point)
}

// text appends a text field: cleaned, disarmed, and quoted when it must be.
func (c *csvWriter) text(b []byte, s string) []byte {
	if s == "" {
		return b
	}
	from := len(b)
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		b = append(b, '\'')
	}
	b = appendText(b, s, '|')
	quotes, quoted := 0, b[from] == ' '
	for _, x := range b[from:] {
		if x == '"' {
			quotes++
		}
		quoted = quoted || x == '"' || x == c.comma
	}
	if !quoted {
		return b
	}
	// Move the text one byte on for the opening quote and one for each quote inside, from its end so that nothing is overwritten.
	to := len(b) + quotes + 1
	read := len(b)
	for len(b) < to {
		b = append(b, '"')
	}
	for write := to; read > from; {
		read--
		write--
		b[write] = b[read]
		if b[read] == '"' {
			write--
			b[write] = '"'
		}
	}
	b[from] = '"'
	return append(b, '"')
}

func appendISO(b []byte, d civil.Date) []byte {
	if d.IsZero() {
		return b
	}
	b = appendDigits(b, d.Year(), 4)
	b = appendDigits(append(b, '-'), int(d.Month()), 2)
	return appendDigits(append(b, '-'), d.Day(), 2)
}

func appendFrench(b []byte, d civil.Date) []byte {
	if d.IsZero() {
		return b
	}
	b = appendDigits(b, d.Day(), 2)
	b = appendDigits(append(b, '/'), int(d.Month()), 2)
	return appendDigits(append(b, '/'), d.Year(), 4)
}

func appendDigits(b []byte, n, width int) []byte {
	from := len(b)
	for range width {
		b = append(b, '0')
	}
	for i := len(b) - 1; i >= from; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}
