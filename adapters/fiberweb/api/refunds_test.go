package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
)

// kept is an online payment of 30 euros that is kept as a customer's credit; it returns the receipt.
func (c *client) kept(s *server, conn, customer, id string) string {
	s.Gateways.Provider("acme").Put(apptest.WithFee(gateway.Payment{ID: id, Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(3000)}, 0))
	c.post("/connections/"+conn+"/refresh", nil).is(200)
	arrival := c.get("/arrivals?search=" + id).is(200).at("items").list()[0].at("id").text()
	c.post("/arrivals/"+arrival+"/keep", obj{"customer_id": customer}).is(200)
	c.post("/arrivals/integrate", obj{"ids": []any{arrival}}).is(200)
	return c.get("/arrivals/" + arrival).is(200).at("receipt_id").text()
}

// refundOf is a refund whose outcome is not known.
func (c *client) refundOf(s *server, conn, customer string) string {
	receipt := c.kept(s, conn, customer, "pay_8")
	p := s.Gateways.Provider("acme")
	p.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "") })
	defer p.Change(func(p *apptest.Provider) { p.Fail = nil })
	return c.post("/receipts/"+receipt+"/refund", obj{"amount": eur("1.00")}).is(201).eq("state", "requested").at("id").text()
}

// refunds gives an online receipt back over the API: refused, lost and asked for again, given up.
func refunds(t *testing.T, s *server) {
	t.Helper()
	c := s.client(t, access.Accountant)
	conn := s.client(t, access.Owner).connect("acme")
	who := c.newCustomer("Dupont SA")
	receipt := c.kept(s, conn, who, "pay_8")
	path := "/receipts/" + receipt + "/refund"
	c.post(path, obj{"amount": eur("30.01")}).refused(422, "refund_too_large", "amount")
	c.post(path, obj{"amount": eur("0.00")}).refused(422, "bad_amount", "amount")
	c.post(path, obj{"amount": eur("5.00"), "cover": "none"}).refused(422, "credit_note_needed", "cover")
	s.client(t, access.Sales).post(path, obj{"amount": eur("5.00")}).refused(403, "not_allowed")
	p := s.Gateways.Provider("acme")
	p.Change(func(p *apptest.Provider) {
		p.Fail = gateway.Fail(gateway.ErrPermanent, gateway.NotDone, "window_closed", "too late")
	})
	c.post(path, obj{"amount": eur("5.00")}).refused(422, "gateway_refused")
	p.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "") })
	rf := c.do(request{method: "POST", path: path, key: "once", body: obj{"amount": eur("5.00"), "reason": "R"}}).is(201).eq("state", "requested").at("id").text()
	c.post(path, obj{"amount": eur("5.00")}).refused(409, "refund_in_progress")
	c.post("/refunds/"+rf+"/abandon", nil).refused(409, "refund_in_progress")
	p.Change(func(p *apptest.Provider) { p.Fail = nil })
	c.post("/refunds/"+rf+"/retry", nil).is(200).eq("state", "accepted")
	c.post("/refunds/"+rf+"/retry", nil).refused(409, "refund_not_open")
	c.do(request{method: "POST", path: path, key: "once", body: obj{"amount": eur("5.00"), "reason": "R"}}).is(201).eq("id", rf).eq("state", "accepted")
	c.get("/receipts/"+receipt).is(200).eq("refunding.amount", "5.00").eq("refunded.amount", "0.00")
	c.post("/arrivals/integrate", obj{"ids": []any{c.get("/refunds/" + rf).is(200).at("arrival_id").text()}}).is(200)
	c.get("/refunds/"+rf).is(200).eq("state", "posted")
	c.get("/receipts/"+receipt).is(200).eq("refunding.amount", "0.00").eq("refunded.amount", "5.00")
	if l := c.get("/receipts/" + receipt + "/refunds").is(200).at("items").list(); len(l) != 2 || l[1].at("state").text() != "failed" {
		t.Errorf("%d refunds", len(l))
	}

	// Given up, long after the provider may have forgotten it.
	p.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "") })
	rf = c.post(path, obj{"amount": eur("5.00")}).is(201).eq("state", "requested").at("id").text()
	p.Change(func(p *apptest.Provider) { p.Fail = nil })
	s.Clock.Advance(48 * time.Hour)
	c.post("/refunds/"+rf+"/retry", nil).refused(409, "refund_in_progress")
	c.post("/refunds/"+rf+"/abandon", nil).is(200).eq("state", "failed").eq("problem", "abandoned")

	// An open page is closed, its address stays.
	bill := c.post("/invoices", obj{"customer_id": who, "method_id": c.method("CB"), "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/invoices/"+bill+"/issue", nil).is(200)
	c.post("/pay-links/"+bill+"/close", nil).refused(422, "no_page_open")
	url := c.get("/pay-links/" + bill).is(200).at("url").text()
	if _, err := s.StartPayment(context.Background(), url[strings.LastIndex(url, "/")+1:], conn); err != nil {
		t.Fatal(err)
	}
	if l := c.post("/pay-links/"+bill+"/close", nil).is(200).eq("url", url).at("attempts").list(); l[0].at("state").text() != "expired" {
		t.Errorf("the page is %s", l[0].at("state").text())
	}
}
