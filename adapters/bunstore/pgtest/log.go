package pgtest

import (
	"bytes"
	"sync"
)

// maxLog is what is kept of the server's log: enough for the story of a failed start.
const maxLog = 32 << 10

// logTail keeps the end of what is written to it and tells when a certain line went by.
type logTail struct {
	ready chan struct{} // closed once mark has been written

	mu   sync.Mutex
	mark []byte
	text []byte
	seen bool
}

func newLogTail(mark string) *logTail {
	return &logTail{ready: make(chan struct{}), mark: []byte(mark)}
}

// Write never fails: the server must not suffer from its log.
func (l *logTail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	if !l.seen && bytes.Contains(l.text, l.mark) {
		l.seen = true
		close(l.ready)
	}
	if over := len(l.text) - maxLog; over > 0 {
		l.text = append(l.text[:0], l.text[over:]...)
	}
	return len(p), nil
}

func (l *logTail) contains(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Contains(l.text, []byte(s))
}

// String is the log's end.
func (l *logTail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
