package paypal

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// method is what our payers pay with; behind it a card or an account of the payer's choosing, which PayPal keeps to itself.
const method = "paypal"

// payment is the snapshot of a capture. o is the order that it belongs to, nil when PayPal keeps it no more.
func (c capture) payment(o *order, raw []byte) gateway.Payment {
	p := gateway.Payment{
		ID: clip(c.ID, gateway.MaxID), Kind: gateway.KindPayment, State: gateway.Pending, FeeState: gateway.FeeUnknown,
		Reference: clip(c.CustomID, gateway.MaxID), SessionID: clip(c.Related.IDs.Order, gateway.MaxID), Method: method,
		OccurredAt: c.Created.Time, UpdatedAt: c.Updated.Time, Description: clip(c.InvoiceID, gateway.MaxText), Raw: evidence(raw),
	}
	if o != nil {
		p.SessionID = clip(o.ID, gateway.MaxID)
		p.Payer = o.payer()
		if len(o.Units) == 1 {
			u := o.Units[0]
			if p.Reference == "" {
				p.Reference = clip(u.CustomID, gateway.MaxID)
			}
			if u.Description != "" {
				p.Description = clip(u.Description, gateway.MaxText)
			}
		}
	}
	p.Gross, _ = readAmount(c.Amount) // an unreadable one has no currency, and the host sets it aside
	switch c.Status {
	case "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED":
		p.State = gateway.Succeeded
		c.settle(&p)
	case "DECLINED", "FAILED":
		p.State, p.FeeState, p.Reason = gateway.Failed, gateway.FeeNone, first(c.Details.Reason, c.Status)
	default:
		p.Reason = first(c.Details.Reason, c.Status)
	}
	p.Reason = clip(p.Reason, gateway.MaxText)
	return p
}

// settle fills in what reached the balance. Net is PayPal's figure; the fee is what lies between it and the gross, so
// that a conversion's rounding and a partner's fee are in it.
func (c capture) settle(p *gateway.Payment) {
	b := c.Breakdown
	if b == nil {
		return
	}
	net, ok := readAmount(b.Net)
	if got, converted := readAmount(b.Receivable); converted && got.Currency() != p.Gross.Currency() {
		net, ok = got, true
		p.Charged = p.Gross
		gross, text, known := b.Rate.convert(p.Charged, got.Currency())
		if !known {
			p.Gross = got // without a rate only what arrived is known
			return
		}
		p.Gross, p.Rate = gross, text
	}
	fee, told := readAmount(b.Fee)
	if !told {
		return
	}
	if !ok {
		if fee.Currency() != p.Gross.Currency() {
			return
		}
		net = p.Gross.Minus(fee)
	}
	if net.Currency() != p.Gross.Currency() {
		return
	}
	p.FeeState, p.Fee, p.Net = gateway.FeeKnown, p.Gross.Minus(net), net
}

func (o order) payer() gateway.Payer {
	who := o.Payer
	for _, raw := range o.Source {
		var q person
		if json.Unmarshal(raw, &q) == nil && (q.Email != "" || q.Name != (name{})) {
			who = &q
		}
	}
	if who == nil {
		return gateway.Payer{}
	}
	return payer(who.Name, who.Email, who.Address.Country)
}

func payer(n name, email, country string) gateway.Payer {
	return gateway.Payer{Name: clip(n.String(), gateway.MaxText), Email: clip(email, gateway.MaxText), Country: clip(country, gateway.MaxID)}
}

// payment is the snapshot of a refund of a capture.
func (r refund) payment(captureID string, raw []byte) gateway.Payment {
	p := gateway.Payment{
		ID: clip(r.ID, gateway.MaxID), Kind: gateway.KindRefund, State: gateway.Pending, FeeState: gateway.FeeUnknown,
		RelatedID: clip(first(up(r.Links), captureID), gateway.MaxID), Method: method,
		OccurredAt: r.Created.Time, UpdatedAt: r.Updated.Time, Description: clip(r.Note, gateway.MaxText), Raw: evidence(raw),
	}
	p.Gross, _ = readAmount(r.Amount)
	switch r.Status {
	case "COMPLETED":
		p.State, p.FeeState = gateway.Succeeded, gateway.FeeNone
		r.settle(&p)
	case "FAILED", "CANCELLED":
		p.State, p.FeeState, p.Reason = gateway.Failed, gateway.FeeNone, first(r.Details.Reason, r.Status)
	default:
		p.Reason = first(r.Details.Reason, r.Status)
	}
	p.Reason = clip(p.Reason, gateway.MaxText)
	return p
}

