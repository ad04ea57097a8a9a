package pluginhost

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sandbox/drive"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// request is a plausible request for a pay page.
func request(key string) gateway.CheckoutRequest {
	return gateway.CheckoutRequest{
		IdempotencyKey: key, Reference: key, Amount: money.Of(120_000, money.EUR), Description: "Facture FA2026-0012",
		ReturnURL: "http://127.0.0.1:9/back", CancelURL: "http://127.0.0.1:9/cancel", ExpiresAt: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

// has says that err is the host's trouble with a code, and of an outcome.
func has(t *testing.T, err error, code fault.Code, outcome gateway.Outcome) {
	t.Helper()
	var port *gateway.Error
	if !fault.Has(err, code) || !errors.As(err, &port) || port.Outcome != outcome {
		t.Errorf("%v is not %s (%s)", err, code, outcome)
	}
}

// only is the status of the one gateway that is known.
func (s *stage) only(t *testing.T) app.GatewayStatus {
	t.Helper()
	known, err := s.host.Known(t.Context())
	if err != nil || len(known) != 1 {
		t.Fatalf("known: %+v, %v", known, err)
	}
	return known[0]
}

// pidOf asks an actor, or any gateway whose account is named after its process, for the process's id.
func pidOf(t *testing.T, g gateway.Gateway) int {
	t.Helper()
	a, err := g.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(a.Name)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// callPid waits until an actor says in its state folder that a call has begun, and returns its process's id.
func (s *stage) callPid(t *testing.T, name, call string) int {
	t.Helper()
	path := filepath.Join(s.host.StateDir(name), call)
	eventually(t, call+" has begun", func() bool { _, err := os.Stat(path); return err == nil })
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// frozen waits until the actor "freezes" has stopped in its first call, and returns its process's id.
func (s *stage) frozen(t *testing.T) int {
	t.Helper()
	pid := s.callPid(t, "freezes", "check")
	eventually(t, "the process is stopped", func() bool {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err == nil && strings.Contains(string(b), ") T ")
	})
	return pid
}

// gone says whether a process is no more, or waits to be buried.
func gone(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(b), ") Z ")
}

func TestSandboxThroughTheHost(t *testing.T) {
	s := newStage(t, usual, "sandbox")
	known := s.only(t)
	if known.Problem != "" || !known.Trusted || !known.Running || known.Name != "sandbox" || known.Info.Label != "Sandbox" || len(known.Checksum) != 64 {
		t.Fatalf("known: %+v", known)
	}
	g := s.line(t, "sandbox", "one")
	page, err := g.CreateCheckout(t.Context(), request("att_1"))
	if err != nil {
		t.Fatal(err)
	}
	console, err := drive.Of(page.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := console.Pay(t.Context(), page.SessionID, sandbox.Pays); err != nil {
		t.Fatal(err)
	}
	list, err := g.ListPayments(t.Context(), gateway.ListRequest{Limit: 10})
	if err != nil || len(list.Payments) != 1 || list.Payments[0].Net.Minor() != 120_000-1705 || !list.CaughtUp {
		t.Fatalf("listed %+v, %v", list, err)
	}
	balance, err := g.(gateway.BalanceReader).Balance(t.Context())
	if err != nil || len(balance) != 1 || balance[0].Minor() != 120_000-1705 {
		t.Fatalf("balance %v, %v", balance, err)
	}
	if _, err := g.FetchPayment(t.Context(), "nothing"); gateway.AsError(err).Kind != gateway.ErrNotFound || len(fault.All(err)) != 0 {
		t.Errorf("the gateway's own error arrived as %v", err)
	}
}

func TestAbilitiesAreThoseAnnounced(t *testing.T) {
	s := newStage(t, usual, "plain")
	g := s.line(t, "plain", "one")
	if _, ok := g.(gateway.Refunder); ok {
		t.Error("an ability that is not announced is there")
	}
	x, ok := g.(gateway.Expirer)
	if !ok {
		t.Fatal("an ability that is announced is not there")
	}
	if st, err := x.ExpireCheckout(t.Context(), "s"); err != nil || st.State != gateway.CheckoutExpired {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestNothingIsStartedBeforeTheFirstCall(t *testing.T) {
	s := newStage(t, usual, "plain")
	if s.line(t, "plain", "one") == nil { // the first time ever, the program is asked what it is
		t.Fatal("no gateway")
	}
	if err := s.host.Close(); err != nil {
		t.Fatal(err)
	}
	s.open(t)
	g := s.line(t, "plain", "one")
	if p, err := s.host.program("plain"); err != nil || p.running() {
		t.Fatalf("opening a known gateway started it (%v)", err)
	}
	pidOf(t, g)
	if p, err := s.host.program("plain"); err != nil || !p.running() {
		t.Fatalf("it is not running (%v)", err)
	}
}

func TestOneProcessServesAll(t *testing.T) {
	s := newStage(t, usual, "plain")
	const callers = 32
	var wg sync.WaitGroup
	pids := make([]string, callers)
	errs := make([]error, callers)
	for i := range callers {
		wg.Go(func() {
			g, err := s.host.Open(t.Context(), "plain", connection(strconv.Itoa(i)))
			if err == nil {
				var a gateway.Account
				a, err = g.Check(t.Context())
				pids[i] = a.Name
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for i := range callers {
		if errs[i] != nil || pids[i] != pids[0] {
			t.Fatalf("caller %d was served by %s, the first by %s (%v)", i, pids[i], pids[0], errs[i])
		}
	}
}

func TestKilledDuringACall(t *testing.T) {
	s := newStage(t, usual, "stalls")
	g := s.line(t, "stalls", "one")

	// A call that only reads is made again on the next process.
	checked := make(chan error, 1)
	go func() { _, err := g.Check(t.Context()); checked <- err }()
	first := s.callPid(t, "stalls", "check")
	kill(t, first)
	if err := <-checked; err != nil {
		t.Errorf("a read was not made again: %v", err)
	}
	if pid := pidOf(t, g); pid == first {
		t.Errorf("process %d serves after its death", pid)
	}

	// One that does something, without an idempotency key, is not: nobody knows whether it has happened.
	created := make(chan error, 1)
	go func() { _, err := g.CreateCheckout(t.Context(), request("")); created <- err }()
	kill(t, s.callPid(t, "stalls", "checkout"))
	has(t, <-created, fault.GatewayDown, gateway.Unknown)
	if _, err := g.CreateCheckout(t.Context(), request("att_2")); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestKilledDuringACallWithAKey(t *testing.T) {
	s := newStage(t, usual, "stalls")
	g := s.line(t, "stalls", "one")
	created := make(chan error, 1)
	go func() { _, err := g.CreateCheckout(t.Context(), request("att_1")); created <- err }()
	kill(t, s.callPid(t, "stalls", "checkout"))
	if err := <-created; err != nil {
		t.Errorf("a call with an idempotency key was not made again: %v", err)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

func TestMode32_KilledBetweenCallsItComesBackByItself(t *testing.T) {
	s := newStage(t, usual, "plain")
	g := s.line(t, "plain", "one")
	first := pidOf(t, g)
	kill(t, first)
	p, err := s.host.program("plain")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "another process runs", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.now != nil && p.now.run.ID() != strconv.Itoa(first)
	})
	if pidOf(t, g) == first {
		t.Error("the dead process answers")
	}
}

func TestKilledAgainAndAgain(t *testing.T) {
	s := newStage(t, usual, "sandbox")
	g := s.line(t, "sandbox", "one")
	pages := map[string]bool{}
	for i := range 5 {
		key := "att_" + strconv.Itoa(i)
		page, err := g.CreateCheckout(t.Context(), request(key))
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		p, err := s.host.program("sandbox")
		if err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		pid, err := strconv.Atoi(p.now.run.ID())
		p.mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		kill(t, pid)
		again, err := g.CreateCheckout(t.Context(), request(key))
		if err == nil && again.SessionID != page.SessionID {
			t.Fatalf("round %d: one key opened %s, and %s after a death", i, page.SessionID, again.SessionID)
		}
		if err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		if again.URL != page.URL {
			t.Errorf("round %d: the page moved from %s to %s", i, page.URL, again.URL)
		}
		pages[page.SessionID] = true
	}
	if len(pages) != 5 {
		t.Errorf("%d pages for 5 keys", len(pages))
	}
}

// TestKilledAtAnyMoment lets payers pay while the sandbox is killed again and again, at moments that nobody chose. Every
// key opens one page, every page is paid once, and the money is there to the cent.
func TestKilledAtAnyMoment(t *testing.T) {
	relaxed := usual
	relaxed.pause, relaxed.longest, relaxed.tries = time.Millisecond, 10*time.Millisecond, 1000
	s := newStage(t, relaxed, "sandbox")
	g := s.line(t, "sandbox", "one")
	p, err := s.host.program("sandbox")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	const payers, each, kills = 4, 15, 12
	steps := make(chan struct{}) // one for each step of a payer; the killer counts them
	done := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-steps:
			}
			if n%(payers*each*2/kills) != 0 {
				continue
			}
			p.mu.Lock()
			if p.now != nil && p.now.alive() {
				_ = p.now.run.Kill(ctx)
			}
			p.mu.Unlock()
		}
	})
	again := func(f func() error) {
		for f() != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(time.Millisecond):
			}
		}
		steps <- struct{}{}
	}
	var wg sync.WaitGroup
	for i := range payers {
		wg.Go(func() {
			for j := range each {
				var page gateway.Checkout
				key := "att_" + strconv.Itoa(i) + "_" + strconv.Itoa(j)
				again(func() (err error) { page, err = g.CreateCheckout(ctx, request(key)); return err })
				again(func() error {
					console, err := drive.Of(page.URL)
					if err != nil {
						return err
					}
					_, err = console.Pay(ctx, page.SessionID, sandbox.Pays)
					var no *drive.Refusal
					if errors.As(err, &no) && no.Code == "page_closed" { // the answer to an earlier click was lost
						return nil
					}
					return err
				})
			}
		})
	}
	wg.Wait()
	close(done)
	killer.Wait()
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}

	paid := map[string]int{}
	again = func(f func() error) {
		for err := f(); err != nil; err = f() {
			if ctx.Err() != nil {
				t.Fatal(err)
			}
		}
	}
	for r, caughtUp := (gateway.ListRequest{Limit: 7}), false; !caughtUp; {
		var page gateway.Page
		again(func() (err error) { page, err = g.ListPayments(ctx, r); return err })
		for _, m := range page.Payments {
			paid[m.Reference]++
		}
		r.Cursor, caughtUp = page.Next, page.CaughtUp
	}
	if len(paid) != payers*each {
		t.Errorf("%d of %d payments are listed", len(paid), payers*each)
	}
	for ref, n := range paid {
		if n != 1 {
			t.Errorf("%s was paid %d times", ref, n)
		}
	}
	balance, err := g.(gateway.BalanceReader).Balance(ctx)
	if err != nil || len(balance) != 1 || balance[0].Minor() != payers*each*(120_000-1705) {
		t.Errorf("it holds %v (%v)", balance, err)
	}
	if n := strings.Count(s.log.String(), "gateway started"); n < 5 {
		t.Errorf("the program was killed %d times only", n-1)
	}
}

func TestMode32_HungGatewayBlocksNobody(t *testing.T) {
	patient := usual
	patient.slow, patient.health = time.Hour, 200*time.Millisecond // nobody looks before the caller gives up
	s := newStage(t, patient, "freezes", "plain")
	hung, other := s.line(t, "freezes", "one"), s.line(t, "plain", "one")
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := hung.Check(ctx); done <- err }()
	first := s.frozen(t)

	pidOf(t, other)
	if known, err := s.host.Known(t.Context()); err != nil || len(known) != 2 || known[0].Problem != "" || known[1].Problem != "" {
		t.Errorf("known: %+v, %v", known, err)
	}
	select {
	case err := <-done:
		t.Fatalf("the hung call ended: %v", err)
	default:
	}

	giveUp()
	has(t, <-done, fault.GatewayDown, gateway.Unknown)
	if pid := pidOf(t, hung); pid == first {
		t.Errorf("the hung process %d answers", pid)
	}
	eventually(t, "the hung process is killed", func() bool { return gone(first) })
}

func TestHungGatewayIsKilledWhileACallWaits(t *testing.T) {
	s := newStage(t, impatient, "freezes")
	g := s.line(t, "freezes", "one")
	// The look at its health comes long before the call's own deadline, and Check may be made again.
	if _, err := g.Check(t.Context()); err != nil {
		t.Errorf("after the hung process was replaced: %v", err)
	}
	eventually(t, "the hung process is killed", func() bool { return gone(s.callPid(t, "freezes", "check")) })
}

func TestCloseDoesNotWaitForAHungGateway(t *testing.T) {
	patient := usual
	patient.slow, patient.grace = time.Hour, 100*time.Millisecond
	s := newStage(t, patient, "freezes")
	g := s.line(t, "freezes", "one")
	done := make(chan error, 1)
	go func() { _, err := g.Check(t.Context()); done <- err }()
	pid := s.frozen(t)
	if err := s.host.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("a call outlived the host")
	}
	eventually(t, "the hung process is killed", func() bool { return gone(pid) })
}

func TestOnlyTheTrustedRun(t *testing.T) {
	s := newStage(t, usual, "plain")
	path := filepath.Join(s.dir, wire.Prefix+"plain")

	if err := s.host.lock.Forget("plain"); err != nil {
		t.Fatal(err)
	}
	_, err := s.host.Open(t.Context(), "plain", connection("one"))
	has(t, err, fault.GatewayUntrusted, gateway.NotDone)
	st := s.only(t)
	if st.Trusted || st.Running || st.Problem != string(fault.GatewayUntrusted) || !strings.Contains(st.Detail, st.Checksum) || st.Info.Name != "" {
		t.Errorf("not pinned: %+v", st)
	}

	found, err := Find(s.conf.Dirs, s.host.lock)
	if err != nil || len(found) != 1 || found[0].Trusted() {
		t.Fatalf("found %+v, %v", found, err)
	}
	if err := s.host.lock.Trust(found[0]); err != nil {
		t.Fatal(err)
	}
	if st := s.only(t); !st.Trusted || st.Problem != "" {
		t.Errorf("pinned: %+v", st)
	}

	appendByte(t, path)
	g, err := s.host.Open(t.Context(), "plain", connection("one"))
	if err != nil {
		t.Fatalf("the running copy is still the pinned one: %v", err)
	}
	pidOf(t, g)
	if st := s.only(t); st.Trusted || st.Problem != string(fault.GatewayUntrusted) || !strings.Contains(st.Detail, found[0].Checksum) {
		t.Errorf("changed: %+v", st)
	}
	if err := s.host.Close(); err != nil {
		t.Fatal(err)
	}
	s.conf.Bundled = ""
	s.open(t)
	if g, err = s.host.Open(t.Context(), "plain", connection("one")); err == nil {
		_, err = g.Check(t.Context())
	}
	has(t, err, fault.GatewayUntrusted, gateway.NotDone)
}

func appendByte(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, append(b, 0), 0o700)); err != nil {
		t.Fatal(err)
	}
}

