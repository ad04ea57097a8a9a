package api

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/gofiber/fiber/v2"
)

// Paging is what every list takes.
type Paging struct {
	Cursor string `query:"cursor" maxLength:"600" doc:"Where to read on: next or prev of an answer, with the same filters and order. A cursor means nothing else."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

const (
	forward  = "f"
	backward = "b"
)

func (p Paging) paging() (app.Paging, error) {
	out := app.Paging{Limit: p.Limit}
	if p.Cursor == "" {
		return out, nil
	}
	way, rest := p.Cursor[:1], p.Cursor[1:]
	if way != forward && way != backward || rest == "" {
		return out, fault.New(fault.Invalid, fault.BadCursor).On("cursor")
	}
	out.Cursor, out.Back = rest, way == backward
	return out, nil
}

// page is one page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitzero" doc:"Cursor of the page after this one; absent on the last."`
	Prev  string `json:"prev,omitzero" doc:"Cursor of the page before this one; absent on the first."`
}

// list answers a page; the neighbours are in the Link header too (RFC 8288).
func list[T, R any](c *call, p app.Page[T], err error, of func(T) R) (page[R], error) {
	if err != nil {
		return page[R]{}, err
	}
	out := page[R]{Items: each(p.Items, of)}
	if p.Next != "" {
		out.Next = forward + p.Next
	}
	if p.Prev != "" {
		out.Prev = backward + p.Prev
	}
	c.link(out.Next, out.Prev)
	return out, nil
}

func (c *call) link(next, prev string) {
	var links []string
	for _, l := range []struct{ rel, cursor string }{{"next", next}, {"prev", prev}} {
		if l.cursor == "" {
			continue
		}
		q, err := url.ParseQuery(string(c.http.Context().QueryArgs().QueryString()))
		if err != nil {
			return
		}
		q.Set("cursor", l.cursor)
		links = append(links, "<"+c.http.Path()+"?"+q.Encode()+`>; rel="`+l.rel+`"`)
	}
	if links != nil {
		c.http.Set(fiber.HeaderLink, strings.Join(links, ", "))
	}
}

// all is a list that is never long enough to be paged.
type all[T any] struct {
	Items []T `json:"items"`
}

func whole[T, R any](list []T, err error, of func(T) R) (all[R], error) {
	if err != nil {
		return all[R]{}, err
	}
	return all[R]{each(list, of)}, nil
}

func each[T, R any](list []T, of func(T) R) []R {
	out := make([]R, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return out
}

// order reads a sort: a column, with a minus in front for the other way round.
func order(sort string) (column string, desc bool) {
	column, desc = strings.CutPrefix(sort, "-")
	return column, desc
}

func itoa(n int) string { return strconv.Itoa(n) }
