package settings

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
)

const (
	accountsPath = "/settings/chart"
	journalsPath = "/settings/chart/journals"
	vatPath      = "/settings/chart/vat"
)

func chartTabs(ctx context.Context, current string) []ui.Tab {
	var out []ui.Tab
	for _, t := range []struct{ key, path string }{{"accounts", accountsPath}, {"journals", journalsPath}, {"vat", vatPath}} {
		out = append(out, ui.Tab{Label: ui.T(ctx, "set.chart."+t.key), Href: ui.To(ctx, t.path), Current: t.key == current})
	}
	return out
}

func chartCrumbs(ctx context.Context, key, path string) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "set.chart."+key), Href: ui.To(ctx, path)}}
}

// mayConfigure says whether a list offers to add and change.
func mayConfigure(c *fiberweb.Ctx) bool { return c.Actor().Role.Can(access.Configure) }

// href makes the first cell of a row a link for those who may change it.
func href[R any](ctx context.Context, may bool, path string, code func(R) string) func(R) string {
	if !may {
		return nil
	}
	return func(r R) string { return ui.To(ctx, path, code(r)) }
}

// repeats refuses to add what is there already; changing it has a page of its own. Code: already_exists on "code".
func repeats(f *form.Form, there bool, what, code string) {
	if there {
		f.Add(fault.New(fault.Conflict, fault.AlreadyExists, "what", what, "id", code).On("code"))
	}
}

// ---- accounts ----

// accountLimit bounds the rows of the chart: a filter is quicker than a scroll of more.
const accountLimit = 300

type accountList struct {
	rows  []ledger.Account
	all   int
	may   bool
	found int
}

func (h *Screens) accounts(c *fiberweb.Ctx) error {
	all, err := h.Accounts(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	v := accountList{all: len(all), may: mayConfigure(c)}
	l := c.Listing("code", "label")
	slices.SortStableFunc(all, func(a, b ledger.Account) int {
		order := strings.Compare(a.Code, b.Code)
		if l.Sort == "label" {
			order = strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label))
		}
		if l.Desc {
			return -order
		}
		return order
	})
	want, class, state := strings.ToLower(c.Q("q")), c.Q("class"), c.Q("state")
	for _, a := range all {
		if !strings.HasPrefix(a.Code, want) && !strings.Contains(strings.ToLower(a.Label), want) ||
			!strings.HasPrefix(a.Code, class) || state == "on" && !a.Active || state == "off" && a.Active {
			continue
		}
		if v.found++; v.found <= accountLimit {
			v.rows = append(v.rows, a)
		}
	}
	return c.Show(accountsPage(v))
}

func accountTable(ctx context.Context, v accountList) ui.Table[ledger.Account] {
	return ui.Table[ledger.Account]{
		ID: "accounts", Caption: ui.T(ctx, "set.chart.accounts"), Rows: v.rows,
		Href: href(ctx, v.may, accountsPath+"/accounts", func(a ledger.Account) string { return a.Code }),
		Columns: []ui.Column[ledger.Account]{
			{Label: ui.T(ctx, "set.account.code"), Sort: "code", Main: true, Align: ui.Code, Cell: func(a ledger.Account) templ.Component { return ui.Text(a.Code) }},
			{Label: ui.T(ctx, "set.label"), Sort: "label", Cell: func(a ledger.Account) templ.Component { return ui.Text(a.Label) }},
			{Label: ui.T(ctx, "set.account.kind"), Cell: func(a ledger.Account) templ.Component {
				if a.Collective {
					return ui.Badge(ui.Notice, "users", ui.T(ctx, "set.account.collective"))
				}
				return ui.Text("")
			}},
			{Label: ui.T(ctx, "set.state"), Cell: func(a ledger.Account) templ.Component { return activeState(a.Active) }},
		},
		Pager: &ui.Pager{Total: accountTotal(ctx, v)},
	}
}

