package app

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// maxSetting bounds one setting of a connection, in bytes: private keys and certificates, the longest things providers
// hand out, stay below 8 KiB.
const maxSetting = 8 << 10

// KnownGateways lists the gateway programs found, each with the form of settings that it declares, and those that cannot
// start with why.
func (a *App) KnownGateways(ctx context.Context, who access.Actor) ([]GatewayStatus, error) {
	if err := who.May(access.Configure); err != nil {
		return nil, err
	}
	return a.Gateways.Known(ctx)
}

// Connections lists the company's connections by label, without their secrets. Disconnected ones are among them: what they
// brought in still names them.
func (a *App) Connections(ctx context.Context, who access.Actor) ([]inbox.Connection, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return nil, err
	}
	list := make([]inbox.Connection, 0, len(setup.Connections))
	for _, c := range setup.Connections {
		list = append(list, withoutSecrets(c))
	}
	slices.SortFunc(list, func(c, d inbox.Connection) int {
		return strings.Compare(c.Label+"\x00"+c.ID, d.Label+"\x00"+d.ID)
	})
	return list, nil
}

// ConnectionForm is what the form of one connection is drawn from. Filled names the secrets that are on file; their
// values are never given back.
type ConnectionForm struct {
	Connection inbox.Connection
	Settings   []gateway.Setting
	Filled     []string
}

// ConnectionForm gives one connection with the settings that its gateway declares. Codes: unknown_thing, gateway_not_found.
func (a *App) ConnectionForm(ctx context.Context, who access.Actor, id string) (ConnectionForm, error) {
	if err := who.May(access.Configure); err != nil {
		return ConnectionForm{}, err
	}
	c, err := a.connection(ctx, who.Company, id)
	if err != nil {
		return ConnectionForm{}, err
	}
	info, err := a.gatewayInfo(ctx, c.Gateway)
	if err != nil {
		return ConnectionForm{}, err
	}
	secrets, err := a.secrets(who.Company, c)
	if err != nil {
		return ConnectionForm{}, err
	}
	f := ConnectionForm{Connection: withoutSecrets(c), Settings: info.Settings}
	for _, s := range info.Settings {
		if s.Type == gateway.SecretSetting && secrets[s.Name] != "" {
			f.Filled = append(f.Filled, s.Name)
		}
	}
	return f, nil
}

// Connect proves settings against the provider and keeps them: secrets sealed, the rest in clear. The accounts and the
// journal that the gateway's money is posted to are proposed, and created in the chart when they are missing; the
// connection is not offered to payers before SwitchOn. An account that was connected before takes its old connection up
// again, so that what it brought in then is known to it. Codes: gateway_not_found and the other reasons why a gateway
// cannot be used; on "settings.<name>" required, too_long, bad_characters, bad_code, bad_choice, bad_url, unknown_thing,
// gateway_credentials; gateway_credentials, gateway_refused, gateway_down, gateway_broken; already_exists when the account
// is connected.
func (a *App) Connect(ctx context.Context, who access.Actor, name string, settings map[string]string) (inbox.Connection, error) {
	none := inbox.Connection{}
	if err := who.May(access.Configure); err != nil {
		return none, err
	}
	info, err := a.gatewayInfo(ctx, name)
	if err != nil {
		return none, err
	}
	values, err := readSettings(info, settings, nil)
	if err != nil {
		return none, err
	}
	label := info.Label
	if party.CleanText(&label, 1, 60) != nil {
		label = name
	}
	c := inbox.Connection{ID: ids.New(ids.Connection), Gateway: name, Label: label, Status: inbox.Connected}
	account, err := a.check(ctx, who.Company, c, values)
	if err != nil {
		return none, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return none, err
	}
	old, ok := accountOnFile(setup, name, account)
	if ok {
		c = old
	}
	hooked := false
	if old.Status != inbox.Connected && old.Status != inbox.NeedsAttention { // else it is refused below, unless this very request did it
		if values, hooked, err = a.hookAtConnect(ctx, who.Company, c, account, info, values); err != nil {
			return none, err
		}
	}
	err = a.write(ctx, who, access.Configure, func(ctx context.Context, tx *books.Tx) error {
		now := c
		if old, ok := accountOnFile(tx.Setup(), name, account); ok {
			if old.Status != inbox.Disconnected || old.ID != c.ID {
				return alreadyConnected(old)
			}
			now = old
		} else {
			now.Label, now.ConnectedAt = freeLabel(tx.Setup(), label), tx.Now()
			proposeBooks(tx, &now)
			if own := tx.Setup().Company.Currency; account.Currency.Valid() && account.Currency != own {
				now.BalanceAccounts = map[money.Currency]string{account.Currency: proposeBalance(tx, now, account.Currency)}
			}
		}
		if hooked {
			now.WebhookURL, now.WebhookAt = a.webhookURL(tx.Company(), now.ID), tx.Now()
		}
		now.Mode, now.AccountID, now.Account = account.Mode, account.ID, account.Name
		if err := a.keepSettings(tx.Company(), &now, info, values); err != nil {
			return err
		}
		judge(&now, account)
		now.Version++
		tx.Set(now)
		tx.Log(who.Name, "gateway_connected", now.ID, now.Label)
		tx.Made(now.ID)
		c = now
		return resume(ctx, tx, now)
	})
	if err == nil {
		a.works(c)
	}
	return withoutSecrets(c), err
}

