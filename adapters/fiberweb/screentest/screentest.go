// Package screentest is what tests of screens share: a server with people who can log in, and a client that reads pages
// and sends their forms as a browser without JavaScript does. Tests of what a page looks like, and of what scripts do,
// take a real browser instead: Serve gives it an address.
package screentest

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
	"github.com/rs/zerolog"
)

// Password is everybody's.
const Password = "correct horse battery"

// House is a server whose people are one for each role, all members of one company: Owner, Accountant, Sales and Auditor,
// whose addresses are Address(role).
type House struct {
	*fiberweb.Server
	Log     *Log
	company fiberweb.CompanyRef
}

// Option changes the server's options.
type Option func(*fiberweb.Options)

// New makes a house for a company. Screens are mounted on it by the test.
func New(tb testing.TB, company, name string, change ...Option) *House {
	tb.Helper()
	h := &House{Log: &Log{}, company: fiberweb.CompanyRef{ID: company, Name: name, Test: true}}
	o := fiberweb.Options{Auth: h, Sessions: &drawer{kept: map[string][]byte{}}, BaseURL: "http://acquit.test", Version: "test", Log: zerolog.New(h.Log)}
	for _, f := range change {
		f(&o)
	}
	s, err := fiberweb.New(o)
	if err != nil {
		tb.Fatal(err)
	}
	h.Server = s
	return h
}

// Address is what the person with a role logs in with.
func Address(r access.Role) string { return string(r) + "@exemple.fr" }

// Name is what the person with a role is called.
func Name(r access.Role) string {
	return map[access.Role]string{access.Owner: "Odile Owner", access.Accountant: "Anne Comptable", access.Sales: "Sam Ventes", access.Auditor: "Aude Audit"}[r]
}

func person(r access.Role) access.User {
	return access.User{ID: "usr_" + string(r), Email: party.Email(Address(r)), Name: Name(r), PasswordHash: Password, Active: true}
}

// Login implements fiberweb.Auth.
func (h *House) Login(_ context.Context, email, password string) (access.User, error) {
	for _, r := range access.Roles() {
		if email == Address(r) && password == Password {
			return person(r), nil
		}
	}
	return access.User{}, fault.New(fault.Unauthenticated, fault.BadLogin)
}

// User implements fiberweb.Auth.
func (h *House) User(_ context.Context, id string) (access.User, error) {
	for _, r := range access.Roles() {
		if p := person(r); p.ID == id {
			return p, nil
		}
	}
	return access.User{}, fault.New(fault.NotFound, fault.UnknownThing, "what", "user", "id", id)
}

// Companies implements fiberweb.Auth.
func (h *House) Companies(_ context.Context, id string) ([]fiberweb.CompanyRef, error) {
	ref := h.company
	ref.Role = access.Role(strings.TrimPrefix(id, "usr_"))
	return []fiberweb.CompanyRef{ref}, nil
}

// Serve runs the server on a socket of its own until the test ends, and returns its address for a browser.
func (h *House) Serve(tb testing.TB) string {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Server.Serve(ctx, ln) }()
	tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			tb.Errorf("screentest: the server: %v", err)
		}
	})
	return "http://" + ln.Addr().String()
}

// Log is a log that can be read while it is written.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// drawer keeps sessions for as long as the test.
type drawer struct {
	mu   sync.Mutex
	kept map[string][]byte
}

func (d *drawer) Get(k string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return bytes.Clone(d.kept[k]), nil
}

func (d *drawer) Set(k string, v []byte, _ time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept[k] = bytes.Clone(v)
	return nil
}

func (d *drawer) Delete(k string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.kept, k)
	return nil
}

func (d *drawer) Reset() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.kept)
	return nil
}
