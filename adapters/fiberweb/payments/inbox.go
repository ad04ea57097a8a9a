package payments

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// inboxView is what the list of arrivals is drawn from.
type inboxView struct {
	desk
	home   app.Home // counts and sums of the whole inbox, whatever the page shows
	show   string
	rows   []row
	pager  ui.Pager
	feeds  []feed
	narrow bool // filters are on
}

// feed is a connection with how the exchange with it goes.
type feed struct {
	inbox.Connection
	last    time.Time
	problem string // fault code of the last exchange, empty when it went well
	aside   int    // movements that it described wrongly
}

// shows are the views of the inbox, in the order of their tabs; the first is the one to begin with.
var shows = []string{"todo", "waiting", "integrated", "dismissed", "all"}

func (h *screens) inbox(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	v := inboxView{desk: d, show: c.Q("show")}
	if !slices.Contains(shows, v.show) {
		v.show = shows[0]
	}
	l := c.Listing("-date")
	q := app.ArrivalQuery{Connection: c.Q("gateway"), Search: c.Q("q"), Desc: l.Desc, Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: pageSize}}
	if k := gateway.Kind(c.Q("kind")); slices.Contains(gateway.Kinds(), k) {
		q.Kinds = []string{string(k)}
	}
	switch v.show {
	case "todo":
		q.ToDo = true
	case "waiting":
		q.States = []inbox.State{inbox.Waiting}
	case "integrated":
		q.States = []inbox.State{inbox.Integrated}
	case "dismissed":
		q.States = []inbox.State{inbox.Dismissed, inbox.Void}
	}
	v.narrow = q.Connection != "" || q.Search != "" || len(q.Kinds) > 0
	page, err := d.views.Arrivals(c.Context(), d.company, q)
	if err != nil {
		return err
	}
	v.pager = ui.Pager{Previous: page.Prev, Next: page.Next}
	tried, err := h.tryAll(c, page.Items)
	if err != nil {
		return err
	}
	v.rows = h.rows(d, page.Items, tried)
	if v.home, err = d.views.Home(c.Context(), d.company, h.Today()); err != nil {
		return err
	}
	if v.feeds, err = d.feeds(c.Context()); err != nil {
		return err
	}
	return c.Show(inboxPage(v))
}

// tryAll asks what OK would post for the rows of a page, in one call. That it cannot be told just now (the books are
// busy) does not keep the page from being shown.
func (h *screens) tryAll(c *fiberweb.Ctx, list []app.ArrivalRow) (map[string]app.Result, error) {
	var ids []string
	for i := range list {
		if (row{ArrivalRow: list[i]}).postable() {
			ids = append(ids, list[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	results, err := h.Propose(c.Context(), c.Actor(), ids)
	if err != nil && fault.KindOf(err) != fault.Unavailable {
		return nil, err
	}
	out := make(map[string]app.Result, len(results))
	for _, r := range results {
		out[r.ArrivalID] = r
	}
	return out, nil
}

// feeds lists the connections that money comes by, by name.
func (d desk) feeds(ctx context.Context) ([]feed, error) {
	var out []feed
	for _, c := range d.setup.Connections {
		if c.Status == inbox.Disconnected {
			continue
		}
		f, err := d.views.Feed(ctx, d.company, c.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		problem := f.LastError
		if c.Status == inbox.NeedsAttention && problem == "" {
			problem = c.Problem
		}
		out = append(out, feed{c, f.LastExchange, problem, len(f.Quarantined)})
	}
	slices.SortFunc(out, func(a, b feed) int { return strings.Compare(a.Label+a.ID, b.Label+b.ID) })
	return out, nil
}

// problemText says what is wrong with a connection, in the words for that code.
func (f feed) problemText(ctx context.Context) string {
	if !ui.L(ctx).Has("fault." + f.problem) {
		return ui.T(ctx, "inbox.feed_problem")
	}
	return ui.T(ctx, "fault."+f.problem, "gateway", f.Label, "detail", f.Detail)
}

// refresh polls one connection, or all of them at once: one that hangs keeps no other waiting.
func (h *screens) refresh(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	d, err := h.open(c)
	if err != nil {
		return err
	}
	feeds, err := d.feeds(c.Context())
	if err != nil {
		return err
	}
	if one := f.Text("gateway", 60); one != "" {
		feeds = slices.DeleteFunc(feeds, func(f feed) bool { return f.ID != one })
		if len(feeds) == 0 {
			return fault.New(fault.NotFound, fault.UnknownThing, "what", "connection", "id", fault.Clip(one))
		}
	}
	found := make([]app.PollResult, len(feeds))
	errs := make([]error, len(feeds))
	var wg sync.WaitGroup
	for i := range feeds {
		wg.Go(func() { found[i], errs[i] = h.Refresh(c.Context(), c.Actor(), feeds[i].ID) })
	}
	wg.Wait()
	for i, f := range feeds {
		if err := refreshed(c, f, found[i], errs[i]); err != nil {
			return err
		}
	}
	return c.SeeOther(c.URL("/inbox"))
}

// refreshed says what a poll found. An error that is not the gateway's is the request's.
func refreshed(c *fiberweb.Ctx, f feed, r app.PollResult, err error) error {
	if err != nil {
		all := fault.All(err)
		if len(all) == 0 {
			return err
		}
		for _, e := range all {
			var params []string
			for _, p := range e.Params {
				params = append(params, p.Name, p.Value)
			}
			c.Flash(ui.Bad, "fault."+string(e.Code), params...)
		}
		return nil
	}
	count := c.Loc().Int(r.Movements)
	switch {
	case r.Movements == 0:
		c.Flash(ui.Notice, "inbox.refreshed_none", "gateway", f.Label)
	case r.Movements == 1:
		c.Flash(ui.Good, "inbox.refreshed_one", "gateway", f.Label)
	default:
		c.Flash(ui.Good, "inbox.refreshed", "gateway", f.Label, "n", count)
	}
	if r.Quarantined > 0 {
		c.Flash(ui.Caution, "inbox.quarantined", "gateway", f.Label, "n", c.Loc().Int(r.Quarantined))
	}
	return nil
}
