package sales

import (
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

// A document's form names its customer in words: a code, a name or what the list of suggestions offers. A menu of all
// customers would not fit companies that have thousands.
const (
	customerName = "customer_id" // as the core names the field
	customerList = "customer-list"
	separator    = " · " // between code and name, as suggested
	// suggestions is how many customers are offered while typing: what can be looked through at a glance.
	suggestions = 12
)

func customerWords(c party.Customer) string { return c.Code + separator + c.Name }

// suggested lists customers to offer for what was typed.
func (h *screens) suggested(c *fiberweb.Ctx, typed string) ([]ui.Option, error) {
	code, _, _ := strings.Cut(typed, separator)
	active := true
	rows, err := h.Customers(c.Context(), c.Actor(), app.CustomerQuery{Search: strings.TrimSpace(code), Active: &active, Sort: "name", Paging: app.Paging{Limit: suggestions}})
	if err != nil {
		return nil, err
	}
	out := make([]ui.Option, len(rows.Items))
	for i, r := range rows.Items {
		out[i] = ui.Option{Value: customerWords(r.Customer), Label: strings.TrimSpace(r.Address.City + " " + string(r.Email))}
	}
	return out, nil
}

// suggestCustomers answers the field of a form while it is typed in.
func (h *screens) suggestCustomers(c *fiberweb.Ctx) error {
	found, err := h.suggested(c, c.Q(customerName))
	if err != nil {
		return err
	}
	return c.Show(ui.Suggestions(customerList, found))
}

// chosenCustomer is the customer that a form names. What names none, or several, is a fault on the field.
func (h *screens) chosenCustomer(c *fiberweb.Ctx, f *form.Form) (party.Customer, error) {
	typed := f.Required(customerName, 200)
	if typed == "" {
		return party.Customer{}, nil
	}
	views, company, err := h.views(c)
	if err != nil {
		return party.Customer{}, err
	}
	code, _, _ := strings.Cut(typed, separator)
	found, err := views.CustomerByCode(c.Context(), company, strings.ToUpper(strings.TrimSpace(code)))
	if err == nil || fault.KindOf(err) != fault.NotFound {
		return found, err
	}
	active := true
	rows, err := views.Customers(c.Context(), company, app.CustomerQuery{Search: typed, Active: &active, Sort: "name", Paging: app.Paging{Limit: suggestions}})
	if err != nil {
		return party.Customer{}, err
	}
	var named []party.Customer
	var words []string
	for _, r := range rows.Items {
		if strings.EqualFold(r.Name, typed) {
			named = append(named, r.Customer)
		}
		words = append(words, customerWords(r.Customer))
	}
	switch {
	case len(named) == 1:
		return named[0], nil
	case len(rows.Items) == 1:
		return rows.Items[0].Customer, nil
	case len(rows.Items) == 0:
		f.Add(fault.New(fault.Invalid, fault.UnknownThing, "what", "customer", "id", fault.Clip(typed)).On(customerName))
	default:
		f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(typed), "allowed", strings.Join(words, ", ")).On(customerName))
	}
	return party.Customer{}, nil
}