func accountTotal(ctx context.Context, v accountList) string {
	if v.found > len(v.rows) {
		return ui.T(ctx, "set.accounts.first", "shown", ui.L(ctx).Int(len(v.rows)), "all", ui.L(ctx).Int(v.found))
	}
	return ui.Plural(ctx, "set.accounts.count", v.found)
}

func (h *Screens) newAccount(c *fiberweb.Ctx) error {
	return c.Show(accountPage("", c.NewForm().SetBool("active", true)))
}

func (h *Screens) addAccount(c *fiberweb.Ctx) error { return h.writeAccount(c, "") }

func (h *Screens) editAccount(c *fiberweb.Ctx) error {
	a, err := h.account(c)
	if err != nil {
		return err
	}
	return c.Show(accountPage(a.Code, c.NewForm().Set("label", a.Label).SetBool("collective", a.Collective).SetBool("active", a.Active)))
}

func (h *Screens) saveAccount(c *fiberweb.Ctx) error {
	a, err := h.account(c)
	if err != nil {
		return err
	}
	return h.writeAccount(c, a.Code)
}

// account is the one that the address names. Code: unknown_thing.
func (h *Screens) account(c *fiberweb.Ctx) (ledger.Account, error) {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return ledger.Account{}, err
	}
	a, ok := setup.Chart.Accounts[c.Params("code")]
	if !ok {
		return a, missing("account", c.Params("code"))
	}
	return a, nil
}

// writeAccount adds an account, or changes the one with a code.
func (h *Screens) writeAccount(c *fiberweb.Ctx, code string) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	a := ledger.Account{Code: code, Label: f.Text("label", maxField), Collective: f.Bool("collective"), Active: f.Bool("active")}
	if code == "" {
		a.Code = f.Text("code", maxField)
		_, there := setup.Chart.Accounts[a.Code]
		repeats(f, there, "account", a.Code)
	}
	if f.OK() {
		_, err := h.SaveAccount(c.Context(), c.Actor(), a)
		f.Fail(err)
	}
	if !f.OK() {
		return c.Invalid(f, accountPage(code, f))
	}
	return c.Done(accountsPath, "set.account.saved", "code", a.Code)
}

// ---- journals ----

func (h *Screens) journals(c *fiberweb.Ctx) error {
	all, err := h.Journals(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	return c.Show(journalsPage(all, mayConfigure(c)))
}

func journalTable(ctx context.Context, rows []ledger.Journal, may bool) ui.Table[ledger.Journal] {
	return ui.Table[ledger.Journal]{
		ID: "journals", Caption: ui.T(ctx, "set.chart.journals"), Rows: rows,
		Href: href(ctx, may, journalsPath, func(j ledger.Journal) string { return j.Code }),
		Columns: []ui.Column[ledger.Journal]{
			{Label: ui.T(ctx, "set.code"), Main: true, Align: ui.Code, Cell: func(j ledger.Journal) templ.Component { return ui.Text(j.Code) }},
			{Label: ui.T(ctx, "set.label"), Cell: func(j ledger.Journal) templ.Component { return ui.Text(j.Label) }},
			{Label: ui.T(ctx, "set.journal.type"), Cell: func(j ledger.Journal) templ.Component { return ui.Key("set.journal.type." + string(j.Type)) }},
			{Label: ui.T(ctx, "set.state"), Cell: func(j ledger.Journal) templ.Component { return activeState(j.Active) }},
		},
	}
}

func journalTypes(ctx context.Context) []ui.Option {
	return options(ctx, "set.journal.type.", false, string(ledger.Sales), string(ledger.Purchases), string(ledger.Treasury), string(ledger.Misc), string(ledger.Opening))
}

func (h *Screens) newJournal(c *fiberweb.Ctx) error {
	return c.Show(journalPage("", c.NewForm().SetBool("active", true)))
}

func (h *Screens) addJournal(c *fiberweb.Ctx) error { return h.writeJournal(c, "") }

func (h *Screens) editJournal(c *fiberweb.Ctx) error {
	j, err := h.journal(c)
	if err != nil {
		return err
	}
	return c.Show(journalPage(j.Code, c.NewForm().Set("label", j.Label).Set("type", string(j.Type)).SetBool("active", j.Active)))
}

func (h *Screens) saveJournal(c *fiberweb.Ctx) error {
	j, err := h.journal(c)
	if err != nil {
		return err
	}
	return h.writeJournal(c, j.Code)
}

func (h *Screens) journal(c *fiberweb.Ctx) (ledger.Journal, error) {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return ledger.Journal{}, err
	}
	j, ok := setup.Chart.Journals[c.Params("code")]
	if !ok {
		return j, missing("journal", c.Params("code"))
	}
	return j, nil
}

