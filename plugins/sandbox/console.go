package sandbox

import (
	"net/http"
	"sort"
	"strconv"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Console is what an account's console shows, newest first.
type Console struct {
	Account    Account    `json:"account"`
	Balance    []Amount   `json:"balance"`
	Sessions   []Session  `json:"sessions"`
	Movements  []Movement `json:"movements"`
	Events     []Event    `json:"events"`
	Deliveries []Delivery `json:"deliveries"`
	Waiting    int        `json:"waiting"` // deliveries under way
}

// Console looks at an account; at most limit of each thing.
func (p *Provider) Console(account string, limit int) (Console, error) {
	var c Console
	p.store.read(func() {
		a := p.store.accounts[account]
		if a == nil {
			return
		}
		b := p.store.books[account]
		c.Account, c.Waiting = *a, len(b.waiting)
		for i := len(b.sessions) - 1; i >= 0 && len(c.Sessions) < limit; i-- {
			c.Sessions = append(c.Sessions, p.present(*p.store.sessions[b.sessions[i]]))
		}
		for i := len(b.log) - 1; i >= 0 && len(c.Movements) < limit; i-- {
			if m := p.store.movements[b.log[i].movement]; m.Change == b.log[i].number {
				c.Movements = append(c.Movements, *m)
			}
		}
		for i := len(b.events) - 1; i >= 0 && len(c.Events) < limit; i-- {
			c.Events = append(c.Events, *p.store.events[b.events[i]])
		}
		for i := len(b.made) - 1; i >= 0 && len(c.Deliveries) < limit; i-- {
			c.Deliveries = append(c.Deliveries, *p.store.deliveries[b.made[i]])
		}
	})
	if c.Account.ID == "" {
		return c, notFound("no such account")
	}
	for _, m := range p.Balance(account) {
		c.Balance = append(c.Balance, Amount{m})
	}
	sort.Slice(c.Balance, func(i, j int) bool { return c.Balance[i].Currency() < c.Balance[j].Currency() })
	return c, nil
}

// shown is how much of each thing a console shows unless asked for more.
const shown = 50

func (w *web) index(rw http.ResponseWriter, r *http.Request) {
	all := w.p.Accounts()
	sort.Slice(all, func(i, j int) bool { return all[i].Name+all[i].ID < all[j].Name+all[j].ID })
	if wantsJSON(r) {
		w.json(rw, http.StatusOK, map[string]any{"accounts": all})
		return
	}
	w.html(rw, http.StatusOK, "index.html", struct {
		speaker
		Accounts []Account
	}{speaker{browserLang(r)}, all})
}

func (w *web) console(rw http.ResponseWriter, r *http.Request) {
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 {
		limit = shown
	}
	c, err := w.p.Console(r.PathValue("account"), min(limit, 10_000))
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	if wantsJSON(r) {
		w.json(rw, http.StatusOK, c)
		return
	}
	w.html(rw, http.StatusOK, "console.html", consolePage{speaker{browserLang(r)}, c})
}

// consolePage is what console.html shows.
type consolePage struct {
	speaker
	Console
}

// Price is an amount as people read it; empty for none.
func (p consolePage) Price(a Amount) string {
	if a.Currency() == "" {
		return ""
	}
	return format(a.Money, p.Lang)
}

// FeeOf is a movement's fee in words.
func (p consolePage) FeeOf(m Movement) string {
	switch m.FeeState {
	case gateway.FeeKnown:
		return p.Price(m.Fee)
	case gateway.FeeUnknown:
		return p.T("fee_unknown")
	}
	return p.T("fee_none")
}

// Can says whether a button makes sense for a movement.
func (p consolePage) Can(action string, m Movement) bool {
	paid := m.Kind == gateway.KindPayment && m.State == gateway.Succeeded
	switch action {
	case "settle":
		return m.Kind == gateway.KindPayment && m.State == gateway.Pending
	case "reveal_fee":
		return paid && m.FeeState == gateway.FeeUnknown
	case "refund", "open_dispute", "reverse_payment":
		return paid
	case "fail_refund":
		return m.Kind == gateway.KindRefund && m.State == gateway.Succeeded && m.Closed == ""
	case "close_dispute":
		return m.Kind == gateway.KindDispute && m.Closed == ""
	case "reverse_payout":
		return m.Kind == gateway.KindPayout && m.Closed == ""
	}
	return false
}

// Acts says whether a movement has buttons beside those that settle it and tell its fee.
func (p consolePage) Acts(m Movement) bool {
	for _, a := range []string{"refund", "fail_refund", "close_dispute", "reverse_payout"} {
		if p.Can(a, m) {
			return true
		}
	}
	return false
}

// DeliveriesOf counts an event's deliveries among those shown, by state.
func (p consolePage) DeliveriesOf(e Event) string {
	n := map[string]int{}
	for _, d := range p.Deliveries {
		if d.Event == e.ID {
			n[d.State]++
		}
	}
	text := ""
	for _, state := range []string{delivered, waiting, givenUp} {
		if n[state] > 0 {
			if text != "" {
				text += ", "
			}
			text += strconv.Itoa(n[state]) + " " + p.T("delivery_"+state)
		}
	}
	if text == "" {
		return "–"
	}
	return text
}

// Currencies are those in which the account holds something, for the payout form.
func (p consolePage) Currencies() []money.Currency {
	var out []money.Currency
	for _, b := range p.Balance {
		if b.Sign() > 0 {
			out = append(out, b.Currency())
		}
	}
	return out
}
