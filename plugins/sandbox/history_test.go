package sandbox_test

import (
	"testing"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/plugins/sandbox"
)

// TestRecordPending lets a story end while a debit is on its way: the host asks about its page, and the console settles it.
func TestRecordPending(t *testing.T) {
	d := newDesk(t, sandbox.Options{Dir: t.TempDir()})
	pending := gateway.Payment{ID: "pay_debit", Kind: gateway.KindPayment, State: gateway.Pending, Reason: "awaiting_debit", Gross: eur(10_000),
		FeeState: gateway.FeeUnknown, SessionID: "cs_debit", Reference: "att_debit", Method: "sepa_debit", OccurredAt: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	if _, err := d.s.Record(t.Context(), d.c, []gateway.Payment{pending}); err != nil {
		t.Fatal(err)
	}
	page := func() gateway.CheckoutStatus {
		t.Helper()
		v, err := d.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: "cs_debit"})
		if err != nil || len(v.Payments) != 1 {
			t.Fatalf("the page: %+v, %v", v, err)
		}
		return v
	}
	if v := page(); v.State != gateway.CheckoutProcessing || v.Payments[0].Reference != "att_debit" {
		t.Errorf("while the debit is on its way: %+v", v)
	}
	d.holds(t, 0)
	must(t)(d.p.Settle(d.account, "pay_debit", true, ""))
	if v := page(); v.State != gateway.CheckoutPaid || v.Payments[0].Fee.Minor() != 165 {
		t.Errorf("settled: %+v", v)
	}
	d.holds(t, 9_835)
}

// TestRecordSettled lets the story itself settle a debit and win a dispute, told in parts and at once.
func TestRecordSettled(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	pay := gateway.Payment{ID: "pay_debit", Kind: gateway.KindPayment, State: gateway.Pending, Gross: eur(10_000), FeeState: gateway.FeeUnknown, SessionID: "cs_debit", OccurredAt: at}
	paid := pay
	paid.State, paid.FeeState, paid.Fee, paid.Net = gateway.Succeeded, gateway.FeeKnown, eur(165), eur(9_835)
	dispute := gateway.Payment{ID: "dp_debit", Kind: gateway.KindDispute, State: gateway.Succeeded, Gross: eur(10_000), FeeState: gateway.FeeNone, RelatedID: pay.ID, OccurredAt: at.Add(time.Hour)}
	won := dispute
	won.ID, won.Kind, won.RelatedID = "dr_debit", gateway.KindDisputeReversal, dispute.ID
	for _, parts := range [][][]gateway.Payment{{{pay}, {paid, dispute}, {won}}, {{pay, paid, dispute, won}}} {
		d := newDesk(t, sandbox.Options{Dir: t.TempDir()})
		for _, story := range parts {
			if _, err := d.s.Record(t.Context(), d.c, story); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := d.g.SettleCheckout(t.Context(), gateway.SettleRequest{SessionID: "cs_debit"}); err != nil || v.State != gateway.CheckoutPaid || len(v.Payments) != 1 {
			t.Errorf("the page of a settled debit: %+v, %v", v, err)
		}
		d.holds(t, 9_835)
		_, err := d.p.CloseDispute(d.account, "dp_debit", true, false, "")
		refused(t, err, "wrong_state")

		unknown := won
		unknown.ID, unknown.RelatedID = "dr_other", "dp_unknown"
		if _, err := d.s.Record(t.Context(), d.c, []gateway.Payment{unknown}); gateway.AsError(err) == nil {
			t.Error("a dispute that nobody knows was won")
		}
		d.holds(t, 9_835)
	}
}
