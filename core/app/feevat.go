package app

import (
	"context"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

// VAT on the commissions of a gateway abroad is self-assessed by the company, once a month, from the gateway's invoice
// (accounting.md E13, art. 283-2 CGI): the commissions posted in the month are what the invoice is expected to say.

// selfAssessedRate is the standard rate, in percent, where the connection has no other.
var selfAssessedRate = decimal.NewFromInt(20)

// FeeVATMonth is the self-assessed VAT of one connection and month. Amounts are in the books' currency, minor units.
type FeeVATMonth struct {
	Connection inbox.Connection // without its secrets
	Month      civil.Date       // its first day
	Base       int64            // commissions posted in the month
	Rate       decimal.Decimal  // percent
	VAT        int64            // on Base
	Entry      EntryRef         // posted; no Seq: not yet
	Ended      bool
}

// FeeVATInput is what a gateway's monthly invoice says.
type FeeVATInput struct {
	Base    money.Money // of commissions, without VAT; no currency: as posted in the month
	Invoice string      // its number
	Date    civil.Date  // of the invoice; none: the last day of the month
}

// FeeVATMonths lists the months of a fiscal year in which connections whose VAT is self-assessed posted commissions, or
// whose VAT was posted; the latest month first. An empty year asks for the present one. Code: unknown_thing.
func (a *App) FeeVATMonths(ctx context.Context, who access.Actor, year string) ([]FeeVATMonth, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return nil, err
	}
	y, err := yearNamed(setup, year, a.Today())
	if err != nil {
		return nil, err
	}
	connections, err := a.Connections(ctx, who)
	if err != nil {
		return nil, err
	}
	var out []FeeVATMonth
	for month := civil.Of(y.End.Year(), y.End.Month(), 1); !month.Before(civil.Of(y.Start.Year(), y.Start.Month(), 1)); month = month.AddMonths(-1) {
		for _, c := range connections {
			if c.FeeVAT == inbox.FeeReverseCharge && c.Journal != "" {
				out = append(out, FeeVATMonth{Connection: c, Month: month})
			}
		}
	}
	return a.fillMonths(ctx, who.Company, setup, out, y.Start, y.End)
}

// fillMonths adds what was posted, and leaves out months of which there is nothing to say.
func (a *App) fillMonths(ctx context.Context, company string, setup *books.Setup, list []FeeVATMonth, from, to civil.Date) ([]FeeVATMonth, error) {
	type key struct {
		connection string
		month      civil.Date
	}
	sums := map[key]int64{}
	var sources []string
	done := map[string]bool{}
	for _, m := range list {
		sources = append(sources, feeVATSource(m.Connection.ID, m.Month))
		if done[m.Connection.ID] {
			continue
		}
		done[m.Connection.ID] = true
		charges, err := a.Views.Charges(ctx, company, m.Connection.Journal, feeAccounts(m.Connection), from, to)
		if err != nil {
			return nil, err
		}
		for _, s := range charges {
			sums[key{m.Connection.ID, s.Month}] = s.Sum
		}
	}
	posted, err := a.Views.Posted(ctx, company, sources)
	if err != nil {
		return nil, err
	}
	out := list[:0]
	for i, m := range list {
		m.Base, m.Entry = sums[key{m.Connection.ID, m.Month}], posted[sources[i]]
		if m.Base == 0 && m.Entry.Seq == 0 {
			continue
		}
		m.Rate, m.Ended = rateOfFees(m.Connection), m.Month.MonthEnd().Before(a.Today())
		vat, err := selfAssessed(money.Of(min(max(m.Base, -money.Max), money.Max), setup.Company.Currency), m.Rate)
		if err != nil {
			return nil, err
		}
		m.VAT = vat.Minor()
		out = append(out, m)
	}
	return out, nil
}

// FeeVATMonth is one of FeeVATMonths, also when nothing was posted in the month. Codes: unknown_thing, bad_date on "month".
func (a *App) FeeVATMonth(ctx context.Context, who access.Actor, connection, month string) (FeeVATMonth, error) {
	none := FeeVATMonth{}
	if err := who.May(access.Read); err != nil {
		return none, err
	}
	first, err := readMonth(month)
	if err != nil {
		return none, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return none, err
	}
	c, ok := setup.Connections[connection]
	if !ok || c.FeeVAT != inbox.FeeReverseCharge || c.Journal == "" {
		return none, notFound("connection", connection)
	}
	m := FeeVATMonth{Connection: withoutSecrets(c), Month: first, Rate: rateOfFees(c), Ended: first.MonthEnd().Before(a.Today())}
	list, err := a.fillMonths(ctx, who.Company, setup, []FeeVATMonth{m}, first, first.MonthEnd())
	if err != nil || len(list) == 0 {
		return m, err
	}
	return list[0], nil
}

