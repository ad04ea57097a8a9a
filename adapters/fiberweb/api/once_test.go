package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
)

func TestKeyReused(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	send := func(path string, body any) *answer {
		return c.do(request{method: "POST", path: path, body: body, key: "5f3c"})
	}
	send("/customers", obj{"name": "A"}).is(201)
	send("/customers", obj{"name": "B"}).refused(409, "key_reused")
	send("/entries", entryBody()).is(201) // a key belongs to an operation
	if n := len(c.get("/customers").is(200).at("items").list()); n != 1 {
		t.Errorf("%d customers", n)
	}

	// The same thing said in other words is the same request.
	spaced := `{ "piece":"OD-1", "journal" : "OD","date":"2026-06-16","label":"Honoraires", "lines":[
		{"debit":{"currency":"EUR","amount":"1000.00"},"account":"622600"},{"account":"445660","label":"TVA","debit":{"amount":"200.00","currency":"EUR"}},
		{"account":"401000","aux":"F001","credit":{"amount":"1200.00","currency":"EUR"}}]}`
	if a := send("/entries", spaced); a.status != 201 || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d %s", a.status, a.body)
	}
	c.get("/chain").is(200).eq("seq", "1")

	// A refusal uses no key up.
	wrong := entryBody()
	wrong["journal"] = "NONE"
	c.do(request{method: "POST", path: "/entries", body: wrong, key: "again"}).refused(422, "unknown_journal", "journal")
	c.do(request{method: "POST", path: "/entries", body: entryBody(), key: "again"}).is(201)

	for _, bad := range []struct{ key, code string }{{strings.Repeat("k", 201), "too_long"}, {"clé", "bad_characters"}, {"a b", "bad_characters"}} {
		c.do(request{method: "POST", path: "/entries", body: entryBody(), key: bad.key}).refused(422, bad.code, "Idempotency-Key")
	}
	c.get("/chain").is(200).eq("seq", "2")
}

// Keys of one company say nothing in another.
func TestKeysOfTwoCompanies(t *testing.T) {
	s := newServer(t)
	other := s.secondCompany(t)
	for _, c := range []*client{s.client(t, access.Owner), other} {
		a := c.do(request{method: "POST", path: "/entries", body: entryBody(), key: "same"})
		if a.is(201).at("seq").number() != 1 || a.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s", a.body)
		}
	}
}

// A keyed request may do more than one write: closing an open pay page is one of its own.
func TestKeyedWritesClosePayPages(t *testing.T) {
	for name, settle := range map[string]func(*client, string, string) request{
		"receipt": func(c *client, who, id string) request {
			return request{path: "/receipts", body: obj{"customer_id": who, "amount": eur("1200.00"), "method_id": c.method("VIR"),
				"allocations": []obj{{"document_id": id, "amount": eur("1200.00")}}}}
		},
		"revoke": func(_ *client, _, id string) request { return request{path: "/pay-links/" + id + "/revoke"} },
		"renew":  func(_ *client, _, id string) request { return request{path: "/pay-links/" + id + "/renew"} },
		"impute": func(c *client, who, id string) request {
			c.post("/receipts", obj{"customer_id": who, "amount": eur("1200.00"), "method_id": c.method("VIR")}).is(201)
			return request{path: "/customers/" + who + "/credit/impute", body: obj{"document_id": id, "amount": eur("1200.00")}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			c := s.client(t, access.Owner)
			conn := c.connect("acme")
			who := c.newCustomer("Dupont SA")
			id := c.post("/invoices", obj{"customer_id": who, "method_id": c.method("CB"), "lines": []obj{sale()}}).is(201).at("id").text()
			c.post("/invoices/"+id+"/issue", nil).is(200)
			s.openPage(t, c, id, conn)
			r := settle(c, who, id)
			r.method, r.key = "POST", "once"
			first := c.do(r)
			if first.status >= 300 || first.header.Get("Idempotent-Replayed") != "" {
				t.Fatalf("%d %v %s", first.status, first.header, first.body)
			}
			closed(t, c, id)
			if second := c.do(r); second.status != first.status || second.header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("the second time: %d %s", second.status, second.body)
			}
		})
	}
	for _, move := range []string{"/deposits/*/cancel", "/refuse", "/invoice"} {
		t.Run(move, func(t *testing.T) {
			s := newServer(t)
			c := s.client(t, access.Owner)
			conn := c.connect("acme")
			quote := "/quotes/" + c.post("/quotes", obj{"customer_id": c.newCustomer("Dupont SA"), "lines": []obj{sale()}}).is(201).at("id").text()
			d := c.post(quote+"/deposits", obj{"percent": "30", "method_id": c.method("CB")}).is(201).at("deposits").list()[0].at("id").text()
			c.post(quote+"/deposits/"+d+"/validate", nil).is(200)
			s.openPage(t, c, d, conn)
			first := c.do(request{method: "POST", path: quote + strings.ReplaceAll(move, "*", d), key: "once"})
			if first.status >= 300 || first.header.Get("Idempotent-Replayed") != "" {
				t.Fatalf("%d %v %s", first.status, first.header, first.body)
			}
			c.get(quote).is(200).at("deposits").list()[0].eq("state", "cancelled")
			closed(t, c, d)
		})
	}
}

func (s *server) openPage(t *testing.T, c *client, document, conn string) {
	t.Helper()
	link := c.get("/pay-links/" + document).is(200).at("url").text()
	_, err := s.StartPayment(context.Background(), link[strings.LastIndex(link, "/")+1:], conn)
	apptest.OK(t, err)
	c.get("/pay-links/" + document).is(200).at("attempts").list()[0].eq("state", "opened")
}

func closed(t *testing.T, c *client, document string) {
	t.Helper()
	c.get("/pay-links/" + document).is(200).at("attempts").list()[0].eq("state", "expired")
}

// What a keyed OK settles has its other open pay page closed too.
func TestKeyedIntegrationClosesPayPages(t *testing.T) {
	s := newServer(t)
	c := s.client(t, access.Owner)
	conn := c.connect("acme")
	who := c.newCustomer("Dupont SA")
	id := c.post("/invoices", obj{"customer_id": who, "method_id": c.method("CB"), "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/invoices/"+id+"/issue", nil).is(200)
	s.openPage(t, c, id, conn)
	s.Gateways.Provider("acme").Put(apptest.WithFee(gateway.Payment{ID: "pay_9", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(120000)}, 0))
	c.post("/connections/"+conn+"/refresh", nil).is(200)
	arr := c.get("/arrivals?state=review").is(200).at("items").list()[0].at("id").text()
	c.post("/arrivals/"+arr+"/match", obj{"document_id": id}).is(200)
	c.do(request{method: "POST", path: "/arrivals/integrate", body: obj{"ids": []string{arr}}, key: "ok"}).is(200)
	c.get("/invoices/"+id).is(200).eq("settlement", "paid")
	closed(t, c, id)
}
