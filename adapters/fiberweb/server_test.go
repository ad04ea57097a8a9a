package fiberweb_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/access"
)

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []fiberweb.Options{
		{},
		{Auth: newPeople(), Sessions: &drawer{}},
		{Auth: newPeople(), Sessions: &drawer{}, BaseURL: "acquit.test"},
		{Auth: newPeople(), Sessions: &drawer{}, BaseURL: "ftp://acquit.test"},
		{Auth: newPeople(), Sessions: &drawer{}, BaseURL: "http://acquit.test", TrustedProxies: []string{"nginx"}},
	} {
		if _, err := fiberweb.New(o); err == nil {
			t.Errorf("accepted: %+v", o)
		}
	}
}

func TestHealth(t *testing.T) {
	var down error
	h := newHouse(t, func(o *fiberweb.Options) { o.Healthy = func(context.Context) error { return down } })
	h.browser(t).get("/healthz").want(t, 200, `"status":"ok"`, "1.2.3")
	down = errors.New("database gone")
	got := h.browser(t).get("/healthz").want(t, 503)
	if strings.Contains(got.body, "gone") {
		t.Error("a stranger reads what broke")
	}
}

func TestHeaders(t *testing.T) {
	plain := newHouse(t).browser(t).get("/login").want(t, 200)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		"Strict-Transport-Security": "",
	} {
		if got := plain.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	csp := plain.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "form-action 'self';", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, part) {
			t.Errorf("the policy %q lacks %s", csp, part)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("the policy %q allows inline code", csp)
	}
	if !strings.HasPrefix(plain.Header.Get("X-Request-Id"), "req_") {
		t.Error("the answer has no name")
	}
	secure := newHouse(t, func(o *fiberweb.Options) { o.BaseURL = "https://acquit.test" }).browser(t).get("/login").want(t, 200)
	if secure.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS by https")
	}
	for _, c := range secure.Cookies() {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || !strings.HasPrefix(c.Name, "__Host-") || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie %s is not strict", c)
		}
	}
	if len(secure.Cookies()) == 0 {
		t.Error("the log-in form set no cookie")
	}
	pay := newHouse(t).browser(t).get("/p/x").want(t, 200)
	if !strings.Contains(pay.Header.Get("Content-Security-Policy"), "form-action 'self' https:") {
		t.Error("the pay page cannot go on to a gateway")
	}
}

func TestPagesHoldNothingInline(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t).logIn("anne@example.fr")
	for _, path := range []string{"/login", "/p/x", "/companies", "/c/" + company + "/items", "/c/" + company + "/fails/x", "/nowhere"} {
		body := b.get(path).body
		for _, bad := range []string{" style=", "<style", "onclick", "onload", "onsubmit", "javascript:", "hx-on", "⟦"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
		if strings.Count(body, "<script") != strings.Count(body, "<script src=") {
			t.Errorf("%s holds an inline script", path)
		}
	}
}

func TestErrorsArePagesThatHelp(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t).logIn("anne@example.fr")
	base := "/c/" + company
	b.get(base+"/fails/conflict").want(t, 409, "Cela a changé entre-temps", "Paul a modifié cette fiche entre-temps (01/07/2026 12:00)")
	b.get(base+"/fails/refused").want(t, 422, "Demande refusée", "ajoutez-en au moins une")
	b.get(base+"/fails/busy").want(t, 503, "réessayez dans un instant")
	b.get(base+"/nowhere").want(t, 404, "Page introuvable", "Intégration des paiements en ligne")
	b.get("/nowhere").want(t, 404, "Page introuvable")
	b.get("/c/"+other+"/items").want(t, 404, "Introuvable dans cette société : société co_other")
	b.post("/healthz").want(t, 405, "Méthode non acceptée")
	for _, how := range []string{"other", "panic"} {
		got := b.get(base+"/fails/"+how).want(t, 500, "Erreur interne", "Référence")
		if strings.Contains(got.body, "secret-token-123") || strings.Contains(got.body, "tea pot") {
			t.Errorf("%s: the page shows what only the log may hold", how)
		}
		ref := got.Header.Get("X-Request-Id")
		if !strings.Contains(got.body, ref) || !strings.Contains(h.log.String(), ref) {
			t.Errorf("%s: the reference %s is not on the page and in the log", how, ref)
		}
	}
	if log := h.log.String(); !strings.Contains(log, "tea pot") || !strings.Contains(log, "secret-token-123") || !strings.Contains(log, "fiberweb_test.go") {
		t.Error("the log lacks the cause")
	}
}

func TestProgramsGetProblems(t *testing.T) {
	h := newHouse(t, func(o *fiberweb.Options) { o.BodyLimit = 1000 })
	b := h.browser(t)
	b.header.Set("Accept-Language", "en")
	for path, want := range map[string]int{"/api/v1/fails": 422, "/api/v1/nowhere": 404, "/hooks/nowhere": 404} {
		got := b.get(path).want(t, want, `"status":`+fmt.Sprint(want), `"reference":"req_`)
		if got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", path, got.Header.Get("Content-Type"))
		}
	}
	b.get("/api/v1/fails").want(t, 422, `"code":"no_lines"`, "add at least one")
	b.post("/hooks/x").want(t, 204)
	if len(*h.done) != 1 {
		t.Error("a webhook needs no token")
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t).logIn("anne@example.fr")
	b.get("/p/very-secret-token?email=anne@example.fr")
	b.send("/c/"+company+"/items", "/c/"+company+"/items", "name", "Monsieur Secret")
	log := h.log.String()
	for _, bad := range []string{"very-secret-token", "anne@", password, "Monsieur", "0.0.0.0", "127.0.0.1"} {
		if strings.Contains(log, bad) {
			t.Errorf("the log holds %q:\n%s", bad, log)
		}
	}
	if !strings.Contains(log, `"route":"/p/:token"`) || !strings.Contains(log, `"status":200`) {
		t.Errorf("the log does not say what happened:\n%s", log)
	}
}

func TestStaticFiles(t *testing.T) {
	b := newHouse(t).browser(t)
	page := b.get("/login").want(t, 200)
	for _, name := range []string{"app.css", "app.js", "third_party/htmx/htmx.min.js", "logo.svg"} {
		i := strings.Index(page.body, name+`"`)
		if i < 0 {
			t.Fatalf("the page does not load %s", name)
		}
		path := page.body[strings.LastIndex(page.body[:i], `"`)+1 : i+len(name)]
		got := b.get(path).want(t, 200)
		if !strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is not kept", path)
		}
		old := b.get("/static/000000000000/"+name).want(t, 200)
		if strings.Contains(old.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s of another version is kept", name)
		}
	}
	for _, path := range []string{"/static/x/../static.go", "/static/x/static.go", "/static/", "/static/x/%2e%2e/static.go"} {
		if got := b.get(path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

func TestBrokenQueriesAreRefused(t *testing.T) {
	b := newHouse(t).browser(t).logIn("anne@example.fr")
	for _, q := range []string{"q=%00", "q=a%FFb", "%00=1", "sort=%1b"} {
		b.get("/c/"+company+"/items?"+q).want(t, 422)
	}
	b.get("/c/"+company+"/items?q=caf%C3%A9%0A").want(t, 200)
}

// serve runs a house on a real socket.
func serve(t *testing.T, h house) (addr string, stop func() error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, ln) }()
	return ln.Addr().String(), func() error { cancel(); return <-ended }
}

func TestBodyLimitOnTheWire(t *testing.T) {
	h := newHouse(t, func(o *fiberweb.Options) { o.BodyLimit = 1 << 20 })
	addr, stop := serve(t, h)
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	for path, kind := range map[string]string{"/login": "text/html", "/hooks/x": "application/problem+json"} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		// Only the head is sent: a server that reads on would wait for ever.
		if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nContent-Type: text/plain\r\n\r\n", path); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.HasPrefix(resp.Header.Get("Content-Type"), kind) || resp.Header.Get("X-Content-Type-Options") == "" {
			t.Errorf("%s: %d %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		_ = resp.Body.Close()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestServeLetsRequestsFinish(t *testing.T) {
	h := newHouse(t)
	inside, goOn := make(chan struct{}), make(chan struct{})
	h.Public().Get("/slow", func(c *fiberweb.Ctx) error {
		close(inside)
		<-goOn
		return c.SendString("finished")
	})
	addr, stop := serve(t, h)
	got := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + addr + "/slow")
		if err != nil {
			got <- err.Error()
			return
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		got <- fmt.Sprint(string(b), err)
	}()
	<-inside
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	close(goOn)
	if s := <-got; s != "finished<nil>" {
		t.Errorf("the request in progress got %q", s)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
		t.Error("still listening")
	}
}

