package posting

import (
	"sort"
	"strconv"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
)

// Accounts of the result of a closed year (PCG 2026, 12).
const (
	Profit = "120000"
	Loss   = "129000"
)

// OpeningSource is the beginning of the source of an opening entry made by closing a year. Its lines repeat what earlier
// years hold: see CarriedOn.
const OpeningSource = "opening:"

// Balance is what stands on an account, for an auxiliary account if any: debit less credit, minor units.
type Balance struct {
	Account string
	Aux     string
	Amount  int64
	Foreign money.Money // what the account holds in the currency of the balance it keeps, when that is not the books'
}

// Opening carries the balances at the end of a closed year into the next one (à-nouveaux): each account of classes 1 to 5
// with its auxiliary accounts, commitments (class 8) as they are, and the net of expenses and income (classes 6 and 7) as
// profit or loss; these two classes begin the year with nothing. It is one entry, or several when it has more lines than
// an entry may have; those balance over the suspense account, on which nothing remains. No balances, no entries.
//
// The balances must add up to zero, as they do when they come from entries that balance. on is the day of posting: the
// first of the year, or the first that is still open.
func Opening(next ledger.FiscalYear, on civil.Date, balances []Balance) []ledger.Draft {
	carried := make([]Balance, 0, len(balances)+1)
	var result int64
	for _, b := range balances {
		switch {
		case b.Amount == 0:
		case b.Account[0] == '6' || b.Account[0] == '7':
			result += b.Amount
		default:
			carried = append(carried, b)
		}
	}
	if result > 0 {
		carried = append(carried, Balance{Account: Loss, Amount: result})
	}
	if result < 0 {
		carried = append(carried, Balance{Account: Profit, Amount: result})
	}
	sort.SliceStable(carried, func(i, j int) bool {
		if carried[i].Account != carried[j].Account {
			return carried[i].Account < carried[j].Account
		}
		return carried[i].Aux < carried[j].Aux
	})
	size := ledger.MaxLines
	if len(carried) > size {
		size-- // room for the line on the suspense account
	}
	var out []ledger.Draft
	for part := 1; len(carried) > 0; part++ {
		n := min(size, len(carried))
		var s sheet
		var rest int64
		for _, b := range carried[:n] {
			s.addForeign(b.Account, b.Aux, "", b.Amount, b.Foreign)
			rest += b.Amount
		}
		s.add(Suspense, "", "", -rest)
		carried = carried[n:]
		source := OpeningSource + next.ID
		if part > 1 {
			source += "/" + strconv.Itoa(part)
		}
		out = append(out, ledger.Draft{Journal: OpeningJournal, Date: on, Piece: "AN-" + next.ID, PieceDate: next.Start,
			Label: "À-nouveaux au " + next.Start.Time().Format("02/01/2006"), Source: source, Lines: s.lines})
	}
	return out
}

// CarriedOn is the first day whose lines, together with those after it, make up balances on day d: the start of the
// latest year, not after d, that begins with the opening entry of a closed one. Lines before it are in that entry, and
// would count twice. It is no date when nothing was carried forward yet: then all lines count.
func CarriedOn(c *ledger.Chart, d civil.Date) civil.Date {
	var from civil.Date
	for i := 1; i < len(c.Years); i++ {
		if c.Years[i-1].Closed && !d.Before(c.Years[i].Start) {
			from = c.Years[i].Start
		}
	}
	return from
}
