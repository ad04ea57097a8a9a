// Package logmask keeps personal data, secrets and payloads out of the log.
//
// Nothing that writes a log line should put such a thing into it. But lines also hold what others wrote: the words of
// providers and mail servers, errors of libraries, everything that gateway programs print. So what leaves for the log
// passes through here once, at the one place where all lines meet.
//
// What is recognised by its form (e-mail addresses, IBANs, card numbers, keys and tokens of known shape, pay links, passwords
// in addresses, JSON documents) is masked wherever it stands; what is not (names) by the name of its field.
package logmask

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/acquit-app/acquit/core/fault"
)

// hidden stands for what was masked.
const hidden = "•••"

// private are fields whose values are masked whatever they hold, written without punctuation in lower case.
var private = map[string]bool{
	"name": true, "payername": true, "customername": true, "customer": true, "payer": true, "cardholder": true, "email": true, "payeremail": true,
	"mail": true, "to": true, "recipient": true, "phone": true, "address": true, "iban": true, "card": true, "pan": true, "cvc": true,
	"secret": true, "clientsecret": true, "password": true, "token": true, "accesstoken": true, "refreshtoken": true, "authorization": true,
	"cookie": true, "signature": true, "apikey": true, "key": true, "settings": true, "headers": true, "body": true, "payload": true, "raw": true,
}

func isPrivate(field string) bool {
	return private[strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, field)]
}

// Writer masks what goes through to w. Each Write is one line: a JSON object as zerolog makes it, or text.
func Writer(w io.Writer) io.Writer { return masked{w} }

type masked struct{ to io.Writer }

func (m masked) Write(p []byte) (int, error) {
	if _, err := m.to.Write(Line(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Line masks one line. A JSON object stays one, with its fields in their order; anything else is masked as text.
func Line(line []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var out bytes.Buffer
	if t, err := d.Token(); err != nil || t != json.Delim('{') || object(&out, d) != nil || !blank(line[d.InputOffset():]) {
		return []byte(Text(string(line)))
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func blank(b []byte) bool { return len(bytes.TrimSpace(b)) == 0 }

// object copies an object whose brace was read.
func object(out *bytes.Buffer, d *json.Decoder) error {
	out.WriteByte('{')
	for n := 0; d.More(); n++ {
		t, err := d.Token()
		if err != nil {
			return err
		}
		if n > 0 {
			out.WriteByte(',')
		}
		field, _ := t.(string)
		quote(out, Text(field))
		out.WriteByte(':')
		if err := value(out, d, isPrivate(field)); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	_, err := d.Token()
	return err
}

func array(out *bytes.Buffer, d *json.Decoder) error {
	out.WriteByte('[')
	for n := 0; d.More(); n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		if err := value(out, d, false); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	_, err := d.Token()
	return err
}

func value(out *bytes.Buffer, d *json.Decoder, hide bool) error {
	if hide {
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return err
		}
		quote(out, hidden)
		return nil
	}
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return object(out, d)
		}
		return array(out, d)
	case string:
		quote(out, Text(t))
	case json.Number:
		if masked := Text(t.String()); masked != t.String() {
			quote(out, masked)
		} else {
			out.WriteString(t.String())
		}
	case bool:
		if t {
			out.WriteString("true")
		} else {
			out.WriteString("false")
		}
	case nil:
		out.WriteString("null")
	}
	return nil
}

func quote(out *bytes.Buffer, s string) {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string into memory: it cannot fail
	out.Truncate(out.Len() - 1)
}

// impersonal are parameters of refusals that hold our own words: codes, numbers, dates, names of kinds and connections.
var impersonal = map[string]bool{
	"what": true, "action": true, "gateway": true, "code": true, "max": true, "min": true, "date": true, "open": true, "end": true, "year": true,
	"number": true, "account": true, "journal": true, "missing": true, "fields": true, "reason": true, "allowed": true, "expected": true, "deposit": true,
	"minutes": true, "months": true, "when": true, "hash": true, "id": true, "detail": true, "debit": true, "credit": true, "total": true, "last": true,
}

// Error is what is logged of an error: its text without what people typed or are called, which refusals carry as
// parameters for their sentence. Text masks the likeliest of them too, in errors that do not come this way.
func Error(err error) string {
	text := err.Error()
	for _, f := range fault.All(err) {
		for _, p := range f.Params {
			if !impersonal[p.Name] && p.Value != "" {
				text = strings.ReplaceAll(text, p.Name+"="+p.Value, p.Name+"="+hidden)
			}
		}
	}
	return text
}
