package main

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/adapters/fiberweb/paying"
	"github.com/acquit-app/acquit/adapters/fiberweb/payments"
	"github.com/acquit-app/acquit/adapters/fiberweb/sales"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
)

// web makes the server with every screen on it. setup is the path, with its code, where the first user is made, or "".
func (h *house) web(s *session, o fiberweb.Options) (web *fiberweb.Server, setup string, err error) {
	o.Auth = logins{h.app}
	o.Sessions = h.store.Sessions(s.now)
	web, err = fiberweb.New(o)
	if err != nil {
		return nil, "", err
	}
	paying.Mount(web, h.app)
	sales.Mount(web, h.app)
	payments.Mount(web, h.app)
	api.Mount(web.Raw(), api.Options{App: h.app, Version: o.Version, Log: o.Log, Now: s.now})
	return web, "", nil
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
