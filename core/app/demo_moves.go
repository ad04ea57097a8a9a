package app

import (
	"context"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// The moves that a demonstration's story is made of, from the click on a pay button to a cheque that bounces.

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
		p.on(day, deskSlot, demoAct{sale: r.with, do: func(context.Context, *demoScene) error { return nil }}) // it is only to be loaded
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
