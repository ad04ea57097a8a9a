package app

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/acquit-app/acquit/core/posting"
	"github.com/shopspring/decimal"
)

// SaveAccount adds an account to the chart or changes its label, its being collective, or whether it may be used; lines
// that were posted on it stay. Accounts that postings need, and those that a connection, a payment method or an active VAT
// code names, cannot be deactivated. Codes: those of ledger.Account.Validate, in_use on "active" or "collective".
func (a *App) SaveAccount(ctx context.Context, who access.Actor, acc ledger.Account) (ledger.Account, error) {
	if err := acc.Validate(); err != nil {
		return acc, err
	}
	err := a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		s := tx.Setup()
		now, exists := s.Chart.Accounts[acc.Code]
		inUse := fault.New(fault.Refused, fault.InUse, "what", "account", "id", acc.Code)
		if !acc.Active && accountUsed(s, acc.Code) {
			return inUse.On("active")
		}
		if exists && acc.Collective != now.Collective && accountUsed(s, acc.Code) {
			return inUse.On("collective")
		}
		tx.Set(acc)
		tx.Log(who.Name, "account_saved", "account/"+acc.Code, acc.Label)
		tx.Made(acc.Code)
		return nil
	})
	return acc, err
}

// accountUsed says whether postings rely on an account.
func accountUsed(s *books.Setup, code string) bool {
	if slices.Contains(posting.Fixed(), code) || code == posting.Profit || code == posting.Loss {
		return true
	}
	for _, c := range s.Connections {
		for _, account := range c.BalanceAccounts { // also of a disconnected one: the balance that it keeps is read by it
			if account == code {
				return true
			}
		}
		if c.Status != inbox.Disconnected && slices.Contains([]string{c.GatewayAccount, c.CommissionAccount, c.BankAccount, c.DisputeFeeAccount}, code) {
			return true
		}
	}
	for _, m := range s.Methods {
		if m.Active && m.Account == code {
			return true
		}
	}
	for _, v := range s.VATCodes {
		if v.Active && (v.Revenue == code || v.Account == code) {
			return true
		}
	}
	return false
}

// SaveJournal adds a journal or changes its label, type or whether it may be used. Journals that postings need, and those
// that a connection or a payment method names, cannot be deactivated. Codes: those of ledger.Journal.Validate, in_use on "active" or "type".
func (a *App) SaveJournal(ctx context.Context, who access.Actor, j ledger.Journal) (ledger.Journal, error) {
	if err := j.Validate(); err != nil {
		return j, err
	}
	err := a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		s := tx.Setup()
		inUse := fault.New(fault.Refused, fault.InUse, "what", "journal", "id", j.Code)
		if !j.Active && journalUsed(s, j.Code) {
			return inUse.On("active")
		}
		if now, exists := s.Chart.Journals[j.Code]; exists && now.Type != j.Type && slices.Contains(posting.FixedJournals(), j.Code) {
			return inUse.On("type")
		}
		tx.Set(j)
		tx.Log(who.Name, "journal_saved", "journal/"+j.Code, j.Label)
		tx.Made(j.Code)
		return nil
	})
	return j, err
}

func journalUsed(s *books.Setup, code string) bool {
	if slices.Contains(posting.FixedJournals(), code) {
		return true
	}
	for _, c := range s.Connections {
		if c.Status != inbox.Disconnected && (c.Journal == code || c.BankJournal == code) {
			return true
		}
	}
	return anyMethod(s, func(m billing.PaymentMethod) bool { return m.Active && m.Journal == code })
}

