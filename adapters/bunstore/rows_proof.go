package bunstore

import (
	"github.com/acquit-app/acquit/core/gateway"
	"github.com/acquit-app/acquit/core/inbox"
	"github.com/acquit-app/acquit/core/money"
	"github.com/uptrace/bun"
)

type proofRow struct {
	bun.BaseModel `bun:"table:proofs"`

	CompanyID    string `bun:"company_id,pk"`
	ID           string `bun:"id,pk"`
	ConnectionID string
	At           int64
	State        inbox.ProofState
	Doc          string
}

// moneyDoc is an amount as JSON; no amount has no currency.
type moneyDoc struct {
	Minor    int64  `json:"m"`
	Currency string `json:"c"`
}

func toMoneyDoc(m money.Money) moneyDoc { return moneyDoc{m.Minor(), string(m.Currency())} }

func (d *decoder) moneyDoc(m moneyDoc) money.Money { return d.money(m.Minor, m.Currency) }

// proofDoc is what a proof holds, as JSON.
type proofDoc struct {
	Connection   string           `json:"connection"`
	Account      string           `json:"account"`
	Problem      string           `json:"problem,omitempty"`
	Began        int64            `json:"began"`
	By           string           `json:"by"`
	Head         int64            `json:"head"`
	Since        int64            `json:"since"`
	Listed       int              `json:"listed"`
	HasBalance   bool             `json:"has_balance"`
	HasItems     bool             `json:"has_items"`
	DifferSince  int64            `json:"differ_since"`
	Balances     []balanceDoc     `json:"balances,omitempty"`
	Findings     []findingDoc     `json:"findings,omitempty"`
	MoreFindings int              `json:"more_findings"`
	Payouts      []payoutCheckDoc `json:"payouts,omitempty"`
}

type balanceDoc struct {
	Currency    string         `json:"currency"`
	Provider    int64          `json:"provider"`
	Books       int64          `json:"books"`
	Unpaid      int64          `json:"unpaid"`
	Unexplained int64          `json:"unexplained"`
	UnpaidRest  int64          `json:"unpaid_rest"`
	Account     string         `json:"account,omitempty"`
	Lines       []proofLineDoc `json:"lines,omitempty"`
}

type proofLineDoc struct {
	What    inbox.LineWhat `json:"what"`
	Counted bool           `json:"counted"`
	Count   int            `json:"count"`
	Amount  int64          `json:"amount"`
	Items   []proofItemDoc `json:"items,omitempty"`
}

type proofItemDoc struct {
	Arrival string       `json:"arrival,omitempty"`
	Seq     int64        `json:"seq,omitempty"`
	Kind    gateway.Kind `json:"kind,omitempty"`
	Label   string       `json:"label"`
	At      int64        `json:"at"`
	Amount  int64        `json:"amount"`
}

type findingDoc struct {
	What     inbox.FindingWhat `json:"what"`
	Kind     gateway.Kind      `json:"kind"`
	External string            `json:"external"`
	Arrival  string            `json:"arrival,omitempty"`
	Amount   moneyDoc          `json:"amount"`
	Ours     moneyDoc          `json:"ours"`
	State    gateway.State     `json:"state"`
	At       int64             `json:"at"`
	Detail   string            `json:"detail,omitempty"`
	Effect   int64             `json:"effect"`
}

type payoutCheckDoc struct {
	Arrival  string     `json:"arrival"`
	External string     `json:"external"`
	At       int64      `json:"at"`
	Amount   moneyDoc   `json:"amount"`
	Sum      int64      `json:"sum"`
	Items    int        `json:"items"`
	Absent   int        `json:"absent"`
	Pending  bool       `json:"pending,omitempty"`
	Unknown  int        `json:"unknown"`
	Others   []moneyDoc `json:"others,omitempty"`
}

// listOf is a list of other things; nothing stays nothing.
func listOf[A, B any](list []A, of func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return out
}

func toProofDoc(v inbox.Proof) proofDoc {
	return proofDoc{Connection: v.ConnectionID, Account: v.Account, Problem: v.Problem, Began: micros(v.Began), By: v.By, Head: v.Head, Since: micros(v.Since),
		Listed: v.Listed, HasBalance: v.HasBalance, HasItems: v.HasItems, DifferSince: micros(v.DifferSince), MoreFindings: v.MoreFindings,
		Balances: listOf(v.Balances, func(b inbox.ProofBalance) balanceDoc {
			return balanceDoc{string(b.Currency), b.Provider, b.Books, b.Unpaid, b.Unexplained, b.UnpaidRest, b.Account, listOf(b.Lines, func(l inbox.ProofLine) proofLineDoc {
				return proofLineDoc{l.What, l.Counted, l.Count, l.Amount, listOf(l.Items, func(i inbox.ProofItem) proofItemDoc {
					return proofItemDoc{i.ArrivalID, i.Seq, i.Kind, i.Label, micros(i.At), i.Amount}
				})}
			})}
		}),
		Findings: listOf(v.Findings, func(f inbox.Finding) findingDoc {
			return findingDoc{f.What, f.Kind, f.ExternalID, f.ArrivalID, toMoneyDoc(f.Amount), toMoneyDoc(f.Ours), f.State, micros(f.At), f.Detail, f.Effect}
		}),
		Payouts: listOf(v.Payouts, func(c inbox.PayoutCheck) payoutCheckDoc {
			return payoutCheckDoc{c.ArrivalID, c.ExternalID, micros(c.At), toMoneyDoc(c.Amount), c.Sum, c.Items, c.Absent, c.Pending, c.Unknown, listOf(c.Others, toMoneyDoc)}
		})}
}

