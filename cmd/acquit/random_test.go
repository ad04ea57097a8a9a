package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/shopspring/decimal"
)

var (
	randomSeed  = flag.Uint64("random.seed", 20260302, "seed of the random run")
	randomSteps = flag.Int("random.steps", 400, "steps of the random run")
)

// TestRandomRun lets payers, the provider, the network and the accountant do what they like, in any order, with answers
// lost and the program forgetting everything now and then. Whenever the dust settles, all invariants must hold.
func TestRandomRun(t *testing.T) {
	engines(t, func(t *testing.T, database string) {
		r := &run1{world: newWorld(t, database), rnd: rand.New(rand.NewPCG(*randomSeed, 1))}
		for i := range *randomSteps {
			r.step()
			if i%100 == 99 {
				r.prove(false)
				r.settleDust()
				r.check()
				r.checkProvider()
			}
		}
		r.settleDust()
		r.check()
		r.checkProvider()
		t.Logf("%d steps: %s", *randomSteps, r.tally())
	})
}

// run1 is one random run.
type run1 struct {
	*world
	rnd      *rand.Rand
	invoices []string
	quotes   []string
	payable  []string // documents with a pay link
	sessions []string
	posted   []string // arrivals integrated, to be replayed
	refunds  []string // asked for
	log      []string
	count    map[string]int
}

func (r *run1) say(format string, a ...any) {
	line := fmt.Sprintf(format, a...)
	r.log = append(r.log, line)
	if r.count == nil {
		r.count = map[string]int{}
	}
	r.count[strings.Fields(line)[0]]++
}

func (r *run1) tally() string {
	var out []string
	for k, n := range r.count {
		out = append(out, fmt.Sprintf("%s %d", k, n))
	}
	sort.Strings(out)
	return strings.Join(out, ", ")
}

// fail prints what led here.
func (r *run1) fail(format string, a ...any) {
	r.t.Helper()
	from := max(0, len(r.log)-40)
	r.t.Fatalf("%s\nseed %d; the last operations:\n%s", fmt.Sprintf(format, a...), *randomSeed, strings.Join(r.log[from:], "\n"))
}

// allow takes refusals for an answer, and nothing else.
func (r *run1) allow(what string, err error) bool {
	r.t.Helper()
	if err == nil {
		r.say("%s", what)
		return true
	}
	if fault.KindOf(err) == fault.Internal {
		r.fail("%s: %v", what, err)
	}
	r.say("(refused) %s: %v", what, err)
	return false
}

func pick[T any](r *rand.Rand, all []T) (v T, ok bool) {
	if len(all) == 0 {
		return v, false
	}
	return all[r.IntN(len(all))], true
}

func (r *run1) step() {
	r.clock.Advance(time.Duration(r.rnd.IntN(600)) * time.Second)
	actions := []struct {
		weight int
		do     func()
	}{
		{10, r.newInvoice}, {5, r.newQuote}, {25, r.pay}, {10, r.comeBack}, {12, r.webhook}, {6, r.poll}, {8, r.provide}, {10, r.integrate},
		{4, r.replay}, {5, r.human}, {5, r.typedReceipt}, {3, r.creditNote}, {3, r.finalInvoice}, {2, r.crash}, {3, r.loseAnswers}, {2, r.endQuote}, {2, r.useCredit}, {6, r.refund},
	}
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	n := r.rnd.IntN(total)
	for _, a := range actions {
		if n -= a.weight; n < 0 {
			a.do()
			return
		}
	}
}

func (r *run1) lines() []billing.DocLine {
	codes := []string{"S20B", "S20S", "S055B", "S10S"}
	var out []billing.DocLine
	for range 1 + r.rnd.IntN(3) {
		code, _ := pick(r.rnd, codes)
		out = append(out, billing.DocLine{Description: "Article", Quantity: decimal.NewFromInt(1 + r.rnd.Int64N(5)), UnitPrice: decimal.New(100+r.rnd.Int64N(90_000), -2), VATCode: code})
	}
	return out
}

