package paying

import (
	"strconv"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/fault"
)

const (
	throttleWindow = 10 * time.Minute
	// maxCounted bounds memory to a few megabytes; when it is full, counting begins anew.
	maxCounted = 20_000
)

// throttle counts what each visitor does in windows that begin with the first time. It is safe for concurrent use.
type throttle struct {
	mu   sync.Mutex
	now  func() time.Time
	most int
	seen map[string]window
}

type window struct {
	n     int
	until time.Time
}

func newThrottle(now func() time.Time, most int) *throttle {
	return &throttle{now: now, most: most, seen: map[string]window{}}
}

// take counts one more, and refuses it when that was too many. Code: too_many_tries.
func (t *throttle) take(who string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	w, ok := t.seen[who]
	if !ok && len(t.seen) >= maxCounted {
		clear(t.seen)
	}
	if !now.Before(w.until) {
		w = window{until: now.Add(throttleWindow)}
	}
	if w.n >= t.most {
		minutes := (w.until.Sub(now) + time.Minute - 1) / time.Minute
		return fault.New(fault.Unavailable, fault.TooManyTries, "minutes", strconv.Itoa(int(minutes)))
	}
	w.n++
	t.seen[who] = w
	return nil
}
