package api

import (
	"time"

	"github.com/acquit-app/acquit/core/access"
	"github.com/acquit-app/acquit/core/app"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
)

func (s *service) proofs() {
	const tag = "Proof of the gateway accounts"
	add(s, endpoint{method: get, path: "/connections/{connection}/proofs", id: "listProofs", tag: tag, needs: access.Read,
		summary: "The checks of a connection, newest first"}, s.listProofs)
	add(s, endpoint{method: get, path: "/connections/{connection}/proofs/{proof}", id: "getProof", tag: tag, needs: access.Read,
		summary: "One check: three numbers, what lies between them, what was found"}, s.getProof)
	add(s, endpoint{method: post, path: "/connections/{connection}/proofs", id: "prove", tag: tag, needs: access.Keep, unkeyed: true,
		summary: "Check a connection now (Vérifier maintenant)",
		text:    "Reads the provider's list, compares it with the movements here and takes in what is missing, then compares the three numbers. Nothing is posted. A check that takes longer than some seconds is answered as `running` and goes on in the background."}, s.prove)
	add(s, endpoint{method: get, path: "/arrivals/{arrival}/payout", id: "getPayout", tag: tag, needs: access.Read,
		summary: "What a payout consists of", text: "For an arrival of kind payout. Its movements are listed by `GET /arrivals?connection=…&payout=…`."}, s.getPayout)
}

// proof is one check of a connection.
type proof struct {
	ID           proofID        `json:"id,omitzero"`
	ConnectionID connectionID   `json:"connection_id"`
	State        string         `json:"state" enum:"proven,explained,unsettled,different,listed,incomplete,running" doc:"proven: to the cent; listed: the provider does not tell its balance, and the lists agree; unsettled: a difference that may go away by itself; explained: it adds up over something to be put right; different: unexplained."`
	Problem      string         `json:"problem,omitzero" doc:"Code of why it is incomplete."`
	Account      string         `json:"account,omitzero" doc:"Of the books' currency, at the time."`
	Began        time.Time      `json:"began,omitzero"`
	At           time.Time      `json:"at,omitzero" doc:"The instant of the books that it is about."`
	By           string         `json:"by,omitzero"`
	LastEntry    int64          `json:"last_entry,omitzero" doc:"Position in the chain of the last entry that it saw."`
	Since        time.Time      `json:"since,omitzero" doc:"The lists were compared from here on; absent: from the beginning."`
	Listed       int            `json:"listed" doc:"Movements that the provider listed."`
	HasBalance   bool           `json:"has_balance" doc:"The provider tells its balance."`
	HasItems     bool           `json:"has_items" doc:"The provider tells what a payout consists of."`
	Balances     []proofBalance `json:"balances"`
	Findings     []finding      `json:"findings"`
	MoreFindings int            `json:"more_findings" doc:"Beyond those listed."`
	Payouts      []payoutCheck  `json:"payouts" doc:"Payouts that are not what their movements add up to."`
}

// proofBalance is the check in one currency: books + counted lines + unexplained = provider.
type proofBalance struct {
	Currency    string      `json:"currency"`
	Provider    *amount     `json:"provider,omitempty" doc:"Absent when the provider does not tell."`
	Books       amount      `json:"books"`
	Unpaid      amount      `json:"unpaid" doc:"What is not paid out yet."`
	Unexplained amount      `json:"unexplained"`
	UnpaidRest  amount      `json:"unpaid_rest" doc:"What is left between the provider's balance and what is not paid out."`
	Lines       []proofLine `json:"lines"`
}

// proofLine is one line of an explanation.
type proofLine struct {
	What    string      `json:"what" enum:"ready,review,dismissed,fee,fee_unknown,altered,pending,pending_payout,gone,entry,new_entry,payout,later"`
	Counted bool        `json:"counted" doc:"Part of the sum from the books to the provider; else a note beside it."`
	Count   int         `json:"count"`
	Amount  amount      `json:"amount"`
	Items   []proofItem `json:"items" doc:"The latest, 20 at most."`
}

// proofItem is one movement or entry of a line.
type proofItem struct {
	ArrivalID arrivalID `json:"arrival_id,omitzero"`
	EntrySeq  int64     `json:"entry_seq,omitzero"`
	Kind      string    `json:"kind,omitzero"`
	Label     string    `json:"label"`
	At        time.Time `json:"at,omitzero"`
	Amount    amount    `json:"amount"`
}

// finding is one movement in which the provider's list and ours differ.
type finding struct {
	What       string    `json:"what" enum:"missing,gone,altered,quarantined" doc:"missing: it was taken in; gone: the provider does not show it."`
	Kind       string    `json:"kind,omitzero"`
	ExternalID string    `json:"external_id"`
	ArrivalID  arrivalID `json:"arrival_id,omitzero"`
	Amount     *amount   `json:"amount,omitempty"`
	Ours       *amount   `json:"ours,omitempty" doc:"What it was here; of an altered movement."`
	State      string    `json:"state,omitzero"`
	At         time.Time `json:"at,omitzero"`
	Detail     string    `json:"detail,omitzero"`
}

// payoutCheck compares a payout with what it consists of.
type payoutCheck struct {
	ArrivalID  arrivalID `json:"arrival_id"`
	ExternalID string    `json:"external_id"`
	At         time.Time `json:"at"`
	Amount     amount    `json:"amount" doc:"What was paid out."`
	Sum        amount    `json:"sum" doc:"Net of its movements in the same currency."`
	Difference amount    `json:"difference"`
	Items      int       `json:"items"`
	Absent     int       `json:"absent" doc:"Movements that the provider names and that are not known here."`
	Unknown    int       `json:"unknown" doc:"Movements whose commission is not known yet."`
	Others     []amount  `json:"others" doc:"Net of its movements in other currencies."`
}

