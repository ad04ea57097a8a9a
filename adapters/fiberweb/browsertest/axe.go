package browsertest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// axe-core 4.14.1, by Deque Systems, under the Mozilla Public License 2.0 (testdata/axe.LICENSE.txt).
//
//go:embed testdata/axe.min.js
var axe string

// Violation is one rule of accessibility that the page breaks.
type Violation struct {
	ID     string `json:"id"`     // axe-core's name of the rule, e.g. "color-contrast"
	Impact string `json:"impact"` // minor, moderate, serious or critical
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", v.ID, v.Impact, v.Help)
	for _, n := range v.Nodes {
		fmt.Fprintf(&b, "\n  %s\n    %s", n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n    "))
	}
	return b.String()
}

// Violations returns what of WCAG 2.2 A and AA, and of axe-core's best practices, the page as it stands breaks, except
// the rules named.
func (p *Page) Violations(except ...string) []Violation {
	p.tb.Helper()
	if !Eval[bool](p, "window.axe !== undefined") {
		p.do("loading axe-core", nothing(chromedp.Evaluate[any](axe+"; null")))
	}
	rules := map[string]map[string]bool{}
	for _, rule := range except {
		rules[rule] = map[string]bool{"enabled": false}
	}
	options, err := json.Marshal(map[string]any{
		"resultTypes": []string{"violations"},
		"runOnly":     []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"},
		"rules":       rules,
	})
	if err != nil {
		p.fail("%v", err)
	}
	return Eval[[]Violation](p, "axe.run(document, "+string(options)+").then(r => r.violations)")
}

// Accessible fails the test for each violation, and goes on.
func (p *Page) Accessible(except ...string) {
	p.tb.Helper()
	for _, v := range p.Violations(except...) {
		p.tb.Errorf("browsertest: %s is not accessible: %s", p.URL(), v)
	}
}
