package conformance

import (
	"context"
	"errors"
	"fmt"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

var refundCases = []Case{
	{Name: "refunds_a_part", Section: Returns, Needs: gateway.CanRefund, Play: People, Check: inShop(refundsAPart),
		Proves: "A refund of a part is one movement of that amount, related to its payment, and listed."},
	{Name: "refunds_the_whole", Section: Returns, Needs: gateway.CanRefund, Play: People, Check: inShop(refundsTheWhole),
		Proves: "A payment is given back whole, at once or by parts, and not a cent more."},
	{Name: "refuses_to_refund_too_much", Section: Returns, Needs: gateway.CanRefund, Play: People, Check: inShop(refusesToRefundTooMuch),
		Proves: "More than what is left, nothing, or another currency is refused for good, and nothing was done."},
	{Name: "one_key_one_refund", Section: Returns, Needs: gateway.CanRefund, Play: People, Check: inShop(oneKeyOneRefund),
		Proves: "The same key refunds once, called again and at once."},
	{Name: "a_refund_key_has_one_amount", Section: Returns, Needs: gateway.CanRefund, Play: People, Check: inShop(aRefundKeyHasOneAmount),
		Proves: "A key that comes back with another amount is refused or means the first refund."},
	{Name: "refunds_at_once_stay_within", Section: Returns, Needs: gateway.CanRefund, Play: People, Check: inShop(refundsAtOnceStayWithin),
		Proves: "Refunds at once never give back more than was paid."},
	{Name: "refunds_only_what_came", Section: Returns, Needs: gateway.CanRefund, Play: People, Check: inShop(refundsOnlyWhatCame),
		Proves: "A debit on its way and a payment of another account are not refunded."},
	{Name: "a_refund_outlives_the_program", Section: Returns, Needs: gateway.CanRefund, Play: Restarting, Check: inShop(aRefundOutlivesTheProgram),
		Proves: "Killed and started again, the same key still means the same refund."},
	{Name: "sees_refunds_made_elsewhere", Section: Returns, Play: Refunding, Check: inShop(seesRefundsMadeElsewhere),
		Proves: "A refund made at the provider is listed with its payment, and a fee that comes back is a negative fee."},
}

// refund gives back.
func (s *shop) refund(ctx context.Context, key, payment string, amount money.Money) (gateway.Payment, error) {
	x, ok := s.Gateway.(gateway.Refunder)
	if !ok {
		return gateway.Payment{}, errors.New("it announces refunds and does not have them")
	}
	return x.Refund(ctx, gateway.RefundRequest{IdempotencyKey: key, PaymentID: payment, Amount: amount})
}

// part is some minor units of the usual currency.
func (s *shop) part(minor int64) money.Money { return money.Of(minor, s.h.hundred().Currency()) }

// given is the sum of an account's refunds, and how many there are.
func (s *shop) given(ctx context.Context) (money.Money, int, error) {
	all, _, err := s.list(ctx, "", 10)
	sum := s.part(0)
	made := of(gateway.KindRefund, all)
	for _, m := range made {
		sum = sum.Plus(m.Gross)
	}
	return sum, len(made), err
}

// gave says what an account has given back.
func (s *shop) gave(ctx context.Context, minor int64, n int) error {
	if sum, made, err := s.given(ctx); err != nil || made != n || !sum.Equal(s.part(minor)) {
		return wrong(err, "the list has %d refunds of %s, not %d of %s", made, sum, n, s.part(minor))
	}
	return nil
}

func refundsAPart(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_back", s.h.hundred())
	if err != nil {
		return err
	}
	r, err := s.refund(ctx, "ref_part", p.ID, s.part(2_500))
	if err != nil {
		return err
	}
	if r.Kind != gateway.KindRefund || !r.Gross.Equal(s.part(2_500)) || r.RelatedID != p.ID || r.State == gateway.Failed {
		return fmt.Errorf("not the refund that was asked for: %s, related to %q", brief([]gateway.Payment{r}), r.RelatedID)
	}
	if again, err := s.FetchPayment(ctx, r.ID); err != nil || again.ID != r.ID || again.Kind != r.Kind || !again.Gross.Equal(r.Gross) {
		return wrong(err, "fetched, the refund is %s", brief([]gateway.Payment{again}))
	}
	return s.gave(ctx, 2_500, 1)
}

func refundsTheWhole(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_whole", s.h.hundred())
	if err != nil {
		return err
	}
	if _, err := s.refund(ctx, "ref_whole", p.ID, p.Gross); err != nil {
		return err
	}
	_, p2, err := s.paid(ctx, "att_parts", s.h.hundred())
	if err != nil {
		return err
	}
	for i, minor := range []int64{3_333, 3_333, 3_334} {
		if _, err := s.refund(ctx, fmt.Sprint("ref_part_", i), p2.ID, s.part(minor)); err != nil {
			return err
		}
	}
	for i, id := range []string{p.ID, p2.ID} {
		_, err := s.refund(ctx, fmt.Sprint("ref_more_", i), id, s.part(100))
		if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
			return fmt.Errorf("more than all: %w", e)
		}
	}
	return s.gave(ctx, 20_000, 4)
}

