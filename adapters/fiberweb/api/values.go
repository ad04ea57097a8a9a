package api

import (
	"strconv"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/money"
	"github.com/danielgtaylor/huma/v2"
	"github.com/shopspring/decimal"
)

// amount is money as the API writes and reads it, everywhere: a decimal string with a point, in major units, and its
// currency. A JSON number is refused: readers turn those into floats.
type amount struct {
	Amount   string `json:"amount" pattern:"^-?[0-9]{1,14}(\\.[0-9]{1,3})?$" example:"1200.00" doc:"In major units, with a point and no more decimals than the currency has."`
	Currency string `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR" doc:"ISO 4217 code."`
}

func amountOf(minor int64, cur money.Currency) amount {
	return amount{money.Of(minor, cur).Plain(), string(cur)}
}

func moneyAmount(m money.Money) amount { return amount{m.Plain(), string(m.Currency())} }

// someAmount is moneyAmount of an amount that may not be there.
func someAmount(m money.Money) *amount {
	if m.Currency() == "" {
		return nil
	}
	a := moneyAmount(m)
	return &a
}

// nonZero is amountOf, absent when nothing.
func nonZero(minor int64, cur money.Currency) *amount {
	if minor == 0 {
		return nil
	}
	a := amountOf(minor, cur)
	return &a
}

// number is a decimal number as a string: a quantity, a rate in percent, a unit price.
type number string

// Schema is for the document.
func (number) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: `^-?[0-9]{1,20}(\.[0-9]{1,10})?$`, Examples: []any{"2.5"}}
}

func numberOf(d decimal.Decimal) number { return number(d.String()) }

// someNumber is numberOf, absent when zero.
func someNumber(d decimal.Decimal) number {
	if d.IsZero() {
		return ""
	}
	return numberOf(d)
}

// date is a day: 2026-12-31.
type date string

// Schema is for the document.
func (date) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date", Examples: []any{"2026-12-31"}}
}

func dateOf(d civil.Date) date { return date(d.String()) }

// identifier is what names a thing; nonsense is refused before the store is asked. Code: unknown_thing.
type identifier interface{ check() error }

// id names one thing of a kind: a prefix and 26 letters and digits.
type id[K kind] string

// kind says how identifiers of a kind of thing begin, and what messages call it.
type kind interface{ names() (prefix, what string) }

func (i id[K]) check() error {
	var k K
	prefix, what := k.names()
	if i == "" || ids.Valid(prefix, string(i)) {
		return nil
	}
	return unknown(what, string(i))
}

// Schema is for the document.
func (id[K]) Schema(huma.Registry) *huma.Schema {
	var k K
	prefix, _ := k.names()
	return idSchema(prefix)
}

func idSchema(prefix string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: "^" + prefix + "_[0-9a-z]{" + strconv.Itoa(ids.Size) + "}$"}
}

type (
	aCustomer   struct{}
	aMethod     struct{}
	aConnection struct{}
	aQuote      struct{}
	aDeposit    struct{}
	anInvoice   struct{}
	anArrival   struct{}
	aReceipt    struct{}
	aRefund     struct{}
	aMail       struct{}
	anExport    struct{}
	aProof      struct{}
	aUser       struct{}
	aToken      struct{}
)

func (aCustomer) names() (prefix, what string)   { return ids.Customer, "customer" }
func (aMethod) names() (prefix, what string)     { return ids.Method, "method" }
func (aConnection) names() (prefix, what string) { return ids.Connection, "connection" }
func (aQuote) names() (prefix, what string)      { return ids.Quote, "quote" }
func (aDeposit) names() (prefix, what string)    { return ids.Deposit, "deposit" }
func (anInvoice) names() (prefix, what string)   { return ids.Invoice, "invoice" }
func (anArrival) names() (prefix, what string)   { return ids.Arrival, "arrival" }
func (aReceipt) names() (prefix, what string)    { return ids.Receipt, "receipt" }
func (aRefund) names() (prefix, what string)     { return ids.Refund, "refund" }
func (aMail) names() (prefix, what string)       { return ids.Mail, "mail" }
func (anExport) names() (prefix, what string)    { return ids.Export, "export" }
func (aProof) names() (prefix, what string)      { return ids.Proof, "proof" }
func (aUser) names() (prefix, what string)       { return ids.User, "user" }
func (aToken) names() (prefix, what string)      { return ids.Token, "token" }

type (
	customerID   = id[aCustomer]
	methodID     = id[aMethod]
	connectionID = id[aConnection]
	quoteID      = id[aQuote]
	depositID    = id[aDeposit]
	invoiceID    = id[anInvoice]
	arrivalID    = id[anArrival]
	receiptID    = id[aReceipt]
	refundID     = id[aRefund]
	mailID       = id[aMail]
	exportID     = id[anExport]
	proofID      = id[aProof]
	userID       = id[aUser]
	tokenID      = id[aToken]
)

