package apptest

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// PlayGateway is the name of the gateway that is always found. Its key is mode, account and version, e.g. "test_acme_1":
// another version is another key of the same account.
const PlayGateway = "play"

var playKey = regexp.MustCompile(`^(test|live)_([a-z0-9]+)_\d+$`)

// Gateways is the host of gateway programs.
type Gateways struct {
	mu        sync.Mutex
	infos     map[string]app.GatewayStatus
	providers map[string]*Provider
	accounts  int
	opened    []gateway.Connection
}

// NewGateways makes a host that knows the play gateway.
func NewGateways() *Gateways {
	g := &Gateways{infos: map[string]app.GatewayStatus{}, providers: map[string]*Provider{}}
	g.Know(app.GatewayStatus{Name: PlayGateway, Trusted: true, Info: gateway.Info{Name: PlayGateway, Label: "Play", Version: "1", Settings: []gateway.Setting{
		{Name: "key", Type: gateway.SecretSetting, Required: true, Pattern: `(test|live)_[a-z0-9]+_\d+`},
		{Name: "brand", Type: gateway.TextSetting},
		{Name: "region", Type: gateway.ChoiceSetting, Default: "eu", Choices: []gateway.Choice{{Value: "eu"}, {Value: "us"}}},
		{Name: "strict", Type: gateway.BoolSetting},
		{Name: "site", Type: gateway.URLSetting},
		{Name: "pin", Type: gateway.SecretSetting},
	}, Capabilities: []gateway.Capability{gateway.CanRefund, gateway.CanExpire, gateway.CanBalance, gateway.CanInstallWebhook}}})
	return g
}

// Know adds a gateway, or changes what is known of one. All are the play gateway under another name.
func (g *Gateways) Know(s app.GatewayStatus) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.infos[s.Name] = s
}

// Known implements app.Gateways.
func (g *Gateways) Known(context.Context) ([]app.GatewayStatus, error) {
	outside("gateways are listed")
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []app.GatewayStatus
	for _, s := range g.infos {
		out = append(out, s)
	}
	return out, nil
}

// Open implements app.Gateways.
func (g *Gateways) Open(_ context.Context, name string, c gateway.Connection) (gateway.Gateway, error) {
	outside("a gateway is opened")
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.infos[name]; !ok {
		return nil, gateway.Fail(gateway.ErrConfig, gateway.NotDone, "unknown", "no gateway "+name)
	}
	g.opened = append(g.opened, c)
	m := playKey.FindStringSubmatch(c.Settings["key"])
	if m == nil {
		return &play{}, nil
	}
	p := g.provider(m[2])
	return &play{p: p, mode: gateway.Mode(m[1]), conn: c}, nil
}

// Opened lists the connections that were opened, oldest first.
func (g *Gateways) Opened() []gateway.Connection {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]gateway.Connection(nil), g.opened...)
}

// Provider is an account at the provider, made when it is first asked for.
func (g *Gateways) Provider(account string) *Provider {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.provider(account)
}

func (g *Gateways) provider(account string) *Provider {
	p, ok := g.providers[account]
	if !ok {
		p = &Provider{Account: account, At: Epoch, pages: map[string]*page{}, keys: map[string]string{}, payments: map[string]gateway.Payment{}}
		g.providers[account] = p
	}
	return p
}

func (g *Gateways) freshAccount() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.accounts++
	return fmt.Sprintf("acct%d", g.accounts)
}

// Provider is what lies behind the play gateway: one merchant's account, with hosted pages and movements of money. Its
// methods play the payer and the provider.
type Provider struct {
	Account string

	mu       sync.Mutex
	At       time.Time // when the next movement happens
	Fail     error     // what every call answers while it is set
	Missing  []string  // permissions that the key lacks
	Webhook  string    // the address that was installed
	calls    []string
	pages    map[string]*page
	keys     map[string]string // idempotency key to session, or to refund
	payments map[string]gateway.Payment
	log      []string // ids of movements, one for each change
	n        int
}

type page struct {
	gateway.CheckoutRequest
	id       string
	state    gateway.CheckoutState
	reason   string
	payments []string
}

// Change runs fn with the account locked, to set its fields while others use it.
func (p *Provider) Change(fn func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn(p)
}

// Calls lists the calls made, oldest first.
func (p *Provider) Calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.calls...)
}

// Sessions lists the pages opened, oldest first, with what was asked for.
func (p *Provider) Sessions() map[string]gateway.CheckoutRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]gateway.CheckoutRequest{}
	for id, pg := range p.pages {
		out[id] = pg.CheckoutRequest
	}
	return out
}

