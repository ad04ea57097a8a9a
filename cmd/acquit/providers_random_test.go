package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

var providersSteps = flag.Int("providers.steps", 2000, "steps of each random run with a provider's connector")

// sides are the providers that are played.
var sides = map[string]makeSide{"stripe": newStripeSide, "paypal": newPaypalSide}

type makeSide func(*testing.T, *rand.Rand, *clock, ...func(http.Handler) http.Handler) side

// TestRandomProviders lets payers, provider, network and accountant do what they like with the whole application and each
// real connector before a provider that behaves like its own. Whenever the dust settles nothing is lost, nothing is there
// twice, and the account is proven to the cent. SQLite takes most of the steps, PostgreSQL some.
func TestRandomProviders(t *testing.T) {
	for name, of := range sides {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, database string) {
				steps := *providersSteps
				if strings.Contains(database, "://") {
					steps /= 8
				}
				c := &clock{now: monday}
				p := newPlayed(t, database, of, c)
				p.gateways = inProcess{p.side.driver()}
				p.restart()
				p.found(name, p.side.settings())
				p.run(steps, 500)
			})
		})
	}
}

// played is a random run with a provider's side of its own.
type played struct {
	*run1
	side  side
	pages []string // addresses of pay pages
}

func newPlayed(t *testing.T, database string, of makeSide, c *clock) *played {
	t.Helper()
	rnd := rand.New(rand.NewPCG(*randomSeed, 3))
	return &played{run1: &run1{world: emptyWorld(t, database, c), rnd: rnd}, side: of(t, rnd, c)}
}

// run does so many steps and lets the dust settle after each so many.
func (p *played) run(steps, settle int) {
	for n := 1; n <= steps; n++ {
		p.step()
		if n%settle == 0 || n == steps {
			p.settleDust()
			p.check()
		}
	}
	p.t.Logf("seed %d, %d steps, %d arrivals: %s", *randomSeed, steps, len(p.arrivals()), p.tally())
}

func (p *played) step() {
	p.clock.Advance(time.Duration(p.rnd.IntN(900)) * time.Second)
	if p.rnd.IntN(60) == 0 && p.clock.Now().Before(monday.AddDate(0, 7, 0)) {
		p.clock.Advance(time.Duration(p.rnd.IntN(4*24)) * time.Hour)
	}
	actions := []struct {
		weight int
		do     func()
	}{
		{12, p.newInvoice}, {3, p.newQuote}, {18, p.open}, {4, p.twoTabs}, {8, p.payer}, {12, p.comeBack}, {10, p.webhook}, {2, p.forged}, {6, p.poll}, {14, p.provider},
		{8, p.integrate}, {2, p.twoOKs}, {3, p.replay}, {6, p.human}, {3, p.typedReceipt}, {2, p.creditNote}, {2, p.finalInvoice}, {2, p.crash}, {5, p.breaks}, {2, p.endQuote},
		{2, p.useCredit}, {7, p.refund}, {3, p.refundAgain}, {2, p.closePage}, {1, p.proves},
	}
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	n := p.rnd.IntN(total)
	for _, a := range actions {
		if n -= a.weight; n < 0 {
			a.do()
			return
		}
	}
}

// open presses the button of a pay page.
func (p *played) open() {
	doc, ok := pick(p.rnd, p.payable)
	if !ok {
		return
	}
	page, err := p.app.StartPayment(p.ctx, p.token(doc), p.conn.ID)
	if p.allow("start "+doc, err) && page != "" {
		p.pages = append(p.pages, page)
		if p.rnd.IntN(3) > 0 {
			p.say("%s", p.side.pays(page))
		}
	}
}

// twoTabs presses the button twice at once, and comes back twice at once.
func (p *played) twoTabs() {
	doc, ok := pick(p.rnd, p.payable)
	if !ok {
		return
	}
	token := p.token(doc)
	var pages [2]string
	var errs, back [2]error
	both(func(i int) { pages[i], errs[i] = p.app.StartPayment(p.ctx, token, p.conn.ID) })
	for i, page := range pages {
		if p.allow(fmt.Sprintf("tab %d of %s", i, doc), errs[i]) && page != "" {
			p.pages = append(p.pages, page)
			p.say("%s", p.side.pays(page))
		}
	}
	both(func(i int) { _, back[i] = p.app.Return(p.ctx, token, "") })
	for _, err := range back {
		if err != nil {
			p.fail("return: %v", err)
		}
	}
}

