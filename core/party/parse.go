package party

import (
	"net/mail"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/acquit-app/acquit/core/fault"
)

// Email is an address that was parsed: offering online payment asks for one, so it cannot be forgotten.
type Email string

// ParseEmail accepts one bare address with a domain of at least two labels, at most 254 bytes (RFC 5321 §4.5.3.1).
// Display names, comments, quoted local parts, IP literals and control characters are refused. Codes: required, bad_email.
func ParseEmail(s string) (Email, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", fault.New(fault.Invalid, fault.Required)
	}
	bad := fault.New(fault.Invalid, fault.BadEmail, "found", fault.Clip(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > 254 {
		return "", bad
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	if len(local) > 64 || strings.ContainsAny(local, `" `) || !strings.Contains(domain, ".") {
		return "", bad
	}
	for _, label := range strings.Split(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", bad
		}
		for _, r := range label {
			if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return "", bad
			}
		}
	}
	if last := domain[strings.LastIndexByte(domain, '.')+1:]; len(last) < 2 || !strings.ContainsFunc(last, unicode.IsLetter) {
		return "", bad
	}
	return Email(local + "@" + strings.ToLower(domain)), nil
}

// ParseSIREN accepts nine digits, blanks between them allowed, whose Luhn sum is right (INSEE). Code: bad_siren.
func ParseSIREN(s string) (string, error) {
	d := strings.Join(strings.Fields(s), "")
	if len(d) != 9 || !luhn(d) {
		return "", fault.New(fault.Invalid, fault.BadSIREN, "found", fault.Clip(s))
	}
	return d, nil
}

// ParseSIRET accepts fourteen digits with a right Luhn sum; the establishments of La Poste (SIREN 356000000) sum their
// digits to a multiple of five instead (INSEE). Code: bad_siret.
func ParseSIRET(s string) (string, error) {
	d := strings.Join(strings.Fields(s), "")
	ok := len(d) == 14 && luhn(d)
	if len(d) == 14 && !ok && strings.HasPrefix(d, "356000000") && digits(d) {
		sum := 0
		for _, r := range d {
			sum += int(r - '0')
		}
		ok = sum%5 == 0
	}
	if !ok {
		return "", fault.New(fault.Invalid, fault.BadSIRET, "found", fault.Clip(s))
	}
	return d, nil
}

// vatShapes holds, for each EU prefix (and XI), the allowed lengths behind the prefix (European Commission, VIES). The
// French key is checked as well.
var vatShapes = map[string][2]int{
	"AT": {9, 9}, "BE": {10, 10}, "BG": {9, 10}, "CY": {9, 9}, "CZ": {8, 10}, "DE": {9, 9}, "DK": {8, 8}, "EE": {9, 9}, "EL": {9, 9},
	"ES": {9, 9}, "FI": {8, 8}, "FR": {11, 11}, "HR": {11, 11}, "HU": {8, 8}, "IE": {8, 9}, "IT": {11, 11}, "LT": {9, 12}, "LU": {8, 8},
	"LV": {11, 11}, "MT": {8, 8}, "NL": {12, 12}, "PL": {10, 10}, "PT": {9, 9}, "RO": {2, 10}, "SE": {12, 12}, "SI": {8, 8}, "SK": {10, 10}, "XI": {5, 12},
}

// ParseVATNumber accepts an EU VAT number with its country prefix, blanks, dots and dashes allowed. For France the two
// digits in front of the SIREN must be right: (12 + 3 × (SIREN mod 97)) mod 97. Code: bad_vat_number.
func ParseVATNumber(s string) (string, error) {
	bad := fault.New(fault.Invalid, fault.BadVATNumber, "found", fault.Clip(s))
	n := strings.ToUpper(strings.NewReplacer(" ", "", ".", "", "-", "", "\u00a0", "", "\u202f", "").Replace(s))
	if len(n) < 4 {
		return "", bad
	}
	shape, ok := vatShapes[n[:2]]
	rest := n[2:]
	if !ok || len(rest) < shape[0] || len(rest) > shape[1] {
		return "", bad
	}
	for _, r := range rest {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && r != '+' && r != '*' {
			return "", bad
		}
	}
	if n[:2] == "FR" {
		if !luhn(rest[2:]) {
			return "", bad
		}
		if key, err := strconv.Atoi(rest[:2]); err == nil {
			siren, _ := strconv.Atoi(rest[2:])
			if key != (12+3*(siren%97))%97 {
				return "", bad
			}
		}
	}
	return n, nil
}

