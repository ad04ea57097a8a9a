package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// Program is a gateway's program, run in the way that Acquit does. It is a Driver, a Restarter and a Logger.
type Program struct {
	file, state string
	log         tape

	mu     sync.Mutex
	cmd    *exec.Cmd
	client *plugin.Client
	driver *wire.Client
}

var (
	_ gateway.Driver = (*Program)(nil)
	_ Restarter      = (*Program)(nil)
	_ Logger         = (*Program)(nil)
)

// Launch starts a gateway's program with a folder for its state.
func Launch(file, state string) (*Program, error) {
	p := &Program{file: file, state: state}
	if err := p.start(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Program) start() error {
	cmd := exec.Command(p.file) //nolint:gosec // the program that its author or operator named
	cmd.Dir = p.state
	cmd.Env = []string{wire.StateEnv + "=" + p.state, "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + p.state, "TMPDIR=" + os.TempDir()}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: wire.Handshake, VersionedPlugins: wire.Called(), AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS: true, SkipHostEnv: true, Cmd: cmd, Logger: hclog.NewNullLogger(), Stderr: &p.log,
	})
	stop := func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill() // first: the library's Kill waits without end for a program that hangs
		}
		client.Kill()
	}
	protocol, err := client.Client()
	if err != nil {
		stop()
		return fmt.Errorf("start %s: %w", p.file, err)
	}
	d, err := protocol.Dispense(wire.ServiceName)
	driver, ok := d.(*wire.Client)
	if err != nil || !ok {
		stop()
		return errors.Join(err, fmt.Errorf("%s serves a %T", p.file, d))
	}
	p.mu.Lock()
	p.cmd, p.client, p.driver = cmd, client, driver
	p.mu.Unlock()
	return nil
}

// Close kills the program.
func (p *Program) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Kill()
	p.client.Kill()
}

// Restart implements Restarter: the program is killed, as a power cut would, and started again on the same folder.
func (p *Program) Restart(context.Context) error {
	p.Close()
	return p.start()
}

// Log implements Logger: all that the program wrote to its standard error.
func (p *Program) Log() string { return p.log.String() }

func (p *Program) now() *wire.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.driver
}

// Describe implements gateway.Driver.
func (p *Program) Describe(ctx context.Context) (gateway.Info, error) { return p.now().Describe(ctx) }

// Open implements gateway.Driver.
func (p *Program) Open(ctx context.Context, c gateway.Connection) (gateway.Gateway, error) {
	return p.now().Open(ctx, c)
}

// tape keeps what is written.
type tape struct {
	mu sync.Mutex
	b  strings.Builder
}

func (t *tape) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(b)
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}