// resume lets a connection that works again be read at once, on from where it was left.
func resume(ctx context.Context, tx *books.Tx, c inbox.Connection) error {
	f, _, err := tx.Feeds.Find(ctx, c.ID)
	if err != nil || c.Status != inbox.Connected {
		return err
	}
	f.ID, f.Failures, f.LastError, f.NextPoll = c.ID, 0, "", tx.Now()
	tx.Feeds.Put(f)
	return nil
}

// works notes outside the books that a connection was proved to work.
func (a *App) works(c inbox.Connection) {
	if c.Status == inbox.Connected {
		a.breakers.forget(c.ID)
		wake(a.nudge.poll)
	}
}

// TestConnection asks the provider whether the connection still works and records the answer. Codes: unknown_thing,
// gateway_refused, gateway_down, gateway_broken, other_account, wrong_mode.
func (a *App) TestConnection(ctx context.Context, who access.Actor, id string) (inbox.Connection, error) {
	if err := who.May(access.Configure); err != nil {
		return inbox.Connection{}, err
	}
	c, err := a.connection(ctx, who.Company, id)
	if err != nil {
		return inbox.Connection{}, err
	}
	values, err := a.settings(who.Company, c)
	if err != nil {
		return inbox.Connection{}, err
	}
	account, cause := a.check(ctx, who.Company, c, values)
	if cause == nil {
		cause = sameAccount(c, account)
	}
	err = a.write(ctx, who, access.Configure, func(ctx context.Context, tx *books.Tx) error {
		now, ok := tx.Setup().Connections[id]
		if !ok || now.Status == inbox.Disconnected {
			return notFound("connection", id)
		}
		before := now
		if cause != nil {
			blame(&now, cause)
		} else {
			now.Account = account.Name
			judge(&now, account)
		}
		if now.Status != before.Status || now.Problem != before.Problem || now.Detail != before.Detail || now.Account != before.Account {
			now.Version++
			tx.Set(now)
			if now.Status != before.Status {
				tx.Log(who.Name, "connection_"+string(now.Status), id, now.Label)
			}
		}
		c = now
		if before.Status != inbox.Connected {
			return resume(ctx, tx, now)
		}
		return nil
	})
	if cause != nil {
		err = cause
	} else if err == nil {
		a.works(c)
	}
	return withoutSecrets(c), err
}