func TestServeDoesNotWaitForWhoeverSaysNothing(t *testing.T) {
	addr, stop := serve(t, newHouse(t))
	idle, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = idle.Close() }()
	// Who comes later is answered, so the first has been let in.
	resp, err := http.Get("http://" + addr + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if n, err := idle.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the connection goes on: %d, %v", n, err)
	}
}

func TestServeThatIsStoppedBeforeItBegan(t *testing.T) {
	h := newHouse(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Serve(ctx, ln); err != nil {
		t.Error(err)
	}
}

func TestStreams(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t).logIn("anne@example.fr")
	got := b.get("/c/"+company+"/stream/whole").want(t, 200)
	if len(got.body) != 20_000*len("ligne\n") {
		t.Errorf("%d bytes", len(got.body))
	}
	if d := got.Header.Get("Content-Disposition"); d != `attachment; filename="_critures_2026.txt"; filename*=UTF-8''%C3%A9critures%2F2026.txt` {
		t.Errorf("the file is called %s", d)
	}

	addr, stop := serve(t, h)
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	}()
	req := b.request(http.MethodGet, "/c/"+company+"/stream/broken", nil)
	for _, c := range b.jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	req.URL.Host = addr
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("half a file looks like a whole one")
	}
	_ = resp.Body.Close()
}

func TestStreamsThatGoWrong(t *testing.T) {
	h := newHouse(t)
	left := make(chan error, 1)
	h.Public().Get("/endless", func(c *fiberweb.Ctx) error {
		return c.Stream("x", "text/plain", func(w io.Writer) error {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					left <- err
					return err
				}
			}
		})
	})
	h.Public().Get("/panics", func(c *fiberweb.Ctx) error {
		return c.Stream("x", "text/plain", func(io.Writer) error { panic("in the stream") })
	})
	addr, stop := serve(t, h)
	resp, err := http.Get("http://" + addr + "/endless")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	if err := <-left; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the writer is told %v", err)
	}
	if resp, err = http.Get("http://" + addr + "/panics"); err == nil {
		if _, err = io.ReadAll(resp.Body); err == nil {
			t.Error("a panic looks like a whole file")
		}
		_ = resp.Body.Close()
	}
	if resp, err = http.Get("http://" + addr + "/healthz"); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("the server is gone: %v", err)
	} else {
		_ = resp.Body.Close()
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if log := h.log.String(); !strings.Contains(log, "the client left") || !strings.Contains(log, "in the stream") {
		t.Errorf("the log does not say what went wrong: %s", log)
	}
}

func TestRolesAreKeptAtTheDoor(t *testing.T) {
	h := newHouse(t)
	anne, aude := h.browser(t).logIn("anne@example.fr"), h.browser(t).logIn("aude@example.fr")
	base := "/c/" + company
	anne.get(base+"/users").want(t, 200, "users of "+company)
	anne.get("/c/co_two/users").want(t, 403, "Accès refusé", "gérer les utilisateurs")
	aude.get(base+"/items").want(t, 200)
	aude.send(base+"/items", base+"/items", "name", "x").want(t, 403, "Your role does not permit this")
	aude.send(base+"/items", base+"/exports").want(t, 200)
	if fmt.Sprint(*h.done) != "[export]" {
		t.Errorf("done: %v", *h.done)
	}
	if access.Auditor.Can(access.Keep) {
		t.Fatal("the test's assumption about auditors is wrong")
	}
}

func TestMenuCountsDoNotStopAPage(t *testing.T) {
	var broken error
	h := newHouse(t, func(o *fiberweb.Options) {
		o.Waiting = func(_ context.Context, c string) (map[string]int, error) { return map[string]int{"inbox": 12}, broken }
	})
	b := h.browser(t).logIn("anne@example.fr")
	b.get("/c/"+company+"/items").want(t, 200, "12 à traiter")
	broken = errors.New("slow")
	b.get("/c/"+company+"/items").want(t, 200)
}
