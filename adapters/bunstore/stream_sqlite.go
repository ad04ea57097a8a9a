package bunstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"time"
)

// SQLite looks up the other table for each row of a join, so entries, lines and matchings are read side by side instead,
// each in the order of its primary key, and zipped here. One connection holds all three in one snapshot.
const (
	liteEntries = `SELECT seq, year, number, journal, date, piece, piece_date, label, posted_at, source, reverses, posted_by, prev, hash
		FROM journal_entries WHERE company_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY company_id, seq`
	liteLines = `SELECT seq, n, account, aux, label, debit, credit, foreign_minor, foreign_currency, document
		FROM journal_lines WHERE company_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY company_id, seq, n`
	liteMatches = `SELECT seq, n, code, matched_at FROM line_matches WHERE company_id = ?1 AND seq BETWEEN ?2 AND ?3
		AND matched_at <= ?4 AND (dissolved_at = 0 OR dissolved_at > ?4) ORDER BY company_id, seq, n`
)

func readSQLite(ctx context.Context, c driverConn, x span, each func(*step) error) (err error) {
	conn, ok := c.(driver.QueryerContext)
	if !ok {
		return errShape
	}
	open := func(query string, args ...driver.Value) *liteRows {
		if err != nil {
			return &liteRows{ended: true}
		}
		var r *liteRows
		r, err = openLite(ctx, conn, query, args...)
		return r
	}
	entries := open(liteEntries, x.company, x.first, x.last)
	lines := open(liteLines, x.company, x.first, x.last)
	matches := &liteRows{ended: true}
	if !x.chain {
		matches = open(liteMatches, x.company, x.first, x.last, x.asOf)
	}
	defer func() { err = errors.Join(err, entries.close(), lines.close(), matches.close()) }()
	if err != nil {
		return err
	}
	var s step
	for !entries.ended || !lines.ended {
		s.head, s.none, s.broken = false, false, false
		seq := lines.key(0)
		if head := entries.key(0); head <= seq && !entries.ended {
			s.head, s.seq, s.n = true, head, 0
			s.none = lines.ended || head < seq
			readLiteEntry(&s, entries)
			if err := entries.next(); err != nil {
				return err
			}
		}
		if !s.none {
			s.seq, s.n = seq, lines.int(1)
			readLiteLine(&s, lines)
			if err := lines.next(); err != nil {
				return err
			}
			s.letter, s.matched = "", 0
			for !matches.ended && (matches.int(0) < s.seq || matches.int(0) == s.seq && matches.int(1) <= s.n) {
				if matches.int(0) == s.seq && matches.int(1) == s.n {
					s.letter, s.matched = matches.text(2), matches.int(3)
				}
				if err := matches.next(); err != nil {
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

func readLiteEntry(s *step, r *liteRows) {
	e := &s.entry
	e.Seq, e.Year, e.Number, e.Journal, e.Date = r.int(0), r.text(1), r.int(2), r.text(3), day(int(r.int(4)))
	e.Piece, e.PieceDate, e.Label, e.PostedAt = r.text(5), day(int(r.int(6))), r.text(7), time.UnixMicro(r.int(8)).UTC()
	e.Source, e.Reverses, e.PostedBy = r.text(9), r.int(10), r.text(11)
	s.broken = !fixed(e.Prev[:], r.bytes(12)) || !fixed(e.Hash[:], r.bytes(13))
}

func readLiteLine(s *step, r *liteRows) {
	l := &s.line
	l.Account, l.Aux, l.Label, l.Debit, l.Credit = r.text(2), r.text(3), r.text(4), r.int(5), r.int(6)
	var ok bool
	l.Foreign, ok = foreign(r.int(7), r.text(8))
	l.Document = r.text(9)
	s.broken = s.broken || !ok
}

// liteRows is a query being read, with its present row.
type liteRows struct {
	rows  driver.Rows
	v     []driver.Value
	ended bool
}

func openLite(ctx context.Context, c driver.QueryerContext, query string, args ...driver.Value) (*liteRows, error) {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	rows, err := c.QueryContext(ctx, query, named)
	if err != nil {
		return &liteRows{ended: true}, err
	}
	r := &liteRows{rows: rows, v: make([]driver.Value, len(rows.Columns()))}
	return r, r.next()
}

func (r *liteRows) next() error {
	err := r.rows.Next(r.v)
	if errors.Is(err, io.EOF) {
		r.ended = true
		return nil
	}
	return err
}

func (r *liteRows) close() error {
	if r.rows == nil {
		return nil
	}
	return r.rows.Close()
}

// key is the row's place; behind everything when there is no row any more.
func (r *liteRows) key(i int) int64 {
	if r.ended {
		return math.MaxInt64
	}
	return r.int(i)
}

func (r *liteRows) int(i int) int64 { n, _ := r.v[i].(int64); return n }

func (r *liteRows) text(i int) string { s, _ := r.v[i].(string); return s }

func (r *liteRows) bytes(i int) []byte { b, _ := r.v[i].([]byte); return b }
