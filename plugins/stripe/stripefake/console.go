package stripefake

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

// disputeFee is what a dispute costs that is opened on the console, in hundredths of the account's currency.
const disputeFee = 20_00

// The acts of the console.
const (
	actConfirm = "confirm" // a debit
	actReject  = "reject"
	actTellFee = "tell_fee"
	actDispute = "dispute"
	actWin     = "win"
	actLose    = "lose"
	actFail    = "fail" // a refund or a payout
	actPayout  = "payout:"
	actArrive  = "arrive"
)

var actWords = simulator.Words{
	actConfirm:       simulator.Text("La banque confirme", "The bank confirms"),
	actReject:        simulator.Text("La banque refuse", "The bank refuses"),
	actTellFee:       simulator.Text("Donner la commission", "Tell the fee"),
	simulator.Refund: simulator.Text("Rembourser", "Refund"),
	actDispute:       simulator.Text("Contester", "Dispute"),
	actWin:           simulator.Text("Litige gagné", "Dispute won"),
	actLose:          simulator.Text("Litige perdu", "Dispute lost"),
	actFail:          simulator.Text("Échouer", "Fail"),
	actArrive:        simulator.Text("Arriver en banque", "Reach the bank"),
}

var stateWords = simulator.Words{
	"pending": simulator.Text("en cours", "processing"), "succeeded": simulator.Text("réussi", "succeeded"), "failed": simulator.Text("échoué", "failed"),
	"requires_action": simulator.Text("à compléter", "requires action"), "in_transit": simulator.Text("en route", "in transit"), "paid": simulator.Text("arrivé", "paid"),
	"needs_response": simulator.Text("ouvert", "open"), "under_review": simulator.Text("à l'examen", "under review"), "won": simulator.Text("gagné", "won"), "lost": simulator.Text("perdu", "lost"),
	"warning_needs_response": simulator.Text("question", "inquiry"), "warning_under_review": simulator.Text("question à l'examen", "inquiry under review"), "warning_closed": simulator.Text("question close", "inquiry closed"),
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
		b := simulator.Board{ID: id, Name: a.Name, Rows: a.rows()}
		held := map[string]int64{}
		for _, t := range a.Txns {
			held[t.Currency] += t.net()
		}
		for _, cur := range slices.Sorted(maps.Keys(held)) {
			b.Balances = append(b.Balances, moneyOf(held[cur], cur))
			if held[cur] > 0 {
				upper := strings.ToUpper(cur)
				b.Acts = append(b.Acts, simulator.Act{Name: actPayout + cur, Label: simulator.Text("Virer à la banque ("+upper+")", "Pay out ("+upper+")")})
			}
		}
		out = append(out, b)
	}
	return out
}

// rows are what happened on an account, newest first. The caller holds mu.
func (a *account) rows() []simulator.Row {
	var out []simulator.Row
	row := func(id string, created, amount int64, cur, state string, what gateway.Text) *simulator.Row {
		out = append(out, simulator.Row{ID: id, At: time.Unix(created, 0), What: what, State: stateWords.Of(state), Gross: moneyOf(amount, cur)})
		return &out[len(out)-1]
	}
	for _, c := range a.Charges {
		r := row(c.Intent, c.Created, c.Amount, c.Currency, c.Status, simulator.Text("Paiement", "Payment"))
		r.About = or(c.Description, c.Method)
		if t := find[txn](a, c.Txn); t != nil {
			r.Fee = moneyOf(t.Fee, t.Currency)
		} else {
			r.FeeLater = c.Status != "failed"
		}
		if p := find[intent](a, c.Intent); p == nil || p.Charge != c.ID {
			continue // a declined try, with another behind it
		}
		switch {
		case c.Status == "pending":
			r.Acts = actWords.Acts(actConfirm, actReject)
		case c.Status == "succeeded" && c.Txn == "":
			r.Acts = actWords.Acts(actTellFee)
		case c.Status == "succeeded" && !c.Disputed && c.Refunded < c.Amount:
			r.Acts = actWords.Acts(simulator.Refund, actDispute)
		}
	}
	for _, v := range a.Refunds {
		r := row(v.ID, v.Created, -v.Amount, v.Currency, v.Status, simulator.Text("Remboursement", "Refund"))
		if v.Status != "failed" {
			r.Acts = actWords.Acts(actFail)
		}
	}
	for _, v := range a.Disputes {
		r := row(v.ID, v.Created, -v.Amount, v.Currency, v.Status, simulator.Text("Litige", "Dispute"))
		if v.Status == "needs_response" || v.Status == "under_review" {
			r.Acts = actWords.Acts(actWin, actLose)
		}
	}
	for _, v := range a.Payouts {
		r := row(v.ID, v.Created, -v.Amount, v.Currency, v.Status, simulator.Text("Virement", "Payout"))
		switch v.Status {
		case "in_transit":
			r.Acts = actWords.Acts(actArrive, actFail)
		case "paid":
			r.Acts = actWords.Acts(actFail)
		}
	}
	slices.SortStableFunc(out, func(x, y simulator.Row) int { return cmp.Or(y.At.Compare(x.At), cmp.Compare(y.ID, x.ID)) })
	return out
}

// Do implements simulator.World.
func (w world) Do(accountID, id, act, amount string) error {
	f := w.f
	if cur, ok := strings.CutPrefix(act, actPayout); ok && id == "" {
		_, err := f.Payout(accountID, cur, true, false)
		return err
	}
	switch act {
	case actConfirm, actReject:
		return f.SettleDebit(accountID, id, act == actConfirm, "", 0)
	case actTellFee:
		return f.TellFee(accountID, id)
	case simulator.Refund:
		n, err := w.part(accountID, id, amount)
		if err == nil {
			_, err = f.Refund(accountID, id, n, "succeeded")
		}
		return err
	case actDispute:
		_, err := f.Dispute(accountID, id, Contest{Fee: disputeFee})
		return err
	case actWin:
		return f.CloseDispute(accountID, id, "won", 0)
	case actLose:
		return f.CloseDispute(accountID, id, "lost", 0)
	case actArrive:
		return f.PayoutArrives(accountID, id)
	case actFail:
		if strings.HasPrefix(id, "po_") {
			return f.FailPayout(accountID, id, "")
		}
		return f.FinishRefund(accountID, id, false, "")
	}
	return fmt.Errorf("stripefake: unknown act %.40q", act)
}

// part is how much of a payment an amount that was typed in is, in Stripe's count: all that is left when it is empty.
func (w world) part(accountID, intentID, amount string) (n int64, err error) {
	err = w.f.with(accountID, func(a *account) error {
		_, c, err := a.charged(intentID)
		if err != nil {
			return err
		}
		n = c.Amount - c.Refunded
		cur := money.Currency(strings.ToUpper(c.Currency))
		typed, err := simulator.Amount(amount, cur)
		if err != nil || typed == 0 {
			return err
		}
		n = typed
		for d := cur.Exponent(); d < decimals(c.Currency); d++ {
			n *= 10
		}
		for d := cur.Exponent(); d > decimals(c.Currency); d-- {
			n /= 10
		}
		return nil
	})
	return n, err
}
