package sales

import (
	"cmp"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
)

// invoiceAct is a page that asks about an invoice.
func (h *screens) invoiceAct(c *fiberweb.Ctx, title, icon string) (act, invoiceView, error) {
	w, err := h.readInvoice(c)
	if err != nil {
		return act{}, w, err
	}
	path := "/invoices/" + w.v.ID
	name := invoiceTitle(c.Loc(), w.v)
	return act{
		title: c.T(title), icon: icon, active: "invoices", customer: w.v.CustomerID, document: path, number: w.v.Number,
		crumbs: []ui.Link{{Label: c.T("nav.invoices"), Href: c.URL("/invoices")}, {Label: name, Href: c.URL(path)}},
		ask: ui.Confirmation{No: c.URL(path), Facts: []ui.Fact{
			{Label: c.T("sales.document"), Value: ui.Text(name)}, {Label: c.T("sales.customer"), Value: ui.Text(w.customer.Name)},
			{Label: c.T("sales.gross"), Value: ui.Amount(w.money(w.v.Totals.Gross))},
		}},
	}, w, nil
}

// asks shows the page that an act asks with.
func asks(c *fiberweb.Ctx, a act, err error) error {
	if err != nil {
		return err
	}
	return c.Show(askPage(a))
}

func (h *screens) issueAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.issue", "stamp")
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/invoices/"+w.v.ID+"/issue"), c.T("sales.issue"), c.T("sales.issue_ask")
	a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.date"), Value: ui.Day(w.v.Date)})
	if w.v.Kind == billing.Standard {
		a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.due_date"), Value: ui.Day(w.v.DueDate)}, ui.Fact{Label: c.T("sales.payable"), Value: ui.Amount(w.money(w.asked()))})
	}
	a.ask.Danger = true
	return a, nil
}

func (h *screens) askIssue(c *fiberweb.Ctx) error {
	a, err := h.issueAct(c)
	return asks(c, a, err)
}

func (h *screens) issue(c *fiberweb.Ctx) error {
	a, err := h.issueAct(c)
	if err != nil {
		return err
	}
	v, err := h.IssueInvoice(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/invoices/"+v.ID, "sales.issued", "number", v.Number) })
}

func (h *screens) sendInvoiceAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.send", "send")
	if err != nil {
		return a, err
	}
	s, err := h.Sending(c.Context(), c.Actor(), w.v.ID)
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/invoices/"+w.v.ID+"/send"), c.T("sales.send"), c.T("sales.send_ask")
	if s.Issues {
		a.ask.Yes, a.ask.Text = c.T("sales.issue_send"), c.T("sales.send_ask_draft")
	}
	a.sends(s)
	return a, nil
}

func (h *screens) askSendInvoice(c *fiberweb.Ctx) error {
	a, err := h.sendInvoiceAct(c)
	return asks(c, a, err)
}

func (h *screens) sendInvoice(c *fiberweb.Ctx) error {
	a, err := h.sendInvoiceAct(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, err := h.SendInvoice(once(c, f), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error {
		return c.Done(a.document, "sales.sent", "number", cmp.Or(v.Number, a.number), "email", a.to)
	})
}

func (h *screens) remindAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.remind", "mail")
	if err != nil {
		return a, err
	}
	s, err := h.Sending(c.Context(), c.Actor(), w.v.ID)
	if err != nil {
		return a, err
	}
	a.ask.Action, a.ask.Yes, a.ask.Text = c.URL("/invoices/"+w.v.ID+"/remind"), c.T("sales.remind"), c.T("sales.remind_ask")
	a.ask.Facts = append(a.ask.Facts, ui.Fact{Label: c.T("sales.due"), Value: ui.Amount(w.money(w.v.Collectable()))}, ui.Fact{Label: c.T("sales.due_date"), Value: ui.Day(w.v.DueDate)})
	a.sends(s)
	if w.v.Collectable() == 0 {
		a.refused, a.blocked = append(a.refused, fault.New(fault.Refused, fault.NothingDue)), true
	}
	return a, nil
}

func (h *screens) askRemind(c *fiberweb.Ctx) error {
	a, err := h.remindAct(c)
	return asks(c, a, err)
}

func (h *screens) remind(c *fiberweb.Ctx) error {
	a, err := h.remindAct(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, err = h.RemindInvoice(once(c, f), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done(a.document, "sales.reminded", "number", a.number, "email", a.to) })
}

func (h *screens) discardAct(c *fiberweb.Ctx) (act, error) {
	a, w, err := h.invoiceAct(c, "sales.discard", "trash-2")
	a.ask.Action, a.ask.Yes, a.ask.Text, a.ask.Danger = c.URL("/invoices/"+w.v.ID+"/discard"), c.T("sales.discard"), c.T("sales.discard_ask"), true
	if err == nil && w.quote != nil {
		a.about = ui.Notification(ui.Notice, c.T("sales.discard_reopens", "number", w.quote.Number))
	}
	return a, err
}

func (h *screens) askDiscard(c *fiberweb.Ctx) error {
	if _, err := h.draft(c); err != nil {
		return err
	}
	a, err := h.discardAct(c)
	return asks(c, a, err)
}

func (h *screens) discard(c *fiberweb.Ctx) error {
	a, err := h.discardAct(c)
	if err != nil {
		return err
	}
	err = h.DiscardInvoice(c.Context(), c.Actor(), c.Params("id"))
	return a.tried(c, err, func() error { return c.Done("/invoices", "sales.discarded") })
}

func (h *screens) askInvoiceLink(c *fiberweb.Ctx) error {
	a, _, err := h.invoiceAct(c, "sales.link.change", "link")
	if err == nil {
		a.ask.Action = c.URL("/invoices/" + c.Params("id"))
		a.asksLink(c, c.Q("do"))
	}
	return asks(c, a, err)
}

func (h *screens) changeInvoiceLink(c *fiberweb.Ctx) error {
	a, w, err := h.invoiceAct(c, "sales.link.change", "link")
	if err != nil {
		return err
	}
	a.ask.Action = c.URL("/invoices/" + w.v.ID)
	return h.changeLink(c, a, w.v.ID, "/invoices/"+w.v.ID+"#link")
}