// PostFeeVAT posts the self-assessed VAT of a connection's month from the gateway's invoice: D 445662 / C 445201, dated as
// the invoice, or on the first open day after it. Once for each connection and month. Codes: unknown_thing, bad_date on
// "month", required and too_long on "invoice", bad_amount and currency_mixed on "base", duplicate_posting, and those of
// ledger.NewEntry.
func (a *App) PostFeeVAT(ctx context.Context, who access.Actor, connection, month string, in FeeVATInput) (ledger.Entry, error) {
	var posted ledger.Entry
	if err := who.May(access.Keep); err != nil {
		return posted, err
	}
	if err := party.CleanText(&in.Invoice, 1, 100); err != nil {
		return posted, onField("invoice", err)
	}
	m, err := a.FeeVATMonth(ctx, who, connection, month)
	if err != nil {
		return posted, err
	}
	err = a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		c, ok := tx.Setup().Connections[connection]
		if !ok || c.FeeVAT != inbox.FeeReverseCharge {
			return notFound("connection", connection)
		}
		own := tx.Setup().Company.Currency
		base := in.Base
		switch {
		case base.Currency() == "":
			base = moneyOf(m.Base, own)
		case base.Currency() != own:
			return fault.New(fault.Invalid, fault.CurrencyMixed, "found", string(base.Currency()), "expected", string(own)).On("base")
		}
		vat, err := selfAssessed(base, rateOfFees(c))
		if err != nil {
			return onField("base", err)
		}
		if vat.Sign() <= 0 {
			return fault.New(fault.Invalid, fault.BadAmount, "found", base.Plain()).On("base")
		}
		invoiced := in.Date
		if invoiced.IsZero() {
			invoiced = m.Month.MonthEnd()
		}
		day, ok := tx.Setup().Chart.FirstOpen(invoiced)
		if !ok {
			_, err := tx.Setup().Chart.Open(invoiced)
			return onField("date", err)
		}
		label := "TVA sur commissions (autoliquidation) " + c.Label + " " + m.Month.Time().Format("01/2006") + ", base " + strings.Replace(base.Plain(), ".", ",", 1)
		posted, err = tx.Post(ctx, posting.ReverseCharge(posting.Movement{Journal: posting.MiscJournal, Date: day, Real: invoiced, Piece: in.Invoice,
			Label: label, Source: feeVATSource(connection, m.Month), Amount: vat.Minor()}), who.ID)
		if err != nil {
			return err
		}
		tx.Made(entryResource(posted.Seq))
		tx.Log(who.Name, "fee_vat_posted", connection, m.Month.String()[:7]+" "+vat.String())
		return nil
	})
	return posted, err
}

// FeeVATOf is the self-assessed VAT on a base, at a connection's rate.
func FeeVATOf(c inbox.Connection, base money.Money) (money.Money, error) {
	return selfAssessed(base, rateOfFees(c))
}

func selfAssessed(base money.Money, rate decimal.Decimal) (money.Money, error) {
	return base.Times(rate.Shift(-2), money.HalfUp)
}

func rateOfFees(c inbox.Connection) decimal.Decimal {
	if c.FeeVATRate.IsPositive() {
		return c.FeeVATRate
	}
	return selfAssessedRate
}

// feeAccounts are where a connection's commissions are posted.
func feeAccounts(c inbox.Connection) []string {
	out := []string{c.CommissionAccount}
	if c.DisputeFeeAccount != "" && c.DisputeFeeAccount != c.CommissionAccount {
		out = append(out, c.DisputeFeeAccount)
	}
	return out
}

func feeVATSource(connection string, month civil.Date) string {
	return "fee_vat:" + connection + ":" + month.String()[:7]
}

func readMonth(s string) (civil.Date, error) {
	d, err := civil.Parse(s + "-01")
	if err != nil {
		err = fault.New(fault.Invalid, fault.BadDate, "found", fault.Clip(s)).On("month")
	}
	return d, err
}

// yearNamed finds a fiscal year; an empty name asks for the one of a day, else the last there is. Code: unknown_thing.
func yearNamed(s *books.Setup, id string, today civil.Date) (ledger.FiscalYear, error) {
	years := s.Chart.Years
	for _, y := range years {
		if y.ID == id || id == "" && y.Contains(today) {
			return y, nil
		}
	}
	if id == "" && len(years) > 0 {
		return years[len(years)-1], nil
	}
	return ledger.FiscalYear{}, notFound("fiscal_year", id)
}
