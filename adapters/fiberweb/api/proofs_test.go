package api_test

import (
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// A gateway account is proven, a payout taken apart, and a payout that does not come out named.
func proofs(t *testing.T, s *server) {
	c := s.client(t, access.Accountant)
	conn := s.client(t, access.Owner).connect("acme")
	path := "/connections/" + conn + "/proofs"
	p := s.Gateways.Provider("acme")
	who := c.newCustomer("Dupont SA")
	move := func(id string, kind gateway.Kind, cents, fee int64) {
		p.Put(apptest.WithFee(gateway.Payment{ID: id, Kind: kind, State: gateway.Succeeded, Gross: apptest.EUR(cents)}, fee))
	}
	move("pay_1", gateway.KindPayment, 100_00, 3_00)
	move("fee_1", gateway.KindFee, 2_00, 0)
	before := c.post(path, nil).is(200).eq("state", "proven").eq("has_balance", "true").eq("has_items", "true").eq("balances.0.currency", "EUR")
	before.eq("balances.0.books.amount", "0.00").eq("balances.0.provider.amount", "95.00").eq("balances.0.unpaid.amount", "95.00").eq("balances.0.unexplained.amount", "0.00")
	for _, l := range before.at("balances").list()[0].at("lines").list() {
		if l.at("what").text() == "review" {
			l.eq("counted", "true").eq("count", "1").eq("amount.amount", "97.00").eq("items.0.label", "pay_1")
		}
	}
	arr := c.get("/arrivals?search=pay_1").is(200).at("items").list()[0].at("id").text()
	c.post("/arrivals/"+arr+"/keep", obj{"customer_id": who}).is(200)
	c.integrateAll()
	c.get("/arrivals/"+arr).is(200).eq("posted.amount", "100.00")
	p.PayOut(money.EUR)
	after := c.post(path, nil).is(200).eq("state", "proven").eq("balances.0.unpaid.amount", "0.00").eq("balances.0.books.amount", "95.00").eq("balances.0.provider.amount", "0.00")
	list := c.get(path + "?limit=1").is(200).at("items").list()
	if len(list) != 1 || list[0].at("id").text() != after.at("id").text() && !s.stubborn {
		t.Errorf("the latest check: %v", list)
	}
	c.get(path+"/"+after.at("id").text()).is(200).eq("state", "proven").eq("connection_id", conn)

	po := c.get("/arrivals?kind=payout").is(200).at("items").list()[0]
	of := c.get("/arrivals/"+po.at("id").text()+"/payout").is(200).eq("amount.amount", "95.00").eq("sum.amount", "95.00").eq("difference.amount", "0.00").eq("items", "2")
	if parts := of.at("parts").list(); len(parts) != 2 || parts[1].at("kind").text() != "payment" {
		t.Errorf("parts: %v", parts)
	} else {
		parts[1].eq("gross.amount", "100.00").eq("fee.amount", "3.00").eq("net.amount", "97.00")
	}
	if n := len(c.get("/arrivals?connection=" + conn + "&payout=" + po.at("external_id").text()).is(200).at("items").list()); n != 2 {
		t.Errorf("%d movements in the payout", n)
	}
	c.get("/arrivals/"+arr+"/payout").refused(404, "unknown_thing")
	c.get(path+"/prf_00000000000000000000000000").refused(404, "unknown_thing")
	c.get("/connections/gw_00000000000000000000000000/proofs").refused(404, "unknown_thing")

	p.Distort(po.at("external_id").text(), func(m *gateway.Payment) { m.Gross = apptest.EUR(90_00) })
	wrong := c.post(path, nil).is(200).eq("state", "explained").eq("payouts.0.difference.amount", "5.00").eq("findings.0.what", "altered").eq("findings.0.ours.amount", "95.00")
	wrong.eq("balances.0.unpaid_rest.amount", "0.00")
}
