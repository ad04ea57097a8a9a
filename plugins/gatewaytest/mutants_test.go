package gatewaytest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/gatewaytest"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// The suite is tested with gateways that each tell one lie: exactly the cases named must find it.
var mutants = []struct {
	name  string
	lie   lies
	found []string
}{
	{"honest", lies{}, nil},
	{"changes its description", lies{info: func(n int64, i *gateway.Info) { i.Version = fmt.Sprint(n) }}, []string{"describes_itself"}},
	{"speaks no French", lies{info: func(_ int64, i *gateway.Info) { i.Help = gateway.Text{"en": "Hello"} }}, []string{"describes_itself"}},
	{"announces what it has not", lies{noBalance: true}, []string{"balance_is_what_it_listed", "has_what_it_announces"}},
	{"one account for all", lies{account: func(a *gateway.Account) { a.ID = "acct" }}, []string{"opens_the_same_account"}},
	{"calls everything a bug", lies{err: func(e *gateway.Error) { e.Kind = gateway.ErrBug }}, []string{
		"keeps_accounts_apart", "lists_without_gaps", "lost_answer_is_unknown", "opens_a_page", "refunds_once", "refuses_bad_settings",
		"refuses_forged_webhooks", "refuses_webhooks_of_another_time", "says_not_found",
	}},
	{"is sure that a lost call was not done", lies{err: func(e *gateway.Error) { e.Outcome = gateway.NotDone }}, []string{"lost_answer_is_unknown"}},
	{"a page for each call", lies{request: func(n int64, r *gateway.CheckoutRequest) { r.IdempotencyKey += fmt.Sprint(n) }}, []string{"one_key_one_page"}},
	{"forgets the reference", lies{payment: func(p *gateway.Payment) { p.Reference = "" }}, []string{"takes_the_money_once"}},
	{"counts in hundredths whatever the currency", lies{payment: func(p *gateway.Payment) {
		if p.Gross.Currency().Exponent() == 0 {
			*p = timesHundred(*p)
		}
	}}, []string{"balance_is_what_it_listed", "counts_in_minor_units"}},
	{"takes pending money for money", lies{payment: func(p *gateway.Payment) {
		if p.State == gateway.Pending {
			p.State = gateway.Succeeded
		}
	}}, []string{"pending_is_not_paid"}},
	{"a fee of nothing while it is unknown", lies{payment: func(p *gateway.Payment) {
		if p.FeeState == gateway.FeeUnknown {
			p.FeeState = gateway.FeeNone
		}
	}}, []string{"fee_may_come_later"}},
	{"skips the first of each page", lies{page: func(_ gateway.ListRequest, p *gateway.Page) {
		if len(p.Payments) > 1 {
			p.Payments = p.Payments[1:]
		}
	}}, []string{"balance_is_what_it_listed", "lists_without_gaps", "payout_is_its_items"}},
	{"lists a movement once only", lies{once: true}, []string{"lists_changes_again"}},
	{"believes any webhook", lies{believes: true}, []string{"refuses_forged_webhooks", "refuses_webhooks_of_another_time"}},
	{"has no clock", lies{timeless: true}, []string{"refuses_webhooks_of_another_time"}},
	{"shows the key", lies{err: func(e *gateway.Error) { e.Detail += " (key sk_sandbox_revoked00000000)" }}, []string{"shows_no_secret"}},
	{"refunds at each call", lies{refund: func(n int64, r *gateway.RefundRequest) { r.IdempotencyKey += fmt.Sprint(n) }}, []string{"refunds_once"}},
	{"says that a paid page was closed", lies{expired: true}, []string{"closes_pages"}},
	{"holds more than it listed", lies{balance: func(b []money.Money) { b[0] = b[0].Plus(money.Of(1, b[0].Currency())) }}, []string{"balance_is_what_it_listed"}},
	{"forgets an item of a payout", lies{items: func(ids []string) []string { return ids[1:] }}, []string{"payout_is_its_items"}},
}

