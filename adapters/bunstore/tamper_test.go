package bunstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
)

// posted puts five entries, an issued invoice and some history into a company's books.
func posted(t *testing.T, b *books.Books, company string) {
	t.Helper()
	must(t, b.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		for _, s := range []string{"a", "b", "c", "d", "e"} {
			if _, err := tx.Post(ctx, bookstest.Sale(s, "inv_"+s, 100), "usr_1"); err != nil {
				return err
			}
		}
		tx.Invoices.Put(billing.Invoice{ID: "inv_a", Life: billing.Issued, Kind: billing.Standard, Number: "FA2026-00001"})
		tx.Log("usr_1", "issued", "inv_a", "")
		return nil
	}))
}

// broken checks a company's chain and returns what is wrong with it.
func broken(t *testing.T, s *bunstore.Store, company string) *ledger.Break {
	t.Helper()
	v := ledger.NewVerifier(company)
	var bad *ledger.Break
	head, err := s.Chain(ctx, company, func(e *ledger.Entry) error {
		if bad == nil {
			bad = v.Next(e)
		}
		return nil
	})
	must(t, err)
	if bad == nil {
		bad = v.End(head)
	}
	return bad
}

// Who goes around the program with a database client is refused by the database itself.
func TestDatabaseRefusesTampering(t *testing.T) {
	const line = "INSERT INTO journal_lines (company_id, seq, n, date, account, aux, label, debit, credit, foreign_minor, foreign_currency, document) VALUES "
	const entry = "INSERT INTO journal_entries (company_id, seq, year, number, journal, date, piece, piece_date, label, source, reverses, posted_at, posted_by, prev, hash) VALUES "
	empty := map[string]string{"sqlite": "x''", "postgres": `'\x'`}
	onEach(t, func(t *testing.T, d *database) {
		posted(t, bookstest.Found(t, d), company)
		db := d.raw(t)
		db.SetMaxOpenConns(1) // a COMMIT that SQLite refuses leaves its transaction open
		newEntry := entry + "('co_test', 6, '2026', 6, 'VE', 20260301, 'p', 20260301, 'l', 's6', 0, 1, 'x', " + empty[d.engine] + ", " + empty[d.engine] + ")"
		for name, statement := range map[string]string{
			"change an amount":                "UPDATE journal_lines SET debit = debit + 1 WHERE seq = 1 AND n = 0",
			"move a line to another account":  "UPDATE journal_lines SET account = '512100' WHERE seq = 2",
			"change a label":                  "UPDATE journal_entries SET label = 'x' WHERE seq = 1",
			"renumber":                        "UPDATE journal_entries SET number = number + 100",
			"delete a line":                   "DELETE FROM journal_lines WHERE seq = 3 AND n = 1",
			"delete an entry":                 "DELETE FROM journal_entries WHERE seq = 5",
			"add a line to an entry":          line + "('co_test', 1, 2, 20260301, '411000', '', '', 5, 0, 0, '', '')",
			"add a pair of lines":             line + "('co_test', 1, 2, 20260301, '411000', '', '', 5, 0, 0, '', ''), ('co_test', 1, 3, 20260301, '706000', '', '', 0, 5, 0, '', '')",
			"add lines without an entry":      line + "('co_test', 6, 0, 20260301, '411000', '', '', 5, 0, 0, '', ''), ('co_test', 6, 1, 20260301, '706000', '', '', 0, 5, 0, '', '')",
			"add an entry without lines":      newEntry,
			"renumber an issued invoice":      "UPDATE invoices SET number = 'FA2026-00009' WHERE id = 'inv_a'",
			"change an issued invoice":        "UPDATE invoices SET gross = 5, lines = '' WHERE id = 'inv_a'",
			"make an issued invoice a draft":  "UPDATE invoices SET life = 'draft' WHERE id = 'inv_a'",
			"delete an issued invoice":        "DELETE FROM invoices WHERE id = 'inv_a'",
			"rewrite history":                 "UPDATE events SET actor = 'usr_2'",
			"forget history":                  "DELETE FROM events",
			"a line that is neither":          line + "('co_test', 6, 0, 20260301, '411000', '', '', 0, 0, 0, '', '')",
			"a negative amount":               line + "('co_test', 6, 0, 20260301, '411000', '', '', -5, 0, 0, '', '')",
			"an amount that is not a number":  line + "('co_test', 6, 0, 20260301, '411000', '', '', 'five', 0, 0, '', '')",
			"two online deposits of a quote":  "INSERT INTO deposits (company_id, id, quote_id, position, label, percent, amount, due_date, method_id, online, state, received, invoice_id, applied_to) VALUES ('co_test', 'd1', 'q', 1, '', '0', 1, 0, '', TRUE, 'draft', 0, '', ''), ('co_test', 'd2', 'q', 2, '', '0', 1, 0, '', TRUE, 'paid', 0, '', '')",
			"empty the journal, where it can": map[string]string{"postgres": "TRUNCATE journal_lines", "sqlite": "DELETE FROM journal_lines"}[d.engine],
			"empty the invoices":              map[string]string{"postgres": "TRUNCATE invoices", "sqlite": "DELETE FROM invoices"}[d.engine],
		} {
			tx, err := db.BeginTx(ctx, nil)
			must(t, err)
			_, err = tx.Exec(statement)
			if err == nil {
				err = tx.Commit()
			}
			_ = tx.Rollback()
			_, _ = db.Exec("ROLLBACK")
			if err == nil {
				t.Errorf("%s: not refused", name)
			}
		}
		if bad := broken(t, d.Store, company); bad != nil {
			t.Errorf("the chain is broken: %+v", *bad)
		}
	})
}

