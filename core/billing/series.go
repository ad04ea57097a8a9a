// Package billing holds what is sold and asked for: quotes with their deposits, invoices, credit notes, VAT, payment
// methods, legal numbers; and the rule that only one deposit of a quote may be paid online.
package billing

import (
	"fmt"
	"strconv"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/party"
)

// Series is a numbering series. Each is continuous and chronological within a fiscal year (art. 242 nonies A-I-7° ann. II CGI).
type Series string

const (
	InvoiceSeries Series = "FA" // invoices and deposit invoices, in one chronology
	CreditSeries  Series = "AV"
	QuoteSeries   Series = "DE"
)

// SeriesOf is the series a kind of invoice is numbered in.
func SeriesOf(k InvoiceKind) Series {
	if k.IsCredit() {
		return CreditSeries
	}
	return InvoiceSeries
}

// Sequence is the counter of a series in a fiscal year, or of anything else that must be without gaps. It is advanced
// only inside the transaction that uses the number, so a rollback gives the number back.
type Sequence struct {
	ID   string // "FA/2026", "entry/2026", "match", "customer"
	Last int64
	Date civil.Date // of the last document numbered; a later one may not be dated before it
}

// Clone returns an independent copy.
func (s Sequence) Clone() Sequence { return s }

// SequenceID names the counter of a series in a fiscal year.
func SequenceID(s Series, year string) string { return string(s) + "/" + year }

// Next takes the next number of a document series for a document dated d. Code: date_backwards.
func (s *Sequence) Next(d civil.Date) (int64, error) {
	if d.Before(s.Date) {
		return 0, fault.New(fault.Refused, fault.DateBackwards, "last", s.Date.String()).On("date")
	}
	s.Last++
	s.Date = d
	return s.Last, nil
}

// FormatNumber writes a legal number, e.g. FA2026-00012: only letters, digits and -, at most 35 characters (BR-FR-01/02).
func FormatNumber(s Series, year string, n int64) string {
	return fmt.Sprintf("%s%s-%05d", s, year, n)
}

func cleanText(s *string, least, most int) error { return party.CleanText(s, least, most) }

func cleanProse(s *string, least, most int) error {
	if err := party.CleanProse(s, most); err != nil {
		return err
	}
	if least > 0 && *s == "" {
		return fault.New(fault.Invalid, fault.Required)
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
