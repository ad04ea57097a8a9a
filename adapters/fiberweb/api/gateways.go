package api

import (
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/gofiber/fiber/v2"
)

func (s *service) gateways() {
	const tag = "Online payment"
	add(s, endpoint{method: get, path: "/gateways", id: "listGateways", tag: tag, needs: access.Configure,
		summary: "The gateway programs found, with the settings each asks for"}, s.listGateways)
	add(s, endpoint{method: get, path: "/connections", id: "listConnections", tag: tag, needs: access.Read,
		summary: "The gateway accounts of the company", text: "Disconnected ones are among them: what they brought in still names them."}, s.listConnections)
	add(s, endpoint{method: post, path: "/connections", id: "connect", tag: tag, needs: access.Configure, status: 201,
		summary: "Connect a gateway account", text: "The settings are proved against the provider first. Secrets are sealed and never given back. Accounts and journal are proposed; change them before switching on."}, s.connect)
	add(s, endpoint{method: get, path: "/connections/{connection}", id: "getConnection", tag: tag, needs: access.Configure,
		summary: "One connection, with the settings its gateway asks for"}, s.getConnection)
	add(s, endpoint{method: patch, path: "/connections/{connection}", id: "changeConnection", tag: tag, needs: access.Configure, versioned: true,
		summary: "Change where a connection's money is posted, or its settings"}, s.changeConnection)
	add(s, endpoint{method: remove, path: "/connections/{connection}", id: "disconnect", tag: tag, needs: access.Configure,
		summary: "Forget a connection's settings, secrets first"}, s.disconnect)
	add(s, endpoint{method: post, path: "/connections/{connection}/test", id: "testConnection", tag: tag, needs: access.Configure, unkeyed: true,
		summary: "Ask the provider whether the connection still works"}, s.testConnection)
	add(s, endpoint{method: post, path: "/connections/{connection}/webhook", id: "installWebhook", tag: tag, needs: access.Configure,
		summary: "Register our webhook at the provider", text: "Doing it again replaces the secret; earlier ones still verify."}, s.installWebhook)
	add(s, endpoint{method: post, path: "/connections/{connection}/history", id: "importHistory", tag: tag, needs: access.Configure,
		summary: "Import what happened before the connection was made", text: "In the background; `last_read.history` of the connection says how far it is. The movements arrive in state past."}, s.importHistory)
	add(s, endpoint{method: post, path: "/connections/refresh", id: "refreshAll", tag: tag, needs: access.Keep, unkeyed: true,
		summary: "Have every connection read now, in the background (Actualiser)", text: "`last_read` of each connection says how it goes."}, s.refreshAll)
	add(s, endpoint{method: post, path: "/connections/{connection}/on", id: "switchOn", tag: tag, needs: access.Configure,
		summary: "Offer a connection to payers"}, s.switchOn)
	add(s, endpoint{method: post, path: "/connections/{connection}/off", id: "switchOff", tag: tag, needs: access.Configure,
		summary: "Stop offering a connection to payers"}, s.switchOff)
	add(s, endpoint{method: get, path: "/connections/{connection}/preflight", id: "preflight", tag: tag, needs: access.Read,
		summary: "What keeps a connection from working, and how to mend it"}, s.preflight)
	add(s, endpoint{method: post, path: "/connections/{connection}/refresh", id: "refresh", tag: tag, needs: access.Keep, unkeyed: true,
		summary: "Read a connection's movements now (Actualiser)"}, s.refresh)
}

// setting declares one field of a connection's form.
type setting struct {
	Name     string   `json:"name"`
	Type     string   `json:"type" enum:"text,secret,choice,bool,url"`
	Required bool     `json:"required"`
	Pattern  string   `json:"pattern,omitzero" doc:"RE2; the whole value matches."`
	Default  string   `json:"default,omitzero"`
	Choices  []choice `json:"choices,omitempty"`
	Label    string   `json:"label"`
	Help     string   `json:"help,omitzero"`
}

