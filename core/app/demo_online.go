package app

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// What customers and the play gateway do in a demonstration. Each thing is reported as the gateway's API would tell it.

// demoFeeRate and demoFeeFixed make the gateway's fee: 1.4 % and 0.25, as European card processors publish.
var demoFeeRate = decimal.New(14, -3)

const demoFeeFixed = 25

// click opens the gateway's page for what is due.
func (s *demoScene) click(ctx context.Context, m *demoPayment, at time.Time) error {
	_, err := s.opened(ctx, m, m.attempt, m.last.SessionID, at)
	return err
}

// pay opens the page and pays on it within two minutes; sometimes a first card is refused.
func (s *demoScene) pay(ctx context.Context, m *demoPayment, at time.Time) error {
	if m.loose {
		return s.payLoose(ctx, m, at)
	}
	if m.declined {
		try, err := s.opened(ctx, m, ids.New(ids.Attempt), "", at.Add(-9*time.Minute))
		if err != nil || try.ID == "" {
			return err
		}
		try.Move(gateway.CheckoutFailed, "card_declined", at.Add(-8*time.Minute))
		try.Version++
		s.tx.Attempts.Put(try)
	}
	try, err := s.opened(ctx, m, m.attempt, m.last.SessionID, at.Add(-2*time.Minute))
	if err != nil || try.ID == "" {
		return err
	}
	return s.take(m, at)
}

// opened writes an attempt on what is due and the page that the gateway opened for it; none when nothing is due.
func (s *demoScene) opened(ctx context.Context, m *demoPayment, id, session string, at time.Time) (inbox.Attempt, error) {
	due, err := s.due(ctx, m.bill)
	if err != nil || due <= 0 {
		return inbox.Attempt{}, err
	}
	l, err := s.tx.Links.Get(ctx, m.bill.id())
	if err != nil {
		return inbox.Attempt{}, err
	}
	try := inbox.Attempt{ID: id, ConnectionID: s.conn.ID, Amount: euros(due), SessionID: session}
	putAttempt(s.tx, &try, l, at)
	try.Move(gateway.CheckoutOpen, "", at)
	try.Version++
	s.tx.Attempts.Put(try)
	p := s.described(m, due)
	p.Reference = id
	s.said[m] = p
	return try, nil
}

// payLoose pays what is due without a page of ours.
func (s *demoScene) payLoose(ctx context.Context, m *demoPayment, at time.Time) error {
	due, err := s.due(ctx, m.bill)
	if err != nil || due <= 0 {
		return err
	}
	p := s.described(m, due)
	p.SessionID = ""
	s.said[m] = p
	return s.take(m, at)
}

// described is what a payment will say when an amount is due.
func (s *demoScene) described(m *demoPayment, due int64) gateway.Payment {
	c := s.plan.cast[m.bill.customer()]
	p := s.payment(m)
	p.Kind, p.Gross = gateway.KindPayment, euros(max(due*m.percent/100+m.extra, 1))
	p.Payer = gateway.Payer{Name: c.Name, Email: string(c.Email), Country: c.Address.Country}
	return p
}

// payment is what the gateway said last of a payment.
func (s *demoScene) payment(m *demoPayment) gateway.Payment {
	if p, ok := s.said[m]; ok {
		return p
	}
	return m.last
}

// take lets the money come, or begin to come by a bank debit, on a page that was opened before.
func (s *demoScene) take(m *demoPayment, at time.Time) error {
	p := s.payment(m)
	if p.Kind == "" {
		return nil // the page was never opened
	}
	p.State, p.Method, p.OccurredAt, p.UpdatedAt = gateway.Succeeded, "card", at, at
	p.FeeState = m.fee
	if m.debit {
		p.State, p.Reason, p.Method, p.FeeState = gateway.Pending, "awaiting_debit", "sepa_debit", gateway.FeeUnknown
	}
	return s.say(m, p)
}

// settleDebit ends a bank debit: the money is there, with its fee, or never comes.
func (s *demoScene) settleDebit(m *demoPayment, at time.Time, ok bool) error {
	p := s.payment(m)
	if p.State == "" {
		return nil
	}
	p.UpdatedAt = at
	p.State, p.Reason, p.FeeState = gateway.Succeeded, "", gateway.FeeKnown
	if !ok {
		p.State, p.Reason, p.FeeState = gateway.Failed, "insufficient_funds", gateway.FeeNone
	}
	return s.say(m, p)
}

func (s *demoScene) tellFee(m *demoPayment, at time.Time) error {
	p := s.payment(m)
	if p.State != gateway.Succeeded || p.FeeState != gateway.FeeUnknown {
		return nil
	}
	p.UpdatedAt, p.FeeState = at, gateway.FeeKnown
	return s.say(m, p)
}

// say reports a payment's new form.
func (s *demoScene) say(m *demoPayment, p gateway.Payment) error {
	p.Fee, p.Net = money.Money{}, money.Money{}
	if p.FeeState == gateway.FeeKnown {
		rated, err := p.Gross.Times(demoFeeRate, money.HalfUp)
		if err != nil {
			return err
		}
		p.Fee = rated.Plus(euros(demoFeeFixed))
	}
	s.said[m] = p
	return s.report(p)
}

