package app

import (
	"context"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/party"
	"github.com/shopspring/decimal"
)

// DocumentPDF draws an invoice, credit note or quote. The name is for saving it. Codes: unknown_thing, bad_image.
func (a *App) DocumentPDF(ctx context.Context, who access.Actor, id string) (name string, pdf []byte, err error) {
	if err := who.May(access.Read); err != nil {
		return "", nil, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return "", nil, err
	}
	d, err := a.document(ctx, who.Company, id)
	if err != nil {
		return "", nil, err
	}
	s, err := a.sheet(ctx, setup, d)
	if err != nil {
		return "", nil, err
	}
	pdf, err = a.Paper.Draw(ctx, s)
	return strings.TrimSpace(s.Title+" "+s.Number) + ".pdf", pdf, err
}

// PublicPDF is the document behind a pay link, for the payer. Codes: link_unknown, link_revoked.
func (a *App) PublicPDF(ctx context.Context, token string) (name string, pdf []byte, err error) {
	company, l, err := a.Views.Link(ctx, hashToken(token))
	if err != nil {
		return "", nil, err
	}
	if l.Revoked {
		return "", nil, fault.New(fault.Refused, fault.LinkRevoked)
	}
	id := l.ID
	if l.Document == inbox.DepositDocument {
		id = l.QuoteID
	}
	return a.DocumentPDF(ctx, access.System(company), id)
}

// PublicLogo is the logo of the company behind a pay link; empty when it has none. Code: link_unknown.
func (a *App) PublicLogo(ctx context.Context, token string) ([]byte, error) {
	company, _, err := a.Views.Link(ctx, hashToken(token))
	if err != nil {
		return nil, err
	}
	setup, err := a.Books.Setup(ctx, company)
	if err != nil {
		return nil, err
	}
	return setup.Company.Logo, nil
}

// drafter writes one document's sheet in its language.
type drafter struct {
	a     *App
	setup *books.Setup
	lang  string
	s     Sheet
}

func (w *drafter) t(key string, params ...string) string { return w.a.Words.T(w.lang, key, params...) }

func (w *drafter) money(minor int64) string {
	return w.a.Words.Money(w.lang, moneyOf(minor, w.setup.Company.Currency))
}

func (w *drafter) number(d decimal.Decimal) string { return w.a.Words.Number(w.lang, d.String()) }

func (w *drafter) fact(key, value string) {
	if value != "" {
		w.s.Facts = append(w.s.Facts, SheetField{w.t(key), value})
	}
}

func (a *App) sheet(ctx context.Context, setup *books.Setup, d document) (Sheet, error) {
	w := &drafter{a: a, setup: setup}
	if d.Quote != nil {
		w.lang = d.Quote.Language
	} else {
		w.lang = d.Invoice.Language
	}
	w.s.Lang = w.lang
	w.company(setup.Company)
	w.customer(d.Customer)
	if d.Quote != nil {
		w.quote(*d.Quote)
	} else {
		w.invoice(*d.Invoice)
	}
	w.s.Subject = strings.TrimSpace(w.s.Title + " " + w.s.Number + " — " + setup.Company.Name)
	return w.s, w.pay(ctx, d)
}

func (w *drafter) company(c party.Company) {
	w.s.Company.Name = c.Name
	w.s.Logo = c.Logo
	w.s.Company.Lines = append(addressLines(c.Address), nonEmpty(c.Phone, c.Email, c.Website)...)
	form := c.LegalForm
	if c.Capital.Sign() > 0 {
		form = strings.TrimSpace(form + " " + w.t("paper.capital", "amount", w.a.Words.Money(w.lang, c.Capital)))
	}
	id := nonEmpty(c.Name, form)
	if c.SIRET != "" {
		id = append(id, "SIRET "+grouped(c.SIRET))
	} else if c.SIREN != "" {
		id = append(id, "SIREN "+grouped(c.SIREN))
	}
	id = append(id, nonEmpty(c.RegisterAt)...)
	if c.VATNumber != "" {
		id = append(id, w.t("paper.vat_number", "number", c.VATNumber))
	}
	w.s.Footer = strings.Join(append(id, nonEmpty(c.Footer)...), " · ")
	if c.IBAN != "" {
		w.s.Bank = append(w.s.Bank, SheetField{"IBAN", spaced4(c.IBAN)})
		if c.BIC != "" {
			w.s.Bank = append(w.s.Bank, SheetField{"BIC", c.BIC})
		}
	}
}

func (w *drafter) customer(c party.Customer) {
	w.s.Customer.Name = c.Name
	w.s.Customer.Lines = addressLines(c.Address)
	if c.SIREN != "" {
		w.s.Customer.Lines = append(w.s.Customer.Lines, "SIREN "+grouped(c.SIREN))
	}
	if c.VATNumber != "" {
		w.s.Customer.Lines = append(w.s.Customer.Lines, w.t("paper.vat_number", "number", c.VATNumber))
	}
	if !c.DeliverTo.IsZero() && c.DeliverTo != c.Address {
		w.s.DeliverTo = addressLines(c.DeliverTo)
	}
}

