package accounting_test

import (
	"io"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/civil"
)

// logIn opens a page as the accountant.
func logIn(t *testing.T, host string) *browsertest.Page {
	t.Helper()
	p := browsertest.New(t)
	p.Open(host + "/login")
	p.Fill("#f-email", screentest.Address(access.Accountant))
	p.Fill("#f-password", screentest.Password)
	p.Leave(func() { p.Click("main button[type=submit]") })
	return p
}

// TestTheScreensInABrowser looks at each page with something on it: accessible, and fit to be seen on a desk and on a
// telephone.
func TestTheScreensInABrowser(t *testing.T) {
	s := newScene(t)
	s.invoice(1250)
	rent := s.rent(civil.Of(2026, 5, 2), 98_000)
	undone := s.rent(civil.Of(2026, 6, 1), 98_000)
	_, err := s.ReverseEntry(ctx, s.Owner, undone.Seq, civil.Date{}, "mauvais mois")
	apptest.OK(t, err)
	_, err = s.Export(ctx, s.Owner, app.ExportRequest{Format: "plain", Year: "2026"}, io.Discard)
	apptest.OK(t, err)
	s.rent(civil.Of(2026, 6, 2), 98_000)
	host := s.house.Serve(t)
	p := logIn(t, host)
	for _, page := range []struct{ name, path string }{
		{"journal", "/journal"}, {"journal-none", "/journal?q=nothing"}, {"entry", path(rent.Seq)}, {"entry-reversed", path(undone.Seq)}, {"reverse", path(rent.Seq) + "/reverse"}, {"manual", "/journal/new"},
		{"ledger", "/ledger"}, {"ledger-account", "/ledger?account=512100"}, {"ledger-unknown", "/ledger?account=999"}, {"balance", "/balance"}, {"balance-none", "/balance?from=2020-01-01&to=2020-12-31"},
		{"exports", "/exports"}, {"verify", "/verify"},
	} {
		p.Open(host + s.base + page.path)
		look(t, p, page.name)
	}
	p.Open(host + s.base + "/verify")
	p.Leave(func() { p.Press("Vérifier") })
	look(t, p, "verified")
}

func look(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	p.Accessible()
	p.Screenshot(name, 1280)
	p.Screenshot(name, 390)
	if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
		t.Errorf("%s is %d too wide", name, wide)
	}
}
