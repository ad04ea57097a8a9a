package bunstore

import (
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/uptrace/bun"
)

type linkRow struct {
	bun.BaseModel `bun:"table:pay_links"`

	CompanyID    string `bun:"company_id,pk"`
	DocumentID   string `bun:"document_id,pk"`
	DocumentKind inbox.DocumentKind
	QuoteID      string
	CustomerID   string
	Hash         string
	Sealed       []byte
	Revoked      bool
	AttemptID    string
	CreatedAt    int64
	Version      int64
}

func toLink(company string, v inbox.PayLink) linkRow {
	return linkRow{CompanyID: company, DocumentID: v.ID, DocumentKind: v.Document, QuoteID: v.QuoteID, CustomerID: v.CustomerID,
		Hash: v.Hash, Sealed: blob(v.Sealed), Revoked: v.Revoked, AttemptID: v.AttemptID, CreatedAt: micros(v.CreatedAt), Version: v.Version}
}

func fromLink(r linkRow) (inbox.PayLink, error) {
	return inbox.PayLink{ID: r.DocumentID, Document: r.DocumentKind, QuoteID: r.QuoteID, CustomerID: r.CustomerID, Hash: r.Hash,
		Sealed: bytesOrNil(r.Sealed), Revoked: r.Revoked, AttemptID: r.AttemptID, CreatedAt: instant(r.CreatedAt), Version: r.Version}, nil
}

type attemptRow struct {
	bun.BaseModel `bun:"table:attempts"`

	CompanyID    string `bun:"company_id,pk"`
	ID           string `bun:"id,pk"`
	ConnectionID string
	DocumentKind inbox.DocumentKind
	DocumentID   string
	CustomerID   string
	Amount       int64
	Currency     string
	State        inbox.AttemptState
	Reason       string
	SessionID    string
	URL          string `bun:"url"`
	Declines     int
	ExpiresAt    int64
	CreatedAt    int64
	UpdatedAt    int64
	Version      int64
}

func toAttempt(company string, v inbox.Attempt) attemptRow {
	return attemptRow{CompanyID: company, ID: v.ID, ConnectionID: v.ConnectionID, DocumentKind: v.Document, DocumentID: v.DocumentID,
		CustomerID: v.CustomerID, Amount: v.Amount.Minor(), Currency: string(v.Amount.Currency()), State: v.State, Reason: v.Reason,
		SessionID: v.SessionID, URL: v.URL, Declines: v.Declines, ExpiresAt: micros(v.ExpiresAt), CreatedAt: micros(v.CreatedAt),
		UpdatedAt: micros(v.UpdatedAt), Version: v.Version}
}

func fromAttempt(r attemptRow) (inbox.Attempt, error) {
	var d decoder
	v := inbox.Attempt{ID: r.ID, ConnectionID: r.ConnectionID, Document: r.DocumentKind, DocumentID: r.DocumentID,
		CustomerID: r.CustomerID, Amount: d.money(r.Amount, r.Currency), State: r.State, Reason: r.Reason, SessionID: r.SessionID,
		URL: r.URL, Declines: r.Declines, ExpiresAt: instant(r.ExpiresAt), CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt), Version: r.Version}
	return v, d.done("attempt", r.ID)
}

