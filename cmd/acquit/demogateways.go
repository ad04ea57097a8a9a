package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
	"github.com/shopspring/decimal"
)

// play is what a demonstration company lives through with Stripe and PayPal, on the day that it is made: its people use the
// use cases, the gateways' programs the simulators, and payers and providers are played by the simulators' methods.
// The first thing that fails ends the story; what follows does nothing.
type play struct {
	ctx       context.Context
	app       *app.App
	who       access.Actor
	sims      *simulators
	customers []app.CustomerRow
	sold      int
	method    string // online payment
	err       error
}

// playGateways connects a company to the simulators and tells the story.
func playGateways(s *session, h *house, sims *simulators, company party.Company) error {
	u, err := h.app.Login(s.ctx, demoUser.Email, demoUser.Password)
	if err != nil {
		return err
	}
	p := &play{ctx: s.ctx, app: h.app, sims: sims}
	if p.who, err = h.app.As(s.ctx, u, company.ID); err != nil {
		return err
	}
	p.cast()
	p.atStripe(company)
	p.atPayPal(company)
	return p.err
}

// cast chooses customers who are offered online payment.
func (p *play) cast() {
	active := true
	all, err := p.app.Customers(p.ctx, p.who, app.CustomerQuery{Active: &active, Paging: app.Paging{Limit: 100}})
	p.fail(err)
	for _, c := range all.Items {
		if c.Email != "" && c.Kind == party.Business && c.Address.Country == "FR" {
			p.customers = append(p.customers, c)
		}
	}
	methods, err := p.app.Methods(p.ctx, p.who)
	p.fail(err)
	for _, m := range methods {
		if m.Online && m.Active {
			p.method = m.ID
			break
		}
	}
	if p.err == nil && (len(p.customers) == 0 || p.method == "") {
		p.err = errors.New("nobody can be offered online payment")
	}
}

func (p *play) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// connect connects a gateway and offers it to payers.
func (p *play) connect(name string, settings map[string]string) inbox.Connection {
	if p.err != nil {
		return inbox.Connection{}
	}
	c, err := p.app.Connect(p.ctx, p.who, name, settings)
	if err == nil {
		c, err = p.app.SwitchOn(p.ctx, p.who, c.ID)
	}
	p.fail(err)
	return c
}

// buyer is another customer for each sale.
func (p *play) buyer() string {
	p.sold++
	return p.customers[p.sold%len(p.customers)].ID
}

func saleLine(what, price, vat string) []billing.DocLine {
	return []billing.DocLine{{Description: what, Quantity: decimal.NewFromInt(1), UnitPrice: decimal.RequireFromString(price), VATCode: vat}}
}

// invoice sends an invoice and returns its id. The price is in euros, excluding VAT at 20 %.
func (p *play) invoice(what, price string) string {
	if p.err != nil {
		return ""
	}
	v, err := p.app.CreateInvoice(p.ctx, p.who, app.InvoiceInput{CustomerID: p.buyer(), MethodID: p.method, Lines: saleLine(what, price, "S20B")})
	if err == nil {
		v, err = p.app.SendInvoice(p.ctx, p.who, v.ID)
	}
	p.fail(err)
	return v.ID
}

// deposit sends a quote with a deposit of 30 % and returns the deposit's id.
func (p *play) deposit(what, price string) string {
	if p.err != nil {
		return ""
	}
	q, err := p.app.CreateQuote(p.ctx, p.who, app.QuoteInput{CustomerID: p.buyer(), Lines: saleLine(what, price, "S20S")})
	if err == nil {
		q, err = p.app.SetDeposit(p.ctx, p.who, q.ID, q.Version, app.DepositInput{Label: "Acompte à la commande", Percent: decimal.NewFromInt(30), MethodID: p.method,
			DueDate: q.Date.AddDays(15)})
	}
	if err == nil {
		q, err = p.app.ValidateDeposit(p.ctx, p.who, q.ID, q.Deposits[0].ID)
	}
	if err == nil {
		q, err = p.app.SendQuote(p.ctx, p.who, q.ID)
	}
	if err != nil {
		p.fail(err)
		return ""
	}
	return q.Deposits[0].ID
}

