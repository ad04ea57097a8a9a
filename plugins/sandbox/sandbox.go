// Package sandbox is the bundled play gateway: a whole payment provider in one small program, for the demonstration,
// for trying a set-up, and for tests. No real money, no network, no account anywhere.
//
// # What it is
//
// A driver behind the gateway port; pay pages and a console on a loopback port of its own; and a journal on disk, so
// that it goes on where it was after being killed at any moment. On a pay page the payer chooses the outcome: paid,
// declined, 3-D Secure, a debit that is settled later, another amount, with the fee told at once, later or never, and
// webhooks delivered once, twice, in the wrong order or not at all. On the console a person plays the provider: settles
// debits, tells fees, refunds, disputes, pays out.
//
// Tests drive it in two ways: in process through Provider, or over HTTP while it runs as a gateway program.
//
// # Over HTTP
//
// Everything that the buttons do is a form sent by POST. With "Accept: application/json" the answer is JSON: what a GET
// shows, {"id": "..."} after an action, or {"error": {"code", "detail"}} with status 400, 404 or 409. Without, it is a
// page, and a POST is answered by 303 See Other. The file console.url in the state folder holds the console's address.
//
//	GET  /                       the accounts; {"accounts": [...]}
//	GET  /console/{account}      its balance, sessions, movements, events and deliveries, newest first (?limit=, default 50)
//	POST /console/{account}      action= and the fields below
//	GET  /pay/{session}          the pay page; the Session
//	POST /pay/{session}          outcome= paid, declined, failed, 3ds, authorized, pending, cancelled
//	                             fee= now, later, none · webhook= once, twice, reordered, never
//	                             amount=12.34 currency=EUR (other than asked) · stay=1 (the browser never returns)
//	POST /pay/{session}/3ds      answer= passed, refused
//
// A pay page whose outcome ends it redirects to the session's ReturnURL, or CancelURL for cancelled, unless stay is set.
// Actions of the console (webhook= as above, with each; amount= in units, e.g. 12.34, empty for all that is left):
//
//	settle           id=pay_… result= paid, failed
//	reveal_fee       id=pay_…
//	refund           id=pay_… amount= fee_back= · key= (idempotency key, made when empty)
//	fail_refund      id=re_…
//	reverse_payment  id=pay_…
//	open_dispute     id=pay_… amount= fee= with, apart, none
//	close_dispute    id=dp_… result= won, lost fee_back=
//	payout           currency=
//	reverse_payout   id=po_…
//	book             kind= fee, fee_refund, adjustment, other amount= currency= description=
//	receive          amount= currency= reference= payer= fee= (as on the pay page)
//	resend           id=evt_… times=
//	fault            call= kind= (a gateway.ErrorKind, or hang) outcome= done= times=
//
// # Webhooks
//
// They go to the connection's address if it is on this machine: JSON, signed as SignatureHeader says, tried again with
// growing pauses, given up after eight tries. The secret is the setting webhook_secret, kept in memory only, or one that
// the sandbox derives for the connection.
package sandbox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Options of a sandbox. Only Dir is needed.
type Options struct {
	Dir        string           // state; made when missing. One process at a time can have it.
	Listen     string           // address for pages; empty: a free port on 127.0.0.1, the same one after each start
	Log        zerolog.Logger   // the zero logger says nothing
	Now        func() time.Time // the clock; empty: time.Now
	RetryPause time.Duration    // before a webhook's second try; empty: one second
}

// Sandbox is the gateway.Driver.
type Sandbox struct {
	opt Options

	mu       sync.Mutex
	provider *Provider
	server   *http.Server
	served   chan struct{}
	closed   bool
}

// New makes a sandbox. Nothing is opened before it is needed.
func New(opt Options) *Sandbox {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.RetryPause == 0 {
		opt.RetryPause = time.Second
	}
	return &Sandbox{opt: opt}
}

// Start opens the state and the pages, so that pay pages of a former run answer before the host asks for anything. It
// returns at once; a failure shows again at the first call that needs the state.
func (s *Sandbox) Start() error {
	go func() {
		if _, err := s.Provider(); err != nil {
			s.opt.Log.Error().Err(err).Msg("the sandbox's state cannot be opened")
		}
	}()
	return nil
}

// Provider is the provider behind the driver.
func (s *Sandbox) Provider() (*Provider, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("the sandbox is closed")
	}
	if s.provider != nil {
		return s.provider, nil
	}
	if s.opt.Dir == "" {
		return nil, errors.New("the sandbox was given no folder for its state")
	}
	st, err := openStore(s.opt.Dir, s.opt.Now)
	if err != nil {
		return nil, err
	}
	p := &Provider{store: st, secrets: map[string]string{}, faults: map[string][]Fault{}}
	p.post = newPostman(p, s.opt.RetryPause, s.opt.Log)
	if err := s.listen(p); err != nil {
		s.opt.Log.Error().Err(err).Msg("no pay pages: no port could be opened")
	}
	p.post.wake()
	s.provider = p
	return p, nil
}

// listen opens the pages at the port of the former run if it is free.
func (s *Sandbox) listen(p *Provider) error {
	address := s.opt.Listen
	if address == "" {
		address = "127.0.0.1:" + strconv.Itoa(p.store.identity.Port)
	}
	l, err := net.Listen("tcp", address)
	if err != nil && s.opt.Listen == "" {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return err
	}
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok || !at.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("%s is not on this machine alone", l.Addr()), l.Close())
	}
	if at.Port != p.store.identity.Port {
		err := p.store.write(func(t *tx) error {
			id := p.store.identity
			id.Port = at.Port
			t.rec.Identity = &id
			return nil
		})
		if err != nil {
			return errors.Join(err, l.Close())
		}
	}
	p.baseURL = "http://" + at.String()
	if err := os.WriteFile(filepath.Join(s.opt.Dir, "console.url"), []byte(p.baseURL+"/\n"), 0o600); err != nil {
		s.opt.Log.Warn().Err(err).Msg("console.url could not be written")
	}
	s.server = &http.Server{
		Handler: pages(p), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 32 << 10,
	}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.opt.Log.Error().Err(err).Msg("the pages stopped")
		}
	}()
	s.opt.Log.Info().Str("console", p.baseURL+"/").Msg("the sandbox's pages are open")
	return nil
}

// Close stops everything and lets go of the folder.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.provider == nil {
		return nil
	}
	var err error
	if s.server != nil {
		err = s.server.Close()
		<-s.served
	}
	s.provider.post.close()
	err = errors.Join(err, s.provider.store.close())
	s.provider = nil
	return err
}

// PayURL is the address of a pay page.
func (p *Provider) PayURL(session string) string { return p.baseURL + "/pay/" + session }

// ConsoleURL is the address of an account's console.
func (p *Provider) ConsoleURL(account string) string { return p.baseURL + "/console/" + account }
