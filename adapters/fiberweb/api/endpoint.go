package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// endpoint describes one operation, for the router and for the document.
type endpoint struct {
	method  string
	path    string // below Prefix, as OpenAPI writes it: /invoices/{id}
	id      string // operationId; also the scope of idempotency keys, so it never changes
	tag     string
	summary string
	text    string        // more about it, in Markdown
	needs   access.Action // which roles may
	status  int           // of success; 200 when there is an answer, else 204
	// versioned endpoints take If-Match.
	versioned bool
	// accepts is the media type of a body that is not JSON; produces that of an answer that is not.
	accepts, produces []string
	// unkeyed writes take no Idempotency-Key: doing them twice is doing them once.
	unkeyed bool
}

// writes says whether the operation may change something.
func (e *endpoint) writes() bool { return e.method != get }

// nothing is the answer of an operation that has none.
type nothing struct{}

// call is one request to an endpoint.
type call struct {
	ctx     context.Context // the request's
	http    *fiber.Ctx
	who     access.Actor
	version int64 // of If-Match; 0: whichever
	e       *endpoint
}

// add makes an endpoint of a handler. I is a struct of parameters and Body; O is the body of the answer, a file, or nothing.
func add[I, O any](s *service, e endpoint, h func(*call, *I) (O, error)) {
	_, silent := any(*new(O)).(nothing)
	if e.status == 0 {
		e.status = http.StatusOK
		if silent {
			e.status = http.StatusNoContent
		}
	}
	in := newBinder(reflect.TypeFor[I]())
	describe[I, O](s.doc, &e, silent)
	s.route(&e, func(c *call) error {
		var i I
		if err := in.read(c, reflect.ValueOf(&i).Elem()); err != nil {
			return err
		}
		o, err := h(c, &i)
		if err != nil {
			return err
		}
		c.http.Status(e.status)
		switch o := any(o).(type) {
		case nothing:
			return nil
		case file:
			request := string(c.http.Response().Header.Peek(fiber.HeaderXRequestID))
			return o.send(c.http, func(err error) { s.failed(request, c.who, err) })
		default:
			return c.send(o)
		}
	})
}

// send writes the answer's body.
func (c *call) send(o any) error {
	b, err := json.Marshal(o, json.Deterministic(true)) // maps too: a repeated request is answered to the byte
	if err != nil {
		return err
	}
	c.http.Response().SetBodyRaw(b)
	c.http.Response().Header.SetContentType(fiber.MIMEApplicationJSON)
	return nil
}

// route puts a handler behind everything that each request passes: who asks, how often, by which key, for which version.
func (s *service) route(e *endpoint, h func(*call) error) {
	path := Prefix + strings.NewReplacer("{", ":", "}", "").Replace(e.path)
	s.routes = append(s.routes, route{e.method, path})
	serve := func(f *fiber.Ctx) error {
		s.prepare(f)
		c := &call{ctx: f.UserContext(), http: f, e: e}
		err := guard(func() error {
			if err := s.admit(c); err != nil {
				return err
			}
			return h(c)
		})
		if err != nil {
			return s.refuse(f, c.who, err)
		}
		return nil
	}
	if e.method == get {
		s.fiber.Get(path, serve) // and HEAD
		return
	}
	s.fiber.Add(e.method, path, serve)
}

// guard turns a panic into an error.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("api: panic: %v\n%s", v, debug.Stack())
		}
	}()
	return fn()
}

// admit lets a request pass to its handler, or not.
func (s *service) admit(c *call) error {
	if err := s.authenticate(c); err != nil {
		return err
	}
	if err := s.limit.take(c.who.ID); err != nil {
		return err
	}
	if !c.e.writes() {
		return nil
	}
	if err := c.readVersion(); err != nil {
		return err
	}
	return c.readKey()
}

const bearer = "bearer "

// authenticate finds out for whom a request acts. Code: login_needed.
func (s *service) authenticate(c *call) error {
	secret := c.http.Get(fiber.HeaderAuthorization)
	if len(secret) < len(bearer) || !strings.EqualFold(secret[:len(bearer)], bearer) {
		c.http.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="Acquit"`)
		return fault.New(fault.Unauthenticated, fault.LoginNeeded)
	}
	who, err := s.app.Authenticate(c.ctx, strings.TrimSpace(secret[len(bearer):]))
	if fault.KindOf(err) == fault.Unauthenticated {
		c.http.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="Acquit", error="invalid_token"`)
	}
	c.who = who
	return err
}

// readVersion reads If-Match: "7", or * for whichever. Code: bad_code.
func (c *call) readVersion() error {
	h := c.http.Get(fiber.HeaderIfMatch)
	if h == "" || h == "*" {
		return nil
	}
	bad := fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(h)).On(fiber.HeaderIfMatch)
	if !c.e.versioned {
		return bad
	}
	v, quoted := strings.CutPrefix(h, `"`)
	v, closed := strings.CutSuffix(v, `"`)
	n, err := strconv.ParseInt(v, 10, 64)
	if quoted != closed || err != nil || n < 1 {
		return bad
	}
	c.version = n
	return nil
}

// onto is the version that a patch applies to: the one the caller read, else the one just read to be patched, so that a
// change made in between is never undone.
func (c *call) onto(read int64) int64 {
	if c.version != 0 {
		return c.version
	}
	return read
}

// versioned announces the version of what is sent, for a later If-Match.
func (c *call) versioned(v int64) {
	c.http.Set(fiber.HeaderETag, `"`+strconv.FormatInt(v, 10)+`"`)
}

// created announces where a thing just made is found.
func (c *call) created(path string) { c.http.Set(fiber.HeaderLocation, Prefix+path) }
