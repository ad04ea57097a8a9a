package app_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

func TestRefundOfAnInvoice(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []billing.DocLine
		cents int64
		cover inbox.Cover
	}{
		{"whole", []billing.DocLine{line("S20B", 100000)}, 120000, inbox.CoverCreditNote},
		{"part", []billing.DocLine{line("S20B", 100000)}, 30001, inbox.CoverCreditNote},
		{"services on receipts", []billing.DocLine{line("S20S", 100000)}, 60000, inbox.CoverCreditNote},
		{"gesture", []billing.DocLine{line("S20B", 50000), line("S20S", 50000)}, 12000, inbox.CoverGesture},
		{"two rates and none", []billing.DocLine{line("S20B", 33333), line("S055B", 1001), line("EXPO", 5000)}, 10000, inbox.CoverCreditNote},
		{"no VAT, due again", []billing.DocLine{line("EXPO", 100000)}, 40000, inbox.CoverNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newCounter(t)
			v := s.invoice(c.lines...)
			r := s.pay(v.ID, 100)
			s.start()
			if r := s.receipt(r.ID); r.Left() != v.Totals.Gross {
				t.Fatalf("left %d", r.Left())
			}
			p, err := s.PreviewRefund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(c.cents), Cover: c.cover})
			apptest.OK(t, err)
			if s.journal() != "" || (p.CreditNote == nil) != (c.cover == inbox.CoverNone) {
				t.Errorf("the preview posted %q, or has another credit note: %+v", s.journal(), p.CreditNote)
			}
			if p.CreditNote != nil && p.CreditNote.Totals.Gross != c.cents {
				t.Errorf("a credit note of %d for %d", p.CreditNote.Totals.Gross, c.cents)
			}
			rf := s.refunds(r.ID, c.cents, c.cover)
			s.whole()
			if s.journal() != "" || s.receipt(r.ID).Refunding != c.cents {
				t.Error("posted before OK, or not held back")
			}
			s.okIDs(rf.ArrivalID)
			s.whole()
			done, r2, v2 := s.refundOf(rf.ID), s.receipt(r.ID), s.invoiceOf(v.ID)
			if done.State != inbox.RefundPosted || done.EntrySeq == 0 || r2.Refunded != c.cents || r2.Refunding != 0 {
				t.Errorf("%+v\n%+v", done, r2)
			}
			if c.cover == inbox.CoverNone {
				if v2.Due() != c.cents {
					t.Errorf("due %d", v2.Due())
				}
			} else if v2.Due() != 0 || v2.Credited != c.cents || v2.Paid != v.Totals.Gross-c.cents {
				t.Errorf("%+v", v2)
			}
			s.golden(t)
		})
	}
}

// TestRefundsInParts refunds an invoice cent by odd cent: the last credit note takes back the rest of each tax exactly.
func TestRefundsInParts(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20S", 9999), line("S055B", 3333), line("S20B", 1), line("EXPO", 777))
	r := s.pay(v.ID, 10)
	for left := v.Totals.Gross; left > 0; {
		part := min(left, 1707)
		s.okIDs(s.refunds(r.ID, part, inbox.CoverCreditNote).ArrivalID)
		s.whole()
		left -= part
	}
	v = s.invoiceOf(v.ID)
	for _, row := range v.Totals.Rows {
		if v.VATCredited[row.Code] != row.VAT {
			t.Errorf("%s: %d of %d taken back", row.Code, v.VATCredited[row.Code], row.VAT)
		}
	}
	for _, account := range []string{"411000", "445711", "445713", "445880", "706000", "707000"} {
		if b := s.balance(account); b != 0 {
			t.Errorf("%s is %d", account, b)
		}
	}
	_, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(1)})
	apptest.Refused(t, err, fault.RefundTooLarge)
}

func TestRefundOfADeposit(t *testing.T) {
	s := newCounter(t)
	q, d := s.deposit(36000)
	r := s.pay(d, 565)
	s.start()
	p, err := s.PreviewRefund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(12000)})
	apptest.OK(t, err)
	if p.CreditNote == nil || p.CreditNote.Kind != billing.DepositCredit {
		t.Errorf("%+v", p.CreditNote)
	}
	s.okIDs(s.refunds(r.ID, 12000, "").ArrivalID)
	s.whole()
	s.okIDs(s.refunds(r.ID, 24000, "").ArrivalID)
	s.whole()
	q, err = s.Store.Quote(s.ctx, s.Company.ID, q.ID)
	apptest.OK(t, err)
	if q.Deposits[0].State != billing.DepositRefunded {
		t.Errorf("%+v", q.Deposits[0])
	}
	s.golden(t)
}

