package paypalfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"sort"
	"time"
)

// complete makes a capture's money arrive.
func (f *Fake) complete(k *capture) {
	a := f.s.Accounts[k.Account]
	k.Status, k.Reason, k.Fee = "COMPLETED", "", fee(k.Amount)
	net := cash{k.Amount.Minor - k.Fee.Minor, k.Amount.Currency}
	if p := a.Options.Primary; a.Options.Convert && k.Amount.Currency != p && !slices.Contains(a.Options.Holds, k.Amount.Currency) {
		k.Rate = rate(k.Amount.Currency, p)
		got := convert(net, p, k.Rate)
		k.Receivable = &got
	}
	v := version{At: k.Updated, Status: "S", Amount: k.Amount, Fee: taken(k.Fee), Affects: true}
	if k.FeeHidden {
		v.Fee, v.Hidden = nil, v.Fee
	}
	if l := f.lineOf(k.Account, k.ID); l != nil {
		f.amend(k.Account, l, v)
	} else {
		f.report(k.Account, &line{ID: k.ID, Code: "T0006", Initiated: k.Created, Invoice: k.InvoiceID, Custom: k.CustomID, Subject: f.s.Orders[k.Order].Description, Payer: payerName, Email: payerEmail}, v)
	}
	if k.Receivable != nil {
		f.exchange(k.Account, k.ID, net.neg(), *k.Receivable, k.Updated)
	}
	f.emit(k.Account, "PAYMENT.CAPTURE.COMPLETED", "capture", f.captureJSON(k))
}

// exchange writes the two lines of a conversion, which share one transaction id.
func (f *Fake) exchange(account, ref string, out, in cash, at time.Time) {
	id := f.id(letters, 17)
	for _, c := range []cash{out, in} {
		f.report(account, &line{ID: id, Ref: ref, Code: "T0200", Initiated: at, Subject: "Currency conversion"}, version{At: at, Status: "S", Amount: c, Affects: true})
	}
}

// taken is a fee as reports write it.
func taken(c cash) *cash {
	n := c.neg()
	return &n
}

func (f *Fake) getCapture(c caller) answer {
	k := f.s.Captures[c.r.PathValue("id")]
	if k == nil || k.Account != c.account.ID {
		return refuse(http.StatusNotFound, "INVALID_RESOURCE_ID")
	}
	return ok(http.StatusOK, f.captureJSON(k))
}

func (f *Fake) captureJSON(k *capture) map[string]any {
	a := f.s.Accounts[k.Account]
	self := f.base + "/v2/payments/captures/" + k.ID
	out := map[string]any{
		"id": k.ID, "status": k.Status, "amount": k.Amount.json(), "final_capture": true, "disbursement_mode": "INSTANT",
		"seller_protection": map[string]any{"status": "ELIGIBLE", "dispute_categories": []string{"ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"}},
		"create_time":       stamp(k.Created), "update_time": stamp(k.Updated),
		"supplementary_data": map[string]any{"related_ids": map[string]any{"order_id": k.Order}},
		"payee":              map[string]any{"email_address": a.Email, "merchant_id": a.ID},
		"links": []any{
			link(self, "self", "GET"), link(self+"/refund", "refund", "POST"), link(f.base+"/v2/checkout/orders/"+k.Order, "up", "GET"),
		},
	}
	if k.InvoiceID != "" {
		out["invoice_id"] = k.InvoiceID
	}
	if k.CustomID != "" {
		out["custom_id"] = k.CustomID
	}
	if k.Reason != "" {
		out["status_details"] = map[string]any{"reason": k.Reason}
	}
	switch k.Status {
	case "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED":
		if k.FeeHidden {
			break
		}
		b := map[string]any{
			"gross_amount": k.Amount.json(), "paypal_fee": k.Fee.json(),
			"net_amount": cash{k.Amount.Minor - k.Fee.Minor, k.Amount.Currency}.json(),
		}
		if k.Receivable != nil {
			b["receivable_amount"] = k.Receivable.json()
			b["exchange_rate"] = map[string]string{"source_currency": string(k.Amount.Currency), "target_currency": string(k.Receivable.Currency), "value": k.Rate}
		}
		out["seller_receivable_breakdown"] = b
	case "DECLINED":
		// As PayPal's own sample has it: a net amount of money that never came.
		out["seller_receivable_breakdown"] = map[string]any{"gross_amount": k.Amount.json(), "net_amount": k.Amount.json()}
	}
	return out
}