func (r *run1) newInvoice() {
	c, _ := pick(r.rnd, r.customers)
	v, err := r.app.CreateInvoice(r.ctx, r.who, app.InvoiceInput{CustomerID: c.ID, MethodID: r.online, Lines: r.lines()})
	if !r.allow("invoice", err) {
		return
	}
	v, err = r.app.IssueInvoice(r.ctx, r.who, v.ID)
	if r.allow("issue "+v.Number, err) {
		r.invoices = append(r.invoices, v.ID)
		r.payable = append(r.payable, v.ID)
	}
}

func (r *run1) newQuote() {
	c, _ := pick(r.rnd, r.customers)
	q, err := r.app.CreateQuote(r.ctx, r.who, app.QuoteInput{CustomerID: c.ID, Lines: r.lines()})
	if !r.allow("quote", err) {
		return
	}
	methods := []string{r.online, r.transfer, r.online}
	for i := range 1 + r.rnd.IntN(3) {
		q2, err := r.app.SetDeposit(r.ctx, r.who, q.ID, 0, app.DepositInput{Percent: decimal.NewFromInt(5 + r.rnd.Int64N(40)), MethodID: methods[i]})
		if r.allow("deposit", err) {
			q = q2
		}
	}
	for _, d := range q.Deposits {
		if _, err := r.app.ValidateDeposit(r.ctx, r.who, q.ID, d.ID); r.allow("validate", err) {
			r.payable = append(r.payable, d.ID)
		}
	}
	_, err = r.app.AcceptQuote(r.ctx, r.who, q.ID)
	if r.allow("accept", err) {
		r.quotes = append(r.quotes, q.ID)
	}
}

func (r *run1) pay() {
	doc, ok := pick(r.rnd, r.payable)
	if !ok {
		return
	}
	url, err := r.app.StartPayment(r.ctx, r.token(doc), r.conn.ID)
	if !r.allow("start "+doc, err) || url == "" {
		return
	}
	id := sessionOf(url)
	r.sessions = append(r.sessions, id)
	if r.rnd.IntN(6) == 0 {
		return // leaves the page open
	}
	o := sandbox.Outcome{How: sandbox.Pays, Webhook: sandbox.WebhookNever}
	switch r.rnd.IntN(10) {
	case 0:
		o.How = sandbox.Declines
	case 1:
		o.How = sandbox.Fails
	case 2, 3:
		o.How = sandbox.Pends
	case 4:
		o.How = sandbox.Leaves
	}
	o.Fee, _ = pick(r.rnd, []string{sandbox.FeeNow, sandbox.FeeNow, sandbox.FeeLater, sandbox.FeeNever})
	if s, err := r.provider.Session(id); err == nil && r.rnd.IntN(8) == 0 {
		o.Amount = sandbox.Amount{Money: money.Of(max(1, s.Amount.Minor()+r.rnd.Int64N(2001)-1000), money.EUR)}
	}
	_, err = r.provider.Pay(id, o)
	r.say("pay %s %s fee %s %s (%v)", doc, o.How, o.Fee, o.Amount, err)
}

func (r *run1) comeBack() {
	doc, ok := pick(r.rnd, r.payable)
	if !ok {
		return
	}
	p, err := r.app.Return(r.ctx, r.token(doc), "")
	if err != nil {
		r.fail("return: %v", err)
	}
	r.say("return %s: %s", doc, p.State)
}

