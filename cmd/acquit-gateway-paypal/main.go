// Command acquit-gateway-paypal is the PayPal connector as a gateway program; see package paypal.
package main

import (
	"github.com/acquit-app/acquit/plugins/paypal"
	"github.com/acquit-app/acquit/plugins/sdk"
)

func main() {
	sdk.Serve(paypal.New(paypal.Options{Log: sdk.Logger()}))
}
