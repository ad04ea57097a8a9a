package browsertest

import (
	"context"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Resize makes the window this wide, in CSS pixels.
func (p *Page) Resize(pixels int) {
	p.tb.Helper()
	p.do("resizing", chromedp.EmulateViewport(int64(pixels), height))
}

// Dark makes the browser prefer a dark theme, or a light one again.
func (p *Page) Dark(on bool) {
	p.tb.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	p.do("choosing the theme", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	})
}

// Print shows pages as they are printed.
func (p *Page) Print(on bool) {
	p.tb.Helper()
	media := ""
	if on {
		media = "print"
	}
	p.do("choosing the medium", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media})
		return chromedp.Void{}, err
	})
}

// Scripts lets pages run their scripts, or not, from the next page on.
func (p *Page) Scripts(on bool) {
	p.tb.Helper()
	p.do("switching scripts", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
		return chromedp.Void{}, err
	})
}
