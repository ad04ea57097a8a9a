package payments

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

// refundView is what the page that asks for a refund is drawn from.
type refundView struct {
	receiptView
	form    *form.Form
	preview app.RefundPreview
	shown   bool // the preview is of what the form says
}

// computeVerb shows what another amount leads to, without asking for anything.
const computeVerb = "compute"

func (h *screens) refunding(c *fiberweb.Ctx) (refundView, error) {
	r, err := h.oneReceipt(c)
	return refundView{receiptView: r}, err
}

func (h *screens) askRefund(c *fiberweb.Ctx) error {
	v, err := h.refunding(c)
	if err != nil {
		return err
	}
	if v.terms.Why != nil {
		return c.Page(fiberweb.Status(v.terms.Why), noRefundPage(v.receiptView))
	}
	v.form = c.NewForm().SetMoney("amount", v.terms.Left).Set("cover", string(inbox.CoverCreditNote)).Set(keyField, ids.New(ids.Request))
	if err := h.foresee(c, &v, app.RefundInput{Amount: v.terms.Left}); err != nil {
		return err
	}
	if !v.form.OK() {
		return c.Invalid(v.form, refundPage(v))
	}
	return c.Show(refundPage(v))
}

// foresee computes what a refund would lead to; what is refused about it is said on the form.
func (h *screens) foresee(c *fiberweb.Ctx, v *refundView, in app.RefundInput) error {
	var err error
	v.preview, err = h.PreviewRefund(c.Context(), c.Actor(), v.ID, in)
	v.shown = err == nil
	v.form.Fail(err)
	return v.form.Broken()
}

// giveBack asks the gateway for a refund, or shows what it would lead to.
func (h *screens) giveBack(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, err := h.refunding(c)
	if err != nil {
		return err
	}
	v.form = f
	in := app.RefundInput{Amount: f.RequiredMoney("amount", v.Amount.Currency()), Cover: inbox.Cover(f.Text("cover", 20)), Reason: f.Text("reason", 200)}
	if verb, _ := f.Action(); verb == computeVerb {
		if f.OK() {
			err = h.foresee(c, &v, in)
		}
		if err != nil || !f.OK() {
			return c.Invalid(f, refundPage(v))
		}
		return c.Show(refundPage(v))
	}
	if f.OK() {
		rf, err := h.Refund(once(c.Context(), f), c.Actor(), v.ID, in)
		if _, again := app.Replayed(err); again {
			return c.SeeOther(c.URL("/receipts", v.ID) + "#refunds")
		}
		if err == nil || rf.State == inbox.RefundFailed {
			h.tellRefund(c, v.receiptView, rf)
			return c.SeeOther(c.URL("/receipts", v.ID) + "#refunds")
		}
		f.Fail(err)
	}
	return c.Invalid(f, refundPage(v))
}

// tellRefund says what came of a refund.
func (h *screens) tellRefund(c *fiberweb.Ctx, v receiptView, rf inbox.Refund) {
	amount := c.Loc().Money(rf.Amount)
	switch rf.State {
	case inbox.RefundRequested:
		c.Flash(ui.Caution, "refunds.requested_flash", "amount", amount)
	case inbox.RefundAccepted:
		c.Flash(ui.Good, "refunds.accepted_flash", "amount", amount, "gateway", v.terms.Label)
	case inbox.RefundPosted, inbox.RefundReversed:
		c.Flash(ui.Good, "refunds.posted_flash", "amount", amount)
	case inbox.RefundFailed:
		c.Flash(ui.Bad, "refunds.failed_flash", "why", v.why(c.Loc(), rf))
	}
}

func (h *screens) retryRefund(c *fiberweb.Ctx) error {
	v, err := h.oneReceipt(c)
	if err != nil {
		return err
	}
	rf, err := h.RetryRefund(c.Context(), c.Actor(), c.Params("refund"))
	if err != nil && rf.State != inbox.RefundFailed {
		return h.refundRefused(c, v, err)
	}
	h.tellRefund(c, v, rf)
	return c.SeeOther(c.URL("/receipts", v.ID) + "#refunds")
}

