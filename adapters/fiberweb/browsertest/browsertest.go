// Package browsertest drives a real headless Chromium in tests, the way a person would: it opens pages, presses what
// has a label, fills what has a label, reads what can be seen.
//
//	p := browsertest.New(t)
//	p.Open(url)
//	p.FillLabel("E-mail", "jean@example.fr")
//	p.Leave(func() { p.Press("Enregistrer") })
//	p.WaitText("main", "Client enregistré")
//	p.Accessible()
//	p.Screenshot("customer", 1280)
//
// One Chromium serves a test binary; each Page is a fresh profile in it, with its own cookies and storage, so tests may
// run in parallel. It reaches nothing but loopback. Nothing sleeps: what a page needs time for is looked at again until
// it is there, and what does not come in time fails the test with what the page showed instead.
//
// A page must be clean as well as right: script errors, console errors, violations of the content security policy,
// missing styles, scripts, fonts and pictures, and unexpected dialogs fail the test when it ends (see Tolerate).
//
// Where Chromium is missing the test fails and names the command that installs it. It never skips.
package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// patience bounds each step. Pages answer in milliseconds; the rest is for machines that are busy with other tests.
const patience = 30 * time.Second

// width and height of the window in CSS pixels: a small laptop.
const (
	width  = 1280
	height = 900
)

// Page is one tab with a profile of its own. Its methods fail the test rather than return errors, so they are for the
// test's own goroutine.
type Page struct {
	tb       testing.TB
	patience time.Duration
	ctx      context.Context
	problems problems
}

// Option changes how a page is opened.
type Option func(*options)

type options struct{ lang string }

// Lang sets the language that the browser asks for, e.g. "en-GB". The default is "fr-FR".
func Lang(tag string) Option { return func(o *options) { o.lang = tag } }

// New opens an empty page, closed when the test ends.
func New(tb testing.TB, opts ...Option) *Page {
	tb.Helper()
	o := options{lang: "fr-FR"}
	for _, set := range opts {
		set(&o)
	}
	browser, err := chromium()
	if err != nil {
		tb.Fatalf("browsertest: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	p := &Page{tb: tb, patience: patience, ctx: ctx}
	tb.Cleanup(func() {
		p.end()
		cancel()
	})
	if err := chromedp.Listen(ctx, p.event); err != nil {
		tb.Fatalf("browsertest: %v", err)
	}
	p.do("opening a page", chromedp.Steps(
		chromedp.EmulateViewport(width, height),
		chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			// The header decides what servers answer, the locale how the browser shows its own controls.
			accept := network.Headers{"Accept-Language": o.lang}
			if _, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: accept}); err != nil {
				return err
			}
			locale := strings.ReplaceAll(o.lang, "-", "_")
			_, err := chromedp.Call(ctx, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: locale})
			return err
		}),
	))
	return p
}

// end reports what was wrong with the pages seen, and keeps a picture of the last one when the test failed.
func (p *Page) end() {
	// An answer from the page comes after all events that went before it.
	if _, err := run(p, chromedp.Evaluate[int]("1")); err != nil && !p.tb.Failed() {
		p.tb.Errorf("browsertest: the page is gone: %v", err)
	}
	for _, problem := range p.problems.list() {
		p.tb.Errorf("browsertest: %s", problem)
	}
	if p.tb.Failed() {
		if _, err := p.save("failed", width); err != nil {
			p.tb.Logf("browsertest: no picture of the failure: %v", err)
		}
	}
}

// run runs an action with the patience of one step.
func run[T any](p *Page, a chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	return chromedp.Run(ctx, a)
}

// do runs an action that must succeed.
func (p *Page) do(what string, a chromedp.Action[chromedp.Void]) {
	p.tb.Helper()
	if _, err := run(p, a); err != nil {
		p.fail("%s: %v", what, err)
	}
}

// nothing drops an action's value.
func nothing[T any](a chromedp.Action[T]) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := a(ctx, t)
		return chromedp.Void{}, err
	}
}

// until looks again and again until a JavaScript expression gives a value that ok accepts. Errors are looked at again
// too: between two documents there is nothing to ask.
func until[T any](p *Page, what, expression string, ok func(T) bool) T {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	last := "nothing"
	for {
		v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
		switch {
		case err == nil && ok(v):
			return v
		case err == nil:
			last = fmt.Sprint(v)
		case ctx.Err() == nil:
			last = err.Error()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			p.fail("waited in vain for %s, got %s", what, last)
		}
	}
}

// fail ends the test and tells where the browser was and what could be read there.
func (p *Page) fail(format string, args ...any) {
	p.tb.Helper()
	const look = `document.location.href + "\n" + (document.body ? document.body.innerText : "")`
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](look))
	if err != nil {
		seen = err.Error()
	}
	if len(seen) > 3000 {
		seen = seen[:3000] + "…"
	}
	p.tb.Fatalf("browsertest: %s\n--- the page:\n%s", fmt.Sprintf(format, args...), seen)
}
