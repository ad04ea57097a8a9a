package api

import (
	"time"

	"github.com/acquit-app/acquit/adapters/fiberweb/i18n"
	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/fault"
	"github.com/acquit-app/acquit/core/ids"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/ledger"
)

func (s *service) inbox() {
	const tag = "Integration of online payments"
	add(s, endpoint{method: get, path: "/arrivals", id: "listArrivals", tag: tag, needs: access.Read, summary: "What gateways reported"}, s.listArrivals)
	add(s, endpoint{method: get, path: "/arrivals/{arrival}", id: "getArrival", tag: tag, needs: access.Read, summary: "One movement, with its provenance"}, s.getArrival)
	add(s, endpoint{method: post, path: "/arrivals/propose", id: "proposeEntries", tag: tag, needs: access.Read, unkeyed: true,
		summary: "The entries that integrating would post", text: "Made by the code that posts them; nothing is written, numbers are provisional."}, s.propose)
	add(s, endpoint{method: post, path: "/arrivals/integrate", id: "integrate", tag: tag, needs: access.Keep,
		summary: "OK on movements: post and match them, issue deposit invoices",
		text:    "One transaction. A movement that cannot be posted says why and stays; the others go on. Doing it again posts nothing. `all` repeated with its key is answered with an empty list."}, s.integrate)
	add(s, endpoint{method: post, path: "/arrivals/{arrival}/match", id: "matchArrival", tag: tag, needs: access.Keep, summary: "Say which document a payment pays"}, s.matchArrival)
	add(s, endpoint{method: post, path: "/arrivals/{arrival}/keep", id: "keepArrival", tag: tag, needs: access.Keep,
		summary: "Say that a payment stays on the customer's credit"}, s.keepArrival)
	add(s, endpoint{method: post, path: "/arrivals/{arrival}/accept", id: "acceptArrival", tag: tag, needs: access.Keep,
		summary: "Say that a movement the gateway could not name may go to the suspense account"}, s.acceptArrival)
	add(s, endpoint{method: post, path: "/arrivals/{arrival}/dismiss", id: "dismissArrival", tag: tag, needs: access.Keep, summary: "Set a movement aside with a reason"}, s.dismissArrival)
	add(s, endpoint{method: post, path: "/arrivals/dismiss", id: "dismissArrivals", tag: tag, needs: access.Keep, unkeyed: true,
		summary: "Set many movements aside with one reason", text: "Those listed, or all that a filter finds, at most 20,000 in one transaction. Doing it again changes nothing."}, s.dismissArrivals)
	add(s, endpoint{method: post, path: "/arrivals/take-up", id: "takeUpArrivals", tag: tag, needs: access.Keep, unkeyed: true,
		summary: "Bring movements that are older than their connection to the desk", text: "Those listed, or all that a filter finds. What can be posted becomes ready, the rest asks for a decision."}, s.takeUpArrivals)
	add(s, endpoint{method: post, path: "/arrivals/{arrival}/restore", id: "restoreArrival", tag: tag, needs: access.Keep, summary: "Bring a dismissed movement back"}, s.restoreArrival)
}

