package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v76"

	"github.com/acquit-app/acquit/core/gateway"
)

// The list is read along four ways, in this order:
//
//   - payouts that can be decomposed now: their movements come again, with the payout they are in;
//   - forward: the balance transactions after the last one read, oldest first. Every movement of money is one;
//   - events: what changed without a balance transaction of its own (a debit confirmed, a fee told, a status), for as long
//     as Stripe keeps events: 30 days;
//   - a sweep, once an hour: the balance transactions of the last days are read again, a few hours at a time, and those hours
//     come again that do not look as they did. It finds what appeared late among what was read, and changes whose event
//     was missed. It goes back further where events cannot be had: because the key may not read them, or because nobody
//     asked for so long that they are gone.
//
// At rest nothing comes and the cursor stays; it moves about once an hour, with the sweep.
const (
	overlap    = 3 * 24 * time.Hour
	slowest    = 21 * 24 * time.Hour // no debit stays undecided for longer
	eventsKept = 29 * 24 * time.Hour // Stripe says 30
	sweepEvery = time.Hour
	bucket     = 6 * 3600 // seconds: the hours that a sweep compares at once
	// maxCalls bounds the calls to Stripe of one page, maxFetches those for single objects among them.
	maxCalls   = 12
	maxFetches = 20
	// maxQueue bounds the payouts to decompose that a cursor remembers; reading on waits for them.
	maxQueue = 40
	// promptly is how soon after a charge its success is the end of the one step that the forward way sees anyway.
	promptly = 10 * 60
)

// cursor is where the reading of a list stands. It is JSON, in the order of the ways.
type cursor struct {
	V       int      `json:"v"`
	Queue   []string `json:"q,omitempty"`  // payouts to decompose
	After   string   `json:"qa,omitempty"` // the last balance transaction read of the first of them
	Since   int64    `json:"f"`            // how far back anything is read
	Time    int64    `json:"t"`            // creation of the newest balance transaction read, or where to begin
	Txn     string   `json:"i,omitempty"`  // its id
	EvTime  int64    `json:"e"`            // up to when events were read, to the day
	Event   string   `json:"j,omitempty"`  // the newest event read
	NoEvent bool     `json:"n,omitempty"`  // the key may not read events
	Swept   int64    `json:"s"`            // when the last sweep ended
	Sweep   *sweep   `json:"p,omitempty"`  // the one under way
	First   int64    `json:"wb,omitempty"` // number of the first bucket of Sums
	Sums    []uint32 `json:"w,omitempty"`  // how each bucket looked
}

type sweep struct {
	Bucket int64  `json:"b"`
	End    int64  `json:"e"` // the last bucket
	After  string `json:"a,omitempty"`
	Sum    uint32 `json:"s,omitempty"` // of what was read of the bucket
	Emit   bool   `json:"x,omitempty"` // the bucket looks different: this time what is read is given out
}

func parseCursor(s string) (cursor, error) {
	var c cursor
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.DisallowUnknownFields()
	if len(s) > gateway.MaxCursor || d.Decode(&c) != nil || d.More() || c.V != 1 || c.Time < c.Since || c.Since < beginning || len(c.Queue) > maxQueue || len(c.Sums) > maxSums {
		return c, refuse("bad_cursor", "this cursor is not one of this gateway's")
	}
	return c, nil
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return string(b)
}

// maxSums is the longest window, in buckets, with room for the one that begins and the one that ends.
const maxSums = int(slowest/time.Second)/bucket + 2

// note adds how a movement looks to its bucket.
func (c *cursor) note(created int64, sum uint32) {
	n := created / bucket
	if len(c.Sums) == 0 {
		c.First = n
	}
	if n < c.First {
		return // older than the window: a sweep that goes there gives it out again
	}
	for n >= c.First+int64(len(c.Sums)) {
		if int64(len(c.Sums)) < n-c.First+1 && len(c.Sums) < maxSums {
			c.Sums = append(c.Sums, 0)
			continue
		}
		// Beyond a long gap everything before is out of the window.
		drop := min(n-c.First-int64(maxSums)+1, int64(len(c.Sums)))
		c.Sums, c.First = c.Sums[drop:], c.First+drop
		if len(c.Sums) == 0 {
			c.First = n
		}
	}
	c.Sums[n-c.First] += sum
}

