package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/party"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gofiber/fiber/v2"
	"github.com/rs/zerolog"
)

// client is a program that uses the API with one token. It holds every request it makes well, and every answer, against
// the API's own document.
type client struct {
	t     testing.TB
	srv   *server
	token string
	lang  string
	// stubborn clients send each write that succeeded a second time with the same key, and hold the second answer against
	// the first.
	stubborn bool
	keys     int
}

// server is the API over a World.
type server struct {
	*apptest.World
	fiber  *fiber.App
	doc    *openapi3.T
	router routers.Router
	log    *bytes.Buffer
	// stubborn makes the clients so.
	stubborn bool
}

func newServer(t testing.TB) *server { t.Helper(); return newServerOver(t, apptest.New(t), 0) }

// engines are what the books are kept in: memory, where most tests run, and a database.
var engines = map[string]func(testing.TB) *apptest.World{"memory": func(t testing.TB) *apptest.World { t.Helper(); return apptest.New(t) }, "SQLite": onSQLite}

func newServerOver(t testing.TB, w *apptest.World, perMinute int) *server {
	t.Helper()
	s := &server{World: w, fiber: fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, BodyLimit: 4 << 20}), log: &bytes.Buffer{}}
	api.Mount(s.fiber, api.Options{App: w.App, Version: "test", Log: zerolog.New(s.log), PerMinute: perMinute, Now: w.Clock.Now})
	s.doc, s.router = document(t, s.fiber)
	return s
}

// client makes a client whose token has a role.
func (s *server) client(t testing.TB, r access.Role) *client {
	t.Helper()
	secret, _, err := s.CreateToken(context.Background(), s.Owner, "Test "+string(r), r)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, srv: s, token: secret, lang: "en", stubborn: s.stubborn}
}

// document reads the API's document, as programs do.
func document(t testing.TB, f *fiber.App) (*openapi3.T, routers.Router) {
	t.Helper()
	data := documentBytes(t, f, "/api/openapi.json")
	parsed.Lock()
	defer parsed.Unlock()
	if bytes.Equal(parsed.data, data) {
		return parsed.doc, parsed.router
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	parsed.data, parsed.doc, parsed.router = data, doc, router
	return doc, router
}

// parsed spares each test the reading of the same document.
var parsed struct {
	sync.Mutex
	data   []byte
	doc    *openapi3.T
	router routers.Router
}

func documentBytes(t testing.TB, f *fiber.App, address string) []byte {
	t.Helper()
	res, err := f.Test(httptest.NewRequest(http.MethodGet, address, http.NoBody), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res.StatusCode, err)
	}
	return data
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
	what   string
	keyed  bool // the operation takes an idempotency key
}

// request is one request; body is JSON text, bytes, or anything that marshals.
type request struct {
	method, path string
	body         any
	key          string
	ifMatch      string
	kind         string // media type
	header       [][2]string
	raw          bool // not meant to conform to the document
	forgets      bool // a repetition is not answered alike, and the document says so
}

// do sends a request.
func (c *client) do(r request) *answer {
	c.t.Helper()
	if !c.stubborn || r.method == http.MethodGet || r.key != "" || r.raw {
		return c.once(r)
	}
	c.keys++
	r.key = "key-" + strconv.Itoa(c.keys)
	first := c.once(r)
	if first.status >= 400 || !first.keyed {
		return first
	}
	second := c.once(r)
	if second.status != first.status || second.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		c.t.Errorf("%s sent again with its key: %d %s, the first time %d", first.what, second.status, second.body, first.status)
	}
	if !bytes.Equal(first.body, second.body) && !r.forgets {
		c.t.Errorf("%s sent again with its key:\n%s\nthe first time\n%s", first.what, second.body, first.body)
	}
	if second.header.Get("Location") != first.header.Get("Location") {
		c.t.Errorf("%s sent again: Location %q, the first time %q", first.what, second.header.Get("Location"), first.header.Get("Location"))
	}
	return first
}

// once sends a request once.
func (c *client) once(r request) *answer {
	c.t.Helper()
	var body []byte
	switch b := r.body.(type) {
	case nil:
	case string:
		body = []byte(b)
	case []byte:
		body = b
	default:
		var err error
		if body, err = json.Marshal(b); err != nil {
			c.t.Fatal(err)
		}
	}
	made := func() *http.Request {
		req := httptest.NewRequest(r.method, "http://acquit.test"+api.Prefix+r.path, bytes.NewReader(body))
		if c.token != "" {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		req.Header.Set("Accept-Language", c.lang)
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		if r.kind != "" {
			req.Header.Set("Content-Type", r.kind)
		}
		if r.key != "" {
			req.Header.Set("Idempotency-Key", r.key)
		}
		if r.ifMatch != "" {
			req.Header.Set("If-Match", r.ifMatch)
		}
		for _, h := range r.header {
			req.Header.Set(h[0], h[1])
		}
		return req
	}
	res, err := c.srv.fiber.Test(made(), -1)
	if err != nil {
		c.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", r.method, r.path, err)
	}
	a := &answer{t: c.t, status: res.StatusCode, header: res.Header, body: data, what: r.method + " " + r.path}
	c.conform(r, made(), a)
	return a
}

// conform holds an exchange against the document.
func (c *client) conform(r request, req *http.Request, a *answer) {
	c.t.Helper()
	route, params, err := c.srv.router.FindRoute(req)
	if err != nil {
		if !r.raw {
			c.t.Errorf("%s: not in the document: %v", a.what, err)
		}
		return
	}
	for _, p := range route.Operation.Parameters {
		a.keyed = a.keyed || p.Value.Name == "Idempotency-Key"
	}
	in := &openapi3filter.RequestValidationInput{Request: req, Route: route, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true}}
	if a.status < 400 && !r.raw {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			c.t.Errorf("%s was answered %d though the document refuses the request: %v", a.what, a.status, err)
		}
		called(route.Operation.OperationID)
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true}}
	out.SetBodyBytes(a.body)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		c.t.Errorf("%s: the answer is not what the document says: %v\n%d %s", a.what, err, a.status, a.body)
	}
	if a.header.Get("X-Request-Id") == "" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		c.t.Errorf("%s: headers are missing: %v", a.what, a.header)
	}
}

