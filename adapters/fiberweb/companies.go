package fiberweb

import (
	"context"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
)

func companyTable(ctx context.Context, shown []CompanyRef) ui.Table[CompanyRef] {
	return ui.Table[CompanyRef]{
		ID:      "companies",
		Caption: ui.T(ctx, "companies.title"),
		Rows:    shown,
		Href:    func(r CompanyRef) string { return ui.CompanyPath(r.ID) + "/" },
		Empty:   ui.Key("companies.no_match"),
		Columns: []ui.Column[CompanyRef]{
			{Label: ui.T(ctx, "nav.settings.company"), Main: true, Cell: func(r CompanyRef) templ.Component { return ui.Text(r.Name) }},
			{Label: ui.T(ctx, "companies.role"), Cell: func(r CompanyRef) templ.Component { return ui.Key("role." + string(r.Role)) }},
		},
	}
}
