package payments

import (
	"context"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
)

// names finds the names that people know things by, each once.
type names struct {
	d         desk
	customers map[string]string
}

func newNames(d desk) names { return names{d, map[string]string{}} }

// customer is a customer's name; "" for none.
func (n names) customer(ctx context.Context, id string) (string, error) {
	if name, ok := n.customers[id]; ok || id == "" {
		return name, nil
	}
	c, err := n.d.views.Customer(ctx, n.d.company, id)
	if fault.KindOf(err) == fault.NotFound {
		err = nil
	}
	if err == nil {
		n.customers[id] = c.Name
	}
	return c.Name, err
}

// arrival reads one arrival with its names. Code: unknown_thing.
func (n names) arrival(ctx context.Context, id string) (app.ArrivalRow, error) {
	a, err := n.d.views.Arrival(ctx, n.d.company, id)
	if err != nil {
		return app.ArrivalRow{}, err
	}
	r := app.ArrivalRow{Arrival: a}
	if r.CustomerName, err = n.customer(ctx, a.CustomerID); err != nil {
		return r, err
	}
	switch a.Document {
	case inbox.InvoiceDocument:
		v, err := n.d.views.Invoice(ctx, n.d.company, a.DocumentID)
		if err != nil {
			return r, err
		}
		r.DocumentNumber = v.Number
	case inbox.DepositDocument:
		l, err := n.d.views.PayLink(ctx, n.d.company, a.DocumentID)
		if err != nil {
			return r, err
		}
		q, err := n.d.views.Quote(ctx, n.d.company, l.QuoteID)
		if err != nil {
			return r, err
		}
		r.QuoteID, r.DocumentNumber = q.ID, q.Number
	case inbox.NoDocument:
	}
	return r, nil
}