// follow reports something that follows from a payment: a refund, a dispute, a reversal.
func (s *demoScene) follow(m *demoPayment, kind gateway.Kind, id string, gross money.Money, fee int64, at time.Time) error {
	if m.last.State != gateway.Succeeded || gross.Sign() <= 0 {
		return nil
	}
	p := gateway.Payment{ID: id, Kind: kind, State: gateway.Succeeded, Gross: gross, FeeState: gateway.FeeNone, Reference: m.last.Reference,
		RelatedID: m.last.ID, Method: m.last.Method, Payer: m.last.Payer, OccurredAt: at, UpdatedAt: at}
	if fee > 0 {
		p.FeeState, p.Fee = gateway.FeeKnown, euros(fee)
	}
	return s.report(p)
}

// win reports the end of a dispute that gives the money back.
func (s *demoScene) win(m *demoPayment, dispute, id string, at time.Time) error {
	if m.last.State != gateway.Succeeded {
		return nil
	}
	return s.report(gateway.Payment{ID: id, Kind: gateway.KindDisputeReversal, State: gateway.Succeeded, Gross: m.last.Gross, FeeState: gateway.FeeNone,
		RelatedID: dispute, Method: m.last.Method, Payer: m.last.Payer, OccurredAt: at, UpdatedAt: at})
}

// book reports a movement of its own.
func (s *demoScene) book(kind gateway.Kind, id string, cents int64, text string, at time.Time) error {
	return s.report(gateway.Payment{ID: id, Kind: kind, State: gateway.Succeeded, Gross: euros(cents), FeeState: gateway.FeeNone,
		Description: text, OccurredAt: at, UpdatedAt: at})
}

// report takes what the gateway says, checked as what any gateway says.
func (s *demoScene) report(p gateway.Payment) error {
	net := p.Gross
	if !p.Kind.Inflow() {
		net = net.Neg()
	}
	p.Net = net.Minus(money0(p.Fee, money.EUR))
	if p.FeeState != gateway.FeeKnown {
		p.Net = money.Money{}
	}
	if err := gateway.CheckPayment(p); err != nil {
		return err
	}
	s.reports = append(s.reports, p)
	return nil
}

// demoLedger is the play gateway's side of the story.
type demoLedger struct {
	held      map[string]gateway.Payment // what was not paid out yet
	order     []string                   // of held, as they came
	unwritten []gateway.Payment          // what the provider was not given yet
	place     map[string]int             // of a movement in unwritten
}

// take keeps the newest form of a movement.
func (l *demoLedger) take(p gateway.Payment) {
	if l.held == nil {
		l.held, l.place = map[string]gateway.Payment{}, map[string]int{}
	}
	if p.Kind != gateway.KindPayout {
		if _, there := l.held[p.ID]; !there {
			l.order = append(l.order, p.ID)
		}
		l.held[p.ID] = p
	}
	if i, there := l.place[p.ID]; there {
		l.unwritten[i] = p
		return
	}
	l.place[p.ID] = len(l.unwritten)
	l.unwritten = append(l.unwritten, p)
}

// payout sends what is held and whose fee is known to the bank: it returns the movements with the payout that they are in,
// then the payout; nothing when there is nothing to send.
func (l *demoLedger) payout(id string, at time.Time) []gateway.Payment {
	var out []gateway.Payment
	var sum int64
	rest := l.order[:0:0]
	for _, held := range l.order {
		p := l.held[held]
		if p.PayoutID != "" || p.State == gateway.Failed {
			delete(l.held, held)
			continue
		}
		rest = append(rest, held)
		if p.State != gateway.Succeeded || p.FeeState == gateway.FeeUnknown || p.OccurredAt.After(at) {
			continue
		}
		net := p.Gross
		if p.FeeState == gateway.FeeKnown {
			net = p.Net
		} else if !p.Kind.Inflow() {
			net = net.Neg()
		}
		sum += net.Minor()
		p.PayoutID, p.UpdatedAt = id, at
		out = append(out, p)
	}
	l.order = rest
	if sum <= 0 {
		return nil
	}
	return append(out, gateway.Payment{ID: id, Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: euros(sum), FeeState: gateway.FeeNone,
		Method: "bank_transfer", Description: "Payout", OccurredAt: at, UpdatedAt: at})
}

// record hands the provider what it does not know yet and returns the place behind it in the provider's list.
func (d *demo) record(ctx context.Context) (cursor string, err error) {
	settings, err := d.settings(d.Company, d.conn)
	if err != nil {
		return "", err
	}
	cursor, err = d.Provider.Record(ctx, gateway.Connection{ID: d.conn.ID, Mode: d.conn.Mode, Settings: settings, WebhookURL: d.webhookURL(d.Company, d.conn.ID)},
		d.provider.unwritten)
	d.provider.unwritten = nil
	clear(d.provider.place)
	return cursor, err
}
