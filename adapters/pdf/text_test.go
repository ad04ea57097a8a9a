package pdf

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
	"pgregory.net/rapid"
)

func TestOurWidthsAreTheLibrarysWidths(t *testing.T) {
	const sample = "Solde à payer −1\u202f234\u202f567,89\u00a0€ Žižek Ελλάδα Россия « œ » – 0123456789"
	f := fpdf.New("P", "mm", "A4", "")
	for i, face := range faces() {
		w := weight(i)
		f.AddUTF8FontFromBytes(w.family(), "", bytes.Clone(face.file))
		f.SetFont(w.family(), "", 11)
		ours, theirs := style{weight: w, size: 11}.width(sample), f.GetStringWidth(sample)
		if math.Abs(ours-theirs) > 0.001 {
			t.Errorf("%s: %v mm, the library says %v", w.family(), ours, theirs)
		}
	}
}

func TestDigitsAreEquallyWide(t *testing.T) {
	for _, s := range []style{{regular, 9, ink}, {medium, 9, ink}, {semibold, 13, ink}} {
		for _, d := range "123456789" {
			if s.width(string(d)) != s.width("0") {
				t.Errorf("%v: %c is not as wide as 0", s, d)
			}
		}
	}
}

func TestFontDrawsWhatFrenchAndEnglishNeed(t *testing.T) {
	f := faces()[regular]
	for _, r := range "aàâæbcçdeéèêëfghiîïjklmnoôœpqrstuùûüvwxyÿzÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ€£$%‰°№«»“”‘’–—−…•·×½²³†§©®™ \u00a0\u202f" {
		if !f.has(r) {
			t.Errorf("%q is missing", r)
		}
	}
}

func anyText() *rapid.Generator[string] {
	return rapid.StringOf(rapid.OneOf(rapid.Rune(), rapid.SampledFrom([]rune("ab1 \n-–/,\u00a0\u202féW"))))
}

func TestPrintableIsPrintable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyText().Draw(t, "text")
		out := printable(in)
		if !utf8.ValidString(out) || printable(out) != out {
			t.Fatalf("%q is not settled: %q", out, printable(out))
		}
		for _, r := range out {
			if r != '\n' && !faces()[regular].has(r) {
				t.Fatalf("%q cannot be drawn", r)
			}
		}
	})
}

func TestWrapLosesNothingAndFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := printable(anyText().Draw(t, "text"))
		s := style{weight: medium, size: rapid.Float64Range(6, 22).Draw(t, "size")}
		width := rapid.Float64Range(-5, 120).Draw(t, "width")
		lines := s.wrap(text, width)
		for _, l := range lines {
			if s.width(l) > width+0.001 && utf8.RuneCountInString(l) > 1 {
				t.Fatalf("%q is %v mm wide, more than %v", l, s.width(l), width)
			}
			if strings.Contains(l, "\n") {
				t.Fatalf("%q has a line break", l)
			}
		}
		if got, want := letters(strings.Join(lines, "")), letters(text); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func letters(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }

func TestWrapBreaksWhereAReaderWould(t *testing.T) {
	s := style{weight: regular, size: 9}
	for _, c := range []struct {
		text  string
		width float64
		want  string
	}{
		{"Pose et ajustage sur place", 21, "Pose et|ajustage sur|place"},
		{"Solde 1\u202f234,56\u00a0€ dû", 17, "Solde|1\u202f234,56\u00a0€|dû"},
		{"Saint-Vincent-de-Paul", 20, "Saint-|Vincent-de-|Paul"},
		{"un\n\ndeux", 40, "un||deux"},
		{"-12 −12 a--b", 9, "-12|−12|a--b"},
		{"", 40, ""},
	} {
		if got := strings.Join(s.wrap(c.text, c.width), "|"); got != c.want {
			t.Errorf("%q in %v mm: %q, want %q", c.text, c.width, got, c.want)
		}
	}
}