// TestDepositGivenBackInPart is deducted as far as it was kept.
func TestDepositGivenBackInPart(t *testing.T) {
	s := newCounter(t)
	q, d := s.deposit(36000)
	r := s.pay(d, 565)
	s.okIDs(s.refunds(r.ID, 10001, "").ArrivalID)
	s.start()
	v, err := s.InvoiceQuote(s.ctx, s.Owner, q.ID)
	apptest.OK(t, err)
	v, err = s.IssueInvoice(s.ctx, s.Owner, v.ID)
	apptest.OK(t, err)
	s.whole()
	if v.Deducted() != 25999 || v.Due() != 94001 || s.balance("419100") != 0 || s.balance("445871") != 0 {
		t.Errorf("%d deducted, %d due", v.Deducted(), v.Due())
	}
	s.golden(t)
}

// TestRefundOfADeductedDeposit rectifies the final invoice, which took the deposit.
func TestRefundOfADeductedDeposit(t *testing.T) {
	s := newCounter(t)
	q, d := s.deposit(36000)
	r := s.pay(d, 565)
	v, err := s.InvoiceQuote(s.ctx, s.Owner, q.ID)
	apptest.OK(t, err)
	_, err = s.IssueInvoice(s.ctx, s.Owner, v.ID)
	apptest.OK(t, err)
	s.pay(v.ID, 100)
	s.start()
	s.okIDs(s.refunds(r.ID, 36000, "").ArrivalID)
	s.whole()
	if v = s.invoiceOf(v.ID); v.Due() != 0 || v.Credited != 36000 {
		t.Errorf("%+v", v)
	}
	s.golden(t)
}

// TestRefundOfWhatIsTheCustomersAlready needs no credit note: what was paid too much, and what a credit note gave back before.
func TestRefundOfWhatIsTheCustomersAlready(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	session := s.open(v.ID)
	p := s.play.Pay(session, 0)
	p.Gross = apptest.EUR(130000)
	p = s.reports(apptest.WithFee(p, 100))
	r := s.receiptOf(p)
	note, err := s.CreateCreditNote(s.ctx, s.Owner, v.ID)
	apptest.OK(t, err)
	_, err = s.UpdateInvoice(s.ctx, s.Owner, note.ID, 0, app.InvoiceInput{Lines: []billing.DocLine{line("S20B", 20000)}})
	apptest.OK(t, err)
	_, err = s.IssueInvoice(s.ctx, s.Owner, note.ID)
	apptest.OK(t, err)
	s.start()
	in := app.RefundInput{Amount: apptest.EUR(34000)}
	if p, err := s.PreviewRefund(s.ctx, s.Owner, r.ID, in); err != nil || p.CreditNote != nil {
		t.Errorf("%+v, %v", p.CreditNote, err)
	}
	s.okIDs(s.refunds(r.ID, 34000, "").ArrivalID)
	s.whole()
	if s.credit() != 0 || s.balance("411000") != 0 {
		t.Errorf("credit %d, 411 %d", s.credit(), s.balance("411000"))
	}
	in.Amount = apptest.EUR(100)
	if p, err := s.PreviewRefund(s.ctx, s.Owner, r.ID, in); err != nil || p.CreditNote == nil || p.CreditNote.Totals.Gross != 100 {
		t.Errorf("%+v, %v", p.CreditNote, err)
	}
	s.golden(t)
}