func TestEachLieIsFound(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			s := sandbox.New(sandbox.Options{Dir: t.TempDir()})
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			p, err := s.Provider()
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var n atomic.Int64
			h := gatewaytest.Harness{
				Driver: &liar{Sandbox: s, lies: m.lie}, World: stage{p},
				Connect: func() gateway.Connection {
					i := n.Add(1)
					return gateway.Connection{ID: fmt.Sprint("gw_", i), Settings: map[string]string{"merchant_name": "M", "api_key": fmt.Sprintf("sk_sandbox_%020d", i)}}
				},
				Refused: func() gateway.Connection {
					return gateway.Connection{ID: "gw_0", Settings: map[string]string{"merchant_name": "M", "api_key": "sk_sandbox_revoked00000000"}}
				},
			}
			var found []string
			for _, c := range gatewaytest.Cases() {
				if err := c.Check(ctx, &h); err != nil {
					found = append(found, c.Name)
					t.Logf("%s: %v", c.Name, err)
				}
			}
			sort.Strings(found)
			if !reflect.DeepEqual(found, m.found) {
				t.Errorf("found by %v, due to be found by %v", found, m.found)
			}
		})
	}
}

// lies are what a mutant changes in the answers of an honest gateway, or in the requests to it. The number counts calls.
type lies struct {
	info      func(int64, *gateway.Info)
	account   func(*gateway.Account)
	err       func(*gateway.Error)
	request   func(int64, *gateway.CheckoutRequest)
	payment   func(*gateway.Payment)
	page      func(gateway.ListRequest, *gateway.Page)
	refund    func(int64, *gateway.RefundRequest)
	balance   func([]money.Money)
	items     func([]string) []string
	noBalance bool
	once      bool // of each movement only the first form is listed
	believes  bool
	timeless  bool
	expired   bool
}

// liar is the sandbox with lies.
type liar struct {
	*sandbox.Sandbox
	lies
	calls  atomic.Int64
	listed sync.Map // when a movement was listed first, by its id
}

func (l *liar) Describe(ctx context.Context) (gateway.Info, error) {
	i, err := l.Sandbox.Describe(ctx)
	if l.info != nil {
		l.info(l.calls.Add(1), &i)
	}
	return i, err
}

func (l *liar) Open(ctx context.Context, c gateway.Connection) (gateway.Gateway, error) {
	g, err := l.Sandbox.Open(ctx, c)
	if err != nil {
		return nil, l.mend(err)
	}
	w := &lying{liar: l, honest: g}
	if l.noBalance {
		return struct {
			gateway.Gateway
			gateway.Refunder
			gateway.Expirer
			gateway.WebhookInstaller
			gateway.PayoutReader
		}{w, w, w, w, w}, nil
	}
	return w, nil
}

func (l *liar) mend(err error) error {
	var e *gateway.Error
	if l.err == nil || !errors.As(err, &e) {
		return err
	}
	c := *e
	l.err(&c)
	return &c
}

type lying struct {
	*liar
	honest gateway.Gateway
}

func (g *lying) Check(ctx context.Context) (gateway.Account, error) {
	a, err := g.honest.Check(ctx)
	if g.account != nil {
		g.account(&a)
	}
	return a, g.mend(err)
}

func (g *lying) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	if g.request != nil {
		g.request(g.calls.Add(1), &r)
	}
	c, err := g.honest.CreateCheckout(ctx, r)
	return c, g.mend(err)
}

func (g *lying) told(all []gateway.Payment) []gateway.Payment {
	for i := range all {
		if g.payment != nil {
			g.payment(&all[i])
		}
	}
	return all
}

func (g *lying) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	s, err := g.honest.SettleCheckout(ctx, r)
	s.Payments = g.told(s.Payments)
	return s, g.mend(err)
}

func (g *lying) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	p, err := g.honest.ListPayments(ctx, r)
	if g.once {
		p.Payments = slices.DeleteFunc(p.Payments, func(m gateway.Payment) bool {
			form, known := g.listed.LoadOrStore(m.ID, m.UpdatedAt)
			return known && form != m.UpdatedAt
		})
	}
	p.Payments = g.told(p.Payments)
	if g.page != nil {
		g.page(r, &p)
	}
	return p, g.mend(err)
}

