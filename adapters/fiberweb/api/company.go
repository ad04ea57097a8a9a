package api

import (
	"context"
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
)

func (s *service) company() {
	const tag = "Company"
	add(s, endpoint{method: get, path: "/company", id: "getCompany", tag: tag, needs: access.Read,
		summary: "The company whose books the token opens"}, s.getCompany)
	add(s, endpoint{method: patch, path: "/company", id: "changeCompany", tag: tag, needs: access.Configure, versioned: true,
		summary: "Change the company", text: "The currency never changes; `test_books` only while nothing is posted."}, s.changeCompany)
	add(s, endpoint{method: get, path: "/company/logo", id: "getLogo", tag: tag, needs: access.Read, produces: logoTypes,
		summary: "The logo printed on documents"}, s.getLogo)
	add(s, endpoint{method: put, path: "/company/logo", id: "setLogo", tag: tag, needs: access.Configure, accepts: logoTypes,
		summary: "Replace the logo", text: "A PNG or JPEG image of 1 MiB and 2,000 pixels a side at most."}, s.setLogo)
	add(s, endpoint{method: put, path: "/company/mail", id: "setMail", tag: tag, needs: access.Configure,
		summary: "Say how mail leaves"}, s.setMail)
	add(s, endpoint{method: post, path: "/company/mail/test", id: "testMail", tag: tag, needs: access.Configure,
		summary: "Send a mail at once, to prove the settings"}, s.testMail)
	add(s, endpoint{method: get, path: "/company/setup", id: "getSetup", tag: tag, needs: access.Read,
		summary: "How far the company is set up"}, s.getSetup)
	add(s, endpoint{method: post, path: "/company/setup/finish", id: "finishSetup", tag: tag, needs: access.Configure,
		summary: "Leave the set-up wizard for good"}, s.finishSetup)
	add(s, endpoint{method: get, path: "/home", id: "getHome", tag: tag, needs: access.Read,
		summary: "What needs attention, and money received by month"}, s.getHome)
}

var logoTypes = []string{"image/png", "image/jpeg"}

// address is a postal address.
type address struct {
	Street     string `json:"street,omitzero" maxLength:"120"`
	Extra      string `json:"extra,omitzero" maxLength:"120"`
	PostalCode string `json:"postal_code,omitzero" maxLength:"12"`
	City       string `json:"city,omitzero" maxLength:"80"`
	Country    string `json:"country,omitzero" pattern:"^[A-Z]{2}$" example:"FR" doc:"ISO 3166-1 alpha-2."`
}

// CompanyFields is what may be changed of a company.
type CompanyFields struct {
	Name           string  `json:"name" maxLength:"120"`
	LegalForm      string  `json:"legal_form,omitzero" maxLength:"60" example:"SARL"`
	Capital        *amount `json:"capital,omitempty"`
	SIREN          string  `json:"siren,omitzero" doc:"Nine digits with a right Luhn sum."`
	SIRET          string  `json:"siret,omitzero" doc:"Fourteen digits."`
	RegisterAt     string  `json:"register_at,omitzero" maxLength:"80" example:"RCS Lyon"`
	VATNumber      string  `json:"vat_number,omitzero" doc:"With its country prefix."`
	Address        address `json:"address,omitzero"`
	Email          string  `json:"email,omitzero" format:"email"`
	Phone          string  `json:"phone,omitzero" maxLength:"40"`
	Website        string  `json:"website,omitzero" maxLength:"200"`
	Locale         string  `json:"locale,omitzero" enum:"fr,en" doc:"Default language of its screens and customers."`
	VATRegime      string  `json:"vat_regime,omitzero" enum:"receipts,invoices,exempt" doc:"receipts: VAT on services is due when paid. invoices: when invoiced (option pour les débits). exempt: art. 293 B CGI."`
	TermsDays      int     `json:"terms_days" required:"false" minimum:"0" maximum:"365" doc:"Days between issue and due date."`
	TermsMonthEnd  bool    `json:"terms_month_end" required:"false" doc:"… and then to the end of the month."`
	LateRate       number  `json:"late_rate" required:"false" doc:"Late-payment penalty, percent a year."`
	EarlyDiscount  string  `json:"early_discount,omitzero" maxLength:"300"`
	IBAN           string  `json:"iban,omitzero"`
	BIC            string  `json:"bic,omitzero" maxLength:"11"`
	QuoteValidity  int     `json:"quote_validity" required:"false" minimum:"0" maximum:"365" doc:"Days that a quote stays valid."`
	MailIntro      string  `json:"mail_intro,omitzero" maxLength:"2000"`
	Footer         string  `json:"footer,omitzero" maxLength:"500"`
	Tolerance      amount  `json:"tolerance" required:"false" doc:"Payment difference that is written off by itself."`
	AutoIntegrate  bool    `json:"auto_integrate" required:"false" doc:"Post payments that need no human as soon as they come."`
	EvidenceMonths int     `json:"evidence_months" required:"false" minimum:"0" maximum:"120" doc:"Months that what gateways sent is kept; 0: the default of 48."`
	TestBooks      bool    `json:"test_books" required:"false" doc:"Demonstration books, where gateways in test mode may post."`
}

