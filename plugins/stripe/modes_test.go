package stripe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/stripe"
	"github.com/acquit-app/acquit/plugins/stripe/stripefake"
)

// Each test is named after a failure mode of the house's list; those that are the host's own are tested there.

func TestMode01_SameWebhookTwice(t *testing.T) {
	b := newBench(t)
	_, secret := b.fake.Endpoint(b.account, "http://127.0.0.1:9/hook")
	g := b.with("webhook_secret", secret)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{})
	d := b.deliveries("payment_intent.succeeded")[0]
	b.clock.pass(2 * time.Minute)
	again := b.deliveries("payment_intent.succeeded")[0]
	var ids []string
	for _, d := range []stripefake.Delivery{d, again, d} {
		h, err := g.ParseWebhook(t.Context(), delivery(d, b.clock.Now()))
		must(t, err)
		if !slices.Equal(h.PaymentIDs, []string{id}) || h.Mode != gateway.Test || h.Type != "payment_intent.succeeded" {
			t.Fatalf("%+v", h)
		}
		ids = append(ids, h.EventID)
	}
	if ids[0] == "" || ids[0] != ids[1] || ids[1] != ids[2] {
		t.Fatalf("one event has the ids %v", ids)
	}
}

func TestMode02_OutOfOrder(t *testing.T) {
	b := newBench(t)
	_, secret := b.fake.Endpoint(b.account, "http://127.0.0.1:9/hook")
	g := b.with("webhook_secret", secret)
	page, id := b.paid("att_1", eur(10_000), stripefake.How{Method: "sepa_debit"})
	before := b.fetch(id)
	b.clock.pass(time.Hour)
	must(t, b.fake.SettleDebit(b.account, id, true, "", 0))
	_, err := b.fake.Refund(b.account, id, 2_500, "succeeded")
	must(t, err)
	all := b.fake.Deliveries(b.account)
	slices.Reverse(all)
	for _, d := range all {
		h, err := g.ParseWebhook(t.Context(), delivery(d, b.clock.Now()))
		must(t, err)
		for _, id := range h.PaymentIDs {
			p := b.fetch(id) // what an old event says matters nothing: the object is read as it is now
			if p.State != gateway.Succeeded {
				t.Fatalf("after %s: %+v", h.Type, p)
			}
		}
	}
	after := b.fetch(id)
	if after.UpdatedAt.Before(before.UpdatedAt) || after.UpdatedAt.Equal(before.UpdatedAt) {
		t.Fatalf("a later snapshot is dated %s, an earlier one %s", after.UpdatedAt, before.UpdatedAt)
	}
	if s := b.look(page); s.State != gateway.CheckoutPaid {
		t.Fatal(s.State)
	}
}

func TestMode03_NoWebhookAtAll(t *testing.T) {
	b := newBench(t)
	_, cursor := b.poll("", 10)
	page, id := b.paid("att_1", eur(10_000), stripefake.How{})
	all, _ := b.poll(cursor, 10)
	listed, fetched := one(t, all, gateway.KindPayment, id), b.fetch(id)
	if listed.Reference != "att_1" || listed.State != gateway.Succeeded || !listed.Net.Equal(eur(9_825)) || !listed.Fee.Equal(eur(175)) {
		t.Fatalf("%+v", listed)
	}
	if fetched.SessionID != page.SessionID {
		t.Fatalf("fetched without its page: %+v", fetched)
	}
	fetched.SessionID, fetched.Raw, listed.Raw = "", nil, nil
	if fmt.Sprintf("%+v", fetched) != fmt.Sprintf("%+v", listed) {
		t.Fatalf("fetched and listed differ:\n%+v\n%+v", fetched, listed)
	}
}

func TestMode04_RedirectProvesNothing(t *testing.T) {
	b := newBench(t)
	page := b.page("att_1", eur(10_000))
	if s := b.look(page); s.State != gateway.CheckoutOpen || len(s.Payments) != 0 {
		t.Fatalf("%+v", s)
	}
	_, err := b.fake.Pay(page.SessionID, stripefake.How{Decline: "expired_card"})
	must(t, err)
	if s := b.look(page); s.State != gateway.CheckoutRetry || s.Reason != "expired_card" || len(s.Payments) != 0 {
		t.Fatalf("declined: %+v", s)
	}
	b.clock.pass(2 * time.Hour)
	if s := b.look(page); s.State != gateway.CheckoutExpired {
		t.Fatalf("%+v", s)
	}
	p := b.fake.Session(page.SessionID)
	_, err = b.gateway.FetchPayment(t.Context(), p.Intent)
	wants(t, err, gateway.ErrNotFound, gateway.NotDone) // a declined card moved nothing
}

func TestMode05_CrashAfterTheCall(t *testing.T) {
	b := newBench(t)
	first := b.page("att_1", eur(10_000))
	b.clock.pass(3 * time.Minute)
	fresh := b.open(b.connection()) // another process: it knows the attempt only
	r := b.request("att_1", eur(10_000))
	r.ExpiresAt = first.ExpiresAt
	again, err := fresh.CreateCheckout(t.Context(), r)
	must(t, err)
	if again != first || len(b.fake.Sessions(b.account)) != 1 {
		t.Fatalf("%+v and %+v", first, again)
	}
	// A time that had to be moved into Stripe's bounds asks for the same again, or finds the page that is there.
	r = b.request("att_2", eur(10_000))
	r.ExpiresAt = b.clock.Now().Add(time.Minute)
	one, err := b.gateway.CreateCheckout(t.Context(), r)
	must(t, err)
	if left := one.ExpiresAt.Sub(b.clock.Now()); left < 30*time.Minute || left > 50*time.Minute {
		t.Fatalf("a page for %s", left)
	}
	b.clock.pass(29 * time.Minute)
	two, err := b.gateway.CreateCheckout(t.Context(), r)
	must(t, err)
	if one.SessionID != two.SessionID || len(b.fake.Sessions(b.account)) != 2 {
		t.Fatalf("one attempt has the pages %s and %s", one.SessionID, two.SessionID)
	}
}

// faultCase is a failure and what it means for something that would be done.
type faultCase struct {
	name    string
	fault   stripefake.Fault
	kind    gateway.ErrorKind
	outcome gateway.Outcome
	// again is how many pages or refunds there are after a second try with the same key, which succeeds unless -1.
	again int
}

