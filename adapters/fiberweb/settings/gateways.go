package settings

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

const gatewaysPath = "/settings/gateways"

// Found is the gateways of an installation and the connections of a company to them.
type Found struct {
	Known       []app.GatewayStatus
	Connections []inbox.Connection
	Exchanged   map[string]inbox.Feed // by connection
}

// Found reads the gateways and connections, those that were disconnected left out.
func (h *Screens) Found(c *fiberweb.Ctx) (Found, error) {
	out := Found{Exchanged: map[string]inbox.Feed{}}
	var err error
	if out.Known, err = h.KnownGateways(c.Context(), c.Actor()); err != nil {
		return out, err
	}
	slices.SortFunc(out.Known, func(a, b app.GatewayStatus) int { return strings.Compare(gatewayLabel(a), gatewayLabel(b)) })
	all, err := h.Connections(c.Context(), c.Actor())
	if err != nil {
		return out, err
	}
	for _, conn := range all {
		if conn.Status == inbox.Disconnected {
			continue
		}
		out.Connections = append(out.Connections, conn)
		if out.Exchanged[conn.ID], err = h.feed(c, conn.ID); err != nil {
			return out, err
		}
	}
	return out, nil
}

// feed says how far a connection was read; one that was never read has none.
func (h *Screens) feed(c *fiberweb.Ctx, connection string) (inbox.Feed, error) {
	views, err := h.Look(c.Actor())
	if err != nil {
		return inbox.Feed{}, err
	}
	f, err := views.Feed(c.Context(), c.Company(), connection)
	if fault.KindOf(err) == fault.NotFound {
		return inbox.Feed{}, nil
	}
	return f, err
}

func gatewayLabel(g app.GatewayStatus) string {
	if g.Info.Label != "" {
		return g.Info.Label
	}
	return g.Name
}

func (h *Screens) gateways(c *fiberweb.Ctx) error {
	found, err := h.Found(c)
	if err != nil {
		return err
	}
	return c.Show(gatewaysPage(found))
}

// problem is why a gateway or a connection does not work, in words; "" when it does.
func problem(ctx context.Context, code, gateway, detail string) string {
	if code == "" {
		return ""
	}
	return ui.L(ctx).Fault(fault.New(fault.Refused, fault.Code(code), "gateway", gateway, "detail", detail, "missing", detail))
}

func statusBadge(ctx context.Context, s inbox.Status) templ.Component {
	switch s {
	case inbox.Connected:
		return ui.Badge(ui.Good, "circle-check", ui.T(ctx, "set.gateway.status.connected"))
	case inbox.NeedsAttention:
		return ui.Badge(ui.Bad, "triangle-alert", ui.T(ctx, "set.gateway.status.needs_attention"))
	case inbox.Disconnected:
	}
	return ui.Badge(ui.Neutral, "circle-x", ui.T(ctx, "set.gateway.status.disconnected"))
}

func modeBadge(ctx context.Context, m gateway.Mode) templ.Component {
	if m == gateway.Live {
		return ui.Badge(ui.Notice, "banknote", ui.T(ctx, "set.gateway.mode.live"))
	}
	return ui.Badge(ui.Caution, "circle-dashed", ui.T(ctx, "set.gateway.mode.test"))
}

func offeredBadge(ctx context.Context, on bool) templ.Component {
	if on {
		return ui.Badge(ui.Good, "circle-check", ui.T(ctx, "set.gateway.on"))
	}
	return ui.Badge(ui.Neutral, "circle", ui.T(ctx, "set.gateway.off"))
}

