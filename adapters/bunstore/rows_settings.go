package bunstore

import (
	"github.com/acquit-app/acquit/core/billing"
	"github.com/acquit-app/acquit/core/books"
	"github.com/acquit-app/acquit/core/civil"
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
	"github.com/acquit-app/acquit/core/money"
	"github.com/acquit-app/acquit/core/party"
	"github.com/uptrace/bun"
)

type companyRow struct {
	bun.BaseModel `bun:"table:companies"`

	ID         string `bun:"id,pk"`
	Name       string
	Settings   string
	TestBooks  bool // also among the settings; here for lists of companies
	Logo       []byte
	MailSealed []byte
}

// settingsDoc is the JSON of companies.settings.
type settingsDoc struct {
	LegalForm       string     `json:"legal_form,omitempty"`
	CapitalMinor    int64      `json:"capital_minor,omitempty"`
	CapitalCurrency string     `json:"capital_currency,omitempty"`
	SIREN           string     `json:"siren,omitempty"`
	SIRET           string     `json:"siret,omitempty"`
	RegisterAt      string     `json:"register_at,omitempty"`
	VATNumber       string     `json:"vat_number,omitempty"`
	Address         addressDoc `json:"address"`
	Email           string     `json:"email,omitempty"`
	Phone           string     `json:"phone,omitempty"`
	Website         string     `json:"website,omitempty"`
	Currency        string     `json:"currency"`
	Locale          string     `json:"locale"`
	VATRegime       string     `json:"vat_regime"`
	DepositScheme   string     `json:"deposit_scheme"`
	TermsDays       int        `json:"terms_days"`
	TermsMonthEnd   bool       `json:"terms_month_end"`
	LateRate        string     `json:"late_rate"`
	EarlyDiscount   string     `json:"early_discount,omitempty"`
	IBAN            string     `json:"iban,omitempty"`
	BIC             string     `json:"bic,omitempty"`
	QuoteValidity   int        `json:"quote_validity"`
	MailIntro       string     `json:"mail_intro,omitempty"`
	Footer          string     `json:"footer,omitempty"`
	Tolerance       int64      `json:"tolerance"`
	AutoIntegrate   bool       `json:"auto_integrate"`
	EvidenceMonths  int        `json:"evidence_months,omitempty"`
	ClosedUntil     int        `json:"closed_until"`
	TestBooks       bool       `json:"test_books"`
	Mail            mailDoc    `json:"mail"`
	Ready           bool       `json:"ready"`
	CreatedAt       int64      `json:"created_at"`
	Version         int64      `json:"version"`
}

