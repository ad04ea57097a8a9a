package api

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// binder reads what a request says into a struct of parameters and Body. It is made once for each endpoint.
type binder struct {
	params []param
	query  map[string]int // index into params
	body   []int          // index of Body; nil when there is none
	raw    bool           // Body is bytes of another media type
	opt    bool           // Body may be left out
}

// param is one parameter, by the tags of its field. What the tags tell the document is what is enforced here.
type param struct {
	index     []int
	path      bool
	name      string
	min, max  int64 // of an integer
	maxLength int
	enum      []string
	def       string
}

var (
	dateType = reflect.TypeFor[civil.Date]()
	bodyType = reflect.TypeFor[[]byte]()
)

func newBinder(t reflect.Type) *binder {
	b := &binder{query: map[string]int{}}
	b.learn(t, nil)
	return b
}

func (b *binder) learn(t reflect.Type, at []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(slices.Clone(at), i)
		switch {
		case f.Anonymous:
			b.learn(f.Type, index)
			continue
		case f.Name == "Body":
			b.body, b.raw, b.opt = index, f.Type == bodyType, f.Type.Kind() == reflect.Pointer
			continue
		}
		p := param{index: index}
		if name := f.Tag.Get("path"); name != "" {
			p.path, p.name = true, name
		} else {
			p.name = f.Tag.Get("query")
			b.query[p.name] = len(b.params)
		}
		p.min, p.max = intTag(f, "minimum"), intTag(f, "maximum")
		p.maxLength = int(intTag(f, "maxLength"))
		p.def = f.Tag.Get("default")
		if e := f.Tag.Get("enum"); e != "" {
			p.enum = strings.Split(e, ",")
		}
		b.params = append(b.params, p)
	}
}

func intTag(f reflect.StructField, name string) int64 {
	n, err := strconv.ParseInt(f.Tag.Get(name), 10, 64)
	if err != nil && f.Tag.Get(name) != "" {
		panic("api: tag " + name + " of " + f.Name + " is no number")
	}
	return n
}

// read fills in v. A path that names nothing possible is unknown_thing; other codes are bad_choice, bad_quantity, bad_date,
// bad_characters, too_long and bad_body, on the parameter's name, and those of readJSON.
func (b *binder) read(c *call, v reflect.Value) error {
	for i := range b.params {
		p := &b.params[i]
		var err error
		if p.path {
			err = p.setPath(c.http, v.FieldByIndex(p.index))
		} else {
			err = p.set(v.FieldByIndex(p.index), p.def)
		}
		if err != nil {
			return err
		}
	}
	var r reading
	seen := map[string]bool{}
	for k, val := range c.http.Context().QueryArgs().All() {
		name, text := string(k), string(val)
		i, known := b.query[name]
		switch {
		case !known:
			r.add(badBody("unknown parameter"), fault.Clip(name))
		case seen[name]:
			r.add(badBody("given twice"), name)
		default:
			r.add(b.params[i].set(v.FieldByIndex(b.params[i].index), text), name)
		}
		seen[name] = true
	}
	if err := r.Err(); err != nil {
		return err
	}
	return b.readBody(c, v)
}

func (p *param) setPath(f *fiber.Ctx, v reflect.Value) error {
	text, err := url.PathUnescape(strings.Clone(f.Params(p.name))) // fiber uses its memory again
	if err == nil {
		err = p.set(v, text)
	}
	if err == nil || fault.Has(err, fault.UnknownThing) {
		return err
	}
	return unknown(p.name, text)
}

// set reads one value into its field. An empty one is as if it were not there.
func (p *param) set(v reflect.Value, text string) error {
	if text == "" {
		if p.path {
			return unknown(p.name, "")
		}
		return nil
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return fault.New(fault.Invalid, fault.BadCharacters, "found", fault.Clip(strings.Map(visible, text)))
	}
	if v.Type() == dateType {
		d, err := civil.Parse(text)
		if err == nil {
			v.Set(reflect.ValueOf(d))
		}
		return err
	}
	switch v.Kind() {
	case reflect.String:
		if p.maxLength > 0 && utf8.RuneCountInString(text) > p.maxLength {
			return fault.New(fault.Invalid, fault.TooLong, "max", strconv.Itoa(p.maxLength))
		}
		v.SetString(text)
		if err := p.choose(text); err != nil {
			return err
		}
		if id, ok := v.Interface().(identifier); ok {
			return id.check()
		}
		return nil
	case reflect.Bool:
		v.SetBool(text == "true")
		return oneOf(text, "true", "false")
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < p.min || p.max > 0 && n > p.max {
			return fault.New(fault.Invalid, fault.BadQuantity, "found", fault.Clip(text))
		}
		v.SetInt(n)
		return nil
	case reflect.Slice:
		for one := range strings.SplitSeq(text, ",") {
			if err := p.choose(one); err != nil {
				return err
			}
			v.Set(reflect.Append(v, reflect.ValueOf(one).Convert(v.Type().Elem())))
		}
		return nil
	}
	panic("api: no way to read parameter " + p.name + " into " + v.Type().String())
}

func (p *param) choose(text string) error {
	if p.enum == nil {
		return nil
	}
	return oneOf(text, p.enum...)
}

// oneOf refuses what is not among the allowed. Code: bad_choice.
func oneOf(found string, allowed ...string) error {
	if slices.Contains(allowed, found) {
		return nil
	}
	return fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(found), "allowed", strings.Join(allowed, ", "))
}

func visible(r rune) rune {
	if unicode.IsControl(r) || r == utf8.RuneError {
		return '?'
	}
	return r
}

func unknown(what, id string) error {
	return fault.New(fault.NotFound, fault.UnknownThing, "what", what, "id", fault.Clip(strings.Map(visible, id)))
}
