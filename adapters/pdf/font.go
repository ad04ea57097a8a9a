package pdf

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
	"sync"
)

// The typeface is Inter 4.001 (SIL Open Font License 1.1, see inter/OFL.txt), in three weights.
var (
	//go:embed inter/Inter-Regular.ttf
	interRegular []byte
	//go:embed inter/Inter-Medium.ttf
	interMedium []byte
	//go:embed inter/Inter-SemiBold.ttf
	interSemiBold []byte
)

// weight picks one of the faces.
type weight int

const (
	regular weight = iota
	medium
	semibold
)

// family is the name under which a face is known to the PDF library.
func (w weight) family() string { return [...]string{"inter", "intermedium", "intersemibold"}[w] }

// tabularZero is the glyph of the digit 0 as wide as every other digit (the font's "tnum" feature); 1 to 9 follow it.
// The PDF library does not know font features, so the faces are changed to give these digits always: amounts under one
// another then line up.
const tabularZero = 1357

// face is a font ready for use: its file, and how wide its characters are.
type face struct {
	file     []byte
	advances []uint16 // by character (Basic Multilingual Plane), in thousandths of the type size; 0: not in the font
}

// faces are loaded once; that they load is a property of the embedded files.
var faces = sync.OnceValue(func() [3]*face {
	var out [3]*face
	for i, file := range [][]byte{interRegular, interMedium, interSemiBold} {
		f, err := loadFace(bytes.Clone(file))
		if err != nil {
			panic(fmt.Sprintf("embedded font %d: %v", i, err))
		}
		out[i] = f
	}
	return out
})

// loadFace reads the character map and the widths of a TrueType file, and makes its digits tabular in place.
func loadFace(file []byte) (*face, error) {
	tables := map[string][]byte{}
	for i := range int(u16(file, 4)) {
		entry := file[12+16*i:]
		at, size := u32(entry, 8), u32(entry, 12)
		tables[string(entry[:4])] = file[at : at+size]
	}
	cmap, err := unicodeMap(tables["cmap"])
	if err != nil {
		return nil, err
	}
	unitsPerEm := int(u16(tables["head"], 18))
	measured := int(u16(tables["hhea"], 34))
	f := &face{file: file, advances: make([]uint16, 1<<16)}
	segments := int(u16(cmap, 6)) / 2
	for s := range segments {
		end, start := int(u16(cmap, 14+2*s)), int(u16(cmap, 16+2*segments+2*s))
		delta, offsetAt := u16(cmap, 16+4*segments+2*s), 16+6*segments+2*s
		offset := int(u16(cmap, offsetAt))
		for char := start; char <= end && char != 0xFFFF; char++ {
			glyph := uint16(char) + delta
			if offset != 0 {
				slot := offsetAt + offset + 2*(char-start)
				if char >= '0' && char <= '9' {
					binary.BigEndian.PutUint16(cmap[slot:], tabularZero+uint16(char-'0')-delta)
				}
				if glyph = u16(cmap, slot); glyph != 0 {
					glyph += delta
				}
			}
			if glyph != 0 {
				advance := int(u16(tables["hmtx"], 4*min(int(glyph), measured-1)))
				f.advances[char] = uint16((advance*1000 + unitsPerEm/2) / unitsPerEm)
			}
		}
	}
	for d := '0'; d <= '9'; d++ {
		if f.advances[d] == 0 || f.advances[d] != f.advances['0'] {
			return nil, fmt.Errorf("digit %c is not as wide as the others", d)
		}
	}
	return f, nil
}

// unicodeMap finds the character map in format 4, the one that PDF libraries read.
func unicodeMap(cmap []byte) ([]byte, error) {
	for i := range int(u16(cmap, 2)) {
		entry := cmap[4+8*i:]
		if platform, table := u16(entry, 0), cmap[u32(entry, 4):]; (platform == 0 || platform == 3) && u16(table, 0) == 4 {
			return table, nil
		}
	}
	return nil, fmt.Errorf("no Unicode character map")
}

func u16(b []byte, at int) uint16 { return binary.BigEndian.Uint16(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.BigEndian.Uint32(b[at:]) }

// has says whether the font draws r. Zero-width characters count as missing: they would draw nothing.
func (f *face) has(r rune) bool { return r > 0 && r < 1<<16 && f.advances[r] != 0 }
