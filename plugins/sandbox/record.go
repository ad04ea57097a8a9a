package sandbox

import (
	"context"
	"strconv"

	"github.com/acquit-app/acquit/core/gateway"
)

// recordChunk is how many movements go into one line of the journal: some 3 MiB, far below maxRecord.
const recordChunk = 5000

// Record adds movements to the account of a connection as if they had happened there, in the order in which they became
// known; one that is there already gets its new form. It is for demonstrations: no webhook tells of them. It returns the
// cursor behind them, from which ListPayments goes on.
func (s *Sandbox) Record(_ context.Context, c gateway.Connection, movements []gateway.Payment) (cursor string, err error) {
	account, err := AccountOf(c)
	if err != nil {
		return "", err
	}
	p, err := s.Provider()
	if err != nil {
		return "", asPort(err)
	}
	if err := p.connect(account, c); err != nil {
		return "", asPort(err)
	}
	for _, m := range movements {
		if err := gateway.CheckPayment(m); err != nil {
			return "", err
		}
	}
	for len(movements) > 0 {
		chunk := movements[:min(recordChunk, len(movements))]
		movements = movements[len(chunk):]
		err := p.store.write(func(t *tx) error {
			for _, m := range chunk {
				if old := t.s.movements[m.ID]; old != nil && (old.Account != account || old.Kind != m.Kind) {
					return refuse("bad_movement", "%.80q is another movement already", m.ID)
				}
				r := recorded(account, m)
				t.putMovement(r)
				if err := t.follow(c, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return "", asPort(err)
		}
	}
	p.store.read(func() { cursor = p.store.cursor(p.store.lastChange(account)) })
	return cursor, nil
}

// recorded is a movement as the sandbox would have made it.
func recorded(account string, p gateway.Payment) *Movement {
	m := &Movement{
		ID: p.ID, Account: account, Kind: p.Kind, State: p.State, Reason: p.Reason, Gross: Amount{p.Gross},
		FeeState: p.FeeState, Fee: Amount{p.Fee}, FeeVAT: Amount{p.FeeVAT}, Net: Amount{p.Net},
		Reference: p.Reference, Session: p.SessionID, Related: p.RelatedID, Payout: p.PayoutID, Method: p.Method,
		Name: p.Payer.Name, Email: p.Payer.Email, Country: p.Payer.Country, OccurredAt: p.OccurredAt.UTC(), Description: p.Description,
	}
	switch {
	case p.FeeState == gateway.FeeNone:
		m.free()
	case p.Kind == gateway.KindPayment:
		m.FeePlan = FeeStandard
	}
	return m
}

// lastChange is the newest place in an account's list. The caller holds mu.
func (s *store) lastChange(account string) int64 {
	if b := s.books[account]; b != nil && len(b.log) > 0 {
		return b.log[len(b.log)-1].number
	}
	return 0
}

// cursor names a place in a list, and the state that it belongs to. The caller holds mu.
func (s *store) cursor(place int64) string { return s.identity.ID + "." + strconv.FormatInt(place, 10) }
