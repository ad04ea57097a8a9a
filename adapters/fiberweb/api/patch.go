package api

import (
	"bytes"
	"maps"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// changes is a JSON Merge Patch of T.
type changes[T any] struct{ data []byte }

func (p *changes[T]) keep(data []byte) error {
	p.data = bytes.Clone(data)
	var alone T
	return readJSON(data, &alone)
}

// over applies the patch to what there is.
func (p *changes[T]) over(now *T) error { return readJSON(p.data, now) }

// Schema is T's with every member optional and, where it is a plain value, nullable.
func (changes[T]) Schema(r huma.Registry) *huma.Schema {
	t := reflect.TypeFor[T]()
	name := huma.DefaultSchemaNamer(t, "") + "Changes"
	if r.Map()[name] == nil {
		s := *r.Schema(t, false, "")
		s.Required = nil
		s.Properties = maps.Clone(s.Properties)
		for member, p := range s.Properties {
			c := *p
			switch c.Type {
			case huma.TypeString, huma.TypeBoolean, huma.TypeInteger:
				c.Nullable, c.Default = c.Enum == nil, nil
			}
			s.Properties[member] = &c
		}
		s.PrecomputeMessages()
		r.Map()[name] = &s
	}
	return &huma.Schema{Ref: schemas + name}
}
