package ui

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/money"
	"github.com/shopspring/decimal"
)

// ChartKind is how the values are drawn.
type ChartKind string

// Bars compare periods; a line shows how one thing goes.
const (
	Bars ChartKind = "bars"
	Line ChartKind = "line"
)

// Chart is amounts over periods, drawn as SVG by the server: it needs no script, and prints. The same figures follow as
// a table for whoever cannot see the drawing. Values are minor units of Currency.
type Chart struct {
	Title    string
	Kind     ChartKind
	Currency money.Currency
	Labels   []string // one for each period
	Series   []Series // at most three, which the palette tells apart
}

// Series is one value for each period.
type Series struct {
	Name   string
	Values []int64
}

// The drawing's own units; the browser scales them to the room there is.
const (
	chartWidth, chartHeight                      = 560, 230
	chartLeft, chartRight, chartTop, chartBottom = 58, 6, 10, 26
	chartTicks                                   = 4
	plotWidth                                    = chartWidth - chartLeft - chartRight
	plotHeight                                   = chartHeight - chartTop - chartBottom
	barGap                                       = 0.3 // of a period's width, left free
	maxSeries                                    = 3
	letterWidth                                  = 6.6 // of the axis' labels, at their size
)

type mark struct {
	x, y, w, h string
	tip        string
}

type tick struct{ y, label string }

type axisLabel struct{ x, text string }

// drawing is a Chart in coordinates.
type drawing struct {
	ticks  []tick
	labels []axisLabel
	bars   [][]mark // by series
	points [][]mark
	paths  []string
	zero   string
}

// draw computes the coordinates. Everything is integer arithmetic on minor units until the last division, which only
// places ink.
func (c Chart) draw(loc *i18n.Localizer) drawing {
	low, high := c.bounds()
	step := niceStep(high-low, chartTicks)
	low, high = floorTo(low, step), -floorTo(-high, step)
	if high == low {
		high = low + step
	}
	y := func(v int64) float64 {
		return chartTop + plotHeight*(1-float64(v-low)/float64(high-low))
	}
	d := drawing{zero: num(y(max(low, 0)))}
	for v := low; v <= high; v += step {
		d.ticks = append(d.ticks, tick{num(y(v)), c.short(loc, v)})
	}
	if len(c.Labels) == 0 {
		return d
	}
	slot := float64(plotWidth) / float64(len(c.Labels))
	longest := 0
	for _, l := range c.Labels {
		longest = max(longest, utf8.RuneCountInString(l))
	}
	every := int(math.Ceil(letterWidth * float64(longest+2) / slot))
	for i, l := range c.Labels {
		if i%every == 0 {
			d.labels = append(d.labels, axisLabel{num(chartLeft + slot*(float64(i)+0.5)), l})
		}
	}
	series := c.Series[:min(len(c.Series), maxSeries)]
	for s, one := range series {
		width := slot * (1 - barGap) / float64(len(series))
		var marks, points []mark
		path := ""
		for i, v := range one.Values[:min(len(one.Values), len(c.Labels))] {
			tip := fmt.Sprintf("%s, %s: %s", one.Name, c.Labels[i], loc.Money(money.Of(v, c.Currency)))
			top, foot := y(max(v, 0)), y(min(v, max(low, 0)))
			x := chartLeft + slot*float64(i) + slot*barGap/2 + width*float64(s)
			marks = append(marks, mark{num(x), num(top), num(width), num(max(foot-top, 0)), tip})
			cx := chartLeft + slot*(float64(i)+0.5)
			points = append(points, mark{x: num(cx), y: num(y(v)), tip: tip})
			verb := "L"
			if i == 0 {
				verb = "M"
			}
			path += verb + num(cx) + " " + num(y(v)) + " "
		}
		d.bars, d.points, d.paths = append(d.bars, marks), append(d.points, points), append(d.paths, path)
	}
	return d
}

// bounds are the least and greatest value, zero always among them.
func (c Chart) bounds() (low, high int64) {
	for _, s := range c.Series[:min(len(c.Series), maxSeries)] {
		for _, v := range s.Values {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

// niceStep is the least of 1, 2, 5 × 10ⁿ that covers span in at most n steps.
func niceStep(span int64, n int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if unit*m*n >= span {
				return unit * m
			}
		}
	}
}

func floorTo(v, step int64) int64 {
	q := v / step
	if v%step < 0 {
		q--
	}
	return q * step
}

// short writes a value of the axis: whole units, thousands as k and millions as M.
func (c Chart) short(loc *i18n.Localizer, v int64) string {
	units := decimal.New(v, -int32(c.Currency.Exponent()))
	abs := units.Abs()
	for _, scale := range []struct {
		from, step int64
		shift      int32
		letter     string
	}{{1_000_000, 100_000, -6, "M"}, {10_000, 100, -3, "k"}} {
		if abs.GreaterThanOrEqual(decimal.NewFromInt(scale.from)) && units.Mod(decimal.NewFromInt(scale.step)).IsZero() {
			return loc.Decimal(units.Shift(scale.shift), 0) + "\u00a0" + scale.letter
		}
	}
	return loc.Decimal(units, 0)
}

func num(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