func TestRefundIsRefused(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 100)
	ask := func(in app.RefundInput) error {
		_, err := s.Refund(s.ctx, s.Owner, r.ID, in)
		return err
	}
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(120001)}), fault.RefundTooLarge, "amount")
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(0)}), fault.BadAmount, "amount")
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(-5)}), fault.BadAmount, "amount")
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(5), Cover: "love"}), fault.BadChoice, "cover")
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(5), Cover: inbox.CoverNone}), fault.CreditNoteNeeded, "cover")
	for _, role := range []access.Role{access.Sales, access.Auditor} {
		_, err := s.Refund(s.ctx, s.Actor(role), r.ID, app.RefundInput{Amount: apptest.EUR(5)})
		apptest.Refused(t, err, fault.NotAllowed)
	}
	_, err := s.Refund(s.ctx, s.Owner, "rec_nothing", app.RefundInput{Amount: apptest.EUR(5)})
	apptest.Refused(t, err, fault.UnknownThing)

	// A gesture whose account is not in the chart would leave a refund that cannot be posted: it is not asked for.
	apptest.OK(t, s.Books.Write(s.ctx, s.Company.ID, func(_ context.Context, tx *books.Tx) error {
		acc := tx.Setup().Chart.Accounts["709700"]
		acc.Active = false
		tx.Set(acc)
		return nil
	}))
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(5), Cover: inbox.CoverGesture}), fault.InactiveAccount)

	known, err := s.Gateways.Known(s.ctx)
	apptest.OK(t, err)
	g := known[0]
	g.Info.Capabilities = nil
	s.Gateways.Know(g)
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(5)}), fault.RefundElsewhere)
	apptest.OK(t, s.Disconnect(s.ctx, s.Owner, s.conn.ID))
	apptest.Refused(t, ask(app.RefundInput{Amount: apptest.EUR(5)}), fault.GatewayOff)

	var cash string
	for id, m := range s.Settings(t).Methods {
		if m.Kind == billing.ByTransfer {
			cash = id
		}
	}
	typed, err := s.RecordReceipt(s.ctx, s.Owner, app.ReceiptInput{CustomerID: s.customer.ID, Amount: apptest.EUR(500), MethodID: cash})
	apptest.OK(t, err)
	_, err = s.Refund(s.ctx, s.Owner, typed.ID, app.RefundInput{Amount: apptest.EUR(5)})
	apptest.Refused(t, err, fault.NotRefundable)
	if n, _ := s.refundCount(); n != 0 || s.receipt(r.ID).Refunding != 0 {
		t.Error("something was refunded all the same")
	}
}

// TestRefundOfADisputedPayment would give the money away twice.
func TestRefundOfADisputedPayment(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 100)
	d := s.reports(gateway.Payment{ID: "dp_1", Kind: gateway.KindDispute, Gross: apptest.EUR(120000), RelatedID: r.Reference})
	_, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(100)})
	apptest.Refused(t, err, fault.PaymentDisputed)
	s.ok(d)
	_, err = s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(100)})
	apptest.Refused(t, err, fault.PaymentDisputed)
	s.ok(s.reports(gateway.Payment{ID: "dw_1", Kind: gateway.KindDisputeReversal, Gross: apptest.EUR(120000), RelatedID: "dp_1"}))
	s.okIDs(s.refunds(r.ID, 100, "").ArrivalID)
	s.whole()
}

func TestRefundThatTheGatewayRefuses(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 100)
	s.start()
	s.play.Change(func(p *apptest.Provider) {
		p.Fail = gateway.Fail(gateway.ErrPermanent, gateway.NotDone, "refund_window_closed", "payments can be refunded for 180 days")
	})
	rf, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(100)})
	apptest.Refused(t, err, fault.GatewayRefused)
	if rf.State != inbox.RefundFailed || rf.Code != "refund_window_closed" || s.receipt(r.ID).Left() != 120000 || s.journal() != "" {
		t.Errorf("%+v", rf)
	}
	s.WorkOnce(s.ctx)
	s.play.Change(func(p *apptest.Provider) { p.Fail = nil })
	s.Clock.Advance(time.Hour)
	s.WorkOnce(s.ctx)
	if n, _ := s.refundCount(); n != 0 || s.refundOf(rf.ID).State != inbox.RefundFailed {
		t.Error("a failed refund was asked for again")
	}
	s.okIDs(s.refunds(r.ID, 100, "").ArrivalID)
	s.whole()
}

// TestTwoRefundsAtOnce: the second gets a clear error while the first is at the gateway, whoever asks.
func TestTwoRefundsAtOnce(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 100)
	var second error
	var once sync.Once
	s.play.Change(func(p *apptest.Provider) {
		p.During = func() {
			once.Do(func() { _, second = s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(70000)}) })
		}
	})
	rf := s.refunds(r.ID, 70000, "")
	apptest.Refused(t, second, fault.RefundInProgress)
	// Once the outcome is known another may be asked for, within what is left.
	_, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(50001)})
	apptest.Refused(t, err, fault.RefundTooLarge, "amount")
	other := s.refunds(r.ID, 50000, "")
	s.whole()
	s.okIDs(other.ArrivalID, rf.ArrivalID)
	s.whole()
	if n, sum := s.refundCount(); n != 2 || sum != 120000 {
		t.Errorf("%d refunds of %d", n, sum)
	}

	// A crowd: exactly one.
	v = s.invoice(line("S20B", 100000))
	r = s.pay(v.ID, 100)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(120000)}) })
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !fault.Has(err, fault.RefundInProgress) && !fault.Has(err, fault.RefundTooLarge) {
			t.Error(err)
		}
	}
	if n, sum := s.refundCount(); done != 1 || n != 3 || sum != 240000 {
		t.Errorf("%d done, %d refunds of %d", done, n, sum)
	}
}

