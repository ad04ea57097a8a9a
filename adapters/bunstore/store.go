// Package bunstore keeps books in a database: SQLite for one machine, PostgreSQL for many.
//
// It is one code path for both engines. Rows are written and read through bun; domain types are converted field by field
// in the rows_*.go files and are never rows themselves. What a group of commands changed is written as one text of
// multi-row statements, so that a transaction costs a handful of round trips however many commands share it. What the
// core rules out the database rules out again (see the migrations), and comes back as the core's own fault.
//
// Streams of exports and verification go below bun, see stream.go.
package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	// pgConnections bounds the connections to PostgreSQL: enough for pages beside the pens of some companies, well below
	// the server's default of 100 with several programs on it.
	pgConnections = 24
	// sqliteReaders bounds the readers of an SQLite file; each has a page cache of its own.
	sqliteReaders = 4
)

// Store is a database with the books of all companies in it. It is safe for concurrent use.
type Store struct {
	write *bun.DB // SQLite: exactly one connection, because there is one writer
	read  *bun.DB
	path  string // of the SQLite file
	// streams has room for those that run at once on PostgreSQL.
	streams chan struct{}
	totals  totalsOf
}

// Open connects to a database and brings its schema up to date. target is the path of an SQLite file, made when it does
// not exist, or a PostgreSQL URL.
func Open(ctx context.Context, target string) (*Store, error) {
	s, err := Connect(ctx, target)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Connect is Open without touching the schema.
func Connect(ctx context.Context, target string) (*Store, error) {
	s, err := connect(target)
	if err != nil {
		return nil, err
	}
	for _, db := range []*bun.DB{s.write, s.read} {
		if err := db.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("bunstore: open: %w", err), s.Close())
		}
	}
	return s, nil
}

func connect(target string) (*Store, error) {
	if strings.HasPrefix(target, "postgres://") || strings.HasPrefix(target, "postgresql://") {
		return connectPostgres(target)
	}
	return connectSQLite(target, "FULL")
}

func connectPostgres(target string) (*Store, error) {
	c, err := pgx.ParseConfig(target)
	if err != nil {
		return nil, fmt.Errorf("bunstore: database address: %w", err)
	}
	// bun writes arguments into the text of a statement, doubling quotes: that is sound as long as a backslash is a
	// character like others. Prepared statements would be of no use to texts that always differ.
	c.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	c.RuntimeParams["standard_conforming_strings"] = "on"
	c.RuntimeParams["default_transaction_isolation"] = "read committed"
	// Compiling a plan costs more than any of our statements, and the plans that triggers are held to look expensive.
	c.RuntimeParams["jit"] = "off"
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "acquit"
	}
	pool := stdlib.OpenDB(*c)
	pool.SetMaxOpenConns(pgConnections)
	pool.SetMaxIdleConns(pgConnections)
	db := bun.NewDB(pool, pgdialect.New())
	return &Store{write: db, read: db, streams: make(chan struct{}, maxStreams)}, nil
}

// connectSQLite opens a file twice: for the one writer and for readers. The write-ahead log lets them work at once.
func connectSQLite(path, sync string) (*Store, error) {
	path = strings.TrimPrefix(path, "sqlite://")
	open := func(pragmas ...string) (*sql.DB, error) {
		q := url.Values{}
		// foreign_keys and synchronous are per connection; journal_mode stays with the file.
		q["_pragma"] = append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(" + sync + ")", "temp_store(MEMORY)"}, pragmas...)
		return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	}
	w, err := open("cache_size(-16000)")
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	r, err := open("query_only(1)")
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r.SetMaxOpenConns(max(sqliteReaders, runtime.NumCPU()))
	r.SetMaxIdleConns(max(sqliteReaders, runtime.NumCPU()))
	return &Store{write: bun.NewDB(w, sqlitedialect.New()), read: bun.NewDB(r, sqlitedialect.New()), path: path}, nil
}

// Close releases the connections.
func (s *Store) Close() error {
	err := s.write.Close()
	if s.read != s.write {
		err = errors.Join(err, s.read.Close())
	}
	return err
}

// Engine is "sqlite" or "postgres".
func (s *Store) Engine() string {
	if s.isPG() {
		return "postgres"
	}
	return "sqlite"
}

func (s *Store) isPG() bool { return s.write.Dialect().Name() == dialect.PG }
