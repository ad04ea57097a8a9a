package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/acquit-app/acquit/core/app"
)

const (
	// connectPatience bounds reaching the server; one that is there answers within a round trip or two.
	connectPatience = 15 * time.Second
	// goodbyePatience bounds the QUIT: by then the message is delivered and nothing depends on the answer.
	goodbyePatience = 3 * time.Second
)

// deliver gives msg to the server, or only logs in and leaves when msg is nil.
func (s *Sender) deliver(ctx context.Context, via app.MailSettings, msg *gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()

	d := &dialer{address: net.JoinHostPort(strings.Trim(via.Host, "[]"), strconv.Itoa(via.Port))}
	client, err := s.client(via, d)
	if err != nil {
		return unreachable(err.Error())
	}
	// The library watches ctx only while it connects: closing the connection is what ends a later wait.
	defer d.close()
	defer context.AfterFunc(ctx, d.close)()

	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return unreachable(explain(ctx, via, err))
	}
	if msg != nil {
		err = client.SendWithSMTPClient(session, msg)
		// Once the server has said that it took the message, no later mishap may make us send it again.
		if err != nil && !msg.IsDelivered() {
			return sendFault(ctx, via, err)
		}
	}
	d.hurry(goodbyePatience)
	_ = client.CloseWithSMTPClient(session)
	return nil
}

// client sets the library up for one delivery.
func (s *Sender) client(via app.MailSettings, d *dialer) (*gomail.Client, error) {
	host := strings.Trim(via.Host, "[]")
	secure := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.roots != nil {
		secure.RootCAs = s.roots
	}
	options := []gomail.Option{
		gomail.WithPort(via.Port),
		gomail.WithTimeout(s.patience),
		gomail.WithTLSConfig(secure),
		gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithDialContextFunc(d.dial),
		gomail.WithoutNoop(), // one message, one connection: nothing to probe before it, nothing to reset after it
		gomail.WithoutRset(),
	}
	switch via.Security {
	case SecurityStartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case SecurityTLS:
		d.secure = secure
		options = append(options, gomail.WithSSL())
	}
	if via.Username != "" {
		options = append(options, gomail.WithUsername(via.Username), gomail.WithPassword(via.Password),
			gomail.WithOpportunisticSMTPAuth(logins(via.Security)...))
	}
	return gomail.NewClient(host, options...)
}

// logins lists the ways to log in, best first. Inside TLS the plain ones are what every server supports and tests;
// outside it only those that never show the password, except to this very machine (the library sees to that).
func logins(security string) []gomail.SMTPAuthType {
	hidden := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5}
	shown := []gomail.SMTPAuthType{gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	if security == SecurityNone {
		return append(hidden, shown...)
	}
	return append(shown, hidden...)
}

// sendFault tells a message that is refused for good from one to try again.
func sendFault(ctx context.Context, via app.MailSettings, err error) error {
	var se *gomail.SendError
	if !errors.As(err, &se) {
		return unreachable(explain(ctx, via, err))
	}
	detail, _, _ := strings.Cut(se.Error(), ", affected ") // what follows is the address and the id, which the reader has
	switch code := se.ErrorCode(); {
	case se.IsTemp():
		return unreachable(detail)
	case code == 530, code == 534, code == 535, code == 538:
		// The server wants a log-in, or another one: the settings are to be mended, then the message can go (RFC 4954).
		return unreachable(detail)
	case code >= 500:
		return refused(detail)
	}
	if ctx.Err() != nil {
		return unreachable(explain(ctx, via, err))
	}
	return unreachable("the connection broke: " + detail) // nobody refused anything
}

// dialer opens the one connection of a delivery and keeps hold of it: the library leaves it open when it fails between
// connecting and logging in.
type dialer struct {
	address string
	secure  *tls.Config // nil: the connection starts in clear

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

func (d *dialer) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, d.address)
	if err != nil {
		return nil, err
	}
	if d.secure != nil {
		t := tls.Client(conn, d.secure)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = t
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	d.conn = conn
	return conn, nil
}

// hurry leaves what is still said on the connection at most limit.
func (d *dialer) hurry(limit time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn != nil {
		_ = d.conn.SetDeadline(time.Now().Add(limit))
	}
}

func (d *dialer) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.conn != nil {
		_ = d.conn.Close()
	}
}
