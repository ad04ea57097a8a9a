package stripefake

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxBody bounds a request.
const maxBody = 1 << 20

// failure is an error as Stripe answers it.
type failure struct {
	status  int
	kind    string
	code    string
	message string
	param   string
}

func (e *failure) Error() string { return e.message }

func invalid(code, param, format string, a ...any) *failure {
	return &failure{http.StatusBadRequest, "invalid_request_error", code, fmt.Sprintf(format, a...), param}
}

func missing(param, id string) *failure {
	return &failure{http.StatusNotFound, "invalid_request_error", "resource_missing", "No such object: '" + id + "'", param}
}

func (e *failure) show() object {
	v := object{"type": e.kind, "message": e.message}
	if e.code != "" {
		v["code"] = e.code
	}
	if e.param != "" {
		v["param"] = e.param
	}
	return object{"error": v}
}

// ServeHTTP serves Stripe's API below /v1/, and pay pages.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if f.base == "" {
		f.base = "http://" + r.Host
	}
	f.mu.Unlock()
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		f.mux.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return
	}
	form := r.URL.Query()
	if r.Method == http.MethodPost {
		if form, err = url.ParseQuery(string(body)); err != nil {
			answer(w, 400, invalid("", "", "the form cannot be read").show(), nil)
			return
		}
	}
	f.mu.Lock()
	status, out, header, fault := f.serve(r, form, body)
	f.keep()
	request := f.id("req_")
	f.mu.Unlock()
	w.Header().Set("Request-Id", request)
	w.Header().Set("Stripe-Version", Version)
	if fault != nil {
		switch {
		case fault.Hang:
			<-r.Context().Done()
			return
		case fault.Malformed:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>upstream</html>")
			return
		case fault.Cut:
			b, err := json.Marshal(out)
			if err != nil {
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(b)+1))
			w.WriteHeader(status)
			_, _ = w.Write(b[:len(b)/2])
			return
		}
	}
	answer(w, status, out, header)
}

