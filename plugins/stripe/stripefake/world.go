package stripefake

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// newSession opens a pay page.
func (a *account) newSession(form url.Values) (object, *failure) {
	s := &session{
		Created: a.clock(), Status: "open", Success: form.Get("success_url"), Cancel: form.Get("cancel_url"), Reference: form.Get("client_reference_id"),
		Email: form.Get("customer_email"), Locale: form.Get("locale"), Methods: array(form, "payment_method_types"),
		Metadata: fields(form, "metadata"), IntentMeta: fields(form, "payment_intent_data[metadata]"),
		Currency: strings.ToLower(form.Get("line_items[0][price_data][currency]")), Name: form.Get("line_items[0][price_data][product_data][name]"),
		Description: form.Get("payment_intent_data[description]"), Suffix: form.Get("payment_intent_data[statement_descriptor_suffix]"),
	}
	amount, err := strconv.ParseInt(form.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	switch {
	case form.Get("mode") != "payment":
		return nil, invalid("parameter_missing", "mode", "You must pass a mode.")
	case s.Success == "":
		return nil, invalid("parameter_missing", "success_url", "Missing required param: success_url.")
	case err != nil || amount <= 0:
		return nil, invalid("parameter_invalid_integer", "line_items[0][price_data][unit_amount]", "Invalid positive integer")
	case amount > 99_999_999_999:
		return nil, invalid("amount_too_large", "line_items[0][price_data][unit_amount]", "Amount too large")
	case amount%step(s.Currency) != 0:
		return nil, invalid("", "line_items[0][price_data][unit_amount]", "Invalid amount for %s.", s.Currency)
	case len(s.Currency) != 3:
		return nil, invalid("", "line_items[0][price_data][currency]", "Invalid currency: %s.", s.Currency)
	case s.Email != "" && !strings.Contains(s.Email, "@"):
		return nil, invalid("email_invalid", "customer_email", "Invalid email address")
	}
	s.Amount = amount
	s.Expires = s.Created + 86400
	if v := form.Get("expires_at"); v != "" {
		if s.Expires, err = strconv.ParseInt(v, 10, 64); err != nil || s.Expires < s.Created+30*60 || s.Expires > s.Created+86400 {
			return nil, invalid("", "expires_at", "The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session creation.")
		}
	}
	if len(s.Methods) == 0 {
		if s.Methods = []string{"card", "link"}; s.Currency == "eur" {
			s.Methods = append(s.Methods, "sepa_debit")
		}
	}
	if slices.Contains(s.Methods, "sepa_debit") && s.Currency != "eur" {
		return nil, invalid("", "payment_method_types", "The payment method `sepa_debit` cannot be used with the currency `%s`.", s.Currency)
	}
	mode := "test"
	if a.Live {
		mode = "live"
	}
	s.ID = a.f.id("cs_" + mode + "_a1")
	a.Sessions = append(a.Sessions, s)
	a.put(s.ID, s)
	return a.showSession(s), nil
}

func fields(form url.Values, name string) map[string]string {
	out := map[string]string{}
	for k, v := range form {
		if rest, ok := strings.CutPrefix(k, name+"["); ok && strings.HasSuffix(rest, "]") && len(v) > 0 {
			out[strings.TrimSuffix(rest, "]")] = v[0]
		}
	}
	return out
}

// expire closes the pages whose time has come.
func (a *account) expire() {
	for _, s := range a.Sessions {
		if s.Status == "open" && s.Expires <= a.clock() {
			s.Status = "expired"
			a.tell("checkout.session.expired", s.ID)
		}
	}
}

func (a *account) expireSession(id string) (object, *failure) {
	s := find[session](a, id)
	switch {
	case s == nil:
		return nil, missing("session", id)
	case s.Status != "open":
		return nil, invalid("", "", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of %s.", s.Status)
	}
	s.Status = "expired"
	a.tell("checkout.session.expired", id)
	return a.showSession(s), nil
}

// How a payer pays.
type How struct {
	Method   string // card (also when empty), link, sepa_debit
	Decline  string // a code of the bank's: the card is declined, the page stays open
	FeeLater bool   // the balance transaction comes with TellFee, or with the end of a debit
	Name     string // of the payer
}

// ErrClosed says that a page cannot be paid any more.
var ErrClosed = errors.New("stripefake: the page is closed")

// with runs fn on an account under the lock, and keeps what it did.
func (f *Fake) with(accountID string, fn func(*account) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.s.Accounts[accountID]
	if a == nil {
		return fmt.Errorf("stripefake: no account %s", accountID)
	}
	a.expire()
	err := fn(a)
	f.keep()
	return err
}

// of is the account that has an object. The caller holds mu.
func (f *Fake) of(id string) *account {
	for _, a := range f.s.Accounts {
		if _, ok := a.index[id]; ok {
			return a
		}
	}
	return nil
}

// Pay plays a payer on a page and returns the payment intent's id.
func (f *Fake) Pay(sessionID string, how How) (intentID string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.of(sessionID)
	if a == nil {
		return "", fmt.Errorf("stripefake: no page %s", sessionID)
	}
	a.expire()
	s := find[session](a, sessionID)
	if s == nil || s.Status != "open" {
		return "", ErrClosed
	}
	method := or(how.Method, "card")
	if !slices.Contains(s.Methods, method) {
		return "", fmt.Errorf("stripefake: the page does not offer %s", method)
	}
	p := find[intent](a, s.Intent)
	if p == nil {
		p = &intent{ID: f.id("pi_3"), Created: a.clock(), Amount: s.Amount, Currency: s.Currency, Description: s.Description, Methods: s.Methods, Metadata: s.IntentMeta}
		a.Intents = append(a.Intents, p)
		a.put(p.ID, p)
		s.Intent = p.ID
	}
	prefix := "ch_3"
	if method == "sepa_debit" {
		prefix = "py_3"
	}
	c := &charge{
		ID: f.id(prefix), Created: a.clock(), Amount: p.Amount, Currency: p.Currency, Method: method, Description: p.Description, Metadata: p.Metadata,
		Email: s.Email, Name: or(how.Name, "Élodie Martin"), Intent: p.ID,
	}
	a.Charges = append(a.Charges, c)
	a.put(c.ID, c)
	p.Charge, p.ErrorCode, p.DeclineCode = c.ID, "", ""
	book := func(kind string) {
		if !how.FeeLater {
			c.Txn = a.txn(kind, "charge", c.Amount, c.Currency, c.ID, a.usual).ID
		}
	}
	switch {
	case how.Decline != "":
		c.Status, c.FailureCode = "failed", "card_declined"
		p.Status, p.ErrorCode, p.DeclineCode = "requires_payment_method", "card_declined", how.Decline
		a.tell("charge.failed", c.ID)
		a.tell("payment_intent.payment_failed", p.ID)
	case method == "sepa_debit":
		c.Status, p.Status = "pending", "processing"
		s.Status = "complete"
		book("payment")
		a.tell("charge.pending", c.ID)
		a.tell("payment_intent.processing", p.ID)
		a.tell("checkout.session.completed", s.ID)
	default:
		c.Status, p.Status = "succeeded", "succeeded"
		s.Status, s.Paid = "complete", true
		book("charge")
		a.tell("charge.succeeded", c.ID)
		a.tell("payment_intent.succeeded", p.ID)
		a.tell("checkout.session.completed", s.ID)
	}
	f.keep()
	return p.ID, nil
}

// charged finds the charge of a payment intent.
func (a *account) charged(intentID string) (*intent, *charge, error) {
	p := find[intent](a, intentID)
	if p == nil {
		return nil, nil, fmt.Errorf("stripefake: no payment %s", intentID)
	}
	c := find[charge](a, p.Charge)
	if c == nil {
		return nil, nil, fmt.Errorf("stripefake: no charge of %s", intentID)
	}
	return p, c, nil
}

func (a *account) sessionOf(intentID string) *session {
	for _, s := range a.Sessions {
		if s.Intent == intentID {
			return s
		}
	}
	return nil
}

// SettleDebit ends a debit: confirmed by the payer's bank, or failed with a code. kept is a part of the fee that Stripe does
// not give back when the debit fails.
func (f *Fake) SettleDebit(accountID, intentID string, paid bool, code string, kept int64) error {
	return f.with(accountID, func(a *account) error {
		p, c, err := a.charged(intentID)
		if err != nil {
			return err
		}
		if c.Status != "pending" {
			return fmt.Errorf("stripefake: %s is %s", intentID, c.Status)
		}
		s := a.sessionOf(intentID)
		if paid {
			c.Status, p.Status = "succeeded", "succeeded"
			if c.Txn == "" {
				c.Txn = a.txn("payment", "charge", c.Amount, c.Currency, c.ID, a.usual).ID
			}
			a.tell("charge.succeeded", c.ID)
			a.tell("payment_intent.succeeded", p.ID)
			if s != nil {
				s.Paid = true
				a.tell("checkout.session.async_payment_succeeded", s.ID)
			}
			return nil
		}
		c.Status, c.FailureCode, p.Status, p.ErrorCode = "failed", or(code, "insufficient_funds"), "requires_payment_method", or(code, "insufficient_funds")
		if made := find[txn](a, c.Txn); made != nil {
			t := a.txn("payment_failure_refund", "charge_failure", -c.Amount, c.Currency, c.ID, nil)
			t.Fee, t.Tax = -made.Fee+kept, -made.Tax
			c.FailureTxn = t.ID
		}
		a.tell("charge.failed", c.ID)
		a.tell("payment_intent.payment_failed", p.ID)
		if s != nil {
			a.tell("checkout.session.async_payment_failed", s.ID)
		}
		return nil
	})
}

// TellFee makes the balance transaction of a payment that was made with FeeLater.
func (f *Fake) TellFee(accountID, intentID string) error {
	return f.with(accountID, func(a *account) error {
		_, c, err := a.charged(intentID)
		if err != nil {
			return err
		}
		if c.Txn != "" || c.Status == "failed" {
			return fmt.Errorf("stripefake: the fee of %s is known or never will be", intentID)
		}
		kind := "charge"
		if c.Method == "sepa_debit" {
			kind = "payment"
		}
		c.Txn = a.txn(kind, "charge", c.Amount, c.Currency, c.ID, a.usual).ID
		a.tell("charge.updated", c.ID)
		return nil
	})
}

// ReverseCharge takes a payment back that had succeeded.
func (f *Fake) ReverseCharge(accountID, intentID string) error {
	return f.with(accountID, func(a *account) error {
		_, c, err := a.charged(intentID)
		if err != nil {
			return err
		}
		if c.Status != "succeeded" || c.FailureTxn != "" {
			return fmt.Errorf("stripefake: %s cannot be reversed", intentID)
		}
		c.FailureTxn = a.txn("payment_failure_refund", "charge_failure", -c.Amount, c.Currency, c.ID, nil).ID
		a.tell("charge.updated", c.ID)
		return nil
	})
}

// newRefund is the API's refund.
func (a *account) newRefund(form url.Values) (object, *failure) {
	c := find[charge](a, form.Get("charge"))
	if id := form.Get("payment_intent"); id != "" {
		p := find[intent](a, id)
		if p == nil {
			return nil, missing("payment_intent", id)
		}
		c = find[charge](a, p.Charge)
	}
	if c == nil {
		return nil, missing("charge", form.Get("charge"))
	}
	amount := c.Amount - c.Refunded
	if v := form.Get("amount"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n <= 0 {
			return nil, invalid("parameter_invalid_integer", "amount", "Invalid positive integer")
		}
		amount = n
	}
	r, err := a.refund(c, amount, "succeeded")
	if err != nil {
		return nil, err
	}
	r.Reason, r.Metadata = form.Get("reason"), fields(form, "metadata")
	return a.showRefund(r), nil
}

func (a *account) refund(c *charge, amount int64, status string) (*refund, *failure) {
	switch {
	case c.Status != "succeeded":
		return nil, invalid("", "", "This charge was not successful.")
	case c.Disputed:
		return nil, invalid("charge_disputed", "", "The charge %s has been charged back; cannot issue a refund.", c.ID)
	case c.Refunded == c.Amount:
		return nil, invalid("charge_already_refunded", "", "Charge %s has already been refunded.", c.ID)
	case amount > c.Amount-c.Refunded || amount <= 0:
		return nil, invalid("", "amount", "Refund amount (%d) is greater than unrefunded amount on charge (%d)", amount, c.Amount-c.Refunded)
	case amount%step(c.Currency) != 0:
		return nil, invalid("", "amount", "Invalid amount for %s.", c.Currency)
	}
	prefix, kind := "re_3", "refund"
	if strings.HasPrefix(c.ID, "py_") {
		prefix, kind = "pyr_1", "payment_refund"
	}
	r := &refund{ID: a.f.id(prefix), Created: a.clock(), Amount: amount, Currency: c.Currency, Status: status, Charge: c.ID, Intent: c.Intent}
	a.Refunds = append(a.Refunds, r)
	a.put(r.ID, r)
	if status != "requires_action" {
		r.Txn = a.txn(kind, "refund", -amount, c.Currency, r.ID, nil).ID
	}
	c.Refunded += amount
	a.tell("refund.created", r.ID)
	a.tell("charge.refunded", c.ID)
	return r, nil
}

// Refund plays the merchant in the dashboard. status is succeeded, pending, or requires_action, in which no money has left.
func (f *Fake) Refund(accountID, intentID string, amount int64, status string) (id string, err error) {
	err = f.with(accountID, func(a *account) error {
		_, c, err := a.charged(intentID)
		if err != nil {
			return err
		}
		r, e := a.refund(c, amount, status)
		if e != nil {
			return e
		}
		id = r.ID
		return nil
	})
	return id, err
}

// FinishRefund ends a refund: succeeded, or failed with a code, whatever it was before.
func (f *Fake) FinishRefund(accountID, refundID string, succeeded bool, code string) error {
	return f.with(accountID, func(a *account) error {
		r := find[refund](a, refundID)
		if r == nil || r.Status == "failed" || r.Status == "succeeded" && succeeded {
			return fmt.Errorf("stripefake: no refund %s to finish", refundID)
		}
		c := find[charge](a, r.Charge)
		if succeeded {
			r.Status = "succeeded"
			if r.Txn == "" {
				r.Txn = a.txn("refund", "refund", -r.Amount, r.Currency, r.ID, nil).ID
			}
		} else {
			r.Status, r.Failure = "failed", or(code, "lost_or_stolen_card")
			c.Refunded -= r.Amount
			if made := find[txn](a, r.Txn); made != nil {
				t := a.txn("refund_failure", "refund_failure", r.Amount, r.Currency, r.ID, nil)
				t.Amount = -made.Amount
				r.FailureTxn = t.ID
			}
		}
		a.tell("charge.refund.updated", r.ID)
		a.tell("refund.updated", r.ID)
		return nil
	})
}

// Contest is how a dispute opens.
type Contest struct {
	Amount  int64 // zero: the whole charge
	Fee     int64
	Apart   bool // the fee is a balance transaction of its own
	Inquiry bool // only a question: no money is taken
	Reason  string
}

// Dispute plays the payer's bank.
func (f *Fake) Dispute(accountID, intentID string, v Contest) (id string, err error) {
	err = f.with(accountID, func(a *account) error {
		p, c, err := a.charged(intentID)
		if err != nil {
			return err
		}
		if c.Status != "succeeded" || c.Disputed {
			return fmt.Errorf("stripefake: %s cannot be disputed", intentID)
		}
		if v.Amount == 0 {
			v.Amount = c.Amount
		}
		d := &dispute{ID: a.f.id("dp_1"), Created: a.clock(), Amount: v.Amount, Currency: c.Currency, Status: "needs_response", Reason: or(v.Reason, "fraudulent"), Charge: c.ID, Intent: p.ID}
		if v.Inquiry {
			d.Status = "warning_needs_response"
		}
		a.Disputes = append(a.Disputes, d)
		a.put(d.ID, d)
		id = d.ID
		a.tell("charge.dispute.created", id)
		if !v.Inquiry {
			a.withdraw(c, d, v.Fee, v.Apart)
		}
		return nil
	})
	return id, err
}

func (a *account) withdraw(c *charge, d *dispute, fee int64, apart bool) {
	c.Disputed = true
	t := a.txn("adjustment", "dispute", -d.Amount, d.Currency, d.ID, nil)
	t.Description = "Chargeback withdrawal for " + c.ID
	d.Txns = append(d.Txns, t.ID)
	switch {
	case fee != 0 && apart:
		second := a.txn("adjustment", "fee", 0, d.Currency, d.ID, nil)
		second.Amount, second.Description = -fee, "Chargeback fee for "+c.ID
		d.Txns = append(d.Txns, second.ID)
	case fee != 0:
		t.Fee = fee
	}
	a.tell("charge.dispute.funds_withdrawn", d.ID)
}

// Escalate turns an inquiry into a dispute that takes the money.
func (f *Fake) Escalate(accountID, disputeID string, fee int64) error {
	return f.with(accountID, func(a *account) error {
		d := find[dispute](a, disputeID)
		if d == nil || !strings.HasPrefix(d.Status, "warning_") {
			return fmt.Errorf("stripefake: no inquiry %s", disputeID)
		}
		d.Status = "needs_response"
		a.withdraw(find[charge](a, d.Charge), d, fee, false)
		a.tell("charge.dispute.updated", d.ID)
		return nil
	})
}

// CloseDispute ends a dispute: won, lost or warning_closed. feeBack is how much of the fee comes back with the money.
func (f *Fake) CloseDispute(accountID, disputeID, status string, feeBack int64) error {
	return f.with(accountID, func(a *account) error {
		d := find[dispute](a, disputeID)
		if d == nil || d.Status == "won" || d.Status == "lost" || d.Status == "warning_closed" {
			return fmt.Errorf("stripefake: no open dispute %s", disputeID)
		}
		d.Status = status
		if status == "won" && len(d.Txns) > 0 {
			took := find[txn](a, d.Txns[0])
			t := a.txn("adjustment", "dispute_reversal", d.Amount, d.Currency, d.ID, nil)
			t.Amount, t.Fee = -took.Amount, -feeBack
			d.Txns = append(d.Txns, t.ID)
			a.tell("charge.dispute.funds_reinstated", d.ID)
		}
		a.tell("charge.dispute.closed", d.ID)
		return nil
	})
}

// ReviewDispute marks that the merchant answered.
func (f *Fake) ReviewDispute(accountID, disputeID string) error {
	return f.with(accountID, func(a *account) error {
		d := find[dispute](a, disputeID)
		if d == nil {
			return fmt.Errorf("stripefake: no dispute %s", disputeID)
		}
		d.Status = strings.Replace(d.Status, "needs_response", "under_review", 1)
		a.tell("charge.dispute.updated", d.ID)
		return nil
	})
}

// Payout sends what the account holds in a currency to the bank. An automatic one knows what it consists of once it is
// reconciled, which is at once unless later is set.
func (f *Fake) Payout(accountID, cur string, automatic, later bool) (id string, err error) {
	err = f.with(accountID, func(a *account) error {
		var sum int64
		var parts []*txn
		for _, t := range a.Txns {
			c := find[charge](a, t.Source)
			if t.Currency != cur || t.Payout != "" || c != nil && c.Status == "pending" {
				continue
			}
			sum += t.net()
			parts = append(parts, t)
		}
		if sum <= 0 {
			return fmt.Errorf("stripefake: %d %s to pay out", sum, cur)
		}
		o := &payout{ID: a.f.id("po_1"), Created: a.clock(), Arrival: a.clock() + 2*86400, Amount: sum, Currency: cur, Status: "in_transit", Automatic: automatic}
		a.Payouts = append(a.Payouts, o)
		a.put(o.ID, o)
		t := a.txn("payout", "payout", 0, cur, o.ID, nil)
		t.Amount, t.Currency, t.Rate, t.Payout, t.Available = -sum, cur, "", o.ID, a.clock()
		o.Txn, id = t.ID, o.ID
		for _, p := range parts {
			// A manual payout marks them too, so that they leave once; but the API does not tell.
			p.Payout, p.Available = o.ID, min(p.Available, a.clock())
		}
		a.tell("payout.created", o.ID)
		if automatic && !later {
			a.reconcile(o)
		}
		return nil
	})
	return id, err
}

func (a *account) reconcile(o *payout) {
	o.Reconciled = true
	a.tell("payout.reconciliation_completed", o.ID)
}

// Reconcile completes an automatic payout's composition, whether or not it reached the bank.
func (f *Fake) Reconcile(accountID, payoutID string) error {
	return f.with(accountID, func(a *account) error {
		o := find[payout](a, payoutID)
		if o == nil {
			return fmt.Errorf("stripefake: no payout %s", payoutID)
		}
		a.reconcile(o)
		return nil
	})
}

// PayoutArrives lets the money reach the bank.
func (f *Fake) PayoutArrives(accountID, payoutID string) error {
	return f.onPayout(accountID, payoutID, func(a *account, o *payout) {
		o.Status = "paid"
		a.tell("payout.paid", o.ID)
	})
}

// FailPayout lets a payout fail, which also happens days after it was paid.
func (f *Fake) FailPayout(accountID, payoutID, code string) error {
	return f.onPayout(accountID, payoutID, func(a *account, o *payout) {
		o.Status, o.Failure = "failed", or(code, "could_not_process")
		t := a.txn("payout_failure", "payout_reversal", 0, o.Currency, o.ID, nil)
		t.Amount, t.Currency, t.Rate = o.Amount, o.Currency, ""
		o.FailureTxn = t.ID
		a.tell("payout.failed", o.ID)
	})
}

func (f *Fake) onPayout(accountID, payoutID string, fn func(*account, *payout)) error {
	return f.with(accountID, func(a *account) error {
		o := find[payout](a, payoutID)
		if o == nil || o.Status == "failed" {
			return fmt.Errorf("stripefake: no payout %s", payoutID)
		}
		fn(a, o)
		return nil
	})
}

// Row is a balance transaction, in Stripe's count.
type Row struct {
	ID, Type, Category, Source, Currency, Payout string
	Created, Amount, Fee, Net                    int64
}

// Book adds a balance transaction of any type: stripe_fee, reserved_funds, adjustment, one that nobody knows yet... Its
// source is what it names, and its time the clock's unless it has one.
func (f *Fake) Book(accountID string, v Row) (id string, err error) {
	err = f.with(accountID, func(a *account) error {
		t := a.txn(v.Type, v.Category, 0, or(v.Currency, a.Currency), v.Source, nil)
		t.Amount, t.Fee, t.Currency, t.Rate = v.Amount, v.Fee, or(v.Currency, a.Currency), ""
		if v.Created != 0 {
			t.Created = v.Created
		}
		id = t.ID
		return nil
	})
	return id, err
}

// Hide takes a balance transaction out of lists, as if Stripe had not published it yet; Show puts it back to its place.
func (f *Fake) Hide(accountID, txnID string, hidden bool) error {
	return f.with(accountID, func(a *account) error {
		t := find[txn](a, txnID)
		if t == nil {
			return fmt.Errorf("stripefake: no balance transaction %s", txnID)
		}
		t.Hidden = hidden
		return nil
	})
}

// Ledger lists an account's balance transactions.
func (f *Fake) Ledger(accountID string) []Row {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.account(accountID)
	out := make([]Row, len(a.Txns))
	for i, t := range a.Txns {
		out[i] = Row{ID: t.ID, Type: t.Type, Category: t.Category, Source: t.Source, Currency: t.Currency, Payout: t.Payout, Created: t.Created, Amount: t.Amount, Fee: t.Fee, Net: t.net()}
	}
	return out
}

// Page is what a session asks for.
type Page struct {
	ID, Status, Intent, Name, Description, Email, Locale, Currency, Success, Cancel, Suffix string
	Amount, Expires                                                                         int64
	Methods                                                                                 []string
	Metadata, IntentMetadata                                                                map[string]string
}

// Session looks at a pay page, nil when there is none.
func (f *Fake) Session(id string) *Page {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.of(id)
	if a == nil {
		return nil
	}
	a.expire()
	s := find[session](a, id)
	if s == nil {
		return nil
	}
	return &Page{
		ID: s.ID, Status: s.Status, Intent: s.Intent, Name: s.Name, Description: s.Description, Email: s.Email, Locale: s.Locale, Currency: s.Currency,
		Success: s.Success, Cancel: s.Cancel, Suffix: s.Suffix, Amount: s.Amount, Expires: s.Expires, Methods: s.Methods, Metadata: s.Metadata, IntentMetadata: s.IntentMeta,
	}
}

// Sessions lists the ids of an account's pay pages.
func (f *Fake) Sessions(accountID string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, s := range f.account(accountID).Sessions {
		out = append(out, s.ID)
	}
	return out
}

// ChargeOf is the id of a payment intent's latest charge, "" when there is none.
func (f *Fake) ChargeOf(intentID string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.of(intentID); a != nil {
		if p := find[intent](a, intentID); p != nil {
			return p.Charge
		}
	}
	return ""
}

// Refunds lists the ids of an account's refunds.
func (f *Fake) Refunds(accountID string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.account(accountID).Refunds {
		out = append(out, r.ID)
	}
	return out
}

func (a *account) newEndpoint(form url.Values) (object, *failure) {
	u, err := url.Parse(form.Get("url"))
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || a.Live) {
		return nil, invalid("url_invalid", "url", "Invalid URL")
	}
	if len(a.Endpoints) >= 16 {
		return nil, invalid("", "", "You have reached the maximum of 16 test webhook endpoints.")
	}
	e := &endpoint{ID: a.f.id("we_1"), Created: a.clock(), URL: u.String(), Events: array(form, "enabled_events"), Version: form.Get("api_version"), Secret: a.f.id("whsec_")}
	if len(e.Events) == 0 {
		return nil, invalid("parameter_missing", "enabled_events", "Missing required param: enabled_events.")
	}
	a.Endpoints = append(a.Endpoints, e)
	a.put(e.ID, e)
	out := a.showEndpoint(e)
	out["secret"] = e.Secret // told once
	return out, nil
}

func (a *account) deleteEndpoint(id string) (object, *failure) {
	i := slices.IndexFunc(a.Endpoints, func(e *endpoint) bool { return e.ID == id })
	if i < 0 {
		return nil, missing("webhook_endpoint", id)
	}
	a.Endpoints = slices.Delete(a.Endpoints, i, i+1)
	delete(a.index, id)
	return object{"id": id, "object": "webhook_endpoint", "deleted": true}, nil
}
