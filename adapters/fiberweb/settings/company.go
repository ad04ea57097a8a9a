package settings

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Part is one page of the company's record. Each form sends its own fields; the others stay as they are.
type Part string

// The parts.
const (
	Identity Part = "identity" // who the company is, and its VAT
	Billing  Part = "billing"  // terms of payment and what documents say
	Rules    Part = "rules"    // what the program may do by itself
)

var partPaths = map[Part]string{Identity: "/settings/company", Billing: "/settings/company/billing", Rules: "/settings/company/rules"}

// companyTabs are the pages about the company; current is a part's name, "logo" or "years".
func companyTabs(ctx context.Context, current string) []ui.Tab {
	var out []ui.Tab
	for _, t := range []struct{ key, path string }{
		{string(Identity), partPaths[Identity]}, {string(Billing), partPaths[Billing]}, {"logo", "/settings/company/logo"},
		{string(Rules), partPaths[Rules]}, {"years", "/settings/company/years"},
	} {
		out = append(out, ui.Tab{Label: ui.T(ctx, "set.company."+t.key), Href: ui.To(ctx, t.path), Current: t.key == current})
	}
	return out
}

func companyFrame(p Part) Framer {
	return fixed(func(c *fiberweb.Ctx) Frame {
		f := Frame{Page: ui.Page{Active: "settings.company", Narrow: true}, Here: partPaths[p], Next: partPaths[p]}
		if p == Identity && c.Actor().Role == access.Owner {
			f.Page.Actions = ui.LinkButton("/companies/new", "quiet-button", "plus", c.T("setup.company.new"))
		}
		return f
	})
}

// Company is the form of one part of the company's record.
func (h *Screens) Company(p Part, frame Framer) Screen {
	show := func(c *fiberweb.Ctx) error {
		f, err := frame(c)
		if err != nil {
			return err
		}
		setup, err := h.Setup(c.Context(), c.Actor())
		if err != nil {
			return err
		}
		return c.Show(companyPage(p, f, setup.Company, companyForm(c, p, setup.Company)))
	}
	send := func(c *fiberweb.Ctx) error {
		f, err := frame(c)
		if err != nil {
			return err
		}
		sent, err := c.Form()
		if err != nil {
			return err
		}
		setup, err := h.Setup(c.Context(), c.Actor())
		if err != nil {
			return err
		}
		next := setup.Company.Clone()
		next.Version = version(sent)
		readCompany(sent, p, &next)
		if sent.OK() {
			_, err := h.UpdateCompany(c.Context(), c.Actor(), next)
			sent.Fail(err)
		}
		if !sent.OK() {
			return c.Invalid(sent, companyPage(p, f, setup.Company, sent))
		}
		return f.done(c, "flash.saved")
	}
	return Screen{show, send}
}

func companyForm(c *fiberweb.Ctx, p Part, co party.Company) *form.Form {
	f := c.NewForm().Set("version", itoa(co.Version))
	switch p {
	case Identity:
		for name, v := range identityFields(&co) {
			f.Set(name, *v)
		}
		if !co.Capital.IsZero() {
			f.SetMoney("capital", co.Capital)
		}
		f.Set("vat_regime", string(co.VATRegime))
	case Billing:
		for name, v := range billingFields(&co) {
			f.Set(name, *v)
		}
		f.Set("terms_days", itoa(int64(co.TermsDays))).SetBool("terms_month_end", co.TermsMonthEnd)
		f.Set("quote_validity", itoa(int64(co.QuoteValidity)))
		if !co.LateRate.IsZero() {
			f.SetDecimal("late_rate", co.LateRate)
		}
	case Rules:
		f.SetMoney("tolerance", money.Of(co.Tolerance, co.Currency)).SetBool("auto_integrate", co.AutoIntegrate).SetBool("test_books", co.TestBooks).
			Set("evidence_months", itoa(int64(co.KeepEvidence())))
	}
	return f
}