// SaveMethod adds a payment method (no ID) or changes one; Version is the one that was read (0: whichever). Codes: those of
// billing.PaymentMethod.Validate, unknown_thing, stale, already_exists on "code", and on "journal" or "account"
// unknown_journal, inactive_journal, unknown_account, inactive_account, aux_required.
func (a *App) SaveMethod(ctx context.Context, who access.Actor, m billing.PaymentMethod) (billing.PaymentMethod, error) {
	if m.Kind == billing.ByGateway {
		m.Journal, m.Account = "", "" // the connection says where its money is posted
	}
	if err := m.Validate(); err != nil {
		return m, err
	}
	fresh := m.ID == ""
	if fresh {
		m.ID = ids.New(ids.Method)
	}
	err := a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		s := tx.Setup()
		now, exists := s.Methods[m.ID]
		if !exists && !fresh {
			return notFound("payment_method", m.ID)
		}
		if !fresh {
			if err := stale(m.Version, now.Version, "", tx.Now()); err != nil {
				return err
			}
		}
		if anyMethod(s, func(o billing.PaymentMethod) bool { return o.ID != m.ID && o.Code == m.Code }) {
			return fault.New(fault.Conflict, fault.AlreadyExists, "what", "payment_method", "id", m.Code).On("code")
		}
		if m.Kind != billing.ByGateway && m.Active {
			var f fault.Collect
			_, err := s.Chart.Journal(m.Journal)
			_ = f.Add(err, "journal")
			_ = f.Add(generalAccount(s, m.Account), "account")
			if err := f.Err(); err != nil {
				return err
			}
		}
		next := m
		next.Version = now.Version + 1
		tx.Set(next)
		tx.Log(who.Name, "method_saved", next.ID, next.Label)
		tx.Made(next.ID)
		m = next
		return nil
	})
	return m, a.sayWho(ctx, who.Company, m.ID, err)
}

// generalAccount finds an account that lines without an auxiliary account may use. Codes: unknown_account,
// inactive_account, aux_required.
func generalAccount(s *books.Setup, code string) error {
	acc, err := s.Chart.Account(code)
	if err == nil && acc.Collective {
		err = fault.New(fault.Refused, fault.AuxRequired, "account", code)
	}
	return err
}

// vatMentions are the sentences that can be printed for lines without VAT.
var vatMentions = []string{mentionExempt, "mention.vat_export", "mention.vat_intra", "mention.vat_reverse_charge"}

// SaveVATCode adds a VAT code or changes its label, accounts, mention or whether it may be used. Rate, category and nature
// stay what they were: documents were computed with them, so another rate is another code. Codes: required, too_long,
// bad_code, bad_characters, bad_rate, bad_choice, unknown_account, inactive_account, aux_required, in_use on "rate",
// "category" or "nature", vat_code_not_allowed on "rate" for a company that may charge none.
func (a *App) SaveVATCode(ctx context.Context, who access.Actor, v billing.VATCode) (billing.VATCode, error) {
	if err := goodVATCode(&v); err != nil {
		return v, err
	}
	err := a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		s := tx.Setup()
		var f fault.Collect
		if now, exists := s.VATCodes[v.Code]; exists {
			inUse := fault.New(fault.Refused, fault.InUse, "what", "vat_code", "id", v.Code)
			for _, kept := range []struct {
				field string
				same  bool
			}{{"rate", now.Rate.Equal(v.Rate)}, {"category", now.Category == v.Category}, {"nature", now.Nature == v.Nature}} {
				if !kept.same {
					_ = f.Add(inUse, kept.field)
				}
			}
		}
		if v.Active {
			_ = f.Add(generalAccount(s, v.Revenue), "revenue")
			if v.Rate.IsPositive() {
				_ = f.Add(generalAccount(s, v.Account), "account")
			}
		}
		if v.Active && v.Rate.IsPositive() && s.Company.VATRegime == party.VATExempt {
			_ = f.Add(fault.New(fault.Refused, fault.VATCodeNotAllowed, "code", v.Code), "rate")
		}
		if err := f.Err(); err != nil {
			return err
		}
		tx.Set(v)
		tx.Log(who.Name, "vat_code_saved", "vat_code/"+v.Code, v.Label)
		tx.Made(v.Code)
		return nil
	})
	return v, err
}

