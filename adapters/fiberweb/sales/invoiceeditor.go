package sales

import (
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

func (h *screens) newInvoice(c *fiberweb.Ctx) error {
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	e.kind, e.action, e.back = "invoice", "/invoices/new", "/invoices"
	e.form.SetDate("date", e.today).SetDate("supply_date", e.today).SetDate("due_date", e.setup.Company.DueFrom(e.today))
	var lines []billing.DocLine
	if from := c.Q("from"); from != "" {
		views, company, err := h.views(c)
		if err != nil {
			return err
		}
		old, err := views.Invoice(c.Context(), company, from)
		if err != nil {
			return err
		}
		customer, err := views.Customer(c.Context(), company, old.CustomerID)
		if err != nil {
			return err
		}
		lines = old.Lines
		e.form.Set(customerName, customerWords(customer)).Set("reference", old.Reference).Set("note", old.Note).Set("method_id", old.MethodID)
	}
	return c.Show(editorPage(e.begin(c, lines)))
}

func (h *screens) createInvoice(c *fiberweb.Ctx) error {
	e, err := h.sentEditor(c, "invoice", "/invoices/new", "/invoices")
	if err != nil {
		return err
	}
	return h.edited(c, e, func(in document) (string, error) {
		v, err := h.CreateInvoice(once(c, e.form), c.Actor(), in.invoice())
		return v.ID, err
	})
}

func (h *screens) editInvoice(c *fiberweb.Ctx) error {
	v, err := h.draft(c)
	if err != nil {
		return err
	}
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	customer, err := h.Customer(c.Context(), c.Actor(), v.CustomerID)
	if err != nil {
		return err
	}
	e.form.Set(customerName, customerWords(customer)).SetDate("date", v.Date).SetDate("supply_date", v.SupplyDate).SetDate("due_date", v.DueDate).
		Set("reference", v.Reference).Set("note", v.Note).Set("method_id", v.MethodID).Set("version", itoa(v.Version))
	e.of(v, customer)
	return c.Show(editorPage(e.begin(c, v.Lines)))
}

// of makes the editor that of a draft.
func (e *editor) of(v billing.Invoice, customer party.Customer) {
	path := "/invoices/" + v.ID
	e.kind, e.action, e.back, e.saved = "invoice", path+"/edit", path, true
	if v.Kind.IsCredit() {
		e.kind, e.about = "credit", v.CreditOfNo
	}
	if v.CreditOf != "" || v.QuoteID != "" {
		e.fixed = customerWords(customer)
	}
}

// draft is the invoice of the address, which must not have been issued. Codes: unknown_thing, not_draft.
func (h *screens) draft(c *fiberweb.Ctx) (billing.Invoice, error) {
	views, company, err := h.views(c)
	if err != nil {
		return billing.Invoice{}, err
	}
	v, err := views.Invoice(c.Context(), company, c.Params("id"))
	if err == nil && v.Life != billing.Draft {
		err = fault.New(fault.Refused, fault.NotDraft, "number", v.Number)
	}
	return v, err
}

func (h *screens) updateInvoice(c *fiberweb.Ctx) error {
	v, err := h.draft(c)
	if err != nil {
		return err
	}
	customer, err := h.Customer(c.Context(), c.Actor(), v.CustomerID)
	if err != nil {
		return err
	}
	e, err := h.sentEditor(c, "invoice", "", "")
	if err != nil {
		return err
	}
	e.of(v, customer)
	return h.edited(c, e, func(in document) (string, error) {
		if e.fixed != "" {
			in.customer = customer
		}
		saved, err := h.UpdateInvoice(c.Context(), c.Actor(), v.ID, in.version, in.invoice())
		return saved.ID, err
	})
}

// credit makes the draft of a credit note, to be cut down and issued.
func (h *screens) credit(c *fiberweb.Ctx) error {
	note, err := h.CreateCreditNote(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return h.invoiceAnswered(c, err)
	}
	return c.Done("/invoices/"+note.ID+"/edit", "sales.credit.created")
}
