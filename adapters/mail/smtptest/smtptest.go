// Package smtptest is a real SMTP server on loopback for tests: it speaks the protocol over TCP, keeps what it is sent,
// parsed, and misbehaves on demand.
//
//	srv := smtptest.New(t)
//	... have the code under test send to srv.Host, srv.Port ...
//	m := srv.Wait(1, 10*time.Second)[0]
//
// A refusal (RefuseNext) leaves nothing behind, as with a real server. A dropped connection (DropNext) comes after the
// message was taken and before the answer, which is the case that makes a sender send twice.
package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// maxMessage is what the server takes: several times the largest invoice with its attachment.
const maxMessage = 32 << 20

// Options say what the server asks of its clients. The zero Options ask for nothing.
type Options struct {
	// Security is "none" (or empty), "starttls" (the server refuses mail before it) or "tls" (from the first byte).
	// The certificate is for localhost and 127.0.0.1, signed by the authority in Server.Roots.
	Security string
	// Username and Password, when set, must be given (AUTH PLAIN) before any mail.
	Username, Password string
}

// Stage is the point of a delivery at which the server may refuse.
type Stage uint8

const (
	// AtSender is the answer to MAIL FROM.
	AtSender Stage = iota
	// AtRecipient is the answer to RCPT TO.
	AtRecipient
	// AtData is the answer after the whole message.
	AtData
)

// Server is one running SMTP server. Its methods may be called from any goroutine.
type Server struct {
	Host string
	Port int
	// Roots holds the authority that signed the server's certificate; nil without TLS.
	Roots *x509.CertPool

	tb      testing.TB
	options Options

	mu       sync.Mutex
	messages []Message
	refusals []refusal
	drops    int
	changed  chan struct{} // closed and replaced whenever a message arrives
}

type refusal struct {
	stage Stage
	left  int
	reply *smtp.SMTPError
}

// New starts a server that takes every mail in clear. It stops when the test ends.
func New(tb testing.TB) *Server {
	tb.Helper()
	return NewWith(tb, Options{})
}

// NewWith starts a server with options. It stops when the test ends.
func NewWith(tb testing.TB, o Options) *Server {
	tb.Helper()
	s := &Server{Host: "127.0.0.1", tb: tb, options: o, changed: make(chan struct{})}
	listener, err := net.Listen("tcp", net.JoinHostPort(s.Host, "0"))
	if err != nil {
		tb.Fatalf("smtptest: %v", err)
	}
	addr, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		tb.Fatalf("smtptest: listening on %s", listener.Addr())
	}
	s.Port = addr.Port

	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	srv.Domain = "localhost"
	srv.MaxMessageBytes = maxMessage
	srv.EnableSMTPUTF8 = true
	srv.AllowInsecureAuth = o.Security == "" || o.Security == "none"
	// Clients that go away in the middle are part of the tests; the library would print each on the test's output.
	srv.ErrorLog = log.New(io.Discard, "", 0)
	switch o.Security {
	case "", "none":
	case "starttls", "tls":
		certificate, roots, err := selfSigned()
		if err != nil {
			tb.Fatalf("smtptest: %v", err)
		}
		s.Roots = roots
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		if o.Security == "tls" {
			listener = tls.NewListener(listener, srv.TLSConfig)
		}
	default:
		tb.Fatalf("smtptest: unknown security %q", o.Security)
	}

	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	tb.Cleanup(func() {
		if err := srv.Close(); err != nil {
			tb.Errorf("smtptest: %v", err)
		}
		if err := <-served; err != nil {
			tb.Errorf("smtptest: %v", err)
		}
	})
	return s
}

// Addr is host:port.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// RefuseNext makes the server answer the next n commands of a stage with an SMTP code (4xx: come back later, 5xx: never)
// and text. Orders for the same stage are carried out one after the other.
func (s *Server) RefuseNext(n int, at Stage, code int, text string) {
	if code < 400 || code > 599 {
		s.tb.Fatalf("smtptest: %d is not a refusal", code)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	reply := &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}
	s.refusals = append(s.refusals, refusal{at, n, reply})
}

// DropNext makes the server cut the connection after it has taken each of the next n messages, without an answer: the
// message is kept and its sender cannot know.
func (s *Server) DropNext(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drops += n
}

// Messages returns what has come so far, in the order it came.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.messages...)
}

// Wait blocks until n messages have come since the start, and returns all that came. It fails the test when they have
// not come within the time.
func (s *Server) Wait(n int, within time.Duration) []Message {
	s.tb.Helper()
	var got []Message
	s.until(within, fmt.Sprintf("%d messages", n), func(all []Message) bool {
		got = all
		return len(all) >= n
	})
	return got
}

// WaitFor blocks until there is a message that the function accepts, and returns the first such. what says in the
// failure what was waited for.
func (s *Server) WaitFor(within time.Duration, what string, accept func(Message) bool) Message {
	s.tb.Helper()
	var got Message
	s.until(within, what, func(all []Message) bool {
		for _, m := range all {
			if accept(m) {
				got = m
				return true
			}
		}
		return false
	})
	return got
}

func (s *Server) until(within time.Duration, what string, ok func([]Message) bool) {
	s.tb.Helper()
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		s.mu.Lock()
		all, changed := append([]Message(nil), s.messages...), s.changed
		s.mu.Unlock()
		if ok(all) {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			var b strings.Builder
			for _, m := range all {
				fmt.Fprintf(&b, "\n  %s to %s: %s", m.From, strings.Join(m.To, ", "), m.Subject)
			}
			s.tb.Fatalf("smtptest: waited %s in vain for %s; %d messages came%s", within, what, len(all), b.String())
		}
	}
}

// refuse returns the refusal that is due at a stage, if any, and counts it.
func (s *Server) refuse(at Stage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.refusals {
		if r := &s.refusals[i]; r.stage == at && r.left > 0 {
			r.left--
			return r.reply
		}
	}
	return nil
}

// keep stores a message and says whether its connection is to be dropped.
func (s *Server) keep(m Message) (drop bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	close(s.changed)
	s.changed = make(chan struct{})
	if s.drops > 0 {
		s.drops--
		return true
	}
	return false
}

// session is one client's connection.
type session struct {
	server *Server
	conn   *smtp.Conn
	known  bool // has logged in
	from   string
	to     []string
}

// AuthMechanisms is empty where no log-in is wanted, so that the server does not offer any.
func (s *session) AuthMechanisms() []string {
	if s.server.options.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return sasl.NewPlainServer(func(_, username, password string) error {
		if o := s.server.options; o.Username == "" || username != o.Username || password != o.Password {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if _, secure := s.conn.TLSConnectionState(); !secure && s.server.options.Security == "starttls" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Must issue a STARTTLS command first"}
	}
	if !s.known && s.server.options.Username != "" {
		return smtp.ErrAuthRequired
	}
	if err := s.server.refuse(AtSender); err != nil {
		return err
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.server.refuse(AtRecipient); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.server.refuse(AtData); err != nil {
		return err
	}
	m, err := Parse(raw)
	if err != nil {
		// A mail that cannot be read is the sender's defect, which the test must hear of.
		s.server.tb.Errorf("smtptest: a malformed message came: %v\n%.2000s", err, raw)
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "malformed message"}
	}
	m.From, m.To = s.from, append([]string(nil), s.to...)
	if s.server.keep(m) {
		return s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }
