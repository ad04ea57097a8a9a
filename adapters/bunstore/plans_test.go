package bunstore_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// planStep is one line of a plan; steps of one part of a query have the same parent.
type planStep struct {
	parent int
	detail string
}

// plan asks SQLite how it would answer a query.
func plan(t *testing.T, db *sql.DB, query string) []planStep {
	t.Helper()
	rows, err := db.Query("EXPLAIN QUERY PLAN " + query)
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	defer func() { _ = rows.Close() }()
	var out []planStep
	for rows.Next() {
		var s planStep
		var id, unused int
		must(t, rows.Scan(&id, &s.parent, &unused, &s.detail))
		out = append(out, s)
	}
	must(t, rows.Err())
	return out
}

const big = `invoices|quotes|deposits|arrivals|attempts|receipts|receipt_allocations|customers|customer_words|journal_entries|journal_lines|line_matches|events|mails|` +
	`i|q|a|r|t|e|l|d|m|\w+_row` // and the aliases that queries give them

var (
	wholeTable   = regexp.MustCompile(`^SCAN (` + big + `)( USING .*)?$`)
	wholeCompany = regexp.MustCompile(`^SEARCH (` + big + `) USING .*\(company_id=\?\)$`)
	fewOfEach    = regexp.MustCompile(`FROM "?(fiscal_years|accounts|journals|exports)"?`)
)

// Whatever lists are asked, no table is read from end to end, and no company's records are all read to be sorted. SQLite is
// asked because its plans do not depend on how much the tables hold, but on the proportions that the migrations give it.
func TestEveryListIsServedByAnIndex(t *testing.T) {
	d := engines[0].open(t)
	x := newTwin(t, d)
	m := &maker{Rand: rand.New(rand.NewPCG(7, 1)), t: t, twin: x, company: company}
	m.fill()
	queries := map[string]bool{}
	d.Watch(func(q string) {
		if strings.HasPrefix(q, "SELECT") {
			queries[q] = true
		}
	})
	v := &viewer{T: t, Rand: rand.New(rand.NewPCG(7, 2)), real: d.Store, model: x.model}
	v.customers(t)
	v.quotes(t)
	v.invoices(t)
	v.arrivals(t)
	v.receipts(t)
	v.mails(t)
	v.entries(t)
	v.accounts(t)
	v.records(t, m)
	if len(queries) < 500 {
		t.Fatalf("only %d queries seen", len(queries))
	}
	db := d.raw(t)
	seen := map[string]bool{}
	for q := range queries {
		steps := plan(t, db, q)
		var b strings.Builder
		for _, s := range steps {
			fmt.Fprintln(&b, s.parent, s.detail)
		}
		shape := b.String()
		if seen[shape] || fewOfEach.MatchString(q) {
			continue
		}
		seen[shape] = true
		for _, s := range steps {
			switch {
			case wholeTable.MatchString(s.detail):
				t.Errorf("reads a whole table: %s\n%s%s", s.detail, shape, q)
			case wholeCompany.MatchString(s.detail) && slices.Contains(steps, planStep{s.parent, "USE TEMP B-TREE FOR ORDER BY"}):
				t.Errorf("reads a whole company to sort it: %s\n%s%s", s.detail, shape, q)
			}
		}
	}
	t.Logf("%d queries, %d plans", len(queries), len(seen))
}

// The proportions are given for every index, under its name and for each of its columns.
func TestPlannerKnowsEveryIndex(t *testing.T) {
	db := engines[0].open(t).raw(t)
	rows, err := db.Query(`SELECT m.tbl_name, m.name, (SELECT count(*) FROM pragma_index_info(m.name)), coalesce(s.stat, '') FROM sqlite_schema AS m
		LEFT JOIN sqlite_stat1 AS s ON s.tbl = m.tbl_name AND s.idx = m.name
		WHERE m.type = 'index' AND m.tbl_name IN (SELECT tbl FROM sqlite_stat1)`)
	must(t, err)
	defer func() { _ = rows.Close() }()
	n := 0
	for rows.Next() {
		var table, index, stat string
		var columns int
		must(t, rows.Scan(&table, &index, &columns, &stat))
		if len(strings.Fields(stat)) != columns+1 {
			t.Errorf("%s on %s has %d columns, its proportions are %q", index, table, columns, stat)
		}
		n++
	}
	must(t, rows.Err())
	var strangers int
	must(t, db.QueryRow(`SELECT count(*) FROM sqlite_stat1 WHERE idx <> tbl AND idx NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index')`).Scan(&strangers))
	if n < 40 || strangers > 0 {
		t.Errorf("%d indexes known, %d that do not exist", n, strangers)
	}
}
