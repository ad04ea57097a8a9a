package api

import (
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/inbox"
)

func (s *service) mails() {
	const tag = "Outbox"
	add(s, endpoint{method: get, path: "/mails", id: "listMails", tag: tag, needs: access.Read, summary: "Outgoing mails, newest first"}, s.listMails)
	add(s, endpoint{method: get, path: "/mails/{mail}", id: "getMail", tag: tag, needs: access.Read, summary: "One mail"}, s.getMail)
	add(s, endpoint{method: post, path: "/mails/{mail}/resend", id: "resendMail", tag: tag, needs: access.Sell,
		summary: "Queue a mail again", text: "One that was sent is queued as a second mail."}, s.resendMail)
}

// outgoing is an outgoing mail. Its content is made from the document when it leaves.
type outgoing struct {
	ID        mailID    `json:"id"`
	Template  string    `json:"template" example:"invoice"`
	Ref       string    `json:"ref" doc:"The document's id."`
	To        string    `json:"to"`
	ToName    string    `json:"to_name,omitzero"`
	Language  string    `json:"language" enum:"fr,en"`
	Subject   string    `json:"subject,omitzero" doc:"Once it has left."`
	State     string    `json:"state" enum:"queued,sending,sent,failed"`
	Tries     int       `json:"tries"`
	NextTry   time.Time `json:"next_try,omitzero"`
	Problem   string    `json:"problem,omitzero" doc:"Code of why the last try failed."`
	Detail    string    `json:"detail,omitzero"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	SentAt    time.Time `json:"sent_at,omitzero"`
	Version   int64     `json:"version"`
}

func outgoingOf(m inbox.Mail) outgoing {
	return outgoing{mailID(m.ID), m.Template, m.Ref, m.To, m.ToName, m.Language, m.Subject, string(m.State), m.Tries, m.NextTry, m.Problem, m.Detail,
		m.CreatedAt, m.CreatedBy, m.SentAt, m.Version}
}

func (s *service) listMails(c *call, in *struct {
	State []string `query:"state" enum:"queued,sending,sent,failed" doc:"Several: separated by commas."`
	Ref   string   `query:"ref" maxLength:"60" doc:"A document's id."`
	Paging
}) (page[outgoing], error) {
	v, err := s.views(c)
	if err != nil {
		return page[outgoing]{}, err
	}
	q := app.MailQuery{Ref: in.Ref, States: each(in.State, func(s string) inbox.MailState { return inbox.MailState(s) })}
	if q.Paging, err = in.paging(); err != nil {
		return page[outgoing]{}, err
	}
	p, err := v.Mails(c.ctx, c.who.Company, q)
	return list(c, p, err, outgoingOf)
}

type mailPath struct {
	Mail mailID `path:"mail"`
}

func (s *service) getMail(c *call, in *mailPath) (outgoing, error) {
	v, err := s.views(c)
	if err != nil {
		return outgoing{}, err
	}
	m, err := v.Mail(c.ctx, c.who.Company, string(in.Mail))
	return outgoingOf(m), err
}

func (s *service) resendMail(c *call, in *mailPath) (nothing, error) {
	return nothing{}, c.done(s.app.ResendMail(c.ctx, c.who, string(in.Mail)))
}
