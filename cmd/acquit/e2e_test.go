package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/browsertest"
	"github.com/acquit-app/acquit/adapters/mail/smtptest"
	"github.com/chromedp/chromedp/kb"
)

// person is somebody at a browser, on the company's pages or on the way to pay.
type person struct {
	*browsertest.Page
	i *installation
}

// stranger is a person with a browser of their own, who has no account.
func (i *installation) stranger() person { return person{browsertest.New(i.t), i} }

// clerk logs in as people do and stands on the first page of the company.
func (i *installation) clerk() person {
	i.t.Helper()
	p := i.stranger()
	p.Open(i.base + "/login")
	p.FillLabel("Adresse e-mail", clerk)
	p.FillLabel("Mot de passe", password)
	p.Leave(func() { p.Key(kb.Enter) })
	return p
}

// menu goes to a page by the menu. Its entry is known by where it leads, since its words may be followed by a count.
func (p person) menu(path string) {
	p.i.t.Helper()
	p.Leave(func() { p.Click(fmt.Sprintf(".sidebar a[href$=%q]", path)) })
}

// press presses a button or link that leads on.
func (p person) press(label string, within ...string) {
	p.i.t.Helper()
	p.Leave(func() { p.Press(label, within...) })
}

// look checks that the page is fit to be seen, wide and narrow, and keeps pictures when they are wanted.
func (p person) look(name string) {
	p.i.t.Helper()
	// From the top: what an anchor scrolled below the bars that stay in sight is hidden by chance, not by design.
	browsertest.Eval[any](p.Page, "scrollTo(0, 0)")
	p.Accessible()
	for _, width := range []int{1280, 390} {
		p.Resize(width)
		if over := browsertest.Eval[int](p.Page, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
			p.i.t.Errorf("%s is %d pixels wider than a window of %d", name, over, width)
		}
		if os.Getenv("ACQUIT_SHOTS") != "" {
			p.Screenshot(name, width)
		}
	}
	p.Resize(1280)
}

// says fails unless all of the texts can be read in a part of the page.
func (p person) says(selector string, texts ...string) {
	p.i.t.Helper()
	got := p.Text(selector)
	for _, want := range texts {
		if !strings.Contains(got, want) {
			p.i.t.Errorf("%s: %q is not on the page:\n%s", p.URL(), want, got)
		}
	}
}

// newCustomer fills the customer form.
func (p person) newCustomer(name, email string) {
	p.i.t.Helper()
	p.menu("/customers")
	p.press("Nouveau client", ".page-head")
	p.FillLabel("Nom", name)
	p.FillLabel("SIREN", "552100554")
	p.FillLabel("E-mail", email)
	p.Fill("[name$=street]", "1 rue du Port")
	p.Fill("[name$=postal_code]", "69001")
	p.Fill("[name$=city]", "Lyon")
	p.press("Enregistrer")
}

// docLine is what is typed in one line of a quote or invoice.
type docLine struct{ description, quantity, price, discount, vat string }

// fillLines types the lines, adding rows as they are needed.
func (p person) fillLines(lines ...docLine) {
	p.i.t.Helper()
	for n, l := range lines {
		field := func(name string) string { return fmt.Sprintf("[name='lines.%d.%s']", n, name) }
		if p.Count(field("quantity")) == 0 {
			p.Press("Ajouter une ligne")
		}
		p.Fill(field("description"), l.description)
		p.Fill(field("quantity"), l.quantity)
		p.Fill(field("unit_price"), l.price)
		if l.discount != "" {
			p.Fill(field("discount"), l.discount)
		}
		p.Fill(field("vat_code"), l.vat)
	}
}