func faultCases() []faultCase {
	return []faultCase{
		{"401", stripefake.Fault{Status: 401}, gateway.ErrConfig, gateway.NotDone, 1},
		{"403", stripefake.Fault{Status: 403}, gateway.ErrConfig, gateway.NotDone, 1},
		{"404", stripefake.Fault{Status: 404, Code: "resource_missing"}, gateway.ErrNotFound, gateway.NotDone, 1},
		{"402", stripefake.Fault{Status: 402, Code: "card_declined"}, gateway.ErrPermanent, gateway.NotDone, 1},
		{"429", stripefake.Fault{Status: 429, Code: "rate_limit"}, gateway.ErrRetryable, gateway.NotDone, 1},
		{"409 for long", stripefake.Fault{Status: 409, Code: "idempotency_key_in_use", Times: 4}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"500 before", stripefake.Fault{Status: 500}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"503 before", stripefake.Fault{Status: 503}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"answer cut off", stripefake.Fault{Done: true, Cut: true}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"time-out before", stripefake.Fault{Hang: true}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"time-out after", stripefake.Fault{Hang: true, Done: true}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"no JSON before", stripefake.Fault{Malformed: true}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"no JSON after", stripefake.Fault{Malformed: true, Done: true}, gateway.ErrRetryable, gateway.Unknown, 1},
		{"stored 500 before", stripefake.Fault{Status: 500, Store: true}, gateway.ErrRetryable, gateway.Unknown, -1},
		{"stored 500 after", stripefake.Fault{Status: 500, Store: true, Done: true}, gateway.ErrRetryable, gateway.Unknown, 1},
	}
}

func TestMode06_TimeOutOnCreateAndRefund(t *testing.T) {
	b := newBench(t)
	hasty, err := stripe.New(stripe.Options{Now: b.clock.Now, CallLimit: time.Second}).Open(t.Context(), b.connection())
	if err != nil {
		t.Fatal(err)
	}
	// against is who meets a failure: one that gives up soon where nothing is answered.
	against := func(c faultCase) gateway.Gateway {
		if c.fault.Hang {
			return hasty
		}
		return b.gateway
	}
	made := 0
	for i, c := range faultCases() {
		c.fault.Method, c.fault.Path = "POST", "/v1/checkout/sessions"
		b.fake.Inject(b.account, c.fault)
		r := b.request(fmt.Sprintf("att_%d", i), eur(10_000))
		_, err := against(c).CreateCheckout(t.Context(), r)
		wantsOf(t, c, err)
		page, err := b.gateway.CreateCheckout(t.Context(), r)
		if c.again < 0 {
			if e := wants(t, err, gateway.ErrRetryable, gateway.NotDone); e.Code != "stored_error" {
				t.Fatalf("%s: %v", c.name, err)
			}
			r.IdempotencyKey, r.Reference = r.IdempotencyKey+"b", r.Reference+"b"
			page, err = b.gateway.CreateCheckout(t.Context(), r)
		}
		if err != nil {
			t.Fatalf("%s, again: %v", c.name, err)
		}
		if made++; len(b.fake.Sessions(b.account)) != made || b.fake.Session(page.SessionID) == nil {
			t.Fatalf("%s: %d pages for %d attempts", c.name, len(b.fake.Sessions(b.account)), made)
		}
	}
	_, id := b.paid("att_paid", eur(100_000), stripefake.How{})
	refunder := b.gateway.(gateway.Refunder)
	made = 0
	for i, c := range faultCases() {
		c.fault.Method, c.fault.Path = "POST", "/v1/refunds"
		b.fake.Inject(b.account, c.fault)
		r := gateway.RefundRequest{IdempotencyKey: fmt.Sprintf("ref_%d", i), PaymentID: id, Amount: eur(1_000)}
		_, err := against(c).(gateway.Refunder).Refund(t.Context(), r)
		wantsOf(t, c, err)
		p, err := refunder.Refund(t.Context(), r)
		if c.again < 0 {
			if e := wants(t, err, gateway.ErrRetryable, gateway.NotDone); e.Code != "stored_error" {
				t.Fatalf("%s: %v", c.name, err)
			}
			r.IdempotencyKey += "b"
			p, err = refunder.Refund(t.Context(), r)
		}
		if err != nil {
			t.Fatalf("%s, again: %v", c.name, err)
		}
		if made++; len(b.fake.Refunds(b.account)) != made || !slices.Contains(b.fake.Refunds(b.account), p.ID) {
			t.Fatalf("%s: %d refunds for %d requests", c.name, len(b.fake.Refunds(b.account)), made)
		}
	}
}

func wantsOf(t *testing.T, c faultCase, err error) {
	t.Helper()
	e := gateway.AsError(err)
	if err == nil || e.Kind != c.kind || e.Outcome != c.outcome {
		t.Fatalf("%s: %v", c.name, err)
	}
	if c.kind == gateway.ErrConfig && e.Setting != "secret_key" {
		t.Fatalf("%s blames the setting %q", c.name, e.Setting)
	}
}

func TestMode06_KeyInUseForAMoment(t *testing.T) {
	b := newBench(t)
	b.fake.Inject(b.account, stripefake.Fault{Method: "POST", Status: 409, Code: "idempotency_key_in_use", Times: 2})
	b.page("att_1", eur(10_000))
	if n := b.fake.Faults(b.account); n != 0 {
		t.Fatalf("%d failures were not met", n)
	}
}

func TestMode06_KeyOfAnotherRequest(t *testing.T) {
	b := newBench(t)
	b.page("att_1", eur(10_000))
	r := b.request("att_1", eur(20_000))
	r.Reference = "att_other"
	_, err := b.gateway.CreateCheckout(t.Context(), r)
	wants(t, err, gateway.ErrPermanent, gateway.Unknown)
}

func TestMode06_Unreachable(t *testing.T) {
	b := newBench(t)
	s := httptest.NewServer(http.NotFoundHandler())
	url := s.URL
	s.Close()
	g := b.with("api_url", url)
	_, err := g.CreateCheckout(t.Context(), b.request("att_1", eur(100)))
	wants(t, err, gateway.ErrRetryable, gateway.NotDone)
}

func TestMode07_AmountThatStripeCannotSay(t *testing.T) {
	b := newBench(t)
	for _, m := range []money.Money{money.Of(5_124, "KWD"), money.Of(150, "MGA"), money.Of(1000, "IQD"), eur(0)} {
		_, err := b.gateway.CreateCheckout(t.Context(), b.request("att_"+string(m.Currency()), m))
		wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	}
	if n := len(b.fake.Sessions(b.account)); n != 0 {
		t.Fatalf("%d pages", n)
	}
	for i, m := range []money.Money{money.Of(5_120, "KWD"), money.Of(1500, "JPY"), money.Of(99, "ISK"), money.Of(12_300, "MGA"), money.Of(1045, "HUF")} {
		page, id := b.paid(fmt.Sprintf("att_%d", i), m, stripefake.How{})
		if p := b.fetch(id); !p.Gross.Equal(m) {
			t.Errorf("%s asked, %s reported (Stripe: %d)", m, p.Gross, b.fake.Session(page.SessionID).Amount)
		}
	}
}

