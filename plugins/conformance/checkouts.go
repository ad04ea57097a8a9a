package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

var checkoutCases = []Case{
	{Name: "opens_a_page", Section: Checkout, Play: Accounts, Check: inShop(opensAPage),
		Proves: "A new page is open, at a web address, and nobody has paid on it."},
	{Name: "refuses_no_amount", Section: Checkout, Play: Accounts, Check: inShop(refusesNoAmount),
		Proves: "A page for nothing, or for less, is refused for good."},
	{Name: "says_when_it_closes", Section: Checkout, Play: Accounts, Check: inShop(saysWhenItCloses),
		Proves: "Any wish for the page's end is brought within the provider's bounds, and what is said of it is ahead."},
	{Name: "passes_what_the_payer_reads", Section: Checkout, Play: Viewing, Check: inShop(passesWhatThePayerReads),
		Proves: "Amount, reference, description, document, e-mail and language reach the provider as they are."},
	{Name: "takes_bare_requests", Section: Checkout, Play: Accounts, Check: inShop(takesBareRequests),
		Proves: "A page opens for a customer of whom nothing is known."},
	{Name: "takes_long_texts", Section: Checkout, Play: Accounts, Check: inShop(takesLongTexts),
		Proves: "Texts longer than the provider takes, of any script, are shortened and never refused."},
}

func opensAPage(ctx context.Context, s *shop) error {
	page, err := s.page(ctx, "att_open", s.h.hundred())
	if err != nil {
		return err
	}
	if err := gateway.CheckCheckout(page); err != nil {
		return err
	}
	st, err := s.look(ctx, page.SessionID)
	if err == nil && (st.State != gateway.CheckoutOpen || len(st.Payments) != 0) {
		err = fmt.Errorf("a new page is %s with %s", st.State, brief(st.Payments))
	}
	return err
}

func refusesNoAmount(ctx context.Context, s *shop) error {
	for _, minor := range []int64{0, -1, -10_000} {
		amount := money.Of(minor, s.h.hundred().Currency())
		_, err := s.CreateCheckout(ctx, s.h.request(fmt.Sprint("att_", minor), amount))
		if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
			return fmt.Errorf("%s: %w", amount, e)
		}
	}
	return nil
}

func saysWhenItCloses(ctx context.Context, s *shop) error {
	now := s.h.now()
	for i, wish := range []time.Time{{}, now.Add(10 * time.Minute), now.Add(time.Hour), now.AddDate(10, 0, 0)} {
		r := s.h.request(fmt.Sprint("att_", i), s.h.hundred())
		r.ExpiresAt = wish
		page, err := s.CreateCheckout(ctx, r)
		if err != nil {
			return fmt.Errorf("to close at %s: %w", wish, err)
		}
		if !page.ExpiresAt.IsZero() && !page.ExpiresAt.After(now) {
			return fmt.Errorf("a page closed at %s before it opened", page.ExpiresAt)
		}
	}
	r := s.h.request("att_past", s.h.hundred())
	r.ExpiresAt = now.Add(-time.Hour)
	page, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return wants(err, gateway.ErrPermanent, gateway.NotDone)
	}
	if !page.ExpiresAt.IsZero() && !page.ExpiresAt.After(now) {
		return errors.New("a page is opened that is closed already")
	}
	return nil
}

func passesWhatThePayerReads(ctx context.Context, s *shop) error {
	r := s.h.request("att_seen", s.h.hundred())
	page, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return err
	}
	seen, err := s.h.World.(Viewer).View(ctx, s.conn, page)
	if err != nil {
		return err
	}
	if !seen.Amount.Equal(r.Amount) {
		return fmt.Errorf("%s was asked, the page asks for %s", r.Amount, seen.Amount)
	}
	if seen.Description == "" {
		return errors.New("the page does not say what is paid")
	}
	for what, v := range map[string][2]string{
		"reference": {r.Reference, seen.Reference}, "description": {r.Description, seen.Description}, "document": {r.Document, seen.Document},
		"e-mail": {r.CustomerEmail, seen.CustomerEmail}, "language": {r.Locale[:2], seen.Locale}, "return address": {r.ReturnURL, seen.ReturnURL},
	} {
		if v[1] != "" && !strings.HasPrefix(v[1], v[0]) {
			return fmt.Errorf("the %s is not the one that was passed", what)
		}
	}
	return nil
}

