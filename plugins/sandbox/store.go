package sandbox

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// store is the state in memory, kept equal to the journal: every change is written before it is seen.
type store struct {
	now     func() time.Time
	lock    *os.File
	journal *journal

	mu         sync.RWMutex
	last       time.Time // of the newest record; time never runs backwards in the journal
	identity   identity
	accounts   map[string]*Account
	sessions   map[string]*Session
	movements  map[string]*Movement
	related    map[string][]string // movements that follow from one, by its id
	events     map[string]*Event
	deliveries map[string]*Delivery
	uses       map[string]use
	changes    int64
	numbers    int64 // of deliveries
	books      map[string]*book
}

// book is what belongs to one account, in order. Objects in the maps are replaced, never changed, so that a reader may
// keep what it found.
type book struct {
	log      []change // every change of a movement, oldest first
	sessions []string
	events   []string
	balance  map[money.Currency]int64
	waiting  map[string]bool // deliveries under way
	made     []string        // deliveries, oldest first
}

// change says that a movement got its present form, or a former one, at a place of the list.
type change struct {
	number   int64
	movement string
	at       time.Time
}

// openStore locks the folder and replays its journal. One process at a time has a folder.
func openStore(dir string, now func() time.Time) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	s := &store{
		now: now, lock: lock,
		accounts: map[string]*Account{}, sessions: map[string]*Session{}, movements: map[string]*Movement{}, related: map[string][]string{}, events: map[string]*Event{},
		deliveries: map[string]*Delivery{}, uses: map[string]use{}, books: map[string]*book{},
	}
	s.journal, err = openJournal(filepath.Join(dir, "journal"), func(r record) error { s.apply(r); return nil })
	if err == nil && s.identity.ID == "" {
		err = s.write(func(t *tx) error {
			secret := make([]byte, 32)
			if _, err := rand.Read(secret); err != nil {
				return err
			}
			t.rec.Identity = &identity{ID: token(10), Secret: secret}
			return nil
		})
	}
	if err != nil {
		_ = s.close()
		return nil, err
	}
	return s, nil
}

func (s *store) close() error {
	var err error
	if s.journal != nil {
		err = s.journal.close()
	}
	if e := s.lock.Close(); err == nil {
		err = e
	}
	return err
}

// write runs f alone, writes what it put, and returns when that is on disk. When f fails nothing has happened.
func (s *store) write(f func(t *tx) error) error {
	s.mu.Lock()
	t := &tx{s: s, at: s.now().UTC().Truncate(time.Microsecond), movements: map[string]*Movement{}, sessions: map[string]*Session{}, changes: s.changes, numbers: s.numbers}
	if t.at.Before(s.last) {
		t.at = s.last
	}
	end, err := t.commit(f)
	s.mu.Unlock()
	if err != nil || end == 0 {
		return err
	}
	return s.journal.sync(end)
}

// read runs f while nothing changes.
func (s *store) read(f func()) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	f()
}

// apply brings a record into memory.
func (s *store) apply(r record) {
	s.last = r.At
	if r.Identity != nil {
		s.identity = *r.Identity
	}
	for _, a := range r.Accounts {
		s.accounts[a.ID] = a
		s.book(a.ID)
	}
	for _, v := range r.Sessions {
		if s.sessions[v.ID] == nil {
			b := s.book(v.Account)
			b.sessions = append(b.sessions, v.ID)
		}
		s.sessions[v.ID] = v
	}
	for _, m := range r.Movements {
		b := s.book(m.Account)
		if old := s.movements[m.ID]; old != nil {
			b.balance[m.Gross.Currency()] -= old.effect().Minor()
		} else if m.Related != "" {
			s.related[m.Related] = append(s.related[m.Related], m.ID)
		}
		b.balance[m.Gross.Currency()] += m.effect().Minor()
		b.log = append(b.log, change{m.Change, m.ID, r.At})
		s.movements[m.ID] = m
		s.changes = m.Change
	}
	for _, e := range r.Events {
		b := s.book(e.Account)
		b.events = append(b.events, e.ID)
		s.events[e.ID] = e
	}
	for _, d := range r.Deliveries {
		b := s.book(d.Account)
		if s.deliveries[d.ID] == nil {
			b.made = append(b.made, d.ID)
		}
		s.deliveries[d.ID] = d
		if d.State == waiting {
			b.waiting[d.ID] = true
		} else {
			delete(b.waiting, d.ID)
		}
		s.numbers = max(s.numbers, d.Number)
	}
	for _, u := range r.Uses {
		s.uses[u.Key] = u
	}
}

func (s *store) book(account string) *book {
	b := s.books[account]
	if b == nil {
		b = &book{balance: map[money.Currency]int64{}, waiting: map[string]bool{}}
		s.books[account] = b
	}
	return b
}

