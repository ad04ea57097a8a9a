package i18n

import (
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
)

// Words gives the use cases their words: it is the core's port of that name, over these catalogues. Languages are
// named by their code; one that is not there is French. The zero Words is ready.
type Words struct{}

// T is Localizer.T.
func (Words) T(lang, key string, params ...string) string { return For(Lang(lang)).T(key, params...) }

// Plural is Localizer.Plural.
func (Words) Plural(lang, key string, n int, params ...string) string {
	return For(Lang(lang)).Plural(key, n, params...)
}

// Money is Localizer.Money.
func (Words) Money(lang string, m money.Money) string { return For(Lang(lang)).Money(m) }

// Number writes a plain decimal number ("-1234.5") in the language's own signs; what is none is given back as it is.
func (Words) Number(lang, decimal string) string {
	if _, ok := money.ParseDecimal(decimal); !ok {
		return decimal
	}
	return For(Lang(lang)).localNumber(decimal)
}

// Date is Localizer.Date.
func (Words) Date(lang string, d civil.Date) string { return For(Lang(lang)).Date(d) }

// Fault is Localizer.Error.
func (Words) Fault(lang string, err error) string { return For(Lang(lang)).Error(err) }
