package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"

	"github.com/acquit-app/acquit/core/gateway"
)

const (
	// callLimit bounds one HTTP call; the host gives 25 s, so our own words about a slow provider arrive.
	callLimit = 20 * time.Second
	// maxAnswer bounds what is read of one answer: a hundred balance transactions with their sources stay far below.
	maxAnswer = 16 << 20
	// busyTries bounds how often a call is repeated when Stripe still works on another one with the same idempotency key.
	busyTries = 4
	busyWait  = 250 * time.Millisecond
)

// api carries calls with one key. Requests are built by Stripe's library from its own parameter types, with the API version
// that it is pinned to. Answers are kept as Stripe wrote them, for evidence and because the library reads exchange rates
// into floats and gives a whole page up for one field that it cannot read.
type api struct {
	key     string
	backend stripe.Backend
}

func newAPI(key, url string, client *http.Client) *api {
	config := &stripe.BackendConfig{
		EnableTelemetry: stripe.Bool(false), HTTPClient: client, MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull}, // its log lines hold messages and bodies
	}
	if url != "" {
		config.URL = stripe.String(url)
	}
	return &api{key: key, backend: stripe.GetBackendWithConfig(stripe.APIBackend, config)}
}

// answer is what came back of one call.
type answer struct {
	stripe.APIResource

	body     json.RawMessage
	status   int // 0: no answer
	request  string
	replayed bool   // Stripe gave the stored answer to an earlier call with the same key
	message  string // Stripe's words about an error; they may hold personal data and go nowhere
}

// UnmarshalJSON keeps the answer as it is.
func (r *answer) UnmarshalJSON(b []byte) error {
	r.body = append(json.RawMessage(nil), b...)
	return nil
}

// get reads one object into v.
func (a *api) get(ctx context.Context, path, id string, expand []string, v any) (*answer, error) {
	if id != "" {
		path = stripe.FormatURLPath(path+"/%s", id)
	}
	if len(expand) == 0 {
		return a.read(ctx, path, nil, v) // an empty list would be sent as an empty text
	}
	return a.read(ctx, path, &expansion{stripe.StringSlice(expand)}, v)
}

type expansion struct {
	Expand []*string `form:"expand"`
}

// read asks for an object or a list and decodes it into v.
func (a *api) read(ctx context.Context, path string, params, v any) (*answer, error) {
	r, err := a.call(ctx, http.MethodGet, path, "", params)
	if err != nil {
		return r, err
	}
	return r, r.into(v, gateway.NotDone)
}

// write changes something, once for each key, and decodes the answer into v.
func (a *api) write(ctx context.Context, method, path, key string, params, v any) (*answer, error) {
	for try := 1; ; try++ {
		r, err := a.call(ctx, method, path, key, params)
		if err == nil {
			return r, r.into(v, gateway.Unknown)
		}
		if r.status != http.StatusConflict || try == busyTries {
			return r, err
		}
		wait := time.NewTimer(busyWait)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return r, err
		}
	}
}

func (r *answer) into(v any, outcome gateway.Outcome) error {
	if json.Unmarshal(r.body, v) == nil {
		return nil
	}
	return r.fail(gateway.ErrRetryable, outcome, "malformed_answer", "Stripe's answer cannot be read")
}

func (a *api) call(ctx context.Context, method, path, key string, params any) (*answer, error) {
	r := &answer{}
	common := &stripe.Params{Context: context.WithValue(ctx, exchangeKey{}, r)}
	if key != "" {
		common.IdempotencyKey = stripe.String(key)
	}
	values := &form.Values{}
	if params != nil {
		form.AppendTo(values, params)
	}
	err := a.backend.CallRaw(method, path, a.key, values, common, r)
	if err == nil && r.status >= 300 {
		err = errRedirected
	}
	if err != nil {
		return r, r.failure(method, err)
	}
	return r, nil
}

