package stripe

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Where the money is, Stripe's balance transactions say: each is one movement of the port, dated, in the currency of the
// balance that it touched, with its fee. What it is and how it stands, its source says (a charge, refund, dispute or
// payout). The snapshots here are made from the two, and hold only facts of theirs: read twice, they are equal.
//
// One rule keeps our sums equal to Stripe's balance at any time: a movement has succeeded as soon as its balance
// transaction exists, and what undoes it (a refund or payout that fails afterwards) is a movement of its own. Only a
// debit that the payer's bank has not confirmed stays pending although Stripe counts it among its pending money.

// The keys of our metadata on sessions, payment intents and refunds.
const (
	metaReference = "acquit_reference"
	metaDocument  = "acquit_document"
	metaKey       = "acquit_key"
)

// figures are the amounts of a balance transaction.
type figures struct{ gross, fee, vat, net money.Money }

func (t txn) figures() (f figures, err error) {
	if f.gross, err = fromStripe(t.Amount, t.Currency); err != nil {
		return f, err
	}
	if f.fee, err = fromStripe(t.Fee, t.Currency); err != nil {
		return f, err
	}
	if f.net, err = fromStripe(t.Net, t.Currency); err != nil {
		return f, err
	}
	if want, err := f.gross.Sub(f.fee); err != nil || !want.Equal(f.net) {
		return f, errors.New("net is not amount less fee")
	}
	var tax int64
	for _, d := range t.FeeDetails {
		if d.Type == "tax" {
			tax += d.Amount
		}
	}
	if f.vat, err = fromStripe(tax, t.Currency); err != nil {
		return f, err
	}
	if f.vat.Abs().Cmp(f.fee.Abs()) > 0 {
		f.vat = money.Zero(f.fee.Currency())
	}
	return f, nil
}

// settle gives a movement what its balance transaction says. charged is what the source says, in Stripe's count.
func settle(p *gateway.Payment, t txn, charged int64, currency string) error {
	f, err := t.figures()
	if err != nil {
		return err
	}
	gross := f.gross
	if !p.Kind.Inflow() {
		gross = gross.Neg()
	}
	if gross.Sign() < 0 && p.Kind != gateway.KindAdjustment && p.Kind != gateway.KindOther {
		// Against the grain of its kind, e.g. a payout of a negative balance, which Stripe takes from the bank.
		p.Kind, gross = gateway.KindAdjustment, f.gross
	}
	if gross.IsZero() && p.Kind == gateway.KindPayment {
		p.Kind = gateway.KindOther
	}
	p.Gross, p.Fee, p.FeeVAT, p.Net, p.FeeState = gross, f.fee, f.vat, f.net, gateway.FeeKnown
	if f.fee.IsZero() && p.Kind != gateway.KindPayment {
		p.FeeState, p.FeeVAT = gateway.FeeNone, money.Money{}
	}
	p.AvailableAt = at(t.AvailableOn)
	if currency != "" && !strings.EqualFold(currency, t.Currency) {
		if p.Charged, err = fromStripe(charged, currency); err != nil {
			return err
		}
		p.Charged = p.Charged.Abs()
		p.Rate = rate(t.ExchangeRate.String())
	}
	return nil
}

// updated orders snapshots of one object. Stripe dates no change, so it is the newest date that the object holds, and
// within it how far the object has come.
func updated(rank int, dates ...int64) time.Time {
	var newest int64
	for _, d := range dates {
		newest = max(newest, d)
	}
	return at(newest).Add(time.Duration(rank) * time.Microsecond)
}

