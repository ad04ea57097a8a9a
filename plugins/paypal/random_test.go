package paypal_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

var (
	seed  = flag.Uint64("seed", 1, "of the random run")
	steps = flag.Int("steps", 2000, "of the random run")
)

// life is a random run: a payer, a provider, a bad network, a host that creates, captures and refunds with the keys that it
// wrote down before, and an observer that sees nothing but the list.
type life struct {
	*shop
	r *rand.Rand

	pages    map[string]gateway.Checkout
	young    []string // of captured, those whose fee or end may be open
	captured []string
	born     map[string]time.Time
	refunds  []string
	leaving  []string                         // of refunds, those that may pend
	hanging  map[string]gateway.RefundRequest // whose answer was lost
	disputes []string
	payouts  []string
	log      []string

	cursor string
	seen   map[string]gateway.Payment
	times  map[string]int
	polled int
}

func (l *life) note(format string, a ...any) {
	l.log = append(l.log, fmt.Sprintf(format, a...))
	if len(l.log) > 40 {
		l.log = l.log[1:]
	}
}

// ends lets a capture come to where it goes no further: the fee told, what was pending ended.
func (l *life) ends(id string, paid bool) {
	l.young = slices.DeleteFunc(l.young, func(s string) bool { return s == id })
	l.note("end of %s (paid %t): %v, %v", id, paid, l.fake.SettleCapture(id, paid), l.fake.TellFee(id))
}

// watch is the provider's own view: what there is, the host may not know yet, for an answer that was lost.
func (l *life) watch() {
	for _, id := range l.fake.Captures(l.merchant) {
		if l.born[id].IsZero() {
			l.captured, l.young, l.born[id] = append(l.captured, id), append(l.young, id), l.clock.now()
		}
	}
	for _, id := range l.fake.Refunds(l.merchant) {
		if l.born[id].IsZero() {
			l.refunds, l.leaving, l.born[id] = append(l.refunds, id), append(l.leaving, id), l.clock.now()
		}
	}
}

// leaves ends a refund that pends.
func (l *life) leaves(id string, done bool) {
	l.leaving = slices.DeleteFunc(l.leaving, func(s string) bool { return s == id })
	l.note("refund %s ends: %v", id, l.fake.SettleRefund(id, done))
}

func pick[T any](l *life, from []T) (T, bool) {
	var none T
	if len(from) == 0 {
		return none, false
	}
	return from[l.r.IntN(len(from))], true
}

// network lets some call to come go wrong, before or after it has its effect.
func (l *life) network() {
	kinds := []paypalfake.FaultKind{paypalfake.FaultDrop, paypalfake.FaultMalformed, paypalfake.FaultHTML, paypalfake.FaultStatus, paypalfake.FaultEmpty}
	paths := []string{"/v2/checkout/orders", "/v2/checkout/orders/*/capture", "/v2/payments", "/v1/reporting", "/v1/oauth2/token", "/v1/customer"}
	l.fake.Inject(paypalfake.Fault{
		Path: paths[l.r.IntN(len(paths))], Kind: kinds[l.r.IntN(len(kinds))], Status: []int{500, 503, 429, 502}[l.r.IntN(4)], After: l.r.IntN(2) == 0,
	})
}

// may fails the run on an error that a bad network does not explain.
func (l *life) may(err error) bool {
	if err == nil {
		return true
	}
	var e *gateway.Error
	if !errors.As(err, &e) || e.Kind != gateway.ErrRetryable {
		l.t.Fatalf("%v\n%s", err, strings.Join(l.log, "\n"))
	}
	return false
}

