package sandbox

import "github.com/acquit-app/acquit/core/gateway"

// follow brings what a recorded movement says of others. A pending payment, and one that was pending before, has the pay
// page it was made on, so that the host can ask about it and the console settle it. What a reversal takes back is closed,
// so that it cannot be taken back again.
func (t *tx) follow(c gateway.Connection, m *Movement) error {
	switch m.Kind {
	case gateway.KindPayment:
		if _, err := t.session(m.Account, m.Session); err == nil || m.Session != "" && m.State == gateway.Pending {
			t.putSession(m.page(c))
		}
	case gateway.KindDisputeReversal, gateway.KindRefundReversal, gateway.KindPayoutReversal:
		from, err := t.movement(m.Account, m.Related)
		if err != nil {
			return err
		}
		from.Closed = closedReversed
		if m.Kind == gateway.KindDisputeReversal {
			from.Closed = closedWon
		}
		t.putMovement(from)
	}
	return nil
}

// page is the pay page that a payment was made on.
func (m *Movement) page(c gateway.Connection) *Session {
	v := &Session{
		ID: m.Session, Account: m.Account, Connection: c.ID, Merchant: clean(c.Settings[settingMerchant], 80), Locale: locale(c.Settings[settingLanguage], "fr"),
		Reference: m.Reference, Amount: m.Gross, Title: clean(m.Description, 200), Name: m.Name, Email: m.Email, FeePlan: c.Settings[settingFee],
		CreatedAt: m.OccurredAt, ExpiresAt: m.OccurredAt.Add(day), Reason: m.Reason, Payments: []string{m.ID},
	}
	switch m.State {
	case gateway.Pending:
		v.State = gateway.CheckoutProcessing
	case gateway.Failed:
		v.State = gateway.CheckoutFailed
	default:
		v.State = gateway.CheckoutPaid
	}
	return v
}