// TestE2EInvoice plays the first flow of the product with real parts: a browser, the gateway as a program of its own, an SMTP
// server, both databases.
func TestE2EInvoice(t *testing.T) {
	onEach(t, func(i *installation) {
		i.serve()
		p := i.clerk()
		p.newCustomer("Boulangerie Aux Trois Épis", "compta@troisepis.example")
		p.look("customer")

		p.menu("/invoices")
		p.press("Nouvelle facture", ".page-head")
		p.FillLabel("Client", "Boulangerie Aux Trois Épis")
		p.FillLabel("Mode de règlement", i.online)
		p.FillLabel("Référence", "BC-2041")
		p.fillLines(
			docLine{"Comptoir en chêne massif", "2", "350", "", "S20B"},
			docLine{"Pose et raccordement", "10", "45,50", "", "S20S"},
			docLine{"Guide d'entretien imprimé", "4", "12,40", "5", "S055B"},
		)
		p.WaitText("#totals", "1 435,71")
		p.look("invoice-editor")
		p.press("Enregistrer et envoyer")
		p.look("invoice-send")
		p.press("Émettre et envoyer")
		p.WaitText("main", "envoyée à compta@troisepis.example")
		p.look("invoice-sent")

		m := i.smtp.Wait(1, patience)[0]
		i.checkInvoiceMail(m, "1 435,71")
		link := payLink(i.t, m.HTML)

		payer := i.stranger()
		payer.Open(link)
		payer.says("main", "1 435,71 €", "Atelier Test", "732 829 320", "Boulangerie Aux Trois Épis")
		payer.look("pay-page")
		payer.Leave(func() { payer.Click(".pay-button") })
		payer.says("main", "1 435,71 €")
		payer.Leave(func() { payer.Click("button[value=paid]") })
		payer.WaitText("h1", "C'est réglé, merci")
		payer.look("pay-thanks")

		p.menu("/inbox")
		p.WaitText("#arrivals", "Boulangerie Aux Trois Épis")
		p.says("#arrivals", "1 435,71 €", "20,35 €", "1 415,36 €", "Prêt")
		p.Click(".proposal > summary")
		p.says(".entries", "517900", "411000", "627880", "445711", "91,00")
		p.look("inbox")
		p.press("OK : intégrer la sélection")
		p.says("main", "1 ligne intégrée", "1 435,71 €", "20,35 €")
		p.look("inbox-result")

		p.menu("/receipts")
		p.says("main table", "Boulangerie Aux Trois Épis", "1 435,71 €", "Sandbox", "Comptabilisé")
		p.look("receipts")

		p.menu("/invoices")
		p.says("main table", "Payée en ligne", "0,00 €")
		p.look("invoices")
		p.menu("/journal")
		p.says("main", "SBX", "VE", "20,35 €", "AAA")
		p.look("journal")

		i.posted(`
VE FAYYYY-00001
  411000 C0001   1435.71           AAA
  706000                    455.00
  707000                    747.12
  445713                      2.59
  445711                    140.00
  445880                     91.00
SBX pay_…
  517900         1435.71
  411000 C0001             1435.71 AAA
  445880           91.00
  445711                     91.00
SBX pay_…
  627880           20.35
  517900                     20.35
`)
		i.checkFEC()
		if out := i.do("verify"); !strings.Contains(out, "sound") {
			t.Errorf("verify said %s", out)
		}
	})
}

