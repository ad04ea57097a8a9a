package apptest

import (
	"context"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
)

// Store puts views beside a store: it notes what is committed, and answers from its notes.
type Store struct {
	books.Store
	// BeforeCommit, when set, may make a commit fail after everything was written, as a lost connection does.
	BeforeCommit func(*books.Changes) error

	mu        sync.RWMutex
	companies map[string]*shelf
}

// shelf is one company's committed books.
type shelf struct {
	records  map[books.Ref]any
	entries  []ledger.Entry
	matches  []match
	events   []inbox.Event
	head     ledger.Head
	reversed map[int64]int64 // entry, to the one that reverses it
}

// match is one line in one matching, for as long as it lasted.
type match struct {
	ledger.LineRef
	code      string
	at, ended time.Time
}

// NewStore puts views beside a store that is still empty.
func NewStore(s books.Store) *Store {
	return &Store{Store: s, companies: map[string]*shelf{}}
}

// Begin implements books.Store.
func (s *Store) Begin(ctx context.Context, company string) (books.Session, error) {
	inner, err := s.Store.Begin(ctx, company)
	if err != nil {
		return nil, err
	}
	return &noting{Session: inner, store: s}, nil
}

// Create implements books.Store.
func (s *Store) Create(ctx context.Context, c *books.Changes) error {
	if err := s.Store.Create(ctx, c); err != nil {
		return err
	}
	s.note(c)
	return nil
}

// noting is a session whose changes are noted when it commits.
type noting struct {
	books.Session
	store *Store
	saved *books.Changes
}

// Save implements books.Session.
func (n *noting) Save(ctx context.Context, c *books.Changes) error {
	if err := n.Session.Save(ctx, c); err != nil {
		return err
	}
	n.saved = c
	return nil
}

// Commit implements books.Session. The notes are taken while the pen is still held, so they are in the order of the commits.
func (n *noting) Commit(ctx context.Context) error {
	if n.store.BeforeCommit != nil && n.saved != nil {
		if err := n.store.BeforeCommit(n.saved); err != nil {
			n.Rollback()
			return err
		}
	}
	if n.saved != nil {
		n.store.note(n.saved)
	}
	return n.Session.Commit(ctx)
}

func (s *Store) note(c *books.Changes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.companies[c.Company]
	if !ok {
		b = &shelf{records: map[books.Ref]any{}, reversed: map[int64]int64{}}
		s.companies[c.Company] = b
	}
	for _, p := range c.Puts {
		b.records[p.Ref] = p.Value
	}
	for _, e := range c.Entries {
		b.entries = append(b.entries, e)
		if e.Reverses != 0 {
			b.reversed[e.Reverses] = e.Seq
		}
	}
	for _, code := range c.Dissolved {
		for i := range b.matches {
			if b.matches[i].code == code && b.matches[i].ended.IsZero() {
				b.matches[i].ended = c.At
			}
		}
	}
	for _, m := range c.Matchings {
		for _, l := range m.Lines {
			b.matches = append(b.matches, match{l, m.Code, m.At, time.Time{}})
		}
	}
	b.events = append(b.events, c.Events...)
	b.head = c.State.Head
}

// names are the companies by id.
func (s *Store) names() map[string]string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[string]string{}
	for id, b := range s.companies {
		if c, ok := b.records[books.Ref{Kind: books.Companies, ID: id}].(party.Company); ok {
			out[id] = c.Name
		}
	}
	return out
}