func (g *lying) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	p, err := g.honest.FetchPayment(ctx, id)
	return g.told([]gateway.Payment{p})[0], g.mend(err)
}

func (g *lying) ParseWebhook(ctx context.Context, d gateway.Delivery) (gateway.Hint, error) {
	h, err := g.honest.ParseWebhook(ctx, d)
	code := ""
	if err != nil {
		code = gateway.AsError(err).Code
	}
	if err != nil && (g.believes || g.timeless && (code == "too_old" || code == "too_new")) {
		return gateway.Hint{EventID: "evt"}, nil
	}
	return h, g.mend(err)
}

func (g *lying) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	if g.refund != nil {
		g.refund(g.calls.Add(1), &r)
	}
	p, err := g.honest.(gateway.Refunder).Refund(ctx, r)
	return p, g.mend(err)
}

func (g *lying) ExpireCheckout(ctx context.Context, id string) (gateway.CheckoutStatus, error) {
	s, err := g.honest.(gateway.Expirer).ExpireCheckout(ctx, id)
	if g.expired {
		s.State = gateway.CheckoutExpired
	}
	return s, g.mend(err)
}

func (g *lying) Balance(ctx context.Context) ([]money.Money, error) {
	b, err := g.honest.(gateway.BalanceReader).Balance(ctx)
	if g.balance != nil && len(b) > 0 {
		g.balance(b)
	}
	return b, g.mend(err)
}

func (g *lying) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	return g.honest.(gateway.WebhookInstaller).InstallWebhook(ctx, url)
}

func (g *lying) PayoutItems(ctx context.Context, id string) ([]string, error) {
	ids, err := g.honest.(gateway.PayoutReader).PayoutItems(ctx, id)
	if g.items != nil && len(ids) > 0 {
		ids = g.items(ids)
	}
	return ids, g.mend(err)
}

// timesHundred is a payment of which somebody believed that every currency has cents.
func timesHundred(p gateway.Payment) gateway.Payment {
	for _, m := range []*money.Money{&p.Gross, &p.Fee, &p.FeeVAT, &p.Net} {
		if m.Currency() != "" {
			*m = money.Of(m.Minor()*100, m.Currency())
		}
	}
	return p
}

// stage plays payer and provider on the sandbox behind the liar.
type stage struct{ p *sandbox.Provider }

func account(c gateway.Connection) string {
	id, err := sandbox.AccountOf(c)
	if err != nil {
		panic(err)
	}
	return id
}

func (s stage) Pay(_ context.Context, _ gateway.Connection, page gateway.Checkout, way gatewaytest.Way) error {
	o := map[gatewaytest.Way]sandbox.Outcome{
		gatewaytest.Paid: {How: sandbox.Pays}, gatewaytest.PaidFeeLater: {How: sandbox.Pays, Fee: sandbox.FeeLater},
		gatewaytest.Pending: {How: sandbox.Pends}, gatewaytest.Declined: {How: sandbox.Declines},
	}[way]
	_, err := s.p.Pay(page.SessionID, o)
	return err
}

func (s stage) Settle(_ context.Context, c gateway.Connection, id string, paid bool) error {
	_, err := s.p.Settle(account(c), id, paid, "")
	return err
}

func (s stage) TellFee(_ context.Context, c gateway.Connection, id string) error {
	_, err := s.p.RevealFee(account(c), id, "")
	return err
}

func (s stage) Payout(_ context.Context, c gateway.Connection, cur money.Currency) error {
	_, err := s.p.Payout(account(c), cur, "")
	return err
}

func (s stage) LoseAnswer(_ context.Context, c gateway.Connection) error {
	s.p.Inject(account(c), sandbox.Fault{Call: "create_checkout", Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Done: true})
	return nil
}

func (s stage) Webhook(_ context.Context, c gateway.Connection, page gateway.Checkout) (gateway.Delivery, error) {
	return s.p.Announcement(c, page.SessionID)
}
