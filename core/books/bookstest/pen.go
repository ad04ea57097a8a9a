package bookstest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
)

// queued tells when a Write with this context has queued up: then it asks for the first time whether its caller left.
type queued struct {
	context.Context
	once sync.Once
	in   chan struct{}
}

func newQueued(parent context.Context) *queued {
	return &queued{Context: parent, in: make(chan struct{})}
}

// Done implements context.Context.
func (q *queued) Done() <-chan struct{} {
	q.once.Do(func() { close(q.in) })
	return q.Context.Done()
}

type command = func(context.Context, *books.Tx) error

// asGroup runs commands in one transaction: they queue up in this order behind a first one, which lets go of the pen when
// all wait. It returns each one's answer.
func asGroup(t *testing.T, b *books.Books, commands ...command) []error {
	t.Helper()
	contexts := make([]context.Context, len(commands))
	for i := range contexts {
		contexts[i] = ctx
	}
	return asGroupWith(t, b, contexts, nil, commands...)
}

// asGroupWith is asGroup with a context for each command; between runs when all are queued.
func asGroupWith(t *testing.T, b *books.Books, contexts []context.Context, between func(), commands ...command) []error {
	t.Helper()
	holding, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		var once sync.Once
		first <- b.Write(ctx, Company, func(context.Context, *books.Tx) error {
			once.Do(func() { close(holding) })
			<-release
			return nil
		})
	}()
	<-holding
	errs := make([]error, len(commands))
	var wg sync.WaitGroup
	for i, c := range commands {
		q := newQueued(contexts[i])
		wg.Go(func() { errs[i] = b.Write(q, Company, c) })
		<-q.in
	}
	if between != nil {
		between()
	}
	close(release)
	must(t, <-first)
	wg.Wait()
	return errs
}

func post(source string) command {
	return func(ctx context.Context, tx *books.Tx) error {
		_, err := tx.Post(ctx, Sale(source, "inv_"+source, 100), "test")
		return err
	}
}

// counting counts transactions and commits.
type counting struct {
	books.Store
	mu      sync.Mutex
	begun   int
	failing int // so many commits to come fail
}

var errDisk = errors.New("disk full")

type countingSession struct {
	books.Session
	s *counting
}

func (s *counting) Begin(ctx context.Context, company string) (books.Session, error) {
	x, err := s.Store.Begin(ctx, company)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	return &countingSession{x, s}, nil
}

func (x *countingSession) Commit(ctx context.Context) error {
	x.s.mu.Lock()
	fail := x.s.failing > 0
	if fail {
		x.s.failing--
	}
	x.s.mu.Unlock()
	if fail {
		return errDisk
	}
	return x.Session.Commit(ctx)
}

func testGroup(t *testing.T, store books.Store) {
	Found(t, store)
	counted := &counting{Store: store}
	b := books.New(counted, Clock())
	refused := errors.New("no")
	errs := asGroup(t, b,
		post("a"),
		func(ctx context.Context, tx *books.Tx) error {
			tx.Customers.Put(party.Customer{ID: "cus_trace"})
			tx.Log("test", "trace", "cus_trace", "")
			if err := post("trace")(ctx, tx); err != nil {
				return err
			}
			if _, err := tx.Number(ctx, billing.InvoiceSeries, civil.Of(2026, 12, 31)); err != nil {
				return err
			}
			return refused
		},
		post("b"),
		func(ctx context.Context, tx *books.Tx) error {
			_, err := tx.Post(ctx, ledger.Draft{}, "test")
			return err
		},
		func(ctx context.Context, tx *books.Tx) error {
			number, err := tx.Number(ctx, billing.InvoiceSeries, civil.Of(2026, 1, 1))
			if number != "FA2026-00001" {
				t.Errorf("number %s", number)
			}
			return err
		},
	)
	if errs[0] != nil || !errors.Is(errs[1], refused) || errs[2] != nil || !fault.Has(errs[3], fault.UnknownJournal) || errs[4] != nil {
		t.Errorf("answers: %v", errs)
	}
	if counted.begun != 2 {
		t.Errorf("%d transactions, want the first and one for the group", counted.begun)
	}
	if load(t, store, Company, books.Customers, "cus_trace") != nil {
		t.Error("a refused command left a trace")
	}
	verify(t, store, Company, 2)
}

