// Package sdk turns a gateway.Driver into a gateway program that Acquit can run. A whole main package is:
//
//	func main() {
//		sdk.Serve(mygateway.New(sdk.Logger()))
//	}
//
// built as acquit-gateway-<name>, where <name> is what Describe says. The sdk does the handshake, carries the calls,
// turns a panic into an error, hides the values of secret settings in errors and logs, and ends the program with its
// host. The driver keeps no state between calls that it could not lose: settings come with every call, deadlines are
// the context's. A gateway that must keep something of its own finds a private folder with StateDir.
package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sdk/wire"
)

// Starter is a driver with something to start as soon as a host runs it, e.g. a listener. Start is called once, before
// the first call, and must not block; it is not called when the program is only asked to describe itself.
type Starter interface {
	Start() error
}

// StateDir is the private folder that the host keeps for this program across restarts, or "" when the host gives none.
func StateDir() string { return os.Getenv(wire.StateEnv) }

// Serve runs the driver for the host that started this program, and does not return: the program ends with its host.
// Run by hand, it explains itself and exits with status 1; with --version or --describe it says what it is.
func Serve(driver gateway.Driver) {
	log := Logger()
	if len(os.Args) > 1 {
		os.Exit(answer(driver, os.Args[1]))
	}
	if os.Getenv(wire.Handshake.MagicCookieKey) != wire.Handshake.MagicCookieValue {
		fmt.Fprintf(os.Stderr, "%s\n", explanation(driver))
		os.Exit(1)
	}
	go dieWithHost(os.Getppid())
	if s, ok := driver.(Starter); ok {
		if err := s.Start(); err != nil {
			log.Error().Err(err).Msg("the gateway could not start all of itself")
		}
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  wire.Handshake,
		VersionedPlugins: wire.Served(wire.NewServer(driver, &veil, log)),
		GRPCServer:       plugin.DefaultGRPCServer,
		Logger:           hclog.NewNullLogger(),
	})
}

// answer serves the two questions that a person may ask on the command line.
func answer(driver gateway.Driver, question string) int {
	info, err := driver.Describe(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch question {
	case "--version":
		fmt.Println(info.Name, info.Version)
	case "--describe":
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(info); err != nil {
			return 1
		}
	default:
		fmt.Fprintln(os.Stderr, explanation(driver))
		return 1
	}
	return 0
}

func explanation(driver gateway.Driver) string {
	label := "a payment provider"
	if info, err := driver.Describe(context.Background()); err == nil {
		label = fmt.Sprintf("%s, version %s", info.Label, info.Version)
	}
	return "This is a payment gateway for Acquit (" + label + "). It is not run by hand: put the file beside the acquit\n" +
		"program or into a folder that it searches, trust it with \"acquit plugin trust\", and Acquit starts it.\n" +
		"  --version    prints name and version\n" +
		"  --describe   prints what it asks for and can do, as JSON"
}

// dieWithHost ends the program when its parent is not the host any more. On Linux the kernel does so at once, on the
// host's request; this is for other systems, and for hosts that did not ask.
func dieWithHost(host int) {
	for range time.Tick(time.Second) {
		if os.Getppid() != host {
			os.Exit(0)
		}
	}
}