// company is a company as it is.
type company struct {
	ID string `json:"id"`
	CompanyFields
	Currency      string     `json:"currency" doc:"ISO 4217; that of the books."`
	DepositScheme string     `json:"deposit_scheme" enum:"gross"`
	ClosedUntil   date       `json:"closed_until,omitzero" doc:"Nothing is posted on or before this day."`
	HasLogo       bool       `json:"has_logo"`
	Ready         bool       `json:"ready" doc:"The set-up wizard was finished or left."`
	Mail          mailServer `json:"mail"`
	CreatedAt     time.Time  `json:"created_at"`
	Version       int64      `json:"version"`
}

// mailServer says how mail leaves. The password is never given back.
type mailServer struct {
	MailFields
	HasPassword bool `json:"has_password"`
}

// MailFields is what may be said of a mail server.
type MailFields struct {
	Kind     string `json:"kind,omitzero" enum:"outbox,smtp" doc:"outbox: kept in a folder. Absent: mail is not set up."`
	Host     string `json:"host,omitzero" maxLength:"253"`
	Port     int    `json:"port,omitzero" minimum:"1" maximum:"65535"`
	Security string `json:"security,omitzero" enum:"starttls,tls,none"`
	Username string `json:"username,omitzero" maxLength:"200"`
	From     string `json:"from,omitzero" format:"email" doc:"The company's own address when absent."`
	FromName string `json:"from_name,omitzero" maxLength:"80"`
	ReplyTo  string `json:"reply_to,omitzero" format:"email"`
}

func addressOf(a party.Address) address {
	return address{a.Street, a.Extra, a.PostalCode, a.City, a.Country}
}

func (a address) core() party.Address {
	return party.Address{Street: a.Street, Extra: a.Extra, PostalCode: a.PostalCode, City: a.City, Country: a.Country}
}

func companyFields(c party.Company) CompanyFields {
	f := CompanyFields{Name: c.Name, LegalForm: c.LegalForm, SIREN: c.SIREN, SIRET: c.SIRET, RegisterAt: c.RegisterAt, VATNumber: c.VATNumber,
		Address: addressOf(c.Address), Email: c.Email, Phone: c.Phone, Website: c.Website, Locale: c.Locale, VATRegime: string(c.VATRegime),
		TermsDays: c.TermsDays, TermsMonthEnd: c.TermsMonthEnd, LateRate: numberOf(c.LateRate), EarlyDiscount: c.EarlyDiscount, IBAN: c.IBAN,
		BIC: c.BIC, QuoteValidity: c.QuoteValidity, MailIntro: c.MailIntro, Footer: c.Footer, Tolerance: amountOf(c.Tolerance, c.Currency),
		AutoIntegrate: c.AutoIntegrate, EvidenceMonths: c.EvidenceMonths, TestBooks: c.TestBooks}
	if !c.Capital.IsZero() {
		f.Capital = someAmount(c.Capital)
	}
	return f
}