// choice is one option of a setting.
type choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// gatewayProgram is one gateway program as this installation sees it.
type gatewayProgram struct {
	Name         string    `json:"name" example:"sandbox"`
	Label        string    `json:"label"`
	Version      string    `json:"version,omitzero"`
	Help         string    `json:"help,omitzero"`
	Settings     []setting `json:"settings"`
	Capabilities []string  `json:"capabilities" doc:"Of refund, expire, balance, install_webhook, payout_items."`
	Currencies   []string  `json:"currencies" doc:"Empty: any."`
	Trusted      bool      `json:"trusted"`
	Running      bool      `json:"running"`
	Problem      string    `json:"problem,omitzero" doc:"Code of why it cannot be used."`
	Detail       string    `json:"detail,omitzero"`
}

// lang is the language of what the caller reads.
func (c *call) lang() string {
	return string(i18n.Match(c.http.Get(fiber.HeaderAcceptLanguage)).Lang())
}

func settingsOf(all []gateway.Setting, lang string) []setting {
	return each(all, func(s gateway.Setting) setting {
		return setting{Name: s.Name, Type: string(s.Type), Required: s.Required, Pattern: s.Pattern, Default: s.Default, Label: s.Label.In(lang),
			Help: s.Help.In(lang), Choices: each(s.Choices, func(o gateway.Choice) choice { return choice{o.Value, o.Label.In(lang)} })}
	})
}

func (s *service) listGateways(c *call, _ *nothing) (all[gatewayProgram], error) {
	l, err := s.app.KnownGateways(c.ctx, c.who)
	return whole(l, err, func(g app.GatewayStatus) gatewayProgram {
		return gatewayProgram{Name: g.Name, Label: g.Info.Label, Version: g.Info.Version, Help: g.Info.Help.In(c.lang()),
			Settings: settingsOf(g.Info.Settings, c.lang()), Trusted: g.Trusted, Running: g.Running, Problem: g.Problem, Detail: g.Detail,
			Capabilities: each(g.Info.Capabilities, func(c gateway.Capability) string { return string(c) }),
			Currencies:   each(g.Info.Currencies, func(c money.Currency) string { return string(c) })}
	})
}

// ConnectionFields is what may be changed of a connection.
type ConnectionFields struct {
	Label             string            `json:"label" maxLength:"60"`
	Settings          map[string]string `json:"settings,omitempty" doc:"Those to change, by name; a secret that is absent or empty stays. Secrets are never answered."`
	Journal           string            `json:"journal,omitzero" doc:"Where receipts and commissions are posted."`
	GatewayAccount    string            `json:"gateway_account,omitzero" doc:"What the gateway holds for us (517…)."`
	CommissionAccount string            `json:"commission_account,omitzero" doc:"627…"`
	BankJournal       string            `json:"bank_journal,omitzero" doc:"Where payouts are posted."`
	BankAccount       string            `json:"bank_account,omitzero"`
	DisputeFeeAccount string            `json:"dispute_fee_account,omitzero" doc:"The commission account when absent."`
	FeeVAT            string            `json:"fee_vat" enum:"reverse_charge,exempt,domestic" doc:"How VAT on the commission is treated."`
	FeeVATRate        number            `json:"fee_vat_rate,omitzero" doc:"Percent: of the fee when domestic, of the base under reverse charge (20 when absent)."`
	BalanceAccounts   map[string]string `json:"balance_accounts,omitempty" doc:"What the gateway holds for us in other currencies: the account by currency."`
}

// connection is one gateway account of the company.
type connection struct {
	ID connectionID `json:"id"`
	ConnectionFields
	Gateway   string `json:"gateway" example:"sandbox"`
	Mode      string `json:"mode" enum:"test,live"`
	AccountID string `json:"account_id,omitzero" doc:"At the provider."`
	Account   string `json:"account,omitzero" doc:"Its name there."`
	On        bool   `json:"on" doc:"Offered to payers."`
	Status    string `json:"status" enum:"connected,needs_attention,disconnected"`
	Problem   string `json:"problem,omitzero" doc:"Code of what needs attention."`
	Detail    string `json:"detail,omitzero"`

	MissingPermissions []string  `json:"missing_permissions" doc:"What the key lacks, in the provider's words."`
	ConnectedAt        time.Time `json:"connected_at,omitzero" doc:"Movements before it are history."`
	WebhookURL         string    `json:"webhook_url,omitzero" doc:"The address installed at the provider; absent when none was."`
	WebhookAt          time.Time `json:"webhook_at,omitzero" doc:"When it was installed."`

	Version int64 `json:"version"`
}

