package party_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

func TestParseEmail(t *testing.T) {
	for _, c := range []struct {
		typed string
		want  party.Email
	}{
		{"jean@exemple.fr", "jean@exemple.fr"}, {" Jean.Dupont+achats@Exemple.FR ", "Jean.Dupont+achats@exemple.fr"}, {"a@b.co", "a@b.co"},
		{"o'neil@sub.exemple.co.uk", "o'neil@sub.exemple.co.uk"}, {"contact@société.fr", "contact@société.fr"},
	} {
		if got, err := party.ParseEmail(c.typed); got != c.want || err != nil {
			t.Errorf("%q: %q, %v", c.typed, got, err)
		}
	}
	if _, err := party.ParseEmail("  "); !fault.Has(err, fault.Required) {
		t.Errorf("nothing: %v", err)
	}
	for _, s := range []string{"jean", "jean@", "@exemple.fr", "jean@exemple", "jean@exemple.", "jean@.fr", "jean@-exemple.fr", "jean@exemple-.fr", "jean@exemple.f",
		"jean@exemple.12", "Jean <jean@exemple.fr>", "jean@exemple.fr (maison)", `"jean dupont"@exemple.fr`, "jean@[127.0.0.1]", "a@b.fr, c@d.fr", "jean@exemple.fr\r\nBcc: x@y.fr",
		"jean@ex_emple.fr", strings.Repeat("a", 65) + "@exemple.fr", "jean@" + strings.Repeat("a", 64) + ".fr", "jean@" + strings.Repeat("a.", 130) + "fr"} {
		if got, err := party.ParseEmail(s); !fault.Has(err, fault.BadEmail) {
			t.Errorf("%q passes: %q, %v", s, got, err)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"jean@exemple.fr", "é@é.éé", "a@b.c\n", `"x"@y.zz`, "=?utf-8?q?x?=@a.bc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := party.ParseEmail(s)
		if err != nil {
			if len(fault.All(err)) == 0 {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if strings.ContainsAny(string(e), "\r\n\x00<>,; ") || strings.Count(string(e), "@") < 1 || len(e) > 254 {
			t.Fatalf("%q gives %q", s, e)
		}
		if again, err := party.ParseEmail(string(e)); err != nil || again != e {
			t.Fatalf("%q gives %q, read again %q, %v", s, e, again, err)
		}
	})
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		parse      func(string) (string, error)
		good, want string
	}{
		{party.ParseSIREN, "732 829 320", "732829320"}, {party.ParseSIREN, "356000000", "356000000"},
		{party.ParseSIRET, "732 829 320 00074", "73282932000074"}, {party.ParseSIRET, "35600000000001", "35600000000001"},
		{party.ParseVATNumber, "fr 44 732829320", "FR44732829320"}, {party.ParseVATNumber, "DE 123.456.789", "DE123456789"}, {party.ParseVATNumber, "NL123456789B01", "NL123456789B01"},
		{party.ParseVATNumber, "XI123456789", "XI123456789"},
		{party.ParseIBAN, "FR76 3000 6000 0112 3456 7890 189", "FR7630006000011234567890189"}, {party.ParseIBAN, "de89370400440532013000", "DE89370400440532013000"},
	} {
		got, err := c.parse(c.good)
		if got != c.want || err != nil {
			t.Errorf("%q: %q, %v", c.good, got, err)
		}
	}
	for _, c := range []struct {
		parse func(string) (string, error)
		code  fault.Code
		bad   []string
	}{
		{party.ParseSIREN, fault.BadSIREN, []string{"", "732829321", "73282932", "7328293200", "73282932O", "７32829320"}},
		{party.ParseSIRET, fault.BadSIRET, []string{"", "73282932000075", "732829320", "35600000000002", "356000000A0001"}},
		{party.ParseVATNumber, fault.BadVATNumber, []string{"", "FR", "FR45732829320", "FR44732829321", "732829320", "US123456789", "FR4473282932", "DE12345678", "GB123456789"}},
		{party.ParseIBAN, fault.BadCode, []string{"", "FR7630006000011234567890188", "FR76", "FR76-3000-6000", strings.Repeat("1", 40)}},
	} {
		for _, s := range c.bad {
			if got, err := c.parse(s); !fault.Has(err, c.code) {
				t.Errorf("%q passes for %q, %v", s, got, err)
			}
		}
	}
}

// TestOneDigitWrong: check digits are there to find a single wrong digit, so each must.
func TestOneDigitWrong(t *testing.T) {
	for _, c := range []struct {
		parse func(string) (string, error)
		good  string
	}{{party.ParseSIREN, "732829320"}, {party.ParseSIRET, "73282932000074"}, {party.ParseIBAN, "FR7630006000011234567890189"}, {party.ParseVATNumber, "FR44732829320"}} {
		for i := range c.good {
			for d := byte('0'); d <= '9'; d++ {
				if c.good[i] < '0' || c.good[i] > '9' || c.good[i] == d {
					continue
				}
				bad := c.good[:i] + string(d) + c.good[i+1:]
				if _, err := c.parse(bad); err == nil {
					t.Errorf("%q passes beside %q", bad, c.good)
				}
			}
		}
	}
}

func FuzzNumbers(f *testing.F) {
	f.Add("732829320")
	f.Add("FR7630006000011234567890189")
	f.Add("FR44732829320")
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (string, error){party.ParseSIREN, party.ParseSIRET, party.ParseVATNumber, party.ParseIBAN} {
			n, err := parse(s)
			if err != nil {
				continue
			}
			for _, r := range n {
				if r > 'Z' || r < '*' {
					t.Fatalf("%q gives %q", s, n)
				}
			}
			if again, err := parse(n); err != nil || again != n {
				t.Fatalf("%q gives %q, read again %q, %v", s, n, again, err)
			}
		}
	})
}

