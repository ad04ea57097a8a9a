package settings_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/screentest"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
)

func picture(t *testing.T) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 160, 48))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	for x := range 48 {
		for y := range 48 {
			img.Set(x, y, color.NRGBA{R: 12, G: 120, B: uint8(60 + 2*x), A: 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTheScreensInABrowser looks at each page with something on it: accessible, and fit to be seen on a desk and on a
// telephone.
func TestTheScreensInABrowser(t *testing.T) {
	s := newScene(t)
	s.distrusted()
	conn := s.connect()
	apptest.OK(t, s.SetLogo(ctx, s.Owner, picture(t)))
	_, err := s.AddYear(ctx, s.Owner, ledger.FiscalYear{Start: civil.Of(2025, 1, 1), End: civil.Of(2025, 12, 31)})
	apptest.OK(t, err)
	apptest.OK(t, s.ClosePeriod(ctx, s.Owner, civil.Of(2026, 3, 31)))
	_, _, err = s.CreateToken(ctx, s.Owner, "Boutique en ligne", access.Sales)
	apptest.OK(t, err)
	busy := s.troubled()
	host := s.house.Serve(t)
	p := browsertest.New(t)
	p.Open(host + "/login")
	p.Fill("#f-email", screentest.Address(access.Owner))
	p.Fill("#f-password", screentest.Password)
	p.Leave(func() { p.Click("main button[type=submit]") })
	for _, page := range []struct{ name, path string }{
		{"company", "/settings/company"}, {"billing", "/settings/company/billing"}, {"rules", "/settings/company/rules"}, {"logo", "/settings/company/logo"},
		{"years", "/settings/company/years"}, {"year-new", "/settings/company/years/new"}, {"period", "/settings/company/period"}, {"year-close", "/settings/company/years/2025/close"},
		{"accounts", "/settings/chart?q=clients"}, {"account", "/settings/chart/accounts/706000"}, {"account-new", "/settings/chart/accounts/new"},
		{"journals", "/settings/chart/journals"}, {"journal", "/settings/chart/journals/VE"}, {"vat", "/settings/chart/vat"}, {"vat-code", "/settings/chart/vat/S20S"}, {"vat-new", "/settings/chart/vat/new"},
		{"methods", "/settings/methods"}, {"method", "/settings/methods/" + s.method("VIR")},
		{"gateways", "/settings/gateways"}, {"connect", "/settings/gateways/new/play"}, {"connection", "/settings/gateways/" + conn.ID},
		{"connection-troubled", "/settings/gateways/" + busy.ID},
		{"keys", "/settings/gateways/" + conn.ID + "/settings"}, {"disconnect", "/settings/gateways/" + conn.ID + "/disconnect"},
		{"mail", "/settings/mail"}, {"users", "/settings/users"}, {"user-new", "/settings/users/new"}, {"user", "/settings/users/" + s.User.ID},
		{"tokens", "/settings/tokens"}, {"token-new", "/settings/tokens/new"},
	} {
		p.Open(host + s.base + page.path)
		p.Accessible()
		p.Screenshot(page.name, 1280)
		p.Screenshot(page.name, 390)
		if wide := browsertest.Eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
			t.Errorf("%s is %d too wide", page.name, wide)
		}
	}
}
