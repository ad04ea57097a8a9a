package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/rs/zerolog"
)

type noLogins struct{}

func (noLogins) Login(context.Context, string, string) (access.User, error) {
	return access.User{}, errors.New("nobody logs in here")
}
func (noLogins) User(context.Context, string) (access.User, error) {
	return access.User{}, errors.New("nobody logs in here")
}
func (noLogins) Companies(context.Context, string) ([]fiberweb.CompanyRef, error) { return nil, nil }

type noSessions struct{}

func (noSessions) Get(string) ([]byte, error)              { return nil, nil }
func (noSessions) Set(string, []byte, time.Duration) error { return nil }
func (noSessions) Delete(string) error                     { return nil }
func (noSessions) Reset() error                            { return nil }

// Beside the screens, the API answers in its own way, also what the server refuses before any handler.
func TestBesideTheScreens(t *testing.T) {
	w := apptest.New(t)
	web, err := fiberweb.New(fiberweb.Options{Auth: noLogins{}, Sessions: noSessions{}, BaseURL: "http://acquit.test", Log: zerolog.Nop()})
	apptest.OK(t, err)
	api.Mount(web.Raw(), api.Options{App: w.App})
	secret, _, err := w.CreateToken(context.Background(), w.Owner, "Test", access.Owner)
	apptest.OK(t, err)
	for _, c := range []struct {
		method, path, body string
		status             int
		kind               string
	}{
		{"GET", "/api/v1/company", "", 200, "application/json"},
		{"GET", "/api/openapi.json", "", 200, "application/openapi+json"},
		{"GET", "/api/v1/nonsense", "", 404, "application/problem+json"},
		{"GET", "/api/nonsense", "", 404, "application/problem+json"},
		{"POST", "/api/v1/customers", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "application/problem+json"},
		{"POST", "/api/v1/customers", `{"name":"X"}`, 201, "application/json"},
	} {
		req := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
		req.Header.Set("Authorization", "Bearer "+secret)
		req.Header.Set("Content-Type", "application/json")
		res, err := web.Raw().Test(req, -1)
		apptest.OK(t, err)
		body, err := io.ReadAll(res.Body)
		apptest.OK(t, err)
		apptest.OK(t, res.Body.Close())
		if res.StatusCode != c.status || res.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s %s: %d %s %.300s", c.method, c.path, res.StatusCode, res.Header.Get("Content-Type"), body)
		}
		if len(res.Cookies()) > 0 || res.Header.Get("X-Request-Id") == "" || res.Header.Get("Cache-Control") != "no-store" || len(res.Header.Values("X-Request-Id")) != 1 {
			t.Errorf("%s %s: %v", c.method, c.path, res.Header)
		}
	}
	res, err := web.Raw().Test(httptest.NewRequest(http.MethodGet, "/login", http.NoBody), -1)
	apptest.OK(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the screens: %d", res.StatusCode)
	}
}
