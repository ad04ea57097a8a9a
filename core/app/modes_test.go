package app_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// What can go wrong between a payer, a provider and us, by the number it has in the table of failure modes.

func TestMode01_TheSameWebhookTwice(t *testing.T) {
	s := newTill(t)
	p := s.play.Pay(s.click(s.token, ""), 95)
	for range 3 {
		s.hook(s.conn, "evt_1", []string{p.SessionID}, []string{p.ID})
	}
	if ar := s.only(); ar.State != inbox.Ready || ar.Gross != apptest.EUR(12000) {
		t.Errorf("%+v", ar)
	}
	if n := s.ok(); n != 1 || s.ok() != 0 {
		t.Errorf("%d rows posted", n)
	}
	if f := s.feed(); !f.LastWebhook.Equal(s.Clock.Now()) {
		t.Errorf("last webhook at %s", f.LastWebhook)
	}
}

func TestMode02_OutOfOrder(t *testing.T) {
	s := newTill(t)
	session := s.click(s.token, "")
	s.WorkOnce(ctx) // so that neither a poll nor the day's proof comes before the webhooks
	p := s.play.Pay(session, 95)
	refund := s.play.Put(apptest.WithFee(gateway.Payment{ID: "ref_1", Kind: gateway.KindRefund, State: gateway.Succeeded, Gross: apptest.EUR(2000), RelatedID: p.ID}, 0))
	s.hook(s.conn, "evt_refund", nil, []string{refund.ID})
	if ar := s.only(); ar.State != inbox.Review || !ar.Has(inbox.Unmatched) {
		t.Errorf("a refund without its payment: %+v", ar.Arrival)
	}
	s.hook(s.conn, "evt_paid", []string{session}, []string{p.ID})
	// An older snapshot comes last, and a page that says "expired" after it was paid: neither undoes anything.
	s.play.Change(func(pr *apptest.Provider) { pr.At = apptest.Epoch })
	old := p
	old.State, old.Reason = gateway.Pending, "late"
	s.play.Put(old)
	s.play.End(session, gateway.CheckoutExpired, "")
	s.hook(s.conn, "evt_old", []string{session}, []string{p.ID})
	if at := s.attempts(s.invoice.ID)[0]; at.State != inbox.Succeeded {
		t.Errorf("the attempt went back to %s", at.State)
	}
	s.refresh()
	for range 2 { // the refund waits for its payment to be posted
		s.ok()
		for _, ar := range s.arrivals(app.ArrivalQuery{States: []inbox.State{inbox.Review}}) {
			_, err := s.RestoreArrival(ctx, s.Owner, ar.ID)
			apptest.OK(t, err)
		}
	}
	if v, err := s.Store.Invoice(ctx, s.Company.ID, s.invoice.ID); err != nil || v.Paid != 10000 {
		t.Errorf("paid %d, %v", v.Paid, err)
	}
}

func TestMode03_WebhookBeforeTheRedirectOrNever(t *testing.T) {
	for _, way := range []string{"webhook first", "return first", "poll only"} {
		t.Run(way, func(t *testing.T) {
			s := newTill(t)
			session := s.click(s.token, "")
			p := s.play.Pay(session, 95)
			steps := map[string]func(){
				"webhook first": func() {
					s.hook(s.conn, "evt_1", []string{session}, []string{p.ID})
					_, err := s.Return(ctx, s.token, "")
					apptest.OK(t, err)
				},
				"return first": func() {
					_, err := s.Return(ctx, s.token, "")
					apptest.OK(t, err)
					s.hook(s.conn, "evt_1", []string{session}, []string{p.ID})
				},
				"poll only": func() { s.Clock.Advance(5 * time.Minute); s.WorkOnce(ctx) },
			}
			steps[way]()
			if ar := s.only(); ar.State != inbox.Ready || ar.AttemptID == "" || ar.DocumentID != s.invoice.ID {
				t.Errorf("%+v", ar.Arrival)
			}
			if pg := s.page(s.token); pg.State != app.PaySettled {
				t.Errorf("the page says %s", pg.State)
			}
		})
	}
}

func TestMode04_RedirectWithoutPayment(t *testing.T) {
	s := newTill(t)
	s.click(s.token, "")
	pg, err := s.Return(ctx, s.token, "")
	if err != nil || pg.State != app.PayOpen || pg.Due != apptest.EUR(12000) {
		t.Errorf("%s, due %s, %v", pg.State, pg.Due, err)
	}
	if n := len(s.arrivals(app.ArrivalQuery{})); n != 0 {
		t.Errorf("%d payments came of an address", n)
	}
}

func TestMode05_CrashBetweenTheGatewayAndTheCommit(t *testing.T) {
	s := newTill(t)
	s.Store.BeforeCommit = func(c *books.Changes) error {
		for _, r := range c.Puts {
			if at, ok := r.Value.(inbox.Attempt); ok && at.SessionID != "" {
				return errors.New("killed")
			}
		}
		return nil
	}
	if _, err := s.StartPayment(ctx, s.token, ""); err == nil {
		t.Fatal("the crash went unseen")
	}
	s.Store.BeforeCommit = nil
	session := s.click(s.token, "")
	if n := len(s.play.Sessions()); n != 1 || session == "" {
		t.Errorf("%d pages for one click", n)
	}
}

func TestMode06_TimeOut(t *testing.T) {
	s := newTill(t)
	// The page was made and its answer lost: the same key gives the same page.
	s.fails(gateway.ErrRetryable, gateway.Unknown, "timeout")
	_, err := s.StartPayment(ctx, s.token, "")
	apptest.Refused(t, err, fault.GatewayDown)
	if at := s.attempts(s.invoice.ID); len(at) != 1 || at[0].State != inbox.Created {
		t.Fatalf("%+v", at)
	}
	s.mends()
	s.click(s.token, "")
	if at := s.attempts(s.invoice.ID); len(at) != 1 {
		t.Errorf("%d attempts", len(at))
	}
}

