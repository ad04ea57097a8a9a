package stripefake

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The state of the fake, as it is kept in its file. Amounts are in Stripe's own count of each currency.

type state struct {
	Seq      int64               `json:"seq"`
	Accounts map[string]*account `json:"accounts"`
}

type account struct {
	ID        string                `json:"id"`
	Name      string                `json:"name"`
	Country   string                `json:"country"`
	Currency  string                `json:"currency"`
	Live      bool                  `json:"live,omitempty"`
	Keys      map[string]*key       `json:"keys"`
	Settles   map[string]conversion `json:"settles,omitempty"` // by presentment currency
	FeeTax    bool                  `json:"fee_tax,omitempty"`
	Sessions  []*session            `json:"sessions,omitempty"`
	Intents   []*intent             `json:"intents,omitempty"`
	Charges   []*charge             `json:"charges,omitempty"`
	Refunds   []*refund             `json:"refunds,omitempty"`
	Disputes  []*dispute            `json:"disputes,omitempty"`
	Payouts   []*payout             `json:"payouts,omitempty"`
	Txns      []*txn                `json:"txns,omitempty"`
	Events    []*event              `json:"events,omitempty"`
	Endpoints []*endpoint           `json:"endpoints,omitempty"`
	Done      map[string]*stored    `json:"done,omitempty"` // by idempotency key

	f      *Fake
	faults []*Fault
	index  map[string]any
}

type key struct {
	Revoked bool     `json:"revoked,omitempty"`
	Missing []string `json:"missing,omitempty"` // permissions, as Stripe names them in errors: rak_charge_read
}

// conversion is the currency that money in another one is converted to, and at how much.
type conversion struct {
	To   string `json:"to"`
	Rate string `json:"rate"` // units of To for one unit, a decimal number
}

