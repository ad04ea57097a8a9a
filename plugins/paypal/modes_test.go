package paypal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// The failure modes of payment gateways, as far as they are PayPal's connector's to handle; the numbers are those of the list
// that the whole program is built against.

func TestMode01_SameWebhookTwice(t *testing.T) {
	s := newShop(t)
	s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	events := map[string]int{}
	for range 2 { // PayPal's retries are new transmissions of the same event
		for _, d := range s.fake.Deliveries(s.merchant, time.Time{}) {
			h, err := s.g.ParseWebhook(t.Context(), delivery(d))
			if err != nil {
				t.Fatal(err)
			}
			events[h.EventID]++
		}
	}
	if len(events) != 2 { // approved, completed
		t.Fatalf("events %v", events)
	}
	for id, n := range events {
		if n != 2 {
			t.Errorf("event %s came under %d ids", id, n)
		}
	}
}

func TestMode02_OutOfOrder(t *testing.T) {
	s := newShop(t)
	p := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pend})
	s.clock.pass(time.Hour)
	if err := s.fake.SettleCapture(p.ID, true); err != nil {
		t.Fatal(err)
	}
	ds := s.fake.Deliveries(s.merchant, time.Time{})
	for i := len(ds) - 1; i >= 0; i-- { // completed, pending, approved
		h, err := s.g.ParseWebhook(t.Context(), delivery(ds[i]))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range h.PaymentIDs {
			if p := s.fetch(id); p.State != gateway.Succeeded {
				t.Errorf("after %s the payment is read as %s", h.Type, p.State)
			}
		}
	}
}

func TestMode03_AllWaysMeet(t *testing.T) {
	s := newShop(t)
	page := s.approve("at_1", eur(12_345), paypalfake.Outcome{Act: paypalfake.Pays})
	byReturn := s.mustSettle("at_1", page, true).Payments[0]
	all, _ := s.list("")
	var byWebhook gateway.Payment
	for _, d := range s.fake.Deliveries(s.merchant, time.Time{}) {
		h, err := s.g.ParseWebhook(t.Context(), delivery(d))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range h.PaymentIDs {
			byWebhook = s.fetch(id)
		}
	}
	if !reflect.DeepEqual(byReturn, byWebhook) {
		t.Errorf("by return %+v\nby webhook %+v", byReturn, byWebhook)
	}
	if len(all) != 1 {
		t.Fatalf("listed %d", len(all))
	}
	l := all[0]
	if l.Kind != byReturn.Kind || l.ID != byReturn.ID || l.State != byReturn.State || !l.Gross.Equal(byReturn.Gross) || !l.Fee.Equal(byReturn.Fee) ||
		!l.Net.Equal(byReturn.Net) || l.Reference != byReturn.Reference || !l.OccurredAt.Equal(byReturn.OccurredAt) || l.Payer != byReturn.Payer {
		t.Errorf("listed %+v\nby return %+v", l, byReturn)
	}
	if !strings.Contains(string(byReturn.Raw), byReturn.ID) || !json.Valid(l.Raw) {
		t.Error("no evidence is kept")
	}
}

func TestMode04_ReturnWithoutPaying(t *testing.T) {
	s := newShop(t)
	page := s.create("at_1", eur(10_000))
	if st := s.mustSettle("at_1", page, true); st.State != gateway.CheckoutOpen || len(st.Payments) != 0 {
		t.Fatalf("a page that nobody paid is %s", st.State)
	}
}

func TestMode05_CrashAfterCreate(t *testing.T) {
	s := newShop(t)
	first := s.create("at_1", eur(10_000))
	s.g = s.reopen()
	if again := s.create("at_1", eur(10_000)); again.SessionID != first.SessionID || again.URL != first.URL {
		t.Fatalf("the same key opened %s and %s", first.SessionID, again.SessionID)
	}
}

func TestMode06_TimeoutOnCreate(t *testing.T) {
	for what, after := range map[string]bool{"before the effect": false, "after it": true} {
		t.Run(what, func(t *testing.T) {
			s := newShop(t)
			s.fake.Inject(paypalfake.Fault{Method: "POST", Path: "/v2/checkout/orders", Kind: paypalfake.FaultHang, After: after})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			_, err := s.g.CreateCheckout(ctx, s.request("at_1", eur(10_000)))
			wants(t, err, gateway.ErrRetryable, gateway.Unknown)
			s.create("at_1", eur(10_000))
		})
	}
}