func TestMode06_AnUnknownAttemptIsAskedAboutBeforeAnother(t *testing.T) {
	s := newTill(t)
	other := s.NewConnection(t)
	s.fails(gateway.ErrRetryable, gateway.Unknown, "timeout")
	_, err := s.StartPayment(ctx, s.token, s.conn.ID)
	apptest.Refused(t, err, fault.GatewayDown)
	s.mends()
	before := s.count("create_checkout")
	if s.click(s.token, other.ID) == "" {
		t.Fatal("the other gateway opened no page")
	}
	if s.count("create_checkout") != before+1 || s.count("expire_checkout") != 1 {
		t.Errorf("the first gateway was asked: %v", s.play.Calls())
	}
	// While it does not answer at all, the payer may go elsewhere: nobody was told the first page's address.
	_, token := s.owes(50)
	s.fails(gateway.ErrRetryable, gateway.Unknown, "timeout")
	_, err = s.StartPayment(ctx, token, s.conn.ID)
	apptest.Refused(t, err, fault.GatewayDown)
	if s.click(token, other.ID) == "" {
		t.Error("the payer is stuck with a gateway that does not answer")
	}
}

func TestMode07_AmountDiffers(t *testing.T) {
	for gross, want := range map[int64]inbox.Flag{11000: inbox.AmountMismatch, 13000: inbox.Overpaid} {
		s := newTill(t)
		session := s.click(s.token, "")
		p := s.play.Pay(session, 95)
		p.Gross = apptest.EUR(gross)
		p = s.play.Put(apptest.WithFee(p, 95))
		s.hook(s.conn, "evt", []string{session}, []string{p.ID})
		if ar := s.only(); !ar.Has(want) || ar.Gross != apptest.EUR(gross) || ar.State != inbox.Ready {
			t.Errorf("%+v", ar.Arrival)
		}
		s.ok()
		v, err := s.Store.Invoice(ctx, s.Company.ID, s.invoice.ID)
		if err != nil || v.Totals.Gross != 12000 || v.Paid != min(gross, 12000) {
			t.Errorf("of %d, %d settled an invoice of %d; %v", gross, v.Paid, v.Totals.Gross, err)
		}
	}
}

func TestMode08_AnotherCurrencyIsNotMatchedByItself(t *testing.T) {
	s := newTill(t)
	session := s.click(s.token, "")
	p := s.play.Pay(session, 95)
	p.Gross = money.Of(12000, "USD")
	p = s.play.Put(apptest.WithFee(p, 95))
	s.hook(s.conn, "evt", []string{session}, []string{p.ID})
	if ar := s.only(); ar.State != inbox.Review || !ar.Has(inbox.CurrencyMismatch) {
		t.Errorf("%+v", ar.Arrival)
	}
	if s.ok() != 0 {
		t.Error("dollars were posted as euros")
	}
}

// manual makes the till's provider leave the taking of money to us; its pages cannot be closed.
func (s *till) manual() { s.play.Change(func(p *apptest.Provider) { p.Manual = true }) }

func (s *till) transfer(document string, cents int64) {
	s.t.Helper()
	method := ""
	for id, m := range s.Settings(s.t).Methods {
		if m.Code == "VIR" {
			method = id
		}
	}
	_, err := s.RecordReceipt(ctx, s.Owner, app.ReceiptInput{CustomerID: s.customer, Amount: apptest.EUR(cents), MethodID: method,
		Allocations: []app.AllocationInput{{Document: inbox.InvoiceDocument, DocumentID: document, Amount: cents}}})
	apptest.OK(s.t, err)
}

func TestMode09_NothingIsTakenThatIsNotDueAnyMore(t *testing.T) {
	for name, meanwhile := range map[string]func(s *till){
		"settled":      func(s *till) { s.transfer(s.invoice.ID, 12000) },
		"paid in part": func(s *till) { s.transfer(s.invoice.ID, 2000) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTill(t)
			s.manual()
			session := s.click(s.token, "")
			s.play.Agree(session)
			meanwhile(s)
			_, err := s.Return(ctx, s.token, "")
			apptest.OK(t, err)
			s.hook(s.conn, "evt", []string{session}, nil)
			s.Clock.Advance(time.Hour / 2)
			s.WorkOnce(ctx)
			if n := s.count("capture"); n != 0 {
				t.Errorf("money was taken %d times", n)
			}
			if pg := s.page(s.token); pg.State == app.PayInProgress {
				t.Error("the page waits for money that is not taken")
			}
		})
	}
}

func TestMode09_WhoeverComesFirstTakesTheMoney(t *testing.T) {
	for name, way := range map[string]func(s *till, session string){
		"return":  func(s *till, _ string) { _, err := s.Return(ctx, s.token, ""); apptest.OK(s.t, err) },
		"webhook": func(s *till, session string) { s.hook(s.conn, "evt", []string{session}, nil) },
		"poll":    func(s *till, _ string) { s.Clock.Advance(5 * time.Minute); s.WorkOnce(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTill(t)
			s.manual()
			session := s.click(s.token, "")
			s.play.Agree(session)
			way(s, session)
			for _, again := range []func(){
				func() { _, err := s.Return(ctx, s.token, ""); apptest.OK(t, err) },
				func() { s.hook(s.conn, "evt_again", []string{session}, nil) },
				func() { s.refresh() },
			} {
				again()
			}
			if n := s.count("capture"); n != 1 {
				t.Errorf("money was taken %d times", n)
			}
			if ar := s.only(); ar.State != inbox.Ready {
				t.Errorf("%+v", ar.Arrival)
			}
		})
	}
}

