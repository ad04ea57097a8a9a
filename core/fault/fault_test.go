package fault_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/acquit-app/acquit/core/fault"
)

// declared lists the values of the Code constants in the source, so that none is left out of the closed list.
func declared(t *testing.T) []fault.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []fault.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			for _, v := range spec.Values {
				s, err := strconv.Unquote(v.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, fault.Code(s))
			}
		}
		return true
	})
	return out
}

func TestEveryCodeIsListed(t *testing.T) {
	form := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	all := declared(t)
	if len(all) < 50 {
		t.Fatalf("only %d codes were found in the source", len(all))
	}
	listed := fault.Codes()
	for _, c := range all {
		if !slices.Contains(listed, c) {
			t.Errorf("%s has no entry in the list of parameters", c)
		}
		if !form.MatchString(string(c)) {
			t.Errorf("%q is not written like the others", c)
		}
	}
	for _, c := range listed {
		if !slices.Contains(all, c) {
			t.Errorf("%s is listed and not declared", c)
		}
	}
	if slices.Sort(all); len(slices.Compact(all)) != len(listed) {
		t.Error("a code is declared twice")
	}
}

func TestError(t *testing.T) {
	e := fault.New(fault.Invalid, fault.BadAmount, "found", "12x")
	if got := e.On("amount").Under("2").Under("lines").Field; got != "lines.2.amount" {
		t.Errorf("field %q", got)
	}
	if e.Field != "" {
		t.Error("On changed the error it was called on")
	}
	if got := e.Under("lines").Error(); got != "invalid: bad_amount on lines (found=12x)" {
		t.Errorf("%q", got)
	}
	if fault.Kind(200).String() != "internal" {
		t.Error("an unknown kind is not internal")
	}
}

func TestLookingInside(t *testing.T) {
	e := fault.New(fault.Refused, fault.EntryUnbalanced)
	list := fault.List{fault.New(fault.Invalid, fault.Required).On("label"), e}
	plain := errors.New("disk full")
	for _, c := range []struct {
		err  error
		kind fault.Kind
		code fault.Code
		has  bool
	}{
		{e, fault.Refused, fault.EntryUnbalanced, true},
		{fmt.Errorf("while posting: %w", e), fault.Refused, fault.EntryUnbalanced, true},
		{list, fault.Invalid, fault.Required, true},
		{fmt.Errorf("form: %w", list), fault.Invalid, fault.Required, true},
		{plain, fault.Internal, "", false},
		{nil, fault.Internal, "", false},
	} {
		if k, code, has := fault.KindOf(c.err), fault.CodeOf(c.err), fault.Has(c.err, fault.EntryUnbalanced); k != c.kind || code != c.code || has != c.has {
			t.Errorf("%v: %s, %q, %v", c.err, k, code, has)
		}
	}
	if !errors.Is(list, e) || !errors.Is(e.On("x"), e) || errors.Is(plain, e) || errors.Is(e, fault.New(fault.Refused, fault.EntryTooShort)) {
		t.Error("errors.Is does not go by the code")
	}
}

func TestCollect(t *testing.T) {
	var none fault.Collect
	if none.Add(nil) != nil || none.Err() != nil {
		t.Error("nothing added, and yet an error")
	}
	var one fault.Collect
	e := fault.New(fault.Invalid, fault.Required)
	if one.Add(e, "lines", "0", "label") != nil {
		t.Error("a fault was passed up")
	}
	if got := fault.All(one.Err()); len(got) != 1 || got[0].Field != "lines.0.label" {
		t.Errorf("%v", one.Err())
	}
	plain := errors.New("disk full")
	if err := one.Add(plain); !errors.Is(err, plain) {
		t.Error("what is no fault must be passed up")
	}
	if one.Add(fault.List{e.On("a"), e.On("b")}, "x") != nil {
		t.Error("a list was passed up")
	}
	if got := len(fault.All(one.Err())); got != 3 {
		t.Errorf("%d faults", got)
	}
	if f := fault.All(one.Err())[2].Field; f != "x.b" {
		t.Errorf("field %q", f)
	}
}

func TestClip(t *testing.T) {
	for s, want := range map[string]string{"": "", "court": "court", strings.Repeat("é", 41): strings.Repeat("é", 40) + "…", "a\xffb": "a?b"} {
		if got := fault.Clip(s); got != want || !utf8.ValidString(got) {
			t.Errorf("%q is clipped to %q", s, got)
		}
	}
}
