package paypalfake

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/acquit-app/acquit/plugins/simulator"
)

// Scopes are those that the connector asks for, as PayPal grants them.
func Scopes() []string {
	return []string{
		"openid", "https://uri.paypal.com/services/payments/payment/authcapture", "https://uri.paypal.com/services/payments/refund",
		scopePay, scopeSearch, scopeBalances, scopeDisputes, scopeWebhooks,
	}
}

const (
	scopePay      = "https://uri.paypal.com/services/payments/payment"
	scopeSearch   = "https://uri.paypal.com/services/reporting/search/read"
	scopeBalances = "https://uri.paypal.com/services/reporting/balances/read"
	scopeDisputes = "https://uri.paypal.com/services/disputes/read-seller"
	scopeWebhooks = "https://uri.paypal.com/services/applications/webhooks"
)

const (
	tokenLife  = 9 * time.Hour
	orderKeys  = 6 * time.Hour       // how long PayPal-Request-Id is remembered
	refundKeys = 45 * 24 * time.Hour // of refunds
	maxBody    = 1 << 20
)

// answer is what a call answers.
type answer struct {
	status int
	body   []byte
	wrong  bool // on purpose not as PayPal's documents say
}

func ok(status int, body any) answer {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // of types that are ours
	}
	return answer{status: status, body: b}
}

var refusals = map[int][2]string{
	400: {"INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."},
	401: {"AUTHENTICATION_FAILURE", "Authentication failed due to missing authorization header, or invalid authentication credentials."},
	403: {"NOT_AUTHORIZED", "Authorization failed due to insufficient permissions."},
	404: {"RESOURCE_NOT_FOUND", "The specified resource does not exist."},
	409: {"RESOURCE_CONFLICT", "The server has detected a conflict while processing this request."},
	422: {"UNPROCESSABLE_ENTITY", "The requested action could not be performed, semantically incorrect, or failed business validation."},
	429: {"RATE_LIMIT_REACHED", "Too many requests. Blocked due to rate limiting."},
	500: {"INTERNAL_SERVER_ERROR", "An internal server error occurred."},
	503: {"SERVICE_UNAVAILABLE", "Service Unavailable."},
}

// refuse makes an error of PayPal's.
func refuse(status int, issue string) answer {
	words := refusals[status]
	body := map[string]any{"name": words[0], "message": words[1], "debug_id": "f0f0f0fake"}
	if issue != "" {
		body["details"] = []any{map[string]any{"issue": issue}}
	}
	return ok(status, body)
}

// caller is who makes a call.
type caller struct {
	app     *app
	account *account
	r       *http.Request
	body    []byte
}

type handler func(caller) answer

func (f *Fake) route() {
	f.mux = http.NewServeMux()
	api := func(pattern, scope string, life time.Duration, h handler) {
		f.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, scope, life, h) })
	}
	api("POST /v2/checkout/orders", scopePay, orderKeys, f.createOrder)
	api("GET /v2/checkout/orders/{id}", scopePay, 0, f.getOrder)
	api("POST /v2/checkout/orders/{id}/capture", scopePay, orderKeys, f.captureOrder)
	api("GET /v2/payments/captures/{id}", scopePay, 0, f.getCapture)
	api("POST /v2/payments/captures/{id}/refund", scopePay, refundKeys, f.refundCapture)
	api("GET /v2/payments/refunds/{id}", scopePay, 0, f.getRefund)
	api("GET /v1/customer/disputes", scopeDisputes, 0, f.listDisputes)
	api("GET /v1/customer/disputes/{id}", scopeDisputes, 0, f.getDispute)
	api("GET /v1/reporting/transactions", scopeSearch, 0, f.search)
	api("GET /v1/reporting/balances", scopeBalances, 0, f.balances)
	api("POST /v1/notifications/webhooks", scopeWebhooks, 0, f.createWebhook)
	api("GET /v1/notifications/webhooks", scopeWebhooks, 0, f.listWebhooks)
	api("PATCH /v1/notifications/webhooks/{id}", scopeWebhooks, 0, f.patchWebhook)
	api("DELETE /v1/notifications/webhooks/{id}", scopeWebhooks, 0, f.deleteWebhook)
	api("POST /v1/notifications/verify-webhook-signature", scopeWebhooks, 0, f.verifySignature)
	f.mux.HandleFunc("POST /v1/oauth2/token", f.token)
	f.mux.HandleFunc("GET "+certPath+"{name}", f.serveCert)
	f.mux.HandleFunc("GET /v1/notifications/ca.pem", f.serveCA)
	f.mux.HandleFunc("GET /checkoutnow", f.showPage)
	f.mux.HandleFunc("POST /checkoutnow", f.usePage)
	f.mux.HandleFunc("GET /style.css", simulator.Style)
	f.mux.Handle("/{$}", simulator.Console("PayPal", world{f}))
}