// both does something twice at once.
func both(do func(i int)) {
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

// payer does something on one of the pages that were opened lately.
func (p *played) payer() {
	if page, ok := pick(p.rnd, p.pages[max(0, len(p.pages)-8):]); ok {
		p.say("%s", p.side.pays(page))
	}
}

func (p *played) provider() { p.say("%s", p.side.moves()) }
func (p *played) breaks()   { p.say("%s", p.side.breaks()) }

// webhook delivers some of what happened lately, in any order, once or twice.
func (p *played) webhook() {
	all := p.side.hooks()
	for range 1 + p.rnd.IntN(3) {
		d, ok := pick(p.rnd, all)
		if !ok {
			return
		}
		p.allow("webhook", p.app.Webhook(p.ctx, p.who.Company, p.conn.ID, d))
	}
	if p.rnd.IntN(3) > 0 {
		w, err := p.store.DueWork(p.ctx, p.clock.Now(), 100)
		p.must(err)
		for _, it := range w.Deliveries {
			p.allow("process", p.app.ProcessDelivery(p.ctx, it.Company, it.ID))
		}
	}
}

// forged changes a webhook that was signed; nobody may take it.
func (p *played) forged() {
	d, ok := pick(p.rnd, p.side.hooks())
	if !ok {
		return
	}
	at := p.rnd.IntN(len(d.Body))
	d.Body[at] ^= 1
	if p.allow("forged webhook", p.app.Webhook(p.ctx, p.who.Company, p.conn.ID, d)) {
		p.fail("a forged webhook was taken, changed at %d:\n%s", at, d.Body)
	}
}

// twoOKs gives the same OK twice at once.
func (p *played) twoOKs() {
	page, err := p.store.Arrivals(p.ctx, p.who.Company, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 6}})
	p.must(err)
	var list []string
	for _, a := range page.Items {
		if p.rnd.IntN(2) == 0 {
			list = append(list, a.ID)
		}
	}
	if len(list) == 0 {
		return
	}
	var res [2][]app.Result
	var errs [2]error
	both(func(i int) { res[i], errs[i] = p.app.Integrate(p.ctx, p.who, list) })
	for i := range res {
		if errs[i] != nil {
			p.fail("integrate: %v", errs[i])
		}
		for _, x := range res[i] {
			p.say("integrated %s: %d entries, %v", x.ArrivalID, len(x.Entries), x.Err)
		}
	}
}

// human decides on a row that waits for a person, in any way that there is.
func (p *played) human() {
	page, err := p.store.Arrivals(p.ctx, p.who.Company, app.ArrivalQuery{States: []inbox.State{inbox.Review}})
	p.must(err)
	a, ok := pick(p.rnd, page.Items)
	if !ok {
		return
	}
	doc, known := pick(p.rnd, p.payable)
	switch n := p.rnd.IntN(6); {
	case n < 2:
		_, err := p.app.DismissArrival(p.ctx, p.who, a.ID, "pas à nous")
		p.allow("dismiss "+a.ID, err)
	case n < 3 && known && a.Kind == gateway.KindPayment:
		l, err := p.store.PayLink(p.ctx, p.who.Company, doc)
		p.must(err)
		_, err = p.app.MatchArrival(p.ctx, p.who, a.ID, l.Document, doc)
		p.allow("match "+a.ID+" "+doc, err)
	default:
		p.decide(a)
	}
}

// closePage takes a pay page back, as the clerk does before a payment by other means.
func (p *played) closePage() {
	doc, ok := pick(p.rnd, p.payable)
	if !ok {
		return
	}
	_, err := p.app.ClosePayPage(p.ctx, p.who, doc)
	p.allow("close "+doc, err)
}

// proves checks the account in the middle of things. It may fail or find a difference, and must do no harm.
func (p *played) proves() {
	proof, err := p.app.ProveNow(p.ctx, p.who, p.conn.ID)
	p.allow(fmt.Sprintf("prove: %s", proof.State), err)
}

