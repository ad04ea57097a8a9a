package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
)

const (
	// MinDemo and MaxDemo bound the invoices of a demonstration. Below, the situations that it shows would not fit; above,
	// its plan would not fit in the memory of a small machine.
	MinDemo = 80
	MaxDemo = 1_000_000
	// usualDemo is a year of a workshop with a few people.
	usualDemo = 600
	// dayAtOnce is how many invoices make it worth while to write a whole day in one transaction, at the price that all of
	// it happens in the evening.
	dayAtOnce = 20_000
)

// DemoOptions says which demonstration books to make. Clock and Provider are required.
type DemoOptions struct {
	// Company is the id of the books; empty: one made from the seed.
	Company string
	// Invoices is how many invoices the year has, from MinDemo to MaxDemo, not counting credit notes and deposit invoices; 0: 600.
	Invoices int
	// Seed chooses the year. The same seed, number of invoices and day give the same books: the same head of the chain.
	Seed uint64
	// Until is the day on which the books will be looked at. The story ends on the evening before: none of it lies in the
	// future.
	Until civil.Date
	// Clock sets the clock by which the books write; see DemoClock.
	Clock func(time.Time)
	// Progress is told after each day with sales how many of the invoices are there; nil: nobody wants to know.
	Progress func(done, total int)
	Provider DemoProvider
}

// DemoProvider is the play gateway that the demonstration's online payments come through. It keeps what the story says of
// it, so that its balance is that of our gateway account, and later polls, refunds and disputes go on from there.
type DemoProvider interface {
	gateway.Driver
	// Record adds movements to the account of a connection, in the order in which they became known. One that is there
	// already gets its new form. It returns the place behind them in the list that ListPayments reads.
	Record(ctx context.Context, c gateway.Connection, movements []gateway.Payment) (cursor string, err error)
}

// DemoClock is a clock for Books that SeedDemo sets: give its Now to books.New and its Set to DemoOptions. Until it is set
// it tells the time.
type DemoClock struct{ micros atomic.Int64 }

// Set stops the clock at an instant; the zero time lets it tell the time again.
func (c *DemoClock) Set(t time.Time) {
	if t.IsZero() {
		c.micros.Store(0)
		return
	}
	c.micros.Store(t.UnixMicro())
}

// Now is where the clock was set.
func (c *DemoClock) Now() time.Time {
	if at := c.micros.Load(); at != 0 {
		return time.UnixMicro(at).UTC()
	}
	return time.Now()
}

// demo is a demonstration in the making. Its App reaches the play gateway instead of programs, lives by the clock of the
// story, and has no views: everything goes through the pen.
type demo struct {
	*App
	DemoOptions
	plan   *demoPlan
	people []string // ids of the cast, "" before they first buy something
	conn   inbox.Connection
	now    time.Time
	clerk  access.Actor
	keeper access.Actor // of the books

	tray     []string // arrivals that wait for OK
	cheques  int64    // held and not brought to the bank yet, cents
	provider demoLedger
	done     int    // invoices
	apart    uint64 // calls of alone
}

// SeedDemo founds the books of a fictional company and fills them with a year of sales, payments and what follows from
// them, by the very code that real use runs. Some is left to do on its last days: payments for OK, others that need a
// human, drafts, overdue invoices. No mail leaves. The caller gives somebody a role in the company afterwards.
//
// Nobody else should write into these books, or mint identifiers in this process, meanwhile. Codes: bad_quantity on
// "invoices", bad_date on "until", already_exists.
func (a *App) SeedDemo(ctx context.Context, o DemoOptions) (party.Company, error) {
	if o.Invoices == 0 {
		o.Invoices = usualDemo
	}
	if o.Invoices < MinDemo || o.Invoices > MaxDemo {
		return party.Company{}, fault.New(fault.Invalid, fault.BadQuantity, "found", strconv.Itoa(o.Invoices)).On("invoices")
	}
	if o.Until.IsZero() {
		return party.Company{}, fault.New(fault.Invalid, fault.BadDate, "found", "").On("until")
	}
	if o.Clock == nil || o.Provider == nil {
		return party.Company{}, errors.New("app: a demonstration needs a clock and a provider")
	}
	if o.Company == "" {
		o.Company = ids.Derive(ids.Company, "demo", strconv.FormatUint(o.Seed, 10))
	}
	d := &demo{
		DemoOptions: o,
		clerk:       access.Actor{ID: "hugo.perrin", Name: "Hugo Perrin", Company: o.Company, Role: access.Sales},
		keeper:      access.Actor{ID: "claire.morel", Name: "Claire Morel", Company: o.Company, Role: access.Owner},
	}
	// Days are those of UTC, wherever this runs: the same seed gives the same books.
	d.App = New(Deps{Books: a.Books, Sealer: a.Sealer, Words: a.Words, Gateways: demoGateways{o.Provider}, BaseURL: a.BaseURL, Log: a.Log,
		Now: d.clock, Zone: time.UTC})
	d.plan = newDemoPlan(o)
	d.people = make([]string, len(d.plan.cast))
	d.set(d.plan.date(0).Time().Add(7 * time.Hour))
	defer ids.Deterministic(o.Seed, d.clock)()
	if err := d.tell(ctx); err != nil {
		return party.Company{}, err
	}
	setup, err := d.Books.Setup(ctx, o.Company)
	if err != nil {
		return party.Company{}, err
	}
	return setup.Company, nil
}

