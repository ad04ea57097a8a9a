// Package ledger is double entry: entries that balance or do not exist, numbered without gaps, chained by hash, never
// changed; and the matching (lettrage) of open items, which lies beside them because it may change (accounting.md §3.1).
//
// NewEntry is the only door: it checks a Draft against the Chart. Seal gives the checked entry its place: position in
// the company's chain, number in the fiscal year, hash. Nothing in this package updates or deletes; see Reversal.
package ledger

import (
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// MaxLines bounds one entry. A payout recap or an opening entry has a few hundred lines; ten thousand leave room for
// the opening of a company with that many customers, and keep one statement below every driver's parameter limits.
const MaxLines = 10_000

// Line is one movement of an account. Exactly one of Debit and Credit is positive, in minor units of the book currency.
type Line struct {
	Account  string
	Aux      string // auxiliary account: the customer's code; empty on general accounts
	Label    string // empty: the entry's
	Debit    int64
	Credit   int64
	Foreign  money.Money // amount in another currency, signed; no currency: none
	Document string      // id of the invoice or deposit that the line opens or settles; "" when it is neither
}

// Draft is what somebody wants posted.
type Draft struct {
	Journal   string
	Date      civil.Date
	Piece     string     // voucher reference: the document's number, the gateway's id
	PieceDate civil.Date // date of the voucher; the Date when empty
	Label     string
	Source    string // natural key of what is posted: posting it twice is refused by it
	Lines     []Line
	Reverses  int64 // Seq of the entry this one reverses; 0: none
}

// Entry is a posted journal entry. Amounts are minor units of the book currency.
type Entry struct {
	Seq       int64  // position in the company's chain, from 1
	Year      string // fiscal year id
	Number    int64  // EcritureNum: continuous in the fiscal year, from 1
	Journal   string
	Date      civil.Date
	Piece     string
	PieceDate civil.Date
	Label     string
	Source    string
	Reverses  int64
	PostedAt  time.Time // UTC, microseconds: the day of validation (ValidDate)
	PostedBy  string    // user or service actor
	Lines     []Line
	Prev      Hash
	Hash      Hash
}

// NewEntry checks a draft. The result has no number and no hash yet. Codes: entry_too_short, entry_unbalanced,
// line_two_sided, line_empty, unknown_account, inactive_account, aux_required, unknown_journal, inactive_journal,
// no_fiscal_year, period_closed, bad_amount, amount_too_large, required, too_long, bad_characters.
func NewEntry(c *Chart, d Draft) (Entry, error) {
	var f fault.Collect
	add := func(err error, path ...string) { _ = f.Add(err, path...) }
	_, err := c.Journal(d.Journal)
	add(err, "journal")
	year, err := c.Open(d.Date)
	add(err, "date")
	add(party.CleanText(&d.Label, 1, 200), "label")
	add(party.CleanText(&d.Piece, 1, 100), "piece")
	add(party.CleanText(&d.Source, 1, 200), "source")
	if d.PieceDate.IsZero() {
		d.PieceDate = d.Date
	}
	if len(d.Lines) < 2 {
		add(fault.New(fault.Refused, fault.EntryTooShort), "lines")
	}
	if len(d.Lines) > MaxLines {
		add(fault.New(fault.Invalid, fault.TooLong, "max", strconv.Itoa(MaxLines)), "lines")
		return Entry{}, f.Err()
	}
	var debit, credit int64
	lines := make([]Line, len(d.Lines))
	for i, l := range d.Lines {
		if err := checkLine(c, &l); err != nil {
			add(err, "lines", strconv.Itoa(i))
		}
		debit += l.Debit
		credit += l.Credit
		if debit > money.Max || credit > money.Max || debit < 0 || credit < 0 {
			add(fault.New(fault.Invalid, fault.AmountTooLarge, "max", money.Of(money.Max, c.Currency).Plain()), "lines")
			return Entry{}, f.Err()
		}
		lines[i] = l
	}
	if debit != credit {
		add(fault.New(fault.Refused, fault.EntryUnbalanced, "debit", money.Of(debit, c.Currency).Plain(), "credit", money.Of(credit, c.Currency).Plain()), "lines")
	}
	if err := f.Err(); err != nil {
		return Entry{}, err
	}
	return Entry{Year: year.ID, Journal: d.Journal, Date: d.Date, Piece: d.Piece, PieceDate: d.PieceDate, Label: d.Label,
		Source: d.Source, Reverses: d.Reverses, Lines: lines}, nil
}

func checkLine(c *Chart, l *Line) error {
	var f fault.Collect
	a, err := c.Account(l.Account)
	_ = f.Add(err, "account")
	if err == nil && a.Collective && l.Aux == "" {
		_ = f.Add(fault.New(fault.Refused, fault.AuxRequired, "account", l.Account), "aux")
	}
	if l.Aux != "" {
		_ = f.Add(party.CleanCode(&l.Aux, 17), "aux")
	}
	_ = f.Add(party.CleanText(&l.Label, 0, 200), "label")
	switch {
	case l.Debit < 0 || l.Credit < 0 || l.Debit > money.Max || l.Credit > money.Max:
		_ = f.Add(fault.New(fault.Invalid, fault.BadAmount, "found", strconv.FormatInt(min(l.Debit, l.Credit), 10)), "debit")
	case l.Debit > 0 && l.Credit > 0:
		_ = f.Add(fault.New(fault.Refused, fault.LineTwoSided), "debit")
	case l.Debit == 0 && l.Credit == 0:
		_ = f.Add(fault.New(fault.Refused, fault.LineEmpty), "debit")
	}
	return f.Err()
}

// Total is the sum of the debits, which is that of the credits.
func (e Entry) Total() int64 {
	var t int64
	for _, l := range e.Lines {
		t += l.Debit
	}
	return t
}

// Reversal is the draft that undoes an entry by swapping its sides (contre-passation, art. 1031-3 PCG): same accounts, same
// journal, on a given open day, tied to the entry by Reverses.
func Reversal(e Entry, on civil.Date, label string) Draft {
	d := Draft{Journal: e.Journal, Date: on, Piece: e.Piece, PieceDate: e.PieceDate, Label: label,
		Source: "reversal:" + strconv.FormatInt(e.Seq, 10), Reverses: e.Seq, Lines: make([]Line, len(e.Lines))}
	for i, l := range e.Lines {
		l.Debit, l.Credit, l.Foreign = l.Credit, l.Debit, l.Foreign.Neg()
		d.Lines[i] = l
	}
	return d
}
