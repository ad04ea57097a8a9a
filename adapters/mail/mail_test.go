package mail_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/mail"
	"github.com/acquit-app/acquit/adapters/mail/smtptest"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

var _ app.Mailer = (*mail.Sender)(nil)

var sent = time.Date(2026, 11, 23, 14, 5, 6, 0, time.UTC)

func sender(t *testing.T, o mail.Options) (*mail.Sender, *mail.Outbox) {
	t.Helper()
	box := mail.NewOutbox(filepath.Join(t.TempDir(), "outbox"))
	o.Now = func() time.Time { return sent }
	return mail.New(box, o), box
}

func message() app.Message {
	return app.Message{
		ID: "mail_01kazm6r0h9p4f8c3d5v7x2y1z", To: "claire@client.example", ToName: "Claire Müller-Žižek",
		Subject: "Facture FA-2026-0042 : 1 200,00 € à régler",
		Text:    "Bonjour,\n\nVotre facture est jointe.\n.\nÀ bientôt\n",
		HTML:    `<p>Bonjour, <a href="https://acquit.example/p/abc">Payer 1 200,00 €</a></p>`,
		Attachments: []app.Attachment{
			{Name: "Facture d'été FA-2026-0042.pdf", Type: "application/pdf", Data: bytes.Repeat([]byte("%PDF\x00\xff\r\n"), 5000)},
		},
	}
}

var outbox = app.MailSettings{Kind: "outbox", Box: "co_1", From: "facturation@atelier.example", FromName: "Atelier du Pré", ReplyTo: "compta@atelier.example"}

func TestMessageKeptInTheOutboxReadsBackWhole(t *testing.T) {
	s, box := sender(t, mail.Options{})
	want := message()
	if err := s.Send(t.Context(), outbox, want); err != nil {
		t.Fatal(err)
	}
	got, err := box.Read("co_1", want.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got.Message, want)
	if got.From != `Atelier du Pré <facturation@atelier.example>` || got.ReplyTo != "<compta@atelier.example>" {
		t.Errorf("From %q, Reply-To %q", got.From, got.ReplyTo)
	}
	if !got.Date.Equal(sent) {
		t.Errorf("Date %v", got.Date)
	}
	if got.MessageID != "<"+want.ID+"@atelier.example>" {
		t.Errorf("Message-ID %q", got.MessageID)
	}
}

