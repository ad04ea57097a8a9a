package paypal

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	sdk "github.com/plutov/paypal/v4"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

const (
	// callTimeout bounds one HTTP call. Captures of cards with 3-D Secure have been seen to take above ten seconds.
	callTimeout = 20 * time.Second
	// maxAnswer bounds one answer: a page of 500 transactions is about a megabyte.
	maxAnswer = 16 << 20
	// early is how long before its end a token is replaced.
	early = time.Minute
)

// account is one REST app at one address. It keeps a token, which it could lose at any time.
type account struct {
	base, id, secret string
	now              func() time.Time
	http             *http.Client
	turn             chan struct{} // held while a token is fetched

	mu      sync.Mutex
	current *grant

	primary   money.Currency
	primaryAt time.Time
}

// grant is a token. The library's client is made anew for each, because giving one another token is a data race.
type grant struct {
	client *sdk.Client
	scope  string
	until  time.Time
}

// call is one request to the API.
type call struct {
	method, path string
	query        url.Values
	body         []byte
	key          string // PayPal-Request-Id
	whole        bool   // Prefer: return=representation
}

func get(path string, query url.Values) call {
	return call{method: http.MethodGet, path: path, query: query}
}

func post(path, key string, body any) (call, *gateway.Error) {
	b, err := json.Marshal(body)
	if err != nil {
		return call{}, gateway.Fail(gateway.ErrBug, gateway.NotDone, "", "a request could not be written")
	}
	return call{method: http.MethodPost, path: path, key: key, body: b, whole: true}, nil
}

// do makes one call and returns the bytes of a 2xx answer. A token that was revoked before its end is replaced once.
func (a *account) do(ctx context.Context, c call) ([]byte, *gateway.Error) {
	g, err := a.grant(ctx, nil)
	if err != nil {
		return nil, err
	}
	got, err := a.send(ctx, g, c)
	if err == nil || got.status != http.StatusUnauthorized {
		return got.body, err
	}
	if g, err = a.grant(ctx, g); err != nil {
		return nil, err
	}
	got, err = a.send(ctx, g, c)
	return got.body, err
}

// fetch is do for an answer in JSON.
func (a *account) fetch(ctx context.Context, c call, into any) ([]byte, *gateway.Error) {
	raw, err := a.do(ctx, c)
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(raw, into) != nil {
		return nil, unreadable(c)
	}
	return raw, nil
}

// unreadable is an answer that said 2xx and no more.
func unreadable(c call) *gateway.Error {
	outcome := gateway.Unknown
	if c.method == http.MethodGet {
		outcome = gateway.NotDone
	}
	return gateway.Fail(gateway.ErrRetryable, outcome, "bad_answer", "PayPal's answer is not the JSON that it should be")
}

func (a *account) send(ctx context.Context, g *grant, c call) (answer, *gateway.Error) {
	at := a.base + c.path
	if len(c.query) > 0 {
		at += "?" + c.query.Encode()
	}
	var got answer
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
	}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, answerKey{}, &got), c.method, at, body)
	if err != nil {
		return got, gateway.Fail(gateway.ErrBug, gateway.NotDone, "", "a request could not be made")
	}
	if c.key != "" {
		req.Header.Set("PayPal-Request-Id", c.key)
	}
	if c.whole {
		req.Header.Set("Prefer", "return=representation")
	}
	return got, verdict(ctx, &got, g.client.SendWithAuth(req, io.Discard), c.method != http.MethodGet)
}

// grant returns a token that is not stale, fetching one when there is none in force.
func (a *account) grant(ctx context.Context, stale *grant) (*grant, *gateway.Error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "timeout", "no token in time")
	}
	a.mu.Lock()
	g := a.current
	a.mu.Unlock()
	if g != nil && g != stale && a.now().Before(g.until) {
		return g, nil
	}
	g, err := a.authorize(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.current = g
	return g, err
}

// authorize exchanges the credentials for a token. It moves no money, so its failures are certain.
func (a *account) authorize(ctx context.Context) (*grant, *gateway.Error) {
	client, err := sdk.NewClient(a.id, a.secret, a.base)
	if err != nil {
		return nil, badSetting(settingID, "missing", "the client ID or the secret is missing")
	}
	client.SetHTTPClient(a.http)
	var got answer
	body := strings.NewReader("grant_type=client_credentials")
	req, err := http.NewRequestWithContext(context.WithValue(ctx, answerKey{}, &got), http.MethodPost, a.base+"/v1/oauth2/token", body)
	if err != nil {
		return nil, badSetting(settingURL, "bad_url", "the address of the API is unusable")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if e := verdict(ctx, &got, client.SendWithBasicAuth(req, io.Discard), false); e != nil {
		if got.status == http.StatusUnauthorized || got.status == http.StatusBadRequest {
			e = badSetting(settingSecret, e.Code, "PayPal refuses this client ID and secret; those of the sandbox and the live ones differ")
		}
		e.Outcome = gateway.NotDone
		return nil, e
	}
	var t struct {
		Token   string `json:"access_token"`
		Scope   string `json:"scope"`
		Expires int64  `json:"expires_in"`
	}
	if json.Unmarshal(got.body, &t) != nil || t.Token == "" {
		return nil, gateway.Fail(gateway.ErrRetryable, gateway.NotDone, "bad_answer", "PayPal's answer holds no token")
	}
	client.SetAccessToken(t.Token)
	life := time.Duration(t.Expires) * time.Second
	return &grant{client: client, scope: t.Scope, until: a.now().Add(max(life-early, life/2))}, nil
}

// answer is what came back on the wire. The library loses the status of an answer that is not JSON, and the body of one
// that is an error.
type answer struct {
	status int
	body   []byte
	cut    bool
}

type answerKey struct{}

// recorder notes answers for the call that is in the request's context.
type recorder struct{ next http.RoundTripper }

func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	got, ok := req.Context().Value(answerKey{}).(*answer)
	if err != nil || !ok {
		return resp, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if cerr := resp.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	if got.cut = len(body) > maxAnswer; got.cut {
		body = nil
	}
	got.status, got.body = resp.StatusCode, body
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
