package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// modes are the ways in which online payments go wrong, and who has an answer of his own to each: the host (h), the
// connectors for Stripe (s) and PayPal (p). Where a connector has none, there is nothing that it could do about it.
var modes = []struct{ situation, whose string }{
	{"the same webhook twice", "hsp"},
	{"news out of order", "hsp"},
	{"a webhook before the payer comes back, or never", "hsp"},
	{"a payer who comes back without having paid", "hsp"},
	{"a crash between the gateway and the commit", "hsp"},
	{"no answer on create, capture or refund", "hsp"},
	{"another amount than was asked, or than the provider can say", "hsp"},
	{"another currency", "hsp"},
	{"a document that is not due any more", "hsp"},
	{"two payments for one document", "hsp"},
	{"a deposit paid twice, or its quote refused", "h"},
	{"a refund on the provider's site, before the payment was posted", "hsp"},
	{"a refund after it was posted", "hsp"},
	{"a refund that fails later", "hsp"},
	{"several captures", "hp"}, // Stripe's pages capture once, by themselves
	{"a fee that is not told yet", "hsp"},
	{"a fee given back, or of its own", "hsp"},
	{"pending, then failed", "hsp"},
	{"a dispute opened", "hsp"},
	{"a dispute won or lost", "hsp"},
	{"a payout that is not the sum, or comes back", "hsp"},
	{"several currencies, and what rounding makes of them", "hsp"},
	{"clocks that differ", "hsp"},
	{"a forged webhook", "hsp"},
	{"a replayed webhook", "hsp"},
	{"keys and secrets that are rolled", "hsp"},
	{"play money and real money", "hsp"},
	{"somebody else's object", "hsp"},
	{"a code, event or kind that nobody knows", "hsp"},
	{"one movement that cannot be read", "hsp"},
	{"an outage, or too many requests", "hsp"},
	{"a gateway's program that died or hangs", "h"},
	{"credentials that were revoked", "hsp"},
	{"a stop longer than the provider keeps events", "hsp"},
	{"scanners that follow links in mails", "h"},
	{"guessing of pay links", "h"},
	{"instalments", "hsp"},
	{"personal data in what providers send", "hsp"},
}

// TestEachFailureModeHasATest: the tests are called TestMode01_... to TestMode38_..., by the order above.
func TestEachFailureModeHasATest(t *testing.T) {
	named := regexp.MustCompile(`(?m)^func TestMode(\d\d)_\w+\(t \*testing\.T\)`)
	found := map[string]int{}
	for who, folders := range map[string][]string{"h": {"core/app", "adapters/pluginhost", "cmd/acquit"}, "s": {"plugins/stripe"}, "p": {"plugins/paypal"}} {
		for _, folder := range folders {
			files, err := filepath.Glob(filepath.Join("..", "..", folder, "*_test.go"))
			if err != nil || len(files) == 0 {
				t.Fatalf("%d files in %s, %v", len(files), folder, err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range named.FindAllStringSubmatch(string(text), -1) {
					n, err := strconv.Atoi(m[1])
					if err != nil || n < 1 || n > len(modes) {
						t.Errorf("%s: there is no failure mode %s", file, m[1])
						continue
					}
					found[who+m[1]]++
					if !strings.Contains(modes[n-1].whose, who) {
						t.Errorf("%s has a test of mode %s (%s), which is not said to be its own", file, m[1], modes[n-1].situation)
					}
				}
			}
		}
	}
	for i, m := range modes {
		number := strconv.Itoa(i + 101)[1:]
		for _, who := range strings.Split(m.whose, "") {
			if found[who+number] == 0 {
				t.Errorf("%s: no test of mode %s (%s)", map[string]string{"h": "the host", "s": "Stripe", "p": "PayPal"}[who], number, m.situation)
			}
		}
	}
}