// arrival is one movement of money that a gateway reported.
type arrival struct {
	ID           arrivalID    `json:"id"`
	ConnectionID connectionID `json:"connection_id"`
	Kind         string       `json:"kind" enum:"payment,payment_reversal,refund,refund_reversal,dispute,dispute_reversal,fee,fee_refund,payout,payout_reversal,adjustment,other"`
	ExternalID   string       `json:"external_id" doc:"The provider's."`
	Mode         string       `json:"mode" enum:"test,live"`

	GatewayState string    `json:"gateway_state" enum:"pending,succeeded,failed"`
	Reason       string    `json:"reason,omitzero" doc:"The provider's code."`
	ReasonText   string    `json:"reason_text,omitzero" doc:"What it means, in the caller's language; the code itself where the gateway does not explain it."`
	Gross        amount    `json:"gross" doc:"What moved, before the fee; positive but for adjustment and other."`
	Charged      *amount   `json:"charged,omitempty" doc:"What the payer paid, where the provider converted it."`
	Rate         string    `json:"rate,omitzero" doc:"The provider's: units of gross's currency for one of charged's."`
	FeeState     string    `json:"fee_state" enum:"unknown,known,none"`
	Fee          *amount   `json:"fee,omitempty" doc:"When known: what the gateway kept, VAT included."`
	FeeVAT       *amount   `json:"fee_vat,omitempty"`
	SessionID    string    `json:"session_id,omitzero"`
	Reference    string    `json:"reference,omitzero"`
	RelatedID    string    `json:"related_id,omitzero" doc:"The provider's id of what it belongs to."`
	PayoutID     string    `json:"payout_id,omitzero"`
	Method       string    `json:"method,omitzero" doc:"card, sepa_debit, wallet…"`
	PayerName    string    `json:"payer_name,omitzero"`
	PayerEmail   string    `json:"payer_email,omitzero"`
	Description  string    `json:"description,omitzero"`
	OccurredAt   time.Time `json:"occurred_at"`
	UpdatedAt    time.Time `json:"updated_at"`

	State          string     `json:"state" enum:"waiting,ready,review,past,integrated,dismissed,void" doc:"past: older than the connection, asked about by nobody until it is taken up."`
	Flags          []string   `json:"flags" doc:"Why it needs a human, or what is special: unmatched, amount_mismatch, currency_mismatch, overpaid, duplicate, document_closed, closed_period, fee_pending, related_missing, related_first, refund_open, wrong_mode, unknown_kind, rate_missing, balance_unknown."`
	AttemptID      string     `json:"attempt_id,omitzero"`
	RefundID       refundID   `json:"refund_id,omitzero" doc:"The refund of ours that it answers."`
	Document       string     `json:"document,omitzero" enum:"invoice,deposit"`
	DocumentID     documentID `json:"document_id,omitzero"`
	DocumentNumber string     `json:"document_number,omitzero" doc:"Of the invoice; of the quote for a deposit. In lists."`
	QuoteID        quoteID    `json:"quote_id,omitzero" doc:"Of a deposit. In lists."`
	CustomerID     customerID `json:"customer_id,omitzero"`
	CustomerName   string     `json:"customer_name,omitzero" doc:"In lists."`
	ByHand         bool       `json:"by_hand" doc:"Matched by a person."`
	Sightings      []sighting `json:"sightings" doc:"Its provenance: each time a way in reported it."`

	EvidenceHash  string `json:"evidence_hash,omitzero" doc:"SHA-256 of the payload that this was read from; see /evidence."`
	EntryEvidence string `json:"entry_evidence,omitzero" doc:"SHA-256 of the payload that the entry was posted on."`
	FeeEvidence   string `json:"fee_evidence,omitzero" doc:"SHA-256 of the payload that the latest entry of its commission was posted on."`

	Worth      *amount `json:"worth,omitempty" doc:"Gross in the books' currency, where its balance is in another."`
	BookRate   number  `json:"book_rate,omitzero" doc:"By which: units of gross's currency for one of the books'."`
	RateSource string  `json:"rate_source,omitzero"`
	RateByHand bool    `json:"rate_by_hand,omitzero" doc:"A person gave it; else it is from the table of rates or the provider."`
	Conversion bool    `json:"conversion,omitzero" doc:"One side of a conversion between two balances."`
	Settled    *amount `json:"settled,omitempty" doc:"What it is to the customer, in the books' currency."`

	EntrySeq     int64     `json:"entry_seq,omitzero"`
	FeeEntrySeq  int64     `json:"fee_entry_seq,omitzero"`
	Posted       *amount   `json:"posted,omitempty" doc:"Gross amount in the books; another than gross when the provider changed it afterwards."`
	FeePosted    *amount   `json:"fee_posted,omitempty" doc:"Commission in the books already."`
	FeeDue       *amount   `json:"fee_due,omitempty" doc:"Commission known and not posted yet."`
	Applied      *amount   `json:"applied,omitempty" doc:"Part that settled the document; the rest went to the customer's credit."`
	ReceiptID    receiptID `json:"receipt_id,omitzero"`
	IntegratedAt time.Time `json:"integrated_at,omitzero"`
	IntegratedBy string    `json:"integrated_by,omitzero"`
	DismissedBy  string    `json:"dismissed_by,omitzero"`
	Dismissal    string    `json:"dismissal,omitzero" doc:"Why it was set aside."`
	FirstSeen    time.Time `json:"first_seen"`
	Version      int64     `json:"version"`
}

// sighting is one time that a way in reported a movement.
type sighting struct {
	Source   string    `json:"source" enum:"webhook,return,poll,refresh,proof,refund"`
	At       time.Time `json:"at"`
	Delivery subjectID `json:"delivery,omitzero" doc:"Of a webhook: the delivery, whose own payload /evidence has."`
}

