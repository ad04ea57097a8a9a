package api_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
)

var fence = regexp.MustCompile("(?s)```http\n(.+?)\n```")

// The requests of docs/api.md, played in their order.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	c := s.client(t, access.Owner)
	known := map[string]string{"{method}": c.method("VIR")}
	requests := fence.FindAllStringSubmatch(string(text), -1)
	if len(requests) < 8 {
		t.Fatalf("only %d requests were found", len(requests))
	}
	for _, m := range requests {
		ask := m[1]
		for name, id := range known {
			ask = strings.ReplaceAll(ask, name, id)
		}
		ask = strings.Replace(ask, `"fec"`, `"plain"`, 1) // the format that there is in memory
		head, body, _ := strings.Cut(ask, "\n\n")
		first, headers, _ := strings.Cut(head, "\n")
		method, address, _ := strings.Cut(first, " ")
		r := request{method: method, path: strings.TrimPrefix(address, "/api/v1")}
		if body != "" {
			r.body = body
		}
		if name, key, ok := strings.Cut(headers, ": "); ok && name == "Idempotency-Key" {
			r.key = key
		}
		a := c.do(r)
		if a.status >= 300 {
			t.Fatalf("%s: %d %s", first, a.status, a.body)
		}
		if a.status == http.StatusCreated {
			thing := strings.TrimSuffix(strings.TrimPrefix(address, "/api/v1/"), "s")
			known["{"+thing+"}"] = a.json().at("id").text()
		}
	}
	c.get("/invoices/"+known["{invoice}"]).is(200).eq("settlement", "paid")
}
