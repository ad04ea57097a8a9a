package pdf

import (
	"codeberg.org/go-pdf/fpdf"
	"rsc.io/qr"
)

// quiet is the blank border that scanners need around a code, in modules (ISO/IEC 18004).
const quiet = 4

// qrCode draws a code inside a white square of the given size. All modules are one path filled once: drawn one by one,
// hair lines would show between them on screens. Level M still reads with 15 % of the code damaged.
func (c *canvas) qrCode(x, y, size float64, text string) error {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return err
	}
	c.box(x, y, size, size, 1.2, white)
	module := size / float64(code.Size+2*quiet)
	at := func(n int) float64 { return float64(n+quiet) * module }
	c.draw(func(f *fpdf.Fpdf) {
		f.SetFillColor(ink.r, ink.g, ink.b)
		for row := range code.Size {
			for from := 0; from < code.Size; {
				to := from
				for to < code.Size && code.Black(to, row) {
					to++
				}
				if to > from {
					f.MoveTo(x+at(from), y+at(row))
					f.LineTo(x+at(to), y+at(row))
					f.LineTo(x+at(to), y+at(row+1))
					f.LineTo(x+at(from), y+at(row+1))
					f.ClosePath()
				}
				from = to + 1
			}
		}
		f.DrawPath("F")
	})
	return nil
}
