package bunstore_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/migrations"
	"github.com/uptrace/bun/dialect"
)

func TestMigrationsAreTheSameOnBothEngines(t *testing.T) {
	var names [2][]string
	for i, engine := range []dialect.Name{dialect.SQLite, dialect.PG} {
		m, err := migrations.For(engine)
		must(t, err)
		for _, v := range m.Sorted() {
			names[i] = append(names[i], v.Name+"_"+v.Comment)
			if v.Up == nil || v.Down == nil {
				t.Errorf("%v: %s goes one way only", engine, v.Name)
			}
		}
	}
	if len(names[0]) == 0 || !slices.Equal(names[0], names[1]) {
		t.Errorf("SQLite has %v, PostgreSQL %v", names[0], names[1])
	}
	if _, err := migrations.For(dialect.MySQL); err == nil {
		t.Error("migrations for an engine that is not supported")
	}
}

// schema lists tables, columns, indexes and triggers, so that two schemas can be compared.
func schema(t *testing.T, d *database) []string {
	t.Helper()
	query := `SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1`
	if d.engine == "postgres" {
		query = `SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns WHERE table_schema = 'public'
			UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
			UNION ALL SELECT 'function ' || proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1`
	}
	rows, err := d.raw(t).Query(query)
	must(t, err)
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var s string
		must(t, rows.Scan(&s))
		if !strings.Contains(s, "bun_migration") {
			out = append(out, s)
		}
	}
	must(t, rows.Err())
	return out
}

func TestMigrationsUpDownUp(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		first := schema(t, d)
		must(t, d.MigrateDown(ctx))
		for _, s := range schema(t, d) {
			if !strings.Contains(s, "sqlite_") {
				t.Errorf("left behind: %s", s)
			}
		}
		list, err := d.Migrations(ctx)
		must(t, err)
		for _, m := range list {
			if m.Applied {
				t.Errorf("%s is still applied", m.Name)
			}
		}
		must(t, d.Migrate(ctx))
		if again := schema(t, d); !slices.Equal(first, again) {
			t.Errorf("the schema differs the second time:\n%s\n\n%s", strings.Join(first, "\n"), strings.Join(again, "\n"))
		}
		if list, err = d.Migrations(ctx); err != nil || len(list) == 0 || slices.ContainsFunc(list, func(m bunstore.Migration) bool { return !m.Applied }) {
			t.Errorf("migrations %v, %v", list, err)
		}
		bookstest.Found(t, d)
	})
}

// Programs that start at once on an empty database wait for each other.
func TestManyOpenAnEmptyDatabase(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			target := e.target(t)
			errs := make([]error, 8)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					s, err := bunstore.Open(ctx, target)
					if err == nil {
						_, err = s.CountUsers(ctx)
						_ = s.Close()
					}
					errs[i] = err
				})
			}
			wg.Wait()
			for _, err := range errs {
				must(t, err)
			}
		})
	}
}

func TestOpenWhatCannotBeOpened(t *testing.T) {
	for _, target := range []string{t.TempDir() + "/no/such/folder/books.db", "postgres://nobody@127.0.0.1:1/none?connect_timeout=2", "postgres://%zz"} {
		if s, err := bunstore.Open(ctx, target); err == nil {
			_ = s.Close()
			t.Errorf("%s was opened", target)
		} else if strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	}
}

// A path may hold what means something in an address.
func TestOpenOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "100%.db", "what?.db", "no#1.db", "é.db"} {
		s, err := bunstore.Open(ctx, t.TempDir()+"/"+name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		must(t, s.Close())
	}
}
