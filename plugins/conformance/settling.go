package conformance

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

var settlingCases = []Case{
	{Name: "takes_the_money_once", Section: Settling, Play: People, Check: inShop(takesTheMoneyOnce),
		Proves: "A page that was paid has one payment: its amount, its reference, its page."},
	{Name: "asked_again_takes_no_more", Section: Settling, Play: People, Check: inShop(askedAgainTakesNoMore),
		Proves: "Settling a paid page again, also at once and with other keys, takes nothing more."},
	{Name: "captures_nothing_unapproved", Section: Settling, Play: People, Check: inShop(capturesNothingUnapproved),
		Proves: "Capturing a page on which nobody agreed takes no money."},
	{Name: "declined_takes_nothing", Section: Settling, Play: People, Check: inShop(declinedTakesNothing),
		Proves: "A declined payer's page says so, and no money is reported."},
	{Name: "pending_is_not_paid", Section: Settling, Play: People, Check: inShop(pendingIsNotPaid),
		Proves: "A debit on its way is pending, and then becomes what its end says, under the same id."},
	{Name: "looking_takes_nothing", Section: Settling, Play: Capturing, Check: inShop(lookingTakesNothing),
		Proves: "What a payer agreed to is not taken by looking at it."},
	{Name: "captures_once", Section: Settling, Play: Capturing, Check: inShop(capturesOnce),
		Proves: "What a payer agreed to is taken once, however often, at once, and with whatever keys it is captured."},
	{Name: "late_pages_take_nothing", Section: Settling, Play: Timing, Check: inShop(latePagesTakeNothing),
		Proves: "A page whose time is over says so and cannot be captured."},
}

func takesTheMoneyOnce(ctx context.Context, s *shop) error {
	amount := s.h.hundred()
	page, p, err := s.paid(ctx, "att_paid", amount)
	if err != nil {
		return err
	}
	if p.Kind != gateway.KindPayment || !p.Gross.Equal(amount) || p.Reference != "att_paid" || p.SessionID != page.SessionID {
		return fmt.Errorf("not the payment that was made: %s for %q on page %q", brief([]gateway.Payment{p}), p.Reference, p.SessionID)
	}
	if again, err := s.FetchPayment(ctx, p.ID); err != nil || !reflect.DeepEqual(again, p) {
		return wrong(err, "fetched, the payment looks different: %s and %s", brief([]gateway.Payment{p}), brief([]gateway.Payment{again}))
	}
	return s.charged(ctx, amount)
}

func askedAgainTakesNoMore(ctx context.Context, s *shop) error {
	page, _, err := s.paid(ctx, "att_again", s.h.hundred())
	if err != nil {
		return err
	}
	_, errs := together(6, func(i int) (gateway.CheckoutStatus, error) {
		return s.capture(ctx, page.SessionID, fmt.Sprint("att_again:capture:", i%2))
	})
	for _, err := range errs {
		if err != nil && tolerant([]error{err}) != nil && refusal(err) != nil {
			return err
		}
	}
	st, err := s.look(ctx, page.SessionID)
	if err != nil {
		return err
	}
	if _, err := one(st, gateway.CheckoutPaid, gateway.Succeeded); err != nil {
		return err
	}
	return s.charged(ctx, s.h.hundred())
}

func capturesNothingUnapproved(ctx context.Context, s *shop) error {
	page, err := s.page(ctx, "att_unapproved", s.h.hundred())
	if err != nil {
		return err
	}
	st, err := s.capture(ctx, page.SessionID, "att_unapproved:capture")
	if err != nil {
		if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
			return e
		}
	} else if len(st.Payments) > 0 || st.State == gateway.CheckoutPaid || st.State == gateway.CheckoutProcessing {
		return fmt.Errorf("a page that nobody has paid on is %s with %s", st.State, brief(st.Payments))
	}
	return s.uncharged(ctx)
}

func declinedTakesNothing(ctx context.Context, s *shop) error {
	_, st, err := s.pay(ctx, "att_declined", s.h.hundred(), Declined)
	if err != nil {
		return err
	}
	if st.State != gateway.CheckoutRetry && st.State != gateway.CheckoutFailed && st.State != gateway.CheckoutOpen {
		return fmt.Errorf("a declined page is %s", st.State)
	}
	for _, m := range st.Payments {
		if m.State != gateway.Failed {
			return fmt.Errorf("a declined page has %s", brief(st.Payments))
		}
	}
	return s.uncharged(ctx)
}

