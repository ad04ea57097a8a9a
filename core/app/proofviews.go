package app

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

// ProofViews is what proofs are made from and shown by. Sums are made by the store, lists are bounded.
type ProofViews interface {
	Proof(ctx context.Context, company, id string) (inbox.Proof, error)
	// Proofs lists a connection's proofs, newest first.
	Proofs(ctx context.Context, company string, q ProofQuery) (Page[inbox.Proof], error)
	// LastProofs are the latest proof of each connection that has one, complete or not, in order of connection.
	LastProofs(ctx context.Context, company string) ([]inbox.Proof, error)
	ProofRun(ctx context.Context, company, connection string) (inbox.ProofRun, error)
	// ArrivalsByID returns those of these arrivals that exist, in any order.
	ArrivalsByID(ctx context.Context, company string, ids []string) ([]inbox.Arrival, error)
	// ArrivalsAfter reads on in a connection's arrivals in order of time.
	ArrivalsAfter(ctx context.Context, company string, q ArrivalsAfter) ([]inbox.Arrival, error)
	// ArrivalsExternal finds a connection's arrivals by the provider's ids, of whichever kind.
	ArrivalsExternal(ctx context.Context, company, connection string, ids []string) ([]inbox.Arrival, error)
	// PayoutSums adds up what these payouts consist of, by the provider's id and currency.
	PayoutSums(ctx context.Context, company, connection string, payouts []string) ([]PayoutSum, error)
	// PayoutParts adds up what one payout consists of by kind and currency, in their order.
	PayoutParts(ctx context.Context, company, connection, payout string) ([]PayoutPart, error)
	// Holdings is what the books say of a gateway account, all of one moment.
	Holdings(ctx context.Context, company string, q HoldingQuery) (Holdings, error)
}

// ProofQuery filters proofs.
type ProofQuery struct {
	Connection string
	Complete   bool // leave out those that could not be read to the end
	Since      time.Time
	Paging
}

// ArrivalsAfter says where to read on. The zero place is the beginning.
type ArrivalsAfter struct {
	Connection  string
	PayoutsOnly bool
	Since       time.Time
	After       time.Time // the last arrival read: when it happened,
	AfterID     string    // and its id
	Limit       int
}

// PayoutSum is what the movements of a payout come to in one currency, minor units.
type PayoutSum struct {
	Payout   string // the provider's id
	Currency money.Currency
	Items    int
	Unknown  int // whose commission is not known
	Net      int64
}

// PayoutPart is the movements of one kind in a payout, minor units with the sign of their effect.
type PayoutPart struct {
	Kind     gateway.Kind
	Currency money.Currency
	Items    int
	Flow     int64 // before commissions
	Fee      int64 // as far as known
}

// HoldingQuery asks about one connection. Accounts are where its balances are kept, by currency.
type HoldingQuery struct {
	Connection string
	Books      money.Currency
	Accounts   map[money.Currency]string
	Day        civil.Date // entries dated later are noted
	After      int64      // entries up to this one were accounted for before
	Unpaid     bool       // add up what no payout holds
}

// Holdings is what the books say, in order of currency.
type Holdings struct {
	Head int64 // the last entry seen
	List []Held
}

// Held is a holding with the entries behind which no movement stands, those after HoldingQuery.After. Their amounts take
// them back: they lead from the books to the provider.
type Held struct {
	inbox.Holding
	Fresh inbox.ProofLine
}
