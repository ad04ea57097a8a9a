package paypal_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/plugins/paypal/paypalfake"
)

// TestMode30_PoisonItem: a row that cannot be read, and an object that cannot, do not hold up the list.
func TestMode30_PoisonItem(t *testing.T) {
	for _, gap := range []time.Duration{time.Minute, 5 * 24 * time.Hour, 20 * 24 * time.Hour} {
		t.Run(gap.String(), func(t *testing.T) {
			s := newShop(t)
			usd := s.paid("at_usd", money.Of(5_000, "USD"), paypalfake.Outcome{Act: paypalfake.Pays})
			s.clock.pass(time.Minute)
			claimed := s.paid("at_1", eur(10_000), paypalfake.Outcome{Act: paypalfake.Pays})
			d, err := s.fake.OpenDispute(claimed.ID, false, "UNAUTHORISED")
			if err != nil {
				t.Fatal(err)
			}
			s.fake.Inject(paypalfake.Fault{Path: "/v1/customer", Kind: paypalfake.FaultStatus, Status: 500, Times: 2})
			s.fake.Inject(paypalfake.Fault{Path: "/v2/payments/captures/" + usd.ID, Kind: paypalfake.FaultMalformed, Times: 2})
			all, cursor := s.list("")
			l := latest(all)
			if p := l["payment "+usd.ID]; p.State != gateway.Pending || p.Reason != "LOOKUP_FAILED" {
				t.Errorf("a payment that cannot be read is %s", line(p))
			}
			if p := l["payment "+claimed.ID]; p.State != gateway.Succeeded {
				t.Errorf("the payment behind it is %s", line(p))
			}
			for range 2 {
				s.clock.pass(gap)
				all, cursor = s.list(cursor)
			}
			l = latest(all)
			if l["payment "+usd.ID].State != gateway.Succeeded || l["dispute "+d].State != gateway.Pending {
				t.Errorf("once they can be read, listed %d", len(all))
			}
			s.clock.pass(gap)
			if all, _ = s.list(cursor); len(all) != 0 {
				t.Errorf("at rest, listed %d", len(all))
			}
		})
	}
}

var _ = fmt.Sprint
var _ = strings.Contains
var _ http.Handler
