package payments

import (
	"context"
	"net/url"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

// counted bounds how many rows of a selection are counted before it is asked about; more are "more than".
const counted = 200

// sortView is the page that asks about everything that a filter finds.
type sortView struct {
	form  *form.Form
	act   string // "dismiss-all" or "take-up"
	count int
	more  bool
	back  string
	query url.Values // the filter, kept in the address
}

// sorting lists what may be done with everything that the inbox shows.
func (v inboxView) sorting() []string {
	switch v.show {
	case "past":
		return []string{"take-up", "dismiss-all"}
	case "todo", "waiting":
		return []string{"dismiss-all"}
	}
	return nil
}

// filter is the part of the address that says what the inbox shows.
func filter(ctx context.Context) url.Values {
	out := url.Values{}
	for _, name := range []string{"show", "gateway", "kind", "q"} {
		if s := ui.FrameOf(ctx).Query.Get(name); s != "" {
			out.Set(name, s)
		}
	}
	return out
}

func withFilter(address string, q url.Values) string {
	if len(q) == 0 {
		return address
	}
	return address + "?" + q.Encode()
}

func (h *screens) askSort(act string) fiberweb.Handler {
	return func(c *fiberweb.Ctx) error { return h.showSort(c, act, c.NewForm()) }
}

func (h *screens) showSort(c *fiberweb.Ctx, act string, f *form.Form) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	_, q, _ := asked(c)
	q.Paging = app.Paging{Limit: counted}
	page, err := d.views.Arrivals(c.Context(), d.company, q)
	if err != nil {
		return err
	}
	v := sortView{form: f, act: act, count: len(page.Items), more: page.Next != "", query: url.Values{}}
	for _, name := range []string{"show", "gateway", "kind", "q"} {
		if s := c.Q(name); s != "" {
			v.query.Set(name, s)
		}
	}
	v.back = withFilter(c.URL("/inbox"), v.query)
	if !f.OK() {
		return c.Invalid(f, sortPage(v))
	}
	return c.Show(sortPage(v))
}

// dismissAll sets aside everything that a filter finds, with one reason.
func (h *screens) dismissAll(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	_, q, _ := asked(c)
	got, err := h.DismissAll(c.Context(), c.Actor(), app.Selection{Query: q}, f.Value("reason"))
	if fault.Has(err, fault.ReasonNeeded) || fault.Has(err, fault.TooLong) || fault.Has(err, fault.BadCharacters) {
		f.Fail(err)
		return h.showSort(c, "dismiss-all", f)
	}
	return sorted(c, "inbox.sort.dismissed", got, err)
}

// takeUp brings everything that a filter finds and is older than its connection to the desk.
func (h *screens) takeUp(c *fiberweb.Ctx) error {
	_, q, _ := asked(c)
	got, err := h.TakeUpAll(c.Context(), c.Actor(), app.Selection{Query: q})
	return sorted(c, "inbox.sort.taken", got, err)
}

// takeOne brings one arrival that is older than its connection to the desk.
func (h *screens) takeOne(c *fiberweb.Ctx) error {
	d, r, err := h.one(c)
	if err != nil {
		return err
	}
	_, err = h.TakeUpAll(c.Context(), c.Actor(), app.Selection{IDs: []string{r.ID}})
	if err != nil {
		return err
	}
	a, err := d.views.Arrival(c.Context(), d.company, r.ID)
	if err != nil {
		return err
	}
	return decided(c, a, "inbox.taken")
}

func sorted(c *fiberweb.Ctx, key string, got app.Sorted, err error) error {
	if err != nil {
		return err
	}
	tone := ui.Good
	if got.More || got.Done == 0 {
		tone = ui.Caution
	}
	c.Flash(tone, key, "n", c.Loc().Int(got.Done))
	return c.SeeOther(c.URL("/inbox"))
}