func TestATamperedCopyDoesNotRun(t *testing.T) {
	s := newStage(t, usual, "plain")
	g := s.line(t, "plain", "one")
	pid := pidOf(t, g)
	copies, err := filepath.Glob(filepath.Join(s.host.rooms.copies.dir, "*", wire.Prefix+"plain"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies %v, %v", copies, err)
	}
	appendByte(t, copies[0])
	kill(t, pid)
	eventually(t, "the tampered copy is refused", func() bool {
		_, err := g.Check(t.Context())
		return fault.Has(err, fault.GatewayUntrusted)
	})
}

func TestAnUpgradeTakesOverWithoutBreakingCalls(t *testing.T) {
	s := newStage(t, usual, "stalls")
	g := s.line(t, "stalls", "one")
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	done := make(chan error, 1)
	go func() { _, err := g.Check(ctx); done <- err }()
	old := s.callPid(t, "stalls", "check")

	appendByte(t, filepath.Join(s.dir, wire.Prefix+"stalls"))
	found, err := Find(s.conf.Dirs, s.host.lock)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.host.lock.Trust(found[0]); err != nil {
		t.Fatal(err)
	}
	if pid := pidOf(t, g); pid == old {
		t.Error("the old program serves after the new one was trusted")
	}
	select {
	case err := <-done:
		t.Fatalf("the upgrade ended a call under way: %v", err)
	default:
	}
	if gone(old) {
		t.Error("the old program was ended under a call")
	}
	giveUp()
	<-done
	eventually(t, "the old program ends after its last call", func() bool { return gone(old) })
}

func TestWhyItDoesNotStart(t *testing.T) {
	foreign := func(t *testing.T, path string) { // a program of another architecture: the machine's number in its ELF header
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b[18], b[19] = 0x16, 0x00 // EM_S390
		if err := errors.Join(os.Remove(path), os.WriteFile(path, b, 0o700)); err != nil {
			t.Fatal(err)
		}
	}
	write := func(text string, mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(text), mode)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		what, actor string
		change      func(*testing.T, string)
		code        fault.Code
		words       string
	}{
		{"not executable", "plain", func(t *testing.T, path string) {
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}, fault.GatewayNotExecutable, "may not be executed"},
		{"not a program", "plain", write("hello", 0o700), fault.GatewayNotExecutable, "neither a program for this machine nor a script"},
		{"no interpreter", "plain", write("#!/no/such/interpreter\n", 0o700), fault.GatewayNotExecutable, "interpreter"},
		{"another architecture", "plain", foreign, fault.GatewayWrongMachine, "is built for linux/s390x, this machine is "},
		{"protocol too new", "future", nil, fault.GatewayTooNew, "speaks version 2 of the gateway protocol, this program speaks 1"},
		{"dies at once", "crash", nil, fault.GatewayBroken, "the configuration of the moon is wrong"},
		{"not a gateway", "plain", write("#!/bin/sh\necho hello\n", 0o700), fault.GatewayBroken, "did not introduce itself as a gateway: Unrecognized remote plugin message: hello"},
		{"says nothing", "mute", nil, fault.GatewayBroken, "did not introduce itself in time"},
		{"another name", "alias", nil, fault.GatewayBroken, "it calls itself somebody-else"},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := impatient
			l.tries = 100
			if c.actor == "mute" {
				l.start = 200 * time.Millisecond
			}
			s := newStage(t, l, c.actor)
			if c.change != nil {
				if err := s.host.Close(); err != nil {
					t.Fatal(err)
				}
				c.change(t, filepath.Join(s.dir, wire.Prefix+c.actor))
				s.open(t)
			}
			st := s.only(t)
			if st.Problem != string(c.code) || !strings.Contains(st.Detail, c.words) || st.Running {
				t.Errorf("%s: %s, wanted %s: %s", st.Problem, st.Detail, c.code, c.words)
			}
			_, err := s.host.Open(t.Context(), c.actor, connection("one"))
			has(t, err, c.code, gateway.NotDone)
		})
	}
	s := newStage(t, usual)
	_, err := s.host.Open(t.Context(), "nobody", connection("one"))
	has(t, err, fault.GatewayNotFound, gateway.NotDone)
	_, err = s.host.Open(t.Context(), "../../bin/sh", connection("one"))
	has(t, err, fault.GatewayNotFound, gateway.NotDone)
}

