package apptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Mailer keeps what it is given.
type Mailer struct {
	mu   sync.Mutex
	sent []Sent
	// Refuse, when set, decides what becomes of a message.
	Refuse func(app.Message) error
}

// Sent is one message that left, and how.
type Sent struct {
	Via app.MailSettings
	app.Message
}

// Send implements app.Mailer.
func (m *Mailer) Send(_ context.Context, via app.MailSettings, msg app.Message) error {
	outside("mail is sent")
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Refuse != nil {
		if err := m.Refuse(msg); err != nil {
			return err
		}
	}
	m.sent = append(m.sent, Sent{via, msg})
	return nil
}

// Sent lists what left, oldest first.
func (m *Mailer) Sent() []Sent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Sent(nil), m.sent...)
}

// Paper draws a sheet as a few words that a test can look for, and keeps the sheets.
type Paper struct {
	mu    sync.Mutex
	drawn []app.Sheet
}

// Draw implements app.Paper.
func (p *Paper) Draw(_ context.Context, s app.Sheet) ([]byte, error) {
	outside("a PDF is drawn")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drawn = append(p.drawn, s)
	return fmt.Appendf(nil, "%%PDF %s %s", s.Title, s.Number), nil
}

// Drawn lists the sheets, oldest first.
func (p *Paper) Drawn() []app.Sheet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]app.Sheet(nil), p.drawn...)
}

// Letters writes a letter as its fields.
type Letters struct{}

// Write implements app.Letters.
func (Letters) Write(l app.Letter) (subject, text, html string, err error) {
	text = fmt.Sprintf("%+v", l)
	return l.Kind + " " + l.Number, text, "<p>" + text + "</p>", nil
}

// Words writes keys and plain values, so that tests depend on no catalogue.
type Words struct{}

// T implements app.Words.
func (Words) T(_, key string, params ...string) string {
	for i := 0; i+1 < len(params); i += 2 {
		key += " " + params[i] + "=" + params[i+1]
	}
	return key
}

// Money implements app.Words.
func (Words) Money(_ string, m money.Money) string { return m.String() }

// Number implements app.Words.
func (Words) Number(_, decimal string) string { return decimal }

// Date implements app.Words.
func (Words) Date(_ string, d civil.Date) string { return d.String() }

// Fault implements app.Words.
func (Words) Fault(_ string, err error) string { return err.Error() }

// Passwords hashes fast and badly.
type Passwords struct{}

// Hash implements app.Passwords.
func (Passwords) Hash(p string) (string, error) {
	sum := sha256.Sum256([]byte("password " + p))
	return hex.EncodeToString(sum[:]), nil
}

// Check implements app.Passwords.
func (p Passwords) Check(password, hash string) bool {
	h, _ := p.Hash(password)
	return h == hash
}

// Sealer hides nothing and yet opens only what was sealed for the same thing; sealed values do not contain the plain ones.
type Sealer struct{}

// Seal implements app.Sealer.
func (Sealer) Seal(plain []byte, bind string) ([]byte, error) {
	return append([]byte("sealed for "+bind+"\n"), flip(plain)...), nil
}

// Open implements app.Sealer.
func (Sealer) Open(sealed []byte, bind string) ([]byte, error) {
	secret, ok := bytes.CutPrefix(sealed, []byte("sealed for "+bind+"\n"))
	if !ok {
		return nil, fmt.Errorf("apptest: %.60q is not sealed for %s", sealed, bind)
	}
	return flip(secret), nil
}

func flip(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ 0xff
	}
	return out
}

// Log gives warnings to the test's own log and counts them.
type Log struct {
	t        testing.TB
	mu       sync.Mutex
	warnings []string
}

// Warn implements app.Log.
func (l *Log) Warn(msg string, err error, keyvals ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.warnings = append(l.warnings, fmt.Sprintf("%s: %v %s", msg, err, strings.Join(keyvals, " ")))
}

// Info implements app.Log.
func (l *Log) Info(string, ...string) {}

// Warnings lists what was warned of, oldest first.
func (l *Log) Warnings() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.warnings...)
}

// Formats has one format, "plain": a line of text for each line of an entry.
type Formats struct{}

// Format implements app.Formats.
func (Formats) Format(name string) (app.Format, bool) { return plain{}, name == "plain" }

// Names implements app.Formats.
func (Formats) Names() []string { return []string{"plain"} }

type plain struct{}

func (plain) File(c party.Company, y ledger.FiscalYear) (string, error) {
	if c.SIREN == "" {
		return "", fault.New(fault.Refused, fault.CompanyIncomplete, "fields", "siren")
	}
	return c.SIREN + "-" + y.ID + ".txt", nil
}

func (plain) MediaType() string { return "text/plain" }

func (plain) Open(w io.Writer, _ money.Currency) app.LineWriter { return &plainLines{w} }

type plainLines struct{ w io.Writer }

func (p *plainLines) Line(l *app.ExportLine) error {
	_, err := fmt.Fprintf(p.w, "%s %s %d %s %s %s %s %s %s %s %d %d %s %s %s\n", l.Journal, l.JournalLabel, l.Number, l.Date, l.Account, l.AccountLabel,
		l.Aux, l.AuxLabel, l.Piece, l.Label, l.Debit, l.Credit, l.Letter, l.LetterDate, l.ValidDate)
	return err
}

func (p *plainLines) Close() error { return nil }