func connectionFields(c inbox.Connection) ConnectionFields {
	return ConnectionFields{Label: c.Label, Settings: c.Public, Journal: c.Journal, GatewayAccount: c.GatewayAccount,
		CommissionAccount: c.CommissionAccount, BankJournal: c.BankJournal, BankAccount: c.BankAccount, DisputeFeeAccount: c.DisputeFeeAccount,
		FeeVAT: string(c.FeeVAT), FeeVATRate: someNumber(c.FeeVATRate), BalanceAccounts: accountsOf(c.BalanceAccounts)}
}

func accountsOf(m map[money.Currency]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for cur, account := range m {
		out[string(cur)] = account
	}
	return out
}

func connectionOf(c inbox.Connection) connection {
	return connection{ID: connectionID(c.ID), ConnectionFields: connectionFields(c), Gateway: c.Gateway, Mode: string(c.Mode), AccountID: c.AccountID,
		Account: c.Account, On: c.On, Status: string(c.Status), Problem: c.Problem, Detail: c.Detail,
		MissingPermissions: each(c.MissingPermissions(), func(s string) string { return s }), ConnectedAt: c.ConnectedAt, WebhookURL: c.WebhookURL,
		WebhookAt: c.WebhookAt, Version: c.Version}
}

// connectionForm is a connection with what its gateway asks for.
type connectionForm struct {
	Connection connection `json:"connection"`
	Settings   []setting  `json:"settings"`
	Filled     []string   `json:"filled" doc:"Secrets that are on file."`
	LastRead   *feed      `json:"last_read,omitempty"`
}

// feed is how far a connection's movements were read.
type feed struct {
	LastExchange time.Time `json:"last_exchange,omitzero"`
	LastError    string    `json:"last_error,omitzero"`
	LastWebhook  time.Time `json:"last_webhook,omitzero"`
	NextPoll     time.Time `json:"next_poll,omitzero"`
	Failures     int       `json:"failures"`
	Running      bool      `json:"running" doc:"Being read at this moment, or about to be."`
	Found        int       `json:"found" doc:"Movements of the present or the last reading."`
	History      *past     `json:"history,omitempty" doc:"The import of what happened before the connection."`
	Quarantined  []string  `json:"quarantined" doc:"Movements that the gateway described wrongly."`
}

// past is an import of history.
type past struct {
	Since   time.Time `json:"since"`
	AskedAt time.Time `json:"asked_at"`
	Found   int       `json:"found"`
	Reached time.Time `json:"reached,omitzero" doc:"When the last movement read happened."`
	EndedAt time.Time `json:"ended_at,omitzero" doc:"Absent while it goes on."`
	Problem string    `json:"problem,omitzero" doc:"Code of why it was given up."`
}

func pastOf(h inbox.History) *past {
	if h.Since.IsZero() {
		return nil
	}
	return &past{h.Since, h.AskedAt, h.Found, h.Reached, h.EndedAt, h.Problem}
}

func feedOf(f inbox.Feed, now time.Time) *feed {
	return &feed{LastExchange: f.LastExchange, LastError: f.LastError, LastWebhook: f.LastWebhook, NextPoll: f.NextPoll, Failures: f.Failures,
		Running: f.Reading(now), Found: f.Found, History: pastOf(f.History), Quarantined: each(f.Quarantined, func(s string) string { return s })}
}

type connectionPath struct {
	Connection connectionID `path:"connection"`
}

func (s *service) listConnections(c *call, _ *nothing) (all[connection], error) {
	l, err := s.app.Connections(c.ctx, c.who)
	return whole(l, err, connectionOf)
}

