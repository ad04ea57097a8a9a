package fault

// Code names one refusal. The list is closed and append-only: a code, once published, keeps its meaning.
type Code string

const (
	// Input in general.
	Required       Code = "required"
	TooLong        Code = "too_long"
	BadCharacters  Code = "bad_characters"
	BadAmount      Code = "bad_amount"
	BadQuantity    Code = "bad_quantity"
	BadRate        Code = "bad_rate"
	BadDate        Code = "bad_date"
	BadEmail       Code = "bad_email"
	BadSIREN       Code = "bad_siren"
	BadSIRET       Code = "bad_siret"
	BadVATNumber   Code = "bad_vat_number"
	BadCountry     Code = "bad_country"
	BadCurrency    Code = "bad_currency"
	BadChoice      Code = "bad_choice"
	BadCode        Code = "bad_code"
	BadPassword    Code = "bad_password"
	BadBody        Code = "bad_body"
	BodyTooLarge   Code = "body_too_large"
	AmountTooLarge Code = "amount_too_large"
	CurrencyMixed  Code = "currency_mixed"
	BadImage       Code = "bad_image"
	BadCursor      Code = "bad_cursor"
	BadURL         Code = "bad_url"

	// Things in general.
	UnknownThing   Code = "unknown_thing"
	Stale          Code = "stale"
	AlreadyExists  Code = "already_exists"
	InUse          Code = "in_use"
	NotAllowed     Code = "not_allowed"
	LoginNeeded    Code = "login_needed"
	BadLogin       Code = "bad_login"
	TooManyTries   Code = "too_many_tries"
	KeyReused      Code = "key_reused"
	Busy           Code = "busy"
	FormExpired    Code = "form_expired"
	LastOwner      Code = "last_owner"
	MethodNotKnown Code = "method_not_known"

	// Ledger.
	EntryTooShort    Code = "entry_too_short"
	EntryUnbalanced  Code = "entry_unbalanced"
	LineTwoSided     Code = "line_two_sided"
	LineEmpty        Code = "line_empty"
	UnknownAccount   Code = "unknown_account"
	InactiveAccount  Code = "inactive_account"
	AuxRequired      Code = "aux_required"
	UnknownJournal   Code = "unknown_journal"
	InactiveJournal  Code = "inactive_journal"
	NoFiscalYear     Code = "no_fiscal_year"
	PeriodClosed     Code = "period_closed"
	YearNotEnded     Code = "year_not_ended"
	YearOverlap      Code = "year_overlap"
	AlreadyReversed  Code = "already_reversed"
	NotReversible    Code = "not_reversible"
	MatchUnbalanced  Code = "match_unbalanced"
	DuplicatePosting Code = "duplicate_posting"
	ChainBroken      Code = "chain_broken"

	// Documents.
	NotDraft             Code = "not_draft"
	NotIssued            Code = "not_issued"
	NoLines              Code = "no_lines"
	NegativeTotal        Code = "negative_total"
	DueBeforeIssue       Code = "due_before_issue"
	DateBackwards        Code = "date_backwards"
	SecondOnlineDeposit  Code = "second_online_deposit"
	DepositsExceedQuote  Code = "deposits_exceed_quote"
	DepositNotDraft      Code = "deposit_not_draft"
	DepositPaid          Code = "deposit_paid"
	QuoteClosed          Code = "quote_closed"
	QuoteInvoiced        Code = "quote_invoiced"
	QuoteDepositsPending Code = "quote_deposits_pending"
	CreditTooLarge       Code = "credit_too_large"
	EmailMissing         Code = "email_missing"
	NoGatewayOn          Code = "no_gateway_on"
	CompanyIncomplete    Code = "company_incomplete"
	VATCodeNotAllowed    Code = "vat_code_not_allowed"
	CustomerVATNeeded    Code = "customer_vat_needed"
	NothingToSend        Code = "nothing_to_send"

	// Paying.
	LinkUnknown       Code = "link_unknown"
	LinkRevoked       Code = "link_revoked"
	NothingDue        Code = "nothing_due"
	PaymentInProgress Code = "payment_in_progress"
	GatewayOff        Code = "gateway_off"
	GatewayDown       Code = "gateway_down"
	GatewayRefused    Code = "gateway_refused"
	GatewayIncomplete Code = "gateway_incomplete"
	GatewayBroken     Code = "gateway_broken"
	GatewayNotFound   Code = "gateway_not_found"
	GatewayUntrusted  Code = "gateway_untrusted"

	// Why a gateway's program does not start; detail names the file, the machine or the version.
	GatewayNotExecutable Code = "gateway_not_executable"
	GatewayWrongMachine  Code = "gateway_wrong_machine"
	GatewayTooNew        Code = "gateway_too_new"
	GatewayQuarantined   Code = "gateway_quarantined"

	// The life of a connection: its credentials are not taken any more; our address cannot be reached from outside.
	GatewayCredentials Code = "gateway_credentials"
	WebhookUnreachable Code = "webhook_unreachable"

	WrongMode      Code = "wrong_mode"
	OtherAccount   Code = "other_account"
	WebhookRefused Code = "webhook_refused"

	// Inbox.
	ArrivalNotReady   Code = "arrival_not_ready"
	ArrivalIntegrated Code = "arrival_integrated"
	ArrivalDismissed  Code = "arrival_dismissed"
	ArrivalNeedsHuman Code = "arrival_needs_human"
	ReasonNeeded      Code = "reason_needed"
	WrongCustomer     Code = "wrong_customer"
	TooMuchImputed    Code = "too_much_imputed"
	RateNotNeeded     Code = "rate_not_needed"
	NothingToRevalue  Code = "nothing_to_revalue"

	// Evidence.
	EvidenceErased Code = "evidence_erased"
	EvidenceBroken Code = "evidence_broken"

	// Refunds.
	NotRefundable    Code = "not_refundable"     // not an online receipt, or taken back
	RefundTooLarge   Code = "refund_too_large"   // more than may still be given back
	RefundInProgress Code = "refund_in_progress" // the outcome of another refund of the receipt is not known
	RefundNotOpen    Code = "refund_not_open"    // its outcome is known
	RefundsOpen      Code = "refunds_open"       // what was asked of a gateway has not ended yet
	RefundElsewhere  Code = "refund_elsewhere"   // the gateway cannot be asked for it
	CreditNoteNeeded Code = "credit_note_needed" // VAT was invoiced (art. 272-1 CGI)
	PaymentDisputed  Code = "payment_disputed"
	NoPageOpen       Code = "no_page_open"

	// Mail.
	MailNotSet     Code = "mail_not_set"
	MailRefused    Code = "mail_refused"
	MailUnreach    Code = "mail_unreachable"
	MailNotPending Code = "mail_not_pending"
)