func (r *run1) webhook() {
	id, ok := pick(r.rnd, r.sessions)
	if !ok {
		return
	}
	d, err := r.provider.Announcement(gateway.Connection{ID: r.conn.ID, Mode: gateway.Test, Settings: r.sandboxSettings()}, id)
	if err != nil {
		return // nothing to announce yet
	}
	for range 1 + r.rnd.IntN(2) {
		r.allow("webhook "+id, r.app.Webhook(r.ctx, r.who.Company, r.conn.ID, d))
	}
	if r.rnd.IntN(3) > 0 {
		w, err := r.store.DueWork(r.ctx, r.clock.Now(), 100)
		r.must(err)
		for _, it := range w.Deliveries {
			r.allow("process", r.app.ProcessDelivery(r.ctx, it.Company, it.ID))
		}
	}
}

func (r *run1) poll() {
	_, err := r.app.Refresh(r.ctx, r.who, r.conn.ID)
	r.allow("poll", err)
}

// provide lets the provider do something on its side.
func (r *run1) provide() {
	c, err := r.provider.Console(r.account, 40)
	if err != nil {
		return
	}
	m, ok := pick(r.rnd, c.Movements)
	if !ok {
		return
	}
	no := money.Money{}
	const quiet = sandbox.WebhookNever
	var id string
	what := ""
	switch m.Kind {
	case gateway.KindPayment:
		switch r.rnd.IntN(7) {
		case 0:
			what = "settle"
			id, err = r.provider.Settle(r.account, m.ID, r.rnd.IntN(3) > 0, quiet)
		case 1:
			what = "reveal"
			id, err = r.provider.RevealFee(r.account, m.ID, quiet)
		case 2:
			what = "refund"
			id, err = r.provider.Refund(r.account, fmt.Sprint(len(r.log)), m.ID, no, r.rnd.IntN(2) == 0, "", quiet)
		case 3:
			what = "refund-part"
			id, err = r.provider.Refund(r.account, fmt.Sprint(len(r.log)), m.ID, money.Of(max(1, m.Gross.Minor()/3), money.EUR), false, "", quiet)
		case 4:
			what = "dispute"
			id, err = r.provider.OpenDispute(r.account, m.ID, no, sandbox.DisputeFeeWith, quiet)
		case 5:
			what = "payout"
			id, err = r.provider.Payout(r.account, money.EUR, quiet)
		case 6:
			what = "book"
			id, err = r.provider.Book(r.account, gateway.KindFee, money.Of(1+r.rnd.Int64N(500), money.EUR), "abonnement", quiet)
		}
	case gateway.KindDispute:
		what = "dispute-won"
		id, err = r.provider.CloseDispute(r.account, m.ID, true, r.rnd.IntN(2) == 0, quiet)
	case gateway.KindPayout:
		if r.rnd.IntN(4) == 0 {
			what = "payout-back"
			id, err = r.provider.ReversePayout(r.account, m.ID, quiet)
		}
	case gateway.KindAdjustment:
	default:
		what = "adjust"
		id, err = r.provider.Book(r.account, gateway.KindAdjustment, money.Of(r.rnd.Int64N(301)-150, money.EUR), "correction", quiet)
	}
	if what != "" {
		r.say("%s %s -> %s (%v)", what, m.ID, id, err)
	}
}

func (r *run1) integrate() {
	var res []app.Result
	var err error
	if r.rnd.IntN(2) == 0 {
		res, err = r.app.IntegrateReady(r.ctx, r.who)
	} else {
		page, perr := r.store.Arrivals(r.ctx, r.who.Company, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 5}})
		r.must(perr)
		var ids []string
		for _, a := range page.Items {
			ids = append(ids, a.ID)
		}
		if _, err := r.app.Propose(r.ctx, r.who, ids); err != nil {
			r.fail("propose: %v", err)
		}
		res, err = r.app.Integrate(r.ctx, r.who, ids)
	}
	if err != nil {
		r.fail("integrate: %v", err)
	}
	for _, x := range res {
		if x.Err == nil {
			r.posted = append(r.posted, x.ArrivalID)
		}
		r.say("integrated %s: %d entries, %v", x.ArrivalID, len(x.Entries), x.Err)
	}
}

