package pdf

import (
	"strings"

	"github.com/acquit-app/acquit/core/app"
)

const (
	rowPadding = 1.9
	columnGap  = 5.0
	// keepWhole is the height up to which a row moves to the next page in one piece; a longer one is cut.
	keepWhole = 45.0
	// narrowest is the least that descriptions get: about twenty-five characters.
	narrowest = 48.0
)

// column is one column of the table of lines. Descriptions come first and take what the figures leave.
type column struct {
	head  string
	value func(app.SheetLine) string
	width float64
	right float64 // where figures end
}

// piece is one line of text in a row.
type piece struct {
	style style
	text  string
}

// lines draws the table of lines. Columns that nothing stands in are left out.
func (l *layout) lines() {
	if len(l.sheet.Lines) == 0 {
		return
	}
	columns, figures := l.columns()
	describe := right - left
	for _, c := range columns {
		describe -= c.width + columnGap
	}
	l.tableHead(columns)
	running := l.next
	l.next = func() {
		running()
		l.tableHead(columns)
	}
	for i, row := range l.sheet.Lines {
		l.row(row, columns, figures, describe)
		if i < len(l.sheet.Lines)-1 {
			l.rule(right, l.y, 0.15, line)
		}
	}
	l.next = running
	l.rule(right, l.y, 0.3, ink)
	l.y += 6
}

// columns chooses the columns of figures, and the size of type at which they leave room for descriptions.
func (l *layout) columns() ([]column, style) {
	var columns []column
	for _, c := range []column{
		{head: l.say.quantity, value: func(r app.SheetLine) string { return r.Quantity }},
		{head: l.say.unitPrice, value: func(r app.SheetLine) string { return r.UnitPrice }},
		{head: l.say.discount, value: func(r app.SheetLine) string { return r.Discount }},
		{head: l.say.vat, value: func(r app.SheetLine) string { return r.VAT }},
		{head: l.say.amount, value: func(r app.SheetLine) string { return r.Amount }},
	} {
		for _, r := range l.sheet.Lines {
			if c.value(r) != "" {
				columns = append(columns, c)
				break
			}
		}
	}
	figures := bodyText
	for {
		total := 0.0
		for i := range columns {
			columns[i].width = headText.width(columns[i].head)
			for _, r := range l.sheet.Lines {
				columns[i].width = max(columns[i].width, style{medium, figures.size, ink}.width(columns[i].value(r)))
			}
			total += columns[i].width + columnGap
		}
		room := right - left - narrowest
		if total <= room {
			break
		}
		if figures.size > 6.5 {
			figures.size -= 0.5
			continue
		}
		for i := range columns { // figures too long even so are broken over lines
			columns[i].width = (columns[i].width+columnGap)*room/total - columnGap
		}
		break
	}
	end := right
	for i := len(columns) - 1; i >= 0; i-- {
		columns[i].right = end
		end -= columns[i].width + columnGap
	}
	return columns, figures
}

func (l *layout) tableHead(columns []column) {
	l.text(left, l.y+2.6, headText, l.say.description)
	for _, c := range columns {
		l.textRight(c.right, l.y+2.6, headText, c.head)
	}
	l.rule(right, l.y+4.6, 0.3, ink)
	l.y += 4.6
}

// row draws one line of the document, over several pages when it has to.
func (l *layout) row(r app.SheetLine, columns []column, figures style, describe float64) {
	text := describeLines(r.Description, describe)
	cells, looks := make([][]string, len(columns)), make([]style, len(columns))
	height := len(text) // in lines of text
	for k, c := range columns {
		looks[k] = figures
		if k == len(columns)-1 {
			looks[k].weight = medium
		}
		cells[k] = looks[k].wrap(c.value(r), c.width+0.1)
		height = max(height, len(cells[k]))
	}
	step := func(i int) float64 {
		if i < len(text) && i > 0 {
			return text[i].style.leading()
		}
		return bodyText.leading()
	}
	whole := 2 * rowPadding
	for i := range height {
		whole += step(i)
	}
	if whole <= keepWhole {
		l.need(whole)
	} else {
		l.need(2*rowPadding + 3*bodyText.leading())
	}
	l.y += rowPadding
	for i := range height {
		if l.y+step(i) > l.foot {
			l.newPage()
			l.y += rowPadding
		}
		base := l.y + bodyText.size*point*1.05
		if i < len(text) {
			l.text(left, base, text[i].style, text[i].text)
		}
		for k, c := range columns {
			if i < len(cells[k]) {
				l.textRight(c.right, base, looks[k], cells[k][i])
			}
		}
		l.y += step(i)
	}
	l.y += rowPadding
}

// describeLines sets the first line of a description, which names the thing, apart from the details below it.
func describeLines(text string, width float64) []piece {
	name, details, _ := strings.Cut(strings.Trim(text, " \n"), "\n")
	var out []piece
	first := style{medium, bodyText.size, ink}
	if strings.TrimSpace(details) == "" {
		first.weight = regular
	}
	for _, part := range first.wrap(name, width) {
		out = append(out, piece{first, part})
	}
	if strings.TrimSpace(details) != "" {
		detail := style{regular, 8.2, soft}
		for _, part := range detail.wrap(details, width) {
			out = append(out, piece{detail, part})
		}
	}
	return out
}
