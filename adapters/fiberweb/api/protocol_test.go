package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
)

func TestAddresses(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	for _, path := range []string{"/nonsense", "/invoices/", "/Invoices/x/y/z", "/"} {
		if a := c.do(request{method: "GET", path: path, raw: true}); path != "/invoices/" {
			a.refused(404, "no_such_address")
		}
	}
	a := c.do(request{method: "DELETE", path: "/invoices", raw: true})
	a.refused(405, "method_not_allowed")
	if a.header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %s", a.header.Get("Allow"))
	}
	if a := c.do(request{method: "HEAD", path: "/company", raw: true}); a.status != 200 || len(a.body) != 0 {
		t.Errorf("HEAD: %d %s", a.status, a.body)
	}
	preflight := c.do(request{method: "OPTIONS", path: "/company", raw: true, header: [][2]string{{"Origin", "https://ailleurs.test"}, {"Access-Control-Request-Method", "GET"}}})
	for name := range preflight.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("another site is let in: %s", name)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=201", "?limit=x", "?limit=1&limit=2", "?active=yes", "?sort=nonsense", "?search=%00", "?search=%ff", "?search=" + strings.Repeat("x", 101)} {
		if a := c.do(request{method: "GET", path: "/customers" + query, raw: true}); a.status != 422 || a.json().at("errors").list()[0].at("field").text() == "" {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	c.do(request{method: "GET", path: "/invoices?from=2026-02-30&customer=cus_x", raw: true}).refused(422, "bad_date", "from")
	c.post("/invoices/inv_"+strings.Repeat("0", 26)+"/issue", obj{"x": 1}).refused(422, "bad_body", "x")
	c.do(request{method: "POST", path: "/company/setup/finish", body: "{}"}).is(200)
}

func TestWhatSchemesAreTaken(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	secret := c.token
	c.token = ""
	for header, status := range map[string]int{"Bearer " + secret: 200, "bearer " + secret: 200, "Basic " + secret: 401, secret: 401, "Bearer": 401, "Bearer ": 401, "Bearer x": 401} {
		a := c.do(request{method: "GET", path: "/company", header: [][2]string{{"Authorization", header}}})
		if a.status != status {
			t.Errorf("%q: %d, want %d", strings.ReplaceAll(header, secret, "…"), a.status, status)
		}
	}
	if a := c.do(request{method: "GET", path: "/company", header: [][2]string{{"Cookie", "token=" + secret}}}); a.status != 401 {
		t.Errorf("a cookie: %d", a.status)
	}
}

func TestVersions(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	path := "/customers/" + c.newCustomer("Dupont SA")
	seen := c.get(path)
	tag := seen.header.Get("ETag")
	c.do(request{method: "PATCH", path: path, body: obj{"phone": "1"}, ifMatch: tag}).is(200).eq("version", "2")
	late := c.do(request{method: "PATCH", path: path, body: obj{"phone": "2"}, ifMatch: tag})
	late.refused(412, "stale").at("errors").list()[0].eq("params.who", "Test owner").eq("params.when", apptest.Epoch.Format(time.RFC3339))
	c.get(path).is(200).eq("phone", "1")
	c.do(request{method: "PATCH", path: path, body: obj{"phone": "3"}, ifMatch: "*"}).is(200)
	c.do(request{method: "PATCH", path: path, body: obj{"phone": "4"}}).is(200).eq("version", "4")
	for _, bad := range []string{"nonsense", `"x"`, `"4`, "-1", `"0"`, `W/"4"`} {
		c.do(request{method: "PATCH", path: path, body: obj{"phone": "5"}, ifMatch: bad}).refused(422, "bad_code", "If-Match")
	}
	c.do(request{method: "POST", path: "/customers", body: obj{"name": "X"}, ifMatch: `"1"`}).refused(422, "bad_code", "If-Match")

	quote := "/quotes/" + c.post("/quotes", obj{"customer_id": path[11:], "lines": []obj{sale()}}).is(201).at("id").text()
	c.patch(quote, obj{"note": "a"}).is(200)
	c.do(request{method: "PATCH", path: quote, body: obj{"note": "b"}, ifMatch: `"1"`}).refused(412, "stale")
	c.do(request{method: "POST", path: quote + "/deposits", body: obj{"percent": "10", "method_id": c.method("CB")}, ifMatch: `"1"`}).refused(412, "stale")
	c.do(request{method: "PATCH", path: "/company", body: obj{"phone": "9"}, ifMatch: `"99"`}).refused(412, "stale")
}

