package pdf

import (
	"codeberg.org/go-pdf/fpdf"
)

// A4 in millimetres, and the part of it that is printed on. Every desktop printer reaches 15 mm from the edge.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	left       = 18.0
	right      = pageWidth - left
	top        = 16.0
)

// pen draws on one page. Lengths are millimetres from the upper left corner.
type pen func(f *fpdf.Fpdf)

// canvas collects what is to be drawn, page by page, before anything is written: only then the number of pages is
// known, which the foot of each page tells.
type canvas struct {
	pages [][]pen
	y     float64 // where the next piece goes
	foot  float64 // the content ends here
	next  func()  // draws the head of a continued page
}

// draw adds to the current page.
func (c *canvas) draw(p pen) {
	last := len(c.pages) - 1
	c.pages[last] = append(c.pages[last], p)
}

// newPage starts a page and draws its head.
func (c *canvas) newPage() {
	c.pages = append(c.pages, nil)
	c.y = top
	if len(c.pages) > 1 && c.next != nil {
		c.next()
	}
}

// need starts a new page unless height is left on this one. What is higher than a page is not helped by a new one.
func (c *canvas) need(height float64) {
	if c.y+height > c.foot && c.y > top {
		c.newPage()
	}
}

// text writes one line with its base line at y.
func (c *canvas) text(x, y float64, s style, text string) {
	if text == "" {
		return
	}
	c.draw(func(f *fpdf.Fpdf) {
		f.SetFont(s.weight.family(), "", s.size)
		f.SetTextColor(s.color.r, s.color.g, s.color.b)
		f.Text(x, y, text)
	})
}

// textRight writes one line that ends at x.
func (c *canvas) textRight(x, y float64, s style, text string) { c.text(x-s.width(text), y, s, text) }

// textCentre writes one line around x.
func (c *canvas) textCentre(x, y float64, s style, text string) {
	c.text(x-s.width(text)/2, y, s, text)
}

// rule draws a horizontal line from the left margin to x.
func (c *canvas) rule(x, y, thickness float64, color rgb) {
	c.draw(func(f *fpdf.Fpdf) {
		f.SetDrawColor(color.r, color.g, color.b)
		f.SetLineWidth(thickness)
		f.Line(left, y, x, y)
	})
}

// box fills a rectangle with round corners.
func (c *canvas) box(x, y, w, h, radius float64, color rgb) {
	c.draw(func(f *fpdf.Fpdf) {
		f.SetFillColor(color.r, color.g, color.b)
		if radius == 0 {
			f.Rect(x, y, w, h, "F")
			return
		}
		f.RoundedRect(x, y, w, h, radius, "1234", "F")
	})
}

// link makes a rectangle lead to an address.
func (c *canvas) link(x, y, w, h float64, url string) {
	c.draw(func(f *fpdf.Fpdf) { f.LinkString(x, y, w, h, url) })
}
