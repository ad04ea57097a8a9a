package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// TestE2EOutcomes plays what may happen on a gateway's page: declined and then paid, pending and then paid, webhooks twice
// and out of order, another amount, a fee that is told later.
func TestE2EOutcomes(t *testing.T) {
	onEach(t, func(i *installation) {
		a := apiClient{secret: i.token()}
		i.serve()
		a.address = i.base
		customer := i.apiCustomer(a)
		p := i.clerk()

		// Declined, and then paid on the same page.
		payer := i.stranger()
		id, link := i.sell(a, customer)
		payer.Open(link)
		payer.Leave(func() { payer.Click(".pay-button") })
		payer.Leave(func() { payer.Click("button[value=declined]") })
		payer.says("[role=alert]", "refusée")
		payer.Leave(func() { payer.Click("button[value=paid]") })
		payer.WaitText("h1", "C'est réglé, merci")
		i.ok(a, id)

		// Refused for good: the pay page says so and offers another try.
		id, link = i.sell(a, customer)
		payer.Open(link)
		payer.Leave(func() { payer.Click(".pay-button") })
		payer.Leave(func() { payer.Click("button[value=failed]") })
		payer.WaitText("main", "Votre carte a été refusée. Essayez encore")
		payer.look("pay-failed")
		payer.Leave(func() { payer.Click(".pay-button") })
		payer.Leave(func() { payer.Click("button[value=paid]") })
		payer.WaitText("h1", "C'est réglé, merci")
		i.ok(a, id)

		// Pending: the page waits, and tells when it is paid.
		id, link = i.sell(a, customer)
		payer.Open(link)
		payer.Leave(func() { payer.Click(".pay-button") })
		session := sessionOf(payer.URL())
		payer.Leave(func() { payer.Click("button[value=pending]") })
		payer.WaitText("h1", "Votre paiement est en cours")
		payer.look("pay-pending")
		p.menu("/inbox")
		p.press("En cours chez la plateforme", ".tabs")
		p.says("#arrivals", "120,00 €", "En cours")
		pending, err := i.console().Session(i.ctx, session)
		i.must(err)
		_, err = i.console().Do(i.ctx, i.conn.AccountID, "settle", "id", pending.Payments[0], "result", "paid")
		i.must(err)
		payer.WaitText("h1", "C'est réglé, merci")
		i.ok(a, id)

		// Webhooks twice, and out of order.
		for _, hook := range []string{"twice", "reordered"} {
			id, link = i.sell(a, customer)
			i.pay(link, "webhook", hook, "stay", "1")
			i.ok(a, id)
			waitUntil(t, "each webhook is answered", func() bool {
				c, err := i.console().Look(i.ctx, i.conn.AccountID, 1)
				return err == nil && c.Waiting == 0
			})
		}

		// Another amount than was asked: it waits with the reason, and OK posts what came.
		id, link = i.sell(a, customer)
		i.pay(link, "amount", "12.34")
		i.reported(id)
		p.menu("/inbox")
		p.says("#arrivals", "12,34 €", "Le montant n'est pas celui qui était demandé")
		p.look("inbox-other-amount")
		i.must(a.call(http.MethodPost, "/arrivals/integrate", "", map[string]any{"ids": []string{i.reported(id).ID}}, nil))
		v, err := i.store.Invoice(i.ctx, i.company, id)
		i.must(err)
		if v.Due() != 10_766 {
			t.Errorf("%d are due after another amount was paid", v.Due())
		}

		// The fee is told later: a complementary entry.
		id, link = i.sell(a, customer)
		late := i.pay(link, "fee", "later")
		i.reported(id)
		p.menu("/inbox")
		p.says("#arrivals", "en attente", "La plateforme n'a pas encore donné sa commission")
		i.ok(a, id)
		_, err = i.console().Do(i.ctx, i.conn.AccountID, "reveal_fee", "id", late)
		i.must(err)
		waitUntil(t, "the fee is known", func() bool { return i.reported(id).FeeState == gateway.FeeKnown })
		p.menu("/inbox")
		p.says("#arrivals", "La commission est maintenant connue (1,93 €)")
		p.look("inbox-late-fee")
		p.press("OK : intégrer la sélection")

		var want strings.Builder
		for n, sale := range []struct{ letter, paid, fee string }{{"AAA", "120.00", "1.93"}, {"AAB", "120.00", "1.93"}, {"AAC", "120.00", "1.93"},
			{"AAD", "120.00", "1.93"}, {"AAE", "120.00", "1.93"}, {"", " 12.34", "0.42"}, {"AAF", "120.00", "1.93"}} {
			fmt.Fprintf(&want, `VE FAYYYY-%05d
  411000 C0001    120.00           %s
  707000                    100.00
  445711                     20.00
SBX pay_…
  517900          %[3]s
  411000 C0001              %[3]s %[2]s
SBX pay_…
  627880            %[4]s
  517900                      %[4]s
`, n+1, sale.letter, sale.paid, sale.fee)
		}
		i.posted(want.String())
	})
}

