package paypal

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/acquit-app/acquit/core/gateway"
)

// orderLife is how long a payer has to come to an order's page and approve. It can be lengthened by PayPal's account
// managers only, and not be shortened.
const orderLife = 3 * time.Hour

const (
	maxKey  = 108 // PayPal-Request-Id of orders
	maxText = 127 // custom_id, invoice_id, description, brand_name: in characters
)

type orderRequest struct {
	Intent string        `json:"intent"`
	Units  []unitRequest `json:"purchase_units"`
	Source *struct {
		PayPal walletRequest `json:"paypal"`
	} `json:"payment_source,omitempty"`
}

type unitRequest struct {
	ReferenceID string `json:"reference_id"`
	InvoiceID   string `json:"invoice_id,omitempty"`
	CustomID    string `json:"custom_id,omitempty"`
	Description string `json:"description,omitempty"`
	Amount      amount `json:"amount"`
}

type walletRequest struct {
	Email      string `json:"email_address,omitempty"`
	Experience struct {
		Brand    string `json:"brand_name,omitempty"`
		Locale   string `json:"locale"`
		Landing  string `json:"landing_page"`
		Shipping string `json:"shipping_preference"`
		Action   string `json:"user_action"`
		Method   string `json:"payment_method_preference"`
		Return   string `json:"return_url"`
		Cancel   string `json:"cancel_url"`
	} `json:"experience_context"`
}

// CreateCheckout implements gateway.Gateway. PayPal remembers the key for six hours, as long as the order can live.
func (d *desk) CreateCheckout(ctx context.Context, r gateway.CheckoutRequest) (gateway.Checkout, error) {
	none := gateway.Checkout{}
	value, err := write(r.Amount)
	if err != nil {
		return none, err
	}
	if r.IdempotencyKey == "" {
		return none, refuse("no_key", "a pay page needs an idempotency key")
	}
	if len(r.Reference) > maxText {
		return none, refuse("reference_too_long", "PayPal keeps references of up to 127 characters")
	}
	for _, s := range []string{r.ReturnURL, r.CancelURL} {
		if u, err := url.Parse(s); err != nil || u.Host == "" {
			return none, refuse("bad_return_url", "the addresses to return to must be whole web addresses")
		}
	}
	body := orderRequest{Intent: "CAPTURE", Units: []unitRequest{{
		ReferenceID: "default", InvoiceID: invoiceID(r.Document, r.IdempotencyKey), CustomID: r.Reference,
		Description: short(first(r.Description, r.Document, r.Reference), maxText), Amount: value,
	}}}
	body.Source = &struct {
		PayPal walletRequest `json:"paypal"`
	}{}
	wallet := &body.Source.PayPal
	if emailForm.MatchString(r.CustomerEmail) && len(r.CustomerEmail) <= 254 {
		wallet.Email = r.CustomerEmail
	}
	x := &wallet.Experience
	x.Brand, x.Locale, x.Landing, x.Shipping, x.Action = short(d.brand, maxText), locale(r.Locale), "NO_PREFERENCE", "NO_SHIPPING", "PAY_NOW"
	x.Method, x.Return, x.Cancel = "IMMEDIATE_PAYMENT_REQUIRED", r.ReturnURL, r.CancelURL
	c, err := post("/v2/checkout/orders", requestID(r.IdempotencyKey, ""), body)
	if err != nil {
		return none, err
	}
	var o order
	if _, err := d.account.fetch(ctx, c, &o); err != nil {
		if err.Kind == gateway.ErrNotFound {
			err.Kind = gateway.ErrPermanent
		}
		return none, err
	}
	page := gateway.Checkout{SessionID: o.ID, URL: payURL(o.Links), ExpiresAt: d.p.opt.Now().Add(orderLife).UTC()}
	if !o.Created.IsZero() {
		page.ExpiresAt = o.Created.Add(orderLife)
	}
	if page.SessionID == "" || page.URL == "" {
		return none, unreadable(c)
	}
	return page, nil
}

// payURL is where the payer is sent: rel payer-action for an order with a payment source, approve for one without.
func payURL(links []link) string {
	at := ""
	for _, l := range links {
		if l.Rel == "payer-action" {
			return l.Href
		}
		if l.Rel == "approve" {
			at = l.Href
		}
	}
	return at
}

// requestID is a key of at most 108 characters, so that each long one stays itself.
func requestID(key, suffix string) string {
	if suffix != "" && !strings.HasSuffix(key, suffix) {
		key += suffix
	}
	if len(key) > maxKey || strings.IndexFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		sum := sha256.Sum256([]byte(key))
		return hex.EncodeToString(sum[:])
	}
	return key
}

