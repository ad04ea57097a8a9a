package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/app"
)

const (
	// maxHeaders is what is read of a file to list it; the headers made here stay far below.
	maxHeaders = 64 << 10
	// maxDepth bounds parts inside parts: the messages made here have two levels.
	maxDepth = 5
)

// Letter is a message read back from an outbox: what app.Mailer was given, and the headers it was sent with.
type Letter struct {
	app.Message
	From      string // "Name <address>"
	ReplyTo   string
	Date      time.Time
	MessageID string // with its angle brackets
	Headers   []Header
}

// Header is one header field, decoded.
type Header struct{ Name, Value string }

// shown are the headers worth displaying, in the order mail programs show them.
var shown = []string{"From", "Reply-To", "To", "Subject", "Date", "Message-Id", "Auto-Submitted"}

var words mime.WordDecoder

func envelope(h netmail.Header) Letter {
	l := Letter{
		From:      decoded(h.Get("From")),
		ReplyTo:   decoded(h.Get("Reply-To")),
		MessageID: h.Get("Message-Id"),
	}
	l.Subject = decoded(h.Get("Subject"))
	if to, err := netmail.ParseAddress(h.Get("To")); err == nil {
		l.To, l.ToName = to.Address, to.Name
	}
	if at, err := h.Date(); err == nil {
		l.Date = at.UTC()
	}
	for _, name := range shown {
		if v := h.Get(name); v != "" {
			l.Headers = append(l.Headers, Header{name, decoded(v)})
		}
	}
	return l
}

func decoded(v string) string {
	if d, err := words.DecodeHeader(v); err == nil {
		return d
	}
	return v
}

func parse(raw []byte) (Letter, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, err
	}
	l := envelope(m.Header)
	return l, l.take(textproto.MIMEHeader(m.Header), m.Body, 0)
}

// take adds one part, or the parts inside it, to the letter.
func (l *Letter) take(h textproto.MIMEHeader, body io.Reader, depth int) error {
	if depth > maxDepth {
		return errors.New("parts nested too deep")
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		r := multipart.NewReader(body, params["boundary"])
		for {
			part, err := r.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := l.take(part.Header, part, depth+1); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(h.Get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("%s part: %w", kind, err)
	}
	disposition, file, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
	switch {
	case disposition == "attachment":
		l.Attachments = append(l.Attachments, app.Attachment{Name: file["filename"], Type: kind, Data: data})
	case kind == "text/html":
		l.HTML = string(data)
	case kind == "text/plain":
		l.Text = strings.ReplaceAll(string(data), "\r\n", "\n")
	}
	return nil
}
