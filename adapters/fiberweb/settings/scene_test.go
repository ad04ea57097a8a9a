package settings_test

import (
	"context"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/adapters/fiberweb/settings"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

var ctx = context.Background()

// scene is an installation in memory with the screens on it: real use cases and a real pen, a play gateway behind them.
type scene struct {
	*apptest.World
	t     *testing.T
	house *screentest.House
	base  string // of the company's pages
}

func newScene(t *testing.T) *scene {
	t.Helper()
	w := apptest.New(t)
	s := &scene{World: w, t: t, base: "/c/" + w.Company.ID}
	s.house = screentest.New(t, w.Company.ID, w.Company.Name, func(o *fiberweb.Options) { o.Now = w.Clock.Now })
	settings.Mount(s.house.Server, w.App)
	return s
}

// client is a person with a role, whose paths are those of the company.
type client struct {
	*screentest.Client
	base string
}

func (s *scene) as(r access.Role) client { return client{s.house.As(s.t, r), s.base} }

func (c client) get(path string) screentest.Answer { return c.Get(c.base + path) }

// send opens a page and sends a form of it to an address.
func (c client) send(page, to string, fields ...string) screentest.Answer {
	return c.Send(c.base+page, c.base+to, fields...)
}

// connect connects an account at the play gateway and leaves it off.
func (s *scene) connect() inbox.Connection {
	s.t.Helper()
	c, err := s.Connect(ctx, s.Owner, apptest.PlayGateway, map[string]string{"key": "test_acme_1"})
	apptest.OK(s.t, err)
	return c
}

// method finds a payment method of the default ones by its code.
func (s *scene) method(code string) string {
	s.t.Helper()
	for id, m := range s.Settings(s.t).Methods {
		if m.Code == code {
			return id
		}
	}
	s.t.Fatalf("no payment method %s", code)
	return ""
}

// distrusted makes a gateway known whose program is not pinned.
func (s *scene) distrusted() {
	s.Gateways.Know(app.GatewayStatus{Name: "strange", Path: "/opt/acquit/acquit-gateway-strange", Checksum: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Info: gateway.Info{Name: "strange", Label: "Strange Pay"}, Problem: "gateway_untrusted", Detail: "9f86d081…"})
}