func TestMode09_TwoAtOnceTakeTheMoneyOnce(t *testing.T) {
	s := newTill(t)
	s.manual()
	session := s.click(s.token, "")
	s.play.Agree(session)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { _, _ = s.Return(ctx, s.token, "") })
	}
	wg.Wait()
	if ar := s.only(); ar.Gross != apptest.EUR(12000) {
		t.Errorf("%+v", ar.Arrival)
	}
	keys := map[string]bool{}
	for _, c := range s.play.Calls() {
		if strings.HasPrefix(c, "capture ") {
			keys[c] = true
		}
	}
	if len(keys) != 1 {
		t.Errorf("taken with the keys %v", keys)
	}
}

// TestMode09_DepositRuleBeforeTaking: the deposit was cancelled while its payer was at the provider.
func TestMode09_DepositRuleBeforeTaking(t *testing.T) {
	s := newTill(t)
	s.manual()
	q, id, token := s.deposit()
	session := s.click(token, "")
	s.play.Agree(session)
	_, err := s.CancelDeposit(ctx, s.Owner, q.ID, id)
	apptest.OK(t, err)
	_, err = s.Return(ctx, token, "")
	apptest.OK(t, err)
	s.hook(s.conn, "evt", []string{session}, nil)
	if n := s.count("capture"); n != 0 {
		t.Errorf("a cancelled deposit was taken %d times", n)
	}
}

func TestMode10_TwoPaymentsOfOneInvoice(t *testing.T) {
	s := newTill(t)
	s.manual()
	other := s.NewConnection(t)
	first := s.click(s.token, s.conn.ID)
	second := s.click(s.token, other.ID) // the first page cannot be closed
	s.play.Agree(first)
	// The superseded page is agreed to: nothing is taken, since another page is open.
	s.hook(s.conn, "evt_1", []string{first}, nil)
	_, err := s.Return(ctx, s.token, s.attempts(s.invoice.ID)[1].ID)
	apptest.OK(t, err)
	if n := s.count("capture"); n != 0 {
		t.Fatalf("the superseded page was taken %d times", n)
	}
	q := s.Provider(other).Pay(second, 95)
	s.hook(other, "evt_2", []string{second}, []string{q.ID})
	// Should the provider have taken it all the same, it is a duplicate.
	p := s.play.Pay(first, 95)
	s.hook(s.conn, "evt_3", []string{first}, []string{p.ID})
	if s.ok() != 1 {
		t.Error("not exactly one of two payments was posted")
	}
	left := s.arrivals(app.ArrivalQuery{ToDo: true})
	if len(left) != 1 {
		t.Fatalf("%d rows wait for a decision", len(left))
	}
	if !left[0].Has(inbox.Duplicate) || left[0].State != inbox.Review {
		t.Errorf("%+v", left[0].Arrival)
	}
}

func TestMode10_SecondAttemptWaitsForTheFirst(t *testing.T) {
	s := newTill(t)
	other := s.NewConnection(t)
	session := s.click(s.token, s.conn.ID)
	s.play.End(session, gateway.CheckoutProcessing, "")
	for _, c := range []string{s.conn.ID, other.ID} { // another tab, another gateway
		if got := s.click(s.token, c); got != "" {
			t.Errorf("page %s was opened beside a payment on its way", got)
		}
	}
	if pg := s.page(s.token); pg.State != app.PayInProgress {
		t.Errorf("the page says %s", pg.State)
	}
	if n := len(s.attempts(s.invoice.ID)); n != 1 {
		t.Errorf("%d attempts", n)
	}
}

// TestMode10_APageThatComesLate: while a slow gateway makes its page, another tab gives it up and pays elsewhere; the first
// payer is not sent to a second live page.
func TestMode10_APageThatComesLate(t *testing.T) {
	s := newTill(t)
	other := s.NewConnection(t)
	once := true
	s.play.Change(func(p *apptest.Provider) {
		p.Before = func(call string) {
			if call != "create_checkout" || !once {
				return
			}
			once = false
			if s.click(s.token, other.ID) == "" {
				t.Error("the other tab opened nothing")
			}
		}
	})
	address, err := s.StartPayment(ctx, s.token, s.conn.ID)
	if err != nil || address != "" {
		t.Errorf("sent to %q, %v", address, err)
	}
	open := 0
	for _, at := range s.attempts(s.invoice.ID) {
		if at.State.InProgress() {
			open++
		}
	}
	if open != 1 {
		t.Errorf("%d attempts are open", open)
	}
}

func TestMode11_DepositPaidTwiceOrQuoteRefused(t *testing.T) {
	s := newTill(t)
	q, id, token := s.deposit()
	session := s.click(token, "")
	p := s.play.Pay(session, 95)
	s.hook(s.conn, "evt_1", []string{session}, []string{p.ID})
	if s.ok() != 1 {
		t.Fatal("the deposit was not posted")
	}
	second := p
	second.ID = "pay_again"
	s.play.Put(second)
	s.hook(s.conn, "evt_2", nil, []string{second.ID})
	left := s.arrivals(app.ArrivalQuery{ToDo: true})
	if len(left) != 1 || left[0].State != inbox.Review || s.ok() != 0 {
		t.Fatalf("%+v", left)
	}
	_, err := s.KeepAsCredit(ctx, s.Owner, left[0].ID, "")
	apptest.OK(t, err)
	if s.ok() != 1 {
		t.Error("what was paid twice does not go to the customer's credit")
	}
	_, _ = q, id
}

func TestMode15_SeveralCapturesOfOneAttempt(t *testing.T) {
	s := newTill(t)
	session := s.click(s.token, "")
	p := s.play.Pay(session, 95)
	p.Gross = apptest.EUR(7000)
	p = s.play.Put(apptest.WithFee(p, 50))
	rest := p
	rest.ID, rest.Gross = p.ID+"_b", apptest.EUR(5000)
	rest = s.play.Put(apptest.WithFee(rest, 45))
	s.hook(s.conn, "evt", nil, []string{p.ID, rest.ID})
	if s.ok() != 2 {
		t.Error("not both parts were posted")
	}
	if v, err := s.Store.Invoice(ctx, s.Company.ID, s.invoice.ID); err != nil || v.Due() != 0 {
		t.Errorf("due %d, %v", v.Due(), err)
	}
}

