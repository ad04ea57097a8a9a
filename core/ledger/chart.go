package ledger

import (
	"sort"

	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

// Account is a general account of the chart. A collective account (411, 4191...) needs an auxiliary account on each line.
type Account struct {
	Code       string // digits; the first three are of the PCG (FEC field 5)
	Label      string
	Collective bool
	Active     bool
}

// Validate normalises and checks what was typed in. Codes: required, too_long, bad_code, bad_characters.
func (a *Account) Validate() error {
	var f fault.Collect
	_ = f.Add(party.CleanCode(&a.Code, 12), "code")
	_ = f.Add(party.CleanText(&a.Label, 1, 120), "label")
	for i, r := range a.Code {
		if r < '0' || r > '9' {
			_ = f.Add(fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(a.Code)), "code")
			break
		}
		if i == 0 && (r < '1' || r > '8') {
			_ = f.Add(fault.New(fault.Invalid, fault.BadCode, "found", fault.Clip(a.Code)), "code")
			break
		}
	}
	if n := len(a.Code); n > 0 && n < 3 {
		_ = f.Add(fault.New(fault.Invalid, fault.BadCode, "found", a.Code), "code")
	}
	return f.Err()
}

// JournalType says what a journal is for.
type JournalType string

const (
	Opening   JournalType = "opening"
	Sales     JournalType = "sales"
	Purchases JournalType = "purchases"
	Treasury  JournalType = "treasury"
	Misc      JournalType = "misc"
)

// Journal is a book of original entry.
type Journal struct {
	Code   string
	Label  string
	Type   JournalType
	Active bool
}

// Validate normalises and checks what was typed in. Codes: required, too_long, bad_code, bad_choice.
func (j *Journal) Validate() error {
	var f fault.Collect
	_ = f.Add(party.CleanCode(&j.Code, 8), "code")
	_ = f.Add(party.CleanText(&j.Label, 1, 80), "label")
	switch j.Type {
	case Opening, Sales, Purchases, Treasury, Misc:
	default:
		_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(string(j.Type)), "allowed", "opening, sales, purchases, treasury, misc"), "type")
	}
	return f.Err()
}

// FiscalYear is one accounting year. ID is how people call it ("2026", "2026-27") and part of legal numbers.
type FiscalYear struct {
	ID     string
	Start  civil.Date
	End    civil.Date
	Closed bool
}

// Contains says whether d falls in the year.
func (y FiscalYear) Contains(d civil.Date) bool { return !d.Before(y.Start) && !y.End.Before(d) }

// Chart is what an entry is checked against: accounts, journals, years and what is closed. It is immutable once built.
type Chart struct {
	Currency    money.Currency
	Accounts    map[string]Account
	Journals    map[string]Journal
	Years       []FiscalYear // in order of Start
	ClosedUntil civil.Date   // period lock: nothing is posted on or before this day
}

// SortYears puts years in order; builders of a Chart call it once.
func SortYears(ys []FiscalYear) {
	sort.Slice(ys, func(i, j int) bool { return ys[i].Start.Before(ys[j].Start) })
}

// Year finds the fiscal year of a date. Code: no_fiscal_year.
func (c *Chart) Year(d civil.Date) (FiscalYear, error) {
	for _, y := range c.Years {
		if y.Contains(d) {
			return y, nil
		}
	}
	return FiscalYear{}, fault.New(fault.Refused, fault.NoFiscalYear, "date", d.String())
}

// Open refuses a date on which nothing may be posted any more. Codes: no_fiscal_year, period_closed.
func (c *Chart) Open(d civil.Date) (FiscalYear, error) {
	y, err := c.Year(d)
	if err != nil {
		return FiscalYear{}, err
	}
	if y.Closed || !c.ClosedUntil.Before(d) {
		open := ""
		if first, ok := c.FirstOpen(d); ok {
			open = first.String()
		}
		return FiscalYear{}, fault.New(fault.Refused, fault.PeriodClosed, "date", d.String(), "open", open)
	}
	return y, nil
}

// FirstOpen is d itself when it is open, else the first open day after it: what happened in a closed period is posted
// there, with mention of its real date (art. 1031-4 PCG). It is false when no open day exists yet.
func (c *Chart) FirstOpen(d civil.Date) (civil.Date, bool) {
	if !c.ClosedUntil.Before(d) {
		d = c.ClosedUntil.AddDays(1)
	}
	for _, y := range c.Years {
		if y.End.Before(d) || y.Closed {
			continue
		}
		if d.Before(y.Start) {
			d = y.Start
		}
		return d, true
	}
	return civil.Date{}, false
}

// Account finds an account that lines may use. Codes: unknown_account, inactive_account.
func (c *Chart) Account(code string) (Account, error) {
	a, ok := c.Accounts[code]
	if !ok {
		return a, fault.New(fault.Invalid, fault.UnknownAccount, "account", fault.Clip(code))
	}
	if !a.Active {
		return a, fault.New(fault.Refused, fault.InactiveAccount, "account", code)
	}
	return a, nil
}

// Journal finds a journal that entries may use. Codes: unknown_journal, inactive_journal.
func (c *Chart) Journal(code string) (Journal, error) {
	j, ok := c.Journals[code]
	if !ok {
		return j, fault.New(fault.Invalid, fault.UnknownJournal, "journal", fault.Clip(code))
	}
	if !j.Active {
		return j, fault.New(fault.Refused, fault.InactiveJournal, "journal", code)
	}
	return j, nil
}