type addressDoc struct {
	Street     string `json:"street,omitempty"`
	Extra      string `json:"extra,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	City       string `json:"city,omitempty"`
	Country    string `json:"country,omitempty"`
}

type mailDoc struct {
	Kind     string `json:"kind,omitempty"`
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	Security string `json:"security,omitempty"`
	Username string `json:"username,omitempty"`
	From     string `json:"from,omitempty"`
	FromName string `json:"from_name,omitempty"`
	ReplyTo  string `json:"reply_to,omitempty"`
}

func toCompany(_ string, v party.Company) companyRow {
	return companyRow{ID: v.ID, Name: v.Name, TestBooks: v.TestBooks, Logo: blob(v.Logo), MailSealed: blob(v.Mail.Sealed), Settings: mustJSON(settingsDoc{
		LegalForm: v.LegalForm, CapitalMinor: v.Capital.Minor(), CapitalCurrency: string(v.Capital.Currency()), SIREN: v.SIREN,
		SIRET: v.SIRET, RegisterAt: v.RegisterAt, VATNumber: v.VATNumber, Address: addressDoc(v.Address), Email: v.Email,
		Phone: v.Phone, Website: v.Website, Currency: string(v.Currency), Locale: v.Locale, VATRegime: string(v.VATRegime),
		DepositScheme: string(v.DepositScheme), TermsDays: v.TermsDays, TermsMonthEnd: v.TermsMonthEnd, LateRate: plain(v.LateRate),
		EarlyDiscount: v.EarlyDiscount, IBAN: v.IBAN, BIC: v.BIC, QuoteValidity: v.QuoteValidity, MailIntro: v.MailIntro,
		Footer: v.Footer, Tolerance: v.Tolerance, AutoIntegrate: v.AutoIntegrate, EvidenceMonths: v.EvidenceMonths, ClosedUntil: v.ClosedUntil.Number(),
		TestBooks: v.TestBooks, Ready: v.Ready, CreatedAt: micros(v.CreatedAt), Version: v.Version,
		Mail: mailDoc{Kind: v.Mail.Kind, Host: v.Mail.Host, Port: v.Mail.Port, Security: v.Mail.Security, Username: v.Mail.Username,
			From: v.Mail.From, FromName: v.Mail.FromName, ReplyTo: v.Mail.ReplyTo},
	})}
}

func fromCompany(r companyRow) (party.Company, error) {
	var d decoder
	var s settingsDoc
	d.json(r.Settings, &s)
	v := party.Company{ID: r.ID, Name: r.Name, LegalForm: s.LegalForm, Capital: d.money(s.CapitalMinor, s.CapitalCurrency),
		SIREN: s.SIREN, SIRET: s.SIRET, RegisterAt: s.RegisterAt, VATNumber: s.VATNumber, Address: party.Address(s.Address),
		Email: s.Email, Phone: s.Phone, Website: s.Website, Logo: bytesOrNil(r.Logo), Currency: money.Currency(s.Currency),
		Locale: s.Locale, VATRegime: party.VATRegime(s.VATRegime), DepositScheme: party.DepositScheme(s.DepositScheme),
		TermsDays: s.TermsDays, TermsMonthEnd: s.TermsMonthEnd, LateRate: d.decimal(s.LateRate), EarlyDiscount: s.EarlyDiscount,
		IBAN: s.IBAN, BIC: s.BIC, QuoteValidity: s.QuoteValidity, MailIntro: s.MailIntro, Footer: s.Footer, Tolerance: s.Tolerance,
		AutoIntegrate: s.AutoIntegrate, EvidenceMonths: s.EvidenceMonths, ClosedUntil: day(s.ClosedUntil), TestBooks: s.TestBooks, Ready: s.Ready,
		CreatedAt: instant(s.CreatedAt), Version: s.Version,
		Mail: party.MailServer{Kind: s.Mail.Kind, Host: s.Mail.Host, Port: s.Mail.Port, Security: s.Mail.Security,
			Username: s.Mail.Username, Sealed: bytesOrNil(r.MailSealed), From: s.Mail.From, FromName: s.Mail.FromName, ReplyTo: s.Mail.ReplyTo}}
	return v, d.done("company", r.ID)
}

type penRow struct {
	bun.BaseModel `bun:"table:pens"`

	CompanyID    string `bun:"company_id,pk"`
	SetupVersion int64
	ClosedUntil  int
	ChainSeq     int64
	ChainHash    []byte
}

func (r penRow) state() books.State {
	s := books.State{SetupVersion: r.SetupVersion, Head: ledger.Head{Seq: r.ChainSeq}}
	copy(s.Head.Hash[:], r.ChainHash)
	return s
}

type accountRow struct {
	bun.BaseModel `bun:"table:accounts"`

	CompanyID  string `bun:"company_id,pk"`
	Code       string `bun:"code,pk"`
	Label      string
	Collective bool
	Active     bool
}

func toAccount(company string, v ledger.Account) accountRow {
	return accountRow{CompanyID: company, Code: v.Code, Label: v.Label, Collective: v.Collective, Active: v.Active}
}

func fromAccount(r accountRow) (ledger.Account, error) {
	return ledger.Account{Code: r.Code, Label: r.Label, Collective: r.Collective, Active: r.Active}, nil
}

type journalRow struct {
	bun.BaseModel `bun:"table:journals"`

	CompanyID string `bun:"company_id,pk"`
	Code      string `bun:"code,pk"`
	Label     string
	Type      ledger.JournalType
	Active    bool
}

func toJournal(company string, v ledger.Journal) journalRow {
	return journalRow{CompanyID: company, Code: v.Code, Label: v.Label, Type: v.Type, Active: v.Active}
}

func fromJournal(r journalRow) (ledger.Journal, error) {
	return ledger.Journal{Code: r.Code, Label: r.Label, Type: r.Type, Active: r.Active}, nil
}

type yearRow struct {
	bun.BaseModel `bun:"table:fiscal_years"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Starts    int
	Ends      int
	Closed    bool
}