func TestMode16_FeeUnknown(t *testing.T) {
	s := newTill(t)
	p := s.play.Pay(s.click(s.token, ""), -1)
	s.refresh()
	if ar := s.only(); ar.State != inbox.Ready || !ar.Has(inbox.FeePending) {
		t.Errorf("%+v", ar.Arrival)
	}
	if s.ok() != 1 {
		t.Error("the receipt waits for the fee")
	}
	s.Clock.Advance(4 * 24 * time.Hour)
	if h, err := s.Store.Home(ctx, s.Company.ID, s.Today()); err != nil || h.FeesPending != 1 || h.FeesAged != 1 {
		t.Errorf("%d pending, %d aged, %v", h.FeesPending, h.FeesAged, err)
	}
	s.play.Put(apptest.WithFee(p, 95))
	s.refresh()
	if s.ok() != 1 {
		t.Error("the fee that became known was not posted")
	}
	if ar := s.only(); ar.FeePosted != 95 || ar.Has(inbox.FeePending) {
		t.Errorf("%+v", ar.Arrival)
	}
}

func TestMode18_PendingThenFailed(t *testing.T) {
	s := newTill(t)
	session := s.click(s.token, "")
	p := s.play.Pay(session, -1)
	p.State, p.Reason = gateway.Pending, "sepa"
	s.play.Put(p)
	s.play.End(session, gateway.CheckoutProcessing, "")
	s.hook(s.conn, "evt_1", []string{session}, []string{p.ID})
	if pg := s.page(s.token); pg.State != app.PayInProgress || s.ok() != 0 {
		t.Errorf("the page says %s", pg.State)
	}
	p.State, p.Reason = gateway.Failed, "insufficient_funds"
	s.play.Put(p)
	s.play.End(session, gateway.CheckoutFailed, "insufficient_funds")
	s.hook(s.conn, "evt_2", []string{session}, []string{p.ID})
	pg := s.page(s.token)
	if pg.State != app.PayOpen || !pg.Tried || pg.Failed != "insufficient_funds" {
		t.Errorf("%+v", pg)
	}
	if ar := s.only(); ar.State != inbox.Void || s.ok() != 0 {
		t.Errorf("%+v", ar.Arrival)
	}
}

func TestMode23_ClockSkew(t *testing.T) {
	s := newTill(t)
	s.play.Change(func(p *apptest.Provider) { p.At = apptest.Epoch.Add(-48 * time.Hour) }) // the provider's clock is two days behind
	p := s.play.Pay(s.click(s.token, ""), 95)
	s.refresh()
	ar := s.only()
	if !ar.OccurredAt.Equal(p.OccurredAt) || !ar.FirstSeen.Equal(s.Clock.Now()) {
		t.Errorf("happened %s, seen %s", ar.OccurredAt, ar.FirstSeen)
	}
	if ar.State != inbox.Ready { // a payment that answers our attempt is ours, whatever its clock says
		t.Errorf("%+v", ar.Arrival)
	}
}

func TestMode24_ForgedWebhook(t *testing.T) {
	s := newTill(t)
	d := s.play.Announce("evt", nil, []string{"pay_x"})
	d.Headers[0].Value = "signed by somebody"
	apptest.Refused(t, s.Webhook(ctx, s.Company.ID, s.conn.ID, d), fault.WebhookRefused)
	// Well signed, about an object that is not in our account: dropped, and counted.
	s.hook(s.conn, "evt_2", nil, []string{"pay_of_nobody"})
	if n := len(s.arrivals(app.ArrivalQuery{})); n != 0 {
		t.Errorf("%d arrivals", n)
	}
	if h, err := s.Store.Home(ctx, s.Company.ID, s.Today()); err != nil || h.Deliveries != 1 {
		t.Errorf("%d orphans, %v", h.Deliveries, err)
	}
	if s.connection().Status != inbox.Connected {
		t.Error("a forged webhook stopped the connection")
	}
}

func TestMode25_ReplayedWebhook(t *testing.T) {
	s := newTill(t)
	p := s.play.Pay(s.click(s.token, ""), 95)
	d := s.play.Announce("evt", nil, []string{p.ID})
	apptest.OK(t, s.Webhook(ctx, s.Company.ID, s.conn.ID, d))
	s.WorkOnce(ctx)
	s.ok()
	fetched := s.count("fetch_payment")
	s.Clock.Advance(time.Hour)
	apptest.OK(t, s.Webhook(ctx, s.Company.ID, s.conn.ID, d))
	s.WorkOnce(ctx)
	if s.ok() != 0 || s.count("fetch_payment") != fetched {
		t.Error("a replay was looked into again")
	}
}

