package bunstore

import (
	"context"
	"fmt"
	"os"
	"syscall"

	"github.com/acquit-app/acquit/migrations"
	"github.com/uptrace/bun/migrate"
)

// migrationLock is the key of the advisory lock held while the schema changes: "acquit" in ASCII.
const migrationLock = 0x616371756974

// Migration is one version of the schema.
type Migration struct {
	Name    string
	Applied bool
}

// Migrate applies what is missing of the schema. Programs that start at once wait for each other.
func (s *Store) Migrate(ctx context.Context) error {
	if pending, err := s.pending(ctx); err == nil && !pending {
		return nil // nothing to do, and no right to change the schema needed
	}
	return s.alone(ctx, func(m *migrate.Migrator) error {
		_, err := m.Migrate(ctx)
		return err
	})
}

// MigrateDown takes back the latest group of migrations, those that one Migrate applied. What they held is lost.
func (s *Store) MigrateDown(ctx context.Context) error {
	return s.alone(ctx, func(m *migrate.Migrator) error {
		_, err := m.Rollback(ctx)
		return err
	})
}

// Migrations lists the versions of the schema, oldest first.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	m, err := s.migrator()
	if err != nil {
		return nil, err
	}
	list, err := m.MigrationsWithStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("bunstore: migrations: %w", err)
	}
	out := make([]Migration, len(list))
	for i, v := range list {
		out[i] = Migration{Name: v.Name + "_" + v.Comment, Applied: v.IsApplied()}
	}
	return out, nil
}

func (s *Store) pending(ctx context.Context) (bool, error) {
	list, err := s.Migrations(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range list {
		if !m.Applied {
			return true, nil
		}
	}
	return false, nil
}

func (s *Store) migrator() (*migrate.Migrator, error) {
	m, err := migrations.For(s.write.Dialect().Name())
	if err != nil {
		return nil, err
	}
	return migrate.NewMigrator(s.write, m, migrate.WithMarkAppliedOnSuccess(true)), nil
}

// alone runs fn while no other program changes the schema. bun's own lock is a row, which stays behind when a program
// dies; these locks go with the process.
func (s *Store) alone(ctx context.Context, fn func(*migrate.Migrator) error) (err error) {
	m, err := s.migrator()
	if err != nil {
		return err
	}
	release, err := s.lockSchema(ctx)
	if err != nil {
		return fmt.Errorf("bunstore: lock the schema: %w", err)
	}
	defer release()
	if err := m.Init(ctx); err != nil {
		return fmt.Errorf("bunstore: migrations: %w", err)
	}
	if err := fn(m); err != nil {
		return fmt.Errorf("bunstore: migrations: %w", err)
	}
	return nil
}

func (s *Store) lockSchema(ctx context.Context) (release func(), err error) {
	if s.isPG() {
		conn, err := s.write.Conn(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(?)", migrationLock); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return func() {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(?)", migrationLock)
			_ = conn.Close()
		}, nil
	}
	// A file beside the database: a lock on the database itself would meet SQLite's own.
	f, err := os.OpenFile(s.path+".migrating", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() {
		_ = os.Remove(f.Name())
		_ = f.Close()
	}, nil
}
