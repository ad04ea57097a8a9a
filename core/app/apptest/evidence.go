package apptest

import (
	"context"
	"slices"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// Evidence implements app.Views.
func (s *Store) Evidence(_ context.Context, company, subject string) (inbox.Evidence, error) {
	return one[inbox.Evidence](s, company, books.Evidence, subject)
}

// Payload implements app.Views.
func (s *Store) Payload(_ context.Context, company, id string) (inbox.Payload, error) {
	return one[inbox.Payload](s, company, books.Payloads, id)
}

// PayloadsHeld implements app.Views.
func (s *Store) PayloadsHeld(_ context.Context, company string, ids []string) (map[string]bool, error) {
	return look(s, company, func(b *shelf) (map[string]bool, error) {
		out := map[string]bool{}
		for _, id := range ids {
			if len(get[inbox.Payload](b, books.Payloads, id).Sealed) > 0 {
				out[id] = true
			}
		}
		return out, nil
	})
}

// EvidenceExpired implements app.Views.
func (s *Store) EvidenceExpired(_ context.Context, company string, before time.Time, limit int) ([]inbox.Payload, error) {
	return look(s, company, func(b *shelf) ([]inbox.Payload, error) {
		arrivals := all(b, books.Arrivals, func(inbox.Arrival) bool { return true })
		out := all(b, books.Payloads, func(p inbox.Payload) bool {
			if !p.ErasedAt.IsZero() || !p.FirstSeen.Before(before) {
				return false
			}
			if ar, ok := b.records[books.Ref{Kind: books.Arrivals, ID: p.Subject}].(inbox.Arrival); ok {
				return ar.Over() && !contested(b, arrivals, ar)
			}
			return get[inbox.Delivery](b, books.Deliveries, p.Subject).State != inbox.DeliveryStored
		})
		slices.SortStableFunc(out, func(a, b inbox.Payload) int { return a.FirstSeen.Compare(b.FirstSeen) })
		out = out[:min(len(out), limit)]
		for i := range out {
			out[i].Sealed = nil
		}
		return out, nil
	})
}

// contested says whether a movement is a dispute that was neither won nor written off, or was disputed by one.
func contested(b *shelf, all []inbox.Arrival, ar inbox.Arrival) bool {
	settled := func(d inbox.Arrival) bool {
		if d.State == inbox.Integrated && d.Document == inbox.InvoiceDocument && get[billing.Invoice](b, books.Invoices, d.DocumentID).Dispute == 0 {
			return true
		}
		return slices.ContainsFunc(all, func(r inbox.Arrival) bool {
			return r.Kind == gateway.KindDisputeReversal && r.ConnectionID == d.ConnectionID && r.State == inbox.Integrated && (r.RelatedID == d.ExternalID || r.RelatedID == d.RelatedID)
		})
	}
	open := func(d inbox.Arrival) bool {
		return d.Kind == gateway.KindDispute && d.State != inbox.Void && d.State != inbox.Dismissed && !settled(d)
	}
	return open(ar) || slices.ContainsFunc(all, func(d inbox.Arrival) bool {
		return d.ConnectionID == ar.ConnectionID && d.RelatedID == ar.ExternalID && open(d)
	})
}

// EvidenceAll implements app.Views.
func (s *Store) EvidenceAll(_ context.Context, company string, each func(app.EvidenceLine) error) error {
	lines, err := look(s, company, func(b *shelf) ([]app.EvidenceLine, error) {
		var out []app.EvidenceLine
		for _, e := range all(b, books.Evidence, func(inbox.Evidence) bool { return true }) {
			for _, p := range e.Pieces {
				sealed := get[inbox.Payload](b, books.Payloads, inbox.PayloadID(company, e.ID, p.Hash)).Sealed
				out = append(out, app.EvidenceLine{Piece: p, Subject: e.ID, Sealed: sealed})
			}
		}
		for _, ar := range all(b, books.Arrivals, func(inbox.Arrival) bool { return true }) {
			e := get[inbox.Evidence](b, books.Evidence, ar.ID)
			for _, hash := range []string{ar.EvidenceHash, ar.EntryEvidence, ar.FeeEvidence} {
				if _, ok := e.Find(hash); hash != "" && !ok {
					out = append(out, app.EvidenceLine{Piece: inbox.Piece{Hash: hash}, Subject: ar.ID})
				}
			}
		}
		return out, nil
	})
	for i := 0; err == nil && i < len(lines); i++ {
		err = each(lines[i])
	}
	return err
}
