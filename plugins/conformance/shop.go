package conformance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// shop is a merchant with an account at the provider.
type shop struct {
	gateway.Gateway
	h    *Harness
	conn gateway.Connection
}

// open opens a fresh account.
func (h *Harness) open(ctx context.Context) (*shop, error) { return h.with(ctx, h.Connect()) }

// with opens a connection.
func (h *Harness) with(ctx context.Context, c gateway.Connection) (*shop, error) {
	g, err := h.witness.Open(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return &shop{g, h, c}, nil
}

// inShop is a check that begins with a fresh account.
func inShop(f func(ctx context.Context, s *shop) error) func(context.Context, *Harness) error {
	return func(ctx context.Context, h *Harness) error {
		s, err := h.open(ctx)
		if err != nil {
			return err
		}
		return f(ctx, s)
	}
}

// The customer of every request. Nothing of it may come back in an error or a log line.
const (
	customerName  = "Élodie Martin-Kerguelen"
	customerEmail = "elodie@kerguelen.example"
)

var eur100 = money.Of(10_000, money.EUR)

// hundred is an amount of a hundred and its currency: euros, or the first currency that the gateway takes.
func (h *Harness) hundred() money.Money {
	cur := h.currencies()
	if len(cur) == 0 || slices.Contains(cur, money.EUR) {
		return eur100
	}
	return money.Of(10_000, cur[0])
}

// request is a plausible request for a pay page; key is both its idempotency key and its reference.
func (h *Harness) request(key string, amount money.Money) gateway.CheckoutRequest {
	return gateway.CheckoutRequest{
		IdempotencyKey: key, Reference: key, Amount: amount, Description: "Facture FA2026-0012", Document: "FA2026-0012",
		CustomerName: customerName, CustomerEmail: customerEmail, Locale: "fr-FR",
		ReturnURL: "http://127.0.0.1:9/back", CancelURL: "http://127.0.0.1:9/cancel", ExpiresAt: h.now().Add(time.Hour).Truncate(time.Second),
	}
}

// now is the time at the provider.
func (h *Harness) now() time.Time {
	now := time.Now
	if h.Now != nil {
		now = h.Now
	}
	return now().Add(h.ahead).UTC()
}

// page opens a pay page.
func (s *shop) page(ctx context.Context, key string, amount money.Money) (gateway.Checkout, error) {
	p, err := s.CreateCheckout(ctx, s.h.request(key, amount))
	if err != nil {
		return p, fmt.Errorf("create a checkout: %w", err)
	}
	return p, nil
}

// look looks at a page, without capture.
func (s *shop) look(ctx context.Context, session string) (gateway.CheckoutStatus, error) {
	st, err := s.SettleCheckout(ctx, gateway.SettleRequest{SessionID: session})
	if err != nil {
		return st, fmt.Errorf("look at a checkout: %w", err)
	}
	return st, nil
}

// capture takes what a payer agreed to.
func (s *shop) capture(ctx context.Context, session, key string) (gateway.CheckoutStatus, error) {
	return s.SettleCheckout(ctx, gateway.SettleRequest{SessionID: session, IdempotencyKey: key, Capture: true})
}

// pay opens a page for an amount, lets a payer visit it, takes the money where that is the merchant's to do, and returns
// page and state.
func (s *shop) pay(ctx context.Context, key string, amount money.Money, way Way) (gateway.Checkout, gateway.CheckoutStatus, error) {
	page, err := s.page(ctx, key, amount)
	if err != nil {
		return page, gateway.CheckoutStatus{}, err
	}
	if err := s.h.World.Pay(ctx, s.conn, page, way); err != nil {
		return page, gateway.CheckoutStatus{}, fmt.Errorf("the payer: %w", err)
	}
	st, err := s.finish(ctx, page, key)
	return page, st, err
}

// finish looks at a page after its payer's visit, and captures as the host does.
func (s *shop) finish(ctx context.Context, page gateway.Checkout, key string) (gateway.CheckoutStatus, error) {
	st, err := s.look(ctx, page.SessionID)
	if err == nil && st.State == gateway.CheckoutAuthorized {
		st, err = s.capture(ctx, page.SessionID, key+":capture")
	}
	return st, err
}

// one is the one payment of a page in a state.
func one(st gateway.CheckoutStatus, page gateway.CheckoutState, state gateway.State) (gateway.Payment, error) {
	if st.State != page || len(st.Payments) != 1 || st.Payments[0].State != state {
		return gateway.Payment{}, fmt.Errorf("the page is %s with %s, not %s with one payment that is %s", st.State, brief(st.Payments), page, state)
	}
	return st.Payments[0], nil
}

// paid lets an amount be paid at once.
func (s *shop) paid(ctx context.Context, key string, amount money.Money) (gateway.Checkout, gateway.Payment, error) {
	page, st, err := s.pay(ctx, key, amount, Paid)
	if err != nil {
		return page, gateway.Payment{}, err
	}
	p, err := one(st, gateway.CheckoutPaid, gateway.Succeeded)
	return page, p, err
}

// mostPages stops a list that never ends; no case makes more than a hundred movements.
const mostPages = 1000

// list reads the whole list from a cursor, some movements at a time. It says where each page began.
func (s *shop) list(ctx context.Context, cursor string, limit int) (all []gateway.Payment, next string, err error) {
	all, cursors, err := s.pages(ctx, gateway.ListRequest{Cursor: cursor, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	return all, cursors[len(cursors)-1].at, nil
}

// place is a cursor and how many movements came before it.
type place struct {
	at     string
	before int
}

// pages reads the whole list, and returns every cursor on the way, the last one included.
func (s *shop) pages(ctx context.Context, r gateway.ListRequest) (all []gateway.Payment, cursors []place, err error) {
	for range mostPages {
		p, err := s.ListPayments(ctx, r)
		if err != nil {
			return nil, nil, fmt.Errorf("list: %w", err)
		}
		if r.Limit > 0 && len(p.Payments) > r.Limit {
			return nil, nil, fmt.Errorf("a page of %d where %d were asked for", len(p.Payments), r.Limit)
		}
		all = append(all, p.Payments...)
		cursors = append(cursors, place{p.Next, len(all)})
		if p.CaughtUp {
			return all, cursors, nil
		}
		r.Cursor, r.Since = p.Next, time.Time{}
	}
	return nil, nil, fmt.Errorf("the list is not caught up after %d pages", mostPages)
}

// latest is the newest form of each movement, from a list.
func latest(all []gateway.Payment) map[string]gateway.Payment {
	out := map[string]gateway.Payment{}
	for _, p := range all {
		out[string(p.Kind)+" "+p.ID] = p
	}
	return out
}

// of counts the movements of a kind that have not failed, each once.
func of(kind gateway.Kind, all []gateway.Payment) (out []gateway.Payment) {
	seen := latest(all)
	for _, p := range all {
		key := string(p.Kind) + " " + p.ID
		if now, ok := seen[key]; ok && now.Kind == kind && now.State != gateway.Failed {
			out = append(out, now)
		}
		delete(seen, key)
	}
	return out
}

// charged says that an account was paid once, an amount.
func (s *shop) charged(ctx context.Context, amount money.Money) error {
	all, _, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	made := of(gateway.KindPayment, all)
	if len(made) != 1 || !made[0].Gross.Equal(amount) {
		return fmt.Errorf("the list has %s, one payment of %s was due", brief(made), amount)
	}
	return nil
}

// uncharged says that no money came to an account.
func (s *shop) uncharged(ctx context.Context) error {
	all, _, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	if made := of(gateway.KindPayment, all); len(made) != 0 {
		return fmt.Errorf("the list has %s, none was due", brief(made))
	}
	return nil
}

// firsts lists payments in the order in which each came first.
func firsts(all []gateway.Payment) []string {
	out := []string{}
	for _, p := range all {
		if p.Kind == gateway.KindPayment && !slices.Contains(out, p.ID) {
			out = append(out, p.ID)
		}
	}
	return out
}

// brief is what a report shows of movements: nothing of who paid.
func brief(all []gateway.Payment) string {
	if len(all) == 0 {
		return "no movement"
	}
	out := ""
	for i, p := range all {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprintf("%s %s of %s %s (fee %s %s, net %s)", p.Kind, p.ID, p.Gross, p.State, p.FeeState, p.Fee, p.Net)
	}
	return out
}

// together makes a call several times at once.
func together[T any](n int, f func(int) (T, error)) ([]T, []error) {
	out, errs := make([]T, n), make([]error, n)
	done := make(chan struct{})
	for i := range n {
		go func() {
			defer func() { done <- struct{}{} }()
			out[i], errs[i] = f(i)
		}()
	}
	for range n {
		<-done
	}
	return out, errs
}
