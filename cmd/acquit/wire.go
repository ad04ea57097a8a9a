package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/acquit-app/acquit/adapters/bunstore"
	"github.com/acquit-app/acquit/adapters/export"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/logmask"
	"github.com/acquit-app/acquit/adapters/mail"
	"github.com/acquit-app/acquit/adapters/mail/template"
	"github.com/acquit-app/acquit/adapters/passwords"
	"github.com/acquit-app/acquit/adapters/pdf"
	"github.com/acquit-app/acquit/adapters/pluginhost"
	"github.com/acquit-app/acquit/adapters/seal"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/rs/zerolog"
)

// house is the whole program, wired.
type house struct {
	app    *app.App
	books  *books.Books
	store  *bunstore.Store
	host   *pluginhost.Host
	outbox *mail.Outbox
	keys   *seal.Keys
}

// build opens everything a command needs. bundled pins the gateways that lie beside this program, for demonstrations.
func (s *session) build(baseURL string, bundled bool) (_ *house, err error) {
	return s.buildAt(baseURL, bundled, s.now)
}

// buildAt is build with another clock for the books.
func (s *session) buildAt(baseURL string, bundled bool, clock func() time.Time) (_ *house, err error) {
	if err := os.MkdirAll(s.g.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	h := &house{}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if h.keys, err = seal.Open(s.g.keyFile()); err != nil {
		return nil, err
	}
	if h.store, err = bunstore.Open(s.ctx, s.g.database()); err != nil {
		return nil, err
	}
	conf, err := s.hostConfig(bundled)
	if err != nil {
		return nil, err
	}
	if h.host, err = pluginhost.New(conf); err != nil {
		return nil, err
	}
	h.outbox = mail.NewOutbox(filepath.Join(s.g.Data, "outbox"))
	h.books = books.New(h.store, clock)
	h.app = app.New(app.Deps{
		Books: h.books, Views: h.store, Directory: h.store, Gateways: h.host, Sealer: h.keys, Mailer: mail.New(h.outbox, mail.Options{Now: s.now}),
		Paper: new(pdf.Press), Letters: template.Letters{}, Words: i18n.Words{}, Passwords: passwords.Argon2{}, Formats: export.Formats{},
		BaseURL: baseURL, Log: logbook{s.log}, Now: s.now,
	})
	return h, nil
}

func (s *session) hostConfig(bundled bool) (pluginhost.Config, error) {
	beside, err := pluginhost.Beside()
	if err != nil {
		return pluginhost.Config{}, err
	}
	c := pluginhost.Config{Dirs: []string{beside}, Lock: s.g.lockFile(), Private: filepath.Join(s.g.Data, "gateways"), Log: s.log}
	if s.g.Gateways != "" {
		c.Dirs = append([]string{s.g.Gateways}, c.Dirs...)
	}
	if bundled {
		c.Bundled = beside
	}
	return c, nil
}

// Close ends what build opened.
func (h *house) Close() error {
	var errs []error
	if h.host != nil {
		errs = append(errs, h.host.Close())
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}

// logbook lets the use cases write into the program's log.
type logbook struct{ log zerolog.Logger }

func (l logbook) Warn(msg string, err error, keyvals ...string) {
	if err != nil {
		keyvals = append([]string{zerolog.ErrorFieldName, logmask.Error(err)}, keyvals...)
	}
	fields(l.log.Warn(), keyvals).Msg(msg)
}

func (l logbook) Info(msg string, keyvals ...string) { fields(l.log.Info(), keyvals).Msg(msg) }

func fields(e *zerolog.Event, keyvals []string) *zerolog.Event {
	for i := 0; i+1 < len(keyvals); i += 2 {
		e = e.Str(keyvals[i], keyvals[i+1])
	}
	return e
}

// company finds the company that a command is about: by id or name, or the only one there is.
func (h *house) company(ctx context.Context, want string) (app.CompanyRef, error) {
	all, err := h.app.Views.Companies(ctx)
	if err != nil {
		return app.CompanyRef{}, err
	}
	if want == "" && len(all) == 1 {
		return all[0], nil
	}
	var names []string
	for _, c := range all {
		if c.ID == want || c.Name == want {
			return c, nil
		}
		names = append(names, fmt.Sprintf("%s (%s)", c.ID, c.Name))
	}
	if len(names) == 0 {
		return app.CompanyRef{}, errors.New("there is no company yet: run \"acquit serve\" and set one up, or \"acquit demo\"")
	}
	return app.CompanyRef{}, fmt.Errorf("which company? Give --company one of: %v", names)
}
