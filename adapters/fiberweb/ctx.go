package fiberweb

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// Ctx is one request: fiber's context, and who asks, in which company and language.
type Ctx struct {
	*fiber.Ctx
	s         *Server
	std       context.Context
	loc       *i18n.Localizer
	session   *visit
	user      *access.User
	companies []CompanyRef
	company   *CompanyRef
	token     string // of this request's forms, once one was asked for
	policy    policy
}

type ctxKey struct{}

// open makes the Ctx of a request, or returns the one it has.
func (s *Server) open(f *fiber.Ctx) (*Ctx, error) {
	if c, ok := f.Locals(ctxKey{}).(*Ctx); ok {
		return c, nil
	}
	c := &Ctx{Ctx: f, s: s, std: f.UserContext()}
	c.loc = c.speak("")
	f.Locals(ctxKey{}, c)
	if err := c.recognise(); err != nil {
		return nil, err
	}
	if c.user != nil {
		c.loc = c.speak(i18n.Lang(c.user.Language))
	}
	return c, nil
}

// Context is the context to call use cases with.
func (c *Ctx) Context() context.Context { return c.std }

// Actor is who acts on the company of this page; the zero Actor, who may do nothing, outside of a company.
func (c *Ctx) Actor() access.Actor {
	if c.user == nil || c.company == nil {
		return access.Actor{}
	}
	return access.Actor{ID: c.user.ID, Name: c.user.Name, Company: c.company.ID, Role: c.company.Role}
}

// User is who is logged in; nil for a visitor.
func (c *Ctx) User() *access.User { return c.user }

// Company is the id of this page's company.
func (c *Ctx) Company() string {
	if c.company == nil {
		return ""
	}
	return c.company.ID
}

// Loc is the language to answer in.
func (c *Ctx) Loc() *i18n.Localizer { return c.loc }

// T is a text of the catalogues in the visitor's language.
func (c *Ctx) T(key string, params ...string) string { return c.loc.T(key, params...) }

// enter makes a company the one of this request. One the user is not a member of does not exist. Code: unknown_thing.
func (c *Ctx) enter(id string) error {
	i := slices.IndexFunc(c.companies, func(r CompanyRef) bool { return r.ID == id })
	if i < 0 {
		return fault.New(fault.NotFound, fault.UnknownThing, "what", "company", "id", fault.Clip(id))
	}
	c.company = &c.companies[i]
	return nil
}

// switcherSize is how many companies the switcher lists; a firm that keeps hundreds goes to their page instead.
const switcherSize = 8

// frame tells the components what they must know of this request.
func (c *Ctx) frame() *ui.Frame {
	f := &ui.Frame{
		Loc: c.loc, Path: string(c.Request().URI().Path()), CSRF: c.csrfToken, Flashes: c.takeFlashes(), Version: c.s.opts.Version,
		Now: c.s.opts.Now(),
	}
	f.Query, _ = url.ParseQuery(string(c.Request().URI().QueryString()))
	if c.user != nil {
		f.User = &ui.User{ID: c.user.ID, Name: c.user.Name}
	}
	if c.company != nil {
		f.User.Role = string(c.company.Role)
		f.Company = &ui.Company{ID: c.company.ID, Name: c.company.Name, Test: c.company.Test}
		f.Companies = append(f.Companies, *f.Company)
		for _, r := range c.companies {
			if r.ID != c.company.ID && len(f.Companies) < switcherSize {
				f.Companies = append(f.Companies, ui.Company{ID: r.ID, Name: r.Name, Test: r.Test})
			}
		}
		f.More = len(c.companies) > len(f.Companies)
		if c.s.opts.Waiting != nil {
			var err error
			if f.Waiting, err = c.s.opts.Waiting(c.std, c.company.ID); err != nil {
				// The page itself can still be shown; only its little numbers are missing.
				c.s.opts.Log.Warn().Err(err).Str("request", requestID(c.Ctx)).Msg("menu counts")
			}
		}
	}
	return f
}

// Page answers with a page. It is drawn completely before anything is sent, so that an error while drawing is an error
// page and not half of a page.
func (c *Ctx) Page(status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(ui.WithFrame(c.std, c.frame()), &b); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set("Content-Security-Policy", c.policy.String())
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Vary(fiber.HeaderCookie, fiber.HeaderAcceptLanguage)
	return c.Status(status).Send(b.Bytes())
}

// Show is Page with status 200.
func (c *Ctx) Show(page templ.Component) error { return c.Page(http.StatusOK, page) }

// Invalid shows a form again, with what is wrong on it. What the form cannot mend is returned as the request's error.
func (c *Ctx) Invalid(f interface{ Broken() error }, page templ.Component) error {
	if err := f.Broken(); err != nil {
		return err
	}
	return c.Page(http.StatusUnprocessableEntity, page)
}

// URL is the address of a page of this company: URL("/invoices", id).
func (c *Ctx) URL(path string, parts ...string) string {
	base := ""
	if c.company != nil {
		base = ui.CompanyPath(c.company.ID)
	}
	for _, p := range parts {
		path += "/" + url.PathEscape(p)
	}
	return base + path
}

// SeeOther sends the browser to another page after a form was handled, so that reloading sends nothing twice.
func (c *Ctx) SeeOther(address string) error { return c.Redirect(address, fiber.StatusSeeOther) }

// Done is SeeOther to a page of this company with a sentence of success on it.
func (c *Ctx) Done(path, key string, params ...string) error {
	c.Flash(ui.Good, key, params...)
	return c.SeeOther(c.URL(path))
}

// printable says that a text holds nothing that cannot be stored or shown.
func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return true
}
