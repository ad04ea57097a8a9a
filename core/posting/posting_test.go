package posting_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	day   = civil.MustParse("2026-03-15")
	codes = map[string]billing.VATCode{
		"S20S":  {Code: "S20S", Rate: decimal.NewFromInt(20), Category: "S", Nature: billing.Services, Revenue: "706000", Account: "445711", Active: true},
		"S20B":  {Code: "S20B", Rate: decimal.NewFromInt(20), Category: "S", Nature: billing.Goods, Revenue: "707000", Account: "445711", Active: true},
		"S055B": {Code: "S055B", Rate: decimal.RequireFromString("5.5"), Category: "S", Nature: billing.Goods, Revenue: "707000", Account: "445713", Active: true},
	}
)

// chart has every account that postings touch, so that each draft also passes ledger.NewEntry.
func chart() *ledger.Chart {
	c := &ledger.Chart{Currency: money.EUR, Accounts: map[string]ledger.Account{}, Journals: map[string]ledger.Journal{},
		Years: []ledger.FiscalYear{{ID: "2026", Start: civil.MustParse("2026-01-01"), End: civil.MustParse("2026-12-31")}}}
	for _, code := range append(posting.Fixed(), "706000", "707000", "445711", "445713", "517100", "517200", "517210", "627800", "627890", "512100") {
		c.Accounts[code] = ledger.Account{Code: code, Label: code, Active: true, Collective: strings.HasPrefix(code, "41")}
	}
	for _, j := range append(posting.FixedJournals(), "STR", "PPL") {
		c.Journals[j] = ledger.Journal{Code: j, Label: j, Active: true}
	}
	return c
}

func invoice(t testing.TB, id, number string, lines ...billing.DocLine) billing.Invoice {
	t.Helper()
	totals, err := billing.Compute(lines, codes, money.EUR)
	if err != nil {
		t.Fatal(err)
	}
	return billing.Invoice{ID: id, Kind: billing.Standard, Life: billing.Issued, Number: number, Date: day, DueDate: day.AddDays(30),
		Currency: money.EUR, Lines: lines, Totals: totals, Customer: party.Customer{Code: "C0001", Name: "Dupont SARL"}}
}

func line(code, price string) billing.DocLine {
	return billing.DocLine{Description: "x", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.RequireFromString(price), VATCode: code}
}

func stripe(amount int64, source string) posting.Movement {
	return posting.Movement{Journal: "STR", Account: "517100", Date: day, Real: day, Piece: "pi_1", Label: "Encaissement Stripe", Source: source, Amount: amount}
}

// paypal is a movement of the PayPal account in euros.
func paypal(amount int64, source, label string) posting.Movement {
	return posting.Movement{Journal: "PPL", Account: "517200", Date: day, Real: day, Piece: "9AB", Label: label, Source: source, Amount: amount}
}

// paypalUSD is one of the PayPal account in dollars: what it is worth in euros, and what it is.
func paypalUSD(amount, usd int64, source, label string) posting.Movement {
	m := paypal(amount, source, label)
	m.Account, m.Foreign = "517210", money.Of(usd, "USD")
	return m
}

// at is what dollars are worth in euros at a rate of dollars for one euro.
func at(t *testing.T, usd int64, rate string) int64 {
	t.Helper()
	m, err := money.Of(usd, "USD").Exchange(decimal.RequireFromString(rate), money.EUR)
	if err != nil {
		t.Fatal(err)
	}
	return m.Minor()
}

func customer(account, document string, amount int64, vat ...posting.VATMove) posting.Part {
	return posting.Part{Account: account, Aux: "C0001", Document: document, Amount: amount, VAT: vat}
}

