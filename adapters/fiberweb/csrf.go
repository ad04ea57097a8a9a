package fiberweb

import (
	"crypto/subtle"
	"net/url"

	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// Forms are protected twice. The browser says where a request comes from, and it must come from a page of ours; and the
// form carries a token that another site cannot read: the session's own for whoever is logged in, otherwise that of a
// cookie which a form's page has set. fiber's csrf middleware does the same work but writes the session on every page
// view, which would make each page wait for SQLite's one writer.

// csrfHeader carries the token for scripts that send no form.
const csrfHeader = "X-Csrf-Token"

func (s *Server) csrfCookie() string { return s.cookieName("acquit_form") }

// csrfToken is the token for the forms of this page.
func (c *Ctx) csrfToken() string {
	if c.session != nil {
		return c.session.token
	}
	if c.token == "" {
		if c.token = c.Cookies(c.s.csrfCookie()); c.token == "" {
			c.token = secret()
			c.setCookie(c.s.csrfCookie(), c.token, 0)
		}
	}
	return c.token
}

// checkCSRF refuses a form that no page of ours has sent. Code: form_expired.
func (c *Ctx) checkCSRF() error {
	expired := fault.New(fault.Forbidden, fault.FormExpired)
	if !c.fromHere() {
		return expired
	}
	want := c.Cookies(c.s.csrfCookie())
	if c.session != nil {
		want = c.session.token
	}
	got := c.Get(csrfHeader)
	if got == "" {
		got = c.FormValue(ui.CSRFField)
	}
	if want == "" || subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return expired
	}
	return nil
}

// fromHere says that the browser does not report another origin. Sec-Fetch-Site is exact where it is sent; Origin is
// compared with the host asked for and with the one we are known by, as a proxy may have changed the former. A client
// that sends neither is no browser of the last years, and the token still protects it.
func (c *Ctx) fromHere() bool {
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
	default:
		return false
	}
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && (u.Host == c.Hostname() || u.Host == c.s.base.Host)
}
