// Package sales is the screens of selling: customers, quotes with their deposits, invoices and credit notes.
//
// Pages read from the views and hold no rule: whatever is refused is refused by the use cases, and shown at the field
// that it names. A document's page is also its audit trail: the quote, the deposits, the invoice, what was paid and the
// entries that came of it, each with its time and author.
package sales

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
)

// pageSize is how many rows a list shows: a screen and a half, so that paging is rare and a page light.
const pageSize = 40

// Mount adds the screens to a server.
func Mount(s *fiberweb.Server, a *app.App) {
	h := &screens{a}
	read := s.Company()
	sell := read.For(access.Sell)

	read.Get("/customers", h.customers)
	read.Get("/customers/suggest", h.suggestCustomers)
	sell.Form("/customers/new", h.newCustomer, h.createCustomer)
	read.Get("/customers/:id", h.customer)
	read.Get("/customers/:id/statement", h.statement)
	sell.Form("/customers/:id/edit", h.editCustomer, h.updateCustomer)

	read.Get("/quotes", h.quotes)
	sell.Form("/quotes/new", h.newQuote, h.createQuote)
	read.Get("/quotes/:id", h.quote)
	read.Get("/quotes/:id/pdf", h.pdf)
	sell.Form("/quotes/:id/edit", h.editQuote, h.updateQuote)
	sell.Form("/quotes/:id/send", h.askSendQuote, h.sendQuote)
	sell.Post("/quotes/:id/accept", h.acceptQuote)
	sell.Form("/quotes/:id/refuse", h.askRefuseQuote, h.refuseQuote)
	sell.Form("/quotes/:id/invoice", h.askInvoiceQuote, h.invoiceQuote)
	sell.Post("/quotes/:id/deposits", h.saveDeposit)
	sell.Post("/quotes/:id/deposits/:deposit/validate", h.validateDeposit)
	sell.Form("/quotes/:id/deposits/:deposit/cancel", h.askCancelDeposit, h.cancelDeposit)
	sell.Form("/quotes/:id/deposits/:deposit/link", h.askDepositLink, h.changeDepositLink)

	read.Get("/invoices", h.invoices)
	sell.Form("/invoices/new", h.newInvoice, h.createInvoice)
	read.Get("/invoices/:id", h.invoice)
	read.Get("/invoices/:id/pdf", h.pdf)
	sell.Form("/invoices/:id/edit", h.editInvoice, h.updateInvoice)
	sell.Form("/invoices/:id/issue", h.askIssue, h.issue)
	sell.Form("/invoices/:id/send", h.askSendInvoice, h.sendInvoice)
	sell.Form("/invoices/:id/remind", h.askRemind, h.remind)
	sell.Form("/invoices/:id/discard", h.askDiscard, h.discard)
	sell.Post("/invoices/:id/credit", h.credit)
	sell.Form("/invoices/:id/link", h.askInvoiceLink, h.changeInvoiceLink)
}

// screens are the handlers.
type screens struct{ *app.App }

// page is what every page of this package needs to know of its books.
type page struct {
	setup *books.Setup
	cur   money.Currency
	sell  bool // whoever looks may sell
	keep  bool // ... and may keep the books
	today civil.Date
}

// open reads the settings of the company that is looked at.
func (h *screens) open(c *fiberweb.Ctx) (page, error) {
	s, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return page{}, err
	}
	role := c.Actor().Role
	return page{s, s.Company.Currency, role.Can(access.Sell), role.Can(access.Keep), h.Today()}, nil
}

// views are the views of the books, when the role may read. Code: not_allowed.
func (h *screens) views(c *fiberweb.Ctx) (app.Views, string, error) {
	v, err := h.Look(c.Actor())
	return v, c.Company(), err
}

// money is an amount of the books. Sums of a list may pass what one amount can be; they are shown as the greatest.
func (p page) money(minor int64) money.Money {
	return money.Of(min(max(minor, -money.Max), money.Max), p.cur)
}

func (p page) method(id string) billing.PaymentMethod { return p.setup.Methods[id] }

