package bunstore

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// beginPostgres opens a snapshot in which lines and entries are merged in the order of their primary keys. Any other plan
// would sort or hash a whole year before the first line comes out.
const beginPostgres = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
	SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off;
	SET LOCAL max_parallel_workers_per_gather = 0`

// The columns of the entry come with its first line only: the others repeat nothing.
const (
	pgLineColumns = `l.seq, l.n, l.account, l.aux, l.label, l.debit, l.credit, l.foreign_minor, l.foreign_currency,
		e.year, e.number, e.journal, e.date, e.piece, e.piece_date, e.label, e.posted_at`
	pgChainColumns = `, l.document, e.source, e.reverses, e.posted_by, e.prev, e.hash`
	pgMatchColumns = `, m.code, m.matched_at`
	pgFrom         = ` FROM journal_lines AS l LEFT JOIN journal_entries AS e ON e.company_id = l.company_id AND e.seq = l.seq AND l.n = 0`
	pgMatches      = ` LEFT JOIN line_matches AS m ON m.company_id = l.company_id AND m.seq = l.seq AND m.n = l.n
		AND m.matched_at <= $4 AND (m.dissolved_at = 0 OR m.dissolved_at > $4)`
	pgWhere = ` WHERE l.company_id = $1 AND l.seq BETWEEN $2 AND $3 ORDER BY l.company_id, l.seq, l.n`
)

func readPostgres(ctx context.Context, c driverConn, x span, each func(*step) error) error {
	conn := c.(*stdlib.Conn).Conn()
	var b strings.Builder
	b.WriteString("SELECT " + pgLineColumns)
	args := []any{pgx.QueryExecModeDescribeExec, pgx.QueryResultFormats{pgx.BinaryFormatCode}, x.company, x.first, x.last}
	if x.chain {
		b.WriteString(pgChainColumns + pgFrom)
	} else {
		b.WriteString(pgMatchColumns + pgFrom + pgMatches)
		args = append(args, x.asOf)
	}
	b.WriteString(pgWhere)
	rows, err := conn.Query(ctx, b.String(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	r := pgReader{codes: interner{}}
	for rows.Next() {
		if err := r.read(rows.RawValues(), x.chain); err != nil {
			return err
		}
		if err := each(&r.step); err != nil {
			return err
		}
	}
	return rows.Err()
}

var errShape = errors.New("bunstore: a stream has columns of an unexpected shape")

// pgReader decodes rows in PostgreSQL's binary format: integers big-endian, texts and bytes as they are.
type pgReader struct {
	step  step
	codes interner
	at    int
	v     [][]byte
	bad   bool
}

func (r *pgReader) text() string { return string(r.bytes()) }

func (r *pgReader) code() string { return r.codes.of(r.bytes()) }

func (r *pgReader) bytes() []byte {
	if r.at >= len(r.v) {
		r.bad = true
		return nil
	}
	b := r.v[r.at]
	r.at++
	return b
}

func (r *pgReader) int() int64 {
	switch b := r.bytes(); len(b) {
	case 8:
		return int64(binary.BigEndian.Uint64(b))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(b)))
	case 0: // NULL
	default:
		r.bad = true
	}
	return 0
}

func (r *pgReader) read(values [][]byte, chain bool) error {
	r.v, r.at = values, 0
	s := &r.step
	s.seq, s.n = r.int(), r.int()
	l := &s.line
	l.Account, l.Aux, l.Label = r.code(), r.code(), r.text()
	l.Debit, l.Credit = r.int(), r.int()
	minor := r.int()
	var ok bool
	l.Foreign, ok = foreign(minor, r.code())
	s.broken = !ok
	if s.head = r.at < len(values) && values[r.at] != nil; s.head {
		e := &s.entry
		e.Seq, e.Year, e.Number, e.Journal, e.Date = s.seq, r.code(), r.int(), r.code(), day(int(r.int()))
		e.Piece, e.PieceDate, e.Label = r.text(), day(int(r.int())), r.text()
		e.PostedAt = time.UnixMicro(r.int()).UTC()
	} else {
		r.at += 8
	}
	if !chain {
		s.letter, s.matched = r.text(), r.int()
	} else {
		l.Document = r.text()
		if s.head {
			e := &s.entry
			e.Source, e.Reverses, e.PostedBy = r.text(), r.int(), r.code()
			s.broken = s.broken || !fixed(e.Prev[:], r.bytes()) || !fixed(e.Hash[:], r.bytes())
		}
	}
	if r.bad {
		return errShape
	}
	return nil
}

// fixed copies exactly as many bytes as there must be.
func fixed(to, from []byte) bool {
	copy(to, from)
	return len(to) == len(from)
}
