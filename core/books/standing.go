package books

import (
	"context"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
)

// Standing is what stands on an account at this moment, entries staged a moment ago included: in the books' currency, and
// in that of the balance it keeps, of lines dated since a day or later. It reads every such line of the account: it is
// for the few acts that empty a balance, not for each posting.
func (tx *Tx) Standing(ctx context.Context, account string, cur money.Currency, since civil.Date) (Standing, error) {
	s, err := tx.g.s.Standing(ctx, account, cur, since)
	if err != nil {
		tx.g.broken = err
		return s, err
	}
	for _, l := range tx.layers {
		for _, e := range l.entries {
			for _, line := range e.Lines {
				if line.Account != account || e.Date.Before(since) {
					continue
				}
				s.Book += line.Debit - line.Credit
				if line.Foreign.Currency() == cur {
					s.Foreign += line.Foreign.Minor()
				}
			}
		}
	}
	return s, nil
}
