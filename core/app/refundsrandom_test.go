package app_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// TestRandomRefunds mixes refunds from here and from the provider's, lost answers, failures, refunds that fail later, credit
// notes, over- and underpayments on invoices of all kinds and deposits. After each step the accounts say what the documents
// say; at the end the gateway account says what the provider says.
func TestRandomRefunds(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newCounter(t)
			r := &dice{counter: s, Rand: rand.New(rand.NewPCG(seed, 7))}
			for range 60 {
				r.step()
				s.whole()
				if t.Failed() {
					t.Fatalf("after %q", r.done)
				}
			}
			r.settle()
			if t.Failed() {
				t.Fatalf("after %q", r.done)
			}
		})
	}
}

type dice struct {
	*counter
	*rand.Rand
	receipts []string
	given    []gateway.Payment // refunds that may fail later
	n        int
	done     []string
}

func (r *dice) id(what string) string {
	r.n++
	return fmt.Sprintf("%s_%d", what, r.n)
}

func (r *dice) step() {
	r.t.Helper()
	steps := []struct {
		name string
		do   func()
	}{
		{"sell", r.sell}, {"sell", r.sell}, {"ask", r.ask}, {"ask", r.ask}, {"ask", r.ask}, {"ask and lose", r.lose}, {"theirs", r.theirs},
		{"fail later", r.failLater}, {"impute", r.impute}, {"credit note", r.creditNote}, {"ok", r.okReady}, {"work", r.work},
	}
	x := steps[r.IntN(len(steps))]
	r.done = append(r.done, x.name)
	x.do()
}

func (r *dice) sell() {
	var document string
	if r.IntN(3) == 0 {
		_, document = r.deposit(1 + r.Int64N(120000))
	} else {
		var lines []billing.DocLine
		for _, code := range []string{"S20B", "S20S", "S055B", "S10S", "EXPO"} {
			if r.IntN(2) == 0 {
				lines = append(lines, line(code, 1+r.Int64N(50000)))
			}
		}
		if len(lines) == 0 {
			lines = append(lines, line("S20S", 12345))
		}
		document = r.invoice(lines...).ID
	}
	p := r.play.Pay(r.open(document), r.Int64N(30))
	if r.IntN(3) == 0 { // another amount than asked
		gross := max(1, p.Gross.Minor()+[]int64{-3, 3, -500, 500}[r.IntN(4)])
		p.Gross = apptest.EUR(gross)
		p = apptest.WithFee(p, 0)
		r.play.Put(p)
	}
	r.refresh()
	r.ok(p)
	r.receipts = append(r.receipts, r.arrival(p).ReceiptID)
}

// pick is a receipt with what may be refunded of it.
func (r *dice) pick() (string, app.RefundTerms, bool) {
	if len(r.receipts) == 0 {
		return "", app.RefundTerms{}, false
	}
	id := r.receipts[r.IntN(len(r.receipts))]
	terms, err := r.RefundTerms(r.ctx, r.Owner, id)
	apptest.OK(r.t, err)
	return id, terms, terms.Why == nil
}

func (r *dice) part(of int64) int64 {
	if r.IntN(3) == 0 {
		return of
	}
	return 1 + r.Int64N(of)
}

func (r *dice) ask() {
	id, terms, ok := r.pick()
	if !ok {
		return
	}
	cover := []inbox.Cover{inbox.CoverCreditNote, inbox.CoverGesture}[r.IntN(2)]
	if terms.NoCover {
		cover = inbox.CoverNone
	}
	_, err := r.Refund(r.ctx, r.Owner, id, app.RefundInput{Amount: apptest.EUR(r.part(terms.Left.Minor())), Cover: cover})
	// A credit note takes back no more than the invoice still charges: refunds of one that was credited before may be refused.
	if err != nil && !fault.Has(err, fault.CreditTooLarge) && !fault.Has(err, fault.RefundTooLarge) {
		r.t.Error(err)
	}
}

func (r *dice) lose() {
	lost := gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "timeout", "")
	refused := gateway.Fail(gateway.ErrPermanent, gateway.NotDone, "no", "")
	r.play.Change(func(p *apptest.Provider) {
		switch r.IntN(3) {
		case 0:
			p.Fail = lost
		case 1:
			p.Lose = lost
		case 2:
			p.Fail = refused
		}
	})
	id, terms, ok := r.pick()
	if ok {
		_, _ = r.Refund(r.ctx, r.Owner, id, app.RefundInput{Amount: apptest.EUR(r.part(terms.Left.Minor()))})
	}
	r.play.Change(func(p *apptest.Provider) { p.Fail, p.Lose = nil, nil })
}

