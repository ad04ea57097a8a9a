package fiberweb_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/rs/zerolog"
)

const (
	password = "correct horse battery"
	company  = "co_one"
	other    = "co_other"
)

// people is an Auth whose users are given by the test. Its passwords are kept in clear.
type people struct {
	mu    sync.Mutex
	users map[string]access.User
	roles map[string][]fiberweb.CompanyRef
	down  error
	tries int
}

func newPeople() *people {
	return &people{
		users: map[string]access.User{
			"usr_anne": {ID: "usr_anne", Email: "anne@example.fr", Name: "Anne Durand", PasswordHash: password, Active: true},
			"usr_aude": {ID: "usr_aude", Email: "aude@example.fr", Name: "Aude Audit", PasswordHash: password, Active: true, Language: "en"},
			"usr_solo": {ID: "usr_solo", Email: "solo@example.fr", Name: "Solo", PasswordHash: password, Active: true},
		},
		roles: map[string][]fiberweb.CompanyRef{
			"usr_anne": {{ID: company, Name: "Menuiserie Lefèvre", Role: access.Owner, Test: true}, {ID: "co_two", Name: "Deux", Role: access.Sales}},
			"usr_aude": {{ID: company, Name: "Menuiserie Lefèvre", Role: access.Auditor}},
		},
	}
}

func (p *people) Login(_ context.Context, email, given string) (access.User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	for _, u := range p.users {
		if string(u.Email) == email && u.PasswordHash == given && u.Active {
			return u, p.down
		}
	}
	return access.User{}, fault.New(fault.Unauthenticated, fault.BadLogin)
}

func (p *people) User(_ context.Context, id string) (access.User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, ok := p.users[id]
	if !ok {
		return u, fault.New(fault.NotFound, fault.UnknownThing, "what", "user", "id", id)
	}
	return u, p.down
}

func (p *people) Companies(_ context.Context, id string) ([]fiberweb.CompanyRef, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roles[id], p.down
}

func (p *people) change(id string, f func(*access.User)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.users[id]
	f(&u)
	p.users[id] = u
}

func (p *people) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = err
}

// drawer is a SessionStore in memory that remembers how often it was written.
type drawer struct {
	mu   sync.Mutex
	kept map[string][]byte
	sets int
}

func (d *drawer) Get(k string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.kept[k]), nil
}

func (d *drawer) Set(k string, v []byte, _ time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sets++
	d.kept[k] = bytes.Clone(v)
	return nil
}

func (d *drawer) Delete(k string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.kept, k)
	return nil
}

func (d *drawer) Reset() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept = map[string][]byte{}
	return nil
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// house is a server with a few routes of the test's own.
type house struct {
	*fiberweb.Server
	people   *people
	sessions *drawer
	clock    *clock
	log      *lines
	done     *[]string // what handlers did
}

