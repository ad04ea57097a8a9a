package accounting

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// held is what accounts that keep balances in another currency hold of it.
type held map[string]money.Money

func (h *screens) heldOn(c *fiberweb.Ctx, to civil.Date) (held, error) {
	list, err := h.ForeignBalances(c.Context(), c.Actor(), to)
	out := held{}
	for _, b := range list {
		out[b.Account] = b.Held
	}
	return out, err
}

// revalueView is the page that clears the exchange difference of an account.
type revalueView struct {
	desk
	app.ForeignBalance
	form *form.Form
}

func (h *screens) askRevalue(c *fiberweb.Ctx) error {
	return h.showRevalue(c, nil)
}

func (h *screens) showRevalue(c *fiberweb.Ctx, sent *form.Form) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	list, err := h.ForeignBalances(c.Context(), c.Actor(), civil.Date{})
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.Account != c.Params("account") {
			continue
		}
		v := revalueView{desk: d, ForeignBalance: b, form: sent}
		if sent != nil {
			return c.Invalid(sent, revaluePage(v))
		}
		v.form = c.NewForm().SetDate("date", d.today)
		return c.Show(revaluePage(v))
	}
	return fault.New(fault.NotFound, fault.UnknownThing, "what", "account", "id", fault.Clip(c.Params("account")))
}

func (h *screens) revalue(c *fiberweb.Ctx) error {
	f, err := c.Form()
	if err != nil {
		return err
	}
	day := f.RequiredDate("date")
	rate := decimal.Zero
	if f.Value("rate") != "" {
		rate = f.Decimal("rate")
	}
	if f.OK() {
		e, err := h.Revalue(c.Context(), c.Actor(), c.Params("account"), day, rate)
		if err == nil {
			return c.Done(entryPath(e.Seq), "acc.revalue.done")
		}
		if fault.KindOf(err) == fault.NotFound {
			return err
		}
		f.Fail(err)
		if err := f.Broken(); err != nil {
			return err
		}
	}
	return h.showRevalue(c, f)
}

func revaluePath(account string) string { return "/ledger/" + account + "/revalue" }

func (v revalueView) intro(ctx context.Context) string {
	if v.Held.IsZero() {
		return ui.T(ctx, "acc.revalue.empty")
	}
	return ui.T(ctx, "acc.revalue.intro")
}
