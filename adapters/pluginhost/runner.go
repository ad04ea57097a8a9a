package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"

	"github.com/hashicorp/go-plugin/runner"
)

// runnable starts one checked copy and watches the process itself. The library's own runner would hand over the host's
// standard input, start the process from any thread, and notice its end only once nobody holds its output any more.
type runnable struct {
	cmd    *exec.Cmd
	check  func() error // of the copy, right before it is executed
	stdout *os.File
	stderr *os.File
	ended  chan struct{} // closed when the process is gone

	mu     sync.Mutex // guards the rest, and the process against being signalled after it was buried
	killed bool
	gone   bool
	state  *os.ProcessState
}

var _ runner.Runner = (*runnable)(nil)

func newRunnable(cmd *exec.Cmd, check func() error) *runnable {
	return &runnable{cmd: cmd, check: check, ended: make(chan struct{})}
}

// starter runs functions on one thread that lives as long as the host. The kernel kills a program started with
// Pdeathsig when the thread that started it ends, and Go ends threads as it likes.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// Start implements runner.Runner.
func (r *runnable) Start(context.Context) error {
	if err := r.check(); err != nil {
		return err
	}
	var writers [2]*os.File
	for i, end := range []**os.File{&r.stdout, &r.stderr} {
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		*end, writers[i] = reader, writer
	}
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = nil, writers[0], writers[1]
	r.cmd.SysProcAttr = attributes()

	r.mu.Lock()
	defer r.mu.Unlock()
	err := errKilled
	if !r.killed {
		done := make(chan struct{})
		starter() <- func() { err = r.cmd.Start(); close(done) }
		<-done
	}
	for _, w := range writers {
		_ = w.Close()
	}
	if err != nil {
		_ = r.stdout.Close()
		_ = r.stderr.Close()
		close(r.ended)
		return err
	}
	go r.watch()
	return nil
}

var errKilled = errors.New("killed before it was started")

// watch waits for the end of the program, and ends whatever it started and left behind. As long as the dead program is
// not buried, the number of its process group is nobody else's.
func (r *runnable) watch() {
	if awaitEnd(r.cmd.Process.Pid) {
		r.mu.Lock()
		r.killGroup()
		r.state, _ = r.cmd.Process.Wait()
	} else {
		state, _ := r.cmd.Process.Wait()
		r.mu.Lock()
		r.state = state
	}
	r.gone = true
	r.mu.Unlock()
	close(r.ended)
}

// killGroup kills the program and what it started. The caller holds mu, and the program is not buried.
func (r *runnable) killGroup() {
	// The only failure left is that the program is dead and alone.
	_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL)
}

// Kill implements runner.Runner: at once, with every process that the program started. It does not wait for the end.
func (r *runnable) Kill(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed = true
	if r.cmd.Process != nil && !r.gone {
		r.killGroup()
	}
	return nil
}

// Wait implements runner.Runner.
func (r *runnable) Wait(context.Context) error {
	<-r.ended
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != nil && !r.state.Success() {
		return errors.New(r.state.String())
	}
	return nil
}

// Stdout implements runner.Runner.
func (r *runnable) Stdout() io.ReadCloser { return r.stdout }

// Stderr implements runner.Runner.
func (r *runnable) Stderr() io.ReadCloser { return r.stderr }

// Name implements runner.Runner.
func (r *runnable) Name() string { return r.cmd.Path }

// ID implements runner.Runner; it is empty before the start.
func (r *runnable) ID() string {
	if p := r.cmd.Process; p != nil {
		return strconv.Itoa(p.Pid)
	}
	return ""
}

// Diagnose implements runner.Runner.
func (r *runnable) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.AddrTranslator: both are on one machine.
func (r *runnable) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.AddrTranslator.
func (r *runnable) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

func (r *runnable) String() string { return fmt.Sprintf("%s (%s)", r.Name(), r.ID()) }
