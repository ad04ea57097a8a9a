package api

import (
	"strings"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/posting"
)

func (s *service) settings() {
	const tag = "Settings"
	add(s, endpoint{method: get, path: "/accounts", id: "listAccounts", tag: tag, needs: access.Read, summary: "The chart of accounts"}, s.listAccounts)
	add(s, endpoint{method: put, path: "/accounts/{code}", id: "saveAccount", tag: tag, needs: access.Configure,
		summary: "Add an account to the chart, or change one", text: "Lines that were posted on it stay. Accounts that postings need cannot be deactivated (`in_use`)."}, s.saveAccount)
	add(s, endpoint{method: get, path: "/journals", id: "listJournals", tag: tag, needs: access.Read, summary: "The journals"}, s.listJournals)
	add(s, endpoint{method: put, path: "/journals/{code}", id: "saveJournal", tag: tag, needs: access.Configure, summary: "Add a journal, or change one"}, s.saveJournal)
	add(s, endpoint{method: get, path: "/vat-codes", id: "listVATCodes", tag: tag, needs: access.Read, summary: "The ways of taxing a line"}, s.listVATCodes)
	add(s, endpoint{method: put, path: "/vat-codes/{code}", id: "saveVATCode", tag: tag, needs: access.Configure, summary: "Add a VAT code, or change one"}, s.saveVATCode)
	add(s, endpoint{method: get, path: "/payment-methods", id: "listMethods", tag: tag, needs: access.Read, summary: "The payment methods"}, s.listMethods)
	add(s, endpoint{method: post, path: "/payment-methods", id: "createMethod", tag: tag, needs: access.Configure, status: 201, summary: "Add a payment method"}, s.createMethod)
	add(s, endpoint{method: patch, path: "/payment-methods/{method}", id: "changeMethod", tag: tag, needs: access.Configure, versioned: true,
		summary: "Change a payment method", text: "`online` is the box *Autoriser le paiement en ligne*."}, s.changeMethod)
	add(s, endpoint{method: get, path: "/fiscal-years", id: "listYears", tag: tag, needs: access.Read, summary: "The fiscal years"}, s.listYears)
	add(s, endpoint{method: post, path: "/fiscal-years", id: "addYear", tag: tag, needs: access.Configure, status: 201, summary: "Add the next fiscal year"}, s.addYear)
	add(s, endpoint{method: post, path: "/fiscal-years/{fiscal_year}/close", id: "closeYear", tag: tag, needs: access.Keep,
		summary: "Close a fiscal year, for ever", text: "The next one is opened with its balances. Keep the head of the chain outside of this installation."}, s.closeYear)
	add(s, endpoint{method: post, path: "/periods/close", id: "closePeriod", tag: tag, needs: access.Keep,
		summary: "Lock everything up to a day, for ever"}, s.closePeriod)
}

// AccountFields is what may be changed of an account.
type AccountFields struct {
	Label      string `json:"label" maxLength:"120"`
	Collective bool   `json:"collective" required:"false" doc:"Each line needs an auxiliary account: the customer's code."`
	Active     *bool  `json:"active,omitempty" default:"true"`
}

// account is one of the chart.
type account struct {
	Code       string `json:"code" example:"411000"`
	Label      string `json:"label"`
	Collective bool   `json:"collective"`
	Active     bool   `json:"active"`
}

func accountOf(a ledger.Account) account { return account(a) }

// unlessFalse is a box that is ticked by default.
func unlessFalse(b *bool) bool { return b == nil || *b }

func (s *service) listAccounts(c *call, _ *nothing) (all[account], error) {
	l, err := s.app.Accounts(c.ctx, c.who)
	return whole(l, err, accountOf)
}