type arrivalRow struct {
	bun.BaseModel `bun:"table:arrivals"`

	CompanyID      string `bun:"company_id,pk"`
	ID             string `bun:"id,pk"`
	ConnectionID   string
	Kind           gateway.Kind
	ExternalID     string
	Mode           gateway.Mode
	GatewayState   gateway.State
	Reason         string
	Gross          int64
	Currency       string
	FeeState       gateway.FeeState
	Fee            int64
	FeeCurrency    string
	FeeVAT         int64  `bun:"fee_vat"`
	FeeVATCurrency string `bun:"fee_vat_currency"`
	SessionID      string
	Reference      string
	RelatedID      string
	PayoutID       string
	Method         string
	PayerName      string
	PayerEmail     string
	PayerKey       string
	Description    string
	OccurredAt     int64
	UpdatedAt      int64
	State          inbox.State
	Flags          string
	AttemptID      string
	RefundID       string
	DocumentKind   inbox.DocumentKind
	DocumentID     string
	CustomerID     string
	ByHand         bool
	Sightings      string
	EntrySeq       int64
	FeeEntrySeq    int64
	FeePosted      int64
	ReceiptID      string
	Applied        int64
	IntegratedAt   int64
	IntegratedBy   string
	DismissedBy    string
	Dismissal      string
	EvidenceHash   string
	EntryEvidence  string
	FeeEvidence    string
	FirstSeen      int64
	Version        int64
	ToDo           bool
	Postable       bool
	Unmatched      bool

	Charged         int64
	ChargedCurrency string
	ChargedRate     string
	Worth           int64
	WorthCurrency   string
	BookRate        string
	RateSource      string
	RateByHand      bool
	Conversion      bool
	Settled         int64
	SettledCurrency string
	FeeBooked       int64
	Unvalued        bool
	Posted          int64
	Unproven        bool
}

// sightingDoc is one time a way in reported an arrival, as JSON.
type sightingDoc struct {
	Source   inbox.Source `json:"source"`
	At       int64        `json:"at"`
	Delivery string       `json:"delivery,omitempty"`
}

func toArrival(company string, v inbox.Arrival) arrivalRow {
	sightings := make([]sightingDoc, len(v.Sightings))
	for i, s := range v.Sightings {
		sightings[i] = sightingDoc{s.Source, micros(s.At), s.Delivery}
	}
	booked, err := v.InBooks(v.FeePosted)
	if err != nil {
		booked = 0 // it was posted, so it was within bounds
	}
	return arrivalRow{CompanyID: company, ID: v.ID, ConnectionID: v.ConnectionID, Kind: v.Kind, ExternalID: v.ExternalID, Mode: v.Mode,
		GatewayState: v.GatewayState, Reason: v.Reason, Gross: v.Gross.Minor(), Currency: string(v.Gross.Currency()),
		FeeState: v.FeeState, Fee: v.Fee.Minor(), FeeCurrency: string(v.Fee.Currency()), FeeVAT: v.FeeVAT.Minor(),
		FeeVATCurrency: string(v.FeeVAT.Currency()), SessionID: v.SessionID, Reference: v.Reference, RelatedID: v.RelatedID,
		PayoutID: v.PayoutID, Method: v.Method, PayerName: v.PayerName, PayerEmail: v.PayerEmail,
		PayerKey: searchKey(v.PayerName + " " + v.PayerEmail), Description: v.Description, OccurredAt: micros(v.OccurredAt),
		UpdatedAt: micros(v.UpdatedAt), State: v.State, Flags: jsonText(v.Flags), AttemptID: v.AttemptID, RefundID: v.RefundID, DocumentKind: v.Document,
		DocumentID: v.DocumentID, CustomerID: v.CustomerID, ByHand: v.ByHand, Sightings: jsonText(sightings), EntrySeq: v.EntrySeq,
		FeeEntrySeq: v.FeeEntrySeq, FeePosted: v.FeePosted, ReceiptID: v.ReceiptID, Applied: v.Applied,
		IntegratedAt: micros(v.IntegratedAt), IntegratedBy: v.IntegratedBy, DismissedBy: v.DismissedBy, Dismissal: v.Dismissal,
		EvidenceHash: v.EvidenceHash, EntryEvidence: v.EntryEvidence, FeeEvidence: v.FeeEvidence,
		FirstSeen: micros(v.FirstSeen), Version: v.Version, Posted: v.Posted, Unproven: v.Unproven(), ToDo: v.ToDo(),
		Postable:  v.State == inbox.Ready || v.State == inbox.Integrated && v.FeeDue() != 0,
		Unmatched: v.Awaiting(),
		Charged:   v.Charged.Minor(), ChargedCurrency: string(v.Charged.Currency()), ChargedRate: v.Rate,
		Worth: v.Worth.Minor(), WorthCurrency: string(v.Worth.Currency()), BookRate: plain(v.BookRate), RateSource: v.RateSource,
		RateByHand: v.RateByHand, Conversion: v.Conversion, Settled: v.Settled.Minor(), SettledCurrency: string(v.Settled.Currency()),
		FeeBooked: booked,
		Unvalued:  v.State == inbox.Review && (v.Has(inbox.RateMissing) || v.Has(inbox.BalanceUnknown))}
}

