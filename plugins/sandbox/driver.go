package sandbox

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Version of the sandbox.
const Version = "1.0.0"

// Names of the settings.
const (
	settingMerchant = "merchant_name"
	settingKey      = "api_key"
	settingFee      = "fee"
	settingLanguage = "payer_language"
	settingWebhooks = "webhooks"
	settingSecret   = "webhook_secret"
)

// keyForm is the form of an API key; each key opens an account of its own. A key that begins with sk_sandbox_revoked is
// refused by Check, one that begins with sk_sandbox_limited lacks a permission.
const keyForm = `sk_sandbox_[A-Za-z0-9]{12,64}`

var keyPattern = regexp.MustCompile(`^(?:` + keyForm + `)$`)

// describe is what the sandbox says of itself.
func describe() gateway.Info {
	text := func(fr, en string) gateway.Text { return gateway.Text{"fr": fr, "en": en} }
	return gateway.Info{
		Name: "sandbox", Label: "Sandbox", Version: Version,
		Help: text(
			"Une passerelle d'essai sur cette machine : aucune vraie carte, aucun vrai euro, aucun compte à ouvrir. Sa page de paiement laisse choisir ce qui arrive.",
			"A play gateway on this machine: no real card, no real money, no account to open. Its pay page lets you choose what happens.",
		),
		Settings: []gateway.Setting{
			{
				Name: settingMerchant, Type: gateway.TextSetting, Required: true, Pattern: `.{1,80}`,
				Label: text("Nom affiché au payeur", "Name shown to the payer"),
				Help:  text("Le nom de votre entreprise, tel qu'il apparaît sur la page de paiement.", "Your company's name, as the pay page shows it."),
			},
			{
				Name: settingKey, Type: gateway.SecretSetting, Pattern: keyForm,
				Label: text("Clé API", "API key"),
				Help: text(
					"Laissez vide pour un compte propre à cette connexion, ou inventez une clé : sk_sandbox_ suivi de 12 à 64 lettres ou chiffres. La même clé ouvre le même compte.",
					"Leave empty for an account of this connection's own, or invent a key: sk_sandbox_ and 12 to 64 letters or digits. The same key opens the same account.",
				),
			},
			{
				Name: settingFee, Type: gateway.ChoiceSetting, Required: true, Default: FeeStandard,
				Label: text("Commission", "Fee"),
				Help:  text("Ce que la passerelle retient sur chaque paiement.", "What the gateway keeps of each payment."),
				Choices: []gateway.Choice{
					{Value: FeeStandard, Label: text("1,4 % + 0,25", "1.4 % + 0.25")},
					{Value: FeeHigh, Label: text("2,9 % + 0,35", "2.9 % + 0.35")},
					{Value: FeeTaxed, Label: text("1,4 % + 0,25, plus TVA 20 %", "1.4 % + 0.25, plus 20 % VAT")},
					{Value: FeeFree, Label: text("aucune", "none")},
				},
			},
			{
				Name: settingLanguage, Type: gateway.ChoiceSetting, Required: true, Default: "auto",
				Label: text("Langue de la page de paiement", "Language of the pay page"),
				Choices: []gateway.Choice{
					{Value: "auto", Label: text("celle du client", "the customer's")},
					{Value: "fr", Label: text("français", "French")},
					{Value: "en", Label: text("anglais", "English")},
				},
			},
			{
				Name: settingWebhooks, Type: gateway.BoolSetting, Default: "true",
				Label: text("Envoyer des notifications (webhooks)", "Send webhooks"),
				Help:  text("Sans elles, les paiements sont vus à la prochaine actualisation.", "Without them payments are seen at the next refresh."),
			},
			{
				Name: settingSecret, Type: gateway.SecretSetting, Pattern: `\S{16,200}(\s+\S{16,200}){0,4}`,
				Label: text("Secret des notifications", "Webhook secret"),
				Help: text(
					"Laissez vide : le bac à sable en choisit un. Sinon, 16 caractères au moins.",
					"Leave empty: the sandbox chooses one. Otherwise at least 16 characters.",
				),
			},
		},
		Capabilities: []gateway.Capability{
			gateway.CanRefund, gateway.CanExpire, gateway.CanBalance, gateway.CanInstallWebhook, gateway.CanPayoutItems,
		},
	}
}