func TestMode06_TimeoutOnCapture(t *testing.T) {
	for what, after := range map[string]bool{"before the effect": false, "after it": true} {
		for _, kind := range []paypalfake.FaultKind{paypalfake.FaultHang, paypalfake.FaultDrop, paypalfake.FaultMalformed, paypalfake.FaultHTML, paypalfake.FaultEmpty} {
			t.Run(string(kind)+" "+what, func(t *testing.T) {
				s := newShop(t)
				page := s.approve("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
				s.fake.Inject(paypalfake.Fault{Method: "POST", Path: "/v2/checkout/orders/*/capture", Kind: kind, Status: 502, After: after})
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				_, err := s.g.SettleCheckout(ctx, gateway.SettleRequest{SessionID: page.SessionID, IdempotencyKey: "at_1:capture", Capture: true})
				wants(t, err, gateway.ErrRetryable, gateway.Unknown)
				st := s.mustSettle("at_1", page, true)
				if st.State != gateway.CheckoutPaid || len(st.Payments) != 1 {
					t.Fatalf("tried again, the page is %s", st.State)
				}
				all, _ := s.list("")
				if len(all) != 1 {
					t.Fatalf("the money was taken %d times", len(all))
				}
			})
		}
	}
}

func TestMode06_TimeoutOnRefund(t *testing.T) {
	for what, after := range map[string]bool{"before the effect": false, "after it": true} {
		t.Run(what, func(t *testing.T) {
			s := newShop(t)
			p := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
			r := gateway.RefundRequest{IdempotencyKey: "rf_1", PaymentID: p.ID, Amount: eur(4_000), Reason: "Retour"}
			s.fake.Inject(paypalfake.Fault{Method: "POST", Path: "/v2/payments/captures/*/refund", Kind: paypalfake.FaultDrop, After: after})
			_, err := s.g.(gateway.Refunder).Refund(t.Context(), r)
			wants(t, err, gateway.ErrRetryable, gateway.Unknown)
			if _, err := s.g.(gateway.Refunder).Refund(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			all, _ := s.list("")
			if n := count(all, gateway.KindRefund); n != 1 {
				t.Fatalf("refunded %d times", n)
			}
			s.proves(all)
		})
	}
}

func count(all []gateway.Payment, k gateway.Kind) (n int) {
	for _, p := range latest(all) {
		if p.Kind == k {
			n++
		}
	}
	return n
}

func TestMode07_AmountThatPayPalCannotSay(t *testing.T) {
	s := newShop(t)
	for _, m := range []money.Money{money.Of(1_050, "HUF"), money.Of(5_120, "KWD"), eur(0)} {
		_, err := s.g.CreateCheckout(t.Context(), s.request("at_"+string(m.Currency()), m))
		wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	}
	// What is captured is reported as PayPal says it, to the last unit.
	for i, m := range []money.Money{eur(12_345), money.Of(1_500, "JPY"), money.Of(123_400, "HUF")} {
		key := fmt.Sprintf("at_%d", i)
		p := s.paid(key, m, paypalfake.Outcome{Act: paypalfake.Pays})
		if !p.Gross.Equal(m) || p.Reference != key {
			t.Errorf("%s asked, reported %+v", m, p)
		}
	}
}

func TestMode08_CurrencyDiffers(t *testing.T) {
	s := newShop(t, func(o *paypalfake.AccountOptions) { o.Convert = true })
	p := s.paid("at_1", money.Of(10_000, "USD"), paypalfake.Outcome{Act: paypalfake.Pays})
	all, _ := s.list("")
	for how, m := range map[string]gateway.Payment{"settled": p, "fetched": s.fetch(p.ID), "listed": latest(all)["payment "+p.ID]} {
		if !m.Charged.Equal(money.Of(10_000, "USD")) || !m.Gross.Equal(eur(9_200)) || m.Rate == "" || !m.Net.Equal(m.Gross.Minus(m.Fee)) {
			t.Errorf("%s: what the payer paid and what reached the balance are not told apart: %+v", how, m)
		}
	}
	s.proves(all)
}

func TestMode09_NotDueAnyMore(t *testing.T) {
	s := newShop(t)
	page := s.approve("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	for range 3 { // the host looks, and does not want the money
		if st := s.mustSettle("at_1", page, false); st.State != gateway.CheckoutAuthorized || len(st.Payments) != 0 {
			t.Fatalf("looked at, the page is %s with %d payments", st.State, len(st.Payments))
		}
	}
	s.clock.pass(3*time.Hour + time.Second)
	if st := s.mustSettle("at_1", page, true); st.State != gateway.CheckoutExpired {
		t.Fatalf("after its life the page is %s", st.State)
	}
	if all, _ := s.list(""); len(all) != 0 {
		t.Fatal("money was taken")
	}
	never := s.create("at_2", eur(10_000))
	s.clock.pass(3 * time.Hour)
	if st := s.mustSettle("at_2", never, true); st.State != gateway.CheckoutExpired {
		t.Fatalf("a forgotten page is %s", st.State)
	}
}

func TestMode10_TwoPaymentsOfOneInvoice(t *testing.T) {
	s := newShop(t)
	s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	s.paid("at_2", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	all, _ := s.list("")
	refs := map[string]bool{}
	for _, p := range all {
		refs[p.Reference] = true
	}
	if !refs["at_1"] || !refs["at_2"] {
		t.Fatalf("the two payments cannot be told apart: %v", refs)
	}
}

func TestMode12_RefundAtPayPalItself(t *testing.T) {
	s := newShop(t)
	p := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	id, err := s.fake.RefundOutside(p.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := s.list("")
	l := latest(all)
	r, ok := l["refund "+id]
	if !ok || r.RelatedID != p.ID || !r.Gross.Equal(eur(10_000)) || r.State != gateway.Succeeded {
		t.Fatalf("listed %+v", r)
	}
	if got := s.fetch(id); got.Kind != r.Kind || got.ID != r.ID || !got.Gross.Equal(r.Gross) || got.FeeState != r.FeeState || got.RelatedID != r.RelatedID {
		t.Errorf("fetched %+v, listed %+v", got, r)
	}
	if p := s.fetch(p.ID); p.State != gateway.Succeeded {
		t.Errorf("a refunded payment is %s", p.State)
	}
	s.proves(all)
}

func TestMode13_RefundIsAMovementOfItsOwn(t *testing.T) {
	s := newShop(t, func(o *paypalfake.AccountOptions) { o.FeesReturned = true })
	p := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	r, err := s.g.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "rf_1", PaymentID: p.ID, Amount: eur(5_000)})
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind != gateway.KindRefund || !r.Gross.Equal(eur(5_000)) || r.FeeState != gateway.FeeKnown || !r.Fee.Equal(eur(-145)) || !r.Net.Equal(eur(-4_855)) {
		t.Fatalf("refunded %+v", r)
	}
	all, _ := s.list("")
	if l := latest(all)["refund "+r.ID]; !l.Fee.Equal(r.Fee) || !l.Net.Equal(r.Net) || l.RelatedID != p.ID {
		t.Errorf("listed %+v", l)
	}
	s.proves(all)
}

func TestMode14_RefundFails(t *testing.T) {
	s := newShop(t, func(o *paypalfake.AccountOptions) { o.RefundsPend = true })
	p := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	refund := func(key string) gateway.Payment {
		r, err := s.g.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: key, PaymentID: p.ID, Amount: eur(3_000)})
		if err != nil || r.State != gateway.Pending || r.Reason != "ECHECK" {
			t.Fatalf("%v %+v", err, r)
		}
		return r
	}
	fails, comes := refund("rf_1"), refund("rf_2")
	s.clock.pass(time.Hour)
	if err := s.fake.SettleRefund(fails.ID, false); err != nil {
		t.Fatal(err)
	}
	if err := s.fake.SettleRefund(comes.ID, true); err != nil {
		t.Fatal(err)
	}
	if r := s.fetch(fails.ID); r.State != gateway.Failed {
		t.Errorf("a refund that failed is %s", r.State)
	}
	if err := s.fake.ReturnRefund(comes.ID); err != nil {
		t.Fatal(err)
	}
	all, _ := s.list("")
	found := false
	for _, r := range all {
		found = found || r.Kind == gateway.KindRefundReversal && r.RelatedID == comes.ID && r.Gross.Equal(eur(3_000))
	}
	if !found {
		t.Errorf("a refund that came back is not listed: %+v", all)
	}
	s.proves(all)
}

