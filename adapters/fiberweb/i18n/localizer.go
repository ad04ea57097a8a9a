package i18n

import (
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/fault"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Localizer speaks one language. Get one with For or Match.
type Localizer struct {
	lang Lang
	cat  *catalogue
	zone *time.Location
}

var localizers = map[Lang]*Localizer{
	French:  {French, catalogues[French], paris},
	English: {English, catalogues[English], paris},
}

// For returns the localizer of a language; one that the catalogues do not have gets French.
func For(l Lang) *Localizer {
	if loc := localizers[l]; loc != nil {
		return loc
	}
	return localizers[French]
}

// Known says whether the catalogues have this language.
func Known(l Lang) bool { return localizers[l] != nil }

// Match returns the localizer that fits an Accept-Language header best; French when none does.
func Match(acceptLanguage string) *Localizer {
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(tags) == 0 {
		return For(French)
	}
	_, i, sure := matcher.Match(tags...)
	if sure == language.No {
		return For(French)
	}
	return For(Langs()[i])
}

// Lang is the language spoken.
func (l *Localizer) Lang() Lang { return l.lang }

// In returns the same language telling times in another zone; dates without a time are not touched by zones.
func (l *Localizer) In(zone *time.Location) *Localizer {
	c := *l
	c.zone = zone
	return &c
}

// T returns the text of a key. Params come as name, value, name, value. A key that is missing shows itself between
// double brackets, so that a page test finds it.
func (l *Localizer) T(key string, params ...string) string {
	if s, ok := l.cat.plain[key]; ok {
		return s
	}
	return l.render(key, params, nil)
}

// Has says whether the catalogue holds a key.
func (l *Localizer) Has(key string) bool { return l.cat.messages[key] != nil }

// Plural returns the text of a key in the form that n takes in the language. The text may use {{.n}}, which is n
// written with thousands separated.
func (l *Localizer) Plural(key string, n int, params ...string) string {
	return l.render(key, append([]string{"n", l.Int(n)}, params...), n)
}

func (l *Localizer) render(key string, params []string, count any) string {
	m := l.cat.messages[key]
	if m == nil {
		return "⟦" + key + "⟧"
	}
	data := make(map[string]string, len(params)/2)
	for i := 0; i+1 < len(params); i += 2 {
		data[params[i]] = params[i+1]
	}
	s, err := l.cat.lookup.Localize(&goi18n.LocalizeConfig{MessageID: key, TemplateData: data, PluralCount: count})
	if err != nil && s == "" {
		return "⟦" + key + "⟧"
	}
	return s
}

// Fault returns the sentence of one refusal.
func (l *Localizer) Fault(e *fault.Error) string {
	params := make([]string, 0, 2*len(e.Params))
	for _, p := range e.Params {
		params = append(params, p.Name, l.faultParam(p))
	}
	return l.T("fault."+string(e.Code), params...)
}

// Error returns what a user may read of any error: the sentences of its refusals, or that something broke here.
func (l *Localizer) Error(err error) string {
	all := fault.All(err)
	if len(all) == 0 {
		return l.T("fault.internal")
	}
	said := make([]string, len(all))
	for i, e := range all {
		said[i] = l.Fault(e)
	}
	return strings.Join(said, " ")
}

// wordParams are the parameters whose values are names from the core's vocabulary rather than text: each value is
// looked up under the prefix, and shown as it is when the catalogue does not know it.
var wordParams = map[string]string{"what": "thing.", "action": "action.", "reason": "reason.", "fields": "field.", "missing": "field."}

// faultParam brings a parameter to the reader's language: the core writes dates as 2026-12-31, instants as RFC 3339 and
// amounts as 1234.50 or 1234.50 EUR, and names things by its own words. What the user typed is quoted as typed.
func (l *Localizer) faultParam(p fault.Param) string {
	if p.Name == "found" || p.Name == "detail" {
		return p.Value
	}
	if prefix, ok := wordParams[p.Name]; ok {
		words := strings.Split(p.Value, ",")
		for i, w := range words {
			w = strings.TrimSpace(w)
			if l.Has(prefix + w) {
				w = l.T(prefix + w)
			}
			words[i] = w
		}
		return strings.Join(words, ", ")
	}
	return l.plainValue(p.Value)
}