func companyOf(c party.Company) company {
	return company{ID: c.ID, CompanyFields: companyFields(c), Currency: string(c.Currency), DepositScheme: string(c.DepositScheme),
		ClosedUntil: dateOf(c.ClosedUntil), HasLogo: len(c.Logo) > 0, Ready: c.Ready, CreatedAt: c.CreatedAt, Version: c.Version,
		Mail: mailServer{HasPassword: len(c.Mail.Sealed) > 0, MailFields: MailFields{Kind: c.Mail.Kind, Host: c.Mail.Host, Port: c.Mail.Port,
			Security: c.Mail.Security, Username: c.Mail.Username, From: c.Mail.From, FromName: c.Mail.FromName, ReplyTo: c.Mail.ReplyTo}}}
}

func (f CompanyFields) core(r *reading, cur money.Currency) party.Company {
	return party.Company{Name: f.Name, LegalForm: f.LegalForm, Capital: money.Of(r.amount(f.Capital, cur, "capital"), cur), SIREN: f.SIREN,
		SIRET: f.SIRET, RegisterAt: f.RegisterAt, VATNumber: f.VATNumber, Address: f.Address.core(), Email: f.Email, Phone: f.Phone,
		Website: f.Website, Locale: f.Locale, VATRegime: party.VATRegime(f.VATRegime), DepositScheme: party.DepositGross, TermsDays: f.TermsDays,
		TermsMonthEnd: f.TermsMonthEnd, LateRate: r.number(f.LateRate, fault.BadRate, "late_rate"), EarlyDiscount: f.EarlyDiscount, IBAN: f.IBAN,
		BIC: f.BIC, QuoteValidity: f.QuoteValidity, MailIntro: f.MailIntro, Footer: f.Footer, Tolerance: r.amount(&f.Tolerance, cur, "tolerance"),
		AutoIntegrate: f.AutoIntegrate, EvidenceMonths: f.EvidenceMonths, TestBooks: f.TestBooks, Currency: cur}
}

func (s *service) getCompany(c *call, _ *nothing) (company, error) {
	setup, err := s.app.Setup(c.ctx, c.who)
	if err != nil {
		return company{}, err
	}
	c.versioned(setup.Company.Version)
	return companyOf(setup.Company), nil
}

func (s *service) changeCompany(c *call, in *struct{ Body changes[CompanyFields] }) (company, error) {
	setup, err := s.app.Setup(c.ctx, c.who)
	if err != nil {
		return company{}, err
	}
	f := companyFields(setup.Company)
	if err := in.Body.over(&f); err != nil {
		return company{}, err
	}
	var r reading
	next := f.core(&r, setup.Company.Currency)
	next.Version = c.onto(setup.Company.Version)
	if err := r.Err(); err != nil {
		return company{}, err
	}
	_, err = s.app.UpdateCompany(c.ctx, c.who, next)
	return s.companyNow(c, err)
}

// companyNow answers a change of the company's settings, done now or before.
func (s *service) companyNow(c *call, err error) (company, error) {
	if err := c.done(err); err != nil {
		return company{}, err
	}
	return s.getCompany(c, nil)
}

func (s *service) getLogo(c *call, _ *nothing) (file, error) {
	setup, err := s.app.Setup(c.ctx, c.who)
	if err != nil {
		return file{}, err
	}
	logo := setup.Company.Logo
	if len(logo) == 0 {
		return file{}, unknown("logo", "")
	}
	media := logoTypes[0]
	if logo[0] == 0xff { // JPEG begins FF D8; the core keeps nothing but these two kinds
		media = logoTypes[1]
	}
	return file{media: media, data: logo}, nil
}

