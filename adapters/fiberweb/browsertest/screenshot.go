package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// Screenshot keeps a picture of the whole page at a width in CSS pixels, as $ACQUIT_SHOTS/<test>/<name>-<width>.png, and
// returns it (PNG). Without ACQUIT_SHOTS nothing is kept.
func (p *Page) Screenshot(name string, width int) []byte {
	p.tb.Helper()
	picture, err := p.save(name, width)
	if err != nil {
		p.fail("picture %s: %v", name, err)
	}
	return picture
}

// save takes the picture and keeps it where pictures are kept.
func (p *Page) save(name string, pixels int) ([]byte, error) {
	picture, err := run(p, func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		if _, err := chromedp.EmulateViewport(int64(pixels), height)(ctx, t); err != nil {
			return nil, err
		}
		picture, err := chromedp.FullScreenshot(100)(ctx, t)
		if err != nil {
			return nil, err
		}
		_, err = chromedp.EmulateViewport(width, height)(ctx, t)
		return picture, err
	})
	if err != nil {
		return nil, err
	}
	return picture, keep(os.Getenv("ACQUIT_SHOTS"), p.tb.Name(), fmt.Sprintf("%s-%d.png", name, pixels), picture)
}

// fileName makes a test's or a picture's name fit for a file.
var fileName = strings.NewReplacer("/", "-", " ", "-", "..", "-")

func keep(dir, test, name string, picture []byte) error {
	if dir == "" {
		return nil
	}
	dir = filepath.Join(dir, fileName.Replace(test))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fileName.Replace(name)), picture, 0o600)
}