// ConnectionInput is what a person may change of a connection. Settings holds only what changes: a secret that is empty or
// left out stays as it is.
type ConnectionInput struct {
	Label             string
	Settings          map[string]string
	Journal           string
	GatewayAccount    string
	CommissionAccount string
	BankJournal       string
	BankAccount       string
	DisputeFeeAccount string
	FeeVAT            inbox.FeeVAT
	FeeVATRate        decimal.Decimal // percent; of the fee when FeeVAT is domestic, of the base when self-assessed (0: 20)
	// BalanceAccounts are the accounts of balances in other currencies; nil: as they are.
	BalanceAccounts map[money.Currency]string
}

// UpdateConnection changes where a connection's money is posted and, when settings are given, its settings: they are
// proved against the provider first and must open the same account. version is the one that was read (0: whichever).
// Codes: those of Connect, unknown_thing, stale, other_account, wrong_mode, unknown_account, inactive_account,
// unknown_journal, inactive_journal, in_use, bad_choice, bad_rate, gateway_incomplete.
func (a *App) UpdateConnection(ctx context.Context, who access.Actor, id string, version int64, in ConnectionInput) (inbox.Connection, error) {
	none := inbox.Connection{}
	if err := who.May(access.Configure); err != nil {
		return none, err
	}
	c, err := a.connection(ctx, who.Company, id)
	if err != nil {
		return none, err
	}
	var info gateway.Info
	var values map[string]string
	var account gateway.Account
	if len(in.Settings) > 0 {
		if info, err = a.gatewayInfo(ctx, c.Gateway); err != nil {
			return none, err
		}
		old, err := a.settings(who.Company, c)
		if err != nil {
			return none, err
		}
		if values, err = readSettings(info, in.Settings, old); err != nil {
			return none, err
		}
		if account, err = a.check(ctx, who.Company, c, values); err != nil {
			return none, err
		}
		if err := sameAccount(c, account); err != nil {
			return none, err
		}
	}
	err = a.write(ctx, who, access.Configure, func(ctx context.Context, tx *books.Tx) error {
		now, ok := tx.Setup().Connections[id]
		if !ok || now.Status == inbox.Disconnected {
			return notFound("connection", id)
		}
		if err := stale(version, now.Version, "", tx.Now()); err != nil {
			return err
		}
		if err := fillConnection(tx.Setup(), &now, in); err != nil {
			return err
		}
		if values != nil {
			now.Account = account.Name
			if err := a.keepSettings(tx.Company(), &now, info, values); err != nil {
				return err
			}
			judge(&now, account)
			if err := resume(ctx, tx, now); err != nil {
				return err
			}
		}
		now.Version++
		tx.Set(now)
		tx.Log(who.Name, "gateway_changed", now.ID, now.Label)
		c = now
		return nil
	})
	if err == nil && in.BalanceAccounts != nil {
		err = a.revalue(ctx, who)
	}
	if err == nil && values != nil {
		a.works(c)
	}
	return withoutSecrets(c), a.sayWho(ctx, who.Company, id, err)
}

// SwitchOn offers a connection to payers. It refuses while a posting of its money would fail and where play money
// would meet real books. Codes: unknown_thing, wrong_mode, gateway_incomplete, the connection's own problem.
func (a *App) SwitchOn(ctx context.Context, who access.Actor, id string) (inbox.Connection, error) {
	return a.onConnection(ctx, who, id, "gateway_on", func(tx *books.Tx, c *inbox.Connection) error {
		if err := a.mayBeOn(tx.Setup(), *c, a.day(tx.Now())); err != nil {
			return err
		}
		c.On = true
		return nil
	})
}

// SwitchOff stops offering a connection to payers. Its movements are still read. Code: unknown_thing.
func (a *App) SwitchOff(ctx context.Context, who access.Actor, id string) (inbox.Connection, error) {
	return a.onConnection(ctx, who, id, "gateway_off", func(_ *books.Tx, c *inbox.Connection) error {
		c.On = false
		return nil
	})
}

