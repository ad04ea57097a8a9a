package books_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/bookstest"
	"github.com/acquit-app/acquit/core/books/memory"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

const company = bookstest.Company

var ctx = context.Background()

// racing loses so many races before it lets a transaction through, and counts what is asked of it.
type racing struct {
	books.Store
	mu     sync.Mutex
	losing int
	begun  int
	loads  map[books.Kind][]string
}

type racingSession struct {
	books.Session
	s *racing
}

func (s *racing) Begin(ctx context.Context, company string) (books.Session, error) {
	x, err := s.Store.Begin(ctx, company)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	return &racingSession{x, s}, nil
}

func (x *racingSession) Save(ctx context.Context, c *books.Changes) error {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.s.losing > 0 {
		x.s.losing--
		return fmt.Errorf("40001: %w", books.ErrRetry)
	}
	return x.Session.Save(ctx, c)
}

func (x *racingSession) Load(ctx context.Context, k books.Kind, ids []string) ([]any, error) {
	x.s.mu.Lock()
	x.s.loads[k] = append(x.s.loads[k], ids...)
	x.s.mu.Unlock()
	return x.Session.Load(ctx, k, ids)
}

func racingBooks(t *testing.T) (*racing, *books.Books) {
	t.Helper()
	s := &racing{Store: memory.New(), loads: map[books.Kind][]string{}}
	bookstest.Found(t, s)
	return s, books.New(s, bookstest.Clock())
}

func post(source string) func(context.Context, *books.Tx) error {
	return func(ctx context.Context, tx *books.Tx) error {
		_, err := tx.Post(ctx, bookstest.Sale(source, "inv_"+source, 100), "test")
		return err
	}
}

func TestLostRacesAreRunAgain(t *testing.T) {
	s, b := racingBooks(t)
	s.losing = 4
	runs := 0
	err := b.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		runs++
		return post("a")(ctx, tx)
	})
	if err != nil || runs != 5 || s.begun != 5 {
		t.Errorf("%d runs in %d transactions: %v", runs, s.begun, err)
	}
}

func TestRacesLostForEverAreBusy(t *testing.T) {
	s, b := racingBooks(t)
	s.losing = 1 << 20
	err := b.Write(ctx, company, post("a"))
	bookstest.Expect(t, err, fault.Busy)
	if fault.KindOf(err) != fault.Unavailable || s.begun != 10 {
		t.Errorf("%v after %d transactions", err, s.begun)
	}
}

func TestWhoLeavesWhileRacesAreLostIsNotWaitedFor(t *testing.T) {
	s, b := racingBooks(t)
	s.losing = 1 << 20
	leaving, leave := context.WithCancel(ctx)
	err := b.Write(leaving, company, func(ctx context.Context, tx *books.Tx) error {
		leave()
		return post("a")(ctx, tx)
	})
	if !errors.Is(err, context.Canceled) || s.begun != 1 {
		t.Errorf("%v after %d transactions", err, s.begun)
	}
}

// What commands say beforehand that they need is fetched for all of them at once, and each record once.
func TestNeededRecordsAreFetchedOnce(t *testing.T) {
	s, b := racingBooks(t)
	err := b.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		for range 3 {
			for _, id := range []string{"cus_1", "cus_2", ""} {
				if _, ok, err := tx.Customers.Find(ctx, id); ok || err != nil {
					return fmt.Errorf("%s: %v %w", id, ok, err)
				}
			}
		}
		_, err := tx.Customers.Get(ctx, "cus_1")
		bookstest.Expect(t, err, fault.UnknownThing)
		tx.Customers.Put(party.Customer{ID: "cus_2", Code: "C2"})
		if _, err := tx.Customers.Get(ctx, "cus_2"); err != nil {
			return err
		}
		return tx.Customers.Load(ctx, "cus_1", "cus_2", "cus_3", "")
	}, books.Ref{Kind: books.Customers, ID: "cus_1"}, books.Ref{Kind: books.Customers, ID: "cus_2"}, books.Ref{Kind: books.Customers})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.loads[books.Customers]; !slices.Equal(got, []string{"cus_1", "cus_2", "cus_3"}) {
		t.Errorf("loaded %v", got)
	}
}

// What is found is the caller's own: changing it changes nothing until it is put.
func TestFoundRecordsAreCopies(t *testing.T) {
	_, b := racingBooks(t)
	before := []byte{1, 2, 3}
	if err := b.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		l, _, err := tx.Links.Find(ctx, "inv_1")
		l.ID, l.Hash, l.Sealed = "inv_1", "h", before
		tx.Links.Put(l)
		before[0] = 9
		l, _, err2 := tx.Links.Find(ctx, "inv_1")
		l.Sealed[1] = 9
		return errors.Join(err, err2)
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		l, err := tx.Links.Get(ctx, "inv_1")
		if !slices.Equal(l.Sealed, []byte{1, 2, 3}) {
			t.Errorf("stored %v", l.Sealed)
		}
		l.Sealed[2] = 9
		l, err2 := tx.Links.Get(ctx, "inv_1")
		if !slices.Equal(l.Sealed, []byte{1, 2, 3}) {
			t.Errorf("found %v", l.Sealed)
		}
		return errors.Join(err, err2)
	}); err != nil {
		t.Fatal(err)
	}
}

// A command that only reads costs no write and no new version of anything.
func TestReadingWritesNothing(t *testing.T) {
	s, b := racingBooks(t)
	s.losing = 1 // would be lost by a Save
	if err := b.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		_, err := tx.Lines(ctx, "inv_1")
		return err
	}); err != nil {
		t.Error(err)
	}
	if s.losing != 1 {
		t.Error("something was saved")
	}
}

func TestSetupOfNoCompany(t *testing.T) {
	_, b := racingBooks(t)
	_, err := b.Setup(ctx, "co_none")
	bookstest.Expect(t, err, fault.UnknownThing)
	bookstest.Expect(t, b.Write(ctx, "co_none", post("a")), fault.UnknownThing)
}
