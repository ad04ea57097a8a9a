package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/getkin/kin-openapi/openapi3"
)

func TestDocument(t *testing.T) {
	s := newServer(t) // reads and validates it
	if s.doc.OpenAPI != "3.1.0" || s.doc.Info.Version != "test" {
		t.Errorf("OpenAPI %s, version %s", s.doc.OpenAPI, s.doc.Info.Version)
	}
	for path, item := range s.doc.Paths.Map() {
		for method, op := range item.Operations() {
			what := method + " " + path
			if op.OperationID == "" || len(op.Tags) != 1 || op.Summary == "" || !strings.Contains(op.Description, "Roles: ") {
				t.Errorf("%s: lacks an id, a tag, a summary or the roles that may", what)
			}
			if strings.HasSuffix(op.Summary, ".") {
				t.Errorf("%s: a summary is no sentence", what)
			}
			success := 0
			for status, r := range op.Responses.Map() {
				if strings.HasPrefix(status, "2") {
					success++
					if len(r.Value.Content) == 0 && status != "204" {
						t.Errorf("%s: %s has no body", what, status)
					}
				} else if r.Ref != "#/components/responses/Problem" {
					t.Errorf("%s: %s is no problem", what, status)
				}
			}
			if success != 1 {
				t.Errorf("%s: %d ways to succeed", what, success)
			}
			for _, p := range op.Parameters {
				if p.Value.In == "path" && !strings.Contains(path, "{"+p.Value.Name+"}") {
					t.Errorf("%s: parameter %s is not in the path", what, p.Value.Name)
				}
			}
			for _, name := range pathNames(path) {
				if op.Parameters.GetByInAndName("path", name) == nil {
					t.Errorf("%s: {%s} is not described", what, name)
				}
			}
		}
	}
}

func pathNames(path string) []string {
	var out []string
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "{") {
			out = append(out, strings.Trim(part, "{}"))
		}
	}
	return out
}

func TestDocumentListsEveryCode(t *testing.T) {
	s := newServer(t)
	listed := map[any]bool{}
	for _, c := range s.doc.Components.Schemas["Problem"].Value.Properties["code"].Value.Enum {
		listed[c] = true
	}
	for _, c := range fault.Codes() {
		if !listed[string(c)] {
			t.Errorf("%s is not listed", c)
		}
	}
}

// Money must never be a JSON number, in or out.
func TestDocumentHasNoFloats(t *testing.T) {
	s := newServer(t)
	for name, schema := range s.doc.Components.Schemas {
		for member, p := range schema.Value.Properties {
			if p.Value.Type.Is(openapi3.TypeNumber) {
				t.Errorf("%s.%s is a number", name, member)
			}
		}
	}
}

func TestDocumentClosesWhatIsReadOnly(t *testing.T) {
	s := newServer(t)
	for name, closed := range map[string]bool{"EntryFields": true, "CustomerFieldsChanges": true, "Amount": true, "Invoice": false, "Problem": false} {
		schema := s.doc.Components.Schemas[name]
		if schema == nil {
			t.Fatalf("no schema %s", name)
		}
		has := schema.Value.AdditionalProperties.Has
		if got := has != nil && !*has; got != closed {
			t.Errorf("%s refuses other members: %v, want %v", name, got, closed)
		}
	}
}

func TestDocumentInYAML(t *testing.T) {
	s := newServer(t)
	y := documentBytes(t, s.fiber, "/api/openapi.yaml")
	doc, err := openapi3.NewLoader().LoadFromData(y)
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(doc.Components)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s.doc.Components)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) || len(doc.Paths.Map()) != len(s.doc.Paths.Map()) {
		t.Error("the YAML says something else than the JSON")
	}
}