// Pay has the payer pay a page; fee is what the provider keeps, negative while it is not known. It returns the movement.
func (p *Provider) Pay(session string, fee int64) gateway.Payment {
	p.mu.Lock()
	defer p.mu.Unlock()
	pg := p.pages[session]
	if pg == nil {
		panic("apptest: no page " + session)
	}
	p.n++
	m := gateway.Payment{ID: fmt.Sprintf("pay_%s_%d", p.Account, p.n), Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: pg.Amount,
		Reference: pg.Reference, SessionID: session, Method: "card", Payer: gateway.Payer{Name: pg.CustomerName, Email: pg.CustomerEmail}}
	m = p.put(withFee(m, fee))
	pg.state, pg.payments = gateway.CheckoutPaid, append(pg.payments, m.ID)
	return m
}

// End puts a page into a state without a payment: failed, expired, cancelled, processing.
func (p *Provider) End(session string, s gateway.CheckoutState, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages[session].state, p.pages[session].reason = s, reason
}

// Put records a movement, new or changed, as the provider would know it. Times are filled in when they are missing.
func (p *Provider) Put(m gateway.Payment) gateway.Payment {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.put(m)
}

func (p *Provider) put(m gateway.Payment) gateway.Payment {
	p.At = p.At.Add(time.Second)
	if m.OccurredAt.IsZero() {
		m.OccurredAt = p.At
	}
	m.UpdatedAt = p.At
	p.payments[m.ID] = m
	p.log = append(p.log, m.ID)
	return m
}

// WithFee completes a movement with a fee in minor units, and the net that follows; a negative one is not known yet.
func WithFee(m gateway.Payment, fee int64) gateway.Payment { return withFee(m, fee) }

func withFee(m gateway.Payment, fee int64) gateway.Payment {
	if fee < 0 {
		m.FeeState, m.Fee, m.Net = gateway.FeeUnknown, money.Money{}, money.Money{}
		return m
	}
	m.FeeState, m.Fee = gateway.FeeKnown, money.Of(fee, m.Gross.Currency())
	effect := m.Gross
	if !m.Kind.Inflow() {
		effect = effect.Neg()
	}
	m.Net = effect.Minus(m.Fee)
	return m
}

// Announce is a webhook call about sessions and payments, signed as the play gateway signs.
func (p *Provider) Announce(event string, sessions, payments []string) gateway.Delivery {
	body, err := json.Marshal(announcement{ID: event, Sessions: sessions, Payments: payments})
	if err != nil {
		panic(err)
	}
	return gateway.Delivery{Headers: []gateway.Header{{Name: "Signature", Value: "signed by " + p.Account}}, Body: body}
}

type announcement struct {
	ID       string
	Sessions []string
	Payments []string
}

// play is the play gateway on one account; without one its key is refused.
type play struct {
	p    *Provider
	mode gateway.Mode
	conn gateway.Connection
}

// enter notes a call and locks the account. The caller unlocks it when there is no error.
func (g *play) enter(call string) error {
	outside("a gateway is called")
	if g.p == nil {
		return &gateway.Error{Kind: gateway.ErrConfig, Outcome: gateway.NotDone, Code: "bad_key", Detail: "the key is not valid", Setting: "key"}
	}
	g.p.mu.Lock()
	g.p.calls = append(g.p.calls, call)
	if g.p.Fail != nil {
		defer g.p.mu.Unlock()
		return g.p.Fail
	}
	return nil
}

// Check implements gateway.Gateway.
func (g *play) Check(context.Context) (gateway.Account, error) {
	if err := g.enter("check"); err != nil {
		return gateway.Account{}, err
	}
	defer g.p.mu.Unlock()
	return gateway.Account{ID: g.p.Account, Name: "Account " + g.p.Account, Mode: g.mode, Country: "FR", Currency: money.EUR, Missing: g.p.Missing}, nil
}

// CreateCheckout implements gateway.Gateway.
func (g *play) CreateCheckout(_ context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	if err := g.enter("create_checkout"); err != nil {
		return gateway.Checkout{}, err
	}
	defer g.p.mu.Unlock()
	id, again := g.p.keys[r.IdempotencyKey]
	if !again {
		g.p.n++
		id = fmt.Sprintf("ses_%s_%d", g.p.Account, g.p.n)
		g.p.keys[r.IdempotencyKey] = id
		g.p.pages[id] = &page{CheckoutRequest: r, id: id, state: gateway.CheckoutOpen}
	}
	return gateway.Checkout{SessionID: id, URL: "https://play.test/" + id, ExpiresAt: g.p.pages[id].ExpiresAt}, nil
}

// SettleCheckout implements gateway.Gateway.
func (g *play) SettleCheckout(_ context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	if err := g.enter("settle_checkout"); err != nil {
		return gateway.CheckoutStatus{}, err
	}
	defer g.p.mu.Unlock()
	return g.status(r.SessionID)
}