func arrivalOf(a inbox.Arrival) arrival {
	cur := a.Gross.Currency()
	applied := cur // that of the books
	if a.Settled.Currency() != "" {
		applied = a.Settled.Currency()
	}
	return arrival{ID: arrivalID(a.ID), ConnectionID: connectionID(a.ConnectionID), Kind: string(a.Kind), ExternalID: a.ExternalID, Mode: string(a.Mode),
		GatewayState: string(a.GatewayState), Reason: a.Reason, Gross: moneyAmount(a.Gross), FeeState: string(a.FeeState), Fee: someAmount(a.Fee),
		FeeVAT: someAmount(a.FeeVAT), SessionID: a.SessionID, Reference: a.Reference, RelatedID: a.RelatedID, PayoutID: a.PayoutID, Method: a.Method,
		PayerName: a.PayerName, PayerEmail: a.PayerEmail, Description: a.Description, OccurredAt: a.OccurredAt, UpdatedAt: a.UpdatedAt,
		State: string(a.State), Flags: each(a.Flags, func(f inbox.Flag) string { return string(f) }), AttemptID: a.AttemptID, RefundID: refundID(a.RefundID),
		Document: string(a.Document), DocumentID: documentID(a.DocumentID), CustomerID: customerID(a.CustomerID), ByHand: a.ByHand,
		Sightings:    each(a.Sightings, func(s inbox.Sighting) sighting { return sighting{string(s.Source), s.At, subjectID(s.Delivery)} }),
		EvidenceHash: a.EvidenceHash, EntryEvidence: a.EntryEvidence, FeeEvidence: a.FeeEvidence,
		EntrySeq: a.EntrySeq, FeeEntrySeq: a.FeeEntrySeq, Posted: nonZero(a.Posted, cur), FeePosted: nonZero(a.FeePosted, cur), FeeDue: feeDue(a), Applied: nonZero(a.Applied, applied),
		ReceiptID: receiptID(a.ReceiptID), IntegratedAt: a.IntegratedAt, IntegratedBy: a.IntegratedBy, DismissedBy: a.DismissedBy,
		Dismissal: a.Dismissal, FirstSeen: a.FirstSeen, Version: a.Version, Charged: someAmount(a.Charged), Rate: a.Rate, Worth: someAmount(a.Worth),
		BookRate: someNumber(a.BookRate), RateSource: a.RateSource, RateByHand: a.RateByHand, Conversion: a.Conversion, Settled: someAmount(a.Settled)}
}

// feeDue is in the fee's own currency.
func feeDue(a inbox.Arrival) *amount {
	if a.Fee.Currency() == "" {
		return nil
	}
	return nonZero(a.FeeDue(), a.Fee.Currency())
}

func (s *service) listArrivals(c *call, in *struct {
	ToDo       bool         `query:"to_do" doc:"Only what waits for somebody."`
	State      []string     `query:"state" enum:"waiting,ready,review,past,integrated,dismissed,void" doc:"Several: separated by commas."`
	Kind       []string     `query:"kind" enum:"payment,payment_reversal,refund,refund_reversal,dispute,dispute_reversal,fee,fee_refund,payout,payout_reversal,adjustment,other"`
	Connection connectionID `query:"connection"`
	Document   documentID   `query:"document"`
	Payout     string       `query:"payout" maxLength:"255" doc:"The provider's id of the payout that holds them; with connection."`
	Search     string       `query:"search" maxLength:"100" doc:"Payer, external id, document number, customer."`
	Sort       string       `query:"sort" enum:"date,-date" default:"-date"`
	Paging
}) (page[arrival], error) {
	v, err := s.views(c)
	if err != nil {
		return page[arrival]{}, err
	}
	q := app.ArrivalQuery{ToDo: in.ToDo, States: each(in.State, func(s string) inbox.State { return inbox.State(s) }), Kinds: in.Kind,
		Connection: string(in.Connection), Document: string(in.Document), Payout: in.Payout, Search: in.Search}
	_, q.Desc = order(in.Sort)
	if q.Paging, err = in.paging(); err != nil {
		return page[arrival]{}, err
	}
	p, err := v.Arrivals(c.ctx, c.who.Company, q)
	explain := s.explainer(c)
	return list(c, p, err, func(r app.ArrivalRow) arrival {
		a := arrivalOf(r.Arrival)
		a.ReasonText = explain(r.ConnectionID, r.Reason)
		a.CustomerName, a.DocumentNumber, a.QuoteID = r.CustomerName, r.DocumentNumber, quoteID(r.QuoteID)
		return a
	})
}