func TestMode08_ConvertedPayment(t *testing.T) {
	b := newBench(t)
	b.fake.Convert(b.account, "usd", "eur", "0.920000000000000013")
	b.fake.Convert(b.account, "jpy", "eur", "6.1e-3")
	_, id := b.paid("att_usd", money.Of(10_000, "USD"), stripefake.How{})
	p := b.fetch(id)
	if !p.Gross.Equal(eur(9_200)) || !p.Charged.Equal(money.Of(10_000, "USD")) || p.Rate != "0.920000000000000013" || !p.Fee.Equal(eur(163)) || !p.Net.Equal(eur(9_037)) {
		t.Fatalf("%+v", p)
	}
	_, id = b.paid("att_jpy", money.Of(10_000, "JPY"), stripefake.How{})
	if p := b.fetch(id); !p.Gross.Equal(eur(6_100)) || p.Rate != "0.0061" || !p.Charged.Equal(money.Of(10_000, "JPY")) {
		t.Fatalf("%+v", p)
	}
	r, err := b.gateway.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "ref_1", PaymentID: id, Amount: money.Of(5_000, "JPY")})
	must(t, err)
	must(t, gateway.CheckPayment(r))
	if !r.Gross.Equal(eur(3_050)) || !r.Charged.Equal(money.Of(5_000, "JPY")) || r.Rate != "0.0061" {
		t.Fatalf("%+v", r)
	}
	_, err = b.gateway.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "ref_2", PaymentID: id, Amount: eur(100)})
	wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	_, whole := b.paid("att_whole", money.Of(10_000, "USD"), stripefake.How{})
	r, err = b.gateway.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "ref_3", PaymentID: whole, Amount: eur(9_200)})
	must(t, err)
	if !r.Charged.Equal(money.Of(10_000, "USD")) {
		t.Fatalf("%+v", r)
	}
}

func TestMode09_ClosedWhileBeingPaid(t *testing.T) {
	b := newBench(t)
	page, id := b.paid("att_1", eur(10_000), stripefake.How{})
	s, err := b.gateway.(gateway.Expirer).ExpireCheckout(t.Context(), page.SessionID)
	must(t, err)
	if s.State != gateway.CheckoutPaid || len(s.Payments) != 1 || s.Payments[0].ID != id {
		t.Fatalf("%+v", s)
	}
	page, _ = b.paid("att_2", eur(10_000), stripefake.How{Method: "sepa_debit"})
	if s, err = b.gateway.(gateway.Expirer).ExpireCheckout(t.Context(), page.SessionID); err != nil || s.State != gateway.CheckoutProcessing {
		t.Fatalf("%+v, %v", s, err)
	}
	// The answer to closing an open page is lost: the second try finds it closed.
	page = b.page("att_3", eur(10_000))
	b.fake.Inject(b.account, stripefake.Fault{Method: "POST", Done: true, Cut: true})
	_, err = b.gateway.(gateway.Expirer).ExpireCheckout(t.Context(), page.SessionID)
	wants(t, err, gateway.ErrRetryable, gateway.Unknown)
	if s, err = b.gateway.(gateway.Expirer).ExpireCheckout(t.Context(), page.SessionID); err != nil || s.State != gateway.CheckoutExpired {
		t.Fatalf("%+v, %v", s, err)
	}
	_, err = b.gateway.(gateway.Expirer).ExpireCheckout(t.Context(), "cs_test_nobody")
	wants(t, err, gateway.ErrNotFound, gateway.NotDone)
}

func TestMode10_TwoPaymentsOfOneInvoice(t *testing.T) {
	b := newBench(t)
	_, first := b.paid("att_1", eur(10_000), stripefake.How{})
	_, second := b.paid("att_2", eur(10_000), stripefake.How{})
	all, _ := b.poll("", 10)
	for id, ref := range map[string]string{first: "att_1", second: "att_2"} {
		if p := one(t, all, gateway.KindPayment, id); p.Reference != ref || !p.Gross.Equal(eur(10_000)) || p.State != gateway.Succeeded {
			t.Errorf("%+v", p)
		}
	}
	// The one that was too many can be given back, by itself.
	r, err := b.gateway.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "ref_1", PaymentID: second, Amount: eur(10_000)})
	must(t, err)
	if r.RelatedID != second {
		t.Errorf("%+v", r)
	}
	b.proven(append(all, r))
}

func TestMode12_RefundInTheDashboard(t *testing.T) {
	b := newBench(t)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{})
	re, err := b.fake.Refund(b.account, id, 4_000, "succeeded")
	must(t, err)
	all, _ := b.poll("", 2)
	p := one(t, all, gateway.KindRefund, re)
	if !p.Gross.Equal(eur(4_000)) || p.RelatedID != id || p.State != gateway.Succeeded || p.FeeState != gateway.FeeNone || !p.Net.Equal(eur(-4_000)) {
		t.Fatalf("%+v", p)
	}
}

func TestMode13_RefundIsAMovementOfItsOwn(t *testing.T) {
	b := newBench(t)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{})
	first, cursor := b.poll("", 10)
	before := b.fetch(id)
	re, err := b.fake.Refund(b.account, id, 4_000, "succeeded") // days after the payment was posted
	must(t, err)
	later, _ := b.poll(cursor, 10)
	if p := one(t, later, gateway.KindRefund, re); p.RelatedID != id || !p.Gross.Equal(eur(4_000)) || p.State != gateway.Succeeded {
		t.Fatalf("%+v", p)
	}
	// What was posted of the payment stays as it was.
	if p := b.fetch(id); p.State != before.State || !p.Gross.Equal(before.Gross) || !p.Fee.Equal(before.Fee) || !p.Net.Equal(before.Net) {
		t.Errorf("%+v was %+v", p, before)
	}
	b.proven(append(first, later...))
}

func TestMode14_RefundFailsLater(t *testing.T) {
	b := newBench(t)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{})
	re, err := b.fake.Refund(b.account, id, 4_000, "pending")
	must(t, err)
	all, cursor := b.poll("", 10)
	if p := one(t, all, gateway.KindRefund, re); p.State != gateway.Succeeded || p.Reason != "pending" {
		t.Fatalf("under way, its money gone: %+v", p)
	}
	b.clock.pass(10 * 24 * time.Hour)
	must(t, b.fake.FinishRefund(b.account, re, false, "expired_or_canceled_card"))
	all, _ = b.poll(cursor, 10)
	back := one(t, all, gateway.KindRefundReversal, "")
	if back.RelatedID != re || !back.Gross.Equal(eur(4_000)) || back.Reason != "expired_or_canceled_card" {
		t.Fatalf("%+v", back)
	}
	if p := b.fetch(back.ID); p.Kind != gateway.KindRefundReversal || p.RelatedID != re {
		t.Fatalf("%+v", p)
	}
	if p := b.fetch(re); p.State != gateway.Succeeded || p.Reason != "expired_or_canceled_card" {
		t.Fatalf("%+v", p)
	}
	// One whose money never left is pending, then failed, and nothing moves.
	re, err = b.fake.Refund(b.account, id, 1_000, "requires_action")
	must(t, err)
	if p := b.fetch(re); p.State != gateway.Pending || p.Reason != "requires_action" {
		t.Fatalf("%+v", p)
	}
	must(t, b.fake.FinishRefund(b.account, re, false, ""))
	if p := b.fetch(re); p.State != gateway.Failed {
		t.Fatalf("%+v", p)
	}
}

