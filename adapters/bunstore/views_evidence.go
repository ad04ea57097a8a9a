package bunstore

import (
	"context"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/uptrace/bun"
)

// Evidence implements app.Views.
func (s *Store) Evidence(ctx context.Context, company, subject string) (inbox.Evidence, error) {
	return one(ctx, s, evidence, books.Evidence, company, subject)
}

// Payload implements app.Views.
func (s *Store) Payload(ctx context.Context, company, id string) (inbox.Payload, error) {
	return one(ctx, s, payloads, books.Payloads, company, id)
}

// PayloadsHeld implements app.Views.
func (s *Store) PayloadsHeld(ctx context.Context, company string, ids []string) (map[string]bool, error) {
	held := make(map[string]bool, len(ids))
	for chunk := range slices.Chunk(ids, maxKeys) {
		var found []string
		err := s.read.NewSelect().Table("evidence_payloads").Column("id").Where("company_id = ?", company).
			Where("id IN (?)", bun.In(chunk)).Where("erased_at = 0").Scan(ctx, &found)
		if err != nil {
			return nil, s.refusal(ctx, err, nil)
		}
		for _, id := range found {
			held[id] = true
		}
	}
	return held, nil
}

// unsettled says of a dispute d that it was neither won nor written off: the document it took money from still shows it.
const unsettled = `d.kind = 'dispute' AND d.state NOT IN ('dismissed', 'void')
	AND NOT EXISTS (SELECT 1 FROM arrivals AS r WHERE r.company_id = d.company_id AND r.connection_id = d.connection_id
		AND r.related_id IN (d.external_id, d.related_id) AND r.kind = 'dispute_reversal' AND r.state = 'integrated')
	AND NOT (d.state = 'integrated' AND d.document_kind = 'invoice' AND EXISTS (SELECT 1 FROM invoices AS i
		WHERE i.company_id = d.company_id AND i.id = d.document_id AND i.dispute = 0))`

// expired selects payloads that nothing needs any longer, see app.Views. A fee that is still awaited shows in the flags,
// one that is known and not posted in to_do.
const expired = `SELECT p.id, p.subject_id, p.hash, p.first_seen FROM evidence_payloads AS p
	LEFT JOIN arrivals AS a ON a.company_id = p.company_id AND a.id = p.subject_id
	LEFT JOIN deliveries AS w ON w.company_id = p.company_id AND w.id = p.subject_id
	WHERE p.company_id = ? AND p.erased_at = 0 AND p.first_seen < ?
	AND coalesce(w.state, '') <> 'stored'
	AND (a.id IS NULL OR a.state IN ('integrated', 'dismissed', 'void') AND NOT a.to_do
		AND NOT (a.state = 'integrated' AND a.flags LIKE '%"fee_pending"%')
		AND NOT EXISTS (SELECT 1 FROM arrivals AS d WHERE d.company_id = a.company_id AND d.id = a.id AND ` + unsettled + `)
		AND NOT EXISTS (SELECT 1 FROM arrivals AS d WHERE d.company_id = a.company_id AND d.connection_id = a.connection_id
			AND d.related_id = a.external_id AND ` + unsettled + `))
	ORDER BY p.first_seen, p.id LIMIT ?`

// EvidenceExpired implements app.Views.
func (s *Store) EvidenceExpired(ctx context.Context, company string, before time.Time, limit int) ([]inbox.Payload, error) {
	rows, err := s.read.QueryContext(ctx, expired, company, micros(before), limit)
	if err != nil {
		return nil, s.refusal(ctx, err, nil)
	}
	var out []inbox.Payload
	err = scanAll(rows, func() error {
		var p inbox.Payload
		var seen int64
		err := rows.Scan(&p.ID, &p.Subject, &p.Hash, &seen)
		p.FirstSeen = instant(seen)
		out = append(out, p)
		return err
	})
	return out, s.refusal(ctx, err, nil)
}

// subjectsAtOnce is how many files EvidenceAll lists at a time; their payloads are read one by one.
const subjectsAtOnce = 500

// EvidenceAll implements app.Views. It holds no snapshot: what is added while it runs is seen or not, and what is erased
// meanwhile is read again.
func (s *Store) EvidenceAll(ctx context.Context, company string, each func(app.EvidenceLine) error) error {
	for last := ""; ; {
		files, err := evidence.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("id > ?", last).Order("id").Limit(subjectsAtOnce)
		})
		if err != nil {
			return s.refusal(ctx, err, nil)
		}
		for _, e := range files {
			if err := s.evidenceOf(ctx, company, e, each); err != nil {
				return err
			}
		}
		if len(files) < subjectsAtOnce {
			return s.restingOnNothing(ctx, company, each)
		}
		last = files[len(files)-1].ID
	}
}

func (s *Store) evidenceOf(ctx context.Context, company string, e inbox.Evidence, each func(app.EvidenceLine) error) error {
	ids := make([]string, len(e.Pieces))
	for i, p := range e.Pieces {
		ids[i] = inbox.PayloadID(company, e.ID, p.Hash)
	}
	found, err := payloads.values(ctx, s.read, company, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("id IN (?)", bun.In(ids)) })
	if err != nil {
		return s.refusal(ctx, err, nil)
	}
	held := map[string][]byte{}
	for _, p := range found {
		held[p.ID] = p.Sealed
	}
	for i, p := range e.Pieces {
		if len(held[ids[i]]) == 0 && p.ErasedAt.IsZero() {
			now, err := s.Evidence(ctx, company, e.ID)
			if err != nil {
				return err
			}
			again, there := now.Find(p.Hash)
			if !there {
				continue // let go meanwhile
			}
			p = again
		}
		if err := each(app.EvidenceLine{Piece: p, Subject: e.ID, Sealed: held[ids[i]]}); err != nil {
			return err
		}
	}
	return nil
}

// restingOnNothing gives the hashes that arrivals rest on and that are in no file.
func (s *Store) restingOnNothing(ctx context.Context, company string, each func(app.EvidenceLine) error) error {
	rows, err := s.read.QueryContext(ctx, `SELECT h.id, h.hash FROM (
			SELECT id, evidence_hash AS hash FROM arrivals WHERE company_id = ?0
			UNION SELECT id, entry_evidence FROM arrivals WHERE company_id = ?0
			UNION SELECT id, fee_evidence FROM arrivals WHERE company_id = ?0) AS h
		LEFT JOIN evidence AS e ON e.company_id = ?0 AND e.id = h.id
		WHERE h.hash <> '' AND (e.id IS NULL OR e.pieces NOT LIKE '%"' || h.hash || '"%')
		ORDER BY h.id, h.hash`, company)
	if err != nil {
		return s.refusal(ctx, err, nil)
	}
	return scanAll(rows, func() error {
		var l app.EvidenceLine
		if err := rows.Scan(&l.Subject, &l.Hash); err != nil {
			return err
		}
		return each(l)
	})
}
