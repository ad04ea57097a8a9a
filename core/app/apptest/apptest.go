// Package apptest is an installation in memory for tests of use cases: the use cases and the pen are real, everything
// outside is a double that behaves like the thing it stands for and can be told to fail.
//
//	w := apptest.New(t)
//	c := w.NewCustomer(t, "jean@exemple.fr")
//	gw := w.NewConnection(t)                 // a gateway that is connected and on
//	... w.Provider(gw).Pay(session) ...
//
// Doubles of what must not be touched while books are written (gateways, mail, paper, views) panic when they are called
// from inside a Write.
package apptest

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/memory"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

// Epoch is when a World begins: a Tuesday in the middle of a fiscal year, at noon in Paris.
var Epoch = time.Date(2026, 6, 16, 10, 0, 0, 0, time.UTC)

// World is an installation with one company in demonstration books.
type World struct {
	*app.App
	Store     *Store
	Directory *Directory
	Gateways  *Gateways
	Mailer    *Mailer
	Paper     *Paper
	Clock     *Clock
	Log       *Log
	Company   party.Company
	Owner     access.Actor
	User      access.User
}

// Password is that of every user of a World.
const Password = "correct horse battery"

// New makes a World: a company in demonstration books that can issue documents, whose mail goes to an outbox, and its owner.
func New(t testing.TB) *World {
	t.Helper()
	return NewWith(t, party.Company{TestBooks: true})
}

// NewWith makes a World whose company has these settings; what a document needs is filled in when it is missing.
func NewWith(t testing.TB, c party.Company) *World {
	t.Helper()
	w := &World{Store: NewStore(memory.New()), Directory: NewDirectory(), Gateways: NewGateways(), Mailer: &Mailer{}, Paper: &Paper{}, Clock: NewClock(Epoch), Log: &Log{t: t}}
	w.Directory.companies = w.Store.names
	w.App = app.New(app.Deps{
		Books: books.New(w.Store, w.Clock.Now), Views: w.Store, Directory: w.Directory, Gateways: w.Gateways, Sealer: Sealer{}, Mailer: w.Mailer,
		Paper: w.Paper, Letters: Letters{}, Words: Words{}, Passwords: Passwords{}, Formats: Formats{}, BaseURL: "https://acquit.test", Log: w.Log, Now: w.Clock.Now,
	})
	ctx := context.Background()
	var err error
	if w.User, err = w.FirstUser(ctx, app.NewUser{Email: "owner@acquit.test", Name: "Odile Owner", Password: Password, Language: "fr"}); err != nil {
		t.Fatal(err)
	}
	fill := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	fill(&c.Name, "Atelier Martin")
	fill(&c.LegalForm, "SARL")
	fill(&c.SIREN, "732829320")
	fill(&c.RegisterAt, "RCS Lyon")
	if c.VATRegime != party.VATExempt {
		fill(&c.VATNumber, "FR44732829320")
	}
	fill(&c.Email, "contact@atelier-martin.test")
	fill(&c.Address.Street, "1 rue des Lilas")
	fill(&c.Address.PostalCode, "69001")
	fill(&c.Address.City, "Lyon")
	fill(&c.Mail.Kind, "outbox")
	if w.Company, err = w.CreateCompany(ctx, app.NewCompany{Company: c}, w.User); err != nil {
		t.Fatal(err)
	}
	w.Owner = w.Actor(access.Owner)
	w.Owner.ID, w.Owner.Name = w.User.ID, w.User.Name
	return w
}

// Actor is somebody with a role in the company.
func (w *World) Actor(r access.Role) access.Actor {
	return access.Actor{ID: "usr_" + string(r), Name: strings.ToUpper(string(r[:1])) + string(r[1:]), Company: w.Company.ID, Role: r}
}

// NewCustomer adds a business customer; no e-mail is allowed.
func (w *World) NewCustomer(t testing.TB, email string) party.Customer {
	t.Helper()
	c, err := w.CreateCustomer(context.Background(), w.Owner, party.Customer{Name: "Dupont SA", Email: party.Email(email),
		Address: party.Address{Street: "2 place Bellecour", PostalCode: "69002", City: "Lyon", Country: "FR"}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// NewConnection connects an account at the play gateway, in test mode, and switches it on. Each call opens another account.
func (w *World) NewConnection(t testing.TB) inbox.Connection {
	t.Helper()
	ctx := context.Background()
	c, err := w.Connect(ctx, w.Owner, PlayGateway, map[string]string{"key": "test_" + w.Gateways.freshAccount() + "_1"})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = w.SwitchOn(ctx, w.Owner, c.ID); err != nil {
		t.Fatal(err)
	}
	return c
}

// Provider is the account behind a connection, to be played with.
func (w *World) Provider(c inbox.Connection) *Provider { return w.Gateways.Provider(c.AccountID) }

// Settings are the company's present settings.
func (w *World) Settings(t testing.TB) *books.Setup {
	t.Helper()
	s, err := w.Books.Setup(context.Background(), w.Company.ID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Clock is a clock that only moves when it is told to.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock makes a clock that shows at.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Set puts the clock to a time.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// outside panics when it is called, however deep, by a function that writes into books: it may run more than once, and
// everybody who waits for the pen would wait for what it calls.
func outside(what string) {
	var pcs [128]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "/core/books.(*command).run") {
			panic("apptest: " + what + " inside a Write")
		}
		if !more {
			return
		}
	}
}

// Refused checks that err is a refusal with a code and, when one is given, on a field.
func Refused(t testing.TB, err error, code fault.Code, field ...string) {
	t.Helper()
	for _, e := range fault.All(err) {
		if e.Code == code && (len(field) == 0 || e.Field == field[0]) {
			return
		}
	}
	t.Errorf("got %v, want the refusal %s %s", err, code, strings.Join(field, " "))
}

// OK fails the test when there is an error.
func OK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewCompany founds another company in the same installation and returns its owner.
func (w *World) NewCompany(t testing.TB) access.Actor {
	t.Helper()
	c, err := w.CreateCompany(context.Background(), app.NewCompany{Company: party.Company{Name: "Deuxième SARL", TestBooks: true}}, w.User)
	if err != nil {
		t.Fatal(err)
	}
	who := w.Owner
	who.Company = c.ID
	return who
}
