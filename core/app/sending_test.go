package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// sendingStage is a World in which documents are prepared to be sent.
type sendingStage struct {
	*apptest.World
	t       *testing.T
	conn    inbox.Connection
	methods map[string]string // ids by code
}

func newSendingStage(t *testing.T) sendingStage {
	t.Helper()
	s := sendingStage{World: apptest.New(t), t: t, methods: map[string]string{}}
	s.conn = s.NewConnection(t)
	for id, m := range s.Settings(t).Methods {
		s.methods[m.Code] = id
	}
	return s
}

func (s sendingStage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// invoice is a draft of 120.00 incl. VAT.
func (s sendingStage) invoice(c party.Customer, method, vat string) billing.Invoice {
	s.t.Helper()
	v, err := s.CreateInvoice(context.Background(), s.Owner, app.InvoiceInput{CustomerID: c.ID, MethodID: s.methods[method], Lines: sendingLines(vat)})
	s.must(err)
	return v
}

func sendingLines(vat string) []billing.DocLine {
	return []billing.DocLine{{Description: "Conseil", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(100), VATCode: vat}}
}

// company changes the company's settings in ways that no use case would allow.
func (s sendingStage) company(change func(*party.Company)) {
	s.t.Helper()
	s.must(s.Books.Write(context.Background(), s.Company.ID, func(_ context.Context, tx *books.Tx) error {
		c := tx.Setup().Company.Clone()
		change(&c)
		tx.Set(c)
		return nil
	}))
}

// What is said before sending is what sending then does: the same refusals, and a pay button on the paper when one was
// announced, for the amount that was announced.
func TestSendingSaysWhatWillHappen(t *testing.T) {
	ctx := context.Background()
	quoteWith := func(method string, validate bool) func(s sendingStage) string {
		return func(s sendingStage) string {
			q, err := s.CreateQuote(ctx, s.Owner, app.QuoteInput{CustomerID: s.NewCustomer(s.t, "a@exemple.fr").ID, Lines: sendingLines("S20S")})
			s.must(err)
			if method != "" {
				q, err = s.SetDeposit(ctx, s.Owner, q.ID, 0, app.DepositInput{Amount: 4000, MethodID: s.methods[method]})
				s.must(err)
			}
			if validate {
				_, err = s.ValidateDeposit(ctx, s.Owner, q.ID, q.Deposits[0].ID)
				s.must(err)
			}
			return q.ID
		}
	}
	draft := func(email, method, vat string) func(s sendingStage) string {
		return func(s sendingStage) string { return s.invoice(s.NewCustomer(s.t, email), method, vat).ID }
	}
	for name, c := range map[string]struct {
		make    func(s sendingStage) string
		button  int64
		without app.NoButton
		refused []fault.Code
		issues  bool
	}{
		"a draft":                  {make: draft("a@exemple.fr", "CB", "S20S"), button: 12000, issues: true},
		"by transfer":              {make: draft("a@exemple.fr", "VIR", "S20S"), without: app.OfflineMethod, issues: true},
		"without an address":       {make: draft("", "CB", "S20S"), without: app.NoAddress, refused: []fault.Code{fault.EmailMissing}, issues: true},
		"abroad, no VAT number":    {make: draft("a@exemple.fr", "CB", "SERVUE"), button: 10000, refused: []fault.Code{fault.CustomerVATNeeded}, issues: true},
		"no deposit":               {make: quoteWith("", false), without: app.NoDeposit, issues: true},
		"a deposit not validated":  {make: quoteWith("CB", false), without: app.NoDeposit, issues: true},
		"a deposit by transfer":    {make: quoteWith("VIR", true), without: app.NoDeposit, issues: true},
		"a deposit payable online": {make: quoteWith("CB", true), button: 4000, issues: true},
		"no gateway": {make: func(s sendingStage) string {
			_, err := s.SwitchOff(ctx, s.Owner, s.conn.ID)
			s.must(err)
			return draft("a@exemple.fr", "CB", "S20S")(s)
		}, without: app.NoGateway, issues: true},
		"no mail, company incomplete": {make: func(s sendingStage) string {
			id := draft("a@exemple.fr", "CB", "S20S")(s)
			s.company(func(c *party.Company) { c.Mail.Kind, c.SIREN = "", "" })
			return id
		}, button: 12000, refused: []fault.Code{fault.CompanyIncomplete, fault.MailNotSet}, issues: true},
		"a closed period": {make: func(s sendingStage) string {
			id := draft("a@exemple.fr", "CB", "S20S")(s)
			s.company(func(c *party.Company) { c.ClosedUntil = civil.Of(2026, 6, 30) })
			return id
		}, button: 12000, refused: []fault.Code{fault.PeriodClosed}, issues: true},
		"issued, link revoked": {make: func(s sendingStage) string {
			v, err := s.IssueInvoice(ctx, s.Owner, draft("a@exemple.fr", "CB", "S20S")(s))
			s.must(err)
			s.must(s.RevokeLink(ctx, s.Owner, v.ID))
			return v.ID
		}, without: app.LinkClosed},
		"issued and paid": {make: func(s sendingStage) string {
			v, err := s.IssueInvoice(ctx, s.Owner, draft("a@exemple.fr", "CB", "S20S")(s))
			s.must(err)
			_, err = s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: v.CustomerID, Amount: apptest.EUR(12000), MethodID: s.methods["VIR"],
				Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: v.ID, Amount: 12000}}})
			s.must(err)
			return v.ID
		}, without: app.NothingToPay},
		// The address was added after the invoice was issued to somebody without one.
		"an address that came late": {make: func(s sendingStage) string {
			c := s.NewCustomer(s.t, "")
			v, err := s.IssueInvoice(ctx, s.Owner, s.invoice(c, "CB", "S20S").ID)
			s.must(err)
			c.Email = "enfin@exemple.fr"
			_, err = s.UpdateCustomer(ctx, s.Owner, c)
			s.must(err)
			return v.ID
		}, button: 12000},
		"the rest after a deposit": {make: func(s sendingStage) string {
			q, err := s.Views.Quote(ctx, s.Company.ID, quoteWith("VIR", true)(s))
			s.must(err)
			_, err = s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: q.CustomerID, Amount: apptest.EUR(4000), MethodID: s.methods["VIR"],
				Allocations: []app.AllocationInput{{Document: inbox.DepositDocument, DocumentID: q.Deposits[0].ID, Amount: 4000}}})
			s.must(err)
			v, err := s.InvoiceQuote(ctx, s.Owner, q.ID)
			s.must(err)
			_, err = s.UpdateInvoice(ctx, s.Owner, v.ID, 0, app.InvoiceInput{MethodID: s.methods["CB"], Lines: sendingLines("S20S")})
			s.must(err)
			return v.ID
		}, button: 8000, issues: true},
		"a refused quote": {make: func(s sendingStage) string {
			id := quoteWith("", false)(s)
			_, err := s.RefuseQuote(ctx, s.Owner, id)
			s.must(err)
			return id
		}, without: app.NoDeposit, refused: []fault.Code{fault.QuoteClosed}},
		"a discarded draft": {make: func(s sendingStage) string {
			id := draft("a@exemple.fr", "CB", "S20S")(s)
			s.must(s.DiscardInvoice(ctx, s.Owner, id))
			return id
		}, without: app.NothingToPay, refused: []fault.Code{fault.NotIssued}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSendingStage(t)
			id := c.make(s)
			before, err := s.Sending(ctx, s.Owner, id)
			s.must(err)
			if before.Button.Minor() != c.button || before.Without != c.without || before.Issues != c.issues || (before.Button.Currency() == "") != (c.without != "") {
				t.Errorf("said a button of %v, without %q, issues %t", before.Button, before.Without, before.Issues)
			}
			if len(before.Refused) != len(c.refused) {
				t.Errorf("said %v would be refused", before.Refused)
			}
			if strings.HasPrefix(id, "quo_") {
				_, err = s.SendQuote(ctx, s.Owner, id)
			} else {
				_, err = s.SendInvoice(ctx, s.Owner, id)
			}
			for _, code := range c.refused {
				if !fault.Has(before.Refused, code) {
					t.Errorf("did not say %s", code)
				}
			}
			switch {
			case len(c.refused) > 0 && !fault.Has(before.Refused, fault.CodeOf(err)):
				t.Errorf("it was refused for %v", err)
			case len(c.refused) == 0 && err != nil:
				t.Error(err)
			}
			if err != nil {
				return
			}
			s.WorkOnce(ctx)
			sent, drawn := s.Mailer.Sent(), s.Paper.Drawn()
			if len(sent) == 0 || len(drawn) == 0 {
				t.Fatalf("%d mails, %d papers", len(sent), len(drawn))
			}
			pay := drawn[len(drawn)-1].Pay
			switch {
			case (pay != nil) != (c.button > 0):
				t.Errorf("announced %v, the paper has %v", before.Button, pay)
			case pay != nil && pay.Amount != before.Button:
				t.Errorf("announced %v, the paper asks for %v", before.Button, pay.Amount)
			}
		})
	}
}