func TestMode16_FeeUnknownThenKnown(t *testing.T) {
	b := newBench(t)
	_, cursor := b.poll("", 10)
	page, id := b.paid("att_1", eur(10_000), stripefake.How{FeeLater: true})
	s := b.look(page)
	if s.State != gateway.CheckoutPaid || len(s.Payments) != 1 || s.Payments[0].FeeState != gateway.FeeUnknown || !s.Payments[0].Gross.Equal(eur(10_000)) {
		t.Fatalf("%+v", s)
	}
	all, cursor := b.poll(cursor, 10)
	if p := one(t, all, gateway.KindPayment, id); p.FeeState != gateway.FeeUnknown || p.State != gateway.Succeeded {
		t.Fatalf("listed before its fee is known: %+v", p)
	}
	b.clock.pass(5 * 24 * time.Hour)
	must(t, b.fake.TellFee(b.account, id))
	all, _ = b.poll(cursor, 10)
	if p := one(t, all, gateway.KindPayment, id); p.FeeState != gateway.FeeKnown || !p.Fee.Equal(eur(175)) {
		t.Fatalf("%+v", p)
	}
}

func TestMode17_FeesOfTheirOwnAndGivenBack(t *testing.T) {
	b := benchOf(t, stripefake.Account{FeeTax: true}, stripe.Options{})
	_, id := b.paid("att_1", eur(10_000), stripefake.How{})
	if p := b.fetch(id); !p.Fee.Equal(eur(210)) || !p.FeeVAT.Equal(eur(35)) || !p.Net.Equal(eur(9_790)) {
		t.Fatalf("%+v", p)
	}
	_, err := b.fake.Book(b.account, stripefake.Row{Type: "stripe_fee", Category: "fee", Amount: -1_000})
	must(t, err)
	_, err = b.fake.Book(b.account, stripefake.Row{Type: "tax_fee", Category: "tax", Amount: -200})
	must(t, err)
	_, err = b.fake.Book(b.account, stripefake.Row{Type: "stripe_fee", Category: "fee", Amount: 300})
	must(t, err)
	all, _ := b.poll("", 10)
	sum := map[gateway.Kind]int64{}
	for _, p := range all {
		sum[p.Kind] += p.Gross.Minor()
	}
	if sum[gateway.KindFee] != 1_200 || sum[gateway.KindFeeRefund] != 300 {
		t.Fatalf("%v", sum)
	}
	b.proven(all)
}

func TestMode18_SEPAPendingThenFailed(t *testing.T) {
	for _, kept := range []int64{0, 350} {
		t.Run(fmt.Sprintf("kept %d", kept), func(t *testing.T) {
			b := newBench(t)
			_, cursor := b.poll("", 10)
			page, id := b.paid("att_1", eur(10_000), stripefake.How{Method: "sepa_debit"})
			s := b.look(page)
			if s.State != gateway.CheckoutProcessing || s.Reason != "processing" || len(s.Payments) != 1 || s.Payments[0].State != gateway.Pending || s.Payments[0].Method != "sepa_debit" {
				t.Fatalf("%+v", s)
			}
			seen, cursor := b.poll(cursor, 10)
			if p := one(t, seen, gateway.KindPayment, id); p.State != gateway.Pending {
				t.Fatalf("%+v", p)
			}
			b.clock.pass(6 * 24 * time.Hour) // beyond the overlap: the event tells
			must(t, b.fake.SettleDebit(b.account, id, false, "insufficient_funds", kept))
			s = b.look(page)
			if s.State != gateway.CheckoutFailed || s.Reason != "insufficient_funds" || len(s.Payments) != 1 || s.Payments[0].State != gateway.Failed {
				t.Fatalf("%+v", s)
			}
			all, _ := b.poll(cursor, 10)
			if p := one(t, all, gateway.KindPayment, id); p.State != gateway.Failed || p.Reason != "insufficient_funds" {
				t.Fatalf("%+v", p)
			}
			for _, p := range all {
				if p.Kind == gateway.KindPaymentReversal {
					t.Fatalf("a reversal of what never counted: %+v", p)
				}
			}
			if kept != 0 {
				if p := one(t, all, gateway.KindFee, ""); !p.Gross.Equal(eur(kept)) || p.RelatedID != id {
					t.Fatalf("%+v", p)
				}
			}
			b.proven(append(seen, all...))
		})
	}
}

func TestMode18_SEPASucceedsWithoutAnyWebhook(t *testing.T) {
	b := newBench(t)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{Method: "sepa_debit"})
	_, cursor := b.poll("", 10)
	b.clock.pass(6 * 24 * time.Hour)
	must(t, b.fake.SettleDebit(b.account, id, true, "", 0))
	all, cursor := b.poll(cursor, 10)
	if p := one(t, all, gateway.KindPayment, id); p.State != gateway.Succeeded {
		t.Fatalf("%+v", p)
	}
	// The same with a key that may not read events.
	g := b.open(gateway.Connection{ID: "gw_1", Settings: map[string]string{"secret_key": b.fake.RestrictedKey(b.account, "rak_event_read"), "api_url": b.url}})
	_, second := b.paid("att_2", eur(10_000), stripefake.How{Method: "sepa_debit"})
	_, cursor = b.pollWith(g, cursor, 10)
	b.clock.pass(12 * 24 * time.Hour)
	must(t, b.fake.SettleDebit(b.account, second, true, "", 0))
	all, _ = b.pollWith(g, cursor, 10)
	if p := one(t, all, gateway.KindPayment, second); p.State != gateway.Succeeded {
		t.Fatalf("without events: %+v", p)
	}
}

func TestMode18_PaymentReversedAfterItSucceeded(t *testing.T) {
	b := newBench(t)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{Method: "sepa_debit"})
	must(t, b.fake.SettleDebit(b.account, id, true, "", 0))
	must(t, b.fake.ReverseCharge(b.account, id))
	all, _ := b.poll("", 10)
	if p := one(t, all, gateway.KindPaymentReversal, ""); p.RelatedID != id || !p.Gross.Equal(eur(10_000)) {
		t.Fatalf("%+v", p)
	}
	if p := one(t, all, gateway.KindPayment, id); p.State != gateway.Succeeded {
		t.Fatalf("%+v", p)
	}
	b.proven(all)
}