// pay has a payer follow a document's link to the provider's page, do something there, and come back.
func (p *play) pay(document string, c inbox.Connection, there func(page string) error) {
	if p.err != nil {
		return
	}
	link, err := p.app.PayURL(p.ctx, p.who, document)
	token := path.Base(link)
	var page string
	if err == nil {
		page, err = p.app.StartPayment(p.ctx, token, c.ID)
	}
	if err == nil {
		err = there(page)
	}
	if err == nil {
		_, err = p.app.Return(p.ctx, token, "")
	}
	p.fail(err)
}

// read reads what is new at the provider.
func (p *play) read(c inbox.Connection) {
	if p.err == nil {
		_, err := p.app.Refresh(p.ctx, p.who, c.ID)
		p.fail(err)
	}
}

// ok reads what is new at the provider and gives the accountant's OK on all that is ready.
func (p *play) ok(c inbox.Connection) {
	p.read(c)
	if p.err != nil {
		return
	}
	ready, err := p.app.Views.Arrivals(p.ctx, p.who.Company, app.ArrivalQuery{Connection: c.ID, States: []inbox.State{inbox.Ready}, Paging: app.Paging{Limit: 100}})
	if err != nil {
		p.fail(err)
		return
	}
	var list []string
	for _, r := range ready.Items {
		list = append(list, r.ID)
	}
	results, err := p.app.Integrate(p.ctx, p.who, list)
	p.fail(err)
	for _, r := range results {
		p.fail(r.Err)
	}
}

// refund gives a part of a payment back from our side, in cents.
func (p *play) refund(document string, cents int64, reason string) {
	if p.err != nil {
		return
	}
	receipts, err := p.app.Views.Receipts(p.ctx, p.who.Company, app.ReceiptQuery{Document: document, Paging: app.Paging{Limit: 1}})
	if err == nil && len(receipts.Items) == 0 {
		err = errors.New("nothing was received on " + document)
	}
	if err == nil {
		_, err = p.app.Refund(p.ctx, p.who, receipts.Items[0].ID, app.RefundInput{Amount: money.Of(cents, money.EUR), Reason: reason})
	}
	p.fail(err)
}

// prove makes the daily check.
func (p *play) prove(c inbox.Connection) {
	if p.err == nil {
		_, err := p.app.ProveNow(p.ctx, p.who, c.ID)
		p.fail(err)
	}
}

// world does something that the provider, a bank or a payer does, unless the story has ended.
func (p *play) world(do func() error) {
	if p.err == nil {
		p.fail(do())
	}
}

// atStripe: three payments and the payout that they are in, a refund from our side, a dispute, a debit on its way, a fee that
// Stripe has not told, and one payment that is ready for OK.
func (p *play) atStripe(company party.Company) {
	if p.err != nil {
		return
	}
	fake := p.sims.stripe
	account, key := fake.Open(stripefake.Account{Name: company.Name})
	c := p.connect("stripe", map[string]string{"secret_key": key, "api_url": p.sims.stripeURL()})
	pay := func(document string, how stripefake.How) (intent string) {
		p.pay(document, c, func(page string) (err error) {
			intent, err = fake.Pay(path.Base(page), how)
			return err
		})
		return intent
	}
	chandelier := p.invoice("Lustre sur mesure, douze branches", "1850.00")
	pay(chandelier, stripefake.How{})
	disputed := pay(p.invoice("Suspension verre soufflé Ø 40 cm", "490.00"), stripefake.How{})
	pay(p.deposit("Étude d'éclairage et pose, salle de réception", "3200.00"), stripefake.How{})
	p.ok(c)
	p.world(func() error {
		id, err := fake.Payout(account, "eur", true, false)
		if err == nil {
			err = fake.PayoutArrives(account, id)
		}
		return err
	})
	p.ok(c)
	second := pay(p.invoice("Applique murale laiton brossé", "168.00"), stripefake.How{FeeLater: true})
	p.ok(c)
	p.world(func() error { return fake.TellFee(account, second) })
	pay(p.invoice("Lampadaire arc, socle marbre", "590.00"), stripefake.How{})
	p.ok(c)
	p.refund(chandelier, 222_00, "Une branche livrée rayée")
	p.world(func() error {
		_, err := fake.Dispute(account, disputed, stripefake.Contest{Fee: 20_00, Reason: "product_not_received"})
		return err
	})
	pay(p.invoice("Luminaires de bureau, lot de six", "774.00"), stripefake.How{Method: "sepa_debit"})
	pay(p.invoice("Lampe de bureau orientable", "129.00"), stripefake.How{FeeLater: true})
	pay(p.invoice("Suspension acier, atelier", "310.00"), stripefake.How{})
	p.read(c)
	p.prove(c)
}

