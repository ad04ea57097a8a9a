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

// deliveryPause is how long a delivery waits while its connection does not work: polling brings its money in meanwhile, or
// somebody mends it.
const deliveryPause = 10 * time.Minute

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
	// A provider that does not say tells its modes apart by what it signs with.
	if hint.Mode != "" && hint.Mode != conn.Mode {
		return fault.New(fault.Refused, fault.WrongMode, "gateway", conn.Label)
	}
	if hint.EventID == "" || len(hint.EventID) > gateway.MaxID || len(hint.PaymentIDs)+len(hint.SessionIDs) > gateway.MaxPage {
		return fault.New(fault.Unavailable, fault.GatewayBroken, "gateway", conn.Label, "detail", "webhook")
	}
	id := ids.Derive(ids.Delivery, conn.ID, hint.EventID)
	x, err := a.deliveryExhibit(ctx, company, id, conn, d)
	if err != nil {
		return err
	}
	err = a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		row, seen, err := tx.Deliveries.Find(ctx, id)
		if err != nil {
			return err
		}
		if !seen {
			row = inbox.Delivery{ID: id, ConnectionID: conn.ID, EventID: hint.EventID, Type: hint.Type, SessionIDs: hint.SessionIDs, PaymentIDs: hint.PaymentIDs,
				State: inbox.DeliveryStored, ReceivedAt: tx.Now(), NextTry: tx.Now()}
			x.piece.FirstSeen = tx.Now()
			tx.Evidence.Put(inbox.Evidence{ID: id, Pieces: []inbox.Piece{x.piece}, Version: 1})
			putPayload(tx, id, x)
		} else if row.Seen >= inbox.MaxSightings {
			return nil
		}
		row.Seen++
		row.Version++
		tx.Deliveries.Put(row)
		f, _, err := tx.Feeds.Find(ctx, conn.ID)
		if err != nil {
			return err
		}
		f.ID, f.LastWebhook = conn.ID, tx.Now()
		tx.Feeds.Put(f)
		return nil
	}, books.Ref{Kind: books.Deliveries, ID: id}, books.Ref{Kind: books.Feeds, ID: conn.ID})
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
	found, err := a.readAgain(byDelivery(ctx, d.ID), company, conn, d)
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
		if c := tx.Setup().Connections[d.ConnectionID]; cause != nil && (c.Status == inbox.NeedsAttention || stops(cause)) {
			// The whole connection is to blame, and the delivery loses none of its tries by it.
			d.NextTry = tx.Now().Add(jitter(deliveryPause))
			d.Version++
			tx.Deliveries.Put(d)
			return nil
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