func (f *Fake) refundsOf(capture string) []*refund {
	var out []*refund
	for _, r := range f.s.Refunds {
		if r.Capture == capture {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Created.Before(out[j].Created) || out[i].Created.Equal(out[j].Created) && out[i].ID < out[j].ID
	})
	return out
}

func (f *Fake) refundCapture(c caller) answer {
	k := f.s.Captures[c.r.PathValue("id")]
	if k == nil || k.Account != c.account.ID {
		return refuse(http.StatusNotFound, "INVALID_RESOURCE_ID")
	}
	var in struct {
		Amount *struct {
			Currency string `json:"currency_code"`
			Value    string `json:"value"`
		} `json:"amount"`
		Note string `json:"note_to_payer"`
	}
	if len(c.body) > 0 && json.Unmarshal(c.body, &in) != nil {
		return refuse(http.StatusBadRequest, "")
	}
	amount := cash{k.Amount.Minor - k.Refunded, k.Amount.Currency}
	if in.Amount != nil {
		var issue string
		if amount, issue = parse(in.Amount.Currency, in.Amount.Value); issue != "" {
			return refuse(http.StatusUnprocessableEntity, issue)
		}
	}
	r, issue := f.refund(k, amount, in.Note)
	if issue != "" {
		return refuse(http.StatusUnprocessableEntity, issue)
	}
	if c.r.Header.Get("Prefer") != "return=representation" {
		whole := f.refundJSON(r)
		return ok(http.StatusCreated, map[string]any{"id": whole["id"], "status": whole["status"], "links": whole["links"]})
	}
	return ok(http.StatusCreated, f.refundJSON(r))
}

// refund gives money of a capture back.
func (f *Fake) refund(k *capture, amount cash, note string) (*refund, string) {
	left := k.Amount.Minor - k.Refunded
	switch {
	case k.Status == "PENDING":
		return nil, "PENDING_CAPTURE"
	case k.Status != "COMPLETED" && k.Status != "PARTIALLY_REFUNDED" && k.Status != "REFUNDED":
		return nil, "REFUND_NOT_ALLOWED"
	case amount.Currency != k.Amount.Currency:
		return nil, "REFUND_CAPTURE_CURRENCY_MISMATCH"
	case left == 0:
		return nil, "CAPTURE_FULLY_REFUNDED"
	case amount.Minor > left:
		return nil, "REFUND_AMOUNT_EXCEEDED"
	case !f.now().Before(k.Created.Add(180 * 24 * time.Hour)):
		return nil, "REFUND_TIME_LIMIT_EXCEEDED"
	}
	r := &refund{
		ID: f.id(letters, 17), Capture: k.ID, Account: k.Account, Status: "PENDING", Amount: amount, Note: note,
		Fee: cash{0, amount.Currency}, Created: f.now(), Updated: f.now(),
	}
	k.Refunded += amount.Minor
	r.Total = k.Refunded
	f.s.Refunds[r.ID] = r
	if !f.s.Accounts[k.Account].Options.RefundsPend {
		f.payRefund(r)
	}
	return r, ""
}

// payRefund makes a refund's money leave.
func (f *Fake) payRefund(r *refund) {
	k := f.s.Captures[r.Capture]
	r.Status = "COMPLETED"
	if f.s.Accounts[r.Account].Options.FeesReturned {
		r.Fee = share(r.Amount, 29, 1000)
	}
	net := cash{r.Amount.Minor - r.Fee.Minor, r.Amount.Currency}
	v := version{At: r.Updated, Status: "S", Amount: r.Amount.neg(), Affects: true}
	if !r.Fee.zero() {
		v.Fee = &cash{r.Fee.Minor, r.Fee.Currency}
	}
	f.report(r.Account, &line{ID: r.ID, Ref: k.ID, Code: "T1107", Initiated: r.Created, Invoice: k.InvoiceID, Custom: k.CustomID, Payer: payerName, Email: payerEmail}, v)
	if k.Receivable != nil {
		r.Rate = k.Rate
		debit := convert(net, k.Receivable.Currency, r.Rate)
		r.Debit = &debit
		f.exchange(r.Account, r.ID, debit.neg(), net, r.Updated)
	}
	k.Status, k.Updated = "PARTIALLY_REFUNDED", later(f.now(), k.Updated)
	if k.Refunded == k.Amount.Minor {
		k.Status = "REFUNDED"
	}
	f.emit(r.Account, "PAYMENT.CAPTURE.REFUNDED", "refund", f.refundJSON(r))
}

