package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

type bareEntry struct {
	bun.BaseModel `bun:"table:ref_entries"`

	ID       int64 `bun:",pk,autoincrement"`
	Journal  string
	Date     int
	Piece    string
	Label    string
	PostedAt int64
}

type bareLine struct {
	bun.BaseModel `bun:"table:ref_lines"`

	Entry   int64
	N       int
	Account string
	Aux     string
	Debit   int64
	Credit  int64
}

// bareSQLite is how many entries a second go into plain tables of an SQLite file through bun, each in a transaction of its
// own that is synced to disk, one caller: no numbers, no rules, no chain.
func (l *lab) bareSQLite() (float64, error) {
	file := filepath.Join(l.dir, "bare.db")
	defer func() {
		for _, end := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(file + end)
		}
	}()
	pool, err := openSQLite(file, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)")
	if err != nil {
		return 0, err
	}
	db := bun.NewDB(pool, sqlitedialect.New())
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(l.ctx, `CREATE TABLE ref_entries (id INTEGER PRIMARY KEY, journal TEXT NOT NULL, date INTEGER NOT NULL, piece TEXT NOT NULL,
		label TEXT NOT NULL, posted_at INTEGER NOT NULL) STRICT;
		CREATE TABLE ref_lines (entry INTEGER NOT NULL REFERENCES ref_entries, n INTEGER NOT NULL, account TEXT NOT NULL, aux TEXT NOT NULL,
		debit INTEGER NOT NULL, credit INTEGER NOT NULL, PRIMARY KEY (entry, n)) STRICT`)
	if err != nil {
		return 0, err
	}
	r := load(l.ctx, 1, l.o.For, func(ctx context.Context, _, _ int) error {
		return db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			e := bareEntry{Journal: "VE", Date: 20261123, Piece: "FA2026-000001", Label: "Vente Boulangerie du Pont", PostedAt: time.Now().UnixMicro()}
			if _, err := tx.NewInsert().Model(&e).Exec(ctx); err != nil {
				return err
			}
			lines := []bareLine{{Entry: e.ID, Account: "411000", Aux: "C0001", Debit: 12000}, {Entry: e.ID, N: 1, Account: "706000", Credit: 10000},
				{Entry: e.ID, N: 2, Account: "445710", Credit: 2000}}
			_, err := tx.NewInsert().Model(&lines).Exec(ctx)
			return err
		})
	})
	return r.perSecond(), r.err
}

func openSQLite(file string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+q.Encode())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// dumpSQLite dumps by the sqlite3 program; where it is not installed, by the same query through database/sql.
func (l *lab) dumpSQLite(file string) (float64, string, error) {
	if program, err := exec.LookPath("sqlite3"); err == nil {
		began := time.Now()
		out, err := os.Create(file)
		if err != nil {
			return 0, "", err
		}
		cmd := exec.CommandContext(l.ctx, program, "-readonly", "-csv", l.target, fecColumns) //nolint:gosec // our own arguments
		cmd.Stdout, cmd.Stderr = out, os.Stderr
		err = errors.Join(cmd.Run(), out.Close())
		return time.Since(began).Seconds(), "sqlite3", err
	}
	began := time.Now()
	err := l.dumpInGo(file)
	return time.Since(began).Seconds(), "Go dump", err
}

func (l *lab) dumpInGo(file string) (err error) {
	db, err := openSQLite(l.target, "query_only(1)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	rows, err := db.QueryContext(l.ctx, fecColumns)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	w := csv.NewWriter(out)
	fields := make([]sql.NullString, 13)
	record, into := make([]string, len(fields)), make([]any, len(fields))
	for i := range fields {
		into[i] = &fields[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i := range fields {
			record[i] = fields[i].String
		}
		if err := w.Write(record); err != nil {
			return fmt.Errorf("dump: %w", err)
		}
	}
	w.Flush()
	return errors.Join(rows.Err(), w.Error())
}
