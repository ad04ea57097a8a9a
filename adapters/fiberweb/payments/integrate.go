package payments

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
)

const (
	// maxRounds bounds one OK on everything: a quarter of a million payments, more than any company takes between two looks.
	maxRounds = 12
	// shownResults is how many rows of each sort the page after OK lists; the rest is counted and found in the inbox.
	shownResults = 50
)

// integrate is OK on the ticked rows.
func (h *screens) integrate(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	list := slices.Compact(slices.Sorted(slices.Values(f.Values("ids"))))
	for _, id := range list {
		if !ids.Valid(ids.Arrival, id) {
			return fault.New(fault.NotFound, fault.UnknownThing, "what", "arrival", "id", fault.Clip(id))
		}
	}
	if len(list) == 0 {
		c.Flash(ui.Caution, "inbox.none_ticked")
		return c.SeeOther(c.URL("/inbox"))
	}
	d, err := h.open(c)
	if err != nil {
		return err
	}
	results, err := h.Integrate(c.Context(), c.Actor(), list)
	if err != nil {
		return err
	}
	if len(results) == 1 && fault.KindOf(results[0].Err) == fault.NotFound && results[0].Err != nil {
		return results[0].Err // another company's, or nobody's
	}
	return h.tell(c, d, results)
}

// integrateAll is OK on everything that is ready. It asks nothing else.
func (h *screens) integrateAll(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	var all []app.Result
	for range maxRounds {
		results, err := h.IntegrateReady(c.Context(), c.Actor())
		if err != nil {
			return err
		}
		all = append(all, results...)
		if len(results) < app.MaxBatch || !slices.ContainsFunc(results, func(r app.Result) bool { return r.Err == nil }) {
			break
		}
	}
	if len(all) == 0 {
		c.Flash(ui.Notice, "inbox.nothing_ready")
		return c.SeeOther(c.URL("/inbox"))
	}
	return h.tell(c, d, all)
}

// tell keeps what OK did for the page that says so.
func (h *screens) tell(c *fiberweb.Ctx, d desk, results []app.Result) error {
	id := h.results.put(d.company, d.sum(results))
	return c.SeeOther(c.URL("/inbox/results", id))
}

// okResult is what one OK did, summed up. Amounts are minor units of the books' currency.
type okResult struct {
	company  string
	at       time.Time
	posted   int
	entries  int
	repeated int // rows that were posted before: nothing was done
	received int64
	given    int64 // refunds, disputes and payouts
	fees     int64
	done     []done // the first of them
	left     []left
	leftMore int
}

type done struct {
	id   string
	seqs []numbered
}

type numbered struct{ seq, number int64 }

type left struct {
	id  string
	err error
}

// sum adds up what was posted, as the gateways' accounts in the entries say.
func (d desk) sum(results []app.Result) okResult {
	accounts := map[string]bool{}
	for _, c := range d.setup.Connections {
		accounts[c.GatewayAccount] = true
		for _, account := range c.BalanceAccounts {
			accounts[account] = true
		}
	}
	var out okResult
	for _, r := range results {
		switch {
		case r.Err != nil:
			if len(out.left) < shownResults {
				out.left = append(out.left, left{r.ArrivalID, r.Err})
			} else {
				out.leftMore++
			}
			continue
		case len(r.Entries) == 0:
			out.repeated++
			continue
		}
		out.posted++
		out.entries += len(r.Entries)
		one := done{id: r.ArrivalID}
		for _, e := range r.Entries {
			one.seqs = append(one.seqs, numbered{e.Seq, e.Number})
			fee := strings.Contains(e.Source, ":fee")
			for _, l := range e.Lines {
				switch {
				case !accounts[l.Account]:
				case fee:
					out.fees += l.Credit - l.Debit
				default:
					out.received += l.Debit
					out.given += l.Credit
				}
			}
		}
		if len(out.done) < shownResults {
			out.done = append(out.done, one)
		}
	}
	slices.SortFunc(out.done, func(a, b done) int { return cmp.Compare(a.seqs[0].seq, b.seqs[0].seq) })
	return out
}

// keptResults bounds what is remembered for pages after OK: each is a few kilobytes.
const keptResults = 200

// results remembers what the last OKs did, so that the page that tells it can be loaded again without posting again.
// It is a comfort: after a restart, or in another process, the inbox itself still says what was integrated and when.
type results struct {
	mu    sync.Mutex
	now   func() time.Time
	byID  map[string]okResult
	order []string
}

func newResults(now func() time.Time) *results {
	return &results{now: now, byID: map[string]okResult{}}
}

func (s *results) put(company string, r okResult) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.company, r.at = company, s.now()
	id := ids.New(ids.Request)
	s.byID[id] = r
	s.order = append(s.order, id)
	if len(s.order) > keptResults {
		delete(s.byID, s.order[0])
		s.order = s.order[1:]
	}
	return id
}

func (s *results) get(company, id string) (okResult, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.byID[id]
	return r, ok && r.company == company
}

// resultView is what the page after OK is drawn from.
type resultView struct {
	desk
	okResult
	doneRows []doneRow
	leftRows []leftRow
}

type doneRow struct {
	row
	entries []numbered
}

type leftRow struct {
	row
	err error
}

func (h *screens) result(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	r, ok := h.results.get(d.company, c.Params("result"))
	if !ok {
		c.Flash(ui.Notice, "inbox.result_gone")
		return c.SeeOther(c.URL("/inbox") + "?show=integrated")
	}
	v := resultView{desk: d, okResult: r}
	named := newNames(d)
	for _, one := range r.done {
		a, err := named.arrival(c.Context(), one.id)
		if err != nil {
			return err
		}
		v.doneRows = append(v.doneRows, doneRow{h.rows(d, []app.ArrivalRow{a}, nil)[0], one.seqs})
	}
	for _, one := range r.left {
		a, err := named.arrival(c.Context(), one.id)
		if fault.KindOf(err) == fault.NotFound {
			a = app.ArrivalRow{}
			a.ID, a.ExternalID = one.id, one.id
		} else if err != nil {
			return err
		}
		v.leftRows = append(v.leftRows, leftRow{h.rows(d, []app.ArrivalRow{a}, nil)[0], one.err})
	}
	return c.Show(resultPage(v))
}
