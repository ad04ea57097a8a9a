package ui

import (
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/money"
)

// Entry is a journal entry as people read it. Amounts are positive and in one currency; the zero amount is no amount.
type Entry struct {
	Journal string // code
	Number  string // empty on a proposal
	Date    civil.Date
	Label   string
	Href    string // of the entry's page, or empty
	Voucher string // of what a gateway sent that the entry rests on, or empty
	Lines   []EntryLine
	// Proposed is an entry that an act to come will post.
	Proposed bool
}

// EntryLine is one line of an entry.
type EntryLine struct {
	Account, Name string
	Auxiliary     string
	Label         string
	Debit, Credit money.Money
	Foreign       money.Money // the amount in another currency, signed; no currency: none
	Match         string      // the letter of its matching
}

// totals adds each side up; they are equal in any entry that exists.
func (e Entry) totals() (debit, credit money.Money) {
	for _, l := range e.Lines {
		debit, credit = addTo(debit, l.Debit), addTo(credit, l.Credit)
	}
	return debit, credit
}

func addTo(sum, m money.Money) money.Money {
	switch {
	case m.Currency() == "":
		return sum
	case sum.Currency() == "":
		return m
	}
	return sum.Plus(m)
}

func (e Entry) matched() bool {
	for _, l := range e.Lines {
		if l.Match != "" {
			return true
		}
	}
	return false
}
