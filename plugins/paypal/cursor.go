package paypal

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"
)

// Transaction Search is late by up to three hours and lists by the day on which a transaction began, so that what changes
// afterwards changes in the past. Each pass over the list therefore begins three days before the end of the last one, and
// once a day a month before it: e-cheques and reviews take days, and payments that the merchant must accept wait for 30.
//
// A cursor remembers a digest of what it listed, for each hour of the last days and each day of the last month: the sum of
// its rows' hashes. Whatever makes a digest differ lists the hour or day again as a whole. So a pass over the same rows
// lists nothing, nothing that changed is left out, and the cursor has a size that does not depend on the traffic.
const (
	hour = 3600
	day  = 24 * hour

	recentDays = 3  // digests by the hour
	digestDays = 31 // digests by the day; the longest window that PayPal takes
	owedDays   = 90 // how long an object that cannot be read is asked for
)

// cursor is a place in the list. Times are seconds since 1970.
type cursor struct {
	since int64 // nothing before it is listed
	high  int64 // the end of what was listed
	begun int64 // when the last pass began
	deep  int64 // when the last pass that went over the month began
	owed  int64 // the start of the first hour or day with an object that could not be read; 0: there is none
	at    int64 // the start of the next hour or day in the pass under way; 0: none is
	mid   bool  // that hour or day is listed up to, and with, the row of these two
	time  int64
	hash  uint64
	span  int64 // hours that a window had room for

	hours map[int64]uint64 // digests by hours since 1970
	days  map[int64]uint64 // digests by days since 1970
}

const (
	cursorPrefix = "pp1."
	// mostDigests bounds what a cursor may hold: days, and the hours of the days that are not folded yet.
	mostDigests = owedDays + 2 + (recentDays+2)*24
)

func newCursor(since int64) *cursor {
	return &cursor{since: since, high: since, span: longestHours, hours: map[int64]uint64{}, days: map[int64]uint64{}}
}

// hourly is the first day whose digests are kept by the hour.
func (c *cursor) hourly() int64 { return c.high/day - recentDays }

// unit is the hour or day that a time belongs to, as its start and end.
func (c *cursor) unit(t int64) (from, to int64) {
	size := int64(hour)
	if t/day < c.hourly() {
		size = day
	}
	from = t / size * size
	return from, from + size
}

func (c *cursor) digest(from, to int64) uint64 {
	if to-from == day {
		return c.days[from/day]
	}
	return c.hours[from/hour]
}

func (c *cursor) record(from, to int64, sum uint64) {
	if to-from == day {
		c.days[from/day] = sum
	} else {
		c.hours[from/hour] = sum
	}
}

// raise moves the end of what was listed; hours that are no more recent become days.
func (c *cursor) raise(high int64) {
	c.high = max(c.high, high)
	for h, sum := range c.hours {
		if d := h * hour / day; d < c.hourly() {
			c.days[d] += sum
			delete(c.hours, h)
		}
	}
	if c.owed < c.high-owedDays*day {
		c.owed = 0
	}
	oldest := min(c.high, c.deep)/day - digestDays
	for _, t := range []int64{c.owed, c.at} { // what the pass under way and the next one will ask for
		if t > 0 {
			oldest = min(oldest, t/day)
		}
	}
	oldest = max(oldest, c.high/day-owedDays)
	for d := range c.days {
		if d < oldest {
			delete(c.days, d)
		}
	}
}

// begin starts a new pass: over the last days, or the month, or from where something is owed. What changed behind a pass
// while it was under way changed after it began.
func (c *cursor) begin(now int64) {
	back := min(c.high, c.begun) - recentDays*day
	if now-c.deep >= day {
		back, c.deep = min(c.high, c.deep)-digestDays*day, now
	}
	c.begun = now
	if c.owed > 0 {
		back, c.owed = min(back, c.owed), 0
	}
	c.at = c.startOf(max(back, c.since))
}

// owe notes that an hour or day must be listed again, although nothing in it may have changed.
func (c *cursor) owe(from, to int64) {
	c.record(from, to, c.digest(from, to)+1)
	if c.owed == 0 || from < c.owed {
		c.owed = from
	}
}

// startOf is the start of the hour or day that a time belongs to.
func (c *cursor) startOf(t int64) int64 {
	from, _ := c.unit(t)
	return from
}

func (c *cursor) String() string {
	b := make([]byte, 0, 1024)
	for _, v := range []int64{c.since, c.high, c.begun, c.deep, c.owed, c.at, c.span} {
		b = binary.AppendVarint(b, v)
	}
	if c.mid {
		b = append(b, 1)
		b = binary.AppendVarint(b, c.time)
		b = binary.BigEndian.AppendUint64(b, c.hash)
	} else {
		b = append(b, 0)
	}
	for _, m := range []map[int64]uint64{c.days, c.hours} {
		keys := make([]int64, 0, len(m))
		for k, sum := range m {
			if sum != 0 {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		b = binary.AppendUvarint(b, uint64(len(keys)))
		for _, k := range keys {
			b = binary.AppendVarint(b, k)
			b = binary.BigEndian.AppendUint64(b, m[k])
		}
	}
	return cursorPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads what String wrote, and nothing else.
func parseCursor(s string) (*cursor, bool) {
	rest, ok := strings.CutPrefix(s, cursorPrefix)
	if !ok {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil {
		return nil, false
	}
	r := reader{b: b}
	c := newCursor(0)
	c.since, c.high, c.begun, c.deep, c.owed, c.at, c.span = r.time(), r.time(), r.time(), r.time(), r.time(), r.time(), r.varint()
	switch r.byte() {
	case 0:
	case 1:
		c.mid, c.time, c.hash = true, r.time(), r.uint64()
	default:
		r.bad = true
	}
	for _, m := range []map[int64]uint64{c.days, c.hours} {
		n := r.uvarint()
		if n > mostDigests {
			return nil, false
		}
		for range n {
			k := r.time()
			m[k] = r.uint64()
		}
	}
	if r.bad || len(r.b) > 0 || c.span < 1 || c.span > longestHours || c.since > c.high || c.mid && c.at == 0 || c.at != 0 && c.at > c.high+day {
		return nil, false
	}
	return c, c.String() == s
}

// reader takes bytes apart; bad says that they were not there.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) {
	if n <= 0 || n > len(r.b) {
		r.b, r.bad = nil, true
		return
	}
	r.b = r.b[n:]
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.take(n)
	return v
}

// maxTime is the year 2200: beyond it nothing is a time.
var maxTime = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

func (r *reader) time() int64 {
	v := r.varint()
	r.bad = r.bad || v < 0 || v > maxTime
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.take(n)
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uint64() uint64 {
	if len(r.b) < 8 {
		r.b, r.bad = nil, true
		return 0
	}
	v := binary.BigEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}
