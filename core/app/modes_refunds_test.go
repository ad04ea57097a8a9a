package app_test

import (
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// The failure modes of payment gateways that concern money given back and pages closed, by the number of the list they
// come from.

// TestMode06_TimeOutOnRefund: the outcome is unknown; the same key is sent again, and it is one refund.
func TestMode06_TimeOutOnRefund(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20S", 100000))
	r := s.pay(v.ID, 1825)
	s.start()
	s.play.Change(func(p *apptest.Provider) {
		p.Lose = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "no answer in time")
	})
	rf, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(30000), Reason: "article manquant"})
	apptest.OK(t, err)
	if rf.State != inbox.RefundRequested || rf.Problem != string(fault.GatewayDown) || s.journal() != "" {
		t.Errorf("%+v\n%s", rf, s.journal())
	}
	_, err = s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(30000)})
	apptest.Refused(t, err, fault.RefundInProgress)
	s.play.Change(func(p *apptest.Provider) { p.Lose = nil })
	s.Clock.Advance(time.Minute)
	s.WorkOnce(s.ctx)
	s.okAll()
	s.whole()
	if n, sum := s.refundCount(); n != 1 || sum != 30000 || s.refundOf(rf.ID).State != inbox.RefundPosted {
		t.Errorf("%d refunds of %d, %+v", n, sum, s.refundOf(rf.ID))
	}
	s.golden(t)
}

// TestMode09_CreditedInvoiceClosesItsPage: nobody can pay what is not due any more, and the payer is told in words.
func TestMode09_CreditedInvoiceClosesItsPage(t *testing.T) {
	for name, lines := range map[string][]billing.DocLine{"in full": {line("S20B", 100000)}, "in part": {line("S20B", 30000)}} {
		t.Run(name, func(t *testing.T) {
			s := newCounter(t)
			v := s.invoice(line("S20B", 100000))
			session := s.open(v.ID)
			note, err := s.CreateCreditNote(s.ctx, s.Owner, v.ID)
			apptest.OK(t, err)
			_, err = s.UpdateInvoice(s.ctx, s.Owner, note.ID, 0, app.InvoiceInput{Lines: lines})
			apptest.OK(t, err)
			_, err = s.IssueInvoice(s.ctx, s.Owner, note.ID)
			apptest.OK(t, err)
			s.closed(session, v.ID)
			page, err := s.PayPage(s.ctx, s.token(v.ID))
			apptest.OK(t, err)
			if want := map[string]app.PayState{"in full": app.PayClosed, "in part": app.PayOpen}[name]; page.State != want || page.Due.Minor() != 120000-map[string]int64{"in full": 120000, "in part": 36000}[name] {
				t.Errorf("the payer sees %s, %s due", page.State, page.Due)
			}
		})
	}
}

// closed checks that the provider's page cannot be paid any more and that no attempt is in progress.
func (s *counter) closed(session, document string) {
	s.t.Helper()
	calls := s.play.Calls()
	found := false
	for _, c := range calls {
		found = found || c == "expire_checkout"
	}
	at, open, err := s.OpenPage(s.ctx, s.Owner, document)
	apptest.OK(s.t, err)
	if !found || open || at.State != inbox.Expired || at.SessionID != session {
		s.t.Errorf("the page is %s, %v", at.State, calls)
	}
}

func TestMode09_CancelledDepositClosesItsPage(t *testing.T) {
	s := newCounter(t)
	q, d := s.deposit(36000)
	session := s.open(d)
	_, err := s.CancelDeposit(s.ctx, s.Owner, q.ID, d)
	apptest.OK(t, err)
	s.closed(session, d)
	if page, err := s.PayPage(s.ctx, s.token(d)); err != nil || page.State != app.PayClosed {
		t.Errorf("the payer sees %s, %v", page.State, err)
	}
	_, err = s.StartPayment(s.ctx, s.token(d), s.conn.ID)
	apptest.Refused(t, err, fault.NothingDue)
}

func TestMode09_RefusedQuoteClosesItsPage(t *testing.T) {
	s := newCounter(t)
	q, d := s.deposit(36000)
	session := s.open(d)
	_, err := s.RefuseQuote(s.ctx, s.Owner, q.ID)
	apptest.OK(t, err)
	s.closed(session, d)
	if page, err := s.PayPage(s.ctx, s.token(d)); err != nil || page.State != app.PayClosed {
		t.Errorf("the payer sees %s, %v", page.State, err)
	}
}