func (c *cursor) sum(n int64) uint32 {
	if i := n - c.First; i >= 0 && i < int64(len(c.Sums)) {
		return c.Sums[i]
	}
	return 0
}

func (c *cursor) setSum(n int64, sum uint32) {
	if i := n - c.First; i >= 0 && i < int64(len(c.Sums)) {
		c.Sums[i] = sum
	} else if sum != 0 {
		c.note(n*bucket, sum)
	}
}

// window is how far back a sweep goes, in buckets.
func (c *cursor) window() int64 {
	if c.NoEvent {
		return int64(slowest/time.Second) / bucket
	}
	return int64(overlap/time.Second) / bucket
}

// looks is what a sweep compares of a movement.
func (it item) looks() uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s|%s|%s|%s|%s|%s|%s|%s|%s|%s|%s", it.txn, it.Kind, it.ID, it.State, it.Reason, it.Gross, it.FeeState, it.Fee, it.Charged, it.AvailableAt, it.compose)
	if s := h.Sum32(); s != 0 {
		return s
	}
	return 1
}

// reader makes one page.
type reader struct {
	*conn
	cursor

	limit   int
	calls   int
	fetches int
	out     []gateway.Payment
}

// room is how many movements the page still takes, as Stripe counts pages.
func (r *reader) room() int { return min(r.limit-len(r.out), pageOf) }

func (r *reader) full() bool { return r.room() <= 0 || r.calls >= maxCalls }

func (r *reader) give(it item) {
	if it.ID == "" {
		return
	}
	r.out = append(r.out, it.Payment)
	if it.compose != "" && it.PayoutID == "" && !slices.Contains(r.Queue, it.compose) {
		r.Queue = append(r.Queue, it.compose)
	}
}

// ListPayments implements gateway.Gateway.
func (c *conn) ListPayments(ctx context.Context, q gateway.ListRequest) (gateway.Page, error) {
	r := &reader{conn: c, limit: q.Limit}
	if r.limit <= 0 {
		r.limit = pageOf
	}
	r.limit = min(r.limit, gateway.MaxPage)
	if q.Cursor == "" {
		if err := r.begin(ctx, q.Since); err != nil {
			return gateway.Page{}, err
		}
	} else {
		var err error
		if r.cursor, err = parseCursor(q.Cursor); err != nil {
			return gateway.Page{}, err
		}
	}
	caughtUp, err := r.read(ctx)
	next := r.cursor.String()
	if err != nil && (len(r.out) == 0 && next == q.Cursor || q.Cursor == "" && len(r.out) == 0) {
		return gateway.Page{}, err
	}
	// What was read before something went wrong is given out; the next call meets the trouble again.
	return gateway.Page{Payments: r.out, Next: next, CaughtUp: caughtUp && err == nil}, nil
}

// begin places a new cursor. The newest event is marked before anything is read, so that what changes meanwhile is told.
func (r *reader) begin(ctx context.Context, since time.Time) error {
	now := r.now().Unix()
	r.cursor = cursor{V: 1, Since: beginning, Time: beginning, EvTime: now, Swept: now}
	if !since.IsZero() && since.Unix() > beginning {
		r.Since, r.Time = since.Unix(), since.Unix()
	}
	p := eventParams(1)
	l, err := r.list(ctx, eventPath, p)
	switch {
	case errors.Is(err, errForbidden):
		r.NoEvent = true
	case err != nil:
		return err
	case len(l.Data) > 0:
		var e event
		if json.Unmarshal(l.Data[0], &e) == nil {
			r.Event = e.ID
		}
	}
	return nil
}

