package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
)

// recordAt is how many movements are handed to the provider at once: enough that its own writing costs little for each.
const recordAt = 4000

// demoScene is what happens in one slot of a day, or in all of it, within one transaction. A transaction may run more than once; so a scene
// keeps what it learns to itself until it is committed.
type demoScene struct {
	*demo
	tx       *books.Tx
	fresh    map[int]string // customers it created: index in the cast, id
	said     map[*demoPayment]gateway.Payment
	reports  []gateway.Payment // what the gateway says, in order
	posted   []string          // arrivals that OK was given on
	tray     []string          // arrivals that wait for OK from now on
	cheques  int64             // received less brought to the bank
	invoices int
}

// scene plays slots of a day.
func (d *demo) scene(ctx context.Context, day int, slots []demoSlot) error {
	var acts []demoAct
	for _, slot := range slots {
		acts = append(acts, d.routine(day, slot)...)
		acts = append(acts, d.plan.acts[day*int(demoSlots)+int(slot)]...)
	}
	if len(acts) > 0 {
		for _, act := range acts {
			act.mint()
		}
		seed := rand.NewPCG(d.Seed, uint64(day)*uint64(demoSlots)+uint64(slots[0])).Uint64()
		var s *demoScene
		err := d.Books.Write(books.WithoutKey(ctx), d.Company, func(ctx context.Context, tx *books.Tx) error {
			defer ids.Deterministic(seed, d.clock)()
			if !tx.Now().Equal(d.now) {
				return errors.New("app: the books do not keep the demonstration's time")
			}
			s = &demoScene{demo: d, tx: tx, fresh: map[int]string{}, said: map[*demoPayment]gateway.Payment{}}
			return s.play(ctx, acts)
		})
		if err != nil {
			return err
		}
		d.keep(s)
	}
	if len(d.provider.unwritten) >= recordAt {
		if _, err := d.record(ctx); err != nil {
			return err
		}
	}
	if slots[0] != deskSlot {
		return nil
	}
	for _, do := range d.plan.asides[day] {
		if err := d.alone(func() error { return do(ctx, d) }); err != nil {
			return err
		}
	}
	return nil
}

// alone runs something that writes on its own with identifiers of its own, so that those which follow are the same when a
// transaction of it had to run again.
func (d *demo) alone(fn func() error) error {
	d.apart++
	defer ids.Deterministic(d.Seed+d.apart<<32, d.clock)()
	return fn()
}

// routine is what people and the gateway do of themselves: OK on what came, except on the last days; cheques brought to the
// bank on Fridays; a payout on Mondays.
func (d *demo) routine(day int, slot demoSlot) []demoAct {
	weekday := d.plan.date(day).Time().Weekday()
	var acts []demoAct
	switch {
	case slot == deskSlot && d.plan.working(day):
		if len(d.tray) > 0 && day < d.plan.days-2 {
			acts = append(acts, demoAct{do: func(ctx context.Context, s *demoScene) error { return s.integrate(ctx, d.tray) }})
		}
		if d.cheques > 0 && weekday == time.Friday {
			acts = append(acts, demoAct{do: func(ctx context.Context, s *demoScene) error { return s.bank(ctx, d.cheques) }})
		}
	case slot == netSlot && weekday == time.Monday:
		if out := d.provider.payout(d.plan.mint("po"), d.now.Add(-12*time.Hour)); len(out) > 0 {
			acts = append(acts, demoAct{do: func(_ context.Context, s *demoScene) error {
				for _, m := range out {
					if err := s.report(m); err != nil {
						return err
					}
				}
				return nil
			}})
		}
	}
	return acts
}

// mint gives what the act writes its identifiers.
func (act demoAct) mint() {
	switch {
	case !act.fresh:
	case act.sale != nil:
		act.sale.id = ids.New(ids.Invoice)
	case act.quote != nil:
		act.quote.id = ids.New(ids.Quote)
		for i := range act.quote.deposits {
			act.quote.deposits[i].id = ids.New(ids.Deposit)
		}
	}
	if act.pay != nil && act.pay.attempt == "" {
		act.pay.attempt = ids.New(ids.Attempt)
	}
}

func (s *demoScene) play(ctx context.Context, acts []demoAct) error {
	if err := s.load(ctx, acts); err != nil {
		return err
	}
	for _, act := range acts {
		if err := act.do(ctx, s); err != nil {
			return err
		}
	}
	return s.observe(ctx)
}