// Disconnect forgets a connection's settings, secrets first. What it brought in stays. Codes: unknown_thing,
// payment_in_progress while a payer may still be paying through it, refunds_open while it may still tell what became of a
// refund. One that is asked for at the same moment stays open, and is asked for again when the account is connected again.
func (a *App) Disconnect(ctx context.Context, who access.Actor, id string) error {
	if err := who.May(access.Configure); err != nil {
		return err
	}
	c, err := a.connection(ctx, who.Company, id)
	if err != nil {
		return err
	}
	if c.Status == inbox.Connected {
		open, err := a.Views.AttemptsOpen(ctx, who.Company, id)
		if err != nil {
			return err
		}
		for _, at := range open {
			if at.State == inbox.PendingPay || at.ExpiresAt.After(a.Now()) {
				return fault.New(fault.Conflict, fault.PaymentInProgress)
			}
		}
	}
	refunds, err := a.Views.RefundsOpen(ctx, who.Company, id)
	if err != nil {
		return err
	}
	if len(refunds) > 0 {
		return fault.New(fault.Conflict, fault.RefundsOpen, "gateway", c.Label, "amount", refunds[0].Amount.String())
	}
	_, err = a.onConnection(ctx, who, id, "gateway_disconnected", func(_ *books.Tx, c *inbox.Connection) error {
		c.On, c.Status, c.Problem, c.Detail = false, inbox.Disconnected, "", ""
		c.Sealed, c.Public, c.WebhookURL, c.WebhookAt = nil, nil, "", time.Time{}
		return nil
	})
	return err
}

func (a *App) onConnection(ctx context.Context, who access.Actor, id, action string, fn func(*books.Tx, *inbox.Connection) error) (inbox.Connection, error) {
	var out inbox.Connection
	err := a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		c, ok := tx.Setup().Connections[id]
		if !ok || c.Status == inbox.Disconnected {
			return notFound("connection", id)
		}
		if err := fn(tx, &c); err != nil {
			return err
		}
		c.Version++
		tx.Set(c)
		tx.Log(who.Name, action, id, c.Label)
		out = c
		return nil
	})
	return withoutSecrets(out), err
}

// openGateway opens a connection with its secrets, watched (see line). It starts nothing and asks the provider nothing.
// Codes: gateway_off when the connection was taken away, its own problem while it needs attention, and why the gateway's
// program cannot be used.
func (a *App) openGateway(ctx context.Context, company string, c inbox.Connection) (gateway.Gateway, error) {
	if c.Status == inbox.Disconnected {
		return nil, fault.New(fault.Refused, fault.GatewayOff, "gateway", c.Label)
	}
	if c.Status == inbox.NeedsAttention {
		return nil, attention(c)
	}
	values, err := a.settings(company, c)
	if err != nil {
		return nil, err
	}
	g, err := a.open(ctx, company, c, values)
	if err != nil {
		return nil, err
	}
	return a.watched(company, c, g), nil
}

func (a *App) open(ctx context.Context, company string, c inbox.Connection, values map[string]string) (gateway.Gateway, error) {
	g, err := a.Gateways.Open(ctx, c.Gateway, gateway.Connection{ID: c.ID, Mode: c.Mode, Settings: values, WebhookURL: a.webhookURL(company, c.ID)})
	return g, gatewayFault(c.Label, err)
}

// webhookURL is where a connection's provider reports what happened.
func (a *App) webhookURL(company, connection string) string {
	return a.BaseURL + "/hooks/" + company + "/" + connection
}

