package settings

import (
	"context"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
)

// connectionView is the page of one connection.
type connectionView struct {
	conn     inbox.Connection
	feed     inbox.Feed
	checks   []app.Check
	form     *form.Form
	journals []ui.Option
	accounts []ui.Option
	trouble  error // what the last act was answered, when it was refused
	life     life

	balanceForm *form.Form        // of a balance in another currency
	labels      map[string]string // of the accounts that keep some
}

// found is the connection that the address names. Code: unknown_thing.
func (h *Screens) found(c *fiberweb.Ctx) (inbox.Connection, *books.Setup, error) {
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return inbox.Connection{}, nil, err
	}
	conn, ok := setup.Connections[c.Params("id")]
	if !ok || conn.Status == inbox.Disconnected {
		return conn, setup, missing("connection", c.Params("id"))
	}
	return conn, setup, nil
}

func (h *Screens) connection(c *fiberweb.Ctx) error {
	return h.showConnection(c, nil, nil)
}

// showBalances answers with the page and the form of a balance as it was sent.
func (h *Screens) showBalances(c *fiberweb.Ctx, sent *form.Form) error {
	v, err := h.connectionView(c, nil, nil)
	if err != nil {
		return err
	}
	v.balanceForm = sent
	return again(c, sent, connectionPage(v))
}

// showPast answers with the page and the form for an import of history as it was sent.
func (h *Screens) showPast(c *fiberweb.Ctx, sent *form.Form) error {
	v, err := h.connectionView(c, nil, nil)
	if err != nil {
		return err
	}
	v.life.past = sent
	return again(c, sent, connectionPage(v))
}

// showConnection answers with the page as the connection stands now: with the form as it was sent, or with what was
// refused.
func (h *Screens) showConnection(c *fiberweb.Ctx, sent *form.Form, trouble error) error {
	v, err := h.connectionView(c, sent, trouble)
	switch {
	case err != nil:
		return err
	case sent != nil:
		return again(c, sent, connectionPage(v))
	case trouble != nil:
		return c.Page(fiberweb.Status(trouble), connectionPage(v))
	}
	return c.Show(connectionPage(v))
}

func (h *Screens) connectionView(c *fiberweb.Ctx, sent *form.Form, trouble error) (connectionView, error) {
	conn, setup, err := h.found(c)
	if err != nil {
		return connectionView{}, err
	}
	v := connectionView{conn: conn, form: sent, trouble: trouble, accounts: accountsOf(setup), balanceForm: c.NewForm(), labels: map[string]string{}}
	for _, code := range conn.BalanceAccounts {
		v.labels[code] = setup.Chart.Accounts[code].Label
	}
	if v.feed, err = h.feed(c, conn.ID); err != nil {
		return v, err
	}
	if v.checks, err = h.Preflight(c.Context(), c.Actor(), conn.ID, ""); err != nil {
		return v, err
	}
	if v.form == nil {
		v.form = booksForm(c, conn)
	}
	if v.life, err = h.life(c, conn); err != nil {
		return v, err
	}
	v.journals = journalOptions(byCode(setup.Chart.Journals), ledger.Treasury, v.form.Value("journal"))
	return v, nil
}

func booksForm(c *fiberweb.Ctx, conn inbox.Connection) *form.Form {
	f := c.NewForm().Set("version", itoa(conn.Version)).Set("label", conn.Label).Set("journal", conn.Journal).Set("gateway_account", conn.GatewayAccount).
		Set("commission_account", conn.CommissionAccount).Set("bank_journal", conn.BankJournal).Set("bank_account", conn.BankAccount).
		Set("dispute_fee_account", conn.DisputeFeeAccount).Set("fee_vat", string(conn.FeeVAT))
	if !conn.FeeVATRate.IsZero() {
		f.SetDecimal("fee_vat_rate", conn.FeeVATRate)
	}
	return f
}

