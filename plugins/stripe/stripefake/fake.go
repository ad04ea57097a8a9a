// Package stripefake plays Stripe: a stateful provider with hosted pay pages, balance transactions, refunds, disputes,
// payouts, events and signed webhooks, behind the part of Stripe's API (version 2023-10-16) that a Checkout merchant uses.
//
// A Fake is an http.Handler. Programs speak Stripe's protocol to it; payers visit the pay pages that its sessions link to;
// tests play the rest of the world with its methods (Pay, SettleDebit, TellFee, Dispute, Payout...), order failures with
// Inject and look into its books with Ledger. Nothing in it is random: the same calls at the same times make the same ids.
//
// It knows nothing of the connector. Tests keep it honest with parts of Stripe's own: requests are held against stripe-mock
// and answers against Stripe's OpenAPI description.
package stripefake

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Version is the version of Stripe's API that is played.
const Version = "2023-10-16"

// Options of a Fake.
type Options struct {
	// Dir keeps the state across restarts, in one file; empty: the state goes with the Fake.
	Dir string
	// Now is the clock; nil: the machine's.
	Now func() time.Time
	// AnyKey lets a test key that is not known open an account of its own, named after the key.
	AnyKey bool
	// Deliver sends webhooks by itself, as they come up. Otherwise Deliver and Sign are there.
	Deliver bool
}

// Fake is one Stripe.
type Fake struct {
	o    Options
	mux  *http.ServeMux
	post *postman

	mu   sync.Mutex
	base string // where pay pages are
	s    state
	err  error // of keeping the state
}

// New returns a Fake; see SetURL for where its pay pages are. Close it when it delivers or keeps its state.
func New(o Options) (*Fake, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &Fake{o: o, s: state{Accounts: map[string]*account{}}}
	if o.Dir != "" {
		b, err := os.ReadFile(f.file())
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			if err := json.Unmarshal(b, &f.s); err != nil {
				return nil, fmt.Errorf("%s: %w", f.file(), err)
			}
		}
	}
	for _, a := range f.s.Accounts {
		a.restore(f)
	}
	f.mux = f.routes()
	if o.Deliver {
		f.post = startPostman(f)
	}
	return f, nil
}

// SetURL says at which address the Fake is served, for the links to its pay pages.
func (f *Fake) SetURL(base string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.base = strings.TrimSuffix(base, "/")
}

// Close stops delivering and says whether the state could always be kept.
func (f *Fake) Close() error {
	if f.post != nil {
		f.post.stop()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *Fake) file() string { return filepath.Join(f.o.Dir, "stripe.json") }

// keep writes the state, whole or not at all. The caller holds mu.
func (f *Fake) keep() {
	if f.post != nil {
		f.post.wake()
	}
	if f.o.Dir == "" {
		return
	}
	if err := f.writeState(); err != nil {
		f.err = err
	}
}

func (f *Fake) writeState() error {
	b, err := json.Marshal(f.s)
	if err != nil {
		return err
	}
	t, err := os.CreateTemp(f.o.Dir, ".stripe-*")
	if err != nil {
		return err
	}
	_, err = t.Write(b)
	if err == nil {
		err = t.Sync()
	}
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), f.file())
	}
	if err != nil {
		return errors.Join(err, os.Remove(t.Name()))
	}
	return nil
}

// Account describes an account to open.
type Account struct {
	ID       string // empty: a new one
	Name     string
	Country  string // empty: FR
	Currency string // default and settlement currency, lower case; empty: eur
	Live     bool
	FeeTax   bool // fees carry 20 % VAT, in their details
}

// Open opens an account and returns its id and a secret key of it.
func (f *Fake) Open(v Account) (id, secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.open(v)
	mode := "test"
	if v.Live {
		mode = "live"
	}
	secret = f.id("sk_" + mode + "_")
	a.Keys[secret] = &key{}
	f.keep()
	return a.ID, secret
}

