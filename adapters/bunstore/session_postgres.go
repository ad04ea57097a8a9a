package bunstore

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// What every transaction on PostgreSQL begins with is planned once for each connection and sent in one go: planning these
// statements costs more than running them, and each journey there and back more than both.
const (
	lockPen = "SELECT FROM pens WHERE company_id = $1 FOR NO KEY UPDATE"
	readPen = "SELECT " + penColumns + "$1"
)

// smallTables keeps plans that are made while a company is new from reading whole tables: a connection holds on to its
// plans, of look-ups and of foreign keys, while the tables grow.
const smallTables = "SET LOCAL enable_seqscan = off"

// beginPostgres opens the transaction, locks the pen and reads it. Each statement has a snapshot of its own, so what is
// read was committed before the lock was had.
func (x *session) beginPostgres(ctx context.Context) error {
	return x.conn.Raw(func(c any) error {
		conn := c.(*stdlib.Conn).Conn()
		lock, err := conn.Prepare(ctx, lockPen, lockPen)
		if err != nil {
			return err
		}
		read, err := conn.Prepare(ctx, readPen, readPen)
		if err != nil {
			return err
		}
		p := conn.PgConn().StartPipeline(ctx)
		company := [][]byte{[]byte(x.company)}
		p.SendQueryParams("BEGIN", nil, nil, nil, nil)
		p.SendQueryParams(smallTables, nil, nil, nil, nil)
		p.SendQueryPrepared(lock.Name, company, nil, nil)
		p.SendQueryPrepared(read.Name, company, nil, []int16{pgx.BinaryFormatCode})
		err = p.Sync()
		for err == nil {
			var result any
			if result, err = p.GetResults(); err != nil || result == nil {
				break
			}
			if rows, ok := result.(*pgconn.ResultReader); ok {
				err = x.readPen(pgx.RowsFromResultReader(conn.TypeMap(), rows))
			}
		}
		return errors.Join(err, p.Close())
	})
}

// readPen takes what readPen selects; the other results have no columns.
func (x *session) readPen(rows pgx.Rows) error {
	defer rows.Close()
	for rows.Next() {
		if len(rows.FieldDescriptions()) == 0 {
			continue
		}
		var p penRow
		var q sequenceRow
		if err := rows.Scan(&p.SetupVersion, &p.ClosedUntil, &p.ChainSeq, &p.ChainHash, &q.ID, &q.Last, &q.Date); err != nil {
			return err
		}
		x.take(p, q)
	}
	return rows.Err()
}
