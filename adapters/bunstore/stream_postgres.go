package bunstore

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"time"

	"github.com/acquit-app/acquit/core/ledger"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
)

// PostgreSQL answers one question at a time on a connection, so a stream holds one for each table, all in one snapshot.
// Every way to read but along the primary key is switched off: others would sort a whole year before the first line.
const (
	pgBegin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off;
		SET LOCAL enable_bitmapscan = off; SET LOCAL max_parallel_workers_per_gather = 0`
	pgEntries = `SELECT seq, year, number, journal, date, piece, piece_date, label, posted_at`
	pgHashed  = `, source, reverses, posted_by, prev, hash`
	pgLines   = `SELECT seq, n, account, aux, label, debit, credit, foreign_minor, foreign_currency`
	pgMatches = `SELECT seq, n, code, matched_at FROM line_matches WHERE company_id = $1 AND seq BETWEEN $2 AND $3
		AND matched_at <= $4 AND (dissolved_at = 0 OR dissolved_at > $4) ORDER BY seq, n`
	pgWhere = ` WHERE company_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq`
)

// maxStreams bounds the streams that run at once, so that streams waiting for their last connection cannot hold all
// others.
const maxStreams = 4

func (s *Store) readingPostgres(ctx context.Context, company string, fn func(ledger.Head, func(span, func(*step) error) error) error) error {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var conns []bun.Conn
	defer func() {
		for _, c := range conns {
			if _, err := c.Conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
				// The connection may still be inside the transaction: nobody else gets it.
				_ = c.Raw(func(any) error { return driver.ErrBadConn })
			}
			_ = c.Close()
		}
	}()
	begin := pgBegin
	var snapshot string
	for len(conns) < 3 {
		c, err := s.read.Conn(ctx)
		if err != nil {
			return err
		}
		conns = append(conns, c)
		if _, err := c.Conn.ExecContext(ctx, begin); err != nil {
			return s.refusal(ctx, err, nil)
		}
		if snapshot == "" {
			if err := c.QueryRowContext(ctx, "SELECT pg_export_snapshot()").Scan(&snapshot); err != nil {
				return s.refusal(ctx, err, nil)
			}
			begin += s.read.QueryGen().FormatQuery("; SET TRANSACTION SNAPSHOT ?", snapshot)
		}
	}
	head, err := s.head(ctx, conns[0], company)
	if err != nil {
		return s.refusal(ctx, err, nil)
	}
	err = fn(head, func(x span, each func(*step) error) error {
		return rawPostgres(conns, func(raw []*pgx.Conn) error { return readPostgres(ctx, raw, x, each) })
	})
	return s.refusal(ctx, err, nil)
}

// rawPostgres runs fn with the driver's connections.
func rawPostgres(conns []bun.Conn, fn func([]*pgx.Conn) error) error {
	var raw []*pgx.Conn
	var take func(i int) error
	take = func(i int) error {
		if i == len(conns) {
			return fn(raw)
		}
		return conns[i].Raw(func(c any) error {
			raw = append(raw, c.(*stdlib.Conn).Conn())
			return take(i + 1)
		})
	}
	return take(0)
}

func readPostgres(ctx context.Context, conns []*pgx.Conn, x span, each func(*step) error) (err error) {
	entries, lines := pgEntries, pgLines
	if x.chain {
		entries += pgHashed
		lines += ", document"
	}
	var open []pgx.Rows
	defer func() {
		for _, r := range open {
			r.Close()
		}
	}()
	ask := func(conn *pgx.Conn, query string, args ...any) *pgRow {
		if err != nil {
			return nil
		}
		var rows pgx.Rows
		rows, err = conn.Query(ctx, query, append([]any{pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.BinaryFormatCode}, x.company, x.first, x.last}, args...)...)
		open = append(open, rows)
		return &pgRow{rows: rows, codes: interner{}}
	}
	e := ask(conns[0], entries+" FROM journal_entries"+pgWhere)
	l := ask(conns[1], lines+" FROM journal_lines"+pgWhere+", n")
	matches := nothing[rawMatch]
	if !x.chain {
		m := ask(conns[2], pgMatches, x.asOf)
		matches = func(to *rawMatch) (bool, error) { return m.match(to) }
	}
	if err != nil {
		return err
	}
	return zip(func(to *rawEntry) (bool, error) { return e.entry(to) }, func(to *rawLine) (bool, error) { return l.line(to) }, matches, each)
}

var errShape = errors.New("bunstore: a stream has columns of an unexpected shape")

// pgReader decodes the columns of a row, one after the other, in PostgreSQL's binary format: integers big-endian, texts and
// bytes as they are.
type pgReader struct {
	v   [][]byte
	at  int
	bad bool
}

func (r *pgReader) bytes() []byte {
	if r.at >= len(r.v) {
		r.bad = true
		return nil
	}
	b := r.v[r.at]
	r.at++
	return b
}

func (r *pgReader) text() string { return string(r.bytes()) }

func (r *pgReader) int() int64 {
	switch b := r.bytes(); len(b) {
	case 8:
		return int64(binary.BigEndian.Uint64(b))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	}
	r.bad = true
	return 0
}

// pgRow reads rows.
type pgRow struct {
	pgReader
	rows  pgx.Rows
	codes interner
}

func (r *pgRow) code() string { return r.codes.of(r.bytes()) }

func (r *pgRow) next() bool {
	if !r.rows.Next() {
		return false
	}
	r.v, r.at = r.rows.RawValues(), 0
	return true
}

// end is what to say after a row, or after the last.
func (r *pgRow) end(more bool) (bool, error) {
	if r.bad {
		return false, errShape
	}
	if !more {
		return false, r.rows.Err()
	}
	return true, nil
}

func (r *pgRow) entry(to *rawEntry) (bool, error) {
	if !r.next() {
		return r.end(false)
	}
	e := &to.entry
	e.Seq, e.Year, e.Number, e.Journal, e.Date = r.int(), r.code(), r.int(), r.code(), day(int(r.int()))
	e.Piece, e.PieceDate, e.Label, e.PostedAt = r.text(), day(int(r.int())), r.text(), time.UnixMicro(r.int()).UTC()
	if to.broken = false; r.at < len(r.v) {
		e.Source, e.Reverses, e.PostedBy = r.text(), r.int(), r.code()
		prev, hash := fixed(e.Prev[:], r.bytes()), fixed(e.Hash[:], r.bytes())
		to.broken = !prev || !hash
	}
	return r.end(true)
}

func (r *pgRow) line(to *rawLine) (bool, error) {
	if !r.next() {
		return r.end(false)
	}
	to.seq, to.n = r.int(), r.int()
	l := &to.line
	l.Account, l.Aux, l.Label, l.Debit, l.Credit = r.code(), r.code(), r.text(), r.int(), r.int()
	minor := r.int()
	var ok bool
	l.Foreign, ok = foreign(minor, r.code())
	to.broken = !ok
	if r.at < len(r.v) {
		l.Document = r.text()
	}
	return r.end(true)
}

func (r *pgRow) match(to *rawMatch) (bool, error) {
	if !r.next() {
		return r.end(false)
	}
	to.seq, to.n, to.code, to.at = r.int(), r.int(), r.text(), r.int()
	return r.end(true)
}

// fixed copies exactly as many bytes as there must be.
func fixed(to, from []byte) bool {
	copy(to, from)
	return len(to) == len(from)
}