// failure says what an error means. Only codes, parameter names and the request's id of what Stripe answered are
// repeated: its words may quote a key or a payer.
func (r *answer) failure(method string, err error) *gateway.Error {
	unsure := gateway.Unknown
	if method == http.MethodGet {
		unsure = gateway.NotDone // nothing is done by looking
	}
	var e *stripe.Error
	code := ""
	if errors.As(err, &e) {
		r.message = e.Msg
		code = word(string(e.Code))
		if code == "" {
			code = word(string(e.Type))
		}
		if e.DeclineCode != "" {
			code = word(string(e.DeclineCode))
		}
	}
	if code == "" && r.status >= 300 {
		code = fmt.Sprintf("http_%d", r.status)
	}
	switch s := r.status; {
	case s == 0:
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return r.fail(gateway.ErrRetryable, gateway.NotDone, "unreachable", "Stripe cannot be reached")
		}
		return r.fail(gateway.ErrRetryable, unsure, "timeout", "no answer from Stripe")
	case s == http.StatusUnauthorized:
		f := r.fail(gateway.ErrConfig, gateway.NotDone, code, "Stripe does not accept the key: it was revoked, has expired or is mistyped")
		f.Setting = settingKey
		return f
	case s == http.StatusForbidden:
		f := r.fail(gateway.ErrConfig, gateway.NotDone, code, "the key lacks a permission for this")
		f.Setting = settingKey
		return f
	case s == http.StatusNotFound || s == http.StatusBadRequest && e != nil && e.Code == stripe.ErrorCodeResourceMissing:
		return r.fail(gateway.ErrNotFound, gateway.NotDone, code, "Stripe has no such object in this account")
	case s == http.StatusConflict:
		return r.fail(gateway.ErrRetryable, unsure, code, "Stripe still works on an earlier call")
	case s == http.StatusTooManyRequests:
		return r.fail(gateway.ErrRetryable, gateway.NotDone, code, "Stripe asks for patience")
	case e != nil && e.Type == stripe.ErrorTypeIdempotency:
		// The key came before with another request, and that one may have been carried out.
		return r.fail(gateway.ErrPermanent, unsure, code, "this idempotency key came before with another request")
	case s >= 400 && s < 500:
		detail := "Stripe refuses the request"
		if e != nil && e.Param != "" {
			detail += ", parameter " + word(e.Param)
		}
		return r.fail(gateway.ErrPermanent, gateway.NotDone, code, detail)
	case s >= 500:
		return r.fail(gateway.ErrRetryable, unsure, code, "Stripe has an outage")
	}
	return r.fail(gateway.ErrRetryable, unsure, "malformed_answer", "Stripe's answer cannot be read")
}

func (r *answer) fail(kind gateway.ErrorKind, outcome gateway.Outcome, code, detail string) *gateway.Error {
	if r.request != "" {
		detail += " (request " + r.request + ")"
	}
	return gateway.Fail(kind, outcome, code, detail)
}

// word keeps what a code or the name of a parameter may consist of.
func word(s string) string {
	s = strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_-[].", c) {
			return c
		}
		return -1
	}, s)
	return s[:min(len(s), 80)]
}

var errRedirected = errors.New("redirected")

type exchangeKey struct{}

// guard is the way out to the network: it notes what came back, says nothing of this machine, follows no redirection with
// the key and reads no endless answer.
type guard struct{ next http.RoundTripper }

// agent takes the place of what Stripe's library tells of this machine: host name, kernel, user.
const agent = `{"lang":"go","publisher":"stripe"}`

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	r, _ := req.Context().Value(exchangeKey{}).(*answer)
	req = req.Clone(req.Context())
	req.Header.Set("X-Stripe-Client-User-Agent", agent)
	res, err := g.next.RoundTrip(req)
	if err != nil || r == nil {
		return res, err
	}
	r.status = res.StatusCode
	r.request = word(res.Header.Get("Request-Id"))
	r.replayed = res.Header.Get("Idempotent-Replayed") == "true"
	res.Body = &bounded{ReadCloser: res.Body, left: maxAnswer}
	return res, nil
}

type bounded struct {
	io.ReadCloser

	left int
}

var errTooLong = errors.New("the answer is too long")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
