package browsertest

import (
	"encoding/json"
	"fmt"
)

// place is how an element of the page is found.
type place struct {
	name string // as failures call it
	list string // JavaScript expression: an array of the visible and hidden elements that are meant
	only bool   // more than one is a failure: the label does not tell which
}

// at finds by CSS selector; the first one counts.
func at(selector string) place {
	return place{name: selector, list: fmt.Sprintf(`[...document.querySelectorAll(%s)].slice(0, 1)`, quote(selector))}
}

// named finds the buttons and links that can be seen and whose whole text, or accessible name, is label.
func named(label string, within []string) place {
	const script = `((label, within) => {
	const words = e => (e.innerText || e.value || "").replace(/\s+/g, " ").trim();
	const part = within ? document.querySelector(within) : document;
	const all = part ? [...part.querySelectorAll("a[href], button, summary, [role=button], [role=link], [role=tab], [role=menuitem], input[type=submit], input[type=button]")] : [];
	return all.filter(e => e.checkVisibility() && (words(e) === label || e.getAttribute("aria-label") === label));
})`
	return place{name: "the button or link " + quote(label), list: call(script, label, within), only: true}
}

// labelled finds the form controls whose label, without the mark of required ones, or accessible name, is label.
func labelled(label string, within []string) place {
	const script = `((label, within) => {
	const words = l => {
		const copy = l.cloneNode(true);
		copy.querySelectorAll("input, select, textarea, button, small").forEach(e => e.remove());
		return copy.textContent.replace(/\s+/g, " ").trim().replace(/ ?\*$/, "");
	};
	const part = within ? document.querySelector(within) : document;
	if (!part) return [];
	const controls = [...part.querySelectorAll("label")].filter(l => words(l) === label).map(l => l.control);
	controls.push(...[...part.querySelectorAll("input, select, textarea")].filter(e => e.getAttribute("aria-label") === label));
	return [...new Set(controls.filter(e => e))];
})`
	return place{name: "the field " + quote(label), list: call(script, label, within), only: true}
}

func call(script, label string, within []string) string {
	part := ""
	if len(within) > 0 {
		part = within[0]
	}
	return script + "(" + quote(label) + ", " + quote(part) + ")"
}

// quote writes a string as JavaScript does.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}

// one waits until the place holds an element, and fails the test when it holds several that no one told apart.
func (p *Page) one(where place) {
	p.tb.Helper()
	n := until(p, where.name, where.list+".length", func(n int) bool { return n > 0 })
	if n > 1 && where.only {
		p.fail("%s is there %d times", where.name, n)
	}
}

// usable waits until the place's element can be seen and is enabled.
func (p *Page) usable(where place) {
	p.tb.Helper()
	p.one(where)
	until(p, where.name+" to be seen and enabled", where.list+`.some(e => e.checkVisibility() && !e.disabled)`, isTrue)
}

func isTrue(b bool) bool { return b }