// settleDust brings everything to its end: the network works, banks and provider have done what they do, what came is read,
// people decide. Before they do, the proof must account for every cent that waits for them.
func (p *played) settleDust() {
	p.t.Helper()
	p.say("dust")
	p.side.mends()
	p.side.ends()
	p.clock.Advance(30 * time.Hour) // refunds' keys are forgotten, lists come in, pages die, breakers close
	for range 2 {
		p.catchUp()
		p.asksAgain()
	}
	p.prove()
	p.restore()
	for range 12 {
		p.catchUp()
		if _, err := p.app.IntegrateReady(p.ctx, p.who); err != nil {
			p.fail("integrate: %v", err)
		}
		todo := p.todo()
		for _, a := range todo {
			if a.State == inbox.Review && !a.Has(inbox.RelatedMissing) {
				p.decide(a)
			}
		}
		if len(todo) == 0 {
			break
		}
	}
	if rest := p.todo(); len(rest) > 0 {
		p.explain(rest[0].ID)
		p.fail("%d rows are left: %+v", len(rest), rest[0])
	}
}

func (p *played) todo() []app.ArrivalRow {
	page, err := p.store.Arrivals(p.ctx, p.who.Company, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 200}})
	p.must(err)
	return page.Items
}

// explain says why a row is not posted.
func (p *played) explain(id string) {
	res, err := p.app.Integrate(p.ctx, p.who, []string{id})
	p.say("left over: %s: %+v (%v)", id, res, err)
}

// catchUp reads the provider's list to its end.
func (p *played) catchUp() {
	p.t.Helper()
	for range 100 {
		r, err := p.app.Refresh(p.ctx, p.who, p.conn.ID)
		if err != nil && !fault.Has(err, fault.GatewayDown) {
			p.fail("poll: %v", err)
		}
		if err == nil && r.CaughtUp {
			return
		}
		p.clock.Advance(5 * time.Minute) // a breaker may be open yet
	}
	p.fail("the list has no end")
}

// asksAgain ends every refund of unknown outcome: the provider is asked again, or where it may have forgotten, a person
// looked and found none.
func (p *played) asksAgain() {
	for _, id := range p.refunds {
		rf, err := p.store.Refund(p.ctx, p.who.Company, id)
		p.must(err)
		if !rf.Open() {
			continue
		}
		p.allow("refund again "+id, p.app.SendRefund(p.ctx, p.who.Company, id))
		if rf, err = p.store.Refund(p.ctx, p.who.Company, id); err == nil && rf.Open() && !p.clock.real {
			_, err = p.app.AbandonRefund(p.ctx, p.who, id)
			p.allow("abandon "+id, err)
		}
	}
}

// restore takes up again what was dismissed.
func (p *played) restore() {
	for {
		page, err := p.store.Arrivals(p.ctx, p.who.Company, app.ArrivalQuery{States: []inbox.State{inbox.Dismissed}, Paging: app.Paging{Limit: 200}})
		p.must(err)
		if len(page.Items) == 0 {
			return
		}
		for _, a := range page.Items {
			if _, err := p.app.RestoreArrival(p.ctx, p.who, a.ID); err != nil {
				p.fail("restore: %v", err)
			}
		}
	}
}

// prove asserts that the proof accounts for every cent between books, provider and what is not paid out.
func (p *played) prove() inbox.Proof {
	p.t.Helper()
	var proof inbox.Proof
	for proof.State = inbox.ProofRunning; proof.State == inbox.ProofRunning; {
		var err error
		if proof, err = p.app.ProveNow(p.ctx, p.who, p.conn.ID); err != nil {
			p.fail("prove: %v", err)
		}
	}
	for _, b := range proof.Balances {
		if b.Unexplained != 0 || b.UnpaidRest != 0 || b.Provider != p.side.holds() {
			p.fail("the proof leaves %d and %d of %d: %+v", b.Unexplained, b.UnpaidRest, p.side.holds(), proof)
		}
	}
	for _, c := range proof.Payouts {
		if !p.side.manual(c.ExternalID) {
			p.fail("payout %+v", c)
		}
	}
	return proof
}

func (p *played) arrivals() map[string]inbox.Arrival {
	out := map[string]inbox.Arrival{}
	q := app.ArrivalsAfter{Connection: p.conn.ID, Limit: 500}
	for {
		list, err := p.store.ArrivalsAfter(p.ctx, p.who.Company, q)
		p.must(err)
		for _, ar := range list {
			q.After, q.AfterID = ar.OccurredAt, ar.ID
			out[ar.ID] = ar
		}
		if len(list) < q.Limit {
			return out
		}
	}
}

