package screentest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
)

// Client is a browser without JavaScript that follows no redirect. It talks to the server without a network.
type Client struct {
	tb     testing.TB
	house  *House
	jar    http.CookieJar
	Header http.Header // sent with each request
}

// Visitor is a client that nobody has logged in to.
func (h *House) Visitor(tb testing.TB) *Client {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &Client{tb: tb, house: h, jar: jar, Header: http.Header{}}
}

// As is a client of the person with a role.
func (h *House) As(tb testing.TB, r access.Role) *Client {
	tb.Helper()
	c := h.Visitor(tb)
	c.Send("/login", "/login", "email", Address(r), "password", Password).Want(http.StatusSeeOther)
	return c
}

// Answer is what came back, its body read.
type Answer struct {
	*http.Response
	tb   testing.TB
	Body string
}

// Get opens a page.
func (c *Client) Get(path string) Answer {
	c.tb.Helper()
	return c.Do(c.request(http.MethodGet, path, nil))
}

// Post sends fields (name, value, name, value) and nothing else: without a page's token it is what another site could do.
func (c *Client) Post(path string, fields ...string) Answer {
	c.tb.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		v.Add(fields[i], fields[i+1])
	}
	req := c.request(http.MethodPost, path, strings.NewReader(v.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.Do(req)
}

// PostRaw sends a body as it is.
func (c *Client) PostRaw(path, mediaType, body string) Answer {
	c.tb.Helper()
	req := c.request(http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", mediaType)
	return c.Do(req)
}

var tokenField = regexp.MustCompile(`name="_csrf" value="([^"]+)"`)

// Send opens a page and sends a form of it, token included.
func (c *Client) Send(page, to string, fields ...string) Answer {
	c.tb.Helper()
	shown := c.Get(page)
	m := tokenField.FindStringSubmatch(shown.Body)
	if m == nil {
		c.tb.Fatalf("%s (%d) has no form:\n%s", page, shown.StatusCode, shown.Body)
	}
	return c.Post(to, append([]string{"_csrf", m[1]}, fields...)...)
}

func (c *Client) request(method, path string, body io.Reader) *http.Request {
	c.tb.Helper()
	req, err := http.NewRequestWithContext(c.tb.Context(), method, c.house.BaseURL()+path, body)
	if err != nil {
		c.tb.Fatal(err)
	}
	return req
}

// Do sends a request.
func (c *Client) Do(req *http.Request) Answer {
	c.tb.Helper()
	for k, vs := range c.Header {
		req.Header[k] = vs
	}
	for _, cookie := range c.jar.Cookies(req.URL) {
		req.AddCookie(cookie)
	}
	resp, err := c.house.Raw().Test(req, -1)
	if err != nil {
		c.tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.tb.Fatal(err)
	}
	c.jar.SetCookies(req.URL, resp.Cookies())
	return Answer{resp, c.tb, string(body)}
}

// Want ends the test unless the answer has this status, and fails it for each text that it does not hold. Spaces of any
// kind count as one.
func (a Answer) Want(status int, texts ...string) Answer {
	a.tb.Helper()
	if a.StatusCode != status {
		a.tb.Fatalf("%s %s: %d (%s), want %d\n%s", a.Request.Method, a.Request.URL, a.StatusCode, a.Header.Get("Location"), status, a.Body)
	}
	body := Plain(a.Body)
	for _, text := range texts {
		if !strings.Contains(body, Plain(text)) {
			a.tb.Errorf("%s %s does not say %q:\n%s", a.Request.Method, a.Request.URL, text, a.Body)
		}
	}
	return a
}

// Lacks fails the test for each text that the answer holds.
func (a Answer) Lacks(texts ...string) Answer {
	a.tb.Helper()
	body := Plain(a.Body)
	for _, text := range texts {
		if strings.Contains(body, Plain(text)) {
			a.tb.Errorf("%s %s says %q:\n%s", a.Request.Method, a.Request.URL, text, a.Body)
		}
	}
	return a
}

// Goes ends the test unless the answer sends the browser to an address.
func (a Answer) Goes(to string) Answer {
	a.tb.Helper()
	a.Want(http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != to {
		a.tb.Fatalf("%s %s goes to %s, want %s", a.Request.Method, a.Request.URL, got, to)
	}
	return a
}

// Plain is a text as it reads: one space for any run of spaces, line ends and no-break spaces, and no character references
// for what templates escape in texts.
func Plain(s string) string {
	s = strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&amp;", "&").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}
