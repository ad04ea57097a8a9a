package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/api"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/getkin/kin-openapi/openapi3"
)

// stock is a company with one of everything, by the names that paths give their parameters.
type stock struct {
	*server
	owner *client
	ids   map[string]string
	own   map[string]map[string]string // of operations that need a thing in a state of its own, by operation
}

func newStock(t *testing.T, w *apptest.World) *stock {
	t.Helper()
	s := newServerOver(t, w, 0)
	c := s.client(t, access.Owner)
	conn := c.connect("acme")
	who := c.newCustomer("Dupont SA")
	s.Gateways.Provider("acme").Put(apptest.WithFee(gateway.Payment{ID: "pay_7", Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: apptest.EUR(700)}, 0))
	c.post("/connections/"+conn+"/refresh", nil).is(200)
	arrival := c.get("/arrivals").is(200).at("items").list()[0]
	refund, online := c.refundOf(s, conn, who), c.kept(s, conn, who, "pay_9")
	quote := c.post("/quotes", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	dep := c.post("/quotes/"+quote+"/deposits", obj{"percent": "30", "method_id": c.method("CB")}).is(201).at("deposits").list()[0].at("id").text()
	issued := c.post("/invoices", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/invoices/"+issued+"/send", nil).is(200)
	draft := c.post("/invoices", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/receipts", obj{"customer_id": who, "amount": eur("10.00"), "method_id": c.method("VIR")}).is(201)
	entry := c.post("/entries", entryBody()).is(201).text2("seq")
	c.put("/rates", obj{"rates": []any{obj{"currency": "USD", "date": "2026-06-16", "rate": "1.12"}}}).is(200)
	member := c.post("/users", obj{"email": "anne@exemple.fr", "name": "Anne", "password": apptest.Password, "role": "accountant"}).is(201).at("id").text()
	if a := c.post("/exports", obj{"format": "plain", "year": "2026"}); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	own := c.special(t, s, conn, who)
	return &stock{server: s, owner: c, own: own, ids: map[string]string{
		"subject": arrival.at("id").text(), "hash": arrival.at("evidence_hash").text(),
		"customer": who, "connection": conn, "method": c.method("VIR"), "quote": quote, "deposit": dep, "invoice": draft, "document": issued,
		"arrival": arrival.at("id").text(), "refund": refund, "receipt": online, "entry": entry,
		"mail": c.get("/mails").is(200).at("items").list()[0].at("id").text(), "export": c.get("/exports").is(200).at("items").list()[0].at("id").text(),
		"user": member, "token": c.get("/tokens").is(200).at("items").list()[0].at("id").text(),
		"account": "411000", "rate": "USD-2026-06-16", "currency": "USD", "month": "2026-05", "code": "512300", "fiscal_year": "2026", "ref": who,
	}}
}

// special makes what few operations are about: a movement in a currency without a rate, a balance kept in dollars, commissions
// under reverse charge, and an invoice whose payment was contested.
func (c *client) special(t *testing.T, s *server, conn, who string) map[string]map[string]string {
	c.patch("/connections/"+conn, obj{"fee_vat": "reverse_charge"}).is(200)
	for _, currency := range []string{"USD", "CHF"} {
		c.put("/connections/"+conn+"/balances/"+currency, obj{}).is(200)
	}
	contested := c.post("/invoices", obj{"customer_id": who, "lines": []obj{sale()}}).is(201).at("id").text()
	c.post("/invoices/"+contested+"/issue", nil).is(200)
	take := func(p gateway.Payment) string {
		t.Helper()
		p.State = gateway.Succeeded
		s.Gateways.Provider("acme").Put(p)
		c.post("/connections/"+conn+"/refresh", nil).is(200)
		return c.get("/arrivals?search=" + p.ID).is(200).at("items").list()[0].at("id").text()
	}
	post := func(arrival string) { c.post("/arrivals/integrate", obj{"ids": []any{arrival}}).is(200) }
	paid := take(apptest.WithFee(gateway.Payment{ID: "pay_10", Kind: gateway.KindPayment, Gross: apptest.EUR(12000)}, 100))
	c.post("/arrivals/"+paid+"/match", obj{"document_id": contested}).is(200)
	post(paid)
	post(take(gateway.Payment{ID: "dis_10", Kind: gateway.KindDispute, Gross: apptest.EUR(12000), FeeState: gateway.FeeNone, RelatedID: "pay_10"}))
	dollars := take(gateway.Payment{ID: "pay_11", Kind: gateway.KindPayment, Gross: money.Of(2000, "USD"), FeeState: gateway.FeeNone})
	c.post("/arrivals/"+dollars+"/keep", obj{"customer_id": who}).is(200)
	post(dollars)
	return map[string]map[string]string{
		"setArrivalRate":  {"arrival": take(gateway.Payment{ID: "pay_12", Kind: gateway.KindPayment, Gross: money.Of(3000, "CHF"), FeeState: gateway.FeeNone})},
		"revalueBalance":  {"account": c.get("/foreign-balances").is(200).at("items").list()[0].at("account").text()},
		"postFeeVAT":      {"month": "2026-06"},
		"writeOffDispute": {"invoice": contested},
	}
}

// samples are bodies that each operation takes: what is attacked below.
func (s *stock) samples() map[string]any {
	address := obj{"street": "1 rue X", "postal_code": "69001", "city": "Lyon", "country": "FR"}
	line := obj{"description": "Conseil", "quantity": "1.5", "unit": "h", "unit_price": "100.25", "discount": "5", "vat_code": "S20S"}
	document := obj{"customer_id": s.ids["customer"], "date": "2026-06-16", "reference": "BC", "note": "N", "lines": []any{line}}
	invoice := maps.Clone(document)
	maps.Copy(invoice, obj{"supply_date": "2026-06-16", "due_date": "2026-07-16", "method_id": s.ids["method"]})
	quote := maps.Clone(document)
	quote["valid_until"] = "2026-07-16"
	customer := obj{"code": "K1", "name": "Durand", "kind": "business", "email": "a@exemple.fr", "phone": "1", "siren": "732829320", "vat_number": "FR44732829320",
		"address": address, "deliver_to": address, "language": "fr", "method_id": s.ids["method"], "note": "N", "active": true}
	deposit := obj{"label": "A", "amount": eur("10.00"), "due_date": "2026-07-01", "method_id": s.ids["method"]}
	allocation := obj{"document_id": s.ids["document"], "amount": eur("5.00")}
	company := obj{"name": "A", "legal_form": "SARL", "capital": eur("1.00"), "siren": "732829320", "siret": "73282932000074", "register_at": "RCS", "vat_number": "FR44732829320",
		"address": address, "email": "a@exemple.fr", "phone": "1", "website": "w", "locale": "fr", "vat_regime": "receipts", "terms_days": 30, "terms_month_end": true,
		"late_rate": "12", "early_discount": "x", "iban": "FR1420041010050500013M02606", "bic": "PSSTFRPP", "quote_validity": 30, "mail_intro": "x", "footer": "x",
		"tolerance": eur("0.05"), "auto_integrate": true, "evidence_months": 36, "test_books": true}
	connection := obj{"label": "L", "settings": obj{"brand": "B"}, "journal": "PLA", "gateway_account": "517300", "commission_account": "627830",
		"bank_journal": "BQ", "bank_account": "512100", "dispute_fee_account": "627890", "fee_vat": "exempt", "fee_vat_rate": "20"}
	entry := obj{"journal": "OD", "date": "2026-06-16", "piece": "P", "piece_date": "2026-06-15", "label": "L", "lines": []any{
		obj{"account": "411000", "aux": "C0001", "label": "x", "debit": eur("10.00"), "foreign": obj{"amount": "11.00", "currency": "USD"}}, obj{"account": "706000", "credit": eur("10.00")}}}
	known := maps.Clone(customer)
	known["code"] = "C0001" // a code never changes
	return map[string]any{
		"changeCompany": company, "setMail": obj{"kind": "smtp", "host": "h", "port": 25, "security": "tls", "username": "u", "password": "p", "from": "a@exemple.fr", "from_name": "A", "reply_to": "b@exemple.fr"},
		"testMail": obj{"to": "a@exemple.fr"}, "saveAccount": obj{"label": "L", "collective": false, "active": true}, "saveJournal": obj{"label": "L", "type": "misc", "active": true},
		"saveVATCode":  obj{"label": "L", "rate": "20", "category": "S", "nature": "goods", "revenue": "707000", "account": "445711", "mention": "", "active": true},
		"createMethod": obj{"code": "M1", "label": "L", "kind": "transfer", "online": false, "journal": "BQ", "account": "512100", "active": true},
		"changeMethod": obj{"code": "M1", "label": "L", "kind": "transfer", "online": false, "journal": "BQ", "account": "512100", "active": true},
		"addYear":      obj{"id": "2027", "start": "2027-01-01", "end": "2027-12-31"}, "closePeriod": obj{"until": "2026-05-31"},
		"createCustomer": customer, "changeCustomer": known, "imputeCredit": allocation,
		"refundCredit": obj{"date": "2026-06-16", "amount": eur("1.00"), "method_id": s.ids["method"], "reference": "R"},
		"connect":      obj{"gateway": "play", "settings": obj{"key": "test_other_1"}}, "changeConnection": connection,
		"createQuote": quote, "changeQuote": quote, "addDeposit": deposit, "changeDeposit": deposit, "createInvoice": invoice, "changeInvoice": invoice,
		"writeOffDispute": obj{"date": "2026-06-16"}, "proposeEntries": obj{"ids": []any{s.ids["arrival"]}}, "integrate": obj{"ids": []any{s.ids["arrival"]}},
		"matchArrival": obj{"document_id": s.ids["document"]}, "keepArrival": obj{"customer_id": s.ids["customer"]}, "dismissArrival": obj{"reason": "R"},
		"refundReceipt":   obj{"amount": eur("5.00"), "cover": "gesture", "reason": "R"},
		"dismissArrivals": obj{"ids": []any{s.ids["arrival"]}, "reason": "R"}, "takeUpArrivals": obj{"ids": []any{s.ids["arrival"]}}, "importHistory": obj{"since": "2026-01-01"},
		"recordReceipt": obj{"customer_id": s.ids["customer"], "date": "2026-06-16", "amount": eur("5.00"), "method_id": s.ids["method"], "reference": "R", "allocations": []any{allocation}},
		"postEntry":     entry, "reverseEntry": obj{"date": "2026-06-16", "reason": "R"}, "export": obj{"format": "plain", "year": "2026"},
		"addUser":    obj{"email": "n@exemple.fr", "name": "N", "password": "correct horse 9", "language": "fr", "role": "sales"},
		"changeUser": obj{"role": "sales"}, "saveRates": obj{"rates": []any{obj{"currency": "GBP", "date": "2026-06-16", "rate": "0.85", "source": "S"}}}, "setBalanceAccount": obj{"account": "517210"},
		"setArrivalRate": obj{"rate": "1.1", "worth": eur("10.00"), "source": "S"}, "revalueBalance": obj{"date": "2026-06-16", "rate": "1.1"},
		"postFeeVAT": obj{"invoice": "I", "date": "2026-06-16", "base": eur("10.00")}, "resetPassword": obj{"password": "correct horse 9"}, "createToken": obj{"name": "N", "role": "sales"},
	}
}

// operation is one operation of the document with an address of the stock.
type operation struct {
	id, method, path string
	op               *openapi3.Operation
	names            []string // of path parameters
}

func (s *stock) operations() []operation {
	var out []operation
	for path, item := range s.doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{id: op.OperationID, method: method, path: path, op: op, names: pathNames(path)}
			for _, n := range o.names {
				o.path = strings.ReplaceAll(o.path, "{"+n+"}", s.id(o.id, n))
			}
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return out
}

// id is what an operation's path names by a parameter.
func (s *stock) id(operation, name string) string {
	if id := s.own[operation][name]; id != "" {
		return id
	}
	return s.ids[name]
}

func (o operation) readsJSON() bool {
	return o.op.RequestBody != nil && o.op.RequestBody.Value.Content["application/json"] != nil
}

// everything is what the books hold, as the API shows it.
func (s *stock) everything(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for _, path := range []string{"/company", "/accounts", "/journals", "/vat-codes", "/payment-methods", "/fiscal-years", "/customers?limit=200", "/connections",
		"/quotes?limit=200", "/invoices?limit=200", "/arrivals?limit=200", "/receipts?limit=200", "/entries?limit=200", "/rates", "/foreign-balances", "/mails?limit=200", "/exports", "/users",
		"/quotes/" + s.ids["quote"], "/invoices/" + s.ids["invoice"], "/invoices/" + s.ids["document"], "/customers/" + s.ids["customer"], "/pay-links/" + s.ids["document"]} {
		req := httptest.NewRequest(http.MethodGet, api.Prefix+path, http.NoBody)
		req.Header.Set("Authorization", "Bearer "+s.owner.token)
		res, err := s.fiber.Test(req, -1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		apptest.OK(t, res.Body.Close())
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d %v %s", path, res.StatusCode, err, b)
		}
		fmt.Fprintf(&out, "%s %s\n", path, b)
	}
	return out.String()
}

// unchanged runs attacks and then looks whether anything is different.
func (s *stock) unchanged(t *testing.T, attack func()) {
	t.Helper()
	before := s.everything(t)
	attack()
	after := strings.Split(s.everything(t), "\n")
	for i, line := range strings.Split(before, "\n") {
		if line != after[i] {
			t.Errorf("something changed:\n%s\n%s", line, after[i])
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("something failed within: %s", s.log)
		s.log.Reset()
	}
}

// refusesAll checks that an answer is a refusal that conforms to the document; a defect or an outage is none.
func refusesAll(t *testing.T, a *answer, what string) {
	t.Helper()
	if a.status < 400 || a.status > 499 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("%s: %s: %d %s", a.what, what, a.status, a.body)
	}
}

// Every operation, attacked in every way that does not depend on what it is about.
func TestRefusals(t *testing.T) {
	for engine, world := range engines {
		t.Run(engine, func(t *testing.T) { testRefusals(t, newStock(t, world(t))) })
	}
}

func testRefusals(t *testing.T, s *stock) {
	samples := s.samples()
	other := s.secondCompany(t)
	stranger := &client{t: t, srv: s.server, lang: "fr"}
	impostor := &client{t: t, srv: s.server, lang: "fr", token: "acq_" + strings.Repeat("A", 43)}
	for _, o := range s.operations() {
		t.Run(o.id, func(t *testing.T) {
			s.owner.t, other.t = t, t
			sample, hasSample := samples[o.id]
			if o.readsJSON() && !hasSample {
				t.Fatal("no sample body")
			}
			good := request{method: o.method, path: o.path, body: sample, raw: true}
			if sample == nil {
				good.body = nil
			}
			s.unchanged(t, func() {
				for _, c := range []*client{stranger, impostor} {
					c.t = t
					a := c.do(good)
					a.refused(401, "login_needed")
					if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
						t.Errorf("WWW-Authenticate: %q", a.header.Get("WWW-Authenticate"))
					}
				}
				extra := good
				extra.path += "?nonsense=1"
				s.owner.do(extra).refused(422, "bad_body", "nonsense")
				s.attackPath(t, o, good)
				if len(o.names) > 0 && !slices.Contains([]string{"account", "code", "fiscal_year", "ref", "entry"}, o.names[0]) {
					other.do(good).refused(404, "unknown_thing")
				}
				if o.readsJSON() {
					s.attackBody(t, good)
				}
			})
		})
	}
}

// What the attacks begin with is not refused by itself.
func TestSamplesAreTaken(t *testing.T) {
	s := newStock(t, apptest.New(t))
	for _, o := range s.operations() {
		if !o.readsJSON() {
			continue
		}
		s := newStock(t, apptest.New(t))
		for _, same := range s.operations() {
			if same.id != o.id {
				continue
			}
			if a := s.owner.do(request{method: same.method, path: same.path, body: s.samples()[o.id]}); a.status >= 300 {
				t.Errorf("%s: %d %s", o.id, a.status, a.body)
			}
		}
	}
}

// attackPath puts nonsense in place of each parameter of a path.
func (s *stock) attackPath(t *testing.T, o operation, good request) {
	for _, name := range o.names {
		for _, bad := range []string{"nonsense", "%00", "a%00b", "%ff", "..%2F..", "%C3%A9", strings.Repeat("x", 900), strings.Repeat("9", 30), "'%20OR%201=1--", s.id(o.id, name) + "x"} {
			if name == "ref" || name == "code" && !strings.Contains(bad, "%") && len(bad) < 10 {
				continue // any text may be the name of these
			}
			r := good
			r.path = strings.Replace(o.path, "/"+s.id(o.id, name), "/"+bad, 1)
			if a := s.owner.do(r); a.status != 404 && a.status != 422 {
				t.Errorf("%s for %s: %d %s", bad, name, a.status, a.body)
			}
		}
	}
}

func (s *stock) attackBody(t *testing.T, good request) {
	text, err := json.Marshal(good.body)
	apptest.OK(t, err)
	send := func(body string, kind string) *answer {
		r := good
		r.body, r.kind = body, kind
		return s.owner.do(r)
	}
	whole := string(text)
	send(whole[:len(whole)-1], "").refused(400, "bad_body")
	send(whole+"x", "").refused(400, "bad_body")
	send("{'a':1}", "").refused(400, "bad_body")
	send("\xff\xfe", "").refused(400, "bad_body")
	send(`{"a\xff":1}`, "").refused(400, "bad_body")
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/xml", ";"} {
		a := send(whole, kind)
		a.refused(415, "unsupported_media_type")
		if !strings.Contains(a.header.Get("Accept"), "application/json") {
			t.Errorf("415 without what is accepted: %v", a.header)
		}
	}
	packed := good
	packed.header = [][2]string{{"Content-Encoding", "gzip"}}
	s.owner.do(packed).refused(415, "unsupported_media_type")
	send(`{"note":"`+strings.Repeat("x", 1<<20)+`"}`, "").refused(413, "body_too_large")
	send(strings.Replace(whole, "{", `{"nonsense":1,`, 1), "").refused(422, "bad_body", "nonsense")
	for _, other := range []string{"[]", "null", " null\n", `"x"`, "1", "true"} {
		send(other, "").refused(422, "bad_body")
	}
	send(strings.Repeat(`{"a":`, 20_000)+"1"+strings.Repeat("}", 20_000), "") // deep: refused or not read, but answered
	for _, m := range mutations(good.body) {
		a := send(m.body, "")
		refusesAll(t, a, m.what)
		if !a.names(m.field) {
			t.Errorf("%s: %s: the field is not named: %s", a.what, m.what, a.body)
		}
	}
}

// names says whether a refusal names a field, or the thing that it is a part of.
func (a *answer) names(field string) bool {
	for _, e := range a.json().at("errors").list() {
		if f := e.at("field").text(); f != "" && (field == f || strings.HasPrefix(field, f+".")) {
			return true
		}
	}
	return false
}

// mutation is a good body with one member made bad.
type mutation struct{ what, field, body string }

// mutations makes every leaf of a body bad in the ways of its kind.
func mutations(good any) []mutation {
	var out []mutation
	var walk func(path []any, v any)
	add := func(path []any, bad any, what string) {
		b, err := json.Marshal(replaced(good, path, bad))
		if err != nil {
			panic(err)
		}
		field := strings.Trim(strings.ReplaceAll(fmt.Sprint(path), " ", "."), "[]")
		out = append(out, mutation{field + " " + what, field, string(b)})
	}
	walk = func(path []any, v any) {
		switch v := v.(type) {
		case map[string]any:
			add(path, 7, "a number for an object")
			add(path, "x", "a string for an object")
			add(path, []any{}, "a list for an object")
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(append(slices.Clone(path), k), v[k])
			}
		case []any:
			add(path, 7, "a number for a list")
			add(path, map[string]any{}, "an object for a list")
			for i := range v {
				walk(append(slices.Clone(path), i), v[i])
			}
		case bool:
			add(path, "true", "a string for a boolean")
			add(path, 1, "a number for a boolean")
		case int:
			add(path, "7", "a string for a number")
			add(path, 1.5, "a fraction")
			add(path, -1, "a negative number")
			add(path, json.Number("1e400"), "a number out of range")
		case string:
			add(path, 12.5, "a number for a string")
			add(path, true, "a boolean for a string")
			add(path, "a\x00b", "NUL")
			add(path, strings.Repeat("long ", 2000), "ten thousand characters")
			for _, bad := range badValues(fmt.Sprint(path[len(path)-1]), v) {
				add(path, bad, fmt.Sprintf("%q", bad))
			}
		}
	}
	walk(nil, asJSON(good))
	return out[3:] // the body as a whole is attacked elsewhere
}

