package smtptest_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/mail/smtptest"
)

const soon = 30 * time.Second

// lines joins lines as the wire wants them.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

var simple = lines("Subject: Facture", "", "Bonjour")

func send(srv *smtptest.Server, message string) error {
	return smtp.SendMail(srv.Addr(), nil, "shop@example.fr", []string{"jean@example.fr"}, []byte(message))
}

// code is the SMTP code of a refusal, and 0 of any other error.
func code(err error) int {
	var e *textproto.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestMessageIsKeptAsSent(t *testing.T) {
	srv := smtptest.New(t)
	if err := send(srv, simple); err != nil {
		t.Fatal(err)
	}
	m := srv.Wait(1, soon)[0]
	if m.From != "shop@example.fr" || len(m.To) != 1 || m.To[0] != "jean@example.fr" || m.Subject != "Facture" || m.Text != "Bonjour\n" {
		t.Errorf("got %+v", m)
	}
	if string(m.Raw) != simple {
		t.Errorf("raw is %q", m.Raw)
	}
}

func TestWaitSeesWhatComesLater(t *testing.T) {
	srv := smtptest.New(t)
	var sending sync.WaitGroup
	for range 5 {
		sending.Go(func() {
			if err := send(srv, simple); err != nil {
				t.Error(err)
			}
		})
	}
	sending.Go(func() {
		if err := send(srv, lines("Subject: Devis", "", "x")); err != nil {
			t.Error(err)
		}
	})
	got := srv.WaitFor(soon, "the quote", func(m smtptest.Message) bool { return m.Subject == "Devis" })
	if got.Subject != "Devis" {
		t.Errorf("got %q", got.Subject)
	}
	if n := len(srv.Wait(6, soon)); n != 6 {
		t.Errorf("%d messages", n)
	}
	sending.Wait()
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		at   smtptest.Stage
		code int
	}{{smtptest.AtSender, 451}, {smtptest.AtRecipient, 550}, {smtptest.AtData, 452}, {smtptest.AtData, 554}} {
		srv := smtptest.New(t)
		srv.RefuseNext(2, c.at, c.code, "not today")
		for range 2 {
			if err := send(srv, simple); code(err) != c.code || !strings.Contains(err.Error(), "not today") {
				t.Errorf("at %d: got %v, want %d", c.at, err, c.code)
			}
		}
		if n := len(srv.Messages()); n != 0 {
			t.Errorf("at %d: %d refused messages were kept", c.at, n)
		}
		if err := send(srv, simple); err != nil {
			t.Errorf("at %d: the third is refused too: %v", c.at, err)
		}
		srv.Wait(1, soon)
	}
}

func TestDroppedConnectionKeepsTheMessage(t *testing.T) {
	srv := smtptest.New(t)
	srv.DropNext(1)
	if err := send(srv, simple); err == nil || code(err) != 0 {
		t.Errorf("the sender should know nothing, but got %v", err)
	}
	srv.Wait(1, soon)
	if err := send(srv, simple); err != nil {
		t.Error(err)
	}
	srv.Wait(2, soon)
}

func TestSecurityAndLogin(t *testing.T) {
	for _, security := range []string{"starttls", "tls"} {
		t.Run(security, func(t *testing.T) {
			srv := smtptest.NewWith(t, smtptest.Options{Security: security, Username: "shop", Password: "secret"})
			trust := &tls.Config{RootCAs: srv.Roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}
			dial := func() *smtp.Client {
				if security == "tls" {
					conn, err := tls.Dial("tcp", srv.Addr(), trust)
					if err != nil {
						t.Fatal(err)
					}
					c, err := smtp.NewClient(conn, srv.Host)
					if err != nil {
						t.Fatal(err)
					}
					return c
				}
				c, err := smtp.Dial(srv.Addr())
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Mail("shop@example.fr"); code(err) != 530 {
					t.Errorf("mail before STARTTLS: %v", err)
				}
				if err := c.StartTLS(trust); err != nil {
					t.Fatal(err)
				}
				return c
			}

			c := dial()
			if err := c.Mail("shop@example.fr"); code(err) != 502 {
				t.Errorf("mail before the log-in: %v", err)
			}
			if err := c.Auth(smtp.PlainAuth("", "shop", "wrong", srv.Host)); code(err) != 535 {
				t.Errorf("wrong password: %v", err)
			}
			_ = c.Close() // a refused log-in ends net/smtp's connection

			c = dial()
			if err := c.Auth(smtp.PlainAuth("", "shop", "secret", srv.Host)); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.Mail("shop@example.fr"), c.Rcpt("jean@example.fr")); err != nil {
				t.Fatal(err)
			}
			w, err := c.Data()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, simple); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(w.Close(), c.Quit()); err != nil {
				t.Fatal(err)
			}
			srv.Wait(1, soon)
		})
	}
}

func TestCertificateIsTrustedByItsOwnPoolOnly(t *testing.T) {
	srv := smtptest.NewWith(t, smtptest.Options{Security: "tls"})
	conn, err := tls.Dial("tcp", srv.Addr(), &tls.Config{ServerName: "localhost", MinVersion: tls.VersionTLS12})
	if err == nil {
		_ = conn.Close()
		t.Error("the system trusts the test's certificate")
	}
}

// recorder stands in for a test, to see how the server fails one.
type recorder struct {
	testing.TB
	mu     sync.Mutex
	failed []string
}

func (r *recorder) Errorf(format string, _ ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = append(r.failed, format)
}

func TestMalformedMessageFailsTheTest(t *testing.T) {
	r := &recorder{TB: t}
	srv := smtptest.New(r)
	if err := send(srv, lines("Content-Type: multipart/mixed", "", "no boundary")); code(err) != 554 {
		t.Errorf("got %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.failed) != 1 {
		t.Errorf("the test failed %d times", len(r.failed))
	}
}
