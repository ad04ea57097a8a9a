package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

const (
	schemas         = "#/components/schemas/"
	refProblem      = "#/components/responses/Problem"
	refKey          = "#/components/parameters/IdempotencyKey"
	refVersion      = "#/components/parameters/IfMatch"
	refLanguage     = "#/components/parameters/AcceptLanguage"
	mediaOpenAPI    = "application/openapi+json"
	mediaOpenYAML   = "application/openapi+yaml"
	documentAddress = "/api/openapi"
)

const about = `Everything the screens of Acquit do, for programs.

**Access.** ` + "`Authorization: Bearer acq_…`" + `; an owner makes tokens, each acting in one company with one role. No cookies.

**Values.** Amounts are decimal strings with their currency, ` + "`{\"amount\": \"1200.00\", \"currency\": \"EUR\"}`" + `; quantities, rates and prices are decimal strings; days are ` + "`2026-12-31`" + `; instants are UTC. JSON numbers are never money. A member that is absent has no value. Unknown members, parameters and repeated members are refused.

**Writing once.** Send an ` + "`Idempotency-Key`" + ` with a write and repeat it with the same key until an answer comes: it is done once. A repetition is answered like the first time, with the thing as it is now and ` + "`Idempotent-Replayed: true`" + `.

**Writing over others.** Things that people edit have a ` + "`version`" + `, also sent as ` + "`ETag`" + `; give it back in ` + "`If-Match`" + ` and a change that came between is refused (412) instead of lost.

**Changing.** ` + "`PATCH`" + ` takes a JSON Merge Patch (RFC 7396): absent members stay, null empties, lists are replaced.

**Refusals.** Always ` + "`application/problem+json`" + ` (RFC 9457) with a stable ` + "`code`" + ` and a sentence in French or English, by ` + "`Accept-Language`" + `.

Answers gain members over time: readers ignore those they do not know.`

// documentOnly is the router that huma is given: it describes operations, and service.route answers them.
type documentOnly struct{}

func (documentOnly) Handle(*huma.Operation, func(huma.Context)) {}
func (documentOnly) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNotFound)
}

func newDocument(version string) huma.API {
	if version == "" {
		version = "dev"
	}
	registry := huma.NewMapRegistry(schemas, huma.DefaultSchemaNamer)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Acquit", Version: version, Description: about,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
		Servers:  []*huma.Server{{URL: Prefix}},
		Security: []map[string][]string{{"token": {}}},
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer",
				Description: "A token that an owner made for a program: acq_ and 43 characters."}},
			Parameters: map[string]*huma.Param{
				"IdempotencyKey": {Name: headerKey, In: "header", Schema: &huma.Schema{Type: huma.TypeString, Pattern: "^[!-~]+$", MaxLength: ptr(maxKey)},
					Description: "Makes the request happen once: repeat it with the same key until an answer comes. A key belongs to the company and the operation."},
				"IfMatch": {Name: fiber.HeaderIfMatch, In: "header", Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{`"7"`}},
					Description: "The version that was read; a newer one is answered 412 with who changed it and when."},
				"AcceptLanguage": {Name: fiber.HeaderAcceptLanguage, In: "header", Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{"en"}},
					Description: "Language of the sentences in refusals: fr (the default) or en."},
			},
		},
	}
	doc.Components.Responses = map[string]*huma.Response{"Problem": {
		Description: "Refused, or failed; code says why.",
		Headers: map[string]*huma.Param{
			fiber.HeaderXRequestID: {Description: "The request's id.", Schema: &huma.Schema{Type: huma.TypeString}},
			fiber.HeaderRetryAfter: {Description: "Seconds to wait, with 429 and 503.", Schema: &huma.Schema{Type: huma.TypeInteger}},
		},
		Content: map[string]*huma.MediaType{mediaProblem: {Schema: registry.Schema(reflect.TypeFor[problem](), true, "")}},
	}}
	return huma.NewAPI(huma.Config{OpenAPI: doc}, documentOnly{})
}

func ptr[T any](v T) *T { return &v }

// described is the type huma reads an answer from.
type described[O any] struct{ Body O }

// describe adds an operation to the document.
func describe[I, O any](doc huma.API, e *endpoint, silent bool) {
	op := huma.Operation{OperationID: e.id, Method: e.method, Path: e.path, Tags: []string{e.tag}, Summary: e.summary,
		Description: e.about(), DefaultStatus: e.status, Responses: map[string]*huma.Response{}}
	op.Parameters = append(op.Parameters, &huma.Param{Ref: refLanguage})
	if e.writes() && !e.unkeyed {
		op.Parameters = append(op.Parameters, &huma.Param{Ref: refKey})
	}
	if e.versioned {
		op.Parameters = append(op.Parameters, &huma.Param{Ref: refVersion})
	}
	_, download := any(*new(O)).(file)
	if e.accepts != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: media(e.accepts)}
	}
	success := strconv.Itoa(e.status)
	if download {
		op.Responses[success] = &huma.Response{Description: "The file.", Content: media(e.produces)}
	}
	for _, code := range e.refusals(reflect.TypeFor[I]()) {
		op.Responses[strconv.Itoa(code)] = &huma.Response{Ref: refProblem}
	}
	op.Responses["default"] = &huma.Response{Ref: refProblem}
	if download || silent {
		huma.Register(doc, op, func(context.Context, *I) (*struct{}, error) { return nil, nil })
	} else {
		huma.Register(doc, op, func(context.Context, *I) (*described[O], error) { return nil, nil })
	}
	written := operation(doc.OpenAPI().Paths[e.path], e.method)
	written.Responses[success].Headers = e.headers(reflect.TypeFor[I]())
	if e.method == patch {
		written.RequestBody.Content[mergePatch] = written.RequestBody.Content[fiber.MIMEApplicationJSON]
	}
}