// Describe implements gateway.Driver.
func (s *Sandbox) Describe(context.Context) (gateway.Info, error) { return describe(), nil }

// Open implements gateway.Driver.
func (s *Sandbox) Open(_ context.Context, c gateway.Connection) (gateway.Gateway, error) {
	account, err := AccountOf(c)
	if err != nil {
		return nil, err
	}
	p, err := s.Provider()
	if err != nil {
		return nil, asPort(err)
	}
	if err := p.connect(account, c); err != nil {
		return nil, asPort(err)
	}
	return &desk{p: p, account: account, conn: c}, nil
}

// desk is the port onto one account.
type desk struct {
	p       *Provider
	account string
	conn    gateway.Connection
}

var (
	_ gateway.Gateway          = (*desk)(nil)
	_ gateway.Refunder         = (*desk)(nil)
	_ gateway.Expirer          = (*desk)(nil)
	_ gateway.BalanceReader    = (*desk)(nil)
	_ gateway.WebhookInstaller = (*desk)(nil)
	_ gateway.PayoutReader     = (*desk)(nil)
)

// serve answers one call, with the fault that was ordered for it, if any.
func serve[T any](ctx context.Context, d *desk, call string, f func() (T, error)) (out T, err error) {
	fault, ordered := d.p.fault(d.account, call)
	if ordered && !fault.Done && fault.Kind != FaultHang {
		return out, fault.err()
	}
	if !ordered || fault.Done {
		out, err = f()
	}
	if ordered && fault.Kind == FaultHang {
		<-ctx.Done()
		return out, gateway.AsError(ctx.Err())
	}
	if ordered && err == nil {
		var nothing T
		return nothing, fault.err()
	}
	return out, asPort(err)
}

func (f Fault) err() error {
	return gateway.Fail(f.Kind, f.Outcome, "ordered_fault", "this failure was ordered on the console")
}

// Check implements gateway.Gateway.
func (d *desk) Check(ctx context.Context) (gateway.Account, error) {
	return serve(ctx, d, "check", func() (gateway.Account, error) {
		key := strings.TrimPrefix(d.conn.Settings[settingKey], "sk_sandbox_")
		if strings.HasPrefix(key, "revoked") {
			return gateway.Account{}, badSetting(settingKey, "invalid_api_key", "the API key was revoked")
		}
		if d.conn.Settings[settingMerchant] == "" {
			return gateway.Account{}, badSetting(settingMerchant, "missing_merchant_name", "give the name that payers see")
		}
		a := gateway.Account{ID: d.account, Name: clean(d.conn.Settings[settingMerchant], 80), Mode: gateway.Test, Country: "FR", Currency: money.EUR}
		if strings.HasPrefix(key, "limited") {
			a.Missing = []string{"refunds.write"}
		}
		return a, nil
	})
}

// CreateCheckout implements gateway.Gateway.
func (d *desk) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	return serve(ctx, d, "create_checkout", func() (gateway.Checkout, error) {
		if d.p.baseURL == "" {
			return gateway.Checkout{}, gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "no_listener", "the sandbox has no port for its pay page")
		}
		v, err := d.p.checkout(d.account, d.conn, r)
		if err != nil {
			return gateway.Checkout{}, err
		}
		return gateway.Checkout{SessionID: v.ID, URL: d.p.PayURL(v.ID), ExpiresAt: v.ExpiresAt}, nil
	})
}

// SettleCheckout implements gateway.Gateway. The sandbox takes money when the payer pays, but for a payer who only agreed
// (see Approves): then it is taken when the merchant captures it.
func (d *desk) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	return serve(ctx, d, "settle_checkout", func() (gateway.CheckoutStatus, error) {
		if r.Capture {
			if err := d.p.capture(d.account, r.SessionID); err != nil {
				return gateway.CheckoutStatus{}, err
			}
		}
		return d.p.status(d.account, r.SessionID)
	})
}

