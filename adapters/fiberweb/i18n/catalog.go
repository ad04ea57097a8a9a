// Package i18n turns what the program knows into words a person reads, in French and in English.
//
// The texts live in TOML files beside this one, one file per area and language (faults.fr.toml, chassis.en.toml …),
// with flat quoted keys. Every file named <area>.<language>.toml is loaded; a test keeps both languages at the same keys
// and parameters. French texts are typed with plain spaces; the no-break spaces that French punctuation asks for are put
// in when they are loaded. A Localizer is one language: it finds texts, and formats amounts, dates and numbers as the readers of
// that language expect. It is safe for concurrent use and cheap to pass around.
package i18n

import (
	"embed"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"
	_ "time/tzdata" // a bare container has no zone files, and accounting days are Paris days

	"github.com/BurntSushi/toml"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed *.toml
var files embed.FS

// Lang is a language of the catalogues, by its ISO 639-1 code.
type Lang string

// The two languages. French comes first: it is the default.
const (
	French  Lang = "fr"
	English Lang = "en"
)

// Langs lists the languages, the default first.
func Langs() []Lang { return []Lang{French, English} }

// catalogue is one language's texts. plain holds those without parameters or plural, which are most of what a page
// shows: they are found without running a template.
type catalogue struct {
	messages map[string]*goi18n.Message
	plain    map[string]string
	lookup   *goi18n.Localizer
}

var (
	catalogues = load()
	matcher    = language.NewMatcher([]language.Tag{language.French, language.English})
	paris      = mustZone("Europe/Paris")
)

// spaced gives French its no-break spaces, which nobody sees in a text file: what they hold together never starts a
// line alone. The spaces are those of the Lexique de l'Imprimerie nationale.
var spaced = strings.NewReplacer(" :", nbsp+":", "« ", "«"+nbsp, " »", nbsp+"»", " ;", narrow+";", " !", narrow+"!", " ?", narrow+"?", " %", nbsp+"%", " €", nbsp+"€")

// load reads the embedded files. They are part of the program, so a broken one stops it at start, in every test.
func load() map[Lang]*catalogue {
	bundle := goi18n.NewBundle(language.French)
	out := map[Lang]*catalogue{}
	for _, l := range Langs() {
		out[l] = &catalogue{messages: map[string]*goi18n.Message{}, plain: map[string]string{}, lookup: goi18n.NewLocalizer(bundle, string(l))}
	}
	names, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	for _, f := range names {
		b, err := files.ReadFile(f.Name())
		if err != nil {
			panic(err)
		}
		parsed, err := goi18n.ParseMessageFileBytes(b, f.Name(), map[string]goi18n.UnmarshalFunc{"toml": toml.Unmarshal})
		if err != nil {
			panic(fmt.Sprintf("i18n: %s: %v", f.Name(), err))
		}
		c := out[Lang(parsed.Tag.String())]
		if c == nil {
			panic("i18n: " + f.Name() + ": not a language of ours")
		}
		for _, m := range parsed.Messages {
			if parsed.Tag == language.French {
				m.One, m.Other = spaced.Replace(m.One), spaced.Replace(m.Other)
			}
			if c.messages[m.ID] != nil {
				panic(fmt.Sprintf("i18n: %s: %q is there twice", f.Name(), m.ID))
			}
			c.messages[m.ID] = m
			if m.One == "" && !strings.Contains(m.Other, "{{") {
				c.plain[m.ID] = m.Other
			}
		}
		if err := bundle.AddMessages(parsed.Tag, parsed.Messages...); err != nil {
			panic(err)
		}
	}
	return out
}

func mustZone(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return l
}

// Keys lists a language's keys in alphabetical order.
func Keys(l Lang) []string {
	var out []string
	for k := range catalogues[l].messages {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

var parameter = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// Parameters lists the parameter names used by a text in one language, each once, in alphabetical order.
func Parameters(l Lang, key string) []string {
	m := catalogues[l].messages[key]
	if m == nil {
		return nil
	}
	seen := map[string]bool{}
	for _, s := range []string{m.One, m.Other} {
		for _, found := range parameter.FindAllStringSubmatch(s, -1) {
			seen[found[1]] = true
		}
	}
	var out []string
	for p := range seen {
		out = append(out, p)
	}
	sort.Strings(out)
	return out
}
