package apptest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/posting"
)

// Proof implements app.Views.
func (s *Store) Proof(_ context.Context, company, id string) (inbox.Proof, error) {
	return one[inbox.Proof](s, company, books.Proofs, id)
}

// ProofRun implements app.Views.
func (s *Store) ProofRun(_ context.Context, company, connection string) (inbox.ProofRun, error) {
	return one[inbox.ProofRun](s, company, books.ProofRuns, connection)
}

func (b *shelf) proofs(pass func(inbox.Proof) bool) []inbox.Proof {
	list := all(b, books.Proofs, pass)
	order(list, true, func(x, y inbox.Proof) int { return cmp.Or(x.At.Compare(y.At), strings.Compare(x.ID, y.ID)) })
	return list
}

// Proofs implements app.Views.
func (s *Store) Proofs(_ context.Context, company string, q app.ProofQuery) (app.Page[inbox.Proof], error) {
	return look(s, company, func(b *shelf) (app.Page[inbox.Proof], error) {
		return paged(b.proofs(func(p inbox.Proof) bool {
			return p.ConnectionID == q.Connection && (!q.Complete || p.State != inbox.ProofIncomplete) && !p.At.Before(q.Since)
		}), q.Paging)
	})
}

// LastProofs implements app.Views.
func (s *Store) LastProofs(_ context.Context, company string) ([]inbox.Proof, error) {
	return look(s, company, func(b *shelf) ([]inbox.Proof, error) {
		var out []inbox.Proof
		for _, c := range all(b, books.Connections, func(inbox.Connection) bool { return true }) {
			if list := b.proofs(func(p inbox.Proof) bool { return p.ConnectionID == c.ID }); len(list) > 0 {
				out = append(out, list[0])
			}
		}
		return out, nil
	})
}

// unproven counts the connections whose last check needs a look, or is old.
func (b *shelf) unproven(today civil.Date) int {
	stale := today.AddDays(-2).Time()
	n := 0
	for _, c := range all(b, books.Connections, func(c inbox.Connection) bool { return c.Status == inbox.Connected }) {
		list := b.proofs(func(p inbox.Proof) bool { return p.ConnectionID == c.ID })
		if len(list) == 0 {
			continue
		}
		last := slices.IndexFunc(list, func(p inbox.Proof) bool { return p.State != inbox.ProofIncomplete })
		old := list[len(list)-1].At.Before(stale) && (last < 0 || list[last].At.Before(stale))
		if old || last >= 0 && list[last].State.Alarming() {
			n++
		}
	}
	return n
}

// ArrivalsByID implements app.Views.
func (s *Store) ArrivalsByID(_ context.Context, company string, ids []string) ([]inbox.Arrival, error) {
	return look(s, company, func(b *shelf) ([]inbox.Arrival, error) {
		return all(b, books.Arrivals, func(a inbox.Arrival) bool { return slices.Contains(ids, a.ID) }), nil
	})
}

// ArrivalsExternal implements app.Views.
func (s *Store) ArrivalsExternal(_ context.Context, company, connection string, ids []string) ([]inbox.Arrival, error) {
	return look(s, company, func(b *shelf) ([]inbox.Arrival, error) {
		list := all(b, books.Arrivals, func(a inbox.Arrival) bool { return a.ConnectionID == connection && slices.Contains(ids, a.ExternalID) })
		order(list, false, func(x, y inbox.Arrival) int {
			return cmp.Or(strings.Compare(x.ExternalID, y.ExternalID), strings.Compare(x.ID, y.ID))
		})
		return list, nil
	})
}

// ArrivalsAfter implements app.Views.
func (s *Store) ArrivalsAfter(_ context.Context, company string, q app.ArrivalsAfter) ([]inbox.Arrival, error) {
	return look(s, company, func(b *shelf) ([]inbox.Arrival, error) {
		list := all(b, books.Arrivals, func(a inbox.Arrival) bool {
			return a.ConnectionID == q.Connection && (!q.PayoutsOnly || a.Kind == gateway.KindPayout) && !a.OccurredAt.Before(q.Since) &&
				cmp.Or(a.OccurredAt.Compare(q.After), strings.Compare(a.ID, q.AfterID)) > 0
		})
		order(list, false, func(x, y inbox.Arrival) int {
			return cmp.Or(x.OccurredAt.Compare(y.OccurredAt), strings.Compare(x.ID, y.ID))
		})
		return list[:min(q.Limit, len(list))], nil
	})
}

