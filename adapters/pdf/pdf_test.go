package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rsc.io/qr"

	"github.com/acquit-app/acquit/adapters/pdf"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
)

var _ app.Paper = (*pdf.Press)(nil)

var update = flag.Bool("update", false, "rewrite the golden files")

func save(t testing.TB, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// said lists every text of a sheet that a reader must find on paper.
func said(s app.Sheet) []string {
	out := []string{s.Title, s.Number, s.Customer.Name, s.Note, s.Company.Name}
	out = append(append(append(append(out, s.Company.Lines...), s.Customer.Lines...), s.DeliverTo...), s.Mentions...)
	for _, f := range append(append(append([]app.SheetField{}, s.Facts...), s.Deposits...), s.Bank...) {
		out = append(out, f.Label, f.Value)
	}
	for _, l := range s.Lines {
		out = append(append(out, strings.Split(l.Description, "\n")...), l.Quantity, l.UnitPrice, l.Discount, l.VAT, l.Amount)
	}
	for _, v := range s.VAT {
		out = append(out, v.Rate, v.Base, v.Amount, v.Note)
	}
	for _, v := range s.Totals {
		out = append(out, v.Label, v.Value)
	}
	if s.Pay != nil {
		out = append(out, s.Pay.Button, s.Pay.Help, s.Pay.URL)
	}
	return append(out, s.Footer)
}

func TestEveryTextIsOnPaperAsItCame(t *testing.T) {
	for name, s := range map[string]app.Sheet{"invoice": invoice(), "quote": quote()} {
		t.Run(name, func(t *testing.T) {
			file := draw(t, s)
			sound(t, file)
			var words strings.Builder // wrapped texts are found word by word, in order
			for _, w := range listed(t, file) {
				words.WriteString(w)
			}
			raw := squeeze(words.String())
			for _, want := range said(s) {
				for _, w := range strings.Fields(want) {
					if !strings.Contains(raw, squeeze(w)) {
						t.Errorf("%q of %q is not on paper", w, want)
					}
				}
			}
		})
	}
	// No-break spaces stay what they are, so that an amount copied from the document stays in one piece. The tools turn
	// them into spaces; the file has its text in UTF-16, which its fonts map to itself.
	plain := tool(t, nil, "qpdf", "--stream-data=uncompress", save(t, draw(t, invoice())), "-")
	var wide []byte
	for _, r := range eur("6 424,43") {
		wide = append(wide, byte(r>>8), byte(r))
	}
	if !bytes.Contains(plain, wide) {
		t.Error("the balance is not found with its no-break spaces")
	}
}

func listed(t testing.TB, file []byte) []string {
	var out []string
	for _, w := range words(t, file) {
		out = append(out, w.text)
	}
	return out
}

// squeeze drops every kind of space: the tool that reads the paper cuts words at no-break spaces too.
func squeeze(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, narrow, " ")), "")
}

func TestGolden(t *testing.T) {
	issued := quote()
	issued.Draft, issued.Number = false, "DE-2026-0007" // the letters of the watermark turn up anywhere
	for name, s := range map[string]app.Sheet{"invoice.fr": invoice(), "quote.en": issued} {
		got := text(t, draw(t, s))
		path := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if lines(got) != lines(string(want)) {
			t.Errorf("%s differs; run the test with -update and review the change.\ngot:\n%s", path, got)
		}
	}
}

// lines drops all spaces and empty lines: what a gap is worth in spaces differs from one version of pdftotext to another.
func lines(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if l = squeeze(strings.Trim(l, "\f")); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

func TestSameSheetSameBytes(t *testing.T) {
	s := invoice()
	s.Logo = mark(t, 900, 300)
	want := draw(t, s)
	var shared pdf.Press
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := shared.Draw(t.Context(), s)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("drawn at the same time: %d bytes, want %d (%v)", len(got), len(want), err)
			}
		})
	}
	wg.Wait()
	s.CreatedAt = "2026-11-24T00:00:00+01:00"
	if bytes.Equal(draw(t, s), want) {
		t.Error("the date of making does not show")
	}
	if !bytes.Contains(draw(t, s), []byte("D:20261123230000")) {
		t.Error("the date is not in universal time")
	}
}

