package paypalfake

import (
	"encoding/json"
	"net/http"
	"time"
)

// lives of an order: to be approved, and then to be captured.
const (
	approveWithin = 3 * time.Hour
	captureWithin = 3 * time.Hour
)

// Outcome is what a payer chose.
type Outcome struct {
	Act    Act
	Reason string // of pending; empty: PENDING_REVIEW
}

// Act is a button of the payer's page.
type Act string

const (
	Pays    Act = "pay"
	Decline Act = "decline" // the first capture is refused; the payer may come back, and then pays
	Pend    Act = "pending"
	Later   Act = "later" // paid, with the fee told by TellFee
	Cancel  Act = "cancel"
)

func (f *Fake) createOrder(c caller) answer {
	var in struct {
		Intent string `json:"intent"`
		Units  []struct {
			InvoiceID   string `json:"invoice_id"`
			CustomID    string `json:"custom_id"`
			Description string `json:"description"`
			Amount      struct {
				Currency string `json:"currency_code"`
				Value    string `json:"value"`
			} `json:"amount"`
		} `json:"purchase_units"`
		Source *struct {
			PayPal struct {
				Email string `json:"email_address"`
				X     struct {
					Locale string `json:"locale"`
					Return string `json:"return_url"`
					Cancel string `json:"cancel_url"`
				} `json:"experience_context"`
			} `json:"paypal"`
		} `json:"payment_source"`
	}
	if json.Unmarshal(c.body, &in) != nil || in.Intent != "CAPTURE" || len(in.Units) != 1 {
		return refuse(http.StatusBadRequest, "")
	}
	u := in.Units[0]
	amount, issue := parse(u.Amount.Currency, u.Amount.Value)
	if issue != "" {
		return refuse(http.StatusUnprocessableEntity, issue)
	}
	if c.account.Options.BlockDuplicates && f.paidBefore(c.account.ID, u.InvoiceID) {
		return refuse(http.StatusUnprocessableEntity, "DUPLICATE_INVOICE_ID")
	}
	o := &order{
		ID: f.id(letters, 17), Account: c.account.ID, Status: "CREATED", InvoiceID: u.InvoiceID, CustomID: u.CustomID,
		Description: u.Description, Amount: amount, Created: f.now(), Updated: f.now(),
	}
	if in.Source != nil {
		o.Wallet, o.Status = true, "PAYER_ACTION_REQUIRED"
		o.Locale, o.ReturnURL, o.CancelURL, o.Email = in.Source.PayPal.X.Locale, in.Source.PayPal.X.Return, in.Source.PayPal.X.Cancel, in.Source.PayPal.Email
	}
	f.s.Orders[o.ID] = o
	return f.orderAnswer(c, o, http.StatusCreated)
}

func (f *Fake) paidBefore(account, invoice string) bool {
	if invoice == "" {
		return false
	}
	for _, k := range f.s.Captures {
		if k.Account == account && k.InvoiceID == invoice && k.Status != "DECLINED" {
			return true
		}
	}
	return false
}

// find is an order that PayPal still has. One that nobody approved in time is forgotten.
func (f *Fake) find(account, id string) *order {
	o := f.s.Orders[id]
	if o == nil || o.Account != account {
		return nil
	}
	switch {
	case o.Status == "COMPLETED" || o.Status == "VOIDED":
	case o.Approved.IsZero() && !f.now().Before(o.Created.Add(approveWithin)):
		return nil
	case !o.Approved.IsZero() && !f.now().Before(o.Approved.Add(captureWithin)):
		f.touch(o, "VOIDED")
		f.emit(o.Account, "CHECKOUT.PAYMENT-APPROVAL.REVERSED", "payment-approval", map[string]any{"order_id": o.ID, "purchase_units": []any{f.unit(o)}})
	}
	return o
}

// touch moves an order. Each move has a time of its own.
func (f *Fake) touch(o *order, status string) {
	o.Status = status
	o.Updated = later(f.now(), o.Updated)
}

// later is now, or just after before when the clock stands still.
func later(now, before time.Time) time.Time {
	if now.After(before) {
		return now
	}
	return before.Add(time.Second)
}

func (f *Fake) getOrder(c caller) answer {
	o := f.find(c.account.ID, c.r.PathValue("id"))
	if o == nil {
		return refuse(http.StatusNotFound, "INVALID_RESOURCE_ID")
	}
	return ok(http.StatusOK, f.orderJSON(o))
}