func toYear(company string, v ledger.FiscalYear) yearRow {
	return yearRow{CompanyID: company, ID: v.ID, Starts: v.Start.Number(), Ends: v.End.Number(), Closed: v.Closed}
}

func fromYear(r yearRow) (ledger.FiscalYear, error) {
	return ledger.FiscalYear{ID: r.ID, Start: day(r.Starts), End: day(r.Ends), Closed: r.Closed}, nil
}

type vatCodeRow struct {
	bun.BaseModel `bun:"table:vat_codes"`

	CompanyID string `bun:"company_id,pk"`
	Code      string `bun:"code,pk"`
	Label     string
	Rate      string
	Category  string
	Nature    billing.Nature
	Revenue   string
	Account   string
	Mention   string
	Active    bool
}

func toVATCode(company string, v billing.VATCode) vatCodeRow {
	return vatCodeRow{CompanyID: company, Code: v.Code, Label: v.Label, Rate: plain(v.Rate), Category: v.Category, Nature: v.Nature,
		Revenue: v.Revenue, Account: v.Account, Mention: v.Mention, Active: v.Active}
}

func fromVATCode(r vatCodeRow) (billing.VATCode, error) {
	var d decoder
	v := billing.VATCode{Code: r.Code, Label: r.Label, Rate: d.decimal(r.Rate), Category: r.Category, Nature: r.Nature,
		Revenue: r.Revenue, Account: r.Account, Mention: r.Mention, Active: r.Active}
	return v, d.done("VAT code", r.Code)
}