func TestMode15_OneCaptureForEachOrder(t *testing.T) {
	s := newShop(t)
	page := s.approve("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	s.mustSettle("at_1", page, true)
	if st := s.mustSettle("another_key", page, true); st.State != gateway.CheckoutPaid || len(st.Payments) != 1 {
		t.Fatalf("captured under another key, the page is %s with %d payments", st.State, len(st.Payments))
	}
}

func TestMode16_FeeUnknown(t *testing.T) {
	s := newShop(t)
	p := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Later})
	if p.State != gateway.Succeeded || p.FeeState != gateway.FeeUnknown {
		t.Fatalf("%+v", p)
	}
	all, cursor := s.list("")
	if len(all) != 1 || all[0].FeeState != gateway.FeeUnknown {
		t.Fatalf("listed %+v", all)
	}
	s.clock.pass(50 * time.Hour)
	if err := s.fake.TellFee(p.ID); err != nil {
		t.Fatal(err)
	}
	all, _ = s.list(cursor)
	if len(all) != 1 || all[0].FeeState != gateway.FeeKnown || !all[0].Fee.Equal(eur(325)) {
		t.Fatalf("once told, listed %+v", all)
	}
	pending := s.paid("at_2", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pend})
	if pending.FeeState != gateway.FeeUnknown || pending.State != gateway.Pending {
		t.Fatalf("pending %+v", pending)
	}
	if err := s.fake.SettleCapture(pending.ID, false); err != nil {
		t.Fatal(err)
	}
	// PayPal fills net_amount of a declined capture with the gross.
	if p := s.fetch(pending.ID); p.State != gateway.Failed || p.FeeState != gateway.FeeNone || !p.Net.IsZero() {
		t.Fatalf("declined %+v", p)
	}
}

