package accounting

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/ledger"
)

// entriesShown is how many entries a page of the journal holds: each is a table of its own.
const entriesShown = 25

// journalView is a page of the journal.
type journalView struct {
	desk
	entries  []app.EntryView
	pager    ui.Pager
	newest   bool // the newest first
	filtered bool
}

func (h *screens) journal(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	l := c.Listing("-date")
	q := app.EntryQuery{Journal: c.Q("journal"), Year: c.Q("year"), From: day(c, "from"), To: day(c, "to"), Search: c.Q("q"), Desc: l.Desc,
		Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: entriesShown}}
	page, err := d.views.Entries(c.Context(), d.company, q)
	if err != nil {
		return err
	}
	filtered := q.Journal+q.Year+q.Search != "" || !q.From.IsZero() || !q.To.IsZero()
	return c.Show(journalPage(journalView{d, page.Items, ui.Pager{Next: page.Next, Previous: page.Prev}, l.Desc, filtered}))
}

// entryView is the page of one entry.
type entryView struct {
	desk
	app.EntryView
	by        string
	reverses  int64 // number of the entry that this one reverses
	documents []documentLink
	manual    bool // it was typed in, so it is undone here
}

// documentLink is a document that a line opens or settles.
type documentLink struct{ path, text string }

func (h *screens) entry(c *fiberweb.Ctx) error {
	v, err := h.entryView(c)
	if err != nil {
		return err
	}
	return c.Show(entryPage(v))
}

func (h *screens) entryView(c *fiberweb.Ctx) (entryView, error) {
	d, err := h.open(c)
	if err != nil {
		return entryView{}, err
	}
	seq, err := seqOf(c)
	if err != nil {
		return entryView{}, err
	}
	v := entryView{desk: d}
	if v.EntryView, err = d.views.Entry(c.Context(), d.company, seq); err != nil {
		return v, err
	}
	if v.by, err = h.whoPosted(c, v.PostedBy); err != nil {
		return v, err
	}
	if v.Reverses != 0 {
		reversed, err := d.views.Entry(c.Context(), d.company, v.Reverses)
		if err != nil {
			return v, err
		}
		v.reverses = reversed.Number
	}
	v.manual = strings.HasPrefix(v.Source, manualSource)
	v.documents, err = documentsOf(c.Context(), d, v.Entry)
	return v, err
}

// manualSource is how the source of entries that were typed in begins.
const manualSource = "entry:"

// whoPosted names a user or the program; somebody whose account is gone, or a program's token, shows as its id.
func (h *screens) whoPosted(c *fiberweb.Ctx, id string) (string, error) {
	if id == "service" {
		return c.T("acc.service"), nil
	}
	if !ids.Valid(ids.User, id) {
		return id, nil
	}
	u, err := h.Directory.User(c.Context(), id)
	if fault.KindOf(err) == fault.NotFound {
		return id, nil
	}
	return u.Name, err
}

// documentsOf finds the documents that an entry's lines name: an invoice by its number, a deposit by its quote's.
func documentsOf(ctx context.Context, d desk, e ledger.Entry) ([]documentLink, error) {
	var out []documentLink
	seen := map[string]bool{}
	add := func(path, text string) {
		if !seen[path] {
			seen[path] = true
			out = append(out, documentLink{path, text})
		}
	}
	for _, l := range e.Lines {
		switch {
		case ids.Valid(ids.Invoice, l.Document):
			v, err := d.views.Invoice(ctx, d.company, l.Document)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return nil, err
			}
			if err == nil {
				add("/invoices/"+v.ID, v.Number)
			}
		case ids.Valid(ids.Deposit, l.Document):
			link, err := d.views.PayLink(ctx, d.company, l.Document)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			q, err := d.views.Quote(ctx, d.company, link.QuoteID)
			if err != nil {
				return nil, err
			}
			add("/quotes/"+q.ID, q.Number)
		}
	}
	if _, id, ok := strings.Cut(e.Source, ":"); ok {
		kind := strings.SplitN(e.Source, ":", 2)[0]
		id = strings.SplitN(id, ":", 2)[0]
		switch {
		case kind == "receipt" && ids.Valid(ids.Receipt, id):
			add("/receipts/"+id, "")
		case ids.Valid(ids.Arrival, id):
			add("/inbox/"+id, "")
		}
	}
	return out, nil
}

func entryFacts(ctx context.Context, v entryView) []ui.Fact {
	facts := []ui.Fact{
		{Label: ui.T(ctx, "entry.journal"), Value: ui.Text(v.Journal + " · " + v.setup.Chart.Journals[v.Journal].Label)},
		{Label: ui.T(ctx, "acc.number"), Value: ui.Text(strconv.FormatInt(v.Number, 10))},
		{Label: ui.T(ctx, "acc.year"), Value: ui.Text(v.Year)},
		{Label: ui.T(ctx, "acc.date"), Value: ui.Day(v.Date)},
		{Label: ui.T(ctx, "acc.piece"), Value: ui.Text(v.Piece)},
		{Label: ui.T(ctx, "acc.piece_date"), Value: ui.Day(v.PieceDate)},
	}
	if _, ok := app.ArrivalOfSource(v.Source); ok {
		facts = append(facts, ui.Fact{Label: ui.T(ctx, "entry.voucher"), Value: voucherLink(v.Seq)})
	}
	if len(v.documents) > 0 {
		facts = append(facts, ui.Fact{Label: ui.T(ctx, "acc.documents"), Value: documentLinks(v.documents)})
	}
	return facts
}

func journalCrumbs(ctx context.Context) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "nav.journal"), Href: ui.To(ctx, "/journal")}}
}

func (h *screens) askReverse(c *fiberweb.Ctx) error {
	v, err := h.entryView(c)
	if err != nil {
		return err
	}
	return c.Show(reversePage(v, c.NewForm()))
}

func (h *screens) reverse(c *fiberweb.Ctx) error {
	v, err := h.entryView(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	on, reason := f.Date("date"), f.Text("reason", form.MaxText)
	var done ledger.Entry
	if f.OK() {
		done, err = h.ReverseEntry(c.Context(), c.Actor(), v.Seq, on, reason)
		f.Fail(err)
	}
	if !f.OK() {
		return c.Invalid(f, reversePage(v, f))
	}
	return c.Done(entryPath(done.Seq), "acc.reversed", "number", strconv.FormatInt(v.Number, 10))
}

// sorted lists settings by their codes.
func sorted[T any](m map[string]T) []T {
	out := make([]T, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