// documentID is what is paid: an invoice or a deposit.
type documentID string

func (i documentID) check() error {
	if ids.Valid(ids.Deposit, string(i)) {
		return nil
	}
	return invoiceID(i).check()
}

// Schema is for the document.
func (documentID) Schema(huma.Registry) *huma.Schema {
	return idSchema("(" + ids.Invoice + "|" + ids.Deposit + ")")
}

// reading gathers what is wrong with a request, so that one answer names it all. Its zero value is ready.
type reading struct{ fault.Collect }

// add takes a fault on a field, given by the segments of its path.
func (r *reading) add(err error, path ...string) { _ = r.Add(err, path...) } // only faults are added here

// onField points a refusal of the core at the member that it is about, where the core does not know the member's name.
func onField(err error, code fault.Code, field string) error {
	if all := fault.All(err); len(all) == 1 && all[0].Code == code && all[0].Field == "" {
		return all[0].On(field)
	}
	return err
}

// idIn is an identifier of the body, or refused.
func idIn[T interface {
	identifier
	~string
}](r *reading, i T, path ...string) string {
	r.add(i.check(), path...)
	return string(i)
}

// date reads a day; an empty one is no date. Code: bad_date.
func (r *reading) date(d date, path ...string) civil.Date {
	if d == "" {
		return civil.Date{}
	}
	day, err := civil.Parse(string(d))
	r.add(err, path...)
	return day
}

// number reads a decimal number; an empty one is zero. code says what was expected: bad_quantity, bad_rate, bad_amount.
func (r *reading) number(n number, code fault.Code, path ...string) decimal.Decimal {
	if n == "" {
		return decimal.Decimal{}
	}
	d, ok := money.ParseDecimal(string(n))
	if !ok || !plain(string(n)) {
		r.add(fault.New(fault.Invalid, code, "found", fault.Clip(string(n))), path...)
	}
	return d
}

// amount reads an amount in the currency of the books, in minor units; none is zero. Codes: bad_amount, currency_mixed,
// amount_too_large, required.
func (r *reading) amount(a *amount, cur money.Currency, path ...string) int64 {
	if a == nil {
		return 0
	}
	if a.Currency != string(cur) {
		err := fault.New(fault.Invalid, fault.CurrencyMixed, "found", fault.Clip(a.Currency), "expected", string(cur))
		if a.Currency == "" {
			err = fault.New(fault.Invalid, fault.Required).On("currency")
		}
		r.add(err, path...)
	}
	minor, err := minorUnits(a.Amount, cur)
	r.add(err, path...)
	return minor
}

// money is amount for one that may be in any currency; none is the zero Money. Codes: those of amount, bad_currency.
func (r *reading) money(a *amount, path ...string) money.Money {
	if a == nil {
		return money.Money{}
	}
	cur := money.Currency(a.Currency)
	m, err := money.New(0, cur)
	if err == nil {
		var minor int64
		if minor, err = minorUnits(a.Amount, cur); err == nil {
			m = money.Of(minor, cur)
		}
	}
	r.add(err, path...)
	return m
}

// minorUnits reads digits with a point before at most as many decimals as the currency has. It is money.Parse for programs,
// who need no help with spaces and commas, and without its allocations. Codes: bad_amount, amount_too_large.
func minorUnits(s string, cur money.Currency) (int64, error) {
	bad := func() (int64, error) { return 0, fault.New(fault.Invalid, fault.BadAmount, "found", fault.Clip(s)) }
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	decimals, point := cur.Exponent(), -1
	var n int64
	for i := range len(digits) {
		switch b := digits[i]; {
		case b >= '0' && b <= '9':
			if n = n*10 + int64(b-'0'); n > money.Max {
				return 0, fault.New(fault.Invalid, fault.AmountTooLarge, "max", money.Of(money.Max, cur).Plain())
			}
		case b == '.' && point < 0 && i > 0 && i < len(digits)-1:
			point = i
		default:
			return bad()
		}
	}
	if digits == "" {
		return bad()
	}
	if point >= 0 {
		if decimals -= len(digits) - 1 - point; decimals < 0 {
			return bad()
		}
	}
	for range decimals {
		if n *= 10; n > money.Max {
			return 0, fault.New(fault.Invalid, fault.AmountTooLarge, "max", money.Of(money.Max, cur).Plain())
		}
	}
	if digits != s {
		n = -n
	}
	return n, nil
}

// plain says whether a number is written as programs do: digits and perhaps a point, no spaces and no comma.
func plain(s string) bool {
	for _, b := range []byte(s) {
		if (b < '0' || b > '9') && b != '.' && b != '-' {
			return false
		}
	}
	return true
}
