package payments

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
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

// facts is everything that is known of an arrival.
func (v arrivalView) facts(ctx context.Context) []ui.Fact {
	var out []ui.Fact
	add := func(key string, value templ.Component) {
		out = append(out, ui.Fact{Label: ui.T(ctx, key), Value: value})
	}
	text := func(key, value string) {
		if value != "" {
			add(key, ui.Text(value))
		}
	}
	add("inbox.kind", ui.Key("inbox.kind."+string(v.Kind)))
	add("inbox.gateway", ui.Text(v.gateway))
	add("inbox.date", ui.Moment(v.OccurredAt))
	if v.CustomerName != "" {
		add("inbox.customer", textLink(ui.To(ctx, "/customers", v.CustomerID), v.CustomerName))
	}
	if v.DocumentNumber != "" {
		add("inbox.document", documentCell(v.row))
	}
	add("inbox.gross", ui.Amount(v.effect()))
	add("inbox.fee", feeCell(v.row))
	if v.FeeState == gateway.FeeKnown && !v.FeeVAT.IsZero() {
		add("inbox.fee_vat", ui.Amount(v.FeeVAT))
	}
	if net, ok := v.net(); ok {
		add("inbox.net", ui.Amount(net))
	}
	text("inbox.payer", strings.Join(nonEmpty(v.PayerName, v.PayerEmail), ", "))
	if v.Method != "" {
		key := "inbox.method." + v.Method
		if ui.L(ctx).Has(key) {
			add("inbox.method", ui.Key(key))
		} else {
			text("inbox.method", v.Method)
		}
	}
	text("inbox.description", v.Description)
	if v.related != nil {
		add("inbox.related", textLink(ui.To(ctx, "/inbox", v.related.ID), ui.T(ctx, "inbox.kind."+string(v.related.Kind))+" "+ui.L(ctx).Money(v.related.Gross)))
	}
	if v.PayoutID != "" {
		add("inbox.payout", textLink(ui.To(ctx, "/inbox", inbox.ArrivalID(v.ConnectionID, gateway.KindPayout, v.PayoutID)), v.PayoutID))
	}
	if v.ReceiptID != "" {
		add("inbox.receipt", textLink(ui.To(ctx, "/receipts", v.ReceiptID), ui.T(ctx, "inbox.see_receipt")))
	}
	if v.State == inbox.Integrated {
		add("inbox.integrated_at", ui.Moment(v.IntegratedAt))
		text("inbox.integrated_by", v.IntegratedBy)
	}
	out = append(out, ui.Fact{Label: ui.T(ctx, "inbox.external"), Value: ui.Text(v.ExternalID), Wide: true})
	if v.Reason != "" && v.State != inbox.Integrated {
		text("inbox.provider_reason", v.Reason)
	}
	return out
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// title names an arrival: what it is, and how much.
func (r row) title(ctx context.Context) string {
	return ui.T(ctx, "inbox.titled", "kind", ui.T(ctx, "inbox.kind."+string(r.Kind)), "amount", ui.L(ctx).Money(r.Gross))
}

func (r row) crumbs(ctx context.Context) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "nav.inbox"), Href: ui.To(ctx, "/inbox")}}
}

// deeper is crumbs for a page below the arrival's own.
func (r row) deeper(ctx context.Context) []ui.Link {
	return append(r.crumbs(ctx), ui.Link{Label: r.title(ctx), Href: ui.To(ctx, "/inbox", r.ID)})
}

// brief is what a page that asks reminds of.
func (r row) brief(ctx context.Context) []ui.Fact {
	out := []ui.Fact{
		{Label: ui.T(ctx, "inbox.gross"), Value: ui.Amount(r.effect())},
		{Label: ui.T(ctx, "inbox.date"), Value: ui.Moment(r.OccurredAt)},
		{Label: ui.T(ctx, "inbox.customer"), Value: ui.Text(r.who(ctx))},
	}
	if r.DocumentNumber != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "inbox.document"), Value: ui.Text(r.DocumentNumber)})
	}
	return append(out, ui.Fact{Label: ui.T(ctx, "inbox.external"), Value: ui.Text(r.ExternalID)})
}

// choice is one thing that can be decided about a row.
type choice struct {
	href, icon, label, help string
}

