package paypal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

const (
	history       = 3*365*24*time.Hour - 48*time.Hour // Transaction Search: "the previous three years"
	longestWindow = 31 * 24 * time.Hour
	longestHours  = 31 * 24
	searchPage    = 500    // the largest page
	searchMost    = 10_000 // rows of a window, beyond which it is refused

	pageSize    = 100 // when the host asks for no size
	mostWindows = 8   // windows read for one page
	mostLookups = 40  // objects read for one page
)

// window is what Transaction Search answered for a stretch of time.
type window struct {
	rows      []row
	end       int64 // up to where the answer reaches
	refreshed int64 // up to where PayPal's data reach; 0: not told
	total     int   // rows that there are; above len(rows) only the first page was read
	tooLarge  bool
}

// ListPayments implements gateway.Gateway. See cursor for how nothing is left out.
func (d *desk) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	now := d.p.opt.Now().Unix()
	oldest := now - int64(history/time.Second)
	var c *cursor
	if r.Cursor == "" {
		since := oldest
		if !r.Since.IsZero() {
			since = min(max(since, r.Since.Unix()), now)
		}
		c = newCursor(since)
		c.begun, c.deep, c.at = now, now, c.startOf(since)
		if r.Since.Unix() > now {
			return gateway.Page{Next: c.String(), CaughtUp: true}, nil
		}
	} else {
		var ok bool
		if c, ok = parseCursor(r.Cursor); !ok {
			return gateway.Page{}, refuse("bad_cursor", "this cursor is not one of the PayPal connector's")
		}
	}
	limit := r.Limit
	if limit <= 0 {
		limit = pageSize
	}
	s := scan{d: d, c: c, now: now, oldest: oldest, limit: min(limit, gateway.MaxPage), look: d.newLookup(ctx)}
	page, err := s.page(ctx)
	if err != nil {
		return gateway.Page{}, err
	}
	return page, nil
}

// scan makes one page of the list.
type scan struct {
	d           *desk
	c           *cursor
	now, oldest int64
	limit       int
	look        *lookup
	out         gateway.Page
}

func (s *scan) page(ctx context.Context) (gateway.Page, *gateway.Error) {
	c := s.c
	if c.at == 0 { // a new pass
		c.begin(s.now)
	}
	if first := c.startOf(s.oldest); c.at < first {
		c.at, c.mid = first, false
	}
	for range mostWindows {
		full, err := s.window(ctx)
		if err != nil {
			if len(s.out.Payments) == 0 {
				return gateway.Page{}, err
			}
			break // what is there goes first; the next call meets the trouble again
		}
		if full || s.out.CaughtUp {
			break
		}
	}
	c.raise(c.at) // all before the place is listed, and digests by the hour are many
	s.out.Next = c.String()
	return s.out, nil
}

// window reads on from the place in the pass: as far as fits, hour by hour or day by day. It says whether the page is full.
func (s *scan) window(ctx context.Context) (full bool, err *gateway.Error) {
	c := s.c
	start := c.at
	_, unitEnd := c.unit(start)
	to := start + c.span*hour
	if first := c.hourly() * day; start < first { // days are read in whole days
		to = min(max(to/day*day, unitEnd), first)
	}
	to = min(max(to, unitEnd), start+longestHours*hour)
	last := to >= s.now
	if last {
		to = s.now
	}
	if to <= start { // our clock is behind PayPal's
		s.finish(start)
		return false, nil
	}
	w, err := s.d.search(ctx, start, to, to <= unitEnd)
	if err != nil {
		return false, err
	}
	if w.tooLarge || w.total > len(w.rows) { // several hours or days, of which only a part came: take fewer
		c.span = max(1, min((to-start)/hour/2, (to-start)/hour*int64(s.limit)/int64(max(w.total, 1))))
		return false, nil
	}
	switch hours := (to - start) / hour; {
	case w.total > s.limit:
		c.span = max(1, hours*int64(s.limit)/int64(w.total))
	case w.total < s.limit/2:
		c.span = min(longestHours, c.span*2)
	}
	end := to
	if w.end < to { // PayPal cut the window
		end, last = w.end, w.end <= start
	}
	if w.refreshed > 0 && w.refreshed <= end {
		end, last = w.refreshed, true
	}
	for from := start; from < to && (from < end || from == start); {
		_, unitTo := c.unit(from)
		if full, err = s.unit(ctx, w, from, unitTo); full || err != nil {
			return full, err
		}
		c.mid, c.time, c.hash = false, 0, 0
		from = unitTo
		c.at = from
	}
	if last {
		s.finish(end)
	} else {
		c.raise(min(c.at, end))
		// PayPal may have cut the window within an hour or day: that one is read again with what follows.
		c.at = min(c.at, c.startOf(end))
		if c.at <= start {
			s.finish(end)
		}
	}
	return false, nil
}