// ParseIBAN accepts an IBAN whose check digits are right (ISO 13616, mod 97 = 1). Code: bad_code.
func ParseIBAN(s string) (string, error) {
	bad := fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(s))
	n := strings.ToUpper(strings.Join(strings.Fields(s), ""))
	if len(n) < 15 || len(n) > 34 {
		return "", bad
	}
	mod := 0
	for _, r := range n[4:] + n[:4] {
		switch {
		case r >= '0' && r <= '9':
			mod = (mod*10 + int(r-'0')) % 97
		case r >= 'A' && r <= 'Z':
			mod = (mod*100 + int(r-'A') + 10) % 97
		default:
			return "", bad
		}
	}
	if mod != 1 {
		return "", bad
	}
	return n, nil
}

func (a *Address) validate() error {
	var f fault.Collect
	_ = f.Add(text(&a.Street, 0, 120), "street")
	_ = f.Add(text(&a.Extra, 0, 120), "extra")
	_ = f.Add(text(&a.PostalCode, 0, 12), "postal_code")
	_ = f.Add(text(&a.City, 0, 80), "city")
	a.Country = strings.ToUpper(strings.TrimSpace(a.Country))
	if len(a.Country) != 2 || a.Country[0] < 'A' || a.Country[0] > 'Z' || a.Country[1] < 'A' || a.Country[1] > 'Z' {
		_ = f.Add(fault.New(fault.Invalid, fault.BadCountry, "found", fault.Clip(a.Country)), "country")
	}
	return f.Err()
}

// CleanText trims one line of text in place and refuses control characters and lengths outside least..most (in
// characters). Codes: required, too_long, bad_characters.
func CleanText(s *string, least, most int) error { return text(s, least, most) }

// CleanProse is CleanText for text of several lines.
func CleanProse(s *string, most int) error { return prose(s, most) }

// CleanCode accepts short codes of letters, digits and - _ /; the law's set for document numbers (BR-FR-02). Codes: required, bad_code, too_long.
func CleanCode(s *string, most int) error { return code(s, most) }

func text(s *string, least, most int) error {
	*s = strings.TrimSpace(*s)
	return sized(*s, least, most, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

func prose(s *string, most int) error {
	*s = strings.TrimSpace(strings.ReplaceAll(*s, "\r\n", "\n"))
	return sized(*s, 0, most, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

func sized(s string, least, most int, bad func(rune) bool) error {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, bad):
		return fault.New(fault.Invalid, fault.BadCharacters, "found", fault.Clip(s))
	case n < least:
		return fault.New(fault.Invalid, fault.Required)
	case n > most:
		return fault.New(fault.Invalid, fault.TooLong, "max", itoa(most))
	}
	return nil
}

func code(s *string, most int) error {
	*s = strings.ToUpper(strings.TrimSpace(*s))
	if *s == "" {
		return fault.New(fault.Invalid, fault.Required)
	}
	if len(*s) > most {
		return fault.New(fault.Invalid, fault.TooLong, "max", itoa(most))
	}
	for _, r := range *s {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '/' {
			return fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(*s))
		}
	}
	return nil
}

func optional(s *string, parse func(string) (string, error)) error {
	*s = strings.TrimSpace(*s)
	if *s == "" {
		return nil
	}
	p, err := parse(*s)
	if err == nil {
		*s = p
	}
	return err
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

func luhn(s string) bool {
	if !digits(s) {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

func itoa(n int) string { return strconv.Itoa(n) }
