// Package ui is the design system: the layout of pages and the parts they are made of, as templ components.
//
// Components need no inline script or style, and no JavaScript to do their work. Words come from the catalogues through
// T and L; amounts, dates and numbers are formatted by the Localizer. What a component must know of the request (who is
// there, which company, which language, what was asked) is the Frame, which the server puts into the context.
package ui

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
)

// Frame is what every page knows of its request.
type Frame struct {
	Loc     *i18n.Localizer
	User    *User    // nil for visitors
	Company *Company // nil outside of a company
	// Companies are those to offer in the switcher, a few; All says that there are more than these.
	Companies []Company
	More      bool
	Path      string     // of this page, as in the address
	Query     url.Values // of this page
	// CSRF makes the token that a form sends along; a visitor gets a cookie only when a form asks for it.
	CSRF    func() string
	Flashes []Flash
	// Waiting counts, by menu key ("inbox"), what asks for attention.
	Waiting map[string]int
	Version string
	Now     time.Time
}

// User is who is logged in.
type User struct{ ID, Name, Role string }

// Company is one set of books.
type Company struct {
	ID   string
	Name string
	Test bool // play money only
}

// Tone says how good the news is. It is never shown by colour alone: an icon and words go with it.
type Tone string

// The tones.
const (
	Neutral Tone = "neutral"
	Good    Tone = "good"
	Notice  Tone = "info"
	Caution Tone = "caution"
	Bad     Tone = "bad"
)

// Flash is a sentence shown once, on the page after the one that caused it.
type Flash struct {
	Tone Tone
	Text string
}

type frameKey struct{}

// WithFrame gives a context its frame.
func WithFrame(ctx context.Context, f *Frame) context.Context {
	return context.WithValue(ctx, frameKey{}, f)
}

// FrameOf is the frame of a context; a French visitor's when it has none, so that a component renders in a unit test.
func FrameOf(ctx context.Context) *Frame {
	if f, ok := ctx.Value(frameKey{}).(*Frame); ok {
		return f
	}
	return &Frame{Loc: i18n.For(i18n.French)}
}

// L is the language of the page: L(ctx).Money(m), L(ctx).Date(d).
func L(ctx context.Context) *i18n.Localizer { return FrameOf(ctx).Loc }

// T is a text of the catalogues in the page's language. Params come as name, value, name, value.
func T(ctx context.Context, key string, params ...string) string { return L(ctx).T(key, params...) }

// Plural is T in the form that n takes; the text may use {{.n}}.
func Plural(ctx context.Context, key string, n int, params ...string) string {
	return L(ctx).Plural(key, n, params...)
}

// To is the address of a page of the current company: To(ctx, "/invoices") or To(ctx, "/invoices", id). Parts behind
// the first are escaped and joined with a slash.
func To(ctx context.Context, path string, parts ...string) string {
	base := ""
	if c := FrameOf(ctx).Company; c != nil {
		base = CompanyPath(c.ID)
	}
	var b strings.Builder
	b.WriteString(base)
	b.WriteString(path)
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// CSRFField is the name of the hidden field that carries a form's token.
const CSRFField = "_csrf"

func csrfToken(ctx context.Context) string {
	if mint := FrameOf(ctx).CSRF; mint != nil {
		return mint()
	}
	return ""
}

// CompanyPath is where the pages of a company begin.
func CompanyPath(id string) string { return "/c/" + url.PathEscape(id) }

// Here is the address of this page with some query parameters replaced: Here(ctx, "sort", "-date", "after", ""). An
// empty value takes the parameter away.
func Here(ctx context.Context, params ...string) string {
	f := FrameOf(ctx)
	q := url.Values{}
	for k, v := range f.Query {
		q[k] = v
	}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] == "" {
			q.Del(params[i])
		} else {
			q.Set(params[i], params[i+1])
		}
	}
	if len(q) == 0 {
		return f.Path
	}
	return f.Path + "?" + q.Encode()
}