// finish ends the pass.
func (s *scan) finish(end int64) {
	s.c.raise(end)
	s.c.at, s.c.mid = 0, false
	s.out.CaughtUp = true
}

// unit lists one hour or day, unless it is as it was when it was listed last.
func (s *scan) unit(ctx context.Context, w window, from, to int64) (full bool, err *gateway.Error) {
	c := s.c
	var rows []keyed
	var sum uint64
	for _, r := range w.rows {
		if k := key(r, from); k.time >= from && k.time < to && k.time >= c.since {
			rows = append(rows, k)
			sum += k.hash
		}
	}
	// The digest is recorded with the first row, as it is now, although the listing may go on in a later call: whatever comes
	// in between makes the next pass list this hour or day again.
	recorded := c.mid
	if !recorded && c.digest(from, to) == sum {
		return false, nil
	}
	if len(rows) == 0 && !recorded {
		c.record(from, to, 0)
	}
	slices.SortFunc(rows, keyed.compare)
	for _, k := range rows {
		if c.mid && k.compare(keyed{time: c.time, hash: c.hash}) <= 0 {
			continue
		}
		if len(s.out.Payments) >= s.limit || s.look.done >= mostLookups {
			return true, nil
		}
		p, err := s.look.snapshot(k.row)
		if err != nil && (ctx.Err() != nil || !s.look.spoiled(err)) {
			return false, err
		}
		if !recorded {
			c.record(from, to, sum)
			recorded = true
		}
		c.at, c.mid, c.time, c.hash = from, true, k.time, k.hash
		if err != nil {
			// One object that cannot be read does not hold up the rest: its hour or day is listed again by the next pass. A
			// payment or refund is told as pending meanwhile; what cannot even be named without the object waits.
			c.owe(from, to)
			s.d.p.opt.Log.Warn().Str("transaction", k.row.Info.ID).Str("code", err.Code).Msg("a movement's details could not be read; they are asked for again")
			if p = k.row.payment(); p.Kind != gateway.KindPayment && p.Kind != gateway.KindRefund {
				continue
			}
			p.State, p.FeeState, p.Reason = gateway.Pending, gateway.FeeUnknown, "LOOKUP_FAILED"
			p.Fee, p.Net = money.Money{}, money.Money{}
		}
		s.out.Payments = append(s.out.Payments, p)
	}
	return false, nil
}

// keyed is a row at its place in the list: by time and, within a second, by hash.
type keyed struct {
	row  row
	time int64
	hash uint64
}

func (k keyed) compare(o keyed) int {
	switch {
	case k.time != o.time:
		if k.time < o.time {
			return -1
		}
		return 1
	case k.hash < o.hash:
		return -1
	case k.hash > o.hash:
		return 1
	}
	return 0
}

// key hashes what tells a row and a change of it. A row without a time is taken for one of the window's start.
func key(w row, start int64) keyed {
	i := w.Info
	t := start
	if at := w.at(); !at.IsZero() {
		t = at.Unix()
	}
	value := func(a *amount) string {
		if a == nil {
			return ""
		}
		return a.Value + a.Currency
	}
	h := sha256.New()
	for _, s := range []string{i.ID, i.Code, strconv.FormatInt(t, 10), i.Updated.UTC().Format(time.RFC3339), value(i.Amount), value(i.Fee), i.Status} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return keyed{row: w, time: t, hash: binary.BigEndian.Uint64(h.Sum(nil))}
}