func TestCleanText(t *testing.T) {
	for _, c := range []struct {
		s           string
		least, most int
		want        fault.Code
	}{
		{" ok ", 1, 2, ""}, {"", 0, 5, ""}, {"  ", 1, 5, fault.Required}, {"été", 1, 3, ""}, {"étés", 1, 3, fault.TooLong}, {"a\tb", 1, 9, fault.BadCharacters},
		{"a\nb", 1, 9, fault.BadCharacters}, {"a\x00b", 1, 9, fault.BadCharacters}, {"a\u2028b", 1, 9, fault.BadCharacters}, {"a\xffb", 1, 9, fault.BadCharacters}, {"a\u0085b", 1, 9, fault.BadCharacters},
	} {
		s := c.s
		if err := party.CleanText(&s, c.least, c.most); fault.CodeOf(err) != c.want || err == nil && s != strings.TrimSpace(c.s) {
			t.Errorf("%q: %q, %v; want %q", c.s, s, err, c.want)
		}
	}
	prose := " deux\r\nlignes\t"
	if err := party.CleanProse(&prose, 20); err != nil || prose != "deux\nlignes" {
		t.Errorf("%q, %v", prose, err)
	}
	for s, want := range map[string]string{"c0001": "C0001", "A-1_b/2": "A-1_B/2"} {
		code := s
		if err := party.CleanCode(&code, 17); err != nil || code != want {
			t.Errorf("%q: %q, %v", s, code, err)
		}
	}
	for s, want := range map[string]fault.Code{"": fault.Required, "a b": fault.BadCode, "é": fault.BadCode, strings.Repeat("A", 18): fault.TooLong} {
		if err := party.CleanCode(&s, 17); fault.CodeOf(err) != want {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func company() party.Company {
	return party.Company{ID: "co_1", Name: "Atelier Martin", SIREN: "732829320", SIRET: "73282932000074", VATNumber: "FR44732829320", Email: "contact@atelier-martin.fr",
		Address: party.Address{Street: "1 rue des Lilas", PostalCode: "69001", City: "Lyon", Country: "FR"}, Currency: money.EUR, Locale: "fr", VATRegime: party.VATOnReceipts,
		DepositScheme: party.DepositGross, IBAN: "FR7630006000011234567890189", LateRate: decimal.NewFromInt(12)}
}

func TestCompany(t *testing.T) {
	good := company()
	if err := good.Validate(); err != nil || len(good.Missing()) != 0 {
		t.Fatalf("%v, missing %v", err, good.Missing())
	}
	for field, spoil := range map[string]func(*party.Company){
		"name": func(c *party.Company) { c.Name = " " }, "email": func(c *party.Company) { c.Email = "x" }, "siren": func(c *party.Company) { c.SIREN, c.SIRET = "732829321", "" },
		"siret": func(c *party.Company) { c.SIRET = "35600000000001" }, "vat_number": func(c *party.Company) { c.VATNumber = "FR1" }, "iban": func(c *party.Company) { c.IBAN = "FR00" },
		"address.country": func(c *party.Company) { c.Address.Country = "France" }, "currency": func(c *party.Company) { c.Currency = "FRF" }, "locale": func(c *party.Company) { c.Locale = "de" },
		"vat_regime": func(c *party.Company) { c.VATRegime = "" }, "deposit_scheme": func(c *party.Company) { c.DepositScheme = "net" }, "terms_days": func(c *party.Company) { c.TermsDays = 366 },
		"quote_validity": func(c *party.Company) { c.QuoteValidity = -1 }, "late_rate": func(c *party.Company) { c.LateRate = decimal.NewFromInt(101) }, "tolerance": func(c *party.Company) { c.Tolerance = -1 },
		"mail_intro": func(c *party.Company) { c.MailIntro = strings.Repeat("x", 2001) }, "bic": func(c *party.Company) { c.BIC = "ABCDEFGHIJKL" },
	} {
		c := company()
		spoil(&c)
		if all := fault.All(c.Validate()); len(all) != 1 || all[0].Field != field {
			t.Errorf("%s: %v", field, all)
		}
	}
	bare := party.Company{Name: "X", Address: party.Address{Country: "FR"}, VATRegime: party.VATExempt}
	if got := strings.Join(bare.Missing(), " "); got != "siren address.street address.city" {
		t.Errorf("missing %q", got)
	}
	bare.VATRegime, bare.Address.Country = party.VATOnReceipts, "BE"
	if got := strings.Join(bare.Missing(), " "); got != "address.street address.city vat_number" {
		t.Errorf("missing %q", got)
	}
	terms := company()
	terms.TermsDays = 30
	if d := terms.DueFrom(civil.MustParse("2026-01-15")); d.String() != "2026-02-14" {
		t.Errorf("30 days: %s", d)
	}
	terms.TermsMonthEnd = true
	if d := terms.DueFrom(civil.MustParse("2026-01-15")); d.String() != "2026-02-28" {
		t.Errorf("30 days, end of month: %s", d)
	}
}

func TestCustomer(t *testing.T) {
	c := party.Customer{Code: " c0001 ", Name: "Dupont", Kind: party.Business, Email: "Jean@Exemple.FR", SIREN: "732 829 320", Language: "fr", Address: party.Address{Country: "fr"}}
	if err := c.Validate(); err != nil || c.Code != "C0001" || c.SIREN != "732829320" || c.Address.Country != "FR" || c.Email != "Jean@exemple.fr" {
		t.Fatalf("%+v, %v", c, err)
	}
	again := c
	if err := again.Validate(); err != nil || !reflect.DeepEqual(again, c) {
		t.Errorf("validating twice changes %+v, %v", again, err)
	}
	c.Email = "" // no e-mail is no fault: it matters once online payment is offered
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	bad := party.Customer{Email: "x", SIREN: "1", VATNumber: "2", DeliverTo: party.Address{City: "Lyon"}}
	var fields []string
	for _, e := range fault.All(bad.Validate()) {
		fields = append(fields, e.Field)
	}
	if got := strings.Join(fields, " "); got != "code name email kind language siren vat_number address.country deliver_to.country" {
		t.Errorf("refused fields: %s", got)
	}
}

func TestClonesAreIndependent(t *testing.T) {
	c := company()
	c.Logo, c.Mail.Sealed = []byte{1}, []byte{2}
	d := c.Clone()
	d.Logo[0], d.Mail.Sealed[0] = 9, 9
	if c.Logo[0] != 1 || c.Mail.Sealed[0] != 2 {
		t.Error("a clone shares memory")
	}
}
