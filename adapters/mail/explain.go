package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strings"
	"syscall"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/acquit-app/acquit/core/app"
)

// explain says in words what kept the server from being reached, for the person who has to mend it. What the server
// itself answered is quoted; nothing here can contain the password.
func explain(ctx context.Context, via app.MailSettings, err error) string {
	at := fmt.Sprintf("%s port %d", via.Host, via.Port)
	var (
		dns       *net.DNSError
		host      x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		answer    *textproto.Error
		network   net.Error
	)
	switch {
	case errors.Is(context.Cause(ctx), context.Canceled):
		return "interrupted before the server answered"
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("no server is named %s", via.Host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Sprintf("nothing listens at %s", at)
	case errors.As(err, &host):
		return fmt.Sprintf("the server's certificate is not made out to %s: %s", via.Host, host.Error())
	case errors.As(err, &authority):
		return "the server's certificate is signed by an authority that this machine does not trust"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid: " + invalid.Error()
	case errors.As(err, &record):
		return fmt.Sprintf("%s does not start with TLS: STARTTLS may be the right choice", at)
	case errors.Is(err, smtp.ErrUnencrypted), errors.Is(err, gomail.ErrNoSupportedAuthDiscovered) && via.Security == SecurityNone:
		return "the server takes the password in clear only, which is not sent without encryption: choose STARTTLS or TLS"
	case errors.Is(err, gomail.ErrNoSupportedAuthDiscovered):
		return "the server offers no way to log in that this program knows"
	case strings.Contains(err.Error(), "does not support SMTP AUTH"):
		return "the server offers no log-in: leave the user name empty, or encrypt the connection"
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return fmt.Sprintf("%s does not offer STARTTLS", at)
	case errors.As(err, &answer):
		if answer.Code == 535 || answer.Code == 534 || strings.Contains(err.Error(), "SMTP AUTH failed") {
			return fmt.Sprintf("log-in refused: %d %s", answer.Code, answer.Msg)
		}
		return fmt.Sprintf("the server answered %d %s", answer.Code, answer.Msg)
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		if via.Security != SecurityTLS {
			return fmt.Sprintf("no answer from %s in time (a port that wants TLS from the start, such as 465, stays silent too)", at)
		}
		return fmt.Sprintf("no answer from %s in time", at)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return fmt.Sprintf("%s closed the connection", at)
	}
	return err.Error()
}
