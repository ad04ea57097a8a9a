package app_test

import (
	"testing"

	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/app/apptest"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
)

// contested pays the till's invoice with a fee of 0.95 and has its money taken back, in one of the shapes in which
// providers tell it: with their fee on the movement, or as a movement of its own.
func (s *till) contested(apart bool) {
	s.t.Helper()
	p := s.play.Pay(s.click(s.token, ""), 95)
	s.refresh()
	s.ok()
	d, fee := gateway.Payment{ID: "dp_1", Kind: gateway.KindDispute, State: gateway.Succeeded, Gross: apptest.EUR(12000), RelatedID: p.ID}, int64(1500)
	if apart {
		s.play.Put(apptest.WithFee(d, 0))
		s.play.Put(apptest.WithFee(gateway.Payment{ID: "df_1", Kind: gateway.KindFee, State: gateway.Succeeded, Gross: apptest.EUR(fee), RelatedID: "dp_1"}, 0))
	} else {
		s.play.Put(apptest.WithFee(d, fee))
	}
	s.refresh()
	s.ok()
}

// stands says what is contested of the invoice, and what the accounts that tell of it hold.
func (s *till) stands(v billing.Invoice, dispute int64, totals map[string]int64) {
	s.t.Helper()
	v, err := s.Store.Invoice(ctx, s.Company.ID, v.ID)
	if err != nil || v.Dispute != dispute {
		s.t.Errorf("%d of the invoice is contested, not %d; %v", v.Dispute, dispute, err)
	}
	for account, want := range totals {
		if got := s.Store.Total(s.Company.ID, account); got != want {
			s.t.Errorf("%s holds %d, not %d", account, got, want)
		}
	}
}

func TestMode19_DisputeOpened(t *testing.T) {
	for name, apart := range map[string]bool{"fee on the movement": false, "fee of its own": true} {
		t.Run(name, func(t *testing.T) {
			s := newTill(t)
			s.contested(apart)
			s.stands(s.invoice, 12000, map[string]int64{"416": 12000, "411": 0, "627": 95 + 1500, s.conn.GatewayAccount: -95 - 1500, "512": 0})
			if pg := s.page(s.token); pg.State == app.PayOpen || pg.State == app.PaySettled {
				t.Errorf("the page of a contested invoice is %s", pg.State)
			}
		})
	}
}

func TestMode20_DisputeWonOrLost(t *testing.T) {
	t.Run("won, the fee is not given back", func(t *testing.T) {
		s := newTill(t)
		s.contested(false)
		s.play.Put(apptest.WithFee(gateway.Payment{ID: "dw_1", Kind: gateway.KindDisputeReversal, State: gateway.Succeeded, Gross: apptest.EUR(12000), RelatedID: "dp_1"}, 0))
		s.refresh()
		s.ok()
		s.stands(s.invoice, 0, map[string]int64{"416": 0, "411": 0, "627": 95 + 1500, s.conn.GatewayAccount: 12000 - 95 - 1500})
		if pg := s.page(s.token); pg.State != app.PaySettled {
			t.Errorf("the page says %s", pg.State)
		}
	})
	t.Run("lost", func(t *testing.T) {
		s := newTill(t)
		s.contested(false)
		apptest.OK(t, s.WriteOffDispute(ctx, s.Owner, s.invoice.ID, civil.Date{}))
		s.stands(s.invoice, 0, map[string]int64{"416": 0, "411": 0, "654": 12000, "627": 95 + 1500})
		if pg := s.page(s.token); pg.State == app.PayOpen {
			t.Error("what was written off can be paid")
		}
	})
	t.Run("only asked about", func(t *testing.T) {
		s := newTill(t)
		p := s.play.Pay(s.click(s.token, ""), 95)
		s.refresh()
		s.ok()
		inquiry := gateway.Payment{ID: "dp_1", Kind: gateway.KindDispute, State: gateway.Pending, Reason: "warning_needs_response", Gross: apptest.EUR(12000), FeeState: gateway.FeeNone, RelatedID: p.ID}
		for _, state := range []gateway.State{gateway.Pending, gateway.Failed} {
			inquiry.State = state
			s.play.Put(inquiry)
			s.refresh()
			if n := s.ok(); n != 0 {
				t.Errorf("%d rows posted of a question that is %s", n, state)
			}
			s.stands(s.invoice, 0, map[string]int64{"416": 0, "411": 0, "627": 95})
		}
		ar, err := s.Store.Arrival(ctx, s.Company.ID, inbox.ArrivalID(s.conn.ID, gateway.KindDispute, "dp_1"))
		if err != nil || ar.State != inbox.Void {
			t.Errorf("a question that was closed is %s, %v", ar.State, err)
		}
	})
}