// TestE2EDeposit plays the second flow: a quote, its deposit paid online, the deposit invoice, and the final invoice that
// deducts it. Of two deposits only one may be paid online.
func TestE2EDeposit(t *testing.T) {
	onEach(t, func(i *installation) {
		i.serve()
		p := i.clerk()
		p.newCustomer("Boulangerie Aux Trois Épis", "compta@troisepis.example")

		p.menu("/quotes")
		p.press("Nouveau devis", ".page-head")
		p.FillLabel("Client", "Boulangerie Aux Trois Épis")
		p.fillLines(
			docLine{"Comptoir en chêne massif", "1", "1000", "", "S20B"},
			docLine{"Guide d'entretien imprimé", "10", "10", "", "S055B"},
		)
		p.WaitText("#totals", "1 305,50")
		p.press("Enregistrer")

		deposit := func(label, percent, method string) {
			p.FillLabel("Libellé", label, "#deposit-form")
			p.FillLabel("Pourcentage", percent, "#deposit-form")
			p.FillLabel("Mode de règlement", method, "#deposit-form")
			p.press("Ajouter", "#deposit-form")
		}
		deposit("À la commande", "30", i.online)
		p.says("#deposits", "À la commande", "391,65 €", "en ligne")
		deposit("À la livraison", "20", i.online)
		p.says("#deposit-form", "est déjà payable en ligne, et un seul peut l'être")
		p.look("second-online-deposit")
		p.FillLabel("Mode de règlement", i.transfer, "#deposit-form")
		p.press("Ajouter", "#deposit-form")
		p.says("#deposits", "À la livraison", "261,10 €")
		p.press("Valider", "#deposits tbody tr:first-child")
		p.says("#deposits", "Demandé")
		p.look("quote")
		p.press("Envoyer", ".page-head")
		p.press("Envoyer", "main form")
		p.WaitText("main", "envoyé à compta@troisepis.example")

		m := i.smtp.Wait(1, patience)[0]
		if len(m.Attachments) != 1 {
			t.Fatalf("the quote came with %d files", len(m.Attachments))
		}
		link := payLink(t, m.HTML)
		if text := spaces(m.Text + read(t, m.Attachments[0].Data, "pdftotext", "-layout", "FILE", "-")); !strings.Contains(text, link) || !strings.Contains(text, "391,65") || !strings.Contains(text, "1 305,50") {
			t.Errorf("the quote does not say what is asked:\n%s", text)
		}
		payer := i.stranger()
		payer.Open(link)
		payer.says("main", "391,65 €", "À la commande")
		payer.look("pay-deposit")
		payer.Leave(func() { payer.Click(".pay-button") })
		payer.Leave(func() { payer.Click("button[value=paid]") })
		payer.WaitText("h1", "C'est réglé, merci")

		p.menu("/inbox")
		p.says("#arrivals", "391,65 €", "5,73 €", "acompte")
		p.press("OK : intégrer la sélection")
		p.says("main", "1 ligne intégrée")
		// The deposit invoice is posted with the payment and goes out by itself.
		bill := i.smtp.WaitFor(patience, "the deposit invoice", func(m smtptest.Message) bool { return strings.Contains(m.Subject, "FA") })
		if text := spaces(read(t, bill.Attachments[0].Data, "pdftotext", "-layout", "FILE", "-")); !strings.Contains(text, "Facture d'acompte") || !strings.Contains(text, "391,65") {
			t.Errorf("the deposit invoice says:\n%s", text)
		}
		i.posted(`
SBX FAYYYY-00001
  517900          391.65
  419100 C0001              391.65
  445871            1.65
  445713                      1.65
  445871           60.00
  445711                     60.00
SBX pay_…
  627880            5.73
  517900                      5.73
`)

		p.menu("/quotes")
		p.Leave(func() { p.Click("main tbody a") })
		p.says("#deposits", "Payé", "FA")
		p.press("Facturer")
		p.press("Préparer la facture")
		p.press("Envoyer", ".page-head")
		p.press("Émettre et envoyer")
		p.says("main", "Acomptes déduits", "391,65", "913,85 €")
		p.look("final-invoice")
		final := i.smtp.WaitFor(patience, "the final invoice", func(m smtptest.Message) bool { return strings.Contains(spaces(m.Text), "913,85") })
		payer.Open(payLink(t, final.HTML))
		payer.says("main", "913,85 €")
		payer.Leave(func() { payer.Click(".pay-button") })
		payer.Leave(func() { payer.Click("button[value=paid]") })
		payer.WaitText("h1", "C'est réglé, merci")
		p.menu("/inbox")
		p.press("OK : intégrer la sélection")

		i.posted(`
SBX FAYYYY-00001
  517900          391.65
  419100 C0001              391.65 AAA
  445871            1.65
  445713                      1.65
  445871           60.00
  445711                     60.00
SBX pay_…
  627880            5.73
  517900                      5.73
VE FAYYYY-00002
  411000 C0001   1305.50           AAB
  707000                   1100.00
  445713                      5.50
  445711                    200.00
  419100 C0001    391.65           AAA
  411000 C0001              391.65 AAB
  445713            1.65
  445871                      1.65
  445711           60.00
  445871                     60.00
SBX pay_…
  517900          913.85
  411000 C0001              913.85 AAB
SBX pay_…
  627880           13.04
  517900                     13.04
`)
		i.checkFEC()
	})
}

