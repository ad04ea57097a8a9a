package pluginhost

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"github.com/rs/zerolog"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/sdk"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// act is main for a copy of this test binary that is named like a gateway's program.
func act(name string) {
	switch name {
	case "crash":
		fmt.Fprintln(os.Stderr, "the configuration of the moon is wrong")
		os.Exit(3)
	case "mute":
		// Waiting for a signal, unlike waiting for nothing, is no deadlock to the runtime.
		ever := make(chan os.Signal, 1)
		signal.Notify(ever, syscall.SIGUSR1)
		<-ever
	case "future":
		server := wire.NewServer(actor{name}, &wire.Veil{}, zerolog.Nop())
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: wire.Handshake, GRPCServer: plugin.DefaultGRPCServer,
			VersionedPlugins: map[int]plugin.PluginSet{wire.Protocol + 1: wire.Served(server)[wire.Protocol]},
		})
	case "alias":
		sdk.Serve(actor{"somebody-else"})
	default:
		sdk.Serve(actor{name})
	}
}

// actor is a gateway whose calls go wrong in the way its name says. What its account's name says is what the tests look at.
type actor struct{ name string }

func (a actor) Describe(context.Context) (gateway.Info, error) {
	return gateway.Info{Name: a.name, Label: a.name, Version: "1", Capabilities: []gateway.Capability{gateway.CanExpire}}, nil
}

func (a actor) Open(_ context.Context, c gateway.Connection) (gateway.Gateway, error) {
	return actorLine{actor: a, conn: c}, nil
}

type actorLine struct {
	gateway.Gateway // calls that no test makes
	actor
	conn gateway.Connection
}

// first says whether this is the first call of its kind since the state folder was made, and leaves the process's id
// there for the test to find.
func first(call string) bool {
	path := filepath.Join(sdk.StateDir(), call)
	if _, err := os.Stat(path); err == nil {
		return false
	}
	if err := os.WriteFile(path+".part", []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(path+".part", path); err != nil {
		panic(err)
	}
	return true
}

func (l actorLine) Check(ctx context.Context) (gateway.Account, error) {
	a := gateway.Account{ID: "acct", Name: strconv.Itoa(os.Getpid()), Mode: gateway.Test}
	switch l.name {
	case "stalls": // blocks in the first call
		if first("check") {
			<-ctx.Done()
			return a, ctx.Err()
		}
	case "freezes": // stops its whole process in the first call
		if first("check") {
			if err := syscall.Kill(os.Getpid(), syscall.SIGSTOP); err != nil {
				return a, err
			}
			<-ctx.Done() // this thread may run on for a moment
			return a, ctx.Err()
		}
	case "environ":
		env, err := os.ReadFile("/proc/self/environ")
		if err != nil {
			return a, err
		}
		args, err := os.ReadFile("/proc/self/cmdline")
		if err != nil {
			return a, err
		}
		a.Missing = strings.Split(string(env)+"\x00"+string(args), "\x00")
		for i := range a.Missing { // the handshake's certificate is longer than a text may be
			a.Missing[i] = a.Missing[i][:min(len(a.Missing[i]), gateway.MaxText)]
		}
	case "parent": // starts a child that would outlive it
		child := exec.Command("sleep", "3600")
		if err := child.Start(); err != nil {
			return a, err
		}
		a.Missing = []string{strconv.Itoa(child.Process.Pid)}
	case "panics":
		panic("with " + l.conn.Settings["api_key"])
	case "exits":
		os.Exit(1)
	case "liar":
		a.Mode = "play"
	}
	return a, nil
}

func (l actorLine) CreateCheckout(ctx context.Context, _ gateway.CheckoutRequest) (gateway.Checkout, error) {
	if l.name == "stalls" && first("checkout") {
		<-ctx.Done()
		return gateway.Checkout{}, ctx.Err()
	}
	return gateway.Checkout{SessionID: strconv.Itoa(os.Getpid()), URL: "https://pay.example/1"}, nil
}

func (l actorLine) FetchPayment(context.Context, string) (gateway.Payment, error) {
	return gateway.Payment{
		ID: "p", Kind: gateway.KindPayment, State: gateway.Succeeded, OccurredAt: time.Now(),
		Gross: money.Of(1000, money.EUR), FeeState: gateway.FeeKnown, Fee: money.Of(50, money.EUR), Net: money.Of(999, money.EUR),
	}, nil
}

func (l actorLine) ExpireCheckout(context.Context, string) (gateway.CheckoutStatus, error) {
	return gateway.CheckoutStatus{State: gateway.CheckoutExpired}, nil
}

// hostUntilKilled is main for a host that a test kills: it opens a page at the sandbox in dir and prints the page's
// session and the id of the sandbox's process.
func hostUntilKilled(dir string) {
	h, err := New(Config{
		Dirs: []string{dir}, Lock: filepath.Join(dir, "plugins.lock"), Private: filepath.Join(dir, "private"), Bundled: dir, Log: zerolog.Nop(),
	})
	if err != nil {
		panic(err)
	}
	g, err := h.Open(context.Background(), "sandbox", connection("one"))
	if err != nil {
		panic(err)
	}
	page, err := g.CreateCheckout(context.Background(), request("att_host"))
	if err != nil {
		panic(err)
	}
	fmt.Println(page.SessionID, h.programs["sandbox"].now.run.ID())
	select {}
}

// victim is a host in a process of its own.
type victim struct {
	pid, plugin int
	session     string
	wait        func()
}

func startHost(t *testing.T, dir string) victim {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), hostEnv+"="+dir)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	once := sync.OnceFunc(func() { _ = cmd.Wait() })
	t.Cleanup(func() { _ = cmd.Process.Kill(); once() })
	v := victim{pid: cmd.Process.Pid, wait: once}
	if _, err := fmt.Fscan(out, &v.session, &v.plugin); err != nil {
		t.Fatal(err)
	}
	return v
}
