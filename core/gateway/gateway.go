// Package gateway is the published port behind which payment gateways live.
//
// A gateway is a program of its own. It knows one provider (Stripe, PayPal, the bundled sandbox, a stranger's) and
// nothing of invoices, accounts or the database: it opens hosted pay pages, says what money moved, and reads the
// provider's webhooks. The host (this program) owns all state: it stores attempts and arrivals, sets every deadline,
// checks every reply with the Check functions of this package, and passes the connection's settings on each call, so a
// gateway that is killed and started again has lost nothing.
//
// The port never gains a method. What only some providers can do is an optional interface (Refunder, Expirer,
// BalanceReader, WebhookInstaller, PayoutReader), announced as a Capability.
//
// Amounts are integer minor units by ISO 4217; a gateway whose provider counts otherwise converts. Times are UTC.
package gateway

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/money"
)

// Driver is one kind of gateway: what a plugin program serves.
type Driver interface {
	// Describe says what the gateway is, which settings it asks for and what it can do. It touches no network.
	Describe(ctx context.Context) (Info, error)
	// Open binds a connection's settings. It touches no network either; Check does.
	Open(ctx context.Context, c Connection) (Gateway, error)
}

// Gateway is one connection to one account at the provider. Methods are safe for concurrent use. Every error is an
// *Error; see there for what the host may do after it.
type Gateway interface {
	// Check proves the settings against the provider and says whose account they open.
	Check(ctx context.Context) (Account, error)
	// CreateCheckout opens a hosted pay page. Called twice with one IdempotencyKey it returns the same page.
	CreateCheckout(ctx context.Context, r CheckoutRequest) (Checkout, error)
	// SettleCheckout looks at a pay page and, where the provider leaves the taking of money to the merchant and Capture
	// is set, takes it. It never takes money when Capture is false.
	SettleCheckout(ctx context.Context, r SettleRequest) (CheckoutStatus, error)
	// ListPayments returns movements in the order they became known, from a cursor that a former call returned (empty:
	// from the beginning, or Since). It may repeat movements; it may not skip any.
	ListPayments(ctx context.Context, r ListRequest) (Page, error)
	// FetchPayment returns the present snapshot of one movement.
	FetchPayment(ctx context.Context, id string) (Payment, error)
	// ParseWebhook verifies a delivery on its raw bytes and says what to read again. Nothing else in it is believed.
	ParseWebhook(ctx context.Context, d Delivery) (Hint, error)
}

// Capability announces an optional interface.
type Capability string

const (
	CanRefund         Capability = "refund"
	CanExpire         Capability = "expire"
	CanBalance        Capability = "balance"
	CanInstallWebhook Capability = "install_webhook"
	CanPayoutItems    Capability = "payout_items"
)

// Refunder gives money back. Called twice with one IdempotencyKey it refunds once.
type Refunder interface {
	Refund(ctx context.Context, r RefundRequest) (Payment, error)
}

// Expirer closes a pay page that nobody has paid. A page that was paid meanwhile is not an error: the status says so.
type Expirer interface {
	ExpireCheckout(ctx context.Context, sessionID string) (CheckoutStatus, error)
}

// BalanceReader says what the provider holds for the account, pending money included, per currency.
type BalanceReader interface {
	Balance(ctx context.Context) ([]money.Money, error)
}

// WebhookInstaller registers our webhook at the provider and returns settings to keep (a signing secret, an id).
type WebhookInstaller interface {
	InstallWebhook(ctx context.Context, url string) (map[string]string, error)
}

// PayoutReader lists the ids of the movements that a payout consists of.
type PayoutReader interface {
	PayoutItems(ctx context.Context, payoutID string) ([]string, error)
}

// Text is a text in several languages, by ISO 639-1 code; "fr" and "en" are expected.
type Text map[string]string

// In returns the text in a language, else in English, else in French, else any.
func (t Text) In(lang string) string {
	for _, l := range []string{lang, "en", "fr"} {
		if s := t[l]; s != "" {
			return s
		}
	}
	for _, s := range t {
		return s
	}
	return ""
}

// Info is what a gateway says of itself.
type Info struct {
	Name         string // short stable name, lower case: "sandbox"
	Label        string // as its users write it: "Stripe"
	Version      string
	Help         Text // one sentence: what it is, what it needs
	Settings     []Setting
	Capabilities []Capability
	Currencies   []money.Currency // empty: any
	Reasons      []Reason         // what the provider's codes mean, for Payment.Reason and CheckoutStatus.Reason
}

