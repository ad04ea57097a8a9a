// Package posting translates documents and arrivals into balanced drafts: pure functions, one for each thing that
// happens, after the debit/credit tables E1 to E13 of the accounting notes.
//
// House rule on commissions: receipt and commission are two entries, because the commission may become known later. The
// gateway account then reads like the gateway's own statement: + gross, - fee, - payout.
//
// Labels of entries are in French: French books are kept in French (art. 1011-1 PCG).
package posting

import (
	"sort"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// General accounts and journals with a fixed part in postings (PCG 2026; those with an own subdivision are ours). They are
// in the default chart and cannot be deactivated.
const (
	Customers      = "411000"
	Deposits       = "419100"
	CustomerCredit = "419700"
	Doubtful       = "416000"
	VATOnDeposits  = "445871" // contra of the VAT already due on deposits
	VATPending     = "445880" // VAT on services, awaiting receipt
	VATOnPurchases = "445660"
	Suspense       = "471000"
	BadDebts       = "654000"
	PaymentLoss    = "658000"
	PaymentGain    = "758000"

	// Differences of exchange: on what customers owe (art. 1214-65, 1214-75 PCG), and on money.
	TradeExchangeLoss     = "656000"
	TradeExchangeGain     = "756000"
	FinancialExchangeLoss = "666000"
	FinancialExchangeGain = "766000"
	// Transfers holds money between two balances of ours (art. 1215-58 PCG).
	Transfers = "580000"
	// The two VATs of equal amount of a self-assessed purchase (art. 1214-44 PCG).
	ReverseChargeDeductible = "445662"
	ReverseChargeDue        = "445201"

	// Price reductions granted, by what was sold; postings use them when a person chooses so.
	ReductionServices = "709600"
	ReductionGoods    = "709700"

	SalesJournal   = "VE"
	BankJournal    = "BQ"
	MiscJournal    = "OD"
	OpeningJournal = "AN"
)

// Fixed lists the accounts above.
func Fixed() []string {
	return []string{Customers, Deposits, CustomerCredit, Doubtful, VATOnDeposits, VATPending, VATOnPurchases, Suspense, BadDebts, PaymentLoss, PaymentGain,
		TradeExchangeLoss, TradeExchangeGain, FinancialExchangeLoss, FinancialExchangeGain, Transfers, ReverseChargeDeductible, ReverseChargeDue}
}

// FixedJournals lists the journals above.
func FixedJournals() []string {
	return []string{SalesJournal, BankJournal, MiscJournal, OpeningJournal}
}

// sheet gathers lines by signed amount: positive is debit.
type sheet struct{ lines []ledger.Line }

func (s *sheet) add(account, aux, document string, amount int64) {
	s.addForeign(account, aux, document, amount, money.Money{})
}

// addForeign adds a line that carries its amount in another currency too, which has the same sign.
func (s *sheet) addForeign(account, aux, document string, amount int64, foreign money.Money) {
	l := ledger.Line{Account: account, Aux: aux, Document: document, Foreign: foreign}
	switch {
	case amount > 0:
		l.Debit = amount
	case amount < 0:
		l.Credit = -amount
	default:
		return
	}
	s.lines = append(s.lines, l)
}

// Invoice posts the issue of an invoice (E1), with the deposits it deducts (E6). aux is the customer's code.
func Invoice(v billing.Invoice, aux string) ledger.Draft {
	var s sheet
	s.add(Customers, aux, v.ID, v.Totals.Gross)
	s.revenue(v, -1)
	for _, r := range v.Totals.Rows {
		s.add(taxAccount(r, v.OnDebits), "", "", -r.VAT)
	}
	for _, d := range v.Deductions {
		s.add(Deposits, aux, d.DepositID, d.Gross)
		s.add(Customers, aux, v.ID, -d.Gross)
		for _, r := range d.Rows {
			s.add(taxAccount(r, v.OnDebits), "", "", r.VAT)
			s.add(VATOnDeposits, "", "", -r.VAT)
		}
	}
	return ledger.Draft{Journal: SalesJournal, Date: v.Date, Piece: v.Number, Label: "Facture " + v.Number + " " + short(v.Customer.Name), Source: "invoice:" + v.ID, Lines: s.lines}
}

// CreditNote posts a credit note (E7) on an invoice. moves are what it changes on the way from "awaiting receipt" to
// "collected", as VATOnReceipt says once the invoice is credited: the tax it takes back comes off "collected" as far as it
// had got there, and what remains charged may have got further in proportion.
func CreditNote(c billing.Invoice, invoiceID, aux string, onDebits bool, moves []VATMove) ledger.Draft {
	var s sheet
	moved := map[string]int64{}
	for _, m := range moves {
		moved[m.Code] = m.Amount
	}
	s.revenue(c, 1)
	for _, r := range c.Totals.Rows {
		if taxAccount(r, onDebits) == VATPending {
			s.add(r.Account, "", "", -moved[r.Code])
			s.add(VATPending, "", "", r.VAT+moved[r.Code])
			delete(moved, r.Code)
			continue
		}
		s.add(r.Account, "", "", r.VAT)
	}
	s.add(Customers, aux, invoiceID, -c.Totals.Gross)
	d := ledger.Draft{Journal: SalesJournal, Date: c.Date, Piece: c.Number, Label: "Avoir " + c.Number + " " + short(c.Customer.Name), Source: "invoice:" + c.ID, Lines: s.lines}
	for _, m := range moves {
		if _, other := moved[m.Code]; other {
			AddVAT(&d, []VATMove{m})
		}
	}
	return d
}

func (s *sheet) revenue(v billing.Invoice, sign int64) {
	sums := map[string]int64{}
	for _, l := range v.Lines {
		sums[l.Revenue] += l.Net
	}
	accounts := make([]string, 0, len(sums))
	for a := range sums {
		accounts = append(accounts, a)
	}
	sort.Strings(accounts)
	for _, a := range accounts {
		s.add(a, "", "", sign*sums[a])
	}
}

// taxAccount is where the VAT of an issued invoice goes: services wait for the receipt unless the company opted for debits.
func taxAccount(r billing.VATRow, onDebits bool) string {
	if r.Nature == billing.Services && !onDebits && r.VAT != 0 {
		return VATPending
	}
	return r.Account
}

// Movement is money that came in (positive Amount) or went back (negative), on the account that holds it.
type Movement struct {
	Journal string
	Account string // 517xxx of a gateway, 512xxx, 511200...
	Date    civil.Date
	Piece   string
	Real    civil.Date // when it happened, when the entry is dated later because of a closed period
	Label   string
	Source  string
	Amount  int64
	Foreign money.Money // Amount in the currency of the balance, when that is not the books'
}

func (m Movement) draft(s sheet) ledger.Draft {
	label := m.Label
	if m.Real != m.Date && !m.Real.IsZero() {
		label += " (opération du " + m.Real.Time().Format("02/01/2006") + ")"
	}
	return ledger.Draft{Journal: m.Journal, Date: m.Date, Piece: m.Piece, PieceDate: m.Real, Label: label, Source: m.Source, Lines: s.lines}
}

// Part is a share of a movement and what it is for. Amounts are signed as the movement's: negative gives back.
type Part struct {
	Account  string // 411000, 419100, 419700, 416000, 471000
	Aux      string
	Document string
	Amount   int64
	Foreign  money.Money // Amount in another currency, where the document is in it
	VAT      []VATMove
}

// VATMove moves tax from one account to the other: D From / C To, or back when negative.
type VATMove struct {
	Code     string // VAT code
	From, To string
	Amount   int64
}

// Receipt posts money received from, or given back to, a customer: gross on the account that holds it, against each part
// (E2, E5, E7, E9, E10), with the VAT that the receipt makes due.
func Receipt(m Movement, parts ...Part) ledger.Draft {
	var s sheet
	s.addForeign(m.Account, "", "", m.Amount, m.Foreign)
	for _, p := range parts {
		s.addForeign(p.Account, p.Aux, p.Document, -p.Amount, p.Foreign.Neg())
	}
	d := m.draft(s)
	for _, p := range parts {
		AddVAT(&d, p.VAT)
	}
	return d
}

// Commission posts what the gateway kept for itself (E2); m.Amount is the fee, negative when it is given back. vat is the
// part of it that is deductible VAT, when the gateway charges any (E13); it and its line have no other currency than the
// books', in which VAT is declared.
func Commission(m Movement, commissionAccount string, vat int64) ledger.Draft {
	var s sheet
	net := m.Foreign
	if vat != 0 {
		net = money.Money{}
	}
	s.addForeign(commissionAccount, "", "", m.Amount-vat, net)
	s.add(VATOnPurchases, "", "", vat)
	s.addForeign(m.Account, "", "", -m.Amount, m.Foreign.Neg())
	return m.draft(s)
}

// Transfer posts money that moves between two accounts of ours: a payout to the bank (E3), m.Amount leaving m.Account.
func Transfer(m Movement, to string) ledger.Draft {
	var s sheet
	s.add(to, "", "", m.Amount)
	s.add(m.Account, "", "", -m.Amount)
	return m.draft(s)
}

// VATOnReceipt is what a change of the amount paid moves between "awaiting receipt" and "collected", by code, so that after
// it exactly round(VAT × paid / gross) has been moved for each code: the parts of an instalment plan add up exactly. It
// updates v.VATMoved.
func VATOnReceipt(v *billing.Invoice) []VATMove {
	var out []VATMove
	for _, r := range v.Totals.Rows {
		if taxAccount(r, v.OnDebits) != VATPending {
			continue
		}
		move := v.VATTarget(r) - v.VATMoved[r.Code]
		if move == 0 {
			continue
		}
		if v.VATMoved == nil {
			v.VATMoved = map[string]int64{}
		}
		v.VATMoved[r.Code] += move
		out = append(out, VATMove{Code: r.Code, From: VATPending, To: r.Account, Amount: move})
	}
	return out
}

// AddVAT appends moves of tax to a draft: those of a final invoice that its deposits have paid in full already.
func AddVAT(d *ledger.Draft, moves []VATMove) {
	s := sheet{lines: d.Lines}
	for _, v := range moves {
		s.add(v.From, "", "", v.Amount)
		s.add(v.To, "", "", -v.Amount)
	}
	d.Lines = s.lines
}

// Reduction is the account of a price reduction on what was sold (E7, commercial gesture).
func Reduction(n billing.Nature) string {
	if n == billing.Goods {
		return ReductionGoods
	}
	return ReductionServices
}

// VATOnDeposit makes the VAT of a deposit due on receipt (E5): D 445871 / C 44571; rows are those of the deposit invoice.
func VATOnDeposit(rows []billing.VATRow, sign int64) []VATMove {
	var out []VATMove
	for _, r := range rows {
		if r.VAT != 0 {
			out = append(out, VATMove{Code: r.Code, From: VATOnDeposits, To: r.Account, Amount: sign * r.VAT})
		}
	}
	return out
}

func short(name string) string {
	if r := []rune(name); len(r) > 60 {
		return string(r[:60])
	}
	return name
}
