package inbox

import (
	"time"

	"github.com/acquit-app/acquit/core/gateway"
	"github.com/shopspring/decimal"
)

// FeeVAT says how VAT on a gateway's commission is treated (accounting.md E13).
type FeeVAT string

const (
	FeeReverseCharge FeeVAT = "reverse_charge" // foreign supplier: self-assessed from its monthly invoice, nothing per payment
	FeeExempt        FeeVAT = "exempt"
	FeeDomestic      FeeVAT = "domestic" // VAT charged by the gateway, split off to 44566
)

// Status is whether a connection works.
type Status string

const (
	Connected      Status = "connected"
	NeedsAttention Status = "needs_attention" // credentials refused or settings missing: polling stops until mended
	Disconnected   Status = "disconnected"
)

// Connection is one gateway account of the company, with where its money is posted. Secrets are sealed; Public holds the
// other settings in clear.
type Connection struct {
	ID        string
	Gateway   string // the plugin's name
	Label     string
	Mode      gateway.Mode
	AccountID string // the account at the provider; a key of another account is refused
	Account   string // its name, for people
	Public    map[string]string
	Sealed    []byte // the secret settings, as one sealed JSON object

	Journal           string // where receipts and commissions are posted
	GatewayAccount    string // 517xxx: what the gateway holds for us
	CommissionAccount string // 627xxx
	BankJournal       string // where payouts are posted
	BankAccount       string // 512xxx
	DisputeFeeAccount string // 6278xx; the commission account when empty
	FeeVAT            FeeVAT
	FeeVATRate        decimal.Decimal

	On      bool // offered to payers
	Status  Status
	Problem string // fault code
	Detail  string
	Version int64
}

// Clone returns an independent copy.
func (c Connection) Clone() Connection {
	m := make(map[string]string, len(c.Public))
	for k, v := range c.Public {
		m[k] = v
	}
	c.Public = m
	c.Sealed = append([]byte(nil), c.Sealed...)
	return c
}

// MissingSettings names the accounts and journals that must be filled in before the connection may be switched on.
func (c *Connection) MissingSettings() []string {
	var out []string
	for _, f := range []struct{ name, value string }{{"journal", c.Journal}, {"gateway_account", c.GatewayAccount},
		{"commission_account", c.CommissionAccount}, {"bank_journal", c.BankJournal}, {"bank_account", c.BankAccount}} {
		if f.value == "" {
			out = append(out, f.name)
		}
	}
	return out
}

// Feed is how far a connection's list of movements was read.
type Feed struct {
	ID           string // the connection's id
	Cursor       string
	LastExchange time.Time
	LastError    string
	NextPoll     time.Time
	Failures     int
	Quarantined  []string // movements the gateway described wrongly, most recent last
}

// Clone returns an independent copy.
func (f Feed) Clone() Feed {
	f.Quarantined = append([]string(nil), f.Quarantined...)
	return f
}
