package conformance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

var listingCases = []Case{
	{Name: "begins_empty", Section: Listing, Play: Accounts, Check: inShop(beginsEmpty),
		Proves: "The list of a new account is empty and caught up."},
	{Name: "lists_without_gaps", Section: Listing, Play: People, Check: inShop(listsWithoutGaps),
		Proves: "Small pages, large pages and pages of the gateway's own size list the same payments in the same order."},
	{Name: "goes_on_from_every_cursor", Section: Listing, Play: People, Check: inShop(goesOnFromEveryCursor),
		Proves: "From any cursor that it gave, the list goes on without leaving anything out."},
	{Name: "rests_at_the_end", Section: Listing, Play: People, Check: inShop(restsAtTheEnd),
		Proves: "At its end the list is caught up, again and again, and what comes then is listed."},
	{Name: "lists_changes_again", Section: Listing, Play: People, Check: inShop(listsChangesAgain),
		Proves: "A debit that is settled after it was listed is listed again."},
	{Name: "lists_late_fees_again", Section: Listing, Play: People, Check: inShop(listsLateFeesAgain),
		Proves: "A payment whose fee is told after it was listed is listed again."},
	{Name: "lists_what_it_fetches", Section: Listing, Play: People, Check: inShop(listsWhatItFetches),
		Proves: "A movement looks the same listed and fetched; the list may only leave out who paid, for what and where."},
	{Name: "honours_since", Section: Listing, Play: People, Check: inShop(honoursSince),
		Proves: "The first import goes back as far as it is asked to, and no further."},
	{Name: "refuses_strange_cursors", Section: Listing, Play: People, Check: inShop(refusesStrangeCursors),
		Proves: "A cursor that it never gave is refused for good or means the beginning; it never skips."},
	{Name: "a_cursor_outlives_the_program", Section: Listing, Play: Restarting, Check: inShop(aCursorOutlivesTheProgram),
		Proves: "Killed and started again, it goes on from its cursors."},
	{Name: "keeps_accounts_apart", Section: Listing, Play: People, Check: inShop(keepsAccountsApart),
		Proves: "Nothing of one account is shown to another."},
}

// five makes five payments and returns their ids.
func (s *shop) five(ctx context.Context) (made []string, err error) {
	for i := range 5 {
		_, p, err := s.paid(ctx, fmt.Sprint("att_", i), s.h.hundred())
		if err != nil {
			return nil, err
		}
		made = append(made, p.ID)
	}
	return made, nil
}

func beginsEmpty(ctx context.Context, s *shop) error {
	if all, _, err := s.list(ctx, "", 2); err != nil || len(all) != 0 {
		return wrong(err, "a new account lists %s", brief(all))
	}
	return nil
}

func listsWithoutGaps(ctx context.Context, s *shop) error {
	_, start, err := s.list(ctx, "", 2)
	if err != nil {
		return err
	}
	made, err := s.five(ctx)
	if err != nil {
		return err
	}
	for _, from := range []string{"", start} {
		for _, limit := range []int{1, 2, 100, 0, 1_000_000} {
			all, _, err := s.list(ctx, from, limit)
			if err != nil {
				return err
			}
			if got := firsts(all); !reflect.DeepEqual(got, made) {
				return fmt.Errorf("made %v, listed %v by pages of %d", made, got, limit)
			}
		}
	}
	return nil
}

func goesOnFromEveryCursor(ctx context.Context, s *shop) error {
	if _, err := s.five(ctx); err != nil {
		return err
	}
	whole, cursors, err := s.pages(ctx, gateway.ListRequest{Limit: 1})
	if err != nil {
		return err
	}
	for _, c := range cursors {
		rest, _, err := s.list(ctx, c.at, 3)
		if err != nil {
			return err
		}
		for _, due := range firsts(whole[c.before:]) {
			if got := latest(rest); got["payment "+due].ID == "" {
				return fmt.Errorf("behind the cursor after %d movements, %s is left out: %s", c.before, due, brief(rest))
			}
		}
	}
	return nil
}