func TestAPinnedProgramThatIsMissing(t *testing.T) {
	s := newStage(t, usual, "plain")
	if err := os.Remove(filepath.Join(s.dir, wire.Prefix+"plain")); err != nil {
		t.Fatal(err)
	}
	if st := s.only(t); st.Name != "plain" || st.Problem != string(fault.GatewayNotFound) {
		t.Errorf("%+v", st)
	}
	g, err := s.host.Open(t.Context(), "plain", connection("one"))
	if err == nil {
		_, err = g.Check(t.Context())
	}
	has(t, err, fault.GatewayNotFound, gateway.NotDone)
}

func TestQuarantine(t *testing.T) {
	s := newStage(t, impatient, "exits")
	g := s.line(t, "exits", "one")
	starts := func() int { return strings.Count(s.log.String(), "gateway started") }
	eventually(t, "quarantine", func() bool {
		_, err := g.Check(t.Context())
		return fault.Has(err, fault.GatewayQuarantined)
	})
	_, err := g.Check(t.Context())
	has(t, err, fault.GatewayQuarantined, gateway.NotDone)
	if st := s.only(t); st.Problem != string(fault.GatewayQuarantined) || st.Detail == "" || st.Info.Name != "exits" {
		t.Errorf("known: %+v", st)
	}
	before := starts()
	for range 10 {
		_, _ = g.Check(t.Context())
	}
	if n := starts() - before; n != 0 {
		t.Errorf("started %d times in quarantine", n)
	}
	if err := s.host.Retry("exits"); err != nil {
		t.Fatal(err)
	}
	_, err = g.Check(t.Context())
	if starts() == before || fault.Has(err, fault.GatewayQuarantined) {
		t.Errorf("after the quarantine was lifted: %d starts, %v", starts()-before, err)
	}
}

