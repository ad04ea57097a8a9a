package payments

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// foreign says whether the row is of a balance in another currency than the books.
func (r row) foreign() bool { return r.Gross.Currency() != r.own && r.Gross.Currency() != "" }

// settles is what the row is to the customer, as far as that is known.
func (r row) settles() money.Money {
	if r.Settled.Currency() != "" {
		return r.Settled
	}
	return r.Gross
}

// worth says below an amount what was charged to the payer, or what it is worth in the books.
func (r row) worth(ctx context.Context) string {
	l := ui.L(ctx)
	switch {
	case r.Charged.Currency() != "":
		return ui.T(ctx, "inbox.charged_short", "amount", l.Money(r.Charged))
	case r.Worth.Currency() != "":
		return ui.T(ctx, "inbox.worth_short", "amount", l.Money(r.Worth.Abs()))
	}
	return ""
}

// exchangeFacts are what is known of a row's currencies.
func (r row) exchangeFacts(ctx context.Context) []ui.Fact {
	l := ui.L(ctx)
	var out []ui.Fact
	text := func(key, value string) { out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: ui.Text(value)}) }
	if r.Charged.Currency() != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "inbox.charged"), Value: ui.Amount(r.Charged)})
		if r.Rate != "" {
			text("inbox.provider_rate", plainRate(ctx, r.Rate)+" "+string(r.Gross.Currency())+"/"+string(r.Charged.Currency()))
		}
	}
	if r.Worth.Currency() != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "inbox.worth"), Value: ui.Amount(r.Worth.Abs())})
		text("inbox.book_rate", ui.T(ctx, "inbox.book_rate_value", "rate", l.Decimal(r.BookRate, 0), "currency", string(r.Gross.Currency()),
			"own", string(r.own), "source", r.RateSource))
	}
	return out
}

// plainRate writes the provider's rate as the reader does.
func plainRate(ctx context.Context, rate string) string {
	d, err := decimal.NewFromString(rate)
	if err != nil {
		return rate
	}
	return ui.L(ctx).Decimal(d, 0)
}

func worthHelp(ctx context.Context, v rateView) string {
	if v.byCounterValue() {
		return ui.T(ctx, "inbox.rate.cost_help")
	}
	return ui.T(ctx, "inbox.rate.worth_help")
}

// rateIntro says what values the movement: a rate, or what arrived for it.
func (v rateView) rateIntro(ctx context.Context) string {
	if v.byCounterValue() {
		return ui.T(ctx, "inbox.rate.cost_intro", "own", string(v.own))
	}
	return ui.T(ctx, "inbox.rate.intro", "own", string(v.own))
}

func (v rateView) worthLabel(ctx context.Context) string {
	amount := ui.L(ctx).Money(v.Gross.Abs())
	if v.byCounterValue() {
		return ui.T(ctx, "inbox.rate.arrived", "amount", amount)
	}
	return ui.T(ctx, "inbox.rate.worth", "amount", amount)
}

// rateView is what the page of a rate is drawn from.
type rateView struct {
	desk
	row
	day civil.Date // of the movement
}

// on is the day that a movement belongs to, by which its rate is looked for.
func (h *screens) on(r row) civil.Date { return civil.On(r.OccurredAt.In(h.Zone)) }

// byCounterValue says whether only an amount can tell what the row is worth.
func (v rateView) byCounterValue() bool { return v.Cost() }

func (h *screens) askRate(c *fiberweb.Ctx) error {
	return h.ask(c, func(d desk, r row) error {
		if !r.foreign() {
			return fault.New(fault.Refused, fault.RateNotNeeded, "currency", string(r.own))
		}
		f := c.NewForm()
		if !r.BookRate.IsZero() && !r.Cost() {
			f.SetDecimal("rate", r.BookRate).Set("source", r.RateSource)
		}
		if r.Cost() && r.Worth.Currency() != "" {
			f.SetMoney("worth", r.Worth.Abs())
		}
		return c.Show(ratePage(rateView{d, r, h.on(r)}, f))
	})
}

// giveRate takes what a person says a movement is worth, and keeps the rate in the table when asked to.
func (h *screens) giveRate(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	d, r, err := h.one(c)
	if err != nil {
		return err
	}
	in := app.RateInput{Rate: f.Decimal("rate"), Source: f.Text("source", 80)}
	if f.Value("worth") != "" {
		in.Worth = f.Money("worth", d.currency())
	}
	if f.OK() && f.Bool("keep") && in.Worth.Currency() == "" {
		_, err := h.SaveRates(c.Context(), c.Actor(), []ledger.Rate{{Currency: r.Gross.Currency(), Date: h.on(r), Rate: in.Rate, Source: in.Source}})
		for _, e := range fault.All(err) {
			f.Add(e.On("rate"))
		}
		if err != nil && len(fault.All(err)) == 0 {
			return err
		}
	}
	var a inbox.Arrival
	if f.OK() {
		a, err = h.SetArrivalRate(c.Context(), c.Actor(), r.ID, in)
		if fault.KindOf(err) == fault.Conflict || fault.KindOf(err) == fault.NotFound {
			return err
		}
		f.Fail(err)
	}
	if !f.OK() {
		return h.ask(c, func(d desk, r row) error { return c.Invalid(f, ratePage(rateView{d, r, h.on(r)}, f)) })
	}
	return decided(c, a, "inbox.valued")
}

func (h *screens) askConversion(c *fiberweb.Ctx) error {
	return h.ask(c, func(_ desk, r row) error { return c.Show(conversionPage(r)) })
}

func (h *screens) acceptConversion(c *fiberweb.Ctx) error {
	a, err := h.AcceptConversion(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	return decided(c, a, "inbox.converted")
}