// Each role may do what it is for, and nothing else.
func TestRoles(t *testing.T) {
	s := newStock(t, apptest.New(t))
	samples := s.samples()
	for _, role := range access.Roles() {
		c := s.client(t, role)
		for _, o := range s.operations() {
			allowed := strings.Contains(roleList(o.op.Description), string(role))
			if allowed {
				continue // what is allowed is played in the flows, by roles that may
			}
			c.do(request{method: o.method, path: o.path, body: samples[o.id], raw: o.id == "setLogo"}).refusedOr(t, o.id, role)
		}
	}
	s.unchanged(t, func() {})
}

func roleList(description string) string {
	_, list, _ := strings.Cut(description, "Roles: ")
	return list
}

func (a *answer) refusedOr(t *testing.T, id string, role access.Role) {
	t.Helper()
	if id == "setLogo" && a.status == http.StatusUnsupportedMediaType {
		return // the sample is no image; its role is asked by the use case
	}
	if a.status != http.StatusForbidden || a.json().at("code").text() != "not_allowed" {
		t.Errorf("%s as %s: %d %s", id, role, a.status, a.body)
	}
}

func TestLanguages(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	says := map[string]string{}
	for _, lang := range []string{"fr", "en", "de", "fr-CA,en;q=0.5"} {
		c.lang = lang
		says[lang] = c.post("/customers", obj{"name": ""}).refused(422, "required", "name").at("detail").text()
	}
	if says["fr"] == says["en"] || says["de"] != says["fr"] || says["fr-CA,en;q=0.5"] != says["fr"] || strings.Contains(says["fr"], "⟦") {
		t.Errorf("%v", says)
	}
	for _, status := range []int{404, 405} {
		c.lang = "fr"
		a := c.do(request{method: map[int]string{404: "GET", 405: "PUT"}[status], path: map[int]string{404: "/x", 405: "/company"}[status], raw: true})
		if v := a.json(); a.status != status || strings.Contains(v.at("title").text()+v.at("detail").text(), "⟦") {
			t.Errorf("%d: %s", a.status, a.body)
		}
	}
}

func TestRateLimit(t *testing.T) {
	w := apptest.New(t)
	s := newServerOver(t, w, 3)
	a, b := s.client(t, access.Owner), s.client(t, access.Owner)
	for range 3 {
		a.get("/company").is(200)
	}
	w.Clock.Advance(20 * time.Second)
	refused := a.get("/company")
	refused.refused(429, "too_many_tries")
	if refused.header.Get("Retry-After") != "40" {
		t.Errorf("Retry-After %s", refused.header.Get("Retry-After"))
	}
	b.get("/company").is(200)
	w.Clock.Advance(40 * time.Second)
	a.get("/company").is(200)
}

// brokenViews stand for a store that fails, and for a defect.
type brokenViews struct{ app.Views }

func (brokenViews) Home(context.Context, string, civil.Date) (app.Home, error) {
	return app.Home{}, errors.New("secret detail: disk of db-7 is full")
}

func (brokenViews) Head(context.Context, string) (ledger.Head, error) {
	panic("secret detail: nil map")
}

// What is not the caller's fault is answered with a reference and nothing else; the log has the rest.
func TestOutage(t *testing.T) {
	w := apptest.New(t)
	w.Views = brokenViews{w.Store}
	s := newServerOver(t, w, 0)
	c := s.client(t, access.Owner)
	for _, path := range []string{"/home", "/chain"} {
		a := c.get(path)
		v := a.refused(500, "internal")
		if strings.Contains(string(a.body), "secret") || v.at("instance").text() != a.header.Get("X-Request-Id") {
			t.Errorf("%s", a.body)
		}
		if log := s.log.String(); !strings.Contains(log, "secret detail") || !strings.Contains(log, a.header.Get("X-Request-Id")) {
			t.Errorf("the log: %s", log)
		}
		s.log.Reset()
	}
}

// An answer that refuses says nothing that only a success would.
func TestRefusalsHaveNoLocation(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	for path, body := range map[string]any{"/customers": obj{"name": ""}, "/quotes": obj{"customer_id": "", "lines": []obj{}}, "/invoices": obj{"customer_id": "", "lines": []obj{}},
		"/entries": obj{"journal": "OD", "date": "", "piece": "", "label": "", "lines": []obj{}}, "/receipts": obj{"customer_id": "", "amount": eur("1.00"), "method_id": ""},
		"/connections": obj{"gateway": "x", "settings": obj{}}, "/users": obj{"email": "", "name": "", "password": "", "role": ""}} {
		a := c.post(path, body)
		if a.status < 400 || a.header.Get("Location") != "" || a.header.Get("ETag") != "" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
}
