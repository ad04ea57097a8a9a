package app

import (
	"context"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// reasonsFor is how long what gateways say of themselves is remembered for reading their codes: it changes only when a
// program is replaced.
const reasonsFor = 10 * time.Minute

// reasonMemory remembers what the gateways say of themselves.
type reasonMemory struct {
	mu    sync.Mutex
	until time.Time
	infos map[string]gateway.Info
}

// Reason is a provider's code in words, as its gateway explains it; the code itself when it does not, or when its program
// cannot be asked.
func (a *App) Reason(ctx context.Context, conn inbox.Connection, code, lang string) string {
	if code == "" {
		return ""
	}
	return a.info(ctx, conn.Gateway).Reason(code, lang)
}

func (a *App) info(ctx context.Context, name string) gateway.Info {
	m, now := &a.words, a.Now()
	m.mu.Lock()
	info, fresh := m.infos[name], now.Before(m.until)
	m.mu.Unlock()
	if fresh {
		return info
	}
	known, err := a.Gateways.Known(ctx) // not under the lock: a program may have to be started
	if err != nil {
		return info
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.infos, m.until = make(map[string]gateway.Info, len(known)), now.Add(reasonsFor)
	for _, g := range known {
		m.infos[g.Name] = g.Info
	}
	return m.infos[name]
}
