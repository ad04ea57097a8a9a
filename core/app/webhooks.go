package app

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

// maxDeliveryTries bounds how often a delivery that leads to nothing is looked at again. With the back-off below the last
// look is two days after the first, longer than any document takes to appear; polling finds the money anyway.
const maxDeliveryTries = 12

// Webhook takes one webhook call: the gateway program verifies it on its raw bytes, it is stored, and only then may it be
// answered 2xx. Nothing in it is believed; a worker reads the objects it names again. A repetition is counted and
// changes nothing. Codes: unknown_thing, webhook_refused, wrong_mode, gateway_down, gateway_broken.
func (a *App) Webhook(ctx context.Context, company, connection string, d gateway.Delivery) error {
	if !ids.Valid(ids.Company, company) || !ids.Valid(ids.Connection, connection) {
		return notFound("connection", connection)
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return err
	}
	conn, ok := setup.Connections[connection]
	if !ok {
		return notFound("connection", connection)
	}
	g, err := a.openGateway(ctx, company, conn)
	if err != nil {
		return err
	}
	hint, err := g.ParseWebhook(ctx, d)
	if err != nil {
		return gatewayFault(conn.Label, err)
	}
	if hint.Mode != conn.Mode {
		return fault.New(fault.Refused, fault.WrongMode, "gateway", conn.Label)
	}
	if hint.EventID == "" || len(hint.EventID) > gateway.MaxID || len(hint.PaymentIDs)+len(hint.SessionIDs) > gateway.MaxPage {
		return fault.New(fault.Unavailable, fault.GatewayBroken, "gateway", conn.Label, "detail", "webhook")
	}
	id := ids.Derive(ids.Delivery, conn.ID, hint.EventID)
	err = a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		row, seen, err := tx.Deliveries.Find(ctx, id)
		if err != nil {
			return err
		}
		if !seen {
			row = inbox.Delivery{ID: id, ConnectionID: conn.ID, EventID: hint.EventID, Type: hint.Type, SessionIDs: hint.SessionIDs, PaymentIDs: hint.PaymentIDs,
				State: inbox.DeliveryStored, ReceivedAt: tx.Now(), NextTry: tx.Now()}
		} else if row.Seen >= inbox.MaxSightings {
			return nil
		}
		row.Seen++
		row.Version++
		tx.Deliveries.Put(row)
		return nil
	}, books.Ref{Kind: books.Deliveries, ID: id})
	if err == nil {
		wake(a.nudge.webhook)
	}
	return err
}

// ProcessDelivery reads again, through the gateway's API, what a stored delivery is about. Code: unknown_thing.
func (a *App) ProcessDelivery(ctx context.Context, company, id string) error {
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return err
	}
	var d inbox.Delivery
	err = a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		d, err = tx.Deliveries.Get(ctx, id)
		return err
	}, books.Ref{Kind: books.Deliveries, ID: id})
	if err != nil || d.State == inbox.DeliveryDone || d.State == inbox.DeliveryBad {
		return err
	}
	conn, ok := setup.Connections[d.ConnectionID]
	if !ok {
		return a.finishDelivery(ctx, company, id, false, notFound("connection", d.ConnectionID))
	}
	found, err := a.readAgain(ctx, company, conn, d)
	return a.finishDelivery(ctx, company, id, found, err)
}

func (a *App) readAgain(ctx context.Context, company string, conn inbox.Connection, d inbox.Delivery) (found bool, err error) {
	g, err := a.openGateway(ctx, company, conn)
	if err != nil {
		return false, err
	}
	for _, s := range d.SessionIDs {
		at, err := a.Views.AttemptBySession(ctx, company, conn.ID, s)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err == nil {
			_, err = a.syncAttempt(ctx, company, at, inbox.ByWebhook, true)
		}
		if err != nil {
			return found, err
		}
		found = true
	}
	var ps []gateway.Payment
	for _, id := range d.PaymentIDs {
		p, err := g.FetchPayment(ctx, id)
		if err == nil {
			err = gateway.CheckPayment(p)
		}
		if ge := gateway.AsError(err); ge != nil && ge.Kind == gateway.ErrNotFound {
			continue
		}
		if err != nil {
			return found, gatewayFault(conn.Label, err)
		}
		ps = append(ps, p)
	}
	if len(ps) == 0 {
		return found, nil
	}
	return true, a.observe(ctx, company, conn, ps, inbox.ByWebhook, nil)
}

func (a *App) finishDelivery(ctx context.Context, company, id string, found bool, cause error) error {
	if cause != nil {
		a.Log.Warn("a webhook could not be looked into yet", cause, "delivery", id)
	}
	return a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		d, err := tx.Deliveries.Get(ctx, id)
		if err != nil {
			return err
		}
		d.Tries++
		switch {
		case cause == nil && found:
			d.State = inbox.DeliveryDone
		case cause == nil:
			d.State = inbox.DeliveryOrphan
		case d.Tries >= maxDeliveryTries:
			d.State = inbox.DeliveryBad
		}
		d.NextTry = tx.Now().Add(backoff(d.Tries))
		if d.Tries >= maxDeliveryTries {
			d.NextTry = time.Time{}
		}
		d.Version++
		tx.Deliveries.Put(d)
		return nil
	}, books.Ref{Kind: books.Deliveries, ID: id})
}

// backoff is how long to wait before the next try of something that failed n times: 10 s doubling to at most 12 h.
func backoff(n int) time.Duration {
	return min(10*time.Second<<min(max(n-1, 0), 13), 12*time.Hour)
}
