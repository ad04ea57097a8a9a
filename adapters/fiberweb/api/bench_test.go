package api_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/books/memory"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// BenchmarkPostEntry posts a sale of three lines into books in memory. The difference between the use case and the address is
// what HTTP, token, JSON and idempotency key cost.
func BenchmarkPostEntry(b *testing.B) {
	w := apptest.New(b)
	customer := w.NewCustomer(b, "jean@exemple.fr")
	secret, _, err := w.CreateToken(context.Background(), w.Owner, "Bench", access.Accountant)
	apptest.OK(b, err)
	body, err := json.Marshal(obj{"journal": "VE", "date": "2026-06-16", "piece": "FA2026-00012", "label": "Vente Dupont SA", "lines": []obj{
		{"account": "411000", "aux": customer.Code, "debit": eur("1200.00")}, {"account": "706000", "credit": eur("1000.00")}, {"account": "445711", "credit": eur("200.00")}}})
	apptest.OK(b, err)
	setup := w.Settings(b)
	settings := []any{}
	for _, y := range setup.Chart.Years {
		settings = append(settings, y)
	}
	for _, a := range setup.Chart.Accounts {
		settings = append(settings, a)
	}
	for _, j := range setup.Chart.Journals {
		settings = append(settings, j)
	}

	b.Run("use case", func(b *testing.B) {
		w.Books = books.New(memory.New(), w.Clock.Now)
		apptest.OK(b, w.Books.Create(context.Background(), setup.Company, settings...))
		in := app.EntryInput{Journal: "VE", Date: civil.MustParse("2026-06-16"), Piece: "FA2026-00012", Label: "Vente Dupont SA", Lines: []app.EntryLine{
			{Account: "411000", Aux: customer.Code, Debit: 120000}, {Account: "706000", Credit: 100000}, {Account: "445711", Credit: 20000}}}
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.PostEntry(context.Background(), w.Owner, in)
			apptest.OK(b, err)
		}
	})
	for _, keyed := range []bool{false, true} {
		name := "address"
		if keyed {
			name += ", keyed"
		}
		b.Run(name, func(b *testing.B) {
			w.Books = books.New(memory.New(), w.Clock.Now)
			apptest.OK(b, w.Books.Create(context.Background(), setup.Company, settings...))
			f := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
			api.Mount(f, api.Options{App: w.App})
			n := 0
			serve(b, f, api.Prefix+"/entries", secret, body, func(r *fasthttp.Request) {
				if n++; keyed {
					r.Header.Set("Idempotency-Key", itoa(n))
				}
			})
		})
	}
}

// serve answers a request again and again, without a network.
func serve(b *testing.B, f *fiber.App, path, secret string, body []byte, change func(*fasthttp.Request)) {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	handler := f.Handler()
	b.ReportAllocs()
	for b.Loop() {
		var c fasthttp.RequestCtx
		c.Init2(here, nil, false)
		c.Request.Header.SetMethod(http.MethodPost)
		c.Request.SetRequestURI(path)
		c.Request.Header.SetContentType(fiber.MIMEApplicationJSON)
		c.Request.Header.Set(fiber.HeaderAuthorization, "Bearer "+secret)
		c.Request.SetBody(body)
		change(&c.Request)
		handler(&c)
		if c.Response.StatusCode() != http.StatusCreated {
			b.Fatalf("%d %s", c.Response.StatusCode(), c.Response.Body())
		}
	}
}

// BenchmarkHumaRequest is the same request decoded, checked and echoed by huma itself: why this package only has it write
// the document.
func BenchmarkHumaRequest(b *testing.B) {
	type money struct {
		Amount   string `json:"amount" pattern:"^-?[0-9]{1,14}(\\.[0-9]{1,3})?$"`
		Currency string `json:"currency" pattern:"^[A-Z]{3}$"`
	}
	type line struct {
		Account string `json:"account" maxLength:"12"`
		Aux     string `json:"aux,omitempty" maxLength:"17"`
		Debit   *money `json:"debit,omitempty"`
		Credit  *money `json:"credit,omitempty"`
	}
	type entry struct {
		Journal string `json:"journal" maxLength:"8"`
		Date    string `json:"date" format:"date"`
		Piece   string `json:"piece" maxLength:"100"`
		Label   string `json:"label" maxLength:"200"`
		Lines   []line `json:"lines" minItems:"2"`
	}
	type message struct{ Body entry }
	body, err := json.Marshal(obj{"journal": "VE", "date": "2026-06-16", "piece": "FA2026-00012", "label": "Vente Dupont SA", "lines": []obj{
		{"account": "411000", "aux": "C0001", "debit": eur("1200.00")}, {"account": "706000", "credit": eur("1000.00")}, {"account": "445711", "credit": eur("200.00")}}})
	apptest.OK(b, err)
	f := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	conf := huma.DefaultConfig("x", "1")
	conf.CreateHooks = nil
	huma.Register(humafiber.New(f, conf), huma.Operation{OperationID: "x", Method: http.MethodPost, Path: "/entries", DefaultStatus: http.StatusCreated},
		func(_ context.Context, in *message) (*message, error) { return in, nil })
	serve(b, f, "/entries", "", body, func(*fasthttp.Request) {})
}
