// Package books is the pen: the one way to write into a company's books.
//
// Write runs a function that reads records, decides, and puts records, entries and matchings into a Tx. Nothing touches
// the store while it decides: what it puts is staged in memory. So functions that wait for the same company are run one
// after the other inside one transaction, each seeing what those before it did, and everything is written by a few
// multi-row statements; each caller still gets its own answer. A function that refuses leaves no trace and the rest go
// on. Numbers and hashes are made in memory under the pen, which makes a gapless counter the fastest way to post
// instead of the slowest (performance.md, lever 1).
//
// The function may run more than once, must not call gateways, mail or PDF, must not keep the Tx, and must not start a
// Write of its own.
package books

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
)

const (
	// maxGroup bounds how many waiting commands share a transaction: enough that its fixed cost (about ten round trips and a
	// sync to disk) is spread thin, few enough that one statement stays below a few thousand rows.
	maxGroup = 256
	// maxTries bounds retries of a transaction that lost a race. With the pen taken first races are rare; ten tries with
	// jitter span some two seconds, longer than any group takes.
	maxTries = 10
)

// Books writes into the books of every company in a store.
type Books struct {
	store Store
	now   func() time.Time

	mu    sync.Mutex
	pens  map[string]*pen
	cache map[string]cachedSetup
}

type cachedSetup struct {
	version int64
	setup   *Setup
}

// New opens books over a store. now is the clock; nil: time.Now.
func New(store Store, now func() time.Time) *Books {
	if now == nil {
		now = time.Now
	}
	return &Books{store: store, now: now, pens: map[string]*pen{}, cache: map[string]cachedSetup{}}
}

// Replay is the error of a Write whose idempotency key was seen before with the same request: nothing was run, and
// Resource is what the first one made.
type Replay struct{ Resource string }

func (r *Replay) Error() string { return "books: already done: " + r.Resource }

type idempotency struct{ key, fingerprint string }

type idempotencyKey struct{}

// WithKey makes the next Write with this context happen once for the key, however often it is called. fingerprint tells
// two requests apart. Codes of that Write: key_reused when the key came with another request.
func WithKey(ctx context.Context, key, fingerprint string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, &idempotency{key, fingerprint})
}

// WithoutKey is for the second and later writes of one request.
func WithoutKey(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, (*idempotency)(nil))
}

// Write runs fn with the company's pen and commits what it put. need names records that fn is sure to read: they are
// fetched for all waiting commands at once. Errors of fn come back as they are; so do faults of the store. A *Replay
// comes back for an idempotency key used before.
func (b *Books) Write(ctx context.Context, company string, fn func(context.Context, *Tx) error, need ...Ref) error {
	c := &command{ctx: ctx, fn: fn, need: need, done: make(chan struct{})}
	if k, _ := ctx.Value(idempotencyKey{}).(*idempotency); k != nil {
		c.key = k
		c.need = append(append([]Ref(nil), need...), Ref{Keys, k.key})
	}
	b.enqueue(company, c)
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
	}
	if c.abandon() {
		return ctx.Err()
	}
	<-c.done // it is being written: the answer is near, and "unknown" would be worse
	return c.err
}

// Setup returns a company's current settings without taking the pen when they are at hand. Code: unknown_thing.
func (b *Books) Setup(ctx context.Context, company string) (*Setup, error) {
	v, err := b.store.SetupVersion(ctx, company)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	c, ok := b.cache[company]
	b.mu.Unlock()
	if ok && c.version >= v {
		return c.setup, nil
	}
	var s *Setup
	err = b.Write(WithoutKey(ctx), company, func(_ context.Context, tx *Tx) error {
		s = tx.Setup()
		return nil
	})
	return s, err
}

// Create founds a company: its settings are written at once or not at all. Code: already_exists.
func (b *Books) Create(ctx context.Context, company party.Company, settings ...any) error {
	c := &Changes{Company: company.ID, State: State{SetupVersion: 1, Head: ledger.Genesis(company.ID)}}
	for _, v := range append([]any{company}, settings...) {
		k := setupKind(v)
		c.Puts = append(c.Puts, Put{Ref: Ref{k, keyOf(k, v)}, Value: v, New: true})
	}
	return b.store.Create(ctx, c)
}

// command is one waiting Write.
type command struct {
	ctx  context.Context
	fn   func(context.Context, *Tx) error
	need []Ref
	key  *idempotency
	done chan struct{}
	err  error

	mu      sync.Mutex
	started bool
	gone    bool
}

func (c *command) abandon() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = !c.started
	return c.gone
}

func (c *command) start() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started = !c.gone
	return c.started
}

