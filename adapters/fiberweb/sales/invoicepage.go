package sales

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

func invoiceTabs(ctx context.Context, view string) []ui.Tab {
	out := make([]ui.Tab, len(invoiceViews))
	for i, v := range invoiceViews {
		out[i] = ui.Tab{Label: ui.T(ctx, "sales.invoice.view."+v.key), Href: ui.Here(ctx, "view", v.key, "after", "", "before", ""), Current: v.key == view}
	}
	return out
}

// standing is where the payment of the invoice on the page stands.
func (w invoiceView) standing() standing {
	s := standing{kind: w.v.Kind, life: w.v.Life, settlement: w.v.Settlement(), due: w.v.DueDate, balance: w.v.Due()}
	for _, a := range w.pays.arrivals {
		s.online = s.online || a.State == inbox.Integrated && a.Kind == gateway.KindPayment
	}
	for _, a := range w.pays.attempts {
		s.progress = s.progress || a.State.InProgress()
	}
	return s
}

func invoiceFigures(ctx context.Context, w invoiceView) []ui.Figure {
	due := ui.Figure{Label: ui.T(ctx, "sales.due"), Value: ui.Amount(w.money(w.v.Due())), Icon: "wallet", Tone: ui.Notice, Note: ui.T(ctx, "sales.due_on", "date", ui.L(ctx).Date(w.v.DueDate))}
	switch {
	case w.v.Due() == 0:
		due.Tone, due.Icon, due.Note = ui.Good, "circle-check", ""
		if !w.v.PaidAt.IsZero() {
			due.Note = ui.T(ctx, "sales.paid_on", "date", ui.L(ctx).DateTime(w.v.PaidAt))
		}
	case w.v.Dispute > 0:
		due.Tone, due.Icon, due.Note = ui.Bad, "triangle-alert", ui.T(ctx, "sales.disputed_note")
	case w.v.Overdue(w.today):
		due.Tone, due.Icon = ui.Bad, "clock"
	}
	out := []ui.Figure{due, {Label: ui.T(ctx, "sales.gross"), Value: ui.Amount(w.money(w.v.Totals.Gross)), Icon: "file-text"}}
	if n := w.v.Deducted(); n > 0 {
		out = append(out, ui.Figure{Label: ui.T(ctx, "sales.deposits_deducted"), Value: ui.Amount(w.money(n)), Icon: "hand-coins"})
	}
	out = append(out, ui.Figure{Label: ui.T(ctx, "sales.paid"), Value: ui.Amount(w.money(w.v.Paid)), Icon: "banknote", Tone: toneOf(w.v.Paid > 0, ui.Good, ui.Neutral)})
	if w.v.Credited > 0 {
		out = append(out, ui.Figure{Label: ui.T(ctx, "sales.credited"), Value: ui.Amount(w.money(w.v.Credited)), Icon: "undo-2"})
	}
	if n := w.v.Excess(); n > 0 {
		out = append(out, ui.Figure{Label: ui.T(ctx, "sales.excess"), Value: ui.Amount(w.money(n)), Icon: "arrow-up", Tone: ui.Caution})
	}
	return out
}

func invoiceFacts(ctx context.Context, w invoiceView) []ui.Fact {
	out := []ui.Fact{{Label: ui.T(ctx, "sales.customer"), Value: customerLink(w.customer)}, {Label: ui.T(ctx, "sales.date"), Value: ui.Day(w.v.Date)}}
	if w.v.Kind == billing.Standard {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.due_date"), Value: ui.Day(w.v.DueDate)})
	}
	if w.v.SupplyDate != w.v.Date {
		key := "sales.supply_date"
		if w.v.Kind == billing.DepositBill {
			key = "sales.received_on"
		}
		out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: ui.Day(w.v.SupplyDate)})
	}
	if w.v.CreditOf != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.credit_of"), Value: documentLink("/invoices", w.v.CreditOf, w.v.CreditOfNo)})
	}
	if w.quote != nil {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.quote"), Value: documentLink("/quotes", w.quote.ID, quoteTitle(ui.L(ctx), *w.quote))})
	}
	if m := w.method(w.v.MethodID); m.ID != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.method"), Value: methodName(m)})
	}
	if w.v.Reference != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.reference"), Value: ui.Text(w.v.Reference)})
	}
	if !w.v.IssuedAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.issued_at"), Value: ui.Moment(w.v.IssuedAt)})
	}
	if !w.v.SentAt.IsZero() {
		out = append(out, ui.Fact{Label: ui.T(ctx, "sales.sent_at"), Value: ui.Moment(w.v.SentAt)})
	}
	return out
}

// remindClass makes the reminder the main thing to do once an invoice that was sent is overdue.
func remindClass(w invoiceView) string {
	if w.v.Overdue(w.today) && w.sentBefore() {
		return ""
	}
	return "quiet-button"
}

// sentBefore says whether the customer has had the document. A deposit invoice is sent by itself when the deposit is received.
func (w invoiceView) sentBefore() bool {
	return !w.v.SentAt.IsZero() || w.v.Kind == billing.DepositBill
}

