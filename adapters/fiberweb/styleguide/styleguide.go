// Package styleguide shows every component of package ui on pages that look like the real ones, with made-up content. It
// is where a component is looked at while it is made, and what tests of the design render.
package styleguide

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/acquit-app/acquit/adapters/fiberweb"
	"github.com/acquit-app/acquit/adapters/fiberweb/form"
	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/adapters/fiberweb/ui"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
)

// Mount adds the pages to a server: /c/<company>/styleguide and those below it for members, /styleguide/pay for anybody.
func Mount(s *fiberweb.Server) {
	r := s.Company().Under("/styleguide")
	show := func(page func(*fiberweb.Ctx) templ.Component) fiberweb.Handler {
		return func(c *fiberweb.Ctx) error { return c.Show(page(c)) }
	}
	r.Get("/", show(func(c *fiberweb.Ctx) templ.Component { return overview() }))
	r.Get("/list", show(func(c *fiberweb.Ctx) templ.Component {
		l := c.Listing("-date", "number", "customer", "due_date", "amount")
		return list(pick(c.Q("state"), c.Q("q")), l.Cursor)
	}))
	r.Get("/empty", show(func(*fiberweb.Ctx) templ.Component { return emptyList() }))
	r.Get("/document", show(func(*fiberweb.Ctx) templ.Component { return document() }))
	r.Get("/confirm", show(func(*fiberweb.Ctx) templ.Component { return confirmation() }))
	r.Get("/books", show(func(*fiberweb.Ctx) templ.Component { return books() }))
	r.Form("/form", func(c *fiberweb.Ctx) error { return c.Show(editor(filled(c.Loc()))) }, func(c *fiberweb.Ctx) error {
		f, err := c.Form()
		if err != nil {
			return err
		}
		switch verb, row := f.Action(); verb {
		case "add":
			f.Set(form.Row("lines", f.Rows("lines"), "label"), "")
			return c.Show(editor(f))
		case "remove":
			f.RemoveRow("lines", row)
			return c.Show(editor(f))
		}
		check(f)
		if !f.OK() {
			return c.Page(http.StatusUnprocessableEntity, editor(f))
		}
		return c.Done("/styleguide/form", "flash.saved")
	})
	s.Public().Get("/styleguide/pay", func(c *fiberweb.Ctx) error {
		c.FormsMayLeave()
		return c.Show(payPage())
	})
}

// check reads the form as a screen would.
func check(f *form.Form) {
	f.Required("name", 60)
	if f.Required("email", 254) == "nom" {
		f.Add(fault.New(fault.Invalid, fault.BadEmail, "found", "nom").On("email"))
	}
	f.RequiredDate("date")
	f.Date("due")
	f.RequiredMoney("amount", money.EUR)
	f.Percent("rate")
	f.Choice("kind", "goods", "services", "mixed")
	f.Choice("method", "card", "transfer")
	f.Text("note", 500)
	for i := range f.Rows("lines") {
		if !f.RowEmpty("lines", i, "vat") {
			f.Required(form.Row("lines", i, "label"), 200)
			f.Decimal(form.Row("lines", i, "quantity"))
			f.Money(form.Row("lines", i, "price"), money.EUR)
		}
	}
}

func filled(loc *i18n.Localizer) *form.Form {
	f := form.New(loc)
	f.Set("name", "Menuiserie Lefèvre").Set("email", "compta@menuiserie-lefevre.example").SetMoney("amount", eur(1234567)).
		SetDate("date", civil.Of(2026, 11, 23)).Set("rate", "20").Set("kind", "services").Set("method", "card").SetBool("online", true).
		Set("note", "Livraison à l'étage.\nPrévenir la veille.")
	for i, l := range []string{"Pose de parquet chêne massif", "Plinthes assorties", "Déplacement"} {
		f.Set(form.Row("lines", i, "label"), l).Set(form.Row("lines", i, "quantity"), fmt.Sprint(i+1)).
			SetMoney(form.Row("lines", i, "price"), eur(int64(4550*(i+1)))).Set(form.Row("lines", i, "vat"), "20")
	}
	return f
}