// Reason explains one of the provider's codes to the accountant: what it means and, where something must be done at the
// provider, what. A code that is not explained is shown as it is.
type Reason struct {
	Code string
	Text Text
}

// Reason is a code in words, or the code itself when the gateway does not explain it.
func (i Info) Reason(code, lang string) string {
	for _, r := range i.Reasons {
		if r.Code == code {
			if text := r.Text.In(lang); text != "" {
				return text
			}
		}
	}
	return code
}

// Can says whether the gateway announces a capability.
func (i Info) Can(c Capability) bool {
	for _, k := range i.Capabilities {
		if k == c {
			return true
		}
	}
	return false
}

// SettingType is the kind of form field a setting becomes.
type SettingType string

const (
	TextSetting   SettingType = "text"
	SecretSetting SettingType = "secret" // write-only: sealed at rest, never shown again
	ChoiceSetting SettingType = "choice"
	BoolSetting   SettingType = "bool" // "true" or ""
	URLSetting    SettingType = "url"
)

// Setting declares one field of the connection's form; the host renders it without knowing the gateway.
type Setting struct {
	Name     string
	Type     SettingType
	Required bool
	Pattern  string // RE2, anchored by the host; empty: anything
	Default  string
	Choices  []Choice
	Label    Text
	Help     Text // where at the provider the value is found
}

// Choice is one option of a ChoiceSetting.
type Choice struct {
	Value string
	Label Text
}

// Mode keeps play money and real money apart; they never meet in one connection or one set of books.
type Mode string

const (
	Test Mode = "test"
	Live Mode = "live"
)

// Connection is what the host passes on every call.
type Connection struct {
	ID         string
	Mode       Mode
	Settings   map[string]string
	WebhookURL string // where the provider can reach us; empty when it cannot
}

// Account is whose account the settings open.
type Account struct {
	ID       string // the provider's own id
	Name     string
	Mode     Mode
	Country  string // ISO 3166-1 alpha-2
	Currency money.Currency
	Missing  []string // permissions the key lacks, in the provider's words; empty when all is well
}

// CheckoutRequest asks for a hosted pay page.
type CheckoutRequest struct {
	IdempotencyKey string // the attempt's id
	Reference      string // ours, given back in Payment.Reference; the attempt's id
	Amount         money.Money
	Description    string // "Facture FA2026-0012"
	Document       string // the document's number
	CustomerName   string
	CustomerEmail  string
	Locale         string // BCP 47: "fr-FR"
	ReturnURL      string // where the payer comes back, whatever happened
	CancelURL      string // where the payer comes back without paying
	ExpiresAt      time.Time
}

// Checkout is an open pay page.
type Checkout struct {
	SessionID string
	URL       string
	ExpiresAt time.Time
}

// SettleRequest looks at a session, or captures it.
type SettleRequest struct {
	SessionID      string
	IdempotencyKey string
	Capture        bool
}

// CheckoutState is where a pay page stands.
type CheckoutState string

const (
	CheckoutOpen       CheckoutState = "open"        // nobody has paid yet
	CheckoutAuthorized CheckoutState = "authorized"  // the payer agreed; the merchant must capture
	CheckoutProcessing CheckoutState = "processing"  // the payer did all that is needed; the money is on its way
	CheckoutPaid       CheckoutState = "paid"        //
	CheckoutFailed     CheckoutState = "failed"      // declined; the payer may try again on a new page
	CheckoutExpired    CheckoutState = "expired"     // too late, or closed by us
	CheckoutCancelled  CheckoutState = "cancelled"   // the payer left
	CheckoutRetry      CheckoutState = "payer_retry" // declined, and the payer may go back to the same page
)

// CheckoutStatus is the state of a pay page and the payments made on it.
type CheckoutStatus struct {
	State    CheckoutState
	Reason   string // the provider's code, for people to look up
	Payments []Payment
}

// Kind is what a movement of money is.
type Kind string

