package pluginhost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// process is one running gateway program.
type process struct {
	sum    string // of its file
	run    *runnable
	client *plugin.Client
	rpc    *wire.Client
	health grpc_health_v1.HealthClient
	info   gateway.Info

	probing atomic.Bool // a look at its health is under way

	mu      sync.Mutex // guards the two below
	calls   int
	retired bool // ends when its last call does
}

// alive says whether the process has not been seen to end.
func (i *process) alive() bool {
	select {
	case <-i.run.ended:
		return false
	default:
		return true
	}
}

// enter counts a call in; it refuses when the process is being replaced.
func (i *process) enter() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.retired {
		return false
	}
	i.calls++
	return true
}

// leave counts a call out, and ends a retired process after its last one.
func (i *process) leave(grace time.Duration) {
	i.mu.Lock()
	i.calls--
	last := i.retired && i.calls == 0
	i.mu.Unlock()
	if last {
		go i.end(grace)
	}
}

// retire lets calls under way finish, and then ends the process.
func (i *process) retire(grace time.Duration) {
	i.mu.Lock()
	idle := !i.retired && i.calls == 0
	i.retired = true
	i.mu.Unlock()
	if idle {
		go i.end(grace)
	}
}

// end asks the program to stop, kills it when it does not, and waits for its end, but no longer than grace for each.
func (i *process) end(grace time.Duration) {
	tidied := make(chan struct{})
	go func() { i.client.Kill(); close(tidied) }()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-tidied:
	case <-timer.C:
	}
	i.kill()
	timer.Reset(grace)
	select {
	case <-i.run.ended:
	case <-timer.C:
	}
}

// kill ends the program at once and waits for nothing. The library's own Kill asks the program first and waits for the
// answer of one that hangs without end: it only tidies up here, behind the program's death.
func (i *process) kill() {
	_ = i.run.Kill(context.Background())
	go func() {
		<-i.run.ended
		i.client.Kill()
	}()
}

// well asks for the program's health.
func (i *process) well(patience time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := i.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: plugin.GRPCServiceName})
	return err == nil && r.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING
}

// launch starts the file at path as gateway name and asks what it is. The runnable is announced before it is started,
// so that closing the host can stop it at any moment.
func (h *Host) launch(name, path, sum string, announce func(*runnable)) (*process, error) {
	copied, err := h.rooms.copies.take(name, path, sum)
	if path == "" {
		path = copied
	}
	if err != nil {
		return nil, explain(name, path, "", err)
	}
	state := h.StateDir(name)
	tmp := filepath.Join(h.rooms.copies.dir, "tmp-"+name)
	for _, dir := range []string{state, tmp} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	log := h.conf.Log.With().Str("gateway", name).Logger()
	said := &tail{}
	i := &process{sum: sum}
	i.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake,
		VersionedPlugins: wire.Called(),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     h.conf.limits.start,
		Stderr:           said,
		Logger:           newHCLog(log),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: h.rooms.sockets.dir},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			cmd := exec.Command(copied)
			cmd.Dir = state
			cmd.Env = append(h.environment(state, tmp), spec.Env...)
			i.run = newRunnable(cmd, func() error { return checkCopy(copied, sum) })
			announce(i.run)
			return i.run, nil
		},
	})
	if err := h.introduce(i, name); err != nil {
		if i.run != nil && i.run.ID() != "" {
			i.kill()
		}
		return nil, explain(name, path, said.String(), err)
	}
	log.Info().Str("version", i.info.Version).Str("pid", i.run.ID()).Msg("gateway started")
	return i, nil
}

// introduce shakes hands and asks the program what it is.
func (h *Host) introduce(i *process, name string) error {
	protocol, err := i.client.Client()
	if err != nil {
		return err
	}
	g, ok := protocol.(*plugin.GRPCClient)
	if !ok {
		return errors.New("the handshake did not end in gRPC")
	}
	i.health = grpc_health_v1.NewHealthClient(g.Conn)
	d, err := g.Dispense(wire.ServiceName)
	if err != nil {
		return err
	}
	if i.rpc, ok = d.(*wire.Client); !ok {
		return errors.New("the handshake did not end in a gateway")
	}
	ctx, cancel := context.WithTimeout(context.Background(), h.conf.limits.describe)
	defer cancel()
	if i.info, err = i.rpc.Describe(ctx); err == nil {
		err = gateway.CheckInfo(i.info)
	}
	if err == nil && i.info.Name != name {
		err = gateway.Fail(gateway.ErrBug, gateway.NotDone, "bad_reply", "it calls itself "+i.info.Name+", its file "+wire.Prefix+name)
	}
	if err != nil {
		e := *gateway.AsError(err)
		e.Outcome = gateway.NotDone
		return during(fault.GatewayBroken, name, &e)
	}
	return nil
}

// checkCopy verifies a copy right before it is executed.
func checkCopy(path, sum string) error {
	want, err := hex.DecodeString(sum)
	if err != nil {
		return err
	}
	secure := plugin.SecureConfig{Checksum: want, Hash: sha256.New()}
	ok, err := secure.Check(path)
	if err == nil && !ok {
		err = plugin.ErrChecksumsDoNotMatch
	}
	return err
}

// environment is all that a gateway's program sees of the host's, beside what the handshake needs.
func (h *Host) environment(state, tmp string) []string {
	env := []string{wire.StateEnv + "=" + state, "TMPDIR=" + tmp, "HOME=" + state, "PATH=/usr/local/bin:/usr/bin:/bin"}
	for _, name := range append([]string{"TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}, h.conf.PassEnv...) {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// tail keeps the last line that a program wrote to its standard error, for the explanation of a failed start.
type tail struct {
	mu   sync.Mutex
	last string
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 300
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.Lines(string(p)) {
		if line = strings.TrimSpace(line); line != "" {
			t.last = line[:min(len(line), most)]
		}
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(t.last, "?")
}