func eur(minor int64) money.Money { return money.Of(minor, money.EUR) }

// invoice is a row of the sample list.
type invoice struct {
	number, customer, state string
	date, due               civil.Date
	total, left             money.Money
}

func sample() []invoice {
	day := civil.Of(2026, 11, 23)
	customers := []string{"Boulangerie Aux Trois Épis", "SARL Garage du Pont-Neuf", "Cabinet d'architecture Hélène Marchand & associés", "Mairie de Saint-Étienne-de-Montluc",
		"Éditions du Grand Large", "Société nouvelle des transports frigorifiques de l'Ouest"}
	states := []string{"paid", "unpaid", "overdue", "partial", "paid", "disputed", "draft", "cancelled", "overpaid", "paid", "pending", "failed"}
	var out []invoice
	for i, s := range states {
		total := eur(int64(123456*(i+1)) % 9999999)
		v := invoice{number: fmt.Sprintf("FA2026-%04d", 412-i), customer: customers[i%len(customers)], state: s, date: day.AddDays(-3 * i), due: day.AddDays(30 - 3*i), total: total, left: total}
		switch s {
		case "paid", "cancelled":
			v.left = eur(0)
		case "partial":
			v.left = eur(total.Minor() / 3)
		case "overpaid":
			v.left = eur(-2500)
		}
		out = append(out, v)
	}
	return out
}

func pick(state, text string) []invoice {
	var out []invoice
	for _, v := range sample() {
		if (state == "" || v.state == state) && (text == "" || v.number == text) {
			out = append(out, v)
		}
	}
	return out
}

func invoiceTable(ctx context.Context, rows []invoice, cursor string) ui.Table[invoice] {
	sum, left := eur(0), eur(0)
	for _, v := range rows {
		sum, left = sum.Plus(v.total), left.Plus(v.left)
	}
	p := &ui.Pager{Next: "suite", Total: ui.Plural(ctx, "table.rows", 1234)}
	if cursor != "" {
		p.Previous = "retour"
	}
	return ui.Table[invoice]{
		ID: "invoices", Caption: "Factures", Rows: rows, Pager: p,
		Select:     func(v invoice) (string, string) { return v.number, v.number },
		SelectName: "ids", SelectForm: "bulk",
		Href: func(v invoice) string { return ui.To(ctx, "/styleguide/document") },
		Columns: []ui.Column[invoice]{
			{Label: "Numéro", Sort: "number", Align: ui.Code, Main: true, Cell: func(v invoice) templ.Component { return ui.Text(v.number) }},
			{Label: "Date", Sort: "date", Cell: func(v invoice) templ.Component { return ui.Day(v.date) }},
			{Label: "Client", Sort: "customer", Cell: func(v invoice) templ.Component { return ui.Text(v.customer) }},
			{Label: "Échéance", Sort: "due_date", Quiet: true, Cell: func(v invoice) templ.Component { return ui.Day(v.due) }},
			{Label: "Total TTC", Sort: "amount", Align: ui.End, Cell: func(v invoice) templ.Component { return ui.Amount(v.total) }, Foot: ui.Amount(sum)},
			{Label: "Solde dû", Align: ui.End, Cell: func(v invoice) templ.Component { return ui.Amount(v.left) }, Foot: ui.Amount(left)},
			{Label: "Règlement", Cell: func(v invoice) templ.Component { return ui.Status(v.state) }},
		},
	}
}

func stateOptions(ctx context.Context) []ui.Option {
	var out []ui.Option
	for _, s := range []string{"unpaid", "overdue", "partial", "paid"} {
		out = append(out, ui.Option{Value: s, Label: ui.T(ctx, "status."+s)})
	}
	return out
}

// line is a row of the sample journal.
type line struct {
	date                    civil.Date
	journal, account, label string
	debit, credit           money.Money
}

