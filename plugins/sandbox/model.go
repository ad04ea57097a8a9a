package sandbox

import (
	"encoding/json"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
)

// Amount is money as it is written to the journal and shown to programs: {"minor": 1250, "currency": "EUR"}.
type Amount struct{ money.Money }

type plainAmount struct {
	Minor    int64          `json:"minor"`
	Currency money.Currency `json:"currency"`
}

// MarshalJSON writes no amount as null.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.Currency() == "" {
		return []byte("null"), nil
	}
	return json.Marshal(plainAmount{a.Minor(), a.Currency()})
}

// UnmarshalJSON refuses an unknown currency.
func (a *Amount) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*a = Amount{}
		return nil
	}
	var p plainAmount
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	m, err := money.New(p.Minor, p.Currency)
	a.Money = m
	return err
}

// Session is one hosted pay page and what became of it.
type Session struct {
	ID         string                `json:"id"`
	Account    string                `json:"account"`
	Connection string                `json:"connection"`
	Merchant   string                `json:"merchant"`
	Locale     string                `json:"locale"`
	Reference  string                `json:"reference"`
	Amount     Amount                `json:"amount"`
	Title      string                `json:"title"`
	Document   string                `json:"document"`
	Name       string                `json:"customer_name"`
	Email      string                `json:"customer_email"`
	ReturnURL  string                `json:"return_url"`
	CancelURL  string                `json:"cancel_url"`
	FeePlan    string                `json:"fee_plan"`
	CreatedAt  time.Time             `json:"created_at"`
	ExpiresAt  time.Time             `json:"expires_at"`
	State      gateway.CheckoutState `json:"state"`
	Reason     string                `json:"reason,omitempty"`
	Challenge  *Outcome              `json:"challenge,omitempty"` // what happens once 3-D Secure is passed, or the merchant captures
	Payments   []string              `json:"payments,omitempty"`
}

// Movement is one movement of money: gateway.Payment as it is kept.
type Movement struct {
	ID          string           `json:"id"`
	Account     string           `json:"account"`
	Change      int64            `json:"change"` // place in the account's list; grows with every change of the movement
	Kind        gateway.Kind     `json:"kind"`
	State       gateway.State    `json:"state"`
	Reason      string           `json:"reason,omitempty"`
	Gross       Amount           `json:"gross"`
	FeeState    gateway.FeeState `json:"fee_state"`
	Fee         Amount           `json:"fee"`
	FeeVAT      Amount           `json:"fee_vat"`
	Net         Amount           `json:"net"`
	FeePlan     string           `json:"fee_plan,omitempty"` // how the fee is reckoned once it is told
	FeeHeld     bool             `json:"fee_held,omitempty"` // of a pending payment: its success does not tell the fee
	Reference   string           `json:"reference,omitempty"`
	Session     string           `json:"session,omitempty"`
	Related     string           `json:"related,omitempty"`
	Payout      string           `json:"payout,omitempty"`
	Method      string           `json:"method,omitempty"`
	Name        string           `json:"payer_name,omitempty"`
	Email       string           `json:"payer_email,omitempty"`
	Country     string           `json:"payer_country,omitempty"`
	OccurredAt  time.Time        `json:"occurred_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	Description string           `json:"description,omitempty"`
	Closed      string           `json:"closed,omitempty"` // of a dispute: won or lost; of a refund or payout: reversed; else empty
}

// snapshot is the movement as the port shows it; the record itself is the evidence.
func (m *Movement) snapshot() gateway.Payment {
	raw, err := json.Marshal(m)
	if err != nil {
		raw = nil
	}
	return gateway.Payment{
		ID: m.ID, Kind: m.Kind, State: m.State, Reason: m.Reason,
		Gross: m.Gross.Money, FeeState: m.FeeState, Fee: m.Fee.Money, FeeVAT: m.FeeVAT.Money, Net: m.Net.Money,
		Reference: m.Reference, SessionID: m.Session, RelatedID: m.Related, PayoutID: m.Payout, Method: m.Method,
		Payer:      gateway.Payer{Name: m.Name, Email: m.Email, Country: m.Country},
		OccurredAt: m.OccurredAt, AvailableAt: m.OccurredAt, UpdatedAt: m.UpdatedAt,
		Description: m.Description, Raw: raw,
	}
}

// effect is what the movement does to the balance, as far as it has been told: a fee that is still unknown is not taken.
func (m *Movement) effect() money.Money {
	if m.State != gateway.Succeeded {
		return money.Zero(m.Gross.Currency())
	}
	if m.FeeState == gateway.FeeKnown {
		return m.Net.Money
	}
	return m.flow()
}

// flow is the gross amount with the sign of its effect.
func (m *Movement) flow() money.Money {
	if m.Kind.Inflow() {
		return m.Gross.Money
	}
	return m.Gross.Neg()
}

// Account is one merchant's account at the sandbox.
type Account struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Endpoints []Endpoint `json:"endpoints,omitempty"`
}

// Endpoint is where one connection wants webhooks.
type Endpoint struct {
	Connection string `json:"connection"`
	URL        string `json:"url"`
	On         bool   `json:"on"`
	OwnSecret  bool   `json:"own_secret,omitempty"` // signed with a secret of the connection's settings, which is never written down
}

// Event is something that webhooks tell of.
type Event struct {
	ID       string    `json:"id"`
	Account  string    `json:"account"`
	Type     string    `json:"type"`
	At       time.Time `json:"at"`
	Sessions []string  `json:"sessions,omitempty"`
	Payments []string  `json:"payments,omitempty"`
}

// Delivery is one webhook to make: an event to an endpoint.
type Delivery struct {
	ID         string `json:"id"`
	Number     int64  `json:"number"`
	Account    string `json:"account"`
	Connection string `json:"connection"`
	Event      string `json:"event"`
	State      string `json:"state"` // waiting, delivered, given_up
	Answer     string `json:"answer,omitempty"`
}

// States of a Delivery.
const (
	waiting   = "waiting"
	delivered = "delivered"
	givenUp   = "given_up"
)

// identity is what the sandbox keeps of itself.
type identity struct {
	ID     string `json:"id"`     // of this state; part of every cursor
	Secret []byte `json:"secret"` // webhook secrets are derived from it
	Port   int    `json:"port"`
}

// use is what an idempotency key was used for.
type use struct {
	Key   string `json:"key"`   // account, call, key
	Print string `json:"print"` // of the request
	ID    string `json:"id"`    // of the result
}

// record is one change, whole: the new version of everything it touched.
type record struct {
	At         time.Time   `json:"at"`
	Identity   *identity   `json:"identity,omitempty"`
	Accounts   []*Account  `json:"accounts,omitempty"`
	Sessions   []*Session  `json:"sessions,omitempty"`
	Movements  []*Movement `json:"movements,omitempty"`
	Events     []*Event    `json:"events,omitempty"`
	Deliveries []*Delivery `json:"deliveries,omitempty"`
	Uses       []use       `json:"uses,omitempty"`
}