func goodVATCode(v *billing.VATCode) error {
	var f fault.Collect
	choice := func(value, field string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(value), "allowed", strings.Join(allowed, ", ")), field)
		}
	}
	_ = f.Add(party.CleanCode(&v.Code, 12), "code")
	_ = f.Add(party.CleanText(&v.Label, 1, 80), "label")
	if v.Rate.IsNegative() || v.Rate.GreaterThan(decimal.NewFromInt(100)) || !v.Rate.Equal(v.Rate.Round(2)) {
		_ = f.Add(fault.New(fault.Invalid, fault.BadRate, "found", fault.Clip(v.Rate.String())), "rate")
	}
	choice(string(v.Nature), "nature", string(billing.Goods), string(billing.Services))
	_ = f.Add(party.CleanCode(&v.Revenue, 12), "revenue")
	if v.Rate.IsPositive() {
		choice(v.Category, "category", "S")
		choice(v.Mention, "mention", "")
		_ = f.Add(party.CleanCode(&v.Account, 12), "account")
	} else {
		choice(v.Category, "category", "Z", "E", "AE", "K", "G", "O")
		v.Account = ""
		if v.Category == "Z" || v.Category == "O" {
			choice(v.Mention, "mention", append([]string{""}, vatMentions...)...)
		} else {
			choice(v.Mention, "mention", vatMentions...)
		}
	}
	return f.Err()
}

// maxYearMonths bounds a fiscal year: the first one of a company may run to the end of the next calendar year.
const maxYearMonths = 24

// YearName is how a fiscal year is called when nobody says: "2026", or "2026-27" when it ends in another calendar year.
func YearName(y ledger.FiscalYear) string {
	name := strconv.Itoa(y.Start.Year())
	if y.End.Year() != y.Start.Year() {
		name += "-" + y.End.Time().Format("06")
	}
	return name
}

// goodYear checks a fiscal year by itself and names it. Codes: required, too_long, bad_code, bad_date.
func goodYear(y *ledger.FiscalYear) error {
	var f fault.Collect
	bad := func(d civil.Date, field string) {
		_ = f.Add(fault.New(fault.Invalid, fault.BadDate, "found", d.String()), field)
	}
	switch {
	case y.Start.IsZero():
		_ = f.Add(fault.New(fault.Invalid, fault.Required), "start")
	case y.End.IsZero():
		_ = f.Add(fault.New(fault.Invalid, fault.Required), "end")
	case !y.Start.Before(y.End) || !y.End.Before(y.Start.AddMonths(maxYearMonths)):
		bad(y.End, "end")
	}
	if err := f.Err(); err != nil {
		return err
	}
	if y.ID == "" {
		y.ID = YearName(*y)
	}
	_ = f.Add(party.CleanCode(&y.ID, 9), "id")
	if strings.ContainsAny(y.ID, "/_") {
		_ = f.Add(fault.New(fault.Invalid, fault.BadCode, "found", y.ID), "id")
	}
	return f.Err()
}

// AddYear adds the fiscal year that follows the last one, or one that comes before the first as long as no year is closed.
// No start asks for the day after the last year, no end for twelve months. Codes: year_overlap, already_exists on "id",
// bad_date on "start" when a gap would be left, bad_date on "end", required, too_long, bad_code.
func (a *App) AddYear(ctx context.Context, who access.Actor, y ledger.FiscalYear) (ledger.FiscalYear, error) {
	asked := y
	err := a.write(ctx, who, access.Configure, func(_ context.Context, tx *books.Tx) error {
		y = asked
		years := tx.Setup().Chart.Years
		if len(years) > 0 && y.Start.IsZero() {
			y.Start = years[len(years)-1].End.AddDays(1)
		}
		if y.End.IsZero() && !y.Start.IsZero() {
			y.End = y.Start.AddMonths(12).AddDays(-1)
		}
		y.Closed = false
		if err := goodYear(&y); err != nil {
			return err
		}
		for _, o := range years {
			if o.ID == y.ID {
				return fault.New(fault.Conflict, fault.AlreadyExists, "what", "fiscal_year", "id", y.ID).On("id")
			}
			if !y.End.Before(o.Start) && !o.End.Before(y.Start) {
				return fault.New(fault.Refused, fault.YearOverlap, "year", o.ID).On("start")
			}
		}
		if n := len(years); n > 0 {
			follows := y.Start == years[n-1].End.AddDays(1)
			precedes := y.End.AddDays(1) == years[0].Start && !years[0].Closed
			if !follows && !precedes {
				return fault.New(fault.Invalid, fault.BadDate, "found", y.Start.String()).On("start")
			}
		}
		tx.Set(y)
		tx.Log(who.Name, "year_added", "fiscal_year/"+y.ID, y.Start.String()+" "+y.End.String())
		tx.Made(y.ID)
		return nil
	})
	return y, err
}

