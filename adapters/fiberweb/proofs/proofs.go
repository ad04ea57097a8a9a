// Package proofs is the screens that prove the gateway accounts: Preuve des passerelles, where the account in the books, the
// provider's balance and what is not paid out stand side by side with every line between them, and the page of a payout,
// which takes one line of the bank apart down to the documents it is for.
//
// Pages read what checks have kept; the numbers of a check are those of its instant and are never made anew.
package proofs

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

const (
	// historyDays is how far back the page of a check lists the others of its connection.
	historyDays = 90
	// staleAfter is when a check is too old to lean on.
	staleAfter = 48 * time.Hour
	pageSize   = 40
)

// Mount adds the screens to a server.
func Mount(s *fiberweb.Server, a *app.App) {
	h := &screens{a}
	read := s.Company().For(access.Read)
	read.Get("/proofs", h.overview)
	read.Get("/proofs/:id", h.proof)
	read.Get("/proofs/:id/csv", h.csv)
	s.Company().For(access.Keep).Post("/proofs/now/:connection", h.now)
	read.Get("/payouts/:id", h.payout)
}

// screens are the handlers.
type screens struct{ *app.App }

// desk is what every page of this package knows of the books it is about.
type desk struct {
	views   app.Views
	company string
	setup   *books.Setup
	keep    bool // whoever looks may start a check
}

func (h *screens) open(c *fiberweb.Ctx) (desk, error) {
	v, err := h.Look(c.Actor())
	if err != nil {
		return desk{}, err
	}
	s, err := h.Setup(c.Context(), c.Actor())
	return desk{v, c.Company(), s, c.Actor().Role.Can(access.Keep)}, err
}

// account is one connection with its last check.
type account struct {
	inbox.Connection
	last  *inbox.Proof
	stale bool
}

type overviewView struct {
	desk
	accounts []account
}

func (h *screens) overview(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	list, err := d.views.LastProofs(c.Context(), d.company)
	if err != nil {
		return err
	}
	last := map[string]*inbox.Proof{}
	for i := range list {
		last[list[i].ConnectionID] = &list[i]
	}
	v := overviewView{desk: d}
	for _, conn := range d.setup.Connections {
		p := last[conn.ID]
		if conn.Status == inbox.Disconnected && p == nil {
			continue
		}
		v.accounts = append(v.accounts, account{conn, p, p != nil && h.Now().Sub(p.At) > staleAfter})
	}
	slices.SortFunc(v.accounts, func(a, b account) int { return strings.Compare(a.Label+a.ID, b.Label+b.ID) })
	return c.Show(overviewPage(v))
}

// now checks a connection. What keeps it from being checked is said on the page; nothing is lost by it.
func (h *screens) now(c *fiberweb.Ctx) error {
	p, err := h.ProveNow(c.Context(), c.Actor(), c.Params("connection"))
	label := c.Params("connection")
	d, derr := h.open(c)
	if derr != nil {
		return derr
	}
	label = d.label(label)
	switch {
	case fault.Has(err, fault.Busy):
		c.Flash(ui.Notice, "proof.busy", "gateway", label)
	case err != nil && fault.KindOf(err) == fault.Unavailable, fault.Has(err, fault.GatewayRefused):
		c.Flash(ui.Bad, "proof.failed", "gateway", label, "reason", c.Loc().Error(err))
	case err != nil:
		return err
	case p.State == inbox.ProofRunning:
		c.Flash(ui.Notice, "proof.running", "gateway", label)
	default:
		c.Flash(look(p.State).tone, "proof.done."+string(p.State), "gateway", label)
		return c.SeeOther(c.URL("/proofs", p.ID))
	}
	return c.SeeOther(c.URL("/proofs"))
}

type proofView struct {
	desk
	inbox.Proof
	conn    inbox.Connection
	history []inbox.Proof
	older   string // cursor
}

func (h *screens) proof(c *fiberweb.Ctx) error {
	v, err := h.one(c)
	if err != nil {
		return err
	}
	page, err := v.views.Proofs(c.Context(), v.company, app.ProofQuery{Connection: v.ConnectionID, Since: h.Now().AddDate(0, 0, -historyDays), Paging: app.Paging{Cursor: c.Q("after"), Limit: pageSize}})
	if err != nil {
		return err
	}
	v.history, v.older = page.Items, page.Next
	return c.Show(proofPage(v))
}