func testGroupSees(t *testing.T, store books.Store) {
	b := Found(t, store)
	errs := asGroup(t, b,
		func(_ context.Context, tx *books.Tx) error {
			tx.Customers.Put(party.Customer{ID: "cus_1", Name: "Un"})
			tx.Set(ledger.Account{Code: "708500", Label: "Ports", Active: true})
			return nil
		},
		func(ctx context.Context, tx *books.Tx) error {
			c, err := tx.Customers.Get(ctx, "cus_1")
			if err != nil {
				return err
			}
			c.Name = "Deux"
			tx.Customers.Put(c)
			d := Sale("x", "inv_x", 100)
			d.Lines[1].Account = "708500"
			_, err = tx.Post(ctx, d, "test")
			return err
		},
		post("x"),
		func(ctx context.Context, tx *books.Tx) error {
			if _, err := tx.Post(ctx, Payment("y", "inv_x", 100, 1), "test"); err != nil {
				return err
			}
			ok, err := tx.Match(ctx, "inv_x", "411000")
			if !ok {
				t.Error("the line posted a moment ago is not matched")
			}
			return err
		},
	)
	if errs[0] != nil || errs[1] != nil || !fault.Has(errs[2], fault.DuplicatePosting) || errs[3] != nil {
		t.Errorf("answers: %v", errs)
	}
	if c, ok := load(t, store, Company, books.Customers, "cus_1").(party.Customer); !ok || c.Name != "Deux" {
		t.Errorf("customer %+v", c)
	}
	if v, err := store.SetupVersion(ctx, Company); v != 2 || err != nil {
		t.Errorf("settings version %d, %v", v, err)
	}
	verify(t, store, Company, 2)
}

func testTry(t *testing.T, store books.Store) {
	b := Found(t, store)
	refused := errors.New("no")
	row := func(ctx context.Context, tx *books.Tx, id string, err error) error {
		return tx.Try(func() error {
			c, _, find := tx.Customers.Find(ctx, "cus_count")
			if find != nil {
				return find
			}
			c.ID, c.Version = "cus_count", c.Version+1
			tx.Customers.Put(c)
			tx.Set(ledger.Account{Code: "7" + id, Label: id, Active: true})
			tx.Log("test", "row", "cus_count", id)
			if _, err := tx.Count(ctx, "rows"); err != nil {
				return err
			}
			if _, err := tx.Post(ctx, Sale("sale"+id, "inv_"+id, 100), "test"); err != nil {
				return err
			}
			if _, err := tx.Post(ctx, Payment("pay"+id, "inv_"+id, 100, 1), "test"); err != nil {
				return err
			}
			if ok, match := tx.Match(ctx, "inv_"+id, "411000"); match != nil || !ok {
				return fmt.Errorf("not matched: %v", match)
			}
			return err
		})
	}
	must(t, b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
		for i, want := range []error{nil, refused, nil, refused, nil} {
			if err := row(ctx, tx, fmt.Sprintf("0%d", i), want); !errors.Is(err, want) {
				return fmt.Errorf("row %d: %w", i, err)
			}
		}
		// A try inside a try that is refused is gone as well.
		return errors.Join(tx.Try(func() error {
			return errors.Join(row(ctx, tx, "05", nil), tx.Try(func() error { return row(ctx, tx, "06", nil) }))
		}), expectErr(tx.Try(func() error { return errors.Join(row(ctx, tx, "07", nil), refused) }), refused))
	}))
	if c, _ := load(t, store, Company, books.Customers, "cus_count").(party.Customer); c.Version != 5 {
		t.Errorf("%d rows counted, want 5", c.Version)
	}
	s, err := b.Setup(ctx, Company)
	must(t, err)
	for i, kept := range []bool{true, false, true, false, true, true, true, false} {
		if _, ok := s.Chart.Accounts[fmt.Sprintf("70%d", i)]; ok != kept {
			t.Errorf("row %d is kept: %v", i, ok)
		}
	}
	if q, _ := load(t, store, Company, books.Sequences, "rows").(billing.Sequence); q.Last != 5 {
		t.Errorf("counted to %d, want 5", q.Last)
	}
	verify(t, store, Company, 10)
}

func expectErr(err, want error) error {
	if !errors.Is(err, want) {
		return fmt.Errorf("want %w, got %w", want, err)
	}
	return nil
}

