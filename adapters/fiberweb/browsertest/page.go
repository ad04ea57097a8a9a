package browsertest

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open goes to an address, waits until the page is loaded, and returns the HTTP status of its document.
func (p *Page) Open(url string) int {
	p.tb.Helper()
	response, err := run(p, chromedp.NavigateResponse(url))
	if err != nil {
		p.fail("opening %s: %v", url, err)
	}
	if response == nil {
		return 0 // a place within the same document
	}
	return int(response.Status)
}

// Leave runs do, which must make the browser go on to another document (by a link, by a form), and waits until that one
// is loaded.
func (p *Page) Leave(do func()) {
	p.tb.Helper()
	const mark = "window.leftByTest"
	Eval[bool](p, mark+" = true")
	do()
	until(p, "another page", mark+` === undefined && document.readyState === "complete"`, isTrue)
}

// URL is the address of the present document.
func (p *Page) URL() string {
	p.tb.Helper()
	return Eval[string](p, "document.location.href")
}

// Eval returns the value of a JavaScript expression in the page; a promise is waited for.
func Eval[T any](p *Page, expression string) T {
	p.tb.Helper()
	v, err := run(p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("%s: %v", expression, err)
	}
	return v
}

// Click clicks the first element that matches a CSS selector, with the mouse, as soon as it can be seen and is enabled.
func (p *Page) Click(selector string) {
	p.tb.Helper()
	p.click(at(selector))
}

// Press clicks the one button or link with this label, whole and as it is seen. within may name a part of the page, by
// CSS selector, where labels repeat.
func (p *Page) Press(label string, within ...string) {
	p.tb.Helper()
	p.click(named(label, within))
}

func (p *Page) click(where place) {
	p.tb.Helper()
	p.usable(where)
	p.do("clicking "+where.name, chromedp.Click(chromedp.JSPath(where.list)))
}

// Key presses a key: a character, or a constant of chromedp's package kb such as kb.Enter.
func (p *Page) Key(key string) {
	p.tb.Helper()
	p.do(fmt.Sprintf("pressing the key %q", key), chromedp.KeyEvent(key))
}

// Fill puts a value into the first control that matches a CSS selector, in place of what it held: typed into texts,
// chosen in a list (by value or by what is read), set in dates (as 2026-11-23).
func (p *Page) Fill(selector, value string) {
	p.tb.Helper()
	p.fill(at(selector), value)
}

// FillLabel is Fill for the one control with this label.
func (p *Page) FillLabel(label, value string, within ...string) {
	p.tb.Helper()
	p.fill(labelled(label, within), value)
}

func (p *Page) fill(where place, value string) {
	p.tb.Helper()
	p.usable(where)
	element := where.list + "[0]"
	switch kind := Eval[string](p, element+".type"); kind {
	case "select-one", "date", "month", "week", "time", "datetime-local", "color", "range":
		// These are set with pickers that differ from one browser to the next; a page hears of it by the same events.
		const set = `((e, v) => {
	const option = [...(e.options || [])].find(o => o.value === v || o.text.replace(/\s+/g, " ").trim() === v);
	const value = option ? option.value : v;
	e.focus();
	e.value = value;
	e.dispatchEvent(new Event("input", {bubbles: true}));
	e.dispatchEvent(new Event("change", {bubbles: true}));
	return e.value === value;
})`
		if !Eval[bool](p, set+"("+element+", "+quote(value)+")") {
			p.fail("%s takes no %q", where.name, value)
		}
	case "checkbox", "radio", "file", "submit", "button":
		p.fail("%s is a %s: nothing can be filled in", where.name, kind)
	default:
		if Eval[bool](p, element+".readOnly === true") {
			p.fail("%s is read-only", where.name)
		}
		Eval[bool](p, "(e => { e.focus(); e.select(); return true; })("+element+")")
		if value == "" {
			p.Key(kb.Delete)
			return
		}
		p.do("filling "+where.name, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: value})
			return err
		}))
	}
}

// Check ticks or unticks the first box that matches a CSS selector, with the mouse.
func (p *Page) Check(selector string, on bool) {
	p.tb.Helper()
	p.check(at(selector), on)
}

// CheckLabel is Check for the one box with this label.
func (p *Page) CheckLabel(label string, on bool, within ...string) {
	p.tb.Helper()
	p.check(labelled(label, within), on)
}

func (p *Page) check(where place, on bool) {
	p.tb.Helper()
	p.usable(where)
	state := where.list + "[0].checked"
	if Eval[bool](p, state) != on {
		p.click(where)
		until(p, fmt.Sprintf("%s to be ticked: %t", where.name, on), state, func(b bool) bool { return b == on })
	}
}

// Upload puts files of this machine into the first file field that matches a CSS selector.
func (p *Page) Upload(selector string, files ...string) {
	p.tb.Helper()
	p.one(at(selector))
	p.do("uploading to "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), files))
}

// Text is what can be read in the first element that matches a CSS selector, once there is one. Any run of spaces,
// line ends and no-break spaces counts as one space.
func (p *Page) Text(selector string) string {
	p.tb.Helper()
	where := at(selector)
	p.one(where)
	return plain(Eval[string](p, where.list+`.map(e => e.innerText).join("")`))
}

// Texts is what can be read in each element that matches now; none is no failure.
func (p *Page) Texts(selector string) []string {
	p.tb.Helper()
	all := Eval[[]string](p, "[...document.querySelectorAll("+quote(selector)+")].map(e => e.innerText)")
	for i := range all {
		all[i] = plain(all[i])
	}
	return all
}

// Value is what the first control that matches a CSS selector holds.
func (p *Page) Value(selector string) string {
	p.tb.Helper()
	where := at(selector)
	p.one(where)
	return Eval[string](p, where.list+"[0].value")
}

// Attribute is an attribute of the first element that matches a CSS selector; empty when it has none.
func (p *Page) Attribute(selector, name string) string {
	p.tb.Helper()
	where := at(selector)
	p.one(where)
	return Eval[string](p, where.list+"[0].getAttribute("+quote(name)+`) || ""`)
}

// Count is how many elements match now.
func (p *Page) Count(selector string) int {
	p.tb.Helper()
	return Eval[int](p, "document.querySelectorAll("+quote(selector)+").length")
}

// WaitText waits until the text can be read in the first element that matches a CSS selector, with spaces as in Text.
func (p *Page) WaitText(selector, text string) {
	p.tb.Helper()
	want := plain(text)
	until(p, fmt.Sprintf("%q in %s", want, selector), at(selector).list+`.map(e => e.innerText).join("")`,
		func(got string) bool { return strings.Contains(plain(got), want) })
}

// WaitGone waits until nothing that matches a CSS selector can be seen.
func (p *Page) WaitGone(selector string) {
	p.tb.Helper()
	until(p, selector+" to go", "[...document.querySelectorAll("+quote(selector)+")].some(e => e.checkVisibility())",
		func(there bool) bool { return !there })
}

// WaitURL waits until the address contains part.
func (p *Page) WaitURL(part string) {
	p.tb.Helper()
	until(p, "an address with "+quote(part), "document.location.href", func(url string) bool { return strings.Contains(url, part) })
}

// plain makes one space of each run of spaces of any kind; strings.Fields knows the no-break ones too.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }
