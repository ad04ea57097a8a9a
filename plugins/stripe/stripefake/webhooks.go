package stripefake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Delivery is a webhook call as an endpoint gets it.
type Delivery struct {
	Event     string
	Type      string
	Endpoint  string
	URL       string
	Signature string // the Stripe-Signature header
	Body      []byte
}

// Endpoint registers an endpoint by hand, as in the dashboard, for all events, and returns its id and secret.
func (f *Fake) Endpoint(accountID, address string) (id, secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.account(accountID)
	e := &endpoint{ID: f.id("we_1"), Created: a.clock(), URL: address, Events: []string{"*"}, Version: Version, Secret: f.id("whsec_")}
	a.Endpoints = append(a.Endpoints, e)
	a.put(e.ID, e)
	f.keep()
	return e.ID, e.Secret
}

// EndpointURLs lists where an account's events are delivered to.
func (f *Fake) EndpointURLs(accountID string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, e := range f.account(accountID).Endpoints {
		out = append(out, e.URL)
	}
	return out
}

// RollSecret gives an endpoint a new secret. For a day deliveries are signed with the old one too.
func (f *Fake) RollSecret(accountID, endpointID string) (secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := find[endpoint](f.account(accountID), endpointID)
	e.Old, e.OldTo, e.Secret = e.Secret, f.at()+86400, f.id("whsec_")
	f.keep()
	return e.Secret
}

// Deliveries makes the delivery of each event to each endpoint that wants it, oldest first, signed at the present time,
// whether or not it was made before: sending them twice, late or in another order is the caller's to choose.
func (f *Fake) Deliveries(accountID string) []Delivery { return f.Latest(accountID, math.MaxInt) }

// Latest makes the Deliveries of the last n events.
func (f *Fake) Latest(accountID string, n int) []Delivery {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.account(accountID)
	var out []Delivery
	for _, ev := range a.Events[max(0, len(a.Events)-n):] {
		for _, e := range a.Endpoints {
			if e.wants(ev.Type) {
				out = append(out, a.delivery(ev, e))
			}
		}
	}
	return out
}

func (e *endpoint) wants(kind string) bool {
	return slices.Contains(e.Events, "*") || slices.Contains(e.Events, kind)
}

func (a *account) delivery(ev *event, e *endpoint) Delivery {
	body, err := json.MarshalIndent(a.showEvent(ev), "", "  ")
	if err != nil {
		body = nil
	}
	secrets := []string{e.Secret}
	if e.OldTo > a.clock() {
		secrets = append(secrets, e.Old)
	}
	return Delivery{Event: ev.ID, Type: ev.Type, Endpoint: e.ID, URL: e.URL, Signature: Sign(a.f.o.Now(), body, secrets...), Body: body}
}

// Sign makes a Stripe-Signature header.
func Sign(at time.Time, body []byte, secrets ...string) string {
	parts := []string{fmt.Sprintf("t=%d", at.Unix())}
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s))
		fmt.Fprintf(mac, "%d.", at.Unix())
		mac.Write(body)
		parts = append(parts, "v1="+hex.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(parts, ",")
}

// Post sends a delivery to its endpoint and says whether it was taken.
func (d Delivery) Post(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", d.Signature)
	req.Header.Set("User-Agent", "Stripe/1.0 (fake)")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode >= 200 && res.StatusCode < 300
}

// Deliver posts what no endpoint has taken yet, once each, and says how many deliveries were taken.
func (f *Fake) Deliver(ctx context.Context) int {
	f.mu.Lock()
	var due []Delivery
	for _, a := range f.s.Accounts {
		for _, ev := range a.Events {
			for _, e := range a.Endpoints {
				if e.wants(ev.Type) && !slices.Contains(ev.Sent, e.ID) && e.Created <= ev.Created {
					due = append(due, a.delivery(ev, e))
				}
			}
		}
	}
	f.mu.Unlock()
	taken := 0
	for _, d := range due {
		if ctx.Err() != nil {
			break
		}
		// One that is under way is not broken off: it may have been taken.
		sending, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
		ok := d.Post(sending)
		if done(); !ok {
			continue
		}
		taken++
		f.mu.Lock()
		if a := f.of(d.Event); a != nil {
			ev := find[event](a, d.Event)
			ev.Sent = append(ev.Sent, d.Endpoint)
		}
		f.mu.Unlock()
	}
	return taken
}

// postman delivers by itself: soon after something happened, and again later what was not taken.
type postman struct {
	bell chan struct{}
	quit context.CancelFunc
	done sync.WaitGroup
}

// patience is how long an endpoint may take to answer.
const patience = 10 * time.Second

// again is when a delivery that was not taken is tried once more. Stripe waits longer.
const again = 10 * time.Second

func startPostman(f *Fake) *postman {
	ctx, quit := context.WithCancel(context.Background())
	p := &postman{bell: make(chan struct{}, 1), quit: quit}
	p.done.Go(func() {
		tick := time.NewTicker(again)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.bell:
			case <-tick.C:
			}
			f.Deliver(ctx)
		}
	})
	return p
}

func (p *postman) wake() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

func (p *postman) stop() {
	p.quit()
	p.done.Wait()
}
