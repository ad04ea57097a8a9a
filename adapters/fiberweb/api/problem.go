package api

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
)

const mediaProblem = "application/problem+json"

// problem is the one form of every refusal (RFC 9457).
type problem struct {
	Type     string         `json:"type" format:"uri" example:"urn:acquit:error:period_closed" doc:"urn:acquit:error: and the code."`
	Title    string         `json:"title" doc:"What kind of refusal it is, in the language of Accept-Language (fr or en)."`
	Status   int            `json:"status" minimum:"400" maximum:"599"`
	Code     string         `json:"code" doc:"Which rule refused; stable. The list is closed and only grows."`
	Detail   string         `json:"detail,omitzero" doc:"What is wrong and what to do, for people to read."`
	Instance string         `json:"instance" doc:"The request's id, as in X-Request-Id; quote it to the operator."`
	Errors   []problemField `json:"errors,omitempty" doc:"Every refusal, with the field to mend where there is one."`
}

// problemField is one refusal of several.
type problemField struct {
	Field   string            `json:"field,omitzero" example:"lines.0.debit" doc:"Name of the member, parameter or header; list positions from 0."`
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Params  map[string]string `json:"params,omitempty" doc:"The values in the message: dates as 2026-12-31, amounts as 1234.50."`
}

// Codes of refusals that are not the core's: HTTP's own.
const (
	codeNoRoute   = "no_such_address"
	codeNoMethod  = "method_not_allowed"
	codeMediaType = "unsupported_media_type"
	codeInternal  = "internal"
)

// protocolError is a refusal by HTTP's rules.
type protocolError struct {
	status int
	code   string
	header [2]string
}

func (e *protocolError) Error() string { return "api: " + e.code }

// status is the HTTP status that answers an error.
func status(err error) int {
	var p *protocolError
	var m *malformed
	switch {
	case errors.As(err, &p):
		return p.status
	case errors.As(err, &m):
		return http.StatusBadRequest
	}
	return fiberweb.Status(err)
}

const (
	// retryBusy is for a store that lost races: the next moment may do. retryGateway is for a provider that is down.
	retryBusy    = "1"
	retryGateway = "30"
)

// refuse answers an error.
func (s *service) refuse(f *fiber.Ctx, who access.Actor, err error) error {
	loc := i18n.Match(f.Get(fiber.HeaderAcceptLanguage))
	p := problem{Status: status(err), Instance: string(f.Response().Header.Peek(fiber.HeaderXRequestID))}
	all := fault.All(err)
	var protocol *protocolError
	switch {
	case len(all) > 0:
		p.Code, p.Detail = string(all[0].Code), loc.Error(err)
		for _, e := range all {
			p.Errors = append(p.Errors, fieldProblem(loc, e))
		}
		s.addHeaders(f, &p, all[0])
	case errors.As(err, &protocol):
		p.Code, p.Detail = protocol.code, loc.T("api."+protocol.code)
		if protocol.header[0] != "" {
			f.Set(protocol.header[0], protocol.header[1])
		}
	default:
		p.Code, p.Detail = codeInternal, loc.T("fault.internal")
		s.failed(p.Instance, who, err)
	}
	p.Type, p.Title = "urn:acquit:error:"+p.Code, loc.T("api.title."+strconv.Itoa(p.Status))
	b, err := json.Marshal(&p)
	if err != nil {
		return err
	}
	f.Status(p.Status).Response().SetBodyRaw(b)
	f.Response().Header.SetContentType(mediaProblem)
	return nil
}

// failed writes down what is not for the caller to read.
func (s *service) failed(request string, who access.Actor, err error) {
	s.log.Error().Err(err).Str("request", request).Str("company", who.Company).Str("actor", who.ID).Msg("api request failed")
}

// addHeaders says what else HTTP has words for. A refusal as stale answers 412 to those who asked by If-Match.
func (s *service) addHeaders(f *fiber.Ctx, p *problem, first *fault.Error) {
	switch {
	case first.Code == fault.TooManyTries:
		f.Set(fiber.HeaderRetryAfter, strconv.Itoa(s.limit.wait()))
	case first.Code == fault.Busy:
		f.Set(fiber.HeaderRetryAfter, retryBusy)
	case first.Kind == fault.Unavailable:
		f.Set(fiber.HeaderRetryAfter, retryGateway)
	case first.Code == fault.Stale && f.Get(fiber.HeaderIfMatch) != "":
		p.Status = http.StatusPreconditionFailed
	}
}

func fieldProblem(loc *i18n.Localizer, e *fault.Error) problemField {
	f := problemField{Field: e.Field, Code: string(e.Code), Message: loc.Fault(e)}
	if len(e.Params) > 0 {
		f.Params = make(map[string]string, len(e.Params))
		for _, p := range e.Params {
			f.Params[p.Name] = p.Value
		}
	}
	return f
}

// noRoute answers addresses that nothing is at, and methods that an address does not take.
func (s *service) noRoute(f *fiber.Ctx) error {
	s.prepare(f)
	allowed := s.allowed(f.Path())
	if len(allowed) == 0 {
		return s.refuse(f, access.Actor{}, &protocolError{status: http.StatusNotFound, code: codeNoRoute})
	}
	return s.refuse(f, access.Actor{}, &protocolError{status: http.StatusMethodNotAllowed, code: codeNoMethod, header: [2]string{fiber.HeaderAllow, allowed}})
}
