// Package template writes the mails that customers get, and the one about a connection that must be mended: subject, text
// part and HTML part, in French and in English.
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
	"slices"
	"strings"
	texttemplate "text/template"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

// Kinds lists what a mail can be about (app.Letter.Kind): an invoice with what is due on it; a credit note; a quote, with
// the deposit asked for, if any; the receipt for a deposit, with its invoice; an invoice that is overdue; and, to one of
// the company, a connection that must be mended.
var Kinds = []string{"invoice", "credit_note", "quote", "deposit_receipt", "reminder", "connection_lost"}

// Letters writes mails. It implements app.Letters and is safe for concurrent use.
type Letters struct{}

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

// Write puts a mail together. Due is what is to be paid now (the balance of an invoice, the deposit of a quote) and stays
// empty when nothing is; values that are empty leave their line out. Codes: bad_choice (kind or lang), required (company,
// number; due, on a reminder), bad_url (pay_url is not an absolute http or https address).
func (Letters) Write(l app.Letter) (subject, text, html string, err error) {
	said, ok := words[l.Lang]
	if !ok {
		return "", "", "", fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(l.Lang), "allowed", "fr, en").On("lang")
	}
	if !slices.Contains(Kinds, l.Kind) {
		return "", "", "", fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(l.Kind), "allowed", strings.Join(Kinds, ", ")).On("kind")
	}
	if err := check(l); err != nil {
		return "", "", "", err
	}
	if l.Due == "" {
		l.PayURL = "" // a button without an amount would ask for money that nobody owes
	}
	p, err := compose(voice{said: said, letter: l})
	if err != nil {
		return "", "", "", err
	}
	var plain, marked strings.Builder
	if err := textLayout.Execute(&plain, p); err != nil {
		return "", "", "", fmt.Errorf("mail text: %w", err)
	}
	if err := htmlLayout.Execute(&marked, p); err != nil {
		return "", "", "", fmt.Errorf("mail HTML: %w", err)
	}
	return p.Subject, squeeze(plain.String()), marked.String(), nil
}

// compose chooses every sentence.
func compose(v voice) (page, error) {
	l := v.letter
	p := page{
		Lang: l.Lang, Company: oneLine(l.Company), PayURL: l.PayURL,
		Subject:  oneLine(v.say(l.Kind + ".subject")),
		Greeting: oneLine(v.say("greeting")),
		Intro:    paragraphs(l.Intro),
		Lead:     paragraphs(v.say(l.Kind + ".lead")),
		Regards:  oneLine(v.say("regards")), NoteTitle: oneLine(v.say("note")),
		Colon:  v.say("colon"),
		Note:   lines(l.Note),
		Footer: lines(l.Footer),
	}
	for _, r := range []row{
		{l.Title, l.Number, false},
		{v.say("label.total"), l.Total, false},
		{v.say("label.paid"), l.Paid, false},
		{v.say(l.Kind + ".due"), l.Due, true},
		{v.say("label.due_date"), l.DueDate, false},
	} {
		if r.Value != "" {
			p.Summary = append(p.Summary, row{oneLine(r.Label), oneLine(r.Value), r.Strong})
		}
	}
	if l.PayURL != "" {
		p.Button, p.Link, p.Trust = oneLine(v.say(l.Kind+".button")), oneLine(v.say("link")), oneLine(v.say("trust"))
	}
	if len(p.Lead) > 0 {
		p.Preview = strings.Join(p.Lead[0], " ")
	}
	return p, v.err
}

func check(l app.Letter) error {
	var found fault.Collect
	need := func(field, v string) {
		if strings.TrimSpace(v) == "" {
			_ = found.Add(fault.New(fault.Invalid, fault.Required), field)
		}
	}
	need("company", l.Company)
	need("number", l.Number)
	if l.Kind == "reminder" {
		need("due", l.Due)
	}
	if l.PayURL != "" {
		u, err := url.Parse(l.PayURL)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsFunc(l.PayURL, unsafeInURL) {
			_ = found.Add(fault.New(fault.Invalid, fault.BadURL, "found", fault.Clip(l.PayURL)), "pay_url")
		}
	}
	return found.Err()
}

// unsafeInURL finds what mail programs cut a link at when they meet it in a text part.
func unsafeInURL(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>\"'`\\", r) }

// voice says pieces of one language about one mail, and remembers the first failure.
type voice struct {
	said   *texttemplate.Template
	letter app.Letter
	err    error
}

// say returns the named piece.
func (v *voice) say(name string) string {
	if v.err != nil {
		return ""
	}
	var b strings.Builder
	if err := v.said.ExecuteTemplate(&b, name, v.letter); err != nil {
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
