package settings

import (
	"context"
	"slices"
	"strconv"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/ledger"
)

const methodsPath = "/settings/methods"

var methodsFrame = fixed(func(c *fiberweb.Ctx) Frame {
	return Frame{Page: ui.Page{Title: c.T("nav.settings.methods"), Intro: c.T("set.methods.intro"), Active: "settings.methods", Actions: addButton(methodsPath+"/new", "set.method.add")},
		Here: methodsPath, Next: methodsPath}
})

// Names of what the list sends: the methods it showed, each with the version that was read, and those ticked.
const (
	methodRow     = "row"
	methodOnline  = "online."
	methodVersion = "version."
)

// Methods is the list of payment methods, in which Autoriser le paiement en ligne is ticked.
func (h *Screens) Methods(frame Framer) Screen {
	show := func(c *fiberweb.Ctx) error {
		f, err := frame(c)
		if err != nil {
			return err
		}
		all, err := h.App.Methods(c.Context(), c.Actor())
		if err != nil {
			return err
		}
		values := c.NewForm()
		for _, m := range all {
			values.SetBool(methodOnline+m.ID, m.Online).Set(methodVersion+m.ID, itoa(m.Version))
		}
		return c.Show(methodsPage(f, all, values))
	}
	send := func(c *fiberweb.Ctx) error {
		f, err := frame(c)
		if err != nil {
			return err
		}
		sent, err := c.Form()
		if err != nil {
			return err
		}
		all, err := h.App.Methods(c.Context(), c.Actor())
		if err != nil {
			return err
		}
		for _, m := range all {
			online := sent.Bool(methodOnline + m.ID)
			if !slices.Contains(sent.Values(methodRow), m.ID) || online == m.Online {
				continue
			}
			m.Online = online
			if m.Version, err = strconv.ParseInt(sent.Value(methodVersion+m.ID), 10, 64); err != nil {
				m.Version = -1
			}
			_, err := h.SaveMethod(c.Context(), c.Actor(), m)
			sent.Fail(err)
		}
		if !sent.OK() {
			return c.Invalid(sent, methodsPage(f, all, sent))
		}
		return f.done(c, "flash.saved")
	}
	return Screen{show, send}
}

func methodTable(ctx context.Context, f Frame, all []billing.PaymentMethod) ui.Table[billing.PaymentMethod] {
	t := ui.Table[billing.PaymentMethod]{
		ID: "methods", Caption: ui.T(ctx, "nav.settings.methods"), Rows: all,
		Columns: []ui.Column[billing.PaymentMethod]{
			{Label: ui.T(ctx, "set.method"), Main: true, Cell: func(m billing.PaymentMethod) templ.Component { return ui.Text(m.Label) }},
			{Label: ui.T(ctx, "set.code"), Align: ui.Code, Quiet: true, Cell: func(m billing.PaymentMethod) templ.Component { return ui.Text(m.Code) }},
			{Label: ui.T(ctx, "set.method.kind"), Cell: func(m billing.PaymentMethod) templ.Component { return ui.Key("set.method.kind." + string(m.Kind)) }},
			{Label: ui.T(ctx, "set.method.posted"), Quiet: true, Cell: func(m billing.PaymentMethod) templ.Component {
				if m.Kind == billing.ByGateway {
					return ui.Key("set.method.by_gateway")
				}
				return ui.Text(m.Journal + " · " + m.Account)
			}},
			{Label: ui.T(ctx, "set.method.online"), Cell: methodOnlineCell},
			{Label: ui.T(ctx, "set.state"), Cell: func(m billing.PaymentMethod) templ.Component { return activeState(m.Active) }},
		},
	}
	if !f.Setup {
		t.Href = func(m billing.PaymentMethod) string { return ui.To(ctx, methodsPath, m.ID) }
	}
	return t
}

// methodView is the form of one method.
type methodView struct {
	method   billing.PaymentMethod // zero for a new one
	form     *form.Form
	journals []ui.Option
	accounts []ui.Option
}

func (h *Screens) methodView(c *fiberweb.Ctx, m billing.PaymentMethod, f *form.Form) (methodView, error) {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return methodView{}, err
	}
	return methodView{m, f, journalOptions(byCode(setup.Chart.Journals), ledger.Treasury, f.Value("journal")), accountsOf(setup)}, nil
}

func (h *Screens) newMethod(c *fiberweb.Ctx) error {
	v, err := h.methodView(c, billing.PaymentMethod{}, c.NewForm().SetBool("active", true).Set("kind", string(billing.ByTransfer)))
	if err != nil {
		return err
	}
	return c.Show(methodPage(v))
}

func (h *Screens) addMethod(c *fiberweb.Ctx) error { return h.writeMethod(c, billing.PaymentMethod{}) }

// method is the one that the address names. Code: unknown_thing.
func (h *Screens) method(c *fiberweb.Ctx) (billing.PaymentMethod, error) {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return billing.PaymentMethod{}, err
	}
	m, ok := setup.Methods[c.Params("id")]
	if !ok {
		return m, missing("payment_method", c.Params("id"))
	}
	return m, nil
}

func (h *Screens) editMethod(c *fiberweb.Ctx) error {
	m, err := h.method(c)
	if err != nil {
		return err
	}
	f := c.NewForm().Set("version", itoa(m.Version)).Set("code", m.Code).Set("label", m.Label).Set("kind", string(m.Kind)).
		SetBool("online", m.Online).Set("journal", m.Journal).Set("account", m.Account).SetBool("active", m.Active)
	v, err := h.methodView(c, m, f)
	if err != nil {
		return err
	}
	return c.Show(methodPage(v))
}

func (h *Screens) saveMethod(c *fiberweb.Ctx) error {
	m, err := h.method(c)
	if err != nil {
		return err
	}
	return h.writeMethod(c, m)
}

func (h *Screens) writeMethod(c *fiberweb.Ctx, old billing.PaymentMethod) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	m := billing.PaymentMethod{ID: old.ID, Code: f.Text("code", maxField), Label: f.Text("label", maxField), Kind: billing.MethodKind(f.Text("kind", maxField)),
		Online: f.Bool("online"), Journal: f.Text("journal", maxField), Account: f.Text("account", maxField), Active: f.Bool("active")}
	if old.ID != "" {
		m.Version = version(f)
	}
	if f.OK() {
		_, err := h.SaveMethod(c.Context(), c.Actor(), m)
		f.Fail(err)
	}
	if !f.OK() {
		v, err := h.methodView(c, old, f)
		if err != nil {
			return err
		}
		return c.Invalid(f, methodPage(v))
	}
	return c.Done(methodsPath, "set.method.saved", "label", m.Label)
}

func methodKinds(ctx context.Context) []ui.Option {
	return options(ctx, "set.method.kind.", false, string(billing.ByGateway), string(billing.ByTransfer), string(billing.ByCheque), string(billing.ByDirectDebit),
		string(billing.ByCard), string(billing.ByCash))
}

func byCode[T any](m map[string]T) []T {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([]T, len(keys))
	for i, k := range keys {
		out[i] = m[k]
	}
	return out
}

func accountsOf(s *books.Setup) []ui.Option { return accountOptions(byCode(s.Chart.Accounts)) }