func (h *screens) one(c *fiberweb.Ctx) (proofView, error) {
	d, err := h.open(c)
	if err != nil {
		return proofView{}, err
	}
	p, err := d.views.Proof(c.Context(), d.company, c.Params("id"))
	v := proofView{desk: d, Proof: p, conn: d.setup.Connections[p.ConnectionID]}
	return v, err
}

// label names a connection.
func (d desk) label(connection string) string {
	if c, ok := d.setup.Connections[connection]; ok {
		return c.Label
	}
	return connection
}

// amount is a sum in minor units; one beyond what an amount can be is shown as the greatest.
func amount(minor int64, cur money.Currency) money.Money {
	return money.Of(min(max(minor, -money.Max), money.Max), cur)
}

// appearance is how a state looks; its words are the catalogue's.
type appearance struct {
	tone ui.Tone
	icon string
}

func look(s inbox.ProofState) appearance {
	switch s {
	case inbox.ProofProven, inbox.ProofListed:
		return appearance{ui.Good, "circle-check"}
	case inbox.ProofUnsettled:
		return appearance{ui.Notice, "hourglass"}
	case inbox.ProofExplained:
		return appearance{ui.Caution, "triangle-alert"}
	case inbox.ProofDifferent:
		return appearance{ui.Bad, "circle-x"}
	case inbox.ProofIncomplete, inbox.ProofRunning:
	}
	return appearance{ui.Neutral, "circle-dashed"}
}

// figures are the three numbers side by side.
func figures(ctx context.Context, p *inbox.Proof, b inbox.ProofBalance, gatewayLabel string) []ui.Figure {
	there := ui.Figure{Label: ui.T(ctx, "proof.provider", "gateway", gatewayLabel), Icon: "landmark", Value: ui.Amount(amount(b.Provider, b.Currency)), Tone: ui.Neutral}
	if !p.HasBalance {
		there.Value, there.Note = ui.Text("—"), ui.T(ctx, "proof.no_balance")
	}
	unpaid := ui.Figure{Label: ui.T(ctx, "proof.unpaid"), Icon: "hourglass", Value: ui.Amount(amount(b.Unpaid, b.Currency)), Tone: ui.Neutral}
	if !p.HasItems {
		unpaid.Note = ui.T(ctx, "proof.no_items")
	}
	return []ui.Figure{
		{Label: ui.T(ctx, "proof.books"), Note: ui.T(ctx, "proof.account", "account", cmp.Or(b.Account, p.Account)), Icon: "book-open", Value: ui.Amount(amount(b.Books, b.Currency)), Tone: ui.Neutral},
		there, unpaid,
	}
}

// step is one row of an explanation.
type step struct {
	label, sub string
	href       string
	amount     money.Money
	at         time.Time
	strong     bool
	inner      bool // one movement or entry of the line above
	bad        bool
}

// steps lead from the books to the provider's balance. Rows of movements and entries are left out when they are not asked for.
func steps(ctx context.Context, p *inbox.Proof, b inbox.ProofBalance, gatewayLabel string, items bool) []step {
	out := []step{{label: ui.T(ctx, "proof.from_books", "account", cmp.Or(b.Account, p.Account)), amount: amount(b.Books, b.Currency), strong: true}}
	for _, l := range b.Lines {
		if l.Counted {
			out = append(out, lineSteps(ctx, l, b.Currency, items)...)
		}
	}
	if !p.HasBalance {
		return out
	}
	out = append(out, step{label: ui.T(ctx, "proof.unexplained"), amount: amount(b.Unexplained, b.Currency), strong: true, bad: b.Unexplained != 0})
	return append(out, step{label: ui.T(ctx, "proof.to_provider", "gateway", gatewayLabel), amount: amount(b.Provider, b.Currency), strong: true})
}

// notes are what stands beside the sum.
func notes(ctx context.Context, b inbox.ProofBalance, items bool) []step {
	var out []step
	for _, l := range b.Lines {
		if !l.Counted && l.What != inbox.LinePayout {
			out = append(out, lineSteps(ctx, l, b.Currency, items)...)
		}
	}
	return out
}

