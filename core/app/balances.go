package app

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

// SetBalanceAccount says where a connection's balance in another currency is kept: one account for each gateway and
// currency (accounting.md §2.1), treated as a bank. Without an account one is proposed, next to the gateway's own, and
// created. Movements that waited for it are looked at again. Codes: unknown_thing, stale, bad_currency on "currency",
// and on "account" unknown_account, inactive_account, aux_required, in_use.
func (a *App) SetBalanceAccount(ctx context.Context, who access.Actor, id string, version int64, cur money.Currency, account string) (inbox.Connection, error) {
	account = strings.TrimSpace(account)
	c, err := a.onConnection(ctx, who, id, "gateway_balance", func(tx *books.Tx, c *inbox.Connection) error {
		if err := stale(version, c.Version, "", tx.Now()); err != nil {
			return err
		}
		own := tx.Setup().Company.Currency
		if !cur.Valid() || cur == own {
			return fault.New(fault.Invalid, fault.BadCurrency, "found", fault.Clip(string(cur))).On("currency")
		}
		code := account
		if code == "" {
			code = proposeBalance(tx, *c, cur)
		}
		next := c.Clone()
		if next.BalanceAccounts == nil {
			next.BalanceAccounts = map[money.Currency]string{}
		}
		next.BalanceAccounts[cur] = code
		if err := goodBalances(tx.Setup(), &next); err != nil {
			for _, e := range fault.All(err) {
				return e.On("account")
			}
		}
		*c = next
		return nil
	})
	if err != nil {
		return c, a.sayWho(ctx, who.Company, id, err)
	}
	return c, a.revalue(ctx, who)
}

// goodBalances checks the accounts of a connection's balances. Codes, on "balance_accounts.<currency>": bad_currency,
// unknown_account, inactive_account, aux_required, in_use when it keeps something else.
func goodBalances(s *books.Setup, c *inbox.Connection) error {
	var f fault.Collect
	taken := map[string]bool{c.GatewayAccount: true, c.BankAccount: true}
	for _, o := range s.Connections {
		if o.ID == c.ID {
			continue
		}
		if o.Status != inbox.Disconnected {
			taken[o.GatewayAccount], taken[o.BankAccount] = true, true
		}
		for _, account := range o.BalanceAccounts {
			taken[account] = true
		}
	}
	for _, cur := range slices.Sorted(maps.Keys(c.BalanceAccounts)) {
		code := c.BalanceAccounts[cur]
		err := generalAccount(s, code)
		switch {
		case !cur.Valid() || cur == s.Company.Currency:
			err = fault.New(fault.Invalid, fault.BadCurrency, "found", fault.Clip(string(cur)))
		case err == nil && taken[code]:
			err = fault.New(fault.Conflict, fault.InUse, "what", "account", "id", code)
		}
		_ = f.Add(err, "balance_accounts", string(cur))
		taken[code] = true
	}
	return f.Err()
}

// proposeBalance finds the account of a balance in another currency, or adds one to the chart: that which bears its name
// ("PayPal USD"), else the next free one behind the gateway's own.
func proposeBalance(tx *books.Tx, c inbox.Connection, cur money.Currency) string {
	chart := tx.Setup().Chart
	label := c.Label + " " + string(cur)
	taken := map[string]bool{}
	for _, o := range tx.Setup().Connections {
		taken[o.GatewayAccount] = true
		for _, account := range o.BalanceAccounts {
			taken[account] = true
		}
	}
	for _, code := range slices.Sorted(maps.Keys(chart.Accounts)) {
		if acc := chart.Accounts[code]; strings.EqualFold(acc.Label, label) && strings.HasPrefix(code, "517") && !acc.Collective && !taken[code] {
			addAccount(tx, acc)
			return code
		}
	}
	base := c.GatewayAccount
	if base == "" {
		base = "517300"
	}
	n := decimal.RequireFromString(base)
	for {
		n = n.Add(decimal.NewFromInt(10))
		code := n.String()
		if _, exists := chart.Accounts[code]; !exists && !taken[code] {
			addAccount(tx, ledger.Account{Code: code, Label: label, Active: true})
			return code
		}
	}
}