// tell tells the whole story.
func (d *demo) tell(ctx context.Context) error {
	for _, before := range []func(context.Context) error{d.found, d.hookUp, d.carryForward} {
		if err := d.alone(func() error { return before(ctx) }); err != nil {
			return err
		}
	}
	if err := d.live(ctx); err != nil {
		return err
	}
	return d.handOver(ctx)
}

func (d *demo) clock() time.Time { return d.now }

func (d *demo) set(t time.Time) {
	d.now = t
	d.Clock(t)
}

func (d *demo) found(ctx context.Context) error {
	c := demoCompany(d.Company)
	if err := c.Validate(); err != nil {
		return err
	}
	c.CreatedAt = d.now
	return d.Books.Create(ctx, c, defaultSettings(c, d.plan.years()...)...)
}

// hookUp connects the play gateway with the settings that it proposes itself.
func (d *demo) hookUp(ctx context.Context) error {
	info, err := d.Provider.Describe(ctx)
	if err != nil {
		return err
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		switch {
		case s.Default != "":
			settings[s.Name] = s.Default
		case s.Required:
			settings[s.Name] = demoCompany(d.Company).Name
		}
	}
	c, err := d.Connect(ctx, d.keeper, info.Name, settings)
	if err != nil {
		return err
	}
	d.conn, err = d.connection(ctx, d.Company, c.ID)
	return err
}

// carryForward brings what the company had before the story begins.
func (d *demo) carryForward(ctx context.Context) error {
	_, err := d.PostEntry(ctx, d.keeper, EntryInput{Journal: posting.OpeningJournal, Date: d.plan.date(0), Piece: "REPRISE", Label: "Reprise des soldes", Lines: []EntryLine{
		{Account: bankAccount, Debit: 38_400_00}, {Account: "101000", Credit: 10_000_00}, {Account: "110000", Credit: 28_400_00}}})
	return err
}

// handOver leaves the books to people: mail is kept in the outbox folder, payers may pay online, and polling goes on from where
// the story ended.
func (d *demo) handOver(ctx context.Context) error {
	cursor, err := d.record(ctx)
	if err != nil {
		return err
	}
	err = d.Books.Write(books.WithoutKey(ctx), d.Company, func(_ context.Context, tx *books.Tx) error {
		c := tx.Setup().Company
		c.Mail = party.MailServer{Kind: "outbox", From: c.Email, FromName: c.Name}
		c.Version++
		tx.Set(c)
		tx.Feeds.Put(inbox.Feed{ID: d.conn.ID, Cursor: cursor, LastExchange: tx.Now(), NextPoll: tx.Now()})
		return nil
	})
	if err != nil {
		return err
	}
	_, err = d.SwitchOn(ctx, d.keeper, d.conn.ID)
	return err
}

// live plays the plan, one day after the other.
func (d *demo) live(ctx context.Context) error {
	parts := [][]demoSlot{{deskSlot}, {salesSlot}, {netSlot}}
	if d.Invoices >= dayAtOnce {
		parts = [][]demoSlot{{deskSlot, salesSlot, netSlot}}
	}
	for day := range d.plan.days {
		before := d.done
		for _, slots := range parts {
			d.set(d.plan.instant(day, slots[len(slots)-1]))
			if err := d.scene(ctx, day, slots); err != nil {
				return fmt.Errorf("demonstration, %s: %w", d.plan.date(day), err)
			}
		}
		if d.Progress != nil && d.done > before {
			d.Progress(d.done, d.Invoices)
		}
	}
	return nil
}

// demoGateways is the play gateway alone, within this process.
type demoGateways struct{ driver gateway.Driver }

func (g demoGateways) Known(ctx context.Context) ([]GatewayStatus, error) {
	info, err := g.driver.Describe(ctx)
	return []GatewayStatus{{Name: info.Name, Info: info, Trusted: true}}, err
}

func (g demoGateways) Open(ctx context.Context, _ string, c gateway.Connection) (gateway.Gateway, error) {
	return g.driver.Open(ctx, c)
}

// years are the calendar years that the story and the day after it fall in, none of them closed.
func (p *demoPlan) years() []ledger.FiscalYear {
	var out []ledger.FiscalYear
	for y := p.date(0).Year(); y <= p.date(p.days).Year(); y++ {
		out = append(out, ledger.FiscalYear{ID: strconv.Itoa(y), Start: civil.Of(y, time.January, 1), End: civil.Of(y, time.December, 31)})
	}
	return out
}