// list returns the present form of what changed after a place of an account's list, in order; a movement that changed
// again later is left for its later place.
func (s *store) list(account string, after int64, since time.Time, limit int) (found []*Movement, next int64, caughtUp bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.books[account]
	next = after
	if b == nil {
		return nil, next, true
	}
	i := sort.Search(len(b.log), func(i int) bool { return b.log[i].number > after && !b.log[i].at.Before(since) })
	for ; i < len(b.log); i++ {
		m := s.movements[b.log[i].movement]
		if m.Change == b.log[i].number {
			if len(found) == limit {
				return found, next, false
			}
			found = append(found, m)
		}
		next = b.log[i].number
	}
	return found, next, true
}

// tx collects what one change puts. Objects that it hands out are copies.
type tx struct {
	s         *store
	at        time.Time
	rec       record
	movements map[string]*Movement // put so far
	sessions  map[string]*Session  // put so far
	changes   int64
	numbers   int64
}

func (t *tx) commit(f func(t *tx) error) (end int64, err error) {
	if err := f(t); err != nil {
		return 0, err
	}
	if t.rec.empty() {
		return 0, nil
	}
	t.rec.At = t.at
	end, err = t.s.journal.append(t.rec)
	if err != nil {
		return 0, err
	}
	t.s.apply(t.rec)
	return end, nil
}

func (r *record) empty() bool {
	return r.Identity == nil && len(r.Accounts)+len(r.Sessions)+len(r.Movements)+len(r.Events)+len(r.Deliveries)+len(r.Uses) == 0
}

// session returns a copy of an account's session; any account's when account is empty.
func (t *tx) session(account, id string) (*Session, error) {
	v := t.sessions[id]
	if v == nil {
		v = t.s.sessions[id]
	}
	if v == nil || account != "" && v.Account != account {
		return nil, notFound("no such session")
	}
	c := *v
	c.Payments = append([]string(nil), v.Payments...)
	return &c, nil
}

// movement returns a copy of an account's movement.
func (t *tx) movement(account, id string) (*Movement, error) {
	m := t.movements[id]
	if m == nil {
		m = t.s.movements[id]
	}
	if m == nil || m.Account != account {
		return nil, notFound("no such movement")
	}
	c := *m
	return &c, nil
}

func (t *tx) putSession(v *Session) {
	c := *v
	t.sessions[v.ID] = &c
	t.rec.Sessions = append(t.rec.Sessions, &c)
}

// putMovement writes a movement's new form and gives it the next place in the list.
func (t *tx) putMovement(m *Movement) {
	t.changes++
	m.Change, m.UpdatedAt = t.changes, t.at
	c := *m
	t.movements[m.ID] = &c
	t.rec.Movements = append(t.rec.Movements, &c)
}

// tell writes an event about sessions and movements, and its deliveries to every endpoint of the account.
func (t *tx) tell(account, kind, how string, sessions []string, payments ...string) {
	e := &Event{ID: "evt_" + token(15), Account: account, Type: kind, At: t.at, Sessions: sessions, Payments: payments}
	t.rec.Events = append(t.rec.Events, e)
	times := 1
	switch how {
	case WebhookNever:
		times = 0
	case WebhookTwice:
		times = 2
	}
	t.deliver(e, times)
}

func (t *tx) deliver(e *Event, times int) {
	a := t.s.accounts[e.Account]
	if a == nil {
		return
	}
	for ; times > 0; times-- {
		for _, to := range a.Endpoints {
			if to.On && to.URL != "" {
				t.numbers++
				t.rec.Deliveries = append(t.rec.Deliveries, &Delivery{
					ID: fmt.Sprintf("dlv_%s_%d", e.ID, t.numbers), Number: t.numbers, Account: e.Account, Connection: to.Connection, Event: e.ID, State: waiting,
				})
			}
		}
	}
}

// backwards turns the order of this change's deliveries around.
func (t *tx) backwards() {
	d := t.rec.Deliveries
	for i, j := 0, len(d)-1; i < j; i, j = i+1, j-1 {
		d[i].Number, d[j].Number = d[j].Number, d[i].Number
	}
}

var lower32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// token is n random bytes as letters and digits.
func token(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err) // the operating system's random source is gone
	}
	return lower32.EncodeToString(b)
}

func notFound(detail string) error {
	return gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "not_found", detail)
}

func refuse(code, format string, a ...any) error {
	return gateway.Fail(gateway.ErrPermanent, gateway.NotDone, code, fmt.Sprintf(format, a...))
}

// clean makes a text of the caller's fit for one line.
func clean(s string, most int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
