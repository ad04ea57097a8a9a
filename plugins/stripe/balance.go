package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	stripe "github.com/stripe/stripe-go/v76"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Balance implements gateway.BalanceReader: what is available, what is on its way there, and what is held for connected
// accounts.
func (c *conn) Balance(ctx context.Context) ([]money.Money, error) {
	var b balance
	r, err := c.api.get(ctx, "/v1/balance", "", nil, &b)
	if err != nil {
		return nil, err
	}
	if err := c.sameMode(b.Livemode, gateway.NotDone); err != nil {
		return nil, err
	}
	sum := map[string]int64{}
	for _, part := range [][]held{b.Available, b.Pending, b.ConnectReserved} {
		for _, h := range part {
			sum[strings.ToLower(h.Currency)] += h.Amount
		}
	}
	var out []money.Money
	for code, n := range sum {
		m, err := fromStripe(n, code)
		if err != nil {
			return nil, r.fail(gateway.ErrBug, gateway.NotDone, "unreadable_balance", fmt.Sprintf("a balance in %.3q cannot be told", code))
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b money.Money) int { return strings.Compare(string(a.Currency()), string(b.Currency())) })
	return out, nil
}

// pageOf is how many items Stripe gives at once at most.
const pageOf = 100

// PayoutItems implements gateway.PayoutReader. Stripe knows what an automatic payout consists of, once it has reconciled
// it; of a manual one it keeps no such list.
func (c *conn) PayoutItems(ctx context.Context, id string) ([]string, error) {
	if !strings.HasPrefix(id, "po_") {
		return nil, notFound()
	}
	var o payout
	r, err := c.api.get(ctx, "/v1/payouts", id, nil, &o)
	if err != nil {
		return nil, err
	}
	switch {
	case !o.Automatic:
		return nil, r.fail(gateway.ErrUnsupported, gateway.NotDone, "manual_payout", "Stripe does not say what a manual payout consists of")
	case o.ReconciliationStatus != "completed":
		return nil, r.fail(gateway.ErrRetryable, gateway.NotDone, "reconciliation_in_progress", "Stripe has not put the payout's composition together yet")
	}
	var ids []string
	for after := ""; ; {
		items, more, err := c.composition(ctx, id, after, pageOf)
		if err != nil {
			return nil, err
		}
		for _, m := range items {
			if m.ID != "" {
				ids = append(ids, m.ID)
			}
		}
		if !more {
			return distinct(ids), nil
		}
		after = items[len(items)-1].txn
		if len(ids) > gateway.MaxItems {
			return nil, r.fail(gateway.ErrUnsupported, gateway.NotDone, "too_many", "the payout has too many movements")
		}
	}
}

// item is a movement of a payout and the balance transaction that told of it.
type item struct {
	movement

	txn     string
	created int64
}

// composition reads a page of what an automatic payout consists of, without the payout itself.
func (c *conn) composition(ctx context.Context, id, after string, limit int) (items []item, more bool, err error) {
	params := &stripe.BalanceTransactionListParams{Payout: stripe.String(id)}
	params.Limit = stripe.Int64(int64(limit))
	params.Expand = stripe.StringSlice(expandSource)
	if after != "" {
		params.StartingAfter = stripe.String(after)
	}
	var l list
	if _, err := c.api.read(ctx, txnPath, params, &l); err != nil {
		return nil, false, err
	}
	for _, body := range l.Data {
		it, err := c.item(ctx, body)
		if err != nil {
			return nil, false, err
		}
		if it.ID == id {
			it.ID = "" // kept for its place in the list
		}
		it.PayoutID = id
		items = append(items, it)
	}
	return items, l.HasMore && len(items) > 0, nil
}

const txnPath = "/v1/balance_transactions"

var expandSource = []string{"data.source"}

// item makes the movement of an item of a list of balance transactions.
func (c *conn) item(ctx context.Context, body json.RawMessage) (item, error) {
	t, m := readMovement(body)
	if m.undone != nil {
		var err error
		if m.Payment, err = c.undo(ctx, t, *m.undone, body); err != nil {
			return item{}, err
		}
	}
	return item{movement: m, txn: t.ID, created: t.Created}, nil
}

// undo tells what the balance transaction of a failed debit is. The debit was pending until then and never counted, so
// the pair comes to nothing, and what is left to say is that the payment failed; unless Stripe kept something for itself.
func (c *conn) undo(ctx context.Context, t txn, ch charge, body json.RawMessage) (gateway.Payment, error) {
	var made txn
	_, err := c.api.get(ctx, txnPath, ch.BalanceTransaction.ID, nil, &made)
	if e := gateway.AsError(err); err != nil && (e.Kind == gateway.ErrNotFound || e.Kind == gateway.ErrPermanent) {
		p := t.unread(body, errors.New("the debit that it undoes cannot be found"))
		p.Raw = evidence(body)
		return p, nil
	}
	if err != nil {
		return gateway.Payment{}, err
	}
	left := t.Net + made.Net
	if strings.EqualFold(t.Currency, made.Currency) && left != 0 {
		rest := txn{ID: t.ID, Type: "stripe_fee", Currency: t.Currency, Amount: left, Net: left, Created: t.Created, AvailableOn: t.AvailableOn, Description: t.Description}
		p := rest.plain(rest.kindOf(), ch.payment())
		if err := settle(&p, rest, 0, ""); err != nil {
			p = t.unread(body, err)
		}
		p.Raw = evidence(body)
		return p, nil
	}
	p, err := ch.snapshot(&made)
	if err != nil {
		p = t.unread(body, err)
	}
	p.Raw = evidence(body)
	return p, nil
}

func notFound() *gateway.Error {
	return gateway.Fail(gateway.ErrNotFound, gateway.NotDone, "", "no such object in this account")
}