func TestBrokenReplies(t *testing.T) {
	s := newStage(t, usual, "liar")
	g := s.line(t, "liar", "one")
	_, err := g.Check(t.Context())
	has(t, err, fault.GatewayBroken, gateway.NotDone)
	_, err = g.FetchPayment(t.Context(), "p")
	has(t, err, fault.GatewayBroken, gateway.Unknown)
	if !strings.Contains(err.Error(), "net 9.99 EUR is not the effect") {
		t.Errorf("the error does not say why: %v", err)
	}
}

func TestPanicsLeaveTheProgramAliveAndTheSecretInside(t *testing.T) {
	s := newStage(t, usual, "panics")
	g := s.line(t, "panics", "one")
	for range 3 {
		_, err := g.Check(t.Context())
		has(t, err, fault.GatewayBroken, gateway.Unknown)
		if strings.Contains(err.Error(), connection("one").Settings["api_key"]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	eventually(t, "the panic is in the log", func() bool { return strings.Contains(s.log.String(), "the gateway's code panicked") })
	if log := s.log.String(); strings.Contains(log, connection("one").Settings["api_key"]) || strings.Count(log, "gateway started") != 1 {
		t.Error("the log shows the key, or the program died")
	}
}

func TestTheProgramSeesNothingOfOurs(t *testing.T) {
	t.Setenv("ACQUIT_DATABASE", "postgres://user:hunter2@db/acquit")
	t.Setenv("HTTPS_PROXY", "http://proxy.example:3128")
	s := newStage(t, usual, "environ")
	if err := s.host.Close(); err != nil {
		t.Fatal(err)
	}
	s.conf.PassEnv = []string{"HTTPS_PROXY"}
	s.open(t)
	c := connection("one")
	g := s.line(t, "environ", "one")
	a, err := g.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(a.Missing, "\n")
	for _, never := range []string{"hunter2", "ACQUIT_DATABASE", c.Settings["api_key"], c.Settings["merchant_name"], "PGPASSWORD", "GOPATH"} {
		if strings.Contains(all, never) {
			t.Errorf("the program sees %s", never)
		}
	}
	for _, always := range []string{wire.StateEnv + "=" + s.host.StateDir("environ"), "HTTPS_PROXY=http://proxy.example:3128", "TMPDIR=" + s.dir} {
		if !strings.Contains(all, always) {
			t.Errorf("the program does not see %s", always)
		}
	}
	if info, err := os.Stat(s.host.StateDir("environ")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the state folder: %v, %v", info, err)
	}
}

func TestCloseLeavesNothingBehind(t *testing.T) {
	s := newStage(t, usual, "plain", "sandbox")
	g := s.line(t, "plain", "one")
	pid := pidOf(t, g)
	if _, err := s.line(t, "sandbox", "one").Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.host.Close(); err != nil {
		t.Fatal(err)
	}
	if !gone(pid) {
		t.Error("the program outlived the host")
	}
	left, err := os.ReadDir(filepath.Join(s.dir, "private", "run"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	_, err = g.Check(t.Context())
	has(t, err, fault.GatewayDown, gateway.NotDone)
	_, err = s.host.Open(t.Context(), "plain", connection("one"))
	has(t, err, fault.GatewayDown, gateway.NotDone)
}

func TestTheProgramsChildrenGoWithIt(t *testing.T) {
	s := newStage(t, usual, "parent")
	g := s.line(t, "parent", "one")
	a, err := g.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(a.Name)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(a.Missing[0])
	if err != nil || gone(child) {
		t.Fatalf("no child (%v)", err)
	}
	kill(t, pid)
	eventually(t, "the child is gone", func() bool { return gone(child) })
}

func TestLongPathsStillHaveSockets(t *testing.T) {
	s := newStage(t, usual, "plain")
	if err := s.host.Close(); err != nil {
		t.Fatal(err)
	}
	s.conf.Private = filepath.Join(s.dir, strings.Repeat("long/", 25))
	s.open(t)
	pidOf(t, s.line(t, "plain", "one"))
}

func TestLinesOfTheGatewayReachTheLog(t *testing.T) {
	s := newStage(t, usual, "sandbox")
	if _, err := s.line(t, "sandbox", "one").Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the sandbox's line", func() bool {
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, `"message":"the sandbox's pages are open"`) {
				return strings.Contains(line, `"level":"info"`) && strings.Contains(line, `"gateway":"sandbox"`) && strings.Contains(line, `"console":"http://127.0.0.1:`)
			}
		}
		return false
	})
}