func connectionTable(ctx context.Context, f Found, path string) ui.Table[inbox.Connection] {
	return ui.Table[inbox.Connection]{
		ID: "connections", Caption: ui.T(ctx, "set.gateways.connections"), Rows: f.Connections,
		Href: func(c inbox.Connection) string { return ui.To(ctx, path, c.ID) },
		Columns: []ui.Column[inbox.Connection]{
			{Label: ui.T(ctx, "set.gateway.label"), Main: true, Cell: func(c inbox.Connection) templ.Component { return ui.Text(c.Label) }},
			{Label: ui.T(ctx, "set.gateway.account"), Cell: func(c inbox.Connection) templ.Component { return ui.Text(accountName(c)) }},
			{Label: ui.T(ctx, "set.gateway.mode"), Cell: func(c inbox.Connection) templ.Component { return modeBadge(ctx, c.Mode) }},
			{Label: ui.T(ctx, "set.gateway.connection"), Cell: func(c inbox.Connection) templ.Component { return statusBadge(ctx, c.Status) }},
			{Label: ui.T(ctx, "set.gateway.offered"), Cell: func(c inbox.Connection) templ.Component { return offeredBadge(ctx, c.On) }},
			{Label: ui.T(ctx, "set.gateway.exchange"), Quiet: true, Cell: func(c inbox.Connection) templ.Component { return exchange(f.Exchanged[c.ID]) }},
		},
		Empty: ui.Empty("plug", ui.T(ctx, "set.gateways.none"), ui.T(ctx, "set.gateways.none.help")),
	}
}

func accountName(c inbox.Connection) string {
	if c.Account == "" || c.Account == c.AccountID {
		return c.AccountID
	}
	return c.Account + " (" + c.AccountID + ")"
}

var connectFrame = fixed(func(c *fiberweb.Ctx) Frame {
	return Frame{Page: ui.Page{Active: "settings.gateways", Narrow: true, Crumbs: gatewayCrumbs(c)}, Here: gatewaysPath + "/new/" + c.Params("name"), Next: gatewaysPath, Back: gatewaysPath}
})

func gatewayCrumbs(c *fiberweb.Ctx) []ui.Link {
	return []ui.Link{{Label: c.T("nav.settings.gateways"), Href: c.URL(gatewaysPath)}}
}

// Connect is the form that a gateway declares: its settings are proved against the provider and kept. Next is where it
// leads, followed by the connection's id unless the frame is of the set-up.
func (h *Screens) Connect(frame Framer) Screen {
	show := func(c *fiberweb.Ctx) error {
		f, err := frame(c)
		if err != nil {
			return err
		}
		g, err := h.gateway(c, c.Params("name"))
		if err != nil {
			return err
		}
		values := c.NewForm()
		for _, s := range g.Info.Settings {
			setSetting(values, s, s.Default)
		}
		return c.Show(connectPage(f, g, values))
	}
	send := func(c *fiberweb.Ctx) error {
		f, err := frame(c)
		if err != nil {
			return err
		}
		g, err := h.gateway(c, c.Params("name"))
		if err != nil {
			return err
		}
		sent, err := c.Form()
		if err != nil {
			return err
		}
		since := sent.Date(sinceField)
		if sent.OK() && !since.IsZero() {
			sent.Fail(onSince(h.CheckHistory(since)))
		}
		if !sent.OK() {
			return c.Invalid(sent, connectPage(f, g, sent))
		}
		conn, err := h.App.Connect(c.Context(), c.Actor(), g.Name, readSettings(sent, g.Info.Settings))
		if err != nil {
			sent.Fail(err)
			return again(c, sent, connectPage(f, g, sent))
		}
		if !since.IsZero() && conn.Status == inbox.Connected {
			if _, err := h.ImportHistory(c.Context(), c.Actor(), conn.ID, since); err != nil {
				return err
			}
		}
		if !f.Setup {
			f.Next += "/" + conn.ID
		}
		return f.done(c, "set.gateway.connected", "gateway", conn.Label, "account", accountName(conn))
	}
	return Screen{show, send}
}

// sinceField asks, beside a gateway's own settings, from when on its history is imported.
const sinceField = "import_since"

// onSince puts a refusal of a date on the field of this form.
func onSince(err error) error {
	for _, e := range fault.All(err) {
		return e.On(sinceField)
	}
	return err
}