type stored struct {
	Print  string          `json:"print"`
	At     int64           `json:"at"`
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

type session struct {
	ID          string            `json:"id"`
	Created     int64             `json:"created"`
	Expires     int64             `json:"expires"`
	Status      string            `json:"status"` // open, complete, expired
	Paid        bool              `json:"paid,omitempty"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Email       string            `json:"email,omitempty"`
	Reference   string            `json:"reference,omitempty"`
	Locale      string            `json:"locale,omitempty"`
	Success     string            `json:"success"`
	Cancel      string            `json:"cancel"`
	Suffix      string            `json:"suffix,omitempty"`
	Methods     []string          `json:"methods"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	IntentMeta  map[string]string `json:"intent_meta,omitempty"`
	Intent      string            `json:"intent,omitempty"`
}

type intent struct {
	ID          string            `json:"id"`
	Created     int64             `json:"created"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	Status      string            `json:"status"`
	Description string            `json:"description,omitempty"`
	Methods     []string          `json:"methods"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Charge      string            `json:"charge,omitempty"`
	ErrorCode   string            `json:"error_code,omitempty"`
	DeclineCode string            `json:"decline_code,omitempty"`
}

type charge struct {
	ID          string            `json:"id"`
	Created     int64             `json:"created"`
	Amount      int64             `json:"amount"`
	Currency    string            `json:"currency"`
	Status      string            `json:"status"` // pending, succeeded, failed
	Method      string            `json:"method"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Email       string            `json:"email,omitempty"`
	Name        string            `json:"name,omitempty"`
	Intent      string            `json:"intent,omitempty"`
	Txn         string            `json:"txn,omitempty"`
	FailureTxn  string            `json:"failure_txn,omitempty"`
	FailureCode string            `json:"failure_code,omitempty"`
	Refunded    int64             `json:"refunded,omitempty"`
	Disputed    bool              `json:"disputed,omitempty"`
}

type refund struct {
	ID         string            `json:"id"`
	Created    int64             `json:"created"`
	Amount     int64             `json:"amount"`
	Currency   string            `json:"currency"`
	Status     string            `json:"status"`
	Reason     string            `json:"reason,omitempty"`
	Metadata   map[string]string `json:"metadata,omitempty"`
	Charge     string            `json:"charge"`
	Intent     string            `json:"intent,omitempty"`
	Txn        string            `json:"txn,omitempty"`
	FailureTxn string            `json:"failure_txn,omitempty"`
	Failure    string            `json:"failure,omitempty"`
}

type dispute struct {
	ID       string   `json:"id"`
	Created  int64    `json:"created"`
	Amount   int64    `json:"amount"`
	Currency string   `json:"currency"`
	Status   string   `json:"status"`
	Reason   string   `json:"reason"`
	Charge   string   `json:"charge"`
	Intent   string   `json:"intent,omitempty"`
	Txns     []string `json:"txns,omitempty"`
}

type payout struct {
	ID         string `json:"id"`
	Created    int64  `json:"created"`
	Arrival    int64  `json:"arrival"`
	Amount     int64  `json:"amount"`
	Currency   string `json:"currency"`
	Status     string `json:"status"`
	Automatic  bool   `json:"automatic"`
	Reconciled bool   `json:"reconciled,omitempty"`
	Txn        string `json:"txn"`
	FailureTxn string `json:"failure_txn,omitempty"`
	Failure    string `json:"failure,omitempty"`
}

type txn struct {
	ID          string      `json:"id"`
	Created     int64       `json:"created"`
	Available   int64       `json:"available"`
	Type        string      `json:"type"`
	Category    string      `json:"category"`
	Amount      int64       `json:"amount"`
	Fee         int64       `json:"fee"`
	Tax         int64       `json:"tax,omitempty"` // part of Fee
	Currency    string      `json:"currency"`
	Rate        json.Number `json:"rate,omitempty"`
	Source      string      `json:"source,omitempty"`
	Description string      `json:"description,omitempty"`
	Payout      string      `json:"payout,omitempty"`
	Hidden      bool        `json:"hidden,omitempty"` // not in lists yet
}

func (t *txn) net() int64 { return t.Amount - t.Fee }

type event struct {
	ID      string          `json:"id"`
	Created int64           `json:"created"`
	Type    string          `json:"type"`
	Object  json.RawMessage `json:"object"`
	Sent    []string        `json:"sent,omitempty"` // endpoints that took it
}

type endpoint struct {
	ID      string   `json:"id"`
	Created int64    `json:"created"`
	URL     string   `json:"url"`
	Events  []string `json:"events"`
	Version string   `json:"version,omitempty"`
	Secret  string   `json:"secret"`
	Old     string   `json:"old,omitempty"` // still signed with, until OldTo
	OldTo   int64    `json:"old_to,omitempty"`
}

// id makes the next id of a kind. They are in order, so that a list of one second has one.
func (f *Fake) id(prefix string) string {
	f.s.Seq++
	return fmt.Sprintf("%s%014d", prefix, f.s.Seq)
}

func (f *Fake) at() int64 { return f.o.Now().Unix() }

// put makes an object known by its id.
func (a *account) put(id string, v any) {
	if a.index == nil {
		a.index = map[string]any{}
	}
	a.index[id] = v
}

func (a *account) clock() int64 { return a.f.at() }

func (a *account) payURL(session string) string { return a.f.base + "/pay/" + session }

// restore builds what is not kept.
func (a *account) restore(f *Fake) {
	a.f = f
	for _, v := range a.Sessions {
		a.put(v.ID, v)
	}
	for _, v := range a.Intents {
		a.put(v.ID, v)
	}
	for _, v := range a.Charges {
		a.put(v.ID, v)
	}
	for _, v := range a.Refunds {
		a.put(v.ID, v)
	}
	for _, v := range a.Disputes {
		a.put(v.ID, v)
	}
	for _, v := range a.Payouts {
		a.put(v.ID, v)
	}
	for _, v := range a.Txns {
		a.put(v.ID, v)
	}
	for _, v := range a.Events {
		a.put(v.ID, v)
	}
	for _, v := range a.Endpoints {
		a.put(v.ID, v)
	}
}

func find[T any](a *account, id string) *T {
	v, _ := a.index[id].(*T)
	return v
}

// The objects as Stripe shows them in API version 2023-10-16. References are ids; expand puts the objects there.

type object = map[string]any

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func meta(m map[string]string) object {
	out := object{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

func (a *account) show(id string) object {
	switch v := a.index[id].(type) {
	case *session:
		return a.showSession(v)
	case *intent:
		return a.showIntent(v)
	case *charge:
		return a.showCharge(v)
	case *refund:
		return a.showRefund(v)
	case *dispute:
		return a.showDispute(v)
	case *payout:
		return a.showPayout(v)
	case *txn:
		return a.showTxn(v)
	case *event:
		return a.showEvent(v)
	case *endpoint:
		return a.showEndpoint(v)
	}
	return nil
}

func (a *account) showSession(s *session) object {
	paid := "unpaid"
	if s.Paid {
		paid = "paid"
	}
	var url any
	if s.Status == "open" {
		url = a.payURL(s.ID)
	}
	var details any
	if s.Status == "complete" || s.Email != "" {
		details = object{"address": nil, "email": text(s.Email), "name": nil, "phone": nil, "tax_exempt": "none", "tax_ids": nil}
	}
	return object{
		"id": s.ID, "object": "checkout.session", "after_expiration": nil, "allow_promotion_codes": nil, "amount_subtotal": s.Amount, "amount_total": s.Amount,
		"automatic_tax": object{"enabled": false, "liability": nil, "status": nil}, "billing_address_collection": nil, "cancel_url": text(s.Cancel),
		"client_reference_id": text(s.Reference), "client_secret": nil, "consent": nil, "consent_collection": nil, "created": s.Created, "currency": s.Currency,
		"currency_conversion": nil, "custom_fields": []any{}, "custom_text": object{"after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil},
		"customer": nil, "customer_creation": "if_required", "customer_details": details, "customer_email": text(s.Email), "expires_at": s.Expires,
		"invoice": nil, "invoice_creation": nil, "livemode": a.Live, "locale": text(s.Locale), "metadata": meta(s.Metadata), "mode": "payment",
		"payment_intent": text(s.Intent), "payment_link": nil, "payment_method_collection": "if_required", "payment_method_configuration_details": nil,
		"payment_method_options": object{}, "payment_method_types": s.Methods, "payment_status": paid, "phone_number_collection": object{"enabled": false},
		"recovered_from": nil, "setup_intent": nil, "shipping_address_collection": nil, "shipping_cost": nil, "shipping_details": nil, "shipping_options": []any{},
		"status": s.Status, "submit_type": "pay", "subscription": nil, "success_url": text(s.Success),
		"total_details": object{"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}, "ui_mode": "hosted", "url": url,
	}
}

func (a *account) showIntent(v *intent) object {
	var wrong any
	if v.ErrorCode != "" {
		wrong = object{"type": "card_error", "code": v.ErrorCode, "decline_code": v.DeclineCode, "message": "Your card was declined.", "charge": v.Charge}
		if v.DeclineCode == "" {
			wrong = object{"type": "invalid_request_error", "code": v.ErrorCode, "message": "The payment failed.", "charge": v.Charge}
		}
	}
	var received int64
	if v.Status == "succeeded" {
		received = v.Amount
	}
	return object{
		"id": v.ID, "object": "payment_intent", "amount": v.Amount, "amount_capturable": 0, "amount_details": object{"tip": object{}}, "amount_received": received,
		"application": nil, "application_fee_amount": nil, "automatic_payment_methods": nil, "canceled_at": nil, "cancellation_reason": nil,
		"capture_method": "automatic", "client_secret": v.ID + "_secret_fake", "confirmation_method": "automatic", "created": v.Created, "currency": v.Currency,
		"customer": nil, "description": text(v.Description), "invoice": nil, "last_payment_error": wrong, "latest_charge": text(v.Charge), "livemode": a.Live,
		"metadata": meta(v.Metadata), "next_action": nil, "on_behalf_of": nil, "payment_method": nil, "payment_method_configuration_details": nil,
		"payment_method_options": object{}, "payment_method_types": v.Methods, "processing": nil, "receipt_email": nil, "review": nil, "setup_future_usage": nil,
		"shipping": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil, "status": v.Status, "transfer_data": nil, "transfer_group": nil,
	}
}

func (a *account) showCharge(c *charge) object {
	details := object{"type": c.Method}
	switch c.Method {
	case "sepa_debit":
		details["sepa_debit"] = object{"bank_code": "37040044", "branch_code": nil, "country": "DE", "fingerprint": nil, "last4": "3000", "mandate": nil}
	case "link":
		details["link"] = object{"country": nil}
	case "card":
		details["card"] = object{
			"amount_authorized": nil, "brand": "visa", "checks": nil, "country": "FR", "exp_month": 12, "exp_year": 2034, "fingerprint": nil, "funding": "credit",
			"installments": nil, "last4": "4242", "mandate": nil, "network": "visa", "three_d_secure": nil, "wallet": nil,
		}
	}
	captured := c.Status == "succeeded"
	var amountCaptured int64
	if captured {
		amountCaptured = c.Amount
	}
	var country any
	if c.Status != "failed" {
		country = "FR"
	}
	return object{
		"id": c.ID, "object": "charge", "amount": c.Amount, "amount_captured": amountCaptured, "amount_refunded": c.Refunded, "application": nil,
		"application_fee": nil, "application_fee_amount": nil, "balance_transaction": text(c.Txn),
		"billing_details":                 object{"address": object{"city": nil, "country": country, "line1": nil, "line2": nil, "postal_code": nil, "state": nil}, "email": text(c.Email), "name": text(c.Name), "phone": nil},
		"calculated_statement_descriptor": nil, "captured": captured, "created": c.Created, "currency": c.Currency, "customer": nil, "description": text(c.Description),
		"disputed": c.Disputed, "failure_balance_transaction": text(c.FailureTxn), "failure_code": text(c.FailureCode), "failure_message": nil, "fraud_details": object{},
		"invoice": nil, "livemode": a.Live, "metadata": meta(c.Metadata), "on_behalf_of": nil, "outcome": nil, "paid": c.Status == "succeeded", "payment_intent": text(c.Intent),
		"payment_method": nil, "payment_method_details": details, "receipt_email": nil, "receipt_number": nil, "receipt_url": nil, "refunded": c.Refunded == c.Amount && captured,
		"review": nil, "shipping": nil, "source_transfer": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil, "status": c.Status,
		"transfer_data": nil, "transfer_group": nil,
	}
}

func (a *account) showRefund(r *refund) object {
	out := object{
		"id": r.ID, "object": "refund", "amount": r.Amount, "balance_transaction": text(r.Txn), "charge": r.Charge, "created": r.Created, "currency": r.Currency,
		"metadata": meta(r.Metadata), "payment_intent": text(r.Intent), "reason": text(r.Reason), "receipt_number": nil, "source_transfer_reversal": nil,
		"status": r.Status, "transfer_reversal": nil,
	}
	if r.FailureTxn != "" {
		out["failure_balance_transaction"] = r.FailureTxn
	}
	if r.Failure != "" {
		out["failure_reason"] = r.Failure
	}
	return out
}

func (a *account) showDispute(d *dispute) object {
	txns := []any{}
	for _, id := range d.Txns {
		if t := find[txn](a, id); t != nil {
			txns = append(txns, a.showTxn(t))
		}
	}
	evidence := object{}
	for _, k := range strings.Fields(`access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
		customer_communication customer_email_address customer_name customer_purchase_ip customer_signature duplicate_charge_documentation
		duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy refund_policy_disclosure
		refund_refusal_explanation service_date service_documentation shipping_address shipping_carrier shipping_date shipping_documentation
		shipping_tracking_number uncategorized_file uncategorized_text`) {
		evidence[k] = nil
	}
	return object{
		"id": d.ID, "object": "dispute", "amount": d.Amount, "balance_transactions": txns, "charge": d.Charge, "created": d.Created, "currency": d.Currency,
		"evidence": evidence, "evidence_details": object{"due_by": d.Created + 7*86400, "has_evidence": false, "past_due": false, "submission_count": 0},
		"is_charge_refundable": strings.HasPrefix(d.Status, "warning_"), "livemode": a.Live, "metadata": object{}, "payment_intent": text(d.Intent),
		"reason": d.Reason, "status": d.Status,
	}
}

func (a *account) showPayout(p *payout) object {
	reconciliation := "not_applicable"
	if p.Automatic {
		if reconciliation = "in_progress"; p.Reconciled {
			reconciliation = "completed"
		}
	}
	return object{
		"id": p.ID, "object": "payout", "amount": p.Amount, "arrival_date": p.Arrival, "automatic": p.Automatic, "balance_transaction": p.Txn,
		"created": p.Created, "currency": p.Currency, "description": "STRIPE PAYOUT", "destination": nil, "failure_balance_transaction": text(p.FailureTxn),
		"failure_code": text(p.Failure), "failure_message": nil, "livemode": a.Live, "metadata": object{}, "method": "standard", "original_payout": nil,
		"reconciliation_status": reconciliation, "reversed_by": nil, "source_type": "card", "statement_descriptor": nil, "status": p.Status, "type": "bank_account",
	}
}

func (a *account) showTxn(t *txn) object {
	details := []any{}
	if t.Fee-t.Tax != 0 {
		details = append(details, object{"amount": t.Fee - t.Tax, "application": nil, "currency": t.Currency, "description": "Stripe processing fees", "type": "stripe_fee"})
	}
	if t.Tax != 0 {
		details = append(details, object{"amount": t.Tax, "application": nil, "currency": t.Currency, "description": "VAT", "type": "tax"})
	}
	var rate any
	if t.Rate != "" {
		rate = t.Rate
	}
	status := "available"
	if t.Available > a.clock() {
		status = "pending"
	}
	return object{
		"id": t.ID, "object": "balance_transaction", "amount": t.Amount, "available_on": t.Available, "created": t.Created, "currency": t.Currency,
		"description": text(t.Description), "exchange_rate": rate, "fee": t.Fee, "fee_details": details, "net": t.net(), "reporting_category": t.Category,
		"source": text(t.Source), "status": status, "type": t.Type,
	}
}

func (a *account) showEvent(e *event) object {
	return object{
		"id": e.ID, "object": "event", "api_version": Version, "created": e.Created, "data": object{"object": e.Object}, "livemode": a.Live,
		"pending_webhooks": 0, "request": object{"id": nil, "idempotency_key": nil}, "type": e.Type,
	}
}

func (a *account) showEndpoint(e *endpoint) object {
	return object{
		"id": e.ID, "object": "webhook_endpoint", "api_version": text(e.Version), "application": nil, "created": e.Created, "description": nil,
		"enabled_events": e.Events, "livemode": a.Live, "metadata": object{}, "status": "enabled", "url": e.URL,
	}
}

func (a *account) showAccount() object {
	return object{
		"id": a.ID, "object": "account", "business_profile": object{"mcc": nil, "name": a.Name, "product_description": nil, "support_address": nil, "support_email": nil, "support_phone": nil, "support_url": nil, "url": nil},
		"charges_enabled": true, "country": a.Country, "created": 1_700_000_000, "default_currency": a.Currency, "details_submitted": true, "email": nil,
		"payouts_enabled": true, "type": "standard",
	}
}
