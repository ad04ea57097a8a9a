// Package mail hands messages to a mail server, or keeps them in a folder.
//
// A message leaves in one of two ways, as the company chose. "smtp" gives it to the company's own mail server, with
// encryption and log-in. "outbox" writes it as one .eml file that the screens show and any mail program opens: for
// trying the product out, for demonstrations, and where mail is not set up yet.
//
// What matters to the caller of Send is whether trying again can help: mail_unreachable says yes (the network, the
// server is busy, the log-in or the certificate has to be mended first), mail_refused says no (the server will not
// take this message or this address, whoever asks). A message that may have been taken although no answer came is
// reported unreachable; sending it again carries the same Message-ID, by which mail programs recognise the copy.
package mail

import (
	"context"
	"crypto/x509"
	"fmt"
	netmail "net/mail"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

// The ways mail leaves (app.MailSettings.Kind) and how the way to a server is protected (Security).
const (
	KindOutbox = "outbox"
	KindSMTP   = "smtp"

	SecurityStartTLS = "starttls"
	SecurityTLS      = "tls"
	SecurityNone     = "none"
)

// Options changes how a Sender works; the zero value is right for production.
type Options struct {
	// Patience bounds a whole delivery, from the first packet to the server's answer. Zero means two minutes: servers
	// that scan attachments before answering take tens of seconds, and a worker should not wait for a dead one for long.
	Patience time.Duration
	// Roots are the certificate authorities trusted besides the system's; for servers with a certificate of their own.
	Roots *x509.CertPool
	// Now gives the Date of messages. Nil means the system's clock.
	Now func() time.Time
}

// Sender sends mail. It implements app.Mailer and is safe for concurrent use.
type Sender struct {
	box      *Outbox
	patience time.Duration
	roots    *x509.CertPool
	now      func() time.Time
}

// New makes a Sender whose messages of kind "outbox" go to box.
func New(box *Outbox, o Options) *Sender {
	s := &Sender{box: box, patience: o.Patience, roots: o.Roots, now: o.Now}
	if s.patience <= 0 {
		s.patience = 2 * time.Minute
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Send hands m over as via says. Codes: mail_not_set (the settings are not complete), mail_refused (for good),
// mail_unreachable (try again later). A second call with the same m.ID sends the same Message-ID, and in an outbox
// replaces the file.
func (s *Sender) Send(ctx context.Context, via app.MailSettings, m app.Message) error {
	if validate(via) != nil {
		return fault.New(fault.Refused, fault.MailNotSet)
	}
	msg, err := compose(via, m, s.now())
	if err != nil {
		return err
	}
	if via.Kind == KindOutbox {
		return s.box.put(via.Box, m.ID, msg)
	}
	return s.deliver(ctx, via, msg)
}

// Check tries settings without sending anything: it connects, encrypts, logs in and takes leave; for an outbox, it
// makes sure that the folder can be written. Codes: mail_not_set, mail_unreachable, and required, bad_choice or
// bad_email on the setting that has to be mended.
func (s *Sender) Check(ctx context.Context, via app.MailSettings) error {
	if err := validate(via); err != nil {
		return err
	}
	if via.Kind == KindOutbox {
		return s.box.check(via.Box)
	}
	return s.deliver(ctx, via, nil)
}

// hostName is a DNS name or an IP address (with brackets or without for IPv6).
var hostName = regexp.MustCompile(`^[A-Za-z0-9._\-]{1,253}$|^\[?[0-9A-Fa-f:.]{2,45}\]?$`)

func validate(via app.MailSettings) error {
	var found fault.Collect
	switch via.Kind {
	case "":
		return fault.New(fault.Refused, fault.MailNotSet)
	case KindOutbox:
		if !safeName(via.Box) {
			return fmt.Errorf("mail: %q is not the name of an outbox folder", via.Box)
		}
	case KindSMTP:
		if via.Host == "" {
			_ = found.Add(fault.New(fault.Invalid, fault.Required), "host")
		} else if !hostName.MatchString(via.Host) {
			_ = found.Add(fault.New(fault.Invalid, fault.BadURL, "found", fault.Clip(via.Host)), "host")
		}
		if via.Port < 1 || via.Port > 65535 {
			_ = found.Add(fault.New(fault.Invalid, fault.BadChoice, "found", strconv.Itoa(via.Port), "allowed", "25, 465, 587"), "port")
		}
		switch via.Security {
		case SecurityStartTLS, SecurityTLS, SecurityNone:
		default:
			_ = found.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(via.Security), "allowed", "starttls, tls, none"), "security")
		}
	default:
		return fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(via.Kind), "allowed", "smtp, outbox").On("kind")
	}
	if via.From == "" {
		_ = found.Add(fault.New(fault.Invalid, fault.Required), "from")
	} else if !validAddress(via.From) {
		_ = found.Add(fault.New(fault.Invalid, fault.BadEmail, "found", fault.Clip(via.From)), "from")
	}
	if via.ReplyTo != "" && !validAddress(via.ReplyTo) {
		_ = found.Add(fault.New(fault.Invalid, fault.BadEmail, "found", fault.Clip(via.ReplyTo)), "reply_to")
	}
	return found.Err()
}

// validAddress says whether a is one bare address and nothing else: no name, no comment, no quoting, no line break.
func validAddress(a string) bool {
	if len(a) > 254 || strings.ContainsAny(a, "\r\n\x00") {
		return false
	}
	p, err := netmail.ParseAddress(a)
	return err == nil && p.Name == "" && p.Address == a
}

func refused(detail string) error {
	return fault.New(fault.Refused, fault.MailRefused, "detail", oneLine(detail, 300))
}

func unreachable(detail string) error {
	return fault.New(fault.Unavailable, fault.MailUnreach, "detail", oneLine(detail, 300))
}

// oneLine makes s printable on one line of at most most runes: headers must not break, and servers answer anything.
func oneLine(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return r <= ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029'
	}), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
