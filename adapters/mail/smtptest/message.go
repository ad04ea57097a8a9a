package smtptest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Message is one mail as its recipient's program would show it.
type Message struct {
	From        string   // the envelope's sender
	To          []string // the envelope's recipients
	Header      mail.Header
	ID          string // Message-ID, without its angle brackets
	Subject     string // decoded
	Text        string // the first text/plain part that is not an attachment, lines ended by \n
	HTML        string // the first text/html part that is not an attachment, lines ended by \n
	Attachments []Attachment
	Raw         []byte // as it came
}

// Attachment is one file of a message.
type Attachment struct {
	Name string
	Type string // media type without parameters
	Data []byte
}

// Parse reads a message in RFC 5322 format with MIME parts. Texts must be in UTF-8 or US-ASCII, which is all that a
// sender of today has a reason to use. The envelope (From, To) is not in the message and stays empty.
func Parse(raw []byte) (Message, error) {
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, err
	}
	m := Message{Header: read.Header, Raw: raw}
	m.ID = strings.Trim(strings.TrimSpace(read.Header.Get("Message-Id")), "<>")
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil {
		return Message{}, fmt.Errorf("subject: %w", err)
	}
	if err := m.part(header(read.Header), read.Body, 0); err != nil {
		return Message{}, err
	}
	return m, nil
}

// header is what mail.Header and textproto.MIMEHeader have in common.
type header map[string][]string

func (h header) get(name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// maxDepth bounds the nesting of parts; real mail has two or three levels.
const maxDepth = 8

func (m *Message) part(h header, body io.Reader, depth int) error {
	if depth > maxDepth {
		return errors.New("parts are nested too deeply")
	}
	contentType := h.get("Content-Type")
	if contentType == "" {
		contentType = "text/plain; charset=us-ascii"
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.parts(multipart.NewReader(body, params["boundary"]), depth)
	}
	data, err := decode(h.get("Content-Transfer-Encoding"), body)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	disposition, name, err := disposition(h, params)
	if err != nil {
		return err
	}
	if disposition == "attachment" || name != "" || !strings.HasPrefix(kind, "text/") {
		m.Attachments = append(m.Attachments, Attachment{name, kind, data})
		return nil
	}
	switch charset := strings.ToLower(params["charset"]); charset {
	case "", "utf-8", "us-ascii":
	default:
		return fmt.Errorf("%s in charset %s", kind, charset)
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	switch {
	case kind == "text/plain" && m.Text == "":
		m.Text = text
	case kind == "text/html" && m.HTML == "":
		m.HTML = text
	}
	return nil
}

func (m *Message) parts(r *multipart.Reader, depth int) error {
	for {
		// NextRawPart leaves the transfer encoding to us: it is then the same code for parts and for single bodies.
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.part(header(p.Header), p, depth+1); err != nil {
			return err
		}
	}
}

func decode(encoding string, body io.Reader) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "", "7bit", "8bit", "binary":
		return io.ReadAll(body)
	case "quoted-printable":
		return io.ReadAll(quotedprintable.NewReader(body))
	case "base64":
		return io.ReadAll(base64.NewDecoder(base64.StdEncoding, body))
	}
	return nil, fmt.Errorf("transfer encoding %q", encoding)
}

// disposition returns how a part wants to be shown and the file name it gives itself.
func disposition(h header, typeParams map[string]string) (kind, name string, err error) {
	name = typeParams["name"]
	if v := h.get("Content-Disposition"); v != "" {
		var params map[string]string
		if kind, params, err = mime.ParseMediaType(v); err != nil {
			return "", "", fmt.Errorf("disposition %q: %w", v, err)
		}
		if params["filename"] != "" {
			name = params["filename"]
		}
	}
	if name, err = new(mime.WordDecoder).DecodeHeader(name); err != nil {
		return "", "", fmt.Errorf("file name %q: %w", name, err)
	}
	return kind, name, nil
}