func (s *service) saveAccount(c *call, in *struct {
	Code string `path:"code" maxLength:"12" pattern:"^[1-8][0-9]{2,11}$"`
	Body AccountFields
}) (account, error) {
	a := ledger.Account{Code: in.Code, Label: in.Body.Label, Collective: in.Body.Collective, Active: unlessFalse(in.Body.Active)}
	a, err := s.app.SaveAccount(c.ctx, c.who, a)
	if code, again := c.replayed(err); again {
		return s.accountNow(c, code)
	}
	return accountOf(a), err
}

func (s *service) accountNow(c *call, code string) (account, error) {
	setup, err := s.app.Setup(c.ctx, c.who)
	if err != nil {
		return account{}, err
	}
	return accountOf(setup.Chart.Accounts[code]), nil
}

// JournalFields is what may be changed of a journal.
type JournalFields struct {
	Label  string `json:"label" maxLength:"80"`
	Type   string `json:"type" enum:"opening,sales,purchases,treasury,misc"`
	Active *bool  `json:"active,omitempty" default:"true"`
}

// journal is a book of original entry.
type journal struct {
	Code   string `json:"code" example:"VE"`
	Label  string `json:"label"`
	Type   string `json:"type" enum:"opening,sales,purchases,treasury,misc"`
	Active bool   `json:"active"`
}

func journalOf(j ledger.Journal) journal { return journal{j.Code, j.Label, string(j.Type), j.Active} }

func (s *service) listJournals(c *call, _ *nothing) (all[journal], error) {
	l, err := s.app.Journals(c.ctx, c.who)
	return whole(l, err, journalOf)
}

func (s *service) saveJournal(c *call, in *struct {
	Code string `path:"code" maxLength:"8"`
	Body JournalFields
}) (journal, error) {
	j := ledger.Journal{Code: in.Code, Label: in.Body.Label, Type: ledger.JournalType(in.Body.Type), Active: unlessFalse(in.Body.Active)}
	j, err := s.app.SaveJournal(c.ctx, c.who, j)
	if code, again := c.replayed(err); again {
		setup, err := s.app.Setup(c.ctx, c.who)
		if err != nil {
			return journal{}, err
		}
		return journalOf(setup.Chart.Journals[code]), nil
	}
	return journalOf(j), err
}

// VATCodeFields is what may be changed of a VAT code.
type VATCodeFields struct {
	Label    string `json:"label" maxLength:"80"`
	Rate     number `json:"rate" doc:"Percent, two decimals at most."`
	Category string `json:"category" enum:"S,Z,E,AE,K,G,O" doc:"Of EN 16931 (BT-151)."`
	Nature   string `json:"nature" enum:"goods,services" doc:"With it comes the day VAT falls due."`
	Revenue  string `json:"revenue" doc:"Account credited, excluding VAT."`
	Account  string `json:"account,omitzero" doc:"Account of the VAT collected; none without VAT."`
	Mention  string `json:"mention,omitzero" doc:"Name of the sentence printed when there is no VAT."`
	Active   *bool  `json:"active,omitempty" default:"true"`
}

// vatCode is one way of taxing a line.
type vatCode struct {
	Code     string `json:"code" example:"S20S"`
	Label    string `json:"label"`
	Rate     number `json:"rate"`
	Category string `json:"category" enum:"S,Z,E,AE,K,G,O"`
	Nature   string `json:"nature" enum:"goods,services"`
	Revenue  string `json:"revenue"`
	Account  string `json:"account,omitzero"`
	Mention  string `json:"mention,omitzero"`
	Active   bool   `json:"active"`
}

func vatCodeOf(v billing.VATCode) vatCode {
	return vatCode{v.Code, v.Label, numberOf(v.Rate), v.Category, string(v.Nature), v.Revenue, v.Account, v.Mention, v.Active}
}

func (s *service) listVATCodes(c *call, _ *nothing) (all[vatCode], error) {
	l, err := s.app.VATCodes(c.ctx, c.who)
	return whole(l, err, vatCodeOf)
}

