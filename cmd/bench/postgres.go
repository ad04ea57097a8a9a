package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// refSchema is the least that an entry of three lines can be stored in: no numbers, no rules, no index beside the keys.
const refSchema = `
CREATE TABLE ref_entries (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	journal text NOT NULL, date integer NOT NULL, piece text NOT NULL, label text NOT NULL, posted_at bigint NOT NULL
);
CREATE TABLE ref_lines (
	entry bigint NOT NULL REFERENCES ref_entries, n integer NOT NULL,
	account text NOT NULL, aux text NOT NULL, debit bigint NOT NULL, credit bigint NOT NULL,
	PRIMARY KEY (entry, n)
);`

// refPost posts %d entries by one statement.
const refPost = `WITH e AS (
	INSERT INTO ref_entries (journal, date, piece, label, posted_at)
	SELECT 'VE', 20261123, 'FA2026-000001', 'Vente Boulangerie du Pont', 1795000000000000 FROM generate_series(1, %d) RETURNING id
)
INSERT INTO ref_lines (entry, n, account, aux, debit, credit)
SELECT e.id, v.* FROM e, (VALUES (0, '411000', 'C0001', 12000, 0), (1, '706000', '', 0, 10000), (2, '445710', '', 0, 2000)) AS v;
`

// pgbench is how many entries a second PostgreSQL itself takes, by so many entries a statement and so many clients.
func (l *lab) pgbench(clients, perStatement int) (float64, error) {
	dsn, drop, err := l.pg.CreateDatabase(l.ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = drop(context.WithoutCancel(l.ctx)) }()
	if err := l.psql(dsn, refSchema); err != nil {
		return 0, err
	}
	script := filepath.Join(l.dir, "post.sql")
	if err := os.WriteFile(script, fmt.Appendf(nil, refPost, perStatement), 0o600); err != nil {
		return 0, err
	}
	out, err := l.command("pgbench", "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)),
		"-T", strconv.Itoa(max(int(l.o.For/time.Second), 1)), "-f", script, dsn)
	if err != nil {
		return 0, err
	}
	m := tps.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("pgbench said no rate: %s", out)
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	return v * float64(perStatement), err
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// command runs one of PostgreSQL's own programs.
func (l *lab) command(name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(l.ctx, filepath.Join(l.pg.Bin, name), args...) //nolint:gosec // our own arguments
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, errs.Bytes())
	}
	return out.Bytes(), nil
}

// psql runs statements on a connection of their own.
func (l *lab) psql(dsn, statements string) error {
	conn, err := pgx.Connect(l.ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(l.ctx)) }()
	_, err = conn.Exec(l.ctx, statements)
	return err
}

// fecColumns are the 13 columns of the tables that a FEC is made of, joined and sorted; the other five are labels.
const fecColumns = `SELECT e.journal, e.number, e.date, l.account, l.aux, e.piece, e.piece_date, coalesce(nullif(l.label, ''), e.label) AS label,
	l.debit, l.credit, m.code, m.matched_at, e.posted_at
	FROM journal_entries AS e JOIN journal_lines AS l ON l.company_id = e.company_id AND l.seq = e.seq
	LEFT JOIN line_matches AS m ON m.company_id = l.company_id AND m.seq = l.seq AND m.n = l.n AND m.dissolved_at = 0
	ORDER BY l.seq, l.n`

// dump is how long the engine's own program takes to write those columns to a file, and what it is called.
func (l *lab) dump() (seconds float64, by string, err error) {
	file := filepath.Join(l.dir, "dump.csv")
	defer func() { _ = os.Remove(file) }()
	began := time.Now()
	if l.pg != nil {
		flat := regexp.MustCompile(`\s+`).ReplaceAllString(fecColumns, " ")
		_, err = l.command("psql", "-X", "-q", "-c", `\copy (`+flat+`) TO '`+file+`' WITH (FORMAT csv)`, l.target)
		return time.Since(began).Seconds(), "COPY", err
	}
	return l.dumpSQLite(file)
}

// settle brings statistics and the visibility map up to date, as the server's own housekeeping does within minutes.
func (l *lab) settle() error {
	if l.pg == nil {
		return nil
	}
	return l.psql(l.target, "VACUUM ANALYZE")
}
