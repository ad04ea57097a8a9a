package paypalfake

import (
	"fmt"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/money"
)

// Pay plays the payer on an order's page. What the payer does is done when the order is captured.
func (f *Fake) Pay(order string, o Outcome) error {
	return f.act(func() error { return f.approve(order, o) })
}

func (f *Fake) approve(id string, o Outcome) error {
	have := f.s.Orders[id]
	if have == nil {
		return errNotFound
	}
	v := f.find(have.Account, id)
	if v == nil || v.Status != "CREATED" && v.Status != "PAYER_ACTION_REQUIRED" {
		return fmt.Errorf("paypalfake: order %s can no longer be paid", id)
	}
	if o.Act == Cancel {
		return nil // the payer leaves; the order stays as it is
	}
	if o.Act == Pend && o.Reason == "" {
		o.Reason = "PENDING_REVIEW"
	}
	v.Outcome, v.Approved = o, f.now()
	f.touch(v, "APPROVED")
	f.emit(v.Account, "CHECKOUT.ORDER.APPROVED", "checkout-order", f.orderJSON(v))
	return nil
}

func (f *Fake) captureAct(id string, do func(*capture) error) error {
	return f.act(func() error {
		k := f.s.Captures[id]
		if k == nil {
			return errNotFound
		}
		return do(k)
	})
}

// SettleCapture ends a pending capture: the money comes, or it does not.
func (f *Fake) SettleCapture(id string, paid bool) error {
	return f.captureAct(id, func(k *capture) error {
		if k.Status != "PENDING" {
			return fmt.Errorf("paypalfake: capture %s is %s", id, k.Status)
		}
		k.Updated = later(f.now(), k.Updated)
		if paid {
			f.complete(k)
			return nil
		}
		k.Status, k.Reason = "DECLINED", ""
		f.amend(k.Account, f.lineOf(k.Account, k.ID), version{At: k.Updated, Status: "D", Amount: k.Amount})
		f.emit(k.Account, "PAYMENT.CAPTURE.DENIED", "capture", f.captureJSON(k))
		return nil
	})
}

// TellFee tells the fee of a capture that was paid with Later.
func (f *Fake) TellFee(id string) error {
	return f.captureAct(id, func(k *capture) error {
		if !k.FeeHidden {
			return fmt.Errorf("paypalfake: the fee of %s is told", id)
		}
		k.FeeHidden = false
		l := f.lineOf(k.Account, k.ID)
		v := *l.last()
		v.At, v.Fee, v.Hidden = f.now(), taken(k.Fee), nil
		f.amend(k.Account, l, v)
		return nil
	})
}

// RefundOutside refunds from PayPal's own screens, in whole (amount zero) or in part, and returns the refund's id.
func (f *Fake) RefundOutside(id string, minor int64) (refundID string, err error) {
	err = f.captureAct(id, func(k *capture) error {
		amount := cash{minor, k.Amount.Currency}
		if minor == 0 {
			amount.Minor = k.Amount.Minor - k.Refunded
		}
		r, issue := f.refund(k, amount, "")
		if issue != "" {
			return fmt.Errorf("paypalfake: %s", issue)
		}
		refundID = r.ID
		return nil
	})
	return refundID, err
}

// SettleRefund ends a pending refund.
func (f *Fake) SettleRefund(id string, done bool) error {
	return f.act(func() error {
		r := f.s.Refunds[id]
		if r == nil || r.Status != "PENDING" {
			return errNotFound
		}
		r.Updated = later(f.now(), r.Updated)
		if done {
			f.payRefund(r)
			return nil
		}
		r.Status = "FAILED"
		f.s.Captures[r.Capture].Refunded -= r.Amount.Minor
		return nil
	})
}

// ReturnRefund brings the money of a refund back after it had left, e.g. from a closed card.
func (f *Fake) ReturnRefund(id string) error {
	return f.act(func() error {
		r := f.s.Refunds[id]
		if r == nil || r.Status != "COMPLETED" {
			return errNotFound
		}
		back := cash{r.Amount.Minor - r.Fee.Minor, r.Amount.Currency}
		if r.Debit != nil {
			back = *r.Debit
		}
		f.report(r.Account, &line{ID: f.id(letters, 17), Ref: r.ID, Code: "T1100", Initiated: f.now()}, version{At: f.now(), Status: "S", Amount: back, Affects: true})
		return nil
	})
}

