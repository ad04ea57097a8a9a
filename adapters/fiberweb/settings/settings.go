// Package settings is the screens of Paramètres: the company, its chart of accounts, journals and VAT codes, payment
// methods, payment gateways, mail, users, API tokens, fiscal years.
//
// Forms that the set-up wizard shows too are made by methods that take a Framer: it says what stands around the form and
// where a saved one leads. Everything else about them is the same in both places.
package settings

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

// Screens are the handlers.
type Screens struct{ *app.App }

// New makes the handlers.
func New(a *app.App) *Screens { return &Screens{a} }

// Mount adds the screens to a server.
func Mount(s *fiberweb.Server, a *app.App) {
	h := New(a)
	r := s.Company().Under("/settings")
	read, configure := r.For(access.Read), r.For(access.Configure)
	keep, people := r.For(access.Keep), r.For(access.ManageUsers)

	h.Company(Identity, companyFrame(Identity)).At(configure, "/company")
	h.Company(Billing, companyFrame(Billing)).At(configure, "/company/billing")
	h.Company(Rules, companyFrame(Rules)).At(configure, "/company/rules")
	configure.Form("/company/logo", h.showLogo, h.saveLogo)
	read.Get("/company/logo/image", h.logoImage)

	read.Get("/company/years", h.years)
	configure.Form("/company/years/new", h.newYear, h.addYear)
	keep.Form("/company/period", h.askPeriod, h.closePeriod)
	keep.Form("/company/years/:year/close", h.askYear, h.closeYear)

	read.Get("/chart", h.accounts)
	configure.Form("/chart/accounts/new", h.newAccount, h.addAccount)
	configure.Form("/chart/accounts/:code", h.editAccount, h.saveAccount)
	read.Get("/chart/journals", h.journals)
	configure.Form("/chart/journals/new", h.newJournal, h.addJournal)
	configure.Form("/chart/journals/:code", h.editJournal, h.saveJournal)
	read.Get("/chart/vat", h.vatCodes)
	configure.Form("/chart/vat/new", h.newVAT, h.addVAT)
	configure.Form("/chart/vat/:code", h.editVAT, h.saveVAT)

	h.Methods(methodsFrame).At(configure, "/methods")
	configure.Form("/methods/new", h.newMethod, h.addMethod)
	configure.Form("/methods/:id", h.editMethod, h.saveMethod)

	read.Get("/rates", h.rates)
	keep.Post("/rates", h.addRate)
	keep.Post("/rates/paste", h.pasteRates)
	keep.Post("/rates/remove", h.removeRate)

	configure.Get("/gateways", h.gateways)
	h.Connect(connectFrame).At(configure, "/gateways/new/:name")
	configure.Form("/gateways/:id", h.connection, h.saveBooks)
	configure.Form("/gateways/:id/settings", h.editSecrets, h.saveSecrets)
	configure.Post("/gateways/:id/balances", h.setBalance)
	configure.Post("/gateways/:id/test", h.testConnection)
	configure.Post("/gateways/:id/webhook", h.installWebhook)
	configure.Post("/gateways/:id/history", h.importHistory)
	configure.Post("/gateways/:id/on", h.switchOn)
	configure.Post("/gateways/:id/off", h.switchOff)
	configure.Form("/gateways/:id/disconnect", h.askDisconnect, h.disconnect)

	h.Mail(mailFrame).At(configure, "/mail")
	configure.Post("/mail/test", h.testMail)

	people.Get("/users", h.users)
	people.Form("/users/new", h.newUser, h.addUser)
	people.Form("/users/:id", h.editUser, h.saveRole)
	people.Post("/users/:id/password", h.resetPassword)
	people.Form("/users/:id/remove", h.askRemove, h.removeUser)

	people.Get("/tokens", h.tokens)
	people.Form("/tokens/new", h.newToken, h.addToken)
	people.Form("/tokens/:id/revoke", h.askRevoke, h.revoke)
}

// Frame is what stands around a form, and where it leads.
type Frame struct {
	Page ui.Page         // its Title is filled in by the form when it is empty
	Head templ.Component // above the form; may be nil
	Here string          // the form's path within the company
	Next string          // where a saved form leads
	Back string          // where leaving it leads
	Skip templ.Component // beside the form's button; may be nil
	Save string          // words of the form's button; the usual ones when empty
	// Setup says that the form is a step of the set-up: what can wait until later is not asked.
	Setup bool
}

// Framer makes the frame of a request.
type Framer func(c *fiberweb.Ctx) (Frame, error)

// fixed is the Framer of a page that always looks the same.
func fixed(f func(c *fiberweb.Ctx) Frame) Framer {
	return func(c *fiberweb.Ctx) (Frame, error) { return f(c), nil }
}

// Screen is a form's two handlers: what shows it and what it is sent to.
type Screen struct{ Show, Send fiberweb.Handler }

// At adds the form to a router.
func (s Screen) At(r *fiberweb.Router, path string) { r.Form(path, s.Show, s.Send) }

// button is what the form's button says.
func (f Frame) button(ctx context.Context) string {
	if f.Save != "" {
		return f.Save
	}
	return ui.T(ctx, "form.save")
}

// done answers a form that was saved.
func (f Frame) done(c *fiberweb.Ctx, key string, params ...string) error {
	return c.Done(f.Next, key, params...)
}

// version reads the version that a form was made from. One that does not read is one that nobody has.
func version(f *form.Form) int64 {
	n, err := strconv.ParseInt(f.Value("version"), 10, 64)
	if err != nil || n < 1 {
		return -1
	}
	return n
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// missing is a page of this company that does not exist.
func missing(what, id string) error {
	return fault.New(fault.NotFound, fault.UnknownThing, "what", what, "id", fault.Clip(id))
}

// options makes choices of values whose words are in the catalogue behind a prefix. With help, "<key>.help" explains each.
func options(ctx context.Context, prefix string, help bool, values ...string) []ui.Option {
	out := make([]ui.Option, len(values))
	for i, v := range values {
		out[i] = ui.Option{Value: v, Label: ui.T(ctx, prefix+v)}
		if help {
			out[i].Help = ui.T(ctx, prefix+v+".help")
		}
	}
	return out
}

// activeState is the state of a setting that may be deactivated.
func activeState(active bool) templ.Component {
	if active {
		return ui.Status("on")
	}
	return ui.Status("off")
}