func (c *command) finish(err error) {
	c.err = err
	close(c.done)
}

// pen is the queue of one company. It lives while anybody waits.
type pen struct{ waiting []*command }

func (b *Books) enqueue(company string, c *command) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, running := b.pens[company]
	if !running {
		p = &pen{}
		b.pens[company] = p
		go b.run(company, p)
	}
	p.waiting = append(p.waiting, c)
}

func (b *Books) run(company string, p *pen) {
	for {
		b.mu.Lock()
		n := min(len(p.waiting), maxGroup)
		if n == 0 {
			delete(b.pens, company)
			b.mu.Unlock()
			return
		}
		group := p.waiting[:n:n]
		p.waiting = p.waiting[n:]
		b.mu.Unlock()
		live := group[:0]
		for _, c := range group {
			if c.start() {
				live = append(live, c)
			}
		}
		if len(live) > 0 {
			b.together(company, live)
		}
	}
}

// together runs a group in one transaction. When the transaction fails as a whole, each command gets one of its own, so
// that only the one to blame bears it.
func (b *Books) together(company string, group []*command) {
	errs, err := b.transact(company, group)
	if err == nil {
		for i, c := range group {
			c.finish(errs[i])
		}
		return
	}
	if len(group) > 1 {
		for _, c := range group {
			b.together(company, []*command{c})
		}
		return
	}
	for try := 1; errors.Is(err, ErrRetry) && try < maxTries; try++ {
		wait := time.NewTimer(time.Duration(1+rand.IntN(1<<min(try, 8))) * time.Millisecond)
		select {
		case <-wait.C:
		case <-group[0].ctx.Done():
			wait.Stop()
			group[0].finish(group[0].ctx.Err())
			return
		}
		if errs, err = b.transact(company, group); err == nil {
			group[0].finish(errs[0])
			return
		}
	}
	if errors.Is(err, ErrRetry) {
		err = fault.New(fault.Unavailable, fault.Busy)
	}
	group[0].finish(err)
}

// transact runs the group once. errs are the commands' own answers; err means that nothing was written at all.
func (b *Books) transact(company string, group []*command) (errs []error, err error) {
	// The transaction outlives any one caller's patience: others share it.
	ctx := context.WithoutCancel(group[0].ctx)
	s, err := b.store.Begin(ctx, company)
	if err != nil {
		return nil, err
	}
	defer s.Rollback()
	setup, err := b.setupFor(ctx, company, s)
	if err != nil {
		return nil, err
	}
	g := newGroup(company, s, setup, b.now().UTC().Truncate(time.Microsecond))
	if err := g.prefetch(ctx, group); err != nil {
		return nil, err
	}
	errs = make([]error, len(group))
	for i, c := range group {
		tx := g.begin()
		errs[i] = c.run(ctx, tx)
		switch {
		case errs[i] == nil:
			g.keep(tx)
		case g.broken != nil:
			return nil, g.broken
		}
	}
	changes := g.changes()
	if changes.Empty() {
		return errs, nil
	}
	if err := s.Save(ctx, changes); err != nil {
		return nil, err
	}
	if err := s.Commit(ctx); err != nil {
		return nil, err
	}
	b.remember(company, changes.State.SetupVersion, g.setup)
	return errs, nil
}

func (c *command) run(ctx context.Context, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("books: a command panicked: %v\n%s", p, debug.Stack())
		}
	}()
	if c.key == nil {
		return c.fn(ctx, tx)
	}
	k, seen, err := tx.keys.Find(ctx, c.key.key)
	switch {
	case err != nil:
		return err
	case seen && k.Fingerprint != c.key.fingerprint:
		return fault.New(fault.Conflict, fault.KeyReused)
	case seen:
		return &Replay{k.Resource}
	}
	if err := c.fn(ctx, tx); err != nil {
		return err
	}
	tx.keys.Put(IdempotencyKey{ID: c.key.key, Fingerprint: c.key.fingerprint, Resource: tx.made, At: tx.Now().UnixMicro()})
	return nil
}

func (b *Books) setupFor(ctx context.Context, company string, s Session) (*Setup, error) {
	version := s.State().SetupVersion
	b.mu.Lock()
	c, ok := b.cache[company]
	b.mu.Unlock()
	if ok && c.version == version {
		return c.setup, nil
	}
	setup, err := s.Setup(ctx)
	if err != nil {
		return nil, err
	}
	b.remember(company, version, setup)
	return setup, nil
}

func (b *Books) remember(company string, version int64, s *Setup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.cache[company]; !ok || c.version <= version {
		b.cache[company] = cachedSetup{version, s}
	}
}
