package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
)

const (
	// fewInvoices is the register that the large one is compared with.
	fewInvoices = 10_000
	// pageSize is what the screen shows.
	pageSize = 50
	// deepPages is how far in a page is deep.
	deepPages = 50
	maxList   = 30 * time.Millisecond
)

// listing is one list of invoices: a filter and a sort of the screen.
type listing struct {
	name string
	q    app.InvoiceQuery
}

// listings are every view of the screen, and every other filter it has, by every sort, both ways.
func (l *lab) listings() []listing {
	unpaid := []billing.Settlement{billing.Unpaid, billing.Partial, billing.Disputed}
	issued := []billing.Life{billing.Issued}
	both := []billing.Life{billing.Draft, billing.Issued}
	today := l.app.Today()
	filters := []listing{
		{"all", app.InvoiceQuery{Lives: both}},
		{"draft", app.InvoiceQuery{Lives: []billing.Life{billing.Draft}}},
		{"due", app.InvoiceQuery{Lives: issued, Settlements: unpaid}},
		{"overdue", app.InvoiceQuery{Lives: issued, Overdue: true, Today: today}},
		{"paid", app.InvoiceQuery{Lives: issued, Settlements: []billing.Settlement{billing.Paid}}},
		{"disputed", app.InvoiceQuery{Settlements: []billing.Settlement{billing.Disputed}}},
		{"credits", app.InvoiceQuery{Kinds: []billing.InvoiceKind{billing.Credit, billing.DepositCredit}, Lives: both}},
		{"deposits", app.InvoiceQuery{Kinds: []billing.InvoiceKind{billing.DepositBill}}},
		{"a customer", app.InvoiceQuery{Lives: both, Customer: l.people[3].ID}},
		{"a month", app.InvoiceQuery{Lives: both, From: today.AddDays(-400), To: today.AddDays(-370)}},
		{"a name", app.InvoiceQuery{Lives: both, Search: "menuis"}},
		{"a number", app.InvoiceQuery{Lives: both, Search: fmt.Sprintf("BE%d-00001", today.Year())}},
	}
	var out []listing
	for _, f := range filters {
		for _, sort := range []string{"date", "number", "due_date", "amount", "balance", "customer"} {
			for _, desc := range []bool{false, true} {
				x := f
				x.q.Sort, x.q.Desc, x.q.Limit = sort, desc, pageSize
				x.name += " by " + sort
				if desc {
					x.name += " downwards"
				}
				out = append(out, x)
			}
		}
	}
	return out
}

// lists measures the list of invoices (G13).
func lists(l *lab) error {
	few := min(fewInvoices, l.o.Invoices)
	if err := l.list(0, few); err != nil {
		return err
	}
	small, _, err := l.typical()
	if err != nil {
		return err
	}
	if err := l.list(few, l.o.Invoices); err != nil {
		return err
	}
	large, worst, err := l.typical()
	if err != nil {
		return err
	}
	const each = "by each sort, median"
	l.out.note("G13", "slowest list of all, alone: "+worst.name, l.engine, duration(worst.took))
	l.out.ratio("G13", fmt.Sprintf("last page, %s, at %d invoices", each, l.o.Invoices), l.engine, large.last.Seconds(), large.first.Seconds(), seconds, "first page", atMost(1.2))
	l.out.ratio("G13", fmt.Sprintf("page %d, %s, at %d invoices", deepPages, each, l.o.Invoices), l.engine, large.deep.Seconds(), large.first.Seconds(), seconds, "first page", atMost(1.2))
	l.out.ratio("G13", fmt.Sprintf("first page, %s, at %d invoices", each, l.o.Invoices), l.engine, large.first.Seconds(), small.first.Seconds(), seconds, fmt.Sprintf("at %d", few), atMost(1.2))

	all := l.listings()
	r := load(l.ctx, 8, l.o.For, func(ctx context.Context, _, n int) error {
		x := all[n%len(all)].q
		x.Back = n/len(all)%2 == 1
		_, err := l.app.Views.Invoices(ctx, l.who.Company, x)
		return err
	})
	if r.err != nil {
		return r.err
	}
	l.out.limit("G13", fmt.Sprintf("every filter and sort in turn, first and last pages, 8 clients, %s: p99 (%s)", perSecond(r.perSecond()), r), l.engine,
		r.quantile(0.99).Seconds(), seconds, atMost(maxList.Seconds()))
	return nil
}

// typicalTimes are medians over the six sorts, both ways, of all invoices.
type typicalTimes struct{ first, deep, last time.Duration }

type slowest struct {
	name string
	took time.Duration
}

// typical times pages one after the other, each at its best of three.
func (l *lab) typical() (typicalTimes, slowest, error) {
	var first, deep, last []time.Duration
	var worst slowest
	best := func(q app.InvoiceQuery) (time.Duration, app.Page[app.InvoiceRow], error) {
		took := time.Hour
		var page app.Page[app.InvoiceRow]
		for range 3 {
			began := time.Now()
			var err error
			if page, err = l.app.Views.Invoices(l.ctx, l.who.Company, q); err != nil {
				return 0, page, err
			}
			took = min(took, time.Since(began))
		}
		return took, page, nil
	}
	const ofAll = 12 // the sorts of the first filter, both ways
	for i, x := range l.listings() {
		took, page, err := best(x.q)
		if err != nil {
			return typicalTimes{}, worst, err
		}
		back := x.q
		back.Back = true
		end, _, err := best(back)
		if err != nil {
			return typicalTimes{}, worst, err
		}
		for _, d := range []time.Duration{took, end} {
			if d > worst.took {
				worst = slowest{x.name, d}
			}
		}
		if i >= ofAll {
			continue
		}
		q := x.q
		for p := 2; p <= deepPages && page.Next != ""; p++ {
			q.Cursor = page.Next
			if page, err = l.app.Views.Invoices(l.ctx, l.who.Company, q); err != nil {
				return typicalTimes{}, worst, err
			}
		}
		far, _, err := best(q)
		if err != nil {
			return typicalTimes{}, worst, err
		}
		first, deep, last = append(first, took), append(deep, far), append(last, end)
	}
	return typicalTimes{median(first), median(deep), median(last)}, worst, nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