// thirdSteps lead from what is not paid out to the provider's balance; none when the two are the same.
func thirdSteps(ctx context.Context, p *inbox.Proof, b inbox.ProofBalance, gatewayLabel string, items bool) []step {
	lines := b.FromUnpaid()
	if !p.HasBalance || !p.HasItems || len(lines) == 0 && b.UnpaidRest == 0 {
		return nil
	}
	out := []step{{label: ui.T(ctx, "proof.unpaid"), amount: amount(b.Unpaid, b.Currency), strong: true}}
	for _, l := range lines {
		out = append(out, lineSteps(ctx, l, b.Currency, items)...)
	}
	return append(out, step{label: ui.T(ctx, "proof.unpaid_rest"), amount: amount(b.UnpaidRest, b.Currency), strong: true, bad: b.UnpaidRest != 0},
		step{label: ui.T(ctx, "proof.to_provider", "gateway", gatewayLabel), amount: amount(b.Provider, b.Currency), strong: true})
}

func lineSteps(ctx context.Context, l inbox.ProofLine, cur money.Currency, items bool) []step {
	key := "proof.line." + string(l.What)
	if !l.Counted && l.What != inbox.LineLater && l.What != inbox.LinePayout {
		key = "proof.note." + string(l.What)
	}
	head := step{label: ui.Plural(ctx, key, l.Count), amount: amount(l.Amount, cur)}
	if l.What == inbox.LineFeeUnknown && !l.Counted {
		head.amount = money.Money{} // nobody knows it
	}
	if len(l.Items) == 1 {
		head.href, head.sub = itemPath(ctx, l.Items[0]), itemLabel(ctx, l.Items[0])
		return []step{head}
	}
	out := []step{head}
	if !items {
		return out
	}
	for _, it := range l.Items {
		s := step{label: itemLabel(ctx, it), href: itemPath(ctx, it), amount: amount(it.Amount, cur), at: it.At, inner: true}
		if head.amount.Currency() == "" {
			s.amount = money.Money{}
		}
		out = append(out, s)
	}
	if more := l.Count - len(l.Items); more > 0 && len(l.Items) > 0 {
		out = append(out, step{label: ui.Plural(ctx, "proof.more", more), inner: true, amount: money.Money{}})
	}
	return out
}

func itemPath(ctx context.Context, it inbox.ProofItem) string {
	switch {
	case it.Seq > 0:
		return ui.To(ctx, "/journal", strconv.FormatInt(it.Seq, 10))
	case it.Kind == gateway.KindPayout:
		return ui.To(ctx, "/payouts", it.ArrivalID)
	case it.ArrivalID != "":
		return ui.To(ctx, "/inbox", it.ArrivalID)
	}
	return ""
}

func itemLabel(ctx context.Context, it inbox.ProofItem) string {
	if it.Seq > 0 {
		return it.Label
	}
	return ui.T(ctx, "inbox.kind."+string(it.Kind)) + " " + it.Label
}

// stepTable lists the rows of an explanation.
func stepTable(ctx context.Context, caption string, rows []step) ui.Table[step] {
	return ui.Table[step]{Caption: caption, Rows: rows, Columns: []ui.Column[step]{
		{Label: ui.T(ctx, "proof.column.what"), Main: true, Cell: stepCell},
		{Label: ui.T(ctx, "proof.column.amount"), Align: ui.End, Cell: stepAmount},
	}}
}

// findingText says in a sentence what was found.
func findingText(ctx context.Context, f inbox.Finding) string {
	if f.What == inbox.FoundAltered && f.State != gateway.Succeeded && f.Amount == f.Ours {
		return ui.T(ctx, "proof.found.failed")
	}
	return ui.T(ctx, "proof.found."+string(f.What), "ours", ui.L(ctx).Money(orZero(f.Ours)), "amount", ui.L(ctx).Money(orZero(f.Amount)))
}

func orZero(m money.Money) money.Money {
	if m.Currency() == "" {
		return money.Zero(money.EUR)
	}
	return m
}

