package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/gateway"
)

// program keeps one gateway running: it starts a process when there is none, replaces one that died or hangs, pauses
// between failures, and gives up for a while after too many.
type program struct {
	host *Host
	name string
	log  zerolog.Logger

	mu       sync.Mutex // guards everything below; never held while waiting
	now      *process   // may have died meanwhile
	start    *launching // under way
	pin      string     // that the failures below are about
	failures int        // in a row, without a good answer between them
	until    time.Time  // no start before
	last     *Trouble   // of the last failed start
	closed   bool
	infos    map[string]gateway.Info // by checksum
}

// launching is a start under way; callers wait for done.
type launching struct {
	begins time.Time
	done   chan struct{}
	stop   chan struct{} // closed with the host
	run    *runnable
	proc   *process
	err    *Trouble
}

func newProgram(h *Host, name string) *program {
	return &program{host: h, name: name, log: h.conf.Log.With().Str("gateway", name).Logger(), infos: map[string]gateway.Info{}}
}

// describe says what the gateway is: from memory, from disk, or from the program itself.
func (p *program) describe(ctx context.Context) (gateway.Info, error) {
	pin, err := p.pinned()
	if err != nil {
		return gateway.Info{}, err
	}
	p.mu.Lock()
	info, ok := p.infos[pin]
	p.mu.Unlock()
	if ok {
		return info, nil
	}
	if info, ok = p.recall(pin); !ok {
		proc, err := p.acquire(ctx)
		if err != nil {
			return gateway.Info{}, err
		}
		proc.leave(p.host.conf.limits.grace)
		info = proc.info
		p.note(pin, info)
	}
	p.mu.Lock()
	p.infos[pin] = info
	p.mu.Unlock()
	return info, nil
}

// pinned is the checksum that the operator trusts for this gateway.
func (p *program) pinned() (string, error) {
	pin, err := p.host.lock.pin(p.name)
	if err != nil {
		return "", untrusted(p.name, err.Error())
	}
	if pin != "" {
		return pin, nil
	}
	p.retireNow()
	path := locate(p.host.conf.Dirs, p.name)
	if path == "" {
		return "", notFound(p.name, "its program is in none of the folders")
	}
	sum, err := sums.of(path)
	if err != nil {
		return "", untrusted(p.name, err.Error())
	}
	return "", untrusted(p.name, Found{Name: p.name, Path: path, Checksum: sum}.mismatch())
}

// memory is where a description is kept from one run of the host to the next. It is a file of the host's own, about
// bytes that cannot change without changing its name.
func (p *program) memory(sum string) string {
	return filepath.Join(p.host.conf.Private, "described", sum+".json")
}

func (p *program) recall(sum string) (gateway.Info, bool) {
	var info gateway.Info
	b, err := os.ReadFile(p.memory(sum))
	if err != nil || json.Unmarshal(b, &info) != nil || gateway.CheckInfo(info) != nil || info.Name != p.name {
		return gateway.Info{}, false
	}
	return info, true
}

func (p *program) note(sum string, info gateway.Info) {
	b, err := json.Marshal(info)
	if err == nil {
		tmp := p.memory(sum) + ".part"
		if err = os.WriteFile(tmp, b, 0o600); err == nil {
			err = os.Rename(tmp, p.memory(sum))
		}
	}
	if err != nil {
		p.log.Warn().Err(err).Msg("what the gateway says of itself could not be kept; it will be asked again")
	}
}

// acquire returns a running process with the caller counted in, starting one if there is none. It waits no longer than
// ctx, and not at all where the pause after a failure is longer than a caller's patience.
func (p *program) acquire(ctx context.Context) (*process, error) {
	for {
		pin, err := p.pinned()
		if err != nil {
			return nil, err
		}
		proc, start, err := p.current(pin)
		if err != nil {
			return nil, err
		}
		if start != nil {
			select {
			case <-start.done:
			case <-ctx.Done():
				return nil, down(p.name, "it was not started in time")
			}
			if start.err != nil {
				return nil, start.err
			}
			proc = start.proc
		}
		if proc.enter() {
			return proc, nil
		}
	}
}

// current returns the running process, or the start to wait for.
func (p *program) current(pin string) (*process, *launching, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, down(p.name, "the host is closing")
	}
	if p.now != nil && p.now.sum != pin {
		p.now.retire(p.host.conf.limits.grace)
		p.now = nil
	}
	if p.now != nil && p.now.alive() {
		return p.now, nil, nil
	}
	if p.pin != pin {
		p.pin, p.failures, p.until, p.last = pin, 0, time.Time{}, nil
	}
	begins := p.until
	if p.start != nil {
		begins = p.start.begins
	}
	if time.Until(begins) > p.host.conf.limits.patience {
		return nil, nil, p.why()
	}
	if p.start == nil {
		p.begin(pin)
	}
	return nil, p.start, nil
}