func TestMode19_DisputeOpened(t *testing.T) {
	for name, apart := range map[string]bool{"fee in one row": false, "fee apart": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			_, id := b.paid("att_1", eur(60_000), stripefake.How{})
			dp, err := b.fake.Dispute(b.account, id, stripefake.Contest{Fee: 2_000, Apart: apart})
			must(t, err)
			all, _ := b.poll("", 10)
			d := one(t, all, gateway.KindDispute, dp)
			if d.RelatedID != id || !d.Gross.Equal(eur(60_000)) || d.State != gateway.Succeeded || d.Reason != "needs_response" || d.Description != "fraudulent" {
				t.Fatalf("%+v", d)
			}
			if apart {
				if f := one(t, all, gateway.KindFee, ""); !f.Gross.Equal(eur(2_000)) || f.RelatedID != id || d.FeeState != gateway.FeeNone {
					t.Fatalf("%+v", f)
				}
			} else if !d.Fee.Equal(eur(2_000)) || !d.Net.Equal(eur(-62_000)) {
				t.Fatalf("%+v", d)
			}
			b.proven(all)
		})
	}
}

func TestMode20_DisputeWonLostAndOnlyAsked(t *testing.T) {
	b := newBench(t)
	_, won := b.paid("att_1", eur(60_000), stripefake.How{})
	_, lost := b.paid("att_2", eur(60_000), stripefake.How{})
	_, asked := b.paid("att_3", eur(60_000), stripefake.How{})
	dpWon, err := b.fake.Dispute(b.account, won, stripefake.Contest{Fee: 2_000})
	must(t, err)
	dpLost, err := b.fake.Dispute(b.account, lost, stripefake.Contest{Fee: 2_000, Apart: true, Amount: 20_000})
	must(t, err)
	dpAsked, err := b.fake.Dispute(b.account, asked, stripefake.Contest{Inquiry: true})
	must(t, err)
	first, cursor := b.poll("", 10)
	if p := b.fetch(dpAsked); p.State != gateway.Pending || p.Reason != "warning_needs_response" {
		t.Fatalf("an inquiry takes nothing: %+v", p)
	}
	b.clock.pass(40 * time.Hour)
	must(t, b.fake.ReviewDispute(b.account, dpWon))
	must(t, b.fake.CloseDispute(b.account, dpWon, "won", 2_000))
	must(t, b.fake.CloseDispute(b.account, dpLost, "lost", 0))
	must(t, b.fake.CloseDispute(b.account, dpAsked, "warning_closed", 0))
	all, _ := b.poll(cursor, 10)
	back := one(t, all, gateway.KindDisputeReversal, "")
	if back.RelatedID != dpWon || !back.Gross.Equal(eur(60_000)) || !back.Fee.Equal(eur(-2_000)) || !back.Net.Equal(eur(62_000)) {
		t.Fatalf("%+v", back)
	}
	if p := one(t, all, gateway.KindDispute, dpLost); p.Reason != "lost" || p.State != gateway.Succeeded || !p.Gross.Equal(eur(20_000)) {
		t.Fatalf("%+v", p)
	}
	if p := one(t, all, gateway.KindDispute, dpAsked); p.State != gateway.Failed || p.Reason != "warning_closed" {
		t.Fatalf("%+v", p)
	}
	if p := b.fetch(dpWon); p.Reason != "won" || !p.Fee.Equal(eur(2_000)) {
		t.Fatalf("the dispute itself: %+v", p)
	}
	b.proven(append(first, all...))
}

func TestMode21_PayoutAndItsParts(t *testing.T) {
	b := newBench(t)
	_, a := b.paid("att_1", eur(10_000), stripefake.How{})
	_, c := b.paid("att_2", eur(20_000), stripefake.How{})
	re, err := b.fake.Refund(b.account, a, 1_000, "succeeded")
	must(t, err)
	first, cursor := b.poll("", 10)
	po, err := b.fake.Payout(b.account, "eur", true, true)
	must(t, err)
	second, cursor := b.poll(cursor, 10)
	if p := one(t, second, gateway.KindPayout, po); p.State != gateway.Succeeded || !p.Gross.Equal(eur(9_825+19_675-1_000)) {
		t.Fatalf("%+v", p)
	}
	reader := b.gateway.(gateway.PayoutReader)
	_, err = reader.PayoutItems(t.Context(), po)
	wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	must(t, b.fake.Reconcile(b.account, po))
	third, cursor := b.poll(cursor, 2)
	for _, id := range []string{a, c} {
		if p := one(t, third, gateway.KindPayment, id); p.PayoutID != po {
			t.Fatalf("%+v", p)
		}
	}
	if p := one(t, third, gateway.KindRefund, re); p.PayoutID != po {
		t.Fatalf("%+v", p)
	}
	items, err := reader.PayoutItems(t.Context(), po)
	must(t, err)
	slices.Sort(items)
	want := []string{a, c, re}
	if slices.Sort(want); !slices.Equal(items, want) {
		t.Fatalf("%v", items)
	}
	// Failed days after it was paid.
	must(t, b.fake.PayoutArrives(b.account, po))
	b.clock.pass(4 * 24 * time.Hour)
	must(t, b.fake.FailPayout(b.account, po, "account_closed"))
	fourth, _ := b.poll(cursor, 10)
	back := one(t, fourth, gateway.KindPayoutReversal, "")
	if back.RelatedID != po || !back.Gross.Equal(eur(28_500)) {
		t.Fatalf("%+v", back)
	}
	if p := b.fetch(po); p.State != gateway.Succeeded || p.Reason != "account_closed" {
		t.Fatalf("%+v", p)
	}
	b.proven(slices.Concat(first, second, third, fourth))
	manual, err := b.fake.Payout(b.account, "eur", false, false)
	must(t, err)
	_, err = reader.PayoutItems(t.Context(), manual)
	wants(t, err, gateway.ErrUnsupported, gateway.NotDone)
}

