package payments

import (
	"slices"

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
	more   bool // there are other pages
}

// shows are the views of the inbox, in the order of their tabs; the first is the one to begin with.
var shows = []string{"todo", "waiting", "integrated", "past", "dismissed", "all"}

// asked reads the view and the filters of the inbox from the address; narrow says that filters are on.
func asked(c *fiberweb.Ctx) (show string, q app.ArrivalQuery, narrow bool) {
	if show = c.Q("show"); !slices.Contains(shows, show) {
		show = shows[0]
	}
	q = app.ArrivalQuery{Connection: c.Q("gateway"), Search: c.Q("q")}
	if k := gateway.Kind(c.Q("kind")); slices.Contains(gateway.Kinds(), k) {
		q.Kinds = []string{string(k)}
	}
	switch show {
	case "todo":
		q.ToDo = true
	case "waiting":
		q.States = []inbox.State{inbox.Waiting}
	case "integrated":
		q.States = []inbox.State{inbox.Integrated}
	case "past":
		q.States = []inbox.State{inbox.Past}
	case "dismissed":
		q.States = []inbox.State{inbox.Dismissed, inbox.Void}
	}
	return show, q, q.Connection != "" || q.Search != "" || len(q.Kinds) > 0
}

func (h *screens) inbox(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	show, q, narrow := asked(c)
	v := inboxView{desk: d, show: show, narrow: narrow}
	l := c.Listing("-date")
	q.Desc, q.Paging = l.Desc, app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: pageSize}
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
	v.more = page.Next != "" || page.Prev != ""
	if v.home, err = d.views.Home(c.Context(), d.company, h.Today()); err != nil {
		return err
	}
	if v.feeds, err = d.feeds(c.Context(), h.Now()); err != nil {
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
