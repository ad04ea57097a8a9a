package app

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// record stores what a gateway answered about one attempt's page: the attempt's state and the payments on it, together.
// declines, when given, is how often taking its money was declined by now.
func (a *App) record(ctx context.Context, company string, conn inbox.Connection, attempt string, st gateway.CheckoutStatus, src inbox.Source, declines ...int) (inbox.Attempt, error) {
	var at inbox.Attempt
	var seen []string
	from, err := a.sighted(ctx, company, conn, st.Payments, src)
	if err != nil {
		return at, err
	}
	err = a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if at, err = tx.Attempts.Get(ctx, attempt); err != nil {
			return err
		}
		before := at
		if st.State == gateway.CheckoutRetry {
			at.Declines = max(at.Declines, 1)
		}
		for _, n := range declines {
			at.Declines = max(at.Declines, n)
		}
		if at.Move(st.State, st.Reason, tx.Now()) || at != before {
			if at.Declines != before.Declines {
				at.UpdatedAt = tx.Now()
			}
			at.Version++
			tx.Attempts.Put(at)
		}
		if seen, err = a.observeIn(ctx, tx, conn, st.Payments, from); err != nil {
			return err
		}
		at, err = tx.Attempts.Get(ctx, attempt)
		return err
	}, books.Ref{Kind: books.Attempts, ID: attempt})
	if err == nil {
		a.automatic(ctx, company, seen)
		a.lookAgain(ctx, company, arrivalIDs(conn, st.Payments))
	}
	return at, err
}

// observe stores movements that a gateway reported, from whichever way in. Nothing is posted by it.
func (a *App) observe(ctx context.Context, company string, conn inbox.Connection, ps []gateway.Payment, src inbox.Source, also func(context.Context, *books.Tx) error) error {
	var seen []string
	from, err := a.sighted(ctx, company, conn, ps, src)
	if err != nil {
		return err
	}
	err = a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if seen, err = a.observeIn(ctx, tx, conn, ps, from); err != nil || also == nil {
			return err
		}
		return also(ctx, tx)
	})
	if err == nil {
		a.automatic(ctx, company, seen)
		a.lookAgain(ctx, company, arrivalIDs(conn, ps))
	}
	return err
}

func arrivalIDs(conn inbox.Connection, ps []gateway.Payment) []string {
	ids := make([]string, len(ps))
	for i, p := range ps {
		ids[i] = inbox.ArrivalID(conn.ID, p.Kind, p.ID)
	}
	return ids
}

// lookAgain classifies anew what waited for these arrivals: a refund that was reported before its payment, or while that
// could not be posted.
func (a *App) lookAgain(ctx context.Context, company string, others []string) {
	if len(others) == 0 {
		return
	}
	list, err := a.Views.ArrivalsAwaiting(ctx, company, others)
	if err != nil {
		a.Log.Warn("what waits for a payment could not be listed", err, "company", company)
		return
	}
	if len(list) == 0 {
		return
	}
	var ready []string
	err = a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		ready = nil
		if err := tx.Arrivals.Load(ctx, list...); err != nil {
			return err
		}
		for _, id := range list {
			if err := a.reclassify(ctx, tx, id); err != nil {
				return err
			}
			if ar, ok, err := tx.Arrivals.Find(ctx, id); err != nil {
				return err
			} else if ok && ar.Plain() {
				ready = append(ready, id)
			}
		}
		return nil
	})
	if err != nil {
		a.Log.Warn("what waited for a payment could not be looked at again", err, "company", company)
		return
	}
	a.automatic(ctx, company, ready)
}

