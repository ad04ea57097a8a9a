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
	"github.com/acquit-app/acquit/core/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	nb     = "\u00a0"
	narrow = "\u202f"
	pay    = "https://acquit.example/p/k7f3q9x2m5d8w1z4"
)

func french(k template.Kind) template.Mail {
	m := template.Mail{
		Kind: k, Lang: "fr", Company: "Atelier du Pré & Fils", Customer: "Claire Müller", Number: "FA-2026-0042",
		Total: "1" + narrow + "200,00" + nb + "€",
		Footer: "Atelier du Pré & Fils, SARL au capital de 10" + narrow + "000" + nb + "€\n" +
			"12 rue des Tanneurs, 69005 Lyon – SIREN 732 829 320 RCS Lyon – TVA FR44 732829320",
	}
	switch k {
	case template.Invoice:
		m.Title, m.Due, m.DueDate, m.PayURL = "Facture", "840,00"+nb+"€", "31 décembre 2026", pay
		m.Intro = "Toute l’équipe vous remercie de votre confiance.\n\nL’atelier sera fermé\ndu 24 décembre au 2 janvier."
	case template.CreditNote:
		m.Title, m.Number = "Avoir", "AV-2026-0003"
	case template.Quote:
		m.Title, m.Number, m.Due, m.DueDate, m.PayURL = "Devis", "DE-2026-0007", "360,00"+nb+"€", "15 décembre 2026", pay
		m.Note = "Bois certifié, livré monté.\nDélai : six semaines après l’acompte."
	case template.DepositReceipt:
		m.Title, m.Number, m.Paid, m.Total = "Facture d’acompte", "FA-2026-0043", "360,00"+nb+"€", ""
	case template.Reminder:
		m.Title, m.Due, m.DueDate, m.PayURL = "Facture", "840,00"+nb+"€", "31 décembre 2026", pay
	}
	return m
}

func english(k template.Kind) template.Mail {
	m := french(k)
	m.Lang = "en"
	m.Title = map[template.Kind]string{
		template.Invoice: "Invoice", template.CreditNote: "Credit note", template.Quote: "Quote",
		template.DepositReceipt: "Deposit invoice", template.Reminder: "Invoice",
	}[k]
	amount := strings.NewReplacer("1"+narrow+"200,00"+nb+"€", "€1,200.00", "840,00"+nb+"€", "€840.00", "360,00"+nb+"€", "€360.00")
	m.Total, m.Due, m.Paid = amount.Replace(m.Total), amount.Replace(m.Due), amount.Replace(m.Paid)
	m.DueDate = strings.NewReplacer("31 décembre 2026", "31 December 2026", "15 décembre 2026", "15 December 2026").Replace(m.DueDate)
	if m.Intro != "" {
		m.Intro = "Thank you for your trust.\n\nThe workshop is closed\nfrom 24 December to 2 January."
	}
	if m.Note != "" {
		m.Note = "Certified wood, delivered assembled.\nSix weeks after the deposit."
	}
	return m
}

func every(t *testing.T, check func(t *testing.T, m template.Mail, w template.Written)) {
	t.Helper()
	for _, k := range template.Kinds {
		for _, m := range []template.Mail{french(k), english(k)} {
			t.Run(string(k)+"."+m.Lang, func(t *testing.T) {
				w, err := template.Write(m)
				if err != nil {
					t.Fatal(err)
				}
				check(t, m, w)
			})
		}
	}
}

