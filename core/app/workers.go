package app

import (
	"context"
	"sync"
	"time"

	"github.com/acquit-app/acquit/core/inbox"
)

const (
	// workEvery is how often workers look for what is due when nothing wakes them.
	workEvery = 5 * time.Second
	workBatch = 100
	// pollTimeout bounds one poll, and retryTimeout one mail or delivery, so that one hung partner does not stop the rest.
	pollTimeout  = 2 * time.Minute
	retryTimeout = time.Minute
	// deliveriesAtOnce is how many webhooks are looked into at a time: those that wait for a gateway's answer do not hold up
	// the others, and those that write share transactions. Providers let one account ask about a hundred times a second.
	deliveriesAtOnce = 16
	// pollsAtOnce is how many connections are read at a time.
	pollsAtOnce = 8
)

// Work runs the background workers until ctx ends: outgoing mail, webhook deliveries, polling, erasing, proofs, refunds of unknown outcome. It returns when all have
// stopped. Several processes may run it on one database: each record's own state decides who does what.
func (a *App) Work(ctx context.Context) {
	var wg sync.WaitGroup
	loop := func(wakeUp chan struct{}, do func(context.Context)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			tick := time.NewTicker(workEvery)
			defer tick.Stop()
			for {
				do(ctx)
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				case <-wakeUp:
				}
			}
		}()
	}
	loop(a.nudge.mail, func(ctx context.Context) {
		a.each(ctx, 1, retryTimeout, func(w Work) []WorkItem { return w.Mails }, a.DeliverMail)
	})
	loop(a.nudge.webhook, func(ctx context.Context) {
		a.each(ctx, deliveriesAtOnce, retryTimeout, func(w Work) []WorkItem { return w.Deliveries }, a.ProcessDelivery)
	})
	polls := newPolls()
	loop(a.nudge.poll, func(ctx context.Context) { a.startPolls(ctx, polls) })
	wg.Go(func() { a.eraseNowAndThen(ctx) })
	loop(nil, func(ctx context.Context) {
		a.each(ctx, 1, proofTimeout, func(w Work) []WorkItem { return w.Proofs }, a.proveDue)
	})
	loop(nil, func(ctx context.Context) {
		a.each(ctx, 1, retryTimeout, func(w Work) []WorkItem { return w.Refunds }, a.SendRefund)
	})
	wg.Wait()
	polls.wg.Wait()
}

// WorkOnce does everything that is due now; tests and commands use it instead of waiting.
func (a *App) WorkOnce(ctx context.Context) {
	a.each(ctx, deliveriesAtOnce, retryTimeout, func(w Work) []WorkItem { return w.Deliveries }, a.ProcessDelivery)
	polls := newPolls()
	a.startPolls(ctx, polls)
	polls.wg.Wait()
	a.each(ctx, 1, proofTimeout, func(w Work) []WorkItem { return w.Proofs }, a.proveDue)
	a.each(ctx, 1, retryTimeout, func(w Work) []WorkItem { return w.Refunds }, a.SendRefund)
	a.each(ctx, 1, retryTimeout, func(w Work) []WorkItem { return w.Mails }, a.DeliverMail)
	a.eraseAll(ctx)
}

// polls are the connections being read by this process.
type polls struct {
	wg      sync.WaitGroup
	mu      sync.Mutex
	running map[WorkItem]bool
}

func newPolls() *polls { return &polls{running: map[WorkItem]bool{}} }

// begin notes that a connection is being read, unless it is already or too many are.
func (p *polls) begin(it WorkItem) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running[it] || len(p.running) >= pollsAtOnce {
		return false
	}
	p.running[it] = true
	return true
}

func (p *polls) end(it WorkItem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, it)
}

// startPolls begins to read the connections that are due and does not wait for them: one whose provider hangs keeps no
// other waiting. What is due and finds no place is found again at the next turn.
func (a *App) startPolls(ctx context.Context, p *polls) {
	w, err := a.Views.DueWork(ctx, a.Now(), workBatch)
	if err != nil {
		a.Log.Warn("due work could not be listed", err)
		return
	}
	for _, it := range w.Feeds {
		if !p.begin(it) {
			continue
		}
		p.wg.Go(func() {
			read := false
			a.attempt(ctx, pollTimeout, it, func(ctx context.Context, company, id string) error {
				_, err := a.Poll(ctx, company, id, inbox.ByPoll)
				read = err == nil
				return err
			})
			p.end(it)
			if read { // there is a place for another, or more of its history
				wake(a.nudge.poll)
			}
		})
	}
}

// each does what is due, so many items at once.
func (a *App) each(ctx context.Context, atOnce int, limit time.Duration, of func(Work) []WorkItem, do func(ctx context.Context, company, id string) error) {
	for ctx.Err() == nil {
		w, err := a.Views.DueWork(ctx, a.Now(), workBatch)
		if err != nil {
			a.Log.Warn("due work could not be listed", err)
			return
		}
		items := of(w)
		next := make(chan WorkItem)
		var wg sync.WaitGroup
		for range min(atOnce, len(items)) {
			wg.Go(func() {
				for it := range next {
					a.attempt(ctx, limit, it, do)
				}
			})
		}
		for _, it := range items {
			next <- it
		}
		close(next)
		wg.Wait()
		if len(items) < workBatch {
			return
		}
	}
}

// attempt does one piece of work, unless the workers are to stop.
func (a *App) attempt(ctx context.Context, limit time.Duration, it WorkItem, do func(ctx context.Context, company, id string) error) {
	if ctx.Err() != nil {
		return
	}
	one, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := do(one, it.Company, it.ID); err != nil && ctx.Err() == nil {
		a.Log.Warn("background work failed; it will be tried again", err, "company", it.Company, "id", it.ID)
	}
}