func TestMode17_FeesOfTheirOwn(t *testing.T) {
	s := newShop(t)
	fee, err := s.fake.Write(s.merchant, paypalfake.Line{Code: "T0100", Minor: -500, Currency: money.EUR})
	if err != nil {
		t.Fatal(err)
	}
	back, err := s.fake.Write(s.merchant, paypalfake.Line{Code: "T1108", Minor: 200, Currency: money.EUR, Reference: fee})
	if err != nil {
		t.Fatal(err)
	}
	all, _ := s.list("")
	l := latest(all)
	if p := l["fee "+fee]; !p.Gross.Equal(eur(500)) || p.FeeState != gateway.FeeNone {
		t.Errorf("fee %+v", p)
	}
	if p := l["fee_refund "+back]; !p.Gross.Equal(eur(200)) || p.RelatedID != fee {
		t.Errorf("fee refund %+v", p)
	}
	if p := s.fetch(fee); p.Kind != gateway.KindFee {
		t.Errorf("fetched %+v", p)
	}
	s.proves(all)
}

// Transaction Search tells of money that moved: what is pending is looked at by its page and its capture.
func TestMode18_PendingThenFailed(t *testing.T) {
	s := newShop(t)
	pages := map[string]gateway.Checkout{}
	ids := map[string]string{}
	for key, amount := range map[string]int64{"at_fails": 10_000, "at_comes": 20_000} {
		pages[key] = s.approve(key, eur(amount), paypalfake.Outcome{Act: paypalfake.Pend})
		st, err := s.settle(key, pages[key], true)
		if err != nil || st.State != gateway.CheckoutProcessing || len(st.Payments) != 1 {
			t.Fatalf("%+v, %v", st, err)
		}
		p := st.Payments[0]
		if p.State != gateway.Pending || p.Reason == "" || p.FeeState != gateway.FeeUnknown || p.Net != (money.Money{}) {
			t.Errorf("on its way: %+v", p)
		}
		ids[key] = p.ID
	}
	all, cursor := s.list("")
	for _, p := range all {
		if p.State == gateway.Succeeded {
			t.Errorf("nothing has come, listed %+v", p)
		}
	}
	s.clock.pass(3 * 24 * time.Hour)
	for key, paid := range map[string]bool{"at_fails": false, "at_comes": true} {
		if err := s.fake.SettleCapture(ids[key], paid); err != nil {
			t.Fatal(err)
		}
		st, err := s.settle(key, pages[key], false)
		want := map[bool]gateway.State{true: gateway.Succeeded, false: gateway.Failed}[paid]
		if err != nil || len(st.Payments) != 1 || st.Payments[0].State != want || (st.State == gateway.CheckoutPaid) != paid {
			t.Errorf("%s: %+v, %v", key, st, err)
		}
	}
	changed, _ := s.list(cursor)
	if p := latest(changed)["payment "+ids["at_comes"]]; p.State != gateway.Succeeded || p.FeeState != gateway.FeeKnown {
		t.Errorf("came: %+v", p)
	}
	s.proves(append(all, changed...))
}