// ClosePeriod locks everything up to a day, for ever: what comes later and is dated before is posted on the first open day
// (art. 1031-4 PCG). Codes: required, bad_date for a day that is not over, period_closed for one before the present lock.
func (a *App) ClosePeriod(ctx context.Context, who access.Actor, until civil.Date) error {
	if until.IsZero() {
		return fault.New(fault.Invalid, fault.Required).On("until")
	}
	return a.write(ctx, who, access.Keep, func(_ context.Context, tx *books.Tx) error {
		c := tx.Setup().Company
		if !until.Before(a.day(tx.Now())) {
			return fault.New(fault.Invalid, fault.BadDate, "found", until.String()).On("until")
		}
		return lockUntil(tx, who, c, until)
	})
}

func lockUntil(tx *books.Tx, who access.Actor, c party.Company, until civil.Date) error {
	if until == c.ClosedUntil {
		return nil
	}
	if until.Before(c.ClosedUntil) {
		return fault.New(fault.Refused, fault.PeriodClosed, "date", until.String(), "open", c.ClosedUntil.AddDays(1).String()).On("until")
	}
	c.ClosedUntil = until
	tx.Set(c)
	tx.Log(who.Name, "period_closed", c.ID, until.String())
	return nil
}

// Closing is a fiscal year that was closed: the entries that open the next one, and the head of the chain to keep outside.
type Closing struct {
	Year    ledger.FiscalYear
	Opening []ledger.Entry
	Head    ledger.Head
}

// CloseYear closes a fiscal year for ever and opens the next one with its balances (see posting.Opening). The year is over,
// those before it are closed, the next one exists. Nothing can be posted into the year from the moment it begins; should it
// be interrupted, it is simply asked again. Codes: unknown_thing, year_not_ended, in_use (a year before it is open),
// period_closed when it is closed already, no_fiscal_year (the next is missing), inactive_account.
func (a *App) CloseYear(ctx context.Context, who access.Actor, id string) (Closing, error) {
	var done Closing
	if err := who.May(access.Keep); err != nil {
		return done, err
	}
	err := a.write(books.WithoutKey(ctx), who, access.Keep, func(_ context.Context, tx *books.Tx) error {
		year, _, err := a.closable(tx, id)
		if err != nil {
			return err
		}
		c := tx.Setup().Company
		if c.ClosedUntil.Before(year.End) {
			return lockUntil(tx, who, c, year.End)
		}
		return nil
	})
	if err != nil && !fault.Has(err, fault.PeriodClosed) { // closed already: the second write says so, or that this very request did it
		return done, err
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return done, err
	}
	balances, err := a.balances(ctx, who.Company, id, foreignAccounts(setup))
	if err != nil {
		return done, err
	}
	err = a.write(ctx, who, access.Keep, func(ctx context.Context, tx *books.Tx) error {
		year, next, err := a.closable(tx, id)
		if err != nil {
			return err
		}
		day, ok := tx.Setup().Chart.FirstOpen(next.Start)
		if !ok || !next.Contains(day) {
			return fault.New(fault.Refused, fault.PeriodClosed, "date", next.Start.String(), "open", "")
		}
		done = Closing{}
		for _, d := range posting.Opening(next, day, balances) {
			e, err := tx.Post(ctx, d, who.ID)
			if err != nil {
				return err
			}
			done.Opening = append(done.Opening, e)
		}
		year.Closed = true
		tx.Set(year)
		tx.Log(who.Name, "year_closed", "fiscal_year/"+id, "")
		tx.Made(id)
		done.Year = year
		return nil
	})
	if err != nil {
		return Closing{}, err
	}
	done.Head, err = a.Views.Head(ctx, who.Company)
	return done, err
}

