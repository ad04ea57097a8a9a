package fiberweb

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// How often a password may be tried. Ten tries for an account leave room for a person who looks for the right one of a
// few, and 960 a day for somebody who guesses. An office shares one address of the network, so that may try more.
const (
	tryWindow       = 15 * time.Minute
	triesPerAccount = 10
	triesPerNetwork = 60
	// loginsAtOnce bounds the passwords hashed at one time, each of which takes a core and 19 MiB for some 30 ms.
	loginsAtOnce = 4
	// maxCounters bounds memory; names beyond it share one counter, which can only refuse sooner.
	maxCounters = 20_000
)

// loginThrottle counts tries of passwords by account and by network.
type loginThrottle struct {
	accounts, networks *counter
	slots              chan struct{}
}

func newLoginThrottle(now func() time.Time) loginThrottle {
	return loginThrottle{
		accounts: &counter{now: now, most: triesPerAccount, seen: map[string]*tries{}},
		networks: &counter{now: now, most: triesPerNetwork, seen: map[string]*tries{}},
		slots:    make(chan struct{}, loginsAtOnce),
	}
}

// enter takes a try, before the password is looked at: tries made at the same time count too. The release gives it back
// when the password was right. Codes: too_many_tries, busy.
func (t loginThrottle) enter(account, network string) (release func(right bool), err error) {
	select {
	case t.slots <- struct{}{}:
	default:
		return nil, fault.New(fault.Unavailable, fault.Busy)
	}
	wait := max(t.accounts.take(account), t.networks.take(network))
	if wait > 0 {
		<-t.slots
		return nil, fault.New(fault.Unavailable, fault.TooManyTries, "minutes", strconv.Itoa(int((wait+time.Minute-1)/time.Minute)))
	}
	return func(right bool) {
		if right {
			t.accounts.forget(account)
			t.networks.giveBack(network)
		}
		<-t.slots
	}, nil
}

// counter counts in windows that begin with a name's first try.
type counter struct {
	mu   sync.Mutex
	now  func() time.Time
	most int
	seen map[string]*tries
}

type tries struct {
	n     int
	until time.Time
}

// take counts one more and returns how long to wait when that was too many.
func (c *counter) take(name string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	t := c.seen[name]
	if t == nil && len(c.seen) >= maxCounters {
		c.sweep(now)
		if len(c.seen) >= maxCounters {
			name = "" // the shared one
			t = c.seen[name]
		}
	}
	if t == nil || !now.Before(t.until) {
		t = &tries{until: now.Add(tryWindow)}
		c.seen[name] = t
	}
	if t.n >= c.most {
		return t.until.Sub(now)
	}
	t.n++
	return 0
}

func (c *counter) giveBack(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.seen[name]; t != nil && t.n > 0 {
		t.n--
	}
}

func (c *counter) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.seen, name)
}

func (c *counter) sweep(now time.Time) {
	for name, t := range c.seen {
		if !now.Before(t.until) {
			delete(c.seen, name)
		}
	}
}

// parseProxies reads addresses and networks.
func parseProxies(all []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range all {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, err
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

// clientIP is the address a request comes from: the connection's own, or, behind proxies that are trusted, the last one in
// X-Forwarded-For that is no proxy of ours. What stands before that was written by the client and may be anything.
func (s *Server) clientIP(c *fiber.Ctx) netip.Addr {
	addr, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return netip.Addr{}
	}
	addr = addr.Unmap()
	hops := strings.Split(c.Get(fiber.HeaderXForwardedFor), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop.Unmap()
	}
	return addr
}

func (s *Server) trusts(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// network is what one customer of a provider gets: an IPv4 address, or an IPv6 /64.
func network(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
