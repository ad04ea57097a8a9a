package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/static"
)

func get(t *testing.T, name string) static.File {
	t.Helper()
	f, current, ok := static.Get(strings.TrimPrefix(static.URL(name), static.Prefix))
	if !ok || !current {
		t.Fatalf("%s is not served", name)
	}
	return f
}

func TestServesWhatPagesLoad(t *testing.T) {
	for _, name := range []string{"app.css", "app.js", "icons.svg", "logo.svg", "third_party/htmx/htmx.min.js"} {
		f := get(t, name)
		r, err := gzip.NewReader(bytes.NewReader(f.Gzip))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(b, f.Data) {
			t.Errorf("%s: the compressed form differs, %v", name, err)
		}
	}
	for _, name := range static.Names() {
		if strings.Contains(name, "LICENSE") || strings.HasSuffix(name, ".go") {
			t.Errorf("%s should not be served", name)
		}
	}
}

func TestOtherVersionsAndNamesAreToldApart(t *testing.T) {
	if _, current, ok := static.Get("0123456789ab/app.css"); !ok || current {
		t.Error("an old page must still find its style, and not keep it")
	}
	for _, p := range []string{"", "app.css", "x/", "x/../static.go", "x/static.go", "x/third_party"} {
		if _, _, ok := static.Get(p); ok {
			t.Errorf("%q is served", p)
		}
	}
}

// A style sheet that names a file which is not there, or another host, would fail only in a browser.
func TestStyleSheetLoadsOnlyWhatIsThere(t *testing.T) {
	css := string(get(t, "app.css").Data)
	for _, m := range regexp.MustCompile(`url\(["']?([^"')]+)`).FindAllStringSubmatch(css, -1) {
		if strings.HasPrefix(m[1], "data:") {
			continue
		}
		if _, _, ok := static.Get("x/" + m[1]); !ok {
			t.Errorf("the style sheet loads %q, which is not served", m[1])
		}
	}
	if strings.Contains(css, "@import") || strings.Contains(css, "@charset") {
		t.Error("@import and @charset do nothing inside a layer")
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("braces of the style sheet do not pair: the layer swallows our rules")
	}
}
