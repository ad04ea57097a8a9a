package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// sqliteIntegration is the goal of G4 on SQLite, in entries a second.
const sqliteIntegration = 10_000

// integration measures one OK on many payments (G4): receipt, commission and matching of each, in one transaction.
func integration(l *lab) error {
	n := l.o.Payments
	list, err := l.arrivals(n)
	if err != nil {
		return err
	}
	began := time.Now()
	results, err := l.app.Integrate(l.ctx, l.who, list)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	entries := 0
	for _, r := range results {
		if r.Err != nil {
			return fmt.Errorf("arrival %s: %w", r.ArrivalID, r.Err)
		}
		entries += len(r.Entries)
	}
	what := fmt.Sprintf("one OK on %d payments, %d entries in %s", n, entries, seconds(took))
	speed := float64(entries) / took
	if l.engine == sqlite {
		l.out.limit("G4", what, l.engine, speed, perSecond, atLeast(sqliteIntegration))
		return nil
	}
	p6, err := l.pgbench(1, 100)
	if err != nil {
		return err
	}
	l.out.ratio("G4", what, l.engine, speed, p6, perSecond, "P6, 1 client", atLeast(0.3))
	return nil
}

// arrivals issues invoices, has each paid at the gateway, and polls what came: n arrivals that are ready.
func (l *lab) arrivals(n int) ([]string, error) {
	invoices := make([]billing.Invoice, n)
	err := each(n, 128, func(i int) error {
		v, err := l.app.CreateInvoice(l.ctx, l.who, app.InvoiceInput{CustomerID: l.people[i%len(l.people)].ID, MethodID: l.method, Lines: invoiceLines()})
		if err == nil {
			invoices[i], err = l.app.IssueInvoice(l.ctx, l.who, v.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	l.till.payments = nil
	err = l.app.Books.Write(l.ctx, l.who.Company, func(_ context.Context, tx *books.Tx) error {
		l.till.payments = l.till.payments[:0]
		for i := range invoices {
			v := &invoices[i]
			at := inbox.Attempt{ID: ids.Derive(ids.Attempt, v.ID), ConnectionID: l.conn.ID, Document: inbox.InvoiceDocument, DocumentID: v.ID, CustomerID: v.CustomerID,
				Amount: money.Of(v.Due(), v.Currency), State: inbox.Opened, CreatedAt: tx.Now(), UpdatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour), Version: 1}
			tx.Attempts.Put(at)
			l.till.payments = append(l.till.payments, payment("pay_"+strconv.Itoa(i), at.ID, v.Due(), now))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for caught := false; !caught; {
		r, err := l.app.Poll(l.ctx, l.who.Company, l.conn.ID, inbox.ByPoll)
		if err != nil {
			return nil, err
		}
		caught = r.CaughtUp
	}
	l.out.note("G4", "polling them into the inbox, 200 a page", l.engine, perSecond(float64(n)/time.Since(began).Seconds()))
	list, err := l.app.Views.ArrivalsReady(l.ctx, l.who.Company, n)
	if err == nil && len(list) != n {
		err = fmt.Errorf("%d of %d arrivals are ready", len(list), n)
	}
	return list, err
}
