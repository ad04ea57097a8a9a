package fiberweb

import (
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// maxFields bounds a form: form.MaxRows rows of eight fields, and as many again for everything else.
const maxFields = 16 * form.MaxRows

// maxName bounds a field's name, which is ours unless somebody plays tricks.
const maxName = 120

// Form reads what was sent. Codes: bad_body; bad_characters on a field, found on the Form it returns.
func (c *Ctx) Form() (*form.Form, error) {
	kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil {
		return nil, fault.New(fault.Invalid, fault.BadBody, "detail", "Content-Type")
	}
	values := map[string][]string{}
	files := map[string]form.File{}
	n := 0
	add := func(name, value string) bool {
		n++
		if n > maxFields || len(name) > maxName || !printable(name) {
			return false
		}
		values[name] = append(values[name], value)
		return true
	}
	fits := true
	switch kind {
	case fiber.MIMEApplicationForm:
		for k, v := range c.Request().PostArgs().All() {
			fits = fits && add(string(k), string(v))
		}
	case fiber.MIMEMultipartForm:
		parts, err := c.MultipartForm()
		if err != nil {
			return nil, fault.New(fault.Invalid, fault.BadBody, "detail", "multipart/form-data")
		}
		for name, vs := range parts.Value {
			for _, v := range vs {
				fits = fits && add(name, v)
			}
		}
		for name, hs := range parts.File {
			if len(hs) == 0 || !fits {
				continue
			}
			fits = add(name, "")
			delete(values, name)
			r, err := hs[0].Open()
			if err != nil {
				return nil, err
			}
			data, err := io.ReadAll(r)
			if err := closing(r, err); err != nil {
				return nil, err
			}
			files[name] = form.File{Name: hs[0].Filename, Data: data}
		}
	default:
		return nil, fault.New(fault.Invalid, fault.BadBody, "detail", fault.Clip(kind))
	}
	if !fits {
		return nil, fault.New(fault.Invalid, fault.BadBody, "detail", "> "+strconv.Itoa(maxFields))
	}
	return form.Read(c.loc, values, files), nil
}

func closing(r io.Closer, err error) error {
	if closed := r.Close(); err == nil {
		return closed
	}
	return err
}

// NewForm starts an empty form in the visitor's language.
func (c *Ctx) NewForm() *form.Form { return form.New(c.loc) }

// Listing is which page of a list is asked for: what the address holds behind its filters.
type Listing struct {
	Sort   string // a column's name, one of those allowed
	Desc   bool
	Cursor string
	Back   bool // towards the beginning from Cursor
}

// Listing reads ?sort=, ?after= and ?before=. A sort that is not among those allowed is the first of them, descending when
// it is written "-date".
func (c *Ctx) Listing(sorts ...string) Listing {
	name, desc := strings.CutPrefix(c.Query("sort"), "-")
	l := Listing{Sort: name, Desc: desc}
	allowed := slices.ContainsFunc(sorts, func(s string) bool { return strings.TrimPrefix(s, "-") == name })
	if !allowed && len(sorts) > 0 {
		l.Sort, l.Desc = strings.CutPrefix(sorts[0], "-")
	}
	if l.Cursor = c.Query("after"); l.Cursor == "" {
		l.Cursor = c.Query("before")
		l.Back = l.Cursor != ""
	}
	return l
}

// Q is a filter of the address, without surrounding space.
func (c *Ctx) Q(name string) string { return strings.TrimSpace(c.Query(name)) }
