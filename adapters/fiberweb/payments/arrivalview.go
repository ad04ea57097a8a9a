package payments

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// facts is everything that is known of an arrival.
func (v arrivalView) facts(ctx context.Context) []ui.Fact {
	var out []ui.Fact
	add := func(key string, value templ.Component) {
		out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: value})
	}
	text := func(key, value string) {
		if value != "" {
			add(key, ui.Text(value))
		}
	}
	add("inbox.kind", ui.Key("inbox.kind."+string(v.Kind)))
	add("inbox.gateway", ui.Text(v.gateway))
	add("inbox.date", ui.Moment(v.OccurredAt))
	if v.CustomerName != "" {
		add("inbox.customer", textLink(ui.To(ctx, "/customers", v.CustomerID), v.CustomerName))
	}
	if v.DocumentNumber != "" {
		add("inbox.document", documentCell(v.row))
	}
	add("inbox.gross", ui.Amount(v.effect()))
	out = append(out, v.exchangeFacts(ctx)...)
	add("inbox.fee", feeCell(v.row))
	if v.FeeState == gateway.FeeKnown && !v.FeeVAT.IsZero() {
		add("inbox.fee_vat", ui.Amount(v.FeeVAT))
	}
	if net, ok := v.net(); ok {
		add("inbox.net", ui.Amount(net))
	}
	text("inbox.payer", strings.Join(nonEmpty(v.PayerName, v.PayerEmail), ", "))
	if v.Method != "" {
		key := "inbox.method." + v.Method
		if ui.L(ctx).Has(key) {
			add("inbox.method", ui.Key(key))
		} else {
			text("inbox.method", v.Method)
		}
	}
	text("inbox.description", v.Description)
	if v.related != nil {
		add("inbox.related", textLink(ui.To(ctx, "/inbox", v.related.ID), ui.T(ctx, "inbox.kind."+string(v.related.Kind))+" "+ui.L(ctx).Money(v.related.Gross)))
	}
	if v.PayoutID != "" {
		add("inbox.payout", textLink(ui.To(ctx, "/inbox", inbox.ArrivalID(v.ConnectionID, gateway.KindPayout, v.PayoutID)), v.PayoutID))
	}
	if v.ReceiptID != "" {
		add("inbox.receipt", textLink(ui.To(ctx, "/receipts", v.ReceiptID), ui.T(ctx, "inbox.see_receipt")))
	}
	if v.State == inbox.Integrated {
		add("inbox.integrated_at", ui.Moment(v.IntegratedAt))
		text("inbox.integrated_by", v.IntegratedBy)
	}
	out = append(out, ui.Fact{Label: ui.T(ctx, "inbox.external"), Value: ui.Text(v.ExternalID), Wide: true})
	if v.Reason != "" && v.State != inbox.Integrated {
		text("inbox.provider_reason", v.reason)
	}
	return out
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// title names an arrival: what it is, and how much.
func (r row) title(ctx context.Context) string {
	return ui.T(ctx, "inbox.titled", "kind", ui.T(ctx, "inbox.kind."+string(r.Kind)), "amount", ui.L(ctx).Money(r.Gross))
}

func (r row) crumbs(ctx context.Context) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "nav.inbox"), Href: ui.To(ctx, "/inbox")}}
}

// deeper is crumbs for a page below the arrival's own.
func (r row) deeper(ctx context.Context) []ui.Link {
	return append(r.crumbs(ctx), ui.Link{Label: r.title(ctx), Href: ui.To(ctx, "/inbox", r.ID)})
}

// brief is what a page that asks reminds of.
func (r row) brief(ctx context.Context) []ui.Fact {
	out := []ui.Fact{
		{Label: ui.T(ctx, "inbox.gross"), Value: ui.Amount(r.effect())},
		{Label: ui.T(ctx, "inbox.date"), Value: ui.Moment(r.OccurredAt)},
		{Label: ui.T(ctx, "inbox.customer"), Value: ui.Text(r.who(ctx))},
	}
	if r.DocumentNumber != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "inbox.document"), Value: ui.Text(r.DocumentNumber)})
	}
	return append(out, ui.Fact{Label: ui.T(ctx, "inbox.external"), Value: ui.Text(r.ExternalID)})
}

// choice is one thing that can be decided about a row.
type choice struct {
	href, icon, label, help string
}

// choices are the decisions that make sense for a row, the likeliest first.
func (r row) choices(ctx context.Context) []choice {
	if !r.open() {
		return nil
	}
	var out []choice
	add := func(path, icon string) {
		out = append(out, choice{ui.To(ctx, "/inbox", r.ID, path), icon, ui.T(ctx, "inbox.do."+path), ui.T(ctx, "inbox.do."+path+"_help")})
	}
	switch r.Kind {
	case gateway.KindPayment:
		match, keep := func() { add("match", "link") }, func() { add("keep", "wallet") }
		if r.Has(inbox.Duplicate) || r.Has(inbox.DocumentClosed) {
			keep()
			match()
		} else {
			match()
			keep()
		}
	case gateway.KindAdjustment, gateway.KindOther:
		if !r.ByHand && !r.Conversion {
			add("accept", "check")
			add("conversion", "refresh-cw")
		}
	}
	if r.foreign() {
		if r.Has(inbox.BalanceUnknown) {
			out = slices.Insert(out, 0, choice{ui.To(ctx, "/settings/gateways", r.ConnectionID) + "#balances", "settings", ui.T(ctx, "inbox.do.balance"), ui.T(ctx, "inbox.do.balance_help")})
		}
		if at := len(out); r.Has(inbox.RateMissing) {
			add("rate", "pencil")
			out = append(out[at:], out[:at]...)
		} else {
			add("rate", "pencil")
		}
	}
	add("dismiss", "archive")
	return out
}
