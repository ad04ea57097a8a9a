package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
)

const (
	// breakerPatience is how many calls in a row may fail before a connection is left in peace: one lost packet is no outage.
	breakerPatience = 3
	// breakerMax bounds how long it is, so that it is found working soon after it does.
	breakerMax = 5 * time.Minute
	// probeFor is how long the one call that tries again may take; gateways answer or are given up within less.
	probeFor = 2 * time.Minute
)

// breakers keep calls from connections whose provider does not answer: each would make a payer wait for a time-out, and
// many of them would keep a provider that refuses for haste (429) refusing. They are a memory of this process; another
// learns the same from three calls of its own.
type breakers struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]*breaker // by connection
}

// breaker is closed while it is not in breakers.of.
type breaker struct {
	failures int
	until    time.Time // no call before; zero while it is still patient
	probe    time.Time // somebody tries again, until then at most
}

// may says whether a call may be made. Once the time is over one caller may; the others wait for what it learns.
func (b *breakers) may(connection string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.of[connection]
	now := b.now()
	switch {
	case k == nil || k.until.IsZero():
		return true
	case now.Before(k.until) || now.Before(k.probe):
		return false
	}
	k.probe = now.Add(probeFor)
	return true
}

// open says whether a call would be refused at this moment, without making one.
func (b *breakers) open(connection string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.of[connection]
	return k != nil && b.now().Before(k.until)
}

// learn takes what a call answered. Any answer of the provider, be it a refusal, shows that it is there; that the caller
// went away shows nothing.
func (b *breakers) learn(ctx context.Context, connection string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.of[connection]
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		if k != nil {
			k.probe = time.Time{}
		}
		return
	case !outage(err):
		delete(b.of, connection)
		return
	}
	if k == nil {
		k = &breaker{}
		b.of[connection] = k
	}
	k.failures++
	k.probe = time.Time{}
	if k.failures >= breakerPatience {
		k.until = b.now().Add(jitter(min(backoff(k.failures-breakerPatience+1), breakerMax)))
	}
}

// forget closes a connection's breaker: it was mended by hand, or proved to work.
func (b *breakers) forget(connection string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.of, connection)
}

// outage says whether err is one that time mends: no answer, a refusal for haste, a gateway program in trouble.
func outage(err error) bool {
	if err == nil {
		return false
	}
	for _, e := range fault.All(err) {
		if e.Kind == fault.Unavailable {
			return true
		}
	}
	return gateway.AsError(err).Kind == gateway.ErrRetryable
}

// jitter spreads a pause over a fifth of it to either side, so that those who failed together do not come back together.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + rand.N(2*d/5+1) //nolint:gosec // a spread, not a secret
}
