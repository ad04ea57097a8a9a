// Package paypalfake is a stateful play PayPal, for tests and demonstrations: the part of PayPal's REST API that the
// connector uses, the payer's page, and everybody else as Go methods: payers, the merchant in PayPal's own screens, banks,
// the resolution centre.
//
// It is an http.Handler. State lives in memory or, with a folder, survives a restart at any moment. It is written from
// PayPal's OpenAPI documents and from what is known of its ways, and imitates the unpleasant ones on purpose: reports that
// are late by up to three hours and change in the past, ids that are not unique, dates in the account's time zone, answers
// that are remembered by request id, orders that die, captures that pend.
//
// # Over HTTP, beside the API
//
//	GET  /checkoutnow?token=ORDER   the payer's page, in French or English by the order's locale
//	POST /checkoutnow               token= act= pay, decline, pending, later, cancel · reason= (of pending)
//	GET  /                          the console: everybody else, by buttons
//	POST /                          account= id= act= amount=
//	GET  /v1/notifications/certs/…  the certificate that webhooks are signed with
//	GET  /v1/notifications/ca.pem   the authority that it descends from
package paypalfake

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/money"
)

// Options of a fake. The zero value is a fake in memory.
type Options struct {
	Dir string           // where state is kept; empty: nowhere
	Now func() time.Time // the clock; nil: time.Now
	// BaseURL is where the fake is reached; empty: wherever its first request came to.
	BaseURL string
	// Deliver posts each event to the app's webhooks as soon as it happens. Without, Fake.Post does.
	Deliver bool
	// Client posts webhooks; nil: one with a time-out of ten seconds.
	Client *http.Client
}

// Fake is the whole of PayPal.
type Fake struct {
	opt   Options
	mux   *http.ServeMux
	posts sync.WaitGroup

	mu     sync.Mutex
	s      state
	base   string
	keys   keys
	faults []Fault
	failed error // the first state that could not be written
}

// New makes a fake, from what its folder holds.
func New(opt Options) (*Fake, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Client == nil {
		opt.Client = &http.Client{Timeout: 10 * time.Second}
	}
	f := &Fake{opt: opt, base: strings.TrimRight(opt.BaseURL, "/"), s: newState()}
	if opt.Dir != "" {
		if err := os.MkdirAll(opt.Dir, 0o700); err != nil {
			return nil, err
		}
		b, err := os.ReadFile(f.file())
		if err == nil {
			err = json.Unmarshal(b, &f.s)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("the fake's state: %w", err)
		}
	}
	var err error
	if f.keys, err = f.loadKeys(); err != nil {
		return nil, err
	}
	f.route()
	return f, f.save()
}

