package gatewaytest

import (
	"os"
	"os/exec"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// Start runs a gateway's program, in the way that Acquit does, with a folder for its state, until the test ends.
func Start(tb testing.TB, program, state string) gateway.Driver {
	tb.Helper()
	cmd := exec.Command(program)
	cmd.Env = []string{wire.StateEnv + "=" + state, "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + state, "TMPDIR=" + os.TempDir()}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: wire.Handshake, VersionedPlugins: wire.Called(), AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS: true, SkipHostEnv: true, Cmd: cmd, Logger: hclog.NewNullLogger(), Stderr: tb.Output(),
	})
	tb.Cleanup(func() {
		if cmd.Process != nil {
			_ = cmd.Process.Kill() // first: the library's Kill waits without end for a program that hangs
		}
		client.Kill()
	})
	protocol, err := client.Client()
	if err != nil {
		tb.Fatal(err)
	}
	d, err := protocol.Dispense(wire.ServiceName)
	if err != nil {
		tb.Fatal(err)
	}
	driver, ok := d.(*wire.Client)
	if !ok {
		tb.Fatalf("the program serves a %T", d)
	}
	return driver
}
