package api_test

import (
	"testing"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// otherCurrencies values a payment that came into a balance of dollars, revalues what is left there, tells a conversion, and
// self-assesses the VAT on a month's commissions.
func otherCurrencies(t *testing.T, s *server) {
	c := s.client(t, access.Owner)
	conn, who := c.connect("acme"), c.newCustomer("Dupont SA")
	c.patch("/connections/"+conn, obj{"fee_vat": "reverse_charge"}).is(200)
	c.put("/connections/"+conn+"/balances/USD", obj{}).is(200)
	provider := s.Gateways.Provider("acme")
	provider.Put(gateway.Payment{ID: "pay_usd", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: money.Of(12500, "USD"),
		FeeState: gateway.FeeKnown, Fee: money.Of(250, "USD"), Net: money.Of(12250, "USD")})
	provider.Put(gateway.Payment{ID: "fx_usd", Kind: gateway.KindAdjustment, State: gateway.Succeeded, Gross: money.Of(-2500, "USD"), FeeState: gateway.FeeNone})
	c.post("/connections/"+conn+"/refresh", nil).is(200)
	ids := map[string]string{}
	for _, a := range c.get("/arrivals").is(200).at("items").list() {
		ids[a.at("external_id").text()] = a.at("id").text()
	}
	c.post("/arrivals/"+ids["fx_usd"]+"/conversion", nil).is(200)
	c.put("/rates", obj{"rates": []any{obj{"currency": "USD", "date": "2026-06-16", "rate": "1.12", "source": "BCE"}}}).is(200)
	c.get("/rates?currency=USD").is(200).eq("items.0.rate", "1.12")
	c.delete("/rates/USD-2026-06-16").is(204)
	c.post("/arrivals/"+ids["pay_usd"]+"/keep", obj{"customer_id": who}).is(200)
	c.post("/arrivals/"+ids["pay_usd"]+"/rate", obj{"rate": "1.25", "source": "relevé"}).is(200)
	c.post("/arrivals/integrate", obj{"ids": []any{ids["pay_usd"]}}).is(200)
	held := c.get("/foreign-balances").is(200).at("items").list()[0].eq("held.amount", "122.50").eq("book.amount", "98.00")
	c.post("/foreign-balances/"+held.at("account").text()+"/revalue", obj{"rate": "1.2"}).is(201)
	c.get("/foreign-balances").is(200).at("items").list()[0].eq("book.amount", "102.08")
	c.get("/fee-vat").is(200).at("items").list()[0].eq("base.amount", "2.00").eq("vat.amount", "0.40")
	c.post("/fee-vat/"+conn+"/2026-06", obj{"invoice": "IE-2026-06", "base": eur("2.00")}).is(201)
}