// PayoutSums implements app.Views.
func (s *Store) PayoutSums(_ context.Context, company, connection string, payouts []string) ([]app.PayoutSum, error) {
	return look(s, company, func(b *shelf) ([]app.PayoutSum, error) {
		var out []app.PayoutSum
		for _, a := range all(b, books.Arrivals, func(a inbox.Arrival) bool {
			return a.ConnectionID == connection && a.PayoutID != "" && slices.Contains(payouts, a.PayoutID) && a.Kind != gateway.KindPayout && a.GatewayState == gateway.Succeeded
		}) {
			i := slices.IndexFunc(out, func(p app.PayoutSum) bool { return p.Payout == a.PayoutID && p.Currency == a.Gross.Currency() })
			if i < 0 {
				out, i = append(out, app.PayoutSum{Payout: a.PayoutID, Currency: a.Gross.Currency()}), len(out)
			}
			out[i].Items++
			out[i].Net += a.Effect()
			if a.FeeState == gateway.FeeUnknown {
				out[i].Unknown++
			}
		}
		order(out, false, func(x, y app.PayoutSum) int {
			return cmp.Or(strings.Compare(x.Payout, y.Payout), strings.Compare(string(x.Currency), string(y.Currency)))
		})
		return out, nil
	})
}

// PayoutParts implements app.Views.
func (s *Store) PayoutParts(_ context.Context, company, connection, payout string) ([]app.PayoutPart, error) {
	return look(s, company, func(b *shelf) ([]app.PayoutPart, error) {
		var out []app.PayoutPart
		for _, a := range all(b, books.Arrivals, func(a inbox.Arrival) bool {
			return a.ConnectionID == connection && a.PayoutID != "" && a.PayoutID == payout && a.Kind != gateway.KindPayout && a.GatewayState == gateway.Succeeded
		}) {
			i := slices.IndexFunc(out, func(p app.PayoutPart) bool { return p.Kind == a.Kind && p.Currency == a.Gross.Currency() })
			if i < 0 {
				out, i = append(out, app.PayoutPart{Kind: a.Kind, Currency: a.Gross.Currency()}), len(out)
			}
			flow := inbox.Effect(a.Kind, a.Gross, gateway.FeeNone, money.Money{})
			out[i].Items++
			out[i].Flow += flow
			out[i].Fee += flow - a.Effect()
		}
		order(out, false, func(x, y app.PayoutPart) int {
			return cmp.Or(strings.Compare(string(x.Kind), string(y.Kind)), strings.Compare(string(x.Currency), string(y.Currency)))
		})
		return out, nil
	})
}

