package bunstore

import (
	"context"
	"strconv"

	"github.com/acquit-app/acquit/core/ledger"
	"github.com/uptrace/bun"
)

// loadEntry reads one entry with its lines. Code: unknown_thing.
func loadEntry(ctx context.Context, db bun.IDB, company string, seq int64) (ledger.Entry, error) {
	found, err := loadEntries(ctx, db, company, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("seq = ?", seq) })
	if err == nil && len(found) == 0 {
		err = unknown("entry", strconv.FormatInt(seq, 10))
	}
	if err != nil {
		return ledger.Entry{}, err
	}
	return found[0], nil
}

// loadEntries reads the entries that a query selects, each with its lines, in the query's order.
func loadEntries(ctx context.Context, db bun.IDB, company string, which func(*bun.SelectQuery) *bun.SelectQuery) ([]ledger.Entry, error) {
	var rows []entryRow
	if err := which(db.NewSelect().Model(&rows).Where("company_id = ?", company)).Scan(ctx); err != nil || len(rows) == 0 {
		return nil, err
	}
	entries := make([]ledger.Entry, len(rows))
	at := make(map[int64]int, len(rows))
	seqs := make([]int64, len(rows))
	for i, r := range rows {
		entries[i], at[r.Seq], seqs[i] = fromEntry(r), i, r.Seq
	}
	var lines []entryLineRow
	if err := db.NewSelect().Model(&lines).Where("company_id = ?", company).Where("seq IN (?)", bun.In(seqs)).Order("seq", "n").Scan(ctx); err != nil {
		return nil, err
	}
	var d decoder
	for _, l := range lines {
		e := &entries[at[l.Seq]]
		e.Lines = append(e.Lines, d.entryLine(l))
	}
	return entries, d.done("entries of", company)
}
