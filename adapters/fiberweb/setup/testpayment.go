package setup

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/settings"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// testView is the step at which a payment is tried from the button to the entries.
type testView struct {
	frame   settings.Frame
	form    *form.Form
	paid    bool // a payment has arrived
	test    bool // demonstration books: an invoice may be made for trying
	invoice billing.Invoice
	link    string // where it is paid
}

func (h *wizard) testView(c *fiberweb.Ctx, f *form.Form) (testView, *books.Setup, error) {
	frame, err := h.frame(app.StepPayment)(c)
	if err != nil {
		return testView{}, nil, err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return testView{}, nil, err
	}
	v := testView{frame: frame, form: f, test: setup.Company.TestBooks}
	all, err := h.progress(c)
	if err != nil {
		return v, setup, err
	}
	v.paid = all[len(all)-1].Done
	return v, setup, nil
}

func (h *wizard) testPayment(c *fiberweb.Ctx) error {
	v, _, err := h.testView(c, c.NewForm())
	if err != nil {
		return err
	}
	if id := c.Q("invoice"); ids.Valid(ids.Invoice, id) {
		views, err := h.Look(c.Actor())
		if err != nil {
			return err
		}
		if v.invoice, err = views.Invoice(c.Context(), c.Company(), id); err != nil {
			return err
		}
		if v.link, err = h.PayURL(c.Context(), c.Actor(), id); err != nil {
			return err
		}
	}
	return c.Show(testPage(v))
}

// testCustomer is the code of the customer that test invoices are made out to.
const testCustomer = "ESSAI"

// makeTest makes and issues a small invoice to the user in person. Real books get no invoice that nobody owes: there the
// page says how to try with a true one.
func (h *wizard) makeTest(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v, setup, err := h.testView(c, f)
	if err != nil {
		return err
	}
	if !v.test {
		return fault.New(fault.Forbidden, fault.NotAllowed, "action", "sell")
	}
	id, err := h.testInvoice(c, setup)
	if err != nil {
		f.Fail(err)
		return c.Invalid(f, testPage(v))
	}
	return c.SeeOther(c.URL(stepPath(app.StepPayment)) + "?invoice=" + id)
}

func (h *wizard) testInvoice(c *fiberweb.Ctx, setup *books.Setup) (string, error) {
	ctx, who := c.Context(), c.Actor()
	method, err := onlineMethod(setup)
	if err != nil {
		return "", err
	}
	customer, err := h.payer(ctx, c, setup)
	if err != nil {
		return "", err
	}
	invoice, err := h.CreateInvoice(ctx, who, app.InvoiceInput{CustomerID: customer.ID, MethodID: method, Lines: []billing.DocLine{
		{Description: c.T("setup.test.line"), Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(10), VATCode: usualVAT(setup)}}})
	if err != nil {
		return "", err
	}
	invoice, err = h.IssueInvoice(ctx, who, invoice.ID)
	return invoice.ID, err
}

// usualVAT is the code of an ordinary service: the standard rate, or that of a company without VAT; else any active one.
func usualVAT(s *books.Setup) string {
	for _, code := range []string{"S20S", "FR293BS"} {
		if s.VATCodes[code].Active {
			return code
		}
	}
	for _, code := range slices.Sorted(maps.Keys(s.VATCodes)) {
		if s.VATCodes[code].Active {
			return code
		}
	}
	return ""
}

// payer is the customer of test invoices, made at the first.
func (h *wizard) payer(ctx context.Context, c *fiberweb.Ctx, setup *books.Setup) (party.Customer, error) {
	views, err := h.Look(c.Actor())
	if err != nil {
		return party.Customer{}, err
	}
	customer, err := views.CustomerByCode(ctx, c.Company(), testCustomer)
	if fault.KindOf(err) != fault.NotFound {
		return customer, err
	}
	return h.CreateCustomer(ctx, c.Actor(), party.Customer{Code: testCustomer, Name: c.T("setup.test.customer"), Kind: party.Consumer, Email: c.User().Email,
		Address: setup.Company.Address, Language: string(c.Loc().Lang())})
}

// onlineMethod is a payment method that yields a pay button. Code: no_gateway_on when there is none.
func onlineMethod(s *books.Setup) (string, error) {
	var all []billing.PaymentMethod
	for _, m := range s.Methods {
		if m.Active && m.Online {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return "", fault.New(fault.Refused, fault.NoGatewayOn)
	}
	return slices.MinFunc(all, func(a, b billing.PaymentMethod) int { return strings.Compare(a.Code, b.Code) }).ID, nil
}