// TestTables holds each posting beside the debit/credit table of the accounting notes that it follows.
func TestTables(t *testing.T) {
	cases := []struct {
		name   string
		drafts func(t *testing.T) []ledger.Draft
	}{
		{"E1 invoice, services, VAT on receipts, 1200", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Invoice(invoice(t, "inv_1", "FA2026-00001", line("S20S", "1000")), "C0001")}
		}},
		{"E1 invoice, services, option for debits", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00001", line("S20S", "1000"))
			v.OnDebits = true
			return []ledger.Draft{posting.Invoice(v, "C0001")}
		}},
		{"E1 invoice, goods at two rates and a service", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Invoice(invoice(t, "inv_1", "FA2026-00001", line("S20B", "100"), line("S055B", "10.01"), line("S20S", "50")), "C0001")}
		}},
		{"E2 online payment of E1 in full, fee 18.25", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00001", line("S20S", "1000"))
			v.Receive(120000, time.Time{})
			return []ledger.Draft{
				posting.Receipt(stripe(120000, "a"), customer(posting.Customers, v.ID, 120000, posting.VATOnReceipt(&v)...)),
				posting.Commission(stripe(1825, "b"), "627800", 0),
			}
		}},
		{"E2 commission with domestic VAT", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Commission(stripe(1200, "b"), "627800", 200)}
		}},
		{"E2 commission partly given back", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Commission(stripe(-175, "b"), "627800", 0)}
		}},
		{"E3 payout", func(t *testing.T) []ledger.Draft {
			m := stripe(118175, "p")
			m.Journal, m.Label = posting.BankJournal, "Virement Stripe"
			return []ledger.Draft{posting.Transfer(m, "512100")}
		}},
		{"E4 goods of 600 paid by PayPal, fee 17.75", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00001", line("S20B", "500"))
			v.Receive(60000, time.Time{})
			return []ledger.Draft{
				posting.Receipt(paypal(60000, "a", "Encaissement PayPal"), customer(posting.Customers, v.ID, 60000, posting.VATOnReceipt(&v)...)),
				posting.Commission(paypal(1775, "b", "Commission PayPal"), "627800", 0),
			}
		}},
		{"E5 deposit of 360 on goods, paid online, then E6 final invoice of 1200", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00002", line("S20B", "1000"))
			rows, err := billing.Allocate(36000, v.Totals.Rows, money.EUR)
			if err != nil {
				t.Fatal(err)
			}
			v.Deductions = []billing.Deduction{{DepositID: "dep_1", Number: "FA2026-00001", Gross: 36000, Rows: rows}}
			return []ledger.Draft{
				posting.Receipt(stripe(36000, "a"), customer(posting.Deposits, "dep_1", 36000, posting.VATOnDeposit(rows, 1)...)),
				posting.Invoice(v, "C0001"),
			}
		}},
		{"E6 final invoice on services: the VAT of the deposit no longer waits", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00002", line("S20S", "1000"))
			rows, err := billing.Allocate(36000, v.Totals.Rows, money.EUR)
			if err != nil {
				t.Fatal(err)
			}
			v.Deductions = []billing.Deduction{{DepositID: "dep_1", Number: "FA2026-00001", Gross: 36000, Rows: rows}}
			return []ledger.Draft{posting.Invoice(v, "C0001")}
		}},
		{"E7 credit note on a paid service invoice, then the refund", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00001", line("S20S", "1000"))
			v.Receive(120000, time.Time{})
			posting.VATOnReceipt(&v)
			c := invoice(t, "inv_2", "AV2026-00001", line("S20S", "1000"))
			if err := v.CreditBy(c.Totals, time.Time{}); err != nil {
				t.Fatal(err)
			}
			note := posting.CreditNote(c, v.ID, "C0001", false, posting.VATOnReceipt(&v))
			v.Receive(-120000, time.Time{})
			return []ledger.Draft{note, posting.Receipt(stripe(-120000, "r"), customer(posting.Customers, v.ID, -120000, posting.VATOnReceipt(&v)...))}
		}},
		{"E7 credit note on the goods of a half-paid invoice: more of the service's VAT is now collected", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00001", line("S20S", "500"), line("S20B", "500"))
			v.Receive(60000, time.Time{})
			posting.VATOnReceipt(&v)
			c := invoice(t, "inv_2", "AV2026-00001", line("S20B", "400"))
			if err := v.CreditBy(c.Totals, time.Time{}); err != nil {
				t.Fatal(err)
			}
			return []ledger.Draft{posting.CreditNote(c, v.ID, "C0001", false, posting.VATOnReceipt(&v))}
		}},
		{"E7 credit note on an unpaid service invoice", func(t *testing.T) []ledger.Draft {
			c := invoice(t, "inv_2", "AV2026-00001", line("S20S", "1000"))
			return []ledger.Draft{posting.CreditNote(c, "inv_1", "C0001", false, nil)}
		}},
		{"E8 dispute of 600 opened, fee 20, then won", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{
				posting.Receipt(stripe(-60000, "d"), customer(posting.Doubtful, "inv_1", -60000)),
				posting.Commission(stripe(2000, "f"), "627800", 0),
				posting.Receipt(stripe(60000, "w"), customer(posting.Doubtful, "inv_1", 60000)),
			}
		}},
		{"E8 dispute of 600 whose fee of 20 is a movement of its own, then lost and given up, without a rectified invoice", func(t *testing.T) []ledger.Draft {
			lost := stripe(0, "l")
			lost.Journal, lost.Account, lost.Piece, lost.Label = posting.MiscJournal, "", "FA2026-00001", "Perte sur litige FA2026-00001"
			return []ledger.Draft{
				posting.Receipt(stripe(-60000, "d"), customer(posting.Doubtful, "inv_1", -60000)),
				posting.Commission(stripe(2000, "f"), "627890", 0),
				posting.Receipt(lost, customer(posting.Doubtful, "inv_1", 60000), posting.Part{Account: posting.BadDebts, Amount: -60000}),
			}
		}},
		{"E8 dispute of 600 won, and its fee of 20 given back", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{
				posting.Receipt(stripe(60000, "w"), customer(posting.Doubtful, "inv_1", 60000)),
				posting.Commission(stripe(-2000, "f"), "627890", 0),
			}
		}},
		{"E9 overpayment of 10, fee 18.40, then given back", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{
				posting.Receipt(stripe(121000, "a"), customer(posting.Customers, "inv_1", 120000), customer(posting.CustomerCredit, "", 1000)),
				posting.Commission(stripe(1840, "f"), "627800", 0),
				posting.Receipt(stripe(-1000, "r"), customer(posting.CustomerCredit, "", -1000)),
			}
		}},
		{"E9 overpayment of 10", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Receipt(stripe(121000, "a"), customer(posting.Customers, "inv_1", 120000), customer(posting.CustomerCredit, "", 1000))}
		}},
		{"E10 partial payment of 500, then the rest", func(t *testing.T) []ledger.Draft {
			v := invoice(t, "inv_1", "FA2026-00001", line("S20S", "1000"))
			v.Receive(50000, time.Time{})
			first := posting.Receipt(stripe(50000, "a"), customer(posting.Customers, v.ID, 50000, posting.VATOnReceipt(&v)...))
			v.Receive(70000, time.Time{})
			return []ledger.Draft{first, posting.Receipt(stripe(70000, "b"), customer(posting.Customers, v.ID, 70000, posting.VATOnReceipt(&v)...))}
		}},
		{"E11 invoice of 1000 USD at 1.10, paid at 1.12 with a fee of 39.35 USD", func(t *testing.T) []ledger.Draft {
			worth, booked := at(t, 100000, "1.12"), at(t, 100000, "1.10")
			paid := customer(posting.Customers, "inv_1", booked)
			paid.Foreign = money.Of(100000, "USD")
			return []ledger.Draft{
				posting.Receipt(paypalUSD(worth, 100000, "a", "Encaissement PayPal"), append(posting.TradeDifference(worth, booked), paid)...),
				posting.Commission(paypalUSD(at(t, 3935, "1.12"), 3935, "f", "Commission PayPal"), "627800", 0),
			}
		}},
		{"E11 the same paid at 1.05: a gain", func(t *testing.T) []ledger.Draft {
			worth, booked := at(t, 100000, "1.05"), at(t, 100000, "1.10")
			return []ledger.Draft{posting.Receipt(paypalUSD(worth, 100000, "a", "Encaissement PayPal"),
				append(posting.TradeDifference(worth, booked), customer(posting.Customers, "inv_1", booked))...)}
		}},
		{"E11 its net of 960.65 USD converted by PayPal to 835.00 EUR", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{
				posting.Realise(paypalUSD(-85773, -96065, "c", "Conversion PayPal"), posting.Transfers, 83500),
				posting.Realise(paypal(83500, "d", "Conversion PayPal"), posting.Transfers, -83500),
			}
		}},
		{"E11 a payout of 500 USD that stood for 446.43, and brought 451.00 EUR to the bank", func(t *testing.T) []ledger.Draft {
			m := paypalUSD(-44643, -50000, "p", "Virement PayPal")
			m.Journal = posting.BankJournal
			return []ledger.Draft{posting.Realise(m, "512100", 45100)}
		}},
		{"E11 a cent that rounding left on an emptied balance, and one that is missing", func(t *testing.T) []ledger.Draft {
			loss, gain := paypalUSD(-1, 0, "x", "Écart de change soldé 517210"), paypalUSD(1, 0, "y", "Écart de change soldé 517210")
			loss.Journal, gain.Journal = posting.MiscJournal, posting.MiscJournal
			return []ledger.Draft{posting.Revalue(loss), posting.Revalue(gain)}
		}},
		{"E11 domestic VAT of 20 in a fee of 120.00 EUR told in dollars", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Commission(paypalUSD(12000, 13440, "f", "Commission PayPal"), "627800", 2000)}
		}},
		{"E12 one cent too much, kept", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Receipt(stripe(120001, "a"), customer(posting.Customers, "inv_1", 120000), posting.Part{Account: posting.PaymentGain, Amount: 1})}
		}},
		{"E13 self-assessed VAT on commissions of 94.20, from the gateway's invoice", func(t *testing.T) []ledger.Draft {
			vat, err := money.Of(9420, money.EUR).Times(decimal.New(20, -2), money.HalfUp)
			if err != nil {
				t.Fatal(err)
			}
			m := stripe(vat.Minor(), "v")
			m.Journal, m.Piece, m.Label = posting.MiscJournal, "STR-2026-03", "TVA sur commissions Stripe 03/2026, base 94,20"
			return []ledger.Draft{posting.ReverseCharge(m)}
		}},
		{"E12 one cent short, written off", func(t *testing.T) []ledger.Draft {
			return []ledger.Draft{posting.Receipt(stripe(119999, "a"), posting.Part{Account: posting.PaymentLoss, Amount: -1}, customer(posting.Customers, "inv_1", 120000))}
		}},
		{"a payment of a closed period keeps its real date", func(t *testing.T) []ledger.Draft {
			m := stripe(1000, "a")
			m.Real = civil.MustParse("2026-02-27")
			return []ledger.Draft{posting.Receipt(m, customer(posting.CustomerCredit, "", 1000))}
		}},
	}
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "# %s\n\n", c.name)
		for _, d := range c.drafts(t) {
			e, err := ledger.NewEntry(chart(), d)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			writeEntry(&b, e)
		}
	}
	golden(t, "tables.txt", b.String())
}