func newHouse(t *testing.T, change ...func(*fiberweb.Options)) house {
	t.Helper()
	h := house{people: newPeople(), sessions: &drawer{kept: map[string][]byte{}}, clock: &clock{t: time.Now()}, log: &lines{}, done: new([]string)}
	o := fiberweb.Options{
		Auth: h.people, Sessions: h.sessions, BaseURL: "http://acquit.test", Version: "1.2.3", Log: zerolog.New(h.log), Now: h.clock.now,
	}
	for _, f := range change {
		f(&o)
	}
	s, err := fiberweb.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h.Server = s
	did := func(what string) { *h.done = append(*h.done, what) }
	r := s.Company()
	r.Form("/items", func(c *fiberweb.Ctx) error { return c.Show(testPage(c.NewForm())) }, func(c *fiberweb.Ctx) error {
		f, err := c.Form()
		if err != nil {
			return err
		}
		name := f.Required("name", 20)
		if !f.OK() {
			return c.Invalid(f, testPage(f))
		}
		did(name)
		return c.Done("/items", "flash.saved")
	})
	r.For(access.ManageUsers).Form("/users", func(c *fiberweb.Ctx) error { return c.SendString("users of " + c.Company()) },
		func(c *fiberweb.Ctx) error { did("user"); return nil })
	r.For(access.ExportBooks).Post("/exports", func(c *fiberweb.Ctx) error { did("export"); return c.SendString("done") })
	r.Get("/fails/:how", func(c *fiberweb.Ctx) error {
		switch c.Params("how") {
		case "panic":
			panic("tea pot")
		case "conflict":
			return fault.New(fault.Conflict, fault.Stale, "who", "Paul", "when", "2026-07-01T10:00:00Z")
		case "refused":
			return fault.New(fault.Refused, fault.NoLines)
		case "busy":
			return fault.New(fault.Unavailable, fault.Busy)
		}
		return errors.New("the disk said: secret-token-123")
	})
	r.Get("/stream/:how", func(c *fiberweb.Ctx) error {
		how := c.Params("how")
		return c.Stream("écritures/2026.txt", "text/plain", func(w io.Writer) error {
			for range 20_000 {
				if _, err := io.WriteString(w, "ligne\n"); err != nil {
					return err
				}
			}
			if how == "broken" {
				return errors.New("half way")
			}
			return nil
		})
	})
	s.Public().Form("/p/:token", func(c *fiberweb.Ctx) error { c.FormsMayLeave(); return c.Show(testPublic()) }, func(c *fiberweb.Ctx) error {
		did("pay")
		return c.SeeOther("https://gateway.example/pay")
	})
	s.Raw().Post("/hooks/x", func(c *fiberweb.RawCtx) error { did("hook"); return c.SendStatus(http.StatusNoContent) })
	s.Raw().Get("/api/v1/fails", func(*fiberweb.RawCtx) error { return fault.New(fault.Refused, fault.NoLines) })
	return h
}

// browser is a client with cookies that follows no redirect. It talks to the server without a network.
type browser struct {
	t   *testing.T
	h   house
	jar http.CookieJar
	// extra headers of each request.
	header http.Header
}

func (h house) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, h: h, jar: jar, header: http.Header{}}
}

type answer struct {
	*http.Response
	body string
}

func (b *browser) do(req *http.Request) answer {
	b.t.Helper()
	for k, vs := range b.header {
		req.Header[k] = vs
	}
	for _, c := range b.jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	resp, err := b.h.Raw().Test(req, -1)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.jar.SetCookies(req.URL, resp.Cookies())
	return answer{resp, string(body)}
}

func (b *browser) request(method, path string, body io.Reader) *http.Request {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.h.BaseURL()+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	return req
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	req := b.request(http.MethodPost, path, strings.NewReader(v.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

var tokenField = regexp.MustCompile(`name="_csrf" value="([^"]*)"`)

// send opens a page and sends its form, token included.
func (b *browser) send(page, to string, pairs ...string) answer {
	b.t.Helper()
	shown := b.get(page)
	m := tokenField.FindStringSubmatch(shown.body)
	if len(m) != 2 || m[1] == "" {
		b.t.Fatalf("%s (%d) has no form: %s", page, shown.StatusCode, shown.body)
	}
	return b.post(to, append([]string{"_csrf", m[1]}, pairs...)...)
}

func (b *browser) logIn(email string) *browser {
	b.t.Helper()
	if got := b.send("/login", "/login", "email", email, "password", password); got.StatusCode != http.StatusSeeOther {
		b.t.Fatalf("log-in of %s: %d %s", email, got.StatusCode, got.body)
	}
	return b
}

func (a answer) want(t *testing.T, status int, texts ...string) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %d, want %d\n%s", a.Request.Method, a.Request.URL, a.StatusCode, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(strings.ReplaceAll(a.body, "\u00a0", " "), text) {
			t.Errorf("%s %s does not say %q:\n%s", a.Request.Method, a.Request.URL, text, a.body)
		}
	}
	return a
}
