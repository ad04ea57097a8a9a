package billing_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

var codes = map[string]billing.VATCode{
	"S20B":   {Code: "S20B", Rate: decimal.NewFromInt(20), Category: "S", Nature: billing.Goods, Revenue: "707000", Account: "445711", Active: true},
	"S055B":  {Code: "S055B", Rate: decimal.RequireFromString("5.5"), Category: "S", Nature: billing.Goods, Revenue: "707000", Account: "445713", Active: true},
	"S021S":  {Code: "S021S", Rate: decimal.RequireFromString("2.1"), Category: "S", Nature: billing.Services, Revenue: "706000", Account: "445714", Active: true},
	"OLD":    {Code: "OLD", Rate: decimal.NewFromInt(19)},
	"FR293B": {Code: "FR293B", Category: "E", Nature: billing.Goods, Revenue: "707000", Active: true},
}

func line(code, quantity, price, discount string) billing.DocLine {
	return billing.DocLine{Description: "x", Quantity: decimal.RequireFromString(quantity), UnitPrice: decimal.RequireFromString(price),
		Discount: decimal.RequireFromString(discount), VATCode: code}
}

func TestCompute(t *testing.T) {
	got, err := billing.Compute([]billing.DocLine{
		line("S20B", "3", "33.333333", "0"),  // 100.00
		line("S20B", "1", "0.02", "50"),      // 0.01
		line("S055B", "2.5", "10", "12.5"),   // 21.88 (21.875 rounds up)
		line("S20B", "-1", "10", "0"),        // -10.00
		line("FR293B", "1", "5", "0"),        // 5.00 without VAT
		line("S021S", "1", "99.99", "33.33"), // 66.66
	}, codes, money.EUR)
	if err != nil {
		t.Fatal(err)
	}
	// 20 % of 90.01 is 18.002, 5.5 % of 21.88 is 1.2034, 2.1 % of 66.66 is 1.39986.
	if got.Net != 18355 || got.VAT != 1800+120+140 || got.Gross != got.Net+got.VAT {
		t.Errorf("totals %+v", got)
	}
}

func TestComputeRefuses(t *testing.T) {
	good := line("S20B", "1", "10", "0")
	with := func(change func(*billing.DocLine)) billing.DocLine {
		l := good
		change(&l)
		return l
	}
	cases := []struct {
		name  string
		lines []billing.DocLine
		code  fault.Code
		field string
	}{
		{"nothing", nil, fault.NoLines, "lines"},
		{"no description", []billing.DocLine{good, with(func(l *billing.DocLine) { l.Description = " " })}, fault.Required, "lines.1.description"},
		{"no quantity", []billing.DocLine{with(func(l *billing.DocLine) { l.Quantity = decimal.Zero })}, fault.BadQuantity, "lines.0.quantity"},
		{"five decimals", []billing.DocLine{with(func(l *billing.DocLine) { l.Quantity = decimal.RequireFromString("1.00001") })}, fault.BadQuantity, "lines.0.quantity"},
		{"negative price", []billing.DocLine{with(func(l *billing.DocLine) { l.UnitPrice = decimal.NewFromInt(-1) })}, fault.BadAmount, "lines.0.unit_price"},
		{"discount over 100", []billing.DocLine{with(func(l *billing.DocLine) { l.Discount = decimal.NewFromInt(101) })}, fault.BadRate, "lines.0.discount"},
		{"unknown VAT code", []billing.DocLine{with(func(l *billing.DocLine) { l.VATCode = "X" })}, fault.VATCodeNotAllowed, "lines.0.vat_code"},
		{"inactive VAT code", []billing.DocLine{with(func(l *billing.DocLine) { l.VATCode = "OLD" })}, fault.VATCodeNotAllowed, "lines.0.vat_code"},
		{"too much", []billing.DocLine{with(func(l *billing.DocLine) {
			l.Quantity, l.UnitPrice = decimal.New(1, 9), decimal.New(1, 9)
		})}, fault.AmountTooLarge, "lines.0"},
		{"negative for a rate", []billing.DocLine{good, line("S055B", "-1", "1", "0")}, fault.NegativeTotal, "lines"},
		{"NUL", []billing.DocLine{with(func(l *billing.DocLine) { l.Description = "a\x00b" })}, fault.BadCharacters, "lines.0.description"},
		{"too long", []billing.DocLine{with(func(l *billing.DocLine) { l.Description = strings.Repeat("é", 2001) })}, fault.TooLong, "lines.0.description"},
	}
	for _, c := range cases {
		_, err := billing.Compute(c.lines, codes, money.EUR)
		all := fault.All(err)
		if len(all) != 1 || all[0].Code != c.code || all[0].Field != c.field {
			t.Errorf("%s: %v, want %s on %s", c.name, err, c.code, c.field)
		}
	}
}

