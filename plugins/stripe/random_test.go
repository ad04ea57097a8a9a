package stripe_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

var (
	randomSteps = flag.Int("random.steps", 1000, "steps of the random run")
	randomSeed  = flag.Uint64("random.seed", 20260302, "seed of the random run")
)

// counting counts calls.
type counting struct{ n *int }

func (c counting) RoundTrip(req *http.Request) (*http.Response, error) {
	*c.n++
	return http.DefaultTransport.RoundTrip(req)
}

// observer sees an account through ListPayments and FetchPayment only, as the host does, and keeps what it saw by the
// host's rules.
type observer struct {
	*bench

	cursor string
	seen   map[string]gateway.Payment
}

func (o *observer) see(p gateway.Payment) {
	key := string(p.Kind) + " " + p.ID
	was, ok := o.seen[key]
	settled := func(s gateway.State) bool { return s != gateway.Pending }
	switch {
	case !ok:
	case p.UpdatedAt.Before(was.UpdatedAt), settled(was.State) && !settled(p.State):
		return
	case was.State == gateway.Succeeded && p.State == gateway.Failed:
		o.Errorf("%s succeeded, then failed without a movement", key)
		return
	case was.FeeState == gateway.FeeKnown && p.FeeState == gateway.FeeUnknown:
		o.Errorf("the fee of %s was known", key)
		return
	}
	if p.PayoutID == "" {
		p.PayoutID = was.PayoutID
	}
	o.seen[key] = p
}

// poll reads some pages; on a network that loses answers it may stop in the middle, and goes on there the next time.
func (o *observer) poll(pages, limit int) (caughtUp bool) {
	for range pages {
		r := gateway.ListRequest{Cursor: o.cursor, Limit: limit}
		p, err := o.gateway.ListPayments(o.Context(), r)
		if err != nil {
			if e := gateway.AsError(err); e.Kind != gateway.ErrRetryable {
				o.Fatal(err)
			}
			return false
		}
		if err := gateway.CheckPage(r, p); err != nil {
			o.Fatal(err)
		}
		for _, m := range p.Payments {
			if err := gateway.CheckPayment(m); err != nil {
				o.Fatal(err)
			}
			o.see(m)
		}
		if o.cursor = p.Next; p.CaughtUp {
			return true
		}
	}
	return false
}

// attempt is one of the merchant's: a key for as long as its outcome is unknown.
type attempt struct {
	request gateway.CheckoutRequest
	page    gateway.Checkout
}

type refundAsked struct {
	request gateway.RefundRequest
	done    bool
}

// TestRandomRun plays payers, banks, the provider and a network that loses answers, and an observer who only looks. In the
// end nothing is lost, nothing is there twice, and the balance is proven to the cent.
func TestRandomRun(t *testing.T) {
	for i := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", *randomSeed+i), func(t *testing.T) { randomRun(t, *randomSeed+i, *randomSteps) })
	}
}