// proven says that what was listed makes what the account holds, to the cent.
func (b *bench) proven(all []gateway.Payment) {
	b.Helper()
	held, err := b.gateway.(gateway.BalanceReader).Balance(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	latest := map[string]gateway.Payment{}
	for _, p := range all {
		latest[string(p.Kind)+" "+p.ID] = p
	}
	sum := map[money.Currency]int64{}
	for _, p := range latest {
		sum[p.Gross.Currency()] += effect(p).Minor()
	}
	for _, m := range held {
		if sum[m.Currency()] != m.Minor() {
			b.Fatalf("the account holds %s, what was listed makes %s:%s", m, money.Of(sum[m.Currency()], m.Currency()), say(all))
		}
		delete(sum, m.Currency())
	}
	for cur, n := range sum {
		if n != 0 {
			b.Fatalf("what was listed makes %s, of which the account holds nothing", money.Of(n, cur))
		}
	}
}

func TestMode22_PayoutsInSeveralCurrencies(t *testing.T) {
	b := newBench(t)
	b.fake.Convert(b.account, "usd", "eur", "0.92")
	_, converted := b.paid("att_1", money.Of(10_000, "USD"), stripefake.How{})
	_, pounds := b.paid("att_2", money.Of(20_000, "GBP"), stripefake.How{})
	first, cursor := b.poll("", 10)
	if p := one(t, first, gateway.KindPayment, pounds); p.Charged != (money.Money{}) || !p.Gross.Equal(money.Of(20_000, "GBP")) {
		t.Fatalf("kept in its own currency: %+v", p)
	}
	if p := one(t, first, gateway.KindPayment, converted); !p.Gross.Equal(eur(9_200)) || !p.Charged.Equal(money.Of(10_000, "USD")) {
		t.Fatalf("converted: %+v", p)
	}
	for cur, item := range map[money.Currency]string{money.EUR: converted, "GBP": pounds} {
		po, err := b.fake.Payout(b.account, strings.ToLower(string(cur)), true, true)
		must(t, err)
		must(t, b.fake.Reconcile(b.account, po))
		var more []gateway.Payment
		more, cursor = b.poll(cursor, 10)
		first = append(first, more...)
		out := one(t, more, gateway.KindPayout, po)
		// What Stripe says left the balance is what the payment left there: nothing is computed anew.
		if net := b.fetch(item).Net; !out.Gross.Equal(net) {
			t.Errorf("%s of %s were paid out", out.Gross, net)
		}
		items, err := b.gateway.(gateway.PayoutReader).PayoutItems(t.Context(), po)
		if err != nil || !slices.Equal(items, []string{item}) {
			t.Errorf("%v, %v", items, err)
		}
	}
	b.proven(first)
}

func TestMode23_ClockSkew(t *testing.T) {
	b := newBench(t)
	_, secret := b.fake.Endpoint(b.account, "http://127.0.0.1:9/hook")
	g := b.with("webhook_secret", secret)
	b.paid("att_1", eur(10_000), stripefake.How{})
	d := b.deliveries("charge.succeeded")[0]
	for _, off := range []time.Duration{0, 4 * time.Minute, -4 * time.Minute} {
		_, err := g.ParseWebhook(t.Context(), delivery(d, b.clock.Now().Add(off)))
		must(t, err)
	}
	for _, off := range []time.Duration{6 * time.Minute, -6 * time.Minute, 24 * time.Hour, -10 * 365 * 24 * time.Hour} {
		_, err := g.ParseWebhook(t.Context(), delivery(d, b.clock.Now().Add(off)))
		wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
	}
}

func TestMode24_ForgedWebhook(t *testing.T) {
	b := newBench(t)
	_, secret := b.fake.Endpoint(b.account, "http://127.0.0.1:9/hook")
	g := b.with("webhook_secret", secret)
	b.paid("att_1", eur(10_000), stripefake.How{})
	good := b.deliveries("charge.succeeded")[0]
	now := b.clock.Now()
	signed := func(body string, secrets ...string) stripefake.Delivery {
		return stripefake.Delivery{Body: []byte(body), Signature: stripefake.Sign(now, []byte(body), secrets...)}
	}
	other := good
	other.Body = bytes.Replace(good.Body, []byte("10000"), []byte("90000"), 1)
	v0 := good
	v0.Signature = strings.ReplaceAll(good.Signature, "v1=", "v0=")
	two := good
	two.Signature = fmt.Sprintf("t=%d,%s", now.Unix()-1, good.Signature)
	live := signed(strings.Replace(string(good.Body), `"livemode": false`, `"livemode": true`, -1), secret)
	for name, d := range map[string]stripefake.Delivery{
		"body changed": other, "v0 only": v0, "two times": two, "no header": {Body: good.Body}, "empty secret": signed(string(good.Body), ""), "other secret": signed(string(good.Body), "whsec_other123"),
		"no event": signed(`{}`, secret), "no JSON": signed(`<event>`, secret), "list": signed(`[]`, secret), "other mode": live, "no mode": signed(`{"id":"evt_1","type":"charge.succeeded"}`, secret),
	} {
		_, err := g.ParseWebhook(t.Context(), delivery(d, now))
		if e := gateway.AsError(err); err == nil || e.Kind != gateway.ErrUntrusted || e.Outcome != gateway.NotDone {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.gateway.ParseWebhook(t.Context(), delivery(good, now))
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone) // a connection without a secret believes nobody
	twice := delivery(good, now)
	twice.Headers = append(twice.Headers, twice.Headers[1])
	_, err = g.ParseWebhook(t.Context(), twice)
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
	// Genuine, of another account's object: it is not found with our key.
	_, strangers := b.fake.Open(stripefake.Account{})
	stranger := b.with("secret_key", strangers)
	_, err = stranger.FetchPayment(t.Context(), "pi_300000000000001")
	wants(t, err, gateway.ErrNotFound, gateway.NotDone)
}

func TestMode25_ReplayedWebhook(t *testing.T) {
	b := newBench(t)
	_, secret := b.fake.Endpoint(b.account, "http://127.0.0.1:9/hook")
	g := b.with("webhook_secret", secret)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{})
	d := b.deliveries("payment_intent.succeeded")[0]
	must(t, second(b.fake.Refund(b.account, id, 10_000, "succeeded")))
	// Within the window a replay is the same event, and what is read again is how things are now.
	h, err := g.ParseWebhook(t.Context(), delivery(d, b.clock.Now().Add(4*time.Minute)))
	must(t, err)
	same, err := g.ParseWebhook(t.Context(), delivery(d, b.clock.Now()))
	if err != nil || h.EventID == "" || same.EventID != h.EventID || !slices.Equal(h.PaymentIDs, []string{id}) {
		t.Errorf("%+v and %+v, %v", h, same, err)
	}
	b.clock.pass(24 * time.Hour)
	_, err = g.ParseWebhook(t.Context(), delivery(d, b.clock.Now()))
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
}

func second[T any](_ T, err error) error { return err }

func TestMode26_SecretsAndKeysAreRolled(t *testing.T) {
	b := newBench(t)
	end, old := b.fake.Endpoint(b.account, "http://127.0.0.1:9/hook")
	fresh := b.fake.RollSecret(b.account, end)
	b.paid("att_1", eur(10_000), stripefake.How{})
	d := b.deliveries("charge.succeeded")[0] // signed with both
	for name, setting := range map[string]string{"old": old, "new": fresh, "both": fresh + ", " + old, "lines": "\n" + old + "\n" + fresh + "\n"} {
		if _, err := b.with("webhook_secret", setting).ParseWebhook(t.Context(), delivery(d, b.clock.Now())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.clock.pass(25 * time.Hour)
	d = b.deliveries("charge.succeeded")[0] // with the new one only
	_, err := b.with("webhook_secret", old).ParseWebhook(t.Context(), delivery(d, b.clock.Now()))
	wants(t, err, gateway.ErrUntrusted, gateway.NotDone)
	_, err = b.with("webhook_secret", old+" "+fresh).ParseWebhook(t.Context(), delivery(d, b.clock.Now()))
	must(t, err)

	was, err := b.gateway.Check(t.Context())
	must(t, err)
	for _, key := range []string{b.fake.RollKey(b.account), b.fake.RestrictedKey(b.account), b.fake.RestrictedKey(b.account, "rak_accounts_kyc_basic_read")} {
		now, err := b.with("secret_key", key).Check(t.Context())
		must(t, err)
		if now.ID != was.ID {
			t.Fatalf("another key of one account opens %s, not %s", now.ID, was.ID)
		}
	}
}

func TestMode27_TestAndLiveNeverMix(t *testing.T) {
	b := newBench(t)
	_, live := b.fake.Open(stripefake.Account{Live: true})
	for _, c := range []gateway.Connection{
		{Mode: gateway.Test, Settings: map[string]string{"secret_key": live}},
		{Mode: gateway.Live, Settings: map[string]string{"secret_key": b.key}},
		{Settings: map[string]string{"secret_key": live, "api_url": b.url}}, // a simulator and a live key
	} {
		_, err := b.driver.Open(t.Context(), c)
		wants(t, err, gateway.ErrConfig, gateway.NotDone)
	}
	// A provider that answers a test key with live objects is refused everywhere.
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id":"x","object":"balance","livemode":true,"available":[],"pending":[],"status":"open","latest_charge":{"id":"ch_1"}}`)
	}))
	defer s.Close()
	g := b.with("api_url", s.URL)
	_, err := g.Check(t.Context())
	wants(t, err, gateway.ErrConfig, gateway.NotDone)
	_, err = g.(gateway.BalanceReader).Balance(t.Context())
	wants(t, err, gateway.ErrConfig, gateway.NotDone)
	_, err = g.CreateCheckout(t.Context(), b.request("att_1", eur(100)))
	wants(t, err, gateway.ErrConfig, gateway.Unknown)
	_, err = g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: "cs_test_1"})
	wants(t, err, gateway.ErrConfig, gateway.NotDone)
	for _, id := range []string{"pi_1", "ch_1", "dp_1", "po_1"} {
		_, err = g.FetchPayment(t.Context(), id)
		wants(t, err, gateway.ErrConfig, gateway.NotDone)
	}
}

