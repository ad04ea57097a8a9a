package sales

import (
	"context"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// payments is what is known of the money of a document: tries to pay it online, what gateways reported, what was
// received, and the entries that came of it all.
type payments struct {
	attempts []inbox.Attempt
	arrivals []app.ArrivalRow
	receipts []app.ReceiptRow
	entries  []app.EntryView
	gateways map[string]string // labels of connections, by id
}

// paymentsShown bounds each list of a document's page. A document is paid once or a few times; what is beyond is found in
// the inbox and among the receipts.
const paymentsShown = 50

// payments reads the money of an invoice-like document. A deposit invoice is paid as the deposit that it bills.
func (h *screens) payments(c *fiberweb.Ctx, p page, v billing.Invoice, q *billing.Quote) (payments, error) {
	out := payments{gateways: map[string]string{}}
	for id, conn := range p.setup.Connections {
		out.gateways[id] = conn.Label
	}
	views, company, err := h.views(c)
	if err != nil {
		return out, err
	}
	document := v.ID
	if v.Kind == billing.DepositBill && q != nil {
		for _, d := range q.Deposits {
			if d.InvoiceID == v.ID {
				document = d.ID
			}
		}
	}
	if v.Kind == billing.Standard || v.Kind == billing.DepositBill {
		if out.attempts, err = views.AttemptsOf(c.Context(), company, document); err != nil {
			return out, err
		}
		out.attempts = out.attempts[:min(len(out.attempts), paymentsShown)]
		for i, at := range out.attempts {
			out.attempts[i].Reason = h.attemptReason(c, p.setup.Connections[at.ConnectionID], at.Reason)
		}
		arrivals, err := views.Arrivals(c.Context(), company, app.ArrivalQuery{Document: document, Paging: app.Paging{Limit: paymentsShown}})
		if err != nil {
			return out, err
		}
		receipts, err := views.Receipts(c.Context(), company, app.ReceiptQuery{Document: document, Paging: app.Paging{Limit: paymentsShown}})
		if err != nil {
			return out, err
		}
		out.arrivals, out.receipts = arrivals.Items, receipts.Items
	}
	out.entries, err = h.entries(c, v, document, out)
	return out, err
}

// attemptReason says in words why an attempt is where it is: a code of ours, or one of the provider's.
func (h *screens) attemptReason(c *fiberweb.Ctx, conn inbox.Connection, code string) string {
	if strings.HasPrefix(code, "gateway_") {
		code = "gateway"
	}
	if key := "sales.attempt.reason." + code; code != "" && c.Loc().Has(key) {
		return c.T(key)
	}
	return h.Reason(c.Context(), conn, code, string(c.Loc().Lang()))
}

// entries reads what was posted about a document, in order: entries with its id on a line, and those that its movements
// at the gateways made, commissions included.
func (h *screens) entries(c *fiberweb.Ctx, v billing.Invoice, document string, p payments) ([]app.EntryView, error) {
	views, company, err := h.views(c)
	if err != nil {
		return nil, err
	}
	var out []app.EntryView
	if !v.Kind.IsCredit() {
		if out, err = views.EntriesOf(c.Context(), company, document); err != nil {
			return nil, err
		}
	}
	seqs := []int64{v.EntrySeq}
	for _, a := range p.arrivals {
		seqs = append(seqs, a.EntrySeq, a.FeeEntrySeq)
	}
	for _, r := range p.receipts {
		seqs = append(seqs, r.EntrySeq, r.ReversedSeq)
	}
	for _, seq := range seqs {
		if seq == 0 || slices.ContainsFunc(out, func(e app.EntryView) bool { return e.Seq == seq }) {
			continue
		}
		e, err := views.Entry(c.Context(), company, seq)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b app.EntryView) int { return int(a.Seq - b.Seq) })
	return out, nil
}

// entryOf is a posted entry as it is drawn.
func (p page) entryOf(ctx context.Context, e app.EntryView) ui.Entry {
	out := ui.Entry{Journal: e.Journal, Number: itoa(e.Number), Date: e.Date, Label: e.Label, Href: ui.To(ctx, "/journal", itoa(e.Seq))}
	for i, l := range e.Lines {
		line := ui.EntryLine{Account: l.Account, Name: p.setup.Chart.Accounts[l.Account].Label, Auxiliary: l.Aux, Label: l.Label,
			Debit: money.Of(l.Debit, p.cur), Credit: money.Of(l.Credit, p.cur)}
		if i < len(e.Letters) {
			line.Match = e.Letters[i]
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}