func (f *Fake) open(v Account) *account {
	if v.ID == "" {
		v.ID = f.id("acct_1")
	}
	a := &account{
		ID: v.ID, Name: v.Name, Country: or(v.Country, "FR"), Currency: or(v.Currency, "eur"), Live: v.Live, FeeTax: v.FeeTax,
		Keys: map[string]*key{}, Settles: map[string]conversion{}, Done: map[string]*stored{}, f: f,
	}
	if a.Name == "" {
		a.Name = "Atelier Dupré"
	}
	f.s.Accounts[a.ID] = a
	return a
}

// RestrictedKey makes a key that lacks permissions, named as in Stripe's errors: "rak_charge_read".
func (f *Fake) RestrictedKey(accountID string, missing ...string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.account(accountID)
	mode := "test"
	if a.Live {
		mode = "live"
	}
	k := f.id("rk_" + mode + "_")
	a.Keys[k] = &key{Missing: missing}
	f.keep()
	return k
}

// RollKey makes a new secret key of an account; the former ones stay valid until Revoke.
func (f *Fake) RollKey(accountID string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.account(accountID)
	k := f.id("sk_test_")
	a.Keys[k] = &key{}
	f.keep()
	return k
}

// Revoke ends a key.
func (f *Fake) Revoke(k string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.s.Accounts {
		if v := a.Keys[k]; v != nil {
			v.Revoked = true
		}
	}
	f.keep()
}

// Convert settles what is paid in one currency in another, at a rate: units of "to" for one unit of "from". Both are
// currencies as Stripe writes them, lower case.
func (f *Fake) Convert(accountID, from, to, rate string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.account(accountID).Settles[from] = conversion{To: to, Rate: rate}
	f.keep()
}

// Accounts lists the ids of accounts.
func (f *Fake) Accounts() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.s.Accounts))
}

// account is one that a test has opened. The caller holds mu.
func (f *Fake) account(id string) *account {
	a := f.s.Accounts[id]
	if a == nil {
		panic("stripefake: no account " + id)
	}
	return a
}

// byKey finds the account of a key. The caller holds mu.
func (f *Fake) byKey(k string) (*account, *key) {
	for _, a := range f.s.Accounts {
		if v := a.Keys[k]; v != nil {
			return a, v
		}
	}
	if name, ok := strings.CutPrefix(k, "sk_test_"); f.o.AnyKey && ok && name != "" {
		a := f.open(Account{ID: "acct_1" + plain(name), Name: "Atelier Dupré"})
		a.Keys[k] = &key{}
		return a, a.Keys[k]
	}
	return nil, nil
}

// Fault is a failure to order.
type Fault struct {
	Method string // empty: any
	Path   string // the beginning of the path
	Times  int    // zero: once
	// Done lets the call do its work first.
	Done bool
	// One of these is what the caller gets instead of the answer:
	Status    int    // an error of this status, with Code
	Code      string //
	Hang      bool   // nothing, until the caller gives up
	Cut       bool   // the answer, cut off in the middle
	Malformed bool   // something that is not JSON
	// Store keeps the error under the call's idempotency key, to be given again to whoever asks with it.
	Store bool
}

// Inject orders a failure for the next calls of an account that it fits.
func (f *Fake) Inject(accountID string, v Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v.Times == 0 {
		v.Times = 1
	}
	a := f.account(accountID)
	a.faults = append(a.faults, &v)
}

// Faults says how many ordered failures wait.
func (f *Fake) Faults(accountID string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.account(accountID).faults)
}

// ClearFaults takes all orders back.
func (f *Fake) ClearFaults(accountID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.account(accountID).faults = nil
}

func (a *account) fault(r *http.Request) *Fault {
	for i, v := range a.faults {
		if v.Method != "" && v.Method != r.Method || !strings.HasPrefix(r.URL.Path, v.Path) {
			continue
		}
		if v.Times--; v.Times <= 0 {
			a.faults = slices.Delete(a.faults, i, i+1)
		}
		return v
	}
	return nil
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// plain keeps letters and digits.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
}