func journalTable() ui.Table[line] {
	var rows []line
	for i := range 14 {
		d := civil.Of(2026, 11, 1).AddDays(i)
		n := int64(100000 + 7321*i)
		rows = append(rows, line{d, "VE", "411000", fmt.Sprintf("Facture FA2026-%04d, Boulangerie Aux Trois Épis", 380+i), eur(n * 6 / 5), eur(0)},
			line{d, "VE", "706000", fmt.Sprintf("Facture FA2026-%04d, Boulangerie Aux Trois Épis", 380+i), eur(0), eur(n)})
	}
	return ui.Table[line]{
		ID: "journal", Caption: "Journal des ventes", Rows: rows, Wide: true,
		Columns: []ui.Column[line]{
			{Label: "Date", Cell: func(l line) templ.Component { return ui.Day(l.date) }},
			{Label: "Journal", Cell: func(l line) templ.Component { return ui.Text(l.journal) }},
			{Label: "Compte", Main: true, Cell: func(l line) templ.Component { return ui.Text(l.account) }},
			{Label: "Libellé", Cell: func(l line) templ.Component { return ui.Text(l.label) }},
			{Label: "Débit", Align: ui.End, Cell: func(l line) templ.Component { return ui.Side(l.debit) }},
			{Label: "Crédit", Align: ui.End, Cell: func(l line) templ.Component { return ui.Side(l.credit) }},
		},
	}
}

func sampleEntry(proposed bool) ui.Entry {
	e := ui.Entry{
		Journal: "STR", Date: civil.Of(2026, 11, 23), Label: "Stripe · FA2026-0412 · Boulangerie Aux Trois Épis", Proposed: proposed,
		Lines: []ui.EntryLine{
			{Account: "517100", Name: "Stripe", Label: "Encaissement FA2026-0412", Debit: eur(121653)},
			{Account: "627810", Name: "Commissions Stripe", Label: "Commission", Debit: eur(1803)},
			{Account: "411000", Name: "Clients", Auxiliary: "BOUL01", Label: "Règlement FA2026-0412", Credit: eur(123456)},
		},
	}
	if !proposed {
		e.Number, e.Lines[2].Match = "STR-2026-0087", "AC"
	}
	return e
}

func history() []ui.Event {
	at := time.Date(2026, 11, 23, 11, 1, 3, 0, time.UTC)
	return []ui.Event{
		{At: at.AddDate(0, 0, -3), Title: "Facture émise", By: "Anne Durand", Icon: "stamp", Tone: ui.Notice},
		{At: at.AddDate(0, 0, -3).Add(time.Minute), Title: "Envoyée par e-mail", Detail: "à compta@troisepis.example", By: "Anne Durand", Icon: "send", Tone: ui.Notice},
		{At: at, Title: "Vue par webhook", Detail: "Paiement de 1 234,56 € réussi", By: "Stripe", Icon: "inbox", Tone: ui.Neutral},
		{At: at.Add(time.Second), Title: "Confirmée par l'API", By: "Stripe", Icon: "check", Tone: ui.Good},
		{At: at.Add(time.Hour), Title: "Commission en attente", Icon: "hourglass", Tone: ui.Caution},
		{At: at.Add(2 * time.Hour), Title: "Litige ouvert", Detail: "Le client conteste le débit.", Icon: "triangle-alert", Tone: ui.Bad},
	}
}

func moneyIn(ctx context.Context) ui.Chart {
	c := ui.Chart{Title: "Encaissements par mois", Kind: ui.Bars, Currency: money.EUR, Series: []ui.Series{{Name: "En ligne"}, {Name: "Autres"}}}
	for i := range 12 {
		c.Labels = append(c.Labels, ui.L(ctx).Month(civil.Of(2026, time.Month(i+1), 1)))
		c.Series[0].Values = append(c.Series[0].Values, int64(820000+i*97000-(i%4)*130000))
		c.Series[1].Values = append(c.Series[1].Values, int64(1450000-i*61000+(i%3)*90000))
	}
	return c
}

func balance(ctx context.Context) ui.Chart {
	c := ui.Chart{Title: "Solde du compte Stripe", Kind: ui.Line, Currency: money.EUR, Series: []ui.Series{{Name: "517100"}}}
	for i := range 24 {
		c.Labels = append(c.Labels, ui.L(ctx).Date(civil.Of(2026, 11, i+1)))
		c.Series[0].Values = append(c.Series[0].Values, int64((i*7919)%23000-6000)*10)
	}
	return c
}