// checkInvoiceMail reads a mail and its PDF as the customer does.
func (i *installation) checkInvoiceMail(m smtptest.Message, due string) {
	i.t.Helper()
	if m.From != "compta@example.com" || len(m.To) != 1 || m.To[0] != "compta@troisepis.example" {
		i.t.Errorf("from %s to %s", m.From, m.To)
	}
	link := payLink(i.t, m.HTML)
	for part, text := range map[string]string{"subject": m.Subject + due, "text": m.Text + m.Subject, "HTML": m.HTML + m.Subject} {
		if plain := spaces(text); !strings.Contains(plain, due) || !strings.Contains(plain, "FA") {
			i.t.Errorf("the %s part does not say what is due:\n%s", part, text)
		}
	}
	if !strings.Contains(m.Text, link) {
		i.t.Errorf("the text part has no pay link:\n%s", m.Text)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Type != "application/pdf" {
		i.t.Fatalf("attached are %d files", len(m.Attachments))
	}
	pdf := m.Attachments[0].Data
	text := spaces(read(i.t, pdf, "pdftotext", "-layout", "FILE", "-"))
	for _, want := range []string{"FA", "732 829 320", "FR44732829320", "552 100 554", "Solde dû", due, "Livraison de biens et prestation de services", "40 €", "L441-10", "escompte"} {
		if !strings.Contains(text, want) {
			i.t.Errorf("the PDF does not say %q:\n%s", want, text)
		}
	}
	if urls := read(i.t, pdf, "pdfinfo", "-url", "FILE"); !strings.Contains(urls, link) {
		i.t.Errorf("the PDF does not link to %s:\n%s", link, urls)
	}
}

// spaces makes every run of spaces, no-break ones too, one space.
func spaces(s string) string { return strings.Join(strings.Fields(s), " ") }

// read runs a program on a file, which is FILE among its arguments, and returns what it prints.
func read(t *testing.T, data []byte, program string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.pdf")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for n, a := range args {
		if a == "FILE" {
			args[n] = file
		}
	}
	var errs bytes.Buffer
	c := exec.Command(program, args...)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", program, err, errs.String())
	}
	return string(out)
}

var payLinks = regexp.MustCompile(`href="(http://127\.0\.0\.1:\d+/p/[^"/?]+)"`)

// payLink is the address behind the mail's button.
func payLink(t *testing.T, html string) string {
	t.Helper()
	m := payLinks.FindStringSubmatch(html)
	if m == nil {
		t.Fatalf("there is no pay link in\n%s", html)
	}
	return m[1]
}

// checkFEC exports the year from the command line: a header, then every line of every entry, each entry balanced.
func (i *installation) checkFEC() {
	i.t.Helper()
	lines := strings.Split(strings.TrimRight(i.do("export", "fec", "-o", "-"), "\r\n"), "\r\n")
	want := 0
	head, err := i.store.Head(i.ctx, i.company)
	i.must(err)
	for seq := int64(1); seq <= head.Seq; seq++ {
		e, err := i.store.Entry(i.ctx, i.company, seq)
		i.must(err)
		want += len(e.Lines)
	}
	if len(lines) != want+1 {
		i.t.Errorf("the FEC has %d lines, want %d and a header", len(lines), want)
	}
	for _, l := range lines {
		if n := strings.Count(l, "\t"); n != 17 {
			i.t.Errorf("%d fields in %q", n+1, l)
		}
	}
}
