package bunstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/uptrace/bun"
)

var _ books.Store = (*Store)(nil)

// session is a transaction on a connection of its own. It is driven by plain statements because a failed COMMIT must be
// followed by a ROLLBACK on the same connection, which database/sql does not do.
type session struct {
	store   *Store
	company string
	conn    bun.Conn
	pen     penRow
	// sequences are loaded with the pen: nearly every group takes a number.
	sequences map[string]billing.Sequence
	last      string         // what Save left for Commit to send
	changes   *books.Changes // what is being written, to name what the database refuses
	done      bool
}

// Begin implements books.Store. On PostgreSQL the first statement locks the company's pen, and what is read afterwards is
// read with a snapshot taken after the lock was had; on SQLite there is one writer in the whole file.
func (s *Store) Begin(ctx context.Context, company string) (books.Session, error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	x := &session{store: s, company: company, conn: conn, sequences: map[string]billing.Sequence{}}
	if s.isPG() {
		err = x.beginPostgres(ctx)
	} else if err = x.exec(ctx, "BEGIN IMMEDIATE"); err == nil {
		err = x.loadPen(ctx)
	}
	if err == nil && x.pen.CompanyID == "" {
		err = unknown("company", company)
	}
	if err != nil {
		x.Rollback()
		return nil, s.refusal(ctx, err, nil)
	}
	return x, nil
}

// penColumns are those of penRow and sequenceRow that Begin reads: one row for each sequence, or one without.
const penColumns = `p.setup_version, p.closed_until, p.chain_seq, p.chain_hash, coalesce(s.id, ''), coalesce(s.last, 0), coalesce(s.date, 0)
	FROM pens AS p LEFT JOIN sequences AS s ON s.company_id = p.company_id WHERE p.company_id = `

func (x *session) loadPen(ctx context.Context) error {
	rows, err := x.conn.QueryContext(ctx, "SELECT "+penColumns+"?", x.company)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var p penRow
		var q sequenceRow
		if err := rows.Scan(&p.SetupVersion, &p.ClosedUntil, &p.ChainSeq, &p.ChainHash, &q.ID, &q.Last, &q.Date); err != nil {
			return err
		}
		x.take(p, q)
	}
	return rows.Err()
}

// take notes one row of what Begin reads.
func (x *session) take(p penRow, q sequenceRow) {
	p.CompanyID = x.company
	x.pen = p
	if q.ID != "" {
		x.sequences[q.ID], _ = fromSequence(q)
	}
}

// State implements books.Session.
func (x *session) State() books.State { return x.pen.state() }

// Setup implements books.Session.
func (x *session) Setup(ctx context.Context) (*books.Setup, error) {
	var records []any
	for _, k := range books.Kinds() {
		if !k.IsSetup() {
			continue
		}
		found, err := keptKinds[k].all(ctx, x.conn, x.company)
		if err != nil {
			return nil, x.store.refusal(ctx, err, nil)
		}
		records = append(records, found...)
	}
	return books.NewSetup(records), nil
}

// Load implements books.Session.
func (x *session) Load(ctx context.Context, k books.Kind, ids []string) ([]any, error) {
	if k == books.Sequences {
		var out []any
		for _, id := range ids {
			if q, ok := x.sequences[id]; ok {
				out = append(out, q)
			}
		}
		return out, nil
	}
	var out []any
	for chunk := range slices.Chunk(ids, maxKeys) {
		found, err := keptKinds[k].load(ctx, x.conn, x.company, chunk)
		if err != nil {
			return nil, x.store.refusal(ctx, err, nil)
		}
		out = append(out, found...)
	}
	return out, nil
}

// maxKeys bounds how many keys one statement asks for: large enough that ten thousand records are a few round trips,
// small enough for the planner to keep looking them up one by one.
const maxKeys = 2000

// Lines implements books.Session.
func (x *session) Lines(ctx context.Context, documents []string) ([]books.MatchedLine, error) {
	var out []books.MatchedLine
	hint := ""
	if !x.store.isPG() {
		// For a list of documents SQLite would rather read all lines of the company.
		hint = "INDEXED BY journal_lines_document"
	}
	for chunk := range slices.Chunk(documents, maxKeys) {
		rows, err := x.conn.QueryContext(ctx, `SELECT l.seq, l.n, l.account, l.aux, l.document, l.debit - l.credit, coalesce(m.code, '')
			FROM journal_lines AS l `+hint+`
			LEFT JOIN line_matches AS m ON m.company_id = l.company_id AND m.seq = l.seq AND m.n = l.n AND m.dissolved_at = 0
			WHERE l.company_id = ? AND l.document IN (?) AND l.document <> ''
			ORDER BY l.seq, l.n`, x.company, bun.In(chunk))
		if err != nil {
			return nil, x.store.refusal(ctx, err, nil)
		}
		err = scanAll(rows, func() error {
			var l books.MatchedLine
			if err := rows.Scan(&l.Seq, &l.N, &l.Account, &l.Aux, &l.Document, &l.Amount, &l.Code); err != nil {
				return err
			}
			out = append(out, l)
			return nil
		})
		if err != nil {
			return nil, x.store.refusal(ctx, err, nil)
		}
	}
	return out, nil
}

