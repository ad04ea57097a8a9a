package stripe_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

func TestListRestsAndStays(t *testing.T) {
	b := newBench(t)
	for i := range 7 {
		b.paid(fmt.Sprintf("att_%d", i), eur(10_000), stripefake.How{})
		b.clock.pass(5 * time.Hour)
	}
	all, end := b.poll("", 3)
	if len(all) != 7 {
		t.Fatal(say(all))
	}
	rest, next := b.poll(end, 3)
	if len(rest) != 0 || next != end {
		t.Fatalf("at rest %s and the cursor moves:\n%s\n%s", say(rest), end, next)
	}
	for range 50 { // hours later: sweeps find nothing new
		b.clock.pass(70 * time.Minute)
		if rest, next = b.poll(next, 3); len(rest) != 0 {
			t.Fatal(say(rest))
		}
	}
	if len(next) > gateway.MaxCursor {
		t.Fatalf("a cursor of %d bytes", len(next))
	}
}

func TestListFindsWhatAppearsLate(t *testing.T) {
	b := newBench(t)
	for i := range 20 {
		b.paid(fmt.Sprintf("att_%d", i), eur(10_000), stripefake.How{})
	}
	rows := b.fake.Ledger(b.account)
	must(t, b.fake.Hide(b.account, rows[7].ID, true)) // not published yet when the others are read
	first, cursor := b.poll("", 3)
	if len(first) != 19 {
		t.Fatal(say(first))
	}
	must(t, b.fake.Hide(b.account, rows[7].ID, false))
	b.clock.pass(2 * time.Hour)
	late, cursor := b.poll(cursor, 3)
	b.proven(append(first, late...))
	if rest, _ := b.poll(cursor, 3); len(rest) != 0 {
		t.Fatal(say(rest))
	}
}

func TestListBeginsWhereItIsTold(t *testing.T) {
	b := newBench(t)
	for i := range 30 {
		b.paid(fmt.Sprintf("att_%d", i), eur(10_000), stripefake.How{})
		b.clock.pass(24 * time.Hour)
	}
	since := b.clock.Now().Add(-10 * 24 * time.Hour)
	r := gateway.ListRequest{Since: since, Limit: 4}
	var got []string
	for {
		p, err := b.gateway.ListPayments(t.Context(), r)
		must(t, err)
		must(t, gateway.CheckPage(r, p))
		for _, m := range p.Payments {
			if m.OccurredAt.Before(since) {
				t.Fatalf("%s is older than what was asked for", m.OccurredAt)
			}
			got = append(got, m.Reference)
		}
		if r = (gateway.ListRequest{Cursor: p.Next, Limit: 4}); p.CaughtUp {
			break
		}
	}
	if want := "att_20 att_21 att_22 att_23 att_24 att_25 att_26 att_27 att_28 att_29"; strings.Join(got, " ") != want {
		t.Fatalf("%v", got)
	}
	b.clock.pass(2 * time.Hour) // a sweep does not reach behind it either
	if rest, _ := b.poll(r.Cursor, 4); len(rest) != 0 {
		t.Fatal(say(rest))
	}
}

func TestListReadsMoreThanAPage(t *testing.T) {
	b := newBench(t)
	id, err := b.fake.Book(b.account, stripefake.Row{Type: "topup", Category: "topup", Amount: 1_000_000})
	must(t, err)
	b.clock.pass(90 * 24 * time.Hour)
	for range 350 { // within one second
		_, err := b.fake.Book(b.account, stripefake.Row{Type: "stripe_fee", Category: "fee", Amount: -1})
		must(t, err)
	}
	b.clock.pass(400 * 24 * time.Hour)
	_, err = b.fake.Book(b.account, stripefake.Row{Type: "stripe_fee", Category: "fee", Amount: -2})
	must(t, err)
	all, cursor := b.poll("", 200)
	if len(all) != 352 || all[0].ID != id {
		t.Fatalf("%d movements, first %s", len(all), all[0].ID)
	}
	seen := map[string]bool{}
	for _, p := range all {
		if seen[p.ID] {
			t.Fatalf("%s twice", p.ID)
		}
		seen[p.ID] = true
	}
	b.clock.pass(2 * time.Hour)
	if rest, _ := b.poll(cursor, 10); len(rest) != 0 {
		t.Fatal(say(rest))
	}
}

func TestListOfAnOldAccountBeginsWithinTheFirstSecond(t *testing.T) {
	b := newBench(t)
	for range 250 {
		_, err := b.fake.Book(b.account, stripefake.Row{Type: "stripe_fee", Category: "fee", Amount: -1})
		must(t, err)
	}
	b.clock.pass(900 * 24 * time.Hour)
	_, err := b.fake.Book(b.account, stripefake.Row{Type: "stripe_fee", Category: "fee", Amount: -2})
	must(t, err)
	all, _ := b.poll("", 100)
	if len(all) != 251 {
		t.Fatalf("%d movements", len(all))
	}
}

func TestListGoesOnWhenItsPlaceIsGone(t *testing.T) {
	b := newBench(t)
	b.paid("att_1", eur(10_000), stripefake.How{})
	_, cursor := b.poll("", 10)
	if !strings.Contains(cursor, `"i":"txn_`) {
		t.Fatalf("unexpected cursor %s", cursor)
	}
	// Test data was wiped: the balance transaction that the cursor names exists no more.
	rows := b.fake.Ledger(b.account)
	cursor = strings.Replace(cursor, rows[0].ID, "txn_wiped", 1)
	b.clock.pass(time.Minute)
	_, id := b.paid("att_2", eur(10_000), stripefake.How{})
	all, _ := b.poll(cursor, 10)
	one(t, all, gateway.KindPayment, id)
}

func TestListRefusesCursorsOfOthers(t *testing.T) {
	b := newBench(t)
	for _, c := range []string{
		"x", "{}", `{"v":2,"t":1,"f":1,"e":1,"s":1}`, `{"v":1}`, "null", "[]", `{"v":1,"f":1262304000,"t":1,"e":1,"s":1}`, `{"v":1,"f":1262304000,"t":1262304000,"e":1,"s":1} {}`,
		`{"v":1,"f":1262304000,"t":1262304000,"e":1,"s":1,"who":"me"}`, strings.Repeat("x", 5000),
	} {
		_, err := b.gateway.ListPayments(t.Context(), gateway.ListRequest{Cursor: c, Limit: 2})
		wants(t, err, gateway.ErrPermanent, gateway.NotDone)
		if strings.Contains(err.Error(), "who") {
			t.Error("it quotes the cursor")
		}
	}
}

func TestListBoundsItsCalls(t *testing.T) {
	calls := 0
	b := benchOf(t, stripefake.Account{}, stripe.Options{Transport: counting{&calls}})
	for i := range 60 {
		_, id := b.paid(fmt.Sprintf("att_%d", i), eur(10_000), stripefake.How{Method: "sepa_debit"})
		b.clock.pass(time.Hour)
		must(t, b.fake.SettleDebit(b.account, id, true, "", 0))
		b.clock.pass(4 * time.Hour)
		if i%10 == 9 {
			_, err := b.fake.Payout(b.account, "eur", true, false)
			must(t, err)
		}
	}
	cursor := ""
	for {
		calls = 0
		p, err := b.gateway.ListPayments(t.Context(), gateway.ListRequest{Cursor: cursor, Limit: 200})
		must(t, err)
		if calls > 60 {
			t.Fatalf("%d calls for one page", calls)
		}
		if cursor = p.Next; p.CaughtUp {
			return
		}
	}
}