func (f *Fake) captureOrder(c caller) answer {
	o := f.find(c.account.ID, c.r.PathValue("id"))
	switch {
	case o == nil:
		return refuse(http.StatusNotFound, "INVALID_RESOURCE_ID")
	case o.Status == "COMPLETED":
		return refuse(http.StatusUnprocessableEntity, "ORDER_ALREADY_CAPTURED")
	case o.Status != "APPROVED":
		return refuse(http.StatusUnprocessableEntity, "ORDER_NOT_APPROVED")
	case c.account.Options.BlockDuplicates && f.paidBefore(c.account.ID, o.InvoiceID):
		return refuse(http.StatusUnprocessableEntity, "DUPLICATE_INVOICE_ID")
	}
	if o.Outcome.Act == Decline && !o.Declined {
		o.Declined, o.Approved = true, time.Time{}
		o.Created = f.now() // another life to choose again
		f.touch(o, "PAYER_ACTION_REQUIRED")
		return refuse(http.StatusUnprocessableEntity, "INSTRUMENT_DECLINED")
	}
	k := &capture{
		ID: f.id(letters, 17), Order: o.ID, Account: o.Account, Status: "COMPLETED", Amount: o.Amount, InvoiceID: o.InvoiceID,
		CustomID: o.CustomID, Created: f.now(), Updated: f.now(), FeeHidden: o.Outcome.Act == Later,
	}
	f.s.Captures[k.ID] = k
	o.Capture = k.ID
	f.touch(o, "COMPLETED")
	if o.Outcome.Act == Pend {
		k.Status, k.Reason = "PENDING", o.Outcome.Reason
		f.report(k.Account, &line{ID: k.ID, Code: "T0006", Initiated: k.Created, Invoice: k.InvoiceID, Custom: k.CustomID, Subject: o.Description, Payer: payerName, Email: payerEmail},
			version{At: k.Created, Status: "P", Amount: k.Amount})
		f.emit(k.Account, "PAYMENT.CAPTURE.PENDING", "capture", f.captureJSON(k))
	} else {
		f.complete(k)
	}
	return f.orderAnswer(c, o, http.StatusCreated)
}

// orderAnswer is the whole order, or the little that PayPal tells unless it is asked for more.
func (f *Fake) orderAnswer(c caller, o *order, status int) answer {
	whole := f.orderJSON(o)
	if c.r.Header.Get("Prefer") == "return=representation" {
		return ok(status, whole)
	}
	return ok(status, map[string]any{"id": whole["id"], "status": whole["status"], "links": whole["links"]})
}

const (
	payerName  = "Élodie Martin"
	payerEmail = "elodie.martin@buyer.example.com"
	payerID    = "BUYERACCT2345"
)

func (f *Fake) orderJSON(o *order) map[string]any {
	self := f.base + "/v2/checkout/orders/" + o.ID
	links := []any{link(self, "self", "GET")}
	switch o.Status {
	case "CREATED":
		links = append(links, link(f.base+"/checkoutnow?token="+o.ID, "approve", "GET"), link(self+"/capture", "capture", "POST"))
	case "PAYER_ACTION_REQUIRED":
		links = append(links, link(f.base+"/checkoutnow?token="+o.ID, "payer-action", "GET"))
	case "APPROVED":
		links = append(links, link(self+"/capture", "capture", "POST"))
	}
	out := map[string]any{
		"id": o.ID, "status": o.Status, "intent": "CAPTURE", "create_time": stamp(o.Created), "update_time": stamp(o.Updated),
		"purchase_units": []any{f.unit(o)}, "links": links,
	}
	if o.Wallet {
		wallet := map[string]any{}
		if !o.Approved.IsZero() || o.Status == "COMPLETED" {
			wallet = map[string]any{
				"email_address": payerEmail, "account_id": payerID, "account_status": "VERIFIED",
				"name": map[string]any{"given_name": "Élodie", "surname": "Martin"}, "address": map[string]any{"country_code": "FR"},
			}
			out["payer"] = map[string]any{"email_address": payerEmail, "payer_id": payerID, "name": wallet["name"], "address": wallet["address"]}
		}
		out["payment_source"] = map[string]any{"paypal": wallet}
	}
	return out
}

func (f *Fake) unit(o *order) map[string]any {
	a := f.s.Accounts[o.Account]
	u := map[string]any{
		"reference_id": "default", "amount": o.Amount.json(),
		"payee": map[string]any{"email_address": a.Email, "merchant_id": a.ID},
	}
	for name, s := range map[string]string{"invoice_id": o.InvoiceID, "custom_id": o.CustomID, "description": o.Description} {
		if s != "" {
			u[name] = s
		}
	}
	if k := f.s.Captures[o.Capture]; k != nil {
		inside := f.captureJSON(k)
		delete(inside, "supplementary_data")
		delete(inside, "payee")
		payments := map[string]any{"captures": []any{inside}}
		var refunds []any
		for _, r := range f.refundsOf(k.ID) {
			refunds = append(refunds, f.refundJSON(r))
		}
		if refunds != nil {
			payments["refunds"] = refunds
		}
		u["payments"] = payments
	}
	return u
}

func link(href, rel, method string) map[string]string {
	return map[string]string{"href": href, "rel": rel, "method": method}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
