package app

import (
	"context"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

// How long people take to pay, in days: quantiles at equal steps, see drawn. Terms are 30 days.
var (
	onlineDelays   = []int64{0, 0, 0, 1, 1, 2, 3, 4, 6, 9, 14, 21, 33}
	transferDelays = []int64{3, 12, 18, 22, 25, 27, 29, 31, 34, 39, 48, 75}
	chequeDelays   = []int64{5, 15, 22, 28, 33, 38, 45, 60, 80}
)

// ordinary plans one invoice of a day with what becomes of it: 35 % are paid online, 40 % by transfer, 10 % by cheque, and
// nobody pays the rest.
func (p *demoPlan) ordinary(day int) {
	byHand, pays := "VIR", anybody
	if p.chance(500) {
		byHand, pays = "CB", reachable // with a pay button that the customer does not use
	}
	switch fate := p.r.IntN(100); {
	case fate < 35:
		p.online(p.sells(day, "CB", reachable))
	case fate < 75:
		s := p.sells(day, byHand, pays)
		r := &demoReceipt{bill: demoBill{sale: s}, percent: 100, method: "VIR"}
		if p.chance(8) {
			r.short = 1 + p.r.Int64N(5) // a slip of the pen, within what is written off
		}
		p.receives(r, s.day+int(drawn(p.r, transferDelays)))
		if p.chance(8) {
			p.takesBack(s, s.day+2+p.r.IntN(2), p.chance(500), nil, 0)
		}
	case fate < 85:
		s := p.sells(day, "CHQ", inFrance)
		p.receives(&demoReceipt{bill: demoBill{sale: s}, percent: 100, method: "CHQ"}, s.day+int(drawn(p.r, chequeDelays)))
	default:
		p.sells(day, byHand, pays)
	}
}

// online plans how an invoice is paid online, and what may go wrong afterwards.
func (p *demoPlan) online(s *demoSale) {
	pay := p.payment(demoBill{sale: s})
	day := s.day + int(drawn(p.r, onlineDelays))
	if p.chance(60) {
		pay.declined = true
	}
	switch fee := p.r.IntN(1000); {
	case share(fee, 0, 120):
		pay.fee = gateway.FeeUnknown
		p.tellsFee(pay, day+1+p.r.IntN(4))
	case share(fee, 120, 30):
		pay.fee = gateway.FeeNone
	}
	switch what := p.r.IntN(1000); {
	case share(what, 0, 50):
		pay.debit = true
		p.pays(pay, day)
		if p.chance(850) {
			p.settles(pay, day+2+p.r.IntN(3), true)
			return
		}
		p.settles(pay, day+3, false)
		p.pays(p.payment(demoBill{sale: s}), day+5)
	case share(what, 50, 20):
		p.pays(pay, day)
		back := day + 5 + p.r.IntN(25)
		p.takesBack(s, back, p.chance(400), pay, back+1)
	case share(what, 70, 3):
		p.pays(pay, day)
		p.quarrel(pay, s, day+5+p.r.IntN(30), p.r.IntN(3))
	case share(what, 73, 5):
		pay.extra = 5_00 + 5_00*p.r.Int64N(6)
		p.pays(pay, day)
		p.returnsExcess(pay, day+10)
	case share(what, 78, 7):
		pay.percent = 50 + p.r.Int64N(40)
		p.pays(pay, day)
		p.receives(&demoReceipt{bill: demoBill{sale: s}, percent: 100, method: "VIR"}, day+15)
	case share(what, 85, 2):
		pay.loose = true
		p.pays(pay, day)
		p.finds(pay, day+2)
	default:
		p.pays(pay, day)
	}
}

// share says whether a draw falls in the share of some outcome.
func share(draw, from, size int) bool { return draw >= from && draw < from+size }

// sells plans an invoice on the last working day up to a day. One in eight follows from a quote.
func (p *demoPlan) sells(day int, method string, fits func(party.Customer) bool) *demoSale {
	s := p.invoice(day, method, p.somebody(fits))
	if from := s.day - 30 - p.r.IntN(50); p.chance(120) && from > 0 {
		p.offers(s, from)
	}
	return s
}

func (p *demoPlan) invoice(day int, method string, customer int) *demoSale {
	s := &demoSale{day: p.last(day), customer: customer, seed: p.r.Uint64(), method: method}
	p.on(s.day, salesSlot, demoAct{fresh: true, sale: s, do: func(ctx context.Context, scene *demoScene) error { return scene.invoice(ctx, s) }})
	return s
}

// offers plans the quote that a sale follows from.
func (p *demoPlan) offers(s *demoSale, from int) {
	from = p.next(from)
	s.quote = p.quote(from, s.customer)
	// Later payments would still wait for OK when the final invoice is made.
	p.agrees(s.quote, from+2+p.r.IntN(8), s.day-8)
}

// agrees plans that a quote is accepted and its deposits paid, of which one at most may be paid online. A deposit that is
// not paid before a day is left to the final invoice.
func (p *demoPlan) agrees(q *demoQuote, day, before int) {
	day = p.next(day)
	p.accepts(q, day)
	online := -1
	if n := len(q.deposits); n > 0 && reachable(p.cast[q.customer]) && p.chance(650) {
		online = p.r.IntN(n)
		q.deposits[online].method = "CB"
	}
	for n := range q.deposits {
		bill := demoBill{quote: q, n: n}
		paid := p.next(day + 1 + 3*n + p.r.IntN(4))
		switch {
		case paid >= before || p.chance(150):
		case n == online:
			p.pays(p.payment(bill), paid)
		default:
			p.receives(&demoReceipt{bill: bill, percent: 100, method: "VIR"}, paid)
		}
	}
}

func nothing(context.Context, *demoScene) error { return nil }

// quote plans a quote that is sent to the customer with the deposits that it asks for.
func (p *demoPlan) quote(day, customer int) *demoQuote {
	q := &demoQuote{customer: customer, seed: p.r.Uint64()}
	ladder := [][]int64{nil, nil, nil, {30}, {30}, {40}, {30, 30}, {20, 20, 20}}[p.r.IntN(8)]
	for _, percent := range ladder {
		q.deposits = append(q.deposits, demoDeposit{percent: percent, method: "VIR"})
	}
	p.on(day, salesSlot, demoAct{fresh: true, quote: q, do: func(ctx context.Context, s *demoScene) error { return s.quote(ctx, q) }})
	return q
}

func (p *demoPlan) accepts(q *demoQuote, day int) {
	p.on(p.next(day), salesSlot, demoAct{quote: q, do: func(ctx context.Context, s *demoScene) error { return s.accept(ctx, q) }})
}

func (p *demoPlan) declines(q *demoQuote, day int) {
	p.on(p.next(day), salesSlot, demoAct{quote: q, do: func(ctx context.Context, s *demoScene) error { return s.refuse(ctx, q) }})
}

// openQuotes plans quotes that come to nothing, or to nothing yet: work on those accepted last has not been invoiced.
func (p *demoPlan) openQuotes(n int) {
	for range n {
		day := p.next(p.r.IntN(p.days))
		q := p.quote(day, p.somebody(anybody))
		switch fate := p.r.IntN(100); {
		case fate < 45:
			p.declines(q, day+5+p.r.IntN(25))
		case fate < 75 && day > p.days-60:
			p.agrees(q, day+2+p.r.IntN(8), p.days)
		}
	}
}

// demoPayment is one payment through the gateway.
type demoPayment struct {
	bill     demoBill
	attempt  string // its id, once it is written
	percent  int64  // of what is due
	extra    int64  // paid on top, cents
	fee      gateway.FeeState
	debit    bool // a bank debit, which settles days later
	declined bool // the first card is refused
	loose    bool // made without our pay page: the gateway knows no reference of ours

	last gateway.Payment // what the gateway said last; its ID is there from the beginning
}

func (p *demoPlan) payment(b demoBill) *demoPayment {
	return &demoPayment{bill: b, percent: 100, fee: gateway.FeeKnown, last: gateway.Payment{ID: p.mint("pay"), SessionID: p.mint("cs")}}
}

// made says whether the payment came to anything: it does not when nothing was due any more.
func (m *demoPayment) made() bool { return m.last.State != "" }

func (m *demoPayment) whole() int64 { return m.last.Gross.Minor() }

func (m *demoPayment) arrival(d *demo) string {
	return inbox.ArrivalID(d.conn.ID, gateway.KindPayment, m.last.ID)
}

// touching is an act about a payment.
func touching(m *demoPayment, do func(ctx context.Context, s *demoScene) error) demoAct {
	return demoAct{sale: m.bill.sale, quote: m.bill.quote, pay: m, do: do}
}

// pays plans the click on the pay button and, within minutes, the payment.
func (p *demoPlan) pays(m *demoPayment, day int) {
	at := p.moment(day)
	p.on(day, netSlot, touching(m, func(ctx context.Context, s *demoScene) error { return s.pay(ctx, m, at) }))
}

// opens plans a click that leads to nothing yet.
func (p *demoPlan) opens(m *demoPayment, day int) {
	at := p.moment(day)
	p.on(day, netSlot, touching(m, func(ctx context.Context, s *demoScene) error { return s.click(ctx, m, at) }))
}

// slips plans a payment on a page that was open already and should not be paid any more.
func (p *demoPlan) slips(m *demoPayment, day int) {
	at := p.moment(day)
	p.on(day, netSlot, touching(m, func(_ context.Context, s *demoScene) error { return s.take(m, at) }))
}

// settles plans the end of a bank debit.
func (p *demoPlan) settles(m *demoPayment, day int, ok bool) {
	at := p.moment(day)
	p.on(day, netSlot, touching(m, func(_ context.Context, s *demoScene) error { return s.settleDebit(m, at, ok) }))
}

// tellsFee plans when the gateway tells a fee that it did not know before.
func (p *demoPlan) tellsFee(m *demoPayment, day int) {
	at := p.moment(day)
	p.on(day, netSlot, touching(m, func(_ context.Context, s *demoScene) error { return s.tellFee(m, at) }))
}

// reverses plans that a debit which had succeeded fails after all.
func (p *demoPlan) reverses(m *demoPayment, day int) {
	id, at := p.mint("rv"), p.moment(day)
	p.on(day, netSlot, touching(m, func(_ context.Context, s *demoScene) error {
		return s.follow(m, gateway.KindPaymentReversal, id, m.last.Gross, 0, at)
	}))
}

// returnsMoney plans a refund at the gateway: of an amount that is known when it comes to it.
func (p *demoPlan) returnsMoney(m *demoPayment, day int, amount func() int64) {
	id, at := p.mint("re"), p.moment(day)
	p.on(day, netSlot, touching(m, func(_ context.Context, s *demoScene) error {
		return s.follow(m, gateway.KindRefund, id, euros(amount()), 0, at)
	}))
}

// takesBack plans a credit note on an invoice, whole or in part, and the refund of it when it was paid online.
func (p *demoPlan) takesBack(s *demoSale, day int, whole bool, paid *demoPayment, refunded int) {
	p.on(p.next(day), salesSlot, demoAct{sale: s, do: func(ctx context.Context, scene *demoScene) error { return scene.credit(ctx, s, whole) }})
	if paid != nil {
		p.returnsMoney(paid, max(p.next(day), refunded), func() int64 { return s.refund })
	}
}

// How a dispute ends.
const (
	quarrelLasts = iota
	quarrelWon
	quarrelLost
)

// quarrel plans a chargeback with its fee of 20.00, and its end five weeks later.
func (p *demoPlan) quarrel(m *demoPayment, s *demoSale, day, end int) {
	id, at := p.mint("dp"), p.moment(day)
	p.on(day, netSlot, touching(m, func(_ context.Context, scene *demoScene) error {
		return scene.follow(m, gateway.KindDispute, id, m.last.Gross, 20_00, at)
	}))
	switch end {
	case quarrelWon:
		back, at := p.mint("dr"), p.moment(day+35)
		p.on(day+35, netSlot, touching(m, func(_ context.Context, scene *demoScene) error {
			return scene.win(m, id, back, at)
		}))
	case quarrelLost:
		p.aside(day+35, func(ctx context.Context, d *demo) error {
			if !m.made() {
				return nil
			}
			return d.WriteOffDispute(ctx, d.keeper, s.id, d.day(d.now))
		})
	}
}

// returnsExcess plans that what came on top is paid back by transfer.
func (p *demoPlan) returnsExcess(m *demoPayment, day int) {
	p.aside(day, func(ctx context.Context, d *demo) error {
		if !m.made() {
			return nil
		}
		_, err := d.RefundCredit(ctx, d.keeper, ReceiptInput{CustomerID: d.people[m.bill.customer()], Amount: euros(m.extra),
			MethodID: demoMethod(d.Company, "VIR"), Reference: "Remboursement trop-perçu"})
		return err
	})
}

// finds plans that the accountant finds out what a payment without reference is for.
func (p *demoPlan) finds(m *demoPayment, day int) {
	p.aside(day, func(ctx context.Context, d *demo) error {
		return d.byHand(m, func(id string) (inbox.Arrival, error) {
			return d.MatchArrival(ctx, d.keeper, id, m.bill.kind(), m.bill.id())
		})
	})
}

// keeps plans that the accountant leaves a payment which nobody asked for on the customer's account.
func (p *demoPlan) keeps(m *demoPayment, day int) {
	p.aside(day, func(ctx context.Context, d *demo) error {
		return d.byHand(m, func(id string) (inbox.Arrival, error) { return d.KeepAsCredit(ctx, d.keeper, id, "") })
	})
}

// dismisses plans that the accountant sets aside what a payment left in the inbox.
func (p *demoPlan) dismisses(m *demoPayment, day int, reason string) {
	p.aside(day, func(ctx context.Context, d *demo) error {
		_, err := d.DismissArrival(ctx, d.keeper, m.arrival(d), reason)
		return err
	})
}

// demoReceipt is one payment by transfer or cheque.
type demoReceipt struct {
	bill    demoBill
	with    *demoSale // another invoice of the same customer, paid by the same transfer
	percent int64     // of what is due
	short   int64     // less, cents
	method  string    // code
	id      string    // once it is written
}

// receives plans that the accountant types in a transfer or a cheque, on the first working day from a day on.
func (p *demoPlan) receives(r *demoReceipt, day int) int {
	day = p.next(day)
	number := 1_000_000 + p.r.IntN(9_000_000)
	p.on(day, deskSlot, demoAct{sale: r.bill.sale, quote: r.bill.quote, do: func(ctx context.Context, s *demoScene) error { return s.receive(ctx, r, number) }})
	if r.with != nil {
		p.on(day, deskSlot, demoAct{sale: r.with, do: nothing})
	}
	return day
}

// bounces plans that a cheque comes back unpaid.
func (p *demoPlan) bounces(r *demoReceipt, day int) {
	day = p.next(day)
	p.on(day, deskSlot, demoAct{do: func(ctx context.Context, s *demoScene) error { return s.bounce(ctx, r) }})
	p.aside(day, func(ctx context.Context, d *demo) error {
		if r.id == "" {
			return nil
		}
		_, err := d.ReverseReceipt(ctx, d.keeper, r.id)
		return err
	})
}

// gatewayFees plans what the gateway books without a payment: a monthly subscription, one of them given back, a correction
// that the accountant accepts.
func (p *demoPlan) gatewayFees() {
	for day := range p.days {
		if p.date(day).Day() == 1 {
			p.books(day, gateway.KindFee, 9_00, "Abonnement mensuel")
		}
	}
	p.books(p.days-190, gateway.KindFeeRefund, 9_00, "Geste commercial")
	id := p.books(p.days-100, gateway.KindAdjustment, 3_50, "Correction")
	p.aside(p.days-98, func(ctx context.Context, d *demo) error {
		a, err := d.AcceptArrival(ctx, d.keeper, inbox.ArrivalID(d.conn.ID, gateway.KindAdjustment, id))
		d.putOnTray(a)
		return err
	})
}

func (p *demoPlan) books(day int, kind gateway.Kind, cents int64, text string) string {
	id, at := p.mint("mv"), p.moment(day)
	p.on(day, netSlot, demoAct{do: func(_ context.Context, s *demoScene) error { return s.book(kind, id, cents, text, at) }})
	return id
}

// situations plans what should be seen in every demonstration, however small, and says how many invoices that makes. Days
// count backwards from the end of the story.
func (p *demoPlan) situations() int {
	n := 0
	sells := func(ago int, method string, fits func(party.Customer) bool) *demoSale {
		n++
		return p.invoice(p.days-ago, method, p.somebody(fits))
	}
	online := func(ago int) (*demoSale, *demoPayment) {
		s := sells(ago, "CB", reachable)
		return s, p.payment(demoBill{sale: s})
	}
	wire := func(s *demoSale, ago int) int {
		return p.receives(&demoReceipt{bill: demoBill{sale: s}, percent: 100, method: "VIR"}, p.days-ago)
	}

	// For OK on the day the books are opened: plain ones, and one each with its fee pending, too much and too little paid.
	for _, ago := range []int{1, 1, 2} {
		_, m := online(8 + ago)
		p.pays(m, p.days-ago)
	}
	_, m := online(8)
	m.fee = gateway.FeeUnknown
	p.pays(m, p.days-1)
	_, m = online(15)
	m.extra = 20_00
	p.pays(m, p.days-1)
	_, m = online(20)
	m.percent = 60
	p.pays(m, p.days-1)

	// For a human: paid twice, paid without a reference, a deposit of a quote that was refused. A debit is on its way.
	s, m := online(30)
	p.opens(m, p.days-9)
	p.slips(m, wire(s, 8)+1)
	_, m = online(25)
	m.loose = true
	p.pays(m, p.days-2)
	q, m := p.requested(p.days-20, 30)
	p.opens(m, p.days-12)
	p.declines(q, p.days-9)
	p.slips(m, p.days-2)
	_, m = online(10)
	m.debit = true
	p.pays(m, p.days-2)

	// Posted, and the fee has not come for a week.
	_, m = online(18)
	m.fee = gateway.FeeUnknown
	p.pays(m, p.days-10)

	// What followed from payments of earlier months.
	for i, end := range []int{quarrelWon, quarrelLost, quarrelLasts} {
		s, m = online(200 - 60*i)
		p.pays(m, p.days-195+60*i)
		p.quarrel(m, s, p.days-180+60*i+i, end)
	}
	for i, whole := range []bool{true, false} {
		s, m = online(150 - 40*i)
		p.pays(m, p.days-145+40*i)
		p.takesBack(s, p.days-130+40*i, whole, m, 0)
	}
	_, m = online(140)
	m.extra = 50_00
	p.pays(m, p.days-135)
	p.returnsExcess(m, p.days-122)
	s, m = online(125)
	p.opens(m, p.days-115)
	twice := wire(s, 113) + 1
	p.slips(m, twice)
	p.keeps(m, twice+3)
	p.returnsMoney(m, twice+12, m.whole)
	s, m = online(170)
	m.debit = true
	p.pays(m, p.days-168)
	p.settles(m, p.days-165, true)
	p.reverses(m, p.days-150)
	wire(s, 135)
	s, m = online(95)
	m.debit = true
	p.pays(m, p.days-93)
	p.settles(m, p.days-89, false)
	p.dismisses(m, p.days-87, "Prélèvement rejeté, client relancé par téléphone")
	wire(s, 70)
	_, m = online(160)
	m.loose = true
	p.pays(m, p.days-158)
	p.finds(m, p.days-155)
	s = sells(80, "CB", reachable)
	p.takesBack(s, p.days-77, true, nil, 0)

	// By hand: a cheque that bounced, a part, two invoices by one transfer, one long overdue.
	s = sells(130, "CHQ", inFrance)
	cheque := &demoReceipt{bill: demoBill{sale: s}, percent: 100, method: "CHQ"}
	p.bounces(cheque, p.receives(cheque, p.days-110)+12)
	wire(s, 80)
	s = sells(50, "VIR", anybody)
	p.receives(&demoReceipt{bill: demoBill{sale: s}, percent: 40, method: "VIR"}, p.days-20)
	s = sells(60, "VIR", anybody)
	n++
	also := p.invoice(p.days-55, "VIR", s.customer)
	p.receives(&demoReceipt{bill: demoBill{sale: s}, with: also, percent: 100, method: "VIR"}, p.days-25)
	sells(75, "CB", reachable)

	// Quotes: one that was invoiced in the end, one with a deposit that can be paid online now, one whose deposits are paid and not invoiced yet, one whose
	// deposit waits for OK, one whose deposit was given back, a draft; and drafts of invoices.
	q, m = p.requested(p.days-110, 30)
	p.accepts(q, p.days-104)
	p.pays(m, p.days-100)
	n++
	s = p.invoice(p.days-65, "CB", q.customer)
	s.quote = q
	wire(s, 40)
	p.requested(p.days-3, 30)
	q, m = p.requested(p.days-40, 30)
	q.deposits = append(q.deposits, demoDeposit{percent: 30, method: "VIR"})
	p.accepts(q, p.days-36)
	p.pays(m, p.days-30)
	p.receives(&demoReceipt{bill: demoBill{quote: q, n: 1}, percent: 100, method: "VIR"}, p.days-18)
	q, m = p.requested(p.days-12, 40)
	p.accepts(q, p.days-8)
	p.pays(m, p.days-1)
	q, m = p.requested(p.days-100, 30)
	p.accepts(q, p.days-95)
	p.pays(m, p.days-90)
	p.returnsMoney(m, p.days-75, m.whole)
	p.declines(q, p.days-60)
	p.quote(p.last(p.days-1), p.somebody(atHome)).draft = true
	for range 2 {
		sells(1, "CB", atHome).draft = true
	}
	return n
}

// requested plans a quote with one deposit, which may be paid online.
func (p *demoPlan) requested(day int, percent int64) (*demoQuote, *demoPayment) {
	q := p.quote(p.last(day), p.somebody(atHome))
	q.deposits = []demoDeposit{{percent: percent, method: "CB"}}
	return q, p.payment(demoBill{quote: q})
}

// byHand lets the accountant decide about a payment, which then waits for OK.
func (d *demo) byHand(m *demoPayment, decide func(id string) (inbox.Arrival, error)) error {
	if !m.made() {
		return nil
	}
	a, err := decide(m.arrival(d))
	d.putOnTray(a)
	return err
}

func (d *demo) putOnTray(a inbox.Arrival) {
	if a.State == inbox.Ready || a.State == inbox.Integrated && a.FeeDue() != 0 {
		d.tray = append(d.tray, a.ID)
	}
}