// choices are the decisions that make sense for a row, the likeliest first.
func (r row) choices(ctx context.Context) []choice {
	if !r.open() {
		return nil
	}
	var out []choice
	add := func(path, icon string) {
		out = append(out, choice{ui.To(ctx, "/inbox", r.ID, path), icon, ui.T(ctx, "inbox.do."+path), ui.T(ctx, "inbox.do."+path+"_help")})
	}
	switch r.Kind {
	case gateway.KindPayment:
		match, keep := func() { add("match", "link") }, func() { add("keep", "wallet") }
		if r.Has(inbox.Duplicate) || r.Has(inbox.DocumentClosed) {
			keep()
			match()
		} else {
			match()
			keep()
		}
	case gateway.KindAdjustment, gateway.KindOther:
		if !r.ByHand {
			add("accept", "check")
		}
	}
	add("dismiss", "archive")
	return out
}

func candidateTable(ctx context.Context, v matchView) ui.Table[candidate] {
	return ui.Table[candidate]{
		ID: "candidates", Caption: ui.T(ctx, "inbox.match.title"), Rows: v.found,
		Columns: []ui.Column[candidate]{
			{Label: ui.T(ctx, "inbox.document"), Main: true, Cell: candidateNumber},
			{Label: ui.T(ctx, "inbox.customer"), Cell: func(x candidate) templ.Component { return ui.Text(x.customer) }},
			{Label: ui.T(ctx, "inbox.due_date"), Cell: func(x candidate) templ.Component { return ui.Day(x.date) }},
			{Label: ui.T(ctx, "inbox.due"), Align: ui.End, Cell: func(x candidate) templ.Component { return candidateDue(v.row, x) }},
			{Label: ui.T(ctx, "table.actions"), Align: ui.End, Cell: func(x candidate) templ.Component { return candidateButton(v.row, x) }},
		},
	}
}

func keeperTable(ctx context.Context, v keepView) ui.Table[app.CustomerRow] {
	return ui.Table[app.CustomerRow]{
		ID: "keepers", Caption: ui.T(ctx, "nav.customers"), Rows: v.found,
		Columns: []ui.Column[app.CustomerRow]{
			{Label: ui.T(ctx, "inbox.customer"), Main: true, Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Name) }},
			{Label: ui.T(ctx, "inbox.code"), Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Code) }},
			{Label: ui.T(ctx, "inbox.due"), Align: ui.End, Cell: func(x app.CustomerRow) templ.Component { return ui.Amount(v.money(x.Due)) }},
			{Label: ui.T(ctx, "table.actions"), Align: ui.End, Cell: func(x app.CustomerRow) templ.Component {
				return keepFor(v.row, x.ID, ui.T(ctx, "inbox.keep.choose"), "quiet-button")
			}},
		},
	}
}

func chooseTable(ctx context.Context, v chooseView) ui.Table[app.CustomerRow] {
	return ui.Table[app.CustomerRow]{
		ID: "customers", Caption: ui.T(ctx, "nav.customers"), Rows: v.found, Empty: noCustomers(v),
		Href: func(x app.CustomerRow) string {
			return ui.To(ctx, "/receipts/new") + "?customer=" + url.QueryEscape(x.ID)
		},
		Columns: []ui.Column[app.CustomerRow]{
			{Label: ui.T(ctx, "receipts.customer"), Main: true, Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Name) }},
			{Label: ui.T(ctx, "inbox.code"), Cell: func(x app.CustomerRow) templ.Component { return ui.Text(x.Code) }},
			{Label: ui.T(ctx, "inbox.due"), Align: ui.End, Cell: func(x app.CustomerRow) templ.Component { return ui.Amount(v.money(x.Due)) }},
		},
	}
}

func imputeTable(ctx context.Context, v creditView) ui.Table[candidate] {
	return ui.Table[candidate]{
		ID: "impute", Caption: ui.T(ctx, "receipts.credit.impute"), Rows: v.open,
		Columns: []ui.Column[candidate]{
			{Label: ui.T(ctx, "receipts.document"), Main: true, Cell: candidateNumber},
			{Label: ui.T(ctx, "receipts.due_date"), Cell: func(x candidate) templ.Component { return ui.Day(x.date) }},
			{Label: ui.T(ctx, "receipts.due"), Align: ui.End, Cell: func(x candidate) templ.Component { return ui.Amount(x.due) }},
			{Label: ui.T(ctx, "receipts.allocated"), Align: ui.End, Cell: func(x candidate) templ.Component { return imputeForm(v, x) }},
		},
	}
}

// currencySign is what stands behind an amount that is typed in.
func currencySign(ctx context.Context, c money.Currency) string {
	sign := strings.Trim(ui.L(ctx).Money(money.Zero(c)), "0.,-\u00a0")
	if sign == "" {
		return string(c)
	}
	return sign
}