// Close waits for webhooks that are under way, and says whether some state could not be written.
func (f *Fake) Close() error {
	f.posts.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// SetBase says where the fake is reached.
func (f *Fake) SetBase(url string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.base = strings.TrimRight(url, "/")
}

func (f *Fake) file() string { return filepath.Join(f.opt.Dir, "paypal.json") }

// save writes the state beside the old one and puts it in its place.
func (f *Fake) save() error {
	if f.opt.Dir == "" {
		return nil
	}
	b, err := json.MarshalIndent(&f.s, "", " ")
	if err == nil {
		next := f.file() + ".new"
		if err = os.WriteFile(next, b, 0o600); err == nil {
			err = os.Rename(next, f.file())
		}
	}
	if err != nil && f.failed == nil {
		f.failed = err
	}
	return err
}

// act does something as everybody else, under the lock, and keeps what came of it.
func (f *Fake) act(do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := do(); err != nil {
		return err
	}
	return f.save()
}

// now is the clock, in whole seconds as PayPal tells time.
func (f *Fake) now() time.Time { return f.opt.Now().UTC().Truncate(time.Second) }

// state is all that a fake remembers.
type state struct {
	Seq      uint64
	Apps     map[string]*app     // by client id
	Accounts map[string]*account // by merchant id
	Orders   map[string]*order
	Captures map[string]*capture
	Refunds  map[string]*refund
	Disputes map[string]*dispute
	Replays  map[string]*replay // by app, call and PayPal-Request-Id
	Key      []byte             // PKCS #8 and certificates, in PEM
}

func newState() state {
	return state{
		Apps: map[string]*app{}, Accounts: map[string]*account{}, Orders: map[string]*order{}, Captures: map[string]*capture{},
		Refunds: map[string]*refund{}, Disputes: map[string]*dispute{}, Replays: map[string]*replay{},
	}
}

// app is a REST app.
type app struct {
	ClientID, Secret string
	Account          string
	Scopes           []string
	Tokens           map[string]time.Time // and when they end
	Webhooks         []*webhook
}

type webhook struct {
	ID, URL string
	Types   []string
}

// account is a merchant's.
type account struct {
	ID, Email string
	Options   AccountOptions
	Lines     []*line
	Events    []*event
}

// AccountOptions of a merchant's account.
type AccountOptions struct {
	ClientID, Secret string
	Scopes           []string       // empty: all that the connector asks for
	Primary          money.Currency // empty: EUR
	// Convert turns payments in other currencies into Primary on arrival, but for those that are held.
	Convert bool
	Holds   []money.Currency
	// BlockDuplicates refuses a second payment of one invoice_id.
	BlockDuplicates bool
	// FeesReturned gives the variable part of the fee back with a refund.
	FeesReturned bool
	// RefundsPend leaves refunds pending until SettleRefund.
	RefundsPend bool
	// Zone is the account's time zone, in minutes east of Greenwich.
	Zone int
	// Late is how late transactions are reported, at most.
	Late time.Duration
	// SearchMost is how many transactions a search may find; 0: 10,000. TooLargeSays200 answers beyond with status 200.
	SearchMost      int
	TooLargeSays200 bool
	// SearchSpan is the longest stretch that a search covers; a longer one is cut. 0: whatever is asked for.
	SearchSpan time.Duration
}

// cash is an amount that can be kept.
type cash struct {
	Minor    int64
	Currency money.Currency
}

func (c cash) money() money.Money { return money.Of(c.Minor, c.Currency) }
func (c cash) neg() cash          { return cash{-c.Minor, c.Currency} }
func (c cash) zero() bool         { return c.Minor == 0 }

type order struct {
	ID, Account, Status string
	InvoiceID, CustomID string
	Description         string
	Locale              string
	ReturnURL           string
	CancelURL           string
	Email               string
	Wallet              bool // made with a payment source
	Amount              cash
	Created, Updated    time.Time
	Approved            time.Time
	Outcome             Outcome
	Declined            bool // once
	Capture             string
}

type capture struct {
	ID, Order, Account string
	Status, Reason     string
	Amount             cash
	InvoiceID          string
	CustomID           string
	Created, Updated   time.Time
	FeeHidden          bool
	Fee                cash
	Receivable         *cash
	Rate               string
	Refunded           int64
}

type refund struct {
	ID, Capture, Account string
	Status               string
	Amount, Fee          cash // Fee is given back
	Debit                *cash
	Rate                 string
	Note                 string
	Total                int64
	Created, Updated     time.Time
}

type dispute struct {
	ID, Account, Capture string
	Reason, Status       string
	Outcome              string
	Chargeback           bool
	Amount               cash
	Created, Updated     time.Time
}

// line is one line of the account's statement, in all its versions.
type line struct {
	ID        string
	Ref       string
	Code      string
	Initiated time.Time
	Held      bool // sets money aside, or free, within the account
	Invoice   string
	Custom    string
	Subject   string
	Payer     string // name
	Email     string
	Versions  []version
}

type version struct {
	At      time.Time // when it became so
	Shown   time.Time // when reports say so
	Status  string
	Amount  cash
	Fee     *cash // signed: taken is negative
	Affects bool  // the balance
	Hidden  *cash // a fee that was taken and is not told yet
}

func (l *line) last() *version { return &l.Versions[len(l.Versions)-1] }

type replay struct {
	Status int
	Body   []byte
	Until  time.Time
}

// letters of PayPal's ids.
const (
	letters         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	merchantLetters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
)

// id makes the next id: as random as PayPal's to look at, and the same in each run.
func (f *Fake) id(alphabet string, n int) string {
	f.s.Seq++
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, f.s.Seq))
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[int(sum[i])%len(alphabet)]
	}
	return string(b)
}

// AddAccount opens a merchant's account with a REST app, and returns the merchant's id.
func (f *Fake) AddAccount(o AccountOptions) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.Primary == "" {
		o.Primary = money.EUR
	}
	if len(o.Scopes) == 0 {
		o.Scopes = Scopes()
	}
	a := &account{ID: f.id(merchantLetters, 13), Options: o}
	a.Email = strings.ToLower(a.ID) + "@merchant.example.com"
	f.s.Accounts[a.ID] = a
	f.s.Apps[o.ClientID] = &app{ClientID: o.ClientID, Secret: o.Secret, Account: a.ID, Scopes: o.Scopes, Tokens: map[string]time.Time{}}
	_ = f.save()
	return a.ID
}

// SetOptions changes an account's options; its app stays as it is.
func (f *Fake) SetOptions(merchant string, change func(*AccountOptions)) error {
	return f.act(func() error {
		a := f.s.Accounts[merchant]
		if a == nil {
			return errNotFound
		}
		change(&a.Options)
		return nil
	})
}

// Merchant is the account of an app; "" when there is no such app.
func (f *Fake) Merchant(clientID string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.s.Apps[clientID]; a != nil {
		return a.Account
	}
	return ""
}

var errNotFound = errors.New("paypalfake: no such object")
