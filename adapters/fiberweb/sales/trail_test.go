package sales_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
)

// Whatever a use case writes into the history of a document or a customer has words of its own.
func TestEveryLineOfHistoryHasWords(t *testing.T) {
	written := regexp.MustCompile(`(?:save(?:Invoice|Quote)\(.*?|action :?= |tx\.Log\(.*?|changeLink\(.*?)"((?:customer|quote|deposits?|invoice|credit|reminder|dispute|mail|link)_[a-z_]+)"`)
	files, err := filepath.Glob("../../../core/app/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range written.FindAllStringSubmatch(string(source), -1) {
			seen[m[1]] = true
		}
	}
	if len(seen) < 25 {
		t.Fatalf("only %d actions found: the pattern no longer fits how they are written", len(seen))
	}
	for action := range seen {
		if !i18n.For(i18n.French).Has("sales.history." + action) {
			t.Errorf("%s is told in no words", action)
		}
	}
}