func (w *drafter) lines(lines []billing.DocLine, rows []billing.VATRow) {
	for _, l := range lines {
		out := SheetLine{Description: l.Description, Quantity: strings.TrimSpace(w.number(l.Quantity) + " " + l.Unit),
			UnitPrice: w.a.Words.Number(w.lang, l.UnitPrice.StringFixed(max(2, -l.UnitPrice.Exponent()))), VAT: w.number(l.Rate) + " %", Amount: w.money(l.Net)}
		if l.Discount.IsPositive() {
			out.Discount = w.number(l.Discount) + " %"
		}
		w.s.Lines = append(w.s.Lines, out)
	}
	seen := map[string]bool{}
	for _, r := range rows {
		row := SheetVAT{Rate: w.number(r.Rate) + " %", Base: w.money(r.Base), Amount: w.money(r.VAT)}
		if key := w.setup.VATCodes[r.Code].Mention; key != "" {
			row.Note = w.t(key)
			if !seen[key] {
				w.s.Mentions = append(w.s.Mentions, row.Note)
			}
			seen[key] = true
		}
		w.s.VAT = append(w.s.VAT, row)
	}
}

func (w *drafter) total(key string, minor int64, strong bool, params ...string) {
	w.s.Totals = append(w.s.Totals, SheetTotal{Label: w.t(key, params...), Value: w.money(minor), Strong: strong})
}

func (w *drafter) quote(q billing.Quote) {
	w.s.Title, w.s.Number, w.s.Draft = w.t("paper.quote"), q.Number, q.State == billing.QuoteDraft
	w.s.Note, w.s.CreatedAt = q.Note, q.CreatedAt.Format(time.RFC3339)
	w.fact("paper.date", w.a.Words.Date(w.lang, q.Date))
	w.fact("paper.valid_until", w.a.Words.Date(w.lang, q.ValidUntil))
	w.fact("paper.reference", q.Reference)
	w.lines(q.Lines, q.Totals.Rows)
	w.total("paper.net", q.Totals.Net, false)
	w.total("paper.vat", q.Totals.VAT, false)
	w.total("paper.gross", q.Totals.Gross, true)
	for _, d := range q.Deposits {
		if !d.Live() || d.State == billing.DepositDraft {
			continue
		}
		label := w.t("paper.deposit", "position", itoa(int64(d.Position)), "date", w.a.Words.Date(w.lang, d.DueDate))
		if d.Label != "" {
			label = d.Label + " — " + label
		}
		value := w.money(d.Amount)
		if d.State == billing.DepositPaid || d.State == billing.DepositApplied {
			value += " · " + w.t("paper.deposit_paid")
		}
		w.s.Deposits = append(w.s.Deposits, SheetField{label, value})
	}
	w.s.Mentions = append(w.s.Mentions, w.t("paper.quote_mention"))
}

func (w *drafter) invoice(v billing.Invoice) {
	w.s.Title = w.t("paper." + string(v.Kind))
	if v.Kind == billing.DepositBill {
		w.s.Title = w.t("paper.deposit_bill")
	}
	w.s.Number, w.s.Draft, w.s.Note = v.Number, v.Life != billing.Issued, v.Note
	w.s.CreatedAt = v.CreatedAt.Format(time.RFC3339)
	if !v.IssuedAt.IsZero() {
		w.s.CreatedAt = v.IssuedAt.Format(time.RFC3339)
	}
	w.fact("paper.date", w.a.Words.Date(w.lang, v.Date))
	switch {
	case v.Kind == billing.DepositBill:
		w.fact("paper.received_on", w.a.Words.Date(w.lang, v.SupplyDate))
	case v.SupplyDate != v.Date && !v.Kind.IsCredit():
		w.fact("paper.supply_date", w.a.Words.Date(w.lang, v.SupplyDate))
	}
	if v.Kind == billing.Standard {
		w.fact("paper.due_date", w.a.Words.Date(w.lang, v.DueDate))
	}
	w.fact("paper.reference", v.Reference)
	w.fact("paper.credit_of", v.CreditOfNo)
	w.fact("paper.nature", w.t("paper.nature."+v.Nature()))
	if m := w.setup.Methods[v.MethodID]; v.Kind == billing.Standard {
		w.fact("paper.method", m.Label)
	}
	w.lines(v.Lines, v.Totals.Rows)
	w.invoiceTotals(v)
	w.invoiceMentions(v)
}

