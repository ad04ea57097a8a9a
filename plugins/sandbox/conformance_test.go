package sandbox_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/gatewaytest"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/stage"
)

// restartable is a sandbox in process that can be closed and opened again, with a clock that can be put forward.
type restartable struct {
	dir string

	mu    sync.Mutex
	now   *sandbox.Sandbox
	ahead time.Duration
}

func (r *restartable) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.ahead)
}

func (r *restartable) open() error {
	s := sandbox.New(sandbox.Options{Dir: r.dir, Now: r.clock})
	r.mu.Lock()
	r.now = s
	r.mu.Unlock()
	_, err := s.Provider()
	return err
}

func (r *restartable) current() *sandbox.Sandbox {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *restartable) Restart(context.Context) error {
	return errors.Join(r.current().Close(), r.open())
}

func (r *restartable) Describe(ctx context.Context) (gateway.Info, error) {
	return r.current().Describe(ctx)
}

func (r *restartable) Open(ctx context.Context, c gateway.Connection) (gateway.Gateway, error) {
	return r.current().Open(ctx, c)
}

// timed is the stage with the sandbox's clock.
type timed struct {
	*stage.World
	r *restartable
}

func (w timed) Advance(_ context.Context, d time.Duration) error {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.r.ahead += d
	return nil
}

func TestConformanceInProcess(t *testing.T) {
	r := &restartable{dir: t.TempDir()}
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.current().Close(); err != nil {
			t.Error(err)
		}
	})
	w := stage.New(r.dir)
	t.Cleanup(w.Close)
	h := w.Harness(r)
	h.World = timed{w, r}
	gatewaytest.Run(t, h)
}

func TestConformanceOfTheProgram(t *testing.T) {
	state := t.TempDir()
	w := stage.New(state)
	t.Cleanup(w.Close)
	gatewaytest.Run(t, w.Harness(gatewaytest.Start(t, gatewaytest.Build(t, "github.com/acquit-app/acquit/cmd/acquit-gateway-sandbox"), state)))
}
