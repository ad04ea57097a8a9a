package bunstore

import (
	"context"
	"slices"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/party"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

const (
	// maxRows bounds the rows of one statement. Larger ones gain nothing measurable and cost memory on both sides.
	maxRows = 1000
	// maxScript bounds the text sent at once, in bytes, for the same reason.
	maxScript = 1 << 20
)

// script is the statements that write a group's changes. They are sent together: bun has written every argument into the
// text, and a text without arguments may hold several statements on both engines.
type script struct {
	ctx   context.Context
	db    *bun.DB
	read  bun.IDB // the same transaction
	run   func(context.Context, string) error
	names map[string]string // of the customers in these changes
	b     []byte
	err   error
}

// add appends one statement.
func (w *script) add(q schema.QueryAppender) {
	if w.err != nil {
		return
	}
	if w.b, w.err = q.AppendQuery(w.db.QueryGen(), w.b); w.err == nil {
		w.end()
	}
}

// sql appends one statement written out.
func (w *script) sql(query string, args ...any) {
	if w.err != nil {
		return
	}
	w.b = w.db.QueryGen().AppendQuery(w.b, query, args...)
	w.end()
}

func (w *script) end() {
	w.b = append(w.b, ";\n"...)
	if len(w.b) >= maxScript {
		w.err = w.flush()
	}
}

func (w *script) flush() error {
	if w.err == nil && len(w.b) > 0 {
		w.err = w.run(w.ctx, string(w.b))
		w.b = w.b[:0]
	}
	return w.err
}

// insert writes rows; conflict says what becomes of those that exist, else they are an error.
func insert[R any](w *script, rows []R, conflict string) {
	for chunk := range slices.Chunk(rows, maxRows) {
		q := w.db.NewInsert().Model(&chunk)
		if conflict != "" {
			q = q.On(conflict)
		}
		w.add(q)
	}
}

// changes writes everything, in an order that satisfies the rules of the database: what is referred to first; entries
// while their period is open; the pen last.
func (w *script) changes(c *books.Changes, pen penRow) {
	var byKind [256][]books.Put
	w.names = map[string]string{}
	closed := pen.ClosedUntil
	for _, p := range c.Puts {
		byKind[p.Kind] = append(byKind[p.Kind], p)
		switch v := p.Value.(type) {
		case party.Company:
			closed = v.ClosedUntil.Number()
		case party.Customer:
			w.names[v.ID] = v.Name
		}
	}
	for _, k := range books.Kinds() {
		if len(byKind[k]) > 0 {
			keptKinds[k].save(w, c.Company, byKind[k])
		}
	}
	if closed < pen.ClosedUntil {
		w.sql("UPDATE pens SET closed_until = ? WHERE company_id = ?", closed, c.Company)
	}
	w.entries(c)
	if len(c.Dissolved) > 0 {
		w.sql("UPDATE line_matches SET dissolved_at = ? WHERE company_id = ? AND code IN (?) AND dissolved_at = 0", micros(c.At), c.Company, bun.In(c.Dissolved))
	}
	apart := map[string]bool{}
	for _, code := range c.Dissolved {
		apart[code] = true
	}
	var matches []matchRow
	for _, m := range c.Matchings {
		rows := toMatches(c.Company, m)
		if apart[m.Code] { // tied and taken apart by commands of one group
			for i := range rows {
				rows[i].DissolvedAt = micros(c.At)
			}
		}
		matches = append(matches, rows...)
	}
	insert(w, matches, "")
	events := make([]eventRow, len(c.Events))
	for i, e := range c.Events {
		events[i] = toEvent(c.Company, e)
	}
	insert(w, events, "")
	pen.ClosedUntil, pen.SetupVersion, pen.ChainSeq, pen.ChainHash = closed, c.State.SetupVersion, c.State.Head.Seq, c.State.Head.Hash[:]
	pens := []penRow{pen}
	insert(w, pens, "CONFLICT (company_id) DO UPDATE")
}

// entries writes posted entries. PostgreSQL wants an entry and its lines in one statement, SQLite the lines first.
func (w *script) entries(c *books.Changes) {
	for chunk := range slices.Chunk(c.Entries, maxRows/4) {
		entries := make([]entryRow, len(chunk))
		var lines []entryLineRow
		for i := range chunk {
			entries[i] = toEntry(c.Company, &chunk[i])
			for n := range chunk[i].Lines {
				lines = append(lines, toEntryLine(c.Company, &chunk[i], n))
			}
		}
		e, l := w.db.NewInsert().Model(&entries), w.db.NewInsert().Model(&lines)
		if isPG(w.db) {
			w.add(together{e, l})
			continue
		}
		insert(w, lines, "")
		w.add(e)
	}
}

// together is two inserts in one statement.
type together struct{ first, second schema.QueryAppender }

// AppendQuery implements schema.QueryAppender.
func (t together) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	b = append(b, "WITH first AS ("...)
	b, err := t.first.AppendQuery(gen, b)
	if err != nil {
		return nil, err
	}
	b = append(b, ") "...)
	return t.second.AppendQuery(gen, b)
}

// customerNames finds names of customers, in these changes or in the database.
func (w *script) customerNames(company string, ids []string) map[string]string {
	var missing []string
	for _, id := range ids {
		if _, ok := w.names[id]; !ok {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 && w.err == nil {
		var rows []customerRow
		w.err = w.read.NewSelect().Model(&rows).Column("id", "name").Where("company_id = ?", company).Where("id IN (?)", bun.In(missing)).Scan(w.ctx)
		for _, r := range rows {
			w.names[r.ID] = r.Name
		}
	}
	return w.names
}
