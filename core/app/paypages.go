package app

import (
	"context"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
)

// OpenPage is the attempt in progress on a document: a gateway's page that may be paid, or a payment on its way. false: none.
func (a *App) OpenPage(ctx context.Context, who access.Actor, document string) (inbox.Attempt, bool, error) {
	if err := who.May(access.Read); err != nil {
		return inbox.Attempt{}, false, err
	}
	l, err := a.Views.PayLink(ctx, who.Company, document)
	if fault.KindOf(err) == fault.NotFound {
		return inbox.Attempt{}, false, nil
	}
	if err != nil {
		return inbox.Attempt{}, false, err
	}
	at, err := a.lastAttempt(ctx, who.Company, l)
	return at, err == nil && at.State.InProgress(), err
}

// ClosePayPage closes the gateway's page that is open on a document; its link stays, and a click opens another page. The
// attempt it answers with says what came of it: expired, or succeeded when it was paid meanwhile: that payment is in the
// inbox. Codes: unknown_thing, no_page_open, payment_in_progress when a payment is on its way, and the gateway's.
func (a *App) ClosePayPage(ctx context.Context, who access.Actor, document string) (inbox.Attempt, error) {
	if err := who.May(access.Sell); err != nil {
		return inbox.Attempt{}, err
	}
	l, err := a.Views.PayLink(ctx, who.Company, document)
	if err != nil {
		return inbox.Attempt{}, err
	}
	at, err := a.lastAttempt(ctx, who.Company, l)
	if err != nil {
		return at, err
	}
	if !at.State.InProgress() {
		return at, fault.New(fault.Refused, fault.NoPageOpen)
	}
	if err := a.closeAttempt(ctx, who.Company, at); err != nil {
		return at, err
	}
	if at, err = a.Views.Attempt(ctx, who.Company, at.ID); err != nil || at.State != inbox.Expired {
		return at, err
	}
	return at, a.Books.Write(books.WithoutKey(ctx), who.Company, func(_ context.Context, tx *books.Tx) error {
		tx.Log(who.Name, "pay_page_closed", document, at.Amount.String())
		return nil
	})
}