// closable finds a year that may be closed, and the next one.
func (a *App) closable(tx *books.Tx, id string) (year, next ledger.FiscalYear, err error) {
	years := tx.Setup().Chart.Years
	i := slices.IndexFunc(years, func(y ledger.FiscalYear) bool { return y.ID == id })
	if i < 0 {
		return year, next, notFound("fiscal_year", id)
	}
	year = years[i]
	if year.Closed {
		return year, next, fault.New(fault.Conflict, fault.PeriodClosed, "date", year.End.String(), "open", year.End.AddDays(1).String())
	}
	if i > 0 && !years[i-1].Closed {
		return year, next, fault.New(fault.Refused, fault.InUse, "what", "fiscal_year", "id", years[i-1].ID)
	}
	if !year.End.Before(a.day(tx.Now())) {
		return year, next, fault.New(fault.Refused, fault.YearNotEnded, "end", year.End.String())
	}
	if i+1 == len(years) {
		return year, next, fault.New(fault.Refused, fault.NoFiscalYear, "date", year.End.AddDays(1).String())
	}
	return year, years[i+1], nil
}

// balances adds up a fiscal year by account and auxiliary account, from its lines: its opening entry has brought what came
// before. Accounts of balances in another currency carry that on too.
func (a *App) balances(ctx context.Context, company, year string, foreign map[string]money.Currency) ([]posting.Balance, error) {
	type key struct{ account, aux string }
	sums := map[key]int64{}
	held := map[string]int64{}
	err := a.Views.Lines(ctx, company, LineQuery{Year: year}, func(l *ExportLine) error {
		k := key{l.Account, l.Aux}
		if _, ok := sums[k]; !ok {
			k = key{strings.Clone(l.Account), strings.Clone(l.Aux)}
		}
		sums[k] += l.Debit - l.Credit
		if cur, ok := foreign[l.Account]; ok && l.Foreign.Currency() == cur {
			held[k.account] += l.Foreign.Minor()
		}
		return nil
	})
	out := make([]posting.Balance, 0, len(sums))
	for k, sum := range sums {
		b := posting.Balance{Account: k.account, Aux: k.aux, Amount: sum}
		if cur, ok := foreign[k.account]; ok && k.aux == "" && held[k.account] != 0 {
			b.Foreign = moneyOf(held[k.account], cur)
		}
		out = append(out, b)
	}
	return out, err
}

// SetMail says how the company's mail leaves. An empty password keeps the one on file, unless server or user name change:
// a password is not handed to another server. Codes: bad_choice, required, too_long, bad_characters, bad_email, bad_quantity.
func (a *App) SetMail(ctx context.Context, who access.Actor, m party.MailServer, password string) error {
	if err := who.May(access.Configure); err != nil {
		return err
	}
	if err := goodMail(&m); err != nil {
		return err
	}
	if len(password) > maxSetting {
		return fault.New(fault.Invalid, fault.TooLong, "max", strconv.Itoa(maxSetting)).On("password")
	}
	m.Sealed = nil
	if password != "" {
		sealed, err := a.Sealer.Seal([]byte(password), mailBind(who.Company))
		if err != nil {
			return err
		}
		m.Sealed = sealed
	}
	return a.onCompany(ctx, who, "mail_changed", func(_ *books.Tx, c *party.Company) error {
		next := m
		same := next.Kind == c.Mail.Kind && next.Host == c.Mail.Host && next.Username == c.Mail.Username
		if password == "" && same {
			next.Sealed = c.Mail.Sealed
		}
		if next.Username != "" && len(next.Sealed) == 0 {
			return fault.New(fault.Invalid, fault.Required).On("password")
		}
		if next.Kind != "" && next.From == "" && c.Email == "" {
			return fault.New(fault.Invalid, fault.Required).On("from")
		}
		c.Mail = next
		return nil
	})
}

