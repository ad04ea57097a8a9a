// Package simulator is the page on which a visitor plays the rest of the world to a play provider: banks that confirm or refuse,
// payers who dispute, the merchant in the provider's own screens. The provider says what there is and which buttons make
// sense; the page, its words in French and English, and its look are the same for all.
//
// It is meant for loopback and keeps to it: it answers to names of this machine only, so that no foreign page reaches it
// under another name, and takes forms from its own pages.
package simulator

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// World is a provider that is played.
type World interface {
	// Boards are the accounts, each with what it has.
	Boards() []Board
	// Do presses a button: of a row of an account, or of the account itself when id is empty. amount is what was typed in,
	// empty for all; see Amount.
	Do(account, id, act, amount string) error
}

// Board is an account.
type Board struct {
	ID, Name string
	Balances []money.Money
	Rows     []Row // newest first
	Acts     []Act
}

// Row is a payment, a refund, a payout...
type Row struct {
	ID          string
	At          time.Time
	What, State gateway.Text
	About       string // the document, as the merchant named it
	Gross, Fee  money.Money
	FeeLater    bool // the fee is not told yet
	Acts        []Act
}

// Act is a button.
type Act struct {
	Name   string
	Label  gateway.Text
	Amount bool // it takes a part: a field stands before it
}

// Text is a text in both languages.
func Text(fr, en string) gateway.Text { return gateway.Text{"fr": fr, "en": en} }

// Words are a provider's words for acts and states, in both languages.
type Words map[string]gateway.Text

// Of is a word in both languages; one that is not there stands for itself.
func (w Words) Of(word string) gateway.Text {
	if t, ok := w[word]; ok {
		return t
	}
	return Text(word, word)
}

// Refund is the act that gives a payment back, or a part of it.
const Refund = "refund"

// Acts are buttons by their names.
func (w Words) Acts(names ...string) []Act {
	out := make([]Act, len(names))
	for i, n := range names {
		out[i] = Act{Name: n, Label: w.Of(n), Amount: n == Refund}
	}
	return out
}

// Amount reads an amount that was typed in, with a comma or a point; empty is zero, which means all.
func Amount(text string, cur money.Currency) (minor int64, err error) {
	text = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\u202f':
			return -1
		case ',':
			return '.'
		}
		return r
	}, text)
	if text == "" {
		return 0, nil
	}
	m, err := money.Parse(text, cur)
	if err == nil && m.Sign() <= 0 {
		err = errors.New("an amount is more than zero")
	}
	return m.Minor(), err
}

// Price is an amount as people read it; empty for none.
func Price(m money.Money, lang string) string {
	if m.Currency() == "" {
		return ""
	}
	s := m.Plain()
	if lang == "fr" {
		return strings.Replace(s, ".", ",", 1) + "\u00a0" + strings.Replace(string(m.Currency()), "EUR", "€", 1)
	}
	if m.Currency() == money.EUR {
		return "€" + s
	}
	return s + "\u00a0" + string(m.Currency())
}

//go:embed style.css
var style []byte

//go:embed console.html
var page string

var console = template.Must(template.New("console").Parse(page))

// Style serves the style sheet of a simulator's pages.
func Style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = w.Write(style)
}

var words = map[string]map[string]string{
	"fr": {
		"title": "Simulateur", "play": "aucun argent réel", "other": "English", "world": "Jouer le reste du monde",
		"lead":    "Ce qui se passe chez le prestataire, dans les banques et chez les payeurs. Acquit l'apprend par webhook, ou à la prochaine actualisation.",
		"refused": "Cela n'est pas possible :", "when": "Quand", "what": "Quoi", "state": "État", "amount": "Montant", "fee": "Commission", "acts": "Ce qui peut arriver",
		"later": "pas encore connue", "nothing": "Aucun mouvement pour le moment.", "nobody": "Aucun compte.", "part": "Montant, vide pour le tout", "all": "tout",
	},
	"en": {
		"title": "Simulator", "play": "no real money", "other": "Français", "world": "Play the rest of the world",
		"lead":    "What happens at the provider, at banks and to payers. Acquit learns of it by webhook, or at the next refresh.",
		"refused": "That is not possible:", "when": "When", "what": "What", "state": "State", "amount": "Amount", "fee": "Fee", "acts": "What may happen",
		"later": "not told yet", "nothing": "No movement yet.", "nobody": "No account.", "part": "Amount, empty for all", "all": "all",
	},
}

type speaker struct{ Lang string }

func (s speaker) T(k string) string                       { return words[s.Lang][k] }
func (s speaker) In(t gateway.Text) string                { return t.In(s.Lang) }
func (s speaker) Price(m money.Money) string              { return Price(m, s.Lang) }
func (s speaker) Time(t time.Time) string                 { return t.UTC().Format(time.RFC3339) }
func (s speaker) Clock(t time.Time) string                { return t.Local().Format("2006-01-02 15:04:05") }
func (s speaker) Button(account, id string, a Act) button { return button{s, account, id, a} }

func (s speaker) Other() string {
	if s.Lang == "fr" {
		return "en"
	}
	return "fr"
}

type button struct {
	speaker

	Account, ID string
	Act         Act
}

type view struct {
	speaker

	Name, Problem string
	Boards        []Board
}

// maxForm bounds what a form may send.
const maxForm = 16 << 10

// Console is the page of a provider, for "/".
func Console(name string, w World) http.Handler {
	show := func(rw http.ResponseWriter, r *http.Request, status int, problem string) {
		var b bytes.Buffer
		if err := console.Execute(&b, view{speaker{language(r)}, name, problem, w.Boards()}); err != nil {
			http.Error(rw, "internal error", http.StatusInternalServerError)
			return
		}
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		rw.WriteHeader(status)
		_, _ = rw.Write(b.Bytes())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) { show(rw, r, http.StatusOK, "") })
	mux.HandleFunc("POST /{$}", func(rw http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(rw, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			show(rw, r, http.StatusBadRequest, "the form cannot be read")
			return
		}
		if err := w.Do(r.PostFormValue("account"), r.PostFormValue("id"), r.PostFormValue("act"), strings.TrimSpace(r.PostFormValue("amount"))); err != nil {
			show(rw, r, http.StatusConflict, err.Error())
			return
		}
		to := "/?lang=en"
		if language(r) == "fr" {
			to = "/?lang=fr"
		}
		http.Redirect(rw, r, to, http.StatusSeeOther)
	})
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(rw, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		h := rw.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		guarded.ServeHTTP(rw, r)
	})
}

// language is the one asked for, else the first of the browser's that we speak.
func language(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); l == "fr" || l == "en" {
		return l
	}
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		switch tag := strings.ToLower(strings.TrimSpace(part)); {
		case strings.HasPrefix(tag, "fr"):
			return "fr"
		case strings.HasPrefix(tag, "en"):
			return "en"
		}
	}
	return "en"
}
