package bunstore

import (
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/uptrace/bun"
)

type rateRow struct {
	bun.BaseModel `bun:"table:exchange_rates"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Currency  string
	Date      int
	Rate      string
	Source    string
	EnteredBy string
	Version   int64
}

func toRate(company string, v ledger.Rate) rateRow {
	return rateRow{CompanyID: company, ID: v.ID, Currency: string(v.Currency), Date: v.Date.Number(), Rate: plain(v.Rate), Source: v.Source,
		EnteredBy: v.By, Version: v.Version}
}

func fromRate(r rateRow) (ledger.Rate, error) {
	var d decoder
	v := ledger.Rate{ID: r.ID, Currency: money.Currency(r.Currency), Date: day(r.Date), Rate: d.decimal(r.Rate), Source: r.Source,
		By: r.EnteredBy, Version: r.Version}
	return v, d.done("rate", r.ID)
}