func (h *Screens) writeJournal(c *fiberweb.Ctx, code string) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	j := ledger.Journal{Code: code, Label: f.Text("label", maxField), Type: ledger.JournalType(f.Required("type", maxField)), Active: f.Bool("active")}
	if code == "" {
		j.Code = strings.ToUpper(f.Text("code", maxField))
		_, there := setup.Chart.Journals[j.Code]
		repeats(f, there, "journal", j.Code)
	}
	if f.OK() {
		_, err := h.SaveJournal(c.Context(), c.Actor(), j)
		f.Fail(err)
	}
	if !f.OK() {
		return c.Invalid(f, journalPage(code, f))
	}
	return c.Done(journalsPath, "set.journal.saved", "code", j.Code)
}

// ---- VAT codes ----

func (h *Screens) vatCodes(c *fiberweb.Ctx) error {
	all, err := h.VATCodes(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	return c.Show(vatPage(all, mayConfigure(c)))
}

func vatTable(ctx context.Context, rows []billing.VATCode, may bool) ui.Table[billing.VATCode] {
	return ui.Table[billing.VATCode]{
		ID: "vat", Caption: ui.T(ctx, "set.chart.vat"), Rows: rows,
		Href: href(ctx, may, vatPath, func(v billing.VATCode) string { return v.Code }),
		Columns: []ui.Column[billing.VATCode]{
			{Label: ui.T(ctx, "set.code"), Main: true, Align: ui.Code, Cell: func(v billing.VATCode) templ.Component { return ui.Text(v.Code) }},
			{Label: ui.T(ctx, "set.label"), Cell: func(v billing.VATCode) templ.Component { return ui.Text(v.Label) }},
			{Label: ui.T(ctx, "set.vat.rate"), Align: ui.End, Cell: func(v billing.VATCode) templ.Component { return ui.Text(ui.L(ctx).Percent(v.Rate)) }},
			{Label: ui.T(ctx, "set.vat.nature"), Cell: func(v billing.VATCode) templ.Component { return ui.Key("set.vat.nature." + string(v.Nature)) }},
			{Label: ui.T(ctx, "set.vat.revenue"), Align: ui.Code, Quiet: true, Cell: func(v billing.VATCode) templ.Component { return ui.Text(v.Revenue) }},
			{Label: ui.T(ctx, "set.vat.account"), Align: ui.Code, Quiet: true, Cell: func(v billing.VATCode) templ.Component { return ui.Text(v.Account) }},
			{Label: ui.T(ctx, "set.state"), Cell: func(v billing.VATCode) templ.Component { return activeState(v.Active) }},
		},
	}
}

// vatView is the form of a VAT code. Rate, category and nature of one that exists stay what they are.
type vatView struct {
	code     string
	form     *form.Form
	accounts []ui.Option
}

func vatCategories(ctx context.Context) []ui.Option {
	return options(ctx, "set.vat.category.", false, "S", "Z", "E", "AE", "K", "G", "O")
}

func vatMentions(ctx context.Context) []ui.Option {
	return options(ctx, "", false, "mention.vat_293b", "mention.vat_export", "mention.vat_intra", "mention.vat_reverse_charge")
}

func (h *Screens) vatView(c *fiberweb.Ctx, code string, f *form.Form) (vatView, error) {
	accounts, err := h.Accounts(c.Context(), c.Actor())
	return vatView{code, f, accountOptions(accounts)}, err
}

func (h *Screens) newVAT(c *fiberweb.Ctx) error {
	v, err := h.vatView(c, "", c.NewForm().SetBool("active", true).Set("category", "S").Set("nature", string(billing.Services)))
	if err != nil {
		return err
	}
	return c.Show(vatCodePage(v))
}

func (h *Screens) addVAT(c *fiberweb.Ctx) error { return h.writeVAT(c, billing.VATCode{}) }

func (h *Screens) vatCode(c *fiberweb.Ctx) (billing.VATCode, error) {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return billing.VATCode{}, err
	}
	v, ok := setup.VATCodes[c.Params("code")]
	if !ok {
		return v, missing("vat_code", c.Params("code"))
	}
	return v, nil
}

