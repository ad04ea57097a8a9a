// Package payments is the screens of money received: Intégration des paiements en ligne, where what gateways reported waits
// for the accountant's OK, and Saisie des règlements client, where all receipts are seen and those that came by other ways
// are typed in.
//
// The first explains itself: it shows the entries that OK will post, made by the very code that posts them, and says in
// words why a row needs a human. Pages read from the views and hold no rule; whatever is refused is refused by the use
// cases.
package payments

import (
	"strconv"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// pageSize is how many rows a list shows. The inbox computes the entries of each, which takes the pen for a moment.
const pageSize = 40

// Mount adds the screens to a server.
func Mount(s *fiberweb.Server, a *app.App) {
	h := &screens{App: a, results: newResults(a.Now)}
	read := s.Company()
	keep := read.For(access.Keep)

	read.Get("/inbox", h.inbox)
	keep.Post("/inbox/integrate", h.integrate)
	keep.Post("/inbox/integrate-all", h.integrateAll)
	read.Get("/inbox/results/:result", h.result)
	keep.Post("/inbox/refresh", h.refresh)
	read.Get("/inbox/feeds", h.readings)
	keep.Form("/inbox/dismiss-all", h.askSort("dismiss-all"), h.dismissAll)
	keep.Form("/inbox/take-up", h.askSort("take-up"), h.takeUp)
	read.Get("/inbox/:id", h.arrival)
	keep.Form("/inbox/:id/match", h.askMatch, h.match)
	keep.Form("/inbox/:id/keep", h.askKeep, h.keep)
	keep.Form("/inbox/:id/accept", h.askAccept, h.accept)
	keep.Form("/inbox/:id/dismiss", h.askDismiss, h.dismiss)
	keep.Post("/inbox/:id/restore", h.restore)
	keep.Post("/inbox/:id/take-up", h.takeOne)

	inspect := read.For(access.Inspect)
	read.Get("/journal/:seq/evidence", h.entryEvidence)
	inspect.Get("/evidence/:subject", h.deliveryEvidence)
	inspect.Get("/evidence/:subject/:hash", h.showEvidence)
	inspect.Get("/evidence/:subject/:hash/raw", h.downloadEvidence)
	keep.Form("/inbox/:id/rate", h.askRate, h.giveRate)
	keep.Form("/inbox/:id/conversion", h.askConversion, h.acceptConversion)

	read.Get("/receipts", h.receipts)
	keep.Form("/receipts/new", h.newReceipt, h.record)
	read.Get("/receipts/credit/:customer", h.credit)
	keep.Post("/receipts/credit/:customer/impute", h.impute)
	keep.Post("/receipts/credit/:customer/refund", h.refund)
	read.Get("/receipts/:id", h.receipt)
	keep.Form("/receipts/:id/reverse", h.askReverse, h.reverse)
	keep.Form("/receipts/:id/refund", h.askRefund, h.giveBack)
	keep.Post("/receipts/:id/refunds/:refund/retry", h.retryRefund)
	keep.Post("/receipts/:id/refunds/:refund/abandon", h.abandonRefund)
}

// screens are the handlers.
type screens struct {
	*app.App
	results *results
}

// desk is what every page of this package knows of the books it is about.
type desk struct {
	views   app.Views
	company string
	setup   *books.Setup
	keep    bool // whoever looks may integrate and record
	// explain puts a provider's code in the reader's words.
	explain func(connection, code string) string
}

// open reads the settings of the company that is looked at. Code: not_allowed.
func (h *screens) open(c *fiberweb.Ctx) (desk, error) {
	v, err := h.Look(c.Actor())
	if err != nil {
		return desk{}, err
	}
	s, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return desk{}, err
	}
	explain := func(connection, code string) string {
		return h.Reason(c.Context(), s.Connections[connection], code, string(c.Loc().Lang()))
	}
	return desk{v, c.Company(), s, c.Actor().Role.Can(access.Keep), explain}, nil
}

func (d desk) currency() money.Currency { return d.setup.Company.Currency }

// money is an amount of the books in minor units. A sum of many may pass what one amount can be; it is shown as the greatest.
func (d desk) money(minor int64) money.Money {
	return money.Of(min(max(minor, -money.Max), money.Max), d.currency())
}

// label names a connection, also one that was taken away.
func (d desk) label(connection string) string {
	if c, ok := d.setup.Connections[connection]; ok {
		return c.Label
	}
	return connection
}

// entry brings a ledger entry to the page: with its number and address when it was posted, as a preview when it would be.
func (d desk) entry(e ledger.Entry, letters []string, proposed bool, address string) ui.Entry {
	out := ui.Entry{Journal: e.Journal, Date: e.Date, Label: e.Label, Proposed: proposed, Href: address}
	if !proposed {
		out.Number = strconv.FormatInt(e.Number, 10)
		if _, ok := app.ArrivalOfSource(e.Source); ok {
			out.Voucher = address + "/evidence"
		}
	}
	for i, l := range e.Lines {
		line := ui.EntryLine{Account: l.Account, Name: d.setup.Chart.Accounts[l.Account].Label, Auxiliary: l.Aux, Label: l.Label, Foreign: l.Foreign}
		if l.Debit != 0 {
			line.Debit = d.money(l.Debit)
		}
		if l.Credit != 0 {
			line.Credit = d.money(l.Credit)
		}
		if i < len(letters) {
			line.Match = letters[i]
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// documentPath is where a document is seen, within the company; "" when there is none. An acompte is seen on its quote.
func documentPath(kind inbox.DocumentKind, id, quote string) string {
	switch {
	case kind == inbox.InvoiceDocument && id != "":
		return "/invoices/" + id
	case kind == inbox.DepositDocument && quote != "":
		return "/quotes/" + quote
	}
	return ""
}

func entryPath(seq int64) string { return "/journal/" + strconv.FormatInt(seq, 10) }

// maybeLink is a text, as a link when it leads somewhere.
func maybeLink(href, text string) templ.Component {
	if href == "" {
		return ui.Text(text)
	}
	return textLink(href, text)
}