// replay sends OK again for what was posted; a fee that became known since may be posted, a receipt never again.
func (r *run1) replay() {
	id, ok := pick(r.rnd, r.posted)
	if !ok {
		return
	}
	before, err := r.store.Arrival(r.ctx, r.who.Company, id)
	r.must(err)
	res, err := r.app.Integrate(r.ctx, r.who, []string{id})
	r.must(err)
	for _, e := range res[0].Entries {
		if e.Seq == before.EntrySeq || e.Source == "arrival:"+id {
			r.fail("OK twice posted twice: %s", id)
		}
	}
	r.say("replay %s", id)
}

// human decides on a row that waits for a person.
func (r *run1) human() {
	page, err := r.store.Arrivals(r.ctx, r.who.Company, app.ArrivalQuery{States: []inbox.State{inbox.Review}})
	r.must(err)
	a, ok := pick(r.rnd, page.Items)
	if !ok {
		return
	}
	r.decide(a)
}

func (r *run1) decide(a app.ArrivalRow) {
	var err error
	switch a.Kind {
	case gateway.KindPayment:
		customer := a.CustomerID
		if customer == "" {
			customer = r.customers[0].ID
		}
		_, err = r.app.KeepAsCredit(r.ctx, r.who, a.ID, customer)
	default:
		_, err = r.app.AcceptArrival(r.ctx, r.who, a.ID)
	}
	r.allow("decide "+a.ID, err)
}

func (r *run1) typedReceipt() {
	doc, ok := pick(r.rnd, r.payable)
	if !ok {
		return
	}
	l, err := r.store.PayLink(r.ctx, r.who.Company, doc)
	r.must(err)
	amount := 1000 + r.rnd.Int64N(50_000)
	in := app.ReceiptInput{CustomerID: l.CustomerID, Amount: money.Of(amount, money.EUR), MethodID: r.transfer,
		Allocations: []app.AllocationInput{{Document: l.Document, DocumentID: doc, Amount: 1 + r.rnd.Int64N(amount)}}}
	if l.Document == inbox.InvoiceDocument && r.rnd.IntN(2) == 0 {
		v, err := r.store.Invoice(r.ctx, r.who.Company, doc)
		r.must(err)
		if due := v.Collectable(); due > 0 {
			in.Amount, in.Allocations[0].Amount = money.Of(due, money.EUR), due
		}
	}
	rec, err := r.app.RecordReceipt(r.ctx, r.who, in)
	if r.allow("receipt "+doc, err) && r.rnd.IntN(4) == 0 {
		_, err := r.app.ReverseReceipt(r.ctx, r.who, rec.ID)
		r.allow("reverse "+rec.ID, err)
	}
}

func (r *run1) creditNote() {
	id, ok := pick(r.rnd, r.invoices)
	if !ok {
		return
	}
	c, err := r.app.CreateCreditNote(r.ctx, r.who, id)
	if !r.allow("credit-note "+id, err) {
		return
	}
	if r.rnd.IntN(2) == 0 {
		c.Lines[0].Discount = decimal.NewFromInt(50)
		_, err = r.app.UpdateInvoice(r.ctx, r.who, c.ID, 0, app.InvoiceInput{Lines: c.Lines[:1]})
		r.allow("cut "+c.ID, err)
	}
	_, err = r.app.IssueInvoice(r.ctx, r.who, c.ID)
	r.allow("issue-credit "+c.ID, err)
}

func (r *run1) finalInvoice() {
	id, ok := pick(r.rnd, r.quotes)
	if !ok {
		return
	}
	v, err := r.app.InvoiceQuote(r.ctx, r.who, id)
	if !r.allow("final "+id, err) {
		return
	}
	v, err = r.app.IssueInvoice(r.ctx, r.who, v.ID)
	if r.allow("issue-final "+v.Number, err) {
		r.invoices = append(r.invoices, v.ID)
		if v.Due() > 0 {
			r.payable = append(r.payable, v.ID)
		}
	}
}