// payment is the snapshot of a charge; t is its balance transaction, nil while there is none.
func (c charge) snapshot(t *txn) (gateway.Payment, error) {
	p := gateway.Payment{
		ID: c.payment(), Kind: gateway.KindPayment, Reference: clip(c.Metadata[metaReference], gateway.MaxID), Method: clip(c.Method.Type, gateway.MaxID),
		Payer:      gateway.Payer{Name: clip(c.BillingDetails.Name, gateway.MaxText), Email: clip(c.BillingDetails.Email, gateway.MaxText), Country: clip(c.BillingDetails.Address.Country, 2)},
		OccurredAt: at(c.Created), Description: clip(c.Description, gateway.MaxText), FeeState: gateway.FeeUnknown,
	}
	rank, dates := 0, []int64{c.Created}
	switch c.Status {
	case "succeeded":
		p.State, rank = gateway.Succeeded, 10
		if !c.Captured {
			p.State, p.Reason, rank = gateway.Pending, "requires_capture", 0
		}
	case "failed":
		p.State, p.Reason, rank = gateway.Failed, word(c.FailureCode), 10
		if p.Reason == "" {
			p.Reason = "payment_failed"
		}
	default:
		p.State, p.Reason = gateway.Pending, "processing"
	}
	amount := c.Amount
	if c.Captured && c.AmountCaptured > 0 {
		amount = c.AmountCaptured
	}
	if t != nil {
		rank++
		dates = append(dates, t.Created)
		if err := settle(&p, *t, amount, c.Currency); err != nil {
			return p, err
		}
	} else {
		var err error
		if p.Gross, err = fromStripe(amount, c.Currency); err != nil {
			return p, err
		}
	}
	if p.State == gateway.Failed {
		p.FeeState, p.Fee, p.FeeVAT, p.Net = gateway.FeeNone, money.Money{}, money.Money{}, money.Zero(p.Gross.Currency())
	}
	p.UpdatedAt = updated(rank, dates...)
	return p, nil
}

// counts says whether a charge is a movement at all. A card that was declined moved nothing, and its payer is still on the
// page; a debit that failed was on its way.
func (c charge) counts() bool {
	return c.Status != "failed" || c.BalanceTransaction.ID != "" || delayed(c.Method.Type)
}

// delayed says whether a method of payment is confirmed days after the payer has done all that is asked for
// (https://docs.stripe.com/payments/payment-methods#delayed-notification).
func delayed(method string) bool {
	switch method {
	case "sepa_debit", "acss_debit", "au_becs_debit", "bacs_debit", "us_bank_account", "ach_debit", "ach_credit_transfer",
		"boleto", "konbini", "oxxo", "multibanco", "sofort", "customer_balance", "nz_bank_account", "pix":
		return true
	}
	return false
}

func (r refund) snapshot(t *txn) (gateway.Payment, error) {
	p := gateway.Payment{
		ID: r.ID, Kind: gateway.KindRefund, RelatedID: r.payment(), OccurredAt: at(r.Created), Description: clip(r.Description, gateway.MaxText),
		FeeState: gateway.FeeNone, State: gateway.Succeeded,
	}
	rank, dates := 1, []int64{r.Created}
	switch r.Status {
	case "pending", "requires_action":
		p.Reason, rank = r.Status, 0
	case "failed", "canceled":
		if p.Reason = word(r.FailureReason); p.Reason == "" {
			p.Reason = "refund_" + r.Status
		}
		rank = 2
	}
	if t == nil {
		var err error
		if p.Gross, err = fromStripe(r.Amount, r.Currency); err != nil {
			return p, err
		}
		// The money is still in the balance: it leaves later, or never.
		if p.State = gateway.Pending; rank == 2 {
			p.State = gateway.Failed
		}
		p.Net = money.Zero(p.Gross.Currency())
	} else {
		dates = append(dates, t.Created)
		rank += 10
		if err := settle(&p, *t, r.Amount, r.Currency); err != nil {
			return p, err
		}
	}
	p.UpdatedAt = updated(rank, dates...)
	return p, nil
}

