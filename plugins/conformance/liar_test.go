package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/conformance"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/stage"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// answers are a gateway's methods as values, so that a lie can replace some and build on the others.
type answers struct {
	conn    gateway.Connection
	check   func(context.Context) (gateway.Account, error)
	create  func(context.Context, gateway.CheckoutRequest) (gateway.Checkout, error)
	settle  func(context.Context, gateway.SettleRequest) (gateway.CheckoutStatus, error)
	list    func(context.Context, gateway.ListRequest) (gateway.Page, error)
	fetch   func(context.Context, string) (gateway.Payment, error)
	parse   func(context.Context, gateway.Delivery) (gateway.Hint, error)
	refund  func(context.Context, gateway.RefundRequest) (gateway.Payment, error)
	expire  func(context.Context, string) (gateway.CheckoutStatus, error)
	balance func(context.Context) ([]money.Money, error)
	install func(context.Context, string) (map[string]string, error)
	items   func(context.Context, string) ([]string, error)
	err     func(*gateway.Error) // changes every error
	payment func(*gateway.Payment)
	world   *liar
}

// lies are what a mutant changes.
type lies struct {
	info  func(*gateway.Info)
	lie   func(*answers)
	wipe  bool   // a restart loses everything
	noise string // in the log
}

// liar is the sandbox with lies, a log, and a switch to start it again.
type liar struct {
	lies
	dir string

	mu     sync.Mutex
	now    *sandbox.Sandbox
	ahead  time.Duration
	calls  atomic.Int64
	memory sync.Map // of lies
}

var (
	_ conformance.Restarter = (*liar)(nil)
	_ conformance.Logger    = (*liar)(nil)
)

func (l *liar) start() error {
	s := sandbox.New(sandbox.Options{Dir: l.dir, Now: func() time.Time {
		l.mu.Lock()
		defer l.mu.Unlock()
		return time.Now().Add(l.ahead)
	}})
	l.mu.Lock()
	l.now = s
	l.mu.Unlock()
	_, err := s.Provider()
	return err
}

func (l *liar) current() *sandbox.Sandbox {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *liar) Restart(context.Context) error {
	err := l.current().Close()
	if l.wipe {
		err = errors.Join(err, os.Remove(filepath.Join(l.dir, "journal")))
	}
	return errors.Join(err, l.start())
}

func (l *liar) Log() string { return "started" + l.noise }

func (l *liar) Describe(ctx context.Context) (gateway.Info, error) {
	i, err := l.current().Describe(ctx)
	if l.info != nil {
		l.info(&i)
	}
	return i, err
}

func (l *liar) Open(ctx context.Context, c gateway.Connection) (gateway.Gateway, error) {
	a := &answers{conn: c, world: l}
	g, err := l.current().Open(ctx, c)
	if err != nil {
		if l.lie != nil {
			l.lie(a)
		}
		return nil, a.mend(err)
	}
	able, ok := g.(wire.Able)
	if !ok {
		return nil, errors.New("the sandbox lacks an ability")
	}
	a.check, a.create, a.settle, a.list, a.fetch, a.parse = g.Check, g.CreateCheckout, g.SettleCheckout, g.ListPayments, g.FetchPayment, g.ParseWebhook
	a.refund, a.expire, a.balance, a.install, a.items = able.Refund, able.ExpireCheckout, able.Balance, able.InstallWebhook, able.PayoutItems
	if l.lie != nil {
		l.lie(a)
	}
	has := gateway.Info{Capabilities: []gateway.Capability{gateway.CanRefund, gateway.CanExpire, gateway.CanInstallWebhook, gateway.CanPayoutItems, gateway.CanBalance}}
	if a.balance == nil {
		has.Capabilities = has.Capabilities[:4]
	}
	return wire.Announced(a, has), nil
}

func (a *answers) mend(err error) error {
	var e *gateway.Error
	if a.err == nil || !errors.As(err, &e) {
		return err
	}
	c := *e
	a.err(&c)
	return &c
}

func (a *answers) told(all ...gateway.Payment) []gateway.Payment {
	for i := range all {
		if a.payment != nil && all[i].ID != "" {
			a.payment(&all[i])
		}
	}
	return all
}

func (a *answers) Check(ctx context.Context) (gateway.Account, error) {
	v, err := a.check(ctx)
	return v, a.mend(err)
}

func (a *answers) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	v, err := a.create(ctx, r)
	return v, a.mend(err)
}

func (a *answers) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	v, err := a.settle(ctx, r)
	v.Payments = a.told(v.Payments...)
	return v, a.mend(err)
}

func (a *answers) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	v, err := a.list(ctx, r)
	v.Payments = a.told(v.Payments...)
	return v, a.mend(err)
}

func (a *answers) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	v, err := a.fetch(ctx, id)
	return a.told(v)[0], a.mend(err)
}

func (a *answers) ParseWebhook(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
	v, err := a.parse(ctx, d)
	return v, a.mend(err)
}

func (a *answers) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	v, err := a.refund(ctx, r)
	return a.told(v)[0], a.mend(err)
}

func (a *answers) ExpireCheckout(ctx context.Context, id string) (gateway.CheckoutStatus, error) {
	v, err := a.expire(ctx, id)
	v.Payments = a.told(v.Payments...)
	return v, a.mend(err)
}

func (a *answers) Balance(ctx context.Context) ([]money.Money, error) {
	v, err := a.balance(ctx)
	return v, a.mend(err)
}

func (a *answers) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	v, err := a.install(ctx, url)
	return v, a.mend(err)
}

func (a *answers) PayoutItems(ctx context.Context, id string) ([]string, error) {
	v, err := a.items(ctx, id)
	return v, a.mend(err)
}

// next is another text at each call.
func (a *answers) next() string { return fmt.Sprint("_", a.world.calls.Add(1)) }

// once remembers the first value under a key, over all connections.
func once[T any](a *answers, key any, v T) (first T, known bool) {
	had, known := a.world.memory.LoadOrStore(key, v)
	t, ok := had.(T)
	if !ok {
		panic(fmt.Sprintf("%v is a %T", key, had))
	}
	return t, known
}

// timed is the stage with the liar's clock.
type timed struct {
	*stage.World
	l *liar
}

// Webhook notes for whom a delivery is.
func (w timed) Webhook(ctx context.Context, c gateway.Connection, page gateway.Checkout) (gateway.Delivery, error) {
	d, err := w.World.Webhook(ctx, c, page)
	w.l.memory.Store("delivery"+string(d.Body), c.ID)
	return d, err
}

func (w timed) Advance(_ context.Context, d time.Duration) error {
	w.l.mu.Lock()
	defer w.l.mu.Unlock()
	w.l.ahead += d
	return nil
}