func scanAll(rows *sql.Rows, each func() error) error {
	for rows.Next() {
		if err := each(); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// Standing implements books.Session.
func (x *session) Standing(ctx context.Context, account string, cur money.Currency, since civil.Date) (books.Standing, error) {
	var s books.Standing
	err := x.conn.QueryRowContext(ctx, "SELECT "+x.store.total("debit - credit")+", "+x.store.total("CASE WHEN foreign_currency = ?0 THEN foreign_minor ELSE 0 END")+
		" FROM journal_lines WHERE company_id = ?1 AND account = ?2 AND date >= ?3", string(cur), x.company, account, since.Number()).Scan(&s.Book, &s.Foreign)
	return s, x.store.refusal(ctx, err, nil)
}

// Entry implements books.Session.
func (x *session) Entry(ctx context.Context, seq int64) (ledger.Entry, error) {
	e, err := loadEntry(ctx, x.conn, x.company, seq)
	return e, x.store.refusal(ctx, err, nil)
}

// Save implements books.Session. The last text waits for Commit, so that most transactions are written in one round trip.
func (x *session) Save(ctx context.Context, c *books.Changes) error {
	x.changes = c
	w := &script{ctx: ctx, db: x.store.write, run: x.exec, read: x.conn}
	w.changes(c, x.pen)
	if w.err != nil {
		return x.lost(ctx, w.err)
	}
	x.last = string(w.b)
	return nil
}

// lost ends a transaction that the database refused: finding out why needs a connection.
func (x *session) lost(ctx context.Context, err error) error {
	x.Rollback()
	return x.store.refusal(ctx, err, x.changes)
}

func (x *session) exec(ctx context.Context, text string) error {
	_, err := x.conn.Conn.ExecContext(ctx, text)
	return err
}

var errDone = errors.New("bunstore: the transaction has ended")

// Commit implements books.Session.
func (x *session) Commit(ctx context.Context) error {
	if x.done {
		return errDone
	}
	if err := x.exec(ctx, x.last+"COMMIT"); err != nil {
		return x.lost(ctx, err)
	}
	x.done = true
	return x.conn.Close()
}

// Rollback implements books.Session.
func (x *session) Rollback() {
	if x.done {
		return
	}
	x.done = true
	if err := x.exec(context.Background(), "ROLLBACK"); err != nil {
		// The connection may still be inside the transaction: nobody else gets it.
		_ = x.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = x.conn.Close()
}

// SetupVersion implements books.Store.
func (s *Store) SetupVersion(ctx context.Context, company string) (int64, error) {
	var v int64
	err := s.read.QueryRowContext(ctx, "SELECT setup_version FROM pens WHERE company_id = ?", company).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, unknown("company", company)
	}
	return v, err
}

// Create implements books.Store.
func (s *Store) Create(ctx context.Context, c *books.Changes) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.refusal(ctx, err, nil)
	}
	defer func() { _ = tx.Rollback() }()
	w := &script{ctx: ctx, db: s.write, read: tx, run: func(ctx context.Context, text string) error {
		_, err := tx.Tx.ExecContext(ctx, text)
		return err
	}}
	var pen penRow
	pen.CompanyID = c.Company
	pen.ChainHash = c.State.Head.Hash[:]
	pen.ChainSeq = c.State.Head.Seq
	pen.SetupVersion = c.State.SetupVersion
	for _, p := range c.Puts {
		if v, ok := p.Value.(party.Company); ok {
			pen.ClosedUntil = v.ClosedUntil.Number()
		}
	}
	w.changes(c, pen)
	err = w.flush()
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		_ = tx.Rollback()
		return s.refusal(ctx, err, c)
	}
	return nil
}

func unknown(what, id string) error {
	return fault.New(fault.NotFound, fault.UnknownThing, "what", what, "id", fault.Clip(id))
}
