package app

import (
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/party"
)

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

	// Quotes: invoiced in the end, with a deposit that can be paid online now, with deposits paid and nothing invoiced yet,
	// with a deposit that waits for OK, with one that was given back, and a draft; and drafts of invoices.
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
