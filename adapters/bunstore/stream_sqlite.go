package bunstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"time"

	"github.com/acquit-app/acquit/core/ledger"
)

// SQLite steps through several statements on one connection, all in its snapshot.
const (
	liteEntries = `SELECT seq, year, number, journal, date, piece, piece_date, label, posted_at`
	liteHashed  = `, source, reverses, posted_by, prev, hash`
	liteLines   = `SELECT seq, n, account, aux, label, debit, credit, foreign_minor, foreign_currency`
	liteMatches = `SELECT seq, n, code, matched_at FROM line_matches WHERE company_id = ?1 AND seq BETWEEN ?2 AND ?3
		AND matched_at <= ?4 AND (dissolved_at = 0 OR dissolved_at > ?4) ORDER BY company_id, seq, n`
	liteWhere = ` WHERE company_id = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY company_id, seq`
)

func (s *Store) readingSQLite(ctx context.Context, company string, fn func(ledger.Head, func(span, func(*step) error) error) error) error {
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Conn.ExecContext(ctx, "BEGIN"); err != nil {
		return s.refusal(ctx, err, nil)
	}
	head, err := s.head(ctx, conn, company)
	if err == nil {
		err = fn(head, func(x span, each func(*step) error) error {
			return conn.Raw(func(c any) error { return readSQLite(ctx, c, x, each) })
		})
	}
	if _, end := conn.Conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); end != nil {
		// The connection may still be inside the transaction: nobody else gets it.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return s.refusal(ctx, err, nil)
}

func readSQLite(ctx context.Context, c any, x span, each func(*step) error) (err error) {
	conn, ok := c.(driver.QueryerContext)
	if !ok {
		return errShape
	}
	entries, lines := liteEntries, liteLines
	if x.chain {
		entries += liteHashed
		lines += ", document"
	}
	var open []driver.Rows
	defer func() {
		for _, r := range open {
			err = errors.Join(err, r.Close())
		}
	}()
	ask := func(query string, args ...driver.Value) *liteRow {
		if err != nil {
			return nil
		}
		named := make([]driver.NamedValue, 0, 4)
		for i, a := range append([]driver.Value{x.company, x.first, x.last}, args...) {
			named = append(named, driver.NamedValue{Ordinal: i + 1, Value: a})
		}
		var rows driver.Rows
		if rows, err = conn.QueryContext(ctx, query, named); err != nil {
			return nil
		}
		open = append(open, rows)
		return &liteRow{rows: rows, v: make([]driver.Value, len(rows.Columns()))}
	}
	e := ask(entries + " FROM journal_entries" + liteWhere)
	l := ask(lines + " FROM journal_lines" + liteWhere + ", n")
	matches := nothing[rawMatch]
	if !x.chain {
		m := ask(liteMatches, x.asOf)
		matches = func(to *rawMatch) (bool, error) { return m.match(to) }
	}
	if err != nil {
		return err
	}
	return zip(func(to *rawEntry) (bool, error) { return e.entry(to) }, func(to *rawLine) (bool, error) { return l.line(to) }, matches, each)
}

// liteRow reads rows of the driver's values.
type liteRow struct {
	rows driver.Rows
	v    []driver.Value
}

func (r *liteRow) next() (bool, error) {
	err := r.rows.Next(r.v)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

func (r *liteRow) int(i int) int64 { n, _ := r.v[i].(int64); return n }

func (r *liteRow) text(i int) string { s, _ := r.v[i].(string); return s }

func (r *liteRow) bytes(i int) []byte { b, _ := r.v[i].([]byte); return b }

func (r *liteRow) entry(to *rawEntry) (bool, error) {
	more, err := r.next()
	if !more {
		return more, err
	}
	e := &to.entry
	e.Seq, e.Year, e.Number, e.Journal, e.Date = r.int(0), r.text(1), r.int(2), r.text(3), day(int(r.int(4)))
	e.Piece, e.PieceDate, e.Label, e.PostedAt = r.text(5), day(int(r.int(6))), r.text(7), time.UnixMicro(r.int(8)).UTC()
	if to.broken = false; len(r.v) > 9 {
		e.Source, e.Reverses, e.PostedBy = r.text(9), r.int(10), r.text(11)
		prev, hash := fixed(e.Prev[:], r.bytes(12)), fixed(e.Hash[:], r.bytes(13))
		to.broken = !prev || !hash
	}
	return true, nil
}

func (r *liteRow) line(to *rawLine) (bool, error) {
	more, err := r.next()
	if !more {
		return more, err
	}
	to.seq, to.n = r.int(0), r.int(1)
	l := &to.line
	l.Account, l.Aux, l.Label, l.Debit, l.Credit = r.text(2), r.text(3), r.text(4), r.int(5), r.int(6)
	var ok bool
	l.Foreign, ok = foreign(r.int(7), r.text(8))
	to.broken = !ok
	if len(r.v) > 9 {
		l.Document = r.text(9)
	}
	return true, nil
}

func (r *liteRow) match(to *rawMatch) (bool, error) {
	more, err := r.next()
	if !more {
		return more, err
	}
	to.seq, to.n, to.code, to.at = r.int(0), r.int(1), r.text(2), r.int(3)
	return true, nil
}
