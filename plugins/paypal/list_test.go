package paypal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// A row that cannot be read, and an object that cannot, do not hold up the list.
func TestMode30_PoisonItem(t *testing.T) {
	for _, gap := range []time.Duration{time.Minute, 5 * 24 * time.Hour, 20 * 24 * time.Hour} {
		t.Run(gap.String(), func(t *testing.T) {
			s := newShop(t)
			usd := s.paid("at_usd", money.Of(5_000, "USD"), paypalfake.Outcome{Act: paypalfake.Pays})
			s.clock.pass(time.Minute)
			claimed := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
			d, err := s.fake.OpenDispute(claimed.ID, false, "UNAUTHORISED")
			if err != nil {
				t.Fatal(err)
			}
			s.fake.Inject(paypalfake.Fault{Path: "/v1/customer", Kind: paypalfake.FaultStatus, Status: 500, Times: 3})
			s.fake.Inject(paypalfake.Fault{Path: "/v2/payments/captures/" + usd.ID, Kind: paypalfake.FaultMalformed, Times: 3})
			all, cursor := s.list("")
			l := latest(all)
			if p := l["payment "+usd.ID]; p.State != gateway.Pending || p.Reason != "LOOKUP_FAILED" {
				t.Errorf("a payment that cannot be read is %s", line(p))
			}
			if p := l["payment "+claimed.ID]; p.State != gateway.Succeeded {
				t.Errorf("the payment behind it is %s", line(p))
			}
			for range 3 {
				s.clock.pass(gap)
				all, cursor = s.list(cursor)
			}
			l = latest(all)
			if l["payment "+usd.ID].State != gateway.Succeeded || l["dispute "+d].State != gateway.Pending {
				t.Errorf("once they can be read, listed %d", len(all))
			}
			s.clock.pass(gap)
			if all, _ = s.list(cursor); len(all) != 0 {
				t.Errorf("at rest, listed %d", len(all))
			}
		})
	}
}

// Rows in currencies that do not exist are given to the host as they are, which sets them aside, and the list goes on.
func TestUnreadableRowIsSetAside(t *testing.T) {
	s := newShop(t)
	s.contract.docs = nil
	bad, err := s.fake.Write(s.merchant, paypalfake.Line{Code: "T0006", Minor: 5, Currency: "ZZZ"})
	if err != nil {
		t.Fatal(err)
	}
	s.clock.pass(time.Minute)
	good := s.paid("at_1", eur(100), paypalfake.Outcome{Act: paypalfake.Pays})
	page, err := s.g.ListPayments(t.Context(), gateway.ListRequest{Limit: 10})
	for err == nil && !page.CaughtUp {
		var more gateway.Page
		more, err = s.g.ListPayments(t.Context(), gateway.ListRequest{Cursor: page.Next, Limit: 10})
		more.Payments = append(page.Payments, more.Payments...)
		page = more
	}
	if err != nil || len(page.Payments) != 2 || page.Payments[0].ID != bad || gateway.CheckPayment(page.Payments[0]) == nil || page.Payments[1].ID != good.ID {
		t.Fatalf("%v: %+v", err, page.Payments)
	}
}

// write puts n fees into the account's statement, one every step.
func (s *shop) write(n int, step time.Duration) map[string]bool {
	s.t.Helper()
	made := map[string]bool{}
	for i := range n {
		id, err := s.fake.Write(s.merchant, paypalfake.Line{Code: "T0100", Minor: int64(-1 - i), Currency: money.EUR})
		if err != nil {
			s.t.Fatal(err)
		}
		made["fee "+id] = true
		s.clock.pass(step)
	}
	return made
}