func (s *service) saveVATCode(c *call, in *struct {
	Code string `path:"code" maxLength:"12"`
	Body VATCodeFields
}) (vatCode, error) {
	var r reading
	f := in.Body
	v := billing.VATCode{Code: in.Code, Label: f.Label, Rate: r.number(f.Rate, fault.BadRate, "rate"), Category: f.Category,
		Nature: billing.Nature(f.Nature), Revenue: f.Revenue, Account: f.Account, Mention: f.Mention, Active: unlessFalse(f.Active)}
	if f.Rate == "" {
		r.add(fault.New(fault.Invalid, fault.Required), "rate")
	}
	if err := r.Err(); err != nil {
		return vatCode{}, err
	}
	v, err := s.app.SaveVATCode(c.ctx, c.who, v)
	if code, again := c.replayed(err); again {
		setup, err := s.app.Setup(c.ctx, c.who)
		if err != nil {
			return vatCode{}, err
		}
		return vatCodeOf(setup.VATCodes[code]), nil
	}
	return vatCodeOf(v), err
}

// MethodFields is what may be changed of a payment method.
type MethodFields struct {
	Code    string `json:"code" maxLength:"12"`
	Label   string `json:"label" maxLength:"60"`
	Kind    string `json:"kind" enum:"gateway,transfer,cheque,cash,card,direct_debit"`
	Online  bool   `json:"online" required:"false" doc:"Allows online payment: documents get a pay button."`
	Journal string `json:"journal,omitzero" maxLength:"8" doc:"Where receipts typed in are posted; none for gateway."`
	Account string `json:"account,omitzero" maxLength:"12"`
	Active  *bool  `json:"active,omitempty" default:"true"`
}

// method is a payment method (mode de règlement).
type method struct {
	ID methodID `json:"id"`
	MethodFields
	Version int64 `json:"version"`
}

func methodOf(m billing.PaymentMethod) method {
	return method{ID: methodID(m.ID), Version: m.Version, MethodFields: MethodFields{Code: m.Code, Label: m.Label, Kind: string(m.Kind),
		Online: m.Online, Journal: m.Journal, Account: m.Account, Active: &m.Active}}
}

func (f MethodFields) core() billing.PaymentMethod {
	return billing.PaymentMethod{Code: f.Code, Label: f.Label, Kind: billing.MethodKind(f.Kind), Online: f.Online, Journal: f.Journal,
		Account: f.Account, Active: unlessFalse(f.Active)}
}

func (s *service) listMethods(c *call, _ *nothing) (all[method], error) {
	l, err := s.app.Methods(c.ctx, c.who)
	return whole(l, err, methodOf)
}

func (s *service) createMethod(c *call, in *struct{ Body MethodFields }) (method, error) {
	m, err := s.app.SaveMethod(c.ctx, c.who, in.Body.core())
	return s.methodNow(c, m, err)
}

func (s *service) changeMethod(c *call, in *struct {
	Method methodID `path:"method"`
	Body   changes[MethodFields]
}) (method, error) {
	now, err := s.findMethod(c, string(in.Method))
	if err != nil {
		return method{}, err
	}
	f := methodOf(now).MethodFields
	if err := in.Body.over(&f); err != nil {
		return method{}, err
	}
	m := f.core()
	m.ID, m.Version = now.ID, c.onto(now.Version)
	m, err = s.app.SaveMethod(c.ctx, c.who, m)
	return s.methodNow(c, m, err)
}

// methodNow answers with a method just saved, or saved by an earlier request.
func (s *service) methodNow(c *call, m billing.PaymentMethod, err error) (method, error) {
	if id, again := c.replayed(err); again {
		m, err = s.findMethod(c, id)
	}
	if err != nil {
		return method{}, err
	}
	c.versioned(m.Version)
	return methodOf(m), nil
}

func (s *service) findMethod(c *call, id string) (billing.PaymentMethod, error) {
	setup, err := s.app.Setup(c.ctx, c.who)
	if err != nil {
		return billing.PaymentMethod{}, err
	}
	m, ok := setup.Methods[id]
	if !ok {
		return m, unknown("method", id)
	}
	return m, nil
}