// payout is what a payout consists of.
type payout struct {
	payoutCheck
	ConnectionID connectionID `json:"connection_id"`
	Parts        []payoutPart `json:"parts"`
}

// payoutPart is the movements of one kind in a payout.
type payoutPart struct {
	Kind  string `json:"kind"`
	Items int    `json:"items"`
	Gross amount `json:"gross" doc:"With the sign of its effect."`
	Fee   amount `json:"fee"`
	Net   amount `json:"net"`
}

// sumOf is a sum in minor units; one beyond what an amount can be is the greatest.
func sumOf(minor int64, cur money.Currency) amount {
	return amountOf(min(max(minor, -money.Max), money.Max), cur)
}

func proofOf(p inbox.Proof) proof {
	return proof{ID: proofID(p.ID), ConnectionID: connectionID(p.ConnectionID), State: string(p.State), Problem: p.Problem, Account: p.Account, Began: p.Began, At: p.At,
		By: p.By, LastEntry: p.Head, Since: p.Since, Listed: p.Listed, HasBalance: p.HasBalance, HasItems: p.HasItems, MoreFindings: p.MoreFindings,
		Balances: each(p.Balances, func(b inbox.ProofBalance) proofBalance {
			out := proofBalance{Currency: string(b.Currency), Books: sumOf(b.Books, b.Currency), Unpaid: sumOf(b.Unpaid, b.Currency), Unexplained: sumOf(b.Unexplained, b.Currency),
				UnpaidRest: sumOf(b.UnpaidRest, b.Currency), Lines: each(b.Lines, func(l inbox.ProofLine) proofLine { return proofLineOf(l, b.Currency) })}
			if p.HasBalance {
				there := sumOf(b.Provider, b.Currency)
				out.Provider = &there
			}
			return out
		}),
		Findings: each(p.Findings, func(f inbox.Finding) finding {
			return finding{string(f.What), string(f.Kind), f.ExternalID, arrivalID(f.ArrivalID), someAmount(f.Amount), someAmount(f.Ours), string(f.State), f.At, f.Detail}
		}),
		Payouts: each(p.Payouts, payoutCheckOf)}
}

func proofLineOf(l inbox.ProofLine, cur money.Currency) proofLine {
	return proofLine{string(l.What), l.Counted, l.Count, sumOf(l.Amount, cur), each(l.Items, func(i inbox.ProofItem) proofItem {
		return proofItem{arrivalID(i.ArrivalID), i.Seq, string(i.Kind), i.Label, i.At, sumOf(i.Amount, cur)}
	})}
}

func payoutCheckOf(c inbox.PayoutCheck) payoutCheck {
	cur := c.Amount.Currency()
	return payoutCheck{arrivalID(c.ArrivalID), c.ExternalID, c.At, moneyAmount(c.Amount), sumOf(c.Sum, cur), sumOf(c.Difference(), cur), c.Items, c.Absent, c.Unknown,
		each(c.Others, moneyAmount)}
}

func (s *service) listProofs(c *call, in *struct {
	Connection connectionID `path:"connection"`
	Paging
}) (page[proof], error) {
	if _, err := s.findConnection(c, string(in.Connection)); err != nil {
		return page[proof]{}, err
	}
	v, err := s.views(c)
	if err != nil {
		return page[proof]{}, err
	}
	q := app.ProofQuery{Connection: string(in.Connection)}
	if q.Paging, err = in.paging(); err != nil {
		return page[proof]{}, err
	}
	p, err := v.Proofs(c.ctx, c.who.Company, q)
	return list(c, p, err, proofOf)
}

func (s *service) getProof(c *call, in *struct {
	Connection connectionID `path:"connection"`
	Proof      proofID      `path:"proof"`
}) (proof, error) {
	v, err := s.views(c)
	if err != nil {
		return proof{}, err
	}
	p, err := v.Proof(c.ctx, c.who.Company, string(in.Proof))
	if err == nil && p.ConnectionID != string(in.Connection) {
		err = unknown("proof", string(in.Proof))
	}
	return proofOf(p), err
}

func (s *service) prove(c *call, in *connectionPath) (proof, error) {
	p, err := s.app.ProveNow(c.ctx, c.who, string(in.Connection))
	return proofOf(p), err
}

func (s *service) getPayout(c *call, in *arrivalPath) (payout, error) {
	v, err := s.views(c)
	if err != nil {
		return payout{}, err
	}
	ar, err := v.Arrival(c.ctx, c.who.Company, string(in.Arrival))
	if err != nil {
		return payout{}, err
	}
	check, err := s.app.Payout(c.ctx, c.who.Company, ar)
	if err != nil {
		return payout{}, err
	}
	parts, err := v.PayoutParts(c.ctx, c.who.Company, ar.ConnectionID, ar.ExternalID)
	return payout{payoutCheckOf(check), connectionID(ar.ConnectionID), each(parts, func(p app.PayoutPart) payoutPart {
		return payoutPart{string(p.Kind), p.Items, sumOf(p.Flow, p.Currency), sumOf(p.Fee, p.Currency), sumOf(p.Flow-p.Fee, p.Currency)}
	})}, err
}