// withdrawal is the balance transaction by which a dispute took the money away, nil as long as it has not.
func (d dispute) withdrawal() *txn {
	var first *txn
	for i, t := range d.BalanceTransactions {
		if t.Amount < 0 && !t.isFee() && (first == nil || t.Created < first.Created) {
			first = &d.BalanceTransactions[i]
		}
	}
	return first
}

// Statuses of disputes. A newer API has more; one that is not known reads as open.
const (
	disputeWon     = "won"
	disputeLost    = "lost"
	warningClosed  = "warning_closed"
	disputePrevent = "prevented"
)

func (d dispute) snapshot() (gateway.Payment, error) {
	p := gateway.Payment{
		ID: d.ID, Kind: gateway.KindDispute, RelatedID: d.payment(), OccurredAt: at(d.Created), Description: clip(d.Reason, gateway.MaxText),
		Reason: word(d.Status), FeeState: gateway.FeeNone, State: gateway.Succeeded,
	}
	rank, dates := 1, []int64{d.Created}
	over := false
	switch d.Status {
	case disputeWon, disputeLost, warningClosed, disputePrevent:
		rank, over = 2, true
	case "needs_response", "warning_needs_response":
		rank = 0
	}
	if t := d.withdrawal(); t != nil {
		rank += 10
		dates = append(dates, t.Created)
		if err := settle(&p, *t, d.Amount, d.Currency); err != nil {
			return p, err
		}
		p.OccurredAt = at(t.Created)
	} else {
		var err error
		if p.Gross, err = fromStripe(d.Amount, d.Currency); err != nil {
			return p, err
		}
		if p.State = gateway.Pending; over {
			p.State = gateway.Failed
		}
		p.Net = money.Zero(p.Gross.Currency())
	}
	p.UpdatedAt = updated(rank, dates...)
	return p, nil
}

func (o payout) snapshot(t *txn) (gateway.Payment, error) {
	p := gateway.Payment{
		ID: o.ID, Kind: gateway.KindPayout, OccurredAt: at(o.Created), Description: clip(o.Description, gateway.MaxText), Method: clip(o.Method, gateway.MaxID),
		FeeState: gateway.FeeNone, State: gateway.Succeeded,
	}
	rank, dates := 0, []int64{o.Created}
	switch o.Status {
	case "in_transit":
		rank = 1
	case "paid":
		rank = 2
	case "failed", "canceled":
		if p.Reason, rank = word(o.FailureCode), 3; p.Reason == "" {
			p.Reason = "payout_" + o.Status
		}
	}
	if t == nil {
		var err error
		if p.Gross, err = fromStripe(o.Amount, o.Currency); err != nil {
			return p, err
		}
		if p.Gross.Sign() < 0 {
			p.Kind, p.Gross = gateway.KindAdjustment, p.Gross.Neg()
		}
		if p.State = gateway.Pending; rank == 3 {
			p.State = gateway.Failed
		}
		p.Net = money.Zero(p.Gross.Currency())
	} else {
		dates = append(dates, t.Created)
		rank += 10
		if err := settle(&p, *t, 0, ""); err != nil {
			return p, err
		}
		p.OccurredAt = at(t.Created)
	}
	p.AvailableAt = at(o.ArrivalDate)
	p.UpdatedAt = updated(rank, dates...)
	return p, nil
}

// isFee says whether a balance transaction is a fee of Stripe's or one given back.
func (t txn) isFee() bool {
	switch t.Type {
	case "stripe_fee", "stripe_fx_fee", "tax_fee":
		return true
	}
	switch t.ReportingCategory {
	case "fee", "tax", "network_cost":
		return t.Type != "charge" && t.Type != "payment"
	}
	return false
}