func (s *service) setLogo(c *call, in *struct {
	Body []byte `contentType:"image/png"`
}) (company, error) {
	return s.companyNow(c, s.app.SetLogo(c.ctx, c.who, in.Body))
}

// mailSettings is a mail server with its password.
type mailSettings struct {
	MailFields
	Password string `json:"password,omitzero" writeOnly:"true" doc:"Absent keeps the one on file, unless host or username change."`
}

func (s *service) setMail(c *call, in *struct{ Body mailSettings }) (company, error) {
	m := in.Body
	return s.companyNow(c, s.app.SetMail(c.ctx, c.who, party.MailServer{Kind: m.Kind, Host: m.Host, Port: m.Port, Security: m.Security,
		Username: m.Username, From: m.From, FromName: m.FromName, ReplyTo: m.ReplyTo}, m.Password))
}

func (s *service) testMail(c *call, in *struct {
	Body struct {
		To string `json:"to" format:"email"`
	}
}) (nothing, error) {
	_, err := s.once(c, func(ctx context.Context) (string, error) { return "", s.app.TestMail(ctx, c.who, in.Body.To) })
	return nothing{}, c.done(err)
}

// step is one step of the set-up.
type step struct {
	Code    string   `json:"code" enum:"company,users,methods,gateway,mail,test_payment"`
	Done    bool     `json:"done"`
	Missing []string `json:"missing,omitempty" doc:"Fields or words for what is not done yet."`
}

func (s *service) getSetup(c *call, _ *nothing) (all[step], error) {
	steps, err := s.app.Steps(c.ctx, c.who)
	return whole(steps, err, func(t app.Step) step { return step{t.Code, t.Done, t.Missing} })
}

func (s *service) finishSetup(c *call, _ *nothing) (company, error) {
	return s.companyNow(c, s.app.FinishSetup(c.ctx, c.who))
}

// home is the first page of the screens.
type home struct {
	ToIntegrate     int     `json:"to_integrate" doc:"Payments that OK would post."`
	ToIntegrateSum  amount  `json:"to_integrate_sum"`
	InReview        int     `json:"in_review" doc:"Payments that need a human."`
	FeesPending     int     `json:"fees_pending" doc:"Receipts posted whose commission is not known yet."`
	FeesAged        int     `json:"fees_aged" doc:"… for more than three days."`
	Overdue         int     `json:"overdue"`
	OverdueSum      amount  `json:"overdue_sum"`
	DueSum          amount  `json:"due_sum"`
	DraftInvoices   int     `json:"draft_invoices"`
	MailsFailed     int     `json:"mails_failed"`
	ConnectionsDown int     `json:"connections_down"`
	Deliveries      int     `json:"deliveries" doc:"Webhooks that match nothing yet."`
	Months          []month `json:"months"`
}

// month is money received in a month.
type month struct {
	Month  date   `json:"month" doc:"Its first day."`
	Online amount `json:"online"`
	Other  amount `json:"other"`
	Fees   amount `json:"fees"`
}

func (s *service) getHome(c *call, _ *nothing) (home, error) {
	v, err := s.views(c)
	if err != nil {
		return home{}, err
	}
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return home{}, err
	}
	h, err := v.Home(c.ctx, c.who.Company, s.app.Today())
	if err != nil {
		return home{}, err
	}
	return home{ToIntegrate: h.ToIntegrate, ToIntegrateSum: amountOf(h.ToIntegrateSum, cur), InReview: h.InReview, FeesPending: h.FeesPending,
		FeesAged: h.FeesAged, Overdue: h.Overdue, OverdueSum: amountOf(h.OverdueSum, cur), DueSum: amountOf(h.DueSum, cur),
		DraftInvoices: h.DraftInvoices, MailsFailed: h.MailsFailed, ConnectionsDown: h.ConnectionsDown, Deliveries: h.Deliveries,
		Months: each(h.Months, func(m app.Month) month {
			return month{dateOf(m.Month), amountOf(m.Online, cur), amountOf(m.Other, cur), amountOf(m.Fees, cur)}
		})}, nil
}