func TestGolden(t *testing.T) {
	every(t, func(t *testing.T, m template.Mail, w template.Written) {
		base := filepath.Join("testdata", string(m.Kind)+"."+m.Lang)
		golden(t, base+".txt", "Subject: "+w.Subject+"\n\n"+w.Text)
		golden(t, base+".html", w.HTML)
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
	every(t, func(t *testing.T, m template.Mail, w template.Written) {
		shown := visible(t, w.HTML)
		for what, v := range map[string]string{
			"company": m.Company, "customer": m.Customer, "number": m.Number, "total": m.Total, "due": m.Due,
			"due date": m.DueDate, "paid": m.Paid, "pay link": m.PayURL, "intro": first(m.Intro), "note": first(m.Note), "footer": first(m.Footer),
		} {
			if !strings.Contains(w.Text, v) {
				t.Errorf("the text part lacks the %s %q", what, v)
			}
			if !strings.Contains(shown, v) {
				t.Errorf("the HTML part lacks the %s %q", what, v)
			}
		}
		if !strings.Contains(w.Subject, m.Number) || !strings.Contains(w.Subject, m.Company) || strings.ContainsAny(w.Subject, "\r\n") {
			t.Errorf("subject %q", w.Subject)
		}
		for _, leak := range []string{"<no value>", "ZgotmplZ", "{{", "%!"} {
			if strings.Contains(w.Text+w.HTML+w.Subject, leak) {
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
	every(t, func(t *testing.T, m template.Mail, w template.Written) {
		want := 0
		if m.PayURL != "" {
			want = 2 // the button, and the same address in full
		}
		if got := strings.Count(w.HTML, `<a href="`+pay+`"`); got != want {
			t.Errorf("%d links to the pay page, want %d", got, want)
		}
		if strings.Contains(w.HTML, "<script") || strings.Contains(w.HTML, "<form") || strings.Contains(w.HTML, "<img") || strings.Contains(w.HTML, "http-equiv") {
			t.Error("the mail holds more than text and links")
		}
	})
}

func TestNothingToPayMeansNoButton(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		m := template.Mail{Kind: template.Invoice, Lang: lang, Company: "Atelier", Title: "Facture", Number: "FA-1", Total: "10 €"}
		w, err := template.Write(m)
		if err != nil {
			t.Fatal(err)
		}
		paid := map[string]string{"fr": "Elle est réglée", "en": "It is paid"}[lang]
		if !strings.Contains(w.Text, paid) || strings.Contains(w.HTML, "<a ") {
			t.Errorf("a settled invoice reads:\n%s", w.Text)
		}
		m.Due = "10 €"
		if w, err = template.Write(m); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(w.Text, paid) || strings.Contains(w.HTML, "<a ") {
			t.Errorf("an invoice to pay by other means reads:\n%s", w.Text)
		}
		q := template.Mail{Kind: template.Quote, Lang: lang, Company: "Atelier", Title: "Devis", Number: "DE-1", Total: "10 €"}
		if w, err = template.Write(q); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.ToLower(w.Text), "acompte") || strings.Contains(w.Text, "deposit") {
			t.Errorf("a quote without deposit speaks of one:\n%s", w.Text)
		}
	}
}

func TestWhatUsersTypeIsOnlyText(t *testing.T) {
	const nasty = `</title></td><script>alert(1)</script> "quoted" {{.PayURL}} &amp;`
	m := french(template.Quote)
	m.Company, m.Customer, m.Number, m.Note, m.Intro, m.Footer, m.Title = nasty, nasty, nasty, nasty, nasty, nasty, nasty
	w, err := template.Write(m)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(w.HTML, "<script") {
		t.Error("HTML was injected")
	}
	if shown := visible(t, w.HTML); strings.Count(shown, nasty) < 7 {
		t.Errorf("the text is not shown as it was typed:\n%s", shown)
	}
	if !strings.Contains(w.Text, nasty) {
		t.Errorf("the text part altered it:\n%s", w.Text)
	}
	m.Number = "FA-1\r\nBcc: x@y.example"
	if w, err = template.Write(m); err != nil || strings.ContainsAny(w.Subject, "\r\n") {
		t.Errorf("subject %q, %v", w.Subject, err)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		field string
		code  fault.Code
		spoil func(*template.Mail)
	}{
		{"lang", fault.BadChoice, func(m *template.Mail) { m.Lang = "de" }},
		{"kind", fault.BadChoice, func(m *template.Mail) { m.Kind = "greeting" }},
		{"company", fault.Required, func(m *template.Mail) { m.Company = " " }},
		{"number", fault.Required, func(m *template.Mail) { m.Number = "" }},
		{"due", fault.Required, func(m *template.Mail) { m.Due = "" }},
		{"pay_url", fault.BadURL, func(m *template.Mail) { m.PayURL = "javascript:alert(1)" }},
		{"pay_url", fault.BadURL, func(m *template.Mail) { m.PayURL = "/p/abc" }},
		{"pay_url", fault.BadURL, func(m *template.Mail) { m.PayURL = "https://x.example/a b" }},
		{"pay_url", fault.BadURL, func(m *template.Mail) { m.PayURL = "https://bank.example@evil.example/p" }},
	} {
		m := french(template.Invoice)
		c.spoil(&m)
		_, err := template.Write(m)
		if all := fault.All(err); len(all) != 1 || all[0].Field != c.field || all[0].Code != c.code {
			t.Errorf("%s: %v", c.field, err)
		}
	}
}
