package paypal

import (
	"context"
	"strings"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// lookup completes rows of Transaction Search with the objects that they belong to, where a row alone does not tell all:
// what was converted, whose fee is not known, and what a case holds back. Most rows need none.
type lookup struct {
	ctx  context.Context
	d    *desk
	done int // objects read

	asked   bool
	primary money.Currency
	known   map[string]found
}

type found struct {
	p   gateway.Payment
	err *gateway.Error
}

func (d *desk) newLookup(ctx context.Context) *lookup {
	return &lookup{ctx: ctx, d: d, known: map[string]found{}}
}

// foreign says whether a row's currency may be one that PayPal converts on arrival.
func (l *lookup) foreign(cur money.Currency) bool {
	if !l.asked {
		l.asked, l.primary = true, l.d.primary(l.ctx)
	}
	return cur != l.primary
}

// once reads an object one time for each page.
func (l *lookup) once(what string, read func() (gateway.Payment, *gateway.Error)) (gateway.Payment, *gateway.Error) {
	f, ok := l.known[what]
	if !ok {
		l.done++
		f.p, f.err = read()
		l.known[what] = f
	}
	return f.p, f.err
}

func (l *lookup) capture(id string) (gateway.Payment, *gateway.Error) {
	return l.once("capture "+id, func() (gateway.Payment, *gateway.Error) { return l.d.payment(l.ctx, id) })
}

func (l *lookup) refund(id string) (gateway.Payment, *gateway.Error) {
	return l.once("refund "+id, func() (gateway.Payment, *gateway.Error) { return l.d.refund(l.ctx, id) })
}

// snapshot is the movement that a row tells of. Rows of one movement give one movement: the two halves of the conversion
// of a payment on arrival are that payment, and what a case holds back is the case.
func (l *lookup) snapshot(w row) (gateway.Payment, *gateway.Error) {
	p := w.payment()
	id, ref := w.Info.ID, w.related()
	switch {
	case p.Gross.Currency() == "":
	case p.Kind == gateway.KindPayment && objectForm.MatchString(id) && p.State != gateway.Failed:
		if p.FeeState == gateway.FeeUnknown || l.foreign(p.Gross.Currency()) {
			return l.or(p, func() (gateway.Payment, *gateway.Error) { return l.capture(id) })
		}
	case p.Kind == gateway.KindRefund && objectForm.MatchString(id) && p.State != gateway.Failed:
		if p.State == gateway.Pending || l.foreign(p.Gross.Currency()) {
			return l.or(p, func() (gateway.Payment, *gateway.Error) { return l.refund(id) })
		}
	case strings.HasPrefix(w.Info.Code, "T02") && objectForm.MatchString(ref):
		return l.or(p, func() (gateway.Payment, *gateway.Error) { return l.conversion(p, ref) })
	case (w.Info.Code == "T1110" || w.Info.Code == "T1111") && objectForm.MatchString(ref):
		return l.or(p, func() (gateway.Payment, *gateway.Error) {
			return l.once("case "+ref, func() (gateway.Payment, *gateway.Error) { return l.d.disputeOf(l.ctx, ref) })
		})
	}
	return p, nil
}

// or takes the object where there is one, else the row itself: not every payment is a capture, and not every app may read
// cases.
func (l *lookup) or(p gateway.Payment, read func() (gateway.Payment, *gateway.Error)) (gateway.Payment, *gateway.Error) {
	q, err := read()
	if err == nil {
		return q, nil
	}
	if err.Kind == gateway.ErrNotFound || err.Kind == gateway.ErrConfig && err.Setting == "" {
		if p.FeeState == gateway.FeeUnknown && p.State == gateway.Succeeded {
			p.FeeState = gateway.FeeNone // nothing else will ever tell one
		}
		return p, nil
	}
	return p, err
}

// conversion is the payment or refund whose money a conversion changed on its way, if it is part of that one.
func (l *lookup) conversion(p gateway.Payment, ref string) (gateway.Payment, *gateway.Error) {
	q, err := l.capture(ref)
	if err != nil && err.Kind == gateway.ErrNotFound {
		q, err = l.refund(ref)
	}
	if err != nil {
		return q, err
	}
	if q.Charged == (money.Money{}) && q.FeeState == gateway.FeeKnown {
		p.RelatedID = ref // all is told of it, and it was not converted
		return p, nil
	}
	return q, nil
}

// spoiled says whether an error is of one object only, so that the others can be read. What concerns the network or the
// whole account does not count.
func (l *lookup) spoiled(e *gateway.Error) bool {
	switch e.Code {
	case "timeout", "unreachable", "connection_lost", "bad_certificate":
		return false
	}
	return e.Kind == gateway.ErrRetryable && e.Code != "RATE_LIMIT_REACHED" || e.Kind == gateway.ErrPermanent || e.Kind == gateway.ErrBug
}
