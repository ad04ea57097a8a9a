// Package paying is what people without an account see: the page behind a document's lasting pay link, and the ways there
// and back. It also takes the webhooks of gateways.
//
// The page says who is paid, for what and how much before it offers a button. Only the button, sent by POST, opens
// the gateway's page: programs that follow every link of a mail open nothing. The way back proves nothing: it asks
// the gateway and then shows the same page, which tells the truth.
//
// A pay link is a secret. Logs hold the route and never the address, and browsers tell it to no other site: the chassis'
// referrer policy is same-origin. The stricter no-referrer would also hide from us where a form comes from, which is half
// of what protects the button.
package paying

import (
	"context"
	"net/http"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
)

// payments is what payers and gateways ask of the use cases.
type payments interface {
	PayPage(ctx context.Context, token string) (app.PayPage, error)
	StartPayment(ctx context.Context, token, connection string) (string, error)
	Return(ctx context.Context, token, attempt string) (app.PayPage, error)
	PublicPDF(ctx context.Context, token string) (name string, pdf []byte, err error)
	PublicLogo(ctx context.Context, token string) ([]byte, error)
	Webhook(ctx context.Context, company, connection string, d gateway.Delivery) error
}

// Mount adds the pay pages below /p/ and the webhooks below /hooks/ to a server.
func Mount(s *fiberweb.Server, a *app.App) { mount(s, a, a.Now) }

func mount(s *fiberweb.Server, p payments, now func() time.Time) {
	h := handlers{
		pay: p, now: now,
		starts:  newThrottle(now, startsPerLink),
		returns: newThrottle(now, returnsPerLink),
		guesses: newThrottle(now, guessesPerNetwork),
	}
	r := s.Public().Under("/p/:token")
	r.Form("", h.show, h.start)
	r.Get("/return", h.back)
	r.Get("/pdf", h.pdf)
	r.Get("/logo", h.logo)
	s.Raw().Post("/hooks/:company/:connection", h.webhook)
}

// How often one visitor may ask within throttleWindow. They are far above what a person does and keep a script from using
// up what the gateway allows us, or from trying tokens: there are 2^192 of those.
const (
	startsPerLink     = 20
	returnsPerLink    = 150 // the page asks by itself every few seconds while a payment is in progress
	guessesPerNetwork = 60
)

// maxToken bounds what is looked up as a token; ours are 32 characters long.
const maxToken = 64

type handlers struct {
	pay                      payments
	now                      func() time.Time
	starts, returns, guesses *throttle
}

func (h handlers) show(c *fiberweb.Ctx) error { return h.answer(c, http.StatusOK, nil) }

// answer shows the page behind the link as it stands now, with what went wrong on the way here.
func (h handlers) answer(c *fiberweb.Ctx, status int, trouble error) error {
	p, err := h.look(c)
	if err != nil {
		return h.refuse(c, err)
	}
	c.Prefer(i18n.Lang(p.Lang))
	c.FormsMayLeave()
	return c.Page(status, payPage(view{PayPage: p, trouble: trouble}))
}

func (h handlers) look(c *fiberweb.Ctx) (app.PayPage, error) {
	token := c.Params("token")
	if len(token) > maxToken {
		return app.PayPage{}, fault.New(fault.NotFound, fault.LinkUnknown)
	}
	return h.pay.PayPage(c.Context(), token)
}

// refuse answers an unknown link with a page that helps, and slows down whoever tries many.
func (h handlers) refuse(c *fiberweb.Ctx, err error) error {
	if !fault.Has(err, fault.LinkUnknown) {
		return err
	}
	if wait := h.guesses.take(c.Network()); wait != nil {
		return wait
	}
	return c.Page(http.StatusNotFound, unknownPage())
}

// start opens the gateway's page for what is due at this moment and sends the payer there. Whatever keeps it from opening
// is said on the pay page, and the link stays as good as it was.
func (h handlers) start(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	token := c.Params("token")
	if wait := h.starts.take(c.Network() + " " + token); wait != nil {
		return h.answer(c, fiberweb.Status(wait), wait)
	}
	address, err := h.pay.StartPayment(c.Context(), token, f.Text("connection", maxToken))
	switch {
	case fault.Has(err, fault.LinkUnknown):
		return h.refuse(c, err)
	case fault.Has(err, fault.NothingDue), fault.Has(err, fault.LinkRevoked):
		return c.SeeOther(pagePath(token)) // the page says why
	case len(fault.All(err)) > 0:
		return h.answer(c, fiberweb.Status(err), err)
	case err != nil:
		return err
	case address == "":
		return c.SeeOther(pagePath(token))
	}
	return c.SeeOther(address)
}

// back is where the gateway sends the payer, and what the page asks again while a payment is in progress.
func (h handlers) back(c *fiberweb.Ctx) error {
	token := c.Params("token")
	if len(token) <= maxToken && h.returns.take(c.Network()+" "+token) == nil {
		if _, err := h.pay.Return(c.Context(), token, c.Q("attempt")); err != nil {
			return h.refuse(c, err)
		}
	}
	return c.SeeOther(pagePath(token))
}

// pdf shows the document itself.
func (h handlers) pdf(c *fiberweb.Ctx) error {
	name, data, err := h.pay.PublicPDF(c.Context(), c.Params("token"))
	if err != nil {
		return h.refuse(c, err)
	}
	return c.File(name, "application/pdf", data, true)
}

// logo shows the logo of the company that is paid.
func (h handlers) logo(c *fiberweb.Ctx) error {
	data, err := h.pay.PublicLogo(c.Context(), c.Params("token"))
	if err != nil {
		return h.refuse(c, err)
	}
	if len(data) == 0 {
		return fault.New(fault.NotFound, fault.UnknownThing, "what", "company", "id", "logo")
	}
	return c.File("logo", http.DetectContentType(data), data, true)
}
