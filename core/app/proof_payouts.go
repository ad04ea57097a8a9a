package app

import (
	"context"
	"slices"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// maxPayoutChecks bounds the payouts that a proof lists.
const maxPayoutChecks = 200

// checkPayouts compares the amount of each payout with what its movements add up to (R-23; gateways.md, failure modes 21
// and 22). Only where that does not come out is the provider asked what the payout consists of; our movements learn their
// payout by it, and those that we lack are taken in.
func (p *proving) checkPayouts(ctx context.Context) error {
	info, err := p.gatewayInfo(ctx, p.conn.Gateway)
	if err != nil {
		return err
	}
	reader, ok := p.g.(gateway.PayoutReader)
	if p.run.Part.HasItems = ok && info.Can(gateway.CanPayoutItems); !p.run.Part.HasItems {
		return nil
	}
	q := ArrivalsAfter{Connection: p.conn.ID, PayoutsOnly: true, Since: p.run.Part.Since, Limit: payoutChunk}
	if p.run.Cursor == "" {
		if err := p.earlierPayouts(ctx, reader); err != nil {
			return err
		}
	}
	if err := readPlace(p.run.Cursor, &q); err != nil {
		return err
	}
	for {
		list, err := p.Views.ArrivalsAfter(ctx, p.company, q)
		if err != nil {
			return err
		}
		if err := p.comparePayouts(ctx, reader, list); err != nil {
			return err
		}
		if len(list) < q.Limit {
			return nil
		}
		last := list[len(list)-1]
		q.After, q.AfterID = last.OccurredAt, last.ID
		p.run.Cursor = place(q)
		if err := p.save(ctx, nil); err != nil {
			return err
		}
	}
}

// earlierPayouts looks again at those from before the window that did not come out the last time.
func (p *proving) earlierPayouts(ctx context.Context, reader gateway.PayoutReader) error {
	if p.before == nil {
		return nil
	}
	var list []string
	for _, c := range p.before.Payouts {
		if c.At.Before(p.run.Part.Since) {
			list = append(list, c.ArrivalID)
		}
	}
	old, err := p.Views.ArrivalsByID(ctx, p.company, list)
	if err != nil {
		return err
	}
	return p.comparePayouts(ctx, reader, old)
}

func (p *proving) comparePayouts(ctx context.Context, reader gateway.PayoutReader, list []inbox.Arrival) error {
	checks, err := p.payoutChecks(ctx, p.company, p.conn.ID, list)
	if err != nil {
		return err
	}
	for i, c := range checks {
		if !c.Off() {
			continue
		}
		if c, err = p.itemise(ctx, reader, list[i], c); err != nil {
			return err
		}
		if c.Off() && len(p.run.Part.Payouts) < maxPayoutChecks {
			p.run.Part.Payouts = append(p.run.Part.Payouts, c)
		}
	}
	return nil
}

// payoutChecks adds up what payouts consist of, in the same order. One that failed paid nothing out.
func (a *App) payoutChecks(ctx context.Context, company, connection string, list []inbox.Arrival) ([]inbox.PayoutCheck, error) {
	out := make([]inbox.PayoutCheck, len(list))
	at := map[string]int{}
	for i, ar := range list {
		amount := -ar.Effect()
		if ar.GatewayState == gateway.Failed {
			amount = 0
		}
		out[i] = inbox.PayoutCheck{ArrivalID: ar.ID, ExternalID: ar.ExternalID, At: ar.OccurredAt, Amount: money.Of(amount, ar.Gross.Currency())}
		at[ar.ExternalID] = i
	}
	names := make([]string, 0, len(at))
	for id := range at {
		names = append(names, id)
	}
	slices.Sort(names)
	sums, err := a.Views.PayoutSums(ctx, company, connection, names)
	for _, s := range sums {
		c := &out[at[s.Payout]]
		c.Items += s.Items
		c.Unknown += s.Unknown
		if s.Currency == c.Amount.Currency() {
			c.Sum = s.Net
		} else if m, merr := money.New(s.Net, s.Currency); merr == nil {
			c.Others = append(c.Others, m)
		}
	}
	return out, err
}

// itemise asks the provider what a payout consists of and adds it up again.
func (p *proving) itemise(ctx context.Context, reader gateway.PayoutReader, payout inbox.Arrival, before inbox.PayoutCheck) (inbox.PayoutCheck, error) {
	items, err := reader.PayoutItems(ctx, payout.ExternalID)
	if err == nil {
		err = gateway.CheckItems(items)
	}
	switch e := gateway.AsError(err); {
	case e == nil:
	case e.Kind == gateway.ErrNotFound || e.Kind == gateway.ErrUnsupported || e.Kind == gateway.ErrPermanent:
		return before, nil
	case e.Kind == gateway.ErrRetryable: // one payout that is not put together yet must not keep the rest from being proven
		before.Pending = true
		return before, nil
	default:
		return before, gatewayFault(p.conn.Label, err)
	}
	absent := 0
	for chunk := range slices.Chunk(items, proofChunk) {
		n, err := p.putInPayout(ctx, payout, chunk)
		if err != nil {
			return before, err
		}
		absent += n
	}
	checks, err := p.payoutChecks(ctx, p.company, p.conn.ID, []inbox.Arrival{payout})
	if err != nil {
		return before, err
	}
	checks[0].Absent = absent
	return checks[0], nil
}

// putInPayout notes on our movements which payout holds them, and counts those that the provider names and does not show.
// A movement that another payout holds already stays there: its payouts will not come out, and are listed.
func (p *proving) putInPayout(ctx context.Context, payout inbox.Arrival, items []string) (absent int, err error) {
	ours, err := p.Views.ArrivalsExternal(ctx, p.company, p.conn.ID, items)
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	for _, ar := range ours {
		known[ar.ExternalID] = known[ar.ExternalID] || ar.Kind != gateway.KindPayout
	}
	var come []gateway.Payment
	for _, id := range items {
		if known[id] {
			continue
		}
		m, there, err := p.ask(ctx, id)
		if err != nil {
			return 0, err
		}
		if there == asThere {
			come = append(come, m)
		} else {
			absent++
		}
	}
	if err := p.compare(ctx, come, false); err != nil {
		return 0, err
	}
	var untold []string
	for _, ar := range ours {
		if ar.Kind != gateway.KindPayout && ar.PayoutID == "" {
			untold = append(untold, ar.ID)
		}
	}
	for _, m := range come {
		if m.PayoutID == "" {
			untold = append(untold, inbox.ArrivalID(p.conn.ID, m.Kind, m.ID))
		}
	}
	if len(untold) == 0 {
		return absent, nil
	}
	return absent, p.Books.Write(books.WithoutKey(ctx), p.company, func(ctx context.Context, tx *books.Tx) error {
		if err := tx.Arrivals.Load(ctx, untold...); err != nil {
			return err
		}
		for _, id := range untold {
			ar, ok, err := tx.Arrivals.Find(ctx, id)
			if err != nil {
				return err
			}
			if ok && ar.PayoutID == "" {
				ar.PayoutID = payout.ExternalID
				ar.Version++
				tx.Arrivals.Put(ar)
			}
		}
		return nil
	})
}

// Payout adds up what one payout consists of; the movements themselves are arrivals that name it. Code: unknown_thing when
// there is no such arrival or it is no payout.
func (a *App) Payout(ctx context.Context, company string, ar inbox.Arrival) (inbox.PayoutCheck, error) {
	if ar.Kind != gateway.KindPayout {
		return inbox.PayoutCheck{}, notFound("payout", ar.ID)
	}
	checks, err := a.payoutChecks(ctx, company, ar.ConnectionID, []inbox.Arrival{ar})
	if err != nil {
		return inbox.PayoutCheck{}, err
	}
	return checks[0], nil
}
