package home

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
)

// Mailbox reads back messages that were kept instead of sent. Code: unknown_thing.
type Mailbox interface {
	Read(company, id string) (app.Message, error)
}

// pageSize is how many mails the list shows.
const pageSize = 40

// outboxView is what the list of mails is drawn from.
type outboxView struct {
	rows   []inbox.Mail
	pager  ui.Pager
	narrow bool
	kept   bool // the company's mails are kept here instead of sent
	sell   bool
}

var mailStates = []inbox.MailState{inbox.MailQueued, inbox.MailSending, inbox.MailSent, inbox.MailFailed}

func (h *screens) outbox(c *fiberweb.Ctx) error {
	views, err := h.Look(c.Actor())
	if err != nil {
		return err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return err
	}
	l := c.Listing()
	q := app.MailQuery{Ref: c.Q("document"), Paging: app.Paging{Cursor: l.Cursor, Back: l.Back, Limit: pageSize}}
	for _, s := range mailStates {
		if string(s) == c.Q("state") {
			q.States = []inbox.MailState{s}
		}
	}
	page, err := views.Mails(c.Context(), c.Company(), q)
	if err != nil {
		return err
	}
	return c.Show(outboxPage(outboxView{
		rows: page.Items, pager: ui.Pager{Previous: page.Prev, Next: page.Next}, narrow: q.Ref != "" || len(q.States) > 0,
		kept: setup.Company.Mail.Kind == "outbox", sell: c.Actor().Role.Can(access.Sell),
	}))
}

func stateOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, s := range mailStates {
		out = append(out, ui.Option{Value: string(s), Label: ui.T(ctx, "outbox.state."+string(s))})
	}
	return out
}

// subject is what the mail is called: its own subject once it was made, else what it will be about.
func subject(ctx context.Context, m inbox.Mail) string {
	if m.Subject != "" {
		return m.Subject
	}
	if key := "outbox.about." + m.Template; ui.L(ctx).Has(key) {
		return ui.T(ctx, key)
	}
	return m.Template
}

// about is where the document of a mail is seen, within the company.
func about(m inbox.Mail) string {
	switch {
	case ids.Valid(ids.Invoice, m.Ref):
		return "/invoices/" + m.Ref
	case ids.Valid(ids.Quote, m.Ref):
		return "/quotes/" + m.Ref
	case ids.Valid(ids.Connection, m.Ref):
		return "/settings/gateways/" + m.Ref
	}
	return ""
}

// when is when a mail left, else when it was asked for.
func when(m inbox.Mail) time.Time {
	if !m.SentAt.IsZero() {
		return m.SentAt
	}
	return m.CreatedAt
}

// trouble says why a mail has not left.
func trouble(ctx context.Context, m inbox.Mail) string {
	if m.Problem == "" {
		return ""
	}
	text := ui.T(ctx, "fault.internal")
	if key := "fault." + m.Problem; m.Problem != "internal" && ui.L(ctx).Has(key) {
		text = ui.T(ctx, key, "detail", m.Detail, "customer", m.ToName)
	}
	return text
}

func outboxTable(ctx context.Context, v outboxView) ui.Table[inbox.Mail] {
	p := v.pager
	return ui.Table[inbox.Mail]{
		ID: "mails", Caption: ui.T(ctx, "nav.outbox"), Rows: v.rows, Pager: &p, Empty: noMails(v),
		Href: func(m inbox.Mail) string { return ui.To(ctx, "/outbox", m.ID) },
		Columns: []ui.Column[inbox.Mail]{
			{Label: ui.T(ctx, "outbox.date"), Cell: func(m inbox.Mail) templ.Component { return ui.Moment(when(m)) }},
			{Label: ui.T(ctx, "outbox.message"), Main: true, Cell: func(m inbox.Mail) templ.Component { return ui.Text(subject(ctx, m)) }},
			{Label: ui.T(ctx, "outbox.to"), Cell: recipient},
			{Label: ui.T(ctx, "outbox.state"), Cell: mailState},
			{Label: ui.T(ctx, "table.actions"), Align: ui.End, Cell: func(m inbox.Mail) templ.Component { return mailActions(v, m) }},
		},
	}
}

