package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
)

// TestFlows plays what people do with the product over the API: as it is meant, and by a client that sends every write twice.
func TestFlows(t *testing.T) {
	flows := []struct {
		name string
		play func(*testing.T, *server)
	}{
		{"InvoiceFlow", invoiceFlow},
		{"DepositFlow", depositFlow},
		{"InboxByHand", inboxByHand},
		{"ReceiptsAndStatement", receiptsAndStatement},
		{"Refunds", refunds},
		{"EntriesAndLedger", entriesAndLedger},
		{"Pages", pages},
		{"CompanyAndSettings", companyAndSettings},
		{"Connections", connections},
		{"Proofs", proofs},
		{"OtherCurrencies", otherCurrencies},
		{"UsersAndTokens", usersAndTokens},
		{"Exports", exports},
	}
	for engine, world := range engines {
		for _, stubborn := range []bool{false, true} {
			for _, f := range flows {
				name := engine + "/" + f.name
				if stubborn {
					name += ", each write sent twice"
				}
				t.Run(name, func(t *testing.T) {
					s := newServerOver(t, world(t), 0)
					s.stubborn = stubborn
					f.play(t, s)
				})
			}
		}
	}
	t.Run("every operation was played", func(t *testing.T) {
		s := newServer(t)
		for path, item := range s.doc.Paths.Map() {
			for method, op := range item.Operations() {
				if !operations.done[op.OperationID] {
					t.Errorf("%s %s", method, path)
				}
			}
		}
	})
}

// sale is a line of a document: ten hours at 100.00 and 20 % of VAT, 1,200.00 in all.
func sale() obj {
	return obj{"description": "Conseil", "quantity": "10", "unit": "h", "unit_price": "100", "vat_code": "S20S"}
}

// newCustomer makes a customer who can pay online.
func (c *client) newCustomer(name string) string {
	c.t.Helper()
	return c.post("/customers", obj{"name": name, "email": "jean@exemple.fr",
		"address": obj{"street": "2 place Bellecour", "postal_code": "69002", "city": "Lyon", "country": "FR"}}).is(201).at("id").text()
}

// method finds a payment method by its code.
func (c *client) method(code string) string {
	c.t.Helper()
	for _, m := range c.get("/payment-methods").is(200).at("items").list() {
		if m.at("code").text() == code {
			return m.at("id").text()
		}
	}
	c.t.Fatalf("no payment method %s", code)
	return ""
}

// connect connects and switches on an account at the play gateway.
func (c *client) connect(account string) string {
	c.t.Helper()
	id := c.post("/connections", obj{"gateway": apptest.PlayGateway, "settings": obj{"key": "test_" + account + "_1"}}).is(201).at("id").text()
	c.post("/connections/"+id+"/on", nil).is(200).eq("on", "true")
	return id
}

// integrateAll is OK on everything.
func (c *client) integrateAll() []value {
	c.t.Helper()
	return c.do(request{method: "POST", path: "/arrivals/integrate", body: obj{"all": true}, forgets: true}).is(200).at("items").list()
}

// pay has a payer pay a document online, up to where the gateway knows.
func (s *server) pay(t *testing.T, link, connection, account string, fee int64) gateway.Payment {
	t.Helper()
	token := link[strings.LastIndex(link, "/")+1:]
	_, err := s.StartPayment(context.Background(), token, connection)
	apptest.OK(t, err)
	p := s.Gateways.Provider(account)
	for session, req := range p.Sessions() {
		if strings.Contains(req.ReturnURL, token) {
			return p.Pay(session, fee)
		}
	}
	t.Fatal("no pay page was opened")
	return gateway.Payment{}
}

