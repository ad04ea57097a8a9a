package paypalfake

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/acquit-app/acquit/plugins/simulator"
)

// pageWords are the texts of the payer's page.
var pageWords = map[string]map[string]string{
	"fr": {
		"title": "Simulateur PayPal", "note": "aucun argent réel", "head": "Paiement", "to": "Payer à", "for": "Pour", "ref": "Référence",
		"pay": "Payer", "later": "Payer (commission connue plus tard)", "decline": "Payer avec une carte refusée, puis une bonne",
		"pending": "Payer, mais en attente", "reason": "Motif de l'attente", "cancel": "Annuler et retourner chez le marchand",
		"gone": "Cette page de paiement n'existe pas, ou plus.", "done": "Cette page de paiement a déjà servi.",
	},
	"en": {
		"title": "PayPal simulator", "note": "no real money", "head": "Payment", "to": "Pay to", "for": "For", "ref": "Reference",
		"pay": "Pay", "later": "Pay (fee told later)", "decline": "Pay with a card that is declined, then a good one",
		"pending": "Pay, but pending", "reason": "Why it is pending", "cancel": "Cancel and return to the merchant",
		"gone": "This pay page does not exist, or no longer.", "done": "This pay page was used.",
	},
}

var pendingReasons = []string{
	"PENDING_REVIEW", "ECHECK", "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION", "UNILATERAL", "INTERNATIONAL_WITHDRAWAL",
	"VERIFICATION_REQUIRED", "TRANSACTION_APPROVED_AWAITING_FUNDING", "OTHER",
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.T.title}}</title><link rel="stylesheet" href="/style.css"></head>
<body>
<header><strong>{{.T.title}}</strong> <span class="badge">{{.T.note}}</span></header>
<main>
<h1>{{.T.head}}</h1>
{{if .Say}}<p class="note" role="alert">{{.Say}}</p>{{else}}
<dl>
<dt>{{.T.to}}</dt><dd>{{.Merchant}}</dd>
<dt>{{.T.for}}</dt><dd>{{.Description}}</dd>
<dt>{{.T.ref}}</dt><dd>{{.Invoice}}</dd>
</dl>
<p class="price">{{.Amount}}</p>
<form method="post" action="/checkoutnow">
<input type="hidden" name="token" value="{{.Token}}">
<p><button class="main" name="act" value="pay">{{.T.pay}}</button></p>
<p><button name="act" value="later">{{.T.later}}</button></p>
<p><button name="act" value="decline">{{.T.decline}}</button></p>
<p><label>{{.T.reason}} <select name="reason">{{range .Reasons}}<option>{{.}}</option>{{end}}</select></label>
<button name="act" value="pending">{{.T.pending}}</button></p>
<p><button name="act" value="cancel">{{.T.cancel}}</button></p>
</form>{{end}}
</main>
</body>
</html>
`))

type pageView struct {
	Lang                                          string
	T                                             map[string]string
	Say                                           string
	Token, Merchant, Description, Invoice, Amount string
	Reasons                                       []string
}

func (f *Fake) showPage(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.render(w, r.URL.Query().Get("token"))
}

func (f *Fake) render(w http.ResponseWriter, token string) {
	v := pageView{Lang: "en", Reasons: pendingReasons}
	status := http.StatusOK
	o := f.payable(token)
	if o != nil && strings.HasPrefix(o.Locale, "fr") {
		v.Lang = "fr"
	}
	v.T = pageWords[v.Lang]
	// After the form is sent the browser follows to the merchant, which the policy must allow too.
	to := "'self'"
	switch {
	case o == nil:
		v.Say, status = v.T["gone"], http.StatusNotFound
	case o.Status != "CREATED" && o.Status != "PAYER_ACTION_REQUIRED":
		v.Say, status = v.T["done"], http.StatusConflict
	default:
		v.Token, v.Merchant, v.Description, v.Invoice, v.Amount = o.ID, f.s.Accounts[o.Account].Email, o.Description, o.InvoiceID, simulator.Price(o.Amount.money(), v.Lang)
		for _, s := range []string{o.ReturnURL, o.CancelURL} {
			if u, err := url.Parse(s); err == nil && u.Host != "" {
				to += " " + u.Scheme + "://" + u.Host
			}
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action "+to)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = page.Execute(w, v)
}

// payable is an order as its page knows it.
func (f *Fake) payable(token string) *order {
	o := f.s.Orders[token]
	if o == nil {
		return nil
	}
	return f.find(o.Account, token)
}

func (f *Fake) usePage(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 8<<10)
	token, act := r.PostFormValue("token"), Act(r.PostFormValue("act"))
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.payable(token)
	switch act {
	case Pays, Decline, Pend, Later, Cancel:
	default:
		http.Error(w, "act", http.StatusBadRequest)
		return
	}
	if o == nil || f.approve(token, Outcome{Act: act, Reason: reasonOf(r.PostFormValue("reason"))}) != nil {
		f.render(w, token)
		return
	}
	_ = f.save()
	back := o.ReturnURL
	if act == Cancel {
		back = o.CancelURL
	}
	u, err := url.Parse(back)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		http.Error(w, "return_url", http.StatusBadRequest)
		return
	}
	q := u.Query()
	q.Set("token", token)
	if act != Cancel {
		q.Set("PayerID", payerID)
	}
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

func reasonOf(s string) string {
	for _, r := range pendingReasons {
		if r == s {
			return s
		}
	}
	return ""
}
