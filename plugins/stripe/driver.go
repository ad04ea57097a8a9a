// Package stripe connects a Stripe account: hosted Checkout pages, and every movement of its balance, read through
// Stripe's API. Webhooks are hints; without any, polling finds the same.
//
// The connector keeps nothing between calls. Its facts come from docs.stripe.com and Stripe's OpenAPI description of the
// API version that stripe-go is pinned to (2023-10-16); package stripefake plays Stripe for tests and demonstrations.
package stripe

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/gateway"
)

// Version of the connector.
const Version = "1.0.0"

// Names of the settings.
const (
	settingKey     = "secret_key"
	settingWebhook = "webhook_secret"
	settingMethods = "methods"
	settingSuffix  = "statement_suffix"
	settingURL     = "api_url"
)

const (
	keyForm        = `(sk|rk)_(test|live)_[A-Za-z0-9_]{8,240}`
	signatureForm  = `whsec_[A-Za-z0-9+/=_-]{8,240}`
	signaturesForm = `[\s,]*` + signatureForm + `([\s,]+` + signatureForm + `)*[\s,]*`
	// A statement descriptor has 22 characters at most, a letter among them, none of < > \ ' " *
	// (https://docs.stripe.com/get-started/account/statement-descriptors). With the account's own prefix fewer may be left.
	suffixForm = `[^<>\\'"*\x00-\x1f\x7f-\x{10ffff}]{0,21}[A-Za-z][^<>\\'"*\x00-\x1f\x7f-\x{10ffff}]{0,21}`
	suffixMost = 22
	// mostSecrets bounds how many webhook secrets are tried on a delivery.
	mostSecrets = 10
)

var (
	keyPattern    = regexp.MustCompile(`\A(?:` + keyForm + `)\z`)
	secretPattern = regexp.MustCompile(`\A(?:` + signatureForm + `)\z`)
	suffixPattern = regexp.MustCompile(`\A(?:` + suffixForm + `)\z`)
)

// Options are for tests; the zero value is for production.
type Options struct {
	Log       zerolog.Logger
	Transport http.RoundTripper // nil: the network
	Now       func() time.Time  // nil: the clock
	CallLimit time.Duration     // zero: 20 s
}

// Driver opens connections to Stripe accounts.
type Driver struct {
	client *http.Client
	log    zerolog.Logger
	now    func() time.Time
}

var _ gateway.Driver = (*Driver)(nil)

// New returns the driver.
func New(o Options) *Driver {
	d := &Driver{log: o.Log, now: o.Now}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8,
			IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: callLimit,
		}
	}
	if o.CallLimit == 0 {
		o.CallLimit = callLimit
	}
	if d.now == nil {
		d.now = time.Now
	}
	d.client = &http.Client{
		Transport: guard{o.Transport}, Timeout: o.CallLimit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return d
}

// Describe implements gateway.Driver.
func (d *Driver) Describe(context.Context) (gateway.Info, error) { return describe(), nil }

// Open implements gateway.Driver.
func (d *Driver) Open(_ context.Context, c gateway.Connection) (gateway.Gateway, error) {
	key := strings.TrimSpace(c.Settings[settingKey])
	if !keyPattern.MatchString(key) {
		return nil, badSetting(settingKey, "bad_key", "a secret key begins with sk_test_, sk_live_, rk_test_ or rk_live_")
	}
	mode := gateway.Test
	if strings.HasPrefix(key[3:], "live_") {
		mode = gateway.Live
	}
	if c.Mode != "" && c.Mode != mode {
		return nil, badSetting(settingKey, "wrong_mode", fmt.Sprintf("the connection is in mode %s, the key in mode %s", c.Mode, mode))
	}
	secrets, err := webhookSecrets(c.Settings[settingWebhook])
	if err != nil {
		return nil, err
	}
	methods := c.Settings[settingMethods]
	if _, ok := methodTypes[methods]; !ok && methods != "" {
		return nil, badSetting(settingMethods, "bad_choice", "these means of payment are not offered")
	}
	suffix := strings.TrimSpace(c.Settings[settingSuffix])
	if suffix != "" && (len(suffix) > suffixMost || !suffixPattern.MatchString(suffix)) {
		return nil, badSetting(settingSuffix, "bad_suffix", "at most 22 unaccented characters, a letter among them, none of < > \\ ' \" *")
	}
	base := strings.TrimSpace(c.Settings[settingURL])
	if base != "" {
		if mode == gateway.Live || !loopback(base) {
			return nil, badSetting(settingURL, "bad_url", "a simulator is an http address of this machine, for test keys only")
		}
	}
	return &conn{
		api: newAPI(key, base, d.client), now: d.now, mode: mode, secrets: secrets, types: methodTypes[methods], suffix: suffix,
	}, nil
}

// conn is one connection to one account.
type conn struct {
	api     *api
	now     func() time.Time
	mode    gateway.Mode
	secrets []string
	types   []string
	suffix  string
}

var (
	_ gateway.Gateway          = (*conn)(nil)
	_ gateway.Refunder         = (*conn)(nil)
	_ gateway.Expirer          = (*conn)(nil)
	_ gateway.BalanceReader    = (*conn)(nil)
	_ gateway.WebhookInstaller = (*conn)(nil)
	_ gateway.PayoutReader     = (*conn)(nil)
)

func badSetting(name, code, detail string) *gateway.Error {
	e := gateway.Fail(gateway.ErrConfig, gateway.NotDone, code, detail)
	e.Setting = name
	return e
}

// webhookSecrets reads the secrets of the endpoint, the newest first. There may be none: polling finds everything.
func webhookSecrets(s string) ([]string, error) {
	fields := strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r' })
	if len(fields) > mostSecrets {
		return nil, badSetting(settingWebhook, "too_many", "more webhook secrets than are ever valid at once")
	}
	for _, f := range fields {
		if !secretPattern.MatchString(f) {
			return nil, badSetting(settingWebhook, "bad_secret", "a webhook secret begins with whsec_")
		}
	}
	if s != "" && len(fields) == 0 {
		return nil, badSetting(settingWebhook, "bad_secret", "a webhook secret begins with whsec_")
	}
	return fields, nil
}

func loopback(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// sameMode refuses an object of the other mode: play money and real money never meet.
func (c *conn) sameMode(livemode bool, outcome gateway.Outcome) error {
	if livemode == (c.mode == gateway.Live) {
		return nil
	}
	e := badSetting(settingKey, "wrong_mode", "Stripe answered with an object of the other mode")
	e.Outcome = outcome
	return e
}