func TestMode19_DisputeOpened(t *testing.T) {
	s := newShop(t)
	claimed := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	charged := s.paid("at_2", eur(8_000), paypalfake.Outcome{Act: paypalfake.Pays})
	claim, err := s.fake.OpenDispute(claimed.ID, false, "MERCHANDISE_OR_SERVICE_NOT_RECEIVED")
	if err != nil {
		t.Fatal(err)
	}
	chargeback, err := s.fake.OpenDispute(charged.ID, true, "UNAUTHORISED")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := s.list("")
	l := latest(all)
	if p := l["dispute "+claim]; p.State != gateway.Pending || p.RelatedID != claimed.ID || p.Reason != "MERCHANDISE_OR_SERVICE_NOT_RECEIVED" || !p.Gross.Equal(eur(10_000)) {
		t.Errorf("a claim, whose money is held, is listed as %+v", p)
	}
	var taken, fee int
	for _, p := range l {
		if p.Kind == gateway.KindDispute && p.State == gateway.Succeeded && p.RelatedID == charged.ID && p.Gross.Equal(eur(8_000)) {
			taken++
		}
		if p.Kind == gateway.KindFee && p.RelatedID == charged.ID && p.Gross.Equal(eur(1_400)) {
			fee++
		}
	}
	if taken != 1 || fee != 1 {
		t.Errorf("a chargeback was listed %d times and its fee %d times: %+v", taken, fee, all)
	}
	s.proves(all)
	hinted := map[string]bool{}
	for _, d := range s.fake.Deliveries(s.merchant, time.Time{}) {
		h, err := s.g.ParseWebhook(t.Context(), delivery(d))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range h.PaymentIDs {
			hinted[id] = true
		}
	}
	if !hinted[claim] || !hinted[chargeback] || !hinted[claimed.ID] {
		t.Errorf("the webhooks led to %v", hinted)
	}
	if p := s.fetch(claim); p.Kind != gateway.KindDispute || p.ID != claim {
		t.Errorf("fetched %+v", p)
	}
}

