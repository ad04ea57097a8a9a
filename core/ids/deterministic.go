package ids

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// replay is the source that New draws from instead of the clock and the operating system; nil: none.
var replay atomic.Pointer[deterministic]

type deterministic struct {
	mu   sync.Mutex
	rng  *rand.ChaCha8
	now  func() time.Time
	last uint64
}

// Deterministic makes New mint the same identifiers each time it is called in the same order with the same seed, dated by
// now, until restore is called; then New does what it did before. It holds for the whole process, so whoever else mints
// meanwhile disturbs the order.
//
// It is for reproducible demonstration books and for tests, and for nothing else: such identifiers can be foreseen.
func Deterministic(seed uint64, now func() time.Time) (restore func()) {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	d := &deterministic{rng: rand.NewChaCha8(key), now: now}
	before := replay.Swap(d)
	return func() { replay.Store(before) }
}

// draw fills b and returns the tick to put before it.
func (d *deterministic) draw(b []byte) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = d.rng.Read(b) // it never fails
	d.last = after(d.last, d.now())
	return d.last
}
