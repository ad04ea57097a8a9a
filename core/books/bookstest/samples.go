package bookstest

import (
	"context"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Company is the id of the books that New founds.
const Company = "co_test"

// Settings are a small chart: customers, sales, bank, gateway and commission, two journals, the year 2026.
func Settings() []any {
	return []any{
		ledger.Account{Code: "411000", Label: "Clients", Collective: true, Active: true},
		ledger.Account{Code: "512100", Label: "Banque", Active: true},
		ledger.Account{Code: "517100", Label: "Passerelle", Active: true},
		ledger.Account{Code: "627800", Label: "Commissions", Active: true},
		ledger.Account{Code: "706000", Label: "Prestations", Active: true},
		ledger.Journal{Code: "VE", Label: "Ventes", Type: ledger.Sales, Active: true},
		ledger.Journal{Code: "BQ", Label: "Banque", Type: ledger.Treasury, Active: true},
		ledger.FiscalYear{ID: "2026", Start: civil.Of(2026, 1, 1), End: civil.Of(2026, 12, 31)},
	}
}

// CompanyOf is a company fit to be founded.
func CompanyOf(id string) party.Company {
	return party.Company{ID: id, Name: "Société " + id, Currency: money.EUR, Locale: "fr", VATRegime: party.VATOnReceipts,
		DepositScheme: party.DepositGross, CreatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// Found founds companies in a store, Company among them, and returns books over it.
func Found(t testing.TB, store books.Store, ids ...string) *books.Books {
	t.Helper()
	b := books.New(store, Clock())
	for _, id := range append([]string{Company}, ids...) {
		if err := b.Create(context.Background(), CompanyOf(id), Settings()...); err != nil {
			t.Fatalf("found %s: %v", id, err)
		}
	}
	return b
}

// Clock is a clock of its own that moves on by a second each time it is asked, in the year 2026.
func Clock() func() time.Time {
	var mu sync.Mutex
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Second)
		return at
	}
}

// Sale is a draft of two lines that bills a customer.
func Sale(source, document string, amount int64) ledger.Draft {
	return ledger.Draft{Journal: "VE", Date: civil.Of(2026, 3, 1), Piece: "FA-" + source, Label: "Facture " + source, Source: source, Lines: []ledger.Line{
		{Account: "411000", Aux: "C0001", Debit: amount, Document: document},
		{Account: "706000", Credit: amount},
	}}
}

// Payment is a draft of three lines that settles a Sale, with a commission.
func Payment(source, document string, amount, fee int64) ledger.Draft {
	return ledger.Draft{Journal: "BQ", Date: civil.Of(2026, 3, 2), Piece: "PAY-" + source, Label: "Paiement " + source, Source: source, Lines: []ledger.Line{
		{Account: "517100", Debit: amount - fee},
		{Account: "627800", Debit: fee, Label: "Commission"},
		{Account: "411000", Aux: "C0001", Credit: amount, Document: document},
	}}
}

// zeros has a value of each kind's type.
var zeros = map[books.Kind]any{
	books.Companies: party.Company{}, books.Accounts: ledger.Account{}, books.Journals: ledger.Journal{}, books.Years: ledger.FiscalYear{},
	books.VATCodes: billing.VATCode{}, books.Methods: billing.PaymentMethod{}, books.Connections: inbox.Connection{},
	books.Customers: party.Customer{}, books.Quotes: billing.Quote{}, books.Invoices: billing.Invoice{}, books.Links: inbox.PayLink{},
	books.Attempts: inbox.Attempt{}, books.Arrivals: inbox.Arrival{}, books.Deliveries: inbox.Delivery{}, books.Feeds: inbox.Feed{},
	books.Receipts: inbox.Receipt{}, books.Refunds: inbox.Refund{}, books.Mails: inbox.Mail{}, books.Exports: ledger.Export{}, books.Sequences: billing.Sequence{},
	books.Keys: books.IdempotencyKey{}, books.Rates: ledger.Rate{}, books.Evidence: inbox.Evidence{}, books.Payloads: inbox.Payload{}, books.Proofs: inbox.Proof{}, books.ProofRuns: inbox.ProofRun{},
}

// blank is a value of a kind with nothing but its key: what is not there must come back as not there.
func blank(k books.Kind, id string) any {
	v := reflect.New(reflect.TypeOf(zeros[k])).Elem()
	setKey(k, v, id)
	return v.Interface()
}

// sample is a value of a kind with every field filled, its key, and what the kind's rules ask for.
func sample(k books.Kind, f *Filler, id string) any {
	v := reflect.New(reflect.TypeOf(zeros[k])).Elem()
	f.Fill(v.Addr().Interface())
	setKey(k, v, id)
	if q, ok := v.Interface().(billing.Quote); ok {
		for i := range q.Deposits {
			q.Deposits[i].ID, q.Deposits[i].Position = id+"-"+strconv.Itoa(i+1), i+1
		}
		q.Deposits[1].State = billing.DepositCancelled // both are online, and only one may hold the place
	}
	return v.Interface()
}

func setKey(k books.Kind, v reflect.Value, id string) {
	switch k {
	case books.Companies:
		v.FieldByName("ID").SetString(Company)
	case books.Accounts, books.Journals, books.VATCodes:
		v.FieldByName("Code").SetString(id)
	default:
		v.FieldByName("ID").SetString(id)
	}
}

// Expect fails the test unless err carries the code.
func Expect(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if !fault.Has(err, code) {
		t.Fatalf("want fault %s, got %v", code, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