// TestAllocate splits random deposits over random documents: the parts add up to the deposit, and each part's tax is its
// rate's within a cent.
func TestAllocate(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	names := []string{"S20B", "S055B", "S021S", "FR293B"}
	for range 2000 {
		var lines []billing.DocLine
		for range 1 + rnd.IntN(6) {
			lines = append(lines, line(names[rnd.IntN(len(names))], "1", decimal.New(1+rnd.Int64N(1_000_000), -2).String(), "0"))
		}
		totals, err := billing.Compute(lines, codes, money.EUR)
		if err != nil {
			t.Fatal(err)
		}
		gross := 1 + rnd.Int64N(totals.Gross)
		rows, err := billing.Allocate(gross, totals.Rows, money.EUR)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, r := range rows {
			sum += r.Gross()
			want := decimal.NewFromInt(r.Base).Mul(r.Rate).Shift(-2)
			if want.Sub(decimal.NewFromInt(r.VAT)).Abs().GreaterThan(decimal.NewFromInt(1)) {
				t.Fatalf("%d at %s %%: base %d, VAT %d", gross, r.Rate, r.Base, r.VAT)
			}
		}
		if sum != gross {
			t.Fatalf("parts of %d add up to %d", gross, sum)
		}
	}
}

var (
	online  = billing.PaymentMethod{ID: "pm_1", Code: "CB", Label: "CB en ligne", Kind: billing.ByGateway, Online: true, Active: true}
	offline = billing.PaymentMethod{ID: "pm_2", Code: "VIR", Label: "Virement", Kind: billing.ByTransfer, Active: true}
)

func quote(gross int64) billing.Quote {
	return billing.Quote{ID: "quo_1", Number: "DE2026-00001", State: billing.QuoteDraft, Currency: money.EUR, Totals: billing.Totals{Gross: gross}}
}

func deposit(id string, amount int64) billing.Deposit {
	return billing.Deposit{ID: id, Amount: amount, DueDate: civil.MustParse("2026-06-30")}
}

func TestOnlyOneDepositIsPayableOnline(t *testing.T) {
	q := quote(100000)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(q.SetDeposit(deposit("a", 10000), online))
	must(q.SetDeposit(deposit("b", 10000), offline))
	err := q.SetDeposit(deposit("c", 10000), online)
	if !fault.Has(err, fault.SecondOnlineDeposit) || fault.All(err)[0].Field != "method" {
		t.Fatalf("second online deposit: %v", err)
	}
	if err := q.SetDeposit(deposit("b", 10000), online); !fault.Has(err, fault.SecondOnlineDeposit) {
		t.Fatalf("making the second one online: %v", err)
	}
	if len(q.Deposits) != 2 || q.Deposits[1].Online {
		t.Fatalf("a refusal changed the quote: %+v", q.Deposits)
	}
	must(q.ValidateDeposit("a"))

	// Paid or applied, it still keeps the place; cancelled or refunded in full, it gives it free.
	for state, free := range map[billing.DepositState]bool{billing.DepositRequested: false, billing.DepositPaid: false, billing.DepositApplied: false,
		billing.DepositRefunded: true, billing.DepositCancelled: true} {
		again := q.Clone()
		again.Deposits[0].State = state
		err := again.SetDeposit(deposit("c", 10000), online)
		if free != (err == nil) {
			t.Errorf("with the first one %s: %v", state, err)
		}
	}
}

