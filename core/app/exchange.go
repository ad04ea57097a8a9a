package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

// value says what a movement of a balance in another currency is worth: as a person said; else, where it leaves for
// another account of ours, by what the provider says arrived there; else by the latest rate of the company's table on the
// day or before it. What nobody said waits for a person.
func (a *App) value(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	own := tx.Setup().Company.Currency
	conn := tx.Setup().Connections[ar.ConnectionID]
	if err := conversion(ctx, tx, ar); err != nil {
		return err
	}
	if ar.Gross.Currency() == own {
		ar.Unvalue()
		return nil
	}
	ar.SetFlag(inbox.BalanceUnknown, conn.BalanceAccount(ar.Gross.Currency(), own) == "")
	if !ar.RateByHand {
		ar.Unvalue()
		got, told, err := received(ctx, tx, ar)
		switch {
		case err != nil:
			return err
		case told:
			ar.ValueBy(got, conn.Label)
		case !ar.Cost():
			if err := a.valueByTable(ctx, tx, ar); err != nil {
				return err
			}
		}
	}
	ar.SetFlag(inbox.RateMissing, ar.BookRate.IsZero() || ar.Worth.IsZero() && !ar.Gross.IsZero())
	return nil
}

func (a *App) valueByTable(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	list := ledger.RateIDs(ar.Gross.Currency(), a.day(ar.OccurredAt))
	if err := tx.Rates.Load(ctx, list...); err != nil {
		return err
	}
	for _, id := range list {
		r, ok, err := tx.Rates.Find(ctx, id)
		if err != nil {
			return err
		}
		if !ok || r.Rate.IsZero() {
			continue
		}
		source := r.Date.String()
		if r.Source != "" {
			source = r.Source + " " + source
		}
		if err := ar.ValueAt(r.Rate, source, tx.Setup().Company.Currency); err != nil {
			ar.Unvalue() // worth more than books can hold: a person must look
		}
		return nil
	}
	return nil
}

// ratesOf are the rates that arrivals may be posted at.
func (a *App) ratesOf(tx *books.Tx, list []inbox.Arrival) []string {
	var out []string
	for i := range list {
		if cur := list[i].Gross.Currency(); cur != "" && cur != tx.Setup().Company.Currency && !list[i].RateByHand {
			out = append(out, ledger.RateIDs(cur, a.day(list[i].OccurredAt))...)
		}
	}
	return out
}

// conversion finds out whether the provider told that a movement is one side of a conversion: by what was converted, or by
// naming a movement of another balance that goes the other way.
func conversion(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	if ar.Kind != gateway.KindAdjustment && ar.Kind != gateway.KindOther {
		ar.Conversion = false
		return nil
	}
	if ar.Charged.Currency() != "" {
		ar.Conversion = true
	}
	_, ok, err := otherSide(ctx, tx, ar)
	ar.Conversion = ar.Conversion || ok
	return err
}

// otherSide is the movement of another balance that a movement names, when it goes the other way.
func otherSide(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) (inbox.Arrival, bool, error) {
	if ar.RelatedID == "" || ar.Kind != gateway.KindAdjustment && ar.Kind != gateway.KindOther {
		return inbox.Arrival{}, false, nil
	}
	for _, k := range []gateway.Kind{gateway.KindAdjustment, gateway.KindOther} {
		o, ok, err := tx.Arrivals.Find(ctx, inbox.ArrivalID(ar.ConnectionID, k, ar.RelatedID))
		if err != nil {
			return o, false, err
		}
		if ok && o.Gross.Currency() != ar.Gross.Currency() && o.Gross.Sign()*ar.Gross.Sign() < 0 {
			return o, true, nil
		}
	}
	return inbox.Arrival{}, false, nil
}

// wakeOtherSide looks again at the other side of a conversion, which may have waited to know what arrived here.
func (a *App) wakeOtherSide(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) error {
	o, ok, err := otherSide(ctx, tx, ar)
	if err != nil || !ok || o.State != inbox.Review {
		return err
	}
	if o.RelatedID == "" {
		o.RelatedID = ar.ExternalID
	}
	tx.Arrivals.Put(*ar) // so that it is found; the caller puts it again
	if err := a.classify(ctx, tx, &o); err != nil {
		return err
	}
	o.Version++
	tx.Arrivals.Put(o)
	return nil
}

// received is what arrived on the other side of a movement that leaves its balance, in the books' currency and with the
// movement's sign, as the provider told it.
func received(ctx context.Context, tx *books.Tx, ar *inbox.Arrival) (money.Money, bool, error) {
	own := tx.Setup().Company.Currency
	signed := func(m money.Money) money.Money {
		if ar.Gross.Sign() < 0 {
			return m.Abs().Neg()
		}
		return m.Abs()
	}
	if !ar.Cost() {
		return money.Money{}, false, nil
	}
	if ar.Charged.Currency() == own {
		return signed(ar.Charged), true, nil
	}
	o, ok, err := otherSide(ctx, tx, ar)
	if err != nil || !ok || o.Gross.Currency() != own {
		return money.Money{}, false, err
	}
	return signed(o.Gross), true, nil
}

