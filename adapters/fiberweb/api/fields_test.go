package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// shows checks that every field of T can be seen in what the API makes of it, but for those left out on purpose. base is a
// value whose conversion works.
func shows[T any](t *testing.T, base T, of func(T) any, leftOut ...string) {
	t.Helper()
	text := func(v T) string {
		b, err := json.Marshal(of(v))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	before := text(base)
	typ := reflect.TypeFor[T]()
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		v := base
		other(t, reflect.ValueOf(&v).Elem().Field(i), name)
		seen := text(v) != before
		switch out := slices.Contains(leftOut, name); {
		case !seen && !out:
			t.Errorf("%s.%s is not shown", typ, name)
		case seen && out:
			t.Errorf("%s.%s is said to be left out and is shown", typ, name)
		}
	}
	for _, name := range leftOut {
		if _, ok := typ.FieldByName(name); !ok {
			t.Errorf("%s has no %s", typ, name)
		}
	}
}

// other gives v a value that it does not have.
func other(t *testing.T, v reflect.Value, name string) {
	t.Helper()
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		return
	case *civil.Date:
		*p = civil.Of(2026, 1, 2)
		return
	case *decimal.Decimal:
		*p = decimal.NewFromInt(77)
		return
	case *money.Money:
		*p = money.Of(77, money.EUR)
		return
	case *money.Currency:
		*p = "USD"
		return
	case *ledger.Hash:
		p[0] = 77
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("other")
	case reflect.Int, reflect.Int64:
		v.SetInt(77)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Uint8:
		v.SetUint(77)
	case reflect.Slice:
		e := reflect.New(v.Type().Elem()).Elem()
		if e.Kind() != reflect.Struct {
			other(t, e, name)
		}
		v.Set(reflect.Append(v, e))
	case reflect.Map:
		e := reflect.New(v.Type().Elem()).Elem()
		other(t, e, name)
		m := reflect.MakeMap(v.Type())
		m.SetMapIndex(reflect.ValueOf("k").Convert(v.Type().Key()), e)
		v.Set(m)
	case reflect.Struct:
		for i := range v.NumField() {
			other(t, v.Field(i), name)
		}
	default:
		t.Fatalf("no other value for %s %s", name, v.Type())
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	eur, zero := money.EUR, money.Zero(money.EUR)
	company := party.Company{Currency: eur, Capital: zero}
	shows(t, company, func(c party.Company) any { return companyOf(c) })
	shows(t, party.MailServer{}, func(m party.MailServer) any { c := company; c.Mail = m; return companyOf(c) })
	shows(t, party.Address{}, func(a party.Address) any { return addressOf(a) })
	shows(t, party.Customer{Credit: zero}, func(c party.Customer) any { return customerOf(c, eur) })
	shows(t, ledger.Account{}, func(a ledger.Account) any { return accountOf(a) })
	shows(t, ledger.Journal{}, func(j ledger.Journal) any { return journalOf(j) })
	shows(t, ledger.FiscalYear{}, func(y ledger.FiscalYear) any { return yearOf(y) })
	shows(t, billing.VATCode{}, func(v billing.VATCode) any { return vatCodeOf(v) })
	shows(t, billing.PaymentMethod{}, func(m billing.PaymentMethod) any { return methodOf(m) })
	// Sealed secrets are nobody's to read.
	shows(t, inbox.Connection{}, func(c inbox.Connection) any { return connectionOf(c) }, "Sealed")
	shows(t, gateway.Setting{}, func(s gateway.Setting) any { return settingsOf([]gateway.Setting{s}, "en") })

	// The account credited and the category follow from the VAT code, which is shown.
	shows(t, billing.DocLine{}, func(l billing.DocLine) any { return linesOf([]billing.DocLine{l}, eur) }, "Category", "Revenue", "Account")
	shows(t, billing.VATRow{}, func(r billing.VATRow) any { return vatRowsOf([]billing.VATRow{r}, eur) }, "Account")
	shows(t, billing.Totals{}, func(v billing.Totals) any { return totalsOf(v, eur) })
	quote := billing.Quote{Currency: eur}
	shows(t, quote, func(q billing.Quote) any { return quoteOf(q) })
	shows(t, billing.Deposit{State: billing.DepositRequested}, func(d billing.Deposit) any { q := quote; q.Deposits = []billing.Deposit{d}; return quoteOf(q) })
	issued := billing.Invoice{Currency: eur, Kind: billing.Standard, Life: billing.Issued}
	shows(t, issued, func(v billing.Invoice) any { return invoiceOf(v) })
	shows(t, party.Customer{Credit: zero}, func(c party.Customer) any { v := issued; v.Customer = c; return invoiceOf(v) },
		"ID", "Kind", "Phone", "Language", "MethodID", "Note", "Active", "Credit", "CreatedAt", "UpdatedAt", "UpdatedBy", "Version") // not printed
	shows(t, billing.Deduction{}, func(d billing.Deduction) any { v := issued; v.Deductions = []billing.Deduction{d}; return invoiceOf(v) })
	shows(t, app.InvoiceRow{Currency: eur}, func(r app.InvoiceRow) any { return invoiceRowOf(r) })

	// The session and its address are the payer's.
	shows(t, inbox.Attempt{Amount: zero}, func(a inbox.Attempt) any { return attemptOf(a) }, "Document", "DocumentID", "CustomerID", "SessionID", "URL", "Version")
	shows(t, inbox.Arrival{Gross: zero, FeeState: gateway.FeeKnown}, func(a inbox.Arrival) any { return arrivalOf(a) })
	shows(t, inbox.Sighting{}, func(v inbox.Sighting) any {
		return arrivalOf(inbox.Arrival{Gross: zero, Sightings: []inbox.Sighting{v}})
	})
	shows(t, inbox.Evidence{}, func(e inbox.Evidence) any { return evidenceOf(e) }, "Version")
	shows(t, inbox.Piece{}, func(p inbox.Piece) any { return evidenceOf(inbox.Evidence{Pieces: []inbox.Piece{p}}) })
	shows(t, inbox.Receipt{Amount: zero}, func(r inbox.Receipt) any { return receiptOf(r) })
	shows(t, inbox.Refund{Amount: zero}, func(r inbox.Refund) any { return refundOf(r) })
	shows(t, inbox.Allocation{}, func(a inbox.Allocation) any {
		return receiptOf(inbox.Receipt{Amount: zero, Allocations: []inbox.Allocation{a}})
	})
	shows(t, ledger.Entry{}, func(e ledger.Entry) any { return entryOf(&e, eur) })
	shows(t, ledger.Line{}, func(l ledger.Line) any { return entryOf(&ledger.Entry{Lines: []ledger.Line{l}}, eur) })
	shows(t, app.AccountLine{}, func(l app.AccountLine) any { return accountLineOf(l, eur) })
	shows(t, inbox.Mail{}, func(m inbox.Mail) any { return outgoingOf(m) })
	// The names are for making the file again.
	shows(t, ledger.Export{}, func(x ledger.Export) any { return exportedOf(x) }, "Names")
	shows(t, access.Token{}, func(a access.Token) any { return tokenOf(a) }, "Company", "Hash")
	// What is derived from the password is as secret as the password's hash.
	shows(t, access.User{}, func(u access.User) any { return userOf(app.UserRole{User: u}) }, "PasswordHash", "Stamp", "Version")
}

