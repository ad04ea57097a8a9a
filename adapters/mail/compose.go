package mail

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	netmail "net/mail"
	"path"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/acquit-app/acquit/core/app"
)

// Longest header values that are sent; what is longer is cut, not refused: a long subject must not keep an invoice back.
const (
	maxSubject  = 200
	maxName     = 100
	maxFileName = 100
)

// compose builds the message. Text that goes into headers is made one line first, so that nothing a user typed can
// start a header of its own; addresses that are more than an address are refused.
func compose(via app.MailSettings, m app.Message, now time.Time) (*gomail.Msg, error) {
	if !safeName(m.ID) {
		return nil, fmt.Errorf("mail: %q cannot name a message", m.ID)
	}
	if m.Text == "" && m.HTML == "" {
		return nil, errors.New("mail: a message without text")
	}
	if !validAddress(m.To) {
		return nil, refused(fmt.Sprintf("%q is not an e-mail address", m.To))
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(address(via.FromName, via.From))
	msg.ToMailAddress(address(m.ToName, m.To))
	if via.ReplyTo != "" {
		msg.ReplyToMailAddress(address("", via.ReplyTo))
	}
	from := wireAddress(via.From)
	msg.SetMessageIDWithValue(m.ID + from[strings.LastIndexByte(from, '@'):])
	msg.SetDateWithValue(now)
	msg.Subject(oneLine(m.Subject, maxSubject))
	// Keeps holiday answers and ticket systems from replying to an invoice (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")

	if m.Text != "" {
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	}
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		msg.AttachReadSeeker(fileName(a.Name), bytes.NewReader(a.Data), attachmentHeaders(a))
	}
	return msg, nil
}

func address(name, addr string) *netmail.Address {
	return &netmail.Address{Name: oneLine(name, maxName), Address: wireAddress(addr)}
}

// wireAddress writes an internationalised domain the way mail servers understand it everywhere ("xn--…").
func wireAddress(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if domain, err := idna.Lookup.ToASCII(addr[at+1:]); err == nil {
		return addr[:at+1] + domain
	}
	return addr
}

// attachmentHeaders names the file as RFC 2231 has it, so that accents survive in every mail program.
func attachmentHeaders(a app.Attachment) gomail.FileOption {
	name := fileName(a.Name)
	kind, _, err := mime.ParseMediaType(a.Type)
	if err != nil {
		kind = "application/octet-stream"
	}
	return func(f *gomail.File) {
		f.Header.Set("Content-Type", mime.FormatMediaType(kind, map[string]string{"name": name}))
		f.Header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	}
}

// fileName makes a name that every system can save under: no folders, no reserved characters, no leading dot.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(oneLine(name, 1000), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"/|?*`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(name, ". ")
	if name == "" {
		return "document"
	}
	if r := []rune(name); len(r) > maxFileName {
		ext := []rune(path.Ext(name))
		if len(ext) > 10 {
			ext = nil
		}
		return string(r[:maxFileName-len(ext)]) + string(ext)
	}
	return name
}