var operations struct {
	sync.Mutex
	done map[string]bool
}

func called(id string) {
	operations.Lock()
	defer operations.Unlock()
	if operations.done == nil {
		operations.done = map[string]bool{}
	}
	operations.done[id] = true
}

func (c *client) get(path string) *answer {
	c.t.Helper()
	return c.do(request{method: "GET", path: path})
}

func (c *client) post(path string, body any) *answer {
	c.t.Helper()
	return c.do(request{method: "POST", path: path, body: body})
}

func (c *client) patch(path string, body any) *answer {
	c.t.Helper()
	return c.do(request{method: "PATCH", path: path, body: body})
}

func (c *client) put(path string, body any) *answer {
	c.t.Helper()
	return c.do(request{method: "PUT", path: path, body: body})
}

func (c *client) delete(path string) *answer {
	c.t.Helper()
	return c.do(request{method: "DELETE", path: path})
}

// is checks the status and returns the answer as JSON.
func (a *answer) is(status int) value {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.what, a.status, status, a.body)
	}
	return a.json()
}

func (a *answer) json() value {
	a.t.Helper()
	var v any
	if len(a.body) > 0 {
		if err := json.Unmarshal(a.body, &v); err != nil {
			a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
		}
	}
	return value{a.t, v, a.what}
}

// refused checks status and code, and that one of the errors is on the field when one is given.
func (a *answer) refused(status int, code string, field ...string) value {
	a.t.Helper()
	if a.status != status || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		a.t.Errorf("%s: %d %s, want %d %s: %s", a.what, a.status, a.header.Get("Content-Type"), status, code, a.body)
		return a.json()
	}
	v := a.json()
	found := v.at("code").text() == code && len(field) == 0
	for _, e := range v.at("errors").list() {
		found = found || e.at("code").text() == code && (len(field) == 0 || e.at("field").text() == field[0])
	}
	if !found {
		a.t.Errorf("%s: %s, want %s on %v", a.what, a.body, code, field)
	}
	return v
}

// value walks JSON.
type value struct {
	t    testing.TB
	v    any
	what string
}

func (v value) at(name string) value {
	v.t.Helper()
	for part := range strings.SplitSeq(name, ".") {
		if l, ok := v.v.([]any); ok {
			n, err := strconv.Atoi(part)
			if v.v = nil; err == nil && n < len(l) {
				v.v = l[n]
			}
			continue
		}
		m, _ := v.v.(map[string]any)
		v.v = m[part]
	}
	return v
}

func (v value) text() string { s, _ := v.v.(string); return s }

func (v value) number() int64 { n, _ := v.v.(float64); return int64(n) }

func (v value) bool() bool { b, _ := v.v.(bool); return b }

func (v value) has(name string) bool {
	m, _ := v.v.(map[string]any)
	_, ok := m[name]
	return ok
}

func (v value) list() []value {
	l, _ := v.v.([]any)
	out := make([]value, len(l))
	for i := range l {
		out[i] = value{v.t, l[i], v.what}
	}
	return out
}

// eq checks a member, written as text.
func (v value) eq(name, want string) value {
	v.t.Helper()
	got := v.at(name).v
	text, ok := got.(string)
	if !ok {
		b, err := json.Marshal(got)
		if err != nil {
			v.t.Fatal(err)
		}
		text = string(b)
	}
	if text != want {
		v.t.Errorf("%s: %s is %s, want %s", v.what, name, text, want)
	}
	return v
}

// obj is a JSON object.
type obj = map[string]any

func eur(s string) obj { return obj{"amount": s, "currency": "EUR"} }

func itoa(n int) string { return strconv.Itoa(n) }

// secondCompany founds another company in the installation and returns a client of its owner.
func (s *server) secondCompany(t testing.TB) *client {
	t.Helper()
	ctx := context.Background()
	u, err := s.AddUser(ctx, s.Owner, app.NewUser{Email: "autre@exemple.fr", Name: "Autre", Password: apptest.Password, Language: "fr", Role: access.Auditor})
	apptest.OK(t, err)
	co, err := s.CreateCompany(ctx, app.NewCompany{Company: party.Company{Name: "Autre société", TestBooks: true}}, u.User)
	apptest.OK(t, err)
	secret, _, err := s.CreateToken(ctx, access.Actor{ID: u.User.ID, Name: u.User.Name, Company: co.ID, Role: access.Owner}, "Autre", access.Owner)
	apptest.OK(t, err)
	return &client{t: t, srv: s, token: secret, lang: "en"}
}