// An invoice is paid online: from the customer to the posted payment and the export.
func invoiceFlow(t *testing.T, s *server) {
	c := s.client(t, access.Owner)
	conn := c.connect("acme")
	who := c.newCustomer("Dupont SA")

	v := c.post("/invoices", obj{"customer_id": who, "method_id": c.method("CB"), "reference": "BC-7", "lines": []obj{sale()}}).is(201)
	v.eq("life", "draft").eq("totals.gross.amount", "1200.00").eq("totals.vat.amount", "200.00").eq("due.amount", "0.00").eq("customer.name", "Dupont SA")
	id := v.at("id").text()
	invoice := "/invoices/" + id

	c.patch(invoice, obj{"reference": nil, "note": "Merci", "lines": []obj{sale(), {"description": "Frais", "quantity": "1", "unit_price": "0.01", "vat_code": "S20S"}}}).
		is(200).eq("note", "Merci").eq("totals.gross.amount", "1200.01").eq("reference", "null")
	changed := c.patch(invoice, obj{"lines": []obj{sale()}}).is(200).eq("note", "Merci")
	if n := len(changed.at("lines").list()); n != 1 {
		t.Errorf("a list of one line was given, and there are %d", n)
	}

	issued := c.post(invoice+"/issue", nil).is(200).eq("life", "issued").eq("number", "FA2026-00001").eq("settlement", "unpaid").eq("due.amount", "1200.00")
	c.post(invoice+"/send", nil).is(200)
	if pdf := c.get(invoice + "/pdf"); pdf.status != 200 || !strings.HasPrefix(string(pdf.body), "%PDF") && len(pdf.body) == 0 {
		t.Errorf("the PDF: %d %.20s", pdf.status, pdf.body)
	} else if !strings.Contains(pdf.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the PDF is not to be saved: %v", pdf.header)
	}
	entry := c.get("/entries/"+issued.text2("entry_seq")).is(200).eq("journal", "VE")
	if n := len(entry.at("lines").list()); n != 3 {
		t.Errorf("the sale has %d lines", n)
	}

	link := c.get("/pay-links/"+id).is(200).eq("kind", "invoice").eq("revoked", "false").at("url").text()
	paid := s.pay(t, link, conn, "acme", 42)
	c.post("/connections/"+conn+"/refresh", nil).is(200).eq("movements", "1").eq("caught_up", "true")
	if tries := c.get("/pay-links/" + id).is(200).at("attempts").list(); len(tries) != 1 || tries[0].at("state").text() != "succeeded" {
		t.Errorf("attempts: %v", tries)
	}

	ready := c.get("/arrivals?to_do=true&state=ready,review&kind=payment&connection=" + conn + "&document=" + id).is(200).at("items").list()
	if len(ready) != 1 {
		t.Fatalf("%d payments are ready", len(ready))
	}
	arr := ready[0].eq("external_id", paid.ID).eq("gross.amount", "1200.00").eq("fee.amount", "0.42").eq("customer_name", "Dupont SA").eq("document_number", "FA2026-00001").at("id").text()
	c.get("/arrivals/"+arr).is(200).eq("state", "ready").eq("document_id", id)

	proposed := c.post("/arrivals/propose", obj{"ids": []string{arr}}).is(200).at("items").list()
	if len(proposed) != 1 || len(proposed[0].at("entries").list()) != 2 {
		t.Fatalf("proposed: %v", proposed)
	}
	before := c.get("/chain").is(200).at("seq").number()
	done := c.integrateAll()
	if len(done) != 1 || len(done[0].at("entries").list()) != 2 || done[0].has("refused") {
		t.Fatalf("integrated: %v", done)
	}
	if after := c.get("/chain").is(200).at("seq").number(); after != before+2 {
		t.Errorf("integrating two entries moved the chain from %d to %d", before, after)
	}
	c.get(invoice).is(200).eq("settlement", "paid").eq("due.amount", "0.00").eq("paid.amount", "1200.00").eq("vat_collected.S20S.amount", "200.00")
	rec := c.get("/receipts?online=true&customer=" + who + "&document=" + id).is(200).at("items").list()
	if len(rec) != 1 {
		t.Fatalf("%d receipts", len(rec))
	}
	c.get("/receipts/"+rec[0].at("id").text()).is(200).eq("arrival_id", arr).eq("amount.amount", "1200.00")
	if n := len(c.get(invoice + "/entries").is(200).at("items").list()); n < 2 {
		t.Errorf("%d entries carry the invoice", n)
	}
	rows := c.get("/invoices?kind=invoice&life=issued&settlement=paid&customer=" + who + "&from=2026-01-01&to=2026-12-31&sort=-amount&search=FA2026").is(200).at("items").list()
	if len(rows) != 1 || !rows[0].at("online").bool() {
		t.Errorf("the list: %v", rows)
	}

	// A credit note for all of it: what was paid is the customer's.
	cn := c.post(invoice+"/credit-notes", nil).is(201).eq("kind", "credit_note").eq("credit_of", id)
	c.post("/invoices/"+cn.at("id").text()+"/issue", nil).is(200).eq("number", "AV2026-00001")
	c.get(invoice).is(200).eq("excess.amount", "1200.00").eq("vat_credited.S20S.amount", "200.00")
	if n := len(c.get(invoice + "/credit-notes").is(200).at("items").list()); n != 1 {
		t.Errorf("%d credit notes", n)
	}
	if n := len(c.get("/history/" + id).is(200).at("items").list()); n < 4 {
		t.Errorf("%d events in its history", n)
	}
	c.get("/home").is(200).eq("to_integrate", "0")
	draft := c.post("/invoices", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.delete("/invoices/" + draft).is(204)
	c.get("/invoices/"+draft).is(200).eq("life", "discarded")
}

// text2 is a number of an answer, for use in an address.
func (v value) text2(name string) string {
	v.t.Helper()
	n := v.at(name).number()
	if n == 0 {
		v.t.Fatalf("%s: no %s", v.what, name)
	}
	return itoa(int(n))
}

// A quote's deposit is paid online and deducted from the final invoice.
func depositFlow(t *testing.T, s *server) {
	c := s.client(t, access.Owner)
	conn := c.connect("acme")
	who := c.newCustomer("Dupont SA")
	online := c.method("CB")

	q := c.post("/quotes", obj{"customer_id": who, "valid_until": "2026-07-31", "lines": []obj{sale()}}).is(201).eq("state", "draft")
	quote := "/quotes/" + q.at("id").text()
	c.patch(quote, obj{"note": "Chantier Nord"}).is(200).eq("note", "Chantier Nord")

	first := c.post(quote+"/deposits", obj{"percent": "30", "method_id": online, "label": "Acompte"}).is(201)
	d := first.at("deposits").list()[0].eq("amount.amount", "360.00").eq("percent", "30").eq("online", "true").at("id").text()
	c.post(quote+"/deposits", obj{"amount": eur("100.00"), "method_id": online}).refused(422, "second_online_deposit", "method_id")
	second := c.post(quote+"/deposits", obj{"amount": eur("100.00"), "method_id": c.method("CHQ"), "due_date": "2026-08-01"}).is(201).at("deposits").list()[1].at("id").text()
	c.patch(quote+"/deposits/"+second, obj{"method_id": online}).refused(422, "second_online_deposit")
	c.patch(quote+"/deposits/"+second, obj{"label": "Livraison", "percent": "10"}).is(200)
	c.patch(quote+"/deposits/"+second, obj{"amount": eur("90.00")}).is(200).at("deposits").list()[1].eq("amount.amount", "90.00").eq("percent", "null").eq("label", "Livraison")
	c.post(quote+"/deposits/"+d+"/validate", nil).is(200).at("deposits").list()[0].eq("state", "requested")
	c.post(quote+"/deposits/"+second+"/cancel", nil).is(200).at("deposits").list()[1].eq("state", "cancelled")
	c.post(quote+"/send", nil).is(200).eq("state", "sent").eq("number", "DE2026-00001")
	c.post(quote+"/accept", nil).is(200).eq("state", "accepted")
	if a := c.get(quote + "/pdf"); a.status != 200 {
		t.Errorf("the PDF: %d", a.status)
	}

	link := c.get("/pay-links/"+d).is(200).eq("kind", "deposit").at("url").text()
	renewed := c.post("/pay-links/"+d+"/renew", nil).is(200).at("url").text()
	if link == renewed || renewed == "" {
		t.Errorf("the link was %s and is %s", link, renewed)
	}
	s.pay(t, renewed, conn, "acme", -1) // the commission comes later
	c.post("/connections/"+conn+"/refresh", nil).is(200)
	arr := c.get("/arrivals?state=ready").is(200).at("items").list()[0].at("id").text()
	c.post("/arrivals/integrate", obj{"ids": []string{arr}}).is(200)
	c.get("/arrivals/"+arr).is(200).eq("state", "integrated").eq("fee_state", "unknown").eq("flags", `["fee_pending"]`)
	c.get(quote).is(200).at("deposits").list()[0].eq("state", "paid").eq("received.amount", "360.00")

	final := c.post(quote+"/invoice", nil).is(201).eq("life", "draft")
	id := final.at("id").text()
	c.post("/invoices/"+id+"/issue", nil).is(200).eq("payable.amount", "840.00").eq("due.amount", "840.00").at("deductions").list()[0].eq("gross.amount", "360.00")
	if rows := c.get("/quotes?state=invoiced,accepted&customer=" + who + "&sort=amount&search=DE2026").is(200).at("items").list(); len(rows) != 1 {
		t.Errorf("the list: %v", rows)
	}
	c.post("/invoices/"+id+"/remind", nil).is(200)

	mails := c.get("/mails?state=queued&ref=" + id).is(200).at("items").list()
	if len(mails) != 1 {
		t.Fatalf("%d mails about the invoice", len(mails))
	}
	mail := "/mails/" + mails[0].at("id").text()
	s.WorkOnce(context.Background())
	c.get(mail).is(200).eq("state", "sent")
	c.post(mail+"/resend", nil).is(204)

	c.post("/pay-links/"+id+"/revoke", nil).is(200).eq("revoked", "true").eq("url", "null")
	refused := "/quotes/" + c.post("/quotes", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.post(refused+"/refuse", nil).is(200).eq("state", "refused")
	c.post(refused+"/accept", nil).refused(422, "quote_closed")
}

// Payments that need a human: matched by hand, kept as credit, dismissed, restored, accepted.
func inboxByHand(t *testing.T, s *server) {
	c := s.client(t, access.Accountant)
	conn := s.client(t, access.Owner).connect("acme")
	who := c.newCustomer("Dupont SA")
	id := c.post("/invoices", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/invoices/"+id+"/issue", nil).is(200)
	p := s.Gateways.Provider("acme")
	move := func(id string, kind gateway.Kind, cents int64) string {
		p.Put(apptest.WithFee(gateway.Payment{ID: id, Kind: kind, State: gateway.Succeeded, Gross: apptest.EUR(cents)}, 0))
		c.post("/connections/"+conn+"/refresh", nil).is(200)
		for _, a := range c.get("/arrivals?search=" + id).is(200).at("items").list() {
			if a.at("external_id").text() == id {
				return "/arrivals/" + a.at("id").text()
			}
		}
		t.Fatalf("movement %s did not arrive", id)
		return ""
	}
	lost := move("pay_1", gateway.KindPayment, 120000)
	c.get(lost).is(200).eq("state", "review").eq("flags", `["unmatched"]`)
	c.post(lost+"/match", obj{"document_id": id}).is(200).eq("state", "ready").eq("by_hand", "true")

	gift := move("pay_2", gateway.KindPayment, 5000)
	c.post(gift+"/keep", nil).refused(422, "required", "customer_id")
	c.post(gift+"/keep", obj{"customer_id": who}).is(200).eq("state", "ready")

	odd := move("odd_1", gateway.KindOther, 300)
	c.post(odd+"/accept", nil).is(200).eq("state", "ready")

	stray := move("pay_3", gateway.KindPayment, 700)
	c.post(stray+"/dismiss", obj{"reason": ""}).refused(422, "reason_needed")
	c.post(stray+"/dismiss", obj{"reason": "Essai du prestataire"}).is(200).eq("state", "dismissed")
	c.post(stray+"/match", obj{"document_id": id}).refused(409, "arrival_dismissed")
	c.post(stray+"/restore", nil).is(200).eq("state", "review")

	old := apptest.WithFee(gateway.Payment{ID: "old_1", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(900), OccurredAt: apptest.Epoch.Add(-time.Hour)}, 0)
	p.Put(old)
	old.ID, old.Kind = "old_2", gateway.KindPayout
	p.Put(apptest.WithFee(old, 0))
	c.post("/connections/refresh", nil).is(204)
	s.WorkOnce(context.Background())
	if n := len(c.get("/arrivals?state=past").is(200).at("items").list()); n != 2 {
		t.Errorf("%d movements are history", n)
	}
	c.post("/arrivals/dismiss", obj{"reason": "x"}).refused(422, "required", "ids")
	c.post("/arrivals/dismiss", obj{"filter": obj{"state": []string{"past"}, "kind": []string{"payment"}}, "reason": "Saisis à la main"}).is(200).eq("done", "1").eq("left", "0")
	c.post("/arrivals/take-up", obj{"filter": obj{"state": []string{"past"}}}).is(200).eq("done", "1").eq("more", "false")
	c.get("/arrivals?search=old_2").is(200).at("items").list()[0].eq("state", "ready")

	results := c.post("/arrivals/integrate", obj{"ids": []string{lost[10:], gift[10:], odd[10:], stray[10:]}}).is(200).at("items").list()
	for i, r := range results {
		if refused := r.has("refused"); refused != (i == 3) {
			t.Errorf("row %d: %v", i, r.v)
		}
	}
	results[3].eq("refused.code", "arrival_needs_human")
	c.get("/customers/"+who).is(200).eq("credit.amount", "50.00")

	// The credit settles another invoice in part, and the rest is paid back.
	other := c.post("/invoices", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/invoices/"+other+"/issue", nil).is(200)
	c.post("/customers/"+who+"/credit/impute", obj{"document_id": other, "amount": eur("30.00")}).is(200).eq("credit.amount", "20.00")
	c.post("/customers/"+who+"/credit/refund", obj{"amount": eur("20.00"), "method_id": c.method("VIR"), "reference": "VIR 12"}).is(201).eq("amount.amount", "-20.00")
	c.get("/customers/"+who).is(200).eq("credit.amount", "0.00")
	c.get("/invoices/"+other).is(200).eq("due.amount", "1170.00").eq("settlement", "partial")

	// A chargeback, lost.
	p.Put(apptest.WithFee(gateway.Payment{ID: "dis_1", Kind: gateway.KindDispute, State: gateway.Succeeded, Gross: apptest.EUR(120000), RelatedID: "pay_1"}, 0))
	c.post("/connections/"+conn+"/refresh", nil).is(200)
	c.integrateAll()
	c.get("/invoices/"+id).is(200).eq("settlement", "disputed").eq("disputed.amount", "1200.00")
	c.post("/invoices/"+id+"/dispute/write-off", obj{"date": "2026-06-16"}).is(200).eq("disputed.amount", "0.00")
}

func receiptsAndStatement(t *testing.T, s *server) {
	c := s.client(t, access.Accountant)
	who := c.newCustomer("Dupont")
	c.patch("/customers/"+who, obj{"name": "Dupont SA", "vat_number": "FR44732829320", "address": obj{"extra": "Escalier B"}}).
		is(200).eq("name", "Dupont SA").eq("email", "jean@exemple.fr").eq("address.city", "Lyon").eq("address.extra", "Escalier B").eq("active", "true")
	id := c.post("/invoices", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/invoices/"+id+"/issue", nil).is(200)
	r := c.post("/receipts", obj{"customer_id": who, "date": "2026-06-16", "amount": eur("1250.00"), "method_id": c.method("CHQ"), "reference": "CHQ 1234567",
		"allocations": []obj{{"document_id": id, "amount": eur("1200.00")}}}).is(201)
	r.eq("excess.amount", "50.00").at("allocations").list()[0].eq("number", "FA2026-00001").eq("amount.amount", "1200.00")
	c.get("/customers/"+who).is(200).eq("credit.amount", "50.00")
	st := c.get("/customers/" + who + "/statement?from=2026-01-01&to=2026-12-31").is(200)
	if n := len(st.at("lines").list()); n < 2 {
		t.Errorf("the statement has %d lines", n)
	}
	c.post("/receipts/"+r.at("id").text()+"/reverse", nil).is(200)
	c.get("/invoices/"+id).is(200).eq("settlement", "unpaid")
	c.post("/receipts/"+r.at("id").text()+"/reverse", nil).refused(409, "already_reversed")
}

func entryBody() obj {
	return obj{"journal": "OD", "date": "2026-06-16", "piece": "OD-1", "label": "Honoraires", "lines": []obj{
		{"account": "622600", "debit": eur("1000.00")}, {"account": "445660", "debit": eur("200.00"), "label": "TVA"}, {"account": "401000", "aux": "F001", "credit": eur("1200.00")}}}
}

func entriesAndLedger(t *testing.T, s *server) {
	c := s.client(t, access.Accountant)
	e := c.post("/entries", entryBody())
	if want := "/api/v1/entries/1"; e.header.Get("Location") != want {
		t.Errorf("Location %s, want %s", e.header.Get("Location"), want)
	}
	e.is(201).eq("seq", "1").eq("number", "1").eq("year", "2026").at("lines").list()[1].eq("debit.amount", "200.00").eq("label", "TVA")
	usd := entryBody()
	usd["lines"].([]obj)[2]["foreign"] = obj{"amount": "-1300.00", "currency": "USD"}
	c.post("/entries", usd).is(201).at("lines").list()[2].eq("foreign.amount", "-1300.00").eq("foreign.currency", "USD")

	c.post("/entries/1/reverse", obj{"reason": "Doublon"}).is(201).eq("reverses", "1")
	c.get("/entries/1").is(200).eq("reversed_by", "3")
	c.post("/entries/1/reverse", nil).refused(409, "already_reversed")
	page := c.get("/entries?journal=OD&year=2026&from=2026-01-01&to=2026-12-31&search=Honoraires&sort=-seq&limit=1").is(200)
	if items := page.at("items").list(); len(items) != 1 {
		t.Errorf("a page of one has %d", len(items))
	}
	c.get("/ledger/401000?aux=F001&from=2026-01-01&to=2026-12-31").is(200).eq("total.amount", "-1200.00")
	rows := c.get("/trial-balance?from=2026-01-01&to=2026-12-31").is(200).at("items").list()
	if len(rows) != 3 {
		t.Errorf("%d accounts moved", len(rows))
	}
	head := c.get("/chain").is(200).eq("seq", "3")
	auditor := s.client(t, access.Auditor)
	auditor.get("/chain/verify?seq=3&hash="+head.at("hash").text()).is(200).eq("sound", "true").eq("entries", "3")
	auditor.get("/chain/verify?seq=3&hash="+strings.Repeat("0", 64)).is(200).eq("sound", "false")
	auditor.get("/chain/verify?seq=3").refused(422, "bad_code", "hash")
}

func pages(t *testing.T, s *server) {
	c := s.client(t, access.Owner)
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		c.newCustomer(name)
	}
	names := func(a *answer) string {
		var out string
		for _, r := range a.is(200).at("items").list() {
			out += r.at("name").text()
		}
		return out
	}
	first := c.get("/customers?limit=2&sort=name&active=true")
	next := first.json().at("next").text()
	second := c.get("/customers?limit=2&sort=name&active=true&cursor=" + url.QueryEscape(next))
	third := c.get("/customers?limit=2&sort=name&active=true&cursor=" + url.QueryEscape(second.json().at("next").text()))
	if got := names(first) + " " + names(second) + " " + names(third); got != "AB CD E" {
		t.Errorf("pages: %s", got)
	}
	if first.json().has("prev") || third.json().has("next") {
		t.Error("there is something before the first page or after the last")
	}
	back := c.get("/customers?limit=2&sort=name&active=true&cursor=" + url.QueryEscape(third.json().at("prev").text()))
	if got := names(back); got != "CD" {
		t.Errorf("back from the last page: %s", got)
	}
	link := second.header.Get("Link")
	if !strings.Contains(link, `rel="next"`) || !strings.Contains(link, `rel="prev"`) {
		t.Fatalf("Link: %s", link)
	}
	address := link[1:strings.Index(link, ">")]
	if got := names(c.get(strings.TrimPrefix(address, "/api/v1"))); got != "E" {
		t.Errorf("following %s: %s", address, got)
	}
	c.get("/customers?cursor=nonsense").refused(422, "bad_cursor", "cursor")
	c.get("/customers?cursor=fnonsense").refused(422, "bad_cursor")
}

func companyAndSettings(t *testing.T, s *server) {
	c := s.client(t, access.Owner)
	got := c.get("/company")
	version := got.is(200).eq("name", "Atelier Martin").eq("currency", "EUR").eq("has_logo", "false").at("version").number()
	if tag := got.header.Get("ETag"); tag != `"`+itoa(int(version))+`"` {
		t.Errorf("ETag %s of version %d", tag, version)
	}
	c.patch("/company", obj{"phone": "04 72 00 00 00", "capital": eur("10000.00"), "address": obj{"extra": "Bâtiment B"}, "late_rate": "12.5"}).
		is(200).eq("phone", "04 72 00 00 00").eq("capital.amount", "10000.00").eq("address.street", "1 rue des Lilas").eq("address.extra", "Bâtiment B").eq("late_rate", "12.5")

	var logo bytes.Buffer
	apptest.OK(t, png.Encode(&logo, image.NewNRGBA(image.Rect(0, 0, 4, 4))))
	if a := c.get("/company/logo"); a.status != 404 {
		t.Errorf("no logo: %d", a.status)
	}
	c.do(request{method: "PUT", path: "/company/logo", body: logo.Bytes(), kind: "image/png"}).is(200).eq("has_logo", "true")
	if a := c.get("/company/logo"); a.status != 200 || a.header.Get("Content-Type") != "image/png" {
		t.Errorf("the logo: %d %s", a.status, a.header.Get("Content-Type"))
	}
	c.put("/company/mail", obj{"kind": "smtp", "host": "smtp.exemple.fr", "port": 587, "security": "starttls", "username": "u", "password": "secret"}).
		is(200).eq("mail.host", "smtp.exemple.fr").eq("mail.has_password", "true").eq("mail.password", "null")
	c.post("/company/mail/test", obj{"to": "moi@exemple.fr"}).is(204)
	if n := len(c.get("/company/setup").is(200).at("items").list()); n != 6 {
		t.Errorf("%d steps of set-up", n)
	}
	c.post("/company/setup/finish", nil).is(200).eq("ready", "true")

	c.put("/accounts/512300", obj{"label": "Banque bis"}).is(200).eq("active", "true")
	c.put("/accounts/411000", obj{"label": "Clients", "collective": true, "active": false}).refused(422, "in_use", "active")
	c.put("/journals/BQ2", obj{"label": "Banque bis", "type": "treasury"}).is(200).eq("code", "BQ2")
	c.put("/vat-codes/S20X", obj{"label": "TVA 20 % autre", "rate": "20", "category": "S", "nature": "services", "revenue": "706000", "account": "445711"}).is(200).eq("rate", "20")
	m := c.post("/payment-methods", obj{"code": "VIR2", "label": "Virement bis", "kind": "transfer", "journal": "BQ2", "account": "512300"}).is(201)
	c.patch("/payment-methods/"+m.at("id").text(), obj{"online": true}).is(200).eq("online", "true").eq("label", "Virement bis")
	for _, list := range []string{"/accounts", "/journals", "/vat-codes", "/payment-methods", "/fiscal-years"} {
		if len(c.get(list).is(200).at("items").list()) == 0 {
			t.Errorf("%s is empty", list)
		}
	}

	c.post("/fiscal-years", obj{}).is(201).eq("id", "2027").eq("start", "2027-01-01").eq("end", "2027-12-31")
	c.post("/periods/close", obj{"until": "2026-05-31"}).is(200).eq("closed_until", "2026-05-31")
	c.post("/entries", obj{"journal": "OD", "date": "2026-05-31", "piece": "X", "label": "Y", "lines": entryBody()["lines"]}).refused(422, "period_closed", "date")
	c.post("/fiscal-years/2026/close", nil).refused(422, "year_not_ended")
	c.post("/entries", entryBody()).is(201)
	s.Clock.Set(time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC))
	closed := c.post("/fiscal-years/2026/close", nil).is(200)
	closed.at("year").eq("closed", "true")
	if len(closed.at("opening").list()) == 0 || closed.at("head.seq").number() < 2 {
		t.Errorf("closing: %v", closed.v)
	}
	if n := len(c.get("/history/" + url.PathEscape("account/512300")).is(200).at("items").list()); n != 1 {
		t.Errorf("%d events about the account", n)
	}
}

func connections(t *testing.T, s *server) {
	c := s.client(t, access.Owner)
	found := c.get("/gateways").is(200).at("items").list()
	if len(found) != 1 || len(found[0].at("settings").list()) != 6 {
		t.Fatalf("gateways: %v", found)
	}
	c.post("/connections", obj{"gateway": "play", "settings": obj{"key": "nonsense-secret"}}).refused(422, "bad_code", "settings.key")
	made := c.post("/connections", obj{"gateway": "play", "settings": obj{"key": "test_acme_1", "brand": "Martin"}})
	conn := made.is(201).eq("mode", "test").eq("on", "false").eq("settings.brand", "Martin")
	if bytes.Contains(made.body, []byte("test_acme_1")) {
		t.Errorf("the secret is answered: %s", made.body)
	}
	path := "/connections/" + conn.at("id").text()
	form := c.get(path).is(200)
	form.eq("filled", `["key"]`).eq("connection.gateway", "play")
	c.patch(path, obj{"label": "Paiement test", "settings": obj{"brand": "Martin & fils"}, "fee_vat": "domestic", "fee_vat_rate": "20"}).is(200).
		eq("label", "Paiement test").eq("settings.brand", "Martin & fils").eq("fee_vat_rate", "20")
	c.patch(path, obj{"journal": ""}).is(200)
	c.post(path+"/on", nil).refused(422, "gateway_incomplete")
	for _, k := range c.get(path + "/preflight?customer=" + c.newCustomer("Dupont SA")).is(200).at("items").list() {
		if ok := k.at("ok").bool(); ok != (k.at("code").text() != "settings") {
			t.Errorf("check %v", k.v)
		}
		if strings.Contains(k.at("text").text()+k.at("mend").text(), "⟦") {
			t.Errorf("a check without words: %v", k.v)
		}
	}
	c.patch(path, obj{"journal": "PLA"}).is(200)
	c.post(path+"/test", nil).is(200).eq("status", "connected")
	c.post(path+"/webhook", nil).is(200).at("webhook_url").text()
	c.post(path+"/history", obj{"since": "2031-01-01"}).refused(422, "bad_date", "since")
	c.post(path+"/history", obj{"since": "2026-01-01"}).is(200).eq("found", "0")
	s.WorkOnce(context.Background())
	read := c.get(path).is(200).at("last_read")
	read.eq("running", "false").at("history").has("ended_at")
	c.post(path+"/on", nil).is(200).eq("on", "true")
	c.post(path+"/off", nil).is(200).eq("on", "false")
	s.Gateways.Provider("acme").Change(func(p *apptest.Provider) {
		p.Fail = &gateway.Error{Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Code: "down"}
	})
	if a := c.post(path+"/test", nil); a.refused(503, "gateway_down").has("detail") && a.header.Get("Retry-After") == "" {
		t.Error("a provider that is down is answered without Retry-After")
	}
	s.Gateways.Provider("acme").Change(func(p *apptest.Provider) { p.Fail = nil })
	if n := len(c.get("/connections").is(200).at("items").list()); n != 1 {
		t.Errorf("%d connections", n)
	}
	c.delete(path).is(204)
	c.get(path).refused(404, "unknown_thing")
}

func usersAndTokens(t *testing.T, s *server) {
	c := s.client(t, access.Owner)
	u := c.post("/users", obj{"email": "anne@exemple.fr", "name": "Anne", "password": "correct horse 9", "role": "sales"}).is(201).eq("role", "sales")
	path := "/users/" + u.at("id").text()
	c.patch(path, obj{"role": "accountant"}).is(200).eq("role", "accountant")
	c.put(path+"/password", obj{"password": "another horse 9"}).is(204)
	if _, err := s.Login(context.Background(), "anne@exemple.fr", "another horse 9"); err != nil {
		t.Error(err)
	}
	if n := len(c.get("/users").is(200).at("items").list()); n != 2 {
		t.Errorf("%d users", n)
	}
	c.patch("/users/"+s.User.ID, obj{"role": "sales"}).refused(422, "last_owner")
	c.delete(path).is(204)
	c.delete(path).refused(404, "unknown_thing")

	made := c.do(request{method: "POST", path: "/tokens", body: obj{"name": "Caisse", "role": "sales"}, forgets: true}).is(201)
	till := &client{t: t, srv: s, token: made.at("secret").text(), lang: "fr"}
	till.get("/customers").is(200)
	for _, tok := range c.get("/tokens").is(200).at("items").list() {
		if tok.has("secret") {
			t.Errorf("a secret is listed: %v", tok.v)
		}
	}
	c.delete("/tokens/" + made.at("id").text()).is(204)
	till.get("/customers").refused(401, "login_needed")
}

func exports(t *testing.T, s *server) {
	c := s.client(t, access.Auditor)
	keeper := s.client(t, access.Accountant)
	keeper.post("/entries", entryBody()).is(201)
	a := c.post("/exports", obj{"format": "plain", "year": "2026"})
	if a.status != 200 || !strings.Contains(a.header.Get("Content-Disposition"), "732829320-2026.txt") || !strings.Contains(string(a.body), "Honoraires") {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	list := c.get("/exports").is(200).eq("unexported", "0").at("items").list()
	if len(list) != 1 {
		t.Fatalf("%d exports", len(list))
	}
	sum := sha256.Sum256(a.body)
	list[0].eq("sha256", hex.EncodeToString(sum[:])).eq("lines", "3").eq("number", "1")
	keeper.post("/entries", entryBody()).is(201)
	again := c.get("/exports/" + list[0].at("id").text() + "/file")
	if !bytes.Equal(again.body, a.body) {
		t.Error("the export made again is another file")
	}
	c.post("/exports", obj{"format": "pdf", "year": "2026"}).refused(422, "bad_choice", "format")
	c.post("/exports", obj{"format": "plain", "year": "1999"}).refused(404, "unknown_thing", "year")
}
