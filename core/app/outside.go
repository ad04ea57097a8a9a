package app

import (
	"context"

	"github.com/acquit-app/acquit/core/gateway"
)

// Sealer keeps secrets at rest. bind names what the secret belongs to ("company/connection"); a value sealed for one
// thing does not open for another.
type Sealer interface {
	Seal(plain []byte, bind string) ([]byte, error)
	Open(sealed []byte, bind string) ([]byte, error)
}

// Mailer hands one message to a mail server, or to a folder. Codes: mail_refused (for good: an address or the message
// is not accepted), mail_unreachable (for now: try again), mail_not_set.
type Mailer interface {
	Send(ctx context.Context, via MailSettings, m Message) error
}

// MailSettings says how a company's mail leaves. Kind "outbox" keeps each message as a file that the screens show;
// "smtp" hands it to a server. Password is in clear only inside this value.
type MailSettings struct {
	Kind     string // "outbox" or "smtp"
	Box      string // the folder an outbox keeps this company's messages in: the company's id
	Host     string
	Port     int
	Security string // "starttls", "tls" or "none"
	Username string
	Password string
	From     string // address
	FromName string
	ReplyTo  string
}

// Message is one mail, complete: a text and an HTML part that say the same, and attachments.
type Message struct {
	ID          string // the outbox row's id; Message-ID is made from it, so that a retry is recognisable
	To          string
	ToName      string
	Subject     string
	Text        string
	HTML        string
	Attachments []Attachment
}

// Attachment is one file of a message.
type Attachment struct {
	Name string
	Type string // media type
	Data []byte
}

// Paper draws a document as PDF. The same sheet gives the same bytes.
type Paper interface {
	Draw(ctx context.Context, s Sheet) ([]byte, error)
}

// Gateways finds and reaches gateway programs. Errors are *gateway.Error or faults (gateway_not_found, gateway_down,
// gateway_untrusted, gateway_broken).
type Gateways interface {
	// Known lists the gateways that can be connected, with what they say of themselves, and those that cannot start with why.
	Known(ctx context.Context) ([]GatewayStatus, error)
	// Open returns a gateway for a connection. Optional abilities are found by type assertion on the result; each is
	// present only when the gateway announces it. No process is started before the first call.
	Open(ctx context.Context, name string, c gateway.Connection) (gateway.Gateway, error)
}

// GatewayStatus is one gateway program as the host sees it.
type GatewayStatus struct {
	Name     string
	Info     gateway.Info
	Path     string
	Checksum string // SHA-256 of the file, in hexadecimal
	Trusted  bool   // the checksum is the pinned one
	Running  bool
	Problem  string // a fault code's name when it cannot be used, else empty
	Detail   string
}