// kindOf reads the type of a balance transaction that is not told by its source alone.
func (t txn) kindOf() gateway.Kind {
	switch {
	case t.isFee() && t.Amount <= 0:
		return gateway.KindFee
	case t.isFee():
		return gateway.KindFeeRefund
	}
	switch t.Type {
	case "charge", "payment":
		return gateway.KindPayment
	case "refund", "payment_refund":
		return gateway.KindRefund
	case "refund_failure":
		return gateway.KindRefundReversal
	case "payment_reversal":
		if t.Source.Obj != nil && t.Source.Obj.Object == "charge" {
			return gateway.KindPaymentReversal
		}
		return gateway.KindRefundReversal
	case "payment_failure_refund":
		return gateway.KindPaymentReversal
	case "payout":
		return gateway.KindPayout
	case "payout_failure", "payout_cancel":
		return gateway.KindPayoutReversal
	case "topup", "topup_reversal", "reserved_funds", "payment_network_reserve_hold", "payment_network_reserve_release",
		"reserve_hold", "reserve_release":
		return gateway.KindAdjustment
	case "adjustment":
		switch t.ReportingCategory {
		case "dispute":
			return gateway.KindDispute
		case "dispute_reversal":
			return gateway.KindDisputeReversal
		case "refund_failure":
			return gateway.KindRefundReversal
		case "charge_failure":
			return gateway.KindPaymentReversal
		}
		return gateway.KindAdjustment
	}
	return gateway.KindOther
}

// movement is a snapshot made from a balance transaction.
type movement struct {
	gateway.Payment

	compose string  // the payout whose composition can be read now
	undone  *charge // the charge that this balance transaction undoes and that never counted; see conn.undo
}

// movement makes the snapshot of the movement that a balance transaction with its expanded source belongs to. It never
// fails: what cannot be read is kept as "other", with the reason in its description, for a human.
func (t txn) movement(body json.RawMessage) movement {
	m, err := t.read()
	if err == nil {
		err = gateway.CheckPayment(m.Payment)
	}
	if err != nil {
		m = movement{Payment: t.unread(body, err)}
	}
	m.Raw = evidence(body)
	return m
}

// readTxn reads an item of a list of balance transactions. What has another form than it should keeps its id at least.
func readTxn(body json.RawMessage) (txn, error) {
	var t txn
	err := json.Unmarshal(body, &t)
	if err != nil {
		t = txn{ID: headID(body)}
	}
	return t, err
}

func headID(body json.RawMessage) string {
	var head struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(body, &head) != nil {
		return ""
	}
	return head.ID
}

// readMovement is movement for an item of a list.
func readMovement(body json.RawMessage) (txn, movement) {
	t, err := readTxn(body)
	if err != nil {
		m := movement{Payment: t.unread(body, errors.New("its form is not the one that is documented"))}
		m.Raw = evidence(body)
		return t, m
	}
	return t, t.movement(body)
}