// gateway finds a gateway that may be connected. Codes: gateway_not_found, and why its program cannot be used.
func (h *Screens) gateway(c *fiberweb.Ctx, name string) (app.GatewayStatus, error) {
	all, err := h.KnownGateways(c.Context(), c.Actor())
	if err != nil {
		return app.GatewayStatus{}, err
	}
	for _, g := range all {
		if g.Name != name {
			continue
		}
		if g.Problem != "" {
			return g, fault.New(fault.Unavailable, fault.Code(g.Problem), "gateway", gatewayLabel(g), "detail", g.Detail)
		}
		return g, nil
	}
	return app.GatewayStatus{}, fault.New(fault.NotFound, fault.GatewayNotFound, "gateway", fault.Clip(name))
}

// again shows a form with what was refused. That somebody else's server does not answer is no reason to lose what was
// typed, so that is shown on the form too.
func again(c *fiberweb.Ctx, f *form.Form, page templ.Component) error {
	if err := f.Broken(); fault.KindOf(err) == fault.Unavailable && len(fault.All(err)) > 0 {
		return c.Page(http.StatusServiceUnavailable, page)
	}
	return c.Invalid(f, page)
}

// settingField is the name of the field of a declared setting; faults have the same.
func settingField(name string) string { return "settings." + name }

func setSetting(f *form.Form, s gateway.Setting, v string) {
	switch s.Type {
	case gateway.SecretSetting:
	case gateway.BoolSetting:
		f.SetBool(settingField(s.Name), v == "true" || v == "on")
	default:
		f.Set(settingField(s.Name), v)
	}
}

// readSettings takes what was typed into the fields of declared settings; anything else that was sent is not looked at.
func readSettings(f *form.Form, declared []gateway.Setting) map[string]string {
	out := map[string]string{}
	for _, s := range declared {
		v := f.Secret(settingField(s.Name))
		if s.Type == gateway.BoolSetting {
			v = strconv.FormatBool(v != "") // nothing would mean the default
		}
		out[s.Name] = v
	}
	return out
}

// settingWords is a setting's label and help in the reader's language; its name where the gateway gives none.
func settingWords(ctx context.Context, s gateway.Setting) (label, help string) {
	lang := string(ui.L(ctx).Lang())
	if label = s.Label.In(lang); label == "" {
		label = s.Name
	}
	return label, s.Help.In(lang)
}

func choices(ctx context.Context, s gateway.Setting) []ui.Option {
	out := make([]ui.Option, len(s.Choices))
	for i, ch := range s.Choices {
		out[i] = ui.Option{Value: ch.Value, Label: ch.Label.In(string(ui.L(ctx).Lang()))}
		if out[i].Label == "" {
			out[i].Label = ch.Value
		}
	}
	return out
}

// abilities lists what a gateway can do beyond being paid.
func abilities(ctx context.Context, i gateway.Info) string {
	var out []string
	for _, a := range i.Capabilities {
		if ui.L(ctx).Has("set.gateway.can." + string(a)) {
			out = append(out, ui.T(ctx, "set.gateway.can."+string(a)))
		}
	}
	return strings.Join(out, ", ")
}

func connectFramed(ctx context.Context, f Frame, g app.GatewayStatus) Frame {
	if f.Page.Title == "" {
		f.Page.Title = ui.T(ctx, "set.gateway.connect_to", "gateway", gatewayLabel(g))
	}
	f.Save = ui.T(ctx, "set.gateway.connect")
	return f
}

// gatewayFacts is what a gateway says of itself.
func gatewayFacts(ctx context.Context, g app.GatewayStatus) []ui.Fact {
	var out []ui.Fact
	if g.Info.Version != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "set.gateway.version"), Value: ui.Text(g.Info.Version)})
	}
	if can := abilities(ctx, g.Info); can != "" {
		out = append(out, ui.Fact{Label: ui.T(ctx, "set.gateway.abilities"), Value: ui.Text(can), Wide: true})
	}
	return out
}
