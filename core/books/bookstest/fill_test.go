package bookstest

import (
	"reflect"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/books"
	"github.com/shopspring/decimal"
)

// Every kind's value is filled without a zero left, and Diff notices when any single leaf of it is lost: else the round
// trips of the suite would prove nothing.
func TestFillLeavesNothingAndDiffSeesEverything(t *testing.T) {
	for _, k := range books.Kinds() {
		v := sample(k, &Filler{}, "id")
		if d := Diff(v, v); d != "" {
			t.Errorf("%s differs from itself: %s", k, d)
		}
		leaves := 0
		eachLeaf(reflect.ValueOf(v), func(path string, lost any) {
			leaves++
			if d := Diff(v, lost); d == "" {
				t.Errorf("%s: losing %s is not noticed", k, path)
			}
		})
		if leaves == 0 {
			t.Errorf("%s has no fields", k)
		}
	}
}

func TestDiffOfSpecialValues(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	for _, c := range []struct {
		name      string
		want, got any
		same      bool
	}{
		{"nil and empty list", []string(nil), []string{}, true},
		{"nil and empty map", map[string]int64(nil), map[string]int64{}, true},
		{"lists of other length", []string{"a"}, []string{"a", "b"}, false},
		{"other key", map[string]int64{"a": 1}, map[string]int64{"b": 1}, false},
		{"decimals written alike", decimal.RequireFromString("1.50"), decimal.RequireFromString("1.50"), true},
		{"decimals of one value", decimal.RequireFromString("1.50"), decimal.RequireFromString("1.5"), false},
		{"the zero decimal", decimal.Decimal{}, decimal.NewFromInt(0), true},
		{"instants", at, at.Add(time.Microsecond), false},
		{"an instant in another zone", at, at.In(time.FixedZone("", 3600)), false},
	} {
		if d := Diff(c.want, c.got); (d == "") != c.same {
			t.Errorf("%s: %q", c.name, d)
		}
	}
}

// eachLeaf calls f with copies of v in which one field was set to its zero value.
func eachLeaf(v reflect.Value, f func(path string, lost any)) {
	for i := range v.NumField() {
		lost := reflect.New(v.Type()).Elem()
		lost.Set(v)
		if lost.Field(i).IsZero() {
			f(v.Type().Field(i).Name+" (never filled)", v.Interface())
			continue
		}
		lost.Field(i).SetZero()
		f(v.Type().Field(i).Name, lost.Interface())
	}
}