func (r *run1) endQuote() {
	if id, ok := pick(r.rnd, r.quotes); ok {
		_, err := r.app.RefuseQuote(r.ctx, r.who, id)
		r.allow("refuse "+id, err)
	}
}

func (r *run1) useCredit() {
	c, _ := pick(r.rnd, r.customers)
	now, err := r.store.Customer(r.ctx, r.who.Company, c.ID)
	r.must(err)
	doc, ok := pick(r.rnd, r.payable)
	if now.Credit.Sign() <= 0 || !ok {
		return
	}
	l, err := r.store.PayLink(r.ctx, r.who.Company, doc)
	r.must(err)
	if r.rnd.IntN(2) == 0 {
		r.allow("impute "+doc, r.app.ImputeCredit(r.ctx, r.who, c.ID, app.AllocationInput{Document: l.Document, DocumentID: doc, Amount: now.Credit.Minor()}))
		return
	}
	_, err = r.app.RefundCredit(r.ctx, r.who, app.ReceiptInput{CustomerID: c.ID, Amount: now.Credit, MethodID: r.transfer})
	r.allow("refund-credit "+c.Code, err)
}

// refund gives a receipt back from our side, whole or in part; the gateway may not answer.
func (r *run1) refund() {
	online := true
	page, err := r.store.Receipts(r.ctx, r.who.Company, app.ReceiptQuery{Online: &online, Paging: app.Paging{Limit: 50}})
	r.must(err)
	rec, ok := pick(r.rnd, page.Items)
	if !ok || rec.Left() == 0 {
		return
	}
	part := rec.Left()
	if r.rnd.IntN(2) == 0 {
		part = 1 + r.rnd.Int64N(part)
	}
	cover := []inbox.Cover{inbox.CoverCreditNote, inbox.CoverGesture}[r.rnd.IntN(2)]
	rf, err := r.app.Refund(r.ctx, r.who, rec.ID, app.RefundInput{Amount: money.Of(part, money.EUR), Cover: cover})
	if err == nil {
		r.refunds = append(r.refunds, rf.ID)
	}
	r.allow(fmt.Sprintf("refund %s %d", rec.ID, part), err)
}

// refundAgain asks again for refunds of unknown outcome, as the workers do.
func (r *run1) refundAgain() {
	r.clock.Advance(15 * time.Minute)
	w, err := r.store.DueWork(r.ctx, r.app.Now(), 200)
	r.must(err)
	for _, it := range w.Refunds {
		r.allow("refund again "+it.ID, r.app.SendRefund(r.ctx, it.Company, it.ID))
	}
}

func (r *run1) crash() {
	r.say("crash")
	r.restart()
}

func (r *run1) loseAnswers() {
	call, _ := pick(r.rnd, []string{"create_checkout", "settle_checkout", "list_payments", "fetch_payment", "expire_checkout", "refund"})
	r.provider.Inject(r.account, sandbox.Fault{Call: call, Kind: gateway.ErrRetryable, Outcome: gateway.Unknown, Done: r.rnd.IntN(2) == 0, Times: 1})
	r.say("lose an answer of %s", call)
}