// TestMode09_PaidMeanwhile: a page that was paid before it could be closed keeps the deposit from being cancelled.
func TestMode09_PaidMeanwhile(t *testing.T) {
	s := newCounter(t)
	q, d := s.deposit(36000)
	p := s.play.Pay(s.open(d), 0)
	_, err := s.CancelDeposit(s.ctx, s.Owner, q.ID, d)
	apptest.Refused(t, err, fault.QuoteDepositsPending)
	s.okAll()
	if r := s.receipt(s.arrival(p).ReceiptID); r.Amount.Minor() != 36000 {
		t.Errorf("%+v", r)
	}
}

// TestMode09_MoneyOnACreditedInvoice stays the customer's, and is given back without another credit note.
func TestMode09_MoneyOnACreditedInvoice(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	session := s.open(v.ID)
	note, err := s.CreateCreditNote(s.ctx, s.Owner, v.ID)
	apptest.OK(t, err)
	_, err = s.IssueInvoice(s.ctx, s.Owner, note.ID)
	apptest.OK(t, err)
	s.start()
	p := s.play.Pay(session, 1825) // the provider let it through all the same
	s.refresh()
	a := s.arrival(p)
	if a.State != inbox.Review || !a.Has(inbox.Duplicate) {
		t.Fatalf("%s %v", a.State, a.Flags)
	}
	_, err = s.KeepAsCredit(s.ctx, s.Owner, a.ID, "")
	apptest.OK(t, err)
	r := s.receiptOf(p)
	s.whole()
	s.okIDs(s.refunds(r.ID, 120000, "").ArrivalID)
	s.whole()
	if s.credit() != 0 {
		t.Errorf("credit %d", s.credit())
	}
	s.golden(t)
}

// TestMode12_RefundBeforeThePaymentWasValidated: both are in the inbox, linked, and posted together in order.
func TestMode12_RefundBeforeThePaymentWasValidated(t *testing.T) {
	for _, c := range []string{"payment first", "refund first", "OK on the refund alone", "OK on the payment alone"} {
		t.Run(c, func(t *testing.T) {
			s := newCounter(t)
			v := s.invoice(line("S20S", 100000))
			p := s.play.Pay(s.open(v.ID), 1825)
			s.start()
			refund := gateway.Payment{ID: "re_1", Kind: gateway.KindRefund, State: gateway.Succeeded, Gross: apptest.EUR(120000), RelatedID: p.ID}
			refund = apptest.WithFee(refund, 0)
			if c == "refund first" {
				// The webhook of the refund is the first that we hear of either.
				refund = s.play.Put(refund)
				apptest.OK(t, s.Webhook(s.ctx, s.Company.ID, s.conn.ID, s.play.Announce("evt_1", nil, []string{refund.ID})))
				d, err := s.Store.DueWork(s.ctx, s.Clock.Now(), 10)
				apptest.OK(t, err)
				for _, it := range d.Deliveries {
					apptest.OK(t, s.ProcessDelivery(s.ctx, it.Company, it.ID))
				}
				if a := s.arrival(refund); a.State != inbox.Review || !a.Has(inbox.Unmatched) {
					t.Errorf("%s %v", a.State, a.Flags)
				}
				s.refresh()
			} else {
				s.refresh()
				refund = s.reports(refund)
			}
			if a := s.arrival(refund); a.State != inbox.Ready || !a.Has(inbox.RelatedFirst) || a.DocumentID != v.ID {
				t.Errorf("the refund is %s %v on %q", a.State, a.Flags, a.DocumentID)
			}
			switch c {
			case "OK on the refund alone":
				s.ok(refund)
			case "OK on the payment alone":
				s.ok(p)
				s.ok(refund)
			default:
				s.okAll()
			}
			s.whole()
			if v := s.invoiceOf(v.ID); v.Due() != 120000 || v.Paid != 0 || s.receipt(s.arrival(p).ReceiptID).Refunded != 120000 {
				t.Errorf("%+v", v)
			}
			if b := s.balance(s.conn.GatewayAccount); b != -1825 {
				t.Errorf("the gateway account is %d: only the commission is left of it", b)
			}
			if c == "payment first" {
				s.golden(t)
			}
		})
	}
}