func same(t *testing.T, got, want app.Message) {
	t.Helper()
	if got.ID != want.ID || got.To != want.To || got.ToName != want.ToName || got.Subject != want.Subject || got.Text != want.Text || got.HTML != want.HTML {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(got.Attachments) != len(want.Attachments) {
		t.Fatalf("%d attachments, want %d", len(got.Attachments), len(want.Attachments))
	}
	for i, a := range want.Attachments {
		g := got.Attachments[i]
		if g.Name != a.Name || g.Type != a.Type || !bytes.Equal(g.Data, a.Data) {
			t.Errorf("attachment %d: %q %q %d bytes, want %q %q %d bytes", i, g.Name, g.Type, len(g.Data), a.Name, a.Type, len(a.Data))
		}
	}
}

func TestMessageStructure(t *testing.T) {
	s, box := sender(t, mail.Options{})
	if err := s.Send(t.Context(), outbox, message()); err != nil {
		t.Fatal(err)
	}
	raw, err := box.Raw("co_1", message().ID)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	last := -1
	for _, want := range []string{"multipart/mixed", "multipart/alternative", "text/plain; charset=UTF-8", "text/html; charset=UTF-8", "application/pdf"} {
		at := strings.Index(text, "Content-Type: "+want)
		if at <= last {
			t.Errorf("%s is missing or out of order", want)
		}
		last = at
	}
	if n := strings.Count("\r\n"+text, "\r\nAuto-Submitted: auto-generated\r\n"); n != 1 {
		t.Errorf("Auto-Submitted stands %d times", n)
	}
	for i, line := range strings.SplitAfter(text, "\n") {
		if len(line) > 998 || line != "" && !strings.HasSuffix(line, "\r\n") {
			t.Fatalf("line %d is not a line of a mail: %q", i, line)
		}
	}
	for _, b := range raw {
		if b > 0x7f {
			t.Fatal("the message is not 7-bit: some servers would alter it")
		}
	}
}

func TestOnlyTextIsSentAsOnePart(t *testing.T) {
	s, box := sender(t, mail.Options{})
	m := message()
	m.HTML, m.Attachments = "", nil
	if err := s.Send(t.Context(), outbox, m); err != nil {
		t.Fatal(err)
	}
	got, err := box.Read("co_1", m.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got.Message, m)
}

func TestNothingTypedBecomesAHeader(t *testing.T) {
	const inject = "x\r\nBcc: thief@evil.example\r\n\r\nbody"
	s, box := sender(t, mail.Options{})
	via := outbox
	via.FromName = inject
	m := message()
	m.ToName, m.Subject = inject, inject
	m.Attachments[0].Name, m.Attachments[0].Type = inject, inject
	if err := s.Send(t.Context(), via, m); err != nil {
		t.Fatal(err)
	}
	raw, err := box.Raw("co_1", m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "\nBcc:") {
		t.Errorf("a header was injected:\n%s", raw[:1000])
	}
	got, err := box.Read("co_1", m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "x Bcc: thief@evil.example body" || got.Text != m.Text {
		t.Errorf("subject %q, text %q", got.Subject, got.Text)
	}

	for _, addr := range []string{"a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "A <a@b.example>", "a@b.example\x00", "", "nobody", `"a b"@c.example`} {
		m := message()
		m.To = addr
		if err := s.Send(t.Context(), outbox, m); !fault.Has(err, fault.MailRefused) {
			t.Errorf("to %q: %v", addr, err)
		}
		via := outbox
		via.From = addr
		if err := s.Send(t.Context(), via, message()); !fault.Has(err, fault.MailNotSet) {
			t.Errorf("from %q: %v", addr, err)
		}
	}
}

func TestAttachmentNamesAreSafe(t *testing.T) {
	s, box := sender(t, mail.Options{})
	long := strings.Repeat("é", 300) + ".pdf"
	cases := map[string]string{
		"../../etc/passwd": "passwd", `C:\temp\a.pdf`: "a.pdf", ".hidden": "hidden", "": "document", "a\"b<c>.pdf": "a_b_c_.pdf", "..": "document",
		long: strings.Repeat("é", 96) + ".pdf", "Devis n° 12 — « été ».pdf": "Devis n° 12 — « été ».pdf",
	}
	for given, want := range cases {
		m := message()
		m.Attachments[0].Name = given
		if err := s.Send(t.Context(), outbox, m); err != nil {
			t.Fatal(err)
		}
		got, err := box.Read("co_1", m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Attachments[0].Name != want {
			t.Errorf("%q became %q, want %q", given, got.Attachments[0].Name, want)
		}
	}
}

func TestInternationalDomain(t *testing.T) {
	s, box := sender(t, mail.Options{})
	via := outbox
	via.From = "facture@société.example"
	m := message()
	m.To = "claire@bücher.example"
	if err := s.Send(t.Context(), via, m); err != nil {
		t.Fatal(err)
	}
	got, err := box.Read("co_1", m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.To != "claire@xn--bcher-kva.example" || !strings.HasSuffix(got.MessageID, "@xn--socit-esab.example>") {
		t.Errorf("to %q, id %q", got.To, got.MessageID)
	}
}

func TestOutboxLists(t *testing.T) {
	s, box := sender(t, mail.Options{})
	if page, err := box.List("co_1", "", 10); err != nil || len(page) != 0 {
		t.Fatalf("an empty outbox lists %v, %v", page, err)
	}
	for _, id := range []string{"mail_3", "mail_1", "mail_2", "mail_2"} {
		m := message()
		m.ID, m.Subject = id, "Subject of "+id
		if err := s.Send(t.Context(), outbox, m); err != nil {
			t.Fatal(err)
		}
	}
	other := outbox
	other.Box = "co_2"
	if err := s.Send(t.Context(), other, message()); err != nil {
		t.Fatal(err)
	}
	page, err := box.List("co_1", "", 2)
	if err != nil || len(page) != 2 || page[0].ID != "mail_3" || page[1].ID != "mail_2" {
		t.Fatalf("first page %v, %v", page, err)
	}
	if page[0].Subject != "Subject of mail_3" || page[0].To != message().To || page[0].Text != "" {
		t.Errorf("listed as %+v", page[0])
	}
	page, err = box.List("co_1", "mail_2", 2)
	if err != nil || len(page) != 1 || page[0].ID != "mail_1" {
		t.Fatalf("last page %v, %v", page, err)
	}
}

func TestOutboxKeepsToItself(t *testing.T) {
	dir := t.TempDir()
	box := mail.NewOutbox(filepath.Join(dir, "outbox"))
	s := mail.New(box, mail.Options{})
	if err := s.Send(t.Context(), outbox, message()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "secret.eml"), []byte("Subject: x\r\n\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"../../secret", "..", "/etc/passwd", "", "mail_unknown"} {
		if _, err := box.Read("co_1", id); !fault.Has(err, fault.UnknownThing) {
			t.Errorf("Read(%q): %v", id, err)
		}
		if _, err := box.Read(id, "secret"); !fault.Has(err, fault.UnknownThing) {
			t.Errorf("Read in %q: %v", id, err)
		}
	}
	for _, name := range []string{"../co_2", "", ".x"} {
		via := outbox
		via.Box = name
		if err := s.Send(t.Context(), via, message()); err == nil {
			t.Errorf("sent to the folder %q", name)
		}
		m := message()
		m.ID = name
		if err := s.Send(t.Context(), outbox, m); err == nil {
			t.Errorf("sent under the id %q", name)
		}
	}
	err := filepath.WalkDir(filepath.Join(dir, "outbox"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOutboxSurvivesADamagedFile(t *testing.T) {
	dir := t.TempDir()
	box := mail.NewOutbox(dir)
	if err := os.MkdirAll(filepath.Join(dir, "co_1"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"mail_1.eml": "not a mail", "mail_2.eml": "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nno end",
		".new-123": "half", "notes.txt": "x",
	} {
		if err := os.WriteFile(filepath.Join(dir, "co_1", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := box.List("co_1", "", 10)
	if err != nil || len(page) != 2 {
		t.Errorf("listed %v, %v", page, err)
	}
	for _, l := range page {
		if _, err := box.Read("co_1", l.ID); err == nil {
			t.Errorf("%s read without error", l.ID)
		}
	}
}

func TestSMTP(t *testing.T) {
	for _, security := range []string{"none", "starttls", "tls"} {
		t.Run(security, func(t *testing.T) {
			srv := smtptest.NewWith(t, smtptest.Options{Security: security, Username: "compta", Password: "sésame"})
			via := reach(srv, security)
			via.Username, via.Password = "compta", "sésame"
			s, _ := sender(t, mail.Options{Roots: srv.Roots})
			if err := s.Check(t.Context(), via); err != nil {
				t.Fatalf("Check: %v", err)
			}
			if n := len(srv.Messages()); n != 0 {
				t.Fatalf("Check sent %d messages", n)
			}
			want := message()
			for range 2 {
				if err := s.Send(t.Context(), via, want); err != nil {
					t.Fatalf("Send: %v", err)
				}
			}
			got := srv.Wait(2, 10*time.Second)
			first := got[0]
			if first.From != via.From || len(first.To) != 1 || first.To[0] != want.To || first.Subject != want.Subject {
				t.Errorf("arrived as %+v", first)
			}
			if first.Text != want.Text || strings.TrimSpace(first.HTML) != want.HTML || !bytes.Equal(first.Attachments[0].Data, want.Attachments[0].Data) {
				t.Errorf("content arrived as %q, %q, %d attachments", first.Text, first.HTML, len(first.Attachments))
			}
			if first.ID != want.ID+"@atelier.example" || got[1].ID != first.ID {
				t.Errorf("the retry is not recognisable: %q, %q", first.ID, got[1].ID)
			}
		})
	}
}

func TestServerRefusals(t *testing.T) {
	for _, c := range []struct {
		name string
		at   smtptest.Stage
		code int
		want fault.Code
	}{
		{"recipient unknown", smtptest.AtRecipient, 550, fault.MailRefused},
		{"recipient greylisted", smtptest.AtRecipient, 450, fault.MailUnreach},
		{"sender refused", smtptest.AtSender, 553, fault.MailRefused},
		{"too many messages", smtptest.AtSender, 421, fault.MailUnreach},
		{"log-in wanted", smtptest.AtSender, 530, fault.MailUnreach},
		{"taken for spam", smtptest.AtData, 554, fault.MailRefused},
		{"disk full", smtptest.AtData, 452, fault.MailUnreach},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := smtptest.New(t)
			srv.RefuseNext(1, c.at, c.code, "because I say so")
			s, _ := sender(t, mail.Options{})
			detail(t, s.Send(t.Context(), reach(srv, "none"), message()), c.want, "because I say so")
			if len(srv.Messages()) != 0 {
				t.Error("the server has the message all the same")
			}
			if err := s.Send(t.Context(), reach(srv, "none"), message()); err != nil {
				t.Errorf("the next try: %v", err)
			}
		})
	}
}

func TestLostAnswerIsTriedAgainUnderTheSameID(t *testing.T) {
	srv := smtptest.New(t)
	srv.DropNext(1)
	s, _ := sender(t, mail.Options{})
	detail(t, s.Send(t.Context(), reach(srv, "none"), message()), fault.MailUnreach, "the connection broke")
	if err := s.Send(t.Context(), reach(srv, "none"), message()); err != nil {
		t.Fatal(err)
	}
	if got := srv.Wait(2, 10*time.Second); got[0].ID != got[1].ID {
		t.Errorf("the copy has another id: %q, %q", got[0].ID, got[1].ID)
	}
}

// detail asserts an error's code, and that its detail helps.
func detail(t *testing.T, err error, code fault.Code, contains string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	if len(f.Params) != 1 || f.Params[0].Name != "detail" || !strings.Contains(f.Params[0].Value, contains) {
		t.Errorf("detail %v does not say %q", f.Params, contains)
	}
	if strings.ContainsAny(f.Params[0].Value, "\r\n") {
		t.Errorf("detail has line breaks: %q", f.Params[0].Value)
	}
}

func TestServerOutOfReach(t *testing.T) {
	soon := time.Now().Add(time.Hour)
	asks := smtptest.Options{Username: "compta", Password: "sésame"}
	elsewhere, elsewherePool := handshakes(t, "mail.elsewhere.example", soon)
	expired, expiredPool := handshakes(t, "127.0.0.1", time.Now().Add(-time.Hour))
	stranger, _ := handshakes(t, "127.0.0.1", soon)
	closed := listen(t)
	_ = closed.Close()
	login := func(via app.MailSettings, password string) app.MailSettings {
		via.Username, via.Password = "compta", password
		return via
	}
	for _, c := range []struct {
		name     string
		via      app.MailSettings
		options  mail.Options
		contains string
	}{
		{"nobody there", settings(closed.Addr(), "none"), mail.Options{}, "nothing listens at 127.0.0.1 port"},
		{"wrong password", login(reach(smtptest.NewWith(t, asks), "none"), "sésame?"), mail.Options{}, "log-in refused: 535"},
		{"no log-in offered", login(reach(smtptest.New(t), "none"), "sésame"), mail.Options{}, "offers no log-in"},
		{"no STARTTLS", reach(smtptest.New(t), "starttls"), mail.Options{}, "does not offer STARTTLS"},
		{"TLS to a plain port", reach(smtptest.New(t), "tls"), mail.Options{}, "does not start with TLS"},
		{"unknown authority", stranger, mail.Options{}, "authority that this machine does not trust"},
		{"certificate of another", elsewhere, mail.Options{Roots: elsewherePool}, "not made out to 127.0.0.1"},
		{"certificate expired", expired, mail.Options{Roots: expiredPool}, "certificate is not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := sender(t, c.options)
			detail(t, s.Check(t.Context(), c.via), fault.MailUnreach, c.contains)
			err := s.Send(t.Context(), c.via, message())
			detail(t, err, fault.MailUnreach, c.contains)
			if strings.Contains(err.Error(), "sésame") {
				t.Error("the password shows")
			}
		})
	}
}

func TestPasswordIsNotSentInClear(t *testing.T) {
	answers := map[string]string{"greeting": "220 hello", "EHLO": "250-mail.test\r\n250 AUTH PLAIN LOGIN", "AUTH": "235 thanks for the password"}
	via, _ := scripted(t, answers)
	via.Host = "::ffff:127.0.0.1" // also this machine, but not by a name that mail libraries take for local
	via.Username, via.Password = "compta", "sésame"
	s, _ := sender(t, mail.Options{})
	detail(t, s.Send(t.Context(), via, message()), fault.MailUnreach, "choose STARTTLS or TLS")
}

func TestMishapsOnTheWay(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers map[string]string
		want    fault.Code // empty: delivered
	}{
		{"greeting refused", map[string]string{"greeting": "554 go away"}, fault.MailUnreach},
		{"greeting busy", map[string]string{"greeting": "421 later"}, fault.MailUnreach},
		{"dropped at once", map[string]string{"greeting": "drop"}, fault.MailUnreach},
		{"dropped before the message", map[string]string{"greeting": "220 hi", "DATA": "drop"}, fault.MailUnreach},
		{"dropped after the message", map[string]string{"greeting": "220 hi", "DATA": "354 go on", "DATA.": "drop"}, fault.MailUnreach},
		{"silent after the message", map[string]string{"greeting": "220 hi", "DATA": "354 go on", "DATA.": ""}, fault.MailUnreach},
		{"silent from the start", map[string]string{"greeting": ""}, fault.MailUnreach},
		{"taken, then dropped", map[string]string{"greeting": "220 hi", "DATA": "354 go on", "DATA.": "250 taken", "QUIT": "drop"}, ""},
		{"taken, then unwell", map[string]string{"greeting": "220 hi", "DATA": "354 go on", "DATA.": "250 taken", "QUIT": "500 what", "RSET": "500 what", "NOOP": "500 what"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			via, at := scripted(t, c.answers)
			s, _ := sender(t, mail.Options{Patience: 500 * time.Millisecond})
			err := s.Send(t.Context(), via, message())
			if fault.CodeOf(err) != c.want || err != nil && c.want == "" {
				t.Errorf("got %v, want %q", err, c.want)
			}
			<-at.closed // the connection was not left open
		})
	}
}

func TestGivingUpEndsTheWait(t *testing.T) {
	via, at := scripted(t, map[string]string{"greeting": "220 hi", "DATA": "354 go on", "DATA.": ""})
	s, _ := sender(t, mail.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		detail(t, s.Send(ctx, via, message()), fault.MailUnreach, "interrupted")
	})
	<-at.silent
	cancel()
	wg.Wait()
	<-at.closed
}

func TestSettingsAreChecked(t *testing.T) {
	s, _ := sender(t, mail.Options{})
	good := app.MailSettings{Kind: "smtp", Host: "127.0.0.1", Port: 25, Security: "tls", From: "a@b.example"}
	for field, spoil := range map[string]func(*app.MailSettings){
		"kind": func(m *app.MailSettings) { m.Kind = "pigeon" }, "host": func(m *app.MailSettings) { m.Host = "" },
		"port": func(m *app.MailSettings) { m.Port = 70000 }, "security": func(m *app.MailSettings) { m.Security = "ssl" },
		"from": func(m *app.MailSettings) { m.From = "x" }, "reply_to": func(m *app.MailSettings) { m.ReplyTo = "a@b\r\nBcc: c@d" },
	} {
		via := good
		spoil(&via)
		err := s.Check(t.Context(), via)
		if all := fault.All(err); len(all) != 1 || all[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
		if err := s.Send(t.Context(), via, message()); !fault.Has(err, fault.MailNotSet) {
			t.Errorf("%s: sent with %v", field, err)
		}
	}
	for _, host := range []string{"unix:///run/x", "a b", "a/b", "smtp.example.org:25", "a\r\nb"} {
		via := good
		via.Host = host
		if err := s.Check(t.Context(), via); !fault.Has(err, fault.BadURL) {
			t.Errorf("host %q: %v", host, err)
		}
	}
	if err := s.Check(t.Context(), app.MailSettings{}); !fault.Has(err, fault.MailNotSet) {
		t.Errorf("no settings: %v", err)
	}
	if err := s.Check(t.Context(), outbox); err != nil {
		t.Errorf("an outbox: %v", err)
	}
}
