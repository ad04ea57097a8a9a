package ui

import (
	"context"
	"strings"

	"github.com/a-h/templ"
)

// Align is the side of a column on which its cells begin.
type Align string

// Start is for words, Code for numbers of documents and other codes that must not be broken over lines, End for amounts:
// digits of one value stand under each other.
const (
	Start Align = ""
	Code  Align = "nowrap"
	End   Align = "num"
)

// Column is one column of a Table of R.
type Column[R any] struct {
	Label string
	// Sort is the column's name in the address ("?sort=date", "?sort=-date"); empty when rows cannot be sorted by it.
	Sort  string
	Align Align
	// Main marks the column that names the row: its header for screen readers, its heading as a card.
	Main bool
	// Quiet hides the column where the window is narrow.
	Quiet bool
	Cell  func(R) templ.Component
	// Foot is the column's cell in the totals row.
	Foot templ.Component
}

// Table is a list of rows. Where the window is narrow it becomes a list of cards, or scrolls by itself when Wide is set
// (books, where columns must stay side by side); the page never scrolls sideways.
type Table[R any] struct {
	ID      string // also the id for scripts to find it by
	Caption string // what the table holds, for screen readers and print
	Columns []Column[R]
	Rows    []R
	Wide    bool
	// Select gives each row a checkbox: the value sent and the words that name the row. SelectName is the field's name;
	// SelectForm the id of the form it belongs to, which stands elsewhere on the page (see BulkBar).
	Select     func(R) (value, label string)
	SelectName string
	SelectForm string
	// Ticked says which rows are ticked to begin with.
	Ticked func(R) bool
	// Href makes the Main cell a link.
	Href func(R) string
	// Empty is shown when there is no row.
	Empty templ.Component
	// Pager leads to the neighbouring pages.
	Pager *Pager
}

// Pager leads through a list by keyset cursors, which stand in the address as ?after= and ?before=.
type Pager struct {
	Previous string // cursor, empty on the first page
	Next     string // cursor, empty on the last page
	Total    string // "1 234 factures", empty when not counted
}

func (t Table[R]) hasFoot() bool {
	for _, c := range t.Columns {
		if c.Foot != nil {
			return true
		}
	}
	return false
}

// sorted says whether the page is sorted by a column now: "ascending", "descending" or "".
func sorted(ctx context.Context, key string) string {
	by := FrameOf(ctx).Query.Get("sort")
	switch {
	case key == "":
		return ""
	case by == key:
		return "ascending"
	case by == "-"+key:
		return "descending"
	}
	return ""
}

// sortHref is where a click on a header leads: the other direction, from the start of the list.
func sortHref(ctx context.Context, key string) string {
	if sorted(ctx, key) == "ascending" {
		key = "-" + key
	}
	return Here(ctx, "sort", key, "after", "", "before", "")
}

func sortLabel(ctx context.Context, key, label string) string {
	if sorted(ctx, key) == "ascending" {
		return T(ctx, "table.sort_down", "column", label)
	}
	return T(ctx, "table.sort_up", "column", label)
}

func sortIcon(ctx context.Context, key string) string {
	switch sorted(ctx, key) {
	case "ascending":
		return "arrow-up"
	case "descending":
		return "arrow-down"
	}
	return "arrow-up-down"
}

func columnClass(a Align, quiet, mainCell bool) string {
	var c []string
	if a != Start {
		c = append(c, string(a))
	}
	if quiet {
		c = append(c, "quiet")
	}
	if mainCell {
		c = append(c, "main-cell")
	}
	return strings.Join(c, " ")
}
