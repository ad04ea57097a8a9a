// Package pythonexample has no code of Go: the gateway is till.py. This file shows that the conformance suite, which is in Go, tries a
// gateway in any language.
package pythonexample

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/gatewaytest"
)

// world is a payer who presses the button of the till's page. The till has nothing else.
type world struct{}

var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (world) Pay(ctx context.Context, _ gateway.Connection, page gateway.Checkout, way gatewaytest.Way) error {
	if way != gatewaytest.Paid {
		return gatewaytest.NotPlayed(string(way))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page.URL, nil)
	if err != nil {
		return err
	}
	req.Close = true
	res, err := browser.Do(req)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("the page answers %s", res.Status)
	}
	_ = res.Body.Close()
	return err
}

func (world) Settle(context.Context, gateway.Connection, string, bool) error {
	return gatewaytest.NotPlayed("debits")
}

func (world) TellFee(context.Context, gateway.Connection, string) error {
	return gatewaytest.NotPlayed("late fees")
}

func (world) Payout(context.Context, gateway.Connection, money.Currency) error {
	return gatewaytest.NotPlayed("payouts")
}

func (world) Webhook(context.Context, gateway.Connection, gateway.Checkout) (gateway.Delivery, error) {
	return gateway.Delivery{}, gatewaytest.NotPlayed("webhooks")
}

func (world) LoseAnswer(context.Context, gateway.Connection) error {
	return gatewaytest.NotPlayed("lost answers")
}

func TestConformance(t *testing.T) {
	program := filepath.Join(t.TempDir(), "acquit-gateway-till")
	if out, err := exec.Command("./build.sh", program).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n(make deps installs what it needs)", err, out)
	}
	var n atomic.Int64
	gatewaytest.Run(t, gatewaytest.Harness{
		Driver: gatewaytest.Start(t, program, t.TempDir()), World: world{},
		Connect: func() gateway.Connection {
			i := n.Add(1)
			return gateway.Connection{ID: fmt.Sprint("gw_", i), Mode: gateway.Test, Settings: map[string]string{"api_key": fmt.Sprintf("till_%020d", i)}}
		},
		Refused: func() gateway.Connection {
			return gateway.Connection{ID: "gw_refused", Mode: gateway.Test, Settings: map[string]string{"api_key": "till_x"}}
		},
	})
}