func randomRun(t *testing.T, seed uint64, steps int) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	b := benchOf(t, stripefake.Account{FeeTax: seed%2 == 0}, stripe.Options{CallLimit: 5 * time.Second})
	b.fake.Convert(b.account, "usd", "eur", "0.91873")
	o := &observer{bench: b, seen: map[string]gateway.Payment{}}
	var attempts []*attempt
	var refunds []*refundAsked
	var intents, debits, disputes, payouts []string
	pick := func(n int) int { return rnd.IntN(n) }
	some := func(ids []string) string {
		if len(ids) == 0 {
			return ""
		}
		return ids[pick(len(ids))]
	}
	refunder := b.gateway.(gateway.Refunder)
	tryCreate := func(a *attempt) {
		page, err := b.gateway.CreateCheckout(t.Context(), a.request)
		if err == nil {
			if a.page.SessionID != "" && a.page.SessionID != page.SessionID {
				t.Fatalf("%s has two pages", a.request.Reference)
			}
			a.page = page
			return
		}
		e := gateway.AsError(err)
		if e.Kind != gateway.ErrRetryable {
			t.Fatal(err)
		}
		if e.Outcome == gateway.NotDone {
			a.request.IdempotencyKey += "x" // a new attempt, for the same document
		}
	}
	tryRefund := func(r *refundAsked) {
		_, err := refunder.Refund(t.Context(), r.request)
		if err == nil {
			r.done = true
			return
		}
		switch e := gateway.AsError(err); {
		case e.Kind == gateway.ErrPermanent && e.Outcome == gateway.NotDone:
			r.done = true // disputed or given back meanwhile
		case e.Kind != gateway.ErrRetryable:
			t.Fatal(err)
		case e.Outcome == gateway.NotDone && e.Code == "stored_error":
			r.request.IdempotencyKey += "x"
		}
	}
	for step := range steps {
		switch n := pick(100); {
		case n < 14: // the merchant opens a page
			cur := []money.Currency{money.EUR, money.EUR, "USD", "JPY", "ISK"}[pick(5)]
			amount := money.Of(int64(500+pick(200_000)), cur)
			r := b.request(fmt.Sprintf("att_%d", step), amount)
			r.ExpiresAt = b.clock.Now().Add(time.Duration(1+pick(20)) * time.Hour)
			a := &attempt{request: r}
			attempts = append(attempts, a)
			tryCreate(a)
		case n < 34: // a payer pays
			for _, i := range rnd.Perm(len(attempts)) {
				a := attempts[i]
				if a.page.SessionID == "" {
					continue
				}
				p := b.fake.Session(a.page.SessionID)
				if p.Status != "open" {
					continue
				}
				how := stripefake.How{FeeLater: pick(4) == 0}
				if slices.Contains(p.Methods, "sepa_debit") && pick(2) == 0 {
					how.Method = "sepa_debit"
				} else if pick(5) == 0 {
					how.Decline = "do_not_honor"
				}
				id, err := b.fake.Pay(p.ID, how)
				must(t, err)
				if how.Decline == "" {
					intents = append(intents, id)
				}
				if how.Method == "sepa_debit" {
					debits = append(debits, id)
				}
				break
			}
		case n < 42: // banks and the provider, later
			_ = b.fake.SettleDebit(b.account, some(debits), pick(2) > 0, "debit_not_authorized", int64(pick(2)*pick(500)))
		case n < 48:
			_ = b.fake.TellFee(b.account, some(intents))
		case n < 54: // refunds from our side
			if id := some(intents); id != "" {
				p, err := b.gateway.FetchPayment(t.Context(), id)
				if err != nil || p.State != gateway.Succeeded {
					continue
				}
				whole := p.Gross
				if p.Charged != (money.Money{}) {
					whole = p.Charged
				}
				r := &refundAsked{request: gateway.RefundRequest{IdempotencyKey: fmt.Sprintf("ref_%d", step), PaymentID: id, Amount: money.Of(1+int64(pick(int(whole.Minor()))), whole.Currency())}}
				refunds = append(refunds, r)
				tryRefund(r)
			}
		case n < 57: // refunds in the dashboard
			_, _ = b.fake.Refund(b.account, some(intents), int64(1+pick(5))*100, []string{"succeeded", "pending", "requires_action"}[pick(3)])
		case n < 60:
			_ = b.fake.FinishRefund(b.account, some(b.fake.Refunds(b.account)), pick(2) == 0, "")
		case n < 64:
			if id, err := b.fake.Dispute(b.account, some(intents), stripefake.Contest{Fee: int64(pick(2)) * 2_000, Apart: pick(2) == 0, Inquiry: pick(4) == 0}); err == nil {
				disputes = append(disputes, id)
			}
		case n < 67:
			_ = b.fake.CloseDispute(b.account, some(disputes), []string{"won", "lost"}[pick(2)], int64(pick(2))*2_000)
		case n < 68:
			_ = b.fake.Escalate(b.account, some(disputes), 2_000)
		case n < 70:
			if id, err := b.fake.Payout(b.account, []string{"eur", "eur", "jpy", "isk"}[pick(4)], pick(3) > 0, pick(2) == 0); err == nil {
				payouts = append(payouts, id)
			}
		case n < 72:
			if id := some(payouts); id != "" {
				_ = b.fake.PayoutArrives(b.account, id)
				_ = b.fake.Reconcile(b.account, id)
			}
		case n < 73:
			if id := some(payouts); id != "" {
				_ = b.fake.FailPayout(b.account, id, "")
			}
		case n < 75:
			row := []stripefake.Row{
				{Type: "stripe_fee", Category: "fee", Amount: -int64(1 + pick(5_000))}, {Type: "stripe_fee", Category: "fee", Amount: int64(1 + pick(500))},
				{Type: "reserved_funds", Category: "risk_reserved_funds", Amount: -100}, {Type: "reserved_funds", Category: "risk_reserved_funds", Amount: 100},
				{Type: "adjustment", Category: "other_adjustment", Amount: int64(pick(900) - 450)}, {Type: "contribution", Category: "contribution", Amount: -int64(1 + pick(50))},
			}[pick(6)]
			_, err := b.fake.Book(b.account, row)
			must(t, err)
		case n < 79: // the network
			f := []stripefake.Fault{
				{Status: 500}, {Status: 429}, {Status: 409, Times: 2}, {Cut: true, Done: true}, {Cut: true}, {Malformed: true, Done: true}, {Status: 500, Done: true, Store: true}, {Status: 500, Store: true},
			}[pick(8)]
			b.fake.Inject(b.account, f)
		case n < 83: // what was unknown is asked again, with the same key
			for _, a := range attempts {
				if a.page.SessionID == "" && b.clock.Now().Before(a.request.ExpiresAt.Add(-40*time.Minute)) {
					tryCreate(a)
				}
			}
			for _, r := range refunds {
				if !r.done {
					tryRefund(r)
				}
			}
		case n < 93: // the observer looks
			o.poll(1+pick(3), 1+pick(30))
		default:
			b.clock.pass(time.Duration(pick(6*3600)) * time.Second)
		}
		if step%1000 == 999 {
			b.clock.pass(45 * 24 * time.Hour) // nobody asked for long
		}
	}
	// Everything ends: debits are settled, fees told, and the observer reads to the end.
	b.fake.ClearFaults(b.account)
	for _, id := range intents {
		_ = b.fake.SettleDebit(b.account, id, true, "", 0)
		_ = b.fake.TellFee(b.account, id)
	}
	for range 3 {
		b.clock.pass(2 * time.Hour)
		if !o.poll(20_000, 50) {
			t.Fatal("the list has no end")
		}
	}
	before := o.cursor
	o.poll(1, 50)
	if o.cursor != before {
		t.Error("at rest the cursor moves")
	}

	o.everyRowIsOneMovement(intents)
	var all []gateway.Payment
	for _, p := range o.seen {
		all = append(all, p)
		again := b.fetch(p.ID)
		if again.Kind != p.Kind || again.ID != p.ID || again.State != p.State || !again.Gross.Equal(p.Gross) || !effect(again).Equal(effect(p)) {
			t.Errorf("kept %s fetched %s", say([]gateway.Payment{p}), say([]gateway.Payment{again}))
		}
	}
	b.proven(all)
	made := map[string]int{}
	for _, id := range b.fake.Sessions(b.account) {
		made[b.fake.Session(id).Metadata["acquit_reference"]]++
	}
	for ref, n := range made {
		if n != 1 {
			t.Errorf("%s has %d pages", ref, n)
		}
	}
	t.Logf("%d steps, %d movements, %d balance transactions, cursor of %d bytes", steps, len(o.seen), len(b.fake.Ledger(b.account)), len(o.cursor))
}