const (
	KindPayment         Kind = "payment"          // a customer paid
	KindPaymentReversal Kind = "payment_reversal" // a payment that was counted failed after all
	KindRefund          Kind = "refund"           // we paid back
	KindRefundReversal  Kind = "refund_reversal"  // a refund that failed
	KindDispute         Kind = "dispute"          // a chargeback took the money away
	KindDisputeReversal Kind = "dispute_reversal" // ... and it came back
	KindFee             Kind = "fee"              // a fee with no payment of its own
	KindFeeRefund       Kind = "fee_refund"
	KindPayout          Kind = "payout" // to our bank
	KindPayoutReversal  Kind = "payout_reversal"
	KindAdjustment      Kind = "adjustment"
	KindOther           Kind = "other" // anything the gateway does not know: kept for a human
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{KindPayment, KindPaymentReversal, KindRefund, KindRefundReversal, KindDispute, KindDisputeReversal,
		KindFee, KindFeeRefund, KindPayout, KindPayoutReversal, KindAdjustment, KindOther}
}

// Inflow says whether a movement of this kind raises the balance at the gateway (before its fee). Adjustment and other
// go by the sign of their gross amount.
func (k Kind) Inflow() bool {
	switch k {
	case KindPayment, KindRefundReversal, KindDisputeReversal, KindFeeRefund, KindPayoutReversal, KindAdjustment, KindOther:
		return true
	}
	return false
}

// State is where a movement stands.
type State string

const (
	Pending   State = "pending"
	Succeeded State = "succeeded"
	Failed    State = "failed"
)

// FeeState says whether the gateway's commission on a movement is known yet.
type FeeState string

const (
	FeeUnknown FeeState = "unknown"
	FeeKnown   FeeState = "known"
	FeeNone    FeeState = "none" // there is none and there will be none
)

// Payment is the snapshot of one movement of money at the gateway: a payment made by a customer or, by its Kind,
// a refund, a dispute, a payout... Gross is positive except for adjustment and other, where it carries its sign.
type Payment struct {
	ID     string // the provider's, unique per connection and Kind
	Kind   Kind
	State  State
	Reason string // the provider's code for a pending or failed state
	// Gross is what moved, before the fee, in the currency of the balance that it reached or left; Fee and Net are in the
	// same. Where the provider converted, Charged is what the payer paid (or got back), and Rate how many units of Gross's
	// currency it gave for one of Charged's: a decimal number as the provider writes it. Without conversion both are absent.
	Gross     money.Money
	Charged   money.Money
	Rate      string
	FeeState  FeeState
	Fee       money.Money // when known: what the gateway kept for itself, VAT included; negative when given back
	FeeVAT    money.Money // the part of Fee that is VAT charged by the gateway; zero when none
	Net       money.Money // effect on the balance at the gateway when the fee is known
	Reference string      // our CheckoutRequest.Reference, when the provider kept it
	SessionID string
	RelatedID string // of a refund, payment reversal, dispute, fee: the payment; of a refund, dispute or payout reversal: that refund, dispute or payout; of one side of a conversion between two balances: the other
	PayoutID  string
	Method    string // card, sepa_debit, wallet...
	Payer     Payer
	// OccurredAt is when the money moved by the provider's clock; it dates the entry. UpdatedAt orders snapshots.
	OccurredAt  time.Time
	AvailableAt time.Time
	UpdatedAt   time.Time
	Description string
	Raw         []byte // what the provider answered, kept as evidence; may be empty
}

// Payer is who paid, as far as the provider tells.
type Payer struct{ Name, Email, Country string }

// ListRequest asks for the next page of movements.
type ListRequest struct {
	Cursor string
	Since  time.Time // only for an empty cursor: how far back the first import goes
	Limit  int
}

// Page is some movements and where to go on. CaughtUp means there was nothing more at the time.
type Page struct {
	Payments []Payment
	Next     string
	CaughtUp bool
}

// Header is one HTTP header of a delivery.
type Header struct{ Name, Value string }

// Delivery is a webhook call as it came.
type Delivery struct {
	Headers    []Header
	Body       []byte
	ReceivedAt time.Time
}

// Hint is what a verified webhook is about: which objects to read again.
type Hint struct {
	EventID    string
	Type       string
	Mode       Mode
	SessionIDs []string
	PaymentIDs []string
}

// RefundRequest gives back a payment, or part of it.
type RefundRequest struct {
	IdempotencyKey string
	PaymentID      string
	Amount         money.Money
	Reason         string
}
