package stripefake

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/simulator"
)

//go:embed pages
var files embed.FS

var payPage = template.Must(template.ParseFS(files, "pages/pay.html"))

var words = map[string]map[string]string{
	"fr": {
		"title": "Paiement (simulateur Stripe)", "play": "aucun argent réel", "pay": "Vous payez", "card": "Payer par carte", "card_fee_later": "Payer par carte, commission connue plus tard",
		"sepa": "Prélèvement SEPA (confirmé dans quelques jours)", "declined": "Carte refusée", "cancel": "Annuler et revenir", "declined_note": "Votre carte a été refusée. Essayez autrement.",
		"complete": "Cette page a déjà servi.", "expired": "Cette page a expiré.", "back": "Retour chez le marchand", "unknown": "Cette page n'existe pas.",
	},
	"en": {
		"title": "Payment (Stripe simulator)", "play": "no real money", "pay": "You pay", "card": "Pay by card", "card_fee_later": "Pay by card, fee known later",
		"sepa": "SEPA debit (confirmed in a few days)", "declined": "Declined card", "cancel": "Cancel and go back", "declined_note": "Your card was declined. Try another way.",
		"complete": "This page has been used.", "expired": "This page has expired.", "back": "Back to the merchant", "unknown": "This page does not exist.",
	},
}

type payView struct {
	Page

	Lang, Merchant, Price, Back string
	Open, SEPA, Declined        bool
}

// T is a text in the page's language.
func (v payView) T(k string) string { return words[v.Lang][k] }

func (f *Fake) routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /pay/{session}", f.showPage)
	m.HandleFunc("POST /pay/{session}", f.pressed)
	m.HandleFunc("GET /style.css", simulator.Style)
	m.Handle("/{$}", simulator.Console("Stripe", world{f}))
	return m
}

// guard sets what keeps a page to itself. Browsers hold form-action against where a form's answer leads, too.
func guard(w http.ResponseWriter, forms ...string) {
	policy := "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	for _, f := range forms {
		if u, err := url.Parse(f); err == nil && u.Host != "" && !strings.ContainsAny(u.Host, " ;,'\"") {
			policy += " " + u.Scheme + "://" + u.Host
		}
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func (f *Fake) view(id string) (payView, bool) {
	p := f.Session(id)
	if p == nil {
		return payView{Lang: "en"}, false
	}
	v := payView{Page: *p, Lang: "en", Open: p.Status == "open", SEPA: slices.Contains(p.Methods, "sepa_debit")}
	if strings.HasPrefix(p.Locale, "fr") {
		v.Lang = "fr"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.of(id)
	v.Merchant, v.Price = a.Name, price(p.Amount, p.Currency, v.Lang)
	if in := find[intent](a, p.Intent); in != nil {
		v.Declined = v.Open && in.ErrorCode != ""
	}
	if p.Status == "complete" {
		v.Back = web(p.Success, id)
	} else {
		v.Back = web(p.Cancel, id)
	}
	return v, true
}

// web is an address of the merchant's, with what Stripe fills in; "" when it is none of the web's.
func web(s, session string) string {
	s = strings.ReplaceAll(s, "{CHECKOUT_SESSION_ID}", session)
	if u, err := url.Parse(s); err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return s
}

func (f *Fake) showPage(w http.ResponseWriter, r *http.Request) {
	v, ok := f.view(r.PathValue("session"))
	if !ok {
		guard(w)
		http.Error(w, words["en"]["unknown"], http.StatusNotFound)
		return
	}
	var b bytes.Buffer
	if err := payPage.Execute(&b, v); err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	guard(w, v.Success, v.Cancel)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

func (f *Fake) pressed(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("session")
	v, ok := f.view(id)
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if !ok || r.ParseForm() != nil {
		guard(w)
		http.Error(w, words[v.Lang]["unknown"], http.StatusNotFound)
		return
	}
	guard(w, v.Success, v.Cancel)
	how, paid := How{}, false
	switch r.PostFormValue("how") {
	case "card":
		paid = true
	case "card_fee_later":
		how.FeeLater, paid = true, true
	case "sepa":
		how.Method, paid = "sepa_debit", true
	case "declined":
		how.Decline = "insufficient_funds"
	case "cancel":
		leave(w, r, v, v.Cancel)
		return
	default:
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	if _, err := f.Pay(id, how); err != nil || !paid {
		leave(w, r, v, "")
		return
	}
	leave(w, r, v, v.Success)
}

// leave sends the payer to an address of the merchant's, or back to the page when there is none.
func leave(w http.ResponseWriter, r *http.Request, v payView, to string) {
	http.Redirect(w, r, or(web(to, v.ID), "/pay/"+v.ID), http.StatusSeeOther)
}

// price is an amount in Stripe's count as a payer reads it.
func price(n int64, cur, lang string) string {
	if m := moneyOf(n, cur); m.Currency() != "" {
		return simulator.Price(m, lang)
	}
	return strings.ToUpper(cur)
}

// moneyOf is an amount in Stripe's count; nothing in a currency that nobody knows.
func moneyOf(n int64, cur string) money.Money {
	c := money.Currency(strings.ToUpper(cur))
	for d := decimals(cur); d > c.Exponent(); d-- {
		n /= 10
	}
	for d := decimals(cur); d < c.Exponent(); d++ {
		n *= 10
	}
	m, err := money.New(n, c)
	if err != nil {
		return money.Money{}
	}
	return m
}
