package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// tokenBytes is the size of a pay link's random token: 192 bits, more than the 128 below which guessing is thinkable, and
// a multiple of three so that base64 needs no padding.
const tokenBytes = 24

// ensureLink gives a document its lasting link if it has none.
func (a *App) ensureLink(ctx context.Context, tx *books.Tx, l inbox.PayLink) error {
	if _, ok, err := tx.Links.Find(ctx, l.ID); err != nil || ok {
		return err
	}
	return a.mintToken(tx, &l)
}

func (a *App) mintToken(tx *books.Tx, l *inbox.PayLink) error {
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return err
	}
	token := base64.RawURLEncoding.EncodeToString(raw)
	sealed, err := a.Sealer.Seal([]byte(token), linkBind(tx.Company(), l.ID))
	if err != nil {
		return err
	}
	l.Hash, l.Sealed, l.CreatedAt = hashToken(token), sealed, tx.Now()
	l.Version++
	tx.Links.Put(*l)
	return nil
}

func linkBind(company, document string) string { return company + "/link/" + document }

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// PayURL is the lasting address where a document is paid. Code: unknown_thing when it has none, link_revoked.
func (a *App) PayURL(ctx context.Context, who access.Actor, document string) (string, error) {
	if err := who.May(access.Read); err != nil {
		return "", err
	}
	l, err := a.Views.PayLink(ctx, who.Company, document)
	if err != nil {
		return "", err
	}
	return a.payURL(who.Company, l)
}

func (a *App) payURL(company string, l inbox.PayLink) (string, error) {
	if l.Revoked {
		return "", fault.New(fault.Refused, fault.LinkRevoked)
	}
	token, err := a.Sealer.Open(l.Sealed, linkBind(company, l.ID))
	if err != nil {
		return "", err
	}
	return a.BaseURL + "/p/" + string(token), nil
}

// RevokeLink makes a document's link lead nowhere. The open checkout is closed first. Codes: unknown_thing, payment_in_progress.
func (a *App) RevokeLink(ctx context.Context, who access.Actor, document string) error {
	return a.changeLink(ctx, who, document, "link_revoked", func(_ *books.Tx, l *inbox.PayLink) error {
		l.Revoked = true
		return nil
	})
}

// RenewLink replaces a document's link by a new one; mails and PDFs sent before lead nowhere. Codes: unknown_thing, payment_in_progress.
func (a *App) RenewLink(ctx context.Context, who access.Actor, document string) error {
	return a.changeLink(ctx, who, document, "link_renewed", func(tx *books.Tx, l *inbox.PayLink) error {
		l.Revoked = false
		return a.mintToken(tx, l)
	})
}

func (a *App) changeLink(ctx context.Context, who access.Actor, document, action string, fn func(*books.Tx, *inbox.PayLink) error) error {
	if err := who.May(access.Sell); err != nil {
		return err
	}
	if err := a.closeCheckout(ctx, who.Company, document); err != nil {
		return err
	}
	return a.write(ctx, who, access.Sell, func(ctx context.Context, tx *books.Tx) error {
		l, err := tx.Links.Get(ctx, document)
		if err != nil {
			return err
		}
		if err := a.refuseInProgress(ctx, tx, l); err != nil {
			return err
		}
		if err := fn(tx, &l); err != nil {
			return err
		}
		l.Version++
		tx.Links.Put(l)
		tx.Log(who.Name, action, document, "")
		return nil
	}, books.Ref{Kind: books.Links, ID: document})
}

// refuseInProgress refuses while a payment of the document is under way. Code: payment_in_progress.
func (a *App) refuseInProgress(ctx context.Context, tx *books.Tx, l inbox.PayLink) error {
	at, ok, err := tx.Attempts.Find(ctx, l.AttemptID)
	if err == nil && ok && at.State.InProgress() {
		err = fault.New(fault.Conflict, fault.PaymentInProgress)
	}
	return err
}

// payable is what a link pays, as it stands now.
type payable struct {
	Link    inbox.PayLink
	Invoice *billing.Invoice
	Quote   *billing.Quote
	Deposit *billing.Deposit
	Waiting int64 // paid at a gateway and not posted yet, minor units
}

// due is the amount to ask for at this moment.
func (p payable) due() money.Money {
	if p.Invoice != nil {
		return money.Of(max(0, p.Invoice.Collectable()-p.Waiting), p.Invoice.Currency)
	}
	if !p.Quote.Open() {
		return money.Zero(p.Quote.Currency)
	}
	return money.Of(max(0, p.Deposit.Due()-p.Waiting), p.Quote.Currency)
}

func (p payable) methodID() string {
	if p.Invoice != nil {
		return p.Invoice.MethodID
	}
	return p.Deposit.MethodID
}

func (p payable) number() string {
	if p.Invoice != nil {
		return p.Invoice.Number
	}
	return p.Quote.Number
}

func (p payable) language() string {
	if p.Invoice != nil {
		return p.Invoice.Language
	}
	return p.Quote.Language
}

// payableIn loads what a link pays inside a transaction.
func payableIn(ctx context.Context, tx *books.Tx, l inbox.PayLink) (payable, error) {
	p := payable{Link: l}
	if l.Document == inbox.InvoiceDocument {
		v, err := tx.Invoices.Get(ctx, l.ID)
		p.Invoice = &v
		return p, err
	}
	q, err := tx.Quotes.Get(ctx, l.QuoteID)
	if err != nil {
		return p, err
	}
	p.Quote = &q
	p.Deposit, err = q.Deposit(l.ID)
	return p, err
}

// payableNow loads what a link pays outside of any transaction.
func (a *App) payableNow(ctx context.Context, company string, l inbox.PayLink) (payable, error) {
	p := payable{Link: l}
	var err error
	if p.Waiting, err = a.Views.Waiting(ctx, company, l.ID); err != nil {
		return p, err
	}
	if l.Document == inbox.InvoiceDocument {
		v, err := a.Views.Invoice(ctx, company, l.ID)
		p.Invoice = &v
		return p, err
	}
	q, err := a.Views.Quote(ctx, company, l.QuoteID)
	if err != nil {
		return p, err
	}
	p.Quote = &q
	p.Deposit, err = q.Deposit(l.ID)
	return p, err
}

// offers lists the connections a payer may choose from: those switched on and working, when the document's payment method
// allows online payment and the customer has an e-mail address: without one online payment is offered to nobody.
func offers(s *books.Setup, methodID string, customer party.Customer) []inbox.Connection {
	m, ok := s.Methods[methodID]
	if !ok || !m.Online || !m.Active || customer.Email == "" {
		return nil
	}
	var out []inbox.Connection
	for _, c := range s.Connections {
		if c.On && c.Status == inbox.Connected {
			out = append(out, c)
		}
	}
	sortConnections(out)
	return out
}
