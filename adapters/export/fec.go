package export

import (
	"io"
	"strconv"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// fecHeader names the 18 fields in the order of the law.
const fecHeader = "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\tPieceDate\t" +
	"EcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"

// fec is the FEC as a flat file: fields separated by tabs, records by CR LF with none after the last one, dates as
// AAAAMMJJ, amounts with a decimal comma; UTF-8 without a byte order mark, or ISO 8859-15. The law allows more; this is what
// every reader of it accepts (art. A47 A-1 LPF, VII).
type fec struct{ latin9 bool }

// File is the SIREN, FEC and the closing date (art. A47 A-1 LPF, X). Code: company_incomplete without a SIREN.
func (fec) File(c party.Company, y ledger.FiscalYear) (string, error) {
	if c.SIREN == "" {
		return "", fault.New(fault.Refused, fault.CompanyIncomplete, "fields", "siren")
	}
	return string(y.End.AppendCompact([]byte(c.SIREN+"FEC"))) + ".txt", nil
}

// MediaType of the file.
func (f fec) MediaType() string {
	if f.latin9 {
		return "text/plain; charset=iso-8859-15"
	}
	return "text/plain; charset=utf-8"
}

// Open begins a file.
func (f fec) Open(w io.Writer, cur money.Currency) app.LineWriter {
	out := &fecWriter{sink: newSink(w), cur: cur, decimals: cur.Exponent(), text: appendText}
	if f.latin9 {
		out.text = appendLatin9
	}
	out.buf = append(out.buf, fecHeader...)
	return out
}

type fecWriter struct {
	sink
	cur      money.Currency
	decimals int
	text     func(b []byte, s string, bar byte) []byte
}

// Line writes one record. Fields that may not be blank fall back on what identifies the line.
func (f *fecWriter) Line(l *app.ExportLine) error {
	b := f.buf
	b = append(b, '\r', '\n')
	b = f.text(b, l.Journal, '/')
	b = append(b, '\t')
	b = f.filled(b, l.JournalLabel, l.Journal)
	b = append(b, '\t')
	b = strconv.AppendInt(b, l.Number, 10)
	b = append(b, '\t')
	b = l.Date.AppendCompact(b)
	b = append(b, '\t')
	b = f.text(b, l.Account, '/')
	b = append(b, '\t')
	b = f.filled(b, l.AccountLabel, l.Account)
	b = append(b, '\t')
	b = f.text(b, l.Aux, '/')
	b = append(b, '\t')
	b = f.text(b, l.AuxLabel, '/')
	b = append(b, '\t')
	from := len(b)
	if b = f.text(b, l.Piece, '/'); blank(b[from:]) {
		b = strconv.AppendInt(b[:from], l.Number, 10)
	}
	b = append(b, '\t')
	b = either(l.PieceDate, l.Date).AppendCompact(b)
	b = append(b, '\t')
	b = f.filled(b, l.Label, l.Account)
	b = append(b, '\t')
	b = appendAmount(b, l.Debit, f.decimals, ',')
	b = append(b, '\t')
	b = appendAmount(b, l.Credit, f.decimals, ',')
	b = append(b, '\t')
	b = f.text(b, l.Letter, '/')
	b = append(b, '\t')
	if l.Letter != "" {
		b = either(l.LetterDate, l.Date).AppendCompact(b)
	}
	b = append(b, '\t')
	b = either(l.ValidDate, l.Date).AppendCompact(b)
	b = append(b, '\t')
	if c := l.Foreign.Currency(); c != "" && c != f.cur {
		b = appendAmount(b, l.Foreign.Minor(), c.Exponent(), ',')
		b = append(b, '\t')
		b = append(b, c...)
	} else {
		b = append(b, '\t')
	}
	f.buf = b
	return f.flush(false)
}

// filled appends a text, or instead when nothing of it is left.
func (f *fecWriter) filled(b []byte, s, instead string) []byte {
	from := len(b)
	if b = f.text(b, s, '/'); blank(b[from:]) {
		b = f.text(b[:from], instead, '/')
	}
	return b
}

// Close ends the file.
func (f *fecWriter) Close() error { return f.flush(true) }

func blank(b []byte) bool {
	for _, c := range b {
		if c != ' ' {
			return false
		}
	}
	return true
}

func either(d, instead civil.Date) civil.Date {
	if d.IsZero() {
		return instead
	}
	return d
}