// everyRowIsOneMovement says that each balance transaction of the fake's ledger was seen as one movement, and no movement is there that
// none of them made.
func (o *observer) everyRowIsOneMovement(intents []string) {
	o.Helper()
	rows := map[string]stripefake.Row{}
	for _, r := range o.fake.Ledger(o.account) {
		rows[r.ID] = r
	}
	// What each movement is made of, by the fake's own books: a payment of its charge's rows, a refund, dispute or payout of
	// its first row, anything else of its own.
	used := map[string]string{}
	bySource := map[string][]stripefake.Row{}
	for _, r := range o.fake.Ledger(o.account) {
		bySource[r.Source] = append(bySource[r.Source], r)
	}
	use := func(row, movement string) {
		if was := used[row]; was != "" && was != movement {
			o.Errorf("%s is %s and %s", row, was, movement)
		}
		used[row] = movement
	}
	for key, p := range o.seen {
		if strings.HasPrefix(p.ID, "txn_") {
			if _, ok := rows[p.ID]; !ok {
				o.Errorf("%s was never booked", key)
			}
			use(p.ID, key)
			continue
		}
		for _, r := range bySource[o.sourceOf(p)] {
			switch {
			case r.Type == "payment_failure_refund" && p.State == gateway.Failed && o.seen["fee "+r.ID].ID == "":
				use(r.ID, key) // the pair that comes to nothing
			case r.Category == map[gateway.Kind]string{gateway.KindPayment: "charge", gateway.KindRefund: "refund", gateway.KindDispute: "dispute", gateway.KindPayout: "payout"}[p.Kind]:
				use(r.ID, key)
			}
		}
	}
	for id, r := range rows {
		if used[id] == "" {
			o.Errorf("%s (%s of %s) was seen as nothing", id, r.Type, r.Source)
		}
	}
	for _, id := range intents {
		if o.seen["payment "+id].ID == "" {
			o.Errorf("the payment %s was not seen", id)
		}
	}
}

// sourceOf is the object that a movement's balance transactions name.
func (o *observer) sourceOf(p gateway.Payment) string {
	if p.Kind == gateway.KindPayment {
		return o.fake.ChargeOf(p.ID)
	}
	return p.ID
}