type methodRow struct {
	bun.BaseModel `bun:"table:payment_methods"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Code      string
	Label     string
	Kind      billing.MethodKind
	Online    bool
	Journal   string
	Account   string
	Active    bool
	Version   int64
}

func toMethod(company string, v billing.PaymentMethod) methodRow {
	return methodRow{CompanyID: company, ID: v.ID, Code: v.Code, Label: v.Label, Kind: v.Kind, Online: v.Online, Journal: v.Journal,
		Account: v.Account, Active: v.Active, Version: v.Version}
}

func fromMethod(r methodRow) (billing.PaymentMethod, error) {
	return billing.PaymentMethod{ID: r.ID, Code: r.Code, Label: r.Label, Kind: r.Kind, Online: r.Online, Journal: r.Journal,
		Account: r.Account, Active: r.Active, Version: r.Version}, nil
}

type connectionRow struct {
	bun.BaseModel `bun:"table:connections"`

	CompanyID         string `bun:"company_id,pk"`
	ID                string `bun:"id,pk"`
	Gateway           string
	Label             string
	Mode              gateway.Mode
	AccountID         string
	Account           string
	Public            string
	Sealed            []byte
	Journal           string
	GatewayAccount    string
	CommissionAccount string
	BankJournal       string
	BankAccount       string
	DisputeFeeAccount string
	FeeVAT            inbox.FeeVAT `bun:"fee_vat"`
	FeeVATRate        string       `bun:"fee_vat_rate"`
	BalanceAccounts   string
	ConnectedAt       int64
	WebhookURL        string `bun:"webhook_url"`
	WebhookAt         int64
	SwitchedOn        bool
	Status            inbox.Status
	Problem           string
	Detail            string
	Version           int64
}

func toConnection(company string, v inbox.Connection) connectionRow {
	r := connectionRow{CompanyID: company, ID: v.ID, Gateway: v.Gateway, Label: v.Label, Mode: v.Mode, AccountID: v.AccountID,
		Account: v.Account, Sealed: blob(v.Sealed), Journal: v.Journal, GatewayAccount: v.GatewayAccount,
		CommissionAccount: v.CommissionAccount, BankJournal: v.BankJournal, BankAccount: v.BankAccount,
		DisputeFeeAccount: v.DisputeFeeAccount, FeeVAT: v.FeeVAT, FeeVATRate: plain(v.FeeVATRate),
		ConnectedAt: micros(v.ConnectedAt), WebhookURL: v.WebhookURL, WebhookAt: micros(v.WebhookAt), SwitchedOn: v.On,
		Status: v.Status, Problem: v.Problem, Detail: v.Detail, Version: v.Version}
	if len(v.Public) > 0 {
		r.Public = mustJSON(v.Public)
	}
	if len(v.BalanceAccounts) > 0 {
		r.BalanceAccounts = mustJSON(v.BalanceAccounts)
	}
	return r
}

func fromConnection(r connectionRow) (inbox.Connection, error) {
	var d decoder
	v := inbox.Connection{ID: r.ID, Gateway: r.Gateway, Label: r.Label, Mode: r.Mode, AccountID: r.AccountID, Account: r.Account,
		Sealed: bytesOrNil(r.Sealed), Journal: r.Journal, GatewayAccount: r.GatewayAccount, CommissionAccount: r.CommissionAccount,
		BankJournal: r.BankJournal, BankAccount: r.BankAccount, DisputeFeeAccount: r.DisputeFeeAccount, FeeVAT: r.FeeVAT,
		FeeVATRate: d.decimal(r.FeeVATRate), ConnectedAt: instant(r.ConnectedAt), WebhookURL: r.WebhookURL, WebhookAt: instant(r.WebhookAt), On: r.SwitchedOn, Status: r.Status, Problem: r.Problem, Detail: r.Detail, Version: r.Version}
	d.json(r.Public, &v.Public)
	d.json(r.BalanceAccounts, &v.BalanceAccounts)
	return v, d.done("connection", r.ID)
}

type sequenceRow struct {
	bun.BaseModel `bun:"table:sequences"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Last      int64
	Date      int
}

func toSequence(company string, v billing.Sequence) sequenceRow {
	return sequenceRow{CompanyID: company, ID: v.ID, Last: v.Last, Date: v.Date.Number()}
}

func fromSequence(r sequenceRow) (billing.Sequence, error) {
	return billing.Sequence{ID: r.ID, Last: r.Last, Date: civil.FromNumber(r.Date)}, nil
}

type keyRow struct {
	bun.BaseModel `bun:"table:idempotency_keys"`

	CompanyID   string `bun:"company_id,pk"`
	ID          string `bun:"id,pk"`
	Fingerprint string
	Resource    string
	At          int64
}

func toKey(company string, v books.IdempotencyKey) keyRow {
	return keyRow{CompanyID: company, ID: v.ID, Fingerprint: v.Fingerprint, Resource: v.Resource, At: v.At}
}

func fromKey(r keyRow) (books.IdempotencyKey, error) {
	return books.IdempotencyKey{ID: r.ID, Fingerprint: r.Fingerprint, Resource: r.Resource, At: r.At}, nil
}

type eventRow struct {
	bun.BaseModel `bun:"table:events"`

	CompanyID string `bun:"company_id,pk"`
	Ref       string `bun:"ref,pk"`
	ID        string `bun:"id,pk"`
	At        int64
	Actor     string
	Action    string
	Detail    string
}

func toEvent(company string, v inbox.Event) eventRow {
	return eventRow{CompanyID: company, Ref: v.Ref, ID: v.ID, At: micros(v.At), Actor: v.Actor, Action: v.Action, Detail: v.Detail}
}

func fromEvent(r eventRow) inbox.Event {
	return inbox.Event{ID: r.ID, At: instant(r.At), Actor: r.Actor, Action: r.Action, Ref: r.Ref, Detail: r.Detail}
}