func pendingIsNotPaid(ctx context.Context, s *shop) error {
	for key, paid := range map[string]bool{"att_comes": true, "att_fails": false} {
		page, st, err := s.pay(ctx, key, s.h.hundred(), Pending)
		if err != nil {
			return err
		}
		p, err := one(st, gateway.CheckoutProcessing, gateway.Pending)
		if err != nil {
			return err
		}
		if err := s.h.World.Settle(ctx, s.conn, p.ID, paid); err != nil {
			return err
		}
		if st, err = s.look(ctx, page.SessionID); err != nil {
			return err
		}
		if paid {
			p2, err := one(st, gateway.CheckoutPaid, gateway.Succeeded)
			if err != nil || p2.ID != p.ID {
				return wrong(err, "the debit %s came as %s", p.ID, p2.ID)
			}
			if p.FeeState == gateway.FeeKnown && (p2.FeeState != gateway.FeeKnown || !p2.Fee.Equal(p.Fee)) {
				return fmt.Errorf("the fee of a debit on its way was said to be %s; now it is %s: %s", p.Fee, p2.FeeState, p2.Fee)
			}
			continue
		}
		if p, err = s.FetchPayment(ctx, p.ID); err != nil || p.State != gateway.Failed {
			return wrong(err, "a debit that failed is %s", p.State)
		}
		if st.State != gateway.CheckoutFailed && st.State != gateway.CheckoutRetry {
			return fmt.Errorf("the page of a debit that failed is %s", st.State)
		}
	}
	return nil
}

// approved opens a page on which the payer agrees.
func (s *shop) approved(ctx context.Context, key string) (gateway.Checkout, error) {
	page, err := s.page(ctx, key, s.h.hundred())
	if err != nil {
		return page, err
	}
	if err := s.h.World.(Capturer).Approve(ctx, s.conn, page); err != nil {
		return page, fmt.Errorf("the payer: %w", err)
	}
	return page, nil
}

func lookingTakesNothing(ctx context.Context, s *shop) error {
	page, err := s.approved(ctx, "att_look")
	if err != nil {
		return err
	}
	for range 3 {
		st, err := s.look(ctx, page.SessionID)
		if err != nil {
			return err
		}
		if st.State != gateway.CheckoutAuthorized || len(st.Payments) != 0 {
			return fmt.Errorf("looked at, an authorised page is %s with %s", st.State, brief(st.Payments))
		}
	}
	return s.uncharged(ctx)
}

func capturesOnce(ctx context.Context, s *shop) error {
	page, err := s.approved(ctx, "att_capture")
	if err != nil {
		return err
	}
	_, errs := together(6, func(int) (gateway.CheckoutStatus, error) {
		return s.capture(ctx, page.SessionID, "att_capture:capture")
	})
	if err := tolerant(errs); err != nil {
		return err
	}
	for _, key := range []string{"att_capture:capture", "att_capture:again"} {
		if _, err := s.capture(ctx, page.SessionID, key); err != nil && refusal(err) != nil {
			return err
		}
	}
	st, err := s.look(ctx, page.SessionID)
	if err != nil {
		return err
	}
	if _, err := one(st, gateway.CheckoutPaid, gateway.Succeeded); err != nil {
		return err
	}
	return s.charged(ctx, s.h.hundred())
}

func latePagesTakeNothing(ctx context.Context, s *shop) error {
	page, err := s.page(ctx, "att_late", s.h.hundred())
	if err != nil {
		return err
	}
	const late = 72 * time.Hour // no provider keeps a page that long
	if err := s.h.World.(Clock).Advance(ctx, late); err != nil {
		return err
	}
	s.h.ahead += late
	st, err := s.look(ctx, page.SessionID)
	if err != nil {
		return err
	}
	if st.State != gateway.CheckoutExpired && st.State != gateway.CheckoutCancelled {
		return fmt.Errorf("three days later the page is %s", st.State)
	}
	if st, err := s.capture(ctx, page.SessionID, "att_late:capture"); err != nil && refusal(err) != nil || len(st.Payments) > 0 {
		return wrong(err, "captured too late, the page has %s", brief(st.Payments))
	}
	return s.uncharged(ctx)
}