func TestMode20_DisputeWonAndLost(t *testing.T) {
	s := newShop(t)
	for i, x := range []struct{ chargeback, won bool }{{false, true}, {false, false}, {true, true}, {true, false}} {
		p := s.paid("at_"+string(rune('a'+i)), eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
		id, err := s.fake.OpenDispute(p.ID, x.chargeback, "UNAUTHORISED")
		if err != nil {
			t.Fatal(err)
		}
		s.clock.pass(10 * 24 * time.Hour)
		if err := s.fake.CloseDispute(id, x.won); err != nil {
			t.Fatal(err)
		}
		if d := s.fetch(id); d.State != gateway.Failed || (d.Reason == "RESOLVED_SELLER_FAVOUR") != x.won {
			t.Errorf("closed (won %t), the case is %+v", x.won, d)
		}
		all, _ := s.list("")
		got := map[gateway.Kind]int{}
		for _, m := range latest(all) {
			if m.RelatedID == p.ID && m.State == gateway.Succeeded {
				got[m.Kind]++
			}
		}
		want := map[gateway.Kind]int{}
		switch {
		case x.chargeback:
			want[gateway.KindDispute], want[gateway.KindFee] = 1, 1
			if x.won {
				want[gateway.KindDisputeReversal] = 1
			}
		case !x.won:
			want[gateway.KindPaymentReversal] = 1
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("chargeback %t, won %t: moved %v, want %v", x.chargeback, x.won, got, want)
		}
		s.proves(all)
	}
}

func TestMode21_WithdrawalAndItsReturn(t *testing.T) {
	s := newShop(t)
	s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	id, err := s.fake.Withdraw(s.merchant, money.EUR, 0)
	if err != nil {
		t.Fatal(err)
	}
	all, cursor := s.list("")
	if p := latest(all)["payout "+id]; !p.Gross.Equal(eur(9_675)) || p.State != gateway.Succeeded {
		t.Fatalf("withdrawn %+v", p)
	}
	if p := s.fetch(id); p.Kind != gateway.KindPayout {
		t.Errorf("fetched %+v", p)
	}
	s.clock.pass(48 * time.Hour)
	back, err := s.fake.ReturnWithdrawal(s.merchant, id)
	if err != nil {
		t.Fatal(err)
	}
	more, _ := s.list(cursor)
	if p := latest(more)["payout_reversal "+back]; !p.Gross.Equal(eur(9_675)) || p.RelatedID != id {
		t.Fatalf("returned %+v", more)
	}
	s.proves(append(all, more...))
}

func TestMode22_Conversion(t *testing.T) {
	s := newShop(t, func(o *paypalfake.AccountOptions) { o.Convert, o.Holds = true, []money.Currency{"GBP"} })
	p := s.paid("at_1", money.Of(10_000, "USD"), paypalfake.Outcome{Act: paypalfake.Pays})
	// 100.00 USD at 0.92, of which 3.39 USD stay with PayPal: 96.61 USD are 88.88 EUR.
	if !p.Charged.Equal(money.Of(10_000, "USD")) || p.Rate != "0.920000" || !p.Gross.Equal(eur(9_200)) || !p.Net.Equal(eur(8_888)) || !p.Fee.Equal(eur(312)) {
		t.Fatalf("converted %+v", p)
	}
	held := s.paid("at_2", money.Of(10_000, "GBP"), paypalfake.Outcome{Act: paypalfake.Pays})
	if held.Charged != (money.Money{}) || held.Gross.Currency() != "GBP" {
		t.Fatalf("held in its own currency %+v", held)
	}
	refunder := s.g.(gateway.Refunder)
	_, err := refunder.Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "rf_0", PaymentID: p.ID, Amount: eur(100)})
	wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	part, err := refunder.Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "rf_1", PaymentID: p.ID, Amount: money.Of(2_000, "USD")})
	if err != nil {
		t.Fatal(err)
	}
	if !part.Charged.Equal(money.Of(2_000, "USD")) || !part.Gross.Equal(eur(1_840)) || gateway.CheckPayment(part) != nil {
		t.Fatalf("refunded %+v", part)
	}
	if err := s.fake.Exchange(s.merchant, "GBP", money.EUR, 5_000); err != nil {
		t.Fatal(err)
	}
	all, _ := s.list("")
	l := latest(all)
	if got := l["payment "+p.ID]; !got.Gross.Equal(p.Gross) || !got.Net.Equal(p.Net) || !got.Charged.Equal(p.Charged) || got.Rate != p.Rate {
		t.Errorf("listed %+v", got)
	}
	if got := l["refund "+part.ID]; !got.Gross.Equal(part.Gross) || !got.Charged.Equal(part.Charged) {
		t.Errorf("listed %+v", got)
	}
	if n := count(all, gateway.KindAdjustment); n != 2 {
		t.Errorf("a conversion of the merchant's own is %d movements, two were made", n)
	}
	for _, m := range l {
		if m.Kind == gateway.KindAdjustment {
			if got := s.fetch(m.ID); got.ID != m.ID || !got.Gross.Equal(m.Gross) || got.RelatedID != m.RelatedID {
				t.Errorf("fetched %+v, listed %+v", got, m)
			}
			// By naming each other the two sides are known as one conversion.
			if other := l["adjustment "+m.RelatedID]; other.RelatedID != m.ID || other.Gross.Currency() == m.Gross.Currency() || other.Gross.Sign() == m.Gross.Sign() {
				t.Errorf("%s names %q, which is %+v", m.ID, m.RelatedID, other)
			}
		}
	}
	s.proves(all)
}

func TestMode23_ClockSkew(t *testing.T) {
	s := newShop(t)
	s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	for off, good := range map[time.Duration]bool{4 * time.Minute: true, -4 * time.Minute: true, 6 * time.Minute: false, -6 * time.Minute: false, 240 * time.Hour: false, -87600 * time.Hour: false} {
		d := delivery(s.fake.Deliveries(s.merchant, time.Time{})[0])
		d.ReceivedAt = d.ReceivedAt.Add(off)
		_, err := s.g.ParseWebhook(t.Context(), d)
		if good && err != nil {
			t.Errorf("%s off: %v", off, err)
		}
		if !good {
			wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
		}
	}
}