// TestMode26_KeyRotation: a key is revoked while money moves; the connection stops, is given a new key of the same account,
// and goes on from where it was: nothing lost, nothing twice.
func TestMode26_KeyRotation(t *testing.T) {
	s := newTill(t)
	s.play.Put(moved("pay_1", gateway.KindPayment, 1000))
	s.refresh()
	s.fails(gateway.ErrConfig, gateway.NotDone, "401")
	s.play.Put(moved("pay_2", gateway.KindPayment, 2000))
	s.Clock.Advance(5 * time.Minute)
	s.WorkOnce(ctx)
	if c := s.connection(); c.Status != inbox.NeedsAttention || !c.On {
		t.Fatalf("%+v", c)
	}
	s.play.Put(moved("pay_3", gateway.KindPayment, 3000))
	s.mends()
	in := app.ConnectionInput{Label: s.conn.Label, Journal: s.conn.Journal, GatewayAccount: s.conn.GatewayAccount, CommissionAccount: s.conn.CommissionAccount,
		BankJournal: s.conn.BankJournal, BankAccount: s.conn.BankAccount, FeeVAT: s.conn.FeeVAT}
	for key, code := range map[string]fault.Code{"test_stranger_1": fault.OtherAccount, "live_" + s.conn.AccountID + "_1": fault.WrongMode} {
		in.Settings = map[string]string{"key": key}
		_, err := s.UpdateConnection(ctx, s.Owner, s.conn.ID, 0, in)
		apptest.Refused(t, err, code)
	}
	in.Settings = map[string]string{"key": "test_" + s.conn.AccountID + "_2"}
	c, err := s.UpdateConnection(ctx, s.Owner, s.conn.ID, 0, in)
	if err != nil || c.Status != inbox.Connected || c.Problem != "" {
		t.Fatalf("%+v, %v", c, err)
	}
	s.WorkOnce(ctx) // at once, not at the next turn
	got := map[string]int{}
	for _, ar := range s.arrivals(app.ArrivalQuery{}) {
		got[ar.ExternalID]++
	}
	if fmt.Sprint(got) != "map[pay_1:1 pay_2:1 pay_3:1]" {
		t.Errorf("%v", got)
	}
}

// TestMode26_AnOldKeysRefusalComesLate: the answer to a call with the old key arrives after the new one was given.
func TestMode26_AnOldKeysRefusalComesLate(t *testing.T) {
	s := newTill(t)
	s.play.Change(func(p *apptest.Provider) {
		p.Before = func(call string) {
			if call != "list_payments" {
				return
			}
			in := app.ConnectionInput{Label: s.conn.Label, Journal: s.conn.Journal, GatewayAccount: s.conn.GatewayAccount, CommissionAccount: s.conn.CommissionAccount,
				BankJournal: s.conn.BankJournal, BankAccount: s.conn.BankAccount, FeeVAT: s.conn.FeeVAT, Settings: map[string]string{"key": "test_" + s.conn.AccountID + "_2"}}
			_, err := s.UpdateConnection(ctx, s.Owner, s.conn.ID, 0, in)
			apptest.OK(t, err)
			s.fails(gateway.ErrConfig, gateway.NotDone, "401")
		}
	})
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.Refused(t, err, fault.GatewayCredentials)
	if c := s.connection(); c.Status != inbox.Connected {
		t.Errorf("the new key is blamed for the old one: %+v", c)
	}
}

func TestMode26_WebhookSecretsRoll(t *testing.T) {
	s := newTill(t)
	secret := func() string {
		_, err := s.TestConnection(ctx, s.Owner, s.conn.ID)
		apptest.OK(t, err)
		opened := s.Gateways.Opened()
		return opened[len(opened)-1].Settings["webhook_secret"]
	}
	first := secret()
	c, err := s.InstallWebhook(ctx, s.Owner, s.conn.ID)
	if err != nil || !strings.HasSuffix(c.WebhookURL, "/"+s.conn.ID) || !c.WebhookAt.Equal(s.Clock.Now()) {
		t.Fatalf("%+v, %v", c, err)
	}
	if got := strings.Fields(secret()); len(got) != 2 || got[1] != first || got[0] == first {
		t.Errorf("secrets %q after %q", got, first)
	}
	for range 4 {
		_, err := s.InstallWebhook(ctx, s.Owner, s.conn.ID)
		apptest.OK(t, err)
	}
	if got := strings.Fields(secret()); len(got) != 3 || got[0] == got[1] {
		t.Errorf("secrets %q", got)
	}
}

func TestMode27_ModesNeverMix(t *testing.T) {
	s := newTill(t)
	live, err := s.Connect(ctx, s.Owner, apptest.PlayGateway, map[string]string{"key": "live_" + s.conn.AccountID + "_1"})
	apptest.OK(t, err)
	if live.ID == s.conn.ID || live.GatewayAccount == s.conn.GatewayAccount || live.Journal == s.conn.Journal {
		t.Errorf("test and live of one account share %+v", live)
	}
	_, err = s.SwitchOn(ctx, s.Owner, live.ID)
	apptest.Refused(t, err, fault.WrongMode)
	// Real money that comes into play books all the same waits, and is never posted there.
	s.play.Put(moved("pay_live", gateway.KindPayout, 1000))
	_, err = s.Refresh(ctx, s.Owner, live.ID)
	apptest.OK(t, err)
	if ar := s.only(); ar.Mode != gateway.Live || !ar.Has(inbox.WrongMode) || s.ok() != 0 {
		t.Errorf("%+v", ar.Arrival)
	}
	_, err = s.AcceptArrival(ctx, s.Owner, s.only().ID)
	apptest.OK(t, err)
	if s.ok() != 0 {
		t.Error("accepted by hand, real money was posted in play books")
	}
}

func TestMode27_WebhookOfTheOtherMode(t *testing.T) {
	s := newTill(t)
	d := s.play.Announce("evt", nil, nil)
	s.play.Change(func(p *apptest.Provider) { p.Mode = gateway.Live })
	apptest.Refused(t, s.Webhook(ctx, s.Company.ID, s.conn.ID, d), fault.WrongMode)
	// A provider that does not tell the mode tells it by what it signs with.
	s.play.Change(func(p *apptest.Provider) { p.Mode, p.Silent = "", true })
	apptest.OK(t, s.Webhook(ctx, s.Company.ID, s.conn.ID, d))
}

