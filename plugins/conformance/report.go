package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

// Verdict is how a case ended.
type Verdict string

// Verdicts.
const (
	Passed        Verdict = "passed"
	Failed        Verdict = "failed"
	NotApplicable Verdict = "not_applicable"
)

// Finding is the verdict on one case. Why says what is wrong, or why the case does not apply.
type Finding struct {
	Section Section `json:"section"`
	Case    string  `json:"case"`
	Proves  string  `json:"proves"`
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"`
}

// Report is the verdict on a gateway.
type Report struct {
	Gateway       string    `json:"gateway"`
	Label         string    `json:"label"`
	Version       string    `json:"version"`
	Passed        int       `json:"passed"`
	Failed        int       `json:"failed"`
	NotApplicable int       `json:"not_applicable"`
	Findings      []Finding `json:"findings"`
}

// add puts a finding in and counts it.
func (r *Report) add(f Finding) {
	r.Findings = append(r.Findings, f)
	switch f.Verdict {
	case Passed:
		r.Passed++
	case Failed:
		r.Failed++
	case NotApplicable:
		r.NotApplicable++
	}
}

// Write writes the report for people: the sum first, then the cases of each section. Those that do not apply for one
// reason share a line.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s (%s): %d passed, %d failed, %d not applicable\n", r.Gateway, r.Version, r.Label, r.Passed, r.Failed, r.NotApplicable)
	for rest := r.Findings; len(rest) > 0; {
		n := 0
		for n < len(rest) && rest[n].Section == rest[0].Section {
			n++
		}
		fmt.Fprintf(&b, "\n%s\n", rest[0].Section)
		writeSection(&b, rest[:n])
		rest = rest[n:]
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeSection(b *strings.Builder, all []Finding) {
	idle := map[string]int{}
	var reasons []string
	for _, f := range all {
		if f.Verdict == NotApplicable {
			if idle[f.Why]++; idle[f.Why] == 1 {
				reasons = append(reasons, f.Why)
			}
			continue
		}
		mark := map[Verdict]string{Passed: "pass", Failed: "FAIL"}[f.Verdict]
		fmt.Fprintf(b, "  %s  %-37s %s\n", mark, f.Case, f.Proves)
		for line := range strings.Lines(f.Why) {
			fmt.Fprintf(b, "        %s\n", strings.TrimRight(line, "\n"))
		}
	}
	for _, why := range reasons {
		fmt.Fprintf(b, "   --   %d not applicable: %s\n", idle[why], why)
	}
}

// longest is how long one case may take; a case makes a few dozen calls.
const longest = 2 * time.Minute

// Prepare asks the gateway what it is. The harness it returns is for Try.
func Prepare(ctx context.Context, h Harness) (*Harness, Report, error) {
	info, err := h.Driver.Describe(ctx)
	if err != nil {
		return nil, Report{}, fmt.Errorf("the gateway does not describe itself: %w", err)
	}
	h.info, h.witness = info, newWitness(h.Driver, info)
	return &h, Report{Gateway: info.Name, Label: info.Label, Version: info.Version}, nil
}

// Try tries one case.
func (r *Report) Try(ctx context.Context, h *Harness, c Case) Finding {
	f := Finding{Section: c.Section, Case: c.Name, Proves: c.Proves, Verdict: Passed}
	defer func() { r.add(f) }()
	if c.Needs != "" && !h.info.Can(c.Needs) {
		f.Verdict, f.Why = NotApplicable, fmt.Sprintf("the gateway does not announce %q", c.Needs)
		return f
	}
	if why := h.lacks(c.Play); why != "" {
		f.Verdict, f.Why = NotApplicable, why
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	err := attempt(ctx, h, c)
	var na notApplicable
	switch {
	case errors.As(err, &na):
		f.Verdict, f.Why = NotApplicable, string(na)
	case err != nil:
		f.Verdict, f.Why = Failed, err.Error()
	}
	return f
}

// attempt runs a case. A gateway in process that panics fails it.
func attempt(ctx context.Context, h *Harness, c Case) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return c.Check(ctx, h)
}

// Examine runs every case that applies to the gateway.
func Examine(ctx context.Context, h Harness) (Report, error) {
	ready, r, err := Prepare(ctx, h)
	if err != nil {
		return r, err
	}
	for _, c := range Cases() {
		r.Try(ctx, ready, c)
	}
	return r, nil
}

// notApplicable says why a case has nothing to try.
type notApplicable string

func (n notApplicable) Error() string { return "not applicable: " + string(n) }

// NotPlayed is what a World's method returns for what its provider does not have, e.g. debits that settle later. A case that
// needs it does not apply.
func NotPlayed(what string) error { return notApplicable("the harness's world does not play " + what) }

// wants says that err is an error of the port of one kind and outcome.
func wants(err error, kind gateway.ErrorKind, outcome gateway.Outcome) error {
	var e *gateway.Error
	switch {
	case err == nil:
		return fmt.Errorf("no error where %s (%s) was due", kind, outcome)
	case !errors.As(err, &e):
		return fmt.Errorf("an error that is not the port's: %w", err)
	case e.Kind != kind || e.Outcome != outcome:
		return fmt.Errorf("%s (%s) where %s (%s) was due: %w", e.Kind, e.Outcome, kind, outcome, err)
	}
	return nil
}

// refusal is any error that says that nothing was done and that the caller is to blame: permanent, or not found.
func refusal(err error) error {
	if wants(err, gateway.ErrNotFound, gateway.NotDone) == nil {
		return nil
	}
	return wants(err, gateway.ErrPermanent, gateway.NotDone)
}

// wrong says what is wrong, beside an error that there may be.
func wrong(err error, format string, a ...any) error {
	return errors.Join(err, fmt.Errorf(format, a...))
}
