// Command acquit-gateway-sandbox is the bundled play gateway as a gateway program; see package sandbox.
package main

import (
	"github.com/acquit-app/acquit/plugins/sandbox"
	"github.com/acquit-app/acquit/plugins/sdk"
)

func main() {
	sdk.Serve(sandbox.New(sandbox.Options{Dir: sdk.StateDir(), Log: sdk.Logger()}))
}
