package sandbox

import (
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

//go:embed pages
var files embed.FS

var templates = template.Must(template.New("").ParseFS(files, "pages/*.html"))

// maxForm bounds what a form may send; the longest has a dozen short fields.
const maxForm = 16 << 10

// web serves pay pages and console.
type web struct {
	p   *Provider
	log zerolog.Logger
}

// pages is the HTTP side of a provider. It answers to this machine's names only, so that a foreign page cannot reach it
// under another name, and takes forms from its own pages or from programs.
func pages(p *Provider) http.Handler {
	w := &web{p: p, log: p.post.log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.index)
	mux.HandleFunc("GET /console/{account}", w.console)
	mux.HandleFunc("POST /console/{account}", w.action)
	mux.HandleFunc("GET /pay/{session}", w.page)
	mux.HandleFunc("POST /pay/{session}", w.outcome)
	mux.HandleFunc("POST /pay/{session}/3ds", w.challenge)
	mux.HandleFunc("GET /style.css", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cache-Control", "max-age=300")
		http.ServeFileFS(rw, r, files, "pages/style.css")
	})
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(rw, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		h := rw.Header()
		h.Set("Content-Security-Policy", policy())
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
		guarded.ServeHTTP(rw, r)
	})
}

// policy allows our own style sheet and nothing else. Browsers apply form-action to where a form's answer redirects
// too, so a page that sends the payer back names the merchant's address.
func policy(forms ...string) string {
	p := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	for _, f := range forms {
		if u, err := url.Parse(f); err == nil && u.Host != "" && !strings.ContainsAny(u.Host, " ;,'\"") {
			p += " " + u.Scheme + "://" + u.Host
		}
	}
	return p
}

func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}

func (w *web) json(rw http.ResponseWriter, status int, v any) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	if err := json.NewEncoder(rw).Encode(v); err != nil {
		w.log.Debug().Err(err).Msg("an answer was not taken")
	}
}

func (w *web) html(rw http.ResponseWriter, status int, name string, v any) {
	var b strings.Builder
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		w.log.Error().Err(err).Str("page", name).Msg("a page could not be made")
		http.Error(rw, "internal error", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	if _, err := rw.Write([]byte(b.String())); err != nil {
		w.log.Debug().Err(err).Msg("a page was not taken")
	}
}

// fail answers with an error.
func (w *web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	e := gateway.AsError(asPort(err))
	status := http.StatusConflict
	switch {
	case e.Kind == gateway.ErrNotFound:
		status = http.StatusNotFound
	case e.Kind == gateway.ErrRetryable:
		status = http.StatusServiceUnavailable
	case strings.HasPrefix(e.Code, "bad_"):
		status = http.StatusBadRequest
	}
	if wantsJSON(r) {
		w.json(rw, status, map[string]any{"error": map[string]string{"code": e.Code, "detail": e.Detail}})
		return
	}
	lang := browserLang(r)
	w.html(rw, status, "problem.html", struct {
		speaker
		Detail string
		Back   string
	}{speaker{lang}, e.Detail, r.URL.Path})
}

// form reads the fields of a POST.
func (w *web) form(rw http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		w.fail(rw, r, refuse("bad_form", "the form cannot be read"))
		return false
	}
	return true
}

// amountField reads amount and currency; no amount is no Money.
func amountField(r *http.Request, cur money.Currency) (money.Money, error) {
	if c := r.PostFormValue("currency"); c != "" {
		cur = money.Currency(strings.ToUpper(c))
	}
	text := strings.TrimSpace(r.PostFormValue("amount"))
	if text == "" {
		return money.Money{}, nil
	}
	m, err := money.Parse(text, cur)
	if err != nil {
		return money.Money{}, refuse("bad_amount", "%.40q is no amount in %.3q", text, string(cur))
	}
	return m, nil
}

func (w *web) page(rw http.ResponseWriter, r *http.Request) {
	v, err := w.p.Session(r.PathValue("session"))
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	if wantsJSON(r) {
		w.json(rw, http.StatusOK, v)
		return
	}
	lang := v.Locale
	if l := r.URL.Query().Get("lang"); l == "fr" || l == "en" {
		lang = l
	}
	rw.Header().Set("Content-Security-Policy", policy(v.ReturnURL, v.CancelURL))
	w.html(rw, http.StatusOK, "pay.html", payPage{speaker: speaker{lang}, Session: v})
}

// payPage is what pay.html shows.
type payPage struct {
	speaker
	Session
}

// Amount is the amount as the payer reads it.
func (p payPage) Price() string { return format(p.Session.Amount.Money, p.Lang) }

// Open says whether the payer can still do something.
func (p payPage) Open() bool { return payable(p.State) }

// Back is where a closed page leads.
func (p payPage) Back() string {
	if p.State == gateway.CheckoutCancelled {
		return p.CancelURL
	}
	return p.ReturnURL
}

func (w *web) outcome(rw http.ResponseWriter, r *http.Request) {
	if !w.form(rw, r) {
		return
	}
	v, err := w.p.Session(r.PathValue("session"))
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	amount, err := amountField(r, v.Amount.Currency())
	if err == nil {
		v, err = w.p.Pay(v.ID, Outcome{
			How: How(r.PostFormValue("outcome")), Fee: r.PostFormValue("fee"), Webhook: r.PostFormValue("webhook"), Amount: Amount{amount},
		})
	}
	w.leave(rw, r, v, err)
}