// gatewayFault turns what a gateway answered into a refusal that people understand; a fault passes as it is. gateway names
// the connection for people. Codes: gateway_credentials (settings), gateway_refused (a request that will never do),
// gateway_down (for now), webhook_refused (a delivery that does not verify), gateway_broken.
func gatewayFault(name string, err error) error {
	if err == nil || len(fault.All(err)) > 0 {
		return err
	}
	e := gateway.AsError(err)
	detail := strings.TrimSpace(e.Code + " " + e.Detail)
	if len(detail) > 300 {
		detail = strings.ToValidUTF8(detail[:300], "") + "…"
	}
	switch e.Kind {
	case gateway.ErrConfig:
		f := fault.New(fault.Refused, fault.GatewayCredentials, "gateway", name, "detail", detail)
		if e.Setting != "" {
			return f.On("settings." + e.Setting)
		}
		return f
	case gateway.ErrPermanent, gateway.ErrNotFound, gateway.ErrUnsupported:
		return fault.New(fault.Refused, fault.GatewayRefused, "gateway", name, "detail", detail)
	case gateway.ErrRetryable:
		return fault.New(fault.Unavailable, fault.GatewayDown, "gateway", name)
	case gateway.ErrUntrusted:
		return fault.New(fault.Forbidden, fault.WebhookRefused)
	}
	return fault.New(fault.Unavailable, fault.GatewayBroken, "gateway", name, "detail", detail)
}

// connection finds a connection that was not taken away. Code: unknown_thing.
func (a *App) connection(ctx context.Context, company, id string) (inbox.Connection, error) {
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return inbox.Connection{}, err
	}
	c, ok := setup.Connections[id]
	if !ok || c.Status == inbox.Disconnected {
		return inbox.Connection{}, notFound("connection", id)
	}
	return c, nil
}

// gatewayInfo is what a gateway says of itself. Codes: gateway_not_found, and why its program cannot be used.
func (a *App) gatewayInfo(ctx context.Context, name string) (gateway.Info, error) {
	known, err := a.Gateways.Known(ctx)
	if err != nil {
		return gateway.Info{}, err
	}
	for _, g := range known {
		if g.Name != name {
			continue
		}
		if g.Problem != "" {
			return g.Info, fault.New(fault.Unavailable, fault.Code(g.Problem), "gateway", name, "detail", g.Detail)
		}
		return g.Info, nil
	}
	return gateway.Info{}, fault.New(fault.NotFound, fault.GatewayNotFound, "gateway", fault.Clip(name))
}

// check opens settings and asks the provider whose account they are.
func (a *App) check(ctx context.Context, company string, c inbox.Connection, values map[string]string) (gateway.Account, error) {
	g, err := a.open(ctx, company, c, values)
	if err != nil {
		return gateway.Account{}, err
	}
	account, err := g.Check(ctx)
	if err == nil && (account.ID == "" || len(account.ID) > gateway.MaxID || account.Mode != gateway.Test && account.Mode != gateway.Live) {
		err = gateway.Fail(gateway.ErrBug, gateway.NotDone, "bad_reply", "an account without an id or a mode")
	}
	return account, gatewayFault(c.Label, err)
}

