package inbox

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/money"
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

	Journal           string                    // where receipts and commissions are posted
	GatewayAccount    string                    // 517xxx: what the gateway holds for us in the books' currency
	BalanceAccounts   map[money.Currency]string // 517xxx of each balance in another currency
	CommissionAccount string                    // 627xxx
	BankJournal       string                    // where payouts are posted
	BankAccount       string                    // 512xxx
	DisputeFeeAccount string                    // 6278xx; the commission account when empty
	FeeVAT            FeeVAT
	FeeVATRate        decimal.Decimal

	// ConnectedAt is when the account was first connected. Movements before it are history: what the books say of them was
	// written without us. Zero for connections older than this field.
	ConnectedAt time.Time
	// WebhookURL is the address that was installed at the provider, and WebhookAt when; empty while none was.
	WebhookURL string
	WebhookAt  time.Time

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
	c.BalanceAccounts = maps.Clone(c.BalanceAccounts)
	return c
}

// BalanceAccount is where the balance in a currency is kept, in books of another or the same; empty: nobody has said yet.
func (c *Connection) BalanceAccount(cur, books money.Currency) string {
	if cur == books {
		return c.GatewayAccount
	}
	return c.BalanceAccounts[cur]
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

// MissingPermissions names what the connection's key lacks, in the provider's words.
func (c *Connection) MissingPermissions() []string {
	if c.Problem != string(fault.GatewayIncomplete) || c.Detail == "" {
		return nil
	}
	return strings.Split(c.Detail, ", ")
}

// Feed is how far a connection's list of movements was read.
type Feed struct {
	ID           string // the connection's id
	Cursor       string
	LastExchange time.Time
	LastError    string // fault code
	LastWebhook  time.Time
	NextPoll     time.Time
	Failures     int
	// BusyUntil is the lease of whoever reads at this moment: after it, the reader is taken for dead. Found counts the
	// movements of the present or the last reading.
	BusyUntil   time.Time
	Asked       bool // a person asked for it and waits
	Found       int
	History     History
	Quarantined []string // movements the gateway described wrongly, most recent last
}

// Busy says whether somebody is reading.
func (f Feed) Busy(now time.Time) bool { return now.Before(f.BusyUntil) }

// Reading says whether somebody reads, or is about to because a person asked.
func (f Feed) Reading(now time.Time) bool { return f.Busy(now) || f.Asked }

// SetAside adds movements that the gateway described wrongly; the oldest beyond most are forgotten.
func (f *Feed) SetAside(bad []string, most int) {
	for _, b := range bad {
		if !slices.Contains(f.Quarantined, b) {
			f.Quarantined = append(f.Quarantined, b)
		}
	}
	if n := len(f.Quarantined); n > most {
		f.Quarantined = f.Quarantined[n-most:]
	}
}

// History is the import of what happened before the connection was made: it has a cursor of its own, so that new payments
// do not wait for it.
type History struct {
	Since   time.Time // zero: never asked for
	AskedAt time.Time
	Cursor  string
	Found   int
	Reached time.Time // when the last movement read happened
	EndedAt time.Time // zero while it goes on
	Problem string    // fault code, when it was given up
}

// Running says whether an import was asked for and has not ended.
func (h History) Running() bool { return !h.Since.IsZero() && h.EndedAt.IsZero() }

// Clone returns an independent copy.
func (f Feed) Clone() Feed {
	f.Quarantined = append([]string(nil), f.Quarantined...)
	return f
}