func answer(w http.ResponseWriter, status int, out any, header map[string]string) {
	for k, v := range header {
		w.Header().Set(k, v)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(out) // who does not take the answer asks again
}

// serve answers a call. The caller holds mu.
func (f *Fake) serve(r *http.Request, form url.Values, body []byte) (status int, out any, header map[string]string, fault *Fault) {
	fail := func(e *failure) (int, any, map[string]string, *Fault) { return e.status, e.show(), header, fault }
	secret, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	a, k := f.byKey(secret)
	if a == nil || k.Revoked {
		code := ""
		if a != nil {
			code = "api_key_expired"
		}
		return fail(&failure{http.StatusUnauthorized, "invalid_request_error", code, "Invalid API Key provided: " + stars(secret), ""})
	}
	a.expire()
	if p := permission(r.Method, r.URL.Path); slices.Contains(k.Missing, p) {
		return fail(&failure{http.StatusForbidden, "invalid_request_error", "", fmt.Sprintf(
			"The provided key '%s' does not have the required permissions for this endpoint on account '%s'. Having the '%s' permission would allow this request to continue.",
			stars(secret), a.ID, p), ""})
	}
	idem := r.Header.Get("Idempotency-Key")
	sum := sha256.Sum256([]byte(r.Method + r.URL.Path + "\x00" + string(body)))
	print := hex.EncodeToString(sum[:8])
	if r.Method != http.MethodPost {
		idem = ""
	}
	fault = a.fault(r)
	if was := a.Done[idem]; idem != "" && was != nil && f.at()-was.At < 86400 {
		if was.Print != print {
			return fail(&failure{http.StatusBadRequest, "idempotency_error", "", "Keys for idempotent requests can only be used with the same parameters they were first used with.", ""})
		}
		return was.Status, was.Body, map[string]string{"Idempotent-Replayed": "true"}, fault
	}
	if fault != nil && !fault.Done {
		if fault.Status == 0 {
			return http.StatusOK, object{}, header, fault
		}
		status, out = fault.Status, fault.show()
	} else {
		v, err := a.call(r.Method, r.URL.Path, form)
		if status, out = http.StatusOK, any(v); err != nil {
			return fail(err) // what is refused before it begins is not stored
		}
		if fault != nil && fault.Status != 0 {
			status, out = fault.Status, fault.show()
		}
	}
	if idem != "" && (status == http.StatusOK || fault != nil && fault.Store) {
		b, err := json.Marshal(out)
		if err == nil {
			a.Done[idem] = &stored{print, f.at(), status, b}
		}
	}
	return status, out, header, fault
}

func (v *Fault) show() object {
	kind := "api_error"
	switch {
	case v.Status == 400 || v.Status == 401 || v.Status == 403 || v.Status == 404 || v.Status == 429:
		kind = "invalid_request_error"
	case v.Status == 409:
		kind = "idempotency_error"
	case v.Status == 402:
		kind = "card_error"
	}
	return (&failure{v.Status, kind, v.Code, "This failure was ordered.", ""}).show()
}

func stars(k string) string {
	if len(k) < 12 {
		return "***"
	}
	return k[:8] + strings.Repeat("*", len(k)-12) + k[len(k)-4:]
}

// permission is what a restricted key needs for a call, as Stripe names it in errors.
func permission(method, path string) string {
	verb := "_read"
	if method != http.MethodGet {
		verb = "_write"
	}
	what, _, _ := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	switch what {
	case "checkout":
		return "rak_checkout_session" + verb
	case "payment_intents":
		return "rak_payment_intent" + verb
	case "charges", "refunds":
		return "rak_charge" + verb
	case "balance", "balance_transactions":
		return "rak_balance" + verb
	case "disputes":
		return "rak_dispute" + verb
	case "payouts":
		return "rak_payout" + verb
	case "events":
		return "rak_event" + verb
	case "webhook_endpoints":
		return "rak_webhook" + verb
	case "account":
		return "rak_accounts_kyc_basic" + verb
	}
	return ""
}

// call does what is asked for and expands the answer.
func (a *account) call(method, path string, form url.Values) (object, *failure) {
	out, err := a.route(method, strings.Split(strings.TrimPrefix(path, "/v1/"), "/"), form)
	if err != nil {
		return nil, err
	}
	for _, e := range array(form, "expand") {
		if err := a.expand(out, strings.Split(e, "."), e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (a *account) route(method string, p []string, form url.Values) (object, *failure) {
	get, post := method == http.MethodGet, method == http.MethodPost
	one := func(id, prefixes string) (object, *failure) {
		prefix, _, _ := strings.Cut(id, "_")
		if v := a.show(id); v != nil && strings.Contains(" "+prefixes+" ", " "+prefix+" ") {
			return v, nil
		}
		return nil, missing("id", id)
	}
	switch {
	case get && len(p) == 1 && p[0] == "balance":
		return a.balance(), nil
	case get && len(p) == 1 && p[0] == "account":
		return a.showAccount(), nil
	case p[0] == "checkout" && len(p) >= 2 && p[1] == "sessions":
		switch {
		case post && len(p) == 2:
			return a.newSession(form)
		case get && len(p) == 2:
			return a.list(form, "/v1/checkout/sessions", entries(a.Sessions, func(v *session) entry { return entry{v.ID, v.Created} }), func(id string) bool {
				v := find[session](a, id)
				return fits(form, "payment_intent", v.Intent) && fits(form, "status", v.Status)
			})
		case get && len(p) == 3:
			return one(p[2], "cs")
		case post && len(p) == 4 && p[3] == "expire":
			return a.expireSession(p[2])
		}
	case get && len(p) == 1 && p[0] == "payment_intents":
		return a.list(form, "/v1/payment_intents", entries(a.Intents, func(v *intent) entry { return entry{v.ID, v.Created} }), nil)
	case get && len(p) == 2 && p[0] == "payment_intents":
		return one(p[1], "pi")
	case get && len(p) == 1 && p[0] == "charges":
		return a.list(form, "/v1/charges", entries(a.Charges, func(v *charge) entry { return entry{v.ID, v.Created} }), nil)
	case get && len(p) == 2 && p[0] == "charges":
		return one(p[1], "ch py")
	case p[0] == "refunds":
		switch {
		case post && len(p) == 1:
			return a.newRefund(form)
		case get && len(p) == 1:
			return a.list(form, "/v1/refunds", entries(a.Refunds, func(v *refund) entry { return entry{v.ID, v.Created} }), func(id string) bool {
				v := find[refund](a, id)
				return fits(form, "payment_intent", v.Intent) && fits(form, "charge", v.Charge)
			})
		case get && len(p) == 2:
			return one(p[1], "re pyr")
		}
	case get && len(p) == 1 && p[0] == "disputes":
		return a.list(form, "/v1/disputes", entries(a.Disputes, func(v *dispute) entry { return entry{v.ID, v.Created} }), nil)
	case get && len(p) == 2 && p[0] == "disputes":
		return one(p[1], "dp du")
	case get && len(p) == 1 && p[0] == "payouts":
		return a.list(form, "/v1/payouts", entries(a.Payouts, func(v *payout) entry { return entry{v.ID, v.Created} }), func(id string) bool {
			return fits(form, "status", find[payout](a, id).Status)
		})
	case get && len(p) == 2 && p[0] == "payouts":
		return one(p[1], "po")
	case get && len(p) == 1 && p[0] == "balance_transactions":
		if id := form.Get("payout"); id != "" {
			o := find[payout](a, id)
			if o == nil {
				return nil, missing("payout", id)
			}
			if !o.Automatic {
				return nil, invalid("", "payout", "Balance transaction history can only be filtered on automatic transfers, not manual.")
			}
		}
		return a.list(form, "/v1/balance_transactions", entries(a.Txns, func(v *txn) entry { return entry{v.ID, v.Created} }), func(id string) bool {
			v := find[txn](a, id)
			return !v.Hidden && fits(form, "payout", v.Payout) && fits(form, "source", v.Source) && fits(form, "type", v.Type) && fits(form, "currency", v.Currency)
		})
	case get && len(p) == 2 && p[0] == "balance_transactions":
		return one(p[1], "txn")
	case get && len(p) == 1 && p[0] == "events":
		types := array(form, "types")
		oldest := a.clock() - 30*86400
		return a.list(form, "/v1/events", entries(a.Events, func(v *event) entry { return entry{v.ID, v.Created} }), func(id string) bool {
			v := find[event](a, id)
			return v.Created >= oldest && (len(types) == 0 || slices.Contains(types, v.Type))
		})
	case p[0] == "webhook_endpoints":
		switch {
		case post && len(p) == 1:
			return a.newEndpoint(form)
		case get && len(p) == 1:
			return a.list(form, "/v1/webhook_endpoints", entries(a.Endpoints, func(v *endpoint) entry { return entry{v.ID, v.Created} }), nil)
		case method == http.MethodDelete && len(p) == 2:
			return a.deleteEndpoint(p[1])
		}
	}
	return nil, &failure{http.StatusNotFound, "invalid_request_error", "", "Unrecognized request URL.", ""}
}

type entry struct {
	id      string
	created int64
}

func entries[T any](all []*T, f func(*T) entry) []entry {
	out := make([]entry, len(all))
	for i, v := range all {
		out[i] = f(v)
	}
	return out
}

func fits(form url.Values, name, value string) bool {
	want := form.Get(name)
	return want == "" || want == value
}

// array reads name[0], name[1]... or name[].
func array(form url.Values, name string) []string {
	out := slices.Clone(form[name+"[]"])
	for i := 0; ; i++ {
		v, ok := form[fmt.Sprintf("%s[%d]", name, i)]
		if !ok {
			return out
		}
		out = append(out, v...)
	}
}

// list pages through objects, the newest first.
func (a *account) list(form url.Values, path string, all []entry, keep func(id string) bool) (object, *failure) {
	limit := 10
	if s := form.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 100 {
			return nil, invalid("parameter_invalid_integer", "limit", "limit is 1 to 100")
		}
		limit = n
	}
	bounds := map[string]int64{}
	for _, b := range []string{"gt", "gte", "lt", "lte"} {
		if s := form.Get("created[" + b + "]"); s != "" {
			n, err := strconv.ParseInt(s, 10, 64)
			if err != nil {
				return nil, invalid("parameter_invalid_integer", "created", "not a time")
			}
			bounds[b] = n
		}
	}
	within := func(t int64) bool {
		for b, n := range bounds {
			if b == "gt" && t <= n || b == "gte" && t < n || b == "lt" && t >= n || b == "lte" && t > n {
				return false
			}
		}
		return true
	}
	older := func(x, y entry) int { return cmp.Or(cmp.Compare(y.created, x.created), cmp.Compare(y.id, x.id)) }
	slices.SortFunc(all, older)
	after, before := form.Get("starting_after"), form.Get("ending_before")
	place := func(param, id string) (int, *failure) {
		i := slices.IndexFunc(all, func(e entry) bool { return e.id == id })
		if i < 0 || path == "/v1/events" && !keep2(keep, id) && all[i].created < a.clock()-30*86400 {
			return 0, invalid("resource_missing", param, "No such object: '%s'", id)
		}
		return i, nil
	}
	from, to := 0, len(all)
	var e *failure
	if after != "" {
		if from, e = place("starting_after", after); e != nil {
			return nil, e
		}
		from++
	}
	if before != "" {
		if to, e = place("ending_before", before); e != nil {
			return nil, e
		}
	}
	var ids []string
	for i := from; i < to; i++ {
		if within(all[i].created) && keep2(keep, all[i].id) {
			ids = append(ids, all[i].id)
		}
	}
	more := len(ids) > limit
	if more && before != "" {
		ids = ids[len(ids)-limit:]
	} else if more {
		ids = ids[:limit]
	}
	data := make([]any, len(ids))
	for i, id := range ids {
		data[i] = a.show(id)
	}
	return object{"object": "list", "data": data, "has_more": more, "url": path}, nil
}

func keep2(keep func(string) bool, id string) bool { return keep == nil || keep(id) }

// expand puts objects in the place of their ids.
func (a *account) expand(in any, path []string, whole string) *failure {
	v, ok := in.(object)
	if !ok || len(path) == 0 {
		return nil
	}
	if path[0] == "data" {
		items, ok := v["data"].([]any)
		if !ok {
			return invalid("", "expand", "This property cannot be expanded (%s).", whole)
		}
		for _, it := range items {
			if err := a.expand(it, path[1:], whole); err != nil {
				return err
			}
		}
		return nil
	}
	field, ok := v[path[0]]
	if !ok {
		return invalid("", "expand", "This property cannot be expanded (%s).", whole)
	}
	if id, ok := field.(string); ok {
		if full := a.show(id); full != nil {
			v[path[0]] = full
		}
	}
	return a.expand(v[path[0]], path[1:], whole)
}

func (a *account) balance() object {
	available, pending := map[string]int64{}, map[string]int64{}
	for _, t := range a.Txns {
		if t.Available > a.clock() {
			pending[t.Currency] += t.net()
			available[t.Currency] += 0
		} else {
			available[t.Currency] += t.net()
			pending[t.Currency] += 0
		}
	}
	show := func(m map[string]int64) []any {
		out := []any{}
		for cur, n := range m {
			out = append(out, object{"amount": n, "currency": cur, "source_types": object{"card": n}})
		}
		slices.SortFunc(out, func(x, y any) int {
			return strings.Compare(fmt.Sprint(x.(object)["currency"]), fmt.Sprint(y.(object)["currency"]))
		})
		return out
	}
	return object{"object": "balance", "livemode": a.Live, "available": show(available), "pending": show(pending)}
}

// tell makes an event of what an object looks like now.
func (a *account) tell(kind, id string) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(a.show(id)) != nil {
		return
	}
	v := &event{ID: a.f.id("evt_1"), Created: a.clock(), Type: kind, Object: bytes.TrimSpace(b.Bytes())}
	a.Events = append(a.Events, v)
	a.put(v.ID, v)
}