// TestRefundWithTheSameKey is one refund, also after it is done.
func TestRefundWithTheSameKey(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 100)
	ctx := books.WithKey(s.ctx, "k1", "refund")
	rf, err := s.Refund(ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(120000)})
	apptest.OK(t, err)
	for range 2 {
		_, err = s.Refund(ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(120000)})
		if made, again := app.Replayed(err); !again || made != rf.ID {
			t.Errorf("%q, %v", made, err)
		}
		s.okIDs(rf.ArrivalID)
	}
	if n, _ := s.refundCount(); n != 1 {
		t.Errorf("%d refunds", n)
	}
}

// TestRefundKilledHalfWay stops the program at each point of a refund: after a restart it comes to exactly one.
func TestRefundKilledHalfWay(t *testing.T) {
	killed := errors.New("killed")
	lost := gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "no answer in time")
	for _, c := range []struct {
		name string
		kill func(s *counter)
		heal func(s *counter)
	}{
		{"before the gateway was asked", func(s *counter) {
			s.play.Change(func(p *apptest.Provider) { p.Fail = lost })
		}, func(s *counter) { s.play.Change(func(p *apptest.Provider) { p.Fail = nil }) }},
		{"the gateway's answer was lost", func(s *counter) {
			s.play.Change(func(p *apptest.Provider) { p.Lose = lost })
		}, func(s *counter) { s.play.Change(func(p *apptest.Provider) { p.Lose = nil }) }},
		{"while the request was written", func(s *counter) {
			s.Store.BeforeCommit = func(c *books.Changes) error {
				for _, p := range c.Puts {
					if rf, ok := p.Value.(inbox.Refund); ok && rf.Tries == 0 {
						return killed
					}
				}
				return nil
			}
		}, func(s *counter) { s.Store.BeforeCommit = nil }},
		{"while the try was counted", func(s *counter) {
			s.Store.BeforeCommit = func(c *books.Changes) error {
				for _, p := range c.Puts {
					if rf, ok := p.Value.(inbox.Refund); ok && rf.Tries == 1 {
						return killed
					}
				}
				return nil
			}
		}, func(s *counter) { s.Store.BeforeCommit = nil }},
		{"while the answer was written", func(s *counter) {
			s.Store.BeforeCommit = func(c *books.Changes) error {
				for _, p := range c.Puts {
					if rf, ok := p.Value.(inbox.Refund); ok && rf.ArrivalID != "" {
						return killed
					}
				}
				return nil
			}
		}, func(s *counter) { s.Store.BeforeCommit = nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newCounter(t)
			v := s.invoice(line("S20S", 100000))
			r := s.pay(v.ID, 100)
			c.kill(s)
			asked, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(60000)})
			c.heal(s)
			s.whole()
			if err == nil && asked.State == inbox.RefundAccepted {
				t.Fatal("nothing was killed")
			}
			if c.name == "while the request was written" {
				if n, _ := s.refundCount(); err == nil || n != 0 || s.receipt(r.ID).Refunding != 0 {
					t.Fatalf("%v, %d refunds", err, n)
				}
				s.refunds(r.ID, 60000, "")
			}
			// The poll may be first to see it; it does not post it without its credit note.
			s.refresh()
			s.okAll()
			s.whole()
			s.Clock.Advance(10 * time.Minute)
			s.WorkOnce(s.ctx)
			s.WorkOnce(s.ctx)
			s.okAll()
			s.whole()
			list, err := s.Store.RefundsOf(s.ctx, s.Company.ID, r.ID)
			apptest.OK(t, err)
			if len(list) != 1 || list[0].State != inbox.RefundPosted || list[0].CreditNoteID == "" {
				t.Errorf("%+v", list)
			}
			if n, sum := s.refundCount(); n != 1 || sum != 60000 {
				t.Errorf("%d refunds of %d", n, sum)
			}
			if v := s.invoiceOf(v.ID); v.Credited != 60000 || v.Paid != 60000 || v.Due() != 0 {
				t.Errorf("%+v", v)
			}
		})
	}
}