// readSettings checks what was typed in against what the gateway declares. old holds the values on file, nil for a new
// connection: what is left out keeps its value, and so does a secret that is left empty. A refusal never quotes a secret.
func readSettings(info gateway.Info, typed, old map[string]string) (map[string]string, error) {
	values := maps.Clone(old)
	if values == nil {
		values = map[string]string{}
	}
	var f fault.Collect
	declared := map[string]bool{}
	for _, s := range info.Settings {
		declared[s.Name] = true
		v, given := typed[s.Name]
		if old != nil && (!given || v == "" && s.Type == gateway.SecretSetting) {
			continue
		}
		v, err := readSetting(s, v)
		if err := f.Add(err, "settings", s.Name); err != nil {
			return nil, err
		}
		values[s.Name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(typed)) {
		if !declared[name] {
			_ = f.Add(notFound("setting", name), "settings", fault.Clip(name))
		}
	}
	return values, f.Err()
}

func readSetting(s gateway.Setting, v string) (string, error) {
	v = strings.TrimSpace(v)
	if v == "" {
		v = s.Default
	}
	found := fault.Clip(v)
	if s.Type == gateway.SecretSetting {
		found = "…"
	}
	if s.Type == gateway.BoolSetting {
		switch v {
		case "true", "on":
			return "true", nil
		case "", "false", "off":
			return "", nil
		}
		return "", fault.New(fault.Invalid, fault.BadChoice, "found", found, "allowed", "true, false")
	}
	if v == "" {
		if s.Required {
			return "", fault.New(fault.Invalid, fault.Required)
		}
		return "", nil
	}
	if len(v) > maxSetting {
		return "", fault.New(fault.Invalid, fault.TooLong, "max", decimal.NewFromInt(maxSetting).String())
	}
	if !utf8.ValidString(v) || strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' }) {
		return "", fault.New(fault.Invalid, fault.BadCharacters, "found", found)
	}
	switch s.Type {
	case gateway.ChoiceSetting:
		allowed := make([]string, len(s.Choices))
		for i, c := range s.Choices {
			allowed[i] = c.Value
		}
		if !slices.Contains(allowed, v) {
			return "", fault.New(fault.Invalid, fault.BadChoice, "found", found, "allowed", strings.Join(allowed, ", "))
		}
	case gateway.URLSetting:
		u, err := url.Parse(v)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return "", fault.New(fault.Invalid, fault.BadURL, "found", found)
		}
	}
	if s.Pattern != "" {
		re, err := regexp.Compile(`\A(?:` + s.Pattern + `)\z`)
		if err != nil {
			return "", fault.New(fault.Unavailable, fault.GatewayBroken, "gateway", s.Name, "detail", "its pattern is no regular expression")
		}
		if !re.MatchString(v) {
			return "", fault.New(fault.Invalid, fault.BadCode, "found", found)
		}
	}
	return v, nil
}

func connectionBind(company, connection string) string { return company + "/" + connection }

// keepSettings puts values into a connection: in clear what the gateway declares as public, the rest sealed.
func (a *App) keepSettings(company string, c *inbox.Connection, info gateway.Info, values map[string]string) error {
	public, secret := map[string]string{}, map[string]string{}
	for name, v := range values {
		i := slices.IndexFunc(info.Settings, func(s gateway.Setting) bool { return s.Name == name })
		if i >= 0 && info.Settings[i].Type != gateway.SecretSetting {
			public[name] = v
		} else {
			secret[name] = v
		}
	}
	plain, err := json.Marshal(secret)
	if err != nil {
		return err
	}
	sealed, err := a.Sealer.Seal(plain, connectionBind(company, c.ID))
	c.Public, c.Sealed = public, sealed
	return err
}

func (a *App) secrets(company string, c inbox.Connection) (map[string]string, error) {
	secrets := map[string]string{}
	if len(c.Sealed) == 0 {
		return secrets, nil
	}
	plain, err := a.Sealer.Open(c.Sealed, connectionBind(company, c.ID))
	if err == nil {
		err = json.Unmarshal(plain, &secrets)
	}
	return secrets, err
}

// settings are all of a connection's settings, secrets in clear.
func (a *App) settings(company string, c inbox.Connection) (map[string]string, error) {
	values, err := a.secrets(company, c)
	if err != nil {
		return nil, err
	}
	maps.Copy(values, c.Public)
	return values, nil
}

func withoutSecrets(c inbox.Connection) inbox.Connection {
	c = c.Clone()
	c.Sealed = nil
	return c
}

// accountOnFile finds the connection of an account at a provider. There is at most one: two would take the same movement
// for two.
func accountOnFile(s *books.Setup, name string, account gateway.Account) (inbox.Connection, bool) {
	for _, c := range s.Connections {
		if c.Gateway == name && c.AccountID == account.ID && c.Mode == account.Mode {
			return c, true
		}
	}
	return inbox.Connection{}, false
}

func alreadyConnected(c inbox.Connection) error {
	return fault.New(fault.Conflict, fault.AlreadyExists, "what", "connection", "id", c.Label)
}

func sameAccount(c inbox.Connection, account gateway.Account) error {
	switch {
	case account.Mode != c.Mode:
		return fault.New(fault.Refused, fault.WrongMode, "gateway", c.Label)
	case account.ID != c.AccountID:
		return fault.New(fault.Refused, fault.OtherAccount, "gateway", c.Label)
	}
	return nil
}

