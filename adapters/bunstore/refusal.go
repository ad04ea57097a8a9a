package bunstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

func isPG(db *bun.DB) bool { return db.Dialect().Name() == dialect.PG }

// rule is a rule of the database that refused something: the name of a constraint or unique index, or what a trigger
// said. table is where.
type rule struct{ name, table string }

// refusal brings an error of the database to the core's terms: a lost race to books.ErrRetry, a rule to its fault. Others
// stay as they are. c is what was being written, if anything; it tells what the fault is about.
func (s *Store) refusal(ctx context.Context, err error, c *books.Changes) error {
	if err == nil {
		return nil
	}
	r, race, text := classify(err)
	switch {
	case race:
		return fmt.Errorf("%w: %w", books.ErrRetry, err)
	case text:
		return fault.New(fault.Invalid, fault.BadCharacters, "found", "")
	case r.name == "":
		return err
	}
	if c == nil {
		c = &books.Changes{}
	}
	switch r.name {
	case "deposits_one_online":
		return fault.New(fault.Refused, fault.SecondOnlineDeposit, "deposit", onlineDeposit(c)).On("method")
	case "email_missing":
		return fault.New(fault.Refused, fault.EmailMissing, "customer", s.withoutEmail(ctx, c))
	case "attempts_one_in_progress":
		return fault.New(fault.Conflict, fault.PaymentInProgress)
	case "refunds_one_open":
		return fault.New(fault.Conflict, fault.RefundInProgress)
	case "journal_entries_source":
		return fault.New(fault.Conflict, fault.DuplicatePosting, "number", s.postedNumber(ctx, c))
	case "entry_unbalanced":
		debit, credit := unbalanced(c.Entries)
		return fault.New(fault.Refused, fault.EntryUnbalanced, "debit", debit, "credit", credit).On("lines")
	case "entry_too_short":
		return fault.New(fault.Refused, fault.EntryTooShort).On("lines")
	case "journal_lines_one_side":
		return oneSide(c.Entries)
	case "period_closed":
		return fault.New(fault.Refused, fault.PeriodClosed, "date", earliest(c.Entries), "open", "").On("date")
	case "invoice_issued":
		return fault.New(fault.Refused, fault.NotDraft, "number", s.issuedNumber(ctx, c))
	}
	if what, ok := whatIn[r.table]; ok && strings.HasPrefix(r.name, "unique:") {
		return fault.New(fault.Conflict, fault.AlreadyExists, "what", what.String(), "id", s.existing(ctx, c, what))
	}
	return err
}

// whatIn says which kind of record lies in a table.
var whatIn = func() map[string]books.Kind {
	m := map[string]books.Kind{"pens": books.Companies}
	for k, t := range keptKinds {
		m[t.table()] = k
	}
	return m
}()

// named are the unique indexes that are rules of their own, by the columns that SQLite names instead of them.
var named = map[string]string{
	"deposits.company_id, deposits.quote_id":                    "deposits_one_online",
	"attempts.company_id, attempts.document_id":                 "attempts_one_in_progress",
	"refunds.company_id, refunds.receipt_id":                    "refunds_one_open",
	"journal_entries.company_id, journal_entries.source":        "journal_entries_source",
	"line_matches.company_id, line_matches.seq, line_matches.n": "line_matches_one_live",
}

// classify says which rule an error stands for, whether it is a lost race, and whether the text of a value was not
// acceptable to the database.
func classify(err error) (r rule, race, text bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01", "55P03":
			return r, true, false
		case "22021", "22P05": // a NUL or bytes that are not UTF-8
			return r, false, true
		case "42601":
			return r, false, strings.HasSuffix(pg.Message, nulPostgres)
		case "23505":
			r = rule{pg.ConstraintName, pg.TableName}
			if !ownRule(r.name) {
				r.name = "unique:" + r.name
			}
			return r, false, false
		case "23514", "23001":
			return rule{pg.ConstraintName, pg.TableName}, false, false
		}
		return r, false, false
	}
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return r, false, false
	}
	message := lite.Error()
	switch code := lite.Code(); {
	case code&0xff == sqlite3.SQLITE_BUSY || code&0xff == sqlite3.SQLITE_LOCKED:
		return r, true, false
	case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		columns := between(message, "UNIQUE constraint failed: ", " (")
		r.table, _, _ = strings.Cut(columns, ".")
		if r.name = named[columns]; r.name == "" {
			r.name = "unique:" + columns
		}
	case code == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
		r.name = between(message, "acquit: ", " (")
	case code == sqlite3.SQLITE_CONSTRAINT_CHECK:
		r.name = between(message, "CHECK constraint failed: ", " (")
	case code == sqlite3.SQLITE_ERROR:
		return r, false, strings.Contains(message, nulSQLite)
	}
	return r, false, false
}