// settle fills in what left the balance. The part of the fee that PayPal gives back is a negative fee.
func (r refund) settle(p *gateway.Payment) {
	b := r.Breakdown
	if b == nil {
		return
	}
	net, ok := readAmount(b.Net)
	if left, by, converted := r.converted(p.Gross.Currency()); converted {
		p.Charged = p.Gross
		net, ok = left, true
		gross, text, known := by.convert(p.Charged, left.Currency())
		if !known {
			p.Gross = left
			return
		}
		p.Gross, p.Rate = gross, text
	}
	if !ok {
		fee, told := readAmount(b.Fee)
		if !told || fee.Currency() != p.Gross.Currency() {
			return
		}
		net = p.Gross.Minus(fee)
	}
	if net.Currency() != p.Gross.Currency() || net.Equal(p.Gross) {
		return
	}
	p.FeeState, p.Fee, p.Net = gateway.FeeKnown, net.Minus(p.Gross), net.Neg()
}

// converted is what a refund in another currency took from the balance, and the rate. Of the two amounts of an item, the
// one that is not in the refund's currency is meant.
func (r refund) converted(cur money.Currency) (money.Money, *rate, bool) {
	for _, i := range r.Breakdown.Converted {
		for _, a := range []*amount{i.Payable, i.Converted} {
			if m, ok := readAmount(a); ok && m.Currency() != cur {
				return m, i.Rate, true
			}
		}
	}
	if m, ok := readAmount(r.Breakdown.NetReceivable); ok && m.Currency() != cur {
		return m, nil, true
	}
	return money.Money{}, nil, false
}

// payment is the snapshot of a case. It never succeeds: what the case moves has rows of its own in Transaction Search.
func (d dispute) payment(raw []byte) gateway.Payment {
	p := gateway.Payment{
		ID: clip(d.ID, gateway.MaxID), Kind: gateway.KindDispute, State: gateway.Pending, FeeState: gateway.FeeNone, Reason: d.Reason,
		OccurredAt: d.Created.Time, UpdatedAt: d.Updated.Time, Method: method, Raw: evidence(raw),
	}
	if len(d.Transactions) > 0 {
		p.RelatedID = clip(d.Transactions[0].Seller, gateway.MaxID)
	}
	p.Gross, _ = readAmount(d.Amount)
	if d.Status == "RESOLVED" {
		p.State, p.Reason = gateway.Failed, first(d.Outcome.Code, d.Status)
	}
	p.Reason = clip(p.Reason, gateway.MaxText)
	return p
}

// kindOf is what a row of Transaction Search is, by its event code and the sign of its amount. held says that the money
// is set aside or set free within the account, whose balance stays the same.
func kindOf(code string, sign int) (k gateway.Kind, held bool) {
	in := sign >= 0
	pick := func(in bool, plus, minus gateway.Kind) gateway.Kind {
		if in {
			return plus
		}
		return minus
	}
	switch code {
	case "T0106":
		return pick(in, gateway.KindFeeRefund, gateway.KindFee), false
	case "T1105", "T1110", "T1111", "T2101", "T2102", "T2103", "T2104", "T2105", "T2106", "T2107", "T2108":
		return gateway.KindOther, true
	case "T1101":
		return pick(in, gateway.KindPayoutReversal, gateway.KindAdjustment), false
	case "T1106":
		return pick(in, gateway.KindDisputeReversal, gateway.KindPaymentReversal), false
	case "T1107":
		return pick(in, gateway.KindRefundReversal, gateway.KindRefund), false
	case "T1108", "T1109":
		return pick(in, gateway.KindFeeRefund, gateway.KindFee), false
	case "T1200", "T1203", "T1204":
		return gateway.KindAdjustment, false
	}
	switch {
	case strings.HasPrefix(code, "T00"):
		return pick(in, gateway.KindPayment, gateway.KindOther), false
	case strings.HasPrefix(code, "T01"):
		return pick(in, gateway.KindFeeRefund, gateway.KindFee), false
	case strings.HasPrefix(code, "T02"), strings.HasPrefix(code, "T03"):
		return gateway.KindAdjustment, false
	case strings.HasPrefix(code, "T04"):
		return pick(in, gateway.KindPayoutReversal, gateway.KindPayout), false
	case strings.HasPrefix(code, "T11"):
		return pick(in, gateway.KindRefundReversal, gateway.KindPaymentReversal), false
	case strings.HasPrefix(code, "T12"):
		return pick(in, gateway.KindDisputeReversal, gateway.KindDispute), false
	case strings.HasPrefix(code, "T15"):
		return gateway.KindOther, true
	}
	return gateway.KindOther, false
}