// begin starts a process after the pause that is due. The caller holds mu.
func (p *program) begin(pin string) {
	s := &launching{begins: p.until, done: make(chan struct{}), stop: make(chan struct{})}
	p.start = s
	go func() {
		timer := time.NewTimer(time.Until(s.begins))
		defer timer.Stop()
		select {
		case <-timer.C:
			p.launch(s, pin)
		case <-s.stop:
			p.finish(s, nil, down(p.name, "the host is closing"))
		}
	}()
}

func (p *program) launch(s *launching, pin string) {
	path := locate(p.host.conf.Dirs, p.name)
	proc, err := p.host.launch(p.name, path, pin, func(r *runnable) {
		p.mu.Lock()
		s.run = r
		closed := p.closed
		p.mu.Unlock()
		if closed {
			_ = r.Kill(context.Background())
		}
	})
	var t *Trouble
	if err != nil && !errors.As(err, &t) {
		t = down(p.name, err.Error())
	}
	p.finish(s, proc, t)
}

// finish ends a start, well or not.
func (p *program) finish(s *launching, proc *process, t *Trouble) {
	p.mu.Lock()
	closed := p.closed
	s.proc, s.err, p.start = proc, t, nil
	switch {
	case t != nil:
		p.last = t
		if !closed {
			p.fail()
		}
	case closed:
		s.proc, s.err = nil, down(p.name, "the host is closing")
	default:
		p.now = proc
		p.infos[proc.sum] = proc.info
	}
	p.mu.Unlock()
	close(s.done)
	switch {
	case t != nil && !closed:
		p.log.Error().Err(t).Msg("gateway did not start")
	case proc != nil && closed:
		proc.end(p.host.conf.limits.grace)
	case proc != nil:
		go p.watch(proc)
	}
}

// fail counts a failure and sets the pause after it: none after the first, then doubling, then quarantine. The caller
// holds mu.
func (p *program) fail() {
	l := p.host.conf.limits
	p.failures++
	pause := time.Duration(0)
	switch {
	case p.failures >= l.tries:
		pause = l.quarantine
	case p.failures > 1:
		pause = min(l.pause<<(p.failures-2), l.longest)
	}
	p.until = time.Now().Add(pause)
}

// watch waits for a process to end, and when nobody meant it to, starts the next one: a gateway that had work may have
// pages open, and notifications to send.
func (p *program) watch(proc *process) {
	<-proc.run.ended
	go proc.client.Kill()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != proc {
		return
	}
	p.now = nil
	p.replace(proc, "ended by itself")
}

// drop kills a process that does not serve any more and starts the next one.
func (p *program) drop(proc *process, why string) {
	p.mu.Lock()
	if p.now == proc {
		p.now = nil
		p.replace(proc, why)
	}
	p.mu.Unlock()
	proc.kill()
}

// replace notes the loss of a process and begins the next. The caller holds mu.
func (p *program) replace(proc *process, why string) {
	if p.closed {
		return
	}
	p.log.Warn().Str("pid", proc.run.ID()).Str("why", why).Msg("gateway process lost")
	if p.last == nil {
		p.last = down(p.name, "its program "+why)
	}
	p.pin = proc.sum
	p.fail()
	if p.start == nil && p.failures < p.host.conf.limits.tries {
		p.begin(proc.sum)
	}
}

// retireNow lets go of the running process, if any, because nobody trusts it any more.
func (p *program) retireNow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil {
		p.now.retire(p.host.conf.limits.grace)
		p.now = nil
	}
}

// fine notes a good answer: whatever failed before is over.
func (p *program) fine() {
	p.mu.Lock()
	p.failures, p.until, p.last = 0, time.Time{}, nil
	p.mu.Unlock()
}

// forgive lets the next call start the program at once, after a quarantine or during a pause.
func (p *program) forgive() { p.fine() }

// running says whether there is a process.
func (p *program) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now != nil && p.now.alive()
}

// trouble is why calls fail at present, or nil.
func (p *program) trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Until(p.until) > p.host.conf.limits.patience {
		return p.why()
	}
	return nil
}

// why is the answer to a call during a long pause. The caller holds mu.
func (p *program) why() *Trouble {
	last := "its program failed"
	if p.last != nil {
		last = p.last.port.Detail
	}
	if p.failures >= p.host.conf.limits.tries {
		return quarantined(p.name, last)
	}
	if p.last != nil {
		return p.last
	}
	return down(p.name, last)
}

// probe looks at the health of a process that is slow, and kills it when it does not answer.
func (p *program) probe(proc *process) {
	if !proc.probing.CompareAndSwap(false, true) {
		return
	}
	defer proc.probing.Store(false)
	if proc.alive() && !proc.well(p.host.conf.limits.health) {
		p.drop(proc, "hung")
	}
}

// close ends the process and refuses every later call.
func (p *program) close() {
	p.mu.Lock()
	p.closed = true
	proc, start := p.now, p.start
	p.now = nil
	if start != nil {
		close(start.stop)
		if start.run != nil {
			_ = start.run.Kill(context.Background())
		}
	}
	p.mu.Unlock()
	if start != nil {
		<-start.done
	}
	if proc != nil {
		proc.end(p.host.conf.limits.grace)
	}
}