// judge records what the provider said of the account: a key that lacks permissions needs attention.
func judge(c *inbox.Connection, account gateway.Account) {
	c.Status, c.Problem, c.Detail = inbox.Connected, "", ""
	if len(account.Missing) > 0 {
		c.Status, c.Problem, c.Detail = inbox.NeedsAttention, string(fault.GatewayIncomplete), strings.Join(account.Missing, ", ")
	}
}

// blame records why the provider refused. An outage is no reason to stop: the next exchange may work.
func blame(c *inbox.Connection, cause error) {
	e := fault.All(cause)
	if len(e) == 0 || e[0].Code == fault.GatewayDown {
		return
	}
	c.Status, c.Problem, c.Detail = inbox.NeedsAttention, string(e[0].Code), ""
	for _, p := range e[0].Params {
		if p.Name == "detail" {
			c.Detail = p.Value
		}
	}
}

func freeLabel(s *books.Setup, label string) string {
	taken := map[string]bool{}
	for _, c := range s.Connections {
		taken[c.Label] = true
	}
	free := label
	for n := int64(2); taken[free]; n++ {
		free = label + " " + decimal.NewFromInt(n).String()
	}
	return free
}

// fillConnection checks and takes over what a person changed.
func fillConnection(s *books.Setup, c *inbox.Connection, in ConnectionInput) error {
	var f fault.Collect
	_ = f.Add(party.CleanText(&in.Label, 1, 60), "label")
	journal := func(code *string, field string) {
		if *code = strings.ToUpper(strings.TrimSpace(*code)); *code != "" {
			_, err := s.Chart.Journal(*code)
			_ = f.Add(err, field)
		}
	}
	account := func(code *string, field string) {
		if *code = strings.TrimSpace(*code); *code == "" {
			return
		}
		acc, err := s.Chart.Account(*code)
		if err == nil && acc.Collective {
			err = fault.New(fault.Refused, fault.AuxRequired, "account", acc.Code)
		}
		_ = f.Add(err, field)
	}
	journal(&in.Journal, "journal")
	journal(&in.BankJournal, "bank_journal")
	account(&in.GatewayAccount, "gateway_account")
	account(&in.CommissionAccount, "commission_account")
	account(&in.BankAccount, "bank_account")
	account(&in.DisputeFeeAccount, "dispute_fee_account")
	if in.GatewayAccount != "" && in.GatewayAccount == in.BankAccount {
		_ = f.Add(fault.New(fault.Refused, fault.InUse, "what", "account", "id", in.BankAccount), "bank_account")
	}
	for _, other := range s.Connections {
		if other.ID != c.ID && other.Status != inbox.Disconnected && in.GatewayAccount != "" && other.GatewayAccount == in.GatewayAccount {
			_ = f.Add(fault.New(fault.Conflict, fault.InUse, "what", "account", "id", in.GatewayAccount), "gateway_account")
		}
	}
	balances := *c
	balances.GatewayAccount, balances.BankAccount = in.GatewayAccount, in.BankAccount
	if in.BalanceAccounts != nil {
		balances.BalanceAccounts = in.BalanceAccounts
	}
	_ = f.Add(goodBalances(s, &balances))
	switch in.FeeVAT {
	case inbox.FeeReverseCharge, inbox.FeeExempt, inbox.FeeDomestic:
	default:
		_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(string(in.FeeVAT)), "allowed", "reverse_charge, exempt, domestic"), "fee_vat")
	}
	if in.FeeVATRate.IsNegative() || in.FeeVATRate.GreaterThan(decimal.NewFromInt(100)) || !in.FeeVATRate.Equal(in.FeeVATRate.Round(4)) {
		_ = f.Add(fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(in.FeeVATRate.String())), "fee_vat_rate")
	}
	if err := f.Err(); err != nil {
		return err
	}
	c.Label, c.Journal, c.GatewayAccount, c.CommissionAccount = in.Label, in.Journal, in.GatewayAccount, in.CommissionAccount
	c.BankJournal, c.BankAccount, c.DisputeFeeAccount = in.BankJournal, in.BankAccount, in.DisputeFeeAccount
	c.FeeVAT, c.FeeVATRate, c.BalanceAccounts = in.FeeVAT, in.FeeVATRate, balances.BalanceAccounts
	if missing := c.MissingSettings(); c.On && len(missing) > 0 {
		return gatewayIncomplete(*c, missing)
	}
	return nil
}