// apiCustomer makes a customer who may pay online.
func (i *installation) apiCustomer(a apiClient) string {
	i.t.Helper()
	var customer struct {
		ID string `json:"id"`
	}
	i.must(a.call(http.MethodPost, "/customers", "", map[string]any{"name": "Boulangerie Aux Trois Épis", "kind": "business", "email": "compta@troisepis.example", "method_id": i.online,
		"address": map[string]any{"street": "1 rue du Port", "postal_code": "69001", "city": "Lyon", "country": "FR"}}, &customer))
	return customer.ID
}

// sell issues an invoice of 120.00 EUR and returns its id and pay link.
func (i *installation) sell(a apiClient, customer string) (id, link string) {
	i.t.Helper()
	var invoice struct {
		ID string `json:"id"`
	}
	i.must(a.call(http.MethodPost, "/invoices", "", map[string]any{"customer_id": customer,
		"lines": []map[string]any{{"description": "Étagère", "quantity": "1", "unit_price": "100", "vat_code": "S20B"}}}, &invoice))
	i.must(a.call(http.MethodPost, "/invoices/"+invoice.ID+"/issue", "", nil, nil))
	var pay struct {
		URL string `json:"url"`
	}
	i.must(a.call(http.MethodGet, "/pay-links/"+invoice.ID, "", nil, &pay))
	return invoice.ID, pay.URL
}

// pay presses the button and pays on the sandbox's page, with fields as name, value. It returns the sandbox's payment.
func (i *installation) pay(link string, fields ...string) string {
	i.t.Helper()
	session, err := openCheckout(link)
	i.must(err)
	v, err := i.console().Pay(i.ctx, session, sandbox.Pays, fields...)
	i.must(err)
	return v.Payments[0]
}

// reported waits until the payment of a document has come and succeeded, and returns it.
func (i *installation) reported(document string) (found inbox.Arrival) {
	i.t.Helper()
	i.until("the payment is reported", func() bool {
		page, err := i.store.Arrivals(i.ctx, i.company, app.ArrivalQuery{Document: document, Paging: app.Paging{Limit: 2}})
		i.must(err)
		if len(page.Items) > 1 {
			i.t.Fatalf("%d payments came for one", len(page.Items))
		}
		if len(page.Items) == 1 {
			found = page.Items[0].Arrival
		}
		return found.GatewayState == gateway.Succeeded
	})
	return found
}

// ok integrates the one payment of a document when it has come.
func (i *installation) ok(a apiClient, document string) {
	i.t.Helper()
	i.must(a.call(http.MethodPost, "/arrivals/integrate", "", map[string]any{"ids": []string{i.reported(document).ID}}, nil))
	v, err := i.store.Invoice(i.ctx, i.company, document)
	i.must(err)
	if v.Due() != 0 {
		i.t.Errorf("%s: %d are due after OK", v.Number, v.Due())
	}
}
