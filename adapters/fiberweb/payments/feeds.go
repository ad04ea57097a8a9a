package payments

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
)

// feed is a connection with how the exchange with it goes.
type feed struct {
	inbox.Connection
	inbox.Feed
	now time.Time
}

// feeds lists the connections that money comes by, by name.
func (d desk) feeds(ctx context.Context, now time.Time) ([]feed, error) {
	var out []feed
	for _, c := range d.setup.Connections {
		if c.Status == inbox.Disconnected {
			continue
		}
		f, err := d.views.Feed(ctx, d.company, c.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		out = append(out, feed{c, f, now})
	}
	slices.SortFunc(out, func(a, b feed) int { return strings.Compare(a.Label+a.Connection.ID, b.Label+b.Connection.ID) })
	return out, nil
}

// reading says whether any of them is being read.
func reading(all []feed) bool {
	return slices.ContainsFunc(all, func(f feed) bool { return f.reading() })
}

// reading says whether the connection is being read, or is about to be. One that needs attention is not.
func (f feed) reading() bool { return f.Status == inbox.Connected && f.Feed.Reading(f.now) }

// problem is the code of what is wrong with a connection, "" when nothing is.
func (f feed) problem() string {
	if f.Status == inbox.NeedsAttention {
		return f.Problem
	}
	return f.LastError
}

// problemText says what is wrong with a connection, in the words for that code.
func (f feed) problemText(ctx context.Context) string {
	if !ui.L(ctx).Has("fault." + f.problem()) {
		return ui.T(ctx, "inbox.feed_problem")
	}
	return ui.T(ctx, "fault."+f.problem(), "gateway", f.Label, "detail", f.Detail, "missing", f.Detail)
}

// upToDate says since when a connection's list is up to date: the time of day, with the day when it is not today's.
func (f feed) upToDate(ctx context.Context) string {
	at := ui.L(ctx).DateTime(f.LastExchange)
	if f.now.Sub(f.LastExchange) < 12*time.Hour {
		at = ui.L(ctx).Clock(f.LastExchange)
	}
	return ui.T(ctx, "inbox.up_to_date", "at", at)
}

// refresh has one connection read in the background, or all of them; the page says how it goes.
func (h *screens) refresh(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	if err := h.RefreshAll(c.Context(), c.Actor(), f.Text("gateway", 60)); err != nil {
		return err
	}
	return c.SeeOther(c.URL("/inbox"))
}

// readings is the part of the inbox that says how the exchange goes, for the page to look again while it does. When all
// are done the whole page is asked to load again, since what they found belongs on it.
func (h *screens) readings(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	feeds, err := d.feeds(c.Context(), h.Now())
	if err != nil {
		return err
	}
	if !reading(feeds) {
		c.Set("HX-Refresh", "true")
	}
	return c.Show(feedList(d.keep, feeds))
}