func TestMode27_TestAndLiveMixed(t *testing.T) {
	s := newShop(t)
	c := s.conn
	c.Mode = gateway.Live
	_, err := s.driver.Open(t.Context(), c)
	if e := wants(t, err, gateway.ErrConfig, gateway.NotDone); e.Setting != "mode" {
		t.Errorf("blames %q", e.Setting)
	}
	c.Settings = map[string]string{"mode": "live", "client_id": "x", "client_secret": "y", "api_url": s.server.URL}
	_, err = s.driver.Open(t.Context(), c)
	if e := wants(t, err, gateway.ErrConfig, gateway.NotDone); e.Setting != "api_url" {
		t.Errorf("blames %q", e.Setting)
	}
	s.paid("at_1", eur(100), paypalfake.Outcome{Act: paypalfake.Pays})
	h, err := s.g.ParseWebhook(t.Context(), delivery(s.fake.Deliveries(s.merchant, time.Time{})[0]))
	if err != nil || h.Mode != gateway.Test {
		t.Errorf("%v, mode %q", err, h.Mode)
	}
}

func TestMode28_SomebodyElsesObject(t *testing.T) {
	w := newWorld(t, morning)
	mine, other := w.shop(t), w.shop(t)
	page := other.approve("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	p := other.mustSettle("at_1", page, true).Payments[0]
	_, err := mine.g.FetchPayment(t.Context(), p.ID)
	wants(t, err, gateway.ErrNotFound, gateway.NotDone)
	_, err = mine.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: page.SessionID})
	wants(t, err, gateway.ErrNotFound, gateway.NotDone)
	_, err = mine.g.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "rf", PaymentID: p.ID, Amount: eur(1)})
	wants(t, err, gateway.ErrNotFound, gateway.NotDone)
	d := delivery(other.fake.Deliveries(other.merchant, time.Time{})[0])
	_, err = mine.g.ParseWebhook(t.Context(), d)
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
}

