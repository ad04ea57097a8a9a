// Command acquit-gateway-stripe connects Acquit to a Stripe account; see package stripe.
package main

import (
	"github.com/acquit-app/acquit/plugins/sdk"
	"github.com/acquit-app/acquit/plugins/stripe"
)

func main() {
	sdk.Serve(stripe.New(stripe.Options{Log: sdk.Logger()}))
}