// automatic lets the service actor post what came when the company chose so; what is out of the ordinary stays for a human.
func (a *App) automatic(ctx context.Context, company string, seen []string) {
	if len(seen) == 0 {
		return
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil || !setup.Company.AutoIntegrate {
		return
	}
	if _, err := a.Integrate(ctx, access.System(company), seen); err != nil {
		a.Log.Warn("automatic integration failed; the payments wait in the inbox", err, "company", company)
	}
}

// sighting is how movements came to be reported: by which way in, by which webhook delivery if by one, and the payloads they
// were read from, beside the movements; without payloads nothing is kept.
type sighting struct {
	source   inbox.Source
	delivery string
	exhibits []exhibit
}

// sighted makes everything ready that must not be done with the pen in hand.
func (a *App) sighted(ctx context.Context, company string, conn inbox.Connection, ps []gateway.Payment, src inbox.Source) (sighting, error) {
	x, err := a.exhibits(ctx, company, conn, ps, src)
	return sighting{src, deliveryOf(ctx), x}, err
}

// observeIn stages arrivals for snapshots and says which of those that changed could be posted without anybody looking.
func (a *App) observeIn(ctx context.Context, tx *books.Tx, conn inbox.Connection, ps []gateway.Payment, from sighting) ([]string, error) {
	ids := make([]string, 0, len(ps))
	attempts := make([]string, 0, len(ps))
	for _, p := range ps {
		ids = append(ids, inbox.ArrivalID(conn.ID, p.Kind, p.ID))
		attempts = append(attempts, p.Reference)
	}
	if err := tx.Arrivals.Load(ctx, ids...); err != nil {
		return nil, err
	}
	if err := tx.Attempts.Load(ctx, attempts...); err != nil {
		return nil, err
	}
	if err := loadEvidence(ctx, tx, ids, from.exhibits); err != nil {
		return nil, err
	}
	var seen []string
	for i, p := range ps {
		ar, ok, err := tx.Arrivals.Find(ctx, ids[i])
		if err != nil {
			return nil, err
		}
		if !ok {
			ar = inbox.Arrival{ID: ids[i], ConnectionID: conn.ID, Kind: p.Kind, ExternalID: p.ID, Mode: conn.Mode, FirstSeen: tx.Now()}
		}
		sightings, rested, outdated := len(ar.Sightings), ar.EvidenceHash, ar.Outdated(p)
		changed := ar.See(p, from.source, tx.Now())
		if n := len(ar.Sightings); n > sightings {
			ar.Sightings[n-1].Delivery = from.delivery
		}
		if from.exhibits != nil && !outdated {
			if err := a.keepExhibit(ctx, tx, &ar, from.exhibits[i], changed); err != nil {
				return nil, err
			}
		}
		linked, err := a.linkRefund(ctx, tx, &ar)
		if err != nil {
			return nil, err
		}
		if !changed && ok && !linked && len(ar.Sightings) == sightings && ar.EvidenceHash == rested {
			continue
		}
		if changed || !ok || linked {
			if err := a.followAttempt(ctx, tx, &ar, p); err != nil {
				return nil, err
			}
			if err := a.followRefund(ctx, tx, &ar); err != nil {
				return nil, err
			}
			if err := a.classify(ctx, tx, &ar); err != nil {
				return nil, err
			}
			if ar.Plain() {
				seen = append(seen, ar.ID)
			}
			if err := a.wakeOtherSide(ctx, tx, &ar); err != nil {
				return nil, err
			}
		}
		ar.Version++
		tx.Arrivals.Put(ar)
	}
	return seen, nil
}

// followAttempt ties a payment to the attempt it answers, and moves the attempt to where the payment is.
func (a *App) followAttempt(ctx context.Context, tx *books.Tx, ar *inbox.Arrival, p gateway.Payment) error {
	if ar.Kind != gateway.KindPayment || ar.Reference == "" {
		return nil
	}
	at, ok, err := tx.Attempts.Find(ctx, ar.Reference)
	if err != nil || !ok || at.ConnectionID != ar.ConnectionID {
		return err
	}
	if ar.AttemptID == "" && !ar.ByHand {
		ar.AttemptID, ar.Document, ar.DocumentID, ar.CustomerID = at.ID, at.Document, at.DocumentID, at.CustomerID
	}
	state := gateway.CheckoutPaid
	switch p.State {
	case gateway.Pending:
		state = gateway.CheckoutProcessing
	case gateway.Failed:
		state = gateway.CheckoutFailed
	}
	if at.Move(state, p.Reason, tx.Now()) {
		at.Version++
		tx.Attempts.Put(at)
	}
	return nil
}

// classify decides what an arrival that is not posted yet is to us: its document, its flags, its state. It runs when a
// snapshot comes and again under the pen before posting, because what is due may have changed in between.
func (a *App) classify(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	if ar.State == inbox.Integrated || ar.State == inbox.Dismissed {
		return nil
	}
	setup := tx.Setup()
	ar.Flags = nil
	ar.SetFlag(inbox.WrongMode, (ar.Mode == gateway.Test) != setup.Company.TestBooks)
	ar.SetFlag(inbox.CurrencyMismatch, ar.Kind == gateway.KindPayment && !ar.ByHand && ar.Paid().Currency() != setup.Company.Currency)
	ar.SetFlag(inbox.FeePending, ar.FeeState == gateway.FeeUnknown && carriesFee(ar.Kind))
	if _, err := setup.Chart.Open(a.day(ar.OccurredAt)); err != nil {
		ar.SetFlag(inbox.ClosedPeriod, true)
	}
	if err := a.value(ctx, tx, ar); err != nil {
		return err
	}
	ar.Settled = money.Money{}
	var err error
	switch ar.Kind {
	case gateway.KindPayment:
		ar.Settled = settles(ar, nil, setup.Company.Currency)
		err = a.classifyPayment(ctx, tx, ar)
	case gateway.KindRefund, gateway.KindPaymentReversal, gateway.KindDispute, gateway.KindDisputeReversal, gateway.KindRefundReversal:
		err = a.classifyRelated(ctx, tx, ar)
	case gateway.KindPayout, gateway.KindPayoutReversal, gateway.KindFee, gateway.KindFeeRefund:
	default:
		ar.SetFlag(inbox.UnknownKind, !ar.ByHand && !ar.Conversion)
	}
	if err != nil {
		return err
	}
	switch {
	case ar.GatewayState == gateway.Failed, ar.GatewayState == gateway.Succeeded && ar.Nothing():
		ar.State = inbox.Void
	case past(setup, ar):
		ar.State = inbox.Past
	case ar.GatewayState == gateway.Pending:
		ar.State = inbox.Waiting
	case ar.Blocked():
		ar.State = inbox.Review
	default:
		ar.State = inbox.Ready
	}
	return nil
}

// past says whether an arrival is older than its connection, in whole seconds as many providers tell time. It is not ours to
// ask about: the books may have it by other ways, unless it answers an attempt or a refund of ours or a person took it up.
func past(s *books.Setup, ar *inbox.Arrival) bool {
	c := s.Connections[ar.ConnectionID]
	return ar.OccurredAt.Before(c.ConnectedAt.Truncate(time.Second)) && ar.AttemptID == "" && ar.RefundID == "" && !ar.ByHand
}

// carriesFee says whether providers charge a fee on this kind, so that an unknown one is worth waiting for.
func carriesFee(k gateway.Kind) bool { return k == gateway.KindPayment }

func (a *App) classifyPayment(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	if ar.Document == inbox.NoDocument {
		// Kept on the customer's account by a person's decision, or not known to us.
		ar.SetFlag(inbox.Unmatched, !(ar.ByHand && ar.CustomerID != ""))
		return nil
	}
	l, err := tx.Links.Get(ctx, ar.DocumentID)
	if err != nil {
		return err
	}
	p, err := payableIn(ctx, tx, l)
	if err != nil {
		return err
	}
	if ar.AttemptID != "" {
		at, ok, err := tx.Attempts.Find(ctx, ar.AttemptID)
		if err != nil {
			return err
		}
		ar.SetFlag(inbox.AmountMismatch, ok && at.Amount != ar.Paid())
	}
	due := p.due()
	switch {
	case p.Deposit != nil && (!p.Deposit.Live() || p.Deposit.State == billing.DepositDraft || !p.Quote.Open() && p.Deposit.Due() > 0):
		ar.SetFlag(inbox.DocumentClosed, true)
	case due.Sign() == 0:
		ar.SetFlag(inbox.Duplicate, true)
	case due.Currency() == ar.Settled.Currency() && ar.Settled.Minor() > due.Minor():
		ar.SetFlag(inbox.Overpaid, true)
	}
	if ar.CustomerID == "" {
		ar.CustomerID = l.CustomerID
	}
	return nil
}

// related finds the arrival that a refund, reversal or dispute belongs to.
func related(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) (inbox.Arrival, bool, error) {
	for _, k := range []gateway.Kind{gateway.KindPayment, gateway.KindDispute, gateway.KindRefund} {
		if k == ar.Kind {
			continue
		}
		r, ok, err := tx.Arrivals.Find(ctx, inbox.ArrivalID(ar.ConnectionID, k, ar.RelatedID))
		if err != nil || ok {
			return r, ok, err
		}
	}
	return inbox.Arrival{}, false, nil
}

func (a *App) classifyRelated(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	r, ok, err := related(ctx, tx, ar)
	if err != nil {
		return err
	}
	if !ok {
		ar.SetFlag(inbox.Unmatched, true)
		return nil
	}
	ar.Document, ar.DocumentID, ar.CustomerID = r.Document, r.DocumentID, r.CustomerID
	ar.Settled = settles(ar, &r, tx.Setup().Company.Currency)
	ar.SetFlag(inbox.RelatedFirst, r.State == inbox.Ready)
	ar.SetFlag(inbox.RelatedMissing, r.State != inbox.Integrated && r.State != inbox.Ready)
	return a.classifyRefund(ctx, tx, ar, &r)
}
