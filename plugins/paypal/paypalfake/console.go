package paypalfake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/simulator"
)

// The acts of the console.
const (
	actSettle     = "settle" // a capture that is pending
	actDeny       = "deny"
	actTellFee    = "tell_fee"
	actClaim      = "claim"
	actChargeback = "chargeback"
	actReverse    = "reverse"
	actWin        = "win"
	actLose       = "lose"
	actReturn     = "return" // of a refund or a withdrawal
	actWithdraw   = "withdraw:"
)

var actWords = simulator.Words{
	actSettle:        simulator.Text("L'argent arrive", "The money comes"),
	actDeny:          simulator.Text("Refuser", "Deny"),
	actTellFee:       simulator.Text("Donner la commission", "Tell the fee"),
	simulator.Refund: simulator.Text("Rembourser", "Refund"),
	actClaim:         simulator.Text("Ouvrir une réclamation", "Open a claim"),
	actChargeback:    simulator.Text("Impayé de carte", "Chargeback"),
	actReverse:       simulator.Text("Annuler", "Reverse"),
	actWin:           simulator.Text("Gagné", "Won"),
	actLose:          simulator.Text("Perdu", "Lost"),
	actReturn:        simulator.Text("Revenir", "Come back"),
}

var stateWords = simulator.Words{
	"PENDING": simulator.Text("en attente", "pending"), "COMPLETED": simulator.Text("réussi", "completed"), "DECLINED": simulator.Text("refusé", "declined"),
	"PARTIALLY_REFUNDED": simulator.Text("remboursé en partie", "partially refunded"), "REFUNDED": simulator.Text("remboursé", "refunded"), "FAILED": simulator.Text("échoué", "failed"),
	"WAITING_FOR_SELLER_RESPONSE": simulator.Text("ouvert", "open"), "RESOLVED": simulator.Text("clos", "closed"),
}

// world is the Fake as its console plays it.
type world struct{ f *Fake }

// Boards implements simulator.World.
func (w world) Boards() []simulator.Board {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	var out []simulator.Board
	for _, id := range slices.Sorted(maps.Keys(w.f.s.Accounts)) {
		a := w.f.s.Accounts[id]
		b := simulator.Board{ID: id, Name: a.Email, Rows: w.f.rows(a)}
		total, _ := a.sums()
		for _, cur := range slices.Sorted(maps.Keys(total)) {
			b.Balances = append(b.Balances, money.Of(total[cur], cur))
			if total[cur] > 0 {
				b.Acts = append(b.Acts, simulator.Act{Name: actWithdraw + string(cur), Label: simulator.Text("Virer à la banque ("+string(cur)+")", "Withdraw to bank ("+string(cur)+")"), Amount: true})
			}
		}
		out = append(out, b)
	}
	return out
}

