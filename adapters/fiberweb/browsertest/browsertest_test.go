package browsertest

import (
	"bytes"
	"fmt"
	"html"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

const form = `<!doctype html><html lang="fr"><head><title>Client</title></head><body><main>
<h1>Fiche  client</h1>
<form action="/saved">
<label>E-mail * <small>obligatoire</small><input name="email" type="email" value="old@example.fr" autofocus></label>
<label for="pay">Mode de règlement</label><select id="pay" name="pay"><option value="chq">Chèque</option><option value="cb">Carte bancaire</option></select>
<label>Échéance <input name="due" type="date"></label>
<label>Montant <input name="amount"></label>
<label>Notes <textarea name="notes">avant</textarea></label>
<label><input type="checkbox" name="online" value="yes"> Autoriser le paiement en ligne</label>
<input aria-label="Recherche" name="q">
<input type="file" name="logo" aria-label="Logo">
<label>Figé <input name="fixed" value="1" readonly></label>
<button>Enregistrer</button><button type="button" id="later" disabled>Plus tard</button>
</form>
<section id="one"><a href="/saved?which=1">Envoyer</a></section><section id="two"><a href="/saved?which=2">Envoyer</a></section>
<p id="due">1 200,00&nbsp;€</p>
<p id="slow"></p><p id="away">bientôt parti</p>
<ul><li>un</li><li>deux</li></ul>
</main>
<script>
setTimeout(() => { later.disabled = false; slow.innerText = "Enfin\n là"; away.hidden = true }, 50);
later.addEventListener("click", () => { if (confirm("Vraiment ?")) slow.innerText = "oui"; else slow.innerText = "non" });
document.addEventListener("keydown", e => { if (e.key === "Enter" && e.target === document.body) slow.innerText = "touche" });
</script>
</body></html>`

// site serves the pages of these tests.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	page := func(path, text string, headers ...string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = fmt.Fprint(w, text)
		})
	}
	page("/form", form)
	page("/missing-picture", `<img src="/none.png" alt="">`)
	page("/script-error", `<script>nothing.here()</script>`)
	page("/console-error", `<script>console.error("bad", 7)</script>`)
	page("/csp", `<p style="color: red">x</p>`, "Content-Security-Policy", "style-src 'self'")
	page("/missing-style", `<link rel="stylesheet" href="/none.css">`)
	page("/foreign-script", `<script src="https://cdn.example.com/x.js"></script>`)
	page("/dialog", `<script>alert("surprise")</script>`)
	page("/tall", `<!doctype html><body style="margin: 0"><div style="height: 3000px; background: linear-gradient(red, blue)"></div>`)
	page("/inaccessible", `<!doctype html><html lang="fr"><head><title>x</title></head><body><main><h1>x</h1><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><input></main></body></html>`)
	mux.HandleFunc("GET /saved", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<h1>Fait</h1><pre>%s</pre>", html.EscapeString(r.URL.Query().Encode()))
	})
	mux.HandleFunc("GET /gone", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusGone)
		_, _ = fmt.Fprint(w, "gone")
	})
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("seen")
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
		_, _ = fmt.Fprintf(w, "%s %v %v", r.Header.Get("Accept-Language"), c, err)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestFormFilledByLabels(t *testing.T) {
	url := site(t)
	logo := filepath.Join(t.TempDir(), "logo.png")
	if err := os.WriteFile(logo, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := New(t)
	if status := p.Open(url + "/form"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	p.FillLabel("E-mail", "jean@example.fr")
	p.FillLabel("Mode de règlement", "Carte bancaire")
	p.FillLabel("Échéance", "2026-12-31")
	p.FillLabel("Montant", "1 200,00")
	p.FillLabel("Notes", "")
	p.FillLabel("Recherche", "é")
	p.CheckLabel("Autoriser le paiement en ligne", true)
	p.CheckLabel("Autoriser le paiement en ligne", true)
	p.Upload("input[type=file]", logo)
	if v := p.Value("[name=email]"); v != "jean@example.fr" {
		t.Errorf("the field holds %q", v)
	}
	p.Leave(func() { p.Press("Enregistrer") })
	want := "amount=1+200%2C00&due=2026-12-31&email=jean%40example.fr&fixed=1&logo=logo.png&notes=&online=yes&pay=cb&q=%C3%A9"
	if got := p.Text("pre"); got != want {
		t.Errorf("the form sent\n%s, want\n%s", got, want)
	}
}

func TestFormFilledBySelectors(t *testing.T) {
	p := New(t)
	p.Open(site(t) + "/form")
	p.Fill("[name=amount]", "12")
	p.Fill("[name=amount]", "13")
	p.Fill("#pay", "cb")
	p.Check("[name=online]", true)
	p.Check("[name=online]", false)
	p.Leave(func() { p.Click("form button") })
	if got := p.Text("pre"); !strings.Contains(got, "amount=13&") || !strings.Contains(got, "pay=cb") || strings.Contains(got, "online") {
		t.Errorf("the form sent %s", got)
	}
}

func TestReading(t *testing.T) {
	url := site(t)
	p := New(t)
	p.Open(url + "/form")
	if got := p.Text("#due"); got != "1 200,00 €" {
		t.Errorf("got %q", got)
	}
	p.WaitText("#slow", "Enfin là")
	p.WaitGone("#away")
	if got := p.Texts("li"); len(got) != 2 || got[1] != "deux" {
		t.Errorf("got %q", got)
	}
	if n := p.Count("table"); n != 0 {
		t.Errorf("%d tables", n)
	}
	if got := p.Attribute("label[for]", "for"); got != "pay" {
		t.Errorf("got %q", got)
	}
	p.Leave(func() { p.Press("Envoyer", "#two") })
	if got := p.URL(); got != url+"/saved?which=2" {
		t.Errorf("at %s", got)
	}
	if status := p.Open(url + "/gone"); status != http.StatusGone {
		t.Errorf("status %d", status)
	}
}

func TestKeysAndDialogs(t *testing.T) {
	p := New(t)
	p.Open(site(t) + "/form")
	p.Press("Plus tard")
	p.WaitText("#slow", "non")
	p.Tolerate("Vraiment ?")
	p.AnswerDialog(true)
	p.Press("Plus tard")
	p.WaitText("#slow", "oui")
	Eval[bool](p, "document.activeElement.blur() || true")
	p.Key(kb.Enter)
	p.WaitText("#slow", "touche")
}

func TestPagesAreApart(t *testing.T) {
	url := site(t)
	first := New(t)
	first.Open(url + "/cookie")
	if again := first.Open(url + "/cookie"); again != http.StatusOK || !strings.Contains(first.Text("body"), "seen=yes") {
		t.Errorf("a page forgets its cookies: %s", first.Text("body"))
	}
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			p := New(t, Lang("en-GB"))
			p.Open(url + "/cookie")
			if got := p.Text("body"); !strings.HasPrefix(got, "en-GB") || strings.Contains(got, "seen=yes") {
				t.Errorf("another profile sent %s", got)
			}
			if got := Eval[string](p, `new Intl.NumberFormat().format(1234.5)`); got != "1,234.5" {
				t.Errorf("the browser writes %s", got)
			}
		})
	}
}