// settleDust brings everything to its end: debits settle, fees are told, what came is read and posted, people decide.
func (r *run1) settleDust() {
	r.say("dust")
	for range 6 {
		c, err := r.provider.Console(r.account, 1<<20)
		r.must(err)
		for _, m := range c.Movements {
			if m.Kind == gateway.KindPayment && m.State == gateway.Pending {
				_, err := r.provider.Settle(r.account, m.ID, true, sandbox.WebhookNever)
				r.must(err)
			}
			if m.Kind == gateway.KindPayment && m.State == gateway.Succeeded && m.FeeState == gateway.FeeUnknown {
				_, err := r.provider.RevealFee(r.account, m.ID, sandbox.WebhookNever)
				r.must(err)
			}
		}
		r.refundAgain()
		for range 4 { // injected faults run out
			if _, err := r.app.Refresh(r.ctx, r.who, r.conn.ID); err == nil {
				break
			}
		}
		if _, err := r.app.IntegrateReady(r.ctx, r.who); err != nil {
			r.fail("integrate: %v", err)
		}
		page, err := r.store.Arrivals(r.ctx, r.who.Company, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 200}})
		r.must(err)
		for _, a := range page.Items {
			if a.State == inbox.Review {
				if a.Has(inbox.RelatedMissing) || a.Has(inbox.Unmatched) && a.RelatedID != "" {
					continue
				}
				r.decide(a)
			}
		}
		if len(page.Items) == 0 {
			break
		}
	}
	// Refunds and disputes whose payment was posted in the last round.
	ids, err := r.store.ArrivalsUnmatched(r.ctx, r.who.Company, 1000)
	r.must(err)
	res, err := r.app.Integrate(r.ctx, r.who, ids)
	r.must(err)
	for _, x := range res {
		if x.Err != nil {
			r.fail("left over: %s: %v", x.ArrivalID, x.Err)
		}
	}
}

// check asserts every invariant of the books.
func (r *run1) check() {
	r.t.Helper()
	company := r.who.Company
	rep, err := r.app.Verify(r.ctx, r.who, nil)
	r.must(err)
	if rep.Break != nil {
		r.fail("chain: %+v", rep.Break)
	}
	rows, err := r.store.TrialBalance(r.ctx, company, r.app.Today().AddMonths(-24), r.app.Today().AddMonths(24))
	r.must(err)
	var debit, credit int64
	for _, row := range rows {
		debit += row.Debit
		credit += row.Credit
	}
	if debit != credit {
		r.fail("debit %d, credit %d", debit, credit)
	}
	r.checkDocuments()
	r.checkNumbers()
}

// checkProvider asserts that the books hold what the provider holds.
func (r *run1) checkProvider() {
	r.t.Helper()
	var held int64
	for _, m := range r.provider.Balance(r.account) {
		if m.Currency() == money.EUR {
			held = m.Minor()
		}
	}
	if got := r.balance(r.conn.GatewayAccount, ""); got != held {
		r.fail("the books say the gateway holds %d, the gateway says %d", got, held)
	}
	r.prove(true)
}

// prove checks the gateway account: whatever stands between the books and the provider is explained to the cent. While
// answers are being lost a check may fail, and goes on the next time.
func (r *run1) prove(settled bool) {
	r.t.Helper()
	p, err := r.app.ProveNow(r.ctx, r.who, r.conn.ID)
	if err != nil && !settled {
		r.allow("prove", err)
		return
	}
	r.must(err)
	for _, b := range p.Balances {
		if b.Unexplained != 0 || b.UnpaidRest != 0 {
			r.fail("the proof leaves %d and %d: %+v", b.Unexplained, b.UnpaidRest, p)
		}
	}
	if p.State != inbox.ProofProven || len(p.Payouts) > 0 {
		r.fail("the proof is %s: %+v", p.State, p)
	}
}

func (r *run1) balance(account, aux string) int64 {
	b, err := r.store.Balance(r.ctx, r.who.Company, account, aux)
	r.must(err)
	return b
}

