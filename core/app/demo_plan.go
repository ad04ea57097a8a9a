package app

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

// demoPlan is what happens in the story, day by day: everything that chance decides is decided here, before anything is
// written. It is a pure function of the options, in integers only, so that it is the same on every machine.
type demoPlan struct {
	r      *rand.Rand
	start  civil.Date
	days   int
	seed   uint64
	cast   []party.Customer
	acts   [][]demoAct // by day and slot
	asides [][]demoAside
	moved  int // movements at the gateway
}

// demoSlot is a part of the day. What happens in one is written together.
type demoSlot int

const (
	deskSlot  demoSlot = iota // the accountant, in the morning
	salesSlot                 // the sales clerk, later in the morning
	netSlot                   // what customers and the gateway did online, as known in the evening
	demoSlots
)

// demoAct is one thing that happens. It names what it touches, so that all of a slot is loaded at once.
type demoAct struct {
	do    func(ctx context.Context, s *demoScene) error
	fresh bool // it writes the sale or the quote for the first time
	sale  *demoSale
	quote *demoQuote
	pay   *demoPayment
}

// demoAside is a use case that a person calls on its own, after the accountant's morning.
type demoAside func(ctx context.Context, d *demo) error

// demoSale is an invoice of the plan.
type demoSale struct {
	id       string // once it is written
	day      int
	customer int
	seed     uint64 // of its lines
	method   string // code
	quote    *demoQuote
	draft    bool
	refund   int64 // taken back by its credit note, to be refunded
}

// demoQuote is a quote of the plan.
type demoQuote struct {
	id       string // once it is written
	customer int
	seed     uint64 // of its lines
	draft    bool
	deposits []demoDeposit
}

// demoDeposit is a deposit asked for at the foot of a quote, in percent of it.
type demoDeposit struct {
	id      string
	percent int64
	method  string // code
}

// demoBill is what a customer pays: an invoice, or the n-th deposit of a quote.
type demoBill struct {
	sale  *demoSale
	quote *demoQuote
	n     int
}

func (b demoBill) id() string {
	if b.sale != nil {
		return b.sale.id
	}
	return b.quote.deposits[b.n].id
}

func (b demoBill) kind() inbox.DocumentKind {
	if b.sale != nil {
		return inbox.InvoiceDocument
	}
	return inbox.DepositDocument
}

func (b demoBill) customer() int {
	if b.sale != nil {
		return b.sale.customer
	}
	return b.quote.customer
}

func newDemoPlan(o DemoOptions) *demoPlan {
	p := &demoPlan{r: rand.New(rand.NewPCG(o.Seed, uint64(o.Invoices))), start: o.Until.AddMonths(-12), seed: o.Seed} //nolint:gosec // a story, to be told again alike
	p.days = int(o.Until.Time().Sub(p.start.Time()) / (24 * time.Hour))
	p.acts = make([][]demoAct, p.days*int(demoSlots))
	p.asides = make([][]demoAside, p.days)
	p.cast = demoCast(p.r, o.Company, min(max(o.Invoices/10, 30), 8000))
	p.gatewayFees()
	left := o.Invoices - p.situations()
	p.openQuotes(o.Invoices / 15)
	weights := make([]int, p.days)
	total := 0
	for day := range weights {
		weights[day] = p.trade(day)
		total += weights[day]
	}
	sum, sold := 0, 0
	for day, w := range weights {
		sum += w
		for upTo := left * sum / total; sold < upTo; sold++ {
			p.ordinary(day)
		}
	}
	return p
}

// date is the day of a story's day, counted from 0.
func (p *demoPlan) date(day int) civil.Date { return p.start.AddDays(day) }

// instant is when a slot of a day is written. All lie between morning and evening in Paris.
func (p *demoPlan) instant(day int, slot demoSlot) time.Time {
	return p.date(day).Time().Add([]time.Duration{7*time.Hour + 40*time.Minute, 9*time.Hour + 20*time.Minute, 18*time.Hour + 30*time.Minute}[slot])
}

// moment is some instant of a day after sales and before the evening.
func (p *demoPlan) moment(day int) time.Time {
	return p.instant(day, salesSlot).Add(time.Duration(60+p.r.IntN(9*3600)) * time.Second)
}

// trade is how much is sold on a day, as weights: nothing on days off, little in August, most on Tuesdays and Thursdays.
func (p *demoPlan) trade(day int) int {
	if !p.working(day) {
		return 0
	}
	d := p.date(day)
	week := map[time.Weekday]int{time.Monday: 90, time.Tuesday: 115, time.Wednesday: 95, time.Thursday: 115, time.Friday: 85}
	year := [...]int{85, 90, 105, 100, 95, 110, 85, 45, 115, 120, 125, 105}
	return week[d.Time().Weekday()] * year[d.Month()-1]
}

// working says whether the company works on a day: not on weekends and French holidays with a fixed date.
func (p *demoPlan) working(day int) bool {
	d := p.date(day)
	switch d.Time().Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	switch d.Number() % 10000 {
	case 101, 501, 508, 714, 815, 1101, 1111, 1225:
		return false
	}
	return true
}

// next is the first working day from a day on.
func (p *demoPlan) next(day int) int {
	for !p.working(day) {
		day++
	}
	return day
}

// last is the last working day up to a day.
func (p *demoPlan) last(day int) int {
	for !p.working(day) {
		day--
	}
	return day
}

// on plans an act. What would happen after the story ends, or before it begins, does not.
func (p *demoPlan) on(day int, slot demoSlot, act demoAct) {
	if day >= 0 && day < p.days {
		i := day*int(demoSlots) + int(slot)
		p.acts[i] = append(p.acts[i], act)
	}
}

// aside plans a use case for the first working day from a day on.
func (p *demoPlan) aside(day int, do demoAside) {
	if day = p.next(day); day < p.days {
		p.asides[day] = append(p.asides[day], do)
	}
}

func (p *demoPlan) chance(perMille int) bool { return p.r.IntN(1000) < perMille }

// somebody draws a customer of a kind; some of the cast buy more often than others.
func (p *demoPlan) somebody(fits func(party.Customer) bool) int {
	for {
		i := min(p.r.IntN(len(p.cast)), p.r.IntN(len(p.cast)))
		if fits(p.cast[i]) {
			return i
		}
	}
}

func anybody(party.Customer) bool     { return true }
func reachable(c party.Customer) bool { return c.Email != "" }
func inFrance(c party.Customer) bool  { return c.Address.Country == zoneFrance }

func atHome(c party.Customer) bool { return inFrance(c) && reachable(c) }

// mint makes an identifier as the gateway gives them.
func (p *demoPlan) mint(prefix string) string {
	p.moved++
	return ids.Derive(prefix, "demo", strconv.FormatUint(p.seed, 10), strconv.Itoa(p.moved))
}
