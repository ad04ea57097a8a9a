package fiberweb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/access"
)

func TestLogInAndOut(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	b.get("/").want(t, 303)
	wanted := "/c/" + company + "/items?q=a%20b"
	got := b.get(wanted).want(t, 303)
	if to := got.Header.Get("Location"); to != "/login?next="+url.QueryEscape(wanted) {
		t.Fatalf("sent to %s", to)
	}
	in := b.send(got.Header.Get("Location"), "/login", "email", "anne@example.fr", "password", password, "next", wanted).want(t, 303)
	if to := in.Header.Get("Location"); to != wanted {
		t.Errorf("after log-in sent to %s", to)
	}
	b.get(wanted).want(t, 200, "Anne Durand", "Menuiserie Lefèvre", "Mode test", "Administrateur")
	if to := b.get("/login").want(t, 303).Header.Get("Location"); to != "/companies" {
		t.Errorf("with two companies sent to %s", to)
	}
	b.get("/companies").want(t, 200, "Menuiserie Lefèvre", "Deux")
	out := b.send(wanted, "/logout").want(t, 303)
	b.get(out.Header.Get("Location")).want(t, 200, "Vous êtes déconnecté.")
	b.get(wanted).want(t, 303)
	if len(h.sessions.kept) != 0 {
		t.Error("the session is still there")
	}
	if s := h.browser(t).logIn("solo@example.fr").get("/companies").want(t, 200, "Aucune société"); s.StatusCode != http.StatusOK {
		t.Error("a user without a company")
	}
}

func TestPagesWriteNoSession(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	b.get("/login")
	b.get("/p/x")
	if h.sessions.sets != 0 {
		t.Error("a visitor makes the store write")
	}
	b.logIn("anne@example.fr")
	wrote := h.sessions.sets
	for range 5 {
		b.get("/c/" + company + "/items")
	}
	b.send("/c/"+company+"/items", "/c/"+company+"/items", "name", "x").want(t, 303)
	b.get("/c/"+company+"/items").want(t, 200, "Enregistré.")
	if h.sessions.sets != wrote {
		t.Errorf("%d writes for reading pages", h.sessions.sets-wrote)
	}
}

func TestLogInChangesTheSessionID(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	planted := &http.Cookie{Name: "acquit_session", Value: "planted", Path: "/"}
	home, _ := url.Parse(h.BaseURL())
	b.jar.SetCookies(home, []*http.Cookie{planted})
	b.logIn("anne@example.fr")
	thief := h.browser(t)
	thief.jar.SetCookies(home, []*http.Cookie{planted})
	thief.get("/c/"+company+"/items").want(t, 303)
	for key := range h.sessions.kept {
		for _, c := range b.jar.Cookies(home) {
			if strings.Contains(key, c.Value) {
				t.Error("the store holds the cookie itself")
			}
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	for name, end := range map[string]func(house){
		"expired":          func(h house) { h.clock.pass(15 * time.Hour) },
		"deactivated":      func(h house) { h.people.change("usr_anne", func(u *access.User) { u.Active = false }) },
		"password changed": func(h house) { h.people.change("usr_anne", func(u *access.User) { u.Stamp = "new" }) },
		"user gone": func(h house) {
			h.people.mu.Lock()
			delete(h.people.users, "usr_anne")
			h.people.mu.Unlock()
		},
		"all forgotten": func(h house) { _ = h.sessions.Reset() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			b := h.browser(t).logIn("anne@example.fr")
			page := "/c/" + company + "/items"
			b.get(page).want(t, 200)
			end(h)
			to := b.get(page).want(t, 303).Header.Get("Location")
			b.get(to).want(t, 200, "Votre session a expiré")
			if got := b.post(page, "name", "x"); got.StatusCode != http.StatusForbidden {
				t.Errorf("a form is accepted: %d", got.StatusCode)
			}
			if len(*h.done) > 0 {
				t.Error("something was done")
			}
		})
	}
}

func TestAnOutageIsNotALogOut(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t).logIn("anne@example.fr")
	h.people.fail(errors.New("database gone"))
	b.get("/c/"+company+"/items").want(t, 500, "Erreur interne")
	h.people.fail(nil)
	b.get("/c/"+company+"/items").want(t, 200)
}

func TestBadLogIns(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	wrong := b.send("/login", "/login", "email", "anne@example.fr", "password", "no").want(t, 401, "Adresse e-mail ou mot de passe incorrect")
	unknown := b.send("/login", "/login", "email", "anne@example.fx", "password", "no").want(t, 401)
	strip := func(s string) string {
		return tokenField.ReplaceAllString(strings.NewReplacer("anne@example.fr", "", "anne@example.fx", "").Replace(s), "")
	}
	if strip(wrong.body) != strip(unknown.body) {
		t.Error("a stranger can tell which addresses have an account")
	}
	if strings.Contains(wrong.body, `value="no"`) {
		t.Error("the password is sent back")
	}
	b.send("/login", "/login").want(t, 422, "2 points sont à corriger", "Adresse e-mail : Ce champ est obligatoire")
	b.send("/login", "/login", "email", "anne@example.fr", "password", strings.Repeat("x", 1001)).want(t, 422)
	if h.people.tries != 2 {
		t.Errorf("%d passwords looked at", h.people.tries)
	}
}

