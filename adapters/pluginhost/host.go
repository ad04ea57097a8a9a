// Package pluginhost runs gateways as programs of their own and serves them to the core as app.Gateways.
//
// A gateway is a file named acquit-gateway-<name>, found in the folders given. It runs only if its SHA-256 is the one
// pinned in plugins.lock, and what runs is a private copy that was checked while it was made and again before each
// start. It gets an environment of a few named variables, a private folder for its state, no standard input, and its
// settings with each call over mutual TLS on a private socket.
//
// One process serves all connections of a gateway. It is started at the first call, watched, and replaced when it dies,
// loses its connection, or hangs: a slow call is followed by a look at the process's health, and a process that does
// not answer that either is killed, never asked. Starts that fail again and again wait longer each time, then the
// gateway is put in quarantine. No lock is held while anything is waited for, so a gateway in trouble delays nobody
// but its own callers, and those only until the deadline that every call has.
//
// Errors, beside those of the gateway itself (*gateway.Error), are both a *fault.Error that says why (gateway_not_found,
// gateway_untrusted, gateway_not_executable, gateway_wrong_machine, gateway_too_new, gateway_quarantined, gateway_down,
// gateway_broken) and a *gateway.Error that says whether the call may have happened: errors.As finds either.
package pluginhost

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// Config of a host.
type Config struct {
	// Dirs are searched for programs; of two with one name the first found counts.
	Dirs []string
	// Lock is the file of pins, plugins.lock; see Lock.
	Lock string
	// Private is a folder of the host's own, made when missing. It keeps the gateways' state folders (state/<name>) and
	// what they said of themselves, and while the host runs, checked copies and sockets.
	Private string
	// Bundled is a folder, usually Beside(), whose programs are pinned as they are when the host starts, instead of
	// being refused when they are new or rebuilt. It is for demonstrations and development, where acquit lies in the
	// same folder: who could exchange a gateway there could exchange acquit itself. Empty: every program needs an
	// operator's trust.
	Bundled string
	// PassEnv names variables of the host's environment that gateways get too, beside TZ and those that say where the
	// system's TLS roots are, e.g. HTTPS_PROXY.
	PassEnv []string
	// Log takes the host's own lines and those of the gateways.
	Log zerolog.Logger

	limits limits // zero: usual
}

// Host finds, starts and watches gateway programs. It implements app.Gateways.
type Host struct {
	conf  Config
	lock  *Lock
	rooms rooms

	mu       sync.Mutex // guards programs and closed; never held while waiting
	programs map[string]*program
	closed   bool

	closing  sync.Once
	closeErr error
}

var _ app.Gateways = (*Host)(nil)

// Beside is the folder that this program's own file lies in.
func Beside() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	if file, err := filepath.EvalSymlinks(exe); err == nil {
		exe = file
	}
	return filepath.Dir(exe), nil
}