func (w *drafter) invoiceTotals(v billing.Invoice) {
	w.total("paper.net", v.Totals.Net, false)
	w.total("paper.vat", v.Totals.VAT, false)
	w.total("paper.gross", v.Totals.Gross, v.Kind != billing.Standard)
	if v.Kind != billing.Standard {
		return
	}
	for _, d := range v.Deductions {
		w.total("paper.deducted", -d.Gross, false, "number", d.Number, "date", w.a.Words.Date(w.lang, d.Date))
	}
	if v.Credited > 0 {
		w.total("paper.credited", -v.Credited, false)
	}
	if v.Paid > 0 {
		w.total("paper.paid", -v.Paid, false)
	}
	due := v.Due()
	if v.Life != billing.Issued {
		due = v.Payable()
	}
	w.total("paper.due", due, true)
}

// invoiceMentions are those of art. 242 nonies A ann. II CGI, L441-9 and D441-5 C. com.; penalties and the fixed
// recovery fee bind businesses only.
func (w *drafter) invoiceMentions(v billing.Invoice) {
	c := w.setup.Company
	if v.OnDebits {
		w.s.Mentions = append(w.s.Mentions, w.t("paper.on_debits"))
	}
	if v.Kind != billing.Standard {
		return
	}
	if c.EarlyDiscount != "" {
		w.s.Mentions = append(w.s.Mentions, c.EarlyDiscount)
	} else {
		w.s.Mentions = append(w.s.Mentions, w.t("paper.no_discount"))
	}
	if v.Customer.Kind == party.Consumer {
		return
	}
	if c.LateRate.IsPositive() {
		w.s.Mentions = append(w.s.Mentions, w.t("paper.late_rate", "rate", w.number(c.LateRate)))
	} else {
		w.s.Mentions = append(w.s.Mentions, w.t("paper.late_default"))
	}
	w.s.Mentions = append(w.s.Mentions, w.t("paper.recovery_fee"))
}

// pay puts the pay button on a sheet when the document may be paid online now.
func (w *drafter) pay(_ context.Context, d document) error {
	url, due, err := w.a.button(w.setup, d)
	if err != nil || url == "" {
		return err
	}
	w.s.Pay = &SheetPay{URL: url, Button: w.t("paper.pay", "amount", w.a.Words.Money(w.lang, moneyOf(due, w.setup.Company.Currency))), Help: w.t("paper.scan"),
		Amount: moneyOf(due, w.setup.Company.Currency)}
	return nil
}

// button is the pay link of a document and what it asks for; empty when online payment is not offered on it.
func (a *App) button(setup *books.Setup, d document) (url string, due int64, err error) {
	if d.Link == nil || d.Link.Revoked {
		return "", 0, nil
	}
	method := ""
	switch {
	case d.Invoice != nil:
		method, due = d.Invoice.MethodID, d.Invoice.Collectable()
	case d.Deposit != nil && d.Deposit.Online && d.Quote.Open():
		method, due = d.Deposit.MethodID, d.Deposit.Due()
	}
	if due <= 0 || len(offers(setup, method, d.Customer)) == 0 {
		return "", 0, nil
	}
	url, err = a.payURL(setup.Company.ID, *d.Link)
	return url, due, err
}

// letter is the mail that carries a document.
func (a *App) letter(ctx context.Context, setup *books.Setup, d document, m inbox.Mail) (Letter, error) {
	sheet, err := a.sheet(ctx, setup, d)
	if err != nil {
		return Letter{}, err
	}
	cur := setup.Company.Currency
	l := Letter{Kind: m.Template, Lang: sheet.Lang, Company: setup.Company.Name, Customer: d.Customer.Name, Title: sheet.Title, Number: sheet.Number,
		Intro: setup.Company.MailIntro, Footer: sheet.Footer}
	if sheet.Pay != nil {
		l.PayURL = sheet.Pay.URL
	}
	words := func(minor int64) string { return a.Words.Money(sheet.Lang, moneyOf(minor, cur)) }
	if q := d.Quote; q != nil {
		l.Total, l.Note = words(q.Totals.Gross), q.Note
		if d.Deposit != nil {
			l.Due, l.DueDate = words(d.Deposit.Due()), a.Words.Date(sheet.Lang, d.Deposit.DueDate)
		}
		return l, nil
	}
	v := d.Invoice
	l.Total, l.Note = words(v.Totals.Gross), v.Note
	switch v.Kind {
	case billing.DepositBill:
		l.Paid = words(v.Totals.Gross)
	case billing.Standard:
		l.DueDate = a.Words.Date(sheet.Lang, v.DueDate)
		if v.Collectable() > 0 {
			l.Due = words(v.Collectable())
		}
	}
	return l, nil
}

func addressLines(a party.Address) []string {
	out := nonEmpty(a.Street, a.Extra, strings.TrimSpace(a.PostalCode+" "+a.City))
	if a.Country != "" && a.Country != "FR" {
		out = append(out, a.Country)
	}
	return out
}

func nonEmpty(all ...string) []string {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// grouped writes a SIREN or SIRET the way people read it: 123 456 789 00012.
func grouped(s string) string {
	if len(s) < 9 {
		return s
	}
	return strings.TrimSpace(s[:3] + " " + s[3:6] + " " + s[6:9] + " " + s[9:])
}

func spaced4(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
