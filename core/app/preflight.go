package app

import (
	"context"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// Check is one thing that must be right before money can be taken and posted. The catalogues have "preflight.<code>"
// for what is looked at and, when it is wrong, Mend for how to mend it; Detail is a plain value that sentence may use.
type Check struct {
	Code   string
	OK     bool
	Mend   string
	Detail string
	cause  error
}

// Codes of checks, in the order they are made.
const (
	CheckSettings = "settings" // accounts and journals are filled in
	CheckAccounts = "accounts" // ... are in the chart and active
	CheckJournals = "journals"
	CheckPeriod   = "period"  // today is open
	CheckMode     = "mode"    // play money and real books do not meet
	CheckStatus   = "status"  // the provider accepts the settings
	CheckMethod   = "method"  // a payment method allows online payment
	CheckMail     = "mail"    // mail can leave
	CheckWebhook  = "webhook" // the provider and the payers can reach us
	CheckCustomer = "customer_email"
)

// Preflight says whether a connection could be switched on, or what keeps it from working, and how to mend each point. A
// customer may be named, to see whether that customer can be offered online payment. Code: unknown_thing.
func (a *App) Preflight(ctx context.Context, who access.Actor, connection, customer string) ([]Check, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return nil, err
	}
	c, ok := setup.Connections[connection]
	if !ok || c.Status == inbox.Disconnected {
		return nil, notFound("connection", connection)
	}
	checks := a.preflight(setup, c, a.Today())
	if customer == "" {
		return checks, nil
	}
	p, err := a.Views.Customer(ctx, who.Company, customer)
	if err != nil {
		return nil, err
	}
	var missing error
	if p.Email == "" {
		missing = fault.New(fault.Refused, fault.EmailMissing, "customer", p.Name)
	}
	return append(checks, checked(CheckCustomer, missing, p.Name)), nil
}

// preflight makes every check that the settings alone can answer.
func (a *App) preflight(s *books.Setup, c inbox.Connection, today civil.Date) []Check {
	var out []Check
	add := func(code string, err error, detail string) { out = append(out, checked(code, err, detail)) }

	missing := c.MissingSettings()
	var err error
	if len(missing) > 0 {
		err = gatewayIncomplete(c, missing)
	}
	add(CheckSettings, err, strings.Join(missing, ", "))

	err = nil
	detail := ""
	for _, code := range append(slices.Sorted(maps.Values(c.BalanceAccounts)), c.GatewayAccount, c.CommissionAccount, c.BankAccount, c.DisputeFeeAccount) {
		if _, bad := s.Chart.Account(code); err == nil && code != "" && bad != nil {
			err, detail = bad, code
		}
	}
	add(CheckAccounts, err, detail)

	err, detail = nil, ""
	for _, code := range []string{c.Journal, c.BankJournal} {
		if _, bad := s.Chart.Journal(code); err == nil && code != "" && bad != nil {
			err, detail = bad, code
		}
	}
	add(CheckJournals, err, detail)

	_, err = s.Chart.Open(today)
	add(CheckPeriod, err, today.String())

	add(CheckMode, modeWall(s, c), string(c.Mode))

	err = nil
	if c.Status != inbox.Connected {
		err = attention(c)
	}
	add(CheckStatus, err, c.Detail)

	err = gatewayIncomplete(c, []string{CheckMethod})
	for _, m := range s.Methods {
		if m.Active && m.Online {
			err = nil
		}
	}
	add(CheckMethod, err, "")

	err = nil
	if !mailSet(s.Company) {
		err = fault.New(fault.Refused, fault.MailNotSet)
	}
	add(CheckMail, err, "")

	err = nil
	if c.Mode == gateway.Live && !a.reachable() {
		err = gatewayIncomplete(c, []string{CheckWebhook})
	}
	add(CheckWebhook, err, a.BaseURL)
	return out
}

func checked(code string, cause error, detail string) Check {
	if cause == nil {
		return Check{Code: code, OK: true}
	}
	return Check{Code: code, Mend: "preflight." + code + ".mend", Detail: detail, cause: cause}
}

// mayBeOn is the first reason why a connection may not be offered to payers.
func (a *App) mayBeOn(s *books.Setup, c inbox.Connection, today civil.Date) error {
	for _, k := range a.preflight(s, c, today) {
		if !k.OK {
			return k.cause
		}
	}
	return nil
}

// modeWall keeps play money out of real books, and real money out of play books. Code: wrong_mode.
func modeWall(s *books.Setup, c inbox.Connection) error {
	if (c.Mode == gateway.Test) != s.Company.TestBooks {
		return fault.New(fault.Refused, fault.WrongMode, "gateway", c.Label)
	}
	return nil
}

// reachable says whether others than this machine can reach us at BaseURL, as far as its form tells.
func (a *App) reachable() bool {
	u, err := url.Parse(a.BaseURL)
	if err != nil || u.Hostname() == "" {
		return false
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); ip != nil {
		return !ip.IsLoopback() && !ip.IsUnspecified() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast()
	}
	return host != "localhost" && !strings.HasSuffix(host, ".localhost") && !strings.HasSuffix(host, ".local") && strings.Contains(host, ".")
}