// YearFields is what a fiscal year is added with.
type YearFields struct {
	ID    string `json:"id,omitzero" maxLength:"9" example:"2027" doc:"Part of legal numbers; made of the dates when absent."`
	Start date   `json:"start,omitzero" doc:"The day after the last year when absent."`
	End   date   `json:"end,omitzero" doc:"Twelve months when absent."`
}

// year is a fiscal year.
type year struct {
	ID     string `json:"id"`
	Start  date   `json:"start"`
	End    date   `json:"end"`
	Closed bool   `json:"closed"`
}

func yearOf(y ledger.FiscalYear) year { return year{y.ID, dateOf(y.Start), dateOf(y.End), y.Closed} }

func (s *service) listYears(c *call, _ *nothing) (all[year], error) {
	l, err := s.app.Years(c.ctx, c.who)
	return whole(l, err, yearOf)
}

func (s *service) addYear(c *call, in *struct{ Body YearFields }) (year, error) {
	var r reading
	y := ledger.FiscalYear{ID: in.Body.ID, Start: r.date(in.Body.Start, "start"), End: r.date(in.Body.End, "end")}
	if err := r.Err(); err != nil {
		return year{}, err
	}
	y, err := s.app.AddYear(c.ctx, c.who, y)
	if id, again := c.replayed(err); again {
		y, err = s.findYear(c, id)
	}
	return yearOf(y), err
}

func (s *service) findYear(c *call, id string) (ledger.FiscalYear, error) {
	years, err := s.app.Years(c.ctx, c.who)
	for _, y := range years {
		if y.ID == id {
			return y, nil
		}
	}
	if err == nil {
		err = unknown("fiscal_year", id)
	}
	return ledger.FiscalYear{}, err
}

// closing is what closing a fiscal year did.
type closing struct {
	Year    year       `json:"year"`
	Opening []entryRef `json:"opening" doc:"The entries that open the next year."`
	Head    head       `json:"head"`
}

func (s *service) closeYear(c *call, in *struct {
	Year string `path:"fiscal_year" maxLength:"9"`
}) (closing, error) {
	done, err := s.app.CloseYear(c.ctx, c.who, in.Year)
	if _, again := c.replayed(err); again {
		done, err = s.closedYear(c, in.Year)
	}
	if err != nil {
		return closing{}, err
	}
	return closing{Year: yearOf(done.Year), Opening: each(done.Opening, entryRefOf), Head: headOf(done.Head)}, nil
}

// closedYear is what closing a year did, found again in the books.
func (s *service) closedYear(c *call, id string) (app.Closing, error) {
	done := app.Closing{}
	years, err := s.app.Years(c.ctx, c.who)
	if err != nil {
		return done, err
	}
	v, err := s.views(c)
	if err != nil {
		return done, err
	}
	next := ""
	for i, y := range years {
		if y.ID == id && i+1 < len(years) {
			done.Year, next = y, years[i+1].ID
		}
	}
	q := app.EntryQuery{Journal: posting.OpeningJournal, Year: next}
	for {
		p, err := v.Entries(c.ctx, c.who.Company, q)
		if err != nil {
			return done, err
		}
		for _, e := range p.Items {
			if strings.HasPrefix(e.Source, posting.OpeningSource) {
				done.Opening = append(done.Opening, e.Entry)
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	done.Head, err = v.Head(c.ctx, c.who.Company)
	return done, err
}

func (s *service) closePeriod(c *call, in *struct {
	Body struct {
		Until date `json:"until" doc:"A day that is over."`
	}
}) (company, error) {
	var r reading
	until := r.date(in.Body.Until, "until")
	if err := r.Err(); err != nil {
		return company{}, err
	}
	return s.companyNow(c, s.app.ClosePeriod(c.ctx, c.who, until))
}
