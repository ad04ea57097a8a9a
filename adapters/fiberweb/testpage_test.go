package fiberweb_test

import (
	"context"
	"io"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
)

// testPage is a page with a form of one field.
func testPage(f *form.Form) templ.Component {
	field := ui.TextField(ui.Field{Name: "name", Label: "Nom", Required: true})
	return within(ui.Layout(ui.Page{Title: "Articles", Active: "invoices"}), within(ui.Form(ui.FormProps{Action: "/items", Form: f}), field))
}

// testPublic is a page for visitors with a form.
func testPublic() templ.Component {
	return within(ui.PublicLayout(ui.PublicPage{Title: "Payer", Seller: "Menuiserie Lefèvre"}), ui.PostButton("/p/x", "", "lock", "Payer"))
}

func within(outer, inner templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, inner), w)
	})
}