// params holds, for each code, the parameter names its sentence may use; being listed here is what makes a code known.
var params = map[Code][]string{
	Required: nil, TooLong: {"max"}, BadCharacters: {"found"}, BadAmount: {"found"}, BadQuantity: {"found"}, BadRate: {"found"},
	BadDate: {"found"}, BadEmail: {"found"}, BadSIREN: {"found"}, BadSIRET: {"found"}, BadVATNumber: {"found"}, BadCountry: {"found"},
	BadCurrency: {"found"}, BadChoice: {"found", "allowed"}, BadCode: {"found"}, BadPassword: {"min"}, BadBody: {"detail"},
	BodyTooLarge: {"max"}, AmountTooLarge: {"max"}, CurrencyMixed: {"found", "expected"}, BadImage: {"max"}, BadCursor: nil, BadURL: {"found"},

	UnknownThing: {"what", "id"}, Stale: {"who", "when"}, AlreadyExists: {"what", "id"}, InUse: {"what", "id"}, NotAllowed: {"action"},
	LoginNeeded: nil, BadLogin: nil, TooManyTries: {"minutes"}, KeyReused: nil, Busy: nil, FormExpired: nil, LastOwner: nil, MethodNotKnown: nil,

	EntryTooShort: nil, EntryUnbalanced: {"debit", "credit"}, LineTwoSided: nil, LineEmpty: nil, UnknownAccount: {"account"},
	InactiveAccount: {"account"}, AuxRequired: {"account"}, UnknownJournal: {"journal"}, InactiveJournal: {"journal"}, NoFiscalYear: {"date"},
	PeriodClosed: {"date", "open"}, YearNotEnded: {"end"}, YearOverlap: {"year"}, AlreadyReversed: {"number"}, NotReversible: {"number"}, MatchUnbalanced: nil,
	DuplicatePosting: {"number"}, ChainBroken: {"number"},

	NotDraft: {"number"}, NotIssued: {"number"}, NoLines: nil, NegativeTotal: nil, DueBeforeIssue: nil, DateBackwards: {"last"},
	SecondOnlineDeposit: {"deposit"}, DepositsExceedQuote: {"total"}, DepositNotDraft: {"deposit"}, DepositPaid: {"deposit"}, QuoteClosed: {"number"},
	QuoteInvoiced: {"number"}, QuoteDepositsPending: {"deposit"}, CreditTooLarge: {"max"}, EmailMissing: {"customer"}, NoGatewayOn: nil,
	CompanyIncomplete: {"fields"}, VATCodeNotAllowed: {"code"}, CustomerVATNeeded: {"customer"}, NothingToSend: nil,

	GatewayCredentials: {"gateway", "detail"}, WebhookUnreachable: {"url"},

	LinkUnknown: nil, LinkRevoked: nil, NothingDue: nil, PaymentInProgress: nil, GatewayOff: {"gateway"}, GatewayDown: {"gateway"},
	GatewayRefused: {"gateway", "detail"}, GatewayIncomplete: {"gateway", "missing"}, GatewayBroken: {"gateway", "detail"}, GatewayNotFound: {"gateway"},
	GatewayUntrusted: {"gateway", "detail"}, GatewayNotExecutable: {"gateway", "detail"}, GatewayWrongMachine: {"gateway", "detail"},
	GatewayTooNew: {"gateway", "detail"}, GatewayQuarantined: {"gateway", "detail"}, WrongMode: {"gateway"}, OtherAccount: {"gateway"}, WebhookRefused: nil,

	ArrivalNotReady: nil, ArrivalIntegrated: {"id"}, ArrivalDismissed: {"id"}, ArrivalNeedsHuman: {"reason"}, ReasonNeeded: nil, WrongCustomer: nil,
	TooMuchImputed: {"max"}, RateNotNeeded: {"currency"}, NothingToRevalue: {"account"}, EvidenceErased: {"when", "months"}, EvidenceBroken: {"hash"},

	NotRefundable: nil, RefundTooLarge: {"max"}, RefundInProgress: nil, RefundNotOpen: nil, RefundsOpen: {"gateway", "amount"}, RefundElsewhere: {"gateway"}, CreditNoteNeeded: nil, PaymentDisputed: nil, NoPageOpen: nil,

	MailNotSet: nil, MailRefused: {"detail"}, MailUnreach: {"detail"}, MailNotPending: nil,
}
