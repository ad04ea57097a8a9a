package api

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/inbox"
)

func (s *service) payLinks() {
	const tag = "Pay links"
	add(s, endpoint{method: get, path: "/pay-links/{document}", id: "getPayLink", tag: tag, needs: access.Read,
		summary: "The lasting address where an invoice or a deposit is paid, and the attempts made", text: "An invoice has one once it is issued, a deposit once it is validated."}, s.getPayLink)
	add(s, endpoint{method: post, path: "/pay-links/{document}/renew", id: "renewPayLink", tag: tag, needs: access.Sell,
		summary: "Replace the address", text: "Mails and PDFs sent before then lead nowhere."}, s.renewPayLink)
	add(s, endpoint{method: post, path: "/pay-links/{document}/revoke", id: "revokePayLink", tag: tag, needs: access.Sell,
		summary: "Make the address lead nowhere"}, s.revokePayLink)
	add(s, endpoint{method: post, path: "/pay-links/{document}/close", id: "closePayPage", tag: tag, needs: access.Sell,
		summary: "Close the gateway's page that is open", text: "The address stays. The newest attempt says what came of it: `expired`, or `succeeded` when it was paid meanwhile."}, s.closePayPage)
}

// payLink is the lasting link of a document.
type payLink struct {
	Document  documentID `json:"document_id"`
	Kind      string     `json:"kind" enum:"invoice,deposit"`
	QuoteID   quoteID    `json:"quote_id,omitzero"`
	URL       string     `json:"url,omitzero" format:"uri" doc:"Absent when revoked. Whoever has it may pay."`
	Revoked   bool       `json:"revoked"`
	CreatedAt time.Time  `json:"created_at"`
	Attempts  []attempt  `json:"attempts" doc:"Newest first."`
}

// attempt is one try to pay a document.
type attempt struct {
	ID           string       `json:"id"`
	ConnectionID connectionID `json:"connection_id"`
	Amount       amount       `json:"amount"`
	State        string       `json:"state" enum:"created,opened,pending,succeeded,failed,expired"`
	Reason       string       `json:"reason,omitzero" doc:"The provider's code, or one of ours: superseded, no_answer, not_found, capture, gateway_…"`
	ReasonText   string       `json:"reason_text,omitzero" doc:"What it means, in the caller's language; the code itself where nobody explains it."`
	Declines     int          `json:"declines,omitzero" doc:"How often the payer was declined and sent back to the same page."`
	ExpiresAt    time.Time    `json:"expires_at"`
	CreatedAt    time.Time    `json:"created_at"`
	UpdatedAt    time.Time    `json:"updated_at"`
}

func attemptOf(a inbox.Attempt) attempt {
	return attempt{ID: a.ID, ConnectionID: connectionID(a.ConnectionID), Amount: moneyAmount(a.Amount), State: string(a.State), Reason: a.Reason,
		Declines: a.Declines, ExpiresAt: a.ExpiresAt, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt}
}

type documentPath struct {
	Document documentID `path:"document"`
}

func (s *service) getPayLink(c *call, in *documentPath) (payLink, error) {
	v, err := s.views(c)
	if err != nil {
		return payLink{}, err
	}
	l, err := v.PayLink(c.ctx, c.who.Company, string(in.Document))
	if err != nil {
		return payLink{}, err
	}
	tries, err := v.AttemptsOf(c.ctx, c.who.Company, l.ID)
	if err != nil {
		return payLink{}, err
	}
	out := payLink{Document: documentID(l.ID), Kind: string(l.Document), QuoteID: quoteID(l.QuoteID), Revoked: l.Revoked, CreatedAt: l.CreatedAt,
		Attempts: each(tries, attemptOf)}
	explain := s.explainer(c)
	for i, at := range tries {
		out.Attempts[i].ReasonText = explain(at.ConnectionID, at.Reason)
	}
	if !l.Revoked {
		out.URL, err = s.app.PayURL(c.ctx, c.who, l.ID)
	}
	return out, err
}

func (s *service) changePayLink(c *call, in *documentPath, do func(context.Context, access.Actor, string) error) (payLink, error) {
	if err := c.done(do(c.ctx, c.who, string(in.Document))); err != nil {
		return payLink{}, err
	}
	return s.getPayLink(c, in)
}

func (s *service) renewPayLink(c *call, in *documentPath) (payLink, error) {
	return s.changePayLink(c, in, s.app.RenewLink)
}

func (s *service) closePayPage(c *call, in *documentPath) (payLink, error) {
	_, err := s.once(c, func(ctx context.Context) (string, error) {
		_, err := s.app.ClosePayPage(ctx, c.who, string(in.Document))
		return string(in.Document), err
	})
	if err := c.done(err); err != nil {
		return payLink{}, err
	}
	return s.getPayLink(c, in)
}

func (s *service) revokePayLink(c *call, in *documentPath) (payLink, error) {
	return s.changePayLink(c, in, s.app.RevokeLink)
}