// atPayPal: payments and a withdrawal, a refund on PayPal's own screens, a claim, a payment that PayPal holds up with its reason, a
// fee told later, one payment in dollars that stays in dollars, and one that is ready for OK.
func (p *play) atPayPal(company party.Company) {
	if p.err != nil {
		return
	}
	fake := p.sims.paypal
	id := "demo-client-" + strings.TrimPrefix(company.ID, "co_")
	secret := "demo-secret-" + strings.TrimPrefix(company.ID, "co_")
	merchant := fake.AddAccount(paypalfake.AccountOptions{ClientID: id, Secret: secret, Holds: []money.Currency{"USD"}})
	c := p.connect("paypal", map[string]string{"mode": "sandbox", "client_id": id, "client_secret": secret, "api_url": p.sims.paypalURL(), "brand_name": company.Name})
	pay := func(document string, o paypalfake.Outcome) (capture string) {
		var order string
		p.pay(document, c, func(page string) error {
			u, err := url.Parse(page)
			if err != nil {
				return err
			}
			order = u.Query().Get("token")
			return fake.Pay(order, o)
		})
		return fake.CaptureOf(order)
	}
	returned := pay(p.invoice("Guirlande d'extérieur, 25 m", "420.00"), paypalfake.Outcome{Act: paypalfake.Pays})
	claimed := pay(p.invoice("Lampe à poser, céramique émaillée", "189.00"), paypalfake.Outcome{Act: paypalfake.Pays})
	pay(p.deposit("Réfection d'enseignes lumineuses", "1450.00"), paypalfake.Outcome{Act: paypalfake.Pays})
	p.ok(c)
	p.world(func() error {
		_, err := fake.Withdraw(merchant, money.EUR, 600_00)
		return err
	})
	p.ok(c)
	p.dollars(c, merchant)
	p.world(func() error {
		_, err := fake.RefundOutside(returned, 60_00)
		return err
	})
	p.world(func() error {
		_, err := fake.OpenDispute(claimed, false, "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED")
		return err
	})
	pay(p.invoice("Suspension osier, Ø 60 cm", "260.00"), paypalfake.Outcome{Act: paypalfake.Pend, Reason: "PENDING_REVIEW"})
	pay(p.invoice("Veilleuse murale, lot de quatre", "96.00"), paypalfake.Outcome{Act: paypalfake.Later})
	pay(p.invoice("Réglette LED sous meuble", "75.00"), paypalfake.Outcome{Act: paypalfake.Pays})
	p.read(c)
	p.prove(c)
}

// dollars: somebody pays without a link of ours, in dollars, and PayPal keeps them. The books value them at the rate of the
// company's table.
func (p *play) dollars(c inbox.Connection, merchant string) {
	if p.err != nil {
		return
	}
	_, err := p.app.SaveRates(p.ctx, p.who, []ledger.Rate{{Currency: "USD", Date: p.app.Today(), Rate: decimal.RequireFromString("1.0870"), Source: "BCE"}})
	p.fail(err)
	if p.err == nil {
		_, err = p.app.SetBalanceAccount(p.ctx, p.who, c.ID, 0, "USD", "")
		p.fail(err)
	}
	p.world(func() error {
		_, err := p.sims.paypal.Write(merchant, paypalfake.Line{Code: "T0000", Minor: 250_00, Currency: "USD", FeeMinor: -12_10, Subject: "Desk lamp, shipped to Boston"})
		return err
	})
	if p.err != nil {
		p.err = fmt.Errorf("dollars: %w", p.err)
	}
}