func (l *life) step() {
	ctx := l.t.Context()
	refunder := l.g.(gateway.Refunder)
	l.clock.pass(time.Duration(l.r.IntN(20)) * time.Minute)
	if l.r.IntN(40) == 0 {
		l.clock.pass(time.Duration(l.r.IntN(8*24)) * time.Hour)
	}
	// PayPal ends what is pending within 30 days, and tells fees much sooner.
	for len(l.young) > 0 && l.clock.now().Sub(l.born[l.young[0]]) > 18*24*time.Hour {
		l.ends(l.young[0], l.r.IntN(3) > 0)
	}
	for len(l.leaving) > 0 && l.clock.now().Sub(l.born[l.leaving[0]]) > 18*24*time.Hour {
		l.leaves(l.leaving[0], l.r.IntN(3) > 0)
	}
	if l.r.IntN(6) == 0 {
		l.network()
	}
	switch n := l.r.IntN(100); {
	case n < 25: // open a page, and pay on it or not
		key := fmt.Sprintf("at_%d", len(l.pages))
		cur := []money.Currency{money.EUR, money.EUR, money.EUR, "USD", "GBP", "JPY", "HUF"}[l.r.IntN(7)]
		minor := int64(100 + l.r.IntN(500_000))
		if cur == "HUF" {
			minor = (1 + minor/100) * 100
		}
		page, err := l.g.CreateCheckout(ctx, l.request(key, money.Of(minor, cur)))
		l.pages[key] = page
		if !l.may(err) {
			page, err = l.g.CreateCheckout(ctx, l.request(key, money.Of(minor, cur))) // the same key
			if !l.may(err) {
				return
			}
			l.pages[key] = page
		}
		o := []paypalfake.Outcome{{Act: paypalfake.Pays}, {Act: paypalfake.Pays}, {Act: paypalfake.Pend}, {Act: paypalfake.Decline}, {Act: paypalfake.Later}, {Act: paypalfake.Cancel}}[l.r.IntN(6)]
		l.note("page %s %s %s", page.SessionID, money.Of(minor, cur), o.Act)
		if err := l.fake.Pay(page.SessionID, o); err != nil {
			l.t.Fatal(err)
		}
	case n < 55: // the host looks at its pages, and takes the money
		for _, key := range slices.Sorted(maps.Keys(l.pages)) {
			page := l.pages[key]
			if page.SessionID == "" {
				continue
			}
			st, err := l.settle(key, page, true)
			if !l.may(err) {
				return
			}
			l.note("settle %s: %s %s", page.SessionID, st.State, st.Reason)
			switch st.State {
			case gateway.CheckoutRetry, gateway.CheckoutOpen:
				if err := l.fake.Pay(page.SessionID, paypalfake.Outcome{Act: paypalfake.Pays}); err != nil {
					l.note("too late for %s", page.SessionID)
				}
				continue
			case gateway.CheckoutAuthorized:
				continue
			}
			l.pages[key] = gateway.Checkout{}
			return
		}
	case n < 66:
		if id, ok := pick(l, l.young); ok {
			l.ends(id, l.r.IntN(3) > 0)
		}
	case n < 74: // the host refunds, with a key that it keeps until the outcome is certain
		for _, key := range slices.Sorted(maps.Keys(l.hanging)) {
			r := l.hanging[key]
			_, err := refunder.Refund(ctx, r)
			l.note("refund %s again: %v", key, err)
			if e := gateway.AsError(err); e == nil || e.Outcome == gateway.NotDone {
				delete(l.hanging, key)
			}
		}
		if id, ok := pick(l, l.captured); ok {
			p, err := l.g.FetchPayment(ctx, id)
			if !l.may(err) || p.State != gateway.Succeeded {
				return
			}
			amount := p.Gross
			if p.Charged != (money.Money{}) {
				amount = p.Charged
			}
			part := max(amount.Minor()/int64(1+l.r.IntN(4)), 1)
			if amount.Currency() == "HUF" {
				part = max(part/100, 1) * 100
			}
			r := gateway.RefundRequest{IdempotencyKey: fmt.Sprintf("rf_%d", l.r.Uint64()), PaymentID: id, Amount: money.Of(part, amount.Currency())}
			_, err = refunder.Refund(ctx, r)
			l.note("refund %s of %s: %v", r.Amount, id, err)
			if e := gateway.AsError(err); e != nil && e.Outcome == gateway.Unknown {
				l.hanging[r.IdempotencyKey] = r
			}
		}
	case n < 77:
		if id, ok := pick(l, l.leaving); ok {
			l.leaves(id, l.r.IntN(3) > 0)
		}
	case n < 79:
		if id, ok := pick(l, l.refunds); ok && !slices.Contains(l.log, "returned "+id) {
			l.note("refund %s returns: %v", id, l.fake.ReturnRefund(id))
		}
	case n < 83:
		if id, ok := pick(l, l.captured); ok {
			d, err := l.fake.OpenDispute(id, l.r.IntN(2) == 0, "UNAUTHORISED")
			l.note("dispute of %s: %s %v", id, d, err)
			if err == nil {
				l.disputes = append(l.disputes, d)
			}
		}
	case n < 86:
		if id, ok := pick(l, l.disputes); ok {
			l.note("end of %s: %v", id, l.fake.CloseDispute(id, l.r.IntN(2) == 0))
		}
	case n < 88:
		if id, ok := pick(l, l.captured); ok {
			l.note("reversal of %s: %v", id, l.fake.Reverse(id))
		}
	case n < 91:
		if id, err := l.fake.Withdraw(l.merchant, money.EUR, 0); err == nil {
			l.note("withdrawal %s", id)
			l.payouts = append(l.payouts, id)
		}
	case n < 92:
		if id, ok := pick(l, l.payouts); ok {
			_, err := l.fake.ReturnWithdrawal(l.merchant, id)
			l.note("withdrawal %s returns: %v", id, err)
		}
	case n < 94:
		if held := l.fake.Balance(l.merchant, "GBP"); held.Minor() > 100 {
			l.note("exchange of %s: %v", held, l.fake.Exchange(l.merchant, "GBP", money.EUR, held.Minor()/2))
		}
	case n < 96:
		code := []string{"T0100", "T0300", "T0700", "T1900", "T2103", "T2104", "T9912", "T1203"}[l.r.IntN(8)]
		line := paypalfake.Line{Code: code, Minor: int64(l.r.IntN(20_000)) - 10_000, Currency: money.EUR, Held: strings.HasPrefix(code, "T21"), NoBalance: l.r.IntN(5) == 0}
		_, err := l.fake.Write(l.merchant, line)
		l.note("line %+v: %v", line, err)
	default:
		l.fake.RevokeTokens(l.conn.Settings["client_id"])
	}
}

