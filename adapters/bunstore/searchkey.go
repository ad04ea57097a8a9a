package bunstore

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// searchKey is a text as it is sorted and searched: lower case, without accents, blanks made one. It is made here and
// stored, because the engines disagree on case and know no accents.
func searchKey(s string) string {
	var b strings.Builder
	blank := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r), unicode.IsControl(r) && !unicode.IsSpace(r):
		case unicode.IsSpace(r):
			blank = b.Len() > 0
		default:
			if blank {
				b.WriteByte(' ')
				blank = false
			}
			switch r = unicode.ToLower(r); r {
			case 'œ':
				b.WriteString("oe")
			case 'æ':
				b.WriteString("ae")
			case 'ß':
				b.WriteString("ss")
			default:
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// searchWords are the different words of some texts, as search keys. A text with marks inside (an e-mail, a code) is a word
// as a whole too.
func searchWords(texts ...string) []string {
	var words []string
	for _, t := range texts {
		key := searchKey(t)
		words = append(words, strings.Fields(key)...)
		words = append(words, strings.FieldsFunc(key, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// after is greater than every text with this beginning, in byte order.
func after(prefix string) string { return prefix + "\U0010ffff" }

// numberKey is a legal number as it is sorted: the digits at its end are widened, so that FA2026-100000 follows
// FA2026-99999.
func numberKey(number string) string {
	const width = 12
	head := strings.TrimRight(number, "0123456789")
	if digits := number[len(head):]; digits != "" && len(digits) < width {
		return head + strings.Repeat("0", width-len(digits)) + digits
	}
	return number
}
