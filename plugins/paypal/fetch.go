package paypal

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// FetchPayment implements gateway.Gateway. It takes every id that was given out: of captures, refunds and cases, and of
// rows of Transaction Search.
func (d *desk) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	p, err := d.movement(ctx, id)
	if err != nil {
		return gateway.Payment{}, err
	}
	return p, nil
}

func (d *desk) movement(ctx context.Context, id string) (gateway.Payment, *gateway.Error) {
	if disputeForm.MatchString(id) {
		return d.dispute(ctx, id)
	}
	if base, _, own := strings.Cut(id, ":"); own {
		return d.ownRow(ctx, base, id)
	}
	if !objectForm.MatchString(id) {
		return gateway.Payment{}, notFound("PayPal has no transaction of such an id")
	}
	p, err := d.payment(ctx, id)
	if err == nil || err.Kind != gateway.ErrNotFound {
		return p, err
	}
	if p, err = d.refund(ctx, id); err == nil || err.Kind != gateway.ErrNotFound {
		return p, err
	}
	return d.reported(ctx, id)
}

func (d *desk) capture(ctx context.Context, id string) (capture, []byte, *gateway.Error) {
	var c capture
	at := get("/v2/payments/captures/"+id, nil)
	raw, err := d.account.fetch(ctx, at, &c)
	if err == nil && c.ID != id {
		err = unreadable(at)
	}
	return c, raw, err
}

// payment reads a capture with its order, which knows the payer.
func (d *desk) payment(ctx context.Context, id string) (gateway.Payment, *gateway.Error) {
	c, raw, err := d.capture(ctx, id)
	if err != nil {
		return gateway.Payment{}, err
	}
	if c.Related.IDs.Order == "" {
		return c.payment(nil, raw), nil
	}
	o, err := d.order(ctx, c.Related.IDs.Order)
	if err != nil {
		if err.Kind == gateway.ErrNotFound {
			return c.payment(nil, raw), nil
		}
		return gateway.Payment{}, err
	}
	return c.payment(&o, raw), nil
}

func (d *desk) refund(ctx context.Context, id string) (gateway.Payment, *gateway.Error) {
	var r refund
	at := get("/v2/payments/refunds/"+id, nil)
	raw, err := d.account.fetch(ctx, at, &r)
	if err == nil && r.ID != id {
		err = unreadable(at)
	}
	if err != nil {
		return gateway.Payment{}, err
	}
	return r.payment("", raw), nil
}

func (d *desk) dispute(ctx context.Context, id string) (gateway.Payment, *gateway.Error) {
	var x dispute
	at := get("/v1/customer/disputes/"+id, nil)
	raw, err := d.account.fetch(ctx, at, &x)
	if err == nil && x.ID != id {
		err = unreadable(at)
	}
	if err != nil {
		return gateway.Payment{}, err
	}
	return x.payment(raw), nil
}

// disputeOf is the latest case about a transaction.
func (d *desk) disputeOf(ctx context.Context, transaction string) (gateway.Payment, *gateway.Error) {
	if !objectForm.MatchString(transaction) {
		return gateway.Payment{}, notFound("no such transaction")
	}
	var found struct {
		Items []dispute `json:"items"`
	}
	if _, err := d.account.fetch(ctx, get("/v1/customer/disputes", url.Values{"disputed_transaction_id": {transaction}}), &found); err != nil {
		return gateway.Payment{}, err
	}
	var latest dispute
	for _, x := range found.Items {
		if disputeForm.MatchString(x.ID) && !x.Created.Before(latest.Created.Time) {
			latest = x
		}
	}
	if latest.ID == "" {
		return gateway.Payment{}, notFound("no case is about this transaction")
	}
	return d.dispute(ctx, latest.ID)
}

// reported looks for a transaction among the rows of Transaction Search, from now backwards, window by window.
func (d *desk) reported(ctx context.Context, id string) (gateway.Payment, *gateway.Error) {
	if !searchForm.MatchString(id) {
		return gateway.Payment{}, notFound("PayPal has no transaction of such an id")
	}
	end := d.p.opt.Now().UTC()
	for oldest := end.Add(-history); end.After(oldest); end = end.Add(-longestWindow) {
		start := end.Add(-longestWindow)
		if start.Before(oldest) {
			start = oldest
		}
		rows, err := d.searchID(ctx, id, start, end)
		if err != nil {
			return gateway.Payment{}, err
		}
		for _, w := range rows {
			if w.Info.ID == id {
				return d.newLookup(ctx).snapshot(w)
			}
		}
	}
	return gateway.Payment{}, notFound("PayPal has no transaction of such an id, or does not report it yet")
}