func TestMetadata(t *testing.T) {
	s := invoice()
	s.Title = "Facture <été> & Cie"
	file := draw(t, s)
	info := string(tool(t, file, "pdfinfo", "-"))
	for _, want := range []string{"Title:           Facture <été> & Cie FA-2026-0042", "Author:          Atelier du Pré", "Subject:         Facture de menuiserie", "Producer:        Acquit"} {
		if !strings.Contains(info, want) {
			t.Errorf("pdfinfo lacks %q:\n%s", want, info)
		}
	}
	if meta := string(tool(t, file, "pdfinfo", "-meta", "-")); !strings.Contains(meta, "Facture &lt;été&gt; &amp; Cie FA-2026-0042") {
		t.Errorf("metadata: %s", meta)
	}
	if !bytes.Contains(file, []byte("/Lang (fr)")) {
		t.Error("the document's language is not set")
	}
	fonts := string(tool(t, file, "pdffonts", "-"))
	if n := strings.Count(fonts, "yes no  yes"); n != 3 {
		t.Errorf("%d fonts embedded with their characters, want 3:\n%s", n, fonts)
	}
}

func TestPayButtonAndCodeAreLinks(t *testing.T) {
	s := quote()
	file := draw(t, s)
	if n := strings.Count(string(tool(t, file, "pdfinfo", "-url", "-")), payURL); n != 3 {
		t.Errorf("%d links to the pay page, want button, address and code", n)
	}
	found := links(t, file)
	if len(found) != 3 {
		t.Fatalf("links: %+v", found)
	}
	button, code := found[0], found[2]
	if button.link != payURL || code.link != payURL {
		t.Errorf("links lead to %q and %q", button.link, code.link)
	}
	covered := 0
	for _, w := range words(t, file) {
		if w.inside(button) {
			covered++
		}
	}
	if covered != len(strings.Fields(s.Pay.Button)) {
		t.Errorf("the link covers %d words of %q", covered, s.Pay.Button)
	}
	scan(t, file, code, payURL)

	s.Pay = nil
	file = draw(t, s)
	if got := links(t, file); len(got) != 0 {
		t.Errorf("links without anything to pay: %+v", got)
	}
}

