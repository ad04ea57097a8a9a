package main

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// TestManyAtOnce lets clerks issue, payers pay the same documents twice, three ways in report, and accountants press OK, all
// at the same time and through two programs on one database. No number is missing, nothing is posted twice, no update is lost.
func TestManyAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		r := &run1{world: w, rnd: rand.New(rand.NewPCG(5, 6))}
		second := w.another()
		const workers, rounds = 8, 6
		var wg sync.WaitGroup
		var mu sync.Mutex
		for n := range workers {
			a := w.app
			if n%2 == 1 {
				a = second
			}
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(n), 9))
				for range rounds {
					doc, err := w.oneSale(a, rnd)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					r.invoices = append(r.invoices, doc)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		r.settleDust()
		r.check()
		if got := len(r.invoices); got != workers*rounds {
			t.Errorf("%d sales of %d", got, workers*rounds)
		}
		for _, id := range r.invoices {
			v, err := w.store.Invoice(w.ctx, w.who.Company, id)
			w.must(err)
			if v.Due() != 0 || v.Paid != v.Payable() {
				t.Errorf("%s: paid %d of %d", v.Number, v.Paid, v.Payable())
			}
		}
	})
}

// oneSale sells, has two payers click at once, reports the payment three ways at once and presses OK twice at once.
func (w *world) oneSale(a *app.App, rnd *rand.Rand) (string, error) {
	c := w.customers[rnd.IntN(len(w.customers))]
	lines := (&run1{world: w, rnd: rnd}).lines()
	v, err := a.CreateInvoice(w.ctx, w.who, app.InvoiceInput{CustomerID: c.ID, MethodID: w.online, Lines: lines})
	if err != nil {
		return "", err
	}
	if v, err = a.IssueInvoice(w.ctx, w.who, v.ID); err != nil {
		return "", err
	}
	token := w.token(v.ID)
	urls := together(2, func(int) (string, error) { return a.StartPayment(w.ctx, token, w.conn.ID) })
	url := ""
	for _, u := range urls {
		if u.err != nil {
			return "", u.err
		}
		if url == "" {
			url = u.value
		}
		if u.value != url {
			w.t.Errorf("two clicks opened two pages: %s and %s", url, u.value)
		}
	}
	if _, err := w.provider.Pay(sessionOf(url), sandbox.Outcome{How: sandbox.Pays, Webhook: sandbox.WebhookNever}); err != nil {
		return "", err
	}
	hook, err := w.provider.Announcement(gateway.Connection{ID: w.conn.ID, Mode: gateway.Test, Settings: w.sandboxSettings()}, sessionOf(url))
	if err != nil {
		return "", err
	}
	ways := []func() error{
		func() error { return a.Webhook(w.ctx, w.who.Company, w.conn.ID, hook) },
		func() error { _, err := a.Return(w.ctx, token, ""); return err },
		func() error { _, err := a.Poll(w.ctx, w.who.Company, w.conn.ID, inbox.ByPoll); return err },
		func() error { a.WorkOnce(w.ctx); return nil },
	}
	for _, r := range together(len(ways), func(i int) (struct{}, error) { return struct{}{}, ways[i]() }) {
		if r.err != nil {
			return "", r.err
		}
	}
	for _, r := range together(2, func(int) ([]app.Result, error) { return a.IntegrateReady(w.ctx, w.who) }) {
		if r.err != nil {
			return "", r.err
		}
	}
	return v.ID, nil
}

type answer[T any] struct {
	value T
	err   error
}

// together runs n things at once and returns their answers.
func together[T any](n int, do func(i int) (T, error)) []answer[T] {
	out := make([]answer[T], n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { out[i].value, out[i].err = do(i) })
	}
	wg.Wait()
	return out
}

// TestTwoDepositsOnlineAtOnce lets two clerks, each in a program of their own, make different deposits of one quote payable online at the same moment.
func TestTwoDepositsOnlineAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		apps := []*app.App{w.app, w.another()}
		for range 10 {
			q, err := w.app.CreateQuote(w.ctx, w.who, app.QuoteInput{CustomerID: w.customers[0].ID, Lines: (&run1{world: w, rnd: rand.New(rand.NewPCG(1, 1))}).lines()})
			w.must(err)
			won := 0
			for _, r := range together(2, func(i int) (struct{}, error) {
				_, err := apps[i].SetDeposit(w.ctx, w.who, q.ID, 0, app.DepositInput{Amount: money.Of(100, money.EUR).Minor(), MethodID: w.online})
				return struct{}{}, err
			}) {
				switch {
				case r.err == nil:
					won++
				case !fault.Has(r.err, fault.SecondOnlineDeposit):
					t.Fatal(r.err)
				}
			}
			if won != 1 {
				t.Fatalf("%d of two simultaneous online deposits were accepted", won)
			}
		}
	})
}