// inBalance is an amount of a capture, in the currency that reached the account.
func (k *capture) inBalance(amount cash) cash {
	if k.Receivable == nil {
		return amount
	}
	return convert(amount, k.Receivable.Currency, k.Rate)
}

// move writes a line of its own about a capture.
func (f *Fake) move(k *capture, code string, amount cash, held bool) string {
	id := f.id(letters, 17)
	f.report(k.Account, &line{ID: id, Ref: k.ID, Code: code, Initiated: f.now(), Held: held}, version{At: f.now(), Status: "S", Amount: amount, Affects: true})
	return id
}

// Reverse takes a payment back, by PayPal.
func (f *Fake) Reverse(id string) error {
	return f.captureAct(id, func(k *capture) error {
		if k.Status != "COMPLETED" {
			return fmt.Errorf("paypalfake: capture %s is %s", id, k.Status)
		}
		l := f.lineOf(k.Account, k.ID)
		v := *l.last()
		v.At, v.Status = f.now(), "V"
		f.amend(k.Account, l, v)
		reversal := f.move(k, "T1106", k.inBalance(k.Amount).neg(), false)
		k.Status, k.Refunded, k.Updated = "REFUNDED", k.Amount.Minor, later(f.now(), k.Updated)
		f.emit(k.Account, "PAYMENT.CAPTURE.REVERSED", "refund", map[string]any{
			"id": reversal, "status": "COMPLETED", "amount": k.Amount.json(), "create_time": stamp(f.now()), "update_time": stamp(f.now()),
			"links": []any{link(f.base+"/v2/payments/captures/"+k.ID, "up", "GET")},
		})
		return nil
	})
}

// OpenDispute opens a case about a capture and returns its id: a claim, for which PayPal holds the money, or a chargeback,
// for which it goes at once, with a fee.
func (f *Fake) OpenDispute(id string, chargeback bool, reason string) (disputeID string, err error) {
	err = f.captureAct(id, func(k *capture) error {
		if k.Status != "COMPLETED" && k.Status != "PARTIALLY_REFUNDED" {
			return fmt.Errorf("paypalfake: capture %s is %s", id, k.Status)
		}
		for _, d := range f.s.Disputes {
			if d.Capture == id {
				return fmt.Errorf("paypalfake: capture %s is disputed", id)
			}
		}
		left := cash{k.Amount.Minor - k.Refunded, k.Amount.Currency}
		if left.zero() {
			return fmt.Errorf("paypalfake: capture %s is given back", id)
		}
		d := &dispute{
			ID: "PP-R-" + f.id(merchantLetters, 3) + "-" + f.id("0123456789", 8), Account: k.Account, Capture: k.ID, Reason: reason,
			Status: "WAITING_FOR_SELLER_RESPONSE", Chargeback: chargeback, Amount: left, Created: f.now(), Updated: f.now(),
		}
		f.s.Disputes[d.ID] = d
		disputeID = d.ID
		if chargeback {
			f.move(k, "T1201", k.inBalance(left).neg(), false)
			f.move(k, "T0106", cash{-disputeFee * unitOf(k.inBalance(left).Currency), k.inBalance(left).Currency}, false)
		} else {
			f.move(k, "T1110", k.inBalance(left).neg(), true)
		}
		f.emit(k.Account, "CUSTOMER.DISPUTE.CREATED", "dispute", f.disputeJSON(d, true))
		return nil
	})
	return disputeID, err
}

// disputeFee is what a chargeback costs, in units of its currency.
const disputeFee = 14

// unitOf is one whole unit of a currency, in minor units.
func unitOf(cur money.Currency) int64 {
	n := int64(1)
	for range cur.Exponent() {
		n *= 10
	}
	return n
}