func (h *Screens) editVAT(c *fiberweb.Ctx) error {
	old, err := h.vatCode(c)
	if err != nil {
		return err
	}
	f := c.NewForm().Set("label", old.Label).SetDecimal("rate", old.Rate).Set("category", old.Category).Set("nature", string(old.Nature)).
		Set("revenue", old.Revenue).Set("account", old.Account).Set("mention", old.Mention).SetBool("active", old.Active)
	v, err := h.vatView(c, old.Code, f)
	if err != nil {
		return err
	}
	return c.Show(vatCodePage(v))
}

func (h *Screens) saveVAT(c *fiberweb.Ctx) error {
	old, err := h.vatCode(c)
	if err != nil {
		return err
	}
	return h.writeVAT(c, old)
}

func (h *Screens) writeVAT(c *fiberweb.Ctx, old billing.VATCode) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	v := old
	v.Label, v.Revenue, v.Account = f.Text("label", maxField), f.Text("revenue", maxField), f.Text("account", maxField)
	v.Mention, v.Active = f.Text("mention", maxField), f.Bool("active")
	if old.Code == "" {
		setup, err := h.Setup(c.Context(), c.Actor())
		if err != nil {
			return err
		}
		v.Code = strings.ToUpper(f.Text("code", maxField))
		v.Rate, v.Category, v.Nature = f.Percent("rate"), f.Text("category", maxField), billing.Nature(f.Text("nature", maxField))
		_, there := setup.VATCodes[v.Code]
		repeats(f, there, "vat_code", v.Code)
	}
	if f.OK() {
		_, err := h.SaveVATCode(c.Context(), c.Actor(), v)
		f.Fail(err)
	}
	if !f.OK() {
		if old.Code != "" {
			f.SetDecimal("rate", old.Rate).Set("category", old.Category).Set("nature", string(old.Nature))
		}
		again, err := h.vatView(c, old.Code, f)
		if err != nil {
			return err
		}
		return c.Invalid(f, vatCodePage(again))
	}
	return c.Done(vatPath, "set.vat.saved", "code", v.Code)
}

// accountOptions suggests the accounts that may be used.
func accountOptions(all []ledger.Account) []ui.Option {
	var out []ui.Option
	for _, a := range all {
		if a.Active && !a.Collective {
			out = append(out, ui.Option{Value: a.Code, Label: a.Code + " " + a.Label})
		}
	}
	return out
}

func journalOptions(all []ledger.Journal, only ledger.JournalType, keep string) []ui.Option {
	var out []ui.Option
	for _, j := range all {
		if j.Code == keep || j.Active && (only == "" || j.Type == only) {
			out = append(out, ui.Option{Value: j.Code, Label: j.Code + " · " + j.Label})
		}
	}
	return out
}

// title is the heading of a form that adds, or changes what has a code.
func title(ctx context.Context, code, add, change string) string {
	if code == "" {
		return ui.T(ctx, add)
	}
	return ui.T(ctx, change, "code", code)
}

// to is where a form that adds, or changes what has a code, is sent.
func to(ctx context.Context, path, code string) string {
	if code == "" {
		return ui.To(ctx, path+"/new")
	}
	return ui.To(ctx, path, code)
}

func vatFixedHelp(ctx context.Context, v vatView) string {
	if v.code == "" {
		return ""
	}
	return ui.T(ctx, "set.vat.fixed")
}
