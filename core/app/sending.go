package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Sending is what sending a document would do at this moment, for the page that asks before it is done.
type Sending struct {
	Customer party.Customer
	// Issues says that the document is a draft: it will be numbered first, and an invoice frozen and posted as well.
	Issues bool
	// Button is what the pay button will ask for; no currency: there will be no button, and Without says why.
	Button  money.Money
	Offers  []Offer
	Without NoButton
	// Refused is what sending would be refused for, as far as it can be told beforehand: company_incomplete, email_missing,
	// mail_not_set, quote_closed, not_issued, customer_vat_needed, no_fiscal_year, period_closed.
	Refused fault.List
}

// NoButton says why a document carries no pay button.
type NoButton string

const (
	NothingToPay  NoButton = "nothing" // settled, or a document that asks for nothing
	OfflineMethod NoButton = "method"  // its payment method does not allow online payment
	NoAddress     NoButton = "email"   // the customer has no e-mail address
	NoGateway     NoButton = "gateway" // no gateway is switched on and working
	NoDeposit     NoButton = "deposit" // a quote without a validated deposit that may be paid online
	LinkClosed    NoButton = "link"    // the pay link was revoked
)

// Sending says what sending an invoice, credit note or quote would do. Code: unknown_thing.
func (a *App) Sending(ctx context.Context, who access.Actor, id string) (Sending, error) {
	if err := who.May(access.Read); err != nil {
		return Sending{}, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return Sending{}, err
	}
	d, err := a.document(ctx, who.Company, id)
	if err != nil {
		return Sending{}, err
	}
	s := Sending{Customer: d.Customer}
	var due int64
	var date civil.Date
	method := ""
	if q := d.Quote; q != nil {
		s.Issues = q.State == billing.QuoteDraft
		date = q.Date
		if !q.Open() {
			s.refuse(fault.New(fault.Refused, fault.QuoteClosed, "number", q.Number))
		}
		if d.Deposit == nil || !d.Deposit.Online {
			s.Without = NoDeposit
		} else {
			method, due = d.Deposit.MethodID, d.Deposit.Due()
		}
	} else {
		v := d.Invoice
		s.Issues, date, method = v.Life == billing.Draft, v.Date, v.MethodID
		switch {
		case v.Life == billing.Discarded:
			s.refuse(fault.New(fault.Refused, fault.NotIssued, "number", v.Number))
		case s.Issues:
			if due, err = a.dueOnceIssued(ctx, who.Company, v); err != nil {
				return s, err
			}
			s.taxable(v, d.Customer)
		default:
			due = v.Collectable()
		}
	}
	if s.Issues {
		s.issuable(setup, date, d.Quote == nil)
	}
	s.reachable(setup)
	s.button(setup, d, method, money.Of(max(0, due), setup.Company.Currency))
	return s, nil
}

func (s *Sending) refuse(err error) { s.Refused = append(s.Refused, fault.All(err)...) }

// dueOnceIssued is the balance that a draft will have: its total less the deposits that its quote has received.
func (a *App) dueOnceIssued(ctx context.Context, company string, v *billing.Invoice) (int64, error) {
	if v.Kind != billing.Standard {
		return 0, nil
	}
	due := v.Totals.Gross
	if v.QuoteID == "" {
		return due, nil
	}
	q, err := a.Views.Quote(ctx, company, v.QuoteID)
	if err != nil {
		return 0, err
	}
	for _, d := range q.Deposits {
		if d.State == billing.DepositPaid {
			due -= d.Received
		}
	}
	return due, nil
}

func (s *Sending) taxable(v *billing.Invoice, c party.Customer) {
	for _, r := range v.Totals.Rows {
		if needsVATNumber(r) && c.VATNumber == "" {
			s.refuse(fault.New(fault.Refused, fault.CustomerVATNeeded, "customer", c.Name))
			return
		}
	}
}

func (s *Sending) issuable(setup *books.Setup, date civil.Date, posts bool) {
	if missing := setup.Company.Missing(); len(missing) > 0 {
		s.refuse(incomplete(missing))
	}
	_, err := setup.Chart.Year(date)
	if err == nil && posts {
		_, err = setup.Chart.Open(date)
	}
	s.refuse(err)
}

func (s *Sending) reachable(setup *books.Setup) {
	if s.Customer.Email == "" {
		s.refuse(fault.New(fault.Refused, fault.EmailMissing, "customer", s.Customer.Name))
	}
	if setup.Company.Mail.Kind == "" {
		s.refuse(fault.New(fault.Refused, fault.MailNotSet))
	}
}

func (s *Sending) button(setup *books.Setup, d document, method string, due money.Money) {
	m := setup.Methods[method]
	for _, o := range offers(setup, method, d.Customer) {
		s.Offers = append(s.Offers, Offer{ConnectionID: o.ID, Gateway: o.Gateway, Label: o.Label})
	}
	switch {
	case s.Without != "":
	case due.IsZero():
		s.Without = NothingToPay
	case !m.Online || !m.Active:
		s.Without = OfflineMethod
	case d.Customer.Email == "":
		s.Without = NoAddress
	case len(s.Offers) == 0:
		s.Without = NoGateway
	case d.Link != nil && d.Link.Revoked:
		s.Without = LinkClosed
	default:
		s.Button = due
	}
}