func gatewayIncomplete(c inbox.Connection, missing []string) error {
	return fault.New(fault.Refused, fault.GatewayIncomplete, "gateway", c.Label, "missing", strings.Join(missing, ", "))
}

// proposeBooks fills in where a new connection's money is posted, after accounting.md §6: a journal and an account of its
// own (517...) as for a bank, a commission account (6278..), and the bank that payouts reach. What the chart lacks is added.
func proposeBooks(tx *books.Tx, c *inbox.Connection) {
	p, known := gatewayBooks[c.Gateway]
	if !known {
		p = gatewayPlace{journal: journalCode(c.Gateway), account: "517300", commission: "627830", feeVAT: inbox.FeeExempt}
	}
	used := map[string]bool{}
	for _, other := range tx.Setup().Connections {
		used[other.Journal], used[other.GatewayAccount] = true, true
		for _, account := range other.BalanceAccounts {
			used[account] = true
		}
	}
	ours := func(code string, step int64) string {
		n := decimal.RequireFromString(code)
		for {
			_, inChart := tx.Setup().Chart.Accounts[n.String()]
			if !used[n.String()] && (!inChart || known && n.String() == code) {
				return n.String()
			}
			n = n.Add(decimal.NewFromInt(step))
		}
	}
	c.Journal = p.journal
	for n := int64(2); used[c.Journal] || !known && hasJournal(tx, c.Journal); n++ {
		c.Journal = p.journal + decimal.NewFromInt(n).String()
	}
	c.GatewayAccount = ours(p.account, 10)
	c.CommissionAccount = p.commission
	if !known {
		c.CommissionAccount = ours(p.commission, 1)
	}
	c.DisputeFeeAccount, c.FeeVAT = disputeFees, p.feeVAT
	addJournal(tx, ledger.Journal{Code: c.Journal, Label: c.Label, Type: ledger.Treasury, Active: true})
	addAccount(tx, ledger.Account{Code: c.GatewayAccount, Label: c.Label, Active: true})
	addAccount(tx, ledger.Account{Code: c.CommissionAccount, Label: "Commissions " + c.Label, Active: true})
	addAccount(tx, ledger.Account{Code: c.DisputeFeeAccount, Label: "Frais de litige", Active: true})
	if _, err := tx.Setup().Chart.Journal(bankJournal); err == nil {
		c.BankJournal = bankJournal
	}
	if _, err := tx.Setup().Chart.Account(bankAccount); err == nil {
		c.BankAccount = bankAccount
	}
}

func hasJournal(tx *books.Tx, code string) bool {
	_, ok := tx.Setup().Chart.Journals[code]
	return ok
}

func addJournal(tx *books.Tx, j ledger.Journal) {
	old, ok := tx.Setup().Chart.Journals[j.Code]
	if ok && old.Active {
		return
	}
	if ok {
		j = old
		j.Active = true
	}
	tx.Set(j)
}

func addAccount(tx *books.Tx, acc ledger.Account) {
	old, ok := tx.Setup().Chart.Accounts[acc.Code]
	if ok && old.Active {
		return
	}
	if ok {
		acc = old
		acc.Active = true
	}
	tx.Set(acc)
}

// journalCode makes a journal code of a gateway's name: its first three letters or digits.
func journalCode(name string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(name) {
		if b.Len() < 3 && (r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') {
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return "GW"
	}
	return b.String()
}
