package app

import (
	"context"
	"errors"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/inbox"
)

const (
	// eraseEvery is how often payloads past their retention are looked for; the setting counts in months.
	eraseEvery = time.Hour
	// eraseBatch bounds how many one transaction erases, so that nobody waits for the pen.
	eraseBatch = 200
)

// EraseExpired erases the payloads of a company whose retention is over, and returns how many: the sealed bytes go, hash,
// size and dates stay. What is not decided yet, has a commission to come, or is in dispute keeps its own.
func (a *App) EraseExpired(ctx context.Context, company string) (int, error) {
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return 0, err
	}
	months := setup.Company.KeepEvidence()
	before := a.Now().UTC().AddDate(0, -months, 0)
	done := 0
	for ctx.Err() == nil {
		due, err := a.Views.EvidenceExpired(ctx, company, before, eraseBatch)
		if err != nil || len(due) == 0 {
			return done, err
		}
		n, err := a.erase(ctx, company, due, months)
		if done += n; err != nil || n == 0 || len(due) < eraseBatch {
			return done, err
		}
	}
	return done, ctx.Err()
}

// erase looks again under the pen whether each payload may go: what it belongs to may have changed meanwhile.
func (a *App) erase(ctx context.Context, company string, due []inbox.Payload, months int) (int, error) {
	n := 0
	err := a.Books.Write(books.WithoutKey(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		n = 0
		subjects := make([]string, len(due))
		for i, p := range due {
			subjects[i] = p.Subject
		}
		if err := errors.Join(tx.Evidence.Load(ctx, subjects...), tx.Arrivals.Load(ctx, subjects...)); err != nil {
			return err
		}
		for _, p := range due {
			ar, ok, err := tx.Arrivals.Find(ctx, p.Subject)
			if err != nil {
				return err
			}
			if ok && !ar.Over() {
				continue
			}
			e, _, err := tx.Evidence.Find(ctx, p.Subject)
			if err != nil {
				return err
			}
			for i := range e.Pieces {
				if e.Pieces[i].Hash == p.Hash && e.Pieces[i].ErasedAt.IsZero() {
					e.Pieces[i].ErasedAt, e.Pieces[i].Months = tx.Now(), months
					e.Version++
					tx.Evidence.Put(e)
				}
			}
			p.Sealed, p.ErasedAt = nil, tx.Now()
			tx.Payloads.Put(p)
			n++
		}
		return nil
	})
	return n, err
}

// eraseAll erases what is past its retention in every company.
func (a *App) eraseAll(ctx context.Context) {
	all, err := a.Views.Companies(ctx)
	if err != nil {
		a.Log.Warn("companies could not be listed", err)
		return
	}
	for _, c := range all {
		n, err := a.EraseExpired(ctx, c.ID)
		if err != nil && ctx.Err() == nil {
			a.Log.Warn("payloads past their retention could not be erased", err, "company", c.ID)
		}
		if n > 0 {
			a.Log.Info("payloads past their retention were erased", "company", c.ID, "count", itoa(int64(n)))
		}
	}
}

// eraseNowAndThen is the worker of retention.
func (a *App) eraseNowAndThen(ctx context.Context) {
	tick := time.NewTicker(eraseEvery)
	defer tick.Stop()
	for {
		a.eraseAll(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// EvidenceFault says what is wrong with a payload that was kept.
type EvidenceFault string

const (
	EvidenceMissing EvidenceFault = "missing" // something rests on it, and it is not there
	EvidenceAltered EvidenceFault = "altered" // it does not open, or has another hash
)

// EvidenceReport says what verifying the payloads of a company found.
type EvidenceReport struct {
	Sound  int64 // opened, and of the hash on record
	Erased int64 // after their retention
	Bad    int64
	First  *BadEvidence // the first of the bad; nil when all is well
}

// BadEvidence is one payload that is not what the books say.
type BadEvidence struct {
	Subject string
	Hash    string
	What    EvidenceFault
}

// VerifyEvidence opens every payload that is held and compares its hash with the one on record, and looks for those that an
// arrival rests on and that are not there. What is bad is a finding, not an error. It opens everything, but shows nothing.
func (a *App) VerifyEvidence(ctx context.Context, who access.Actor) (EvidenceReport, error) {
	var r EvidenceReport
	if err := who.May(access.ExportBooks); err != nil {
		return r, err
	}
	err := a.Views.EvidenceAll(ctx, who.Company, func(l EvidenceLine) error {
		what := EvidenceFault("")
		switch {
		case !l.ErasedAt.IsZero():
			r.Erased++
			return nil
		case len(l.Sealed) == 0:
			what = EvidenceMissing
		default:
			if _, err := a.openPayload(who.Company, l.Subject, l.Hash, l.Sealed); err != nil {
				what = EvidenceAltered
			}
		}
		if what == "" {
			r.Sound++
			return nil
		}
		r.Bad++
		if r.First == nil {
			r.First = &BadEvidence{l.Subject, l.Hash, what}
		}
		return nil
	})
	return r, err
}