func TestMode28_EventOfAConnectedAccount(t *testing.T) {
	b := newBench(t)
	g := b.with("webhook_secret", "whsec_12345678")
	body := []byte(`{"id":"evt_1","type":"charge.succeeded","livemode":false,"account":"acct_other","data":{"object":{"id":"ch_1","object":"charge"}}}`)
	h, err := g.ParseWebhook(t.Context(), delivery(stripefake.Delivery{Body: body, Signature: stripefake.Sign(b.clock.Now(), body, "whsec_12345678")}, b.clock.Now()))
	must(t, err)
	if h.EventID != "evt_1" || len(h.PaymentIDs)+len(h.SessionIDs) != 0 {
		t.Fatalf("%+v", h)
	}
}

func TestMode29_UnknownTypesAreKept(t *testing.T) {
	b := newBench(t)
	_, secret := b.fake.Endpoint(b.account, "http://127.0.0.1:9/hook")
	body := []byte(`{"id":"evt_9","object":"event","type":"quantum.entangled","livemode":false,"data":{"object":{"id":"qu_1","object":"quantum"}}}`)
	h, err := b.with("webhook_secret", secret).ParseWebhook(t.Context(), delivery(stripefake.Delivery{Body: body, Signature: stripefake.Sign(b.clock.Now(), body, secret)}, b.clock.Now()))
	must(t, err)
	if h.EventID != "evt_9" || h.Type != "quantum.entangled" || len(h.PaymentIDs)+len(h.SessionIDs) != 0 {
		t.Fatalf("%+v", h)
	}
	for _, row := range []stripefake.Row{
		{Type: "reserved_funds", Category: "risk_reserved_funds", Amount: -700},
		{Type: "reserve_hold", Category: "risk_reserved_funds", Amount: -100},
		{Type: "topup", Category: "topup", Amount: 9_000},
		{Type: "adjustment", Category: "other_adjustment", Amount: -33},
		{Type: "climate_order_purchase", Category: "climate_order_purchase", Amount: -55},
		{Type: "of_2031", Category: "unheard_of", Amount: 1},
		{Type: "charge", Category: "charge", Amount: 500, Source: "ch_of_nobody"},
		{Type: "refund", Category: "refund", Amount: 25, Source: ""}, // against the grain
		{Type: "payout", Category: "payout", Amount: 70},             // of a negative balance
	} {
		_, err := b.fake.Book(b.account, row)
		must(t, err)
	}
	all, _ := b.poll("", 3)
	if len(all) != 9 {
		t.Fatalf("%s", say(all))
	}
	for _, p := range all {
		if p.Kind != gateway.KindAdjustment && p.Kind != gateway.KindOther && p.Kind != gateway.KindPayment {
			t.Errorf("%s", say([]gateway.Payment{p}))
		}
		if len(p.Raw) == 0 || !json.Valid(p.Raw) {
			t.Errorf("%s without evidence", p.ID)
		}
	}
	b.proven(all)
}

// meddler changes answers on their way.
type meddler struct {
	http.RoundTripper

	change func(req *http.Request, body []byte) []byte
}

func (m meddler) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	body = m.change(req, body)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

func TestMode30_PoisonItemIsSetAside(t *testing.T) {
	bad := ""
	b := benchOf(t, stripefake.Account{}, stripe.Options{Transport: meddler{change: func(req *http.Request, body []byte) []byte {
		if !strings.HasPrefix(req.URL.Path, "/v1/balance_transactions") || bad == "" {
			return body
		}
		var l struct {
			Object  string           `json:"object"`
			URL     string           `json:"url"`
			HasMore bool             `json:"has_more"`
			Data    []map[string]any `json:"data"`
		}
		if json.Unmarshal(body, &l) != nil {
			return body
		}
		for _, it := range l.Data {
			if it["amount"] != 20_000.0 {
				continue
			}
			switch bad {
			case "currency":
				it["currency"] = "zzz"
			case "text":
				it["amount"] = "twenty thousand"
			case "net":
				it["net"] = 1
			case "source":
				it["source"] = map[string]any{"id": "ch_1", "object": "charge", "amount": map[string]any{}}
			case "huge":
				it["amount"], it["net"] = int64(1)<<60, int64(1)<<60
			case "dateless":
				it["created"] = -5
			}
		}
		out, err := json.Marshal(l)
		if err != nil {
			return body
		}
		return out
	}}})
	_, first := b.paid("att_1", eur(10_000), stripefake.How{})
	b.paid("att_2", eur(20_000), stripefake.How{})
	_, last := b.paid("att_3", eur(30_000), stripefake.How{})
	for _, bad = range []string{"currency", "text", "net", "source", "huge", "dateless"} {
		all, _ := b.poll("", 2)
		one(t, all, gateway.KindPayment, first)
		one(t, all, gateway.KindPayment, last)
		if len(all) != 3 {
			t.Fatalf("%s: %s", bad, say(all))
		}
		if bad == "dateless" {
			continue // still a payment: its charge is dated
		}
		if p := one(t, all, gateway.KindOther, ""); !strings.Contains(p.Description, "set aside") || len(p.Raw) == 0 {
			t.Fatalf("%s: %+v", bad, p)
		}
	}
}