type arrivalPath struct {
	Arrival arrivalID `path:"arrival"`
}

func (s *service) getArrival(c *call, in *arrivalPath) (arrival, error) {
	v, err := s.views(c)
	if err != nil {
		return arrival{}, err
	}
	a, err := v.Arrival(c.ctx, c.who.Company, string(in.Arrival))
	return s.showArrival(c, in.Arrival, a, err)
}

// showArrival answers with a movement just changed, or changed by an earlier request.
func (s *service) showArrival(c *call, id arrivalID, a inbox.Arrival, err error) (arrival, error) {
	if _, again := c.replayed(err); again {
		v, err := s.views(c)
		if err != nil {
			return arrival{}, err
		}
		if a, err = v.Arrival(c.ctx, c.who.Company, string(id)); err != nil {
			return arrival{}, err
		}
	} else if err != nil {
		return arrival{}, err
	}
	c.versioned(a.Version)
	out := arrivalOf(a)
	out.ReasonText = s.explainer(c)(a.ConnectionID, a.Reason)
	return out, nil
}

// batch names movements.
type batch struct {
	IDs []arrivalID `json:"ids,omitempty" maxItems:"20000"`
	All bool        `json:"all,omitzero" doc:"Everything that is ready, oldest first, at most 20,000; instead of ids."`
}

func (b batch) core() ([]string, error) {
	var r reading
	out := make([]string, len(b.IDs))
	for i, id := range b.IDs {
		out[i] = idIn(&r, id, "ids", itoa(i))
	}
	if b.All == (len(b.IDs) > 0) {
		r.add(fault.New(fault.Invalid, fault.Required), "ids")
	}
	return out, r.Err()
}

// outcome is what happened, or would happen, to one movement.
type outcome struct {
	ArrivalID arrivalID     `json:"arrival_id"`
	Entries   []entryRef    `json:"entries" doc:"Posted now; none when all was posted before."`
	Refused   *problemField `json:"refused,omitempty" doc:"Why it was not posted."`
}

type outcomes struct {
	Items []outcome `json:"items"`
}

// proposal is what integrating one movement would post.
type proposal struct {
	ArrivalID arrivalID     `json:"arrival_id"`
	Entries   []entry       `json:"entries"`
	Refused   *problemField `json:"refused,omitempty" doc:"Why it would not be posted."`
}

func (c *call) whyNot(err error) *problemField {
	faults := fault.All(err)
	if len(faults) == 0 {
		return nil
	}
	f := fieldProblem(i18n.For(i18n.Lang(c.lang())), faults[0])
	return &f
}

func (s *service) propose(c *call, in *struct {
	Body struct {
		IDs []arrivalID `json:"ids" minItems:"1" maxItems:"200"`
	}
}) (all[proposal], error) {
	if len(in.Body.IDs) > maxProposals {
		return all[proposal]{}, fault.New(fault.Invalid, fault.TooLong, "max", itoa(maxProposals)).On("ids")
	}
	list, err := batch{IDs: in.Body.IDs}.core()
	if err != nil {
		return all[proposal]{}, err
	}
	cur, err := s.currency(c.ctx, c.who)
	if err != nil {
		return all[proposal]{}, err
	}
	results, err := s.app.Propose(c.ctx, c.who, list)
	return whole(results, err, func(r app.Result) proposal {
		return proposal{ArrivalID: arrivalID(r.ArrivalID), Refused: c.whyNot(r.Err),
			Entries: each(r.Entries, func(e ledger.Entry) entry { return entryOf(&e, cur) })}
	})
}

// maxProposals bounds what a person looks at in one go; the pen is held meanwhile.
const maxProposals = 200

func (s *service) integrate(c *call, in *struct{ Body batch }) (outcomes, error) {
	list, err := in.Body.core()
	if err != nil {
		return outcomes{}, err
	}
	var results []app.Result
	if in.Body.All {
		if err = s.unseen(c); err == nil { // a second time there may be nothing to write, hence nobody to look at the key
			results, err = s.app.IntegrateReady(c.ctx, c.who)
		}
	} else {
		results, err = s.app.Integrate(c.ctx, c.who, list)
	}
	if _, again := c.replayed(err); again {
		return s.integrated(c, list)
	}
	if err != nil {
		return outcomes{}, err
	}
	return outcomes{each(results, func(r app.Result) outcome {
		return outcome{arrivalID(r.ArrivalID), each(r.Entries, entryRefOf), c.whyNot(r.Err)}
	})}, nil
}

