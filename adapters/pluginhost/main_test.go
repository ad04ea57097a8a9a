package pluginhost

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// The test binary plays three parts: the tests; gateways that misbehave, when its file is named like a gateway's
// program (see actors_test.go); and a host to be killed, when hostEnv is set.
func TestMain(m *testing.M) {
	if name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), wire.Prefix); ok {
		act(name)
		return
	}
	if dir := os.Getenv(hostEnv); dir != "" {
		hostUntilKilled(dir)
		return
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

const hostEnv = "ACQUIT_TEST_HOST"

// built is the real sandbox program, made once.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// sandboxProgram builds the bundled gateway and returns its file.
func sandboxProgram(tb testing.TB) string {
	tb.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "acquit-test-"); built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", built.dir, "github.com/acquit-app/acquit/cmd/acquit-gateway-sandbox")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		tb.Fatal(built.err)
	}
	return filepath.Join(built.dir, wire.Prefix+"sandbox")
}

// stage is a folder of gateway programs, and a host over it.
type stage struct {
	dir  string
	conf Config
	host *Host
	log  *lockedBuffer
}

// impatient makes failures short.
var impatient = limits{
	start: 10 * time.Second, describe: 10 * time.Second,
	slow: 100 * time.Millisecond, health: 2 * time.Second, grace: 2 * time.Second,
	pause: time.Millisecond, longest: 10 * time.Millisecond, tries: 3, quarantine: time.Hour, patience: time.Second,
}

// newStage puts programs into a folder, trusts them and starts a host. "sandbox" is the real program, every other name
// an actor of this test binary.
func newStage(tb testing.TB, l limits, names ...string) *stage {
	tb.Helper()
	s := &stage{dir: tb.TempDir(), log: &lockedBuffer{}}
	for _, name := range names {
		s.put(tb, name)
	}
	s.conf = Config{
		Dirs: []string{s.dir}, Lock: filepath.Join(s.dir, "plugins.lock"), Private: filepath.Join(s.dir, "private"),
		Bundled: s.dir, Log: zerolog.New(s.log), limits: l,
	}
	s.open(tb)
	return s
}

// open starts a host with the stage's configuration.
func (s *stage) open(tb testing.TB) {
	tb.Helper()
	h, err := New(s.conf)
	if err != nil {
		tb.Fatal(err)
	}
	s.host = h
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Error(err)
		}
		if tb.Failed() {
			tb.Log(s.log.String())
		}
	})
}

// put copies a program into the stage's folder.
func (s *stage) put(tb testing.TB, name string) string {
	tb.Helper()
	from, err := os.Executable()
	if name == "sandbox" {
		from = sandboxProgram(tb)
	}
	if err != nil {
		tb.Fatal(err)
	}
	to := filepath.Join(s.dir, wire.Prefix+name)
	if _, err := copyProgram(from, to); err != nil {
		tb.Fatal(err)
	}
	return to
}

// connection is one with a fresh account.
func connection(id string) gateway.Connection {
	return gateway.Connection{ID: id, Mode: gateway.Test, Settings: map[string]string{"merchant_name": "Atelier Dupré", "api_key": "sk_sandbox_" + id + "abcdefghijkl"}}
}

// line opens a gateway for a connection.
func (s *stage) line(tb testing.TB, name, id string) gateway.Gateway {
	tb.Helper()
	g, err := s.host.Open(tb.Context(), name, connection(id))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// eventually polls until f holds.
func eventually(tb testing.TB, what string, f func() bool) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			tb.Fatal("never came true: " + what)
		case <-tick.C:
		}
	}
}

// lockedBuffer collects log lines.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