func refusesToRefundTooMuch(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_much", s.h.hundred())
	if err != nil {
		return err
	}
	other := money.Currency("USD")
	if p.Gross.Currency() == other {
		other = "GBP"
	}
	for i, amount := range []money.Money{s.part(10_001), s.part(0), s.part(-100), money.Of(1_000, other)} {
		_, err := s.refund(ctx, fmt.Sprint("ref_much_", i), p.ID, amount)
		if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
			return fmt.Errorf("%s of %s: %w", amount, p.Gross, e)
		}
	}
	return s.gave(ctx, 0, 0)
}

func oneKeyOneRefund(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_key", s.h.hundred())
	if err != nil {
		return err
	}
	made, errs := together(6, func(int) (gateway.Payment, error) { return s.refund(ctx, "ref_key", p.ID, s.part(2_500)) })
	last, err := s.refund(ctx, "ref_key", p.ID, s.part(2_500))
	if err := errors.Join(err, tolerant(errs)); err != nil {
		return err
	}
	for _, r := range made {
		if r.ID != "" && r.ID != last.ID {
			return fmt.Errorf("one key refunded %s and %s", r.ID, last.ID)
		}
	}
	return s.gave(ctx, 2_500, 1)
}

func aRefundKeyHasOneAmount(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_key", s.h.hundred())
	if err != nil {
		return err
	}
	first, err := s.refund(ctx, "ref_amount", p.ID, s.part(1_000))
	if err != nil {
		return err
	}
	other, err := s.refund(ctx, "ref_amount", p.ID, s.part(2_000))
	if err != nil {
		if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
			return e
		}
	} else if other.ID != first.ID {
		return fmt.Errorf("one key refunded %s and %s", first.ID, other.ID)
	}
	return s.gave(ctx, 1_000, 1)
}

func refundsAtOnceStayWithin(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_race", s.h.hundred())
	if err != nil {
		return err
	}
	_, errs := together(5, func(i int) (gateway.Payment, error) {
		return s.refund(ctx, fmt.Sprint("ref_race_", i), p.ID, s.part(4_000))
	})
	for _, err := range errs {
		if err != nil && tolerant([]error{err}) != nil && wants(err, gateway.ErrPermanent, gateway.NotDone) != nil {
			return err
		}
	}
	if sum, n, err := s.given(ctx); err != nil || sum.Cmp(p.Gross) > 0 || n == 0 {
		return wrong(err, "of %s, %d refunds gave back %s", p.Gross, n, sum)
	}
	return nil
}