func testKeys(t *testing.T, store books.Store) {
	b := Found(t, store)
	runs := 0
	once := func(ctx context.Context, tx *books.Tx) error {
		runs++
		tx.Made("inv_1")
		return post(fmt.Sprintf("s%d", runs))(ctx, tx)
	}
	with := func(key, fingerprint string) context.Context { return books.WithKey(ctx, key, fingerprint) }
	replayed := func(err error) {
		t.Helper()
		var r *books.Replay
		if !errors.As(err, &r) || r.Resource != "inv_1" {
			t.Errorf("want a replay of inv_1, got %v", err)
		}
	}
	must(t, b.Write(with("k1", "f"), Company, once))
	replayed(b.Write(with("k1", "f"), Company, once))
	replayed(books.New(store, Clock()).Write(with("k1", "f"), Company, once))
	Expect(t, b.Write(with("k1", "g"), Company, once), fault.KeyReused)
	must(t, b.Write(books.WithoutKey(with("k1", "g")), Company, post("other")))
	// Refused is not done: the key is free.
	refused := errors.New("no")
	if err := b.Write(with("k2", "f"), Company, func(context.Context, *books.Tx) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("answer %v", err)
	}
	must(t, b.Write(with("k2", "g"), Company, once))
	// Both of a pair in one group.
	errs := asGroupWith(t, b, []context.Context{with("k3", "f"), with("k3", "f"), with("k3", "g")}, nil, once, once, once)
	must(t, errs[0])
	replayed(errs[1])
	Expect(t, errs[2], fault.KeyReused)
	if runs != 3 {
		t.Errorf("ran %d times, want 3", runs)
	}
	verify(t, store, Company, 4)
}

func testPanic(t *testing.T, store books.Store) {
	b := Found(t, store)
	errs := asGroup(t, b, post("a"), func(ctx context.Context, tx *books.Tx) error {
		if err := post("lost")(ctx, tx); err != nil {
			return err
		}
		panic("a bug")
	}, post("b"))
	if errs[0] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), "a bug") || errs[2] != nil {
		t.Errorf("answers: %v", errs)
	}
	verify(t, store, Company, 2)
}

func testCancelled(t *testing.T, store books.Store) {
	b := Found(t, store)
	leaving, leave := context.WithCancel(ctx)
	left := make(chan struct{})
	var before, after error
	ran := false
	errs := asGroupWith(t, b, []context.Context{ctx, ctx}, func() {
		q := newQueued(leaving)
		go func() {
			defer close(left)
			before = b.Write(q, Company, func(context.Context, *books.Tx) error { ran = true; return nil })
		}()
		<-q.in
		leave()
		<-left
	}, post("a"), post("b"))
	must(t, errors.Join(errs...))
	if !errors.Is(before, context.Canceled) || ran {
		t.Errorf("who left got %v; the command ran: %v", before, ran)
	}
	// Who leaves while it is written gets the true answer.
	leaving, leave = context.WithCancel(ctx)
	after = b.Write(leaving, Company, func(ctx context.Context, tx *books.Tx) error {
		leave()
		return post("c")(ctx, tx)
	})
	must(t, after)
	verify(t, store, Company, 3)
}

func testCommitFails(t *testing.T, store books.Store) {
	Found(t, store)
	failing := &counting{Store: store}
	b := books.New(failing, Clock())
	refused := errors.New("no")
	errs := asGroupWith(t, b, []context.Context{ctx, ctx, ctx}, func() {
		failing.mu.Lock()
		failing.failing = 2 // the group's commit, and that of its first command alone; the command in front writes nothing
		failing.mu.Unlock()
	}, post("a"), func(context.Context, *books.Tx) error { return refused }, post("b"))
	if !errors.Is(errs[0], errDisk) || !errors.Is(errs[1], refused) || errs[2] != nil {
		t.Errorf("answers: %v", errs)
	}
	verify(t, store, Company, 1)
	must(t, b.Write(ctx, Company, post("a")))
	// A rule of the database hits only who broke it.
	must(t, write(t, store, Company, func(c *books.Changes) {
		c.Puts = []books.Put{put(books.Customers, "cus_1", party.Customer{ID: "cus_1", Code: "TAKEN"}, true)}
	}))
	errs = asGroup(t, b, post("c"), func(_ context.Context, tx *books.Tx) error {
		tx.Customers.Put(party.Customer{ID: "cus_2", Code: "TAKEN"})
		return nil
	}, post("d"))
	if errs[0] != nil || !fault.Has(errs[1], fault.AlreadyExists) || errs[2] != nil {
		t.Errorf("answers: %v", errs)
	}
	verify(t, store, Company, 4)
}

