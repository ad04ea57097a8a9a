package fiberweb

import (
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// Handler answers one request. A fault it returns becomes a page that says what to do; any other error becomes "internal
// error" with a reference, and a log line has the rest.
type Handler func(*Ctx) error

// need is whom a route lets in.
type need uint8

const (
	nobody need = iota
	user
	member
)

// Router adds routes that share who is let in and a prefix.
type Router struct {
	s      *Server
	need   need
	prefix string
	action access.Action
}

// For returns a router for handlers that need leave for an action: whoever's role in the company does not give it gets a
// page saying so. The use case asks again. Code: not_allowed.
func (r *Router) For(action access.Action) *Router {
	c := *r
	c.action = action
	return &c
}

// Under returns a router for a section: Under("/settings").
func (r *Router) Under(prefix string) *Router {
	c := *r
	c.prefix += prefix
	return &c
}

// Get adds a page. Pages change nothing, so that links can be followed ahead and opened again.
func (r *Router) Get(path string, h Handler) { r.s.app.Get(r.prefix+path, r.wrap(h)) }

// Post adds what a form is sent to. Without a valid CSRF token it is refused before the handler sees it.
func (r *Router) Post(path string, h Handler) { r.s.app.Post(r.prefix+path, r.wrap(h)) }

// Form adds a page with a form, and what the form is sent to, at one address.
func (r *Router) Form(path string, show, send Handler) {
	r.Get(path, show)
	r.Post(path, send)
}

func (r *Router) wrap(h Handler) fiber.Handler {
	return func(f *fiber.Ctx) error {
		c, err := r.s.open(f)
		if err != nil {
			return err
		}
		if err := checkQuery(f); err != nil {
			return err
		}
		if f.Method() == fiber.MethodPost {
			if err := c.checkCSRF(); err != nil {
				return err
			}
		}
		if err := r.admit(c); err != nil {
			return err
		}
		return h(c)
	}
}

// admit lets in whom the route is for. Codes: login_needed, unknown_thing, not_allowed.
func (r *Router) admit(c *Ctx) error {
	if r.need == nobody {
		return nil
	}
	if c.user == nil {
		return fault.New(fault.Unauthenticated, fault.LoginNeeded)
	}
	if r.need == user {
		return nil
	}
	if err := c.enter(c.Params("company")); err != nil {
		return err
	}
	if r.action != "" {
		if err := c.Actor().May(r.action); err != nil {
			return err
		}
	}
	// Belt and braces for the role that changes nothing: a route that was given no action does not let it write either.
	if r.action == "" && c.Method() == fiber.MethodPost && c.Actor().Role == access.Auditor {
		return fault.New(fault.Forbidden, fault.NotAllowed, "action", string(access.Keep))
	}
	return nil
}

// checkQuery refuses what no filter of ours can mean and no database can store. Code: bad_characters.
func checkQuery(f *fiber.Ctx) error {
	for key, value := range f.Context().QueryArgs().All() {
		if !printable(string(key)) || !printable(string(value)) {
			return fault.New(fault.Invalid, fault.BadCharacters, "found", "?")
		}
	}
	return nil
}
