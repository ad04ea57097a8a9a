package bookstest

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// Filler makes values in which every field differs from every other and from its zero value, so that a field that a
// conversion forgets or mixes up shows. Texts hold what is awkward in SQL and JSON.
type Filler struct{ n int }

// Fill sets every field of what v points to.
func (f *Filler) Fill(v any) { f.fill(reflect.ValueOf(v).Elem(), "") }

// Text is a new awkward text.
func (f *Filler) Text() string {
	f.n++
	return fmt.Sprintf("t%d 'é\" \\ \\u0000 \\' ? %% ; -- $1 €\n", f.n)
}

func (f *Filler) fill(v reflect.Value, path string) {
	f.n++
	switch v.Interface().(type) {
	case civil.Date:
		v.Set(reflect.ValueOf(civil.Of(2020, 1, 1).AddDays(f.n)))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMicro(1_700_000_000_000_000 + int64(f.n)*1_000_003).UTC()))
		return
	case money.Money:
		currencies := []money.Currency{"EUR", "USD", "JPY", "KWD"}
		v.Set(reflect.ValueOf(money.Of(int64(f.n)*1000-7, currencies[f.n%len(currencies)])))
		return
	case decimal.Decimal:
		v.Set(reflect.ValueOf(decimal.New(int64(f.n)*10, -int32(f.n%5))))
		return
	case []byte:
		v.SetBytes([]byte{0, byte(f.n), byte(f.n >> 8), 0xff, '\''})
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.Text())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8:
		if v.CanInt() {
			v.SetInt(int64(f.n))
		} else {
			v.SetUint(uint64(f.n%255) + 1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i), path)
		}
	case reflect.Slice:
		s := reflect.MakeSlice(v.Type(), 2, 2)
		for i := range s.Len() {
			f.fill(s.Index(i), path+"["+strconv.Itoa(i)+"]")
		}
		v.Set(s)
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key, path)
			f.fill(value, path)
			m.SetMapIndex(key, value)
		}
		v.Set(m)
	default:
		panic("bookstest: cannot fill " + path + ", a " + v.Type().String())
	}
}

// Diff says where two values of one type differ, or nothing. Nothing is the same as empty, decimals are the same when
// they are written alike, instants when they are the same in UTC.
func Diff(want, got any) string {
	if reflect.TypeOf(want) != reflect.TypeOf(got) {
		return fmt.Sprintf("want a %T, got a %T", want, got)
	}
	return diff(reflect.ValueOf(want), reflect.ValueOf(got), reflect.TypeOf(want).Name())
}

func diff(want, got reflect.Value, path string) string {
	differ := func() string { return fmt.Sprintf("%s: want %v, got %v", path, want.Interface(), got.Interface()) }
	switch w := want.Interface().(type) {
	case time.Time:
		g := got.Interface().(time.Time)
		if !w.Equal(g) || w.IsZero() != g.IsZero() || g.Location() != time.UTC {
			return differ()
		}
		return ""
	case decimal.Decimal:
		g := got.Interface().(decimal.Decimal)
		if !w.Equal(g) || min(w.Exponent(), 0) != min(g.Exponent(), 0) {
			return differ()
		}
		return ""
	case civil.Date, money.Money:
		if want.Interface() != got.Interface() {
			return differ()
		}
		return ""
	}
	switch want.Kind() {
	case reflect.Interface, reflect.Pointer:
		if want.IsNil() != got.IsNil() {
			return differ()
		}
		if want.IsNil() {
			return ""
		}
		if want.Elem().Type() != got.Elem().Type() {
			return fmt.Sprintf("%s: want a %s, got a %s", path, want.Elem().Type(), got.Elem().Type())
		}
		return diff(want.Elem(), got.Elem(), path)
	case reflect.Struct:
		for i := range want.NumField() {
			if d := diff(want.Field(i), got.Field(i), path+"."+want.Type().Field(i).Name); d != "" {
				return d
			}
		}
		return ""
	case reflect.Slice, reflect.Array:
		if want.Len() != got.Len() {
			return fmt.Sprintf("%s: want %d elements, got %d", path, want.Len(), got.Len())
		}
		for i := range want.Len() {
			if d := diff(want.Index(i), got.Index(i), path+"["+strconv.Itoa(i)+"]"); d != "" {
				return d
			}
		}
		return ""
	case reflect.Map:
		if want.Len() != got.Len() {
			return fmt.Sprintf("%s: want %d elements, got %d", path, want.Len(), got.Len())
		}
		for _, k := range want.MapKeys() {
			g := got.MapIndex(k)
			if !g.IsValid() {
				return fmt.Sprintf("%s: %v is missing", path, k.Interface())
			}
			if d := diff(want.MapIndex(k), g, fmt.Sprintf("%s[%v]", path, k.Interface())); d != "" {
				return d
			}
		}
		return ""
	}
	if want.Interface() != got.Interface() {
		return differ()
	}
	return ""
}
