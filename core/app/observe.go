package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// record stores what a gateway answered about one attempt's page: the attempt's state and the payments on it, together.
func (a *App) record(ctx context.Context, company string, conn inbox.Connection, attempt string, st gateway.CheckoutStatus, src inbox.Source) (inbox.Attempt, error) {
	var at inbox.Attempt
	var seen []string
	err := a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if at, err = tx.Attempts.Get(ctx, attempt); err != nil {
			return err
		}
		if at.Move(st.State, st.Reason, tx.Now()) {
			at.Version++
			tx.Attempts.Put(at)
		}
		if seen, err = a.observeIn(ctx, tx, conn, st.Payments, src); err != nil {
			return err
		}
		at, err = tx.Attempts.Get(ctx, attempt)
		return err
	}, books.Ref{Kind: books.Attempts, ID: attempt})
	if err == nil {
		a.automatic(ctx, company, seen)
	}
	return at, err
}

// observe stores movements that a gateway reported, from whichever way in. Nothing is posted by it.
func (a *App) observe(ctx context.Context, company string, conn inbox.Connection, ps []gateway.Payment, src inbox.Source, also func(context.Context, *books.Tx) error) error {
	var seen []string
	err := a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if seen, err = a.observeIn(ctx, tx, conn, ps, src); err != nil || also == nil {
			return err
		}
		return also(ctx, tx)
	})
	if err == nil {
		a.automatic(ctx, company, seen)
	}
	return err
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

// observeIn stages arrivals for snapshots and says which of those that changed could be posted without anybody looking.
func (a *App) observeIn(ctx context.Context, tx *books.Tx, conn inbox.Connection, ps []gateway.Payment, src inbox.Source) ([]string, error) {
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
	var seen []string
	for i, p := range ps {
		ar, ok, err := tx.Arrivals.Find(ctx, ids[i])
		if err != nil {
			return nil, err
		}
		if !ok {
			ar = inbox.Arrival{ID: ids[i], ConnectionID: conn.ID, Kind: p.Kind, ExternalID: p.ID, Mode: conn.Mode, FirstSeen: tx.Now()}
		}
		sightings := len(ar.Sightings)
		changed := ar.See(p, src, tx.Now())
		if !changed && ok && len(ar.Sightings) == sightings {
			continue
		}
		if changed || !ok {
			if err := a.followAttempt(ctx, tx, &ar, p); err != nil {
				return nil, err
			}
			if err := a.classify(ctx, tx, &ar); err != nil {
				return nil, err
			}
			if ar.Plain() {
				seen = append(seen, ar.ID)
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
	ar.SetFlag(inbox.WrongMode, ar.Mode == gateway.Test && !setup.Company.TestBooks)
	ar.SetFlag(inbox.CurrencyMismatch, ar.Gross.Currency() != setup.Company.Currency)
	ar.SetFlag(inbox.FeePending, ar.FeeState == gateway.FeeUnknown && carriesFee(ar.Kind))
	if _, err := setup.Chart.Open(a.day(ar.OccurredAt)); err != nil {
		ar.SetFlag(inbox.ClosedPeriod, true)
	}
	var err error
	switch ar.Kind {
	case gateway.KindPayment:
		err = a.classifyPayment(ctx, tx, ar)
	case gateway.KindRefund, gateway.KindPaymentReversal, gateway.KindDispute, gateway.KindDisputeReversal, gateway.KindRefundReversal:
		err = a.classifyRelated(ctx, tx, ar)
	case gateway.KindPayout, gateway.KindPayoutReversal, gateway.KindFee, gateway.KindFeeRefund:
	default:
		ar.SetFlag(inbox.UnknownKind, !ar.ByHand)
	}
	if err != nil {
		return err
	}
	switch {
	case ar.GatewayState == gateway.Pending:
		ar.State = inbox.Waiting
	case ar.GatewayState == gateway.Failed:
		ar.State = inbox.Void
	case ar.Blocked():
		ar.State = inbox.Review
	default:
		ar.State = inbox.Ready
	}
	return nil
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
		ar.SetFlag(inbox.AmountMismatch, ok && at.Amount != ar.Gross)
	}
	due := p.due()
	switch {
	case p.Deposit != nil && (!p.Deposit.Live() || p.Deposit.State == billing.DepositDraft || !p.Quote.Open() && p.Deposit.Due() > 0):
		ar.SetFlag(inbox.DocumentClosed, true)
	case due.Sign() == 0:
		ar.SetFlag(inbox.Duplicate, true)
	case due.Currency() == ar.Gross.Currency() && ar.Gross.Minor() > due.Minor():
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
	ar.SetFlag(inbox.RelatedMissing, r.State != inbox.Integrated)
	return nil
}
