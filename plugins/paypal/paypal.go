// Package paypal is the connector for PayPal: a hosted checkout (Orders v2) whose money we capture ourselves, and every
// movement of the account through Transaction Search.
//
// # Where the truth is
//
// An order that is COMPLETED is not paid: its captures' status decides. Fee and conversion are the capture's breakdown.
// What moved on the account, from whichever cause, is what Transaction Search lists (up to three hours late); a webhook
// only names objects to read again. PayPal signs no more than the CRC-32 of a webhook's body, which anybody can forge, so
// nothing in a body is believed but the ids.
//
// # Identity of movements
//
// A capture is (payment, capture id) and a refund (refund, refund id), whichever way they are seen: the reporting rows of
// both carry these ids as transaction_id. Other rows are (kind, transaction_id); kinds adjustment and other, where PayPal
// re-uses ids, carry event code, sign and date in theirs. A case in PayPal's resolution centre is (dispute, PP-...): it is
// pending while it is open and fails when it is closed, because the money that it moves has rows of its own.
//
// # Time
//
// A movement is dated by create_time of the capture or refund, which is the row's transaction_initiation_date.
//
// The transport is plutov/paypal; structures are ours, and the bytes that PayPal answered are kept as evidence.
package paypal

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/gateway"
)

// Options of the connector. All may be left out.
type Options struct {
	Log zerolog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Roots are the authorities that PayPal's webhook certificates must descend from; nil: the system's. With api_url the
	// simulator's own authority is asked for instead.
	Roots *x509.CertPool
}

// PayPal is the gateway.Driver.
type PayPal struct {
	opt   Options
	certs certificates

	mu       sync.Mutex
	accounts map[[sha256.Size]byte]*account
}

// mostAccounts bounds the tokens that a program keeps; beyond, it forgets them all and fetches those in use anew.
const mostAccounts = 1000

// New makes the connector.
func New(opt Options) *PayPal {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &PayPal{opt: opt, accounts: map[[sha256.Size]byte]*account{}}
}

// Describe implements gateway.Driver.
func (p *PayPal) Describe(context.Context) (gateway.Info, error) { return describe(), nil }

// Addresses of PayPal's API.
const (
	liveURL    = "https://api-m.paypal.com"
	sandboxURL = "https://api-m.sandbox.paypal.com"
)

// Open implements gateway.Driver.
func (p *PayPal) Open(_ context.Context, c gateway.Connection) (gateway.Gateway, error) {
	d := &desk{p: p, mode: gateway.Test, base: sandboxURL, webhookID: c.Settings[settingWebhook], brand: c.Settings[settingBrand], verify: c.Settings[settingVerify]}
	switch c.Settings[settingMode] {
	case modeSandbox, "":
	case modeLive:
		d.mode, d.base = gateway.Live, liveURL
	default:
		return nil, badSetting(settingMode, "bad_mode", "choose sandbox or live")
	}
	if c.Mode != "" && c.Mode != d.mode {
		return nil, badSetting(settingMode, "other_mode", "the connection was made in the other mode: make another connection for this one")
	}
	if at := c.Settings[settingURL]; at != "" {
		base, err := simulator(at, d.mode)
		if err != nil {
			return nil, err
		}
		d.base, d.simulated = base, true
	}
	id, secret := c.Settings[settingID], c.Settings[settingSecret]
	if id == "" {
		return nil, badSetting(settingID, "missing", "give the REST app's client ID")
	}
	if secret == "" {
		return nil, badSetting(settingSecret, "missing", "give the REST app's secret")
	}
	switch d.verify {
	case "":
		d.verify = verifyOnline
	case verifyOnline, verifyLocally:
	default:
		return nil, badSetting(settingVerify, "bad_choice", "choose one of the two ways of verifying")
	}
	d.account = p.account(d.base, id, secret)
	return d, nil
}

// simulator accepts the address of a simulator on this machine. Anything else would get the merchant's secret.
func simulator(at string, mode gateway.Mode) (string, error) {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", badSetting(settingURL, "bad_url", "only a simulator on this machine: http://127.0.0.1:port")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", badSetting(settingURL, "not_loopback", "only a simulator on this machine: http://127.0.0.1:port")
	}
	if mode != gateway.Test {
		return "", badSetting(settingURL, "simulated_live", "a simulator has no real money: leave the address empty or choose sandbox")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func (p *PayPal) account(base, id, secret string) *account {
	key := sha256.Sum256([]byte(base + "\x00" + id + "\x00" + secret))
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.accounts[key]
	if a == nil {
		if len(p.accounts) >= mostAccounts {
			clear(p.accounts)
		}
		a = &account{base: base, id: id, secret: secret, now: p.opt.Now, turn: make(chan struct{}, 1), http: &http.Client{
			Transport: recorder{http.DefaultTransport}, Timeout: callTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}
		p.accounts[key] = a
	}
	return a
}

// desk is the port onto one connection.
type desk struct {
	p         *PayPal
	account   *account
	mode      gateway.Mode
	base      string
	simulated bool
	webhookID string
	brand     string
	verify    string
}

var (
	_ gateway.Gateway          = (*desk)(nil)
	_ gateway.Refunder         = (*desk)(nil)
	_ gateway.BalanceReader    = (*desk)(nil)
	_ gateway.WebhookInstaller = (*desk)(nil)
)

func badSetting(name, code, detail string) *gateway.Error {
	return &gateway.Error{Kind: gateway.ErrConfig, Outcome: gateway.NotDone, Code: code, Detail: detail, Setting: name}
}

func refuse(code, detail string) *gateway.Error {
	return gateway.Fail(gateway.ErrPermanent, gateway.NotDone, code, detail)
}

func notFound(detail string) *gateway.Error {
	return gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "RESOURCE_NOT_FOUND", detail)
}
