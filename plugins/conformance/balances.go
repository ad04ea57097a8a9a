package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

var closingCases = []Case{
	{Name: "closes_pages", Section: Closing, Needs: gateway.CanExpire, Play: Accounts, Check: inShop(closesPages),
		Proves: "A page that is closed, once or twice, is closed and takes no money."},
	{Name: "closes_no_paid_page", Section: Closing, Needs: gateway.CanExpire, Play: People, Check: inShop(closesNoPaidPage),
		Proves: "Closing a page that was paid meanwhile is no error, says so and loses nothing."},
}

func (s *shop) expire(ctx context.Context, session string) (gateway.CheckoutStatus, error) {
	x, ok := s.Gateway.(gateway.Expirer)
	if !ok {
		return gateway.CheckoutStatus{}, errors.New("it announces closing pages and does not have it")
	}
	return x.ExpireCheckout(ctx, session)
}

// closed says that a page is over without money.
func closed(st gateway.CheckoutStatus) error {
	if st.State != gateway.CheckoutExpired && st.State != gateway.CheckoutCancelled || len(st.Payments) > 0 {
		return fmt.Errorf("a closed page is %s with %s", st.State, brief(st.Payments))
	}
	return nil
}

func closesPages(ctx context.Context, s *shop) error {
	page, err := s.page(ctx, "att_close", s.h.hundred())
	if err != nil {
		return err
	}
	for range 2 {
		st, err := s.expire(ctx, page.SessionID)
		if err != nil {
			return err
		}
		if err := closed(st); err != nil {
			return err
		}
	}
	if st, err := s.capture(ctx, page.SessionID, "att_close:capture"); err != nil && refusal(err) != nil || len(st.Payments) > 0 {
		return wrong(err, "captured, a closed page has %s", brief(st.Payments))
	}
	st, err := s.look(ctx, page.SessionID)
	if err != nil {
		return err
	}
	return errors.Join(closed(st), s.uncharged(ctx))
}

func closesNoPaidPage(ctx context.Context, s *shop) error {
	page, p, err := s.paid(ctx, "att_too_late", s.h.hundred())
	if err != nil {
		return err
	}
	st, err := s.expire(ctx, page.SessionID)
	if err != nil {
		return err
	}
	again, err := one(st, gateway.CheckoutPaid, gateway.Succeeded)
	if err != nil || again.ID != p.ID {
		return wrong(err, "closing the page of %s shows %s", p.ID, again.ID)
	}
	return s.charged(ctx, s.h.hundred())
}

var balanceCases = []Case{
	{Name: "an_empty_account_holds_nothing", Section: Balance, Needs: gateway.CanBalance, Play: Accounts, Check: inShop(anEmptyAccountHoldsNothing),
		Proves: "The balance of a new account is nothing."},
	{Name: "holds_what_it_listed", Section: Balance, Needs: gateway.CanBalance, Play: People, Check: inShop(holdsWhatItListed),
		Proves: "In each currency the balance is the sum of what the listed movements left."},
	{Name: "counts_what_is_on_its_way_exactly", Section: Balance, Needs: gateway.CanBalance, Play: People, Check: inShop(countsWhatIsOnItsWay),
		Proves: "A debit on its way is not in the balance, or is in it less the fee that was told; when it comes it is in it, when it fails it is not."},
}

// effect is what a movement does to the balance, as far as the gateway has told.
func effect(p gateway.Payment) money.Money {
	switch {
	case p.State != gateway.Succeeded:
		return money.Zero(p.Gross.Currency())
	case p.FeeState == gateway.FeeKnown:
		return p.Net
	case p.Kind.Inflow():
		return p.Gross
	}
	return p.Gross.Neg()
}

func (s *shop) balance(ctx context.Context) (map[money.Currency]int64, error) {
	x, ok := s.Gateway.(gateway.BalanceReader)
	if !ok {
		return nil, errors.New("it announces its balance and does not tell it")
	}
	all, err := x.Balance(ctx)
	if err != nil {
		return nil, err
	}
	held := map[money.Currency]int64{}
	for _, m := range all {
		if m.Minor() != 0 {
			held[m.Currency()] += m.Minor()
		}
	}
	return held, gateway.CheckBalance(all)
}

// proven says that the balance is the sum of what was listed. Money on its way is in it nowhere, or in every currency with
// what will be left of it: a provider that counts a debit early has told its fee.
func (s *shop) proven(ctx context.Context) error {
	held, err := s.balance(ctx)
	if err != nil {
		return err
	}
	all, _, err := s.list(ctx, "", 100)
	if err != nil {
		return err
	}
	settled, coming := map[money.Currency]int64{}, map[money.Currency]int64{}
	for _, p := range latest(all) {
		cur := p.Gross.Currency()
		settled[cur] += effect(p).Minor()
		coming[cur] += effect(p).Minor()
		if p.State == gateway.Pending && p.FeeState != gateway.FeeUnknown {
			p.State = gateway.Succeeded
			coming[cur] += effect(p).Minor()
		}
	}
	for _, sum := range []map[money.Currency]int64{held, settled, coming} {
		maps.DeleteFunc(sum, func(_ money.Currency, v int64) bool { return v == 0 })
	}
	if !maps.Equal(held, settled) && !maps.Equal(held, coming) {
		return fmt.Errorf("it holds %s; its movements make %s, or %s with what is on its way", amounts(held), amounts(settled), amounts(coming))
	}
	return nil
}

