package books

import (
	"context"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
)

// Tx is what a command sees and stages: the company's settings, its records, and the pen.
type Tx struct {
	Customers  Table[party.Customer]
	Quotes     Table[billing.Quote]
	Invoices   Table[billing.Invoice]
	Links      Table[inbox.PayLink]
	Attempts   Table[inbox.Attempt]
	Arrivals   Table[inbox.Arrival]
	Deliveries Table[inbox.Delivery]
	Feeds      Table[inbox.Feed]
	Receipts   Table[inbox.Receipt]
	Refunds    Table[inbox.Refund]
	Mails      Table[inbox.Mail]
	Exports    Table[ledger.Export]
	Rates      Table[ledger.Rate]
	Evidence   Table[inbox.Evidence]
	Payloads   Table[inbox.Payload] // put without being read: the bytes stay where they are
	Proofs     Table[inbox.Proof]
	ProofRuns  Table[inbox.ProofRun]
	sequences  Table[billing.Sequence]
	keys       Table[IdempotencyKey]

	g      *group
	setup  *Setup
	head   ledger.Head
	made   string
	layers []*layer // the group's, this command's, then one for each Try under way
}

// layer is what was staged: by one command, or by those of the group before it.
type layer struct {
	puts      map[Ref]any
	order     []Ref
	entries   []ledger.Entry
	sources   map[string]int64
	lines     map[string][]MatchedLine // of entries, by document
	matchings []ledger.Matching
	codes     map[ledger.LineRef]string // of matchings
	dissolved []string
	apart     map[string]bool // dissolved, as a set; a code is never used twice
	events    []inbox.Event
	setups    bool
}

func newLayer() layer {
	return layer{puts: map[Ref]any{}, sources: map[string]int64{}, lines: map[string][]MatchedLine{}, codes: map[ledger.LineRef]string{}, apart: map[string]bool{}}
}

func (l *layer) addEntry(e ledger.Entry) {
	l.entries = append(l.entries, e)
	l.sources[e.Source] = e.Number
	for n, line := range e.Lines {
		if line.Document != "" {
			l.lines[line.Document] = append(l.lines[line.Document], MatchedLine{OpenLine: ledger.OpenLine{
				Seq: e.Seq, N: n, Account: line.Account, Aux: line.Aux, Document: line.Document, Amount: line.Debit - line.Credit}})
		}
	}
}

// take makes everything staged in above part of l.
func (l *layer) take(above *layer) {
	for _, r := range above.order {
		l.put(r, above.puts[r])
	}
	for _, e := range above.entries {
		l.addEntry(e)
	}
	for _, m := range above.matchings {
		l.addMatching(m)
	}
	for _, code := range above.dissolved {
		l.dissolve(code)
	}
	l.events = append(l.events, above.events...)
}

func (l *layer) addMatching(m ledger.Matching) {
	l.matchings = append(l.matchings, m)
	for _, r := range m.Lines {
		l.codes[r] = m.Code
	}
}

func (l *layer) dissolve(code string) {
	l.dissolved = append(l.dissolved, code)
	l.apart[code] = true
}

func (l *layer) put(r Ref, v any) {
	if _, again := l.puts[r]; !again {
		l.order = append(l.order, r)
	}
	l.puts[r] = v
	l.setups = l.setups || r.Kind.IsSetup()
}

// group is one transaction with the commands that share it.
type group struct {
	company string
	s       Session
	now     time.Time
	setup   *Setup
	head    ledger.Head
	loaded  map[Ref]any              // nil value: known not to exist
	stored  map[string][]MatchedLine // lines read from the store, by document
	broken  error                    // the store failed: the transaction is lost
	layer
}

func newGroup(company string, s Session, setup *Setup, now time.Time) *group {
	return &group{company: company, s: s, setup: setup, now: now, head: s.State().Head, loaded: map[Ref]any{}, stored: map[string][]MatchedLine{}, layer: newLayer()}
}

func (g *group) prefetch(ctx context.Context, cs []*command) error {
	var byKind [kinds][]string
	for _, c := range cs {
		for _, r := range c.need {
			if r.ID != "" {
				byKind[r.Kind] = append(byKind[r.Kind], r.ID)
			}
		}
	}
	for k, list := range byKind[:] {
		if err := g.load(ctx, Kind(k), list); err != nil {
			return err
		}
	}
	return nil
}