func (f *Fake) getRefund(c caller) answer {
	r := f.s.Refunds[c.r.PathValue("id")]
	if r == nil || r.Account != c.account.ID {
		return refuse(http.StatusNotFound, "INVALID_RESOURCE_ID")
	}
	return ok(http.StatusOK, f.refundJSON(r))
}

func (f *Fake) refundJSON(r *refund) map[string]any {
	self := f.base + "/v2/payments/refunds/" + r.ID
	out := map[string]any{
		"id": r.ID, "status": r.Status, "amount": r.Amount.json(), "create_time": stamp(r.Created), "update_time": stamp(r.Updated),
		"links": []any{link(self, "self", "GET"), link(f.base+"/v2/payments/captures/"+r.Capture, "up", "GET")},
	}
	if r.Note != "" {
		out["note_to_payer"] = r.Note
	}
	if r.Status == "PENDING" {
		out["status_details"] = map[string]any{"reason": "ECHECK"}
	}
	if r.Status == "COMPLETED" {
		net := cash{r.Amount.Minor - r.Fee.Minor, r.Amount.Currency}
		b := map[string]any{
			"gross_amount": r.Amount.json(), "paypal_fee": r.Fee.json(), "net_amount": net.json(),
			"total_refunded_amount": cash{r.Total, r.Amount.Currency}.json(),
		}
		if r.Debit != nil {
			b["net_amount_breakdown"] = []any{map[string]any{
				"payable_amount": r.Debit.json(), "converted_amount": net.json(),
				"exchange_rate": map[string]string{"source_currency": string(r.Amount.Currency), "target_currency": string(r.Debit.Currency), "value": r.Rate},
			}}
		}
		out["seller_payable_breakdown"] = b
	}
	return out
}

func (f *Fake) getDispute(c caller) answer {
	d := f.s.Disputes[c.r.PathValue("id")]
	if d == nil || d.Account != c.account.ID {
		return refuse(http.StatusNotFound, "")
	}
	return ok(http.StatusOK, f.disputeJSON(d, true))
}

func (f *Fake) listDisputes(c caller) answer {
	of := c.r.URL.Query().Get("disputed_transaction_id")
	var found []*dispute
	for _, d := range f.s.Disputes {
		if d.Account == c.account.ID && (of == "" || d.Capture == of) {
			found = append(found, d)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].ID < found[j].ID })
	out := map[string]any{}
	var items []any
	for _, d := range found[:min(len(found), 50)] {
		items = append(items, f.disputeJSON(d, false))
	}
	if items != nil {
		out["items"] = items
	}
	return ok(http.StatusOK, out)
}

func (f *Fake) disputeJSON(d *dispute, whole bool) map[string]any {
	stage := "INQUIRY"
	if d.Chargeback {
		stage = "CHARGEBACK"
	}
	state := "REQUIRED_ACTION"
	if d.Status == "RESOLVED" {
		state = "RESOLVED"
	}
	out := map[string]any{
		"dispute_id": d.ID, "create_time": stamp(d.Created), "update_time": stamp(d.Updated), "reason": d.Reason, "status": d.Status,
		"dispute_amount": d.Amount.json(), "dispute_life_cycle_stage": stage, "dispute_channel": "INTERNAL",
		"links": []any{link(f.base+"/v1/customer/disputes/"+d.ID, "self", "GET")},
	}
	if !whole {
		out["dispute_state"] = state
		return out
	}
	out["disputed_transactions"] = []any{map[string]any{"seller_transaction_id": d.Capture, "gross_amount": f.s.Captures[d.Capture].Amount.json()}}
	if d.Outcome != "" {
		out["dispute_outcome"] = map[string]any{"outcome_code": d.Outcome, "amount_refunded": d.Amount.json()}
	}
	return out
}
