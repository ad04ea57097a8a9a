package export

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// appendText appends a text as one field of one line: whatever ends a field or a line, and every other control character,
// becomes a space; bytes that are no UTF-8 become U+FFFD. bar is what "|" becomes: the FEC allows it as a separator, so
// readers may take it for one.
func appendText(b []byte, s string, bar byte) []byte {
	kept := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '|' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || size > 1) && !breaks(r) {
				i += size
				continue
			}
		}
		b = append(b, s[kept:i]...)
		switch {
		case r == '|':
			b = append(b, bar)
		case r == utf8.RuneError:
			b = append(b, "\ufffd"...)
		default:
			b = append(b, ' ')
		}
		i += size
		kept = i
	}
	return append(b, s[kept:]...)
}

// breaks says whether a reader might take a rune for the end of a line or stumble on it.
func breaks(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

// appendLatin9 is appendText in ISO 8859-15. A letter that the charset lacks loses its accent (Ā becomes A), common
// punctuation becomes its plain form, and the rest a question mark.
func appendLatin9(b []byte, s string, bar byte) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c < ' ' || c == 0x7f:
				c = ' '
			case c == '|':
				c = bar
			}
			b = append(b, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if breaks(r) {
			b = append(b, ' ')
			continue
		}
		if e, ok := charmap.ISO8859_15.EncodeRune(r); ok {
			b = append(b, e)
			continue
		}
		b = appendPlainer(b, r)
	}
	return b
}

// plainer are characters of European names and ordinary typing that ISO 8859-15 lacks and that have no accent to take off.
var plainer = map[rune]string{
	'‘': "'", '’': "'", '‚': "'", '‛': "'", '“': `"`, '”': `"`, '„': `"`, '‟': `"`, '‹': "<", '›': ">", '‐': "-", '‑': "-", '‒': "-", '–': "-",
	'—': "-", '―': "-", '−': "-", '…': "...", '•': "-", '⁄': "/", '×': "x", '\u2002': " ", '\u2003': " ", '\u2009': " ", '\u202f': " ", '\u200b': "", '\u00ad': "",
	'\ufeff': "", '™': "TM", '№': "No", 'ł': "l", 'Ł': "L", 'đ': "d", 'Đ': "D", 'ı': "i", 'ħ': "h", 'Ħ': "H", 'ŧ': "t", 'Ŧ': "T", 'ŋ': "ng", 'Ŋ': "NG", 'ẞ': "SS",
	'ﬁ': "fi", 'ﬂ': "fl", 'ĳ': "ij", 'Ĳ': "IJ",
}

func appendPlainer(b []byte, r rune) []byte {
	if p, ok := plainer[r]; ok {
		return append(b, p...)
	}
	var raw [utf8.UTFMax]byte
	n := utf8.EncodeRune(raw[:], r)
	var apart [32]byte
	for _, d := range string(norm.NFD.Append(apart[:0], raw[:n]...)) {
		if e, ok := charmap.ISO8859_15.EncodeRune(d); ok && d != r {
			b = append(b, e)
		} else if d == r || !unicode.Is(unicode.Mn, d) {
			return append(b, '?')
		}
	}
	return b
}

// appendAmount appends minor units with a currency's decimals, without grouping: 123450 with two decimals is 1234.50.
func appendAmount(b []byte, v int64, decimals int, point byte) []byte {
	if v < 0 {
		b = append(b, '-')
		v = -v
	}
	var digits [24]byte
	i := len(digits)
	for n := 0; v > 0 || n <= decimals; n++ {
		if n == decimals && decimals > 0 {
			i--
			digits[i] = point
		}
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
	}
	return append(b, digits[i:]...)
}
