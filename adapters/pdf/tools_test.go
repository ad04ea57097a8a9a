package pdf_test

import (
	"bytes"
	"encoding/xml"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/adapters/pdf"
	"github.com/acquit-app/acquit/core/app"
)

func draw(t testing.TB, s app.Sheet) []byte {
	t.Helper()
	var p pdf.Press
	out, err := p.Draw(t.Context(), s)
	if err != nil {
		t.Fatalf("Draw: %v", err)
	}
	return out
}

// tool runs one of the programs that read PDF files, and fails the test when it is not installed: a test that does not
// look at the paper proves nothing.
func tool(t testing.TB, in []byte, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is needed: install the packages poppler-utils and qpdf", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = bytes.NewReader(in)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, stderr.String(), stdout.String())
	}
	return stdout.Bytes()
}

func text(t testing.TB, file []byte) string {
	t.Helper()
	return string(tool(t, file, "pdftotext", "-enc", "UTF-8", "-layout", "-", "-"))
}

func pages(t testing.TB, file []byte) int {
	t.Helper()
	m := regexp.MustCompile(`(?m)^Pages:\s+(\d+)`).FindSubmatch(tool(t, file, "pdfinfo", "-"))
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// box is a rectangle on a page, in points from the upper left corner.
type box struct {
	page       int
	x1, y1     float64
	x2, y2     float64
	text, link string
}

func (b box) inside(o box) bool {
	return b.page == o.page && b.x1 >= o.x1 && b.x2 <= o.x2 && b.y1 >= o.y1 && b.y2 <= o.y2
}

// words returns where each word stands.
func words(t testing.TB, file []byte) []box {
	t.Helper()
	type word struct {
		XMin float64 `xml:"xMin,attr"`
		YMin float64 `xml:"yMin,attr"`
		XMax float64 `xml:"xMax,attr"`
		YMax float64 `xml:"yMax,attr"`
		Text string  `xml:",chardata"`
	}
	var doc struct {
		Pages []struct {
			Words []word `xml:"word"`
		} `xml:"body>doc>page"`
	}
	d := xml.NewDecoder(bytes.NewReader(tool(t, file, "pdftotext", "-enc", "UTF-8", "-bbox", "-", "-")))
	d.Entity = xml.HTMLEntity
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	var out []box
	for i, p := range doc.Pages {
		for _, w := range p.Words {
			out = append(out, box{page: i + 1, x1: w.XMin, y1: w.YMin, x2: w.XMax, y2: w.YMax, text: w.Text})
		}
	}
	if len(out) == 0 {
		t.Fatal("no words found")
	}
	return out
}

var (
	annotation = regexp.MustCompile(`(?s)/Rect \[\s*([\d.]+)\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)\s*\]`)
	target     = regexp.MustCompile(`/URI \(([^)]*)\)`)
)

// links returns where the links of a one-page file stand.
func links(t testing.TB, file []byte) []box {
	t.Helper()
	plain := string(tool(t, nil, "qpdf", "--qdf", "--object-streams=disable", save(t, file), "-"))
	targets := target.FindAllStringSubmatch(plain, -1)
	var out []box
	for i, m := range annotation.FindAllStringSubmatch(plain, -1) {
		var v [4]float64
		for k := range v {
			v[k], _ = strconv.ParseFloat(m[k+1], 64)
		}
		const height = 841.89
		out = append(out, box{
			page: 1, x1: min(v[0], v[2]), x2: max(v[0], v[2]), y1: height - max(v[1], v[3]), y2: height - min(v[1], v[3]), link: targets[i][1],
		})
	}
	return out
}

// sound asserts what holds for every document: the file is well-formed and all its words stand on the paper.
func sound(t testing.TB, file []byte) {
	t.Helper()
	if out := string(tool(t, nil, "qpdf", "--check", save(t, file))); !strings.Contains(out, "No syntax or stream encoding errors") || strings.Contains(out, "WARNING") {
		t.Errorf("qpdf: %s", out)
	}
	for _, w := range words(t, file) {
		if w.x1 < 36 || w.x2 > 595.3-36 || w.y1 < 28 || w.y2 > 841.9-20 {
			t.Errorf("%q stands off the page: %+v", w.text, w)
		}
	}
}
