package books

import (
	"maps"

	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/party"
)

// Setup is a company's settings, as every command sees them. It is shared between commands and never changed in place.
type Setup struct {
	Company     party.Company
	Chart       *ledger.Chart
	VATCodes    map[string]billing.VATCode
	Methods     map[string]billing.PaymentMethod // by id
	Connections map[string]inbox.Connection      // by id
}

// NewSetup builds a Setup from records of the setup kinds.
func NewSetup(records []any) *Setup {
	s := &Setup{
		Chart:    &ledger.Chart{Accounts: map[string]ledger.Account{}, Journals: map[string]ledger.Journal{}},
		VATCodes: map[string]billing.VATCode{}, Methods: map[string]billing.PaymentMethod{}, Connections: map[string]inbox.Connection{},
	}
	for _, r := range records {
		s.set(r)
	}
	return s
}

// with is a copy that differs in one record.
func (s *Setup) with(v any) *Setup {
	chart := *s.Chart
	chart.Accounts = maps.Clone(chart.Accounts)
	chart.Journals = maps.Clone(chart.Journals)
	chart.Years = append([]ledger.FiscalYear(nil), chart.Years...)
	c := &Setup{Company: s.Company, Chart: &chart, VATCodes: maps.Clone(s.VATCodes), Methods: maps.Clone(s.Methods), Connections: maps.Clone(s.Connections)}
	c.set(v)
	return c
}

func (s *Setup) set(v any) {
	switch v := v.(type) {
	case party.Company:
		s.Company = v
		s.Chart.Currency = v.Currency
		s.Chart.ClosedUntil = v.ClosedUntil
	case ledger.Account:
		s.Chart.Accounts[v.Code] = v
	case ledger.Journal:
		s.Chart.Journals[v.Code] = v
	case ledger.FiscalYear:
		for i := range s.Chart.Years {
			if s.Chart.Years[i].ID == v.ID {
				s.Chart.Years[i] = v
				ledger.SortYears(s.Chart.Years)
				return
			}
		}
		s.Chart.Years = append(s.Chart.Years, v)
		ledger.SortYears(s.Chart.Years)
	case billing.VATCode:
		s.VATCodes[v.Code] = v
	case billing.PaymentMethod:
		s.Methods[v.ID] = v
	case inbox.Connection:
		s.Connections[v.ID] = v
	default:
		panic("books: not a setting")
	}
}
