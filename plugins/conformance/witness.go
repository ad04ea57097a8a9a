package conformance

import (
	"context"
	"fmt"
	"sync"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// witness stands between the cases and the gateway, and remembers what no single case looks at: the secrets that went
// in, the words that came out, and the first answer that the host would refuse.
type witness struct {
	gateway.Driver
	secret map[string]bool // settings that are secret

	mu      sync.Mutex
	secrets map[string]bool
	said    map[string]bool // errors and cursors
	bad     error
}

func newWitness(d gateway.Driver, info gateway.Info) *witness {
	w := &witness{Driver: d, secret: map[string]bool{}, secrets: map[string]bool{}, said: map[string]bool{}}
	for _, s := range info.Settings {
		w.secret[s.Name] = s.Type == gateway.SecretSetting
	}
	return w
}

// Open opens a connection whose answers are witnessed. It has the abilities that the gateway's own has.
func (w *witness) Open(ctx context.Context, c gateway.Connection) (gateway.Gateway, error) {
	w.mu.Lock()
	for name, value := range c.Settings {
		if w.secret[name] && len(value) > 3 {
			w.secrets[value] = true
		}
	}
	w.mu.Unlock()
	g, err := w.Driver.Open(ctx, c)
	if err != nil {
		w.saw(err)
		return nil, err
	}
	var has gateway.Info
	for c, can := range abilities(g) {
		if can {
			has.Capabilities = append(has.Capabilities, c)
		}
	}
	return wire.Announced(&watched{g, w}, has), nil
}

// abilities are the optional interfaces that a gateway has.
func abilities(g gateway.Gateway) map[gateway.Capability]bool {
	_, refund := g.(gateway.Refunder)
	_, expire := g.(gateway.Expirer)
	_, balance := g.(gateway.BalanceReader)
	_, install := g.(gateway.WebhookInstaller)
	_, items := g.(gateway.PayoutReader)
	return map[gateway.Capability]bool{
		gateway.CanRefund: refund, gateway.CanExpire: expire, gateway.CanBalance: balance,
		gateway.CanInstallWebhook: install, gateway.CanPayoutItems: items,
	}
}

func (w *witness) saw(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said[fmt.Sprintf("%v %+v", err, err)] = true
}

// checked remembers an error, or an answer that the host would refuse.
func checked[T any](w *witness, v T, err error, check func(T) error) (T, error) {
	w.saw(err)
	if err == nil {
		if no := check(v); no != nil {
			w.mu.Lock()
			if w.bad == nil {
				w.bad = no
			}
			w.mu.Unlock()
		}
	}
	return v, err
}

// watched is a gateway under a witness's eyes.
type watched struct {
	g gateway.Gateway
	w *witness
}

var _ wire.Able = (*watched)(nil)

func (g *watched) Check(ctx context.Context) (gateway.Account, error) {
	a, err := g.g.Check(ctx)
	return checked(g.w, a, err, gateway.CheckAccount)
}

func (g *watched) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	c, err := g.g.CreateCheckout(ctx, r)
	return checked(g.w, c, err, gateway.CheckCheckout)
}

func (g *watched) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	s, err := g.g.SettleCheckout(ctx, r)
	return checked(g.w, s, err, gateway.CheckStatus)
}

func (g *watched) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	p, err := g.g.ListPayments(ctx, r)
	g.w.mu.Lock()
	g.w.said[p.Next] = true
	g.w.mu.Unlock()
	return checked(g.w, p, err, func(p gateway.Page) error {
		if err := gateway.CheckPage(r, p); err != nil {
			return err
		}
		return gateway.CheckStatus(gateway.CheckoutStatus{State: gateway.CheckoutOpen, Payments: p.Payments})
	})
}

func (g *watched) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	p, err := g.g.FetchPayment(ctx, id)
	return checked(g.w, p, err, gateway.CheckPayment)
}

func (g *watched) ParseWebhook(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
	h, err := g.g.ParseWebhook(ctx, d)
	return checked(g.w, h, err, gateway.CheckHint)
}

func (g *watched) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	p, err := g.g.(gateway.Refunder).Refund(ctx, r)
	return checked(g.w, p, err, gateway.CheckPayment)
}

func (g *watched) ExpireCheckout(ctx context.Context, id string) (gateway.CheckoutStatus, error) {
	s, err := g.g.(gateway.Expirer).ExpireCheckout(ctx, id)
	return checked(g.w, s, err, gateway.CheckStatus)
}

func (g *watched) Balance(ctx context.Context) ([]money.Money, error) {
	b, err := g.g.(gateway.BalanceReader).Balance(ctx)
	return checked(g.w, b, err, gateway.CheckBalance)
}

func (g *watched) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	s, err := g.g.(gateway.WebhookInstaller).InstallWebhook(ctx, url)
	return checked(g.w, s, err, gateway.CheckInstalled)
}

func (g *watched) PayoutItems(ctx context.Context, id string) ([]string, error) {
	ids, err := g.g.(gateway.PayoutReader).PayoutItems(ctx, id)
	return checked(g.w, ids, err, gateway.CheckItems)
}
