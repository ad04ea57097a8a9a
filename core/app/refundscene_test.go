package app_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

var updateGolden = flag.Bool("update", false, "write the golden files anew")

// counter is a company with a customer, a gateway that is on, and what happens between them.
type counter struct {
	*apptest.World
	t        testing.TB
	ctx      context.Context
	conn     inbox.Connection
	play     *apptest.Provider
	customer party.Customer
	method   string
	from     int64 // entries up to this one are no part of the story
}

func newCounter(t testing.TB) *counter { return newCounterWith(t, party.Company{TestBooks: true}) }

func newCounterWith(t testing.TB, c party.Company) *counter {
	t.Helper()
	w := apptest.NewWith(t, c)
	s := &counter{World: w, t: t, ctx: context.Background(), conn: w.NewConnection(t)}
	s.play, s.customer = w.Provider(s.conn), w.NewCustomer(t, "jean@exemple.fr")
	for id, m := range w.Settings(t).Methods {
		if m.Online {
			s.method = id
		}
	}
	return s
}

// line is one piece at a price excl. VAT, in cents.
func line(vat string, cents int64) billing.DocLine {
	return billing.DocLine{Description: "Article", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.New(cents, -2), VATCode: vat}
}

func (s *counter) invoice(lines ...billing.DocLine) billing.Invoice {
	s.t.Helper()
	v, err := s.CreateInvoice(s.ctx, s.Owner, app.InvoiceInput{CustomerID: s.customer.ID, MethodID: s.method, Lines: lines})
	apptest.OK(s.t, err)
	v, err = s.IssueInvoice(s.ctx, s.Owner, v.ID)
	apptest.OK(s.t, err)
	return v
}

// deposit asks for a deposit on a quote of 1200, VAT included.
func (s *counter) deposit(cents int64) (quote billing.Quote, deposit string) {
	s.t.Helper()
	q, err := s.CreateQuote(s.ctx, s.Owner, app.QuoteInput{CustomerID: s.customer.ID, Lines: []billing.DocLine{line("S20B", 100000)}})
	apptest.OK(s.t, err)
	q, err = s.SetDeposit(s.ctx, s.Owner, q.ID, 0, app.DepositInput{Amount: cents, DueDate: s.Today().AddDays(10), MethodID: s.method})
	apptest.OK(s.t, err)
	q, err = s.ValidateDeposit(s.ctx, s.Owner, q.ID, q.Deposits[0].ID)
	apptest.OK(s.t, err)
	return q, q.Deposits[0].ID
}

func (s *counter) token(document string) string {
	s.t.Helper()
	url, err := s.PayURL(s.ctx, s.Owner, document)
	apptest.OK(s.t, err)
	return url[strings.LastIndex(url, "/")+1:]
}

// open opens the gateway's page for a document and returns its session.
func (s *counter) open(document string) string {
	s.t.Helper()
	_, err := s.StartPayment(s.ctx, s.token(document), s.conn.ID)
	apptest.OK(s.t, err)
	l, err := s.Store.PayLink(s.ctx, s.Company.ID, document)
	apptest.OK(s.t, err)
	at, err := s.Store.Attempt(s.ctx, s.Company.ID, l.AttemptID)
	apptest.OK(s.t, err)
	return at.SessionID
}

// pay pays a document online and posts it; it returns the receipt.
func (s *counter) pay(document string, fee int64) inbox.Receipt {
	s.t.Helper()
	p := s.play.Pay(s.open(document), fee)
	s.refresh()
	return s.receiptOf(p)
}

func (s *counter) receiptOf(p gateway.Payment) inbox.Receipt {
	s.t.Helper()
	s.ok(p)
	return s.receipt(s.arrival(p).ReceiptID)
}

func (s *counter) refresh() {
	s.t.Helper()
	_, err := s.Refresh(s.ctx, s.Owner, s.conn.ID)
	apptest.OK(s.t, err)
}