// integrated answers a repeated OK: the entries that movements have by now, and why others have none.
func (s *service) integrated(c *call, list []string) (outcomes, error) {
	v, err := s.views(c)
	if err != nil {
		return outcomes{}, err
	}
	out := outcomes{Items: make([]outcome, len(list))}
	var open []string
	at := map[string]int{}
	for i, id := range list {
		o := outcome{ArrivalID: arrivalID(id), Entries: []entryRef{}}
		a, err := v.Arrival(c.ctx, c.who.Company, id)
		switch {
		case fault.KindOf(err) == fault.NotFound:
			o.Refused = c.whyNot(err)
		case err != nil:
			return outcomes{}, err
		case a.State != inbox.Integrated:
			open, at[id] = append(open, id), i
		}
		for _, seq := range []int64{a.EntrySeq, a.FeeEntrySeq} {
			if seq == 0 {
				continue
			}
			e, err := v.Entry(c.ctx, c.who.Company, seq)
			if err != nil {
				return outcomes{}, err
			}
			o.Entries = append(o.Entries, entryRefOf(e.Entry))
		}
		out.Items[i] = o
	}
	if len(open) == 0 {
		return out, nil
	}
	why, err := s.app.Propose(c.ctx, c.who, open)
	for _, r := range why {
		out.Items[at[r.ArrivalID]].Refused = c.whyNot(r.Err)
	}
	return out, err
}

func (s *service) matchArrival(c *call, in *struct {
	Arrival arrivalID `path:"arrival"`
	Body    struct {
		DocumentID documentID `json:"document_id" doc:"An invoice or a deposit."`
	}
}) (arrival, error) {
	var r reading
	id := idIn(&r, in.Body.DocumentID, "document_id")
	if id == "" {
		r.add(fault.New(fault.Invalid, fault.Required), "document_id")
	}
	if err := r.Err(); err != nil {
		return arrival{}, err
	}
	a, err := s.app.MatchArrival(c.ctx, c.who, string(in.Arrival), documentKind(id), id)
	return s.showArrival(c, in.Arrival, a, err)
}

func documentKind(id string) inbox.DocumentKind {
	if ids.Valid(ids.Deposit, id) {
		return inbox.DepositDocument
	}
	return inbox.InvoiceDocument
}

func (s *service) keepArrival(c *call, in *struct {
	Arrival arrivalID `path:"arrival"`
	Body    *struct {
		CustomerID customerID `json:"customer_id,omitzero" doc:"The payment's own when absent."`
	}
}) (arrival, error) {
	var r reading
	who := ""
	if in.Body != nil {
		who = idIn(&r, in.Body.CustomerID, "customer_id")
	}
	if err := r.Err(); err != nil {
		return arrival{}, err
	}
	a, err := s.app.KeepAsCredit(c.ctx, c.who, string(in.Arrival), who)
	if id := fault.All(err); len(id) == 1 && len(id[0].Params) == 2 && id[0].Params[1].Value == who { // not the arrival itself
		err = onField(err, fault.UnknownThing, "customer_id")
	}
	return s.showArrival(c, in.Arrival, a, err)
}

func (s *service) acceptArrival(c *call, in *arrivalPath) (arrival, error) {
	a, err := s.app.AcceptArrival(c.ctx, c.who, string(in.Arrival))
	return s.showArrival(c, in.Arrival, a, err)
}

func (s *service) dismissArrival(c *call, in *struct {
	Arrival arrivalID `path:"arrival"`
	Body    struct {
		Reason string `json:"reason" maxLength:"300"`
	}
}) (arrival, error) {
	a, err := s.app.DismissArrival(c.ctx, c.who, string(in.Arrival), in.Body.Reason)
	return s.showArrival(c, in.Arrival, a, err)
}

func (s *service) restoreArrival(c *call, in *arrivalPath) (arrival, error) {
	a, err := s.app.RestoreArrival(c.ctx, c.who, string(in.Arrival))
	return s.showArrival(c, in.Arrival, a, err)
}