// identityFields and billingFields are the texts of a part, by the names their faults have.
func identityFields(c *party.Company) map[string]*string {
	return map[string]*string{"name": &c.Name, "legal_form": &c.LegalForm, "siren": &c.SIREN, "siret": &c.SIRET, "register_at": &c.RegisterAt,
		"vat_number": &c.VATNumber, "address.street": &c.Address.Street, "address.extra": &c.Address.Extra, "address.postal_code": &c.Address.PostalCode,
		"address.city": &c.Address.City, "address.country": &c.Address.Country, "email": &c.Email, "phone": &c.Phone, "website": &c.Website, "locale": &c.Locale}
}

func billingFields(c *party.Company) map[string]*string {
	return map[string]*string{"early_discount": &c.EarlyDiscount, "iban": &c.IBAN, "bic": &c.BIC, "mail_intro": &c.MailIntro, "footer": &c.Footer}
}

// maxField bounds what is read before the core says how long each field may be.
const maxField = 2500

func readCompany(f *form.Form, p Part, co *party.Company) {
	switch p {
	case Identity:
		for name, v := range identityFields(co) {
			*v = f.Text(name, maxField)
		}
		if co.Capital = f.Money("capital", co.Currency); co.Capital.Sign() < 0 {
			f.Add(fault.New(fault.Invalid, fault.BadAmount, "found", f.Value("capital")).On("capital"))
		}
		co.VATRegime = party.VATRegime(f.Value("vat_regime"))
	case Billing:
		for name, v := range billingFields(co) {
			*v = f.Text(name, maxField)
		}
		co.TermsDays, co.TermsMonthEnd = f.Int("terms_days", 0, 365), f.Bool("terms_month_end")
		co.QuoteValidity = f.Int("quote_validity", 0, 365)
		co.LateRate = f.Percent("late_rate")
	case Rules:
		co.Tolerance = f.Money("tolerance", co.Currency).Minor()
		co.AutoIntegrate, co.TestBooks = f.Bool("auto_integrate"), f.Bool("test_books")
		co.EvidenceMonths = f.Int("evidence_months", 1, party.MaxEvidenceMonths)
	}
}

func companyPageOf(ctx context.Context, p Part, f Frame) Frame {
	if f.Page.Title == "" {
		f.Page.Title = ui.T(ctx, "nav.settings.company")
	}
	if !f.Setup {
		f.Page.Tabs = companyTabs(ctx, string(p))
	}
	return f
}

func (h *Screens) showLogo(c *fiberweb.Ctx) error { return h.logoForm(c, c.NewForm(), http.StatusOK) }

func (h *Screens) logoForm(c *fiberweb.Ctx, f *form.Form, status int) error {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	return c.Page(status, logoPage(setup.Company, f))
}

// removeLogo is the button that takes the logo away.
const removeLogo = "remove"

func (h *Screens) saveLogo(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	verb, _ := f.Action()
	data := f.File("logo").Data
	if verb != removeLogo && len(data) == 0 {
		f.Add(fault.New(fault.Invalid, fault.Required).On("logo"))
	}
	key := "set.logo.saved"
	if verb == removeLogo {
		data, key = nil, "set.logo.removed"
	}
	if f.OK() {
		f.Fail(h.SetLogo(c.Context(), c.Actor(), data))
	}
	if !f.OK() {
		if err := f.Broken(); err != nil {
			return err
		}
		return h.logoForm(c, f, http.StatusUnprocessableEntity)
	}
	return c.Done("/settings/company/logo", key)
}

func (h *Screens) logoImage(c *fiberweb.Ctx) error {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	logo := setup.Company.Logo
	if len(logo) == 0 {
		return missing("file", "logo")
	}
	return c.File("logo", http.DetectContentType(logo), logo, true)
}

// back is the address of leaving a form; empty offers none.
func back(ctx context.Context, f Frame) string {
	if f.Back == "" {
		return ""
	}
	return ui.To(ctx, f.Back)
}

func companyFields(p Part, co party.Company) templ.Component {
	switch p {
	case Billing:
		return billingPart()
	case Rules:
		return rulesPart(co)
	case Identity:
	}
	return identityPart(co)
}

// unit is how a currency is written behind a field.
func unit(c money.Currency) string {
	if c == money.EUR {
		return "€"
	}
	return string(c)
}
