package apptest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
	}, Capabilities: []gateway.Capability{gateway.CanRefund, gateway.CanExpire, gateway.CanBalance, gateway.CanInstallWebhook, gateway.CanPayoutItems}}})
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
	if p.Manual {
		return struct{ gateway.Gateway }{&play{p: p, mode: gateway.Mode(m[1]), conn: c}}, nil
	}
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

	mu      sync.Mutex
	At      time.Time // when the next movement happens
	Fail    error     // what every call answers while it is set
	Lose    error     // what a refund answers although it was made: its answer is lost on the way
	During  func()    // runs while a refund is asked for, before the account is looked at
	Pending bool      // refunds are pending at first
	Missing []string  // permissions that the key lacks
	Webhook string    // the address that was installed
	// Raw writes down what is answered about a movement; nil: its fields as JSON.
	Raw      func(gateway.Payment) []byte
	Break    func(call string) error // what one call answers; it holds the account locked
	Mute     bool                    // it tells neither its balance nor what payouts consist of
	Quiet    bool                    // movements do not name the payout that holds them
	Installs int                     // how often: each gives a secret of its own
	Manual   bool                    // no optional ability: its pages cannot be closed, and the merchant takes the money
	Decline  bool                    // taking money is declined, and the payer may choose another means on the same page
	Silent   bool                    // webhooks do not tell their mode
	Mode     gateway.Mode            // what webhooks say, when it is not the connection's
	Before   func(call string)       // runs before each call, outside of the lock
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
	return p.pay(pg, fee)
}

// Agree has the payer agree to pay a page whose money the merchant takes.
func (p *Provider) Agree(session string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages[session].state, p.pages[session].reason = gateway.CheckoutAuthorized, ""
}