// methods are the payment methods to choose from: those in use, and the one that a document already has.
func (p page) methods(l *i18n.Localizer, has string) []ui.Option {
	var all []billing.PaymentMethod
	for _, m := range p.setup.Methods {
		if m.Active || m.ID == has {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b billing.PaymentMethod) int {
		if a.Online != b.Online {
			if a.Online {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.ID, b.ID))
	})
	out := make([]ui.Option, len(all))
	for i, m := range all {
		label := m.Label
		if m.Online {
			label = l.T("sales.method.online", "method", m.Label)
		}
		out[i] = ui.Option{Value: m.ID, Label: label}
	}
	return out
}

// pdf answers with the document as it is now: in the browser, or to keep when ?download is there.
func (h *screens) pdf(c *fiberweb.Ctx) error {
	name, data, err := h.DocumentPDF(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	return c.File(name, "application/pdf", data, c.Query("download") == "")
}

// act is what a page asks before it is done, or says why it cannot be.
type act struct {
	title, icon string
	crumbs      []ui.Link
	active      string
	ask         ui.Confirmation
	// refused is what the use case answered, or would answer.
	refused fault.List
	// blocked says that it cannot be done before what is refused is mended.
	blocked  bool
	customer string // whose record mends a missing e-mail
	document string // path of the document, where its date and lines are mended
	about    templ.Component
	to       string // the address that a mail goes to
	number   string // of the document, before it is done
}

// tried answers a confirmation's POST: on a refusal the question again with what to mend, otherwise done's answer.
func (a act) tried(c *fiberweb.Ctx, err error, done func() error) error {
	if _, again := app.Replayed(err); err == nil || again {
		return done()
	}
	if !sayable(err) {
		return err
	}
	a.refused = fault.All(err)
	return c.Page(fiberweb.Status(err), askPage(a))
}

// sayable says whether a page can say what went wrong: refusals, conflicts, and gateways that do not answer.
func sayable(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Refused, fault.Unavailable:
		return true
	case fault.Internal, fault.NotFound, fault.Forbidden, fault.Unauthenticated:
	}
	return false
}

// mend is where a refusal is mended, within the company, with the key of its words; empty when there is no such place.
func (a act) mend(e *fault.Error) (path, key string) {
	switch e.Code {
	case fault.EmailMissing, fault.CustomerVATNeeded:
		if a.customer != "" {
			return "/customers/" + a.customer + "/edit", "sales.mend.customer"
		}
	case fault.CompanyIncomplete:
		return "/settings/company", "sales.mend.company"
	case fault.MailNotSet:
		return "/settings/mail", "sales.mend.mail"
	case fault.NoGatewayOn:
		return "/settings/gateways", "sales.mend.gateways"
	case fault.NoFiscalYear, fault.PeriodClosed, fault.DateBackwards, fault.DueBeforeIssue, fault.NoLines, fault.NegativeTotal, fault.CreditTooLarge:
		if a.document != "" {
			return a.document + "/edit", "sales.mend.draft"
		}
	}
	return "", ""
}

// keyField makes a form that is sent twice, by a second click or a browser that tries again, count once.
const keyField = "key"

// once is the context to do what a form asks for exactly once, however often it is sent as it is. Changed and sent again,
// it asks for something else.
func once(c *fiberweb.Ctx, f *form.Form) context.Context {
	key := f.Value(keyField)
	if !ids.Valid(ids.Request, key) {
		return c.Context()
	}
	sum := sha256.Sum256(c.Body())
	key = "web:" + key + ":" + hex.EncodeToString(sum[:16])
	return books.WithKey(c.Context(), key, key)
}

// renamed brings the faults of a use case to the names that a form has for its fields.
func renamed(err error, names map[string]string) error {
	all := fault.All(err)
	if len(all) == 0 {
		return err
	}
	out := make(fault.List, len(all))
	for i, e := range all {
		out[i] = e
		if to, ok := names[e.Field]; ok {
			out[i] = e.On(to)
		}
	}
	return out
}

// version reads the version that a form was made from.
func version(f *form.Form) int64 {
	n, err := strconv.ParseInt(f.Value("version"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
