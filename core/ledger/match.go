package ledger

import (
	"time"

	"github.com/acquit-app/acquit/core/fault"
)

// OpenLine is a posted line of a collective account that no matching holds yet.
type OpenLine struct {
	Seq      int64
	N        int // index of the line in its entry, from 0
	Account  string
	Aux      string
	Document string
	Amount   int64 // debit less credit, minor units
}

// Matching (lettrage) ties lines of one account and auxiliary account that settle each other exactly: its code nets to zero.
type Matching struct {
	Code    string // AAA, AAB...
	Account string
	Aux     string
	At      time.Time
	Lines   []LineRef
}

// LineRef points at a line of a posted entry.
type LineRef struct {
	Seq int64
	N   int
}

// NewMatching matches lines. They must be two or more, of one account and auxiliary account, and add up to zero. Code: match_unbalanced.
func NewMatching(n int64, at time.Time, lines []OpenLine) (Matching, error) {
	bad := fault.New(fault.Refused, fault.MatchUnbalanced)
	if len(lines) < 2 {
		return Matching{}, bad
	}
	m := Matching{Code: Letters(n), Account: lines[0].Account, Aux: lines[0].Aux, At: at}
	var sum int64
	for _, l := range lines {
		if l.Account != m.Account || l.Aux != m.Aux {
			return Matching{}, bad
		}
		sum += l.Amount
		m.Lines = append(m.Lines, LineRef{l.Seq, l.N})
	}
	if sum != 0 {
		return Matching{}, bad
	}
	return m, nil
}

// Letters is the matching code of a running number from 1: AAA, AAB, ... ZZZ, AAAA...
func Letters(n int64) string {
	width, count := 3, int64(26*26*26)
	for n > count {
		n -= count
		width++
		count *= 26
	}
	b := make([]byte, width)
	n--
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('A' + n%26)
		n /= 26
	}
	return string(b)
}