// pageSize is used when the host asks for no size.
const pageSize = 100

// ListPayments implements gateway.Gateway. The order is that of changes: a movement that changed comes again at its new
// place. A cursor names the state that it belongs to, so that one from a sandbox that was wiped begins anew.
func (d *desk) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	return serve(ctx, d, "list_payments", func() (gateway.Page, error) {
		var id string
		d.p.store.read(func() { id = d.p.store.identity.ID })
		var after int64
		since := r.Since
		if r.Cursor != "" {
			state, place, ok := strings.Cut(r.Cursor, ".")
			n, err := strconv.ParseInt(place, 10, 64)
			if !ok || err != nil || n < 0 {
				return gateway.Page{}, refuse("bad_cursor", "this cursor is not one of the sandbox's")
			}
			if state == id {
				after, since = n, time.Time{}
			}
		}
		limit := r.Limit
		if limit <= 0 {
			limit = pageSize
		}
		found, next, caughtUp := d.p.store.list(d.account, after, since, min(limit, gateway.MaxPage))
		page := gateway.Page{CaughtUp: caughtUp}
		d.p.store.read(func() { page.Next = d.p.store.cursor(next) })
		for _, m := range found {
			page.Payments = append(page.Payments, m.snapshot())
		}
		return page, nil
	})
}

// FetchPayment implements gateway.Gateway.
func (d *desk) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	return serve(ctx, d, "fetch_payment", func() (gateway.Payment, error) { return d.payment(id) })
}

func (d *desk) payment(id string) (gateway.Payment, error) {
	m, err := d.p.Movement(d.account, id)
	if err != nil {
		return gateway.Payment{}, err
	}
	return m.snapshot(), nil
}

// ParseWebhook implements gateway.Gateway.
func (d *desk) ParseWebhook(ctx context.Context, v gateway.Delivery) (gateway.Hint, error) {
	return serve(ctx, d, "parse_webhook", func() (gateway.Hint, error) { return readWebhook(d.p.webhookSecret(d.conn), d.account, v) })
}

// Refund implements gateway.Refunder.
func (d *desk) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	return serve(ctx, d, "refund", func() (gateway.Payment, error) {
		id, err := d.p.Refund(d.account, r.IdempotencyKey, r.PaymentID, r.Amount, false, r.Reason, WebhookOnce)
		if err != nil {
			return gateway.Payment{}, err
		}
		return d.payment(id)
	})
}

// ExpireCheckout implements gateway.Expirer.
func (d *desk) ExpireCheckout(ctx context.Context, sessionID string) (gateway.CheckoutStatus, error) {
	return serve(ctx, d, "expire_checkout", func() (gateway.CheckoutStatus, error) {
		if err := d.p.expire(d.account, sessionID); err != nil {
			return gateway.CheckoutStatus{}, err
		}
		d.p.post.wake()
		return d.p.status(d.account, sessionID)
	})
}

// Balance implements gateway.BalanceReader.
func (d *desk) Balance(ctx context.Context) ([]money.Money, error) {
	return serve(ctx, d, "balance", func() ([]money.Money, error) { return d.p.Balance(d.account), nil })
}

// InstallWebhook implements gateway.WebhookInstaller: the secret is the one that the sandbox uses for the connection
// anyway when its settings hold none.
func (d *desk) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	return serve(ctx, d, "install_webhook", func() (map[string]string, error) {
		if !loopback(url) {
			return nil, refuse("bad_url", "the sandbox sends webhooks to this machine only")
		}
		return map[string]string{settingSecret: d.p.derivedSecret(d.conn.ID)}, nil
	})
}

// PayoutItems implements gateway.PayoutReader.
func (d *desk) PayoutItems(ctx context.Context, payoutID string) ([]string, error) {
	return serve(ctx, d, "payout_items", func() ([]string, error) { return d.p.items(d.account, payoutID) })
}
