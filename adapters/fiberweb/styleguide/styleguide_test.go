package styleguide_test

import (
	"bytes"
	"context"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/fiberweb/styleguide"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/rs/zerolog"
)

// anne is the one person there is: an Auth of one owner of ten companies.
type anne struct{}

var user = access.User{ID: "usr_anne", Email: "anne@example.fr", Name: "Anne Durand", PasswordHash: "secret", Active: true}

func (anne) Login(_ context.Context, email, password string) (access.User, error) {
	if email != string(user.Email) || password != user.PasswordHash {
		return access.User{}, fault.New(fault.Unauthenticated, fault.BadLogin)
	}
	return user, nil
}

func (anne) User(context.Context, string) (access.User, error) { return user, nil }

func (anne) Companies(context.Context, string) ([]fiberweb.CompanyRef, error) {
	all := []fiberweb.CompanyRef{{ID: "co_one", Name: "Menuiserie Lefèvre & fils", Role: access.Owner, Test: true}}
	for _, name := range []string{"Atelier Bleu", "Boucherie Centrale", "Cordonnerie du Port", "Domaine des Ormes", "Électricité Morel",
		"Fonderie Sainte-Barbe", "Garage du Pont-Neuf", "Hôtel de la Gare", "Imprimerie Laval"} {
		all = append(all, fiberweb.CompanyRef{ID: "co_" + name[:3], Name: name, Role: access.Accountant})
	}
	return all, nil
}

// drawer is a session store in memory.
type drawer struct{ m sync.Map }

func (d *drawer) Get(k string) ([]byte, error) {
	v, _ := d.m.Load(k)
	b, _ := v.([]byte)
	return b, nil
}

func (d *drawer) Set(k string, v []byte, _ time.Duration) error {
	d.m.Store(k, bytes.Clone(v))
	return nil
}

func (d *drawer) Delete(k string) error { d.m.Delete(k); return nil }

func (d *drawer) Reset() error { d.m.Clear(); return nil }