func TestGuessingIsSlow(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	try := func(given string) answer {
		return b.send("/login", "/login", "email", "anne@example.fr", "password", given)
	}
	for range 10 {
		try("guess").want(t, 401)
	}
	got := try(password).want(t, 429, "Trop de tentatives : attendez 15 min")
	if got.Header.Get("Retry-After") != "900" {
		t.Errorf("Retry-After: %s", got.Header.Get("Retry-After"))
	}
	if h.people.tries != 10 {
		t.Errorf("%d passwords looked at", h.people.tries)
	}
	h.browser(t).logIn("aude@example.fr")
	h.clock.pass(16 * time.Minute)
	try(password).want(t, 303)

	b = h.browser(t)
	for i := range 60 {
		b.send("/login", "/login", "email", fmt.Sprintf("u%d@example.fr", i), "password", "x")
	}
	b.send("/login", "/login", "email", "new@example.fr", "password", "x").want(t, 429)
}

func TestProxiesAreBelievedOnlyWhenTrusted(t *testing.T) {
	guess := func(t *testing.T, h house, forwarded func(i int) string) (limited bool) {
		for i := range 70 {
			b := h.browser(t)
			b.header.Set("X-Forwarded-For", forwarded(i))
			got := b.send("/login", "/login", "email", fmt.Sprintf("u%d@example.fr", i), "password", "x")
			if got.StatusCode == http.StatusTooManyRequests {
				return true
			}
		}
		return false
	}
	trusted := func(o *fiberweb.Options) { o.TrustedProxies = []string{"0.0.0.0", "10.0.0.0/8"} }
	if !guess(t, newHouse(t), func(i int) string { return fmt.Sprintf("192.0.2.%d", i) }) {
		t.Error("anybody's header is believed")
	}
	if guess(t, newHouse(t, trusted), func(i int) string { return fmt.Sprintf("192.0.2.%d, 10.1.1.1", i) }) {
		t.Error("all clients behind a proxy share one limit")
	}
	if !guess(t, newHouse(t, trusted), func(i int) string { return fmt.Sprintf("192.0.2.%d, 198.51.100.7", i) }) {
		t.Error("a client behind a proxy can choose its own address")
	}
	if !guess(t, newHouse(t, trusted), func(i int) string { return fmt.Sprintf("2001:db8::%x, 10.1.1.1", i) }) {
		t.Error("every address of one IPv6 network is counted alone")
	}
}

