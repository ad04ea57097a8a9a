package paypalfake

import (
	"io"
	"net/http"
	"strings"
)

// FaultHeader marks answers that are not as PayPal's documents say, on purpose.
const FaultHeader = "X-Fake-Fault"

// FaultKind is how a call goes wrong.
type FaultKind string

const (
	FaultStatus    FaultKind = "status"       // an error of PayPal's, with Status and Issue
	FaultHTML      FaultKind = "html"         // a proxy's page in HTML, with Status
	FaultMalformed FaultKind = "malformed"    // 200, and half a JSON text
	FaultEmpty     FaultKind = "empty"        // 204, and nothing
	FaultDrop      FaultKind = "drop"         // the connection ends without an answer
	FaultHang      FaultKind = "hang"         // no answer until the caller gives up
	FaultIn200     FaultKind = "error_in_200" // 200, and an error inside
)

// Fault is ordered for calls to come.
type Fault struct {
	Method string // empty: any
	Path   string // what the path begins with; a "*" stands for one segment
	Kind   FaultKind
	Status int
	Issue  string
	After  bool // the call does its work first
	Times  int  // 0: once; below: for ever
}

// Inject orders a fault.
func (f *Fake) Inject(x Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x.Times == 0 {
		x.Times = 1
	}
	f.faults = append(f.faults, x)
}

// Mend takes back all faults.
func (f *Fake) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// fault is the first one ordered for a call.
func (f *Fake) fault(r *http.Request) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, x := range f.faults {
		if x.Method != "" && x.Method != r.Method || !begins(r.URL.Path, x.Path) {
			continue
		}
		if x.Times > 0 {
			if x.Times--; x.Times == 0 {
				f.faults = append(f.faults[:i:i], f.faults[i+1:]...)
			} else {
				f.faults[i] = x
			}
		}
		return &x
	}
	return nil
}

func begins(path, pattern string) bool {
	have, want := strings.Split(path, "/"), strings.Split(pattern, "/")
	if len(have) < len(want) {
		return false
	}
	for i, s := range want {
		if s != "*" && s != have[i] {
			return false
		}
	}
	return true
}

func (f *Fake) breakOff(w http.ResponseWriter, r *http.Request, x *Fault) {
	switch x.Kind {
	case FaultHTML:
		w.Header().Set(FaultHeader, "1")
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(x.Status)
		_, _ = w.Write([]byte("<html><body><h1>Bad Gateway</h1></body></html>"))
	case FaultMalformed:
		f.reply(w, answer{status: http.StatusOK, body: []byte(`{"id":"5O190127TN364715T","status":`), wrong: true})
	case FaultEmpty:
		f.reply(w, answer{status: http.StatusNoContent, wrong: true})
	case FaultDrop:
		panic(http.ErrAbortHandler)
	case FaultHang:
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the caller leave
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case FaultIn200:
		a := refuse(http.StatusBadRequest, x.Issue)
		a.status, a.wrong = http.StatusOK, true
		f.reply(w, a)
	default:
		a := refuse(x.Status, x.Issue)
		a.wrong = true
		f.reply(w, a)
	}
}