// TestMode12_RefundOfAPaymentThatNeedsAPerson waits for that person too, and is looked at again when the payment is posted.
func TestMode12_RefundOfAPaymentThatNeedsAPerson(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	p := s.reports(gateway.Payment{ID: "pi_loose", Kind: gateway.KindPayment, Gross: apptest.EUR(120000)})
	refund := s.reports(gateway.Payment{ID: "re_1", Kind: gateway.KindRefund, Gross: apptest.EUR(20000), RelatedID: p.ID})
	if a := s.arrival(refund); a.State != inbox.Review || !a.Has(inbox.RelatedMissing) {
		t.Errorf("%s %v", a.State, a.Flags)
	}
	_, err := s.MatchArrival(s.ctx, s.Owner, s.arrival(p).ID, inbox.InvoiceDocument, v.ID)
	apptest.OK(t, err)
	s.ok(p)
	if a := s.arrival(refund); a.State != inbox.Ready || len(a.Flags) != 0 {
		t.Errorf("%s %v", a.State, a.Flags)
	}
	s.okAll()
	s.whole()
}

// TestMode12_NobodyLooking: in automatic books both are posted when they come; but not a payment that a person should see.
func TestMode12_NobodyLooking(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	p := s.play.Pay(s.open(v.ID), 0)
	p.Gross = apptest.EUR(130000)
	p = s.reports(apptest.WithFee(p, 0))
	refund := s.reports(gateway.Payment{ID: "re_1", Kind: gateway.KindRefund, Gross: apptest.EUR(20000), RelatedID: p.ID})
	who := s.Owner
	who.Role = "service"
	rs, err := s.Integrate(s.ctx, who, []string{s.arrival(refund).ID})
	apptest.OK(t, err)
	apptest.Refused(t, rs[0].Err, fault.ArrivalNeedsHuman)
	if s.arrival(p).State != inbox.Ready {
		t.Errorf("the payment is %s", s.arrival(p).State)
	}
}

// TestMode13_RefundAtTheProvidersAfterPosting: its own row, a reversing entry, and the invoice is due again.
func TestMode13_RefundAtTheProvidersAfterPosting(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20S", 100000))
	r := s.pay(v.ID, 1825)
	s.start()
	s.ok(s.reports(gateway.Payment{ID: "re_1", Kind: gateway.KindRefund, Gross: apptest.EUR(50000), RelatedID: r.Reference}))
	s.whole()
	if v := s.invoiceOf(v.ID); v.Due() != 50000 || v.Settlement() != billing.Partial {
		t.Errorf("%+v", v)
	}
	// What is left can be given back from here, not a cent more.
	_, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(70001)})
	apptest.Refused(t, err, fault.RefundTooLarge, "amount")
	s.golden(t)
}

// TestMode13_RefundAtTheProvidersNotPostedYet counts against what may be given back.
func TestMode13_RefundAtTheProvidersNotPostedYet(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 0)
	s.reports(gateway.Payment{ID: "re_1", Kind: gateway.KindRefund, Gross: apptest.EUR(50000), RelatedID: r.Reference})
	terms, err := s.RefundTerms(s.ctx, s.Owner, r.ID)
	if err != nil || terms.Left != apptest.EUR(70000) {
		t.Errorf("%+v, %v", terms, err)
	}
	_, err = s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(70001)})
	apptest.Refused(t, err, fault.RefundTooLarge, "amount")
}

// TestMode14_RefundFailsLater: the money is back, its credit note stands: it is the customer's, and may be given back again
// without another credit note.
func TestMode14_RefundFailsLater(t *testing.T) {
	for _, what := range []string{"invoice", "deposit"} {
		t.Run(what, func(t *testing.T) {
			s := newCounter(t)
			var document string
			if what == "invoice" {
				document = s.invoice(line("S20S", 30000)).ID
			} else {
				_, document = s.deposit(36000)
			}
			r := s.pay(document, 565)
			s.start()
			rf := s.refunds(r.ID, 36000, "")
			s.okIDs(rf.ArrivalID)
			a, err := s.Store.Arrival(s.ctx, s.Company.ID, rf.ArrivalID)
			apptest.OK(t, err)
			s.ok(s.reports(gateway.Payment{ID: "rr_1", Kind: gateway.KindRefundReversal, Gross: apptest.EUR(36000), RelatedID: a.ExternalID, Reason: "account_closed"}))
			s.whole()
			rf, r = s.refundOf(rf.ID), s.receipt(r.ID)
			if rf.State != inbox.RefundReversed || rf.Code != "account_closed" || s.credit() != 36000 || r.Refunded != 0 || r.Left() != 36000 || s.balance("411000") != 0 {
				t.Errorf("credit %d\n%+v\n%+v", s.credit(), rf, r)
			}
			again := s.refunds(r.ID, 36000, "")
			s.okIDs(again.ArrivalID)
			s.whole()
			if again = s.refundOf(again.ID); again.State != inbox.RefundPosted || again.CreditNoteID != "" || s.credit() != 0 {
				t.Errorf("credit %d, %+v", s.credit(), again)
			}
			s.golden(t)
		})
	}
}

