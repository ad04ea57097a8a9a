package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

// MatchArrival says by hand which document a payment pays; OK then posts it there. Codes: unknown_thing,
// arrival_integrated, arrival_dismissed.
func (a *App) MatchArrival(ctx context.Context, who access.Actor, id string, kind inbox.DocumentKind, document string) (inbox.Arrival, error) {
	return a.onArrival(ctx, who, id, "arrival_matched", document, func(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
		l, err := tx.Links.Get(ctx, document)
		if err != nil || l.Document != kind {
			return notFound(string(kind), document)
		}
		ar.Document, ar.DocumentID, ar.CustomerID, ar.AttemptID, ar.ByHand = kind, document, l.CustomerID, "", true
		return nil
	})
}

// KeepAsCredit says by hand that a payment stays on a customer's account (4197), to be imputed or refunded later: the way
// out for duplicates and for money whose document is closed. customer may be empty when the payment's is known. Codes:
// unknown_thing, required, arrival_integrated, arrival_dismissed.
func (a *App) KeepAsCredit(ctx context.Context, who access.Actor, id, customer string) (inbox.Arrival, error) {
	return a.onArrival(ctx, who, id, "arrival_kept", customer, func(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
		if customer == "" {
			customer = ar.CustomerID
		}
		if customer == "" {
			return fault.New(fault.Invalid, fault.Required).On("customer_id")
		}
		c, err := tx.Customers.Get(ctx, customer)
		if err != nil {
			return err
		}
		ar.Document, ar.DocumentID, ar.CustomerID, ar.AttemptID, ar.ByHand = inbox.NoDocument, "", c.ID, "", true
		return nil
	})
}

// AcceptArrival says by hand that a movement the gateway could not name may be posted to the suspense account (471).
// Codes: unknown_thing, arrival_integrated, arrival_dismissed.
func (a *App) AcceptArrival(ctx context.Context, who access.Actor, id string) (inbox.Arrival, error) {
	return a.onArrival(ctx, who, id, "arrival_accepted", "", func(_ context.Context, _ *books.Tx, ar *inbox.Arrival) error {
		ar.ByHand = true
		return nil
	})
}

// DismissArrival sets an arrival aside with a reason; nothing is posted and it can be restored. Codes: unknown_thing,
// reason_needed, too_long, arrival_integrated, arrival_dismissed.
func (a *App) DismissArrival(ctx context.Context, who access.Actor, id, reason string) (inbox.Arrival, error) {
	if err := party.CleanText(&reason, 1, 300); err != nil {
		if fault.Has(err, fault.Required) {
			err = fault.New(fault.Invalid, fault.ReasonNeeded)
		}
		return inbox.Arrival{}, onField("reason", err)
	}
	return a.onArrival(ctx, who, id, "arrival_dismissed", reason, func(_ context.Context, _ *books.Tx, ar *inbox.Arrival) error {
		ar.State, ar.Dismissal, ar.DismissedBy = inbox.Dismissed, reason, who.Name
		return nil
	})
}

// RestoreArrival brings a dismissed arrival back to the desk. Codes: unknown_thing, arrival_integrated.
func (a *App) RestoreArrival(ctx context.Context, who access.Actor, id string) (inbox.Arrival, error) {
	var out inbox.Arrival
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		ar, err := tx.Arrivals.Get(ctx, id)
		if err != nil {
			return err
		}
		if ar.State == inbox.Integrated {
			return fault.New(fault.Conflict, fault.ArrivalIntegrated, "id", ar.ExternalID)
		}
		ar.State, ar.Dismissal, ar.DismissedBy = inbox.Review, "", ""
		if err := a.classify(ctx, tx, &ar); err != nil {
			return err
		}
		ar.Version++
		tx.Arrivals.Put(ar)
		tx.Log(who.Name, "arrival_restored", ar.ID, "")
		out = ar
		return nil
	})
	return out, err
}

func (a *App) onArrival(ctx context.Context, who access.Actor, id, action, detail string, fn func(context.Context, *books.Tx, *inbox.Arrival) error) (inbox.Arrival, error) {
	var out inbox.Arrival
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		ar, err := tx.Arrivals.Get(ctx, id)
		if err != nil {
			return err
		}
		switch ar.State {
		case inbox.Integrated:
			return fault.New(fault.Conflict, fault.ArrivalIntegrated, "id", ar.ExternalID)
		case inbox.Dismissed:
			return fault.New(fault.Conflict, fault.ArrivalDismissed, "id", ar.ExternalID)
		}
		if err := fn(ctx, tx, &ar); err != nil {
			return err
		}
		if err := a.classify(ctx, tx, &ar); err != nil {
			return err
		}
		ar.Version++
		tx.Arrivals.Put(ar)
		tx.Log(who.Name, action, ar.ID, detail)
		out = ar
		return nil
	}, books.Ref{Kind: books.Arrivals, ID: id})
	return out, err
}