// messageView is what a mail's own page is drawn from.
type messageView struct {
	inbox.Mail
	kept    *app.Message // as it was made; nil when it left for good, or has not been made yet
	sell    bool
	outside bool // it was handed to a mail server
}

func (h *screens) message(c *fiberweb.Ctx) error {
	m, err := h.mail(c)
	if err != nil {
		return err
	}
	v := messageView{Mail: m, sell: c.Actor().Role.Can(access.Sell)}
	msg, err := h.kept(c, m.ID)
	switch {
	case err == nil:
		v.kept = &msg
		c.ShowsFrames()
	case fault.KindOf(err) != fault.NotFound:
		return err
	default:
		v.outside = m.State == inbox.MailSent
	}
	return c.Show(messagePage(v))
}

// mail reads the mail of the address. Code: unknown_thing.
func (h *screens) mail(c *fiberweb.Ctx) (inbox.Mail, error) {
	views, err := h.Look(c.Actor())
	if err != nil {
		return inbox.Mail{}, err
	}
	return views.Mail(c.Context(), c.Company(), c.Params("id"))
}

// kept reads a message back. Code: unknown_thing.
func (h *screens) kept(c *fiberweb.Ctx, id string) (app.Message, error) {
	if h.box == nil {
		return app.Message{}, fault.New(fault.NotFound, fault.UnknownThing, "what", "mail", "id", fault.Clip(id))
	}
	return h.box.Read(c.Company(), id)
}

// made reads the message behind the mail of the address. Code: unknown_thing.
func (h *screens) made(c *fiberweb.Ctx) (app.Message, error) {
	m, err := h.mail(c)
	if err != nil {
		return app.Message{}, err
	}
	return h.kept(c, m.ID)
}

// mailPolicy is the content security policy of a letter shown in a frame: its own styles and embedded pictures, nothing
// from anywhere, no script, no form; its links open outside of the frame.
const mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; " +
	"sandbox allow-popups allow-popups-to-escape-sandbox"

// headTag is where a letter's head begins.
var headTag = regexp.MustCompile(`(?i)<head[^>]*>`)

// html answers with the letter itself, for a frame of the mail's page. Its links open in a new window: the pay page, like
// all of ours, lets itself be framed by nobody.
func (h *screens) html(c *fiberweb.Ctx) error {
	m, err := h.made(c)
	if err != nil {
		return err
	}
	const base = `<base target="_blank">`
	letter := m.HTML
	if at := headTag.FindStringIndex(letter); at != nil {
		letter = letter[:at[1]] + base + letter[at[1]:]
	} else {
		letter = base + letter
	}
	c.Set("Content-Type", "text/html; charset=utf-8")
	c.Set("Content-Security-Policy", mailPolicy)
	c.Set("X-Frame-Options", "SAMEORIGIN")
	c.Set("Referrer-Policy", "no-referrer")
	c.Set("Cache-Control", "private, no-store")
	return c.SendString(letter)
}

// file answers with an attachment.
func (h *screens) file(c *fiberweb.Ctx) error {
	m, err := h.made(c)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.Params("n"))
	if err != nil || n < 0 || n >= len(m.Attachments) {
		return fault.New(fault.NotFound, fault.UnknownThing, "what", "mail", "id", fault.Clip(c.Params("n")))
	}
	a := m.Attachments[n]
	return c.File(a.Name, a.Type, a.Data, false)
}

// resend sends a mail again: one that failed, or a second copy of one that left.
func (h *screens) resend(c *fiberweb.Ctx) error {
	if err := h.ResendMail(c.Context(), c.Actor(), c.Params("id")); err != nil {
		return err
	}
	return c.Done("/outbox", "outbox.resent")
}
