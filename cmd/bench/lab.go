package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/bunstore/pgtest"
	"github.com/acquit-app/acquit/adapters/export"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/mail"
	"github.com/acquit-app/acquit/adapters/mail/template"
	"github.com/acquit-app/acquit/adapters/passwords"
	"github.com/acquit-app/acquit/adapters/pdf"
	"github.com/acquit-app/acquit/adapters/seal"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

const (
	sqlite   = "sqlite"
	postgres = "postgres"
)

// lab is one engine with a company on it, wired as the program is but for the gateway, which answers at once.
type lab struct {
	ctx    context.Context //nolint:containedctx // it lives as long as the run
	o      *options
	engine string
	out    *table

	dir    string         // of files, also of the database on SQLite
	pg     *pgtest.Server // nil on SQLite
	target string         // what the store opens
	store  *bunstore.Store
	app    *app.App
	till   *till
	who    access.Actor
	conn   inbox.Connection
	method string // of payment, online
	people []party.Customer
	web    *webServer
}

// customers is how many a lab has: enough that no two neighbours are the same.
const customers = 100

func openLab(ctx context.Context, o *options, engine string, out *table) (_ *lab, err error) {
	l := &lab{ctx: ctx, o: o, engine: engine, out: out, till: &till{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if l.dir, err = os.MkdirTemp(o.Dir, "acquit-bench-"); err != nil {
		return nil, err
	}
	switch engine {
	case sqlite:
		l.target = filepath.Join(l.dir, "acquit.db")
	case postgres:
		if l.pg, err = pgtest.Start(ctx, pgtest.Options{Durable: true, Dir: o.Dir}); err != nil {
			return nil, err
		}
		if l.target, _, err = l.pg.CreateDatabase(ctx); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("there is no engine %q", engine)
	}
	if l.store, err = bunstore.Open(ctx, l.target); err != nil {
		return nil, err
	}
	if l.app, err = newApp(l.store, l.till, l.dir); err != nil {
		return nil, err
	}
	return l, l.found()
}

// newApp wires the use cases as the program does.
func newApp(store *bunstore.Store, gateways app.Gateways, dir string) (*app.App, error) {
	keys, err := seal.Open(filepath.Join(dir, "secret.key"))
	if err != nil {
		return nil, err
	}
	return app.New(app.Deps{
		Books: books.New(store, nil), Views: store, Directory: store, Gateways: gateways, Sealer: keys,
		Mailer: mail.New(mail.NewOutbox(filepath.Join(dir, "outbox")), mail.Options{}), Paper: new(pdf.Press), Letters: template.Letters{},
		Words: i18n.Words{}, Passwords: passwords.Argon2{}, Formats: export.Formats{}, BaseURL: "http://127.0.0.1:1",
	}), nil
}

// found makes the company, its customers and its gateway.
func (l *lab) found() error {
	u, err := l.app.FirstUser(l.ctx, app.NewUser{Email: "claire@example.com", Name: "Claire", Password: "correct horse battery", Language: "fr"})
	if err != nil {
		return err
	}
	c, err := l.app.CreateCompany(l.ctx, app.NewCompany{Company: party.Company{Name: "Atelier Mesure", LegalForm: "SARL", SIREN: "732829320",
		VATNumber: "FR44732829320", Email: "compta@example.com", Currency: money.EUR, Locale: "fr", TestBooks: true,
		Address: party.Address{Street: "2 quai des Tests", PostalCode: "69002", City: "Lyon", Country: "FR"}, Mail: party.MailServer{Kind: "outbox"}}}, u)
	if err != nil {
		return err
	}
	if l.who, err = l.app.As(l.ctx, u, c.ID); err != nil {
		return err
	}
	setup, err := l.app.Setup(l.ctx, l.who)
	if err != nil {
		return err
	}
	for id, m := range setup.Methods {
		if m.Online {
			l.method = id
		}
	}
	if l.conn, err = l.app.Connect(l.ctx, l.who, tillName, nil); err != nil {
		return err
	}
	if l.conn, err = l.app.SwitchOn(l.ctx, l.who, l.conn.ID); err != nil {
		return err
	}
	l.people = make([]party.Customer, customers)
	return each(customers, 16, func(i int) (err error) {
		l.people[i], err = l.app.CreateCustomer(l.ctx, l.who, party.Customer{Name: fmt.Sprintf("%s %d", streets[i%len(streets)], i), Kind: party.Business,
			Email: party.Email(fmt.Sprintf("client%d@example.com", i)), Language: "fr", Active: true, MethodID: l.method,
			Address: party.Address{Street: "1 rue du Port", PostalCode: "69001", City: "Lyon", Country: "FR"}})
		return err
	})
}

var streets = []string{"Boulangerie du Pont", "Menuiserie Morel", "Garage de l'Est", "Café des Arts", "Librairie Nadar", "Ferme des Trois Chênes", "Imprimerie Gutenberg"}

// Close ends what openLab began and removes its files.
func (l *lab) Close() error {
	var errs []error
	if l.web != nil {
		errs = append(errs, l.web.close())
	}
	if l.store != nil {
		errs = append(errs, l.store.Close())
	}
	if l.pg != nil {
		errs = append(errs, l.pg.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}

// webServer is the program's own server on a loopback socket.
type webServer struct {
	addr   string
	secret string // of a token that may post
	stop   context.CancelFunc
	ended  chan error
}

// serve starts the server and makes a token for it.
func (l *lab) serve() error {
	if l.web != nil {
		return nil
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	w := &webServer{addr: ln.Addr().String(), ended: make(chan error, 1)}
	server, err := fiberweb.New(fiberweb.Options{Auth: nobody{}, Sessions: l.store.Sessions(nil), BaseURL: "http://" + w.addr, Grace: time.Second})
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	api.Mount(server.Raw(), api.Options{App: l.app})
	if w.secret, _, err = l.app.CreateToken(l.ctx, l.who, "bench", access.Accountant); err != nil {
		return errors.Join(err, ln.Close())
	}
	ctx, stop := context.WithCancel(l.ctx)
	w.stop = stop
	go func() { w.ended <- server.Serve(ctx, ln) }()
	l.web = w
	return nil
}

func (w *webServer) close() error {
	w.stop()
	return <-w.ended
}

// nobody logs in: programs use tokens.
type nobody struct{}

var errNobody = errors.New("bench: no log-in here")

func (nobody) Login(context.Context, string, string) (access.User, error) {
	return access.User{}, errNobody
}
func (nobody) User(context.Context, string) (access.User, error) { return access.User{}, errNobody }
func (nobody) Companies(context.Context, string) ([]fiberweb.CompanyRef, error) {
	return nil, errNobody
}
