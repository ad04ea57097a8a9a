package fiberweb

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// Auth knows who may log in, and to which books.
type Auth interface {
	// Login checks a password. An unknown address, a wrong password and an inactive user are told apart by nobody, not even
	// by how long the answer takes. Code: bad_login.
	Login(ctx context.Context, email, password string) (access.User, error)
	// User finds a user by id. Code: unknown_thing.
	User(ctx context.Context, id string) (access.User, error)
	// Companies lists the companies a user is a member of, by name.
	Companies(ctx context.Context, user string) ([]CompanyRef, error)
}

// CompanyRef is a company as its members know it.
type CompanyRef struct {
	ID, Name string
	Role     access.Role // of the user asked about
	Test     bool        // play money only
}

func (s *Server) addLogin() {
	s.Public().Get("/", s.home)
	s.Public().Form("/login", s.showLogin, s.logIn)
	s.Public().Post("/logout", s.logOut)
	s.Public().Get("/lang/:lang", s.setLanguage)
	s.Private().Get("/companies", s.listCompanies)
}

// home sends everybody to where they begin.
func (s *Server) home(c *Ctx) error {
	if c.user == nil {
		return c.SeeOther("/login")
	}
	return c.SeeOther(c.start())
}

// start is the first page of somebody who is logged in: their books, or the choice among them.
func (c *Ctx) start() string {
	if len(c.companies) == 1 {
		return ui.CompanyPath(c.companies[0].ID) + "/"
	}
	return "/companies"
}

func (s *Server) showLogin(c *Ctx) error {
	if c.user != nil {
		return c.SeeOther(c.start())
	}
	if s.opts.SetUp != nil {
		to, err := s.opts.SetUp(c.Context())
		if err != nil {
			return err
		}
		if to != "" {
			return c.SeeOther(to)
		}
	}
	return c.Show(loginPage(c.NewForm().Set("next", c.Query("next"))))
}

// maxEmail is the longest address there is (RFC 5321, 4.5.3.1.3), maxPassword the longest text worth hashing.
const (
	maxEmail    = 254
	maxPassword = 1000
)

func (s *Server) logIn(c *Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	email := f.Required("email", maxEmail)
	password := f.Secret("password")
	if password == "" {
		f.Add(fault.New(fault.Invalid, fault.Required).On("password"))
	}
	if len(password) > maxPassword {
		f.Add(fault.New(fault.Unauthenticated, fault.BadLogin))
	}
	if !f.OK() {
		return c.Page(fiber.StatusUnprocessableEntity, loginPage(f))
	}
	u, err := s.tryLogin(c, email, password)
	switch {
	case fault.Has(err, fault.BadLogin):
		f.Add(err)
		return c.Page(fiber.StatusUnauthorized, loginPage(f))
	case fault.Has(err, fault.TooManyTries), fault.Has(err, fault.Busy):
		f.Add(err)
		if after, ok := retryAfter(err); ok {
			c.Set(fiber.HeaderRetryAfter, after)
		}
		return c.Page(Status(err), loginPage(f))
	case err != nil:
		return err
	}
	if err := c.LogIn(u); err != nil {
		return err
	}
	c.dropCookie(s.csrfCookie())
	return c.SeeOther(localPath(f.Value("next"), "/"))
}

// tryLogin checks a password, at most so often for each account and each address of the network.
func (s *Server) tryLogin(c *Ctx, email, password string) (access.User, error) {
	account, network := digestOf(strings.ToLower(email)), network(s.clientIP(c.Ctx))
	release, err := s.tries.enter(account, network)
	if err != nil {
		return access.User{}, err
	}
	u, err := s.opts.Auth.Login(c.Context(), email, password)
	release(err == nil)
	return u, err
}

func (s *Server) logOut(c *Ctx) error {
	if err := c.end(); err != nil {
		return err
	}
	c.Flash(ui.Notice, "login.bye")
	return c.SeeOther("/login")
}

func (s *Server) listCompanies(c *Ctx) error {
	want := strings.ToLower(c.Q("q"))
	var shown []CompanyRef
	for _, r := range c.companies {
		if strings.Contains(strings.ToLower(r.Name), want) {
			shown = append(shown, r)
		}
	}
	return c.Show(companiesPage(c.companies, shown))
}

const langCookie = "acquit_lang"

// langLife is long, as the choice is a taste.
const langLife = 365 * 24 * time.Hour

// speak chooses the language: the one asked for by the switch, else the user's own, else what the browser prefers.
func (c *Ctx) speak(own i18n.Lang) *i18n.Localizer {
	if l := i18n.Lang(c.Cookies(langCookie)); i18n.Known(l) {
		return i18n.For(l)
	}
	if i18n.Known(own) {
		return i18n.For(own)
	}
	return i18n.Match(c.Get(fiber.HeaderAcceptLanguage))
}

func (s *Server) setLanguage(c *Ctx) error {
	if l := i18n.Lang(c.Params("lang")); i18n.Known(l) {
		c.setCookie(langCookie, string(l), langLife)
	}
	return c.SeeOther(localPath(c.Query("back"), "/"))
}

// localPath is an address of this installation, or the other one when it leads anywhere else: a link to our log-in page
// must not be a way to send people to a stranger's.
func localPath(address, otherwise string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(address, "/") ||
		strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\r\n\t") {
		return otherwise
	}
	return address
}
