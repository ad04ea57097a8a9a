// Package gatewaytest runs the conformance suite for gateways under "go test": package conformance has the cases.
//
// The author of a gateway fills in a Harness, with the provider's test mode or a fake of it behind, and calls Run:
//
//	func TestConformance(t *testing.T) {
//		gatewaytest.Run(t, gatewaytest.Harness{Driver: gatewaytest.Start(t, "./acquit-gateway-mine", t.TempDir()), ...})
//	}
package gatewaytest

import (
	"os/exec"
	"path"
	"path/filepath"
	"testing"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/conformance"
)

// Harness is what a gateway's author fills in.
type Harness = conformance.Harness

// World is everybody else: payers and the provider.
type World = conformance.World

// Way is how a payer's visit to a pay page ends.
type Way = conformance.Way

// Case is one rule of the port.
type Case = conformance.Case

// Report is the verdict on a gateway.
type Report = conformance.Report

// The ways of a payer.
const (
	Paid         = conformance.Paid
	PaidFeeLater = conformance.PaidFeeLater
	Pending      = conformance.Pending
	Declined     = conformance.Declined
)

// Cases lists the rules.
func Cases() []Case { return conformance.Cases() }

// NotPlayed is what a World's method returns for what its provider does not have; see package conformance.
func NotPlayed(what string) error { return conformance.NotPlayed(what) }

// Run runs every case as a test of its own, says which do not apply, and logs the verdict.
func Run(t *testing.T, h Harness) {
	t.Helper()
	ready, report, err := conformance.Prepare(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			switch f := report.Try(t.Context(), ready, c); f.Verdict {
			case conformance.Failed:
				t.Error(f.Why)
			case conformance.NotApplicable:
				t.Skip(f.Why)
			}
		})
	}
	t.Logf("%s %s: %d passed, %d failed, %d not applicable", report.Gateway, report.Version, report.Passed, report.Failed, report.NotApplicable)
}

// Build builds a gateway's program, given by its package, for one test and returns its file.
func Build(tb testing.TB, pkg string) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), path.Base(pkg))
	if out, err := exec.CommandContext(tb.Context(), "go", "build", "-o", file, pkg).CombinedOutput(); err != nil {
		tb.Fatalf("%v\n%s", err, out)
	}
	return file
}

// Start runs a gateway's program, in the way that Acquit does, with a folder for its state, until the test ends. What it
// writes to its standard error is shown when the test fails.
func Start(tb testing.TB, program, state string) gateway.Driver {
	tb.Helper()
	p, err := conformance.Launch(program, state)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		p.Close()
		if tb.Failed() {
			tb.Logf("the program wrote:\n%s", p.Log())
		}
	})
	return p
}
