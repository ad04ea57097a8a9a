package sales

import (
	"context"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/party"
)

// fillAddress writes an address into the fields below a prefix.
func fillAddress(f *form.Form, prefix string, a party.Address) {
	f.Set(prefix+".street", a.Street).Set(prefix+".extra", a.Extra).Set(prefix+".postal_code", a.PostalCode).Set(prefix+".city", a.City).Set(prefix+".country", a.Country)
}

func readAddress(f *form.Form, prefix string) party.Address {
	return party.Address{Street: f.Text(prefix+".street", 120), Extra: f.Text(prefix+".extra", 120), PostalCode: f.Text(prefix+".postal_code", 12),
		City: f.Text(prefix+".city", 80), Country: strings.ToUpper(f.Text(prefix+".country", 2))}
}

func (h *screens) newCustomer(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	f := c.NewForm().Set(keyField, ids.New(ids.Request)).Set("kind", string(party.Business)).Set("language", p.setup.Company.Locale).Set("address.country", p.setup.Company.Address.Country)
	return c.Show(customerForm(p, f, party.Customer{}))
}

func (h *screens) createCustomer(c *fiberweb.Ctx) error {
	return h.saveCustomer(c, party.Customer{}, h.CreateCustomer, "sales.customer.created")
}

func (h *screens) editCustomer(c *fiberweb.Ctx) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	x, err := h.Customer(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	f := c.NewForm().Set("name", x.Name).Set("kind", string(x.Kind)).Set("email", string(x.Email)).Set("phone", x.Phone).Set("siren", x.SIREN).
		Set("vat_number", x.VATNumber).Set("language", x.Language).Set("method_id", x.MethodID).Set("note", x.Note).SetBool("active", x.Active).
		Set("version", itoa(x.Version))
	fillAddress(f, "address", x.Address)
	fillAddress(f, "deliver_to", x.DeliverTo)
	return c.Show(customerForm(p, f, x))
}

func (h *screens) updateCustomer(c *fiberweb.Ctx) error {
	x, err := h.Customer(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	return h.saveCustomer(c, x, h.UpdateCustomer, "sales.customer.saved")
}

// saveCustomer reads the form over what the customer is now.
func (h *screens) saveCustomer(c *fiberweb.Ctx, now party.Customer,
	save func(context.Context, access.Actor, party.Customer) (party.Customer, error), done string,
) error {
	p, err := h.open(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := now
	if now.ID == "" {
		in.Code = f.Text("code", 17)
	} else {
		in.Active, in.Version = f.Bool("active"), version(f)
	}
	in.Name = f.Required("name", 120)
	in.Kind = party.CustomerKind(f.Choice("kind", string(party.Business), string(party.Consumer)))
	in.Email, in.Phone = party.Email(f.Text("email", 254)), f.Text("phone", 40)
	in.SIREN, in.VATNumber = f.Text("siren", 40), f.Text("vat_number", 40)
	in.Address, in.DeliverTo = readAddress(f, "address"), readAddress(f, "deliver_to")
	in.Language, in.MethodID, in.Note = f.Choice("language", "fr", "en"), f.Text("method_id", 60), f.Text("note", 2000)
	if f.OK() {
		var saved party.Customer
		saved, err = save(once(c, f), c.Actor(), in)
		if made, again := app.Replayed(err); again {
			saved.ID, saved.Name, err = made, in.Name, nil
		}
		if err == nil {
			return c.Done("/customers/"+saved.ID, done, "name", saved.Name)
		}
		f.Fail(mendable(err, "method_id"))
	}
	return c.Invalid(f, customerForm(p, f, now))
}

// mendable makes "not found" a mistake of the field that named the thing: the page itself exists.
func mendable(err error, fields ...string) error {
	all := fault.All(err)
	if len(all) == 0 {
		return err
	}
	out := make(fault.List, len(all))
	for i, e := range all {
		out[i] = e
		for _, name := range fields {
			if e.Kind == fault.NotFound && e.Field == name {
				m := *e
				m.Kind = fault.Invalid
				out[i] = &m
			}
		}
	}
	return out
}

func customerFormPage(ctx context.Context, now party.Customer) ui.Page {
	p := ui.Page{Title: ui.T(ctx, "sales.customer.new"), Active: "customers", Narrow: true, Crumbs: []ui.Link{{Label: ui.T(ctx, "nav.customers"), Href: ui.To(ctx, "/customers")}}}
	if now.ID != "" {
		p.Title, p.Intro = ui.T(ctx, "sales.customer.edit"), customerWords(now)
		p.Crumbs = append(p.Crumbs, ui.Link{Label: now.Name, Href: ui.To(ctx, "/customers", now.ID)})
	}
	return p
}

func customerFormAction(ctx context.Context, now party.Customer) string {
	if now.ID == "" {
		return ui.To(ctx, "/customers/new")
	}
	return ui.To(ctx, "/customers", now.ID) + "/edit"
}

func customerFormBack(ctx context.Context, now party.Customer) string {
	if now.ID == "" {
		return ui.To(ctx, "/customers")
	}
	return ui.To(ctx, "/customers", now.ID)
}
