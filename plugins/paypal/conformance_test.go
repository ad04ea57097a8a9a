package paypal_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/gatewaytest"
)

func contains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

// harness runs the suite in the currencies that PayPal can express: none has three decimals. Amounts that HUF and TWD cannot
// express there have tests of their own.
func harness(w *world, verify string) gatewaytest.Harness {
	return gatewaytest.Harness{
		Driver: w.driver, World: w, Currencies: []money.Currency{money.EUR, "JPY", "USD"}, Now: w.clock.now,
		Connect: func() gateway.Connection {
			c := w.connect()
			c.Settings["verify"] = verify
			return c
		},
		Refused: func() gateway.Connection {
			c := w.connect()
			c.Settings["client_secret"] = "secret-that-was-revoked"
			return c
		},
	}
}

func TestConformanceInProcess(t *testing.T) {
	for _, verify := range []string{"paypal", "certificate"} {
		t.Run(verify, func(t *testing.T) { gatewaytest.Run(t, harness(newWorld(t, morning), verify)) })
	}
}

func TestConformanceOfTheProgram(t *testing.T) {
	// The program has the real clock. The fake's, which payers move, begins behind it and stays there.
	w := newWorld(t, time.Now().Add(-30*time.Minute))
	w.driver = gatewaytest.Start(t, gatewaytest.Build(t, "github.com/acquit-app/acquit/cmd/acquit-gateway-paypal"), t.TempDir())
	gatewaytest.Run(t, harness(w, "certificate"))
}