func restsAtTheEnd(ctx context.Context, s *shop) error {
	_, end, err := s.list(ctx, "", 2)
	if err != nil {
		return err
	}
	for i := range 3 {
		_, made, err := s.paid(ctx, fmt.Sprint("att_rest_", i), s.h.hundred())
		if err != nil {
			return err
		}
		var all []gateway.Payment
		if all, end, err = s.list(ctx, end, 2); err != nil {
			return err
		}
		if got := latest(all); got["payment "+made.ID].ID == "" {
			return fmt.Errorf("%s is not listed behind the former end", made.ID)
		}
		for range 2 {
			p, err := s.ListPayments(ctx, gateway.ListRequest{Cursor: end, Limit: 100})
			if err != nil {
				return err
			}
			if !p.CaughtUp {
				return errors.New("at its end the list is not caught up")
			}
			end = p.Next
		}
	}
	return nil
}

func listsChangesAgain(ctx context.Context, s *shop) error {
	_, st, err := s.pay(ctx, "att_changes", s.h.hundred(), Pending)
	if err != nil {
		return err
	}
	if len(st.Payments) != 1 {
		return fmt.Errorf("a pending page has %s", brief(st.Payments))
	}
	id := st.Payments[0].ID
	_, end, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	if err := s.h.World.Settle(ctx, s.conn, id, true); err != nil {
		return err
	}
	changed, _, err := s.list(ctx, end, 10)
	if err == nil && latest(changed)["payment "+id].State != gateway.Succeeded {
		err = fmt.Errorf("a payment that succeeded after it was listed is not listed again: %s", brief(changed))
	}
	return err
}

func listsLateFeesAgain(ctx context.Context, s *shop) error {
	_, st, err := s.pay(ctx, "att_later", s.h.hundred(), PaidFeeLater)
	if err != nil {
		return err
	}
	if len(st.Payments) != 1 {
		return fmt.Errorf("a paid page has %s", brief(st.Payments))
	}
	id := st.Payments[0].ID
	_, end, err := s.list(ctx, "", 10)
	if err != nil {
		return err
	}
	if err := s.h.World.TellFee(ctx, s.conn, id); err != nil {
		return err
	}
	changed, _, err := s.list(ctx, end, 10)
	if err == nil && latest(changed)["payment "+id].FeeState != gateway.FeeKnown {
		err = fmt.Errorf("a payment whose fee was told after it was listed is not listed again: %s", brief(changed))
	}
	return err
}

func listsWhatItFetches(ctx context.Context, s *shop) error {
	made, err := s.five(ctx)
	if err != nil {
		return err
	}
	if s.h.info.Can(gateway.CanRefund) {
		if _, err := s.refund(ctx, "ref_listed", made[0], s.part(4_000)); err != nil {
			return err
		}
	}
	if _, _, err := s.pay(ctx, "att_debit", s.h.hundred(), Pending); err != nil {
		return err
	}
	all, _, err := s.list(ctx, "", 100)
	if err != nil {
		return err
	}
	for _, m := range latest(all) {
		got, err := s.FetchPayment(ctx, m.ID)
		if err != nil {
			return err
		}
		if names := unlike(m, got); len(names) > 0 {
			return fmt.Errorf("listed %s, fetched %s: %s differ", brief([]gateway.Payment{m}), brief([]gateway.Payment{got}), strings.Join(names, ", "))
		}
	}
	return nil
}