// rulesOff are statements by which the owner of a database takes its rules on the journal away.
var rulesOff = map[string][]string{
	"postgres": {"ALTER TABLE journal_lines DISABLE TRIGGER USER", "ALTER TABLE journal_entries DISABLE TRIGGER USER"},
	"sqlite": {"PRAGMA foreign_keys = OFF", "DROP TRIGGER journal_lines_no_update", "DROP TRIGGER journal_lines_no_delete", "DROP TRIGGER journal_lines_sealed",
		"DROP TRIGGER journal_entries_no_update", "DROP TRIGGER journal_entries_no_delete", "DROP TRIGGER journal_entries_checked"},
}

// Who is the owner of the database can switch its rules off. Then the chain tells.
func TestChainFindsTampering(t *testing.T) {
	const line = "INSERT INTO journal_lines (company_id, seq, n, date, account, aux, label, debit, credit, foreign_minor, foreign_currency, document) VALUES "
	cases := []struct {
		name string
		sql  []string
		want ledger.BreakKind
		seq  int64
	}{
		{"an amount", []string{"UPDATE journal_lines SET debit = 200 WHERE company_id = {c} AND seq = 3 AND n = 0"}, ledger.BreakContent, 3},
		{"both amounts", []string{"UPDATE journal_lines SET debit = debit * 2, credit = credit * 2 WHERE company_id = {c} AND seq = 3"}, ledger.BreakContent, 3},
		{"a date", []string{"UPDATE journal_entries SET date = 20260302 WHERE company_id = {c} AND seq = 2"}, ledger.BreakContent, 2},
		{"an account", []string{"UPDATE journal_lines SET account = '512100' WHERE company_id = {c} AND seq = 4 AND n = 1"}, ledger.BreakContent, 4},
		{"a document", []string{"UPDATE journal_lines SET document = 'inv_x' WHERE company_id = {c} AND seq = 4 AND n = 0"}, ledger.BreakContent, 4},
		{"a foreign amount", []string{"UPDATE journal_lines SET foreign_minor = 5, foreign_currency = 'USD' WHERE company_id = {c} AND seq = 4 AND n = 1"}, ledger.BreakContent, 4},
		{"nonsense in a currency", []string{"UPDATE journal_lines SET foreign_currency = 'XXX' WHERE company_id = {c} AND seq = 4 AND n = 1"}, ledger.BreakContent, 4},
		{"an amount without currency", []string{"UPDATE journal_lines SET foreign_minor = 7 WHERE company_id = {c} AND seq = 4 AND n = 1"}, ledger.BreakContent, 4},
		{"a line less", []string{"DELETE FROM journal_lines WHERE company_id = {c} AND seq = 2 AND n = 1"}, ledger.BreakContent, 2},
		{"the first line gone", []string{"DELETE FROM journal_lines WHERE company_id = {c} AND seq = 2 AND n = 0"}, "", 2},
		{"a line more", []string{line + "({c}, 2, 2, 20260301, '411000', '', '', 1, 0, 0, '', '')"}, ledger.BreakContent, 2},
		{"an entry deleted", []string{"DELETE FROM journal_lines WHERE company_id = {c} AND seq = 2", "DELETE FROM journal_entries WHERE company_id = {c} AND seq = 2"}, "", 2},
		{"lines of an entry deleted", []string{"DELETE FROM journal_lines WHERE company_id = {c} AND seq = 2"}, "", 2},
		{"an entry deleted, its lines left", []string{"DELETE FROM journal_entries WHERE company_id = {c} AND seq = 2"}, "", 2},
		{"the tail cut off", []string{"DELETE FROM journal_lines WHERE company_id = {c} AND seq = 5", "DELETE FROM journal_entries WHERE company_id = {c} AND seq = 5"}, ledger.BreakTail, 5},
		{"lines behind the end", []string{line + "({c}, 6, 0, 20260301, '411000', '', '', 1, 0, 0, '', ''), ({c}, 6, 1, 20260301, '411000', '', '', 0, 1, 0, '', '')"}, "", 6},
		{"lines before the beginning", []string{line + "({c}, 0, 0, 20260301, '411000', '', '', 1, 0, 0, '', ''), ({c}, 0, 1, 20260301, '411000', '', '', 0, 1, 0, '', '')"}, ledger.BreakMissing, 1},
		{"two entries swapped", []string{"UPDATE journal_entries SET seq = 99, number = 99 WHERE company_id = {c} AND seq = 2", "UPDATE journal_entries SET seq = 2, number = 2 WHERE company_id = {c} AND seq = 3",
			"UPDATE journal_entries SET seq = 3, number = 3 WHERE company_id = {c} AND seq = 99"}, "", 2},
		{"the head", []string{"UPDATE pens SET chain_seq = 4 WHERE company_id = {c}"}, ledger.BreakTail, 6},
	}
	onEach(t, func(t *testing.T, d *database) {
		var ids []string
		for i := range cases {
			ids = append(ids, fmt.Sprintf("co_%d", i))
		}
		b := bookstest.Found(t, d, ids...)
		db := d.raw(t)
		db.SetMaxOpenConns(1)
		run := func(statement string) {
			t.Helper()
			if _, err := db.Exec(statement); err != nil {
				t.Fatalf("%s: %v", statement, err)
			}
		}
		for _, id := range ids {
			posted(t, b, id)
		}
		for _, s := range rulesOff[d.engine] {
			run(s)
		}
		for i, c := range cases {
			if bad := broken(t, d.Store, ids[i]); bad != nil {
				t.Fatalf("broken before anything was done: %+v", *bad)
			}
			for _, s := range c.sql {
				run(strings.ReplaceAll(s, "{c}", "'"+ids[i]+"'"))
			}
			bad := broken(t, d.Store, ids[i])
			if bad == nil {
				t.Errorf("%s: not noticed", c.name)
			} else if c.want != "" && bad.What != c.want || bad.Seq != c.seq {
				t.Errorf("%s: found %+v, want %s at %d", c.name, *bad, c.want, c.seq)
			}
		}
	})
}