// TestMode14_RefundOfTheProvidersFailsLater: without a credit note the invoice is simply paid again.
func TestMode14_RefundOfTheProvidersFailsLater(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20S", 100000))
	r := s.pay(v.ID, 0)
	s.ok(s.reports(gateway.Payment{ID: "re_1", Kind: gateway.KindRefund, Gross: apptest.EUR(50000), RelatedID: r.Reference}))
	s.ok(s.reports(gateway.Payment{ID: "rr_1", Kind: gateway.KindRefundReversal, Gross: apptest.EUR(50000), RelatedID: "re_1"}))
	s.whole()
	if v := s.invoiceOf(v.ID); v.Due() != 0 || v.Paid != 120000 || s.credit() != 0 || s.receipt(r.ID).Left() != 120000 {
		t.Errorf("%+v", v)
	}
}

// TestMode17_FeeGivenBackWithARefund credits the commission account, whether it comes inside the refund or on its own line.
func TestMode17_FeeGivenBackWithARefund(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 1825)
	s.start()
	rf := s.refunds(r.ID, 120000, "")
	a, err := s.Store.Arrival(s.ctx, s.Company.ID, rf.ArrivalID)
	apptest.OK(t, err)
	s.reports(gateway.Payment{ID: a.ExternalID, Kind: gateway.KindRefund, Gross: a.Gross, RelatedID: a.RelatedID, OccurredAt: a.OccurredAt,
		FeeState: gateway.FeeKnown, Fee: apptest.EUR(-1000), Net: apptest.EUR(-119000)})
	s.okIDs(rf.ArrivalID)
	s.ok(s.reports(gateway.Payment{ID: "fr_1", Kind: gateway.KindFeeRefund, Gross: apptest.EUR(825), RelatedID: r.Reference}))
	s.whole()
	if c, g := s.balance(s.conn.CommissionAccount), s.balance(s.conn.GatewayAccount); c != 0 || g != 0 {
		t.Errorf("commission %d, gateway account %d", c, g)
	}
	s.golden(t)
}

func TestClosePayPage(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	_, err := s.ClosePayPage(s.ctx, s.Owner, v.ID)
	apptest.Refused(t, err, fault.NoPageOpen)
	session := s.open(v.ID)
	_, err = s.ClosePayPage(s.ctx, s.Actor("auditor"), v.ID)
	apptest.Refused(t, err, fault.NotAllowed)
	at, err := s.ClosePayPage(s.ctx, s.Owner, v.ID)
	if err != nil || at.State != inbox.Expired {
		t.Errorf("%s, %v", at.State, err)
	}
	s.closed(session, v.ID)
	if page, err := s.PayPage(s.ctx, s.token(v.ID)); err != nil || page.State != app.PayOpen || !page.Tried {
		t.Errorf("the payer sees %s, %v", page.State, err)
	}
	// Paid meanwhile: it says so, and the payment waits for OK.
	s.play.Pay(s.open(v.ID), 0)
	at, err = s.ClosePayPage(s.ctx, s.Owner, v.ID)
	if err != nil || at.State != inbox.Succeeded {
		t.Errorf("%s, %v", at.State, err)
	}
	s.okAll()
	s.whole()
	// On its way: it cannot be closed.
	v = s.invoice(line("S20B", 100000))
	s.play.End(s.open(v.ID), gateway.CheckoutProcessing, "")
	_, err = s.ClosePayPage(s.ctx, s.Owner, v.ID)
	apptest.Refused(t, err, fault.PaymentInProgress)
	_, err = s.ClosePayPage(s.ctx, s.Owner, "inv_nothing")
	apptest.Refused(t, err, fault.UnknownThing)
}