func (r *run1) checkDocuments() {
	r.t.Helper()
	due, deposits := map[string]int64{}, map[string]int64{}
	var pendingVAT, depositVAT, disputed int64
	for cursor := ""; ; {
		page, err := r.store.Invoices(r.ctx, r.who.Company, app.InvoiceQuery{Paging: app.Paging{Cursor: cursor, Limit: 200}})
		r.must(err)
		for _, row := range page.Items {
			v, err := r.store.Invoice(r.ctx, r.who.Company, row.ID)
			r.must(err)
			if row.Balance != v.Due() || row.Settlement != v.Settlement() {
				r.fail("list and document disagree on %s: %d %s, %d %s", v.Number, row.Balance, row.Settlement, v.Due(), v.Settlement())
			}
			if v.Life != billing.Issued || v.Kind != billing.Standard {
				continue
			}
			due[v.CustomerID] += v.Payable() - v.Credited - v.Paid
			disputed += v.Dispute
			for _, row := range v.Totals.Rows {
				if row.Nature == billing.Services && !v.OnDebits {
					pendingVAT += row.VAT - v.VATCredited[row.Code] - v.VATMoved[row.Code]
				}
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for _, id := range r.allQuotes() {
		q, err := r.store.Quote(r.ctx, r.who.Company, id)
		r.must(err)
		if err := q.CheckDeposits(); err != nil {
			r.fail("quote %s: %v", q.Number, err)
		}
		for _, d := range q.Deposits {
			if d.State != billing.DepositPaid {
				continue
			}
			deposits[q.CustomerID] += d.Received
			bill, err := r.store.Invoice(r.ctx, r.who.Company, d.InvoiceID)
			r.must(err)
			depositVAT += bill.Totals.VAT
			for _, n := range bill.VATCredited {
				depositVAT -= n
			}
		}
	}
	for _, c := range r.customers {
		now, err := r.store.Customer(r.ctx, r.who.Company, c.ID)
		r.must(err)
		if got := r.balance(posting.Customers, c.Code); got != due[c.ID] {
			r.fail("411 of %s is %d, the documents say %d", c.Code, got, due[c.ID])
		}
		if got := r.balance(posting.Deposits, c.Code); got != -deposits[c.ID] {
			r.fail("4191 of %s is %d, the deposits say %d", c.Code, got, -deposits[c.ID])
		}
		if got := r.balance(posting.CustomerCredit, c.Code); got != -now.Credit.Minor() {
			r.fail("4197 of %s is %d, the customer's credit is %s", c.Code, got, now.Credit)
		}
	}
	if got := r.balance(posting.VATPending, ""); got != -pendingVAT {
		r.fail("445880 is %d, the unpaid services say %d", got, -pendingVAT)
	}
	if got := r.balance(posting.VATOnDeposits, ""); got != depositVAT {
		r.fail("445871 is %d, the deposits say %d", got, depositVAT)
	}
}

func (r *run1) allQuotes() []string {
	var out []string
	for cursor := ""; ; {
		page, err := r.store.Quotes(r.ctx, r.who.Company, app.QuoteQuery{Paging: app.Paging{Cursor: cursor, Limit: 200}})
		r.must(err)
		for _, q := range page.Items {
			out = append(out, q.ID)
		}
		if cursor = page.Next; cursor == "" {
			return out
		}
	}
}

// checkNumbers: every series runs from 1 without a gap.
func (r *run1) checkNumbers() {
	r.t.Helper()
	last := map[string]int{}
	seen := map[string]map[int]bool{}
	for cursor := ""; ; {
		page, err := r.store.Invoices(r.ctx, r.who.Company, app.InvoiceQuery{Lives: []billing.Life{billing.Issued}, Paging: app.Paging{Cursor: cursor, Limit: 200}})
		r.must(err)
		for _, v := range page.Items {
			var n int
			series, digits, _ := strings.Cut(v.Number, "-")
			if _, err := fmt.Sscanf(digits, "%d", &n); err != nil {
				r.fail("number %q", v.Number)
			}
			if seen[series] == nil {
				seen[series] = map[int]bool{}
			}
			if seen[series][n] {
				r.fail("number %s twice", v.Number)
			}
			seen[series][n] = true
			last[series] = max(last[series], n)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for series, n := range last {
		if len(seen[series]) != n {
			r.fail("series %s has %d numbers up to %d", series, len(seen[series]), n)
		}
	}
}