func takesBareRequests(ctx context.Context, s *shop) error {
	r := s.h.request("att_bare", s.h.hundred())
	r.CustomerName, r.CustomerEmail, r.Locale, r.Document = "", "", "", ""
	if _, err := s.CreateCheckout(ctx, r); err != nil {
		return err
	}
	r = s.h.request("att_elsewhere", s.h.hundred())
	r.Locale = "tlh-Latn-001" // a language that no provider speaks
	_, err := s.CreateCheckout(ctx, r)
	return err
}

func takesLongTexts(ctx context.Context, s *shop) error {
	for i, text := range []string{strings.Repeat("é", 1900), strings.Repeat("請求書 ", 300), "a\nb\tc\u00a0<b>&\"'\u202e", strings.Repeat("🧾", 400)} {
		r := s.h.request(fmt.Sprint("att_long_", i), s.h.hundred())
		r.Description, r.CustomerName, r.Document = text, text, text
		page, err := s.CreateCheckout(ctx, r)
		if err != nil {
			return fmt.Errorf("text %d: %w", i, err)
		}
		if _, err := s.look(ctx, page.SessionID); err != nil {
			return fmt.Errorf("text %d: %w", i, err)
		}
	}
	return nil
}

var idempotencyCases = []Case{
	{Name: "one_key_one_page", Section: Idempotency, Play: Accounts, Check: inShop(oneKeyOnePage),
		Proves: "The same request with the same key leads to the same page, one call after the other."},
	{Name: "one_key_one_page_at_once", Section: Idempotency, Play: Accounts, Check: inShop(oneKeyOnePageAtOnce),
		Proves: "The same key opens one page also when it comes several times at once."},
	{Name: "another_key_another_page", Section: Idempotency, Play: Accounts, Check: inShop(anotherKeyAnotherPage),
		Proves: "A new key opens a new page."},
	{Name: "a_key_is_an_accounts_own", Section: Idempotency, Play: Accounts, Check: inShop(aKeyIsAnAccountsOwn),
		Proves: "The same key on two accounts opens two pages."},
	{Name: "a_key_has_one_amount", Section: Idempotency, Play: People, Check: inShop(aKeyHasOneAmount),
		Proves: "A key that comes back with another amount is refused or leads to the first page, and never charges twice."},
	{Name: "lost_answer_is_unknown", Section: Idempotency, Play: People, Check: inShop(lostAnswerIsUnknown),
		Proves: "When the provider's answer is lost, the outcome is said to be unknown."},
	{Name: "lost_page_is_found_again", Section: Idempotency, Play: People, Check: inShop(lostPageIsFoundAgain),
		Proves: "After a lost answer the same key leads to one page, which is paid once."},
	{Name: "a_key_outlives_the_program", Section: Idempotency, Play: Restarting, Check: inShop(aKeyOutlivesTheProgram),
		Proves: "Killed and started again, the same key still leads to the same page."},
}

func same(a, b gateway.Checkout) error {
	if a.SessionID != b.SessionID || a.URL != b.URL {
		return fmt.Errorf("one key opened %s and %s", a.SessionID, b.SessionID)
	}
	return nil
}

func oneKeyOnePage(ctx context.Context, s *shop) error {
	r := s.h.request("att_once", s.h.hundred())
	first, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return err
	}
	again, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return err
	}
	return same(first, again)
}

// tolerant is errs without those that say "come back": a provider may refuse a key that is in use at this moment.
func tolerant(errs []error) error {
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool {
		var e *gateway.Error
		return errors.As(err, &e) && e.Kind == gateway.ErrRetryable
	})...)
}