// reports is a movement that the gateway reports.
func (s *counter) reports(m gateway.Payment) gateway.Payment {
	s.t.Helper()
	if m.State == "" {
		m.State = gateway.Succeeded
	}
	if m.FeeState == "" {
		m = apptest.WithFee(m, 0)
	}
	m = s.play.Put(m)
	s.refresh()
	return m
}

func (s *counter) arrival(p gateway.Payment) inbox.Arrival {
	s.t.Helper()
	a, err := s.Store.Arrival(s.ctx, s.Company.ID, inbox.ArrivalID(s.conn.ID, p.Kind, p.ID))
	apptest.OK(s.t, err)
	return a
}

// ok is the accountant's OK on movements, which must all be posted.
func (s *counter) ok(ps ...gateway.Payment) {
	s.t.Helper()
	var list []string
	for _, p := range ps {
		list = append(list, inbox.ArrivalID(s.conn.ID, p.Kind, p.ID))
	}
	s.okIDs(list...)
}

func (s *counter) okIDs(list ...string) {
	s.t.Helper()
	rs, err := s.Integrate(s.ctx, s.Owner, list)
	apptest.OK(s.t, err)
	for _, r := range rs {
		apptest.OK(s.t, r.Err)
	}
}

// okAll is OK on everything that is ready.
func (s *counter) okAll() {
	s.t.Helper()
	rs, err := s.IntegrateReady(s.ctx, s.Owner)
	apptest.OK(s.t, err)
	for _, r := range rs {
		apptest.OK(s.t, r.Err)
	}
}

func (s *counter) receipt(id string) inbox.Receipt {
	s.t.Helper()
	r, err := s.Store.Receipt(s.ctx, s.Company.ID, id)
	apptest.OK(s.t, err)
	return r
}

func (s *counter) refundOf(id string) inbox.Refund {
	s.t.Helper()
	r, err := s.Store.Refund(s.ctx, s.Company.ID, id)
	apptest.OK(s.t, err)
	return r
}

func (s *counter) invoiceOf(id string) billing.Invoice {
	s.t.Helper()
	v, err := s.Store.Invoice(s.ctx, s.Company.ID, id)
	apptest.OK(s.t, err)
	return v
}

func (s *counter) credit() int64 {
	s.t.Helper()
	c, err := s.Store.Customer(s.ctx, s.Company.ID, s.customer.ID)
	apptest.OK(s.t, err)
	return c.Credit.Minor()
}

// balance is debit less credit of an account, in cents.
func (s *counter) balance(account string) int64 {
	s.t.Helper()
	b, err := s.Store.Balance(s.ctx, s.Company.ID, account, "")
	apptest.OK(s.t, err)
	return b
}

// refunds asks for a refund that the gateway does at once.
func (s *counter) refunds(receipt string, cents int64, cover inbox.Cover) inbox.Refund {
	s.t.Helper()
	rf, err := s.Refund(s.ctx, s.Owner, receipt, app.RefundInput{Amount: apptest.EUR(cents), Cover: cover, Reason: "retour"})
	apptest.OK(s.t, err)
	if rf.State != inbox.RefundAccepted {
		s.t.Fatalf("the refund is %s (%s)", rf.State, rf.Problem)
	}
	return rf
}

// refundCount is how many refunds the provider made of a payment, and of how much.
func (s *counter) refundCount() (n int, sum int64) {
	page, err := s.Store.Arrivals(s.ctx, s.Company.ID, app.ArrivalQuery{Kinds: []string{"refund"}, Paging: app.Paging{Limit: 200}})
	apptest.OK(s.t, err)
	for _, a := range page.Items {
		n++
		sum += a.Gross.Minor()
	}
	return n, sum
}

// start says that the story told by the journal begins here.
func (s *counter) start() {
	h, err := s.Store.Head(s.ctx, s.Company.ID)
	apptest.OK(s.t, err)
	s.from = h.Seq
}

