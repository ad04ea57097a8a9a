package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sort"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

// maxTries and the doubling pause between them make a bit more than two minutes: enough for a merchant's server to come
// back from a restart, short enough that a play webhook does not surprise anybody later.
const maxTries = 8

// postman delivers webhooks: one goroutine for each endpoint, so that a slow one holds up nobody else, in order, but
// for what has to be tried again.
type postman struct {
	p      *Provider
	client *http.Client
	pause  time.Duration // before the second try; doubles
	log    zerolog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	rounds map[string]chan struct{} // by connection: wakes its goroutine
	closed bool
}

func newPostman(p *Provider, pause time.Duration, log zerolog.Logger) *postman {
	ctx, cancel := context.WithCancel(context.Background())
	return &postman{
		p: p, pause: pause, log: log, ctx: ctx, cancel: cancel, rounds: map[string]chan struct{}{},
		client: &http.Client{
			Timeout: 5 * time.Second, // a merchant stores and answers; one that takes longer is tried again
			Transport: &http.Transport{
				Proxy:       nil,
				DialContext: (&net.Dialer{Timeout: 2 * time.Second, Control: onlyLoopback}).DialContext,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// wake looks for deliveries that wait.
func (m *postman) wake() {
	endpoints := map[string]bool{}
	m.p.store.read(func() {
		for _, b := range m.p.store.books {
			for id := range b.waiting {
				endpoints[m.p.store.deliveries[id].Connection] = true
			}
		}
	})
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	for c := range endpoints {
		w := m.rounds[c]
		if w == nil {
			w = make(chan struct{}, 1)
			m.rounds[c] = w
			m.wg.Add(1)
			go m.round(c, w)
		}
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

func (m *postman) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	m.wg.Wait()
}

// try is how far a delivery has come in this process.
type try struct {
	made int
	due  time.Time
}

// round serves one connection until the postman is closed.
func (m *postman) round(connection string, wake <-chan struct{}) {
	defer m.wg.Done()
	tries := map[string]try{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-m.ctx.Done():
			return
		case <-wake:
		case <-timer.C:
		}
		for _, d := range m.waiting(connection) {
			t := tries[d.ID]
			if time.Now().Before(t.due) {
				continue
			}
			known, answer, ok := m.deliver(d)
			if m.ctx.Err() != nil {
				return
			}
			if !known {
				break // its secret comes with the connection's next call, which wakes us
			}
			t.made++
			t.due = time.Now().Add(m.pause << (t.made - 1))
			tries[d.ID] = t
			switch {
			case ok:
				m.done(d, delivered, answer)
				delete(tries, d.ID)
			case t.made >= maxTries:
				m.done(d, givenUp, answer)
				delete(tries, d.ID)
			}
		}
		if next := earliest(tries); !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

func earliest(tries map[string]try) time.Time {
	var next time.Time
	for _, t := range tries {
		if next.IsZero() || t.due.Before(next) {
			next = t.due
		}
	}
	return next
}

func (m *postman) waiting(connection string) []Delivery {
	var out []Delivery
	m.p.store.read(func() {
		for _, b := range m.p.store.books {
			for id := range b.waiting {
				if d := m.p.store.deliveries[id]; d.Connection == connection {
					out = append(out, *d)
				}
			}
		}
	})
	sort.Slice(out, func(i, j int) bool { return out[i].Number < out[j].Number })
	return out
}

// deliver makes one try. known is false while the endpoint's secret is not.
func (m *postman) deliver(d Delivery) (known bool, answer string, ok bool) {
	var to Endpoint
	var e *Event
	m.p.store.read(func() {
		e = m.p.store.events[d.Event]
		for _, x := range m.p.store.accounts[d.Account].Endpoints {
			if x.Connection == d.Connection {
				to = x
			}
		}
	})
	if !to.On || !loopback(to.URL) {
		return true, "the endpoint is off", false
	}
	secret := m.p.derivedSecret(d.Connection)
	if to.OwnSecret {
		m.p.mu.Lock()
		secret = m.p.secrets[d.Connection]
		m.p.mu.Unlock()
		if secret == "" {
			return false, "", false
		}
	}
	body, err := e.notice()
	if err != nil {
		return true, err.Error(), false
	}
	req, err := http.NewRequestWithContext(m.ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		return true, "the address is unusable", false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Acquit-Sandbox/"+Version)
	req.Header.Set(SignatureHeader, Sign(secret, time.Now(), body))
	res, err := m.client.Do(req)
	if err != nil {
		return true, "no answer: " + reason(err), false
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	_ = res.Body.Close()
	return true, res.Status, res.StatusCode >= 200 && res.StatusCode < 300
}

// onlyLoopback refuses connections to other machines, whatever a name resolves to.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return errors.New("not on this machine")
	}
	return nil
}

// reason is an error of the HTTP client without the address, which may hold a token.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return "failed"
}

func (m *postman) done(d Delivery, state, answer string) {
	d.State, d.Answer = state, answer
	err := m.p.store.write(func(t *tx) error {
		t.rec.Deliveries = append(t.rec.Deliveries, &d)
		return nil
	})
	if err != nil {
		m.log.Error().Err(err).Str("delivery", d.ID).Msg("a delivery's end could not be written; it will be made again")
	}
	if state == givenUp {
		m.log.Warn().Str("delivery", d.ID).Str("answer", answer).Msg("a webhook was given up")
	}
}
