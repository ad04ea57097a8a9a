package logmask

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// rule masks one form.
type rule struct {
	form *regexp.Regexp
	as   string
	// near are texts of which a match holds at least one, in lower case; they spare most lines the expression.
	near []string
	// digits is how many a match holds at least.
	digits int
	// true says whether a match is what it looks like; nil: it is.
	true func(string) bool
}

// rules in the order in which they are tried: what may hold others first.
var rules = []rule{
	// A pay link opens a pay page for whoever has it.
	{form: regexp.MustCompile(`/p/[A-Za-z0-9_-]{6,}`), as: "/p/" + hidden, near: []string{"/p/"}},
	// Passwords and keys in addresses.
	{form: regexp.MustCompile(`://[^\s/@:]*:[^\s/@]+@`), as: "://" + hidden + "@", near: []string{"://"}},
	{form: regexp.MustCompile(`(?i)([?&](?:token|key|secret|signature|sig|code|password|email|access_token|client_secret)=)[^&\s"']+`), as: "${1}" + hidden, near: []string{"="}},
	// Credentials by the words in front of them.
	{form: regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}`), as: "${1} " + hidden, near: []string{"bearer", "basic"}},
	{form: regexp.MustCompile(`(?i)\b(client_secret|access_token|refresh_token|api_key|apikey|password|secret)(["']?\s*[:=]\s*["']?)[^\s"',;&}]+`), as: "${1}${2}" + hidden, near: []string{"secret", "token", "api", "password"}},
	// ... and by their own form: Stripe's keys and secrets, PayPal's access tokens, our own tokens, JSON web tokens.
	{form: regexp.MustCompile(`\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]+`), as: "key " + hidden, near: []string{"sk_", "rk_", "pk_"}},
	{form: regexp.MustCompile(`\bwhsec_[A-Za-z0-9+/=_-]+`), as: "whsec_" + hidden, near: []string{"whsec_"}},
	{form: regexp.MustCompile(`_secret_[A-Za-z0-9]+`), as: "_secret_" + hidden, near: []string{"_secret_"}},
	{form: regexp.MustCompile(`\bA21AA[A-Za-z0-9_-]{20,}`), as: "token " + hidden, near: []string{"a21aa"}},
	{form: regexp.MustCompile(`\bacq_[A-Za-z0-9_-]{20,}`), as: "acq_" + hidden, near: []string{"acq_"}},
	{form: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`), as: "token " + hidden, near: []string{"eyj"}},
	{form: regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`), as: "private key " + hidden, near: []string{"-----begin"}},
	// People. A refusal's parameters end with a bracket; a name may hold anything else.
	{form: regexp.MustCompile(`\b(customer|found|who)=[^)\n]*\)`), as: "${1}=" + hidden + ")", near: []string{"customer=", "found=", "who="}},
	{form: regexp.MustCompile(`[\p{L}\p{N}.!#$%&'*+/=?^_{|}~-]+(?:@|%40)[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?`), as: "e-mail " + hidden, near: []string{"@", "%40"}},
	{form: regexp.MustCompile(`\b[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]){11,30}\b`), as: "IBAN " + hidden, digits: 8, true: isIBAN},
	{form: regexp.MustCompile(`\b\d(?:[ -]?\d){12,18}\b`), as: "card " + hidden, digits: 13, true: isCard},
}

// Text masks what must not be in a log, wherever it stands in a text.
func Text(s string) string {
	if at := strings.IndexAny(s, "{["); at >= 0 {
		s = withoutDocuments(s)
	}
	small, digits := strings.ToLower(s), 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			digits++
		}
	}
	for _, r := range rules {
		if digits < r.digits || r.near != nil && !slices.ContainsFunc(r.near, func(part string) bool { return strings.Contains(small, part) }) {
			continue
		}
		if r.true == nil {
			s = r.form.ReplaceAllString(s, r.as)
			continue
		}
		s = r.form.ReplaceAllStringFunc(s, func(found string) string {
			if r.true(found) {
				return r.as
			}
			return found
		})
	}
	return s
}

// withoutDocuments takes JSON objects and lists of objects out of a text: what a provider answered is no log line. Half of
// one, as clipped texts hold it, goes to the end.
func withoutDocuments(s string) string {
	var out strings.Builder
	for {
		at := document.FindStringIndex(s)
		if at == nil {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:at[0]])
		out.WriteString("(JSON " + hidden + ")")
		d := json.NewDecoder(strings.NewReader(s[at[0]:]))
		var whole json.RawMessage
		if d.Decode(&whole) != nil {
			return out.String()
		}
		s = s[at[0]+int(d.InputOffset()):]
	}
}

// document is how a JSON object with a field begins, or a list of such.
var document = regexp.MustCompile(`(?:\[\s*)?\{\s*\\*"(?:[^"\\]|\\.)*\\*"\s*:`)

// isCard is the check digit of card numbers (ISO/IEC 7812-1, annex B).
func isCard(s string) bool {
	sum, double := 0, false
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		n := int(s[i] - '0')
		if double {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
		double = !double
	}
	return sum%10 == 0
}

// isIBAN is the check of international account numbers (ISO 13616-1, ISO/IEC 7064 MOD 97-10).
func isIBAN(s string) bool {
	s = strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	var digits strings.Builder
	for _, r := range s[4:] + s[:4] {
		if r >= 'A' {
			digits.WriteString(big.NewInt(int64(r - 'A' + 10)).String())
		} else {
			digits.WriteRune(r)
		}
	}
	n, ok := new(big.Int).SetString(digits.String(), 10)
	return ok && new(big.Int).Mod(n, big.NewInt(97)).Int64() == 1
}