func TestMode29_UnknownCodes(t *testing.T) {
	s := newShop(t)
	id, err := s.fake.Write(s.merchant, paypalfake.Line{Code: "T9999", Minor: -777, Currency: money.EUR, Subject: "New in 2031"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.fake.Write(s.merchant, paypalfake.Line{ID: id, Code: "T9999", Minor: 111, Currency: money.EUR}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.fake.Write(s.merchant, paypalfake.Line{Code: "T2103", Minor: -5_000, Currency: money.EUR, Held: true}); err != nil {
		t.Fatal(err)
	}
	all, _ := s.list("")
	others := 0
	for _, p := range all {
		if p.Kind == gateway.KindOther && p.State == gateway.Succeeded && strings.HasPrefix(p.ID, id+":T9999") {
			others++
			if got := s.fetch(p.ID); !reflect.DeepEqual(got, p) {
				t.Errorf("fetched %+v, listed %+v", got, p)
			}
		}
		if p.Reason == "T2103" && (p.State != gateway.Failed || !p.Gross.Equal(eur(-5_000))) {
			t.Errorf("a reserve %+v", p)
		}
	}
	if others != 2 || len(all) != 3 {
		t.Errorf("two movements under one id were listed as %+v", all)
	}
	s.proves(all)
}

func TestMode31_DownAndTooMuch(t *testing.T) {
	s := newShop(t)
	page := s.approve("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	s.fake.Inject(paypalfake.Fault{Path: "/v2", Kind: paypalfake.FaultStatus, Status: 429})
	_, err := s.settle("at_1", page, false)
	wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	s.fake.Inject(paypalfake.Fault{Path: "/v1/reporting", Kind: paypalfake.FaultHTML, Status: 502})
	_, err = s.g.ListPayments(t.Context(), gateway.ListRequest{Limit: 10})
	wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	s.mustSettle("at_1", page, true)
	s.server.Close()
	_, err = s.g.CreateCheckout(t.Context(), s.request("at_2", eur(100)))
	wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	_, err = s.g.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "rf", PaymentID: "8MC585209K746392H", Amount: eur(1)})
	wants(t, err, gateway.ErrRetryable, gateway.Unknown)
}

func TestMode33_CredentialsRevoked(t *testing.T) {
	s := newShop(t)
	if _, err := s.g.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.fake.RevokeTokens(s.conn.Settings["client_id"]) // a token that ends early is replaced, once
	s.create("at_1", eur(100))
	s.fake.SetSecret(s.conn.Settings["client_id"], "another-secret")
	for _, err := range []error{
		second(s.g.Check(t.Context())), second(s.g.ListPayments(t.Context(), gateway.ListRequest{Limit: 1})),
		second(s.g.CreateCheckout(t.Context(), s.request("at_2", eur(100)))),
	} {
		if e := wants(t, err, gateway.ErrConfig, gateway.NotDone); e.Setting != "client_secret" {
			t.Errorf("blames %q", e.Setting)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestMode26_KeysRolled(t *testing.T) {
	s := newShop(t)
	before, err := s.g.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.fake.SetSecret(s.conn.Settings["client_id"], "secret-number-two")
	s.conn.Settings["client_secret"] = "secret-number-two"
	after, err := s.reopen().Check(t.Context())
	if err != nil || after.ID != before.ID {
		t.Fatalf("%v: with another secret the account is %q, was %q", err, after.ID, before.ID)
	}
}

func TestMode34_LongStop(t *testing.T) {
	s := newShop(t)
	first := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	_, cursor := s.list("")
	s.clock.pass(200 * 24 * time.Hour)
	mid := s.paid("at_2", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
	s.clock.pass(300 * 24 * time.Hour)
	all, _ := s.list(cursor)
	l := latest(all)
	if _, ok := l["payment "+mid.ID]; !ok {
		t.Error("a payment of 300 days ago is not found")
	}
	all, _ = s.list("")
	if len(latest(all)) != 2 {
		t.Errorf("from the beginning, listed %d", len(all))
	}
	all, _, err := listOn(t.Context(), s.g, "", s.clock.now().Add(-400*24*time.Hour), 10)
	if err != nil || len(all) != 1 || all[0].ID != mid.ID {
		t.Errorf("%v: since 400 days ago, listed %+v", err, all)
	}
	s.clock.pass(700 * 24 * time.Hour) // more than PayPal keeps
	if all, _ = s.list(cursor); latest(all)["payment "+first.ID].ID != "" {
		t.Error("older than three years, and listed")
	}
}

func TestMode37_Instalments(t *testing.T) {
	s := newShop(t, func(o *paypalfake.AccountOptions) { o.BlockDuplicates = true })
	s.paid("at_1", eur(5_000), paypalfake.Outcome{Act: paypalfake.Pays})
	s.paid("at_2", eur(5_000), paypalfake.Outcome{Act: paypalfake.Pays}) // same document, and PayPal set to refuse an invoice_id twice
	page := s.approve("at_3", eur(5_000), paypalfake.Outcome{Act: paypalfake.Pays})
	s.fake.Inject(paypalfake.Fault{Method: "POST", Path: "/v2/checkout/orders/*/capture", Kind: paypalfake.FaultStatus, Status: 422, Issue: "DUPLICATE_INVOICE_ID"})
	if st := s.mustSettle("at_3", page, true); st.State != gateway.CheckoutFailed || st.Reason != "DUPLICATE_INVOICE_ID" {
		t.Errorf("%+v", st)
	}
}

func TestMode38_NothingPersonalInErrors(t *testing.T) {
	s := newShop(t)
	s.fake.Inject(paypalfake.Fault{Path: "/v2/checkout/orders", Kind: paypalfake.FaultStatus, Status: 422, Issue: "PAYEE_ACCOUNT_RESTRICTED"})
	_, err := s.g.CreateCheckout(t.Context(), s.request("at_1", eur(100)))
	e := wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	if e.Code != "PAYEE_ACCOUNT_RESTRICTED" || !strings.Contains(e.Detail, "f0f0f0fake") {
		t.Errorf("%v says neither issue nor debug id", e)
	}
	for _, private := range []string{"elodie", "Facture", s.conn.Settings["client_secret"], s.server.URL} {
		if strings.Contains(e.Error(), private) {
			t.Errorf("%v holds %q", e, private)
		}
	}
}
