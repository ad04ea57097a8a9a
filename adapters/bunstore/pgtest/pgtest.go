// Package pgtest gives tests and benchmarks a real PostgreSQL that leaves nothing behind.
//
// A test asks for an empty database:
//
//	dsn := pgtest.New(t)
//
// The first call in a test binary makes a cluster in a private temporary folder and starts it on a free port of
// loopback; each call creates one database in it, dropped when the test ends. No TestMain is needed: a small supervising
// process holds the cluster, notices when the test binary is gone, however it went (end, panic, time-out, SIGKILL),
// stops the server and deletes its files.
//
// The role of the connection string owns its database and is nothing more, as in production: no superuser, so what
// needs one fails here too. Durability is switched off, since nobody reads these databases twice; benchmarks start a
// server of their own that keeps it:
//
//	srv, err := pgtest.Start(ctx, pgtest.Options{Durable: true})
//
// Where PostgreSQL is missing the test fails and names the command that installs it. It never skips.
package pgtest

import (
	"context"
	"sync"
	"testing"
	"time"
)

// patience bounds what should take well under a second, for machines that are busy with everything else.
const patience = 90 * time.Second

// shared is the cluster of this test binary. A cluster that could not start is not tried again: every test that needs
// it reports the same reason.
var shared = sync.OnceValues(func() (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return Start(ctx, Options{})
})

// New returns the connection string of a new, empty database, which is dropped when the test and its subtests end.
// It fails the test when PostgreSQL is missing or does not start.
func New(tb testing.TB) string {
	tb.Helper()
	srv, err := shared()
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dsn, drop, err := srv.CreateDatabase(ctx)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := drop(ctx); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	return dsn
}
