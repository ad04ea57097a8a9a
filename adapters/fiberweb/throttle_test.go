package fiberweb

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/fault"
)

// Tries made at one time count before their passwords are looked at, so that they cannot outrun the limit.
func TestGuessesAtOnceCountToo(t *testing.T) {
	now := time.Unix(0, 0)
	th := newLoginThrottle(func() time.Time { return now })
	var looked atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for {
				release, err := th.enter("account", "network")
				if fault.Has(err, fault.Busy) {
					continue // as a browser that tries again
				}
				if err != nil {
					return
				}
				looked.Add(1)
				release(false)
				return
			}
		})
	}
	wg.Wait()
	if n := looked.Load(); n != triesPerAccount {
		t.Errorf("%d passwords were looked at", n)
	}
	if _, err := th.enter("account", "network"); !fault.Has(err, fault.TooManyTries) {
		t.Errorf("one more is answered %v", err)
	}
	if len(th.slots) != 0 {
		t.Errorf("%d places are still taken", len(th.slots))
	}
}

func TestARightPasswordForgetsTheWrongOnes(t *testing.T) {
	now := time.Unix(0, 0)
	th := newLoginThrottle(func() time.Time { return now })
	for range 3 * triesPerAccount {
		release, err := th.enter("account", "network")
		if err != nil {
			t.Fatal(err)
		}
		release(true)
	}
	if n := th.networks.seen["network"].n; n != 0 {
		t.Errorf("%d right passwords count against the network", n)
	}
}

func TestCountersAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	c := &counter{now: func() time.Time { return now }, most: 2, seen: map[string]*tries{}}
	for i := range maxCounters + 50 {
		c.take(strconv.Itoa(i))
	}
	if len(c.seen) > maxCounters+1 {
		t.Errorf("%d counters", len(c.seen))
	}
	if c.take("somebody else") == 0 {
		t.Error("beyond the bound nothing is counted any more")
	}
	now = now.Add(tryWindow)
	if c.take("somebody else") != 0 || len(c.seen) > 1 {
		t.Errorf("windows that are over are kept: %d", len(c.seen))
	}
}