// site serves the style guide and returns its address.
func site(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + ln.Addr().String()
	s, err := fiberweb.New(fiberweb.Options{
		Auth: anne{}, Sessions: &drawer{}, BaseURL: base, Version: "1.0", Log: zerolog.Nop(),
		Waiting: func(context.Context, string) (map[string]int, error) {
			return map[string]int{"inbox": 12, "outbox": 1}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	styleguide.Mount(s)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return base
}

// enter logs Anne in.
func enter(t *testing.T, p *browsertest.Page, base string) {
	t.Helper()
	p.Open(base + "/login")
	p.Fill("#f-email", string(user.Email))
	p.Fill("#f-password", user.PasswordHash)
	p.Leave(func() { p.Click(`.buttons button`) })
	p.WaitURL("/companies")
}

const guide = "/c/co_one/styleguide"

var pages = []struct{ name, path string }{
	{"login", "/login"}, {"pay", "/styleguide/pay"}, {"home", guide}, {"list", guide + "/list?sort=-date&after=x"}, {"empty", guide + "/empty"}, {"form", guide + "/form"},
	{"document", guide + "/document"}, {"confirm", guide + "/confirm"}, {"books", guide + "/books"},
	{"companies", "/companies"}, {"missing", "/c/co_one/nowhere"},
}

// fits fails when the page itself can be scrolled sideways, and names what sticks out.
func fits(t *testing.T, p *browsertest.Page, name string) {
	t.Helper()
	out := browsertest.Eval[string](p, `(() => {
		const wide = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= wide) return "";
		const scrolls = (e) => e && e !== document.body && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
		return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > wide + 1 && !scrolls(e.parentElement))
			.map((e) => e.tagName + "." + e.className).slice(0, 5).join(", ") || "something";
	})()`)
	if out != "" {
		t.Errorf("%s: the page scrolls sideways because of %s", name, out)
	}
}

// Every page, in both themes and at both widths, is accessible by axe's rules, fits the window, and breaks no security
// policy (browsertest reports console errors by itself).
func TestPagesAreAccessibleAndFit(t *testing.T) {
	base := site(t)
	for _, theme := range []string{"light", "dark"} {
		t.Run(theme, func(t *testing.T) {
			p := browsertest.New(t)
			p.Tolerate("404")
			p.Dark(theme == "dark")
			for _, page := range pages {
				if page.name == "home" {
					enter(t, p, base)
				}
				p.Open(base + page.path)
				p.Accessible()
				fits(t, p, page.name)
				p.Screenshot(page.name, 1280)
				p.Resize(390)
				p.Accessible()
				fits(t, p, page.name+" at 390")
				p.Screenshot(page.name, 390)
				p.Resize(1280)
			}
			p.Tolerate("422")
			p.Open(base + guide + "/form")
			p.Fill("#f-name", "")
			p.Fill("#f-amount", "douze")
			p.Leave(func() { p.Press("Enregistrer") })
			p.WaitText(".summary", "points sont à corriger")
			p.Accessible()
		})
	}
}

var inline = regexp.MustCompile(`(?i)\s(style|on[a-z]+)\s*=`)

func TestPagesHoldNothingInlineAndEveryWord(t *testing.T) {
	base := site(t)
	for _, lang := range []string{"fr", "en"} {
		p := browsertest.New(t, browsertest.Lang(lang))
		p.Tolerate("404")
		enter(t, p, base)
		for _, page := range pages {
			p.Open(base + page.path)
			html := browsertest.Eval[string](p, "document.documentElement.outerHTML")
			if strings.Contains(html, "⟦") {
				t.Errorf("%s in %s: a text is missing", page.name, lang)
			}
			if m := inline.FindString(html); m != "" {
				t.Errorf("%s: holds%s", page.name, m)
			}
		}
	}
}

// What JavaScript adds works under the page's security policy.
func TestComforts(t *testing.T) {
	base := site(t)
	p := browsertest.New(t)
	enter(t, p, base)

	p.Open(base + guide + "/list")
	p.Click("[data-all=invoices]")
	if n := p.Count("input[name=ids]:checked"); n != 12 {
		t.Errorf("select all ticks %d of 12 rows", n)
	}
	p.WaitText("[data-count=invoices]", "12")
	p.Click("input[name=ids]")
	p.WaitText("[data-count=invoices]", "11")
	if browsertest.Eval[bool](p, "document.querySelector('[data-all]').checked") {
		t.Error("all is still ticked")
	}

	browsertest.Eval[bool](p, "window.sameDocument = true")
	p.Fill("#q-state", "paid")
	p.WaitURL("state=paid")
	until(t, p, "3 rows", "document.querySelectorAll('input[name=ids]').length === 3")
	p.Fill("#q-q", "FA2026-0408")
	until(t, p, "one row", "document.querySelectorAll('input[name=ids]').length === 1")
	if !browsertest.Eval[bool](p, "window.sameDocument === true") {
		t.Error("the filters load a whole page")
	}
	p.Fill("#q-q", "nothing like this")
	p.WaitText("#results", "Aucun résultat avec ces filtres.")

	p.Open(base + guide + "/list")
	p.Key("/")
	if got := browsertest.Eval[string](p, "document.activeElement.id"); got != "q-q" {
		t.Errorf("the search key goes to %q", got)
	}
	p.Click("details.company summary")
	p.WaitText("details.company .sheet", "Toutes les sociétés")
	p.Screenshot("switcher", 1280)
	p.Click("h1")
	p.WaitGone("details.company .sheet")

	p.Open(base + "/login")
	p.Open(base + guide)
	p.Click("[data-copy=hook]")
	p.WaitText("[data-copy=hook]", "Copié")
}

// until waits for a condition of the page.
func until(t *testing.T, p *browsertest.Page, what, condition string) {
	t.Helper()
	if !browsertest.Eval[bool](p, `new Promise((done) => {
		const end = Date.now() + 5000;
		const look = () => (`+condition+`) ? done(true) : Date.now() > end ? done(false) : requestAnimationFrame(look);
		look();
	})`) {
		t.Errorf("no %s", what)
	}
}

// Everything is done without JavaScript as well.
func TestWithoutScripts(t *testing.T) {
	base := site(t)
	p := browsertest.New(t)
	p.Scripts(false)
	p.Tolerate("422")
	enter(t, p, base)

	p.Open(base + guide + "/list")
	if p.Count("[data-all]") != 1 || browsertest.Eval[bool](p, "document.querySelector('[data-all]').checkVisibility()") {
		t.Error("a box that does nothing is shown")
	}
	p.Fill("#q-state", "paid")
	p.Leave(func() { p.Press("Filtrer") })
	if n := p.Count("input[name=ids]"); n != 3 {
		t.Errorf("the filter finds %d rows", n)
	}
	p.Leave(func() { p.Click(`thead a[href*="sort=number"]`) })
	if p.Attribute("thead th[aria-sort]", "aria-sort") != "ascending" || p.Value("#q-state") != "paid" {
		t.Error("sorting loses the filter or says nothing")
	}

	p.Open(base + guide + "/form")
	p.Leave(func() { p.Press("Ajouter une ligne") })
	if n := p.Count(".rows tbody tr"); n != 4 {
		t.Errorf("%d lines after adding one", n)
	}
	p.Leave(func() { p.Click(`button[value="remove.1"]`) })
	if n := p.Count(".rows tbody tr"); n != 3 || p.Value("#f-lines-1-label") != "Déplacement" {
		t.Errorf("%d lines after removing one", n)
	}
	p.Fill("#f-name", "")
	p.Fill("#f-email", "nom")
	p.Fill("#f-amount", "douze")
	p.Fill("#f-lines-0-price", "1,234")
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText(".summary", "4 points sont à corriger")
	p.WaitText(".summary", "Acompte : « douze » n'est pas un montant accepté")
	p.WaitText(".summary", "Ligne 1, Prix HT : « 1,234 » n'est pas un montant accepté")
	p.Screenshot("errors", 1280)
	p.Screenshot("errors", 390)
	if p.Value("#f-amount") != "douze" {
		t.Error("what was typed is lost")
	}
	p.Click(".summary a")
	if got := browsertest.Eval[string](p, "location.hash"); got != "#f-name" {
		t.Errorf("the summary leads to %q", got)
	}
	p.Fill("#f-name", "Menuiserie")
	p.Fill("#f-email", "nom@exemple.fr")
	p.Fill("#f-amount", "12,50")
	p.Fill("#f-lines-0-price", "1,23")
	p.Leave(func() { p.Press("Enregistrer") })
	p.WaitText(".note", "Enregistré.")

	p.Resize(390)
	p.Open(base + guide)
	p.Click(".nav-fold summary")
	p.WaitText(".nav-fold .sheet", "Saisie des règlements client")
	p.Screenshot("menu", 390)
	p.Leave(func() { p.Press("EN", ".langs") })
	p.Resize(1280)
	if got := p.Attribute("html", "lang"); got != "en" {
		t.Errorf("the language is %q", got)
	}
	p.Click("details.user summary")
	p.Screenshot("user", 1280)
	p.Leave(func() { p.Press("Log out") })
	p.WaitText("main", "You are logged out.")
}

func TestPrint(t *testing.T) {
	base := site(t)
	p := browsertest.New(t)
	enter(t, p, base)
	p.Print(true)
	for _, page := range []string{"/list", "/document", "/books"} {
		p.Open(base + guide + page)
		for _, hidden := range []string{".top", ".sidebar", ".actions", ".filters", ".pager", ".bulk", ".foot"} {
			if browsertest.Eval[bool](p, "[...document.querySelectorAll('"+hidden+"')].some((e) => e.checkVisibility())") {
				t.Errorf("%s: %s is printed", page, hidden)
			}
		}
		p.Screenshot("print-"+page[1:], 800)
	}
}