// load fetches all that the acts touch by a handful of questions, and makes known what does not exist yet.
func (s *demoScene) load(ctx context.Context, acts []demoAct) error {
	var invoices, quotes, payable, customers, attempts []string
	sale := func(v *demoSale) {
		invoices, payable = append(invoices, v.id), append(payable, v.id)
		customers = append(customers, s.people[v.customer])
	}
	quote := func(q *demoQuote) {
		quotes, customers = append(quotes, q.id), append(customers, s.people[q.customer])
		for _, d := range q.deposits {
			payable = append(payable, d.id)
		}
	}
	for _, act := range acts {
		if act.sale != nil {
			sale(act.sale)
			if act.fresh && act.sale.quote != nil {
				quote(act.sale.quote)
			}
		}
		if act.quote != nil {
			quote(act.quote)
		}
		if act.pay != nil {
			attempts = append(attempts, act.pay.attempt)
		}
	}
	for _, load := range []func() error{
		func() error { return s.tx.Quotes.Load(ctx, quotes...) },
		func() error {
			for _, id := range quotes {
				q, _, err := s.tx.Quotes.Find(ctx, id)
				if err != nil {
					return err
				}
				for _, d := range q.Deposits {
					invoices = append(invoices, d.InvoiceID)
				}
			}
			return s.tx.Invoices.Load(ctx, invoices...)
		},
		func() error { return s.tx.Customers.Load(ctx, customers...) },
		func() error { return s.tx.Links.Load(ctx, payable...) },
		func() error {
			for _, id := range payable {
				l, _, err := s.tx.Links.Find(ctx, id)
				if err != nil {
					return err
				}
				attempts = append(attempts, l.AttemptID)
			}
			return s.tx.Attempts.Load(ctx, attempts...)
		},
		func() error { return s.tx.LoadLines(ctx, payable...) },
	} {
		if err := load(); err != nil {
			return err
		}
	}
	return nil
}

// keep takes over what a committed scene brought.
func (d *demo) keep(s *demoScene) {
	for i, id := range s.fresh {
		d.people[i] = id
	}
	for m, p := range s.said {
		m.last = p
	}
	if s.posted != nil {
		d.tray = nil
	}
	d.tray = append(d.tray, s.tray...)
	d.cheques += s.cheques
	d.done += s.invoices
	for _, m := range s.reports {
		d.provider.take(m)
	}
}

// customer is the id of one of the cast, who is written down with the first document.
func (s *demoScene) customer(ctx context.Context, i int) (string, error) {
	if id := s.people[i]; id != "" {
		return id, nil
	}
	if id := s.fresh[i]; id != "" {
		return id, nil
	}
	c := s.plan.cast[i]
	c.Code = "C0000"
	if err := c.Validate(); err != nil {
		return "", err
	}
	if err := s.addCustomer(ctx, s.tx, s.clerk, &c, true); err != nil {
		return "", err
	}
	s.fresh[i] = c.ID
	return c.ID, nil
}

// integrate is the accountant's OK. A row that needs a human by now stays in the inbox.
func (s *demoScene) integrate(ctx context.Context, list []string) error {
	s.posted = list
	for len(list) > 0 {
		n := min(len(list), MaxBatch)
		results, err := s.integrateIn(ctx, s.tx, s.keeper, list[:n])
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Err != nil && !fault.Has(r.Err, fault.ArrivalNeedsHuman) {
				return r.Err
			}
		}
		list = list[n:]
	}
	return nil
}

// bank takes the cheques held to the bank.
func (s *demoScene) bank(ctx context.Context, amount int64) error {
	s.cheques -= amount
	return s.between(ctx, chequesHeld, bankAccount, "Remise de chèques", amount)
}

// between moves money from one account of ours to another, as the accountant types it in.
func (s *demoScene) between(ctx context.Context, from, to, label string, amount int64) error {
	day := s.day(s.tx.Now())
	_, err := s.postOnly(ctx, s.tx, s.keeper, posting.Transfer(posting.Movement{Journal: bankJournal, Account: from, Date: day, Real: day,
		Piece: "BQ " + day.String(), Label: label, Source: manualSource + ids.New("man"), Amount: amount}, to))
	return err
}

// observe puts what the gateway said of the slot into the inbox, as its webhooks did one by one when it happened.
func (s *demoScene) observe(ctx context.Context) error {
	if _, err := s.observeIn(ctx, s.tx, s.conn, s.reports, sighting{source: inbox.ByWebhook}); err != nil {
		return err
	}
	for _, p := range s.reports {
		a, err := s.tx.Arrivals.Get(ctx, inbox.ArrivalID(s.conn.ID, p.Kind, p.ID))
		if err != nil {
			return err
		}
		if a.Version == 1 {
			a.FirstSeen = a.OccurredAt.Add(2 * time.Second)
			a.Sightings = []inbox.Sighting{{Source: inbox.ByWebhook, At: a.FirstSeen}}
			if a.SessionID != "" {
				a.Sightings = append(a.Sightings, inbox.Sighting{Source: inbox.ByReturn, At: a.FirstSeen.Add(3 * time.Second)})
			}
			s.tx.Arrivals.Put(a)
		}
		if a.State == inbox.Ready || a.State == inbox.Integrated && a.FeeDue() != 0 {
			s.tray = append(s.tray, a.ID)
		}
	}
	return nil
}

func euros(cents int64) money.Money { return money.Of(cents, money.EUR) }
