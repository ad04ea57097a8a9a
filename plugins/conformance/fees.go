package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

var feeCases = []Case{
	{Name: "tells_the_fee", Section: Fees, Play: People, Check: inShop(tellsTheFee),
		Proves: "A fee that the provider has told is known, more than nothing, and what is left is gross less fee."},
	{Name: "fee_may_come_later", Section: Fees, Play: People, Check: inShop(feeMayComeLater),
		Proves: "A fee that is not told is unknown, and known once it is."},
	{Name: "never_guesses_a_fee", Section: Fees, Play: People, Check: inShop(neverGuessesAFee),
		Proves: "While a fee is unknown no figure is given for it, however it is looked at."},
	{Name: "tells_that_there_is_no_fee", Section: Fees, Play: Freeing, Check: inShop(tellsThatThereIsNoFee),
		Proves: "Where the provider charges nothing, the fee is none or a known nothing, never unknown."},
}

func tellsTheFee(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_fee", s.h.hundred())
	if err != nil {
		return err
	}
	if p.FeeState != gateway.FeeKnown || p.Fee.Sign() <= 0 {
		return fmt.Errorf("the fee is told, and the payment is %s", brief([]gateway.Payment{p}))
	}
	if p.FeeVAT.Currency() != "" && p.FeeVAT.Sign() < 0 {
		return fmt.Errorf("the VAT on a fee of %s is %s", p.Fee, p.FeeVAT)
	}
	return gateway.CheckPayment(p)
}

// untold makes a payment whose fee is not told.
func (s *shop) untold(ctx context.Context) (gateway.Checkout, gateway.Payment, error) {
	page, st, err := s.pay(ctx, "att_untold", s.h.hundred(), PaidFeeLater)
	if err != nil {
		return page, gateway.Payment{}, err
	}
	p, err := one(st, gateway.CheckoutPaid, gateway.Succeeded)
	return page, p, err
}

func feeMayComeLater(ctx context.Context, s *shop) error {
	_, p, err := s.untold(ctx)
	if err != nil {
		return err
	}
	if p.FeeState != gateway.FeeUnknown {
		return fmt.Errorf("a fee that is not told is %s", p.FeeState)
	}
	if err := s.h.World.TellFee(ctx, s.conn, p.ID); err != nil {
		return err
	}
	if p, err = s.FetchPayment(ctx, p.ID); err != nil {
		return err
	}
	if p.FeeState != gateway.FeeKnown || p.Fee.Sign() <= 0 {
		return fmt.Errorf("once told, the fee is %s: %s", p.FeeState, p.Fee)
	}
	return nil
}

func neverGuessesAFee(ctx context.Context, s *shop) error {
	page, p, err := s.untold(ctx)
	if err != nil {
		return err
	}
	all, _, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	st, err := s.look(ctx, page.SessionID)
	if err != nil {
		return err
	}
	fetched, err := s.FetchPayment(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, p := range slices.Concat(all, st.Payments, []gateway.Payment{p, fetched}) {
		if p.FeeState != gateway.FeeKnown && (p.Fee != money.Money{} || p.FeeVAT != money.Money{}) {
			return fmt.Errorf("a fee that is %s is said to be %s", p.FeeState, p.Fee)
		}
		if p.FeeState == gateway.FeeUnknown && (p.Net != money.Money{}) {
			return fmt.Errorf("without a fee, what is left is said to be %s", p.Net)
		}
	}
	return nil
}

func tellsThatThereIsNoFee(ctx context.Context, s *shop) error {
	page, err := s.page(ctx, "att_free", s.h.hundred())
	if err != nil {
		return err
	}
	if err := s.h.World.(Freer).PayFree(ctx, s.conn, page); err != nil {
		return fmt.Errorf("the payer: %w", err)
	}
	st, err := s.finish(ctx, page, "att_free")
	if err != nil {
		return err
	}
	p, err := one(st, gateway.CheckoutPaid, gateway.Succeeded)
	if err == nil && (p.FeeState == gateway.FeeUnknown || !p.Fee.IsZero()) {
		err = fmt.Errorf("a free payment is %s", brief(st.Payments))
	}
	return err
}

var currencyCases = []Case{
	{Name: "counts_in_minor_units", Section: Currencies, Play: People, Check: inShop(countsInMinorUnits),
		Proves: "An amount is the same asked and reported, whether its currency has two decimals, three or none."},
	{Name: "counts_large_amounts", Section: Currencies, Play: People, Check: inShop(countsLargeAmounts),
		Proves: "A million less a cent stays a million less a cent."},
	{Name: "refuses_other_currencies", Section: Currencies, Play: Accounts, Check: inShop(refusesOtherCurrencies),
		Proves: "A currency that it does not announce is refused for good, before anything happens."},
}

func countsInMinorUnits(ctx context.Context, s *shop) error {
	tried := s.h.currencies()
	if len(tried) == 0 {
		return errors.New("it takes none of the currencies to try")
	}
	for _, cur := range tried {
		amount := money.Of(123_450, cur) // a last digit of 0: some providers take no finer amounts of three decimals
		_, st, err := s.pay(ctx, "att_"+string(cur), amount, Paid)
		if err != nil {
			return fmt.Errorf("%s: %w", amount, err)
		}
		if len(st.Payments) != 1 || !st.Payments[0].Gross.Equal(amount) {
			return fmt.Errorf("%s was asked and paid, reported is %s", amount, brief(st.Payments))
		}
	}
	return nil
}

func countsLargeAmounts(ctx context.Context, s *shop) error {
	amount := money.Of(99_999_999, s.h.hundred().Currency())
	_, p, err := s.paid(ctx, "att_large", amount)
	if err == nil && !p.Gross.Equal(amount) {
		err = fmt.Errorf("%s was asked and paid, reported is %s", amount, p.Gross)
	}
	return err
}

func refusesOtherCurrencies(ctx context.Context, s *shop) error {
	if len(s.h.info.Currencies) == 0 {
		return notApplicable("the gateway takes any currency")
	}
	for _, cur := range []money.Currency{"EUR", "USD", "GBP", "CHF", "JPY", "KWD", "TND", "XPF"} {
		if slices.Contains(s.h.info.Currencies, cur) {
			continue
		}
		_, err := s.CreateCheckout(ctx, s.h.request("att_"+string(cur), money.Of(10_000, cur)))
		if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
			return fmt.Errorf("%s: %w", cur, e)
		}
	}
	return nil
}
