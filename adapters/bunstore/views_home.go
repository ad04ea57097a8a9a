package bunstore

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/uptrace/bun"
)

const (
	// homeMonths is how many months of money in the first page shows, the current one included.
	homeMonths = 12
	// feeAge is when a commission that is not known yet deserves attention.
	feeAge = 3
	// proofAge is when the last check of a gateway account deserves attention for its age.
	proofAge = 2
)

// Home implements app.Views.
func (s *Store) Home(ctx context.Context, company string, today civil.Date) (app.Home, error) {
	var h app.Home
	firstMonth := civil.Of(today.Year(), today.Month()-homeMonths+1, 1)
	aged := micros(today.AddDays(-feeAge).Time())
	err := s.snapshot(ctx, func(tx bun.Tx) error {
		for _, q := range []struct {
			query string
			args  []any
			into  []any
		}{
			{`SELECT count(*), ` + s.total("CASE WHEN state = 'ready' AND kind = 'payment' THEN "+toBe+" ELSE 0 END") + ` FROM arrivals WHERE company_id = ? AND postable`,
				[]any{company}, []any{&h.ToIntegrate, &h.ToIntegrateSum}},
			{`SELECT count(*) FROM arrivals WHERE company_id = ? AND to_do AND state = 'review'`, []any{company}, []any{&h.InReview}},
			{`SELECT count(*), ` + s.total("CASE WHEN occurred_at < ? THEN 1 ELSE 0 END") + ` FROM arrivals
				WHERE company_id = ? AND state = 'integrated' AND fee_state = 'unknown'`, []any{aged, company}, []any{&h.FeesPending, &h.FeesAged}},
			{`SELECT ` + s.total("balance") + `, ` + s.total("CASE WHEN due_date < ?0 THEN balance ELSE 0 END") + `, ` +
				s.total("CASE WHEN due_date < ?0 THEN 1 ELSE 0 END") + ` FROM invoices WHERE company_id = ?1 AND balance > 0`,
				[]any{today.Number(), company}, []any{&h.DueSum, &h.OverdueSum, &h.Overdue}},
			{`SELECT count(*) FROM invoices WHERE company_id = ? AND status IN (?)`,
				[]any{company, bun.In([]status{draftInvoice, draftDeposit, draftCredit, draftDepositCredit})}, []any{&h.DraftInvoices}},
			{`SELECT count(*) FROM mails WHERE company_id = ? AND state = 'failed'`, []any{company}, []any{&h.MailsFailed}},
			{`SELECT count(*) FROM connections WHERE company_id = ? AND status = 'needs_attention'`, []any{company}, []any{&h.ConnectionsDown}},
			{`SELECT count(*) FROM connections AS c WHERE company_id = ?0 AND status = 'connected' AND (
				coalesce((SELECT state FROM proofs WHERE company_id = c.company_id AND connection_id = c.id AND state <> 'incomplete'
					ORDER BY at DESC, id DESC LIMIT 1), '') IN ('explained', 'different')
				OR EXISTS (SELECT 1 FROM proofs WHERE company_id = c.company_id AND connection_id = c.id AND at < ?1)
					AND NOT EXISTS (SELECT 1 FROM proofs WHERE company_id = c.company_id AND connection_id = c.id AND at >= ?1 AND state <> 'incomplete'))`,
				[]any{company, micros(today.AddDays(-proofAge).Time())}, []any{&h.Unproven}},
			{`SELECT count(*) FROM deliveries WHERE company_id = ? AND state = 'orphan'`, []any{company}, []any{&h.Deliveries}},
		} {
			if err := tx.QueryRowContext(ctx, q.query, q.args...).Scan(q.into...); err != nil {
				return err
			}
		}
		var err error
		h.Months, err = s.months(ctx, tx, company, firstMonth)
		return err
	})
	return h, s.refusal(ctx, err, nil)
}

// months sums up money received, what was taken back left out, and the commissions on it by the day of the payment.
func (s *Store) months(ctx context.Context, tx bun.Tx, company string, first civil.Date) ([]app.Month, error) {
	months := make([]app.Month, homeMonths)
	at := map[int]*app.Month{}
	for i := range months {
		months[i].Month = first.AddMonths(i)
		at[months[i].Month.Number()/100] = &months[i]
	}
	rows, err := tx.QueryContext(ctx, `SELECT date / 100, `+s.total("CASE WHEN online THEN amount ELSE 0 END")+`, `+s.total("CASE WHEN online THEN 0 ELSE amount END")+`
		FROM receipts WHERE company_id = ? AND date >= ? AND reversed_seq = 0 GROUP BY date / 100`, company, first.Number())
	if err != nil {
		return nil, err
	}
	err = scanAll(rows, func() error {
		var month int
		var online, other int64
		err := rows.Scan(&month, &online, &other)
		if m := at[month]; m != nil {
			m.Online, m.Other = online, other
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err = tx.QueryContext(ctx, `SELECT occurred_at / ?0, `+s.total("fee_booked")+` FROM arrivals
		WHERE company_id = ?1 AND occurred_at >= ?2 AND fee_posted <> 0 GROUP BY occurred_at / ?0`,
		(24 * time.Hour).Microseconds(), company, micros(first.Time()))
	if err != nil {
		return nil, err
	}
	return months, scanAll(rows, func() error {
		var days, fees int64
		err := rows.Scan(&days, &fees)
		if m := at[civil.On(time.Unix(0, 0).UTC().AddDate(0, 0, int(days))).Number()/100]; m != nil {
			m.Fees += fees
		}
		return err
	})
}