func TestMode31_OutageAndPatience(t *testing.T) {
	b := newBench(t)
	_, cursor := b.poll("", 10)
	_, id := b.paid("att_1", eur(10_000), stripefake.How{})
	for _, f := range []stripefake.Fault{{Status: 500}, {Status: 429}, {Status: 503}, {Malformed: true}, {Cut: true, Done: true}} {
		f.Method, f.Path = "GET", "/v1/balance_transactions"
		b.fake.Inject(b.account, f)
		_, err := b.gateway.ListPayments(t.Context(), gateway.ListRequest{Cursor: cursor, Limit: 10})
		wants(t, err, gateway.ErrRetryable, gateway.NotDone)
		f.Path = "/v1/payment_intents"
		b.fake.Inject(b.account, f)
		_, err = b.gateway.FetchPayment(t.Context(), id)
		wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	}
	all, _ := b.poll(cursor, 10)
	one(t, all, gateway.KindPayment, id)
}

func TestMode33_CredentialsRevoked(t *testing.T) {
	b := newBench(t)
	page, id := b.paid("att_1", eur(10_000), stripefake.How{})
	_, cursor := b.poll("", 10)
	b.fake.Revoke(b.key)
	calls := map[string]func() error{
		"check":  func() error { _, err := b.gateway.Check(t.Context()); return err },
		"create": func() error { _, err := b.gateway.CreateCheckout(t.Context(), b.request("att_2", eur(1))); return err },
		"look": func() error {
			_, err := b.gateway.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: page.SessionID})
			return err
		},
		"list": func() error {
			_, err := b.gateway.ListPayments(t.Context(), gateway.ListRequest{Cursor: cursor, Limit: 5})
			return err
		},
		"first": func() error { _, err := b.gateway.ListPayments(t.Context(), gateway.ListRequest{Limit: 5}); return err },
		"fetch": func() error { _, err := b.gateway.FetchPayment(t.Context(), id); return err },
		"refund": func() error {
			_, err := b.gateway.(gateway.Refunder).Refund(t.Context(), gateway.RefundRequest{IdempotencyKey: "r", PaymentID: id, Amount: eur(1)})
			return err
		},
		"expire": func() error {
			_, err := b.gateway.(gateway.Expirer).ExpireCheckout(t.Context(), page.SessionID)
			return err
		},
		"balance": func() error { _, err := b.gateway.(gateway.BalanceReader).Balance(t.Context()); return err },
		"install": func() error {
			_, err := b.gateway.(gateway.WebhookInstaller).InstallWebhook(t.Context(), "https://a.example/hook")
			return err
		},
		"payout": func() error { _, err := b.gateway.(gateway.PayoutReader).PayoutItems(t.Context(), "po_1"); return err },
	}
	for name, call := range calls {
		err := call()
		if e := gateway.AsError(err); err == nil || e.Kind != gateway.ErrConfig || e.Outcome != gateway.NotDone || e.Setting != "secret_key" {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), b.key) || strings.Contains(err.Error(), "sk_test") {
			t.Errorf("%s shows the key: %v", name, err)
		}
	}
}

func TestMode34_EventsOlderThanAMonth(t *testing.T) {
	b := newBench(t)
	_, sepa := b.paid("att_1", eur(10_000), stripefake.How{Method: "sepa_debit"})
	before, cursor := b.poll("", 10)
	b.clock.pass(24 * time.Hour)
	must(t, b.fake.SettleDebit(b.account, sepa, true, "", 0))
	_, later := b.paid("att_2", eur(10_000), stripefake.How{})
	b.clock.pass(60 * 24 * time.Hour) // the events of both are gone
	_, now := b.paid("att_3", eur(10_000), stripefake.How{})
	all, cursor := b.poll(cursor, 10)
	if p := one(t, all, gateway.KindPayment, sepa); p.State != gateway.Succeeded {
		t.Fatalf("%+v", p)
	}
	one(t, all, gateway.KindPayment, later)
	one(t, all, gateway.KindPayment, now)
	b.proven(append(before, all...))
	if rest, _ := b.poll(cursor, 10); len(rest) != 0 {
		t.Fatalf("at rest: %s", say(rest))
	}
}

func TestMode37_InstalmentsAreAttemptsOfTheirOwn(t *testing.T) {
	b := newBench(t)
	_, one := b.paid("att_1", eur(40_000), stripefake.How{})
	_, two := b.paid("att_2", eur(80_000), stripefake.How{})
	a, c := b.fetch(one), b.fetch(two)
	if a.ID == c.ID || a.Reference != "att_1" || c.Reference != "att_2" {
		t.Fatalf("%+v\n%+v", a, c)
	}
}

func TestMode38_NoPersonalDataInErrors(t *testing.T) {
	b := newBench(t)
	b.fake.Inject(b.account, stripefake.Fault{Status: 400, Code: "email_invalid", Times: 1})
	r := b.request("att_1", eur(100))
	_, err := b.gateway.CreateCheckout(t.Context(), r)
	wants(t, err, gateway.ErrPermanent, gateway.NotDone)
	for _, private := range []string{r.CustomerEmail, r.CustomerName, b.key, "ordered"} {
		if strings.Contains(err.Error(), private) {
			t.Errorf("the error says %q: %v", private, err)
		}
	}
	if !strings.Contains(err.Error(), "email_invalid") || !strings.Contains(err.Error(), "req_") {
		t.Errorf("nobody could look that up: %v", err)
	}
}

func TestRequestsTellNothingOfThisMachine(t *testing.T) {
	var mu sync.Mutex
	var seen []http.Header
	b := newBench(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Header.Clone())
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	defer s.Close()
	_, err := b.with("api_url", s.URL).FetchPayment(t.Context(), "pi_1")
	wants(t, err, gateway.ErrRetryable, gateway.NotDone)
	if len(seen) != 1 {
		t.Fatalf("%d calls: a redirection was followed with the key", len(seen))
	}
	if got := seen[0].Get("X-Stripe-Client-User-Agent"); got != `{"lang":"go","publisher":"stripe"}` {
		t.Errorf("it says %s", got)
	}
	if seen[0].Get("X-Stripe-Client-Telemetry") != "" {
		t.Error("telemetry is on")
	}
}