func oneKeyOnePageAtOnce(ctx context.Context, s *shop) error {
	r := s.h.request("att_at_once", s.h.hundred())
	pages, errs := together(8, func(int) (gateway.Checkout, error) { return s.CreateCheckout(ctx, r) })
	last, err := s.CreateCheckout(ctx, r)
	if err := errors.Join(err, tolerant(errs)); err != nil {
		return err
	}
	for _, p := range pages {
		if p.SessionID != "" {
			err = errors.Join(err, same(p, last))
		}
	}
	return err
}

func anotherKeyAnotherPage(ctx context.Context, s *shop) error {
	first, err := s.page(ctx, "att_key_1", s.h.hundred())
	if err != nil {
		return err
	}
	if other, err := s.page(ctx, "att_key_2", s.h.hundred()); err != nil || other.SessionID == first.SessionID {
		return wrong(err, "another key opened the same page %s", other.SessionID)
	}
	return nil
}

func aKeyIsAnAccountsOwn(ctx context.Context, s *shop) error {
	other, err := s.h.open(ctx)
	if err != nil {
		return err
	}
	first, err := s.page(ctx, "att_shared", s.h.hundred())
	if err != nil {
		return err
	}
	if p, err := other.page(ctx, "att_shared", s.h.hundred()); err != nil || p.SessionID == first.SessionID {
		return wrong(err, "two accounts share the page %s", p.SessionID)
	}
	return nil
}

func aKeyHasOneAmount(ctx context.Context, s *shop) error {
	amount := s.h.hundred()
	page, err := s.page(ctx, "att_amount", amount)
	if err != nil {
		return err
	}
	r := s.h.request("att_amount", amount.Plus(amount))
	other, err := s.CreateCheckout(ctx, r)
	if err != nil {
		if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
			return e
		}
	} else if err := same(page, other); err != nil {
		return err
	}
	if err := s.h.World.Pay(ctx, s.conn, page, Paid); err != nil {
		return fmt.Errorf("the payer: %w", err)
	}
	if _, err := s.finish(ctx, page, "att_amount"); err != nil {
		return err
	}
	return s.charged(ctx, amount)
}

// lost makes a request whose answer is lost.
func (s *shop) lost(ctx context.Context, r gateway.CheckoutRequest) error {
	if err := s.h.World.LoseAnswer(ctx, s.conn); err != nil {
		return err
	}
	_, err := s.CreateCheckout(ctx, r)
	if err == nil {
		return errors.New("the answer was lost, and there is one")
	}
	return err
}

func lostAnswerIsUnknown(ctx context.Context, s *shop) error {
	return wants(s.lost(ctx, s.h.request("att_lost", s.h.hundred())), gateway.ErrRetryable, gateway.Unknown)
}

func lostPageIsFoundAgain(ctx context.Context, s *shop) error {
	r := s.h.request("att_lost", s.h.hundred())
	_ = s.lost(ctx, r) // what it says is another case's
	page, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return fmt.Errorf("the same key again: %w", err)
	}
	again, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return err
	}
	if err := same(page, again); err != nil {
		return err
	}
	if err := s.h.World.Pay(ctx, s.conn, page, Paid); err != nil {
		return fmt.Errorf("the payer: %w", err)
	}
	if _, err := s.finish(ctx, page, "att_lost"); err != nil {
		return err
	}
	return s.charged(ctx, r.Amount)
}

// restarted is the same shop after its program was killed and started again.
func (s *shop) restarted(ctx context.Context) (*shop, error) {
	if err := s.h.Driver.(Restarter).Restart(ctx); err != nil {
		return nil, fmt.Errorf("start again: %w", err)
	}
	return s.h.with(ctx, s.conn)
}

func aKeyOutlivesTheProgram(ctx context.Context, s *shop) error {
	r := s.h.request("att_lives", s.h.hundred())
	page, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return err
	}
	if s, err = s.restarted(ctx); err != nil {
		return err
	}
	again, err := s.CreateCheckout(ctx, r)
	if err != nil {
		return err
	}
	return same(page, again)
}
