// Package migrations holds the database schema, one folder of SQL for each engine. Both folders have files of the same
// names, which bring the database from one version to the next (up) and back (down), each in one transaction.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"

	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/migrate"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// For returns the migrations of an engine, in order.
func For(engine dialect.Name) (*migrate.Migrations, error) {
	folder, ok := map[dialect.Name]string{dialect.PG: "postgres", dialect.SQLite: "sqlite"}[engine]
	if !ok {
		return nil, fmt.Errorf("migrations: none for %v", engine)
	}
	sub, err := fs.Sub(files, folder)
	if err != nil {
		return nil, err
	}
	m := migrate.NewMigrations()
	if err := m.Discover(sub); err != nil {
		return nil, fmt.Errorf("migrations: %w", err)
	}
	return m, nil
}