func creditTable(ctx context.Context, w invoiceView) ui.Table[app.InvoiceRow] {
	return ui.Table[app.InvoiceRow]{
		ID: "credits", Caption: ui.T(ctx, "sales.credits"), Rows: w.credits,
		Href: func(r app.InvoiceRow) string { return ui.To(ctx, "/invoices", r.ID) },
		Columns: []ui.Column[app.InvoiceRow]{
			{Label: ui.T(ctx, "sales.number"), Align: ui.Code, Main: true, Cell: func(r app.InvoiceRow) templ.Component { return numberCell(r.Number, "sales.kind.credit_note.draft") }},
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Cell: func(r app.InvoiceRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.gross"), Align: ui.End, Cell: func(r app.InvoiceRow) templ.Component { return ui.Amount(signed(w.page, r.Kind, r.Gross)) }},
		},
	}
}

func receiptTable(ctx context.Context, w invoiceView) ui.Table[app.ReceiptRow] {
	on := func(r app.ReceiptRow) (sum int64) {
		for _, a := range r.Allocations {
			if a.DocumentID == w.v.ID || w.v.Kind == billing.DepositBill {
				sum += a.Amount
			}
		}
		return sum
	}
	return ui.Table[app.ReceiptRow]{
		ID: "receipts", Caption: ui.T(ctx, "sales.receipts"), Rows: w.pays.receipts,
		Href: func(r app.ReceiptRow) string { return ui.To(ctx, "/receipts", r.ID) },
		Columns: []ui.Column[app.ReceiptRow]{
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Main: true, Cell: func(r app.ReceiptRow) templ.Component { return ui.Day(r.Date) }},
			{Label: ui.T(ctx, "sales.method"), Cell: func(r app.ReceiptRow) templ.Component { return receiptMethod(w, r) }},
			{Label: ui.T(ctx, "sales.payment_reference"), Cell: func(r app.ReceiptRow) templ.Component { return referenceCell(r.Reference) }},
			{Label: ui.T(ctx, "sales.received"), Align: ui.End, Cell: func(r app.ReceiptRow) templ.Component { return ui.Amount(r.Amount) }},
			{Label: ui.T(ctx, "sales.imputed"), Align: ui.End, Cell: func(r app.ReceiptRow) templ.Component { return ui.Amount(w.money(on(r))) }},
		},
	}
}

func receiptMethod(w invoiceView, r app.ReceiptRow) templ.Component {
	name := w.method(r.MethodID).Label
	if r.ArrivalID != "" {
		name = w.pays.gateways[r.Connection]
	}
	if r.ReversedSeq != 0 {
		return templ.Join(ui.Text(name+" "), badge(ui.Caution, "undo-2", "sales.receipt.reversed"))
	}
	return ui.Text(name)
}

func arrivalTable(ctx context.Context, w invoiceView) ui.Table[app.ArrivalRow] {
	return ui.Table[app.ArrivalRow]{
		ID: "arrivals", Caption: ui.T(ctx, "sales.arrivals"), Rows: w.pays.arrivals,
		Href: func(r app.ArrivalRow) string { return ui.To(ctx, "/inbox", r.ID) },
		Columns: []ui.Column[app.ArrivalRow]{
			{Label: ui.T(ctx, "sales.payment_reference"), Main: true, Cell: func(r app.ArrivalRow) templ.Component {
				return templ.Join(ui.Text(w.pays.gateways[r.ConnectionID]+" "), referenceCell(r.ExternalID))
			}},
			{Label: ui.T(ctx, "sales.kind"), Cell: func(r app.ArrivalRow) templ.Component { return ui.Key("sales.movement." + string(r.Kind)) }},
			{Label: ui.T(ctx, "sales.amount"), Align: ui.End, Cell: func(r app.ArrivalRow) templ.Component { return ui.Amount(r.Gross) }},
			{Label: ui.T(ctx, "sales.fee"), Align: ui.End, Cell: func(r app.ArrivalRow) templ.Component { return feeCell(w, r.Arrival) }},
			{Label: ui.T(ctx, "sales.state"), Cell: func(r app.ArrivalRow) templ.Component { return arrivalBadge(r.State) }},
			{Label: ui.T(ctx, "sales.seen"), Cell: func(r app.ArrivalRow) templ.Component { return seenCell(r.Arrival) }},
		},
	}
}

func attemptTable(ctx context.Context, w invoiceView) ui.Table[inbox.Attempt] {
	return ui.Table[inbox.Attempt]{
		ID: "attempts", Caption: ui.T(ctx, "sales.attempts"), Rows: w.pays.attempts,
		Columns: []ui.Column[inbox.Attempt]{
			{Label: ui.T(ctx, "sales.date"), Align: ui.Code, Main: true, Cell: func(a inbox.Attempt) templ.Component { return ui.Moment(a.CreatedAt) }},
			{Label: ui.T(ctx, "sales.gateway"), Cell: func(a inbox.Attempt) templ.Component { return ui.Text(w.pays.gateways[a.ConnectionID]) }},
			{Label: ui.T(ctx, "sales.amount"), Align: ui.End, Cell: func(a inbox.Attempt) templ.Component { return ui.Amount(a.Amount) }},
			{Label: ui.T(ctx, "sales.state"), Cell: attemptCell},
		},
	}
}

// knownFee is what the gateway kept of a payment, once it said so.
func knownFee(a inbox.Arrival) (money.Money, bool) {
	return a.Fee, a.FeeState == gateway.FeeKnown
}

func feePending(a inbox.Arrival) bool {
	return a.FeeState == gateway.FeeUnknown && a.Kind == gateway.KindPayment
}
