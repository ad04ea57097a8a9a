package sandbox

import (
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// The back office of the play provider: what happens to money after the payer has gone. Each method works on one
// account and tells webhooks of what it did, in the way that how says (see WebhookOnce).

// act runs f on an account and delivers what it told.
func (p *Provider) act(account string, f func(t *tx) (string, error)) (id string, err error) {
	err = p.store.write(func(t *tx) (err error) {
		if t.s.accounts[account] == nil {
			return notFound("no such account")
		}
		id, err = f(t)
		return err
	})
	p.post.wake()
	if err != nil {
		return "", err
	}
	return id, nil
}

// on is act on a movement of one kind that is in one state.
func (p *Provider) on(account, id string, kind gateway.Kind, state gateway.State, f func(t *tx, m *Movement) (string, error)) (string, error) {
	return p.act(account, func(t *tx) (string, error) {
		m, err := t.movement(account, id)
		if err != nil {
			return "", err
		}
		if m.Kind != kind || m.State != state {
			return "", refuse("wrong_state", "this needs a %s that is %s; %s is a %s that is %s", kind, state, id, m.Kind, m.State)
		}
		return f(t, m)
	})
}

// Settle ends a pending payment: the money comes, or the debit fails. It returns the payment's id.
func (p *Provider) Settle(account, payment string, paid bool, how string) (string, error) {
	return p.on(account, payment, gateway.KindPayment, gateway.Pending, func(t *tx, m *Movement) (string, error) {
		state, reason := gateway.CheckoutPaid, ""
		if paid {
			m.State, m.Reason = gateway.Succeeded, ""
			if m.FeeState == gateway.FeeUnknown && !m.FeeHeld {
				if err := m.chargePlan(); err != nil {
					return "", err
				}
			}
		} else {
			state, reason = gateway.CheckoutFailed, "insufficient_funds"
			m.State, m.Reason = gateway.Failed, reason
			m.free()
		}
		t.putMovement(m)
		var sessions []string
		if v, err := t.session(account, m.Session); err == nil {
			v.State, v.Reason = state, reason
			t.putSession(v)
			sessions = []string{v.ID}
		}
		t.tell(account, "payment."+string(m.State), how, sessions, m.ID)
		return m.ID, nil
	})
}

// RevealFee tells the fee of a payment that came without one. It returns the payment's id.
func (p *Provider) RevealFee(account, payment, how string) (string, error) {
	return p.on(account, payment, gateway.KindPayment, gateway.Succeeded, func(t *tx, m *Movement) (string, error) {
		if m.FeeState != gateway.FeeUnknown {
			return "", refuse("fee_told", "the fee of %s is told already", m.ID)
		}
		if err := m.chargePlan(); err != nil {
			return "", err
		}
		t.putMovement(m)
		t.tell(account, "payment.fee_known", how, nil, m.ID)
		return m.ID, nil
	})
}

// left is what of a payment is still with the merchant: not refunded, not disputed.
func (t *tx) left(m *Movement) money.Money {
	left := m.Gross.Money
	for _, id := range t.s.related[m.ID] {
		o := t.s.movements[id]
		if o.State == gateway.Failed || o.Closed == closedReversed || o.Closed == closedWon {
			continue
		}
		switch o.Kind {
		case gateway.KindRefund, gateway.KindDispute, gateway.KindPaymentReversal:
			left = left.Minus(o.Gross.Money)
		}
	}
	return left
}

// derived makes a movement that follows from another one.
func (t *tx) derived(prefix string, kind gateway.Kind, from *Movement, gross money.Money) *Movement {
	return &Movement{
		ID: prefix + token(15), Account: from.Account, Kind: kind, State: gateway.Succeeded, Gross: Amount{gross},
		Reference: from.Reference, Session: from.Session, Related: from.ID, Method: from.Method,
		Name: from.Name, Email: from.Email, Country: from.Country, OccurredAt: t.at, Description: from.Description,
	}
}

// Refund gives a payment back, or the part of it that amount says. With feeBack the sandbox returns the fee in
// proportion. One key, one refund. It returns the refund's id.
func (p *Provider) Refund(account, key, payment string, amount money.Money, feeBack bool, reason, how string) (string, error) {
	return p.act(account, func(t *tx) (string, error) {
		request := struct {
			Payment, Reason string
			Amount          Amount
			FeeBack         bool
		}{payment, reason, Amount{amount}, feeBack}
		return t.once(account, "refund", key, request, func() (string, error) {
			m, err := t.movement(account, payment)
			if err != nil {
				return "", err
			}
			left := t.left(m)
			if amount.Currency() == "" {
				amount = left
			}
			switch {
			case m.Kind != gateway.KindPayment || m.State != gateway.Succeeded:
				return "", refuse("not_refundable", "%s is a %s that is %s", m.ID, m.Kind, m.State)
			case amount.Currency() != left.Currency():
				return "", refuse("wrong_currency", "%s was paid in %s", m.ID, left.Currency())
			case amount.Sign() <= 0 || amount.Cmp(left) > 0:
				return "", refuse("amount_too_large", "%s of %s can be refunded, not %s", left, m.Gross.Money, amount)
			}
			r := t.derived("re_", gateway.KindRefund, m, amount)
			r.Reason = clean(reason, 200)
			r.free()
			if feeBack && m.FeeState == gateway.FeeKnown {
				if err := r.charge(m.Fee.Share(amount, m.Gross.Money).Neg(), zero(amount.Currency())); err != nil {
					return "", err
				}
			}
			t.putMovement(r)
			t.tell(account, "refund.succeeded", how, nil, r.ID, m.ID)
			return r.ID, nil
		})
	})
}

// FailRefund takes a refund back that did not reach the payer. It returns the id of the reversal.
func (p *Provider) FailRefund(account, refund, how string) (string, error) {
	return p.reverse(account, refund, gateway.KindRefund, "rr_", gateway.KindRefundReversal, "refund.failed", how)
}

// ReversePayout brings a payout back that the bank refused. It returns the id of the reversal.
func (p *Provider) ReversePayout(account, payout, how string) (string, error) {
	return p.reverse(account, payout, gateway.KindPayout, "pr_", gateway.KindPayoutReversal, "payout.failed", how)
}

func (p *Provider) reverse(account, id string, kind gateway.Kind, prefix string, to gateway.Kind, event, how string) (string, error) {
	return p.on(account, id, kind, gateway.Succeeded, func(t *tx, m *Movement) (string, error) {
		if m.Closed != "" {
			return "", refuse("wrong_state", "%s was reversed already", m.ID)
		}
		m.Closed = closedReversed
		t.putMovement(m)
		r := t.derived(prefix, to, m, m.Gross.Money)
		r.free()
		if m.FeeState == gateway.FeeKnown {
			if err := r.charge(m.Fee.Neg(), zero(m.Gross.Currency())); err != nil {
				return "", err
			}
		}
		t.putMovement(r)
		t.tell(account, event, how, nil, r.ID, m.ID)
		return r.ID, nil
	})
}

// ReversePayment lets a payment that had succeeded fail after all, as a bank debit may. It returns the id of the reversal.
func (p *Provider) ReversePayment(account, payment, how string) (string, error) {
	return p.on(account, payment, gateway.KindPayment, gateway.Succeeded, func(t *tx, m *Movement) (string, error) {
		if !t.left(m).Equal(m.Gross.Money) {
			return "", refuse("wrong_state", "%s was refunded or disputed", m.ID)
		}
		r := t.derived("rv_", gateway.KindPaymentReversal, m, m.Gross.Money)
		r.free()
		t.putMovement(r)
		t.tell(account, "payment.reversed", how, nil, r.ID, m.ID)
		return r.ID, nil
	})
}

// Closings of a movement.
const (
	closedReversed = "reversed"
	closedWon      = "won"
	closedLost     = "lost"
)

// How the fee of a dispute is charged.
const (
	DisputeFeeWith  = "with"  // in the movement that takes the money
	DisputeFeeApart = "apart" // as a movement of its own
	DisputeFeeNone  = "none"
)

// disputeFee is what a dispute costs, in hundredths: the 20.00 that are usual for European accounts.
const disputeFee = 2000

// OpenDispute takes a payment's money away, and charges a fee. It returns the dispute's id.
func (p *Provider) OpenDispute(account, payment string, amount money.Money, fee, how string) (string, error) {
	return p.on(account, payment, gateway.KindPayment, gateway.Succeeded, func(t *tx, m *Movement) (string, error) {
		left := t.left(m)
		if amount.Currency() == "" {
			amount = left
		}
		if amount.Currency() != left.Currency() || amount.Sign() <= 0 || amount.Cmp(left) > 0 {
			return "", refuse("amount_too_large", "%s of %s can be disputed", left, m.Gross.Money)
		}
		d := t.derived("dp_", gateway.KindDispute, m, amount)
		d.Reason = "fraudulent"
		d.free()
		cost, none := fixed(disputeFee, amount.Currency()), zero(amount.Currency())
		switch fee {
		case DisputeFeeWith, "":
			if err := d.charge(cost, none); err != nil {
				return "", err
			}
		case DisputeFeeApart, DisputeFeeNone:
		default:
			return "", refuse("bad_fee", "unknown way to charge the dispute's fee: %.40q", fee)
		}
		t.putMovement(d)
		told := []string{d.ID, m.ID}
		if fee == DisputeFeeApart {
			f := t.derived("fee_", gateway.KindFee, m, cost)
			f.free()
			t.putMovement(f)
			told = append(told, f.ID)
		}
		t.tell(account, "dispute.opened", how, nil, told...)
		return d.ID, nil
	})
}

// CloseDispute ends a dispute. When it is won the money comes back, with the fee if feeBack says so, and the id of that
// movement is returned; when it is lost nothing moves and the dispute's own id is returned.
func (p *Provider) CloseDispute(account, dispute string, won, feeBack bool, how string) (string, error) {
	return p.on(account, dispute, gateway.KindDispute, gateway.Succeeded, func(t *tx, d *Movement) (string, error) {
		if d.Closed != "" {
			return "", refuse("wrong_state", "the dispute %s is closed: %s", d.ID, d.Closed)
		}
		d.Closed, d.Reason = closedLost, closedLost
		if won {
			d.Closed, d.Reason = closedWon, closedWon
		}
		t.putMovement(d)
		if !won {
			t.tell(account, "dispute.lost", how, nil, d.ID)
			return d.ID, nil
		}
		r := t.derived("dr_", gateway.KindDisputeReversal, d, d.Gross.Money)
		r.free()
		if feeBack && d.FeeState == gateway.FeeKnown {
			if err := r.charge(d.Fee.Neg(), zero(d.Gross.Currency())); err != nil {
				return "", err
			}
		}
		t.putMovement(r)
		t.tell(account, "dispute.won", how, nil, r.ID, d.ID)
		return r.ID, nil
	})
}

// Payout sends what the account holds in a currency to the bank, but for payments whose fee is not told yet. It returns
// the payout's id.
func (p *Provider) Payout(account string, cur money.Currency, how string) (string, error) {
	return p.act(account, func(t *tx) (string, error) {
		var items []*Movement
		sum := zero(cur)
		for _, c := range t.s.book(account).log {
			m := t.s.movements[c.movement]
			if m.Change != c.number || !m.payable(cur) {
				continue
			}
			s, err := sum.Add(m.effect())
			if err != nil {
				return "", err
			}
			sum, items = s, append(items, m)
		}
		if sum.Sign() <= 0 {
			return "", refuse("nothing_to_pay_out", "the account holds nothing in %s that can be paid out", cur)
		}
		out := &Movement{
			ID: "po_" + token(15), Account: account, Kind: gateway.KindPayout, State: gateway.Succeeded, Gross: Amount{sum},
			Method: "bank_transfer", OccurredAt: t.at, Description: "Payout",
		}
		out.free()
		for _, m := range items {
			c := *m
			c.Payout = out.ID
			t.putMovement(&c)
		}
		t.putMovement(out)
		t.tell(account, "payout.paid", how, nil, out.ID)
		return out.ID, nil
	})
}

// payable says whether the movement goes into the next payout of its currency.
func (m *Movement) payable(cur money.Currency) bool {
	return m.Gross.Currency() == cur && m.State == gateway.Succeeded && m.Payout == "" && m.Kind != gateway.KindPayout && m.FeeState != gateway.FeeUnknown
}

// items lists the movements of a payout.
func (p *Provider) items(account, payout string) (ids []string, err error) {
	err = notFound("no such payout")
	p.store.read(func() {
		if o := p.store.movements[payout]; o == nil || o.Account != account || o.Kind != gateway.KindPayout {
			return
		}
		err = nil
		for _, c := range p.store.books[account].log {
			if m := p.store.movements[c.movement]; m.Change == c.number && m.Payout == payout {
				ids = append(ids, m.ID)
			}
		}
	})
	return ids, err
}

// Book adds a movement that follows from no payment: a fee of its own (KindFee, KindFeeRefund), a correction in either
// direction (KindAdjustment), or something that no gateway would know (KindOther). It returns the movement's id.
func (p *Provider) Book(account string, kind gateway.Kind, amount money.Money, description, how string) (string, error) {
	return p.act(account, func(t *tx) (string, error) {
		prefix := map[gateway.Kind]string{
			gateway.KindFee: "fee_", gateway.KindFeeRefund: "ff_", gateway.KindAdjustment: "adj_", gateway.KindOther: "oth_",
		}[kind]
		signed := kind == gateway.KindAdjustment || kind == gateway.KindOther
		if prefix == "" || amount.IsZero() || amount.Currency() == "" || !signed && amount.Sign() < 0 {
			return "", refuse("bad_amount", "a %s of %s cannot be booked", kind, amount)
		}
		m := &Movement{
			ID: prefix + token(15), Account: account, Kind: kind, State: gateway.Succeeded, Gross: Amount{amount},
			OccurredAt: t.at, Description: clean(description, 200),
		}
		m.free()
		t.putMovement(m)
		t.tell(account, "movement.booked", how, nil, m.ID)
		return m.ID, nil
	})
}

// Receive lets money arrive without a pay page, with the reference that the payer gave, or none. It returns the
// payment's id.
func (p *Provider) Receive(account string, amount money.Money, reference, payer string, o Outcome) (string, error) {
	return p.act(account, func(t *tx) (string, error) {
		o.How = Pays
		if err := o.check(); err != nil {
			return "", err
		}
		if amount.Currency() == "" || amount.Sign() <= 0 {
			return "", refuse("bad_amount", "the amount must be more than nothing")
		}
		m := &Movement{
			ID: "pay_" + token(15), Account: account, Kind: gateway.KindPayment, State: gateway.Succeeded, Gross: Amount{amount}, FeePlan: FeeStandard,
			Reference: clean(reference, 120), Method: "card", Name: clean(payer, 120), Country: "FR", OccurredAt: t.at,
		}
		if err := m.setFee(o.Fee); err != nil {
			return "", err
		}
		t.putMovement(m)
		t.tell(account, "payment.succeeded", o.Webhook, nil, m.ID)
		return m.ID, nil
	})
}

// Resend delivers an event again, as often as times says. It returns the event's id.
func (p *Provider) Resend(account, event string, times int) (string, error) {
	return p.act(account, func(t *tx) (string, error) {
		e := t.s.events[event]
		if e == nil || e.Account != account {
			return "", notFound("no such event")
		}
		if times < 1 || times > 100 {
			return "", refuse("bad_times", "an event can be sent again 1 to 100 times")
		}
		t.deliver(e, times)
		return e.ID, nil
	})
}

// Balance is what an account holds, by currency, in no order. Pending payments and untold fees are not in it.
func (p *Provider) Balance(account string) []money.Money {
	var out []money.Money
	p.store.read(func() {
		if b := p.store.books[account]; b != nil {
			for cur, v := range b.balance {
				out = append(out, money.Of(v, cur))
			}
		}
	})
	return out
}
