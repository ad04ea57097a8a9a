package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// inboxClients are how many webhooks come in at once.
	inboxClients = 32
	// maxDrain is how long a backlog may last when webhooks at a steady rate end.
	maxDrain = 2 * time.Second
)

// webhooks measures the inbox of webhooks (G7): verified, deduplicated, stored.
func webhooks(l *lab) error {
	company := l.who.Company
	take := func(ctx context.Context, n int) error { return l.app.Webhook(ctx, company, l.conn.ID, event(n)) }
	fresh := load(l.ctx, inboxClients, l.o.For, func(ctx context.Context, _, n int) error { return take(ctx, n) })
	if fresh.err != nil {
		return fresh.err
	}
	what := fmt.Sprintf("new webhooks, %d clients (%s)", inboxClients, fresh)
	if l.engine == postgres {
		p3, err := l.pgbench(inboxClients, 1)
		if err != nil {
			return err
		}
		l.out.ratio("G7", what, l.engine, fresh.perSecond(), p3, perSecond, "P3", atLeast(0.5))
	} else {
		bare, err := l.bareSQLite()
		if err != nil {
			return err
		}
		l.out.ratio("G7", what, l.engine, fresh.perSecond(), bare, perSecond, "bare inserts", atLeast(0.5))
	}
	again := load(l.ctx, inboxClients, l.o.For, func(ctx context.Context, _, n int) error { return take(ctx, n%fresh.done) })
	if again.err != nil {
		return again.err
	}
	l.out.note("G7", "the same webhooks again ("+again.String()+")", l.engine, perSecond(again.perSecond()))
	return l.sustain(fresh.done)
}

// sustain sends webhooks at a fixed rate while the workers read what each is about, and measures how long the workers go
// on afterwards.
func (l *lab) sustain(backlog int) error {
	if l.o.Sustain == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(l.ctx)
	var workers sync.WaitGroup
	workers.Go(func() { l.app.Work(ctx) })
	defer workers.Wait()
	defer stop()
	began := time.Now()
	if err := l.drained(ctx); err != nil {
		return err
	}
	l.out.note("G7", fmt.Sprintf("workers drain %d webhooks, reading a payment for each", backlog), l.engine, perSecond(float64(backlog)/time.Since(began).Seconds()))

	var failed atomic.Int64
	began = time.Now()
	total := int(l.o.Sustain.Seconds() * float64(l.o.Rate))
	due := make(chan int)
	var senders sync.WaitGroup
	for range inboxClients {
		senders.Go(func() {
			for n := range due {
				if err := l.app.Webhook(ctx, l.who.Company, l.conn.ID, event(1_000_000_000+n)); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; n < total; {
		for until := min(int(time.Since(began).Seconds()*float64(l.o.Rate)), total); n < until; n++ {
			due <- n
		}
		<-tick.C
	}
	close(due)
	senders.Wait()
	sending := time.Since(began)
	ended := time.Now()
	if err := l.drained(ctx); err != nil {
		return err
	}
	what := fmt.Sprintf("%d/s asked, %s taken for %s, %d errors: backlog drains in", l.o.Rate, perSecond(float64(total)/sending.Seconds()), sending.Round(time.Second), failed.Load())
	l.out.limit("G7", what, l.engine, time.Since(ended).Seconds(), seconds, atMost(maxDrain.Seconds()))
	return nil
}

// drained waits until no webhook is due.
func (l *lab) drained(ctx context.Context) error {
	for {
		w, err := l.app.Views.DueWork(ctx, time.Now(), 1)
		if err != nil || len(w.Deliveries) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
