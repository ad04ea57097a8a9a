package wire

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"sync"
)

// Veil hides secrets in texts that leave a gateway's program: errors and log lines. It learns the values of secret
// settings as calls bring them.
type Veil struct {
	mu       sync.RWMutex
	known    map[string]bool
	replacer *strings.Replacer
}

const (
	hidden = "•••"
	// Shorter values are no secrets, and hiding them would shred every text.
	shortestSecret = 4
	// A program that serves thousands of accounts starts afresh now and then rather than grow without end.
	mostSecrets = 4096
)

// Learn adds secrets to hide.
func (v *Veil) Learn(secrets ...string) {
	fresh := false
	v.mu.RLock()
	for _, s := range secrets {
		fresh = fresh || len(s) >= shortestSecret && !v.known[s]
	}
	v.mu.RUnlock()
	if !fresh {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil || len(v.known) > mostSecrets {
		v.known = map[string]bool{}
	}
	for _, s := range secrets {
		if len(s) >= shortestSecret {
			v.known[s] = true
		}
	}
	var pairs []string
	for s := range v.known {
		for _, form := range spellings(s) {
			pairs = append(pairs, form, hidden)
		}
	}
	v.replacer = strings.NewReplacer(pairs...)
}

// Hide returns s without any known secret.
func (v *Veil) Hide(s string) string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.replacer == nil {
		return s
	}
	return v.replacer.Replace(s)
}

// Writer hides secrets in what goes through to w; each Write must be a whole line.
func (v *Veil) Writer(w io.Writer) io.Writer { return veiled{v, w} }

type veiled struct {
	veil *Veil
	to   io.Writer
}

func (w veiled) Write(p []byte) (int, error) {
	if _, err := io.WriteString(w.to, w.veil.Hide(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// spellings are the forms in which libraries tend to show a value that they were given: as it is, in a URL, in JSON,
// in base64.
func spellings(s string) []string {
	out := []string{s}
	add := func(form string) {
		for _, have := range out {
			if have == form {
				return
			}
		}
		out = append(out, form)
	}
	add(url.QueryEscape(s))
	add(url.PathEscape(s))
	if j, err := json.Marshal(s); err == nil {
		add(string(j[1 : len(j)-1]))
	}
	add(base64.RawStdEncoding.EncodeToString([]byte(s)))
	add(base64.RawURLEncoding.EncodeToString([]byte(s)))
	return out
}