// ServeHTTP implements http.Handler.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if f.base == "" {
		f.base = "http://" + r.Host
	}
	f.mu.Unlock()
	f.mux.ServeHTTP(w, r)
}

// serve answers a call of the API: faults that were ordered, the token, what was answered before, and then the call itself.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request, scope string, life time.Duration, h handler) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		f.reply(w, refuse(http.StatusBadRequest, ""))
		return
	}
	fault := f.fault(r)
	if fault != nil && !fault.After {
		f.breakOff(w, r, fault)
		return
	}
	a := f.locked(r, body, scope, life, h)
	if fault != nil {
		f.breakOff(w, r, fault)
		return
	}
	f.reply(w, a)
}

func (f *Fake) locked(r *http.Request, body []byte, scope string, life time.Duration, h handler) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	var c caller
	for _, a := range f.s.Apps {
		if until, ok := a.Tokens[token]; ok && token != "" && f.now().Before(until) {
			c = caller{app: a, account: f.s.Accounts[a.Account], r: r, body: body}
		}
	}
	if c.app == nil {
		return refuse(http.StatusUnauthorized, "")
	}
	if !c.app.may(scope) {
		return refuse(http.StatusForbidden, "")
	}
	key := ""
	if id := r.Header.Get("PayPal-Request-Id"); id != "" && life > 0 {
		key = c.app.ClientID + " " + r.URL.Path + " " + id
		if old := f.s.Replays[key]; old != nil && f.now().Before(old.Until) {
			again := answer{status: old.Status, body: old.Body}
			if again.status == http.StatusCreated && life == orderKeys {
				again.status = http.StatusOK
			}
			return again
		}
	}
	a := h(c)
	if key != "" && (a.status < 300 || a.status == http.StatusUnprocessableEntity) {
		f.s.Replays[key] = &replay{Status: a.status, Body: a.body, Until: f.now().Add(life)}
	}
	if r.Method != http.MethodGet {
		_ = f.save()
	}
	return a
}

func (a *app) may(scope string) bool {
	for _, s := range a.Scopes {
		if s == scope || strings.HasPrefix(s, scope+"/") {
			return true
		}
	}
	return false
}

func (f *Fake) reply(w http.ResponseWriter, a answer) {
	if a.wrong {
		w.Header().Set(FaultHeader, "1")
	}
	if a.status == http.StatusNoContent {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Paypal-Debug-Id", "f0f0f0fake")
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// token is the OAuth exchange, which PayPal's OpenAPI documents leave out.
func (f *Fake) token(w http.ResponseWriter, r *http.Request) {
	if fault := f.fault(r); fault != nil {
		f.breakOff(w, r, fault)
		return
	}
	id, secret, _ := r.BasicAuth()
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.s.Apps[id]
	if a == nil || a.Secret != secret {
		f.reply(w, ok(http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": "Client Authentication failed"}))
		return
	}
	if r.FormValue("grant_type") != "client_credentials" {
		f.reply(w, ok(http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type", "error_description": "unsupported grant_type"}))
		return
	}
	for t, until := range a.Tokens {
		if !f.now().Before(until) {
			delete(a.Tokens, t)
		}
	}
	t := "A21AA" + f.id(letters, 32)
	a.Tokens[t] = f.now().Add(tokenLife)
	_ = f.save()
	f.reply(w, ok(http.StatusOK, map[string]any{
		"scope": strings.Join(a.Scopes, " "), "access_token": t, "token_type": "Bearer", "app_id": "APP-80W284485P519543T",
		"expires_in": int(tokenLife / time.Second), "nonce": f.now().Format(time.RFC3339) + f.id(letters, 20),
	}))
}

// RevokeTokens ends an app's tokens before their time.
func (f *Fake) RevokeTokens(clientID string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.s.Apps[clientID]; a != nil {
		clear(a.Tokens)
	}
}

// SetSecret changes an app's secret; its tokens end.
func (f *Fake) SetSecret(clientID, secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.s.Apps[clientID]; a != nil {
		a.Secret = secret
		clear(a.Tokens)
	}
}

// SetScopes changes what an app may do.
func (f *Fake) SetScopes(clientID string, scopes []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.s.Apps[clientID]; a != nil {
		a.Scopes = scopes
	}
}