// search reads the rows of [from, to). Of a stretch that cannot be made smaller all pages are read; of others the first,
// whose total says how much smaller to make it.
func (d *desk) search(ctx context.Context, from, to int64, all bool) (window, *gateway.Error) {
	var w window
	seen := map[string]bool{}
	for page, pages := 1, 1; page <= pages; page++ {
		q := url.Values{
			"start_date": {time.Unix(from, 0).UTC().Format(time.RFC3339)}, "end_date": {time.Unix(to, 0).UTC().Format(time.RFC3339)},
			"fields": {"transaction_info,payer_info"}, "balance_affecting_records_only": {"Y"},
			"page_size": {strconv.Itoa(searchPage)}, "page": {strconv.Itoa(page)},
		}
		a, err := d.searchPage(ctx, q)
		if err != nil && err.Code == "RESULTSET_TOO_LARGE" {
			w.tooLarge = true
			if !all || to-from < 2 {
				if all {
					return w, gateway.Fail(gateway.ErrPermanent, gateway.NotDone, err.Code, "more transactions in a second than PayPal lists")
				}
				return w, nil
			}
			return d.searchHalves(ctx, from, to)
		}
		if err != nil {
			return w, err
		}
		if page == 1 {
			w.end, w.refreshed, w.total = to, 0, max(a.Total, len(a.Details))
			if !a.End.IsZero() {
				w.end = a.End.Unix()
			}
			if !a.Refreshed.IsZero() {
				w.refreshed = a.Refreshed.Unix()
			}
			pages = min(a.Pages, searchMost/searchPage)
			if pages > 1 && !all {
				w.rows = nil
				return w, nil
			}
		}
		for _, raw := range a.Details {
			if seen[string(raw)] {
				continue // a row that came in while we turned the page pushed this one onto the next
			}
			seen[string(raw)] = true
			w.rows = append(w.rows, readRow(raw))
		}
	}
	w.total = len(w.rows)
	return w, nil
}

// searchHalves reads an hour or day that is too large for one search, by halves.
func (d *desk) searchHalves(ctx context.Context, from, to int64) (window, *gateway.Error) {
	middle := from + (to-from)/2
	a, err := d.search(ctx, from, middle, true)
	if err != nil {
		return a, err
	}
	b, err := d.search(ctx, middle, to, true)
	if err != nil {
		return b, err
	}
	if a.end < middle { // cut: what follows is not known to be whole
		return a, nil
	}
	known := map[string]bool{} // both halves hold the second between them
	for _, r := range a.rows {
		known[string(r.raw)] = true
	}
	for _, r := range b.rows {
		if !known[string(r.raw)] {
			a.rows = append(a.rows, r)
		}
	}
	a.end, a.refreshed, a.total = b.end, b.refreshed, len(a.rows)
	return a, nil
}

// readRow reads one row; what cannot be read is set aside by the host.
func readRow(raw json.RawMessage) row {
	var w row
	if json.Unmarshal(raw, &w) != nil {
		w = row{}
	}
	w.raw = raw
	return w
}

type searchAnswer struct {
	Details   []json.RawMessage `json:"transaction_details"`
	Pages     int               `json:"total_pages"`
	Total     int               `json:"total_items"`
	End       moment            `json:"end_date"`
	Refreshed moment            `json:"last_refreshed_datetime"`
}

// searchPage makes one search. PayPal also answers 200 with an error inside.
func (d *desk) searchPage(ctx context.Context, q url.Values) (searchAnswer, *gateway.Error) {
	var a searchAnswer
	raw, err := d.account.fetch(ctx, get("/v1/reporting/transactions", q), &a)
	if err != nil {
		return a, err
	}
	var r refusal
	if a.Details == nil && json.Unmarshal(raw, &r) == nil && r.code() != "" {
		kind := gateway.ErrRetryable
		if code := r.code(); code == "NOT_AUTHORIZED" || code == "PERMISSION_DENIED" {
			kind = gateway.ErrConfig
		}
		return a, gateway.Fail(kind, gateway.NotDone, r.code(), "Transaction Search answered 200 with an error")
	}
	return a, nil
}

// searchID reads the rows of one transaction within a window.
func (d *desk) searchID(ctx context.Context, id string, from, to time.Time) ([]row, *gateway.Error) {
	a, err := d.searchPage(ctx, url.Values{
		"transaction_id": {id}, "start_date": {from.UTC().Format(time.RFC3339)}, "end_date": {to.UTC().Format(time.RFC3339)},
		"fields": {"transaction_info,payer_info"}, "balance_affecting_records_only": {"Y"}, "page_size": {strconv.Itoa(searchPage)}, "page": {"1"},
	})
	if err != nil {
		return nil, err
	}
	rows := make([]row, 0, len(a.Details))
	for _, raw := range a.Details {
		rows = append(rows, readRow(raw))
	}
	return rows, nil
}
