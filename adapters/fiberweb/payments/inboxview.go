package payments

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/gateway"
)

func (v inboxView) tabs(ctx context.Context) []ui.Tab {
	var out []ui.Tab
	for _, s := range shows {
		href := ui.To(ctx, "/inbox")
		if s != shows[0] {
			href += "?show=" + s
		}
		t := ui.Tab{Label: ui.T(ctx, "inbox.show."+s), Href: href, Current: s == v.show}
		if s == shows[0] {
			t.Count = v.home.ToIntegrate + v.home.InReview
		}
		out = append(out, t)
	}
	return out
}

// ticked counts the rows that are ticked to begin with: those that OK would post.
func (v inboxView) ticked() int {
	n := 0
	for _, r := range v.rows {
		if r.postable() && r.refusal == nil {
			n++
		}
	}
	return n
}

func (v inboxView) gatewayOptions() []ui.Option {
	var out []ui.Option
	for _, c := range v.setup.Connections {
		out = append(out, ui.Option{Value: c.ID, Label: c.Label})
	}
	slices.SortFunc(out, func(a, b ui.Option) int { return strings.Compare(a.Label+a.Value, b.Label+b.Value) })
	return out
}

func kindOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, k := range gateway.Kinds() {
		out = append(out, ui.Option{Value: string(k), Label: ui.T(ctx, "inbox.kind."+string(k))})
	}
	return out
}

// The list is sorted by date only, the newest first unless the address says otherwise.
func (v inboxView) sort(ctx context.Context) string {
	if ui.FrameOf(ctx).Query.Get("sort") == "date" {
		return "ascending"
	}
	return "descending"
}

func (v inboxView) sortHref(ctx context.Context) string {
	to := "date"
	if v.sort(ctx) == "ascending" {
		to = ""
	}
	return ui.Here(ctx, "sort", to, "after", "", "before", "")
}

func (v inboxView) sortTitle(ctx context.Context) string {
	key := "table.sort_up"
	if v.sort(ctx) == "ascending" {
		key = "table.sort_down"
	}
	return ui.T(ctx, key, "column", ui.T(ctx, "inbox.date"))
}

// optional is a company path as an address; none stays none.
func optional(ctx context.Context, path string) string {
	if path == "" {
		return ""
	}
	return ui.To(ctx, path)
}

func (v resultView) title(ctx context.Context) string {
	return ui.Plural(ctx, "inbox.result.title", v.posted)
}

func (v resultView) figures(ctx context.Context) []ui.Figure {
	out := []ui.Figure{
		{Label: ui.T(ctx, "inbox.result.received"), Value: ui.Amount(v.money(v.received)), Tone: ui.Good, Icon: "banknote"},
		{Label: ui.T(ctx, "inbox.result.fees"), Value: ui.Amount(v.money(v.fees)), Tone: ui.Neutral, Icon: "receipt"},
		{Label: ui.T(ctx, "inbox.result.entries"), Value: ui.Text(ui.L(ctx).Int(v.entries)), Tone: ui.Notice, Icon: "book-open", Href: ui.To(ctx, "/journal")},
	}
	if v.given > 0 {
		out = slices.Insert(out, 1, ui.Figure{Label: ui.T(ctx, "inbox.result.given"), Value: ui.Amount(v.money(v.given)), Tone: ui.Caution, Icon: "undo-2"})
	}
	if n := len(v.leftRows) + v.leftMore; n > 0 {
		out = append(out, ui.Figure{Label: ui.T(ctx, "inbox.result.remaining"), Value: ui.Text(ui.L(ctx).Int(n)), Tone: ui.Caution, Icon: "eye", Href: ui.To(ctx, "/inbox")})
	}
	return out
}

func doneTable(ctx context.Context, v resultView) ui.Table[doneRow] {
	return ui.Table[doneRow]{
		ID: "done", Caption: ui.T(ctx, "inbox.result.done"), Rows: v.doneRows,
		Href: func(r doneRow) string { return ui.To(ctx, "/inbox", r.ID) },
		Columns: []ui.Column[doneRow]{
			{Label: ui.T(ctx, "inbox.customer"), Main: true, Cell: func(r doneRow) templ.Component { return ui.Text(r.who(ctx)) }},
			{Label: ui.T(ctx, "inbox.kind"), Quiet: true, Cell: func(r doneRow) templ.Component { return ui.Key("inbox.kind." + string(r.Kind)) }},
			{Label: ui.T(ctx, "inbox.gateway"), Quiet: true, Cell: func(r doneRow) templ.Component { return ui.Text(r.gateway) }},
			{Label: ui.T(ctx, "inbox.document"), Cell: func(r doneRow) templ.Component { return documentCell(r.row) }},
			{Label: ui.T(ctx, "inbox.gross"), Align: ui.End, Cell: func(r doneRow) templ.Component { return ui.Amount(r.effect()) }},
			{Label: ui.T(ctx, "inbox.fee"), Align: ui.End, Cell: func(r doneRow) templ.Component { return feeCell(r.row) }},
			{Label: ui.T(ctx, "inbox.result.entries"), Cell: func(r doneRow) templ.Component { return entryLinks(r.entries) }},
		},
	}
}