// ownRow finds the row that an id of our own making names.
func (d *desk) ownRow(ctx context.Context, base, id string) (gateway.Payment, *gateway.Error) {
	at, err := time.Parse(ownTime, id[strings.LastIndexByte(id, ':')+1:])
	if err != nil || !searchForm.MatchString(base) {
		return gateway.Payment{}, notFound("PayPal has no transaction of such an id")
	}
	rows, e := d.searchID(ctx, base, at.Add(-time.Hour), at.Add(time.Hour))
	if e != nil {
		return gateway.Payment{}, e
	}
	for _, w := range rows {
		if p := w.payment(); p.ID == id {
			return d.newLookup(ctx).snapshot(w)
		}
	}
	return gateway.Payment{}, notFound("PayPal has no transaction of such an id")
}

// Refund implements gateway.Refunder. PayPal remembers the key for 45 days. A payment that was converted is given back in
// what the payer paid: as a whole, or by an amount in that currency.
func (d *desk) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	none := gateway.Payment{}
	if r.IdempotencyKey == "" {
		return none, refuse("no_key", "a refund needs an idempotency key")
	}
	if !objectForm.MatchString(r.PaymentID) {
		return none, notFound("PayPal has no payment of such an id")
	}
	body := struct {
		Amount *amount `json:"amount,omitempty"`
		Note   string  `json:"note_to_payer,omitempty"`
	}{Note: short(r.Reason, 255)}
	value, err := write(r.Amount)
	if err != nil {
		return none, err
	}
	body.Amount = &value
	paid, raw, err := d.capture(ctx, r.PaymentID)
	if err != nil {
		return none, unsure(err)
	}
	if charged, ok := readAmount(paid.Amount); ok && charged.Currency() != r.Amount.Currency() {
		if whole := paid.payment(nil, raw).Gross; !whole.Equal(r.Amount) {
			return none, refuse("REFUND_CAPTURE_CURRENCY_MISMATCH", "this payment was converted: give back all of it, or an amount in "+string(charged.Currency()))
		}
		body.Amount = nil
	}
	c, err := post("/v2/payments/captures/"+r.PaymentID+"/refund", requestID(r.IdempotencyKey, ""), body)
	if err != nil {
		return none, err
	}
	var made refund
	raw, err = d.account.fetch(ctx, c, &made)
	if err != nil {
		return none, unsure(err)
	}
	if made.ID == "" {
		return none, unreadable(c)
	}
	if made.Amount == nil { // a minimal answer in spite of Prefer
		p, err := d.refund(ctx, made.ID)
		if err != nil {
			return none, unsure(err)
		}
		return p, nil
	}
	return made.payment(r.PaymentID, raw), nil
}

// unsure keeps a refund's failure from being taken for certain when PayPal has not answered this call: one before it, with
// the same key, may have given the money back.
func unsure(e *gateway.Error) *gateway.Error {
	if e.Kind == gateway.ErrRetryable || e.Kind == gateway.ErrBug {
		e.Outcome = gateway.Unknown
	}
	return e
}

type balances struct {
	Balances []struct {
		Currency string  `json:"currency"`
		Primary  bool    `json:"primary"`
		Total    *amount `json:"total_balance"`
	} `json:"balances"`
	AccountID string `json:"account_id"`
}

// primaryFor is how long the account's main currency is remembered. It hardly ever changes.
const primaryFor = time.Hour

func (d *desk) balances(ctx context.Context) (balances, *gateway.Error) {
	var b balances
	if _, err := d.account.fetch(ctx, get("/v1/reporting/balances", nil), &b); err != nil {
		return b, err
	}
	for _, x := range b.Balances {
		if cur := money.Currency(x.Currency); x.Primary && cur.Valid() {
			d.account.mu.Lock()
			d.account.primary, d.account.primaryAt = cur, d.p.opt.Now()
			d.account.mu.Unlock()
		}
	}
	return b, nil
}

// primary is the currency into which PayPal converts what the account holds no balance for; "" when it does not tell.
func (d *desk) primary(ctx context.Context) money.Currency {
	read := func() (money.Currency, bool) {
		d.account.mu.Lock()
		defer d.account.mu.Unlock()
		return d.account.primary, d.p.opt.Now().Sub(d.account.primaryAt) < primaryFor
	}
	cur, fresh := read()
	if fresh {
		return cur
	}
	if _, err := d.balances(ctx); err != nil {
		return cur
	}
	cur, _ = read()
	return cur
}

// Balance implements gateway.BalanceReader: what PayPal holds, what it holds back included.
func (d *desk) Balance(ctx context.Context) ([]money.Money, error) {
	b, err := d.balances(ctx)
	if err != nil {
		return nil, err
	}
	var out []money.Money
	for _, x := range b.Balances {
		m, ok := readAmount(x.Total)
		if !ok {
			return nil, gateway.Fail(gateway.ErrBug, gateway.NotDone, "bad_answer", "a balance that cannot be read")
		}
		out = append(out, m)
	}
	return out, nil
}