// storm lets goroutines number, post, match and fail at once, each through one of the programs, and checks that nothing
// is lost, doubled or skipped.
func storm(t *testing.T, store books.Store, programs ...*books.Books) {
	const workers, rounds = 32, 12
	refused := errors.New("no")
	var mu sync.Mutex
	numbers := map[string]bool{}
	var wg sync.WaitGroup
	for w := range workers {
		b := programs[w%len(programs)]
		wg.Go(func() {
			for i := range rounds {
				source := fmt.Sprintf("%d-%d", w, i)
				number := ""
				err := b.Write(ctx, Company, func(ctx context.Context, tx *books.Tx) error {
					var err error
					if number, err = tx.Number(ctx, billing.InvoiceSeries, civil.Of(2026, 3, 1)); err != nil {
						return err
					}
					if err := post(source)(ctx, tx); err != nil {
						return err
					}
					if i%3 == 2 {
						return refused // after taking numbers
					}
					if _, err := tx.Post(ctx, Payment("p"+source, "inv_"+source, 100, 2), "test"); err != nil {
						return err
					}
					if ok, err := tx.Match(ctx, "inv_"+source, "411000"); err != nil || !ok {
						return fmt.Errorf("not matched: %w", err)
					}
					count, err := tx.Customers.Get(ctx, "cus_count")
					if err != nil {
						return err
					}
					count.Version++
					tx.Customers.Put(count)
					tx.Log("test", "posted", "inv_"+source, number)
					return nil
				}, books.Ref{Kind: books.Customers, ID: "cus_count"})
				if i%3 == 2 {
					if !errors.Is(err, refused) {
						t.Errorf("%s: %v", source, err)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", source, err)
					continue
				}
				mu.Lock()
				if numbers[number] {
					t.Errorf("number %s was given twice", number)
				}
				numbers[number] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	done := workers * rounds * 2 / 3
	for n := range done {
		if number := billing.FormatNumber(billing.InvoiceSeries, "2026", int64(n+1)); !numbers[number] {
			t.Errorf("number %s is missing", number)
		}
	}
	if c, _ := load(t, store, Company, books.Customers, "cus_count").(party.Customer); c.Version != int64(done) {
		t.Errorf("%d updates of one record, want %d", c.Version, done)
	}
	verify(t, store, Company, int64(2*done))
}

func testNumbers(t *testing.T, store books.Store) {
	b := Found(t, store)
	must(t, write(t, store, Company, func(c *books.Changes) {
		c.Puts = []books.Put{put(books.Customers, "cus_count", party.Customer{ID: "cus_count"}, true)}
	}))
	storm(t, store, b)
}

func testTwoPrograms(t *testing.T, store books.Store) {
	b := Found(t, store)
	must(t, write(t, store, Company, func(c *books.Changes) {
		c.Puts = []books.Put{put(books.Customers, "cus_count", party.Customer{ID: "cus_count"}, true)}
	}))
	storm(t, store, b, books.New(store, Clock()), books.New(store, Clock()))
}

func testSetupElsewhere(t *testing.T, store books.Store) {
	here := Found(t, store)
	elsewhere := books.New(store, Clock())
	label := func(b *books.Books) string {
		t.Helper()
		s, err := b.Setup(ctx, Company)
		must(t, err)
		return s.Chart.Accounts["706000"].Label
	}
	if label(here) != "Prestations" || label(elsewhere) != "Prestations" {
		t.Fatal("the settings are not those founded")
	}
	must(t, elsewhere.Write(ctx, Company, func(_ context.Context, tx *books.Tx) error {
		tx.Set(ledger.Account{Code: "706000", Label: "Services", Active: false})
		return nil
	}))
	Expect(t, here.Write(ctx, Company, post("a")), fault.InactiveAccount)
	if got := label(here); got != "Services" {
		t.Errorf("label %s", got)
	}
	if got := label(elsewhere); got != "Services" {
		t.Errorf("label %s", got)
	}
}