// How the databases complain of ?!(bun: string contains a NUL byte), which bun writes in place of such a text.
const (
	nulPostgres = `at or near ":"`
	nulSQLite   = `unrecognized token: "!"`
)

func ownRule(name string) bool {
	for _, n := range named {
		if n == name {
			return true
		}
	}
	return false
}

func between(s, before, behind string) string {
	_, s, _ = strings.Cut(s, before)
	s, _, _ = strings.Cut(s, behind)
	return s
}

// onlineDeposit is the position of the deposit that holds the place, as far as the changes tell.
func onlineDeposit(c *books.Changes) string {
	for _, p := range c.Puts {
		q, _ := p.Value.(billing.Quote)
		holder := 0
		for _, d := range q.Deposits {
			if d.Online && d.Live() {
				if holder != 0 {
					return strconv.Itoa(holder)
				}
				holder = d.Position
			}
		}
	}
	return ""
}

// withoutEmail is the name of the customer whose attempt was refused.
func (s *Store) withoutEmail(ctx context.Context, c *books.Changes) string {
	var customers []string
	for _, p := range c.Puts {
		if at, ok := p.Value.(inbox.Attempt); ok {
			customers = append(customers, at.CustomerID)
		}
	}
	var name string
	if len(customers) > 0 {
		_ = s.read.NewSelect().Table("customers").Column("name").Where("company_id = ?", c.Company).
			Where("id IN (?)", bun.In(customers)).Where("email = ''").Limit(1).Scan(ctx, &name)
	}
	return name
}

// postedNumber is the number of the entry that was posted for one of the sources before.
func (s *Store) postedNumber(ctx context.Context, c *books.Changes) string {
	seen := map[string]int64{}
	var sources []string
	for _, e := range c.Entries {
		if n, twice := seen[e.Source]; twice {
			return strconv.FormatInt(n, 10)
		}
		seen[e.Source] = e.Number
		sources = append(sources, e.Source)
	}
	var n int64
	if len(sources) > 0 {
		_ = s.read.NewSelect().Table("journal_entries").Column("number").Where("company_id = ?", c.Company).
			Where("source IN (?)", bun.In(sources)).Limit(1).Scan(ctx, &n)
	}
	return strconv.FormatInt(n, 10)
}

// issuedNumber is the number of an issued invoice among the changes.
func (s *Store) issuedNumber(ctx context.Context, c *books.Changes) string {
	var ids []string
	for _, p := range c.Puts {
		if p.Kind == books.Invoices {
			ids = append(ids, p.ID)
		}
	}
	var number string
	if len(ids) > 0 {
		_ = s.read.NewSelect().Table("invoices").Column("number").Where("company_id = ?", c.Company).
			Where("id IN (?)", bun.In(ids)).Where("life = ?", string(billing.Issued)).Limit(1).Scan(ctx, &number)
	}
	return number
}

// existing is the key of the record that is in the way; empty when it cannot be told.
func (s *Store) existing(ctx context.Context, c *books.Changes, k books.Kind) string {
	var ids []string
	for _, p := range c.Puts {
		if p.Kind == k && p.New {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) <= 1 {
		return strings.Join(ids, "")
	}
	var id string
	_ = s.read.NewSelect().Table(keptKinds[k].table()).Column(keptKinds[k].column()).Where("company_id = ?", c.Company).
		Where("? IN (?)", bun.Ident(keptKinds[k].column()), bun.In(ids)).Limit(1).Scan(ctx, &id)
	return id
}

// unbalanced writes the sums of the first entry that does not balance. Books are kept in euros (art. 1011-1 PCG).
func unbalanced(entries []ledger.Entry) (debit, credit string) {
	for _, e := range entries {
		var d, k int64
		for _, l := range e.Lines {
			d += l.Debit
			k += l.Credit
		}
		if d != k {
			return plainEuros(d), plainEuros(k)
		}
	}
	return "", ""
}

func plainEuros(minor int64) string {
	m, err := money.New(minor, money.EUR)
	if err != nil {
		return strconv.FormatInt(minor, 10)
	}
	return m.Plain()
}

func oneSide(entries []ledger.Entry) error {
	for _, e := range entries {
		for i, l := range e.Lines {
			if l.Debit == 0 && l.Credit == 0 {
				return fault.New(fault.Refused, fault.LineEmpty).On("lines." + strconv.Itoa(i) + ".debit")
			}
			if l.Debit != 0 && l.Credit != 0 {
				return fault.New(fault.Refused, fault.LineTwoSided).On("lines." + strconv.Itoa(i) + ".debit")
			}
		}
	}
	return fault.New(fault.Refused, fault.LineEmpty)
}

func earliest(entries []ledger.Entry) string {
	out := ""
	for _, e := range entries {
		if d := e.Date.String(); out == "" || d < out {
			out = d
		}
	}
	return out
}
