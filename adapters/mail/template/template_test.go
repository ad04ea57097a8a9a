package template_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/mail/template"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

var _ app.Letters = template.Letters{}

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	nb     = "\u00a0"
	narrow = "\u202f"
	pay    = "https://acquit.example/p/k7f3q9x2m5d8w1z4"
)

func french(kind string) app.Letter {
	l := app.Letter{
		Kind: kind, Lang: "fr", Company: "Atelier du Pré & Fils", Customer: "Claire Müller", Title: "Facture", Number: "FA-2026-0042",
		Total: "1" + narrow + "200,00" + nb + "€",
		Footer: "Atelier du Pré & Fils, SARL au capital de 10" + narrow + "000" + nb + "€\n" +
			"12 rue des Tanneurs, 69005 Lyon – SIREN 732 829 320 RCS Lyon – TVA FR44 732829320",
	}
	switch kind {
	case "invoice", "reminder":
		l.Due, l.DueDate, l.PayURL = "840,00"+nb+"€", "31 décembre 2026", pay
		l.Intro = "Toute l’équipe vous remercie de votre confiance.\n\nL’atelier sera fermé\ndu 24 décembre au 2 janvier."
	case "credit_note":
		l.Title, l.Number = "Avoir", "AV-2026-0003"
	case "quote":
		l.Title, l.Number, l.Due, l.DueDate, l.PayURL = "Devis", "DE-2026-0007", "360,00"+nb+"€", "15 décembre 2026", pay
		l.Note = "Bois certifié, livré monté.\nDélai : six semaines après l’acompte."
	case "deposit_receipt":
		l.Title, l.Number, l.Paid, l.Total = "Facture d’acompte", "FA-2026-0043", "360,00"+nb+"€", ""
	case "connection_lost":
		l.Title, l.Number, l.Total, l.Footer, l.Note = "Carte", "Atelier du Pré", "", "", "401 api_key_expired"
		l.Screen = "https://acquit.example/c/co_1/settings/gateways/gw_1"
	}
	return l
}

func english(kind string) app.Letter {
	l := french(kind)
	l.Lang = "en"
	l.Title = map[string]string{
		"invoice": "Invoice", "credit_note": "Credit note", "quote": "Quote",
		"deposit_receipt": "Deposit invoice", "reminder": "Invoice", "connection_lost": "Card",
	}[kind]
	amount := strings.NewReplacer("1"+narrow+"200,00"+nb+"€", "€1,200.00", "840,00"+nb+"€", "€840.00", "360,00"+nb+"€", "€360.00")
	l.Total, l.Due, l.Paid = amount.Replace(l.Total), amount.Replace(l.Due), amount.Replace(l.Paid)
	l.DueDate = strings.NewReplacer("31 décembre 2026", "31 December 2026", "15 décembre 2026", "15 December 2026").Replace(l.DueDate)
	if l.Intro != "" {
		l.Intro = "Thank you for your trust.\n\nThe workshop is closed\nfrom 24 December to 2 January."
	}
	if l.Note != "" && kind == "quote" {
		l.Note = "Certified wood, delivered assembled.\nSix weeks after the deposit."
	}
	return l
}

// written is what Write returns.
type written struct{ subject, text, html string }

func write(t *testing.T, l app.Letter) written {
	t.Helper()
	subject, text, html, err := template.Letters{}.Write(l)
	if err != nil {
		t.Fatal(err)
	}
	return written{subject, text, html}
}

func every(t *testing.T, check func(t *testing.T, l app.Letter, w written)) {
	t.Helper()
	for _, k := range template.Kinds {
		for _, l := range []app.Letter{french(k), english(k)} {
			t.Run(k+"."+l.Lang, func(t *testing.T) { check(t, l, write(t, l)) })
		}
	}
}

func TestGolden(t *testing.T) {
	every(t, func(t *testing.T, l app.Letter, w written) {
		base := filepath.Join("testdata", l.Kind+"."+l.Lang)
		golden(t, base+".txt", "Subject: "+w.subject+"\n\n"+w.text)
		golden(t, base+".html", w.html)
	})
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run the test with -update and review the change.\ngot:\n%s", path, got)
	}
}

func TestBothPartsSayTheSame(t *testing.T) {
	every(t, func(t *testing.T, l app.Letter, w written) {
		shown := visible(t, w.html)
		for what, v := range map[string]string{
			"company": l.Company, "customer": l.Customer, "number": l.Number, "total": l.Total, "due": l.Due, "paid": l.Paid,
			"due date": l.DueDate, "pay link": l.PayURL, "intro": first(l.Intro), "note": first(l.Note), "footer": first(l.Footer), "screen": l.Screen,
		} {
			if !strings.Contains(w.text, v) {
				t.Errorf("the text part lacks the %s %q", what, v)
			}
			if !strings.Contains(shown, v) {
				t.Errorf("the HTML part lacks the %s %q", what, v)
			}
		}
		if !strings.Contains(w.subject, l.Number) || !strings.Contains(w.subject, l.Company) || strings.ContainsAny(w.subject, "\r\n") {
			t.Errorf("subject %q", w.subject)
		}
		for _, leak := range []string{"<no value>", "ZgotmplZ", "{{", "%!"} {
			if strings.Contains(w.text+w.html+w.subject, leak) {
				t.Errorf("%q stands in the mail", leak)
			}
		}
	})
}

