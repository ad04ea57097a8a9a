// Acquit lets a company be paid online for its invoices and the deposits on its quotes, and puts that money into
// double-entry books. This program is all of it but the gateways, which are programs of their own beside it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