// foreignAccounts are the accounts that keep balances in another currency than the books, with that currency.
func foreignAccounts(s *books.Setup) map[string]money.Currency {
	out := map[string]money.Currency{}
	for _, c := range s.Connections {
		for cur, account := range c.BalanceAccounts {
			out[account] = cur
		}
	}
	return out
}

// carriedOn is the first day whose lines make up present balances.
func (a *App) carriedOn(tx *books.Tx) civil.Date {
	years := tx.Setup().Chart.Years
	if len(years) == 0 {
		return civil.Date{}
	}
	return posting.CarriedOn(tx.Setup().Chart, years[len(years)-1].End)
}

// ForeignBalance is what an account that keeps a balance in another currency holds: in it, and in the books.
type ForeignBalance struct {
	Account string
	Label   string
	Book    int64 // debit less credit, minor units of the books' currency
	Held    money.Money
}

// ForeignBalances lists the accounts that keep balances in another currency, with what stands on them at the end of a day
// (no day: now), by account.
func (a *App) ForeignBalances(ctx context.Context, who access.Actor, to civil.Date) ([]ForeignBalance, error) {
	if err := who.May(access.Read); err != nil {
		return nil, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return nil, err
	}
	accounts := foreignAccounts(setup)
	out := make([]ForeignBalance, 0, len(accounts))
	for _, code := range slices.Sorted(maps.Keys(accounts)) {
		cur := accounts[code]
		s, err := a.Views.Standing(ctx, who.Company, code, cur, to)
		if err != nil {
			return nil, err
		}
		held, err := money.New(s.Foreign, cur)
		if err != nil {
			return nil, err
		}
		out = append(out, ForeignBalance{Account: code, Label: setup.Chart.Accounts[code].Label, Book: s.Book, Held: held})
	}
	return out, nil
}

// Revalue brings an account that keeps a balance in another currency to what it is worth (Solder l'écart de change): the
// difference goes to 666 or 766. A balance that was emptied is worth nothing and needs no rate; another is worth what a
// rate makes of it, at the end of a year or whenever (art. 420-5, 420-7 PCG: straight to the result). No day asks for today.
// Codes: unknown_thing when the account keeps no such balance, required and bad_rate on "rate", nothing_to_revalue, and
// those of ledger.NewEntry.
func (a *App) Revalue(ctx context.Context, who access.Actor, account string, day civil.Date, rate decimal.Decimal) (ledger.Entry, error) {
	var posted ledger.Entry
	err := a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		cur, ok := foreignAccounts(tx.Setup())[account]
		if !ok {
			return notFound("account", account)
		}
		if day.IsZero() {
			day = a.day(tx.Now())
		}
		s, err := tx.Standing(ctx, account, cur, a.carriedOn(tx))
		if err != nil {
			return err
		}
		own := tx.Setup().Company.Currency
		worth := money.Zero(own)
		label := "Écart de change soldé " + account
		if s.Foreign != 0 {
			if rate.IsZero() {
				return fault.New(fault.Invalid, fault.Required).On("rate")
			}
			if err := ledger.GoodRate(rate); err != nil {
				return onField("rate", err)
			}
			held, err := money.New(s.Foreign, cur)
			if err == nil {
				worth, err = held.Exchange(rate, own)
			}
			if err != nil {
				return onField("rate", err)
			}
			label = "Réévaluation " + account + " de " + held.String() + " à " + rate.String()
		}
		difference := worth.Minor() - s.Book
		if difference == 0 {
			return fault.New(fault.Refused, fault.NothingToRevalue, "account", account)
		}
		n, err := tx.Count(ctx, "revaluation")
		if err != nil {
			return err
		}
		posted, err = tx.Post(ctx, posting.Revalue(posting.Movement{Journal: posting.MiscJournal, Account: account, Date: day, Real: day,
			Piece: "ECART-" + account, Label: label, Source: "revaluation:" + itoa(n), Amount: difference}), who.ID)
		if err != nil {
			return err
		}
		tx.Made(entryResource(posted.Seq))
		tx.Log(who.Name, "balance_revalued", "account/"+account, a.plain(difference, own))
		return nil
	})
	return posted, err
}
