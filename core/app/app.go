// Package app holds the use cases: what accountants, sales clerks, payers, programs and the clock can ask of Acquit. One
// file each. ports.go, outside.go and views.go say what they need from the outside.
//
// A use case that writes is load, decide, write inside one books.Write; it calls gateways, mail and paper before or after,
// never inside. Every use case of a user takes the access.Actor first and asks its leave.
package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
)

// Deps is what the use cases need. All are required but Log, Now and Zone.
type Deps struct {
	Books     *books.Books
	Views     Views
	Directory Directory
	Gateways  Gateways
	Sealer    Sealer
	Mailer    Mailer
	Paper     Paper
	Letters   Letters
	Words     Words
	Passwords Passwords
	Formats   Formats
	// BaseURL is where customers and gateways reach this installation, without a slash at the end.
	BaseURL string
	Log     Log
	Now     func() time.Time
	// Zone decides which day "today" is, for dates of documents and entries. Default: Europe/Paris, else UTC.
	Zone *time.Location
}

// App is the use cases. It is safe for concurrent use.
type App struct {
	Deps
	nudge    nudges
	founding sync.Mutex // one first user
	tokens   tokenMemory
	codes    codeMemory
	versions versionMemory
	breakers breakers
	words    reasonMemory
}

// New wires the use cases.
func New(d Deps) *App {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = silent{}
	}
	if d.Zone == nil {
		d.Zone = time.UTC
		if paris, err := time.LoadLocation("Europe/Paris"); err == nil {
			d.Zone = paris
		}
	}
	return &App{Deps: d, nudge: newNudges(), breakers: breakers{now: d.Now, of: map[string]*breaker{}}}
}

// Words writes what people read, in a language ("fr", "en").
type Words interface {
	T(lang, key string, params ...string) string // params: name, value, name, value
	Money(lang string, m money.Money) string
	Number(lang string, decimal string) string // "1234.5" -> "1 234,5"
	Date(lang string, d civil.Date) string
	Fault(lang string, err error) string
}

// Letters makes the subject and the two parts of a mail.
type Letters interface {
	Write(l Letter) (subject, text, html string, err error)
}

// Letter is what a mail to a customer says, or to one of the company about a connection. Amounts and dates are formatted already; what is empty is left out.
type Letter struct {
	Kind     string // "invoice", "credit_note", "quote", "deposit_receipt", "reminder", "connection_lost"
	Lang     string
	Company  string
	Customer string
	Title    string // "Facture"
	Number   string
	Total    string
	Due      string // balance due, or the deposit asked for
	DueDate  string
	Paid     string // received, on a deposit receipt
	PayURL   string // empty: no button
	Intro    string // the company's own words
	Note     string
	Footer   string
	Screen   string // where it is dealt with, on a mail to one of the company
}

// Passwords hashes and checks passwords.
type Passwords interface {
	Hash(password string) (string, error)
	Check(password, hash string) bool
}

// Log is where the use cases say what went wrong behind the scenes. Values must hold no secret and no personal data.
type Log interface {
	Warn(msg string, err error, keyvals ...string)
	Info(msg string, keyvals ...string)
}

type silent struct{}

func (silent) Warn(string, error, ...string) {}
func (silent) Info(string, ...string)        {}

// Today is the civil date in the installation's zone.
func (a *App) Today() civil.Date { return civil.On(a.Now().In(a.Zone)) }

// day is the civil date of an instant in the installation's zone.
func (a *App) day(t time.Time) civil.Date { return civil.On(t.In(a.Zone)) }

// write is a Write by an actor who needs leave.
func (a *App) write(ctx context.Context, who access.Actor, what access.Action, fn func(context.Context, *books.Tx) error, need ...books.Ref) error {
	if err := who.May(what); err != nil {
		return err
	}
	return a.Books.Write(ctx, who.Company, fn, need...)
}

// Replayed says whether err is the answer to a repeated idempotency key, and what the first request made.
func Replayed(err error) (string, bool) {
	var r *books.Replay
	if errors.As(err, &r) {
		return r.Resource, true
	}
	return "", false
}

func notFound(what, id string) error {
	return fault.New(fault.NotFound, fault.UnknownThing, "what", what, "id", fault.Clip(id))
}

// stale refuses an edit of a version that is not the present one. 0 asks for no check. Code: stale.
func stale(asked, present int64, by string, at time.Time) error {
	if asked == 0 || asked == present {
		return nil
	}
	return fault.New(fault.Conflict, fault.Stale, "who", by, "when", at.Format(time.RFC3339))
}

// nudges wake background workers without waiting for their next turn.
type nudges struct{ mail, webhook, poll chan struct{} }

func newNudges() nudges {
	return nudges{make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}, 1)}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
