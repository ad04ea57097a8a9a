package sales

import (
	"cmp"
	"slices"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/billing"
)

func (h *screens) quoteAct(c *fiberweb.Ctx, title, icon string) (act, quoteView, error) {
	v, err := h.readQuote(c)
	if err != nil {
		return act{}, v, err
	}
	path := "/quotes/" + v.q.ID
	return act{
		title: c.T(title), icon: icon, active: "quotes", customer: v.q.CustomerID, document: path, number: v.q.Number,
		crumbs: []ui.Link{{Label: c.T("nav.quotes"), Href: c.URL("/quotes")}, {Label: quoteTitle(c.Loc(), v.q), Href: c.URL(path)}},
		ask:    ui.Confirmation{No: c.URL(path)},
	}, v, nil
}

func (h *screens) askSendQuote(c *fiberweb.Ctx) error {
	a, err := h.sendQuoteAct(c)
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) sendQuoteAct(c *fiberweb.Ctx) (act, error) {
	a, v, err := h.quoteAct(c, "sales.quote.send", "send")
	if err != nil {
		return a, err
	}
	s, err := h.Sending(c.Context(), c.Actor(), v.q.ID)
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes = c.URL("/quotes/"+v.q.ID+"/send"), c.T("sales.send")
	a.ask.Text, a.ask.Facts = c.T("sales.quote.send_ask"), v.facts(c)
	if v.q.State == billing.QuoteDraft {
		a.ask.Text = c.T("sales.quote.send_ask_draft")
	}
	a.sends(s)
	return a, nil
}

func (h *screens) sendQuote(c *fiberweb.Ctx) error {
	a, err := h.sendQuoteAct(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	q, err := h.SendQuote(once(c, f), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error {
		return c.Done(a.document, "sales.quote.sent", "number", cmp.Or(q.Number, a.number), "email", a.to)
	})
}

func (h *screens) acceptQuote(c *fiberweb.Ctx) error {
	q, err := h.AcceptQuote(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return h.answered(c, err)
	}
	return c.Done("/quotes/"+q.ID, "sales.quote.accepted", "number", q.Number)
}

func (h *screens) askRefuseQuote(c *fiberweb.Ctx) error {
	a, err := h.refuseQuoteAct(c)
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) refuseQuoteAct(c *fiberweb.Ctx) (act, error) {
	a, v, err := h.quoteAct(c, "sales.quote.refuse", "ban")
	a.ask.Action, a.ask.Yes, a.ask.Text, a.ask.Danger = c.URL("/quotes/"+v.q.ID+"/refuse"), c.T("sales.quote.refuse"), c.T("sales.quote.refuse_ask"), true
	a.ask.Facts = v.facts(c)
	return a, err
}

func (h *screens) refuseQuote(c *fiberweb.Ctx) error {
	a, err := h.refuseQuoteAct(c)
	if err != nil {
		return err
	}
	q, err := h.RefuseQuote(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/quotes/"+q.ID, "sales.quote.refused") })
}

func (h *screens) askInvoiceQuote(c *fiberweb.Ctx) error {
	a, err := h.invoiceQuoteAct(c)
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) invoiceQuoteAct(c *fiberweb.Ctx) (act, error) {
	a, v, err := h.quoteAct(c, "sales.quote.invoice", "file-text")
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/quotes/"+v.q.ID+"/invoice"), c.T("sales.quote.invoice_yes"), c.T("sales.quote.invoice_ask")
	a.ask.Facts = v.facts(c)
	left := v.q.Totals.Gross
	for _, d := range v.q.Deposits {
		if d.State == billing.DepositPaid {
			left -= d.Received
			a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.deposit.deducted", "number", v.bills[d.ID]), Value: ui.Amount(v.money(-d.Received))})
		}
	}
	a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.payable"), Value: ui.Amount(v.money(left))})
	if slices.ContainsFunc(v.q.Deposits, func(d billing.Deposit) bool {
		return d.State == billing.DepositDraft || d.State == billing.DepositRequested
	}) {
		a.about = ui.Notification(ui.Caution, c.T("sales.quote.invoice_cancels"))
	}
	return a, nil
}

func (h *screens) invoiceQuote(c *fiberweb.Ctx) error {
	a, err := h.invoiceQuoteAct(c)
	if err != nil {
		return err
	}
	v, err := h.InvoiceQuote(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/invoices/"+v.ID, "sales.invoice.created") })
}

// facts name the quote on a page that asks.
func (v quoteView) facts(c *fiberweb.Ctx) []ui.Fact {
	return []ui.Fact{
		{Label: c.T("sales.quote"), Value: ui.Text(quoteTitle(c.Loc(), v.q))}, {Label: c.T("sales.customer"), Value: ui.Text(v.customer.Name)},
		{Label: c.T("sales.gross"), Value: ui.Amount(v.money(v.q.Totals.Gross))},
	}
}
