package wire

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// filler sets every field of a value, however deep, to something that no other field has.
type filler struct{ n int }

func filled[T any]() T {
	var v T
	new(filler).fill(reflect.ValueOf(&v).Elem())
	return v
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Interface().(type) {
	case money.Money:
		v.Set(reflect.ValueOf(money.Of(int64(1000+f.n), money.EUR)))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 23, 12, 0, 0, f.n*1000, time.UTC)))
		return
	case money.Currency:
		v.SetString([]string{"EUR", "JPY", "KWD", "USD"}[f.n%4])
		return
	case []byte:
		v.SetBytes([]byte{byte(f.n), 0xff, 0})
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text é %d", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(f.n % gateway.MaxPage))
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	default:
		panic(fmt.Sprintf("the filler does not know %s", v.Type()))
	}
}

// empties lists the fields of a value, however deep, that have their zero value.
func empties(path string, v reflect.Value) []string {
	if v.IsZero() {
		return []string{path}
	}
	var out []string
	switch v.Kind() {
	case reflect.Struct:
		switch v.Interface().(type) {
		case money.Money, time.Time:
			return nil
		}
		for i := range v.NumField() {
			out = append(out, empties(path+"."+v.Type().Field(i).Name, v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if v.Index(i).Kind() != reflect.Uint8 {
				out = append(out, empties(fmt.Sprintf("%s[%d]", path, i), v.Index(i))...)
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			out = append(out, empties(path+"["+k.String()+"]", v.MapIndex(k))...)
		}
	}
	return out
}

func TestFillerLeavesNothingEmpty(t *testing.T) {
	for _, v := range []any{
		filled[gateway.Info](), filled[gateway.Connection](), filled[gateway.CheckoutRequest](), filled[gateway.Page](), filled[gateway.Delivery](), filled[gateway.Error](),
	} {
		if e := empties(fmt.Sprintf("%T", v), reflect.ValueOf(v)); len(e) > 0 {
			t.Errorf("left empty: %v", e)
		}
	}
	forgetful := filled[gateway.Page]()
	forgetful.Payments[1].Payer.Country = ""
	if e := empties("", reflect.ValueOf(forgetful)); len(e) != 1 || e[0] != ".Payments[1].Payer.Country" {
		t.Errorf("an emptied field is reported as %v", e)
	}
	seen := map[string]bool{}
	p := reflect.ValueOf(filled[gateway.Payment]())
	for i := range p.NumField() {
		text := fmt.Sprint(p.Field(i).Interface())
		if seen[text] {
			t.Errorf("%s has another field's value: %s", p.Type().Field(i).Name, text)
		}
		seen[text] = true
	}
}
