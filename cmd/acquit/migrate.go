package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/acquit-app/acquit/adapters/bunstore"
)

type migrateCmd struct{}

// Help explains what is not on the one line.
func (migrateCmd) Help() string {
	return `"serve" migrates by itself when it starts. Run this command first where several processes share a PostgreSQL
database, or where the program that serves has no right to change the schema. Running it twice does nothing.`
}

func (migrateCmd) Run(s *session) error {
	if err := os.MkdirAll(s.g.Data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	store, err := bunstore.Open(s.ctx, s.g.database())
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "The schema is up to date.")
	return errors.Join(store.Close())
}