// invoiceID is the document's number, with a few characters of the attempt's: PayPal can be set to refuse a second payment
// of one invoice_id, which would refuse the second attempt and the second instalment.
func invoiceID(document, key string) string {
	sum := sha256.Sum256([]byte(key))
	suffix := base32.StdEncoding.EncodeToString(sum[:])[:8]
	if document == "" {
		return suffix
	}
	return short(document, maxText-1-len(suffix)) + "-" + suffix
}

// short cuts a text to a number of characters and leaves out what breaks a line.
func short(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > most {
		s = string(r[:most])
	}
	return s
}

func locale(s string) string {
	if localeForm.MatchString(s) {
		return s
	}
	if len(s) > 2 && localeForm.MatchString(s[:2]) && s[2] == '-' {
		return s[:2]
	}
	return "en-GB"
}

// SettleCheckout implements gateway.Gateway. PayPal forgets orders that nobody approved: to who shows the attempt's key, an
// order that is not there has expired; to anybody else it does not exist.
func (d *desk) SettleCheckout(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, error) {
	s, err := d.settle(ctx, r)
	if err == nil {
		return s, nil
	}
	if err.Kind == gateway.ErrNotFound && r.IdempotencyKey != "" && objectForm.MatchString(r.SessionID) {
		return gateway.CheckoutStatus{State: gateway.CheckoutExpired, Reason: "RESOURCE_NOT_FOUND"}, nil
	}
	if r.Capture && err.Kind == gateway.ErrRetryable {
		err.Outcome = gateway.Unknown // this call or one before it may have taken the money
	}
	return s, err
}

func (d *desk) settle(ctx context.Context, r gateway.SettleRequest) (gateway.CheckoutStatus, *gateway.Error) {
	o, err := d.order(ctx, r.SessionID)
	if err != nil {
		return gateway.CheckoutStatus{}, err
	}
	if !r.Capture || o.Status != "APPROVED" {
		return d.status(ctx, o)
	}
	if r.IdempotencyKey == "" {
		return gateway.CheckoutStatus{}, refuse("no_key", "taking money needs an idempotency key")
	}
	// An order is captured once, whatever the key. The key holds the order's last change, so that a payer who approved anew
	// after a refusal is not answered with the refusal that PayPal remembers.
	suffix := ":capture"
	key := requestID(r.IdempotencyKey, suffix)
	if !o.Updated.IsZero() {
		key = requestID(key+":"+strconv.FormatInt(o.Updated.Unix(), 36), "")
	}
	c := call{method: http.MethodPost, path: "/v2/checkout/orders/" + o.ID + "/capture", key: key, body: []byte("{}"), whole: true}
	raw, err := d.account.do(ctx, c)
	if err != nil {
		if state, known := captureRefusals[err.Code]; known && err.Kind == gateway.ErrPermanent {
			if state != "" {
				return gateway.CheckoutStatus{State: state, Reason: err.Code}, nil
			}
			// The order is not where we thought, e.g. captured by a call whose answer was lost: look again.
			if o, err = d.order(ctx, r.SessionID); err != nil {
				return gateway.CheckoutStatus{}, err
			}
			return d.status(ctx, o)
		}
		return gateway.CheckoutStatus{}, err
	}
	var done order
	if json.Unmarshal(raw, &done) != nil || done.ID != o.ID {
		return gateway.CheckoutStatus{}, unreadable(c)
	}
	if len(done.Units) == 0 { // a minimal answer in spite of Prefer
		if done, err = d.order(ctx, r.SessionID); err != nil {
			return gateway.CheckoutStatus{}, err
		}
	}
	return d.status(ctx, done)
}

