package pdf

import (
	"bytes"
	"crypto/sha256"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"io"
	"sync"

	"github.com/acquit-app/acquit/core/fault"
)

const (
	// MaxLogoBytes and maxLogoPixels bound what is decoded. A photograph from a telephone passes; an image made to fill
	// the memory (small file, huge canvas) does not.
	MaxLogoBytes  = 4 << 20
	maxLogoPixels = 24_000_000

	// A logo is printed at most this large, in millimetres, and kept at 300 dots per inch: more does not show.
	logoWidth, logoHeight = 62.0, 20.0
	logoDots              = 300 / 25.4
)

// logo is an image ready for any document: small, opaque, and encoded by us.
type logo struct {
	kind          string // "png" or "jpg"
	data          []byte
	width, height float64 // millimetres
}

func (l *logo) reader() io.Reader { return bytes.NewReader(l.data) }

// CheckLogo says whether an image can be printed on documents: PNG or JPEG, complete, of reasonable size. Code: bad_image.
func CheckLogo(data []byte) error {
	_, err := makeLogo(data)
	return err
}

// makeLogo decodes an image, lays it on white (the paper) and shrinks it to its printed size. Encoding it anew takes
// care of what PDF libraries stumble over: interlaced and 16-bit PNG, CMYK and progressive JPEG, damaged files.
func makeLogo(data []byte) (*logo, error) {
	bad := fault.New(fault.Invalid, fault.BadImage, "max", "4 MB").On("logo")
	if len(data) > MaxLogoBytes {
		return nil, bad
	}
	// The two formats are named here: what image.Decode accepts depends on what else is linked into the program.
	measure, decode, kind := png.DecodeConfig, png.Decode, "png"
	if bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		measure, decode, kind = jpeg.DecodeConfig, jpeg.Decode, "jpg"
	}
	size, err := measure(bytes.NewReader(data))
	if err != nil || size.Width < 1 || size.Height < 1 || size.Width > maxLogoPixels/size.Height {
		return nil, bad
	}
	img, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, bad
	}
	w, h := float64(size.Width), float64(size.Height)
	scale := min(logoWidth/w, logoHeight/h) // millimetres per pixel
	out := &logo{kind: kind, width: w * scale, height: h * scale}
	shrunk := shrink(img, max(1, int(out.width*logoDots)), max(1, int(out.height*logoDots)))
	var b bytes.Buffer
	if kind == "jpg" {
		err = jpeg.Encode(&b, shrunk, &jpeg.Options{Quality: 92})
	} else {
		err = png.Encode(&b, shrunk)
	}
	if err != nil {
		return nil, bad
	}
	out.data = b.Bytes()
	return out, nil
}

// shrink lays img on white and averages its pixels into at most w × h; a smaller image keeps its size.
func shrink(img image.Image, w, h int) *image.RGBA {
	from := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(from, from.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(from, from.Bounds(), img, img.Bounds().Min, draw.Over)
	fw, fh := from.Bounds().Dx(), from.Bounds().Dy()
	w, h = min(w, fw), min(h, fh)
	if w == fw && h == fh {
		return from
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y1, y2 := y*fh/h, max((y+1)*fh/h, y*fh/h+1)
		for x := range w {
			x1, x2 := x*fw/w, max((x+1)*fw/w, x*fw/w+1)
			var r, g, b, n int
			for yy := y1; yy < y2; yy++ {
				for i := from.PixOffset(x1, yy); i < from.PixOffset(x2, yy); i += 4 {
					r, g, b, n = r+int(from.Pix[i]), g+int(from.Pix[i+1]), b+int(from.Pix[i+2]), n+1
				}
			}
			to.SetRGBA(x, y, color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255})
		}
	}
	return to
}

// logos remembers the latest logos: shrinking a large one takes longer than drawing the document.
type logos struct {
	mu   sync.Mutex
	made map[[sha256.Size]byte]*logo
}

// keptLogos bounds the memory: some ten kilobytes each.
const keptLogos = 200

func (l *logos) get(data []byte) (*logo, error) {
	key := sha256.Sum256(data)
	l.mu.Lock()
	found := l.made[key]
	l.mu.Unlock()
	if found != nil {
		return found, nil
	}
	made, err := makeLogo(data)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made == nil || len(l.made) >= keptLogos {
		l.made = map[[sha256.Size]byte]*logo{}
	}
	l.made[key] = made
	return made, nil
}