func (w *web) challenge(rw http.ResponseWriter, r *http.Request) {
	if !w.form(rw, r) {
		return
	}
	answer := r.PostFormValue("answer")
	if answer != "passed" && answer != "refused" {
		w.fail(rw, r, refuse("bad_answer", "the answer is passed or refused"))
		return
	}
	v, err := w.p.Authenticate(r.PathValue("session"), answer == "passed")
	w.leave(rw, r, v, err)
}

// leave sends the payer on: back to the merchant when the page is over, else to the page.
func (w *web) leave(rw http.ResponseWriter, r *http.Request, v Session, err error) {
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	to := "/pay/" + v.ID
	switch {
	case payable(v.State) || r.PostFormValue("stay") != "":
	case v.State == gateway.CheckoutCancelled:
		to = v.CancelURL
	default:
		to = v.ReturnURL
	}
	if wantsJSON(r) {
		w.json(rw, http.StatusOK, map[string]any{"id": v.ID, "state": v.State, "payments": v.Payments, "location": to})
		return
	}
	rw.Header().Set("Content-Security-Policy", policy(v.ReturnURL, v.CancelURL))
	http.Redirect(rw, r, to, http.StatusSeeOther)
}

func (w *web) action(rw http.ResponseWriter, r *http.Request) {
	if !w.form(rw, r) {
		return
	}
	account := r.PathValue("account")
	id, err := w.act(account, r)
	switch {
	case err != nil:
		w.fail(rw, r, err)
	case wantsJSON(r):
		w.json(rw, http.StatusOK, map[string]string{"id": id})
	default:
		http.Redirect(rw, r, "/console/"+url.PathEscape(account), http.StatusSeeOther)
	}
}

// act does what a console form asks.
func (w *web) act(account string, r *http.Request) (string, error) {
	f := r.PostFormValue
	id, how := f("id"), f("webhook")
	if err := (Outcome{How: Pays, Webhook: how}).check(); err != nil {
		return "", err
	}
	cur := money.EUR
	if m, err := w.p.Movement(account, id); err == nil {
		cur = m.Gross.Currency()
	}
	amount, err := amountField(r, cur)
	if err != nil {
		return "", err
	}
	result := func(yes, no string) (bool, error) {
		if v := f("result"); v == yes || v == no {
			return v == yes, nil
		}
		return false, refuse("bad_result", "the result is %s or %s", yes, no)
	}
	switch f("action") {
	case "settle":
		paid, err := result("paid", "failed")
		if err != nil {
			return "", err
		}
		return w.p.Settle(account, id, paid, how)
	case "reveal_fee":
		return w.p.RevealFee(account, id, how)
	case "refund":
		key := f("key")
		if key == "" {
			key = "console-" + token(10)
		}
		return w.p.Refund(account, key, id, amount, f("fee_back") != "", "console", how)
	case "fail_refund":
		return w.p.FailRefund(account, id, how)
	case "reverse_payment":
		return w.p.ReversePayment(account, id, how)
	case "open_dispute":
		return w.p.OpenDispute(account, id, amount, f("fee"), how)
	case "close_dispute":
		won, err := result("won", "lost")
		if err != nil {
			return "", err
		}
		return w.p.CloseDispute(account, id, won, f("fee_back") != "", how)
	case "payout":
		if c := money.Currency(strings.ToUpper(f("currency"))); c != "" {
			cur = c
		}
		if !cur.Valid() {
			return "", refuse("bad_currency", "unknown currency")
		}
		return w.p.Payout(account, cur, how)
	case "reverse_payout":
		return w.p.ReversePayout(account, id, how)
	case "book":
		return w.p.Book(account, gateway.Kind(f("kind")), amount, f("description"), how)
	case "receive":
		return w.p.Receive(account, amount, f("reference"), f("payer"), Outcome{Fee: f("fee"), Webhook: how})
	case "resend":
		times, err := strconv.Atoi(f("times"))
		if f("times") == "" {
			times, err = 1, nil
		}
		if err != nil {
			return "", refuse("bad_times", "times is a number")
		}
		return w.p.Resend(account, id, times)
	case "fault":
		return "", w.orderFault(account, f)
	}
	return "", refuse("bad_action", "unknown action %.40q", f("action"))
}

func (w *web) orderFault(account string, f func(string) string) error {
	times, err := strconv.Atoi(f("times"))
	if f("times") == "" {
		times, err = 1, nil
	}
	kind, outcome := gateway.ErrorKind(f("kind")), gateway.Outcome(f("outcome"))
	switch kind {
	case gateway.ErrConfig, gateway.ErrPermanent, gateway.ErrRetryable, gateway.ErrNotFound, gateway.ErrUnsupported, gateway.ErrUntrusted, gateway.ErrBug, FaultHang:
	default:
		err = errors.New("unknown kind")
	}
	if outcome == "" {
		outcome = gateway.Unknown
	}
	if err != nil || times < 1 || outcome != gateway.Unknown && outcome != gateway.NotDone {
		return refuse("bad_fault", "a fault has a kind, an outcome and a number of times")
	}
	w.p.Inject(account, Fault{Call: f("call"), Kind: kind, Outcome: outcome, Done: f("done") != "", Times: times})
	return nil
}

func browserLang(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); l == "fr" || l == "en" {
		return l
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch {
		case strings.HasPrefix(tag, "fr"):
			return "fr"
		case strings.HasPrefix(tag, "en"):
			return "en"
		}
	}
	return "fr"
}