// TestMode28_ConnectionsDoNotSeeEachOther: two accounts of one provider in one company, and a third in another company.
func TestMode28_ConnectionsDoNotSeeEachOther(t *testing.T) {
	s := newTill(t)
	second := s.NewConnection(t)
	boss := s.NewCompany(t)
	third, err := s.Connect(ctx, boss, apptest.PlayGateway, map[string]string{"key": "test_third_1"})
	apptest.OK(t, err)
	p := s.play.Pay(s.click(s.token, s.conn.ID), 95)
	mine := s.play.Announce("evt", []string{p.SessionID}, []string{p.ID})
	// Sent to another connection it does not verify; signed by that one, it finds nothing there.
	for _, to := range []struct {
		company string
		conn    inbox.Connection
	}{{s.Company.ID, second}, {boss.Company, third}} {
		apptest.Refused(t, s.Webhook(ctx, to.company, to.conn.ID, mine), fault.WebhookRefused)
		apptest.OK(t, s.Webhook(ctx, to.company, to.conn.ID, s.Provider(to.conn).Announce("evt_"+to.conn.ID, []string{p.SessionID}, []string{p.ID})))
	}
	apptest.Refused(t, s.Webhook(ctx, boss.Company, s.conn.ID, mine), fault.UnknownThing)
	s.WorkOnce(ctx)
	for _, c := range []string{second.ID, third.ID} {
		if n := len(s.arrivals(app.ArrivalQuery{Connection: c})); n != 0 {
			t.Errorf("%d arrivals by another connection", n)
		}
	}
	if page, err := s.Store.Arrivals(ctx, boss.Company, app.ArrivalQuery{}); err != nil || len(page.Items) != 0 {
		t.Errorf("%d arrivals in another company, %v", len(page.Items), err)
	}
	// The same ids at two accounts are two movements.
	s.Provider(second).Put(moved(p.ID, gateway.KindPayment, 500))
	_, err = s.Refresh(ctx, s.Owner, second.ID)
	apptest.OK(t, err)
	s.refresh()
	if n := len(s.arrivals(app.ArrivalQuery{})); n != 2 {
		t.Errorf("%d arrivals", n)
	}
	// One account connected by two companies: each has its own webhook and cursor.
	twin, err := s.Connect(ctx, boss, apptest.PlayGateway, map[string]string{"key": "test_" + s.conn.AccountID + "_7"})
	if err != nil || twin.ID == s.conn.ID {
		t.Errorf("%+v, %v", twin, err)
	}
}

func TestMode29_UnknownKind(t *testing.T) {
	s := newTill(t)
	s.play.Put(moved("odd", gateway.KindOther, -700))
	s.play.Put(moved("payout", gateway.KindPayout, 500))
	s.refresh()
	if n := s.ok(); n != 1 {
		t.Errorf("%d rows posted, want the payout", n)
	}
	left := s.arrivals(app.ArrivalQuery{ToDo: true})
	if len(left) != 1 || !left[0].Has(inbox.UnknownKind) {
		t.Errorf("%+v", left)
	}
}

func TestMode30_PoisonItem(t *testing.T) {
	s := newTill(t)
	s.play.Put(moved("before", gateway.KindPayout, 500))
	bad := moved("bad", gateway.KindPayment, 500)
	bad.Net = apptest.EUR(1)
	s.play.Put(bad)
	s.play.Put(moved("after", gateway.KindPayout, 500))
	r := s.refresh()
	if r.Movements != 2 || r.Quarantined != 1 || !r.CaughtUp {
		t.Errorf("%+v", r)
	}
	if f := s.feed(); len(f.Quarantined) != 1 || !strings.HasPrefix(f.Quarantined[0], "bad: ") || f.Failures != 0 {
		t.Errorf("%+v", f)
	}
	if r := s.refresh(); r.Movements+r.Quarantined != 0 {
		t.Errorf("read again: %+v", r)
	}
}

func TestMode31_GatewayDown(t *testing.T) {
	s := newTill(t)
	other := s.NewConnection(t)
	s.fails(gateway.ErrRetryable, gateway.NotDone, "429")
	for range 3 {
		_, err := s.StartPayment(ctx, s.token, s.conn.ID)
		apptest.Refused(t, err, fault.GatewayDown)
	}
	// Now it is left in peace: no call is made, the page says so, and the other gateway is offered.
	calls := len(s.play.Calls())
	_, err := s.StartPayment(ctx, s.token, s.conn.ID)
	apptest.Refused(t, err, fault.GatewayDown)
	if len(s.play.Calls()) != calls {
		t.Error("it was called all the same")
	}
	for _, o := range s.page(s.token).Offers {
		if o.Down != (o.ConnectionID == s.conn.ID) {
			t.Errorf("%+v", o)
		}
	}
	if c := s.connection(); c.Status != inbox.Connected {
		t.Errorf("an outage is taken for refused keys: %+v", c)
	}
	if s.click(s.token, other.ID) == "" {
		t.Error("the payer cannot pay elsewhere")
	}
	// It comes back by itself.
	s.mends()
	s.Clock.Advance(15 * time.Second)
	_, token := s.owes(50)
	if s.click(token, s.conn.ID) == "" {
		t.Error("it was not found working again")
	}
	if slices.ContainsFunc(s.page(token).Offers, func(o app.Offer) bool { return o.Down }) {
		t.Error("still shown as down")
	}
}

func TestMode31_PollsBackOff(t *testing.T) {
	s := newTill(t)
	s.fails(gateway.ErrRetryable, gateway.Unknown, "503")
	var last time.Duration
	for n := range 12 {
		_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
		apptest.Refused(t, err, fault.GatewayDown)
		f := s.feed()
		wait := f.NextPoll.Sub(s.Clock.Now())
		if f.Failures != n+1 || f.LastError != string(fault.GatewayDown) || wait < 90*time.Second || wait > 40*time.Minute || f.Busy(s.Clock.Now()) {
			t.Errorf("after %d failures it waits %s: %+v", n+1, wait, f)
		}
		last = wait
		s.Clock.Advance(wait)
	}
	if last < 20*time.Minute {
		t.Errorf("after twelve failures it waits only %s", last)
	}
	s.mends()
	s.refresh()
	if f := s.feed(); f.Failures != 0 || f.LastError != "" {
		t.Errorf("%+v", f)
	}
}