// TestAPageOutlivesItsProcess is the payer's view: the page answers again after the program was killed, with no call of
// the host in between.
func TestAPageOutlivesItsProcess(t *testing.T) {
	s := newStage(t, usual, "sandbox")
	g := s.line(t, "sandbox", "one")
	page, err := g.CreateCheckout(t.Context(), request("att_1"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.host.program("sandbox")
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	pid, err := strconv.Atoi(p.now.run.ID())
	p.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	kill(t, pid)
	eventually(t, "the page answers", func() bool {
		res, err := http.PostForm(page.URL, url.Values{"outcome": {"3ds"}})
		if err != nil {
			return false
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return err == nil && strings.Contains(string(body), "3-D Secure")
	})
}

func TestTheLockIsReadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugins.lock")
	l := OpenLock(path)
	sum := strings.Repeat("0123456789abcdef", 4)
	if err := l.Trust(Found{Name: "b", Checksum: sum}); err != nil {
		t.Fatal(err)
	}
	if err := l.Trust(Found{Name: "a", Checksum: sum}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if want := "# Gateway programs that Acquit may run. Written by \"acquit plugin trust\".\n" + sum + "  acquit-gateway-a\n" + sum + "  acquit-gateway-b\n"; err != nil || string(b) != want {
		t.Errorf("the file holds %q (%v)", b, err)
	}
	if pins, err := OpenLock(path).Pins(); err != nil || len(pins) != 2 || pins["a"] != sum {
		t.Errorf("read back: %v, %v", pins, err)
	}
	for _, bad := range []string{"x", sum, sum + " sandbox", sum + " acquit-gateway-A", sum[1:] + " acquit-gateway-a", sum + " acquit-gateway-a\n" + sum + " acquit-gateway-a"} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if pins, err := OpenLock(path).Pins(); err == nil {
			t.Errorf("%q was read as %v", bad, pins)
		}
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLock(path).Pins(); err == nil {
		t.Error("a lock that everybody can write was read")
	}
}

func TestRoomsOfDeadRunsAreSwept(t *testing.T) {
	base := filepath.Join(t.TempDir(), "run")
	alive, err := openRoom(base)
	if err != nil {
		t.Fatal(err)
	}
	dead, err := openRoom(base)
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.mark.Close(); err != nil { // as the kernel does for a process that is killed
		t.Fatal(err)
	}
	next, err := openRoom(base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead.dir); !os.IsNotExist(err) {
		t.Errorf("the dead run's room is there (%v)", err)
	}
	if _, err := os.Stat(alive.dir); err != nil {
		t.Errorf("the living run's room is gone: %v", err)
	}
	if err := errors.Join(alive.close(), next.close()); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := openRoom(base); err == nil {
		t.Error("a folder that others can enter was used")
	}
}

// TestTheHostKilledTakesItsProgramsAlong kills a host in another process with SIGKILL.
func TestTheHostKilledTakesItsProgramsAlong(t *testing.T) {
	dir := t.TempDir()
	plugin := filepath.Join(dir, wire.Prefix+"sandbox")
	if _, err := copyProgram(sandboxProgram(t), plugin); err != nil {
		t.Fatal(err)
	}
	host := startHost(t, dir)
	pid := host.plugin
	if gone(pid) {
		t.Fatal("the program does not run")
	}
	kill(t, host.pid)
	host.wait()
	eventually(t, "the program is gone", func() bool { return gone(pid) })

	// The next host finds the state as it was, and sweeps what the dead one left.
	h, err := New(Config{Dirs: []string{dir}, Lock: filepath.Join(dir, "plugins.lock"), Private: filepath.Join(dir, "private"), Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	g, err := h.Open(t.Context(), "sandbox", connection("one"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := g.CreateCheckout(t.Context(), request("att_host"))
	if err != nil || page.SessionID != host.session {
		t.Errorf("the key of the dead host's page opens %q, not %q (%v)", page.SessionID, host.session, err)
	}
	rooms, err := os.ReadDir(filepath.Join(dir, "private", "run"))
	if err != nil || len(rooms) != 1 {
		t.Errorf("rooms: %v, %v", rooms, err)
	}
}