func TestScreenshot(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("ACQUIT_SHOTS", dir)
	p := New(t)
	p.Open(site(t) + "/tall")
	picture, err := png.Decode(bytes.NewReader(p.Screenshot("tall page", 390)))
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds(); size.Dx() != 390 || size.Dy() != 3000 {
		t.Errorf("the picture is %v", size)
	}
	if _, err := os.Stat(filepath.Join(dir, "TestScreenshot", "tall-page-390.png")); err != nil {
		t.Error(err)
	}
	if got := Eval[int](p, "window.innerWidth"); got != width {
		t.Errorf("the window is left %d wide", got)
	}
}

func TestViolations(t *testing.T) {
	url := site(t)
	p := New(t)
	p.Open(url + "/inaccessible")
	var ids []string
	for _, v := range p.Violations() {
		ids = append(ids, v.ID)
	}
	if got := strings.Join(ids, " "); got != "image-alt label" {
		t.Errorf("violations: %s", got)
	}
	if got := p.Violations("image-alt", "label"); len(got) != 0 {
		t.Errorf("excepted rules are reported: %v", got)
	}
}

// TestFailures has what should fail a test fail one.
func TestFailures(t *testing.T) {
	url := site(t)
	silent := httptest.NewServer(nil)
	closed := silent.URL
	silent.Close()
	open := func(path string) func(*Page) { return func(p *Page) { p.Open(url + path) } }
	form := func(do func(*Page)) func(*Page) {
		return func(p *Page) {
			p.Open(url + "/form")
			p.patience = 300 * time.Millisecond
			do(p)
		}
	}
	for _, c := range []struct {
		name, want string
		do         func(*Page)
	}{
		{"script error", "nothing is not defined", open("/script-error")},
		{"console error", "console error: bad 7", open("/console-error")},
		{"inline style", "Content Security Policy", open("/csp")},
		{"missing style", "/none.css", open("/missing-style")},
		{"missing picture", "image answered 404", open("/missing-picture")},
		{"anything but loopback", "script not loaded: net::ERR_NAME_NOT_RESOLVED", open("/foreign-script")},
		{"unannounced dialog", "a dialog nobody announced: surprise", open("/dialog")},
		{"violation", "image-alt (critical)", func(p *Page) { p.Open(url + "/inaccessible"); p.Accessible() }},
		{"no server", "ERR_CONNECTION_REFUSED", func(p *Page) { p.Open(closed) }},
		{"no such text", `waited in vain for "absent" in h1, got Fiche client`, form(func(p *Page) { p.WaitText("h1", "absent") })},
		{"the page is told", "Autoriser le paiement en ligne", form(func(p *Page) { p.WaitText("h1", "absent") })},
		{"no such element", "waited in vain for #absent", form(func(p *Page) { p.Click("#absent") })},
		{"no such label", `waited in vain for the field "Absent"`, form(func(p *Page) { p.FillLabel("Absent", "x") })},
		{"ambiguous label", `the button or link "Envoyer" is there 2 times`, form(func(p *Page) { p.Press("Envoyer") })},
		{"no such choice", `takes no "Espèces"`, form(func(p *Page) { p.FillLabel("Mode de règlement", "Espèces") })},
		{"no date", `takes no "31/12/2026"`, form(func(p *Page) { p.FillLabel("Échéance", "31/12/2026") })},
		{"read-only", "is read-only", form(func(p *Page) { p.FillLabel("Figé", "x") })},
		{"a box is not filled", "is a checkbox", form(func(p *Page) { p.FillLabel("Autoriser le paiement en ligne", "x") })},
		{"page that stays", "waited in vain for another page", form(func(p *Page) { p.Leave(func() {}) })},
		{"element that stays", "waited in vain for h1 to go", form(func(p *Page) { p.WaitGone("h1") })},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := failures(t, c.do); !strings.Contains(got, c.want) {
				t.Errorf("the test failed with %q, want %q", got, c.want)
			}
		})
	}
	t.Run("tolerated", func(t *testing.T) {
		got := failures(t, func(p *Page) {
			p.Tolerate("console error: bad")
			p.Open(url + "/console-error")
		})
		if got != "" {
			t.Errorf("failed with %q", got)
		}
	})
}

// recorder is a test that does not fail the one it stands in for.
type recorder struct {
	testing.TB
	mu      sync.Mutex
	said    []string
	cleanup []func()
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.said) > 0
}

func (r *recorder) Cleanup(f func()) { r.cleanup = append(r.cleanup, f) }

// failures returns what a test that does this fails with.
func failures(t *testing.T, do func(*Page)) string {
	t.Helper()
	r := &recorder{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		do(New(r))
	}()
	<-ended
	for _, f := range r.cleanup {
		f()
	}
	return strings.Join(r.said, "\n")
}