// CloseDispute ends a case.
func (f *Fake) CloseDispute(id string, won bool) error {
	return f.act(func() error {
		d := f.s.Disputes[id]
		if d == nil || d.Status == "RESOLVED" {
			return errNotFound
		}
		k := f.s.Captures[d.Capture]
		amount := k.inBalance(d.Amount)
		if !d.Chargeback {
			f.move(k, "T1111", amount, true)
		}
		switch {
		case won && d.Chargeback:
			f.move(k, "T1202", amount, false)
		case !won && !d.Chargeback:
			f.move(k, "T1106", amount.neg(), false)
		}
		d.Status, d.Outcome, d.Updated = "RESOLVED", "RESOLVED_BUYER_FAVOUR", later(f.now(), d.Updated)
		if won {
			d.Outcome = "RESOLVED_SELLER_FAVOUR"
		}
		f.emit(d.Account, "CUSTOMER.DISPUTE.RESOLVED", "dispute", f.disputeJSON(d, true))
		return nil
	})
}

// Line is a line of an account's statement that tests write themselves.
type Line struct {
	ID        string // empty: a new one
	Reference string
	Code      string
	Minor     int64
	Currency  money.Currency
	FeeMinor  int64     // signed as reports write it
	At        time.Time // zero: now
	Status    string    // empty: S
	Held      bool
	Subject   string
	Custom    string
	NoBalance bool // does not touch the balance
}

// Write writes a line into an account's statement and returns its transaction id.
func (f *Fake) Write(merchant string, l Line) (id string, err error) {
	err = f.act(func() error {
		if f.s.Accounts[merchant] == nil {
			return errNotFound
		}
		if id = l.ID; id == "" {
			id = f.id(letters, 17)
		}
		if l.At.IsZero() {
			l.At = f.now()
		}
		if l.Status == "" {
			l.Status = "S"
		}
		v := version{At: l.At, Status: l.Status, Amount: cash{l.Minor, l.Currency}, Affects: !l.NoBalance}
		if l.FeeMinor != 0 {
			v.Fee = &cash{l.FeeMinor, l.Currency}
		}
		f.report(merchant, &line{ID: id, Ref: l.Reference, Code: l.Code, Initiated: l.At.UTC().Truncate(time.Second), Held: l.Held, Subject: l.Subject, Custom: l.Custom}, v)
		return nil
	})
	return id, err
}

// Withdraw sends an amount to the merchant's bank (zero: all there is) and returns the transaction's id.
func (f *Fake) Withdraw(merchant string, cur money.Currency, minor int64) (string, error) {
	if minor == 0 {
		minor = f.Balance(merchant, cur).Minor()
	}
	if minor <= 0 {
		return "", fmt.Errorf("paypalfake: nothing to withdraw in %s", cur)
	}
	return f.Write(merchant, Line{Code: "T0400", Minor: -minor, Currency: cur, Subject: "Withdrawal to bank"})
}

// ReturnWithdrawal brings a withdrawal back from the bank.
func (f *Fake) ReturnWithdrawal(merchant, id string) (string, error) {
	f.mu.Lock()
	l := f.lineOf(merchant, id)
	f.mu.Unlock()
	if l == nil {
		return "", errNotFound
	}
	a := l.last().Amount.neg()
	return f.Write(merchant, Line{Reference: id, Code: "T1101", Minor: a.Minor, Currency: a.Currency})
}

// Exchange converts from one balance to another, at the merchant's wish.
func (f *Fake) Exchange(merchant string, from, to money.Currency, minor int64) error {
	return f.act(func() error {
		if f.s.Accounts[merchant] == nil {
			return errNotFound
		}
		out := cash{minor, from}
		f.exchange(merchant, "", out.neg(), convert(out, to, rate(from, to)), f.now())
		return nil
	})
}

// CaptureOf is the capture of an order; "" while there is none.
func (f *Fake) CaptureOf(order string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o := f.s.Orders[order]; o != nil {
		return o.Capture
	}
	return ""
}

// Captures are the ids of all captures that an account ever had, in alphabetical order.
func (f *Fake) Captures(merchant string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for id, k := range f.s.Captures {
		if k.Account == merchant {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Refunds are the ids of all refunds that an account ever had, in alphabetical order.
func (f *Fake) Refunds(merchant string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for id, r := range f.s.Refunds {
		if r.Account == merchant {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
