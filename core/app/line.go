package app

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// line stands in front of a connection's gateway and watches what each call answers, whoever makes it: a provider that
// does not answer is left in peace for a while, and one that refuses our credentials turns the connection to "needs
// attention". A webhook that comes in is not a call of ours and passes unwatched: anybody can send one.
type line struct {
	gateway.Gateway
	app     *App
	company string
	conn    inbox.Connection
}

// errResting is the answer to calls that are not made while a provider is left in peace.
var errResting = gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "resting", "the provider did not answer several times; it is asked again later")

func call[T any](ctx context.Context, l *line, fn func() (T, error)) (T, error) {
	if !l.app.breakers.may(l.conn.ID) {
		var none T
		return none, errResting
	}
	out, err := fn()
	l.app.breakers.learn(ctx, l.conn.ID, err)
	if e := refusedKey(err); e != nil {
		l.app.needsAttention(context.WithoutCancel(ctx), l.company, l.conn, e)
	}
	return out, err
}

// refusedKey is what a provider said that refused our credentials; nil when err is anything else. That a gateway's program
// cannot be used is the host's trouble and comes with a fault.
func refusedKey(err error) *gateway.Error {
	if err == nil || len(fault.All(err)) > 0 {
		return nil
	}
	if e := gateway.AsError(err); e.Kind == gateway.ErrConfig {
		return e
	}
	return nil
}

// watched puts a line in front of a gateway; it has the same optional abilities.
func (a *App) watched(company string, conn inbox.Connection, g gateway.Gateway) gateway.Gateway {
	return gateway.Only(&line{g, a, company, conn}, func(c gateway.Capability) bool {
		var ok bool
		switch c {
		case gateway.CanRefund:
			_, ok = g.(gateway.Refunder)
		case gateway.CanExpire:
			_, ok = g.(gateway.Expirer)
		case gateway.CanBalance:
			_, ok = g.(gateway.BalanceReader)
		case gateway.CanInstallWebhook:
			_, ok = g.(gateway.WebhookInstaller)
		case gateway.CanPayoutItems:
			_, ok = g.(gateway.PayoutReader)
		}
		return ok
	})
}

// CreateCheckout implements gateway.Gateway.
func (l *line) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	return call(ctx, l, func() (gateway.Checkout, error) { return l.Gateway.CreateCheckout(ctx, r) })
}

// SettleCheckout implements gateway.Gateway.
func (l *line) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	return call(ctx, l, func() (gateway.CheckoutStatus, error) { return l.Gateway.SettleCheckout(ctx, r) })
}

// ListPayments implements gateway.Gateway.
func (l *line) ListPayments(ctx context.Context, r gateway.ListRequest) (gateway.Page, error) {
	return call(ctx, l, func() (gateway.Page, error) { return l.Gateway.ListPayments(ctx, r) })
}

// FetchPayment implements gateway.Gateway.
func (l *line) FetchPayment(ctx context.Context, id string) (gateway.Payment, error) {
	return call(ctx, l, func() (gateway.Payment, error) { return l.Gateway.FetchPayment(ctx, id) })
}

// The optional abilities are only reached where watched found them.

// Refund implements gateway.Refunder.
func (l *line) Refund(ctx context.Context, r gateway.RefundRequest) (gateway.Payment, error) {
	return call(ctx, l, func() (gateway.Payment, error) { return l.Gateway.(gateway.Refunder).Refund(ctx, r) })
}

// ExpireCheckout implements gateway.Expirer.
func (l *line) ExpireCheckout(ctx context.Context, session string) (gateway.CheckoutStatus, error) {
	return call(ctx, l, func() (gateway.CheckoutStatus, error) {
		return l.Gateway.(gateway.Expirer).ExpireCheckout(ctx, session)
	})
}

// Balance implements gateway.BalanceReader.
func (l *line) Balance(ctx context.Context) ([]money.Money, error) {
	return call(ctx, l, func() ([]money.Money, error) { return l.Gateway.(gateway.BalanceReader).Balance(ctx) })
}

// InstallWebhook implements gateway.WebhookInstaller.
func (l *line) InstallWebhook(ctx context.Context, url string) (map[string]string, error) {
	return call(ctx, l, func() (map[string]string, error) {
		return l.Gateway.(gateway.WebhookInstaller).InstallWebhook(ctx, url)
	})
}

