package memory

import (
	"context"
	"errors"
	"strconv"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// session writes in place and keeps how to take each change back.
type session struct {
	store   *Store
	id      string
	books   *company
	state   books.State
	next    books.State
	holding bool
	undo    []func()
}

var errDone = errors.New("memory: the transaction has ended")

// State implements books.Session.
func (x *session) State() books.State { return x.state }

// Setup implements books.Session.
func (x *session) Setup(context.Context) (*books.Setup, error) {
	var records []any
	for r, v := range x.books.records {
		if r.Kind.IsSetup() {
			records = append(records, v)
		}
	}
	return books.NewSetup(records), nil
}

// Load implements books.Session.
func (x *session) Load(_ context.Context, k books.Kind, ids []string) ([]any, error) {
	var out []any
	for _, id := range ids {
		if v, ok := x.books.records[books.Ref{Kind: k, ID: id}]; ok {
			out = append(out, v)
		}
	}
	return out, nil
}

// Lines implements books.Session.
func (x *session) Lines(_ context.Context, documents []string) ([]books.MatchedLine, error) {
	var out []books.MatchedLine
	for _, d := range documents {
		for _, l := range x.books.lines[d] {
			out = append(out, books.MatchedLine{OpenLine: l, Code: x.books.held[ledger.LineRef{Seq: l.Seq, N: l.N}]})
		}
	}
	return out, nil
}

// Standing implements books.Session.
func (x *session) Standing(_ context.Context, account string, cur money.Currency, since civil.Date) (books.Standing, error) {
	var s books.Standing
	for _, e := range x.books.entries {
		for _, l := range e.Lines {
			if l.Account != account || e.Date.Before(since) {
				continue
			}
			s.Book += l.Debit - l.Credit
			if l.Foreign.Currency() == cur {
				s.Foreign += l.Foreign.Minor()
			}
		}
	}
	return s, nil
}

// Entry implements books.Session.
func (x *session) Entry(_ context.Context, seq int64) (ledger.Entry, error) {
	if seq < 1 || seq > int64(len(x.books.entries)) {
		return ledger.Entry{}, unknown("entry", strconv.FormatInt(seq, 10))
	}
	return x.books.entries[seq-1], nil
}

// Save implements books.Session.
func (x *session) Save(_ context.Context, c *books.Changes) error {
	if !x.holding {
		return errDone
	}
	if err := x.save(c); err != nil {
		x.Rollback()
		return err
	}
	x.next = c.State
	return nil
}

// Commit implements books.Session.
func (x *session) Commit(context.Context) error {
	if !x.holding {
		return errDone
	}
	x.holding = false
	x.store.mu.Lock()
	x.books.committed = x.next
	x.store.mu.Unlock()
	<-x.books.pen
	return nil
}

// Rollback implements books.Session.
func (x *session) Rollback() {
	if !x.holding {
		return
	}
	x.holding = false
	x.undoAll()
	<-x.books.pen
}

func (x *session) undoAll() {
	for i := len(x.undo) - 1; i >= 0; i-- {
		x.undo[i]()
	}
	x.undo = nil
}