func findingTable(ctx context.Context, list []inbox.Finding) ui.Table[inbox.Finding] {
	return ui.Table[inbox.Finding]{Caption: ui.T(ctx, "proof.findings"), Rows: list, Columns: []ui.Column[inbox.Finding]{
		{Label: ui.T(ctx, "proof.column.movement"), Main: true, Cell: findingCell},
		{Label: ui.T(ctx, "proof.column.finding"), Cell: findingWhat},
		{Label: ui.T(ctx, "proof.column.amount"), Align: ui.End, Cell: func(f inbox.Finding) templ.Component { return ui.Amount(f.Amount) }},
	}}
}

func checkTable(ctx context.Context, list []inbox.PayoutCheck) ui.Table[inbox.PayoutCheck] {
	return ui.Table[inbox.PayoutCheck]{Caption: ui.T(ctx, "proof.payouts"), Rows: list,
		Href: func(c inbox.PayoutCheck) string { return ui.To(ctx, "/payouts", c.ArrivalID) },
		Columns: []ui.Column[inbox.PayoutCheck]{
			{Label: ui.T(ctx, "proof.column.payout"), Main: true, Cell: func(c inbox.PayoutCheck) templ.Component { return ui.Text(c.ExternalID) }},
			{Label: ui.T(ctx, "proof.column.paid_out"), Align: ui.End, Cell: func(c inbox.PayoutCheck) templ.Component { return ui.Amount(c.Amount) }},
			{Label: ui.T(ctx, "proof.column.sum"), Align: ui.End, Cell: func(c inbox.PayoutCheck) templ.Component { return ui.Amount(amount(c.Sum, c.Amount.Currency())) }},
			{Label: ui.T(ctx, "proof.column.difference"), Align: ui.End, Cell: func(c inbox.PayoutCheck) templ.Component {
				return ui.Amount(amount(c.Difference(), c.Amount.Currency()))
			}},
		}}
}

func historyTable(ctx context.Context, v proofView) ui.Table[inbox.Proof] {
	t := ui.Table[inbox.Proof]{Caption: ui.T(ctx, "proof.history"), Rows: v.history, Href: func(p inbox.Proof) string { return ui.To(ctx, "/proofs", p.ID) },
		Columns: []ui.Column[inbox.Proof]{
			{Label: ui.T(ctx, "proof.column.when"), Main: true, Cell: func(p inbox.Proof) templ.Component { return ui.Text(ui.L(ctx).DateTime(p.At)) }},
			{Label: ui.T(ctx, "proof.column.state"), Cell: stateBadge},
			{Label: ui.T(ctx, "proof.unexplained"), Align: ui.End, Cell: func(p inbox.Proof) templ.Component {
				if len(p.Balances) == 0 || !p.HasBalance {
					return ui.Text("—")
				}
				return ui.Amount(amount(p.Balances[0].Unexplained, p.Balances[0].Currency))
			}},
			{Label: ui.T(ctx, "proof.column.found"), Align: ui.End, Cell: func(p inbox.Proof) templ.Component { return ui.Text(ui.L(ctx).Int(len(p.Findings) + p.MoreFindings)) }},
			{Label: ui.T(ctx, "proof.column.by"), Quiet: true, Cell: func(p inbox.Proof) templ.Component { return ui.Text(p.By) }},
		}}
	if v.older != "" {
		t.Pager = &ui.Pager{Next: v.older}
	}
	return t
}

// about are the facts of a check.
func (v proofView) about(ctx context.Context) []ui.Fact {
	facts := []ui.Fact{
		{Label: ui.T(ctx, "proof.column.when"), Value: ui.Moment(v.At)},
		{Label: ui.T(ctx, "proof.column.by"), Value: ui.Text(v.By)},
		{Label: ui.T(ctx, "proof.listed"), Value: ui.Text(ui.L(ctx).Int(v.Listed))},
	}
	since := ui.T(ctx, "proof.from_beginning")
	if !v.Since.IsZero() {
		since = ui.L(ctx).DateTime(v.Since)
	}
	return append(facts, ui.Fact{Label: ui.T(ctx, "proof.since"), Value: ui.Text(since)})
}

// problem says in words why a check could not be read to the end.
func problem(ctx context.Context, p *inbox.Proof, label string) string {
	if !ui.L(ctx).Has("fault." + p.Problem) {
		return ui.T(ctx, "inbox.feed_problem")
	}
	return ui.T(ctx, "fault."+p.Problem, "gateway", label, "detail", "")
}
