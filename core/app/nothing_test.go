package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// A movement of no money waits for nobody, and one that is only about its fee is posted as the fee.
func TestMovementOfNothing(t *testing.T) {
	c := newChecked(t, 1)
	paid := c.pay(100_00, 3_00)
	var moved []gateway.Payment
	for _, m := range []gateway.Payment{
		c.movement(gateway.KindDispute, 0, 0), c.movement(gateway.KindDisputeReversal, 0, 0), c.movement(gateway.KindOther, 0, 0), c.movement(gateway.KindDispute, 0, 15_00),
	} {
		m.RelatedID = paid.ID
		moved = append(moved, c.at.Put(m))
	}
	c.poll()
	c.integrate()
	for i, want := range []inbox.State{inbox.Void, inbox.Void, inbox.Void, inbox.Integrated} {
		ar, err := c.Views.Arrival(context.Background(), c.Company.ID, c.arrivalID(moved[i]))
		apptest.OK(t, err)
		if ar.State != want {
			t.Errorf("a %s of nothing with a fee of %s is %s %s", ar.Kind, ar.Fee, ar.State, ar.Flags)
		}
	}
	todo, err := c.Views.Arrivals(context.Background(), c.Company.ID, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 10}})
	apptest.OK(t, err)
	if len(todo.Items) != 0 {
		t.Errorf("left to do: %+v", todo.Items)
	}
	c.later(time.Hour)
	if b := c.want(c.prove(), inbox.ProofProven); b.Books != 82_00 {
		t.Errorf("the books hold %d", b.Books)
	}
}

// What a provider that tells whole seconds dates in the second in which it was connected is not older than the connection.
func TestMovementInTheSecondOfItsConnection(t *testing.T) {
	c := newChecked(t, 1)
	c.Clock.Advance(700 * time.Millisecond)
	conn := c.NewConnection(t)
	at := c.Provider(conn)
	m := c.movement(gateway.KindFee, 5_00, 0)
	m.OccurredAt = conn.ConnectedAt.Truncate(time.Second)
	before := c.movement(gateway.KindFee, 5_00, 0)
	before.OccurredAt = m.OccurredAt.Add(-time.Second)
	if !m.OccurredAt.Before(conn.ConnectedAt) {
		t.Fatalf("connected at %s", conn.ConnectedAt)
	}
	m, before = at.Put(m), at.Put(before)
	_, err := c.Refresh(context.Background(), c.Owner, conn.ID)
	apptest.OK(t, err)
	for i, x := range []gateway.Payment{m, before} {
		want := []inbox.State{inbox.Ready, inbox.Past}[i]
		ar, err := c.Views.Arrival(context.Background(), c.Company.ID, inbox.ArrivalID(conn.ID, x.Kind, x.ID))
		apptest.OK(t, err)
		if ar.State != want {
			t.Errorf("a movement of %s, connected at %s, is %s", x.OccurredAt, conn.ConnectedAt, ar.State)
		}
	}
}

// A check that stopped before the balance goes on with payouts as they are by then, and one that stopped long ago begins anew.
func TestProofGoesOnWithPayoutsOfToday(t *testing.T) {
	for _, pause := range []time.Duration{time.Hour, 4 * 24 * time.Hour} {
		c := newChecked(t, 1)
		paid := c.pay(100_00, 3_00)
		po, _ := c.at.PayOut(money.EUR)
		c.at.Distort(paid.ID, func(m *gateway.Payment) { m.PayoutID = "" })
		c.poll()
		c.integrate()
		c.later(time.Hour)
		c.at.Change(func(p *apptest.Provider) {
			p.Break = func(call string) error {
				if call == "payout_items" || call == "balance" {
					return gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "timeout", "")
				}
				return nil
			}
		})
		if _, err := c.ProveNow(context.Background(), c.Owner, c.conn.ID); !fault.Has(err, fault.GatewayDown) {
			t.Fatalf("without a balance: %v", err)
		}
		c.at.Change(func(p *apptest.Provider) { p.Break = nil })
		c.at.Distort(paid.ID, func(m *gateway.Payment) { m.PayoutID = po.ID })
		c.later(pause)
		began := c.Clock.Now()
		if p := c.prove(); c.want(p, inbox.ProofProven).UnpaidRest != 0 || len(p.Payouts) != 0 || pause > time.Hour && p.Began.Before(began.Truncate(time.Microsecond)) {
			t.Errorf("after %s: %+v", pause, p)
		}
	}
}

// A payout whose composition the provider has not put together yet keeps nothing else from being proven, and alarms nobody
// before it has had its time.
func TestPayoutNotPutTogetherYet(t *testing.T) {
	c := newChecked(t, 1)
	c.pay(100_00, 3_00)
	po, _ := c.at.PayOut(money.EUR)
	c.at.Distort(po.ID, func(m *gateway.Payment) { m.Gross = money.Of(90_00, money.EUR) })
	c.at.Change(func(p *apptest.Provider) {
		p.Break = func(call string) error {
			if call == "payout_items" {
				return gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "reconciliation_in_progress", "")
			}
			return nil
		}
	})
	c.poll()
	c.integrate()
	c.later(time.Hour)
	if p := c.prove(); c.want(p, inbox.ProofUnsettled).Unexplained != 0 || len(p.Payouts) != 1 || !p.Payouts[0].Pending {
		t.Errorf("while it is put together: %+v", p)
	}
	c.later(3 * 24 * time.Hour)
	if p := c.prove(); c.want(p, inbox.ProofExplained).Unexplained != 0 || !p.Payouts[0].Pending {
		t.Errorf("when it had its time: %+v", p)
	}
	c.at.Change(func(p *apptest.Provider) { p.Break = nil })
	if p := c.prove(); c.want(p, inbox.ProofExplained).Unexplained != 0 || p.Payouts[0].Pending {
		t.Errorf("when it was told: %+v", p)
	}
}
