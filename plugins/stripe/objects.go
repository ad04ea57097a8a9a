package stripe

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/acquit-app/acquit/core/gateway"
)

// The parts of Stripe's objects that are read, in API version 2023-10-16. A field that newer versions add or drop does
// not disturb; a value that is not known falls to "other" in kindOf.

// ref is a field of Stripe's that holds an id or, expanded, the object itself.
type ref[T any] struct {
	ID  string
	Obj *T
}

// UnmarshalJSON reads either form.
func (r *ref[T]) UnmarshalJSON(b []byte) error {
	*r = ref[T]{}
	switch b = bytes.TrimSpace(b); {
	case len(b) == 0 || b[0] == 'n':
		return nil
	case b[0] == '"':
		return json.Unmarshal(b, &r.ID)
	}
	var head struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	r.ID, r.Obj = head.ID, new(T)
	return json.Unmarshal(b, r.Obj)
}

// raw is an object of any type, kept as Stripe wrote it.
type raw struct {
	Object string
	Body   json.RawMessage
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *raw) UnmarshalJSON(b []byte) error {
	r.Body = append(json.RawMessage(nil), b...)
	var head struct {
		Object string `json:"object"`
	}
	err := json.Unmarshal(b, &head)
	r.Object = head.Object
	return err
}

// list is one page of a list; its items are decoded one by one, so that one that cannot be read spoils no other.
type list struct {
	Data    []json.RawMessage `json:"data"`
	HasMore bool              `json:"has_more"`
}

type txn struct {
	ID                string      `json:"id"`
	Type              string      `json:"type"`
	ReportingCategory string      `json:"reporting_category"`
	Status            string      `json:"status"`
	Description       string      `json:"description"`
	Currency          string      `json:"currency"`
	Amount            int64       `json:"amount"`
	Fee               int64       `json:"fee"`
	Net               int64       `json:"net"`
	ExchangeRate      json.Number `json:"exchange_rate"`
	Created           int64       `json:"created"`
	AvailableOn       int64       `json:"available_on"`
	FeeDetails        []struct {
		Type   string `json:"type"`
		Amount int64  `json:"amount"`
	} `json:"fee_details"`
	Source ref[raw] `json:"source"`
}

type charge struct {
	ID                 string            `json:"id"`
	Status             string            `json:"status"`
	Currency           string            `json:"currency"`
	Amount             int64             `json:"amount"`
	AmountCaptured     int64             `json:"amount_captured"`
	Captured           bool              `json:"captured"`
	Created            int64             `json:"created"`
	Description        string            `json:"description"`
	FailureCode        string            `json:"failure_code"`
	Livemode           bool              `json:"livemode"`
	Metadata           map[string]string `json:"metadata"`
	PaymentIntent      ref[raw]          `json:"payment_intent"`
	BalanceTransaction ref[txn]          `json:"balance_transaction"`
	FailureTransaction ref[raw]          `json:"failure_balance_transaction"`
	BillingDetails     struct {
		Name    string `json:"name"`
		Email   string `json:"email"`
		Address struct {
			Country string `json:"country"`
		} `json:"address"`
	} `json:"billing_details"`
	Method struct {
		Type string `json:"type"`
	} `json:"payment_method_details"`
}

// payment is the id under which the port knows the payment that a charge is: its intent's, or its own when it has none.
func (c charge) payment() string {
	if c.PaymentIntent.ID != "" {
		return c.PaymentIntent.ID
	}
	return c.ID
}

type intent struct {
	ID        string            `json:"id"`
	Status    string            `json:"status"`
	Livemode  bool              `json:"livemode"`
	Metadata  map[string]string `json:"metadata"`
	Latest    ref[raw]          `json:"latest_charge"`
	LastError struct {
		Code        string `json:"code"`
		DeclineCode string `json:"decline_code"`
	} `json:"last_payment_error"`
}