// TestMode31_APermanentErrorStopsNothing: one request that will never do is no reason to take the connection for revoked.
func TestMode31_APermanentErrorStopsNothing(t *testing.T) {
	s := newTill(t)
	s.fails(gateway.ErrPermanent, gateway.NotDone, "bad_request")
	_, err := s.Refresh(ctx, s.Owner, s.conn.ID)
	apptest.Refused(t, err, fault.GatewayRefused)
	if c := s.connection(); c.Status != inbox.Connected {
		t.Errorf("%+v", c)
	}
}

func TestMode33_CredentialsRevoked(t *testing.T) {
	for name, call := range map[string]func(s *till, session, payment string) error{
		"poll":     func(s *till, _, _ string) error { _, err := s.Refresh(ctx, s.Owner, s.conn.ID); return err },
		"checkout": func(s *till, _, _ string) error { _, err := s.StartPayment(ctx, s.token, s.conn.ID); return err },
		"webhook": func(s *till, _, payment string) error {
			s.mends()
			d := s.play.Announce("evt", nil, []string{payment})
			if err := s.Webhook(ctx, s.Company.ID, s.conn.ID, d); err != nil {
				return err
			}
			s.fails(gateway.ErrConfig, gateway.NotDone, "api_key_expired")
			s.WorkOnce(ctx)
			return nil
		},
		"return": func(s *till, session, _ string) error { _, err := s.Return(ctx, s.token, ""); return err },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTill(t)
			session := s.click(s.token, s.conn.ID)
			s.play.Put(moved("pay_x", gateway.KindPayment, 100))
			s.fails(gateway.ErrConfig, gateway.NotDone, "api_key_expired")
			for range 3 {
				_ = call(s, session, "pay_x")
			}
			c := s.connection()
			if c.Status != inbox.NeedsAttention || c.Problem != string(fault.GatewayCredentials) || !strings.Contains(c.Detail, "api_key_expired") {
				t.Fatalf("%+v", c)
			}
			// It says so once: in its history, and by mail to those who can mend it.
			s.WorkOnce(ctx)
			events, err := s.Store.History(ctx, s.Company.ID, c.ID)
			apptest.OK(t, err)
			n := 0
			for _, e := range events {
				if e.Action == "connection_refused" {
					n++
				}
			}
			sent := s.Mailer.Sent()
			if n != 1 || len(sent) != 1 || sent[0].To != "owner@acquit.test" || !strings.Contains(sent[0].Text, "/settings/gateways/"+c.ID) || len(sent[0].Attachments) != 0 {
				t.Errorf("said %d times, %d mails: %+v", n, len(sent), sent)
			}
			if h, err := s.Store.Home(ctx, s.Company.ID, s.Today()); err != nil || h.ConnectionsDown != 1 {
				t.Errorf("%d connections down, %v", h.ConnectionsDown, err)
			}
			// No call any more but tests; the page says how to pay otherwise.
			calls := len(s.play.Calls())
			s.Clock.Advance(24 * time.Hour)
			s.WorkOnce(ctx)
			_, _ = s.Refresh(ctx, s.Owner, s.conn.ID)
			_, _ = s.Return(ctx, s.token, "")
			_ = s.Webhook(ctx, s.Company.ID, s.conn.ID, s.play.Announce("evt_late", nil, nil))
			if pg := s.page(s.token); pg.State != app.PayOffline || len(pg.Offers) != 0 {
				t.Errorf("the page says %s with %v", pg.State, pg.Offers)
			}
			if len(s.play.Calls()) != calls {
				t.Errorf("called on: %v", s.play.Calls()[calls:])
			}
			// A test that works brings it back, and the list is read on at once.
			s.mends()
			_, err = s.TestConnection(ctx, s.Owner, c.ID)
			apptest.OK(t, err)
			s.WorkOnce(ctx)
			if n := len(s.arrivals(app.ArrivalQuery{})); n != 1 {
				t.Errorf("%d arrivals after reconnecting", n)
			}
		})
	}
}

// TestMode33_ThePayerGoesElsewhere: a page was open at a gateway that can no longer be asked. Until its life is over
// nobody knows whether it was paid; then the payer may use another.
func TestMode33_ThePayerGoesElsewhere(t *testing.T) {
	s := newTill(t)
	other := s.NewConnection(t)
	session := s.click(s.token, s.conn.ID)
	s.fails(gateway.ErrConfig, gateway.NotDone, "401")
	_, _ = s.Refresh(ctx, s.Owner, s.conn.ID)
	_, err := s.StartPayment(ctx, s.token, other.ID)
	apptest.Refused(t, err, fault.GatewayCredentials)
	s.Clock.Advance(2 * time.Hour)
	second := s.click(s.token, other.ID)
	if second == "" {
		t.Fatal("the payer is stuck")
	}
	// It had been paid: once reconnected, the second payment is the one that is posted or the first, never both.
	s.Provider(other).Pay(second, 95)
	_, err = s.Return(ctx, s.token, "")
	apptest.OK(t, err)
	s.mends()
	s.play.Pay(session, 95)
	_, err = s.TestConnection(ctx, s.Owner, s.conn.ID)
	apptest.OK(t, err)
	s.WorkOnce(ctx)
	if n := s.ok(); n != 1 {
		t.Errorf("%d payments posted", n)
	}
	if v, err := s.Store.Invoice(ctx, s.Company.ID, s.invoice.ID); err != nil || v.Paid != 12000 {
		t.Errorf("paid %d, %v", v.Paid, err)
	}
}

func TestMode35_ScannersOpenNothing(t *testing.T) {
	s := newTill(t)
	for range 5 {
		s.page(s.token)
		_, err := s.Return(ctx, s.token, "")
		apptest.OK(t, err)
	}
	if n := len(s.play.Sessions()); n != 0 || s.count("create_checkout") != 0 {
		t.Errorf("looking opened %d pages", n)
	}
}