func (h *screens) abandonRefund(c *fiberweb.Ctx) error {
	v, err := h.oneReceipt(c)
	if err != nil {
		return err
	}
	if _, err := h.AbandonRefund(c.Context(), c.Actor(), c.Params("refund")); err != nil {
		return h.refundRefused(c, v, err)
	}
	c.Flash(ui.Good, "refunds.abandoned_flash")
	return c.SeeOther(c.URL("/receipts", v.ID) + "#refunds")
}

// refundRefused brings somebody back to the receipt with why a button did nothing.
func (h *screens) refundRefused(c *fiberweb.Ctx, v receiptView, err error) error {
	switch fault.KindOf(err) {
	case fault.Refused, fault.Conflict, fault.Unavailable:
		v.terms.Why = err
		return c.Page(fiberweb.Status(err), noRefundPage(v))
	}
	return err
}

// covers are what may stand against the refund.
func (v refundView) covers(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, x := range inbox.Covers() {
		if x != inbox.CoverNone || v.terms.NoCover {
			out = append(out, ui.Option{Value: string(x), Label: ui.T(ctx, "refunds.cover."+string(x))})
		}
	}
	return out
}

func (v refundView) coverHelp(ctx context.Context) string {
	if v.terms.NoCover {
		return ui.T(ctx, "refunds.cover_free")
	}
	return ui.T(ctx, "refunds.cover_help")
}

// consequence says in a sentence what the refund leads to beside the money.
func (v refundView) consequence(ctx context.Context) string {
	n := v.preview.CreditNote
	if n == nil {
		if v.form.Value("cover") == string(inbox.CoverNone) {
			return ui.T(ctx, "refunds.no_note_due")
		}
		return ui.T(ctx, "refunds.no_note")
	}
	key := "refunds.note"
	if n.Kind == billing.DepositCredit {
		key = "refunds.deposit_note"
	}
	return ui.T(ctx, key, "gross", ui.L(ctx).Money(v.money(n.Totals.Gross)), "vat", ui.L(ctx).Money(v.money(n.Totals.VAT)), "number", n.CreditOfNo)
}

func (v refundView) entriesShown() []ui.Entry {
	var out []ui.Entry
	for _, e := range v.preview.Entries {
		out = append(out, v.entry(e, nil, true, ""))
	}
	return out
}

// why says what keeps a refund from being done, in the provider's own meaning where the gateway explains its code.
func (v receiptView) why(loc *i18n.Localizer, rf inbox.Refund) string {
	switch {
	case rf.Problem == "" && rf.Code == "":
		return ""
	case rf.Problem == "abandoned":
		return loc.T("refunds.abandoned")
	}
	if words := v.terms.Gateway.Reason(rf.Code, string(loc.Lang())); rf.Code != "" && words != rf.Code {
		return words
	}
	if rf.Problem == "" {
		return rf.Code
	}
	return loc.Error(fault.New(fault.Refused, fault.Code(rf.Problem), "gateway", v.label(rf.ConnectionID), "detail", strings.TrimSpace(rf.Code+" "+rf.Detail)))
}

func refundTable(ctx context.Context, v receiptView) ui.Table[inbox.Refund] {
	return ui.Table[inbox.Refund]{
		ID: "refund-list", Caption: ui.T(ctx, "refunds.of"), Rows: v.refunds,
		Columns: []ui.Column[inbox.Refund]{
			{Label: ui.T(ctx, "refunds.date"), Cell: refundAsked},
			{Label: ui.T(ctx, "receipts.amount"), Align: ui.End, Cell: func(r inbox.Refund) templ.Component { return ui.Amount(r.Amount) }},
			{Label: ui.T(ctx, "refunds.reason"), Cell: func(r inbox.Refund) templ.Component { return ui.Text(r.Reason) }},
			{Label: ui.T(ctx, "refunds.state"), Main: true, Cell: func(r inbox.Refund) templ.Component { return refundState(v, r) }},
			{Label: ui.T(ctx, "refunds.note_column"), Cell: refundNote},
		},
	}
}

// refundTones are the icon and tone of a refund's state.
var refundTones = map[inbox.RefundState]struct {
	tone ui.Tone
	icon string
}{
	inbox.RefundRequested: {ui.Caution, "clock"}, inbox.RefundAccepted: {ui.Notice, "inbox"}, inbox.RefundPosted: {ui.Good, "circle-check"},
	inbox.RefundFailed: {ui.Bad, "circle-x"}, inbox.RefundReversed: {ui.Caution, "undo-2"},
}