// saveBooks changes where a connection's money is posted.
func (h *Screens) saveBooks(c *fiberweb.Ctx) error {
	conn, _, err := h.found(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	in := app.ConnectionInput{Label: f.Text("label", maxField), Journal: f.Text("journal", maxField), GatewayAccount: f.Text("gateway_account", maxField),
		CommissionAccount: f.Text("commission_account", maxField), BankJournal: f.Text("bank_journal", maxField), BankAccount: f.Text("bank_account", maxField),
		DisputeFeeAccount: f.Text("dispute_fee_account", maxField), FeeVAT: inbox.FeeVAT(f.Required("fee_vat", maxField)), FeeVATRate: f.Percent("fee_vat_rate")}
	if f.OK() {
		_, err := h.UpdateConnection(c.Context(), c.Actor(), conn.ID, version(f), in)
		f.Fail(err)
	}
	if !f.OK() {
		return h.showConnection(c, f, nil)
	}
	return c.Done(gatewaysPath+"/"+conn.ID, "flash.saved")
}

func feeVATs(ctx context.Context) []ui.Option {
	return options(ctx, "set.fee_vat.", true, string(inbox.FeeReverseCharge), string(inbox.FeeExempt), string(inbox.FeeDomestic))
}

// act runs something on the connection and comes back to its page, or to the wizard that asked for it.
func (h *Screens) act(c *fiberweb.Ctx, key string, do func(ctx context.Context, id string) (inbox.Connection, error)) error {
	conn, err := do(c.Context(), c.Params("id"))
	if err != nil {
		if fault.KindOf(err) == fault.NotFound || len(fault.All(err)) == 0 {
			return err
		}
		return h.showConnection(c, nil, err)
	}
	c.Flash(ui.Good, key, "gateway", conn.Label)
	return c.SeeOther(c.URL(h.cameFrom(c, gatewaysPath+"/"+conn.ID)))
}

// FromSetup is what the set-up adds to the address of an act, to be come back to: one of its steps.
const FromSetup = "from"

func (h *Screens) cameFrom(c *fiberweb.Ctx, otherwise string) string {
	switch step := c.Q(FromSetup); step {
	case app.StepGateway, app.StepMail:
		return "/setup/" + step
	}
	return otherwise
}

func (h *Screens) testConnection(c *fiberweb.Ctx) error {
	return h.act(c, "set.gateway.tested", func(ctx context.Context, id string) (inbox.Connection, error) {
		return h.TestConnection(ctx, c.Actor(), id)
	})
}

func (h *Screens) switchOn(c *fiberweb.Ctx) error {
	return h.act(c, "set.gateway.switched_on", func(ctx context.Context, id string) (inbox.Connection, error) {
		return h.SwitchOn(ctx, c.Actor(), id)
	})
}

func (h *Screens) switchOff(c *fiberweb.Ctx) error {
	return h.act(c, "set.gateway.switched_off", func(ctx context.Context, id string) (inbox.Connection, error) {
		return h.SwitchOff(ctx, c.Actor(), id)
	})
}

// editSecrets is the form that the gateway declares, for a connection that exists: secrets are never shown again.
func (h *Screens) editSecrets(c *fiberweb.Ctx) error {
	f, err := h.ConnectionForm(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	values := c.NewForm().Set("version", itoa(f.Connection.Version))
	for _, s := range f.Settings {
		setSetting(values, s, f.Connection.Public[s.Name])
	}
	return c.Show(secretsPage(f, values))
}

func (h *Screens) saveSecrets(c *fiberweb.Ctx) error {
	f, err := h.ConnectionForm(c.Context(), c.Actor(), c.Params("id"))
	if err != nil {
		return err
	}
	sent, err := c.Form()
	if err != nil {
		return err
	}
	if !sent.OK() {
		return c.Invalid(sent, secretsPage(f, sent))
	}
	conn := f.Connection
	in := app.ConnectionInput{Label: conn.Label, Journal: conn.Journal, GatewayAccount: conn.GatewayAccount, CommissionAccount: conn.CommissionAccount,
		BankJournal: conn.BankJournal, BankAccount: conn.BankAccount, DisputeFeeAccount: conn.DisputeFeeAccount, FeeVAT: conn.FeeVAT, FeeVATRate: conn.FeeVATRate,
		Settings: readSettings(sent, f.Settings)}
	if _, err := h.UpdateConnection(c.Context(), c.Actor(), conn.ID, version(sent), in); err != nil {
		sent.Fail(err)
		return again(c, sent, secretsPage(f, sent))
	}
	return c.Done(gatewaysPath+"/"+conn.ID, "set.gateway.tested", "gateway", conn.Label)
}

func (h *Screens) askDisconnect(c *fiberweb.Ctx) error {
	conn, _, err := h.found(c)
	if err != nil {
		return err
	}
	return c.Show(disconnectPage(conn, nil))
}

func (h *Screens) disconnect(c *fiberweb.Ctx) error {
	conn, _, err := h.found(c)
	if err != nil {
		return err
	}
	if err := h.Disconnect(c.Context(), c.Actor(), conn.ID); err != nil {
		f := c.NewForm()
		f.Fail(err)
		return c.Invalid(f, disconnectPage(conn, f))
	}
	return c.Done(gatewaysPath, "set.gateway.disconnected", "gateway", conn.Label)
}

func connectionCrumbs(ctx context.Context) []ui.Link {
	return []ui.Link{{Label: ui.T(ctx, "nav.settings.gateways"), Href: ui.To(ctx, gatewaysPath)}}
}

func connectionFacts(ctx context.Context, v connectionView) []ui.Fact {
	return []ui.Fact{
		{Label: ui.T(ctx, "set.gateway.account"), Value: ui.Text(accountName(v.conn)), Wide: true},
		{Label: ui.T(ctx, "set.gateway.mode"), Value: modeBadge(ctx, v.conn.Mode)},
		{Label: ui.T(ctx, "set.gateway.connection"), Value: statusBadge(ctx, v.conn.Status)},
		{Label: ui.T(ctx, "set.gateway.exchange"), Value: exchange(v.feed)},
		{Label: ui.T(ctx, "set.gateway.next_poll"), Value: nextPoll(ctx, v)},
	}
}

// ready says whether every check passes.
func ready(checks []app.Check) bool {
	for _, k := range checks {
		if !k.OK {
			return false
		}
	}
	return true
}

// mendPath is where a check that fails is mended, within the company.
func mendPath(k app.Check, connection string) string {
	switch k.Code {
	case app.CheckSettings, app.CheckAccounts, app.CheckJournals:
		return gatewaysPath + "/" + connection + "#books"
	case app.CheckPeriod:
		return yearsPath
	case app.CheckMode:
		return partPaths[Rules]
	case app.CheckStatus:
		return gatewaysPath + "/" + connection + "/settings"
	case app.CheckMethod:
		return methodsPath
	case app.CheckMail:
		return "/settings/mail"
	}
	return ""
}

// mend is how a check that fails is mended, in words.
func mend(ctx context.Context, k app.Check) string {
	return ui.T(ctx, k.Mend, "detail", detailWords(ctx, k))
}

// detailWords brings a check's plain value to the reader: names of fields, or what it is.
func detailWords(ctx context.Context, k app.Check) string {
	if k.Code == app.CheckSettings {
		return fieldWords(ctx, k.Detail)
	}
	return k.Detail
}

func troubleText(ctx context.Context, err error) string { return ui.L(ctx).Error(err) }

// fieldWords names fields, which come separated by commas, in the reader's language.
func fieldWords(ctx context.Context, list string) string {
	all := strings.Split(list, ", ")
	for i, name := range all {
		if ui.L(ctx).Has("field." + name) {
			all[i] = ui.T(ctx, "field."+name)
		}
	}
	return strings.Join(all, ", ")
}