// TestRefundMadeAtTheProvidersWhileOursIsUnknown: what is made at the provider's site while our own is unknown is its own affair.
func TestRefundMadeAtTheProvidersWhileOursIsUnknown(t *testing.T) {
	s := newCounter(t)
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 100)
	s.play.Change(func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "") })
	rf, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(30000)})
	apptest.OK(t, err)
	s.play.Change(func(p *apptest.Provider) { p.Fail = nil })
	theirs := s.reports(gateway.Payment{ID: "re_theirs", Kind: gateway.KindRefund, Gross: apptest.EUR(30000), RelatedID: r.Reference})
	if a := s.arrival(theirs); a.State != inbox.Review || !a.Has(inbox.RefundOpen) {
		t.Errorf("%s %v: it may be ours, and must wait", a.State, a.Flags)
	}
	_, err = s.RetryRefund(s.ctx, s.Owner, rf.ID)
	apptest.OK(t, err)
	if a := s.arrival(theirs); a.State != inbox.Ready || a.RefundID != "" {
		t.Errorf("%s %v: it is not ours, and may be posted", a.State, a.Flags)
	}
	s.okAll()
	s.whole()
	if v := s.invoiceOf(v.ID); v.Paid != 60000 || v.Credited != 30000 || v.Due() != 30000 {
		t.Errorf("%+v", v)
	}
	_, err = s.RetryRefund(s.ctx, s.Owner, rf.ID)
	apptest.Refused(t, err, fault.RefundNotOpen)
}

// TestDisconnectWaitsForRefunds: what a gateway may still tell of a refund is not given up with its settings.
func TestDisconnectWaitsForRefunds(t *testing.T) {
	asked := func(t *testing.T, change func(*apptest.Provider)) (*counter, inbox.Refund) {
		s := newCounter(t)
		r := s.pay(s.invoice(line("S20B", 100000)).ID, 100)
		s.play.Change(change)
		rf, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(30000)})
		apptest.OK(t, err)
		return s, rf
	}
	refused := func(t *testing.T, s *counter) {
		t.Helper()
		err := s.Disconnect(s.ctx, s.Owner, s.conn.ID)
		apptest.Refused(t, err, fault.RefundsOpen)
		if c := s.Settings(t).Connections[s.conn.ID]; c.Status != inbox.Connected || c.Sealed == nil {
			t.Errorf("disconnected all the same: %+v", c)
		}
	}
	t.Run("done, and the answer lost", func(t *testing.T) {
		s, rf := asked(t, func(p *apptest.Provider) { p.Lose = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "") })
		refused(t, s)
		s.play.Change(func(p *apptest.Provider) { p.Lose = nil })
		done, err := s.RetryRefund(s.ctx, s.Owner, rf.ID)
		apptest.OK(t, err)
		apptest.OK(t, s.Disconnect(s.ctx, s.Owner, s.conn.ID)) // what it told can be posted without it
		s.okIDs(done.ArrivalID)
		s.whole()
		if rf := s.refundOf(rf.ID); rf.State != inbox.RefundPosted {
			t.Errorf("%+v", rf)
		}
	})
	t.Run("given up by a person", func(t *testing.T) {
		s, rf := asked(t, func(p *apptest.Provider) { p.Fail = gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "") })
		s.play.Change(func(p *apptest.Provider) { p.Fail = nil })
		refused(t, s)
		s.Clock.Advance(40 * time.Hour)
		refused(t, s)
		_, err := s.AbandonRefund(s.ctx, s.Owner, rf.ID)
		apptest.OK(t, err)
		apptest.OK(t, s.Disconnect(s.ctx, s.Owner, s.conn.ID))
	})
	t.Run("accepted, and pending at the provider", func(t *testing.T) {
		s, rf := asked(t, func(p *apptest.Provider) { p.Pending = true })
		refused(t, s)
		a, err := s.Store.Arrival(s.ctx, s.Company.ID, rf.ArrivalID)
		apptest.OK(t, err)
		s.reports(gateway.Payment{ID: a.ExternalID, Kind: a.Kind, State: gateway.Failed, Reason: "lost", Gross: a.Gross, RelatedID: a.RelatedID, OccurredAt: a.OccurredAt})
		apptest.OK(t, s.Disconnect(s.ctx, s.Owner, s.conn.ID))
	})
}