// Holdings implements app.Views.
func (s *Store) Holdings(_ context.Context, company string, q app.HoldingQuery) (app.Holdings, error) {
	return look(s, company, func(b *shelf) (app.Holdings, error) {
		by := map[money.Currency]*app.Held{}
		of := func(cur money.Currency) *app.Held {
			if by[cur] == nil {
				by[cur] = &app.Held{Holding: inbox.Holding{Currency: cur}}
			}
			return by[cur]
		}
		items := map[*app.Held]map[inbox.LineWhat][]inbox.ProofItem{}
		add := func(cur money.Currency, what inbox.LineWhat, it inbox.ProofItem) {
			h := of(cur)
			if items[h] == nil {
				items[h] = map[inbox.LineWhat][]inbox.ProofItem{}
			}
			items[h][what] = append(items[h][what], it)
		}
		own := q.Accounts[q.Books]
		of(q.Books)
		carried := b.carriedOn(civil.Date{})
		var later inbox.ProofLine
		for _, e := range b.entries {
			for _, l := range e.Lines {
				cur, amount := q.Books, l.Debit-l.Credit
				if l.Foreign.Currency() != "" {
					cur, amount = l.Foreign.Currency(), l.Foreign.Minor()
				}
				if l.Account != own && (cur == q.Books || l.Account != q.Accounts[cur]) || l.Account == "" {
					continue
				}
				if cur != q.Books || !e.Date.Before(carried) {
					of(cur).Books += amount
				}
				if l.Account == own && q.Day.Before(e.Date) && !e.Date.Before(carried) {
					later.What, later.Count = inbox.LineLater, 1
					later.Amount += l.Debit - l.Credit
				}
				if e.Seq > q.After && !strings.HasPrefix(e.Source, "arrival:") && !strings.HasPrefix(e.Source, posting.OpeningSource) {
					add(cur, inbox.LineNewEntry, inbox.ProofItem{Seq: e.Seq, Label: e.Label, At: e.PostedAt, Amount: -amount})
				}
			}
		}
		for _, a := range all(b, books.Arrivals, func(a inbox.Arrival) bool { return a.ConnectionID == q.Connection }) {
			if q.Unpaid && a.PayoutID == "" && a.Kind != gateway.KindPayout && a.GatewayState == gateway.Succeeded {
				of(a.Gross.Currency()).Unpaid += a.Effect()
			}
			for what, amount := range differs(a) {
				add(a.Gross.Currency(), what, inbox.ProofItem{ArrivalID: a.ID, Kind: a.Kind, Label: a.ExternalID, At: a.OccurredAt, Amount: amount})
			}
		}
		out := app.Holdings{Head: b.head.Seq}
		for _, cur := range slices.Sorted(maps.Keys(by)) {
			h := by[cur]
			if cur == q.Books && later.Count > 0 {
				h.Groups = append(h.Groups, later)
			}
			for _, what := range slices.Sorted(maps.Keys(items[h])) {
				list := items[h][what]
				order(list, false, func(x, y inbox.ProofItem) int {
					return cmp.Or(y.At.Compare(x.At), strings.Compare(x.ArrivalID, y.ArrivalID), cmp.Compare(y.Seq, x.Seq), cmp.Compare(x.Amount, y.Amount))
				})
				l := inbox.ProofLine{What: what, Count: len(list), Items: list[:min(len(list), inbox.MaxItems)]}
				for _, it := range list {
					l.Amount += it.Amount
				}
				if what == inbox.LineNewEntry {
					h.Fresh = l
				} else {
					h.Groups = append(h.Groups, l)
				}
			}
			out.List = append(out.List, *h)
		}
		return out, nil
	})
}

// differs says by what an arrival makes the account in the books and the provider's balance differ.
func differs(a inbox.Arrival) map[inbox.LineWhat]int64 {
	out := map[inbox.LineWhat]int64{}
	sign := func(n int64) int64 {
		if a.Kind.Inflow() {
			return n
		}
		return -n
	}
	switch {
	case !a.Unproven():
		return nil
	case a.State == inbox.Integrated:
		if a.FeeDue() != 0 {
			out[inbox.LineFee] = -a.FeeDue()
		}
		if a.Posted != a.Gross.Minor() {
			out[inbox.LineAltered] = sign(a.Gross.Minor() - a.Posted)
		}
	case a.GatewayState == gateway.Pending && a.Kind == gateway.KindPayout:
		out[inbox.LinePendingPayout] = a.Effect()
	case a.GatewayState == gateway.Pending:
		out[inbox.LinePending] = a.Effect()
	case a.State == inbox.Review:
		out[inbox.LineReview] = a.Effect()
	case a.State == inbox.Dismissed:
		out[inbox.LineDismissed] = a.Effect()
	default:
		out[inbox.LineReady] = a.Effect()
	}
	if a.GatewayState == gateway.Succeeded && a.FeeState == gateway.FeeUnknown {
		out[inbox.LineFeeUnknown] = a.Gross.Minor()
	}
	return out
}
