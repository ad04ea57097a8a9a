package pdf

import (
	"strings"

	"codeberg.org/go-pdf/fpdf"

	"github.com/acquit-app/acquit/core/app"
)

var (
	white  = rgb{255, 255, 255}
	ink    = rgb{23, 32, 29}
	soft   = rgb{91, 104, 100}
	line   = rgb{221, 227, 225}
	accent = rgb{11, 107, 87}
	tint   = rgb{239, 245, 243}
	ghost  = rgb{238, 240, 240}
)

var (
	brandText  = style{semibold, 16, ink}
	titleText  = style{semibold, 22, ink}
	numberText = style{medium, 11, accent}
	nameText   = style{semibold, 10, ink}
	postText   = style{regular, 9.5, ink}
	sellerName = style{semibold, 8.5, ink}
	sellerText = style{regular, 8, soft}
	labelText  = style{regular, 8, soft}
	valueText  = style{medium, 8.5, ink}
	headText   = style{medium, 7.5, soft}
	bodyText   = style{regular, 9, ink}
	cellText   = style{regular, 8.5, ink}
	smallText  = style{regular, 7.5, soft}
	legalText  = style{regular, 7, soft}
	footText   = style{regular, 6.8, soft}
)

const (
	// The window of a DL envelope shows the sheet between 90 and 190–200 mm from the left and between 44–55 and
	// 79–90 mm from the top, depending on how the sheet slides inside; only what is common to all positions counts.
	windowLeft = 112.0
	windowTop  = 55.0
	windowEnd  = 92.0 // nothing but the address stands in the right column above this line

	headLeftWidth = 86.0
	footLine      = 3.2 // between the lines of the foot
)

// layout is one document being composed.
type layout struct {
	canvas
	say     words
	sheet   app.Sheet
	logo    *logo
	footing []string
}

// clean makes every text of a sheet printable. Pay.URL is left as it is: it is followed, not read.
func clean(s app.Sheet) app.Sheet {
	s.Title, s.Number, s.Subject = oneLine(s.Title), oneLine(s.Number), oneLine(s.Subject)
	s.Company, s.Customer = cleanParty(s.Company), cleanParty(s.Customer)
	s.DeliverTo = each(s.DeliverTo, oneLine)
	s.Mentions = each(s.Mentions, printable)
	s.Facts, s.Deposits, s.Bank = each(s.Facts, cleanField), each(s.Deposits, cleanField), each(s.Bank, cleanField)
	s.Lines = each(s.Lines, func(l app.SheetLine) app.SheetLine {
		return app.SheetLine{
			Description: printable(l.Description), Quantity: oneLine(l.Quantity), UnitPrice: oneLine(l.UnitPrice),
			Discount: oneLine(l.Discount), VAT: oneLine(l.VAT), Amount: oneLine(l.Amount),
		}
	})
	s.VAT = each(s.VAT, func(v app.SheetVAT) app.SheetVAT {
		return app.SheetVAT{Rate: oneLine(v.Rate), Base: oneLine(v.Base), Amount: oneLine(v.Amount), Note: oneLine(v.Note)}
	})
	s.Totals = each(s.Totals, func(t app.SheetTotal) app.SheetTotal {
		return app.SheetTotal{Label: oneLine(t.Label), Value: oneLine(t.Value), Strong: t.Strong}
	})
	s.Footer, s.Note = printable(s.Footer), strings.Trim(printable(s.Note), " \n")
	if s.Pay != nil {
		pay := *s.Pay
		pay.Button, pay.Help = oneLine(pay.Button), oneLine(pay.Help)
		s.Pay = &pay
	}
	return s
}

func cleanParty(p app.SheetParty) app.SheetParty {
	return app.SheetParty{Name: oneLine(p.Name), Lines: each(p.Lines, oneLine)}
}

func cleanField(f app.SheetField) app.SheetField {
	return app.SheetField{Label: oneLine(f.Label), Value: oneLine(f.Value)}
}