// rows are what happened on an account, newest first. The caller holds mu.
func (f *Fake) rows(a *account) []simulator.Row {
	var out []simulator.Row
	row := func(id string, at time.Time, amount cash, state string, what gateway.Text) *simulator.Row {
		out = append(out, simulator.Row{ID: id, At: at, What: what, State: stateWords.Of(state), Gross: amount.money()})
		return &out[len(out)-1]
	}
	disputed := map[string]bool{}
	for _, d := range f.s.Disputes {
		if d.Account != a.ID {
			continue
		}
		disputed[d.Capture] = true
		r := row(d.ID, d.Created, d.Amount.neg(), d.Status, simulator.Text("Litige", "Dispute"))
		r.About = d.Reason
		if d.Status != "RESOLVED" {
			r.Acts = actWords.Acts(actWin, actLose)
		}
	}
	known := map[string]bool{}
	for _, k := range f.s.Captures {
		if k.Account != a.ID {
			continue
		}
		known[k.ID] = true
		r := row(k.ID, k.Created, k.Amount, k.Status, simulator.Text("Paiement", "Payment"))
		r.About = f.s.Orders[k.Order].Description
		if k.FeeHidden || k.Status == "PENDING" {
			r.FeeLater = true
		} else if k.Status != "DECLINED" {
			r.Fee = k.Fee.money()
		}
		switch {
		case k.Status == "PENDING":
			r.State = simulator.Text("en attente : "+k.Reason, "pending: "+k.Reason)
			r.Acts = actWords.Acts(actSettle, actDeny)
		case k.FeeHidden:
			r.Acts = actWords.Acts(actTellFee)
		case disputed[k.ID]:
		case k.Status == "COMPLETED":
			r.Acts = actWords.Acts(simulator.Refund, actClaim, actChargeback, actReverse)
		case k.Status == "PARTIALLY_REFUNDED":
			r.Acts = actWords.Acts(simulator.Refund, actClaim, actChargeback)
		}
	}
	for _, v := range f.s.Refunds {
		if v.Account != a.ID {
			continue
		}
		known[v.ID] = true
		r := row(v.ID, v.Created, v.Amount.neg(), v.Status, simulator.Text("Remboursement", "Refund"))
		switch v.Status {
		case "PENDING":
			r.Acts = actWords.Acts(actSettle, actDeny)
		case "COMPLETED":
			r.Acts = actWords.Acts(actReturn)
		}
	}
	back := map[string]bool{}
	for _, l := range a.Lines {
		back[l.Ref] = back[l.Ref] || l.Code == "T1101"
	}
	for _, l := range a.Lines {
		if known[l.ID] {
			continue
		}
		v := l.last()
		r := row(l.ID, l.Initiated, v.Amount, "COMPLETED", simulator.Text("Ligne "+l.Code, "Line "+l.Code))
		r.About = l.Subject
		if v.Fee != nil {
			r.Fee = v.Fee.neg().money()
		}
		if strings.HasPrefix(l.Code, "T04") {
			r.What = simulator.Text("Virement", "Withdrawal")
			if !back[l.ID] {
				r.Acts = actWords.Acts(actReturn)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y simulator.Row) int { return cmp.Or(y.At.Compare(x.At), cmp.Compare(y.ID, x.ID)) })
	return out
}

// Do implements simulator.World.
func (w world) Do(merchant, id, act, amount string) error {
	f := w.f
	if !w.has(merchant) {
		return errNotFound
	}
	if code, ok := strings.CutPrefix(act, actWithdraw); ok && id == "" {
		cur := money.Currency(code)
		if !cur.Valid() {
			return fmt.Errorf("paypalfake: no currency %.3q", code)
		}
		minor, err := simulator.Amount(amount, cur)
		if err != nil {
			return err
		}
		if minor > f.Balance(merchant, cur).Minor() {
			return fmt.Errorf("paypalfake: %s is more than there is", amount)
		}
		_, err = f.Withdraw(merchant, cur, minor)
		return err
	}
	refund := w.isRefund(id)
	switch act {
	case actSettle, actDeny:
		if refund {
			return f.SettleRefund(id, act == actSettle)
		}
		return f.SettleCapture(id, act == actSettle)
	case actTellFee:
		return f.TellFee(id)
	case simulator.Refund:
		minor, err := simulator.Amount(amount, w.currency(id))
		if err == nil {
			_, err = f.RefundOutside(id, minor)
		}
		return err
	case actClaim, actChargeback:
		_, err := f.OpenDispute(id, act == actChargeback, "MERCHANDISE_OR_SERVICE_NOT_RECEIVED")
		return err
	case actReverse:
		return f.Reverse(id)
	case actWin, actLose:
		return f.CloseDispute(id, act == actWin)
	case actReturn:
		if refund {
			return f.ReturnRefund(id)
		}
		_, err := f.ReturnWithdrawal(merchant, id)
		return err
	}
	return fmt.Errorf("paypalfake: unknown act %.40q", act)
}

func (w world) has(merchant string) bool {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.s.Accounts[merchant] != nil
}

func (w world) isRefund(id string) bool {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.s.Refunds[id] != nil
}

func (w world) currency(capture string) money.Currency {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	if k := w.f.s.Captures[capture]; k != nil {
		return k.Amount.Currency
	}
	return money.EUR
}
