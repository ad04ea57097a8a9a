package main

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/accounting"
	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/adapters/fiberweb/home"
	"github.com/acquit-app/acquit/adapters/fiberweb/paying"
	"github.com/acquit-app/acquit/adapters/fiberweb/payments"
	"github.com/acquit-app/acquit/adapters/fiberweb/proofs"
	"github.com/acquit-app/acquit/adapters/fiberweb/sales"
	"github.com/acquit-app/acquit/adapters/fiberweb/settings"
	"github.com/acquit-app/acquit/adapters/fiberweb/setup"
	"github.com/acquit-app/acquit/adapters/mail"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
)

// apiPerMinute bounds what one API token may ask for: far above what an integration needs, low enough that a loop gone
// wrong leaves the screens fast.
const apiPerMinute = 3000

// web makes the server with every screen on it. first is the path, with its code, where the first user is made, or "" when
// somebody can log in already.
func (h *house) web(s *session, o fiberweb.Options) (web *fiberweb.Server, first string, err error) {
	o.Auth = logins{h.app}
	o.Sessions = h.store.Sessions(s.now)
	o.SetUp = setup.Where(h.app)
	o.Waiting = home.Waiting(h.app)
	o.Healthy = func(ctx context.Context) error {
		_, err := h.app.HasUsers(ctx)
		return err
	}
	if web, err = fiberweb.New(o); err != nil {
		return nil, "", err
	}
	some, err := h.app.HasUsers(s.ctx)
	if err != nil {
		return nil, "", err
	}
	code := setup.Code()
	if !some {
		first = setup.Path(code)
	}
	home.Mount(web, h.app, mailbox{h.outbox})
	sales.Mount(web, h.app)
	payments.Mount(web, h.app)
	proofs.Mount(web, h.app)
	accounting.Mount(web, h.app)
	settings.Mount(web, h.app)
	setup.Mount(web, h.app, code)
	paying.Mount(web, h.app)
	api.Mount(web.Raw(), api.Options{App: h.app, Version: o.Version, Log: o.Log, Now: s.now, PerMinute: apiPerMinute})
	return web, first, nil
}

// mailbox shows the messages of the outbox folder.
type mailbox struct{ box *mail.Outbox }

func (m mailbox) Read(company, id string) (app.Message, error) {
	l, err := m.box.Read(company, id)
	return l.Message, err
}

// logins lets the web side ask the use cases who somebody is.
type logins struct{ a *app.App }

func (l logins) Login(ctx context.Context, email, password string) (access.User, error) {
	return l.a.Login(ctx, email, password)
}

func (l logins) User(ctx context.Context, id string) (access.User, error) { return l.a.User(ctx, id) }

func (l logins) Companies(ctx context.Context, user string) ([]fiberweb.CompanyRef, error) {
	refs, err := l.a.CompaniesOf(ctx, user)
	out := make([]fiberweb.CompanyRef, len(refs))
	for i, r := range refs {
		out[i] = fiberweb.CompanyRef{ID: r.ID, Name: r.Name, Role: r.Role, Test: r.Test}
	}
	return out, err
}
