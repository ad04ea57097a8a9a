// Package fault is the one error type of Acquit.
//
// A rule that refuses something returns an *Error: its Kind decides how an adapter answers (HTTP status, exit code),
// its Code names the rule and is the key of the sentence a user reads, Field says which input to mend, and Params fill
// the sentence. No text lives here: the French and English catalogues hold one sentence for each Code, and a test keeps
// both complete. Whatever is not a *Error is a defect or an outage: users see only "internal error" and a reference.
package fault

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Kind groups codes by what the caller can do about them.
type Kind uint8

const (
	// Internal is everything that is not ours to explain: a bug, a full disk, a lost connection.
	Internal Kind = iota
	// Invalid input: mend Field and send again.
	Invalid
	// NotFound: no such thing in this company. Things of another company are not found either.
	NotFound
	// Conflict with the state of things: somebody else changed it, it is already so, a number is taken.
	Conflict
	// Refused by a rule of accounting, law or the product, whoever asks.
	Refused
	// Forbidden to this user.
	Forbidden
	// Unauthenticated: log in, or send a valid token.
	Unauthenticated
	// Unavailable for now: try again later.
	Unavailable
)

var kindNames = [...]string{"internal", "invalid", "not_found", "conflict", "refused", "forbidden", "unauthenticated", "unavailable"}

// String returns the stable lower-case name used in logs and in the JSON API.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "internal"
}

// Param is one named value of a message. Values are plain text, already safe to show to the person who made the request.
type Param struct{ Name, Value string }

// Error says which rule refused, where, and with what values.
type Error struct {
	Kind   Kind
	Code   Code
	Field  string
	Params []Param
}

// New makes an Error. Params come as name, value, name, value.
func New(kind Kind, code Code, params ...string) *Error {
	e := &Error{Kind: kind, Code: code}
	for i := 0; i+1 < len(params); i += 2 {
		e.Params = append(e.Params, Param{params[i], params[i+1]})
	}
	return e
}

// On returns a copy of e that points at one input field, in the form's or the API's own name (e.g. "lines.2.quantity").
func (e *Error) On(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// Under returns a copy whose field is nested below prefix.
func (e *Error) Under(prefix string) *Error {
	c := *e
	if c.Field == "" {
		c.Field = prefix
	} else {
		c.Field = prefix + "." + c.Field
	}
	return &c
}

// Error is for logs and tests; users read the catalogue's sentence instead.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Kind, e.Code)
	if e.Field != "" {
		fmt.Fprintf(&b, " on %s", e.Field)
	}
	for i, p := range e.Params {
		if i == 0 {
			b.WriteString(" (")
		} else {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s=%s", p.Name, p.Value)
	}
	if len(e.Params) > 0 {
		b.WriteByte(')')
	}
	return b.String()
}

// Is makes errors.Is compare by code: errors.Is(err, fault.New(fault.Refused, fault.EntryUnbalanced)).
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// List is several refusals at once, one for each field, so that a form shows all of them.
type List []*Error

// Error joins the members; see Error.Error.
func (l List) Error() string {
	s := make([]string, len(l))
	for i, e := range l {
		s[i] = e.Error()
	}
	return strings.Join(s, "; ")
}

// Unwrap lets errors.Is and errors.As look into the members.
func (l List) Unwrap() []error {
	out := make([]error, len(l))
	for i, e := range l {
		out[i] = e
	}
	return out
}

// Collect gathers refusals. Its zero value is ready; Err is nil while nothing was added.
type Collect struct{ list List }

// Add takes err when it is a fault (under prefix when given); any other error is returned at once for the caller to pass up.
func (c *Collect) Add(err error, prefix ...string) error {
	if err == nil {
		return nil
	}
	for _, e := range All(err) {
		for i := len(prefix) - 1; i >= 0; i-- {
			e = e.Under(prefix[i])
		}
		c.list = append(c.list, e)
	}
	if len(All(err)) == 0 {
		return err
	}
	return nil
}

// Err is nil, the one refusal, or the List of them.
func (c *Collect) Err() error {
	switch len(c.list) {
	case 0:
		return nil
	case 1:
		return c.list[0]
	}
	return c.list
}

// All returns every *Error inside err, in order; none when err is not ours.
func All(err error) []*Error {
	var l List
	if errors.As(err, &l) {
		return l
	}
	var e *Error
	if errors.As(err, &e) {
		return []*Error{e}
	}
	return nil
}

// KindOf is the kind of err, Internal when err is not ours.
func KindOf(err error) Kind {
	if all := All(err); len(all) > 0 {
		return all[0].Kind
	}
	return Internal
}

// CodeOf is the code of err, empty when err is not ours.
func CodeOf(err error) Code {
	if all := All(err); len(all) > 0 {
		return all[0].Code
	}
	return ""
}

// Has says whether err is, or contains, a refusal with this code.
func Has(err error, code Code) bool {
	for _, e := range All(err) {
		if e.Code == code {
			return true
		}
	}
	return false
}

// Codes lists every known code in alphabetical order, for the catalogues' completeness test and the API document.
func Codes() []Code {
	out := make([]Code, 0, len(params))
	for c := range params {
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out
}

// ParamsOf returns the parameter names that messages of a code may use.
func ParamsOf(c Code) []string { return params[c] }

// Clip shortens what a user typed so that a message can quote it.
func Clip(s string) string {
	const most = 40
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
