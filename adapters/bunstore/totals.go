package bunstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"github.com/acquit-app/acquit/core/ledger"
	"github.com/uptrace/bun"
)

// Sums of the journal are made from the lines, and posted lines never change: what was summed up to an entry stays right
// for as long as that entry is where it was. So each company's sums by account and day are kept in memory with the place in
// the chain up to which they were made, and only what was posted since is read. The first question about large books
// costs a pass over them; the next ones a few milliseconds, at any size.

// maxTotals bounds the companies whose sums are kept. Those of a busy company with years of books take about a megabyte.
const maxTotals = 32

// totals are the sums of one company's lines, up to an entry.
type totals struct {
	mu   sync.Mutex
	head ledger.Head
	days accountTotals
}

// accountTotals are by account, the days of each in order.
type accountTotals map[string][]dayTotal

// dayTotal is what was posted to an account with one date, in minor units.
type dayTotal struct {
	date          int
	debit, credit int64
}

// totalsOf keeps the sums of the companies asked about last.
type totalsOf struct {
	mu     sync.Mutex
	kept   map[string]*totals
	recent []string // least recent first
}

func (t *totalsOf) of(company string) *totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.recent, company); i >= 0 {
		t.recent = slices.Delete(t.recent, i, i+1)
	}
	t.recent = append(t.recent, company)
	if t.kept == nil {
		t.kept = map[string]*totals{}
	}
	x := t.kept[company]
	if x == nil {
		x = &totals{days: accountTotals{}}
		t.kept[company] = x
		if len(t.recent) > maxTotals {
			delete(t.kept, t.recent[0])
			t.recent = t.recent[1:]
		}
	}
	return x
}

// withTotals calls fn with the sums of all lines that a snapshot sees.
func (s *Store) withTotals(ctx context.Context, tx bun.Tx, company string, fn func(accountTotals) error) error {
	head, err := s.head(ctx, tx, company)
	if err != nil {
		return err
	}
	t := s.totals.of(company)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.head.Seq > head.Seq { // somebody with a later snapshot moved on: this once, sum up for ourselves
		t = &totals{days: accountTotals{}}
	}
	if err := t.check(ctx, tx, company); err != nil {
		return err
	}
	if err := t.advance(ctx, tx, company, head); err != nil {
		return err
	}
	return fn(t.days)
}

// check begins anew when the chain is not the one that was summed up: a backup was put back, or worse.
func (t *totals) check(ctx context.Context, tx bun.Tx, company string) error {
	if t.head.Seq == 0 {
		return nil
	}
	var hash []byte
	err := tx.QueryRowContext(ctx, "SELECT hash FROM journal_entries WHERE company_id = ? AND seq = ?", company, t.head.Seq).Scan(&hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if !bytes.Equal(hash, t.head.Hash[:]) {
		t.head, t.days = ledger.Head{}, accountTotals{}
	}
	return nil
}

// advance adds what was posted since.
func (t *totals) advance(ctx context.Context, tx bun.Tx, company string, head ledger.Head) error {
	if head.Seq == t.head.Seq {
		return nil
	}
	type sum struct {
		account string
		dayTotal
	}
	var fresh []sum
	rows, err := tx.QueryContext(ctx, `SELECT account, date, coalesce(sum(debit), 0), coalesce(sum(credit), 0) FROM journal_lines
		WHERE company_id = ? AND seq > ? AND seq <= ? GROUP BY account, date`, company, t.head.Seq, head.Seq)
	if err != nil {
		return err
	}
	err = scanAll(rows, func() error {
		var x sum
		err := rows.Scan(&x.account, &x.date, &x.debit, &x.credit)
		fresh = append(fresh, x)
		return err
	})
	if err != nil {
		return err
	}
	for _, x := range fresh {
		days := t.days[x.account]
		i, found := slices.BinarySearchFunc(days, x.date, func(d dayTotal, date int) int { return d.date - date })
		if found {
			days[i].debit += x.debit
			days[i].credit += x.credit
			continue
		}
		t.days[x.account] = slices.Insert(days, i, x.dayTotal)
	}
	t.head = head
	return nil
}

// within sums up an account's days from first to last, both included; false when nothing was posted on them.
func (t accountTotals) within(account string, first, last int) (sum dayTotal, moved bool) {
	for _, d := range t[account] {
		if d.date >= first && d.date <= last {
			sum.debit += d.debit
			sum.credit += d.credit
			moved = true
		}
	}
	return sum, moved
}

// balance is debit less credit of an account's days from first to last, both included.
func (t accountTotals) balance(account string, first, last int) int64 {
	sum, _ := t.within(account, first, last)
	return sum.debit - sum.credit
}