func fromArrival(r arrivalRow) (inbox.Arrival, error) {
	var d decoder
	v := inbox.Arrival{ID: r.ID, ConnectionID: r.ConnectionID, Kind: r.Kind, ExternalID: r.ExternalID, Mode: r.Mode,
		GatewayState: r.GatewayState, Reason: r.Reason, Gross: d.money(r.Gross, r.Currency), FeeState: r.FeeState,
		Fee: d.money(r.Fee, r.FeeCurrency), FeeVAT: d.money(r.FeeVAT, r.FeeVATCurrency), SessionID: r.SessionID, Reference: r.Reference,
		RelatedID: r.RelatedID, PayoutID: r.PayoutID, Method: r.Method, PayerName: r.PayerName, PayerEmail: r.PayerEmail,
		Description: r.Description, OccurredAt: instant(r.OccurredAt), UpdatedAt: instant(r.UpdatedAt), State: r.State,
		AttemptID: r.AttemptID, RefundID: r.RefundID, Document: r.DocumentKind, DocumentID: r.DocumentID, CustomerID: r.CustomerID, ByHand: r.ByHand,
		EntrySeq: r.EntrySeq, FeeEntrySeq: r.FeeEntrySeq, FeePosted: r.FeePosted, ReceiptID: r.ReceiptID, Applied: r.Applied,
		IntegratedAt: instant(r.IntegratedAt), IntegratedBy: r.IntegratedBy, DismissedBy: r.DismissedBy, Dismissal: r.Dismissal,
		EvidenceHash: r.EvidenceHash, EntryEvidence: r.EntryEvidence, FeeEvidence: r.FeeEvidence,
		FirstSeen: instant(r.FirstSeen), Version: r.Version, Charged: d.money(r.Charged, r.ChargedCurrency), Rate: r.ChargedRate,
		Worth: d.money(r.Worth, r.WorthCurrency), BookRate: d.decimal(r.BookRate), RateSource: r.RateSource, RateByHand: r.RateByHand,
		Conversion: r.Conversion, Settled: d.money(r.Settled, r.SettledCurrency), Posted: r.Posted}
	d.json(r.Flags, &v.Flags)
	var sightings []sightingDoc
	d.json(r.Sightings, &sightings)
	for _, s := range sightings {
		v.Sightings = append(v.Sightings, inbox.Sighting{Source: s.Source, At: instant(s.At), Delivery: s.Delivery})
	}
	return v, d.done("arrival", r.ID)
}

type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries"`

	CompanyID    string `bun:"company_id,pk"`
	ID           string `bun:"id,pk"`
	ConnectionID string
	EventID      string
	Type         string
	SessionIDs   string `bun:"session_ids"`
	PaymentIDs   string `bun:"payment_ids"`
	State        inbox.DeliveryState
	Tries        int
	Seen         int
	NextTry      int64
	ReceivedAt   int64
	Version      int64
}

func toDelivery(company string, v inbox.Delivery) deliveryRow {
	return deliveryRow{CompanyID: company, ID: v.ID, ConnectionID: v.ConnectionID, EventID: v.EventID, Type: v.Type,
		SessionIDs: jsonText(v.SessionIDs), PaymentIDs: jsonText(v.PaymentIDs), State: v.State, Tries: v.Tries, Seen: v.Seen,
		NextTry: micros(v.NextTry), ReceivedAt: micros(v.ReceivedAt), Version: v.Version}
}

