package app

import (
	"context"
	"errors"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
)

const (
	// maxMailTries bounds retries of a mail that the server refuses for now; with the back-off the last is two days after the first.
	maxMailTries = 12
	// mailLease is how long a mail stays with the worker that took it; a crash gives it back after that.
	mailLease = 2 * time.Minute
)

// queueMail puts a mail about a document into the durable outbox, in the transaction that makes it necessary. Codes:
// email_missing (saying whose), mail_not_set.
func (a *App) queueMail(tx *books.Tx, who access.Actor, template, ref string, c party.Customer) error {
	if c.Email == "" {
		return fault.New(fault.Refused, fault.EmailMissing, "customer", c.Name)
	}
	if tx.Setup().Company.Mail.Kind == "" {
		return fault.New(fault.Refused, fault.MailNotSet)
	}
	tx.Mails.Put(inbox.Mail{ID: ids.New(ids.Mail), Template: template, Ref: ref, To: string(c.Email), ToName: c.Name, Language: c.Language,
		State: inbox.MailQueued, NextTry: tx.Now(), CreatedAt: tx.Now(), CreatedBy: who.Name, Version: 1})
	return nil
}

// ResendMail queues a failed mail again. Codes: unknown_thing, mail_not_pending.
func (a *App) ResendMail(ctx context.Context, who access.Actor, id string) error {
	err := a.write(ctx, who, access.Sell, func(ctx context.Context, tx *books.Tx) error {
		m, err := tx.Mails.Get(ctx, id)
		if err != nil {
			return err
		}
		if m.State != inbox.MailFailed && m.State != inbox.MailSent {
			return fault.New(fault.Conflict, fault.MailNotPending)
		}
		if m.State == inbox.MailSent {
			m.ID = ids.New(ids.Mail) // a second mail, with a message id of its own
			m.CreatedAt, m.CreatedBy, m.SentAt = tx.Now(), who.Name, time.Time{}
		}
		m.State, m.Tries, m.NextTry, m.Problem, m.Detail = inbox.MailQueued, 0, tx.Now(), "", ""
		m.Version++
		tx.Mails.Put(m)
		return nil
	}, books.Ref{Kind: books.Mails, ID: id})
	if err == nil {
		wake(a.nudge.mail)
	}
	return err
}

// DeliverMail makes and sends one queued mail. It leaves at least once: a crash between sending and noting it sends it again
// with the same Message-ID. A refusal for good marks it failed; anything else tries again later.
func (a *App) DeliverMail(ctx context.Context, company, id string) error {
	var m inbox.Mail
	taken := false
	err := a.Books.Write(ctx, company, func(ctx context.Context, tx *books.Tx) error {
		var err error
		if m, err = tx.Mails.Get(ctx, id); err != nil {
			return err
		}
		taken = (m.State == inbox.MailQueued || m.State == inbox.MailSending) && !m.NextTry.After(tx.Now())
		if !taken {
			return nil
		}
		m.State, m.NextTry = inbox.MailSending, tx.Now().Add(mailLease)
		m.Tries++
		m.Version++
		tx.Mails.Put(m)
		return nil
	}, books.Ref{Kind: books.Mails, ID: id})
	if err != nil || !taken {
		return err
	}
	subject, cause := a.sendMail(ctx, company, m)
	return a.Books.Write(context.WithoutCancel(ctx), company, func(ctx context.Context, tx *books.Tx) error {
		now, err := tx.Mails.Get(ctx, id)
		if err != nil {
			return err
		}
		now.Subject = subject
		switch {
		case cause == nil:
			now.State, now.SentAt, now.Problem, now.Detail = inbox.MailSent, tx.Now(), "", ""
			tx.Log("Acquit", "mail_sent", now.Ref, now.To)
		case fault.KindOf(cause) == fault.Unavailable && now.Tries < maxMailTries, len(fault.All(cause)) == 0 && now.Tries < maxMailTries:
			now.State, now.NextTry = inbox.MailQueued, tx.Now().Add(backoff(now.Tries))
			now.Problem, now.Detail = problem(cause)
		default:
			now.State = inbox.MailFailed
			now.Problem, now.Detail = problem(cause)
			tx.Log("Acquit", "mail_failed", now.Ref, now.To)
		}
		now.Version++
		tx.Mails.Put(now)
		return nil
	}, books.Ref{Kind: books.Mails, ID: id})
}

