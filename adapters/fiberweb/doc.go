// Package fiberweb is the web side of Acquit. This package is its chassis: the server, sessions and log-in, protection of
// forms, error pages. The screens are built on it from the packages below:
//
//   - i18n: the catalogues, and how amounts and dates are written and read in each language;
//   - form: what a person sent, and what was wrong with it;
//   - ui: the design system, templ components for pages and their parts;
//   - static: style, icons, fonts and the little JavaScript there is;
//   - styleguide: every component on a page, for looking and for tests.
//
// # Writing a screen
//
// A screen is a few handlers, a templ file and its words in i18n/<area>.fr.toml and .en.toml. Handlers read,
// ask one use case, and answer with a page or a redirect; pages hold no logic.
//
//	// items.go
//	func Mount(s *fiberweb.Server, books Books) {
//		h := handlers{books}
//		r := s.Company()                                       // /c/:company, members only
//		r.Get("/items", h.list)
//		r.For(access.Sell).Form("/items/new", h.blank, h.add)  // GET shows it, POST sends it
//	}
//
//	func (h handlers) list(c *fiberweb.Ctx) error {
//		l := c.Listing("-date", "name")                        // ?sort= ?after= ?before=
//		rows, next, prev, err := h.books.Items(c.Context(), c.Actor(), c.Q("q"), l)
//		if err != nil {
//			return err                                     // a fault becomes a page that says what to do
//		}
//		return c.Show(itemsPage(rows, ui.Pager{Next: next, Previous: prev}))
//	}
//
//	func (h handlers) add(c *fiberweb.Ctx) error {
//		f, err := c.Form()
//		if err != nil {
//			return err
//		}
//		it := Item{Name: f.Required("name", 120), Price: f.RequiredMoney("price", money.EUR)}
//		if f.OK() {
//			f.Fail(h.books.Add(c.Context(), c.Actor(), it)) // refusals land on the fields they name
//		}
//		if !f.OK() {
//			return c.Invalid(f, newItemPage(f))             // the form again, as it was typed
//		}
//		return c.Done("/items", "items.added", "name", it.Name)
//	}
//
//	// items.templ
//	templ itemsPage(rows []Row, p ui.Pager) {
//		@ui.Layout(ui.Page{Title: ui.T(ctx, "items.title"), Active: "items", Actions: newItemButton()}) {
//			@ui.Filters("items-list") {
//				@ui.FilterSearch("q", ui.T(ctx, "items.search"))
//			}
//			@ui.Results("items-list") {
//				@ui.DataTable(itemTable(ctx, rows, p))
//			}
//		}
//	}
//
//	templ newItemPage(f *form.Form) {
//		@ui.Layout(ui.Page{Title: ui.T(ctx, "items.new"), Active: "items", Narrow: true}) {
//			@ui.Form(ui.FormProps{Action: ui.To(ctx, "/items/new"), Form: f}) {
//				@ui.TextField(ui.Field{Name: "name", Label: ui.T(ctx, "items.name"), Required: true})
//				@ui.MoneyField(ui.Field{Name: "price", Label: ui.T(ctx, "items.price"), Unit: "€", Width: ui.Short, Required: true})
//				@ui.Buttons(ui.T(ctx, "form.save"), ui.To(ctx, "/items"))
//			}
//		}
//	}
//
// Rules that keep it so: no inline script or style anywhere (the content security policy forbids both); nothing needs
// JavaScript; what cannot be undone asks first on a page of its own (ui.Confirm); state is never shown by colour alone; a
// page fits a window 390 pixels wide; a list takes its filters, order and page from its address.
//
// What can be undone by nobody is sent by POST, answered by a redirect, and says so on the next page (Ctx.Done).
//
// `make generate` turns the templ files into Go. Texts of a new area go into i18n/<area>.fr.toml and i18n/<area>.en.toml;
// the tests there say which keys are missing.
//
// Webhooks and the JSON API are added to Raw, outside of sessions and CSRF.
package fiberweb