// check asserts that nothing was lost and nothing is there twice.
func (p *played) check() {
	p.t.Helper()
	proof := p.prove()
	if len(proof.Balances) != 1 {
		p.fail("the proof has %d balances", len(proof.Balances))
	}
	for _, l := range proof.Balances[0].Lines {
		if l.Counted && l.What != inbox.LinePayout {
			p.fail("%d stand between books and provider: %+v", l.Amount, l)
		}
	}
	if proof.State != inbox.ProofProven && len(proof.Payouts) == 0 || len(proof.Findings) > 0 {
		p.fail("the proof is %s: %+v", proof.State, proof)
	}
	if got, held := p.balance(p.conn.GatewayAccount, ""), p.side.holds(); got != held {
		p.fail("the books say the provider holds %d, the provider says %d", got, held)
	}
	arrivals := p.arrivals()
	p.eachOnce(arrivals)
	p.postedOnce(arrivals)
	p.run1.check()
}

// eachOnce reads the provider's list from its beginning: each movement is one arrival, as it is there, and there are no others.
func (p *played) eachOnce(arrivals map[string]inbox.Arrival) {
	p.t.Helper()
	g, err := p.side.driver().Open(p.ctx, gateway.Connection{ID: "gw_of_the_auditor", Mode: gateway.Test, Settings: p.side.settings()})
	p.must(err)
	there := map[string]gateway.Payment{}
	for req := (gateway.ListRequest{Limit: 200}); ; {
		page, err := g.ListPayments(p.ctx, req)
		if err != nil {
			p.fail("list: %v", err)
		}
		for _, m := range page.Payments {
			there[inbox.ArrivalID(p.conn.ID, m.Kind, m.ID)] = m
		}
		if req.Cursor = page.Next; page.CaughtUp {
			break
		}
	}
	for id, m := range there {
		ar, ok := arrivals[id]
		if !ok {
			p.fail("the %s %s of %s was lost", m.Kind, m.ID, m.Gross)
		}
		p.same(ar, m)
	}
	for id, ar := range arrivals {
		if _, ok := there[id]; ok {
			continue
		}
		// A case that moved no money is told by webhooks, and to who asks for it; lists are about money.
		m, err := g.FetchPayment(p.ctx, ar.ExternalID)
		if err != nil || m.State == gateway.Succeeded || m.Kind != ar.Kind {
			p.fail("the provider lists no %s %s (%s), and says %s %s (%v)", ar.Kind, ar.ExternalID, ar.State, m.Kind, m.State, err)
		}
		p.same(ar, m)
	}
}

// same asserts that an arrival is as the provider tells the movement.
func (p *played) same(ar inbox.Arrival, m gateway.Payment) {
	p.t.Helper()
	if ar.GatewayState != m.State || ar.Gross != m.Gross || ar.FeeState != m.FeeState || ar.Fee != m.Fee {
		p.fail("the %s %s is %s of %s, fee %s %s; here it is %s of %s, fee %s %s", m.Kind, m.ID, m.State, m.Gross, m.FeeState, m.Fee, ar.GatewayState, ar.Gross, ar.FeeState, ar.Fee)
	}
}

// postedOnce reads every entry: what an arrival brought into the gateway's account is its amount and its fee, once.
func (p *played) postedOnce(arrivals map[string]inbox.Arrival) {
	p.t.Helper()
	head, err := p.store.Head(p.ctx, p.who.Company)
	p.must(err)
	posted := map[string]int64{}
	for seq := int64(1); seq <= head.Seq; seq++ {
		e, err := p.store.Entry(p.ctx, p.who.Company, seq)
		if err != nil {
			p.fail("entry %d of %d: %v", seq, head.Seq, err)
		}
		for _, l := range e.Lines {
			if l.Account == p.conn.GatewayAccount {
				by, _, _ := strings.Cut(strings.TrimPrefix(e.Source, "arrival:"), ":")
				posted[by] += l.Debit - l.Credit
			}
		}
	}
	for _, ar := range arrivals {
		got := posted[ar.ID]
		delete(posted, ar.ID)
		want := int64(0)
		if ar.State == inbox.Integrated {
			want = ar.Effect()
		}
		if got != want {
			p.fail("%s %s, %s, does %d to the balance and is posted with %d", ar.Kind, ar.ExternalID, ar.State, want, got)
		}
	}
	for source, n := range posted {
		if n != 0 {
			p.fail("%d are posted by %q", n, source)
		}
	}
}
