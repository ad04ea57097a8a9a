// Package core_test keeps the core pure: it is Go's standard library, shopspring/decimal, and itself, tests included.
//
// Why: the rules of money and double entry must be readable, testable and trustworthy without a database, a web server
// or a gateway in sight, and must outlive all of them. Decimal is the one exception because no rate, quantity or unit
// price can be computed right without decimal arithmetic, which the standard library does not have. Whatever else the
// core needs is an interface that it declares and an adapter implements.
package core_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const (
	itself   = "github.com/acquit-app/acquit/core"
	decimals = "github.com/shopspring/decimal"
)

func TestCoreStandsAlone(t *testing.T) {
	found, files, err := strangers(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("only %d Go files were looked at: is this still the folder of the core?", files)
	}
	for _, f := range found {
		t.Errorf("%s: the core imports nothing but the standard library, %s and itself; declare an interface in the core and implement it in an adapter", f, decimals)
	}
}

// strangers lists the forbidden imports of all Go files below a folder, as "file:line imports path", and says how many
// files there were. Build constraints are no way around it: every file is read.
func strangers(dir fs.FS) (found []string, files int, err error) {
	err = fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "testdata" {
			return fs.SkipDir
		}
		if entry.IsDir() || path.Ext(name) != ".go" {
			return nil
		}
		source, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		files++
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !allowed(imported) {
				at := set.Position(spec.Pos())
				found = append(found, at.Filename+":"+strconv.Itoa(at.Line)+" imports "+imported)
			}
		}
		return nil
	})
	return found, files, err
}

func allowed(imported string) bool {
	if imported == decimals || imported == itself || strings.HasPrefix(imported, itself+"/") {
		return true
	}
	// Only the standard library has import paths whose first part is no host name. C is no library at all: the program
	// is one static binary without cgo.
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".") && first != "C"
}

// TestStrangersAreFound proves that the test above can fail.
func TestStrangersAreFound(t *testing.T) {
	file := func(imports ...string) *fstest.MapFile {
		text := "package x\n"
		for _, i := range imports {
			text += "import _ " + strconv.Quote(i) + "\n"
		}
		return &fstest.MapFile{Data: []byte(text)}
	}
	got, files, err := strangers(fstest.MapFS{
		"money/money.go":         file("fmt", "math/big", itself+"/fault", decimals),
		"app/app.go":             file("net/http", "github.com/acquit-app/acquit/adapters/mail"),
		"app/app_test.go":        file("testing", "github.com/stretchr/testify/assert"),
		"app/only_windows.go":    file("golang.org/x/sys/windows"),
		"ledger/cgo.go":          file("C"),
		"ledger/near.go":         file(itself + "utils"),
		"ledger/testdata/odd.go": file("example.com/x"),
		"README.md":              {Data: []byte("import \"example.com/x\"")},
	})
	if err != nil || files != 6 {
		t.Fatalf("%d files, %v", files, err)
	}
	want := []string{
		"app/app.go:3 imports github.com/acquit-app/acquit/adapters/mail",
		"app/app_test.go:3 imports github.com/stretchr/testify/assert",
		"app/only_windows.go:2 imports golang.org/x/sys/windows",
		"ledger/cgo.go:2 imports C",
		"ledger/near.go:2 imports " + itself + "utils",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
