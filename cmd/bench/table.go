package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of the table. Numbers are written out already; met is nil where there is no goal.
type row struct {
	goal, what, engine  string
	measured, reference string
	ratio, target       string
	met                 *bool
}

// table gathers rows and prints them in the order of goals.
type table struct{ rows []row }

// within compares two quantities: their ratio must be at least or at most a bound.
type within struct {
	bound  float64
	atMost bool
}

func atLeast(ratio float64) within { return within{bound: ratio} }
func atMost(ratio float64) within  { return within{bound: ratio, atMost: true} }

func (w within) holds(v float64) bool {
	if w.atMost {
		return v <= w.bound
	}
	return v >= w.bound
}

func (w within) String() string {
	sign := "≥ "
	if w.atMost {
		sign = "≤ "
	}
	return sign + strconv.FormatFloat(w.bound, 'g', 4, 64)
}

// ratio adds a row whose goal is a ratio of what was measured to a reference.
func (t *table) ratio(goal, what, engine string, measured, reference float64, write func(float64) string, against string, w within) {
	r := row{goal: goal, what: what, engine: engine, measured: write(measured), target: w.String() + " ×", reference: against}
	if reference > 0 {
		v := measured / reference
		met := w.holds(v)
		r.reference = write(reference) + " " + against
		r.ratio, r.met = strconv.FormatFloat(v, 'f', 2, 64), &met
	}
	t.rows = append(t.rows, r)
}

// limit adds a row whose goal is a bound of its own.
func (t *table) limit(goal, what, engine string, measured float64, write func(float64) string, w within) {
	met := w.holds(measured)
	sign := "≥ "
	if w.atMost {
		sign = "≤ "
	}
	t.rows = append(t.rows, row{goal: goal, what: what, engine: engine, measured: write(measured), target: sign + write(w.bound), met: &met})
}

// note adds a row without a goal.
func (t *table) note(goal, what, engine, measured string) {
	t.rows = append(t.rows, row{goal: goal, what: what, engine: engine, measured: measured})
}

func (t *table) print(w io.Writer) {
	slices.SortStableFunc(t.rows, func(a, b row) int { return number(a.goal) - number(b.goal) })
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(tw, "goal\twhat\tengine\tmeasured\treference\tratio\tgoal\tmet")
	for _, r := range t.rows {
		met := ""
		if r.met != nil {
			met = map[bool]string{true: "yes", false: "NO"}[*r.met]
		}
		fmt.Fprintln(tw, strings.Join([]string{r.goal, r.what, r.engine, r.measured, r.reference, r.ratio, r.target, met}, "\t"))
	}
	_ = tw.Flush() // standard output: nothing to do about it
}

// number orders "G2" before "G10".
func number(goal string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(goal, "G")) // what has no number comes first
	return n
}

func perSecond(v float64) string {
	if v < 100 {
		return strconv.FormatFloat(v, 'f', 1, 64) + "/s"
	}
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s + "/s"
}

func seconds(v float64) string { return duration(time.Duration(v * float64(time.Second))) }

func duration(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}

func mebibytes(v float64) string { return strconv.FormatFloat(v/(1<<20), 'f', 1, 64) + " MiB" }