func fromDelivery(r deliveryRow) (inbox.Delivery, error) {
	var d decoder
	v := inbox.Delivery{ID: r.ID, ConnectionID: r.ConnectionID, EventID: r.EventID, Type: r.Type, State: r.State, Tries: r.Tries,
		Seen: r.Seen, NextTry: instant(r.NextTry), ReceivedAt: instant(r.ReceivedAt), Version: r.Version}
	d.json(r.SessionIDs, &v.SessionIDs)
	d.json(r.PaymentIDs, &v.PaymentIDs)
	return v, d.done("delivery", r.ID)
}

type feedRow struct {
	bun.BaseModel `bun:"table:feeds"`

	CompanyID    string `bun:"company_id,pk"`
	ConnectionID string `bun:"connection_id,pk"`
	Cursor       string
	LastExchange int64
	LastError    string
	NextPoll     int64
	LastWebhook  int64
	Failures     int
	BusyUntil    int64
	Asked        bool
	Found        int
	PastSince    int64
	PastAsked    int64
	PastCursor   string
	PastFound    int
	PastReached  int64
	PastEnded    int64
	PastProblem  string
	Quarantined  string
}

func toFeed(company string, v inbox.Feed) feedRow {
	return feedRow{CompanyID: company, ConnectionID: v.ID, Cursor: v.Cursor, LastExchange: micros(v.LastExchange), LastError: v.LastError,
		NextPoll: micros(v.NextPoll), LastWebhook: micros(v.LastWebhook), Failures: v.Failures, BusyUntil: micros(v.BusyUntil), Asked: v.Asked, Found: v.Found,
		PastSince: micros(v.History.Since), PastAsked: micros(v.History.AskedAt), PastCursor: v.History.Cursor, PastFound: v.History.Found,
		PastReached: micros(v.History.Reached), PastEnded: micros(v.History.EndedAt), PastProblem: v.History.Problem,
		Quarantined: jsonText(v.Quarantined)}
}

func fromFeed(r feedRow) (inbox.Feed, error) {
	var d decoder
	v := inbox.Feed{ID: r.ConnectionID, Cursor: r.Cursor, LastExchange: instant(r.LastExchange), LastError: r.LastError,
		NextPoll: instant(r.NextPoll), LastWebhook: instant(r.LastWebhook), Failures: r.Failures, BusyUntil: instant(r.BusyUntil), Asked: r.Asked, Found: r.Found,
		History: inbox.History{Since: instant(r.PastSince), AskedAt: instant(r.PastAsked), Cursor: r.PastCursor, Found: r.PastFound,
			Reached: instant(r.PastReached), EndedAt: instant(r.PastEnded), Problem: r.PastProblem}}
	d.json(r.Quarantined, &v.Quarantined)
	return v, d.done("feed", r.ConnectionID)
}

type receiptRow struct {
	bun.BaseModel `bun:"table:receipts"`

	CompanyID    string `bun:"company_id,pk"`
	ID           string `bun:"id,pk"`
	CustomerID   string
	Date         int
	Amount       int64
	Currency     string
	MethodID     string
	ArrivalID    string
	ConnectionID string
	Reference    string
	ReferenceKey string
	Excess       int64
	EntrySeq     int64
	ReversedSeq  int64
	Refunded     int64
	Refunding    int64
	RefundID     string
	CreatedAt    int64
	CreatedBy    string
	Version      int64
	Online       bool
}

