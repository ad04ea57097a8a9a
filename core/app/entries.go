package app

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
)

// EntryInput is an entry typed in by a person or sent by a program. Amounts are minor units of the book currency.
type EntryInput struct {
	Journal   string
	Date      civil.Date
	Piece     string     // voucher reference
	PieceDate civil.Date // the Date when empty
	Label     string
	Lines     []EntryLine
}

// EntryLine is one line of it: one of Debit and Credit is positive.
type EntryLine struct {
	Account string
	Aux     string // the customer's code on customers' accounts
	Label   string
	Debit   int64
	Credit  int64
	Foreign money.Money
}

// manualSource is the beginning of the source of entries made by PostEntry. Others belong to a document, a receipt or a
// closing and are undone there.
const manualSource = "entry:"

// PostEntry posts an entry, for ever. Codes: those of ledger.NewEntry; unknown_thing on "lines.<n>.aux" when a line of a
// customers' account names no customer.
//
// It is the path that is measured against the database itself: nothing is read before the pen is taken but customers'
// codes that were never seen.
func (a *App) PostEntry(ctx context.Context, who access.Actor, in EntryInput) (ledger.Entry, error) {
	var posted ledger.Entry
	if err := who.May(access.Keep); err != nil {
		return posted, err
	}
	if in.Date.IsZero() {
		return posted, fault.New(fault.Invalid, fault.Required).On("date")
	}
	d := ledger.Draft{Journal: in.Journal, Date: in.Date, Piece: in.Piece, PieceDate: in.PieceDate, Label: in.Label,
		Source: manualSource + ids.New("man"), Lines: make([]ledger.Line, len(in.Lines))}
	for i, l := range in.Lines {
		if err := a.knownCustomer(ctx, who.Company, i, l); err != nil {
			return posted, err
		}
		d.Lines[i] = ledger.Line{Account: l.Account, Aux: l.Aux, Label: l.Label, Debit: l.Debit, Credit: l.Credit, Foreign: l.Foreign}
	}
	err := a.Books.Write(ctx, who.Company, func(ctx context.Context, tx *books.Tx) error {
		e, err := tx.Post(ctx, d, who.ID)
		if err != nil {
			return err
		}
		tx.Made(entryResource(e.Seq))
		posted = e
		return nil
	})
	return posted, err
}

func entryResource(seq int64) string { return "entry:" + strconv.FormatInt(seq, 10) }

// ReverseEntry undoes an entry made by PostEntry with an opposite one (contre-passation), on a day that is open; no date
// asks for today or the first open day after it. reason completes the label. Codes: unknown_thing, already_reversed,
// not_reversible (the entry belongs to an invoice, a receipt, a closing... and is undone by a credit note or by taking the
// receipt back; or it is a reversal itself), no_fiscal_year, period_closed, inactive_account, inactive_journal, too_long.
func (a *App) ReverseEntry(ctx context.Context, who access.Actor, seq int64, on civil.Date, reason string) (ledger.Entry, error) {
	var posted ledger.Entry
	if err := who.May(access.Keep); err != nil {
		return posted, err
	}
	if err := party.CleanText(&reason, 0, 120); err != nil {
		return posted, onField("reason", err)
	}
	seen, err := a.Views.Entry(ctx, who.Company, seq)
	if err != nil {
		return posted, err
	}
	number := strconv.FormatInt(seen.Number, 10)
	if !strings.HasPrefix(seen.Source, manualSource) {
		return posted, fault.New(fault.Refused, fault.NotReversible, "number", number)
	}
	already := fault.New(fault.Conflict, fault.AlreadyReversed, "number", number)
	err = a.Books.Write(ctx, who.Company, func(ctx context.Context, tx *books.Tx) error {
		if seen.ReversedBy != 0 {
			return already
		}
		e, err := tx.Entry(ctx, seq)
		if err != nil {
			return err
		}
		day := on
		if day.IsZero() {
			day = a.day(tx.Now())
			if open, ok := tx.Setup().Chart.FirstOpen(day); ok {
				day = open
			}
		}
		label := "Contre-passation de l'écriture " + number
		if reason != "" {
			label += " : " + reason
		}
		if posted, err = tx.Post(ctx, ledger.Reversal(e, day, label), who.ID); err != nil {
			return err
		}
		tx.Made(entryResource(posted.Seq))
		tx.Log(who.Name, "entry_reversed", entryResource(seq), reason)
		return nil
	})
	if fault.Has(err, fault.DuplicatePosting) {
		err = already
	}
	return posted, err
}

// knownCustomer refuses a line of a customers' account whose auxiliary account is no customer: no statement would ever show
// it. Suppliers have no register here, so theirs is free.
func (a *App) knownCustomer(ctx context.Context, company string, n int, l EntryLine) error {
	switch l.Account {
	case posting.Customers, posting.Doubtful, posting.Deposits, posting.CustomerCredit:
	default:
		return nil
	}
	if l.Aux == "" || a.codes.known(company, l.Aux) {
		return nil // an empty one is refused with the rest of the line
	}
	code := l.Aux
	err := party.CleanCode(&code, 17)
	if err == nil {
		_, err = a.Views.CustomerByCode(ctx, company, code)
	}
	if err == nil {
		a.codes.learn(company, l.Aux)
	}
	return onField("lines."+strconv.Itoa(n)+".aux", err)
}

// codeMemory remembers customers' codes that exist. They can be neither changed nor deleted, so what was true stays true.
// Its zero value is ready.
type codeMemory struct {
	mu   sync.RWMutex
	seen map[[2]string]bool
}

// codesKept bounds the memory to a few megabytes; when it is full it begins anew.
const codesKept = 50_000

func (m *codeMemory) known(company, code string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.seen[[2]string{company, code}]
}

func (m *codeMemory) learn(company, code string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.seen == nil || len(m.seen) >= codesKept {
		m.seen = map[[2]string]bool{}
	}
	m.seen[[2]string{company, code}] = true
}
