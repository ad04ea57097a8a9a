package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/acquit-app/acquit/core/gateway"
)

// toy is a driver that can say what it is and nothing else.
type toy struct{}

func (toy) Describe(context.Context) (gateway.Info, error) {
	return gateway.Info{Name: "toy", Label: "Toy", Version: "1.2.3"}, nil
}

func (toy) Open(context.Context, gateway.Connection) (gateway.Gateway, error) {
	return nil, gateway.Fail(gateway.ErrUnsupported, gateway.NotDone, "", "a toy")
}

// The test binary is the gateway's program when playToy is set.
func TestMain(m *testing.M) {
	if os.Getenv(playToy) != "" {
		Serve(toy{})
	}
	os.Exit(m.Run())
}

const playToy = "ACQUIT_TEST_TOY"

// byHand runs the toy as a person would.
func byHand(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = []string{playToy + "=1"}
	var out, bad bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &bad
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), bad.String(), cmd.ProcessState.ExitCode()
}

func TestRunByHandItExplainsItself(t *testing.T) {
	for _, args := range [][]string{nil, {"serve"}} {
		out, bad, code := byHand(t, args...)
		if code != 1 || out != "" || !strings.Contains(bad, "Toy, version 1.2.3") || !strings.Contains(bad, "not run by hand") {
			t.Errorf("%v: exit %d, said %q and %q", args, code, out, bad)
		}
	}
}

func TestItSaysWhatItIs(t *testing.T) {
	if out, bad, code := byHand(t, "--version"); code != 0 || out != "toy 1.2.3\n" || bad != "" {
		t.Errorf("exit %d, said %q and %q", code, out, bad)
	}
	out, bad, code := byHand(t, "--describe")
	var info gateway.Info
	if err := json.Unmarshal([]byte(out), &info); err != nil || code != 0 || bad != "" || info.Label != "Toy" {
		t.Errorf("exit %d, said %q and %q (%v)", code, out, bad, err)
	}
}