// poll is the observer: it keeps its cursor only when a page came whole.
func (l *life) poll(ctx context.Context, pages int) {
	for range pages {
		req := gateway.ListRequest{Cursor: l.cursor, Limit: 1 + l.r.IntN(20)}
		page, err := l.g.ListPayments(ctx, req)
		if err == nil {
			err = gateway.CheckPage(req, page)
		}
		if !l.may(err) {
			return
		}
		for _, p := range page.Payments {
			if err := gateway.CheckPayment(p); err != nil {
				l.t.Fatalf("%v: %+v\n%s", err, p, strings.Join(l.log, "\n"))
			}
			k := string(p.Kind) + " " + p.ID
			l.times[k]++
			if old, ok := l.seen[k]; ok && old.State != gateway.Pending && p.State == gateway.Pending && p.Reason != "LOOKUP_FAILED" {
				l.t.Fatalf("%s went from %s back to pending\n%s", k, old.State, strings.Join(l.log, "\n"))
			} else if ok && old.State != gateway.Pending && p.State == gateway.Pending {
				continue // as the host does: what is settled never pends again
			}
			l.seen[k] = p
		}
		l.polled++
		l.cursor = page.Next
		if page.CaughtUp {
			return
		}
	}
}

// line is a movement in one line.
func line(p gateway.Payment) string {
	return fmt.Sprintf("%s %s %s of %s %s %s %s fee %s %s net %s at %s", p.Kind, p.ID, p.State, p.RelatedID, p.Reason, p.Gross, p.Charged, p.FeeState, p.Fee, p.Net, p.OccurredAt.Format(time.RFC3339))
}

func TestRandomRun(t *testing.T) {
	l := &life{
		shop: newShop(t, func(o *paypalfake.AccountOptions) {
			o.Convert, o.Holds, o.FeesReturned, o.RefundsPend = true, []money.Currency{"GBP", "HUF"}, true, *seed%2 == 0
			o.Zone, o.Late, o.SearchMost, o.TooLargeSays200, o.SearchSpan = 120, 3*time.Hour, 60, *seed%3 == 0, 20*24*time.Hour
		}),
		r: rand.New(rand.NewPCG(*seed, 7)), pages: map[string]gateway.Checkout{}, hanging: map[string]gateway.RefundRequest{}, born: map[string]time.Time{},
		seen: map[string]gateway.Payment{}, times: map[string]int{},
	}
	for range *steps {
		l.step()
		l.watch()
		if l.r.IntN(4) == 0 {
			l.poll(t.Context(), 1+l.r.IntN(6))
		}
	}
	l.fake.Mend()
	for key, r := range l.hanging {
		_, err := l.g.(gateway.Refunder).Refund(t.Context(), r)
		if e := gateway.AsError(err); e != nil && e.Outcome == gateway.Unknown {
			t.Fatalf("refund %s: %v", key, err)
		}
	}
	l.watch()
	for len(l.young) > 0 {
		l.ends(l.young[0], true)
	}
	for len(l.leaving) > 0 {
		l.leaves(l.leaving[0], true)
	}
	l.clock.pass(30 * time.Hour) // what is late is reported, and the month is gone over again
	l.poll(t.Context(), 10_000)
	l.clock.pass(time.Minute)
	at := l.cursor
	l.poll(t.Context(), 10_000)

	all := make([]gateway.Payment, 0, len(l.seen))
	for _, p := range l.seen {
		all = append(all, p)
	}
	l.proves(all)
	// From the beginning, and in one go, the list tells the same.
	again, _, err := listOn(t.Context(), l.g, "", time.Time{}, 500)
	if err != nil {
		t.Fatal(err)
	}
	fresh := latest(again)
	for k, p := range fresh {
		if q, ok := l.seen[k]; !ok {
			t.Errorf("never seen by polling: %s", line(p))
		} else if q.State != p.State || !q.Gross.Equal(p.Gross) || q.FeeState != p.FeeState || !q.Fee.Equal(p.Fee) {
			t.Errorf("last seen by polling as %s\nit is %s", line(q), line(p))
		}
	}
	for k, p := range l.seen {
		if _, ok := fresh[k]; !ok {
			t.Errorf("seen by polling only: %s", line(p))
		}
	}
	t.Logf("seed %d: %d movements, %d captures, %d pages polled, cursor of %d bytes", *seed, len(l.seen), len(l.captured), l.polled, len(at))
	if len(at) > gateway.MaxCursor/2 || len(l.seen) < *steps/20 {
		t.Errorf("a cursor of %d bytes, %d movements", len(at), len(l.seen))
	}
	if t.Failed() {
		t.Log(strings.Join(l.log, "\n"))
	}
}