func (d *decoder) proof(v inbox.Proof, p proofDoc) inbox.Proof {
	v.ConnectionID, v.Account, v.Problem, v.Began, v.By, v.Head, v.Since = p.Connection, p.Account, p.Problem, instant(p.Began), p.By, p.Head, instant(p.Since)
	v.Listed, v.HasBalance, v.HasItems, v.DifferSince, v.MoreFindings = p.Listed, p.HasBalance, p.HasItems, instant(p.DifferSince), p.MoreFindings
	v.Balances = listOf(p.Balances, func(b balanceDoc) inbox.ProofBalance {
		return inbox.ProofBalance{Currency: money.Currency(b.Currency), Provider: b.Provider, Books: b.Books, Unpaid: b.Unpaid, Unexplained: b.Unexplained,
			UnpaidRest: b.UnpaidRest, Account: b.Account, Lines: listOf(b.Lines, func(l proofLineDoc) inbox.ProofLine {
				return inbox.ProofLine{What: l.What, Counted: l.Counted, Count: l.Count, Amount: l.Amount, Items: listOf(l.Items, func(i proofItemDoc) inbox.ProofItem {
					return inbox.ProofItem{ArrivalID: i.Arrival, Seq: i.Seq, Kind: i.Kind, Label: i.Label, At: instant(i.At), Amount: i.Amount}
				})}
			})}
	})
	v.Findings = listOf(p.Findings, func(f findingDoc) inbox.Finding {
		return inbox.Finding{What: f.What, Kind: f.Kind, ExternalID: f.External, ArrivalID: f.Arrival, Amount: d.moneyDoc(f.Amount), Ours: d.moneyDoc(f.Ours),
			State: f.State, At: instant(f.At), Detail: f.Detail, Effect: f.Effect}
	})
	v.Payouts = listOf(p.Payouts, func(c payoutCheckDoc) inbox.PayoutCheck {
		return inbox.PayoutCheck{ArrivalID: c.Arrival, ExternalID: c.External, At: instant(c.At), Amount: d.moneyDoc(c.Amount), Sum: c.Sum, Items: c.Items,
			Absent: c.Absent, Pending: c.Pending, Unknown: c.Unknown, Others: listOf(c.Others, d.moneyDoc)}
	})
	return v
}

func toProof(company string, v inbox.Proof) proofRow {
	return proofRow{CompanyID: company, ID: v.ID, ConnectionID: v.ConnectionID, At: micros(v.At), State: v.State, Doc: mustJSON(toProofDoc(v))}
}

func fromProof(r proofRow) (inbox.Proof, error) {
	var d decoder
	var doc proofDoc
	d.json(r.Doc, &doc)
	v := d.proof(inbox.Proof{ID: r.ID, At: instant(r.At), State: r.State}, doc)
	return v, d.done("proof", r.ID)
}

type proofRunRow struct {
	bun.BaseModel `bun:"table:proof_runs"`

	CompanyID    string `bun:"company_id,pk"`
	ConnectionID string `bun:"connection_id,pk"`
	Step         string
	Cursor       string
	Seen         []byte
	Part         string
	NextRun      int64
	Failures     int
	Version      int64
}

// partDoc is a proof that is not finished, as JSON.
type partDoc struct {
	ID    string           `json:"id"`
	At    int64            `json:"at"`
	State inbox.ProofState `json:"state"`
	Proof proofDoc         `json:"proof"`
}

func toProofRun(company string, v inbox.ProofRun) proofRunRow {
	return proofRunRow{CompanyID: company, ConnectionID: v.ID, Step: v.Step, Cursor: v.Cursor, Seen: blob(v.Seen),
		Part: mustJSON(partDoc{v.Part.ID, micros(v.Part.At), v.Part.State, toProofDoc(v.Part)}), NextRun: micros(v.NextRun), Failures: v.Failures, Version: v.Version}
}

func fromProofRun(r proofRunRow) (inbox.ProofRun, error) {
	var d decoder
	var doc partDoc
	d.json(r.Part, &doc)
	v := inbox.ProofRun{ID: r.ConnectionID, Step: r.Step, Cursor: r.Cursor, Seen: bytesOrNil(r.Seen), NextRun: instant(r.NextRun), Failures: r.Failures, Version: r.Version,
		Part: d.proof(inbox.Proof{ID: doc.ID, At: instant(doc.At), State: doc.State}, doc.Proof)}
	return v, d.done("proof run", r.ConnectionID)
}