func each[T any](in []T, f func(T) T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// title names the document, for its metadata and the head of its further pages.
func (l *layout) title() string { return strings.TrimSpace(l.sheet.Title + " " + l.sheet.Number) }

// compose lays the whole document out.
func (l *layout) compose() error {
	const most = 4 // lines of identity at the foot; the law asks for them, not for a page of them
	if l.sheet.Footer != "" {
		l.footing = footText.wrap(l.sheet.Footer, right-left-24)
		l.footing = l.footing[:min(len(l.footing), most)]
	}
	l.foot = l.footTop() - 3
	l.next = l.running
	l.newPage()
	l.watermark()
	l.head()
	l.lines()
	l.sums()
	if err := l.pay(); err != nil {
		return err
	}
	l.note()
	l.mentions()
	return nil
}

// watermark marks a draft, so that it is never taken for the document.
func (l *layout) watermark() {
	if !l.sheet.Draft {
		return
	}
	text := style{semibold, 92, ghost}
	l.draw(func(f *fpdf.Fpdf) {
		f.TransformBegin()
		f.TransformRotate(52, pageWidth/2, pageHeight/2)
		f.SetFont(text.weight.family(), "", text.size)
		f.SetTextColor(text.color.r, text.color.g, text.color.b)
		f.Text(pageWidth/2-text.width(l.say.draft)/2, pageHeight/2+10, l.say.draft)
		f.TransformEnd()
	})
}

// running heads every page but the first.
func (l *layout) running() {
	l.watermark()
	name := l.title()
	if l.sheet.Draft {
		name += " – " + l.say.draft
	}
	l.text(left, l.y+3, style{semibold, 8.5, ink}, name)
	l.textRight(right, l.y+3, style{regular, 8, soft}, l.sheet.Company.Name)
	l.rule(right, l.y+5.5, 0.15, line)
	l.y += 11
}

// head draws seller, customer, title and facts.
func (l *layout) head() {
	seller := l.seller()
	post := max(windowTop, seller+6)
	customer := l.customer(post)
	facts := l.facts(max(post, 50))
	l.y = max(customer, facts) + 6
}

// seller draws the logo or the name on the left and the identity on the right, and returns where they end.
func (l *layout) seller() float64 {
	y, name := top, l.sheet.Company.Name
	end := y
	if l.logo != nil {
		mark := l.logo
		l.draw(func(f *fpdf.Fpdf) { placeLogo(f, mark, left, top-1) })
		end = top - 1 + mark.height
		for _, part := range sellerName.wrap(name, right-windowLeft) {
			l.text(windowLeft, y+2.6, sellerName, part)
			y += 4.2
		}
	} else {
		for _, part := range brandText.wrap(name, headLeftWidth) {
			l.text(left, end+5, brandText, part)
			end += brandText.leading()
		}
	}
	for _, entry := range l.sheet.Company.Lines {
		for _, part := range sellerText.wrap(entry, right-windowLeft) {
			l.text(windowLeft, y+2.6, sellerText, part)
			y += 3.9
		}
	}
	return max(y, end)
}

// customer draws the address in the window and, below it, where to deliver to.
func (l *layout) customer(y float64) float64 {
	width := right - windowLeft
	for _, part := range nameText.wrap(l.sheet.Customer.Name, width) {
		l.text(windowLeft, y+3.4, nameText, part)
		y += 4.9
	}
	for _, entry := range l.sheet.Customer.Lines {
		for _, part := range postText.wrap(entry, width) {
			l.text(windowLeft, y+3.4, postText, part)
			y += 4.6
		}
	}
	if len(l.sheet.DeliverTo) > 0 {
		y = max(y+4, windowEnd)
		l.text(windowLeft, y+2.8, headText, l.say.deliverTo)
		y += 4.4
		for _, entry := range l.sheet.DeliverTo {
			for _, part := range cellText.wrap(entry, width) {
				l.text(windowLeft, y+2.8, cellText, part)
				y += 4.1
			}
		}
	}
	return y
}

// facts draws the title, the number and the dates.
func (l *layout) facts(y float64) float64 {
	for _, part := range titleText.wrap(l.sheet.Title, headLeftWidth) {
		l.text(left, y+6, titleText, part)
		y += titleText.leading()
	}
	number := l.sheet.Number
	if number == "" && l.sheet.Draft {
		number = l.say.draft
	}
	if number != "" {
		l.text(left, y+2.6, numberText, number)
		y += 5
	}
	y += 4
	labels := labelWidth(l.sheet.Facts, headLeftWidth)
	for _, f := range l.sheet.Facts {
		s := l.field(left, headLeftWidth, labels, f)
		s.draw(y)
		y += s.height
	}
	return y
}

// footTop is where the foot of a page begins.
func (l *layout) footTop() float64 {
	return pageHeight - 12 - footLine*float64(max(1, len(l.footing)))
}

// drawFoot writes the company's identity and the page's number.
func (l *layout) drawFoot(f *fpdf.Fpdf, page string) {
	c := canvas{pages: [][]pen{nil}}
	y := l.footTop()
	c.rule(right, y, 0.15, line)
	for i, part := range l.footing {
		c.text(left, y+4+footLine*float64(i), footText, part)
	}
	c.textRight(right, y+4, footText, page)
	for _, draw := range c.pages[0] {
		draw(f)
	}
}

func placeLogo(f *fpdf.Fpdf, mark *logo, x, y float64) {
	const name = "logo"
	f.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: mark.kind}, mark.reader())
	f.ImageOptions(name, x, y, mark.width, mark.height, false, fpdf.ImageOptions{ImageType: mark.kind}, 0, "")
}
