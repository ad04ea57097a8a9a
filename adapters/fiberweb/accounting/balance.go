package accounting

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
)

// balanceView is the trial balance of a period.
type balanceView struct {
	desk
	from, to civil.Date
	zero     bool // accounts without a movement or balance are shown too
	classes  []class
	total    sums
	held     held // by account, at the end of the period
}

// class is the accounts of one class of the chart, and their sums.
type class struct {
	digit string
	rows  []app.BalanceRow
	sums
}

// sums are of the columns of a trial balance, in minor units.
type sums struct{ before, debit, credit, debtor, creditor int64 }

func (s *sums) add(r app.BalanceRow) {
	s.before += r.Before
	s.debit += r.Debit
	s.credit += r.Credit
	s.debtor += max(r.After, 0)
	s.creditor += max(-r.After, 0)
}

// balanced says whether both pairs of columns add up to the same.
func (s sums) balanced() bool { return s.debit == s.credit && s.debtor == s.creditor && s.before == 0 }

func (h *screens) balance(c *fiberweb.Ctx) error {
	d, err := h.open(c)
	if err != nil {
		return err
	}
	v := balanceView{desk: d, zero: c.Q("zero") != ""}
	v.from, v.to = d.period(c)
	rows, err := d.views.TrialBalance(c.Context(), d.company, v.from, v.to)
	if err != nil {
		return err
	}
	if v.held, err = h.heldOn(c, v.to); err != nil {
		return err
	}
	for _, r := range rows {
		v.total.add(r)
		if !v.zero && r.Before == 0 && r.Debit == 0 && r.Credit == 0 && r.After == 0 {
			continue
		}
		if n := len(v.classes); n == 0 || v.classes[n-1].digit != r.Account[:1] {
			v.classes = append(v.classes, class{digit: r.Account[:1]})
		}
		last := &v.classes[len(v.classes)-1]
		last.rows = append(last.rows, r)
		last.add(r)
	}
	return c.Show(balancePage(v))
}

func (v balanceView) intro(ctx context.Context) string {
	return ui.T(ctx, "acc.period", "from", ui.L(ctx).Date(v.from), "to", ui.L(ctx).Date(v.to))
}