// PayoutItems implements gateway.PayoutReader.
func (l *line) PayoutItems(ctx context.Context, payout string) ([]string, error) {
	return call(ctx, l, func() ([]string, error) { return l.Gateway.(gateway.PayoutReader).PayoutItems(ctx, payout) })
}

// noticeWithin bounds how long noting refused credentials may keep the call that met them.
const noticeWithin = 20 * time.Second

// needsAttention stops a connection whose credentials the provider refused, and says so once: in its history, on the home
// page, and by mail to those who can mend it. Going on with a revoked key locks accounts out. Credentials that were
// replaced while the call was under way are not to blame.
func (a *App) needsAttention(ctx context.Context, company string, conn inbox.Connection, cause *gateway.Error) {
	ctx, cancel := context.WithTimeout(books.WithoutKey(ctx), noticeWithin)
	defer cancel()
	who, err := a.whoConfigures(ctx, company)
	if err != nil {
		a.Log.Warn("those who configure could not be listed", err, "company", company)
	}
	err = a.Books.Write(ctx, company, func(_ context.Context, tx *books.Tx) error {
		now, ok := tx.Setup().Connections[conn.ID]
		if !ok || now.Status != inbox.Connected || !bytes.Equal(now.Sealed, conn.Sealed) || !maps.Equal(now.Public, conn.Public) {
			return nil
		}
		now.Status, now.Problem = inbox.NeedsAttention, string(fault.GatewayCredentials)
		now.Detail = clipRunes(strings.TrimSpace(cause.Code+" "+cause.Detail), 300)
		now.Version++
		tx.Set(now)
		tx.Log("Acquit", "connection_refused", now.ID, now.Label)
		if !mailSet(tx.Setup().Company) {
			return nil
		}
		for _, u := range who {
			tx.Mails.Put(inbox.Mail{ID: ids.Derive(ids.Mail, now.ID, itoa(now.Version), string(u.Email)), Template: connectionLost, Ref: now.ID,
				To: string(u.Email), ToName: u.Name, Language: u.Language, State: inbox.MailQueued, NextTry: tx.Now(), CreatedAt: tx.Now(),
				CreatedBy: "Acquit", Version: 1})
		}
		return nil
	})
	if err != nil {
		a.Log.Warn("refused credentials could not be noted", err, "connection", conn.ID)
		return
	}
	wake(a.nudge.mail)
}

// connectionLost is the mail to those who can mend a connection.
const connectionLost = "connection_lost"

// whoConfigures lists the members of a company who may mend its connections.
func (a *App) whoConfigures(ctx context.Context, company string) ([]configurer, error) {
	members, err := a.Directory.Users(ctx, company)
	var out []configurer
	for _, m := range members {
		if m.User.Active && m.Role.Can(access.Configure) {
			out = append(out, configurer{m.User.Email, m.User.Name, m.User.Language})
		}
	}
	return out, err
}

// configurer is somebody who may mend a connection.
type configurer struct {
	Email          party.Email
	Name, Language string
}

// sendNotice sends the mail about a connection that needs attention, as it stands when the mail leaves. It carries no paper.
func (a *App) sendNotice(ctx context.Context, s *books.Setup, via MailSettings, m inbox.Mail) (subject string, err error) {
	c := s.Connections[m.Ref]
	account := c.Account
	if account == "" {
		account = c.AccountID
	}
	subject, text, html, err := a.Letters.Write(Letter{Kind: connectionLost, Lang: m.Language, Company: s.Company.Name, Customer: m.ToName, Title: c.Label,
		Number: account, Note: c.Detail, Screen: a.BaseURL + "/c/" + s.Company.ID + "/settings/gateways/" + c.ID})
	if err != nil {
		return "", err
	}
	return subject, a.Mailer.Send(ctx, via, Message{ID: m.ID, To: m.To, ToName: m.ToName, Subject: subject, Text: text, HTML: html})
}

// attention is why a connection is not used until somebody mends it. Code: the connection's problem.
func attention(c inbox.Connection) error {
	code := fault.Code(c.Problem)
	if code == "" {
		code = fault.GatewayCredentials
	}
	all := map[string]string{"gateway": c.Label, "detail": c.Detail, "missing": c.Detail}
	var params []string
	for _, name := range fault.ParamsOf(code) {
		params = append(params, name, all[name])
	}
	return fault.New(fault.Refused, code, params...)
}
