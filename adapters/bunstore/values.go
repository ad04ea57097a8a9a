package bunstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// How single values are kept: instants as microseconds since 1970 UTC and days as yyyymmdd, 0 for none; amounts as minor
// units beside their currency; rates and quantities as decimal text; lists as JSON text that is made here, never by the
// query builder.

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func day(n int) civil.Date { return civil.FromNumber(n) }

// decoder reads values that could be malformed, and keeps the first error.
type decoder struct{ err error }

func (d *decoder) fail(err error) {
	if d.err == nil && err != nil {
		d.err = err
	}
}

func (d *decoder) money(minor int64, cur string) money.Money {
	if cur == "" && minor == 0 {
		return money.Money{}
	}
	m, err := money.New(minor, money.Currency(cur))
	d.fail(err)
	return m
}

func (d *decoder) decimal(s string) decimal.Decimal {
	v, err := decimal.NewFromString(s)
	d.fail(err)
	return v
}

func (d *decoder) json(s string, into any) {
	if s == "" {
		return
	}
	if err := json.Unmarshal([]byte(s), into); err != nil {
		d.fail(fmt.Errorf("bunstore: stored JSON: %w", err))
	}
}

// done names the record whose stored form could not be read.
func (d *decoder) done(what, id string) error {
	if d.err == nil {
		return nil
	}
	return fmt.Errorf("bunstore: %s %s: %w", what, id, d.err)
}

// plain keeps the decimals as they were written: 12.50 stays 12.50.
func plain(v decimal.Decimal) string {
	if v.Exponent() < 0 {
		return v.StringFixed(-v.Exponent())
	}
	return v.String()
}

// jsonText encodes what this package builds from strings and numbers, which cannot fail. Nothing becomes the empty text.
func jsonText[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	return mustJSON(list)
}

func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// blob is never NULL.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// bytesOrNil is the inverse of blob.
func bytesOrNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}
