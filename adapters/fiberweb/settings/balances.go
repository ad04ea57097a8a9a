package settings

import (
	"maps"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
)

// balance is one balance of a connection in another currency, and where it is kept.
type balance struct{ currency, account, label string }

func (v connectionView) balances() []balance {
	var out []balance
	for _, cur := range slices.Sorted(maps.Keys(v.conn.BalanceAccounts)) {
		code := v.conn.BalanceAccounts[cur]
		out = append(out, balance{string(cur), code, v.labels[code]})
	}
	return out
}

// setBalance says where a balance of the connection in another currency is kept.
func (h *Screens) setBalance(c *fiberweb.Ctx) error {
	conn, _, err := h.found(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	cur, account := money.Currency(strings.ToUpper(f.Required("currency", 3))), f.Text("account", 12)
	if f.OK() {
		next, err := h.SetBalanceAccount(c.Context(), c.Actor(), conn.ID, version(f), cur, account)
		if err == nil {
			return c.Done(gatewaysPath+"/"+conn.ID, "set.balances.saved", "currency", string(cur), "account", next.BalanceAccounts[cur])
		}
		if len(fault.All(err)) == 0 || fault.KindOf(err) == fault.NotFound {
			return err
		}
		f.Fail(err)
	}
	return h.showBalances(c, f)
}