func TestOnlyFormsOfOursAreAccepted(t *testing.T) {
	h := newHouse(t)
	page := "/c/" + company + "/items"
	b := h.browser(t).logIn("anne@example.fr")
	token := tokenField.FindStringSubmatch(b.get(page).body)[1]
	refused := func(name string, change func(*browser), pairs ...string) {
		t.Helper()
		c := h.browser(t)
		c.jar = b.jar
		change(c)
		if got := c.post(page, pairs...); got.StatusCode != http.StatusForbidden || !strings.Contains(got.body, "Le formulaire a expiré") {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	nothing := func(*browser) {}
	refused("no token", nothing, "name", "x")
	refused("wrong token", nothing, "_csrf", token+"x", "name", "x")
	refused("token of a visitor", func(*browser) {}, "_csrf", tokenField.FindStringSubmatch(h.browser(t).get("/login").body)[1], "name", "x")
	refused("another site, by Sec-Fetch-Site", func(c *browser) { c.header.Set("Sec-Fetch-Site", "cross-site") }, "_csrf", token, "name", "x")
	refused("a sister host", func(c *browser) { c.header.Set("Sec-Fetch-Site", "same-site") }, "_csrf", token, "name", "x")
	refused("another site, by Origin", func(c *browser) { c.header.Set("Origin", "https://evil.example") }, "_csrf", token, "name", "x")
	refused("a sandboxed frame", func(c *browser) { c.header.Set("Origin", "null") }, "_csrf", token, "name", "x")
	if len(*h.done) != 0 {
		t.Fatalf("done: %v", *h.done)
	}
	b.header.Set("Origin", h.BaseURL())
	b.header.Set("Sec-Fetch-Site", "same-origin")
	b.post(page, "_csrf", token, "name", "x").want(t, 303)
	b.header.Set("X-Csrf-Token", token)
	b.post(page, "name", "y").want(t, 303)
	if fmt.Sprint(*h.done) != "[x y]" {
		t.Errorf("done: %v", *h.done)
	}
	visitor := h.browser(t)
	visitor.post("/p/x").want(t, 403)
	visitor.send("/p/x", "/p/x").want(t, 303)
	visitor.post("/logout").want(t, 403)
}

func TestFormsComeBackAsTyped(t *testing.T) {
	b := newHouse(t).browser(t).logIn("anne@example.fr")
	page := "/c/" + company + "/items"
	b.send(page, page, "name", "un nom <b>beaucoup</b> trop long").want(t, 422,
		"Un point est à corriger", "20 caractères au plus", `href="#f-name"`, `aria-invalid="true"`, "un nom &lt;b&gt;beaucoup&lt;/b&gt; trop long")
	b.send(page, page, "name", "nul\x00").want(t, 422, "Des caractères ne sont pas acceptés")
	got := b.send(page, page, "name", "x").want(t, 303)
	b.get(got.Header.Get("Location")).want(t, 200, "Enregistré.")
	if again := b.get(page); strings.Contains(again.body, "Enregistré.") {
		t.Error("the sentence is shown twice")
	}
}

func TestMalformedBodies(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t).logIn("anne@example.fr")
	page := "/c/" + company + "/items"
	b.header.Set("X-Csrf-Token", tokenField.FindStringSubmatch(b.get(page).body)[1])
	for name, c := range map[string]struct{ kind, body string }{
		"JSON":            {"application/json", `{"name":"x"}`},
		"no type":         {"", "name=x"},
		"broken parts":    {"multipart/form-data", "--b\r\nContent-Disposition: form-data; na"},
		"too many fields": {"application/x-www-form-urlencoded", strings.Repeat("a=1&", 9000)},
		"a long name":     {"application/x-www-form-urlencoded", strings.Repeat("a", 200) + "=1"},
		"a broken name":   {"application/x-www-form-urlencoded", "a%00b=1"},
	} {
		req := b.request(http.MethodPost, page, strings.NewReader(c.body))
		req.Header.Set("Content-Type", c.kind)
		if got := b.do(req); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.body, "La demande est illisible") {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
	if len(*h.done) > 0 {
		t.Errorf("done: %v", *h.done)
	}
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	h := newHouse(t)
	for _, bad := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example",
		"http:evil.example", "evil", ""} {
		b := h.browser(t)
		if to := b.send("/login", "/login", "email", "anne@example.fr", "password", password, "next", bad).want(t, 303).Header.Get("Location"); to != "/" {
			t.Errorf("log-in sends to %q for %q", to, bad)
		}
		if to := b.get("/lang/en?back=" + url.QueryEscape(bad)).Header.Get("Location"); to != "/" && bad != "/\t/evil.example" {
			t.Errorf("the language switch sends to %q for %q", to, bad)
		}
	}
}

func TestLanguages(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t)
	b.get("/login").want(t, 200, `<html lang="fr">`, "Connexion")
	b.header.Set("Accept-Language", "en-GB,en;q=0.9")
	b.get("/login").want(t, 200, `<html lang="en">`, "Log in")
	b.get("/lang/fr?back=%2Flogin").want(t, 303)
	b.get("/login").want(t, 200, "Connexion")
	b.get("/lang/xx?back=%2Flogin").want(t, 303)
	b.get("/login").want(t, 200, "Connexion")
	aude := h.browser(t).logIn("aude@example.fr")
	aude.get("/c/"+company+"/items").want(t, 200, "Integrate online payments", "Auditor")
}

func TestSetUpComesFirst(t *testing.T) {
	where := "/setup"
	h := newHouse(t, func(o *fiberweb.Options) { o.SetUp = func(context.Context) (string, error) { return where, nil } })
	if to := h.browser(t).get("/login").want(t, 303).Header.Get("Location"); to != "/setup" {
		t.Errorf("sent to %s", to)
	}
	where = ""
	h.browser(t).get("/login").want(t, 200)
}

func TestHtmxErrorsReplaceThePage(t *testing.T) {
	h := newHouse(t)
	b := h.browser(t).logIn("anne@example.fr")
	b.header.Set("HX-Request", "true")
	got := b.get("/c/"+company+"/fails/refused").want(t, 422)
	if got.Header.Get("HX-Retarget") != "#main" || got.Header.Get("HX-Reselect") != "#main" {
		t.Error("the error would be put into a part of the page")
	}
	h.people.change("usr_anne", func(u *access.User) { u.Active = false })
	if to := b.get("/c/"+company+"/items").want(t, 204).Header.Get("HX-Redirect"); !strings.HasPrefix(to, "/login") {
		t.Errorf("sent to %q", to)
	}
}
