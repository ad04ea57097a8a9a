package pdf

import (
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

const (
	halfWidth = 80.0
	rightHalf = right - halfWidth
	blockGap  = 5.0
)

// strip is one row of a block: how high it is, and how to draw it below y.
type strip struct {
	height float64
	draw   func(y float64)
}

// block is a small table beside others. It stays in one piece unless it is higher than a page.
type block []strip

func (b block) height() float64 {
	sum := 0.0
	for _, s := range b {
		sum += s.height
	}
	return sum
}

// sums draws the VAT table, the deposits and the bank details on the left and the totals on the right; below one
// another, row by row, when a page would not hold them side by side.
func (l *layout) sums() {
	var leftSide block
	for _, b := range []block{l.vatTable(), l.deposits(), l.bank()} {
		if len(b) > 0 && len(leftSide) > 0 {
			leftSide = append(leftSide, strip{height: blockGap, draw: func(float64) {}})
		}
		leftSide = append(leftSide, b...)
	}
	totals := l.totals()
	if len(leftSide)+len(totals) == 0 {
		return
	}
	height := max(leftSide.height(), totals.height())
	if height > l.foot-top-15 {
		for _, s := range append(append(leftSide, strip{height: blockGap, draw: func(float64) {}}), totals...) {
			l.need(s.height)
			s.draw(l.y)
			l.y += s.height
		}
		l.y += blockGap
		return
	}
	l.need(height)
	for _, side := range []block{leftSide, totals} {
		y := l.y
		for _, s := range side {
			s.draw(y)
			y += s.height
		}
	}
	l.y += height + blockGap
}

// tableTitle heads a small table on the left with one to three words.
func (l *layout) tableTitle(first, second, third string) strip {
	return strip{height: 5, draw: func(y float64) {
		l.text(left, y+2.6, headText, first)
		l.textRight(left+vatBase, y+2.6, headText, second)
		l.textRight(left+halfWidth, y+2.6, headText, third)
		l.rule(left+halfWidth, y+4.4, 0.15, line)
	}}
}

// vatBase is where the bases of the VAT table end, from its left edge.
const vatBase = 53.0

// vatTable shows base and tax for each rate, with the reason where a rate has one.
func (l *layout) vatTable() block {
	if len(l.sheet.VAT) == 0 {
		return nil
	}
	out := block{l.tableTitle(l.say.rate, l.say.base, l.say.vat)}
	for _, v := range l.sheet.VAT {
		rate := cellText.wrap(v.Rate, 26)
		out = append(out, strip{height: 4.4 * float64(len(rate)), draw: func(y float64) {
			l.textRight(left+vatBase, y+3.3, cellText, v.Base)
			l.textRight(left+halfWidth, y+3.3, cellText, v.Amount)
			for i, part := range rate {
				l.text(left, y+3.3+4.4*float64(i), cellText, part)
			}
		}})
		if v.Note != "" {
			out = append(out, l.small(v.Note))
		}
	}
	return out
}

// small is a remark below a row of a table.
func (l *layout) small(text string) strip {
	parts := smallText.wrap(text, halfWidth)
	return strip{height: smallText.leading()*float64(len(parts)) + 1, draw: func(y float64) {
		for i, part := range parts {
			l.text(left, y+2.6+smallText.leading()*float64(i), smallText, part)
		}
	}}
}

// deposits is the ladder of a quote's deposits, amounts flush right.
func (l *layout) deposits() block {
	if len(l.sheet.Deposits) == 0 {
		return nil
	}
	out := block{l.tableTitle(l.say.deposits, "", "")}
	for _, d := range l.sheet.Deposits {
		label := cellText.wrap(d.Label, max(20, halfWidth-valueText.width(d.Value)-4))
		out = append(out, strip{height: 4.4 * float64(len(label)), draw: func(y float64) {
			l.textRight(left+halfWidth, y+3.3, valueText, d.Value)
			for i, part := range label {
				l.text(left, y+3.3+4.4*float64(i), cellText, part)
			}
		}})
	}
	return out
}

// bank is what somebody needs who pays by transfer.
func (l *layout) bank() block {
	if len(l.sheet.Bank) == 0 {
		return nil
	}
	out := block{l.tableTitle(l.say.bank, "", "")}
	labels := labelWidth(l.sheet.Bank, halfWidth)
	for _, f := range l.sheet.Bank {
		out = append(out, l.field(left, halfWidth, labels, f))
	}
	return out
}

// totals ends with what is due, which is what most readers look for first.
func (l *layout) totals() block {
	const indent = 4.0
	var out block
	for i, t := range l.sheet.Totals {
		last := i == len(l.sheet.Totals)-1
		label, value := style{regular, 9, soft}, style{regular, 9, ink}
		switch {
		case last:
			label, value = style{semibold, 10, ink}, style{semibold, 13, accent}
		case t.Strong:
			label, value = style{semibold, 9, ink}, style{semibold, 9, ink}
		}
		parts := label.wrap(t.Label, max(20, halfWidth-2*indent-value.width(t.Value)-4))
		extra := float64(len(parts)-1) * label.leading()
		write := func(base float64) {
			l.textRight(right-indent, base, value, t.Value)
			for k, part := range parts {
				l.text(rightHalf+indent, base+float64(k)*label.leading(), label, part)
			}
		}
		if last {
			out = append(out, strip{height: 12.5 + extra, draw: func(y float64) {
				l.box(rightHalf, y+2, halfWidth, 10.5+extra, 1.6, tint)
				write(y + 8.8)
			}})
			continue
		}
		out = append(out, strip{height: 5.4 + extra, draw: func(y float64) { write(y + 3.3) }})
	}
	return out
}

// pay draws the button, the address in full for those who want to see where it leads, and the code for telephones.
func (l *layout) pay() error {
	p := l.sheet.Pay
	if p == nil {
		return nil
	}
	const (
		height, indent = 30.0, 6.0
		code           = 25.0
		buttonHeight   = 12.0
		room           = 98.0 // for the button and the address
	)
	l.need(height)
	y := l.y
	l.box(left, y, right-left, height, 2.5, tint)

	x := left + indent
	label := fit(style{semibold, 12, white}, p.Button, room-16)
	width := max(58, label.width(p.Button)+16)
	l.box(x, y+6.5, width, buttonHeight, 2, accent)
	l.textCentre(x+width/2, y+6.5+buttonHeight/2+label.size*point*0.36, label, p.Button)
	l.link(x, y+6.5, width, buttonHeight, p.URL)

	address := fit(style{regular, 7.5, accent}, oneLine(p.URL), room)
	for i, part := range address.wrap(oneLine(p.URL), room) {
		base := y + 23.4 + float64(i)*address.leading()
		if i == 3 {
			break // the link and the code have it whole
		}
		l.text(x, base, address, part)
		l.link(x, base-2.6, address.width(part), address.leading(), p.URL)
	}

	codeLeft := right - 2.5 - code
	help := smallText.wrap(p.Help, codeLeft-4-x-room)
	middle := y + height/2 + smallText.size*point*0.36 - float64(len(help)-1)/2*smallText.leading()
	for i, part := range help {
		l.textRight(codeLeft-4, middle+float64(i)*smallText.leading(), smallText, part)
	}
	if err := l.qrCode(codeLeft, y+2.5, code, p.URL); err != nil {
		return fault.New(fault.Invalid, fault.BadURL, "found", fault.Clip(p.URL)).On("pay_url")
	}
	l.link(codeLeft, y+2.5, code, code, p.URL)
	l.y += height + blockGap
	return nil
}

// fit makes type smaller until text is at most width wide, down to half its size.
func fit(s style, text string, width float64) style {
	for least := s.size / 2; s.width(text) > width && s.size > least; {
		s.size -= 0.25
	}
	return s
}

// note draws the document's remark.
func (l *layout) note() {
	if l.sheet.Note == "" {
		return
	}
	l.need(4.6 + 2*cellText.leading())
	l.text(left, l.y+2.6, headText, l.say.note)
	l.y += 4
	l.prose(cellText, l.sheet.Note)
	l.y += 3
}

// mentions draws the legal sentences.
func (l *layout) mentions() {
	for _, m := range l.sheet.Mentions {
		l.prose(legalText, m)
		l.y += 0.6
	}
}

// prose writes running text over the whole width, line by line over as many pages as it takes.
func (l *layout) prose(s style, text string) {
	for _, part := range s.wrap(text, right-left) {
		l.need(s.leading())
		l.text(left, l.y+s.size*point, s, part)
		l.y += s.leading()
	}
}

// labelWidth is the room that labels get beside their values.
func labelWidth(fields []app.SheetField, width float64) float64 {
	labels := 0.0
	for _, f := range fields {
		labels = max(labels, labelText.width(f.Label))
	}
	return min(labels, width*0.45)
}

// field is a label and its value in two columns.
func (l *layout) field(x, width, labels float64, f app.SheetField) strip {
	const step = 4.4
	label, value := labelText.wrap(f.Label, labels+0.1), valueText.wrap(f.Value, width-labels-5)
	return strip{height: step * float64(max(len(label), len(value))), draw: func(y float64) {
		for i, part := range label {
			l.text(x, y+3.1+step*float64(i), labelText, part)
		}
		for i, part := range value {
			l.text(x+labels+5, y+3.1+step*float64(i), valueText, part)
		}
	}}
}
