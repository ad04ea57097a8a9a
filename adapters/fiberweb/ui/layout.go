package ui

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
)

// Page says what the layout shows around a page's own content.
type Page struct {
	Title string
	Intro string // a sentence below the title
	// Active is the page's place in the menu, a NavItem key.
	Active string
	// Crumbs lead from the section to this page, which is not among them.
	Crumbs []Link
	// Status stands beside the title: the state of a document.
	Status templ.Component
	// Actions stand at the right of the title: buttons and links of class "button".
	Actions templ.Component
	// Tabs stand below the title.
	Tabs []Tab
	// Narrow keeps lines short: forms and reading.
	Narrow bool
	// Reload has the page loaded again every few seconds where there is no JavaScript to do it piece by piece.
	Reload bool
}

// Link is an address and its words.
type Link struct{ Label, Href string }

// Tab is one of several views of the same thing.
type Tab struct {
	Label, Href string
	Current     bool
	Count       int // shown when above zero
}

// PublicPage is a page for people who have no account: paying, logging in.
type PublicPage struct {
	Title string
	// Seller is who is paid, shown large; empty for the program's own pages.
	Seller string
	// Logo is the address of the seller's logo, or empty.
	Logo string
	// Wide gives room to more than a short form: setting an installation up.
	Wide bool
	// Aside stands at the foot: whom to contact, why this is safe.
	Aside templ.Component
}

// langs are the languages to offer, each in its own words.
func langs() []i18n.Lang { return i18n.Langs() }

// documentTitle names the page in the browser's tabs and history: the page first, as tabs are narrow.
func documentTitle(ctx context.Context, title string) string {
	if title == "" {
		return T(ctx, "app.name")
	}
	return title + " · " + T(ctx, "app.name")
}

func initials(name string) string {
	var out []rune
	for _, w := range strings.Fields(name) {
		if r := []rune(w); len(out) < 2 {
			out = append(out, r[0])
		}
	}
	return strings.ToUpper(string(out))
}