func goodMail(m *party.MailServer) error {
	var f fault.Collect
	email := func(s *string, field string) {
		if *s = strings.TrimSpace(*s); *s != "" {
			e, err := party.ParseEmail(*s)
			_ = f.Add(err, field)
			*s = string(e)
		}
	}
	email(&m.From, "from")
	email(&m.ReplyTo, "reply_to")
	_ = f.Add(party.CleanText(&m.FromName, 0, 80), "from_name")
	switch m.Kind {
	case "", "outbox":
		m.Host, m.Port, m.Security, m.Username = "", 0, "", ""
	case "smtp":
		_ = f.Add(party.CleanText(&m.Host, 1, 253), "host")
		_ = f.Add(party.CleanText(&m.Username, 0, 200), "username")
		if m.Port < 1 || m.Port > 65535 {
			_ = f.Add(fault.New(fault.Invalid, fault.BadQuantity, "found", strconv.Itoa(m.Port)), "port")
		}
		if !slices.Contains([]string{"starttls", "tls", "none"}, m.Security) {
			_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(m.Security), "allowed", "starttls, tls, none"), "security")
		}
	default:
		_ = f.Add(fault.New(fault.Invalid, fault.BadChoice, "found", fault.Clip(m.Kind), "allowed", "outbox, smtp"), "kind")
	}
	return f.Err()
}

// TestMail sends a mail to an address, at once, to prove the settings. Codes: required, bad_email, mail_not_set,
// mail_refused, mail_unreachable.
func (a *App) TestMail(ctx context.Context, who access.Actor, to string) error {
	if err := who.May(access.Configure); err != nil {
		return err
	}
	address, err := party.ParseEmail(to)
	if err != nil {
		return onField("to", err)
	}
	setup, err := a.Books.Setup(ctx, who.Company)
	if err != nil {
		return err
	}
	via, err := a.mailSettings(setup)
	if err != nil {
		return err
	}
	lang := setup.Company.Locale
	text := a.Words.T(lang, "mail.test.text", "company", setup.Company.Name)
	return a.Mailer.Send(ctx, via, Message{ID: ids.New(ids.Mail), To: string(address), Text: text,
		Subject: a.Words.T(lang, "mail.test.subject", "company", setup.Company.Name)})
}

// sayWho completes the refusal of a stale edit of a setting: who changed it, and when, is in its history.
func (a *App) sayWho(ctx context.Context, company, ref string, err error) error {
	if !fault.Has(err, fault.Stale) {
		return err
	}
	events, lookup := a.Views.History(ctx, company, ref)
	if lookup != nil || len(events) == 0 {
		return err
	}
	last := events[len(events)-1]
	return fault.New(fault.Conflict, fault.Stale, "who", last.Actor, "when", last.At.Format(time.RFC3339))
}

// Years lists the fiscal years in order.
func (a *App) Years(ctx context.Context, who access.Actor) ([]ledger.FiscalYear, error) {
	setup, err := a.Setup(ctx, who)
	if err != nil {
		return nil, err
	}
	return slices.Clone(setup.Chart.Years), nil
}

// Accounts lists the chart of accounts by code.
func (a *App) Accounts(ctx context.Context, who access.Actor) ([]ledger.Account, error) {
	setup, err := a.Setup(ctx, who)
	if err != nil {
		return nil, err
	}
	return byKey(setup.Chart.Accounts), nil
}

// Journals lists the journals by code.
func (a *App) Journals(ctx context.Context, who access.Actor) ([]ledger.Journal, error) {
	setup, err := a.Setup(ctx, who)
	if err != nil {
		return nil, err
	}
	return byKey(setup.Chart.Journals), nil
}

// VATCodes lists the VAT codes by code.
func (a *App) VATCodes(ctx context.Context, who access.Actor) ([]billing.VATCode, error) {
	setup, err := a.Setup(ctx, who)
	if err != nil {
		return nil, err
	}
	return byKey(setup.VATCodes), nil
}

// Methods lists the payment methods by label.
func (a *App) Methods(ctx context.Context, who access.Actor) ([]billing.PaymentMethod, error) {
	setup, err := a.Setup(ctx, who)
	if err != nil {
		return nil, err
	}
	list := byKey(setup.Methods)
	slices.SortStableFunc(list, func(m, o billing.PaymentMethod) int { return strings.Compare(m.Label, o.Label) })
	return list, nil
}

func byKey[T any](m map[string]T) []T {
	out := make([]T, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