func (s *service) getConnection(c *call, in *connectionPath) (connectionForm, error) {
	f, err := s.app.ConnectionForm(c.ctx, c.who, string(in.Connection))
	if err != nil {
		return connectionForm{}, err
	}
	v, err := s.views(c)
	if err != nil {
		return connectionForm{}, err
	}
	out := connectionForm{Connection: connectionOf(f.Connection), Settings: settingsOf(f.Settings, c.lang()), Filled: f.Filled}
	switch r, err := v.Feed(c.ctx, c.who.Company, f.Connection.ID); {
	case err == nil:
		out.LastRead = feedOf(r, s.app.Now())
	case fault.KindOf(err) != fault.NotFound:
		return connectionForm{}, err
	}
	c.versioned(f.Connection.Version)
	return out, nil
}

func (s *service) connect(c *call, in *struct {
	Body struct {
		Gateway  string            `json:"gateway" maxLength:"60" example:"sandbox"`
		Settings map[string]string `json:"settings" doc:"What the gateway asks for, by name."`
		Since    date              `json:"import_since,omitzero" doc:"Import history since this day; absent: begin now."`
	}
}) (connection, error) {
	var conn inbox.Connection
	var r reading
	since := r.date(in.Body.Since, "import_since")
	if !since.IsZero() {
		r.add(s.app.CheckHistory(since), "import_since")
	}
	err := r.Err()
	if err == nil {
		err = s.unseen(c)
	}
	if err == nil {
		conn, err = s.app.Connect(c.ctx, c.who, in.Body.Gateway, in.Body.Settings)
	}
	if err == nil && !since.IsZero() && conn.Status == inbox.Connected {
		_, err = s.app.ImportHistory(books.WithoutKey(c.ctx), c.who, conn.ID, since)
	}
	out, err := s.showConnection(c, "", conn, onField(err, fault.GatewayNotFound, "gateway"))
	if err == nil {
		c.created("/connections/" + string(out.ID))
	}
	return out, err
}

// showConnection answers with a connection just changed, or changed by an earlier request; id names it when the books do not.
func (s *service) showConnection(c *call, id string, conn inbox.Connection, err error) (connection, error) {
	if made, again := c.replayed(err); again {
		if id == "" {
			id = made
		}
		if conn, err = s.findConnection(c, id); err != nil {
			return connection{}, err
		}
	}
	if err != nil {
		return connection{}, err
	}
	c.versioned(conn.Version)
	return connectionOf(conn), nil
}

func (s *service) findConnection(c *call, id string) (inbox.Connection, error) {
	l, err := s.app.Connections(c.ctx, c.who)
	for _, conn := range l {
		if conn.ID == id {
			return conn, nil
		}
	}
	if err == nil {
		err = unknown("connection", id)
	}
	return inbox.Connection{}, err
}

func (s *service) changeConnection(c *call, in *struct {
	Connection connectionID `path:"connection"`
	Body       changes[ConnectionFields]
}) (connection, error) {
	now, err := s.findConnection(c, string(in.Connection))
	if err != nil {
		return connection{}, err
	}
	f := connectionFields(now)
	f.Settings = nil // only those to change are given on, and proved
	if err := in.Body.over(&f); err != nil {
		return connection{}, err
	}
	var r reading
	ci := app.ConnectionInput{Label: f.Label, Settings: f.Settings, Journal: f.Journal, GatewayAccount: f.GatewayAccount,
		CommissionAccount: f.CommissionAccount, BankJournal: f.BankJournal, BankAccount: f.BankAccount, DisputeFeeAccount: f.DisputeFeeAccount,
		FeeVAT: inbox.FeeVAT(f.FeeVAT), FeeVATRate: r.number(f.FeeVATRate, fault.BadRate, "fee_vat_rate")}
	if err := r.Err(); err != nil {
		return connection{}, err
	}
	ci.BalanceAccounts = map[money.Currency]string{}
	for cur, account := range f.BalanceAccounts {
		ci.BalanceAccounts[money.Currency(cur)] = account
	}
	conn, err := s.app.UpdateConnection(c.ctx, c.who, now.ID, c.onto(now.Version), ci)
	return s.showConnection(c, now.ID, conn, err)
}

