package sales

import (
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
)

func (h *screens) newQuote(c *fiberweb.Ctx) error {
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	e.kind, e.action, e.back = "quote", "/quotes/new", "/quotes"
	e.form.SetDate("date", e.today).SetDate("valid_until", e.today.AddDays(max(e.setup.Company.QuoteValidity, 1)))
	var lines []billing.DocLine
	if from := c.Q("from"); from != "" {
		views, company, err := h.views(c)
		if err != nil {
			return err
		}
		old, err := views.Quote(c.Context(), company, from)
		if err != nil {
			return err
		}
		customer, err := views.Customer(c.Context(), company, old.CustomerID)
		if err != nil {
			return err
		}
		lines = old.Lines
		e.form.Set(customerName, customerWords(customer)).Set("reference", old.Reference).Set("note", old.Note)
	}
	return c.Show(editorPage(e.begin(c, lines)))
}

func (h *screens) createQuote(c *fiberweb.Ctx) error {
	e, err := h.sentEditor(c, "quote", "/quotes/new", "/quotes")
	if err != nil {
		return err
	}
	return h.edited(c, e, func(in document) (string, error) {
		q, err := h.CreateQuote(once(c, e.form), c.Actor(), in.quote())
		return q.ID, err
	})
}

func (h *screens) editQuote(c *fiberweb.Ctx) error {
	v, err := h.readQuote(c)
	if err != nil {
		return err
	}
	if v.q.State != billing.QuoteDraft {
		return fault.New(fault.Refused, fault.NotDraft, "number", v.q.Number)
	}
	e, err := h.newEditor(c)
	if err != nil {
		return err
	}
	path := "/quotes/" + v.q.ID
	e.kind, e.action, e.back, e.saved = "quote", path+"/edit", path, true
	e.form.Set(customerName, customerWords(v.customer)).SetDate("date", v.q.Date).SetDate("valid_until", v.q.ValidUntil).
		Set("reference", v.q.Reference).Set("note", v.q.Note).Set("version", itoa(v.q.Version))
	return c.Show(editorPage(e.begin(c, v.q.Lines)))
}

func (h *screens) updateQuote(c *fiberweb.Ctx) error {
	id := c.Params("id")
	if err := h.there(c, id); err != nil {
		return err
	}
	e, err := h.sentEditor(c, "quote", "/quotes/"+id+"/edit", "/quotes/"+id)
	if err != nil {
		return err
	}
	e.saved = true
	return h.edited(c, e, func(in document) (string, error) {
		q, err := h.UpdateQuote(c.Context(), c.Actor(), id, in.version, in.quote())
		return q.ID, err
	})
}

// there refuses a form about a quote that does not exist before anything in it is read. Code: unknown_thing.
func (h *screens) there(c *fiberweb.Ctx, id string) error {
	views, company, err := h.views(c)
	if err != nil {
		return err
	}
	_, err = views.Quote(c.Context(), company, id)
	return err
}
