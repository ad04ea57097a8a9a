package browsertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// problems gathers what is wrong with the pages seen. Events come from chromedp's goroutine.
type problems struct {
	mu        sync.Mutex
	found     []string
	tolerated []string
	answers   []bool // to the dialogs to come
}

// Tolerate makes problems that contain the text no failure, from the start of the test to its end.
func (p *Page) Tolerate(text string) {
	p.problems.mu.Lock()
	defer p.problems.mu.Unlock()
	p.problems.tolerated = append(p.problems.tolerated, text)
}

// AnswerDialog says in advance what to answer the next dialog (confirm, alert) that nobody answered for yet. A dialog
// that comes unannounced is dismissed, and is a problem.
func (p *Page) AnswerDialog(accept bool) {
	p.problems.mu.Lock()
	defer p.problems.mu.Unlock()
	p.problems.answers = append(p.problems.answers, accept)
}

// list returns the problems that are not tolerated, each once.
func (l *problems) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var open []string
	for _, f := range l.found {
		tolerated := slices.ContainsFunc(l.tolerated, func(t string) bool { return strings.Contains(f, t) })
		if !tolerated && !slices.Contains(open, f) {
			open = append(open, f)
		}
	}
	return open
}

func (l *problems) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found = append(l.found, fmt.Sprintf(format, args...))
}

// answer takes the next answer that was given in advance.
func (l *problems) answer() (accept, announced bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.answers) == 0 {
		return false, false
	}
	accept = l.answers[0]
	l.answers = l.answers[1:]
	return accept, true
}

// event looks at what the browser tells about the page. What becomes of documents and of requests made by scripts is
// not judged here: an answer such as 404 or 422 may be what the test is about.
func (p *Page) event(ev any) {
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		p.problems.add("script error: %v", &chromedp.ExceptionError{ExceptionDetails: ev.ExceptionDetails})
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			var words []string
			for _, a := range ev.Args {
				words = append(words, strings.Trim(string(a.Value)+" "+a.Description, `" `))
			}
			p.problems.add("console error: %s", strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if e := ev.Entry; e.Level == log.EntryLevelError && e.Source != log.EntrySourceNetwork {
			p.problems.add("%s: %s %s", e.Source, e.Text, e.URL)
		}
	case *network.EventResponseReceived:
		if judged(ev.Type) && ev.Response.Status >= 400 {
			p.problems.add("%s answered %d: %s", strings.ToLower(string(ev.Type)), ev.Response.Status, ev.Response.URL)
		}
	case *network.EventLoadingFailed:
		if judged(ev.Type) && !ev.Canceled {
			p.problems.add("%s not loaded: %s %s", strings.ToLower(string(ev.Type)), ev.ErrorText, ev.BlockedReason)
		}
	case *cdppage.EventJavascriptDialogOpening:
		accept, announced := p.problems.answer()
		if !announced {
			p.problems.add("a dialog nobody announced: %s", ev.Message)
		}
		// The browser stands still until it is answered, and an event may not wait for the browser.
		go func() {
			ctx, cancel := context.WithTimeout(p.ctx, p.patience)
			defer cancel()
			_, err := chromedp.Call(ctx, cdppage.HandleJavaScriptDialog, cdppage.HandleJavaScriptDialogParams{Accept: accept})
			if err != nil {
				p.problems.add("answering a dialog: %v", err)
			}
		}()
	}
}

// judged says whether a resource of this type is part of the page's looks.
func judged(t network.ResourceType) bool {
	switch t {
	case network.ResourceTypeStylesheet, network.ResourceTypeScript, network.ResourceTypeImage, network.ResourceTypeFont, network.ResourceTypeMedia, network.ResourceTypeManifest:
		return true
	}
	return false
}
