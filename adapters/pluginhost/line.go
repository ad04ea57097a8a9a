package pluginhost

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// Deadlines of calls, the start of a process included. A gateway's own time-out towards its provider should be at most
// 20 s, so that its words about a slow provider arrive rather than ours about a slow gateway; payers leave a page that
// takes longer anyway.
const (
	withinCall = 25 * time.Second
	// Lists page through the provider's own pages and read several objects for each row.
	withinList = 60 * time.Second
	// A webhook is answered only after it was read, and providers hang up after ten seconds or so; a certificate may
	// have to be fetched once.
	withinWebhook = 10 * time.Second
)

// line is one connection's gateway behind its program. A call whose process dies under it has an unknown outcome; it is
// made once more, on the next process, if that can do no harm: it reads only, or carries an idempotency key.
type line struct {
	p    *program
	conn gateway.Connection
}

var _ wire.Able = (*line)(nil)

// call is one call: how long it may take, whether it may be repeated, and what is checked in its reply.
func call[T any](ctx context.Context, l *line, within time.Duration, again bool, f func(context.Context, *wire.Bound) (T, error), check func(T) error) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var nothing T
	for {
		proc, err := l.p.acquire(ctx)
		if err != nil {
			return nothing, err
		}
		suspicion := time.AfterFunc(l.p.host.conf.limits.slow, func() { l.p.probe(proc) })
		out, err := f(ctx, proc.rpc.Bind(l.conn))
		suspicion.Stop()
		proc.leave(l.p.host.conf.limits.grace)
		if err == nil {
			l.p.fine()
			err = check(out)
			if err == nil {
				return out, nil
			}
		}
		e := gateway.AsError(err)
		switch {
		case e.Code == wire.Died && e.Kind == gateway.ErrRetryable && e.Outcome == gateway.Unknown:
			l.p.drop(proc, "broke off a call")
			if again && ctx.Err() == nil {
				again = false
				continue
			}
			return nothing, during(fault.GatewayDown, l.p.name, e)
		case e.Code == wire.TimedOut:
			go l.p.probe(proc)
			return nothing, during(fault.GatewayDown, l.p.name, e)
		case e.Kind == gateway.ErrBug:
			l.p.log.Error().Err(e).Msg("the gateway is broken")
			return nothing, during(fault.GatewayBroken, l.p.name, e)
		}
		l.p.fine()
		return nothing, e
	}
}

// Check implements gateway.Gateway.
func (l *line) Check(ctx context.Context) (gateway.Account, error) {
	return call(ctx, l, withinCall, true, func(ctx context.Context, b *wire.Bound) (gateway.Account, error) { return b.Check(ctx) }, gateway.CheckAccount)
}

// CreateCheckout implements gateway.Gateway.
func (l *line) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	return call(ctx, l, withinCall, r.IdempotencyKey != "", func(ctx context.Context, b *wire.Bound) (gateway.Checkout, error) {
		return b.CreateCheckout(ctx, r)
	}, gateway.CheckCheckout)
}

// SettleCheckout implements gateway.Gateway.
func (l *line) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	return call(ctx, l, withinCall, !r.Capture || r.IdempotencyKey != "", func(ctx context.Context, b *wire.Bound) (gateway.CheckoutStatus, error) {
		return b.SettleCheckout(ctx, r)
	}, gateway.CheckStatus)
}

// ListPayments implements gateway.Gateway. A page is checked as a whole; a bad movement in it stays in it, for the
// caller to check and set aside one by one, since refusing the page would stop every movement behind the bad one.
func (l *line) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	return call(ctx, l, withinList, true, func(ctx context.Context, b *wire.Bound) (gateway.Page, error) { return b.ListPayments(ctx, r) },
		func(p gateway.Page) error { return gateway.CheckPage(r, p) })
}

// FetchPayment implements gateway.Gateway.
func (l *line) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	return call(ctx, l, withinCall, true, func(ctx context.Context, b *wire.Bound) (gateway.Payment, error) { return b.FetchPayment(ctx, id) }, gateway.CheckPayment)
}

// ParseWebhook implements gateway.Gateway.
func (l *line) ParseWebhook(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
	return call(ctx, l, withinWebhook, true, func(ctx context.Context, b *wire.Bound) (gateway.Hint, error) { return b.ParseWebhook(ctx, d) }, gateway.CheckHint)
}

// Refund implements gateway.Refunder.
func (l *line) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	return call(ctx, l, withinCall, r.IdempotencyKey != "", func(ctx context.Context, b *wire.Bound) (gateway.Payment, error) { return b.Refund(ctx, r) }, gateway.CheckPayment)
}

// ExpireCheckout implements gateway.Expirer.
func (l *line) ExpireCheckout(ctx context.Context, sessionID string) (gateway.CheckoutStatus, error) {
	return call(ctx, l, withinCall, false, func(ctx context.Context, b *wire.Bound) (gateway.CheckoutStatus, error) {
		return b.ExpireCheckout(ctx, sessionID)
	}, gateway.CheckStatus)
}

// Balance implements gateway.BalanceReader.
func (l *line) Balance(ctx context.Context) ([]money.Money, error) {
	return call(ctx, l, withinCall, true, func(ctx context.Context, b *wire.Bound) ([]money.Money, error) { return b.Balance(ctx) }, gateway.CheckBalance)
}

// InstallWebhook implements gateway.WebhookInstaller.
func (l *line) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	return call(ctx, l, withinCall, false, func(ctx context.Context, b *wire.Bound) (map[string]string, error) { return b.InstallWebhook(ctx, url) }, gateway.CheckInstalled)
}

// PayoutItems implements gateway.PayoutReader.
func (l *line) PayoutItems(ctx context.Context, payoutID string) ([]string, error) {
	return call(ctx, l, withinList, true, func(ctx context.Context, b *wire.Bound) ([]string, error) { return b.PayoutItems(ctx, payoutID) }, gateway.CheckItems)
}