var (
	isDate = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	isID   = regexp.MustCompile(`^[a-z]+_[0-9a-z]{26}$`)
)

// badValues are values of the right type that mean nothing for a member.
func badValues(name, good string) []string {
	switch {
	case name == "amount":
		return []string{"", "12,50", "1 200.00", "1e3", "NaN", "Infinity", "0x10", "1.234", "--1", "+1", ".5", "5.", "١٢", "99999999999999999999", "9007199254740993.01"}
	case name == "currency":
		return []string{"", "eur", "XXX", "€", "EURO"}
	case isDate.MatchString(good):
		return []string{"2026-02-30", "31/12/2026", "2026-13-01", "26-1-1", "2026-06-16T00:00:00Z", "0000-00-00", "2026-6-1", "demain"}
	case slices.Contains([]string{"quantity", "unit_price", "discount", "rate", "late_rate", "fee_vat_rate", "percent"}, name):
		return []string{"1,5", "1e3", "NaN", "one", "1.12345678901", "-1000000000000000000000", "1 000"}
	case slices.Contains([]string{"email", "to", "from", "reply_to"}, name):
		return []string{"nonsense", "a@b", "a b@exemple.fr", "<a@exemple.fr>", "a@exemple.fr\r\nBcc: b@exemple.fr", "a@-x.fr"}
	case name == "vat_number":
		return []string{"FR00732829320", "XX123456789", "FR", "44732829320"}
	case name == "siren", name == "siret":
		return []string{"732829321", "12", "73282932O"}
	case name == "iban":
		return []string{"FR1420041010050500013M02607", "X"}
	case name == "country":
		return []string{"FRA", "33", "é"}
	case isID.MatchString(good):
		return []string{"nonsense", good[:len(good)-1], strings.ToUpper(good), "cus_" + strings.Repeat("0", 26), "' OR 1=1 --"}
	case slices.Contains([]string{"kind", "language", "role", "type", "security", "fee_vat", "vat_regime", "locale", "nature", "category", "format", "gateway"}, name):
		return []string{"nonsense", strings.ToUpper(good) + " "}
	case slices.Contains([]string{"account", "vat_code", "journal", "gateway_account", "commission_account", "bank_account", "dispute_fee_account", "bank_journal", "revenue"}, name):
		return []string{"nonsense", "999999", "X'; --"}
	case name == "year":
		return []string{"1999", "nonsense", ""}
	case name == "password" && len(good) > 9:
		return []string{"short", ""}
	}
	return nil
}

func asJSON(v any) any {
	switch v := v.(type) {
	case []obj:
		out := make([]any, len(v))
		for i := range v {
			out[i] = asJSON(v[i])
		}
		return out
	default:
		return v
	}
}

// replaced is a deep copy of v in which the value at path is another.
func replaced(v any, path []any, by any) any {
	if len(path) == 0 {
		return by
	}
	switch v := v.(type) {
	case map[string]any:
		c := maps.Clone(v)
		c[path[0].(string)] = replaced(v[path[0].(string)], path[1:], by)
		return c
	case []any:
		c := slices.Clone(v)
		c[path[0].(int)] = replaced(v[path[0].(int)], path[1:], by)
		return c
	}
	panic("no such path")
}
