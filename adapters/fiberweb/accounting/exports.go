package accounting

import (
	"context"
	"io"
	"slices"
	"strconv"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/ledger"
)

// exportView is the page of exports.
type exportView struct {
	desk
	list    app.ExportList
	formats []string
	form    *form.Form
	made    string // the export whose file the browser is about to fetch
}

func (h *screens) exportView(c *fiberweb.Ctx, f *form.Form) (exportView, error) {
	d, err := h.open(c)
	if err != nil {
		return exportView{}, err
	}
	v := exportView{desk: d, formats: h.Formats.Names(), form: f, made: c.Q("made")}
	if v.list, err = h.Exports(c.Context(), c.Actor()); err != nil {
		return v, err
	}
	slices.SortFunc(v.list.Exports, func(a, b ledger.Export) int { return int(b.Number - a.Number) })
	return v, nil
}

func (h *screens) exports(c *fiberweb.Ctx) error {
	f := c.NewForm()
	v, err := h.exportView(c, f)
	if err != nil {
		return err
	}
	if slices.Contains(v.formats, usualFormat) {
		f.Set("format", usualFormat)
	}
	if y, err := v.setup.Chart.Year(v.today); err == nil {
		f.Set("year", y.ID)
	}
	if i := slices.IndexFunc(v.list.Exports, func(x ledger.Export) bool { return x.ID == v.made }); i >= 0 {
		// Browsers fetch the file and stay on the page.
		c.Set("Refresh", "0; url="+c.URL("/exports", v.made)+"/file")
	}
	return c.Show(exportsPage(v))
}

// usualFormat is what French law asks for.
const usualFormat = "fec"

// export makes an export and leads back to the list, from where its file is fetched: the file that the browser gets is
// then the one that was recorded, and asking again gives it again.
func (h *screens) export(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	r := app.ExportRequest{Format: f.Required("format", form.MaxText), Year: f.Required("year", form.MaxText)}
	var x ledger.Export
	if f.OK() {
		x, err = h.Export(c.Context(), c.Actor(), r, io.Discard)
		f.Fail(mendable(err))
	}
	if !f.OK() {
		v, err := h.exportView(c, f)
		if err != nil {
			return err
		}
		return c.Invalid(f, exportsPage(v))
	}
	c.Flash(ui.Good, "acc.export.made", "number", c.Loc().Int(int(x.Number)), "file", x.File)
	return c.SeeOther(c.URL("/exports") + "?made=" + x.ID)
}

func (h *screens) exportFile(c *fiberweb.Ctx) error {
	ctx, who, id := c.Context(), c.Actor(), c.Params("id")
	name, media, err := h.RepeatName(ctx, who, id)
	if err != nil {
		return err
	}
	return c.Stream(name, media, func(w io.Writer) error {
		_, err := h.Repeat(ctx, who, id, w)
		return err
	})
}

// formatLabel names a format; one that the catalogues do not know is called by its own name.
func formatLabel(ctx context.Context, name string) string {
	if ui.L(ctx).Has("acc.format." + name) {
		return ui.T(ctx, "acc.format."+name)
	}
	return name
}

func formatOptions(ctx context.Context, names []string) []ui.Option {
	out := make([]ui.Option, 0, len(names))
	for _, n := range names {
		o := ui.Option{Value: n, Label: formatLabel(ctx, n)}
		if ui.L(ctx).Has("acc.format." + n + ".help") {
			o.Help = ui.T(ctx, "acc.format."+n+".help")
		}
		out = append(out, o)
	}
	// What the law asks for comes first.
	slices.SortStableFunc(out, func(a, b ui.Option) int { return rank(a.Value) - rank(b.Value) })
	return out
}

func rank(format string) int {
	if format == usualFormat {
		return 0
	}
	return 1
}

func exportTable(ctx context.Context, v exportView) ui.Table[ledger.Export] {
	return ui.Table[ledger.Export]{
		ID: "exports", Caption: ui.T(ctx, "acc.exports.made"), Rows: v.list.Exports,
		Columns: []ui.Column[ledger.Export]{
			{Label: ui.T(ctx, "acc.number_short"), Align: ui.Code, Cell: func(x ledger.Export) templ.Component { return ui.Text(strconv.FormatInt(x.Number, 10)) }},
			{Label: ui.T(ctx, "acc.file"), Main: true, Cell: fileCell},
			{Label: ui.T(ctx, "acc.export.at"), Cell: func(x ledger.Export) templ.Component { return ui.Moment(x.At) }},
			{Label: ui.T(ctx, "acc.export.by"), Quiet: true, Cell: func(x ledger.Export) templ.Component { return ui.Text(x.By) }},
			{Label: ui.T(ctx, "acc.export.lines"), Align: ui.End, Cell: func(x ledger.Export) templ.Component { return ui.Text(ui.L(ctx).Int(int(x.Lines))) }},
			{Label: ui.T(ctx, "acc.export.proof"), Cell: proofCell},
			{Label: ui.T(ctx, "table.actions"), Cell: func(x ledger.Export) templ.Component {
				return ui.LinkButton(ui.To(ctx, "/exports", x.ID)+"/file", "quiet-button", "download", ui.T(ctx, "acc.export.again"))
			}},
		},
		Empty: ui.Empty("file-down", ui.T(ctx, "acc.exports.none"), ui.T(ctx, "acc.exports.none.help")),
	}
}

// headText is a head as exports, closings and `acquit verify --head` write it.
func headText(h ledger.Head) string { return strconv.FormatInt(h.Seq, 10) + ":" + h.Hash.String() }