func TestMode36_Tokens(t *testing.T) {
	s := newTill(t)
	if len(s.token) < 22 { // 128 bits in base64
		t.Errorf("a token of %d characters", len(s.token))
	}
	l, err := s.Store.PayLink(ctx, s.Company.ID, s.invoice.ID)
	if err != nil || strings.Contains(l.Hash+string(l.Sealed), s.token) {
		t.Errorf("the token is kept in clear; %v", err)
	}
	_, err = s.PayPage(ctx, s.token[:len(s.token)-1]+"x")
	apptest.Refused(t, err, fault.LinkUnknown)
}

func TestMode37_Instalments(t *testing.T) {
	s := newTill(t)
	s.transfer(s.invoice.ID, 4000)
	session := s.click(s.token, "")
	if r := s.play.Sessions()[session]; r.Amount != apptest.EUR(8000) || r.Document != s.invoice.Number {
		t.Errorf("asked for %s on %s", r.Amount, r.Document)
	}
	s.transfer(s.invoice.ID, 3000) // the open page asks for too much now
	again := s.click(s.token, "")
	if again == session || s.play.Sessions()[again].Amount != apptest.EUR(5000) {
		t.Errorf("asked for %s", s.play.Sessions()[again].Amount)
	}
	if a, b := s.play.Sessions()[session], s.play.Sessions()[again]; a.IdempotencyKey == b.IdempotencyKey || a.Reference == b.Reference {
		t.Error("two instalments share a key")
	}
}

func TestDeclinedPayerGoesBackToTheSamePage(t *testing.T) {
	s := newTill(t)
	s.manual()
	session := s.click(s.token, "")
	s.play.Agree(session)
	s.play.Change(func(p *apptest.Provider) { p.Decline = true })
	pg, err := s.Return(ctx, s.token, "")
	if err != nil || pg.State != app.PayOpen || pg.Retry != s.conn.Label || pg.Failed != "INSTRUMENT_DECLINED" {
		t.Fatalf("%+v, %v", pg, err)
	}
	if at := s.attempts(s.invoice.ID)[0]; at.State != inbox.Opened || at.Declines != 1 {
		t.Errorf("%+v", at)
	}
	// The clock does not try again and again; the button leads to the same page.
	s.Clock.Advance(3 * time.Minute)
	s.WorkOnce(ctx)
	if n := s.count("capture"); n != 1 {
		t.Errorf("tried %d times", n)
	}
	if got := s.click(s.token, ""); got != session {
		t.Errorf("sent to %q, want %q", got, session)
	}
	// Another card: taken with a key of its own, because the first try certainly came to nothing.
	s.play.Agree(session)
	s.play.Change(func(p *apptest.Provider) { p.Decline = false })
	if pg, err = s.Return(ctx, s.token, ""); err != nil || pg.State != app.PaySettled {
		t.Errorf("%+v, %v", pg, err)
	}
	var keys []string
	for _, c := range s.play.Calls() {
		if k, ok := strings.CutPrefix(c, "capture "); ok {
			keys = append(keys, k)
		}
	}
	if len(keys) != 2 || keys[0] == keys[1] {
		t.Errorf("keys %v", keys)
	}
}

// TestTakingMoneyThatTimesOut: nobody knows whether it was taken; no other page is opened, and the same key asks again.
func TestTakingMoneyThatTimesOut(t *testing.T) {
	s := newTill(t)
	s.manual()
	other := s.NewConnection(t)
	session := s.click(s.token, s.conn.ID)
	s.play.Agree(session)
	looks := 0
	s.play.Change(func(p *apptest.Provider) {
		p.Before = func(call string) {
			if call == "settle_checkout" {
				if looks++; looks == 2 {
					s.fails(gateway.ErrRetryable, gateway.Unknown, "timeout")
				}
			}
		}
	})
	_, err := s.Return(ctx, s.token, "")
	apptest.OK(t, err)
	if pg := s.page(s.token); pg.State != app.PayInProgress {
		t.Errorf("the page says %s", pg.State)
	}
	s.mends()
	if got := s.click(s.token, other.ID); got != "" {
		t.Errorf("page %s was opened while the first payment may just be taken", got)
	}
	s.Clock.Advance(5 * time.Minute)
	s.WorkOnce(ctx)
	if ar := s.only(); ar.Gross != apptest.EUR(12000) || s.page(s.token).State != app.PaySettled || len(s.Provider(other).Sessions()) != 0 {
		t.Errorf("%+v", ar.Arrival)
	}
	keys := slices.DeleteFunc(s.play.Calls(), func(c string) bool { return !strings.HasPrefix(c, "capture ") })
	if len(slices.Compact(keys)) != 1 {
		t.Errorf("keys %v", keys)
	}
}

// TestMoneyThatWasNotTakenKeepsNobodyWaiting: the time-out was before the effect, and the payer wants another gateway.
func TestMoneyThatWasNotTakenKeepsNobodyWaiting(t *testing.T) {
	s := newTill(t)
	s.manual()
	other := s.NewConnection(t)
	session := s.click(s.token, s.conn.ID)
	s.play.Agree(session)
	looks := 0
	s.play.Change(func(p *apptest.Provider) {
		p.Before = func(call string) {
			if looks++; call == "settle_checkout" && looks == 2 {
				s.fails(gateway.ErrRetryable, gateway.Unknown, "timeout")
			}
		}
	})
	_, err := s.Return(ctx, s.token, "")
	apptest.OK(t, err)
	s.mends()
	s.Clock.Advance(2 * time.Minute)
	if s.click(s.token, other.ID) == "" {
		t.Error("the payer is stuck")
	}
	s.hook(s.conn, "evt", []string{session}, nil)
	if n := s.count("capture"); n != 0 {
		t.Errorf("the page that was given up was taken %d times", n)
	}
}