func (s *service) disconnect(c *call, in *connectionPath) (nothing, error) {
	if err := s.unseen(c); err != nil {
		return nothing{}, c.done(err)
	}
	return nothing{}, c.done(s.app.Disconnect(c.ctx, c.who, string(in.Connection)))
}

func (s *service) testConnection(c *call, in *connectionPath) (connection, error) {
	conn, err := s.app.TestConnection(c.ctx, c.who, string(in.Connection))
	return s.showConnection(c, string(in.Connection), conn, err)
}

func (s *service) switchOn(c *call, in *connectionPath) (connection, error) {
	conn, err := s.app.SwitchOn(c.ctx, c.who, string(in.Connection))
	return s.showConnection(c, string(in.Connection), conn, err)
}

func (s *service) switchOff(c *call, in *connectionPath) (connection, error) {
	conn, err := s.app.SwitchOff(c.ctx, c.who, string(in.Connection))
	return s.showConnection(c, string(in.Connection), conn, err)
}

func (s *service) installWebhook(c *call, in *connectionPath) (connection, error) {
	err := s.unseen(c)
	var conn inbox.Connection
	if err == nil {
		conn, err = s.app.InstallWebhook(c.ctx, c.who, string(in.Connection))
	}
	return s.showConnection(c, string(in.Connection), conn, err)
}

func (s *service) importHistory(c *call, in *struct {
	Connection connectionID `path:"connection"`
	Body       struct {
		Since date `json:"since" doc:"The first day."`
	}
}) (past, error) {
	var r reading
	since := r.date(in.Body.Since, "since")
	if err := r.Err(); err != nil {
		return past{}, err
	}
	h, err := s.app.ImportHistory(c.ctx, c.who, string(in.Connection), since)
	if _, again := c.replayed(err); again {
		v, err := s.views(c)
		if err != nil {
			return past{}, err
		}
		f, err := v.Feed(c.ctx, c.who.Company, string(in.Connection))
		if err != nil {
			return past{}, err
		}
		h = f.History
	} else if err != nil {
		return past{}, err
	}
	if p := pastOf(h); p != nil {
		return *p, nil
	}
	return past{}, nil
}

func (s *service) refreshAll(c *call, _ *nothing) (nothing, error) {
	return nothing{}, s.app.RefreshAll(c.ctx, c.who, "")
}

// check is one thing that must be right before money can be taken and posted.
type check struct {
	Code   string `json:"code" enum:"settings,accounts,journals,period,mode,status,method,mail,webhook,customer_email"`
	OK     bool   `json:"ok"`
	Text   string `json:"text,omitzero" doc:"What is looked at."`
	Mend   string `json:"mend,omitzero" doc:"How to mend it."`
	Detail string `json:"detail,omitzero"`
}

func (s *service) preflight(c *call, in *struct {
	Connection connectionID `path:"connection"`
	Customer   customerID   `query:"customer" doc:"Also look whether this customer can be offered online payment."`
}) (all[check], error) {
	l, err := s.app.Preflight(c.ctx, c.who, string(in.Connection), string(in.Customer))
	loc := i18n.For(i18n.Lang(c.lang()))
	return whole(l, err, func(k app.Check) check {
		return check{Code: k.Code, OK: k.OK, Text: said(loc, "preflight."+k.Code), Mend: said(loc, k.Mend, "detail", k.Detail), Detail: k.Detail}
	})
}

// said is a sentence of the catalogues; the code alone must do for one that they do not have.
func said(loc *i18n.Localizer, key string, params ...string) string {
	if !loc.Has(key) {
		return ""
	}
	return loc.T(key, params...)
}

// polled is what reading a connection's movements found.
type polled struct {
	Movements   int  `json:"movements"`
	Quarantined int  `json:"quarantined"`
	CaughtUp    bool `json:"caught_up" doc:"There was nothing more at the time."`
	Running     bool `json:"running" doc:"Somebody else is reading at this moment: nothing was done."`
}

func (s *service) refresh(c *call, in *connectionPath) (polled, error) {
	r, err := s.app.Refresh(c.ctx, c.who, string(in.Connection))
	return polled{r.Movements, r.Quarantined, r.CaughtUp, r.Running}, err
}