func (r *dice) theirs() {
	id, terms, ok := r.pick()
	if !ok {
		return
	}
	m := r.reports(gateway.Payment{ID: r.id("re"), Kind: gateway.KindRefund, Gross: apptest.EUR(r.part(terms.Left.Minor())), RelatedID: r.receipt(id).Reference})
	r.given = append(r.given, m)
}

func (r *dice) failLater() {
	page, err := r.Store.Arrivals(r.ctx, r.Company.ID, app.ArrivalQuery{Kinds: []string{"refund"}, Paging: app.Paging{Limit: 200}})
	apptest.OK(r.t, err)
	for _, a := range page.Items {
		failed := false
		for _, g := range r.given {
			failed = failed || g.Kind == gateway.KindRefundReversal && g.RelatedID == a.ExternalID
		}
		if !failed && a.GatewayState == gateway.Succeeded && r.IntN(4) == 0 {
			r.given = append(r.given, r.reports(gateway.Payment{ID: r.id("rr"), Kind: gateway.KindRefundReversal, Gross: a.Gross, RelatedID: a.ExternalID}))
			return
		}
	}
}

// impute uses the customer's credit for another invoice, also one that a refund on its way was to come from.
func (r *dice) impute() {
	if r.credit() <= 0 {
		return
	}
	v := r.invoice(line("S20S", 1+r.Int64N(20000)))
	apptest.OK(r.t, r.ImputeCredit(r.ctx, r.Owner, r.customer.ID, app.AllocationInput{Document: inbox.InvoiceDocument, DocumentID: v.ID, Amount: min(r.credit(), v.Due())}))
}

func (r *dice) creditNote() {
	page, err := r.Store.Invoices(r.ctx, r.Company.ID, app.InvoiceQuery{Kinds: []billing.InvoiceKind{billing.Standard}, Sort: "date", Paging: app.Paging{Limit: 200}})
	apptest.OK(r.t, err)
	if len(page.Items) == 0 {
		return
	}
	v := r.invoiceOf(page.Items[r.IntN(len(page.Items))].ID)
	note, err := r.CreateCreditNote(r.ctx, r.Owner, v.ID)
	if fault.Has(err, fault.CreditTooLarge) {
		return
	}
	apptest.OK(r.t, err)
	l := v.Lines[r.IntN(len(v.Lines))]
	_, err = r.UpdateInvoice(r.ctx, r.Owner, note.ID, 0, app.InvoiceInput{Lines: []billing.DocLine{line(l.VATCode, max(1, l.Net/(1+r.Int64N(3))))}})
	apptest.OK(r.t, err)
	if _, err = r.IssueInvoice(r.ctx, r.Owner, note.ID); err != nil && !fault.Has(err, fault.CreditTooLarge) {
		r.t.Error(err)
	}
}

// okReady is OK on what is ready: whatever a gateway did can be posted.
func (r *dice) okReady() {
	rs, err := r.IntegrateReady(r.ctx, r.Owner)
	apptest.OK(r.t, err)
	for _, x := range rs {
		if x.Err != nil {
			r.t.Error(x.Err)
		}
	}
}

func (r *dice) work() {
	r.Clock.Advance(time.Hour)
	r.WorkOnce(r.ctx)
}

// settle lets everything come to its end.
func (r *dice) settle() {
	for range 3 {
		r.work()
		r.okReady()
		r.whole()
	}
	g, err := r.Gateways.Open(r.ctx, r.conn.Gateway, gateway.Connection{Settings: map[string]string{"key": "test_" + r.conn.AccountID + "_1"}})
	apptest.OK(r.t, err)
	held, err := g.(gateway.BalanceReader).Balance(r.ctx)
	apptest.OK(r.t, err)
	left, err := r.Store.Arrivals(r.ctx, r.Company.ID, app.ArrivalQuery{ToDo: true, Paging: app.Paging{Limit: 200}})
	apptest.OK(r.t, err)
	want := held[0].Minor()
	for _, a := range left.Items {
		if a.Kind.Inflow() {
			want -= a.Gross.Minor()
		} else {
			want += a.Gross.Minor()
		}
	}
	if got := r.balance(r.conn.GatewayAccount); got != want {
		r.t.Errorf("the gateway account is %d, the provider holds %d", got, want)
	}
}