// What a person may change comes back as it was sent.
func TestFieldsComeBack(t *testing.T) {
	var r reading
	customer := party.Customer{Code: "K1", Name: "N", Kind: party.Business, Email: "a@exemple.fr", Phone: "1", SIREN: "2", VATNumber: "3",
		Address: party.Address{Street: "s", Extra: "e", PostalCode: "p", City: "c", Country: "FR"}, DeliverTo: party.Address{City: "d"}, Language: "fr",
		MethodID: "pm_00000000000000000000000000", Note: "n", Active: true}
	if back := customerFields(customer).core(&r); !reflect.DeepEqual(back, customer) {
		t.Errorf("%+v\n%+v", back, customer)
	}
	company := party.Company{Name: "N", LegalForm: "l", Capital: money.Of(100, money.EUR), SIREN: "1", SIRET: "2", RegisterAt: "r", VATNumber: "v",
		Address: party.Address{City: "c"}, Email: "e", Phone: "p", Website: "w", Currency: money.EUR, Locale: "fr", VATRegime: party.VATOnInvoices,
		DepositScheme: party.DepositGross, TermsDays: 1, TermsMonthEnd: true, LateRate: decimal.RequireFromString("12.5"), EarlyDiscount: "x", IBAN: "i", BIC: "b",
		QuoteValidity: 2, MailIntro: "m", Footer: "f", Tolerance: 5, AutoIntegrate: true, EvidenceMonths: 24, TestBooks: true}
	if back := companyFields(company).core(&r, money.EUR); !reflect.DeepEqual(back, company) {
		t.Errorf("%+v\n%+v", back, company)
	}
	method := billing.PaymentMethod{Code: "C", Label: "L", Kind: billing.ByCash, Online: true, Journal: "J", Account: "A"}
	if back := methodOf(method).MethodFields.core(); !reflect.DeepEqual(back, method) {
		t.Errorf("%+v\n%+v", back, method)
	}
	line := billing.DocLine{Description: "D", Quantity: decimal.RequireFromString("1.5"), Unit: "h", UnitPrice: decimal.RequireFromString("0.123456"),
		Discount: decimal.RequireFromString("5"), VATCode: "S20S"}
	if back := linesCore(&r, []LineFields{lineFields(line)})[0]; !reflect.DeepEqual(back, line) {
		t.Errorf("%+v\n%+v", back, line)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}

func TestMinorUnits(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "1": 100, "1.5": 150, "1.50": 150, "-1.50": -150, "0.01": 1, "-0.01": -1, "1200": 120000, "007": 700,
		"89999999999.99": 8_999_999_999_999, "90000000000": 9_000_000_000_000} {
		if got, err := minorUnits(text, money.EUR); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "-", ".", "1.", ".1", "1.234", "1,5", "1 000", "+1", "1e3", "--1", "1-", "0x1", "١", "1.2.3", "90000000000.01", "99999999999999999999999"} {
		if got, err := minorUnits(bad, money.EUR); err == nil {
			t.Errorf("%q is read as %d", bad, got)
		}
	}
	if got, err := minorUnits("1", "JPY"); err != nil || got != 1 {
		t.Errorf("1 yen: %d, %v", got, err)
	}
	if got, err := minorUnits("1.234", "KWD"); err != nil || got != 1234 {
		t.Errorf("1.234 dinars: %d, %v", got, err)
	}
}

// FuzzMinorUnits holds the reader of amounts against the core's, which knows the same numbers in more ways of writing.
func FuzzMinorUnits(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1.234", "90000000000.01", "1 0", "1,0", "1.", "-"} {
		f.Add(s, "EUR")
	}
	f.Fuzz(func(t *testing.T, s, cur string) {
		c := money.Currency(cur)
		if !c.Valid() || len(s) > 18 {
			return
		}
		got, err := minorUnits(s, c)
		if err != nil {
			return
		}
		if want, err := money.Parse(s, c); err != nil || want.Minor() != got {
			t.Errorf("%q %s: %d, the core reads %v, %v", s, cur, got, want, err)
		}
	})
}

// FuzzReadJSON looks for a body that makes the reader fail within: every refusal is the sender's.
func FuzzReadJSON(f *testing.F) {
	for _, s := range []string{`{"journal":"OD","lines":[{"debit":{"amount":"1","currency":"EUR"}}]}`, `{"a":1}`, `null`, `{"label":"\u0000"}`, `{"label":"\\u0000"}`, `{"lines":{}}`, "{", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var e EntryFields
		if err := readJSON(data, &e); err != nil && status(err) >= 500 {
			t.Errorf("%q: %v", data, err)
		}
	})
}