// amounts are sums in words.
func amounts(sums map[money.Currency]int64) string {
	if len(sums) == 0 {
		return "nothing"
	}
	var all []string
	for _, cur := range slices.Sorted(maps.Keys(sums)) {
		all = append(all, money.Of(sums[cur], cur).String())
	}
	return strings.Join(all, ", ")
}

func anEmptyAccountHoldsNothing(ctx context.Context, s *shop) error {
	held, err := s.balance(ctx)
	if err == nil && len(held) > 0 {
		err = fmt.Errorf("a new account holds something in %v", slices.Sorted(maps.Keys(held)))
	}
	return err
}

func holdsWhatItListed(ctx context.Context, s *shop) error {
	var p gateway.Payment
	for i, cur := range s.h.currencies() {
		var err error
		if _, p, err = s.paid(ctx, fmt.Sprint("att_", i), money.Of(50_000, cur)); err != nil {
			return err
		}
	}
	if s.h.info.Can(gateway.CanRefund) {
		if _, err := s.refund(ctx, "ref_held", p.ID, money.Of(20_000, p.Gross.Currency())); err != nil {
			return err
		}
	}
	return s.proven(ctx)
}

func countsWhatIsOnItsWay(ctx context.Context, s *shop) error {
	for key, paid := range map[string]bool{"att_comes": true, "att_fails": false} {
		_, st, err := s.pay(ctx, key, s.h.hundred(), Pending)
		if err != nil {
			return err
		}
		p, err := one(st, gateway.CheckoutProcessing, gateway.Pending)
		if err != nil {
			return err
		}
		if err := s.proven(ctx); err != nil {
			return fmt.Errorf("while a debit is on its way: %w", err)
		}
		if err := s.h.World.Settle(ctx, s.conn, p.ID, paid); err != nil {
			return err
		}
		if err := s.proven(ctx); err != nil {
			return fmt.Errorf("after it (%s): %w", key, err)
		}
	}
	return nil
}

var payoutCases = []Case{
	{Name: "sees_payouts", Section: Payouts, Play: People, Check: inShop(seesPayouts),
		Proves: "Money sent to the bank is listed as one payout, and the balance stays proven."},
	{Name: "a_payout_is_its_items", Section: Payouts, Needs: gateway.CanPayoutItems, Play: People, Check: inShop(aPayoutIsItsItems),
		Proves: "What a payout consists of is listed, adds up to it, and names it."},
}

// payout lets three payments be paid out.
func (s *shop) payout(ctx context.Context) (gateway.Payment, map[string]gateway.Payment, error) {
	for i := range 3 {
		if _, _, err := s.paid(ctx, fmt.Sprint("att_", i), s.h.hundred()); err != nil {
			return gateway.Payment{}, nil, err
		}
	}
	if err := s.h.World.Payout(ctx, s.conn, s.h.hundred().Currency()); err != nil {
		return gateway.Payment{}, nil, err
	}
	all, _, err := s.list(ctx, "", 10)
	if err != nil {
		return gateway.Payment{}, nil, err
	}
	out := of(gateway.KindPayout, all)
	if len(out) != 1 || out[0].Gross.Sign() <= 0 {
		return gateway.Payment{}, nil, fmt.Errorf("one payout was made, listed are %s", brief(out))
	}
	byID := map[string]gateway.Payment{}
	for _, p := range latest(all) {
		byID[p.ID] = p
	}
	return out[0], byID, nil
}

func seesPayouts(ctx context.Context, s *shop) error {
	p, listed, err := s.payout(ctx)
	if err != nil {
		return err
	}
	if sum := effect(p); sum.Sign() >= 0 {
		return fmt.Errorf("a payout of %s leaves %s more", p.Gross, sum)
	}
	left := s.part(0)
	for _, m := range listed {
		left = left.Plus(effect(m))
	}
	if left.Sign() < 0 {
		return fmt.Errorf("after a payout of %s the movements leave %s", p.Gross, left)
	}
	if s.h.info.Can(gateway.CanBalance) {
		return s.proven(ctx)
	}
	return nil
}

func aPayoutIsItsItems(ctx context.Context, s *shop) error {
	payout, listed, err := s.payout(ctx)
	if err != nil {
		return err
	}
	x, ok := s.Gateway.(gateway.PayoutReader)
	if !ok {
		return errors.New("it announces what payouts consist of and does not tell it")
	}
	ids, err := x.PayoutItems(ctx, payout.ID)
	if err != nil {
		return err
	}
	sum := money.Zero(payout.Gross.Currency())
	seen := map[string]bool{}
	for _, id := range ids {
		p, ok := listed[id]
		switch {
		case !ok:
			return fmt.Errorf("the payout's item %s is not listed", id)
		case seen[id]:
			return fmt.Errorf("%s is in the payout twice", id)
		case p.PayoutID != "" && p.PayoutID != payout.ID:
			return fmt.Errorf("%s is in the payout %s and says %s", id, payout.ID, p.PayoutID)
		}
		seen[id] = true
		sum = sum.Plus(effect(p))
	}
	if !sum.Equal(payout.Gross) {
		return fmt.Errorf("a payout of %s consists of %s", payout.Gross, sum)
	}
	return nil
}
