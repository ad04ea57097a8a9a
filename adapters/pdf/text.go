package pdf

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// rgb is a colour.
type rgb struct{ r, g, b int }

// style is how a piece of text looks.
type style struct {
	weight weight
	size   float64 // points
	color  rgb
}

// millimetres in a point
const point = 25.4 / 72

// leading is the distance of two base lines, in millimetres.
func (s style) leading() float64 { return s.size * point * 1.38 }

// width of one line of text, in millimetres.
func (s style) width(text string) float64 {
	f := faces()[s.weight]
	sum := 0
	for _, r := range text {
		if r < 1<<16 {
			sum += int(f.advances[r])
		}
	}
	return float64(sum) / 1000 * s.size * point
}

// printable leaves only what the typeface can draw, so that no text whatsoever breaks a document: accents written apart
// are joined to their letter, ligatures and wide forms become plain letters, what is invisible goes, and what is still
// missing (other scripts, emoji) becomes a question mark. Line breaks stay.
func printable(s string) string {
	f := faces()[regular]
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "?")) {
		switch {
		case r == '\n' || f.has(r):
			b.WriteRune(r)
		case r == '\u2028' || r == '\u2029':
			b.WriteByte('\n')
		case unicode.IsSpace(r) && r != '\r':
			b.WriteByte(' ')
		case r == '\u2060', unicode.In(r, unicode.Cc, unicode.Cf, unicode.Mn, unicode.Me):
			// invisible, or a mark on a letter that was drawn without it
		default:
			b.WriteString(plainForm(f, r))
		}
	}
	return b.String()
}

// plainForm is what Unicode calls compatible with r when the font has all of it: "fi" for the ligature "ﬁ".
func plainForm(f *face, r rune) string {
	plain := norm.NFKC.String(string(r))
	for _, p := range plain {
		if !f.has(p) {
			return "?"
		}
	}
	return plain
}

// oneLine is printable text without line breaks.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(printable(s), func(r rune) bool { return r == ' ' || r == '\n' }), " ")
}

// wrap breaks printable text into lines at most width millimetres wide: at line breaks, at spaces (never at no-break
// ones), behind hyphens, dashes and slashes, and inside a word only when it is wider than a line.
func (s style) wrap(text string, width float64) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, " \n"), "\n") {
		lines = append(lines, s.wrapParagraph(paragraph, width)...)
	}
	return lines
}

func (s style) wrapParagraph(text string, width float64) []string {
	var lines []string
	line, used := "", 0.0
	flush := func() {
		lines = append(lines, strings.TrimRight(line, " "))
		line, used = "", 0
	}
	for _, chunk := range chunks(text) {
		w := s.width(chunk)
		if line != "" && used+s.width(strings.TrimRight(chunk, " ")) > width {
			flush()
		}
		if line == "" && s.width(strings.TrimRight(chunk, " ")) > width {
			for _, r := range chunk {
				one := s.width(string(r))
				if line != "" && used+one > width {
					flush()
				}
				line, used = line+string(r), used+one
			}
			continue
		}
		line, used = line+chunk, used+w
	}
	flush()
	return lines
}

// chunks cuts text behind each place where a line may end.
func chunks(text string) []string {
	var out []string
	start := 0
	runes := []rune(text)
	for i, r := range runes {
		last := i == len(runes)-1
		var cut bool
		switch r {
		case ' ':
			cut = !last && runes[i+1] != ' '
		case '-', '–', '—', '/':
			// A minus sign stays with its number, and a run of dashes together.
			cut = !last && i > start && unicode.IsLetter(runes[i+1])
		}
		if cut || last {
			out = append(out, string(runes[start:i+1]))
			start = i + 1
		}
	}
	return out
}