func (g *play) status(session string) (gateway.CheckoutStatus, error) {
	pg, ok := g.p.pages[session]
	if !ok {
		return gateway.CheckoutStatus{}, gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "no_session", "no such page")
	}
	s := gateway.CheckoutStatus{State: pg.state, Reason: pg.reason}
	for _, id := range pg.payments {
		s.Payments = append(s.Payments, g.p.payments[id])
	}
	return s, nil
}

// ListPayments implements gateway.Gateway. The cursor counts the changes already given.
func (g *play) ListPayments(_ context.Context, r gateway.ListRequest) (gateway.Page, error) {
	if err := g.enter("list_payments"); err != nil {
		return gateway.Page{}, err
	}
	defer g.p.mu.Unlock()
	from, _ := strconv.Atoi(r.Cursor)
	to := min(len(g.p.log), from+max(r.Limit, 1))
	out := gateway.Page{Next: strconv.Itoa(to), CaughtUp: to == len(g.p.log)}
	for _, id := range g.p.log[min(from, to):to] {
		out.Payments = append(out.Payments, g.p.payments[id])
	}
	return out, nil
}

// FetchPayment implements gateway.Gateway.
func (g *play) FetchPayment(_ context.Context, id string) (gateway.Payment, error) {
	if err := g.enter("fetch_payment"); err != nil {
		return gateway.Payment{}, err
	}
	defer g.p.mu.Unlock()
	m, ok := g.p.payments[id]
	if !ok {
		return m, gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "no_payment", "no such movement")
	}
	return m, nil
}

// ParseWebhook implements gateway.Gateway.
func (g *play) ParseWebhook(_ context.Context, d gateway.Delivery) (gateway.Hint, error) {
	if err := g.enter("parse_webhook"); err != nil {
		return gateway.Hint{}, err
	}
	defer g.p.mu.Unlock()
	var a announcement
	signed := slices.Contains(d.Headers, gateway.Header{Name: "Signature", Value: "signed by " + g.p.Account})
	if err := json.Unmarshal(d.Body, &a); err != nil || !signed {
		return gateway.Hint{}, gateway.Fail(gateway.ErrUntrusted, gateway.NotDone, "bad_signature", "the delivery does not verify")
	}
	return gateway.Hint{EventID: a.ID, Type: "changed", Mode: g.mode, SessionIDs: a.Sessions, PaymentIDs: a.Payments}, nil
}

// Refund implements gateway.Refunder.
func (g *play) Refund(_ context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	if err := g.enter("refund"); err != nil {
		return gateway.Payment{}, err
	}
	defer g.p.mu.Unlock()
	if id, again := g.p.keys[r.IdempotencyKey]; again {
		return g.p.payments[id], nil
	}
	of, ok := g.p.payments[r.PaymentID]
	if !ok {
		return of, gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "no_payment", "no such movement")
	}
	g.p.n++
	m := g.p.put(withFee(gateway.Payment{ID: fmt.Sprintf("ref_%s_%d", g.p.Account, g.p.n), Kind: gateway.KindRefund, State: gateway.Succeeded, Gross: r.Amount,
		RelatedID: of.ID, Reference: of.Reference, Description: r.Reason}, 0))
	g.p.keys[r.IdempotencyKey] = m.ID
	return m, nil
}

// ExpireCheckout implements gateway.Expirer.
func (g *play) ExpireCheckout(_ context.Context, session string) (gateway.CheckoutStatus, error) {
	if err := g.enter("expire_checkout"); err != nil {
		return gateway.CheckoutStatus{}, err
	}
	defer g.p.mu.Unlock()
	if pg := g.p.pages[session]; pg != nil && pg.state == gateway.CheckoutOpen {
		pg.state = gateway.CheckoutExpired
	}
	return g.status(session)
}

// Balance implements gateway.BalanceReader.
func (g *play) Balance(context.Context) ([]money.Money, error) {
	if err := g.enter("balance"); err != nil {
		return nil, err
	}
	defer g.p.mu.Unlock()
	sum := money.Zero(money.EUR)
	for _, m := range g.p.payments {
		switch {
		case m.State != gateway.Succeeded || m.Gross.Currency() != money.EUR:
		case m.FeeState == gateway.FeeKnown:
			sum = sum.Plus(m.Net)
		case m.Kind.Inflow():
			sum = sum.Plus(m.Gross)
		default:
			sum = sum.Minus(m.Gross)
		}
	}
	return []money.Money{sum}, nil
}

// InstallWebhook implements gateway.WebhookInstaller. What it gives back is a secret that nobody declared.
func (g *play) InstallWebhook(_ context.Context, url string) (map[string]string, error) {
	if err := g.enter("install_webhook"); err != nil {
		return nil, err
	}
	defer g.p.mu.Unlock()
	g.p.Webhook = url
	return map[string]string{"webhook_secret": "whsec_" + strings.ToUpper(g.p.Account)}, nil
}