// at is when a row's money moved, by which rows are listed.
func (w row) at() time.Time {
	if !w.Info.Initiated.IsZero() {
		return w.Info.Initiated.Time
	}
	return w.Info.Updated.Time
}

// payment is the snapshot that a row alone allows. A row that cannot be read has no currency: the host sets it aside.
func (w row) payment() gateway.Payment {
	i := w.Info
	p := gateway.Payment{
		ID: clip(i.ID, gateway.MaxID), Kind: gateway.KindOther, State: gateway.Succeeded, FeeState: gateway.FeeNone, Method: method,
		RelatedID: w.related(), OccurredAt: w.at(), UpdatedAt: i.Updated.Time,
		Description: clip(first(i.Subject, i.Note, i.InvoiceID, i.Bank), gateway.MaxText), Raw: evidence(w.raw),
	}
	if p.UpdatedAt.IsZero() {
		p.UpdatedAt = p.OccurredAt
	}
	moved, ok := readAmount(i.Amount)
	if !ok {
		return p
	}
	kind, held := kindOf(i.Code, moved.Sign())
	if kind == gateway.KindPayment && moved.IsZero() {
		kind = gateway.KindOther
	}
	p.Kind, p.Gross = kind, moved.Abs()
	switch kind {
	case gateway.KindPayment:
		p.Reference, p.RelatedID = clip(i.Custom, gateway.MaxID), ""
		p.Payer = payer(w.Payer.Name, w.Payer.Email, w.Payer.Country)
	case gateway.KindRefund:
		p.Description = clip(first(i.Note, i.Subject), gateway.MaxText) // as the refund itself says; an invoice number is its payment's
	case gateway.KindAdjustment, gateway.KindOther:
		p.ID, p.Gross = w.ownID(i.ID, moved.Sign()), moved
		p.Reason = clip(i.Code, gateway.MaxText)
		if strings.HasPrefix(i.Code, "T02") {
			p.RelatedID = w.ownID(first(w.related(), i.ID), -moved.Sign()) // the other side, of the same moment
		}
	}
	switch i.Status {
	case "P":
		p.State, p.Reason = gateway.Pending, first(p.Reason, "PENDING")
		if kind == gateway.KindPayment {
			p.FeeState = gateway.FeeUnknown
		}
	case "D":
		p.State, p.Reason = gateway.Failed, "DENIED"
	default: // S, or V: a success that a row of its own took back
		w.settle(&p)
	}
	if held {
		p.State = gateway.Failed
		p.FeeState, p.Fee, p.Net = gateway.FeeNone, money.Money{}, money.Money{}
	}
	return p
}

// settle fills in the fee of a row: PayPal writes one that was taken with a minus.
func (w row) settle(p *gateway.Payment) {
	fee, told := readAmount(w.Info.Fee)
	if !told || fee.Currency() != p.Gross.Currency() {
		if p.Kind == gateway.KindPayment {
			p.FeeState = gateway.FeeUnknown
		}
		return
	}
	switch p.Kind {
	case gateway.KindPayment:
		fee = fee.Abs()
	case gateway.KindRefund:
		fee = fee.Abs().Neg()
	default:
		fee = fee.Neg()
	}
	if fee.IsZero() && p.Kind != gateway.KindPayment {
		return
	}
	effect := p.Gross
	if !p.Kind.Inflow() {
		effect = effect.Neg()
	}
	p.FeeState, p.Fee, p.Net = gateway.FeeKnown, fee, effect.Minus(fee)
}

// related is the transaction that a row refers to.
func (w row) related() string {
	if w.Info.ReferenceType == "" || w.Info.ReferenceType == "TXN" {
		return clip(w.Info.Reference, gateway.MaxID)
	}
	return ""
}

const ownTime = "20060102T150405"

// ownID tells apart the rows of one transaction_id, which PayPal does not keep unique. With another id and sign it is that of
// the other side of a conversion.
func (w row) ownID(id string, sign int) string {
	s := "+"
	if sign < 0 {
		s = "-"
	}
	return clip(id+":"+w.Info.Code+s+":"+w.at().UTC().Format(ownTime), gateway.MaxID)
}

func evidence(raw []byte) []byte {
	if len(raw) > gateway.MaxRaw {
		return nil
	}
	return raw
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// clip shortens a text to a number of bytes, at a rune.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
