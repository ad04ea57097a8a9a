package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofiber/fiber/v2"
)

// maxBody bounds a request. The longest useful one names a batch of 20,000 arrivals in 640 KiB; a logo may have a mebibyte.
const maxBody = 1 << 20

const mergePatch = "application/merge-patch+json"

func badBody(detail string) *fault.Error {
	return fault.New(fault.Invalid, fault.BadBody, "detail", detail)
}

// readBody reads the request's body. Codes: body_too_large, and those of readJSON.
func (b *binder) readBody(c *call, v reflect.Value) error {
	data := c.http.Request().Body()
	if len(data) > maxBody {
		return fault.New(fault.Invalid, fault.BodyTooLarge, "max", strconv.Itoa(maxBody>>20)+" MB")
	}
	if len(data) == 0 && (b.body == nil || b.opt) {
		return nil
	}
	if err := c.checkMedia(); err != nil {
		return err
	}
	if b.body == nil {
		var none struct{}
		return readJSON(data, &none)
	}
	field := v.FieldByIndex(b.body)
	switch {
	case b.raw:
		field.SetBytes(bytes.Clone(data))
		return nil
	case b.opt:
		field.Set(reflect.New(field.Type().Elem()))
		field = field.Elem()
	}
	if p, ok := field.Addr().Interface().(interface{ keep(data []byte) error }); ok {
		return p.keep(data)
	}
	return readJSON(data, field.Addr().Interface())
}

// checkMedia refuses bodies of another kind than the endpoint reads.
func (c *call) checkMedia() error {
	accepted := c.e.accepts
	if accepted == nil {
		accepted = []string{fiber.MIMEApplicationJSON}
		if c.e.method == patch {
			accepted = []string{fiber.MIMEApplicationJSON, mergePatch}
		}
	}
	kind, params, err := mime.ParseMediaType(c.http.Get(fiber.HeaderContentType))
	charset := params["charset"]
	coding := c.http.Get(fiber.HeaderContentEncoding)
	if err != nil || !slices.Contains(accepted, kind) || charset != "" && !strings.EqualFold(charset, "utf-8") || coding != "" && coding != "identity" {
		return &protocolError{status: http.StatusUnsupportedMediaType, code: codeMediaType,
			header: [2]string{fiber.HeaderAccept, strings.Join(accepted, ", ")}}
	}
	return nil
}

// strict refuses what other readers let pass: members that nobody reads, the same member twice, names in another case,
// text that is not UTF-8.
var strict = json.JoinOptions(json.RejectUnknownMembers(true), json.MatchCaseInsensitiveNames(false))

// readJSON reads one JSON value, strictly. What is no JSON is answered 400 with the position; members that are unknown or of
// another type, and characters that no text of ours holds, are refused by name. Codes: bad_body, bad_characters.
func readJSON(data []byte, into any) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return badBody("expected an object, found null") // as a patch it would empty everything
	}
	err := json.Unmarshal(data, into, strict)
	if err == nil {
		return refuseNUL(data)
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return badBody("given twice").On(fieldOf(syntax.JSONPointer))
		}
		line, column := position(data, syntax.ByteOffset)
		return &malformed{badBody(fmt.Sprintf("line %d, column %d", line, column))}
	}
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return err
	}
	field := fieldOf(semantic.JSONPointer)
	switch {
	case errors.Is(err, json.ErrUnknownName):
		return badBody("unknown member").On(field)
	default:
		return badBody("expected " + kindOf(semantic.GoType) + ", found " + foundKind(semantic.JSONKind)).On(field)
	}
}

// malformed is a body that is no JSON at all.
type malformed struct{ fault *fault.Error }

func (m *malformed) Error() string { return m.fault.Error() }

func (m *malformed) Unwrap() error { return m.fault }

// fieldOf writes a JSON pointer as our faults name fields: lines.0.debit.
func fieldOf(p jsontext.Pointer) string {
	return fault.Clip(strings.ReplaceAll(strings.TrimPrefix(string(p), "/"), "/", "."))
}

func position(data []byte, offset int64) (line, column int) {
	before := data[:min(max(offset, 0), int64(len(data)))]
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + len(before) - (1 + bytes.LastIndexByte(before, '\n'))
}

func kindOf(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

func foundKind(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '[':
		return "a list"
	case '{':
		return "an object"
	}
	return "another value"
}

// refuseNUL refuses the one character that no database stores in a text.
func refuseNUL(data []byte) error {
	if !bytes.Contains(data, []byte(`\u0000`)) {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := dec.ReadToken()
		if errors.Is(err, io.EOF) {
			return nil // what looked like one was an escaped backslash in front of u0000
		}
		if err != nil {
			return err
		}
		if tok.Kind() == '"' && strings.ContainsRune(tok.String(), 0) {
			return fault.New(fault.Invalid, fault.BadCharacters, "found", "U+0000").On(fieldOf(dec.StackPointer()))
		}
	}
}