func (t txn) read() (m movement, err error) {
	var body json.RawMessage
	object := ""
	if t.Source.Obj != nil {
		body, object = t.Source.Obj.Body, t.Source.Obj.Object
	}
	kind := t.kindOf()
	switch {
	case kind == gateway.KindPayment && object == "charge":
		var c charge
		if err = json.Unmarshal(body, &c); err == nil {
			m.Payment, err = c.snapshot(&t)
		}
		return m, err
	case kind == gateway.KindRefund && object == "refund":
		var r refund
		if err = json.Unmarshal(body, &r); err == nil {
			m.Payment, err = r.snapshot(&t)
		}
		return m, err
	case kind == gateway.KindPayout && object == "payout":
		var o payout
		if err := json.Unmarshal(body, &o); err != nil {
			return m, err
		}
		if o.Automatic && o.ReconciliationStatus == "completed" {
			m.compose = o.ID
		}
		m.Payment, err = o.snapshot(&t)
		return m, err
	case object == "dispute":
		var d dispute
		if err := json.Unmarshal(body, &d); err != nil {
			return m, err
		}
		first := d.withdrawal()
		if kind == gateway.KindDispute && first != nil && first.ID == t.ID {
			m.Payment, err = d.snapshot()
			return m, err
		}
		m.Payment = t.plain(kind, d.ID)
		switch {
		case kind == gateway.KindFee || kind == gateway.KindFeeRefund:
			m.RelatedID = d.payment()
		case t.Amount > 0:
			m.Kind, m.Reason = gateway.KindDisputeReversal, word(d.Status)
		case first != nil && t.Amount != first.Amount:
			m.Kind, m.RelatedID = gateway.KindFee, d.payment() // the dispute's fee, taken apart from the money
		default:
			m.Kind, m.RelatedID = gateway.KindDispute, d.payment() // taken away once more, after an arbitration
		}
		return m, settle(&m.Payment, t, d.Amount, d.Currency)
	}
	m.Payment = t.plain(kind, t.Source.ID)
	switch object {
	case "charge":
		var c charge
		if err := json.Unmarshal(body, &c); err != nil {
			return m, err
		}
		m.RelatedID = c.payment()
		if kind == gateway.KindPaymentReversal {
			if c.Status == "failed" && c.BalanceTransaction.ID != "" && c.BalanceTransaction.ID != t.ID {
				m.undone = &c
			}
			return m, settle(&m.Payment, t, c.Amount, c.Currency)
		}
	case "refund":
		var r refund
		if err := json.Unmarshal(body, &r); err != nil {
			return m, err
		}
		if kind == gateway.KindRefundReversal {
			m.Reason = word(r.FailureReason)
			return m, settle(&m.Payment, t, r.Amount, r.Currency)
		}
	}
	if t.Type == "reserve_transaction" {
		// Money for the debts of connected accounts moves between two parts of the balance, both of which Balance counts.
		f, err := t.figures()
		m.Gross, m.Net = money.Zero(f.gross.Currency()), money.Zero(f.gross.Currency())
		m.Kind, m.FeeState, m.Description = gateway.KindOther, gateway.FeeNone, clip(fmt.Sprintf("%s %s", t.Type, f.gross), gateway.MaxText)
		return m, err
	}
	return m, settle(&m.Payment, t, 0, "")
}

// plain is a movement that is known by its balance transaction's own id.
func (t txn) plain(kind gateway.Kind, related string) gateway.Payment {
	d := t.Description
	if kind == gateway.KindOther || kind == gateway.KindAdjustment {
		d = strings.TrimSpace(t.Type + " " + d)
	}
	return gateway.Payment{
		ID: t.ID, Kind: kind, State: gateway.Succeeded, RelatedID: clip(related, gateway.MaxID), OccurredAt: at(t.Created),
		UpdatedAt: updated(0, t.Created), Description: clip(d, gateway.MaxText),
	}
}

// unread keeps a balance transaction that cannot be told as what it is: its amount if that at least can be, nothing in
// euros otherwise.
func (t txn) unread(body json.RawMessage, cause error) gateway.Payment {
	p := t.plain(gateway.KindOther, "")
	p.FeeState = gateway.FeeNone
	net, err := fromStripe(t.Net, t.Currency)
	if err != nil {
		net = money.Zero(money.EUR)
	}
	p.Gross, p.Net = net, net
	p.Description = fmt.Sprintf("set aside: %v", cause)
	if t.Currency != "" {
		p.Description = fmt.Sprintf("%.60s: amount %d, fee %d, net %d %.10s, as Stripe counts; %s", t.Type, t.Amount, t.Fee, t.Net, t.Currency, p.Description)
	}
	p.Description = clip(p.Description, gateway.MaxText)
	if p.ID == "" || len(p.ID) > gateway.MaxID {
		p.ID = fmt.Sprintf("unreadable_%x", sha256.Sum256(body))
	}
	if y := p.OccurredAt.Year(); y < 2000 || y > 2200 {
		p.OccurredAt = at(beginning)
		p.UpdatedAt = p.OccurredAt
	}
	return p
}

// beginning is before anything at Stripe: the company opened in 2011.
const beginning = 1_262_304_000 // 2010-01-01

func clip(s string, most int) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}
