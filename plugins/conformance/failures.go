package conformance

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

var errorCases = []Case{
	{Name: "says_not_found", Section: Errors, Play: Accounts, Check: inShop(saysNotFound),
		Proves: "What the account does not have is not found, and nothing was done."},
	{Name: "odd_ids_lead_nowhere", Section: Errors, Play: Accounts, Check: inShop(oddIDsLeadNowhere),
		Proves: "An id that is no id leads to no other thing of the provider's: it is not found, or refused for good."},
	{Name: "cancelled_calls_are_retryable", Section: Errors, Play: Accounts, Check: inShop(cancelledCallsAreRetryable),
		Proves: "A call whose caller has gone is answered or retryable, and its key still opens one page."},
	{Name: "no_answer_is_unknown", Section: Errors, Play: Stalling, Check: inShop(noAnswerIsUnknown),
		Proves: "A provider that does not answer before the deadline is retryable, the outcome unknown."},
}

// strangers are the calls for things by id.
func (s *shop) strangers(ctx context.Context, id string) map[string]error {
	errs := map[string]error{}
	_, errs["FetchPayment"] = s.FetchPayment(ctx, id)
	_, errs["SettleCheckout"] = s.SettleCheckout(ctx, gateway.SettleRequest{SessionID: id})
	if x, ok := s.Gateway.(gateway.Expirer); ok {
		_, errs["ExpireCheckout"] = x.ExpireCheckout(ctx, id)
	}
	if x, ok := s.Gateway.(gateway.PayoutReader); ok {
		_, errs["PayoutItems"] = x.PayoutItems(ctx, id)
	}
	if x, ok := s.Gateway.(gateway.Refunder); ok {
		_, errs["Refund"] = x.Refund(ctx, gateway.RefundRequest{IdempotencyKey: "ref_" + fmt.Sprint(len(id)), PaymentID: id, Amount: s.h.hundred()})
	}
	return errs
}

func saysNotFound(ctx context.Context, s *shop) error {
	errs := s.strangers(ctx, "id_nobody_made")
	for _, call := range slices.Sorted(maps.Keys(errs)) {
		if e := wants(errs[call], gateway.ErrNotFound, gateway.NotDone); e != nil {
			return fmt.Errorf("%s: %w", call, e)
		}
	}
	return nil
}

func oddIDsLeadNowhere(ctx context.Context, s *shop) error {
	for _, id := range []string{"", ".", "..", "../../v1/balance", "a/b", "a?limit=1", "a#b", "a b", "%2e%2e", "é", "a\x00b", "a\r\nX-Injected: 1", strings.Repeat("a", 5000)} {
		errs := s.strangers(ctx, id)
		for _, call := range slices.Sorted(maps.Keys(errs)) {
			if e := refusal(errs[call]); e != nil {
				return fmt.Errorf("%s of %.20q: %w", call, id, e)
			}
		}
	}
	return nil
}

func cancelledCallsAreRetryable(ctx context.Context, s *shop) error {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	r := s.h.request("att_gone", s.h.hundred())
	errs := map[string]error{}
	page, err := s.CreateCheckout(gone, r)
	errs["CreateCheckout"] = err
	_, errs["ListPayments"] = s.ListPayments(gone, gateway.ListRequest{Limit: 1})
	_, errs["Check"] = s.Check(gone)
	for _, call := range slices.Sorted(maps.Keys(errs)) {
		var e *gateway.Error
		if err := errs[call]; err != nil && (!errors.As(err, &e) || e.Kind != gateway.ErrRetryable) {
			return fmt.Errorf("%s: %w", call, err)
		}
	}
	again, err := s.CreateCheckout(ctx, r)
	if err == nil && page.SessionID != "" {
		err = same(page, again)
	}
	return err
}

func noAnswerIsUnknown(ctx context.Context, s *shop) error {
	if err := s.h.World.(Staller).Stall(ctx, s.conn); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err := s.FetchPayment(soon, "id_nobody_made")
	return wants(err, gateway.ErrRetryable, gateway.Unknown)
}
