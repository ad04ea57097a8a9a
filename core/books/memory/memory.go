// Package memory keeps books in memory: for tests of what lies above, and as the plainest statement of what a store must
// do. It refuses what the databases refuse, with the same faults.
package memory

import (
	"context"
	"sync"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
)

// Store keeps the books of any number of companies. Make one with New.
type Store struct {
	mu        sync.Mutex
	companies map[string]*company
	hashes    map[string]string // of pay links, to their company: unique in the whole installation
}

// New makes an empty store.
func New() *Store {
	return &Store{companies: map[string]*company{}, hashes: map[string]string{}}
}

// company is one set of books. Who holds the pen reads and writes everything in it but committed, which has the
// store's lock.
type company struct {
	pen       chan struct{}
	committed books.State
	records   map[books.Ref]any
	unique    map[string]string // natural key of something unique, to the id that has it
	entries   []ledger.Entry
	lines     map[string][]ledger.OpenLine // by document
	held      map[ledger.LineRef]string    // by a live matching
	codes     map[string][]ledger.LineRef
}

// Create implements books.Store.
func (s *Store) Create(_ context.Context, c *books.Changes) error {
	s.mu.Lock()
	_, exists := s.companies[c.Company]
	s.mu.Unlock()
	if exists {
		return fault.New(fault.Conflict, fault.AlreadyExists, "what", books.Companies.String(), "id", c.Company)
	}
	b := &company{pen: make(chan struct{}, 1), committed: c.State, records: map[books.Ref]any{}, unique: map[string]string{},
		lines: map[string][]ledger.OpenLine{}, held: map[ledger.LineRef]string{}, codes: map[string][]ledger.LineRef{}}
	x := &session{store: s, id: c.Company, books: b, next: c.State}
	if err := x.save(c); err != nil {
		x.undoAll()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.companies[c.Company]; exists {
		return fault.New(fault.Conflict, fault.AlreadyExists, "what", books.Companies.String(), "id", c.Company)
	}
	s.companies[c.Company] = b
	return nil
}

// SetupVersion implements books.Store.
func (s *Store) SetupVersion(_ context.Context, id string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.companies[id]
	if !ok {
		return 0, unknown("company", id)
	}
	return b.committed.SetupVersion, nil
}

// Begin implements books.Store.
func (s *Store) Begin(ctx context.Context, id string) (books.Session, error) {
	s.mu.Lock()
	b, ok := s.companies[id]
	s.mu.Unlock()
	if !ok {
		return nil, unknown("company", id)
	}
	select {
	case b.pen <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &session{store: s, id: id, books: b, state: b.committed, next: b.committed, holding: true}, nil
}

func unknown(what, id string) error {
	return fault.New(fault.NotFound, fault.UnknownThing, "what", what, "id", fault.Clip(id))
}