// scan compares the drawn code, module by module, with the code of want.
func scan(t *testing.T, file []byte, at box, want string) {
	t.Helper()
	const dots = 300
	raw := tool(t, nil, "pdftoppm", "-r", fmt.Sprint(dots), "-gray", "-singlefile", save(t, file))
	var w, h, depth, header int
	if _, err := fmt.Sscanf(string(raw[:40]), "P5\n%d %d\n%d\n", &w, &h, &depth); err != nil {
		t.Fatal(err)
	}
	header = len(raw) - w*h
	code, err := qr.Encode(want, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	const quiet = 4
	modules := code.Size + 2*quiet
	pixel := func(points float64) int { return int(points * dots / 72) }
	module := (at.x2 - at.x1) / float64(modules)
	for y := range modules {
		for x := range modules {
			px, py := pixel(at.x1+(float64(x)+0.5)*module), pixel(at.y1+(float64(y)+0.5)*module)
			dark := raw[header+py*w+px] < 128
			if dark != code.Black(x-quiet, y-quiet) {
				t.Fatalf("module %d,%d is drawn dark=%v", x-quiet, y-quiet, dark)
			}
		}
	}
}

func TestAddressIsInTheWindow(t *testing.T) {
	const mm = 72 / 25.4
	file := draw(t, invoice())
	// What a window shows of a sheet that slid to either side, and what it shows in every position.
	reach := box{page: 1, x1: 90 * mm, x2: 200 * mm, y1: 44 * mm, y2: 90 * mm}
	always := box{page: 1, x1: 100 * mm, x2: 190 * mm, y1: 55 * mm, y2: 79 * mm}
	address := strings.Join(append([]string{invoice().Customer.Name}, invoice().Customer.Lines...), " ")
	seen := 0
	for _, w := range words(t, file) {
		touches := w.page == 1 && w.x2 > reach.x1 && w.x1 < reach.x2 && w.y2 > reach.y1 && w.y1 < reach.y2
		if touches && !strings.Contains(address, w.text) {
			t.Errorf("%q may show in the window", w.text)
		}
		if w.inside(always) {
			seen++
		}
	}
	if want := len(strings.Fields(strings.Join(append([]string{invoice().Customer.Name}, invoice().Customer.Lines[:3]...), " "))); seen < want {
		t.Errorf("%d words of the address always show, want %d", seen, want)
	}
}

func TestAmountsEndOnOneLine(t *testing.T) {
	s := long(20)
	for i := range s.Lines {
		s.Lines[i].Amount = eur([]string{"1,11", "888,88", "11 111,11", "−40,74"}[i%4])
	}
	var ends []float64
	for _, w := range words(t, draw(t, s)) {
		if strings.HasSuffix(w.text, "€") && w.page == 1 && w.x2 > 530 && w.y1 > 280 {
			ends = append(ends, w.x2)
		}
	}
	if len(ends) < 10 {
		t.Fatalf("only %d amounts found", len(ends))
	}
	for _, e := range ends {
		if math.Abs(e-ends[0]) > 0.05 {
			t.Errorf("amounts end at %v", ends)
			break
		}
	}
}

func TestColumnsWithNothingInThemAreLeftOut(t *testing.T) {
	s := invoice()
	all := text(t, draw(t, s))
	for i := range s.Lines {
		s.Lines[i].Discount, s.Lines[i].VAT, s.Lines[i].Quantity, s.Lines[i].UnitPrice = "", "", "", ""
	}
	s.VAT = nil
	few := text(t, draw(t, s))
	for _, head := range []string{"Remise", "Quantité", "Prix unitaire HT", "Base HT"} {
		if !strings.Contains(all, head) || strings.Contains(few, head) {
			t.Errorf("%q: with values %v, without %v", head, strings.Contains(all, head), strings.Contains(few, head))
		}
	}
	if !strings.Contains(few, "Montant HT") {
		t.Error("the amounts lost their column")
	}
}

func TestFiveHundredLines(t *testing.T) {
	file := draw(t, long(500))
	sound(t, file)
	got := text(t, file)
	for i := range 500 {
		if n := strings.Count(got, fmt.Sprintf("Article %04d", i+1)); n != 1 {
			t.Fatalf("line %d stands %d times", i+1, n)
		}
	}
	n := pages(t, file)
	if n < 15 || n > 30 {
		t.Errorf("%d pages", n)
	}
	for i, page := range strings.Split(strings.TrimRight(got, "\f"), "\f") {
		if !strings.Contains(page, fmt.Sprintf("Page %d/%d", i+1, n)) {
			t.Errorf("page %d does not say so", i+1)
		}
		if !strings.Contains(page, "FA-2026-0042") {
			t.Errorf("page %d does not name the document", i+1)
		}
		if strings.Contains(page, "Article ") && strings.Count(page, "Désignation") != 1 {
			t.Errorf("page %d has no head of columns", i+1)
		}
	}
}

func TestLongDescriptionsRunOverPages(t *testing.T) {
	var b strings.Builder
	for i := range 600 {
		fmt.Fprintf(&b, "m%03d ", i)
	}
	s := invoice()
	s.Lines[1].Description = "Notice\n" + b.String() // 3,000 characters
	s.Note = b.String()
	s.Mentions = append(s.Mentions, b.String())
	file := draw(t, s)
	sound(t, file)
	got := text(t, file)
	for i := range 600 {
		if n := strings.Count(got, fmt.Sprintf("m%03d", i)); n != 3 {
			t.Fatalf("word %d stands %d times, want 3", i, n)
		}
	}
}

func TestAnyTextGivesADocument(t *testing.T) {
	torture := map[string]string{
		"Arabic": "مرحبا بالعالم", "Hebrew": "שלום", "Chinese": "发票 編號", "emoji": "👩‍👩‍👧‍👦 ✌🏽 🇫🇷", "control": "a\x00b\x07c\x1b[0m\td\re",
		"not UTF-8": "caf\xe9 \xff\xfe", "apart": "e\u0301te\u0301 a\u0308", "ligature": "ﬁnance №5 ＡＢＣ", "invisible": "a\u200bb\u200dc\ufeffd\u00ade\u2060f",
		"astral": "\U0001F9FE\U00010000\U0010FFFF", "PDF": `) Tj (x) \ ( %%EOF endobj`, "long word": strings.Repeat("W", 400), "spaces": strings.Repeat(" ", 500),
		"lines": strings.Repeat("\n", 50), "nothing": "", "Greek and Cyrillic": "Ελλάδα Россия",
	}
	for name, v := range torture {
		t.Run(name, func(t *testing.T) {
			s := invoice()
			s.Title, s.Number, s.Company.Name, s.Customer.Name, s.Note, s.Footer, s.Subject = v, v, v, v, v, v, v
			s.Company.Lines, s.Customer.Lines, s.DeliverTo, s.Mentions = []string{v}, []string{v, v}, []string{v}, []string{v}
			s.Facts, s.Deposits, s.Bank = []app.SheetField{{Label: v, Value: v}}, []app.SheetField{{Label: v, Value: v}}, []app.SheetField{{Label: v, Value: v}}
			s.Lines = []app.SheetLine{{Description: v, Quantity: v, UnitPrice: v, Discount: v, VAT: v, Amount: v}, {Description: v + "\n" + v}}
			s.VAT = []app.SheetVAT{{Rate: v, Base: v, Amount: v, Note: v}}
			s.Totals = []app.SheetTotal{{Label: v, Value: v}, {Label: v, Value: v}}
			s.Pay.Button, s.Pay.Help = v, v
			file := draw(t, s)
			if out := string(tool(t, nil, "qpdf", "--check", save(t, file))); strings.Contains(out, "WARNING") {
				t.Errorf("qpdf: %s", out)
			}
			if name != "long word" {
				sound(t, file)
			}
		})
	}
	s := invoice()
	s.Note = torture["apart"] + "|" + torture["ligature"] + "|" + torture["invisible"] + "|" + torture["Greek and Cyrillic"] + "|" + torture["Arabic"]
	if got := text(t, draw(t, s)); !strings.Contains(got, "été ä|finance №5 ABC|abcdef|Ελλάδα Россия|????? ???????") {
		t.Errorf("got:\n%s", got)
	}
}

func TestManyTotalsGoOverPages(t *testing.T) {
	s := invoice()
	s.Totals, s.VAT = nil, nil
	for i := range 90 {
		s.Totals = append(s.Totals, app.SheetTotal{Label: fmt.Sprintf("Acompte %03d", i), Value: eur("1,00")})
		s.VAT = append(s.VAT, app.SheetVAT{Rate: fmt.Sprintf("%d %%", i), Base: eur("1,00"), Amount: eur("1,00"), Note: "exonération"})
	}
	file := draw(t, s)
	sound(t, file)
	got := text(t, file)
	for i := range 90 {
		if strings.Count(got, fmt.Sprintf("Acompte %03d", i)) != 1 {
			t.Fatalf("total %d is lost", i)
		}
	}
}

func TestHugeFigures(t *testing.T) {
	s := invoice()
	for i := range s.Lines {
		v := eur("90 000 000 000 000,123456")
		s.Lines[i].Quantity, s.Lines[i].UnitPrice, s.Lines[i].Discount, s.Lines[i].Amount = v, v, v, v
	}
	s.Totals[4].Value = eur("90 000 000 000 000,12")
	sound(t, draw(t, s))
}

func TestDraftSaysSoOnEveryPage(t *testing.T) {
	s := long(80)
	s.Draft, s.Number = true, ""
	file := draw(t, s)
	for i, page := range strings.Split(strings.TrimRight(string(tool(t, file, "pdftotext", "-raw", "-", "-")), "\f"), "\f") {
		if strings.Count(page, "BROUILLON") < 1 {
			t.Errorf("page %d does not say that it is a draft", i+1)
		}
	}
	if pages(t, file) < 3 {
		t.Fatal("the test needs more than two pages")
	}
	if strings.Contains(text(t, draw(t, invoice())), "BROUILLON") {
		t.Error("an issued document says that it is a draft")
	}
}

func TestLogos(t *testing.T) {
	gray := image.NewGray16(image.Rect(0, 0, 300, 100))
	palette := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.Transparent, color.Black, color.White})
	photo := image.NewRGBA(image.Rect(0, 0, 1600, 1200))
	for i := range photo.Pix {
		photo.Pix[i] = byte(i * i / 7)
	}
	for name, data := range map[string][]byte{
		"with transparency": mark(t, 900, 300), "gray, 16 bits": asPNG(t, gray), "palette": asPNG(t, palette), "one pixel": asPNG(t, image.NewGray(image.Rect(0, 0, 1, 1))),
		"thin": asPNG(t, image.NewGray(image.Rect(0, 0, 4000, 1))), "photograph": asJPEG(t, photo), "huge": asPNG(t, image.NewGray(image.Rect(0, 0, 5000, 4000))),
		"four inks": fourInks(t, 64, 48),
	} {
		t.Run(name, func(t *testing.T) {
			if err := pdf.CheckLogo(data); err != nil {
				t.Fatalf("CheckLogo: %v", err)
			}
			s := invoice()
			s.Logo = data
			file := draw(t, s)
			sound(t, file)
			if list := string(tool(t, file, "pdfimages", "-list", "-")); strings.Count(list, " image ")+strings.Count(list, " jpeg ") < 1 || strings.Count(list, "\n") != 3 || strings.Contains(list, "smask") || strings.Contains(list, "cmyk") {
				t.Errorf("images:\n%s", list)
			}
			if len(file) > 400_000 {
				t.Errorf("%d bytes", len(file))
			}
		})
	}
	var animated bytes.Buffer
	if err := gif.Encode(&animated, palette, nil); err != nil {
		t.Fatal(err)
	}
	whole := mark(t, 300, 100)
	for name, data := range map[string][]byte{
		"cut": whole[:len(whole)/2], "words": []byte("not an image"), "SVG": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), "GIF": animated.Bytes(),
		"too many bytes": append(bytes.Clone(whole), make([]byte, pdf.MaxLogoBytes)...), "too many pixels": bomb(),
		"JPEG cut": asJPEG(t, photo)[:3000],
	} {
		t.Run(name, func(t *testing.T) {
			s := invoice()
			s.Logo = data
			var p pdf.Press
			_, err := p.Draw(t.Context(), s)
			for _, err := range []error{err, pdf.CheckLogo(data)} {
				if all := fault.All(err); len(all) != 1 || all[0].Code != fault.BadImage || all[0].Field != "logo" {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

func asPNG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is the head of a PNG that claims 60000 × 60000 pixels.
func bomb() []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x08\x06\x00\x00\x00")
	return append(b, 0x4d, 0x9d, 0x0b, 0x3e)
}

// fourInks makes a CMYK JPEG, as print shops deliver logos: the scans of four gray images in one file, with Adobe's marker.
func fourInks(t *testing.T, w, h int) []byte {
	t.Helper()
	out := []byte("\xff\xd8\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")
	var scans []byte
	for ink := range 4 {
		gray := image.NewGray(image.Rect(0, 0, w, h))
		for i := range gray.Pix {
			gray.Pix[i] = byte(60*ink + i%w)
		}
		file := asJPEG(t, gray)
		for at := 2; ; {
			marker, size := file[at+1], int(file[at+2])<<8|int(file[at+3])
			segment := bytes.Clone(file[at : at+2+size])
			at += 2 + size
			switch {
			case marker == 0xda: // the scan, up to the end of the image
				segment[5] = byte(ink + 1)
				scans = append(append(scans, segment...), file[at:len(file)-2]...)
			case ink > 0:
			case marker == 0xc0: // the frame: four components instead of one
				segment[3], segment[9] = byte(8+3*4), 4
				segment = segment[:10]
				for c := range 4 {
					segment = append(segment, byte(c+1), 0x11, 0)
				}
				out = append(out, segment...)
			default:
				out = append(out, segment...)
			}
			if marker == 0xda {
				break
			}
		}
	}
	return append(append(out, scans...), 0xff, 0xd9)
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		field string
		code  fault.Code
		spoil func(*app.Sheet)
	}{
		{"lang", fault.BadChoice, func(s *app.Sheet) { s.Lang = "de" }},
		{"created_at", fault.BadDate, func(s *app.Sheet) { s.CreatedAt = "yesterday" }},
		{"pay_url", fault.BadURL, func(s *app.Sheet) { s.Pay.URL = "https://x.example/" + strings.Repeat("a", 5000) }},
	} {
		s := invoice()
		c.spoil(&s)
		var p pdf.Press
		_, err := p.Draw(t.Context(), s)
		if all := fault.All(err); len(all) != 1 || all[0].Code != c.code || all[0].Field != c.field {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var p pdf.Press
	if _, err := p.Draw(gone, invoice()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestSheetIsLeftAlone(t *testing.T) {
	s := invoice()
	s.Lines[0].Description, s.Pay.Button, s.Mentions[0] = "a\u200bb", "x\ty", "c\u200bd"
	draw(t, s)
	if s.Lines[0].Description != "a\u200bb" || s.Pay.Button != "x\ty" || s.Mentions[0] != "c\u200bd" {
		t.Error("drawing changed the sheet it was given")
	}
}

func BenchmarkDraw(b *testing.B) {
	var p pdf.Press
	s := invoice()
	s.Logo = mark(b, 900, 300)
	for b.Loop() {
		if _, err := p.Draw(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}