func problem(err error) (code, detail string) {
	var e *fault.Error
	if !errors.As(err, &e) {
		return "internal", ""
	}
	for _, p := range e.Params {
		if p.Name == "detail" {
			detail = clipRunes(p.Value, 300)
		}
	}
	return string(e.Code), detail
}

func (a *App) sendMail(ctx context.Context, company string, m inbox.Mail) (subject string, err error) {
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return "", err
	}
	via, err := a.mailSettings(setup)
	if err != nil {
		return "", err
	}
	if m.Template == connectionLost {
		return a.sendNotice(ctx, setup, via, m)
	}
	doc, err := a.document(ctx, company, m.Ref)
	if err != nil {
		return "", err
	}
	sheet, err := a.sheet(ctx, setup, doc)
	if err != nil {
		return "", err
	}
	paper, err := a.Paper.Draw(ctx, sheet)
	if err != nil {
		return "", err
	}
	letter, err := a.letter(ctx, setup, doc, m)
	if err != nil {
		return "", err
	}
	subject, text, html, err := a.Letters.Write(letter)
	if err != nil {
		return "", err
	}
	return subject, a.Mailer.Send(ctx, via, Message{ID: m.ID, To: m.To, ToName: m.ToName, Subject: subject, Text: text, HTML: html,
		Attachments: []Attachment{{Name: sheet.Title + " " + sheet.Number + ".pdf", Type: "application/pdf", Data: paper}}})
}

func (a *App) mailSettings(s *books.Setup) (MailSettings, error) {
	m := s.Company.Mail
	out := MailSettings{Kind: m.Kind, Box: s.Company.ID, Host: m.Host, Port: m.Port, Security: m.Security, Username: m.Username, From: m.From, FromName: m.FromName, ReplyTo: m.ReplyTo}
	if out.FromName == "" {
		out.FromName = s.Company.Name
	}
	if out.From == "" {
		out.From = s.Company.Email
	}
	if out.Kind == "" || out.From == "" {
		return out, fault.New(fault.Refused, fault.MailNotSet)
	}
	if len(m.Sealed) > 0 {
		plain, err := a.Sealer.Open(m.Sealed, mailBind(s.Company.ID))
		if err != nil {
			return out, err
		}
		out.Password = string(plain)
	}
	return out, nil
}

func mailBind(company string) string { return company + "/mail" }

// document is an invoice-like document or a quote, with its customer and link.
type document struct {
	Customer party.Customer
	Invoice  *billing.Invoice
	Quote    *billing.Quote
	Link     *inbox.PayLink // of the invoice, or of the quote's deposit that may be paid online
	Deposit  *billing.Deposit
}

func (a *App) document(ctx context.Context, company, id string) (document, error) {
	var d document
	if ids.Valid(ids.Quote, id) {
		q, err := a.Views.Quote(ctx, company, id)
		if err != nil {
			return d, err
		}
		d.Quote = &q
		for i := range q.Deposits {
			if q.Deposits[i].Payable() && (d.Deposit == nil || q.Deposits[i].Online) {
				d.Deposit = &q.Deposits[i]
			}
		}
		if d.Deposit != nil {
			if l, err := a.Views.PayLink(ctx, company, d.Deposit.ID); err == nil {
				d.Link = &l
			} else if fault.KindOf(err) != fault.NotFound {
				return d, err
			}
		}
		d.Customer, err = a.Views.Customer(ctx, company, q.CustomerID)
		return d, err
	}
	v, err := a.Views.Invoice(ctx, company, id)
	if err != nil {
		return d, err
	}
	d.Invoice = &v
	if d.Customer, err = a.Views.Customer(ctx, company, v.CustomerID); err != nil {
		return d, err
	}
	if v.Life != billing.Draft {
		// Who is printed was frozen at issue; how the customer is reached was not.
		email := d.Customer.Email
		d.Customer = v.Customer
		d.Customer.Email = email
	}
	if l, err := a.Views.PayLink(ctx, company, v.ID); err == nil {
		d.Link = &l
	} else if fault.KindOf(err) != fault.NotFound {
		return d, err
	}
	return d, nil
}