// journal writes the entries of the story as an accountant reads them.
func (s *counter) journal() string {
	s.t.Helper()
	h, err := s.Store.Head(s.ctx, s.Company.ID)
	apptest.OK(s.t, err)
	names := s.Settings(s.t).Chart.Accounts
	var b strings.Builder
	for seq := s.from + 1; seq <= h.Seq; seq++ {
		e, err := s.Store.Entry(s.ctx, s.Company.ID, seq)
		apptest.OK(s.t, err)
		fmt.Fprintf(&b, "%s  %s  %s\n", e.Journal, e.Date, e.Label)
		for i, l := range e.Lines {
			debit, credit := "", ""
			if l.Debit != 0 {
				debit = money.Of(l.Debit, money.EUR).Plain()
			} else {
				credit = money.Of(l.Credit, money.EUR).Plain()
			}
			fmt.Fprintf(&b, "    %-6s %-45.45s %12s %12s  %s\n", l.Account, names[l.Account].Label, debit, credit, e.Letters[i])
		}
	}
	return b.String()
}

// golden compares the journal with the file of the test's name.
func (s *counter) golden(t *testing.T) {
	t.Helper()
	file := filepath.Join("testdata", "refunds", strings.NewReplacer("/", "-", ",", "").Replace(t.Name())+".txt")
	got := s.journal()
	if *updateGolden {
		apptest.OK(t, os.MkdirAll(filepath.Dir(file), 0o755))
		apptest.OK(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	apptest.OK(t, err)
	if got != string(want) {
		t.Errorf("the journal is not that of %s:\n%s", file, got)
	}
}

// whole checks what must hold at any time: the accounts say what the documents and receipts say.
func (s *counter) whole() {
	s.t.Helper()
	var due, pending, deposits, advance int64
	page, err := s.Store.Invoices(s.ctx, s.Company.ID, app.InvoiceQuery{Sort: "date", Paging: app.Paging{Limit: 200}})
	apptest.OK(s.t, err)
	for _, row := range page.Items {
		v := s.invoiceOf(row.ID)
		if v.Life != billing.Issued || v.Kind != billing.Standard {
			continue
		}
		due += v.Payable() - v.Credited - v.Paid
		for _, r := range v.Totals.Rows {
			if r.Nature == billing.Services && !v.OnDebits {
				pending += r.VAT - v.VATCredited[r.Code] - v.VATMoved[r.Code]
			}
		}
	}
	quotes, err := s.Store.Quotes(s.ctx, s.Company.ID, app.QuoteQuery{Sort: "date", Paging: app.Paging{Limit: 200}})
	apptest.OK(s.t, err)
	for _, row := range quotes.Items {
		q, err := s.Store.Quote(s.ctx, s.Company.ID, row.ID)
		apptest.OK(s.t, err)
		for _, d := range q.Deposits {
			if d.State == billing.DepositPaid {
				deposits += d.Received
				bill := s.invoiceOf(d.InvoiceID)
				for _, r := range bill.Totals.Rows {
					advance += r.VAT - bill.VATCredited[r.Code]
				}
			}
		}
	}
	for account, want := range map[string]int64{"411000": due, "445880": -pending, "419100": -deposits, "445871": advance, "419700": -s.credit()} {
		if got := s.balance(account); got != want {
			s.t.Errorf("account %s is %d, its documents say %d", account, got, want)
		}
	}
	receipts, err := s.Store.Receipts(s.ctx, s.Company.ID, app.ReceiptQuery{Paging: app.Paging{Limit: 200}})
	apptest.OK(s.t, err)
	for _, r := range receipts.Items {
		list, err := s.Store.RefundsOf(s.ctx, s.Company.ID, r.ID)
		apptest.OK(s.t, err)
		var held int64
		for _, rf := range list {
			if rf.Holds() {
				held += rf.Amount.Minor()
			}
			if rf.CreditNoteID != "" && rf.State != inbox.RefundPosted && rf.State != inbox.RefundReversed {
				s.t.Errorf("a credit note without its refund: %+v", rf)
			}
		}
		if held != r.Refunding || r.Refunded < 0 || r.Refunded+r.Refunding > r.Amount.Minor() && r.Amount.Sign() > 0 {
			s.t.Errorf("receipt %s: %d refunded and %d being refunded (%d in records) of %s", r.ID, r.Refunded, r.Refunding, held, r.Amount)
		}
	}
}
