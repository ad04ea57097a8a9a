package fiberweb

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// Status is the HTTP status that answers an error.
func Status(err error) int {
	var f *fiber.Error
	if errors.As(err, &f) {
		return f.Code
	}
	switch fault.CodeOf(err) {
	case fault.TooManyTries:
		return http.StatusTooManyRequests
	case fault.BodyTooLarge:
		return http.StatusRequestEntityTooLarge
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Refused:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// asFault brings fiber's own refusals to ours, so that they are said in the visitor's words.
func (s *Server) asFault(err error) error {
	var f *fiber.Error
	if errors.As(err, &f) && f.Code == fiber.StatusRequestEntityTooLarge {
		return fault.New(fault.Invalid, fault.BodyTooLarge, "max", strconv.Itoa(s.opts.BodyLimit>>20)+" MB")
	}
	return err
}

// answerError answers an error as a page, or as RFC 9457 JSON below /api/ and /hooks/. It also gets what fiber refuses
// before any of our handlers runs, such as a body above the limit.
func (s *Server) answerError(f *fiber.Ctx, err error) error {
	s.prepare(f)
	err = s.asFault(err)
	status := Status(err)
	if after, ok := retryAfter(err); ok {
		f.Set(fiber.HeaderRetryAfter, after)
	}
	if p := f.Path(); strings.HasPrefix(p, "/api/") || strings.HasPrefix(p, "/hooks/") {
		return problem(f, status, err)
	}
	c, failed := s.open(f)
	if failed != nil {
		// The store that would say who is asking is the outage: answer a visitor.
		c = &Ctx{Ctx: f, s: s, std: f.UserContext()}
		c.loc = c.speak("")
	}
	if status == http.StatusUnauthorized {
		return c.askToLogIn()
	}
	if f.Get("HX-Request") != "" {
		// The part of the page that htmx asked for cannot hold the error: show it as the page's content.
		f.Set("HX-Retarget", "#main")
		f.Set("HX-Reselect", "#main")
		f.Set("HX-Reswap", "outerHTML")
	}
	c.company = nil
	if rest, ok := strings.CutPrefix(f.Path(), "/c/"); ok && c.user != nil {
		id, _, _ := strings.Cut(rest, "/")
		_ = c.enter(id) // the menu is shown to members only; the error is answered either way
	}
	return c.Page(status, errorPage(c.explain(status, err)))
}

// explanation is what an error page says.
type explanation struct {
	title, text, reference, home string
	member, visitor              bool
}

func (c *Ctx) explain(status int, err error) explanation {
	e := explanation{home: "/", member: c.company != nil, visitor: c.user == nil}
	if e.member {
		e.home = c.URL("/")
	}
	if e.title = "error.title." + strconv.Itoa(status); !c.loc.Has(e.title) {
		e.title = "error.title.500"
		if status < http.StatusInternalServerError {
			e.title = "error.title.422"
		}
	}
	e.title = c.loc.T(e.title)
	switch key := "error.text." + strconv.Itoa(status); {
	case len(fault.All(err)) > 0:
		e.text = c.loc.Error(err)
	case c.loc.Has(key):
		e.text = c.loc.T(key)
	default:
		e.text = c.loc.T("fault.internal")
	}
	if status >= http.StatusInternalServerError {
		e.reference = requestID(c.Ctx)
	}
	return e
}

// askToLogIn sends a visitor to the log-in page, and back afterwards when it was a page they wanted.
func (c *Ctx) askToLogIn() error {
	if c.Cookies(c.s.sessionCookie()) != "" {
		c.Flash(ui.Notice, "login.again")
	}
	to := "/login"
	if c.Method() == fiber.MethodGet {
		to += "?next=" + url.QueryEscape(c.OriginalURL())
	}
	if c.Get("HX-Request") != "" {
		c.Set("HX-Redirect", to)
		return c.SendStatus(http.StatusNoContent)
	}
	return c.SeeOther(to)
}

func retryAfter(err error) (string, bool) {
	for _, e := range fault.All(err) {
		for _, p := range e.Params {
			if e.Code == fault.TooManyTries && p.Name == "minutes" {
				if n, err := strconv.Atoi(p.Value); err == nil {
					return strconv.Itoa(n * 60), true
				}
			}
		}
	}
	return "", false
}

// problem answers a program, as RFC 9457 says.
func problem(f *fiber.Ctx, status int, err error) error {
	loc := i18n.Match(f.Get(fiber.HeaderAcceptLanguage))
	body := fiber.Map{"type": "about:blank", "title": http.StatusText(status), "status": status, "reference": requestID(f)}
	switch all := fault.All(err); {
	case len(all) > 0:
		body["detail"], body["code"] = loc.Error(err), string(all[0].Code)
	case status >= http.StatusInternalServerError:
		body["detail"] = loc.T("fault.internal")
	}
	if err := f.Status(status).JSON(body); err != nil {
		return err
	}
	f.Set(fiber.HeaderContentType, "application/problem+json")
	return nil
}