func operation(p *huma.PathItem, method string) *huma.Operation {
	return map[string]*huma.Operation{get: p.Get, post: p.Post, put: p.Put, patch: p.Patch, remove: p.Delete}[method]
}

// headers are those of an answer that tell more than HTTP itself does.
func (e *endpoint) headers(in reflect.Type) map[string]*huma.Param {
	out := map[string]*huma.Param{}
	say := func(name, what string) {
		out[name] = &huma.Param{Description: what, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	if e.writes() && !e.unkeyed {
		say(headerReplayed, "true: done by an earlier request with the same key.")
	}
	if e.versioned {
		say(fiber.HeaderETag, "The version now, for If-Match.")
	}
	if e.status == http.StatusCreated {
		say(fiber.HeaderLocation, "Where the thing made is found, when it has an address of its own.")
	}
	if _, paged := in.FieldByName("Paging"); paged {
		say(fiber.HeaderLink, "The pages before and after (RFC 8288).")
	}
	return out
}

func media(types []string) map[string]*huma.MediaType {
	out := map[string]*huma.MediaType{}
	for _, t := range types {
		out[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	return out
}

// about is the operation's text, with the roles that may.
func (e *endpoint) about() string {
	var roles []string
	for _, r := range access.Roles() {
		if r.Can(e.needs) {
			roles = append(roles, string(r))
		}
	}
	return strings.TrimSpace(e.text + "\n\nRoles: " + strings.Join(roles, ", ") + ".")
}

// refusals lists the statuses that an operation's refusals may have, beside those that any request can meet (default).
func (e *endpoint) refusals(in reflect.Type) []int {
	out := []int{http.StatusUnauthorized, http.StatusForbidden}
	if strings.Contains(e.path, "{") {
		out = append(out, http.StatusNotFound)
	}
	if e.writes() {
		out = append(out, http.StatusConflict)
	}
	if e.versioned {
		out = append(out, http.StatusPreconditionFailed)
	}
	if _, body := in.FieldByName("Body"); body {
		out = append(out, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if in.NumField() > 0 || e.writes() {
		out = append(out, http.StatusUnprocessableEntity)
	}
	return out
}

// serveDocument finishes the document and serves it.
func (s *service) serveDocument() {
	doc := s.doc.OpenAPI()
	finish(doc)
	asJSON, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	asYAML, err := doc.YAML()
	if err != nil {
		panic(err)
	}
	for _, d := range []struct {
		ending, media string
		data          []byte
	}{{".json", mediaOpenAPI, asJSON}, {".yaml", mediaOpenYAML, asYAML}} {
		s.routes = append(s.routes, route{get, documentAddress + d.ending})
		s.fiber.Get(documentAddress+d.ending, func(f *fiber.Ctx) error {
			s.prepare(f)
			f.Response().SetBodyRaw(d.data)
			f.Response().Header.SetContentType(d.media)
			return nil
		})
	}
}

// finish says what types alone do not: lists are never null, what is only answered may grow, the codes there are.
func finish(doc *huma.OpenAPI) {
	all := doc.Components.Schemas.Map()
	delete(all, "ErrorModel")
	delete(all, "ErrorDetail")
	read := map[string]bool{}
	for _, item := range doc.Paths {
		for _, method := range []string{get, post, put, patch, remove} {
			op := operation(item, method)
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				walk(p.Schema, neverNull)
			}
			if op.RequestBody == nil {
				continue
			}
			for _, m := range op.RequestBody.Content {
				reach(all, m.Schema, read)
			}
		}
	}
	for name, schema := range all {
		if !read[name] && schema.AdditionalProperties == false {
			schema.AdditionalProperties = nil
		}
		walk(schema, neverNull)
	}
	codes := []any{codeNoRoute, codeNoMethod, codeMediaType, codeInternal}
	for _, c := range fault.Codes() {
		codes = append(codes, string(c))
	}
	slices.SortFunc(codes, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	all["Problem"].Properties["code"].Enum = codes
}

// neverNull is for lists: they are empty instead.
func neverNull(s *huma.Schema) { s.Nullable = s.Nullable && s.Type != huma.TypeArray }

// reach marks every schema that a request can hold.
func reach(all map[string]*huma.Schema, s *huma.Schema, marked map[string]bool) {
	walk(s, func(s *huma.Schema) {
		if name, ok := strings.CutPrefix(s.Ref, schemas); ok && !marked[name] {
			marked[name] = true
			reach(all, all[name], marked)
		}
	})
}

func walk(s *huma.Schema, fn func(*huma.Schema)) {
	if s == nil {
		return
	}
	fn(s)
	walk(s.Items, fn)
	for _, p := range s.Properties {
		walk(p, fn)
	}
	if more, ok := s.AdditionalProperties.(*huma.Schema); ok {
		walk(more, fn)
	}
}
