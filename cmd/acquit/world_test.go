package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/bunstore/pgtest"
	"github.com/acquit-app/acquit/adapters/export"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/mail"
	"github.com/acquit-app/acquit/adapters/mail/template"
	"github.com/acquit-app/acquit/adapters/passwords"
	"github.com/acquit-app/acquit/adapters/pdf"
	"github.com/acquit-app/acquit/adapters/seal"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// engines runs a test on each database that the product supports.
func engines(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "acquit.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.New(t)) })
}

// world is a company on a real store with the sandbox gateway in process, and everything a test needs to play the people.
type world struct {
	t         testing.TB
	ctx       context.Context
	clock     *clock
	store     *bunstore.Store
	app       *app.App
	gateways  app.Gateways
	sandbox   *sandbox.Sandbox // nil where another gateway is played
	provider  *sandbox.Provider
	outbox    *mail.Outbox
	who       access.Actor
	conn      inbox.Connection
	account   string // at the sandbox
	customers []party.Customer
	online    string // payment method ids
	transfer  string
	keys      *seal.Keys
}

// clock is a time that moves when told, and a little at each look, as real ones do. A real one is the machine's: programs
// of their own share it, and it cannot be told.
type clock struct {
	real bool
	mu   sync.Mutex
	now  time.Time
}

func (c *clock) Now() time.Time {
	if c.real {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d) // of no effect on a real one
}

// inProcess serves a gateway without a process of its own.
type inProcess struct{ s gateway.Driver }

func (g inProcess) Known(ctx context.Context) ([]app.GatewayStatus, error) {
	info, err := g.s.Describe(ctx)
	return []app.GatewayStatus{{Name: info.Name, Info: info, Trusted: true, Running: true}}, err
}

func (g inProcess) Open(ctx context.Context, _ string, c gateway.Connection) (gateway.Gateway, error) {
	return g.s.Open(ctx, c)
}

func newWorld(t testing.TB, database string) *world {
	t.Helper()
	w := emptyWorld(t, database, &clock{now: monday})
	w.sandbox = sandbox.New(sandbox.Options{Dir: t.TempDir(), Now: w.clock.Now})
	t.Cleanup(func() { _ = w.sandbox.Close() })
	var err error
	if w.provider, err = w.sandbox.Provider(); err != nil {
		t.Fatal(err)
	}
	w.gateways = inProcess{w.sandbox}
	w.restart()
	w.found("sandbox", w.sandboxSettings())
	return w
}

// monday is when these worlds begin.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// emptyWorld is a store and what stands around it; gateways, the program and the company are still to come.
func emptyWorld(t testing.TB, database string, c *clock) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), clock: c}
	var err error
	if w.store, err = bunstore.Open(w.ctx, database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	if w.keys, err = seal.Open(filepath.Join(t.TempDir(), "secret.key")); err != nil {
		t.Fatal(err)
	}
	w.outbox = mail.NewOutbox(filepath.Join(t.TempDir(), "outbox"))
	return w
}

// restart forgets everything that lives in memory, as a crash does.
func (w *world) restart() { w.app = w.another() }

// another is a second program on the same database.
func (w *world) another() *app.App {
	return app.New(app.Deps{
		Books: books.New(w.store, w.clock.Now), Views: w.store, Directory: w.store, Gateways: w.gateways, Sealer: w.keys,
		Mailer: mail.New(w.outbox, mail.Options{Now: w.clock.Now}), Paper: new(pdf.Press), Letters: template.Letters{}, Words: i18n.Words{},
		Passwords: passwords.Argon2{}, Formats: export.Formats{}, BaseURL: "http://127.0.0.1:1", Now: w.clock.Now,
	})
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// found makes the company, its people and its connection to a gateway.
func (w *world) found(gateway string, settings map[string]string) {
	w.t.Helper()
	u, err := w.app.FirstUser(w.ctx, app.NewUser{Email: "claire@example.com", Name: "Claire", Password: "correct horse battery", Language: "fr"})
	w.must(err)
	c, err := w.app.CreateCompany(w.ctx, app.NewCompany{Company: testCompany()}, u)
	w.must(err)
	w.who, err = w.app.As(w.ctx, u, c.ID)
	w.must(err)
	w.connected(gateway, settings)
}

// connected connects the company to a gateway and makes its customers.
func (w *world) connected(gateway string, settings map[string]string) {
	w.t.Helper()
	setup, err := w.app.Setup(w.ctx, w.who)
	w.must(err)
	for id, m := range setup.Methods {
		switch {
		case m.Online && w.online == "":
			w.online = id
		case m.Code == "VIR":
			w.transfer = id
		}
	}
	w.conn, err = w.app.Connect(w.ctx, w.who, gateway, settings)
	w.must(err)
	w.conn, err = w.app.SwitchOn(w.ctx, w.who, w.conn.ID)
	w.must(err)
	w.account = w.conn.AccountID
	for i := range 4 {
		k, err := w.app.CreateCustomer(w.ctx, w.who, party.Customer{Name: fmt.Sprintf("Client %d", i+1), Kind: party.Business, Email: party.Email(fmt.Sprintf("client%d@example.com", i+1)),
			Language: "fr", Active: true, Address: party.Address{Street: "1 rue du Port", PostalCode: "69001", City: "Lyon", Country: "FR"}, MethodID: w.online})
		w.must(err)
		w.customers = append(w.customers, k)
	}
}

// sandboxSettings fills the form that the sandbox declares, as its defaults suggest.
func (w *world) sandboxSettings() map[string]string {
	info, err := w.sandbox.Describe(w.ctx)
	w.must(err)
	out := map[string]string{}
	for _, s := range info.Settings {
		if s.Required {
			out[s.Name] = "Atelier Test"
		}
		if s.Default != "" {
			out[s.Name] = s.Default
		}
	}
	return out
}

func testCompany() party.Company {
	return party.Company{Name: "Atelier Test", LegalForm: "SARL", SIREN: "732829320", VATNumber: "FR44732829320", Email: "compta@example.com",
		Address:  party.Address{Street: "2 quai des Tests", PostalCode: "69002", City: "Lyon", Country: "FR"},
		Currency: money.EUR, Locale: "fr", VATRegime: party.VATOnReceipts, DepositScheme: party.DepositGross, TermsDays: 30, QuoteValidity: 30,
		TestBooks: true, Mail: party.MailServer{Kind: "outbox"}}
}

// token is the secret part of a document's pay link.
func (w *world) token(document string) string {
	w.t.Helper()
	url, err := w.app.PayURL(w.ctx, w.who, document)
	w.must(err)
	return url[strings.LastIndexByte(url, '/')+1:]
}

// sessionOf is the sandbox's pay page behind an address that StartPayment gave.
func sessionOf(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }
