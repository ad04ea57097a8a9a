package bunstore

import (
	"context"

	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/uptrace/bun"
)

// Refund implements app.Views.
func (s *Store) Refund(ctx context.Context, company, id string) (inbox.Refund, error) {
	return one(ctx, s, refunds, books.Refunds, company, id)
}

// RefundsOf implements app.Views.
func (s *Store) RefundsOf(ctx context.Context, company, receipt string) ([]inbox.Refund, error) {
	list, err := refunds.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("receipt_id = ?", receipt).Order("created_at DESC", "id DESC")
	})
	return list, s.refusal(ctx, err, nil)
}

// RefundsOpen implements app.Views.
func (s *Store) RefundsOpen(ctx context.Context, company, connection string) ([]inbox.Refund, error) {
	waiting := s.read.NewSelect().Table("arrivals").Column("id").Where("company_id = ?", company).Where("state = ?", inbox.Waiting)
	list, err := refunds.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("connection_id = ?", connection).
			Where("state = ? OR state = ? AND arrival_id IN (?)", inbox.RefundRequested, inbox.RefundAccepted, waiting).Order("created_at", "id")
	})
	return list, s.refusal(ctx, err, nil)
}

// ArrivalsAwaiting implements app.Views. What waits is few, so it is read first.
func (s *Store) ArrivalsAwaiting(ctx context.Context, company string, others []string) ([]string, error) {
	var waiting []struct{ ID, ConnectionID, RelatedID string }
	err := s.read.NewSelect().Table("arrivals").Column("id", "connection_id", "related_id").Where("company_id = ?", company).
		Where("unmatched").Where("related_id <> ''").Order("id").Scan(ctx, &waiting)
	if err != nil || len(waiting) == 0 || len(others) == 0 {
		return nil, s.refusal(ctx, err, nil)
	}
	var named []struct{ ConnectionID, ExternalID string }
	err = s.read.NewSelect().Table("arrivals").Column("connection_id", "external_id").Where("company_id = ?", company).
		Where("id IN (?)", bun.In(others)).Scan(ctx, &named)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	known := map[[2]string]bool{}
	for _, o := range named {
		known[[2]string{o.ConnectionID, o.ExternalID}] = true
	}
	var out []string
	for _, w := range waiting {
		if known[[2]string{w.ConnectionID, w.RelatedID}] {
			out = append(out, w.ID)
		}
	}
	return out, nil
}
