package paypal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// specsEnv says where PayPal's OpenAPI documents are: a folder with paypal/*.json. They are not part of the project.
const specsEnv = "ACQUIT_SPECS"

var documents = sync.OnceValues(loadDocuments)

// loadDocuments makes a router of each document; none where the folder is absent.
func loadDocuments() ([]routers.Router, error) {
	dir := os.Getenv(specsEnv)
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "specs")
	}
	files, err := filepath.Glob(filepath.Join(dir, "paypal", "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fs.ErrNotExist
	}
	var out []routers.Router
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		// Two patterns look ahead, which Go's expressions cannot: "not figures alone".
		b = bytes.ReplaceAll(b, []byte(`(?!\\d+$)`), nil)
		doc, err := openapi3.NewLoader().LoadFromData(b)
		if err != nil {
			return nil, err
		}
		doc.Servers, doc.Tags = nil, nil // one document names a tag twice
		if err := doc.Validate(context.Background(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation()); err != nil {
			return nil, err
		}
		r, err := gorillamux.NewRouter(doc)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// contract stands before a fake and checks every request of the connector and every answer of the fake against PayPal's own
// documents. Answers that are wrong on purpose say so, and are left.
type contract struct {
	tb   testing.TB
	next http.Handler
	docs []routers.Router

	mu      sync.Mutex
	checked map[string]int
}

// underContract puts the contract before a handler, or says that there is none.
func underContract(tb testing.TB, next http.Handler) *contract {
	tb.Helper()
	docs, err := documents()
	if errors.Is(err, fs.ErrNotExist) {
		tb.Logf("PayPal's OpenAPI documents are not there (see %s): nothing is checked against them", specsEnv)
	} else if err != nil {
		tb.Fatal(err)
	}
	return &contract{tb: tb, next: next, docs: docs, checked: map[string]int{}}
}

func (c *contract) route(r *http.Request) (*routers.Route, map[string]string) {
	for _, d := range c.docs {
		if route, params, err := d.FindRoute(r); err == nil {
			return route, params
		}
	}
	return nil, nil
}

func (c *contract) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, params := c.route(r)
	if route == nil {
		if len(c.docs) > 0 && strings.HasPrefix(r.URL.Path, "/v") && !strings.HasPrefix(r.URL.Path, "/v1/oauth2/") && !strings.Contains(r.URL.Path, "/notifications/c") {
			c.tb.Errorf("PayPal has no %s %s", r.Method, r.URL.Path)
		}
		c.next.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.next.ServeHTTP(w, r)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: func(_ context.Context, a *openapi3filter.AuthenticationInput) error {
			if !strings.HasPrefix(a.RequestValidationInput.Request.Header.Get("Authorization"), "Bearer ") {
				return errors.New("no token")
			}
			return nil
		}, MultiError: true, SkipSettingDefaults: true,
			// An event to verify is sent back with all that PayPal wrote into it, as its own example does.
			ExcludeReadOnlyValidations: strings.HasSuffix(r.URL.Path, "/verify-webhook-signature")},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		c.tb.Errorf("%s %s breaks PayPal's contract: %v\n%s", r.Method, r.URL.Path, err, body)
	}
	c.mu.Lock()
	c.checked[r.Method+" "+route.Path]++
	c.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec := httptest.NewRecorder()
	c.next.ServeHTTP(rec, r) // a fault that ends the connection goes through as a panic
	if rec.Header().Get(paypalfake.FaultHeader) == "" {
		out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Options: in.Options}
		out.SetBodyBytes(rec.Body.Bytes())
		if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
			c.tb.Errorf("the fake's answer %d to %s %s breaks PayPal's contract: %v\n%s", rec.Code, r.Method, r.URL.Path, err, rec.Body)
		}
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}