func TestDepositsStayWithinTheQuote(t *testing.T) {
	q := quote(100000)
	d := deposit("a", 0)
	d.Percent = decimal.RequireFromString("33.3333")
	if err := q.SetDeposit(d, offline); err != nil || q.Deposits[0].Amount != 33333 {
		t.Fatalf("%v %+v", err, q.Deposits)
	}
	if err := q.SetDeposit(deposit("b", 66668), offline); !fault.Has(err, fault.DepositsExceedQuote) {
		t.Fatal(err)
	}
	if err := q.SetDeposit(deposit("b", 66667), offline); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []billing.Deposit{deposit("c", 0), deposit("c", -5), {ID: "c", Amount: 5}, {ID: "c", Percent: decimal.NewFromInt(101), DueDate: d.DueDate}} {
		fresh := quote(100000)
		if err := fresh.SetDeposit(bad, offline); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestDepositLife(t *testing.T) {
	q := quote(100000)
	if err := q.SetDeposit(deposit("a", 10000), online); err != nil {
		t.Fatal(err)
	}
	if q.Deposits[0].Due() != 0 {
		t.Error("a draft deposit asks for nothing")
	}
	if err := q.ValidateDeposit("a"); err != nil || q.Deposits[0].Due() != 10000 {
		t.Fatal(err)
	}
	if err := q.ValidateDeposit("a"); !fault.Has(err, fault.DepositNotDraft) {
		t.Errorf("validated twice: %v", err)
	}
	if err := q.SetDeposit(deposit("a", 20000), online); !fault.Has(err, fault.DepositNotDraft) {
		t.Errorf("changed after validation: %v", err)
	}
	q.Deposits[0].Received = 10000
	if err := q.CancelDeposit("a"); !fault.Has(err, fault.DepositPaid) {
		t.Errorf("cancelled after payment: %v", err)
	}
	if err := q.CancelDeposit("z"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	q.State = billing.QuoteRefused
	if err := q.SetDeposit(deposit("b", 1), offline); !fault.Has(err, fault.QuoteClosed) {
		t.Error(err)
	}
}

func TestBalanceDue(t *testing.T) {
	v := billing.Invoice{Kind: billing.Standard, Life: billing.Draft, Currency: money.EUR, Totals: billing.Totals{Gross: 120000},
		Deductions: []billing.Deduction{{Gross: 36000}}}
	check := func(due int64, s billing.Settlement) {
		t.Helper()
		if v.Due() != due || v.Settlement() != s {
			t.Errorf("due %d %s, want %d %s", v.Due(), v.Settlement(), due, s)
		}
	}
	check(0, billing.None)
	v.Life = billing.Issued
	check(84000, billing.Partial)
	v.Receive(80000, time.Time{})
	check(4000, billing.Partial)
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	v.Receive(4000, at)
	check(0, billing.Paid)
	if !v.PaidAt.Equal(at) {
		t.Error("paid at", v.PaidAt)
	}
	v.Receive(-84000, at)
	check(84000, billing.Partial)
	if !v.PaidAt.IsZero() {
		t.Error("a refunded invoice is not paid")
	}
	v.Receive(84000, at)
	v.Dispute = 60000
	check(60000, billing.Disputed)
	if v.Collectable() != 0 {
		t.Error("what is in dispute may not be paid again meanwhile")
	}
	v.Dispute = 0
	if err := v.CreditBy(billing.Totals{Gross: 120001}, at); !fault.Has(err, fault.CreditTooLarge) {
		t.Error(err)
	}
	if err := v.CreditBy(billing.Totals{Gross: 20000}, at); err != nil || v.Excess() != 20000 {
		t.Error(err, v.Excess())
	}
	check(0, billing.Paid)
}

func TestSeriesGoForward(t *testing.T) {
	var s billing.Sequence
	for i, d := range []string{"2026-01-02", "2026-01-02", "2026-02-01"} {
		if n, err := s.Next(civil.MustParse(d)); err != nil || n != int64(i+1) {
			t.Fatal(n, err)
		}
	}
	if _, err := s.Next(civil.MustParse("2026-01-31")); !fault.Has(err, fault.DateBackwards) {
		t.Fatal(err)
	}
	if s.Last != 3 {
		t.Error("a refused number was taken")
	}
	if got := billing.FormatNumber(billing.InvoiceSeries, "2026", 12); got != "FA2026-00012" {
		t.Error(got)
	}
}

func TestCloneIsIndependent(t *testing.T) {
	v := billing.Invoice{Lines: []billing.DocLine{{Description: "a"}}, Totals: billing.Totals{Rows: []billing.VATRow{{Code: "a"}}},
		Deductions: []billing.Deduction{{Rows: []billing.VATRow{{Code: "a"}}}}, VATMoved: map[string]int64{"a": 1}, VATCredited: map[string]int64{"a": 1}}
	c := v.Clone()
	c.Lines[0].Description, c.Totals.Rows[0].Code, c.Deductions[0].Rows[0].Code = "b", "b", "b"
	c.VATMoved["a"], c.VATCredited["a"] = 2, 2
	if v.Lines[0].Description != "a" || v.Totals.Rows[0].Code != "a" || v.Deductions[0].Rows[0].Code != "a" || v.VATMoved["a"] != 1 || v.VATCredited["a"] != 1 {
		t.Error("the clone shares memory with the original")
	}
}