func first(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return l
}

// visible is the text of an HTML page; it fails on markup that is not closed properly.
func visible(t *testing.T, html string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Entity = xml.HTMLEntity
	var b strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatalf("HTML: %v", err)
		}
		if text, ok := token.(xml.CharData); ok {
			b.Write(text)
		}
	}
}

func TestButtonIsAPlainLink(t *testing.T) {
	every(t, func(t *testing.T, l app.Letter, w written) {
		want := 0
		if l.PayURL != "" {
			want = 2 // the button, and the same address in full
		}
		if got := strings.Count(w.html, `<a href="`+pay+`"`); got != want {
			t.Errorf("%d links to the pay page, want %d", got, want)
		}
		if strings.Contains(w.html, "<script") || strings.Contains(w.html, "<form") || strings.Contains(w.html, "<img") || strings.Contains(w.html, "http-equiv") {
			t.Error("the mail holds more than text and links")
		}
	})
}

func TestNothingToPayMeansNoButton(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		l := app.Letter{Kind: "invoice", Lang: lang, Company: "Atelier", Title: "Facture", Number: "FA-1", Total: "10 €", PayURL: pay}
		paid := map[string]string{"fr": "Elle est réglée", "en": "It is paid"}[lang]
		if w := write(t, l); !strings.Contains(w.text, paid) || strings.Contains(w.html, "<a ") {
			t.Errorf("a settled invoice reads:\n%s", w.text)
		}
		l.Due, l.PayURL = "10 €", ""
		if w := write(t, l); strings.Contains(w.text, paid) || strings.Contains(w.html, "<a ") {
			t.Errorf("an invoice to pay by other means reads:\n%s", w.text)
		}
		l.Kind, l.Due = "quote", ""
		if w := write(t, l); strings.Contains(strings.ToLower(w.text), "acompte") || strings.Contains(w.text, "deposit") {
			t.Errorf("a quote without deposit speaks of one:\n%s", w.text)
		}
	}
}

func TestWhatUsersTypeIsOnlyText(t *testing.T) {
	const nasty = `</title></td><script>alert(1)</script> "quoted" {{.PayURL}} &amp;`
	l := french("quote")
	l.Company, l.Customer, l.Number, l.Note, l.Intro, l.Footer, l.Title = nasty, nasty, nasty, nasty, nasty, nasty, nasty
	w := write(t, l)
	if strings.Contains(w.html, "<script") {
		t.Error("HTML was injected")
	}
	if shown := visible(t, w.html); strings.Count(shown, nasty) < 7 {
		t.Errorf("the text is not shown as it was typed:\n%s", shown)
	}
	if !strings.Contains(w.text, nasty) {
		t.Errorf("the text part altered it:\n%s", w.text)
	}
	l.Number, l.Company = "FA-1\r\nBcc: x@y.example", "A\r\nB"
	if w = write(t, l); strings.ContainsAny(w.subject, "\r\n") {
		t.Errorf("subject %q", w.subject)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		field string
		code  fault.Code
		spoil func(*app.Letter)
	}{
		{"lang", fault.BadChoice, func(l *app.Letter) { l.Lang = "de" }},
		{"kind", fault.BadChoice, func(l *app.Letter) { l.Kind = "greeting" }},
		{"company", fault.Required, func(l *app.Letter) { l.Company = " " }},
		{"number", fault.Required, func(l *app.Letter) { l.Number = "" }},
		{"due", fault.Required, func(l *app.Letter) { l.Kind, l.Due, l.PayURL = "reminder", "", "" }},
		{"pay_url", fault.BadURL, func(l *app.Letter) { l.PayURL = "javascript:alert(1)" }},
		{"pay_url", fault.BadURL, func(l *app.Letter) { l.PayURL = "/p/abc" }},
		{"pay_url", fault.BadURL, func(l *app.Letter) { l.PayURL = "https://x.example/a b" }},
		{"pay_url", fault.BadURL, func(l *app.Letter) { l.PayURL = "https://bank.example@evil.example/p" }},
	} {
		l := french("invoice")
		c.spoil(&l)
		_, _, _, err := template.Letters{}.Write(l)
		if all := fault.All(err); len(all) != 1 || all[0].Field != c.field || all[0].Code != c.code {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}
