package app

import (
	"context"

	"github.com/acquit-app/acquit/core/gateway"
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