// load brings records into memory; what is not found is remembered as absent.
func (g *group) load(ctx context.Context, k Kind, list []string) error {
	var missing []string
	for _, id := range list {
		r := Ref{k, id}
		if _, ok := g.loaded[r]; !ok {
			g.loaded[r] = nil
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := g.s.Load(ctx, k, missing)
	if err != nil {
		g.broken = err
		return err
	}
	for _, v := range found {
		g.loaded[Ref{k, keyOf(k, v)}] = v
	}
	return nil
}

func (g *group) begin() *Tx {
	own := newLayer()
	tx := &Tx{g: g, setup: g.setup, head: g.head, layers: []*layer{&g.layer, &own}}
	tx.Customers = table(tx, Customers, func(v party.Customer) (string, party.Customer) { return v.ID, v.Clone() })
	tx.Quotes = table(tx, Quotes, func(v billing.Quote) (string, billing.Quote) { return v.ID, v.Clone() })
	tx.Invoices = table(tx, Invoices, func(v billing.Invoice) (string, billing.Invoice) { return v.ID, v.Clone() })
	tx.Links = table(tx, Links, func(v inbox.PayLink) (string, inbox.PayLink) { return v.ID, v.Clone() })
	tx.Attempts = table(tx, Attempts, func(v inbox.Attempt) (string, inbox.Attempt) { return v.ID, v.Clone() })
	tx.Arrivals = table(tx, Arrivals, func(v inbox.Arrival) (string, inbox.Arrival) { return v.ID, v.Clone() })
	tx.Deliveries = table(tx, Deliveries, func(v inbox.Delivery) (string, inbox.Delivery) { return v.ID, v.Clone() })
	tx.Feeds = table(tx, Feeds, func(v inbox.Feed) (string, inbox.Feed) { return v.ID, v.Clone() })
	tx.Receipts = table(tx, Receipts, func(v inbox.Receipt) (string, inbox.Receipt) { return v.ID, v.Clone() })
	tx.Refunds = table(tx, Refunds, func(v inbox.Refund) (string, inbox.Refund) { return v.ID, v.Clone() })
	tx.Mails = table(tx, Mails, func(v inbox.Mail) (string, inbox.Mail) { return v.ID, v.Clone() })
	tx.Exports = table(tx, Exports, func(v ledger.Export) (string, ledger.Export) { return v.ID, v })
	tx.Rates = table(tx, Rates, func(v ledger.Rate) (string, ledger.Rate) { return v.ID, v })
	tx.Evidence = table(tx, Evidence, func(v inbox.Evidence) (string, inbox.Evidence) { return v.ID, v.Clone() })
	tx.Payloads = table(tx, Payloads, func(v inbox.Payload) (string, inbox.Payload) { return v.ID, v.Clone() })
	tx.Proofs = table(tx, Proofs, func(v inbox.Proof) (string, inbox.Proof) { return v.ID, v.Clone() })
	tx.ProofRuns = table(tx, ProofRuns, func(v inbox.ProofRun) (string, inbox.ProofRun) { return v.ID, v.Clone() })
	tx.sequences = table(tx, Sequences, func(v billing.Sequence) (string, billing.Sequence) { return v.ID, v })
	tx.keys = table(tx, Keys, func(v IdempotencyKey) (string, IdempotencyKey) { return v.ID, v })
	return tx
}

// keep makes a command's staged changes part of the group's.
func (g *group) keep(tx *Tx) {
	g.take(tx.layers[1])
	g.head, g.setup = tx.head, tx.setup
}

func (g *group) changes() *Changes {
	c := &Changes{Company: g.company, At: g.now, Entries: g.entries, Matchings: g.matchings, Dissolved: g.dissolved, Events: g.events, State: g.s.State()}
	c.State.Head = g.head
	if g.setups {
		c.State.SetupVersion++
	}
	for _, r := range g.order {
		before, known := g.loaded[r]
		c.Puts = append(c.Puts, Put{Ref: r, Value: g.puts[r], New: known && before == nil})
	}
	return c
}

// Table is the records of one kind.
type Table[T any] struct {
	tx   *Tx
	kind Kind
	of   func(T) (key string, clone T)
}

func table[T any](tx *Tx, k Kind, of func(T) (string, T)) Table[T] { return Table[T]{tx, k, of} }

// Find returns a record, or false when there is none. What it returns is the caller's own copy.
func (t Table[T]) Find(ctx context.Context, id string) (T, bool, error) {
	var none T
	if id == "" {
		return none, false, nil
	}
	r := Ref{t.kind, id}
	v, ok := t.tx.staged(r)
	if !ok {
		if err := t.tx.g.load(ctx, t.kind, []string{id}); err != nil {
			return none, false, err
		}
		if v = t.tx.g.loaded[r]; v == nil {
			return none, false, nil
		}
	}
	_, clone := t.of(v.(T))
	return clone, true, nil
}

// Get returns a record. Code: unknown_thing.
func (t Table[T]) Get(ctx context.Context, id string) (T, error) {
	v, ok, err := t.Find(ctx, id)
	if err == nil && !ok {
		err = fault.New(fault.NotFound, fault.UnknownThing, "what", t.kind.String(), "id", fault.Clip(id))
	}
	return v, err
}

// Load fetches many records at once, so that Find and Get of them ask the store nothing.
func (t Table[T]) Load(ctx context.Context, ids ...string) error {
	list := make([]string, 0, len(ids))
	for _, id := range ids {
		if id != "" {
			list = append(list, id)
		}
	}
	return t.tx.g.load(ctx, t.kind, list)
}

// Put stages a record, new or changed.
func (t Table[T]) Put(v T) {
	id, clone := t.of(v)
	t.tx.top().put(Ref{t.kind, id}, clone)
}

// Company is whose books these are.
func (tx *Tx) Company() string { return tx.g.company }

// Setup is the company's settings.
func (tx *Tx) Setup() *Setup { return tx.setup }

// Now is one instant for the whole transaction, UTC, microseconds.
func (tx *Tx) Now() time.Time { return tx.g.now }

// Made names what the command makes, for the answer to a repeated idempotency key.
func (tx *Tx) Made(resource string) { tx.made = resource }

// Set stages a setting: a value of one of the setup kinds' types.
func (tx *Tx) Set(v any) {
	k := setupKind(v)
	tx.top().put(Ref{k, keyOf(k, v)}, v)
	tx.setup = tx.setup.with(v)
}

func setupKind(v any) Kind {
	switch v.(type) {
	case party.Company:
		return Companies
	case ledger.Account:
		return Accounts
	case ledger.Journal:
		return Journals
	case ledger.FiscalYear:
		return Years
	case billing.VATCode:
		return VATCodes
	case billing.PaymentMethod:
		return Methods
	case inbox.Connection:
		return Connections
	}
	panic("books: not a setting")
}

// Log stages one line of history about a record.
func (tx *Tx) Log(actor, action, ref, detail string) {
	l := tx.top()
	l.events = append(l.events, inbox.Event{ID: ids.New("evt"), At: tx.Now(), Actor: actor, Action: action, Ref: ref, Detail: detail})
}

func (tx *Tx) top() *layer { return tx.layers[len(tx.layers)-1] }

// staged finds a record that this command, or one before it in the group, has put.
func (tx *Tx) staged(r Ref) (any, bool) {
	for i := len(tx.layers) - 1; i >= 0; i-- {
		if v, ok := tx.layers[i].puts[r]; ok {
			return v, true
		}
	}
	return nil, false
}

// Try runs fn so that a refusal leaves nothing staged: one row of a batch may fail and the others go on.
func (tx *Tx) Try(fn func() error) error {
	setup, head := tx.setup, tx.head
	l := newLayer()
	tx.layers = append(tx.layers, &l)
	err := fn()
	tx.layers = tx.layers[:len(tx.layers)-1]
	if err != nil {
		tx.setup, tx.head = setup, head
		return err
	}
	tx.top().take(&l)
	return nil
}

// NumberDate is the first day from d on that keeps a series chronological. Code: no_fiscal_year.
func (tx *Tx) NumberDate(ctx context.Context, s billing.Series, d Date) (Date, error) {
	year, err := tx.setup.Chart.Year(d)
	if err != nil {
		return d, err
	}
	q, _, err := tx.sequences.Find(ctx, billing.SequenceID(s, year.ID))
	if err == nil && d.Before(q.Date) {
		d = q.Date
	}
	return d, err
}

// Number takes the next legal number of a series for a document dated d. Codes: no_fiscal_year, date_backwards.
func (tx *Tx) Number(ctx context.Context, s billing.Series, d Date) (string, error) {
	year, err := tx.setup.Chart.Year(d)
	if err != nil {
		return "", err
	}
	n, err := tx.next(ctx, billing.SequenceID(s, year.ID), d)
	return billing.FormatNumber(s, year.ID, n), err
}

// Count takes the next number of a counter that is not a document series.
func (tx *Tx) Count(ctx context.Context, name string) (int64, error) {
	return tx.next(ctx, name, Date{})
}

func (tx *Tx) next(ctx context.Context, id string, d Date) (int64, error) {
	q, _, err := tx.sequences.Find(ctx, id)
	if err != nil {
		return 0, err
	}
	q.ID = id
	n, err := q.Next(d)
	if err != nil {
		return 0, err
	}
	tx.sequences.Put(q)
	return n, nil
}

// Post checks a draft, numbers and chains it, and stages the entry. A draft whose source was posted before is refused:
// by this transaction at once, by the database at Save. Codes: those of ledger.NewEntry, duplicate_posting.
func (tx *Tx) Post(ctx context.Context, d ledger.Draft, by string) (ledger.Entry, error) {
	e, err := ledger.NewEntry(tx.setup.Chart, d)
	if err != nil {
		return e, err
	}
	for _, l := range tx.layers {
		if n, dup := l.sources[d.Source]; dup {
			return e, fault.New(fault.Conflict, fault.DuplicatePosting, "number", strconv.FormatInt(n, 10))
		}
	}
	n, err := tx.next(ctx, "entry/"+e.Year, Date{})
	if err != nil {
		return e, err
	}
	e, tx.head = ledger.Seal(e, tx.head, n, tx.Now(), by)
	tx.top().addEntry(e)
	return e, nil
}

// Entry returns a posted entry, also one staged a moment ago. Code: unknown_thing.
func (tx *Tx) Entry(ctx context.Context, seq int64) (ledger.Entry, error) {
	for _, l := range tx.layers {
		staged := l.entries
		if len(staged) > 0 && seq >= staged[0].Seq && seq <= staged[len(staged)-1].Seq {
			return staged[seq-staged[0].Seq], nil
		}
	}
	e, err := tx.g.s.Entry(ctx, seq)
	if err != nil && fault.KindOf(err) == fault.Internal {
		tx.g.broken = err
	}
	return e, err
}

// LoadLines fetches the posted lines of many documents at once, for Lines and Match.
func (tx *Tx) LoadLines(ctx context.Context, documents ...string) error {
	var missing []string
	for _, d := range documents {
		if _, ok := tx.g.stored[d]; !ok && d != "" {
			tx.g.stored[d] = nil
			missing = append(missing, d)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	found, err := tx.g.s.Lines(ctx, missing)
	if err != nil {
		tx.g.broken = err
		return err
	}
	for _, l := range found {
		tx.g.stored[l.Document] = append(tx.g.stored[l.Document], l)
	}
	return nil
}

// Lines returns the posted lines that carry a document's id, staged ones included, with the matching that holds each.
func (tx *Tx) Lines(ctx context.Context, document string) ([]MatchedLine, error) {
	if err := tx.LoadLines(ctx, document); err != nil {
		return nil, err
	}
	out := append([]MatchedLine(nil), tx.g.stored[document]...)
	for _, l := range tx.layers {
		out = append(out, l.lines[document]...)
	}
	for i := range out {
		ref := ledger.LineRef{Seq: out[i].Seq, N: out[i].N}
		for _, l := range tx.layers {
			if code, ok := l.codes[ref]; ok {
				out[i].Code = code
			}
		}
		for _, l := range tx.layers {
			if l.apart[out[i].Code] {
				out[i].Code = ""
			}
		}
	}
	return out, nil
}

// Match ties the open lines of a document on one account when they add up to zero, and says whether they did: a document
// that is not settled yet stays open, which is not an error. Lines of an older matching of the document are left alone.
func (tx *Tx) Match(ctx context.Context, document, account string) (bool, error) {
	lines, err := tx.Lines(ctx, document)
	if err != nil {
		return false, err
	}
	var open []ledger.OpenLine
	var sum int64
	for _, l := range lines {
		if l.Account == account && l.Code == "" {
			open = append(open, l.OpenLine)
			sum += l.Amount
		}
	}
	if sum != 0 || len(open) < 2 {
		return false, nil
	}
	n, err := tx.Count(ctx, "match")
	if err != nil {
		return false, err
	}
	m, err := ledger.NewMatching(n, tx.Now(), open)
	if err != nil {
		return false, err
	}
	tx.top().addMatching(m)
	return true, nil
}

// Unmatch takes apart every matching of a document's lines on an account: it is open again.
func (tx *Tx) Unmatch(ctx context.Context, document, account string) error {
	lines, err := tx.Lines(ctx, document)
	if err != nil {
		return err
	}
	seen := map[string]bool{"": true}
	for _, l := range lines {
		if l.Account == account && !seen[l.Code] {
			seen[l.Code] = true
			tx.top().dissolve(l.Code)
		}
	}
	return nil
}
