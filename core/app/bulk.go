package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

// Selection names arrivals: those listed, or every one that a query finds when none is.
type Selection struct {
	IDs   []string
	Query ArrivalQuery
}

// Sorted is what became of a selection.
type Sorted struct {
	Done int
	Left int  // not touched: posted, or set aside before
	More bool // the query finds more than MaxBatch: do it again
}

// DismissAll sets a selection of arrivals aside with one reason, in one transaction; nothing is posted and each can be
// restored. Codes: reason_needed, too_long.
func (a *App) DismissAll(ctx context.Context, who access.Actor, s Selection, reason string) (Sorted, error) {
	if err := party.CleanText(&reason, 1, 300); err != nil {
		if fault.Has(err, fault.Required) {
			err = fault.New(fault.Invalid, fault.ReasonNeeded)
		}
		return Sorted{}, onField("reason", err)
	}
	return a.sortOut(ctx, who, s, "arrival_dismissed", reason, func(_ context.Context, _ *books.Tx, ar *inbox.Arrival) (bool, error) {
		if ar.State == inbox.Dismissed {
			return false, nil
		}
		ar.State, ar.Dismissal, ar.DismissedBy = inbox.Dismissed, reason, who.Name
		return true, nil
	})
}

// TakeUpAll brings arrivals that are older than their connection to the accountant's desk, as if they had happened since:
// what can be posted is ready for OK, the rest asks for a decision. Code: too_long.
func (a *App) TakeUpAll(ctx context.Context, who access.Actor, s Selection) (Sorted, error) {
	return a.sortOut(ctx, who, s, "arrival_taken_up", "", func(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) (bool, error) {
		if ar.State != inbox.Past {
			return false, nil
		}
		ar.ByHand = true
		return true, a.classify(ctx, tx, ar)
	})
}

func (a *App) sortOut(ctx context.Context, who access.Actor, s Selection, action, detail string, fn func(context.Context, *books.Tx, *inbox.Arrival) (bool, error)) (Sorted, error) {
	var out Sorted
	if err := who.May(access.Keep); err != nil {
		return out, err
	}
	list, more, err := a.selected(ctx, who.Company, s)
	if err != nil || len(list) == 0 {
		return out, err
	}
	err = a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		out = Sorted{More: more}
		if err := a.loadRelated(ctx, tx, list); err != nil {
			return err
		}
		for _, id := range list {
			ar, ok, err := tx.Arrivals.Find(ctx, id)
			if err != nil {
				return err
			}
			done := false
			if ok && ar.State != inbox.Integrated {
				if done, err = fn(ctx, tx, &ar); err != nil {
					return err
				}
			}
			if !done {
				out.Left++
				continue
			}
			ar.Version++
			tx.Arrivals.Put(ar)
			tx.Log(who.Name, action, ar.ID, detail)
			out.Done++
		}
		return nil
	})
	return out, err
}

// loadRelated fetches arrivals and those they belong to in two questions.
func (a *App) loadRelated(ctx context.Context, tx *books.Tx, list []string) error {
	if err := tx.Arrivals.Load(ctx, list...); err != nil {
		return err
	}
	var of []string
	for _, id := range list {
		ar, ok, err := tx.Arrivals.Find(ctx, id)
		if err != nil {
			return err
		}
		if ok && ar.RelatedID != "" {
			for _, k := range []gateway.Kind{gateway.KindPayment, gateway.KindDispute, gateway.KindRefund} {
				of = append(of, inbox.ArrivalID(ar.ConnectionID, k, ar.RelatedID))
			}
		}
	}
	return tx.Arrivals.Load(ctx, of...)
}

// selected lists the ids of a selection, at most MaxBatch of those that a query finds. Code: too_long on "ids".
func (a *App) selected(ctx context.Context, company string, s Selection) (list []string, more bool, err error) {
	if len(s.IDs) > MaxBatch {
		return nil, false, fault.New(fault.Invalid, fault.TooLong, "max", itoa(MaxBatch)).On("ids")
	}
	if len(s.IDs) > 0 {
		return s.IDs, false, nil
	}
	q := s.Query
	q.Paging = Paging{Limit: 200}
	for {
		page, err := a.Views.Arrivals(ctx, company, q)
		if err != nil {
			return nil, false, err
		}
		for _, r := range page.Items {
			list = append(list, r.ID)
		}
		if page.Next == "" || len(list) >= MaxBatch {
			return list, page.Next != "", nil
		}
		q.Cursor = page.Next
	}
}