func toReceipt(company string, v inbox.Receipt) receiptRow {
	return receiptRow{CompanyID: company, ID: v.ID, CustomerID: v.CustomerID, Date: v.Date.Number(), Amount: v.Amount.Minor(),
		Currency: string(v.Amount.Currency()), MethodID: v.MethodID, ArrivalID: v.ArrivalID, ConnectionID: v.Connection,
		Reference: v.Reference, ReferenceKey: searchKey(v.Reference), Excess: v.Excess, EntrySeq: v.EntrySeq, ReversedSeq: v.ReversedSeq,
		Refunded: v.Refunded, Refunding: v.Refunding, RefundID: v.RefundID, CreatedAt: micros(v.CreatedAt), CreatedBy: v.CreatedBy, Version: v.Version, Online: v.ArrivalID != ""}
}

// fromReceipt leaves the allocations to be filled in.
func fromReceipt(r receiptRow) (inbox.Receipt, error) {
	var d decoder
	v := inbox.Receipt{ID: r.ID, CustomerID: r.CustomerID, Date: day(r.Date), Amount: d.money(r.Amount, r.Currency), MethodID: r.MethodID,
		ArrivalID: r.ArrivalID, Connection: r.ConnectionID, Reference: r.Reference, Excess: r.Excess, EntrySeq: r.EntrySeq,
		ReversedSeq: r.ReversedSeq, Refunded: r.Refunded, Refunding: r.Refunding, RefundID: r.RefundID, CreatedAt: instant(r.CreatedAt), CreatedBy: r.CreatedBy, Version: r.Version}
	return v, d.done("receipt", r.ID)
}

type allocationRow struct {
	bun.BaseModel `bun:"table:receipt_allocations"`

	CompanyID    string `bun:"company_id,pk"`
	ReceiptID    string `bun:"receipt_id,pk"`
	N            int    `bun:"n,pk"`
	DocumentKind inbox.DocumentKind
	DocumentID   string
	Number       string
	Amount       int64
}

func toAllocations(company string, v inbox.Receipt) []allocationRow {
	rows := make([]allocationRow, len(v.Allocations))
	for n, a := range v.Allocations {
		rows[n] = allocationRow{CompanyID: company, ReceiptID: v.ID, N: n, DocumentKind: a.Document, DocumentID: a.DocumentID, Number: a.Number, Amount: a.Amount}
	}
	return rows
}

func fromAllocation(r allocationRow) inbox.Allocation {
	return inbox.Allocation{Document: r.DocumentKind, DocumentID: r.DocumentID, Number: r.Number, Amount: r.Amount}
}

type mailRow struct {
	bun.BaseModel `bun:"table:mails"`

	CompanyID string `bun:"company_id,pk"`
	ID        string `bun:"id,pk"`
	Template  string
	Ref       string
	Recipient string
	ToName    string
	Language  string
	Subject   string
	State     inbox.MailState
	Tries     int
	NextTry   int64
	Problem   string
	Detail    string
	CreatedAt int64
	CreatedBy string
	SentAt    int64
	Version   int64
}

func toMail(company string, v inbox.Mail) mailRow {
	return mailRow{CompanyID: company, ID: v.ID, Template: v.Template, Ref: v.Ref, Recipient: v.To, ToName: v.ToName, Language: v.Language,
		Subject: v.Subject, State: v.State, Tries: v.Tries, NextTry: micros(v.NextTry), Problem: v.Problem, Detail: v.Detail,
		CreatedAt: micros(v.CreatedAt), CreatedBy: v.CreatedBy, SentAt: micros(v.SentAt), Version: v.Version}
}

func fromMail(r mailRow) (inbox.Mail, error) {
	return inbox.Mail{ID: r.ID, Template: r.Template, Ref: r.Ref, To: r.Recipient, ToName: r.ToName, Language: r.Language, Subject: r.Subject,
		State: r.State, Tries: r.Tries, NextTry: instant(r.NextTry), Problem: r.Problem, Detail: r.Detail, CreatedAt: instant(r.CreatedAt),
		CreatedBy: r.CreatedBy, SentAt: instant(r.SentAt), Version: r.Version}, nil
}