// settles is what a movement is to the customer, in the books' currency: what was paid where that is the document's
// currency; what a refund or dispute takes back of its payment, in proportion; else what the movement is worth. It has no
// currency while that is not known.
func settles(ar, of *inbox.Arrival, own money.Currency) money.Money {
	paid := ar.Paid()
	if paid.Currency() == own {
		return paid
	}
	if of != nil && of.Settled.Currency() == own {
		for _, x := range []struct{ part, whole money.Money }{{paid, of.Paid()}, {ar.Gross, of.Gross}} {
			if x.part.Currency() == x.whole.Currency() && x.whole.Sign() > 0 && x.part.Minor() <= x.whole.Minor() {
				return of.Settled.Share(x.part, x.whole)
			}
		}
	}
	if ar.Gross.Currency() == own {
		return ar.Gross
	}
	if ar.BookRate.IsZero() {
		return money.Money{}
	}
	return ar.Worth
}

// realise posts what leaves a balance for another account of ours, or comes from there. What leaves a balance in another
// currency leaves it for its part of what the whole balance stands in the books for (average cost), all of it when
// nothing remains; what arrives elsewhere is worth something else, and that difference is a financial one.
func (a *App) realise(ctx context.Context, tx *books.Tx, who access.Actor, m posting.Movement, other string) (int64, error) {
	got := -m.Amount
	if m.Foreign.Sign() < 0 {
		s, err := tx.Standing(ctx, m.Account, m.Foreign.Currency(), a.carriedOn(tx))
		if err != nil {
			return 0, err
		}
		if s.Foreign >= -m.Foreign.Minor() && s.Book > 0 {
			whole, err := money.New(s.Book, tx.Setup().Company.Currency)
			if err != nil {
				return 0, err
			}
			m.Amount = whole.Share(m.Foreign, moneyOf(s.Foreign, m.Foreign.Currency())).Minor()
		}
	}
	return a.postOnly(ctx, tx, who, posting.Realise(m, other, got))
}

// RateInput is what a person says a movement is worth: a rate, or a counter-value.
type RateInput struct {
	Rate   decimal.Decimal // units of the movement's currency for one of the books'; zero: none
	Worth  money.Money     // of its gross amount, without its sign; no currency: none
	Source string          // where it is from: "Banque de France 13/03"
}

// SetArrivalRate says by hand what a movement of a balance in another currency is worth; OK then posts it by that. Codes:
// unknown_thing, arrival_integrated, arrival_dismissed, rate_not_needed when it is in the books' currency, required on
// "rate" when there is neither a rate nor a counter-value, bad_rate, bad_amount and currency_mixed on "worth", too_long and
// bad_characters on "source", amount_too_large.
func (a *App) SetArrivalRate(ctx context.Context, who access.Actor, id string, in RateInput) (inbox.Arrival, error) {
	var f fault.Collect
	_ = f.Add(party.CleanText(&in.Source, 0, 80), "source")
	byWorth := in.Worth.Currency() != ""
	switch {
	case byWorth && in.Worth.Sign() <= 0:
		_ = f.Add(fault.New(fault.Invalid, fault.BadAmount, "found", in.Worth.Plain()), "worth")
	case !byWorth && in.Rate.IsZero():
		_ = f.Add(fault.New(fault.Invalid, fault.Required), "rate")
	case !byWorth:
		_ = f.Add(ledger.GoodRate(in.Rate), "rate")
	}
	if err := f.Err(); err != nil {
		return inbox.Arrival{}, err
	}
	return a.onArrival(ctx, who, id, "arrival_valued", in.Source, func(_ context.Context, tx *books.Tx, ar *inbox.Arrival) error {
		own := tx.Setup().Company.Currency
		if ar.Gross.Currency() == own {
			return fault.New(fault.Refused, fault.RateNotNeeded, "currency", string(own))
		}
		source := in.Source
		if source == "" {
			source = who.Name
		}
		ar.RateByHand = true
		if !byWorth {
			return onField("rate", ar.ValueAt(in.Rate, source, own))
		}
		if in.Worth.Currency() != own {
			return fault.New(fault.Invalid, fault.CurrencyMixed, "found", string(in.Worth.Currency()), "expected", string(own)).On("worth")
		}
		worth := in.Worth
		if ar.Gross.Sign() < 0 {
			worth = worth.Neg()
		}
		if ar.Gross.IsZero() {
			return fault.New(fault.Invalid, fault.Required).On("rate") // only the fee moves: a counter-value says nothing of it
		}
		ar.ValueBy(worth, source)
		if ar.BookRate.IsZero() {
			return fault.New(fault.Invalid, fault.BadAmount, "found", in.Worth.Plain()).On("worth")
		}
		return nil
	})
}

// AcceptConversion says by hand that a movement is one side of a conversion between two balances of the connection: it is
// posted over 580. Codes: unknown_thing, arrival_integrated, arrival_dismissed, arrival_needs_human for another kind.
func (a *App) AcceptConversion(ctx context.Context, who access.Actor, id string) (inbox.Arrival, error) {
	return a.onArrival(ctx, who, id, "arrival_conversion", "", func(_ context.Context, _ *books.Tx, ar *inbox.Arrival) error {
		if ar.Kind != gateway.KindAdjustment && ar.Kind != gateway.KindOther {
			return fault.New(fault.Refused, fault.ArrivalNeedsHuman, "reason", string(inbox.UnknownKind))
		}
		ar.ByHand, ar.Conversion = true, true
		return nil
	})
}
