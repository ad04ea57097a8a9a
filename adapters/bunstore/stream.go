package bunstore

import (
	"context"
	"errors"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// Exports and verification read whole years, so they go below bun: entries, lines and matchings are read side by side by
// the driver's own types, each in the order of its primary key, and zipped here, in constant memory. Joining them in the
// database would sort or look up for every line what lies in order already. Each engine reads in its own way
// (stream_postgres.go, stream_sqlite.go); what is read becomes the same steps.

// span is which part of the chain to read, and with what.
type span struct {
	company     string
	first, last int64 // Seq, both included
	chain       bool  // all that is hashed; else what exports print, with matchings
	asOf        int64 // of matchings, in microseconds
}

// step is one line and, with the first line of an entry, the entry. It is good until the next step.
type step struct {
	seq, n  int64
	head    bool         // entry was read with this step
	entry   ledger.Entry // without lines
	line    ledger.Line
	none    bool // the entry has no line at all
	broken  bool // a value is not one that could have been stored
	letter  string
	matched int64
}

type (
	rawEntry struct {
		entry  ledger.Entry
		broken bool
	}
	rawLine struct {
		seq, n int64
		line   ledger.Line
		broken bool
	}
	rawMatch struct {
		seq, n int64
		code   string
		at     int64
	}
)

// source reads rows one after the other; false when there are no more.
type source[T any] func(*T) (bool, error)

// ahead is a source with its next row in hand.
type ahead[T any] struct {
	row  T
	more bool
	read source[T]
}

func (a *ahead[T]) next() (err error) {
	a.more, err = a.read(&a.row)
	return err
}

// zip calls each for every line, in order.
func zip(entries source[rawEntry], lines source[rawLine], matches source[rawMatch], each func(*step) error) error {
	e, l, m := ahead[rawEntry]{read: entries}, ahead[rawLine]{read: lines}, ahead[rawMatch]{read: matches}
	if err := errors.Join(e.next(), l.next(), m.next()); err != nil {
		return err
	}
	var s step
	for e.more || l.more {
		s.head = e.more && (!l.more || e.row.entry.Seq <= l.row.seq)
		s.none, s.broken = false, false
		if s.head {
			s.none = !l.more || e.row.entry.Seq < l.row.seq
			s.entry, s.broken, s.seq = e.row.entry, e.row.broken, e.row.entry.Seq
			if err := e.next(); err != nil {
				return err
			}
		}
		s.letter, s.matched = "", 0
		if !s.none {
			s.seq, s.n, s.line, s.broken = l.row.seq, l.row.n, l.row.line, s.broken || l.row.broken
			if err := l.next(); err != nil {
				return err
			}
			for m.more && (m.row.seq < s.seq || m.row.seq == s.seq && m.row.n <= s.n) {
				if m.row.seq == s.seq && m.row.n == s.n {
					s.letter, s.matched = m.row.code, m.row.at
				}
				if err := m.next(); err != nil {
					return err
				}
			}
		}
		if err := each(&s); err != nil {
			return err
		}
	}
	return nil
}

func nothing[T any](*T) (bool, error) { return false, nil }

// reading runs fn with the head of the chain and a way to read a span, both of one moment.
func (s *Store) reading(ctx context.Context, company string, fn func(ledger.Head, func(span, func(*step) error) error) error) error {
	if s.isPG() {
		return s.readingPostgres(ctx, company, fn)
	}
	return s.readingSQLite(ctx, company, fn)
}

// Lines implements app.Views.
func (s *Store) Lines(ctx context.Context, company string, q app.LineQuery, each func(*app.ExportLine) error) error {
	names, err := s.exportNames(ctx, company)
	if err != nil {
		return err
	}
	first, last, err := s.spanOfYear(ctx, company, q.Year)
	if err != nil {
		return s.refusal(ctx, err, nil)
	}
	return s.reading(ctx, company, func(head ledger.Head, read func(span, func(*step) error) error) error {
		x := span{company: company, first: first, last: min(last, head.Seq), asOf: micros(q.AsOf)}
		if q.UpTo > 0 {
			x.last = min(x.last, q.UpTo)
		}
		if q.AsOf.IsZero() {
			x.asOf = 1<<63 - 1
		}
		out := exporter{query: q, names: names, each: each}
		return read(x, out.step)
	})
}

// spanOfYear is between which entries of the chain those of a fiscal year lie. They lie together but for late ones.
func (s *Store) spanOfYear(ctx context.Context, company, year string) (first, last int64, err error) {
	if year == "" {
		return 1, 1<<63 - 1, nil
	}
	err = s.read.QueryRowContext(ctx, `SELECT
		coalesce((SELECT seq FROM journal_entries WHERE company_id = ?0 AND year = ?1 ORDER BY number LIMIT 1), 1),
		coalesce((SELECT seq FROM journal_entries WHERE company_id = ?0 AND year = ?1 ORDER BY number DESC LIMIT 1), 0)`,
		company, year).Scan(&first, &last)
	return first, last, err
}

// exporter turns steps into lines of an export.
type exporter struct {
	query app.LineQuery
	names exportNames
	each  func(*app.ExportLine) error
	line  app.ExportLine
	skip  bool // the entry is not asked for
	label string
	days  dayCache
}

func (x *exporter) step(s *step) error {
	if s.head {
		e := &s.entry
		x.skip = x.query.Year != "" && e.Year != x.query.Year || x.query.Journal != "" && e.Journal != x.query.Journal
		x.label = e.Label
		x.line = app.ExportLine{Seq: e.Seq, Journal: e.Journal, JournalLabel: x.names.journals[e.Journal], Year: e.Year, Number: e.Number,
			Date: e.Date, Piece: e.Piece, PieceDate: e.PieceDate, ValidDate: x.days.of(e.PostedAt.UnixMicro())}
	}
	if x.skip || s.none {
		return nil
	}
	l := &x.line
	l.Account, l.AccountLabel, l.Aux = s.line.Account, x.names.accounts[s.line.Account], s.line.Aux
	l.AuxLabel = ""
	if l.Aux != "" {
		l.AuxLabel = x.names.customers[l.Aux]
	}
	if l.Label = s.line.Label; l.Label == "" {
		l.Label = x.label
	}
	l.Debit, l.Credit, l.Foreign = s.line.Debit, s.line.Credit, s.line.Foreign
	l.Letter, l.LetterDate = s.letter, civil.Date{}
	if s.letter != "" {
		l.LetterDate = x.days.of(s.matched)
	}
	return x.each(l)
}

// dayCache remembers the last day: neighbours in the journal are of the same.
type dayCache struct {
	day  int64
	date civil.Date
}

const microsPerDay = int64(24 * time.Hour / time.Microsecond)

func (c *dayCache) of(at int64) civil.Date {
	if day := at / microsPerDay; day != c.day || c.date.IsZero() {
		c.day, c.date = day, civil.On(time.UnixMicro(at).UTC())
	}
	return c.date
}

// exportNames are labels by code, read once: joining them to every line would cost more than the lines.
type exportNames struct{ journals, accounts, customers map[string]string }

func (s *Store) exportNames(ctx context.Context, company string) (n exportNames, err error) {
	if n.journals, err = s.labels(ctx, s.read, "journals", company); err != nil {
		return n, err
	}
	if n.accounts, err = s.labels(ctx, s.read, "accounts", company); err != nil {
		return n, err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT code, name FROM customers WHERE company_id = ?", company)
	if err != nil {
		return n, s.refusal(ctx, err, nil)
	}
	n.customers = map[string]string{}
	return n, scanAll(rows, func() error {
		var code, name string
		err := rows.Scan(&code, &name)
		n.customers[code] = name
		return err
	})
}

// Chain implements app.Views. It hands over what is stored, however wrong: finding that out is the verifier's work. What
// could not be decoded at all comes with an empty hash, which no content has.
func (s *Store) Chain(ctx context.Context, company string, each func(*ledger.Entry) error) (ledger.Head, error) {
	var head ledger.Head
	err := s.reading(ctx, company, func(h ledger.Head, read func(span, func(*step) error) error) error {
		head = h
		var c chainer
		c.each = each
		// Also what lies outside of the recorded chain: an entry behind the head was inserted.
		if err := read(span{company: company, first: -1 << 63, last: 1<<63 - 1, chain: true}, c.step); err != nil {
			return err
		}
		return c.flush()
	})
	return head, err
}

// chainer gathers steps into entries.
type chainer struct {
	each  func(*ledger.Entry) error
	entry ledger.Entry
	open  bool
}

func (c *chainer) step(s *step) error {
	if s.head || !c.open || s.seq != c.entry.Seq {
		if err := c.flush(); err != nil {
			return err
		}
		lines := c.entry.Lines[:0]
		if c.entry = (ledger.Entry{Seq: s.seq}); s.head { // else lines of an entry that is not there
			c.entry = s.entry
		}
		c.entry.Lines, c.open = lines, true
	}
	if !s.none {
		c.entry.Lines = append(c.entry.Lines, s.line)
	}
	if s.broken {
		c.entry.Hash = ledger.Hash{}
	}
	return nil
}

func (c *chainer) flush() error {
	if !c.open {
		return nil
	}
	c.open = false
	return c.each(&c.entry)
}

// interner makes the few different codes of millions of lines one string each.
type interner map[string]string

// maxInterned bounds what an interner keeps: more different codes than any chart or customer file should have.
const maxInterned = 1 << 17

func (m interner) of(b []byte) string {
	if s, ok := m[string(b)]; ok {
		return s
	}
	if len(m) >= maxInterned {
		clear(m)
	}
	s := string(b)
	m[s] = s
	return s
}

// foreign makes an amount in another currency; false when it is none that could have been stored.
func foreign(minor int64, currency string) (money.Money, bool) {
	if currency == "" {
		return money.Money{}, minor == 0
	}
	m, err := money.New(minor, money.Currency(currency))
	return m, err == nil
}
