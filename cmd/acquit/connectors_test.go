package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// connector is one of the bundled gateways before a provider of ours, as an installation uses it.
type connector struct {
	gateway  string
	settings map[string]string
	pay      string // the button that pays on the provider's page
	account  string // where its money is posted
	fees     string
	journal  string
}

// stripeHere is Stripe, played on this machine.
func stripeHere(t *testing.T) connector {
	t.Helper()
	fake, err := stripefake.New(stripefake.Options{Deliver: true})
	if err != nil {
		t.Fatal(err)
	}
	url := listen(t, fake)
	fake.SetURL(url)
	t.Cleanup(func() { _ = fake.Close() })
	_, key := fake.Open(stripefake.Account{Name: "Atelier Test"})
	return connector{gateway: "stripe", settings: map[string]string{"secret_key": key, "api_url": url}, pay: "button[value=card]",
		account: "517100", fees: "627810", journal: "STR"}
}

// paypalHere is PayPal, played on this machine.
func paypalHere(t *testing.T) connector {
	t.Helper()
	fake, err := paypalfake.New(paypalfake.Options{Deliver: true})
	if err != nil {
		t.Fatal(err)
	}
	url := listen(t, fake)
	fake.SetBase(url)
	t.Cleanup(func() { _ = fake.Close() })
	fake.AddAccount(paypalfake.AccountOptions{ClientID: "client-of-the-workshop", Secret: "secret-of-the-workshop"})
	return connector{gateway: "paypal", settings: map[string]string{"mode": "sandbox", "client_id": "client-of-the-workshop",
		"client_secret": "secret-of-the-workshop", "api_url": url}, pay: "button[value=pay]", account: "517200", fees: "627820", journal: "PPL"}
}

// listen serves a provider until the test ends. It outlives what the test starts later.
func listen(t *testing.T, provider http.Handler) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(provider)
	s.Listener = ln
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// connect puts a connector in the sandbox's place, by the API of the running installation.
func (i *installation) connect(api apiClient, c connector) {
	i.t.Helper()
	i.must(api.call(http.MethodPost, "/connections/"+i.conn.ID+"/off", "", nil, nil))
	var made struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}
	i.must(api.call(http.MethodPost, "/connections", "", map[string]any{"gateway": c.gateway, "settings": c.settings}, &made))
	if made.Status != "connected" {
		i.t.Errorf("%s is %s", c.gateway, made.Status)
	}
	i.must(api.call(http.MethodPost, "/connections/"+made.ID+"/on", "", nil, nil))
	i.conn.ID = made.ID
}

// TestE2EConnectors plays both flows of the product with Stripe's and PayPal's gateways, as programs, before providers that
// behave like them: a browser, a mail server, webhooks over HTTP, both databases.
func TestE2EConnectors(t *testing.T) {
	for name, here := range map[string]func(*testing.T) connector{"stripe": stripeHere, "paypal": paypalHere} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(i *installation) {
				c := here(i.t)
				i.do("plugin", "trust", c.gateway)
				api := apiClient{secret: i.token()}
				i.serve()
				api.address = i.base
				i.connect(api, c)
				p := i.clerk()
				p.newCustomer("Boulangerie Aux Trois Épis", "compta@troisepis.example")
				p.payInvoice(c)
				p.payDeposit(c)
				i.postedThrough(c)
				i.checkFEC()
				if out := i.do("verify"); !strings.Contains(out, "sound") {
					i.t.Errorf("verify said %s", out)
				}
			})
		})
	}
}

// payInvoice sends an invoice, pays it on the provider's page and gives the OK.
func (p person) payInvoice(c connector) {
	p.i.t.Helper()
	p.menu("/invoices")
	p.press("Nouvelle facture", ".page-head")
	p.FillLabel("Client", "Boulangerie Aux Trois Épis")
	p.FillLabel("Mode de règlement", p.i.online)
	p.fillLines(docLine{"Comptoir en chêne massif", "1", "1000", "", "S20B"})
	p.WaitText("#totals", "1 200,00")
	p.press("Enregistrer et envoyer")
	p.press("Émettre et envoyer")
	p.pays(c, 1, "1 200,00 €")
	p.menu("/invoices")
	p.says("main table", "Payée en ligne")
}

// payDeposit asks for a deposit on a quote, pays it on the provider's page and gives the OK.
func (p person) payDeposit(c connector) {
	p.i.t.Helper()
	p.menu("/quotes")
	p.press("Nouveau devis", ".page-head")
	p.FillLabel("Client", "Boulangerie Aux Trois Épis")
	p.fillLines(docLine{"Cuisine sur mesure", "1", "1000", "", "S20B"})
	p.press("Enregistrer")
	p.FillLabel("Libellé", "À la commande", "#deposit-form")
	p.FillLabel("Pourcentage", "30", "#deposit-form")
	p.FillLabel("Mode de règlement", p.i.online, "#deposit-form")
	p.press("Ajouter", "#deposit-form")
	p.press("Valider", "#deposits tbody tr:first-child")
	p.press("Envoyer", ".page-head")
	p.press("Envoyer", "main form")
	p.pays(c, 2, "360,00 €")
}

// pays follows the link of the nth mail to the provider's page, pays there, and gives the OK on what came.
func (p person) pays(c connector, nth int, amount string) {
	p.i.t.Helper()
	m := p.i.smtp.Wait(nth, patience)[nth-1]
	payer := p.i.stranger()
	payer.Open(payLink(p.i.t, m.HTML))
	payer.says("main", amount)
	payer.Leave(func() { payer.Click(".pay-button") })
	payer.Leave(func() { payer.Click(c.pay) })
	payer.WaitText("h1", "C'est réglé, merci")
	p.menu("/inbox")
	p.WaitText("#arrivals", amount)
	p.says("#arrivals", "Prêt")
	p.Click(".proposal > summary")
	p.says(".entries", c.account, c.fees)
	p.press("OK : intégrer la sélection")
	p.says("main", "1 ligne intégrée")
}

// postedThrough checks the entries of an invoice of 1,200.00 and a deposit of 360.00 that a connector brought in, whatever
// the provider keeps for itself.
func (i *installation) postedThrough(c connector) {
	i.t.Helper()
	got := i.ledger()
	for what, want := range map[string]string{
		"the receipt":     c.journal + ` \S+\n  ` + c.account + ` +1200\.00\n  411000 C0001 +1200\.00 \w+\n`,
		"the deposit":     c.journal + ` FAYYYY-\d+\n  ` + c.account + ` +360\.00\n  419100 C0001 +360\.00\n  445871 +60\.00\n  445711 +60\.00\n`,
		"each commission": `(?s)(` + c.journal + ` \S+\n  ` + c.fees + ` +(\d+\.\d\d)\n  ` + c.account + ` +\d+\.\d\d\n.*){2}`,
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			i.t.Errorf("%s is not in the books:\n%s", what, got)
		}
	}
}
