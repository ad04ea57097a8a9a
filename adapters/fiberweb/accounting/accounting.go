// Package accounting is the screens of Comptabilité: the journal and its entries, entries typed in by hand, the general
// ledger, the trial balance, exports, and the verification of the chain.
//
// Posted entries are read here and never changed: a wrong one is undone by another.
package accounting

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// Mount adds the screens to a server.
func Mount(s *fiberweb.Server, a *app.App) {
	h := &screens{a}
	read := s.Company().For(access.Read)
	keep, export := s.Company().For(access.Keep), s.Company().For(access.ExportBooks)

	read.Get("/journal", h.journal)
	keep.Form("/journal/new", h.newEntry, h.postEntry)
	read.Get("/journal/:seq", h.entry)
	keep.Form("/journal/:seq/reverse", h.askReverse, h.reverse)
	read.Get("/ledger", h.ledger)
	keep.Form("/ledger/:account/revalue", h.askRevalue, h.revalue)
	read.Get("/balance", h.balance)
	read.Get("/fee-vat", h.feeVAT)
	keep.Form("/fee-vat/:connection/:month", h.askFeeVAT, h.postFeeVAT)

	export.Form("/exports", h.exports, h.export)
	export.Get("/exports/:id/file", h.exportFile)
	export.Form("/verify", h.askVerify, h.verify)
}

// screens are the handlers.
type screens struct{ *app.App }

// desk is what every page of this package knows of the books it is about.
type desk struct {
	views   app.Views
	company string
	setup   *books.Setup
	today   civil.Date
	keep    bool // whoever looks may post
}

// open reads the settings of the company that is looked at. Code: not_allowed.
func (h *screens) open(c *fiberweb.Ctx) (desk, error) {
	v, err := h.Look(c.Actor())
	if err != nil {
		return desk{}, err
	}
	s, err := h.Setup(c.Context(), c.Actor())
	return desk{v, c.Company(), s, h.Today(), c.Actor().Role.Can(access.Keep)}, err
}

// money is an amount of the books in minor units. A sum of many may pass what one amount can be; it is shown as the greatest.
func (d desk) money(minor int64) money.Money {
	return money.Of(min(max(minor, -money.Max), money.Max), d.setup.Company.Currency)
}

// side is an amount for a debit or credit column; zero is none.
func (d desk) side(minor int64) money.Money {
	if minor == 0 {
		return money.Money{}
	}
	return d.money(minor)
}

// period is the days that a page is asked for: those of its address, else the fiscal year of today.
func (d desk) period(c *fiberweb.Ctx) (from, to civil.Date) {
	year, err := d.setup.Chart.Year(d.today)
	if years := d.setup.Chart.Years; err != nil && len(years) > 0 {
		year = years[len(years)-1]
	}
	from, to = day(c, "from"), day(c, "to")
	if from.IsZero() {
		from = year.Start
	}
	if to.IsZero() {
		to = year.End
	}
	return from, to
}

// day is a date of the address; one that cannot be read is none.
func day(c *fiberweb.Ctx, name string) civil.Date {
	d, err := c.Loc().ParseDate(c.Q(name))
	if err != nil {
		return civil.Date{}
	}
	return d
}

// entryOf brings a posted entry to the page.
func (d desk) entryOf(ctx context.Context, e app.EntryView, link bool) ui.Entry {
	out := ui.Entry{Journal: e.Journal, Number: strconv.FormatInt(e.Number, 10), Date: e.Date, Label: e.Label}
	if !strings.Contains(e.Label, e.Piece) {
		out.Label = e.Piece + " · " + e.Label
	}
	if link {
		out.Href = ui.To(ctx, entryPath(e.Seq))
	}
	if _, ok := app.ArrivalOfSource(e.Source); ok {
		out.Voucher = ui.To(ctx, entryPath(e.Seq)) + "/evidence"
	}
	for i, l := range e.Lines {
		line := ui.EntryLine{Account: l.Account, Name: d.setup.Chart.Accounts[l.Account].Label, Auxiliary: l.Aux, Label: l.Label, Debit: d.side(l.Debit), Credit: d.side(l.Credit), Foreign: l.Foreign}
		if i < len(e.Letters) {
			line.Match = e.Letters[i]
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

func entryPath(seq int64) string { return "/journal/" + strconv.FormatInt(seq, 10) }

// seqOf is the position that the address names. Code: unknown_thing.
func seqOf(c *fiberweb.Ctx) (int64, error) {
	n, err := strconv.ParseInt(c.Params("seq"), 10, 64)
	if err != nil || n < 1 {
		return 0, fault.New(fault.NotFound, fault.UnknownThing, "what", "entry", "id", fault.Clip(c.Params("seq")))
	}
	return n, nil
}

func (d desk) journalOptions() []ui.Option {
	var out []ui.Option
	for _, j := range sorted(d.setup.Chart.Journals) {
		out = append(out, ui.Option{Value: j.Code, Label: j.Code + " · " + j.Label})
	}
	return out
}

// usableJournals are those that entries may be typed into.
func (d desk) usableJournals() []ui.Option {
	var out []ui.Option
	for _, j := range sorted(d.setup.Chart.Journals) {
		if j.Active && j.Type != ledger.Opening {
			out = append(out, ui.Option{Value: j.Code, Label: j.Code + " · " + j.Label})
		}
	}
	return out
}

func (d desk) yearOptions() []ui.Option {
	years := d.setup.Chart.Years
	out := make([]ui.Option, len(years))
	for i, y := range years {
		out[len(years)-1-i] = ui.Option{Value: y.ID, Label: y.ID}
	}
	return out
}

// accountOptions suggests accounts while typing.
func (d desk) accountOptions(activeOnly bool) []ui.Option {
	var out []ui.Option
	for _, a := range sorted(d.setup.Chart.Accounts) {
		if a.Active || !activeOnly {
			out = append(out, ui.Option{Value: a.Code, Label: a.Code + " " + a.Label})
		}
	}
	return out
}

// ledgerPath is the address of an account's lines in a period.
func ledgerPath(ctx context.Context, account, aux string, from, to civil.Date) string {
	q := url.Values{"account": {account}}
	if aux != "" {
		q.Set("aux", aux)
	}
	if !from.IsZero() {
		q.Set("from", from.String())
	}
	if !to.IsZero() {
		q.Set("to", to.String())
	}
	return ui.To(ctx, "/ledger") + "?" + q.Encode()
}