func TestListFindsAllWhateverPayPalDoes(t *testing.T) {
	for name, change := range map[string]func(*paypalfake.AccountOptions){
		"plain":                   func(*paypalfake.AccountOptions) {},
		"too large":               func(o *paypalfake.AccountOptions) { o.SearchMost = 7 },
		"too large, and says 200": func(o *paypalfake.AccountOptions) { o.SearchMost, o.TooLargeSays200 = 7, true },
		"shortened":               func(o *paypalfake.AccountOptions) { o.SearchSpan = 30 * time.Hour },
		"in another time zone":    func(o *paypalfake.AccountOptions) { o.Zone = -570 },
	} {
		for _, step := range []time.Duration{time.Second, 40 * time.Minute, 20 * time.Hour} {
			for _, limit := range []int{1, 7, 500} {
				t.Run(fmt.Sprintf("%s, every %s, by %d", name, step, limit), func(t *testing.T) {
					s := newShop(t, change)
					made := s.write(45, step)
					all, cursor, err := listOn(t.Context(), s.g, "", time.Time{}, limit)
					if err != nil {
						t.Fatal(err)
					}
					for i := 1; i < len(all); i++ {
						if all[i].OccurredAt.Before(all[i-1].OccurredAt) {
							t.Fatalf("%s comes after %s", line(all[i]), line(all[i-1]))
						}
					}
					for k := range latest(all) {
						delete(made, k)
					}
					if len(made) != 0 || len(all) != 45 {
						t.Fatalf("listed %d, %d were not found", len(all), len(made))
					}
					s.clock.pass(time.Minute)
					if all, _, err = listOn(t.Context(), s.g, cursor, time.Time{}, limit); err != nil || len(all) != 0 {
						t.Fatalf("%v: at rest, listed %d", err, len(all))
					}
				})
			}
		}
	}
}

// An hour with more rows than a page of PayPal's is read page by page.
func TestListBusyHour(t *testing.T) {
	s := newShop(t)
	made := s.write(1203, time.Second)
	all, _, err := listOn(t.Context(), s.g, "", s.clock.now().Add(-2*time.Hour), 500)
	if err != nil || len(all) != len(made) || len(latest(all)) != len(made) {
		t.Fatalf("%v: %d made, %d listed", err, len(made), len(all))
	}
}

// Reports come up to three hours late, and change in the past.
func TestListLate(t *testing.T) {
	s := newShop(t, func(o *paypalfake.AccountOptions) { o.Late = 3 * time.Hour })
	found := map[string]int{}
	made := map[string]bool{}
	cursor := ""
	for range 60 {
		for k := range s.write(2, 7*time.Minute) {
			made[k] = true
		}
		var all []gateway.Payment
		all, cursor = s.list(cursor)
		for _, p := range all {
			found[string(p.Kind)+" "+p.ID]++
		}
	}
	s.clock.pass(4 * time.Hour)
	all, _ := s.list(cursor)
	for _, p := range all {
		found[string(p.Kind)+" "+p.ID]++
	}
	for k := range made {
		if found[k] == 0 {
			t.Errorf("%s was not found", k)
		}
	}
}

// What pends for weeks changes on the day when it began.
func TestListChangeOfThreeWeeksAgo(t *testing.T) {
	s := newShop(t)
	p := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pend, Reason: "UNILATERAL"})
	_, cursor := s.list("")
	for day := range 29 {
		s.clock.pass(24 * time.Hour)
		if day == 27 {
			if err := s.fake.SettleCapture(p.ID, true); err != nil {
				t.Fatal(err)
			}
		}
		var all []gateway.Payment
		if all, cursor = s.list(cursor); (len(all) == 1) != (day == 27) {
			t.Fatalf("on day %d listed %d", day, len(all))
		}
	}
}

func TestCursorOfTheBusiest(t *testing.T) {
	s := newShop(t)
	s.write(1500, 37*time.Minute) // each hour of 38 days has rows
	_, cursor := s.list("")
	if len(cursor) > gateway.MaxCursor*3/4 {
		t.Errorf("a cursor of %d bytes", len(cursor))
	}
	for _, bad := range []string{"pp1.", "pp1.AAAA", cursor + "A", cursor[:len(cursor)-3], "pp2." + cursor[4:], strings.ToLower(cursor)} {
		_, err := s.g.ListPayments(t.Context(), gateway.ListRequest{Cursor: bad, Limit: 1})
		wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	}
}

// The usual account costs one call for a poll, and nothing for each payment.
func TestListAsksLittle(t *testing.T) {
	s := newShop(t)
	for i := range 20 {
		s.paid(fmt.Sprintf("at_%d", i), eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
		s.clock.pass(time.Minute)
	}
	_, cursor := s.list("")
	clear(s.contract.checked)
	s.paid("at_last", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	before := s.contract.checked["GET /v2/payments/captures/{capture_id}"]
	if all, _ := s.list(cursor); len(all) == 0 {
		t.Fatal("nothing listed")
	}
	if len(s.contract.docs) > 0 && (s.contract.checked["GET /v1/reporting/transactions"] != 1 || s.contract.checked["GET /v2/payments/captures/{capture_id}"] != before) {
		t.Errorf("a poll asked %v", s.contract.checked)
	}
}
