package paypal

import (
	"encoding/json"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
)

// The parts of PayPal's objects that we read. Whatever else they hold is kept in the raw bytes.

type link struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

type name struct {
	Given   string `json:"given_name"`
	Surname string `json:"surname"`
	Full    string `json:"full_name"`
	Other   string `json:"alternate_full_name"`
}

func (n name) String() string {
	for _, s := range []string{n.Full, strings.TrimSpace(n.Given + " " + n.Surname)} {
		if s != "" {
			return s
		}
	}
	return n.Other
}

type order struct {
	ID      string                     `json:"id"`
	Status  string                     `json:"status"`
	Created moment                     `json:"create_time"`
	Updated moment                     `json:"update_time"`
	Links   []link                     `json:"links"`
	Source  map[string]json.RawMessage `json:"payment_source"`
	Payer   *person                    `json:"payer"`
	Units   []struct {
		CustomID    string  `json:"custom_id"`
		Description string  `json:"description"`
		Amount      *amount `json:"amount"`
		Payee       struct {
			MerchantID string `json:"merchant_id"`
		} `json:"payee"`
		Payments struct {
			Captures []json.RawMessage `json:"captures"`
		} `json:"payments"`
	} `json:"purchase_units"`
}

type person struct {
	Email   string `json:"email_address"`
	Name    name   `json:"name"`
	Address struct {
		Country string `json:"country_code"`
	} `json:"address"`
}

type capture struct {
	ID      string  `json:"id"`
	Status  string  `json:"status"`
	Amount  *amount `json:"amount"`
	Details struct {
		Reason string `json:"reason"`
	} `json:"status_details"`
	CustomID  string `json:"custom_id"`
	InvoiceID string `json:"invoice_id"`
	Breakdown *struct {
		Fee        *amount `json:"paypal_fee"`
		Net        *amount `json:"net_amount"`
		Receivable *amount `json:"receivable_amount"`
		Rate       *rate   `json:"exchange_rate"`
	} `json:"seller_receivable_breakdown"`
	Created moment `json:"create_time"`
	Updated moment `json:"update_time"`
	Related struct {
		IDs struct {
			Order string `json:"order_id"`
		} `json:"related_ids"`
	} `json:"supplementary_data"`
	Links []link `json:"links"`
}

type refund struct {
	ID      string  `json:"id"`
	Status  string  `json:"status"`
	Amount  *amount `json:"amount"`
	Details struct {
		Reason string `json:"reason"`
	} `json:"status_details"`
	Note      string `json:"note_to_payer"`
	Breakdown *struct {
		Fee           *amount `json:"paypal_fee"`
		Net           *amount `json:"net_amount"`
		NetReceivable *amount `json:"net_amount_in_receivable_currency"`
		Converted     []struct {
			Payable   *amount `json:"payable_amount"`
			Converted *amount `json:"converted_amount"`
			Rate      *rate   `json:"exchange_rate"`
		} `json:"net_amount_breakdown"`
	} `json:"seller_payable_breakdown"`
	Created moment `json:"create_time"`
	Updated moment `json:"update_time"`
	Links   []link `json:"links"`
}

type dispute struct {
	ID           string  `json:"dispute_id"`
	Created      moment  `json:"create_time"`
	Updated      moment  `json:"update_time"`
	Reason       string  `json:"reason"`
	Status       string  `json:"status"`
	Amount       *amount `json:"dispute_amount"`
	Transactions []struct {
		Seller string `json:"seller_transaction_id"`
	} `json:"disputed_transactions"`
	Outcome struct {
		Code string `json:"outcome_code"`
	} `json:"dispute_outcome"`
}

// row is one line of Transaction Search.
type row struct {
	Info struct {
		ID            string  `json:"transaction_id"`
		Reference     string  `json:"paypal_reference_id"`
		ReferenceType string  `json:"paypal_reference_id_type"`
		Code          string  `json:"transaction_event_code"`
		Initiated     moment  `json:"transaction_initiation_date"`
		Updated       moment  `json:"transaction_updated_date"`
		Amount        *amount `json:"transaction_amount"`
		Fee           *amount `json:"fee_amount"`
		Status        string  `json:"transaction_status"`
		Subject       string  `json:"transaction_subject"`
		Note          string  `json:"transaction_note"`
		InvoiceID     string  `json:"invoice_id"`
		Custom        string  `json:"custom_field"`
		Bank          string  `json:"bank_reference_id"`
	} `json:"transaction_info"`
	Payer struct {
		Email   string `json:"email_address"`
		Name    name   `json:"payer_name"`
		Country string `json:"country_code"`
	} `json:"payer_info"`

	raw json.RawMessage
}

// moment is a time as PayPal writes it: RFC 3339, or with an offset without a colon. A text that is none is no time, and
// leaves the rest of the object readable.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(b []byte) error {
	var s string
	_ = json.Unmarshal(b, &s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			m.Time = t.UTC()
			return nil
		}
	}
	return nil
}

var (
	objectForm  = regexp.MustCompile(`^[A-Z0-9]{8,36}$`)         // orders, captures, refunds, transactions
	disputeForm = regexp.MustCompile(`^PP-[A-Z0-9-]{1,60}$`)     // disputes
	searchForm  = regexp.MustCompile(`^[A-Za-z0-9]{17,19}$`)     // what Transaction Search can be asked for
	localeForm  = regexp.MustCompile(`^[a-z]{2}(?:-[A-Z]{2})?$`) // of those that PayPal takes, the ones that we are given
	emailForm   = regexp.MustCompile(`^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$`)
)

// up is the id at the end of the link to the parent: of a refund, the capture.
func up(links []link) string {
	for _, l := range links {
		if l.Rel == "up" {
			if u, err := url.Parse(l.Href); err == nil {
				if id := path.Base(u.Path); objectForm.MatchString(id) {
					return id
				}
			}
		}
	}
	return ""
}