// unlike names the fields in which a listed movement is not the fetched one. A list need not ask the provider once more for
// each movement to tell who paid, for what and on which page: such texts may be missing from it, and are never other ones.
// What is booked or matched by (id, kind, state, amounts, fee, what it relates to, method, times) is the same. A list that
// stamps a movement earlier than a look is older, which its reader allows for; later, and the look would be taken for old.
func unlike(listed, fetched gateway.Payment) []string {
	listed.Raw, fetched.Raw = nil, nil // two objects of the provider may tell of one movement
	for _, f := range []struct{ listed, fetched *string }{
		{&listed.Reference, &fetched.Reference}, {&listed.SessionID, &fetched.SessionID}, {&listed.Description, &fetched.Description},
		{&listed.Payer.Name, &fetched.Payer.Name}, {&listed.Payer.Email, &fetched.Payer.Email}, {&listed.Payer.Country, &fetched.Payer.Country},
	} {
		if *f.listed == "" {
			*f.fetched = ""
		}
	}
	if listed.UpdatedAt.Before(fetched.UpdatedAt) {
		listed.UpdatedAt = fetched.UpdatedAt
	}
	var names []string
	l, f := reflect.ValueOf(listed), reflect.ValueOf(fetched)
	for i := range l.NumField() {
		if !reflect.DeepEqual(l.Field(i).Interface(), f.Field(i).Interface()) {
			names = append(names, l.Type().Field(i).Name)
		}
	}
	return names
}

func honoursSince(ctx context.Context, s *shop) error {
	made, err := s.five(ctx)
	if err != nil {
		return err
	}
	for _, c := range []struct {
		since time.Duration
		due   []string
	}{{-24 * time.Hour, made}, {24 * time.Hour, []string{}}} {
		all, _, err := s.pages(ctx, gateway.ListRequest{Since: s.h.now().Add(c.since), Limit: 2})
		if err != nil {
			return err
		}
		if got := firsts(all); !reflect.DeepEqual(got, c.due) {
			return fmt.Errorf("since %s from now: %v, not %v", c.since, got, c.due)
		}
	}
	return nil
}

func refusesStrangeCursors(ctx context.Context, s *shop) error {
	made, err := s.five(ctx)
	if err != nil {
		return err
	}
	for _, cursor := range []string{"no such cursor", "0", "-1", "{}", "%00", "../..", "é\u202e", strings.Repeat("9", 4000)} {
		all, _, err := s.list(ctx, cursor, 2)
		if err != nil {
			if e := wants(err, gateway.ErrPermanent, gateway.NotDone); e != nil {
				return fmt.Errorf("%.20q: %w", cursor, e)
			}
			continue
		}
		if got := firsts(all); !reflect.DeepEqual(got, made) {
			return fmt.Errorf("%.20q skips: listed %v of %v", cursor, got, made)
		}
	}
	return nil
}

func aCursorOutlivesTheProgram(ctx context.Context, s *shop) error {
	_, first, err := s.paid(ctx, "att_before", s.h.hundred())
	if err != nil {
		return err
	}
	_, end, err := s.list(ctx, "", 2)
	if err != nil {
		return err
	}
	if s, err = s.restarted(ctx); err != nil {
		return err
	}
	_, second, err := s.paid(ctx, "att_after", s.h.hundred())
	if err != nil {
		return err
	}
	rest, _, err := s.list(ctx, end, 2)
	if err != nil {
		return err
	}
	if latest(rest)["payment "+second.ID].ID == "" {
		return fmt.Errorf("behind a cursor of the former process %s is left out", second.ID)
	}
	all, _, err := s.list(ctx, "", 2)
	if got, due := firsts(all), []string{first.ID, second.ID}; err == nil && !reflect.DeepEqual(got, due) {
		err = fmt.Errorf("after the restart it lists %v, not %v", got, due)
	}
	return err
}

func keepsAccountsApart(ctx context.Context, s *shop) error {
	page, p, err := s.paid(ctx, "att_mine", s.h.hundred())
	if err != nil {
		return err
	}
	other, err := s.h.open(ctx)
	if err != nil {
		return err
	}
	if all, _, err := other.list(ctx, "", 10); err != nil || len(all) != 0 {
		return wrong(err, "another account lists %s", brief(all))
	}
	st, err := other.SettleCheckout(ctx, gateway.SettleRequest{SessionID: page.SessionID})
	if refusal(err) != nil {
		return wrong(err, "another account's page is shown: %s", st.State)
	}
	_, err = other.FetchPayment(ctx, p.ID)
	if refusal(err) != nil {
		return wrong(err, "another account's payment is shown")
	}
	return nil
}
