package smtptest_test

import (
	"fmt"
	"testing"

	"github.com/acquit-app/acquit/adapters/mail/smtptest"
)

func TestParse(t *testing.T) {
	m, err := smtptest.Parse([]byte(lines(
		"Message-ID: <out_1@acquit.example>",
		"Subject: =?utf-8?q?Facture_FA-1_=E2=80=93_=C3=A9ch=C3=A9ance?=",
		`Content-Type: multipart/mixed; boundary="a"`,
		"",
		"--a",
		`Content-Type: multipart/alternative; boundary="b"`,
		"",
		"--b",
		"Content-Type: text/plain; charset=UTF-8",
		"Content-Transfer-Encoding: quoted-printable",
		"",
		"Reste d=C3=BB : 1=E2=80=AF200,00 =",
		"=E2=82=AC",
		"--b",
		"Content-Type: text/html; charset=utf-8",
		"Content-Transfer-Encoding: base64",
		"",
		"PGEgaHJlZj0iaHR0cDovL2xvY2FsaG9zdC9wL3giPlBheWVyPC9hPg==",
		"--b--",
		"--a",
		`Content-Type: application/pdf; name="ignored.pdf"`,
		"Content-Disposition: attachment; filename*=utf-8''d%C3%A9but.pdf",
		"Content-Transfer-Encoding: base64",
		"",
		"JVBERi0x",
		"LjcK",
		"--a",
		"Content-Type: text/plain; charset=utf-8",
		`Content-Disposition: attachment; filename="=?UTF-8?q?re=C3=A7u.txt?="`,
		"",
		"ne pas confondre avec le texte",
		"--a--",
	)))
	if err != nil {
		t.Fatal(err)
	}
	if m.ID != "out_1@acquit.example" || m.Subject != "Facture FA-1 – échéance" {
		t.Errorf("id %q, subject %q", m.ID, m.Subject)
	}
	if want := "Reste dû : 1\u202f200,00 €"; m.Text != want {
		t.Errorf("text is %q, want %q", m.Text, want)
	}
	if want := `<a href="http://localhost/p/x">Payer</a>`; m.HTML != want {
		t.Errorf("HTML is %q, want %q", m.HTML, want)
	}
	if len(m.Attachments) != 2 {
		t.Fatalf("%d attachments", len(m.Attachments))
	}
	if a := m.Attachments[0]; a.Name != "début.pdf" || a.Type != "application/pdf" || string(a.Data) != "%PDF-1.7\n" {
		t.Errorf("first attachment: %+v", a)
	}
	if a := m.Attachments[1]; a.Name != "reçu.txt" || a.Type != "text/plain" || string(a.Data) != "ne pas confondre avec le texte" {
		t.Errorf("second attachment: %+v", a)
	}
}

func TestParseRefuses(t *testing.T) {
	nested := lines("", "x")
	for i := range 20 {
		nested = lines(fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d", i), "", fmt.Sprintf("--b%d", i)) + nested + lines(fmt.Sprintf("--b%d--", i))
	}
	for name, raw := range map[string]string{
		"no header":         "",
		"bad content type":  lines("Content-Type: text/", "", "x"),
		"no boundary":       lines("Content-Type: multipart/mixed", "", "x"),
		"unclosed parts":    lines("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "x"),
		"another charset":   lines("Content-Type: text/plain; charset=iso-8859-1", "", "x"),
		"unknown encoding":  lines("Content-Transfer-Encoding: rot13", "", "x"),
		"bad base64":        lines("Content-Transfer-Encoding: base64", "", "***"),
		"nested too deeply": nested,
	} {
		if m, err := smtptest.Parse([]byte(raw)); err == nil {
			t.Errorf("%s: read as %+v", name, m)
		}
	}
}