// Sums of the journal that are kept in memory are good for the chain they were made from, and for no other: another one
// may come with a backup.
func TestSumsNoticeAnotherChain(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		posted(t, bookstest.Found(t, d), company)
		sales := func(want int64) {
			t.Helper()
			rows, err := d.TrialBalance(ctx, company, civil.Date{}, civil.Date{})
			must(t, err)
			if len(rows) != 2 || rows[0].Debit != want || rows[1].Credit != want {
				t.Errorf("trial balance %+v, want %d", rows, want)
			}
		}
		sales(500)
		db := d.raw(t)
		db.SetMaxOpenConns(1)
		zeros := strings.Repeat("0", 64)
		hash := map[string]string{"sqlite": "x'" + zeros + "'", "postgres": `'\x` + zeros + "'"}[d.engine]
		for _, s := range append(rulesOff[d.engine], "UPDATE journal_lines SET debit = debit * 3, credit = credit * 3", "UPDATE journal_entries SET hash = "+hash+" WHERE seq = 5", "UPDATE pens SET chain_hash = "+hash) {
			if _, err := db.Exec(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		sales(1500)
		for _, s := range []string{"DELETE FROM journal_lines WHERE seq > 3", "DELETE FROM journal_entries WHERE seq > 3", "UPDATE pens SET chain_seq = 3"} {
			if _, err := db.Exec(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		sales(900)
	})
}

// A text with a NUL, or that is not UTF-8, is refused with its own fault and nothing is written.
func TestTextsThatNoDatabaseTakes(t *testing.T) {
	onEach(t, func(t *testing.T, d *database) {
		b := bookstest.Found(t, d)
		for _, text := range []string{"a\x00b", "\x00", strings.Repeat("'", 3) + "\x00'; DROP TABLE events; --"} {
			err := b.Write(ctx, company, func(_ context.Context, tx *books.Tx) error {
				tx.Log("usr_1", "noted", "inv_1", text)
				return nil
			})
			if !fault.Has(err, fault.BadCharacters) {
				t.Errorf("%q: %v", text, err)
			}
			if _, err := d.Customer(ctx, company, text); err == nil || fault.KindOf(err) == fault.Internal {
				t.Errorf("%q as an id: %v", text, err)
			}
		}
		events, err := d.History(ctx, company, "inv_1")
		if err != nil || len(events) != 0 {
			t.Errorf("history %v, %v", events, err)
		}
	})
}
