// Package export writes posted entries into files that leave the books: the FEC that French law wants (fichier des
// écritures comptables, art. A47 A-1 LPF) and CSV.
//
// Each format is a writer over the one stream of lines that the use case reads; none holds more than a buffer. The bytes
// that a format makes of given lines never change, because an export is made again years later and compared with the
// hash that was kept (docs/exports.md). Whoever needs another layout adds another format and leaves the old one alone.
package export

import (
	"io"
	"maps"
	"slices"

	"github.com/acquit-app/acquit/core/app"
)

// Formats are the formats of this package, by name. It implements app.Formats.
type Formats struct{}

var formats = map[string]app.Format{
	"fec":         fec{},
	"fec-8859-15": fec{latin9: true},
	"csv":         csvFormat{layout: plainCSV},
	"csv-fr":      csvFormat{layout: frenchCSV},
}

// Format returns a format by name.
func (Formats) Format(name string) (app.Format, bool) {
	f, ok := formats[name]
	return f, ok
}

// Names lists the formats.
func (Formats) Names() []string { return slices.Sorted(maps.Keys(formats)) }

// flushAt is how much is gathered before it is written: big enough that a write, and the hashing behind it, costs nothing
// for each line, small enough to stay in the processor's cache.
const flushAt = 64 << 10

// sink gathers bytes and writes them in large pieces. The first error stays.
type sink struct {
	w   io.Writer
	buf []byte
	err error
}

// spare is room behind flushAt for the longest line: texts are bounded in the core, a line is below 8 KiB.
const spare = 16 << 10

func newSink(w io.Writer) sink { return sink{w: w, buf: make([]byte, 0, flushAt+spare)} }

// flush writes what was gathered once it is enough, or in any case at the end.
func (s *sink) flush(atEnd bool) error {
	if s.err == nil && (atEnd || len(s.buf) >= flushAt) {
		_, s.err = s.w.Write(s.buf)
		s.buf = s.buf[:0]
	}
	return s.err
}