type session struct {
	ID            string      `json:"id"`
	URL           string      `json:"url"`
	Status        string      `json:"status"`
	PaymentStatus string      `json:"payment_status"`
	Livemode      bool        `json:"livemode"`
	ExpiresAt     int64       `json:"expires_at"`
	Reference     string      `json:"client_reference_id"`
	Intent        ref[intent] `json:"payment_intent"`
}

type refund struct {
	ID                 string            `json:"id"`
	Status             string            `json:"status"`
	Currency           string            `json:"currency"`
	Amount             int64             `json:"amount"`
	Created            int64             `json:"created"`
	Description        string            `json:"description"`
	FailureReason      string            `json:"failure_reason"`
	Metadata           map[string]string `json:"metadata"`
	Charge             ref[raw]          `json:"charge"`
	PaymentIntent      ref[raw]          `json:"payment_intent"`
	BalanceTransaction ref[txn]          `json:"balance_transaction"`
	FailureTransaction ref[raw]          `json:"failure_balance_transaction"`
}

func (r refund) payment() string {
	if r.PaymentIntent.ID != "" {
		return r.PaymentIntent.ID
	}
	return r.Charge.ID
}

type dispute struct {
	ID                  string   `json:"id"`
	Status              string   `json:"status"`
	Reason              string   `json:"reason"`
	Currency            string   `json:"currency"`
	Amount              int64    `json:"amount"`
	Created             int64    `json:"created"`
	Livemode            bool     `json:"livemode"`
	Charge              ref[raw] `json:"charge"`
	PaymentIntent       ref[raw] `json:"payment_intent"`
	BalanceTransactions []txn    `json:"balance_transactions"`
}

func (d dispute) payment() string {
	if d.PaymentIntent.ID != "" {
		return d.PaymentIntent.ID
	}
	return d.Charge.ID
}

type payout struct {
	ID                   string   `json:"id"`
	Status               string   `json:"status"`
	Currency             string   `json:"currency"`
	Amount               int64    `json:"amount"`
	Created              int64    `json:"created"`
	ArrivalDate          int64    `json:"arrival_date"`
	Automatic            bool     `json:"automatic"`
	Description          string   `json:"description"`
	FailureCode          string   `json:"failure_code"`
	Livemode             bool     `json:"livemode"`
	Method               string   `json:"method"`
	ReconciliationStatus string   `json:"reconciliation_status"`
	BalanceTransaction   ref[txn] `json:"balance_transaction"`
}

type event struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Account  string `json:"account"`
	Livemode *bool  `json:"livemode"`
	Created  int64  `json:"created"`
	Data     struct {
		Object struct {
			ID                 string   `json:"id"`
			Object             string   `json:"object"`
			Created            int64    `json:"created"`
			PaymentIntent      ref[raw] `json:"payment_intent"`
			Charge             ref[raw] `json:"charge"`
			BalanceTransaction ref[raw] `json:"balance_transaction"`
			FailureTransaction ref[raw] `json:"failure_balance_transaction"`
			// Of a dispute: its balance transactions.
			BalanceTransactions []ref[raw] `json:"balance_transactions"`
			Method              struct {
				Type string `json:"type"`
			} `json:"payment_method_details"`
		} `json:"object"`
	} `json:"data"`
}

type account struct {
	ID              string `json:"id"`
	Country         string `json:"country"`
	DefaultCurrency string `json:"default_currency"`
	BusinessProfile struct {
		Name string `json:"name"`
	} `json:"business_profile"`
	Settings struct {
		Dashboard struct {
			DisplayName string `json:"display_name"`
		} `json:"dashboard"`
	} `json:"settings"`
}

type balance struct {
	Livemode        bool   `json:"livemode"`
	Available       []held `json:"available"`
	Pending         []held `json:"pending"`
	ConnectReserved []held `json:"connect_reserved"`
}

type held struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

func at(unix int64) time.Time {
	if unix <= 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// evidence is an object as Stripe wrote it, without the blanks between. One too long to keep is left out: half of it
// would prove nothing.
func evidence(b json.RawMessage) []byte {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil || out.Len() > gateway.MaxRaw {
		return nil
	}
	return out.Bytes()
}