func (p *Provider) pay(pg *page, fee int64) gateway.Payment {
	session := pg.id
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

// PutLocked is Put for Change and Break, which hold the account locked.
func (p *Provider) PutLocked(m gateway.Payment) gateway.Payment { return p.put(m) }

func (p *Provider) put(m gateway.Payment) gateway.Payment {
	p.At = p.At.Add(time.Second)
	if m.OccurredAt.IsZero() {
		m.OccurredAt = p.At
	}
	m.UpdatedAt = p.At
	if m.Raw = nil; p.Raw != nil {
		m.Raw = p.Raw(m)
	} else {
		m.Raw = written(m)
	}
	p.payments[m.ID] = m
	p.log = append(p.log, m.ID)
	return m
}

// written is a movement as the provider writes it down.
func written(m gateway.Payment) []byte {
	b, err := json.Marshal(map[string]any{"id": m.ID, "object": m.Kind, "status": m.State, "amount": m.Gross.String(), "fee": m.Fee.String(),
		"reference": m.Reference, "updated": m.UpdatedAt, "payer": map[string]string{"name": m.Payer.Name, "email": m.Payer.Email}})
	if err != nil {
		panic(err)
	}
	return b
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
	if g.p != nil {
		g.p.mu.Lock()
		before := g.p.Before
		g.p.mu.Unlock()
		if before != nil {
			before(call)
		}
	}
	if g.p == nil {
		return &gateway.Error{Kind: gateway.ErrConfig, Outcome: gateway.NotDone, Code: "bad_key", Detail: "the key is not valid", Setting: "key"}
	}
	g.p.mu.Lock()
	g.p.calls = append(g.p.calls, call)
	err := g.p.Fail
	if err == nil && g.p.Break != nil {
		err = g.p.Break(call)
	}
	if err != nil {
		g.p.mu.Unlock()
		return err
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
	if pg, ok := g.p.pages[r.SessionID]; ok && r.Capture && pg.state == gateway.CheckoutAuthorized {
		g.p.calls = append(g.p.calls, "capture "+r.IdempotencyKey)
		if g.p.Decline {
			return gateway.CheckoutStatus{State: gateway.CheckoutRetry, Reason: "INSTRUMENT_DECLINED"}, nil
		}
		g.p.pay(pg, 30)
	}
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
	from, err := strconv.Atoi(r.Cursor)
	for r.Cursor == "" && from < len(g.p.log) && g.p.payments[g.p.log[from]].UpdatedAt.Before(r.Since) {
		from++
	}
	for err != nil && from < len(g.p.log) && g.p.payments[g.p.log[from]].OccurredAt.Before(r.Since) {
		from++
	}
	to := min(len(g.p.log), from+max(r.Limit, 1))
	out := gateway.Page{Next: strconv.Itoa(to), CaughtUp: to == len(g.p.log)}
	for _, id := range g.p.log[min(from, to):to] {
		out.Payments = append(out.Payments, g.p.shown(id))
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
	return g.p.shown(m.ID), nil
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
	mode := g.mode
	if g.p.Mode != "" {
		mode = g.p.Mode
	}
	if g.p.Silent {
		mode = ""
	}
	return gateway.Hint{EventID: a.ID, Type: "changed", Mode: mode, SessionIDs: a.Sessions, PaymentIDs: a.Payments}, nil
}

// Refund implements gateway.Refunder.
func (g *play) Refund(_ context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	if g.p != nil {
		g.p.mu.Lock()
		during := g.p.During
		g.p.mu.Unlock()
		if during != nil {
			during()
		}
	}
	if err := g.enter("refund"); err != nil {
		return gateway.Payment{}, err
	}
	defer g.p.mu.Unlock()
	if id, again := g.p.keys[r.IdempotencyKey]; again {
		return g.p.payments[id], g.p.Lose
	}
	of, ok := g.p.payments[r.PaymentID]
	if !ok {
		return of, gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "no_payment", "no such movement")
	}
	left := of.Gross
	for _, m := range g.p.payments {
		if m.Kind == gateway.KindRefund && m.RelatedID == of.ID && m.State != gateway.Failed {
			left = left.Minus(m.Gross)
		}
		if m.Kind == gateway.KindRefundReversal && g.p.payments[m.RelatedID].RelatedID == of.ID {
			left = left.Plus(m.Gross)
		}
	}
	if r.Amount.Cmp(left) > 0 {
		return of, gateway.Fail(gateway.ErrPermanent, gateway.NotDone, "amount_too_large", "only "+left.String()+" can be refunded")
	}
	state := gateway.Succeeded
	if g.p.Pending {
		state = gateway.Pending
	}
	g.p.n++
	m := g.p.put(withFee(gateway.Payment{ID: fmt.Sprintf("ref_%s_%d", g.p.Account, g.p.n), Kind: gateway.KindRefund, State: state, Gross: r.Amount,
		RelatedID: of.ID, Reference: of.Reference, Description: r.Reason}, 0))
	g.p.keys[r.IdempotencyKey] = m.ID
	return m, g.p.Lose
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
	if g.p.Mute {
		return nil, gateway.Fail(gateway.ErrUnsupported, gateway.NotDone, "", "no balance")
	}
	sums := map[money.Currency]money.Money{money.EUR: money.Zero(money.EUR)}
	for _, m := range g.p.payments {
		if m.State == gateway.Succeeded {
			cur := m.Gross.Currency()
			sums[cur] = money.Zero(cur).Plus(money.Of(sums[cur].Minor()+effect(m), cur))
		}
	}
	return slices.Collect(maps.Values(sums)), nil
}

// InstallWebhook implements gateway.WebhookInstaller. What it gives back is a secret that nobody declared.
func (g *play) InstallWebhook(_ context.Context, url string) (map[string]string, error) {
	if err := g.enter("install_webhook"); err != nil {
		return nil, err
	}
	defer g.p.mu.Unlock()
	g.p.Webhook = url
	secret := "whsec_" + strings.ToUpper(g.p.Account)
	if g.p.Installs++; g.p.Installs > 1 {
		secret += fmt.Sprint("_", g.p.Installs)
	}
	return map[string]string{"webhook_secret": secret}, nil
}

// PayoutItems implements gateway.PayoutReader.
func (g *play) PayoutItems(_ context.Context, payout string) ([]string, error) {
	if err := g.enter("payout_items"); err != nil {
		return nil, err
	}
	defer g.p.mu.Unlock()
	if g.p.Mute {
		return nil, gateway.Fail(gateway.ErrUnsupported, gateway.NotDone, "", "no composition")
	}
	var out []string
	for _, id := range slices.Sorted(maps.Keys(g.p.payments)) {
		if g.p.payments[id].PayoutID == payout {
			out = append(out, id)
		}
	}
	return out, nil
}

func effect(m gateway.Payment) int64 {
	switch {
	case m.FeeState == gateway.FeeKnown:
		return m.Net.Minor()
	case m.Kind.Inflow():
		return m.Gross.Minor()
	}
	return -m.Gross.Minor()
}

// shown is a movement as the provider shows it.
func (p *Provider) shown(id string) gateway.Payment {
	m := p.payments[id]
	if p.Quiet {
		m.PayoutID = ""
	}
	return m
}

// Slip records a movement that no list shows which was begun before: only one from the beginning finds it.
func (p *Provider) Slip(m gateway.Payment) gateway.Payment {
	p.mu.Lock()
	defer p.mu.Unlock()
	m = p.put(m)
	p.log = append([]string{m.ID}, p.log[:len(p.log)-1]...)
	return m
}

// Forget makes as if a movement had never been.
func (p *Provider) Forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.payments, id)
	p.log = slices.DeleteFunc(p.log, func(s string) bool { return s == id })
}

// Distort changes a movement without saying so: no time of change, no place in a list that was begun.
func (p *Provider) Distort(id string, fn func(*gateway.Payment)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.payments[id]
	fn(&m)
	p.payments[id] = m
}

// PayOut pays out what the account holds in a currency; false when that is nothing.
func (p *Provider) PayOut(cur money.Currency) (gateway.Payment, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var sum int64
	var items []string
	for _, id := range slices.Sorted(maps.Keys(p.payments)) {
		m := p.payments[id]
		if m.State == gateway.Succeeded && m.PayoutID == "" && m.Kind != gateway.KindPayout && m.FeeState != gateway.FeeUnknown && m.Gross.Currency() == cur {
			sum += effect(m)
			items = append(items, id)
		}
	}
	if sum <= 0 {
		return gateway.Payment{}, false
	}
	p.n++
	out := gateway.Payment{ID: fmt.Sprintf("po_%s_%d", p.Account, p.n), Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: money.Of(sum, cur), FeeState: gateway.FeeNone}
	for _, id := range items {
		m := p.payments[id]
		m.PayoutID = out.ID
		if p.Quiet {
			p.payments[id] = m
		} else {
			p.put(m)
		}
	}
	return p.put(out), true
}
