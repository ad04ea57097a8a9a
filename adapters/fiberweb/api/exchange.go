package api

import (
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

func (s *service) exchange() {
	const tag = "Other currencies"
	add(s, endpoint{method: get, path: "/rates", id: "listRates", tag: tag, needs: access.Read, summary: "The table of exchange rates", text: "The latest first."}, s.listRates)
	add(s, endpoint{method: put, path: "/rates", id: "saveRates", tag: tag, needs: access.Keep, unkeyed: true,
		summary: "Put rates into the table", text: "One that a currency has on that day already is replaced; what was posted by it stays. All or none. Movements that waited for a rate are looked at again."}, s.saveRates)
	add(s, endpoint{method: remove, path: "/rates/{rate}", id: "removeRate", tag: tag, needs: access.Keep, unkeyed: true, summary: "Take a rate out of the table"}, s.removeRate)
	add(s, endpoint{method: put, path: "/connections/{connection}/balances/{currency}", id: "setBalanceAccount", tag: tag, needs: access.Configure, versioned: true, unkeyed: true,
		summary: "Say where a connection's balance in another currency is kept", text: "Without an account one is proposed and created."}, s.setBalanceAccount)
	add(s, endpoint{method: post, path: "/arrivals/{arrival}/rate", id: "setArrivalRate", tag: tag, needs: access.Keep,
		summary: "Say what a movement of a balance in another currency is worth", text: "A rate, or a counter-value, which goes before it. Payouts and conversions take a counter-value: what arrived."}, s.setArrivalRate)
	add(s, endpoint{method: post, path: "/arrivals/{arrival}/conversion", id: "acceptConversion", tag: tag, needs: access.Keep,
		summary: "Say that a movement is one side of a conversion between two balances"}, s.acceptConversion)
	add(s, endpoint{method: get, path: "/foreign-balances", id: "listForeignBalances", tag: tag, needs: access.Read, summary: "What accounts that keep balances in other currencies hold"}, s.listForeignBalances)
	add(s, endpoint{method: post, path: "/foreign-balances/{account}/revalue", id: "revalueBalance", tag: tag, needs: access.Keep, status: 201,
		summary: "Clear the exchange difference of such an account (666, 766)", text: "A balance that was emptied needs no rate; another is brought to what the rate makes of it."}, s.revalueBalance)
	const vat = "VAT on commissions"
	add(s, endpoint{method: get, path: "/fee-vat", id: "listFeeVAT", tag: vat, needs: access.Read, summary: "Self-assessed VAT on gateways' commissions, by month"}, s.listFeeVAT)
	add(s, endpoint{method: post, path: "/fee-vat/{connection}/{month}", id: "postFeeVAT", tag: vat, needs: access.Keep, status: 201,
		summary: "Post the self-assessed VAT of a gateway's month", text: "D 445662 / C 445201, from the gateway's invoice; once for each connection and month."}, s.postFeeVAT)
}

// rate is what one unit of the books' currency is worth in another on a day.
type rate struct {
	ID       string `json:"id,omitzero" readOnly:"true" example:"USD-2026-03-13"`
	Currency string `json:"currency" example:"USD"`
	Date     date   `json:"date"`
	Rate     number `json:"rate" doc:"Units of the currency for one of the books': 1.0850 for USD."`
	Source   string `json:"source,omitzero" maxLength:"80"`
	By       string `json:"by,omitzero" readOnly:"true"`
	Version  int64  `json:"version,omitzero" readOnly:"true"`
}

func rateOf(r ledger.Rate) rate {
	return rate{r.ID, string(r.Currency), dateOf(r.Date), numberOf(r.Rate), r.Source, r.By, r.Version}
}

func (s *service) listRates(c *call, in *struct {
	Currency string `query:"currency" maxLength:"3"`
	Paging
}) (page[rate], error) {
	v, err := s.views(c)
	if err != nil {
		return page[rate]{}, err
	}
	q := app.RateQuery{Currency: money.Currency(in.Currency)}
	if q.Paging, err = in.paging(); err != nil {
		return page[rate]{}, err
	}
	p, err := v.Rates(c.ctx, c.who.Company, q)
	return list(c, p, err, rateOf)
}

func (s *service) saveRates(c *call, in *struct {
	Body struct {
		Rates []rate `json:"rates" minItems:"1" maxItems:"5000"`
	}
}) (all[rate], error) {
	var r reading
	rates := make([]ledger.Rate, len(in.Body.Rates))
	for i, x := range in.Body.Rates {
		rates[i] = ledger.Rate{Currency: money.Currency(x.Currency), Date: r.date(x.Date, "rates", itoa(i), "date"),
			Rate: r.number(x.Rate, fault.BadRate, "rates", itoa(i), "rate"), Source: x.Source}
	}
	if err := r.Err(); err != nil {
		return all[rate]{}, err
	}
	saved, err := s.app.SaveRates(c.ctx, c.who, rates)
	return whole(saved, err, rateOf)
}

func (s *service) removeRate(c *call, in *struct {
	Rate string `path:"rate" maxLength:"20"`
}) (nothing, error) {
	return nothing{}, c.done(s.app.RemoveRate(c.ctx, c.who, in.Rate))
}

func (s *service) setBalanceAccount(c *call, in *struct {
	Connection connectionID `path:"connection"`
	Currency   string       `path:"currency" maxLength:"3"`
	Body       *struct {
		Account string `json:"account,omitzero" maxLength:"12" doc:"517…; proposed and created when absent."`
	}
}) (connection, error) {
	account := ""
	if in.Body != nil {
		account = in.Body.Account
	}
	conn, err := s.app.SetBalanceAccount(c.ctx, c.who, string(in.Connection), c.version, money.Currency(in.Currency), account)
	return s.showConnection(c, string(in.Connection), conn, err)
}

func (s *service) setArrivalRate(c *call, in *struct {
	Arrival arrivalID `path:"arrival"`
	Body    struct {
		Rate   number  `json:"rate,omitzero" doc:"Units of the movement's currency for one of the books'."`
		Worth  *amount `json:"worth,omitempty" doc:"Counter-value of its gross amount, in the books' currency."`
		Source string  `json:"source,omitzero" maxLength:"80" doc:"Where it is from."`
	}
}) (arrival, error) {
	var r reading
	ri := app.RateInput{Worth: r.money(in.Body.Worth, "worth"), Source: in.Body.Source}
	if in.Body.Rate != "" {
		ri.Rate = r.number(in.Body.Rate, fault.BadRate, "rate")
	}
	if err := r.Err(); err != nil {
		return arrival{}, err
	}
	a, err := s.app.SetArrivalRate(c.ctx, c.who, string(in.Arrival), ri)
	return s.showArrival(c, in.Arrival, a, err)
}

func (s *service) acceptConversion(c *call, in *arrivalPath) (arrival, error) {
	a, err := s.app.AcceptConversion(c.ctx, c.who, string(in.Arrival))
	return s.showArrival(c, in.Arrival, a, err)
}

// foreignBalance is what an account holds in another currency.
type foreignBalance struct {
	Account string `json:"account"`
	Label   string `json:"label"`
	Held    amount `json:"held" doc:"In the currency of the balance: what the gateway holds, too."`
	Book    amount `json:"book" doc:"In the books: debit less credit."`
}

func (s *service) listForeignBalances(c *call, in *struct {
	To civil.Date `query:"to" format:"date" doc:"At the end of this day; now when absent."`
}) (all[foreignBalance], error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return all[foreignBalance]{}, err
	}
	l, err := s.app.ForeignBalances(c.ctx, c.who, in.To)
	return whole(l, err, func(b app.ForeignBalance) foreignBalance {
		return foreignBalance{b.Account, b.Label, moneyAmount(b.Held), amountOf(b.Book, cur)}
	})
}