func (r *reader) read(ctx context.Context) (caughtUp bool, err error) {
	for _, way := range []func(context.Context) (bool, error){r.compose, r.forward, r.compose, r.changes, r.compose, r.again, r.compose} {
		done, err := way(ctx)
		if err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// compose gives out the movements of payouts that can be decomposed, with the payout that they are in.
func (r *reader) compose(ctx context.Context) (done bool, err error) {
	for len(r.Queue) > 0 {
		if r.full() {
			return false, nil
		}
		r.calls++
		items, more, err := r.composition(ctx, r.Queue[0], r.After, r.room())
		if e := gateway.AsError(err); err != nil && e.Kind != gateway.ErrNotFound && e.Kind != gateway.ErrPermanent {
			return false, err
		}
		for _, it := range items {
			r.give(it)
		}
		if more {
			r.After = items[len(items)-1].txn
		} else {
			r.Queue, r.After = r.Queue[1:], ""
		}
	}
	r.Queue = nil
	return true, nil
}

// forward reads the balance transactions after the last one, oldest first.
func (r *reader) forward(ctx context.Context) (done bool, err error) {
	for {
		if r.full() {
			return false, nil
		}
		var found []json.RawMessage
		var more bool
		if r.Txn == "" {
			if found, more, err = r.oldest(ctx, r.txnsBetween, &r.Time); err != nil {
				return false, err
			}
			if len(found) > r.room() {
				found, more = found[:r.room()], true
			}
		} else {
			p := txnParams(r.room())
			p.EndingBefore = stripe.String(r.Txn)
			l, err := r.list(ctx, txnPath, p)
			if e := gateway.AsError(err); err != nil && (e.Kind == gateway.ErrNotFound || e.Kind == gateway.ErrPermanent) {
				// The place is gone: test data can be wiped. Its time still stands.
				r.Txn = ""
				continue
			}
			if err != nil {
				return false, err
			}
			found, more = l.Data, l.HasMore
			slices.Reverse(found)
		}
		for _, body := range found {
			it, err := r.item(ctx, body)
			if err != nil {
				return false, err
			}
			r.give(it)
			r.note(it.created, it.looks())
			if it.txn != "" {
				r.Txn = it.txn
			}
			r.Time = max(r.Time, it.created)
			if len(r.Queue) >= maxQueue {
				return false, nil
			}
		}
		if !more || len(found) == 0 {
			return true, nil
		}
		if len(r.Queue) > 0 {
			return false, nil
		}
	}
}

// between lists a span of time, newest first, from after an item on; until 0 is no end.
type between func(ctx context.Context, from, until int64, after string) (list, error)

// within sets what between asks for.
func within(p *stripe.ListParams, after string, from, until int64) *stripe.RangeQueryParams {
	if after != "" {
		p.StartingAfter = stripe.String(after)
	}
	return &stripe.RangeQueryParams{GreaterThanOrEqual: from, LesserThan: until}
}

func txnParams(limit int) *stripe.BalanceTransactionListParams {
	p := &stripe.BalanceTransactionListParams{Expand: stripe.StringSlice(expandSource)}
	p.Limit = stripe.Int64(int64(limit))
	return p
}

func (r *reader) txnsBetween(ctx context.Context, from, until int64, after string) (list, error) {
	p := txnParams(pageOf)
	p.CreatedRange = within(&p.ListParams, after, from, until)
	return r.list(ctx, txnPath, p)
}

func (r *reader) eventsBetween(ctx context.Context, from, until int64, after string) (list, error) {
	p := eventParams(pageOf)
	p.CreatedRange = within(&p.ListParams, after, from, until)
	return r.list(ctx, eventPath, p)
}

// oldest finds the first items of a list from a time on, oldest first. Stripe lists the newest first and has no other way
// to the oldest than to narrow the span until it holds no more than a page. from follows what is found to be empty.
func (r *reader) oldest(ctx context.Context, span between, from *int64) (found []json.RawMessage, more bool, err error) {
	l, err := span(ctx, *from, 0, "")
	if err != nil {
		return nil, false, err
	}
	if !l.HasMore {
		slices.Reverse(l.Data)
		return l.Data, false, nil
	}
	width := max(r.now().Unix()-*from, 2) / 2
	const narrowings = 80 // a span of decades is halved to a second, and doubled again over gaps
	for range narrowings {
		if l, err = span(ctx, *from, *from+width, ""); err != nil {
			return nil, false, err
		}
		if len(l.Data) > 0 && (!l.HasMore || width == 1) {
			break
		}
		if len(l.Data) > 0 {
			width /= 2
			continue
		}
		*from += width
		width *= 2
	}
	for l.HasMore { // more than a page within one second: its oldest are at the end
		next, err := span(ctx, *from, *from+width, headID(l.Data[len(l.Data)-1]))
		if err != nil || len(next.Data) == 0 {
			return nil, false, err
		}
		l = next
	}
	slices.Reverse(l.Data)
	return l.Data, true, nil
}

var errForbidden = errors.New("the key may not read this")

func (r *reader) list(ctx context.Context, path string, params any) (list, error) {
	var l list
	r.calls++
	a, err := r.api.read(ctx, path, params, &l)
	if err != nil && path == eventPath && a.status == http.StatusForbidden {
		err = errForbidden
	}
	return l, err
}

const eventPath = "/v1/events"

// changing are the events after which an object looks different although no balance transaction came; Stripe takes 20.
var changing = []string{
	"charge.pending", "charge.succeeded", "charge.failed", "charge.updated", "charge.refund.updated", "refund.created", "refund.updated",
	"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
	"payout.updated", "payout.paid", "payout.failed", "payout.canceled", "payout.reconciliation_completed",
}

func eventParams(limit int) *stripe.EventListParams {
	p := &stripe.EventListParams{Types: stripe.StringSlice(changing)}
	p.Limit = stripe.Int64(int64(limit))
	return p
}

// changes reads the events since the last one, and what they are about.
func (r *reader) changes(ctx context.Context) (done bool, err error) {
	now := r.now().Unix()
	if r.NoEvent {
		return true, nil
	}
	if now-r.EvTime > int64(eventsKept/time.Second) && r.Sweep == nil {
		// Nobody asked for a month: what changed in it is read from the objects themselves.
		r.Sweep = &sweep{Bucket: max(r.EvTime-int64(slowest/time.Second), r.Since) / bucket, End: r.EvTime / bucket}
		r.Event, r.EvTime = "", now-int64(eventsKept/time.Second)
	}
	for {
		if r.full() {
			return false, nil
		}
		var l list
		if r.Event == "" {
			var found []json.RawMessage
			found, l.HasMore, err = r.oldest(ctx, r.eventsBetween, &r.EvTime)
			l.Data = found
		} else {
			p := eventParams(pageOf)
			p.EndingBefore = stripe.String(r.Event)
			l, err = r.list(ctx, eventPath, p)
			slices.Reverse(l.Data)
			if e := gateway.AsError(err); err != nil && !errors.Is(err, errForbidden) && (e.Kind == gateway.ErrNotFound || e.Kind == gateway.ErrPermanent) {
				r.Event = "" // older than 30 days and forgotten; the time stands
				continue
			}
		}
		if errors.Is(err, errForbidden) {
			r.NoEvent = true
			return true, nil
		}
		if err != nil {
			return false, err
		}
		seen := map[string]bool{}
		for _, body := range l.Data {
			if r.room() <= 0 || r.fetches >= maxFetches || len(r.Queue) >= maxQueue {
				return false, nil
			}
			var e event
			if json.Unmarshal(body, &e) != nil || e.ID == "" {
				continue
			}
			if err := r.follow(ctx, e, seen); err != nil {
				return false, err
			}
			r.Event = e.ID
		}
		if !l.HasMore || len(l.Data) == 0 {
			break
		}
	}
	if now-r.EvTime > 24*3600 {
		r.EvTime = now
	}
	return true, nil
}

// follow reads again what an event is about, where that may tell more than the forward way.
func (r *reader) follow(ctx context.Context, e event, seen map[string]bool) error {
	id := e.worth()
	if e.Type == "payout.reconciliation_completed" && strings.HasPrefix(id, "po_") {
		if !slices.Contains(r.Queue, id) {
			r.Queue = append(r.Queue, id)
		}
		return nil
	}
	if id == "" || seen[id] {
		return nil
	}
	seen[id] = true
	r.fetches++
	p, err := r.fetch(ctx, id)
	switch ge := gateway.AsError(err); {
	case errors.Is(err, errNoMovement):
	case err == nil:
		if gateway.CheckPayment(p) == nil {
			r.out = append(r.out, p) // else it is kept as "other" when its balance transaction comes
		}
	case ge.Kind == gateway.ErrRetryable:
		return err // else it cannot be read, now or later, and what moved money comes the forward way
	}
	return nil
}

// worth is the id to read again after an event, or "" where the forward way finds all of it.
func (e event) worth() string {
	o := e.Data.Object
	switch o.Object {
	case "charge":
		late := e.Created-o.Created > promptly || delayed(o.Method.Type) || o.BalanceTransaction.ID == ""
		if e.Type == "charge.updated" || late {
			return first(o.PaymentIntent.ID, o.ID)
		}
	case "refund", "dispute", "payout":
		if e.Type == "refund.created" && o.BalanceTransaction.ID != "" {
			return ""
		}
		return o.ID
	}
	return ""
}

// again compares the balance transactions of the last days with how they looked.
func (r *reader) again(ctx context.Context) (done bool, err error) {
	now := r.now().Unix()
	if r.Sweep == nil {
		if now-r.Swept < int64(sweepEvery/time.Second) {
			return true, nil
		}
		if r.Txn == "" {
			r.Swept = now
			return true, nil
		}
		r.Sweep = &sweep{Bucket: max(r.Time/bucket-r.window(), r.First, r.Since/bucket), End: now / bucket}
	}
	for s := r.Sweep; s.Bucket <= s.End; {
		if r.full() || len(r.Queue) > 0 {
			return false, nil
		}
		p := txnParams(pageOf)
		if s.Emit {
			p = txnParams(r.room())
		}
		p.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: max(s.Bucket*bucket, r.Since), LesserThan: (s.Bucket + 1) * bucket}
		if s.After != "" {
			p.StartingAfter = stripe.String(s.After)
		}
		l, err := r.list(ctx, txnPath, p)
		if err != nil {
			return false, err
		}
		items := make([]item, 0, len(l.Data))
		for _, body := range l.Data {
			it, err := r.item(ctx, body)
			if err != nil {
				return false, err
			}
			items = append(items, it)
			s.Sum += it.looks()
		}
		slices.Reverse(items)
		same, given := s.Sum == r.sum(s.Bucket), s.Emit
		if !same && s.After == "" && !l.HasMore && len(items) <= r.room() {
			given = true // all of it is at hand
		}
		if given {
			for _, it := range items {
				r.give(it)
			}
		}
		switch {
		case l.HasMore && len(items) > 0:
			s.After = items[0].txn // reversed: the last of the page
		case given:
			r.setSum(s.Bucket, s.Sum)
			*s = sweep{Bucket: s.Bucket + 1, End: s.End}
		case !same:
			*s = sweep{Bucket: s.Bucket, End: s.End, Emit: true}
		default:
			*s = sweep{Bucket: s.Bucket + 1, End: s.End}
		}
	}
	if r.NoEvent { // maybe the key may read them by now
		r.NoEvent, r.Event, r.EvTime = false, "", now-24*3600
	}
	r.Sweep, r.Swept = nil, now
	r.forget()
	return true, nil
}

// forget drops how hours looked that no sweep will look at again.
func (r *reader) forget() {
	if drop := r.Time/bucket - r.window() - r.First; drop > 0 && drop < int64(len(r.Sums)) {
		r.Sums, r.First = r.Sums[drop:], r.First+drop
	}
}
