package mail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/acquit-app/acquit/core/fault"
)

const extension = ".eml"

// Outbox keeps messages as files: one folder for each company, one .eml file for each message, named by the message's
// id. Ids are ordered by time, so names are too. Files can be read by their owner only: they hold pay links.
type Outbox struct{ dir string }

// NewOutbox keeps messages below dir, which is made with the first message.
func NewOutbox(dir string) *Outbox { return &Outbox{dir: dir} }

// names keeps a company's or a message's id from being a path, a hidden file or a reserved name.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_\-]{0,99}$`)

func safeName(s string) bool { return names.MatchString(s) }

// put writes a message under its id, whole or not at all; a message sent twice is kept once.
func (o *Outbox) put(box, id string, msg *gomail.Msg) error {
	folder := filepath.Join(o.dir, box)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	f, err := os.CreateTemp(folder, ".new-*") // mode 0600; the leading dot keeps an interrupted one out of the list
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	_, err = msg.WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(folder, id+extension))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("outbox: %w", err)
	}
	return nil
}

// check makes sure that messages of a company can be kept.
func (o *Outbox) check(box string) error {
	folder := filepath.Join(o.dir, box)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return unreachable(err.Error())
	}
	f, err := os.CreateTemp(folder, ".new-*")
	if err != nil {
		return unreachable(err.Error())
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

// List returns up to limit messages of a company, newest first, with their headers only (no text, no attachments).
// Give the last id of one page as before to get the next; "" starts at the newest. A message that another program
// damaged is listed with its id alone.
func (o *Outbox) List(box, before string, limit int) ([]Letter, error) {
	if !safeName(box) {
		return nil, nil
	}
	files, err := os.ReadDir(filepath.Join(o.dir, box)) // sorted by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	var page []Letter
	for _, f := range slices.Backward(files) {
		id, ok := strings.CutSuffix(f.Name(), extension)
		if !ok || !safeName(id) || before != "" && id >= before {
			continue
		}
		if len(page) == limit {
			break
		}
		l, err := o.headers(box, id)
		if err != nil {
			l = Letter{}
		}
		l.ID = id
		page = append(page, l)
	}
	return page, nil
}

func (o *Outbox) headers(box, id string) (Letter, error) {
	f, err := os.Open(filepath.Join(o.dir, box, id+extension))
	if err != nil {
		return Letter{}, err
	}
	defer f.Close()
	m, err := netmail.ReadMessage(bufio.NewReader(io.LimitReader(f, maxHeaders)))
	if err != nil {
		return Letter{}, err
	}
	return envelope(m.Header), nil
}

// Raw returns the message as it was written, for download. Code: unknown_thing.
func (o *Outbox) Raw(box, id string) ([]byte, error) {
	if !safeName(box) || !safeName(id) {
		return nil, unknown(id)
	}
	b, err := os.ReadFile(filepath.Join(o.dir, box, id+extension))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknown(id)
	}
	return b, err
}

// Read returns one message, taken apart for display. Code: unknown_thing.
func (o *Outbox) Read(box, id string) (Letter, error) {
	raw, err := o.Raw(box, id)
	if err != nil {
		return Letter{}, err
	}
	l, err := parse(raw)
	if err != nil {
		return Letter{}, fmt.Errorf("outbox: message %s: %w", id, err)
	}
	l.ID = id
	return l, nil
}

func unknown(id string) error {
	return fault.New(fault.NotFound, fault.UnknownThing, "what", "mail", "id", fault.Clip(id))
}
