// Package template writes the mails that customers get: subject, text part and HTML part, in French and in English.
//
// The words live in one file for each language (words.fr.tmpl, words.en.tmpl) as small named pieces; two layouts, text
// and HTML, put the same pieces together, so that both parts of a mail say the same. What is shown arrives formatted:
// nothing here computes or formats an amount or a date.
package template

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strings"
	texttemplate "text/template"

	"github.com/acquit-app/acquit/core/fault"
)

// Kind is what a mail is about.
type Kind string

const (
	Invoice        Kind = "invoice"         // an invoice, with what is due on it
	CreditNote     Kind = "credit_note"     // a credit note: nothing to pay
	Quote          Kind = "quote"           // a quote; Due is the deposit asked for, if any
	DepositReceipt Kind = "deposit_receipt" // a deposit came: thanks, and its invoice
	Reminder       Kind = "reminder"        // an invoice is overdue
)

// Kinds lists every kind.
var Kinds = []Kind{Invoice, CreditNote, Quote, DepositReceipt, Reminder}

// Mail is what one mail has to say. Amounts and dates are formatted in the language of the mail, with their currency.
// Empty values leave their line out.
type Mail struct {
	Kind     Kind
	Lang     string // "fr" or "en"
	Company  string // who writes
	Customer string // who is greeted
	Title    string // the document's title in that language: "Facture", "Deposit invoice"
	Number   string
	Total    string // of the document, what the customer owes in all
	Due      string // to be paid now: the balance of an invoice, the deposit of a quote
	DueDate  string
	Paid     string // what was received, on a receipt
	PayURL   string // the lasting pay link; without it there is no button
	Intro    string // the company's own words after the greeting; paragraphs are separated by a blank line
	Note     string // a remark of the document
	Footer   string // the company's legal identity
}

// Written is a mail ready to be sent.
type Written struct{ Subject, Text, HTML string }

//go:embed layout.txt.tmpl layout.html.tmpl words.fr.tmpl words.en.tmpl
var files embed.FS

var (
	words = map[string]*texttemplate.Template{
		"fr": texttemplate.Must(texttemplate.ParseFS(files, "words.fr.tmpl")),
		"en": texttemplate.Must(texttemplate.ParseFS(files, "words.en.tmpl")),
	}
	textLayout = texttemplate.Must(texttemplate.ParseFS(files, "layout.txt.tmpl"))
	htmlLayout = htmltemplate.Must(htmltemplate.ParseFS(files, "layout.html.tmpl"))
)

// row is one line of the summary.
type row struct {
	Label, Value string
	Strong       bool
}

// page is what the layouts get: every sentence is chosen already.
type page struct {
	Lang, Subject, Preview      string
	Company, Greeting           string
	Intro, Lead                 [][]string // paragraphs of lines
	Summary                     []row
	PayURL, Button, Link, Trust string
	Note                        []string
	NoteTitle, Regards, Colon   string
	Footer                      []string
}

// Write puts a mail together. Codes: bad_choice (kind or lang), required (company, number; due, when
// there is a button or a reminder), bad_url (pay_url is not an
// absolute http or https address).
func Write(m Mail) (Written, error) {
	said, ok := words[m.Lang]
	if !ok {
		return Written{}, fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(m.Lang), "allowed", "fr, en").On("lang")
	}
	if said.Lookup(string(m.Kind)+".subject") == nil {
		return Written{}, fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(string(m.Kind)), "allowed", "invoice, credit_note, quote, deposit_receipt, reminder").On("kind")
	}
	if err := check(m); err != nil {
		return Written{}, err
	}
	v := voice{said: said, mail: m}
	kind := string(m.Kind)
	p := page{
		Lang: m.Lang, Company: m.Company, PayURL: m.PayURL,
		Subject:   oneLine(v.say(kind + ".subject")),
		Greeting:  oneLine(v.say("greeting")),
		Intro:     paragraphs(m.Intro),
		Lead:      paragraphs(v.say(kind + ".lead")),
		NoteTitle: oneLine(v.say("note")), Note: lines(m.Note),
		Regards: oneLine(v.say("regards")),
		Colon:   v.say("colon"),
		Footer:  lines(m.Footer),
	}
	for _, r := range []row{
		{m.Title, m.Number, false},
		{oneLine(v.say("label.total")), m.Total, false},
		{oneLine(v.say("label.paid")), m.Paid, false},
		{oneLine(v.say(kind + ".due")), m.Due, true},
		{oneLine(v.say("label.due_date")), m.DueDate, false},
	} {
		if r.Value != "" {
			p.Summary = append(p.Summary, r)
		}
	}
	if m.PayURL != "" {
		p.Button = oneLine(v.say(kind + ".button"))
		p.Link = oneLine(v.say("link"))
		p.Trust = oneLine(v.say("trust"))
	}
	if len(p.Lead) > 0 {
		p.Preview = strings.Join(p.Lead[0], " ")
	}
	if v.err != nil {
		return Written{}, v.err
	}
	var text, html strings.Builder
	if err := textLayout.Execute(&text, p); err != nil {
		return Written{}, fmt.Errorf("mail text: %w", err)
	}
	if err := htmlLayout.Execute(&html, p); err != nil {
		return Written{}, fmt.Errorf("mail HTML: %w", err)
	}
	return Written{Subject: p.Subject, Text: squeeze(text.String()), HTML: html.String()}, nil
}

func check(m Mail) error {
	var found fault.Collect
	need := func(field, v string) {
		if strings.TrimSpace(v) == "" {
			_ = found.Add(fault.New(fault.Invalid, fault.Required), field)
		}
	}
	need("company", m.Company)
	need("number", m.Number)
	if m.Kind == Reminder || m.PayURL != "" {
		need("due", m.Due)
	}
	if m.PayURL != "" {
		u, err := url.Parse(m.PayURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsFunc(m.PayURL, unsafeInURL) {
			_ = found.Add(fault.New(fault.Invalid, fault.BadURL, "found", fault.Clip(m.PayURL)), "pay_url")
		}
	}
	return found.Err()
}

// unsafeInURL finds what mail programs cut a link at when they meet it in a text part.
func unsafeInURL(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>\"'`\\", r) }

// voice says pieces of one language about one mail, and remembers the first failure.
type voice struct {
	said *texttemplate.Template
	mail Mail
	err  error
}

// say returns the named piece, or nothing when the language has no such piece: not every kind has a button.
func (v *voice) say(name string) string {
	if v.err != nil || v.said.Lookup(name) == nil {
		return ""
	}
	var b strings.Builder
	if err := v.said.ExecuteTemplate(&b, name, v.mail); err != nil {
		v.err = fmt.Errorf("mail words: %w", err)
	}
	return strings.Trim(b.String(), " \n") // a no-break space at an end is meant
}

// oneLine joins words with single spaces and drops line breaks; no-break spaces stay.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\r' || r == '\t' }), " ")
}

func lines(s string) []string {
	var out []string
	for l := range strings.Lines(strings.TrimSpace(s)) {
		out = append(out, oneLine(l))
	}
	return out
}

func paragraphs(s string) [][]string {
	var out [][]string
	var open []string
	for _, l := range append(lines(s), "") {
		if l != "" {
			open = append(open, l)
		} else if open != nil {
			out, open = append(out, open), nil
		}
	}
	return out
}

// squeeze leaves at most one blank line between lines, and one line end at the end.
func squeeze(s string) string {
	var out []string
	for _, l := range append(lines(s), "") {
		if l == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, l)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n"
}