// New makes a host. It starts no process.
func New(conf Config) (*Host, error) {
	conf.limits = conf.limits.orUsual()
	h := &Host{conf: conf, lock: OpenLock(conf.Lock), programs: map[string]*program{}}
	if conf.Bundled != "" {
		if err := h.trustBundled(); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{"state", "described"} {
		if err := os.MkdirAll(filepath.Join(conf.Private, dir), 0o700); err != nil {
			return nil, err
		}
	}
	var err error
	if h.rooms, err = openRooms(conf.Private); err != nil {
		return nil, err
	}
	return h, nil
}

// trustBundled pins the bundled programs as they are now.
func (h *Host) trustBundled() error {
	found, err := Find([]string{h.conf.Bundled}, h.lock)
	if err != nil {
		return err
	}
	for _, f := range found {
		if f.Trusted() {
			continue
		}
		if err := h.lock.Trust(f); err != nil {
			return err
		}
		h.conf.Log.Warn().Str("gateway", f.Name).Str("path", f.Path).Str("sha256", f.Checksum).Str("formerly", f.Pinned).
			Msg("a bundled gateway is trusted because it lies beside acquit")
	}
	return nil
}

// StateDir is the private folder of a gateway's program.
func (h *Host) StateDir(name string) string { return filepath.Join(h.conf.Private, "state", name) }

// Known implements app.Gateways. Programs are looked at all at once, so that one in trouble does not hold up the others.
func (h *Host) Known(ctx context.Context) ([]app.GatewayStatus, error) {
	found, err := Find(h.conf.Dirs, h.lock)
	if err != nil {
		return nil, untrusted(filepath.Base(h.conf.Lock), err.Error())
	}
	pins, err := h.lock.Pins()
	if err != nil {
		return nil, untrusted(filepath.Base(h.conf.Lock), err.Error())
	}
	out := make([]app.GatewayStatus, len(found))
	var wg sync.WaitGroup
	for i, f := range found {
		delete(pins, f.Name)
		wg.Go(func() { out[i] = h.status(ctx, f) })
	}
	wg.Wait()
	var missing []app.GatewayStatus
	for name, sum := range pins {
		missing = append(missing, app.GatewayStatus{
			Name: name, Checksum: sum, Problem: string(fault.GatewayNotFound), Detail: "it is trusted, but its program is in none of the folders",
		})
	}
	all := slices.Concat(out, missing)
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all, nil
}

// status looks at one program, and starts it when nobody knows yet what it says of itself.
func (h *Host) status(ctx context.Context, f Found) app.GatewayStatus {
	s := app.GatewayStatus{Name: f.Name, Path: f.Path, Checksum: f.Checksum, Trusted: f.Trusted()}
	p, err := h.program(f.Name)
	if err == nil {
		s.Info, err = p.describe(ctx)
		s.Running = p.running()
	}
	if err == nil && !s.Trusted {
		err = untrusted(f.Name, f.mismatch())
	}
	if err == nil {
		err = p.trouble()
	}
	if err != nil {
		s.Problem, s.Detail = string(fault.GatewayBroken), err.Error()
		var flt *fault.Error
		if errors.As(err, &flt) {
			s.Problem = string(flt.Code)
		}
		var trouble *Trouble
		if errors.As(err, &trouble) {
			s.Detail = trouble.port.Detail
		}
	}
	return s
}

// Open implements app.Gateways. What a gateway can do is remembered by the checksum of its program, so nothing is
// started here but for a program that this installation has never run.
func (h *Host) Open(ctx context.Context, name string, c gateway.Connection) (gateway.Gateway, error) {
	p, err := h.program(name)
	if err != nil {
		return nil, err
	}
	info, err := p.describe(ctx)
	if err != nil {
		return nil, err
	}
	return wire.Announced(&line{p: p, conn: c}, info), nil
}

// Retry lifts a gateway's quarantine, so that the next call starts it.
func (h *Host) Retry(name string) error {
	p, err := h.program(name)
	if err != nil {
		return err
	}
	p.forgive()
	return nil
}

// program returns the keeper of a gateway; the file is looked for when it is started.
func (h *Host) program(name string) (*program, error) {
	if !validName(name) {
		return nil, notFound(name, "no gateway can have this name")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, down(name, "the host is closing")
	}
	p := h.programs[name]
	if p == nil {
		p = newProgram(h, name)
		h.programs[name] = p
	}
	return p, nil
}

// Close ends every gateway, gently where it answers, and removes copies and sockets.
func (h *Host) Close() error {
	h.closing.Do(func() { h.closeErr = h.close() })
	return h.closeErr
}

func (h *Host) close() error {
	h.mu.Lock()
	h.closed = true
	all := make([]*program, 0, len(h.programs))
	for _, p := range h.programs {
		all = append(all, p)
	}
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range all {
		wg.Go(p.close)
	}
	wg.Wait()
	return h.rooms.close()
}

// limits are the host's patience. Calls have deadlines of their own, see line.go.
type limits struct {
	start      time.Duration // from exec to handshake
	describe   time.Duration // for the first question
	slow       time.Duration // after which a call's process is looked at
	health     time.Duration // for the answer to that look
	grace      time.Duration // to end by itself when asked
	pause      time.Duration // before the second start in a row that failed; doubles
	longest    time.Duration // pause
	tries      int           // failed starts in a row before quarantine
	quarantine time.Duration
	patience   time.Duration // how long a call waits for a pause to end, rather than fail at once
}

// usual: a start takes 20 to 150 ms here, handlers of healthy gateways answer in milliseconds to a few seconds, and a
// health check in less than one. The figures leave a factor of ten and more for machines that are busy or small.
var usual = limits{
	start: 10 * time.Second, describe: 5 * time.Second,
	slow: 3 * time.Second, health: 2 * time.Second, grace: 2 * time.Second,
	pause: 250 * time.Millisecond, longest: 30 * time.Second, tries: 6, quarantine: 5 * time.Minute, patience: time.Second,
}

func (l limits) orUsual() limits {
	if l == (limits{}) {
		return usual
	}
	return l
}