func writeEntry(b *strings.Builder, e ledger.Entry) {
	fmt.Fprintf(b, "%s  %s  pièce %s du %s  %s\n", e.Journal, e.Date, e.Piece, e.PieceDate, e.Label)
	for _, l := range e.Lines {
		fmt.Fprintf(b, "  %-6s %-6s %12s %12s  %s", l.Account, l.Aux, amount(l.Debit), amount(l.Credit), l.Document)
		if l.Foreign.Currency() != "" {
			fmt.Fprintf(b, "%*s", max(18-len(l.Document), 12), l.Foreign)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

func amount(minor int64) string {
	if minor == 0 {
		return ""
	}
	return money.Of(minor, money.EUR).Plain()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; read it, and run with -update when it is right:\n%s", name, got)
	}
}

// TestInstalmentsMoveAllVAT pays random invoices in random instalments, with refunds and credit notes in between: at every
// moment what was moved is the rounded share of what was received, and in the end exactly the VAT.
func TestInstalmentsMoveAllVAT(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 11))
	for range 3000 {
		price := decimal.New(1+rnd.Int64N(5_000_000), -2)
		v := invoice(t, "inv_1", "FA2026-00001", line("S20S", price.String()), line("S20B", "3.33"))
		var moved int64
		step := func() {
			for _, m := range posting.VATOnReceipt(&v) {
				if m.From != posting.VATPending || m.To != "445711" {
					t.Fatalf("moved from %s to %s", m.From, m.To)
				}
				moved += m.Amount
			}
			if moved != v.VATMoved["S20S"] {
				t.Fatalf("moves add up to %d, the invoice says %d", moved, v.VATMoved["S20S"])
			}
		}
		for v.Due() > 0 {
			switch pay := 1 + rnd.Int64N(v.Due()); {
			case rnd.IntN(5) == 0 && v.Paid > 0:
				v.Receive(-(1 + rnd.Int64N(v.Paid)), time.Time{})
			case rnd.IntN(4) == 0:
				v.Receive(v.Due(), time.Time{})
			default:
				v.Receive(pay, time.Time{})
			}
			step()
		}
		for _, r := range v.Totals.Rows {
			if r.Code == "S20S" && moved != r.VAT {
				t.Fatalf("%s paid in full moved %d of %d", price, moved, r.VAT)
			}
		}
	}
}