func refundsOnlyWhatCame(ctx context.Context, s *shop) error {
	_, st, err := s.pay(ctx, "att_debit", s.h.hundred(), Pending)
	if err != nil {
		return err
	}
	if len(st.Payments) != 1 {
		return fmt.Errorf("a pending page has %s", brief(st.Payments))
	}
	_, err = s.refund(ctx, "ref_pending", st.Payments[0].ID, s.part(1_000))
	if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
		return fmt.Errorf("a debit on its way: %w", e)
	}
	_, p, err := s.paid(ctx, "att_mine", s.h.hundred())
	if err != nil {
		return err
	}
	other, err := s.h.open(ctx)
	if err != nil {
		return err
	}
	_, err = other.refund(ctx, "ref_theirs", p.ID, s.part(1_000))
	if e := refusal(err); e != nil {
		return fmt.Errorf("another account's payment: %w", e)
	}
	return s.gave(ctx, 0, 0)
}

func aRefundOutlivesTheProgram(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_lives", s.h.hundred())
	if err != nil {
		return err
	}
	first, err := s.refund(ctx, "ref_lives", p.ID, s.part(1_000))
	if err != nil {
		return err
	}
	if s, err = s.restarted(ctx); err != nil {
		return err
	}
	if again, err := s.refund(ctx, "ref_lives", p.ID, s.part(1_000)); err != nil || again.ID != first.ID {
		return wrong(err, "one key refunded %s and, after a restart, %s", first.ID, again.ID)
	}
	return s.gave(ctx, 1_000, 1)
}

func seesRefundsMadeElsewhere(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_elsewhere", s.h.hundred())
	if err != nil {
		return err
	}
	_, end, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	if err := s.h.World.(Refunds).RefundAtProvider(ctx, s.conn, p.ID, s.part(4_000)); err != nil {
		return err
	}
	all, _, err := s.list(ctx, end, 10)
	if err != nil {
		return err
	}
	made := of(gateway.KindRefund, all)
	if len(made) != 1 || !made[0].Gross.Equal(s.part(4_000)) || made[0].RelatedID != p.ID {
		return fmt.Errorf("a refund made at the provider is listed as %s", brief(all))
	}
	if r := made[0]; r.FeeState == gateway.FeeKnown && (r.Fee.Sign() > 0 || r.Fee.Abs().Cmp(p.Fee) > 0) {
		return fmt.Errorf("of a fee of %s, %s came back", p.Fee, r.Fee)
	}
	return nil
}

var disputeCases = []Case{
	{Name: "sees_disputes", Section: Disputes, Play: Disputing, Check: inShop(seesDisputes),
		Proves: "Money that a bank takes back is a dispute of its payment, and comes back as that dispute's reversal."},
}

func seesDisputes(ctx context.Context, s *shop) error {
	_, p, err := s.paid(ctx, "att_disputed", s.h.hundred())
	if err != nil {
		return err
	}
	_, end, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	bank := s.h.World.(Disputer)
	if err := bank.Dispute(ctx, s.conn, p.ID); err != nil {
		return err
	}
	all, end, err := s.list(ctx, end, 10)
	if err != nil {
		return err
	}
	lost := of(gateway.KindDispute, all)
	if len(lost) != 1 || lost[0].State != gateway.Succeeded || !lost[0].Gross.Equal(p.Gross) || lost[0].RelatedID != p.ID {
		return fmt.Errorf("a dispute of %s is listed as %s", p.ID, brief(all))
	}
	if err := bank.WinDispute(ctx, s.conn, lost[0].ID); err != nil {
		return err
	}
	if all, _, err = s.list(ctx, end, 10); err != nil {
		return err
	}
	won := of(gateway.KindDisputeReversal, all)
	if len(won) != 1 || !won[0].Gross.Equal(p.Gross) || won[0].RelatedID != lost[0].ID {
		return fmt.Errorf("a dispute that was won is listed as %s", brief(all))
	}
	return nil
}
