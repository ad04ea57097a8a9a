package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

// Provider is the play payment provider itself: accounts, pay pages, movements, webhooks. Every method is safe for
// concurrent use, and what it returns without error is on disk.
type Provider struct {
	store *store
	post  *postman

	mu      sync.Mutex
	secrets map[string]string // webhook secrets from settings, by connection; in memory only
	faults  map[string][]Fault

	baseURL string
}

// AccountOf is the id of the account that a connection's settings open: the key's, or one of the connection's own.
func AccountOf(c gateway.Connection) (string, error) {
	seed := "connection\x00" + c.ID
	if key := c.Settings[settingKey]; key != "" {
		if !keyPattern.MatchString(key) {
			return "", badSetting(settingKey, "invalid_api_key", "the API key is not of the form sk_sandbox_...")
		}
		seed = "key\x00" + key
	} else if c.ID == "" {
		return "", badSetting(settingKey, "missing_api_key", "give an API key")
	}
	sum := sha256.Sum256([]byte("acquit sandbox account\x00" + seed))
	return "acct_" + hex.EncodeToString(sum[:8]), nil
}

func badSetting(setting, code, detail string) error {
	e := gateway.Fail(gateway.ErrConfig, gateway.NotDone, code, detail)
	e.Setting = setting
	return e
}

// connect makes the connection's account exist and notes where it wants webhooks.
func (p *Provider) connect(account string, c gateway.Connection) error {
	secret := newest(c.Settings[settingSecret])
	p.mu.Lock()
	fresh := p.secrets[c.ID] != secret
	p.secrets[c.ID] = secret
	p.mu.Unlock()
	if fresh {
		defer p.post.wake()
	}
	name := clean(c.Settings[settingMerchant], 80)
	want := Endpoint{Connection: c.ID, On: wantsWebhooks(c) && loopback(c.WebhookURL), URL: c.WebhookURL, OwnSecret: secret != "" && secret != p.derivedSecret(c.ID)}
	var have *Account
	p.store.read(func() { have = p.store.accounts[account] })
	if have != nil && have.Name == name && has(have.Endpoints, want) {
		return nil
	}
	return p.store.write(func(t *tx) error {
		a := Account{ID: account, Name: name}
		if old := p.store.accounts[account]; old != nil {
			for _, e := range old.Endpoints {
				if e.Connection != c.ID {
					a.Endpoints = append(a.Endpoints, e)
				}
			}
		}
		a.Endpoints = append(a.Endpoints, want)
		t.rec.Accounts = append(t.rec.Accounts, &a)
		return nil
	})
}

// wantsWebhooks is the setting, or its default where the connection does not have it.
func wantsWebhooks(c gateway.Connection) bool {
	v, ok := c.Settings[settingWebhooks]
	return v == "true" || !ok
}

func has(all []Endpoint, e Endpoint) bool {
	for _, have := range all {
		if have == e {
			return true
		}
	}
	return false
}

// loopback says whether webhooks may go to an address: the sandbox talks to its own machine only.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// newest is the secret that webhooks are signed with, of several separated by blanks: while a secret is being replaced the
// older ones still verify.
func newest(secrets string) string {
	if all := strings.Fields(secrets); len(all) > 0 {
		return all[0]
	}
	return ""
}

// webhookSecret is what a connection's webhooks are signed with: the secrets of its settings, or one that this sandbox
// derives and that nobody else can. It is "" while the settings' secret is not known, after a restart.
func (p *Provider) webhookSecret(c gateway.Connection) string {
	if s := c.Settings[settingSecret]; s != "" {
		return s
	}
	return p.derivedSecret(c.ID)
}

func (p *Provider) derivedSecret(connection string) string {
	var key []byte
	p.store.read(func() { key = p.store.identity.Secret })
	h := hmac.New(sha256.New, key)
	h.Write([]byte("webhook\x00" + connection))
	return "whsec_sandbox_" + hex.EncodeToString(h.Sum(nil)[:20])
}

// Accounts lists the accounts.
func (p *Provider) Accounts() []Account {
	var out []Account
	p.store.read(func() {
		for _, a := range p.store.accounts {
			out = append(out, *a)
		}
	})
	return out
}

// Session returns a pay page as it stands.
func (p *Provider) Session(id string) (Session, error) {
	var v *Session
	p.store.read(func() { v = p.store.sessions[id] })
	if v == nil {
		return Session{}, notFound("no such session")
	}
	return p.present(*v), nil
}

// present closes a page whose time is over.
func (p *Provider) present(v Session) Session {
	if unpaid(v.State) && !v.ExpiresAt.After(p.store.now()) {
		v.State, v.Reason, v.Challenge = gateway.CheckoutExpired, "too_late", nil
	}
	return v
}

func payable(s gateway.CheckoutState) bool {
	return s == gateway.CheckoutOpen || s == gateway.CheckoutRetry
}

// unpaid says whether no money has been taken on a page whose time is not over.
func unpaid(s gateway.CheckoutState) bool { return payable(s) || s == gateway.CheckoutAuthorized }

// Movement returns a movement of an account.
func (p *Provider) Movement(account, id string) (Movement, error) {
	var m *Movement
	p.store.read(func() { m = p.store.movements[id] })
	if m == nil || m.Account != account {
		return Movement{}, notFound("no such movement")
	}
	return *m, nil
}

// Fault makes coming calls of an account fail, to see what the host does.
type Fault struct {
	Call    string            `json:"call"` // check, create_checkout, settle_checkout, list_payments, fetch_payment, parse_webhook, refund, expire_checkout, balance, payout_items; "" for any
	Kind    gateway.ErrorKind `json:"kind"` // or FaultHang
	Outcome gateway.Outcome   `json:"outcome"`
	Done    bool              `json:"done"`  // the call does its work first and loses the answer
	Times   int               `json:"times"` // how many calls
}

// FaultHang is the kind of fault that never answers.
const FaultHang gateway.ErrorKind = "hang"

// Inject adds a fault to an account. Faults are forgotten when the sandbox stops.
func (p *Provider) Inject(account string, f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.Times = max(f.Times, 1)
	p.faults[account] = append(p.faults[account], f)
}

// fault takes the next fault for a call.
func (p *Provider) fault(account, call string) (Fault, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.faults[account]
	for i := range list {
		if f := list[i]; f.Call == "" || f.Call == call {
			if list[i].Times--; list[i].Times == 0 {
				p.faults[account] = append(append([]Fault(nil), list[:i]...), list[i+1:]...)
			}
			return f, true
		}
	}
	return Fault{}, false
}

// asPort brings an error of the store to the port's: whether a write that failed on the disk has happened is unknown.
func asPort(err error) error {
	var e *gateway.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "storage", err.Error())
}

const day = 24 * time.Hour
