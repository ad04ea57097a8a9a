package settings

import (
	"context"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/party"
)

const mailPath = "/settings/mail"

var mailFrame = fixed(func(c *fiberweb.Ctx) Frame {
	return Frame{Page: ui.Page{Title: c.T("nav.settings.mail"), Intro: c.T("set.mail.intro"), Active: "settings.mail", Narrow: true}, Here: mailPath, Next: mailPath}
})

// submissionPort is where mail servers take mail from their users (RFC 6409).
const submissionPort = "587"

// mailView is the page of the mail server.
type mailView struct {
	frame   Frame
	company party.Company
	form    *form.Form
	test    *form.Form
	step    string // of the set-up that shows it, to be come back to; empty among the settings
}

// Mail is the form of how mail leaves.
func (h *Screens) Mail(frame Framer) Screen {
	show := func(c *fiberweb.Ctx) error {
		v, err := h.mailView(c, frame)
		if err != nil {
			return err
		}
		return c.Show(mailPage(v))
	}
	send := func(c *fiberweb.Ctx) error {
		v, err := h.mailView(c, frame)
		if err != nil {
			return err
		}
		f, err := c.Form()
		if err != nil {
			return err
		}
		m := party.MailServer{Kind: f.Required("kind", maxField), Host: f.Text("host", maxField), Port: f.Int("port", 1, 65535), Security: f.Text("security", maxField),
			Username: f.Text("username", maxField), From: f.Text("from", maxField), FromName: f.Text("from_name", maxField), ReplyTo: f.Text("reply_to", maxField)}
		if f.OK() {
			f.Fail(h.SetMail(c.Context(), c.Actor(), m, f.Secret("password")))
		}
		if !f.OK() {
			v.form = f
			return c.Invalid(f, mailPage(v))
		}
		return v.frame.done(c, "set.mail.saved")
	}
	return Screen{show, send}
}

func (h *Screens) mailView(c *fiberweb.Ctx, frame Framer) (mailView, error) {
	f, err := frame(c)
	if err != nil {
		return mailView{}, err
	}
	setup, err := h.Setup(c.Context(), c.Actor())
	if err != nil {
		return mailView{}, err
	}
	v := mailView{frame: f, company: setup.Company, test: c.NewForm().Set("to", string(c.User().Email))}
	if f.Setup {
		v.step = "mail"
	}
	m := setup.Company.Mail
	v.form = c.NewForm().Set("kind", m.Kind).Set("host", m.Host).Set("security", m.Security).Set("username", m.Username).Set("from", m.From).
		Set("from_name", m.FromName).Set("reply_to", m.ReplyTo).Set("port", submissionPort)
	if m.Kind == "" {
		v.form.Set("kind", usualKind(setup.Company))
	}
	if m.Port > 0 {
		v.form.Set("port", itoa(int64(m.Port)))
	}
	if m.Security == "" {
		v.form.Set("security", "starttls")
	}
	return v, nil
}

// usualKind is how mail leaves that was never set up: what is only tried out stays in the house.
func usualKind(c party.Company) string {
	if c.TestBooks {
		return "outbox"
	}
	return "smtp"
}

// testMail sends a mail at once with the settings on file.
func (h *Screens) testMail(c *fiberweb.Ctx) error {
	v, err := h.mailView(c, mailFrame)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	to := f.Required("to", maxField)
	if f.OK() {
		f.Fail(h.TestMail(c.Context(), c.Actor(), to))
	}
	if !f.OK() {
		v.test = f
		return again(c, f, mailPage(v))
	}
	c.Flash(ui.Good, "set.mail.tested", "to", to)
	return c.SeeOther(c.URL(h.cameFrom(c, mailPath)))
}

// testAddress is where the test form is sent.
func (v mailView) testAddress(ctx context.Context) string {
	to := ui.To(ctx, mailPath+"/test")
	if v.step != "" {
		to += "?" + FromSetup + "=" + v.step
	}
	return to
}

func fromHelp(ctx context.Context, company string) string {
	if company == "" {
		return ""
	}
	return ui.T(ctx, "set.mail.from.help", "email", company)
}
