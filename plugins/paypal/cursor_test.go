package paypal

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/acquit-app/acquit/core/gateway"
)

// A cursor says the same after it was written and read, and stays within what the port allows, whatever the traffic.
func TestCursorRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	c := newCursor(1_700_000_000)
	c.deep, c.begun = c.since, c.since
	for range 3_000 {
		c.begin(c.high + r.Int64N(3*day))
		for at, end := c.at, c.high+r.Int64N(2*day); at < end; {
			from, to := c.unit(at)
			c.record(from, to, r.Uint64N(4)) // sometimes nothing
			if r.IntN(500) == 0 {
				c.owe(from, to)
			}
			at = to
			c.at = at
		}
		if c.mid = r.IntN(2) == 0; c.mid {
			c.time, c.hash = c.at, r.Uint64()
		} else {
			c.time, c.hash = 0, 0
		}
		c.raise(c.at)
		if r.IntN(2) == 0 {
			c.at, c.mid, c.time, c.hash = 0, false, 0, 0
		}
		s := c.String()
		if len(s) > gateway.MaxCursor {
			t.Fatalf("a cursor of %d bytes", len(s))
		}
		d, ok := parseCursor(s)
		if !ok {
			t.Fatalf("its own cursor is refused: %+v", c)
		}
		for _, m := range []map[int64]uint64{c.hours, c.days} {
			for k, sum := range m {
				if sum == 0 {
					delete(m, k)
				}
			}
		}
		if !reflect.DeepEqual(c, d) {
			t.Fatalf("written %+v\nread %+v", c, d)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	c := newCursor(1_700_000_000)
	c.record(1_700_000_000/hour*hour, 1_700_000_000/hour*hour+hour, 7)
	f.Add(c.String())
	f.Add("pp1.")
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := parseCursor(s)
		if ok && c.String() != s {
			t.Fatalf("%q is read as %q", s, c.String())
		}
	})
}