func (s *service) revalueBalance(c *call, in *struct {
	Account string `path:"account" maxLength:"12"`
	Body    *struct {
		Date date   `json:"date,omitzero" doc:"Of the entry; today when absent."`
		Rate number `json:"rate,omitzero" doc:"Units of the balance's currency for one of the books'."`
	}
}) (entry, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return entry{}, err
	}
	var r reading
	var day civil.Date
	at := app.RateInput{}
	if in.Body != nil {
		day = r.date(in.Body.Date, "date")
		if in.Body.Rate != "" {
			at.Rate = r.number(in.Body.Rate, fault.BadRate, "rate")
		}
	}
	if err := r.Err(); err != nil {
		return entry{}, err
	}
	e, err := s.app.Revalue(c.ctx, c.who, in.Account, day, at.Rate)
	return s.showPosted(c, &e, cur, err)
}

// feeVAT is the self-assessed VAT of one connection and month.
type feeVAT struct {
	ConnectionID connectionID `json:"connection_id"`
	Month        string       `json:"month" example:"2026-03"`
	Base         amount       `json:"base" doc:"Commissions posted in the month."`
	Rate         number       `json:"rate" doc:"Percent."`
	VAT          amount       `json:"vat"`
	Ended        bool         `json:"ended" doc:"The month is over."`
	EntrySeq     int64        `json:"entry_seq,omitzero" doc:"Posted; absent when not yet."`
}

func (s *service) listFeeVAT(c *call, in *struct {
	Year string `query:"year" maxLength:"9" doc:"Fiscal year; the present one when absent."`
}) (all[feeVAT], error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return all[feeVAT]{}, err
	}
	l, err := s.app.FeeVATMonths(c.ctx, c.who, in.Year)
	return whole(l, err, func(m app.FeeVATMonth) feeVAT {
		return feeVAT{connectionID(m.Connection.ID), m.Month.String()[:7], amountOf(m.Base, cur), numberOf(m.Rate), amountOf(m.VAT, cur), m.Ended, m.Entry.Seq}
	})
}

func (s *service) postFeeVAT(c *call, in *struct {
	Connection connectionID `path:"connection"`
	Month      string       `path:"month" pattern:"^[0-9]{4}-[0-9]{2}$"`
	Body       struct {
		Invoice string  `json:"invoice" maxLength:"100" doc:"Number of the gateway's invoice."`
		Date    date    `json:"date,omitzero" doc:"Of the invoice; the end of the month when absent."`
		Base    *amount `json:"base,omitempty" doc:"What the invoice says; as posted when absent."`
	}
}) (entry, error) {
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return entry{}, err
	}
	var r reading
	fi := app.FeeVATInput{Base: r.money(in.Body.Base, "base"), Invoice: in.Body.Invoice, Date: r.date(in.Body.Date, "date")}
	if err := r.Err(); err != nil {
		return entry{}, err
	}
	e, err := s.app.PostFeeVAT(c.ctx, c.who, string(in.Connection), in.Month, fi)
	return s.showPosted(c, &e, cur, err)
}