// captureRefusals are the issues of a refused capture that say where the page stands; "" asks the order itself.
var captureRefusals = map[string]gateway.CheckoutState{
	"ORDER_ALREADY_CAPTURED":                       "",
	"ORDER_NOT_APPROVED":                           "",
	"ORDER_ALREADY_COMPLETED":                      "",
	"ORDER_COMPLETED_OR_VOIDED":                    "",
	"INSTRUMENT_DECLINED":                          gateway.CheckoutRetry,
	"PAYER_ACTION_REQUIRED":                        gateway.CheckoutRetry,
	"PAYER_CANNOT_PAY":                             gateway.CheckoutRetry,
	"ORDER_EXPIRED":                                gateway.CheckoutExpired,
	"AGREEMENT_ALREADY_CANCELLED":                  gateway.CheckoutFailed,
	"COMPLIANCE_VIOLATION":                         gateway.CheckoutFailed,
	"DOMESTIC_TRANSACTION_REQUIRED":                gateway.CheckoutFailed,
	"DUPLICATE_INVOICE_ID":                         gateway.CheckoutFailed,
	"MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED":      gateway.CheckoutFailed,
	"PAYEE_ACCOUNT_LOCKED_OR_CLOSED":               gateway.CheckoutFailed,
	"PAYEE_ACCOUNT_RESTRICTED":                     gateway.CheckoutFailed,
	"PAYEE_BLOCKED_TRANSACTION":                    gateway.CheckoutFailed,
	"PAYEE_COUNTRY_NOT_SUPPORTED":                  gateway.CheckoutFailed,
	"PAYEE_FX_RATE_ID_EXPIRED":                     gateway.CheckoutFailed,
	"PAYER_ACCOUNT_LOCKED_OR_CLOSED":               gateway.CheckoutFailed,
	"PAYER_ACCOUNT_RESTRICTED":                     gateway.CheckoutFailed,
	"PAYER_COUNTRY_NOT_SUPPORTED":                  gateway.CheckoutFailed,
	"REDIRECT_PAYER_FOR_ALTERNATE_FUNDING":         gateway.CheckoutRetry,
	"TRANSACTION_AMOUNT_EXCEEDS_MONTHLY_MAX_LIMIT": gateway.CheckoutFailed,
	"TRANSACTION_BLOCKED_BY_PAYEE":                 gateway.CheckoutFailed,
	"TRANSACTION_LIMIT_EXCEEDED":                   gateway.CheckoutFailed,
	"TRANSACTION_RECEIVING_LIMIT_EXCEEDED":         gateway.CheckoutFailed,
	"TRANSACTION_REFUSED":                          gateway.CheckoutFailed,
}

func (d *desk) order(ctx context.Context, id string) (order, *gateway.Error) {
	var o order
	if !objectForm.MatchString(id) {
		return o, notFound("PayPal has no order of such an id")
	}
	c := get("/v2/checkout/orders/"+id, nil)
	if _, err := d.account.fetch(ctx, c, &o); err != nil {
		return o, err
	}
	if o.ID != id {
		return o, unreadable(c)
	}
	return o, nil
}

// status says where an order's page stands. Money is what its captures say, not the order.
func (d *desk) status(ctx context.Context, o order) (gateway.CheckoutStatus, *gateway.Error) {
	var s gateway.CheckoutStatus
	for _, u := range o.Units {
		for _, raw := range u.Payments.Captures {
			p, err := d.captureIn(ctx, o, raw)
			if err != nil {
				return gateway.CheckoutStatus{}, err
			}
			s.Payments = append(s.Payments, p)
		}
	}
	s.State = pageState(o.Status)
	best := -1
	for _, p := range s.Payments {
		state, rank := gateway.CheckoutFailed, 0
		switch p.State {
		case gateway.Succeeded:
			state, rank = gateway.CheckoutPaid, 2
		case gateway.Pending:
			state, rank = gateway.CheckoutProcessing, 1
		}
		if rank > best && (rank > 0 || o.Status == "COMPLETED") {
			s.State, s.Reason, best = state, p.Reason, rank
		}
	}
	if s.State == gateway.CheckoutExpired {
		s.Reason = o.Status
	}
	return s, nil
}

// pageState is where a page stands on which no money is yet.
func pageState(order string) gateway.CheckoutState {
	switch order {
	case "APPROVED":
		return gateway.CheckoutAuthorized
	case "VOIDED":
		return gateway.CheckoutExpired
	case "COMPLETED":
		return gateway.CheckoutProcessing
	}
	return gateway.CheckoutOpen
}

// captureIn is the snapshot of a capture that an order lists, read on its own because only then it is whole. What the
// order says of it serves while it cannot be read.
func (d *desk) captureIn(ctx context.Context, o order, raw json.RawMessage) (gateway.Payment, *gateway.Error) {
	var c capture
	if json.Unmarshal(raw, &c) != nil || !objectForm.MatchString(c.ID) {
		return gateway.Payment{}, gateway.Fail(gateway.ErrRetryable, gateway.Unknown, "bad_answer", "an order lists a capture that cannot be read")
	}
	whole, own, err := d.capture(ctx, c.ID)
	if err != nil {
		if ctx.Err() != nil {
			return gateway.Payment{}, err
		}
		return c.payment(&o, raw), nil
	}
	return whole.payment(&o, own), nil
}
