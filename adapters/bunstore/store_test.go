package bunstore_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/bunstore/pgtest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	_ "github.com/jackc/pgx/v5/stdlib"
)

var ctx = context.Background()

const company = bookstest.Company

// engine is one of the two databases.
type engine struct {
	name   string
	target func(t testing.TB) string // the address of an empty database
}

var engines = []engine{
	{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "books.db") }},
	{"postgres", func(t testing.TB) string { return pgtest.New(t) }},
}

// database is an empty store with its address.
type database struct {
	*bunstore.Store
	engine string
	target string
}

// raw opens the database behind the store's back, as somebody with a database client would.
func (d *database) raw(t testing.TB) *sql.DB {
	t.Helper()
	driver, source := "pgx", d.target
	if d.engine == "sqlite" {
		driver, source = "sqlite", "file:"+d.target+"?_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func (e engine) open(t testing.TB) *database {
	t.Helper()
	d := &database{engine: e.name, target: e.target(t)}
	d.Store = reopen(t, d.target)
	return d
}

// reopen opens a store once more, as another program would.
func reopen(t testing.TB, target string) *bunstore.Store {
	t.Helper()
	s, err := bunstore.Open(ctx, target)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// onEach runs a test on each engine.
func onEach(t *testing.T, run func(t *testing.T, d *database)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { run(t, e.open(t)) })
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestConformance(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			bookstest.Run(t, func(t *testing.T) books.Store { return e.open(t) })
		})
	}
}
