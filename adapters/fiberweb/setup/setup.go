// Package setup is the set-up of a new installation: its first user and company, and then the steps of app.Steps, one page
// each, that can be left and taken up again.
//
// The very first page is open to whoever reaches the server, as nobody can log in yet. It asks for a code that the
// operator reads on the console, so that the first to come is not whoever happens to scan the port.
package setup

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/url"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/settings"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
)

// firstPath is where an installation that nobody can log in to is set up.
const firstPath = "/setup"

// Code makes a set-up code: 80 random bits in 16 letters and digits that can be read aloud and typed.
func Code() string {
	var b [10]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err) // without a random source nothing that follows could be trusted
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// Path is the path, with its code, to print on the console.
func Path(code string) string { return firstPath + "?" + url.Values{"code": {code}}.Encode() }

// Where says where to go while nobody can log in, and "" afterwards; it is fiberweb's Options.SetUp. The code is not in
// it: it is told to anybody.
func Where(a *app.App) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		some, err := a.HasUsers(ctx)
		if err != nil || some {
			return "", err
		}
		return firstPath, nil
	}
}

// Mount adds the set-up to a server. code is what the first page asks for (see Code).
func Mount(s *fiberweb.Server, a *app.App, code string) {
	h := &wizard{App: a, code: code, settings: settings.New(a)}
	s.Public().Form(firstPath, h.first, h.found)
	s.Private().Form("/companies/new", h.askCompany, h.addCompany)

	r := s.Company().For(access.Configure).Under("/setup")
	r.Get("", h.overview)
	h.settings.Company(settings.Identity, h.frame(app.StepCompany)).At(r, "/company")
	h.settings.Methods(h.frame(app.StepMethods)).At(r, "/methods")
	r.Get("/gateway", h.gateway)
	h.settings.Connect(h.connectFrame).At(r, "/gateway/new/:name")
	h.settings.Mail(h.frame(app.StepMail)).At(r, "/mail")
	r.Form("/test_payment", h.testPayment, h.makeTest)
	r.Post("/finish", h.finish)
}

type wizard struct {
	*app.App
	code     string
	settings *settings.Screens
}

// first is the form of the first user and company.
func (h *wizard) first(c *fiberweb.Ctx) error {
	some, err := h.HasUsers(c.Context())
	if err != nil {
		return err
	}
	if some {
		return c.SeeOther("/")
	}
	f := c.NewForm().Set("code", c.Q("code"))
	h.companyDefaults(f)
	return c.Show(firstPage(f))
}

// companyDefaults proposes the calendar year and real books.
func (h *wizard) companyDefaults(f *form.Form) {
	year := h.Today().Year()
	f.Set("year.start", day(year, 1, 1)).Set("year.end", day(year, 12, 31)).Set("nature", natureReal)
}

// What books are for.
const (
	natureReal = "real"
	natureTest = "test"
)

// found makes the first user and the first company, and logs the user in.
func (h *wizard) found(c *fiberweb.Ctx) error {
	some, err := h.HasUsers(c.Context())
	if err != nil {
		return err
	}
	if some {
		return fault.New(fault.Forbidden, fault.NotAllowed, "action", string(access.ManageUsers))
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	typed := strings.ToLower(strings.TrimSpace(f.Value("code")))
	if h.code == "" || subtle.ConstantTimeCompare([]byte(typed), []byte(h.code)) != 1 {
		f.Add(fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(typed)).On("code"))
	}
	company := h.readCompany(f)
	in := app.NewUser{Email: f.Required("email", form.MaxText), Name: f.Required("name", form.MaxText), Password: f.Secret("password"), Language: string(c.Loc().Lang())}
	if in.Password == "" {
		f.Add(fault.New(fault.Invalid, fault.Required).On("password"))
	}
	if !f.OK() {
		return c.Invalid(f, firstPage(f))
	}
	u, err := h.FirstUser(c.Context(), in)
	if err != nil {
		f.Fail(err)
		return c.Invalid(f, firstPage(f))
	}
	if err := c.LogIn(u); err != nil {
		return err
	}
	co, err := h.CreateCompany(c.Context(), company, u)
	if len(fault.All(err)) > 0 {
		// The user is there already: what is wrong with the company is mended where further ones are founded.
		return c.SeeOther("/companies/new")
	}
	if err != nil {
		return err
	}
	c.Flash(ui.Good, "setup.welcome", "name", u.Name)
	return c.SeeOther(ui.CompanyPath(co.ID) + "/setup/company")
}

// readCompany reads what a company is founded with, and checks what the core would refuse of it.
func (h *wizard) readCompany(f *form.Form) app.NewCompany {
	in := app.NewCompany{
		Company: party.Company{Name: f.Required("company", maxName), TestBooks: f.Choice("nature", natureReal, natureTest) == natureTest},
		Year:    ledger.FiscalYear{Start: f.RequiredDate("year.start"), End: f.RequiredDate("year.end")},
	}
	if y := in.Year; !y.Start.IsZero() && !y.End.IsZero() && (!y.Start.Before(y.End) || !y.End.Before(y.Start.AddMonths(longestYear))) {
		f.Add(fault.New(fault.Invalid, fault.BadDate, "found", f.Value("year.end")).On("year.end"))
	}
	return in
}

const (
	maxName     = 120 // of a company, in the core
	longestYear = 24  // months of a first fiscal year, in the core
)

// askCompany is the form of a further company. It is for those who own one already, or when there is none at all.
func (h *wizard) askCompany(c *fiberweb.Ctx) error {
	if err := h.mayFound(c); err != nil {
		return err
	}
	f := c.NewForm()
	h.companyDefaults(f)
	return c.Show(companyPage(f))
}

func (h *wizard) addCompany(c *fiberweb.Ctx) error {
	if err := h.mayFound(c); err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := h.readCompany(f)
	var co party.Company
	if f.OK() {
		co, err = h.CreateCompany(c.Context(), in, *c.User())
		f.Fail(err)
	}
	if !f.OK() {
		return c.Invalid(f, companyPage(f))
	}
	c.Flash(ui.Good, "setup.founded", "company", co.Name)
	return c.SeeOther(ui.CompanyPath(co.ID) + "/setup/company")
}

// mayFound refuses whoever was let into somebody else's books only. Code: not_allowed.
func (h *wizard) mayFound(c *fiberweb.Ctx) error {
	mine, err := h.CompaniesOf(c.Context(), c.User().ID)
	if err != nil {
		return err
	}
	for _, m := range mine {
		if m.Role == access.Owner {
			return nil
		}
	}
	all, err := h.Views.Companies(c.Context())
	if err != nil {
		return err
	}
	if len(all) > 0 {
		return fault.New(fault.Forbidden, fault.NotAllowed, "action", string(access.ManageUsers))
	}
	return nil
}