// TestRefundWhoseKeyMayBeForgotten is not asked for again, because that could refund again.
func TestRefundWhoseKeyMayBeForgotten(t *testing.T) {
	start := func(t *testing.T, done bool) (*counter, inbox.Receipt, inbox.Refund) {
		s := newCounter(t)
		v := s.invoice(line("S20B", 100000))
		r := s.pay(v.ID, 100)
		lost := gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "")
		s.play.Change(func(p *apptest.Provider) {
			if p.Lose = lost; !done {
				p.Break = func(call string) error {
					if call == "refund" {
						return lost
					}
					return nil
				}
			}
		})
		rf, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(30000)})
		apptest.OK(t, err)
		_, err = s.AbandonRefund(s.ctx, s.Owner, rf.ID)
		apptest.Refused(t, err, fault.RefundInProgress)
		for range 40 {
			s.Clock.Advance(time.Hour)
			s.WorkOnce(s.ctx)
		}
		asked := 0
		for _, call := range s.play.Calls() {
			if call == "refund" {
				asked++
			}
		}
		if asked < 5 || asked > 30 || !s.refundOf(rf.ID).NextTry.IsZero() {
			t.Errorf("asked %d times, %+v", asked, s.refundOf(rf.ID))
		}
		s.play.Change(func(p *apptest.Provider) { p.Break, p.Lose = nil, nil })
		return s, r, rf
	}
	t.Run("it was never made", func(t *testing.T) {
		s, r, rf := start(t, false)
		s.refresh()
		_, err := s.RetryRefund(s.ctx, s.Owner, rf.ID)
		apptest.Refused(t, err, fault.RefundInProgress)
		rf, err = s.AbandonRefund(s.ctx, s.Owner, rf.ID)
		if err != nil || rf.State != inbox.RefundFailed || s.receipt(r.ID).Left() != 120000 {
			t.Errorf("%+v, %v", rf, err)
		}
		s.okIDs(s.refunds(r.ID, 30000, "").ArrivalID)
		s.whole()
	})
	t.Run("it was made", func(t *testing.T) {
		s, r, rf := start(t, true)
		s.refresh()
		s.okAll()
		s.whole()
		if now := s.refundOf(rf.ID); now.State != inbox.RefundPosted || now.CreditNoteID == "" || s.receipt(r.ID).Refunded != 30000 {
			t.Errorf("%+v", now)
		}
	})
}

// TestPendingRefund waits for the provider; it may still fail, and then nothing was posted.
func TestPendingRefund(t *testing.T) {
	for _, end := range []gateway.State{gateway.Succeeded, gateway.Failed} {
		t.Run(string(end), func(t *testing.T) {
			s := newCounter(t)
			v := s.invoice(line("S20B", 100000))
			r := s.pay(v.ID, 100)
			s.start()
			s.play.Change(func(p *apptest.Provider) { p.Pending = true })
			rf := s.refunds(r.ID, 120000, "")
			s.okAll()
			a, err := s.Store.Arrival(s.ctx, s.Company.ID, rf.ArrivalID)
			apptest.OK(t, err)
			if a.State != inbox.Waiting || s.journal() != "" {
				t.Errorf("%s, %s", a.State, s.journal())
			}
			s.reports(gateway.Payment{ID: a.ExternalID, Kind: gateway.KindRefund, State: end, Reason: "account_closed", Gross: a.Gross, RelatedID: a.RelatedID, OccurredAt: a.OccurredAt})
			s.okAll()
			s.whole()
			rf, r = s.refundOf(rf.ID), s.receipt(r.ID)
			if end == gateway.Failed {
				if rf.State != inbox.RefundFailed || rf.Code != "account_closed" || r.Left() != 120000 || s.journal() != "" {
					t.Errorf("%+v\n%+v", rf, r)
				}
			} else if rf.State != inbox.RefundPosted || r.Refunded != 120000 {
				t.Errorf("%+v\n%+v", rf, r)
			}
		})
	}
}

func TestAutomaticBooksPostRefundsAtOnce(t *testing.T) {
	s := newCounterWith(t, party.Company{TestBooks: true, AutoIntegrate: true})
	v := s.invoice(line("S20B", 100000))
	r := s.pay(v.ID, 100)
	rf, err := s.Refund(s.ctx, s.Owner, r.ID, app.RefundInput{Amount: apptest.EUR(120000)})
	if err != nil || rf.State != inbox.RefundPosted || rf.CreditNoteID == "" {
		t.Errorf("%+v, %v", rf, err)
	}
	s.whole()
	page, err := s.PayPage(s.ctx, s.token(v.ID))
	if err != nil || page.State != app.PayClosed {
		t.Errorf("the payer sees %s, %v", page.State, err)
	}
}
